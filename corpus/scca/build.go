package scca

import (
	"hash/crc32"

	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

// The header, 84 bytes, all versions.
const (
	hdrVersion   = 0
	hdrSignature = 4
	hdrUnknown8  = 8 // 0x0F in version 17, 0x11 in all others
	hdrFileSize  = 12
	hdrName      = 16 // 60 bytes
	hdrHash      = 76
	hdrFlags     = 80
	hdrSize      = 84
)

// The file information's common fields, from the start of the file.
const (
	infMetrics     = 84
	infMetricCount = 88
	infTraces      = 92
	infTraceCount  = 96
	infStrings     = 100
	infStringsSize = 104
	infVolumes     = 108
	infVolumeCount = 112
	infVolumesSize = 116
	infDirectories = 120 // from version 23 on; the word after it is 1 in most files, 6 for the boot
)

// leftOver stands where real files hold remnants of the service's memory.
var leftOver = appendText(nil, `EM32\NTDLL.DLL\DEVICE\HARDDIS`)

const bootHash = 0xB00DFAAD

// A layout says where one version keeps what moves between versions, from the start of the file.
type layout struct {
	infoEnd  int // where the file metrics begin
	runs     int
	slots    int
	runCount int // followed by two words of unknown meaning, 1..8 and 0..7
	record   int // offset and size of the executable record; 0 where there is none
	metric   int // sizes of the entries
	trace    int
	volume   int
}

var (
	layout17  = layout{152, 120, 1, 144, 0, 20, 12, 40}
	layout23  = layout{240, 128, 1, 152, 0, 32, 12, 104}
	layout26  = layout{304, 128, 8, 208, 0, 32, 12, 104}
	layout30a = layout{304, 128, 8, 208, 220, 32, 8, 96}
	layout30b = layout{296, 128, 8, 200, 212, 32, 8, 96} // also version 31
)

func (s *Spec) layout() layout {
	switch {
	case s.Version <= XP:
		return layout17
	case s.Version <= Win7:
		return layout23
	case s.Version <= Win8:
		return layout26
	case s.Version == Win10 && s.Variant == 1:
		return layout30a
	}
	return layout30b
}

// places remembers where Build put what, for the damages.
type places struct {
	layout
	traces, strings, stringsEnd, volumes int
	metricCount, traceCount              int
	volumeData                           []volumePlaces
}

type volumePlaces struct{ device, refs, dirs int } // from the start of the file

// Build returns the file. The same Spec gives the same bytes.
func (s *Spec) Build() []byte {
	b, _ := s.plain()
	return s.wrap(b)
}

// wrap puts the plain bytes into the MAM container, if the Spec asks for one.
func (s *Spec) wrap(plain []byte) []byte {
	if !s.MAM {
		return plain
	}
	b := []byte{'M', 'A', 'M', 0x04}
	if s.CRC {
		b[3] |= 0x80
	}
	b = le.AppendUint32(b, uint32(len(plain)))
	if !s.CRC {
		return xpress.AppendEncode(b, plain)
	}
	b = xpress.AppendEncode(append(b, 0, 0, 0, 0), plain)
	put32(b, 8, crc32.ChecksumIEEE(b)) // over the file with four zero bytes in its own place
	return b
}

func (s *Spec) plain() ([]byte, *places) {
	l := s.layout()
	p := &places{layout: l, metricCount: len(s.Files)}
	b := make([]byte, l.infoEnd)

	metrics, traces, names := s.metrics(l)
	p.traceCount = len(traces) / l.trace
	b = append(b, metrics...)
	p.traces = len(b)
	b = append(b, traces...)
	p.strings = len(b)
	b = append(b, names...)
	p.stringsEnd = len(b)

	if r := s.record(); r != "" {
		b = append(appendNUL(appendText(b, r)), leftOver[:2]...) // the NUL is followed by one unit of left-over
		put32(b, l.record, uint32(p.stringsEnd))
		put32(b, l.record+4, uint32(len(b)-p.stringsEnd))
	}
	b = align8(b)
	p.volumes = len(b)
	section, directories := s.volumes(l, p)
	b = append(b, section...)

	put32(b, hdrVersion, s.Version)
	copy(b[hdrSignature:], "SCCA")
	put32(b, hdrUnknown8, 0x11)
	if s.Version == XP {
		put32(b, hdrUnknown8, 0x0F)
	}
	put32(b, hdrFileSize, uint32(len(b)))
	if s.Version <= Win7 {
		copy(b[hdrName:hdrHash], leftOver) // behind the NUL; zero from version 26 on
	}
	copy(b[hdrName:hdrHash], appendNUL(appendText(nil, s.executable())))
	put32(b, hdrHash, s.hash())
	put32(b, hdrFlags, s.Flags)

	put32(b, infMetrics, uint32(l.infoEnd))
	put32(b, infMetricCount, uint32(len(s.Files)))
	put32(b, infTraces, uint32(p.traces))
	put32(b, infTraceCount, uint32(p.traceCount))
	put32(b, infStrings, uint32(p.strings))
	put32(b, infStringsSize, uint32(p.stringsEnd-p.strings))
	put32(b, infVolumes, uint32(p.volumes))
	put32(b, infVolumeCount, uint32(len(s.Volumes)))
	put32(b, infVolumesSize, uint32(len(section)))
	if s.Version > XP {
		put32(b, infDirectories, uint32(directories))
		put32(b, infDirectories+4, 1)
		if s.Hash == bootHash {
			put32(b, infDirectories+4, 6)
		}
	}
	for i, t := range s.LastRuns[:min(len(s.LastRuns), l.slots)] {
		put64(b, l.runs+8*i, filetime(t))
	}
	put32(b, l.runCount, s.RunCount)
	put32(b, l.runCount+4, 2) // unknown; 1..8 in real files
	if s.Version >= Win8 {
		put32(b, l.runCount+8, 3) // unknown; 0..7 in real files, and not the run count
	}
	return b, p
}

// Bits of a trace chain entry.
const (
	traceSkip  = 0x01
	traceImage = 0x02
	traceData  = 0x04
)

// metrics returns the file metrics, the trace chains and the names, which describe each other.
func (s *Spec) metrics(l layout) (metrics, traces, names []byte) {
	index := uint32(0)
	for _, f := range s.Files {
		m := make([]byte, l.metric)
		put32(m, 0, index)
		put32(m, 4, uint32(len(f.Pages)))
		at := 8
		if s.Version > XP {
			prefetched := uint32(0)
			for _, p := range f.Pages {
				if !p.Skip {
					prefetched++
				}
			}
			put32(m, 8, prefetched)
			put64(m, 24, ntfsReference(f.Entry, f.Sequence))
			at = 12
		}
		put32(m, at, uint32(len(names)))
		put32(m, at+4, units(f.Name))
		put32(m, at+8, f.Flags)
		metrics = append(metrics, m...)
		names = appendNUL(appendText(names, f.Name))

		for i, p := range f.Pages {
			index++
			if l.trace == 12 {
				next := index
				if i == len(f.Pages)-1 {
					next = 0xFFFFFFFF
				}
				traces = le.AppendUint32(traces, next)
			}
			place := uint32(p.Offset)
			if s.Version > XP {
				place = uint32(p.Offset / 512)
			}
			traces = le.AppendUint32(traces, place)
			traces = append(traces, p.bits(), p.Usage, byte(p.Mask), byte(p.Mask>>8))
		}
	}
	return metrics, traces, names
}

func (p Page) bits() (b byte) {
	if p.Skip {
		b |= traceSkip
	}
	if p.Image {
		b |= traceImage
	}
	if p.Data {
		b |= traceData
	}
	return b
}

// volumes returns the volumes section and the number of directory strings in it. Offsets in it count from its start.
func (s *Spec) volumes(l layout, p *places) (b []byte, directories int) {
	b = make([]byte, l.volume*len(s.Volumes))
	for i, v := range s.Volumes {
		at := l.volume * i
		b = align8(b)
		put32(b, at, uint32(len(b)))
		put32(b, at+4, units(v.Device))
		put64(b, at+8, filetime(v.Created))
		put32(b, at+16, v.Serial)
		device := len(b)
		b = align8(appendNUL(appendText(b, v.Device)))

		refs := len(b)
		put32(b, at+20, uint32(refs))
		b = s.appendRefs(b, v.Refs)
		put32(b, at+24, uint32(len(b)-refs))

		dirs := len(b)
		put32(b, at+28, uint32(dirs))
		put32(b, at+32, uint32(len(v.Directories)))
		put32(b, at+36, uint32(max(len(v.Refs), 1)-1)) // unknown; below the number of references in real files
		switch s.Version {
		case XP:
		case Win7, Win8:
			put32(b, at+68, uint32(len(v.Directories)))
		default:
			put32(b, at+64, uint32(len(v.Directories)))
		}
		for _, d := range v.Directories {
			if s.Version == XP {
				d += `\`
			}
			b = le.AppendUint16(b, uint16(units(d)))
			b = appendNUL(appendText(b, d))
		}
		directories += len(v.Directories)
		p.volumeData = append(p.volumeData, volumePlaces{p.volumes + device, p.volumes + refs, p.volumes + dirs})
	}
	return b, directories
}

// appendRefs writes the file references: a version word, the count, and the slots. From version 23 on one slot that
// is no reference stands before them.
func (s *Spec) appendRefs(b []byte, refs []Ref) []byte {
	version := uint32(3)
	if s.Version == XP {
		version = 1
	}
	b = le.AppendUint32(b, version)
	b = le.AppendUint32(b, uint32(len(refs)))
	if s.Version > XP {
		b = le.AppendUint64(b, 0x0041005200520043) // real files hold left-over text here
	}
	for _, r := range refs {
		b = le.AppendUint64(b, ntfsReference(r.Entry, r.Sequence))
	}
	return b
}
