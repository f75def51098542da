package output_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// TestCopiedLogs sorts the records of a log, of its archive and of another machine's
// log: each record has one row, which names the other place.
func TestCopiedLogs(t *testing.T) {
	list, err := catalogue.Select([]string{"eventlogons"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	s := &output.Sorter{Dir: t.TempDir()}
	defer s.Close()
	for _, path := range []string{`C:\Windows\System32\winevt\Logs\Security.evtx`, `C:\Windows\System32\winevt\Logs\Archive-Security-1.evtx`, `D:\other.evtx`} {
		res := artifacts.Result{Artifact: list[0]}
		for i := range 3 {
			e := events.Event{Record: events.Record{Number: uint64(i), ID: 4624, Channel: "Security", Computer: "PC1", Time: at}}
			if path[0] == 'D' {
				e.Computer = "PC2"
			}
			res.Records = append(res.Records, artifacts.Record{
				ID: fmt.Sprintf("%08x%08x", len(path), i), Artifact: list[0], Host: "PC1", Data: e, From: artifacts.Locator{Path: path, State: artifacts.Live},
			})
		}
		if err := s.AddResult(&res); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for r, err := range s.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if other := r.Source[0] == 'D'; other != (len(r.Also) == 0) {
			t.Errorf("%s: also in %q", r.Source, r.Also)
		}
	}
	if n != 6 {
		t.Errorf("%d rows, want three records of each machine", n)
	}
}
