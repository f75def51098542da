package prefetch

// An info holds the fields of the file information that all versions share.
type info struct {
	metricsOff, metrics  uint32
	tracesOff, traces    uint32
	namesOff, namesSize  uint32
	volumesOff, volumes  uint32
	volumeSize           uint32
	directories          uint32 // total by the file information, from version 23 on
	recordOff, recordLen uint32
}

// file reads an uncompressed file: p.b, at least 8 bytes.
func (p *parser) file() {
	f := p.f
	f.Size = len(p.b)
	headerless := len(f.Damage) > 0 && f.Damage[0].Kind == HeaderMissing
	complete := p.contents(headerless)
	p.finish()
	if !complete {
		return
	}
	if headerless {
		f.Executable = lastComponent(f.ExecutablePath)
	}
	p.check(headerless)
}

// contents reads header, file information and sections. It reports whether it came as far as the sections.
func (p *parser) contents(headerless bool) bool {
	if !headerless && !p.header() {
		return false
	}
	if len(p.b) < infoCommonEnd {
		p.truncated(max(len(p.b), headEnd), "file information", len(p.b)-headEnd, infoCommonEnd-headEnd)
		return false
	}
	p.readInfo()
	if p.layout.infoEnd == 0 {
		return false
	}
	p.runs()
	p.sizes(headerless)
	p.sections()
	return true
}

// truncated notes a section of which only have bytes are there.
func (p *parser) truncated(off int, structure string, have, want int) {
	p.damage(SectionTruncated, min(off, len(p.b)), structure, "%d of %d bytes", max(have, 0), want)
}

// header reads the first 84 bytes. It reports whether the file information follows.
func (p *parser) header() bool {
	b, f := p.b, p.f
	f.Version = Version(le.Uint32(b[headVersion:]))
	if len(b) < headEnd {
		p.damage(Truncated, len(b), "header", "%d of %d bytes", len(b), headEnd)
		b = append(make([]byte, 0, headEnd), b...)[:headEnd] // what is missing reads as zero
		if len(p.b) <= headName {
			return false
		}
	}
	f.Unknown.Header8 = le.Uint32(b[headUnknown8:])
	f.DeclaredSize = le.Uint32(b[headFileSize:])
	name, ok := untilNUL(b[headName:headHash])
	if !ok {
		p.damage(BadName, headName, "header", "the executable's name does not end within 30 characters")
	}
	p.s.name = p.text(name, headName, "header")
	f.Hash = le.Uint32(b[headHash:])
	f.Flags = le.Uint32(b[headFlags:])
	if !f.Version.known() {
		p.damage(UnknownVersion, headVersion, "header", "format version %d is not known", uint32(f.Version))
	}
	return len(p.b) >= headEnd
}

func (p *parser) readInfo() {
	b, f := p.b, p.f
	p.info = info{
		metricsOff: le.Uint32(b[infoMetricsOff:]), metrics: le.Uint32(b[infoMetrics:]),
		tracesOff: le.Uint32(b[infoTracesOff:]), traces: le.Uint32(b[infoTraces:]),
		namesOff: le.Uint32(b[infoNamesOff:]), namesSize: le.Uint32(b[infoNamesSize:]),
		volumesOff: le.Uint32(b[infoVolumesOff:]), volumes: le.Uint32(b[infoVolumes:]),
		volumeSize: le.Uint32(b[infoVolumeSize:]),
	}
	var exact bool
	p.layout, exact = layoutOf(f.Version, p.info)
	stated := p.info.metricsOff
	if l := p.layout; !exact && l.infoEnd != 0 && uint64(l.infoEnd)+uint64(l.metric)*uint64(p.info.metrics) == uint64(p.info.tracesOff) {
		p.info.metricsOff = uint32(l.infoEnd) // only this field is wrong
	}
	switch {
	case f.Version == 0 && p.layout.infoEnd != 0: // the header is missing, the layout stands for the version
	case p.layout.infoEnd == 0:
		p.damage(UnknownVersion, infoMetricsOff, "file information",
			"metrics offset %d belongs to no known layout, only the header was read", p.info.metricsOff)
	case !exact && f.Version.known():
		p.damage(UnknownVariant, infoMetricsOff, "file information", "metrics offset is %d, version %d has %d", stated,
			uint32(f.Version), p.layout.infoEnd)
	}
	if f.Version == V30 && p.layout.infoEnd != 0 {
		f.Variant = 2
		if p.layout == layout30a {
			f.Variant = 1
		}
	}
}

// u32 returns the field at off of the file information, or 0 where the file ends before it.
func (p *parser) u32(off int) uint32 {
	if off+4 > len(p.b) {
		return 0
	}
	return le.Uint32(p.b[off:])
}

// runs reads what follows the nine shared fields of the file information.
func (p *parser) runs() {
	f, l := p.f, p.layout
	if len(p.b) < l.infoEnd {
		p.truncated(len(p.b), "file information", len(p.b)-headEnd, l.infoEnd-headEnd)
	}
	n := 0
	for i := range l.nRuns {
		off := l.lastRun + 8*i
		if off+8 > len(p.b) {
			break
		}
		ft := le.Uint64(p.b[off:])
		if ft == 0 {
			continue
		}
		if n < i {
			p.damage(Inconsistent, off, "file information", "run time %d is set after an empty slot", i)
		}
		if !plausible(ft) {
			p.damage(BadTime, off, "file information", "run time %d is %#x, no plausible FILETIME", i, ft)
		}
		p.w.rawRuns[i], p.w.runs[i] = ft, filetime(ft)
		n = i + 1
	}
	f.LastRuns, f.RawLastRuns = p.w.runs[:n:n], p.w.rawRuns[:n:n]

	f.RunCount = p.u32(l.runCount)
	f.Unknown.AfterCount[0] = p.u32(l.runCount + 4)
	if l != layout17 {
		f.Unknown.AfterCount[1] = p.u32(l.runCount + 8)
		f.Unknown.Info124 = p.u32(infoUnknown124)
		p.info.directories = p.u32(infoDirectories)
	}
	if l.record != 0 {
		p.info.recordOff, p.info.recordLen = p.u32(l.record), p.u32(l.record+4)
	}
}

// sizes compares the size in the header with the data and with the end of the last section.
func (p *parser) sizes(headerless bool) {
	f := p.f
	if headerless {
		return
	}
	have, want := uint64(len(p.b)), uint64(f.DeclaredSize)
	end := uint64(p.info.volumesOff) + uint64(p.info.volumeSize)
	switch {
	case have == want:
	case have < want && end <= have, have > want && end > want:
		p.damage(SizeMismatch, headFileSize, "header", "file size is %d, there are %d bytes", want, have)
	case have < want:
		p.damage(Truncated, len(p.b), "file", "%d of %d bytes", have, want)
	default:
		p.damage(TrailingData, int(want), "file", "%d bytes follow the end", have-want)
	}
}

// section returns the part of a section that is there: count entries of the given size, from off on. Only whole entries are returned.
// Where the count is more than the file can hold, the section ends where the next one begins: what lies there is something else.
func (p *parser) section(structure string, off uint32, size int, count, next uint32) []byte {
	if count == 0 {
		return nil
	}
	start, end := uint64(off), uint64(len(p.b))
	want := uint64(size) * uint64(count)
	if start+want > end {
		start = min(start, end)
		if n := uint64(next); start < n && n < end {
			end = n
		}
		p.damage(SectionTruncated, int(start), structure, "%d of %d bytes", end-start, want)
		want = (end - start) / uint64(size) * uint64(size)
	}
	return p.b[start:][:want]
}
