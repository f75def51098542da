package prefetch

import (
	"strings"
	"testing"
	"unicode/utf16"
)

// The fast path for four units at once and the path for one agree with the standard library, wherever the text begins and ends, and into
// any buffer.
func TestAppendUTF8(t *testing.T) {
	for _, s := range []string{"", "A", "ABCD", "ABCDE", "日本語", "ABCDÄFGH", "𠮷", "A𠮷BCDEFGH𠮷", "\uFFFD\uFFFF", strings.Repeat("日", 341), strings.Repeat("x", 4097)} {
		units := utf16.Encode([]rune(s))
		for _, extra := range [][]uint16{nil, {0xD800}, {0xDC00, 'x'}, {0xD842, 0xD842, 0xDFB7}} {
			all := append(append([]uint16{}, units...), extra...)
			var b []byte
			for _, u := range all {
				b = le.AppendUint16(b, u)
			}
			for n := range 40 {
				got, whole := appendUTF8(make([]byte, n, n+len(all)*3), b)
				if want := string(utf16.Decode(all)); string(got[n:]) != want || whole != (extra == nil) {
					t.Fatalf("appendUTF8(%d bytes, %x) = %q, %t, want %q, %t", n, all, got[n:], whole, want, extra == nil)
				}

				got, ascii := appendASCII(make([]byte, n, n+len(all)/2), b)
				want := make([]byte, n)
				wantASCII := strings.IndexFunc(s, func(r rune) bool { return r > 0x7F }) < 0 && extra == nil
				if wantASCII {
					want = append(want, s...)
				}
				if string(got) != string(want) || ascii != wantASCII {
					t.Fatalf("appendASCII(%d bytes, %x) = %q, %t, want %q, %t", n, all, got, ascii, want, wantASCII)
				}
			}
		}
	}
}
