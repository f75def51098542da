package browser

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	format "github.com/artifactdump/artifactdump/artifacts/formats/webcache"
	ese "github.com/artifactdump/artifactdump/artifacts/internal/databases"
)

// A CacheEntry is one entry of the cache of WinINet.
type CacheEntry struct {
	artifacts.Origin
	Container string    `json:"container"` // History, MSHist01…, iedownload, Content, Cookies
	URL       string    `json:"url"`       // the address itself
	User      string    `json:"account,omitempty"`
	File      string    `json:"file,omitempty"`  // name of the cached file
	Paths     []string  `json:"paths,omitempty"` // of a download
	Accesses  int64     `json:"access_count,omitempty"`
	Size      int64     `json:"size,omitempty"`
	Accessed  time.Time `json:"accessed,omitzero"`
	Modified  time.Time `json:"modified,omitzero" zone:"Local"`
	Local     bool      `json:"modified_local,omitempty"` // modified is local time
	Created   time.Time `json:"created,omitzero"`
	Expires   time.Time `json:"expires,omitzero"`
	EntryID   int64     `json:"entry_id"`
	Page      uint32    `json:"page"`
}

var webCache = artifacts.Define(artifacts.Artifact{
	Name:     "webcache",
	Title:    "WebCache",
	DataType: "msie:webcache:container",
	About: `The database in which Internet Explorer, the first Edge, Explorer and every program that uses WinINet keep their history, downloads and
cached pages. Proves that a program of this profile asked for the address. An address that begins with file: proves that the document was opened
through Explorer or Office, with or without a browser. Does not prove that a person read it, nor which program it was. Cookies are not shown. The
time is the last visit, UTC; in daily and weekly containers (MSHist) the modification time is local time. The database is usually not shut
down: the newest entries may only be in its logs, which are not replayed. The layout is that of public descriptions.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.001", "T1204.002", "T1189"},
	Refs: []string{
		"https://github.com/libyal/esedb-kb/blob/main/documentation/Internet%20Explorer%20Web%20Cache.asciidoc",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/esedb_plugins/msie_webcache.py",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%UserProfile%\AppData\Local\Microsoft\Windows\WebCache\WebCacheV*.dat`, "ese"),
	},
}, decodeWebCache)

func decodeWebCache(in artifacts.Input, yield func(CacheEntry) bool) error {
	db, err := ese.ESE(in)
	if db == nil {
		return err
	}
	cache, err := format.Open(db)
	if err != nil {
		return ese.Foreign(in, err, format.ErrNotWebCache)
	}
	var newest time.Time
	for c, err := range cache.Containers() {
		if err != nil || strings.HasPrefix(strings.ToLower(c.Name), "cookie") || c.Name == "DNTException" {
			continue // damage is that of the database
		}
		for e, err := range cache.Entries(&c) {
			if err != nil {
				continue
			}
			r := CacheEntry{Origin: in.AtOffset(e.Offset), Container: c.Name, URL: e.Target, User: e.User, File: e.File,
				Accesses: e.AccessCount, Size: e.Size,
				Accessed: e.Accessed, Modified: e.Modified, Local: c.Daily(), Created: e.Created, Expires: e.Expires, EntryID: e.ID,
				Page: e.Page}
			if r.URL == "" {
				r.URL = e.URL
			}
			if d, ok := e.Download(); ok && strings.EqualFold(c.Name, "iedownload") {
				r.URL, r.Paths = d.Source, d.Paths
			}
			if e.Accessed.After(newest) {
				newest = e.Accessed
			}
			if !yield(r) {
				return nil
			}
		}
	}
	return ese.EndESE(in, db, newest)
}

// Events gives the last visit, and of a daily container the visit in local time.
func (r CacheEntry) Events() []artifacts.Event {
	var out []artifacts.Event
	if !r.Accessed.IsZero() {
		out = append(out, artifacts.Event{Time: r.Accessed, Kind: "Last Visited Time"})
	}
	if r.Local && !r.Modified.IsZero() {
		out = append(out, artifacts.Event{Time: r.Modified, Kind: "Last Visited Time", Local: true})
	}
	return out
}

// Proof narrows what a cached part of a page proves.
func (r CacheEntry) Proof() artifacts.Proof {
	if r.Local || strings.EqualFold(r.Container, "History") || strings.EqualFold(r.Container, "iedownload") {
		return artifacts.Interacted
	}
	return artifacts.Present
}

// Summary shows the address.
func (r CacheEntry) Summary() string {
	s := fmt.Sprintf("[%s] %s", r.Container, r.URL)
	if len(r.Paths) > 0 {
		s += " → " + r.Paths[len(r.Paths)-1]
	}
	if r.Accesses > 0 {
		s += fmt.Sprintf(", %d accesses", r.Accesses)
	}
	return s
}
