package xpress

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// FuzzDecode holds the decoder against the slow one: same bytes, same error,
// same place; nothing written outside of what was asked for; and what is
// encoded decodes to itself.
func FuzzDecode(f *testing.F) {
	all := samples()
	// Two blocks and a match from the second to the first, in few bytes.
	all["blocks"] = slices.Concat(all["text"][:300], make([]byte, 70_000), all["text"][:300], all["noise"][:50])
	for name, data := range all {
		if name != "blocks" {
			data = data[:min(len(data), 2500)]
		}
		enc := AppendEncode(nil, data)
		f.Add(enc, uint32(len(data)), false)
		f.Add(enc[:len(enc)*2/3], uint32(len(data)), false)
		f.Add(enc, uint32(len(data)/2), false)
		f.Add(enc, uint32(len(data)+1000), false)
	}
	f.Add([]byte("weights of symbols, for a code that is always complete"), uint32(1000), true)
	f.Fuzz(func(t *testing.T, src []byte, size uint32, mend bool) {
		size %= 1 << 18
		if mend {
			src = mendTable(src)
		}
		check(t, src, int(size))

		enc := AppendEncode(nil, src)
		got := make([]byte, len(src))
		if err := Decode(got, enc); err != nil || !bytes.Equal(got, src) {
			t.Fatalf("round trip of %d bytes: %v, or other bytes", len(src), err)
		}
	})
}

// mendTable makes a complete code of the first table: chance hardly ever hits
// one, and behind it lies all the rest.
func mendTable(src []byte) []byte {
	if len(src) < tableSize {
		return src
	}
	src = bytes.Clone(src)
	var freq [numSymbols]int
	for i, b := range src[:tableSize] {
		freq[2*i] = 1 << (b & 15) &^ 1
		freq[2*i+1] = 1 << (b >> 4) &^ 1
	}
	freq['a']++
	lengths := codeLengths(&freq)
	for i := range tableSize {
		src[i] = lengths[2*i] | lengths[2*i+1]<<4
	}
	return src
}

// check decodes with everything there is.
func check(t *testing.T, src []byte, size int) {
	t.Helper()
	want := make([]byte, size)
	wantN, wantErr := decodeSlowly(want, src)
	produced := size
	wantCE, failed := errors.AsType[*CorruptError](wantErr)
	if failed {
		produced = wantCE.Out
		if wantCE.In < 0 || wantCE.In > len(src) || produced < 0 || produced > size {
			t.Fatalf("slowly: offsets outside: %+v", wantCE)
		}
	}
	same := func(who string, got []byte, err error) {
		t.Helper()
		ce, ok := errors.AsType[*CorruptError](err)
		if ok != failed || (err == nil) == failed || ok && *ce != *wantCE {
			t.Fatalf("%s: %v, slowly: %v", who, err, wantErr)
		}
		if !bytes.Equal(got, want[:produced]) {
			t.Fatalf("%s: the %d bytes differ from the slow decoder's", who, produced)
		}
	}

	const guard = 64
	buf := bytes.Repeat([]byte{0xa5}, guard+size+guard)
	dst := buf[guard : guard+size] // with capacity behind it
	intact := func(who string) {
		t.Helper()
		if bytes.Count(buf[:guard], []byte{0xa5}) != guard || bytes.Count(buf[guard+size:], []byte{0xa5}) != guard {
			t.Fatalf("%s wrote outside of its destination", who)
		}
	}
	err := Decode(dst, src)
	same("Decode", dst[:produced], err)
	intact("Decode")

	got, n, err := AppendDecodePrefix(nil, src, size)
	same("AppendDecodePrefix", got, err)
	if n != wantN && err == nil {
		t.Fatalf("AppendDecodePrefix: read %d bytes, slowly %d", n, wantN)
	}
	if most := max(8*len(src), 4*produced, 2*blockSize); cap(got) > 2*most {
		t.Fatalf("AppendDecodePrefix: allocated %d bytes for %d", cap(got), produced)
	}
	got, _, err = AppendDecodePrefix(buf[:guard], src, size)
	same("AppendDecodePrefix in place", got[guard:], err)
	intact("AppendDecodePrefix")
}
