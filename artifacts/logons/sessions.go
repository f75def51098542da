package logons

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
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
	list  pile[packedSession]
	aside []begun
	index []logonEntry // by host, id and time
	order []uint32     // by begin
	tried *attempts
	marks *marks

	terminals  map[int]uint64 // their ids of terminal sessions
	reconnects map[int][]time.Time
	findings   map[int][]string
}

// setEnd ends a session as a mark shows.
func (p *packedSessions) setEnd(i int, m *marked, how ending) {
	s := p.list.at(i)
	s.endSec, s.endNsec, s.endNumber, s.endID, s.endShape = m.sec, m.nsec, m.number, m.id, m.shape+1
	s.end = how
}

// cut ends a session at a time that no record of it shows, or opens it again.
func (p *packedSessions) cut(i int, at moment, how ending) {
	s := p.list.at(i)
	s.endSec, s.endNsec, s.endNumber, s.endID, s.endShape = at.sec, at.nsec, 0, 0, 0
	s.end = how
}

// begin is when a session began.
func (p *packedSessions) begin(i int) time.Time {
	s := p.list.at(i)
	if s.aside {
		return p.aside[s.begin].at
	}
	return p.tried.list.at(int(s.begin)).time()
}

// owner is whose session it is, and on which machine.
func (p *packedSessions) owner(i int) (*Account, *Host) {
	s := p.list.at(i)
	if s.aside {
		b := &p.aside[s.begin]
		return b.account, b.host
	}
	f := &p.tried.facts[p.tried.list.at(int(s.begin)).shape]
	return f.account, f.host
}

// fill makes a session. Its records have no ids unless they are wanted.
func (p *packedSessions) fill(i int, x *Session, ids bool) {
	s := p.list.at(i)
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
	t := p.tried.list.at(int(s.begin))
	f, sh := &p.tried.facts[t.shape], p.tried.shape(t)
	x.Host, x.Account, x.Type, x.Kind, x.Source, x.Begin = f.host, f.account, int(sh.typ), sh.kind, p.tried.hosts[t.source], t.time()
	x.LogonID, x.Linked, x.Process, x.BeginRef = t.logon, t.linked, sh.process, p.tried.ref(t, ids)
}

func (p *packedSessions) at(i int) *Session {
	x := new(Session)
	p.fill(i, x, true)
	return x
}

func (p *packedSessions) series(ids bool) Series[Session] {
	return Series[Session]{len(p.order), func(i int, x *Session) { p.fill(int(p.order[i]), x, ids) }}
}

// logons begins a session with each log-on.
func (p *packedSessions) logons() {
	l := p.tried
	begins := func(t *tried) bool {
		s := l.shape(t)
		return s.kind == "logon" && s.outcome == Success && !fixedID(t.logon)
	}
	n := 0
	for i := range l.list.n {
		if begins(l.list.at(i)) {
			n++
		}
	}
	p.index = make([]logonEntry, 0, n)
	for i := range l.list.n {
		if t := l.list.at(i); begins(t) {
			p.index = append(p.index, logonEntry{t.logon, l.facts[t.shape].host.number, uint32(i)})
		}
	}
	slices.SortFunc(p.index, func(x, y logonEntry) int {
		return cmp.Or(cmp.Compare(x.host, y.host), cmp.Compare(x.id, y.id), cmp.Compare(x.attempt, y.attempt))
	})
	for i := range l.list.n {
		t := l.list.at(i)
		if !begins(t) {
			continue
		}
		// The two halves of one elevated log-on are one session.
		if t.linked != 0 {
			k := p.before(l.facts[t.shape].host.number, t.linked, func(attempt uint32) bool { return attempt < uint32(i) })
			if k >= 0 {
				o := l.list.at(int(p.list.at(k).begin))
				if o.linked == t.logon && t.time().Sub(o.time()) < time.Minute {
					t.session = uint32(k) + 1
					continue
				}
			}
		}
		p.list.add(packedSession{begin: uint32(i), endSec: noTime})
		t.session = uint32(p.list.n)
	}
}

// before returns the session of the last attempt with a log-on id of a machine that
// is early enough, or -1.
func (p *packedSessions) before(host uint32, id uint64, early func(attempt uint32) bool) int {
	i, _ := slices.BinarySearchFunc(p.index, 0, func(e logonEntry, _ int) int {
		if c := cmp.Or(cmp.Compare(e.host, host), cmp.Compare(e.id, id)); c > 0 || c == 0 && !early(e.attempt) {
			return 1
		}
		return -1
	})
	if i == 0 || p.index[i-1].host != host || p.index[i-1].id != id {
		return -1
	}
	return int(p.tried.list.at(int(p.index[i-1].attempt)).session) - 1
}

// last returns the session of a log-on id that had begun at a time, or -1.
func (p *packedSessions) last(host uint32, id uint64, at moment) int {
	return p.before(host, id, func(attempt uint32) bool { return p.tried.list.at(int(attempt)).moment().compare(at) <= 0 })
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

// finish gives the sessions their ids, and their order.
func (p *packedSessions) finish() {
	p.order = make([]uint32, p.list.n)
	var x Session
	for i := range p.order {
		p.order[i] = uint32(i)
		p.fill(i, &x, false)
		p.list.at(i).sum = x.hash()
	}
	slices.SortFunc(p.order, func(i, j uint32) int {
		if c := p.begin(int(i)).Compare(p.begin(int(j))); c != 0 {
			return c
		}
		_, h := p.owner(int(i))
		_, k := p.owner(int(j))
		return cmp.Or(cmp.Compare(h.ID, k.ID), cmp.Compare(p.list.at(int(i)).sum, p.list.at(int(j)).sum), cmp.Compare(i, j))
	})
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
