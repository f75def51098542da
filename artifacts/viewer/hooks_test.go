//go:build unix

package viewer

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

const rowcount = `document.querySelector("[role=grid]").getAttribute("aria-rowcount")`

// TestHooks holds the page to what tests and other programs rely on: docs/viewer.md.
func TestHooks(t *testing.T) {
	in, rows := incident()
	b := startBrowser(t)
	name := page(t, in)
	b.open(name, "")
	if n := b.number(rowcount); n != len(rows) {
		t.Errorf("%d rows, want %d", n, len(rows))
	}
	if n := b.number(`document.querySelectorAll("[data-id]").length`); n < 10 || n >= 500 {
		t.Errorf("%d rows are drawn", n)
	}
	if id := b.text(`document.querySelector("[role=grid] [role=row]").dataset.id`); id != rows[0].ID {
		t.Errorf("the first row is %s, want %s", id, rows[0].ID)
	}
	for _, line := range []string{"level:high+", `path:\users\public\* -level:none`, "svchost", "日本語", ""} {
		want, _ := find(rows, line)
		if n := b.query(line); n != len(want) {
			t.Errorf("%s: %d rows, want %d", line, n, len(want))
		}
	}
	// A line that cannot be read changes nothing, and says so.
	b.query("artifact:prefetch")
	before := b.number(rowcount)
	b.eval(`location.hash = "q=level%3Aworse"`, nil)
	b.wait(`!document.getElementById("problem").hidden`)
	if q := b.text(`document.documentElement.dataset.query`); q != "artifact:prefetch" || b.number(rowcount) != before {
		t.Errorf("a bad line is in force: %s", q)
	}
	// The address sets the line when the page opens.
	b.open(name, "q=proves:executed")
	want, _ := find(rows, "proves:executed")
	if q := b.text(`document.documentElement.dataset.query`); q != "proves:executed" || b.number(rowcount) != len(want) {
		t.Errorf("opened with %q: %d rows, want %d", q, b.number(rowcount), len(want))
	}
	// The last rows can be reached by scrolling.
	b.query("")
	b.eval(`document.querySelector("[role=grid]").scrollTop = 1e9`, nil)
	b.wait(fmt.Sprintf(`document.querySelector('[data-id="%s"]')`, rows[len(rows)-1].ID))
	b.quiet()
}

