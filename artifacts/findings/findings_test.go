package findings_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/corpus"
)

// evaluate runs everything over a tree.
func evaluate(t testing.TB, tree *evidence.Tree, kind string, jobs int, opts *findings.Options) *findings.Report {
	t.Helper()
	results, err := artifacts.Run(context.Background(), tree, catalogue.All(), &artifacts.Options{Jobs: jobs})
	if err != nil {
		t.Fatal(err)
	}
	return findings.Evaluate(results, findings.FactsOf(tree, kind, nil), opts)
}

// real opens evidence that Windows wrote, or skips the test.
func real(t testing.TB, name string) *evidence.Evidence {
	t.Helper()
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	ev, err := evidence.Open(filepath.Join(root, filepath.FromSlash(name)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ev.Close() })
	return ev
}

func openFS(t testing.TB, fsys fs.FS) *evidence.Tree {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev.Trees[0]
}

func incident(t testing.TB) *evidence.Tree {
	t.Helper()
	m := fstest.MapFS{}
	for name, b := range incidentFiles() {
		m[name] = &fstest.MapFile{Data: b}
	}
	return openFS(t, m)
}

var incidentFiles = sync.OnceValue(func() map[string][]byte { return corpus.Incident().Files() })

// find returns the finding about a subject that ends so.
func find(r *findings.Report, subject string) *findings.Finding {
	for i := range r.Findings {
		if strings.HasSuffix(strings.ToLower(r.Findings[i].Subject), strings.ToLower(subject)) {
			return &r.Findings[i]
		}
	}
	return nil
}

func want(t *testing.T, r *findings.Report, subject string, level findings.Level, rules ...string) {
	t.Helper()
	f := find(r, subject)
	if f == nil {
		t.Errorf("no finding about %s", subject)
		return
	}
	if f.Level < level {
		t.Errorf("%s is %s, want %s", subject, f.Level, level)
	}
	for _, id := range rules {
		if !slices.Contains(f.RuleIDs, id) {
			t.Errorf("%s: rules %v, want %s", subject, f.RuleIDs, id)
		}
	}
	if len(f.Evidence) == 0 || f.Why == "" || f.FalsePositives == "" || f.Next == "" {
		t.Errorf("%s: evidence, why, benign or next is missing: %+v", subject, f)
	}
}

// TestIncident finds the intrusion of docs/corpus.md, and not what only looks
// odd there.
func TestIncident(t *testing.T) {
	r := evaluate(t, incident(t), "folder", 0, nil)
	want(t, r, `\users\public\svchost.exe`, findings.Critical, "M-01", "M-02", "P-01", "X-02")
	want(t, r, `\windows\psexesvc.exe`, findings.High, "X-04", "P-11", "X-03")
	want(t, r, `\temp\nbtscan.exe`, findings.High, "X-03", "X-02")
	want(t, r, `\libraries\cache.dll`, findings.High, "X-08", "P-12")
	want(t, r, `\perflogs\rar.exe`, findings.High, "X-02", "X-03")
	want(t, r, `discovery at 2026-03-06 17:46`, findings.High, "X-06")
	want(t, r, `clean-up at 2026-03-06 18:33`, findings.High, "F-11")
	want(t, r, `Defender exclusion C:\Users\Public`, findings.High, "F-02")
	want(t, r, `hosts file definitionupdates.microsoft.com`, findings.High, "F-05")
	want(t, r, `proxy of daniel 198.51.100.20:8080`, findings.High, "F-10")
	want(t, r, `\temp\pd64.exe`, findings.Medium, "D-04")
	want(t, r, `forged records in System`, findings.High, "C-16")
	// A task names it by a short name, a trace by the long one: it is one program.
	want(t, r, `\falcon sync\fsync.exe`, findings.Critical, "C-06", "C-14", "P-12", "N-01", "X-02")
	if f := find(r, `falcon~1`); f != nil {
		t.Errorf("the short name has a finding of its own: %+v", f.Reasons)
	}
	for _, f := range r.Findings {
		low := strings.ToLower(f.Subject)
		if f.Level >= findings.High && (strings.Contains(low, "photoviewer") || strings.Contains(low, "paperscan") || strings.Contains(low, "printqueuemonitor") || strings.Contains(low, "printer")) {
			t.Errorf("%s only looks odd, and is %s: %v", f.Subject, f.Level, f.Reasons)
		}
	}
}

