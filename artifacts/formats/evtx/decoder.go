package evtx

import (
	"bytes"
	"hash/crc32"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Decoder decodes the records of one chunk after the other. It holds the
// memory that decoding needs and reuses it; it may be used by one goroutine at
// a time.
type Decoder struct {
	base   []byte // the chunk, then text that was assembled
	n      int    // bytes of the chunk
	offset int64  // of the chunk in the file
	index  int    // of the chunk in the file

	vocabulary
	used  int             // bytes of the names of the chunk
	names map[uint32]name // of this chunk, by offset
	key   []byte

	programs  []program
	steps     []step
	parts     []part
	frames    [maxDepth]frame
	badNames  bool  // of what is being compiled
	lost      error // why one of its names cannot be read
	work      int   // steps of this chunk
	chunkText int   // bytes of text assembled for it

	vals    []ref
	nesting int

	// The record.
	slots    [numSlots]ref
	pairs    []pair
	name     uint32 // by opName
	text     int    // bytes of the pairs
	cut      bool
	suspect  bool // a template or a name that the record uses was overwritten
	rest     int  // where its binary XML ends
	recordID uint64
	out      []byte
	ends     []int
	known    [numSlots]knownText

	// The choice of [Options.Want].
	want     func(Record) bool
	rec      Record // that is being decoded
	asked    bool
	unwanted bool
	learning bool // templates are compiled, not run

	// Recovery.
	recover  bool
	postpone bool // hidden records are left to [Stream]: they need what earlier chunks hold
	hides    bool // the chunk has some
	noted    []notedRecord
	gap      bool // the chunk is none: no damage
	sums     bool // the file has checksums
	salvage  bool // the record's templates and names may be lost
	partial  bool // some were
	borrowed bool // a template came from another place
	nameless bool // the names of what is being run are wrong
	library  *Templates
	loans    []program
	kept     int // bytes of base that outlive a record
	places   []place
}

// NewDecoder returns a decoder.
func NewDecoder() *Decoder {
	d := &Decoder{}
	if b, ok := bases.Get().(*[]byte); ok {
		d.base = *b
	} else {
		d.base = make([]byte, 0, ChunkSize+4096)
	}
	d.forget()
	return d
}

// bases are the buffers of decoders that nobody uses any more: a machine has hundreds
// of logs, most of them of a few chunks.
var bases sync.Pool

// retire gives the buffer back. No record of d may be read afterwards.
func (d *Decoder) retire() {
	if b := d.base[:0]; cap(b) >= ChunkSize && cap(b) <= 2*ChunkSize {
		bases.Put(&b)
	}
	d.base = nil
}

// A vocabulary holds the names that were met, so that those that repeat from chunk
// to chunk are made once. Decoders that work one after the other can share one.
type vocabulary struct {
	texts    []string          // all names
	uses     []uint32          // the last chunk that each was used in, by its turn
	turn     uint32            // of the chunk
	ids      map[string]uint32 // their numbers
	interned int
	empty    uint32   // the number of ""
	quoted   []string // the names as JSON
}

// forget begins a new vocabulary. The old one may still be read.
func (d *Decoder) forget() {
	d.vocabulary, d.names = vocabulary{ids: make(map[string]uint32)}, make(map[uint32]name)
	d.empty, _ = d.intern(nil)
}

// load begins a chunk whose n bytes are in d.base.
func (d *Decoder) load(n, index int, offset int64) {
	d.base, d.n, d.index, d.offset = d.base[:n], n, index, offset
	if d.interned > maxInterned/2 {
		d.forget()
	}
	d.turn, d.used = d.turn+1, 0
	clear(d.names)
	for i := range d.known {
		d.known[i].v = ref{}
	}
	d.programs, d.steps, d.parts, d.vals = d.programs[:0], d.steps[:0], d.parts[:0], d.vals[:0]
	d.loans, d.kept, d.work, d.chunkText = d.loans[:0], n, 0, 0
}

// bad returns the error for a place of the chunk.
func (d *Decoder) bad(at int64, what, problem string) *wire.FormatError {
	return &wire.FormatError{Format: "evtx", Offset: d.offset + at, Struct: what, Problem: problem}
}

// tooMuch is the error for a chunk whose records name each other's parts so
// often that decoding them would not end in time.
func (d *Decoder) tooMuch(at int) error {
	return d.bad(int64(at), "chunk", "needs too many steps")
}

// record decodes the record at pos, which has the given size.
func (d *Decoder) record(pos, size int) (Record, error) {
	b := d.base[:d.n]
	rec := Record{
		ID: le.Uint64(b[pos+recordID:]), Written: le.Uint64(b[pos+recordWritten:]),
		Offset: d.offset + int64(pos), Chunk: d.index, ChunkOffset: pos, Size: size, d: d,
	}
	d.reset()
	d.recordID, d.rec = rec.ID, rec
	end, err := d.fragment(pos+recordData, pos+size-4, ctxRoot)
	d.rest = end
	if err == nil && d.cut {
		err = d.bad(int64(pos), "record", "is cut: it holds too much")
	}
	if (err == nil || d.salvage) && !d.asked {
		d.asked, d.unwanted = true, !d.want(d.rec)
	}
	return rec, err
}

func (d *Decoder) reset() {
	d.base = d.base[:d.kept]
	d.slots = [numSlots]ref{}
	d.pairs, d.vals = d.pairs[:0], d.vals[:0]
	d.text, d.cut, d.suspect, d.nesting = 0, false, false, 0
	d.asked, d.unwanted = d.want == nil, false
}

// wanted reports whether the data of the record are to be decoded. It asks once what
// names the kind of an event is known, which all logs hold before the data.
func (d *Decoder) wanted() bool {
	if !d.asked && d.slots[slotProvider].typ != Null && d.slots[slotEventID].typ != Null && d.slots[slotChannel].typ != Null {
		d.asked, d.unwanted = true, !d.want(d.rec)
	}
	return !d.unwanted
}

// payload decodes a fragment in an element, or in Event itself, where the data
// are. Of a record that is not wanted only the templates are compiled, and only for
// recovery: it may borrow them.
func (d *Decoder) payload(v ref, ctx context) error {
	if ctx.kind() == ctxEvent && !d.wanted() {
		if !d.recover {
			return nil
		}
		d.learning = true
		defer func() { d.learning = false }()
	}
	_, err := d.fragment(int(v.off), int(v.off+v.n), ctx)
	return err
}

// fragment decodes binary XML up to its end token or to end (section 4.4): one
// template instance or element, or several.
func (d *Decoder) fragment(pos, end int, ctx context) (int, error) {
	if d.nesting == maxNesting {
		return pos, d.bad(int64(pos), "fragment", "is nested too deeply")
	}
	d.nesting++
	defer func() { d.nesting-- }()
	var err error
	for pos < end {
		if d.work++; d.work > maxWork {
			return pos, d.tooMuch(pos)
		}
		switch tok := d.base[pos]; tok &^ tokMore {
		case tokEnd:
			return pos + 1, nil
		case tokFragment:
			pos += 4
		case tokTemplate:
			if pos, err = d.instance(pos, end, ctx); err != nil {
				return pos, err
			}
		case tokOpen:
			if pos, err = d.inline(pos, end, ctx); err != nil {
				return pos, err
			}
		case tokPITarget, tokPIData:
			if pos, err = d.instruction(pos, end); err != nil {
				return pos, err
			}
		default:
			return pos, d.bad(int64(pos), "fragment", "holds an unknown token")
		}
	}
	return min(pos, end), nil
}

// inline decodes an element outside of templates.
func (d *Decoder) inline(pos, end int, ctx context) (int, error) {
	steps, parts := len(d.steps), len(d.parts)
	d.badNames, d.lost = false, nil
	next, err := d.compile(pos, end, ctx, false)
	bad := d.badNames || d.lost != nil
	d.suspect = d.suspect || bad
	if err == nil && !d.learning {
		p := program{off: uint32(pos), start: int32(steps), end: int32(len(d.steps))}
		d.nameless = d.salvage && bad
		err = d.run(&p, 0, 0)
		d.nameless = false
	}
	d.steps, d.parts = d.steps[:steps], d.parts[:parts]
	return next, err
}

// instance decodes a template instance (section 5): it finds the program of its
// definition, reads the values' places and runs it.
func (d *Decoder) instance(pos, end int, ctx context) (int, error) {
	if pos+10 > end {
		return pos, d.bad(int64(pos), "template instance", "runs past its end")
	}
	id, off := le.Uint32(d.base[pos+2:]), le.Uint32(d.base[pos+6:])
	p := pos + 10
	if off == uint32(p) {
		if p+templateTokens > end || int64(le.Uint32(d.base[p+templateLength:])) > int64(end-p-templateTokens) {
			return pos, d.bad(int64(p), "template", "runs past its record")
		}
		p += templateTokens + int(le.Uint32(d.base[p+templateLength:]))
	}
	first, n, p, err := d.values(p, end)
	if err != nil {
		return pos, err
	}
	prog, err := d.program(pos, off, ctx)
	switch {
	case d.learning:
		err = nil
	case d.salvage && (err != nil || prog.badNames || prog.id != id):
		d.partial = true
		if loan, ok := d.borrow(id, ctx); ok {
			d.borrowed = true
			err = d.run(&loan, first, n)
		} else {
			err = d.bare(first, n, ctx)
		}
	case err != nil:
	case prog.id != id:
		err = d.bad(int64(pos), "template instance", "points to another template")
	default:
		err = d.run(&prog, first, n)
	}
	d.vals = d.vals[:first]
	return p, err
}

// values reads the descriptors of an instance's values and pushes their places.
func (d *Decoder) values(p, end int) (first, n, next int, err error) {
	if p+4 > end {
		return 0, 0, p, d.bad(int64(p), "template instance", "runs past its end")
	}
	count := le.Uint32(d.base[p:])
	p += 4
	if int64(count) > int64(end-p)/4 {
		return 0, 0, p, d.bad(int64(p-4), "template instance", "has more values than bytes")
	}
	first, n = len(d.vals), int(count)
	at := uint32(p + 4*n)
	for b := d.base[p:at]; len(b) >= 4; b = b[4:] {
		size := uint32(le.Uint16(b))
		d.vals = append(d.vals, ref{at, size, Type(b[2])})
		at += size
	}
	if int64(at) > int64(end) {
		d.vals = d.vals[:first]
		return 0, 0, p, d.bad(int64(p), "template instance", "values run past its end")
	}
	return first, n, int(at), nil
}

// program returns the program of the definition at off, for the instance at pos.
// It is a copy, because the list grows while it runs.
func (d *Decoder) program(pos int, off uint32, ctx context) (program, error) {
	for i := range d.programs {
		if p := &d.programs[i]; p.off == off && p.ctx == ctx {
			return *p, p.err
		}
	}
	p := program{off: off, ctx: ctx, start: int32(len(d.steps))}
	parts := len(d.parts)
	d.badNames, d.lost = false, nil
	if p.err = d.define(pos, &p); p.err == nil {
		p.err = d.lost
	}
	if p.err != nil {
		d.steps, d.parts = d.steps[:p.start], d.parts[:parts]
	}
	p.end, p.badNames = int32(len(d.steps)), d.badNames
	d.programs = append(d.programs, p)
	return p, p.err
}

// define compiles a definition.
func (d *Decoder) define(pos int, p *program) error {
	if int64(p.off)+templateTokens > int64(d.n) {
		return d.bad(int64(pos), "template instance", "points outside of the chunk")
	}
	b := d.base[p.off:d.n]
	p.id = le.Uint32(b[templateGUID:])
	size := le.Uint32(b[templateLength:])
	if int64(size) > int64(len(b)-templateTokens) {
		return d.bad(int64(p.off), "template", "runs past the chunk")
	}
	pos = int(p.off) + templateTokens
	end := pos + int(size)
	for pos < end {
		var err error
		switch tok := d.base[pos]; tok &^ tokMore {
		case tokEnd:
			return nil
		case tokFragment:
			pos += 4
		case tokOpen:
			pos, err = d.compile(pos, end, p.ctx, true)
		case tokPITarget, tokPIData:
			pos, err = d.instruction(pos, end)
		default:
			err = d.bad(int64(pos), "template", "holds an unknown token")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deliver yields what the loaded chunk holds: its damage, its records and, for
// recovery, the hidden ones. It reports whether to continue.
func (d *Decoder) deliver(l *leftovers, yield func(Record, error) bool) bool {
	if !d.read(l, yield) {
		return false
	}
	if l != nil {
		l.settle(d)
	}
	return true
}

// A notedRecord is an allocated record that recovery has to know.
type notedRecord struct {
	pos, size int
	exported  bool
}

// read is deliver without what changes l. It leaves in d.noted and d.places what
// [leftovers.settle] wants.
func (d *Decoder) read(l *leftovers, yield func(Record, error) bool) bool {
	d.noted, d.places, d.hides = d.noted[:0], d.places[:0], false
	if d.n < chunkRecords || !bytes.HasPrefix(d.base, chunkMagic) {
		return d.unsigned(l, yield)
	}
	more := d.check(func(err error) bool { return yield(Record{}, err) })
	if !more {
		return false
	}
	listed := listing{}
	end := d.walk(func(pos, size int) bool {
		rec, err := d.record(pos, size)
		listed.add(rec.ID)
		if l != nil || d.postpone {
			d.noted = append(d.noted, notedRecord{pos, size, rec.RecordID() != rec.ID})
		}
		rest := d.rest
		if !d.unwanted {
			more = yield(rec, err)
		}
		if d.rest = rest; more && d.recover {
			if d.scanRest(pos, size); len(d.places) > 0 {
				if d.hides = true; d.postpone {
					more = false
				} else {
					more = d.hidden(l, yield)
				}
			}
		}
		return more
	})
	if !more {
		return false
	}
	switch free := int64(le.Uint32(d.base[chunkFree:])); {
	case int64(end) < free:
		more = yield(Record{}, d.bad(int64(end), "chunk", "its records end before its free space"))
	case !listed.fits(d.base):
		more = yield(Record{}, d.bad(chunkFirstNumber, "chunk", OtherRecords))
	}
	if !more {
		return false
	}
	if l != nil || d.postpone {
		d.scan(end, d.n, 0)
	}
	return true
}

// unsigned handles a chunk without signature. One of zeros was never used.
func (d *Decoder) unsigned(l *leftovers, yield func(Record, error) bool) bool {
	if isZero(d.base[:d.n]) {
		return true
	}
	problem := "has no signature"
	if d.n < chunkRecords {
		problem = "is cut within its header"
	}
	if l != nil || d.postpone {
		d.scan(0, d.n, 0)
	}
	return d.gap || yield(Record{}, d.bad(0, "chunk", problem))
}

func isZero(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if le.Uint64(b) != 0 {
			return false
		}
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// check reports what is wrong with the loaded chunk as a whole.
func (d *Decoder) check(yield func(error) bool) bool {
	b := d.base[:d.n]
	if d.n < ChunkSize && !yield(d.bad(int64(d.n), "chunk", "is cut")) {
		return false
	}
	if !d.sums || le.Uint32(b[chunkFlags:])&NoChecksums != 0 && le.Uint32(b[chunkSum:])|le.Uint32(b[chunkRecordsSum:]) == 0 {
		return true // the second says so of a chunk whose file header is lost
	}
	head := crc32.Update(crc32.ChecksumIEEE(b[:chunkFlags]), crc32.IEEETable, b[chunkStrings:chunkRecords])
	if head != le.Uint32(b[chunkSum:]) && !yield(d.bad(chunkSum, "chunk header", "has a wrong checksum")) {
		return false
	}
	free := le.Uint32(b[chunkFree:])
	if free >= chunkRecords && int64(free) <= int64(d.n) && crc32.ChecksumIEEE(b[chunkRecords:free]) != le.Uint32(b[chunkRecordsSum:]) {
		return yield(d.bad(chunkRecordsSum, "chunk", "the checksum of its records is wrong"))
	}
	return true
}
