package xpress

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// The examples of [MS-XCA] 3: the alphabet without a match, and one match of
// 297 bytes at offset 3.
var plainExamples = []struct{ name, src, want string }{
	{"alphabet", "3f000000" + hex.EncodeToString([]byte("abcdefghijklmnopqrstuvwxyz")), "abcdefghijklmnopqrstuvwxyz"},
	{"abc", "ffffff1f61626317000fff2601", strings.Repeat("abc", 100)},
}

func TestDecodePlainExamples(t *testing.T) {
	for _, c := range plainExamples {
		src, err := hex.DecodeString(c.src)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]byte, len(c.want))
		if err := DecodePlain(dst, src); err != nil || string(dst) != c.want {
			t.Errorf("%s: %q, %v", c.name, dst, err)
		}
		if got := AppendEncodePlain(nil, []byte(c.want)); !bytes.Equal(got, src) {
			t.Errorf("%s encodes to %x, the document has %s", c.name, got, c.src)
		}
		for n := range src {
			got, err := AppendDecodePlain(nil, src[:n], len(c.want))
			if e, ok := errors.AsType[*CorruptError](err); !ok || !e.Truncated || e.Out != len(got) || e.In != n {
				t.Errorf("%s, %d bytes: %v", c.name, n, err)
			}
			if !strings.HasPrefix(c.want, string(got)) {
				t.Errorf("%s, %d bytes: %q", c.name, n, got)
			}
		}
	}
}