// TestGolden holds the evaluation to what is known of real machines.
func TestGolden(t *testing.T) {
	t.Run("server2022-attacked", func(t *testing.T) {
		ev := real(t, "images/server2022-attacked")
		r := evaluate(t, ev.Trees[0], ev.Kind, 0, nil)
		want(t, r, `\tmp\mim.exe`, findings.Critical, "P-12", "X-03", "M-05", "X-02")
		want(t, r, `task \falshupdate22`, findings.High, "P-12", "M-06")
		want(t, r, `\windows\psexesvc.exe`, findings.High, "X-04")
	})
	t.Run("windows 7 SYSTEM", func(t *testing.T) {
		ev := real(t, "hives/regipy/SYSTEM")
		r := evaluate(t, ev.Trees[0], ev.Kind, 0, nil)
		var got []string
		for _, f := range r.Findings {
			if slices.Contains(f.RuleIDs, "M-01") {
				got = append(got, strings.ToLower(f.Subject))
			}
		}
		slices.Sort(got)
		if want := []string{`c:\dllhost.exe`, `c:\windows\system32\dllhost\svchost.exe`}; !slices.Equal(got, want) {
			t.Errorf("M-01 fires on %v, want %v", got, want)
		}
	})
	for _, name := range []string{"prefetch/art-win10", "prefetch/art-win11", "images/win10-composed"} {
		t.Run(name, func(t *testing.T) {
			ev := real(t, name)
			r := evaluate(t, ev.Trees[0], ev.Kind, 0, nil)
			for _, f := range r.Findings {
				if f.Level == findings.Critical || slices.Contains(f.RuleIDs, "M-01") || slices.Contains(f.RuleIDs, "M-03") {
					t.Errorf("a false alarm: %s %s %v", f.Level, f.Subject, f.Reasons)
				}
				if slices.Contains(f.RuleIDs, "X-06") {
					t.Errorf("discovery on a clean machine: %v", f.Reasons)
				}
				for _, re := range f.Reasons {
					if re.RuleID == "X-02" && re.Level > findings.Low && strings.Contains(re.Says, "(L8)") {
						t.Errorf("a set-up in a temporary folder is %s: %s", re.Level, f.Subject)
					}
				}
			}
		})
	}
}

// TestDeterministic gives the same bytes with any number of workers.
func TestDeterministic(t *testing.T) {
	out := func(jobs int) string {
		var b bytes.Buffer
		if err := evaluate(t, incident(t), "folder", jobs, nil).WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	a, b := strings.Split(out(1), "\n"), strings.Split(out(7), "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			t.Fatalf("two runs differ in line %d:\n- %s\n+ %s", i+1, a[i], b[i])
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d lines and %d", len(a), len(b))
	}
}

// TestEvidenceIDs leads from every finding back to rows that a timeline of
// the same evidence has.
func TestEvidenceIDs(t *testing.T) {
	tree := incident(t)
	known := map[string]bool{}
	results, err := artifacts.Run(context.Background(), tree, catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		for i := range res.Records {
			known[res.Records[i].ID] = true
			for _, e := range res.Records[i].Events() {
				known[e.ID] = true
			}
		}
	}
	for _, f := range evaluate(t, tree, "folder", 0, nil).Findings {
		for _, e := range f.Evidence {
			if !known[e.ID] {
				t.Errorf("%s: record %s is in no run", f.Subject, e.ID)
			}
			for _, id := range e.Events {
				if !known[id] {
					t.Errorf("%s: event %s is in no timeline", f.Subject, id)
				}
			}
			if e.Path == "" || e.Quote == "" {
				t.Errorf("%s: evidence without a place or a quote: %+v", f.Subject, e)
			}
		}
	}
}

// TestDeclarations holds every rule to what a reader expects of it.
func TestDeclarations(t *testing.T) {
	seen := map[string]bool{}
	known := map[string]bool{}
	for _, a := range catalogue.All() {
		known[a.Name] = true
	}
	for _, r := range findings.Rules() {
		if seen[r.ID] {
			t.Errorf("%s is there twice", r.ID)
		}
		seen[r.ID] = true
		if r.ID == "" || r.Title == "" || r.Why == "" || r.Benign == "" || r.Next == "" || r.Level == 0 {
			t.Errorf("%s: title, level, why, benign or next is missing", r.ID)
		}
		if len(r.Needs) == 0 && r.ID != "I-01" { // it looks at the records of every artifact
			t.Errorf("%s needs no artifact", r.ID)
		}
		for _, n := range r.Needs {
			if !known[n] {
				t.Errorf("%s needs %s, which is no artifact", r.ID, n)
			}
		}
		for _, id := range r.Attack {
			if _, ok := findings.Technique(id); !ok {
				t.Errorf("%s names %s, which is not in the table of ATT&CK", r.ID, id)
			}
		}
	}
}

// TestTechniques: nothing printed is outside the table.
func TestTechniques(t *testing.T) {
	r := evaluate(t, incident(t), "folder", 0, nil)
	for _, f := range r.Findings {
		for _, id := range f.Techniques {
			if info, ok := findings.Technique(id); !ok || info.Name == "" || len(info.Tactics) == 0 {
				t.Errorf("%s: technique %s is not in the table", f.Subject, id)
			}
		}
	}
}

// TestJSON has the keys that others rely on, and ends with the coverage.
func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := evaluate(t, incident(t), "folder", 0, nil).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	var f map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &f); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"id", "rule_id", "rule_ids", "title", "level", "score", "techniques", "subject", "scope", "host", "first_seen", "last_seen", "time_kind", "count", "evidence", "why", "false_positives", "next"} {
		if _, ok := f[key]; !ok {
			t.Errorf("a finding has no %q", key)
		}
	}
	if f["level"] != "critical" {
		t.Errorf("the first finding is %v", f["level"])
	}
	var last struct{ Coverage []findings.Coverage }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		// Level has no UnmarshalText; the coverage holds none.
		t.Fatal(err)
	}
	if len(last.Coverage) != len(findings.Rules()) {
		t.Errorf("coverage of %d rules, there are %d", len(last.Coverage), len(findings.Rules()))
	}
}

