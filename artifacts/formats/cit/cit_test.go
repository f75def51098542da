package cit

import (
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

var monday = time.Date(2025, 3, 10, 0, 0, 0, 0, time.UTC)

// plain returns an expanded database with one program, used in the hours 0, 9
// and 167.
func plain() []byte {
	b := make([]byte, headerSize)
	le := binary.LittleEndian
	le.PutUint16(b, 10)
	for _, off := range []int{hdrNow, hdrStart, hdrPeriod} {
		le.PutUint64(b[off:], uint64(monday.UnixNano()/100)+116444736000000000)
	}
	le.PutUint32(b[hdrSpan:], 604800)
	le.PutUint32(b[hdrBit:], 3600)
	add := func(v ...uint32) uint32 {
		at := uint32(len(b))
		for _, x := range v {
			b = le.AppendUint32(b, x)
		}
		return at
	}
	text := func(s string) uint32 {
		at := uint32(len(b))
		for _, u := range utf16.Encode([]rune(s)) {
			b = le.AppendUint16(b, u)
		}
		return at
	}
	path, command := text(`C:\heron.exe`), text("heron -x")
	bitmap := uint32(len(b))
	b = append(b, append([]byte{1, 2}, make([]byte, 19)...)...)
	b[len(b)-1] = 0x80
	list := add(bitmap, 21)
	use := add(list, 8, 0, 0, 0, 0)
	program := add(path, 12, command, 8, 1741675200, 77, 0)
	entries := add(program, use, 28, 24)
	le.PutUint32(b[hdrCount:], 1)
	le.PutUint32(b[hdrEntries:], entries)
	le.PutUint32(b[hdrSize:], uint32(len(b)))
	return seal(b)
}

func seal(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[hdrCRC:], crc32.Update(crc32.ChecksumIEEE(b[:hdrCRC]), crc32.IEEETable, b[hdrCRC+4:]))
	return b
}

func pack(b []byte) []byte {
	c := xpress.AppendEncodeLZNT1(nil, b)
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(c)))
	return append(binary.LittleEndian.AppendUint32(head, uint32(len(b))), c...)
}

func TestParse(t *testing.T) {
	want := &Database{Written: monday, Start: monday, Period: monday, Span: 7 * 24 * time.Hour, Bit: time.Hour,
		Programs: []Program{{Path: `C:\heron.exe`, CommandLine: "heron -x", Linked: time.Date(2025, 3, 11, 6, 40, 0, 0, time.UTC), CheckSum: 77,
			Hours: []time.Time{monday, monday.Add(9 * time.Hour), monday.Add(167 * time.Hour)}}}}
	d, err := Parse(pack(plain()))
	if err != nil || !reflect.DeepEqual(d, want) {
		t.Errorf("%+v, %v", d, err)
	}
	// With the expanded size alone in front.
	if d, err := Parse(pack(plain())[4:]); err != nil || !reflect.DeepEqual(d, want) {
		t.Errorf("short header: %+v, %v", d, err)
	}
	broken := plain()
	broken[60]++
	if d, err := Parse(pack(broken)); err == nil || !strings.Contains(err.Error(), "wrong checksum") || len(d.Programs) != 1 {
		t.Errorf("broken: %+v, %v", d, err)
	}
	far := plain()
	binary.LittleEndian.PutUint32(far[hdrCount:], 1<<31)
	if _, err := Parse(pack(seal(far))); err == nil || !strings.Contains(err.Error(), "2147483648 entries") {
		t.Errorf("many entries: %v", err)
	}
	for _, b := range [][]byte{nil, []byte("short"), make([]byte, 500), pack(make([]byte, 200))} {
		if _, err := Parse(b); err != ErrNotCIT {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(plain())
	f.Fuzz(func(t *testing.T, b []byte) {
		Parse(b)
		d, _ := Parse(pack(b))
		if d == nil {
			return
		}
		n := 0
		for _, p := range d.Programs {
			n += len(p.Path) + len(p.CommandLine)
		}
		if n > 12*len(b) {
			t.Fatalf("%d bytes of text in %d", n, len(b))
		}
	})
}
