package communication

import (
	"cmp"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

// remoteAccounts are the values of registry settings that name an account, and
// remoteSecrets the words in the names of those that are never read.
var (
	remoteAccounts = []string{"BuddyLoginName", "BuddyDisplayName", "Meeting_UserName", "OwningManagerAccountName", "UserName", "Email"}
	remoteSecrets  = []string{"password", "passwd", "key", "token", "secret", "hash", "security"}
)

// remoteRegistry reads the settings of a tool in the registry. Only accounts and
// addresses are shown with their values, the others by name.
func remoteRegistry(in artifacts.Input, yield func(RemoteTool) bool) error {
	if in.Partial() {
		return nil
	}
	tool := strings.TrimPrefix(in.Source.Key, `Software\`)
	tool, _, _ = strings.Cut(tool, `\`)
	if tool == "ORL" {
		tool = "WinVNC"
	}
	r := RemoteTool{Origin: in.AtKey(), Tool: tool, Kind: "configured", Written: in.Written()}
	own := in.Own()
	for v := range own.All() {
		low := strings.ToLower(v.Name())
		if low == "" {
			continue
		}
		r.Settings = append(r.Settings, v.Name())
		secret := false
		for _, s := range remoteSecrets {
			secret = secret || strings.Contains(low, s)
		}
		switch {
		case secret:
		case low == "clientid" || low == "client_id":
			r.Peer = own.AnyOf(v)
		case strings.HasSuffix(low, "host") || low == "server":
			r.Address = cmp.Or(r.Address, own.AnyOf(v))
		}
	}
	for _, name := range remoteAccounts {
		if _, ok := own.Find(name); ok && r.Account == "" {
			r.Account = own.Text(name)
		}
	}
	if len(r.Settings) > 0 {
		yield(r)
	}
	return nil
}
