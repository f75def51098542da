package findings

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// A guessState follows failed log-ons by source. Of each source it keeps ten
// minutes, and of at most maxNoted sources: then the one that was idle longest
// is forgotten.
type guessState struct {
	sources   map[string]*guesser
	lastTry   map[string]time.Time // account and number of the event, to count one try once
	alias     map[string]string    // name of a workstation → its address, as one failure shows both
	forgotten int
}

// A guesser is a source of failures.
type guesser struct {
	source   string
	window   []time.Time // of the last ten minutes, at most 128
	accounts map[string]time.Time
	unknown  int // failures because there is no such user
	total    int // in the episode
	first    time.Time
	last     time.Time
	all      map[string]bool // accounts of the episode
	rows     []*row
	hit      *hit // E-16 or E-17
	spray    bool
	success  bool
}

const (
	guessSpan   = 10 * time.Minute
	minGuesses  = 10  // failures in the span
	minAccounts = 8   // accounts in the span
	fastGuesses = 100 // failures in the span that no person types
	maxAccounts = 4096
)

var passwordGuessing = eventRule(Rule{
	ID: "E-16", Title: "Password guessing", Level: Medium, Attack: []string{"T1110.001"},
	Why:    "One source failed to log on many times within minutes.",
	Benign: "A saved old password: one account, one source, at an even rhythm for days.",
	Next:   "Look for a success from the same source afterwards (E-18).",
}, func(x *eventLook) {
	if f, ok := x.failure(); ok {
		x.ev.guesses.add(x, f)
	}
}, in(chSecurity, 4625, 4771, 4768, 4776, 6273), in(chSMB, 551), in(chApplication, 18456), in(chRDPCore, 140), in(chSSH, 4))

var passwordSpraying = eventRule(Rule{
	ID: "E-17", Title: "Password spraying or enumeration of accounts", Level: High, Attack: []string{"T1110.003", "T1087"},
	Why:    "One source tried many accounts within minutes.",
	Benign: "A service with wrong settings; a change of names.",
	Next:   "List the accounts; look for a success among them (E-18).",
}, func(*eventLook) {}, // counted with E-16
	in(chSecurity, 4625, 4771, 4768, 4776, 6273), in(chSMB, 551), in(chApplication, 18456), in(chSSH, 4))

// A failure is one failed attempt.
type failure struct {
	who     who
	source  string
	name    string // of the workstation, where the source is an address
	unknown bool   // there is no such user
}

// proofs are reasons of failures that show that the password was right.
var proofs = map[uint64]bool{0xC000015B: true, 0xC0000071: true, 0xC0000193: true, 0xC0000224: true, 0xC000006E: true, 0xC000006F: true,
	0xC0000070: true}

// failure reads a record as a failed attempt.
func (x *eventLook) failure() (f failure, ok bool) {
	f.who = x.target()
	address := x.get("IpAddress")
	name := strings.TrimPrefix(cmp.Or(x.get("WorkstationName"), x.get("Workstation")), `\\`)
	switch x.ch {
	case chSecurity:
		code := x.num("Status")
		if sub := x.num("SubStatus"); sub != 0 {
			code = sub
		}
		switch x.r.ID {
		case 4625:
			f.unknown = code == 0xC0000064
			// A user without the right to use Remote Desktop writes many of these, from
			// the machine itself.
			ok = !proofs[code] && !(addressOf(address) == "" && x.num("LogonType") == 10)
		case 4776:
			f.unknown = code == 0xC0000064
			ok = code != 0 && !proofs[code]
		case 4771:
			ok = code == 0x18
		case 4768:
			f.unknown = code == 0x6
			ok = code == 0x6 || code == 0x12 || code == 0x18
		case 6273:
			ok = x.num("ReasonCode") == 16 || x.num("ReasonCode") == 8
			f.who = who{name: x.get("SubjectUserName"), domain: x.get("SubjectDomainName")}
			address = x.get("CallingStationID")
		}
	case chSMB:
		ok, address = true, cmp.Or(x.below("ClientAddress"), x.below("ClientName"))
		f.who = who{name: x.below("UserName")}
	case chApplication:
		ok = strings.HasPrefix(strings.ToUpper(x.r.Provider), "MSSQL")
		f.who = who{name: x.unnamed(0)}
		address = between(x.unnamed(2), "[CLIENT: ", "]")
	case chRDPCore:
		ok, address = true, x.get("IPString")
		f.who = who{name: "unknown"}
	case chSSH:
		var user string
		user, address, ok = sshFailure(x.get("payload"))
		f.who = who{name: user}
	}
	f.source, f.name = cmp.Or(addressOf(address), strings.ToLower(name)), strings.ToLower(name)
	if loopback(address) && f.source == "" {
		f.source = "loopback"
	}
	return f, ok && f.source != ""
}

