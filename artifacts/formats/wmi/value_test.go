package wmi

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
)

func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestValue reads each CIM type from its slot ([MS-WMIO] 2.2.82), and arrays from the heap.
func TestValue(t *testing.T) {
	const full = "fe ff ff ff ff ff ff ff"
	// The heap: text at 0, UTF-16 at 4, then arrays: u32 count, the elements.
	heap := bytesOf(t, "00 61 62 00"+ // 0: "ab"
		"01 fc 00 62 00 00 00"+ // 4: "üb"
		"02000000 0300 ffff"+ // 11: two numbers of 16 bits
		"02000000 00000000 04000000"+ // 19: two texts
		"01000000 0100"+ // 31: a Boolean
		"00000000"+ // 37: an empty array
		"00000020"+ // 41: far too many
		"01000000 000000000000f03f"+ // 45: 1.0
		"03000000 010203") // 57: bytes
	for _, c := range []struct {
		name string
		typ  uint32
		slot string
		want any
		ok   bool
	}{
		{"sint8", cimSint8, full, int64(-2), true},
		{"sint16", cimSint16, full, int64(-2), true},
		{"sint32", cimSint32, full, int64(-2), true},
		{"sint64", cimSint64, full, int64(-2), true},
		{"uint8", cimUint8, full, uint64(254), true},
		{"uint16", cimUint16, full, uint64(65534), true},
		{"uint32", cimUint32, full, uint64(math.MaxUint32 - 1), true},
		{"uint64", cimUint64, full, uint64(math.MaxUint64 - 1), true},
		{"char16", cimChar16, "4100", uint64(65), true},
		{"true", cimBoolean, "ffff", true, true},
		{"false", cimBoolean, "0000", false, true},
		{"real32", cimReal32, "0000c03f", 1.5, true},
		{"real64", cimReal64, "000000000000f8bf", -1.5, true},
		{"string", cimString, "00000000", "ab", true},
		{"datetime", cimDatetime, "04000000", "üb", true},
		{"reference", cimReference, "00000000", "ab", true},
		{"string out of the heap", cimString, "ff000000", "", false},
		{"string without an end", cimString, "02000000", "", false}, // its first byte is no kind of text
		{"embedded object", cimObject, "00000000", nil, true},
		{"unknown type", 99, "00000000", nil, false},
		{"array of sint16", cimSint16 | cimArray, "0b000000", []int64{3, -1}, true},
		{"array of uint16", cimUint16 | cimArray, "0b000000", []uint64{3, 65535}, true},
		{"array of string", cimString | cimArray, "13000000", []string{"ab", "üb"}, true},
		{"array of boolean", cimBoolean | cimArray, "1f000000", []bool{true}, true},
		{"array of real64", cimReal64 | cimArray, "2d000000", []float64{1}, true},
		{"array of uint8", cimUint8 | cimArray, "39000000", []byte{1, 2, 3}, true},
		{"empty array", cimSint32 | cimArray, "25000000", nil, true},
		{"array of too many", cimSint32 | cimArray, "29000000", nil, false},
		{"array out of the heap", cimSint32 | cimArray, "3d000000", nil, false},
		{"array whose texts are not there", cimString | cimArray, "0b000000", nil, false},
		{"array of an unknown type", 99 | cimArray, "0b000000", nil, false},
	} {
		got, ok := value(c.typ, bytesOf(t, c.slot), heap)
		if ok != c.ok || ok && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %T %v, %v; want %T %v, %v", c.name, got, got, ok, c.want, c.want, c.ok)
		}
		if w := len(bytesOf(t, c.slot)); c.ok && c.typ&cimArray == 0 && c.typ != cimObject && width(c.typ) > w {
			t.Errorf("%s: a slot of %d bytes was read as %d", c.name, w, width(c.typ))
		}
	}
	for typ, want := range map[uint32]int{cimSint8: 1, cimUint8: 1, cimSint16: 2, cimBoolean: 2, cimChar16: 2, cimUint32: 4, cimReal32: 4,
		cimString: 4, cimDatetime: 4, cimObject: 4, cimReal64: 8, cimUint64: 8, cimUint64 | cimArray: 4, cimUint8 | cimArray: 4} {
		if got := slot(typ); got != want {
			t.Errorf("type %d has a slot of %d bytes, want %d", typ, got, want)
		}
	}
}

