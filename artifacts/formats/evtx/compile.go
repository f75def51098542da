package evtx

import (
	"slices"
	"strings"
)

// A frame is an element that is being compiled.
type frame struct {
	ctx      context // of what is in the element
	name     uint32  // of the pair that its text makes
	start    int     // its first step
	skip     int     // the step that leaves it out, or -1
	parts    int     // its first part
	slot     slot    // that its text fills
	attrs    bool    // it has attributes that make pairs
	children bool
	dynamic  bool // a step before the content gives the pair's name
}

// compile appends the steps of the element at pos and returns where it ends.
// Elements of template definitions have a dependency id, others do not
// (section 4.2).
func (d *Decoder) compile(pos, end int, ctx context, deps bool) (int, error) {
	b := d.base[:end]
	depth := 0
	for {
		if pos >= end {
			return pos, d.bad(int64(pos), "element", "runs past its end")
		}
		if d.work++; d.work > maxWork {
			return pos, d.tooMuch(pos)
		}
		var err error
		switch tok := b[pos]; tok &^ tokMore {
		case tokOpen:
			outer := ctx
			if depth > 0 {
				f := &d.frames[depth-1]
				f.children, outer = true, f.ctx
				d.flush(f)
			}
			if depth == maxDepth {
				return pos, d.bad(int64(pos), "element", "is nested too deeply")
			}
			f := &d.frames[depth]
			depth++
			if pos, err = d.open(f, pos, end, outer, deps); err != nil {
				return pos, err
			}
			if b[pos-1] == tokCloseEmpty {
				if depth = d.close(depth); depth == 0 {
					return pos, nil
				}
			}
		case tokEndElement:
			if depth == 0 {
				return pos, d.bad(int64(pos), "element", "ends before it begins")
			}
			pos++
			if depth = d.close(depth); depth == 0 {
				return pos, nil
			}
		case tokPITarget, tokPIData:
			if pos, err = d.instruction(pos, end); err != nil {
				return pos, err
			}
		default:
			if depth == 0 {
				return pos, d.bad(int64(pos), "element", "begins with an unknown token")
			}
			if pos, err = d.part(pos, end); err != nil {
				return pos, err
			}
		}
	}
}

// open reads a start tag up to and with the token that closes it.
func (d *Decoder) open(f *frame, pos, end int, outer context, deps bool) (int, error) {
	b := d.base[:end]
	more := b[pos]&tokMore != 0
	p := pos + 1
	dep := uint16(noDependency)
	if deps {
		if p+2 > end {
			return pos, d.bad(int64(pos), "element", "runs past its end")
		}
		dep = le.Uint16(b[p:])
		p += 2
	}
	name, p, err := d.nameAt(p+4, end) // after the size
	if err != nil {
		return pos, err
	}
	*f = frame{start: len(d.steps), skip: -1, slot: noSlot}
	if err := d.enter(f, outer, name); err != nil {
		return pos, err
	}
	if dep != noDependency {
		f.skip = len(d.steps)
		d.steps = append(d.steps, step{op: opSkipNull, arg: dep})
		f.start++
	}
	if more {
		p += 4 // the size of the list
		for p < end && b[p]&^tokMore == tokAttribute {
			if p, err = d.attribute(f, p, end); err != nil {
				return pos, err
			}
		}
	}
	f.parts = len(d.parts)
	if p >= end || b[p] != tokCloseStart && b[p] != tokCloseEmpty {
		return pos, d.bad(int64(min(p, end)), "element", "start tag does not end")
	}
	return p + 1, nil
}

// enter decides what the content of an element becomes (section 7).
func (d *Decoder) enter(f *frame, outer context, name uint32) (err error) {
	text := d.texts[name]
	f.name = name
	switch outer.kind() {
	case ctxRoot:
		if text == "Event" {
			f.ctx = ctxEvent | context(name)
			return nil
		}
		return d.enter(f, ctxEvent, name)
	case ctxEvent:
		switch text {
		case "System":
			f.ctx = ctxSystem | context(name)
		case "EventData":
			f.ctx = ctxEventData | context(name)
		default:
			f.ctx = ctxContainer | context(name)
		}
		return nil
	case ctxSystem:
		f.ctx = ctxField | context(name)
		f.slot = slotOf(text, "")
		f.name, err = d.join(outer.path(), '/', name)
		return err
	case ctxField: // no record was seen to have such an element
		system, err := d.intern([]byte("System"))
		if err == nil {
			system, err = d.join(system, '/', outer.path())
		}
		if err == nil {
			f.name, err = d.join(system, '/', name)
		}
		f.ctx = ctxPath | context(f.name)
		return err
	case ctxEventData:
		if text == "Data" {
			f.ctx, f.name = ctxData|context(name), d.empty
			return nil
		}
		f.ctx = ctxPath | context(name)
		return nil
	}
	if f.name, err = d.join(outer.path(), '/', name); err != nil {
		return err
	}
	f.ctx = ctxPath | context(f.name)
	return nil
}

