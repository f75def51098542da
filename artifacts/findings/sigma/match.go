package sigma

import "slices"

// A tri is a value of three-valued logic.
type tri uint8

const (
	isFalse tri = iota
	isTrue
	isUnknown
)

// A Matcher judges events by the rules of a [Set]. It reuses its memory and is
// not safe for concurrent use.
type Matcher struct {
	set     *Set
	sources map[sourceKey]*source
	events  []*groupState // by group
	fields  []Field
	buf     []byte

	// Unjudged counts, by rule, the events on which a condition was unknown.
	Unjudged map[*Rule]int
}

// sourceKey is what the groups that an event is judged by depend on.
type sourceKey struct{ channel, id, category string }

// A source is the groups for one kind of event, and how its fields are renamed.
type source struct {
	groups []int
	more   func(*Event, []Field) []Field // fields under the names of Sigma's categories
}

// A groupState is the working memory for one group.
type groupState struct {
	g      *group
	names  map[string]int32 // field index by name as events write it, -1 for none
	values [][]string       // by field
	stamp  []uint32         // by test: the event in which it was found
	listed []uint32         // by rule: the event in which it became worth judging
	queue  []int32
	now    uint32
	event  *Event
}

// maxNames bounds the cached names of fields; hostile logs can have many.
const maxNames = 4096

// NewMatcher returns a matcher for the rules of the set.
func (s *Set) NewMatcher() *Matcher {
	m := &Matcher{set: s, sources: map[sourceKey]*source{}, Unjudged: map[*Rule]int{}}
	for _, g := range s.groups {
		m.events = append(m.events, &groupState{
			g: g, names: map[string]int32{}, values: make([][]string, len(g.fields)),
			stamp: make([]uint32, len(g.tests)), listed: make([]uint32, len(g.rules)),
		})
	}
	return m
}

// maxSources bounds the cached kinds of events.
const maxSources = 1 << 16

// source returns the groups for a kind of event.
func (m *Matcher) source(e *Event) *source {
	key := sourceKey{e.Channel, e.ID, e.Category}
	if s, ok := m.sources[key]; ok {
		return s
	}
	in := sourceOf(e)
	s := &source{more: in.fields}
	for i, g := range m.set.groups {
		if in.fits(g.source) {
			s.groups = append(s.groups, i)
		}
	}
	if len(m.sources) < maxSources {
		m.sources[key] = s
	}
	return s
}

// Match calls yield for each rule whose condition is true for the event, in no
// particular order, until yield returns false.
func (m *Matcher) Match(e *Event, yield func(*Rule) bool) {
	src := m.source(e)
	if len(src.groups) == 0 {
		return
	}
	m.fields = append(m.fields[:0], e.Fields...)
	m.fields = append(m.fields, Field{"EventID", e.ID}, Field{"Channel", e.Channel}, Field{"Provider_Name", e.Provider})
	if src.more != nil {
		m.fields = src.more(e, m.fields)
	}
	for _, i := range src.groups {
		if !m.judge(m.events[i], e, yield) {
			return
		}
	}
}

// judge runs the rules of one group.
func (m *Matcher) judge(s *groupState, e *Event, yield func(*Rule) bool) bool {
	s.begin(e)
	for i := range m.fields {
		s.add(&m.fields[i])
	}
	for i, f := range s.g.fields {
		if f.auto == nil {
			continue
		}
		for _, v := range s.values[i] {
			m.buf = fold(m.buf[:0], v)
			s.search(f.auto, m.buf, v)
		}
	}
	for _, i := range s.g.always {
		s.list(i)
	}
	for _, i := range s.queue {
		r := s.g.rules[i]
		switch s.eval(r.cond) {
		case isTrue:
			if !yield(r.rule) {
				return false
			}
		case isUnknown:
			m.Unjudged[r.rule]++
		}
	}
	return true
}

func (s *groupState) begin(e *Event) {
	s.event = e
	s.queue = s.queue[:0]
	if s.now++; s.now == 0 { // after 4 billion events
		clear(s.stamp)
		clear(s.listed)
		s.now = 1
	}
	for i := range s.values {
		s.values[i] = s.values[i][:0]
	}
}

// add files a field's value under the tests that ask for it.
func (s *groupState) add(f *Field) {
	s.values[0] = append(s.values[0], f.Value)
	i, ok := s.names[f.Name]
	if !ok {
		if i, ok = s.g.index[fieldKey(f.Name)]; !ok || i == 0 {
			i = -1
		}
		if len(s.names) < maxNames {
			s.names[f.Name] = i
		}
	}
	if i > 0 {
		s.values[i] = append(s.values[i], f.Value)
	}
}

// search marks the tests whose text a value holds.
func (s *groupState) search(a *automaton, folded []byte, value string) {
	a.find(folded, func(end int, ids []int32) {
		for _, id := range ids {
			if s.stamp[id] == s.now || !s.g.tests[id].verify(end, folded, value) {
				continue
			}
			s.stamp[id] = s.now
			for _, r := range s.g.needs[id] {
				s.list(r)
			}
		}
	})
}

// list makes a rule worth judging.
func (s *groupState) list(rule int32) {
	if s.listed[rule] != s.now {
		s.listed[rule] = s.now
		s.queue = append(s.queue, rule)
	}
}

// eval judges a condition.
func (s *groupState) eval(n *node) tri {
	switch n.op {
	case opTest:
		return s.holds(n.id)
	case opNot:
		switch s.eval(n.kids[0]) {
		case isTrue:
			return isFalse
		case isFalse:
			return isTrue
		}
		return isUnknown
	case opAnd:
		out := isTrue
		for _, k := range n.kids {
			switch s.eval(k) {
			case isFalse:
				return isFalse
			case isUnknown:
				out = isUnknown
			}
		}
		return out
	}
	out := isFalse
	for _, k := range n.kids {
		switch s.eval(k) {
		case isTrue:
			return isTrue
		case isUnknown:
			out = isUnknown
		}
	}
	return out
}

// holds judges one test.
func (s *groupState) holds(id int32) tri {
	if s.stamp[id] == s.now {
		return isTrue
	}
	t := s.g.tests[id]
	if carries := s.event.Carries; carries != nil {
		if t.field == "" || !carries(t.name) && len(s.values[s.g.index[t.field]]) == 0 {
			return isUnknown
		}
	}
	if t.kind.searched() && t.lit != "" {
		return isFalse
	}
	values := s.values[s.g.index[t.field]]
	switch t.kind {
	case testExists:
		return truth(len(values) > 0)
	case testNull:
		for _, v := range values {
			if v != "" {
				return isFalse
			}
		}
		return isTrue
	case testRef:
		for _, v := range values {
			for _, o := range s.values[s.g.index[t.ref]] {
				if t.refers(v, o) {
					return isTrue
				}
			}
		}
		return isFalse
	case testGlob: // of wildcards only
		if slices.ContainsFunc(values, t.glob.match) {
			return isTrue
		}
		return isFalse
	}
	if slices.ContainsFunc(values, t.holds) {
		return isTrue
	}
	return isFalse
}

func truth(b bool) tri {
	if b {
		return isTrue
	}
	return isFalse
}
