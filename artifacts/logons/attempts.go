package logons

import (
	"cmp"
	"time"
)

// A shape is what many attempts share.
type shape struct {
	host                   string // key
	account, actor         rawAccount
	address, name, dest    string
	outcome                Outcome
	kind                   string
	typ, keyLen            int16
	eventID                uint32
	auth, process, service string
	provider, channel      string
	status, enc            uint64
}

// A tried is an attempt: what it shares with others is its shape.
type tried struct {
	stub
	logon, linked uint64
	source        uint32 // index of the host, once identities are known
	session       uint32 // that it began, or the first half of the log-on: 1 + index
}

// attempts are all attempts of an analysis.
type attempts struct {
	list   *paged[tried]
	shapes shapes[shape]
	ids    *recordIDs

	facts   []facts // by shape
	hosts   []*Host
	said    map[uint32]said
	session func(i int) *Session
}

// facts are what a shape means.
type facts struct {
	host, dest     *Host
	account, actor *Account
	reason         string
}

// said is what findings say of an attempt.
type said struct {
	rules []string
	level string
}

// add packs an attempt.
func (l *attempts) add(a *rawAttempt) {
	a.channel = a.ref.Channel
	n := l.shapes.index(a.shape)
	l.list.add(tried{stub: l.ids.stub(a.time, &a.ref, n), logon: a.logon, linked: a.linked})
}

func (l *attempts) shape(t *tried) *shape { return l.shapes.list.at(int(t.shape)) }

// sort puts the attempts into the order of time.
func (l *attempts) sort() {
	l.list.sort(func(x, y *tried) int {
		if c := x.moment().compare(y.moment()); c != 0 {
			return c
		}
		s, t := l.shape(x), l.shape(y)
		return cmp.Or(cmp.Compare(s.host, t.host), cmp.Compare(s.channel, t.channel), cmp.Compare(x.number, y.number))
	})
}

// resolve gives each attempt its accounts and machines. It goes by time: accounts
// are named as they are met first.
func (l *attempts) resolve(ids *identities) {
	l.facts = make([]facts, l.shapes.list.n)
	for i := range l.list.n {
		t := l.list.get(i)
		s, f := l.shape(&t), &l.facts[t.shape]
		if f.host == nil {
			*f = ids.facts(s)
		}
		from := f.host
		if s.dest == "" || s.address != "" || s.name != "" { // a gateway knows where its clients are
			from = ids.source(s, t.time())
		}
		t.source = from.number
		l.list.set(i, t)
	}
	l.hosts = ids.list
}

func (l *attempts) ref(t *tried, id bool) Ref {
	r := Ref{Channel: l.shape(t).channel, Number: t.number}
	if id {
		r.ID = l.ids.text(t.id, t.nsec)
	}
	return r
}

// refAt is the record of an attempt.
func (l *attempts) refAt(i int) Ref {
	t := l.list.get(i)
	return l.ref(&t, true)
}

// fill makes an attempt. Its record has no id unless it is wanted.
func (l *attempts) fill(i int, x *Attempt, id bool) {
	t := l.list.get(i)
	s, f := l.shape(&t), &l.facts[t.shape]
	*x = Attempt{
		Time: t.time(), Host: f.host, Account: f.account, Actor: f.actor, Source: l.hosts[t.source],
		Address: s.address, Name: s.name, Dest: f.dest, Outcome: s.outcome, Provider: s.provider,
		Kind: s.kind, Type: int(s.typ), Auth: s.auth, Status: s.status, Reason: f.reason, LogonID: t.logon, Linked: t.linked,
		Process: s.process, KeyLen: int(s.keyLen), Service: s.service, Encrypt: s.enc, EventID: s.eventID, Ref: l.ref(&t, id),
		in: l, index: uint32(i), session: t.session,
	}
	if len(l.said) > 0 {
		w := l.said[x.index]
		x.Findings, x.Level = w.rules, w.level
	}
}

func (l *attempts) series(id bool) Series[Attempt] {
	s := l.list.s
	return Series[Attempt]{l.list.n, func(i int, x *Attempt) bool {
		ok := s.read(func() { l.fill(i, x, id) })
		if !ok {
			*x = lostAttempt
		}
		return ok
	}}
}

// Session returns the session that an attempt belongs to, or nil.
func (a *Attempt) Session() *Session {
	if a.session == 0 {
		return nil
	}
	return a.in.session(int(a.session) - 1)
}

// Judge notes what findings say of an attempt: the rules, and the level of the worst.
func (a *Attempt) Judge(rules []string, level string) {
	a.Findings, a.Level = rules, level
	if a.in == nil {
		return
	}
	if a.in.said == nil {
		a.in.said = map[uint32]said{}
	}
	a.in.said[a.index] = said{rules, level}
}

// search returns the number of attempts before a time.
func (l *attempts) search(at time.Time) int {
	want := momentOf(at)
	return l.list.search(func(t tried) bool { return t.moment().compare(want) < 0 })
}

// tries are the attempts, whose records need have no ids.
func (a *Analysis) tries() Series[Attempt] {
	if a.attempts == nil {
		return a.Attempts
	}
	return a.attempts.series(false)
}
