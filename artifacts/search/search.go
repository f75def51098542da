// Package search is the language in which an analyst asks for rows of a timeline.
//
// A query is one line. Its terms are separated by spaces, and a row must satisfy all
// of them:
//
//	mimikatz                a text that any field of the row contains
//	"run count 7"           a text with spaces; "" is a quotation mark
//	/svc[a-z]+\.exe/        a regular expression that any field matches
//	-chrome                 not: a row that does not satisfy the term
//	level:high+             the row's level: high and above
//	proves:executed         what the record proves
//	artifact:prefetch,bam   one of these artifacts
//	host:  user:            machine; account by name or SID
//	path:\tmp\*             program or file; * and ? as in file names
//	hash:3dcd4140           a hash, or its beginning
//	after:  before:         at or after, and before, a time in UTC
//	around:ID±5m            near the row, record or finding with this id
//
// docs/search.md lists all fields. Upper and lower case are equal everywhere.
//
// The viewer's page speaks the same language in JavaScript. Therefore regular
// expressions are limited to what both sides read in the same way, and letters are
// folded one by one, by a table that both sides share ([FoldRuns]).
package search

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Query is a parsed search line. The zero value matches every row.
type Query struct {
	line  string
	terms []term
}

// A SyntaxError is a search line that cannot be read.
type SyntaxError struct {
	Line    string
	Offset  int // of the term in the line, in bytes
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("search %q, at character %d: %s", e.Line, len([]rune(e.Line[:e.Offset]))+1, e.Problem)
}

// A term is one condition. Its methods get rows and texts as they are.
type term struct {
	not bool
	matcher
}

// A matcher is a condition without its negation.
type matcher interface{ match(*output.Row) bool }

// Match reports whether the row satisfies all terms. Terms with around: match
// nothing before [Query.See] has seen the row that they name.
func (q *Query) Match(r *output.Row) bool {
	for _, t := range q.terms {
		if t.match(r) == t.not {
			return false
		}
	}
	return true
}

// String returns the line that the query was parsed from.
func (q *Query) String() string { return q.line }

// Empty reports whether the query matches every row.
func (q *Query) Empty() bool { return len(q.terms) == 0 }

// NeedsTimes reports whether the query names rows by id, with around:. Such a query
// must see all rows once, with [Query.See], before it can match.
func (q *Query) NeedsTimes() bool {
	for _, t := range q.terms {
		if a, ok := t.matcher.(*around); ok && a.id != "" {
			return true
		}
	}
	return false
}

// See lets the query take the times of the rows that around: names.
func (q *Query) See(r *output.Row) {
	for _, t := range q.terms {
		if a, ok := t.matcher.(*around); ok && a.id != "" {
			a.see(r)
		}
	}
}

// Located reports, after all rows were seen, an id of around: that no row has, or
// that is the beginning of several ids.
func (q *Query) Located() error {
	for _, t := range q.terms {
		a, ok := t.matcher.(*around)
		switch {
		case !ok || a.id == "":
		case len(a.ids) == 0:
			return fmt.Errorf("around:%s: no row, record or finding has this id", a.id)
		case len(a.ids) > 1:
			return fmt.Errorf("around:%s: the id is not unique", a.id)
		}
	}
	return nil
}

// around is near the times of a row, a record or a finding, or near one time.
type around struct {
	id    string
	span  int64 // 100 ns
	times []int64
	ids   []string // different ones that begin with id; more than two are not kept
}

func (a *around) see(r *output.Row) {
	named := false
	name := func(id string) {
		if !strings.HasPrefix(id, a.id) {
			return
		}
		named = true
		if slices.Contains(a.ids, id) {
			return
		}
		if len(a.ids) < 2 {
			a.ids = append(a.ids, id)
		}
	}
	name(r.ID)
	name(r.RecordID)
	for _, id := range r.FindingIDs {
		name(id)
	}
	if named {
		a.times = append(a.times, ticks(r.Time))
	}
}

func (a *around) match(r *output.Row) bool {
	if len(a.ids) > 1 {
		return false
	}
	t := ticks(r.Time)
	for _, x := range a.times {
		if t >= x-a.span && t <= x+a.span {
			return true
		}
	}
	return false
}

// period is a span of time: from the first tick up to but without the last.
type period struct{ from, to int64 }

func (p period) match(r *output.Row) bool {
	t := ticks(r.Time)
	return t >= p.from && t < p.to
}

// ticks are 100 ns since 1601.
func ticks(t time.Time) int64 {
	return (t.Unix()+11644473600)*10_000_000 + int64(t.Nanosecond()/100)
}
