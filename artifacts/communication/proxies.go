package communication

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// A Proxy is one place that says through which server programs reach the
// network.
type Proxy struct {
	artifacts.Origin
	Kind       string    `json:"kind"`                 // Internet Settings, connection, WinHTTP
	Connection string    `json:"connection,omitempty"` // the name of the connection
	Enabled    bool      `json:"enabled,omitempty"`    // a server is set and counts
	Server     string    `json:"server,omitempty"`
	Bypass     string    `json:"bypass,omitempty"`     // names that are reached without it
	AutoConfig string    `json:"autoconfig,omitempty"` // the address of a script that decides
	AutoDetect bool      `json:"autodetect,omitempty"` // the network is asked for such a script (WPAD)
	Flags      uint32    `json:"flags,omitempty"`
	Counter    uint32    `json:"counter,omitempty"` // how often the connection's settings were changed
	Policy     bool      `json:"policy,omitempty"`
	PerMachine bool      `json:"per_machine,omitempty"` // ProxySettingsPerUser is 0: the machine's count for all
	Written    time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

const proxiesKey = `Microsoft\Windows\CurrentVersion\Internet Settings`

var proxies = artifacts.Define(artifacts.Artifact{
	Name:     "proxies",
	Title:    "Proxy settings",
	DataType: "windows:registry:proxy_settings",
	About: `The proxy of the programs of a user, of the services (WinHTTP) or of all users: a named server, a
script at an address (PAC), or automatic discovery. Proves that this was configured at the last
write. Programs read the copies in Connections, which may differ from the other values. Does not
prove that traffic went through the server. The owner of an unknown proxy can read and change
unencrypted traffic. A server that is set but not enabled was used earlier or prepared. The time is
that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1090", "T1557"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/wininet/setting-and-retrieving-internet-options",
		"https://learn.microsoft.com/windows/win32/winhttp/netsh-exe-commands",
		"https://9to5answer.com/what-39-s-the-format-of-the-defaultconnectionsettings-value-in-the-windows-registry",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\`+proxiesKey),
		artifacts.Key(evidence.NTUSER, `Software\`+proxiesKey+`\Connections`),
		artifacts.Key(evidence.NTUSER, `Software\Policies\`+proxiesKey),
		artifacts.Key(evidence.SOFTWARE, proxiesKey),
		artifacts.Key(evidence.SOFTWARE, proxiesKey+`\Connections`),
		artifacts.Key(evidence.SOFTWARE, `Policies\`+proxiesKey),
	},
}, decodeProxies)

// Bits of the flags of a connection; wininet.h, PROXY_TYPE_*.
const (
	proxyNamed  = 2
	proxyScript = 4
	proxyDetect = 8
)

func decodeProxies(in artifacts.Input, yield func(Proxy) bool) error {
	if strings.HasSuffix(in.Source.Key, `\Connections`) {
		return proxyConnections(in, yield)
	}
	r := Proxy{Origin: in.AtKey(), Kind: "Internet Settings", Policy: strings.Contains(in.Source.Key, "Policies"), Written: in.Written()}
	var errs []error
	found := false
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		text := func() string {
			s, _, err := artifacts.AnyText(v)
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			return s
		}
		number := func() uint64 {
			n, err := v.Uint()
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			return n
		}
		switch strings.ToLower(v.Name()) {
		case "proxyenable":
			r.Enabled = number() != 0
		case "proxyserver":
			r.Server = text()
		case "proxyoverride":
			r.Bypass = text()
		case "autoconfigurl":
			r.AutoConfig = text()
		case "autodetect":
			r.AutoDetect = number() != 0
		case "proxysettingsperuser":
			r.PerMachine = number() == 0
		default:
			continue
		}
		found = true
	}
	if !found {
		return errors.Join(errs...)
	}
	yield(r)
	return errors.Join(errs...)
}

func proxyConnections(in artifacts.Input, yield func(Proxy) bool) error {

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		if v.Type().Base() != hive.Binary {
			errs = append(errs, in.Errorf(in.At(v), "is of type %s, not binary", v.Type()))
			continue
		}
		b, err := v.Bytes()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		if len(b) == 0 {
			continue
		}
		r, err := parseProxyConnection(b)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
			if len(b) < proxyText {
				continue
			}
		}
		r.Origin, r.Connection, r.Written = in.At(v), v.Name(), in.Written()
		r.Kind = "connection"
		if strings.EqualFold(v.Name(), "WinHttpSettings") {
			r.Kind = "WinHTTP"
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Of the settings of a connection, and of WinHTTP, as published analyses and
// real hives show them.
const (
	proxyCounter = 4  // u32; at 0 a version: 0x3C, 0x46; 0x18 and 0x28 of WinHTTP
	proxyFlags   = 8  // u32
	proxyText    = 12 // u32 length and 8-bit text: the server, the exceptions, the script's address
)

// parseProxyConnection reads a blob of the key Connections. With an error
// comes what was read.
func parseProxyConnection(b []byte) (Proxy, error) {
	var r Proxy
	if len(b) < proxyText {
		return r, fmt.Errorf("connection settings of %d bytes, want %d", len(b), proxyText)
	}
	r.Counter = le.Uint32(b[proxyCounter:])
	r.Flags = le.Uint32(b[proxyFlags:])
	r.Enabled = r.Flags&proxyNamed != 0
	r.AutoDetect = r.Flags&proxyDetect != 0
	c := wire.NewReader(b, proxyText)
	for _, text := range []*string{&r.Server, &r.Bypass, &r.AutoConfig} {
		if c.Left() < 4 {
			break // WinHTTP has no script, older versions stop early
		}
		at, n := c.Offset(), c.Uint32()
		if int64(n) > int64(c.Left()) {
			return r, fmt.Errorf("text of %d bytes at %d runs past the end", n, at)
		}
		*text = wire.Latin1Z(c.Take(int(n)))
	}
	return r, nil
}

// Summary shows the way to the network.
func (r Proxy) Summary() string {
	what := "no proxy"
	switch {
	case r.Server != "" && r.Enabled:
		what = "server " + r.Server
	case r.Server != "":
		what = "server " + r.Server + " (not enabled)"
	}
	if r.AutoConfig != "" {
		what += ", script " + r.AutoConfig
	}
	if r.AutoDetect {
		what += ", detected by the network"
	}
	name := r.Kind
	if r.Connection != "" {
		name += " " + r.Connection
	}
	return "[" + name + "] " + what
}

// Tags marks a server that counts.
func (r Proxy) Tags() []string {
	if r.Enabled && r.Server != "" || r.AutoConfig != "" && (r.Kind != "connection" || r.Flags&proxyScript != 0) {
		return []string{"proxy-in-use"}
	}
	return nil
}
