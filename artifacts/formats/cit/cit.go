// Package cit decodes the values of CIT\System, in which Windows 7 to 10 note
// which program ran in which hour of a week, for the whole machine. The layout
// is that of public research (dissect.target, M. Suhanov); no real value was at
// hand. All times are those of the machine's own clock and are given as UTC.
package cit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

var le = binary.LittleEndian

// ErrNotCIT is returned for data that does not expand to a CIT database.
var ErrNotCIT = errors.New("not a CIT value: no header of version 10")

// Limits, for hostile values.
const (
	maxSize    = 16 << 20 // expanded
	maxEntries = 1 << 14
	maxHours   = 24 * 366
)

const ( // header
	hdrMajor   = 0  // u16, 10
	hdrSize    = 4  // u32, of the whole
	hdrNow     = 8  // FILETIME, when it was written last
	hdrCRC     = 16 // u32, CRC-32 of the whole without these four bytes
	hdrCount   = 24 // u32
	hdrEntries = 28 // u32, offset
	hdrStart   = 48 // FILETIME
	hdrPeriod  = 56 // FILETIME, of the first bit
	hdrSpan    = 64 // u32, seconds; 604,800
	hdrBit     = 68 // u32, seconds; 3,600
	headerSize = 92
)

// A Database is one value: a period, mostly a week.
type Database struct {
	Written  time.Time
	Start    time.Time // of the collection
	Period   time.Time // first hour of the bitmaps
	Span     time.Duration
	Bit      time.Duration // what one bit stands for
	Programs []Program
	Damage   []*wire.FormatError // offsets count in the expanded data
}

// A Program is one program.
type Program struct {
	Path        string
	CommandLine string
	Linked      time.Time // link time in the program's file
	CheckSum    uint32    // of the same
	Hours       []time.Time
}

// Parse decodes a value of the registry: the sizes of the compressed and the
// expanded data, then LZNT1. The error is [ErrNotCIT], or the first of the
// Damage.
func Parse(b []byte) (*Database, error) {
	if len(b) < 8 {
		return nil, ErrNotCIT
	}
	size := int64(le.Uint32(b[4:]))
	data, err := xpress.AppendDecodeLZNT1(nil, b[8:], int(min(size, maxSize)))
	if len(data) < headerSize {
		// Another source has only the expanded size in front.
		data, err = xpress.AppendDecodeLZNT1(nil, b[4:], int(min(int64(le.Uint32(b)), maxSize)))
	}
	if len(data) < headerSize || le.Uint16(data[hdrMajor:]) != 10 {
		return nil, ErrNotCIT
	}
	d := &Database{Written: wire.TimeAt(data, hdrNow), Start: wire.TimeAt(data, hdrStart), Period: wire.TimeAt(data, hdrPeriod),
		Span: time.Duration(le.Uint32(data[hdrSpan:])) * time.Second, Bit: time.Duration(le.Uint32(data[hdrBit:])) * time.Second}
	if err != nil {
		d.bad(len(data), "LZNT1", "not whole", err)
	}
	if sum := crc32.Update(crc32.ChecksumIEEE(data[:hdrCRC]), crc32.IEEETable, data[hdrCRC+4:]); sum != le.Uint32(data[hdrCRC:]) {
		d.bad(hdrCRC, "header", "wrong checksum", nil)
	}
	d.programs(data)
	if len(d.Damage) > 0 {
		return d, d.Damage[0]
	}
	return d, nil
}

func (d *Database) bad(off int, what, problem string, err error) {
	d.Damage = append(d.Damage, &wire.FormatError{Format: "cit", Offset: int64(off), Struct: what, Problem: problem, Err: err})
}

const ( // entry: where a program and its use are
	entProgram = 0 // u32
	entUse     = 4 // u32
	entrySize  = 16
)

const ( // program
	prgPath     = 0 // u32 offset, u32 characters
	prgCommand  = 8 // u32 offset, u32 characters
	prgLinked   = 16
	prgCheckSum = 20
	programSize = 24
)

func (d *Database) programs(data []byte) {
	n, at := int64(le.Uint32(data[hdrCount:])), int64(le.Uint32(data[hdrEntries:]))
	if n > maxEntries || at+n*entrySize > int64(len(data)) {
		d.bad(hdrCount, "header", fmt.Sprintf("%d entries at %d in %d bytes", n, at, len(data)), nil)
		return
	}
	left := 4 * int64(len(data)) // texts may lie in each other
	for i := range n {
		e := data[at+i*entrySize:]
		var p Program
		b, ok := part(data, le.Uint32(e[entProgram:]), programSize)
		if !ok {
			d.bad(int(at+i*entrySize), "entry", "the program is outside of the data", nil)
			continue
		}
		if p.Path, ok = d.text(data, b[prgPath:], &left); ok {
			p.CommandLine, ok = d.text(data, b[prgCommand:], &left)
		}
		if !ok {
			d.bad(int(at+i*entrySize), "entry", "a text is outside of the data", nil)
		}
		p.Linked, p.CheckSum = wire.UnixTime(le.Uint32(b[prgLinked:])), le.Uint32(b[prgCheckSum:])
		if p.Hours, ok = d.hours(data, le.Uint32(e[entUse:]), &left); !ok {
			d.bad(int(at+i*entrySize), "entry", "the bitmap is outside of the data", nil)
		}
		d.Programs = append(d.Programs, p)
		if left < 0 {
			return
		}
	}
}

// part returns n bytes at an offset.
func part(data []byte, off uint32, n int64) ([]byte, bool) {
	if int64(off)+n > int64(len(data)) {
		return nil, false
	}
	return data[off : int64(off)+n], true
}

// text reads the text that an offset and a number of characters name.
func (d *Database) text(data, at []byte, left *int64) (string, bool) {
	off, n := le.Uint32(at), 2*int64(le.Uint32(at[4:]))
	if off == 0 {
		return "", true
	}
	b, ok := part(data, off, n)
	if *left -= n; !ok || *left < 0 {
		return "", false
	}
	return wire.UTF16Trim(b), true
}

// hours reads the first bitmap of a program's use: when it had the focus. The
// use begins with offset and size of a list of bitmaps, each again an offset
// and a size.
func (d *Database) hours(data []byte, use uint32, left *int64) (out []time.Time, ok bool) {
	u, ok := part(data, use, 8)
	if !ok || le.Uint32(u[4:]) < 8 {
		return nil, ok
	}
	item, ok := part(data, le.Uint32(u), 8)
	if !ok {
		return nil, false
	}
	n := int64(le.Uint32(item[4:]))
	bits, ok := part(data, le.Uint32(item), n)
	if *left -= n; !ok || *left < 0 || d.Bit <= 0 || d.Period.IsZero() {
		return nil, ok
	}
	for i := range min(8*len(bits), maxHours) {
		if bits[i/8]>>(i%8)&1 != 0 {
			out = append(out, d.Period.Add(time.Duration(i)*d.Bit))
		}
	}
	return out, true
}
