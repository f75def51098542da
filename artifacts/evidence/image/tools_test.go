package image_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// The images of these tests are made by public tools, none of which is ours: ntfs-3g and wimtools write the volume, fdisk the partition
// table, ewf-tools and qemu-utils the containers. A test skips, and says why, when its tools are missing.

// need skips the test unless all tools are there.
func need(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s: install ntfs-3g wimtools ewf-tools qemu-utils sleuthkit fdisk", tool)
		}
	}
}

// run runs a tool in a directory and returns what it prints.
func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stderr.Bytes(), out)
	}
	return string(out)
}

// noise is bytes that do not compress, the same on each run.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint64(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x)
	}
	return b
}

// A volume is an NTFS volume that the tools made, and the tree that went into it.
type volume struct {
	dir, tree string
	ads       string // a file with an alternate data stream "Zone.Identifier" of adsText
}

const adsText = "[ZoneTransfer]\r\nZoneId=3\r\n"

// made keeps the volume for all tests of a run: it takes the tools a second.
var made struct {
	once sync.Once
	volume
	skip string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if made.dir != "" {
		os.RemoveAll(made.dir)
	}
	os.Exit(code)
}

// ntfsVolume makes ntfs.img, of 64 MiB, and disk.raw, of 80 MiB, with that volume in its first partition.
func ntfsVolume(t testing.TB) volume {
	t.Helper()
	need(t, "mkfs.ntfs", "wimcapture", "wimapply", "ntfscp", "sfdisk", "dd")
	made.once.Do(func() {
		dir, err := os.MkdirTemp("", "artifactdump-image-")
		if err != nil {
			t.Fatal(err)
		}
		v := volume{dir: dir, tree: filepath.Join(dir, "tree"), ads: "Windows/Prefetch/CMD.EXE-D269B812.pf"}
		write := func(name string, b []byte) {
			p := filepath.Join(v.tree, name)
			if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(p, b, 0o644); err != nil {
				t.Fatal(err)
			}
			at := time.Date(2021, 3, 4, 5, 6, 7, (len(name)*1234567%1e7)*100, time.UTC)
			if err := os.Chtimes(p, at, at.Add(time.Hour+100*time.Nanosecond)); err != nil {
				t.Fatal(err)
			}
		}
		write("Windows/System32/config/SYSTEM", noise(3<<20))
		write("Windows/System32/config/empty", nil)
		write(v.ads, noise(9001))
		write("Users/Ünïcode ßtraße/NTUSER.DAT", noise(262144))
		write("Users/small.txt", []byte("resident"))
		for i := range 2000 {
			write(fmt.Sprintf("crowd/a file with a longer name %05d.txt", i), fmt.Append(nil, i))
		}
		write("mostly/other.bin", noise(24<<20))
		if err := os.Symlink("Users", filepath.Join(v.tree, "Documents and Settings")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "zone"), []byte(adsText), 0o644); err != nil {
			t.Fatal(err)
		}
		run(t, dir, "truncate", "-s", "64M", "ntfs.img")
		run(t, dir, "mkfs.ntfs", "-F", "-Q", "-L", "EVIDENCE", "-s", "512", "-c", "4096", "-p", "0", "-H", "255", "-S", "63", "ntfs.img")
		run(t, dir, "wimcapture", "tree", "t.wim", "--compress=none")
		run(t, dir, "wimapply", "t.wim", "1", "ntfs.img")
		run(t, dir, "ntfscp", "-N", "Zone.Identifier", "ntfs.img", "zone", "/"+v.ads)
		run(t, dir, "truncate", "-s", "80M", "disk.raw")
		run(t, dir, "sh", "-c", `printf 'label: dos\nstart=2048, size=131072, type=7, bootable\n' | sfdisk -q disk.raw`)
		run(t, dir, "dd", "if=ntfs.img", "of=disk.raw", "bs=512", "seek=2048", "conv=notrunc", "status=none")
		made.volume = v
	})
	if made.dir == "" {
		t.Skip("the volume could not be made: see the first test that needs it")
	}
	return made.volume
}

