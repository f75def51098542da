package evtx

import "unicode/utf8"

// maxXML bounds the XML text of a record.
const maxXML = 8 << 20

// XML returns the record as XML text, as current Windows exports it.
func (r Record) XML() (string, error) {
	b, err := r.AppendXML(nil)
	return string(b), err
}

// AppendXML appends the record as XML text: attributes in single quotes, an
// empty element as its tags are stored, GUIDs in lower case, times with seven
// digits. So do Windows 10 2004 and later; older ones write GUIDs in upper case
// and nine digits. Characters that XML cannot hold become U+FFFD. Of a record
// whose template is lost the text is made from what could be read.
func (r Record) AppendXML(dst []byte) ([]byte, error) {
	d := r.d
	if d == nil || r.Size < recordMin || r.ChunkOffset+r.Size > d.n {
		return dst, nil
	}
	if r.State == Partial || r.State == Hidden && d.partial {
		return r.appendPartialXML(dst), nil
	}
	w := xmlWriter{d: d, b: dst, start: len(dst)}
	d.vals = d.vals[:0]
	_, err := w.fragment(r.ChunkOffset+recordData, r.ChunkOffset+r.Size-4)
	d.vals = d.vals[:0]
	return w.b, err
}

// An xmlWriter walks the tokens of a record and writes them.
type xmlWriter struct {
	d       *Decoder
	b       []byte
	start   int
	nesting int
	work    int
	open    []xmlFrame
}

// An xmlFrame is an element whose end tag is to be written.
type xmlFrame struct {
	name  uint32
	start int // of the element in the output
	skip  bool
}

func (w *xmlWriter) bad(at int, problem string) error { return w.d.bad(int64(at), "XML", problem) }

func (w *xmlWriter) fragment(pos, end int) (int, error) {
	if w.nesting == maxNesting {
		return pos, w.bad(pos, "is nested too deeply")
	}
	w.nesting++
	defer func() { w.nesting-- }()
	for pos < end {
		if w.work++; w.work > maxWork {
			return pos, w.bad(pos, "needs too many steps")
		}
		var err error
		switch tok := w.d.base[pos]; tok &^ tokMore {
		case tokEnd:
			return pos + 1, nil
		case tokFragment:
			pos += 4
		case tokTemplate:
			pos, err = w.instance(pos, end)
		case tokOpen:
			pos, err = w.element(pos, end, false, 0, 0)
		case tokPITarget, tokPIData:
			pos, err = w.instruction(pos, end)
		default:
			err = w.bad(pos, "holds an unknown token")
		}
		if err != nil {
			return pos, err
		}
	}
	return pos, nil
}

func (w *xmlWriter) instance(pos, end int) (int, error) {
	d := w.d
	if pos+10 > end {
		return pos, w.bad(pos, "runs past its end")
	}
	off, p := le.Uint32(d.base[pos+6:]), pos+10
	if int64(off)+templateTokens > int64(d.n) || int64(le.Uint32(d.base[off+templateLength:])) > int64(d.n)-int64(off)-templateTokens {
		return pos, w.bad(pos, "template lies outside of the chunk")
	}
	tokens := int(off) + templateTokens
	last := tokens + int(le.Uint32(d.base[off+templateLength:]))
	if int(off) == p {
		if p = last; p > end {
			return pos, w.bad(pos, "template runs past its record")
		}
	}
	first, n, p, err := d.values(p, end)
	if err != nil {
		return pos, err
	}
	for tokens < last && err == nil {
		switch d.base[tokens] &^ tokMore {
		case tokEnd:
			tokens = last
		case tokFragment:
			tokens += 4
		case tokOpen:
			tokens, err = w.element(tokens, last, true, first, n)
		case tokPITarget, tokPIData:
			tokens, err = w.instruction(tokens, last)
		default:
			err = w.bad(tokens, "holds an unknown token")
		}
	}
	d.vals = d.vals[:first]
	return p, err
}

// element writes the element at pos and all it contains.
func (w *xmlWriter) element(pos, end int, deps bool, vals, n int) (int, error) {
	base := len(w.open)
	var err error
	for {
		if pos >= end {
			return pos, w.bad(pos, "runs past its end")
		}
		if w.work++; w.work > maxWork {
			return pos, w.bad(pos, "needs too many steps")
		}
		if len(w.b)-w.start > maxXML {
			return pos, w.bad(pos, "is too long")
		}
		switch tok := w.d.base[pos]; tok &^ tokMore {
		case tokOpen:
			if len(w.open)-base == maxDepth {
				return pos, w.bad(pos, "is nested too deeply")
			}
			pos, err = w.tag(pos, end, deps, vals, n)
		case tokEndElement:
			pos++
			w.endTag()
		case tokPITarget, tokPIData:
			pos, err = w.instruction(pos, end)
		default:
			pos, err = w.text(pos, end, vals, n, false)
		}
		if err != nil {
			w.open = w.open[:min(base, len(w.open))]
			return pos, err
		}
		if len(w.open) <= base {
			return pos, nil
		}
	}
}

