package system

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// An AuditSetting is one subcategory of the audit policy.
type AuditSetting struct {
	artifacts.Origin
	Category    string    `json:"category"`
	Subcategory string    `json:"subcategory"`
	Success     bool      `json:"success"`
	Failure     bool      `json:"failure"`
	Stored      uint16    `json:"stored"` // the number as stored
	Written     time.Time `json:"written,omitzero"`
}

var auditPolicy = artifacts.Define(artifacts.Artifact{
	Name:     "auditpolicy",
	Title:    "Audit policy",
	DataType: "windows:registry:audit_policy",
	About: `The effective audit policy of Windows 7 and later, subcategory by subcategory: of which events the Security log keeps success and failure.
Proves what was audited when the key was written last, and so which events can be in the log at all. Does not prove what was audited earlier: an
event 4719 reports a change. A policy of the domain sets it again every 90 minutes. The record has the time of the last write of the key, which is that
of the last change of any subcategory.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1562.002"},
	Refs: []string{
		"https://learn.microsoft.com/windows/security/threat-protection/auditing/advanced-security-audit-policy-settings",
		"https://docs.dissect.tools/en/latest/",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SECURITY, `Policy\PolAdtEv`)},
}, decodeAuditPolicy)

// The value of PolAdtEv: a header, one u16 for each subcategory, then the number of
// subcategories of each category (dissect.target, auditpol.py). The shared hives
// agree: their numbers add up, and Special Logon, which is audited by default, is
// the fifth of its category.
const (
	auditCategories = 4 // u16, offset
	auditFooter     = 8 // u16, offset of the numbers
	auditHeader     = 12
)

// auditNames are the categories and subcategories in the order of the value.
// Windows 7 has fewer in some: the later ones were added at the end.
var auditNames = []struct {
	category string
	sub      []string
}{
	{"System", []string{"Security State Change", "Security System Extension", "System Integrity", "IPsec Driver", "Other System Events"}},
	{"Logon/Logoff", []string{"Logon", "Logoff", "Account Lockout", "IPsec Main Mode", "Special Logon", "IPsec Quick Mode",
		"IPsec Extended Mode",
		"Other Logon/Logoff Events", "Network Policy Server", "User / Device Claims", "Group Membership"}},
	{"Object Access", []string{"File System", "Registry", "Kernel Object", "SAM", "Other Object Access Events", "Certification Services",
		"Application Generated",
		"Handle Manipulation", "File Share", "Filtering Platform Packet Drop", "Filtering Platform Connection", "Detailed File Share",
		"Removable Storage", "Central Policy Staging"}},
	{"Privilege Use", []string{"Sensitive Privilege Use", "Non Sensitive Privilege Use", "Other Privilege Use Events"}},
	{"Detailed Tracking", []string{"Process Creation", "Process Termination", "DPAPI Activity", "RPC Events", "Plug and Play Events",
		"Token Right Adjusted Events"}},
	{"Policy Change", []string{"Audit Policy Change", "Authentication Policy Change", "Authorization Policy Change",
		"MPSSVC Rule-Level Policy Change",
		"Filtering Platform Policy Change", "Other Policy Change Events"}},
	{"Account Management", []string{"User Account Management", "Computer Account Management", "Security Group Management",
		"Distribution Group Management",
		"Application Group Management", "Other Account Management Events"}},
	{"DS Access", []string{"Directory Service Access", "Directory Service Changes", "Directory Service Replication",
		"Detailed Directory Service Replication"}},
	{"Account Logon", []string{"Credential Validation", "Kerberos Service Ticket Operations", "Other Account Logon Events",
		"Kerberos Authentication Service"}},
}

func decodeAuditPolicy(in artifacts.Input, yield func(AuditSetting) bool) error {
	v, ok := in.Own().Find("")
	if !ok {
		return nil
	}
	b := in.Own().BytesOf(v)
	if len(b) < auditHeader {
		return in.Errorf(in.At(v), "%d bytes, a policy has a header of %d", len(b), auditHeader)
	}
	categories, footer := int(le.Uint16(b[auditCategories:])), int(le.Uint16(b[auditFooter:]))
	if categories > len(auditNames) || footer < auditHeader || footer+2*categories > len(b) {
		return in.Errorf(in.At(v), "%d categories with their numbers at %d of %d bytes", categories, footer, len(b))
	}
	at := auditHeader
	for c := range categories {
		for s := range int(le.Uint16(b[footer+2*c:])) {
			if at+2 > footer {
				return in.Errorf(in.At(v), "more subcategories than settings")
			}
			n := le.Uint16(b[at:])
			at += 2
			r := AuditSetting{Origin: in.At(v), Category: auditNames[c].category, Subcategory: fmt.Sprintf("subcategory %d", s+1),
				Success: n&1 != 0, Failure: n&2 != 0, Stored: n, Written: in.Written()}
			if s < len(auditNames[c].sub) {
				r.Subcategory = auditNames[c].sub[s]
			}
			if !yield(r) {
				return nil
			}
		}
	}
	return nil
}

// Summary shows what is audited.
func (r AuditSetting) Summary() string {
	what := "not audited"
	switch {
	case r.Success && r.Failure:
		what = "success and failure are audited"
	case r.Success:
		what = "success is audited"
	case r.Failure:
		what = "failure is audited"
	}
	return fmt.Sprintf("[%s] %s: %s", r.Category, r.Subcategory, what)
}
