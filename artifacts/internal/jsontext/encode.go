package jsontext

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Append appends v as [Marshal] writes it. What a type asks for is worked out once:
// encoding/json does it for each value, and looks at each byte that a MarshalJSON returns
// twice. What is rare (floats, bytes, keys that are no strings) goes through encoding/json.
func Append(b []byte, v any) ([]byte, error) {
	x := reflect.ValueOf(v)
	if !x.IsValid() {
		return append(b, "null"...), nil
	}
	return encoderOf(x.Type())(b, x)
}

// An Appender appends itself as compact JSON. It is used as it is, while the JSON of a
// [json.Marshaler] is checked and compacted first.
type Appender interface {
	AppendJSON(b []byte) ([]byte, error)
}

// AppendHTML appends a string as [json.Marshal] writes it, which escapes <, > and &, too.
func AppendHTML(b []byte, s string) []byte {
	n := len(b)
	b = appendString(b, s)
	if !strings.ContainsAny(s, "<>&") {
		return b
	}
	text := bytes.Clone(b[n:])
	b = b[:n]
	for _, c := range text {
		if c == '<' || c == '>' || c == '&' {
			b = append(b, '\\', 'u', '0', '0', '0'+c>>4, "0123456789abcdef"[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

// An encoder appends one value of the type that it was made for.
type encoder func(b []byte, v reflect.Value) ([]byte, error)

var encoders sync.Map // reflect.Type to encoder

func encoderOf(t reflect.Type) encoder {
	if e, ok := encoders.Load(t); ok {
		return e.(encoder)
	}
	var made sync.WaitGroup
	made.Add(1)
	var e encoder
	// A type that contains itself finds this.
	other, loaded := encoders.LoadOrStore(t, encoder(func(b []byte, v reflect.Value) ([]byte, error) {
		made.Wait()
		return e(b, v)
	}))
	if loaded {
		return other.(encoder)
	}
	e = newEncoder(t)
	made.Done()
	encoders.Store(t, e)
	return e
}

var (
	timeType      = reflect.TypeFor[time.Time]()
	appenderType  = reflect.TypeFor[Appender]()
	marshalerType = reflect.TypeFor[json.Marshaler]()
	textType      = reflect.TypeFor[encoding.TextMarshaler]()
	numberType    = reflect.TypeFor[json.Number]()
)

func newEncoder(t reflect.Type) encoder {
	switch {
	case t == timeType:
		return appendTime
	case t.Kind() == reflect.Pointer && !t.Implements(textType):
		return pointerEncoder(t)
	case t.Implements(appenderType) && t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer:
		return func(b []byte, v reflect.Value) ([]byte, error) { return v.Interface().(Appender).AppendJSON(b) }
	case t.Implements(marshalerType) && t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer:
		return appendMarshaler
	case t == numberType, t.Implements(textType), reflect.PointerTo(t).Implements(marshalerType), reflect.PointerTo(t).Implements(textType):
		return standard
	}
	switch t.Kind() {
	case reflect.String:
		return func(b []byte, v reflect.Value) ([]byte, error) { return appendString(b, v.String()), nil }
	case reflect.Bool:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendBool(b, v.Bool()), nil }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendInt(b, v.Int(), 10), nil }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return func(b []byte, v reflect.Value) ([]byte, error) { return strconv.AppendUint(b, v.Uint(), 10), nil }
	case reflect.Interface:
		return func(b []byte, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return append(b, "null"...), nil
			}
			return encoderOf(v.Elem().Type())(b, v.Elem())
		}
	case reflect.Slice, reflect.Array:
		return listEncoder(t)
	case reflect.Map:
		return mapEncoder(t)
	case reflect.Struct:
		return structEncoder(t)
	}
	return standard
}

// standard leaves a value to encoding/json.
func standard(b []byte, v reflect.Value) ([]byte, error) {
	if v.CanAddr() {
		v = v.Addr() // for methods of a pointer
	}
	to := bytes.NewBuffer(b)
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v.Interface()); err != nil {
		return b, err
	}
	return bytes.TrimSuffix(to.Bytes(), []byte("\n")), nil
}

// appendMarshaler appends what MarshalJSON returns, compact.
func appendMarshaler(b []byte, v reflect.Value) ([]byte, error) {
	text, err := v.Interface().(json.Marshaler).MarshalJSON()
	if err != nil {
		return b, &json.MarshalerError{Type: v.Type(), Err: err}
	}
	to := bytes.NewBuffer(b)
	if err := json.Compact(to, text); err != nil {
		return b, &json.MarshalerError{Type: v.Type(), Err: err}
	}
	return to.Bytes(), nil
}

func appendTime(b []byte, v reflect.Value) ([]byte, error) {
	t := v.Interface().(time.Time)
	if y := t.Year(); t.Location() != time.UTC || y < 0 || y > 9999 {
		return appendMarshaler(b, v)
	}
	return append(t.AppendFormat(append(b, '"'), time.RFC3339Nano), '"'), nil
}

func pointerEncoder(t reflect.Type) encoder {
	if _, own := reflect.Zero(t.Elem()).Interface().(json.Marshaler); !own && t.Implements(marshalerType) {
		return standard // the method is the pointer's
	}
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		return encoderOf(t.Elem())(b, v.Elem())
	}
}

