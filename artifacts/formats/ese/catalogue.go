package ese

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
)

// A Type is the type of a column (JET_coltyp).
type Type uint8

const (
	Bool       Type = 1
	Uint8      Type = 2
	Int16      Type = 3
	Int32      Type = 4
	Currency   Type = 5 // i64
	Float32    Type = 6
	Float64    Type = 7
	DateTime   Type = 8 // OLE date or FILETIME
	Binary     Type = 9
	Text       Type = 10
	LongBinary Type = 11
	LongText   Type = 12
	Uint32     Type = 14
	Int64      Type = 15
	GUID       Type = 16
	Uint16     Type = 17
)

// widths of the types in a record; 0 for those of variable size.
var widths = [18]uint8{Bool: 1, Uint8: 1, Int16: 2, Int32: 4, Currency: 8, Float32: 4, Float64: 8, DateTime: 8,
	Uint32: 4, Int64: 8, GUID: 16, Uint16: 2}

var typeNames = [18]string{"", "bool", "uint8", "int16", "int32", "currency", "float32", "float64", "datetime",
	"binary", "text", "longbinary", "longtext", "", "uint32", "int64", "guid", "uint16"}

func (t Type) String() string {
	if int(t) < len(typeNames) && typeNames[t] != "" {
		return typeNames[t]
	}
	return fmt.Sprintf("type %d", uint8(t))
}

func (t Type) width() int {
	if int(t) < len(widths) {
		return int(widths[t])
	}
	return 0
}

// Column ids: the storage of a column follows from its id.
const (
	firstVariable = 128
	firstTagged   = 256
)

// A Column is a column of a table.
type Column struct {
	Name     string
	ID       uint16 // 1 to 127 fixed size, 128 to 255 variable, 256 and more tagged
	Type     Type
	CodePage uint16 // of text: 1200 UTF-16, 1252 or 0 8-bit
	Flags    uint32 // as stored

	offset   int // of a fixed column in the record
	width    int
	template bool   // inherited from the template table
	def      []byte // value in records that are older than the column
}

// A Table is a table of the database.
type Table struct {
	Name     string
	ID       uint32 // object id
	Root     uint32 // number of its root page
	Template string // name of the table whose columns it inherits, or ""

	db      *DB
	columns []*Column // by id, inherited ones first
	own     int       // columns before this index are inherited
	plain   []*Column // those that are not tagged
	named   sync.Once // names is made for the first name that is asked for
	names   map[string]*Column
	long    tree // of the long values; root 0: none
}

// Columns returns the columns by id, those of the template first.
func (t *Table) Columns() []*Column { return t.columns }

// Column returns the column of a name, or nil. Row methods take the nil column
// for one that is NULL, so that a caller need not ask which build has it.
func (t *Table) Column(name string) *Column {
	t.named.Do(func() {
		t.names = make(map[string]*Column, len(t.columns))
		for _, c := range t.columns {
			t.names[c.Name] = c
		}
	})
	return t.names[name]
}

// Rows returns the live rows in the order of the primary key. Damage is
// returned as an error without a row; the rows after it follow.
func (t *Table) Rows() iter.Seq2[Row, error] { return t.rows(false) }

// Entries is [Table.Rows] with the rows that are flagged as deleted but still
// on their page.
func (t *Table) Entries() iter.Seq2[Row, error] { return t.rows(true) }

func (t *Table) rows(deleted bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		work := t.db.newBudget()
		each := func(p *page, stray bool) bool {
			return t.pageRows(p, stray, deleted, work, yield)
		}
		t.db.leaves(tree{t.Root, t.ID}, each, func(err error) bool { return yield(Row{}, err) })
	}
}

func (t *Table) pageRows(p *page, stray, deleted bool, work *budget, yield func(Row, error) bool) bool {
	var e entry
	for i := 1; i < p.tags; i++ {
		problem := p.entry(i, &e)
		if problem == "" && e.flags&tagDeleted != 0 && !deleted {
			continue
		}
		row := Row{Page: p.n, Tag: i, Offset: e.off, Deleted: e.flags&tagDeleted != 0, Stray: stray, table: t, work: work}
		if problem == "" {
			problem = row.parse(e.data)
		}
		if problem != "" {
			if !yield(Row{}, t.db.note(bad(p.base, fmt.Sprintf("row in tag %d", i), problem))) {
				return false
			}
			continue
		}
		if !yield(row, nil) {
			return false
		}
	}
	return true
}

