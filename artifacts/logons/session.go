package logons

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// A Session is the span between a log-on and its end.
type Session struct {
	Host       *Host
	Account    *Account
	Type       int
	Kind       string // logon, rdp, notice
	Source     *Host
	Begin, End time.Time
	// EndKind says how the end is known: logoff, user and disconnect are
	// recorded in the log, shutdown and reboot end every session of a machine,
	// open means that the log ends first.
	EndKind    string
	Privileged bool
	LogonID    uint64
	Linked     uint64
	SessionID  uint64 // of the terminal services
	Process    string
	Reconnects []time.Time
	Locks      int
	Processes  int // started in it
	Changes    int // services, tasks, accounts, policies
	BeginRef   Ref
	EndRef     Ref
	Findings   []string

	in    *packedSessions
	index int
	sum   uint64
}

// ID is stable: a hash of host, boot, log-on id and begin.
func (s *Session) ID() string { return digits(s.sum) }

// Is reports whether two are one session.
func (s *Session) Is(o *Session) bool {
	return s == o || s != nil && o != nil && s.in != nil && s.in == o.in && s.index == o.index
}

// AddFindings notes rules whose findings speak of the session.
func (s *Session) AddFindings(rules []string) {
	list := slices.Concat(s.Findings, rules)
	slices.Sort(list)
	s.Findings = slices.Compact(list)
	if s.in == nil {
		return
	}
	if s.in.findings == nil {
		s.in.findings = map[int][]string{}
	}
	s.in.findings[s.index] = s.Findings
}

// Duration is the length of the session, 0 while it is open.
func (s *Session) Duration() time.Duration {
	if s.End.IsZero() {
		return 0
	}
	return s.End.Sub(s.Begin)
}

func reason(r *shape) string {
	if r.outcome != Failure {
		return ""
	}
	return events.StatusText("0x" + strconv.FormatUint(r.status, 16))
}

// build builds sessions of log-ons and of Remote Desktop.
func (a *Analysis) build(list *marks, ticks *paged[tick], keys *shapes[string]) {
	list.sort()
	p := a.sessions
	p.logons()
	boots := map[string][]boot{}
	for m := range list.all {
		if m.kind == markBoot || m.kind == markStop {
			boots[m.host] = append(boots[m.host], boot{m.time, m.kind == markStop})
		}
		a.apply(m)
	}
	a.count(ticks, keys)
	a.terminals(list)
	a.notices(list)
	for i := range p.list.n {
		account, host := p.owner(i)
		p.close(i, boots[host.Names[0]])
		if p.list.get(i).privileged {
			account.Privileged = true
		}
	}
	p.finish(a.ids.list)
	a.Sessions = p.series(true)
}

// A boot is a start or stop of a machine.
type boot struct {
	at   time.Time
	stop bool
}

// SessionOf returns the session that a log-on id of a machine means at a time,
// or nil.
func (a *Analysis) SessionOf(host string, id uint64, at time.Time) *Session {
	return a.found(func() int { return a.sessionOf(host, id, at) })
}

// found returns the session that a search finds, or nil.
func (a *Analysis) found(search func() int) (s *Session) {
	a.scratch.read(func() {
		if i := search(); i >= 0 {
			s = new(Session)
			a.sessions.fill(i, s, true)
		}
	})
	return s
}

func (a *Analysis) sessionOf(host string, id uint64, at time.Time) int {
	if fixedID(id) || a.sessions == nil {
		return -1
	}
	h := a.ids.hosts[HostKey(host)]
	if h == nil {
		return -1
	}
	i := a.sessions.last(h.number, id, momentOf(at))
	if i < 0 {
		return -1
	}
	if s := a.sessions.list.get(i); s.ended() && at.After(s.endTime().Add(time.Minute)) {
		return -1
	}
	return i
}

// SessionAt returns the session that a record of an event log belongs to: by the
// log-on id that the record names, or by the record itself where it names only
// the session of the terminal services. It returns nil where none is known.
func (a *Analysis) SessionAt(host string, id uint64, at time.Time, record string) *Session {
	return a.found(func() int { return a.sessionAt(host, id, at, record) })
}

// SessionIDAt returns the id of what [Analysis.SessionAt] returns, or "".
func (a *Analysis) SessionIDAt(host string, id uint64, at time.Time, record string) (text string) {
	a.scratch.read(func() {
		if i := a.sessionAt(host, id, at, record); i >= 0 {
			text = digits(a.sessions.list.get(i).sum)
		}
	})
	return text
}

func (a *Analysis) sessionAt(host string, id uint64, at time.Time, record string) int {
	if i, ok := a.byRecord[record]; ok {
		return i
	}
	if i := a.sessionOf(host, id, at); i >= 0 {
		return i
	}
	// Windows may write of a log-on just before it records it.
	i := a.sessionOf(host, id, at.Add(markSlack))
	if i < 0 || a.sessions.begin(i).Before(at) {
		return -1
	}
	return i
}

// markSlack is how much before the log-on a mark of it may be written: Windows
// writes 4672 in the same moment, and records of one moment have no order.
const markSlack = 2 * time.Second

