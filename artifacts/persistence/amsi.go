package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An AMSIProvider is a class that scans what scripts are about to run.
type AMSIProvider struct {
	Hook
	CLSID string `json:"clsid,omitempty"`
	Title string `json:"title,omitempty"`
}

const amsiKey = `Microsoft\AMSI`

var amsi = artifacts.Define(artifacts.Artifact{
	Name:     "amsi",
	Title:    "AMSI provider",
	DataType: "windows:registry:amsi_provider",
	About: `Classes that the antimalware scan interface loads into every program that has something scanned,
PowerShell and the script hosts among them (Providers), and for elevation prompts (UacProviders),
and the switches that keep the interface from being used. Proves what was registered at the last
write. Does not prove that a scan took place. A class that is not part of an antivirus product still
runs in every such program; without the antivirus class nothing is scanned. The time is that of the
key of the class, or of the key of the switch.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1562.001"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/amsi/dev-audience"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, amsiKey+`\Providers\*`),
		artifacts.Key(evidence.SOFTWARE, amsiKey+`\Providers2\*`),
		artifacts.Key(evidence.SOFTWARE, amsiKey+`\UacProviders\*`),
		artifacts.Key(evidence.SOFTWARE, amsiKey),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows Script\Settings`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows Script\Settings`),
	},
}, decodeAMSI)

func decodeAMSI(in artifacts.Input, yield func(AMSIProvider) bool) error {
	if len(in.Match) == 0 {
		h := hooksOf(in, in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:])
		h.each(func(v hive.Value) {
			switch strings.ToLower(v.Name()) {
			case "featurebits", "amsienable":
				h.fact(v, "AMSI setting")
			}
		})
		return hookRecords(h, func(r Hook) AMSIProvider { return AMSIProvider{Hook: r} }, yield)
	}
	clsid := in.Matched(0)
	a, title := autostartCOM(in, "AMSI provider", clsid)
	if s := in.Text(""); s != "" {
		title = s
	}
	list := strings.TrimSuffix(strings.TrimPrefix(in.Source.Key, amsiKey+`\`), `\*`)
	r := Hook{Origin: in.AtKey(), Entry: a, Key: list, Name: clsid}
	r.Default = strings.EqualFold(clsid, "{2781761E-28E0-4109-99FE-B9D127C57AFE}") // Windows Defender's
	yield(AMSIProvider{Hook: r, CLSID: clsid, Title: title})
	return nil
}

// Summary names the class and its DLL.
func (r AMSIProvider) Summary() string {
	if r.CLSID == "" {
		return r.Hook.Summary()
	}
	return comSummary(r.Hook, r.CLSID, r.Title)
}
