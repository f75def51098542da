package programview

import (
	"bytes"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
)

func models(t *testing.T, path string) []*programs.Model {
	t.Helper()
	s, said := sessiontest.New(session.Options{})
	list, err := Models(t.Context(), s, []string{path}, nil, story.DefaultGap)
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return list
}

func write(t *testing.T, list []*programs.Model, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, list, &o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestPrograms writes the programs of evidence and of its case alike, in each format.
func TestPrograms(t *testing.T) {
	evidence, kept := models(t, sessiontest.Incident), models(t, sessiontest.Case(t))
	for _, name := range Formats() {
		o := Options{Format: name, View: programs.View{All: true}}
		if a, b := write(t, evidence, o), write(t, kept, o); a != b || !strings.Contains(strings.ToUpper(a), "PSEXESVC.EXE") {
			t.Errorf("%s: %d bytes of evidence, %d of the case", name, len(a), len(b))
		}
	}
	plain := write(t, evidence, Options{Format: "csv"})
	if got := write(t, evidence, Options{Format: "csv", BOM: true}); got != "\ufeff"+plain {
		t.Error("a byte order mark changes more than the beginning")
	}
	if got := write(t, evidence, Options{Format: "csv", Starts: true}); got == plain || strings.Count(got, "\n") < 2 {
		t.Errorf("no rows of starts: %.100s", got)
	}
	if all := write(t, evidence, Options{Format: "csv", View: programs.View{All: true}}); len(all) <= len(plain) {
		t.Error("all programs are no more than those with findings")
	}
}

// A full writer takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

var errFull = bytes.ErrTooLarge

func TestWriteFails(t *testing.T) {
	list := []*programs.Model{{Host: "PC", Programs: []*programs.Program{{}}}}
	for _, o := range []Options{{Format: "csv", BOM: true}, {Format: "text"}, {Format: "jsonl"}} {
		o.View.All = true
		if err := Write(full{}, list, &o); err == nil {
			t.Errorf("%+v: a full disk is no error", o)
		}
	}
}
