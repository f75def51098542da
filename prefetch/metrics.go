package prefetch

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"
)

// A file metrics entry, from its start. docs/formats/prefetch.md, "File metrics".
const (
	metricFirst      = 0  // u32, index of the first trace chain entry
	metricTraces     = 4  // u32, number of entries
	metricPrefetched = 8  // u32
	metricNameOff    = 12 // u32, bytes from the start of the filename strings
	metricNameLen    = 16 // u32, characters
	metricFlags      = 20 // u32
	metricMFT        = 24 // u64

	metric17NameOff = 8
	metric17NameLen = 12
	metric17Flags   = 16
)

// A trace chain entry has 12 bytes up to version 26; later the first field is gone. "Trace chains".
const (
	traceNext    = 0 // u32, index of the file's next entry
	traceOffset  = 4 // u32: bytes in version 17, sectors of 512 bytes later
	traceBits    = 8
	traceHistory = 9
	traceUsed    = 10 // u16

	traceShort = 4 // what entries of version 30 and 31 lack at the start
	lastTrace  = 0xFFFFFFFF
	sectorSize = 512
)

// sections reads all that lies behind the file information.
func (p *parser) sections() {
	in, l := p.info, p.layout
	metrics := p.section("file metrics", in.metricsOff, l.metric, in.metrics, in.tracesOff)
	traces := p.section("trace chains", in.tracesOff, l.trace, in.traces, in.namesOff)
	names := p.section("filename strings", in.namesOff, 1, in.namesSize, cmp.Or(in.recordOff, in.volumesOff))
	if len(names)%2 != 0 {
		if uint64(len(names)) == uint64(in.namesSize) {
			p.damage(OddStrings, int(in.namesOff)+len(names)-1, "filename strings",
				"odd size of %d bytes, the last is not part of a character", len(names))
		}
		names = names[:len(names)-1]
	}

	if n := len(metrics) / l.metric; n > 0 {
		p.f.Files = make([]Metric, n)
	}
	p.readMetrics(metrics)
	p.readNames(metrics, names)
	p.readTraces(traces)
	p.record()
	p.volumes()
}

func (p *parser) readMetrics(b []byte) {
	short := p.layout.metric == layout17.metric
	for i := range p.f.Files {
		e := b[i*p.layout.metric:][:p.layout.metric]
		m := &p.f.Files[i]
		m.FirstTrace, m.Traces = le.Uint32(e[metricFirst:]), le.Uint32(e[metricTraces:])
		if short {
			m.Flags = le.Uint32(e[metric17Flags:])
			continue
		}
		m.Prefetched, m.Flags = le.Uint32(e[metricPrefetched:]), le.Uint32(e[metricFlags:])
		m.MFT = reference(le.Uint64(e[metricMFT:]))
	}
}

// readNames decodes the name of each metric into the scratch text. The metrics are the authority; where one points outside, the name
// is the one that follows the last good name. Names that overlap are read only as long as all of them together are no longer than
// the filename strings, so that a small file cannot unfold into a large one.
func (p *parser) readNames(metrics, names []byte) {
	nameOff := metricNameOff
	if p.layout.metric == layout17.metric {
		nameOff = metric17NameOff
	}
	base := int(p.info.namesOff)
	cut := uint64(len(names)) < uint64(p.info.namesSize)&^1 // already said
	next, left, lost := 0, len(names), 0
	inOrder := true
	// The names are most of a file's text, and nearly always ASCII: then one pass over the section does for all of them.
	first := len(p.s.text)
	var ascii bool
	p.s.text, ascii = appendASCII(p.s.text, names)
	p.s.spans = slices.Grow(p.s.spans[:0], len(p.f.Files))
	for i := range p.f.Files {
		e := metrics[i*p.layout.metric+nameOff:]
		at := int(p.info.metricsOff) + i*p.layout.metric + nameOff
		lo, size := uint64(le.Uint32(e)), 2*uint64(le.Uint32(e[metricNameLen-metricNameOff:]))
		hi := lo + size
		switch {
		case hi <= uint64(len(names)) && size <= uint64(left):
		case cut && hi <= uint64(p.info.namesSize):
			lost++
			p.s.spans = append(p.s.spans, span{})
			continue
		default:
			problem := "name %d at %d, %d characters, lies outside of the filename strings"
			if hi <= uint64(len(names)) {
				problem = "name %d at %d, %d characters, overlaps others"
			}
			p.damage(BadName, at, "file metrics entry", problem, i, lo, size/2)
			inOrder = false
			split, _ := untilNUL(names[next:])
			lo, hi = uint64(next), uint64(next+len(split))
			if hi-lo > uint64(left) {
				hi = lo
			}
		}
		if int(lo) != next {
			inOrder = false
		}
		left -= int(hi - lo)
		var sp span
		if ascii && lo%2 == 0 {
			sp = span{first + int(lo/2), first + int(hi/2)}
		} else {
			sp = p.text(names[lo:hi], base+int(lo), "filename strings")
		}
		if bytes.IndexByte(p.s.text[sp.lo:sp.hi], 0) >= 0 {
			p.damage(BadName, at, "file metrics entry", "name %d holds a NUL character", i)
		}
		p.s.spans = append(p.s.spans, sp)
		next = int(hi)
		if next+2 <= len(names) && names[next] == 0 && names[next+1] == 0 {
			next += 2
		} else {
			inOrder = false
		}
	}
	switch {
	case lost > 0:
		p.damage(SectionTruncated, base+len(names), "filename strings", "%d of %d names are missing", lost, len(p.f.Files))
	case cut || uint64(len(p.f.Files)) < uint64(p.info.metrics):
	case !inOrder || next != len(names):
		p.damage(Inconsistent, base, "filename strings", "the names of the file metrics are not the filename strings in order")
	}
}

