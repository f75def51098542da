package evidence

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
)

// TestHiveNames goes by the name of a file where its keys tell nothing.
func TestHiveNames(t *testing.T) {
	for name, want := range map[string]Kind{
		`\SystemRoot\System32\Config\SYSTEM`: SYSTEM, "software": SOFTWARE, "Sam": SAM, "SECURITY": SECURITY, "NTUSER.DAT": NTUSER,
		"ntuser.man": NTUSER, "DEFAULT": NTUSER, `C:\x\UsrClass.dat`: USRCLASS, "Amcache.hve": AMCACHE, "COMPONENTS": OTHER, "": OTHER,
		"SYSTEM.bak": OTHER,
	} {
		if got := byFileName(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]string{
		"NTUSER.DAT.locked": "NTUSER.DAT", "a/SYSTEM.id-123.[mail].ext": "SYSTEM", "SYSTEM": "SYSTEM", "photo.jpg.x": "photo",
		".hidden":      ".hidden",
		"UsrClass.dat": "UsrClass.dat",
	} {
		if got := lostName(name); got != want {
			t.Errorf("%q was %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]bool{"SYSTEM.LOG": true, "a/system.log1": true, "x.Log2": true, "x.log3": false, "log": false,
		"SYSTEM": false} {
		if isLogName(name) != want {
			t.Errorf("%s: a log %v", name, !want)
		}
	}
	for head, want := range map[string]bool{"C:": true, "z:": true, "C": false, "1:": false, "CC:": false, "%C": false, "@:": false,
		"[:": false} {
		if isLetter(head) != want {
			t.Errorf("%s: a letter %v", head, !want)
		}
	}
}

// TestMounted says which drive letter MountedDevices proves, and why none.
func TestMounted(t *testing.T) {
	mbr := "\x78\x56\x34\x12\x00\x00\x10\x00\x00\x00\x00\x00"
	gpt := image.MountedGPT + "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xAA\xBB\xCC\xDD\xEE\xFF"
	m := mountedLetters{mbr: {"D:"}, gpt: {"E:"}, "two": {"F:", "G:"}}
	for _, c := range []struct{ mounted, letter, why string }{
		{mbr, "D:", "D: by MountedDevices (disk 12345678, partition at 1048576)"},
		{gpt, "E:", "E: by MountedDevices (partition {00112233-4455-6677-8899-aabbccddeeff})"},
		{"two", "", "MountedDevices gives it the letters F: and G:"},
		{"nobody's", "", ""},
		{"", "", ""},
	} {
		if letter, why := m.of(c.mounted, map[string]bool{"C:": true}); letter != c.letter || why != c.why {
			t.Errorf("%x: %q, %q; want %q, %q", c.mounted, letter, why, c.letter, c.why)
		}
	}
	if letter, why := m.of(mbr, map[string]bool{"D:": true}); letter != "" || why != "MountedDevices gives it D:, as another volume has" {
		t.Errorf("a letter that is taken: %q, %q", letter, why)
	}
	if letter, _ := mountedLetters(nil).of(mbr, nil); letter != "" {
		t.Errorf("of nothing: %q", letter)
	}
	for mounted, want := range map[string]string{"abc": "616263", image.MountedGPT + "short": fmt.Sprintf("%x", image.MountedGPT+"short")} {
		if got := mountedText(mounted); got != want {
			t.Errorf("%q: %s, want %s", mounted, got, want)
		}
	}
	// A letter replaces C:, in the copies as well, and what was found under C: is looked for again.
	tree := newTree(collect.Machine{Path: ".", Volumes: []collect.Vol{
		{Name: "C:", FS: fstest.MapFS{"Windows/System32/config/SYSTEM": {Data: []byte("regf")}}},
		{Name: "C:", Snapshot: "vss1", FS: fstest.MapFS{"Windows/System32/x": {}}},
		{Name: "D:", FS: fstest.MapFS{"x": {}}},
	}}, "case", nil)
	if hives, _ := tree.Hives(); len(hives) != 1 || hives[0].Path != `C:\Windows\System32\config\SYSTEM` {
		t.Errorf("%v", hives)
	}
	tree.setLetter("E:")
	if hives, _ := tree.Hives(); len(hives) != 1 || hives[0].Path != `E:\Windows\System32\config\SYSTEM` {
		t.Errorf("%v", hives)
	}
	var names []string
	for _, v := range tree.Volumes() {
		names = append(names, v.Name+v.Snapshot)
	}
	if fmt.Sprint(names) != "[E: E:vss1 D:]" {
		t.Errorf("volumes %v", names)
	}
}

// listedCollection is a collection that lists some folders: each folder with
// whether all of its names are listed.
func listedCollection(t *testing.T, scope string, folders map[string]bool, files ...string) fstest.MapFS {
	t.Helper()
	var listing bytes.Buffer
	z := gzip.NewWriter(&listing)
	enc := json.NewEncoder(z)
	type line struct {
		Path   string    `json:"path"`
		Dir    bool      `json:"dir,omitempty"`
		Listed bool      `json:"listed,omitempty"`
		Times  [6]uint64 `json:"times"`
	}
	var names []string
	for name := range folders {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := enc.Encode(line{Path: name, Dir: true, Listed: folders[name]}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range files {
		if err := enc.Encode(line{Path: name}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{
		"uploads/auto/C%3A/Windows/System32/config/SYSTEM": {Data: []byte("regf")},
		"artifactdump/listing.jsonl.gz":                    {Data: listing.Bytes()},
		"artifactdump/files.jsonl":                         {},
		"artifactdump/manifest.json": {Data: []byte(`{"volumes":[{"name":"C:","stored":"uploads/auto/C%3A","listing":"listing.jsonl.gz",` +
			`"listing_scope":"` + scope + `"}]}`)},
	}
}

// TestShows: a collection that lists some folders says of a file that it is not
// there only where it has all names of the folder, or of the first one on the way
// that is there.
func TestShows(t *testing.T) {
	fsys := listedCollection(t, "hot", map[string]bool{
		`C:\Windows`: true, `C:\Windows\System32`: true, `C:\Windows\WinSxS`: false, `C:\Games`: false, `C:\Users`: true,
	}, `C:\Windows\System32\cmd.exe`)
	ev, err := OpenFS(fsys, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	tree := ev.Trees[0]
	for path, want := range map[string]bool{
		`C:\Windows\System32\gone.exe`:     true,
		`C:\Windows\System32\new\gone.exe`: true, // the folder would be listed
		`C:\Windows\WinSxS\gone.dll`:       false,
		`C:\Windows\WinSxS\a\b\gone.dll`:   false,
		`C:\Games\gone.exe`:                false,
		`C:\Users\anna\gone.exe`:           true,
		`C:\Nowhere\gone.exe`:              true, // the root is listed
		`D:\gone.exe`:                      true, // no such volume
	} {
		if got := tree.Shows(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	for path, want := range map[string]bool{
		`C:\Windows\System32\gone.exe`: true, `C:\Windows\WinSxS\gone.dll`: false, `C:\Nowhere\gone.exe`: false,
	} {
		if got := tree.Walked(path); got != want {
			t.Errorf("walked for %s: %v, want %v", path, got, want)
		}
	}
	if _, ok := tree.Lookup(`C:\Windows\System32\cmd.exe`); !ok {
		t.Error("a listed file is not found")
	}
	whole, err := OpenFS(fstest.MapFS{"Windows/System32/x": {}}, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !whole.Trees[0].Shows(`C:\Games\gone.exe`) {
		t.Error("a folder shows everything that it has")
	}
}

// TestSigned finds loose files by their first bytes; elsewhere the place decides.
func TestSigned(t *testing.T) {
	pf := append([]byte{30, 0, 0, 0, 'S', 'C', 'C', 'A'}, make([]byte, 300)...)
	loose, err := OpenFS(fstest.MapFS{"a/one.bin": {Data: pf}, "two.pf": {Data: pf}, "three.txt": {Data: []byte("text")}}, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	tree := loose.Trees[0]
	var got []string
	for _, f := range tree.Signed(collect.PrefetchFile) {
		got = append(got, f.Path[strings.LastIndexByte(f.Path, '\\')+1:])
	}
	slices.Sort(got)
	if fmt.Sprint(got) != "[one.bin two.pf]" || len(tree.Signed(collect.HiveFile)) != 0 || !tree.Loose() {
		t.Errorf("%v", got)
	}
	// A pattern of Prefetch files finds them under any name, each once.
	list, errs := tree.Glob(`%SystemRoot%\Prefetch\*.pf`)
	if len(list) != 2 || len(errs) != 0 {
		t.Errorf("%d files, %v", len(list), errs)
	}
	if list, _ := tree.Glob(`%SystemRoot%\Anything\*`); list != nil {
		t.Errorf("a pattern without a name finds %d loose files", len(list))
	}
	if list, _ := tree.Glob(`%UserProfile%\Three.TXT`); len(list) != 1 {
		t.Errorf("by its name: %v", list)
	}
	placed, err := OpenFS(fstest.MapFS{"Windows/Prefetch/A.pf": {Data: pf}, "Windows/System32/x": {}}, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	if placed.Trees[0].Signed(collect.PrefetchFile) != nil || placed.Trees[0].Loose() {
		t.Error("files of a volume go by their signatures")
	}
}

// TestStreams finds a stream by name only where a pattern asks for it.
func TestStreams(t *testing.T) {
	ev, err := OpenFS(fstest.MapFS{"Windows/System32/x": {}, "Windows/a.exe": {}, "Windows/a.exe:Zone.Identifier": {Data: []byte("zone")},
		"Windows/b.exe": {}}, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	tree := ev.Trees[0]
	for pattern, want := range map[string]string{
		`%SystemRoot%\*`:                     `C:\Windows\a.exe C:\Windows\b.exe`,
		`%SystemRoot%\*.exe:Zone.Identifier`: `C:\Windows\a.exe:Zone.Identifier`,
		`%SystemRoot%\a.exe:zone.identifier`: `C:\Windows\a.exe:Zone.Identifier`,
		`%SystemRoot%\b.exe:Zone.Identifier`: ``,
		`%SystemRoot%\?.exe`:                 `C:\Windows\a.exe C:\Windows\b.exe`,
	} {
		list, errs := tree.Glob(pattern)
		var got []string
		for _, f := range list {
			got = append(got, f.Path)
		}
		if s := strings.Join(got, " "); s != want || len(errs) > 0 {
			t.Errorf("%s: %s, %v; want %s", pattern, s, errs, want)
		}
	}
	// Folders in folders end somewhere.
	deep := fstest.MapFS{"Windows/System32/x": {}}
	deep["Windows/"+strings.Repeat("d/", maxDepth+10)+"y.txt"] = &fstest.MapFile{}
	ev, err = OpenFS(deep, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	list, errs := ev.Trees[0].Glob(`%SystemRoot%\**\y.txt`)
	if len(list) != 0 || len(errs) == 0 || !strings.HasSuffix(errs[0].Error(), "folders nested too deeply") {
		t.Errorf("%d files, %v", len(list), errs)
	}
}
