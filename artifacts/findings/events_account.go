package findings

import (
	"fmt"
	"strings"
	"time"
)

// An accountState is what the rules about accounts keep.
type accountState struct {
	created map[string]*madeAccount // by SID
	locked  map[string]time.Time
	acts    []accountAct // E-40, E-45
}

// An accountAct is what an account did to another.
type accountAct struct {
	hit   *hit
	by    who
	to    string // name of the other
	reset bool   // its password was set
}

// acted notes a hit whose level depends on the session of its actor.
func (x *eventLook) acted(h *hit, a, t who, reset bool) {
	if s := &x.ev.accounts; len(s.acts) < maxNoted {
		s.acts = append(s.acts, accountAct{h, a, strings.ToLower(t.name), reset})
	}
}

// raiseActs raises what was done in a session that a rule finds suspicious, and
// passwords that were set of accounts with special privileges.
func (x *eventLook) raiseActs(reset bool) {
	bad := map[uint64]string{}
	for _, s := range x.ev.story.suspects {
		if s.who.logon > 0x400 && len(bad) < maxNoted {
			bad[s.who.logon] = s.rule
		}
	}
	for _, a := range x.ev.accounts.acts {
		if a.reset != reset || x.installing(a.hit) {
			continue
		}
		if reset && x.privileged(a.to) {
			a.hit.level = max(a.hit.level, Medium)
		}
		if rule := bad[a.by.logon]; rule != "" {
			a.hit.level = max(a.hit.level, High)
			a.hit.says = clip(a.hit.says+", in a session that "+rule+" names", 600)
		}
	}
}

type madeAccount struct {
	at  time.Time
	row *row
}

// ownAccounts are accounts that Windows makes.
var ownAccounts = set2("wdagutilityaccount defaultuser0 defaultaccount krbtgt guest")

var accountCreated = eventRule(Rule{
	ID: "E-40", Title: "Account created", Level: Medium, Attack: []string{"T1136"},
	Why:    "A new account is a way to return.",
	Benign: "Administration; the first account of a new machine.",
	Next:   "Ask who asked for it; look at its groups (E-43).",
}, func(x *eventLook) {
	a, t := x.actor(), x.target()
	if !a.user() || ownAccounts[strings.ToLower(t.name)] {
		return
	}
	level := Medium
	x.early = Informational
	x.acted(x.hit(x.who(t), level, "%s created it", a), a, t, false)
	x.change("account " + t.String() + " created")
}, in(chSecurity, 4720)).finishing(func(x *eventLook) { x.raiseActs(false) })

var machineLikeAccount = eventRule(Rule{
	ID: "E-41", Title: "User account that looks like a machine's", Level: Critical, Attack: []string{"T1136", "T1036"}, Leads: true,
	Why:    "Names with a dollar sign are hidden from many lists of users.",
	Benign: "None for this event: managed service accounts are made by another one.",
	Next:   "Look what the account did.",
}, func(x *eventLook) {
	if t := x.target(); t.machine() {
		x.hit(x.who(t), 0, "%s created the user account %s", x.actor(), t.name)
	}
}, in(chSecurity, 4720))

var shortAccount = eventRule(Rule{
	ID: "E-42", Title: "Account created and deleted within a day", Level: High, Attack: []string{"T1136", "T1070"},
	Why:    "An account that lives only for hours was made for one purpose.",
	Benign: "Tests.",
	Next:   "Read what it did between.",
}, func(x *eventLook) {
	t := x.target()
	s := &x.ev.accounts
	if s.created == nil {
		s.created = map[string]*madeAccount{}
	}
	if x.r.ID == 4720 {
		if x.actor().user() && !ownAccounts[strings.ToLower(t.name)] && len(s.created) < maxNoted {
			s.created[t.sid] = &madeAccount{x.now(), x.keep()}
		}
		return
	}
	if m := s.created[t.sid]; m != nil && t.sid != "" && x.now().Sub(m.at).Abs() <= 24*time.Hour {
		level := High
		x.early = Informational
		x.hit(x.who(t), level, "%s deleted it %s after it was created", x.actor(), inMinutes(x.now().Sub(m.at))).from(m.row)
	}
}, in(chSecurity, 4720, 4726))

// powerful are groups by the last number of their SID, with a level.
var powerful = map[string]Level{
	"512": Critical, "516": Critical, "518": Critical, "519": Critical, "520": High, "498": High, "526": High, "527": High,
	"544": High, "548": High, "549": High, "550": High, "551": High, "555": High, "578": High,
}

var groupMember = eventRule(Rule{
	ID: "E-43", Title: "Member added to a powerful group", Level: High, Attack: []string{"T1098.007"},
	Why:    "The account now has the rights of the group.",
	Benign: "Administration.",
	Next:   "Find who asked for it, and whether the account is new (E-40).",
}, func(x *eventLook) {
	a, g := x.actor(), x.target()
	rid := g.sid[strings.LastIndexByte(g.sid, '-')+1:]
	level := powerful[rid]
	builtin := strings.HasPrefix(g.sid, "S-1-5-32-")
	if level == 0 || builtin != (len(rid) == 3 && rid >= "544" && rid <= "580") || !a.user() {
		return
	}
	m := who{sid: x.get("MemberSid"), name: memberName(x.get("MemberName"))}
	if strings.HasSuffix(m.sid, "-501") {
		level = Critical
	}
	if level < Critical {
		x.early = Informational
	}
	x.hit(x.who(m), level, "%s added it to %s", a, g.name)
	x.change(m.String() + " added to " + g.name)
}, in(chSecurity, 4728, 4732, 4756))

