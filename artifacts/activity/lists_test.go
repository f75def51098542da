package activity

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// TestListsDamaged wants an error, and what stands before the damage.
func TestListsDamaged(t *testing.T) {
	list := []byte{20, 0, 0x1F, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0}
	le := binary.LittleEndian
	pin := append(le.AppendUint32([]byte{0}, uint32(len(list))), list...)
	cache := append(le.AppendUint32(append(le.AppendUint32(nil, 9), 0, 0), uint32(len(list))), list...)
	for _, c := range []struct {
		artifact, key, value string
		data                 []byte
		want                 int
		says                 string
	}{
		{"taskbarpins", `Explorer\Taskband`, "Favorites", append(pin[:len(pin):len(pin)], 0, 0xFF, 0xFF, 0xFF, 0x7F), 1, "are left"},
		{"taskbarpins", `Explorer\Taskband`, "Favorites", append(pin[:len(pin):len(pin)], 0, 1), 1, "before the length"},
		{"programscache", `Explorer\StartPage`, "ProgramsCache", append(cache[:len(cache):len(cache)], 1, 0xFF, 0xFF, 0, 0), 1, "are left"},
		{"programscache", `Explorer\StartPage`, "ProgramsCache", append(cache[:len(cache):len(cache)], 7), 1, "byte 0x7"},
		{"programscache", `Explorer\StartPage`, "ProgramsCache", []byte{77, 0, 0, 0}, 0, "version 77"},
	} {
		fsys := testtree.HiveOf(testtree.NtuserPath, func(root *regf.Key) {
			testtree.AsUser(root)
			root.Sub(`Software\Microsoft\Windows\CurrentVersion\`+c.key).Set(c.value, regf.Binary(c.data))
		})
		recs, errs := testtree.Found(t, fsys, testtree.Named(t, Artifacts(), c.artifact))
		if len(recs) != c.want {
			t.Errorf("%s %x: %d records, want %d", c.artifact, c.data, len(recs), c.want)
		}
		testtree.WantErrors(t, errs, c.says)
	}
}

// TestProgramsCacheBehind finds a list behind the end of another.
func TestProgramsCacheBehind(t *testing.T) {
	list := []byte{20, 0, 0x1F, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0}
	le := binary.LittleEndian
	item := append(le.AppendUint32([]byte{1}, uint32(len(list))), list...)
	b := append(append(le.AppendUint32(le.AppendUint32(nil, 1), 1), item...), 2)
	b = append(append(append(b, 0x16, 0, 2, 0, 0, 0, 0, 0), item...), 2)
	c := programsReader{b: b, off: 8}
	var behind []bool
	for c.next() {
		behind = append(behind, c.behind)
	}
	if c.err != nil || len(behind) != 2 || behind[0] || !behind[1] {
		t.Errorf("items behind the end: %v, %v", behind, c.err)
	}
}

func FuzzProgramsCache(f *testing.F) {
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 2}, 8, false)
	f.Add([]byte{9, 0, 0, 0, 0, 0, 22, 0, 0, 0, 20, 0, 0x1F, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0, 2}, 6, true)
	f.Fuzz(func(t *testing.T, b []byte, off int, first bool) {
		if off < 0 || off > len(b) {
			return
		}
		c := programsReader{b: b, off: off, first: first}
		n := 0
		for c.next() {
			if n++; n > len(b) || c.off > len(b) {
				t.Fatalf("%d items, at %d of %d bytes", n, c.off, len(b))
			}
		}
	})
}

func FuzzTaskbarPins(f *testing.F) {
	f.Add([]byte{0, 22, 0, 0, 0, 20, 0, 0x1F, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0, 0, 0xFF})
	f.Add([]byte{4, 0, 0, 0, 0x4C, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		items, _ := pinItems(b)
		links, _ := pinLinks(b)
		if len(items) > len(b) || len(links) > len(b) {
			t.Fatalf("%d pins, %d shortcuts from %d bytes", len(items), len(links), len(b))
		}
	})
}

// TestPDFTime holds dates of PDF to their offset.
func TestPDFTime(t *testing.T) {
	if got, err := pdfTime("D:20260304105512+09'00'"); err != nil || !got.Equal(time.Date(2026, 3, 4, 1, 55, 12, 0, time.UTC)) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, s := range []string{"", "D:", "D:20260304105512", "20261399000000Z"} {
		if got, err := pdfTime(s); err == nil {
			t.Errorf("%q is %v, want an error", s, got)
		}
	}
}

func TestHotKey(t *testing.T) {
	for n, want := range map[uint16]string{0: "", 0x0654: "Ctrl+Alt+T", 0x0370: "Ctrl+Shift+F1", 0x0531: "Alt+Shift+1", 0x02FF: "Ctrl+0xff"} {
		if got := hotKey(n); got != want {
			t.Errorf("%#x is %q, want %q", n, got, want)
		}
	}
}
