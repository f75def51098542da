package cfb

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/compound"
	"github.com/google/go-cmp/cmp"
)

func sample() []byte {
	return compound.Build(
		compound.Stream{Name: "DestList", Data: []byte("short")},
		compound.Stream{Name: "1", Data: bytes.Repeat([]byte("large "), 2000)},
		compound.Stream{Name: "empty"},
		compound.Stream{Name: "gone", Data: bytes.Repeat([]byte("deleted "), 20), Deleted: true},
		compound.Stream{Name: "large gone", Data: bytes.Repeat([]byte("deleted "), 600), Deleted: true},
		compound.Stream{Name: "box", Modified: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), Children: []compound.Stream{{Name: "Inner", Data: []byte("inside")}}},
	)
}

func open(t *testing.T, b []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRead(t *testing.T) {
	b := sample()
	f := open(t, b)
	if len(f.Damage) > 0 {
		t.Error(f.Damage[0])
	}
	var got []string
	for _, e := range f.Entries {
		data, err := f.Read(e)
		if err != nil {
			t.Errorf("%s: %v", e.Path, err)
		}
		if e.Kind != Root && int64(len(data)) != e.Size {
			t.Errorf("%s: %d bytes of %d", e.Path, len(data), e.Size)
		}
		if len(data) > 0 && e.Kind != Root {
			last := len(data) - 1
			if off := f.Offset(e, int64(last)); off < 0 || b[off] != data[last] || last > 5 && b[f.Offset(e, 5)] != data[5] {
				t.Errorf("%s: byte %d is not at %d", e.Path, last, off)
			}
		}
		got = append(got, strings.TrimSpace(string(e.State)+" "+e.Path+": "+string(data[:min(len(data), 8)])))
	}
	want := []string{"Root Entry", "DestList: short", "1: large la", "empty:", "box:", "box/Inner: inside", "deleted gone: deleted", "deleted large gone: deleted"}
	got[0] = f.Entries[0].Name
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if e := f.Find("BOX/inner"); e == nil || e.Name != "Inner" {
		t.Errorf("Find = %v", e)
	}
	if e := f.Find("box"); !e.Modified.Equal(time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)) {
		t.Errorf("modified %v", e.Modified)
	}
}

// Each damage costs what it hits, and ends.
func TestDamage(t *testing.T) {
	good := sample()
	f := open(t, good)
	set := func(off int64, v uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[off:], v)
		return b
	}
	large, dest := f.Find("1"), f.Find("DestList")
	fatAt := f.at(binary.LittleEndian.Uint32(good[hdrFATList:]))
	second := large.start + 3
	read := func(b []byte, name string) (int, string) {
		t.Helper()
		f := open(t, b)
		e := f.Find(name)
		if e == nil {
			return -1, f.Damage[0].Error()
		}
		data, err := f.Read(e)
		if err == nil {
			return len(data), ""
		}
		return len(data), err.Error()
	}
	for _, c := range []struct {
		name, stream string
		b            []byte
		n            int
		err          string
	}{
		{"loop", "1", set(fatAt+4*int64(second), second), 12000, ""}, // the size ends it
		{"out of the file", "1", set(fatAt+4*int64(second), 0x7000), 2048, "leads out of the file"},
		{"free", "1", set(fatAt+4*int64(second), freeSector), 2048, "followed by a free sector"},
		{"short chain", "1", set(fatAt+4*int64(second), endOfChain), 2048, "12000 bytes, found 2048"},
		{"size", "1", set(large.Offset+entLength, 0xFFFFFFF0), 12288, "bytes, found"},
		{"mini sector", "DestList", set(dest.Offset+entStart, 999), 0, "not in the mini FAT"},
		{"cycle in the tree", "box", set(dest.Offset+entRight, 1), -1, "reached twice"},
		{"entry out of the directory", "box", set(dest.Offset+entRight, 5000), -1, "entry 5000 of"},
		{"cut", "1", good[:5000], -1, "FAT"},
	} {
		n, err := read(c.b, c.stream)
		if n != c.n || !strings.Contains(err, c.err) || err == "" != (c.err == "") {
			t.Errorf("%s: %d bytes, %q; want %d, %q", c.name, n, err, c.n, c.err)
		}
	}
	lost := open(t, set(dest.Offset+entRight, noStream))
	n := 0
	for _, e := range lost.Entries {
		if e.State == Lost {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d lost entries", n)
	}
	for _, b := range [][]byte{nil, []byte("PK"), good[:7]} {
		if _, err := Open(bytes.NewReader(b), int64(len(b))); err != ErrNotCompound {
			t.Errorf("%q: %v", b, err)
		}
	}
	if _, err := Open(bytes.NewReader(good[:100]), 100); err == nil || err.Error() != "cfb: header at offset 100: ends inside of the header" {
		t.Errorf("a cut header: %v", err)
	}
}

// TestEvidence opens the real jump lists: no damage, and each stream whole.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	paths, err := filepath.Glob(filepath.Join(root, "artifacts2", "jumplists", "*", "*.automaticDestinations-ms"))
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d lists, %v", len(paths), err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, b)
		for _, d := range f.Damage {
			t.Errorf("%s: %v", p, d)
		}
		for _, e := range f.Entries {
			if _, err := f.Read(e); err != nil && e.State == Live {
				t.Errorf("%s, %s: %v", p, e.Path, err)
			}
		}
		if f.Find("DestList") == nil {
			t.Errorf("%s: no DestList", p)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sample())
	f.Add(compound.Build(compound.Stream{Name: "DestList", Data: []byte("x")})[:1500])
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		total := 0
		for _, e := range c.Entries {
			data, _ := c.Read(e)
			if len(data) > len(b) {
				t.Fatalf("stream of %d bytes in %d", len(data), len(b))
			}
			total++
			if len(data) > 0 {
				if off := c.Offset(e, 0); off < 0 || off >= int64(len(b)) || b[off] != data[0] {
					t.Fatalf("first byte of %q is not at %d", e.Path, off)
				}
			}
		}
		if total > len(b)/entrySize {
			t.Fatalf("%d entries in %d bytes", total, len(b))
		}
		again, _ := Open(bytes.NewReader(b), int64(len(b)))
		if !reflect.DeepEqual(c.Entries, again.Entries) {
			t.Error("not the same twice")
		}
	})
}
