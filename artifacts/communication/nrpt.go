package communication

import (
	"errors"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// An NRPT is one rule by which names are asked of certain servers.
type NRPT struct {
	artifacts.Origin
	Rule    string    `json:"rule"` // the name of its key
	Names   []string  `json:"names,omitempty"`
	Servers string    `json:"servers,omitempty"`
	Proxy   string    `json:"proxy,omitempty"`
	Options uint32    `json:"options,omitempty"`
	Policy  bool      `json:"policy,omitempty"` // by group policy, not by the machine itself
	Comment string    `json:"comment,omitempty"`
	Written time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

const nrptKey = `DnsPolicyConfig\*`

var nrpt = artifacts.Define(artifacts.Artifact{
	Name:     "nrpt",
	Title:    "Name resolution policy",
	DataType: "windows:registry:name_resolution_policy",
	About: `Rules of the name resolution policy table: names or suffixes that are resolved by the listed servers
instead of the network's DNS servers. Proves that the rule was configured on the machine or by a
group policy. Does not prove that a name was resolved by it. VPN clients and DirectAccess set such
rules; a rule that sends the names of a vendor or bank to an unknown server redirects them. The time
is that of the rule's own key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1565.002", "T1557"},
	Refs: []string{
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-gpnrpt/8cc31cb9-20cb-4140-9e85-3e08703b4745",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\Dnscache\Parameters\`+nrptKey),
		artifacts.Key(evidence.SOFTWARE, `Policies\Microsoft\Windows NT\DNSClient\`+nrptKey),
	},
}, decodeNRPT)

func decodeNRPT(in artifacts.Input, yield func(NRPT) bool) error {
	r := NRPT{Origin: in.AtKey(), Rule: in.Matched(0), Policy: in.Source.Hive == evidence.SOFTWARE, Written: in.Written()}
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		switch strings.ToLower(v.Name()) {
		case "name":
			if v.Type().Base() == hive.MultiString {
				if r.Names, err = v.Texts(); err != nil {
					errs = append(errs, in.Wrap(in.At(v), err))
				}
			} else if s, _, err := artifacts.AnyText(v); err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			} else {
				r.Names = []string{s}
			}
		case "genericdnsservers", "directaccessdnsservers":
			s, _, err := artifacts.AnyText(v)
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			r.Servers = strings.Trim(r.Servers+";"+s, ";")
		case "directaccessproxyname":
			r.Proxy, _, err = artifacts.AnyText(v)
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
		case "configoptions":
			n, err := v.Uint()
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			r.Options = uint32(n)
		case "comment", "displayname":
			s, _, _ := artifacts.AnyText(v)
			r.Comment = strings.TrimSpace(r.Comment + " " + s)
		}
	}
	if r.Names == nil && r.Servers == "" && r.Proxy == "" {
		return errors.Join(errs...)
	}
	yield(r)
	return errors.Join(errs...)
}

// Summary shows the names and the servers.
func (r NRPT) Summary() string {
	s := "[" + strings.Join(r.Names, " ") + "] is asked of " + r.Servers
	if r.Proxy != "" {
		s += " through the proxy " + r.Proxy
	}
	return s
}
