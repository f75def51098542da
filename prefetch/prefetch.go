// Package prefetch reads Windows Prefetch files (.pf): what a machine records about each program it started, how often, when,
// and which files the program touched in its first seconds.
//
// It reads the format versions 17 (Windows XP, Server 2003), 23 (Vista, 7), 26 (8, 8.1, Server 2012), 30 in both variants (10, early
// 11) and 31 (11), plain or in the MAM container of Windows 10 and later, whole or damaged. Files of an unknown version are read by
// the layout that they resemble, and say so.
//
// It does not read the other files of the Prefetch folder (boot traces, Superfetch databases, Layout.ini); [Sniff] names them. It
// reads no clock, no file and no environment: the same bytes give the same result everywhere.
//
// What is broken in a file is in [File.Damage], each problem with its kind and its offset, next to all that could still be read:
//
//	f, err := prefetch.Parse(b, nil)
//	if err != nil {
//		return err // not a prefetch file, or one that ends early; then f holds what is left, or is nil
//	}
//	fmt.Println(f.Executable, f.RunCount, f.LastRuns[0])
//	fmt.Println(f.Verify(nil, nil).Status) // does the hash belong to the path?
//
// The layout is described in docs/formats/prefetch.md.
package prefetch

import (
	"iter"
	"sync"
	"time"
)

// DefaultMaxSize is the limit for the uncompressed size of a file when [Options.MaxSize] is 0: 64 MiB. The largest genuine file
// seen has 1.8 MB.
const DefaultMaxSize = 64 << 20

// Options say how to parse. The zero value, and nil, mean the defaults.
type Options struct {
	// Traces asks for [File.Traces], the page of each file that was touched. The sums in [Metric] are there in any case.
	Traces bool

	// MaxSize limits the uncompressed size, in bytes; 0 means [DefaultMaxSize]. A file that has more is read up to the limit.
	MaxSize int

	// Collected is when the evidence was collected. If it is given, later run times are reported.
	Collected time.Time

	// Strict turns the first damage into an error.
	Strict bool
}

// A File is one prefetch file. What a damaged file does not give is left zero, and named in Damage.
//
// All its strings are parts of one: whoever keeps a few of them for long, and not the File, should [strings.Clone] them.
type File struct {
	Version    Version
	Variant    int       // of version 30: 1 (Windows 10 before 1903) or 2; else 0
	Compressed bool      // the file came in a MAM container
	Container  Container // of a compressed file

	Executable string // name of the program as in the header: upper case, cut to 29 characters
	Hash       uint32 // of the program's path, see [Hash]
	Flags      uint32 // 1: a boot or operation scenario
	RunCount   uint32 // launches merged into this file

	// LastRuns holds the start times in the order of their slots: up to eight from version 26 on, else one. Slot 0 is the launch
	// that was recorded last, but not always the latest time: see [File.ClockSetBack]. A slot that holds no plausible time is zero.
	LastRuns     []time.Time
	RawLastRuns  []uint64 // the same slots as FILETIME, as stored
	ClockSetBack bool     // a slot's time lies more than 60 s before that of the slot after it: the clock was moved back between launches
	BeforeVolume bool     // a run time lies before the creation of all volumes: the clock was set after the installation, or a time was edited

	ExecutablePath  string // executable record, versions 30 and 31: the device path that was hashed
	PackageFullName string // executable record, of a process with package identity

	Files   []Metric // what was touched, in the order of the file
	Volumes []Volume
	Traces  []Trace // only with [Options.Traces]

	Size         int    // bytes of uncompressed data that were there
	DeclaredSize uint32 // the same by the header

	Unknown Unknown // fields whose meaning is not known

	Damage []*FormatError // what is broken, in the order it was found
}

// A Container is the MAM envelope of a compressed file.
type Container struct {
	Format       byte   // fourth byte: 0x04, or 0x84 with a checksum
	DeclaredSize uint32 // of the uncompressed data
	CRC          uint32 // if Format has bit 7
}

// Unknown holds fields that are kept as they are, because nobody knows what they mean.
type Unknown struct {
	Header8    uint32    // at 8: 0x0F in version 17, else 0x11
	Info124    uint32    // after the total of the directories, at 124; from version 23 on
	AfterCount [2]uint32 // the two fields after the run count; version 17 has one
}

// A Metric is one file that was touched while the program started, and how.
type Metric struct {
	Name       string
	FirstTrace uint32    // index of its first entry in the trace chains
	Traces     uint32    // number of its entries: pages touched
	Prefetched uint32    // number of entries to be prefetched next time; from version 23 on
	Flags      uint32    // as stored
	MFT        Reference // the file's record in the file table; from version 23 on, zero if not set

	ImagePages uint32 // pages mapped as an executable image; from version 23 on
	DataPages  uint32 // pages mapped as data; from version 23 on
	Highest    int64  // highest offset touched in the file, a lower bound of its size
}

// PageSize is what one entry of the trace chains stands for.
const PageSize = 4096

