package findings

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
)

// evidenceFolder is where evidence that Windows wrote is, or the test is
// skipped.
func evidenceFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return dir
}

// logArtifact stands for the artifacts of event logs.
var logArtifact = artifacts.Define(artifacts.Artifact{Name: "testlog", Group: "events"}, func(artifacts.Input, func(events.Event) bool) error { return nil })

// readLog yields the records of a log.
func readLog(t testing.TB, path string) []events.Event {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, _ := f.Stat()
	log, err := evtx.Open(f, st.Size(), nil)
	if err != nil {
		t.Fatal(path, err)
	}
	var out []events.Event
	for r, err := range log.Records() {
		if err == nil {
			out = append(out, events.Event{Record: events.FromEVTX(r)})
		}
	}
	return out
}

// judgeLogs evaluates logs of one machine.
func judgeLogs(t testing.TB, paths ...string) *Evaluator {
	e := NewEvaluator(Facts{Host: "test"}, nil)
	for _, p := range paths {
		for _, ev := range readLog(t, p) {
			e.Add(&artifacts.Result{Artifact: logArtifact, Records: []artifacts.Record{{
				ID: "x", Artifact: logArtifact, Data: ev, From: artifacts.Locator{Path: p, State: artifacts.Live},
			}}})
		}
	}
	return e
}

// TestGoldenEvents holds each row of the table of samples: the rule fires with
// the record that is named.
func TestGoldenEvents(t *testing.T) {
	root := evidenceFolder(t)
	f, err := os.Open(filepath.Join(root, "evtx", "golden.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	reports := map[string]*Report{}
	rows := 0
	in := bufio.NewScanner(f)
	for in.Scan() {
		c := strings.Split(in.Text(), "\t")
		if c[0] == "rule" {
			continue
		}
		rows++
		rule, path := c[0], c[2]
		record, _ := strconv.ParseUint(c[4], 10, 64)
		if rule == "E-05" && record == 153 {
			// Three other parsers, too, give the change of the clock (4616) the
			// number 152; 153 is a change of a group.
			record = 152
		}
		rep := reports[path]
		if rep == nil {
			rep = judgeLogs(t, filepath.Join(root, filepath.FromSlash(path))).Report()
			reports[path] = rep
		}
		var records []uint64
		for _, fd := range rep.Findings {
			for _, ev := range fd.Evidence {
				if slices.Contains(ev.Rules, rule) {
					records = append(records, ev.RecordNumber)
				}
			}
		}
		if len(records) == 0 || record != 0 && !slices.Contains(records, record) {
			t.Errorf("%s %s: want record %d, have %v", rule, c[1], record, records[:min(len(records), 8)])
		}
	}
	if rows != 143 {
		t.Errorf("%d rows, want 143", rows)
	}
}

// TestCleanMachine judges the logs of a machine on which nothing happened.
func TestCleanMachine(t *testing.T) {
	root := evidenceFolder(t)
	paths, _ := filepath.Glob(filepath.Join(root, "evtx", "museum-win11-rathbunvm", "*.evtx"))
	rep := judgeLogs(t, paths...).Report()
	for _, f := range rep.Findings {
		for _, r := range f.Reasons {
			if strings.HasPrefix(r.RuleID, "E-") && r.Level > Informational {
				t.Errorf("%s %s: %s %s", r.Level, r.RuleID, f.Subject, r.Says)
			}
		}
	}
}
