package image

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strconv"
	"strings"
)

// VMware virtual disk (VMware, "Virtual Disk Format" 5.0). A descriptor in text names the extents; one of them may hold the descriptor. A
// flat extent is the disk's bytes. A sparse extent has grains, most often of 64 KiB, found by a directory of tables of sector numbers; in a
// stream-optimized one each grain is deflated behind a marker, and the header that counts stands at the file's end.
const (
	vmdkFlags       = 8  // u32
	vmdkCapacity    = 12 // u64, sectors
	vmdkGrain       = 20 // u64, sectors
	vmdkDescOffset  = 28 // u64, sectors
	vmdkDescSize    = 36 // u64, sectors
	vmdkPerTable    = 44 // u32, grains in a table
	vmdkDirectory   = 56 // u64, sectors
	vmdkCompression = 77 // u16: 1 is deflate
	vmdkHeader      = 512

	vmdkZeroGrains = 1 << 2 // flags: a grain at sector 1 is zeros
	vmdkCompressed = 1 << 16

	vmdkAtEnd = 1<<64 - 1 // the directory's offset is in the copy of the header near the end

	vmdkMarker = 12 // u64 sector on the disk, u32 size; then the deflated grain

	maxVMDKDescriptor = 1 << 20
	maxVMDKExtents    = 4096
	maxVMDKGrain      = 16 << 20
)

func isVMDKDescriptor(head []byte) bool {
	return strings.HasPrefix(strings.TrimLeft(string(head), "\ufeff \r\n"), "# Disk DescriptorFile")
}

// vmdkDisk is extents, one behind the other.
type vmdkDisk struct {
	extents []vmdkExtent
	size    int64
}

type vmdkExtent struct {
	start, size int64
	r           io.ReaderAt // nil is zeros
}

func (d *Disk) openVMDK(first *diskFile, head []byte) (io.ReaderAt, int64, int64, error) {
	var text []byte
	var sparse *vmdkSparse
	if isVMDKDescriptor(head) {
		if first.size > maxVMDKDescriptor {
			return nil, 0, 0, &FormatError{File: d.name(), Struct: "VMDK descriptor", Problem: fmt.Sprintf("is %d bytes long", first.size)}
		}
		text = make([]byte, first.size)
		if err := readFull(first, text, 0); err != nil {
			return nil, 0, 0, err
		}
	} else {
		var err error
		if sparse, err = openVMDKSparse(first); err != nil {
			return nil, 0, 0, err
		}
		if text, err = sparse.descriptor(); err != nil {
			return nil, 0, 0, err
		}
	}
	desc := parseVMDKDescriptor(text)
	if p := strings.ToLower(desc.parent); p != "" && p != "ffffffff" {
		return nil, 0, 0, fmt.Errorf("%s: VMDK with a parent (a snapshot), which holds the rest: %w", d.name(), ErrUnsupported)
	}
	if sparse != nil { // the extent is the file itself, whatever the descriptor calls it
		if others := len(desc.extents); others > 1 {
			return nil, 0, 0, &FormatError{File: d.name(), Struct: "VMDK descriptor",
				Problem: fmt.Sprintf("names %d extents inside one; name the descriptor's file", others)}
		}
		var page int64
		if sparse.compressed {
			page = sparse.grain
		}
		return sparse, sparse.size, page, nil
	}
	v := &vmdkDisk{}
	if len(desc.extents) == 0 || len(desc.extents) > maxVMDKExtents {
		return nil, 0, 0, &FormatError{File: d.name(), Struct: "VMDK descriptor",
			Problem: fmt.Sprintf("names %d extents", len(desc.extents))}
	}
	for _, e := range desc.extents {
		ext, err := d.openExtent(e)
		if err != nil {
			return nil, 0, 0, err
		}
		ext.start = v.size
		v.extents = append(v.extents, ext)
		v.size += ext.size
	}
	return v, v.size, 0, nil
}

// A vmdkLine is one line of a descriptor's extents: RW 163840 FLAT "disk-flat.vmdk" 0.
type vmdkLine struct {
	sectors int64
	kind    string
	file    string
	offset  int64 // sectors into the file, of a flat extent
}

type vmdkDescriptor struct {
	parent  string
	extents []vmdkLine
}