// readTraces walks the trace chain entries of each file, counts its pages, and checks what holds in every genuine file: the runs
// follow each other, and their links stay inside.
func (p *parser) readTraces(b []byte) {
	l, f := p.layout, p.f
	n := uint64(len(b) / l.trace)
	skip, unit := 0, int64(sectorSize)
	if l.trace < layout17.trace {
		skip = traceShort
	}
	if l.metric == layout17.metric {
		unit = 1
	}
	if p.opts.Traces && n > 0 {
		f.Traces = make([]Trace, n)
		for i := range f.Traces {
			e := b[i*l.trace:][:l.trace]
			f.Traces[i] = Trace{int64(le.Uint32(e[traceOffset-skip:])) * unit, e[traceBits-skip], e[traceHistory-skip],
				le.Uint16(e[traceUsed-skip:])}
		}
	}

	cut := n < uint64(p.info.traces) // already said
	var sum, left uint64 = 0, n
	for i := range f.Files {
		m := &f.Files[i]
		first, end := uint64(m.FirstTrace), uint64(m.FirstTrace)+uint64(m.Traces)
		at := int(p.info.metricsOff) + i*l.metric
		if first != sum {
			p.damage(Inconsistent, at, "file metrics entry", "first trace of file %d is %d, the files before it have %d", i, first, sum)
		}
		sum += uint64(m.Traces)
		if end > n {
			if !cut || end > uint64(p.info.traces) {
				p.damage(BadChain, at, "file metrics entry", "traces %d to %d of file %d, there are %d", first, end, i, p.info.traces)
			}
			end = n
		}
		if first >= end {
			continue
		}
		if end-first > left { // runs that overlap: each entry is looked at once
			p.damage(BadChain, at, "file metrics entry", "traces %d to %d of file %d belong to other files too", first, end, i)
			continue
		}
		left -= end - first
		p.walk(i, b[first*uint64(l.trace):end*uint64(l.trace)], skip, unit)
		if skip == 0 {
			p.links(i, b, first, end)
		}
	}
	if sum != uint64(p.info.traces) && uint64(len(f.Files)) == uint64(p.info.metrics) {
		p.damage(Inconsistent, infoTraces, "file information", "%d trace chain entries, the files have %d", p.info.traces, sum)
	}
}

// walk counts the pages of file i, whose entries are run.
func (p *parser) walk(i int, run []byte, skip int, unit int64) {
	m, size := &p.f.Files[i], p.layout.trace
	var c pageCounts
	if skip != 0 {
		c.addShort(run)
	} else {
		c.addLong(run)
	}
	m.Highest = int64(c.highest) * unit
	if p.layout.metric == layout17.metric {
		return // version 17 has other bits
	}
	m.ImagePages, m.DataPages = uint32(c.images), uint32(c.data)
	if want := uint32(len(run)/size - c.not); want != m.Prefetched && len(run)/size == int(m.Traces) {
		at := int(p.info.metricsOff) + i*p.layout.metric + metricPrefetched
		p.damage(Inconsistent, at, "file metrics entry", "file %d has %d entries to prefetch, the trace chains %d", i, m.Prefetched, want)
	}
}

// pageCounts are sums over trace chain entries, of which a file may have ten thousand. So eight are taken at a time: their bits,
// a byte each, make one word, in which the ones of each bit are counted.
type pageCounts struct {
	not, images, data int
	highest           uint32
}

const eachByte = 0x0101_0101_0101_0101

func (c *pageCounts) count(w uint64) {
	c.not += bits.OnesCount64(w & (eachByte * TraceNotPrefetched))
	c.images += bits.OnesCount64(w & (eachByte * TraceImage))
	c.data += bits.OnesCount64(w & (eachByte * TraceData))
}

