package cfb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// These tests lay compound files out by hand, by [MS-CFB] 2.2 to 2.6, so that
// the reader is not compared with a writer of the same house only.

// A layout is a file of sectors that a test fills in.
type layout struct {
	shift uint
	b     []byte
}

func newLayout(major, shift uint16, sectors int) *layout {
	l := &layout{shift: uint(shift), b: make([]byte, (sectors+1)<<shift)}
	copy(l.b, Magic)
	l.u16(0x18, 0x3E)
	l.u16(0x1A, major)
	l.u16(0x1C, 0xFFFE)
	l.u16(0x1E, shift)
	l.u16(0x20, 6)
	l.u32(0x38, 4096)
	l.u32(0x3C, endOfChain) // no mini FAT
	l.u32(0x44, endOfChain) // no DIFAT
	for i := range 109 {
		l.u32(0x4C+4*i, freeSector)
	}
	return l
}

func (l *layout) u16(at int, v uint16) { binary.LittleEndian.PutUint16(l.b[at:], v) }
func (l *layout) u32(at int, v uint32) { binary.LittleEndian.PutUint32(l.b[at:], v) }
func (l *layout) sector(n int) []byte  { return l.b[(n+1)<<l.shift:][:1<<l.shift] }

// numbers fills a sector with numbers, and the rest of it with free ones.
func (l *layout) numbers(n int, list ...uint32) {
	s := l.sector(n)
	for i := 0; i < len(s); i += 4 {
		binary.LittleEndian.PutUint32(s[i:], freeSector)
	}
	for i, v := range list {
		binary.LittleEndian.PutUint32(s[4*i:], v)
	}
}

// entry fills one entry of the directory in a sector.
func (l *layout) entry(sector, i int, name string, kind Kind, left, right, child, start uint32, size uint64) {
	e := l.sector(sector)[128*i:][:128]
	for j, c := range name {
		binary.LittleEndian.PutUint16(e[2*j:], uint16(c))
	}
	if name != "" {
		binary.LittleEndian.PutUint16(e[64:], uint16(2*len(name)+2))
	}
	e[66], e[67] = byte(kind), 1
	for j, v := range []uint32{left, right, child} {
		binary.LittleEndian.PutUint32(e[68+4*j:], v)
	}
	binary.LittleEndian.PutUint32(e[116:], start)
	binary.LittleEndian.PutUint64(e[120:], size)
}

const none = noStream

// version4 is a file with sectors of 4,096 bytes: a stream in sectors 4 and 6,
// one in the mini sectors 0 and 2.
func version4() (l *layout, big, small []byte) {
	l = newLayout(4, 12, 7)
	l.u32(0x28, 1) // directory sectors, of version 4 only
	l.u32(0x2C, 1)
	l.u32(0x30, 1)
	l.u32(0x3C, 2)
	l.u32(0x4C, 0)
	l.numbers(0, 0xFFFFFFFD, endOfChain, endOfChain, endOfChain, 6, freeSector, endOfChain)
	l.numbers(2, 2, freeSector, endOfChain)
	big = bytes.Repeat([]byte("big stream "), 500)[:5000]
	small = bytes.Repeat([]byte("0123456789"), 10)
	copy(l.sector(4), big[:4096])
	copy(l.sector(6), big[4096:])
	copy(l.sector(3), small[:64])
	copy(l.sector(3)[128:], small[64:])
	l.entry(1, 0, "Root Entry", Root, none, none, 1, 3, 192)
	l.entry(1, 1, "big", Stream, 2, none, none, 4, 5000)
	l.entry(1, 2, "small", Stream, none, none, none, 0, 100)
	return l, big, small
}

func TestVersion4(t *testing.T) {
	l, big, small := version4()
	f := open(t, l.b)
	if len(f.Damage) > 0 || f.Major != 4 {
		t.Fatalf("version %d, damage %v", f.Major, f.Damage)
	}
	for _, c := range []struct {
		name string
		want []byte
		pos  map[int64]int64 // byte of the stream: byte of the file
	}{
		{"BIG", big, map[int64]int64{0: 5 * 4096, 4095: 5*4096 + 4095, 4096: 7 * 4096, 4999: 7*4096 + 903, 5000: -1, -1: -1}},
		{"small", small, map[int64]int64{0: 4 * 4096, 63: 4*4096 + 63, 64: 4*4096 + 128, 99: 4*4096 + 163, 100: -1}},
	} {
		e := f.Find(c.name)
		if e == nil {
			t.Fatalf("no %s in %v", c.name, f.Entries)
		}
		got, err := f.Read(e)
		if err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: %d bytes, %v", c.name, len(got), err)
		}
		for pos, want := range c.pos {
			if off := f.Offset(e, pos); off != want {
				t.Errorf("%s: byte %d is at %d, want %d", c.name, pos, off, want)
			}
		}
	}
	// The order of a storage is that of its tree: what is left of an entry comes before it.
	var names []string
	for _, e := range f.Entries {
		names = append(names, e.Name)
	}
	if got := strings.Join(names, ", "); got != "Root Entry, small, big" {
		t.Errorf("entries %s", got)
	}
}

