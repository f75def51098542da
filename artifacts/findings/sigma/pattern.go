package sigma

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A pattern is a value with wildcards: its runes, and the two below.
type pattern []rune

const (
	anyText rune = -1 // *
	anyRune rune = -2 // ?
)

// parsePattern reads a value. A backslash makes a wildcard or a backslash after
// it literal, and is literal before any other character.
func parsePattern(s string) pattern {
	var p pattern
	rs := []rune(s)
	for i := 0; i < len(rs); i++ {
		switch c := rs[i]; {
		case c == '\\' && i+1 < len(rs) && (rs[i+1] == '*' || rs[i+1] == '?' || rs[i+1] == '\\'):
			i++
			p = append(p, rs[i])
		case c == '*':
			if len(p) == 0 || p[len(p)-1] != anyText {
				p = append(p, anyText)
			}
		case c == '?':
			p = append(p, anyRune)
		default:
			p = append(p, c)
		}
	}
	return p
}

// literal is the pattern of a text without wildcards.
func literal(s string) pattern {
	p := make(pattern, 0, len(s))
	for i := 0; i < len(s); { // bytes that are not UTF-8 stay bytes of Latin-1
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			r = rune(s[i])
		}
		p = append(p, r)
		i += n
	}
	return p
}

// plain returns the text of a pattern without wildcards.
func (p pattern) plain() (string, bool) {
	for _, r := range p {
		if r < 0 {
			return "", false
		}
	}
	return string(p), true
}

func (p pattern) wrap(before, after bool) pattern {
	if before && (len(p) == 0 || p[0] != anyText) {
		p = append(pattern{anyText}, p...)
	}
	if after && (len(p) == 0 || p[len(p)-1] != anyText) {
		p = append(p[:len(p):len(p)], anyText)
	}
	return p
}

// folded returns the pattern in the letters of [fold].
func (p pattern) folded() pattern {
	out := make(pattern, len(p))
	for i, r := range p {
		if r >= 0 {
			r = foldRune(r)
		}
		out[i] = r
	}
	return out
}

// longest returns the longest text between wildcards.
func (p pattern) longest() string {
	best, start := pattern(nil), 0
	for i := 0; i <= len(p); i++ {
		if i < len(p) && p[i] >= 0 {
			continue
		}
		if i-start > len(best) {
			best = p[start:i]
		}
		start = i + 1
	}
	return string(best)
}

// match reports whether a text matches as a whole. The last * takes as little
// as it can, so the time is at most the product of both lengths.
func (p pattern) match(s string) bool {
	i, star, mark := 0, -1, 0
	for at := 0; at < len(s); {
		r, n := utf8.DecodeRuneInString(s[at:])
		switch {
		case i < len(p) && (p[i] == anyRune || p[i] == r):
			i++
			at += n
		case i < len(p) && p[i] == anyText:
			star, mark = i, at
			i++
		case star >= 0:
			_, n := utf8.DecodeRuneInString(s[mark:])
			mark += n
			i, at = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == anyText {
		i++
	}
	return i == len(p)
}

// fold appends s in lower case, rune by rune, so that it compares without
// regard to case.
func fold(dst []byte, s string) []byte {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 'A' && c <= 'Z' {
				c += 'a' - 'A'
			}
			dst = append(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		dst = utf8.AppendRune(dst, foldRune(r))
		i += n
	}
	return dst
}

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return unicode.ToLower(r)
}

// fieldKey is the form in which names of fields compare: without blanks, since
// event logs write "Threat Name" where rules write ThreatName, in lower case,
// and of the path of an element below UserData only its last name.
func fieldKey(name string) string {
	b := fold(nil, name[strings.LastIndexByte(name, '/')+1:])
	out := b[:0]
	for _, c := range b {
		if c != ' ' {
			out = append(out, c)
		}
	}
	return string(out)
}
