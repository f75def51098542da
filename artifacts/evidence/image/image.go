// Package image reads disk images in place: raw files (also split), EWF (E01), VHD, VHDX, VMDK and
// QCOW2; the MBR or GPT inside; and each NTFS
// volume as an [fs.FS].
//
// The kind of an image is known by its contents, not by its name. Further files of an image (segments, extents) are looked for under
// their base name in the directory of the first one, and nowhere else, whatever the image says.
// Nothing is written and nothing unpacked: a fixed
// number of pages is kept in memory, and [Disk.BytesRead] reports how much was taken from the files.
//
// A volume's shadow copies are listed, and each opens as a file system of its own over the same pages.
//
// It does not read EWF 2 (Ex01) or logical evidence (L01), differencing disks, encrypted volumes
// (BitLocker is named when seen), or file systems
// other than NTFS, whose volumes are listed with what they seem to be.
package image

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/evidence/image/vss"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A Format is the kind of an image file.
type Format string

// The formats that are read.
const (
	Raw  Format = "raw"
	EWF  Format = "ewf"
	VHD  Format = "vhd"
	VHDX Format = "vhdx"
	VMDK Format = "vmdk"

	QCOW2 Format = "qcow2"
)

// ErrNotImage says that a file is no disk image known here: none of the container formats, and no partition table or NTFS volume in it.
var ErrNotImage = errors.New("not a disk image")

// ErrUnsupported is wrapped by the error for an image that is known but not read, such as a differencing disk.
var ErrUnsupported = errors.New("not supported")

// A FormatError is one thing in an image that breaks its format, and where.
type FormatError struct {
	File    string // base name of the file
	Offset  int64
	Struct  string
	Problem string
	Err     error // the cause, or nil
}

func (e *FormatError) Error() string {
	s := fmt.Sprintf("%s: %s at %d: %s", e.File, e.Struct, e.Offset, e.Problem)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *FormatError) Unwrap() error { return e.Err }

// A SegmentError says which file of an image is missing or does not belong where it stands.
type SegmentError struct {
	File    string // base name
	Problem string
	Err     error // fs.ErrNotExist when it is missing
}

func (e *SegmentError) Error() string {
	if e.Err != nil && !errors.Is(e.Err, fs.ErrNotExist) && !errors.Is(e.Err, io.EOF) {
		return e.File + ": " + e.Problem + ": " + e.Err.Error()
	}
	return e.File + ": " + e.Problem
}

func (e *SegmentError) Unwrap() error { return e.Err }

// Options bound what an image may cost. Nil and zero fields mean the default.
type Options struct {
	CacheBytes int64         // memory for pages of the disk; default 64 MiB
	PageBytes  int           // size of a page, a power of two; default 32 KiB; images of compressed chunks are read by those
	NTFS       *ntfs.Options // for each volume
}

// A Disk is an open image. It may be used by several goroutines.
type Disk struct {
	Format  Format
	Size    int64   // of the disk that the image holds
	Scheme  string  // "mbr", "gpt", or "" when the disk is one volume
	Damage  []error // what was wrong on the way in, and survived; with that of the volumes
	volumes []Volume
	files   []*diskFile
	pages   *pageCache
	ewf     *ewfImage // nil for all other formats
	opts    Options
}

// A Volume is one partition, or the whole disk when it has none.
type Volume struct {
	Index  int // from 1, in the partition table's order; 0 for a disk without partitions
	Offset int64
	Size   int64
	Type   string // the partition's type as the table has it: "07", or a GUID
	Name   string // GPT's name for the partition
	FSType string // "ntfs", "bitlocker", "refs", "exfat", "fat", "" when unknown
	Label  string // NTFS
	Serial uint64 // NTFS, all 64 bits

	// Mounted is the value that a Windows with this disk has for the partition in
	// SYSTEM\MountedDevices: the signature of the disk and the offset in bytes, or
	// [MountedGPT] and the GUID of the partition. It is "" where the disk has none.
	Mounted string

	Shadows []*Shadow // volume shadow copies, the oldest first

	fsys    *ntfs.Volume
	err     error
	shadows *vss.Volume
}

