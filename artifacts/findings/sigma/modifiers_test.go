package sigma

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// matches judges one event by one detection.
func matches(t *testing.T, detection string, fields ...string) bool {
	t.Helper()
	return len(hits(load(t, nil, rule(detection)), process(fields...))) == 1
}

// TestBase64Offset holds the three texts to what Base64 does: whatever stands
// before and behind the value, one of them is in the encoded data.
func TestBase64Offset(t *testing.T) {
	for _, value := range []string{"http://", "IEX", "abcd", "powershell -enc", "éa+/="} {
		three := offsets(value)
		for before := range 7 {
			for after := range 4 {
				data := strings.Repeat("\xa7", before) + value + strings.Repeat("\x19", after)
				enc := base64.StdEncoding.EncodeToString([]byte(data))
				if !slices.ContainsFunc(three, func(s string) bool { return strings.Contains(enc, s) }) {
					t.Errorf("%q after %d bytes and before %d is in none of %q: %s", value, before, after, three, enc)
				}
			}
		}
		// And none is in what does not hold the value.
		for _, other := range []string{"", "ftp://example", strings.Repeat("x", 50)} {
			enc := base64.StdEncoding.EncodeToString([]byte(other))
			if i := slices.IndexFunc(three, func(s string) bool { return strings.Contains(enc, s) }); i >= 0 {
				t.Errorf("%q is found in the Base64 of %q by %q", value, other, three[i])
			}
		}
	}
}

// TestEncodings are worked values: PowerShell encodes its commands in UTF-16,
// little-endian.
func TestEncodings(t *testing.T) {
	for _, c := range []struct {
		how  []string
		want string
	}{
		{[]string{"base64"}, "SUVY"},
		{[]string{"wide"}, "I\x00E\x00X\x00"},
		{[]string{"utf16be"}, "\x00I\x00E\x00X"},
		{[]string{"utf16"}, "\xff\xfeI\x00E\x00X\x00"},
		{[]string{"wide", "base64"}, "SQBFAFgA"},
	} {
		if got := encoded("IEX", c.how); len(got) != 1 || got[0] != c.want {
			t.Errorf("%v gives %q, want %q", c.how, got, c.want)
		}
	}
	if s := loadAny(t, nil, rule("  a: {CommandLine|base64: 'a*'}\n  condition: a")); len(s.Skipped()) != 1 || !strings.Contains(s.Skipped()[0].Reason, "wildcards") {
		t.Errorf("a wildcard that is encoded: %v", s.Skipped())
	}
	if matches(t, "  a: {CommandLine|base64|contains: 'foo'}\n  condition: a", "CommandLine", "foo") {
		t.Error("the text itself is taken for its encoded form")
	}
}

// TestDashes: an option begins where no letter is before the dash and one is
// behind it; three options are changed at most.
func TestDashes(t *testing.T) {
	if got := dashes("-f"); !slices.Contains(got, "/f") || !slices.Contains(got, "–f") || !slices.Contains(got, "—f") || !slices.Contains(got, "―f") || !slices.Contains(got, "-f") {
		t.Errorf("-f has the forms %q", got)
	}
	if got := dashes("/a -b"); !slices.Contains(got, "-a /b") {
		t.Errorf("two options have the forms %q", got)
	}
	for _, s := range []string{"well-known", "a - b", "-", "--", "C:/x"[2:3]} {
		if got := dashes(s); len(got) != 1 || got[0] != s {
			t.Errorf("%q has no option, and the forms %q", s, got)
		}
	}
	seen := map[string]bool{}
	for _, s := range dashes("-a -b -c -d -e") {
		seen[s] = true
		if !strings.HasSuffix(s, " -d -e") {
			t.Errorf("more than three options are changed: %q", s)
		}
	}
	if len(seen) != 125 {
		t.Errorf("three options have %d forms, want 5 by 5 by 5", len(seen))
	}
}

// TestLists: a list is any of its values, with |all each of them, and with |neq
// none of them.
func TestLists(t *testing.T) {
	for _, c := range []struct {
		detection, image string
		want             bool
	}{
		{"{Image: [x, y]}", "y", true},
		{"{Image: [x, y]}", "z", false},
		{"{Image|neq: [x, y]}", "x", false},
		{"{Image|neq: [x, y]}", "y", false},
		{"{Image|neq: [x, y]}", "z", true},
		{"{Image|neq: x}", "x", false},
		{"{Image|neq|contains: [x, y]}", "ay", false},
		{"{Image|contains|all: [x, y]}", "yx", true},
		{"{Image: []}", "x", false},
	} {
		if got := matches(t, "  a: "+c.detection+"\n  condition: a", "Image", c.image); got != c.want {
			t.Errorf("%s for %q: %v, want %v", c.detection, c.image, got, c.want)
		}
	}
}

