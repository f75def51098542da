package collect_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// A volume that ntfs-3g has mounted: its creation times and streams are found in the extended attributes.
func TestMountedVolume(t *testing.T) {
	dir := t.TempDir()
	run := func(name string, args ...string) bool {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Logf("%s %v: %v\n%s", name, args, err, out)
		}
		return err == nil
	}
	for _, tool := range []string{"mkfs.ntfs", "wimcapture", "wimapply", "ntfscp", "ntfs-3g", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s: install ntfs-3g wimtools", tool)
		}
	}
	pf := filepath.Join(dir, "tree", "Windows", "Prefetch", "A.EXE-00000001.pf")
	if err := os.MkdirAll(filepath.Dir(pf), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pf, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2020, 1, 2, 3, 4, 5, 678901200, time.UTC)
	if err := os.Chtimes(pf, at, at); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "zone"), []byte("ZoneId=3"), 0o600); err != nil {
		t.Fatal(err)
	}
	mnt := filepath.Join(dir, "mnt")
	if err := os.Mkdir(mnt, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, cmd := range [][]string{
		{"truncate", "-s", "16M", "n.img"},
		{"mkfs.ntfs", "-F", "-Q", "-s", "512", "-c", "4096", "-p", "0", "-H", "255", "-S", "63", "n.img"},
		{"wimcapture", "tree", "t.wim", "--compress=none"},
		{"wimapply", "t.wim", "1", "n.img"},
		{"ntfscp", "-N", "Zone.Identifier", "n.img", "zone", "/Windows/Prefetch/A.EXE-00000001.pf"},
	} {
		if !run(cmd[0], cmd[1:]...) {
			t.Fatal("the volume could not be made")
		}
	}
	if !run("ntfs-3g", "-o", "ro", filepath.Join(dir, "n.img"), mnt) {
		t.Skip("mounting is not allowed here")
	}
	defer run("umount", mnt)
	c, err := collect.Open(mnt, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fsys := c.Hosts[0].Volumes[0].FS
	const name = "Windows/Prefetch/A.EXE-00000001.pf"
	info, err := fs.Stat(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	times, ok := info.Sys().(*collect.Times)
	if !ok || !times.Modified.Equal(at) || times.Created.IsZero() || times.Changed.IsZero() || times.Source == "" || !info.ModTime().Equal(at) {
		t.Errorf("times %+v", info.Sys())
	}
	if b, err := fs.ReadFile(fsys, name+":Zone.Identifier"); err != nil || string(b) != "ZoneId=3" {
		t.Errorf("stream: %q, %v", b, err)
	}
	if b, err := fs.ReadFile(fsys, name); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := fs.ReadFile(fsys, name+":none"); err == nil {
		t.Error("a stream that is not there was read")
	}
}
