package image

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// Expert Witness Format, version 1 (libewf, "Expert Witness Compression Format"). A segment file is a header of 13 bytes and a chain of
// sections. The disk is cut into chunks, most often of 32 KiB, each deflated or plain with an Adler-32 behind it; a table section says
// where those chunks are that lie in the sectors section before it.
//
// The trap is the end of a chunk: no table says how long it is. It ends where the next one begins, and the last one of a table ends with
// the sectors.
const (
	ewfHeader     = 13
	ewfSegment    = 9  // u16
	ewfSection    = 76 // a section's descriptor
	ewfNext       = 16 // u64, from the file's beginning
	ewfSize       = 24 // u64, with the descriptor
	ewfSectionSum = 72 // Adler-32 of what stands before

	ewfChunks          = 4  // u32, in the volume section
	ewfSectorsPerChunk = 8  // u32
	ewfBytesPerSector  = 12 // u32
	ewfSectors         = 16 // u64; in SMART's shorter section u32
	ewfSMARTVolume     = 94

	ewfTableCount  = 0 // u32
	ewfTableBase   = 8 // u64
	ewfTableSum    = 20
	ewfTableHeader = 24

	ewfCompressed = 1 << 31

	maxEWFSections = 1 << 20 // in one file
	maxEWFSegments = 14971   // .E01 to .ZZZ
	maxEWFChunk    = 16 << 20
	maxEWFTable    = 64 << 20 // bytes
)

var ewfMagic = []byte("EVF\x09\x0D\x0A\xFF\x00")

// An ewfImage is the chunks of all segments.
type ewfImage struct {
	name      string
	size      int64
	chunk     int64
	chunks    int64
	tables    []*ewfTable // by first chunk
	md5, sha1 []byte      // as stored, or nil
	mu        sync.Mutex
	loaded    []*ewfTable // those in memory, the last used at the end
}

// An ewfTable is one table section, read when a chunk of it is wanted.
type ewfTable struct {
	f       *diskFile
	first   int64 // chunk
	count   int64
	base    int64
	end     int64   // where the last chunk ends, in the file
	at      []int64 // table sections that hold it: table, and its copy table2
	entries []uint32
	over    int64 // the first entry whose offset takes all 32 bits
}

// openEWF reads the sections of all segments, but no chunk and no table.
func (d *Disk) openEWF(f *diskFile) (*ewfImage, error) {
	e := &ewfImage{name: filepath.Base(f.Name())}
	for n := 1; ; n++ {
		more, err := d.readSegment(e, f, n)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
		if n >= maxEWFSegments {
			return nil, &SegmentError{File: e.name, Problem: "has more segments than there are names for"}
		}
		if f, err = d.nextSegment(n + 1); err != nil {
			return nil, err
		}
	}
	if e.chunk == 0 {
		return nil, &FormatError{File: e.name, Struct: "EWF", Problem: "no volume section: the size of the disk is unknown"}
	}
	var have int64
	if n := len(e.tables); n > 0 {
		have = e.tables[n-1].first + e.tables[n-1].count
	}
	if have < e.chunks {
		d.Damage = append(d.Damage, &FormatError{File: e.name, Struct: "EWF", Problem: fmt.Sprintf("holds %d chunks of %d: the image is cut off", have, e.chunks)})
	}
	return e, nil
}

