package report

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

var noon = time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func foundAt(level, subject string, minutes ...int) Finding {
	f := Finding{Level: level, Subject: subject, Host: "PC"}
	for _, m := range minutes {
		f.Evidence = append(f.Evidence, Evidence{ID: fmt.Sprintf("r%d", m), Time: minute(m), TimeKind: "Last Time Executed"})
	}
	return f
}

func TestWindows(t *testing.T) {
	list := []Finding{
		foundAt("critical", `C:\a\x.exe`, 0, 25, 50), foundAt("high", `C:\b\y.exe`, 200), foundAt("medium", `C:\a\z.exe`, 10, 500),
		foundAt("low", `C:\c\w.exe`, 1000, 1001), foundAt("medium", "an account"),
	}
	list[4].LastSeen, list[4].TimeKind = minute(800), artifacts.UnknownZone
	ws := windowsOf(list)
	if len(ws) != 2 || !ws[0].from.Equal(minute(0)) || !ws[0].to.Equal(minute(50)) || !ws[1].from.Equal(minute(200)) {
		t.Fatalf("windows %+v", ws)
	}
	var views []findingView
	for i := range list {
		views = append(views, findingView{Finding: &list[i], N: i + 1})
	}
	groups := groupFindings(views, ws)
	if len(groups) != 3 || groups[0].N != 2 || groups[1].N != 1 || groups[2].N != 2 || !groups[2].From.IsZero() {
		t.Fatalf("groups %+v", groups)
	}
	if f := groups[0].Folders; len(f) != 1 || f[0].Folder != `\a` || len(f[0].Findings) != 2 {
		t.Errorf("folders %+v", f)
	}
	if f := groups[2].Folders; f[1].Folder != "" {
		t.Errorf("an account has the folder %q", f[1].Folder)
	}
}

func TestMinutes(t *testing.T) {
	b := newMinutes(window{host: "PC", from: minute(0), to: minute(56)})
	b.add(minute(3), "PC", ran)
	b.add(minute(3), "OTHER", ran)
	b.add(minute(-60), "PC", ran)
	b.add(minute(600), "PC", ran)
	c := b.draw()
	if len(b.n) != 61 || c == nil || c.Peak != 1 || !c.PeakAt.Equal(minute(3)) || c.Minutes != 1 || len(c.Bars) != 1 {
		t.Fatalf("%d bins, %+v", len(b.n), c)
	}
	// The bins fill the width, and all ticks have labels.
	column := (chartRight - chartLeft) / 61
	if w := c.Bars[0].W; w < column-1 || w > column {
		t.Errorf("a bar of %g, columns of %g", w, column)
	}
	for _, k := range c.Ticks {
		if k.Label == "" {
			t.Error("a tick without a label")
		}
	}
	if len(c.Ticks) < 8 {
		t.Errorf("%d ticks", len(c.Ticks))
	}
	if long := newMinutes(window{from: noon, to: noon.AddDate(30, 0, 0)}); len(long.n) > maxMinutes {
		t.Errorf("%d bins", len(long.n))
	}
	if (*minuteBins)(nil).draw() != nil {
		t.Error("a chart of nothing")
	}
}

// TestStrips puts own rows and neighbours around the moment that has most of them.
func TestStrips(t *testing.T) {
	list := []Finding{foundAt("high", `C:\a\x.exe`, 0, 60, 61)}
	views := []findingView{{Finding: &list[0], N: 1}}
	var near []nearEvent
	for _, m := range []int{0, 59, 60, 61, 70} {
		near = append(near, nearEvent{event: event{Record: fmt.Sprintf("r%d", m), Time: minute(m), Host: "PC", Message: "m"}})
	}
	near = append(near, nearEvent{event: event{Record: "r60", Time: minute(61), Host: "OTHER"}})
	drawStrips(views, windowsOf(list), near)
	s := views[0].Strip
	if s == nil || !s.At.Equal(minute(60)) || s.Own != 2 || s.Others != 1 || len(s.Ticks) != 5 {
		t.Fatalf("%+v", s)
	}
}

func TestHeat(t *testing.T) {
	for text, want := range map[string]int{
		"2026-03-02T00:00:00Z": 0, "2026-03-08T23:59:00Z": weekBins - 1, "2026-03-06T12:16:00Z": 4*96 + 49, "1969-12-29T00:00:00Z": 0,
	} {
		tm, _ := time.Parse(time.RFC3339, text)
		if got := weekBin(tm); got != want {
			t.Errorf("%s is bin %d, want %d", text, got, want)
		}
	}
	c := NewCollector(nil)
	for i := range 3 {
		c.Row(&output.Row{ID: fmt.Sprint(i), Host: "PC", Time: noon, Proof: artifacts.Executed, Kind: "Last Time Executed", State: artifacts.Live})
	}
	m := []Machine{{Machine: &evidence.Machine{Name: "PC", TimeZone: "Nepal Standard Time", Bias: -345}}}
	h := c.heat(m)
	if h == nil || h.Peak != 3 || h.Days[4].Cells[17].N != 3 || h.Days[4].Cells[17].Shade != 5 || h.Local != "+05:45" {
		t.Errorf("%+v", h)
	}
	if NewCollector(nil).heat(m) != nil {
		t.Error("a map of nothing")
	}
}

