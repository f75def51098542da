package wmirepo_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/wmirepo"
)

var (
	le     = binary.LittleEndian
	stored = time.Date(2026, 3, 6, 18, 16, 2, 0, time.UTC)
)

const pageSize = 8192

func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

// hash is the name of a class or namespace in the index.
func hash(name string, xp bool) string {
	if xp {
		return fmt.Sprintf("%X", md5.Sum(wide(strings.ToUpper(name))))
	}
	return fmt.Sprintf("%X", sha256.Sum256(wide(strings.ToUpper(name))))
}

func sample(xp bool) *wmirepo.Repository {
	consumer := []wmirepo.Property{{Name: "CreatorSID", Type: wmirepo.Uint8 | wmirepo.Array}, {Name: "Name", Type: wmirepo.String}}
	return &wmirepo.Repository{XP: xp, Classes: []wmirepo.Class{
		{Name: "__EventConsumer", Properties: consumer, Stored: stored},
		{Name: "CommandLineEventConsumer", Super: "__EventConsumer", Stored: stored, Properties: []wmirepo.Property{
			{Name: "CommandLineTemplate", Type: wmirepo.String}, {Name: "RunInteractively", Type: wmirepo.Boolean, Default: false},
			{Name: "KillTimeout", Type: wmirepo.Uint32, Default: 0},
		}},
	}, Instances: []wmirepo.Instance{
		{Class: "CommandLineEventConsumer", Namespace: `root\subscription`, Stored: stored.Add(time.Second),
			Values: []any{[]byte{1, 5, 0}, "heron", `cmd /c x.exe`, wmirepo.Default{}, 77}},
		{Class: "CommandLineEventConsumer", Namespace: `root\subscription`, Stored: stored, Hidden: true, Wide: true,
			Values: []any{nil, "hidden", "wide.exe", true, nil}},
		{Class: "CommandLineEventConsumer", Namespace: `root\subscription`, Stored: stored, OldPage: true,
			Values: []any{nil, "old", "old.exe", nil, nil}},
		{Class: "CommandLineEventConsumer", Namespace: `root\subscription`, Stored: stored, Free: true,
			Values: []any{nil, "freed", "freed.exe", nil, nil}},
	}}
}

// A repository is read as the files of Windows Server 2022 are laid out.
type repository struct {
	t     *testing.T
	files wmirepo.Files
	live  []uint32 // physical page of each logical page
}

func open(t *testing.T, r *wmirepo.Repository) *repository {
	t.Helper()
	d := &repository{t: t, files: r.Files()}
	m := d.files.Map
	head, step := 16, 24
	if r.XP {
		head, step = 8, 4
	}
	if le.Uint32(m) != 0xABCD || int(le.Uint32(m[head:])) != len(d.files.Objects)/pageSize {
		t.Fatalf("map % x, objects of %d pages", m[:head+8], len(d.files.Objects)/pageSize)
	}
	n := int(le.Uint32(m[head+4:]))
	for i := range n {
		d.live = append(d.live, le.Uint32(m[head+8+step*i:]))
	}
	if free := le.Uint32(m[head+8+step*n:]); free != 0 || le.Uint32(m[head+12+step*n:]) != 0xDCBA {
		t.Errorf("%d free pages, then % x", free, m[head+12+step*n:][:4])
	}
	return d
}

// page returns a logical page.
func (d *repository) page(n int) []byte { return d.files.Objects[int(d.live[n])*pageSize:][:pageSize] }

// keys reads the page of the index.
func (d *repository) keys() (keys []string) {
	b := d.files.Index
	if le.Uint32(b) != 0xACCC || len(b) != pageSize {
		d.t.Fatalf("index % x", b[:20])
	}
	n := int(le.Uint32(b[16:]))
	b = b[20+4*n:]
	for range n + 1 {
		if le.Uint32(b) != 0xFFFFFFFF {
			d.t.Errorf("a child % x of the only page", b[:4])
		}
		b = b[4:]
	}
	offsets := b[:2*n]
	words := int(le.Uint16(b[2*n:]))
	parts := b[2*n+2:][:2*words]
	b = b[2*n+2+2*words:]
	texts := int(le.Uint16(b))
	places, text := b[2:2+2*texts+2], b[2+2*texts+2:]
	for i := range n {
		at := 2 * int(le.Uint16(offsets[2*i:]))
		var pieces []string
		for k := range int(le.Uint16(parts[at:])) {
			p := le.Uint16(places[2*le.Uint16(parts[at+2+2*k:]):])
			s, _, _ := bytes.Cut(text[p:], []byte{0})
			pieces = append(pieces, string(s))
		}
		keys = append(keys, strings.Join(pieces, "|"))
	}
	return keys
}

// record finds the object that a key leads to: page, id, size.
func (d *repository) record(page int, id, size uint32) []byte {
	d.t.Helper()
	var all []byte
	for n := page; n < len(d.live); n++ {
		all = append(all, d.page(n)...)
	}
	for e := all; le.Uint32(e) != 0; e = e[16:] {
		if le.Uint32(e) == id {
			if le.Uint32(e[8:]) != size {
				d.t.Errorf("record %d has %d bytes, the key says %d", id, le.Uint32(e[8:]), size)
			}
			return all[le.Uint32(e[4:]):][:size]
		}
	}
	d.t.Fatalf("no record %d on page %d", id, page)
	return nil
}

