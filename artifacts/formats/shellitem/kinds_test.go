package shellitem_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
)

// guidBytes turns a GUID into the bytes that an item has: the first three
// groups are little-endian.
func guidBytes(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.NewReplacer("{", "", "}", "", "-", "").Replace(s))
	if err != nil || len(b) != 16 {
		t.Fatalf("%s: %v", s, err)
	}
	for _, p := range [][2]int{{0, 3}, {1, 2}, {4, 5}, {6, 7}} {
		b[p[0]], b[p[1]] = b[p[1]], b[p[0]]
	}
	return b
}

// texts is UTF-16 without its NUL.
func texts(s string) []byte { b := u16(s); return b[:len(b)-2] }

// at puts parts at offsets of an item, whose size comes first.
func at(size int, parts map[int][]byte) []byte {
	b := make([]byte, size)
	le.PutUint16(b, uint16(size))
	for off, p := range parts {
		copy(b[off:], p)
	}
	return b
}

// value is a text of a property store: size, id, a reserved byte, type 1F.
func value(id uint32, s string) []byte {
	v := append(u32(0), u32(id)...)
	v = append(v, 0, 0x1F, 0, 0, 0)
	v = append(v, u32(uint32(len(s)+1))...)
	v = append(v, u16(s)...)
	le.PutUint32(v, uint32(len(v)))
	return v
}

func properties(set []byte, values ...[]byte) []byte {
	b := append(append(u32(0), "1SPS"...), set...)
	for _, v := range values {
		b = append(b, v...)
	}
	b = append(b, 0, 0, 0, 0)
	le.PutUint32(b, uint32(len(b)))
	return b
}

const (
	display  = "{B725F130-47EF-101A-A5F1-02608C9EEBAC}"
	namePath = "{28636AA6-953D-11D2-B5D6-00C04FD918D0}"
	appID    = "{9F4C2855-9F79-4B39-A8D0-E1D42DE1D5F3}"
	computer = "{20D04FE0-3AEA-1069-A2D8-08002B30309D}"
	docs     = "{FDD39AD0-238F-46AF-ADB4-6C85480369C7}"
	delegate = "{5E591A74-DF96-48D3-8D67-1733BCEE28BA}"
)

