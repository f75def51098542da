package findings

import (
	"cmp"
	"net/netip"
	"strings"
	"time"
)

// A logonState is what the rules about log-ons keep.
type logonState struct {
	firstUser time.Time                  // of a log-on by a user at the machine
	bare      map[uint64]*bareHit        // E-10 by log-on id
	remote    map[uint64]*inbound        // sessions from other machines by log-on id
	ring      []uint64                   // of remote, the oldest first
	special   [256]uint64                // log-on ids with privileges, the last ones
	next      int                        // in special
	seclogo   []*hit                     // E-11
	other9    int                        // type 9 by other means
	address   map[string][]time.Time     // of E-32, E-33 by source
	tried     map[string]*tries          // E-19 by actor
	names     map[string]map[string]bool // address → names of machines that a record proves
	relays    []relay                    // E-12
	powerful  map[string]bool            // names of users with special privileges
	explicit  []explicitHit              // E-15
}

// A relay is a log-on of a machine's account by NTLM.
type relay struct {
	who           who
	address, self string
	row           *row
}

type explicitHit struct {
	hit  *hit
	name string
}

type bareHit struct {
	hit     *hit
	address string
	sid     string
	at      time.Time
}

// An inbound is a session from another machine.
type inbound struct {
	who    who
	source string
	at     time.Time
	row    *row
	rule   string // that finds it suspicious, or ""
}

type tries struct {
	targets map[string]time.Time
	first   time.Time
	hit     bool
}

// addressOf returns the address of an event, "" for the machine itself and for
// unknown ones.
func addressOf(s string) string {
	s = strings.TrimPrefix(strings.TrimSpace(s), "::ffff:")
	if i := strings.IndexByte(s, '%'); i > 0 {
		s = s[:i]
	}
	switch s {
	case "", "-", "LOCAL", "0.0.0.0", "::", "::1":
		return ""
	}
	if strings.HasPrefix(s, "127.") {
		return ""
	}
	return s
}

func loopback(s string) bool {
	s = strings.TrimPrefix(strings.TrimSpace(s), "::ffff:")
	return s == "::1" || strings.HasPrefix(s, "127.")
}

// external reports whether an address is on the internet.
func external(s string) bool {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return false
	}
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !carrier.Contains(a) && !examples(a)
}

var carrier = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// examples reports whether an address is one of RFC 5737 or 3849.
func examples(a netip.Addr) bool {
	for _, p := range []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"} {
		if netip.MustParsePrefix(p).Contains(a) {
			return true
		}
	}
	return false
}

// logonSeen keeps of a log-on what other rules ask for. It runs before them.
func logonSeen(x *eventLook) {
	l := &x.ev.logons
	t := x.target()
	kind := x.num("LogonType")
	if (l.firstUser.IsZero() || x.now().Before(l.firstUser)) && t.user() && !strings.HasPrefix(strings.ToLower(t.name), "defaultuser") &&
		(kind == 2 || kind == 10 || kind == 11) {
		l.firstUser = x.now()
	}
	if t.name != "" && t.sid != "" && t.user() && len(x.ev.names) < maxNoted {
		if k := t.folded(); x.ev.names[k] == "" {
			x.ev.names[k] = t.sid
		}
	}
	a := addressOf(x.get("IpAddress"))
	if name := strings.ToLower(x.get("WorkstationName")); a != "" && name != "" && t.user() {
		l.machineAt(a, name)
	}
	if a == "" || kind != 3 && kind != 10 && kind != 8 || t.logon == 0 {
		return
	}
	if l.remote == nil {
		l.remote = map[uint64]*inbound{}
	}
	if len(l.ring) >= maxNoted {
		delete(l.remote, l.ring[0])
		l.ring = l.ring[1:]
	}
	l.remote[t.logon] = &inbound{who: t, source: a, at: x.now()}
	l.ring = append(l.ring, t.logon)
}

