package textfile_test

import (
	"bytes"
	"io"
	"slices"
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

func split(b []byte) (lines []textfile.Line, encoding string, err error) {
	seq, encoding, err := textfile.Split(bytes.NewReader(b), int64(len(b)))
	return slices.Collect(seq), encoding, err
}

func TestSplit(t *testing.T) {
	for in, want := range map[string]string{
		"a|b\r\nc":                        "8-bit",
		"\xE4\r\nc":                       "8-bit",
		"\xC3\xA4\r\nc":                   "UTF-8",
		"\xEF\xBB\xBFa\r\nc":              "UTF-8",
		"\xFF\xFEa\x00\n\x00c\x00":        "UTF-16",
		"a\x00b\x00c\x00d\x00\n\x00c\x00": "UTF-16",
		"a\x00b\x00\n\x00c\x00x":          "UTF-16", // an odd byte at the end
		"\xC3\xA4\xC3\nc":                 "8-bit",  // a character cut off
	} {
		l, encoding, err := split([]byte(in))
		if err != nil || encoding != want || len(l) != 2 || l[1].Text != "c" {
			t.Errorf("%q: %v in %s, %v, want %s", in, l, encoding, err, want)
			continue
		}
		if end := strings.LastIndexByte(in, 'c'); l[1].Offset != int64(end) {
			t.Errorf("%q: second line at %d, want %d", in, l[1].Offset, end)
		}
	}
}

// TestSplitLong cuts lines that no program writes, and finds a character of
// several bytes that a buffer's end divides.
func TestSplitLong(t *testing.T) {
	long := strings.Repeat("x", 3*textfile.MaxLine)
	wide := make([]byte, 0, 2*len(long)+8)
	for _, c := range []byte(long + "\nz") {
		wide = append(wide, c, 0)
	}
	for name, b := range map[string][]byte{"8-bit": []byte(long + "\nz"), "UTF-16": wide} {
		l, encoding, err := split(b)
		if err != nil || encoding != name || len(l) != 2 || len(l[0].Text) != textfile.MaxLine || l[1].Text != "z" {
			t.Errorf("%s: %d lines in %s, %v", name, len(l), encoding, err)
		}
	}
	for shift := range 3 {
		b := []byte(strings.Repeat("x", shift) + strings.Repeat("\u20AC", 50_000))
		if _, encoding, _ := split(b); encoding != "UTF-8" {
			t.Errorf("moved by %d: %s", shift, encoding)
		}
	}
}

// TestSplitBroken: an error at the start is returned, one further on ends the
// text.
func TestSplitBroken(t *testing.T) {
	broken := iotest.ErrReader(io.ErrNoProgress)
	if _, _, err := textfile.Split(readerAt{broken}, 100); err == nil {
		t.Error("no error at the start")
	}
}

// A readerAt reads from a stream, whatever the offset.
type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return io.ReadFull(r.Reader, p) }

// FuzzSplit: offsets rise and lie inside of the file.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("path|2024-01-02 03:04:05.000\r\nx"))
	f.Add([]byte("\xFF\xFEa\x00\n\x00b"))
	f.Add([]byte("a\x00b\x00\n\x00c\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, _, err := split(b)
		if err != nil {
			t.Fatal(err)
		}
		last := int64(-1)
		for _, l := range l {
			if l.Offset <= last || l.Offset >= int64(len(b)) {
				t.Fatalf("line at %d after %d of %d", l.Offset, last, len(b))
			}
			last = l.Offset
		}
	})
}
