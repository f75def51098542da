package regpol

import (
	"encoding/binary"
	"reflect"
	"testing"
	"unicode/utf16"
)

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func entry(key, value string, kind uint32, data []byte) []byte {
	b := append(wide("["+key+"\x00;"+value+"\x00;"), binary.LittleEndian.AppendUint32(nil, kind)...)
	b = append(append(b, wide(";")...), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
	return append(append(append(b, wide(";")...), data...), wide("]")...)
}

func sample() []byte {
	b := append([]byte("PReg\x01\x00\x00\x00"), entry(`Software\Policies\Heron`, "Run", 4, []byte{1, 0, 0, 0})...)
	return append(b, entry(`Software\Policies\Heron`, "**del.Old", 1, wide(" \x00"))...)
}

func TestParse(t *testing.T) {
	b := sample()
	got, err := Parse(b)
	want := []Entry{
		{8, `Software\Policies\Heron`, "Run", 4, []byte{1, 0, 0, 0}},
		{got[1].Offset, `Software\Policies\Heron`, "**del.Old", 1, wide(" \x00")},
	}
	if err != nil || !reflect.DeepEqual(got, want) || got[0].Deletes() || !got[1].Deletes() || b[got[1].Offset] != '[' {
		t.Errorf("%+v, %v", got, err)
	}
	for n := 9; n < len(b); n++ {
		got, err := Parse(b[:n])
		if (err == nil) != (n == int(want[1].Offset)) || err == nil && len(got) != 1 {
			t.Fatalf("%d bytes: %+v, %v", n, got, err)
		}
	}
	if _, err := Parse([]byte("regf")); err != ErrNotPolicy {
		t.Errorf("no policy: %v", err)
	}
	if _, err := Parse([]byte("PReg\x02\x00\x00\x00")); err == nil || err.Error() != "registry policy: header at offset 4: version 2" {
		t.Errorf("version 2: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := Parse(b)
		n := 0
		for _, e := range got {
			n += len(e.Data) + 20
		}
		if n > len(b) {
			t.Fatalf("entries of %d bytes in %d", n, len(b))
		}
	})
}
