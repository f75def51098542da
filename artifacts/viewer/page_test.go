//go:build unix

package viewer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/search"
)

// incident is the input of the incident that ships, and its rows.
var incident = sync.OnceValues(func() (*Input, []*output.Row) {
	ev, err := evidence.Open("../../corpus/files/incident", nil)
	if err != nil {
		panic(err)
	}
	defer ev.Close()
	tree := ev.Trees[0]
	machine := output.MachineOf(tree.Machine(), "corpus/files/incident")
	eval, b := findings.NewEvaluator(findings.FactsOf(tree, ev.Kind, nil), nil), logons.New(nil)
	var sorter output.Sorter
	defer sorter.Close()
	results, err := artifacts.Run(ctx, tree, catalogue.All(), nil)
	if err != nil {
		panic(err)
	}
	for res := range results {
		eval.Add(&res)
		for i := range res.Records {
			if e, ok := res.Records[i].Data.(events.Event); ok {
				b.Add(machine.Name, &e.Record, res.Records[i].ID)
			}
		}
		if err := sorter.AddResult(&res); err != nil {
			panic(err)
		}
	}
	report := eval.Report()
	verdicts := map[string]output.Verdict{}
	for id, v := range report.Verdicts() {
		verdicts[id] = output.Verdict{Level: v.Level.String(), Rules: v.Rules, Findings: v.Findings}
	}
	var rows []*output.Row
	for r, err := range sorter.Rows() {
		if err != nil {
			panic(err)
		}
		r.Judge(verdicts)
		rows = append(rows, r)
	}
	in := &Input{Tool: "artifactdump", Lang: "en", Evidence: "corpus/files/incident", Machines: []output.Machine{machine}, Rows: all(rows)}
	if in.Findings, err = FindingsOf(report); err != nil {
		panic(err)
	}
	if in.Programs, err = ProgramsOf(report.Models...); err != nil {
		panic(err)
	}
	if err := in.SetLogons(b.Analyse()); err != nil {
		panic(err)
	}
	return in, rows
})

