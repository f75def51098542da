package events_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// part is one record of a script block.
func part(number uint64, id string, n, total int, text string, level uint8) events.Event {
	return events.Event{Record: events.Record{
		Number: number, ID: 4104, Level: level, Channel: "Microsoft-Windows-PowerShell/Operational", Provider: "Microsoft-Windows-PowerShell",
		Data: events.Pairs{
			{Name: "MessageNumber", Value: fmt.Sprint(n)}, {Name: "MessageTotal", Value: fmt.Sprint(total)},
			{Name: "ScriptBlockText", Value: text}, {Name: "ScriptBlockId", Value: id}, {Name: "Path"},
		},
	}}
}

// told is what a test looks at of an event.
func told(list ...events.Event) []string {
	var out []string
	for i := range list {
		e := &list[i]
		s := fmt.Sprintf("%d %s %s %q level %d", e.Number, e.Get("ScriptBlockId"), e.Get("MessageNumber"), e.Get("ScriptBlockText"), e.Level)
		if e.Script != nil {
			s += fmt.Sprintf(" records %s missing %q apart %q", e.Records, e.Missing, e.Apart)
		}
		out = append(out, s)
	}
	return out
}

// TestJoiner joins parts in any order, and says which are missing.
func TestJoiner(t *testing.T) {
	for name, c := range map[string]struct {
		in   []events.Event
		want []string
	}{
		"single": {[]events.Event{part(1, "a", 1, 1, "x", 5)}, []string{`1 a 1 "x" level 5`}},
		"whole, between others, out of order, with a warning": {
			[]events.Event{
				part(1, "a", 2, 3, "two ", 3), part(2, "b", 1, 2, "B", 5), part(3, "a", 1, 3, "one ", 5), part(4, "c", 1, 1, "c", 5),
				part(5, "a", 3, 3, "three", 5), part(6, "b", 2, 2, "b", 5),
			},
			[]string{
				`4 c 1 "c" level 5`, `3 a 1-3 "one two three" level 3 records 3, 1, 5 missing "" apart ""`,
				`2 b 1-2 "Bb" level 5 records 2, 6 missing "" apart ""`,
			},
		},
		"missing": {
			[]events.Event{part(7, "a", 2, 6, "2", 5), part(8, "a", 3, 6, "3", 5), part(9, "a", 5, 6, "5", 5)},
			[]string{`7 a 2-3, 5 "235" level 5 records 7-9 missing "1, 4, 6" apart ""`},
		},
		"the same block twice": {
			[]events.Event{part(1, "a", 1, 2, "x", 5), part(2, "a", 1, 2, "x", 5), part(3, "a", 2, 2, "y", 5)},
			[]string{`1 a 1 "x" level 5 records 1 missing "2" apart ""`, `2 a 1-2 "xy" level 5 records 2-3 missing "" apart ""`},
		},
		"numbers that make no sense": {
			[]events.Event{part(1, "a", 0, 2, "x", 5), part(2, "a", 3, 2, "x", 5), part(3, "", 1, 2, "x", 5), part(4, "a", 1, 1<<31-1, "y", 5)},
			[]string{
				`1 a 0 "x" level 5`, `2 a 3 "x" level 5`, `3  1 "x" level 5`, `4 a 1 "y" level 5 records 4 missing "2-2147483647" apart ""`,
			},
		},
	} {
		var j events.Joiner
		var out []events.Event
		for _, e := range c.in {
			out = append(out, j.Add(e)...)
		}
		if diff := cmp.Diff(c.want, told(append(out, j.End()...)...)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

// TestJoinerLimits: what a joiner holds is bounded, and no part is lost.
func TestJoinerLimits(t *testing.T) {
	const parts, size = 200, 64 << 10
	var j events.Joiner
	var out []events.Event
	for i := range parts {
		out = append(out, j.Add(part(uint64(i+1), "long", i+1, parts, strings.Repeat("x", size), 5))...)
	}
	for i := range 1000 { // blocks that never end
		out = append(out, j.Add(part(uint64(parts+i+1), fmt.Sprint(i), 1, 2, "y", 5))...)
	}
	held := j.End()
	if len(held) > 64 {
		t.Errorf("%d blocks were held", len(held))
	}
	bytes, numbers := 0, 0
	for _, e := range append(out, held...) {
		bytes += len(e.Get("ScriptBlockText"))
		numbers += len(e.Numbers())
		if e.Get("ScriptBlockId") == "long" && (e.Missing != "" || e.Apart == "") {
			t.Errorf("parts %s: missing %q, apart %q", e.Get("MessageNumber"), e.Missing, e.Apart)
		}
		if len(e.Get("ScriptBlockText")) > 5<<20 {
			t.Errorf("one event has %d bytes of text", len(e.Get("ScriptBlockText")))
		}
	}
	if bytes != parts*size+1000 || numbers != parts+1000 {
		t.Errorf("%d bytes of %d records came out", bytes, numbers)
	}
	if s := out[0].Summary(); !strings.HasSuffix(s, ")") || !strings.Contains(s, "parts in other rows or missing: ") {
		t.Errorf("the sentence ends in %q", s[len(s)-60:])
	}
}
