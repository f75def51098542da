package findings

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// current reports whether the record at hand is what the hive says, not what was
// deleted from it.
func (x *look) current() bool {
	s := x.row.rec.From.State
	return s == artifacts.Live || s == artifacts.Log
}

// strongActions are actions of a zone by which a page starts a program.
var strongActions = []string{"1001 ", "1004 ", "1201 ", "1804 ", "1806 "}

var zoneWeakened = rule(Rule{
	ID: "F-12", Title: "Security zone weakened", Level: Medium, Attack: []string{"T1112", "T1562.001"},
	Why:    "Pages and files of the zone may do more than by default. Office and Windows use these zones, too.",
	Benign: "Old applications of a company; users who switch a warning off.",
	Next:   "See which sites are in the zone, and what was opened from them after the time of the key.",
}, func(x *look, z activity.InternetZone) {
	if len(z.Weaker) == 0 || !x.current() {
		return
	}
	level := Low
	strong := slices.ContainsFunc(z.Weaker, func(w string) bool {
		return slices.ContainsFunc(strongActions, func(s string) bool { return strings.HasPrefix(w, s) })
	})
	switch {
	case z.Lockdown || z.Policy:
	case strong && (z.Zone == "3" || z.Zone == "4"):
		level = Medium // of the Internet, and of sites that are restricted
	}
	x.hit(x.setting("zone "+z.ZoneName+" of "+x.who()), level, "it allows more than by default: %s", listOf(z.Weaker, 5))
})

var siteTrusted = rule(Rule{
	ID: "F-13", Title: "Site put into a trusted zone", Level: Low, Attack: []string{"T1112", "T1553.005"},
	Why:    "Scripts and files of the site run with fewer questions; files of the intranet and of trusted sites open without a warning.",
	Benign: "Sites of the company; services that its programs use.",
	Next:   "Ask whose site it is; look for it in the histories of the browsers and in downloads.",
}, func(x *look, z communication.ZoneMap) {
	if z.Zone > 2 || !x.current() || z.Site == "" {
		return
	}
	level, says := Low, "it is in the zone "+z.ZoneName
	switch site := strings.ToLower(strings.TrimSpace(z.Site)); {
	case everySite(site):
		level, says = High, "every site of it is in the zone "+z.ZoneName
	case publicRange(site):
		level, says = High, "an address of the Internet, without a name, is in the zone "+z.ZoneName
	case z.Zone == 0:
		level = High // as if its pages were files of the machine
	case z.Policy, suffixOf(strings.TrimPrefix(site, "*."), transferHosts), !strings.Contains(site, "."):
		level = Informational
	}
	if z.Policy {
		level = min(level, Medium)
	}
	x.hit(x.setting("site "+z.Site), level, "%s for %s", says, x.who())
})

// everySite reports whether a site stands for whole domains: *, com, *.com.
func everySite(site string) bool {
	rest, wild := strings.CutPrefix(site, "*")
	rest = strings.TrimPrefix(rest, ".")
	return wild && !strings.Contains(rest, ".")
}

// publicRange reports whether a site is an address of the Internet, or a range
// that begins with one.
func publicRange(site string) bool {
	first, _, _ := strings.Cut(site, "-")
	a, err := netip.ParseAddr(strings.ReplaceAll(first, "*", "1"))
	return err == nil && a.IsGlobalUnicast() && !a.IsPrivate() && !a.IsLoopback()
}

