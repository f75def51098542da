package lnk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
	"github.com/google/go-cmp/cmp"
)

func full() shelllink.Link {
	l := shelllink.Link{
		Target: `C:\Program Files\Heron\h.exe`, Serial: 0x5C3A91E7, Label: "Windows",
		Name: "Heron notes", Relative: `..\h.exe`, WorkingDir: `C:\Program Files\Heron`, Arguments: `--tray "a b"`, Icon: `%ProgramFiles%\h.ico`,
		Environment: `%ProgramFiles%\Heron\h.exe`, Machine: "kestrel-pc",
		Created: time.Date(2025, 1, 9, 2, 14, 33, 340881200, time.UTC), Accessed: time.Date(2025, 1, 9, 2, 15, 1, 0, time.UTC), Written: time.Date(2024, 12, 12, 9, 0, 26, 0, time.UTC),
		Size: 3408896, Show: 7,
	}
	// A GUID of version 1: its 60 bits of time, then node 02-00-5E-10-20-30.
	l.Droids[1] = [16]byte{0x4B, 0x1F, 0x33, 0x90, 0x2E, 0xCE, 0xEF, 0x11, 0x9C, 0x4D, 0x02, 0x00, 0x5E, 0x10, 0x20, 0x30}
	return l
}

func TestParse(t *testing.T) {
	spec := full()
	for _, wide := range []bool{false, true} {
		spec.Wide = wide
		l, err := lnk.Parse(spec.Build())
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Extra) != 2 || l.Extra[0].Signature != 0xA0000001 || l.Extra[1].Signature != 0xA0000003 {
			t.Errorf("%d extra blocks", len(l.Extra))
		}
		l.Extra = nil
		want := &lnk.Link{
			Flags: 0x2FE, Attributes: 0x20, Created: spec.Created, Accessed: spec.Accessed, Written: spec.Written, Size: spec.Size, ShowCommand: 7, End: len(spec.Build()),
			Volume: &lnk.Volume{DriveType: 3, Serial: spec.Serial, Label: spec.Label}, LocalBasePath: spec.Target,
			Name: spec.Name, RelativePath: spec.Relative, WorkingDir: spec.WorkingDir, Arguments: spec.Arguments, IconLocation: spec.Icon,
			Environment: spec.Environment,
			Tracker: &lnk.Tracker{
				Machine: "kestrel-pc", Droid: "00000000-0000-0000-0000-000000000000", File: "90331F4B-CE2E-11EF-9C4D-02005E102030",
				BirthDroid: "00000000-0000-0000-0000-000000000000", BirthFile: "00000000-0000-0000-0000-000000000000",
				FileCreated: time.Date(2025, 1, 9, 2, 8, 5, 486164300, time.UTC), MAC: "02:00:5e:10:20:30",
			},
		}
		if diff := cmp.Diff(want, l); diff != "" {
			t.Errorf("Parse, wide %t (-want +got):\n%s", wide, diff)
		}
		if l.Target() != spec.Target {
			t.Errorf("Target = %q", l.Target())
		}
	}
}

