package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A BrowserPolicy is one extension that a setting of the registry puts into a
// browser.
type BrowserPolicy struct {
	Hook
	Browser   string `json:"browser"` // Chrome, Edge, …
	Extension string `json:"extension,omitempty"`
	Update    string `json:"update,omitempty"` // where it is fetched from
	Path      string `json:"path,omitempty"`   // a package or folder on the disk
}

// browserKeys are the vendors' keys.
var browserKeys = []string{`Google\Chrome`, `Microsoft\Edge`, `Chromium`, `BraveSoftware\Brave`, `Vivaldi`}

var browserPolicies = artifacts.Define(artifacts.Artifact{
	Name:     "browserpolicies",
	Title:    "Browser extension by registry",
	DataType: "windows:registry:browser_extension",
	About: `Extensions that policies install and users cannot remove (ExtensionInstallForcelist), allowed
sources of extensions, folders loaded by policy, and extensions that other programs registered.
Proves that this was configured. Does not prove that the browser loaded it. An unmanaged machine has
no such policies. The time is that of the whole key of the list, or of the key of one extension.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1176.001"},
	Refs: []string{
		"https://chromeenterprise.google/policies/#ExtensionInstallForcelist",
		"https://learn.microsoft.com/deployedge/microsoft-edge-policies",
	},
	Sources: browserSources(),
}, decodeBrowserPolicies)

func browserSources() []artifacts.Source {
	var out []artifacts.Source
	for _, b := range browserKeys {
		for _, k := range []string{`Policies\` + b + `\ExtensionInstallForcelist`, `Policies\` + b + `\ExtensionInstallSources`, b +
			`\Extensions\*`} {
			out = append(out, artifacts.Key(evidence.SOFTWARE, k), artifacts.Key(evidence.NTUSER, `Software\`+k))
		}
	}
	return out
}

func decodeBrowserPolicies(in artifacts.Input, yield func(BrowserPolicy) bool) error {
	b := BrowserPolicy{}
	for _, k := range browserKeys {
		if strings.Contains(in.Source.Key, k+`\`) {
			b.Browser = k[strings.LastIndexByte(k, '\\')+1:]
		}
	}
	if strings.HasSuffix(in.Source.Key, `\Extensions\*`) {
		b.Extension, b.Update, b.Path = in.Matched(0), in.Text("update_url"), in.Text("path")
		if b.Update == "" && b.Path == "" {
			return nil
		}
		b.Hook = Hook{Origin: in.AtKey(), Entry: autostartOf(in, "Browser extension"), Key: "Extensions", Name: b.Extension}
		yield(b)
		return nil
	}
	list := in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:]
	h := hooksOf(in, list)
	h.each(func(v hive.Value) { h.fact(v, list) })
	return hookRecords(h, func(r Hook) BrowserPolicy {
		p := b
		p.Hook = r
		if list == "ExtensionInstallForcelist" {
			p.Extension, p.Update, _ = strings.Cut(r.Value, ";")
		}
		return p
	}, yield)
}

// Summary names the browser and the extension.
func (r BrowserPolicy) Summary() string {
	s := "[" + r.Browser + " " + r.Key + "] "
	if r.Extension == "" {
		return s + r.Value
	}
	s += r.Extension
	for _, t := range []string{r.Update, r.Path} {
		if t != "" {
			s += " from " + t
		}
	}
	return s
}
