package evidence_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

var errSector = errors.New("sector not read")

// broken is a file system in which some files or folders cannot be read: at
// all, or from a byte on, or in one block.
type broken struct {
	fstest.MapFS
	open  map[string]error // of Open
	block map[string]int64 // a read that covers this byte fails
	grown map[string][]byte
}

func (b broken) Open(name string) (fs.File, error) {
	if err := b.open[name]; err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f, err := b.MapFS.Open(name)
	if at, ok := b.block[name]; ok && err == nil {
		return &badBlock{f, b.MapFS[name].Data, 0, at}, nil
	}
	if more, ok := b.grown[name]; ok && err == nil {
		return &grown{f, io.MultiReader(f, bytes.NewReader(more))}, nil
	}
	return f, err
}

func (b broken) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := b.open[name]; err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return b.MapFS.ReadDir(name)
}

func (b broken) Stat(name string) (fs.FileInfo, error) { return b.MapFS.Stat(name) }

type badBlock struct {
	fs.File
	data []byte
	pos  int64
	bad  int64
}

func (f *badBlock) ReadAt(p []byte, off int64) (int, error) {
	if off <= f.bad && f.bad < off+int64(len(p)) {
		return 0, errSector
	}
	return bytes.NewReader(f.data).ReadAt(p, off)
}

func (f *badBlock) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.pos)
	f.pos += int64(n)
	return n, err
}

// A grown file has more bytes than its size says.
type grown struct {
	fs.File
	r io.Reader
}

func (g *grown) Read(p []byte) (int, error) { return g.r.Read(p) }

func openWith(t *testing.T, fsys fs.FS, opts *evidence.Options) *evidence.Tree {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "case", opts)
	if err != nil {
		t.Fatal(err)
	}
	return ev.Trees[0]
}

func lookup(t *testing.T, tree *evidence.Tree, path string) *evidence.File {
	t.Helper()
	f, ok := tree.Lookup(path)
	if !ok {
		t.Fatalf("no %s", path)
	}
	return f
}

// TestReadLimits has what each way to read a file does at the limit of its
// size, with a folder, and with a file that grew since.
func TestReadLimits(t *testing.T) {
	m := mapFS("Windows/System32/x")
	m["Windows/ten.txt"] = &fstest.MapFile{Data: []byte("0123456789")}
	m["Windows/grew.txt"] = &fstest.MapFile{Data: []byte("01234")}
	m["Windows/folder/y"] = &fstest.MapFile{}
	fsys := broken{MapFS: m, grown: map[string][]byte{"Windows/grew.txt": []byte("56789abcdef")}}
	for _, c := range []struct {
		limit int64
		path  string
		bytes string // what Bytes returns
		err   error
	}{
		{0, `C:\Windows\ten.txt`, "0123456789", nil}, // the limit is 1 GiB
		{10, `C:\Windows\ten.txt`, "0123456789", nil},
		{9, `C:\Windows\ten.txt`, "", evidence.ErrTooLarge},
		{16, `C:\Windows\grew.txt`, "0123456789abcdef", nil},
		{15, `C:\Windows\grew.txt`, "", evidence.ErrTooLarge},
	} {
		f := lookup(t, openWith(t, fsys, &evidence.Options{MaxFile: c.limit}), c.path)
		b, err := f.Bytes()
		if string(b) != c.bytes || !errors.Is(err, c.err) {
			t.Errorf("%s, at most %d: %q, %v", c.path, c.limit, b, err)
		}
		r, size, err := f.Reader()
		if strings.Contains(c.path, "ten") && !errors.Is(err, c.err) {
			t.Errorf("%s, at most %d: a reader, %v", c.path, c.limit, err)
		}
		if err != nil {
			continue
		}
		b, err = io.ReadAll(r)
		if want := min(c.limit, 16); err != nil || c.limit > 0 && size <= c.limit && strings.Contains(c.path, "grew") && int64(len(b)) != want {
			t.Errorf("%s, at most %d: %d bytes of a reader, %v", c.path, c.limit, len(b), err)
		}
		r.Close()
	}
	f := lookup(t, openWith(t, fsys, nil), `C:\Windows\ten.txt`)
	for limit, want := range map[int64]string{5: "", 10: "0123456789", 1 << 40: "0123456789"} {
		if b, err := f.BytesUpTo(limit); string(b) != want || errors.Is(err, evidence.ErrTooLarge) != (want == "") {
			t.Errorf("up to %d: %q, %v", limit, b, err)
		}
	}
	folder := lookup(t, openWith(t, fsys, nil), `C:\Windows\folder`)
	if _, err := folder.Bytes(); err == nil || err.Error() != "is a directory" {
		t.Errorf("a folder: %v", err)
	}
	if _, _, err := folder.Reader(); err == nil || err.Error() != "is a directory" {
		t.Errorf("a reader of a folder: %v", err)
	}
	if _, err := folder.OpenAt(); err == nil || err.Error() != "is a directory" {
		t.Errorf("a folder at any offset: %v", err)
	}
}

