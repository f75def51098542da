package browser

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An IESetting is one address or folder of Internet Explorer's settings.
type IESetting struct {
	artifacts.Origin
	Name    string    `json:"name"`
	Value   string    `json:"value"`
	Policy  bool      `json:"policy,omitempty"`
	Written time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

var ieSettings = artifacts.Define(artifacts.Artifact{
	Name:     "iesettings",
	Title:    "Internet Explorer settings",
	DataType: "windows:registry:msie_settings",
	About: `The pages that Internet Explorer opens at its start and for searches, and the folders that downloads go to,
for a user or for the machine. Proves the settings when the hive was written. Does not prove that a page
was visited or a file saved. Adware sets start pages; makers of computers do so, too. The download
folder is only there when it was changed. The time is that of the whole key, which the browser writes
often.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1112", "T1185"},
	Refs: []string{
		"https://learn.microsoft.com/previous-versions/windows/it-pro/windows-server-2003/cc739561(v=ws.10)",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/default.py",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Internet Explorer\Main`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Internet Explorer\Main`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Internet Explorer`),
		artifacts.Key(evidence.NTUSER, `Software\Policies\Microsoft\Internet Explorer\Main`),
		artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Internet Explorer\Main`),
	},
}, func(in artifacts.Input, yield func(IESetting) bool) error {
	for _, name := range []string{"Start Page", "Secondary Start Pages", "Default_Page_URL", "Search Page", "Search Bar", "Default_Search_URL",
		"First Home Page", "Local Page", "Download Directory", "Default Download Directory", "Save Directory"} {
		v, ok := in.Own().Find(name)
		if !ok {
			continue
		}
		s := IESetting{Origin: in.At(v), Name: name, Value: in.Own().AnyOf(v), Policy: strings.Contains(in.Source.Key, "Policies")}
		if !in.Partial() {
			s.Written = in.Written()
		}
		if s.Value != "" && !yield(s) {
			return nil
		}
	}
	return nil
})

// Summary shows the setting.
func (s IESetting) Summary() string { return fmt.Sprintf("[%s] is %s", s.Name, s.Value) }
