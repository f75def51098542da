package xpress

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

// A script writes the symbols of a block by hand.
type script struct {
	w       *bitWriter
	lengths [numSymbols]uint8
	codes   [numSymbols]uint16
}

// sym writes codes; after the code of a match, raw and bits follow by hand.
func (s *script) sym(syms ...int) {
	for _, sym := range syms {
		if s.lengths[sym] == 0 {
			panic("symbol without a code")
		}
		s.w.bits(uint32(s.codes[sym]), int(s.lengths[sym]))
	}
}

func (s *script) raw(b ...byte)        { s.w.dst = append(s.w.dst, b...) }
func (s *script) bits(v uint32, n int) { s.w.bits(v, n) }

// block returns a block with these code lengths, which may be nonsense.
func block(lengths map[int]uint8, write func(s *script)) []byte {
	var s script
	for sym, n := range lengths {
		s.lengths[sym] = n
	}
	var b []byte
	for i := 0; i < numSymbols; i += 2 {
		b = append(b, s.lengths[i]|s.lengths[i+1]<<4)
	}
	s.codes = canonical(&s.lengths)
	s.w = newBitWriter(b)
	write(&s)
	return s.w.flush()
}

const matchOffset1 = 256 // plus length-3, up to 15

// The worked examples: both are checkable by hand.
func TestWorkedExamples(t *testing.T) {
	table := func(set map[int]byte, bits string) []byte {
		b := make([]byte, tableSize, tableSize+len(bits))
		for i, v := range set {
			b[i] = v
		}
		return append(b, bits...)
	}
	for _, tt := range []struct {
		name string
		src  []byte
		want string
	}{
		{
			// Codes 65=00 66=01 279=10 33=110 256=111, so that A, B, the match
			// of 10 at offset 2, ! and the end are 00 01 10 0 110 111.
			"match at offset 2",
			table(map[int]byte{16: 0x30, 32: 0x20, 33: 0x02, 128: 0x03, 139: 0x20}, "\xb8\x19\x00\x00"),
			"ABABABABABAB!",
		},
		{
			// Codes 97=0 256=10 271=11. The words 0x7000 and 0 are read before
			// the first symbol, so FF and 297 come behind both.
			"length of 16 bits",
			table(map[int]byte{48: 0x10, 128: 0x02, 135: 0x20}, "\x00\x70\x00\x00\xff\x29\x01"),
			strings.Repeat("a", 301),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, n, err := AppendDecodePrefix(nil, tt.src, len(tt.want))
			if err != nil || string(got) != tt.want {
				t.Errorf("AppendDecodePrefix = %q, %v; want %q", got, err, tt.want)
			}
			if n != len(tt.src) {
				t.Errorf("AppendDecodePrefix: read %d bytes, want %d", n, len(tt.src))
			}
			dst := make([]byte, len(tt.want))
			if _, err := decodeSlowly(dst, tt.src); err != nil || string(dst) != tt.want {
				t.Errorf("slowly: %q, %v; want %q", dst, err, tt.want)
			}
			// Equal weights may be coded either way, at equal cost.
			if enc := AppendEncode(nil, []byte(tt.want)); len(enc) != len(tt.src) {
				t.Errorf("AppendEncode needs %d bytes, want %d", len(enc), len(tt.src))
			}
		})
	}
}

// wide is a complete code with 'a', 'b', the end and some matches.
var wide = map[int]uint8{
	'a': 3, 'b': 3, endMarker: 3,
	matchOffset1 + 15:         3, // offset 1, long length
	matchOffset1 + 2<<4 + 1:   3, // offset 4 to 7, length 4
	matchOffset1 + 15<<4 + 15: 3, // offset 32768 and up, long length
	matchOffset1 + 3<<4 + 15:  3, // offset 8 to 15, long length
	matchOffset1 + 3<<4:       3, // offset 8 to 15, length 3
}

