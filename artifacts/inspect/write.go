package inspect

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// AppendJSON appends the row as one JSON object on one line.
func (r *Row) AppendJSON(b []byte, path string) []byte {
	b = append(b, `{"kind":`...)
	b = appendValue(b, r.Kind)
	b = append(b, `,"path":`...)
	b = appendValue(b, path)
	b = append(b, `,"offset":`...)
	b = strconv.AppendInt(b, r.Offset, 10)
	if r.State != "" {
		b = append(b, `,"state":`...)
		b = appendValue(b, r.State)
	}
	if r.Damage != "" {
		b = append(b, `,"damage":`...)
		b = appendValue(b, r.Damage)
	}
	for _, f := range r.Fields {
		if f.Value == nil {
			continue
		}
		b = append(b, ',')
		b = appendValue(b, f.Name)
		b = append(b, ':')
		b = appendValue(b, f.Value)
	}
	return append(b, '}', '\n')
}

// timeLayout writes the 100 ns that Windows keeps.
const timeLayout = "2006-01-02T15:04:05.0000000Z"

// appendValue appends a value as JSON. Times have seven digits, bytes are
// hexadecimal.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case json.RawMessage:
		return append(b, v...)
	case time.Time:
		b = append(b, '"')
		b = v.UTC().AppendFormat(b, timeLayout)
		return append(b, '"')
	case []byte:
		b = append(b, '"')
		b = hex.AppendEncode(b, v)
		return append(b, '"')
	case bool:
		return strconv.AppendBool(b, v)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case uint32:
		return strconv.AppendUint(b, uint64(v), 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	}
	var w strings.Builder
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return append(b, "null"...)
	}
	return append(b, strings.TrimSuffix(w.String(), "\n")...)
}

// AppendText appends the row for people: its offset, state and damage on one
// line, then each field on a line of its own.
func (r *Row) AppendText(b []byte) []byte {
	b = fmt.Appendf(b, "%s at %#x", r.Kind, r.Offset)
	if r.State != "" {
		b = append(b, " ("+r.State+")"...)
	}
	if r.Damage != "" {
		b = append(b, " damaged: "...)
		b = append(b, clean(r.Damage)...)
	}
	b = append(b, '\n')
	for _, f := range r.Fields {
		if s, ok := textOf(f.Value); ok {
			b = append(b, "  "...)
			b = append(b, f.Name...)
			b = append(b, ": "...)
			b = append(b, clean(s)...)
			b = append(b, '\n')
		}
	}
	return b
}

// textOf writes a value for people; empty ones are left out.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, v != ""
	case time.Time:
		return v.UTC().Format(timeLayout), !v.IsZero()
	case []byte:
		return hex.EncodeToString(v), len(v) > 0
	case []string:
		return strings.Join(v, "; "), len(v) > 0
	case bool, int, int64, uint32, uint64:
		return fmt.Sprint(v), true
	}
	if rv := reflect.ValueOf(v); (rv.Kind() == reflect.Slice || rv.Kind() == reflect.Map) && rv.Len() == 0 {
		return "", false
	}
	return string(appendValue(nil, v)), true
}

// clean escapes control characters, which evidence can use to deceive a
// terminal.
func clean(s string) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	return r < ' ' || r >= 0x7F && r <= 0x9F || r == 0x2028 || r == 0x2029 || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
