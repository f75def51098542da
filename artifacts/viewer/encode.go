package viewer

import (
	"encoding/binary"
	"hash/maphash"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// The columns whose cells are texts. Lists are joined by listSeparator.
var columns = []struct {
	name string
	get  func(*output.Row) string
}{
	{"timestamp_desc", func(r *output.Row) string { return r.Kind }},
	{"message", func(r *output.Row) string { return r.Message }},
	{"data_type", func(r *output.Row) string { return r.DataType }},
	{"parser", func(r *output.Row) string { return r.Parser }},
	{"hostname", func(r *output.Row) string { return r.Host }},
	{"username", func(r *output.Row) string { return r.User }},
	{"user_sid", func(r *output.Row) string { return r.SID }},
	{"source_file", func(r *output.Row) string { return r.Source }},
	{"source_sha256", func(r *output.Row) string { return r.SHA256 }},
	{"snapshot", func(r *output.Row) string { return r.Snapshot }},
	{"path", func(r *output.Row) string { return r.Path }},
	{"executable", func(r *output.Row) string { return r.Executable }},
	{"key_path", func(r *output.Row) string { return r.Key }},
	{"value_name", func(r *output.Row) string { return r.Value }},
	{"tag", func(r *output.Row) string { return strings.Join(r.Tags, listSeparator) }},
	{"confidence", func(r *output.Row) string { return string(r.Proof) }},
	{"state", func(r *output.Row) string { return string(r.State) }},
	{"level", func(r *output.Row) string { return r.Level }},
	{"rules", func(r *output.Row) string { return strings.Join(r.Rules, listSeparator) }},
	{"finding_ids", func(r *output.Row) string { return strings.Join(r.FindingIDs, listSeparator) }},
	{"time_kind", func(r *output.Row) string { return r.TimeKind }},
}

func columnNames() []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	return names
}

const (
	listSeparator = "\x1f"
	blockRows     = 8192
	// maxKnown bounds the memory of all tables together, some 30 MB: beyond it a text
	// can be stored twice. A table below minKnown is not emptied for others.
	maxKnown = 1 << 20
	minKnown = 1 << 14
	// maxInline is the first number that is stored as a text.
	maxInline = 1 << 30
)

// An encoder writes rows in blocks of columns. Each block holds what its cells refer to
// and no block before it has, so that a reader needs them once, in their order:
//
//	block   length, rows, times, ids, offsets, cells of each column, extras
//	cells   new texts in ASCII, other new texts, a reference for each row
//	texts   number, length of each in UTF-16, length of all in bytes, UTF-8
//	extras  new names, then for each name with cells: name, number of cells,
//	        new texts twice, rows (differences), references
//
// Numbers are varints; the length of a block is 0 after the last one. Reference 0 is
// the empty text. A reference of an extra is doubled: an odd one is a number itself.
type encoder struct {
	w      io.Writer
	seed   maphash.Seed
	cols   []*column
	extras map[string]*column
	names  []string // of extras that this block introduces
	inUse  []*column
	known  int // texts in the tables of all columns
	rows   int
	block  int // rows in this block
	b      []byte
	sec    []int64
	sub    []int64
	ids    []byte
	offset []int64
	odd    map[int][2]string // ids that are not 16 hexadecimal digits
}

// A column collects the cells of a block, and knows the texts of all.
type column struct {
	number int // of an extra
	shift  int // of references
	known  map[uint64]uint64
	next   uint64
	fresh  []fresh
	refs   []uint64
	rows   []int // of an extra
}

// fresh is a text that the block introduces, with its hash.
type fresh struct {
	text string
	hash uint64
}

func newColumn() *column { return &column{known: map[uint64]uint64{}, next: 1} }

func newEncoder(w io.Writer) *encoder {
	e := &encoder{w: w, seed: maphash.MakeSeed(), extras: map[string]*column{}, odd: map[int][2]string{}}
	for range columns {
		e.cols = append(e.cols, newColumn())
	}
	return e
}

// ref returns the number of a text in the table of a column.
func (e *encoder) ref(c *column, s string) uint64 {
	if s == "" {
		return 0
	}
	h := maphash.String(e.seed, s)
	n, ok := c.known[h]
	if !ok {
		if e.known >= maxKnown && len(c.known) >= minKnown {
			e.known -= len(c.known)
			c.known = map[uint64]uint64{}
		}
		e.known++
		n = c.next
		c.next++
		c.known[h] = n
		c.fresh = append(c.fresh, fresh{valid(s), h})
	}
	return n
}

// valid replaces each byte that is not UTF-8, as JSON lines do.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(r)
	}
	return b.String()
}

