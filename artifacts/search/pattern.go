package search

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// translate turns a pattern of the query language into one for package regexp that
// is matched against folded text.
//
// The language has what RE2 and JavaScript share: . ^ $ | ( ) (?: ) [ ] * + ? {n,m},
// \d \w \s \b and their opposites, \t \n \r \f \v, \xHH, and a backslash before any
// punctuation. A page without RE2 must answer in time too, so that a repeated group
// cannot hold another repetition without a bound.
func translate(pattern string) (string, error) {
	if len(pattern) > maxPattern {
		return "", fmt.Errorf("a regular expression longer than %d bytes", maxPattern)
	}
	p := patternParser{s: pattern}
	if _, err := p.alternatives(0); err != nil {
		return "", err
	}
	if p.i < len(p.s) {
		return "", errors.New("a closing parenthesis without its opening one; write \\)")
	}
	return p.out.String(), nil
}

type patternParser struct {
	s   string
	i   int
	out strings.Builder

	endless int // repetitions without a bound
}

// A part is what decides whether a part of a pattern may be repeated.
type part struct {
	shape
	copies int // of what is inside, the counts multiplied
}

type shape int

const (
	fixed    shape = iota // of one length
	varying               // alternatives, or a repetition with a bound
	endless               // a repetition without a bound
	position              // ^ $ \b: nothing to repeat
)

const (
	maxPattern = 1000
	maxNesting = 20
	maxRepeat  = 100
	maxCopies  = 500
	maxEndless = 4
	fewRepeats = 10 // of a group with repetitions inside
)

func (p *patternParser) more() bool { return p.i < len(p.s) }

func (p *patternParser) alternatives(depth int) (part, error) {
	all := part{copies: 1}
	if depth > maxNesting {
		return all, errors.New("too many parentheses inside each other")
	}
	for {
		for p.more() && p.s[p.i] != '|' && p.s[p.i] != ')' {
			x, err := p.repeated(depth)
			if err != nil {
				return all, err
			}
			if x.shape != position {
				all = part{max(all.shape, x.shape), max(all.copies, x.copies)}
			}
		}
		if !p.more() || p.s[p.i] == ')' {
			return all, nil
		}
		p.i++
		p.out.WriteByte('|')
		all.shape = max(all.shape, varying)
	}
}

// repeated reads an atom and how often it occurs.
func (p *patternParser) repeated(depth int) (part, error) {
	x, err := p.atom(depth)
	if err != nil {
		return x, err
	}
	low, high, ok, err := p.count()
	if err != nil || !ok {
		return x, err
	}
	x.copies *= max(1, low, high)
	switch {
	case x.shape == position:
		return x, errNothing
	case x.shape != fixed && (high < 0 || high > fewRepeats), x.shape == endless && high > 1:
		return x, errors.New("a repeated group cannot hold an alternative or another repetition: a page would be too slow")
	case x.copies > maxCopies:
		return x, fmt.Errorf("repetitions of repetitions come to more than %d", maxCopies)
	}
	p.writeCount(low, high)
	if _, _, again, _ := p.count(); again {
		return x, errors.New("two repetitions after each other")
	}
	switch {
	case high < 0:
		x.shape = endless
		if p.endless++; p.endless > maxEndless {
			return x, fmt.Errorf("more than %d repetitions without a bound: a page would be too slow", maxEndless)
		}
	case low != high:
		x.shape = max(x.shape, varying)
	}
	return x, nil
}

var errNothing = errors.New("nothing to repeat before * + ? or {")

func (p *patternParser) writeCount(low, high int) {
	switch {
	case high < 0 && low == 0:
		p.out.WriteByte('*')
	case high < 0 && low == 1:
		p.out.WriteByte('+')
	case high < 0:
		fmt.Fprintf(&p.out, "{%d,}", low)
	default:
		fmt.Fprintf(&p.out, "{%d,%d}", low, high)
	}
}

