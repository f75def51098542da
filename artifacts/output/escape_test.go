package output

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestNothingMovesTheCursor holds both JSON writers to escapes for what a
// terminal obeys, and to giving the text back when it is read.
func TestNothingMovesTheCursor(t *testing.T) {
	const s = "a\x1b[2J\u0085\u009b\x7f\u202egnp.exe\u2066\u200f\u2028\u65e5\u672c \U0001F600 \u00a0"
	marshalled, err := Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"appendQuoted": appendQuoted(nil, s), "Marshal": marshalled} {
		for _, r := range string(b) {
			if r < 0x20 || r >= 0x7F && r < 0xA0 || turns(r) {
				t.Errorf("%s leaves %U as it is", name, r)
			}
		}
		var got string
		if err := json.Unmarshal(b, &got); err != nil || got != s {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestPlain finds each byte that is not plain at each place of a word.
func TestPlain(t *testing.T) {
	for n := range 40 {
		b := bytes.Repeat([]byte{'~'}, n) // the byte before DEL
		if !plain(b) {
			t.Errorf("%d plain bytes are not plain", n)
		}
		for i := range b {
			for _, c := range []byte{0x7F, 0x80, 0xC2, 0xFF} {
				b[i] = c
				if plain(b) {
					t.Errorf("%d bytes with %#x at %d are plain", n, c, i)
				}
			}
			b[i] = '~'
		}
	}
}
