package artifacts

import (
	"reflect"
	"sync"
)

// A sizer estimates the memory of a value of one type.
type sizer func(v reflect.Value) int64

// sizers keeps the sizer of each type: millions of records may have one.
var sizers sync.Map

func sizerOf(t reflect.Type) sizer {
	if s, ok := sizers.Load(t); ok {
		return s.(sizer)
	}
	s := makeSizer(t)
	sizers.Store(t, s)
	return s
}

// makeSizer looks at a type. Types behind pointers, lists and maps are looked at
// when there is a value of them, because a type may lead to itself.
func makeSizer(t reflect.Type) sizer {
	if n, ok := fixedSize(t); ok {
		return func(reflect.Value) int64 { return n }
	}
	switch t.Kind() {
	case reflect.String:
		return func(v reflect.Value) int64 { return 16 + int64(v.Len()) }
	case reflect.Slice:
		return sliceSizer(t.Elem())
	case reflect.Struct:
		return structSizer(t)
	case reflect.Map:
		return func(v reflect.Value) int64 {
			key, elem := sizerOf(t.Key()), sizerOf(t.Elem())
			n := int64(48)
			for it := v.MapRange(); it.Next(); {
				n += 16 + key(it.Key()) + elem(it.Value())
			}
			return n
		}
	}
	return func(v reflect.Value) int64 { // a pointer or an interface
		if v.IsNil() {
			return 8
		}
		v = v.Elem()
		return 16 + sizerOf(v.Type())(v)
	}
}

func sliceSizer(elem reflect.Type) sizer {
	if n, ok := fixedSize(elem); ok {
		return func(v reflect.Value) int64 { return 24 + int64(v.Len())*n }
	}
	return func(v reflect.Value) int64 {
		n, size := int64(24), sizerOf(elem)
		for i := range v.Len() {
			n += size(v.Index(i))
		}
		return n
	}
}

// structSizer adds up the fields: those of a fixed size once for all values.
func structSizer(t reflect.Type) sizer {
	type field struct {
		at   int
		size sizer
	}
	var fixed int64
	var others []field
	for i := range t.NumField() {
		f := t.Field(i).Type
		if n, ok := fixedSize(f); ok {
			fixed += n
		} else {
			others = append(others, field{i, makeSizer(f)})
		}
	}
	return func(v reflect.Value) int64 {
		n := fixed
		for _, f := range others {
			n += f.size(v.Field(f.at))
		}
		return n
	}
}

// fixedSize returns the size of a type whose values all need the same.
func fixedSize(t reflect.Type) (n int64, ok bool) {
	switch t.Kind() {
	case reflect.String, reflect.Slice, reflect.Pointer, reflect.Interface, reflect.Map:
		return 0, false
	case reflect.Struct:
		if t == timeType {
			return 24, true
		}
		for field := range t.Fields() {
			m, ok := fixedSize(field.Type)
			if !ok {
				return 0, false
			}
			n += m
		}
		return n, true
	}
	return int64(t.Size()), true
}
