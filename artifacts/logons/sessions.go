package logons

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"time"
)

// An ending is how the end of a session is known.
type ending uint8

const (
	noEnd ending = iota
	byLogoff
	byUser
	byDisconnect
	byShutdown
	byReboot
	stillOpen
)

var endings = [...]string{noEnd: "", byLogoff: "logoff", byUser: "user", byDisconnect: "disconnect", byShutdown: "shutdown",
	byReboot: "reboot", stillOpen: "open"}

// A packedSession is a session: what its begin shows is kept with the attempt.
type packedSession struct {
	endSec                    int64
	endNumber, endID, sum     uint64
	endNsec, endShape         uint32
	begin                     uint32 // index of the attempt, or of what else began it
	processes, changes, locks uint32
	end                       ending
	privileged, aside         bool
}

// noTime is the zero time in seconds: of a session without an end.
const noTime = -62135596800

func (s *packedSession) endMoment() moment { return moment{s.endSec, s.endNsec &^ otherID} }

func (s *packedSession) endTime() time.Time { return s.endMoment().time() }

func (s *packedSession) ended() bool { return s.endMoment() != moment{sec: noTime} }

// A begun is the begin of a session that is not an attempt.
type begun struct {
	host, source *Host
	account      *Account
	kind         string
	at           time.Time
	ref          Ref
}

// A logonEntry finds a session by the log-on id of an attempt. Ids start again at
// each boot, so that one of a machine has several.
type logonEntry struct {
	id      uint64
	host    uint32
	attempt uint32
}

// packedSessions are all sessions of an analysis.
type packedSessions struct {
	list  *paged[packedSession]
	aside []begun
	index *paged[logonEntry] // by host, id and time
	order *paged[uint32]     // by begin
	tried *attempts
	marks *marks

	terminals  map[int]uint64 // their ids of terminal sessions
	reconnects map[int][]time.Time
	findings   map[int][]string
}

// setEnd ends a session as a mark shows.
func (p *packedSessions) setEnd(i int, m *marked, how ending) {
	s := p.list.get(i)
	s.endSec, s.endNsec, s.endNumber, s.endID, s.endShape = m.sec, m.nsec, m.number, m.id, m.shape+1
	s.end = how
	p.list.set(i, s)
}

// cut ends a session at a time that no record of it shows, or opens it again.
func (p *packedSessions) cut(i int, at moment, how ending) {
	s := p.list.get(i)
	s.endSec, s.endNsec, s.endNumber, s.endID, s.endShape = at.sec, at.nsec, 0, 0, 0
	s.end = how
	p.list.set(i, s)
}

// begin is when a session began.
func (p *packedSessions) begin(i int) time.Time {
	s := p.list.get(i)
	if s.aside {
		return p.aside[s.begin].at
	}
	t := p.tried.list.get(int(s.begin))
	return t.time()
}

// owner is whose session it is, and on which machine.
func (p *packedSessions) owner(i int) (*Account, *Host) {
	s := p.list.get(i)
	if s.aside {
		b := &p.aside[s.begin]
		return b.account, b.host
	}
	f := &p.tried.facts[p.tried.list.get(int(s.begin)).shape]
	return f.account, f.host
}

// fill makes a session. Its records have no ids unless they are wanted.
func (p *packedSessions) fill(i int, x *Session, ids bool) {
	s := p.list.get(i)
	*x = Session{
		Type: -1, End: s.endTime(), EndKind: endings[s.end], Privileged: s.privileged, Locks: int(s.locks), Processes: int(s.processes),
		Changes: int(s.changes), SessionID: p.terminals[i], Reconnects: p.reconnects[i], Findings: p.findings[i],
		in: p, index: i, sum: s.sum,
	}
	if s.endShape > 0 {
		x.EndRef = Ref{Channel: p.marks.shapes.list.at(int(s.endShape - 1)).channel, Number: s.endNumber}
		if ids {
			x.EndRef.ID = p.tried.ids.text(s.endID, s.endNsec)
		}
	}
	if s.aside {
		b := &p.aside[s.begin]
		x.Host, x.Source, x.Account, x.Kind, x.Begin, x.BeginRef = b.host, b.source, b.account, b.kind, b.at, b.ref
		return
	}
	t := p.tried.list.get(int(s.begin))
	f, sh := &p.tried.facts[t.shape], p.tried.shape(&t)
	x.Host, x.Account, x.Type, x.Kind, x.Source, x.Begin = f.host, f.account, int(sh.typ), sh.kind, p.tried.hosts[t.source], t.time()
	x.LogonID, x.Linked, x.Process, x.BeginRef = t.logon, t.linked, sh.process, p.tried.ref(&t, ids)
}

// at returns a session; it is one of nobody after an error.
func (p *packedSessions) at(i int) *Session {
	x := new(Session)
	if !p.list.s.read(func() { p.fill(i, x, true) }) {
		*x = lostSession
	}
	return x
}

