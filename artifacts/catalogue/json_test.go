package catalogue_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/internal/jsontext"
)

// TestRecordsAsJSON writes records of each artifact, filled at random, and compares
// with encoding/json.
func TestRecordsAsJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, a := range catalogue.All() {
		typ := reflect.TypeOf(a.Record())
		for range 20 {
			v := reflect.New(typ).Elem()
			fill(v, r, 3)
			var want bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(v.Interface()); err != nil {
				t.Fatalf("%s: %v", a.Name, err)
			}
			got, err := jsontext.Append(nil, v.Interface())
			if err != nil || string(got)+"\n" != want.String() {
				t.Fatalf("%s: %v\n got %s\nwant %s", a.Name, err, got, want.String())
			}
		}
	}
}

// fill sets fields at random; some stay empty.
func fill(v reflect.Value, r *rand.Rand, depth int) {
	embedded := v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]() // whose own fields can be set
	if !v.CanSet() && !embedded || r.IntN(4) == 0 {
		return
	}
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(1<<33), r.Int64N(1e7)*100).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString([]string{"", "a", `C:\a "b"`, "<&>\u2028", "\x00\x1b\xff", "長い"}[r.IntN(6)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(r.Int64())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64())
	case reflect.Float32, reflect.Float64:
		v.SetFloat(r.Float64())
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(field, r, depth)
		}
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), r, depth-1)
		}
	case reflect.Slice:
		if depth > 0 {
			v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
			for i := range v.Len() {
				fill(v.Index(i), r, depth-1)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(v.Index(i), r, depth)
		}
	case reflect.Map:
		if depth > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			for range r.IntN(3) {
				key, element := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
				fill(key, r, depth-1)
				fill(element, r, depth-1)
				v.SetMapIndex(key, element)
			}
		}
	}
}

// BenchmarkRecordsAsJSON writes one record of each artifact, beside encoding/json.
func BenchmarkRecordsAsJSON(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	var records []any
	for _, a := range catalogue.All() {
		v := reflect.New(reflect.TypeOf(a.Record())).Elem()
		fill(v, r, 3)
		records = append(records, v.Interface())
	}
	b.Run("ours", func(b *testing.B) {
		var buf []byte
		for b.Loop() {
			for _, v := range records {
				buf, _ = jsontext.Append(buf[:0], v)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		var buf bytes.Buffer
		for b.Loop() {
			for _, v := range records {
				buf.Reset()
				enc := json.NewEncoder(&buf)
				enc.SetEscapeHTML(false)
				_ = enc.Encode(v)
			}
		}
	})
}
