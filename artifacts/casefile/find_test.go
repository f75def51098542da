package casefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestOneCase reads one case in every way that the package offers.
func TestOneCase(t *testing.T) {
	dir := scanned(t)
	c, m := open(t, dir)
	t.Run("Find", func(t *testing.T) { findAll(t, c, m) })
	t.Run("Ambiguous", func(t *testing.T) { ambiguous(t, c) })
	t.Run("Explain", func(t *testing.T) { explain(t, c, m) })
	t.Run("Events", func(t *testing.T) { eventOrder(t, m) })
	t.Run("Report", func(t *testing.T) { reported(t, c, m) })
	t.Run("Evidence", func(t *testing.T) {
		if e := c.Evidence(m); e == nil || e.Path != m.Evidence {
			t.Errorf("%+v", e)
		}
		other := *m.MachineManifest
		other.Evidence = "elsewhere"
		if e := c.Evidence(&Machine{MachineManifest: &other}); e != nil {
			t.Errorf("evidence of another case: %+v", e)
		}
	})
	t.Run("Damaged", func(t *testing.T) { damagedLines(t, dir, c) }) // the last: it changes the case
}

// noDamage fails the test for what could not be read.
func noDamage(t *testing.T) func(error) {
	return func(err error) { t.Helper(); t.Error(err) }
}

// some returns the first event with findings, and its record's id.
func some(t *testing.T, m *Machine) *output.Row {
	t.Helper()
	for r, err := range m.Rows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Level != "" && len(r.FindingIDs) > 0 {
			return r
		}
	}
	t.Fatal("no row has a finding")
	return nil
}

// findAll finds an event with its record, a record, and a finding, by the whole id
// and by the shortest prefix that no other id has.
func findAll(t *testing.T, c *Case, m *Machine) {
	row := some(t, m)
	f, err := c.Find(t.Context(), row.ID, noDamage(t))
	if err != nil || f == nil || f.Row == nil || f.Row.Message != row.Message || f.Machine != m {
		t.Fatalf("event: %+v, %v", f, err)
	}
	if f.Record == nil || f.Record.ID != row.RecordID || f.Record.Artifact != row.Parser {
		t.Errorf("the record of the event: %+v", f.Record)
	}
	f, err = c.Find(t.Context(), row.RecordID, noDamage(t))
	if err != nil || f == nil || f.Record == nil || f.Row != nil || f.Record.Source != row.Source {
		t.Errorf("record: %+v, %v", f, err)
	}
	f, err = c.Find(t.Context(), row.FindingIDs[0], noDamage(t))
	if err != nil || f == nil || f.Finding == nil || !slices.ContainsFunc(f.Finding.Evidence, func(e findings.Evidence) bool { return e.ID == row.RecordID && slices.Contains(e.Events, row.ID) }) {
		t.Errorf("finding: %+v, %v", f, err)
	}
	if f, err := c.Find(t.Context(), "0000000000000000", noDamage(t)); f != nil || err != nil {
		t.Errorf("an id that nothing has: %+v, %v", f, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if f, err := c.Find(ctx, row.ID, func(error) {}); !errors.Is(err, context.Canceled) || f != nil {
		t.Errorf("cancelled: %+v, %v", f, err)
	}
}

// ambiguous names some of the ids that begin alike, and never one twice.
func ambiguous(t *testing.T, c *Case) {
	_, err := c.Find(t.Context(), "", noDamage(t))
	var a *AmbiguousError
	if !errors.As(err, &a) || len(a.IDs) != maxFound {
		t.Fatalf("%v", err)
	}
	if ids := slices.Clone(a.IDs); len(slices.Compact(slices.Sorted(slices.Values(ids)))) != maxFound {
		t.Errorf("ids twice: %v", a.IDs)
	}
	short := a.IDs[0][:1]
	_, err = c.Find(t.Context(), short, noDamage(t))
	if !errors.As(err, &a) || a.Prefix != short || !strings.Contains(err.Error(), "several ids begin with "+short) || !strings.Contains(err.Error(), "more digits") {
		t.Errorf("%s: %v", short, err)
	}
	for _, id := range a.IDs {
		if !strings.HasPrefix(id, short) || len(id) != IDLength {
			t.Errorf("%s does not begin with %s", id, short)
		}
	}
}

// explain writes what is kept of a row, in a form that no name of the evidence can
// break.
func explain(t *testing.T, c *Case, m *Machine) {
	row := some(t, m)
	f, err := c.Find(t.Context(), row.ID, noDamage(t))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Explain(&b, f, func(id string) string { return "show " + id }); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{
		"event        " + row.ID, "time         " + row.Datetime() + " (" + row.Kind + ")", "level        " + row.Level, "artifact     " + row.Parser,
		"record       " + row.RecordID, "file         " + row.Source, "findings     " + strings.Join(row.FindingIDs, ", "), "bytes        show " + row.ID,
		fmt.Sprintf("offset       %d (%#x)", row.Offset, row.Offset), "fields       ",
	} {
		if !strings.Contains(text, want+"\n") && !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	const evil = "x\x1b[2J\r\u202egnp.exe\nevent        0000"
	b.Reset()
	hostile := &Found{ID: "1", Row: &output.Row{ID: "1", Message: evil, Kind: evil, Also: []string{evil}}, Record: &output.RecordLine{ID: "2", Source: evil, Key: evil, User: evil}}
	if err := Explain(&b, hostile, func(string) string { return "c" }); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\r\u202e") || strings.Contains(b.String(), "\nevent        0000") {
		t.Errorf("the text obeys the evidence: %q", b.String())
	}
	b.Reset()
	if err := Explain(&b, &Found{ID: "1", Row: &output.Row{ID: "1", Parser: "prefetch", RecordID: "7", Source: `C:\x.pf`, Offset: 16}}, func(id string) string { return id }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"artifact     prefetch\n", "record       7\n", "file         C:\\x.pf\n", "offset       16 (0x10)\n", "bytes        1\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("without its record, no %q in\n%s", want, b.String())
		}
	}
}

// eventOrder holds the records of logs to the order of the scan: by their log in the
// manifest, then by offset; those that are not shown are among them.
func eventOrder(t *testing.T, m *Machine) {
	places := map[string]int{}
	for i, in := range m.Inputs {
		places[in.Snapshot+"|"+in.Path] = i
	}
	shown := map[string]bool{}
	for r, err := range m.Lines(t.Context(), "records/eventlog.jsonl") {
		if err != nil {
			break
		}
		shown[r.ID] = true
	}
	log, offset, n := -1, int64(-1), 0
	for rec, err := range m.Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if _, ok := rec.Data.(events.Event); !ok {
			t.Errorf("a record of %s is no event", rec.Artifact.Name)
		}
		place, ok := places[rec.From.Snapshot+"|"+rec.From.Path]
		if !ok {
			t.Errorf("%s is not in the manifest", rec.From.Path)
		}
		if place < log || place == log && rec.From.Offset < offset {
			t.Errorf("record %s at %d of log %d follows %d of %d", rec.ID, rec.From.Offset, place, offset, log)
		}
		log, offset = place, rec.From.Offset
	}
	if n < 100 {
		t.Errorf("%d events", n)
	}
	stopped := 0
	for range m.Events(t.Context()) {
		if stopped++; stopped == 3 {
			break
		}
	}
	for _, err := range m.Events(t.Context(), "no such artifact") {
		if err == nil {
			t.Error("an artifact that does not exist has events")
		}
	}
	for rec := range m.Events(t.Context(), "prefetch") {
		t.Errorf("prefetch has the event %s", rec.ID)
	}
}

