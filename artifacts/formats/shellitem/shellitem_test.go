package shellitem_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// item puts the size before the parts of an item.
func item(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = append(b, p...)
	}
	return append(le.AppendUint16(nil, uint16(len(b)+2)), b...)
}

func u16(s string) []byte {
	var b []byte
	for _, c := range utf16.Encode([]rune(s + "\x00")) {
		b = le.AppendUint16(b, c)
	}
	return b
}

func u32(n uint32) []byte { return le.AppendUint32(nil, n) }

// entry is a file entry with the extension block of a version. The date is
// 2009-07-14 03:20:10.
func entry(version uint16, short, long, local string) []byte {
	const stamp = uint32(0x1A85)<<16 | 0x3AEE
	head := append([]byte{0x31, 0}, u32(0)...)
	head = append(head, u32(stamp)...)
	head = le.AppendUint16(head, 0x11)
	head = append(append(head, short...), 0)
	if len(head)%2 != 0 {
		head = append(head, 0)
	}
	x := le.AppendUint16(nil, version)
	x = append(x, u32(0xBEEF0004)...)
	x = append(x, u32(stamp)...)
	x = append(x, u32(stamp)...)
	x = le.AppendUint16(x, 0x14)
	localized := uint16(0)
	if local != "" {
		localized = uint16(len(local) + 1)
	}
	if version >= 7 {
		x = append(x, 0, 0)
		x = le.AppendUint64(x, 437|2<<48)
		x = append(x, make([]byte, 8)...)
	}
	x = le.AppendUint16(x, localized)
	if version >= 9 {
		x = append(x, 1, 2, 3, 4)
	}
	if version >= 8 {
		x = append(x, 5, 6, 7, 8)
	}
	x = append(x, u16(long)...)
	if local != "" {
		if version >= 7 {
			x = append(x, u16(local)...)
		} else {
			x = append(append(x, local...), 0)
		}
	}
	x = le.AppendUint16(x, uint16(len(head)+2))
	return item(head, item(x))
}

var stamp = time.Date(2009, 7, 14, 3, 20, 10, 0, time.UTC)

