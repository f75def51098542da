package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestVMDKExtentNames(t *testing.T) {
	for name, want := range map[string]string{
		"/etc/passwd":             "passwd",
		`C:\Windows\win.ini`:      "win.ini",
		"../../secret":            "secret",
		"..":                      "",
		"":                        "",
		"/":                       "",
		"dir/..":                  "",
		"flat.vmdk:stream":        "stream",
		"plain.vmdk":              "plain.vmdk",
		"nul\x00byte":             "",
		"/dev/sda":                "sda",
		`\\?\GLOBALROOT\Device\x`: "x",
	} {
		if got := baseName(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	desc := func(extent string) []byte {
		return []byte("# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType=\"monolithicFlat\"\n" + extent + "\n")
	}
	for extent, want := range map[string]string{
		`RW 8 FLAT "/etc/passwd" 0`:                  "passwd: this extent is missing",
		`RW 8 FLAT "../../../../etc/passwd" 0`:       "passwd: this extent is missing",
		`RW 8 FLAT ".." 0`:                           `"..": is no name for a file of the image`,
		`RW 8 FLAT "pipe" 0`:                         "not a plain file",
		`RW 8 VMFSSPARSE "x" 0`:                      "extent of type VMFSSPARSE: not supported",
		`RW 8 FLAT "disk.vmdk" -5`:                   "extent of type BROKEN: not supported",
		`RW 99999999999999999999 FLAT "disk.vmdk" 0`: "names 0 extents",
	} {
		dir := ewfDir(t, map[string][]byte{"disk.vmdk": desc(extent)})
		if err := os.Mkdir(filepath.Join(dir, "pipe"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(filepath.Join(dir, "disk.vmdk"), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", extent, err, want)
		}
	}
	flat := disk(8, 0)
	dir := ewfDir(t, map[string][]byte{"disk.vmdk": desc("RW 2 ZERO\nRW 8 FLAT \"elsewhere/x-flat.vmdk\" 0\nRW 4 FLAT \"x-flat.vmdk\" 6"), "x-flat.vmdk": flat})
	d, err := Open(filepath.Join(dir, "disk.vmdk"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.Size != 14*512 || len(d.Damage) != 1 {
		t.Errorf("%d bytes, %v", d.Size, d.Damage)
	}
	got := make([]byte, 512)
	if _, err := d.ReadAt(got, 1024); err != nil || !bytes.Equal(got, flat[:512]) {
		t.Errorf("%v", err)
	}
	snapshot := bytes.Replace(desc("RW 8 FLAT \"x\" 0"), []byte("ffffffff"), []byte("12345678"), 1)
	if _, err := Open(write(t, "s.vmdk", snapshot), nil); !errors.Is(err, ErrUnsupported) {
		t.Errorf("%v", err)
	}
}

// vhdFile writes a dynamic VHD of two blocks of 4 KiB, the second of which is there.
func vhdFile(data []byte) []byte {
	foot := make([]byte, 512)
	copy(foot, "conectix")
	be.PutUint64(foot[16:], 512)
	be.PutUint64(foot[48:], 8192)
	be.PutUint32(foot[60:], vhdDynamic)
	be.PutUint32(foot[64:], vhdSum(foot, 64))
	head := make([]byte, 1024)
	copy(head, "cxsparse")
	be.PutUint64(head[16:], 1536)
	be.PutUint32(head[28:], 2)
	be.PutUint32(head[32:], 4096)
	be.PutUint32(head[36:], vhdSum(head, 36))
	bat := make([]byte, 512)
	be.PutUint32(bat, vhdHole)
	be.PutUint32(bat[4:], 4)
	block := make([]byte, 512+4096)
	copy(block[512:], data)
	return slices.Concat(foot, head, bat, block, foot)
}

func TestVHD(t *testing.T) {
	d, err := Open(write(t, "a.vhd", vhdFile(bootSector())), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	got := make([]byte, 8192)
	if _, err := d.ReadAt(got, 0); err != nil || !bytes.Equal(got[4096:4608], bootSector()) || bytes.Count(got[:4096], []byte{0}) != 4096 {
		t.Errorf("%v", err)
	}
	for name, tt := range map[string]struct {
		spoil func(b []byte)
		want  string
	}{
		"footer":        {func(b []byte) { b[70]++; b[len(b)-512+70]++ }, "its checksum is wrong"},
		"header":        {func(b []byte) { b[512+100]++ }, "its checksum is wrong"},
		"differencing":  {func(b []byte) { resum(b, 60, vhdDifferencing) }, "parent"},
		"huge":          {func(b []byte) { resum(b, 48, 0x7FFFFFFF) }, "bytes"},
		"header beyond": {func(b []byte) { resum(b, 16, 0x7FFFFFFF) }, "outside the file"},
	} {
		b := vhdFile(nil)
		tt.spoil(b)
		if _, err := Open(write(t, "a.vhd", b), nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	if d, err := Open(write(t, "cut.vhd", vhdFile(bootSector())[:3000]), nil); err != nil {
		t.Errorf("a dynamic VHD that is cut off, with its footer's copy in front: %v", err)
	} else {
		defer d.Close()
		if _, err := d.ReadAt(got, 4096); !errors.Is(err, fs.ErrNotExist) && err == nil {
			t.Error("what is cut off was read")
		}
	}
}

// resum sets a 32-bit field of both footers and their checksums.
func resum(b []byte, at int, v uint32) {
	for _, foot := range [][]byte{b[:512], b[len(b)-512:]} {
		binary.BigEndian.PutUint32(foot[at:], v)
		binary.BigEndian.PutUint32(foot[64:], vhdSum(foot, 64))
	}
}

func TestRawSegments(t *testing.T) {
	whole := disk(30, 0)
	for name, tt := range map[string]struct {
		files []string
		open  string
		want  string
	}{
		"whole":        {[]string{"a.001", "a.002", "a.003"}, "a.001", ""},
		"from zero":    {[]string{"a.000", "a.001", "a.002"}, "a.000", ""},
		"gap":          {[]string{"a.001", "", "a.003"}, "a.001", "a.002: this segment is missing, later ones are there"},
		"second named": {[]string{"a.001", "a.002", "a.003"}, "a.002", "a.002: is not the first segment of a split image; name the first"},
	} {
		files := map[string][]byte{}
		for i, f := range tt.files {
			if f != "" {
				files[f] = whole[5120*i : 5120*(i+1)]
			}
		}
		d, err := Open(filepath.Join(ewfDir(t, files), tt.open), nil)
		if tt.want != "" {
			if se, ok := errors.AsType[*SegmentError](err); !ok || se.Error() != tt.want {
				t.Errorf("%s: %v, want %q", name, err, tt.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.Size != int64(len(whole)) || len(d.Files()) != 3 {
			t.Errorf("%s: %d bytes in %v", name, d.Size, d.Files())
		}
		d.Close()
	}
}

// qcowFile writes a QCOW2 of version 3 with a disk of two clusters of 512 bytes, the second of which is there.
func qcowFile() []byte {
	b := make([]byte, 4*512)
	copy(b, "QFI\xFB")
	be.PutUint32(b[4:], 3)
	be.PutUint32(b[20:], 9)
	be.PutUint64(b[24:], 1024)
	be.PutUint32(b[36:], 1)
	be.PutUint64(b[40:], 512)
	be.PutUint64(b[512:], 1024|1<<63)
	be.PutUint64(b[1024+8:], 1536|1<<63)
	copy(b[1536:], bootSector())
	return b
}

func TestQCOW2(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(b []byte)
		open  string
		read  string
	}{
		"whole":         {func([]byte) {}, "", ""},
		"backing file":  {func(b []byte) { b[15] = 100 }, "backing file", ""},
		"encrypted":     {func(b []byte) { b[35] = 1 }, "encrypted", ""},
		"feature":       {func(b []byte) { b[79] = 4 }, "features 0x4", ""},
		"cluster size":  {func(b []byte) { b[23] = 63 }, "clusters of 2^63", ""},
		"size":          {func(b []byte) { b[24] = 1 }, "a disk of", ""},
		"table outside": {func(b []byte) { b[44] = 1 }, "outside the file", ""},
		"second table":  {func(b []byte) { b[512+2] = 1 }, "", "second table cannot be read"},
		"cluster":       {func(b []byte) { b[1024+8+2] = 1 }, "", "cannot be read"},
		"not deflated":  {func(b []byte) { b[1024+8] = 0x40 }, "", "cannot be read"},
	} {
		b := qcowFile()
		tt.spoil(b)
		d := &Disk{}
		f, err := d.openFile(write(t, "a.qcow2", b))
		if err != nil {
			t.Fatal(err)
		}
		q, err := d.openQCOW2(f)
		got := make([]byte, 1024)
		if err == nil {
			_, err = q.ReadAt(got, 0)
			if tt.open != "" || tt.read == "" && (err != nil || !bytes.Equal(got[512:], bootSector())) || tt.read != "" && (err == nil || !strings.Contains(err.Error(), tt.read)) {
				t.Errorf("%s: %v, want %q", name, err, tt.open+tt.read)
			}
		} else if tt.open == "" || !strings.Contains(err.Error(), tt.open) {
			t.Errorf("%s: %v, want %q", name, err, tt.open)
		}
		d.Close()
	}
}
