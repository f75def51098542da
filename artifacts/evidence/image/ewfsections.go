package image

import (
	"bytes"
	"errors"
	"fmt"
	"hash/adler32"
	"io/fs"
	"math"
	"path/filepath"
	"strings"
)

// An ewfReader follows the sections of all segments, past what is damaged.
type ewfReader struct {
	d *Disk
	e *ewfImage

	segment int
	f       *diskFile
	sectors extent // the sectors section whose table has not come yet
	gaps    []int  // tables after which an unknown number of chunks is missing
	done    bool   // the last segment was read to its end
	named   bool   // one segment's problem is enough
}

// An extent is a part of a segment file; zero is none.
type extent struct{ start, end int64 }

// openEWF reads the sections of all segments, but no chunk and no table, as long as they are whole. What is broken costs itself alone: a
// section without a sound descriptor is known by its contents, a table by its copy, and chunks without a table by themselves.
func (d *Disk) openEWF(f *diskFile) (*ewfImage, error) {
	e := &ewfImage{name: filepath.Base(f.Name())}
	r := &ewfReader{d: d, e: e}
	for n := 1; ; n++ {
		more, err := r.readSegment(f, n)
		if err != nil && n == 1 {
			return nil, err
		}
		if err != nil {
			r.damage(err)
			r.gap()
		}
		if !more {
			break
		}
		if n >= maxEWFSegments {
			r.damage(&SegmentError{File: e.name, Problem: "has more segments than there are names for"})
			break
		}
		if f, err = d.nextSegment(n + 1); err != nil {
			if r.done = false; !r.named {
				r.damage(err)
			}
			break
		}
	}
	r.settle()
	if e.chunk == 0 || e.size == 0 {
		none := &FormatError{File: e.name, Struct: "EWF", Problem: "no volume section: the size of the disk is unknown"}
		return nil, errors.Join(append(d.Damage, none)...)
	}
	return e, nil
}

func (r *ewfReader) damage(err error) { r.d.Damage = append(r.d.Damage, err) }

func (r *ewfReader) bad(at int64, what, problem string, err error) error {
	return &FormatError{File: filepath.Base(r.f.Name()), Offset: at, Struct: what, Problem: problem, Err: err}
}

// gap notes that from here on chunks have no known number.
func (r *ewfReader) gap() {
	if n := len(r.e.tables); len(r.gaps) == 0 || r.gaps[len(r.gaps)-1] != n {
		r.gaps = append(r.gaps, n)
	}
}

// settle gives each table the number of its first chunk. Behind a gap numbers count from the end of the disk, if nothing else is missing.
func (r *ewfReader) settle() {
	e := r.e
	var have int64
	for _, t := range e.tables {
		t.first = have
		have += t.count
	}
	if !e.trusted && have > 0 && have != e.chunks { // no sound volume section says how many there are
		e.chunks, e.size = have, have*e.chunk
	}
	if have >= e.chunks {
		return
	}
	switch {
	case len(r.gaps) == 1 && r.done && r.gaps[0] < len(e.tables):
		missing := e.chunks - have
		for _, t := range e.tables[r.gaps[0]:] {
			t.first += missing
		}
		from := e.tables[r.gaps[0]].first - missing
		problem := fmt.Sprintf("holds %d chunks of %d: %d are missing from chunk %d on", have, e.chunks, missing, from)
		r.damage(&FormatError{File: e.name, Struct: "EWF", Problem: problem})
	case len(r.gaps) > 0 && r.gaps[0] < len(e.tables):
		// Which chunks the later tables hold cannot be known: they would be read as others.
		e.tables = e.tables[:r.gaps[0]]
		fallthrough
	default:
		have = 0
		if n := len(e.tables); n > 0 {
			have = e.tables[n-1].first + e.tables[n-1].count
		}
		r.damage(&FormatError{File: e.name, Struct: "EWF",
			Problem: fmt.Sprintf("holds %d chunks of %d: the image is cut off", have, e.chunks)})
	}
}

// readSegment follows the sections of one file. more means that a next one belongs to it.
func (r *ewfReader) readSegment(f *diskFile, n int) (more bool, err error) {
	r.f, r.segment, r.done = f, n, false
	r.sectors = extent{}
	name := filepath.Base(f.Name())
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
	at := int64(ewfHeader)
	for range maxEWFSections {
		var sec [ewfSection]byte
		if _, err := f.ReadAt(sec[:], at); err != nil {
			r.damage(r.bad(at, "section", "the file is cut off here", noEOF(err)))
			return r.cutOff(n), nil
		}
		typ, size, next, sound := r.descriptor(sec[:], at)
		if !sound {
			if next = r.resync(at + ewfSection); next < 0 {
				r.unknown(at, f.size)
				return r.cutOff(n), nil
			}
			r.unknown(at, next)
			at = next
			continue
		}
		end, err := r.section(typ, at, size)
		if err != nil || end {
			r.endSectors()
			r.done = typ == "done"
			return typ == "next", err
		}
		at = next
	}
	return false, r.bad(at, "section", fmt.Sprintf("more than %d sections", maxEWFSections), nil)
}

