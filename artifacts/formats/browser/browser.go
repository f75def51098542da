// Package browser reads the history and the downloads that browsers keep in
// SQLite databases: History of Chromium and what is made of it (Chrome, Edge,
// Brave, Opera, programs with a built-in browser), places.sqlite and
// downloads.sqlite of Firefox and its relatives. Schemas changed over the
// years; each field is read by name, and is empty where a schema lacks it.
//
// Cookies, forms and passwords are not read.
package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotBrowser is returned for databases without the tables of a browser.
var ErrNotBrowser = errors.New("not a browser's history: no table of visits or downloads")

// maxRows bounds the addresses, and the visits, of one database.
const maxRows = 1 << 20

// A Family is a family of browsers.
type Family string

// The families.
const (
	Chromium Family = "chromium"
	Firefox  Family = "firefox"
)

// Options change what is read.
type Options struct {
	Recovered bool // also deleted rows, and those of older log frames
}

// A Source says where a record was read from.
type Source struct {
	sqlitedb.Place
	Table string
	State sqlitedb.State
	Grade sqlitedb.Grade
}

func source(r *sqlitedb.Row) Source { return Source{r.Place, r.Table.Name, r.State, r.Grade} }

// A Visit is one visit of an address.
type Visit struct {
	Source
	Family     Family
	ID         int64
	URL        string
	Title      string
	Time       time.Time
	Transition string // how the address was reached: link, typed, bookmark …
	Code       int64  // the same as stored
	Redirect   bool   // another address redirected here
	From       int64  // visit that led here, or 0
	Duration   time.Duration
	Visits     int64 // of the address, all
	Typed      int64 // of these
	Hidden     bool
	Synced     bool   // made on another machine
	Search     string // words that were searched for
}

// A Download is one downloaded file.
type Download struct {
	Source
	Family    Family
	ID        int64
	Path      string   // where the file is, or was to be put
	Temporary string   // where it was while it was loaded, when that differs
	URLs      []string // from the first to the last redirection
	Start     time.Time
	End       time.Time
	Accessed  time.Time
	Received  int64
	Total     int64
	State     string // running, complete, cancelled, interrupted …
	Danger    int64  // 0 for none; otherwise the browser's warning
	Opened    bool   // from within the browser
	Referrer  string
	Site      string
	Tab       string // address of the tab
	Method    string
	Extension string // browser extension that started it
	MIME      string
}

// Detect returns the family that a database is of.
func Detect(db *sqlitedb.DB) (Family, error) {
	has := func(name string) bool { return db.Table(name) != nil }
	switch {
	case has("moz_historyvisits"), has("moz_downloads"):
		return Firefox, nil
	case has("visits") && has("urls"), has("downloads"):
		return Chromium, nil
	}
	return "", ErrNotBrowser
}

// webkit converts microseconds since 1601.
func webkit(v int64) time.Time {
	if v <= 0 || v > wire.MaxFileTime/10 {
		return time.Time{}
	}
	return wire.Time(uint64(v) * 10)
}