// The catalogue, MSysObjects: an object id and root pages that every database
// has, and the columns that describe the others.
const (
	catalogueRoot   = 4
	catalogueID     = 2
	shadowRoot      = 24 // MSysObjectsShadow, its copy
	shadowID        = 3
	maxTables       = 1 << 16
	kindTable       = 1
	kindColumn      = 2
	kindLong        = 4
	catObjidTable   = 1
	catKind         = 2
	catID           = 3
	catColtypOrPage = 4
	catSpaceUsage   = 5
	catFlags        = 6
	catCodePage     = 7 // PagesOrLocale
	catRecordOffset = 9
	catName         = 128
	catTemplate     = 130
	catDefault      = 131
)

// catalogueColumns are the columns of MSysObjects that are read here.
func catalogueColumns() []*Column {
	cols := []*Column{
		{Name: "ObjidTable", ID: catObjidTable, Type: Int32},
		{Name: "Type", ID: catKind, Type: Int16},
		{Name: "Id", ID: catID, Type: Int32},
		{Name: "ColtypOrPgnoFDP", ID: catColtypOrPage, Type: Int32},
		{Name: "SpaceUsage", ID: catSpaceUsage, Type: Int32},
		{Name: "Flags", ID: catFlags, Type: Int32},
		{Name: "PagesOrLocale", ID: catCodePage, Type: Int32},
		{Name: "RootFlag", ID: 8, Type: Bool},
		{Name: "RecordOffset", ID: catRecordOffset, Type: Int16},
		{Name: "LCMapFlags", ID: 10, Type: Int32},
		{Name: "KeyMost", ID: 11, Type: Uint16},
		{Name: "LVChunkMax", ID: 12, Type: Int32},
		{Name: "Name", ID: catName, Type: Text, CodePage: 1252},
		{Name: "Stats", ID: 129, Type: Binary},
		{Name: "TemplateTable", ID: catTemplate, Type: Text, CodePage: 1252},
		{Name: "DefaultValue", ID: catDefault, Type: Binary},
	}
	for i, at := 0, 4; i < 12; i++ {
		cols[i].width, cols[i].offset = cols[i].Type.width(), at
		at += cols[i].width
	}
	return cols
}

// readCatalogue fills db.tables from MSysObjects, or from its shadow when that
// has more to give because the first is damaged.
func (db *DB) readCatalogue() error {
	tables, err := db.catalogueAt(tree{catalogueRoot, catalogueID})
	if err != nil || len(tables) == 0 {
		shadow, _ := db.catalogueAt(tree{shadowRoot, shadowID})
		if len(shadow) > len(tables) {
			tables = shadow
		}
	}
	if len(tables) == 0 {
		if err == nil {
			err = bad((catalogueRoot+1)*int64(db.PageSize), "catalogue", "has no tables")
		}
		return err
	}
	db.tables = tables
	return nil
}

// catalogueAt reads a catalogue. The error is the first damage.
func (db *DB) catalogueAt(at tree) ([]*Table, error) {
	t := newTable(db, "MSysObjects", at)
	t.columns = catalogueColumns()
	t.index()
	c := &catalogueReader{db: db, byID: map[uint32]*Table{}, at: t}
	var first error
	for row, err := range t.Rows() {
		if err == nil {
			err = c.add(&row)
		}
		if err != nil && first == nil {
			first = err
		}
	}
	c.finish()
	return c.tables, first
}

type catalogueReader struct {
	db     *DB
	at     *Table
	tables []*Table
	byID   map[uint32]*Table
	loose  []looseColumn // seen before their table
}

type looseColumn struct {
	table  uint32
	column *Column
	long   tree
}

func newTable(db *DB, name string, at tree) *Table {
	return &Table{Name: name, ID: at.object, Root: at.root, db: db}
}

