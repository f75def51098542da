package search

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A test says whether a text of a row is as wanted.
type test func(string) bool

// contains, begins, equals, glob and matches make tests of a folded text; the text
// of a row is folded when it is asked.
func contains(part string) test { return func(s string) bool { return containsFold(s, part) } }
func begins(part string) test   { return func(s string) bool { return strings.HasPrefix(fold(s), part) } }
func equals(text string) test   { return func(s string) bool { return fold(s) == text } }
func matches(re *regexp.Regexp) test {
	return func(s string) bool { return re.MatchString(fold(s)) }
}

// containsFold reports whether fold(s) contains part. Nearly all texts are ASCII,
// and are compared where they are.
func containsFold(s, part string) bool {
	if part == "" {
		return true
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return strings.Contains(fold(s), part)
		case lower(c) == part[0] && len(s)-i >= len(part) && prefixFold(s[i:], part):
			return true
		}
	}
	return false
}

// prefixFold reports whether s, which is as long as part at least, begins with it,
// as far as both are ASCII.
func prefixFold(s, part string) bool {
	for i := 1; i < len(part); i++ {
		if s[i] >= utf8.RuneSelf || lower(s[i]) != part[i] {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

func anyOf(tests []test) test {
	if len(tests) == 1 {
		return tests[0]
	}
	return func(s string) bool {
		return slices.ContainsFunc(tests, func(t test) bool { return t(s) })
	}
}

// glob matches the whole text: * is any text, ? is one character.
func glob(pattern string) test {
	p := []rune(pattern)
	return func(s string) bool { return globRunes(p, []rune(fold(s))) }
}

func globRunes(p, s []rune) bool {
	i, j, star, mark := 0, 0, -1, 0
	for j < len(s) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == s[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

func wild(s string) bool { return strings.ContainsAny(s, "*?") }

// anywhere is a condition on any text of a row, or on its time.
type anywhere struct {
	test
	when *period // the word is also a time
}

func (a anywhere) match(r *output.Row) bool {
	if a.when != nil && a.when.match(r) {
		return true
	}
	for s := range texts(r) {
		if s != "" && a.test(s) {
			return true
		}
	}
	return false
}

// texts yields all texts of a row, in the order of JSON lines, without its time.
func texts(r *output.Row) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, s := range [...]string{
			r.Kind, r.Message, r.DataType, r.Parser, r.Host, r.User, r.SID, r.Source, r.SHA256, r.Snapshot, r.Path, r.Executable,
			r.Key, r.Value, string(r.Proof), r.ID, string(r.State), r.RecordID, r.Level, r.TimeKind,
		} {
			if !yield(s) {
				return
			}
		}
		for _, list := range [...][]string{r.Tags, r.Rules, r.FindingIDs} {
			for _, s := range list {
				if !yield(s) {
					return
				}
			}
		}
		for _, s := range r.Extras() {
			if !yield(s) {
				return
			}
		}
	}
}

// field is a condition on the texts of one field; an empty text is a text here, so
// that user:"" finds rows without a user.
type field struct {
	of func(r *output.Row, ok func(string) bool) bool
	test
}

func (f field) match(r *output.Row) bool {
	return f.of(r, func(s string) bool { return f.test(s) })
}

// one makes the source of a field that is one text.
func one(get func(*output.Row) string) func(*output.Row, func(string) bool) bool {
	return func(r *output.Row, ok func(string) bool) bool { return ok(get(r)) }
}

// list makes the source of a field that is a list.
func list(get func(*output.Row) []string) func(*output.Row, func(string) bool) bool {
	return func(r *output.Row, ok func(string) bool) bool { return slices.ContainsFunc(get(r), ok) }
}

// paths asks for the program or file that the row is about.
func paths(r *output.Row, ok func(string) bool) bool {
	if ok(pathForm(r.Path)) {
		return true
	}
	for name, s := range r.Extras() {
		if isPathName(name) && ok(pathForm(s)) {
			return true
		}
	}
	return false
}

// isPathName reports whether a field under "extra" is a path.
func isPathName(name string) bool {
	return name != "path_state" && strings.Contains(name, "path") || slices.Contains(pathNames, name)
}

var pathNames = []string{"app", "application", "folder", "image", "program", "resolved", "target"}

// pathForm is the spelling in which paths are compared: backslashes, and nothing
// before the folder of a drive.
func pathForm(s string) string {
	s = strings.ReplaceAll(s, "/", `\`)
	for _, pre := range [...]string{`\??\`, `\\?\`} {
		s = strings.TrimPrefix(s, pre)
	}
	if len(s) >= 2 && s[1] == ':' && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z') {
		s = s[2:]
	}
	return s
}

// hashes asks for the hashes of the row and of its source.
func hashes(r *output.Row, ok func(string) bool) bool {
	if ok(r.SHA256) {
		return true
	}
	for name, s := range r.Extras() {
		if isHashName(name) && ok(s) {
			return true
		}
	}
	return false
}

// isHashName reports whether a field under "extra" is a hash, or a list of hashes.
func isHashName(name string) bool {
	for _, part := range [...]string{"hash", "md5", "sha1", "sha256"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// levels is a condition on the level of a row.
type levels [6]bool

func (l *levels) match(r *output.Row) bool {
	i := slices.Index(levelNames[:], r.Level)
	return i >= 0 && l[i]
}

// levelNames are the levels of findings from the lowest; "" is a row that no
// finding quotes.
var levelNames = [6]string{"", "informational", "low", "medium", "high", "critical"}
