package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A TelemetryCommand is one command of the compatibility appraiser.
type TelemetryCommand struct{ Hook }

var telemetryCommands = artifacts.Define(artifacts.Artifact{
	Name:     "telemetrycontroller",
	Title:    "Telemetry command",
	DataType: "windows:registry:telemetry_controller",
	About: `Commands that CompatTelRunner.exe runs, as a scheduled task of Windows starts it daily with the rights of
SYSTEM. Proves that the command was registered. Does not prove that it ran: that needs the task, and
a value that asks for this run (Nightly, Maintenance or Oobe). Windows' own commands begin with
CompatTelRunner.exe or a DLL of System32. The time is that of the command's key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1053.005", "T1546"},
	Refs: []string{
		"https://trustedsec.com/blog/abusing-windows-telemetry-for-persistence",
		"https://persistence-info.github.io/Data/telemetrycontroller.html",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\AppCompatFlags\TelemetryController\*`),
	},
}, func(in artifacts.Input, yield func(TelemetryCommand) bool) error {
	h := hooksOf(in, `TelemetryController\*`)
	h.value("Command", func(v hive.Value) {
		if r := h.command(v, "Telemetry command"); r != nil {
			r.Default = hookSystem(in, r.Image, "compattelrunner", "devicecensus", "invagent", "generaltel", "appraiser", "aepic", "pcasvc") ||
				strings.HasPrefix(strings.ToLower(r.Command), `%windir%\system32\compattelrunner.exe`)
		}
	})
	return hookRecords(h, func(r Hook) TelemetryCommand { return TelemetryCommand{r} }, yield)
})
