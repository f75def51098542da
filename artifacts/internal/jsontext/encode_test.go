package jsontext

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/netip"
	"testing"
	"time"
)

// standardJSON is what encoding/json writes.
func standardJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

type (
	word   string
	spaced struct{ s string }
	byPtr  struct{ N int }
	zeroes struct{ N int }
	base   struct {
		ID    string `json:"id"`
		Time  time.Time
		Both  int `json:"both"`
		Twice int
		inner
	}
	inner struct {
		Deep  string `json:"deep,omitempty"`
		Both  int
		Named string `json:"id"`
	}
	other struct {
		Twice int
		Tags  []string `json:"tags"`
	}
	tree struct {
		Name string           `json:"name"`
		Kids []tree           `json:"kids,omitempty"`
		Next *tree            `json:"next"`
		By   map[word]*tree   `json:"by,omitempty"`
		Any  any              `json:"any"`
		_    int              // has no name
		N    map[int]string   `json:"n,omitempty"`
		F    float64          `json:"f"`
		B    []byte           `json:"b"`
		A    [2]bool          `json:"a"`
		Addr netip.Addr       `json:"addr"`
		Num  json.Number      `json:"num,omitempty"`
		Raw  json.RawMessage  `json:"raw,omitempty"`
		Z    zeroes           `json:"z,omitzero"`
		T    time.Time        `json:"t,omitzero"`
		D    time.Duration    `json:"-"`
		P    *byPtr           `json:"p"`
		V    byPtr            `json:"v"`
		U    uint8            `json:"u"`
		S    spaced           `json:"s"`
		Ptr  *spaced          `json:"ptr,omitempty"`
		M    map[string][]int `json:"m"`
	}
	whole struct {
		base
		*other
		Named string `json:"id,omitempty"`
		inner `json:"inside"`
		Str   int `json:"str,string"`
	}
	shadow struct {
		base
		*other
		ID string `json:"id,omitempty"`
	}
	html struct {
		A int `json:"a<b"`
	}
)

func (s spaced) MarshalJSON() ([]byte, error) {
	if s.s == "fail" {
		return nil, errors.New("cannot")
	}
	return []byte(" { \"s\" : [ 1,\n2 ] } "), nil
}

func (b *byPtr) MarshalJSON() ([]byte, error) { return []byte(`"by pointer"`), nil }

func (z *zeroes) IsZero() bool { return z.N == 7 }

// TestAppend compares with encoding/json.
func TestAppend(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 9, 2, 904563500, time.UTC)
	zone := at.In(time.FixedZone("", 5400))
	full := tree{Name: "a\"\\\b\f\n\r\t\x01\x7f<&>\u2028\u2029\ufffd\xff長い", Kids: []tree{{Name: "k", Z: zeroes{7}, T: zone}, {}},
		Next: &tree{Any: []any{1, "x", nil, 2.5, map[string]any{"z": 1, "a": nil}}}, By: map[word]*tree{"b": nil, "a": {}}, Any: word("w"),
		N: map[int]string{10: "x", 9: "y"}, F: 1e21, B: []byte("bytes"), A: [2]bool{true}, Addr: netip.MustParseAddr("fe80::1"), Num: "12", Raw: []byte(`{ }`),
		T: at, D: 1, P: &byPtr{1}, V: byPtr{2}, U: 255, Ptr: &spaced{}, M: map[string][]int{"é": nil, "e": {1}, "z": {}}}
	for _, v := range []any{nil, true, -5, "text", word("w"), 'r', uint64(math.MaxUint64), 1.5, []int(nil), []int{}, [0]int{}, map[string]int(nil), at, zone, &at,
		time.Time{}, time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), (*tree)(nil), tree{}, full, &full, []tree{full}, []*tree{&full, nil}, map[string]tree{"a": full},
		whole{}, whole{base: base{ID: "1", Time: at, Both: 3, Twice: 4, inner: inner{"d", 5, "n"}}, other: &other{}, Named: "x"}, shadow{},
		shadow{base: base{Both: 1}, other: &other{6, nil}}, html{}, spaced{}, &spaced{}, []spaced{{}}, byPtr{}, &byPtr{}, []byPtr{{}}, (*byPtr)(nil), zeroes{},
		spaced{"fail"}, tree{S: spaced{"fail"}}, math.NaN(), func() {}, []any{make(chan int)}, json.Number("x"), json.RawMessage("{"), netip.Addr{}} {
		want, wantErr := standardJSON(v)
		got, err := Append([]byte("before"), v)
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%T: %v, want %v", v, err, wantErr)
		} else if err == nil && string(got) != "before"+string(want) {
			t.Errorf("%T:\n got %s\nwant %s", v, got, want)
		}
	}
}

// FuzzString compares texts with those of encoding/json.
func FuzzString(f *testing.F) {
	f.Add("a\"\\\b\f\n\r\t\x01\x7f<&>\u2028\u2029\ufffd\xff長い")
	f.Fuzz(func(t *testing.T, s string) {
		want, err := standardJSON(s)
		if got := appendString(nil, s); err != nil || string(got) != string(want) {
			t.Errorf("%s, want %s", got, want)
		}
	})
}