// TestHostile opens a page whose evidence wants to be markup.
func TestHostile(t *testing.T) {
	in := &Input{
		Title: "</title><script>globalThis.hacked=1</script>", Tool: "</script><script>globalThis.hacked=1</script>", Lang: "en",
		Evidence: "/mnt/it's\u202e here", Machines: []output.Machine{{Name: "<img src=x onerror=globalThis.hacked=1>", TimeZone: "<b>"}, {Name: "STRANGE-PC"}},
		Rows:     all(strange()),
		Findings: [][]byte{[]byte(`{"id":"abcdef0123456789","title":"</script><img src=x onerror=globalThis.hacked=1>","level":"critical\" onclick=\"x","subject":"\u202egnp.exe","reasons":[{"rule_id":"X","says":"<iframe src=//x>"}]}`)},
		Programs: [][]byte{[]byte(`{"host":"STRANGE-PC","id":"<b>","path":"<img src=x onerror=globalThis.hacked=1>","key":"\\t\\<b>.exe","level":"x\" onclick=\"y","rules":["<i>"],"what":[{"name":"<b>","value":"</li><script>globalThis.hacked=1</script>","certainty":"constructor"}],"starts":[{"time":"never","certainty":"<b>","command_line":"\u202e<img src=x>","proofs":[{"record":"<b>"}]}],"missing":[{}],"ends":[{"kind":"<b>"}],"files":[{}],"arrived":[{"ref":null}]}`), []byte(`{}`)},
		Sessions: table(t, map[string]string{"Host": "<b>", "Account": "<i>", "Begin": "not a time"}, map[string]string{"Host": "STRANGE-PC", "Account": `A\B "`, "Begin": "2026-03-06 18:00:00.0000000"}),
		Logons:   table(t, map[string]string{"Account": "<svg onload=globalThis.hacked=1>", "Source": "\"><script>", "Target": "</svg>", "Success": "1"}),
	}
	b := startBrowser(t)
	name := page(t, in)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ContainsRune(string(text), '\u202e') || strings.Count(string(text), "globalThis.hacked") != 1 { // in the title, as text
		t.Error("the page holds the evidence in the open")
	}
	b.open(name, "")
	for _, view := range []string{"findings", "lanes", "sessions", "graph", "marks", "rows"} {
		b.eval(fmt.Sprintf(`document.querySelector("[data-view=%s]").click()`, view), nil)
		b.eval(`for (const d of document.querySelectorAll("details")) d.open = true`, nil)
	}
	for range strange() {
		b.key("Enter")
		b.key("2")
		b.key("j")
	}
	b.screenshot("hostile")
	b.eval(`dispatchEvent(new Event("beforeprint"))`, nil)
	if s := b.text(`typeof globalThis.hacked`); s != "undefined" {
		t.Error("a script of the evidence ran")
	}
	if n := b.number(`document.querySelectorAll("script").length`); n != 1 {
		t.Errorf("%d scripts", n)
	}
	if n := b.number(`document.querySelectorAll("img, iframe, b:not(:empty) *, [onerror], [onload], [onclick], object, embed, link").length`); n != 0 {
		t.Errorf("%d elements came from the evidence", n)
	}
	if s := b.text(`document.documentElement.innerText.match(/[\u202a-\u202e\u2066-\u2069\u0000]/)`); s != "null" {
		t.Error("characters that turn the direction are shown as they are")
	}
	if s := b.text(`[...document.querySelectorAll("code")].map((c) => c.textContent).join()`); !strings.Contains(s, `'/mnt/it'\''s`) {
		t.Errorf("the command is not quoted: %s", s)
	}
	if b.text(`artifactdump.biography(0)`) != "<b>" || b.text(`artifactdump.biography(1)`) != "" {
		t.Error("the biography is not shown")
	}
	if n := b.number(`document.querySelectorAll("script, #details img, #details i, #details script, #details b *").length`); n != 1 {
		t.Errorf("%d elements of the biography came from the evidence", n-1)
	}
	// The policy stops what a mistake of the page would let in.
	b.eval(`document.body.insertAdjacentHTML("beforeend", '<img src="https://example.invalid/x.png" onerror="globalThis.hacked=2"><style>body{display:none}</style>')`, nil)
	b.eval(`fetch("https://example.invalid/").catch(() => 0)`, nil)
	b.eval(`(() => { const s = document.createElement("script"); s.textContent = "globalThis.hacked=3"; document.body.append(s); })()`, nil)
	if s := b.text(`typeof globalThis.hacked + getComputedStyle(document.body).display`); s != "undefinedblock" {
		t.Errorf("the policy lets through: %s", s)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.said) < 3 {
		t.Errorf("the policy was broken %d times: the test shows nothing", len(b.said))
	}
}

// TestMarks marks rows by keys, and takes the marks out and in again.
func TestMarks(t *testing.T) {
	in, rows := incident()
	b := startBrowser(t)
	name := page(t, in)
	b.open(name, "")
	b.query("level:critical")
	ids, _ := find(rows, "level:critical")
	b.eval(`document.querySelector("[role=grid]").focus()`, nil)
	b.key("3")
	b.key("j")
	b.key("1")
	b.key("m")
	b.eval(`(() => { const n = document.querySelector("#details textarea"); n.value = "seen <b>here</b>"; n.dispatchEvent(new Event("change")); n.blur(); })()`, nil)
	b.key("Escape")
	b.key("k")
	type mark struct{ ID, Mark, Note, Marked, RecordID, Datetime, Message string }
	read := func() (out []mark) {
		t.Helper()
		for line := range strings.Lines(b.text(`artifactdump.marks()`)) {
			var m mark
			if err := json.Unmarshal([]byte(line), &m); err != nil {
				t.Fatal(err)
			}
			out = append(out, m)
		}
		return out
	}
	got := read()
	if len(got) != 2 || got[0].ID != ids[0] || got[0].Mark != "malicious" || got[1].ID != ids[1] || got[1].Mark != "benign" || got[1].Note != "seen <b>here</b>" || got[0].Datetime == "" {
		t.Fatalf("%+v", got)
	}
	// Undo and marked rows only.
	b.key("u")
	if n := b.number(rowcount); n != len(rows) {
		t.Errorf("after undo %d rows", n)
	}
	b.eval(`document.getElementById("marked").click()`, nil)
	if n := b.number(rowcount); n != 2 {
		t.Errorf("%d marked rows", n)
	}
	b.eval(`document.getElementById("marked").click()`, nil)
	// A page of a new scan, and marks of another analyst.
	text := b.text(`artifactdump.marks()`)
	other := text + `{"id":"` + ids[1] + `","mark":"suspicious","note":"not so","marked":"2100-01-01T00:00:00Z"}` + "\n" +
		`{"id":"0000000000000000","mark":"action","note":"elsewhere","marked":"2026-01-01T00:00:00Z"}` + "\nnot JSON\n{\"id\":\"<b>\",\"mark\":\"benign\"}\n"
	name = page(t, in)
	b.eval(`(() => { localStorage.clear(); addEventListener("beforeunload", (e) => { e.stopImmediatePropagation(); }, true); })()`, nil)
	c := startBrowser(t)
	c.open(name, "")
	lit, _ := json.Marshal(other)
	c.eval(fmt.Sprintf(`(() => { const d = new DataTransfer(); d.items.add(new File([%s], "marks.jsonl")); const f = document.getElementById("file"); f.files = d.files; f.dispatchEvent(new Event("change")); })()`, lit), nil)
	c.wait(`artifactdump.marks() !== ""`)
	b = c
	got = read()
	if len(got) != 3 || !slices.ContainsFunc(got, func(m mark) bool {
		return m.ID == ids[1] && m.Mark == "suspicious" && m.Note == "seen <b>here</b>\nnot so"
	}) || !slices.ContainsFunc(got, func(m mark) bool { return m.Note == "elsewhere" }) {
		t.Errorf("merged: %+v", got)
	}
	c.eval(`dispatchEvent(new Event("beforeprint"))`, nil)
	if n := c.number(`document.querySelectorAll("#print tbody tr").length`); n != 3 {
		t.Errorf("%d rows are printed", n)
	}
	c.call("Emulation.setEmulatedMedia", map[string]any{"media": "print"}, nil)
	c.screenshot("print")
	c.quiet()
}

