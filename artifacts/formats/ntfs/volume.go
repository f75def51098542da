// Package ntfs reads an NTFS volume, version 1.2 to 3.1 (Windows NT 4 to 11), as an [fs.FS], from any [io.ReaderAt].
//
// It reads directories by their $I30 index, files and alternate data streams (name:stream), resident, fragmented, sparse and
// compressed (by NTFS with LZNT1, or for the system with XPRESS or LZX), attributes spread over several file records, and all eight
// times of a file at 100 ns. Names are found without regard
// to case by the volume's own $UpCase table. Junctions and symbolic links are shown as links and never followed. A [Volume] is safe for
// use by several goroutines.
//
// Damage is never an answer of "not exist". A directory whose index is damaged, or whose own record is, is listed by the $FILE_NAME
// attributes of the file records, and its error counts and names what only they knew.
//
// Beside the files, it reads what NTFS records of them: the file records of $MFT ([Records], [Table]), deleted ones included, the change
// journal ([Journal], [Rewind]), the slack of indexes ([IndexEntries]) and $LogFile ([Log]), from a volume or as loose files.
//
// It does not write, does not replay $LogFile, and cannot decrypt EFS or expand files whose data is in an image
// file elsewhere (WIMBoot), for which reading the main stream is an error rather than zeros.
//
// Offsets and names follow the documents of the Linux-NTFS project and of libfsntfs. A directory is taken for what it says it is only
// when its own record names the same parent: so the directories form a tree whatever the index claims, and a walk ends.
package ntfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
)

var le = binary.LittleEndian

// ErrNotNTFS says that there is no NTFS boot sector.
var ErrNotNTFS = errors.New("not an NTFS volume")

// A FormatError is one thing on a volume that breaks the format, and where.
type FormatError struct {
	Offset  int64 // in the volume; for parts of a file record or an index block, of the structure that holds them
	Struct  string
	Problem string
	Err     error // the cause, or nil
}

func (e *FormatError) Error() string {
	s := fmt.Sprintf("%s at %d: %s", e.Struct, e.Offset, e.Problem)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *FormatError) Unwrap() error { return e.Err }

// A LimitError says that reading on would take more than an option allows.
type LimitError struct {
	Option string // the field of Options to raise
	Limit  int64
	Need   int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("needs %d, more than Options.%s = %d", e.Need, e.Option, e.Limit)
}

// Options bound what a volume may cost. Nil and zero fields mean the default.
type Options struct {
	MaxReadFile   int64 // bytes that ReadFile returns at most; default 1 GiB, far above the largest hive
	MaxDirEntries int   // entries of one directory; default 4 million, a crowded volume's worth in one place
	DirCache      int   // directory entries that are kept for the next look; default 100,000, some 20 MB
}

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.MaxReadFile <= 0 {
		d.MaxReadFile = 1 << 30
	}
	if d.MaxDirEntries <= 0 {
		d.MaxDirEntries = 4_000_000
	}
	if d.DirCache <= 0 {
		d.DirCache = 100_000
	}
	return d
}

// The boot sector, by the Linux-NTFS documentation, "$Boot".
const (
	bootOEM             = 3  // "NTFS    "
	bootSectorSize      = 11 // u16
	bootSectorsPerClust = 13 // u8; above 0x80: 2^(256-n), seen since clusters may be larger than 64 KiB
	bootSectors         = 40 // u64
	bootMFT             = 48 // u64, cluster
	bootMirror          = 56 // u64, cluster of the copy of the first records
	bootRecordSize      = 64 // s8: clusters, or 2^-n bytes
	bootIndexSize       = 68 // s8, likewise
	bootSerial          = 72 // u64
	bootEnd             = 510
)

// RootEntry is the entry of the root folder in the MFT.
const RootEntry = 5

// Further well-known entries.
const (
	entryMFT    = 0
	entryVolume = 3
	entryUpCase = 10
)

