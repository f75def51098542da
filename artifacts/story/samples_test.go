package story_test

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// sentencesOf returns all that a story tells of acts.
func sentencesOf(s *story.Story) []story.Sentence {
	out := slices.Clone(s.Isolated)
	for _, w := range s.Windows {
		out = append(append(out, w.Sentences...), w.Rest...)
	}
	return slices.DeleteFunc(out, func(x story.Sentence) bool { return x.Time.IsZero() })
}

// labelled checks that each label is a tactic of the techniques that are named, and
// that the phases of a window hold the labels of its sentences.
func labelled(t *testing.T, s *story.Story) {
	t.Helper()
	for _, x := range sentencesOf(s) {
		if (x.Tactic == "") != (len(x.Techniques) == 0) {
			t.Errorf("%s: tactic %q by %v", x.EN, x.Tactic, x.Techniques)
		}
		for _, id := range x.Techniques {
			if info, ok := findings.Technique(id); !ok || !slices.Contains(info.Tactics, x.Tactic) {
				t.Errorf("%s: %s is no technique of %s", x.EN, id, x.Tactic)
			}
		}
	}
	for _, w := range s.Windows {
		acts := map[string]int{}
		for _, x := range slices.Concat(w.Sentences, w.Rest) {
			acts[x.Tactic]++
		}
		for i := range w.Phases {
			p := &w.Phases[i]
			if p.Tactic != w.Tactics[i] || p.Acts != acts[p.Tactic] || p.First.Before(w.First) || p.Last.After(w.Last) {
				t.Errorf("phase %+v of %v with %d sentences", p, w.Tactics, acts[p.Tactic])
			}
			delete(acts, p.Tactic)
		}
		if delete(acts, ""); len(acts) > 0 {
			t.Errorf("no phase for %v", acts)
		}
	}
}

// expect compares the tactics of sentences that hold a text, after their kind.
func expect(t *testing.T, s *story.Story, want map[string]string) {
	t.Helper()
	labelled(t, s)
	for key, tactic := range want {
		kind, text, _ := strings.Cut(key, " ")
		n := 0
		for _, x := range sentencesOf(s) {
			if x.Kind == kind && strings.Contains(x.EN, text) {
				n++
				if x.Tactic != tactic {
					t.Errorf("%s: %q is labelled %q, want %q", key, x.EN, x.Tactic, tactic)
				}
			}
		}
		if n == 0 {
			t.Errorf("no sentence %s", key)
		}
	}
}

// TestIncidentTactics: the incident of package corpus, whose course is known: a remote
// session, a scan, a program under the name of another, a library by BITS, PsExec, an
// archive, and the clearing of traces. Of what is only there, and of programs with
// several purposes whose command lines are not recorded, no tactic is proved.
func TestIncidentTactics(t *testing.T) {
	m, r := judge(t, theIncident)
	expect(t, story.Tell(m, r, nil), map[string]string{
		"record Remote Desktop session":  "lateral-movement",
		"record Outgoing Remote Desktop": "lateral-movement",
		"run nbtscan.exe":                "discovery",
		"discover whoami.exe":            "discovery",
		"during powershell.exe":          "execution",
		"run pd64.exe":                   "",
		"arrive pd64.exe":                "",
		"arrive rar.exe":                 "",
		"arrive svchost.exe appeared.":   "",
		"arrive svchost.exe appeared from http://198.51.100.20/": "command-and-control",
		`run C:\Users\Public\svchost.exe`:                        "defense-evasion",
		"record BITS began":                                      "command-and-control",
		"service PSEXESVC":                                       "execution",
		"run PSEXESVC.EXE":                                       "execution",
		"run rundll32.exe":                                       "defense-evasion",
		"run rar.exe":                                            "",
		"run wevtutil.exe":                                       "defense-evasion",
		"run vssadmin.exe":                                       "",
		"run reg.exe":                                            "",
		"clear Security":                                         "defense-evasion",
		"delete pd64.exe was deleted":                            "defense-evasion",
		"delete nbtscan.exe was deleted by daniel":               "",
		"pf pd64.exe":                                            "defense-evasion",
		"logon at the console":                                   "",
		"record Sysmon Stopped":                                  "defense-evasion",
		"record Sysmon configuration changed":                    "",
		"record antivirus changed":                               "defense-evasion",
	})
}

