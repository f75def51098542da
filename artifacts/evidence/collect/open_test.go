package collect_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/google/go-cmp/cmp"
)

// A member is one entry of an archive that a test writes.
type member struct {
	name   string
	data   string
	method uint16
	change func(*zip.FileHeader)
}

func zipOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: m.method}
		if m.change != nil {
			m.change(h)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func openZip(t testing.TB, b []byte, opts *collect.Options) (*collect.Collection, error) {
	t.Helper()
	return collect.OpenArchive(bytes.NewReader(b), int64(len(b)), opts)
}

// problems are the messages of errors, each of which must name a place.
func problems(t *testing.T, errs []error) []string {
	t.Helper()
	var out []string
	for _, err := range errs {
		if e, ok := errors.AsType[*collect.PathError](err); !ok || e.Path == "" {
			t.Errorf("%v names no place", err)
		}
		out = append(out, err.Error())
	}
	return out
}

func TestZipKape(t *testing.T) {
	b := zipOf(t,
		member{name: "C/Windows/prefetch/A.pf", data: "deflated", method: zip.Deflate},
		member{name: `C\Users\x\NTUSER.DAT`, data: "stored, with backslashes"},
		member{name: "VSS1/Windows/prefetch/A.pf", data: "old"},
	)
	path := filepath.Join(t.TempDir(), "misnamed.bin")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := collect.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if diff := cmp.Diff([]string{"|drive roots|C:||C", "|drive roots|C:|vss1|VSS1"}, summary(c.Hosts)); diff != "" || c.Container != collect.Zip || len(c.Problems) > 0 {
		t.Errorf("%s %v\n%s", c.Container, c.Problems, diff)
	}
	vol := c.Hosts[0].Volumes[0].FS
	for name, want := range map[string]string{"windows/Prefetch/a.PF": "deflated", "Users/x/NTUSER.DAT": "stored, with backslashes"} {
		if got, err := fs.ReadFile(vol, name); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	info, err := fs.Stat(vol, "Windows/prefetch/A.pf")
	if err != nil || !info.ModTime().IsZero() {
		t.Errorf("the time of the entry is taken for the file's: %v, %v", info.ModTime(), err)
	}
	f, err := vol.Open("Users/x/NTUSER.DAT")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := make([]byte, 4)
	if _, err := f.(io.ReaderAt).ReadAt(p, 8); err != nil || string(p) != "with" {
		t.Errorf("ReadAt of a stored entry: %q, %v", p, err)
	}
	if err := fstest.TestFS(vol, "Users/x/NTUSER.DAT", "Windows/prefetch/A.pf"); err != nil {
		t.Error(err)
	}
}

func TestZipVelociraptorSparse(t *testing.T) {
	// The stored bytes of a sparse file, deflated: its map is read forward and back.
	b := zipOf(t,
		member{name: "uploads/ntfs/%5C%5C.%5CC%3A/big", data: strings.Repeat("abcdefgh", 1000), method: zip.Deflate},
		member{name: "uploads/ntfs/%5C%5C.%5CC%3A/big.idx", data: `{"ranges":[{"original_offset":1000000000000,"file_length":4000,"length":4000},{"file_offset":4000,"original_offset":0,"file_length":4000,"length":4096}]}`, method: zip.Deflate},
	)
	c, err := openZip(t, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	vol := c.Hosts[0].Volumes[0].FS
	info, err := fs.Stat(vol, "big")
	if err != nil || info.Size() != 1_000_000_004_000 {
		t.Fatalf("size %d, %v", info.Size(), err)
	}
	if _, err := fs.ReadFile(vol, "big"); !isLimit(err, "MaxReadFile") {
		t.Errorf("ReadFile of a terabyte: %v", err)
	}
	f, err := vol.Open("big")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	at := f.(io.ReaderAt)
	for _, tt := range []struct {
		off  int64
		want string
	}{{1_000_000_000_000, "abcdefgh"}, {0, "abcdefgh"}, {3998, "gh\x00\x00\x00\x00\x00\x00"}, {500, "efghabcd"}, {999_999_999_996, "\x00\x00\x00\x00abcd"}} {
		p := make([]byte, 8)
		if n, err := at.ReadAt(p, tt.off); n != 8 || err != nil || string(p) != tt.want {
			t.Errorf("at %d: %q, %v, want %q", tt.off, p[:n], err, tt.want)
		}
	}
	if n, err := at.ReadAt(make([]byte, 8), 1_000_000_003_998); n != 2 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

func isLimit(err error, option string) bool {
	e, ok := errors.AsType[*collect.LimitError](err)
	return ok && e.Option == option
}

func TestZipHunt(t *testing.T) {
	b := zipOf(t,
		member{name: "WS1-C.0123456789abcdef/uploads/auto/C%3A/Windows/a", data: "1"},
		member{name: "WS1-C.0123456789abcdef/client_info.json", data: `{"hostname":"WS1"}`},
		member{name: "WS2-C.fedcba9876543210/uploads/auto/C%3A/Windows/a", data: "2"},
		member{name: "clients/C.1/collections/F.2/uploads/auto/C%3A/Windows/a", data: "3"},
		member{name: "clients/C.1/collections/F.2/client_info.json", data: `{"Fqdn":"ws3.example"}`},
		member{name: "hunt_info.json", data: "{}"},
	)
	c, err := openZip(t, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, h := range c.Hosts {
		data, err := fs.ReadFile(h.Volumes[0].FS, "Windows/a")
		names = append(names, fmt.Sprint(h.Name, " ", string(data), " ", err))
	}
	if diff := cmp.Diff([]string{"WS1 1 <nil>", "WS2 2 <nil>", "ws3.example 3 <nil>"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestZipHostileNames(t *testing.T) {
	b := zipOf(t,
		member{name: "C/Windows/ok", data: "ok"},
		member{name: "C/Windows/OK", data: "same but for case"},
		member{name: "C/Windows/ok", data: "twice"},
		member{name: "C/Windows/ok/below", data: "a file as a directory"},
		member{name: "../C/Windows/up", data: "x"},
		member{name: `C\..\..\Windows\up`, data: "x"},
		member{name: "/etc/passwd", data: "x"},
		member{name: `\\server\share`, data: "x"},
		member{name: "C:evil/Windows/x", data: "x"},
		member{name: "C//Windows/x", data: "x"},
		member{name: "C/nul\x00/x", data: "x"},
		member{name: "C/link", data: "/etc/passwd", change: func(h *zip.FileHeader) { h.SetMode(fs.ModeSymlink | 0o777) }},
		member{name: strings.Repeat("d/", 300) + "x", data: "x"},
		member{name: "C/locked", data: "x", change: func(h *zip.FileHeader) { h.Flags |= 1 }},
	)
	c, err := openZip(t, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"C/Windows/OK: left out: the name is there already, or a file stands where its directory should",
		"C/Windows/ok: left out: the name is there already, or a file stands where its directory should",
		"C/Windows/ok/below: left out: the name is there already, or a file stands where its directory should",
		"../C/Windows/up: left out: its name holds ..",
		`C\..\..\Windows\up: left out: its name holds ..`,
		"/etc/passwd: left out: its name is absolute or has an empty component",
		`\\server\share: left out: its name is absolute or has an empty component`,
		"C:evil/Windows/x: left out: its name begins with a drive letter",
		"C//Windows/x: left out: its name is absolute or has an empty component",
		"C/nul\x00/x: left out: its name is none",
		"C/link: left out: a link or device",
		strings.Repeat("d/", 300) + "x: left out: more than 256 directories deep",
		"C/locked: left out: it is encrypted, and no password is given: collection is encrypted",
	}
	if diff := cmp.Diff(want, problems(t, c.Problems)); diff != "" {
		t.Error(diff)
	}
	var all []string
	for _, h := range c.Hosts {
		for _, v := range h.Volumes {
			fs.WalkDir(v.FS, ".", func(p string, e fs.DirEntry, err error) error {
				if err != nil || !e.IsDir() {
					all = append(all, p)
				}
				return nil
			})
		}
	}
	if diff := cmp.Diff([]string{"Windows/ok"}, all); diff != "" {
		t.Error(diff)
	}
}

func TestZipBomb(t *testing.T) {
	bomb := zipOf(t, member{name: "C/Windows/bomb", data: strings.Repeat("\x00", 10<<20), method: zip.Deflate}, member{name: "C/Windows/a", data: "a", method: zip.Deflate})
	read := func(opts *collect.Options) error {
		c, err := openZip(t, bomb, opts)
		if err != nil {
			return err
		}
		_, err = fs.ReadFile(c.Hosts[0].Volumes[0].FS, "Windows/bomb")
		return err
	}
	if err := read(nil); err != nil {
		t.Fatal(err)
	}
	for option, opts := range map[string]*collect.Options{
		"MaxEntry":    {MaxEntry: 1 << 20},
		"MaxExpanded": {MaxExpanded: 1 << 20},
		"MaxReadFile": {MaxReadFile: 1 << 20},
		"MaxEntries":  {MaxEntries: 1},
	} {
		if err := read(opts); !isLimit(err, option) {
			t.Errorf("%+v: %v, want a LimitError of %s", *opts, err, option)
		}
	}
	// A size that the entry claims and does not keep costs nothing.
	liar := bytes.Clone(bomb)
	i := bytes.Index(liar, []byte("PK\x01\x02"))
	copy(liar[i+24:], "\xFF\xFF\xFF\x3F") // uncompressed size in the directory: 1 GiB - 1
	c, err := openZip(t, liar, nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := fs.ReadFile(c.Hosts[0].Volumes[0].FS, "Windows/bomb"); err == nil || b != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func TestZipEncryptedContainer(t *testing.T) {
	aes := func(h *zip.FileHeader) { h.Flags |= 1 }
	b := zipOf(t, member{name: "metadata.json", data: "{}"}, member{name: "data.zip", data: "…", change: aes})
	if _, err := openZip(t, b, nil); !errors.Is(err, collect.ErrEncrypted) || !strings.Contains(err.Error(), "data.zip") {
		t.Errorf("err = %v", err)
	}
	b = zipOf(t, member{name: "metadata.json", data: "{}"}, member{name: "data.zip", data: "…"})
	if _, err := openZip(t, b, nil); err == nil || !strings.Contains(err.Error(), "data.zip") { // it is no zip
		t.Errorf("err = %v", err)
	}
	b = zipOf(t, member{name: "C/Windows/a", data: "…", change: aes})
	if _, err := openZip(t, b, nil); !errors.Is(err, collect.ErrEncrypted) {
		t.Errorf("err = %v", err)
	}
}

func TestArchiveKinds(t *testing.T) {
	for name, data := range map[string]string{"7z": "7z\xBC\xAF\x27\x1C", "rar": "Rar!\x1A\x07\x01\x00", "xz": "\xFD7zXZ\x00", "AD1": "ADSEGMENTEDFILE\x00"} {
		if _, err := openZip(t, []byte(data), nil); !errors.Is(err, collect.ErrUnsupported) || !strings.Contains(err.Error(), "open the") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openZip(t, []byte("\x1F\x8B\x08\x00"), nil); err == nil {
		t.Error("a broken gzip was opened")
	}
	for name, data := range map[string]string{"text": "hello", "empty": ""} {
		if _, err := openZip(t, []byte(data), nil); !errors.Is(err, collect.ErrNotCollection) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := openZip(t, []byte("PK\x03\x04 cut off"), nil); err == nil {
		t.Error("a broken zip was opened")
	}
	b := zipOf(t, member{name: "readme.txt", data: "nothing here"})
	if _, err := openZip(t, b, nil); err == nil {
		t.Error("an archive without evidence was opened")
	} else if _, ok := errors.AsType[*collect.NotRecognisedError](err); !ok {
		t.Errorf("err = %v", err)
	}
}

func TestTarAcquire(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "fs/C:/Windows/Prefetch/A.pf", Typeflag: tar.TypeReg, Size: 5, Mode: 0o644},
		{Name: "fs/$fs$/fs0/EFI/x", Typeflag: tar.TypeReg, Size: 5, Mode: 0o644},
		{Name: "fs/C:/link", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		{Name: "../out", Typeflag: tar.TypeReg, Size: 5, Mode: 0o644},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			io.WriteString(w, "hello")
		}
	}
	w.Close()
	c, err := openZip(t, b.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"|acquire|C:||fs/C:", "|acquire|fs0||fs/$fs$/fs0"}, summary(c.Hosts)); diff != "" || c.Container != collect.Tar {
		t.Error(diff)
	}
	if got, err := fs.ReadFile(c.Hosts[0].Volumes[0].FS, "Windows/prefetch/a.pf"); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	want := []string{"fs/C:/link: left out: a link, a device or a sparse file", "../out: left out: its name holds .."}
	if diff := cmp.Diff(want, problems(t, c.Problems)); diff != "" {
		t.Error(diff)
	}
	cut := b.Bytes()[:1100] // inside the second header
	if c, err = openZip(t, cut, nil); err != nil || len(c.Problems) == 0 {
		t.Errorf("a tar that is cut off: %v", err)
	}
}

// Links that lead out of the folder, or round in circles, and a pipe that nobody writes to.
func TestFolderGuards(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "secret")
	root := filepath.Join(dir, "evidence")
	for name, data := range map[string]string{out: "MAM\x04secret!!", filepath.Join(root, "Windows/System32/x"): "x", filepath.Join(root, "Users/a/NTUSER.DAT"): "regf"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"Windows/out": out, "Windows/up": "../../secret", "Documents and Settings": "Users", "Users/a/loop": "../..", "Windows/dangling": "nowhere"} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Skip(err)
		}
	}
	c, err := collect.Open(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fsys := c.Hosts[0].Volumes[0].FS
	for _, name := range []string{"Windows/out", "Windows/up", "Windows/dangling", "../secret"} {
		if b, err := fs.ReadFile(fsys, name); err == nil {
			t.Errorf("%s: read %q", name, b)
		}
	}
	n := 0
	if err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		n++
		return err
	}); err != nil || n > 20 {
		t.Errorf("walked %d entries, %v", n, err)
	}
	if _, err := collect.Open(out, nil); !errors.Is(err, collect.ErrNotCollection) {
		t.Errorf("a plain file: %v", err)
	}
	if _, err := collect.Open(filepath.Join(dir, "none"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestFileChanges(t *testing.T) {
	root := t.TempDir()
	name := filepath.Join(root, "Windows", "System32", "growing")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := collect.Open(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	f, err := c.Hosts[0].Volumes[0].FS.Open("Windows/System32/growing")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.WriteFile(name, []byte("before and after"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(f); !errors.Is(err, collect.ErrChanged) || string(b) != "before and after" {
		t.Errorf("%q, %v", b, err)
	}
	if b, err := fs.ReadFile(c.Hosts[0].Volumes[0].FS, "Windows/System32/growing"); err != nil || string(b) != "before and after" {
		t.Errorf("again: %q, %v", b, err)
	}
}

// Whatever a zip holds, what opens can be walked and read within its limits, and gives the same names twice.
func FuzzZip(f *testing.F) {
	f.Add(zipOf(f, member{name: "C/Windows/a", data: "a", method: zip.Deflate}, member{name: "VSS1/Windows/a", data: "a"}))
	f.Add(zipOf(f, member{name: "uploads/auto/C%3A/a", data: "a"}, member{name: "uploads/auto/C%3A/a.idx", data: `{"ranges":[{"length":5}]}`}, member{name: "uploads.json", data: `{"_Components":["uploads","auto","C:","a"]}`}))
	f.Add(zipOf(f, member{name: "fs/C:/Windows/a", data: "MAM\x04...."}))
	f.Add(zipOf(f, member{name: "x", data: "MAM\x04...."}))
	opts := &collect.Options{MaxEntries: 1000, MaxEntry: 1 << 20, MaxExpanded: 4 << 20, MaxReadFile: 1 << 20}
	f.Fuzz(func(t *testing.T, b []byte) {
		names := func() []string {
			c, err := collect.OpenArchive(bytes.NewReader(b), int64(len(b)), opts)
			if err != nil {
				return []string{err.Error()}
			}
			var out []string
			for _, h := range c.Hosts {
				for _, v := range h.Volumes {
					fs.WalkDir(v.FS, ".", func(p string, e fs.DirEntry, err error) error {
						out = append(out, p)
						if len(out) > 10_000 {
							t.Fatal("an archive of at most 1000 entries goes on and on")
						}
						if err == nil && !e.IsDir() {
							data, err := fs.ReadFile(v.FS, p)
							if err == nil && len(data) > 1<<20 {
								t.Fatalf("%s: %d bytes in spite of the limit", p, len(data))
							}
						}
						return nil
					})
				}
			}
			return out
		}
		if a, b := names(), names(); !slices.Equal(a, b) {
			t.Fatalf("first %q, then %q", a, b)
		}
	})
}
