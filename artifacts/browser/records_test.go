package browser

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	format "github.com/artifactdump/artifactdump/artifacts/formats/browser"
)

var noon = time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)

// TestDownloadEvents: a download dates its start and its end, and those of Firefox
// have a kind of their own; a file without times dates nothing.
func TestDownloadEvents(t *testing.T) {
	d := Download{Start: noon, End: noon.Add(time.Minute)}
	e := d.Events()
	if len(e) != 2 || e[0].Kind != "Start Time" || !e[0].Time.Equal(noon) || e[1].Kind != "End Time" || !e[1].Time.Equal(noon.Add(time.Minute)) || e[0].DataType != "" {
		t.Errorf("the events are %+v", e)
	}
	d.family = format.Firefox
	if e := d.Events(); e[0].DataType != "firefox:downloads:download" || e[1].DataType != e[0].DataType {
		t.Errorf("those of Firefox are %+v", e)
	}
	if e := (Download{Start: noon}).Events(); len(e) != 1 || e[0].Kind != "Start Time" {
		t.Errorf("a download that never ended has %+v", e)
	}
	if e := (Download{}).Events(); len(e) != 0 {
		t.Errorf("a download without times has %+v", e)
	}
}

// TestDownloadedPrograms: only what can run names a program, in any case.
func TestDownloadedPrograms(t *testing.T) {
	for path, runs := range map[string]bool{
		`C:\d\a.exe`: true, `C:\d\A.MSI`: true, `C:\d\a.js`: true, `C:\d\a.lnk`: true, `C:\d\a.hta`: true, `C:\d\a.pdf`: false,
		`C:\d\a.exe.txt`: false, `C:\d\exe`: false, ``: false, `C:\d\a.zip`: false,
	} {
		d := Download{Path: path}
		if d.Runnable() != runs || (d.Program() == path && path != "") != runs {
			t.Errorf("%q runs: %v, program %q", path, d.Runnable(), d.Program())
		}
	}
}

// TestDownloadSummary names the address that is known, and what the browser
// thought of the file.
func TestDownloadSummary(t *testing.T) {
	d := Download{Browser: "Chrome", Path: `C:\d\a.exe`, Status: "complete", Received: 77, Referrer: "https://page.example/"}
	if s := d.Summary(); s != `[Chrome] https://page.example/ → C:\d\a.exe, complete, 77 bytes` {
		t.Errorf("by the page that led to it: %s", s)
	}
	d.Tab, d.URL, d.Danger, d.Opened = "https://tab.example/", "https://cdn.example/a.exe", 1, true
	if s := d.Summary(); s != `[Chrome] https://cdn.example/a.exe → C:\d\a.exe, complete, 77 bytes, warning 1 of the browser, opened from the browser` {
		t.Errorf("by its own address: %s", s)
	}
}

// TestVisits: a visit of another machine proves nothing of this one.
func TestVisits(t *testing.T) {
	v := Visit{Browser: "Firefox", URL: "https://a.example/", Title: "A", Time: noon, Transition: "typed", Search: "heron"}
	if v.Proof() != artifacts.Interacted || len(v.Tags()) != 0 {
		t.Errorf("a visit proves %q and has the tags %q", v.Proof(), v.Tags())
	}
	if s := v.Summary(); s != `[Firefox] https://a.example/ "A", typed, searched for heron` {
		t.Errorf("it reads %s", s)
	}
	v.Synced, v.family = true, format.Firefox
	if v.Proof() != artifacts.Present || !slices.Equal(v.Tags(), []string{"synced"}) || !strings.HasSuffix(v.Summary(), ", on another machine") {
		t.Errorf("a visit of another machine proves %q, has the tags %q and reads %s", v.Proof(), v.Tags(), v.Summary())
	}
	if e := v.Events(); len(e) != 1 || e[0].DataType != "firefox:places:page_visited" || e[0].Kind != "Last Visited Time" {
		t.Errorf("its events are %+v", e)
	}
	if e := (Visit{}).Events(); len(e) != 0 {
		t.Errorf("a visit without a time has %+v", e)
	}
}

// TestCacheEntries: only histories and downloads show that somebody was there; a
// part of a page can have come by itself. The days of Internet Explorer keep local
// time beside UTC.
func TestCacheEntries(t *testing.T) {
	for container, want := range map[string]artifacts.Proof{"History": artifacts.Interacted, "iedownload": artifacts.Interacted, "IEDownload": artifacts.Interacted, "Content": artifacts.Present, "DOMStore": artifacts.Present} {
		if got := (CacheEntry{Container: container}).Proof(); got != want {
			t.Errorf("%s proves %q, want %q", container, got, want)
		}
	}
	day := CacheEntry{Container: "MSHist012026030620260307", Local: true, Accessed: noon, Modified: noon.Add(time.Hour), URL: "file:///C:/a.txt", Accesses: 3}
	if day.Proof() != artifacts.Interacted {
		t.Errorf("a day of the history proves %q", day.Proof())
	}
	e := day.Events()
	if len(e) != 2 || e[0].Local || !e[1].Local || !e[1].Time.Equal(noon.Add(time.Hour)) {
		t.Errorf("its events are %+v", e)
	}
	page := CacheEntry{Container: "Content", Accessed: noon, Modified: noon.Add(time.Hour)}
	if e := page.Events(); len(e) != 1 || e[0].Local {
		t.Errorf("the time at which a server changed a page dates it: %+v", e)
	}
	d := CacheEntry{Container: "iedownload", URL: "http://a.example/a.exe", Paths: []string{`C:\t\a.tmp`, `C:\d\a.exe`}}
	if s := d.Summary(); s != `[iedownload] http://a.example/a.exe → C:\d\a.exe` {
		t.Errorf("a download reads %s", s)
	}
	if s := day.Summary(); s != `[MSHist012026030620260307] file:///C:/a.txt, 3 accesses` {
		t.Errorf("a day reads %s", s)
	}
}

// TestSearchProviders name themselves by their id where they have no name.
func TestSearchProviders(t *testing.T) {
	s := SearchScope{ID: "{1}", URL: "https://find.example/?q={searchTerms}"}
	if s.Summary() != "[{1}] searches with https://find.example/?q={searchTerms}" || len(s.Tags()) != 0 {
		t.Errorf("it reads %s, with the tags %q", s.Summary(), s.Tags())
	}
	s = SearchScope{ID: "{1}", Name: "Find", Default: true}
	if s.Summary() != "[Find] searches with (no address)" || !slices.Equal(s.Tags(), []string{"default"}) {
		t.Errorf("it reads %s, with the tags %q", s.Summary(), s.Tags())
	}
}
