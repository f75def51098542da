package output

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/internal/jsontext"
)

type jsonEvents struct {
	w *bufio.Writer
	b []byte
}

func newJSONEvents(w io.Writer, _ *Options) EventWriter {
	return &jsonEvents{w: bufio.NewWriterSize(w, 64<<10)}
}

// Event writes one object. The keys and their order are an interface: new
// ones are added at the end.
func (j *jsonEvents) Event(r *Row) error {
	o := object{b: append(j.b[:0], '{')}
	o.str("datetime", r.Datetime())
	o.int("timestamp", r.Time.UnixMicro())
	o.int("filetime", wire.FileTime(r.Time))
	o.str("timestamp_desc", r.Kind)
	o.str("message", r.Message)
	o.str("data_type", r.DataType)
	o.str("parser", r.Parser)
	o.str("hostname", r.Host)
	o.str("username", r.User)
	o.str("user_sid", r.SID)
	o.str("source_file", r.Source)
	o.str("source_sha256", r.SHA256)
	o.str("snapshot", r.Snapshot)
	o.str("path", r.Path)
	o.str("executable", r.Executable)
	o.str("key_path", r.Key)
	o.str("value_name", r.Value)
	o.strs("tag", r.Tags)
	o.str("confidence", string(r.Proof))
	o.str("id", r.ID)
	o.int("offset", r.Offset)
	o.str("state", string(r.State))
	o.key("extra")
	x := object{b: append(o.b, '{')}
	for k, v := range r.fields {
		x.str(k, v)
	}
	o.b = append(x.b, '}')
	o.str("record_id", r.RecordID)
	o.str("level", r.Level)
	o.strs("rules", r.Rules)
	o.strs("finding_ids", r.FindingIDs)
	o.opt("time_kind", r.TimeKind)
	o.opt("session", r.Session)
	r.eventKeys(&o)
	o.opt("program_id", r.ProgramID)
	o.opt("start_id", r.StartID)
	o.opt("window", r.Window)
	j.b = append(o.b, "}\n"...)
	_, err := j.w.Write(j.b)
	return err
}

func (j *jsonEvents) Close() error { return j.w.Flush() }

type jsonRecords struct {
	w io.Writer
	b []byte
}

func newJSONRecords(w io.Writer, _ *Options) RecordWriter { return &jsonRecords{w: w} }

// Record writes one object: where the record comes from, then the artifact's
// own fields under "data".
func (j *jsonRecords) Record(r *artifacts.Record) error {
	o := object{b: append(j.b[:0], '{')}
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
		o.strs("tag", tags)
	}
	if local := artifacts.LocalTimes(r.Data); len(local) > 0 {
		o.strs("local_times", local)
	}
	o.key("data")
	if err := (*jsonBuffer)(&o.b).encode(r.Data); err != nil {
		return err
	}
	o.b = append(o.b, "}\n"...)
	if cap(o.b) <= 1<<20 { // a rare large record is not kept
		j.b = o.b
	}
	_, err := j.w.Write(o.b)
	return err
}

func (j *jsonRecords) Close() error { return nil }

// Marshal encodes v as JSON the way all our outputs do: nothing is escaped for
// HTML, characters that could move a terminal's cursor are.
func Marshal(v any) ([]byte, error) {
	var b jsonBuffer
	if err := b.encode(v); err != nil {
		return nil, err
	}
	return b, nil
}

// WriteJSON writes v as one line of JSON, see [Marshal].
func WriteJSON(w io.Writer, v any) error {
	b, err := Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

type jsonBuffer []byte

// encode appends v as [Marshal] encodes it.
func (b *jsonBuffer) encode(v any) error {
	start := len(*b)
	out, err := jsontext.Append(*b, v)
	if err != nil {
		return err
	}
	*b = append(out[:start], escapeC1(out[start:])...)
	return nil
}

// escapeC1 rewrites DEL, the C1 controls, and what changes the direction of
// writing: JSON allows them as they are, but some terminals obey.
func escapeC1(b []byte) []byte {
	special := func(r rune) bool { return r >= 0x7F && r < 0xA0 || turns(r) }
	if plain(b) || !bytes.ContainsFunc(b, special) {
		return b
	}
	out := make([]byte, 0, len(b)+16)
	for _, r := range string(b) {
		if special(r) {
			out = append(out, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// plain reports whether b is ASCII without DEL.
func plain(b []byte) bool {
	for len(b) >= 8 {
		// A byte that is 0x7F or more has its high bit set, or gets it by adding 1.
		if x := binary.LittleEndian.Uint64(b); (x|(x+0x0101_0101_0101_0101))&0x8080_8080_8080_8080 != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x7F {
			return false
		}
	}
	return true
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

// opt writes a text unless it is empty.
func (o *object) opt(k, v string) {
	if v != "" {
		o.str(k, v)
	}
}

// sub writes an object under a key.
func (o *object) sub(k string, fill func(*object)) {
	o.key(k)
	x := object{b: append(o.b, '{')}
	fill(&x)
	o.b = append(x.b, '}')
}

func (o *object) strs(k string, vs []string) {
	o.key(k)
	o.b = append(o.b, '[')
	for i, v := range vs {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendQuoted(o.b, v)
	}
	o.b = append(o.b, ']')
}

func (o *object) int(k string, v int64) {
	o.key(k)
	o.b = strconv.AppendInt(o.b, v, 10)
}

// turns reports whether the character ends a line or changes the direction of
// writing (Unicode Bidirectional Algorithm, explicit formatting characters).
func turns(r rune) bool {
	return r == 0x2028 || r == 0x2029 || r == 0x200E || r == 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// asIs marks the bytes that a JSON string holds as they are.
var asIs = func() (t [256]bool) {
	for c := 0x20; c < 0x7F; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendQuoted appends s as a JSON string. Control characters, the C1 ones
// and DEL among them, line and paragraph separators, and bytes that are not
// UTF-8 are escaped.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if asIs[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			switch {
			case r == utf8.RuneError && n == 1:
				b = append(append(b, s[start:i]...), `\ufffd`...)
			case r < 0xA0, turns(r):
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
