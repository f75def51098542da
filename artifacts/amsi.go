package artifacts

import (
	"strings"

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

var amsi = Define(Artifact{
	Name:     "amsi",
	Title:    "AMSI provider",
	DataType: "windows:registry:amsi_provider",
	About: `Classes that the antimalware scan interface loads into every program that has something scanned, PowerShell and the script hosts
among them (Providers), and for elevation prompts (UacProviders), and the switches that keep the interface from being used. Proves what was
registered at the last write. Does not prove that a scan took place. A class that is not a virus scanner's runs in every such program; a
list from which the scanner's class is missing scans nothing. The time is that of the key of the class, or of the key of the switch.`,
	Proves: Configured,
	Attack: []string{"T1562.001"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/amsi/dev-audience"},
	Sources: []Source{
		Key(evidence.SOFTWARE, amsiKey+`\Providers\*`),
		Key(evidence.SOFTWARE, amsiKey+`\Providers2\*`),
		Key(evidence.SOFTWARE, amsiKey+`\UacProviders\*`),
		Key(evidence.SOFTWARE, amsiKey),
		Key(evidence.SOFTWARE, `Microsoft\Windows Script\Settings`),
		Key(evidence.NTUSER, `Software\Microsoft\Windows Script\Settings`),
	},
}, decodeAMSI)

func decodeAMSI(in Input, yield func(AMSIProvider) bool) error {
	if len(in.Match) == 0 {
		h := in.hooks(in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:])
		h.each(func(v hive.Value) {
			switch strings.ToLower(v.Name()) {
			case "featurebits", "amsienable":
				h.fact(v, "AMSI setting")
			}
		})
		return hookRecords(h, func(r Hook) AMSIProvider { return AMSIProvider{Hook: r} }, yield)
	}
	clsid := in.matched(0)
	a, title := in.autostartCOM("AMSI provider", clsid)
	if s := in.Text(""); s != "" {
		title = s
	}
	list := strings.TrimSuffix(strings.TrimPrefix(in.Source.Key, amsiKey+`\`), `\*`)
	r := Hook{Origin: in.AtKey(), autostart: a, Key: list, Name: clsid}
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
