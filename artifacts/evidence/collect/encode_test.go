package collect

import (
	"strings"
	"testing"
)

func TestDecodeComponent(t *testing.T) {
	for stored, want := range map[string]string{
		"C%3A": "C:", "%5C%5C.%5CC%3A": `\\.\C:`, "$MFT": "$MFT", "a b": "a b", "100%25": "100%", "%": "%", "%4": "%4", "%zz": "%zz", "%2541": "%41", "%c3%A9": "é",
	} {
		if got := decodeComponent(stored); got != want {
			t.Errorf("%q: %q, want %q", stored, got, want)
		}
	}
	for name, want := range map[string]string{"C:": "C%3A", ".x ": "%2Ex%20", "a.b c": "a.b c", "\xff": "%FF", ".": "%2E"} {
		if got := encodeComponent(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

func FuzzComponent(f *testing.F) {
	for _, s := range []string{"C:", "%41", " .", "é\xff", `a/b\c`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e := encodeComponent(s)
		if got := decodeComponent(e); got != s {
			t.Fatalf("%q encoded is %q, decoded %q", s, e, got)
		}
		if s != "" && (strings.ContainsAny(e, `/\:*?"<>|`) || e == "." || e == "..") {
			t.Fatalf("%q encoded is %q", s, e)
		}
		plainName(decodeComponent(s))
	})
}

// A map that is accepted reads inside its bounds, zeros where nothing is stored.
func FuzzSparse(f *testing.F) {
	f.Add(int64(0), int64(0), int64(4), int64(4), int64(4), int64(100), int64(4), int64(8), int64(50))
	f.Fuzz(func(t *testing.T, s0, o0, f0, l0, s1, o1, f1, l1, at int64) {
		const stored = 64
		m, err := newSparseMap([]span{{s0, o0, f0, l0}, {s1, o1, f1, l1}}, stored)
		if err != nil {
			return
		}
		data := strings.NewReader(strings.Repeat("x", stored))
		s := &sparseFile{m: m, at: data}
		p := make([]byte, 16)
		n, err := s.ReadAt(p, at)
		switch {
		case at < 0 || at >= m.size:
			if n != 0 || err == nil {
				t.Fatalf("%d bytes, %v, at %d of %d", n, err, at, m.size)
			}
		case int64(n) != min(16, m.size-at):
			t.Fatalf("%d bytes, %v, at %d of %d", n, err, at, m.size)
		}
		for i, c := range p[:n] {
			want := byte(0)
			for _, r := range m.spans {
				if off := at + int64(i); off >= r.Start && off < r.Start+r.StoredLen {
					want = 'x'
				}
			}
			if c != want {
				t.Fatalf("%q at %d, want %q", c, at+int64(i), want)
			}
		}
	})
}