// TestSignatures reads the items that a signature tells and not their class,
// laid out by the offsets of "Windows Shell Item format".
func TestSignatures(t *testing.T) {
	id := func(s string) []byte { return guidBytes(t, s) }
	cpl := append(append([]byte{}, u16(`C:\Windows\System32\main.cpl`)...), u16("Mouse")...)
	inner := entry(9, "MUSIC~1", "Music to burn", "")
	for _, c := range []struct {
		name string
		b    []byte
		want shellitem.Item
	}{
		{"control panel file", at(26+len(cpl), map[int][]byte{4: u32(0xFFFFFF38), 24: cpl}),
			shellitem.Item{Kind: shellitem.ControlPanel, Name: "Mouse", Short: `C:\Windows\System32\main.cpl`}},
		{"control panel file with one text", at(24+8, map[int][]byte{4: u32(0xFFFFFF38), 24: texts("a.cp")}),
			shellitem.Item{Kind: shellitem.ControlPanel, Name: "a.cp", Short: "a.cp"}},
		{"control panel file without a text", at(24, map[int][]byte{4: u32(0xFFFFFF38)}), shellitem.Item{Kind: shellitem.ControlPanel}},
		{"game", at(30, map[int][]byte{4: []byte("GFSI"), 8: id(docs)}), shellitem.Item{Kind: shellitem.Game, Name: "Documents", GUID: docs}},
		{"game cut", at(20, map[int][]byte{4: []byte("GFSI")}), shellitem.Item{Kind: shellitem.Game}},
		{"to be burned", at(24+len(inner), map[int][]byte{2: {0xC0}, 4: []byte("AugM"), 8: u32(4), 20: inner}),
			shellitem.Item{Kind: shellitem.Directory, Name: "Music to burn", Short: "MUSIC~1"}},
		{"to be burned, another list", at(20+len(inner), map[int][]byte{2: {0xC0}, 4: []byte("AugM"), 8: u32(2), 16: inner}),
			shellitem.Item{Kind: shellitem.Directory, Name: "Music to burn", Short: "MUSIC~1"}},
		{"to be burned, empty", at(16, map[int][]byte{2: {0xC0}, 4: []byte("AugM"), 8: u32(2)}), shellitem.Item{Kind: shellitem.Unknown}},
		{"to be burned, no file entry", at(60, map[int][]byte{2: {0xC0}, 4: []byte("AugM"), 8: u32(2), 16: {30, 0, 0x1F}}),
			shellitem.Item{Kind: shellitem.Unknown}},
		{"storage of a device", at(54+20, map[int][]byte{6: u32(0x10312005), 38: u32(5), 54: u16("Phone and more")}),
			shellitem.Item{Kind: shellitem.Device, Name: "Phone"}},
		{"file of a device", at(74+20, map[int][]byte{6: u32(0x07192006), 62: u32(1000), 74: u16("DCIM")}),
			shellitem.Item{Kind: shellitem.Device, Name: "DCIM"}},
		{"device without a text", at(54, map[int][]byte{6: u32(0x10312005), 38: u32(5)}), shellitem.Item{Kind: shellitem.Device}},
		{"known folder", at(40, map[int][]byte{6: u32(0x23FEBBEE), 12: {16, 0}, 14: id(docs)}),
			shellitem.Item{Kind: shellitem.Properties, Name: "Documents", GUID: docs}},
		{"identifier of another size", at(40, map[int][]byte{6: u32(0x23FEBBEE), 12: {8, 0}, 14: id(docs)}),
			shellitem.Item{Kind: shellitem.Properties}},
		{"unknown folder", at(40, map[int][]byte{6: u32(0xBEEBEE00), 12: {16, 0}, 14: id("{01020304-0506-0708-090A-0B0C0D0E0F10}")}),
			shellitem.Item{Kind: shellitem.Properties, Name: "{01020304-0506-0708-090A-0B0C0D0E0F10}",
				GUID: "{01020304-0506-0708-090A-0B0C0D0E0F10}"}},
		{"delegate of a volume's class", at(80, map[int][]byte{2: {0x2E}, 4: id(computer), 48: id(delegate), 64: id(docs)}),
			shellitem.Item{Kind: shellitem.Delegate, Name: "Documents", GUID: docs}},
		{"delegate without CFSF", at(60, map[int][]byte{2: {0x74}}), shellitem.Item{Kind: shellitem.Delegate}},
	} {
		got, err := shellitem.Parse(c.b)
		if err != nil || got.Kind != c.want.Kind || got.Name != c.want.Name || got.Short != c.want.Short || got.GUID != c.want.GUID {
			t.Errorf("%s: %s %q (%q) %s, %v; want %+v", c.name, got.Kind, got.Name, got.Short, got.GUID, err, c.want)
		}
		if !bytes.Equal(got.Data, c.b) || got.Class != c.b[2] {
			t.Errorf("%s: class %02X, %d bytes kept", c.name, got.Class, len(got.Data))
		}
	}
}

// TestArchives reads folders inside of a zip: the name, and the way to it.
func TestArchives(t *testing.T) {
	zip := func(date, first, second string) []byte {
		b := at(92, map[int][]byte{2: {0x0B}, 36: u16(date), 84: u32(uint32(len(first))), 88: u32(uint32(len(second)))})
		b = append(b, u16(first)...)
		if second != "" {
			b = append(b, u16(second)...)
		}
		le.PutUint16(b, uint16(len(b)))
		return b
	}
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"no date", "docs", zip("N/A", "docs", "")},
		{"a date", "docs", zip("8/9/2021  10:11:12", "docs", "")},
		{"a German date", "docs", zip("09.08.2021 10:11", "docs", "")},
		{"deeper", `docs\a\b`, zip("N/A", "docs", "a/b")},
		{"deeper, with a slash", `docs\a\b`, zip("N/A", "docs/", "a/b")},
	} {
		got, err := shellitem.Parse(c.b)
		if err != nil || got.Kind != shellitem.Archive || got.Name != c.want {
			t.Errorf("%s: %s %q, %v", c.name, got.Kind, got.Name, err)
		}
	}
	for name, b := range map[string][]byte{
		"a date that is none": zip("today, at noon", "docs", ""), "a short date": zip("1/2/21", "docs", ""), "no name": zip("N/A", "", ""),
	} {
		if got, err := shellitem.Parse(b); err != nil || got.Kind != shellitem.Unknown || got.Name != "" {
			t.Errorf("%s: %s %q, %v", name, got.Kind, got.Name, err)
		}
	}
	long := zip("N/A", "docs", "")
	le.PutUint32(long[84:], 5000) // a name that runs past the item
	if got, _ := shellitem.Parse(long); got.Kind != shellitem.Unknown {
		t.Errorf("a name past the item: %s %q", got.Kind, got.Name)
	}
	way := zip("N/A", "docs", "a/b")
	le.PutUint32(way[88:], 5000) // the way runs past: the name stays
	if got, _ := shellitem.Parse(way); got.Kind != shellitem.Archive || got.Name != "docs" {
		t.Errorf("a way past the item: %s %q", got.Kind, got.Name)
	}
	backup := at(46, map[int][]byte{2: {0x52, 0x67, 0xB1, 0xAC}})
	backup = append(backup, u32(500)...)
	backup = append(backup, u16("cut")...)
	le.PutUint16(backup, uint16(len(backup)))
	if got, err := shellitem.Parse(backup); err != nil || got.Kind != shellitem.Archive || got.Name != "" {
		t.Errorf("a backup that is cut: %s %q, %v", got.Kind, got.Name, err)
	}
}

