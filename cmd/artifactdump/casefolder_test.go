package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestCaseIsEvidence demands that a case gives the same bytes as the evidence that
// it was made of. The commands are run with the race detector elsewhere, too.
func TestCaseIsEvidence(t *testing.T) {
	testcost.Again(t)
	dir := scannedIncident(t)
	for _, args := range testcost.Sample([][]string{
		{"timeline"}, {"timeline", "--format", "jsonl"}, {"timeline", "--format", "csv", "--last", "7d"},
		{"timeline", "--format", "ecs", "--from", "2026-03-06"}, {"timeline", "--all"},
		{"findings"}, {"findings", "--long"}, {"findings", "--coverage"}, {"findings", "--format", "jsonl"},
		{"findings", "--format", "navigator"}, {"report"}, {"report", "--lang", "ja"}, {"logons"}, {"logons", "--view", "sessions"},
		{"logons", "--view", "ranking", "--format", "jsonl"}, {"logons", "--format", "graphml"},
	}, 5) {
		want, _, wantCode := runArgs(t, append(args, "-q", theIncident)...)
		got, stderr, code := runArgs(t, append(args, "-q", dir)...)
		if got != want || code != wantCode || want == "" {
			t.Errorf("%s: the case gives %d bytes (exit %d), the evidence %d (exit %d) %s", strings.Join(args, " "), len(got), code,
				len(want), wantCode, stderr)
		}
	}
}

// TestCaseFlags demands that flags which a case cannot obey are refused, as are
// evidence and cases beside each other.
func TestCaseFlags(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case")
	if _, stderr, code := runArgs(t, "scan", "-q", "-a", "prefetch", "-o", dir, theIncident); code != exitOK {
		t.Fatal(code, stderr)
	}
	for _, args := range [][]string{
		{"timeline", "--events", "all", dir}, {"timeline", "--evidence-timezone", "+01:00", dir}, {"findings", "--rules", "x.txt", dir},
		{"report", "--no-logs", dir}, {"view", "--no-logs", "-o", "-", dir}, {"timeline", dir, theIncident},
	} {
		if stdout, stderr, code := runArgs(t, args...); code != exitUsage && code != exitFailed || stdout != "" || stderr == "" {
			t.Errorf("%v: exit %d, %q", args, code, stderr)
		}
	}
}

// TestExplainCase goes from ids to what the case holds of them, and to the command
// for the evidence.
func TestExplainCase(t *testing.T) {
	testcost.Again(t)
	dir := scannedIncident(t)
	for id, wants := range map[string][]string{
		"f08a28ca96ac7c25": {"finding      f08a28ca96ac7c25", "evidence     1 of ", "artifactdump explain " + theIncident},
		"dabdab4f2f0da3d0": {"artifact     prefetch", "run_count: 1", "artifactdump explain " + theIncident + " dabdab4f2f0da3d0"},
		"21542ab5":         {"event        21542ab5fa8a7ccd", "record       2f26bbb372ad87f7", "path: D:\\Old\\tool.exe"},
	} {
		stdout, stderr, code := runArgs(t, "explain", dir, id)
		if code != 0 {
			t.Errorf("%s: exit %d, %s", id, code, stderr)
		}
		for _, want := range wants {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: no %q in\n%s", id, want, stdout)
			}
		}
		// The same prefix leads to the bytes of the evidence.
		if stdout, stderr, code := runArgs(t, "explain", "-q", theIncident, id[:8]); code != 0 || !strings.Contains(stdout, id[:8]) {
			t.Errorf("%s in the evidence: exit %d, %s", id, code, stderr)
		}
	}
	for _, place := range []string{dir, theIncident} {
		if _, stderr, code := runArgs(t, "explain", "-q", place, "a"); code != exitFailed || !strings.Contains(stderr, "give more digits") {
			t.Errorf("an ambiguous id: exit %d, %s", code, stderr)
		}
		if _, stderr, code := runArgs(t, "explain", "-q", place, "0123456789abcdef"); code != exitFailed || !strings.Contains(stderr, "has the id") {
			t.Errorf("an unknown id: exit %d, %s", code, stderr)
		}
	}
}
