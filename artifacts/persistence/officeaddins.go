package persistence

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An OfficeAddin is one thing that a program of Office loads when it starts.
type OfficeAddin struct {
	Hook
	App          string `json:"app,omitempty"` // Word, Excel, Outlook
	Title        string `json:"title,omitempty"`
	Manifest     string `json:"manifest,omitempty"`      // of an add-in for .NET
	LoadBehavior uint32 `json:"load_behavior,omitempty"` // bit 0 loaded, bit 1 at start, bit 3 on demand, bit 4 first time
}

const officeKey = `Microsoft\Office\`

var officeAddins = artifacts.Define(artifacts.Artifact{
	Name:     "officeaddins",
	Title:    "Office add-in",
	DataType: "windows:registry:office_addin",
	About: `Code that Office programs load at their start: COM add-ins (3 in LoadBehavior: at every start),
files that Excel opens (OPEN, OPEN1 …), the DLL of the key "Office test", home pages of Outlook's
folders, and add-ins of the macro editor. Proves that this was configured for the user or the
machine. Does not prove that the program was started since. LoadBehavior changes to 2 when an add-in
failed or was disabled. The key "Office test" and home pages do not exist by default. The time is
that of the key; Office rewrites add-in keys at its start.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1137.002", "T1137.004", "T1137.006"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1137/",
		"https://learn.microsoft.com/visualstudio/vsto/registry-entries-for-vsto-add-ins",
	},
	Sources: officeSources(),
}, decodeOfficeAddins)

func officeSources() []artifacts.Source {
	var out []artifacts.Source
	for _, k := range []string{officeKey + `*\Addins\*`, officeKey + `*\*\Addins\*`, officeKey + `*\Excel\Options`, officeKey +
		`*\Outlook\WebView\*`,
		`Microsoft\Office test\Special\Perf`, `Microsoft\VBA\VBE\6.0\Addins\*`, `Microsoft\VBA\VBE\6.0\Addins64\*`} {
		out = append(out, artifacts.Key(evidence.SOFTWARE, k), artifacts.Key(evidence.NTUSER, `Software\`+k))
	}
	return out
}

func decodeOfficeAddins(in artifacts.Input, yield func(OfficeAddin) bool) error {
	src := in.Source.Key
	switch {
	case strings.HasSuffix(src, `\Excel\Options`):
		h := hooksOf(in, `Excel\Options`)
		h.each(func(v hive.Value) {
			if n := strings.ToUpper(v.Name()); strings.HasPrefix(n, "OPEN") && strings.Trim(n[4:], "0123456789") == "" {
				h.command(v, "Excel OPEN")
			}
		})
		return hookRecords(h, func(r Hook) OfficeAddin { return OfficeAddin{Hook: r, App: "Excel"} }, yield)
	case strings.Contains(src, "WebView"):
		h := hooksOf(in, `Outlook\WebView`)
		h.value("URL", func(v hive.Value) {
			if r := h.fact(v, "Outlook home page"); r != nil {
				r.Command = r.Value
			}
		})
		return hookRecords(h, func(r Hook) OfficeAddin { return OfficeAddin{Hook: r, App: "Outlook", Title: in.Matched(0)} }, yield)
	case strings.Contains(src, "Office test"):
		h := hooksOf(in, `Office test\Special\Perf`)
		h.each(func(v hive.Value) { h.dll(v, "Office test") })
		return hookRecords(h, func(r Hook) OfficeAddin { return OfficeAddin{Hook: r, App: "Office"} }, yield)
	}
	id := in.Matched(0)
	r := OfficeAddin{Title: in.Text("FriendlyName"), Manifest: in.Text("Manifest"), App: "VBE"}
	if strings.Contains(src, officeKey) {
		r.App = in.Matched(1)
	}
	n, ok := in.Uint("LoadBehavior")
	r.LoadBehavior = uint32(n)
	a := autostartOf(in, "Office add-in")
	if clsid := comProgID(in, id); clsid != "" {
		a, _ = autostartCOM(in, "Office add-in", clsid)
	}
	if path := in.Text("FileName"); path != "" && a.Image == "" {
		a = autostartDLL(in, "Office add-in", path) // written by some set-up programs
	}
	a.Disabled = ok && (n == 0 || n == 2)
	r.Hook = Hook{Origin: in.AtKey(), Entry: a, Key: `Addins`, Name: id}
	yield(r)
	return nil
}

// Summary names the program and the add-in.
func (r OfficeAddin) Summary() string {
	parts := []string{"[" + r.App + "]", runName(r.Name)}
	if r.Title != "" {
		parts = append(parts, r.Title)
	}
	s := strings.Join(parts, " ")
	if what := strings.Join(slices.DeleteFunc([]string{r.Command, r.Manifest}, func(t string) bool { return t == "" }), ": "); what != "" {
		s += ": " + what
	}
	return s + r.state()
}