// TestNavigator checks the layer against what version 4.5 requires.
func TestNavigator(t *testing.T) {
	var b bytes.Buffer
	if err := evaluate(t, incident(t), "folder", 0, nil).WriteNavigator(&b); err != nil {
		t.Fatal(err)
	}
	var l struct {
		Name, Domain string
		Versions     map[string]string
		Techniques   []struct {
			TechniqueID, Tactic, Comment string
			Score                        int
			Enabled                      bool
		}
		Gradient struct{ MinValue, MaxValue int }
	}
	if err := json.Unmarshal(b.Bytes(), &l); err != nil {
		t.Fatal(err)
	}
	if l.Name == "" || l.Domain != "enterprise-attack" || l.Versions["layer"] != "4.5" {
		t.Errorf("head of the layer: %q %q %v", l.Name, l.Domain, l.Versions)
	}
	seen := map[string]bool{}
	top := 0
	for _, e := range l.Techniques {
		k := e.TechniqueID + e.Tactic
		if seen[k] || e.Score < 1 || !e.Enabled || e.Tactic == "" || e.Comment == "" {
			t.Errorf("technique %+v", e)
		}
		seen[k] = true
		top = max(top, e.Score)
	}
	if !seen["T1036.005defense-evasion"] || l.Gradient.MaxValue < max(1, top) || l.Gradient.MaxValue <= l.Gradient.MinValue {
		t.Errorf("techniques %v, gradient %+v", seen, l.Gradient)
	}
}

// TestCoverage says why a rule was not judged.
func TestCoverage(t *testing.T) {
	reason := func(r *findings.Report, id string) (string, string) {
		for _, c := range r.Coverage {
			if c.RuleID == id {
				return c.Status, strings.Join(c.Why, "; ")
			}
		}
		return "", ""
	}
	check := func(t *testing.T, r *findings.Report, id, status, why string) {
		t.Helper()
		if s, w := reason(r, id); s != status || !strings.Contains(w, why) {
			t.Errorf("%s: %s (%s), want %s (…%s…)", id, s, w, status, why)
		}
	}
	one := fstest.MapFS{}
	for name, b := range incidentFiles() {
		if strings.HasSuffix(name, ".pf") {
			one[name] = &fstest.MapFile{Data: b}
		}
	}
	r := evaluate(t, openFS(t, one), "folder", 0, nil)
	check(t, r, "M-02", findings.Evaluated, "")
	check(t, r, "M-01", findings.Partly, "no SYSTEM hive")
	check(t, r, "F-02", findings.NotEvaluated, "no SOFTWARE hive")
	check(t, r, "D-06", findings.NotEvaluated, `no file %SystemRoot%\System32\winevt`)
	check(t, r, "D-01", findings.NotEvaluated, "times of files are not those of the machine")
	check(t, r, "X-01", findings.NotEvaluated, "not here as a whole")
	check(t, r, "M-02b", findings.NotEvaluated, "on request")

	// A collection that wrote times down for some files.
	f := facts()
	f.FileTimes = false
	e := findings.NewEvaluator(f, nil)
	for _, rec := range (records{pf(`\PerfLogs\collected.exe`, at(0)), shim(`C:\Users\Public\gone.exe`, "yes")}) {
		e.Add(&artifacts.Result{Artifact: rec.Artifact, From: rec.From, Records: []artifacts.Record{rec}})
	}
	check(t, e.Report(), "D-01", findings.Partly, "programs evaluated: 1;")

	var none findings.Facts
	none.Prefetcher = 0
	r = findings.NewEvaluator(none, nil).Report()
	check(t, r, "M-02", findings.NotEvaluated, "EnablePrefetcher is 0")
	if len(r.Findings) != 0 {
		t.Errorf("findings without evidence: %v", r.Findings)
	}
	none = findings.Facts{Prefetcher: -1, Artifacts: []string{"shimcache"}}
	check(t, findings.NewEvaluator(none, nil).Report(), "M-02", findings.NotEvaluated, "was not selected")
	dirty := findings.Facts{Prefetcher: -1, Dirty: map[evidence.Kind]string{evidence.SOFTWARE: "SOFTWARE is dirty"}}
	check(t, findings.NewEvaluator(dirty, nil).Report(), "F-02", findings.NotEvaluated, "SOFTWARE is dirty")
}