// memberName returns the name in a distinguished name.
func memberName(dn string) string {
	s, _, _ := strings.Cut(dn, ",")
	return strings.TrimPrefix(strings.TrimPrefix(s, "CN="), "cn=")
}

var lostDollar = eventRule(Rule{
	ID: "E-44", Title: "Machine account without its dollar sign", Level: Critical, Attack: []string{"T1098", "T1068"}, Leads: true,
	Why:    "A machine account with the name of a domain controller gets its tickets: CVE-2021-42278.",
	Benign: "No usual explanation is known.",
	Next:   "Look for a ticket for that name (4768) and what was done with it.",
}, func(x *eventLook) {
	switch x.r.ID {
	case 4781:
		was, is := x.get("OldTargetUserName"), x.get("NewTargetUserName")
		if strings.HasSuffix(was, "$") && is != "" && !strings.HasSuffix(is, "$") {
			t := x.target()
			t.name = is
			x.hit(x.who(t), 0, "%s renamed %s to %s", x.actor(), was, is)
		}
	case 4741, 4742:
		if n := x.get("SamAccountName"); n != "" && n != "%%1793" && !strings.HasSuffix(n, "$") {
			x.hit(x.who(x.target()), 0, "%s set its name to %s", x.actor(), n)
		}
	default:
		x.hit(x.setting("directory"), 0, "the directory refused a machine account without a dollar sign: %s", x.unnamed(0))
	}
}, in(chSecurity, 4781, 4741, 4742), in(chSystem, 16990, 16991))

var passwordReset = eventRule(Rule{
	ID: "E-45", Title: "Password reset by another account", Level: Low, Attack: []string{"T1098", "T1531"},
	Why:    "Whoever sets a password can use the account.",
	Benign: "Help desk.",
	Next:   "Ask the owner of the account.",
}, func(x *eventLook) {
	a, t := x.actor(), x.target()
	if !a.user() || a.same(t) {
		return
	}
	level := Low
	if strings.HasSuffix(t.sid, "-500") || strings.HasSuffix(t.sid, "-502") {
		level = Medium
	}
	x.early = Informational
	x.acted(x.hit(x.who(t), level, "%s set its password", a), a, t, true)
	x.change("password of " + t.String() + " set")
}, in(chSecurity, 4724)).finishing(func(x *eventLook) { x.raiseActs(true) })

// weakFlags are bits of an account that make it weak ([MS-SAMR] 2.2.1.12).
var weakFlags = []struct {
	bit   uint
	level Level
	says  string
}{
	{16, High, "no pre-authentication is needed"}, {11, High, "its password is stored so that it can be read"},
	{13, High, "it is trusted for delegation"},
	{18, High, "it may act for others"}, {2, Medium, "no password is required"}, {15, Medium, "it uses DES only"},
	{9, Informational, "its password never expires"},
}

var weakFlagsSet = eventRule(Rule{
	ID: "E-46", Title: "Weak account flags set", Level: High, Attack: []string{"T1098", "T1556"},
	Why:    "The flags make the account easy to attack or give it power over others.",
	Benign: "Accounts of old services.",
	Next:   "Find who set them and whether tickets of the account were asked for (E-20, E-21).",
}, func(x *eventLook) {
	a, t := x.actor(), x.target()
	was, is := x.num("OldUacValue"), x.num("NewUacValue")
	if !a.user() || is == 0 {
		return
	}
	for _, f := range weakFlags {
		b := uint64(1) << f.bit
		if is&b == 0 || was&b != 0 {
			continue
		}
		level := f.level
		if f.bit == 2 && x.r.ID == 4720 {
			level = Informational // each account is created so
		}
		x.early = Informational
		x.hit(x.who(t), level, "%s set a flag: %s", a, f.says)
	}
}, in(chSecurity, 4738, 4720, 4742))

var lockouts = eventRule(Rule{
	ID: "E-47", Title: "Account locked", Level: Low, Attack: []string{"T1110", "T1531"},
	Why:    "Too many wrong passwords were tried.",
	Benign: "Telephones and services with an old password.",
	Next:   "Find the machine that the record names as the caller.",
}, func(x *eventLook) {
	t := x.target()
	s := &x.ev.accounts
	if s.locked == nil {
		s.locked = map[string]time.Time{}
	}
	for n, at := range s.locked {
		if x.now().Sub(at) > time.Hour {
			delete(s.locked, n)
		}
	}
	if len(s.locked) < maxNoted {
		s.locked[t.folded()] = x.now()
	}
	says := fmt.Sprintf("it was locked because of attempts from %s", t.domain)
	if len(s.locked) >= 5 {
		x.hit(x.from("", t.domain), Medium, "%d accounts were locked within an hour: %s", len(s.locked), listOf(sortedKeys(s.locked), 8))
	}
	x.hit(x.who(who{sid: t.sid, name: t.name}), Low, "%s", says)
}, in(chSecurity, 4740))
