package communication

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A Firewall is one rule of the firewall of Windows, or one of its switches.
type Firewall struct {
	artifacts.Origin
	Kind          string    `json:"kind"`           // rule, exception (XP), setting
	List          string    `json:"list,omitempty"` // which list or profile
	Name          string    `json:"name"`           // of the value: the rule's identifier, the setting
	Title         string    `json:"title,omitempty"`
	Value         string    `json:"value,omitempty"` // of a setting
	Version       string    `json:"version,omitempty"`
	Action        string    `json:"action,omitempty"` // Allow, Block, ByPass
	Active        bool      `json:"active,omitempty"`
	Direction     string    `json:"direction,omitempty"` // In, Out
	Protocol      string    `json:"protocol,omitempty"`  // TCP, UDP, a number, "" for any
	Profiles      []string  `json:"profiles,omitempty"`
	LocalPorts    []string  `json:"local_ports,omitempty"`
	RemotePorts   []string  `json:"remote_ports,omitempty"`
	LocalAddress  []string  `json:"local_address,omitempty"`
	RemoteAddress []string  `json:"remote_address,omitempty"`
	App           string    `json:"app,omitempty"`
	Service       string    `json:"service,omitempty"`
	Package       string    `json:"package,omitempty"` // the SID of a packaged app
	Group         string    `json:"group,omitempty"`
	Description   string    `json:"description,omitempty"`
	Other         []string  `json:"other,omitempty"` // what is not known here, as written
	Policy        bool      `json:"policy,omitempty"`
	Owner         string    `json:"owner_sid,omitempty"` // the user a rule is for
	Written       time.Time `json:"key_written,omitzero"`

	image string // App with its variables resolved
	first bool   // of its key: hundreds of rules share one time, which is one event
}

const (
	firewallKey    = `{CS}\Services\SharedAccess\Parameters\FirewallPolicy\`
	firewallPolicy = `Policies\Microsoft\WindowsFirewall\`
)

var firewall = artifacts.Define(artifacts.Artifact{
	Name:     "firewall",
	Title:    "Firewall",
	DataType: "windows:registry:firewall_rule",
	About: `The rules of Windows Firewall, local and by group policy, the restrictions of services, the switches
of its three profiles, and the exceptions of Windows XP. Proves that the rule existed at the last
write and whether it was active. Does not prove that a packet ever matched it. A machine has between
300 and 500 rules of Windows and installed programs. A program that first listens prompts the user
and leaves a rule with its path, a weak sign that it ran. EnableFirewall = 0 disables a profile. The
time is that of the key, which all rules of a list share.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1562.004"},
	Refs: []string{
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-gpfas/2efe0b76-7b4a-41ff-9050-1023f8196d16",
	},
	Sources: firewallSources(),
}, decodeFirewall)

func firewallSources() []artifacts.Source {
	var out []artifacts.Source
	for _, k := range []string{`FirewallRules`, `RestrictedServices\Static\System`, `RestrictedServices\Configurable\System`,
		`RestrictedServices\AppIso\FirewallRules`} {
		out = append(out, artifacts.Key(evidence.SYSTEM, firewallKey+k))
	}
	out = append(out, artifacts.Key(evidence.SOFTWARE, firewallPolicy+`FirewallRules`))
	for _, p := range []string{"DomainProfile", "StandardProfile", "PublicProfile", "PrivateProfile"} {
		for _, k := range []string{"", `\Logging`, `\AuthorizedApplications\List`, `\GloballyOpenPorts\List`} {
			out = append(out, artifacts.Key(evidence.SYSTEM, firewallKey+p+k), artifacts.Key(evidence.SOFTWARE, firewallPolicy+p+k))
		}
	}
	return out
}

