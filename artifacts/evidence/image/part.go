package image

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"slices"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

var le = binary.LittleEndian

// Master boot record: four entries of 16 bytes from offset 446; 0x55 0xAA at 510. An extended partition holds a chain of such sectors.
const (
	mbrSignature = 440 // u32, by which Windows knows the disk

	mbrTable   = 446
	mbrType    = 4  // u8
	mbrStart   = 8  // u32, sectors
	mbrSectors = 12 // u32

	maxLogical = 256 // logical partitions; Windows names 26
)

// GPT header and entry (UEFI specification 2.10, 5.3.2 and 5.3.3).
const (
	gptHeaderSize = 12 // u32
	gptCRC        = 16 // u32, of the header with this field zero
	gptTableLBA   = 72 // u64
	gptEntries    = 80 // u32
	gptEntrySize  = 84 // u32
	gptTableCRC   = 88 // u32

	gptType  = 0  // GUID
	gptID    = 16 // GUID of this partition
	gptFirst = 32 // u64
	gptLast  = 40 // u64, inclusive
	gptName  = 56 // 36 UTF-16 units
	gptEntry = 128

	maxGPTTable = 1 << 20 // bytes; 128 entries of 128 bytes are usual
)

// MountedGPT is what the value of a GPT partition in MountedDevices begins with;
// its GUID follows.
const MountedGPT = "DMIO:ID:"

// A partition is what a table says, in bytes.
type partition struct {
	start, size int64
	typ, name   string
	mounted     string // see [Volume.Mounted]
}

// readPartitions fills d.volumes.
func (d *Disk) readPartitions() error {
	sector := make([]byte, 512)
	if n, err := d.pages.ReadAt(sector, 0); n < len(sector) {
		if d.Size < int64(len(sector)) {
			return fmt.Errorf("%s: %d bytes are no disk: %w", filepath.Base(d.files[0].Name()), d.Size, ErrNotImage)
		}
		if d.Format == Raw {
			return err
		}
		clear(sector) // GPT and NTFS have copies at the end
		d.Damage = append(d.Damage, fmt.Errorf("%s: the first sector of the disk cannot be read: %w", d.name(), err))
	}
	whole := partition{size: d.Size}
	if fsType(sector) != "" {
		d.addVolumes("", []partition{whole})
		return nil
	}
	type table struct {
		scheme string
		parts  []partition
		damage []error
		known  int // partitions with a file system that is known
	}
	var best table
	for _, size := range []int64{512, 4096} {
		t := table{}
		if t.parts, t.damage = d.readGPT(sector, size); len(t.parts) > 0 {
			t.scheme = "gpt"
		} else if parts, damage := d.readMBR(sector, size); len(parts) > 0 {
			t.scheme, t.parts, t.damage = "mbr", parts, append(t.damage, damage...)
		}
		for _, p := range t.parts {
			if d.sniff(p.start) != "" {
				t.known++
			}
		}
		if t.known > best.known || best.scheme == "" {
			best = t
		}
	}
	d.Damage = append(d.Damage, best.damage...)
	if best.scheme == "" {
		// No table: a volume whose first sector is gone, if its copy is still at the end.
		if d.Size >= 1024 && d.sniff(d.Size&^511-512) == "ntfs" {
			d.Damage = append(d.Damage, &FormatError{File: d.name(), Struct: "boot sector",
				Problem: "no file system and no partition table; its copy at the end is NTFS's"})
			d.volumes = []Volume{d.volume(0, whole, "ntfs")}
			return nil
		}
		best.parts = []partition{whole}
	}
	d.addVolumes(best.scheme, best.parts)
	return nil
}

// name is the first file's base name, for messages.
func (d *Disk) name() string { return filepath.Base(d.files[0].Name()) }

// addVolumes holds the table to the disk: what begins outside is dropped, what ends outside is cut, and overlaps are told.
func (d *Disk) addVolumes(scheme string, parts []partition) {
	d.Scheme = scheme
	for i, p := range parts {
		index := i + 1
		if scheme == "" {
			index = 0
		}
		bad := func(problem string) {
			d.Damage = append(d.Damage, &FormatError{File: d.name(), Offset: p.start, Struct: fmt.Sprintf("partition %d", index),
				Problem: problem})
		}
		switch {
		case p.start < 0 || p.start >= d.Size:
			bad(fmt.Sprintf("begins outside the disk of %d bytes", d.Size))
			continue
		case p.size > d.Size-p.start:
			bad(fmt.Sprintf("ends %d bytes outside the disk", p.size-(d.Size-p.start)))
			p.size = d.Size - p.start
		}
		for j, q := range parts[:i] {
			if q.start >= 0 && p.start < q.start+q.size && q.start < p.start+p.size {
				bad(fmt.Sprintf("overlaps partition %d", j+1))
			}
		}
		d.volumes = append(d.volumes, d.volume(index, p, d.sniff(p.start)))
	}
}

