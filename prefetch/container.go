package prefetch

import (
	"bytes"
	"errors"
	"hash/crc32"

	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

// The MAM container. docs/formats/prefetch.md, "Container".
const (
	mamFormat = 3 // low nibble: compression; bit 7: a checksum follows the size
	mamSize   = 4 // u32, uncompressed
	mamCRC    = 8 // u32, only with bit 7
	mamData   = 8 // 12 with bit 7

	mamHuffman = 4
	mamHasCRC  = 0x80
	mamUnknown = 0x70

	streamSlack = 2 // bytes that real files have behind the compressed data, for the end marker
)

func isMAM(b []byte) bool  { return len(b) >= 8 && string(b[:3]) == "MAM" }
func isSCCA(b []byte) bool { return len(b) >= 8 && string(b[headSignature:8]) == "SCCA" }

// parse finds out what the input is, and reads it.
func (p *parser) parse() error {
	b := p.in
	switch {
	case len(b) < 8:
		p.nothing = true
		return fatal(TooShort, len(b), "file", "only %d bytes", len(b))
	case isMAM(b):
		return p.container()
	case isSCCA(b):
		if len(b) > p.opts.MaxSize {
			p.b = b[:p.opts.MaxSize]
			p.file()
			return &LimitError{"MaxSize", int64(p.opts.MaxSize), int64(len(b))}
		}
		p.b = b
		p.file()
		return nil
	case headless(b):
		return p.headless()
	case allZero(b):
		p.nothing = true
		return fatal(AllZero, 0, "file", "all %d bytes are zero", len(b))
	}
	p.nothing = true
	return fatal(NotPrefetch, 0, "file", "begins with % X, not a prefetch file", b[:8])
}

func allZero(b []byte) bool {
	for len(b) >= 8 {
		if le.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	return len(bytes.Trim(b, "\x00")) == 0
}

// container reads a compressed file. What the decoder produced before it met a problem is read as a truncated file: header, times
// and counts lie at the front.
func (p *parser) container() error {
	b, f := p.in, p.f
	f.Compressed = true
	f.Container = Container{Format: b[mamFormat], DeclaredSize: le.Uint32(b[mamSize:])}
	data := mamData
	if f.Container.Format&mamHasCRC != 0 {
		if len(b) < mamData+4 {
			return fatal(DecompressTruncated, len(b), containerStruct, "the file ends inside the checksum")
		}
		data += 4
		f.Container.CRC = le.Uint32(b[mamCRC:])
		if sum := mamChecksum(b); sum != f.Container.CRC {
			p.damage(ChecksumMismatch, mamCRC, containerStruct, "checksum is %08X, the bytes give %08X", f.Container.CRC, sum)
		}
	}
	if bits := f.Container.Format & mamUnknown; bits != 0 {
		p.damage(UnknownFlags, mamFormat, containerStruct, "unknown bits %#02x", bits)
	}
	if method := f.Container.Format & 0x0F; method != mamHuffman {
		return fatal(UnsupportedCompression, mamFormat, containerStruct, "unsupported compression %d, %d bytes uncompressed", method,
			f.Container.DeclaredSize)
	}

	size := uint64(f.Container.DeclaredSize)
	limit := uint64(p.opts.MaxSize)
	switch {
	case size > limit:
		p.damage(DeclaredSizeImplausible, mamSize, containerStruct, "declares %d bytes, more than the limit of %d", size, limit)
	case size < headEnd:
		p.damage(DeclaredSizeImplausible, mamSize, containerStruct, "declares %d bytes, less than a header", size)
		size = limit // what is there tells how much it is
	}
	out, used, derr := xpress.AppendDecodePrefix(p.s.window[:0], b[data:], int(min(size, limit)))
	p.s.window = out[:0]
	p.b = out

	var err error
	if size > limit && uint64(len(out)) == limit {
		err = &LimitError{"MaxSize", int64(limit), int64(size)} // a match may run past the limit, which is no flaw
	} else if derr != nil {
		fe := fatal(DecompressCorrupt, data, containerStruct, "%s", derr.Error())
		if ce, ok := errors.AsType[*xpress.CorruptError](derr); ok {
			if ce.Truncated {
				fe.Kind = DecompressTruncated
			}
			fe = fatal(fe.Kind, min(data+ce.In, len(b)), containerStruct, "%s, after %d of %d bytes", ce.Reason, len(out),
				f.Container.DeclaredSize)
		}
		fe.Err = derr
		p.f.Damage = append(p.f.Damage, fe)
		err = fe
	} else if rest := len(b) - data - used; rest > streamSlack {
		p.damage(TrailingData, data+used, containerStruct, "%d bytes follow the compressed data", rest)
	}

	if !isSCCA(out) {
		if len(out) < 8 && err != nil {
			return err // so early that it could have been one
		}
		return fatal(NotSCCA, 0, "header", "the container holds no prefetch file")
	}
	p.file()
	return err
}

// mamChecksum is the CRC-32 of a container with its checksum field taken as zero. Found on a real file of the Prefetch folder.
func mamChecksum(b []byte) uint32 {
	sum := crc32.ChecksumIEEE(b[:mamCRC])
	sum = crc32.Update(sum, crc32.IEEETable, []byte{0, 0, 0, 0})
	return crc32.Update(sum, crc32.IEEETable, b[mamCRC+4:])
}

// headless reports whether b is a file whose header was cut off, as carving tools leave it: it begins with the file information of
// version 26 or later, and the sections follow each other as they must.
func headless(b []byte) bool {
	if len(b) < infoCommonEnd-headEnd {
		return false
	}
	at := func(off int) uint64 { return uint64(le.Uint32(b[off-headEnd:])) }
	metrics, traces, names := at(infoMetricsOff), at(infoTracesOff), at(infoNamesOff)
	return (metrics == 296 || metrics == 304) &&
		traces == metrics+32*at(infoMetrics) &&
		(names == traces+8*at(infoTraces) || names == traces+12*at(infoTraces)) &&
		at(infoVolumesOff) >= names
}

// headless puts an empty header before the file, so that all offsets are what they were.
func (p *parser) headless() error {
	if len(p.in) > p.opts.MaxSize-headEnd {
		p.nothing = true
		return &LimitError{"MaxSize", int64(p.opts.MaxSize), int64(len(p.in)) + headEnd}
	}
	p.b = append(append(p.s.window[:0], make([]byte, headEnd)...), p.in...)
	p.s.window = p.b[:0]
	p.damage(HeaderMissing, headEnd, "header", "the file begins with its file information; offsets count as if the %d bytes of the header were there", headEnd)
	p.file()
	return nil
}