var noSessionKey = eventRule(Rule{
	ID: "E-10", Title: "Network log-on by NTLM without a session key", Level: Medium, Attack: []string{"T1550.002"},
	Why:    "Windows' own client agrees on a session key; tools that pass hashes often do not.",
	Benign: "Network storage, scanners, old versions of Samba.",
	Next:   "Find out which machine has the address and whether it belongs to the domain.",
}, func(x *eventLook) {
	logonSeen(x)
	t := x.target()
	if x.num("LogonType") != 3 || !strings.EqualFold(x.get("AuthenticationPackageName"), "NTLM") || x.r.Get("KeyLength") == "" ||
		x.num("KeyLength") != 0 || !t.user() {
		return
	}
	if p := strings.TrimSpace(x.get("LogonProcessName")); p != "" && !strings.EqualFold(p, "NtLmSsp") {
		return // a program of this machine that checked a password
	}
	raw := strings.TrimPrefix(x.get("IpAddress"), "::ffff:")
	h := x.hit(x.who(t), 0, "%s logged on from %s %s by NTLM without a session key", t, cmp.Or(raw, "an unknown address"),
		x.get("WorkstationName"))
	l := &x.ev.logons
	if l.bare == nil {
		l.bare = map[uint64]*bareHit{}
	}
	if len(l.bare) < maxNoted {
		l.bare[t.logon] = &bareHit{h, addressOf(raw), t.sid, x.now()}
	}
	for _, id := range l.special {
		if id == t.logon && id != 0 {
			h.level = High
		}
	}
	x.suspect(t, addressOf(raw))
}, in(chSecurity, 4624)).watching(func(x *eventLook) {
	l := &x.ev.logons
	id := x.num("SubjectLogonId")
	l.special[l.next%len(l.special)] = id
	l.next++
	if b := l.bare[id]; b != nil {
		b.hit.level = High
	}
	if a := x.actor(); a.user() && len(l.powerful) < maxNoted {
		if l.powerful == nil {
			l.powerful = map[string]bool{}
		}
		l.powerful[strings.ToLower(a.name)] = true
	}
}, in(chSecurity, 4672)).finishing(func(x *eventLook) {
	l := &x.ev.logons
	for _, b := range l.bare {
		for _, s := range x.ev.tasks.odd { // E-50
			if d := s.at.Sub(b.at); s.sid != "" && s.sid == b.sid && d >= 0 && d <= time.Hour {
				b.hit.level = High
			}
		}
		for _, at := range l.address[b.address] {
			if b.address != "" && at.Sub(b.at).Abs() <= time.Hour {
				b.hit.level = High
			}
		}
	}
})

// actedFrom notes that a source used shares or pipes.
func (x *eventLook) actedFrom(address string) {
	l := &x.ev.logons
	if l.address == nil {
		l.address = map[string][]time.Time{}
	}
	if t := l.address[address]; address != "" && len(l.address) < maxNoted &&
		(len(t) == 0 || len(t) < 1024 && x.now().Sub(t[len(t)-1]).Abs() > 10*time.Minute) {
		l.address[address] = append(t, x.now())
	}
}

var newCredentials = eventRule(Rule{
	ID: "E-11", Title: "New credentials by seclogo", Level: Medium, Attack: []string{"T1550.002", "T1134.002"},
	Why:    "A session took on other credentials for the network: runas /netonly does this, and pass-the-hash tools do.",
	Benign: "Administrators who use runas /netonly.",
	Next:   "Look for reads of lsass in the same minute.",
}, func(x *eventLook) {
	if x.num("LogonType") != 9 {
		return
	}
	l := &x.ev.logons
	if !strings.EqualFold(strings.TrimSpace(x.get("LogonProcessName")), "seclogo") {
		l.other9++
		return
	}
	t := x.target()
	h := x.hit(x.who(t), 0, "%s took on the credentials of %s", t,
		cmp.Or(who{name: x.get("TargetOutboundUserName"), domain: x.get("TargetOutboundDomainName")}.String(), "another account"))
	if len(l.seclogo) < maxNoted {
		l.seclogo = append(l.seclogo, h)
	}
	x.suspect(t, "")
}, in(chSecurity, 4624)).finishing(func(x *eventLook) {
	l := &x.ev.logons
	for _, h := range l.seclogo {
		if len(l.seclogo) <= 3 && l.other9 == 0 {
			h.level = max(h.level, High)
		}
		for _, at := range x.ev.story.reads {
			if len(h.rows) > 0 && at.Sub(eventTime(h.rows[0])).Abs() <= time.Minute {
				h.level = Critical
			}
		}
	}
})

