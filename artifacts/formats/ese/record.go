package ese

// A Row is one row of a table. It stays valid: it points into a page that is
// not written to again. To keep many rows, copy what is needed, because a row
// keeps its block of the file (64 KiB) in memory.
type Row struct {
	Page    uint32 // number of its page, counted from 1
	Tag     int    // on the page
	Offset  int64  // of the record in the file
	Deleted bool   // flagged as deleted, not overwritten yet
	Stray   bool   // on a page of the table that its damaged tree does not reach

	table    *Table
	work     *budget
	data     []byte
	lastFix  uint8
	lastVar  uint8
	nulls    int // offset of the bitmap of fixed columns
	variable int // offset of the table of variable columns
	values   int // offset of their data
	tagged   int // offset of the tagged columns
	count    int // number of tagged columns
}

// Record header: u8 last fixed column, u8 last variable column, u16 offset of
// the variable part.
const recordHeader = 4

// parse checks the frame of a record. It returns the problem, or "".
func (r *Row) parse(b []byte) string {
	if len(b) < recordHeader {
		return "is shorter than its header"
	}
	r.data, r.lastFix, r.lastVar = b, b[0], b[1]
	r.variable = int(le.Uint16(b[2:]))
	if r.lastFix >= firstVariable || r.variable > len(b) || r.variable-r.bitmapSize() < recordHeader {
		return "variable part is outside of the record"
	}
	r.nulls = r.variable - r.bitmapSize()
	r.values = r.variable
	r.tagged = r.variable
	if r.lastVar >= firstVariable {
		n := int(r.lastVar) - firstVariable + 1
		r.values += 2 * n
		if r.values > len(b) {
			return "variable columns run past the record"
		}
		r.tagged = r.values + int(le.Uint16(b[r.values-2:])&0x7FFF)
		if r.tagged > len(b) {
			return "variable columns run past the record"
		}
	}
	if len(b)-r.tagged < 4 {
		return "" // no tagged columns
	}
	first := int(le.Uint16(b[r.tagged+2:]) & r.offsetMask())
	if first%4 != 0 || first == 0 || r.tagged+first > len(b) {
		return "tagged columns run past the record"
	}
	r.count = first / 4
	return ""
}

func (r *Row) bitmapSize() int { return (int(r.lastFix) + 7) / 8 }

func (r *Row) offsetMask() uint16 {
	if r.table.db.large {
		return 0x7FFF
	}
	return 0x1FFF
}

// fixed returns the bytes of a column of fixed size, nil when it is NULL.
func (r *Row) fixed(c *Column) []byte {
	if c.ID > uint16(r.lastFix) {
		return c.def // the column was added after the row
	}
	if r.data[r.nulls+int(c.ID-1)/8]>>((c.ID-1)%8)&1 != 0 {
		return nil // NULL: what is in its place is filler
	}
	end := c.offset + c.width
	if c.width == 0 || end > r.nulls {
		return nil
	}
	return r.data[c.offset:end:end]
}

// variableColumn returns the bytes of a column of variable size, nil when it is
// NULL.
func (r *Row) variableColumn(c *Column) []byte {
	if c.ID > uint16(r.lastVar) {
		return c.def
	}
	i := int(c.ID) - firstVariable
	start := 0
	if i > 0 {
		start = int(le.Uint16(r.data[r.variable+2*i-2:]) & 0x7FFF)
	}
	v := le.Uint16(r.data[r.variable+2*i:])
	end := int(v & 0x7FFF)
	if v&0x8000 != 0 || start > end || r.values+end > r.tagged {
		return nil
	}
	return r.data[r.values+start : r.values+end : r.values+end]
}

// Flags of a tagged column.
const (
	valCompressed = 0x02
	valLong       = 0x04 // the data is the id of a long value
	valMulti      = 0x08 // several values, with a table of offsets
	valTwo        = 0x10 // two values, the first with its size
	valNull       = 0x20
	valEncrypted  = 0x40

	// In the offset, on pages below 16 KiB.
	offFlagged = 0x4000 // the flag byte is there
	offNull    = 0x2000
	offDerived = 0x8000 // column of the template
)

// taggedAt returns the id, the data and the flags of tagged column i.
// Its data is nil when the column is NULL.
func (r *Row) taggedAt(i int) (id uint16, derived bool, b []byte, flags byte) {
	at := r.tagged + 4*i
	id = le.Uint16(r.data[at:])
	off, mask := le.Uint16(r.data[at+2:]), r.offsetMask()
	derived = off&offDerived != 0
	start, end := r.tagged+int(off&mask), len(r.data)
	if i+1 < r.count {
		end = r.tagged + int(le.Uint16(r.data[at+6:])&mask)
	}
	if start > end || end > len(r.data) || start < r.tagged+4*r.count {
		return id, derived, nil, 0
	}
	large := mask == 0x7FFF
	if !large && off&offNull != 0 {
		return id, derived, nil, 0
	}
	b = r.data[start:end:end]
	if (large || off&offFlagged != 0) && len(b) > 0 {
		flags, b = b[0], b[1:]
	}
	if flags&valNull != 0 {
		return id, derived, nil, 0
	}
	return id, derived, b, flags
}

// taggedColumn looks a tagged column up.
func (r *Row) taggedColumn(c *Column) ([]byte, byte) {
	for i := range r.count {
		at := r.tagged + 4*i
		if le.Uint16(r.data[at:]) != c.ID {
			continue
		}
		if _, derived, b, flags := r.taggedAt(i); r.table.own == 0 || derived == c.template {
			return b, flags
		}
	}
	return nil, 0
}

// stored returns the bytes of a column as they are in the record, and the flags
// of a tagged one. They are nil when the column is NULL.
func (r *Row) stored(c *Column) ([]byte, byte) {
	switch {
	case c == nil || r.data == nil:
		return nil, 0
	case c.ID < firstVariable:
		return r.fixed(c), 0
	case c.ID < firstTagged:
		return r.variableColumn(c), 0
	}
	return r.taggedColumn(c)
}