// reported fills in a report from the case; it holds the machine and its findings.
func reported(t *testing.T, c *Case, m *Machine) {
	var in report.Input
	if err := c.Report(t.Context(), &in, &report.Options{}, noDamage(t)); err != nil {
		t.Fatal(err)
	}
	all, err := c.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(in.Machines) != 1 || in.Machines[0].Name != m.Name || len(all.Findings) == 0 {
		t.Errorf("%d machines, %d findings", len(in.Machines), len(all.Findings))
	}
	if f := m.Facts(); f.Name != m.Name || f.TimeZone != m.TimeZone || len(f.Users) != len(m.Users) || len(f.Users) == 0 {
		t.Errorf("facts %+v", f)
	}
	if o := m.OutputMachine(); o.Name != m.Name || o.Input != m.Evidence || o.OS == "" {
		t.Errorf("machine %+v", o)
	}
}

// damagedLines breaks a line of the findings, and of the records: the first is an
// error, the second damage, and what is whole is still found.
func damagedLines(t *testing.T, dir string, c *Case) {
	m := c.Machines[0]
	row := some(t, m)
	path := filepath.Join(dir, "findings.jsonl")
	whole := read(t, path)
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(append(bytes.Clone(whole[:len(whole)-3]), '\n'))
	if _, err := c.Findings(t.Context()); err == nil || !strings.Contains(err.Error(), "findings.jsonl") {
		t.Errorf("a broken line: %v", err)
	}
	var damage []error
	f, err := c.Find(t.Context(), row.ID, func(err error) { damage = append(damage, err) })
	if err != nil || f == nil || f.Row == nil {
		t.Errorf("the event is not found any more: %+v, %v", f, err)
	}
	if len(damage) == 0 || !strings.Contains(damage[0].Error(), "findings.jsonl") {
		t.Errorf("damage %v", damage)
	}
	write(whole)
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(scan.UnshownName))); err != nil {
		t.Fatal(err)
	}
	var failed error
	for _, err := range m.Events(t.Context()) {
		if err != nil {
			failed = err
		}
	}
	if failed == nil {
		t.Error("the records that were not shown are gone, and nobody says so")
	}
}

// TestAddCase joins the evidence of two machines.
func TestAddCase(t *testing.T) {
	one, two := &report.Case{Evidence: make([]report.EvidenceHash, 1)}, &report.Case{Evidence: make([]report.EvidenceHash, 2)}
	if got := addCase(nil, two); got != two {
		t.Error("nothing and two")
	}
	if got := addCase(one, nil); got != one {
		t.Error("one and nothing")
	}
	if got := addCase(one, two); len(got.Evidence) != 3 {
		t.Errorf("%d pieces of evidence", len(got.Evidence))
	}
}
