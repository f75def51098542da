package persistence

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An AppPath is the program that the shell starts for a name.
type AppPath struct {
	Hook
	Target string `json:"target"`           // the name: chrome.exe
	Folder string `json:"folder,omitempty"` // put in front of the search path of the program
}

const appPathsKey = `Microsoft\Windows\CurrentVersion\App Paths\*`

var appPaths = artifacts.Define(artifacts.Artifact{
	Name:     "apppaths",
	Title:    "App path",
	DataType: "windows:registry:app_path",
	About: `The program that the shell starts for a name typed into the Run dialog or requested by a program. A
user's entry overrides the machine's. Proves that the name was registered, usually by an
installation. Does not prove that the program exists or ran. A name that refers to a program of
another name, or to a user-writable folder, hijacks the start. The time is that of the key of this
name.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546", "T1548.002"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/shell/app-registration"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, appPathsKey),
		artifacts.Key(evidence.NTUSER, `Software\`+appPathsKey),
	},
}, func(in artifacts.Input, yield func(AppPath) bool) error {
	h := hooksOf(in, "App Paths")
	h.value("", func(v hive.Value) {
		text, note := h.text(v)
		if text == "" {
			return
		}
		h.add(v, autostartImage(in, "App path", text)).Unusual = note
	})
	return hookRecords(h, func(r Hook) AppPath {
		r.Name = in.Matched(0)
		return AppPath{r, in.Matched(0), in.Text("Path")}
	}, yield)
})
