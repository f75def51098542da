package artifacts

import "reflect"

// A family is a list of artifacts whose records lie in the same files: the
// events of a log answer several questions, and a log is read once for all of
// them.
type family struct {
	members []*Artifact
	decode  func(Input, *Output) error
}

// Part makes an artifact that is one of a [Family], which gives it its sources
// and its decoder. T is the record type.
func Part[T Decoded](a Artifact) *Artifact {
	a.record = reflect.TypeFor[T]()
	a.plan = eventFields(a.record)
	return &a
}

// Family joins artifacts that are decoded together, and returns them. The
// decoder is called once for each file that the sources match, whichever of the
// members a run asks for, and gives each record to the member that it belongs
// to. Records of members that the run does not ask for are dropped.
//
// Each member has its own results, as if it had been read alone. Damage is
// reported once, by the first member of the run. The sources are files.
func Family(sources []Source, decode func(in Input, out *Output) error, members ...*Artifact) []*Artifact {
	f := &family{members, decode}
	for _, a := range members {
		a.Sources, a.family = sources, f
		a.decode = func(in Input, yield func(Decoded) bool) error {
			return decode(in, &Output{wants: func(m *Artifact) bool { return m == a },
				put: func(_ *Artifact, d Decoded) bool { return yield(d) }})
		}
	}
	return members
}

// An Output takes what the decoder of a [Family] finds in one file.
type Output struct {
	wants  func(*Artifact) bool
	put    func(*Artifact, Decoded) bool
	covers func(*Artifact)
}

// Wants reports whether the run asks for a member. For others, nothing need be
// decoded.
func (o *Output) Wants(a *Artifact) bool { return o.wants(a) }

// Put passes on a record of a member. It returns false when no more records are
// wanted.
func (o *Output) Put(a *Artifact, d Decoded) bool {
	if !o.wants(a) {
		return true
	}
	return o.put(a, d)
}

// Covers states that the file is a source of a member, whether or not it has
// records for it. [Output.Put] states so, too.
func (o *Output) Covers(a *Artifact) {
	if o.covers != nil && o.wants(a) {
		o.covers(a)
	}
}

// With reports whether an artifact is decoded together with another: their
// results come in turn.
func (a *Artifact) With(b *Artifact) bool { return a.family != nil && a.family == b.family }

// A part collects the records that a job has for one artifact.
type part struct {
	artifact *Artifact
	res      Result // the piece at hand
	kept     int    // records so far
	pieces   int    // handed on before
	covered  bool   // the source is one of this artifact
}

// chosen returns the members that are in a list, in its order.
func (f *family) chosen(list []*Artifact) []*Artifact {
	var out []*Artifact
	for _, a := range list {
		if a.family == f {
			out = append(out, a)
		}
	}
	return out
}

// partOf returns the part of an artifact of the job, or nil.
func (s *source) partOf(a *Artifact) *part {
	for _, p := range s.parts {
		if p.artifact == a {
			return p
		}
	}
	return nil
}

// decodeFamily runs the decoder of a family over a file.
func (s *source) decodeFamily(in Input) error {
	return in.Artifact.family.decode(in, &Output{
		wants: func(a *Artifact) bool { return s.partOf(a) != nil },
		put: func(a *Artifact, d Decoded) bool {
			in.Artifact = a
			return s.keep(&in, d, sizeOf(d))
		},
		covers: func(a *Artifact) { s.partOf(a).covered = true },
	})
}
