package ntfs

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"sort"
	"sync"
)

// ErrEncrypted is wrapped by the error for a stream that EFS has encrypted.
var ErrEncrypted = errors.New("encrypted by EFS")

// A run maps n clusters of a stream from vcn on. lcn is negative for a hole.
type run struct{ vcn, lcn, n int64 }

// A stream is the bytes of one attribute.
type stream struct {
	v        *Volume
	resident []byte
	runs     []run // in order, without a gap
	size     int64
	init     int64   // bytes from here on are zero
	unit     int64   // bytes of a compression unit; 0 when not compressed
	packed   *packed // the stream is another one's, expanded

	mu       sync.Mutex // of the unit that was expanded last
	unitAt   int64
	unitData []byte
}

// stream opens the attribute of a type and a name, whose pieces may lie in several records.
func (f *inode) stream(typ uint32, name string) (*stream, error) {
	var pieces []*attr
	for i := range f.attrs {
		if a := &f.attrs[i]; a.typ == typ && f.v.sameName(a.name, name) {
			pieces = append(pieces, a)
		}
	}
	if len(pieces) == 0 {
		if f.damage != nil {
			return nil, f.damage
		}
		return nil, fs.ErrNotExist
	}
	slices.SortStableFunc(pieces, func(a, b *attr) int { return cmp.Compare(a.firstVCN, b.firstVCN) })
	return f.v.newStream(f, pieces)
}

func (v *Volume) newStream(f *inode, pieces []*attr) (*stream, error) {
	first := pieces[0]
	bad := func(problem string) error {
		return &FormatError{Offset: f.base.at, Struct: fmt.Sprintf("file record %d", f.base.entry),
			Problem: fmt.Sprintf("attribute %#x %q: %s", first.typ, first.name, problem)}
	}
	switch {
	case first.flags&attrEncrypted != 0:
		return nil, fmt.Errorf("entry %d: %w", f.base.entry, ErrEncrypted)
	case first.resident:
		return &stream{v: v, resident: first.value, size: first.size, init: first.init}, nil
	case first.firstVCN != 0:
		return nil, bad("its beginning is missing")
	}
	s := &stream{v: v, size: first.size, init: first.init}
	var vcn int64
	for _, a := range pieces {
		if a.resident || a.firstVCN > math.MaxInt64 || int64(a.firstVCN) < vcn {
			continue // the same piece again
		}
		if int64(a.firstVCN) > vcn {
			return nil, bad(fmt.Sprintf("clusters %d to %d are missing", vcn, a.firstVCN))
		}
		var problem string
		if s.runs, problem = v.appendRuns(s.runs, vcn, a.runs); problem != "" {
			return nil, bad(problem)
		}
		if n := len(s.runs); n > 0 {
			vcn = s.runs[n-1].vcn + s.runs[n-1].n
		}
	}
	if s.size > 0 && (s.size-1)/v.cluster >= vcn {
		return nil, bad(fmt.Sprintf("%d bytes do not fit into its %d clusters", s.size, vcn))
	}
	if first.flags&0xFF == attrCompressed {
		if first.unit == 0 || first.unit > 8 || v.cluster<<first.unit > 1<<20 {
			return nil, bad(fmt.Sprintf("compression units of 2^%d clusters", first.unit))
		}
		s.unit = v.cluster << first.unit
		s.unitAt = -1
	}
	return s, nil
}

// appendRuns decodes mapping pairs ("Data Runs", Linux-NTFS documentation): a byte with the sizes
// of two numbers, the length of the run, and
// where it begins as a difference to the run before. Without the second number the run is a hole.
func (v *Volume) appendRuns(runs []run, vcn int64, b []byte) ([]run, string) {
	var lcn int64
	clusters := v.Size / v.cluster
	for len(b) > 0 && b[0] != 0 {
		n, m := int(b[0]&15), int(b[0]>>4)
		if n == 0 || n > 8 || m > 8 || 1+n+m > len(b) {
			return runs, "broken mapping pairs"
		}
		length := signed(b[1 : 1+n])
		if length <= 0 || length > (1<<62)/v.cluster-vcn { // bytes are counted in an int64
			return runs, fmt.Sprintf("a run of %d clusters", length)
		}
		r := run{vcn, -1, length}
		if m > 0 {
			lcn += signed(b[1+n : 1+n+m])
			if lcn < 0 || lcn > clusters || length > clusters-lcn {
				return runs, fmt.Sprintf("a run from cluster %d to %d lies outside the volume", lcn, lcn+length)
			}
			r.lcn = lcn
		}
		runs = append(runs, r)
		vcn += length
		b = b[1+n+m:]
	}
	return runs, ""
}