// count reads * + ? {n} {n,} {n,m}, each with a ? that changes nothing for us. A
// high of -1 is without a bound.
func (p *patternParser) count() (low, high int, ok bool, err error) {
	if !p.more() {
		return 0, 0, false, nil
	}
	switch p.s[p.i] {
	case '*':
		high = -1
	case '+':
		low, high = 1, -1
	case '?':
		high = 1
	case '{':
		n := braces(p.s[p.i:])
		if n == 0 {
			return 0, 0, false, nil
		}
		first, second, two := strings.Cut(p.s[p.i+1:p.i+n-1], ",")
		low, _ = strconv.Atoi(first)
		high = low
		if two {
			if high = -1; second != "" {
				high, _ = strconv.Atoi(second)
			}
		}
		if low > maxRepeat || high > maxRepeat || high >= 0 && high < low {
			return 0, 0, false, fmt.Errorf("%s: want at most %d, the smaller number first", p.s[p.i:p.i+n], maxRepeat)
		}
		p.i += n - 1
	default:
		return 0, 0, false, nil
	}
	p.i++
	if p.more() && p.s[p.i] == '?' {
		p.i++
	}
	return low, high, true, nil
}

// braces returns the length of {n}, {n,} or {n,m} at the begin of s, or 0: any other
// brace is a character.
func braces(s string) int {
	i := 1
	digits := func() int {
		n := 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
			n++
		}
		return n
	}
	if n := digits(); n == 0 || n > 4 {
		return 0
	}
	if i < len(s) && s[i] == ',' {
		i++
		if digits() > 4 {
			return 0
		}
	}
	if i < len(s) && s[i] == '}' {
		return i + 1
	}
	return 0
}

func (p *patternParser) atom(depth int) (part, error) {
	one := part{fixed, 1}
	switch c := p.s[p.i]; c {
	case '*', '+', '?':
		return one, errNothing
	case '{':
		if braces(p.s[p.i:]) > 0 {
			return one, errNothing
		}
	case '^', '$':
		p.i++
		p.out.WriteString(map[byte]string{'^': `\A`, '$': `\z`}[c])
		return part{position, 1}, nil
	case '.':
		p.i++
		p.out.WriteString(`[^\n]`)
		return one, nil
	case '(':
		return p.group(depth)
	case '[':
		p.i++
		return one, p.class()
	case '\\':
		if p.i+1 < len(p.s) && (p.s[p.i+1] == 'b' || p.s[p.i+1] == 'B') {
			p.out.WriteString(p.s[p.i : p.i+2])
			p.i += 2
			return part{position, 1}, nil
		}
	}
	r, set, err := p.character()
	if err != nil {
		return one, err
	}
	if set != "" {
		p.out.WriteString("[" + set + "]")
	} else {
		p.rune(foldRune(r))
	}
	return one, nil
}

func (p *patternParser) group(depth int) (x part, err error) {
	p.i++
	if strings.HasPrefix(p.s[p.i:], "?") {
		if !strings.HasPrefix(p.s[p.i:], "?:") {
			return x, errors.New("of the groups with (? only (?: is known")
		}
		p.i += 2
	}
	p.out.WriteString("(?:")
	x, err = p.alternatives(depth + 1)
	if err != nil {
		return x, err
	}
	if !p.more() {
		return x, errors.New("a parenthesis is not closed; write \\( for the character")
	}
	p.i++
	p.out.WriteByte(')')
	return x, nil
}

// rune writes a character so that it means itself inside and outside of a class.
func (p *patternParser) rune(r rune) { fmt.Fprintf(&p.out, `\x{%X}`, r) }

// sets are the classes with a name, spelled out: \s of JavaScript has more spaces.
var sets = map[byte]string{
	'd': `0-9`, 'D': `^0-9`, 'w': `0-9A-Za-z_`, 'W': `^0-9A-Za-z_`, 's': `\t\n\f\r `, 'S': `^\t\n\f\r `,
}

