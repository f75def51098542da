package tabstate

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

func number(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

func text(b []byte, s string) []byte {
	u := utf16.Encode([]rune(s))
	b = number(b, uint64(len(u)))
	for _, c := range u {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	return b
}

func summed(b []byte) []byte { return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b)) }

// state builds a file: of a file on disk when path is not empty.
func state(path, content string, unsaved byte, changes ...[]byte) []byte {
	var b []byte
	if path == "" {
		b = append(b, 0)
	} else {
		b = text([]byte{1}, path)
		b = append(number(b, 42), 5, 1)
		b = number(b, uint64(wire.FileTime(time.Date(2026, 3, 6, 1, 2, 3, 0, time.UTC))))
		b = append(b, make([]byte, 32)...)
		b = append(b, 0)
	}
	b = append(b, 1)
	b = number(number(b, 3), 300)
	b = append(b, 1, 0, 0, 2, 0xAA, 0xBB)
	b = summed(append(text(b, content), unsaved))
	for _, c := range changes {
		b = append(b, c...)
	}
	return append([]byte("NP\x00"), b...)
}

func change(at, deleted uint64, added string) []byte {
	return summed(text(number(number(nil, at), deleted), added))
}

func TestParse(t *testing.T) {
	got, err := Parse(state("", "helo", 1, change(3, 0, "l"), change(5, 0, " 😀"), change(0, 1, "J"), change(5, 3, "")))
	if err != nil || got.Kind != Untitled || got.Text != "Jello" || got.Stored != "helo" || len(got.Changes) != 4 || !got.Unsaved || got.BadSum ||
		got.SelectionEnd != 300 {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = Parse(state(`C:\Users\anna\notes.txt`, "one\rtwo", 0))
	if err != nil || got.Kind != OfFile || got.Path != `C:\Users\anna\notes.txt` || got.FileSize != 42 || got.Encoding != "UTF-8" || got.LineEnds != "CRLF" ||
		got.Written.Format(time.DateTime) != "2026-03-06 01:02:03" || len(got.SHA256) != 32 || got.Unsaved || got.Text != "one\rtwo" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Parse([]byte("NP\x05\x0A\x01\x00\x00\x00\x01\x00\x00\x00\x12\x34\x56\x78")); err != nil || got.Kind != View || got.Sequence != 5 {
		t.Errorf("a view: %+v, %v", got, err)
	}
	if _, err := Parse([]byte("MZ\x00\x01")); !errors.Is(err, ErrNotTabState) {
		t.Error(err)
	}
}

// TestChecksum takes the two changes that the description of the format prints.
func TestChecksum(t *testing.T) {
	for _, c := range []string{"\x00\x00\x01\x61\x00\xBB\x06\xC7\xCC", "\x01\x01\x00\xE7\x98\x82\x64"} {
		got, err := Parse(state("", "xyz", 1, []byte(c)))
		if err != nil || got.BadSum || len(got.Changes) != 1 {
			t.Errorf("% X: %+v, %v", c, got, err)
		}
	}
}

func TestDamaged(t *testing.T) {
	whole := state("", "text", 1, change(0, 0, "a"))
	for n := 4; n < len(whole); n++ {
		got, err := Parse(whole[:n])
		if got == nil || err == nil && n < 25 {
			t.Errorf("%d bytes: %+v, %v", n, got, err)
		}
	}
	flipped := []byte(strings.Replace(string(whole), "t\x00e", "T\x00e", 1))
	if got, err := Parse(flipped); err != nil || !got.BadSum || got.Text != "aText" {
		t.Errorf("%+v, %v", got, err)
	}
	// What is left of an older, longer state is no change.
	if got, err := Parse(append(state("", "text", 1), 1, 2, 3, 4, 5, 6, 7, 8)); err != nil || got.Text != "text" || len(got.Changes) != 0 || !got.BadSum {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Parse(append(state("", "text", 1), make([]byte, 9)...)); err != nil || got.Text != "text" || got.BadSum {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Parse(state("", "text", 1, change(9, 0, "a"), change(0, 0, "b"))); err == nil || got.Text != "text" || len(got.Changes) != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	huge := append([]byte("NP\x00\x01"), 0xFF, 0xFF, 0xFF, 0xFF, 0x0F)
	if got, err := Parse(huge); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(state("", "helo", 1, change(3, 0, "l")))
	f.Add(state(`C:\a.txt`, "x", 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		tab, _ := Parse(b)
		if tab != nil && len(tab.Text) > 3*maxText {
			t.Fatal(len(tab.Text))
		}
	})
}
