package casefile

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

const incident = "../../corpus/files/incident"

// scanned returns the case folder of the incident.
func scanned(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "case")
	if _, err := scan.Run(t.Context(), scan.Options{Evidence: []string{incident}, Dir: dir}, nil); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t *testing.T, dir string) (*Case, *Machine) {
	t.Helper()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return c, c.Machines[0]
}

func read(t *testing.T, elem ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestWhole holds what is read of a case to what was written: encoded again, each
// file has the same bytes.
func TestWhole(t *testing.T) {
	dir := scanned(t)
	_, m := open(t, dir)
	jsonl, _ := output.Lookup("jsonl")

	var b bytes.Buffer
	w := jsonl.Events(&b, nil)
	for r, err := range m.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	if !bytes.Equal(b.Bytes(), read(t, dir, "timeline.jsonl")) {
		t.Error("the rows are not those of timeline.jsonl")
	}

	byArtifact := map[string]*bytes.Buffer{}
	for rec, err := range m.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if byArtifact[rec.Artifact.Name] == nil {
			byArtifact[rec.Artifact.Name] = new(bytes.Buffer)
		}
		w := jsonl.Records(byArtifact[rec.Artifact.Name], nil)
		if err := w.Record(rec); err != nil {
			t.Fatal(err)
		}
	}
	names, _ := filepath.Glob(filepath.Join(dir, "records", "*.jsonl"))
	if len(names) < 100 {
		t.Errorf("%d files of records", len(names))
	}
	for _, n := range names {
		name := strings.TrimSuffix(filepath.Base(n), ".jsonl")
		want := read(t, n)
		got := byArtifact[name]
		// Records that are not shown follow.
		if got == nil || !bytes.HasPrefix(got.Bytes(), want) {
			t.Errorf("the records of %s are not those of the file", name)
		}
	}

	r, err := m.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Reset()
	for i := range r.Findings {
		line, err := output.Marshal(&r.Findings[i])
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	if !bytes.Equal(b.Bytes(), read(t, dir, "findings.jsonl")) {
		t.Error("the findings are not those of findings.jsonl")
	}
	if len(r.Coverage) == 0 {
		t.Error("no coverage")
	}
}

// TestChanged demands that a file that was changed after the scan is named, after
// its rows.
func TestChanged(t *testing.T) {
	dir := scanned(t)
	name := filepath.Join(dir, "timeline.jsonl")
	b := read(t, name)
	b = bytes.Replace(b, []byte("Recycle Bin"), []byte("Recycle Tin"), 1)
	if err := os.WriteFile(name, append(b, "{\"id\":\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	_, m := open(t, dir)
	rows, bad, last := 0, 0, error(nil)
	for r, err := range m.Rows(t.Context()) {
		if r != nil {
			rows++
		}
		if err != nil {
			bad, last = bad+1, err
		}
	}
	if _, ok := errors.AsType[*ChangedError](last); !ok || bad != 2 || rows < 2000 {
		t.Errorf("%d rows, %d errors, the last %v", rows, bad, last)
	}
}

func TestOpen(t *testing.T) {
	if Is(incident) {
		t.Error("evidence is taken for a case")
	}
	dir := t.TempDir()
	for name, manifest := range map[string]string{
		"outside": `{"tool":"artifactdump","state":"complete","hosts":[{"name":"A","state":"complete","folder":"../x"}]}`,
		"none":    `{"tool":"artifactdump","state":"complete","hosts":[]}`,
		"null":    `{"tool":"artifactdump","state":"complete","hosts":[null],"evidence":[null]}`,
		"other":   `{"tool":"another"}`,
		"text":    `case`,
	} {
		d := filepath.Join(dir, name)
		os.Mkdir(d, 0o700)
		if err := os.WriteFile(filepath.Join(d, scan.ManifestName), []byte(manifest), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(d); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// TestMerge puts two machines into one timeline, and selects one of them by its
// folder.
func TestMerge(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case")
	copied := filepath.Join(t.TempDir(), "second")
	if err := os.CopyFS(copied, os.DirFS(incident)); err != nil {
		t.Fatal(err)
	}
	if _, err := scan.Run(t.Context(), scan.Options{Evidence: []string{incident, copied}, Dir: dir}, nil); err != nil {
		t.Fatal(err)
	}
	c, first := open(t, dir)
	if len(c.Machines) != 2 {
		t.Fatalf("%d machines", len(c.Machines))
	}
	var all []*output.Row
	for r, err := range c.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) != 2*first.Counts.Events || !slices.IsSortedFunc(all, compareRows) {
		t.Errorf("%d rows of 2 × %d, or not in order", len(all), first.Counts.Events)
	}
	one, _ := open(t, filepath.Join(dir, first.Folder))
	if len(one.Machines) != 1 || one.Machines[0].Folder != first.Folder {
		t.Errorf("the folder of a machine selects %d machines", len(one.Machines))
	}
}
