package artifacts

import (
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// plainSize is the estimate without a plan for each type.
func plainSize(v reflect.Value) int64 {
	switch v.Kind() {
	case reflect.String:
		return 16 + int64(v.Len())
	case reflect.Slice:
		n := int64(24)
		for i := range v.Len() {
			n += plainSize(v.Index(i))
		}
		return n
	case reflect.Struct:
		if v.Type() == timeType {
			return 24
		}
		n := int64(0)
		for _, field := range v.Fields() {
			n += plainSize(field)
		}
		return n
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return 8
		}
		return 16 + plainSize(v.Elem())
	case reflect.Map:
		n := int64(48)
		for it := v.MapRange(); it.Next(); {
			n += 16 + plainSize(it.Key()) + plainSize(it.Value())
		}
		return n
	}
	return int64(v.Type().Size())
}

// A sized has a field of each kind that an estimate tells apart, and leads to itself.
type sized struct {
	Text   string
	hidden []string
	Bytes  []byte
	Times  []time.Time
	Pairs  [][2]uint16
	At     time.Time
	Small  struct {
		A uint8
		B uint32
	}
	Names  [3]string
	Map    map[string][]int
	Any    any
	None   any
	Next   *sized
	Others []*sized
	More   []sized
}

// TestSize compares the estimates of two ways, and wants the second to cost no memory.
func TestSize(t *testing.T) {
	x := sized{
		Text: "text", hidden: []string{"", "two"}, Bytes: []byte("bytes"), Times: make([]time.Time, 3), Pairs: make([][2]uint16, 4),
		Names: [3]string{"a", "b", "c"}, Map: map[string][]int{"one": {1}, "two": {1, 2}}, Any: []string{"in any"},
	}
	y := x
	y.Next, y.Others, y.More = &x, []*sized{&x, nil}, []sized{x, {}}
	for _, v := range []any{x, y, &y, "text", []any{x, 1, nil}, map[int]sized{1: y}, uint16(1), time.Time{}, struct{}{}} {
		if got, want := sizerOf(reflect.TypeOf(v))(reflect.ValueOf(v)), plainSize(reflect.ValueOf(v)); got != want {
			t.Errorf("size of %T = %d, want %d", v, got, want)
		}
	}
	size := sizerOf(reflect.TypeFor[sized]())
	x.Map = nil
	v := reflect.ValueOf(x)
	if n := testing.AllocsPerRun(100, func() { size(v) }); n > 0 && !testcost.Race {
		t.Errorf("%v allocations", n)
	}
}