// TestUnreadable reads a hive of which a block cannot be read: it is zeros,
// and the error counts it. One of which nothing can be read has no bytes.
func TestUnreadable(t *testing.T) {
	m := mapFS("Windows/System32/x")
	hive := append([]byte("regf"), make([]byte, 3*4096)...)
	m["Windows/System32/config/SYSTEM"] = &fstest.MapFile{Data: hive}
	m["Windows/System32/config/SAM"] = &fstest.MapFile{Data: []byte("regf")}
	fsys := broken{MapFS: m, block: map[string]int64{"Windows/System32/config/SYSTEM": 5000, "Windows/System32/config/SAM": 1},
		open: map[string]error{"Windows/locked": fs.ErrPermission, "Windows/System32/config/SOFTWARE": fs.ErrPermission}}
	m["Windows/locked/a.txt"] = &fstest.MapFile{}
	m["Windows/System32/config/SOFTWARE"] = &fstest.MapFile{Data: hive}
	tree := openWith(t, fsys, nil)
	hives, errs := tree.Hives()
	if len(errs) > 0 || len(hives) != 3 {
		t.Fatalf("%d hives, %v", len(hives), errs)
	}
	want := map[evidence.Kind]string{
		evidence.SYSTEM:   "4096 of 12292 bytes cannot be read, the first at 0x1000; they are taken for zeros: sector not read",
		evidence.SAM:      "sector not read",
		evidence.SOFTWARE: "permission denied",
	}
	for _, h := range hives {
		_, err := h.Open()
		if err == nil || !strings.Contains(err.Error(), want[h.Kind]) {
			t.Errorf("%s: %v, want %s", h.Kind, err, want[h.Kind])
		}
		if sum := h.SHA256(); sum != "" {
			t.Errorf("%s: the hash %s of what cannot be read", h.Kind, sum)
		}
		if h.Rooted() || h.Deleted() != nil || h.Unreachable() != nil {
			t.Errorf("%s: keys of what cannot be read", h.Kind)
		}
		if _, _, ok := h.FromLog(0); ok {
			t.Errorf("%s: a record is owed to a log that is not there", h.Kind)
		}
	}
	// A folder that cannot be listed is reported once, however often it is looked at.
	for range 3 {
		if _, errs := tree.Glob(`C:\Windows\locked\*.txt`); len(errs) != 1 || errs[0].Error() != `C:\Windows\locked: permission denied` {
			t.Errorf("a locked folder: %v", errs)
		}
	}
	n := 0
	for _, err := range tree.Problems() {
		if strings.Contains(err.Error(), "locked") {
			n++
		}
	}
	if n != 1 {
		t.Errorf("the locked folder is among the problems %d times", n)
	}
}

