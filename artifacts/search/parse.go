package search

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// maxLine bounds a search line: a query is typed or sent in an address.
const maxLine = 8192

// Parse reads a search line. An error is a *[SyntaxError].
func Parse(line string) (*Query, error) { return parse(line, false) }

// ParseExact is Parse for words and expressions that tell upper from lower case. Terms
// on fields do not.
func ParseExact(line string) (*Query, error) { return parse(line, true) }

func parse(line string, exact bool) (*Query, error) {
	q := &Query{line: line}
	if len(line) > maxLine {
		return nil, &SyntaxError{"", 0, fmt.Sprintf("longer than %d bytes", maxLine)}
	}
	for _, t := range tokens(line) {
		t.exact = exact
		m, err := t.matcher()
		if err != nil {
			return nil, &SyntaxError{line, t.at, err.Error()}
		}
		if m != nil {
			q.terms = append(q.terms, term{t.not, m})
		}
	}
	return q, nil
}

// A token is one term as it is written.
type token struct {
	at    int
	not   bool
	field string // lower case, "" for a bare word
	text  string // the word, or the inside of quotation marks or slashes
	form  form
	exact bool // words and expressions tell upper from lower case
}

type form int

const (
	word    form = iota
	quoted       // "…"
	slashed      // /…/
)

// isSpace reports whether a character separates terms: the spaces of a keyboard,
// the Japanese one among them.
func isSpace(r rune) bool {
	return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == 0xA0 || r == 0x3000
}

// tokens splits a line. Every line can be split.
func tokens(line string) []token {
	var out []token
	for i := 0; i < len(line); {
		r, n := utf8.DecodeRuneInString(line[i:])
		if isSpace(r) {
			i += n
			continue
		}
		t := token{at: i}
		if r == '-' && i+1 < len(line) && !startsSpace(line[i+1:]) {
			t.not = true
			i++
		}
		if name, ok := fieldName(line[i:]); ok {
			t.field = fold(name)
			i += len(name) + 1
		}
		i += t.value(line[i:])
		out = append(out, t)
	}
	return out
}

func startsSpace(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return isSpace(r)
}

// fieldName returns the name of a known field in front of a colon.
func fieldName(s string) (string, bool) {
	i := 0
	for i < len(s) && s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' {
		i++
	}
	if i == len(s) || s[i] != ':' {
		return "", false
	}
	_, ok := fields[fold(s[:i])]
	return s[:i], ok
}

// value reads the text of a term and returns how many bytes it is long.
func (t *token) value(s string) int {
	if strings.HasPrefix(s, `"`) {
		if text, n := unquote(s); n > 0 {
			t.text, t.form = text, quoted
			return n
		}
	}
	if n := slashEnd(s); n > 0 {
		t.text, t.form = s[1:n-1], slashed
		return n
	}
	for i, r := range s {
		if isSpace(r) {
			t.text = s[:i]
			return i
		}
	}
	t.text = s
	return len(s)
}

// unquote reads a text in quotation marks. One that is not closed extends to the
// end of the line.
func unquote(s string) (text string, n int) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] != '"':
			b.WriteByte(s[i])
		case i+1 < len(s) && s[i+1] == '"':
			b.WriteByte('"')
			i++
		default:
			return b.String(), i + 1
		}
	}
	return b.String(), len(s)
}

// slashEnd returns the length of a regular expression in slashes at the begin of s,
// or 0: the slash that closes it is before a space or the end of the line, and no
// backslash is before it.
func slashEnd(s string) int {
	if !strings.HasPrefix(s, "/") {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == '/' && (i+1 == len(s) || startsSpace(s[i+1:])):
			if i == 1 {
				return 0
			}
			return i + 1
		}
	}
	return 0
}

// matcher compiles a token. An empty word has none.
func (t *token) matcher() (matcher, error) {
	if t.field != "" {
		return fields[t.field](t)
	}
	if t.form == slashed {
		re, err := t.regexp()
		if err != nil {
			return nil, err
		}
		if t.exact {
			return anywhere{test: re.MatchString}, nil
		}
		return anywhere{test: matches(re)}, nil
	}
	if t.text == "" {
		return nil, nil
	}
	a := anywhere{test: contains(fold(t.text))}
	if t.exact {
		a.test = func(s string) bool { return strings.Contains(s, t.text) }
	}
	if t.form == word && len(t.text) >= len("2026-03") {
		if from, to, err := parseTime(t.text); err == nil {
			a.when = &period{from, to}
		}
	}
	return a, nil
}

// regexp compiles the pattern of a term in slashes.
func (t *token) regexp() (*regexp.Regexp, error) {
	pattern, err := translate(t.text)
	if err != nil {
		return nil, err
	}
	if t.exact && t.field == "" {
		pattern = t.text // the dialect was looked at, and the pattern is not folded
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("/%s/ is too large", t.text)
	}
	return re, nil
}