// TestNumbersAndTimes: numbers in both spellings of event logs, and parts of
// times in UTC.
func TestNumbersAndTimes(t *testing.T) {
	for _, c := range []struct {
		detection, value string
		want             bool
	}{
		{"{F|gt: 10}", "11", true}, {"{F|gt: 10}", "10", false}, {"{F|gte: 10}", "10", true}, {"{F|lt: 10}", "9.5", true},
		{"{F|lte: 16}", "0x10", true}, {"{F|gt: 16}", "0x10", false}, {"{F|gt: 1}", "many", false}, {"{F|lt: 1}", "", false},
		{"{F|hour: 23}", "2026-03-06T23:59:59Z", true},
		{"{F|hour: 22}", "2026-03-06T23:59:59+01:00", true},
		{"{F|minute: 59}", "2026-03-06 23:59:59.123", true},
		{"{F|day: 6}", "2026-03-06 23:59:59", true},
		{"{F|month: 3}", "2026-03-06 23:59:59", true},
		{"{F|year: 2026}", "2026-03-06 23:59:59", true},
		{"{F|week: 10}", "2026-03-06 23:59:59", true},
		{"{F|week: 53}", "2027-01-01 00:00:00", true}, // of the year before
		{"{F|hour: 3}", "yesterday", false},
	} {
		if got := matches(t, "  a: "+c.detection+"\n  condition: a", "F", c.value); got != c.want {
			t.Errorf("%s for %q: %v, want %v", c.detection, c.value, got, c.want)
		}
	}
}

// TestNetworks: single addresses, both versions, and text that is not an address.
func TestNetworks(t *testing.T) {
	for _, c := range []struct {
		network, address string
		want             bool
	}{
		{"192.0.2.7", "192.0.2.7", true}, {"192.0.2.7", "192.0.2.8", false}, {"192.0.2.9/24", "192.0.2.200", true},
		{"2001:db8::/32", "2001:db8:1::5", true}, {"2001:db8::/32", "2001:db9::", false}, {"10.0.0.0/8", "fileserver", false}, {"10.0.0.0/8", " 10.1.1.1 ", true},
	} {
		if got := matches(t, "  a: {Ip|cidr: '"+c.network+"'}\n  condition: a", "Ip", c.address); got != c.want {
			t.Errorf("%s holds %q: %v, want %v", c.network, c.address, got, c.want)
		}
	}
	if s := loadAny(t, nil, rule("  a: {Ip|cidr: 10.0.0.0/99}\n  condition: a")); len(s.Skipped()) != 1 {
		t.Errorf("a network that is none: %v", s.Skipped())
	}
}

// TestManyPlaceholders: values are multiplied, within a bound.
func TestManyPlaceholders(t *testing.T) {
	opts := &Options{Placeholders: map[string][]string{"a": {"1", "2"}, "b": {"x", "y"}, "many": make([]string, 200)}}
	got, err := expand("%a%-%b%", opts)
	if slices.Sort(got); err != nil || !slices.Equal(got, []string{"1-x", "1-y", "2-x", "2-y"}) {
		t.Errorf("two placeholders give %q, %v", got, err)
	}
	if _, err := expand("%many%%many%", opts); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("40,000 values give %v", err)
	}
	if got, err := expand("100% of it", opts); err != nil || len(got) != 1 || got[0] != "100% of it" {
		t.Errorf("a percent sign gives %q, %v", got, err)
	}
}

