package sigma

import (
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A testKind is how a test compares.
type testKind uint8

const (
	testExact    testKind = iota // the text as a whole
	testPrefix                   // the text begins so
	testSuffix                   // the text ends so
	testContains                 // the text holds it
	testGlob                     // the text matches a pattern
	testAny                      // the field has a value
	testEmpty                    // the field is there and empty
	testNull                     // the field is absent or empty
	testExists                   // the field is there
	testRegexp
	testNetwork
	testNumber
	testRef
	testPart
)

// searched reports whether the automaton finds the test's text.
func (k testKind) searched() bool { return k <= testGlob }

// A test compares the values of one field.
type test struct {
	field string // key of the field, "" for all values
	name  string // as the rule writes it
	kind  testKind
	lit   string  // in folded letters: what the automaton looks for
	glob  pattern // of testGlob, and of tests that regard case
	cased bool

	re                     *regexp.Regexp
	network                netip.Prefix
	compare                string
	number                 float64
	ref                    string
	starts, ends, contains bool // of testRef
	part                   string
}

func (t *test) node() *node { return &node{op: opTest, test: t} }

// pattern sets what a text test looks for. A keyword may be anywhere in a value.
func (t *test) pattern(p pattern, m *modifiers, keyword bool) {
	if len(p) == 0 && !keyword {
		t.kind = testEmpty
		return
	}
	p = p.wrap(m.contains || m.ends || keyword, m.contains || m.starts || keyword)
	if !t.cased {
		p = p.folded()
	}
	t.glob = p
	inner, first, last := p, false, false
	if len(inner) > 0 && inner[0] == anyText {
		inner, first = inner[1:], true
	}
	if len(inner) > 0 && inner[len(inner)-1] == anyText {
		inner, last = inner[:len(inner)-1], true
	}
	s, plain := inner.plain()
	switch {
	case len(inner) == 0:
		t.kind = testAny
		return
	case !plain:
		t.kind, s = testGlob, p.longest()
	case first && last:
		t.kind = testContains
	case first:
		t.kind = testSuffix
	case last:
		t.kind = testPrefix
	default:
		t.kind = testExact
	}
	t.lit = string(fold(nil, s))
}

// verify confirms what the automaton found: at is the end of the text in the
// folded value.
func (t *test) verify(at int, folded []byte, value string) bool {
	if t.cased {
		return t.glob.match(value)
	}
	switch t.kind {
	case testPrefix:
		return at == len(t.lit)
	case testSuffix:
		return at == len(folded)
	case testExact:
		return at == len(folded) && at == len(t.lit)
	case testGlob:
		return t.glob.match(string(folded))
	}
	return true
}

// key tells tests apart: equal ones are compiled once.
func (t *test) key() string {
	var b strings.Builder
	b.WriteString(t.field)
	for _, s := range [...]string{strconv.Itoa(int(t.kind)), t.lit, string(patternKey(t.glob)), t.compare, t.ref, t.part,
		t.network.String()} {
		b.WriteByte(0)
		b.WriteString(s)
	}
	if t.re != nil {
		b.WriteString("\x00re" + t.re.String())
	}
	if t.cased {
		b.WriteString("\x00cased")
	}
	if t.kind == testRef {
		b.WriteString(strconv.FormatBool(t.starts) + strconv.FormatBool(t.ends) + strconv.FormatBool(t.contains))
	}
	b.WriteString("\x00" + strconv.FormatFloat(t.number, 'g', -1, 64))
	return b.String()
}

func patternKey(p pattern) []byte {
	var b []byte
	for _, r := range p {
		b = strconv.AppendInt(b, int64(r), 32)
		b = append(b, ',')
	}
	return b
}

// holds compares one value, for tests that the automaton does not find.
func (t *test) holds(v string) bool {
	switch t.kind {
	case testAny:
		return v != ""
	case testEmpty:
		return v == ""
	case testRegexp:
		return t.re.MatchString(v)
	case testNetwork:
		a, err := netip.ParseAddr(strings.TrimSpace(v))
		return err == nil && t.network.Contains(a.Unmap().WithZone(""))
	case testNumber:
		return t.compares(v)
	case testPart:
		at, ok := parseTime(v)
		return ok && float64(timePart(at, t.part)) == t.number
	}
	return false
}

func (t *test) compares(v string) bool {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		n, err := strconv.ParseUint(v, 0, 64) // event logs write some numbers in hexadecimal
		if err != nil {
			return false
		}
		f = float64(n)
	}
	switch t.compare {
	case "lt":
		return f < t.number
	case "lte":
		return f <= t.number
	case "gt":
		return f > t.number
	}
	return f >= t.number
}

// refers compares a value with one of another field.
func (t *test) refers(v, other string) bool {
	if !t.cased {
		v, other = string(fold(nil, v)), string(fold(nil, other))
	}
	switch {
	case t.contains:
		return strings.Contains(v, other)
	case t.starts:
		return strings.HasPrefix(v, other)
	case t.ends:
		return strings.HasSuffix(v, other)
	}
	return v == other
}

func parseTime(v string) (time.Time, bool) {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, v); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func timePart(t time.Time, part string) int {
	switch part {
	case "minute":
		return t.Minute()
	case "hour":
		return t.Hour()
	case "day":
		return t.Day()
	case "week":
		_, w := t.ISOWeek()
		return w
	case "month":
		return int(t.Month())
	}
	return t.Year()
}