func TestDecodePlainErrors(t *testing.T) {
	for _, c := range []struct {
		src  string
		size int
		want string
	}{
		{"ffffff7f410800", 9, "xpress: corrupt input near offset 5, after 1 bytes of output: match offset before the start of the output"},
		{"ffffff7f41", 1, ""},
		{"ffffff7f4100", 2, "xpress: input ends at offset 6, after 1 bytes of output: in a match"},
		{"ffffff1f61626317000fff0100", 50, "xpress: corrupt input near offset 7, after 3 bytes of output: match length below 22 in its long form"},
		{"ffffff1f61626317000fff2601", 299, "xpress: corrupt input near offset 7, after 299 bytes of output: match runs past the end of the output"},
		{"ffffff1f61626317000fff2601", 301, "xpress: input ends at offset 13, after 300 bytes of output: the stream is complete"},
		{"", -1, "xpress: corrupt input near offset 0, after 0 bytes of output: negative size"},
	} {
		src, err := hex.DecodeString(c.src)
		if err != nil {
			t.Fatal(err)
		}
		_, err = AppendDecodePlain(nil, src, c.size)
		if got := errText(err); got != c.want {
			t.Errorf("%s to %d bytes: %q, want %q", c.src, c.size, got, c.want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Both encoders must give what their decoders take, of every kind of data and
// at the sizes where something changes.
func TestRoundTrips(t *testing.T) {
	data := samples()
	for n := range 40 {
		data["short "+string(rune('a'+n))] = bytes.Repeat([]byte("heron "), 10)[:n]
	}
	for _, n := range []int{2, 9, 24, 25, 279, 280, 281, 65537, 65538, 65539, 65600} {
		data["run of "+hex.EncodeToString([]byte{byte(n >> 16), byte(n >> 8), byte(n)})] = bytes.Repeat([]byte("x"), n+1)
	}
	for name, want := range data {
		plain := AppendEncodePlain([]byte("keep"), want)
		got, err := AppendDecodePlain([]byte("kept"), plain[4:], len(want))
		if err != nil || string(got[:4]) != "kept" || !bytes.Equal(got[4:], want) {
			t.Errorf("plain, %s: %d bytes, %v", name, len(got), err)
		}
		nt := AppendEncodeLZNT1([]byte("keep"), want)
		got, err = AppendDecodeLZNT1([]byte("kept"), nt[4:], len(want)+1)
		if err != nil || string(got[:4]) != "kept" || !bytes.Equal(got[4:], want) {
			t.Errorf("LZNT1, %s: %d bytes, %v", name, len(got), err)
		}
		dst := make([]byte, len(want))
		if err := DecodeLZNT1(dst, nt[4:]); err != nil || !bytes.Equal(dst, want) {
			t.Errorf("LZNT1, %s, exactly: %v", name, err)
		}
		if err := DecodePlain(dst, plain[4:]); err != nil || !bytes.Equal(dst, want) {
			t.Errorf("plain, %s, exactly: %v", name, err)
		}
	}
}

func TestOthersDoNotAllocate(t *testing.T) {
	if testcost.Race {
		t.Skip("the race detector makes pools forget")
	}
	want := samples()["text"]
	plain, nt, dst := AppendEncodePlain(nil, want), AppendEncodeLZNT1(nil, want), make([]byte, len(want))
	if n := testing.AllocsPerRun(10, func() { DecodePlain(dst, plain); DecodeLZNT1(dst, nt) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The example of [MS-XCA] 3.3.
const (
	lznt1Example = "38b08846232000204720410010a24701a045204400084501507900c045200524138805b4024a44ef0358028c091601484500be009e000401189000"
	lznt1Text    = "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\x00"
)

func TestDecodeLZNT1(t *testing.T) {
	chunk := func(head uint16, body ...byte) []byte { return append(le.AppendUint16(nil, head), body...) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	zero := chunk(0xB003, 0x02, 0, 0xFC, 0x0F) // a zero, then 4,095 more
	for _, c := range []struct {
		name string
		src  []byte
		size int
		want string // of what is produced; the whole when there is no error
		err  string
	}{
		{"the document", unhex(lznt1Example), len(lznt1Text), lznt1Text, ""},
		{"literals", chunk(0xB003, 0, 'a', 'b', 'c'), 3, "abc", ""},
		{"no end mark", chunk(0x3002, 'a', 'b', 'c'), 3, "abc", ""},
		{"end mark", join(chunk(0x3002, 'a', 'b', 'c'), []byte{0, 0, 9, 9}), 3, "abc", ""},
		{"overlap", chunk(0xB004, 2, 'a', 0x02, 0x00, 'b'), 7, "aaaaaab", ""},
		{"a short chunk before another", join(chunk(0x3000, 'a'), chunk(0x3000, 'b')), 4097, "a" + strings.Repeat("\x00", 4095) + "b", ""},
		{"zeros", zero, 4096, strings.Repeat("\x00", 4096), ""},
		{"too short", chunk(0x3000, 'a'), 2, "a", "xpress: input ends at offset 3, after 1 bytes of output: the stream is complete"},
		{"signature", chunk(0x5000, 'a'), 1, "", "xpress: corrupt input near offset 0, after 0 bytes of output: no signature in the header of a chunk"},
		{"offset", chunk(0xB003, 2, 'a', 0x00, 0x10), 9, "a", "xpress: corrupt input near offset 4, after 1 bytes of output: match offset before the start of the chunk"},
		{"offset into the chunk before", join(zero, chunk(0xB002, 1, 0x00, 0x00)), 5000, strings.Repeat("\x00", 4096), "xpress: corrupt input near offset 9, after 4096 bytes of output: match offset before the start of the chunk"},
		{"past the chunk", chunk(0xB003, 2, 0, 0xFD, 0x0F), 9000, "\x00", "xpress: corrupt input near offset 4, after 1 bytes of output: match runs past the end of the chunk"},
		{"more than a chunk", chunk(0xB004, 2, 0, 0xFC, 0x0F, 'x'), 9000, strings.Repeat("\x00", 4096), "xpress: corrupt input near offset 6, after 4096 bytes of output: a chunk of more than 4,096 bytes"},
		{"half a match", chunk(0xB002, 2, 'a', 0), 9, "a", "xpress: corrupt input near offset 4, after 1 bytes of output: half a match"},
		{"cut", chunk(0x3004, 'a', 'b'), 5, "ab", "xpress: input ends at offset 4, after 2 bytes of output: in a chunk"},
		{"cut in a header", []byte{7}, 5, "", "xpress: input ends at offset 1, after 0 bytes of output: in the header of a chunk"},
	} {
		dst := make([]byte, c.size)
		err := DecodeLZNT1(dst, c.src)
		if errText(err) != c.err {
			t.Errorf("%s: %q, want %q", c.name, errText(err), c.err)
			continue
		}
		n := len(dst)
		if err != nil {
			n = err.(*CorruptError).Out
		}
		if string(dst[:n]) != c.want {
			t.Errorf("%s: %q, want %q", c.name, dst[:n], c.want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, c := range plainExamples {
		src, _ := hex.DecodeString(c.src)
		f.Add(src)
	}
	f.Add(AppendEncodePlain(nil, bytes.Repeat([]byte("heron and kestrel "), 50)))
	f.Fuzz(func(t *testing.T, src []byte) {
		const size = 1 << 16
		got, err := AppendDecodePlain([]byte{1, 2, 3}, src, size)
		dst := make([]byte, size)
		again := DecodePlain(dst, src)
		if errText(err) != errText(again) || !bytes.Equal(dst[:len(got)-3], got[3:]) {
			t.Fatalf("append: %v, in place: %v", err, again)
		}
		if e, ok := err.(*CorruptError); ok && (e.In < 0 || e.In > len(src) || e.Out != len(got)-3) {
			t.Fatalf("error outside of the input: %+v", e)
		}
		back := AppendEncodePlain(nil, src)
		if got, err := AppendDecodePlain(nil, back, len(src)); err != nil || !bytes.Equal(got, src) {
			t.Fatalf("round trip: %v", err)
		}
	})
}

func FuzzLZNT1(f *testing.F) {
	f.Add(AppendEncodeLZNT1(nil, bytes.Repeat([]byte("heron and kestrel "), 500)))
	example, _ := hex.DecodeString(lznt1Example)
	f.Add(example)
	f.Add([]byte{0x03, 0xB0, 2, 0, 0xFC, 0x0F, 0, 0})
	f.Fuzz(func(t *testing.T, src []byte) {
		const limit = 1 << 16
		got, err := AppendDecodeLZNT1([]byte{1, 2, 3}, src, limit)
		if len(got)-3 > limit {
			t.Fatalf("%d bytes", len(got)-3)
		}
		if e, ok := err.(*CorruptError); ok && (e.In < 0 || e.In > len(src) || e.Out != len(got)-3) {
			t.Fatalf("error outside of the input: %+v", e)
		}
		dst := make([]byte, len(got)-3)
		DecodeLZNT1(dst, src)
		if !bytes.Equal(dst, got[3:]) {
			t.Fatal("append and in place differ")
		}
		back := AppendEncodeLZNT1(nil, src)
		if got, err := AppendDecodeLZNT1(nil, back, len(src)); err != nil || !bytes.Equal(got, src) {
			t.Fatalf("round trip: %v", err)
		}
	})
}
