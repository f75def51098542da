package logons

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// A Session is the span between a log-on and its end.
type Session struct {
	ID         string // stable: a hash of host, boot, log-on id and begin
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
}

// Duration is the length of the session, 0 while it is open.
func (s *Session) Duration() time.Duration {
	if s.End.IsZero() {
		return 0
	}
	return s.End.Sub(s.Begin)
}

// logonKey is a log-on id of one machine. Ids start again at each boot, so a key
// has one session for each boot.
type logonKey struct {
	host string
	id   uint64
}

// A begun is a session by the time at which one of its log-on ids began.
type begun struct {
	at time.Time
	s  *Session
}

func reason(r *rawAttempt) string {
	if r.outcome != Failure {
		return ""
	}
	return events.StatusText("0x" + strconv.FormatUint(r.status, 16))
}

// sessions builds sessions of log-ons and of Remote Desktop.
func (a *Analysis) sessions(marks []mark, counted map[countKey][]int64) {
	slices.SortStableFunc(marks, func(x, y mark) int {
		return cmp.Or(x.time.Compare(y.time), cmp.Compare(x.host, y.host), cmp.Compare(x.ref.Channel, y.ref.Channel),
			cmp.Compare(x.ref.Number, y.ref.Number))
	})
	boots := map[string][]boot{}
	for i := range marks {
		if m := &marks[i]; m.kind == markBoot || m.kind == markStop {
			boots[m.host] = append(boots[m.host], boot{m.time, m.kind == markStop})
		}
	}
	for _, at := range a.Attempts {
		if at.Kind == "logon" && at.Outcome == Success && !fixedID(at.LogonID) {
			a.begin(at)
		}
	}
	for i := range marks {
		a.apply(&marks[i])
	}
	a.count(counted)
	a.terminals(marks)
	seen := map[*Session]bool{} // both halves of an elevated log-on are one
	for _, list := range a.byLogon {
		for _, b := range list {
			if !seen[b.s] {
				seen[b.s] = true
				a.Sessions = append(a.Sessions, b.s)
			}
		}
	}
	a.notices(marks)
	for _, s := range a.Sessions {
		s.close(boots[s.Host.Names[0]])
		s.ID = s.id()
		if s.Privileged {
			s.Account.Privileged = true
		}
	}
	slices.SortFunc(a.Sessions, func(x, y *Session) int {
		return cmp.Or(x.Begin.Compare(y.Begin), cmp.Compare(x.Host.ID, y.Host.ID), cmp.Compare(x.ID, y.ID))
	})
}

// id is made of what each record of the begin shows, so that it does not depend
// on what else was read.
func (s *Session) id() string {
	n := s.LogonID
	if s.Kind != "logon" {
		n = s.SessionID
	}
	sum := sha256.Sum256([]byte(s.Host.Names[0] + "\x00" + strconv.FormatUint(n, 16) + "\x00" + s.Kind + "\x00" +
		s.Begin.Format(time.RFC3339Nano)))
	return hex.EncodeToString(sum[:8])
}

// A boot is a start or stop of a machine.
type boot struct {
	at   time.Time
	stop bool
}

func (a *Analysis) begin(at *Attempt) {
	key := logonKey{at.Host.Names[0], at.LogonID}
	s := &Session{
		Host: at.Host, Account: at.Account, Type: at.Type, Kind: "logon", Source: at.Source, Begin: at.Time, LogonID: at.LogonID,
		Linked:  at.Linked,
		Process: at.Process, BeginRef: at.Ref,
	}
	at.Session = s
	// The two halves of one elevated log-on are one session.
	if at.Linked != 0 {
		if other := a.last(logonKey{key.host, at.Linked}, at.Time); other != nil && other.Linked == at.LogonID &&
			at.Time.Sub(other.Begin) < time.Minute {
			at.Session = other
			a.byLogon[key] = append(a.byLogon[key], begun{at.Time, other})
			return
		}
	}
	a.byLogon[key] = append(a.byLogon[key], begun{at.Time, s})
}

// last returns the session of a log-on id that had begun at a time.
func (a *Analysis) last(key logonKey, at time.Time) *Session {
	list := a.byLogon[key] // by time, as the attempts are
	i, _ := slices.BinarySearchFunc(list, at, func(b begun, at time.Time) int {
		if b.at.After(at) {
			return 1
		}
		return -1
	})
	if i == 0 {
		return nil
	}
	return list[i-1].s
}

// SessionOf returns the session that a log-on id of a machine means at a time,
// or nil.
func (a *Analysis) SessionOf(host string, id uint64, at time.Time) *Session {
	if fixedID(id) {
		return nil
	}
	s := a.last(logonKey{HostKey(host), id}, at)
	if s == nil || !s.End.IsZero() && at.After(s.End.Add(time.Minute)) {
		return nil
	}
	return s
}

