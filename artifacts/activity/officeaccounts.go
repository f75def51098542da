package activity

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An OfficeAccount is one account or name that Office has of a user.
type OfficeAccount struct {
	artifacts.Origin
	Kind      string    `json:"kind"` // "identity", "user name", "server"
	Version   string    `json:"version,omitempty"`
	Name      string    `json:"name,omitempty"`
	Email     string    `json:"email,omitempty"`
	Provider  string    `json:"provider,omitempty"`
	AccountID string    `json:"account_id,omitempty"`
	Company   string    `json:"company,omitempty"`
	URL       string    `json:"url,omitempty"`
	SignedOut bool      `json:"signed_out,omitempty"`
	Written   time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var officeAccounts = artifacts.Define(artifacts.Artifact{
	Name:     "officeaccounts",
	Title:    "Office account",
	DataType: "windows:registry:office_account",
	About: `The accounts that a user signed in to Office with, the name that Office writes into documents, and the
servers that Office talked to for documents (Server Cache). Proves that the account was signed in on this
profile, or that Office asked the server. Does not prove who did it, and a user name is what was typed.
An address of a server that no one in the company uses can come from a document with a remote template.
The time is that of the key.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1078.004", "T1221"},
	Refs: []string{
		"https://learn.microsoft.com/microsoft-365-apps/security/identity-authentication-and-authorization-in-office",
		"https://attack.mitre.org/techniques/T1221/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Office\*\Common\Identity\Identities\*`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Office\Common\UserInfo`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Office\*\Common\UserInfo`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Office\*\Common\Internet\Server Cache\*`),
	},
}, func(in artifacts.Input, yield func(OfficeAccount) bool) error {
	if in.Partial() {
		return nil
	}
	a := OfficeAccount{Origin: in.AtKey(), Written: in.Written()}
	switch src := in.Source.Key; {
	case strings.Contains(src, "Identities"):
		a.Kind, a.Version, a.Name = "identity", in.Matched(1), in.Text("FriendlyName")
		a.Email, a.Provider, a.AccountID = cmp.Or(in.Text("EmailAddress"), in.Text("SignInName")), in.Text("ProviderId"), in.Matched(0)
		n, _ := in.Uint("SignedOut")
		a.SignedOut = n != 0
	case strings.HasSuffix(src, "UserInfo"):
		a.Kind, a.Version, a.Name, a.Company = "user name", in.Matched(0), officeText(in, "UserName"), officeText(in, "Company")
	default:
		a.Kind, a.Version, a.URL = "server", in.Matched(1), in.Matched(0)
	}
	if a.Name != "" || a.Email != "" || a.URL != "" || a.Kind == "identity" {
		yield(a)
	}
	return nil
})

// officeText reads a text that older versions of Office keep as bytes.
func officeText(in artifacts.Input, name string) string {
	v, ok := in.Own().Find(name)
	if !ok {
		return ""
	}
	s, _, err := artifacts.AnyText(v)
	if err != nil {
		in.Note(in.At(v), err)
	}
	return s
}

// Summary names account or server.
func (a OfficeAccount) Summary() string {
	switch a.Kind {
	case "server":
		return fmt.Sprintf("[%s] was asked by Office %s", a.URL, a.Version)
	case "user name":
		return strings.TrimSuffix(fmt.Sprintf("[%s] writes with Office for %s", a.Name, a.Company), " for ")
	}
	s := fmt.Sprintf("[%s] %s signed in to Office %s", cmp.Or(a.Email, a.AccountID), a.Name, a.Version)
	if a.SignedOut {
		s += ", signed out since"
	}
	return s
}