// insideSets are the opposites where they are part of a class.
var insideSets = map[byte]string{
	'D': `\x{0}-\x{2F}\x{3A}-\x{10FFFF}`,
	'W': `\x{0}-\x{2F}\x{3A}-\x{40}\x{5B}-\x{5E}\x{60}\x{7B}-\x{10FFFF}`,
	'S': `\x{0}-\x{8}\x{B}\x{E}-\x{1F}\x{21}-\x{10FFFF}`,
}

// character reads one character, or the name of a set.
func (p *patternParser) character() (r rune, set string, err error) {
	c := p.s[p.i]
	if c != '\\' {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		p.i += n
		return r, "", nil
	}
	if p.i++; !p.more() {
		return 0, "", errors.New("a backslash at the end; write \\\\ for the character")
	}
	c = p.s[p.i]
	p.i++
	switch {
	case sets[c] != "":
		return rune(c), sets[c], nil
	case c == 'x':
		if p.i+2 <= len(p.s) {
			if n, err := strconv.ParseUint(p.s[p.i:p.i+2], 16, 8); err == nil && p.s[p.i] != '+' {
				p.i += 2
				return rune(n), "", nil
			}
		}
		return 0, "", errors.New(`\x wants two hexadecimal digits`)
	case strings.IndexByte("tnrfv", c) >= 0:
		return rune("\t\n\r\f\v"[strings.IndexByte("tnrfv", c)]), "", nil
	case c < utf8.RuneSelf && c > ' ' && c != 0x7F && !alphanumeric(c):
		return rune(c), "", nil
	}
	return 0, "", fmt.Errorf(`%s is not known here; write \\ for a backslash`, strings.ToValidUTF8(p.s[p.i-2:p.i], "\\…"))
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// class reads [...] after its opening bracket.
func (p *patternParser) class() error {
	p.out.WriteByte('[')
	if strings.HasPrefix(p.s[p.i:], "^") {
		p.i++
		p.out.WriteByte('^')
	}
	if strings.HasPrefix(p.s[p.i:], "]") {
		return errors.New("an empty class; write \\] for the character")
	}
	for p.more() && p.s[p.i] != ']' {
		if strings.HasPrefix(p.s[p.i:], "[:") {
			return errors.New("classes such as [:alpha:] are not known; write a-z")
		}
		low, set, err := p.character()
		if err != nil {
			return err
		}
		ranged := strings.HasPrefix(p.s[p.i:], "-") && !strings.HasPrefix(p.s[p.i:], "-]") && p.i+1 < len(p.s)
		switch {
		case set != "" && ranged:
			return errors.New("a range cannot begin with a class")
		case set != "":
			if inside := insideSets[byte(low)]; inside != "" {
				set = inside
			}
			p.out.WriteString(set)
			continue
		}
		high := low
		if ranged {
			p.i++
			if high, set, err = p.character(); err != nil {
				return err
			}
			if set != "" || high < low {
				return errors.New("a range whose end is before its begin")
			}
		}
		p.span(low, high)
	}
	if !p.more() {
		return errors.New("a bracket is not closed; write \\[ for the character")
	}
	p.i++
	p.out.WriteByte(']')
	return nil
}

// span writes a range, and what its characters are folded to.
func (p *patternParser) span(low, high rune) {
	p.rune(low)
	p.out.WriteByte('-')
	p.rune(high)
	for _, run := range foldRuns() {
		first, last, step, add := rune(run[0]), rune(run[1]), rune(run[2]), rune(run[3])
		if first < low {
			first += (low - first + step - 1) / step * step
		}
		last = min(last, high)
		if first > last {
			continue
		}
		if step == 1 {
			p.rune(first + add)
			p.out.WriteByte('-')
			p.rune(last + add)
			continue
		}
		for r := first; r <= last; r += step {
			p.rune(r + add)
		}
	}
}