// readSegment follows the sections of one file. more means that the file names a next one.
func (d *Disk) readSegment(e *ewfImage, f *diskFile, n int) (more bool, err error) {
	name := filepath.Base(f.Name())
	bad := func(at int64, what, problem string, err error) error {
		return &FormatError{File: name, Offset: at, Struct: what, Problem: problem, Err: err}
	}
	var head [ewfHeader]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || !bytes.HasPrefix(head[:], ewfMagic) {
		return false, &SegmentError{File: name, Problem: "is no EWF segment", Err: err}
	}
	if got := int(le.Uint16(head[ewfSegment:])); got != n {
		if n == 1 {
			return false, &SegmentError{File: name, Problem: fmt.Sprintf("is segment %d; name the first one", got)}
		}
		return false, &SegmentError{File: name, Problem: fmt.Sprintf("is segment %d where number %d belongs", got, n)}
	}
	var sectorsEnd int64
	at := int64(ewfHeader)
	for range maxEWFSections {
		var sec [ewfSection]byte
		if _, err := f.ReadAt(sec[:], at); err != nil {
			d.Damage = append(d.Damage, bad(at, "section", "the file is cut off here", noEOF(err)))
			return false, nil
		}
		if adler32.Checksum(sec[:ewfSectionSum]) != le.Uint32(sec[ewfSectionSum:]) {
			return false, bad(at, "section", "its checksum is wrong", nil)
		}
		typ, _, _ := strings.Cut(string(sec[:16]), "\x00")
		next, size := int64(le.Uint64(sec[ewfNext:])), int64(le.Uint64(sec[ewfSize:]))
		if size < 0 || size > f.size || next < 0 {
			if size < 0 || next < 0 || typ != "sectors" && typ != "table" && typ != "table2" {
				return false, bad(at, typ+" section", fmt.Sprintf("claims %d bytes", size), nil)
			}
		}
		body := at + ewfSection
		switch typ {
		case "volume", "disk", "data":
			if err := e.readVolume(f, body, size-ewfSection, typ); err != nil {
				return false, bad(at, typ+" section", "cannot be used", err)
			}
		case "sectors":
			sectorsEnd = at + size
		case "table":
			t, err := e.readTable(f, body, at+size, sectorsEnd)
			if err != nil {
				return false, bad(at, "table section", "cannot be used", err)
			}
			if n := len(e.tables); n > 0 {
				t.first = e.tables[n-1].first + e.tables[n-1].count
			}
			e.tables = append(e.tables, t)
		case "table2":
			if n := len(e.tables); n > 0 && e.tables[n-1].f == f {
				e.tables[n-1].at = append(e.tables[n-1].at, body)
			}
		case "hash", "digest":
			var sums [36]byte // MD5, and in digest SHA-1
			if _, err := f.ReadAt(sums[:], body); err == nil {
				e.md5 = bytes.Clone(sums[:16])
				if typ == "digest" {
					e.sha1 = bytes.Clone(sums[16:])
				}
			}
		case "error2":
			d.readErrors(f, body, size-ewfSection)
		case "ltree", "ltypes":
			return false, fmt.Errorf("%s: logical evidence file: %w", name, ErrUnsupported)
		case "done":
			return false, nil
		case "next":
			return true, nil
		}
		if next <= at {
			return false, bad(at, typ+" section", "the chain of sections leads back", nil)
		}
		at = next
	}
	return false, bad(at, "section", fmt.Sprintf("more than %d sections", maxEWFSections), nil)
}

func (e *ewfImage) readVolume(f *diskFile, at, size int64, typ string) error {
	b := make([]byte, 24)
	if _, err := f.ReadAt(b, at); err != nil {
		return noEOF(err)
	}
	perChunk, perSector := int64(le.Uint32(b[ewfSectorsPerChunk:])), int64(le.Uint32(b[ewfBytesPerSector:]))
	sectors := le.Uint64(b[ewfSectors:])
	if size == ewfSMARTVolume {
		sectors &= math.MaxUint32
	}
	switch {
	case e.chunk != 0 && typ == "data": // says it again, in later segments
		return nil
	case perSector < 512 || perSector > 8192 || perSector&(perSector-1) != 0:
		return fmt.Errorf("sectors of %d bytes", perSector)
	case perChunk < 1 || perChunk > maxEWFChunk/perSector:
		return fmt.Errorf("chunks of %d sectors", perChunk)
	case sectors > uint64(math.MaxInt64/perSector/2):
		return fmt.Errorf("%d sectors", sectors)
	}
	e.chunk, e.size = perChunk*perSector, int64(sectors)*perSector
	e.chunks = (e.size + e.chunk - 1) / e.chunk
	return nil
}

