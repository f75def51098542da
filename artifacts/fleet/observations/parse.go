package observations

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A scanner reads the members of a line in the order in which they are written.
type scanner struct {
	b  []byte
	ok bool
}

// parse reads a line of the usual form; false leaves it to the general reader.
func (o *Observation) parse(line []byte) bool {
	s := scanner{bytes.TrimRight(line, "\n"), utf8.Valid(line)}
	was := *o // lines that follow each other have much in common
	*o = Observation{}
	s.skip(`{"kind":`)
	o.Kind = s.text(was.Kind)
	s.skip(`,"key":`)
	o.Key = s.text("")
	s.skip(`,"host":`)
	o.Host = s.text(was.Host)
	if s.has(`,"first":`) {
		o.First = s.text(was.First)
	}
	if s.has(`,"last":`) {
		o.Last = s.text(o.First)
	}
	s.skip(`,"count":`)
	o.Count = s.number()
	if s.has(`,"level":`) {
		o.Level = s.text(was.Level)
	}
	if s.has(`,"where":`) {
		o.Where = s.text("")
	}
	if s.has(`,"ids":[`) {
		for {
			o.IDs = append(o.IDs, s.text(""))
			if !s.has(",") {
				break
			}
		}
		s.skip("]")
	}
	s.skip("}")
	return s.ok && len(s.b) == 0
}

func (s *scanner) has(prefix string) bool {
	if s.ok && len(s.b) >= len(prefix) && string(s.b[:len(prefix)]) == prefix {
		s.b = s.b[len(prefix):]
		return true
	}
	return false
}

func (s *scanner) skip(prefix string) { s.ok = s.has(prefix) }

func (s *scanner) number() int64 {
	n := 0
	for n < len(s.b) && '0' <= s.b[n] && s.b[n] <= '9' {
		n++
	}
	v, err := strconv.ParseInt(string(s.b[:n]), 10, 64)
	s.ok, s.b = s.ok && err == nil && (n == 1 || s.b[0] != '0'), s.b[n:]
	return v
}

// text reads a text with no escapes but those of backslash and quote. Where it
// is the same as an old one, that is returned.
func (s *scanner) text(old string) string {
	if !s.has(`"`) {
		s.ok = false
		return ""
	}
	escaped := 0
	for i := 0; i < len(s.b); i++ {
		switch c := s.b[i]; {
		case c == '"':
			raw := s.b[:i]
			s.b = s.b[i+1:]
			if escaped == 0 {
				if string(raw) == old {
					return old
				}
				return string(raw)
			}
			return unescape(raw, escaped)
		case c < ' ':
			s.ok = false
			return ""
		case c == '\\':
			if i++; i >= len(s.b) || s.b[i] != '\\' && s.b[i] != '"' {
				s.ok = false
				return ""
			}
			escaped++
		}
	}
	s.ok = false
	return ""
}

func unescape(raw []byte, escaped int) string {
	var b strings.Builder
	b.Grow(len(raw) - escaped)
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' {
			i++
		}
		b.WriteByte(raw[i])
	}
	return b.String()
}
