package lnk_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
			Flags: 0x2FE, Attributes: 0x20, Created: spec.Created, Accessed: spec.Accessed, Written: spec.Written, Size: spec.Size, ShowCommand: 7,
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

func FuzzParse(f *testing.F) {
	f.Add(full().Build())
	f.Add(shelllink.Link{IDList: []byte{20, 0, 0x1F, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Narrow: true, Arguments: "x"}.Build())
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