func all(rows []*output.Row) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// page writes a page to a file.
func page(t testing.TB, in *Input) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "viewer.html")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := Write(f, in); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// strange are rows that test what pages and commands could read differently.
func strange() []*output.Row {
	at := time.Date(2026, 3, 6, 18, 9, 2, 904563500, time.UTC)
	row := func(n int, r output.Row) *output.Row {
		r.ID, r.RecordID = fmt.Sprintf("%016x", 0xfeed000000000000+uint64(n)), fmt.Sprintf("%016x", 0xbead000000000000+uint64(n/2))
		r.Time = cmpTime(r.Time, at.Add(time.Duration(n)*time.Minute))
		r.Parser, r.Host, r.Proof, r.State = "strange", "STRANGE-PC", artifacts.Present, artifacts.Live
		return &r
	}
	return []*output.Row{
		row(0, output.Row{Message: "<script>globalThis.hacked=1</script><img src=x onerror=globalThis.hacked=1>", Path: `\tmp\<b>bold</b>.exe`}),
		row(1, output.Row{Message: "right-to-left \u202egnp.exe and \u2066isolate\u2069", Executable: "\u202egnp.exe"}),
		row(2, output.Row{Message: strings.Repeat("A long name ", 5461) + "end", Path: `\` + strings.Repeat("Ж", 65536) + ".exe"}),
		row(3, output.Row{Message: "bytes \xff\xfe that are not UTF-8, NUL \x00 and a line\nfeed\tand a tab", Value: "\ufeffBOM"}),
		row(4, output.Row{Message: "İSTANBUL Kelvin K, ſharp ß, ﬀ, Σίσυφος, ΑΣ", User: "ДАНИИЛ", SID: "S-1-5-21-1"}),
		row(5, output.Row{Message: "日本語のメッセージ　全角スペース", Path: `\ユーザー\プログラム.exe`, Host: "端末"}),
		row(6, output.Row{Message: "emoji 😀 beyond the plane 𐐀𐐨", Extra: []artifacts.Field{{Name: "run_count", Value: "1073741823"}, {Name: "size", Value: "1073741824"}}}),
		row(7, output.Row{Message: "numbers", Extra: []artifacts.Field{{Name: "a", Value: "007"}, {Name: "b", Value: "0"}, {Name: "c", Value: "-5"}, {Name: "md5", Value: "42"}, {Name: "empty", Value: ""}}}),
		row(8, output.Row{Message: "local", Local: true, TimeKind: artifacts.UnknownZone, Tags: []string{"local-time", "a b"}, Rules: []string{"X-01", "X-02"}}),
		row(9, output.Row{Message: "old", Time: time.Date(1601, 1, 1, 0, 0, 0, 100, time.UTC), Key: `\Software\A"B`, Offset: 1 << 40}),
		row(10, output.Row{Message: "far", Time: time.Date(9999, 12, 31, 23, 59, 59, 999999900, time.UTC), Level: "critical", FindingIDs: []string{"abcdef0123456789", "abcdef0123456788"}}),
		row(11, output.Row{Message: "paths", Extra: []artifacts.Field{{Name: "file_path", Value: `\??\D:\Data/x\y.TXT`}, {Name: "path_state", Value: "whole"}, {Name: "__proto__", Value: "p"}, {Name: "constructor", Value: "c"}}}),
	}
}

func cmpTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// lines are search lines of every kind; a page and the package must agree about each.
func searchLines(rows []*output.Row) []string {
	list := []string{
		"", "   ", "svchost", "SVCHOST.EXE", "svchost public", "-svchost", "-svchost -prefetch", `"run count 2"`, `-"run count"`, `"unclosed phrase`, `"a ""quoted"" one"`,
		`/svc[a-z]+\.exe/`, `/^prefetch$/`, `/run count \d{2,}$/`, `/\bnet1?\.exe\b/`, `/[^\x00-\x7f]/`, `/^$/`, `/(mstsc|psexesvc)\.exe/`, `/\d+\.\d+\.\d+\.\d+/`, `/(\d{1,3}\.){3}\d{1,3}/`,
		`/K/`, `/[J-L]elvin/`, `/ſ/`, `/[Α-Ω]ίσ/`, `/i̇/`, `/\s/`, `/\S{60}/`, `/\W\W\W\W/`, `/[\D]{70}/`, `/[^\W\d]{20}/`, `/[\s\S]{500}/`, `/./`, `/😀/`, `/^.😀|i 😀 b/`, `/\u0041/`, `/a{2}b/`, `/x{1,2/`, `/{/`, `/]/`, `/[[]/`, `/[a-]/`, `/\x41\x4c/`,
		`/(a+)+/`, `/(a|b)*/`, `/a**/`, `/(?i)a/`, `/(?=a)/`, `/\1/`, `/\p{L}/`, `/[z-a]/`, `/(/`, `/)/`, `/[/`, `/.*.*.*.*.*/`, `/((a{50}){20})/`, `/[[:alpha:]]/`, `/a|/`, `/()/`, `/(|a)b/`, `/^*/`, `/\//`, `/c / x/`,
		"level:high", "level:high+", "level:medium-", "level:none", "level:low,critical", "-level:none", "level:info", "level:INFORMATIONAL", "level:nothing", "level:", `level:"high"`, "level:none+", "level:high++",
		"proves:executed", "proves:exec*", "proves:?x*", "artifact:prefetch", "artifact:prefetch,bam", "artifact:event*", `artifact:"prefetch,bam"`, "artifact:", "host:kestrel-pc", "host:*", "host:kestrel",
		"user:daniel", "user:DANIEL,mira", "user:s-1-5-18", `user:""`, `-user:""`, "user:*-1002", `path:\users\public\*`, `path:C:\users\public\*`, "path:svchost", "path:/windows/system32", `path:*\temp\*`, `path:c:`, `path:\tmp\*`, `path:\?????\*.exe`, `path:/\\public\\[a-z]+\.exe$/`, `path:""`, `path:\ユーザー\*`, "path:y.txt", `path:\data\*`, "path:ж*",
		"hash:ad70946c", "hash:166dbfa4", "hash:42", `hash:""`, "hash:*c", "program:svchost.exe", "program:*.exe", `kind:"Last Time Executed"`, "kind:*written*", "type:windows:prefetch:*", "type:windows:evtx:record", "state:live", "state:deleted,log", "tag:default", `tag:""`, `tag:"a b"`, "rule:x-01", "rule:N-*", `rule:""`, "finding:f08a28ca", "finding:ABCDEF0123456789", "finding:*", "id:feed", "id:0", "record:bead", `id:""`,
		"message:executed", `message:/^volume/`, "source:ntuser.dat", "source:*.evtx", `key:\run`, `key:/\\run(once)?$/`, `value:""`, "value:onedrive",
		"after:2026-03-06", "before:2026-03-06", "after:2026-03-06T18:00 before:2026-03-06T18:10:00", "after:2026-03-06T18:09:02.9045635Z before:2026-03-06T18:09:02.9045636Z", "before:1602", "after:9999", "after:2026-03-07T03:00+09:00", "after:2026-02-30", "after:tomorrow", "before:", `after:"2026-03-06 18:09"`, "after:/2026/", "before:2026-03-06T18:09:02.90456351",
		"2026-03-06", "2026-03-06T18:09", "2026-03", "2026", "-2026-03-06", "2026-03-06T18:09:02.9045635Z", `"2026-03-06"`,
		"around:f08a28ca±5m", "around:57a2c8b336c5a09f", "around:57a2c8b3±1h level:high+", "around:6d7a716b617e2194+-30s", "around:feed±5m", "around:feed000000000001±1m", "around:ffffffff±1m", "around:2026-03-06T18:09±90s", "around:2026-03-06T18:09:02±500ms", "around:xyz", "around:57a2±5", "around:57a", "-around:f08a28ca±1d",
		"K", "k", "ß", "SS", "ſ", "ΣΊΣΥΦΟΣ", "σίσυφος", "ас", "日本語", "日本語　全角", "😀", "𐐀", "𐐨", "<script>", "\u202e", "ff", "ad", "4624", "1073741823", "73741824", "007", "0", "-5", `"-5"`, "c:", "http://198", "https:", "a:b", "--x", "-", "- x", "/c", "/", "//", `\`, "*", "?", "\ufffd\ufffd", "a\u00a0b", "feed0000", "000000000001", "d0000000000", "BEAD00000000", "e", "prefetch -level:none after:2026-03-06 path:*.exe /run count [1-9]$/",
		strings.Repeat("a ", 5000), "/" + strings.Repeat("a", 1001) + "/", "host:/STRANGE/", "user:/^д/", "__proto__", "constructor:x", "hasOwnProperty:x",
	}
	rnd := rand.New(rand.NewPCG(17, 2))
	for range 150 {
		r := rows[rnd.IntN(len(rows))]
		texts := []string{r.Message, r.Path, r.Key, r.Source, r.Kind, r.ID, r.RecordID, r.SHA256}
		for _, v := range r.Extras() {
			texts = append(texts, v)
		}
		s := []rune(strings.ToValidUTF8(texts[rnd.IntN(len(texts))], "\ufffd"))
		if len(s) < 2 {
			continue
		}
		from := rnd.IntN(len(s) - 1)
		part := string(s[from:min(len(s), from+1+rnd.IntN(12))])
		switch rnd.IntN(5) {
		case 0:
			list = append(list, part)
		case 1:
			list = append(list, `"`+strings.ReplaceAll(strings.ToUpper(part), `"`, `""`)+`"`)
		case 2:
			list = append(list, "/"+part+"/")
		case 3:
			list = append(list, "path:*"+part+"*")
		case 4:
			list = append(list, "-"+part+" /["+part+"]{3}/")
		}
	}
	return list
}

// find returns the ids of the rows that satisfy a line.
func find(rows []*output.Row, line string) ([]string, error) {
	q, err := search.Parse(line)
	if err != nil {
		return nil, err
	}
	if q.NeedsTimes() {
		for _, r := range rows {
			q.See(r)
		}
		if err := q.Located(); err != nil {
			return nil, err
		}
	}
	ids := []string{}
	for _, r := range rows {
		if q.Match(r) {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}

// TestSearch compares the page with package search.
func TestSearch(t *testing.T) {
	in, rows := incident()
	rows = slices.Concat(strange(), rows)
	slices.SortStableFunc(rows, func(a, b *output.Row) int { return a.Time.Compare(b.Time) })
	both := *in
	both.Rows = all(rows)
	both.Machines = append(slices.Clone(in.Machines), output.Machine{Name: "STRANGE-PC"})
	b := startBrowser(t)
	b.open(page(t, &both), "")
	refused, found := 0, 0
	for _, line := range searchLines(rows) {
		want, err := find(rows, line)
		if err != nil {
			refused++
		} else if len(want) > 0 && len(want) < len(rows) {
			found++
		}
		var got struct {
			IDs   []string
			Error string
		}
		q, _ := json.Marshal(line)
		b.eval(fmt.Sprintf(`(() => { try { return {ids: artifactdump.match(%s), error: ""}; } catch (e) { return {ids: null, error: String(e.message)}; } })()`, q), &got)
		switch {
		case (err != nil) != (got.Error != ""):
			t.Errorf("%.200q: the package says %v, the page %q", line, err, got.Error)
		case !slices.Equal(got.IDs, want) && err == nil:
			t.Errorf("%.200q: %d rows, in the page %d", line, len(want), len(got.IDs))
		}
	}
	if refused < 30 || found < 150 {
		t.Errorf("%d lines refused, %d that find some rows: the test shows too little", refused, found)
	}
	b.quiet()
}

// TestRows compares the rows of the page with timeline.jsonl, field by field.
func TestRows(t *testing.T) {
	in, rows := incident()
	rows = slices.Concat(strange(), rows)
	odd := *rows[len(rows)-1]
	odd.ID, odd.RecordID = "Not an id\"<", ""
	rows = append(rows, &odd)
	both := *in
	both.Rows = all(rows)
	var want bytes.Buffer
	jsonl, _ := output.Lookup("jsonl")
	w := jsonl.Events(&want, nil)
	for _, r := range rows {
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t)
	b.open(page(t, &both), "")
	var got string
	b.eval(`artifactdump.export("jsonl", false)`, &got)
	wants, gots := strings.Split(want.String(), "\n"), strings.Split(got, "\n")
	if len(wants) != len(gots) {
		t.Fatalf("%d lines, want %d", len(gots), len(wants))
	}
	bad := 0
	for i := range wants {
		if a, b := decoded(t, wants[i]), decoded(t, gots[i]); !reflect.DeepEqual(a, b) {
			if bad++; bad < 5 {
				t.Errorf("line %d:\n%.1500v\nwant\n%.1500v", i, b, a)
			}
		}
	}
	for _, kind := range []string{"csv", "markdown", "timesketch"} {
		if n := b.number(fmt.Sprintf(`artifactdump.export(%q, false).length`, kind)); n < len(rows)*20 {
			t.Errorf("%s has %d characters", kind, n)
		}
	}
	b.eval(`artifactdump.export("timesketch", false)`, &got)
	for i, line := range strings.Split(got, "\n") {
		got, want := decoded(t, line), decoded(t, wants[i])
		if got["id"] != want["id"] || got["event_identifier"] != want["event_identifier"] {
			t.Errorf("Timesketch, line %d: event %v of row %v, want %v of %v", i, got["event_identifier"], got["id"], want["event_identifier"], want["id"])
		}
	}
	b.quiet()
}

func decoded(t *testing.T, line string) map[string]any {
	t.Helper()
	if line == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(line))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v: %.200s", err, line)
	}
	return m
}
