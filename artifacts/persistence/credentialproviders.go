package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
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

var credentialProviders = artifacts.Define(artifacts.Artifact{
	Name:     "credentialproviders",
	Title:    "Credential provider",
	DataType: "windows:registry:credential_provider",
	About: `Classes that the logon screen loads to ask for a password or another credential (Credential
Providers), to filter other providers (Credential Provider Filters), and before a network connection
(PLAP Providers). They receive what the user types. Proves that the class was registered; its DLL is
the one that the machine's registry names for the class. Does not prove that it was loaded. Windows
has about twenty in System32; fingerprint readers, VPN and management products add others. The time
is that of the class's own key, near its registration unless an update changed it.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1556"},
	Refs:   []string{"https://learn.microsoft.com/windows/win32/secauthn/credential-providers-in-windows"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, credentialProviderKey+`Credential Providers\*`),
		artifacts.Key(evidence.SOFTWARE, credentialProviderKey+`Credential Provider Filters\*`),
		artifacts.Key(evidence.SOFTWARE, credentialProviderKey+`PLAP Providers\*`),
	},
}, decodeCredentialProviders)

func decodeCredentialProviders(in artifacts.Input, yield func(CredentialProvider) bool) error {
	list := strings.TrimSuffix(strings.TrimPrefix(in.Source.Key, credentialProviderKey), `\*`)
	clsid := in.Matched(0)
	a, title := autostartCOM(in, strings.TrimSuffix(list, "s"), clsid)
	if s := in.Text(""); s != "" {
		title = s
	}
	if n, ok := in.Uint("Disabled"); ok && n != 0 {
		a.Disabled = true
	}
	r := Hook{Origin: in.AtKey(), Entry: a, Key: list, Name: clsid}
	r.Default = r.Image != "" && in.Machine.IsSystem32(winpath.Dir(r.Image))
	yield(CredentialProvider{Hook: r, CLSID: clsid, Title: title})
	return nil
}

// Summary names the class and its DLL.
func (r CredentialProvider) Summary() string { return comSummary(r.Hook, r.CLSID, r.Title) }