func TestLongLengths(t *testing.T) {
	for _, tt := range []struct {
		name string
		raw  []byte
		want int // length of the match
	}{
		{"8 bits, smallest", []byte{0}, 18},
		{"8 bits, largest", []byte{254}, 272},
		{"16 bits, smallest", []byte{255, 15, 0}, 18},
		{"16 bits, largest", []byte{255, 0xff, 0xff}, 65538},
		{"32 bits, smallest", []byte{255, 0, 0, 15, 0, 0, 0}, 18},
		{"32 bits, 65536", []byte{255, 0, 0, 0, 0, 1, 0}, 65539},
		{"32 bits, large", []byte{255, 0, 0, 0x40, 0x42, 0x0f, 0}, 1_000_003},
	} {
		for _, far := range []bool{false, true} {
			name := tt.name
			if far {
				name += ", offset 11"
			}
			t.Run(name, func(t *testing.T) {
				ab := strings.Repeat("ab", 10)
				src := block(wide, func(s *script) {
					for _, c := range ab {
						s.sym(int(c))
					}
					if far {
						s.sym(matchOffset1 + 3<<4 + 15)
						s.raw(tt.raw...)
						s.bits(11-8, 3)
					} else {
						s.sym(matchOffset1 + 15)
						s.raw(tt.raw...)
					}
					if tt.want < blockSize-20 {
						// Symbols behind the raw bytes: they must not be
						// taken out of step. Far from the end, for the burst.
						s.sym(slices.Repeat([]int{'b', 'a', 'a'}, 30)...)
					}
					s.sym(endMarker)
				})
				want := []byte(ab)
				offset := 1
				if far {
					offset = 11
				}
				for range tt.want {
					want = append(want, want[len(want)-offset])
				}
				if tt.want < blockSize-20 {
					want = append(want, strings.Repeat("baa", 30)...)
				}
				got := make([]byte, len(want))
				if err := Decode(got, src); err != nil || !bytes.Equal(got, want) {
					t.Errorf("Decode: %v, or other bytes", err)
				}
				app, n, err := AppendDecodePrefix(nil, src, len(want))
				if err != nil || !bytes.Equal(app, want) {
					t.Errorf("AppendDecodePrefix: %v, or other bytes", err)
				}
				if left := len(src) - n; left != 0 && left != 2 {
					t.Errorf("AppendDecodePrefix: %d bytes left", left)
				}
			})
		}
	}
}

func TestCorrupt(t *testing.T) {
	good := func(s *script) { s.sym(slices.Repeat([]int{'a', 'b', endMarker}, 40)...) }
	for _, tt := range []struct {
		name string
		src  []byte
		size int
		want CorruptError
	}{
		{
			"no input", nil, 10,
			CorruptError{0, 0, true, "in a table of code lengths"},
		},
		{
			"table of zeros", make([]byte, 300), 10,
			CorruptError{0, 0, false, "code lengths are incomplete"},
		},
		{
			"incomplete table", block(map[int]uint8{'a': 1, 'b': 2, 'c': 3}, good0), 10,
			CorruptError{0, 0, false, "code lengths are incomplete"},
		},
		{
			"one code of one bit", block(map[int]uint8{'a': 1}, good0), 10,
			CorruptError{0, 0, false, "code lengths are incomplete"},
		},
		{
			"over-subscribed table", block(map[int]uint8{'a': 1, 'b': 1, 'c': 15}, good0), 10,
			CorruptError{0, 0, false, "code lengths are over-subscribed"},
		},
		{
			"second table over-subscribed",
			append(block(wide, func(s *script) {
				s.sym('a', matchOffset1+15)
				s.raw(0xff, 0xff, 0xff)
			}), bytes.Repeat([]byte{0x11}, 300)...), 100_000,
			CorruptError{tableSize + 4 + 3, 65539, false, "code lengths are over-subscribed"},
		},
		{
			"second table cut",
			append(block(wide, func(s *script) {
				s.sym('a', matchOffset1+15)
				s.raw(0xff, 0xff, 0xff)
			}), make([]byte, 255)...), 100_000,
			CorruptError{tableSize + 4 + 3 + 255, 65539, true, "in a table of code lengths"},
		},
		{
			"match first", block(wide, func(s *script) { s.sym(endMarker, 'a', 'a', 'a', 'a', 'a', 'a') }), 9,
			CorruptError{tableSize + 4, 0, false, "match offset before the start of the output"},
		},
		{
			"offset before the start, near the end of the input",
			block(wide, func(s *script) {
				s.sym('a', 'b', matchOffset1+3<<4)
				s.bits(0, 3)
			}), 50,
			CorruptError{tableSize + 4, 2, false, "match offset before the start of the output"},
		},
		{
			"offset before the start, in a burst",
			block(wide, func(s *script) {
				s.sym('a', 'b', matchOffset1+3<<4)
				s.bits(0, 3)
				good(s)
			}), 100,
			CorruptError{tableSize + 4, 2, false, "match offset before the start of the output"},
		},
		{
			"offset before the start, long match in a burst",
			block(wide, func(s *script) {
				s.sym('a', 'b', matchOffset1+15<<4+15)
				s.raw(9)
				s.bits(0, 15)
				good(s)
			}), 100,
			CorruptError{tableSize + 4, 2, false, "match offset before the start of the output"},
		},
		{
			"match past the end", block(wide, func(s *script) { s.sym('a', 'b', endMarker, endMarker) }), 4,
			CorruptError{tableSize + 4, 4, false, "match runs past the end of the output"},
		},
		{
			"match of 32 bits past the end",
			block(wide, func(s *script) {
				s.sym('a', matchOffset1+15)
				s.raw(255, 0, 0, 255, 255, 255, 255)
				good(s)
			}), 1000,
			CorruptError{tableSize + 4, 1000, false, "match runs past the end of the output"},
		},
		{
			"length below 15 in 16 bits",
			block(wide, func(s *script) {
				s.sym('a', matchOffset1+15)
				s.raw(255, 14, 0)
				good(s)
			}), 100,
			CorruptError{tableSize + 4, 1, false, "match length below 15 in its long form"},
		},
		{
			"length below 15 in 32 bits",
			block(wide, func(s *script) {
				s.sym('a', matchOffset1+15)
				s.raw(255, 0, 0, 14, 0, 0, 0)
				good(s)
			}), 100,
			CorruptError{tableSize + 4, 1, false, "match length below 15 in its long form"},
		},
		{
			"input ends in a length of 8 bits",
			block(wide, func(s *script) { s.sym('a', matchOffset1+15) }), 100,
			CorruptError{tableSize + 4, 1, true, "in a match length"},
		},
		{
			"input ends in a length of 16 bits",
			block(wide, func(s *script) { s.sym('a', matchOffset1+15); s.raw(255, 1) }), 100,
			CorruptError{tableSize + 6, 1, true, "in a match length"},
		},
		{
			"input ends in a length of 32 bits",
			block(wide, func(s *script) { s.sym('a', matchOffset1+15); s.raw(255, 0, 0, 1, 1, 1) }), 100,
			CorruptError{tableSize + 10, 1, true, "in a match length"},
		},
		{
			"input ends in a code",
			block(wide, func(s *script) { s.sym('a', 'a', 'a', 'a', 'a') })[:tableSize+2], 7,
			// Five codes of three bits, then one bit is left of the word.
			CorruptError{tableSize + 2, 5, true, "in a code"},
		},
		{
			"input ends in an offset",
			block(wide, func(s *script) {
				s.sym('a', 'a', 'a', 'a', matchOffset1+2<<4+1)
				s.bits(0, 2)
			})[:tableSize+2], 100,
			CorruptError{tableSize + 2, 4, true, "in a match offset"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := func(who string, out []byte, err error) {
				t.Helper()
				got, ok := errors.AsType[*CorruptError](err)
				if !ok || *got != tt.want {
					t.Errorf("%s: %+v, want %+v", who, err, &tt.want)
				} else if len(out) < got.Out {
					t.Errorf("%s: %d bytes, want %d", who, len(out), got.Out)
				}
			}
			dst := make([]byte, tt.size)
			check("Decode", dst, Decode(dst, tt.src))
			_, err := decodeSlowly(dst, tt.src)
			check("slowly", dst, err)
			app, err := AppendDecode(nil, tt.src, tt.size)
			check("AppendDecode", app, err)
			if len(app) != tt.want.Out || !bytes.Equal(app, dst[:tt.want.Out]) {
				t.Errorf("AppendDecode: %d bytes, want the %d that Decode left", len(app), tt.want.Out)
			}
		})
	}
}