// TestProperties takes the best name of the stores of an item: the id of an
// application before the shown name, that before the path.
func TestProperties(t *testing.T) {
	id := func(s string) []byte { return guidBytes(t, s) }
	shown, path := properties(id(display), value(10, "Shown")), properties(id(namePath), value(30, `C:\way`))
	app := properties(id(appID), value(5, "App!Id"))
	other := properties(id(computer), value(10, "of another set"))
	number := append(append(u32(13+4), u32(10)...), 0, 3, 0, 0, 0, 7, 0, 0, 0) // type 3, a number
	for _, c := range []struct {
		name, want string
		stores     [][]byte
	}{
		{"shown", "Shown", [][]byte{shown}},
		{"path", `C:\way`, [][]byte{path}},
		{"shown before path", "Shown", [][]byte{path, shown}},
		{"shown before path, first", "Shown", [][]byte{shown, path}},
		{"application", "App!Id", [][]byte{app, shown, path}},
		{"another set", "", [][]byte{other}},
		{"another id", "", [][]byte{properties(id(display), value(11, "Shown"))}},
		{"behind a number", "Shown", [][]byte{properties(id(display), number, value(10, "Shown"))}},
		{"an empty one", `C:\way`, [][]byte{properties(id(display), value(10, "")), path}},
		{"the first of two", "One", [][]byte{properties(id(display), value(10, "One"), value(10, "Two"))}},
	} {
		b := append([]byte{0x00, 0x00, 0x00, 0x00}, bytes.Join(c.stores, nil)...)
		got, err := shellitem.Parse(item(b))
		if err != nil || got.Kind != shellitem.Properties || got.Name != c.want {
			t.Errorf("%s: %s %q, %v; want %q", c.name, got.Kind, got.Name, err, c.want)
		}
	}
	// A root folder with a store is a view of it: a search.
	got, err := shellitem.Parse(item([]byte{0x1F, 0}, id(computer), shown))
	if err != nil || got.Kind != shellitem.Properties || got.Name != "Shown" || got.GUID != computer {
		t.Errorf("root: %+v, %v", got, err)
	}
	// Broken stores end the reading of their values and of nothing else.
	tooLong := properties(id(display), value(10, "Shown"))
	le.PutUint32(tooLong[24+13:], 1<<31) // characters
	noSize := properties(id(display), value(10, "Shown"))
	le.PutUint32(noSize[24:], 0)
	for name, b := range map[string][]byte{"a text past its value": tooLong, "a value without a size": noSize} {
		got, err := shellitem.Parse(item([]byte{0, 0, 0, 0}, b, path))
		if err != nil || got.Name != `C:\way` {
			t.Errorf("%s: %q, %v", name, got.Name, err)
		}
	}
}