func (d *Disk) volume(index int, p partition, fsType string) Volume {
	v := Volume{Index: index, Offset: p.start, Size: p.size, Type: p.typ, Name: p.name, FSType: fsType, Mounted: p.mounted}
	switch fsType {
	case "ntfs":
		d.openShadows(&v) // they may be whole where the volume is not
		v.fsys, v.err = ntfs.Open(io.NewSectionReader(d.pages, v.Offset, v.Size), v.Size, d.opts.NTFS)
		if v.err != nil {
			v.fsys, v.err = nil, fmt.Errorf("%s: volume %d: %w", d.name(), index, v.err)
			return v
		}
		v.Label, v.Serial = v.fsys.Label, v.fsys.Serial
		for _, err := range v.fsys.Damage {
			d.Damage = append(d.Damage, fmt.Errorf("%s: volume %d: %w", d.name(), index, err))
		}
	case "bitlocker":
		v.err = fmt.Errorf("%s: volume %d is encrypted by BitLocker: %w", d.name(), index, ErrUnsupported)
	case "":
		v.err = fmt.Errorf("%s: volume %d holds no file system known here: %w", d.name(), index, ErrUnsupported)
	default:
		v.err = fmt.Errorf("%s: volume %d holds %s: %w", d.name(), index, fsType, ErrUnsupported)
	}
	return v
}

// sniff reads the sector at off and says whose boot sector it is.
func (d *Disk) sniff(off int64) string {
	b := make([]byte, 512)
	if n, _ := d.pages.ReadAt(b, off); n < len(b) {
		return ""
	}
	return fsType(b)
}

func fsType(sector []byte) string {
	if ntfs.IsBoot(sector) {
		return "ntfs"
	}
	switch string(sector[3:11]) {
	case "-FVE-FS-":
		return "bitlocker"
	case "EXFAT   ":
		return "exfat"
	case "ReFS\x00\x00\x00\x00":
		return "refs"
	}
	if string(sector[54:57]) == "FAT" || string(sector[82:87]) == "FAT32" {
		return "fat"
	}
	return ""
}

// readMBR reads the table of the first sector, and the chain of an extended partition, each link of which is followed once.
func (d *Disk) readMBR(sector []byte, size int64) (parts []partition, damage []error) {
	if !isRawBoot(sector) {
		return nil, nil
	}
	for i := range 4 {
		e := sector[mbrTable+16*i:][:16]
		start, n := int64(le.Uint32(e[mbrStart:]))*size, int64(le.Uint32(e[mbrSectors:]))*size
		switch {
		case e[0]&0x7F != 0: // neither 0x00 nor 0x80: this is no partition table
			return nil, nil
		case e[mbrType] == 0 || n == 0 || e[mbrType] == 0xEE:
		case extended(e[mbrType]):
			logical, err := d.readExtended(start, size)
			parts = append(parts, logical...)
			if err != nil {
				damage = append(damage, err)
			}
		default:
			parts = append(parts, partition{start: start, size: n, typ: fmt.Sprintf("%02X", e[mbrType])})
		}
	}
	if signature := sector[mbrSignature:][:4]; le.Uint32(signature) != 0 {
		for i := range parts {
			parts[i].mounted = string(le.AppendUint64(slices.Clone(signature), uint64(parts[i].start)))
		}
	}
	return parts, damage
}

func extended(typ byte) bool { return typ == 0x05 || typ == 0x0F || typ == 0x85 }

