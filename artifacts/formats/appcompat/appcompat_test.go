package appcompat

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	peer "www.velocidex.com/golang/regparser/appcompatcache"
)

// What the values below hold.
var (
	modified = time.Date(2019, 12, 7, 9, 8, 44, 784929600, time.UTC)
	updated  = time.Date(2020, 1, 2, 3, 4, 5, 600, time.UTC)
)

const modifiedTicks = 132201833247849296

const updatedTicks = 132224078450000006

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func u16(b []byte, n uint16) []byte { return binary.LittleEndian.AppendUint16(b, n) }
func u32(b []byte, n uint32) []byte { return binary.LittleEndian.AppendUint32(b, n) }
func u64(b []byte, n uint64) []byte { return binary.LittleEndian.AppendUint64(b, n) }

// xpValue has two slots of three in use; the second one is the newer.
func xpValue() []byte {
	b := u32(u32(u32(nil, 0xDEADBEEF), 3), 2)
	b = u32(u32(u32(b, 0), 1), 0)
	b = append(b, make([]byte, 400-len(b))...)
	for i := range 2 {
		e := append(wide(fmt.Sprintf(`\??\C:\x%d.exe`, i)), 0, 0)
		e = append(e, "remnants of longer names"...)
		e = append(e, make([]byte, 528-len(e))...)
		b = append(b, u64(u64(u64(e, modifiedTicks), 77), updatedTicks)...)
	}
	return append(b, make([]byte, 552)...)
}

// pointerValue writes two entries that point behind all entries.
func pointerValue(sig uint32, start int, l pointerLayout, bits int, words ...uint32) []byte {
	b := u32(u32(nil, sig), 2)
	b = append(b, make([]byte, start-len(b))...)
	tail := start + 2*l.size
	var strs []byte
	for i := range 2 {
		path := wide(fmt.Sprintf(`\??\C:\x%d.exe`, i))
		e := u16(u16(nil, uint16(len(path))), uint16(len(path)+2))
		at := uint64(tail + len(strs))
		if bits == 64 {
			e = u64(u32(e, 0), at)
		} else {
			e = u32(e, uint32(at))
		}
		e = u64(e, modifiedTicks)
		for _, w := range words {
			e = u32(e, w)
		}
		strs = append(append(strs, path...), 0, 0)
		if l.data >= 0 {
			at := uint64(tail + len(strs))
			if bits == 64 {
				e = u64(u64(e, 4), at)
			} else {
				e = u32(u32(e, 4), uint32(at))
			}
			strs = append(strs, 1, 2, 3, 4)
		}
		b = append(b, e...)
	}
	return append(b, strs...)
}

// taggedValue writes two entries with a signature each, and a tail of zeros.
func taggedValue(first uint32, header int, sig string, pkg string, flags ...uint32) []byte {
	b := append(u32(nil, first), make([]byte, header-4)...)
	for i := range 2 {
		path := wide(fmt.Sprintf(`SYSVOL\x%d.exe`, i))
		body := append(u16(nil, uint16(len(path))), path...)
		if len(flags) > 0 {
			body = append(u16(body, uint16(2*len(pkg))), wide(pkg)...)
		}
		for _, f := range flags {
			body = u32(body, f)
		}
		body = append(u32(u64(body, modifiedTicks), 4), 1, 0, 0, 0)
		b = append(b, sig...)
		b = append(u32(u32(b, 0xABCD), uint32(len(body))), body...)
	}
	return append(b, make([]byte, 20)...)
}