// TestViews looks at all views at several sizes, in both languages, light and dark.
func TestViews(t *testing.T) {
	in, _ := incident()
	b := startBrowser(t)
	ja := *in
	ja.Lang = "ja"
	names := map[string]string{"en": page(t, in), "ja": page(t, &ja)}
	for _, c := range []struct {
		lang, scheme string
		width        int
	}{{"en", "light", 1400}, {"ja", "dark", 1400}, {"en", "dark", 800}, {"ja", "light", 390}} {
		b.open(names[c.lang], "q=level:high+")
		b.size(c.width, 860, c.width < 500)
		b.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]string{"name": "prefers-color-scheme", "value": c.scheme}}}, nil)
		for _, view := range []string{"findings", "lanes", "sessions", "graph", "marks", "rows"} {
			b.eval(fmt.Sprintf(`document.querySelector("[data-view=%s]").click()`, view), nil)
			if n := b.number(`document.documentElement.scrollWidth - innerWidth`); n > 0 {
				t.Errorf("%d %s: the page is %d pixels too wide", c.width, view, n)
			}
			b.screenshot(fmt.Sprintf("%s-%d-%s", c.lang, c.width, view))
		}
		if s := b.text(`document.documentElement.lang`); s != c.lang {
			t.Errorf("the language is %s", s)
		}
		b.key("j")
		b.key("Enter")
		b.wait(`!document.getElementById("details").hidden`)
		b.screenshot(fmt.Sprintf("%s-%d-details", c.lang, c.width))
		if n := b.number(`document.documentElement.scrollWidth - innerWidth`); n > 0 {
			t.Errorf("%d details: the page is %d pixels too wide", c.width, n)
		}
		if n := b.number(`document.querySelectorAll("#details .finding").length`); n == 0 {
			t.Error("the details have no finding")
		}
		b.key("?")
		b.wait(`document.getElementById("help").open`)
		b.screenshot(fmt.Sprintf("%s-%d-help", c.lang, c.width))
		b.quiet()
	}
}

// TestChart selects a time with the brush, and zooms.
func TestChart(t *testing.T) {
	in, rows := incident()
	b := startBrowser(t)
	b.open(page(t, in), "q=level:worse")
	b.query("after:2026-03-06 before:2026-03-07")
	drag := func(kind string, x int) {
		b.call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": 140, "button": "left", "clickCount": 1}, nil)
	}
	drag("mousePressed", 600)
	drag("mouseMoved", 1000)
	drag("mouseReleased", 1340)
	b.wait(`document.documentElement.dataset.query !== "after:2026-03-06 before:2026-03-07"`)
	line := b.text(`document.documentElement.dataset.query`)
	want, err := find(rows, line)
	if err != nil || len(want) == 0 || b.number(rowcount) != len(want) {
		t.Errorf("%s: %d rows, want %d (%v)", line, b.number(rowcount), len(want), err)
	}
	b.screenshot("brush")
	b.call("Input.dispatchMouseEvent", map[string]any{"type": "mouseWheel", "x": 700, "y": 140, "deltaX": 0, "deltaY": -240}, nil)
	// Facets and pivots are terms of the line.
	b.query("")
	b.eval(`document.querySelector("#facets [data-level=critical] .value").click()`, nil)
	b.eval(`document.querySelector("#facets [data-level=critical] .value").click()`, nil)
	if q := b.text(`document.documentElement.dataset.query`); q != "" {
		t.Errorf("a facet clicked twice leaves %q", q)
	}
	b.eval(`document.querySelector("#facets [data-level=high] .value").click()`, nil)
	b.eval(`document.querySelector("[role=grid]").focus()`, nil)
	b.key("Enter")
	b.eval(`document.querySelector("#details section p button:nth-of-type(2)").click()`, nil)
	b.key("x")
	line = b.text(`document.documentElement.dataset.query`)
	if want, err := find(rows, line); err != nil || b.number(rowcount) != len(want) {
		t.Errorf("%s: %d rows, want %d (%v)", line, b.number(rowcount), len(want), err)
	}
	b.quiet()
}