// signed reads a little-endian number of up to 8 bytes with its sign.
func signed(b []byte) int64 {
	var u uint64
	for i, c := range b {
		u |= uint64(c) << (8 * i)
	}
	shift := 64 - 8*len(b)
	return int64(u<<shift) >> shift
}

// ReadAt implements io.ReaderAt.
func (s *stream) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, fs.ErrInvalid
	case off >= s.size:
		return 0, io.EOF
	}
	var eof error
	if rest := s.size - off; int64(len(p)) > rest {
		p, eof = p[:rest], io.EOF
	}
	if s.resident != nil || s.size == 0 {
		copy(p, s.resident[off:])
		return len(p), eof
	}
	n := len(p)
	if off+int64(n) > s.init {
		clear(p[max(0, s.init-off):])
		p = p[:max(0, s.init-off)]
	}
	var err error
	switch {
	case s.packed != nil:
		err = s.packed.read(p, off)
	case s.unit > 0:
		err = s.readUnits(p, off)
	default:
		err = s.readRuns(p, off)
	}
	if err != nil {
		return 0, err
	}
	return n, eof
}

// find returns the index of the run that holds a cluster.
func (s *stream) find(vcn int64) int {
	return sort.Search(len(s.runs), func(i int) bool { return s.runs[i].vcn+s.runs[i].n > vcn })
}

// readRuns reads what is mapped, holes as zeros. The caller has seen to it that [off, off+len(p)) is.
func (s *stream) readRuns(p []byte, off int64) error {
	for i := s.find(off / s.v.cluster); len(p) > 0; i++ {
		if i >= len(s.runs) {
			return io.ErrUnexpectedEOF
		}
		r := s.runs[i]
		in := off - r.vcn*s.v.cluster
		n := min(int64(len(p)), r.n*s.v.cluster-in)
		if r.lcn < 0 {
			clear(p[:n])
		} else if err := readFull(s.v.r, p[:n], r.lcn*s.v.cluster+in); err != nil {
			return &FormatError{Offset: r.lcn*s.v.cluster + in, Struct: "cluster run",
				Problem: fmt.Sprintf("%d bytes cannot be read", n), Err: err}
		}
		p, off = p[n:], off+n
	}
	return nil
}

// readUnits reads a compressed stream, unit by unit. A unit of which all clusters are there is not compressed, one without any is zeros,
// and any other is LZNT1.
func (s *stream) readUnits(p []byte, off int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(p) > 0 {
		at := off / s.unit * s.unit
		if s.unitAt != at {
			if s.unitData == nil {
				s.unitData = make([]byte, s.unit)
			}
			s.unitAt = -1
			if err := s.expand(at); err != nil {
				return err
			}
			s.unitAt = at
		}
		n := copy(p, s.unitData[off-at:])
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// expand fills unitData with the unit that begins at at.
func (s *stream) expand(at int64) error {
	vcn, end := at/s.v.cluster, (at+s.unit)/s.v.cluster
	var there int64
	for i := s.find(vcn); i < len(s.runs) && s.runs[i].vcn < end; i++ {
		r := s.runs[i]
		from, to := max(vcn, r.vcn), min(end, r.vcn+r.n)
		if r.lcn < 0 {
			continue
		}
		if from != vcn+there {
			return &FormatError{Offset: r.lcn * s.v.cluster, Struct: "compression unit", Problem: "a hole stands before its data"}
		}
		there += to - from
	}
	if there == 0 {
		clear(s.unitData)
		return nil
	}
	if there == end-vcn {
		return s.readRuns(s.unitData, at)
	}
	packed := make([]byte, there*s.v.cluster)
	if err := s.readRuns(packed, at); err != nil {
		return err
	}
	n, err := lznt1(s.unitData, packed)
	if err != nil {
		return &FormatError{Offset: at, Struct: "compression unit", Problem: "at this offset of the stream", Err: err}
	}
	clear(s.unitData[n:])
	return nil
}
