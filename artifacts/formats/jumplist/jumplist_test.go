package jumplist

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/compound"
	"github.com/artifactdump/artifactdump/corpus/destinations"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
)

func parse(b []byte) (*List, error) { return Parse(bytes.NewReader(b), int64(len(b))) }

var opened = time.Date(2025, 2, 3, 4, 5, 6, 700, time.UTC)

func automaticList(version uint32) []byte {
	link := func(name string) []byte { return shelllink.Link{Target: `C:\Users\anna\` + name}.Build() }
	return destinations.Automatic(version,
		destinations.Item{Number: 0x1A, Path: `C:\Users\anna\plan.txt`, Host: "kestrel-pc", Score: 1.5, Opened: opened, Pin: 2, Count: 7, Link: link("plan.txt"),
			File: [16]byte{0x4B, 0x1F, 0x33, 0x90, 0x2E, 0xCE, 0xEF, 0x11, 0x9C, 0x4D, 0x02, 0x00, 0x5E, 0x10, 0x20, 0x30}},
		destinations.Item{Number: 2, Path: "https://heron.example/", Opened: opened.Add(time.Hour), Pin: -1, Count: 1, Link: link("x")},
		destinations.Item{Number: 3, Link: link("removed.docx"), Removed: true},
	)
}

func TestAutomatic(t *testing.T) {
	for _, version := range []uint32{1, 3, 4} {
		b := automaticList(version)
		l, err := parse(b)
		if err != nil {
			t.Fatal(err)
		}
		if l.Kind != Automatic || l.Version != version || l.Stored != 2 || l.Pinned != 1 || l.Last != 0x1A || len(l.Entries) != 3 {
			t.Fatalf("%+v", l)
		}
		e := l.Entries[0]
		if e.Path != `C:\Users\anna\plan.txt` || e.Host != "kestrel-pc" || e.Stream != "1a" || e.Score != 1.5 || !e.Opened.Equal(opened) || e.Pin != 2 ||
			e.MAC != "02:00:5e:10:20:30" || e.FileCreated.IsZero() || e.Link.Target() != e.Path || e.Deleted || e.Count != map[uint32]uint32{3: 7, 4: 7}[version] {
			t.Errorf("version %d: %+v", version, e)
		}
		if got := binary.LittleEndian.Uint32(b[e.Offset+entNumber:]); got != 0x1A {
			t.Errorf("version %d: the entry is not at %d", version, e.Offset)
		}
		if got := b[e.LinkOffset : e.LinkOffset+4]; got[0] != 0x4C {
			t.Errorf("version %d: the link is not at %d", version, e.LinkOffset)
		}
		if e := l.Entries[2]; !e.Deleted || e.Listed || e.Stream != "3" || e.Link.Target() != `C:\Users\anna\removed.docx` {
			t.Errorf("version %d: %+v", version, e)
		}
	}
	if l, err := parse(destinations.Automatic(4)); err != nil || len(l.Entries) != 0 || l.Kind != Automatic {
		t.Errorf("an empty list: %+v, %v", l, err)
	}
}

func customList() []byte {
	link := func(n int) []byte {
		return shelllink.Link{Target: fmt.Sprintf(`C:\t%d.exe`, n), Arguments: "-x", Wide: true}.Build()
	}
	return destinations.Custom(
		destinations.Category{Name: "Recently closed", Links: [][]byte{link(1), link(2)}},
		destinations.Category{Links: [][]byte{link(3)}},
	)
}

func TestCustom(t *testing.T) {
	b := customList()
	l, err := parse(b)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range l.Entries {
		got = append(got, e.Category+": "+e.Link.Target())
		if b[e.Offset] != 0x4C || string(b[e.Offset+e.LinkSize-4:e.Offset+e.LinkSize]) != "\x00\x00\x00\x00" {
			t.Errorf("link at %d, %d bytes", e.Offset, e.LinkSize)
		}
	}
	if want := []string{`Recently closed: C:\t1.exe`, `Recently closed: C:\t2.exe`, `tasks: C:\t3.exe`}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q", got)
	}
	// When the walk fails, the links that begin somewhere are still found.
	broken := bytes.Clone(b)
	broken[len(broken)-int(l.Entries[2].LinkSize)-24] = 9 // the kind of the second category
	l, err = parse(broken)
	if err == nil || len(l.Entries) != 3 {
		t.Errorf("%d links, %v", len(l.Entries), err)
	}
	l, err = parse(b[:len(b)-30])
	if err == nil || len(l.Entries) != 3 {
		t.Errorf("cut: %d links, %v", len(l.Entries), err)
	}
}

func TestHostile(t *testing.T) {
	good := automaticList(4)
	l, _ := parse(good)
	at := l.Entries[0].Offset - dstHeader
	set := func(off int64, v uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[off:], v)
		return b
	}
	for _, c := range []struct {
		name string
		b    []byte
		n    int
		err  string
	}{
		{"count", set(at+dstCount, 1<<32-1), 3, "4294967295 entries, found 2"},
		{"path", set(l.Entries[0].Offset+entPath3, 0xFFFF), 3, "the path runs past the end"},
		{"property store", set(l.Entries[0].Offset+entPath3+2+2*int64(len(l.Entries[0].Path)), 1<<31), 3, "the property store runs past the end"},
		{"no DestList", compound.Build(compound.Stream{Name: "other", Data: []byte("x")}), -1, ErrNotList.Error()},
		{"neither", []byte("MZ......."), -1, ErrNotList.Error()},
		{"short", []byte{2, 0}, -1, ErrNotList.Error()},
		{"many links", destinations.Custom(destinations.Category{Links: make([][]byte, 5000)})[:12+8], 0, "no shortcut where one should be"},
	} {
		l, err := parse(c.b)
		n := -1
		if l != nil {
			n = len(l.Entries)
		}
		if err == nil || !strings.Contains(err.Error(), c.err) || n != c.n {
			t.Errorf("%s: %d entries, %v; want %d, %s", c.name, n, err, c.n, c.err)
		}
	}
	many := destinations.Category{Name: "many"}
	for range maxLinks + 10 {
		many.Links = append(many.Links, shelllink.Link{Relative: "x"}.Build())
	}
	if l, err := parse(destinations.Custom(many)); len(l.Entries) != maxLinks || err == nil {
		t.Errorf("%d links, %v", len(l.Entries), err)
	}
}

// TestTruth compares with the shared truth table: every DestList entry of the
// automatic lists, the number of links of the custom ones.
func TestTruth(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	root = filepath.Join(root, "artifacts2")
	f, err := os.Open(filepath.Join(root, "truth", "artifacts2.jsonl.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	lists, entries := 0, 0
	for lines.Scan() {
		var want struct {
			File, Kind     string
			Links, Pinned  int
			Version        uint32
			Destlist, Rest int
			Streams        int
			Entries        []struct {
				AccessCount *uint32 `json:"access_count"`
				HasStream   bool    `json:"has_stream"`
				Host, Path  string
				Stream      string
				LastUsed    string `json:"last_used"`
				Pin         int32
				Score       float64
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		if want.Kind != "automatic" && want.Kind != "custom" {
			continue
		}
		lists++
		b, err := os.ReadFile(filepath.Join(root, want.File))
		if err != nil {
			t.Fatal(err)
		}
		l, err := parse(b)
		if err != nil {
			t.Errorf("%s: %v", want.File, err)
			if l == nil {
				continue
			}
		}
		if want.Kind == "custom" {
			if len(l.Entries) != want.Links {
				t.Errorf("%s: %d links, want %d", want.File, len(l.Entries), want.Links)
			}
			entries += len(l.Entries)
			continue
		}
		streams, listed := 0, 0
		for _, e := range l.Entries {
			if e.Link != nil {
				streams++
			}
			if e.Listed {
				listed++
			}
		}
		if listed != len(want.Entries) || l.Version != want.Version || int(l.Pinned) != want.Pinned || streams != want.Streams || l.Size != int64(want.Destlist) {
			t.Errorf("%s: %d entries, version %d, %d pinned, %d streams", want.File, listed, l.Version, l.Pinned, streams)
			continue
		}
		for i, w := range want.Entries {
			e := l.Entries[i]
			entries++
			if e.Path != w.Path || e.Host != w.Host || e.Stream != w.Stream || e.Pin != w.Pin || float64(e.Score)-w.Score > 0.01 || w.Score-float64(e.Score) > 0.01 ||
				e.Opened.Format("2006-01-02T15:04:05.0000000Z") != w.LastUsed || (e.Link != nil) != w.HasStream || w.AccessCount != nil && e.Count != *w.AccessCount {
				t.Errorf("%s: %+v, want %+v", want.File, e, w)
			}
		}
	}
	t.Logf("%d lists, %d entries", lists, entries)
	if lists != 22 {
		t.Errorf("%d lists", lists)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(automaticList(1))
	f.Add(automaticList(4))
	f.Add(customList())
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parse(b)
		if l == nil {
			if err == nil {
				t.Fatal("neither a list nor an error")
			}
			return
		}
		size := int64(len(b))
		for _, e := range l.Entries {
			if e.Offset < 0 || e.Offset > size || e.LinkOffset < 0 || e.LinkOffset > size {
				t.Fatalf("entry outside of the file: %d, %d", e.Offset, e.LinkOffset)
			}
		}
		for _, d := range l.Damage {
			if d.Offset < 0 {
				t.Fatalf("damage outside of the file: %v", d)
			}
		}
	})
}

func ExampleParse() {
	b := automaticList(4)
	l, err := Parse(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range l.Entries {
		if e.Listed {
			fmt.Println(e.Path, "opened", e.Opened.Format(time.DateTime), "times", e.Count)
		}
	}
	p, _ := Known("9b9cdc69c1c24e2b")
	fmt.Println(p.Name)
	// Output:
	// C:\Users\anna\plan.txt opened 2025-02-03 04:05:06 times 7
	// https://heron.example/ opened 2025-02-03 05:05:06 times 1
	// Notepad
}