// TestSizes: in version 4 a size has 64 bits; in version 3 the upper ones are
// not defined and must not count.
func TestSizes(t *testing.T) {
	l, big, _ := version4()
	l.entry(1, 1, "big", Stream, 2, none, none, 4, 1<<32|5000)
	f := open(t, l.b)
	got, err := f.Read(f.Find("big"))
	if err == nil || !strings.Contains(err.Error(), "4294972296 bytes, found 8192") || !bytes.Equal(got[:5000], big) {
		t.Errorf("version 4: %d bytes, %v", len(got), err)
	}
	l.u16(0x1A, 3)
	for _, upper := range []uint64{1 << 32, 1 << 63, 0xFFFFFFFF << 32} {
		l.entry(1, 1, "big", Stream, 2, none, none, 4, upper|5000)
		f = open(t, l.b)
		if got, err := f.Read(f.Find("big")); err != nil || !bytes.Equal(got, big) {
			t.Errorf("version 3, size %#x: %d bytes, %v", upper|5000, len(got), err)
		}
	}
	l.u16(0x1A, 4)
	l.entry(1, 1, "big", Stream, 2, none, none, 4, 1<<63|5000)
	f = open(t, l.b)
	if got, err := f.Read(f.Find("big")); err == nil || !bytes.Equal(got[:5000], big) {
		t.Errorf("the largest size: %d bytes, %v", len(got), err)
	}
}

// TestHeader has the fields of the header that cannot be used, and those that
// have one value only.
func TestHeader(t *testing.T) {
	for _, c := range []struct {
		name    string
		at      int
		value   uint16
		err     string // of Open
		damage  string
		whereto int64
	}{
		{"sector shift", 0x1E, 10, "cfb: header at offset 30: sector shift 10", "", 0},
		{"mini shift", 0x20, 7, "", "mini sector shift 7", 0x20},
		{"cutoff", 0x38, 64, "", "mini stream cutoff 64", 0x38},
		{"more FAT sectors", 0x2C, 5, "", "5 FAT sectors, found 1", 0x2C},
		{"FAT out of the file", 0x4C, 900, "", "is not in the file", 0},
		{"directory out of the file", 0x30, 900, "", "leads out of the file", 0x30},
		{"mini FAT out of the file", 0x3C, 900, "", "leads out of the file", 0x3C},
	} {
		l, big, small := version4()
		l.u16(c.at, c.value)
		f, err := Open(bytes.NewReader(l.b), int64(len(l.b)))
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s: %v, want %s", c.name, err, c.err)
			}
			continue
		}
		if err != nil || len(f.Damage) == 0 || !strings.Contains(f.Damage[0].Problem, c.damage) {
			t.Errorf("%s: %v, damage %v", c.name, err, f.Damage)
			continue
		}
		if c.whereto != 0 && f.Damage[0].Offset != c.whereto {
			t.Errorf("%s: damage at %d, want %d", c.name, f.Damage[0].Offset, c.whereto)
		}
		// A wrong constant keeps no stream from being read.
		if c.at == 0x20 || c.at == 0x38 || c.at == 0x2C {
			for name, want := range map[string][]byte{"big": big, "small": small} {
				if got, err := f.Read(f.Find(name)); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s: %s has %d bytes, %v", c.name, name, len(got), err)
				}
			}
		}
	}
}

