package jumplist

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/destinations"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

// someItems are entries of an automatic list, numbered from 1.
func someItems(r *rand.Rand, n int) []destinations.Item {
	words := []string{`C:\Users\mira\größe.docx`, `\\srv\share\бэд.txt`, `D:\日本`, "knownfolder:{B4BFCC3A-DB2C-424C-B029-7FE99A87C641}", `C:\` + "\U0001F600"}
	var out []destinations.Item
	for i := range n {
		it := destinations.Item{Number: uint32(i + 1), Path: words[r.IntN(len(words))], Host: "kestrel-pc", Score: float32(r.IntN(100)) / 4,
			Opened: time.Unix(1+r.Int64N(4e9), r.Int64N(1e7)*100).UTC(), Pin: int32(r.IntN(3)) - 1, Count: r.Uint32N(1000), Removed: r.IntN(6) == 0,
			Link: shelllink.Link{Target: fmt.Sprintf(`C:\t\%d.docx`, i)}.Build()}
		for j := range it.Volume {
			it.Volume[j], it.File[j] = byte(r.UintN(256)), byte(r.UintN(256))
		}
		out = append(out, it)
	}
	return out
}

// TestAutomaticRoundTrip reads lists of each version that the writer of the corpus
// wrote, from none to many entries.
func TestAutomaticRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 9))
	for _, version := range []uint32{1, 3, 4} {
		for _, n := range []int{1, 2, 7, 40} {
			items := someItems(r, n)
			b := destinations.Automatic(version, items...)
			l, err := Parse(bytes.NewReader(b), int64(len(b)))
			empty := !slices.ContainsFunc(items, func(it destinations.Item) bool { return !it.Removed }) // then the DestList is
			if err != nil || len(l.Damage) > 0 || l.Version != version && !empty {
				t.Fatalf("version %d, %d entries: %+v, %v", version, n, l, err)
			}
			listed := map[uint32]*Entry{}
			deleted := 0
			for i := range l.Entries {
				e := &l.Entries[i]
				if e.Deleted {
					deleted++
				} else {
					listed[e.Number] = e
				}
			}
			removed := 0
			for i, it := range items {
				if it.Removed {
					removed++
					continue
				}
				e := listed[it.Number]
				if e == nil || !e.Listed || e.Path != it.Path || e.Host != it.Host || e.Score != it.Score || !e.Opened.Equal(it.Opened) || e.Pin != it.Pin ||
					version >= 3 && e.Count != it.Count {
					t.Errorf("version %d: entry %d is %+v, want %+v", version, it.Number, e, it)
					continue
				}
				if e.Link == nil || e.Link.LocalBasePath != fmt.Sprintf(`C:\t\%d.docx`, i) {
					t.Errorf("version %d: link of entry %d is %+v", version, it.Number, e.Link)
				}
				if e.Stream != fmt.Sprintf("%x", it.Number) {
					t.Errorf("version %d: entry %d is in stream %q", version, it.Number, e.Stream)
				}
			}
			if deleted != removed || len(listed) != n-removed || int(l.Stored) != n-removed {
				t.Errorf("version %d: %d entries, %d deleted, header says %d; want %d and %d", version, len(listed), deleted, l.Stored, n-removed, removed)
			}
		}
	}
}

// TestCustomRoundTrip reads the categories of a custom list in their order.
func TestCustomRoundTrip(t *testing.T) {
	link := func(name string) []byte {
		return shelllink.Link{Target: `C:\` + name, Arguments: "/" + name, Name: "größe"}.Build()
	}
	b := destinations.Custom(destinations.Category{Name: "Зона", Links: [][]byte{link("a.exe"), link("b.exe")}}, destinations.Category{Links: [][]byte{link("c.exe")}})
	l, err := Parse(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(l.Damage) > 0 {
		t.Fatalf("%+v, %v", l, err)
	}
	var got []string
	for _, e := range l.Entries {
		if e.Link == nil {
			t.Fatalf("entry %+v has no link", e)
		}
		if s := e.LinkOffset; s <= 0 || e.LinkSize <= 0 || s+e.LinkSize > int64(len(b)) || !bytes.HasPrefix(b[s:], []byte{0x4C, 0, 0, 0}) {
			t.Errorf("link of %d bytes at %d", e.LinkSize, s)
		}
		got = append(got, e.Category+" "+e.Link.LocalBasePath+" "+e.Link.Arguments)
	}
	if want := fmt.Sprint([]string{`Зона C:\a.exe /a.exe`, `Зона C:\b.exe /b.exe`, `tasks C:\c.exe /c.exe`}); fmt.Sprint(got) != want {
		t.Errorf("%q, want %s", got, want)
	}
}

// TestCutAnywhere cuts both kinds of list: no panic, damage with a place inside of the
// whole, never more entries than it has, and never fewer without damage.
func TestCutAnywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for name, b := range map[string][]byte{
		"automatic": destinations.Automatic(3, someItems(r, 3)...),
		"custom": destinations.Custom(destinations.Category{Name: "x", Links: [][]byte{shelllink.Link{Target: `C:\a.exe`}.Build(),
			shelllink.Link{Target: `C:\b.exe`}.Build()}}),
	} {
		whole, err := Parse(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		step := max(1, len(b)/700)
		for n := 0; n < len(b); n += step {
			l, err := Parse(bytes.NewReader(b[:n]), int64(n))
			if l == nil {
				if err == nil {
					t.Errorf("%s cut at %d: neither a list nor an error", name, n)
				}
				continue
			}
			if len(l.Entries) > len(whole.Entries) {
				t.Errorf("%s cut at %d: %d entries of %d", name, n, len(l.Entries), len(whole.Entries))
			}
			for _, d := range l.Damage {
				if d.Offset < 0 || d.Offset > int64(len(b)) {
					t.Errorf("%s cut at %d: damage at %d: %v", name, n, d.Offset, d)
				}
			}
			onlyHeader := name == "custom" && n == customHeader // Windows leaves such lists
			if len(l.Entries) < len(whole.Entries) && len(l.Damage) == 0 && err == nil && !onlyHeader {
				t.Errorf("%s cut at %d of %d: %d entries of %d and no damage", name, n, len(b), len(l.Entries), len(whole.Entries))
			}
		}
	}
}