func listEncoder(t reflect.Type) encoder {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 {
		return standard // base64
	}
	element := encoderOf(t.Elem())
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.Kind() == reflect.Slice && v.IsNil() {
			return append(b, "null"...), nil
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			var err error
			if b, err = element(b, v.Index(i)); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
}

func mapEncoder(t reflect.Type) encoder {
	if t.Key().Kind() != reflect.String || t.Key().Implements(textType) {
		return standard
	}
	element := encoderOf(t.Elem())
	return func(b []byte, v reflect.Value) ([]byte, error) {
		if v.IsNil() {
			return append(b, "null"...), nil
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		b = append(b, '{')
		for i, k := range keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendString(b, k.String()), ':')
			var err error
			if b, err = element(b, v.MapIndex(k)); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	}
}

// A field is a member of an object.
type field struct {
	name   string
	quoted string // with its colon
	index  []int
	tagged bool
	skip   func(reflect.Value) bool // whether to leave it out; nil is never
	encode encoder
}

func structEncoder(t reflect.Type) encoder {
	fields, ok := fieldsOf(t)
	if !ok {
		return standard
	}
	return func(b []byte, v reflect.Value) ([]byte, error) {
		b = append(b, '{')
		first := true
	fields:
		for i := range fields {
			f := &fields[i]
			x := v.Field(f.index[0])
			for _, n := range f.index[1:] {
				if x.Kind() == reflect.Pointer {
					if x.IsNil() {
						continue fields
					}
					x = x.Elem()
				}
				x = x.Field(n)
			}
			if f.skip != nil && f.skip(x) {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, f.quoted...)
			var err error
			if b, err = f.encode(b, x); err != nil {
				return b, err
			}
		}
		return append(b, '}'), nil
	}
}

// fieldsOf are the members that encoding/json writes of a struct, in its order. It
// reports whether all of its options are known here.
func fieldsOf(t reflect.Type) (fields []field, ok bool) {
	all, ok := appendFields(nil, t, nil)
	for _, f := range all {
		if dominant(f, all) {
			fields = append(fields, f)
		}
	}
	return fields, ok
}

// dominant reports whether of all fields of a name this is the one that counts: the
// one that lies least deep, and among those the one whose tag names it.
func dominant(f field, all []field) bool {
	for _, g := range all {
		if g.name != f.name || slices.Equal(g.index, f.index) {
			continue
		}
		if len(g.index) < len(f.index) || len(g.index) == len(f.index) && (g.tagged || !f.tagged) {
			return false
		}
	}
	return true
}

func appendFields(to []field, t reflect.Type, index []int) ([]field, bool) {
	if len(index) > 8 { // it embeds itself
		return to, false
	}
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("json")
		embedded := sf.Type
		if sf.Anonymous && embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		if tag == "-" || !sf.IsExported() && !(sf.Anonymous && embedded.Kind() == reflect.Struct) {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		at := append(slices.Clone(index), i)
		if sf.Anonymous && name == "" && embedded.Kind() == reflect.Struct {
			var ok bool
			if to, ok = appendFields(to, embedded, at); !ok {
				return to, false
			}
			continue
		}
		f := field{name: name, index: at, tagged: name != "", encode: encoderOf(sf.Type)}
		if f.name == "" {
			f.name = sf.Name
		}
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "":
			case "omitempty":
				f.skip = either(f.skip, isEmpty)
			case "omitzero":
				f.skip = either(f.skip, isZero(sf.Type))
			default:
				return to, false
			}
		}
		if strings.ContainsAny(f.name, "\"\\'<>&") || !utf8.ValidString(f.name) {
			return to, false
		}
		f.quoted = `"` + f.name + `":`
		to = append(to, f)
	}
	return to, true
}

func either(a, b func(reflect.Value) bool) func(reflect.Value) bool {
	if a == nil {
		return b
	}
	return func(v reflect.Value) bool { return a(v) || b(v) }
}

// isEmpty is what omitempty leaves out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// isZero is what omitzero leaves out.
func isZero(t reflect.Type) func(reflect.Value) bool {
	zeroer := reflect.TypeFor[interface{ IsZero() bool }]()
	switch {
	case t == timeType:
		return func(v reflect.Value) bool { return v.Interface().(time.Time).IsZero() }
	case t.Implements(zeroer) && t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface:
		return func(v reflect.Value) bool { return v.Interface().(interface{ IsZero() bool }).IsZero() }
	case t.Implements(zeroer), reflect.PointerTo(t).Implements(zeroer):
		return func(v reflect.Value) bool {
			switch {
			case v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface:
				return v.IsNil() || v.Interface().(interface{ IsZero() bool }).IsZero()
			case !v.CanAddr():
				c := reflect.New(v.Type()).Elem()
				c.Set(v)
				v = c
			}
			return v.Addr().Interface().(interface{ IsZero() bool }).IsZero()
		}
	}
	return reflect.Value.IsZero
}

// appendString appends a text as encoding/json quotes it.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		n := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, n = utf8.DecodeRuneInString(s[i:]); !(r == utf8.RuneError && n == 1) && r != '\u2028' && r != '\u2029' {
				i += n
				continue
			}
			b = append(b, s[start:i]...)
			if r == utf8.RuneError {
				b = append(b, `\ufffd`...)
			} else {
				b = append(b, `\u202`...)
				b = append(b, hex[r&15])
			}
		} else {
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\b':
				b = append(b, `\b`...)
			case '\f':
				b = append(b, `\f`...)
			case '\n':
				b = append(b, `\n`...)
			case '\r':
				b = append(b, `\r`...)
			case '\t':
				b = append(b, `\t`...)
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
		}
		i += n
		start = i
	}
	return append(append(b, s[start:]...), '"')
}
