package communication

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/openssh"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An OpenSSH is one line of the files of OpenSSH's client and server.
type OpenSSH struct {
	artifacts.Origin
	File        string   `json:"file"`
	Kind        string   `json:"kind"` // authorised key, known host, setting, private key
	Line        int      `json:"line,omitempty"`
	KeyType     string   `json:"key_type,omitempty"`
	Fingerprint string   `json:"fingerprint,omitempty"`
	Comment     string   `json:"comment,omitempty"`
	Options     string   `json:"options,omitempty"`
	Hosts       []string `json:"hosts,omitempty"`
	Hashed      bool     `json:"hashed,omitempty"` // the names are hashes
	Marker      string   `json:"marker,omitempty"`
	Block       string   `json:"block,omitempty"`
	Name        string   `json:"name,omitempty"`
	Value       string   `json:"value,omitempty"`
	Damage      string   `json:"damage,omitempty"`
	Admins      bool     `json:"administrators,omitempty"` // the key lets every administrator's account in
}

var openSSH = artifacts.Define(artifacts.Artifact{
	Name:     "openssh",
	Title:    "OpenSSH",
	DataType: "openssh:file:line",
	About: `Keys that may log on by SSH, hosts whose keys a user accepted, and settings of client and server. An authorised key proves that whoever
has its private part could log on to this account while the server ran; it does not prove that anybody did. A known host proves that this
user's client connected to it and took its key; it does not prove that the log-on succeeded. Public keys are shown by fingerprint; of a private
key only its presence is. The files hold no times: those of the file itself are in the file system.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1098.004", "T1021.004"},
	Refs: []string{
		"https://learn.microsoft.com/windows-server/administration/openssh/openssh-server-configuration",
		"https://attack.mitre.org/techniques/T1098/004/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%ProgramData%\ssh\administrators_authorized_keys`),
		artifacts.Files(`%ProgramData%\ssh\sshd_config`),
		artifacts.Files(`%UserProfile%\.ssh\*`),
	},
}, decodeOpenSSH)

func decodeOpenSSH(in artifacts.Input, yield func(OpenSSH) bool) error {
	file := winpath.Base(in.From.Path)
	switch name := strings.ToLower(file); {
	case openssh.IsPrivateKey(in.Data):
		yield(OpenSSH{Origin: in.AtOffset(0), File: file, Kind: "private key"})
	case strings.Contains(name, "authorized_keys"):
		for _, k := range openssh.AuthorizedKeys(in.Data) {
			r := OpenSSH{Origin: in.AtOffset(k.Offset), File: file, Kind: "authorised key", Line: k.Number, KeyType: k.Type,
				Fingerprint: k.Fingerprint,
				Comment:     k.Comment, Options: k.Options, Damage: k.Damage, Admins: strings.HasPrefix(name, "administrators_")}
			if !yield(r) {
				return nil
			}
		}
	case strings.HasPrefix(name, "known_hosts"):
		for _, h := range openssh.KnownHosts(in.Data) {
			r := OpenSSH{Origin: in.AtOffset(h.Offset), File: file, Kind: "known host", Line: h.Number, KeyType: h.Type,
				Fingerprint: h.Fingerprint,
				Comment:     h.Comment, Hosts: h.Names, Hashed: h.Hashed, Marker: h.Marker, Damage: h.Damage}
			if !yield(r) {
				return nil
			}
		}
	case name == "config" || name == "sshd_config" || name == "ssh_config":
		for _, s := range openssh.Settings(in.Data) {
			r := OpenSSH{Origin: in.AtOffset(s.Offset), File: file, Kind: "setting", Line: s.Number, Block: s.Block, Name: s.Name,
				Value: s.Value}
			if !yield(r) {
				return nil
			}
		}
	}
	return nil
}

// Summary shows the line.
func (r OpenSSH) Summary() string {
	s := fmt.Sprintf("[%s line %d] ", r.File, r.Line)
	switch r.Kind {
	case "private key":
		return "[" + r.File + "] a private key is there"
	case "setting":
		s += strings.TrimSpace(r.Block + " " + r.Name + " " + r.Value)
	case "known host":
		s += "connected to " + strings.Join(r.Hosts, ", ") + " " + r.KeyType + " " + r.Fingerprint
	default:
		s += strings.Join(strings.Fields("may log on: "+r.KeyType+" "+r.Fingerprint+" "+r.Comment+" "+r.Options), " ")
	}
	if r.Damage != "" {
		s += " (" + r.Damage + ")"
	}
	return s
}

// Tags marks keys for all administrators.
func (r OpenSSH) Tags() []string {
	if r.Admins {
		return []string{"administrators"}
	}
	return nil
}
