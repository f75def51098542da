package findings

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// account is a subject for an account of the machine.
func (x *look) account(a system.Account) subject {
	return subject{kind: kindAccount, key: fmt.Sprintf("account %d", a.RID), show: fmt.Sprintf("account %s (RID %d)", a.Name, a.RID),
		scope: "machine"}
}

// The RIDs that every machine has: [MS-DTYP] 2.4.2.4.
const (
	ridAdministrator = 500
	ridGuest         = 501
	ridDefault       = 503
	ridUtility       = 504
	aliasAdmins      = 544
)

var guestEnabled = wholeRule(Rule{
	ID: "A-01", Title: "Guest or default account enabled or privileged", Level: Critical, Attack: []string{"T1098.007", "T1078.001"},
	Why:    "A built-in account that should be unused can log on or is an administrator.",
	Benign: "Laboratories and kiosks.",
	Next:   "Review the logons of the account and the time of the key.",
	Needs:  []string{"users", "groups"},
}, func(x *look) {
	names := map[uint32]system.Account{}
	for _, r := range x.kept["users"] {
		a := r.rec.Data.(system.Account)
		if r.rec.From.State == artifacts.Deleted {
			continue
		}
		names[a.RID] = a
		if (a.RID == ridGuest || a.RID == ridDefault || a.RID == ridUtility) && enabled(a) {
			look := *x
			look.row = r
			level := Medium
			says := "it is enabled"
			if a.Logons > 0 {
				level, says = Critical, "it is enabled and logged on "+count(int(a.Logons), "time", "times")
			}
			look.hit(look.account(a), level, "%s", says).as("T1078.001")
		}
	}
	for _, r := range x.kept["groups"] {
		g := r.rec.Data.(system.Group)
		if g.RID != aliasAdmins || r.rec.From.State == artifacts.Deleted {
			continue
		}
		for _, sid := range g.Members {
			rid := ridOf(sid)
			if rid != ridGuest && rid != ridDefault && rid != ridUtility {
				continue
			}
			a := names[rid]
			a.RID, a.Name = rid, cmp.Or(a.Name, sid)
			look := *x
			look.row = r
			look.hit(look.account(a), Critical, "it is a member of %s", g.Name).as("T1098.007")
		}
	}
}, "users", "groups")

// enabled reports whether an account may log on. The flags are words.
func enabled(a system.Account) bool {
	return !slices.ContainsFunc(a.Flags, func(f string) bool { return strings.Contains(strings.ToLower(f), "disabled") })
}

// ridOf is the last number of a SID.
func ridOf(sid string) uint32 {
	var n uint32
	if i := strings.LastIndexByte(sid, '-'); i >= 0 && strings.HasPrefix(sid, "S-1-5-21-") {
		fmt.Sscan(sid[i+1:], &n)
	}
	return n
}

var newAccount = wholeRule(Rule{
	ID: "A-02", Title: "Local account created late or hidden", Level: Medium, Attack: []string{"T1136.001"},
	Why:    "A local account was created long after Windows was installed, or is hidden from account lists.",
	Benign: "New colleagues; support accounts.",
	Next:   "Find out who created it and review the timeline around its creation.",
	Needs:  []string{"users", "groups", "osinfo", "winlogon"},
}, func(x *look) {
	var installed time.Time
	for _, r := range x.kept["osinfo"] {
		if o := r.rec.Data.(system.OSInfo); o.Installed.After(installed) && r.rec.From.State == artifacts.Live {
			installed = o.Installed
		}
	}
	admins := map[uint32]bool{}
	for _, r := range x.kept["groups"] {
		if g := r.rec.Data.(system.Group); g.RID == aliasAdmins && r.rec.From.State != artifacts.Deleted {
			for _, sid := range g.Members {
				admins[ridOf(sid)] = true
			}
		}
	}
	hidden := map[string]*row{}
	for _, r := range x.kept["winlogon"] {
		if w := r.rec.Data.(persistence.Winlogon); w.Mechanism == "Log-on screen" && strings.HasPrefix(w.Value, "hidden") &&
			r.rec.From.State != artifacts.Deleted {
			hidden[strings.ToLower(w.Name)] = r
		}
	}
	near := x.dubiousStarts()
	for _, r := range x.kept["users"] {
		a := r.rec.Data.(system.Account)
		if a.RID < 1000 || r.rec.From.State == artifacts.Deleted {
			continue
		}
		look := *x
		look.row = r
		admin := ""
		if admins[a.RID] {
			admin = ", and it is an administrator"
		}
		if strings.HasSuffix(a.Name, "$") && !(admin == "" && strings.EqualFold(a.Name, homeGroupUser)) {
			look.hit(look.account(a), High, "its name ends with $, so that net user does not list it%s", admin).as("T1564.002")
		}
		if h := hidden[strings.ToLower(a.Name)]; h != nil {
			look.hit(look.account(a), High, "the logon screen hides it%s", admin).as("T1564.002").from(h)
		}
		if a.NoName {
			look.hit(look.account(a), High, "no entry below Names refers to it").as("T1564.002")
		}
		if a.Created.IsZero() {
			continue
		}
		soon := within(near, a.Created.Add(-time.Hour), a.Created.Add(time.Hour))
		switch {
		case soon:
			look.hit(look.account(a), High, "it was created within an hour of suspicious program starts%s", admin)
		case !installed.IsZero() && a.Created.Sub(installed) > 7*24*time.Hour:
			level := Low
			if admin != "" {
				level = Medium
			}
			look.hit(look.account(a), level, "it was created %d days after Windows was installed%s",
				int(a.Created.Sub(installed).Hours()/24), admin)
		}
	}
}, "users", "groups", "osinfo", "winlogon")

