package xpress

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// samples are inputs of many shapes, the same at each call.
func samples() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 200_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	text := make([]byte, 0, 400_000)
	for len(text) < 400_000 {
		w := r.IntN(500)
		text = append(text, `\VOLUME{01d8}\WINDOWS\SYSTEM32\`...)
		for range 4 + w%9 {
			text = append(text, byte('A'+w*7%26), 0)
			w = w*31%977 + 1
		}
	}
	mixed := append(bytes.Clone(text[:70_000]), noise[:3000]...)
	mixed = append(mixed, make([]byte, 140_000)...)
	mixed = append(mixed, text[100:66_000]...)
	return map[string][]byte{
		"one byte":    {7},
		"two bytes":   {7, 7},
		"short":       []byte("ABABABABABAB!"),
		"run":         bytes.Repeat([]byte{'a'}, 301),
		"zeros":       make([]byte, 300_000),
		"one block":   text[:65536],
		"block and 1": text[:65537],
		"noise":       noise,
		"text":        text,
		"mixed":       mixed,
	}
}

func TestRoundTrip(t *testing.T) {
	for name, want := range samples() {
		t.Run(name, func(t *testing.T) {
			enc := AppendEncode(nil, want)
			t.Logf("%d bytes in %d", len(want), len(enc))
			got := make([]byte, len(want))
			if err := Decode(got, enc); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Fatal("decoded bytes differ")
			}
			app, n, err := AppendDecodePrefix([]byte("head"), append(enc, 1, 2, 3, 4), len(want))
			if err != nil || !bytes.Equal(app, append([]byte("head"), want...)) {
				t.Fatalf("AppendDecodePrefix: %v, or other bytes", err)
			}
			if n != len(enc) && n != len(enc)-2 {
				t.Errorf("AppendDecodePrefix: read %d bytes, want %d or 2 less", n, len(enc))
			}
		})
	}
}

func TestTruncatedEverywhere(t *testing.T) {
	src := samples()["mixed"]
	src = src[60_000:80_000]
	enc := AppendEncode(nil, src)
	for i := range testcost.Rounds(len(enc)) {
		n := i * len(enc) / testcost.Rounds(len(enc)) // each length but for samples
		dst := make([]byte, len(src))
		err := Decode(dst, enc[:n])
		if err == nil {
			if !bytes.Equal(dst, src) {
				t.Fatalf("cut to %d of %d bytes: no error, but other bytes", n, len(enc))
			}
			t.Logf("%d of %d: all there", n, len(enc))
			continue
		}
		ce, ok := errors.AsType[*CorruptError](err)
		if !ok || !ce.Truncated || ce.In != n {
			t.Fatalf("cut to %d bytes: %v, want Truncated at the end", n, err)
		}
		if !bytes.Equal(dst[:ce.Out], src[:ce.Out]) {
			t.Fatalf("cut to %d bytes: the %d bytes before the error differ", n, ce.Out)
		}
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	if testcost.Race {
		t.Skip("the race detector makes pools forget")
	}
	data := samples()["mixed"]
	enc := AppendEncode(nil, data)
	dst := make([]byte, len(data))
	if n := testing.AllocsPerRun(100, func() { Decode(dst, enc) }); n != 0 {
		t.Errorf("Decode allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { AppendDecode(dst[:0], enc, len(data)) }); n != 0 {
		t.Errorf("AppendDecode into enough room allocates %v times", n)
	}
}

func TestEncodeIsDeterministic(t *testing.T) {
	for name, data := range samples() {
		if !bytes.Equal(AppendEncode(nil, data), AppendEncode([]byte("x"), data)[1:]) {
			t.Errorf("%s: two streams from the same input", name)
		}
	}
	if enc := AppendEncode(nil, nil); len(enc) != 0 {
		t.Errorf("AppendEncode of nothing = %d bytes", len(enc))
	}
	if err := Decode(nil, nil); err != nil {
		t.Errorf("Decode of nothing: %v", err)
	}
}
