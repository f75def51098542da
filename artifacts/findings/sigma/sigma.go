// Package sigma judges events by Sigma rules, the exchange format of detection
// rules (sigma-specification 2.1). Rules are compiled once into matchers that
// share one search automaton for each field; then a [Matcher] judges one event
// after the other.
//
// A value that an event cannot carry makes a test unknown, not false, for
// events that say so ([Event.Carries]): "not unknown" is unknown, and only a
// true condition fires. Rules thus run over Prefetch files and registry values
// without claims about command lines that these do not record.
//
// What cannot be compiled is a [Skip] with file, line and reason. It never
// stops the other rules. Regular expressions are those of package regexp, whose
// time is linear in the text.
package sigma

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Rule is what a rule file says of itself.
type Rule struct {
	ID             string
	Name           string // by which correlation rules refer to it
	Title          string
	Description    string
	Author         string
	Level          string // informational, low, medium, high, critical, or ""
	Status         string // stable, test, experimental …
	Tags           []string
	References     []string
	FalsePositives []string
	LogSource      LogSource
	File           string // the file that the rule was read from, as it was named
	Line           int    // of its document in the file, from 1

	Correlation *Correlation // of a correlation rule, else nil
}

// Link returns the address of the rule's file in the public collection when
// its path shows where it belongs there, or its first reference.
func (r *Rule) Link() string {
	if len(r.References) > 0 {
		return r.References[0]
	}
	return ""
}

// Techniques returns the ATT&CK technique ids among the tags, in upper case.
func (r *Rule) Techniques() []string {
	var out []string
	for _, t := range r.Tags {
		if id, ok := strings.CutPrefix(strings.ToLower(t), "attack.t"); ok && id != "" && id[0] >= '0' && id[0] <= '9' {
			out = append(out, "T"+id)
		}
	}
	return out
}

// A LogSource says which events a rule is made for.
type LogSource struct{ Product, Category, Service string }

func (l LogSource) String() string {
	var parts []string
	for _, p := range [...]struct{ name, value string }{{"product", l.Product}, {"category", l.Category}, {"service", l.Service}} {
		if p.value != "" {
			parts = append(parts, p.name+" "+p.value)
		}
	}
	return strings.Join(parts, ", ")
}

// A Skip is a rule that is not judged.
type Skip struct {
	File   string
	Line   int
	Title  string // "" when the file could not be parsed so far
	Reason string
}

func (s Skip) String() string {
	at := s.File
	if s.Line > 0 {
		at += fmt.Sprintf(":%d", s.Line)
	}
	if s.Title != "" {
		at += ": " + s.Title
	}
	return at + ": " + s.Reason
}

// Options change which rules are loaded. The zero value, and nil, mean the
// defaults.
type Options struct {
	// Statuses are the values of a rule's status that are judged; none means
	// stable and test, and rules without a status. "all" means every status but
	// deprecated and unsupported.
	Statuses []string
	// Placeholders are the values of %name% in rules that use the modifier
	// expand.
	Placeholders map[string][]string
}

// takes reports whether rules of a status are judged.
func (o *Options) takes(status string) bool {
	switch status = strings.ToLower(status); {
	case status == "deprecated" || status == "unsupported":
		return o != nil && slices.Contains(o.Statuses, status)
	case o == nil || len(o.Statuses) == 0:
		return status == "" || status == "stable" || status == "test"
	}
	return slices.Contains(o.Statuses, "all") || status == "" || slices.Contains(o.Statuses, status)
}

// An Event is what rules are judged on: a record of an event log, or another
// record in the terms of one.
type Event struct {
	Channel  string
	Provider string
	ID       string // of the event, in decimal
	Time     time.Time
	// Category is the log source category of a record that is not of an event
	// log, such as "process_creation". For event logs it follows from channel
	// and id.
	Category string
	Fields   []Field // in stored order; a name may repeat
	// Carries, where it is set, reports whether a record of this kind can have
	// a field. Tests on other fields are unknown.
	Carries func(field string) bool
}

// A Field is one named value of an event.
type Field struct{ Name, Value string }

// A Hit is a rule whose condition is true.
type Hit struct{ Rule *Rule }