// attribute compiles one attribute.
func (d *Decoder) attribute(f *frame, pos, end int) (int, error) {
	name, p, err := d.nameAt(pos+1, end)
	if err != nil {
		return pos, err
	}
	first := len(d.parts)
	for p < end && d.base[p] != tokCloseStart && d.base[p] != tokCloseEmpty && d.base[p]&^tokMore != tokAttribute {
		if p, err = d.part(p, end); err != nil {
			return pos, err
		}
	}
	s := step{flags: attribute}
	text := d.texts[name]
	kind := f.ctx.kind()
	switch {
	case text == "xmlns" || strings.HasPrefix(text, "xmlns:"), kind == ctxEvent, kind == ctxSystem, kind == ctxContainer:
		d.parts = d.parts[:first]
		return p, nil
	case kind == ctxData:
		if text != "Name" {
			d.parts = d.parts[:first]
			return p, nil
		}
		return p, d.nameData(f, first)
	case kind == ctxField:
		if s.slot = slotOf(d.texts[f.ctx.path()], text); s.slot != noSlot {
			s.flags |= inSlot
		} else {
			f.attrs = true
			s.name, err = d.join(f.name, '@', name)
		}
	case kind == ctxEventData:
		s.name, err = d.join(d.empty, '@', name)
	default:
		f.attrs = true
		s.name, err = d.join(f.ctx.path(), '@', name)
	}
	if err == nil {
		d.emit(s, first)
	}
	return p, err
}

// nameData uses the Name attribute of a Data element as the name of its pair.
func (d *Decoder) nameData(f *frame, first int) error {
	parts := d.parts[first:]
	if len(parts) == 1 && parts[0].kind == partText {
		p := parts[0]
		d.parts = d.parts[:first]
		id, err := d.intern16(trimNULs(d.base[p.off : p.off+p.n]))
		f.name = id
		return err
	}
	if len(parts) == 0 {
		return nil
	}
	f.dynamic = true
	s := step{op: opMixedName, flags: attribute, off: uint32(first), n: uint32(len(parts))}
	if len(parts) == 1 && parts[0].kind != partChar {
		s = step{op: opName, arg: parts[0].arg}
		d.parts = d.parts[:first]
	}
	d.steps = append(d.steps, s)
	return nil
}

// emit appends the step that stores the parts from first on.
func (d *Decoder) emit(s step, first int) {
	parts := d.parts[first:]
	switch {
	case len(parts) == 0:
		s.op, s.typ = opLiteral, String
	case len(parts) == 1 && parts[0].kind == partText:
		s.op, s.typ, s.off, s.n = opLiteral, String, parts[0].off, parts[0].n
	case len(parts) == 1 && parts[0].kind != partChar:
		s.op, s.arg = opValue, parts[0].arg
	default:
		s.op, s.off, s.n = opMixed, uint32(first), uint32(len(parts))
		d.steps = append(d.steps, s)
		return // the parts stay
	}
	d.parts = d.parts[:first]
	d.steps = append(d.steps, s)
}

// flush turns what is left of the parts of an element with children into steps
// of their own. White space between elements is dropped.
func (d *Decoder) flush(f *frame) {
	parts := d.parts[f.parts:]
	if slices.ContainsFunc(parts, func(p part) bool { return p.kind == partChar }) {
		d.steps = append(d.steps, step{
			op: opMixed, flags: needText, name: f.name, ctx: f.ctx, slot: f.slot, off: uint32(f.parts), n: uint32(len(parts)),
		})
		f.parts = len(d.parts)
		return
	}
	for _, p := range parts {
		if p.kind == partText && isSpace(d.base[p.off:p.off+p.n]) {
			continue
		}
		s := step{flags: needText, name: f.name, ctx: f.ctx, slot: f.slot}
		switch p.kind {
		case partText:
			s.op, s.typ, s.off, s.n = opLiteral, String, p.off, p.n
		default:
			s.op, s.arg = opValue, p.arg
		}
		d.steps = append(d.steps, s)
	}
	d.parts = d.parts[:f.parts]
}

// close ends the innermost element and returns the new depth.
func (d *Decoder) close(depth int) int {
	f := &d.frames[depth-1]
	if f.children {
		d.flush(f)
	} else {
		d.leaf(f)
	}
	if f.skip >= 0 {
		d.steps[f.skip].n = uint32(len(d.steps) - f.skip - 1)
	}
	if depth > 1 {
		d.frames[depth-2].parts = len(d.parts)
	}
	return depth - 1
}