// apply files a mark with its session.
func (a *Analysis) apply(m *mark) {
	if fixedID(m.id) {
		return
	}
	switch m.kind {
	case markBoot, markStop, markNotice, markNoticeEnd, markRDPBegin, markRDPEnd:
		return
	}
	h := a.ids.hosts[m.host]
	if h == nil {
		return
	}
	i := a.sessions.last(h.number, m.id, momentOf(m.time.Add(markSlack)))
	if i < 0 {
		return
	}
	s := a.sessions.list.get(i)
	switch m.kind {
	case markEnd:
		if !s.ended() {
			a.sessions.setEnd(i, m.packed, byLogoff)
		} else if s.end == byUser {
			a.sessions.setEnd(i, m.packed, byUser) // the end itself, after the user's wish
		}
	case markUserEnd:
		a.sessions.setEnd(i, m.packed, byUser)
	case markPrivileged:
		s.privileged = true
		a.sessions.list.set(i, s)
	case markLock:
		s.locks++
		a.sessions.list.set(i, s)
	case markRDPBack:
		a.sessions.reconnect(i, m.time)
	}
}

// count adds up what happened in each session.
func (a *Analysis) count(ticks *paged[tick], keys *shapes[string]) {
	for i := range ticks.n {
		t := ticks.get(i)
		h := a.ids.hosts[*keys.list.at(int(t.host))]
		if h == nil {
			continue
		}
		k := a.sessions.last(h.number, t.id, momentOf(time.Unix(0, t.at).Add(markSlack)))
		if k < 0 {
			continue
		}
		s := a.sessions.list.get(k)
		if t.kind == markProcess {
			s.processes++
		} else {
			s.changes++
		}
		a.sessions.list.set(k, s)
	}
}

// close ends sessions whose end the log does not hold.
func (p *packedSessions) close(k int, boots []boot) {
	s := p.list.get(k)
	i, _ := slices.BinarySearchFunc(boots, p.begin(k), func(b boot, at time.Time) int {
		if b.at.After(at) {
			return 1
		}
		return -1
	})
	if i < len(boots) && (!s.ended() || s.endTime().After(boots[i].at.Add(time.Minute))) {
		// A log-on id of another boot is another session.
		how := byReboot
		if boots[i].stop {
			how = byShutdown
		}
		p.cut(k, momentOf(boots[i].at), how)
		s = p.list.get(k)
	}
	if !s.ended() {
		s.end = stillOpen
		p.list.set(k, s)
	}
}

// terminals builds sessions from the events of the terminal services, where
// the Security log has no log-on for them.
func (a *Analysis) terminals(list *marks) {
	type key struct {
		host string
		id   uint64
	}
	open := map[key]int{}
	for m := range list.all {
		k := key{m.host, m.id}
		switch m.kind {
		case markBoot:
			for k := range open {
				if k.host == m.host {
					delete(open, k)
				}
			}
		case markRDPBegin:
			open[k] = a.terminal(m)
		}
		i, ok := open[k]
		if !ok {
			continue
		}
		if m.kind.terminal() && strings.EqualFold(m.ref.Channel, lsm) {
			if id := a.attempts.ids.text(m.packed.id, m.packed.nsec); id != "" {
				a.byRecord[id] = i
			}
		}
		switch m.kind {
		case markRDPGone:
			if m.id < 1<<32 {
				a.sessions.setEnd(i, m.packed, byDisconnect)
			}
		case markRDPBack:
			a.sessions.reconnect(i, m.time)
			a.sessions.cut(i, moment{sec: noTime}, noEnd)
		case markRDPEnd:
			a.sessions.setEnd(i, m.packed, byLogoff)
			delete(open, k)
		}
	}
}

// terminal begins a session of the terminal services, or finds the log-on that
// it belongs to: of the same account on the same machine within ten seconds.
func (a *Analysis) terminal(m *mark) int {
	acc := a.ids.account(m.account, m.host)
	l := a.attempts
	for i := l.search(m.time.Add(-chainSpan)); i < l.list.n; i++ {
		t := l.list.get(i)
		if t.time().After(m.time.Add(chainSpan)) {
			break
		}
		s, f := l.shape(&t), &l.facts[t.shape]
		if k := int(t.session) - 1; k >= 0 && f.host.Names[0] == m.host && f.account == acc &&
			(s.typ == 10 || s.typ == 2 || s.typ == 11 || s.typ == 12) && a.sessions.terminals[k] == 0 {
			a.sessions.setTerminal(k, m.id)
			return k
		}
	}
	b := begun{host: a.ids.host(m.host), account: acc, kind: "rdp", at: m.time, ref: a.markRef(m)}
	if b.account == nil {
		b.account = a.ids.named(`?\`, true)
	}
	b.source = b.host
	if m.address != "" && !isLocal(m.address) && !strings.EqualFold(m.address, "local") {
		b.source = a.ids.byAddress(m.address, m.time)
	}
	return a.sessions.start(b, m.id)
}

// markRef is the record of a mark, with its id.
func (a *Analysis) markRef(m *mark) Ref {
	m.ref.ID = a.attempts.ids.text(m.packed.id, m.packed.nsec)
	return m.ref
}

// SessionsNamed returns the sessions with some ids, by begin.
func (a *Analysis) SessionsNamed(ids []string) (out []*Session) {
	want := map[uint64]bool{}
	for _, id := range ids {
		if n, ok := parseID(id); ok {
			want[n] = true
		}
	}
	if a.sessions == nil || len(want) == 0 {
		return nil
	}
	p := a.sessions
	a.scratch.read(func() {
		for i := range p.order.n {
			if k := int(p.order.get(i)); want[p.list.get(k).sum] {
				s := new(Session)
				p.fill(k, s, true)
				out = append(out, s)
			}
		}
	})
	return out
}
