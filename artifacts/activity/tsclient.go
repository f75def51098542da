package activity

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// RDPServer is a machine to which a user connected by Remote Desktop.
type RDPServer struct {
	artifacts.Origin
	Host     string    `json:"host"`
	UserName string    `json:"username_hint,omitempty"`
	CertHash string    `json:"certificate_hash,omitempty"` // the user accepted this certificate
	Position int       `json:"mru_position,omitempty"`
	Devices  bool      `json:"local_devices,omitempty"` // drives or the clipboard were shared with it
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var tsClient = artifacts.Define(artifacts.Artifact{
	Name:     "tsclient",
	Title:    "Remote Desktop client",
	DataType: "windows:registry:mstsc:connection",
	About: `Machines to which a user connected with the Remote Desktop client. Proves that a connection to the
host was started here under this account, and the user name. The hash of a certificate shows that a
warning was accepted. It does not prove that the logon succeeded. The key below Servers is written
at each connection to that host: its time is close to the last one. The list Default has one time
for all, which dates its first entry only.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1021.001"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/application-keys/Terminal-server-client.md",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/terminal_server.py",
		"https://learn.microsoft.com/troubleshoot/windows-server/remote/remove-entries-from-remote-desktop-connection-computer",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Terminal Server Client\Servers\*`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Terminal Server Client\Default`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Terminal Server Client\LocalDevices`),
	},
}, decodeTSClient)

func decodeTSClient(in artifacts.Input, yield func(RDPServer) bool) error {
	if len(in.Match) > 0 {
		if in.Partial() {
			return nil
		}
		yield(RDPServer{Origin: in.AtKey(), Host: in.Match[0], UserName: in.Text("UsernameHint"),
			CertHash: hex.EncodeToString(in.Bytes("CertHash")), Written: in.Written()})
		return nil
	}
	devices := strings.HasSuffix(in.Source.Key, "LocalDevices")

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if devices {
			if v.Name() != "" {
				if !yield(RDPServer{Origin: in.At(v), Host: v.Name(), Devices: true}) {
					return nil
				}
			}
			continue
		}
		n, ok := userNumbered(v.Name(), "MRU")
		if !ok {
			continue
		}
		s, err := v.Text()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		r := RDPServer{Origin: in.At(v), Host: s, Position: n + 1}
		if n == 0 && !in.Partial() {
			r.Written = in.Written()
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Summary names the machine.
func (r RDPServer) Summary() string {
	s := fmt.Sprintf("[%s]", r.Host)
	if r.UserName != "" {
		s += " as " + r.UserName
	}
	if r.Devices {
		s += " with local devices"
	}
	return s
}