// TestTexts finds the texts of a record whose layout is not known.
func TestTexts(t *testing.T) {
	b := bytesOf(t, "07 00"+hex.EncodeToString([]byte("SELECT * FROM x"))+"00"+ // 8-bit
		"00 61 62 63 00"+ // too short
		"01 67 00 72 00 fc 00 6e 00 00 00"+ // UTF-16
		"00 61 62 63 64 02 65 00"+ // not printable
		"00"+hex.EncodeToString([]byte("a line\r\n\tmore"))+"00"+
		"00 61 62 63 64 65") // no end
	want := []string{"SELECT * FROM x", "grün", "a line\r\n\tmore"}
	if got := texts(b); !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := texts(bytes.Repeat([]byte("\x00text\x00"), 1000)); len(got) != 64 {
		t.Errorf("%d texts of a hostile record", len(got))
	}
	if got := texts(nil); got != nil {
		t.Errorf("%q of nothing", got)
	}
}

// TestHex finds the start of a hash in the middle of it.
func TestHex(t *testing.T) {
	hash := strings.Repeat("0123456789ABCDEF", 4)
	var wide []byte
	for _, c := range hash {
		wide = append(wide, byte(c), 0)
	}
	b := append(append(make([]byte, 77), wide...), 0xFF, 0xFF)
	for at := 77; at < 77+127; at++ {
		if got, ok := hexStart(b, at); !ok || got != 77 {
			t.Errorf("from %d: %d, %v, want 77", at, got, ok)
		}
	}
	for _, at := range []int{0, 75, len(b) - 2, len(b) - 1} {
		if got, ok := hexStart(b, at); ok {
			t.Errorf("from %d: %d", at, got)
		}
	}
	if s, ok := hexText(wide, 64, nil); !ok || s != hash {
		t.Errorf("%q, %v", s, ok)
	}
	for name, b := range map[string][]byte{"short": wide[:100], "lower case": []byte("a\x00"), "8-bit": []byte("AB")} {
		if s, ok := hexText(b, max(1, len(b)/100*64), nil); ok {
			t.Errorf("%s: %q", name, s)
		}
	}
}

// TestRecordPlace reads the last piece of a key of the index.
func TestRecordPlace(t *testing.T) {
	for _, c := range []struct {
		key      string
		page, id uint32
		ok       bool
	}{
		{"I_AB.12.345.678", 12, 345, true},
		{"I_AB.4294967295.0.1", math.MaxUint32, 0, true},
		{"I_AB.4294967296.0.1", 0, 0, false},
		{"I_AB.12.345", 0, 0, false},
		{"I_AB.12.345.6.7", 0, 0, false},
		{"I_AB.x.345.6", 0, 0, false},
		{"I_AB.1.-5.6", 0, 0, false},
		{"", 0, 0, false},
	} {
		if page, id, ok := recordPlace([]byte(c.key)); ok != c.ok || ok && (page != c.page || id != c.id) {
			t.Errorf("%q: %d, %d, %v", c.key, page, id, ok)
		}
	}
}

// TestBuiltin decodes subscriptions of a repository whose class definitions are
// lost: those that Windows brings are known, any other keeps its texts.
func TestBuiltin(t *testing.T) {
	lost := sample()
	for at := 0; ; {
		// Each definition begins with the characters of its superclass's name: make that too many.
		i := bytes.Index(lost.Objects[at:], wideText("__IndicationRelated"))
		if i < 4 {
			break
		}
		at += i
		if le.Uint32(lost.Objects[at-4:]) == uint32(len("__IndicationRelated")) {
			le.PutUint32(lost.Objects[at-4:], 5000)
		}
		at += 4
	}
	got := open(t, files(lost))
	found := 0
	for _, i := range got.Instances {
		if i.Class != "__EventFilter" || i.Text("Name") != "f" {
			continue
		}
		found++
		if i.Text("Query") != "SELECT * FROM x" || i.CreatorSID() != "S-1-5-21-1-2-3-1000" || i.Value("QueryLanguage") != nil {
			t.Errorf("%+v", i.Properties) // the default of the language is lost with the class
		}
	}
	if found != 1 {
		t.Errorf("%d filters by the built-in definition, %v", found, got.Damage())
	}
	for _, name := range []string{"__eventfilter", "CommandLineEventConsumer", "NTEventLogEventConsumer", "__IntervalTimerInstruction"} {
		c := builtin(name)
		if c == nil {
			t.Errorf("%s is not built in", name)
			continue
		}
		offset := 0
		for n, p := range c.all {
			if p.typ == 0 || p.index != n || p.offset != offset || p.name == "" || strings.ContainsAny(p.name, " ,") {
				t.Errorf("%s: property %d is %+v, want it at %d", name, n, p, offset)
			}
			offset += slot(p.typ)
		}
		if c.values != offset {
			t.Errorf("%s: values of %d bytes, want %d", name, c.values, offset)
		}
	}
	if builtin("OddConsumer") != nil {
		t.Error("a class that Windows does not bring is built in")
	}
}

