package image

import (
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"path/filepath"
	"sort"
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

	ewfChunks          = 4    // u32, in the volume section
	ewfSectorsPerChunk = 8    // u32
	ewfBytesPerSector  = 12   // u32
	ewfSectors         = 16   // u64; in SMART's shorter section u32
	ewfVolumeSize      = 1052 // Adler-32 in the last four bytes, in SMART's form as well
	ewfSMARTVolume     = 94
	usualChunk         = 64 * 512

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
	trusted   bool        // the volume section that was read is sound
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
	sectors extent
	walked  []int64 // where no table can be used: where each chunk begins, with walkedPlain and walkedBad
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
	if i < t.first {
		return &FormatError{File: e.name, Struct: "EWF", Problem: fmt.Sprintf("chunk %d is missing", i), Err: io.ErrUnexpectedEOF}
	}
	entries, err := e.table(t)
	if err != nil {
		return err
	}
	if t.walked != nil && i-t.first >= int64(len(t.walked)) {
		return &FormatError{File: e.name, Struct: "EWF",
			Problem: fmt.Sprintf("chunk %d is missing: no table can be used, and it was not found", i), Err: io.ErrUnexpectedEOF}
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
	z := newInflater()
	defer z.release()
	if err := z.reset(b); err != nil {
		return bad("is not deflated", err)
	}
	if _, err := io.ReadFull(z, p); err != nil {
		return bad("cannot be inflated", noEOF(err))
	}
	// To its end, for the checksum is there.
	if _, err := io.CopyN(io.Discard, z, e.chunk-int64(len(p))+1); err == nil {
		return bad("inflates to more than a chunk", nil)
	} else if !errors.Is(err, io.EOF) {
		return bad("cannot be inflated", err)
	}
	return nil
}

// chunk says where a chunk is. Images of EnCase 6.7 and later may hold more than 2 GiB in a segment: from the first entry that is smaller
// than the one before it, the top bit belongs to the offset, and no chunk is compressed (libewf, "Table section").
func (t *ewfTable) chunk(entries []uint32, i int64) (at, size int64, compressed bool) {
	if t.walked != nil {
		return t.walkedChunk(i)
	}
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
	if t.entries != nil || t.walked != nil {
		return t.entries, nil
	}
	var err error
	for _, at := range t.at {
		b := make([]byte, t.count*4+4)
		n, rerr := t.f.ReadAt(b, at+ewfTableHeader)
		if n < len(b)-4 {
			err = &FormatError{File: filepath.Base(t.f.Name()), Offset: at, Struct: "table section", Problem: "cannot be read",
				Err: noEOF(rerr)}
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
			err = &FormatError{File: filepath.Base(t.f.Name()), Offset: at, Struct: "table section",
				Problem: "the checksum of its entries is wrong"}
			continue
		}
		t.entries = entries
		if e.loaded = append(e.loaded, t); len(e.loaded) > maxLoadedTables {
			e.loaded[0].entries = nil
			e.loaded = e.loaded[1:]
		}
		return entries, nil
	}
	// No copy can be used: the chunks show themselves.
	w := chunkWalk{e: e, f: t.f, end: min(t.sectors.end, t.f.size)}
	if w.walk(t, t.sectors.start); len(t.walked) > 0 {
		return nil, nil
	}
	return nil, err
}
