package findings_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// alone judges a machine by some artifacts only.
func alone(t *testing.T, tree *evidence.Tree, names []string, opts *findings.Options) *findings.Report {
	t.Helper()
	list, err := catalogue.Select(names)
	if err != nil {
		t.Fatal(err)
	}
	results, err := artifacts.Run(t.Context(), tree, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	return findings.Evaluate(results, findings.FactsOf(tree, "folder", names), opts)
}

// status is what the coverage says of each rule.
func status(rep *findings.Report) map[string]string {
	out := map[string]string{}
	for _, c := range rep.Coverage {
		out[c.RuleID] = c.Status
	}
	return out
}

// TestFindingsAreJudged asks for each artifact alone: no rule that has something
// to say may count as not evaluated.
func TestFindingsAreJudged(t *testing.T) {
	testcost.Again(t)
	files := corpus.Incident().Files()
	found := map[string]int{}
	for _, a := range catalogue.All() {
		m := fstest.MapFS{}
		for name, b := range files {
			m[name] = &fstest.MapFile{Data: b}
		}
		ev, err := evidence.OpenFS(m, "test", nil)
		if err != nil {
			t.Fatal(err)
		}
		rep := alone(t, ev.Trees[0], []string{a.Name}, nil)
		judged := status(rep)
		for _, f := range rep.Findings {
			for _, id := range f.RuleIDs {
				found[a.Name]++
				if judged[id] == findings.NotEvaluated {
					t.Errorf("-a %s: %s found %s and is not evaluated", a.Name, id, f.Subject)
				}
			}
		}
	}
	for _, name := range []string{"firewall", "consentstore", "muicache", "compatassistant"} {
		if found[name] == 0 {
			t.Errorf("%s alone gives no finding: the test shows nothing", name)
		}
	}
}

// TestLoaderAlone puts one DLL into a public folder by each of some mechanisms:
// P-01 finds it and is evaluated.
func TestLoaderAlone(t *testing.T) {
	const dll = `C:\Users\Public\x.dll`
	const clsid = "{11111111-2222-3333-4444-555555555555}"
	for name, set := range map[string]func(root *regf.Key){
		"credentialproviders": func(root *regf.Key) {
			root.Sub(`Microsoft\Windows\CurrentVersion\Authentication\Credential Providers\`+clsid).Set("", regf.String("x"))
		},
		"amsi": func(root *regf.Key) { root.Sub(`Microsoft\AMSI\Providers\` + clsid) },
		"netsh": func(root *regf.Key) {
			root.Sub(`Microsoft\NetSh`).Set("x", regf.String(dll))
		},
	} {
		h := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
		h.Root.Sub(`Classes\CLSID\`+clsid+`\InprocServer32`).Set("", regf.String(dll))
		set(h.Root)
		ev, err := evidence.OpenFS(fstest.MapFS{"Windows/System32/config/SOFTWARE": {Data: h.Build()}}, "test", nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, names := range [][]string{{name}, nil} {
			rep := alone(t, ev.Trees[0], names, nil)
			hit := false
			for _, f := range rep.Findings {
				hit = hit || f.RuleID == "P-01"
			}
			if s := status(rep)["P-01"]; !hit || s == findings.NotEvaluated {
				t.Errorf("%s, asked for %v: found %v, P-01 is %s", name, names, hit, s)
			}
		}
	}
}

// timelineMachine is a machine without the timeline of anna, whose folder is there.
func timelineMachine(t *testing.T, policy func(root *regf.Key)) *evidence.Tree {
	t.Helper()
	h := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	h.Root.Sub("Classes")
	h.Root.Sub(`Microsoft\Windows NT\CurrentVersion`).Set("CurrentBuild", regf.String("19045"))
	h.Root.Sub(`Microsoft\Windows NT\CurrentVersion\ProfileList\S-1-5-21-1-2-3-1001`).Set("ProfileImagePath", regf.String(`C:\Users\anna`))
	policy(h.Root)
	u := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	u.Root.Sub("Software")
	u.Root.Sub("Environment")
	ev, err := evidence.OpenFS(fstest.MapFS{"Windows/System32/config/SOFTWARE": {Data: h.Build()}, "Windows/System32/ntdll.dll": {},
		"Windows/System32/sru/SRUDB.dat": {}, "Users/anna/NTUSER.DAT": {Data: u.Build()},
		"Users/anna/AppData/Local/ConnectedDevicesPlatform/L.anna/ActivitiesCache.db-shm": {}}, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev.Trees[0]
}

// TestTimelineMissing: the missing database is a finding, unless a policy explains it; then the coverage says so.
func TestTimelineMissing(t *testing.T) {
	for _, off := range []bool{false, true} {
		rep := alone(t, timelineMachine(t, func(root *regf.Key) {
			if off {
				root.Sub(`Policies\Microsoft\Windows\System`).Set("EnableActivityFeed", regf.DWord(0))
			}
		}), nil, nil)
		found, why := false, ""
		for _, f := range rep.Findings {
			found = found || f.RuleID == "D-09" && strings.Contains(f.Subject, "Windows timeline of anna")
		}
		for _, c := range rep.Coverage {
			if c.RuleID == "D-09" {
				why = strings.Join(c.Why, "\n")
			}
		}
		if found == off || strings.Contains(why, "EnableActivityFeed = 0") != off {
			t.Errorf("switched off: %t; found: %t; coverage: %s", off, found, why)
		}
	}
}

// TestTranscriptsOfHives: a hive of a user that names no folder for transcripts does not show that there are none.
func TestTranscriptsOfHives(t *testing.T) {
	u := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	u.Root.Sub("Software")
	u.Root.Sub("Environment")
	ev, err := evidence.OpenFS(fstest.MapFS{"Users/anna/NTUSER.DAT": {Data: u.Build()}}, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := status(alone(t, ev.Trees[0], nil, nil))["S-05"]; got != findings.NotEvaluated {
		t.Errorf("S-05 is %s", got)
	}
}
