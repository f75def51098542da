package system

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Profile is one entry of the list of user profiles.
type Profile struct {
	artifacts.Origin
	SID      string    `json:"sid"`
	Path     string    `json:"path"`
	Flags    uint64    `json:"flags,omitempty"`
	State    uint64    `json:"state,omitempty"`
	Backup   bool      `json:"backup,omitempty"` // ".bak": Windows could not load it and made another
	Hive     bool      `json:"hive_present"`     // the evidence holds the profile's NTUSER.DAT
	Loaded   time.Time `json:"loaded,omitzero" event:"Profile Load Time"`
	Unloaded time.Time `json:"unloaded,omitzero" event:"Profile Unload Time"`
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`

	user evidence.User
}

var profiles = artifacts.Define(artifacts.Artifact{
	Name:     "profiles",
	Title:    "User profiles",
	DataType: "windows:registry:profile_list",
	About: `The accounts, local or of a domain, that have a profile on the machine. Proves at least one logon
with the account: at the machine, by Remote Desktop or to run a program as this user. A network
logon alone does not create a profile. Load and unload times (Windows 10 and later) are the last
ones only. A SID that no local account has belongs to a domain or to an account that was deleted.
The name in the path is that of the first logon and does not follow a renaming.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1078"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/shell/profiles-directory",
		"https://learn.microsoft.com/previous-versions/windows/desktop/userprofileprov/win32-userprofile",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows NT\CurrentVersion\ProfileList\*`)},
}, decodeProfiles)

func decodeProfiles(in artifacts.Input, yield func(Profile) bool) error {
	if in.Partial() || len(in.Match) == 0 {
		return nil
	}
	sid, backup := strings.CutSuffix(in.Match[0], ".bak")
	p := Profile{Origin: in.AtKey(), SID: sid, Backup: backup, Path: in.Text("ProfileImagePath"), Written: in.Written()}
	p.Flags, _ = in.Uint("Flags")
	p.State, _ = in.Uint("State")
	p.Loaded = profileTime(in, "LocalProfileLoadTime")
	p.Unloaded = profileTime(in, "LocalProfileUnloadTime")
	for _, u := range in.Machine.Users {
		if strings.EqualFold(u.SID, sid) {
			p.user = u
		}
	}
	if p.user.SID == "" {
		p.user = evidence.User{SID: sid, Name: winpath.Base(p.Path), Profile: p.Path}
	}
	if in.Tree != nil {
		_, p.Hive = in.Tree.Lookup(winpath.Join(in.Machine.Expand(p.Path, evidence.User{}), "NTUSER.DAT"))
	}
	yield(p)
	return nil
}

// profileTime joins the halves of a time.
func profileTime(in artifacts.Input, name string) time.Time {
	high, ok := in.Uint(name + "High")
	low, ok2 := in.Uint(name + "Low")
	if !ok || !ok2 {
		return time.Time{}
	}
	return wire.Time(high<<32 | low&0xFFFFFFFF)
}

// Owner is the profile's account.
func (p Profile) Owner() evidence.User { return p.user }

// Summary names account and folder.
func (p Profile) Summary() string {
	s := fmt.Sprintf("[%s] %s", p.Path, p.SID)
	if p.Backup {
		s += " (broken, kept as .bak)"
	}
	return s
}
