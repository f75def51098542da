package ntfs

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// ErrOverwritten is wrapped by the error for a deleted stream of which clusters
// belong to another file now.
var ErrOverwritten = errors.New("some of its clusters belong to another file")

// A FileStream is the data of one stream of a file found by its record.
type FileStream struct {
	*io.SectionReader
	// Deleted reports that the record is free.
	Deleted bool
	// Resident reports that the data is in the record itself.
	Resident bool
	Ranges   []Range // that have clusters
	// Extents are the runs of clusters, in the order of the stream. A run of a
	// deleted file of which a part belongs to another file now is split.
	Extents []Extent
	// Lost counts the bytes of the stream in clusters that belong to another
	// file now. It is 0 but for [Volume.OpenRemains].
	Lost int64
}

// OpenReference opens a stream of the file that a reference names, whether the
// file exists or has been deleted; stream is "" for the main one. A deleted
// stream that is not whole any more gives [ErrOverwritten], never the bytes of
// another file. Whole means that none of its clusters belongs to another file at
// the time of the image. A reference of another sequence number gives
// [fs.ErrNotExist].
func (v *Volume) OpenReference(ref Reference, stream string) (*FileStream, error) {
	s, f, err := v.referenced(ref, stream)
	if err != nil {
		return nil, err
	}
	if f.Deleted {
		if err := v.checkWhole(s); err != nil {
			return nil, fmt.Errorf("file record %s: %w", ref, err)
		}
	}
	return f, nil
}

// OpenRemains is OpenReference for a deleted stream of which some clusters belong
// to another file now. They read as zeros, and Lost counts their bytes. A
// compressed stream cannot be read in parts: its extents come with the error
// [ErrOverwritten].
func (v *Volume) OpenRemains(ref Reference, stream string) (*FileStream, error) {
	s, f, err := v.referenced(ref, stream)
	if err != nil || !f.Deleted {
		return f, err
	}
	if s.packed != nil {
		if err := v.checkWhole(s); err != nil {
			return f, fmt.Errorf("file record %s: a compressed stream: %w", ref, err)
		}
		return f, nil
	}
	end := s.needed()
	var runs []run
	for _, e := range f.Extents {
		r := run{e.Offset / v.cluster, e.Volume / v.cluster, e.Length / v.cluster}
		if e.Clusters == ClustersHole {
			r.lcn = -1
		}
		if e.Clusters == ClustersReused {
			r.lcn = -1
			f.Lost += max(0, min(end, e.Offset+e.Length)-e.Offset)
		}
		runs = append(runs, r)
	}
	f.Lost = min(f.Lost, s.size)
	if f.Lost == 0 {
		return f, nil
	}
	if s.unit > 0 {
		return f, fmt.Errorf("file record %s: a compressed stream: %w", ref, ErrOverwritten)
	}
	s.runs = runs
	f.Ranges = s.dataRanges()
	return f, nil
}

// referenced opens a stream without asking whether it is whole.
func (v *Volume) referenced(ref Reference, name string) (*stream, *FileStream, error) {
	base, err := v.readRecord(ref.Entry())
	if base == nil {
		return nil, nil, err
	}
	inUse := base.flags&flagInUse != 0
	if effective(base.seq, inUse) != ref.Sequence() {
		return nil, nil, errGone(ref)
	}
	if base.base != 0 {
		return nil, nil, fmt.Errorf("file record %s: %w", ref, errNotBase)
	}
	f, err := v.inode(ref.Entry())
	if !inUse {
		f, err = v.deletedInode(base)
	}
	if f == nil {
		return nil, nil, err
	}
	var s *stream
	if name == "" && f.stat().ReparseTag == tagWOF {
		s, err = f.packed()
	} else {
		s, err = f.stream(typeData, name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("file record %s: %w", ref, err)
	}
	extents, err := v.extents(s, inUse)
	if err != nil {
		return nil, nil, fmt.Errorf("file record %s: %w", ref, err)
	}
	return s, &FileStream{
		SectionReader: io.NewSectionReader(s, 0, s.size),
		Deleted:       !inUse, Resident: s.resident != nil, Ranges: s.dataRanges(), Extents: extents,
	}, nil
}

// deletedInode gathers the records of a deleted file: those that its list of
// attributes names and that still name it as their base.
func (v *Volume) deletedInode(base *record) (*inode, error) {
	f := &inode{v: v, base: base, attrs: slices.Clip(base.attrs)}
	i := slices.IndexFunc(base.attrs, func(a attr) bool { return a.typ == typeAttributeList })
	if i < 0 {
		return f, nil
	}
	if a := &base.attrs[i]; !a.resident {
		s, err := v.newStream(f, []*attr{a})
		if err != nil {
			return nil, err
		}
		if err := v.checkWhole(s); err != nil {
			return nil, fmt.Errorf("attribute list: %w", err)
		}
	}
	list, err := f.listBytes(&base.attrs[i])
	if err != nil {
		return nil, err
	}
	want := effective(base.seq, false)
	seen := map[uint64]bool{base.entry: true}
	for off := 0; off+listHeader <= len(list); {
		n := int(le.Uint16(list[off+listLen:]))
		if n < listHeader {
			break
		}
		r := ref(le.Uint64(list[off+listRef:]))
		off += n
		if seen[r.entry()] {
			continue
		}
		seen[r.entry()] = true
		ext, err := v.readRecord(r.entry())
		if err != nil && ext == nil {
			f.damage = err
			continue
		}
		if ext.base.entry() == base.entry && ext.base.sequence() == want {
			f.attrs = append(f.attrs, ext.attrs...)
		}
	}
	return f, nil
}

// checkWhole reports ErrOverwritten when a cluster of a stream is in use.
func (v *Volume) checkWhole(s *stream) error {
	if s.packed != nil {
		s = s.packed.data
	}
	extents, err := v.extents(s, false)
	if err != nil {
		return err
	}
	end := s.needed()
	for _, e := range extents {
		if e.Clusters == ClustersReused && e.Offset < end {
			return ErrOverwritten
		}
	}
	return nil
}
