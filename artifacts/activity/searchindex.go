package activity

import (
	"cmp"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/searchdb"
	"github.com/artifactdump/artifactdump/artifacts/formats/searchindex"
	"github.com/artifactdump/artifactdump/artifacts/formats/searchitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// An IndexedItem is an item of the search index, or a path that its crawler met.
type IndexedItem struct {
	artifacts.Origin
	Kind          string    `json:"kind"` // item, crawled
	Path          string    `json:"path,omitempty"`
	URL           string    `json:"url,omitempty"`
	Type          string    `json:"type,omitempty"` // in the language of the machine
	Account       string    `json:"file_owner,omitempty"`
	Target        string    `json:"target,omitempty"`  // of a shortcut or a page
	Text          string    `json:"summary,omitempty"` // first 200 characters of its text
	Size          uint64    `json:"size,omitempty"`
	Gathered      time.Time `json:"gathered,omitzero"` // when it was indexed
	Modified      time.Time `json:"modified,omitzero"`
	Created       time.Time `json:"created,omitzero"`
	Accessed      time.Time `json:"accessed,omitzero"`
	App           string    `json:"app,omitempty"` // of an activity
	ActivityStart time.Time `json:"activity_start,omitzero" event:"Start Time"`
	ActivityEnd   time.Time `json:"activity_end,omitzero" event:"End Time"`
	Deleted       int64     `json:"deleted_count,omitempty"`
	Volume        string    `json:"volume,omitempty"`
	ID            int64     `json:"id"`
	Page          uint32    `json:"page"`
}

var indexedItems = artifacts.Define(artifacts.Artifact{
	Name:     "searchindex",
	Title:    "Search index",
	DataType: "windows:search:item",
	About: `The index of Windows Search: Windows.edb up to Windows 10, Windows.db and Windows-gather.db on Windows 11. An item proves that a file,
mail or page with this path existed when it was indexed (Content Modification Time is that moment, a lower bound), with these times, this size, and the beginning of
its text: also when it is gone from the disk. A crawled path proves that the crawler met it. Does not prove that anybody opened it. Only
folders that are indexed are there: by default the profiles and the Start menu. Times are UTC; those of the file are fields, as the index copied
them. An ESE database is usually not shut down: the newest items may be missing.`,
	Proves: artifacts.Present,
	Attack: []string{"T1083", "T1005"},
	Refs: []string{
		"https://github.com/libyal/esedb-kb/blob/main/documentation/Windows%20Search.asciidoc",
		"https://github.com/strozfriedberg/sidr",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%ProgramData%\Microsoft\Search\Data\Applications\Windows\Windows.edb`, "ese"),
		artifacts.SignedRandom(`%ProgramData%\Microsoft\Search\Data\Applications\Windows\Windows*.db`, "sqlite"),
		artifacts.RandomFiles(`%ProgramData%\Application Data\Microsoft\Search\Data\Applications\Windows\Windows.edb`),
	},
}, decodeSearchIndex)

func decodeSearchIndex(in artifacts.Input, yield func(IndexedItem) bool) error {
	if in.Source.Signature == "sqlite" {
		return searchSQLite(in, yield)
	}
	db, err := databases.ESE(in)
	if db == nil {
		return err
	}
	x, err := searchindex.Open(db)
	if err != nil {
		return databases.Foreign(in, err, searchindex.ErrNotIndex)
	}
	var newest time.Time
	for i, err := range x.Items() {
		if err != nil {
			continue // in the damage of the database
		}
		if i.Gathered.After(newest) {
			newest = i.Gathered
		}
		if !yield(indexed(in.AtOffset(i.Offset), &i.Properties, int64(i.WorkID), i.Page)) {
			return nil
		}
	}
	for c, err := range x.Crawled() {
		if err == nil && !yield(IndexedItem{Origin: in.AtOffset(c.Offset), Kind: "crawled", URL: cmp.Or(c.URL, c.Name), Volume: c.Volume,
			Modified: c.LastModified,
			Deleted:  c.Deleted, ID: int64(c.DocumentID), Page: c.Page}) {
			return nil
		}
	}
	return databases.EndESE(in, db, newest)
}

func searchSQLite(in artifacts.Input, yield func(IndexedItem) bool) error {
	db, err := databases.OpenSQLite(in)
	if db == nil {
		return err
	}
	if searchdb.Detect(db.DB) != nil {
		return nil // a loose file of another kind, or Windows-usn.db, which has neither
	}
	var errs databases.Errors
	for i, err := range searchdb.Items(db.DB) {
		if err != nil {
			errs.Add(err)
			continue
		}
		if !yield(indexed(db.At(i.Place, sqlitedb.Live, 0), &i.Properties, i.WorkID, i.Page)) {
			return nil
		}
	}
	for c, err := range searchdb.Paths(db.DB, true) {
		if err != nil {
			errs.Add(err)
			continue
		}
		if !yield(IndexedItem{Origin: db.At(c.Place, c.State, c.Grade), Kind: "crawled", URL: cmp.Or(c.URL, c.Name), Volume: c.Volume,
			Modified: c.LastModified,
			Deleted:  c.Deleted, ID: c.DocumentID, Page: c.Page}) {
			return nil
		}
	}
	return db.End(&errs)
}

// indexed is the record of an item of either database.
func indexed(at artifacts.Origin, p *searchitem.Properties, id int64, page uint32) IndexedItem {
	return IndexedItem{Origin: at, Kind: "item", Path: p.Path, URL: p.URL, Type: p.Type, Account: p.Owner, Target: p.Target, Text: p.Summary,
		Size: p.Size, Gathered: p.Gathered, Modified: p.Modified, Created: p.Created, Accessed: p.Accessed, App: p.AppID,
		ActivityStart: p.ActivityStart, ActivityEnd: p.ActivityEnd, ID: id, Page: page}
}

// Events gives the time of indexing.
func (r IndexedItem) Events() []artifacts.Event {
	if r.Gathered.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Gathered, Kind: "Content Modification Time"}}
}

// Summary shows what was indexed.
func (r IndexedItem) Summary() string {
	s := "[" + cmp.Or(r.Path, r.URL, r.Target, r.App) + "]"
	if r.Kind == "crawled" {
		return s + " was met by the crawler"
	}
	s += " was indexed"
	if r.Size > 0 {
		s += fmt.Sprintf(", %d bytes", r.Size)
	}
	if r.Target != "" {
		s += ", leads to " + r.Target
	}
	return s
}
