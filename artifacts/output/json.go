package output

import (
	"encoding/json"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
)

type jsonEvents struct {
	w   io.Writer
	b   []byte
	row row
}

func newJSONEvents(w io.Writer) EventWriter { return &jsonEvents{w: w} }

// Event writes one object. The keys and their order are an interface: new
// ones are added at the end.
func (j *jsonEvents) Event(e *artifacts.Event) error {
	r := &j.row
	r.set(e)
	o := object{b: append(j.b[:0], '{')}
	o.str("datetime", r.datetime)
	o.int("timestamp", r.micros)
	o.int("filetime", r.filetime)
	o.str("timestamp_desc", r.desc)
	o.str("message", r.message)
	o.str("data_type", r.dataType)
	o.str("parser", r.parser)
	o.str("hostname", r.hostname)
	o.str("username", r.username)
	o.str("user_sid", r.sid)
	o.str("source_file", r.sourceFile)
	o.str("source_sha256", r.sha256)
	o.str("snapshot", r.snapshot)
	o.str("path", r.path)
	o.str("executable", r.executable)
	o.str("key_path", r.keyPath)
	o.str("value_name", r.valueName)
	o.key("tag")
	o.b = append(o.b, '[')
	for i, t := range r.tags {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendQuoted(o.b, t)
	}
	o.b = append(o.b, ']')
	o.str("confidence", r.confidence)
	o.str("id", r.id)
	o.int("offset", r.offset)
	o.str("state", r.state)
	o.key("extra")
	x := object{b: append(o.b, '{')}
	for i, f := range r.extra {
		if !named(r.extra[:i], f.Name) {
			x.str(f.Name, f.Value)
		}
	}
	j.b = append(x.b, "}}\n"...)
	_, err := j.w.Write(j.b)
	return err
}

// named reports whether a field of this name came before: an object has one.
func named(fs []artifacts.Field, name string) bool {
	for _, f := range fs {
		if f.Name == name {
			return true
		}
	}
	return false
}

func (j *jsonEvents) Close() error { return nil }

type jsonRecords struct{ w io.Writer }

func newJSONRecords(w io.Writer) RecordWriter { return &jsonRecords{w} }

// Record writes one object: where the record comes from, then the artifact's
// own fields under "data".
func (j *jsonRecords) Record(r *artifacts.Record) error {
	o := object{b: []byte{'{'}}
	o.str("artifact", r.Artifact.Name)
	o.str("id", r.ID)
	o.str("hostname", r.Host)
	o.str("username", r.User.Name)
	o.str("user_sid", r.User.SID)
	o.str("source_file", r.From.Path)
	o.str("source_sha256", r.From.SHA256)
	o.str("snapshot", r.From.Snapshot)
	o.str("key_path", r.From.Key)
	o.str("value_name", r.From.Value)
	o.int("offset", r.From.Offset)
	o.str("state", string(r.From.State))
	if r.From.Note != "" {
		o.str("state_note", r.From.Note)
	}
	o.str("proves", string(r.Proof()))
	if tags := r.Tags(); len(tags) > 0 {
		o.key("tag")
		b, err := Marshal(tags)
		if err != nil {
			return err
		}
		o.b = append(o.b, b...)
	}
	o.key("data")
	b, err := Marshal(r.Data)
	if err != nil {
		return err
	}
	o.b = append(append(o.b, b...), "}\n"...)
	_, err = j.w.Write(o.b)
	return err
}

func (j *jsonRecords) Close() error { return nil }

// Marshal encodes v as JSON the way all our outputs do: nothing is escaped for
// HTML, characters that could move a terminal's cursor are.
func Marshal(v any) ([]byte, error) {
	var b jsonBuffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	out := b[:len(b)-1] // Encode ends with a line feed
	return escapeC1(out), nil
}

type jsonBuffer []byte

func (b *jsonBuffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

// escapeC1 rewrites DEL and the C1 controls, which JSON allows as they are but
// some terminals obey.
func escapeC1(b []byte) []byte {
	clean := true
	for i, c := range b {
		if c == 0x7F || c == 0xC2 && i+1 < len(b) && b[i+1] < 0xA0 {
			clean = false
			break
		}
	}
	if clean {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	for i := 0; i < len(b); i++ {
		switch {
		case b[i] == 0x7F:
			out = append(out, `\u007f`...)
		case b[i] == 0xC2 && i+1 < len(b) && b[i+1] < 0xA0:
			out = append(out, `\u00`...)
			out = append(out, hexDigits[b[i+1]>>4], hexDigits[b[i+1]&15])
			i++
		default:
			out = append(out, b[i])
		}
	}
	return out
}

const hexDigits = "0123456789abcdef"

// An object is a JSON object being appended.
type object struct {
	b    []byte
	more bool
}

func (o *object) key(k string) {
	if o.more {
		o.b = append(o.b, ',')
	}
	o.more = true
	o.b = append(appendQuoted(o.b, k), ':')
}

func (o *object) str(k, v string) {
	o.key(k)
	o.b = appendQuoted(o.b, v)
}

func (o *object) int(k string, v int64) {
	o.key(k)
	o.b = strconv.AppendInt(o.b, v, 10)
}

// appendQuoted appends s as a JSON string. Control characters, the C1 ones
// and DEL among them, line and paragraph separators, and bytes that are not
// UTF-8 are escaped.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < 0x7F && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && n == 1:
				b = append(append(b, s[start:i]...), `\ufffd`...)
			case r < 0xA0, r == 0x2028, r == 0x2029:
				b = append(append(b, s[start:i]...), `\u`...)
				b = append(b, hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			default:
				i += n
				continue
			}
			i += n
			start = i
			continue
		}
		b = append(b, s[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
