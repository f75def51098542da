package explain_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/explain"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
)

// TestEventRecord shows the bytes of every record of the incident's logs: all
// values of its template, each with its name.
func TestEventRecord(t *testing.T) {
	tree := testtree.Tree(t, corpus.NewMachine().With("eventservices").Files())
	results, err := artifacts.Run(t.Context(), tree, events.Artifacts(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for res := range results {
		for i := range res.Records {
			e, ok := res.Records[i].Data.(events.Event)
			if !ok {
				continue
			}
			n++
			var b bytes.Buffer
			if err := explain.Record(&b, tree, &res.Records[i], nil); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"record identifier", "written", "EventRecordID", "TimeCreated", "template", "nested binary XML"} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%d: %q is not in\n%s", e.Number, want, b.String())
				}
			}
			for _, f := range e.Data {
				if !strings.Contains(b.String(), f.Name) || !strings.Contains(b.String(), f.Value) {
					t.Errorf("%d: %s: %s is not in\n%s", e.Number, f.Name, f.Value, b.String())
				}
			}
		}
	}
	if n == 0 {
		t.Error("no events")
	}
}
