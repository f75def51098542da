package scca

import "slices"

// A Damage is one flaw, and what a parser has to say about it.
type Damage struct {
	Name  string
	Says  string // one sentence: what is wrong with the file
	Want  Answer
	Fatal bool // nothing of the file can be used

	versions  []uint32                         // that can have the flaw; nil means all
	container bool                             // the flaw is one of the MAM container
	bare      bool                             // the flaw is that of a fragment, never compressed
	plain     func(b []byte, p *places) []byte // changes the uncompressed file, or
	file      func(b []byte) []byte            // changes the file as it lies on disk, or
	spec      func(s *Spec)                    // changes what is written
}

// An Answer is the kind of problem that a parser reports.
type Answer string

// The answers, each once; the same word covers the same flaw in different sections.
const (
	TooShort                Answer = "TooShort"
	AllZero                 Answer = "AllZero"
	NotPrefetch             Answer = "NotPrefetch"
	NotSCCA                 Answer = "NotSCCA" // a good container of something else
	UnsupportedCompression  Answer = "UnsupportedCompression"
	UnknownFlags            Answer = "UnknownFlags"
	DeclaredSizeImplausible Answer = "DeclaredSizeImplausible"
	DecompressCorrupt       Answer = "DecompressCorrupt"
	DecompressTruncated     Answer = "DecompressTruncated"
	ChecksumMismatch        Answer = "ChecksumMismatch"
	UnknownVersion          Answer = "UnknownVersion"
	UnknownVariant          Answer = "UnknownVariant"
	SizeMismatch            Answer = "SizeMismatch"
	TrailingData            Answer = "TrailingData"
	SectionTruncated        Answer = "SectionTruncated"
	BadName                 Answer = "BadName"
	UnpairedSurrogate       Answer = "UnpairedSurrogate"
	OddStrings              Answer = "OddStrings"
	BadChain                Answer = "BadChain"
	BadTime                 Answer = "BadTime"
	Inconsistent            Answer = "Inconsistent" // an invariant between fields does not hold
	HeaderMissing           Answer = "HeaderMissing"
	HashMismatch            Answer = "HashMismatch"   // the file is whole; its hash is not that of its path
	ClockMovedBack          Answer = "ClockMovedBack" // the file is whole; the clock was not
)

// Applies reports whether a file of this Spec can have the flaw.
func (d Damage) Applies(s Spec) bool {
	return (d.versions == nil || slices.Contains(d.versions, s.Version)) && (!d.container || s.Version >= Win10)
}

// Build returns the file of the Spec with this one flaw. A flaw of the container makes it a container.
func (d Damage) Build(s Spec) []byte {
	s.MAM = (s.MAM || d.container) && !d.bare
	if d.spec != nil {
		s.LastRuns = slices.Clone(s.LastRuns)
		s.Volumes = slices.Clone(s.Volumes)
		d.spec(&s)
	}
	b, p := s.plain()
	if d.plain != nil {
		b = d.plain(b, p)
	}
	b = s.wrap(b)
	if d.file != nil {
		b = d.file(b)
	}
	return b
}

// Damages is every flaw there is, in the order of the file. None is a combination.
var Damages = slices.Concat(wholeFile, containerFlaws, headerFlaws, sectionFlaws, contentFlaws)

var wholeFile = []Damage{
	{Name: "empty", Says: "The file has no bytes.", Want: TooShort, Fatal: true,
		file: func(b []byte) []byte { return b[:0] }},
	{Name: "sevenBytes", Says: "The file ends inside the signature.", Want: TooShort, Fatal: true,
		file: func(b []byte) []byte { return b[:7] }},
	{Name: "allZero", Says: "Every byte is zero, as after a crash before the data was written.", Want: AllZero, Fatal: true,
		file: func(b []byte) []byte { return make([]byte, len(b)) }},
	{Name: "text", Says: "The file is a text with the name of a prefetch file.", Want: NotPrefetch, Fatal: true,
		file: func([]byte) []byte { return []byte("This is not a prefetch file, whatever its name says.\r\n") }},
	{Name: "headerCutOff", Says: "The 84 bytes of the header are missing, as in a carved fragment.", Want: HeaderMissing,
		versions: []uint32{Win10, Win11}, bare: true,
		plain: func(b []byte, _ *places) []byte { return b[hdrSize:] }},
	{Name: "secondFileAfterEnd", Says: "The bytes of a second file follow the first.", Want: TrailingData,
		plain: func(b []byte, _ *places) []byte { return append(b, b...) }},
	{Name: "slackAfterEnd", Says: "100 bytes of slack follow the end.", Want: TrailingData,
		plain: func(b []byte, _ *places) []byte { return append(b, slices.Repeat([]byte{0xA5}, 100)...) }},
}