func decodeFirewall(in artifacts.Input, yield func(Firewall) bool) error {
	policy := in.Source.Hive == evidence.SOFTWARE
	list := strings.TrimPrefix(strings.TrimPrefix(in.Source.Key, firewallKey), firewallPolicy)
	var out []Firewall
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		r, ok, err := firewallValue(in, list, v)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		if !ok {
			continue
		}
		r.Origin, r.List, r.Name, r.Policy, r.Written = in.At(v), list, v.Name(), policy, in.Written()
		r.image = in.Machine.Expand(r.App, in.User)
		r.first = len(out) == 0
		out = append(out, r)
	}
	for _, r := range out {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

// firewallValue reads a value of a list. It reports whether the value is worth
// a record, which one that can be read in part only is, too.
func firewallValue(in artifacts.Input, list string, v hive.Value) (Firewall, bool, error) {
	switch {
	case strings.HasSuffix(list, `\List`):
		text, _, err := artifacts.AnyText(v)
		if err != nil {
			return Firewall{}, false, err
		}
		r, err := firewallException(list, v.Name(), text)
		return r, true, err
	case strings.Contains(list, "Profile"):
		if !firewallSetting(v.Name()) {
			return Firewall{}, false, nil
		}
		r := Firewall{Kind: "setting"}
		if t := v.Type().Base(); t == hive.String || t == hive.ExpandString {
			r.Value = in.Own().TextOf(v)
		} else if n, ok := in.Own().UintOf(v); ok {
			r.Value = fmt.Sprint(n)
		}
		return r, true, nil
	case v.Type().Base() == hive.DWord:
		return Firewall{}, false, nil // the list's own version
	}
	text := in.Own().TextOf(v)
	if text == "" {
		return Firewall{}, false, nil
	}
	r, err := parseFirewallRule(text)
	return r, true, err
}

// firewallSetting are the switches of a profile: the per-profile options of [MS-GPFAS].
func firewallSetting(name string) bool {
	switch strings.ToLower(name) {
	case "enablefirewall", "donotallowexceptions", "defaultinboundaction", "defaultoutboundaction", "disablenotifications",
		"disablestealthmode", "allowlocalpolicymerge", "logfilepath", "logfilesize", "logdroppedpackets", "logsuccessfulconnections":
		return true
	}
	return false
}

// parseFirewallRule reads a rule: a version and fields, each ended by a bar;
// [MS-GPFAS] 2.2.2.19. A field may come several times.
func parseFirewallRule(text string) (Firewall, error) {
	r := Firewall{Kind: "rule"}
	head, rest, ok := strings.Cut(text, "|")
	if !ok || !strings.HasPrefix(strings.ToLower(head), "v") {
		r.Other = []string{text}
		return r, errors.New("a rule begins with a version and a bar")
	}
	r.Version = head
	for f := range strings.SplitSeq(rest, "|") {
		name, val, ok := strings.Cut(f, "=")
		if !ok {
			if f != "" {
				r.Other = append(r.Other, f)
			}
			continue
		}
		switch {
		case name == "Action":
			r.Action = val
		case name == "Active":
			r.Active = strings.EqualFold(val, "TRUE")
		case name == "Dir":
			r.Direction = val
		case name == "Protocol":
			r.Protocol = firewallProtocol(val)
		case name == "Profile":
			r.Profiles = append(r.Profiles, val)
		case strings.HasPrefix(name, "LPort"):
			r.LocalPorts = append(r.LocalPorts, val)
		case strings.HasPrefix(name, "RPort"):
			r.RemotePorts = append(r.RemotePorts, val)
		case slices.Contains([]string{"LA4", "LA6"}, name):
			r.LocalAddress = append(r.LocalAddress, val)
		case slices.Contains([]string{"RA4", "RA6", "RA42", "RA62"}, name):
			r.RemoteAddress = append(r.RemoteAddress, val)
		case name == "App":
			r.App = val
		case name == "Svc":
			r.Service = val
		case name == "LUOwn":
			r.Owner = val
		case name == "AppPkgId":
			r.Package = val
		case name == "Name":
			r.Title = val
		case name == "Desc":
			r.Description = val
		case name == "EmbedCtxt":
			r.Group = val
		default:
			r.Other = append(r.Other, f)
		}
	}
	return r, nil
}

// firewallProtocol names the protocols of IANA that rules of Windows use.
func firewallProtocol(n string) string {
	switch n {
	case "1":
		return "ICMP"
	case "2":
		return "IGMP"
	case "6":
		return "TCP"
	case "17":
		return "UDP"
	case "41":
		return "IPv6"
	case "47":
		return "GRE"
	case "58":
		return "ICMPv6"
	}
	return n
}

// firewallException reads an exception of Windows XP: "path:scope:state:title"
// of a program, "port:protocol:scope:state:title" of a port. The path holds a
// colon of its own.
func firewallException(list, name, text string) (Firewall, error) {
	r := Firewall{Kind: "exception", Direction: "In", Action: "Allow"}
	rest := text
	if strings.Contains(list, "GloballyOpenPorts") {
		var port string
		port, rest, _ = strings.Cut(rest, ":")
		r.LocalPorts = []string{port}
		r.Protocol, rest, _ = strings.Cut(rest, ":")
	} else {
		r.App = name
		if n := len(name); len(text) > n && strings.EqualFold(text[:n], name) && text[n] == ':' {
			rest = text[n+1:]
		} else {
			// The path in the data differs from the name: it ends at the
			// colon before the scope.
			if i := strings.LastIndex(text, ":*:"); i > 0 {
				r.App, rest = text[:i], text[i+1:]
			}
		}
	}
	scope, rest, _ := strings.Cut(rest, ":")
	if scope != "*" && scope != "" {
		r.RemoteAddress = []string{scope}
	}
	state, title, _ := strings.Cut(rest, ":")
	r.Active = strings.EqualFold(state, "Enabled")
	r.Title = title
	if !r.Active && !strings.EqualFold(state, "Disabled") {
		return r, errors.New("an exception says Enabled or Disabled")
	}
	return r, nil
}

// Program returns the program of the rule, variables resolved.
func (r Firewall) Program() string {
	if strings.EqualFold(r.App, "System") {
		return ""
	}
	return r.image
}

// Events gives the time of the key, once.
func (r Firewall) Events() []artifacts.Event {
	if !r.first || r.Written.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Written, Kind: "Content Modification Time", Message: "Firewall list " + r.List + " was changed last"}}
}

// Summary shows what is let through or held back.
func (r Firewall) Summary() string {
	if r.Kind == "setting" {
		return fmt.Sprintf("[%s] %s = %s", r.List, r.Name, r.Value)
	}
	parts := []string{fmt.Sprintf("[%s] %s %s", r.List, r.Action, strings.ToLower(r.Direction))}
	for _, p := range []struct{ name, value string }{
		{"", r.Protocol}, {"local port ", strings.Join(r.LocalPorts, ",")}, {"remote port ", strings.Join(r.RemotePorts, ",")},
		{"remote address ", strings.Join(r.RemoteAddress, ",")}, {"program ", r.App}, {"service ", r.Service}, {"rule ", r.Title},
	} {
		if p.value != "" {
			parts = append(parts, p.name+p.value)
		}
	}
	if !r.Active {
		parts = append(parts, "(not active)")
	}
	return strings.Join(parts, " ")
}
