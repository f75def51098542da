package ntfs

import (
	"bytes"
	"maps"
	"slices"
)

// maxOfFile is how many names, and how many streams, a file is given with its
// extension records. Windows allows 1,024 hard links.
const maxOfFile = 4096

// extend keeps what an extension record adds to its base. A loose $MFT has no
// list of attributes when that list is outside the record, so extension records
// are joined from below: each names its base, entry and sequence number.
func (t *Table) extend(r *Record) {
	base := r.Base.Entry()
	if base >= maxEntries {
		return
	}
	list := t.ext[base]
	if len(list) >= maxJoined {
		t.Dropped++
		return
	}
	attrs := joinable(r)
	cost := int64(len(attrs)) + 64
	if t.bytes+cost > t.opts.MaxExtensions {
		t.Dropped++
		return
	}
	t.bytes += cost
	t.ext[base] = append(list, extension{entry: r.Entry, seq: r.Base.Sequence(), inUse: r.InUse(), attrs: attrs})
}

// joinable writes the names, streams, index root, reparse tag and extended attributes
// of a record as attributes, without what a reader of names does not need.
func joinable(r *Record) []byte {
	var out []byte
	for i := range r.Names {
		n := &r.Names[i]
		v := make([]byte, fnName+len(n.units))
		le.PutUint64(v, uint64(n.Parent))
		for k, t := range n.Times {
			le.PutUint64(v[fnCreated+8*k:], t)
		}
		le.PutUint64(v[fnAllocated:], n.Allocated)
		le.PutUint64(v[fnSize:], n.Size)
		le.PutUint32(v[fnFlags:], n.Flags)
		le.PutUint32(v[fnReparse:], n.Reparse)
		v[fnNameLen], v[fnNamespace] = byte(len(n.units)/2), n.Namespace
		copy(v[fnName:], n.units)
		out = appendResident(out, typeFileName, nil, v, 0, n.ID)
	}
	for i := range r.Streams {
		out = appendStream(out, &r.Streams[i])
	}
	if r.HasIndex {
		out = appendResident(out, typeIndexRoot, []byte("$\x00I\x003\x000\x00"), nil, 0, r.IndexID)
	}
	if r.ReparseTag != 0 {
		out = appendResident(out, typeReparse, nil, le.AppendUint32(nil, r.ReparseTag), 0, 0)
	}
	if len(r.ObjectID) >= 16 {
		out = appendResident(out, typeObjectID, nil, r.ObjectID[:16], 0, 0)
	}
	if len(r.EA) > 0 {
		out = appendResident(out, typeEA, nil, r.EA, 0, 0)
	}
	return bytes.Clone(out)
}

func appendStream(out []byte, s *DataStream) []byte {
	if s.Resident {
		return appendResident(out, typeData, s.units, s.Value, s.Flags, s.ID)
	}
	at := len(out)
	out = append(out, make([]byte, attrNonResHead)...)
	out = append(out, s.units...)
	a := out[at:]
	header(a, typeData, s.units, attrNonResHead, s.Flags, s.ID)
	a[attrNonRes] = 1
	le.PutUint64(a[attrRealSize:], s.Size)
	return out
}

func appendResident(out []byte, typ uint32, name, value []byte, flags, id uint16) []byte {
	at := len(out)
	out = append(out, make([]byte, attrResHeader)...)
	out = append(append(out, name...), value...)
	a := out[at:]
	header(a, typ, name, attrResHeader, flags, id)
	le.PutUint32(a[attrValueLen:], uint32(len(value)))
	le.PutUint16(a[attrValueOff:], uint16(attrResHeader+len(name)))
	return out
}

func header(a []byte, typ uint32, name []byte, nameOff int, flags, id uint16) {
	le.PutUint32(a, typ)
	le.PutUint32(a[attrLen:], uint32(len(a)))
	a[attrNameLen] = byte(len(name) / 2)
	le.PutUint16(a[attrNameOff:], uint16(nameOff))
	le.PutUint16(a[attrFlags:], flags)
	le.PutUint16(a[attrID:], id)
}

// join adds to a base record what its extension records hold. A file that
// exists takes records in use only: a free one was given up earlier.
func (t *Table) join(r *Record) {
	if r.Damage&Baad != 0 {
		return
	}
	if !r.IsBase() {
		seq, _, known := t.Sequence(r.Base.Entry())
		r.Reused = known && seq != r.Base.Sequence()
		return
	}
	if len(t.ext) == 0 {
		return
	}
	list := t.ext[r.Entry]
	if list == nil {
		return
	}
	want := r.Reference().Sequence()
	for i := range list {
		x := &list[i]
		if x.seq != want || r.InUse() && !x.inUse {
			continue
		}
		names, streams := len(r.Names), len(r.Streams)
		if names > maxOfFile || streams > maxOfFile {
			r.Damage |= Crowded
			return
		}
		r.attributes(x.attrs, 0, x.entry, 0)
		r.Names = dropKnownNames(r.Names, names)
		r.Streams = dropKnownStreams(r.Streams, streams)
		r.Extensions++
	}
}

// dropKnownNames removes from the names after the first n those that are among
// the first n: a freed record may hold what was moved elsewhere.
func dropKnownNames(list []Name, n int) []Name {
	out := list[:n]
	for _, x := range list[n:] {
		known := false
		for i := range out {
			known = known || out[i].Parent == x.Parent && out[i].Namespace == x.Namespace && bytes.Equal(out[i].units, x.units)
		}
		if !known {
			out = append(out, x)
		}
	}
	return out
}

func dropKnownStreams(list []DataStream, n int) []DataStream {
	out := list[:n]
	for _, x := range list[n:] {
		known := false
		for i := range out[:n] {
			known = known || out[i].Size == x.Size && bytes.Equal(out[i].units, x.units)
		}
		if !known {
			out = append(out, x)
		}
	}
	return out
}

// Extended returns the entries of the base records that have extension records,
// sorted.
func (t *Table) Extended() []uint64 { return slices.Sorted(maps.Keys(t.ext)) }
