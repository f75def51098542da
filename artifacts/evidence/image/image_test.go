package image

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/md5"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These images are written here, a few sectors each, to hold one flaw each. What real tools write is tested in tools_test.go.

// bootSector is enough of an NTFS volume to be seen as one.
func bootSector() []byte {
	b := make([]byte, 512)
	copy(b[3:], "NTFS    ")
	b[510], b[511] = 0x55, 0xAA
	return b
}

// disk makes a disk of n sectors with NTFS boot sectors where they are wanted.
func disk(n int, boots ...int) []byte {
	b := make([]byte, 512*n)
	for _, s := range boots {
		copy(b[512*s:], bootSector())
	}
	return b
}

// mbr writes a partition table into a sector: type, first sector, sectors.
func mbr(sector []byte, parts ...[3]uint32) {
	sector[510], sector[511] = 0x55, 0xAA
	for i, p := range parts {
		e := sector[446+16*i:]
		e[4] = byte(p[0])
		le.PutUint32(e[8:], p[1])
		le.PutUint32(e[12:], p[2])
	}
}

// gpt writes a header at sector at, and a table of four entries two sectors behind it: first and last sector.
func gpt(b []byte, at, table int, parts ...[2]uint64) {
	t := b[512*table:][:512]
	for i, p := range parts {
		copy(t[128*i:], "\xA2\xA0\xD0\xEB\xE5\xB9\x33\x44\x87\xC0\x68\xB6\xB7\x26\x99\xC7") // basic data
		le.PutUint64(t[128*i+32:], p[0])
		le.PutUint64(t[128*i+40:], p[1])
		copy(t[128*i+56:], "B\x00a\x00s\x00i\x00c\x00")
	}
	h := b[512*at:]
	copy(h, "EFI PART\x00\x00\x01\x00")
	le.PutUint32(h[12:], 92)
	le.PutUint64(h[72:], uint64(table))
	le.PutUint32(h[80:], 4)
	le.PutUint32(h[84:], 128)
	le.PutUint32(h[88:], crc32.ChecksumIEEE(t))
	le.PutUint32(h[16:], 0)
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:92]))
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// table opens a raw disk and describes its volumes and its damage.
func table(t testing.TB, b []byte) (scheme string, vols, damage []string) {
	t.Helper()
	d, err := Open(write(t, "disk.raw", b), nil)
	if err != nil {
		return err.Error(), nil, nil
	}
	defer d.Close()
	for _, v := range d.Volumes() {
		vols = append(vols, fmt.Sprint(v.Index, " ", v.Offset/512, "+", v.Size/512, " ", v.Type, " ", v.FSType))
	}
	for _, err := range d.Damage {
		damage = append(damage, err.Error())
	}
	return d.Scheme, vols, damage
}