func (e *encoder) row(r *output.Row) error {
	sec := r.Time.Unix() + 11644473600 // since 1601
	e.sec = append(e.sec, sec)
	e.sub = append(e.sub, int64(r.Time.Nanosecond()/100))
	var ids [16]byte
	if !id(ids[:8], r.ID) || !id(ids[8:], r.RecordID) {
		e.odd[e.rows] = [2]string{valid(r.ID), valid(r.RecordID)}
		ids = [16]byte{}
	}
	e.ids = append(e.ids, ids[:]...)
	e.offset = append(e.offset, r.Offset)
	for i, c := range e.cols {
		c.refs = append(c.refs, e.ref(c, columns[i].get(r)))
	}
	for name, value := range r.Extras() {
		e.extra(valid(name), value)
	}
	e.rows++
	if e.block++; e.block == blockRows {
		return e.flush()
	}
	return nil
}

// id reads 16 hexadecimal digits in lower case.
func id(to []byte, s string) bool {
	if len(s) != 16 || strings.Trim(s, "0123456789abcdef") != "" {
		return false
	}
	n, err := strconv.ParseUint(s, 16, 64)
	binary.LittleEndian.PutUint64(to, n)
	return err == nil
}

func (e *encoder) extra(name, value string) {
	c := e.extras[name]
	if c == nil {
		c = newColumn()
		c.number, c.shift = len(e.extras), 1
		e.extras[name] = c
		e.names = append(e.names, name)
	}
	if len(c.rows) == 0 {
		e.inUse = append(e.inUse, c)
	}
	c.rows = append(c.rows, e.block)
	if n, err := strconv.ParseUint(value, 10, 32); err == nil && n < maxInline && strconv.FormatUint(n, 10) == value {
		c.refs = append(c.refs, n<<1|1)
		return
	}
	c.refs = append(c.refs, e.ref(c, value)<<1)
}

// flush writes a block.
func (e *encoder) flush() error {
	if e.block == 0 {
		return nil
	}
	b := binary.AppendUvarint(e.b[:0], uint64(e.block))
	last := int64(0)
	for _, s := range e.sec {
		b = binary.AppendVarint(b, s-last)
		last = s
	}
	for _, s := range e.sub {
		b = binary.AppendUvarint(b, uint64(s))
	}
	b = append(b, e.ids...)
	for _, n := range e.offset {
		b = binary.AppendVarint(b, n)
	}
	for _, c := range e.cols {
		b = c.appendTexts(b)
		b = c.appendRefs(b)
	}
	b = appendTexts(b, e.names)
	b = binary.AppendUvarint(b, uint64(len(e.inUse)))
	for _, c := range e.inUse {
		b = binary.AppendUvarint(b, uint64(c.number))
		b = binary.AppendUvarint(b, uint64(len(c.rows)))
		b = c.appendTexts(b)
		at := 0
		for _, r := range c.rows {
			b = binary.AppendUvarint(b, uint64(r-at))
			at = r
		}
		b = c.appendRefs(b)
		c.rows = c.rows[:0]
	}
	e.b, e.block, e.sec, e.sub, e.ids, e.offset = b, 0, e.sec[:0], e.sub[:0], e.ids[:0], e.offset[:0]
	e.names, e.inUse = e.names[:0], e.inUse[:0]
	return writeBlock(e.w, b)
}

// end writes the last block, and the mark that none follows.
func (e *encoder) end() error {
	if err := e.flush(); err != nil {
		return err
	}
	return writeBlock(e.w, nil)
}

func writeBlock(w io.Writer, b []byte) error {
	if _, err := w.Write(binary.AppendUvarint(nil, uint64(len(b)))); err != nil {
		return err
	}
	_, err := w.Write(b)
	return err
}

// appendTexts writes the new texts, those in ASCII first: a browser holds a piece of
// text in half the memory when nothing else is in it. The references follow.
func (c *column) appendTexts(b []byte) []byte {
	base := c.next - uint64(len(c.fresh))
	to := make([]uint64, len(c.fresh))
	var groups [2][]string
	for g := range groups {
		for i, f := range c.fresh {
			if isASCII(f.text) == (g == 0) {
				to[i] = base + uint64(len(groups[0])+len(groups[1]))
				groups[g] = append(groups[g], f.text)
			}
		}
		b = appendTexts(b, groups[g])
	}
	for i, f := range c.fresh {
		if _, ok := c.known[f.hash]; ok {
			c.known[f.hash] = to[i]
		}
	}
	for i, r := range c.refs {
		if c.shift == 1 && r&1 == 1 {
			continue
		}
		if n := r >> c.shift; n >= base {
			c.refs[i] = to[n-base] << c.shift
		}
	}
	clear(c.fresh)
	c.fresh = c.fresh[:0]
	return b
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func (c *column) appendRefs(b []byte) []byte {
	for _, r := range c.refs {
		b = binary.AppendUvarint(b, r)
	}
	c.refs = c.refs[:0]
	return b
}

func appendTexts(b []byte, list []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	bytes := 0
	for _, s := range list {
		b = binary.AppendUvarint(b, uint64(units(s)))
		bytes += len(s)
	}
	b = binary.AppendUvarint(b, uint64(bytes))
	for _, s := range list {
		b = append(b, s...)
	}
	return b
}

// units is the length of a text in UTF-16, in which pages count.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}
