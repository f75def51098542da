package sigma

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"
)

// modifiers are what follows a field's name: "CommandLine|contains|all"
// (sigma-specification, appendix "Sigma modifiers").
type modifiers struct {
	all, contains, starts, ends, cased, windash, expand, ref, exists, negate bool

	encode  []string // wide, utf16be, utf16, base64, base64offset in order
	flags   string   // of a regular expression
	re      bool
	cidr    bool
	compare string // lt, lte, gt, gte
	part    string // of a time: minute, hour, day, week, month, year
}

func parseModifiers(key string) (name string, m modifiers, err error) {
	parts := strings.Split(key, "|")
	for _, p := range parts[1:] {
		switch p {
		case "all":
			m.all = true
		case "contains":
			m.contains = true
		case "startswith":
			m.starts = true
		case "endswith":
			m.ends = true
		case "cased":
			m.cased = true
		case "windash":
			m.windash = true
		case "expand":
			m.expand = true
		case "fieldref":
			m.ref = true
		case "exists":
			m.exists = true
		case "neq":
			m.negate = true
		case "wide", "utf16le":
			m.encode = append(m.encode, "wide")
		case "utf16be", "utf16", "base64", "base64offset":
			m.encode = append(m.encode, p)
		case "re":
			m.re = true
		case "i", "m", "s":
			if !m.re {
				return "", m, fmt.Errorf("modifier %s without re", p)
			}
			m.flags += p
		case "cidr":
			m.cidr = true
		case "lt", "lte", "gt", "gte":
			m.compare = p
		case "minute", "hour", "day", "week", "month", "year":
			m.part = p
		default:
			return "", m, fmt.Errorf("unknown modifier %q", p)
		}
	}
	return parts[0], m, nil
}

// test makes the test of one value.
func (m *modifiers) test(name string, v *yaml.Node, opts *Options) (*node, error) {
	t := &test{field: fieldKey(name), name: name, cased: m.cased}
	n, err := m.one(t, v, opts)
	if err == nil && m.negate {
		n = &node{op: opNot, kids: []*node{n}}
	}
	return n, err
}

func (m *modifiers) one(t *test, v *yaml.Node, opts *Options) (*node, error) {
	null := v.Tag == "!!null"
	switch {
	case m.exists:
		t.kind = testExists
		n := t.node()
		if b, err := strconv.ParseBool(v.Value); err != nil {
			return nil, fmt.Errorf("exists: %q is neither true nor false", v.Value)
		} else if !b {
			n = &node{op: opNot, kids: []*node{n}}
		}
		return n, nil
	case null:
		t.kind = testNull
		return t.node(), nil
	case m.part != "":
		t.kind, t.part = testPart, m.part
		f, err := strconv.ParseFloat(v.Value, 64)
		t.number = f
		return t.node(), err
	case m.ref:
		t.kind, t.ref = testRef, fieldKey(v.Value)
		t.starts, t.ends, t.contains = m.starts, m.ends, m.contains
		return t.node(), nil
	case m.re:
		return m.regexp(t, v.Value)
	case m.cidr:
		return m.network(t, v.Value)
	case m.compare != "":
		f, err := strconv.ParseFloat(v.Value, 64)
		t.kind, t.compare, t.number = testNumber, m.compare, f
		return t.node(), err
	}
	values, err := m.values(v.Value, opts)
	if err != nil {
		return nil, err
	}
	any := &node{op: opOr}
	for _, p := range values {
		x := *t
		x.pattern(p, m, t.field == "")
		any.kids = append(any.kids, x.node())
	}
	if len(any.kids) == 1 {
		return any.kids[0], nil
	}
	return any, nil
}

func (m *modifiers) regexp(t *test, s string) (*node, error) {
	if m.flags != "" {
		s = "(?" + m.flags + ")" + s
	}
	re, err := regexp.Compile(s)
	t.kind, t.re = testRegexp, re
	return t.node(), err
}