// readTable reads the header of a table. In SMART's form the chunks lie behind the table in the same section.
func (e *ewfImage) readTable(f *diskFile, at, end, sectorsEnd int64) (*ewfTable, error) {
	b := make([]byte, ewfTableHeader)
	if _, err := f.ReadAt(b, at); err != nil {
		return nil, noEOF(err)
	}
	t := &ewfTable{f: f, count: int64(le.Uint32(b[ewfTableCount:])), base: int64(le.Uint64(b[ewfTableBase:])), end: sectorsEnd, at: []int64{at}}
	if adler32.Checksum(b[:ewfTableSum]) != le.Uint32(b[ewfTableSum:]) {
		return nil, errors.New("its checksum is wrong")
	}
	if t.base < 0 || t.base > f.size || t.count*4 > min(end-at-ewfTableHeader, maxEWFTable) {
		return nil, fmt.Errorf("%d chunks, from offset %d on", t.count, t.base)
	}
	if t.end == 0 {
		t.end = end
	}
	t.end = min(t.end, f.size)
	return t, nil
}

// readErrors tells the sectors that could not be read when the image was made: they are zeros in it.
func (d *Disk) readErrors(f *diskFile, at, size int64) {
	const header, entry = 520, 8
	b := make([]byte, 4)
	if _, err := f.ReadAt(b, at); err != nil {
		return
	}
	for i := range min(int64(le.Uint32(b)), (size-header)/entry, 1000) {
		var e [entry]byte
		if _, err := f.ReadAt(e[:], at+header+i*entry); err != nil {
			return
		}
		d.Damage = append(d.Damage, &FormatError{File: filepath.Base(f.Name()), Offset: at, Struct: "error2 section",
			Problem: fmt.Sprintf("%d sectors from %d on could not be read when the image was made", le.Uint32(e[4:]), le.Uint32(e[:]))})
	}
}

// nextSegment opens segment n beside the first: .E01 to .E99, then .EAA to .EZZ, .FAA and so on, in the case of the first one's name.
func (d *Disk) nextSegment(n int) (*diskFile, error) {
	first := filepath.Base(d.files[0].Name())
	ext := filepath.Ext(first)
	if len(ext) != 4 {
		return nil, &SegmentError{File: first, Problem: fmt.Sprintf("its name ends in no segment number, so segment %d cannot be found", n)}
	}
	letter := ext[1]
	var next string
	if n <= 99 {
		next = fmt.Sprintf("%c%02d", letter, n)
	} else {
		i, a := n-100, byte('A')
		if 'a' <= letter && letter <= 'z' {
			a = 'a'
		}
		if hi := int(letter) + i/676; hi <= int(a)+25 {
			next = string([]byte{byte(hi), a + byte(i/26%26), a + byte(i%26)})
		} else {
			return nil, &SegmentError{File: first, Problem: fmt.Sprintf("there is no name for segment %d", n)}
		}
	}
	name := first[:len(first)-3] + next
	f, err := d.sibling(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &SegmentError{File: name, Problem: fmt.Sprintf("segment %d is missing", n), Err: err}
	}
	return f, err
}

// ReadAt implements io.ReaderAt.
func (e *ewfImage) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= e.size {
			return done, io.EOF
		}
		i := at / e.chunk
		n := min(e.chunk, e.size-i*e.chunk)
		var data []byte
		if in := at - i*e.chunk; in == 0 && int64(len(p)-done) >= n {
			if err := e.readChunk(p[done:done+int(n)], i); err != nil { // straight into the caller's slice
				return done, err
			}
			done += int(n)
			continue
		}
		data = make([]byte, n)
		if err := e.readChunk(data, i); err != nil {
			return done, err
		}
		done += copy(p[done:], data[at-i*e.chunk:])
	}
	return done, nil
}

