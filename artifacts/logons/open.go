package logons

import (
	"iter"
	"math"
	"time"
)

// An OpenSessions finds the sessions that were open at a time, among some of an analysis.
type OpenSessions struct {
	a     *Analysis
	list  *paged[openSpan] // by begin
	pages []openPage
}

// An openSpan is when a session was open, in seconds.
type openSpan struct {
	begin, end int64 // the end of one that stayed open is that of the zero time
	session    uint32
}

// An openPage is the first begin and the last end of one page.
type openPage struct{ begin, end int64 }

// OpenSessions returns the sessions that keep chooses.
func (a *Analysis) OpenSessions(keep func(*Session) bool) *OpenSessions {
	o := &OpenSessions{a: a}
	if a.scratch == nil {
		return o
	}
	o.list = newPaged(a.scratch, openForm)
	for i, s := range a.Sessions.All() {
		if keep(s) {
			a.scratch.read(func() { o.add(openSpan{s.Begin.Unix(), s.End.Unix(), uint32(i)}) })
		}
	}
	return o
}

func (o *OpenSessions) add(s openSpan) {
	if o.list.n%pageLen == 0 {
		o.pages = append(o.pages, openPage{s.begin, math.MinInt64})
	}
	o.list.add(s)
	p := &o.pages[len(o.pages)-1]
	if s.end == noTime {
		p.end = math.MaxInt64
	}
	p.end = max(p.end, s.end)
}

// Close lets go of the list. Nothing is open after it.
func (o *OpenSessions) Close() {
	if o.list != nil {
		o.list.drop()
	}
	o.pages = nil
}

// At yields the sessions that were open at a time, by begin. Each belongs to the caller.
func (o *OpenSessions) At(at time.Time) iter.Seq[*Session] {
	return func(yield func(*Session) bool) {
		sec := at.Unix()
		var near []uint32
		for k, p := range o.pages {
			if p.begin > sec {
				return
			}
			if p.end < sec {
				continue
			}
			near = o.near(near[:0], k, sec)
			for _, i := range near {
				s := o.a.Sessions.At(int(i))
				if s.Begin.After(at) {
					return
				}
				if (s.End.IsZero() || !at.After(s.End)) && !yield(s) {
					return
				}
			}
		}
	}
}

// near appends the sessions of a page that were open in a second.
func (o *OpenSessions) near(list []uint32, page int, sec int64) []uint32 {
	o.a.scratch.read(func() {
		for i := page * pageLen; i < min((page+1)*pageLen, o.list.n); i++ {
			if s := o.list.get(i); s.begin <= sec && (s.end >= sec || s.end == noTime) {
				list = append(list, s.session)
			}
		}
	})
	return list
}
