package image

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
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

func TestUnsupported(t *testing.T) {
	for name, head := range map[string]string{"Ex01": "EVF2\r\n\x81\x00", "L01": "LVF\x09\r\n\xFF\x00", "AFF": "AFF10\r\n\x00"} {
		if _, err := Open(write(t, "x", []byte(head+strings.Repeat("\x00", 1024))), nil); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(t.TempDir(), nil); err == nil {
		t.Error("a folder was opened")
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
		vhdxFile(bootSector()), vmdkFile(bootSector()), qcowFile(),
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

// TestMounted: a partition has the value by which MountedDevices knows it, also a
// logical one, and none where the disk has no signature or the partition no GUID.
func TestMounted(t *testing.T) {
	mounted := func(b []byte) (list []string) {
		d, err := Open(write(t, "disk.raw", b), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		for _, v := range d.Volumes() {
			list = append(list, v.Mounted)
		}
		return list
	}
	logical := disk(200, 10, 61)
	mbr(logical, [3]uint32{7, 10, 40}, [3]uint32{0x0F, 60, 140})
	mbr(logical[60*512:], [3]uint32{7, 1, 30})
	guids := disk(100, 40)
	mbr(guids, [3]uint32{0xEE, 1, 99})
	gpt(guids, 1, 2, [2]uint64{40, 79})
	if got := slices.Concat(mounted(logical), mounted(guids), mounted(disk(100, 0))); !slices.Equal(got, []string{"", "", "", ""}) {
		t.Errorf("%q, want nothing", got)
	}
	copy(logical[440:], "\xC7\x21\x4F\x9A")
	copy(guids[1024+16:], "0123456789abcdef")
	gpt(guids, 1, 2, [2]uint64{40, 79})
	want := []string{"\xC7\x21\x4F\x9A\x00\x14\x00\x00\x00\x00\x00\x00", "\xC7\x21\x4F\x9A\x00\x7A\x00\x00\x00\x00\x00\x00",
		"DMIO:ID:0123456789abcdef"}
	if got := slices.Concat(mounted(logical), mounted(guids)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
