package destinations_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/destinations"
)

var le = binary.LittleEndian

func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// destList finds the stream by its directory entry. It is longer than the cutoff
// of 4,096 bytes in these tests, so that it lies in sectors that follow each other.
func destList(t *testing.T, file []byte) []byte {
	t.Helper()
	at := bytes.Index(file, wide("DestList"))
	if at < 0 || at%128 != 0 {
		t.Fatalf("no directory entry DestList (%d)", at)
	}
	size, start := le.Uint32(file[at+120:]), le.Uint32(file[at+116:])
	if size < 4096 {
		t.Fatalf("DestList has only %d bytes", size)
	}
	return file[(start+1)*512:][:size]
}

// items are enough for a large stream.
func items() []destinations.Item {
	opened := time.Date(2026, 3, 6, 18, 16, 2, 123456700, time.UTC)
	var out []destinations.Item
	for i := range 40 {
		out = append(out, destinations.Item{
			Number: uint32(i + 1), Path: fmt.Sprintf(`C:\Users\mira\Documents\report %02d.docx`, i), Host: "kestrel-pc",
			Volume: [16]byte{1, 2}, File: [16]byte{3, byte(i)}, Score: float32(i) / 4, Opened: opened.Add(time.Duration(i) * time.Minute),
			Pin: int32(i%3 - 1), Count: uint32(i * 2), Link: []byte("L\x00\x00\x00link"), Removed: i == 7,
		})
	}
	return out
}

// TestDestList walks the entries of each version by the sizes that are known:
// 114 bytes before the path on Windows 7, 130 and four after it from Windows 10.
func TestDestList(t *testing.T) {
	for _, version := range []uint32{1, 3, 4} {
		b := destList(t, destinations.Automatic(version, items()...))
		pinned := 0
		var want []destinations.Item
		for _, it := range items() {
			if it.Removed {
				continue
			}
			want = append(want, it)
			if it.Pin >= 0 {
				pinned++
			}
		}
		if le.Uint32(b) != version || int(le.Uint32(b[4:])) != len(want) || int(le.Uint32(b[8:])) != pinned || le.Uint64(b[16:]) != 40 {
			t.Errorf("version %d: header % x", version, b[:32])
		}
		b = b[32:]
		for _, it := range want {
			pathAt, tail := 112, 0
			if version >= 3 {
				pathAt, tail = 128, 4
				if got := le.Uint32(b[116:]); got != it.Count {
					t.Errorf("version %d, %d: count %d", version, it.Number, got)
				}
			}
			n := 2 * int(le.Uint16(b[pathAt:]))
			if got := b[pathAt+2:][:n]; !bytes.Equal(got, wide(it.Path)) {
				t.Fatalf("version %d, %d: path %q", version, it.Number, got)
			}
			if got := le.Uint32(b[88:]); got != it.Number {
				t.Errorf("version %d: number %d, want %d", version, got, it.Number)
			}
			if got := string(bytes.TrimRight(b[72:88], "\x00")); got != it.Host {
				t.Errorf("version %d, %d: host %q", version, it.Number, got)
			}
			if got := math.Float32frombits(le.Uint32(b[96:])); got != it.Score {
				t.Errorf("version %d, %d: score %v", version, it.Number, got)
			}
			if got := int32(le.Uint32(b[108:])); got != it.Pin {
				t.Errorf("version %d, %d: pin %d", version, it.Number, got)
			}
			since := time.Unix(0, 0).Add(time.Duration(le.Uint64(b[100:])-116444736000000000) * 100)
			if !since.Equal(it.Opened) {
				t.Errorf("version %d, %d: opened %v", version, it.Number, since.UTC())
			}
			if [16]byte(b[24:40]) != it.File || [16]byte(b[56:72]) != it.File || [16]byte(b[8:24]) != it.Volume {
				t.Errorf("version %d, %d: droids % x", version, it.Number, b[8:72])
			}
			b = b[pathAt+2+n+tail:]
		}
		if len(b) != 0 {
			t.Errorf("version %d: %d bytes left", version, len(b))
		}
	}
}

// TestRemovedKeepsItsLink has the shortcut of an entry that is gone, under its
// number in hexadecimal.
func TestRemovedKeepsItsLink(t *testing.T) {
	file := destinations.Automatic(4, destinations.Item{Number: 0x1C, Link: []byte("the link of 1c"), Removed: true})
	if !bytes.Contains(file, append(wide("1c"), 0, 0)) || !bytes.Contains(file, []byte("the link of 1c")) {
		t.Error("the stream 1c is not there")
	}
}

// TestCustom walks a custom list: categories that end with their mark, links that
// follow the class identifier of a shortcut.
func TestCustom(t *testing.T) {
	class := []byte("\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46")
	b := destinations.Custom(
		destinations.Category{Name: "Frequent", Links: [][]byte{[]byte("one"), []byte("two!")}},
		destinations.Category{Links: [][]byte{[]byte("task")}},
	)
	if le.Uint32(b) != 2 || le.Uint32(b[4:]) != 2 {
		t.Fatalf("header % x", b[:12])
	}
	b = b[12:]
	eat := func(what string, want []byte) {
		t.Helper()
		if !bytes.HasPrefix(b, want) {
			t.Fatalf("%s: % x, want % x", what, b[:min(len(b), len(want))], want)
		}
		b = b[len(want):]
	}
	eat("kind", []byte{0, 0, 0, 0})
	eat("length of the name", []byte{8, 0})
	eat("name", wide("Frequent"))
	eat("links", []byte{2, 0, 0, 0})
	eat("first", append(bytes.Clone(class), "one"...))
	eat("second", append(bytes.Clone(class), "two!"...))
	eat("mark", []byte{0xAB, 0xFB, 0xBF, 0xBA})
	eat("kind of the tasks", []byte{2, 0, 0, 0})
	eat("tasks", []byte{1, 0, 0, 0})
	eat("task", append(bytes.Clone(class), "task"...))
	eat("last mark", []byte{0xAB, 0xFB, 0xBF, 0xBA})
	if len(b) != 0 {
		t.Errorf("%d bytes left", len(b))
	}
}

func ExampleCustom() {
	b := destinations.Custom(destinations.Category{Links: [][]byte{[]byte("link")}})
	fmt.Printf("%X\n", b[len(b)-4:])
	// Output: ABFBBFBA
}