func TestCollectors(t *testing.T) {
	for path, want := range map[string]bool{
		`\tools\kape.exe`: true, `\tools\Velociraptor-v0.7-windows.exe`: true, `\x\winpmem_mini_x64_rc2.exe`: true, `\x\cylr.exe`: true,
		`\x\kapersky.exe`: false, `\x\acquirer.exe`: false, `\windows\explorer.exe`: false, "": false,
	} {
		if got := isCollector(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// TestFacts reads what rows say of a machine.
func TestFacts(t *testing.T) {
	c := NewCollector(nil)
	row := func(r output.Row) {
		r.Host, r.State = "PC", artifacts.Live
		c.Row(&r)
	}
	run := output.Row{Parser: "prefetch", Kind: "Last Time Executed", Proof: artifacts.Executed, Extra: []artifacts.Field{{Name: "version", Value: "26"}}}
	for _, m := range []int{0, 90} {
		run.Time = minute(m)
		row(run)
	}
	run.Time, run.Path = minute(100), `\tools\cylr.exe`
	row(run)
	row(output.Row{Parser: "evtxfiles", Kind: "First Event Time", Time: minute(-500), Proof: artifacts.Present})
	row(output.Row{Parser: "evtxfiles", Kind: "Last Event Time", Time: minute(80), Proof: artifacts.Present})
	row(output.Row{Parser: "eventpower", Kind: "Creation Time", Time: minute(5), Extra: []artifacts.Field{{Name: "event", Value: "os-started"}}})
	f := c.factsView(&Machine{Machine: &evidence.Machine{Name: "PC"}, Hives: []Hive{{Kind: "SYSTEM", SHA256: "x"}}})
	if !f.Acquired.Equal(minute(100)) || f.Tool == nil || f.Tool.Program != `\tools\cylr.exe` || !f.Boot.Equal(minute(5)) ||
		!f.Prefetch.To.Equal(minute(100)) || !f.Logs.From.Equal(minute(-500)) || f.Inferred != "Windows 8 or 8.1" || f.InferredBy != 26 {
		t.Errorf("%+v", f)
	}
	if want := []string{"SOFTWARE", "NTUSER", "AMCACHE", "prefetch", "eventlogs", "mft"}; !slices.Equal(f.Missing, want) {
		t.Errorf("missing %q, want %q", f.Missing, want)
	}
	if f := c.factsView(&Machine{Machine: &evidence.Machine{Name: "OTHER", Product: "Windows 7"}}); f.Inferred != "" || !f.Boot.IsZero() {
		t.Errorf("%+v", f)
	}
}

func TestReadMarks(t *testing.T) {
	marks, err := ReadMarks(strings.NewReader(`{"id":"57a2c8b336c5a09f","mark":"malicious","note":"first","marked":"2026-01-01T00:00:00Z"}

{"id":"47d2dc71b9ddfa21","mark":"","note":""}
{"id":"57a2c8b336c5a09f","mark":"benign","note":"later","marked":"2026-01-02T00:00:00Z"}
{"id":"57a2c8b336c5a09f","mark":"action","note":"earlier","marked":"2025-01-02T00:00:00Z"}`))
	if err != nil || len(marks) != 1 || marks[0].Note != "later" {
		t.Errorf("%+v, %v", marks, err)
	}
	for _, bad := range []string{"{", `{"id":"x"}`, `{"mark":"benign"}`, "[]", `{"id":"57a2c8b336c5a09f","note":1}`} {
		if _, err := ReadMarks(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func FuzzReadMarks(f *testing.F) {
	f.Add([]byte(`{"id":"57a2c8b336c5a09f","mark":"malicious","note":"n"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		marks, err := ReadMarks(bytes.NewReader(b))
		if err != nil && marks != nil {
			t.Error("marks beside an error")
		}
		c := NewCollector(nil)
		c.wantMarks(marks)
		if len(c.markViews(marks, nil)) != len(marks) {
			t.Error("marks are missing")
		}
	})
}

// TestMarks prints the marks first, with what they are about.
func TestMarks(t *testing.T) {
	in := incident(t, nil, 0)
	in.Marks = []Mark{
		{ID: "57a2c8b336c5a09f", Mark: "malicious", Note: "the <first> start"}, {ID: in.Findings[0].ID, Mark: "action"},
		{ID: "0123456789abcdef", Mark: "question"},
	}
	in.Collected.marked = map[string][]event{"57a2c8b336c5a09f": {{ID: "57a2c8b336c5a09f", Time: noon, Message: "it ran", Host: "KESTREL-PC"}}}
	p := page(t, in, nil)
	_, after, ok := strings.Cut(p, `<section id="marks"`)
	before, _, ok2 := strings.Cut(after, `<section id="machine"`)
	if !ok || !ok2 {
		t.Fatal("the marks are not before the machine")
	}
	for _, want := range []string{"the &lt;first&gt; start", "it ran", "<b>malicious</b>", "<b>action</b>", "no row, record or finding", "#f1"} {
		if !strings.Contains(before, want) {
			t.Errorf("no %q in the marks", want)
		}
	}
}

// TestIndexPage leads from machines to their reports, and says what they share.
func TestIndexPage(t *testing.T) {
	in := Index{Tool: "artifactdump", Machines: []IndexMachine{
		{Name: "PC1", Folder: "PC1", Levels: map[string]int{"high": 1}, Subjects: []IndexSubject{{`C:\tmp\p.exe`, "Ran", "high", minute(9)}}},
		{Name: "PC <2>", Folder: "PC 2%", Levels: map[string]int{"critical": 1}, Subjects: []IndexSubject{
			{`\Device\HarddiskVolume2\TMP\P.EXE`, "Ran", "critical", minute(3)}, {`C:\tmp\only.exe`, "Ran", "high", time.Time{}}}},
		{Name: "PC3", Folder: "PC3", Subjects: []IndexSubject{{`C:\tmp\late.dll`, "Imitates", "high", time.Time{}}}},
		{Name: "PC4", Folder: "PC4", Subjects: []IndexSubject{{`C:\tmp\late.dll`, "Imitates", "high", time.Time{}}}},
	}}
	for _, lang := range Languages() {
		var b bytes.Buffer
		if err := WriteIndex(&b, in, &Options{Lang: lang}); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		if lang == "ja" {
			continue
		}
		for _, want := range []string{`href="./PC1/report.html"`, `href="./PC%202%25/report.html"`, "PC &lt;2&gt;", "4 machines", `only.exe`,
			"default-src &#39;none&#39;"} {
			if !strings.Contains(text, want) {
				t.Errorf("no %q in the index", want)
			}
		}
		shared, rare, _ := strings.Cut(text, `id="rare"`)
		_, shared, _ = strings.Cut(shared, `id="shared"`)
		if !strings.Contains(shared, "p.exe") || !strings.Contains(shared, `href="./PC%202%25/report.html"`) || strings.Contains(shared, "only.exe") ||
			!strings.Contains(rare, "only.exe") {
			t.Errorf("shared: %s\nrare: %s", shared, rare)
		}
		if _, late, _ := strings.Cut(shared, "late.dll"); !strings.Contains(late, "PC3, ") && !strings.Contains(late, "<bdi>PC3</bdi>") || strings.Contains(late, "<a href") {
			t.Errorf("a machine had first what has no time: %s", late)
		}
	}
}

var pdfPage = regexp.MustCompile(`/Type\s*/Page\b[^s]`)

// TestPrint holds the paper to ten pages and to text that can be read.
func TestPrint(t *testing.T) {
	for _, size := range regexp.MustCompile(`font-size:([0-9.]+)pt`).FindAllStringSubmatch(pageCSS, -1) {
		if n := size[1]; strings.HasPrefix(n, "6") || strings.HasPrefix(n, "5") || strings.HasPrefix(n, ".") {
			t.Errorf("text of %s pt", n)
		}
	}
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on PATH")
	}
	dir := t.TempDir()
	name, pdf := filepath.Join(dir, "report.html"), filepath.Join(dir, "report.pdf")
	in := incident(t, nil, 0)
	for len(in.Findings) < 400 { // many more than the paper has room for
		in.Findings = append(in.Findings, in.Findings[:20]...)
	}
	slices.SortStableFunc(in.Findings, func(a, b Finding) int { return rankOf(a.Level) - rankOf(b.Level) })
	if err := os.WriteFile(name, []byte(page(t, in, nil)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer",
		"--disable-dev-shm-usage", "--user-data-dir="+filepath.Join(dir, "profile"), "--print-to-pdf="+pdf, "file://"+name).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b, err := os.ReadFile(pdf)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(pdfPage.FindAll(b, -1)); n < 2 || n > 10 {
		t.Errorf("%d pages", n)
	}
}
