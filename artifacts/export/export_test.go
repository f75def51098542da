package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// deleteScript deletes files of an image by the library of ntfs-3g, which frees
// records and clusters as a mounted driver does.
const deleteScript = `
import ctypes, ctypes.util, glob, sys
names = glob.glob("/usr/lib/*/libntfs-3g.so.*") + glob.glob("/lib/*/libntfs-3g.so.*") + glob.glob("/usr/lib*/libntfs-3g.so.*")
lib = ctypes.CDLL(sorted(names)[0])
p = ctypes.c_void_p
lib.ntfs_mount.restype = p
lib.ntfs_pathname_to_inode.restype = p
lib.ntfs_pathname_to_inode.argtypes = [p, p, ctypes.c_char_p]
lib.ntfs_delete.argtypes = [p, ctypes.c_char_p, p, p, ctypes.c_char_p, ctypes.c_uint8]
lib.ntfs_umount.argtypes = [p, ctypes.c_int]
vol = lib.ntfs_mount(sys.argv[1].encode(), 0)
for name in sys.argv[2:]:
    inode = lib.ntfs_pathname_to_inode(vol, None, name.encode())
    folder, _, base = name.rpartition("/")
    parent = lib.ntfs_pathname_to_inode(vol, None, (folder or "/").encode())
    if lib.ntfs_delete(vol, name.encode(), inode, parent, base.encode("utf-16-le"), len(base)):
        sys.exit("cannot delete " + name)
lib.ntfs_umount(vol, 0)
`

// tool runs a program in a folder, and skips the test when it is not installed.
func tool(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("no %s: install ntfs-3g wimtools sleuthkit python3", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.Bytes())
	}
	return out
}

// noise is bytes that do not compress and are not zero, the same on each run.
func noise(n int, x uint64) []byte {
	b := make([]byte, n)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x) | 1
	}
	return b
}