// TestIndex follows the only key to its instance.
func TestIndex(t *testing.T) {
	for _, xp := range []bool{false, true} {
		for _, filler := range []int{0, 5000, 20000} {
			r := sample(xp)
			r.Filler = filler
			d := open(t, r)
			keys := d.keys()
			if len(keys) != 1 {
				t.Fatalf("XP %t: keys %v", xp, keys)
			}
			key := keys[0]
			want := fmt.Sprintf("NS_%s|KI_%s|I_", hash(`root\subscription`, xp), hash("CommandLineEventConsumer", xp))
			if !strings.HasPrefix(key, want) {
				t.Fatalf("XP %t: key %s, want %s", xp, key, want)
			}
			var page int
			var id, size uint32
			if _, err := fmt.Sscanf(key[strings.Index(key, ".")+1:], "%d.%d.%d", &page, &id, &size); err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			b := d.record(page, id, size)
			name := wide(hash("CommandLineEventConsumer", xp))
			if !bytes.HasPrefix(b, name) || !bytes.Contains(b, []byte("cmd /c x.exe")) {
				t.Errorf("XP %t, filler %d: the key leads to % x", xp, filler, b[:min(64, len(b))])
			}
			b = b[len(name):]
			from := time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
			if got := le.Uint64(b); got != uint64(stored.Unix()+1-from)*1e7 {
				t.Errorf("XP %t: stored %d", xp, got)
			}
			if n := int(le.Uint32(b[16:])); n != len(b)-16 {
				t.Errorf("XP %t: a block of %d bytes, want %d", xp, n, len(b)-16)
			}
		}
	}
}

// TestWhereInstancesLie: an old state is on a page that the map does not name, a
// freed one has no descriptor, a hidden one no key.
func TestWhereInstancesLie(t *testing.T) {
	d := open(t, sample(false))
	var live []byte
	for n := range d.live {
		live = append(live, d.page(n)...)
	}
	if !bytes.Contains(d.files.Objects, []byte("old.exe")) || bytes.Contains(live, []byte("old.exe")) {
		t.Error("the old instance is on a living page, or on none")
	}
	if !bytes.Contains(live, []byte("freed.exe")) {
		t.Error("the freed instance has left no bytes")
	}
	if !bytes.Contains(live, wide("wide.exe")) || bytes.Contains(live, []byte("wide.exe")) {
		t.Error("the wide instance is not in UTF-16")
	}
	first := d.page(0)
	at, end := uint32(0), uint32(0)
	n := 0
	for e := first; le.Uint32(e) != 0; e = e[16:] {
		if at = le.Uint32(e[4:]); n > 0 && at != end {
			t.Errorf("a gap before the record at %d", at)
		}
		end, n = at+le.Uint32(e[8:]), n+1
	}
	if n != 4 {
		t.Errorf("%d records on the first page, want two classes and two instances", n)
	}
	if i := bytes.Index(first, []byte("freed.exe")); i < int(end) {
		t.Errorf("the freed bytes are at %d, the records end at %d", i, end)
	}
}

// TestPagesAreReversed: a reader that does not use the map finds other pages.
func TestPagesAreReversed(t *testing.T) {
	r := sample(false)
	r.Filler = 20000
	d := open(t, r)
	if len(d.live) < 3 || d.live[0] != uint32(len(d.live)-1) || d.live[len(d.live)-1] != 0 {
		t.Errorf("map %v", d.live)
	}
}

// TestValueTable reads the instance's properties by [MS-WMIO]: two bits each, then
// the slots, whose texts lie in the heap.
func TestValueTable(t *testing.T) {
	d := open(t, sample(false))
	key := d.keys()[0]
	var page int
	var id, size uint32
	fmt.Sscanf(key[strings.Index(key, ".")+1:], "%d.%d.%d", &page, &id, &size)
	b := d.record(page, id, size)[2*64+16:] // after the hash and the times
	b = b[5:]
	name, bits, slots := le.Uint32(b), le.Uint16(b[4:]), b[6:]
	heap := slots[18+4+1:]
	n := le.Uint32(heap)
	if n&0x80000000 == 0 || int(n&^0x80000000) != len(heap)-4 {
		t.Fatalf("a heap of %#x bytes, want %d", n, len(heap)-4)
	}
	heap = heap[4:]
	text := func(at uint32) string {
		s, _, _ := bytes.Cut(heap[at+1:], []byte{0})
		return string(s)
	}
	if got := text(name); got != "CommandLineEventConsumer" {
		t.Errorf("class %q", got)
	}
	if bits != 2<<6 {
		t.Errorf("flags %b: only the fourth property has the class's value", bits)
	}
	if sid := le.Uint32(slots); le.Uint32(heap[sid:]) != 3 || !bytes.Equal(heap[sid+4:][:3], []byte{1, 5, 0}) {
		t.Error("CreatorSID")
	}
	if got := text(le.Uint32(slots[4:])); got != "heron" {
		t.Errorf("Name %q", got)
	}
	if got := text(le.Uint32(slots[8:])); got != "cmd /c x.exe" {
		t.Errorf("CommandLineTemplate %q", got)
	}
	if got := le.Uint32(slots[14:]); got != 77 {
		t.Errorf("KillTimeout %d", got)
	}
}

func ExampleRepository_Files() {
	r := wmirepo.Repository{Classes: []wmirepo.Class{{Name: "Heron", Stored: stored}}}
	f := r.Files()
	fmt.Printf("%d page, map %X\n", len(f.Objects)/pageSize, le.Uint32(f.Map))
	// Output: 1 page, map ABCD
}
