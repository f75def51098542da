package vss_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mounted has libvshadow show the shadow copies of an image, and hands each to f. It skips the test where the tools or FUSE are missing.
func mounted(t *testing.T, img []byte, f func(n int, file *os.File)) {
	t.Helper()
	for _, tool := range []string{"vshadowinfo", "vshadowmount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s: install libvshadow-utils", tool)
		}
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("no FUSE on this system: vshadowmount cannot show its files")
	}
	dir := t.TempDir()
	name, mnt := filepath.Join(dir, "volume.raw"), filepath.Join(dir, "mnt")
	if err := os.WriteFile(name, img, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(mnt, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("vshadowinfo", name).CombinedOutput()
	if err != nil {
		t.Fatalf("vshadowinfo: %v\n%s", err, out)
	}
	if out, err := exec.Command("vshadowmount", name, mnt).CombinedOutput(); err != nil {
		if strings.Contains(string(out), "fuse") {
			t.Skipf("vshadowmount cannot use FUSE here: %s", out)
		}
		t.Fatalf("vshadowmount: %v\n%s", err, out)
	}
	defer func() {
		if exec.Command("fusermount", "-u", mnt).Run() != nil {
			exec.Command("umount", mnt).Run()
		}
	}()
	for range 3000 { // it goes into the background before its files are there
		if _, err := os.Stat(filepath.Join(mnt, "vss1")); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	for n := 1; ; n++ {
		file, err := os.Open(filepath.Join(mnt, fmt.Sprint("vss", n)))
		if err != nil {
			if n == 1 {
				t.Fatal(err)
			}
			return
		}
		f(n, file)
		file.Close()
	}
}

// What libvshadow makes of a volume is what we make of it, byte for byte, also where the document leaves things open.
func TestAgainstLibvshadow(t *testing.T) {
	for seed := range uint64(4) {
		states := history(5, 300, seed)
		img, _ := built(t, states, false)
		v := openVolume(t, img)
		mounted(t, img, func(n int, file *os.File) {
			ours := read(t, &v.Shadows[n-1])
			theirs := make([]byte, len(ours))
			if m, err := file.ReadAt(theirs, 0); m != len(theirs) {
				t.Fatalf("seed %d, vss%d: libvshadow gives %d of %d bytes: %v", seed, n, m, len(theirs), err)
			}
			for b := 0; b*block < len(ours); b++ {
				end := min(len(ours), (b+1)*block)
				if !bytes.Equal(ours[b*block:end], theirs[b*block:end]) {
					t.Errorf("seed %d, vss%d: block %d differs", seed, n, b)
				}
			}
		})
	}
}

// Where libvshadow and we differ, and why; the first column is the block whose present contents it gives for block 3, the second ours.
func TestDivergences(t *testing.T) {
	type d = [5]uint64
	for _, tt := range []struct {
		name, why    string
		theirs, ours int
		descs        []d
	}{
		{"a block that came back", "docs/formats/vss.md, section 5: the forwarder before it says no longer where the data are",
			6, 3, []d{{3 * block, 6 * block, 0, 1, 0}, {6 * block, 3 * block, 0, 1, 0}}},
	} {
		img, _ := byHand(t, tt.descs...)
		if got := read(t, &openVolume(t, img).Shadows[0])[3*block:][:block]; !bytes.Equal(got, img[tt.ours*block:][:block]) {
			t.Errorf("%s: ours is not block %d", tt.name, tt.ours)
		}
		mounted(t, img, func(n int, file *os.File) {
			got := make([]byte, block)
			if _, err := file.ReadAt(got, 3*block); err != nil || !bytes.Equal(got, img[tt.theirs*block:][:block]) {
				t.Errorf("%s: libvshadow's is not block %d any more (%v): %s", tt.name, tt.theirs, err, tt.why)
			}
		})
	}
}
