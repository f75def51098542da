package evtx

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendJSON appends the record as a JSON object. Its keys are those of the
// command inspect; fields that the record does not have are left out.
func (r Record) AppendJSON(dst []byte) []byte {
	return append(r.AppendJSONFields(append(dst, '{')), '}')
}

// AppendJSONFields appends the members of the record's JSON object without
// braces, for objects that hold more.
func (r Record) AppendJSONFields(dst []byte) []byte {
	dst = append(dst, `"record_id":`...)
	dst = strconv.AppendUint(dst, r.ID, 10)
	if v := r.slot(slotCreated); v.Type != Null {
		if ft, ok := v.FileTime(); ok {
			dst = append(dst, `,"filetime":`...)
			dst = strconv.AppendUint(dst, ft, 10)
			dst = append(dst, `,"time":"`...)
			dst = append(appendFileTime(dst, ft), '"')
		} else {
			dst = r.jsonText(dst, `,"time":`, slotCreated)
		}
	}
	dst = append(dst, `,"written":`...)
	dst = strconv.AppendUint(dst, r.Written, 10)
	dst = append(dst, `,"offset":`...)
	dst = strconv.AppendInt(dst, r.Offset, 10)
	dst = append(dst, `,"chunk":`...)
	dst = strconv.AppendInt(dst, int64(r.Chunk), 10)
	dst = append(dst, `,"chunk_offset":`...)
	dst = strconv.AppendInt(dst, int64(r.ChunkOffset), 10)
	if r.State != Allocated {
		dst = append(dst, `,"state":"`...)
		dst = append(append(dst, r.State.String()...), '"')
	}
	if r.Borrowed {
		dst = append(dst, `,"borrowed":true`...)
	}
	if r.d == nil {
		return dst
	}
	for i := range jsonFields {
		f := &jsonFields[i]
		switch {
		case r.d.slots[f.slot].typ == Null:
		case f.number:
			dst = r.jsonNumber(dst, f.key, f.slot)
		default:
			dst = r.jsonText(dst, f.key, f.slot)
		}
	}
	dst = append(dst, `,"data":`...)
	return r.AppendDataJSON(dst)
}

// Fields calls yield for each field of System that the record has, but for the
// time, under the key of [Record.AppendJSON], until it returns false. number
// reports whether JSON writes the field as a number.
func (r Record) Fields(yield func(key string, v Value, number bool) bool) {
	for i := range jsonFields {
		f := &jsonFields[i]
		if v := r.slot(f.slot); v.Type != Null && !yield(f.key[2:len(f.key)-2], v, f.number) {
			return
		}
	}
}

var jsonFields = [...]struct {
	key    string
	slot   slot
	number bool
}{
	{`,"provider":`, slotProvider, false},
	{`,"provider_guid":`, slotGUID, false},
	{`,"event_source":`, slotSource, false},
	{`,"event_id":`, slotEventID, true},
	{`,"qualifiers":`, slotQualifiers, true},
	{`,"version":`, slotVersion, true},
	{`,"level":`, slotLevel, true},
	{`,"task":`, slotTask, true},
	{`,"opcode":`, slotOpcode, true},
	{`,"keywords":`, slotKeywords, false},
	{`,"channel":`, slotChannel, false},
	{`,"computer":`, slotComputer, false},
	{`,"user_sid":`, slotUser, false},
	{`,"process_id":`, slotProcess, true},
	{`,"thread_id":`, slotThread, true},
	{`,"processor_id":`, slotProcessor, true},
	{`,"session_id":`, slotSession, true},
	{`,"kernel_time":`, slotKernelTime, true},
	{`,"user_time":`, slotUserTime, true},
	{`,"processor_time":`, slotProcessorTime, true},
	{`,"activity_id":`, slotActivity, false},
	{`,"related_activity_id":`, slotRelated, false},
}

// jsonText writes a text. That of the record before is used again when it is
// the same literal of a template.
func (r Record) jsonText(dst []byte, key string, s slot) []byte {
	d := r.d
	v, known := d.slots[s], &d.known[s]
	if known.v == v && int(v.off+v.n) <= d.n {
		return append(dst, known.text...)
	}
	at := len(dst)
	dst = append(append(dst, key...), '"')
	dst = append(d.value(v).appendJSON(dst), '"')
	known.v, known.text = v, append(known.text[:0], dst[at:]...)
	return dst
}

// A knownText is a System field of the record before, as JSON.
type knownText struct {
	v    ref
	text []byte
}

// jsonNumber writes a number. Text that is not one, as a record without
// template may hold, stays text.
func (r Record) jsonNumber(dst []byte, key string, s slot) []byte {
	n, ok := r.slot(s).Uint()
	if !ok {
		return r.jsonText(dst, key, s)
	}
	return strconv.AppendUint(append(dst, key...), n, 10)
}