// open opens an image and returns its only NTFS volume.
func open(t testing.TB, path string) (*image.Disk, *ntfs.Volume) {
	t.Helper()
	d, err := image.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	var found *ntfs.Volume
	for _, v := range d.Volumes() {
		if v.FSType == "ntfs" {
			n, err := v.NTFS()
			if err != nil {
				t.Fatal(err)
			}
			found = n
		}
	}
	if found == nil {
		t.Fatalf("%s: no NTFS volume in %+v", path, d.Volumes())
	}
	return d, found
}

// sameTree compares a volume with the tree that was written to it: names, kinds, sizes, contents, and times to 100 ns.
func sameTree(t *testing.T, fsys fs.FS, tree string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(tree, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		n++
		rel, _ := filepath.Rel(tree, p)
		rel = filepath.ToSlash(rel)
		got, err := fs.Stat(fsys, rel)
		if err != nil {
			t.Errorf("%s: %v", rel, err)
			return nil
		}
		want, err := e.Info()
		if err != nil {
			return err
		}
		if got.Mode().Type() != want.Mode().Type() {
			t.Errorf("%s: mode %v, want %v", rel, got.Mode(), want.Mode())
		}
		if !want.Mode().IsRegular() {
			return nil
		}
		if d := want.ModTime().Sub(got.ModTime()); d < 0 || d >= 100 {
			t.Errorf("%s: modified %v, want %v", rel, got.ModTime(), want.ModTime())
		}
		have, err := fs.ReadFile(fsys, rel)
		if err != nil {
			t.Errorf("%s: %v", rel, err)
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if !bytes.Equal(have, data) {
			t.Errorf("%s: %d bytes differ from the %d that were written", rel, len(have), len(data))
		}
		return nil
	})
	if err != nil || n < 2000 {
		t.Fatalf("compared %d files: %v", n, err)
	}
}

func TestRawVolume(t *testing.T) {
	testcost.Again(t)
	v := ntfsVolume(t)
	d, n := open(t, filepath.Join(v.dir, "ntfs.img"))
	if d.Format != image.Raw || d.Scheme != "" || len(d.Volumes()) != 1 || d.Volumes()[0].Index != 0 || d.Volumes()[0].Label != "EVIDENCE" || n.Version != "3.1" || n.Serial == 0 {
		t.Errorf("%s %q %+v", d.Format, d.Scheme, d.Volumes())
	}
	if len(d.Damage)+len(n.Damage) > 0 {
		t.Errorf("damage: %v %v", d.Damage, n.Damage)
	}
	sameTree(t, n, v.tree)
}

// The volume of an image is laid out like any other evidence.
func TestLayoutOfVolume(t *testing.T) {
	v := ntfsVolume(t)
	_, n := open(t, filepath.Join(v.dir, "ntfs.img"))
	hosts, err := collect.Layout(n)
	if err != nil || len(hosts) != 1 || hosts[0].Kind != collect.WindowsRoot || len(hosts[0].Problems) > 0 {
		t.Fatalf("%+v, %v", hosts, err)
	}
	info, err := fs.Stat(hosts[0].Volumes[0].FS, v.ads)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := info.Sys().(*ntfs.Stat); !ok {
		t.Errorf("Sys is a %T", info.Sys())
	}
}

func TestRawDisk(t *testing.T) {
	v := ntfsVolume(t)
	d, n := open(t, filepath.Join(v.dir, "disk.raw"))
	if d.Scheme != "mbr" || len(d.Volumes()) != 1 || d.Volumes()[0].Offset != 1<<20 || d.Volumes()[0].Type != "07" {
		t.Errorf("%q %+v", d.Scheme, d.Volumes())
	}
	sameTree(t, n, v.tree)
}

