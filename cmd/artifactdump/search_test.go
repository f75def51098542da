package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// ids returns the ids of the lines of JSON, sorted.
func ids(t *testing.T, text string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(text) {
		var r struct{ ID string }
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.ID == "" {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, r.ID)
	}
	slices.Sort(out)
	return out
}

// TestSearch demands that a case and the evidence give the same records, for words
// that no row shows too.
func TestSearch(t *testing.T) {
	testcost.Again(t)
	dir := scannedIncident(t)
	for _, x := range testcost.Sample([]struct{ flags, words []string }{
		{nil, []string{"cache.dll"}}, {[]string{"--field", "files"}, []string{`\users\public\`}},
		{[]string{"-a", "prefetch"}, []string{"cache.dll"}}, {[]string{"--regexp"}, []string{`svchost\.exe$`, "public"}},
		{nil, []string{"level:critical"}}, {nil, []string{`"run count 2"`, "psexe"}},
		{[]string{"-i", "--from", "2026-03-06", "--to", "2026-03-06"}, []string{"CACHE.dll"}},
		{nil, []string{"around:57a2c8b3±30s", "artifact:prefetch"}},
	}, 3) {
		search := append([]string{"search", "-q", "--format", "jsonl"}, x.flags...)
		inCase, stderr, code := runArgs(t, slices.Concat(search, []string{dir}, x.words)...)
		if code != 0 || inCase == "" {
			t.Errorf("%v: exit %d, %d bytes, %s", x, code, len(inCase), stderr)
		}
		inEvidence, stderr, code := runArgs(t, slices.Concat(search, []string{theIncident}, x.words)...)
		// Evidence has records, too, that a case does not keep.
		all := ids(t, inEvidence)
		for _, id := range ids(t, inCase) {
			if !slices.Contains(all, id) {
				t.Errorf("%v: %s is not found in the evidence (exit %d, %s)", x, id, code, stderr)
			}
		}
	}
	for _, args := range [][]string{{dir}, {dir, "level:x"}, {"--format", "xml", dir, "a"}, {"--from", "x", dir, "a"}} {
		if _, _, code := runArgs(t, append([]string{"search"}, args...)...); code != exitUsage {
			t.Errorf("search %v: exit %d", args, code)
		}
	}
}

// TestTimelineSearch holds --search and --around to the rows that they name.
func TestTimelineSearch(t *testing.T) {
	testcost.Again(t)
	dir := scannedIncident(t)
	for _, place := range []string{dir, theIncident} {
		all, _, _ := runArgs(t, "timeline", "-q", "--format", "jsonl", place)
		var want []string
		for line := range strings.Lines(all) {
			var r struct{ ID, Level, Parser string }
			if json.Unmarshal([]byte(line), &r) == nil && r.Parser == "prefetch" && (r.Level == "high" || r.Level == "critical") {
				want = append(want, r.ID)
			}
		}
		slices.Sort(want)
		got, _, _ := runArgs(t, "timeline", "-q", "--format", "jsonl", "--search", "level:high+ artifact:prefetch", place)
		if len(want) == 0 || !slices.Equal(ids(t, got), want) {
			t.Errorf("%s: %d rows, want %d", place, len(ids(t, got)), len(want))
		}
		around, _, _ := runArgs(t, "timeline", "-q", "--format", "jsonl", "--around", "57a2c8b3", "--span", "10s", place)
		if list := ids(t, around); !slices.Contains(list, "57a2c8b336c5a09f") || len(list) > 100 {
			t.Errorf("%s: %d rows around", place, len(list))
		}
		if _, _, code := runArgs(t, "timeline", "-q", "--around", "0000000000000000", place); code != exitFailed {
			t.Errorf("%s: around nothing: exit %d", place, code)
		}
	}
	if _, _, code := runArgs(t, "timeline", "--span", "5m", dir); code != exitUsage {
		t.Errorf("--span alone: exit %d", code)
	}
}

// TestSearchNamesDamageOnce: a search for a level reads the evidence twice.
func TestSearchNamesDamageOnce(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(filepath.Join(theIncident, "C/Windows/Prefetch/PSEXESVC.EXE-AD70946C.pf"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"PSEXESVC.EXE-AD70946C.pf": whole, "CUT.EXE-12345678.pf": whole[:40]} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, strict := range []bool{false, true} {
		args := []string{"search", "--format", "jsonl", dir, "level:low+"}
		if strict {
			args = append(args, "--strict")
		}
		stdout, stderr, code := runArgs(t, args...)
		if n := strings.Count(stderr, "damaged: "); n != 1 || code != exitDamaged || !strings.Contains(stderr, "CUT.EXE") {
			t.Errorf("strict %v: exit %d, damage is named %d times:\n%s", strict, code, n, stderr)
		}
		if !strict && len(ids(t, stdout)) != 1 {
			t.Errorf("found:\n%s", stdout)
		}
	}
}

// TestSearchCase: upper and lower case are equal unless the analyst wants to tell them apart.
func TestSearchCase(t *testing.T) {
	count := func(args ...string) int {
		t.Helper()
		stdout, stderr, code := runArgs(t, slices.Concat([]string{"search", "-q", "--format", "jsonl", "-a", "prefetch"}, args)...)
		if code != exitOK {
			t.Fatalf("%v: exit %d: %s", args, code, stderr)
		}
		return strings.Count(stdout, "\n")
	}
	all := count(theIncident, "psexesvc.exe")
	for _, x := range []struct {
		want int
		args []string
	}{
		{all, []string{"-i", theIncident, "PsExeSvc.exe"}}, {all, []string{"--match-case", theIncident, "PSEXESVC.EXE"}},
		{0, []string{"--match-case", theIncident, "PsExeSvc.exe"}}, {all, []string{"--match-case", "-i", theIncident, "PsExeSvc.exe"}},
		{0, []string{"--match-case", "--regexp", theIncident, `Psexe[a-z]+\.exe`}}, {all, []string{"--match-case", "--regexp", theIncident, `PSEXE[A-Z]+\.EXE`}},
		{all, []string{"--regexp", theIncident, `psexe[a-z]+\.exe`}}, {all, []string{"--match-case", theIncident, "PSEXESVC.EXE", "artifact:PREFETCH"}},
	} {
		if n := count(x.args...); n != x.want || all == 0 {
			t.Errorf("%v: %d records, want %d", x.args, n, x.want)
		}
	}
}