// TestTimesOf tells the times of a copy from those of the machine.
func TestTimesOf(t *testing.T) {
	when := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	m := mapFS("Windows/System32/x")
	m["Windows/copy.txt"] = &fstest.MapFile{ModTime: when.In(time.FixedZone("x", 3600))}
	m["Windows/machine.txt"] = &fstest.MapFile{ModTime: when, Sys: &collect.Times{Created: when, Modified: when.Add(1),
		NameCreated: when.Add(2),
		Source:      "a list"}}
	m["Windows/copied.txt"] = &fstest.MapFile{ModTime: when, Sys: &collect.Times{Modified: when, Source: "a list", Copied: true}}
	tree := openWith(t, m, nil)
	for name, want := range map[string]evidence.Times{
		"copy.txt":    {Modified: when, Source: "the copy"},
		"machine.txt": {Created: when, Modified: when.Add(1), NameCreated: when.Add(2), Source: "a list", Original: true},
		"copied.txt":  {Modified: when, Source: "a list"},
	} {
		got, err := lookup(t, tree, `C:\Windows\`+name).Times()
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
}

// TestCompanions names the files that decoders read with another one.
func TestCompanions(t *testing.T) {
	tree := openWith(t, mapFS(
		"Windows/System32/config/SYSTEM", "Windows/System32/config/system.LOG1", "Windows/System32/config/SYSTEM.LOG2",
		"Windows/System32/config/SYSTEM.old", "Windows/System32/config/SYSTEM.LOG/x",
		"Windows/db/History", "Windows/db/History-wal", "Windows/db/HISTORY-JOURNAL", "Windows/db/History-other",
		"Windows/ese/SRUDB.dat", "Windows/ese/SRU.chk", "Windows/ese/SRU00001.log", "Windows/ese/SRUDB.jfm", "Windows/ese/other.dat",
		"Windows/ese/WebCacheV01.dat", "Windows/wmi/OBJECTS.DATA", "Windows/wmi/INDEX.BTR", "Windows/wmi/MAPPING1.MAP", "Windows/wmi/x.map",
	), nil)
	for path, want := range map[string]string{
		`C:\Windows\System32\config\SYSTEM`:     "[system.LOG1 SYSTEM.LOG2]", // a folder is no log
		`C:\Windows\db\History`:                 "[History-wal HISTORY-JOURNAL]",
		`C:\Windows\ese\SRUDB.dat`:              "[SRU.chk SRU00001.log SRUDB.jfm]",
		`C:\Windows\ese\WebCacheV01.dat`:        "[SRU.chk SRU00001.log SRUDB.jfm]",
		`C:\Windows\ese\other.dat`:              "[]",
		`C:\Windows\wmi\objects.data`:           "[INDEX.BTR MAPPING1.MAP]",
		`C:\Windows\wmi\INDEX.BTR`:              "[]",
		`C:\Windows\System32\config\SYSTEM.old`: "[]",
	} {
		got := []string{}
		for _, f := range tree.Companions(lookup(t, tree, path)) {
			got = append(got, f.Path[strings.LastIndexByte(f.Path, '\\')+1:])
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", path, got, want)
		}
	}
}

// TestPlaces says where a file is: an older installation is a folder of the
// volume, a shadow copy is a copy of it.
func TestPlaces(t *testing.T) {
	tree := openWith(t, mapFS(
		"C/Windows/System32/a.txt", "C/Windows.old/Windows/System32/a.txt", "VSS3/Windows/System32/a.txt", "D/Users/a.txt",
	), nil)
	var got []string
	for _, snapshot := range []string{"", "windows.old", "vss3"} {
		f, ok := tree.LookupCopy(`C:\Windows\System32\a.txt`, snapshot)
		if !ok {
			t.Fatalf("no file in %q", snapshot)
		}
		got = append(got, fmt.Sprintf("%s %+v", f.Path, f.Place()))
	}
	want := []string{
		`C:\Windows\System32\a.txt {Volume:C: Snapshot: Name:Windows/System32/a.txt}`,
		`C:\Windows\System32\a.txt {Volume:C: Snapshot: Name:Windows.old/Windows/System32/a.txt}`,
		`C:\Windows\System32\a.txt {Volume:C: Snapshot:vss3 Name:Windows/System32/a.txt}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
	var volumes []string
	for _, v := range tree.Volumes() {
		volumes = append(volumes, v.Name+v.Snapshot)
	}
	if fmt.Sprint(volumes) != "[C: D: C:vss3]" {
		t.Errorf("volumes %v", volumes)
	}
	if _, ok := tree.LookupCopy(`C:\Windows\System32\a.txt`, "vss4"); ok {
		t.Error("a file of a copy that is not there")
	}
	if _, ok := tree.Lookup(`D:\Windows\System32\a.txt`); ok {
		t.Error("a file of C: on D:")
	}
	// A device or a GUID that no volume has may be any of them.
	if f, ok := tree.Lookup(`\Device\HarddiskVolume3\Windows\System32\a.txt`); !ok || f.Path != `C:\Windows\System32\a.txt` {
		t.Errorf("by a device: %v, %v", f, ok)
	}
}

// TestSealed opens evidence that age encrypted, through the function that has the key.
func TestSealed(t *testing.T) {
	const mark = "age-encryption.org/v1\n"
	plain := zipped(0)
	sealed := append([]byte(mark), plain...)
	open := func(b []byte, opts *evidence.Options) (*evidence.Evidence, error) {
		return evidence.OpenReader(bytes.NewReader(b), int64(len(b)), "case.age", opts)
	}
	if _, err := open(sealed, nil); err == nil || err.Error() != "case.age: encrypted with age: its secret key is needed" {
		t.Errorf("without a key: %v", err)
	}
	wrong := errors.New("no identity matches")
	opts := &evidence.Options{Unseal: func(io.ReaderAt, int64) (io.ReaderAt, int64, error) { return nil, 0, wrong }}
	if _, err := open(sealed, opts); !errors.Is(err, wrong) {
		t.Errorf("a wrong key: %v", err)
	}
	opts.Unseal = func(r io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
		n := int64(len(mark))
		return io.NewSectionReader(r, n, size-n), size - n, nil
	}
	ev, err := open(sealed, opts)
	if err != nil {
		t.Fatal(err)
	}
	if ev.Kind != "encrypted zip" || len(ev.Trees) != 1 || ev.Trees[0].Machine().Name != "KESTREL-PC" {
		t.Errorf("%s, %d machines", ev.Kind, len(ev.Trees))
	}
	ev.Close()
	if _, err := open(append([]byte(mark), sealed...), opts); err == nil || !strings.Contains(err.Error(), "encrypted twice") {
		t.Errorf("encrypted twice: %v", err)
	}
	if _, err := open([]byte(mark+"nothing"), opts); !errors.Is(err, evidence.ErrNothing) {
		t.Errorf("nothing in it: %v", err)
	}
}

// TestPlain: a file that is not an image has read nothing of one, and has no hash to verify.
func TestPlain(t *testing.T) {
	ev, err := evidence.OpenFS(mapFS("Windows/System32/x"), "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := ev.VerifyImage(t.Context()); ok || err != nil || ev.BytesRead() != 0 || ev.Live() {
		t.Errorf("%v, %v, %d bytes", ok, err, ev.BytesRead())
	}
	ev.Forget() // nothing is kept
	if _, ok := lookup(t, ev.Trees[0], `C:\Windows\System32\x`).NTFS(); ok {
		t.Error("a folder is an NTFS volume")
	}
	if err := ev.Close(); err != nil {
		t.Error(err)
	}
	for pattern, names := range map[string]map[string]bool{
		"*.pf": {"A.PF": true, "a.pf.txt": false, ".pf": true}, "a?c*": {"ABC": true, "ac": false, "axc.txt": true}, "*a*b*": {"xxaxxbxx": true,
			"ba": false},
		"": {"": true, "a": false}, "*": {"": true, "anything": true}, "ä*": {"ÄX": true},
	} {
		for name, want := range names {
			if got := evidence.MatchName(pattern, name); got != want {
				t.Errorf("%q matches %q: %v", pattern, name, got)
			}
		}
	}
}
