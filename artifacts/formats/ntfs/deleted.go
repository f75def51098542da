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

const tagWOF = 0x80000017

// A FileStream is the data of one stream of a file found by its record.
type FileStream struct {
	*io.SectionReader
	// Deleted reports that the record is free. The stream is whole: none of its
	// clusters has been given to another file at the time of the image.
	Deleted bool
	// Resident reports that the data is in the record itself.
	Resident bool
	Ranges   []Range // that have clusters
}

// OpenReference opens a stream of the file that a reference names, whether the
// file exists or has been deleted; stream is "" for the main one. A deleted
// stream that is not whole any more gives [ErrOverwritten], never the bytes of
// another file. A reference of another sequence number gives [fs.ErrNotExist].
func (v *Volume) OpenReference(ref Reference, stream string) (*FileStream, error) {
	base, err := v.readRecord(ref.Entry())
	if base == nil {
		return nil, err
	}
	inUse := base.flags&flagInUse != 0
	if effective(base.seq, inUse) != ref.Sequence() {
		return nil, errGone(ref)
	}
	if base.base != 0 {
		return nil, fmt.Errorf("file record %s: %w", ref, errNotBase)
	}
	f, err := v.inode(ref.Entry())
	if !inUse {
		f, err = v.deletedInode(base)
	}
	if f == nil {
		return nil, err
	}
	if stream == "" && f.stat().ReparseTag == tagWOF {
		return nil, fmt.Errorf("file record %s: %w", ref, ErrSystemCompressed)
	}
	s, err := f.stream(typeData, stream)
	if err != nil {
		return nil, fmt.Errorf("file record %s: %w", ref, err)
	}
	if !inUse {
		if err := v.checkWhole(s); err != nil {
			return nil, fmt.Errorf("file record %s: %w", ref, err)
		}
	}
	return &FileStream{
		SectionReader: io.NewSectionReader(s, 0, s.size),
		Deleted:       !inUse, Resident: s.resident != nil, Ranges: s.dataRanges(),
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
	if s.resident != nil || len(s.runs) == 0 {
		return nil
	}
	bitmap, err := v.bitmapStream()
	if err != nil {
		return fmt.Errorf("$Bitmap: %w", err)
	}
	left := v.Size / v.cluster // no stream has more
	for _, r := range s.runs {
		if r.lcn < 0 {
			continue
		}
		if left -= r.n; left < 0 {
			return ErrOverwritten
		}
		used, err := v.allocated(bitmap, r.lcn, r.n)
		if err != nil {
			return fmt.Errorf("$Bitmap: %w", err)
		}
		if used {
			return ErrOverwritten
		}
	}
	return nil
}
