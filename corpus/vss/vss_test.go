package vss_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/artifactdump/artifactdump/corpus/vss"
)

var le = binary.LittleEndian

const block = 16 << 10

const mark = "\x6B\x87\x08\x38\x76\xC1\x48\x4E\xB7\xAE\x04\x04\x6E\x6C\xC7\x52"

// A store is what the catalog knows of a shadow copy.
type store struct {
	id                   [16]byte
	created              uint64
	list, header, bitmap int64
}

// blocks follows the chain of blocks of one type from the first, and checks the
// header of each.
func blocks(t *testing.T, img []byte, typ uint32, at int64) (out [][]byte) {
	t.Helper()
	for n := 0; at != 0; n++ {
		b := img[at:][:block]
		if string(b[:16]) != mark || le.Uint32(b[16:]) != 1 || le.Uint32(b[20:]) != typ || le.Uint64(b[32:]) != uint64(at) {
			t.Fatalf("block at %#x, type %d: % x", at, typ, b[:48])
		}
		if n > 1000 {
			t.Fatal("a chain without end")
		}
		out, at = append(out, b), int64(le.Uint64(b[40:]))
	}
	return out
}

// catalog reads the entries of the catalog, joined by their identifiers.
func catalog(t *testing.T, img []byte) map[[16]byte]*store {
	t.Helper()
	h := img[0x1E00:]
	if string(h[:16]) != mark || le.Uint32(h[20:]) != 1 || le.Uint64(h[24:]) != 0x1E00 {
		t.Fatalf("volume header % x", h[:64])
	}
	out := map[[16]byte]*store{}
	get := func(e []byte) *store {
		id := [16]byte(e[16:32])
		if out[id] == nil {
			out[id] = &store{id: id}
		}
		return out[id]
	}
	for _, b := range blocks(t, img, 2, int64(le.Uint64(h[48:]))) {
		for e := b[128:]; len(e) >= 128; e = e[128:] {
			switch le.Uint64(e) {
			case 2:
				if size := le.Uint64(e[8:]); size != uint64(len(img)) {
					t.Errorf("a volume of %d bytes, want %d", size, len(img))
				}
				get(e).created = le.Uint64(e[48:])
			case 3:
				s := get(e)
				s.list, s.header, s.bitmap = int64(le.Uint64(e[8:])), int64(le.Uint64(e[32:])), int64(le.Uint64(e[48:]))
			case 0, 1:
			default:
				t.Errorf("an entry of type %d", le.Uint64(e))
			}
		}
	}
	return out
}

// through returns the volume as a store without forwarders shows it over the state below:
// descriptors that are not used are skipped, overlays lie over the rest.
func through(t *testing.T, img, below []byte, s *store) []byte {
	t.Helper()
	out := bytes.Clone(below)
	for pass := range 2 { // whole blocks first, then overlays
		for _, b := range blocks(t, img, 3, s.list) {
			for d := b[128:]; len(d) >= 32; d = d[32:] {
				original, at, flags := le.Uint64(d), le.Uint64(d[16:]), le.Uint32(d[24:])
				if flags&4 != 0 || original == 0 && at == 0 && flags == 0 {
					continue
				}
				if flags&1 != 0 {
					t.Fatal("a forwarder")
				}
				if overlay := flags&2 != 0; overlay != (pass == 1) {
					continue
				}
				for i := range uint64(32) {
					if flags&2 == 0 || le.Uint32(d[28:])>>i&1 != 0 {
						copy(out[original+512*i:][:512], img[at+512*i:][:512])
					}
				}
			}
		}
	}
	return out
}

// volume is a volume of 40 blocks with a room of 30 for the shadow copies, and the
// bytes of a state in the first ten.
func volume(state byte, changed ...int) []byte {
	v := make([]byte, 48*block)
	for i := range 10 * block {
		v[i] = byte(i/512) ^ byte(i)
	}
	copy(v[12*block:], vss.AreaFile(36))
	for _, sector := range changed {
		for i := range 512 {
			v[sector*512+i] = state
		}
	}
	return v
}

