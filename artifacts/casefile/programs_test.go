package casefile

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// TestPrograms holds the programs that are read of a case to the files that were
// written: as JSON lines and as both tables they have the same bytes again.
func TestPrograms(t *testing.T) {
	dir := scanned(t)
	_, m := open(t, dir)
	model, err := m.Programs(t.Context(), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	all := &programs.View{All: true}
	var b bytes.Buffer
	if err := model.WriteJSON(&b, all); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), read(t, dir, "programs.jsonl")) {
		t.Error("the programs are not those of programs.jsonl")
	}
	for name, starts := range map[string]bool{"programs.csv": false, "starts.csv": true} {
		b.Reset()
		table, err := programs.NewTable(&b, starts, false)
		if err == nil {
			err = table.Add(model, all)
		}
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), read(t, dir, name)) {
			t.Errorf("the table is not %s", name)
		}
	}
	told, err := m.Story(t.Context(), func(err error) { t.Error(err) })
	if err != nil || told == nil {
		t.Fatalf("%v, %v", told, err)
	}
	for name, write := range map[string]func(io.Writer) error{
		"story.json":  told.WriteJSON,
		"story.md":    func(w io.Writer) error { return told.WriteMarkdown(w, "en") },
		"story.ja.md": func(w io.Writer) error { return told.WriteMarkdown(w, "ja") },
	} {
		b.Reset()
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), read(t, dir, name)) {
			t.Errorf("the story is not that of %s", name)
		}
	}

	// A line that is none is named, and costs no other.
	path := filepath.Join(dir, "programs.jsonl")
	if err := os.WriteFile(path, append([]byte("{\"id\":1}\n"), read(t, path)...), 0o600); err != nil {
		t.Fatal(err)
	}
	_, m = open(t, dir)
	var damage []error
	again, err := m.Programs(t.Context(), func(err error) { damage = append(damage, err) })
	if err != nil || len(again.Programs) != len(model.Programs) || len(damage) != 2 { // the line, and the hash of the file
		t.Errorf("%d programs, want %d; %v, %v", len(again.Programs), len(model.Programs), damage, err)
	}
}