func (p *packedSessions) series(ids bool) Series[Session] {
	s := p.list.s
	return Series[Session]{p.order.n, func(i int, x *Session) bool {
		ok := s.read(func() { p.fill(int(p.order.get(i)), x, ids) })
		if !ok {
			*x = lostSession
		}
		return ok
	}}
}

// logons begins a session with each log-on.
func (p *packedSessions) logons() {
	l := p.tried
	begins := func(t *tried) bool {
		s := l.shape(t)
		return s.kind == "logon" && s.outcome == Success && !fixedID(t.logon)
	}
	for i := range l.list.n {
		if t := l.list.get(i); begins(&t) {
			p.index.add(logonEntry{t.logon, l.facts[t.shape].host.number, uint32(i)})
		}
	}
	p.index.sort(func(x, y *logonEntry) int {
		return cmp.Or(cmp.Compare(x.host, y.host), cmp.Compare(x.id, y.id), cmp.Compare(x.attempt, y.attempt))
	})
	for i := range l.list.n {
		t := l.list.get(i)
		if !begins(&t) {
			continue
		}
		if k := p.otherHalf(&t, uint32(i)); k >= 0 {
			t.session = uint32(k) + 1
		} else {
			p.list.add(packedSession{begin: uint32(i), endSec: noTime})
			t.session = uint32(p.list.n)
		}
		l.list.set(i, t)
	}
}

// otherHalf returns the session of the other half of an elevated log-on, which is one
// session with it, or -1.
func (p *packedSessions) otherHalf(t *tried, i uint32) int {
	if t.linked == 0 {
		return -1
	}
	k := p.before(p.tried.facts[t.shape].host.number, t.linked, func(attempt uint32) bool { return attempt < i })
	if k < 0 {
		return -1
	}
	o := p.tried.list.get(int(p.list.get(k).begin))
	if o.linked == t.logon && t.time().Sub(o.time()) < time.Minute {
		return k
	}
	return -1
}

// before returns the session of the last attempt with a log-on id of a machine that
// is early enough, or -1.
func (p *packedSessions) before(host uint32, id uint64, early func(attempt uint32) bool) int {
	i := p.index.search(func(e logonEntry) bool {
		c := cmp.Or(cmp.Compare(e.host, host), cmp.Compare(e.id, id))
		return c < 0 || c == 0 && early(e.attempt)
	})
	if i == 0 {
		return -1
	}
	e := p.index.get(i - 1)
	if e.host != host || e.id != id {
		return -1
	}
	return int(p.tried.list.get(int(e.attempt)).session) - 1
}

// last returns the session of a log-on id that had begun at a time, or -1.
func (p *packedSessions) last(host uint32, id uint64, at moment) int {
	return p.before(host, id, func(attempt uint32) bool {
		t := p.tried.list.get(int(attempt))
		return t.moment().compare(at) <= 0
	})
}

// start adds a session that another record than a log-on began.
func (p *packedSessions) start(b begun, terminal uint64) int {
	p.list.add(packedSession{begin: uint32(len(p.aside)), aside: true, endSec: noTime})
	p.aside = append(p.aside, b)
	i := p.list.n - 1
	p.setTerminal(i, terminal)
	return i
}

func (p *packedSessions) setTerminal(i int, id uint64) {
	if p.terminals == nil {
		p.terminals = map[int]uint64{}
	}
	p.terminals[i] = id
}

func (p *packedSessions) reconnect(i int, at time.Time) {
	if p.reconnects == nil {
		p.reconnects = map[int][]time.Time{}
	}
	p.reconnects[i] = append(p.reconnects[i], at)
}

// A startKey is what sorts a session.
type startKey struct {
	at      moment // of its begin
	sum     uint64
	host    uint32
	session uint32
}

// finish gives the sessions their ids, and their order.
func (p *packedSessions) finish(hosts []*Host) {
	keys := newPaged(p.list.s, startForm)
	var x Session
	for i := range p.list.n {
		p.fill(i, &x, false)
		s := p.list.get(i)
		s.sum = x.hash()
		p.list.set(i, s)
		keys.add(startKey{momentOf(x.Begin), s.sum, x.Host.number, uint32(i)})
	}
	keys.sort(func(x, y *startKey) int {
		if c := x.at.compare(y.at); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(hosts[x.host].ID, hosts[y.host].ID), cmp.Compare(x.sum, y.sum), cmp.Compare(x.session, y.session))
	})
	for i := range keys.n {
		p.order.add(keys.get(i).session)
	}
	keys.drop()
}

// hash is made of what each record of the begin shows, so that it does not depend
// on what else was read.
func (s *Session) hash() uint64 {
	n := s.LogonID
	if s.Kind != "logon" {
		n = s.SessionID
	}
	sum := sha256.Sum256([]byte(s.Host.Names[0] + "\x00" + strconv.FormatUint(n, 16) + "\x00" + s.Kind + "\x00" +
		s.Begin.Format(time.RFC3339Nano)))
	return binary.BigEndian.Uint64(sum[:])
}
