package evtx

import "unicode/utf8"

// A program is a template definition, or an element of a record without
// templates, as a flat list of steps. It is made once for each chunk and run
// for each record: docs/formats/evtx.md, section 9.
type program struct {
	off        uint32 // of the definition in the chunk
	ctx        context
	start, end int32  // in Decoder.steps
	id         uint32 // first four bytes of the definition's GUID
	badNames   bool   // a name's hash does not fit its text
	err        error  // why the definition cannot be compiled
}

type op uint8

const (
	opSkipNull  op = iota // skip n steps if value arg is NULL
	opValue               // value arg is the content of an element or attribute
	opLiteral             // text of the template is
	opMixed               // n parts from off are
	opName                // value arg is the name of the following pair
	opMixedName           // n parts from off are
)

// Flags of a step.
const (
	inSlot    = 1 << iota // the value goes to a System field, not to a pair
	attribute             // NULL leaves it out, an array is joined
	needText              // no pair without text
	dynamic               // the pair has the name of the last opName
	omitNull              // NULL leaves the element out
)

// A step is one instruction of a program.
type step struct {
	op     op
	flags  uint8
	slot   slot
	typ    Type   // of a literal
	arg    uint16 // index of a value
	back   uint16 // steps before this one that belong to the same element
	name   uint32 // of the pair, in Decoder.texts
	ctx    context
	off, n uint32 // literal in the chunk, parts, or steps to skip
}

// A part is one piece of a content of several pieces.
type part struct {
	kind   partKind
	arg    uint16 // index of a value
	char   rune
	off, n uint32 // literal
}

type partKind uint8

const (
	partText partKind = iota
	partValue
	partOptional
	partChar
)

// A context says where in an event an element stands. Its lower bits are the
// path of the element in Decoder.texts.
type context uint32

const (
	ctxRoot      context = iota << 28 // above Event
	ctxEvent                          // in Event
	ctxSystem                         // in System
	ctxField                          // in an element of System
	ctxEventData                      // in EventData
	ctxData                           // in a Data of EventData
	ctxContainer                      // in another child of Event
	ctxPath                           // below it
	ctxKind      context = 0xF << 28
)

func (c context) kind() context { return c & ctxKind }
func (c context) path() uint32  { return uint32(c &^ ctxKind) }

// A ref is a value in Decoder.base.
type ref struct {
	off, n uint32
	typ    Type
}

type pair struct {
	name uint32
	v    ref
}

