package logons

import "cmp"

// A markShape is what many marks share.
type markShape struct {
	kind    markKind
	host    string
	account rawAccount
	address string
	channel string
}

// A marked is a mark: what it shares with others is its shape.
type marked struct {
	stub
	logon uint64 // id of a log-on or of a terminal session
}

// marks are all marks of a builder.
type marks struct {
	list   *paged[marked]
	shapes shapes[markShape]
	ids    *recordIDs
}

func (l *marks) add(m *mark) {
	n := l.shapes.index(markShape{m.kind, m.host, m.account, m.address, m.ref.Channel})
	l.list.add(marked{l.ids.stub(m.time, &m.ref, n), m.id})
}

func (l *marks) shape(m *marked) *markShape { return l.shapes.list.at(int(m.shape)) }

// sort puts the marks into the order of time.
func (l *marks) sort() {
	l.list.sort(func(x, y *marked) int {
		if c := x.moment().compare(y.moment()); c != 0 {
			return c
		}
		s, t := l.shape(x), l.shape(y)
		return cmp.Or(cmp.Compare(s.host, t.host), cmp.Compare(s.channel, t.channel), cmp.Compare(x.number, y.number))
	})
}

// all yields the marks in order. A mark is valid until the next one; its record has
// no id.
func (l *marks) all(yield func(*mark) bool) {
	var m mark
	var p marked
	for i := range l.list.n {
		p = l.list.get(i)
		s := l.shape(&p)
		m = mark{p.time(), s.host, s.kind, p.logon, s.account, s.address, Ref{Channel: s.channel, Number: p.number}, &p}
		if !yield(&m) {
			return
		}
	}
}

// A tick is a start or a change in a session: a log can hold millions of them, and
// nothing but their times is kept.
type tick struct {
	at   int64 // nanoseconds
	id   uint64
	host uint32
	kind markKind
}