// TestStates reads each earlier state back by the document, from the newest to
// the oldest.
func TestStates(t *testing.T) {
	for name, overlay := range map[string]bool{"blocks": false, "overlays": true} {
		for _, scatter := range []bool{false, true} {
			now := volume('n', 64, 70, 200)
			first, second := volume('1', 64, 65, 130, 131), volume('2', 64, 130, 300, 301)
			spec := vss.Spec{Now: now, Area: vss.Area(now), Scatter: scatter, Stores: []vss.Store{
				{Volume: first, ID: [16]byte{1}, Created: time.Unix(1000, 0), Machine: "kestrel", Overlay: overlay, Scraps: true},
				{Volume: second, ID: [16]byte{2}, Created: time.Unix(2000, 0), Machine: "kestrel", Overlay: overlay, Previous: true},
			}}
			img, lay, err := spec.Build()
			if err != nil {
				t.Fatal(err)
			}
			stores := catalog(t, img)
			if len(stores) != 2 {
				t.Fatalf("%s: %d shadow copies", name, len(stores))
			}
			newer, older := stores[[16]byte{2}], stores[[16]byte{1}]
			if newer.created-older.created != 1000*1e7 || older.created != (1000+11644473600)*1e7 {
				t.Errorf("%s: created %d and %d", name, older.created, newer.created)
			}
			if got := through(t, img, img, newer); !same(got, second) {
				t.Errorf("%s: the newer state differs", name)
			}
			if !overlay { // whose data older copies do not see
				if got := through(t, img, through(t, img, img, newer), older); !same(got, first) {
					t.Errorf("%s: the older state differs", name)
				}
			}
			if overlay != (lay.Stores[1].Overlaid > 0) {
				t.Errorf("%s: %d overlays", name, lay.Stores[1].Overlaid)
			}
			if lay.Stores[0].List[0] != older.list || lay.Stores[1].Header[0] != newer.header || lay.Stores[1].Bitmap[0] != newer.bitmap {
				t.Errorf("%s: the layout is not that of the catalog", name)
			}
		}
	}
}

// same compares what is outside the header of the volume and the room of the
// shadow copies.
func same(a, b []byte) bool {
	return bytes.Equal(a[:0x1E00], b[:0x1E00]) && bytes.Equal(a[0x2000:12*block], b[0x2000:12*block])
}

// TestStoreHeader finds the identifier and the machine in the information of a
// store.
func TestStoreHeader(t *testing.T) {
	now := volume('n', 64)
	spec := vss.Spec{Now: now, Area: vss.Area(now), Stores: []vss.Store{{Volume: volume('1', 64), ID: [16]byte{0xAA, 0xBB}, Machine: "kestrel-pc"}}}
	img, lay, err := spec.Build()
	if err != nil {
		t.Fatal(err)
	}
	b := blocks(t, img, 4, lay.Stores[0].Header[0])[0]
	info := b[128:][:le.Uint64(b[48:])]
	if info[16] != 0xAA^0xFF || info[17] != 0xBB || info[32] != 0xAA^0x55 {
		t.Errorf("identifiers % x", info[16:48])
	}
	n := int(le.Uint16(info[64:]))
	var u []uint16
	for i := 0; i < n; i += 2 {
		u = append(u, le.Uint16(info[66+i:]))
	}
	if got := string(utf16.Decode(u)); got != "kestrel-pc" {
		t.Errorf("operating machine %q", got)
	}
	if rest := info[66+n:]; int(le.Uint16(rest)) != n || len(rest) != 2+n {
		t.Errorf("service machine of %d bytes in %d", le.Uint16(rest), len(rest))
	}
}