func (w *xmlWriter) endTag() {
	if len(w.open) == 0 {
		return
	}
	f := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	if f.skip {
		w.b = w.b[:f.start]
		return
	}
	w.b = append(append(append(w.b, '<', '/'), w.d.texts[f.name]...), '>')
}

// tag writes a start tag, and all of an element that is empty or holds an array
// alone.
func (w *xmlWriter) tag(pos, end int, deps bool, vals, n int) (int, error) {
	d := w.d
	f := xmlFrame{start: len(w.b)}
	if pos+3 > end {
		return pos, w.bad(pos, "runs past its end")
	}
	more := d.base[pos]&tokMore != 0
	p := pos + 1
	dep := noDependency
	if deps {
		dep = int(le.Uint16(d.base[p:]))
		f.skip = dep < n && d.vals[vals+dep].typ == Null
		p += 2
	}
	var err error
	if f.name, p, err = d.nameAt(p+4, end); err != nil {
		return pos, err
	}
	w.b = append(append(w.b, '<'), d.texts[f.name]...)
	if more {
		p += 4
		for p < end && d.base[p]&^tokMore == tokAttribute {
			if p, err = w.attribute(p, end, vals, n); err != nil {
				return pos, err
			}
		}
	}
	if p >= end || d.base[p] != tokCloseStart && d.base[p] != tokCloseEmpty {
		return pos, w.bad(min(p, end), "start tag does not end")
	}
	if d.base[p] == tokCloseEmpty {
		if w.b = append(w.b, '/', '>'); f.skip {
			w.b = w.b[:f.start]
		}
		return p + 1, nil
	}
	p++
	w.b = append(w.b, '>')
	if !f.skip && w.alone(f, p, end, dep == noDependency, vals, n) {
		return p + 5, nil
	}
	w.open = append(w.open, f)
	return p, nil
}

// alone writes an element whose only content is a value, when that is an array
// or an absent optional one. It reports whether it did.
func (w *xmlWriter) alone(f xmlFrame, p, end int, free bool, vals, n int) bool {
	d := w.d
	tok := byte(0)
	if p+4 < end && d.base[p+4] == tokEndElement {
		tok = d.base[p] &^ tokMore
	}
	if tok != tokSubstitution && tok != tokOptional {
		return false
	}
	var v ref
	if i := int(le.Uint16(d.base[p+1:])); i < n {
		v = d.vals[vals+i]
	}
	switch {
	case tok == tokOptional && v.typ == Null && free:
		w.b = w.b[:f.start]
	case v.typ&Array != 0 && v.n > 0:
		w.array(f, v)
	default:
		return false
	}
	return true
}

// array writes the element that was begun once for each item.
func (w *xmlWriter) array(f xmlFrame, v ref) {
	start, first := w.b[f.start:], true
	w.d.value(v).items(func(item Value) bool {
		if !first {
			w.b = append(w.b, start...)
		}
		first = false
		w.value(item, false)
		w.b = append(append(append(w.b, '<', '/'), w.d.texts[f.name]...), '>')
		return len(w.b)-w.start <= maxXML
	})
}

func (w *xmlWriter) attribute(pos, end, vals, n int) (int, error) {
	d := w.d
	name, p, err := d.nameAt(pos+1, end)
	if err != nil {
		return pos, err
	}
	start := len(w.b)
	w.b = append(append(append(w.b, ' '), d.texts[name]...), '=', '\'')
	parts, null := 0, false
	for p < end && d.base[p] != tokCloseStart && d.base[p] != tokCloseEmpty && d.base[p]&^tokMore != tokAttribute {
		if tok := d.base[p] &^ tokMore; (tok == tokSubstitution || tok == tokOptional) && end-p >= 4 {
			i := int(le.Uint16(d.base[p+1:]))
			null = i >= n || d.vals[vals+i].typ == Null
		}
		parts++
		if p, err = w.text(p, end, vals, n, true); err != nil {
			return pos, err
		}
	}
	w.b = append(w.b, '\'')
	if parts == 1 && null {
		w.b = w.b[:start]
	}
	return p, nil
}

// text writes a piece of the content of an element or attribute.
func (w *xmlWriter) text(pos, end, vals, n int, attr bool) (int, error) {
	d := w.d
	parts := len(d.parts)
	next, err := d.part(pos, end)
	if err != nil {
		return pos, err
	}
	p := d.parts[parts]
	d.parts = d.parts[:parts]
	switch p.kind {
	case partText:
		if d.base[pos]&^tokMore == tokCDATA {
			w.b = append(w.b, "<![CDATA["...)
			w.b = appendUTF16(w.b, d.base[p.off:p.off+p.n])
			w.b = append(w.b, "]]>"...)
			return next, nil
		}
		w.value(Value{d.base[p.off : p.off+p.n], String}, attr)
	case partChar:
		w.b = appendXMLRune(w.b, p.char, attr)
	default:
		if int(p.arg) >= n {
			return next, nil
		}
		v := d.vals[vals+int(p.arg)]
		if v.typ == Fragment && !attr {
			_, err := w.fragment(int(v.off), int(v.off+v.n))
			return next, err
		}
		w.value(d.value(v), attr)
	}
	return next, nil
}