// TestAttackedServerTactics: the simulation that ran on this server names the purpose
// of each of its steps.
func TestAttackedServerTactics(t *testing.T) {
	m, r := judge(t, attackedServer(t))
	expect(t, story.Tell(m, r, nil), map[string]string{
		"run 7z.exe": "", // unpacks the tools
		"run p.exe\" -accepteula -d -s cmd.exe /c REG ADD": "defense-evasion",
		"run /c systeminfo":                    "discovery",
		"couple PSEXESVC":                      "execution",
		"service PsExec":                       "execution",
		"run PSEXESVC.EXE":                     "execution",
		"record Exclusions":                    "defense-evasion",
		"record Real-time protection":          "defense-evasion",
		"run procdump64.exe":                   "credential-access",
		"run mim.exe":                          "credential-access",
		"run powershell.exe \"iex (New-Object": "credential-access",
		"run eventcreate.exe":                  "",
		"forged WCESERVICE":                    "defense-evasion",
		"wmi TimingIntervalTrigger":            "persistence",
		"account Guest was enabled":            "persistence",
		"group Administrators":                 "persistence",
		`task \falshupdate22`:                  "persistence",
		`task \GameOver`:                       "persistence",
		`fire \falshupdate22`:                  "persistence",
		"run nbtscan.exe":                      "discovery",
		"discover whoami.exe":                  "discovery",
		"detect Trojan":                        "", // the scanner's act
		"logon at the console":                 "",
	})
	if testing.Short() {
		return
	}
	for _, set := range []string{"images/win10-composed", "images/win7-composed", "prefetch/art-win10",
		"evtx/museum-win11-rathbunvm"} {
		m, r := judge(t, filepath.Join(evidenceFolder(t), filepath.FromSlash(set)))
		labelled(t, story.Tell(m, r, nil))
	}
}

// purposeOf returns the tactic that a folder of samples is named after, or "".
func purposeOf(path string) string {
	for part := range strings.SplitSeq(filepath.ToSlash(filepath.Dir(path)), "/") {
		if strings.HasPrefix(part, "TA00") {
			_, part, _ = strings.Cut(part, "-")
		}
		if tactic := strings.ReplaceAll(strings.ToLower(part), " ", "-"); story.TacticName(tactic, "ja") != tactic {
			return tactic
		}
	}
	return ""
}

// TestTacticsOfSamples: samples of attacks lie in folders that are named after tactics.
// A sample holds other acts, too (the log is cleared first, a shell runs what follows),
// so that not every label is the folder's; most are, and where none is proved there is
// none.
func TestTacticsOfSamples(t *testing.T) {
	root := filepath.Join(evidenceFolder(t), "evtx")
	same, other, none := 0, 0, 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".evtx" {
			return err
		}
		want := purposeOf(path)
		if want == "" {
			return nil
		}
		m, r := judge(t, path)
		s := story.Tell(m, r, nil)
		labelled(t, s)
		for _, x := range sentencesOf(s) {
			switch {
			case x.Tactic == want:
				same++
			case x.Tactic == "":
				none++
			case x.Kind != "clear": // what happened before is wiped for the sample
				other++
				t.Logf("%s, not %s: %s (%s)", x.Tactic, want, x.EN, filepath.Base(path))
			}
			if x.Tactic == "initial-access" || x.Tactic == "exfiltration" || x.Tactic == "impact" && want != "impact" {
				t.Errorf("no sample shows %s: %s (%s)", x.Tactic, x.EN, filepath.Base(path))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if t.Logf("%d labels are the folder's, %d others, %d none", same, other, none); same < 80 || other > 40 {
		t.Errorf("%d labels are the folder's, want at least 80; %d are others, want at most 40", same, other)
	}
}
