package report

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// browse opens the page at / in Chromium, from a server of its own, and returns
// the document after scripts ran, what the console said, and which paths were
// asked for.
func browse(t *testing.T, pages map[string]string) (dom string, console, asked []string) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium on PATH")
	}
	var mu sync.Mutex
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		if pages[r.URL.Path] == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(strings.ReplaceAll(pages[r.URL.Path], "http://server", "http://"+r.Host)))
	}))
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	args := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--user-data-dir=" + filepath.Join(t.TempDir(), "profile"),
		"--enable-logging=stderr", "--v=0", "--virtual-time-budget=4000", "--dump-dom", srv.URL + "/",
	}
	cmd := exec.CommandContext(ctx, browser, args...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, log.String())
	}
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "CONSOLE") {
			console = append(console, line)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	return out.String(), console, asked
}

// hostileRows adds names that want to be markup to an input.
func hostilePage(t *testing.T) (Input, *Options) {
	in := incident(t, nil, 0)
	in.Title = `<script>alert(1)</script><img src="http://server/title.png">`
	in.Findings[0].Subject = "C:\\Users\\Public\\\u202egnp.exe"
	in.Findings[1].Title = `</script><script src="http://server/x.js"></script>`
	in.Findings[1].Evidence[0].Quote = `<style>@import "http://server/x.css";</style><iframe src="http://server/frame"></iframe>`
	return in, nil
}

var hiddenRow = regexp.MustCompile(`<tr data-k="[^"]*" data-p="[a-z]+"( class="new")? hidden=""`)

func TestBrowser(t *testing.T) {
	in, opts := hostilePage(t)
	p := page(t, in, opts)
	dom, console, asked := browse(t, map[string]string{"/": p})
	if len(console) > 0 {
		t.Errorf("the console is not empty: %s", console)
	}
	if len(asked) != 1 || asked[0] != "/" {
		t.Errorf("the page asked for %q", asked)
	}
	if strings.Count(dom, "<script") != 1 || strings.Contains(dom, "<iframe") || strings.Contains(dom, "<img") {
		t.Error("text of the evidence became an element")
	}
	if !strings.Contains(dom, "&lt;script&gt;alert(1)&lt;/script&gt;") || strings.ContainsRune(dom, '\u202e') {
		t.Error("a hostile name is not shown as text")
	}
	if strings.Contains(dom, `<form id="filter" hidden`) {
		t.Error("the filter is not there")
	}
	if n := len(hiddenRow.FindAllString(dom, -1)); n != 0 {
		t.Errorf("%d rows are hidden before anybody filtered", n)
	}
}

func TestBrowserWithoutScript(t *testing.T) {
	in, opts := hostilePage(t)
	p := page(t, in, opts)
	// Chromium needs scripts for its own work when it runs without a window. A
	// sandboxed frame has none; the page around it hands out what it shows.
	const around = `<!doctype html><iframe sandbox="allow-same-origin" src="/report"></iframe><script>
addEventListener("load", function () { document.documentElement.innerHTML = document.querySelector("iframe").contentDocument.documentElement.innerHTML; });</script>`
	dom, console, asked := browse(t, map[string]string{"/": around, "/report": p})
	for _, line := range console {
		if !strings.Contains(line, "frame is sandboxed and the 'allow-scripts' permission is not set") {
			t.Errorf("the console says %s", line)
		}
	}
	if len(console) == 0 {
		t.Error("the scripts of the page were not held back: the test shows nothing")
	}
	asked = slices.DeleteFunc(asked, func(p string) bool { return p == "/" || p == "/report" || p == "/favicon.ico" })
	if len(asked) > 0 { // the icon is the outer page's: it has no policy
		t.Errorf("the page asked for %q", asked)
	}
	if !regexp.MustCompile(`<form id="filter" hidden`).MatchString(dom) {
		t.Error("the filter shows although it cannot work")
	}
	if got, want := strings.Count(dom, "<tr data-k="), strings.Count(p, "<tr data-k="); got != want || want < 100 {
		t.Errorf("%d rows of the timeline, want %d", got, want)
	}
	if !strings.Contains(dom, "<svg") || !strings.Contains(dom, "nbtscan.exe") {
		t.Error("charts or findings are not there")
	}
}

// TestBrowserFilter drives the filters by a script that the test adds to the
// page's own.
func TestBrowserFilter(t *testing.T) {
	in := incident(t, nil, 0)
	own := pageJS
	defer func() { pageJS = own }()
	const drive = `
(function () {
  var q = document.getElementById("q"), out = [];
  var visible = function () { return document.querySelectorAll("#rows tbody tr:not([hidden])").length; };
  var step = function (name, change, next) { change(); setTimeout(function () { out.push(name + "=" + visible() + "/" + document.getElementById("count").textContent); next(); }, 300); };
  var box = function (v) { return document.querySelector("[name=p][value=" + v + "]"); };
  var fire = function (e, kind) { e.dispatchEvent(new Event(kind, {bubbles: true})); };
  step("all", function () {}, function () {
  step("text", function () { q.value = "NBTscan prefetch"; fire(q, "input"); }, function () {
  step("none", function () { q.value = "no such text anywhere"; fire(q, "input"); }, function () {
  step("proof", function () { q.value = ""; box("present").checked = box("configured").checked = box("interacted").checked = false; fire(box("present"), "change"); }, function () {
  step("kind", function () { box("present").checked = box("configured").checked = box("interacted").checked = true; var k = document.getElementById("k"); k.selectedIndex = Array.prototype.findIndex.call(k.options, function (o) { return o.text === "Last Time Executed"; }); fire(k, "change"); }, function () {
  step("reset", function () { document.querySelector("#filter button").click(); }, function () {
    location.hash = "#f` + "40" + `";
    setTimeout(function () { out.push("opened=" + document.querySelector("#f40 details").open); document.title = out.join(" "); }, 300);
  }); }); }); }); }); });
})();`
	pageJS = own + drive
	p := page(t, in, nil)
	count := func(ok func(rowView) bool) (n int) {
		tr, _ := translator("en")
		for _, r := range newView(&in, tr, nil).Rows {
			if ok(r) {
				n++
			}
		}
		return n
	}
	all := count(func(rowView) bool { return true })
	texts := count(func(r rowView) bool {
		m := strings.ToLower(r.Message)
		return strings.Contains(m, "nbtscan") && strings.Contains(m, "prefetch")
	})
	executed := count(func(r rowView) bool { return r.Proof == "executed" })
	last := count(func(r rowView) bool { return r.Kind == "Last Time Executed" })
	if all <= executed || executed == 0 || texts == 0 || last == 0 {
		t.Fatalf("%d rows, %d executed, %d by text, %d by kind: the test shows nothing", all, executed, texts, last)
	}
	dom, console, _ := browse(t, map[string]string{"/": p})
	if len(console) > 0 {
		t.Errorf("the console is not empty: %s", console)
	}
	title := regexp.MustCompile(`<title>(.*?)</title>`).FindStringSubmatch(dom)[1]
	var want strings.Builder
	for _, x := range []struct {
		name string
		n    int
	}{{"all", all}, {"text", texts}, {"none", 0}, {"proof", executed}, {"kind", last}, {"reset", all}} {
		want.WriteString(x.name + "=" + strconv.Itoa(x.n) + "/" + strconv.Itoa(x.n) + " ")
	}
	if want.WriteString("opened=true"); title != want.String() {
		t.Errorf("filters: %s\n   want: %s", title, want.String())
	}
}