// descriptor reads the descriptor of a section. When it is not sound, what is wrong with it has been noted.
func (r *ewfReader) descriptor(sec []byte, at int64) (typ string, size, next int64, sound bool) {
	typ, _, _ = strings.Cut(string(sec[:16]), "\x00")
	next, size = int64(le.Uint64(sec[ewfNext:])), int64(le.Uint64(sec[ewfSize:]))
	switch {
	case adler32.Checksum(sec[:ewfSectionSum]) != le.Uint32(sec[ewfSectionSum:]):
		r.damage(r.bad(at, "section", "its checksum is wrong", nil))
	case size < 0 || next < 0 || size > r.f.size && typ != "sectors" && typ != "table" && typ != "table2":
		r.damage(r.bad(at, typ+" section", fmt.Sprintf("claims %d bytes", size), nil))
	case next <= at && typ != "done" && typ != "next" && typ != "ltree" && typ != "ltypes":
		r.damage(r.bad(at, typ+" section", "the chain of sections leads back", nil))
	default:
		return typ, size, next, true
	}
	return typ, size, next, false
}

// section takes what one section holds. end is true for the last one of the file.
func (r *ewfReader) section(typ string, at, size int64) (end bool, err error) {
	body := at + ewfSection
	switch typ {
	case "volume", "disk", "data":
		r.volume(at, body, size-ewfSection, typ)
	case "sectors":
		r.endSectors()
		r.sectors = extent{body, min(at+size, r.f.size)}
		if w := (&chunkWalk{e: r.e, f: r.f, end: r.sectors.end}); !r.e.trusted && len(r.e.tables) == 0 {
			r.e.chunk = w.measure(body, r.e.chunk)
		}
	case "table":
		r.table(at, at+size)
	case "table2":
		r.copyOfTable(at, at+size)
	case "hash", "digest":
		var sums [36]byte // MD5, and in digest SHA-1
		if _, err := r.f.ReadAt(sums[:], body); err == nil {
			r.e.md5 = bytes.Clone(sums[:16])
			if typ == "digest" {
				r.e.sha1 = bytes.Clone(sums[16:])
			}
		}
	case "error2":
		r.d.readErrors(r.f, body, size-ewfSection)
	case "ltree", "ltypes":
		return true, fmt.Errorf("%s: logical evidence file: %w", filepath.Base(r.f.Name()), ErrUnsupported)
	case "done", "next":
		return true, nil
	}
	return false, nil
}

// cutOff ends a segment that has no end of its own, and reports whether the next one is there all the same.
func (r *ewfReader) cutOff(n int) bool {
	r.endSectors()
	r.gap()
	r.named = true
	f, err := r.d.nextSegment(n + 1)
	if err != nil {
		return false
	}
	r.d.files = r.d.files[:len(r.d.files)-1] // it is opened again in its turn
	f.Close()
	return true
}

// ewfSections are the types that a search for the next section looks for.
var ewfSections = []string{
	"header", "header2", "volume", "disk", "data", "sectors", "table", "table2", "next", "done", "error2", "session", "hash", "digest",
}

// resync finds the next section with a sound descriptor, -1 for none.
func (r *ewfReader) resync(at int64) int64 {
	const step = 1 << 20
	buf := make([]byte, step+ewfSection)
	for ; at < r.f.size; at += step {
		n, _ := r.f.ReadAt(buf, at)
		b := buf[:n]
		best := -1
		for _, typ := range ewfSections {
			for from := 0; ; {
				i := bytes.Index(b[from:], append([]byte(typ), make([]byte, 16-len(typ))...))
				if i += from; i < from || i >= step || i+ewfSection > len(b) || best >= 0 && i >= best {
					break
				}
				if adler32.Checksum(b[i:i+ewfSectionSum]) == le.Uint32(b[i+ewfSectionSum:]) {
					best = i
					break
				}
				from = i + 1
			}
		}
		if best >= 0 {
			return at + int64(best)
		}
	}
	return -1
}

// unknown takes a section whose descriptor is broken for what its contents are: a table has a checksum of its own, and what is between a
// volume section and a table is chunks.
func (r *ewfReader) unknown(at, end int64) {
	body := at + ewfSection
	b := make([]byte, ewfTableHeader)
	isTable := readFull(r.f, b, body) == nil && adler32.Checksum(b[:ewfTableSum]) == le.Uint32(b[ewfTableSum:]) && le.Uint32(b) > 0
	switch {
	case isTable && r.sectors == extent{} && len(r.e.tables) > 0:
		r.copyOfTable(at, end)
	case isTable:
		r.table(at, end)
	case !r.e.trusted && (end-body == ewfVolumeSize || end-body == ewfSMARTVolume):
		r.volume(at, body, end-body, "volume")
	case r.sectors == extent{} && end-body >= 64:
		if r.e.chunk != 0 && (&chunkWalk{e: r.e, f: r.f, end: end}).starts(body) {
			r.sectors = extent{body, end}
		}
	}
}