func (m *modifiers) network(t *test, s string) (*node, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil {
		var a netip.Addr
		if a, err = netip.ParseAddr(s); err == nil {
			p = netip.PrefixFrom(a, a.BitLen())
		}
	}
	t.kind, t.network = testNetwork, p.Masked()
	return t.node(), err
}

// values returns the texts that a value stands for, as patterns.
func (m *modifiers) values(s string, opts *Options) ([]pattern, error) {
	texts := []string{s}
	if m.expand {
		var err error
		if texts, err = expand(s, opts); err != nil {
			return nil, err
		}
	}
	if m.windash {
		var out []string
		for _, t := range texts {
			out = append(out, dashes(t)...)
		}
		texts = out
	}
	var out []pattern
	for _, t := range texts {
		p := parsePattern(t)
		if len(m.encode) == 0 {
			out = append(out, p)
			continue
		}
		plain, ok := p.plain()
		if !ok {
			return nil, errors.New("an encoded value with wildcards")
		}
		for _, e := range encoded(plain, m.encode) {
			out = append(out, literal(e))
		}
	}
	return out, nil
}

var placeholder = regexp.MustCompile(`%[A-Za-z0-9_.-]+%`)

// maxExpanded bounds what placeholders can make of one value.
const maxExpanded = 10_000

func expand(s string, opts *Options) ([]string, error) {
	out := []string{s}
	for range 4 {
		ph := placeholder.FindString(out[0])
		if ph == "" {
			return out, nil
		}
		var list []string
		if opts != nil {
			list = opts.Placeholders[strings.Trim(ph, "%")]
		}
		if len(list) == 0 {
			return nil, fmt.Errorf("no values for the placeholder %s", ph)
		}
		var next []string
		for _, o := range out {
			for _, v := range list {
				if next = append(next, strings.Replace(o, ph, v, 1)); len(next) > maxExpanded {
					return nil, fmt.Errorf("the placeholder %s gives more than %d values", ph, maxExpanded)
				}
			}
		}
		out = next
	}
	return out, nil
}

// dashes returns the forms in which Windows programs take an option: with a
// hyphen, a slash, or one of three other dashes. A dash begins an option where
// no letter is before it and one is after it.
func dashes(s string) []string {
	at := []int{}
	for i := range len(s) {
		if (s[i] == '-' || s[i] == '/') && (i == 0 || !isWord(s[i-1])) && i+1 < len(s) && isWord(s[i+1]) {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return []string{s}
	}
	at = at[:min(len(at), 3)]
	out := []string{s}
	for _, i := range slices.Backward(at) {
		var next []string
		for _, o := range out {
			for _, d := range [...]string{"-", "/", "–", "—", "―"} {
				next = append(next, o[:i]+d+o[i+1:])
			}
		}
		out = next
	}
	return out
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_'
}

// encoded applies the encodings in their order.
func encoded(s string, how []string) []string {
	out := []string{s}
	for _, h := range how {
		var next []string
		for _, o := range out {
			switch h {
			case "wide":
				next = append(next, utf16Bytes(o, false))
			case "utf16be":
				next = append(next, utf16Bytes(o, true))
			case "utf16":
				next = append(next, "\xFF\xFE"+utf16Bytes(o, false))
			case "base64":
				next = append(next, base64.StdEncoding.EncodeToString([]byte(o)))
			case "base64offset":
				next = append(next, offsets(o)...)
			}
		}
		out = next
	}
	return out
}

func utf16Bytes(s string, big bool) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

// offsets returns the three texts of which one is in the Base64 form of any
// data that holds s: s may begin at each of three positions of a group, and the
// characters that its neighbours share are cut off.
func offsets(s string) []string {
	var out []string
	for shift, skip := range [...]int{0, 2, 3} {
		e := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + s))
		end := len(e)
		switch (shift + len(s)) % 3 {
		case 1:
			end -= 3
		case 2:
			end -= 2
		}
		if skip < end {
			out = append(out, e[skip:end])
		}
	}
	return out
}
