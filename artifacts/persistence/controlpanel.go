package persistence

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// A ControlPanelItem is one DLL that the control panel loads.
type ControlPanelItem struct{ Hook }

const cplsKey = `Microsoft\Windows\CurrentVersion\Control Panel\CPLs`

var controlPanel = artifacts.Define(artifacts.Artifact{
	Name:     "controlpanel",
	Title:    "Control panel item",
	DataType: "windows:registry:control_panel",
	About: `DLLs that Explorer loads when the control panel is opened, beside those of System32. Proves that the DLL
was registered. Does not prove that the control panel was ever opened. Drivers of sound cards and old
programs register some. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1218.002", "T1546"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1218/002/",
		"https://learn.microsoft.com/windows/win32/shell/control-panel-applications",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, cplsKey),
		artifacts.Key(evidence.NTUSER, `Software\`+cplsKey),
	},
}, func(in artifacts.Input, yield func(ControlPanelItem) bool) error {
	h := hooksOf(in, "CPLs")
	h.each(func(v hive.Value) {
		if r := h.dll(v, "Control panel item"); r != nil {
			r.Default = in.Source.Hive == evidence.SOFTWARE && in.Machine.IsSystem32(winpath.Dir(r.Image))
		}
	})
	return hookRecords(h, func(r Hook) ControlPanelItem { return ControlPanelItem{r} }, yield)
})