// add takes one row of the catalogue.
func (c *catalogueReader) add(row *Row) error {
	num := func(id uint16) uint32 {
		v, _ := row.Int(c.at.byID(id, false))
		return uint32(v)
	}
	kind, id, value := num(catKind), num(catID), num(catColtypOrPage)
	owner := num(catObjidTable)
	name, _ := row.Text(c.at.byID(catName, false))
	switch kind {
	case kindTable:
		if _, twice := c.byID[id]; twice || len(c.tables) == maxTables {
			return c.db.note(bad(row.Offset, "catalogue", fmt.Sprintf("table %d is one too many", id)))
		}
		t := newTable(c.db, name, tree{value, id})
		t.Template, _ = row.Text(c.at.byID(catTemplate, false))
		c.byID[id] = t
		c.tables = append(c.tables, t)
	case kindColumn:
		if id == 0 || id > 0xFFFF || value > 0xFF {
			return c.db.note(bad(row.Offset, "catalogue", fmt.Sprintf("column id %d, type %d", id, value)))
		}
		col := &Column{Name: name, ID: uint16(id), Type: Type(value), Flags: num(catFlags), CodePage: uint16(num(catCodePage))}
		if col.width = col.Type.width(); col.width == 0 && id < firstVariable {
			col.width = int(min(num(catSpaceUsage), 255)) // text or binary data of fixed size
		}
		if at, ok := row.Int(c.at.byID(catRecordOffset, false)); ok && id < firstVariable {
			col.offset = int(at)
		}
		if def, _ := row.Bytes(c.at.byID(catDefault, false)); len(def) > 0 && len(def) >= col.width {
			col.def = bytes.Clone(def)
		}
		return c.attach(looseColumn{table: owner, column: col}, row.Offset)
	case kindLong:
		return c.attach(looseColumn{table: owner, long: tree{value, id}}, row.Offset)
	}
	return nil
}

func (c *catalogueReader) attach(l looseColumn, at int64) error {
	t := c.byID[l.table]
	switch {
	case t == nil:
		c.loose = append(c.loose, l)
	case l.column == nil:
		t.long = l.long
	case len(t.columns) >= maxColumns:
		return c.db.note(bad(at, "catalogue", "table "+t.Name+" has too many columns"))
	default:
		t.columns = append(t.columns, l.column)
	}
	return nil
}

// finish sorts columns, computes offsets and inherits from templates.
func (c *catalogueReader) finish() {
	loose := c.loose
	c.loose = nil
	for _, l := range loose {
		_ = c.attach(l, 0)
	}
	byName := map[string]*Table{}
	for _, t := range c.tables {
		byName[t.Name] = t
		t.layOut()
	}
	// A template has no template of its own.
	for _, t := range c.tables {
		base := byName[t.Template]
		if t.Template == "" || base == nil || base == t || base.Template != "" {
			continue
		}
		own := t.columns
		t.columns = make([]*Column, 0, len(own)+len(base.columns))
		for _, col := range base.columns {
			inherited := *col
			inherited.template = true
			t.columns = append(t.columns, &inherited)
		}
		t.own = len(t.columns)
		t.columns = append(t.columns, own...)
		t.index()
	}
}

// layOut sorts the columns by id and gives the fixed ones their offset: the
// stored one, which leaves room for dropped columns, or where the one before it
// ends.
func (t *Table) layOut() {
	slices.SortStableFunc(t.columns, func(a, b *Column) int { return cmp.Compare(a.ID, b.ID) })
	end := 4
	for _, c := range t.columns {
		if c.ID >= firstVariable {
			break
		}
		c.offset = max(c.offset, end) // MSysObjects has 4 for all of its own
		end = c.offset + c.width
	}
	t.index()
}

func (t *Table) index() {
	// Columns are in the order of their ids, but for those of a template before them.
	t.plain = nil
	if n := slices.IndexFunc(t.columns, func(c *Column) bool { return c.ID >= firstTagged }); n < 0 {
		t.plain = t.columns
		return
	}
	for _, c := range t.columns {
		if c.ID < firstTagged {
			t.plain = append(t.plain, c)
		}
	}
}

// byID returns the column of an id, or nil. Tagged columns of the template and
// of the table itself may have the same id.
func (t *Table) byID(id uint16, template bool) *Column {
	cols := t.columns[t.own:]
	if template || t.own > 0 && id < firstTagged {
		if c := findColumn(t.columns[:t.own], id); c != nil || template {
			return c
		}
	}
	return findColumn(cols, id)
}

func findColumn(cols []*Column, id uint16) *Column {
	// Ids have few gaps: look where the column is without one.
	if i := int(id) - 1; i < len(cols) && i >= 0 && cols[i].ID == id {
		return cols[i]
	}
	i, ok := slices.BinarySearchFunc(cols, id, func(c *Column, id uint16) int { return cmp.Compare(c.ID, id) })
	if !ok {
		return nil
	}
	return cols[i]
}

// SystemTable reports whether the engine itself keeps the table.
func (t *Table) SystemTable() bool { return strings.HasPrefix(t.Name, "MSys") }
