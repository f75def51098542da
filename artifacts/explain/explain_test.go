package explain_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/explain"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/corpus"
)

// open opens the incident and decodes all of it.
func open(t *testing.T, m fs.FS) (*evidence.Tree, []artifacts.Result) {
	t.Helper()
	ev, err := evidence.OpenFS(m, "incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ev.Close() })
	seq, err := artifacts.Run(t.Context(), ev.Trees[0], catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []artifacts.Result
	for res := range seq {
		all = append(all, res)
	}
	return ev.Trees[0], all
}

func incident() fstest.MapFS {
	m := fstest.MapFS{}
	for name, b := range corpus.Incident().Files() {
		m[name] = &fstest.MapFile{Data: b}
	}
	return m
}

// find returns the one record with an id, and the event with it.
func find(res *artifacts.Result, id string) (rec *artifacts.Record, event *artifacts.Event) {
	explain.Find(res, id, func(r *artifacts.Record, e *artifacts.Event) bool {
		rec, event = r, e
		return false
	})
	return rec, event
}

// TestEveryRecord explains each record of the incident: the id leads to it, what it
// says is there, and the bytes at its offset are those of its file.
func TestEveryRecord(t *testing.T) {
	m := incident()
	tree, results := open(t, m)
	n := 0
	for i := range results {
		for j := range results[i].Records {
			r := &results[i].Records[j]
			n++
			if found, e := find(&results[i], r.ID); found != r || e != nil {
				t.Errorf("%s: another record was found by its id", r.ID)
			}
			for _, e := range r.Events() {
				if found, event := find(&results[i], e.ID); found == nil || event == nil || event.ID != e.ID {
					t.Errorf("%s: event %s is not found", r.ID, e.ID)
				}
			}
			var b bytes.Buffer
			if err := explain.Record(&b, tree, r, nil); err != nil {
				t.Errorf("%s %s: %v", r.Artifact.Name, r.ID, err)
				continue
			}
			text := b.String()
			for _, want := range []string{r.ID, r.From.SHA256, fmt.Sprintf("%d (%#x)", r.From.Offset, r.From.Offset), string(r.Proof())} {
				if !strings.Contains(text, want) {
					t.Errorf("%s %s: %q is missing in\n%s", r.Artifact.Name, r.ID, want, text)
				}
			}
			if strings.Contains(text, "WARNING") {
				t.Errorf("%s %s: the file is said to have changed", r.Artifact.Name, r.ID)
			}
			if r.From.Key != "" || r.Artifact.Name == "prefetch" {
				if _, bytes, _ := strings.Cut(text, "meaning"); !strings.Contains(strings.ToLower(bytes), "signature") {
					t.Errorf("%s %s: no fields are shown:\n%s", r.Artifact.Name, r.ID, text)
				}
				continue
			}
			if _, ok := r.Data.(events.Event); ok {
				if !strings.Contains(text, "2a 2a 00 00") {
					t.Errorf("%s %s: the record's signature is not shown:\n%s", r.Artifact.Name, r.ID, text)
				}
				continue
			}
			name := strings.TrimPrefix(strings.ReplaceAll(r.From.Path, `\`, "/"), "C:/")
			f, ok := m[name]
			if !ok || r.From.Offset >= int64(len(f.Data)) {
				continue
			}
			first := f.Data[r.From.Offset:min(r.From.Offset+8, int64(len(f.Data)))]
			if r.Artifact.Group == "File system" && strings.Contains(text, "record at 0x") {
				first = first[:4] // its fields are shown one by one
			}
			_, dump, ok := strings.Cut(text, "bytes of the file")
			if !ok {
				_, dump, _ = strings.Cut(text, "record at 0x")
			}
			if !strings.Contains(strings.ReplaceAll(dump, " ", ""), hex.EncodeToString(first)) {
				t.Errorf("%s %s: the bytes % x at %#x are missing in\n%s", r.Artifact.Name, r.ID, first, r.From.Offset, text)
			}
		}
	}
	if n < 500 {
		t.Errorf("%d records", n)
	}
}

// TestChanged explains records after their files were changed, and taken away.
func TestChanged(t *testing.T) {
	m := incident()
	_, results := open(t, m)
	const hive, file = `C:\Windows\System32\config\SOFTWARE`, `C:\Windows\Prefetch\Layout.ini`
	changed, gone := incident(), incident()
	for _, path := range []string{hive, file} {
		name := strings.TrimPrefix(strings.ReplaceAll(path, `\`, "/"), "C:/")
		b := bytes.Clone(m[name].Data)
		b[len(b)-1] ^= 1
		changed[name] = &fstest.MapFile{Data: b}
		delete(gone, name)
	}
	other, _ := open(t, changed)
	without, _ := open(t, gone)
	seen := map[string]bool{}
	for i := range results {
		for j := range results[i].Records {
			r := &results[i].Records[j]
			if r.From.Path != hive && r.From.Path != file || seen[r.From.Path] || r.From.State != artifacts.Live {
				continue
			}
			seen[r.From.Path] = true
			var b bytes.Buffer
			if err := explain.Record(&b, other, r, nil); err != nil || !strings.Contains(b.String(), "WARNING: the file has changed") {
				t.Errorf("%s: %v\n%s", r.From.Path, err, &b)
			}
			if err := explain.Record(&b, without, r, nil); err == nil || !strings.Contains(err.Error(), r.From.Path) {
				t.Errorf("%s: gone, and no error that names it: %v", r.From.Path, err)
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("records of %v only", seen)
	}
}

// TestFinding writes each finding of the incident with the way to all its evidence.
func TestFinding(t *testing.T) {
	tree, results := open(t, incident())
	e := findings.NewEvaluator(findings.FactsOf(tree, "folder", nil), nil)
	for i := range results {
		e.Add(&results[i])
	}
	list := e.Report().Findings
	if len(list) < 5 {
		t.Fatalf("%d findings", len(list))
	}
	for i := range list {
		f := &list[i]
		var b bytes.Buffer
		if err := explain.Finding(&b, f, func(id string) string { return "show <" + id + ">" }); err != nil {
			t.Fatal(err)
		}
		for _, ev := range f.Evidence {
			if !strings.Contains(b.String(), "show <"+ev.ID+">") {
				t.Errorf("%s: the way to %s is missing", f.ID, ev.ID)
			}
		}
		if !strings.Contains(b.String(), fmt.Sprintf("%d of %d", len(f.Evidence), len(f.Evidence))) {
			t.Errorf("%s: not all evidence is counted:\n%s", f.ID, &b)
		}
	}
}
