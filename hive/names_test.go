package hive

import (
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"testing"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestUpcaseTable compares with the sums of the table of Windows 10; regf section 10.
func TestUpcaseTable(t *testing.T) {
	var table []byte
	n := 0
	for u := range 1 << 16 {
		up := upcase(uint16(u))
		if int(up) != u {
			n++
		}
		table = le.AppendUint16(table, up)
	}
	if n != 973 {
		t.Errorf("%d units are mapped, want 973", n)
	}
	if got := crc32.ChecksumIEEE(table); got != 0xCEE8CFFA {
		t.Errorf("CRC-32 = %08X, want CEE8CFFA", got)
	}
	sum := sha256.Sum256(table)
	if got := hex.EncodeToString(sum[:]); got != "41c26bc7a12bdaeb26025c93118697c7e3ef81ee048b00fe5cce2a472e0e0742" {
		t.Errorf("SHA-256 = %s", got)
	}
}

func TestNameHash(t *testing.T) {
	for _, s := range []string{"", "a", "Software", "ÄÖÜßÿ", "日本語", "𐐨"} {
		if got, want := (name{raw: utf16Bytes(s)}).hash(), regf.NameHash(s); got != want {
			t.Errorf("hash(%q) = %08X, want %08X", s, got, want)
		}
	}
}

func utf16Bytes(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

func TestMarvin32(t *testing.T) {
	for _, s := range []string{"", "a", "ab", "abc", "abcd", "abcdefghi"} {
		if got, want := marvin32(logSeed, []byte(s)), regf.Marvin32(logSeed, []byte(s)); got != want {
			t.Errorf("marvin32(%q) = %016X, want %016X", s, got, want)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "text", "a long text that takes several steps of four units", "ä", "日本語\x00x", "\U0001F511"} {
		f.Add(utf16Bytes(s))
	}
	f.Add([]byte{0, 0xD8, 'a', 0})
	f.Add([]byte{'a', 0, 'b'})
	f.Fuzz(func(t *testing.T, b []byte) {
		// The plain way to the same text.
		var units []uint16
		for i := 0; i+1 < len(b); i += 2 {
			units = append(units, le.Uint16(b[i:]))
		}
		if got, want := utf16String(b), string(utf16.Decode(units)); got != want {
			t.Errorf("utf16String(%X) = %q, want %q", b, got, want)
		}
		for i, u := range units {
			if u == 0 {
				units = units[:i]
				break
			}
		}
		if got, want := openText(b), string(utf16.Decode(units)); got != want {
			t.Errorf("text(%X) = %q, want %q", b, got, want)
		}
		d := DecodeText(b)
		if d.Text != string(utf16.Decode(units)) {
			t.Errorf("DecodeText(%X).Text = %q", b, d.Text)
		}
		DecodeTexts(b)
	})
}

// openText makes a text twice, of which the second shares memory with the first.
func openText(b []byte) string {
	h := &Hive{pen: newPen()}
	alone := h.text(b)
	h.pen = newPen()
	first := h.text(b)
	if second := h.text(b); first != alone || second != alone {
		return "one of " + alone + first + second
	}
	return alone
}
