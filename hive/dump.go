package hive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
)

// DumpOptions change what [Dump] writes. Nil means the default.
type DumpOptions struct {
	// Deleted adds recovered keys and values, in lines that begin with DK and DV, and those that are in use but
	// unreachable, in lines that begin with UK and UV.
	Deleted bool
}

// Dump writes the whole tree as lines of fields parted by tabs, sorted bytewise:
//
//	K	path	last written, FILETIME as an unsigned number
//	V	path	value name	type, unsigned number	length	first 16 hex digits of the data's SHA-256
//
// The path of the root is `\`. In names the control characters, U+2028, U+2029, `%` and unpaired surrogates are
// written as %uXXXX. Damaged places are left out or written as far as they can be read; [Hive.Check] names them.
//
// Recovered keys and values have the same fields behind DK and DV, or UK and UV where they were not deleted, then their
// grade, where they were found, the state of a value's data, and the offset of the record. `?` in a path stands for what
// is not known.
//
// A hive whose records overlap could be made to fill any disk: where lines or data exceed by far what the hive
// has room for, the dump ends with a [FormatError], after what was read until then has been written.
func Dump(w io.Writer, h *Hive, opts *DumpOptions) error {
	d := dumper{h: h, values: len(h.bins)/4 + 1, data: 4*len(h.bins) + 1<<20, room: 64*len(h.bins) + 1<<24}
	d.tree()
	if opts != nil && opts.Deleted {
		d.deleted()
	}
	slices.SortFunc(d.lines, func(a, b span) int { return bytes.Compare(d.buf[a.from:a.to], d.buf[b.from:b.to]) })
	bw := bufio.NewWriter(w)
	for _, l := range d.lines {
		bw.Write(d.buf[l.from:l.to])
	}
	if err := bw.Flush(); err != nil {
		return err
	}
	if d.over {
		return bad(baseSize, "hive bins", "records overlap: the tree is larger than the hive has room for, and the dump is not whole")
	}
	return nil
}

type span struct{ from, to int }

type dumper struct {
	h     *Hive
	buf   []byte
	lines []span

	// What may still come: in a sound hive no two records share a byte, in a hostile one all may.
	values, data, room int
	over               bool
}

// spend takes from what may still come, and says false when that is used up.
func (d *dumper) spend(what *int, n int) bool {
	if *what -= n; *what < 0 {
		d.over = true
	}
	return !d.over
}

func (d *dumper) line(from int) {
	d.buf = append(d.buf, '\n')
	d.lines = append(d.lines, span{from, len(d.buf)})
	d.spend(&d.room, len(d.buf)-from)
}

func (d *dumper) tree() {
	if d.h.root == noOffset {
		return
	}
	var path []byte
	var lengths []int // of the path at each depth
	w := d.h.walk(d.h.root)
	for !d.over {
		k, depth, _, err, ok := w.next()
		if !ok {
			return
		}
		if err != nil {
			continue
		}
		lengths = lengths[:min(len(lengths), depth)]
		if depth == 0 {
			path = append(path[:0], '\\')
			lengths = append(lengths, 0)
		} else {
			path = append(path[:lengths[depth-1]], '\\')
			path = appendEscaped(path, k.name())
			lengths = append(lengths, len(path))
		}
		d.key(path, k)
	}
}

func (d *dumper) key(path []byte, k Key) {
	from := len(d.buf)
	d.fields("K", path)
	d.buf = strconv.AppendUint(d.buf, k.WrittenRaw(), 10)
	d.line(from)
	for v, err := range k.Values() {
		if !d.spend(&d.values, 1) {
			return
		}
		if err != nil || !d.spendData(v) {
			continue
		}
		from := len(d.buf)
		d.value("V", path, v)
		d.line(from)
	}
}

func (d *dumper) spendData(v Value) bool { return d.spend(&d.data, min(int(v.Size()), len(d.h.bins))) }

func (d *dumper) fields(kind string, path []byte) {
	d.buf = append(append(append(append(d.buf, kind...), '\t'), path...), '\t')
}

func (d *dumper) value(kind string, path []byte, v Value) {
	data, _ := v.Bytes()
	sum := sha256.Sum256(data)
	d.fields(kind, path)
	d.buf = append(appendEscaped(d.buf, v.name()), '\t')
	d.buf = append(strconv.AppendUint(d.buf, uint64(v.Type()), 10), '\t')
	d.buf = append(strconv.AppendInt(d.buf, int64(len(data)), 10), '\t')
	d.buf = hex.AppendEncode(d.buf, sum[:8])
}

func (d *dumper) deleted() {
	// What is found in free places is bounded by them; the tree has its own account.
	d.data = 4*len(d.h.data) + maxShadows
	for r := range d.h.Deleted() {
		if !r.IsKey && !d.spendData(r.Value) {
			return
		}
		from := len(d.buf)
		path := appendEscaped(nil, name{raw: utf16Units(r.Path)})
		letter := "D"
		if r.Unreachable {
			letter = "U"
		}
		if r.IsKey {
			d.fields(letter+"K", path)
			d.buf = strconv.AppendUint(d.buf, r.Key.WrittenRaw(), 10)
		} else {
			d.value(letter+"V", path, r.Value)
		}
		d.buf = append(append(d.buf, '\t'), r.Grade.String()...)
		d.buf = append(append(d.buf, '\t'), r.Source.String()...)
		if !r.IsKey {
			d.buf = append(append(d.buf, '\t'), r.Data.String()...)
		}
		d.buf = strconv.AppendInt(append(d.buf, '\t'), r.Offset, 10)
		d.line(from)
		if d.over {
			return
		}
	}
}

// appendEscaped appends a name in UTF-8 with what would break a line or cannot be told apart written as %uXXXX.
func appendEscaped(dst []byte, n name) []byte {
	for i := 0; i < n.len(); i++ {
		u := n.unit(i)
		switch {
		case u < 0x20, u >= 0x7F && u <= 0x9F, u == '%', u == 0x2028, u == 0x2029:
		case u >= 0xD800 && u < 0xDC00 && i+1 < n.len() && n.unit(i+1)>>10 == 0xDC00>>10:
			dst = appendUTF16(dst, n.raw[2*i:2*i+4])
			i++
			continue
		case u >= 0xD800 && u < 0xE000:
		case u < 0x80:
			dst = append(dst, byte(u))
			continue
		default:
			dst = append(dst, string(rune(u))...)
			continue
		}
		const digits = "0123456789ABCDEF"
		dst = append(dst, '%', 'u', digits[u>>12], digits[u>>8&15], digits[u>>4&15], digits[u&15])
	}
	return dst
}