// The parts of the io/fs contract that evidence relies on, and what an NTFS volume has beyond it.
func TestNTFSNames(t *testing.T) {
	v := ntfsVolume(t)
	_, n := open(t, filepath.Join(v.dir, "ntfs.img"))

	want, err := fs.ReadFile(n, v.ads)
	if err != nil {
		t.Fatal(err)
	}
	got, err := fs.ReadFile(n, strings.ToLower(v.ads))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("in lower case: %d bytes, %v", len(got), err)
	}
	if _, err := fs.Stat(n, "users/üNÏCODE ßTRAßE/ntuser.dat"); err != nil {
		t.Errorf("folding beyond ASCII: %v", err)
	}
	for _, name := range []string{v.ads + ":Zone.Identifier", v.ads + ":zone.identifier:$DATA"} {
		if b, err := fs.ReadFile(n, name); err != nil || string(b) != adsText {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	for _, name := range []string{"Windows/none", "Windows/Prefetch/none:s", v.ads + ":none", v.ads + "/x", "crowd/a file with a longer name 99999.txt"} {
		if _, err := n.Open(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", name, err)
		}
	}
	info, err := fs.Stat(n, v.ads)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*ntfs.Stat)
	name, ok := st.FileName()
	if !ok || name.Name != "CMD.EXE-D269B812.pf" || name.Created.IsZero() || st.Entry < 16 || st.Sequence == 0 ||
		len(st.Streams) != 1 || st.Streams[0] != (ntfs.Stream{Name: "Zone.Identifier", Size: int64(len(adsText))}) {
		t.Errorf("stat = %+v", st)
	}
	if st.Modified.Nanosecond()%100 != 0 || st.Modified.Nanosecond() == 0 || st.Created.IsZero() || st.Changed.IsZero() || st.Accessed.IsZero() {
		t.Errorf("times = %+v", st)
	}
	if _, err := n.Open("Documents and Settings/small.txt"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a junction was followed: %v", err)
	}
}

