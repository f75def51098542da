package output_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// TestTimesketchEvents: the number of an event is a number as in plaso's rows, whatever
// the order of the rows, because Timesketch takes the type of a field from the first one.
func TestTimesketchEvents(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 2, 3, 0, time.UTC)
	event := &output.Row{ID: "aa", Time: at, DataType: events.DataType,
		Extra: []artifacts.Field{{Name: "event_identifier", Value: "4624"}, {Name: "record_number", Value: "17"}}}
	other := &output.Row{ID: "bb", Time: at, DataType: "windows:prefetch:execution",
		Extra: []artifacts.Field{{Name: "event_identifier", Value: "12"}}}
	broken := &output.Row{ID: "cc", Time: at, DataType: events.DataType,
		Extra: []artifacts.Field{{Name: "event_identifier", Value: "4624 "}}}
	f, _ := output.Lookup("timesketch")
	var b bytes.Buffer
	w := f.Events(&b, nil)
	for _, r := range []*output.Row{other, event, broken} {
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"aa": 4624.0, "bb": nil, "cc": nil}
	for line := range strings.Lines(b.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		id, _ := m["id"].(string)
		n, ok := want[id]
		if !ok || m["event_identifier"] != n {
			t.Errorf("row %q: event_identifier %v, want %v", id, m["event_identifier"], n)
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("rows %v are missing", want)
	}
}
