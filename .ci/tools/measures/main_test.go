package main

import (
	"strings"
	"testing"
)

// TestFile counts a file with a long function, a long line and a table of text.
func TestFile(t *testing.T) {
	text := "package main\n\n" +
		"var table = []string{\"" + strings.Repeat("text ", 40) + "\"}\n\n" +
		"func f(a, b bool) int {\n" +
		"\tif a && b {\n\t\treturn 1\n\t}\n" +
		"\treturn " + strings.Repeat("1 + ", 50) + "1\n" +
		"}\n"
	s := &source{}
	if err := s.file("cmd/artifactdump/x.go", []byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := s.file("cmd/artifactdump/x_test.go", []byte("package main\n")); err != nil {
		t.Fatal(err)
	}
	if len(s.functions) != 1 || s.functions[0].lines != 6 || s.functions[0].cyclomatic != 3 || s.functions[0].cognitive != 2 {
		t.Errorf("functions: %+v", s.functions)
	}
	if len(s.long) != 1 || s.long[0].name != "cmd/artifactdump/x.go:9" {
		t.Errorf("long lines: %+v", s.long)
	}
	if s.main != 10 || s.code != 10 || s.tests != 1 {
		t.Errorf("lines: main %d, code %d, tests %d", s.main, s.code, s.tests)
	}
}

// TestMissed compares with aims that are a most and a least.
func TestMissed(t *testing.T) {
	for _, c := range []struct {
		r    row
		want bool
	}{
		{row{today: 3, aim: 3}, false},
		{row{today: 4, aim: 3}, true},
		{row{today: 0.4, aim: 0.5, least: true}, true},
		{row{today: 0.5, aim: 0.5, least: true}, false},
	} {
		if got := c.r.missed(); got != c.want {
			t.Errorf("%+v: %v", c.r, got)
		}
	}
	if got := at([]int{1, 2, 3, 4, 5}, 50); got != 3 {
		t.Errorf("median %v, want 3", got)
	}
}