// run executes a program with n values that begin at vals in Decoder.vals.
func (d *Decoder) run(p *program, vals, n int) error {
	start, end := int(p.start), int(p.end)
	if d.work += end - start + n; d.work > maxWork {
		return d.tooMuch(int(p.off))
	}
	steps := d.steps[start:end]
	for i := 0; i < len(steps); i++ {
		s := &steps[i]
		switch s.op {
		case opSkipNull:
			if int(s.arg) < n && d.vals[vals+int(s.arg)].typ == Null {
				i += int(s.n)
			}
		case opLiteral:
			d.put(s, ref{s.off, s.n, s.typ})
		case opValue:
			var v ref
			if int(s.arg) < n {
				v = d.vals[vals+int(s.arg)]
			}
			if v.typ != Fragment && v.typ&Array == 0 || s.flags&(attribute|inSlot) != 0 {
				d.put(s, v)
			} else if err := d.content(s, v, steps[i-int(s.back):i], vals, n); err != nil {
				return err
			}
		case opMixed:
			v, err := d.mixed(s, vals, n)
			if err != nil {
				return err
			}
			d.put(s, v)
		default:
			if err := d.setName(s, vals, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// put stores the value of an element or attribute.
func (d *Decoder) put(s *step, v ref) {
	name := s.name
	switch {
	case d.nameless && (v.typ == Null || s.flags&inSlot != 0):
		return
	case s.flags&inSlot != 0:
		if v.typ != Null {
			d.slots[s.slot] = v
		}
		return
	case s.flags&(attribute|omitNull) != 0 && v.typ == Null, s.flags&needText != 0 && d.blank(v):
		return
	case d.want != nil && !d.wanted():
		return
	}
	if s.flags&dynamic != 0 {
		name = d.name
	}
	if d.nameless {
		name = d.empty
	}
	if len(d.pairs) == maxPairs || d.text+int(v.n) > maxRecordText || d.chunkText > maxChunkText {
		d.cut = true
		return
	}
	d.text += int(v.n)
	d.chunkText += int(v.n)
	d.pairs = append(d.pairs, pair{name, v})
}

// content stores a content that is no single value: an embedded fragment is
// run, and of an array each item makes the element once more, with its
// attributes.
func (d *Decoder) content(s *step, v ref, attrs []step, vals, n int) error {
	if v.typ == Fragment {
		return d.payload(v, s.ctx)
	}
	if v.n == 0 {
		d.put(s, ref{v.off, 0, String})
		return nil
	}
	first := true
	var err error
	at := v.off
	value := Value{d.base[v.off : v.off+v.n], v.typ}
	value.items(func(item Value) bool {
		if !first {
			if err = d.again(attrs, vals, n); err != nil || d.cut {
				return false
			}
		}
		first = false
		d.put(s, ref{at, uint32(len(item.Data)), item.Type})
		at += uint32(itemSize(value.Data[at-v.off:], v.typ&^Array, len(value.Data)))
		return true
	})
	return err
}

// again repeats the attributes of an element.
func (d *Decoder) again(attrs []step, vals, n int) error {
	if d.work += len(attrs) + 1; d.work > maxWork {
		return d.tooMuch(0)
	}
	for i := range attrs {
		s := &attrs[i]
		switch s.op {
		case opLiteral:
			d.put(s, ref{s.off, s.n, s.typ})
		case opValue:
			if int(s.arg) < n {
				d.put(s, d.vals[vals+int(s.arg)])
			}
		case opMixed:
			v, err := d.mixed(s, vals, n)
			if err != nil {
				return err
			}
			d.put(s, v)
		case opName, opMixedName:
			if err := d.setName(s, vals, n); err != nil {
				return err
			}
		}
	}
	return nil
}

// mixed assembles text of several parts behind the chunk. A fragment among the
// parts is run.
func (d *Decoder) mixed(s *step, vals, n int) (ref, error) {
	parts := d.parts[s.off : s.off+s.n]
	if d.work += len(parts); d.work > maxWork {
		return ref{}, d.tooMuch(0)
	}
	start := len(d.base)
	if start-d.kept > maxRecordText || d.chunkText > maxChunkText {
		d.cut = true
		return ref{}, nil
	}
	some := false
	for _, p := range parts {
		switch p.kind {
		case partText:
			d.base = appendUTF16(d.base, d.base[p.off:p.off+p.n])
			some = true
		case partChar:
			d.base = utf8.AppendRune(d.base, p.char)
			some = true
		default:
			if int(p.arg) >= n {
				continue
			}
			v := d.vals[vals+int(p.arg)]
			switch v.typ {
			case Null:
			case Fragment:
				if s.flags&(attribute|inSlot) == 0 {
					if err := d.payload(v, s.ctx); err != nil {
						return ref{}, err
					}
				}
			default:
				d.base = d.value(v).Append(d.base)
				some = true
			}
		}
		if len(d.base)-start > maxMixed {
			d.base = d.base[:start+maxMixed]
			d.cut = true
			break
		}
	}
	d.chunkText += len(d.base) - start
	if !some {
		return ref{}, nil
	}
	return ref{uint32(start), uint32(len(d.base) - start), UTF8}, nil
}

// setName makes a value the name of the following pair.
func (d *Decoder) setName(s *step, vals, n int) error {
	var v ref
	var err error
	if s.op == opMixedName {
		v, err = d.mixed(s, vals, n)
	} else if int(s.arg) < n {
		v = d.vals[vals+int(s.arg)]
	}
	if err == nil {
		d.key = d.value(v).Append(d.key[:0])
		d.name, err = d.intern(d.key)
	}
	return err
}

func (d *Decoder) value(v ref) Value {
	return Value{d.base[v.off : v.off+v.n : v.off+v.n], v.typ}
}

// blank reports whether a value has no text.
func (d *Decoder) blank(v ref) bool {
	switch v.typ {
	case Null:
		return true
	case String:
		return len(trimNULs(d.base[v.off:v.off+v.n])) == 0
	case ANSI:
		return len(trimZeros(d.base[v.off:v.off+v.n])) == 0
	}
	return v.n == 0
}
