package prefetch

// A volume entry, from its start. Offsets inside count from the start of the volumes section. docs/formats/prefetch.md, "Volumes".
const (
	volDeviceOff = 0  // u32
	volDeviceLen = 4  // u32, characters
	volCreated   = 8  // u64 FILETIME
	volSerial    = 16 // u32
	volRefsOff   = 20 // u32
	volRefsSize  = 24 // u32, bytes
	volDirsOff   = 28 // u32
	volDirs      = 32 // u32, number
	volUnknown36 = 36 // u32

	refsCount = 4 // u32, number of references
	refsFirst = 8 // u64 each; from version 23 on the first slot is left-over
)

// volumes reads the volumes section. All volumes together may not need more bytes of it than it has: genuine volumes share nothing, and
// a small file cannot unfold into a large one.
func (p *parser) volumes() {
	in, l := p.info, p.layout
	p.s.refs, p.s.counts, p.s.dirs = p.s.refs[:0], p.s.counts[:0], 0
	data := uint32(0) // where the first volume's data begin, which follow the entries
	if first := uint64(in.volumesOff); first+uint64(l.volume) <= uint64(len(p.b)) {
		e := p.b[first:]
		at := min(le.Uint32(e[volDeviceOff:]), le.Uint32(e[volRefsOff:]), le.Uint32(e[volDirsOff:]))
		data = uint32(min(first+uint64(at), uint64(len(p.b))))
	}
	entries := p.section("volumes", in.volumesOff, l.volume, in.volumes, data)
	n := len(entries) / l.volume
	if n == 0 {
		return
	}
	end := uint64(in.volumesOff) + uint64(in.volumeSize)
	if have := uint64(len(p.b)); end > have {
		p.damage(SectionTruncated, int(in.volumesOff), "volumes", "%d of %d bytes", have-uint64(in.volumesOff), in.volumeSize)
	}
	if n == 1 {
		p.f.Volumes = p.w.volumes[:]
	} else {
		p.f.Volumes = make([]Volume, n)
	}
	s := p.b[in.volumesOff:min(max(end, uint64(in.volumesOff)+uint64(len(entries))), uint64(len(p.b)))]
	texts, refs := len(s), len(s)
	for i := range n {
		e := entries[i*l.volume:][:l.volume]
		v := &p.f.Volumes[i]
		at := int(in.volumesOff) + i*l.volume
		v.RawCreated, v.Serial, v.Unknown36 = le.Uint64(e[volCreated:]), le.Uint32(e[volSerial:]), le.Uint32(e[volUnknown36:])
		v.Created = filetime(v.RawCreated)
		if v.RawCreated != 0 && !plausible(v.RawCreated) {
			p.damage(BadTime, at+volCreated, "volume entry", "creation time of volume %d is %#x, no plausible FILETIME", i, v.RawCreated)
		}
		texts = p.device(i, s, texts, le.Uint32(e[volDeviceOff:]), le.Uint32(e[volDeviceLen:]), at)
		before := p.s.dirs
		texts = p.directories(i, s, texts, le.Uint32(e[volDirsOff:]), le.Uint32(e[volDirs:]), at)
		c := counts{dirs: p.s.dirs - before, refs: len(p.s.refs)}
		refs = p.references(i, s, refs, le.Uint32(e[volRefsOff:]), le.Uint32(e[volRefsSize:]), at)
		c.refs = len(p.s.refs) - c.refs
		p.s.counts = append(p.s.counts, c)
	}
}

// counts says how many names and references one volume has.
type counts struct{ dirs, refs int }

// device reads the device path of volume i. left is what all texts may still need of the section; the rest is returned.
func (p *parser) device(i int, s []byte, left int, off, chars uint32, at int) int {
	lo, size := uint64(off), 2*uint64(chars)
	if lo+size > uint64(len(s)) || size > uint64(left) {
		p.damage(BadName, at+volDeviceOff, "volume entry",
			"device path of volume %d at %d, %d characters, lies outside of the section of %d bytes", i, off, chars, len(s))
		p.s.spans = append(p.s.spans, span{})
		return left
	}
	p.s.spans = append(p.s.spans, p.text(s[lo:lo+size], int(p.info.volumesOff)+int(lo), "volume device path"))
	return left - int(size)
}

// directories reads the directory strings of volume i: length, characters, NUL, each.
func (p *parser) directories(i int, s []byte, left int, off, count uint32, at int) int {
	if count == 0 {
		return left
	}
	if uint64(off) > uint64(len(s)) {
		p.damage(SectionTruncated, at+volDirsOff, "directory strings", "%d directories of volume %d at %d, the section has %d bytes",
			count, i, off, len(s))
		return left
	}
	pos := int(off)
	for k := range count {
		if pos+2 > len(s) {
			p.damage(SectionTruncated, int(p.info.volumesOff)+pos, "directory strings", "%d of %d directories of volume %d", k, count, i)
			return left
		}
		size := 2 * int(le.Uint16(s[pos:]))
		if end := pos + 2 + size; size == 0 || end > len(s) || size+4 > left || end+2 <= len(s) && le.Uint16(s[end:]) != 0 {
			p.damage(SectionTruncated, int(p.info.volumesOff)+pos, "directory strings", "%d of %d directories of volume %d", k, count, i)
			return left
		}
		p.s.spans = append(p.s.spans, p.text(s[pos+2:pos+2+size], int(p.info.volumesOff)+pos+2, "directory strings"))
		p.s.dirs++
		left -= size + 4
		pos += size + 4
	}
	return left
}

// references reads the file references of volume i. From version 23 on the first slot is not a reference: zero or left-over text.
func (p *parser) references(i int, s []byte, left int, off, size uint32, at int) int {
	if size == 0 {
		return left
	}
	have := uint64(len(s)) - min(uint64(off), uint64(len(s)))
	if uint64(size) > have || uint64(size) > uint64(left) {
		p.damage(SectionTruncated, at+volRefsOff, "file references", "%d of %d bytes of volume %d", min(have, uint64(left)), size, i)
		have = min(have, uint64(left))
	} else {
		have = uint64(size)
	}
	first := refsFirst
	if p.layout.metric != layout17.metric {
		first += 8
	}
	if have < uint64(first) {
		return left - int(have)
	}
	b := s[off:][:have]
	n, fit := le.Uint32(b[refsCount:]), uint32((have-uint64(first))/8)
	if n > fit && have == uint64(size) {
		p.damage(SectionTruncated, int(p.info.volumesOff)+int(off)+refsCount, "file references", "%d of %d references of volume %d fit",
			fit, n, i)
	}
	for k := range min(n, fit) {
		p.s.refs = append(p.s.refs, reference(le.Uint64(b[first+8*int(k):])))
	}
	return left - int(have)
}