// The container's fields. The code-length table of the first block follows them.
const (
	mamFormat = 3
	mamSize   = 4
	mamStream = 8 // 12 with a checksum
	tableSize = 256
)

func streamOf(b []byte) int {
	if b[mamFormat]&0x80 != 0 {
		return mamStream + 4
	}
	return mamStream
}

var containerFlaws = []Damage{
	{Name: "declared4GiB", Says: "The container declares 4 GiB - 1 of data.", Want: DeclaredSizeImplausible, container: true,
		file: func(b []byte) []byte { put32(b, mamSize, 0xFFFFFFFF); return b }},
	{Name: "declaredLess", Says: "The container declares less than a header.", Want: DeclaredSizeImplausible, container: true,
		file: func(b []byte) []byte { put32(b, mamSize, hdrSize-1); return b }},
	{Name: "declaredMore", Says: "The container declares 4,096 bytes more than its stream holds.", Want: DecompressTruncated,
		container: true,
		file:      func(b []byte) []byte { put32(b, mamSize, le.Uint32(b[mamSize:])+4096); return b }},
	{Name: "truncatedTable", Says: "The file ends inside the first block's code-length table.", Want: DecompressTruncated, container: true,
		file: func(b []byte) []byte { return b[:streamOf(b)+tableSize/2] }},
	{Name: "truncatedStream", Says: "The file ends at two thirds of its length, as an interrupted copy does.", Want: DecompressTruncated,
		container: true,
		file:      func(b []byte) []byte { return b[:len(b)*2/3] }},
	{Name: "overSubscribedTable", Says: "The code-length table holds more codes than the lengths have room for.",
		Want: DecompressCorrupt, container: true,
		file: func(b []byte) []byte { copy(b[streamOf(b):], slices.Repeat([]byte{0x11}, tableSize)); return b }},
	{Name: "incompleteTable", Says: "The code-length table is empty.", Want: DecompressCorrupt, container: true,
		file: func(b []byte) []byte { clear(b[streamOf(b):][:tableSize]); return b }},
	{Name: "matchBeforeStart", Says: "The first symbol copies from before the start of the output.", Want: DecompressCorrupt,
		container: true,
		file: func(b []byte) []byte {
			// Two codes of one bit: the literal 'A' (0) and, of length 3 at an offset of 32,768 or more, symbol 496 (1).
			b = b[:streamOf(b)]
			table := make([]byte, tableSize)
			table['A'/2] = 0x10 // 65 is odd: the high nibble
			table[496/2] = 0x01
			return append(append(b, table...), 0x00, 0x80, 0x00, 0x00, 0x00, 0x00)
		}},
	{Name: "wrongCRC", Says: "The container's checksum is off by one bit.", Want: ChecksumMismatch, container: true,
		spec: func(s *Spec) { s.CRC = true },
		file: func(b []byte) []byte { b[8] ^= 1; return b }},
	{Name: "lznt1", Says: "The container names the compression format LZNT1.", Want: UnsupportedCompression, container: true,
		file: func(b []byte) []byte { b[mamFormat] = b[mamFormat]&0xF0 | 2; return b }},
	{Name: "unknownFlag", Says: "A bit without a known meaning is set beside the compression format.", Want: UnknownFlags, container: true,
		file: func(b []byte) []byte { b[mamFormat] |= 0x20; return b }},
	{Name: "trailingStream", Says: "Sixteen bytes follow the compressed data.", Want: TrailingData, container: true,
		file: func(b []byte) []byte { return append(b, make([]byte, 16)...) }},
	{Name: "notSCCA", Says: "The container is intact and holds something else, as a Superfetch database.", Want: NotSCCA, Fatal: true,
		container: true,
		plain:     func(b []byte, _ *places) []byte { copy(b[hdrSignature:], "DATA"); return b }},
}

