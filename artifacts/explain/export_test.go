package explain_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/explain"
)

// TestExportedEvent shows the document of an event that another program exported.
func TestExportedEvent(t *testing.T) {
	const doc = `{"EventTime":"2026-03-06T17:46:01Z","Channel":"Security","Provider":"Microsoft-Windows-Security-Auditing","EventID":4624,"EventRecordID":77}`
	ev, err := evidence.OpenFS(fstest.MapFS{"rows.json": {Data: []byte("[\n" + doc + ",\n" + doc + "]")}}, "exports", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	tree := ev.Trees[0]
	results, err := artifacts.Run(t.Context(), tree, events.Artifacts(), nil)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for res := range results {
		for i := range res.Records {
			n++
			var b bytes.Buffer
			if err := explain.Record(&b, tree, &res.Records[i], nil); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"record_number: 77", `{"EventTime":"20`, "offset       " + map[int]string{1: "2 (0x2)"}[n]} {
				if !strings.Contains(b.String(), want) {
					t.Errorf("%d: %q is not in\n%s", n, want, b.String())
				}
			}
		}
	}
	if n != 2 {
		t.Errorf("%d events, want 2", n)
	}
}