// TestConditions: words in any case, precedence, and shared items.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		condition string
		want      map[string]bool // by image
	}{
		{"A OR b", nil}, // names regard case, words do not
		{"a OR b", map[string]bool{"a": true, "b": true, "c": false}},
		{"NOT a AND NOT b", map[string]bool{"a": false, "b": false, "c": true}},
		{"not (a or b)", map[string]bool{"a": false, "b": false, "c": true}},
		{"not not a", map[string]bool{"a": true, "b": false}},
		{"any of them", map[string]bool{"a": true, "b": true, "c": false}},
		{"All of them", map[string]bool{"a": false}},
		{"1 of a*", map[string]bool{"a": true, "b": false}},
		{"(a)or(b)", map[string]bool{"b": true, "c": false}},
	} {
		s := loadAny(t, nil, rule("  a: {Image: a}\n  b: {Image: b}\n  condition: "+c.condition))
		if c.want == nil {
			if len(s.Skipped()) != 1 {
				t.Errorf("%q is judged", c.condition)
			}
			continue
		}
		for image, want := range c.want {
			if got := len(hits(s, process("Image", image))) == 1; got != want {
				t.Errorf("%q for %s: %v, want %v; skipped %v", c.condition, image, got, want, s.Skipped())
			}
		}
	}
}

// TestTimeSpans of correlation rules have one unit.
func TestTimeSpans(t *testing.T) {
	for s, want := range map[string]time.Duration{"30s": 30 * time.Second, "5m": 5 * time.Minute, "2h": 2 * time.Hour, "7d": 168 * time.Hour} {
		if got, err := parseSpan(s); err != nil || got != want {
			t.Errorf("%s is %s, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "m", "5", "0m", "-5m", "1h30m", "5x", "1.5h", "99999d", "5 m x"} {
		if got, err := parseSpan(s); err == nil {
			t.Errorf("%q is %s", s, got)
		}
	}
}

// TestComparisonsOfCounts: each operator, and several at once.
func TestComparisonsOfCounts(t *testing.T) {
	base := "title: t\nname: a\nid: a\nlogsource: {product: windows, category: process_creation}\ndetection: {a: {Image: a}, condition: a}"
	count := func(condition string, n int) int {
		s := load(t, nil, base, "title: c\nid: c\ncorrelation: {type: event_count, rules: [a], timespan: 1h, condition: {"+condition+"}}")
		m, k := s.NewMatcher(), s.NewCorrelator()
		for i := range n {
			e := process("Image", "a")
			e.Time = e.Time.Add(time.Duration(i) * time.Second)
			m.Match(e, func(r *Rule) bool { k.Add(r, e, i); return true })
		}
		return len(k.Report())
	}
	for _, c := range []struct {
		condition string
		n         int
		want      bool
	}{
		{"gte: 3", 2, false}, {"gte: 3", 3, true}, {"gt: 3", 3, false}, {"gt: 3", 4, true}, {"eq: 2", 1, false}, {"gte: 2, lt: 5", 1, false}, {"gte: 2, lt: 5", 3, true}, {"neq: 1", 1, false},
	} {
		if got := count(c.condition, c.n) > 0; got != c.want {
			t.Errorf("%d hits and {%s}: %v, want %v", c.n, c.condition, got, c.want)
		}
	}
}

// TestEventsWithoutTheField belong to no group, and count as no value.
func TestEventsWithoutTheField(t *testing.T) {
	base := "title: t\nname: a\nid: a\nlogsource: {product: windows, category: process_creation}\ndetection: {a: {Image: a}, condition: a}"
	report := func(doc string, users ...string) []string {
		s := load(t, nil, base, "title: c\nid: c\ncorrelation: "+doc)
		m, k := s.NewMatcher(), s.NewCorrelator()
		for i, u := range users {
			e := process("Image", "a", "User", u)
			e.Time = e.Time.Add(time.Duration(i) * time.Second)
			m.Match(e, func(r *Rule) bool { k.Add(r, e, i); return true })
		}
		var out []string
		for _, x := range k.Report() {
			out = append(out, fmt.Sprint(x.Format(), " ", x.Refs))
		}
		return out
	}
	values := "{type: value_count, rules: [a], timespan: 1m, condition: {gte: 2, field: User}}"
	if got := report(values, "bob", "", "bob"); len(got) != 0 {
		t.Errorf("one name and nothing are two values: %q", got)
	}
	if got := report(values, "bob", "", "eve"); !slices.Equal(got, []string{"2 hits in 2s [0 2]"}) {
		t.Errorf("two names and nothing give %q", got)
	}
	groups := "{type: event_count, rules: [a], group-by: [User], timespan: 1m, condition: {gte: 2}}"
	if got := report(groups, "", "", "bob"); len(got) != 0 {
		t.Errorf("events without the field are a group: %q", got)
	}
	// Each hit is part of at most one result.
	if got := report(groups, "bob", "bob", "bob", "bob"); len(got) != 1 || !strings.HasPrefix(got[0], "4 hits") {
		t.Errorf("four hits give %q", got)
	}
}