func good0(*script) {}

// What the next symbol would be is nobody's business once the output is full.
func TestTail(t *testing.T) {
	full := block(wide, func(s *script) { s.sym('a', 'b', 'a', 'b', endMarker) })
	for _, tt := range []struct {
		name string
		src  []byte
		n    int // bytes read
	}{
		{"end marker", full, len(full)},
		{"last word left off", full[:tableSize+2], tableSize + 2},
		{"half a word", full[:tableSize+3], tableSize + 3},
		{"no end marker", block(wide, func(s *script) { s.sym('a', 'b', 'a', 'b') }), tableSize + 4},
		{"trailing bytes", append(bytes.Clone(full), "trailing"...), tableSize + 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, n, err := AppendDecodePrefix(nil, tt.src, 4)
			if string(got) != "abab" || n != tt.n || err != nil {
				t.Errorf("AppendDecodePrefix = %q, %d, %v; want abab, %d", got, n, err, tt.n)
			}
		})
	}
}

// A size that nothing stands behind must not be allocated.
func TestHostileSize(t *testing.T) {
	src := AppendEncode(nil, samples()["text"])
	src = src[:len(src)/2]
	const size = 0x7fff_ffff
	got, err := AppendDecode(nil, src, size)
	ce, ok := errors.AsType[*CorruptError](err)
	if !ok || !ce.Truncated || ce.Out != len(got) {
		t.Errorf("AppendDecode: %d bytes, %v; want Truncated", len(got), err)
	}
	if cap(got) > 4*len(got)+2*blockSize {
		t.Errorf("AppendDecode allocated %d bytes for %d", cap(got), len(got))
	}
	if got, err := AppendDecode([]byte("x"), src, -1); string(got) != "x" || err == nil {
		t.Errorf("AppendDecode(size -1) = %q, %v; want an error", got, err)
	}
}
