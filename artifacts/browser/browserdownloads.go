package browser

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	format "github.com/artifactdump/artifactdump/artifacts/formats/browser"
	sqlite "github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A Download is one file that a browser loaded.
type Download struct {
	artifacts.Origin
	Browser   string    `json:"browser"`
	Profile   string    `json:"profile"`
	Path      string    `json:"path"`
	Temporary string    `json:"temporary,omitempty"`
	URL       string    `json:"url"`                 // the last of the redirections
	URLs      []string  `json:"url_chain,omitempty"` // from the first to the last
	Start     time.Time `json:"start,omitzero"`
	End       time.Time `json:"end,omitzero"`
	Accessed  time.Time `json:"accessed,omitzero"`
	Received  int64     `json:"received_bytes"`
	Total     int64     `json:"total_bytes"`
	Status    string    `json:"download_state"`        // complete, cancelled, interrupted …
	Danger    int64     `json:"danger_type,omitempty"` // 0 none; the browser's warning
	Opened    bool      `json:"opened,omitempty"`      // from within the browser
	Referrer  string    `json:"referrer,omitempty"`
	Site      string    `json:"site,omitempty"`
	Tab       string    `json:"tab_url,omitempty"`
	Method    string    `json:"method,omitempty"`
	Extension string    `json:"by_extension,omitempty"` // browser extension that started it
	MIME      string    `json:"mime_type,omitempty"`
	ID        int64     `json:"download_id"`
	Page      uint32    `json:"page"`

	family format.Family
}

var downloads = artifacts.Define(artifacts.Artifact{
	Name:     "browserdownloads",
	Title:    "Browser download",
	DataType: "chrome:history:file_downloaded",
	About: `Downloads in the databases of browsers of the Chromium family, of programs with a built-in WebView2, and of Firefox and its relatives: from
which address, by which page, to which path, and what became of it. Proves that the browser of this profile wrote the file when the state is complete.
Does not prove that the file was opened (Chromium notes only what was opened from the browser itself), nor that a person asked for it: pages
and browser extensions can start downloads. A user can delete the entry and keep the file. What is left in the log or in free pages is shown
as log or deleted. Times are UTC: when the download began and ended.`,
	Proves: artifacts.Present,
	Attack: []string{"T1105", "T1204.002", "T1566.002", "T1189"},
	Refs: []string{
		"https://chromium.googlesource.com/chromium/src/+/main/components/history/core/browser/download_database.cc",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/sqlite_plugins/chrome_history.py",
	},
	Sources: databases("places.sqlite", "downloads.sqlite"),
}, decodeDownloads)

func decodeDownloads(in artifacts.Input, yield func(Download) bool) error {
	db, err := sqlite.OpenSQLite(in)
	if db == nil {
		return err
	}
	if _, err := format.Detect(db.DB); err != nil {
		return sqlite.Foreign(in, err, format.ErrNotBrowser)
	}
	var errs sqlite.Errors
	for d, err := range format.Downloads(db.DB, format.Options{Recovered: true}) {
		if err != nil {
			errs.Add(err)
			continue
		}
		r := Download{Origin: db.At(d.Place, d.Source.State, d.Grade), Path: d.Path, Temporary: d.Temporary, URLs: d.URLs,
			Start: d.Start, End: d.End,
			Accessed: d.Accessed, Received: d.Received, Total: d.Total, Status: d.State, Danger: d.Danger, Opened: d.Opened,
			Referrer: d.Referrer,
			Site:     d.Site, Tab: d.Tab, Method: d.Method, Extension: d.Extension, MIME: d.MIME, ID: d.ID, Page: d.Page, family: d.Family}
		if n := len(d.URLs); n > 0 {
			r.URL = d.URLs[n-1]
		}
		r.Browser, r.Profile = browserOf(in.From.Path, string(d.Family))
		if !yield(r) {
			return nil
		}
	}
	return db.End(&errs)
}

// Events gives the start and the end of the download.
func (r Download) Events() []artifacts.Event {
	kind := ""
	if r.family == format.Firefox {
		kind = "firefox:downloads:download"
	}
	var out []artifacts.Event
	if !r.Start.IsZero() {
		out = append(out, artifacts.Event{Time: r.Start, Kind: "Start Time", DataType: kind})
	}
	if !r.End.IsZero() {
		out = append(out, artifacts.Event{Time: r.End, Kind: "End Time", DataType: kind})
	}
	return out
}

// Program returns the path of a downloaded file that can run.
func (r Download) Program() string {
	if r.Runnable() {
		return r.Path
	}
	return ""
}

// Runnable reports whether the file is a program, a script or an installer.
func (r Download) Runnable() bool {
	low := strings.ToLower(r.Path)
	for _, ext := range []string{".exe", ".dll", ".scr", ".com", ".pif", ".msi", ".msix", ".appx", ".cpl", ".bat", ".cmd", ".ps1",
		".vbs", ".vbe", ".js", ".jse",
		".wsf", ".hta", ".lnk", ".jar", ".xll"} {
		if strings.HasSuffix(low, ext) {
			return true
		}
	}
	return false
}

// Summary shows what came from where and what became of it.
func (r Download) Summary() string {
	s := fmt.Sprintf("[%s] %s → %s, %s, %d bytes", r.Browser, cmp.Or(r.URL, r.Tab, r.Referrer), r.Path, r.Status, r.Received)
	if r.Danger != 0 {
		s += fmt.Sprintf(", warning %d of the browser", r.Danger)
	}
	if r.Opened {
		s += ", opened from the browser"
	}
	return s
}