// A Volume is an open NTFS volume. It implements fs.FS, fs.ReadDirFS, fs.StatFS and fs.ReadFileFS.
type Volume struct {
	Serial  uint64 // the full serial number; what Windows shows is its lower half
	Label   string
	Version string  // "3.1"
	Size    int64   // by the boot sector, in bytes
	Damage  []error // what was wrong on the way in, and survived
	opts    Options

	r       io.ReaderAt
	cluster int64 // bytes
	record  int64
	index   int64
	mft     *stream
	entries uint64 // file records that the MFT has room for
	limit   int64  // bytes that r really has
	upcase  []uint16
	folds   bool // upcase is the volume's own table
	dirs    dirCache
	parents parents
}

var (
	_ fs.ReadDirFS  = (*Volume)(nil)
	_ fs.StatFS     = (*Volume)(nil)
	_ fs.ReadFileFS = (*Volume)(nil)
)

// IsBoot reports whether a first sector is that of an NTFS volume.
func IsBoot(sector []byte) bool {
	return len(sector) >= 512 && string(sector[bootOEM:bootOEM+8]) == "NTFS    " && le.Uint16(sector[bootEnd:]) == 0xAA55
}

// Open reads the boot sector and the first entries of the MFT. size is that of r, which begins where the volume begins. When the boot
// sector is broken, the copy in the volume's last sector stands in for it.
func Open(r io.ReaderAt, size int64, opts *Options) (*Volume, error) {
	v := &Volume{r: r, limit: size, opts: opts.withDefaults()}
	var boot [512]byte
	err := readFull(r, boot[:], 0)
	if err != nil {
		err = fmt.Errorf("boot sector: %w", err)
	} else {
		err = v.readBoot(boot[:])
	}
	if err != nil {
		if size < 1024 || readFull(r, boot[:], size&^511-512) != nil || v.readBoot(boot[:]) != nil {
			return nil, err
		}
		v.Damage = append(v.Damage, fmt.Errorf("the copy of the boot sector at the volume's end was used: %w", err))
	}
	if v.Size > size {
		v.Damage = append(v.Damage, &FormatError{Offset: size, Struct: "volume",
			Problem: fmt.Sprintf("ends here; its boot sector claims %d bytes", v.Size)})
	}
	if err := v.openMFT(int64(le.Uint64(boot[bootMFT:]))); err != nil {
		// $MFTMirr holds the first records a second time.
		if v.openMFT(int64(le.Uint64(boot[bootMirror:]))) != nil {
			return nil, err
		}
		v.Damage = append(v.Damage, fmt.Errorf("the copy of the MFT's first record was used: %w", err))
	}
	v.dirs.max = v.opts.DirCache
	v.readUpCase()
	v.readVolumeInfo()
	return v, nil
}

func (v *Volume) readBoot(b []byte) error {
	bad := func(at int64, problem string) error {
		return &FormatError{Offset: at, Struct: "boot sector", Problem: problem, Err: ErrNotNTFS}
	}
	if !IsBoot(b) {
		return bad(bootOEM, "no NTFS signature")
	}
	sector := int64(le.Uint16(b[bootSectorSize:]))
	if sector < 256 || sector > 4096 || bits.OnesCount64(uint64(sector)) != 1 {
		return bad(bootSectorSize, fmt.Sprintf("sectors of %d bytes", sector))
	}
	perCluster := int64(b[bootSectorsPerClust])
	if perCluster > 0x80 {
		perCluster = 1 << min(256-perCluster, 32)
	}
	v.cluster = sector * perCluster
	if bits.OnesCount64(uint64(v.cluster)) != 1 || v.cluster > 2<<20 {
		return bad(bootSectorsPerClust, fmt.Sprintf("clusters of %d bytes", v.cluster))
	}
	sectors := le.Uint64(b[bootSectors:])
	if sectors == 0 || sectors > (1<<62)/uint64(sector) {
		return bad(bootSectors, fmt.Sprintf("%d sectors", sectors))
	}
	v.Size = int64(sectors) * sector
	v.record = v.clusterCode(int8(b[bootRecordSize]))
	if v.record < 512 || v.record > 64<<10 || v.record%512 != 0 {
		return bad(bootRecordSize, fmt.Sprintf("file records of %d bytes", v.record))
	}
	v.index = v.clusterCode(int8(b[bootIndexSize]))
	if v.index < 512 || v.index > 2<<20 || v.index%512 != 0 {
		return bad(bootIndexSize, fmt.Sprintf("index blocks of %d bytes", v.index))
	}
	v.Serial = le.Uint64(b[bootSerial:])
	return nil
}