func parseVMDKDescriptor(text []byte) (d vmdkDescriptor) {
	for line := range strings.Lines(string(bytes.TrimRight(text, "\x00"))) {
		line = strings.TrimSpace(line)
		if key, value, ok := strings.Cut(line, "="); ok && strings.EqualFold(strings.TrimSpace(key), "parentCID") {
			d.parent = strings.TrimSpace(value)
			continue
		}
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "RW" && f[0] != "RDONLY" && f[0] != "NOACCESS" {
			continue
		}
		var e vmdkLine
		var err error
		if e.sectors, err = strconv.ParseInt(f[1], 10, 64); err != nil || e.sectors < 0 || e.sectors > 1<<41 {
			continue
		}
		e.kind = strings.ToUpper(f[2])
		if _, rest, ok := strings.Cut(line, `"`); ok {
			name, tail, _ := strings.Cut(rest, `"`)
			e.file = name
			if t := strings.Fields(tail); len(t) > 0 {
				if e.offset, err = strconv.ParseInt(t[0], 10, 64); err != nil || e.offset < 0 || e.offset > 1<<41 {
					e.kind = "BROKEN"
				}
			}
		}
		if d.extents = append(d.extents, e); len(d.extents) > maxVMDKExtents {
			return d
		}
	}
	return d
}

// openExtent opens what one line of a descriptor names, by its base name and in the image's directory.
func (d *Disk) openExtent(e vmdkLine) (vmdkExtent, error) {
	ext := vmdkExtent{size: e.sectors * 512}
	switch e.kind {
	case "ZERO":
		return ext, nil
	case "FLAT", "VMFS", "SPARSE":
	default:
		return ext, fmt.Errorf("%s: extent of type %s: %w", d.name(), e.kind, ErrUnsupported)
	}
	f, err := d.sibling(e.file)
	if errors.Is(err, fs.ErrNotExist) {
		return ext, &SegmentError{File: baseName(e.file), Problem: "this extent is missing", Err: err}
	}
	if err != nil {
		return ext, err
	}
	if e.kind == "SPARSE" {
		s, err := openVMDKSparse(f)
		if err != nil {
			return ext, err
		}
		ext.size = min(ext.size, s.size)
		ext.r = s
		return ext, nil
	}
	if e.offset*512 > f.size-ext.size {
		d.Damage = append(d.Damage, &FormatError{File: baseName(e.file), Offset: f.size, Struct: "VMDK extent",
			Problem: fmt.Sprintf("ends here; its descriptor claims %d bytes from %d on", ext.size, e.offset*512)})
	}
	ext.r = io.NewSectionReader(f, e.offset*512, ext.size)
	return ext, nil
}

// ReadAt implements io.ReaderAt.
func (v *vmdkDisk) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= v.size {
			return done, io.EOF
		}
		i := sort.Search(len(v.extents), func(i int) bool { return v.extents[i].start+v.extents[i].size > at })
		e := v.extents[i]
		in := at - e.start
		piece := p[done:min(int64(len(p)), int64(done)+e.size-in)]
		if e.r == nil {
			clear(piece)
		} else if err := readFull(e.r, piece, in); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return done, nil
}

// A vmdkSparse is a sparse extent.
type vmdkSparse struct {
	f                  *diskFile
	name               string
	size, grain        int64
	descAt, descSize   int64
	perTable, dir      int64
	compressed, zeroed bool
}

