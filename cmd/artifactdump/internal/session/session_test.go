package session_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

// TestEach reads what is named and nothing else, and keeps what is known of it.
func TestEach(t *testing.T) {
	s, said := sessiontest.New(session.Options{Names: []string{"prefetch"}})
	n := 0
	err := s.Each(t.Context(), []string{sessiontest.Incident, sessiontest.Incident}, func(tree *evidence.Tree, res artifacts.Result) error {
		n += len(res.Records)
		if res.Artifact.Name != "prefetch" {
			t.Errorf("%s was read", res.Artifact.Name)
		}
		return nil
	})
	if err != nil || n == 0 || n%2 != 0 || s.End() != nil {
		t.Errorf("%d records, %v; %s", n, err, said)
	}
	if len(s.Machines) != 2 || s.Machines[0].Name != "KESTREL-PC" || s.Kind == "" || s.Zone("KESTREL-PC") == nil {
		t.Errorf("%+v, kind %q", s.Machines, s.Kind)
	}
	if !strings.Contains(said.String(), "note: ") {
		t.Errorf("said: %q", said)
	}
}

// TestStops ends a run at the first error of any kind.
func TestStops(t *testing.T) {
	nothing := func(*evidence.Tree, artifacts.Result) error { return nil }
	bad := errors.New("enough")
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "A.EXE-12345678.pf"), []byte("MAM\x04no Prefetch file"), 0o666); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name  string
		ctx   context.Context
		o     session.Options
		path  string
		yield session.Yield
		want  func(error) bool
	}{
		{"no evidence", t.Context(), session.Options{}, "", nothing, isUsage},
		{"an unknown artifact", t.Context(), session.Options{Names: []string{"x"}}, sessiontest.Incident, nothing, isUsage},
		{"an unknown zone", t.Context(), session.Options{Timezone: "x"}, sessiontest.Incident, nothing, isUsage},
		{"not there", t.Context(), session.Options{}, "not there", nothing, says("not there: no such file or folder")},
		{"the caller", t.Context(), session.Options{Names: []string{"prefetch"}}, sessiontest.Incident,
			func(*evidence.Tree, artifacts.Result) error { return bad }, func(err error) bool { return errors.Is(err, bad) }},
		{"interrupted", gone, session.Options{Names: []string{"prefetch"}}, sessiontest.Incident, nothing,
			func(err error) bool { return errors.Is(err, context.Canceled) }},
		{"the first damage", t.Context(), session.Options{}, broken, nothing, func(err error) bool { return errors.Is(err, scan.ErrDamaged) }},
	} {
		s, said := sessiontest.New(c.o)
		s.Strict = c.name == "the first damage"
		var paths []string
		if c.path != "" {
			paths = append(paths, c.path)
		}
		if err := s.Each(c.ctx, paths, c.yield); !c.want(err) {
			t.Errorf("%s: %v; said %q", c.name, err, said)
		}
	}
}

func isUsage(err error) bool {
	_, ok := errors.AsType[usage.Error](err)
	return ok
}

func says(text string) func(error) bool {
	return func(err error) bool { return err != nil && strings.Contains(err.Error(), text) }
}

// TestJudge judges what the catalogue has, and not what is read beside it.
func TestJudge(t *testing.T) {
	s, _ := sessiontest.New(session.Options{Names: []string{"services"}, Extra: []*artifacts.Artifact{catalogue.RegistryKeys}})
	extra := 0
	j, err := s.Judge(t.Context(), []string{sessiontest.Incident}, nil, func(_ *evidence.Tree, res artifacts.Result) error {
		if res.Artifact == catalogue.RegistryKeys {
			extra += len(res.Records)
		}
		return nil
	})
	if err != nil || extra == 0 || len(j.Reports()) != 1 || len(j.Reports()[0].Findings) == 0 {
		t.Errorf("%v, %d keys, %d reports", err, extra, len(j.Reports()))
	}
	again, _ := sessiontest.New(session.Options{Names: []string{"services"}})
	k, err := again.Judge(t.Context(), []string{sessiontest.Incident}, nil, nil)
	if err != nil || len(k.Reports()[0].Findings) != len(j.Reports()[0].Findings) {
		t.Errorf("%v: the keys changed the findings", err)
	}
}

// TestCases opens cases, keeps them apart from evidence, and names the flags that they
// do not obey.
func TestCases(t *testing.T) {
	dir := sessiontest.Case(t)
	s, said := sessiontest.New(session.Options{Ignored: []string{"host", "full"}})
	if cases, err := s.OpenCases(sessiontest.Incident); cases != nil || err != nil {
		t.Errorf("evidence: %v, %v", cases, err)
	}
	if _, err := s.OpenCases(dir, sessiontest.Incident); !isUsage(err) || !says("together")(err) {
		t.Errorf("a case and evidence: %v", err)
	}
	if _, err := s.OpenCases(dir); !isUsage(err) || !says("--host has no effect")(err) {
		t.Errorf("a flag: %v", err)
	}
	s.Ignored = nil
	cases, err := s.OpenCases(dir)
	if err != nil || len(cases) != 1 || len(s.Cases) != 1 || len(s.Machines) != 1 {
		t.Fatalf("%v, %v", cases, err)
	}
	all, last := 0, time.Time{}
	rows, err := s.Rows(t.Context(), cases)
	if err != nil {
		t.Fatal(err)
	}
	for r, err := range rows {
		if err != nil {
			t.Fatal(err)
		}
		all, last = all+1, r.Time
	}
	if all == 0 || all != cases[0].Machines[0].Counts.Events || !session.Newest(cases).Equal(last) {
		t.Errorf("%d rows to %v, newest %v", all, last, session.Newest(cases))
	}
	rows, err = s.Rows(t.Context(), cases, "prefetch")
	if err != nil {
		t.Fatal(err)
	}
	var parsers []string
	for r := range rows {
		parsers = append(parsers, r.Parser)
	}
	slices.Sort(parsers)
	if len(parsers) == 0 || len(parsers) == all || len(slices.Compact(parsers)) != 1 {
		t.Errorf("%d rows of prefetch", len(parsers))
	}
	if _, err := s.Rows(t.Context(), cases, "x"); !isUsage(err) {
		t.Errorf("an unknown artifact: %v", err)
	}

	// A changed timeline is read whole, is damage, and is named once.
	f, err := os.OpenFile(filepath.Join(dir, "timeline.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("not JSON\n")
	f.Close()
	rows, _ = s.Rows(t.Context(), cases)
	for range 2 {
		n := 0
		for _, err := range rows {
			if n++; err != nil {
				t.Error(err)
			}
		}
		if n != all || s.Damages() != 2 {
			t.Errorf("%d rows, %d damages, want %d and 2", n, s.Damages(), all)
		}
	}
	if s.Tell(); !strings.Contains(said.String(), "changed since the scan") {
		t.Errorf("%s", said)
	}
	s.Strict = true
	rows, _ = s.Rows(t.Context(), cases)
	var first error
	for _, err := range rows {
		if first == nil {
			first = err
		}
	}
	if first == nil {
		t.Error("--strict does not end at the damage")
	}
}