func between(s, a, b string) string {
	_, s, ok := strings.Cut(s, a)
	if !ok {
		return ""
	}
	s, _, _ = strings.Cut(s, b)
	return s
}

// sshFailure reads a line of sshd.
func sshFailure(s string) (user, address string, ok bool) {
	_, rest, ok := strings.Cut(s, "Failed password for ")
	if !ok {
		return "", "", false
	}
	rest = strings.TrimPrefix(rest, "invalid user ")
	user, rest, ok = strings.Cut(rest, " from ")
	address, _, _ = strings.Cut(rest, " ")
	return user, address, ok
}

// add counts a failure.
func (g *guessState) add(x *eventLook, f failure) {
	if g.sources == nil {
		g.sources, g.lastTry, g.alias = map[string]*guesser{}, map[string]time.Time{}, map[string]string{}
	}
	g.join(x, &f)
	// One try is recorded by 4776 and by 4625.
	name := f.who.folded()
	if i := strings.IndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	if x.r.ID == 4776 || x.r.ID == 4625 {
		// The first may know the workstation alone, and the other its address.
		k, other := name+"\x004625", name+"\x004776"
		if x.r.ID == 4776 {
			k, other = other, k
		}
		if t, ok := g.lastTry[other]; ok && x.now().Sub(t).Abs() <= 2*time.Second {
			delete(g.lastTry, other)
			return
		}
		if len(g.lastTry) >= maxNoted {
			clear(g.lastTry)
		}
		g.lastTry[k] = x.now()
	}
	s := g.sources[f.source]
	if s == nil {
		g.forget()
		s = &guesser{source: f.source, accounts: map[string]time.Time{}, all: map[string]bool{}}
		g.sources[f.source] = s
	}
	s.add(x, name, f.unknown)
}

// join gives a failure the address of its source where another failure shows
// which workstation has it.
func (g *guessState) join(x *eventLook, f *failure) {
	self, _, _ := strings.Cut(strings.ToLower(x.r.Computer), ".")
	switch {
	case f.name == "" || f.name == self:
	case f.name == f.source: // no address
		f.source = cmp.Or(g.alias[f.name], f.source)
	case g.alias[f.name] == "" && len(g.alias) < maxNoted:
		g.alias[f.name] = f.source
		if s := g.sources[f.name]; s != nil && g.sources[f.source] == nil {
			delete(g.sources, f.name)
			g.sources[f.source], s.source = s, f.source
			if s.hit != nil {
				s.hit.subject = x.from(f.source, f.name)
			}
		}
	}
}

// forget makes room for another source.
func (g *guessState) forget() {
	if len(g.sources) < maxNoted {
		return
	}
	var oldest *guesser
	for _, s := range g.sources {
		if oldest == nil || s.last.Before(oldest.last) || s.last.Equal(oldest.last) && s.source < oldest.source {
			oldest = s
		}
	}
	delete(g.sources, oldest.source)
	g.forgotten++
}

func (s *guesser) add(x *eventLook, name string, unknown bool) {
	now := x.now()
	if s.total > 0 && now.Sub(s.last).Abs() > 24*time.Hour {
		*s = guesser{source: s.source, accounts: map[string]time.Time{}, all: map[string]bool{}}
	}
	if s.total == 0 {
		s.first = now
	}
	s.total++
	s.last = now
	if unknown {
		s.unknown++
	}
	if len(s.all) < maxAccounts {
		s.all[name] = true
	}
	if len(s.rows) < 3 {
		s.rows = append(s.rows, x.keep())
	}
	cut := 0
	for cut < len(s.window) && now.Sub(s.window[cut]).Abs() > guessSpan { // logs come one after the other
		cut++
	}
	if s.window = append(s.window[cut:], now); len(s.window) > fastGuesses {
		s.window = s.window[1:]
	}
	if _, ok := s.accounts[name]; !ok || len(s.accounts) > 2*minAccounts {
		for n, at := range s.accounts {
			if now.Sub(at) > guessSpan {
				delete(s.accounts, n)
			}
		}
	}
	if len(s.accounts) < maxAccounts {
		s.accounts[name] = now
	}
	s.judge(x)
}

