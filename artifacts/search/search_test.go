package search

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

func testRow() *output.Row {
	return &output.Row{
		Time: time.Date(2026, 3, 6, 18, 9, 2, 904563500, time.UTC), ID: "712ae612a6845072", RecordID: "6d7a716b617e2194",
		Kind: "Last Time Executed", Message: "Prefetch [PSEXESVC.EXE] was executed - run count 2", DataType: "windows:prefetch:execution",
		Parser: "prefetch", Host: "KESTREL-PC", User: "Дaniel", SID: "S-1-5-21-1-2-3-1002", Source: `C:\Windows\Prefetch\PSEXESVC.EXE-AD70946C.pf`,
		SHA256: "7ef30604ea2039c6495aca99c8c20c172d0667a44c59fe6a03499c1a90e23643", Path: `\windows\psexesvc.exe`, Executable: "PSEXESVC.EXE",
		Proof: artifacts.Executed, State: artifacts.Live, Level: "high", Rules: []string{"X-04", "X-03"}, FindingIDs: []string{"7c36d9b9d21a0a38"},
		Tags: []string{"estimate"},
		Extra: []artifacts.Field{
			{Name: "run_count", Value: "2"}, {Name: "file_path", Value: `D:\Tools\Größe\run.exe`},
			{Name: "prefetch_hash", Value: "AD70946C"}, {Name: "path_state", Value: "whole"}, {Name: "command", Value: "cmd /c \"whoami\"\nnext\u00a0line"},
		},
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		line string
		want bool
	}{
		{"", true},
		{"  \t\u3000 ", true},
		{"psexesvc", true},
		{"PSEXESVC run", true},
		{"psexesvc absent", false},
		{"-psexesvc", false},
		{"-absent psexesvc", true},
		{`"run count 2"`, true},
		{`"run  count"`, false},
		{`"""whoami"""`, true},
		{`-"run count 2"`, false},
		{"größe", true},
		{"GRÖSSE", false},
		{"GRÖßE", true},
		{"ДANIEL", true},
		{"-", true}, // a word that the SID contains
		{"- absent", false},
		{"/c", true}, // no closing slash: a word
		{`/run count \d$/`, true},
		{`/RUN COUNT \d$/`, true},
		{`/run count [^2]/`, false},
		{`/[A-Z]{8}\.exe\]/`, true},
		{`/^psexesvc\.exe$/`, true},
		{`/^psexesvc$/`, false},
		{`/whoami.next/`, false},
		{`/whoami"\snext/`, true},
		{`/next\sline/`, false}, // \s are the ASCII spaces
		{`/next.line/`, true},
		{`/\bcount\b/`, true},
		{`/(psexesvc|paexec)\.exe/`, true},
		{`/{x|-ad7/`, true},
		{"level:high", true},
		{"level:HIGH+", true},
		{"level:critical", false},
		{"level:medium+", true},
		{"level:medium-", false},
		{"level:low,high", true},
		{"level:none", false},
		{"-level:none", true},
		{"proves:executed", true},
		{"proves:exec*", true},
		{"proves:exec", false},
		{"artifact:bam,prefetch", true},
		{`artifact:"bam,prefetch"`, false},
		{"host:kestrel-pc", true},
		{"host:kestrel", false},
		{"host:kestrel*", true},
		{"user:дaniel", true},
		{"user:s-1-5-21-1-2-3-1002", true},
		{"user:*-1002", true},
		{"-user:root", true},
		{`user:""`, false},
		{`path:\windows\*`, true},
		{`path:C:\windows\*`, true},
		{`path:\tmp\*`, false},
		{`path:\windows`, true},
		{`path:psexesvc`, true},
		{`path:/tools/größe`, true},
		{`path:d:\tools\*.exe`, true},
		{`path:\tools\?????\run.exe`, true},
		{`path:\tools\??\run.exe`, false},
		{`path:/\\WINDOWS\\[a-z]+\.exe$/`, true},
		{"path:prefetch", false}, // that is the source
		{"source:prefetch", true},
		{"hash:7EF30604", true},
		{"hash:ad70946c", true},
		{"hash:70946d", false},
		{"after:2026-03-06", true},
		{"after:2026-03-06T18:09:03", false},
		{"after:2026-03-06T18:09:02.9045635Z", true},
		{"after:2026-03-06T18:09:02.9045636", false},
		{"before:2026-03-06", false},
		{"before:2026-03-07", true},
		{"before:2027", true},
		{`after:"2026-03-06 18:09"`, true},
		{"after:2026-03-07T03:09+09:00 before:2026-03-07T03:10+09:00", true},
		{"around:2026-03-06T18:05±5m", true},
		{"around:2026-03-06T18:05+-4m", false},
		{"2026-03-06", true},
		{"2026-03-06T18:09:02", true},
		{"2026-03", true},
		{"2026-04", false},
		{"id:712a", true},
		{"record:6D7A716B", true},
		{"finding:7c36", true},
		{"rule:x-04", true},
		{"rule:x-*", true},
		{"rule:x", false},
		{"kind:\"Last Time Executed\"", true},
		{"type:windows:prefetch:*", true},
		{"program:psexesvc.exe", true},
		{"tag:estimate", true},
		{"state:live", true},
		{"message:was", true},
		{`key:""`, true},
		{"http://x", false},
		{`C:\Windows`, true},
		{"live", true},
		{"X-04", true},
	} {
		q, err := Parse(c.line)
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		if got := q.Match(testRow()); got != c.want {
			t.Errorf("%s: %v", c.line, got)
		}
	}
}