var machineRelay = eventRule(Rule{
	ID: "E-12", Title: "Machine account by NTLM from another address", Level: High, Attack: []string{"T1557.001"},
	Why:    "A machine's account logged on by NTLM from an address that belongs to another machine: its authentication was relayed.",
	Benign: "Clusters; address translation.",
	Next:   "Find out what the address did with the session.",
}, func(x *eventLook) {
	t := x.target()
	if x.num("LogonType") != 3 || !t.machine() || !strings.EqualFold(x.get("AuthenticationPackageName"), "NTLM") {
		return
	}
	address := addressOf(x.get("IpAddress"))
	self, _, _ := strings.Cut(strings.ToLower(x.r.Computer), ".")
	if l := &x.ev.logons; address != "" && len(l.relays) < maxNoted {
		l.relays = append(l.relays, relay{t, address, self, x.keep()})
	}
}, in(chSecurity, 4624)).watching(func(x *eventLook) {
	// The account of a machine asks for tickets from the machine itself.
	t := x.target()
	name, _, _ := strings.Cut(t.name, "@")
	if a := addressOf(x.get("IpAddress")); a != "" && strings.HasSuffix(name, "$") {
		x.ev.logons.machineAt(a, strings.TrimSuffix(strings.ToLower(name), "$"))
	}
}, in(chSecurity, 4768, 4769)).finishing(func(x *eventLook) {
	// Which address is which machine is known only when all records are.
	l := &x.ev.logons
	for _, r := range l.relays {
		name, known := strings.TrimSuffix(strings.ToLower(r.who.name), "$"), l.names[r.address]
		level, says := High, "%s logged on from %s, which is "+listOf(sortedKeys(known), 3)
		switch {
		case known[name]:
			continue // from the machine itself
		case name == r.self && len(known) == 0:
			level, says = Medium, "%s logged on to itself from %s, an address that no record joins to it"
		case len(known) == 0:
			continue
		}
		x.hit(x.from(r.address, ""), level, says, r.who, r.address).from(r.row)
		if s := &x.ev.story; level == High && len(s.suspects) < 1024 {
			s.suspects = append(s.suspects, suspect{r.who, x.rule.ID, eventTime(r.row), r.row, x.who(r.who)})
		}
	}
})

// maxNamesAt bounds the machines that are joined to one address.
const maxNamesAt = 64

// machineAt notes that a record proves which machine has an address.
func (l *logonState) machineAt(address, name string) {
	if l.names == nil {
		l.names = map[string]map[string]bool{}
	}
	if l.names[address] == nil {
		if len(l.names) >= maxNoted {
			return
		}
		l.names[address] = map[string]bool{}
	}
	if len(l.names[address]) < maxNamesAt {
		l.names[address][name] = true
	}
}

var adminFromLoopback = eventRule(Rule{
	ID: "E-13", Title: "Kerberos log-on of the administrator from loopback", Level: High, Attack: []string{"T1558", "T1068"},
	Why:    "The built-in administrator logged on by Kerberos from the machine itself: the shape of a forged ticket for local privileges.",
	Benign: "No usual explanation is known.",
	Next:   "Look for new machine accounts (4741) and delegation changes (5136) before it.",
}, func(x *eventLook) {
	t := x.target()
	if x.num("LogonType") == 3 && strings.EqualFold(x.get("AuthenticationPackageName"), "Kerberos") && loopback(x.get("IpAddress")) &&
		strings.HasPrefix(t.sid, "S-1-5-21-") && strings.HasSuffix(t.sid, "-500") {
		x.hit(x.who(t), 0, "%s logged on by Kerberos from %s", t, x.get("IpAddress"))
		x.suspect(t, "")
	}
}, in(chSecurity, 4624))

var clearTextLogon = eventRule(Rule{
	ID: "E-14", Title: "Clear-text network log-on", Level: Low, Attack: []string{"T1552"},
	Why:    "The password itself reached the machine over the network.",
	Benign: "Web mail and web servers with basic authentication; scripts.",
	Next:   "Check whether the connection was encrypted and who can read the password.",
}, func(x *eventLook) {
	if x.num("LogonType") != 8 || !x.target().user() {
		return
	}
	level := Low
	if addressOf(x.get("IpAddress")) == "" {
		level = Informational
	}
	x.hit(x.who(x.target()), level, "%s logged on from %s with a clear-text password, by %s", x.target(),
		cmp.Or(x.get("IpAddress"), "an unknown address"), x.get("ProcessName"))
}, in(chSecurity, 4624))