// AppendDataJSON appends the pairs as a JSON list of lists of two strings.
func (r Record) AppendDataJSON(dst []byte) []byte {
	d := r.d
	dst = append(dst, '[')
	for i := range r.Len() {
		p := &d.pairs[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, d.quotedName(p.name)...)
		dst = d.value(p.v).appendJSON(dst)
		dst = append(dst, '"', ']')
	}
	return append(dst, ']')
}

// quotedName returns what comes before the value of a pair of the name.
func (d *Decoder) quotedName(id uint32) string {
	if int(id) < len(d.quoted) && d.quoted[id] != "" {
		return d.quoted[id]
	}
	for len(d.quoted) < len(d.texts) {
		d.quoted = append(d.quoted, "")
	}
	d.quoted[id] = string(append(appendJSONText([]byte(`["`), d.texts[id]), `","`...))
	return d.quoted[id]
}

// appendJSON appends the value as text within the quotes of a JSON string.
func (v Value) appendJSON(dst []byte) []byte {
	switch v.Type {
	case String:
		return appendJSON16(dst, trimNULs(v.Data))
	case ANSI, UTF8, String | Array, ANSI | Array:
		at := len(dst)
		dst = v.Append(dst)
		if plainJSON(dst[at:]) {
			return dst
		}
		return appendJSONText(dst[:at], string(dst[at:]))
	}
	return v.Append(dst) // the text of all other types is plain ASCII
}

// A jsonEscape is what a byte below 0x80 needs in JSON: 0 nothing, 'u' a
// number, otherwise the letter after the backslash.
var jsonEscape = func() (t [utf8.RuneSelf]byte) {
	for c := range 0x20 {
		t[c] = 'u'
	}
	t[0x7F] = 'u'
	t['\b'], t['\t'], t['\n'], t['\f'], t['\r'] = 'b', 't', 'n', 'f', 'r'
	t['"'], t['\\'] = '"', '\\'
	return t
}()

func plainJSON(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf || jsonEscape[c] != 0 {
			return false
		}
	}
	return true
}

func appendJSONText(dst []byte, s string) []byte {
	start := 0
	for i, c := range s {
		switch {
		case c < utf8.RuneSelf && jsonEscape[c] == 0, c >= 0xA0 && c != 0x2028 && c != 0x2029:
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendJSONRune(dst, c)
		start = i + utf8.RuneLen(c)
	}
	return append(dst, s[start:]...)
}

// appendJSONRune appends one character. Control characters are escaped, those
// of 8-bit terminals and the line separators too.
func appendJSONRune(dst []byte, c rune) []byte {
	switch {
	case c < utf8.RuneSelf:
		switch e := jsonEscape[c]; e {
		case 0:
			return append(dst, byte(c))
		case 'u':
		default:
			return append(dst, '\\', e)
		}
	case c >= 0xA0 && c != 0x2028 && c != 0x2029:
		return utf8.AppendRune(dst, c)
	}
	return appendJSONUnit(dst, uint16(c))
}

func appendJSONUnit(dst []byte, u uint16) []byte {
	const lower = "0123456789abcdef"
	return append(dst, '\\', 'u', lower[u>>12], lower[u>>8&15], lower[u>>4&15], lower[u&15])
}

// Four UTF-16 units at once: x | high has the top bit of each 16-bit lane set,
// and subtracting from it clears the bit of the lanes that are too small.
const (
	laneHigh  = 0x8000800080008000
	laneOne   = 0x0001000100010001
	laneSpace = 0x0020 * laneOne
	laneQuote = '"' * laneOne
	laneSlash = '\\' * laneOne
	laneDel   = 0x7F * laneOne
)

// appendJSON16 appends UTF-16 text within the quotes of a JSON string. Unpaired
// surrogates are escaped by their number.
func appendJSON16(dst, d []byte) []byte {
	for {
		for len(d) >= 8 {
			x := le.Uint64(d)
			plain := ((x | laneHigh) - laneSpace) & ((x ^ laneQuote | laneHigh) - laneOne) & ((x ^ laneSlash | laneHigh) - laneOne) &
				((x ^ laneDel | laneHigh) - laneOne)
			if x&asciiMask != 0 || plain&laneHigh != laneHigh {
				break
			}
			dst = append(dst, byte(x), byte(x>>16), byte(x>>32), byte(x>>48))
			d = d[8:]
		}
		for range 4 {
			if len(d) < 2 {
				return dst
			}
			u := rune(le.Uint16(d))
			r, n := decodeUnit(d, u)
			if n == 2 && utf16.IsSurrogate(u) {
				dst = appendJSONUnit(dst, uint16(u))
			} else {
				dst = appendJSONRune(dst, r)
			}
			d = d[n:]
		}
	}
}