// deletedVolume is a volume by mkfs.ntfs and ntfs-3g, from which files were
// deleted; a later one has taken clusters of one of them.
func deletedVolume(t *testing.T) (path string, files map[string][]byte) {
	dir := t.TempDir()
	files = map[string][]byte{
		`\a.txt`:     noise(10, 5), // its record goes to the later file
		`\large.txt`: noise(108_894, 1), `\dir\small.exe`: []byte("MZ small"), `\dir\sub\deep.bin`: noise(288_886, 2),
		`\dir\zero.dat`: make([]byte, 30_000), `\keep.txt`: noise(50_000, 3), `\empty.txt`: nil,
	}
	for name, b := range files {
		full := filepath.Join(dir, "tree", filepath.FromSlash(strings.ReplaceAll(name, `\`, "/")))
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, b := range map[string][]byte{"volume.img": nil, "zone": []byte("[ZoneTransfer]\r\nZoneId=3\r\n"), "new": noise(100_000, 4)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "volume.img"), 16<<20); err != nil {
		t.Fatal(err)
	}
	tool(t, dir, "mkfs.ntfs", "-F", "-Q", "-q", "volume.img")
	tool(t, dir, "wimcapture", "tree", "tree.wim")
	tool(t, dir, "wimapply", "tree.wim", "volume.img")
	tool(t, dir, "ntfscp", "-f", "-N", "Zone.Identifier", "volume.img", "zone", "dir/small.exe")
	tool(t, dir, "python3", "-c", deleteScript, "volume.img", "/a.txt", "/large.txt", "/dir/sub/deep.bin", "/dir/zero.dat", "/empty.txt")
	tool(t, dir, "ntfscp", "-f", "volume.img", "new", "new.bin")
	tool(t, dir, "python3", "-c", deleteScript, "volume.img", "/dir/small.exe")
	return filepath.Join(dir, "volume.img"), files
}

func open(t *testing.T, path string) *Volume {
	t.Helper()
	d, err := image.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	v, err := Select(d, Choice{Volume: -1})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func find(t *testing.T, v *Volume, name string) Found {
	t.Helper()
	list, err := v.Find(name)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s: %v, %v", name, list, err)
	}
	return list[0]
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// TestWrite exports files of a volume that ntfs-3g wrote: one that exists,
// deleted ones, a stream, and one of which a later file has clusters.
func TestWrite(t *testing.T) {
	path, files := deletedVolume(t)
	v := open(t, path)
	var reused []Found
	for _, name := range []string{`\large.txt`, `\keep.txt`, `C:\dir\small.exe`, `/dir/zero.dat`, `dir\sub/deep.bin`} {
		f := find(t, v, name)
		want := files[`\`+strings.TrimLeft(strings.ReplaceAll(strings.TrimPrefix(name, "C:"), "/", `\`), `\`)]
		var b bytes.Buffer
		r, err := v.Write(context.Background(), &b, f, false)
		if errors.Is(err, ErrNotWhole) {
			reused = append(reused, f)
			continue
		}
		if err != nil || !bytes.Equal(b.Bytes(), want) || r.SHA256 != sum(want) || r.Size != int64(len(want)) {
			t.Errorf("%s: %+v, %v", name, r, err)
			continue
		}
		if deleted := !strings.Contains(name, "keep"); deleted != (r.State == "deleted") || r.Zero != strings.Contains(name, "zero") {
			t.Errorf("%s: %+v", name, r)
		}
		for _, run := range r.Runs {
			if want := map[string]string{"deleted": "free", "in use": "owned"}[r.State]; run.Clusters != want {
				t.Errorf("%s: %+v", name, run)
			}
		}
		if again := find(t, v, f.Reference.String()); again.Path != f.Path {
			t.Errorf("by reference: %v, want %v", again, f)
		}
	}
	if len(reused) != 1 {
		t.Fatalf("%v are not whole, want one file", reused)
	}

	var b bytes.Buffer
	r, err := v.Write(context.Background(), &b, find(t, v, `\dir\small.exe:zone.identifier`), false)
	if err != nil || !strings.Contains(b.String(), "ZoneId=3") || !r.Resident {
		t.Errorf("a stream: %q, %+v, %v", b.String(), r, err)
	}
	b.Reset()
	deep := reused[0]
	r, err = v.Write(context.Background(), &b, deep, false)
	if !errors.Is(err, ErrNotWhole) || b.Len() > 0 || r == nil || r.Lost == 0 || r.SHA256 != "" {
		t.Fatalf("with clusters of another file: %d bytes, %+v, %v", b.Len(), r, err)
	}
	want := slices.Clone(files[deep.Path])
	lost := int64(0)
	for _, run := range r.Runs {
		if run.Clusters == "reused" {
			lost += run.Length
			clear(want[run.Offset : run.Offset+run.Length])
		}
	}
	r, err = v.Write(context.Background(), &b, deep, true)
	if err != nil || r.Lost != lost || lost < 100_000 || !bytes.Equal(b.Bytes(), want) {
		t.Errorf("what remains: lost %d, want %d, %v", r.Lost, lost, err)
	}
	if _, err := v.Write(context.Background(), io.Discard, find(t, v, `\keep.txt:none`), false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a stream that is not there: %v", err)
	}
	if list, err := v.Find(`\none.txt`); len(list) > 0 || err != nil {
		t.Errorf("a name that is not there: %v, %v", list, err)
	}
}

// TestAgainstSleuthKit compares deleted files with tsk_recover, which writes also
// what belongs to another file now, and with icat.
func TestAgainstSleuthKit(t *testing.T) {
	path, _ := deletedVolume(t)
	rec := t.TempDir()
	tool(t, rec, "tsk_recover", path, rec)
	v := open(t, path)
	out := t.TempDir()
	seen := 0
	got, err := v.WriteDeleted(context.Background(), out, false, false, func(r *Report, err error) error {
		if err != nil {
			if !errors.Is(err, ErrNotWhole) || r == nil || r.Lost == 0 {
				t.Errorf("%+v: %v", r, err)
			}
			return nil
		}
		b, err := os.ReadFile(r.Output)
		if err != nil || sum(b) != r.SHA256 {
			t.Errorf("%s: %v", r.Output, err)
		}
		if r.Stream == "" {
			entry, _, _ := strings.Cut(r.Reference, "-")
			if icat := tool(t, rec, "icat", "-r", path, entry); !bytes.Equal(icat, b) {
				t.Errorf("%s: icat gives %d bytes, here are %d", r.Path, len(icat), len(b))
			}
		}
		if b2, err := os.ReadFile(filepath.Join(rec, filepath.FromSlash(strings.ReplaceAll(r.Path[1:], `\`, "/")))); err == nil {
			seen++
			if !bytes.Equal(b, b2) && r.Stream == "" {
				t.Errorf("%s: tsk_recover gives other bytes", r.Path)
			}
		}
		return nil
	})
	if err != nil || got.Written != 4 || got.NotWhole != 1 || got.Failed != 0 || seen < 3 {
		t.Errorf("%+v, %v, %d seen by tsk_recover", got, err, seen)
	}
	if list, _ := os.ReadDir(out); len(list) != 4 {
		t.Errorf("%v", list)
	}
	if _, err := v.WriteDeleted(context.Background(), out, false, false, func(*Report, error) error { return nil }); err == nil {
		t.Error("files were replaced")
	}
}

func TestParseWanted(t *testing.T) {
	for name, want := range map[string]wanted{
		"81234-7":        {isEntry: true, entry: 81234, sequence: "7"},
		"5:$I30":         {isEntry: true, entry: 5, stream: "$I30"},
		`C:\a\b.exe:s`:   {path: `\a\b.exe`, base: "b.exe", stream: "s"},
		"a/b.exe":        {path: `\a\b.exe`, base: "b.exe"},
		`\5-x`:           {path: `\5-x`, base: "5-x"},
		"5-99999":        {path: `\5-99999`, base: "5-99999"},
		`D:`:             {path: `\`},
		`\$Orphan\(9-1)`: {path: `\$Orphan\(9-1)`, base: "(9-1)"},
	} {
		if got := parseWanted(name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func TestFileName(t *testing.T) {
	for path, want := range map[string]string{
		`\a\b.exe`: "9-1_b.exe", "": "9-1", `\..`: "9-1", "\\a\u202egpj.exe\n": "9-1_a_gpj.exe", `\日本.txt`: "9-1_日本.txt",
		`\` + strings.Repeat("x", 300): "9-1_" + strings.Repeat("x", 120),
	} {
		if got := fileName(&Found{Reference: ntfs.NewReference(9, 1), Path: path}); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestSelect(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "empty.img")
	b := make([]byte, 1<<20)
	b[510], b[511] = 0x55, 0xAA
	b[446+4], b[446+8], b[446+12] = 0x83, 8, 100
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := image.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := Select(d, Choice{Volume: -1}); err == nil || !strings.Contains(err.Error(), "no NTFS volume") {
		t.Errorf("%v", err)
	}
}
