package findings_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// silent is the level of a rule that has nothing to say.
const silent findings.Level = 0

// A verdict is a case of one rule: records, and the level it must give them.
type verdict struct {
	name string
	want findings.Level
	recs records
}

// checkLevels judges each case by itself. Unlike the twins of TestRules, which
// may be mentioned as context, a case that wants silence must get silence.
func checkLevels(t *testing.T, rule string, cases []verdict) {
	t.Helper()
	for _, c := range cases {
		if got, says := level(judge(c.recs, nil), rule); got != c.want {
			t.Errorf("%s, %s: level %s, want %s; it says %q", rule, c.name, word(got), word(c.want), says)
		}
	}
}

func word(l findings.Level) string {
	if l == silent {
		return "silent"
	}
	return l.String()
}

// checkSays looks for words in what a rule says about records.
func checkSays(t *testing.T, rule string, recs records, words ...string) {
	t.Helper()
	_, says := level(judge(recs, nil), rule)
	all := strings.Join(says, "\n")
	for _, w := range words {
		if !strings.Contains(all, w) {
			t.Errorf("%s says %q, want it to mention %q", rule, all, w)
		}
	}
}

// techniques returns those of all findings in which the rule has a reason.
func techniques(recs records, rule string) []string {
	var out []string
	for _, f := range judge(recs, nil).Findings {
		if slices.Contains(f.RuleIDs, rule) {
			out = append(out, f.Techniques...)
		}
	}
	return out
}

// in gives a record another state.
func in(s artifacts.State, r artifacts.Record) artifacts.Record {
	r.From.State = s
	return r
}

// TestCoverageNamesWhatIsMissing: a rule without any of its evidence is not
// evaluated, and says which hive or file it lacks; with a part of it, partly.
func TestCoverageNamesWhatIsMissing(t *testing.T) {
	t.Run("nothing", func(t *testing.T) {
		empty := judge(nil, nil)
		for rule, lacks := range map[string]string{
			"P-11": "services: no SYSTEM hive",
			"A-01": "users: no SAM hive",
			"F-02": "defender: no SOFTWARE hive",
			"D-05": "usagetracking: no",
			"X-09": "runmru: no NTUSER hive",
		} {
			c := coverageOf(empty, rule)
			if c.Status != findings.NotEvaluated || !strings.Contains(strings.Join(c.Why, "; "), lacks) {
				t.Errorf("%s is %s because %q, want not evaluated because of %q", rule, c.Status, c.Why, lacks)
			}
			if c.Hits != 0 {
				t.Errorf("%s counts %d hits in nothing", rule, c.Hits)
			}
		}
	})
	t.Run("looked for in vain", func(t *testing.T) {
		// On a whole volume the absence of a file is an answer; elsewhere it is a gap.
		for _, rule := range []string{"D-07", "P-16"} {
			if c := coverageOf(judge(nil, nil), rule); c.Status != findings.Evaluated {
				t.Errorf("%s on a whole volume is %s because %q", rule, c.Status, c.Why)
			}
			f := facts()
			f.Whole = false
			if c := coverageOf(findings.NewEvaluator(f, nil).Report(), rule); c.Status != findings.NotEvaluated || len(c.Why) == 0 {
				t.Errorf("%s on a part of a volume is %s because %q", rule, c.Status, c.Why)
			}
		}
	})
	t.Run("a part", func(t *testing.T) {
		// A-01 reads accounts and groups; F-07 the settings of logs and of protection.
		c := coverageOf(judge(records{user(501, "Guest", nil)}, nil), "A-01")
		if c.Status != findings.Partly || !strings.Contains(strings.Join(c.Why, "; "), "groups: no SAM hive") {
			t.Errorf("A-01 without groups is %s because %q", c.Status, c.Why)
		}
		if c.Hits != 1 {
			t.Errorf("A-01 counts %d hits, want that of the guest account, which is enabled", c.Hits)
		}
		c = coverageOf(judge(records{user(501, "Guest", nil), group(544)}, nil), "A-01")
		if c.Status != findings.Evaluated || len(c.Why) != 0 {
			t.Errorf("A-01 with accounts and groups is %s because %q", c.Status, c.Why)
		}
	})
	t.Run("a part of a volume", func(t *testing.T) {
		f := facts()
		f.Whole = false
		e := findings.NewEvaluator(f, nil)
		gone := pf(`\Users\Public\gone.exe`, at(0))
		e.Add(&artifacts.Result{Artifact: gone.Artifact, From: gone.From, Records: records{gone}})
		r := e.Report()
		if l, says := level(r, "X-01"); l != silent {
			t.Errorf("X-01 speaks of a missing file on a part of a volume: %q", says)
		}
		c := coverageOf(r, "X-01")
		if c.Status != findings.NotEvaluated || !strings.Contains(strings.Join(c.Why, "; "), "a file that is missing proves nothing") {
			t.Errorf("X-01 on a part of a volume is %s because %q", c.Status, c.Why)
		}
	})
	t.Run("Prefetch switched off", func(t *testing.T) {
		f := facts()
		f.Prefetcher = 0
		c := coverageOf(findings.NewEvaluator(f, nil).Report(), "X-06")
		if c.Status != findings.NotEvaluated || !strings.Contains(strings.Join(c.Why, "; "), "EnablePrefetcher is 0") {
			t.Errorf("X-06 is %s because %q", c.Status, c.Why)
		}
		e := findings.NewEvaluator(f, nil)
		left := pf(`\Windows\System32\calc.exe`, at(0))
		e.Add(&artifacts.Result{Artifact: left.Artifact, From: left.From, Records: records{left}})
		c = coverageOf(e.Report(), "X-06")
		if c.Status != findings.Partly || !strings.Contains(strings.Join(c.Why, "; "), "from before it was switched off") {
			t.Errorf("X-06 with files of before is %s because %q", c.Status, c.Why)
		}
	})
	t.Run("unreadable", func(t *testing.T) {
		e := findings.NewEvaluator(facts(), nil)
		r := pf(`\Windows\System32\calc.exe`, at(0))
		e.Add(&artifacts.Result{Artifact: r.Artifact, From: r.From, Records: records{r}, Errors: []*artifacts.DecodeError{{}, {}}})
		c := coverageOf(e.Report(), "X-06")
		if c.Status != findings.Partly || !strings.Contains(strings.Join(c.Why, "; "), "prefetch: 2 unreadable") {
			t.Errorf("X-06 with unreadable files is %s because %q", c.Status, c.Why)
		}
	})
	t.Run("on request", func(t *testing.T) {
		c := coverageOf(judge(many(3), nil), "M-02b")
		if c.Status != findings.NotEvaluated || !strings.Contains(strings.Join(c.Why, "; "), "enable M-02b") {
			t.Errorf("M-02b is %s because %q", c.Status, c.Why)
		}
	})
}

func bytesOf(s string) *strings.Reader { return strings.NewReader(s) }

func containsAll(s string, words ...string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(s, w) })
}
