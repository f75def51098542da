package describe

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
)

func chosen(t *testing.T, names ...string) []*artifacts.Artifact {
	t.Helper()
	list, err := catalogue.Select(names)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestShort(t *testing.T) {
	var b bytes.Buffer
	Short(&b, chosen(t, "prefetch", "services"))
	blocks := strings.Split(b.String(), "\n\n")
	if len(blocks) != 2 {
		t.Fatalf("%d groups, want 2:\n%s", len(blocks), &b)
	}
	for i, name := range []string{"prefetch", "services"} {
		lines := strings.Split(strings.TrimSpace(blocks[i]), "\n")
		if len(lines) != 2 || !strings.HasPrefix(lines[1], "  "+name+" ") {
			t.Errorf("group %d: %q", i, lines)
		}
	}
}

// TestLong demands that the text loses no word and keeps to its width.
func TestLong(t *testing.T) {
	list := chosen(t, "prefetch", "services")
	var b bytes.Buffer
	Long(&b, list)
	words := strings.Join(strings.Fields(b.String()), " ")
	for _, a := range list {
		if !strings.Contains(words, strings.Join(strings.Fields(a.About), " ")) {
			t.Errorf("%s: its text is not whole", a.Name)
		}
		for _, s := range a.Sources {
			if !strings.Contains(b.String(), s.String()) {
				t.Errorf("%s: no source %s", a.Name, s)
			}
		}
		for _, id := range a.Attack {
			if !strings.Contains(b.String(), id) {
				t.Errorf("%s: no technique %s", a.Name, id)
			}
		}
	}
	about, _, _ := strings.Cut(b.String(), "Proves:")
	for line := range strings.SplitSeq(about, "\n") {
		if len(line) > 78 {
			t.Errorf("%d columns: %q", len(line), line)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range [][2]string{
		{"", ""},
		{"one two  three\nfour", "one two\nthree\nfour"},
		{"incomprehensible a", "incomprehensible\na"}, // a long word stays whole
	} {
		if got := wrap(c[0], 9); got != c[1] {
			t.Errorf("wrap(%q) = %q, want %q", c[0], got, c[1])
		}
	}
}

// TestJSON reads back what it wrote.
func TestJSON(t *testing.T) {
	list := catalogue.All()
	var b bytes.Buffer
	if err := JSON(&b, list); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	for _, a := range list {
		var got struct {
			Name, Title, Group, About, Proves string
			Sources, Fields, Attack, Refs     []string
		}
		if err := d.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if got.Name != a.Name || got.About != a.About || got.Proves != string(a.Proves) || len(got.Sources) != len(a.Sources) ||
			len(got.Fields) == 0 {
			t.Errorf("%s: %+v", a.Name, got)
		}
	}
	if d.More() {
		t.Error("more objects than artifacts")
	}
	if err := JSON(full{}, list); err == nil {
		t.Error("the error of the writer is lost")
	}
}

// A full writer is a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

type fullError struct{}

func (fullError) Error() string { return "no space left" }

var errFull fullError
