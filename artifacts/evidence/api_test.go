package evidence

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/corpus"
)

// TestOpenMounted reads a volume of the running machine through its file system: a machine, and a volume without Windows.
func TestOpenMounted(t *testing.T) {
	dir := t.TempDir()
	if err := corpus.Incident().Write(dir); err != nil {
		t.Fatal(err)
	}
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "a.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	serials := map[string]uint32{filepath.Join(dir, "C"): 7, "own": 7, data: 8, "other": 9}
	defer func(f func(string) (uint32, error)) { volumeSerial = f }(volumeSerial)
	volumeSerial = func(dir string) (uint32, error) { return serials[dir], nil }

	e, err := openMounted(filepath.Join(dir, "C"), "E:", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if !e.Live() || len(e.Trees) != 1 || e.Trees[0].Machine().Name != corpus.Computer {
		t.Errorf("%+v", e)
	}
	if list, _ := e.Trees[0].Glob(`%SystemRoot%\System32\config\SYSTEM`); len(list) != 1 || list[0].Path != `E:\Windows\System32\config\SYSTEM` {
		t.Errorf("%v", list)
	}
	d, err := openMounted(data, "D:", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if list, _ := d.Trees[0].Glob(`%AnyDrive%\*.txt`); len(list) != 1 || list[0].Path != `D:\a.txt` {
		t.Errorf("%v", list)
	}
	for _, c := range []struct {
		e    *Evidence
		dir  string
		want bool
	}{{e, "own", true}, {e, "other", false}, {d, "own", false}, {merge([]*Evidence{e, d}, "all"), "own", true}} {
		if got := c.e.Holds(c.dir); got != c.want {
			t.Errorf("%s holds %s: %t", c.e.Path, c.dir, got)
		}
	}
}

// A disk is a device of a test.
type disk struct {
	b      []byte
	sector int
}

func (d disk) Size() int64     { return int64(len(d.b)) }
func (d disk) SectorSize() int { return d.sector }
func (d disk) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(d.b).ReadAt(p, off)
}

// TestBitLocker looks at the first sector of a partition.
func TestBitLocker(t *testing.T) {
	const at = 64 << 10
	for sign, want := range map[string]string{"-FVE-FS-": "unlocked", "NTFS    ": "none", "ReFS\x00\x00\x00\x00": "unknown"} {
		b := make([]byte, 128<<10)
		copy(b[at+3:], sign)
		for _, sector := range []int{512, 4096} {
			if got := bitLocker(disk{b, sector}, at); got != want {
				t.Errorf("%q with sectors of %d bytes: %s", sign, sector, got)
			}
		}
		if got := bitLocker(disk{b, 512}, int64(len(b))); got != "unknown" {
			t.Errorf("behind the disk: %s", got)
		}
	}
	a, b := &Evidence{protection: map[string]string{"C:": "unlocked"}}, &Evidence{protection: map[string]string{"D:": "none"}}
	all := merge([]*Evidence{a, b}, "all")
	if got := []string{all.BitLocker("C:"), all.BitLocker("D:"), all.BitLocker("E:")}; !slices.Equal(got, []string{"unlocked", "none", ""}) {
		t.Errorf("%q", got)
	}
}