// A shortcut without LinkInfo has its path in the item list, or with variables.
func TestTarget(t *testing.T) {
	file := func(kind byte, short, long string, version uint16) []byte {
		b := append([]byte{0, 0, kind, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0x10, 0}, short...)
		b = append(b, 0)
		if len(b)%2 != 0 {
			b = append(b, 0)
		}
		if long != "" {
			at := len(b)
			head := map[uint16]int{3: 20, 7: 38, 8: 42, 9: 46}[version]
			ext := make([]byte, head)
			binary.LittleEndian.PutUint16(ext[2:], version)
			binary.LittleEndian.PutUint32(ext[4:], 0xBEEF0004)
			for _, c := range long {
				ext = binary.LittleEndian.AppendUint16(ext, uint16(c))
			}
			ext = append(ext, 0, 0)
			ext = binary.LittleEndian.AppendUint16(ext, uint16(at))
			binary.LittleEndian.PutUint16(ext, uint16(len(ext)))
			b = append(b, ext...)
		}
		binary.LittleEndian.PutUint16(b, uint16(len(b)))
		return b
	}
	root := append([]byte{20, 0, 0x1F, 0x50}, make([]byte, 16)...)
	drive := append([]byte{25, 0, 0x2F}, append([]byte(`C:\`), make([]byte, 19)...)...)
	list := func(items ...[]byte) []byte { return append(bytes.Join(items, nil), 0, 0) }
	for _, tt := range []struct {
		name string
		link shelllink.Link
		want string
	}{
		{"item list", shelllink.Link{IDList: list(root, drive, file(0x31, "PROGRA~1", "Program Files", 9), file(0x32, "h.exe", "", 0))}, `C:\Program Files\h.exe`},
		{"item list of XP", shelllink.Link{IDList: list(root, drive, file(0x32, "LONGNA~1.EXE", "long name.exe", 3))}, `C:\long name.exe`},
		{"item list of Vista", shelllink.Link{IDList: list(root, drive, file(0x32, "LONGNA~1.EXE", "long name.exe", 7))}, `C:\long name.exe`},
		{"item list of 7", shelllink.Link{IDList: list(root, drive, file(0x32, "LONGNA~1.EXE", "long name.exe", 8))}, `C:\long name.exe`},
		{"control panel", shelllink.Link{IDList: list(root, []byte{6, 0, 0x71, 0, 1, 2}), Relative: `..\x`}, `..\x`},
		{"variables", shelllink.Link{Environment: `%windir%\x.exe`, IDList: list(root)}, `%windir%\x.exe`},
		{"narrow", shelllink.Link{Narrow: true, Relative: `.\x.exe`}, `.\x.exe`},
	} {
		l, err := lnk.Parse(tt.link.Build())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		} else if got := l.Target(); got != tt.want {
			t.Errorf("%s: Target = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Each damage is named with its place, and what stands before it is kept.
func TestDamage(t *testing.T) {
	good := full().Build()
	info := 76
	infoLen := int(binary.LittleEndian.Uint32(good[info:]))
	extra := len(good) - 4 - 0x60 - 0x314
	set := func(off int, v uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[off:], v)
		return b
	}
	for _, tt := range []struct {
		name string
		b    []byte
		want string
	}{
		{"header cut", good[:50], "lnk: ShellLinkHeader at offset 50: ends inside of the header"},
		{"LinkInfo too long", set(info, 1<<30), "lnk: LinkInfo at offset 76: runs past the end"},
		{"LinkInfo too short", set(info, 8), "lnk: LinkInfo at offset 76: shorter than its header"},
		{"path past the end", set(info+16, 0xFFFFFFFF), "lnk: LocalBasePath at offset 92: offset leads past the end"},
		{"volume past the end", set(info+12, uint32(infoLen)), "lnk: VolumeID at offset 88: offset leads past the end"},
		{"arguments cut", good[:extra-20], fmt.Sprintf("lnk: ICON_LOCATION at offset %d: runs past the end", extra-2-2*len(full().Icon))},
		{"block too long", set(extra, 0x7FFFFFFF), fmt.Sprintf("lnk: ExtraData at offset %d: block of 2147483647 bytes where %d are left", extra, len(good)-extra)},
		{"block cut", good[:len(good)-10], fmt.Sprintf("lnk: ExtraData at offset %d: block of 96 bytes where 90 are left", len(good)-100)},
	} {
		l, err := lnk.Parse(tt.b)
		if l == nil || err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
			continue
		}
		if len(tt.b) > 76 && l.Size != 3408896 {
			t.Errorf("%s: the header is gone", tt.name)
		}
	}
	if _, err := lnk.Parse([]byte("MZ")); err != lnk.ErrNotLink {
		t.Errorf("no shortcut: %v", err)
	}
}

// storage returns a property storage with one set.
func storage(set []byte, properties ...[]byte) []byte {
	b := append([]byte("\x00\x00\x00\x001SPS"), set...)
	for _, p := range properties {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)+4))
		b = append(b, p...)
	}
	b = append(b, 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	return b
}

func property(id uint32, kind uint16, value ...byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, id)
	return append(append(b, 0, byte(kind), byte(kind>>8), 0, 0), value...)
}

func counted(s string) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(s)+1))
	for _, c := range s + "\x00" {
		b = binary.LittleEndian.AppendUint16(b, uint16(c))
	}
	return b
}

var appModel = []byte{0x55, 0x28, 0x4C, 0x9F, 0x79, 0x9F, 0x39, 0x4B, 0xA8, 0xD0, 0xE1, 0xD4, 0x2D, 0xE1, 0xD5, 0xF3}

// withBlock puts an extra block in front of the end mark.
func withBlock(link []byte, sig uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32(bytes.Clone(link[:len(link)-4]), uint32(len(data)+8))
	b = append(binary.LittleEndian.AppendUint32(b, sig), data...)
	return append(b, 0, 0, 0, 0)
}

func TestProperties(t *testing.T) {
	named := append(binary.LittleEndian.AppendUint32(nil, 10), 0)
	named = append(append(named, 'n', 0, 'a', 0, 'm', 0, 'e', 0, 0, 0), 11, 0, 0, 0, 0xFF, 0xFF)
	namedSet := []byte{0x05, 0xD5, 0xCD, 0xD5, 0x9C, 0x2E, 0x1B, 0x10, 0x93, 0x97, 0x08, 0x00, 0x2B, 0x2C, 0xF9, 0xAE}
	store := append(storage(appModel, property(5, 31, counted("Heron.Notes")...), property(9, 19, 7, 0, 0, 0), property(10, 64, 0, 0x80, 0x3E, 0xD5, 0xDE, 0xB1, 0x9D, 1)), storage(namedSet, named)...)
	store = append(store, 0, 0, 0, 0)
	b := withBlock(full().Build(), 0xA0000009, store)
	l, err := lnk.Parse(append(b, "more"...))
	if err != nil {
		t.Fatal(err)
	}
	if l.AppID != "Heron.Notes" || l.End != len(b) || l.Trailing != 4 {
		t.Errorf("AppID %q, end %d of %d, %d after it", l.AppID, l.End, len(b), l.Trailing)
	}
	var got []string
	for _, p := range l.Properties {
		got = append(got, fmt.Sprintf("%.8s %d %s %v", p.Format, p.ID, p.Name, p.Value))
		if b[p.Offset+4] != byte(p.ID) && p.ID != 0 {
			t.Errorf("property %d is not at %d", p.ID, p.Offset)
		}
	}
	want := []string{"9F4C2855 5  Heron.Notes", "9F4C2855 9  7", "9F4C2855 10  1970-01-01 00:00:00 +0000 UTC", "D5CDD505 0 name true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}

	// A packaged program is named in the item list alone.
	item := append([]byte{0, 0, 0x00, 0x00, 'A', 'P', 'P', 'S'}, storage(appModel, property(5, 31, counted("Family_1!App")...))...)
	binary.LittleEndian.PutUint16(item, uint16(len(item)))
	l, err = lnk.Parse(shelllink.Link{IDList: append(item, 0, 0), Arguments: "-x"}.Build())
	if err != nil || l.AppID != "Family_1!App" || l.Arguments != "-x" {
		t.Errorf("AppID %q, arguments %q, %v", l.AppID, l.Arguments, err)
	}

	for _, c := range []struct {
		b    []byte
		want string
	}{
		{append([]byte{200, 0, 0, 0}, store[4:]...), "storage of 200 bytes, or of another version, where"},
		{append(bytes.Clone(store[:24]), 0xFF, 0xFF, 0, 0), "storage of"},
		{storage(appModel, []byte{1, 2})[:], "property of 6 bytes where"},
	} {
		if l, err := lnk.Parse(withBlock(full().Build(), 0xA0000009, c.b)); err == nil || l.Arguments == "" {
			t.Errorf("no error, want %s", c.want)
		} else if !bytes.Contains([]byte(err.Error()), []byte(c.want)) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// Two names that differ only in an unpaired surrogate stay two.
func TestSurrogates(t *testing.T) {
	b := shelllink.Link{Wide: true, Name: "x", Arguments: "ab"}.Build()
	at := bytes.LastIndex(b, []byte{'a', 0, 'b', 0})
	var got []string
	for _, u := range []uint16{0xD800, 0xDFFF} {
		binary.LittleEndian.PutUint16(b[at:], u)
		l, err := lnk.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, l.Arguments)
	}
	if want := []string{`\u{D800}b`, `\u{DFFF}b`}; !reflect.DeepEqual(got, want) {
		t.Errorf("arguments %q, want %q", got, want)
	}
}

// TestEvidence reads the real shortcuts. Those with damage are known.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	n, apps := 0, 0
	err := filepath.WalkDir(filepath.Join(root, "artifacts2", "lnk"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		l, err := lnk.Parse(b)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		if l.Target() == "" && len(l.IDList) == 0 && l.AppID == "" {
			t.Errorf("%s: nothing leads to a target", path)
		}
		n++
		if l.AppID != "" {
			apps++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d shortcuts, %d with an AppUserModelID", n, apps)
	if n < 60 || apps == 0 {
		t.Errorf("%d shortcuts, %d with an AppUserModelID", n, apps)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(full().Build())
	f.Add(shelllink.Link{IDList: []byte{20, 0, 0x1F, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Narrow: true, Arguments: "x"}.Build())
	f.Add(withBlock(full().Build(), 0xA0000009, storage(appModel, property(5, 31, counted("Heron.Notes")...))))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := lnk.Parse(b)
		if l == nil {
			if err == nil {
				t.Fatal("neither a link nor an error")
			}
			return
		}
		l.Target()
		for _, d := range l.Damage {
			if d.Offset < 0 || d.Offset > int64(len(b)) {
				t.Errorf("damage outside of the file: %v", d)
			}
		}
		n := 0
		for _, k := range l.Extra {
			n += len(k.Data) + 8
		}
		if n > len(b) {
			t.Errorf("extra blocks of %d bytes in %d", n, len(b))
		}
		again, _ := lnk.Parse(b)
		if !reflect.DeepEqual(l, again) {
			t.Error("not the same twice")
		}
	})
}

func ExampleParse() {
	l, err := lnk.Parse(full().Build())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(l.Target(), l.Arguments)
	fmt.Println("made on", l.Tracker.Machine)
	// Output:
	// C:\Program Files\Heron\h.exe --tray "a b"
	// made on kestrel-pc
}
