package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestIs(t *testing.T) {
	if Is(new(bytes.Buffer)) {
		t.Error("a buffer is a terminal")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	if Is(f) {
		t.Error("a file is a terminal")
	}
	f.Close()
	if Is(f) {
		t.Error("a closed file is a terminal")
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text    string
		columns int
		want    string
	}{
		{"abc", 3, "abc"},
		{"abc", 2, "ab"},
		{"abc", 0, ""},
		{"été", 2, "ét"},
		{"証明記録", 4, "証明"}, // two columns each
		{"証明記録", 5, "証明"}, // half a letter does not fit
		{"a証b", 3, "a証"},
	} {
		if got := Cut(c.text, c.columns); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.text, c.columns, got, c.want)
		}
	}
}

// TestClean tries what a name can do to a terminal.
func TestClean(t *testing.T) {
	got := Clean("one\ntwo\x1b[2J\r\u202ethree\x07")
	if strings.ContainsAny(got, "\x1b\r\x07\u202e") {
		t.Errorf("%q can still drive a terminal", got)
	}
	lines := strings.Split(got, "\n")
	if len(lines) != 2 || lines[0] != "one" || !strings.HasPrefix(lines[1], "    two") {
		t.Errorf("%q: want the second line set in", got)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 log entries", 1: "1 log entry", 2: "2 log entries"} {
		if got := Count(n, "log entry", "log entries"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
