package catalogue_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/corpus"
)

var update = flag.Bool("update", false, "rewrite the golden lines in testdata of the chapters")

// golden is the file with what `dump -a NAME --format lines` prints of the
// incident.
func golden(a *artifacts.Artifact) string {
	return filepath.Join("..", folders[a.Group], "testdata", a.Name+".txt")
}

// folders are the packages of the chapters by their headings.
var folders = map[string]string{
	"Execution": "execution", "Persistence": "persistence", "Communication": "communication", "Browsers": "browser", "User activity": "activity", "System": "system", "Event logs": "events",
}

// TestGolden holds each artifact to the lines that it gave when somebody looked
// at them last. `go test ./artifacts/catalogue -update` writes them.
func TestGolden(t *testing.T) {
	ev, err := evidence.OpenFS(corpus.Incident().FS(), "incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	results, err := artifacts.Run(t.Context(), ev.Trees[0], catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	format, ok := output.Lookup("lines")
	if !ok {
		t.Fatal("no format is named lines")
	}
	got := map[*artifacts.Artifact]*bytes.Buffer{}
	writers := map[*artifacts.Artifact]output.RecordWriter{}
	for res := range results {
		for i := range res.Records {
			rec := &res.Records[i]
			if writers[rec.Artifact] == nil {
				got[rec.Artifact] = new(bytes.Buffer)
				writers[rec.Artifact] = format.Records(got[rec.Artifact], nil)
			}
			if err := writers[rec.Artifact].Record(rec); err != nil {
				t.Fatal(err)
			}
		}
	}
	empty := 0
	for _, a := range catalogue.All() {
		if writers[a] == nil { // the incident has none
			got[a] = new(bytes.Buffer)
			empty++
		} else if err := writers[a].Close(); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden(a)), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden(a), got[a].Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden(a))
		if err != nil {
			t.Errorf("%s: %v", a.Name, err)
			continue
		}
		if !bytes.Equal(got[a].Bytes(), want) {
			t.Errorf("%s: the lines differ from %s in %s", a.Name, golden(a), firstDifference(want, got[a].Bytes()))
		}
	}
	if empty > 3 {
		t.Errorf("%d artifacts have no record in the incident, want at most 3", empty)
	}
}

// firstDifference shows the first line that differs.
func firstDifference(want, got []byte) string {
	w, g := bytes.Split(want, []byte("\n")), bytes.Split(got, []byte("\n"))
	for i := range max(len(w), len(g)) {
		var a, b []byte
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if !bytes.Equal(a, b) {
			return "\n-" + string(a) + "\n+" + string(b)
		}
	}
	return ""
}
