package story_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/explain"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

var update = flag.Bool("update", false, "write the golden files")

const theIncident = "../../corpus/files/incident"

// biography is what the golden file holds of a program: everything but the records
// that speak of it, which are many.
func biography(p *programs.Program) *programs.Program {
	q := *p
	q.Sample, q.Records = nil, nil
	return &q
}

// TestIncidentGolden holds the biographies of the intruder's programs, those that
// findings of level medium or above speak of, and the story in both languages.
func TestIncidentGolden(t *testing.T) {
	m, r := judge(t, theIncident)
	told := story.Tell(m, r, nil)
	kept := &programs.Model{Host: m.Host}
	for _, p := range m.Programs {
		if l, ok := findings.ParseLevel(p.Level); ok && l >= findings.Medium {
			kept.Programs = append(kept.Programs, biography(p))
		}
	}
	for name, write := range map[string]func(io.Writer) error{
		"programs.jsonl": func(w io.Writer) error { return kept.WriteJSON(w, &programs.View{All: true}) },
		"story.md":       func(w io.Writer) error { return told.WriteMarkdown(w, "en") },
		"story.ja.md":    func(w io.Writer) error { return told.WriteMarkdown(w, "ja") },
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		a, b := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Errorf("%s, line %d is another one; after reading the change: go test ./artifacts/story -run TestIncidentGolden -update",
					name, i+1)
				break
			}
		}
	}
}

// TestIncidentTruth holds the biographies to what package corpus put into the
// incident. The times are written here by hand, from its sources.
func TestIncidentTruth(t *testing.T) {
	m, _ := judge(t, theIncident)
	for key, want := range map[string]struct {
		starts  []string // to the second
		arrived string
		gone    bool
	}{
		`\perflogs\rar.exe`:                            {[]string{"18:24:50"}, "18:24:12", false},
		`\users\daniel\appdata\local\temp\pd64.exe`:    {nil, "", true},
		`\users\daniel\appdata\local\temp\nbtscan.exe`: {nil, "", false},
		`\windows\psexesvc.exe`:                        {nil, "", false},
	} {
		list := m.Program(key)
		if len(list) != 1 {
			t.Errorf("%d programs at %s", len(list), key)
			continue
		}
		p := list[0]
		for _, s := range want.starts {
			found := false
			for i := range p.Starts {
				found = found || p.Starts[i].Time.Format("15:04:05") == s && p.Starts[i].Certainty == programs.Proved
			}
			if !found {
				t.Errorf("%s: no proved start at %s", key, s)
			}
		}
		if want.arrived != "" && p.FirstSeen().Format("15:04:05") != want.arrived {
			t.Errorf("%s is first seen at %s, want %s", key, p.FirstSeen(), want.arrived)
		}
		gone := false
		for _, e := range p.Ends {
			gone = gone || e.Kind == "deleted"
		}
		if want.gone && !gone {
			t.Errorf("%s is not deleted: %+v", key, p.Ends)
		}
		if p.Counts.AtLeast == 0 {
			t.Errorf("%s did not run", key)
		}
	}
}

// cited returns the ids of the records that sentences of a story name.
func cited(s *story.Story) map[string]string {
	out := map[string]string{}
	add := func(x *story.Sentence) {
		for _, r := range x.Records {
			out[r.Record] = x.EN
		}
	}
	for _, w := range s.Windows {
		add(&w.Lead)
		for i := range w.Sentences {
			add(&w.Sentences[i])
		}
		for i := range w.Rest {
			add(&w.Rest[i])
		}
	}
	for i := range s.Isolated {
		add(&s.Isolated[i])
	}
	for i := range s.Closing {
		add(&s.Closing[i])
	}
	return out
}

// opened reads a machine again and opens each record that the story names: its
// bytes, as the command explain shows them.
func opened(t *testing.T, path string, least int) {
	t.Helper()
	m, r := judge(t, path)
	want := cited(story.Tell(m, r, nil))
	n := len(want)
	if n < least {
		t.Errorf("%s: the story cites %d records, want at least %d", path, n, least)
	}
	ev, err := evidence.Open(path, &evidence.Options{Hostname: "HOST"})
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	results, err := artifacts.Run(context.Background(), ev.Trees[0], catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		explain.Find(&res, "", func(rec *artifacts.Record, e *artifacts.Event) bool {
			if e != nil || want[rec.ID] == "" {
				return true
			}
			var text bytes.Buffer
			if err := explain.Record(&text, ev.Trees[0], rec, nil); err != nil || !strings.Contains(text.String(), rec.ID) {
				t.Errorf("%s: record %s of %q does not open: %v", path, rec.ID, want[rec.ID], err)
			}
			delete(want, rec.ID)
			return true
		})
	}
	for id, sentence := range want {
		t.Errorf("%s: record %s of %q is not in the evidence", path, id, sentence)
	}
	t.Logf("%s: %d records", path, n)
}

// TestCitedRecords opens every record that a sentence of a story cites.
func TestCitedRecords(t *testing.T) {
	opened(t, theIncident, 60)
	if testing.Short() {
		t.Skip("the evidence takes a while")
	}
	root := evidenceFolder(t)
	opened(t, attackedServer(t), 60)
	for _, set := range []string{"images/win10-composed", "images/win7-composed", "prefetch/art-win10"} {
		opened(t, filepath.Join(root, filepath.FromSlash(set)), 0)
	}
}

// TestIncidentShortPath: the volume of the incident keeps short names beside long
// ones, in the same folders.
func TestIncidentShortPath(t *testing.T) {
	ev, err := evidence.Open(theIncident, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	results, err := artifacts.Run(context.Background(), ev.Trees[0], catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for res := range results {
		for i := range res.Records {
			f, ok := res.Records[i].Data.(filesystem.File)
			if !ok || f.ShortPath == "" {
				continue
			}
			n++
			long, short := strings.Split(f.Path, `\`), strings.Split(f.ShortPath, `\`)
			if len(long) != len(short) {
				t.Fatalf("%s is %s", f.Path, f.ShortPath)
			}
			for j := range long {
				if long[j] != short[j] && (!strings.Contains(short[j], "~") || len(short[j]) > 12) {
					t.Errorf("%s is %s", f.Path, f.ShortPath)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("%d files with short names", n)
	}
}

// TestIncidentParts: every part of a biography has a case in the incident, but for
// what lists and other machines add.
func TestIncidentParts(t *testing.T) {
	m, r := judge(t, theIncident)
	story.Tell(m, r, nil)
	missing := map[string]bool{}
	var parts func(prefix string, v reflect.Value)
	parts = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			f, x := v.Type().Field(i), v.Field(i)
			name := prefix + f.Name
			switch {
			case !f.IsExported() || prefix == "" && slices.Contains([]string{"Lookups", "KnownGood", "Hosts"}, f.Name):
				continue
			case !x.IsZero():
				missing[name] = false
			case !missing[name]:
				_, met := missing[name]
				missing[name] = !met
			}
			if x.Kind() == reflect.Slice && x.Type().Elem().Kind() == reflect.Struct {
				for k := range x.Len() {
					parts(name+".", x.Index(k))
				}
			}
		}
	}
	for p := range m.All() {
		parts("", reflect.ValueOf(*p))
	}
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		if missing[name] {
			t.Errorf("no program of the incident has %s", name)
		}
	}
}