// What another reader of file systems sees: The Sleuth Kit's fls lists the same paths with the same entries.
func TestAgainstSleuthKit(t *testing.T) {
	v := ntfsVolume(t)
	need(t, "fls", "istat")
	_, n := open(t, filepath.Join(v.dir, "ntfs.img"))
	theirs := map[string]bool{}
	for line := range strings.Lines(run(t, v.dir, "fls", "-r", "-p", "-u", "ntfs.img")) { // "r/r 37-128-1:\tpath", or with a stream: "path:stream"
		kind, path, ok := strings.Cut(strings.TrimRight(line, "\n"), ":\t")
		inode, _, _ := strings.Cut(kind[strings.LastIndexByte(kind, ' ')+1:], "-")
		if !ok || strings.HasPrefix(path, "$OrphanFiles") {
			continue
		}
		if i := strings.LastIndexByte(path, ':'); i > strings.LastIndexByte(path, '/') {
			path = path[:i]
		}
		theirs[inode+" "+path] = true
	}
	ours := map[string]bool{}
	err := fs.WalkDir(n, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == "." {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		ours[fmt.Sprint(info.Sys().(*ntfs.Stat).Entry, " ", p)] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for k := range theirs {
		if !ours[k] {
			t.Errorf("only fls lists %s", k)
		}
	}
	for k := range ours {
		if !theirs[k] {
			t.Errorf("fls does not list %s", k)
		}
	}
	if len(ours) < 2000 {
		t.Errorf("%d paths", len(ours))
	}
}

// Every container, made from the same disk by the public tools, gives the same disk.
func TestContainers(t *testing.T) {
	testcost.Again(t)
	v := ntfsVolume(t)
	need(t, "qemu-img", "ewfacquire")
	raw, err := os.ReadFile(filepath.Join(v.dir, "disk.raw"))
	if err != nil {
		t.Fatal(err)
	}
	qemu := func(args ...string) []string {
		return append(append([]string{"qemu-img", "convert"}, args...), "disk.raw")
	}
	ewf := func(format, target string, args ...string) []string {
		return append(append([]string{"ewfacquire", "-q", "-u", "-t", target, "-f", format}, args...), "disk.raw")
	}
	for _, tt := range testcost.Sample([]struct {
		name   string
		cmd    []string
		file   string
		format image.Format
		files  int
	}{
		{"ewf encase6", ewf("encase6", "e6", "-c", "deflate:fast"), "e6.E01", image.EWF, 1},
		{"ewf encase5, no compression", ewf("encase5", "e5", "-c", "deflate:none"), "e5.E01", image.EWF, 1},
		{"ewf linen6", ewf("linen6", "l6", "-c", "deflate:best"), "l6.E01", image.EWF, 1},
		{"ewf smart", ewf("smart", "sm", "-c", "deflate:fast"), "sm.s01", image.EWF, 1},
		{"ewf segments", ewf("encase6", "seg", "-c", "deflate:fast", "-S", "10M"), "seg.E01", image.EWF, 3},
		{"ewf large chunks", ewf("encase6", "big", "-c", "deflate:fast", "-b", "2048"), "big.E01", image.EWF, 1},
		{"vhd fixed", qemu("-O", "vpc", "-o", "subformat=fixed,force_size"), "fixed.vhd", image.VHD, 1},
		{"vhd dynamic", qemu("-O", "vpc", "-o", "subformat=dynamic,force_size"), "dynamic.vhd", image.VHD, 1},
		{"vhdx", qemu("-O", "vhdx"), "dynamic.vhdx", image.VHDX, 1},
		{"vhdx fixed", qemu("-O", "vhdx", "-o", "subformat=fixed"), "fixed.vhdx", image.VHDX, 1},
		{"vhdx small blocks", qemu("-O", "vhdx", "-o", "block_size=1M"), "small.vhdx", image.VHDX, 1},
		{"vmdk sparse", qemu("-O", "vmdk"), "sparse.vmdk", image.VMDK, 1},
		{"vmdk flat", qemu("-O", "vmdk", "-o", "subformat=monolithicFlat"), "flat.vmdk", image.VMDK, 2},
		{"vmdk stream", qemu("-O", "vmdk", "-o", "subformat=streamOptimized"), "stream.vmdk", image.VMDK, 1},
		{"vmdk 2 GB sparse", qemu("-O", "vmdk", "-o", "subformat=twoGbMaxExtentSparse"), "two.vmdk", image.VMDK, 2},
		{"qcow2", qemu("-O", "qcow2"), "plain.qcow2", image.QCOW2, 1},
		{"qcow2 version 2, compressed", qemu("-c", "-O", "qcow2", "-o", "compat=0.10"), "packed.qcow2", image.QCOW2, 1},
		{"qcow2 small clusters", qemu("-c", "-O", "qcow2", "-o", "cluster_size=4096"), "small.qcow2", image.QCOW2, 1},
		{"raw split", []string{"split", "-b", "30M", "-d", "-a", "3", "--numeric-suffixes=1", "disk.raw", "split."}, "split.001", image.Raw, 3},
	}, 4) {
		t.Run(tt.name, func(t *testing.T) {
			cmd := tt.cmd
			if cmd[0] == "qemu-img" {
				cmd = append(cmd, tt.file)
			}
			run(t, v.dir, cmd[0], cmd[1:]...)
			d, n := open(t, filepath.Join(v.dir, tt.file))
			t.Cleanup(func() {
				for _, f := range d.Files() {
					os.Remove(filepath.Join(v.dir, f))
				}
			})
			if d.Format != tt.format || len(d.Files()) != tt.files || len(d.Damage) > 0 {
				t.Errorf("%s in %v, damage %v", d.Format, d.Files(), d.Damage)
			}
			if d.Size != int64(len(raw)) {
				t.Errorf("%d bytes, want %d", d.Size, len(raw))
			}
			if open := d.BytesRead(); open > 2<<20 {
				t.Errorf("Open reads %d bytes", open)
			}
			// The files that matter lie in less than a fifth of the image.
			for _, dir := range []string{"Windows/System32/config", "Windows/Prefetch", "Users"} {
				if err := fs.WalkDir(n, dir, func(p string, e fs.DirEntry, err error) error {
					if err == nil && !e.IsDir() {
						_, err = fs.ReadFile(n, p)
					}
					return err
				}); err != nil {
					t.Error(err)
				}
			}
			if read, stored := d.BytesRead(), d.StoredBytes(); read > stored/5 {
				t.Errorf("read %d of %d bytes", read, stored)
			}
			sameTree(t, n, v.tree)
			got := make([]byte, len(raw))
			if _, err := d.ReadAt(got, 0); err != nil || !bytes.Equal(got, raw) {
				t.Errorf("the disk differs: %v", err)
			}
			for off := int64(0); off < d.Size; off += 777_777 { // across the borders of chunks and pages
				p := make([]byte, 70_001)
				m, _ := d.ReadAt(p, off)
				if !bytes.Equal(p[:m], raw[off:][:m]) || m < len(p) && off+int64(m) != d.Size {
					t.Errorf("%d bytes at %d differ", m, off)
				}
			}
			sum, err := d.Verify(t.Context())
			if err != nil || sum.Stored() != (tt.format == image.EWF) || sum.Stored() && !sum.OK() {
				t.Errorf("verify: %+v, %v", sum, err)
			}
		})
	}
}