// judge makes the finding, or brings it up to date.
func (s *guesser) judge(x *eventLook) {
	spray := s.spray || len(s.accounts) >= minAccounts
	if !spray && len(s.window) < minGuesses && s.hit == nil {
		return
	}
	id, level := "E-16", Medium
	if len(s.window) >= fastGuesses || external(s.source) {
		level = High
	}
	if spray {
		id, level = "E-17", High
	}
	if s.hit == nil || spray && !s.spray {
		y := *x
		y.rule = x.ev.rule(id)
		if !y.on(y.rule) {
			return
		}
		s.hit = y.hit(y.from(s.source, ""), level, "failures")
		s.hit.from(s.rows...)
	}
	s.spray = spray
	s.hit.level = max(s.hit.level, level)
	kind := ""
	if spray && s.unknown == s.total {
		kind = ", none of which exists"
	}
	if n := s.total; n <= 64 || n%64 == 0 || !s.last.Equal(x.now()) {
		s.hit.says = guessWords(s, kind)
	}
}

func guessWords(s *guesser, kind string) string {
	return clip(fmt.Sprintf("%d failures for %d accounts%s (%s) from %s to %s", s.total, len(s.all), kind, listOf(sortedKeys(s.all), 8),
		stampWords(s.first), stampWords(s.last)), 600)
}

var successAfterGuessing = eventRule(Rule{
	ID: "E-18", Title: "Success after password guessing", Level: Critical, Attack: []string{"T1110", "T1078"}, Leads: true,
	Why:    "A source that had guessed passwords logged on with one of the accounts it had tried.",
	Benign: "A user who forgot the password: few failures, one account, the user's own machine.",
	Next:   "Read the session of the success, and change the password.",
}, func(x *eventLook) {
	g := &x.ev.guesses
	if len(g.sources) == 0 {
		return
	}
	t, address, ok := x.success()
	if !ok || t.name == "" {
		return
	}
	s := g.sources[addressOf(address)]
	if s == nil {
		name := strings.ToLower(strings.TrimPrefix(cmp.Or(x.get("WorkstationName"), x.get("Workstation")), `\\`))
		if s = g.sources[name]; s == nil {
			s = g.sources[g.alias[name]]
		}
	}
	name := strings.ToLower(t.name)
	if n, _, ok := strings.Cut(name, "@"); ok {
		name = n
	}
	if s == nil || s.hit == nil || s.success || !s.all[name] || x.now().Before(s.first) || x.now().Sub(s.last) > 24*time.Hour {
		return
	}
	s.success = true
	level := Critical
	if s.total <= 15 && len(s.all) == 1 && !external(s.source) {
		level = Low
	}
	h := x.hit(x.from(s.source, ""), level, "%s logged on after %d failures for %d accounts from there", t, s.total, len(s.all))
	h.from(s.rows...)
	if level == Critical {
		x.suspect(t, s.source)
	}
}, in(chSecurity, 4624, 4776, 4768, 6272), in(chApplication, 18453, 18454), in(chSSH, 4)).finishing(func(x *eventLook) {
	for _, s := range x.ev.guesses.sources {
		if s.hit != nil {
			kind := ""
			if s.spray && s.unknown == s.total {
				kind = ", none of which exists"
			}
			s.hit.says = guessWords(s, kind)
			s.hit.more = max(s.hit.more, s.total-len(s.hit.rows))
		}
	}
})

// success reads a record as a log-on that succeeded, other than at the console
// or of a service.
func (x *eventLook) success() (t who, address string, ok bool) {
	switch x.ch {
	case chApplication:
		if !strings.HasPrefix(strings.ToUpper(x.r.Provider), "MSSQL") {
			return t, "", false
		}
		for i := range x.r.Data {
			if a := between(x.r.Data[i].Value, "[CLIENT: ", "]"); a != "" {
				address = a
			}
		}
		return splitUser(x.unnamed(0)), address, true
	case chSSH:
		_, rest, ok := strings.Cut(x.get("payload"), "Accepted ")
		_, rest, named := strings.Cut(rest, " for ")
		user, rest, from := strings.Cut(rest, " from ")
		address, _, _ = strings.Cut(rest, " ")
		return splitUser(user), address, ok && named && from
	}
	switch x.r.ID {
	case 6272:
		return who{name: x.get("SubjectUserName"), domain: x.get("SubjectDomainName")}, x.get("CallingStationID"), true
	case 4624:
		switch x.num("LogonType") {
		case 2, 4, 5, 7, 11:
			return t, "", false
		}
		ok = true
	default:
		ok = x.num("Status") == 0
	}
	return x.target(), x.get("IpAddress"), ok
}
