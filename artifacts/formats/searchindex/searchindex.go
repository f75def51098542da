// Package searchindex reads Windows.edb, the index of Windows Search up to
// Windows 10: the properties of indexed items, among them files that are gone,
// and every path that was ever crawled. Windows 11 keeps them in SQLite
// databases instead.
package searchindex

import (
	"encoding/binary"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ese"
	"github.com/artifactdump/artifactdump/artifacts/formats/searchitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotIndex is returned by [Open] for another database.
var ErrNotIndex = errors.New("searchindex: database has no property store")

// An Index is an open Windows.edb.
type Index struct {
	*ese.DB
	store *ese.Table
	names map[string]*ese.Column // by the text after the number: "System_ItemUrl"
}

// Open finds the table of properties: SystemIndex_PropertyStore, on Windows 7
// SystemIndex_0A.
func Open(db *ese.DB) (*Index, error) {
	x := &Index{DB: db, names: map[string]*ese.Column{}}
	for _, name := range []string{"SystemIndex_PropertyStore", "SystemIndex_0A"} {
		if x.store = db.Table(name); x.store != nil {
			break
		}
	}
	if x.store == nil {
		return nil, ErrNotIndex
	}
	// The number before the name differs between builds; F marks a column of
	// fixed size.
	for _, c := range x.store.Columns() {
		if _, name, ok := strings.Cut(c.Name, "-"); ok {
			x.names[name] = c
		} else {
			x.names[c.Name] = c
		}
	}
	return x, nil
}

// A Place is where a row is in the file.
type Place struct {
	Page   uint32
	Tag    int
	Offset int64
}

func placeOf(r *ese.Row) Place { return Place{r.Page, r.Tag, r.Offset} }

// An Item is a row of the property store.
type Item struct {
	Place
	WorkID uint32
	searchitem.Properties
}

// Items returns the rows of the property store.
func (x *Index) Items() iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for row, err := range x.store.Rows() {
			var item Item
			if err == nil {
				item = x.item(&row)
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

func (x *Index) item(r *ese.Row) Item {
	id, _ := r.Int(x.names["WorkID"])
	return Item{placeOf(r), uint32(id), searchitem.Properties{
		Path: x.text(r, "System_ItemPathDisplay"), URL: x.text(r, "System_ItemUrl"), Type: x.text(r, "System_ItemTypeText"),
		Owner: x.text(r, "System_FileOwner"), Target: x.text(r, "System_Link_TargetUrl"),
		Summary: searchitem.Summary(x.text(r, "System_Search_AutoSummary")), Size: x.number(r, "System_Size"),
		Modified: x.time(r, "System_DateModified"), Created: x.time(r, "System_DateCreated"), Accessed: x.time(r, "System_DateAccessed"),
		Gathered: x.time(r, "System_Search_GatherTime"), AppID: x.text(r, "System_ActivityHistory_AppId"),
		ActivityStart: x.time(r, "System_ActivityHistory_StartTime"), ActivityEnd: x.time(r, "System_ActivityHistory_EndTime"),
	}}
}

func (x *Index) text(r *ese.Row, name string) string {
	s, _ := r.Text(x.names[name])
	return s
}

func (x *Index) time(r *ese.Row, name string) time.Time {
	b, _ := r.Bytes(x.names[name])
	return fileTime(b)
}

// number reads a number that is stored in 8 bytes, as System_Size is.
func (x *Index) number(r *ese.Row, name string) uint64 {
	b, _ := r.Bytes(x.names[name])
	if len(b) != 8 {
		return 0
	}
	little, big := binary.LittleEndian.Uint64(b), binary.BigEndian.Uint64(b)
	return min(little, big) // no file has 2^56 bytes
}

// fileTime reads a FILETIME of 8 bytes. The property store has it little-endian
// on Windows 8 and later and big-endian before; the crawler's table is
// big-endian on Windows 10, too. Only one order gives a year between 1900 and
// 2200.
func fileTime(b []byte) time.Time {
	if len(b) != 8 {
		return time.Time{}
	}
	for _, v := range [...]uint64{binary.LittleEndian.Uint64(b), binary.BigEndian.Uint64(b)} {
		if t := wire.Time(v); t.Year() > 1900 && t.Year() < 2200 {
			return t
		}
	}
	return time.Time{}
}

// A Crawled is a row of SystemIndex_Gthr: an item that the crawler met.
type Crawled struct {
	Place
	DocumentID   uint32
	URL          string // "file:C:/Users/…/name"; without its folder when that is lost
	Name         string
	Volume       string // GUID of the volume, or ""
	LastModified time.Time
	Deleted      int64 // DeletedCount
}

// Crawled returns the rows of the crawler with their whole paths.
func (x *Index) Crawled() iter.Seq2[Crawled, error] {
	return func(yield func(Crawled, error) bool) {
		gthr, folders := x.table("Gthr"), x.folders()
		if gthr == nil {
			return
		}
		for row, err := range gthr.Rows() {
			var c Crawled
			if err == nil {
				scope, _ := row.Int(gthr.Column("ScopeID"))
				id, _ := row.Int(gthr.Column("DocumentID"))
				c = Crawled{Place: placeOf(&row), DocumentID: uint32(id)}
				c.Name, _ = row.Text(gthr.Column("FileName"))
				c.Deleted, _ = row.Int(gthr.Column("DeletedCount"))
				b, _ := row.Bytes(gthr.Column("LastModified"))
				c.LastModified = fileTime(b)
				c.URL, c.Volume = folders.Path(int64(uint32(scope)))
				c.URL += c.Name
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

// table returns a table of the crawler, whose names have the number of the
// catalogue on some builds.
func (x *Index) table(suffix string) *ese.Table {
	for _, name := range []string{"SystemIndex_" + suffix, "SystemIndex_1_" + suffix} {
		if t := x.Table(name); t != nil {
			return t
		}
	}
	return nil
}

// folders reads the folders of the crawler.
func (x *Index) folders() *searchitem.Folders {
	f := new(searchitem.Folders)
	t := x.table("GthrPth")
	if t == nil {
		return f
	}
	for row, err := range t.Rows() {
		if err != nil {
			continue // in the damage of the database
		}
		id, _ := row.Int(t.Column("Scope"))
		parent, _ := row.Int(t.Column("Parent"))
		name, _ := row.Text(t.Column("Name"))
		f.Add(int64(uint32(id)), int64(uint32(parent)), name)
	}
	return f
}
