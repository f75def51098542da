package system

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A MachineSID is the security identifier of the machine itself or of the domain
// that it belongs to.
type MachineSID struct {
	artifacts.Origin
	Of      string    `json:"of"` // "machine", "domain"
	SID     string    `json:"sid,omitempty"`
	Name    string    `json:"name,omitempty"`
	DNS     string    `json:"dns_domain,omitempty"`
	Forest  string    `json:"dns_forest,omitempty"`
	GUID    string    `json:"domain_guid,omitempty"`
	Written time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var machineSIDs = artifacts.Define(artifacts.Artifact{
	Name:     "machinesid",
	Title:    "Machine and domain SID",
	DataType: "windows:registry:machine_sid",
	About: `The security identifiers that the local security authority holds for the machine and for its domain. The
SIDs of local accounts begin with that of the machine, those of the domain's accounts with that of the
domain: so a SID found elsewhere can be told to be of this machine, of its domain or of neither. A
machine without a domain has the name of its workgroup here and no SID. Proves the identity when the
hive was written. Does not prove that two machines with one SID are the same: copies of one image
share it. The time of the domain's key is near the joining; that of the machine's is near the
installation.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1087", "T1482"},
	Refs: []string{
		"https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-lsad/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SECURITY, `Policy\PolAcDmS`),
		artifacts.Key(evidence.SECURITY, `Policy\PolPrDmS`),
	},
}, decodeMachineSIDs)

func decodeMachineSIDs(in artifacts.Input, yield func(MachineSID) bool) error {
	if in.Partial() {
		return nil
	}
	m := MachineSID{Origin: in.AtKey(), Of: "machine", Written: in.Written()}
	name := "PolAcDmN"
	if strings.HasSuffix(in.Source.Key, "PolPrDmS") {
		m.Of, name = "domain", "PolPrDmN"
		m.DNS, m.Forest = policyName(in, "PolDnDDN"), policyName(in, "PolDnTrN")
		if b := policyBytes(in, "PolDnDmG"); len(b) == 16 && strings.Trim(string(b), "\x00") != "" {
			m.GUID = wire.ClassID(b)
		}
	}
	m.Name = policyName(in, name)
	b := in.Bytes("")
	var err error
	if len(b) > 0 {
		if m.SID, _ = wire.SID(b); m.SID == "" {
			err = in.Errorf(in.AtKey(), "%d bytes that are no SID", len(b))
		}
	}
	if m.SID != "" || m.Name != "" {
		yield(m)
	}
	return err
}

// policyBytes is the nameless value of a key of the policy.
func policyBytes(in artifacts.Input, name string) []byte {
	k, err := in.Hive.Key(`Policy\` + name)
	if err != nil {
		return nil
	}
	return in.Of(k).Bytes("")
}

// policyName reads a counted text: its length (u16), the space for it (u16), its
// offset (u32) and the text in UTF-16. Every shared SECURITY hive has it so.
func policyName(in artifacts.Input, name string) string {
	b := policyBytes(in, name)
	if len(b) < 8 {
		return ""
	}
	n, off := int(le.Uint16(b)), int(le.Uint32(b[4:]))
	if off < 8 || off > len(b) || n > len(b)-off {
		return ""
	}
	return wire.UTF16Z(b[off : off+n])
}

// Summary names the machine or the domain.
func (m MachineSID) Summary() string {
	sid := m.SID
	if sid == "" {
		return fmt.Sprintf("[%s] workgroup, without a SID", m.Name)
	}
	s := fmt.Sprintf("[%s] %s %s", sid, m.Of, m.Name)
	if m.DNS != "" {
		s += " (" + m.DNS + ")"
	}
	return s
}
