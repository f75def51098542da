package system

import (
	"cmp"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A LastLogon is who logged on last at the screen, or in one session.
type LastLogon struct {
	artifacts.Origin
	Session     string    `json:"session,omitempty"` // number of the session; "" for the log-on screen itself
	Account     string    `json:"account"`           // as typed or chosen
	SAM         string    `json:"sam_account,omitempty"`
	DisplayName string    `json:"display_name,omitempty"`
	SID         string    `json:"user_identifier,omitempty"`
	Provider    string    `json:"provider,omitempty"` // class of the credential provider
	Written     time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var lastLogon = artifacts.Define(artifacts.Artifact{
	Name:     "lastlogon",
	Title:    "Last user at the log-on screen",
	DataType: "windows:registry:logonui",
	About: `What the log-on screen of Windows Vista and later keeps: the account that logged on there last, and for each session its account. Proves that
this account was the last at the screen or in a remote desktop session when the key was written. Does not prove a log-on over the network, which has
no screen. The time is the last write of the key: it also changes when somebody only chooses an account.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1078"},
	Refs:   []string{"https://learn.microsoft.com/windows/security/threat-protection/security-policy-settings/interactive-logon-do-not-display-last-user-name"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Authentication\LogonUI`),
		artifacts.Key(evidence.SOFTWARE, `Microsoft\Windows\CurrentVersion\Authentication\LogonUI\SessionData\*`),
	},
}, func(in artifacts.Input, yield func(LastLogon) bool) error {
	r := LastLogon{Origin: in.AtKey(), Session: in.Matched(0), SAM: cmp.Or(in.Text("LastLoggedOnSAMUser"), in.Text("LoggedOnSAMUser")),
		DisplayName: cmp.Or(in.Text("LastLoggedOnDisplayName"), in.Text("LoggedOnDisplayName")), Written: in.Written(),
		SID: cmp.Or(in.Text("LastLoggedOnUserSID"), in.Text("LoggedOnUserSID")), Provider: in.Text("LastLoggedOnProvider")}
	r.Account = cmp.Or(in.Text("LastLoggedOnUser"), in.Text("LoggedOnUser"), in.Text("LoggedOnUsername"), r.SAM)
	if r.Account != "" || r.SID != "" {
		yield(r)
	}
	return nil
})

// Summary names the account.
func (r LastLogon) Summary() string {
	s := fmt.Sprintf("[%s] logged on last", r.Account)
	if r.Session != "" {
		s = fmt.Sprintf("[%s] in session %s", r.Account, r.Session)
	}
	if r.DisplayName != "" {
		s += ", shown as " + r.DisplayName
	}
	return s
}