var explicitCredentials = eventRule(Rule{
	ID: "E-15", Title: "Explicit credentials of another account", Level: Low, Attack: []string{"T1078", "T1021"},
	Why:    "Somebody used the password of another account.",
	Benign: "runas; saved credentials; scheduled tasks.",
	Next:   "Follow it to the log-on on the destination.",
}, func(x *eventLook) {
	a, t := x.actor(), x.target()
	if !a.user() || t.name == "" || a.same(t) || strings.EqualFold(t.name, "defaultuser0") ||
		strings.HasPrefix(strings.ToLower(t.domain), "window manager") || strings.HasPrefix(strings.ToLower(t.domain), "font driver") {
		return
	}
	image := x.get("ProcessName")
	base := strings.ToLower(baseOf(image))
	if strings.Contains(strings.ToLower(image), "cloudexperiencehost") {
		return
	}
	dest := strings.TrimSpace(x.get("TargetServerName"))
	self, _, _ := strings.Cut(strings.ToLower(x.r.Computer), ".")
	first, _, _ := strings.Cut(strings.ToLower(dest), ".")
	level := Low
	if first != "localhost" && first != self && first != "" {
		level = Medium
	}
	x.early = Informational
	if shells[base] || servers[base] || x.odd(image) {
		level = High
	}
	h := x.hit(x.who(a), level, "%s used the credentials of %s for %s, by %s", a, t, cmp.Or(dest, "the machine itself"),
		cmp.Or(image, "the system"))
	if l := &x.ev.logons; len(l.explicit) < maxNoted && level < High {
		l.explicit = append(l.explicit, explicitHit{h, strings.ToLower(t.name)})
	}
	x.hop(a, t, dest, first != "localhost" && first != self && first != "")
	x.try(a, t)
}, in(chSecurity, 4648)).finishing(func(x *eventLook) {
	for _, e := range x.ev.logons.explicit {
		if x.privileged(e.name) && !x.installing(e.hit) {
			e.hit.level = max(e.hit.level, High)
			e.hit.says = clip(e.hit.says+"; the account has special privileges", 600)
		}
	}
})

// privileged reports whether an account, by its name in lower case, had special privileges at a log-on, or
// is the administrator that Windows brings.
func (x *eventLook) privileged(name string) bool {
	return name == "administrator" || x.ev.logons.powerful[name]
}

// try counts the accounts whose credentials one actor used.
func (x *eventLook) try(a, t who) {
	l := &x.ev.logons
	if l.tried == nil {
		l.tried = map[string]*tries{}
	}
	k := cmp.Or(a.sid, a.folded())
	v := l.tried[k]
	if v == nil {
		if len(l.tried) >= maxNoted {
			return
		}
		v = &tries{targets: map[string]time.Time{}, first: x.now()}
		l.tried[k] = v
	}
	for name, at := range v.targets {
		if x.now().Sub(at) > 30*time.Minute {
			delete(v.targets, name)
		}
	}
	if len(v.targets) < 256 {
		v.targets[t.folded()] = x.now()
	}
	if len(v.targets) >= 5 && !v.hit {
		v.hit = true
		y := *x
		if y.rule = x.ev.rule("E-19"); y.rule == nil || !y.on(y.rule) {
			return
		}
		y.hit(y.who(a), 0, "%s tried the credentials of %d accounts within 30 minutes: %s", a, len(v.targets),
			listOf(sortedKeys(v.targets), 8))
	}
}

var manyCredentials = eventRule(Rule{
	ID: "E-19", Title: "One user tried many credentials", Level: High, Attack: []string{"T1110.003"},
	Why:    "One account used explicit credentials of five or more others within half an hour.",
	Benign: "Test tools; scripts for migrations.",
	Next:   "List the accounts and find which attempts succeeded.",
}, func(*eventLook) {}, in(chSecurity, 4648)) // counted with E-15

// hop notes that somebody who came from another machine went on to a third.
func (x *eventLook) hop(a, t who, dest string, away bool) {
	in := x.ev.logons.remote[a.logon]
	if in == nil || !away || x.now().Sub(in.at).Abs() > 24*time.Hour {
		return
	}
	y := *x
	y.rule = x.ev.rule("E-90")
	if y.rule == nil || !y.on(y.rule) {
		return
	}
	self, _, _ := strings.Cut(x.r.Computer, ".")
	level := High // three machines
	if in.rule != "" {
		level = Critical // the session is suspicious by itself
	}
	h := y.hit(y.who(a), level, "%s came from %s to %s and continued to %s as %s", in.who, in.source, self, dest, t)
	if in.row != nil {
		h.from(in.row)
	}
}

var lateralChain = eventRule(Rule{
	ID: "E-90", Title: "Lateral chain", Level: Medium, Attack: []string{"T1021", "T1078"},
	Why:    "A session from one machine continued to another with other credentials.",
	Benign: "Administrators who use a jump host.",
	Next:   "Read the log-ons of all machines of the chain together: artifactdump logons with several machines.",
}, func(*eventLook) {}, in(chSecurity, 4648)) // noted with E-15