// TestLayouts reads a value of every layout.
func TestLayouts(t *testing.T) {
	two := func(format string, e Entry, offsets ...int) []Entry {
		var out []Entry
		for i := range 2 {
			e.Path, e.Offset = fmt.Sprintf(format, i), offsets[i]
			out = append(out, e)
		}
		return out
	}
	const native = `\??\C:\x%d.exe`
	flagged := Entry{Modified: modified, HasFlags: true, Flags: 3, Shims: 8}
	win7 := flagged
	win7.Data = []byte{1, 2, 3, 4}
	win8 := Entry{Modified: modified, HasFlags: true, Flags: 2, Shims: 1, Package: "pkg\tname", Data: []byte{1, 0, 0, 0}}
	win10 := Entry{Modified: modified, Data: []byte{1, 0, 0, 0}}
	xp := two(native, Entry{Modified: modified, Updated: updated, Size: 77}, 400, 952)
	xp[0].Rank, xp[1].Rank = 2, 1
	for _, tt := range []struct {
		name  string
		value []byte
		build int
		want  Cache
	}{
		{"xp", xpValue(), 0, Cache{Version: WindowsXP, Bits: 32, Claimed: 3, Entries: xp}},
		{"2003 32", pointerValue(0xBADC0FFE, 8, vistaLayouts[32], 32, 70000, 1), 0,
			Cache{Version: Server2003, Bits: 32, Claimed: 2, Entries: two(native, Entry{Modified: modified, Size: 1<<32 + 70000}, 8, 32)}},
		{"2003 64", pointerValue(0xBADC0FFE, 8, vistaLayouts[64], 64, 70000, 0), 0,
			Cache{Version: Server2003, Bits: 64, Claimed: 2, Entries: two(native, Entry{Modified: modified, Size: 70000}, 8, 40)}},
		{"2003 by its build", pointerValue(0xBADC0FFE, 8, vistaLayouts[32], 32, 3, 0), 3790,
			Cache{Version: Server2003, Bits: 32, Claimed: 2, Entries: two(native, Entry{Modified: modified, Size: 3}, 8, 32)}},
		{"vista 32", pointerValue(0xBADC0FFE, 8, vistaLayouts[32], 32, 3, 8), 0,
			Cache{Version: Vista, Bits: 32, Claimed: 2, Entries: two(native, flagged, 8, 32)}},
		{"vista 64", pointerValue(0xBADC0FFE, 8, vistaLayouts[64], 64, 3, 8), 6002,
			Cache{Version: Vista, Bits: 64, Claimed: 2, Entries: two(native, flagged, 8, 40)}},
		{"7 32", pointerValue(0xBADC0FEE, 128, win7Layouts[32], 32, 3, 8), 0,
			Cache{Version: Windows7, Bits: 32, Claimed: 2, Entries: two(native, win7, 128, 160)}},
		{"7 64", pointerValue(0xBADC0FEE, 128, win7Layouts[64], 64, 3, 8), 0,
			Cache{Version: Windows7, Bits: 64, Claimed: 2, Entries: two(native, win7, 128, 176)}},
		{"8.0", taggedValue(0, 128, "00ts", "pkg\tname", 2, 1), 0,
			Cache{Version: Windows80, Entries: two(`SYSVOL\x%d.exe`, win8, 128, 210)}},
		{"8.0 with 0x80", taggedValue(0x80, 128, "00ts", "pkg\tname", 2, 1), 0,
			Cache{Version: Windows80, Entries: two(`SYSVOL\x%d.exe`, win8, 128, 210)}},
		{"8.1", taggedValue(0x80, 128, "10ts", "pkg\tname", 2, 1), 0,
			Cache{Version: Windows81, Entries: two(`SYSVOL\x%d.exe`, win8, 128, 210)}},
		{"10", taggedValue(0x30, 0x30, "10ts", ""), 0,
			Cache{Version: Windows10, Entries: two(`SYSVOL\x%d.exe`, win10, 0x30, 0x30+56)}},
		{"10 1703", taggedValue(0x34, 0x34, "10ts", ""), 0,
			Cache{Version: Windows1703, Entries: two(`SYSVOL\x%d.exe`, win10, 0x34, 0x34+56)}},
		{"header alone", make([]byte, 52), 0, Cache{}},
		{"nothing", nil, 0, Cache{}},
	} {
		got, err := Parse(tt.value, &Options{Build: tt.build})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if d := cmp.Diff(&tt.want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", tt.name, d)
		}
	}
}

