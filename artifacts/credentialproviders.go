package artifacts

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A CredentialProvider is a class that the log-on screen loads.
type CredentialProvider struct {
	Hook
	CLSID string `json:"clsid"`
	Title string `json:"title,omitempty"`
}

const credentialProviderKey = `Microsoft\Windows\CurrentVersion\Authentication\`

var credentialProviders = Define(Artifact{
	Name:     "credentialproviders",
	Title:    "Credential provider",
	DataType: "windows:registry:credential_provider",
	About: `Classes that the log-on screen loads to ask for a password or another proof (Credential Providers), to hide or change what
others ask (Credential Provider Filters), and before a network connection (PLAP Providers). They see what the user types. Proves that the
class was registered; its DLL is the one that the registry of the machine names for the class. Does not prove that it was loaded. Windows
brings about twenty of its own in System32; readers of fingerprints, VPN and management products add theirs. The time is that of the key
of this one class: near its registration, unless an update touched it.`,
	Proves: Configured,
	Attack: []string{"T1556"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/secauthn/credential-providers-in-windows"},
	Sources: []Source{
		Key(evidence.SOFTWARE, credentialProviderKey+`Credential Providers\*`),
		Key(evidence.SOFTWARE, credentialProviderKey+`Credential Provider Filters\*`),
		Key(evidence.SOFTWARE, credentialProviderKey+`PLAP Providers\*`),
	},
}, decodeCredentialProviders)

func decodeCredentialProviders(in Input, yield func(CredentialProvider) bool) error {
	list := strings.TrimSuffix(strings.TrimPrefix(in.Source.Key, credentialProviderKey), `\*`)
	clsid := in.matched(0)
	a, title := in.autostartCOM(strings.TrimSuffix(list, "s"), clsid)
	if s := in.Text(""); s != "" {
		title = s
	}
	if n, ok := in.Uint("Disabled"); ok && n != 0 {
		a.Disabled = true
	}
	r := Hook{Origin: in.AtKey(), autostart: a, Key: list, Name: clsid}
	r.Default = r.Image != "" && in.hookSystem32(winpath.Dir(r.Image))
	yield(CredentialProvider{Hook: r, CLSID: clsid, Title: title})
	return nil
}

// Summary names the class and its DLL.
func (r CredentialProvider) Summary() string { return comSummary(r.Hook, r.CLSID, r.Title) }
