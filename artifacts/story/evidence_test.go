package story_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

func evidenceFolder(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return dir
}

// attackedServer puts the parts of one attacked Server 2022 together as one volume.
func attackedServer(t testing.TB) string {
	root, dir := evidenceFolder(t), t.TempDir()
	for _, p := range []struct{ from, to string }{
		{"images/server2022-attacked", ""},
		{"evtx/museum-server2022-aptsimulatorvm", "Windows/System32/winevt/Logs"},
		{"artifacts2/srum/server2022-attacked", "Windows/System32/sru"},
		{"artifacts2/defender/server2022-attacked", "ProgramData/Microsoft/Windows Defender/Support"},
	} {
		from := filepath.Join(root, filepath.FromSlash(p.from))
		err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, _ := filepath.Rel(from, path)
			to := filepath.Join(dir, filepath.FromSlash(p.to), rel)
			if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
				return err
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(to, b, 0o666)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// judge reads a machine, without the artifacts that are named.
func judge(t testing.TB, path string, without ...string) (*programs.Model, *findings.Report) {
	t.Helper()
	ev, err := evidence.Open(path, &evidence.Options{Hostname: "HOST"})
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	var list []*artifacts.Artifact
	for _, a := range catalogue.All() {
		if !slices.Contains(without, a.Name) {
			list = append(list, a)
		}
	}
	results, err := artifacts.Run(context.Background(), ev.Trees[0], list, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := findings.NewEvaluator(findings.FactsOf(ev.Trees[0], ev.Kind, nil), nil)
	for res := range results {
		e.Add(&res)
	}
	r := e.Report()
	return r.Models[0], r
}

func clock(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.999", s)
	if err != nil {
		panic(err)
	}
	return t
}

func near(t *testing.T, what string, got time.Time, want string) {
	t.Helper()
	if got.Sub(clock(want)).Abs() > time.Millisecond {
		t.Errorf("%s is %s, want %s", what, got.UTC().Format("2006-01-02 15:04:05.0000"), want)
	}
}

// TestAttackedServer: the incident of a Server 2022 whose course is known.
func TestAttackedServer(t *testing.T) {
	m, r := judge(t, attackedServer(t))
	for _, gap := range []time.Duration{10, 20, 30, 60, 120} {
		s := story.Tell(m, r, &story.Options{Gap: gap * time.Minute})
		if len(s.Windows) != 1 {
			t.Fatalf("%d windows with a gap of %d minutes", len(s.Windows), gap)
		}
		w := s.Windows[0]
		near(t, "first", w.First, "2023-10-18 02:50:46.955")
		near(t, "last", w.Last, "2023-10-18 03:06:23.550")
		near(t, "core", w.CoreFirst, "2023-10-18 03:00:13.725")
		near(t, "end of the core", w.CoreLast, "2023-10-18 03:06:23.550")
		if !slices.Equal(w.Accounts, []string{"Test"}) {
			t.Errorf("accounts %v", w.Accounts)
		}
		sentences(t, m, s)
	}
	program := func(key string) *programs.Program {
		if list := m.Program(key); len(list) == 1 {
			return list[0]
		}
		t.Fatalf("%d programs at %s", len(m.Program(key)), key)
		return nil
	}

	mim := program(`\tmp\mim.exe`)
	near(t, "start of mim.exe", mim.Starts[0].Time, "2023-10-18 03:01:58.976")
	if a := mim.Starts[0].Account; a.Short() != "Test" || a.Certainty != programs.Recorded || !strings.HasSuffix(a.SID, "-1000") {
		t.Errorf("mim.exe was started by %+v", a)
	}
	if f := mim.Facts("original_name"); len(f) != 1 || f[0].Value != "mk.exe" || len(f[0].From) != 2 {
		t.Errorf("original name %+v", f)
	}
	if mim.Level != "critical" || len(mim.Findings) != 1 || len(mim.Autostarts) != 1 || mim.Autostarts[0].Name != `\GameOver` {
		t.Errorf("mim.exe: level %s, findings %v, autostarts %+v", mim.Level, mim.Findings, mim.Autostarts)
	}
	near(t, "task GameOver", mim.Autostarts[0].Made, "2023-10-18 03:04:39.834")

	p := program(`\tmp\p.exe`)
	if len(p.Starts) != 7 || len(p.Coupled) != 1 || p.Coupled[0].Path != `C:\Windows\PSEXESVC.EXE` || p.Coupled[0].Starts != 7 {
		t.Errorf("p.exe: %d starts, coupled %+v", len(p.Starts), p.Coupled)
	}
	if c := p.Coupled[0]; c.Least != 43*time.Millisecond || c.Most != 186*time.Millisecond {
		t.Errorf("gaps of p.exe %s to %s", c.Least, c.Most)
	}
	for _, s := range program(`\windows\psexesvc.exe`).Starts {
		if s.Service != "PsExec" {
			t.Errorf("start of PSEXESVC without a service: %+v", s)
		}
	}
	for key, rules := range map[string][]string{
		`\tmp\p.exe`: {"C-08", "C-14"}, `\windows\psexesvc.exe`: {"C-07", "C-09"}, `\tmp\mim.exe`: {"C-04", "C-14"},
	} {
		for _, id := range rules {
			if !slices.Contains(program(key).Rules, id) {
				t.Errorf("%s does not speak of %s: %v", id, key, program(key).Rules)
			}
		}
	}
	hits := map[string]int{}
	for _, f := range r.Findings {
		for _, re := range f.Reasons {
			hits[re.RuleID]++
			if re.RuleID == "C-09" && !strings.HasSuffix(re.Says, "started cmd.exe as SYSTEM 7 times") {
				t.Errorf("C-09: %s", re.Says)
			}
			if strings.Contains(f.Subject, "WCESERVICE") {
				t.Errorf("the forged service is a subject: %s", f.Subject)
			}
		}
	}
	for id, n := range map[string]int{"C-06": 1, "C-09": 1, "C-15": 2, "C-16": 2} {
		if hits[id] != n {
			t.Errorf("%s speaks %d times, want %d", id, hits[id], n)
		}
	}
	for _, a := range m.Acts {
		if a.Kind == "service" && strings.Contains(a.Subject, "WCESERVICE") {
			t.Error("WCESERVICE is an installed service")
		}
	}
	for _, a := range program(`\windows\system32\windowspowershell\v1.0\powershell.exe`).Autostarts {
		if a.Name == `\falshupdate22` {
			near(t, "task falshupdate22", a.Made, "2023-10-18 03:04:23.530")
			if len(a.Fired) != 1 || !strings.HasPrefix(a.Claimed, "2023-10-17T23:07:23") {
				t.Errorf("falshupdate22: %+v", a)
			}
		}
	}
	near(t, "certutil", program(`\windows\system32\certutil.exe`).Starts[0].Time, "2023-10-18 03:02:47.909")

	outside := 0
	for _, p := range m.Programs {
		for _, s := range p.Starts {
			if p.Outside() && s.Account.Short() == "Test" {
				outside++
			}
			if strings.Contains(s.Account.Why, "logged on") && !p.Outside() {
				t.Errorf("%s: an account is inferred for a start below Windows: %+v", p.Path, s.Account)
			}
		}
	}
	if outside < 44 {
		t.Errorf("%d starts outside Windows and Program Files belong to Test, want at least 44", outside)
	}
}

// TestAttackedServerWithoutSysmon: Windows' own logs give the same window.
func TestAttackedServerWithoutSysmon(t *testing.T) {
	m, r := judge(t, attackedServer(t), "eventsysmon")
	s := story.Tell(m, r, nil)
	if len(s.Windows) != 1 {
		t.Fatalf("%d windows", len(s.Windows))
	}
	w := s.Windows[0]
	near(t, "first", w.First, "2023-10-18 02:50:46.955")
	near(t, "last", w.Last, "2023-10-18 03:05:28.437")
	near(t, "core", w.CoreFirst, "2023-10-18 03:00:17.233")
}

// sentences holds a story to the rules of its language, and its records to the
// evidence.
func sentences(t *testing.T, m *programs.Model, s *story.Story) {
	t.Helper()
	check := func(x *story.Sentence) {
		if x.EN == "" || x.JA == "" || strings.ContainsRune(x.EN+x.JA, 0) {
			t.Errorf("%s: %q, %q", x.Kind, x.EN, x.JA)
		}
		low := strings.ToLower(x.EN)
		for _, w := range []string{"attacker", "malware ", "infected", "hacker", "therefore", "because"} {
			if strings.Contains(low, w) && x.Kind != "detect" && x.Kind != "record" {
				t.Errorf("a sentence says %q: %s", w, x.EN)
			}
		}
		if n := len([]rune(x.EN)); n > 240 && x.Class != "" {
			t.Errorf("%d characters: %s", n, x.EN)
		}
		if x.Class != "" && (len(x.Records) == 0 || x.N < len(x.Records)) {
			t.Errorf("no records: %+v", x)
		}
	}
	for _, w := range s.Windows {
		if len(w.Sentences) > 21 {
			t.Errorf("%d sentences", len(w.Sentences))
		}
		check(&w.Lead)
		for i := range w.Sentences {
			check(&w.Sentences[i])
		}
		for i := range w.Rest {
			check(&w.Rest[i])
		}
	}
	for i := range s.Closing {
		check(&s.Closing[i])
	}
	for _, lang := range story.Languages() {
		if err := s.WriteMarkdown(io.Discard, lang); err != nil {
			t.Error(err)
		}
	}
}

// TestCleanMachines: machines on which nothing happened have no window, and their
// programs are coupled as is known.
func TestCleanMachines(t *testing.T) {
	root := evidenceFolder(t)
	for set, couples := range map[string]int{
		"prefetch/art-win10": 5, "prefetch/art-win11": 5, "prefetch/art-win81": 2, "prefetch/museum-win8": 1, "prefetch/art-win7": 0,
		"prefetch/museum-win10-1809a": 0, "prefetch/museum-win10-1903a": 0, "images/win10-composed": 5,
	} {
		m, r := judge(t, filepath.Join(root, filepath.FromSlash(set)))
		s := story.Tell(m, r, nil)
		if len(s.Windows) != 0 {
			t.Errorf("%s: %d windows", set, len(s.Windows))
		}
		n := 0
		for _, p := range m.Programs {
			for _, c := range p.Coupled {
				if c.First {
					n++
				}
			}
		}
		if n != couples {
			t.Errorf("%s: %d couples, want %d", set, n, couples)
		}
		if len(s.Closing) == 0 {
			t.Errorf("%s: nothing is said of what is missing", set)
		}
		sentences(t, m, s)
	}
}
