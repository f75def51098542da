package system

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Group is one local group with its members.
type Group struct {
	artifacts.Origin
	Name        string    `json:"name"`
	RID         uint32    `json:"rid"`
	Comment     string    `json:"comment,omitempty"`
	Members     []string  `json:"members,omitempty"` // SIDs
	MemberNames []string  `json:"member_names,omitempty"`
	Written     time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

var groups = artifacts.Define(artifacts.Artifact{
	Name:     "groups",
	Title:    "Local groups",
	DataType: "windows:registry:sam_groups",
	About: `The local groups of the machine and their members. Proves who was an administrator (group 544) or
allowed to use Remote Desktop (555) when the hive was written. The key's time is the last change of
the group, not of a given member. The machine does not know the members of domain groups. A guest
account among the administrators is never normal.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1098.007", "T1136.001"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/security-accounts-manager-keys/Domains.md",
		"https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SAM, `SAM\Domains\Builtin\Aliases\*`),
		artifacts.Key(evidence.SAM, `SAM\Domains\Account\Aliases\*`),
	},
}, decodeGroups)

// Value C of an alias; offsets in it count from groupData. Checked on real
// hives.
const (
	groupRID     = 0x00
	groupName    = 0x10 // u32 offset, u32 length
	groupComment = 0x1C // u32 offset, u32 length
	groupMembers = 0x28 // u32 offset, u32 length, u32 count
	groupData    = 0x34
)

func decodeGroups(in artifacts.Input, yield func(Group) bool) error {
	if len(in.Match) == 0 {
		return nil
	}
	if _, err := strconv.ParseUint(in.Match[0], 16, 32); err != nil {
		return nil // Names, Members
	}
	v, err := in.Value("C")
	if err != nil {
		return nil
	}
	b, err := v.Bytes()
	var errs []error
	if err != nil {
		errs = append(errs, in.Wrap(in.At(v), err))
	}
	if len(b) < groupData {
		return errors.Join(append(errs, in.Errorf(in.At(v), "%d bytes, want at least %d", len(b), groupData))...)
	}
	g := Group{Origin: in.At(v), RID: le.Uint32(b[groupRID:]), Written: in.Written()}
	part := func(what string, at int) []byte {
		off, n := uint64(le.Uint32(b[at:]))+groupData, uint64(le.Uint32(b[at+4:]))
		if n == 0 {
			return nil
		}
		if off+n > uint64(len(b)) {
			errs = append(errs, in.Errorf(in.At(v), "%s of %d bytes at offset %#x runs past the %d of the value", what, n, off, len(b)))
			return nil
		}
		return b[off : off+n]
	}
	g.Name = wire.UTF16Z(part("name", groupName))
	g.Comment = wire.UTF16Z(part("comment", groupComment))
	names := accountNames(in)
	members := part("list of members", groupMembers)
	count := le.Uint32(b[groupMembers+8:])
	for i := range count {
		sid, n := wire.SID(members)
		if n == 0 {
			if members != nil || count > 0 {
				errs = append(errs, in.Errorf(in.At(v), "%d members, room for %d", count, i))
			}
			break
		}
		members = members[n:]
		g.Members = append(g.Members, sid)
		name := sid
		if rid, ok := strings.CutPrefix(sid, names.machine+"-"); ok && names.machine != "" {
			if n, err := strconv.ParseUint(rid, 10, 32); err == nil && names.byRID[uint32(n)] != "" {
				name = names.byRID[uint32(n)]
			}
		}
		g.MemberNames = append(g.MemberNames, name)
	}
	yield(g)
	return errors.Join(errs...)
}

// Tags marks a guest among those who may log on from far or rule.
func (g Group) Tags() []string {
	if g.RID != 544 && g.RID != 555 {
		return nil
	}
	for _, m := range g.Members {
		if strings.HasSuffix(m, "-501") && strings.HasPrefix(m, "S-1-5-21-") {
			return []string{"guest-member"}
		}
	}
	return nil
}

// Summary names the group and its members.
func (g Group) Summary() string {
	return fmt.Sprintf("[%s] %d members: %s", g.Name, len(g.Members), strings.Join(g.MemberNames, ", "))
}
