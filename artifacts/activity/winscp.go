package activity

import (
	"errors"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

var winSCP = artifacts.Define(artifacts.Artifact{
	Name:     "winscp",
	Title:    "WinSCP",
	DataType: "windows:registry:winscp",
	About: `Sessions that a user saved in WinSCP, and the servers whose keys or certificates were accepted.
Proves that the session was saved under this account: host, user name, folders on both sides, and
whether a password is stored, which the hive reveals but this record does not show. It does not
prove that files were transferred. The key's time is when the session was saved. A portable copy
stores its sessions in a file next to the program.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1021.004", "T1048", "T1552.002"},
	Refs:   []string{"https://winscp.net/eng/docs/config", "https://winscp.net/eng/docs/rawsettings"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Martin Prikryl\WinSCP 2\Sessions\*`),
		artifacts.Key(evidence.NTUSER, `Software\Martin Prikryl\WinSCP 2\SshHostKeys`),
		artifacts.Key(evidence.NTUSER, `Software\Martin Prikryl\WinSCP 2\Configuration\CDCache`),
	},
}, decodeWinSCP)

func decodeWinSCP(in artifacts.Input, yield func(RemoteHost) bool) error {
	if len(in.Match) > 0 {
		if in.Partial() {
			return nil
		}
		r := RemoteHost{Origin: in.AtKey(), Tool: "WinSCP", Kind: "session", Session: percentText(in.Match[0]),
			Host: in.Text("HostName"), UserName: in.Text("UserName"),
			KeyFile: percentText(in.Text("PublicKeyFile")), Local: percentText(in.Text("LocalDirectory")),
			Remote: percentText(in.Text("RemoteDirectory")), Written: in.Written()}
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
