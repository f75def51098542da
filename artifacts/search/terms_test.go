package search

import "testing"

func TestSplit(t *testing.T) {
	q, err := Parse(`level:high+ cache -chrome /a+b/ host:PC`)
	if err != nil {
		t.Fatal(err)
	}
	named, words := q.Split()
	if len(named.terms) != 2 || len(words.terms) != 3 {
		t.Errorf("%d and %d terms", len(named.terms), len(words.terms))
	}
	for text, want := range map[string]bool{"the CACHE": true, "xaab": true, "chrome": false, "high": false} {
		if q.Finds(text) != want {
			t.Errorf("Finds(%q) is %v", text, !want)
		}
	}
	if !q.NeedsFindings() {
		t.Error("level: needs no findings")
	}
	if q, _ := Parse(`"level:high"`); q.NeedsFindings() {
		t.Error("a text needs findings")
	}
}

func TestPattern(t *testing.T) {
	for _, expression := range []string{`a/b`, `a/ b`, `a\/b`, `\\`, `a b/`, `/`} {
		q, err := Parse(Pattern(expression))
		if err != nil || len(q.terms) != 1 {
			t.Errorf("%q: %d terms, %v", expression, len(q.terms), err)
		}
	}
	q, _ := Parse(Pattern(`a/ b`))
	if !q.Finds("x A/ B") || q.Finds("a b") {
		t.Error("the expression is another one")
	}
}
