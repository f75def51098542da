package textfile_test

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
)

type at struct {
	off  int64
	text string
}

func lines(b []byte, oneByte bool) []at {
	var out []at
	r := textfile.Lines(bytes.NewReader(b))
	if oneByte {
		r = textfile.Lines(iotest.OneByteReader(bytes.NewReader(b)))
	}
	for off, s := range r {
		out = append(out, at{off, s})
	}
	return out
}

func TestLines(t *testing.T) {
	long := strings.Repeat("x", textfile.MaxLine)
	for in, want := range map[string][]at{
		"":                                    nil,
		"a\r\nb":                              {{0, "a"}, {3, "b"}},
		"a\n\nb\n":                            {{0, "a"}, {2, ""}, {3, "b"}},
		"\xEF\xBB\xBF\xC3\xA4\n":              {{3, "ä"}},
		"\xE4\n\xC3\xA4":                      {{0, "ä"}, {2, "ä"}}, // each line by itself
		"\xFF\xFEa\x00\r\x00\n\x00b\x00":      {{2, "a"}, {8, "b"}},
		"\xFE\xFF\x00a\x00\n\x00b\x00":        {{2, "a"}, {6, "b"}},
		"\xFF\xFEa\x00\n\x00\n":               {{2, "a"}, {6, ""}},
		long + "y\nz":                         {{0, long}, {textfile.MaxLine + 2, "z"}},
		strings.Repeat(long, 3) + "\r\nz\r\n": {{0, long}, {3*textfile.MaxLine + 2, "z"}},
	} {
		for _, oneByte := range []bool{false, true} {
			got := lines([]byte(in), oneByte)
			if len(got) != len(want) {
				t.Errorf("%.20q: %d lines, want %d", in, len(got), len(want))
				continue
			}
			for i := range got {
				if got[i] != want[i] {
					t.Errorf("%.20q: line %d is %.20q at %d, want %.20q at %d", in, i, got[i].text, got[i].off, want[i].text, want[i].off)
				}
			}
		}
	}
}

// FuzzLines: offsets rise and lie inside of the file, and how the bytes arrive
// makes no difference.
func FuzzLines(f *testing.F) {
	f.Add([]byte("127.0.0.1 a # b\r\n[s]\r\nname=value"))
	f.Add([]byte("\xFF\xFEa\x00\n\x00b"))
	f.Add([]byte("\xFE\xFF\x00a\x00\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, c := lines(b, false), lines(b, true)
		if len(a) != len(c) {
			t.Fatalf("%d lines, by single bytes %d", len(a), len(c))
		}
		last := int64(-1)
		for i, l := range a {
			if l != c[i] {
				t.Fatalf("line %d is %q at %d, by single bytes %q at %d", i, l.text, l.off, c[i].text, c[i].off)
			}
			if l.off <= last || l.off >= int64(len(b)) {
				t.Fatalf("line at %d after %d of %d", l.off, last, len(b))
			}
			last = l.off
		}
	})
}

func TestSplit(t *testing.T) {
	for in, want := range map[string]string{
		"a|b\r\nc":                        "8-bit",
		"\xE4\r\nc":                       "8-bit",
		"\xC3\xA4\r\nc":                   "UTF-8",
		"\xFF\xFEa\x00\n\x00c\x00":        "UTF-16",
		"a\x00b\x00c\x00d\x00\n\x00c\x00": "UTF-16",
	} {
		l, encoding := textfile.Split([]byte(in))
		if encoding != want || len(l) != 2 || l[1].Text != "c" {
			t.Errorf("%q: %v in %s, want %s", in, l, encoding, want)
		}
	}
}
