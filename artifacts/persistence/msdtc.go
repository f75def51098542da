package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// An MSDTC is one library that the transaction coordinator loads.
type MSDTC struct{ Hook }

var msdtc = artifacts.Define(artifacts.Artifact{
	Name:     "msdtc",
	Title:    "Transaction coordinator library",
	DataType: "windows:registry:msdtc",
	About: `The Oracle libraries that the Distributed Transaction Coordinator (msdtc.exe) loads at its start, by name
and by folder. By default they are oci.dll and two that do not exist on a Windows without Oracle: a DLL
of one of these names in System32, or of a name set here, runs with the rights of the service. Proves
the names when the hive was written. Does not prove that such a file exists or was loaded. The time is
that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1574.001", "T1543.003"},
	Refs: []string{
		"https://www.hexacorn.com/blog/2013/02/10/beyond-good-ol-run-key-part-3/",
		"https://attack.mitre.org/techniques/T1574/001/",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SOFTWARE, `Microsoft\MSDTC\MTxOCI`)},
}, func(in artifacts.Input, yield func(MSDTC) bool) error {
	h := hooksOf(in, "MTxOCI")
	h.each(func(v hive.Value) {
		name := strings.ToLower(v.Name())
		switch {
		case strings.HasSuffix(name, "path"):
			if r := h.fact(v, "Transaction coordinator"); r != nil {
				r.Default = strings.EqualFold(strings.Trim(r.Value, `\ `), "%SystemRoot%\\System32") || in.Machine.IsSystem32(winpath.Key(r.Value))
			}
		case strings.HasSuffix(name, "lib"):
			if r := h.dll(v, "Transaction coordinator"); r != nil {
				r.Default = hookSystem(in, r.Image, "oci", "xa80", "xaclient8", "sqllib80", "sqllib18", "ociw32", "oraclient8", "xa81")
			}
		}
	})
	return hookRecords(h, func(r Hook) MSDTC { return MSDTC{r} }, yield)
})
