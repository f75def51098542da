package scan_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestJudgesOfManyLogons: the log-ons of a very busy machine are in a temporary file, which
// goes away with the judges. A file that cannot be made is an error of the judges, and of
// the rows whose sessions are wanted.
func TestJudgesOfManyLogons(t *testing.T) {
	if testing.Short() {
		t.Skip("many records")
	}
	ev, err := evidence.Open("../../corpus/files/incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	list, err := catalogue.Select([]string{"eventlogons"})
	if err != nil {
		t.Fatal(err)
	}
	const n = 130_000
	begin := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	judge := func(dir string) *scan.Judges {
		j := &scan.Judges{Options: &findings.Options{Dir: dir}}
		for i := range n {
			e := events.Event{Origin: artifacts.Input{}.AtOffset(int64(i)), Record: events.Record{
				Number: uint64(i + 1), ID: 4624, Channel: "Security", Provider: "Microsoft-Windows-Security-Auditing", Computer: "BUSY",
				Time: begin.Add(time.Duration(i) * time.Second),
				Data: events.Pairs{{Name: "TargetUserSid", Value: "S-1-5-21-1-2-3-1001"}, {Name: "TargetUserName", Value: "bob"},
					{Name: "TargetLogonId", Value: fmt.Sprintf("0x%x", 0x1000+i)}, {Name: "LogonType", Value: "2"}},
			}}
			j.Add(ev.Trees[0], "folder", &artifacts.Result{Artifact: list[0], Records: []artifacts.Record{
				{ID: fmt.Sprintf("%016x", i), Artifact: list[0], Data: e}}})
		}
		j.Reports()
		return j
	}
	row := func(yield func(*output.Row, error) bool) {
		yield(&output.Row{Host: ev.Trees[0].Machine().Name, Time: begin}, nil)
	}

	dir := t.TempDir()
	j := judge(dir)
	if got := j.Reports()[0].Models[0].Logons.Sessions.Len(); got != n || j.Err() != nil {
		t.Errorf("%d sessions, %v", got, j.Err())
	}
	for _, err := range j.Sessions(row) {
		if err != nil {
			t.Error(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}

	j = judge(filepath.Join(dir, "none"))
	if !errors.Is(j.Err(), os.ErrNotExist) {
		t.Errorf("%v: the file cannot be made", j.Err())
	}
	rows := 0
	for _, err := range j.Sessions(row) {
		if rows++; !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v with a row", err)
		}
	}
	if err := j.Close(); rows != 1 || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%d rows, %v", rows, err)
	}
}