// volume reads the size of the disk and of its chunks. Where the section is broken, a copy of it (data, in later places) or the usual size
// of a chunk has to do.
func (r *ewfReader) volume(at, body, size int64, typ string) {
	err := r.e.readVolume(r.f, body, size, typ)
	if err == nil {
		return
	}
	r.damage(r.bad(at, typ+" section", "cannot be used", err))
	if r.e.chunk == 0 {
		r.e.chunk = usualChunk
	}
}

// table takes the table of the sectors before it. In SMART's form the chunks are in the same section, after the table.
func (r *ewfReader) table(at, end int64) {
	t, err := r.e.readTable(r.f, at+ewfSection, end, r.sectors)
	if err != nil {
		r.damage(r.bad(at, "table section", "cannot be used", err))
		return // its copy, or the next section, decides
	}
	r.sectors = extent{}
	r.e.tables = append(r.e.tables, t)
}

// copyOfTable takes the second copy of the table before it.
func (r *ewfReader) copyOfTable(at, end int64) {
	if r.sectors != (extent{}) { // the first copy is broken or gone
		t, err := r.e.readTable(r.f, at+ewfSection, end, r.sectors)
		if err == nil {
			r.sectors = extent{}
			r.e.tables = append(r.e.tables, t)
			return
		}
		r.damage(r.bad(at, "table2 section", "cannot be used", err))
		return
	}
	if n := len(r.e.tables); n > 0 && r.e.tables[n-1].f == r.f {
		t := r.e.tables[n-1]
		t.at = append(t.at, at+ewfSection)
	}
}

// endSectors looks for the chunks of a sectors section for which no table came.
func (r *ewfReader) endSectors() {
	if r.sectors == (extent{}) || r.e.chunk == 0 {
		return
	}
	x := r.sectors
	r.sectors = extent{}
	w := chunkWalk{e: r.e, f: r.f, end: x.end}
	t := &ewfTable{f: r.f, sectors: x}
	for _, before := range r.e.tables {
		t.first += before.count
	}
	whole := w.walk(t, x.start)
	t.count = int64(len(t.walked))
	r.damage(r.bad(x.start-ewfSection, "sectors section", fmt.Sprintf("no table is there; %d chunks were found by themselves", t.count),
		nil))
	if t.count > 0 {
		r.e.tables = append(r.e.tables, t)
	}
	if !whole {
		r.gap()
	}
}

func (e *ewfImage) readVolume(f *diskFile, at, size int64, typ string) error {
	b := make([]byte, min(max(size, 24), ewfVolumeSize))
	if err := readFull(f, b, at); err != nil {
		return err
	}
	sound := true
	if size == ewfVolumeSize || size == ewfSMARTVolume {
		sum := le.Uint32(b[size-4:])
		sound = sum == adler32.Checksum(b[:size-4]) || sum == 0 // not every writer fills it in
	}
	perChunk, perSector := int64(le.Uint32(b[ewfSectorsPerChunk:])), int64(le.Uint32(b[ewfBytesPerSector:]))
	sectors := le.Uint64(b[ewfSectors:])
	if size == ewfSMARTVolume {
		sectors &= math.MaxUint32
	}
	switch {
	case e.trusted && typ == "data": // says it again, in later segments
		return nil
	case !sound && e.trusted:
		return errors.New("its checksum is wrong")
	case perSector < 512 || perSector > 8192 || perSector&(perSector-1) != 0:
		return fmt.Errorf("sectors of %d bytes", perSector)
	case perChunk < 1 || perChunk > maxEWFChunk/perSector:
		return fmt.Errorf("chunks of %d sectors", perChunk)
	case sectors > uint64(math.MaxInt64/perSector/2):
		return fmt.Errorf("%d sectors", sectors)
	}
	if len(e.tables) > 0 && perChunk*perSector != e.chunk {
		return fmt.Errorf("chunks of %d bytes where %d were found", perChunk*perSector, e.chunk)
	}
	e.chunk, e.size = perChunk*perSector, int64(sectors)*perSector
	e.chunks = (e.size + e.chunk - 1) / e.chunk
	e.trusted = sound
	if !sound {
		return errors.New("its checksum is wrong")
	}
	return nil
}

// readTable reads the header of a table. In SMART's form the chunks lie behind the table in the same section.
func (e *ewfImage) readTable(f *diskFile, at, end int64, sectors extent) (*ewfTable, error) {
	b := make([]byte, ewfTableHeader)
	if _, err := f.ReadAt(b, at); err != nil {
		return nil, noEOF(err)
	}
	t := &ewfTable{f: f, count: int64(le.Uint32(b[ewfTableCount:])), base: int64(le.Uint64(b[ewfTableBase:])), end: sectors.end,
		at: []int64{at}, sectors: sectors}
	if adler32.Checksum(b[:ewfTableSum]) != le.Uint32(b[ewfTableSum:]) {
		return nil, errors.New("its checksum is wrong")
	}
	if t.base < 0 || t.base > f.size || t.count*4 > min(end-at-ewfTableHeader, maxEWFTable) {
		return nil, fmt.Errorf("%d chunks, from offset %d on", t.count, t.base)
	}
	if t.end == 0 {
		t.end = end
		t.sectors = extent{at + ewfTableHeader + 4*t.count, end}
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