func wideText(s string) (b []byte) {
	for _, c := range s {
		b = append(b, byte(c), 0)
	}
	return b
}

// TestLayOut lays classes out by their superclasses; a class that is its own, or whose numbers have a gap, has no layout.
func TestLayOut(t *testing.T) {
	p := func(name string, index, offset int) property {
		return property{name: name, typ: cimUint32, index: index, offset: offset}
	}
	base := &class{name: "Base", own: []property{p("a", 0, 0), {name: "b", typ: cimUint64, index: 1, offset: 4, def: make([]byte, 8)}}}
	child := &class{name: "Child", super: "BASE", own: []property{p("c", 2, 12),
		{name: "B", typ: cimUint64, index: 1, offset: 4, parent: true}}}
	gap := &class{name: "Gap", super: "Base", own: []property{p("d", 3, 12)}}
	self := &class{name: "Self", super: "Self"}
	orphan := &class{name: "Orphan", super: "Nobody"}
	r := &Repository{classes: map[string][]*class{}}
	for _, c := range []*class{base, child, gap, self, orphan} {
		r.classes[strings.ToUpper(c.name)] = []*class{c}
	}
	if r.layOut(child) == nil || child.values != 16 {
		t.Fatalf("%+v", child)
	}
	var got []string
	for _, p := range child.all {
		got = append(got, fmt.Sprintf("%s %d %d", p.name, p.offset, len(p.def)))
	}
	if want := "[a 0 0 B 4 8 c 12 0]"; fmt.Sprint(got) != want { // the default of b is that of the superclass
		t.Errorf("%v, want %s", got, want)
	}
	for _, c := range []*class{gap, self, orphan} {
		for range 2 { // the second answer is remembered
			if r.layOut(c) != nil {
				t.Errorf("%s has a layout", c.name)
			}
		}
	}
	// Of two definitions counts the one whose time the instance repeats, else the one with more properties.
	old := &class{name: "Two", stored: 7, own: []property{p("x", 0, 0)}}
	newer := &class{name: "Two", stored: 9, own: []property{p("x", 0, 0), p("y", 1, 4)}}
	for _, list := range [][]*class{{old, newer}, {newer, old}} {
		r.classes["TWO"] = list
		for stored, want := range map[uint64]*class{7: old, 9: newer, 1: newer} {
			if got := r.class("two", stored); got != want {
				t.Errorf("stored %d: the definition of %d", stored, got.stored)
			}
		}
	}
}

// TestAccessors has values that are not of the kind asked for.
func TestAccessors(t *testing.T) {
	i := &Instance{Properties: []Property{
		{Name: "Name", Value: "n"}, {Name: "Port", Value: uint64(25)}, {Name: "CreatorSID", Value: []byte{1, 2}},
	}}
	if i.Text("NAME") != "n" || i.Text("port") != "" || i.Text("nothing") != "" {
		t.Error("Text")
	}
	if n, ok := i.Uint("port"); !ok || n != 25 {
		t.Errorf("Uint: %d, %v", n, ok)
	}
	if n, ok := i.Uint("name"); ok || n != 0 {
		t.Errorf("Uint of a text: %d", n)
	}
	if s := i.CreatorSID(); s != "" {
		t.Errorf("a broken SID: %s", s)
	}
	if Live.String() != "live" || Deleted.String() != "deleted" || Unknown.String() != "unknown" {
		t.Error("states")
	}
}
