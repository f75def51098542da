// Package webcache reads WebCacheV01.dat (WebCacheV16.dat, WebCacheV24.dat on
// pre-releases), in which Internet Explorer, the first Edge, Explorer and every
// program that uses WinINet keep history, cookies, downloads and cached pages.
//
// Entries whose address is a file are the most useful ones: Explorer and Office
// record the documents that a user opened there, with or without a browser.
//
// The columns follow public descriptions; no real database was at hand.
package webcache

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotWebCache is returned by [Open] for another database.
var ErrNotWebCache = errors.New("webcache: database has no table Containers")

// A Database is an open WebCacheV01.dat.
type Database struct{ *ese.DB }

// Open checks that the database has the table of containers.
func Open(db *ese.DB) (*Database, error) {
	if db.Table("Containers") == nil {
		return nil, ErrNotWebCache
	}
	return &Database{db}, nil
}

// A Place is where a row is in the file.
type Place struct {
	Page   uint32
	Tag    int
	Offset int64
}

func placeOf(r *ese.Row) Place { return Place{r.Page, r.Tag, r.Offset} }

// A Container is a row of Containers: what one table of entries is for.
type Container struct {
	Place
	ID        int64
	Name      string // History, MSHist01…, Content, Cookies, iedownload, DOMStore
	Directory string
	Partition string
	Accessed  time.Time
}

// Daily reports whether the container is the history of days or weeks, whose
// modification times are local.
func (c *Container) Daily() bool { return len(c.Name) > 6 && strings.EqualFold(c.Name[:6], "MSHist") }

// Containers returns the rows of Containers.
func (d *Database) Containers() iter.Seq2[Container, error] {
	return func(yield func(Container, error) bool) {
		t := d.Table("Containers")
		for row, err := range t.Rows() {
			var c Container
			if err == nil {
				c = Container{
					Place: placeOf(&row), Name: text(t, &row, "Name"),
					Directory: text(t, &row, "Directory"), Partition: text(t, &row, "PartitionId"),
				}
				c.ID, _ = row.Int(t.Column("ContainerId"))
				c.Accessed, _ = row.Time(t.Column("LastAccessTime"))
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// An Entry is a row of a table of entries.
type Entry struct {
	Place
	ID          int64
	URL         string // as stored: "Visited: user@https://…"
	Kind        string // of URL, what stands before the user: "Visited", "Cookie", or ""
	Days        string // "2024050620240507" of a daily history
	User        string
	Target      string // the address itself
	File        string // name of the cached file
	AccessCount int64
	Size        int64
	Flags       int64
	Created     time.Time
	Modified    time.Time // of the page; in a daily container local time of the visit
	Accessed    time.Time // last visit, UTC
	Expires     time.Time
	Synced      time.Time
	Response    []byte // ResponseHeaders, of a download a structure
}

// Entries returns the entries of a container. A container without a table has
// none.
func (d *Database) Entries(c *Container) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		t := d.Table(fmt.Sprintf("Container_%d", c.ID))
		if t == nil {
			return
		}
		for row, err := range t.Rows() {
			var e Entry
			if err == nil {
				e = entry(t, &row)
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func entry(t *ese.Table, r *ese.Row) Entry {
	number := func(name string) int64 {
		n, _ := r.Int(t.Column(name))
		return n
	}
	// The times are FILETIMEs in columns of 64-bit integers.
	when := func(name string) time.Time {
		at, _ := r.Time(t.Column(name))
		return at
	}
	e := Entry{
		Place: placeOf(r), ID: number("EntryId"), URL: text(t, r, "Url"), File: text(t, r, "Filename"),
		AccessCount: number("AccessCount"), Size: number("FileSize"), Flags: number("Flags"),
		Created: when("CreationTime"), Modified: when("ModifiedTime"), Accessed: when("AccessedTime"),
		Expires: when("ExpiryTime"), Synced: when("SyncTime"),
	}
	e.Response, _ = r.Bytes(t.Column("ResponseHeaders"))
	e.split()
	return e
}

// split takes the stored address apart: "Visited: user@address",
// ":2024050620240507: user@address", or the address alone.
func (e *Entry) split() {
	e.Target = e.URL
	head, rest, ok := strings.Cut(e.URL, ": ")
	if !ok || strings.Contains(head, "/") {
		if head, rest, _ = strings.Cut(e.URL, ":"); !strings.EqualFold(head, "Cookie") {
			return
		}
	}
	user, address, ok := strings.Cut(rest, "@")
	if !ok || strings.Contains(user, "://") {
		return
	}
	if days, ok := strings.CutPrefix(head, ":"); ok {
		e.Days = days
	} else {
		e.Kind = head
	}
	e.User, e.Target = user, address
}

// A Download is what the response headers of an entry of the container
// iedownload hold.
type Download struct {
	Source string   // address
	Paths  []string // the temporary and the final path, in the order stored
}

// Download reads the structure of a download: it searches for the UTF-16 texts
// that are an address or a path, because the numbers before them differ between
// versions.
func (e *Entry) Download() (d Download, ok bool) {
	const shortest, longest = 4, 4096
	b := e.Response
	for i := 0; i+2*shortest <= len(b); {
		n := 0
		for n < longest && i+2*n+1 < len(b) && printable(b[i+2*n], b[i+2*n+1]) {
			n++
		}
		if n < shortest || i+2*n+1 >= len(b) || b[i+2*n] != 0 || b[i+2*n+1] != 0 {
			i += 2 * max(n, 1)
			continue
		}
		s := wire.UTF16(b[i : i+2*n])
		switch {
		case strings.Contains(s, "://"):
			d.Source = s
		case s[1] == ':' && s[2] == '\\' || strings.HasPrefix(s, `\\`):
			d.Paths = append(d.Paths, s)
		}
		i += 2*n + 2
	}
	return d, d.Source != "" || d.Paths != nil
}

// printable keeps to the basic plane without control characters and
// surrogates.
func printable(lo, hi byte) bool {
	return (hi != 0 || lo >= ' ' && lo != 0x7F) && (hi < 0xD8 || hi > 0xDF)
}

func text(t *ese.Table, r *ese.Row, name string) string {
	s, _ := r.Text(t.Column(name))
	return s
}