// TestSpans looks at the lanes of sessions, and at tables on a narrow page.
func TestSpans(t *testing.T) {
	in, rows := incident()
	b := startBrowser(t)
	b.open(page(t, in), "view=sessions")
	if n := b.number(`document.querySelectorAll("#view-sessions rect.span").length`); n != in.Sessions.Len() || n == 0 {
		t.Errorf("%d bars for %d sessions", n, in.Sessions.Len())
	}
	if n := b.number(`document.querySelectorAll("#view-sessions rect.open").length`); n != 1 {
		t.Errorf("%d sessions without an end, want 1", n)
	}
	b.eval(`document.querySelector("#view-sessions rect.span").dispatchEvent(new MouseEvent("click"))`, nil)
	line := b.text(`document.documentElement.dataset.query`)
	want, err := find(rows, line)
	if err != nil || len(want) == 0 || !strings.Contains(line, "user:") || b.number(rowcount) != len(want) {
		t.Errorf("a session shows %s: %d rows, want %d (%v)", line, b.number(rowcount), len(want), err)
	}
	show := func(view string) { b.eval(fmt.Sprintf(`document.querySelector("[data-view=%s]").click()`, view), nil) }
	if n := b.query("type:windows:volume:creation"); n == 0 {
		t.Error("no row is the creation of a volume")
	}
	show("lanes")
	if s := b.text(`document.getElementById("lanenote").textContent`); !strings.HasPrefix(s, "No row") {
		t.Errorf("the creation of a volume is a dot of a program: %s", s)
	}
	b.size(390, 860, true)
	for _, view := range []string{"sessions", "graph", "marks"} {
		show(view)
		for _, part := range []string{"td", "th"} {
			columns := b.text(fmt.Sprintf(`[...document.querySelectorAll("#view-%s tr:first-child %s")].filter((e) => e.offsetWidth).length + ""`, view, part))
			if view != "marks" && columns != "4" && columns != "5" {
				t.Errorf("%s at 390 pixels: %s columns of %s", view, columns, part)
			}
		}
		if view == "sessions" && !strings.Contains(b.text(`document.querySelector("#view-sessions tbody").innerText`), `KESTREL-PC\daniel`) {
			t.Error("sessions at 390 pixels: the account is not shown")
		}
		b.screenshot("narrow-" + view)
	}
	b.quiet()
}

// TestKnown folds rows of known files by a term that can be taken back.
func TestKnown(t *testing.T) {
	shared, of := incident()
	in, rows, n := *shared, []*output.Row{}, 0
	for _, r := range of {
		r := new(*r)
		rows = append(rows, r)
		if r.MarkKnown(r.Parser == "prefetch"); slices.Contains(r.Tags, output.KnownGood) {
			n++
		}
	}
	in.Rows = all(rows)
	b := startBrowser(t)
	name := page(t, &in)
	b.open(name, "")
	if got := b.number(rowcount); n == 0 || got != len(rows)-n || b.text(`document.documentElement.dataset.query`) != "-tag:known-good" {
		t.Errorf("%d rows, want %d without %d of known files", got, len(rows)-n, n)
	}
	if s := b.text(`document.getElementById("notice").hidden ? "" : document.getElementById("notice").textContent`); !strings.HasPrefix(s, fmt.Sprintf("%d rows", n)) {
		t.Errorf("the page says %q", s)
	}
	b.screenshot("known")
	if got := b.query(""); got != len(rows) || b.text(`document.getElementById("notice").hidden + ""`) != "true" {
		t.Errorf("%d rows without the term, want %d", got, len(rows))
	}
	b.open(name, "q=proves:executed")
	if want, _ := find(rows, "proves:executed"); b.number(rowcount) != len(want) {
		t.Errorf("a line of the address: %d rows, want %d", b.number(rowcount), len(want))
	}
	b.quiet()
}
