package ntfs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// DataRanges returns the pieces of a file that have clusters, in order. What
// lies between them reads as zeros: the beginning of a change journal is a hole
// of many gigabytes.
func (f *file) DataRanges() []Range { return f.s.dataRanges() }

// Extents returns where the clusters of the file lie in the volume; nothing for one that is in its file record.
func (f *file) Extents() []Extent {
	list, _ := f.s.v.extents(f.s, true) // only the state of a deleted file's clusters can fail
	return list
}

func (s *stream) dataRanges() []Range {
	if s.resident != nil || s.unit > 0 || len(s.runs) == 0 {
		if s.size == 0 {
			return nil
		}
		return []Range{{0, s.size}}
	}
	var out []Range
	end := min(s.size, s.init)
	shared := s.sharedRuns()
	for i, r := range s.runs {
		if shared != nil && shared[i] {
			continue
		}
		from, to := r.vcn*s.v.cluster, min((r.vcn+r.n)*s.v.cluster, end)
		if r.lcn < 0 || from >= to {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Offset+out[n-1].Length == from {
			out[n-1].Length += to - from
		} else {
			out = append(out, Range{from, to - from})
		}
	}
	return out
}

// sharedRuns marks the runs whose clusters an earlier run of the stream has, or
// returns nil. No cluster belongs to a stream twice; where runs claim it, a
// small volume would become an endless stream.
func (s *stream) sharedRuns() []bool {
	order := make([]int, 0, len(s.runs))
	for i, r := range s.runs {
		if r.lcn >= 0 {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(s.runs[a].lcn, s.runs[b].lcn), cmp.Compare(a, b)) })
	var shared []bool
	last := -1
	for _, i := range order {
		if last >= 0 && s.runs[i].lcn < s.runs[last].lcn+s.runs[last].n {
			if shared == nil {
				shared = make([]bool, len(s.runs))
			}
			shared[max(i, last)] = true
			if s.runs[i].lcn+s.runs[i].n <= s.runs[last].lcn+s.runs[last].n {
				continue
			}
		}
		last = i
	}
	return shared
}

// JournalPath is where a volume keeps its change journal.
const JournalPath = "$Extend/$UsnJrnl"

// Journal opens the volume's change journal. The error is [fs.ErrNotExist] when
// the volume has none.
func (v *Volume) Journal() (*Journal, error) {
	n, err := v.find("open", JournalPath+":$J")
	if err != nil {
		return nil, err
	}
	s, err := n.open()
	if err != nil {
		return nil, fmt.Errorf("change journal: %w", err)
	}
	return &Journal{r: s, ranges: s.dataRanges(), whole: true}, nil
}

// A JournalInfo is the stream $Max of the change journal.
type JournalInfo struct {
	MaximumSize     uint64
	AllocationDelta uint64
	ID              uint64 // the FILETIME at which the journal was made
	LowestUSN       uint64
}

// ParseJournalInfo reads the 32 bytes of $Max.
func ParseJournalInfo(b []byte) (JournalInfo, error) {
	if len(b) < 32 {
		return JournalInfo{}, &wire.FormatError{Format: "usn", Struct: "$Max", Problem: fmt.Sprintf("%d bytes, want 32", len(b))}
	}
	return JournalInfo{le.Uint64(b), le.Uint64(b[8:]), le.Uint64(b[16:]), le.Uint64(b[24:])}, nil
}

// JournalInfo reads $Max.
func (v *Volume) JournalInfo() (JournalInfo, error) {
	f, err := v.Open(JournalPath + ":$Max")
	if err != nil {
		return JournalInfo{}, err
	}
	defer f.Close()
	b := make([]byte, 32)
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return JournalInfo{}, err
	}
	return ParseJournalInfo(b[:n])
}

// CarveChanges yields records of the change journal found in bytes that are
// not the journal: free clusters, pages of $LogFile. A record must lie at a
// multiple of eight bytes and have a time between 1990 and 2100; nothing else
// confirms it.
func CarveChanges(r io.Reader, yield func(*Change, error) bool) {
	s := changeScanner{carve: true, yield: yield}
	s.read(r, 0)
}

// CarveJournal yields records of the change journal in the free clusters of the
// volume, each (USN, reference) once. Offsets count from the volume's start.
func (v *Volume) CarveJournal(yield func(*Change, error) bool) error {
	free, err := v.FreeRanges()
	if err != nil {
		return err
	}
	type key struct {
		usn uint64
		ref Reference
	}
	seen := map[key]bool{}
	s := changeScanner{carve: true, yield: func(c *Change, err error) bool {
		if c == nil {
			return yield(nil, err)
		}
		k := key{c.USN, c.File}
		if seen[k] || len(seen) >= maxCarved {
			return len(seen) < maxCarved
		}
		seen[k] = true
		return yield(c, nil)
	}}
	for _, g := range free {
		if !s.read(io.NewSectionReader(v.r, g.Offset, g.Length), g.Offset) {
			return nil
		}
	}
	return nil
}

// maxCarved is how many different records are carved.
const maxCarved = 1 << 22

const entryBitmap = 6

// bitmapStream opens $Bitmap: one bit for each cluster that is in use.
func (v *Volume) bitmapStream() (*stream, error) {
	f, err := v.inode(entryBitmap)
	if f == nil {
		return nil, err
	}
	return f.stream(typeData, "")
}

// FreeRanges returns the parts of the volume that belong to no file.
func (v *Volume) FreeRanges() ([]Range, error) {
	s, err := v.bitmapStream()
	if err != nil {
		return nil, fmt.Errorf("$Bitmap: %w", err)
	}
	var out []Range
	clusters := v.Size / v.cluster
	buf := make([]byte, 64<<10)
	for off := int64(0); off < s.size && off*8 < clusters; off += int64(len(buf)) {
		b := buf[:min(int64(len(buf)), s.size-off)]
		if err := readFull(s, b, off); err != nil {
			return out, fmt.Errorf("$Bitmap: %w", err)
		}
		for i, c := range b {
			if c == 0xFF {
				continue
			}
			for bit := range 8 {
				lcn := (off+int64(i))*8 + int64(bit)
				if c>>bit&1 != 0 || lcn >= clusters {
					continue
				}
				at := lcn * v.cluster
				if n := len(out); n > 0 && out[n-1].Offset+out[n-1].Length == at {
					out[n-1].Length += v.cluster
				} else {
					out = append(out, Range{at, v.cluster})
				}
			}
		}
	}
	return out, nil
}

// allocated reports whether any of n clusters from lcn on belongs to a file.
func (v *Volume) allocated(bitmap *stream, lcn, n int64) (bool, error) {
	var buf [4096]byte
	for n > 0 {
		first := lcn / 8
		b := buf[:min(int64(len(buf)), (lcn+n+7)/8-first)]
		if err := readFull(bitmap, b, first); err != nil {
			return false, err
		}
		for ; n > 0 && lcn/8-first < int64(len(b)); lcn, n = lcn+1, n-1 {
			if b[lcn/8-first]>>(lcn%8)&1 != 0 {
				return true, nil
			}
		}
	}
	return false, nil
}

var errNotBase = errors.New("not a base record")

// errGone is the error for a record that is not that of the reference.
func errGone(ref Reference) error {
	return fmt.Errorf("file record %s: %w", ref, fs.ErrNotExist)
}
