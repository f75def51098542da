package activity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// RemoteHost is a machine that a user reached with a remote or transfer tool.
type RemoteHost struct {
	artifacts.Origin
	Tool     string    `json:"tool"`
	Kind     string    `json:"kind"` // "host key", "session", "recent"
	Session  string    `json:"session,omitempty"`
	Host     string    `json:"host,omitempty"`
	Port     uint64    `json:"port,omitempty"`
	UserName string    `json:"connection_user,omitempty"`
	KeyType  string    `json:"key_type,omitempty"`
	KeyFile  string    `json:"key_file,omitempty"`
	Password bool      `json:"password_stored,omitempty"` // it is never shown
	Forward  string    `json:"port_forwarding,omitempty"`
	Local    string    `json:"local_directory,omitempty"`
	Remote   string    `json:"remote_directory,omitempty"`
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var putty = artifacts.Define(artifacts.Artifact{
	Name:     "putty",
	Title:    "PuTTY",
	DataType: "windows:registry:putty",
	About: `Machines to which a user connected with PuTTY, plink or pscp: the keys of servers that were
accepted, saved sessions with their forwarded ports, and the jump list. Proves that the server's key
was accepted under this account, so a connection reached the key exchange. It does not prove a
logon. All host keys share one key, whose time is when the last of them was accepted; a session's
time is when it was saved. Other programs based on PuTTY also write here.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1021.004", "T1572"},
	Refs: []string{"https://the.earth.li/~sgtatham/putty/0.83/htmldoc/Chapter4.html",
		"https://the.earth.li/~sgtatham/putty/0.83/htmldoc/AppendixC.html"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\SimonTatham\PuTTY\SshHostKeys`),
		artifacts.Key(evidence.NTUSER, `Software\SimonTatham\PuTTY\Sessions\*`),
		artifacts.Key(evidence.NTUSER, `Software\SimonTatham\PuTTY\Jumplist`),
	},
}, decodePuTTY)

func decodePuTTY(in artifacts.Input, yield func(RemoteHost) bool) error {
	if len(in.Match) > 0 {
		if in.Partial() {
			return nil
		}
		r := RemoteHost{Origin: in.AtKey(), Tool: "PuTTY", Kind: "session", Session: percentText(in.Match[0]), Host: in.Text("HostName"),
			UserName: in.Text("UserName"), KeyFile: in.Text("PublicKeyFile"), Forward: in.Text("PortForwardings"), Written: in.Written()}
		r.Port, _ = in.Uint("PortNumber")
		r.Password = in.Text("ProxyPassword") != ""
		yield(r)
		return nil
	}

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		r := RemoteHost{Origin: in.At(v), Tool: "PuTTY", Kind: "host key"}
		if strings.HasSuffix(in.Source.Key, "Jumplist") {
			l, err := v.Texts()
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			for i, s := range userNonEmpty(l) {
				j := r
				j.Kind, j.Session = "recent", s
				if i == 0 && !in.Partial() {
					j.Written = in.Written()
				}
				if !yield(j) {
					return nil
				}
			}
			continue
		}
		// The name is "type@port:host".
		kind, rest, ok := strings.Cut(v.Name(), "@")
		port, host, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 {
			errs = append(errs, in.Errorf(in.At(v), "the name is not type@port:host"))
			continue
		}
		r.KeyType, r.Host = kind, host
		r.Port, _ = strconv.ParseUint(port, 10, 16)
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// percentText decodes %XX as PuTTY and WinSCP write the names of sessions.
func percentText(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b = append(b, byte(n))
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return strings.ToValidUTF8(string(b), "\uFFFD")
}

// Proof tells a saved session from a connection.
func (r RemoteHost) Proof() artifacts.Proof {
	if r.Kind == "session" {
		return artifacts.Configured
	}
	return artifacts.Interacted
}

// Summary names the machine.
func (r RemoteHost) Summary() string {
	s := fmt.Sprintf("[%s] %s", r.Host, r.Kind)
	if r.Host == "" {
		s = fmt.Sprintf("[%s] %s", r.Session, r.Kind)
	}
	if r.Port != 0 {
		s += fmt.Sprintf(" port %d", r.Port)
	}
	if r.UserName != "" {
		s += " as " + r.UserName
	}
	if r.Password {
		s += " (a password is stored)"
	}
	return s
}