// clusterCode reads a size that is a number of clusters, or minus the power of two.
func (v *Volume) clusterCode(n int8) int64 {
	if n > 0 {
		return int64(n) * v.cluster
	}
	return 1 << min(-int(n), 40)
}

// openMFT finds the MFT's own data: by its first record, which may need others, which lie in the part that the first one maps.
func (v *Volume) openMFT(lcn int64) error {
	if lcn <= 0 || lcn > v.Size/v.cluster {
		return &FormatError{Offset: bootMFT, Struct: "boot sector", Problem: "the MFT lies outside the volume"}
	}
	at := lcn * v.cluster
	buf := make([]byte, v.record)
	if err := readFull(v.r, buf, at); err != nil {
		return &FormatError{Offset: at, Struct: "MFT", Problem: "its first record cannot be read", Err: err}
	}
	rec, err := v.parseRecord(entryMFT, at, buf)
	if err != nil {
		return err
	}
	f := &inode{v: v, base: rec, attrs: rec.attrs}
	if v.mft, err = f.stream(typeData, ""); err != nil {
		return fmt.Errorf("MFT: %w", err)
	}
	v.setEntries()
	if full, err := v.inode(entryMFT); err == nil {
		if s, err := full.stream(typeData, ""); err == nil {
			v.mft = s
			v.setEntries()
		} else {
			v.Damage = append(v.Damage, err)
		}
	} else {
		v.Damage = append(v.Damage, err)
	}
	return nil
}

func (v *Volume) setEntries() { v.entries = uint64(v.mft.size / v.record) }

// readUpCase reads the table by which names are compared; without it, those of ASCII are.
func (v *Volume) readUpCase() {
	v.upcase = make([]uint16, 1<<16)
	for i := range v.upcase {
		v.upcase[i] = uint16(i)
		if 'a' <= i && i <= 'z' {
			v.upcase[i] -= 'a' - 'A'
		}
	}
	f, err := v.inode(entryUpCase)
	if err == nil {
		var s *stream
		if s, err = f.stream(typeData, ""); err == nil {
			table := make([]byte, 2<<16)
			if s.size != int64(len(table)) {
				err = fmt.Errorf("%d bytes long", s.size)
			} else if err = readFull(s, table, 0); err == nil {
				for i := range v.upcase {
					v.upcase[i] = le.Uint16(table[2*i:])
				}
				v.folds = true
			}
		}
	}
	if err != nil {
		v.Damage = append(v.Damage, fmt.Errorf("$UpCase cannot be used, names are compared as ASCII: %w", err))
	}
}

// readVolumeInfo reads the label and the version from $Volume.
func (v *Volume) readVolumeInfo() {
	f, err := v.inode(entryVolume)
	if err != nil {
		v.Damage = append(v.Damage, fmt.Errorf("$Volume: %w", err))
		return
	}
	for _, a := range f.attrs {
		switch {
		case a.typ == typeVolumeName && a.resident:
			v.Label = utf16Name(a.value)
		case a.typ == typeVolumeInfo && a.resident && len(a.value) >= 12:
			v.Version = fmt.Sprintf("%d.%d", a.value[8], a.value[9]) // u64 reserved, u8 major, u8 minor, u16 flags
		}
	}
}

// readFull reads all of p, or says why not; an early end is io.ErrUnexpectedEOF.
func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