func TestPartitions(t *testing.T) {
	const basic = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
	for _, tt := range []struct {
		name   string
		make   func() []byte
		scheme string
		vols   []string
		damage []string
	}{
		{"mbr", func() []byte {
			b := disk(100, 10, 50)
			mbr(b, [3]uint32{7, 10, 40}, [3]uint32{7, 50, 50})
			return b
		}, "mbr", []string{"1 10+40 07 ntfs", "2 50+50 07 ntfs"}, nil},
		{"overlap", func() []byte {
			b := disk(100, 10, 20)
			mbr(b, [3]uint32{7, 10, 40}, [3]uint32{7, 20, 50})
			return b
		}, "mbr", []string{"1 10+40 07 ntfs", "2 20+50 07 ntfs"}, []string{"disk.raw: partition 2 at 10240: overlaps partition 1"}},
		{"outside", func() []byte {
			b := disk(100, 10)
			mbr(b, [3]uint32{7, 10, 400}, [3]uint32{7, 200, 50}, [3]uint32{0x83, 0xFFFFFFFF, 0xFFFFFFFF})
			return b
		}, "mbr", []string{"1 10+90 07 ntfs"}, []string{
			"disk.raw: partition 1 at 5120: ends 158720 bytes outside the disk",
			"disk.raw: partition 2 at 102400: begins outside the disk of 51200 bytes",
			"disk.raw: partition 3 at 2199023255040: begins outside the disk of 51200 bytes"}},
		{"logical", func() []byte {
			b := disk(200, 10, 61, 101)
			mbr(b, [3]uint32{7, 10, 40}, [3]uint32{0x0F, 60, 140})
			mbr(b[60*512:], [3]uint32{7, 1, 30}, [3]uint32{5, 40, 50})
			mbr(b[100*512:], [3]uint32{7, 1, 30})
			return b
		}, "mbr", []string{"1 10+40 07 ntfs", "2 61+30 07 ntfs", "3 101+30 07 ntfs"}, nil},
		{"logical in a circle", func() []byte {
			b := disk(200, 61)
			mbr(b, [3]uint32{5, 60, 140})
			mbr(b[60*512:], [3]uint32{7, 1, 30}, [3]uint32{5, 40, 50})
			mbr(b[100*512:], [3]uint32{7, 1, 30}, [3]uint32{5, 0, 50})
			b[60*512+446+16+8] = 40
			b[100*512+446+16+8] = 0
			return b
		}, "mbr", []string{"1 61+30 07 ntfs", "2 101+30 07 "}, []string{"disk.raw: extended partition at 30720: its chain leads in a circle"}},
		{"gpt", func() []byte {
			b := disk(100, 40)
			mbr(b, [3]uint32{0xEE, 1, 99})
			gpt(b, 1, 2, [2]uint64{40, 79})
			return b
		}, "gpt", []string{"1 40+40 " + basic + " ntfs"}, nil},
		{"gpt, copy at the end", func() []byte {
			b := disk(100, 40)
			mbr(b, [3]uint32{0xEE, 1, 99})
			gpt(b, 99, 97, [2]uint64{40, 79})
			return b
		}, "gpt", []string{"1 40+40 " + basic + " ntfs"}, []string{"the copy of the partition table at the disk's end was used: no GPT"}},
		{"gpt left over from before the mbr", func() []byte {
			b := disk(100, 10, 40)
			mbr(b, [3]uint32{7, 10, 20})
			gpt(b, 99, 97, [2]uint64{40, 79})
			return b
		}, "mbr", []string{"1 10+20 07 ntfs"}, nil},
		{"gpt with a wrong table", func() []byte {
			b := disk(100, 40)
			mbr(b, [3]uint32{0xEE, 1, 99})
			gpt(b, 1, 2, [2]uint64{40, 79}, [2]uint64{90, 80})
			b[2*512+60]++ // in the name
			return b
		}, "gpt", []string{"1 40+40 " + basic + " ntfs"}, []string{"disk.raw: GPT header at 512: the checksum of its table is wrong"}},
		{"4096-byte sectors", func() []byte {
			b := disk(800, 80)
			mbr(b, [3]uint32{7, 10, 40})
			return b
		}, "mbr", []string{"1 80+320 07 ntfs"}, nil},
		{"volume alone", func() []byte { return disk(100, 0) }, "", []string{"0 0+100  ntfs"}, nil},
		{"volume without its boot sector", func() []byte { return disk(100, 99) }, "", []string{"0 0+100  ntfs"},
			[]string{"disk.raw: boot sector at 0: no file system and no partition table; its copy at the end is NTFS's"}},
		{"bitlocker", func() []byte {
			b := disk(100, 10)
			copy(b[10*512+3:], "-FVE-FS-")
			mbr(b, [3]uint32{7, 10, 40})
			return b
		}, "mbr", []string{"1 10+40 07 bitlocker"}, nil},
		{"nothing", func() []byte { return disk(100) }, "disk.raw: not a disk image", nil, nil},
		{"text", func() []byte { return []byte("hello") }, "disk.raw: 5 bytes are no disk: not a disk image", nil, nil},
		{"empty", func() []byte { return nil }, "disk.raw: 0 bytes are no disk: not a disk image", nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			scheme, vols, damage := table(t, tt.make())
			if scheme != tt.scheme {
				t.Errorf("scheme %q, want %q", scheme, tt.scheme)
			}
			if diff := cmp.Diff(tt.vols, vols); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tt.damage, damage); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVolumeErrors(t *testing.T) {
	b := disk(100, 10, 30, 60)
	copy(b[30*512+3:], "-FVE-FS-")
	clear(b[60*512:])
	mbr(b, [3]uint32{7, 10, 10}, [3]uint32{7, 30, 10}, [3]uint32{0x83, 60, 10})
	d, err := Open(write(t, "disk.raw", b), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for i, want := range []string{"volume 1: boot sector at 11: sectors of 0 bytes", "encrypted by BitLocker", "no file system known here"} {
		fsys, err := d.Volumes()[i].FS()
		if err == nil || fsys != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("volume %d: %v, want %q", i+1, err, want)
		}
	}
}

// An ewfPart is one segment file to write.
type ewfPart struct {
	number int
	chunks [][]byte
	last   bool
	plain  bool
	sum    []byte // stored MD5
}

const testChunk = 64 * 512

// ewfFile writes a segment file as EnCase does: volume, sectors, table, table2, then done or next. total counts the chunks of the image.
func ewfFile(p ewfPart, total int) []byte {
	b := slices.Concat(ewfMagic, []byte{1, byte(p.number), 0, 0, 0})
	section := func(typ string, body []byte) {
		h := make([]byte, ewfSection)
		copy(h, typ)
		next := uint64(len(b) + ewfSection + len(body))
		if typ == "done" || typ == "next" {
			next = uint64(len(b))
		}
		le.PutUint64(h[16:], next)
		le.PutUint64(h[24:], uint64(ewfSection+len(body)))
		le.PutUint32(h[72:], adler32.Checksum(h[:72]))
		b = slices.Concat(b, h, body)
	}
	if p.number == 1 {
		v := make([]byte, 1052)
		v[0] = 1
		le.PutUint32(v[4:], uint32(total))
		le.PutUint32(v[8:], 64)
		le.PutUint32(v[12:], 512)
		le.PutUint64(v[16:], uint64(total*64))
		section("volume", v)
	}
	var data, entries []byte
	base := len(b) + ewfSection
	for _, c := range p.chunks {
		if p.plain {
			entries = le.AppendUint32(entries, uint32(len(data)))
			data = le.AppendUint32(append(data, c...), adler32.Checksum(c))
			continue
		}
		entries = le.AppendUint32(entries, uint32(len(data))|ewfCompressed)
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(c)
		w.Close()
		data = append(data, z.Bytes()...)
	}
	section("sectors", data)
	t := make([]byte, ewfTableHeader)
	le.PutUint32(t, uint32(len(p.chunks)))
	le.PutUint64(t[8:], uint64(base))
	le.PutUint32(t[20:], adler32.Checksum(t[:20]))
	t = le.AppendUint32(append(t, entries...), adler32.Checksum(entries))
	section("table", t)
	section("table2", t)
	if p.sum != nil {
		section("hash", append(p.sum, make([]byte, 20)...))
	}
	if p.last {
		section("done", nil)
	} else {
		section("next", nil)
	}
	return b
}

// chunksOf is a disk of n chunks, an NTFS boot sector in the first.
func chunksOf(n int) (chunks [][]byte, whole []byte) {
	for i := range n {
		c := bytes.Repeat([]byte{byte(i + 1)}, testChunk)
		if i == 0 {
			copy(c, bootSector())
		}
		chunks = append(chunks, c)
		whole = append(whole, c...)
	}
	return chunks, whole
}

// ewfDir writes segments into a folder under names of their own.
func ewfDir(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestEWFSegments(t *testing.T) {
	chunks, whole := chunksOf(6)
	sum := md5.Sum(whole)
	e01 := ewfFile(ewfPart{number: 1, chunks: chunks[:2]}, 6)
	e02 := ewfFile(ewfPart{number: 2, chunks: chunks[2:4], plain: true}, 6)
	e03 := ewfFile(ewfPart{number: 3, chunks: chunks[4:], last: true, sum: sum[:]}, 6)
	for _, tt := range []struct {
		name  string
		files map[string][]byte
		open  string
		want  string // of the error's file and problem
	}{
		{"whole", map[string][]byte{"a.E01": e01, "a.E02": e02, "a.E03": e03}, "a.E01", ""},
		{"lower case", map[string][]byte{"a.e01": e01, "a.e02": e02, "a.e03": e03}, "a.e01", ""},
		{"second missing", map[string][]byte{"a.E01": e01, "a.E03": e03}, "a.E01", "a.E02: segment 2 is missing"},
		{"last missing", map[string][]byte{"a.E01": e01, "a.E02": e02}, "a.E01", "a.E03: segment 3 is missing"},
		{"wrong order", map[string][]byte{"a.E01": e01, "a.E02": e03, "a.E03": e02}, "a.E01", "a.E02: is segment 3 where number 2 belongs"},
		{"second named", map[string][]byte{"a.E01": e01, "a.E02": e02, "a.E03": e03}, "a.E02", "a.E02: is segment 2; name the first one"},
		{"second is no segment", map[string][]byte{"a.E01": e01, "a.E02": []byte("hello"), "a.E03": e03}, "a.E01", "a.E02: is no EWF segment"},
		{"no number in the name", map[string][]byte{"image": e01}, "image", "image: its name ends in no segment number, so segment 2 cannot be found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := ewfDir(t, tt.files)
			d, err := Open(filepath.Join(dir, tt.open), nil)
			if tt.want != "" {
				se, ok := errors.AsType[*SegmentError](err)
				if !ok || se.Error() != tt.want {
					t.Errorf("%v, want %q", err, tt.want)
				}
				if strings.Contains(tt.want, "missing") && !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%v is not fs.ErrNotExist", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			got := make([]byte, len(whole))
			if _, err := d.ReadAt(got, 0); err != nil || !bytes.Equal(got, whole) {
				t.Errorf("the disk differs: %v", err)
			}
			if v, err := d.Verify(t.Context()); err != nil || !v.OK() || v.StoredSHA1 != "" {
				t.Errorf("%+v, %v", v, err)
			}
		})
	}
}

func TestEWFDamage(t *testing.T) {
	chunks, whole := chunksOf(4)
	sum := md5.Sum(whole)
	good := func() []byte {
		return ewfFile(ewfPart{number: 1, chunks: chunks, last: true, plain: true, sum: sum[:]}, 4)
	}
	table := bytes.Index(good(), []byte("table\x00"))
	table2 := bytes.Index(good(), []byte("table2\x00"))
	sectors := bytes.Index(good(), []byte("sectors\x00"))
	for _, tt := range []struct {
		name   string
		spoil  func(b []byte) []byte
		open   string // what Open says
		chunk1 string // what reading the second chunk says
	}{
		{"nothing", func(b []byte) []byte { return b }, "", ""},
		{"a chunk", func(b []byte) []byte { b[sectors+ewfSection+testChunk+4+100]++; return b }, "", "chunk 1 at 33989: its checksum is wrong"},
		{"the table, but not its copy", func(b []byte) []byte { b[table+ewfSection+ewfTableHeader+5]++; return b }, "", ""},
		{"the table and its copy", func(b []byte) []byte {
			b[table+ewfSection+ewfTableHeader+5]++
			b[table2+ewfSection+ewfTableHeader+5]++
			return b
		}, "the checksum of its entries is wrong", ""},
		{"a section", func(b []byte) []byte { b[sectors+30]++; return b }, "section at 1141: its checksum is wrong", ""},
		{"cut off before the table", func(b []byte) []byte { return b[:table] }, "chunk 0 is missing", ""},
		{"a stored hash", func(b []byte) []byte { b[bytes.Index(b, sum[:])]++; return b }, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Open(write(t, "a.E01", tt.spoil(good())), nil)
			if tt.open != "" {
				if err == nil || !strings.Contains(err.Error(), tt.open) {
					t.Errorf("%v, want %q", err, tt.open)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			_, err = d.ReadAt(make([]byte, 512), testChunk+1000)
			if tt.chunk1 == "" && err != nil || tt.chunk1 != "" && (err == nil || !strings.Contains(err.Error(), tt.chunk1)) {
				t.Errorf("chunk 1: %v, want %q", err, tt.chunk1)
			}
			v, err := d.Verify(t.Context())
			if ok := tt.chunk1 == "" && tt.name != "a stored hash"; v.OK() != ok || err != nil && tt.chunk1 == "" {
				t.Errorf("verify: %+v, %v", v, err)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, err := Open(write(t, "a.E01", good()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if _, err := d.Verify(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestSegmentNames(t *testing.T) {
	dir := ewfDir(t, map[string][]byte{"x.E01": nil})
	d := &Disk{}
	defer d.Close()
	if _, err := d.openFile(filepath.Join(dir, "x.E01")); err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{2: "x.E02", 99: "x.E99", 100: "x.EAA", 126: "x.EBA", 775: "x.EZZ", 776: "x.FAA", 14971: "x.ZZZ"} {
		_, err := d.nextSegment(n)
		if se, ok := errors.AsType[*SegmentError](err); !ok || se.File != want {
			t.Errorf("%d: %v, want %s", n, err, want)
		}
	}
	if _, err := d.nextSegment(14972); err == nil || !strings.Contains(err.Error(), "no name") {
		t.Errorf("%v", err)
	}
}

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
		if !strings.Contains(err.Error(), "no disk image") && !errors.Is(err, ErrNotImage) {
			t.Fatal(err)
		}
	} else {
		defer d.Close()
	}
	if err == nil {
		if got := make([]byte, 512); d.Size != 14*512 || len(d.Damage) != 1 {
			t.Errorf("%d bytes, %v", d.Size, d.Damage)
		} else if _, err := d.ReadAt(got, 1024); err != nil || !bytes.Equal(got, flat[:512]) {
			t.Errorf("%v", err)
		}
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

func TestUnsupported(t *testing.T) {
	for name, head := range map[string]string{"Ex01": "EVF2\r\n\x81\x00", "L01": "LVF\x09\r\n\xFF\x00", "QCOW2": "QFI\xFB", "AFF": "AFF10\r\n\x00"} {
		if _, err := Open(write(t, "x", []byte(head+strings.Repeat("\x00", 1024))), nil); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(t.TempDir(), nil); err == nil {
		t.Error("a folder was opened")
	}
}

func TestShadows(t *testing.T) {
	made := func() []byte {
		b := make([]byte, 128<<10)
		for at, typ := range map[int]uint32{vssHeader: 1, 32 << 10: 2, 64 << 10: 2} {
			copy(b[at:], vssID[:])
			le.PutUint32(b[at+vssType:], typ)
		}
		le.PutUint64(b[vssHeader+vssCatalog:], 32<<10)
		le.PutUint64(b[32<<10+vssNext:], 64<<10)
		for i, at := range []int{32<<10 + 128, 32<<10 + 3*128, 64<<10 + 128} {
			le.PutUint64(b[at:], vssStore)
			b[at+vssStoreID] = byte(i + 1)
			le.PutUint64(b[at+vssStoreMade:], 0x01D71234_56789ABC+uint64(i))
			le.PutUint64(b[at+128:], 3) // where the store lies
		}
		return b
	}
	got, err := readShadows(bytes.NewReader(made()))
	if err != nil || len(got) != 3 || got[2].ID != "00000003-0000-0000-0000-000000000000" || got[0].Created.Format("2006-01-02T15:04:05.0000000") != "2021-03-06T02:56:42.9062844" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := readShadows(bytes.NewReader(disk(100, 0))); got != nil || err != nil {
		t.Errorf("no catalog: %v, %v", got, err)
	}
	b := made()
	le.PutUint64(b[64<<10+vssNext:], 32<<10)
	if got, err := readShadows(bytes.NewReader(b)); err == nil || len(got) > 200 {
		t.Errorf("a circle: %d copies, %v", len(got), err)
	}
	le.PutUint64(b[64<<10+vssNext:], 1<<40)
	if got, err := readShadows(bytes.NewReader(b)); err == nil || len(got) != 3 {
		t.Errorf("outside: %d copies, %v", len(got), err)
	}
}

// Whatever stands in the tables of an image, Open ends, lists partitions that lie inside the disk, and reads the same twice. The input is a
// patch to one of the images above: most of an image is data, which it is no use to change.
func FuzzOpen(f *testing.F) {
	part := disk(100, 10, 20)
	mbr(part, [3]uint32{7, 10, 40}, [3]uint32{5, 20, 50})
	guids := disk(100, 40)
	mbr(guids, [3]uint32{0xEE, 1, 99})
	gpt(guids, 1, 2, [2]uint64{40, 79})
	chunks, _ := chunksOf(2)
	seeds := [][]byte{
		part, guids, vhdFile(bootSector()), ewfFile(ewfPart{number: 1, chunks: chunks, last: true}, 2),
		[]byte("# Disk DescriptorFile\nRW 2 ZERO\nRW 8 FLAT \"disk.img\" 0\n"),
	}
	for i := range seeds {
		f.Add(uint8(i), uint32(446), []byte{0x80, 1, 1, 0, 7, 0xFF, 0xFF, 0xFF, 0, 1, 0, 0, 0, 1, 0, 0})
		f.Add(uint8(i), uint32(512+72), []byte{1, 2, 3, 4, 5, 6, 7, 8})
		f.Add(uint8(i), uint32(30), []byte("SPARSE"))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, seed uint8, at uint32, patch []byte) {
		b := bytes.Clone(seeds[int(seed)%len(seeds)])
		copy(b[int(at)%len(b):], patch)
		if name := []byte("disk.img"); int(seed)%len(seeds) == 4 && !bytes.Contains(b, name) {
			t.Skip() // it may name any file of the folder
		}
		p := filepath.Join(dir, fmt.Sprintf("disk-%d.img", os.Getpid()))
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(p, &Options{CacheBytes: 1 << 20})
		if err != nil {
			return
		}
		defer d.Close()
		for _, v := range d.Volumes() {
			if v.Offset < 0 || v.Size < 0 || v.Offset > d.Size || v.Size > d.Size-v.Offset {
				t.Fatalf("volume %+v of a disk of %d bytes", v, d.Size)
			}
		}
		one, two := make([]byte, 10_000), make([]byte, 10_000)
		for off := int64(0); off < min(d.Size, 1<<20); off += 9_000 {
			n, err1 := d.ReadAt(one, off)
			m, err2 := d.ReadAt(two, off)
			if n != m || !bytes.Equal(one[:n], two[:m]) || fmt.Sprint(err1) != fmt.Sprint(err2) {
				t.Fatalf("at %d: %d bytes, %v, then %d bytes, %v", off, n, err1, m, err2)
			}
		}
		if read, most := d.BytesRead(), 64*d.StoredBytes()+1<<20; read > most {
			t.Fatalf("%d bytes read of %d", read, d.StoredBytes())
		}
	})
}
