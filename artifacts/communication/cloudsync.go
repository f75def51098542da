package communication

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A CloudSync is one folder or account that a program keeps equal to a store in
// the Internet.
type CloudSync struct {
	artifacts.Origin
	Provider string    `json:"provider"`
	Account  string    `json:"account,omitempty"` // name of the account's key, or the mail address
	Email    string    `json:"email,omitempty"`
	CloudID  string    `json:"cid,omitempty"`
	Folder   string    `json:"folder,omitempty"`
	URL      string    `json:"url,omitempty"`
	Tenant   string    `json:"tenant,omitempty"`
	UserSID  string    `json:"user_identifier,omitempty"`
	SignedIn time.Time `json:"first_sign_in,omitzero" event:"First Connection Time"`
	Changed  string    `json:"changed,omitempty"` // as written by the program, without a zone
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var cloudSync = artifacts.Define(artifacts.Artifact{
	Name:     "cloudsync",
	Title:    "Cloud synchronization",
	DataType: "windows:registry:cloud_sync",
	About: `Accounts and folders of programs that keep files equal to a store in the Internet: OneDrive and SharePoint
(accounts, libraries), every program that registers a synchronized folder with Explorer (Dropbox,
Google Drive, iCloud, Nextcloud, Box), and the settings of Dropbox and Google Drive. Proves that the
account or folder was set up for this user. Does not prove which files were copied: everything put
into the folder leaves the machine. The times are UTC: the first sign-in of OneDrive, and the last
write of the key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1567.002", "T1530"},
	Refs: []string{
		"https://learn.microsoft.com/sharepoint/use-group-policy",
		"https://learn.microsoft.com/windows/win32/shell/integrate-cloud-storage",
		"https://github.com/EricZimmerman/RECmd/blob/master/BatchExamples/Kroll_Batch.reb",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\OneDrive\Accounts\*`),
		artifacts.Key(evidence.NTUSER, `Software\SyncEngines\Providers\OneDrive\*`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Explorer\SyncRootManager\*`),
		artifacts.Key(evidence.NTUSER, `Software\Dropbox\*\Client`),
		artifacts.Key(evidence.NTUSER, `Software\Google\DriveFS\PerAccountPreferences`),
		artifacts.Key(evidence.NTUSER, `Software\Google\Drive`),
	},
}, decodeCloudSync)

func decodeCloudSync(in artifacts.Input, yield func(CloudSync) bool) error {
	if in.Partial() {
		return nil
	}
	c := CloudSync{Origin: in.AtKey(), Written: in.Written()}
	src := in.Source.Key
	switch {
	case strings.Contains(src, `OneDrive\Accounts`):
		c.Provider, c.Account, c.Email, c.CloudID = "OneDrive", in.Matched(0), in.Text("UserEmail"), in.Text("cid")
		c.Folder, c.URL, c.Tenant = in.Text("UserFolder"), in.Text("ServiceEndpointUri"), in.Text("DisplayName")
		if n, ok := in.Uint("ClientFirstSignInTimestamp"); ok && n > 0 && n < 1<<32 {
			c.SignedIn = wire.UnixTime(uint32(n))
		}
	case strings.Contains(src, "SyncEngines"):
		c.Provider, c.Account, c.CloudID, c.Folder = "OneDrive", in.Matched(0), in.Text("CID"), in.Text("MountPoint")
		c.URL, c.Changed = in.Text("UrlNamespace"), in.Text("LastModifiedTime")
	case strings.Contains(src, "SyncRootManager"):
		return decodeSyncRoots(in, yield)
	default: // the key of the program, whatever it holds
		c.Provider = "Dropbox"
		if strings.Contains(src, "Google") {
			c.Provider, c.Account = "Google Drive", in.Text("")
		}
		c.Folder = cmp.Or(in.Text("Path"), in.Text("path"))
		yield(c)
		return nil
	}
	if c.Folder != "" || c.Email != "" || c.CloudID != "" {
		yield(c)
	}
	return nil
}

// decodeSyncRoots reads a registration: its name is provider!SID!account, the
// folders of the users stand below.
func decodeSyncRoots(in artifacts.Input, yield func(CloudSync) bool) error {
	parts := strings.Split(in.Matched(0), "!")
	c := CloudSync{Origin: in.AtKey(), Provider: parts[0], Written: in.Written()}
	if len(parts) > 1 {
		c.UserSID = parts[1]
	}
	if len(parts) > 2 {
		c.Account = strings.Join(parts[2:], "!")
	}
	k, ok := in.Own().Subkey("UserSyncRoots")
	if !ok {
		yield(c)
		return nil
	}
	for v := range in.Of(k).All() {
		r := c
		r.Origin, r.UserSID, r.Folder = in.BelowAt(k, v), cmp.Or(v.Name(), c.UserSID), in.Of(k).TextOf(v)
		if !yield(r) {
			return nil
		}
	}
	return nil
}

// Summary names program, account and folder.
func (c CloudSync) Summary() string {
	s := fmt.Sprintf("[%s]", c.Provider)
	if who := cmp.Or(c.Email, c.Account, c.UserSID); who != "" {
		s += " of " + who
	}
	if c.Folder != "" {
		s += " keeps " + c.Folder
	}
	if c.URL != "" {
		s += " at " + c.URL
	}
	return s
}