var headerFlaws = []Damage{
	{Name: "unknownVersion", Says: "The header has a version that no Windows writes; the layout is the stated one.", Want: UnknownVersion,
		plain: func(b []byte, _ *places) []byte { put32(b, hdrVersion, 99); return b }},
	{Name: "unknownVariant", Says: "The metrics offset is not a known one.", Want: UnknownVariant, versions: []uint32{Win10, Win11},
		plain: func(b []byte, _ *places) []byte { put32(b, infMetrics, 300); return b }},
	{Name: "sizeMismatch", Says: "The header states one byte more than the file has.", Want: SizeMismatch,
		plain: func(b []byte, _ *places) []byte { put32(b, hdrFileSize, uint32(len(b)+1)); return b }},
	{Name: "nameWithoutEnd", Says: "No NUL ends the name in the header.", Want: BadName,
		plain: func(b []byte, _ *places) []byte {
			copy(b[hdrName:hdrHash], appendText(nil, "ABCDEFGHIJKLMNOPQRSTUVWXYZ.EXE"))
			return b
		}},
	{Name: "hashMismatch", Says: "The hash is not the path's.", Want: HashMismatch,
		plain: func(b []byte, _ *places) []byte { put32(b, hdrHash, 0xDEADBEEF); return b }},
}

// Counts and offsets that the file cannot hold: nothing may be allocated by them.
var sectionFlaws = []Damage{
	{Name: "cutInMetrics", Says: "The file ends inside the second file metrics entry.", Want: SectionTruncated,
		plain: func(b []byte, p *places) []byte { return b[:p.infoEnd+p.metric*3/2] }},
	{Name: "cutInTraces", Says: "The file ends inside the second trace chain entry.", Want: SectionTruncated,
		plain: func(b []byte, p *places) []byte { return b[:p.traces+p.trace*3/2] }},
	{Name: "cutInStrings", Says: "The file ends inside the filename strings.", Want: SectionTruncated,
		plain: func(b []byte, p *places) []byte { return b[:(p.strings+p.stringsEnd)/2] }},
	{Name: "cutInVolumes", Says: "The file ends inside the first volume entry.", Want: SectionTruncated,
		plain: func(b []byte, p *places) []byte { return b[:p.volumes+p.volume/2] }},
	{Name: "cutInDirectories", Says: "The file ends in the last directory string.", Want: SectionTruncated,
		plain: func(b []byte, _ *places) []byte { return b[:len(b)-4] }},
	{Name: "metricCountFFFFFFFF", Says: "The file metrics claim 0xFFFFFFFF entries.", Want: SectionTruncated,
		plain: func(b []byte, _ *places) []byte { put32(b, infMetricCount, 0xFFFFFFFF); return b }},
	{Name: "traceCountFFFFFFFF", Says: "The trace chains claim 0xFFFFFFFF entries.", Want: SectionTruncated,
		plain: func(b []byte, _ *places) []byte { put32(b, infTraceCount, 0xFFFFFFFF); return b }},
	{Name: "stringsSizeFFFFFFFF", Says: "The filename strings claim 0xFFFFFFFF bytes.", Want: SectionTruncated,
		plain: func(b []byte, _ *places) []byte { put32(b, infStringsSize, 0xFFFFFFFF); return b }},
	{Name: "volumeCountFFFFFFFF", Says: "The volumes section claims 0xFFFFFFFF entries.", Want: SectionTruncated,
		plain: func(b []byte, _ *places) []byte { put32(b, infVolumeCount, 0xFFFFFFFF); return b }},
	{Name: "refCountFFFFFFFF", Says: "The first volume claims 0xFFFFFFFF file references.", Want: SectionTruncated,
		plain: func(b []byte, p *places) []byte { put32(b, p.volumeData[0].refs+4, 0xFFFFFFFF); return b }},
	{Name: "directoryCountFFFFFFFF", Says: "The first volume claims 0xFFFFFFFF directories.", Want: SectionTruncated,
		plain: func(b []byte, p *places) []byte { put32(b, p.volumes+32, 0xFFFFFFFF); return b }},
	{Name: "directoryRunsPastSection", Says: "The first directory's length leads past the end of the section.", Want: SectionTruncated,
		plain: func(b []byte, p *places) []byte { le.PutUint16(b[p.volumeData[0].dirs:], 0xFFFF); return b }},
	{Name: "shiftedByOne", Says: "The offsets are shifted by one byte, so that each reads as some 0x28010000.", Want: SectionTruncated,
		plain: func(b []byte, _ *places) []byte {
			copy(b[infMetrics+1:], b[infMetrics:infDirectories-1])
			b[infMetrics] = 0
			return b
		}},
	{Name: "volumesBeyondEnd", Says: "The volumes section begins beyond the end of the file.", Want: SectionTruncated,
		plain: func(b []byte, _ *places) []byte { put32(b, infVolumes, uint32(len(b)+8)); return b }},
	{Name: "oddStrings", Says: "The filename strings have an odd number of bytes.", Want: OddStrings,
		plain: func(b []byte, p *places) []byte { put32(b, infStringsSize, uint32(p.stringsEnd-p.strings-1)); return b }},
}