// SessionAt returns the session that a record of an event log belongs to: by the
// log-on id that the record names, or by the record itself where it names only
// the session of the terminal services. It returns nil where none is known.
func (a *Analysis) SessionAt(host string, id uint64, at time.Time, record string) *Session {
	if s := a.byRecord[record]; s != nil {
		return s
	}
	if s := a.SessionOf(host, id, at); s != nil {
		return s
	}
	// Windows may write of a log-on just before it records it.
	s := a.SessionOf(host, id, at.Add(markSlack))
	if s == nil || s.Begin.Before(at) {
		return nil
	}
	return s
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
	s := a.last(logonKey{m.host, m.id}, m.time.Add(markSlack))
	if s == nil {
		return
	}
	switch m.kind {
	case markEnd:
		if s.End.IsZero() {
			s.End, s.EndKind, s.EndRef = m.time, "logoff", m.ref
		} else if s.EndKind == "user" {
			s.End, s.EndRef = m.time, m.ref // the end itself, after the user's wish
		}
	case markUserEnd:
		s.End, s.EndKind, s.EndRef = m.time, "user", m.ref
	case markPrivileged:
		s.Privileged = true
	case markLock:
		s.Locks++
	case markRDPBack:
		s.Reconnects = append(s.Reconnects, m.time)
	}
}

// count adds up what happened in each session, by its times in nanoseconds.
func (a *Analysis) count(counted map[countKey][]int64) {
	for k, times := range counted {
		for _, t := range times {
			s := a.last(logonKey{k.host, k.id}, time.Unix(0, t).Add(markSlack))
			switch {
			case s == nil:
			case k.kind == markProcess:
				s.Processes++
			default:
				s.Changes++
			}
		}
	}
}

// close ends sessions whose end the log does not hold.
func (s *Session) close(boots []boot) {
	i, _ := slices.BinarySearchFunc(boots, s.Begin, func(b boot, at time.Time) int {
		if b.at.After(at) {
			return 1
		}
		return -1
	})
	if i < len(boots) && (s.End.IsZero() || s.End.After(boots[i].at.Add(time.Minute))) {
		// A log-on id of another boot is another session.
		s.End, s.EndKind, s.EndRef = boots[i].at, "reboot", Ref{}
		if boots[i].stop {
			s.EndKind = "shutdown"
		}
	}
	if s.End.IsZero() {
		s.EndKind = "open"
	}
}

// terminals builds sessions from the events of the terminal services, where
// the Security log has no log-on for them.
func (a *Analysis) terminals(marks []mark) {
	type key struct {
		host string
		id   uint64
	}
	open := map[key]*Session{}
	for i := range marks {
		m := &marks[i]
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
		if s := open[k]; s != nil && m.ref.ID != "" && m.kind.terminal() && strings.EqualFold(m.ref.Channel, lsm) {
			a.byRecord[m.ref.ID] = s
		}
		switch m.kind {
		case markRDPGone:
			if s := open[k]; s != nil && m.id < 1<<32 {
				s.End, s.EndKind, s.EndRef = m.time, "disconnect", m.ref
			}
		case markRDPBack:
			if s := open[k]; s != nil {
				s.Reconnects = append(s.Reconnects, m.time)
				s.End, s.EndKind, s.EndRef = time.Time{}, "", Ref{}
			}
		case markRDPEnd:
			if s := open[k]; s != nil {
				s.End, s.EndKind, s.EndRef = m.time, "logoff", m.ref
				delete(open, k)
			}
		}
	}
}

// terminal begins a session of the terminal services, or finds the log-on that
// it belongs to: of the same account on the same machine within ten seconds.
func (a *Analysis) terminal(m *mark) *Session {
	acc := a.ids.account(m.account, m.host)
	i, _ := slices.BinarySearchFunc(a.Attempts, m.time.Add(-chainSpan), func(x *Attempt, t time.Time) int { return x.Time.Compare(t) })
	for ; i < len(a.Attempts) && !a.Attempts[i].Time.After(m.time.Add(chainSpan)); i++ {
		x := a.Attempts[i]
		if s := x.Session; s != nil && x.Host.Names[0] == m.host && x.Account == acc &&
			(x.Type == 10 || x.Type == 2 || x.Type == 11 || x.Type == 12) && s.SessionID == 0 {
			s.SessionID = m.id
			return s
		}
	}
	s := &Session{Host: a.ids.host(m.host), Account: acc, Type: -1, Kind: "rdp", Begin: m.time, SessionID: m.id, BeginRef: m.ref}
	if s.Account == nil {
		s.Account = a.ids.named(`?\`, true)
	}
	s.Source = s.Host
	if m.address != "" && !isLocal(m.address) && !strings.EqualFold(m.address, "local") {
		s.Source = a.ids.byAddress(m.address, m.time)
	}
	a.Sessions = append(a.Sessions, s)
	return s
}