// TestDamage breaks one thing at a time.
func TestDamage(t *testing.T) {
	put := func(b []byte, off int, bytes ...byte) []byte {
		copy(b[off:], bytes)
		return b
	}
	for _, tt := range []struct {
		name    string
		value   []byte
		entries int
		offset  int64 // of the damage
	}{
		{"count beyond the value", put(xpValue(), 4, 0xFF, 0xFF, 0xFF, 0xFF), 2, 4},
		{"header cut", xpValue()[:100], 0, 100},
		{"count beyond the value, 7", put(pointerValue(0xBADC0FEE, 128, win7Layouts[64], 64, 3, 8), 4, 0xFF, 0xFF, 0xFF, 0x7F)[:128+100], 2, 4},
		{"path outside", put(pointerValue(0xBADC0FEE, 128, win7Layouts[64], 64, 3, 8), 128+8, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), 2, 128},
		{"entry too long", put(taggedValue(0x34, 0x34, "10ts", ""), 0x34+8, 0xFF, 0xFF, 0xFF, 0xFF), 1, 0x34 + 8},
		{"path too long", put(taggedValue(0x34, 0x34, "10ts", ""), 0x34+12, 0xFF, 0xFF), 0, 0x34 + 12},
		{"signature lost", put(taggedValue(0x34, 0x34, "10ts", ""), 0x34+56, 'x'), 1, 0x34 + 56},
		{"data too long", put(taggedValue(0x34, 0x34, "10ts", ""), 0x34+12+2+26+8, 9), 2, 0x34},
	} {
		c, err := Parse(tt.value, nil)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if len(c.Entries) != tt.entries || len(c.Damage) == 0 || c.Damage[0].Offset != tt.offset {
			t.Errorf("%s: %d entries, damage %v, want %d and offset %#x", tt.name, len(c.Entries), c.Damage, tt.entries, tt.offset)
		}
	}
	for _, b := range []string{"no", "no cache", "\x30\x00\x00\x00" + string(make([]byte, 44)) + "xxxx"} {
		if c, err := Parse([]byte(b), nil); err == nil {
			t.Errorf("%q was taken for %v", b, c.Version)
		}
	}
}

func TestPackage(t *testing.T) {
	p, ok := ParsePackage("00000009\t000506a702c30000\t000a00003a9a0000\t8664\tMicrosoft.WindowsMaps\t8wekyb3d8bbwe\t")
	if !ok || p.Family() != "Microsoft.WindowsMaps_8wekyb3d8bbwe" || p.Machine != "8664" {
		t.Errorf("%+v %v", p, ok)
	}
	if _, ok := ParsePackage(`C:\x.exe`); ok {
		t.Error("a path was taken for a package")
	}
}

// TestPeer holds the values of Windows 10 against regparser, which reads no
// others.
func TestPeer(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for _, file := range []string{"Win10Creators.bin", "Win10.bin"} {
		b, err := os.ReadFile(filepath.Join(dir, "appcompatcache", file))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		theirs := peer.ParseValueData(b)
		if len(theirs) != len(c.Entries) {
			t.Errorf("%s: regparser has %d entries, this package %d", file, len(theirs), len(c.Entries))
			continue
		}
		for i, e := range theirs {
			want := c.Entries[i].Modified.Unix()
			if c.Entries[i].Modified.IsZero() {
				want = e.Time.Unix() // regparser gives a time for none
			}
			if e.Name != c.Entries[i].Path || e.Time.Unix() != want {
				t.Errorf("%s: entry %d: regparser %q %v, this package %q %v", file, i, e.Name, e.Time, c.Entries[i].Path, c.Entries[i].Modified)
				break
			}
		}
	}
}

// FuzzParse checks that the result is the same twice, lies inside the value,
// and is no bigger than the value can hold.
func FuzzParse(f *testing.F) {
	for _, b := range [][]byte{
		xpValue(), pointerValue(0xBADC0FFE, 8, vistaLayouts[32], 32, 3, 8), pointerValue(0xBADC0FFE, 8, vistaLayouts[64], 64, 70000, 0),
		pointerValue(0xBADC0FEE, 128, win7Layouts[32], 32, 3, 8), pointerValue(0xBADC0FEE, 128, win7Layouts[64], 64, 3, 8),
		taggedValue(0, 128, "00ts", "pkg", 2, 1), taggedValue(0x80, 128, "10ts", "pkg", 2, 1), taggedValue(0x30, 0x30, "10ts", ""), taggedValue(0x34, 0x34, "10ts", ""),
	} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse(b, nil)
		if err != nil {
			return
		}
		again, _ := Parse(b, nil)
		if d := cmp.Diff(c, again); d != "" {
			t.Fatalf("another result the second time:\n%s", d)
		}
		text := 0
		for _, e := range c.Entries {
			if e.Offset < 0 || e.Offset >= len(b) {
				t.Fatalf("entry at %d of %d bytes", e.Offset, len(b))
			}
			text += len(e.Path)
		}
		if len(c.Entries) > len(b)/12 || text > 3*5*len(b)+3*65536 {
			t.Fatalf("%d entries and %d bytes of text from %d bytes", len(c.Entries), text, len(b))
		}
		for _, d := range c.Damage {
			if d.Offset < 0 || d.Offset > int64(len(b)) {
				t.Fatalf("damage at %d of %d bytes", d.Offset, len(b))
			}
		}
	})
}