// manyFATs is a file whose second FAT sector only the DIFAT names.
func manyFATs() (*layout, []byte) {
	l := newLayout(3, 9, 140)
	l.u32(0x2C, 2)
	l.u32(0x30, 1)
	l.u32(0x44, 2) // the DIFAT
	l.u32(0x48, 1)
	l.u32(0x4C, 0)
	l.numbers(0, 0xFFFFFFFD, endOfChain, 0xFFFFFFFC, 0xFFFFFFFD)
	l.numbers(2, 3)
	binary.LittleEndian.PutUint32(l.sector(2)[508:], endOfChain)
	// The second FAT sector is for the sectors from 128 on: the stream is in 130 to 138.
	l.numbers(3, freeSector, freeSector, 131, 132, 133, 134, 135, 136, 137, 138, endOfChain)
	data := bytes.Repeat([]byte("far away "), 480)
	for i := range 9 {
		copy(l.sector(130+i), data[512*i:min(len(data), 512*i+512)])
	}
	l.entry(1, 0, "Root Entry", Root, none, none, 1, endOfChain, 0)
	l.entry(1, 1, "far", Stream, none, none, none, 130, uint64(len(data)))
	return l, data
}

func TestDIFAT(t *testing.T) {
	l, data := manyFATs()
	f := open(t, l.b)
	if got, err := f.Read(f.Find("far")); err != nil || !bytes.Equal(got, data) || len(f.Damage) > 0 {
		t.Errorf("%d bytes, %v, damage %v", len(got), err, f.Damage)
	}
	for _, c := range []struct {
		name   string
		change func(*layout)
		damage string
	}{
		{"a loop", func(l *layout) {
			l.numbers(2) // names no FAT sector, but itself as the next
			binary.LittleEndian.PutUint32(l.sector(2)[508:], 2)
		}, "2 FAT sectors, found 1"},
		{"out of the file", func(l *layout) { l.u32(0x44, 5000) }, "sector does not read"},
		{"its sector out of the file", func(l *layout) { l.numbers(2, 5000) }, "is not in the file"},
		{"more than the file has", func(l *layout) {
			l.u32(0x2C, 1<<30)
			for i := range 127 {
				binary.LittleEndian.PutUint32(l.sector(2)[4*i:], 3)
			}
			binary.LittleEndian.PutUint32(l.sector(2)[508:], 2)
		}, ""},
	} {
		l, _ := manyFATs()
		c.change(l)
		f := open(t, l.b)
		var all strings.Builder
		for _, d := range f.Damage {
			all.WriteString(d.Problem + "; ")
		}
		if !strings.Contains(all.String(), c.damage) {
			t.Errorf("%s: damage %s", c.name, all.String())
		}
		if n := len(f.fat); n > len(l.b) {
			t.Errorf("%s: a FAT of %d numbers in %d bytes", c.name, n, len(l.b))
		}
		if e := f.Find("far"); e == nil {
			t.Errorf("%s: no stream", c.name)
		} else if got, err := f.Read(e); c.damage != "" && err == nil {
			t.Errorf("%s: %d bytes without an error", c.name, len(got))
		}
	}
}

// TestDeletedStreams: of a deleted stream the chain is gone. What follows its
// first sector is its content only as long as it is free.
func TestDeletedStreams(t *testing.T) {
	l, big, _ := version4()
	l.entry(1, 3, "gone", None, none, none, none, 5, 4096) // sector 5 is free
	l.entry(1, 4, "reused", None, none, none, none, 5, 9000)
	l.entry(1, 5, "taken", None, none, none, none, 4, 5000)
	l.entry(1, 6, "mini", None, none, none, none, 1, 64) // mini sector 1 is free
	l.entry(1, 7, "", None, none, none, none, 0, 0)      // never used
	l.entry(1, 8, "nobody's", Stream, none, none, none, 4, 5000)
	copy(l.sector(5), bytes.Repeat([]byte("deleted "), 512))
	copy(l.sector(3)[64:], bytes.Repeat([]byte("mini"), 16))
	f := open(t, l.b)
	for _, c := range []struct {
		name  string
		state State
		n     int
		begin string
		err   bool
	}{
		{"gone", Deleted, 4096, "deleted ", false},
		{"reused", Deleted, 4096, "deleted ", true},
		{"taken", Deleted, 0, "", true},
		{"mini", Deleted, 64, "minimini", false},
		{"nobody's", Lost, 5000, string(big[:8]), false},
	} {
		var e *Entry
		for _, x := range f.Entries {
			if x.Name == c.name {
				e = x
			}
		}
		if e == nil || e.State != c.state || e.Path != c.name {
			t.Errorf("%s: %+v", c.name, e)
			continue
		}
		got, err := f.Read(e)
		if len(got) != c.n || !strings.HasPrefix(string(got), c.begin) || (err != nil) != c.err {
			t.Errorf("%s: %d bytes %.8q, %v", c.name, len(got), got, err)
		}
		if f.Find(c.name) != nil {
			t.Errorf("Find returns %s, which is not live", c.name)
		}
	}
	if n := len(f.Entries); n != 8 {
		t.Errorf("%d entries, want three live ones, a lost and four deleted", n)
	}
}