func openVMDKSparse(f *diskFile) (*vmdkSparse, error) {
	s := &vmdkSparse{f: f, name: baseName(f.Name())}
	h := make([]byte, vmdkHeader)
	at := int64(0)
	bad := func(problem string) error {
		return &FormatError{File: s.name, Offset: at, Struct: "VMDK sparse header", Problem: problem}
	}
	if err := readFull(f, h, at); err != nil || string(h[:4]) != "KDMV" {
		return nil, bad("no signature")
	}
	if le.Uint64(h[vmdkDirectory:]) == vmdkAtEnd {
		at = f.size - 2*vmdkHeader // the last sector is the marker of the end
		if at < 0 || readFull(f, h, at) != nil || string(h[:4]) != "KDMV" {
			return nil, bad("the copy of the header at the file's end is missing: the file is cut off")
		}
	}
	flags, capacity, grain := le.Uint32(h[vmdkFlags:]), le.Uint64(h[vmdkCapacity:]), le.Uint64(h[vmdkGrain:])
	s.compressed, s.zeroed = flags&vmdkCompressed != 0, flags&vmdkZeroGrains != 0
	s.perTable = int64(le.Uint32(h[vmdkPerTable:]))
	dir, descAt, descSize := le.Uint64(h[vmdkDirectory:]), le.Uint64(h[vmdkDescOffset:]), le.Uint64(h[vmdkDescSize:])
	switch {
	case capacity > 1<<41:
		return nil, bad(fmt.Sprintf("%d sectors", capacity))
	case grain < 8 || grain > maxVMDKGrain/512 || grain&(grain-1) != 0:
		return nil, bad(fmt.Sprintf("grains of %d sectors", grain))
	case s.perTable < 1 || s.perTable > 1<<20:
		return nil, bad(fmt.Sprintf("tables of %d grains", s.perTable))
	case dir > uint64(f.size/512) || descAt > uint64(f.size/512) || descSize > maxVMDKDescriptor/512:
		return nil, bad("the grain directory or the descriptor lies outside the file")
	case s.compressed && le.Uint16(h[vmdkCompression:]) != 1:
		return nil, bad(fmt.Sprintf("compression %d", le.Uint16(h[vmdkCompression:])))
	}
	s.size, s.grain, s.dir = int64(capacity)*512, int64(grain)*512, int64(dir)*512
	s.descAt, s.descSize = int64(descAt)*512, int64(descSize)*512
	return s, nil
}

// descriptor returns the text that the extent holds, if any.
func (s *vmdkSparse) descriptor() ([]byte, error) {
	if s.descAt == 0 || s.descSize == 0 {
		return nil, nil
	}
	b := make([]byte, s.descSize)
	if err := readFull(s.f, b, s.descAt); err != nil {
		return nil, &FormatError{File: s.name, Offset: s.descAt, Struct: "VMDK descriptor", Problem: "cannot be read", Err: err}
	}
	return b, nil
}

// ReadAt implements io.ReaderAt.
func (s *vmdkSparse) ReadAt(p []byte, off int64) (int, error) {
	return readBlocks(p, off, s.size, s.grain, func(p []byte, i, in int64) error {
		at, err := s.find(i)
		switch {
		case err != nil:
			return &FormatError{File: s.name, Offset: s.dir, Struct: fmt.Sprintf("VMDK grain %d", i),
				Problem: "its table cannot be read", Err: err}
		case at == 0:
			clear(p)
			return nil
		case s.compressed:
			err = s.inflate(p, at, in)
		default:
			err = readFull(s.f, p, at+in)
		}
		if err != nil {
			return &FormatError{File: s.name, Offset: at, Struct: fmt.Sprintf("VMDK grain %d", i), Problem: "cannot be read", Err: err}
		}
		return nil
	})
}

// find returns where a grain stands in the file, 0 for zeros.
func (s *vmdkSparse) find(i int64) (int64, error) {
	var e [4]byte
	if err := readFull(s.f, e[:], s.dir+4*(i/s.perTable)); err != nil {
		return 0, err
	}
	table := int64(le.Uint32(e[:])) * 512
	if table == 0 {
		return 0, nil
	}
	if err := readFull(s.f, e[:], table+4*(i%s.perTable)); err != nil {
		return 0, err
	}
	sector := int64(le.Uint32(e[:]))
	if sector == 1 && s.zeroed {
		return 0, nil
	}
	return sector * 512, nil
}

// inflate reads a deflated grain and gives p the part from in on.
func (s *vmdkSparse) inflate(p []byte, at, in int64) error {
	var m [vmdkMarker]byte
	if err := readFull(s.f, m[:], at); err != nil {
		return err
	}
	n := int64(le.Uint32(m[8:]))
	if n == 0 || n > 2*s.grain+4096 {
		return fmt.Errorf("%d bytes deflated", n)
	}
	b := make([]byte, n)
	if err := readFull(s.f, b, at+vmdkMarker); err != nil {
		return err
	}
	z := newInflater()
	defer z.release()
	if err := z.reset(b); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, z, in); err != nil {
		return noEOF(err)
	}
	if _, err := io.ReadFull(z, p); err != nil {
		return noEOF(err)
	}
	// To its end, for the checksum is there.
	if _, err := io.CopyN(io.Discard, z, s.grain-in-int64(len(p))+1); err == nil {
		return errors.New("inflates to more than a grain")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