// Open opens an image by the path of its first, or only, file.
func Open(path string, opts *Options) (*Disk, error) {
	d := newDisk(opts)
	if err := d.open(path); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func newDisk(opts *Options) *Disk {
	d := &Disk{}
	if opts != nil {
		d.opts = *opts
	}
	if d.opts.CacheBytes <= 0 {
		d.opts.CacheBytes = 64 << 20
	}
	if d.opts.PageBytes < 4096 || d.opts.PageBytes > 1<<20 || d.opts.PageBytes&(d.opts.PageBytes-1) != 0 {
		d.opts.PageBytes = 32 << 10
	}
	return d
}

// OpenReader opens an image of one file that the caller has open; name is for messages. Closing the disk leaves r alone.
func OpenReader(r io.ReaderAt, size int64, name string, opts *Options) (*Disk, error) {
	d := newDisk(opts)
	first := &diskFile{r: r, name: name, size: size}
	d.files = append(d.files, first)
	if err := d.openFirst(first); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// Forget drops the pages of the disk that are kept, for a disk that changes while it is read.
func (d *Disk) Forget() { d.pages.forget() }

func (d *Disk) open(path string) error {
	first, err := d.openFile(path)
	if err != nil {
		return err
	}
	return d.openFirst(first)
}

func (d *Disk) openFirst(first *diskFile) error {
	head := make([]byte, 512)
	n, err := first.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	r, size, page, err := d.container(first, head[:n])
	if err != nil {
		return err
	}
	d.Size = size
	d.pages = newPageCache(r, size, cmp.Or(page, int64(d.opts.PageBytes)), d.opts.CacheBytes)
	if err := d.readPartitions(); err != nil {
		return err
	}
	if d.Format == Raw && len(d.volumes) == 1 && d.Scheme == "" && d.volumes[0].FSType == "" {
		return fmt.Errorf("%s: %w", d.name(), ErrNotImage)
	}
	return nil
}

// container recognises the format of an image by its first bytes, and VHD by its last. It returns the disk, its size, and the size of
// the pages in which it is best read, or 0.
func (d *Disk) container(first *diskFile, head []byte) (r io.ReaderAt, size, page int64, err error) {
	is := func(magic string) bool { return strings.HasPrefix(string(head), magic) }
	switch {
	case is(string(ewfMagic)):
		d.Format = EWF
		d.ewf, err = d.openEWF(first)
		if err != nil {
			return nil, 0, 0, err
		}
		return d.ewf, d.ewf.size, d.ewf.chunk, nil
	case is("vhdxfile"):
		d.Format = VHDX
		r, size, err = d.openVHDX(first)
		return r, size, 0, err
	case is("QFI\xFB"):
		d.Format = QCOW2
		q, err := d.openQCOW2(first)
		if err != nil {
			return nil, 0, 0, err
		}
		return q, q.size, max(q.cluster, 4096), nil
	case is("KDMV") || isVMDKDescriptor(head):
		d.Format = VMDK
		return d.openVMDK(first, head)
	}
	for _, other := range []struct{ magic, name string }{
		{"EVF2\r\n\x81\x00", "EWF version 2 (Ex01)"}, {"LVF\x09\r\n\xFF\x00", "a logical evidence file (L01)"},
		{"LEF2\r\n\x81\x00", "a logical evidence file (Lx01)"},
		{"AFF10\r\n\x00", "AFF"}, {"COWD", "an old ESX sparse disk"},
	} {
		if is(other.magic) {
			return nil, 0, 0, fmt.Errorf("%s: %s: %w", d.name(), other.name, ErrUnsupported)
		}
	}
	if foot, ok, err := readVHDFooter(first); ok || err != nil {
		d.Format = VHD
		if err == nil {
			r, size, err = d.openVHD(first, foot)
		}
		return r, size, 0, err
	}
	d.Format = Raw
	r, size, err = d.openRaw(first)
	return r, size, 0, err
}

func isRawBoot(head []byte) bool { return len(head) >= 512 && head[510] == 0x55 && head[511] == 0xAA }

// Volumes lists the partitions of the disk, also those that are not read.
func (d *Disk) Volumes() []Volume { return d.volumes }

// BytesRead returns how many bytes have been read from the image's files since Open.
func (d *Disk) BytesRead() int64 {
	var n int64
	for _, f := range d.files {
		n += f.read.Load()
	}
	return n
}

// StoredBytes returns how large the image's files are together.
func (d *Disk) StoredBytes() int64 {
	var n int64
	for _, f := range d.files {
		n += f.size
	}
	return n
}

// Files returns the base names of the image's files, in their order.
func (d *Disk) Files() []string {
	names := make([]string, len(d.files))
	for i, f := range d.files {
		names[i] = filepath.Base(f.Name())
	}
	return names
}

// ReadAt reads the disk that the image holds.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) { return d.pages.ReadAt(p, off) }

// Close closes the image's files. Volumes and files of the disk must not be used after it.
func (d *Disk) Close() error {
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.Close())
	}
	d.files = nil
	return errors.Join(errs...)
}

// FS returns the volume's file system, or why it cannot be read. The file information that it gives has an *ntfs.Stat as Sys.
func (v Volume) FS() (fs.FS, error) {
	if v.fsys == nil {
		return nil, v.err
	}
	return v.fsys, nil
}

// NTFS is FS with the file system's own type.
func (v Volume) NTFS() (*ntfs.Volume, error) { return v.fsys, v.err }

// openFile opens the file of the image that was named, and counts what is read from it.
func (d *Disk) openFile(path string) (*diskFile, error) { return d.keep(collect.OpenFile(path)) }

// sibling opens another file of the image. The name comes from the evidence: only its last component counts, in the directory of the
// first file, and nothing but a plain file is opened.
func (d *Disk) sibling(name string) (*diskFile, error) {
	base := baseName(name)
	if d.files[0].close == nil {
		return nil, &SegmentError{File: base, Problem: "cannot be reached: the image was opened without its folder", Err: fs.ErrNotExist}
	}
	if base == "" {
		return nil, &SegmentError{File: fmt.Sprintf("%q", name), Problem: "is no name for a file of the image"}
	}
	f, err := d.keep(collect.OpenSibling(filepath.Join(filepath.Dir(d.files[0].Name()), base)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &SegmentError{File: base, Problem: "cannot be opened", Err: err}
	}
	return f, err
}

func (d *Disk) keep(f *os.File, err error) (*diskFile, error) {
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: f.Name(), Err: errors.New("not a plain file")}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	df := &diskFile{r: f, name: f.Name(), close: f.Close, size: info.Size()}
	d.files = append(d.files, df)
	return df, nil
}