// addShort adds entries of 8 bytes.
func (c *pageCounts) addShort(b []byte) {
	const size, at, bit = 8, traceOffset - traceShort, traceBits - traceShort
	for ; len(b) >= 8*size; b = b[8*size:] {
		e := b[:8*size]
		c.count(uint64(e[bit]) | uint64(e[bit+size])<<8 | uint64(e[bit+2*size])<<16 | uint64(e[bit+3*size])<<24 |
			uint64(e[bit+4*size])<<32 | uint64(e[bit+5*size])<<40 | uint64(e[bit+6*size])<<48 | uint64(e[bit+7*size])<<56)
		c.highest = max(c.highest,
			max(le.Uint32(e[at:]), le.Uint32(e[at+size:]), le.Uint32(e[at+2*size:]), le.Uint32(e[at+3*size:])),
			max(le.Uint32(e[at+4*size:]), le.Uint32(e[at+5*size:]), le.Uint32(e[at+6*size:]), le.Uint32(e[at+7*size:])))
	}
	rest := uint64(0)
	for ; len(b) >= size; b = b[size:] {
		rest = rest<<8 | uint64(b[bit])
		c.highest = max(c.highest, le.Uint32(b[at:]))
	}
	c.count(rest)
}

// addLong adds entries of 12 bytes. It is addShort again with other constants: as arguments they would not be folded into the loads.
func (c *pageCounts) addLong(b []byte) {
	const size, at, bit = 12, traceOffset, traceBits
	for ; len(b) >= 8*size; b = b[8*size:] {
		e := b[:8*size]
		c.count(uint64(e[bit]) | uint64(e[bit+size])<<8 | uint64(e[bit+2*size])<<16 | uint64(e[bit+3*size])<<24 |
			uint64(e[bit+4*size])<<32 | uint64(e[bit+5*size])<<40 | uint64(e[bit+6*size])<<48 | uint64(e[bit+7*size])<<56)
		c.highest = max(c.highest,
			max(le.Uint32(e[at:]), le.Uint32(e[at+size:]), le.Uint32(e[at+2*size:]), le.Uint32(e[at+3*size:])),
			max(le.Uint32(e[at+4*size:]), le.Uint32(e[at+5*size:]), le.Uint32(e[at+6*size:]), le.Uint32(e[at+7*size:])))
	}
	rest := uint64(0)
	for ; len(b) >= size; b = b[size:] {
		rest = rest<<8 | uint64(b[bit])
		c.highest = max(c.highest, le.Uint32(b[at:]))
	}
	c.count(rest)
}

// links checks that the entries of file i, first to end, are chained in order: first all of them at once, by the bits in which they
// differ from what they should be.
func (p *parser) links(i int, b []byte, first, end uint64) {
	size := uint64(p.layout.trace)
	differ, want := uint32(0), uint32(first)
	run := b[first*size : end*size]
	for ; len(run) >= 2*layout26.trace; run = run[layout26.trace:] {
		want++
		differ |= le.Uint32(run[traceNext:]) ^ want
	}
	if differ == 0 && le.Uint32(run[traceNext:]) == lastTrace {
		return
	}
	for k := first; k < end; k++ {
		next, want := le.Uint32(b[k*size+traceNext:]), uint32(k+1)
		if k == end-1 {
			want = lastTrace
		}
		if next != want {
			p.damage(BadChain, int(p.info.tracesOff)+int(k*size), "trace chain entry", "entry %d of file %d leads to %d, want %d", k, i,
				next, want)
			return
		}
	}
}

// record reads the executable record: a path, or a package's full name. A path begins with a backslash.
func (p *parser) record() {
	off, size := p.info.recordOff, p.info.recordLen
	if size == 0 && off == 0 {
		return
	}
	b := p.section("executable record", off, 1, size, p.info.volumesOff)
	if len(b)%2 != 0 && uint64(len(b)) == uint64(size) {
		p.damage(OddStrings, int(off)+len(b)-1, "executable record", "odd size of %d bytes", size)
	}
	text, ok := untilNUL(b)
	if !ok && uint64(len(b)) == uint64(size) {
		p.damage(BadName, int(off), "executable record", "the text does not end within its %d bytes", size)
	}
	if !ok && uint64(len(b)) < uint64(size) {
		return // a part of a path is not a path
	}
	p.s.record = p.text(text, int(off), "executable record")
}

// finish makes the one string that holds all names of the file, and hands out its parts.
func (p *parser) finish() {
	f, all := p.f, string(p.s.text)
	take := func(s span) string { return all[s.lo:s.hi] }
	f.Executable = take(p.s.name)
	for i := range f.Files {
		f.Files[i].Name = take(p.s.spans[i])
	}
	spans := p.s.spans[len(f.Files):]
	dirs := make([]string, 0, p.s.dirs)
	refs := slices.Clone(p.s.refs)
	for i := range f.Volumes {
		v, c := &f.Volumes[i], p.s.counts[i]
		v.Device = take(spans[0])
		n := len(dirs)
		for _, s := range spans[1 : 1+c.dirs] {
			dirs = append(dirs, take(s))
		}
		if c.dirs > 0 {
			v.Directories = dirs[n:len(dirs):len(dirs)]
		}
		if c.refs > 0 {
			v.Refs, refs = refs[:c.refs:c.refs], refs[c.refs:]
		}
		spans = spans[1+c.dirs:]
	}
	switch text := take(p.s.record); {
	case text == "":
	case text[0] == '\\':
		f.ExecutablePath = text
	default:
		f.PackageFullName = text
	}
}
