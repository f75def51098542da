package evidence

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// dataDisk is a disk with two NTFS volumes by mkfs.ntfs, neither with Windows.
func dataDisk(t *testing.T) (disk, volume string) {
	t.Helper()
	if _, err := exec.LookPath("mkfs.ntfs"); err != nil {
		t.Skip("mkfs.ntfs is not installed: install ntfs-3g")
	}
	dir := t.TempDir()
	const size, first = 3 << 20, 1 << 20
	whole := make([]byte, first+2*size)
	whole[510], whole[511] = 0x55, 0xAA
	for i := range 2 {
		volume = filepath.Join(dir, "volume.img")
		if err := os.WriteFile(volume, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("mkfs.ntfs", "-F", "-Q", "-q", volume).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		b, err := os.ReadFile(volume)
		if err != nil {
			t.Fatal(err)
		}
		entry := whole[446+16*i:]
		entry[4] = 7
		binary.LittleEndian.PutUint32(entry[8:], uint32(first+i*size)/512)
		binary.LittleEndian.PutUint32(entry[12:], size/512)
		copy(whole[first+i*size:], b)
	}
	disk = filepath.Join(dir, "disk.img")
	if err := os.WriteFile(disk, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	return disk, volume
}

// TestDataVolumes reads the NTFS volumes of an image without Windows: each has a
// name of its own, by which its files are found again.
func TestDataVolumes(t *testing.T) {
	disk, volume := dataDisk(t)
	e, err := Open(disk, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if len(e.Trees) != 1 || len(e.Notes) != 2 ||
		!strings.Contains(e.Notes[1], "no Windows on it: read for its file system, shown as Volume{") {
		t.Fatalf("%d trees, %q", len(e.Trees), e.Notes)
	}
	tree := e.Trees[0]
	files, errs := tree.Glob(`%AnyDrive%\$MFT`)
	if len(files) != 2 || len(errs) > 0 || files[0].Path == files[1].Path {
		t.Fatalf("%v, %v", files, errs)
	}
	for _, f := range files {
		if !strings.HasPrefix(f.Path, "Volume{") || !strings.HasSuffix(f.Path, `}\$MFT`) {
			t.Errorf("%s", f.Path)
		}
		if g, ok := tree.Lookup(f.Path); !ok || g.Path != f.Path {
			t.Errorf("%s is found as %+v", f.Path, g)
		}
		if _, ok := f.NTFS(); !ok {
			t.Errorf("%s has no volume", f.Path)
		}
	}
	if roots, _ := tree.Glob(`%SystemRoot%\*`); len(roots) > 0 {
		t.Errorf("%v below a Windows folder", roots)
	}

	one, err := Open(volume, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if f, _ := one.Trees[0].Glob(`%AnyDrive%\$MFT`); len(f) != 1 || f[0].Path != `C:\$MFT` {
		t.Errorf("on its own: %v", f)
	}
	if !slices.ContainsFunc(one.Notes, func(n string) bool { return strings.Contains(n, "drive letter is not known") }) {
		t.Errorf("%q", one.Notes)
	}
}

func TestSerialText(t *testing.T) {
	if got := serialText(0x01D5A9B300C2F4E1); got != "00C2-F4E1" {
		t.Error(got)
	}
}