// TestAddress reads the texts of an address item in both widths.
func TestAddress(t *testing.T) {
	host := at(6+42+60, map[int][]byte{2: {0x61}, 4: {100, 0}, 42: u32(12), 46: []byte("ftp.example\x00")})
	wide := at(6+42+60, map[int][]byte{2: {0x61, 0x80}, 4: {100, 0}, 42: u32(24), 46: u16("ftp.example")})
	long := at(6+42+60, map[int][]byte{2: {0x61}, 4: {100, 0}, 42: u32(5000), 46: []byte("ftp.example\x00")})
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"8-bit", "http://a/", item([]byte{0x61, 0, 0, 0, 0, 0}, []byte("http://a/\x00"))},
		{"UTF-16", "http://é/", item([]byte{0x61, 0x80, 0, 0, 0, 0}, u16("http://é/"))},
		{"only its host", "ftp.example", host},
		{"only its host, UTF-16", "ftp.example", wide},
		{"host longer than the data", "", long},
		{"nothing", "", item([]byte{0x61, 0, 0, 0, 0, 0})},
	} {
		got, err := shellitem.Parse(c.b)
		if err != nil || got.Kind != shellitem.URI || got.Name != c.want {
			t.Errorf("%s: %s %q, %v", c.name, got.Kind, got.Name, err)
		}
	}
}

// TestPaths spells the way that a list leads: an item outside of a file
// system has no path, and an item without a name is not passed over.
func TestPaths(t *testing.T) {
	root, drive := shellitem.Item{Kind: shellitem.Root, Name: "My Computer"}, shellitem.Item{Kind: shellitem.Volume, Name: `D:\`}
	share := shellitem.Item{Kind: shellitem.Network, Name: `\\SRV\c$`}
	net := shellitem.Item{Kind: shellitem.Network, Name: "Entire Network"}
	dir, nameless := shellitem.Item{Kind: shellitem.Directory, Name: "a"}, shellitem.Item{Kind: shellitem.File, Class: 0x32}
	phone := shellitem.Item{Kind: shellitem.Device, Name: "Phone"}
	for _, c := range []struct {
		path, file string
		items      []shellitem.Item
	}{
		{"", "", nil},
		{"My Computer", "", []shellitem.Item{root}},
		{`My Computer\D:\a`, `D:\a`, []shellitem.Item{root, drive, dir}},
		{`D:`, `D:`, []shellitem.Item{drive}},
		{`Entire Network\\\SRV\c$\a`, `\\SRV\c$\a`, []shellitem.Item{net, share, dir}},
		{`My Computer\Phone\a`, "", []shellitem.Item{root, phone, dir}},
		{`D:\<file 32>\a`, `D:\<file 32>\a`, []shellitem.Item{drive, nameless, dir}},
		{`D:\a\D:\a`, `D:\a`, []shellitem.Item{drive, dir, drive, dir}},
	} {
		if got := shellitem.Path(c.items); got != c.path {
			t.Errorf("Path = %q, want %q", got, c.path)
		}
		if got := shellitem.FilePath(c.items); got != c.file {
			t.Errorf("FilePath = %q, want %q", got, c.file)
		}
	}
}

// TestBlocks walks extension blocks: those that are not known are named and
// skipped, and the reference of BEEF0004 does not hide what follows it.
func TestBlocks(t *testing.T) {
	b := entry(9, "A~1", "A long name", "")
	first := int(le.Uint16(b[len(b)-2:]))
	block := func(sig uint32, content ...byte) []byte {
		x := append(append([]byte{0, 0, 0, 0}, u32(sig)...), content...)
		le.PutUint16(x, uint16(len(x)))
		return x
	}
	// Each block ends with the offset of the first one, and so does the item.
	more := append(block(0xBEEF0003, guidBytes(t, docs)...), block(0xBEEF0019, 1, 2, byte(first), byte(first>>8))...)
	whole := append(append([]byte{}, b...), more...)
	le.PutUint16(whole, uint16(len(whole)))
	got, err := shellitem.Parse(whole)
	if err != nil || got.Name != "A long name" || got.GUID != docs || len(got.Blocks) != 3 || got.Blocks[2] != 0xBEEF0019 || got.Entry != 437 {
		t.Errorf("%+v, %v", got, err)
	}
	// A broken block comes with what was read before it.
	at := first + int(le.Uint16(whole[first:])) + 24
	le.PutUint16(whole[at:], 0x7000)
	got, err = shellitem.Parse(whole)
	if err == nil || !strings.Contains(err.Error(), "claims 28672 bytes") || got.Name != "A long name" || got.GUID != docs {
		t.Errorf("%+v, %v", got, err)
	}
	// A Unicode entry (flag 4), and a version without names of its own.
	wide := item([]byte{0x36, 0}, u32(9), u32(0), []byte{0, 0}, u16("wide é.txt"))
	if got, err := shellitem.Parse(wide); err != nil || got.Name != "wide é.txt" || got.Kind != shellitem.File || got.Size != 9 {
		t.Errorf("%+v, %v", got, err)
	}
}
