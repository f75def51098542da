package search

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// Split returns the query's terms on named fields, such as level:, and those on any
// field.
func (q *Query) Split() (named, words *Query) {
	named, words = &Query{line: q.line}, &Query{line: q.line}
	for _, t := range q.terms {
		if _, ok := t.matcher.(anywhere); ok {
			words.terms = append(words.terms, t)
		} else {
			named.terms = append(named.terms, t)
		}
	}
	return named, words
}

// Finds reports whether a text contains one of the words that the query wants on any
// field, or matches one of its regular expressions there: where a row was found.
func (q *Query) Finds(text string) bool {
	for _, t := range q.terms {
		if a, ok := t.matcher.(anywhere); ok && !t.not && a.test(text) {
			return true
		}
	}
	return false
}

// MatchWith is [Query.Match] for a row that has further texts: words and regular
// expressions on any field look at these, too.
func (q *Query) MatchWith(r *output.Row, more []artifacts.Field) bool {
	for _, t := range q.terms {
		ok := t.match(r)
		if a, any := t.matcher.(anywhere); any && !ok {
			ok = slices.ContainsFunc(more, func(f artifacts.Field) bool { return a.test(f.Value) })
		}
		if ok == t.not {
			return false
		}
	}
	return true
}

// SpecialField returns "path" or "hash" when path: or hash: looks at a field of this
// name, else "".
func SpecialField(name string) string {
	switch {
	case isPathName(name):
		return "path"
	case isHashName(name):
		return "hash"
	}
	return ""
}

// NeedsFindings reports whether the query asks for what the findings say of a row.
func (q *Query) NeedsFindings() bool {
	for _, t := range tokens(q.line) {
		switch t.field {
		case "level", "rule", "finding", "around":
			return true
		}
	}
	return false
}

// Pattern returns the term that is a regular expression.
func Pattern(expression string) string {
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(expression); i++ {
		switch c := expression[i]; {
		case c == '\\' && i+1 < len(expression):
			b.WriteByte(c)
			i++
			b.WriteByte(expression[i])
		case c == '/':
			b.WriteString(`\/`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('/')
	return b.String()
}