// TestFileEntry reads the extension block of each version, whose long name
// moves.
func TestFileEntry(t *testing.T) {
	for _, version := range []uint16{3, 7, 8, 9} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			got, err := shellitem.Parse(entry(version, "USERS~1", "Users and others", "@shell32.dll,-21813"))
			if err != nil {
				t.Fatal(err)
			}
			want := shellitem.Item{
				Class: 0x31, Kind: shellitem.Directory, Name: "Users and others", Short: "USERS~1", Modified: stamp, Created: stamp, Accessed: stamp,
				Attributes: 0x11, Version: version, Localized: "@shell32.dll,-21813", Blocks: []uint32{0xBEEF0004},
			}
			if version >= 7 {
				want.Entry, want.Sequence = 437, 2
			}
			got.Data = nil
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// Old entries have two names and no extension block.
func TestFileEntryOld(t *testing.T) {
	b := item([]byte{0x32, 0}, u32(1234), u32(0), []byte{0x20, 0}, []byte("Long file name.txt\x00"), []byte("LONGFI~1.TXT\x00"))
	got, err := shellitem.Parse(b)
	if err != nil || got.Kind != shellitem.File || got.Name != "Long file name.txt" || got.Short != "LONGFI~1.TXT" || got.Size != 1234 || !got.Modified.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestItems(t *testing.T) {
	guid := []byte{0xE0, 0x4F, 0xD0, 0x20, 0xEA, 0x3A, 0x69, 0x10, 0xA2, 0xD8, 0x08, 0x00, 0x2B, 0x30, 0x30, 0x9D}
	const id = "{20D04FE0-3AEA-1069-A2D8-08002B30309D}"
	property := func(set []byte, id uint32, s string) []byte {
		v := append(u32(uint32(17+2*len(s)+2)), u32(id)...)
		v = append(v, 0, 0x1F, 0, 0, 0)
		v = append(v, u32(uint32(len(s)+1))...)
		v = append(v, u16(s)...)
		return append(append(append(u32(uint32(24+len(v)+4)), "1SPS"...), set...), append(v, 0, 0, 0, 0)...)
	}
	display := []byte{0x30, 0xF1, 0x25, 0xB7, 0xEF, 0x47, 0x1A, 0x10, 0xA5, 0xF1, 0x02, 0x60, 0x8C, 0x9E, 0xEB, 0xAC}
	zip := make([]byte, 92-2)
	copy(zip[36-2:], u16("N/A"))
	copy(zip[84-2:], u32(3))
	for _, c := range []struct {
		name string
		b    []byte
		kind shellitem.Kind
		text string
		id   string
	}{
		{"root", item([]byte{0x1F, 0x50}, guid), shellitem.Root, "My Computer", id},
		{"volume", item([]byte{0x2F}, []byte(`C:\`), make([]byte, 19)), shellitem.Volume, `C:\`, ""},
		{"volume by id", item([]byte{0x2E, 0}, guid), shellitem.Volume, "My Computer", id},
		{"drive at the root", item([]byte{0x1F, 0x70, 0x2F, 0, 0x10, 0xB7, 0xA6, 0xF5, 0x19, 0, 0x2F}, []byte("D:\\\x00"), make([]byte, 20)), shellitem.Volume, `D:\`, ""},
		{"share", item([]byte{0xC3, 1, 0x81}, []byte("\\\\SRV\\c$\x00Microsoft Network\x00\x00\x02\x00")), shellitem.Network, `\\SRV\c$`, ""},
		{"address", item([]byte{0x61, 0x80, 0, 0, 0, 0}, u16("ftp://host.example/")), shellitem.URI, "ftp://host.example/", ""},
		{"control panel", item([]byte{0x71, 0x80}, make([]byte, 10), guid), shellitem.ControlPanel, "My Computer", id},
		{"category", item([]byte{0x01, 0}, u32(0x39DE2184), u32(5)), shellitem.ControlCategory, "System and Security", ""},
		{"category out of range", item([]byte{0x01, 0}, u32(0x39DE2184), u32(0xFFFFFFFF)), shellitem.ControlCategory, "category 4294967295", ""},
		{"property store", item([]byte{0, 0, 0, 0}, u32(0x23FEBBEE), make([]byte, 4), property(display, 10, "All Tasks")), shellitem.Properties, "All Tasks", ""},
		{"archive", item(zip, u16("a/b")), shellitem.Archive, `a\b`, ""},
		{"backup", item([]byte{0x52, 0x67, 0xB1, 0xAC}, make([]byte, 40), u32(3), u16("0C"), u32(3), u16("My"), u32(1), u16("")), shellitem.Archive, "My", ""},
		{"unknown", item([]byte{0xFF, 1, 2, 3}), shellitem.Unknown, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := shellitem.Parse(c.b)
			if err != nil || got.Kind != c.kind || got.Name != c.text || got.GUID != c.id {
				t.Errorf("got %s %q %s, %v; want %s %q %s", got.Kind, got.Name, got.GUID, err, c.kind, c.text, c.id)
			}
		})
	}
}

// TestDelegate reads the folder "User's files": a file entry behind CFSF.
func TestDelegate(t *testing.T) {
	inner := entry(8, "DESKTO~1", "Desktop", "")
	// The wrapper is ten bytes longer before the fields of the entry.
	b := append([]byte{0, 0, 0x74, 0, 0x1A, 0, 'C', 'F', 'S', 'F', 0, 0}, inner[2:]...)
	at := le.Uint16(b[len(b)-2:]) + 10
	le.PutUint16(b[len(b)-2:], at)
	le.PutUint16(b, uint16(len(b)))
	got, err := shellitem.Parse(b)
	if err != nil || got.Kind != shellitem.Directory || got.Name != "Desktop" || got.Short != "DESKTO~1" || got.Entry != 437 || !got.Modified.Equal(stamp) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestDamage says what is wrong and where, and keeps what could be read.
func TestDamage(t *testing.T) {
	block := entry(8, "USERS~1", "Users and others", "")
	at := int(le.Uint16(block[len(block)-2:]))
	cut := append([]byte(nil), block...)
	le.PutUint16(cut[at:], 0xFFF0)
	short := append([]byte(nil), block...)
	le.PutUint16(short[at:], 20)
	for _, c := range []struct {
		name, words string
		b           []byte
		offset      int64
		kind        shellitem.Kind
	}{
		{"no bytes", "0 bytes, the smallest has 3", nil, 0, ""},
		{"size too small", "claims 2 bytes", []byte{2, 0, 0x31}, 0, ""},
		{"size too large", "claims 200 bytes, 4 are left", []byte{200, 0, 0x31, 0}, 0, ""},
		{"root without its id", "8 bytes, want 20", item([]byte{0x1F, 0x50, 1, 2, 3, 4}), 0, shellitem.Root},
		{"entry without a name", "8 bytes, want at least 15", item([]byte{0x31, 0, 1, 2, 3, 4}), 0, shellitem.Directory},
		{"block past the item", "claims 65520 bytes", cut, int64(at), shellitem.Directory},
		{"block without its name", "version 8 has 20 bytes, want at least 42", short, int64(at), shellitem.Directory},
		{"address data past the item", "run past the item", item([]byte{0x61, 0, 0xFF, 0xFF, 0, 0}), 4, shellitem.URI},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := shellitem.Parse(c.b)
			fe, ok := errors.AsType[*wire.FormatError](err)
			if !ok || !strings.Contains(err.Error(), c.words) || fe.Offset != c.offset || got.Kind != c.kind {
				t.Errorf("got %q, %v; want %q, an error at %d that says %q", got.Kind, err, c.kind, c.offset, c.words)
			}
		})
	}
}

func TestList(t *testing.T) {
	root := item([]byte{0x1F, 0x50}, []byte{0xE0, 0x4F, 0xD0, 0x20, 0xEA, 0x3A, 0x69, 0x10, 0xA2, 0xD8, 0x08, 0x00, 0x2B, 0x30, 0x30, 0x9D})
	volume := item([]byte{0x2F}, []byte(`C:\`), make([]byte, 19))
	list := append(append(append(append([]byte{}, root...), volume...), entry(9, "USERS~1", "Users", "")...), 0, 0, 99)
	items, n, err := shellitem.List(list)
	if err != nil || n != len(list)-1 || len(items) != 3 {
		t.Fatalf("%d items, %d bytes, %v; want 3 and all but the last byte", len(items), n, err)
	}
	if got, want := shellitem.Path(items), `My Computer\C:\Users`; got != want {
		t.Errorf("Path = %q, want %q", got, want)
	}
	if got, want := shellitem.FilePath(items), `C:\Users`; got != want {
		t.Errorf("FilePath = %q, want %q", got, want)
	}
	// The mark of the end cut off: the items stand.
	items, _, err = shellitem.List(list[:len(list)-3])
	if fe, ok := errors.AsType[*wire.FormatError](err); !ok || fe.Offset != int64(len(list)-3) || len(items) != 3 {
		t.Errorf("%d items, %v; want 3 and an error at %d", len(items), err, len(list)-3)
	}
}

func ExampleList() {
	list := append([]byte{25, 0, 0x2F, 'C', ':', '\\'}, make([]byte, 19+2)...)
	items, _, err := shellitem.List(list)
	if err != nil {
		fmt.Println(err)
	}
	for _, it := range items {
		fmt.Println(it.Kind, it.Name)
	}
	// Output: volume C:\
}

// FuzzList wants the same answer twice, items that lie one behind the other in
// the input, no more of them than fit, and errors that lie inside it.
func FuzzList(f *testing.F) {
	for _, v := range []uint16{3, 7, 8, 9} {
		f.Add(append(entry(v, "USERS~1", "Users", "@x,-1"), 0, 0))
	}
	f.Add(append(item([]byte{0x2F}, []byte(`C:\`), make([]byte, 19)), 0, 0))
	f.Add(append(item([]byte{0x52, 0x67, 0xB1, 0xAC}, make([]byte, 40), u32(3), u16("0C")), 0, 0))
	f.Add(append(item([]byte{0, 0, 0, 0}, u32(0x23FEBBEE), make([]byte, 4), u32(60), []byte("1SPS"), make([]byte, 60)), 0, 0))
	f.Add(append(item([]byte{0x74, 0, 0x1A, 0, 'C', 'F', 'S', 'F', 0, 0, 0x31, 0}, make([]byte, 40)), 0, 0))
	f.Add(append(item([]byte{0xC0, 0}, []byte("AugM"), u32(4), u32(2), u32(1), item([]byte{0x31, 0}, make([]byte, 20))), 0, 0))
	f.Add(append(item([]byte{0, 0, 4, 0}, u32(0x10312005), make([]byte, 60)), 0, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := string(b)
		items, n, err := shellitem.List(b)
		again, n2, err2 := shellitem.List(b)
		if d := cmp.Diff(items, again); d != "" || n != n2 || (err == nil) != (err2 == nil) {
			t.Errorf("the second answer differs: %s", d)
		}
		if string(b) != before {
			t.Error("the input was changed")
		}
		if n > len(b) || len(items) > len(b)/3 {
			t.Errorf("%d items in %d of %d bytes", len(items), n, len(b))
		}
		total := 0
		for _, it := range items {
			total += len(it.Data)
			if it.Kind == "" || len(it.Name) > 4*len(b)+64 {
				t.Errorf("item %+v", it)
			}
		}
		if total > len(b) {
			t.Errorf("items of %d bytes in %d", total, len(b))
		}
		if fe, ok := errors.AsType[*wire.FormatError](err); err != nil && (!ok || fe.Offset < 0 || fe.Offset > int64(len(b))) {
			t.Errorf("error %v outside of %d bytes", err, len(b))
		}
		_ = shellitem.Path(items)
		_ = shellitem.FilePath(items)
	})
}