// leaf appends the steps for the content of an element without children.
func (d *Decoder) leaf(f *frame) {
	parts := d.parts[f.parts:]
	s := step{name: f.name, ctx: f.ctx, slot: f.slot, back: uint16(min(len(d.steps)-f.start, 0xFFFF))}
	if f.dynamic {
		s.flags |= dynamic
	}
	switch f.ctx.kind() {
	case ctxEvent, ctxSystem, ctxEventData:
		s.flags |= needText
	case ctxField:
		if f.slot != noSlot {
			s.flags |= inSlot
		} else {
			s.flags |= needText // Correlation often has nothing at all
		}
	case ctxPath:
		if f.attrs {
			s.flags |= needText
		}
	}
	if len(parts) == 0 && s.flags&needText != 0 {
		return
	}
	optional := len(parts) == 1 && parts[0].kind == partOptional && f.skip < 0
	arg := uint16(0)
	if optional {
		arg = parts[0].arg
	}
	if optional && f.start == len(d.steps) {
		s.flags |= omitNull
		optional = false
	}
	d.emit(s, f.parts)
	if optional { // NULL leaves out the attributes, too
		d.steps = append(d.steps, step{})
		copy(d.steps[f.start+1:], d.steps[f.start:])
		d.steps[f.start] = step{op: opSkipNull, arg: arg, n: uint32(len(d.steps) - f.start - 1)}
	}
}

// part reads a piece of text: the content of an element or attribute.
func (d *Decoder) part(pos, end int) (int, error) {
	b := d.base[:end]
	left := end - pos
	switch tok := b[pos] &^ tokMore; {
	case tok == tokText && left >= 4:
		if b[pos+1] != byte(String) {
			return pos, d.bad(int64(pos), "text", "is not a string")
		}
		return d.literal(pos+4, end, int(le.Uint16(b[pos+2:])))
	case tok == tokCDATA && left >= 3:
		return d.literal(pos+3, end, int(le.Uint16(b[pos+1:])))
	case tok == tokCharRef && left >= 3:
		d.parts = append(d.parts, part{kind: partChar, char: charRef(le.Uint16(b[pos+1:]))})
		return pos + 3, nil
	case tok == tokEntityRef:
		name, next, err := d.nameAt(pos+1, end)
		if err != nil {
			return pos, err
		}
		d.parts = append(d.parts, part{kind: partChar, char: entity(d.texts[name])})
		return next, nil
	case (tok == tokSubstitution || tok == tokOptional) && left >= 4:
		kind := partValue
		if tok == tokOptional {
			kind = partOptional
		}
		d.parts = append(d.parts, part{kind: kind, arg: le.Uint16(b[pos+1:])})
		return pos + 4, nil
	case tok == tokText, tok == tokCDATA, tok == tokCharRef, tok == tokSubstitution, tok == tokOptional:
		return pos, d.bad(int64(pos), "text", "runs past its end")
	}
	return pos, d.bad(int64(pos), "element", "holds an unknown token")
}

func (d *Decoder) literal(pos, end, chars int) (int, error) {
	if 2*chars > end-pos {
		return pos, d.bad(int64(pos), "text", "runs past its end")
	}
	d.parts = append(d.parts, part{kind: partText, off: uint32(pos), n: uint32(2 * chars)})
	return pos + 2*chars, nil
}

// instruction skips a processing instruction: it is not part of an event.
func (d *Decoder) instruction(pos, end int) (int, error) {
	if d.base[pos] == tokPITarget {
		_, next, err := d.nameAt(pos+1, end)
		return next, err
	}
	if end-pos < 3 || 2*int(le.Uint16(d.base[pos+1:])) > end-pos-3 {
		return pos, d.bad(int64(pos), "processing instruction", "runs past its end")
	}
	return pos + 3 + 2*int(le.Uint16(d.base[pos+1:])), nil
}

// entity is the character of a predefined entity.
func entity(name string) rune {
	switch name {
	case "amp":
		return '&'
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	return '\uFFFD'
}

// charRef is the character of a reference. 0 and surrogates are not characters.
func charRef(code uint16) rune {
	if code == 0 || code >= 0xD800 && code < 0xE000 {
		return '\uFFFD'
	}
	return rune(code)
}

func isSpace(d []byte) bool {
	for i := 0; i+1 < len(d); i += 2 {
		if u := le.Uint16(d[i:]); u != ' ' && u != '\t' && u != '\r' && u != '\n' && u != 0 {
			return false
		}
	}
	return true
}
