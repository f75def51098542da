package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// fewCases scans the same few files as machines of these names.
func fewCases(t *testing.T, names ...string) (cases []string) {
	t.Helper()
	e := fewFiles(t)
	for _, n := range names {
		dir := filepath.Join(t.TempDir(), n)
		if _, stderr, code := runArgs(t, "scan", "-q", "--host", n, "-o", dir, e); code != exitOK {
			t.Fatalf("exit %d: %s", code, stderr)
		}
		cases = append(cases, dir)
	}
	return cases
}

// TestFleetOrder: cases in any order give the same bytes, and each count is that of
// the machines.
func TestFleetOrder(t *testing.T) {
	testcost.Again(t)
	c := fewCases(t, "pc1", "pc2", "=cmd|'x'!A")
	a, b := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	for dir, list := range map[string][]string{a: c, b: {c[2], c[0], c[1]}} {
		_, stderr, code := runArgs(t, append([]string{"fleet", "--csv-safe", "-o", dir}, list...)...)
		if code != exitOK || !strings.Contains(stderr, ": 3 machines, ") {
			t.Fatalf("exit %d: %s", code, stderr)
		}
	}
	want, got := listing(t, a), listing(t, b)
	for _, name := range []string{"fleet.html", "stack.jsonl", "stack.csv", "stack.parquet", "spread.jsonl", "hosts.jsonl", "alike.jsonl", "edges.jsonl"} {
		if _, ok := want[name]; !ok || want[name] != got[name] {
			t.Errorf("%s depends on the order of the cases, or is missing", name)
		}
	}
	lines, err := os.ReadFile(filepath.Join(a, "stack.jsonl"))
	must(t, err)
	for line := range strings.Lines(string(lines)) {
		var k struct {
			Key   string
			Hosts int
			Of    int `json:"of_hosts"`
		}
		must(t, json.Unmarshal([]byte(line), &k))
		if k.Hosts != 3 || k.Of != 3 {
			t.Errorf("%s is on %d of %d machines, want 3 of 3", k.Key, k.Hosts, k.Of)
		}
	}
	f, err := os.Open(filepath.Join(a, "stack.csv"))
	must(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) != 1+strings.Count(string(lines), "\n") {
		t.Errorf("%d rows of CSV, %v", len(rows), err)
	}
	for _, r := range rows {
		for _, cell := range r {
			if strings.HasPrefix(cell, "=") {
				t.Errorf("a spreadsheet would calculate %q", cell)
			}
		}
	}
}

// TestFleetMistakes names what is wrong, and what cannot be read beside what can.
func TestFleetMistakes(t *testing.T) {
	testcost.Again(t)
	c := fewCases(t, "pc1", "pc2")
	e := fewFiles(t)
	mine := t.TempDir()
	must(t, os.WriteFile(filepath.Join(mine, "mine"), nil, 0o600))
	for _, x := range []struct {
		args string
		code int
		says string
	}{
		{"--spread-share NaN A B", exitUsage, "--spread-share NaN: want more than 0 and at most 1"},
		{"--spread-share 0 A B", exitUsage, "want more than 0 and at most 1"},
		{"--spread-share 1.01 A B", exitUsage, "want more than 0 and at most 1"},
		{"--max-hosts -1 A B", exitUsage, "--max-hosts must be at least 1"},
		{"--kind x A B", exitUsage, `unknown kind "x"; known: account, autostart, device`},
		{"-o A/f A B", exitUsage, "is inside the case"},
		{"-o M A B", exitFailed, "exists: use --force to replace it"},
		{"--force -o M A B", exitFailed, "holds no results of a comparison (no manifest.json): not replaced"},
		{"--baseline E/gone A B", exitFailed, "gone: no such folder"},
		{"E", exitFailed, "not a case folder: it has no manifest.json"},
		{"A B E", exitDamaged, "not a case folder: it has no manifest.json"},
		{"A B A", exitOK, "is given twice"},
		{"--baseline A A B", exitOK, "2 machines, 0 observations"},
	} {
		args := []string{"fleet"}
		if !strings.Contains(x.args, "-o ") {
			args = append(args, "-o", filepath.Join(t.TempDir(), "fleet"))
		}
		for a := range strings.FieldsSeq(x.args) {
			first, rest, _ := strings.Cut(a, "/")
			if p, ok := map[string]string{"A": c[0], "B": c[1], "E": e, "M": mine}[first]; ok {
				a = filepath.Join(p, rest)
			}
			args = append(args, a)
		}
		_, stderr, code := runArgs(t, args...)
		if code != x.code || !strings.Contains(stderr, x.says) {
			t.Errorf("%s: exit %d: %s; want %d: %s", x.args, code, stderr, x.code, x.says)
		}
	}
	if left, err := os.ReadDir(mine); err != nil || len(left) != 1 {
		t.Errorf("a folder that is no fleet was changed: %v, %v", left, err)
	}
}

// TestCaseWhereEvidenceIsWanted says what a case folder is, instead of what was not
// found in it.
func TestCaseWhereEvidenceIsWanted(t *testing.T) {
	testcost.Again(t)
	c := fewCases(t, "pc1")[0]
	for _, command := range []string{"dump -q", "verify", "collect -o Z"} {
		args := strings.Fields(strings.ReplaceAll(command, "Z", filepath.Join(t.TempDir(), "z.zip")))
		_, stderr, code := runArgs(t, append(args, c)...)
		if code != exitFailed || !strings.Contains(stderr, c+" is a case folder: give the evidence it was made from") {
			t.Errorf("%s: exit %d: %s", command, code, stderr)
		}
	}
	_, stderr, code := runArgs(t, "timeline", "--no-logs", c)
	if code != exitUsage || !strings.Contains(stderr, "--no-logs has no effect on a case folder: give the evidence") {
		t.Errorf("timeline: exit %d: %s", code, stderr)
	}
}

// TestIdsOfACase: a prefix that several ids have is refused with some of them, and
// the whole id of each of these is explained.
func TestIdsOfACase(t *testing.T) {
	testcost.Again(t)
	c := fewCases(t, "pc1")[0]
	several := 0
	for digit := range strings.SplitSeq("0123456789abcdef", "") {
		_, stderr, _ := runArgs(t, "explain", c, digit)
		_, list, ok := strings.Cut(stderr, "several ids begin with "+digit+": ")
		if !ok {
			continue
		}
		several++
		list, _, _ = strings.Cut(list, ": give more digits")
		for id := range strings.SplitSeq(list, ", ") {
			stdout, stderr, code := runArgs(t, "explain", c, id)
			if code != exitOK || !strings.HasPrefix(id, digit) || !strings.Contains(stdout, id) {
				t.Errorf("%s: exit %d: %s", id, code, stderr)
			}
		}
	}
	if several < 3 {
		t.Errorf("%d digits begin several ids", several)
	}
}
