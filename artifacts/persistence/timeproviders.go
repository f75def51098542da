package persistence

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A TimeProvider is one DLL of the time service.
type TimeProvider struct {
	Hook
	Title string `json:"title"`
}

var timeProviders = artifacts.Define(artifacts.Artifact{
	Name:     "timeproviders",
	Title:    "Time provider",
	DataType: "windows:registry:time_provider",
	About: `DLLs that the time service loads when it starts, as LOCAL SERVICE: the client and server of Windows,
and the provider of a virtual machine. Proves that the DLL was registered; Enabled = 0 keeps it from
being loaded. Does not prove that it was loaded. The time is that of the key of this provider; the
service itself rewrites that of its client.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.003"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/sysinfo/time-provider", "https://attack.mitre.org/techniques/T1547/003/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\W32Time\TimeProviders\*`),
	},
}, func(in artifacts.Input, yield func(TimeProvider) bool) error {
	h := hooksOf(in, `TimeProviders\*`)
	h.value("DllName", func(v hive.Value) {
		if r := h.dll(v, "Time provider"); r != nil {
			r.Default = hookSystem(in, r.Image, "w32time", "vmictimeprovider")
			n, ok := in.Uint("Enabled")
			r.Disabled = ok && n == 0
		}
	})
	return hookRecords(h, func(r Hook) TimeProvider { return TimeProvider{r, in.Matched(0)} }, yield)
})
