// Package searchdb reads the index of Windows Search on Windows 11: Windows.db,
// the properties of indexed items, among them files that are gone, and
// Windows-gather.db, every path that was ever crawled. Both are SQLite
// databases with much of their content in the write-ahead log, and with a
// collation that only Windows knows. Windows 10 and before have an ESE
// database instead: see package searchindex.
package searchdb

import (
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/searchitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/sqlitedb"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotIndex is returned for databases without the tables of the index.
var ErrNotIndex = errors.New("not a search index: no property store and no crawler's table")

// maxNames bounds the names of properties, for hostile files.
const maxNames = 1 << 14

// An Item is one indexed item. Empty fields were not indexed.
type Item struct {
	sqlitedb.Place // of its first property
	WorkID         int64
	searchitem.Properties
}

// A Crawled is an item that the crawler met.
type Crawled struct {
	sqlitedb.Place
	State        sqlitedb.State
	Grade        sqlitedb.Grade
	DocumentID   int64
	URL          string // "file:C:/Users/…/name"; without its folder when that is lost
	Name         string
	Volume       string // GUID of the volume, or ""
	LastModified time.Time
	Deleted      int64 // DeletedCount
}

// table returns a table of the index. Its name has the number of the catalogue
// on some builds.
func table(db *sqlitedb.DB, suffix string) *sqlitedb.Table {
	for _, name := range []string{"SystemIndex_1_" + suffix, "SystemIndex_" + suffix} {
		if t := db.Table(name); t != nil {
			return t
		}
	}
	return nil
}

// Detect reports an error when a database has neither items nor what the
// crawler met.
func Detect(db *sqlitedb.DB) error {
	if table(db, "PropertyStore") == nil && table(db, "Gthr") == nil {
		return ErrNotIndex
	}
	return nil
}

// Items yields the items of Windows.db. The store has one row for each
// property, in the order of the items.
func Items(db *sqlitedb.DB) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		store, meta := table(db, "PropertyStore"), table(db, "PropertyStore_Metadata")
		if store == nil || meta == nil {
			return
		}
		names := map[int64]string{}
		for row, err := range meta.Rows("Id", "UniqueKey") {
			if err != nil && !yield(Item{}, err) {
				return
			}
			if id, ok := row.Get("Id").Int(); ok && len(names) < maxNames {
				// "4447-System_ItemPathDisplay": the number varies with the build.
				_, names[id], _ = strings.Cut(row.Get("UniqueKey").Text(), "-")
			}
		}
		joined(store, names, yield)
	}
}

// joined yields the items that the rows of the store make up.
func joined(store *sqlitedb.Table, names map[int64]string, yield func(Item, error) bool) {
	var it Item
	started := false
	for row, err := range store.Rows("WorkId", "ColumnId", "Value") {
		if err != nil && !yield(Item{}, err) {
			return
		}
		id, ok := row.Get("WorkId").Int()
		if !ok {
			continue
		}
		if started && id != it.WorkID && !yield(it, nil) {
			return
		}
		if !started || id != it.WorkID {
			it, started = Item{Place: row.Place, WorkID: id}, true
		}
		column, _ := row.Get("ColumnId").Int()
		it.set(names[column], row.Get("Value"))
	}
	if started {
		yield(it, nil)
	}
}

func (it *Item) set(name string, v sqlitedb.Value) {
	switch name {
	case "System_ItemPathDisplay":
		it.Path = v.Text()
	case "System_ItemUrl":
		it.URL = v.Text()
	case "System_ItemTypeText":
		it.Type = v.Text()
	case "System_FileOwner":
		it.Owner = v.Text()
	case "System_Link_TargetUrl":
		it.Target = v.Text()
	case "System_Search_AutoSummary":
		it.Summary = searchitem.Summary(v.Text())
	case "System_Size":
		it.Size = size(v)
	case "System_DateModified":
		it.Modified = fileTime(v)
	case "System_DateCreated":
		it.Created = fileTime(v)
	case "System_DateAccessed":
		it.Accessed = fileTime(v)
	case "System_Search_GatherTime":
		it.Gathered = fileTime(v)
	case "System_ActivityHistory_AppId":
		it.AppID = v.Text()
	case "System_ActivityHistory_StartTime":
		it.ActivityStart = fileTime(v)
	case "System_ActivityHistory_EndTime":
		it.ActivityEnd = fileTime(v)
	}
}

// size reads a number that is stored in eight bytes, or as one.
func size(v sqlitedb.Value) uint64 {
	if b := v.Bytes(); len(b) == 8 {
		return wire.NewReader(b, 0).Uint64()
	}
	n, _ := v.Int()
	return uint64(max(0, n))
}

// fileTime reads a FILETIME of eight bytes, the low one first.
func fileTime(v sqlitedb.Value) time.Time {
	if b := v.Bytes(); len(b) == 8 {
		return wire.TimeAt(b, 0)
	}
	return time.Time{}
}

// Paths yields what the crawler met, of Windows-gather.db, with whole paths;
// with recovered set also rows that are no longer live.
func Paths(db *sqlitedb.DB, recovered bool) iter.Seq2[Crawled, error] {
	return func(yield func(Crawled, error) bool) {
		gthr, pth := table(db, "Gthr"), table(db, "GthrPth")
		if gthr == nil {
			return
		}
		var folders searchitem.Folders
		if pth != nil {
			for row, err := range pth.Rows("Scope", "Parent", "Name") {
				if err != nil && !yield(Crawled{}, err) {
					return
				}
				id, ok := row.Get("Scope").Int()
				if parent, _ := row.Get("Parent").Int(); ok {
					folders.Add(id, parent, row.Get("Name").Text())
				}
			}
		}
		for row, err := range db.Each(recovered, gthr.Name) {
			var c Crawled
			if row.Values != nil {
				c = crawled(&row, &folders)
			}
			if !yield(c, err) {
				return
			}
		}
	}
}

func crawled(row *sqlitedb.Row, folders *searchitem.Folders) Crawled {
	c := Crawled{Place: row.Place, State: row.State, Grade: row.Grade, Name: row.Get("FileName").Text(),
		LastModified: fileTime(row.Get("LastModified"))}
	c.DocumentID, _ = row.Get("DocumentID").Int()
	c.Deleted, _ = row.Get("DeletedCount").Int()
	id, _ := row.Get("ScopeID").Int()
	c.URL, c.Volume = folders.Path(id)
	c.URL += c.Name
	return c
}