// words returns the alternatives of a field: a comma separates them, except in
// quotation marks.
func (t *token) words() []string {
	if t.form == quoted {
		return []string{t.text}
	}
	return strings.Split(t.text, ",")
}

// fields are the names before a colon. Their compilers are below.
var fields map[string]func(*token) (matcher, error)

func init() {
	fields = map[string]func(*token) (matcher, error){
		"level":    parseLevel,
		"after":    parseAfter,
		"before":   parseBefore,
		"around":   parseAround,
		"path":     pathField,
		"hash":     textField(contains, hashes),
		"proves":   nameField(one(func(r *output.Row) string { return string(r.Proof) })),
		"artifact": nameField(one(func(r *output.Row) string { return r.Parser })),
		"host":     nameField(one(func(r *output.Row) string { return r.Host })),
		"state":    nameField(one(func(r *output.Row) string { return string(r.State) })),
		"kind":     nameField(one(func(r *output.Row) string { return r.Kind })),
		"type":     nameField(one(func(r *output.Row) string { return r.DataType })),
		"program":  nameField(one(func(r *output.Row) string { return r.Executable })),
		"tag":      nameField(list(func(r *output.Row) []string { return r.Tags })),
		"rule":     nameField(list(func(r *output.Row) []string { return r.Rules })),
		"user": nameField(func(r *output.Row, ok func(string) bool) bool {
			return ok(r.User) || r.SID != "" && ok(r.SID)
		}),
		"id":      textField(begins, one(func(r *output.Row) string { return r.ID })),
		"record":  textField(begins, one(func(r *output.Row) string { return r.RecordID })),
		"finding": textField(begins, list(func(r *output.Row) []string { return r.FindingIDs })),
		"message": textField(contains, one(func(r *output.Row) string { return r.Message })),
		"source":  textField(contains, one(func(r *output.Row) string { return r.Source })),
		"key":     textField(contains, one(func(r *output.Row) string { return r.Key })),
		"value":   textField(contains, one(func(r *output.Row) string { return r.Value })),
	}
}

// nameField makes a field of names: the whole name, any of several, with wildcards.
func nameField(of func(*output.Row, func(string) bool) bool) func(*token) (matcher, error) {
	return func(t *token) (matcher, error) {
		if t.form == slashed {
			return t.regexpField(of)
		}
		var tests []test
		for _, w := range t.words() {
			switch w = fold(w); {
			case t.form == word && w == "":
				return nil, fmt.Errorf("%s: is without a value; %s:\"\" finds empty ones", t.field, t.field)
			case t.form == word && wild(w):
				tests = append(tests, glob(w))
			default:
				tests = append(tests, equals(w))
			}
		}
		return field{of, anyOf(tests)}, nil
	}
}

// textField makes a field of long texts: a part of the text as compare says, or the
// whole of it with wildcards.
func textField(compare func(string) test, of func(*output.Row, func(string) bool) bool) func(*token) (matcher, error) {
	return func(t *token) (matcher, error) {
		w := fold(t.text)
		switch {
		case t.form == slashed:
			return t.regexpField(of)
		case t.form == quoted && w == "":
			return field{of, equals("")}, nil
		case w == "":
			return nil, fmt.Errorf("%s: is without a value; %s:\"\" finds empty ones", t.field, t.field)
		case t.form == word && wild(w):
			return field{of, glob(w)}, nil
		}
		return field{of, compare(w)}, nil
	}
}

func (t *token) regexpField(of func(*output.Row, func(string) bool) bool) (matcher, error) {
	re, err := t.regexp()
	if err != nil {
		return nil, err
	}
	return field{of, matches(re)}, nil
}

// pathField compares paths without their drives.
func pathField(t *token) (matcher, error) {
	x := *t
	if x.form != slashed {
		x.text = pathForm(x.text)
		if x.text == "" && t.text != "" { // a drive alone
			x.text = `\`
		}
	}
	return textField(contains, paths)(&x)
}

func parseLevel(t *token) (matcher, error) {
	var l levels
	for _, w := range t.words() {
		w = fold(w)
		name := strings.TrimRight(w, "+-")
		sign := w[len(name):]
		i := levelIndex(name)
		if i < 0 || len(sign) > 1 || i == 0 && sign != "" {
			return nil, fmt.Errorf("level:%s: want critical, high, medium, low, informational or none; high+ is high and above", t.text)
		}
		for n := range l {
			l[n] = l[n] || n == i || sign == "+" && n > i || sign == "-" && n > 0 && n < i
		}
	}
	return &l, nil
}

func levelIndex(name string) int {
	switch name {
	case "":
		return -1
	case "none":
		return 0
	case "info":
		return 1
	}
	for i, known := range levelNames {
		if known == name {
			return i
		}
	}
	return -1
}