// unixMicro converts microseconds since 1970.
func unixMicro(v int64) time.Time {
	const last = 253402300799999999 // the end of 9999
	if v <= 0 || v > last {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

func number(r *sqlitedb.Row, column string) int64 {
	n, _ := r.Get(column).Int()
	return n
}

func text(r *sqlitedb.Row, column string) string {
	if v := r.Get(column); v.Kind() == sqlitedb.Text {
		return v.Text()
	}
	return ""
}

// An address is a row of urls or moz_places.
type address struct {
	url, title    string
	visits, typed int64
	hidden        bool
}

// A reader holds what visits and downloads refer to.
type reader struct {
	db        *sqlitedb.DB
	opts      Options
	family    Family
	addresses map[int64]address
	terms     map[int64]string
	sources   map[int64]int64
	chains    map[int64][]string
	left      []sqlitedb.Row // recovered rows of visits
}

// Visits yields the visits. An error is a row or page that does not read; the
// others follow. A recovered visit may name an address whose number another
// one has been given since.
func Visits(db *sqlitedb.DB, opts Options) iter.Seq2[Visit, error] {
	return func(yield func(Visit, error) bool) {
		family, err := Detect(db)
		if err != nil {
			yield(Visit{}, err)
			return
		}
		r := reader{db: db, opts: opts, family: family, addresses: map[int64]address{}, terms: map[int64]string{},
			sources: map[int64]int64{}}
		visits, tables := "visits", []string{"urls", "keyword_search_terms", "visit_source"}
		if family == Firefox {
			visits, tables = "moz_historyvisits", []string{"moz_places"}
		}
		if db.Table(visits) == nil {
			return
		}
		n := 0
		for row, err := range db.Each(false, tables...) {
			if err != nil && !yield(Visit{}, err) {
				return
			}
			if n++; n <= 2*maxRows && row.Values != nil {
				r.refer(&row)
			}
		}
		n = 0
		for row, err := range db.Rows(visits) {
			if n++; n > maxRows {
				yield(Visit{}, &wire.LimitError{Format: "browser", Option: "maxRows", Limit: maxRows, Need: int64(n)})
				return
			}
			var v Visit
			if row.Values != nil {
				v = r.visit(&row)
			}
			if !yield(v, err) {
				return
			}
		}
		if opts.Recovered {
			r.recovered(append(tables, visits), visits, yield)
		}
	}
}

// recovered yields visits that are not live. Their addresses may not be live
// either, so that these are collected first.
func (r *reader) recovered(tables []string, visits string, yield func(Visit, error) bool) {
	for row := range r.db.Recovered() {
		switch name := strings.ToLower(row.Table.Name); {
		case len(r.left) >= maxRows:
		case name == visits:
			r.left = append(r.left, row)
		case contains(tables, name):
			r.refer(&row)
		}
	}
	for i := range r.left {
		if !yield(r.visit(&r.left[i]), nil) {
			return
		}
	}
}

func contains(list []string, s string) bool {
	return slices.Contains(list, s)
}

// refer keeps a row that visits refer to. A live one is not replaced.
func (r *reader) refer(row *sqlitedb.Row) {
	switch strings.ToLower(row.Table.Name) {
	case "urls":
		if id := number(row, "id"); r.unknown(id) && row.Get("url").Kind() == sqlitedb.Text {
			r.addresses[id] = address{text(row, "url"), text(row, "title"), number(row, "visit_count"), number(row, "typed_count"),
				number(row, "hidden") != 0}
		}
	case "moz_places":
		if id := number(row, "id"); r.unknown(id) && row.Get("url").Kind() == sqlitedb.Text {
			r.addresses[id] = address{text(row, "url"), text(row, "title"), number(row, "visit_count"), number(row, "typed"), number(row,
				"hidden") != 0}
		}
	case "keyword_search_terms":
		r.terms[number(row, "url_id")] = text(row, "term")
	case "visit_source":
		r.sources[number(row, "id")] = number(row, "source")
	}
}

func (r *reader) unknown(id int64) bool {
	_, ok := r.addresses[id]
	return !ok
}

func (r *reader) visit(row *sqlitedb.Row) Visit {
	v := Visit{Source: source(row), Family: r.family, ID: number(row, "id"), From: number(row, "from_visit")}
	id := number(row, "url")
	if r.family == Firefox {
		id = number(row, "place_id")
		v.Time, v.Code = unixMicro(number(row, "visit_date")), number(row, "visit_type")
		v.Transition = name(v.Code, "", "link", "typed", "bookmark", "embedded", "permanent redirect", "temporary redirect", "download",
			"framed link", "reload")
		v.Redirect = v.Code == 5 || v.Code == 6
	} else {
		v.Time, v.Code = webkit(number(row, "visit_time")), number(row, "transition")
		v.Transition = name(v.Code&0xFF, "link", "typed", "bookmark", "automatic sub-frame", "sub-frame", "generated", "start page",
			"form", "reload", "keyword", "keyword generated")
		v.Redirect = v.Code&0xC0000000 != 0
		if d := number(row, "visit_duration"); d > 0 && d < 1<<50 {
			v.Duration = time.Duration(d) * time.Microsecond
		}
		from, ok := r.sources[v.ID]
		v.Synced = ok && from == 0 || text(row, "originator_cache_guid") != ""
		v.Search = r.terms[id]
	}
	a := r.addresses[id]
	v.URL, v.Title, v.Visits, v.Typed, v.Hidden = a.url, a.title, a.visits, a.typed, a.hidden
	return v
}

func name(n int64, names ...string) string {
	if n >= 0 && n < int64(len(names)) && names[n] != "" {
		return names[n]
	}
	return fmt.Sprint(n)
}

// Downloads yields the downloads. An error is a row or page that does not
// read; the others follow.
func Downloads(db *sqlitedb.DB, opts Options) iter.Seq2[Download, error] {
	return func(yield func(Download, error) bool) {
		family, err := Detect(db)
		if err != nil {
			yield(Download{}, err)
			return
		}
		r := reader{db: db, opts: opts, family: family, addresses: map[int64]address{}, chains: map[int64][]string{}}
		if family == Firefox {
			r.firefoxDownloads(yield)
			return
		}
		for row, err := range db.Rows("downloads_url_chains", "id", "chain_index", "url") {
			if err != nil && !yield(Download{}, err) {
				return
			}
			if id, i := number(&row, "id"), number(&row, "chain_index"); row.Values != nil && i >= 0 && i < 100 && len(r.chains) < maxRows {
				for int64(len(r.chains[id])) <= i {
					r.chains[id] = append(r.chains[id], "")
				}
				r.chains[id][i] = text(&row, "url")
			}
		}
		for row, err := range db.Each(opts.Recovered, "downloads") {
			var d Download
			if row.Values != nil {
				d = r.download(&row)
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

func (r *reader) download(row *sqlitedb.Row) Download {
	d := Download{Source: source(row), Family: Chromium, ID: number(row, "id"), URLs: r.chains[number(row, "id")],
		Path: text(row, "target_path"), Start: webkit(number(row, "start_time")), End: webkit(number(row,
			"end_time")), Accessed: webkit(number(row, "last_access_time")),
		Received: number(row, "received_bytes"), Total: number(row, "total_bytes"), Danger: number(row,
			"danger_type"), Opened: number(row, "opened") != 0,
		Referrer: text(row, "referrer"), Site: text(row, "site_url"), Tab: text(row, "tab_url"), Method: text(row, "http_method"),
		Extension: strings.TrimSpace(text(row, "by_ext_id") + " " + text(row, "by_ext_name")), MIME: text(row, "mime_type")}
	d.State = name(number(row, "state"), "running", "complete", "cancelled", "interrupted", "interrupted")
	if p := text(row, "current_path"); p != d.Path {
		d.Temporary = p
	}
	// Before Chrome 26 the table had the address, and seconds since 1970.
	if row.Table.Column("full_path") >= 0 {
		d.Path, d.URLs = text(row, "full_path"), []string{text(row, "url")}
		d.Start, d.End = unixMicro(number(row, "start_time")*1e6), unixMicro(number(row, "end_time")*1e6)
	}
	return d
}

// Names of the annotations that hold the downloads of Firefox 26 and later.
const (
	annoTarget = "downloads/destinationFileURI"
	annoMeta   = "downloads/metaData"
)

// firefoxDownloads reads the table of older versions and the annotations of
// later ones.
func (r *reader) firefoxDownloads(yield func(Download, error) bool) {
	for row, err := range r.db.Each(r.opts.Recovered, "moz_downloads") {
		var d Download
		if row.Values != nil {
			d = Download{Source: source(&row), Family: Firefox, ID: number(&row, "id"), Path: text(&row, "target"), Temporary: text(&row,
				"tempPath"),
				URLs: []string{text(&row, "source")}, Start: unixMicro(number(&row, "startTime")), End: unixMicro(number(&row, "endTime")),
				Received: number(&row, "currBytes"), Total: number(&row, "maxBytes"), Referrer: text(&row, "referrer"), MIME: text(&row,
					"mimeType")}
			d.State = name(number(&row, "state"), "running", "complete", "failed", "cancelled", "paused", "queued", "blocked", "scanning",
				"blocked by an antivirus program", "blocked by policy")
		}
		if !yield(d, err) {
			return
		}
	}
	r.annotations(yield)
}

// annotations reads the downloads of Firefox 26 and later: each has two
// annotations of the address that it came from.
func (r *reader) annotations(yield func(Download, error) bool) {
	kinds := map[int64]string{}
	for row, err := range r.db.Each(false, "moz_anno_attributes", "moz_places") {
		if err != nil && !yield(Download{}, err) {
			return
		}
		switch {
		case row.Values == nil:
		case strings.EqualFold(row.Table.Name, "moz_places") && len(r.addresses) < maxRows:
			r.refer(&row)
		case strings.EqualFold(row.Table.Name, "moz_anno_attributes"):
			kinds[number(&row, "id")] = text(&row, "name")
		}
	}
	byPlace := map[int64]*Download{}
	var order []int64
	for row, err := range r.db.Each(false, "moz_annos") {
		if err != nil && !yield(Download{}, err) {
			return
		}
		kind := ""
		if row.Values != nil {
			kind = kinds[number(&row, "anno_attribute_id")]
		}
		if kind != annoTarget && kind != annoMeta || len(order) >= maxRows {
			continue
		}
		id := number(&row, "place_id")
		d := byPlace[id]
		if d == nil {
			d = &Download{Source: source(&row), Family: Firefox, ID: id, URLs: []string{r.addresses[id].url}}
			byPlace[id] = d
			order = append(order, id)
		}
		d.annotate(kind, &row)
	}
	for _, id := range order {
		if !yield(*byPlace[id], nil) {
			return
		}
	}
}

func (d *Download) annotate(kind string, row *sqlitedb.Row) {
	if at := unixMicro(number(row, "dateAdded")); d.Start.IsZero() || !at.IsZero() && at.Before(d.Start) {
		d.Start = at
	}
	if kind == annoTarget {
		d.Path = text(row, "content")
		return
	}
	var meta struct {
		State    int64 `json:"state"`
		EndTime  int64 `json:"endTime"` // milliseconds
		FileSize int64 `json:"fileSize"`
	}
	if json.Unmarshal([]byte(text(row, "content")), &meta) == nil {
		d.State = name(meta.State, "running", "complete", "failed", "cancelled", "paused", "", "blocked", "",
			"blocked by an antivirus program", "blocked by policy")
		d.Received, d.Total = meta.FileSize, meta.FileSize
		if meta.EndTime > 0 && meta.EndTime < 1<<53 {
			d.End = unixMicro(meta.EndTime * 1000)
		}
	}
}