func TestAround(t *testing.T) {
	near, far := testRow(), testRow()
	near.ID, near.RecordID, near.FindingIDs, near.Time = "aaaa", "bbbb", nil, near.Time.Add(5*time.Minute)
	far.ID, far.RecordID, far.FindingIDs, far.Time = "712b000000000000", "cccc", nil, far.Time.Add(5*time.Minute+100)
	for _, c := range []struct {
		line      string
		near, far bool
		err       string
	}{
		{"around:712ae612a6845072±5m", true, false, ""},
		{"around:712ae612a6845072", true, false, ""},
		{"around:712AE±6m", true, true, ""},
		{"around:6d7a±1s", false, false, ""},
		{"around:7c36±1h", true, true, ""},
		{"-around:7c36±1h", false, false, ""},
		{"around:712±1h", false, false, "want an id"},
		{"around:ffff±1h", false, false, "no row"},
	} {
		q, err := Parse(c.line)
		if err == nil {
			if !q.NeedsTimes() {
				t.Errorf("%s needs no times", c.line)
			}
			for _, r := range []*output.Row{testRow(), near, far} {
				q.See(r)
			}
			err = q.Located()
		}
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", c.line, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
		} else if q.Match(near) != c.near || q.Match(far) != c.far {
			t.Errorf("%s: near %v, far %v", c.line, q.Match(near), q.Match(far))
		}
	}
	q, _ := Parse("around:712")
	if q != nil {
		t.Error("three digits are an id")
	}
	q, _ = Parse("around:712a±1h")
	two := testRow()
	two.ID = "712affffffffffff"
	q.See(testRow())
	q.See(two)
	if err := q.Located(); err == nil || q.Match(near) {
		t.Error("an id that is not unique is taken")
	}
}

func TestParseErrors(t *testing.T) {
	for line, want := range map[string]string{
		"a level:higher":      `at character 3: level:higher: want`,
		"level:":              "want critical",
		"level:none+":         "want critical",
		"level:high++":        "want critical",
		"host:":               "without a value",
		"path:":               "without a value",
		"after:yesterday":     "want a UTC time",
		"after:2026-02-30":    "want a UTC time",
		"before:2026-03-06T9": "want a UTC time",
		"after:1600":          "want a UTC time",
		"around:xyz":          "want an id",
		"around:712a±5":       "want a span",
		"/(a+)+/":             "repeated group",
		"/(a|b)*/":            "repeated group",
		"/a**/":               "two repetitions",
		"/*a/":                "nothing to repeat",
		"/^*/":                "nothing to repeat",
		"/(?i)a/":             "groups with",
		"/(?=a)/":             "groups with",
		"/[]a]/":              "empty class",
		"/[[:alpha:]]/":       "not known",
		"/[z-a]/":             "end is before",
		"/a{3,1}/":            "at most 100",
		"/(a{100}){10}/":      "come to more than",
		"/.*.*.*.*.*/":        "without a bound",
		`/\1/`:                "not known here",
		`/\pL/`:               "not known here",
		"/(a/":                "not closed",
		"/a)/":                "closing parenthesis",
		"/[a/":                "not closed",
		`host:/\q/`:           "not known here",
		"日本 level:x":          "at character 4",
	} {
		q, err := Parse(line)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", line, q, err)
		}
	}
	if _, err := Parse(strings.Repeat("a ", maxLine)); err == nil {
		t.Error("a line without an end is taken")
	}
}

// TestFold holds the table of the page to the function, and folding to once.
func TestFold(t *testing.T) {
	table := map[rune]rune{}
	for _, run := range FoldRuns() {
		for r := run[0]; r <= run[1]; r += run[2] {
			table[rune(r)] = rune(r + run[3])
		}
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		want := r
		if x, ok := table[r]; ok {
			want = x
		}
		if got := foldRune(r); got != want || foldRune(got) != got {
			t.Fatalf("%U: %U, in the table %U", r, got, want)
		}
	}
	if n := len(FoldRuns()); n > 400 {
		t.Errorf("%d runs", n)
	}
	if got := fold("A\xff\xfeB"); got != "a\ufffd\ufffdb" {
		t.Errorf("%q", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`a -"b c" /d\s[^e-f]{2,3}/ level:high+ path:C:\x\* after:2026-03-06T18:09:02.5+09:00 around:712a±5m`,
		`"unclosed`, "/(?:a|b){2}[\\d\\W-]$/", "-", "--a", "-level:none,low- host:a*,?b", "\xff:\xff /\xff/",
	} {
		f.Add(s)
	}
	row := testRow()
	f.Fuzz(func(t *testing.T, line string) {
		q, err := Parse(line)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset > len(line) || strings.Contains(err.Error(), "too large") {
				t.Fatalf("%q: %v", line, err)
			}
			return
		}
		q.See(row)
		q.Match(row)
		// A negation turns the answer of a single term.
		if ts := tokens(line); len(ts) == 1 && len(q.terms) == 1 && !ts[0].not && utf8.ValidString(line) {
			n, err := Parse("-" + line[ts[0].at:])
			if err != nil || len(n.terms) != 1 || !n.terms[0].not {
				t.Fatalf("-%q: %v", line, err)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	row := testRow()
	for _, line := range []string{"absent", "/absen[a-z]/", `path:\tmp\*`, "level:high+"} {
		b.Run(line, func(b *testing.B) {
			q, err := Parse(line)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				q.Match(row)
			}
		})
	}
}