func (w *xmlWriter) instruction(pos, end int) (int, error) {
	d := w.d
	next, err := d.instruction(pos, end)
	if err != nil {
		return next, err
	}
	if d.base[pos] == tokPITarget {
		name, _, err := d.nameAt(pos+1, end)
		if err != nil {
			return next, err
		}
		w.b = append(append(w.b, "<?"...), d.texts[name]...)
		return next, nil
	}
	w.b = append(w.b, ' ')
	w.b = appendUTF16(w.b, d.base[pos+3:next])
	w.b = append(w.b, "?>"...)
	return next, nil
}

// value writes the text of a value.
func (w *xmlWriter) value(v Value, attr bool) {
	at := len(w.b)
	w.b = v.Append(w.b)
	if v.Type == GUID {
		for i, c := range w.b[at:] {
			if c >= 'A' && c <= 'F' {
				w.b[at+i] = c | 0x20
			}
		}
		return
	}
	if plainXML(w.b[at:]) {
		return
	}
	w.d.out = append(w.d.out[:0], w.b[at:]...)
	w.b = w.b[:at]
	for s := w.d.out; len(s) > 0; {
		r, n := utf8.DecodeRune(s)
		w.b = appendXMLRune(w.b, r, attr)
		s = s[n:]
	}
}

func plainXML(s []byte) bool {
	for _, c := range s {
		if c < 0x20 || c >= utf8.RuneSelf || c == '&' || c == '<' || c == '>' || c == '\'' {
			return false
		}
	}
	return true
}

// appendXMLRune appends a character, escaped where XML needs it. Windows leaves
// quotation marks in the text of elements as they are.
func appendXMLRune(dst []byte, r rune, attr bool) []byte {
	switch {
	case r == '&':
		return append(dst, "&amp;"...)
	case r == '<':
		return append(dst, "&lt;"...)
	case r == '>':
		return append(dst, "&gt;"...)
	case r == '\'' && attr:
		return append(dst, "&apos;"...)
	case r < 0x20 && r != '\t' && r != '\n' && r != '\r', r == 0xFFFE, r == 0xFFFF:
		r = utf8.RuneError
	}
	return utf8.AppendRune(dst, r)
}

// appendPartialXML writes the fields and pairs that recovery found.
func (r Record) appendPartialXML(dst []byte) []byte {
	d := r.d
	w := xmlWriter{d: d, b: dst, start: len(dst)}
	text := func(before string, s slot, attr bool, after string) {
		if d.slots[s].typ != Null {
			w.b = append(w.b, before...)
			w.value(r.slot(s), attr)
			w.b = append(w.b, after...)
		}
	}
	w.b = append(w.b, "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider"...)
	text(" Name='", slotProvider, true, "'")
	text(" Guid='", slotGUID, true, "'")
	w.b = append(w.b, "/><EventID"...)
	text(" Qualifiers='", slotQualifiers, true, "'")
	w.b = append(w.b, '>')
	text("", slotEventID, false, "")
	w.b = append(w.b, "</EventID>"...)
	text("<Version>", slotVersion, false, "</Version>")
	text("<Level>", slotLevel, false, "</Level>")
	text("<Task>", slotTask, false, "</Task>")
	text("<Opcode>", slotOpcode, false, "</Opcode>")
	text("<Keywords>", slotKeywords, false, "</Keywords>")
	text("<TimeCreated SystemTime='", slotCreated, true, "'/>")
	text("<EventRecordID>", slotRecordID, false, "</EventRecordID>")
	w.b = append(w.b, "<Correlation"...)
	text(" ActivityID='", slotActivity, true, "'")
	text(" RelatedActivityID='", slotRelated, true, "'")
	w.b = append(w.b, "/><Execution"...)
	text(" ProcessID='", slotProcess, true, "'")
	text(" ThreadID='", slotThread, true, "'")
	w.b = append(w.b, "/>"...)
	text("<Channel>", slotChannel, false, "</Channel>")
	text("<Computer>", slotComputer, false, "</Computer>")
	w.b = append(w.b, "<Security"...)
	text(" UserID='", slotUser, true, "'")
	w.b = append(w.b, "/></System><EventData>"...)
	for i := range d.pairs {
		p := &d.pairs[i]
		w.b = append(w.b, "<Data"...)
		if p.name != d.empty {
			w.b = append(w.b, " Name='"...)
			w.value(Value{[]byte(d.texts[p.name]), UTF8}, true)
			w.b = append(w.b, '\'')
		}
		w.b = append(w.b, '>')
		w.value(d.value(p.v), false)
		w.b = append(w.b, "</Data>"...)
	}
	return append(w.b, "</EventData></Event>"...)
}