// homeGroupUser is the account that Windows 7 to 10 1709 makes for a HomeGroup.
const homeGroupUser = "HomeGroupUser$"

var ridMismatch = rule(Rule{
	ID: "A-03", Title: "Account with the RID of another", Level: Critical, Attack: []string{"T1098"},
	Why:    "The data of the account holds a different RID than its key. A logon with it gets the rights of the other account.",
	Benign: "No benign explanation is known.",
	Next:   "Review the logons of both accounts.",
	Needs:  []string{"users"},
}, func(x *look, a system.Account) {
	if x.row.rec.From.State == artifacts.Deleted {
		return
	}
	if a.StoredRID != 0 && a.StoredRID != a.RID {
		x.hit(x.account(a), 0, "its key has RID %d, its data RID %d", a.RID, a.StoredRID)
	}
})

var badPasswords = wholeRule(Rule{
	ID: "A-04", Title: "Wrong passwords near a finding", Level: Low, Attack: []string{"T1110"},
	Why:    "The last wrong password for the account was tried within a day of suspicious program starts.",
	Benign: "Mistyped passwords.",
	Next:   "Review failed logons before and after.",
	Needs:  []string{"users"},
}, func(x *look) {
	near := x.dubiousStarts()
	for _, r := range x.kept["users"] {
		a := r.rec.Data.(system.Account)
		if a.BadPassword.IsZero() || r.rec.From.State == artifacts.Deleted {
			continue
		}
		if within(near, a.BadPassword.Add(-24*time.Hour), a.BadPassword.Add(24*time.Hour)) {
			look := *x
			look.row = r
			look.hit(look.account(a), 0, "last wrong password at %s, %d counted", a.BadPassword.UTC().Format("2006-01-02 15:04:05"),
				a.BadLogons)
		}
	}
}, "users")

var movedOut = rule(Rule{
	ID: "A-05", Title: "Connection to another machine", Level: Low, Attack: []string{"T1021.001"},
	Why:    "The account connected to another machine by Remote Desktop, an administrative share or SSH.",
	Benign: "Administrators.",
	Next:   "Ask whether the account should do so, and examine the other machine.",
	Needs:  []string{"tsclient", "mountpoints2", "mappeddrives", "runmru", "putty"},
}, func(x *look, s activity.RDPServer) {
	level := Low
	if _, err := netip.ParseAddr(s.Host); err == nil {
		level = Medium
	}
	x.hit(x.setting("Remote Desktop to "+s.Host), level, "%s used Remote Desktop to %s", x.who(), s.Host)
}).also(
	on(func(x *look, m activity.MountPoint) { x.share(m.Share) }),
	on(func(x *look, m activity.MappedDrive) { x.share(m.Path) }),
	on(func(x *look, r activity.RunMRU) {
		if low := strings.ToLower(r.Command); strings.HasPrefix(low, "mstsc ") && strings.Contains(low, "/v:") {
			x.hit(x.setting("Remote Desktop to "+r.Command), Low, "%s typed %q into the Run dialog", x.who(), clip(r.Command, 200))
		}
	}),
	on(func(x *look, h activity.RemoteHost) {
		if a, err := netip.ParseAddr(h.Host); err == nil && a.IsPrivate() && h.Kind == "host key" {
			x.hit(x.setting(h.Tool+" to "+h.Host), Low, "%s accepted the key of %s", x.who(), h.Host).as("T1021")
		}
	}),
)

// share reports an administrative share of another machine, or one that is
// named by an address.
func (x *look) share(path string) {
	p := strings.ToLower(strings.ReplaceAll(path, "/", `\`))
	if !strings.HasPrefix(p, `\\`) {
		return
	}
	parts := strings.Split(strings.Trim(p, `\`), `\`)
	if len(parts) < 2 {
		return
	}
	share := parts[1]
	admin := share == "admin$" || share == "ipc$" || len(share) == 2 && share[1] == '$'
	_, err := netip.ParseAddr(parts[0])
	if !admin && err != nil {
		return
	}
	level := Low
	if admin {
		level = Medium
	}
	x.hit(x.setting("share "+path), level, "%s used %s", x.who(), path).as("T1021.002")
}

var orphanProfile = wholeRule(Rule{
	ID: "A-07", Title: "Profile of a missing account", Level: Low, Attack: []string{"T1070"},
	Why:    "A profile remains of a local account that no longer exists.",
	Benign: "Removed accounts. Domain users are excluded.",
	Next:   "Examine the profile: its hives may still be there.",
	Needs:  []string{"profiles", "users"},
}, func(x *look) {
	known := map[string]bool{}
	machine := ""
	for _, r := range x.kept["users"] {
		a := r.rec.Data.(system.Account)
		if a.SID == "" || r.rec.From.State == artifacts.Deleted {
			continue
		}
		known[a.SID] = true
		if i := strings.LastIndexByte(a.SID, '-'); i > 0 {
			machine = a.SID[:i+1]
		}
	}
	if machine == "" {
		return
	}
	for _, r := range x.kept["profiles"] {
		p := r.rec.Data.(system.Profile)
		if sid := strings.TrimSuffix(p.SID, ".bak"); strings.HasPrefix(sid, machine) && !known[sid] &&
			r.rec.From.State != artifacts.Deleted {
			look := *x
			look.row = r
			look.hit(subject{kind: kindAccount, key: "profile " + sid, show: "profile " + p.Path, scope: sid}, 0,
				"%s has a profile and no account", sid)
		}
	}
}, "profiles", "users")