var backupExcluded = rule(Rule{
	ID: "F-14", Title: "Files kept out of backups or shadow copies", Level: Low, Attack: []string{"T1490", "T1564"},
	Why:    "What matches is in no shadow copy or backup: it cannot be restored, and is not seen when copies are examined.",
	Benign: "Backup programs and databases register files of their own.",
	Next:   "Look at what lies there; compare the time of the list with that of other findings.",
}, func(x *look, b system.BackupExclusion) {
	if !x.current() {
		return
	}
	level, worst := Low, ""
	if b.Default {
		level = 0 // but for what its name does not explain
	}
	if strings.HasPrefix(b.List, "Files") {
		for _, p := range b.Patterns {
			if b.Default && strings.HasPrefix(strings.ToLower(p), `\system volume information\`) {
				continue // Windows keeps data of the volume there
			}
			if l := x.exclusion(p); l > level {
				level, worst = l, p
			}
		}
	}
	if level == 0 {
		return
	}
	says := listOf(b.Patterns, 4)
	if worst != "" {
		says = worst + " covers whole folders where users have their files or programs of attackers lie"
	}
	x.hit(x.setting(b.List+" "+b.Name), level, "%s", says)
})

// exclusion judges a pattern of files: what it covers below a folder.
func (x *look) exclusion(pattern string) Level {
	file, below := strings.CutSuffix(strings.ToLower(strings.TrimSpace(pattern)), "/s")
	key := x.normal(strings.TrimSpace(file), x.row.rec.User)
	folder, base := key, ""
	if i := strings.LastIndexByte(key, '\\'); i >= 0 {
		folder, base = key[:i], key[i+1:]
	}
	if base != "*" && base != "*.*" {
		return 0
	}
	switch {
	case below && (folder == "" || folder == `\users` || folder == `\windows` || folder == `\windows\system32`):
		return High
	case strings.Contains(folder, `$userprofile$`), strings.HasPrefix(folder, "%"):
		return 0 // Windows' own form
	}
	if p := x.probe(folder + `\x.exe`).place; p != nil && p.level >= Medium {
		return Medium
	}
	return 0
}

// everybody are groups in which any account is, with what their members are.
var everybody = map[string]string{
	"S-1-1-0": "everyone", "S-1-5-7": "anonymous sessions", "S-1-5-11": "all who log on", "S-1-5-2": "all who log on over the network",
	"S-1-5-4": "all who log on at the machine", "S-1-5-14": "all who log on with Remote Desktop", "S-1-5-32-545": "all users",
	"S-1-5-32-546": "guests",
}

// controlPrivileges equal control of the machine by themselves; the others of
// their kind are what accounts of services have.
var controlPrivileges = []string{"SeTcbPrivilege", "SeCreateTokenPrivilege", "SeDebugPrivilege", "SeLoadDriverPrivilege",
	"SeTakeOwnershipPrivilege", "SeEnableDelegationPrivilege", "SeTrustedCredManAccessPrivilege", "SeRelabelPrivilege"}

// broadPrivileges are those that no group of everybody has by default.
var broadPrivileges = append([]string{"SeBackupPrivilege", "SeRestorePrivilege", "SeAssignPrimaryTokenPrivilege", "SeImpersonatePrivilege"},
	controlPrivileges...)

var powerfulRights = wholeRule(Rule{
	ID: "A-08", Title: "Powerful privilege of an ordinary account", Level: Medium, Attack: []string{"T1098", "T1134"},
	Why:    "Whoever uses the account controls the machine without being an administrator: no list of administrators shows it.",
	Benign: "Accounts of services, databases and backup programs; policies of a domain; developers who debug.",
	Next:   "Find out who assigned it: events 4704 and 4717, and the time of the key. Look at the sessions of the account.",
	Needs:  []string{"userrights"},
}, func(x *look) {
	local := map[string]system.Account{}
	for _, r := range x.kept["users"] {
		if a := r.rec.Data.(system.Account); a.SID != "" && r.rec.From.State != artifacts.Deleted {
			local[a.SID] = a
		}
	}
	for _, r := range x.kept["userrights"] {
		u := r.rec.Data.(system.UserRights)
		at := *x
		at.row = r
		if !at.current() {
			continue
		}
		if who := everybody[u.SID]; who != "" {
			if p := slices.DeleteFunc(slices.Clone(u.Privileges), func(p string) bool { return !slices.Contains(broadPrivileges, p) }); len(p) > 0 {
				at.hit(subject{kind: kindAccount, key: "account " + u.SID, show: "group " + who, scope: "machine"}, High, "it has %s",
					strings.Join(p, ", "))
			}
			continue
		}
		if len(u.Powerful) == 0 {
			continue
		}
		a, here := local[u.SID]
		subj := subject{kind: kindAccount, key: "account " + u.SID, show: "account " + u.SID, scope: "machine"}
		if here {
			subj = at.account(a)
		}
		at.hit(subj, privilegeLevel(u, here), "it has %s", strings.Join(u.Powerful, ", "))
	}
}, "userrights", "users")

// privilegeLevel judges the privileges of one account. That of a person on this
// machine has no service for which a domain would give it any.
func privilegeLevel(u system.UserRights, local bool) Level {
	control := slices.ContainsFunc(u.Powerful, func(p string) bool { return slices.Contains(controlPrivileges, p) })
	switch rid := ridOf(u.SID); {
	case rid == ridAdministrator || rid >= 512 && rid <= 519:
		return Informational // administrators of the machine or the domain
	case control && local:
		return High
	case control:
		return Medium
	}
	return Low
}
