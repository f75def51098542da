package system

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An LSASecret is when one secret of the local security authority was set.
type LSASecret struct {
	artifacts.Origin
	Name    string    `json:"name"`
	Meaning string    `json:"meaning,omitempty"`
	Service string    `json:"service,omitempty"` // whose account's password it is
	Stored  bool      `json:"stored"`            // there is a value, which is not read
	Old     bool      `json:"old_stored,omitempty"`
	Set     time.Time `json:"set,omitzero" event:"Last Password Reset Time"`
	Before  time.Time `json:"set_before,omitzero" event:"Previous Password Reset Time"`
	Written time.Time `json:"key_written,omitzero"`
}

var lsaSecrets = artifacts.Define(artifacts.Artifact{
	Name:     "lsasecrets",
	Title:    "LSA secret",
	DataType: "windows:registry:lsa_secret",
	About: `The names of the secrets that the local security authority keeps, and when each was set and set before:
the password of the machine's account in its domain, of the accounts of services, of the automatic
logon, and the keys of the data protection. Proves that Windows stored a secret of that name at that
time (UTC). A service with a secret runs under an account with a password. Does not prove who knows
it: intruders with the rights of SYSTEM read all of them. The contents are never read. A name that is
not of Windows belongs to a program.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1003.004", "T1552.002"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1003/004/",
		"https://learn.microsoft.com/windows/win32/secmgmt/storing-private-data",
		"https://moyix.blogspot.com/2008/02/decrypting-lsa-secrets.html",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SECURITY, `Policy\Secrets\*`)},
}, decodeLSASecrets)

// lsaSecretNames are the secrets of Windows.
var lsaSecretNames = map[string]string{
	"$machine.acc":    "password of the machine's account in its domain",
	"dpapi_system":    "keys of the data protection for the machine",
	"nl$km":           "key of the cached log-ons",
	"defaultpassword": "password of the automatic log-on",
	"sac":             "Terminal Services", "sai": "Terminal Services",
	"aspnet_wp_password": "password of the account ASPNET",
	"0083343a-f925-4ed7-b1d6-d95d17a0b57b-remotedesktophelpassistantaccount": "password of the account HelpAssistant",
	"0083343a-f925-4ed7-b1d6-d95d17a0b57b-remotedesktophelpassistantsid":     "SID of the account HelpAssistant",
}

func decodeLSASecrets(in artifacts.Input, yield func(LSASecret) bool) error {
	if in.Partial() {
		return nil
	}
	s := LSASecret{Origin: in.AtKey(), Name: in.Matched(0), Written: in.Written()}
	s.Meaning = lsaSecretNames[strings.ToLower(s.Name)]
	if len(s.Name) > 4 && strings.EqualFold(s.Name[:4], "_SC_") {
		s.Service, s.Meaning = s.Name[4:], "password of the account that the service runs under"
	}
	own := in.Own()
	s.Set, s.Before = lsaSecretTime(in, own, "CupdTime"), lsaSecretTime(in, own, "OupdTime")
	if k, ok := own.Subkey("CurrVal"); ok {
		s.Stored = len(in.Of(k).Bytes("")) > 0
	}
	if k, ok := own.Subkey("OldVal"); ok {
		s.Old = len(in.Of(k).Bytes("")) > 0
	}
	yield(s)
	return nil
}

// lsaSecretTime reads the nameless value of a key below, 8 bytes.
func lsaSecretTime(in artifacts.Input, own artifacts.Values, name string) time.Time {
	k, ok := own.Subkey(name)
	if !ok {
		return time.Time{}
	}
	return in.Of(k).Time("")
}

// Summary names the secret and when it was set.
func (s LSASecret) Summary() string {
	out := fmt.Sprintf("[%s]", s.Name)
	if s.Meaning != "" {
		out += " " + s.Meaning
	}
	if s.Service != "" {
		out += " " + s.Service
	}
	if !s.Stored {
		out += ", empty"
	}
	if !s.Set.IsZero() {
		out += ", set " + s.Set.UTC().Format(time.RFC3339)
	}
	return out
}