// readChunk fills p with chunk i.
func (e *ewfImage) readChunk(p []byte, i int64) error {
	k := sort.Search(len(e.tables), func(k int) bool { return e.tables[k].first+e.tables[k].count > i })
	if k == len(e.tables) {
		return &FormatError{File: e.name, Struct: "EWF", Problem: fmt.Sprintf("chunk %d is missing", i), Err: io.ErrUnexpectedEOF}
	}
	t := e.tables[k]
	entries, err := e.table(t)
	if err != nil {
		return err
	}
	at, size, compressed := t.chunk(entries, i-t.first)
	bad := func(problem string, err error) error {
		return &FormatError{File: filepath.Base(t.f.Name()), Offset: at, Struct: fmt.Sprintf("chunk %d", i), Problem: problem, Err: err}
	}
	// Deflate makes nothing that much larger than it was, and a plain chunk has four bytes of checksum.
	if at < 0 || size < 4 || size > 2*e.chunk+4096 || at > t.f.size-size {
		return bad(fmt.Sprintf("%d bytes do not fit", size), nil)
	}
	b := make([]byte, size)
	if _, err := t.f.ReadAt(b, at); err != nil {
		return bad("cannot be read", noEOF(err))
	}
	if !compressed {
		if size-4 < int64(len(p)) {
			return bad(fmt.Sprintf("%d bytes instead of %d", size-4, len(p)), nil)
		}
		data := b[:min(size-4, e.chunk)]
		if adler32.Checksum(data) != le.Uint32(b[len(data):]) {
			return bad("its checksum is wrong", nil)
		}
		copy(p, data)
		return nil
	}
	z, err := zlib.NewReader(bytes.NewReader(b))
	if err != nil {
		return bad("is not deflated", err)
	}
	if _, err := io.ReadFull(z, p); err != nil {
		return bad("cannot be inflated", noEOF(err))
	}
	if _, err := io.CopyN(io.Discard, z, e.chunk-int64(len(p))+1); err != nil && !errors.Is(err, io.EOF) { // to the checksum at its end
		return bad("cannot be inflated", err)
	}
	return nil
}

// chunk says where a chunk is. Images of EnCase 6.7 and later may hold more than 2 GiB in a segment: from the first entry that is smaller
// than the one before it, the top bit belongs to the offset, and no chunk is compressed (libewf, "Table section").
func (t *ewfTable) chunk(entries []uint32, i int64) (at, size int64, compressed bool) {
	offset := func(k int64) int64 {
		if k >= t.over {
			return t.base + int64(entries[k])
		}
		return t.base + int64(entries[k]&^ewfCompressed)
	}
	at = offset(i)
	end := t.end
	if i+1 < int64(len(entries)) {
		end = offset(i + 1)
	}
	return at, end - at, entries[i]&ewfCompressed != 0 && i < t.over
}

// maxLoadedTables keeps the tables in memory below 64 MiB; a table of 512 MiB of disk takes 64 KiB.
const maxLoadedTables = 16

// table returns the entries of a table, from its copy when the first has a wrong checksum.
func (e *ewfImage) table(t *ewfTable) ([]uint32, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t.entries != nil {
		return t.entries, nil
	}
	var err error
	for _, at := range t.at {
		b := make([]byte, t.count*4+4)
		n, rerr := t.f.ReadAt(b, at+ewfTableHeader)
		if n < len(b)-4 {
			err = &FormatError{File: filepath.Base(t.f.Name()), Offset: at, Struct: "table section", Problem: "cannot be read", Err: noEOF(rerr)}
			continue
		}
		// SMART writes no checksum behind the table: there the first chunk follows at once.
		entries := make([]uint32, t.count)
		t.over = t.count
		for i := range entries {
			entries[i] = le.Uint32(b[4*i:])
			if i > 0 && t.over == t.count && entries[i]&^ewfCompressed < entries[i-1]&^ewfCompressed {
				t.over = int64(i)
			}
		}
		smart := t.count > 0 && t.base+int64(entries[0]&^ewfCompressed) == at+ewfTableHeader+4*t.count
		if !smart && adler32.Checksum(b[:len(b)-4]) != le.Uint32(b[len(b)-4:]) {
			err = &FormatError{File: filepath.Base(t.f.Name()), Offset: at, Struct: "table section", Problem: "the checksum of its entries is wrong"}
			continue
		}
		t.entries = entries
		if e.loaded = append(e.loaded, t); len(e.loaded) > maxLoadedTables {
			e.loaded[0].entries = nil
			e.loaded = e.loaded[1:]
		}
		return entries, nil
	}
	return nil, err
}