// TestTree breaks the tree of a storage in more ways.
func TestTree(t *testing.T) {
	l, _, _ := version4()
	l.entry(1, 2, "small", Kind(9), none, none, none, 0, 100)
	f := open(t, l.b)
	if f.Find("small") != nil || f.Find("big") == nil || len(f.Damage) != 1 || f.Damage[0].Problem != "type 9 in a storage" {
		t.Errorf("type 9: %v", f.Damage)
	}
	l, _, _ = version4()
	l.entry(1, 0, "Root Entry", Stream, none, none, 1, 3, 192)
	f = open(t, l.b)
	if len(f.Damage) == 0 || f.Damage[0].Problem != "no root entry" || f.Find("big") != nil {
		t.Errorf("no root: %v", f.Damage)
	}
	for _, e := range f.Entries {
		if e.State != Lost {
			t.Errorf("without a root %q is %q", e.Name, e.State)
		}
	}
	// Storages in storages: the path grows, but not for ever.
	l = newLayout(4, 12, 12)
	l.u32(0x2C, 1)
	l.u32(0x30, 1)
	l.u32(0x4C, 0)
	l.numbers(0, 0xFFFFFFFD, 2, 3, 4, 5, 6, 7, 8, endOfChain)
	long := strings.Repeat("n", 31)
	l.entry(1, 0, "Root Entry", Root, none, none, 1, endOfChain, 0)
	for i := 1; i < 8*32; i++ {
		l.entry(1+i/32, i%32, long, Storage, none, none, uint32(i+1), 0, 0)
	}
	f = open(t, l.b)
	longest, lost := 0, 0
	for _, e := range f.Entries {
		longest = max(longest, len(e.Path))
		if e.State == Lost {
			lost++
		}
	}
	if longest < 4000 || longest > 4200 || lost != 8*32-1-4096/32 {
		t.Errorf("the longest path has %d bytes, %d entries are lost", longest, lost)
	}
}

// A flaky disk fails where it is told to.
type flaky struct {
	b    []byte
	at   int64
	fail error
}

func (d flaky) ReadAt(p []byte, off int64) (int, error) {
	if off <= d.at && d.at < off+int64(len(p)) {
		return copy(p[:d.at-off], d.b[off:]), d.fail
	}
	return bytes.NewReader(d.b).ReadAt(p, off)
}

// TestReadErrors: what cannot be read is named, and what is before it stays.
func TestReadErrors(t *testing.T) {
	l, big, small := version4()
	fail := errors.New("sector not read")
	for _, at := range []int64{0, 300} {
		if _, err := Open(flaky{l.b, at, fail}, int64(len(l.b))); !errors.Is(err, fail) {
			t.Errorf("header at %d: %v", at, err)
		}
	}
	f, err := Open(flaky{l.b, 7*4096 + 10, fail}, int64(len(l.b)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Read(f.Find("big")); !errors.Is(err, fail) || !bytes.Equal(got, big[:4096+10]) {
		t.Errorf("second sector: %d bytes, %v", len(got), err)
	}
	for sector, want := range map[int]string{0: "FAT", 1: "directory", 2: "mini FAT"} {
		f, err := Open(flaky{l.b, int64(sector+1)*4096 + 2048, fail}, int64(len(l.b)))
		if err != nil || len(f.Damage) == 0 || f.Damage[0].Struct != want || f.Damage[0].Problem != fail.Error() {
			t.Errorf("sector %d: %v, damage %v", sector, err, f.Damage)
			continue
		}
		if e := f.Find("small"); sector == 2 && e != nil {
			if got, err := f.Read(e); err != nil || !bytes.Equal(got, small) { // the numbers it needs are in the half that reads
				t.Errorf("half a mini FAT: %d bytes, %v", len(got), err)
			}
		}
	}
	// A file that is cut in its last sector.
	cutAt := int64(7*4096 + 100)
	f = open(t, l.b[:cutAt])
	got, err := f.Read(f.Find("big"))
	var fe *wire.FormatError
	if !errors.As(err, &fe) || fe.Problem != fmt.Sprintf("5000 bytes, found %d", 4096+100) || !bytes.Equal(got, big[:4096+100]) {
		t.Errorf("cut: %d bytes, %v", len(got), err)
	}
}
