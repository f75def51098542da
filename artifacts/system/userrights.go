package system

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// UserRights are the rights and privileges of one account or group.
type UserRights struct {
	artifacts.Origin
	SID        string    `json:"sid"`
	Rights     []string  `json:"logon_rights,omitempty"`
	Privileges []string  `json:"privileges,omitempty"`
	Powerful   []string  `json:"powerful,omitempty"` // privileges that equal control of the machine
	Written    time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var userRights = artifacts.Define(artifacts.Artifact{
	Name:     "userrights",
	Title:    "User rights",
	DataType: "windows:registry:user_rights",
	About: `The log-on rights and privileges that the local policy gives to accounts and groups by SID: who may log
on at the screen, over the network, as a service or remotely, who may debug, load drivers or act as
the operating system. Proves the assignment when the hive was written. Does not prove that a right was
used, nor who gave it: installers of services, backup programs and policies of the domain do so too.
"powerful" marks an account of a person or a service of its own that holds a privilege as good as
control of the machine. The time is that of the account's key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1098", "T1134"},
	Refs: []string{
		"https://learn.microsoft.com/windows/security/threat-protection/security-policy-settings/user-rights-assignment",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-lsad/1a92af76-d45f-42c3-b67c-f1dc61bd6ee1",
		"https://github.com/hatRiot/token-priv",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SECURITY, `Policy\Accounts\*`)},
}, decodeUserRights)

// logonRights are the bits of ActSysAc, MS-LSAD 2.2.1.2.
var logonRights = []struct {
	bit  uint32
	name string
}{
	{0x1, "log on at the screen"}, {0x2, "log on over the network"}, {0x4, "log on as a batch job"}, {0x10, "log on as a service"},
	{0x400, "log on with Remote Desktop"}, {0x40, "never at the screen"}, {0x80, "never over the network"}, {0x100, "never as a batch job"},
	{0x200, "never as a service"}, {0x800, "never with Remote Desktop"},
}

// privilegeNames are the privileges by number, from 2 on; MS-LSAD 3.1.1.2.1.
var privilegeNames = []string{"SeCreateTokenPrivilege", "SeAssignPrimaryTokenPrivilege", "SeLockMemoryPrivilege", "SeIncreaseQuotaPrivilege",
	"SeMachineAccountPrivilege", "SeTcbPrivilege", "SeSecurityPrivilege", "SeTakeOwnershipPrivilege", "SeLoadDriverPrivilege",
	"SeSystemProfilePrivilege", "SeSystemtimePrivilege", "SeProfileSingleProcessPrivilege", "SeIncreaseBasePriorityPrivilege",
	"SeCreatePagefilePrivilege", "SeCreatePermanentPrivilege", "SeBackupPrivilege", "SeRestorePrivilege", "SeShutdownPrivilege",
	"SeDebugPrivilege", "SeAuditPrivilege", "SeSystemEnvironmentPrivilege", "SeChangeNotifyPrivilege", "SeRemoteShutdownPrivilege",
	"SeUndockPrivilege", "SeSyncAgentPrivilege", "SeEnableDelegationPrivilege", "SeManageVolumePrivilege", "SeImpersonatePrivilege",
	"SeCreateGlobalPrivilege", "SeTrustedCredManAccessPrivilege", "SeRelabelPrivilege", "SeIncreaseWorkingSetPrivilege",
	"SeTimeZonePrivilege", "SeCreateSymbolicLinkPrivilege", "SeDelegateSessionUserImpersonatePrivilege"}

// powerfulPrivileges lead to the rights of SYSTEM.
var powerfulPrivileges = []string{"SeCreateTokenPrivilege", "SeAssignPrimaryTokenPrivilege", "SeTcbPrivilege", "SeTakeOwnershipPrivilege",
	"SeLoadDriverPrivilege", "SeBackupPrivilege", "SeRestorePrivilege", "SeDebugPrivilege", "SeImpersonatePrivilege",
	"SeEnableDelegationPrivilege", "SeTrustedCredManAccessPrivilege", "SeRelabelPrivilege"}

// A privilege set: the count (u32), a control word (u32), then for each its number
// (u64) and attributes (u32).
const (
	privilegeHeader = 8
	privilegeSize   = 12
)

func decodeUserRights(in artifacts.Input, yield func(UserRights) bool) error {
	if in.Partial() {
		return nil
	}
	r := UserRights{Origin: in.AtKey(), SID: in.Matched(0), Written: in.Written()}
	own := in.Own()
	if k, ok := own.Subkey("ActSysAc"); ok {
		if b := in.Of(k).Bytes(""); len(b) >= 4 {
			word := le.Uint32(b)
			for _, right := range logonRights {
				if word&right.bit != 0 {
					r.Rights = append(r.Rights, right.name)
				}
			}
		}
	}
	var err error
	if k, ok := own.Subkey("Privilgs"); ok {
		b := in.Of(k).Bytes("")
		if len(b) >= privilegeHeader {
			count := uint64(le.Uint32(b))
			if have := uint64(len(b)-privilegeHeader) / privilegeSize; count > have {
				err = in.Errorf(in.Below(k), "%d privileges, there is room for %d", count, have)
				count = have
			}
			for i := range int(count) {
				r.Privileges = append(r.Privileges, privilegeName(le.Uint64(b[privilegeHeader+i*privilegeSize:])))
			}
		}
	}
	if strings.HasPrefix(r.SID, "S-1-5-21-") || strings.HasPrefix(r.SID, "S-1-12-1-") {
		for _, p := range r.Privileges {
			if slices.Contains(powerfulPrivileges, p) {
				r.Powerful = append(r.Powerful, p)
			}
		}
	}
	if len(r.Rights)+len(r.Privileges) > 0 {
		yield(r)
	}
	return err
}

// privilegeName returns the name of a privilege, or its number.
func privilegeName(n uint64) string {
	if n >= 2 && n-2 < uint64(len(privilegeNames)) {
		return privilegeNames[n-2]
	}
	return fmt.Sprint(n)
}

// Tags marks a person's account with privileges as good as control of the machine.
func (r UserRights) Tags() []string {
	if len(r.Powerful) > 0 {
		return []string{"powerful"}
	}
	return nil
}

// Summary lists the rights.
func (r UserRights) Summary() string {
	return fmt.Sprintf("[%s] may %s; %s", r.SID, cmp.Or(strings.Join(r.Rights, ", "), "log on in no way of its own"),
		cmp.Or(strings.Join(r.Privileges, ", "), "no privilege"))
}