// Bytes is the number of bytes touched: the pages times their size.
func (m Metric) Bytes() int64 { return int64(m.Traces) * PageSize }

// A Reference is an NTFS file reference.
type Reference struct {
	Entry    uint64 // of the master file table, 48 bits
	Sequence uint16 // how often the entry has been used; often not recorded from version 26 on
}

func reference(v uint64) Reference { return Reference{v & (1<<48 - 1), uint16(v >> 48)} }

// A Trace is one page of one file that was touched.
type Trace struct {
	Offset  int64  // of the page in its file, in bytes
	Bits    uint8  // TraceNotPrefetched, TraceImage, TraceData, and others whose meaning is not known
	History uint8  // usage bits, meaning not known
	Used    uint16 // usage bits, meaning not known
}

// Bits of a [Trace], from version 23 on.
const (
	TraceNotPrefetched = 0x01
	TraceImage         = 0x02
	TraceData          = 0x04
)

// A Volume is one volume that the program touched.
type Volume struct {
	Device      string    // \DEVICE\HARDDISKVOLUMEn, or \VOLUME{…} from version 30 on
	Serial      uint32    // volume serial number
	Created     time.Time // when the volume was formatted
	RawCreated  uint64    // the same as FILETIME, as stored
	Directories []string
	Refs        []Reference // files and directories to open; zero where not set
	Unknown36   uint32
}

// LastRun returns the start that was recorded last: slot 0. It is the zero time if there is none.
func (f *File) LastRun() time.Time {
	if len(f.LastRuns) == 0 {
		return time.Time{}
	}
	return f.LastRuns[0]
}

// Runs yields the start times that are set, in the order of their slots: slot 0 was recorded last.
func (f *File) Runs() iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for _, t := range f.LastRuns {
			if !t.IsZero() && !yield(t) {
				return
			}
		}
	}
}

// LatestRun returns the latest of the start times. It differs from [File.LastRun] where programs that started together were recorded
// in another order, and where the clock was set back.
func (f *File) LatestRun() time.Time {
	var latest time.Time
	for _, t := range f.LastRuns {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

// TracesOf returns the entries of f.Traces that belong to m. It is empty without [Options.Traces].
func (f *File) TracesOf(m Metric) []Trace {
	first, end := uint64(m.FirstTrace), uint64(m.FirstTrace)+uint64(m.Traces)
	if first > uint64(len(f.Traces)) {
		return nil
	}
	return f.Traces[first:min(end, uint64(len(f.Traces)))]
}

// Parse reads one prefetch file. It does not keep b and does not write to it.
//
// The error is nil if b is a prefetch file that could be read to its end; what is wrong inside is then in [File.Damage]. For bytes that
// are no prefetch file the error is a [*FormatError] that wraps [ErrNotPrefetch]; its Kind tells why. Where the container breaks off,
// or is larger than the limit, the File holds what was there, and the error is the [*FormatError] or [*LimitError] that ended it.
func Parse(b []byte, opts *Options) (*File, error) {
	s := scratchPool.Get().(*scratch)
	defer s.free()

	w := new(whole)
	p := parser{in: b, f: &w.File, w: w, s: s}
	if opts != nil {
		p.opts = *opts
	}
	if p.opts.MaxSize <= 0 {
		p.opts.MaxSize = DefaultMaxSize
	}

	err := p.parse()
	p.summarize()
	if p.nothing {
		return nil, err
	}
	if err == nil && p.opts.Strict && len(w.Damage) > 0 {
		err = w.Damage[0]
	}
	return &w.File, err
}

// A whole is a File together with the arrays that nearly every file needs, so that they cost one allocation.
type whole struct {
	File
	runs    [8]time.Time
	rawRuns [8]uint64
	volumes [1]Volume
}

// A parser is the work on one file.
type parser struct {
	in   []byte // as given
	b    []byte // uncompressed, whatever there is of it
	f    *File
	w    *whole
	opts Options
	s    *scratch

	layout  layout
	info    info
	nothing bool // there is no File to return
	more    int  // problems beyond maxDamage
	firstX  int64
}

// A scratch holds the buffers that a parse needs and its result does not.
type scratch struct {
	window []byte      // uncompressed data
	text   []byte      // all text of the file in UTF-8
	name   span        // the executable's name, in text
	spans  []span      // where the names lie in text
	refs   []Reference // of all volumes
	counts []counts    // what each volume has
	dirs   int         // directories of all volumes
	record span        // the executable record, in text
}

type span struct{ lo, hi int }

// maxKept is the size above which a buffer is not kept for the next file.
const maxKept = 8 << 20

var scratchPool = sync.Pool{New: func() any { return new(scratch) }}

func (s *scratch) free() {
	if cap(s.window) > maxKept || cap(s.text) > maxKept || cap(s.spans) > maxKept/16 || cap(s.refs) > maxKept/16 {
		return
	}
	s.text, s.spans, s.refs, s.counts, s.dirs = s.text[:0], s.spans[:0], s.refs[:0], s.counts[:0], 0
	s.name, s.record = span{}, span{}
	scratchPool.Put(s)
}