// readExtended follows the chain of logical partitions. The link's offset counts from the extended
// partition, the partition's from the link.
func (d *Disk) readExtended(base, size int64) (parts []partition, err error) {
	var seen []int64
	for at := base; ; {
		bad := func(problem string) error {
			return &FormatError{File: d.name(), Offset: at, Struct: "extended partition", Problem: problem}
		}
		switch {
		case slices.Contains(seen, at):
			return parts, bad("its chain leads in a circle")
		case len(seen) >= maxLogical:
			return parts, bad(fmt.Sprintf("holds more than %d partitions", maxLogical))
		}
		seen = append(seen, at)
		b := make([]byte, 512)
		if n, _ := d.pages.ReadAt(b, at); n < len(b) || !isRawBoot(b) {
			return parts, bad("no partition table here")
		}
		next := int64(-1)
		for i := range 2 {
			e := b[mbrTable+16*i:][:16]
			start, n := int64(le.Uint32(e[mbrStart:]))*size, int64(le.Uint32(e[mbrSectors:]))*size
			switch {
			case e[mbrType] == 0 || n == 0:
			case extended(e[mbrType]):
				next = base + start
			default:
				parts = append(parts, partition{start: at + start, size: n, typ: fmt.Sprintf("%02X", e[mbrType])})
			}
		}
		if next < 0 {
			return parts, nil
		}
		at = next
	}
}

// readGPT reads the table behind the header of the second sector, or, if that is broken, behind the one of the last. A header at the end
// alone may be left over from before the disk got an MBR: then the MBR must say that it only stands guard (type EE), or be gone.
func (d *Disk) readGPT(mbr []byte, size int64) ([]partition, []error) {
	parts, first := d.readGPTAt(size, size)
	if first == nil {
		return parts, nil
	}
	guard := !isRawBoot(mbr)
	for i := range 4 {
		guard = guard || mbr[mbrTable+16*i+mbrType] == 0xEE
	}
	if !guard {
		return nil, nil
	}
	if parts, err := d.readGPTAt(d.Size/size*size-size, size); err == nil {
		return parts, []error{fmt.Errorf("the copy of the partition table at the disk's end was used: %w", first)}
	}
	if errors.Is(first, errNoGPT) {
		return nil, nil
	}
	return parts, []error{first}
}

var errNoGPT = errors.New("no GPT")

// readGPTAt reads one header and its table. A table with a wrong checksum comes back with the error.
func (d *Disk) readGPTAt(at, size int64) ([]partition, error) {
	bad := func(problem string) error {
		return &FormatError{File: d.name(), Offset: at, Struct: "GPT header", Problem: problem}
	}
	h := make([]byte, 512)
	if n, _ := d.pages.ReadAt(h, at); n < len(h) || string(h[:8]) != "EFI PART" {
		return nil, errNoGPT
	}
	n := le.Uint32(h[gptHeaderSize:])
	if n < 92 || n > 512 {
		return nil, bad(fmt.Sprintf("is %d bytes long", n))
	}
	sum := le.Uint32(h[gptCRC:])
	clear(h[gptCRC : gptCRC+4])
	if crc32.ChecksumIEEE(h[:n]) != sum {
		return nil, bad("its checksum is wrong")
	}
	lba, entries, step := le.Uint64(h[gptTableLBA:]), int64(le.Uint32(h[gptEntries:])), int64(le.Uint32(h[gptEntrySize:]))
	if step < gptEntry || step > 4096 || entries > maxGPTTable/step || lba > uint64(d.Size/size) {
		return nil, bad(fmt.Sprintf("%d entries of %d bytes at sector %d", entries, step, lba))
	}
	table := make([]byte, entries*step)
	if n, _ := d.pages.ReadAt(table, int64(lba)*size); n < len(table) {
		return nil, bad("its table runs past the disk")
	}
	var err error
	if crc32.ChecksumIEEE(table) != le.Uint32(h[gptTableCRC:]) {
		err = bad("the checksum of its table is wrong")
	}
	var parts []partition
	for e := range slices.Chunk(table, int(step)) {
		if [16]byte(e[gptType:]) == [16]byte{} {
			continue
		}
		first, last := le.Uint64(e[gptFirst:]), le.Uint64(e[gptLast:])
		if last < first || last > uint64(1<<62)/uint64(size) {
			err = cmp.Or(err, bad(fmt.Sprintf("a partition from sector %d to %d", first, last)))
			continue
		}
		p := partition{start: int64(first) * size, size: int64(last-first+1) * size, typ: guid(e[gptType:]), name: gptText(e[gptName:gptEntry])}
		if id := [16]byte(e[gptID:]); id != [16]byte{} {
			p.mounted = MountedGPT + string(id[:])
		}
		parts = append(parts, p)
	}
	return parts, err
}

// guid writes a GUID as Windows does.
func guid(b []byte) string {
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

func gptText(b []byte) string {
	var u []uint16
	for i := 0; i+1 < len(b); i += 2 {
		c := le.Uint16(b[i:])
		if c == 0 {
			break
		}
		u = append(u, c)
	}
	return string(utf16.Decode(u))
}
