package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A start is one start of a program.
type start struct {
	t    time.Time
	p    *program
	r    *row
	name string
}

// starts returns the starts of these programs, in order of time.
func (x *look) starts(names map[string]string) []start {
	var out []start
	for _, p := range x.programs {
		name, ok := names[p.base]
		if !ok {
			continue
		}
		for _, r := range p.rows {
			for _, t := range r.runs() {
				out = append(out, start{t, p, r, name})
			}
		}
	}
	slices.SortFunc(out, func(a, b start) int {
		return cmp.Or(a.t.Compare(b.t), cmp.Compare(a.name, b.name), cmp.Compare(a.p.key, b.p.key), cmp.Compare(a.r.n, b.r.n))
	})
	return out
}

// bursts joins starts that follow each other within the span to groups with at
// least n different names.
func bursts(list []start, span time.Duration, n int) [][]start {
	var out [][]start
	inside := map[string]int{} // names in the window list[i:j]
	j, end := 0, 0             // end of the last group, in list
	for i := range list {
		for j < len(list) && list[j].t.Sub(list[i].t) <= span {
			inside[list[j].name]++
			j++
		}
		if len(inside) >= n {
			if len(out) > 0 && i < end {
				out[len(out)-1] = append(out[len(out)-1], list[end:j]...)
			} else {
				out = append(out, slices.Clone(list[i:j]))
			}
			end = j
		}
		if inside[list[i].name]--; inside[list[i].name] == 0 {
			delete(inside, list[i].name)
		}
	}
	return out
}

// burst reports one group of starts as an activity.
func (x *look) burst(what string, level Level, group []start) {
	var names []string
	var rows []*row
	seen := map[*row]bool{}
	for _, s := range group {
		if !slices.Contains(names, s.name) {
			names = append(names, s.name)
		}
		if !seen[s.r] {
			seen[s.r] = true
			rows = append(rows, s.r)
		}
	}
	from, to := group[0].t, group[len(group)-1].t
	show := what + " at " + from.UTC().Format("2006-01-02 15:04")
	x.hit(subject{kind: kindActivity, key: what + " " + from.UTC().Format(time.RFC3339Nano), show: show}, level,
		"%s: %s between %s and %s (%s)", strings.Join(names, ", "), plural(len(group), "start"),
		from.UTC().Format(secondsOnly), to.UTC().Format(secondsOnly), to.Sub(from).Round(time.Second)).from(rows...).between(from, to)
}

// plural is a count with its word.
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// dubiousStarts are the times at which tools or programs in bad places
// started, sorted.
func (s *scene) dubiousStarts() []time.Time {
	if s.dubious == nil {
		s.dubious = s.findDubiousStarts()
	}
	return s.dubious
}

func (s *scene) findDubiousStarts() []time.Time {
	out := []time.Time{}
	for _, p := range s.programs {
		t := s.t.toolNamed(p.stem)
		bad := p.place != nil && p.place.level >= High && !s.installer(p) || t != nil && t.level >= Medium && !anyGlob(t.except, p.parts)
		if !bad {
			continue
		}
		for _, r := range p.rows {
			out = append(out, r.runs()...)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// within reports whether one of the sorted times lies between two.
func within(times []time.Time, from, to time.Time) bool {
	i, _ := slices.BinarySearchFunc(times, from, time.Time.Compare)
	return i < len(times) && !times[i].After(to)
}