// TestForwarders counts each kind of descriptor against the report of the layout.
func TestForwarders(t *testing.T) {
	now, then := volume('n'), volume('n')
	for _, b := range []int{3, 4, 5, 6, 7, 8} { // content that moved by one block
		copy(then[b*block:(b+1)*block], now[(b+1)*block:(b+2)*block])
	}
	spec := vss.Spec{Now: now, Area: vss.Area(now), Stores: []vss.Store{{Volume: then, ID: [16]byte{1}, Forward: true}}}
	img, lay, err := spec.Build()
	if err != nil {
		t.Fatal(err)
	}
	forwards, plain := 0, 0
	for _, b := range blocks(t, img, 3, lay.Stores[0].List[0]) {
		for d := b[128:]; len(d) >= 32; d = d[32:] {
			switch {
			case le.Uint32(d[24:])&1 != 0:
				forwards++
				to, original := le.Uint64(d[8:]), le.Uint64(d)
				if !bytes.Equal(now[to:][:block], then[original:][:block]) {
					t.Errorf("the forwarder of %#x leads to other data", original)
				}
			case le.Uint64(d[16:]) != 0:
				plain++
			}
		}
	}
	p := lay.Stores[0]
	if forwards != p.Forwarded+p.TakenUp || plain != p.Saved+p.TakenUp || p.Forwarded == 0 || p.TakenUp == 0 {
		t.Errorf("%d forwarders, %d saved; the layout says %+v", forwards, plain, p)
	}
}

// TestRefusals are the errors that Build returns.
func TestRefusals(t *testing.T) {
	now := volume('n', 64)
	for _, c := range []struct {
		spec vss.Spec
		want string
	}{
		{vss.Spec{Now: now}, "corpus/vss: the area is too small"},
		{vss.Spec{Now: now, Stores: []vss.Store{{Volume: volume('1', 64)}}, Area: vss.Area(now)[:3]}, "corpus/vss: the area is too small"},
		{vss.Spec{Now: now, Stores: []vss.Store{{Volume: now[:block]}}, Area: vss.Area(now)}, "corpus/vss: the states differ in size"},
		{vss.Spec{Now: crowd, Stores: many(32), Area: vss.Area(crowd)}, "corpus/vss: the catalog is too small"},
	} {
		if _, _, err := c.spec.Build(); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// crowd is a volume with room for as many stores as a catalog holds.
var crowd = append(make([]byte, block), vss.AreaFile(140)...)

func many(n int) []vss.Store {
	out := make([]vss.Store, n)
	for i := range out {
		out[i] = vss.Store{Volume: crowd, ID: [16]byte{byte(i + 1)}}
	}
	return out
}

// TestFullCatalog holds every entry of as many stores as are allowed.
func TestFullCatalog(t *testing.T) {
	for _, scatter := range []bool{false, true} {
		spec := vss.Spec{Now: crowd, Stores: many(31), Area: vss.Area(crowd), Scatter: scatter}
		img, lay, err := spec.Build()
		if err != nil {
			t.Fatal(err)
		}
		stores := catalog(t, img)
		for i, p := range lay.Stores {
			s := stores[[16]byte{byte(i + 1)}]
			if s == nil || s.list != p.List[0] || s.header != p.Header[0] || s.created == 0 {
				t.Errorf("scatter %t: store %d is %+v", scatter, i, s)
			}
		}
	}
}

// TestArea finds the blocks of an area file where they lie, but for those that
// are torn apart.
func TestArea(t *testing.T) {
	v := make([]byte, 6*block)
	copy(v[block+1024:], vss.AreaFile(2))
	whole := vss.Area(v)
	if len(whole) != 2 || whole[0] != block+1024 || whole[1] != 2*block+1024 {
		t.Fatalf("places %v", whole)
	}
	v[block+1024+9000] = 1 // another file's
	if got := vss.Area(v); len(got) != 1 || got[0] != whole[1] {
		t.Errorf("places %v with one torn apart", got)
	}
}

func ExampleArea() {
	volume := make([]byte, 4*block)
	copy(volume[block:], vss.AreaFile(2))
	fmt.Println(vss.Area(volume))
	// Output: [16384 32768]
}
