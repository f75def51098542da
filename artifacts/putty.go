package artifacts

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// RemoteHost is a machine that a user reached with a remote or transfer tool.
type RemoteHost struct {
	Origin
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

var putty = Define(Artifact{
	Name:     "putty",
	Title:    "PuTTY",
	DataType: "windows:registry:putty",
	About: `Machines to which a user connected with PuTTY, plink or pscp: the keys of servers that were accepted, saved sessions with their forwarded ports, and
the jump list. Proves that the server's key was accepted under this account, so a connection was made at least as far as that. It does not prove a logon. All host
keys share one key, whose time is when the last of them was accepted; a session's time is when it was saved. Other programs that build on PuTTY write here too.`,
	Proves: Interacted,
	Attack: []string{"T1021.004", "T1572"},
	Refs:   []string{"https://the.earth.li/~sgtatham/putty/0.83/htmldoc/Chapter4.html", "https://the.earth.li/~sgtatham/putty/0.83/htmldoc/AppendixC.html"},
	Sources: []Source{
		Key(evidence.NTUSER, `Software\SimonTatham\PuTTY\SshHostKeys`),
		Key(evidence.NTUSER, `Software\SimonTatham\PuTTY\Sessions\*`),
		Key(evidence.NTUSER, `Software\SimonTatham\PuTTY\Jumplist`),
	},
}, decodePuTTY)

func decodePuTTY(in Input, yield func(RemoteHost) bool) error {
	if len(in.Match) > 0 {
		if in.only != nil {
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
				if i == 0 && in.only == nil {
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
func (r RemoteHost) Proof() Proof {
	if r.Kind == "session" {
		return Configured
	}
	return Interacted
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

var winSCP = Define(Artifact{
	Name:     "winscp",
	Title:    "WinSCP",
	DataType: "windows:registry:winscp",
	About: `Sessions that a user saved in WinSCP, and the servers whose keys or certificates were accepted. Proves that the session was set up under this account: host, user
name, folders on both sides, and whether a password is stored with it, which anybody with the hive could recover and which is not shown here. It does not prove that files were
transferred. The key's time is when the session was saved. A portable copy keeps its sessions in a file beside the program and leaves nothing here.`,
	Proves: Interacted,
	Attack: []string{"T1021.004", "T1048", "T1552.002"},
	Refs:   []string{"https://winscp.net/eng/docs/config", "https://winscp.net/eng/docs/rawsettings"},
	Sources: []Source{
		Key(evidence.NTUSER, `Software\Martin Prikryl\WinSCP 2\Sessions\*`),
		Key(evidence.NTUSER, `Software\Martin Prikryl\WinSCP 2\SshHostKeys`),
		Key(evidence.NTUSER, `Software\Martin Prikryl\WinSCP 2\Configuration\CDCache`),
	},
}, decodeWinSCP)

func decodeWinSCP(in Input, yield func(RemoteHost) bool) error {
	if len(in.Match) > 0 {
		if in.only != nil {
			return nil
		}
		r := RemoteHost{Origin: in.AtKey(), Tool: "WinSCP", Kind: "session", Session: percentText(in.Match[0]), Host: in.Text("HostName"), UserName: in.Text("UserName"),
			KeyFile: percentText(in.Text("PublicKeyFile")), Local: percentText(in.Text("LocalDirectory")), Remote: percentText(in.Text("RemoteDirectory")), Written: in.Written()}
		r.Port, _ = in.Uint("PortNumber")
		for _, name := range []string{"Password", "PasswordPlain", "ProxyPasswordEnc", "NewPassword", "TunnelPassword"} {
			if in.Bytes(name) != nil {
				r.Password = true
			}
		}
		yield(r)
		return nil
	}

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		r := RemoteHost{Origin: in.At(v), Tool: "WinSCP", Kind: "host key"}
		name := percentText(v.Name())
		if strings.HasSuffix(in.Source.Key, "CDCache") {
			r.Kind, r.Session = "recent", name
			if i := strings.LastIndexByte(name, '@'); i >= 0 {
				r.UserName, r.Host = name[:i], name[i+1:]
			}
			if !yield(r) {
				return nil
			}
			continue
		}
		kind, rest, ok := strings.Cut(name, "@")
		port, host, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 {
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
