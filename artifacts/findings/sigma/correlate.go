package sigma

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Correlation counts the hits of other rules (sigma-specification,
// "Sigma Correlation Rules").
type Correlation struct {
	Type     string   // event_count, value_count, temporal, temporal_ordered
	Names    []string // ids or names of the rules that are counted
	GroupBy  []string
	Span     time.Duration
	Compare  []Compare // of the count; all must hold
	Field    string    // of value_count
	Aliases  map[string]map[string]string
	Generate bool // the counted rules fire on their own, too

	base []*Rule
}

// A Compare is one condition on a count: "gte" 10.
type Compare struct {
	Op    string
	Count int
}

func parseCorrelation(n *yaml.Node) (*Correlation, error) {
	c := &Correlation{Type: text(child(n, "type")), Names: texts(child(n, "rules")), GroupBy: texts(child(n, "group-by"))}
	c.Generate = text(child(n, "generate")) == "true"
	switch c.Type {
	case "event_count", "value_count", "temporal", "temporal_ordered":
	default:
		return nil, wrong(n, "correlation type %q: not judged", c.Type)
	}
	if len(c.Names) == 0 || len(c.Names) > 100 {
		return nil, wrong(n, "correlation of %d rules", len(c.Names))
	}
	var err error
	if c.Span, err = parseSpan(text(child(n, "timespan"))); err != nil {
		return nil, wrong(n, "correlation: %v", err)
	}
	if err := c.parseCondition(child(n, "condition")); err != nil {
		return nil, err
	}
	if a := child(n, "aliases"); a != nil && a.Kind == yaml.MappingNode {
		c.Aliases = map[string]map[string]string{}
		for i := 0; i+1 < len(a.Content); i += 2 {
			by := map[string]string{}
			for j, m := 0, follow(a.Content[i+1]); m.Kind == yaml.MappingNode && j+1 < len(m.Content); j += 2 {
				by[m.Content[j].Value] = text(follow(m.Content[j+1]))
			}
			c.Aliases[a.Content[i].Value] = by
		}
	}
	return c, nil
}

func (c *Correlation) parseCondition(n *yaml.Node) error {
	if n == nil {
		if strings.HasPrefix(c.Type, "temporal") {
			return nil
		}
		return wrong(n, "correlation has no condition")
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, text(follow(n.Content[i+1]))
		switch key {
		case "field":
			c.Field = v
		case "lt", "lte", "gt", "gte", "eq", "neq":
			k, err := strconv.Atoi(v)
			if err != nil {
				return wrong(n, "correlation condition %s: %q", key, v)
			}
			c.Compare = append(c.Compare, Compare{key, k})
		default:
			return wrong(n, "correlation condition %q: not judged", key)
		}
	}
	if c.Type == "value_count" && c.Field == "" {
		return wrong(n, "value_count names no field")
	}
	if len(c.Compare) == 0 && !strings.HasPrefix(c.Type, "temporal") {
		return wrong(n, "correlation compares with no number")
	}
	return nil
}

func (c *Correlation) holds(count int) bool {
	for _, x := range c.Compare {
		ok := false
		switch x.Op {
		case "lt":
			ok = count < x.Count
		case "lte":
			ok = count <= x.Count
		case "gt":
			ok = count > x.Count
		case "gte":
			ok = count >= x.Count
		case "eq":
			ok = count == x.Count
		case "neq":
			ok = count != x.Count
		}
		if !ok {
			return false
		}
	}
	return true
}

// maxCounted bounds the hits that are kept for one correlation rule.
const maxCounted = 200_000

// A Correlator collects the hits of rules that correlation rules count. Hits
// may come in any order of time.
type Correlator struct {
	set  *Set
	kept map[*Rule][]counted

	// Dropped counts, by correlation rule, hits beyond what is kept.
	Dropped map[*Rule]int
}

type counted struct {
	at    time.Time
	group string
	base  int
	value string
	ref   any
}

// A Correlated is one group and span of time in which a correlation rule's
// condition holds.
type Correlated struct {
	Rule        *Rule
	Group       []Field // the values that the hits have in common
	First, Last time.Time
	Count       int
	Refs        []any // of the hits, as they were given to Add
}

// NewCorrelator returns a correlator for the rules of the set.
func (s *Set) NewCorrelator() *Correlator {
	return &Correlator{set: s, kept: map[*Rule][]counted{}, Dropped: map[*Rule]int{}}
}

// Counted reports whether a correlation rule counts the hits of the rule.
func (s *Set) Counted(r *Rule) bool { return len(s.bases[r]) > 0 }

// Add takes in one hit. ref comes back in [Correlated.Refs].
func (c *Correlator) Add(r *Rule, e *Event, ref any) {
	for _, corr := range c.set.bases[r] {
		k := corr.Correlation
		if len(c.kept[corr]) >= maxCounted {
			c.Dropped[corr]++
			continue
		}
		h := counted{at: e.Time, base: slices.Index(k.base, r), ref: ref}
		var group []string
		complete := true
		for _, g := range k.GroupBy {
			v, ok := eventValue(e, k.fieldOf(g, r))
			group, complete = append(group, v), complete && ok
		}
		if !complete {
			continue // an event without the field belongs to no group
		}
		h.group = strings.Join(group, "\x00")
		if k.Field != "" {
			var ok bool
			if h.value, ok = eventValue(e, k.fieldOf(k.Field, r)); !ok {
				continue // no value to count
			}
		}
		c.kept[corr] = append(c.kept[corr], h)
	}
}

// fieldOf resolves an alias for one of the counted rules.
func (c *Correlation) fieldOf(name string, r *Rule) string {
	if by, ok := c.Aliases[name]; ok {
		return cmp.Or(by[r.Name], by[r.ID], name)
	}
	return name
}

func eventValue(e *Event, name string) (string, bool) {
	key := fieldKey(name)
	for _, f := range e.Fields {
		if fieldKey(f.Name) == key {
			return f.Value, f.Value != ""
		}
	}
	return "", false
}

// Report returns where the correlation rules hold, in the order of rules, then
// of time. Each hit is part of at most one result of a rule.
func (c *Correlator) Report() []Correlated {
	var out []Correlated
	for _, r := range c.set.correls {
		hits := c.kept[r]
		slices.SortStableFunc(hits, func(a, b counted) int { return cmp.Or(cmp.Compare(a.group, b.group), a.at.Compare(b.at)) })
		var found []Correlated
		for len(hits) > 0 {
			n := 1
			for n < len(hits) && hits[n].group == hits[0].group {
				n++
			}
			found = append(found, r.windows(hits[:n])...)
			hits = hits[n:]
		}
		slices.SortStableFunc(found, func(a, b Correlated) int { return a.First.Compare(b.First) })
		out = append(out, found...)
	}
	return out
}

// windows finds the spans of one group in which the condition holds. A span
// that holds is extended while the next hit keeps it true.
func (r *Rule) windows(hits []counted) []Correlated {
	c := r.Correlation
	var out []Correlated
	w := newWindow(c)
	from := 0
	for to := 0; to < len(hits); to++ {
		for from < to && hits[to].at.Sub(hits[from].at) > c.Span {
			w.remove(&hits[from])
			from++
		}
		w.add(&hits[to])
		if !w.holds(hits[to].at) {
			continue
		}
		end := to + 1
		for end < len(hits) && hits[end].at.Sub(hits[from].at) <= c.Span {
			w.add(&hits[end])
			if !w.holds(hits[end].at) {
				break
			}
			end++
		}
		out = append(out, r.correlated(hits[from:end]))
		w, from, to = newWindow(c), end, end-1
	}
	return out
}

func (r *Rule) correlated(hits []counted) Correlated {
	x := Correlated{Rule: r, First: hits[0].at, Last: hits[len(hits)-1].at, Count: len(hits)}
	if by := r.Correlation.GroupBy; len(by) > 0 {
		for i, v := range strings.Split(hits[0].group, "\x00") {
			x.Group = append(x.Group, Field{by[i], v})
		}
	}
	for _, h := range hits {
		x.Refs = append(x.Refs, h.ref)
	}
	return x
}

// A window counts the hits in one span.
type window struct {
	c      *Correlation
	n      int
	values map[string]int
	seen   map[int]int
	chain  []time.Time // of temporal_ordered, by rule: the latest start of a row of hits that ends with it
}

func newWindow(c *Correlation) *window {
	return &window{c: c, values: map[string]int{}, seen: map[int]int{}, chain: make([]time.Time, len(c.base))}
}

func (w *window) add(h *counted) {
	w.n++
	w.seen[h.base]++
	if w.c.Field != "" {
		w.values[h.value]++
	}
	switch {
	case h.base == 0:
		w.chain[0] = h.at
	case h.base > 0 && !w.chain[h.base-1].IsZero():
		w.chain[h.base] = w.chain[h.base-1]
	}
}

func (w *window) remove(h *counted) {
	w.n--
	if w.seen[h.base]--; w.seen[h.base] == 0 {
		delete(w.seen, h.base)
	}
	if w.c.Field != "" {
		if w.values[h.value]--; w.values[h.value] == 0 {
			delete(w.values, h.value)
		}
	}
}

// holds reports whether the condition is met when the hit at time at is the last one.
func (w *window) holds(at time.Time) bool {
	switch w.c.Type {
	case "value_count":
		return w.c.holds(len(w.values))
	case "temporal":
		if len(w.c.Compare) > 0 {
			return w.c.holds(len(w.seen))
		}
		return len(w.seen) == len(w.c.base)
	case "temporal_ordered":
		start := w.chain[len(w.chain)-1]
		return !start.IsZero() && at.Sub(start) <= w.c.Span
	}
	return w.c.holds(w.n)
}

// Format describes what was counted: "5 hits in 2m30s, TargetUserName: bob".
func (x *Correlated) Format() string {
	var s strings.Builder
	s.WriteString(fmt.Sprintf("%d hits in %s", x.Count, x.Last.Sub(x.First).Round(time.Second)))
	for _, g := range x.Group {
		s.WriteString(fmt.Sprintf(", %s: %s", g.Name, g.Value))
	}
	return s.String()
}
