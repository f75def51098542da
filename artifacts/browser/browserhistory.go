package browser

import (
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	format "github.com/artifactdump/artifactdump/artifacts/formats/browser"
	sqlite "github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A Visit is one visit of an address.
type Visit struct {
	artifacts.Origin
	Browser    string    `json:"browser"` // Chrome, Edge, Firefox, WebView2 of …
	Profile    string    `json:"profile"`
	URL        string    `json:"url"`
	Title      string    `json:"title,omitempty"`
	Time       time.Time `json:"time,omitzero"`
	Transition string    `json:"transition,omitempty"` // link, typed, bookmark …
	Redirect   bool      `json:"redirect,omitempty"`   // reached by a redirection
	Duration   float64   `json:"duration_s,omitempty"`
	Visits     int64     `json:"visit_count,omitempty"` // of the address, in all
	Typed      int64     `json:"typed_count,omitempty"`
	Hidden     bool      `json:"hidden,omitempty"`
	Synced     bool      `json:"synced,omitempty"` // made on another machine
	Search     string    `json:"search,omitempty"` // words that were searched for
	ID         int64     `json:"visit_id"`
	From       int64     `json:"from_visit,omitempty"`
	Page       uint32    `json:"page"`

	family format.Family
}

var history = artifacts.Define(artifacts.Artifact{
	Name:     "browserhistory",
	Title:    "Browser history",
	DataType: "chrome:history:page_visited",
	About: `Visits in the history of browsers of the Chromium family (Chrome, Edge, Brave, Opera, Vivaldi and others), of programs with a built-in
WebView2, and of Firefox and its relatives. Proves that the browser of this profile loaded the address at this time. Does not prove that a person
read the page: redirections, frames and pages that a program opens are visits too (transition). A visit that is marked synced was made on another
machine of the same account. Private windows leave nothing. Browsers delete visits after about 90 days (Firefox later), and users delete them; what
is left in the log or in free pages is shown as log or deleted, and its address may be that of another visit. Times are UTC: when the visit began.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.001", "T1566.002", "T1189"},
	Refs: []string{
		"https://chromium.googlesource.com/chromium/src/+/main/components/history/core/browser/",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/sqlite_plugins/chrome_history.py",
	},
	Sources: databases("places.sqlite"),
}, decodeHistory)

// maxVisits is how many visits of one profile become records.
const maxVisits = 1_000_000

func decodeHistory(in artifacts.Input, yield func(Visit) bool) error {
	db, err := sqlite.OpenSQLite(in)
	if db == nil {
		return err
	}
	if _, err := format.Detect(db.DB); err != nil {
		return sqlite.Foreign(in, err, format.ErrNotBrowser)
	}
	var errs sqlite.Errors
	n := 0
	for v, err := range format.Visits(db.DB, format.Options{Recovered: true}) {
		if err != nil {
			errs.Add(err)
			continue
		}
		if n++; n > maxVisits {
			in.Remark(fmt.Sprintf("more than %d visits; the rest is not shown", maxVisits))
			break
		}
		r := Visit{Origin: db.At(v.Place, v.State, v.Grade), URL: v.URL, Title: v.Title, Time: v.Time, Transition: v.Transition,
			Redirect: v.Redirect,
			Duration: v.Duration.Seconds(), Visits: v.Visits, Typed: v.Typed, Hidden: v.Hidden, Synced: v.Synced, Search: v.Search,
			ID: v.ID, From: v.From,
			Page: v.Page, family: v.Family}
		r.Browser, r.Profile = browserOf(in.From.Path, string(v.Family))
		if !yield(r) {
			return nil
		}
	}
	return db.End(&errs)
}

// Events gives the time of the visit.
func (r Visit) Events() []artifacts.Event {
	if r.Time.IsZero() {
		return nil
	}
	e := artifacts.Event{Time: r.Time, Kind: "Last Visited Time"}
	if r.family == format.Firefox {
		e.DataType = "firefox:places:page_visited"
	}
	return []artifacts.Event{e}
}

// Proof narrows what a visit of another machine proves, and one that nobody asked for.
func (r Visit) Proof() artifacts.Proof {
	if r.Synced {
		return artifacts.Present
	}
	return artifacts.Interacted
}

// Summary shows the address and how it was reached.
func (r Visit) Summary() string {
	s := fmt.Sprintf("[%s] %s", r.Browser, r.URL)
	if r.Title != "" {
		s += fmt.Sprintf(" %q", r.Title)
	}
	if r.Transition != "" {
		s += ", " + r.Transition
	}
	if r.Search != "" {
		s += ", searched for " + r.Search
	}
	if r.Synced {
		s += ", on another machine"
	}
	return s
}

// Tags marks visits of another machine.
func (r Visit) Tags() []string {
	if r.Synced {
		return []string{"synced"}
	}
	return nil
}
