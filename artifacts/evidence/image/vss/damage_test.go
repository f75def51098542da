package vss_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image/vss"
	corpus "github.com/artifactdump/artifactdump/corpus/vss"
)

var le = binary.LittleEndian

// tries opens each shadow copy and says in a word what came of it.
func tries(v *vss.Volume) []string {
	var out []string
	for i := range v.Shadows {
		_, err := v.Shadows[i].Open()
		switch {
		case err == nil:
			out = append(out, "read")
		default:
			out = append(out, err.Error())
		}
	}
	return out
}

func texts(errs []error) []string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
	}
	return out
}

// Each case breaks one thing. Places stand in the wanted texts as <name>.
func TestDamage(t *testing.T) {
	states := history(4, 120, 3)
	whole, lay := built(t, states, false)
	place := map[string]int64{"catalog": lay.Catalog[0], "catalog2": lay.Catalog[1], "size": int64(len(whole))}
	for i, s := range lay.Stores {
		n := i + 1
		place[fmt.Sprint("list", n)], place[fmt.Sprint("header", n)], place[fmt.Sprint("bitmap", n)] = s.List[0], s.Header[0], s.Bitmap[0]
	}
	// The newest copy has the entries 0 and 1, the oldest 4 and 5.
	entry := func(b []byte, n int) []byte { return b[lay.Catalog[0]+128+int64(n)*128:][:128] }
	put := func(b []byte, at int64, v int64) { le.PutUint64(b[at:], uint64(v)) }
	read := []string{"read", "read", "read"}
	for _, tt := range []struct {
		name   string
		break_ func(b []byte)
		opened []string
		damage []string
	}{
		{"none", func([]byte) {}, read, nil},
		{"no catalog", func(b []byte) { put(b, 0x1E00+48, 0) }, nil, nil},
		{"catalog outside", func(b []byte) { put(b, 0x1E00+48, 1<<40) }, nil, []string{"catalog block at 1099511627776: lies outside the volume"}},
		{"catalog at a negative place", func(b []byte) { put(b, 0x1E00+48, -1) }, nil, []string{"catalog block at -1: lies outside the volume"}},
		{"catalog in a circle", func(b []byte) { put(b, lay.Catalog[1]+40, lay.Catalog[0]) }, read,
			[]string{"catalog block at <catalog>: serves a second time: its chain runs in a circle, or into another one"}},
		{"catalog of another type", func(b []byte) { b[lay.Catalog[1]+20] = 3 }, read, []string{"catalog block at <catalog2>: type 3, want 2"}},
		{"catalog moved", func(b []byte) { put(b, lay.Catalog[0]+32, 99) }, read, []string{"catalog block at <catalog>: says that it lies at 99"}},
		{"entry of an unknown type", func(b []byte) { entry(b, 9)[0] = 7 }, read, []string{"catalog entry at <catalog>+1280: type 7"}},
		{"two stores of one name", func(b []byte) { copy(entry(b, 9), entry(b, 1)) }, read,
			[]string{"catalog entry at <catalog>+1280: a second store 00000003-0000-0000-0000-0000000000EE, left aside"}},
		{"two copies of one name", func(b []byte) { copy(entry(b, 9), entry(b, 0)) }, read,
			[]string{"catalog entry at <catalog>+1280: a second shadow copy 00000003-0000-0000-0000-0000000000EE, left aside"}},
		{"store without a copy", func(b []byte) { entry(b, 4)[0] = 1 }, []string{"read", "read"},
			[]string{"catalog entry at <catalog>+768: a store 00000001-0000-0000-0000-0000000000EE without a shadow copy"}},
		{"copy without a store", func(b []byte) { entry(b, 3)[0] = 1 }, []string{
			"shadow copy 1 builds on 2: its store does not lie on this volume", "shadow copy 2: its store does not lie on this volume", "read"}, nil},
		{"size out of bounds", func(b []byte) { put(b, lay.Catalog[0]+128+8, -5) }, read,
			[]string{"catalog entry at <catalog>+128: a volume of 18446744073709551611 bytes, taken as <size>"}},
		{"list outside", func(b []byte) { le.PutUint64(entry(b, 5)[8:], 1<<50) }, []string{
			"shadow copy 1: block list at 1125899906842624: lies outside the volume", "read", "read"}, nil},
		{"list in a circle", func(b []byte) { put(b, lay.Stores[1].List[0]+40, lay.Stores[1].List[0]) }, []string{
			"shadow copy 1 builds on 2: block list at <list2>: serves a second time: its chain runs in a circle, or into another one",
			"shadow copy 2: block list at <list2>: serves a second time: its chain runs in a circle, or into another one", "read"}, nil},
		{"stores that share a list", func(b []byte) { put(b, lay.Stores[0].List[0]+40, lay.Stores[2].List[0]) }, []string{
			"shadow copy 1: block list at <list3>: serves a second time: its chain runs in a circle, or into another one", "read", "read"}, nil},
		{"list that leads into the catalog", func(b []byte) { put(b, lay.Stores[2].List[0]+40, lay.Catalog[0]) }, []string{
			"shadow copy 1 builds on 3: block list at <catalog>: serves a second time: its chain runs in a circle, or into another one",
			"shadow copy 2 builds on 3: block list at <catalog>: serves a second time: its chain runs in a circle, or into another one",
			"shadow copy 3: block list at <catalog>: serves a second time: its chain runs in a circle, or into another one"}, nil},
		{"list without the identifier", func(b []byte) { b[lay.Stores[0].List[0]] ^= 1 }, []string{"shadow copy 1: block list at <list1>: no identifier", "read", "read"}, nil},
		{"header of a store", func(b []byte) { clear(b[lay.Stores[1].Header[0]:][:16]) }, read, []string{"store header at <header2>: no identifier"}},
		{"information of a store", func(b []byte) { put(b, lay.Stores[1].Header[0]+48, 1<<40) }, read, []string{"store header at <header2>: store information of 1099511627776 bytes"}},
		{"name of the machine", func(b []byte) { le.PutUint16(b[lay.Stores[1].Header[0]+128+64:], 60000) }, read, []string{"store information at <header2>: the machine's name runs past its end"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := bytes.Clone(whole)
			tt.break_(b)
			v := openVolume(t, b)
			fill := func(all []string) []string {
				out := slices.Clone(all)
				for i, s := range out {
					for name, at := range place {
						for strings.Contains(s, "<"+name+">") {
							before, after, _ := strings.Cut(s, "<"+name+">")
							var more int64
							if n, err := fmt.Sscanf(after, "+%d", &more); n == 1 && err == nil {
								after = after[len(fmt.Sprint("+", more)):]
							}
							s = fmt.Sprint(before, at+more, after)
						}
					}
					out[i] = s
				}
				return out
			}
			if diff := cmp.Diff(fill(tt.opened), tries(v)); diff != "" {
				t.Errorf("opened -want +got\n%s", diff)
			}
			if diff := cmp.Diff(fill(tt.damage), texts(v.Damage())); diff != "" {
				t.Errorf("damage -want +got\n%s", diff)
			}
		})
	}
}

func TestNotFound(t *testing.T) {
	for _, n := range []int{0, 100, 0x1E00, 0x2000, 1 << 16} {
		if _, err := vss.Open(bytes.NewReader(make([]byte, n)), int64(n), nil); !errors.Is(err, vss.ErrNotFound) {
			t.Errorf("%d bytes of zeros: %v", n, err)
		}
	}
}

// A volume for descriptors that are written by hand: one store, whose first list block is cleared.
func byHand(t *testing.T, descs ...[5]uint64) ([]byte, corpus.Layout) {
	t.Helper()
	states := history(2, 90, 5)
	img, lay := built(t, states, false)
	b := img[lay.Stores[0].List[0]:][128:block]
	clear(b)
	for i, d := range descs {
		le.PutUint64(b[32*i:], d[0])
		le.PutUint64(b[32*i+8:], d[1])
		le.PutUint64(b[32*i+16:], d[2])
		le.PutUint32(b[32*i+24:], uint32(d[3]))
		le.PutUint32(b[32*i+28:], uint32(d[4]))
	}
	return img, lay
}

func TestDescriptors(t *testing.T) {
	const fwd, ovl, unused = 1, 2, 4
	type d = [5]uint64
	for _, tt := range []struct {
		name  string
		descs []d
		from  int // the block whose present contents block 3 then had
	}{
		{"saved", []d{{3 * block, 0, 7 * block, 0, 0}}, 7},
		{"saved at an odd place", []d{{3 * block, 0, 6*block + 512, 0, 0}}, -1},
		{"the last one counts", []d{{3 * block, 0, 6 * block, 0, 0}, {3 * block, 0, 7 * block, 0, 0}}, 7},
		{"not used", []d{{3 * block, 0, 7 * block, 0, 0}, {3 * block, 0, 6 * block, unused, 0}}, 7},
		{"unknown flags", []d{{3 * block, 0, 7 * block, 0xF8, 0}}, 7},
		{"forwarder", []d{{3 * block, 7 * block, 0, fwd, 0}}, 7},
		{"forwarder to itself", []d{{3 * block, 3 * block, 0, fwd, 0}}, 3},
		{"forwarder, moved on", []d{{3 * block, 6 * block, 0, fwd, 0}, {6 * block, 7 * block, 0, fwd, 0}}, 7},
		{"forwarder, saved after all", []d{{3 * block, 6 * block, 0, fwd, 0}, {6 * block, 0, 7 * block, 0, 0}}, 7},
		{"forwarder and back again", []d{{3 * block, 6 * block, 0, fwd, 0}, {6 * block, 3 * block, 0, fwd, 0}}, 3},
		{"forwarder and back, then saved", []d{{3 * block, 6 * block, 0, fwd, 0}, {6 * block, 3 * block, 0, fwd, 0}, {3 * block, 0, 7 * block, 0, 0}}, 7},
		{"overlay of all sectors", []d{{3 * block, 0, 7 * block, ovl, 0xFFFFFFFF}}, 7},
		{"overlay of none", []d{{3 * block, 0, 7 * block, ovl, 0}}, 3},
		{"overlay over saved", []d{{3 * block, 0, 7 * block, 0, 0}, {3 * block, 0, 6 * block, ovl, 0}}, 7},
		{"overlay in two pieces", []d{{3 * block, 0, 7 * block, ovl, 0xFFFF0000}, {3 * block, 1, 7 * block, ovl, 0xFFFF}}, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img, _ := byHand(t, tt.descs...)
			v := openVolume(t, img)
			sn, err := v.Shadows[0].Open()
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, block)
			if _, err := sn.ReadAt(got, 3*block); err != nil {
				t.Fatal(err)
			}
			want := img[6*block+512:][:block]
			if tt.from >= 0 {
				want = img[tt.from*block:][:block]
			}
			if !bytes.Equal(got, want) {
				t.Errorf("block 3 is not what was wanted")
			}
			if d := v.Damage(); len(d) > 0 {
				t.Errorf("damage: %v", d)
			}
		})
	}
}

// What a descriptor of a place outside the volume should have given is lost, and said to be; all around it is read.
func TestLostBlocks(t *testing.T) {
	type d = [5]uint64
	for _, tt := range []struct {
		name  string
		descs []d
	}{
		{"saved outside", []d{{3 * block, 0, 1 << 40, 0, 0}}},
		{"saved at the end", []d{{3 * block, 0, 90 * block, 0, 0}}},
		{"saved far outside", []d{{3 * block, 0, 1 << 63, 0, 0}}},
		{"forwarder outside", []d{{3 * block, 1 << 62, 0, 1, 0}}},
		{"overlay outside", []d{{3 * block, 0, 1<<64 - 512, 2, 0xFFFFFFFF}}},
		{"original inside a block", []d{{3*block + 512, 0, 7 * block, 0, 0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img, lay := byHand(t, append(tt.descs, d{1 << 62, 0, 0, 0, 9})...)
			v := openVolume(t, img)
			sn, err := v.Shadows[0].Open()
			if err != nil {
				t.Fatal(err)
			}
			at := lay.Stores[0].List[0] + 128
			want := fmt.Sprintf("block descriptor at %d: names a place outside the volume or inside a block, as do 1 more of its list: these blocks cannot be read", at)
			if diff := cmp.Diff([]string{want}, texts(v.Damage())); diff != "" {
				t.Error(diff)
			}
			b := make([]byte, 3*block)
			n, err := sn.ReadAt(b, 2*block)
			fe, ok := errors.AsType[*vss.FormatError](err)
			if n != block || !ok || fe.Offset != at {
				t.Errorf("across it: %d bytes, %v", n, err)
			}
			if _, err := sn.ReadAt(b[:block], 4*block); err != nil || !bytes.Equal(b[:block], img[4*block:5*block]) {
				t.Errorf("behind it: %v", err)
			}
		})
	}
}

func TestLimit(t *testing.T) {
	states := history(4, 120, 3)
	img, lay := built(t, states, false)
	v, err := vss.Open(bytes.NewReader(img), int64(len(img)), &vss.Options{MaxBlocks: 2 + lay.Stores[2].Saved + 3*lay.Stores[2].Overlaid + lay.Stores[2].Forwarded + 2*lay.Stores[2].TakenUp})
	if err != nil {
		t.Fatal(err)
	}
	got := tries(v)
	if len(got) != 3 || got[2] != "read" || !strings.Contains(got[0], "builds on 2: ") || !strings.Contains(got[0], "needs more than Options.MaxBlocks") {
		t.Errorf("%q", got)
	}
	_, err = v.Shadows[1].Open()
	if le, ok := errors.AsType[*vss.LimitError](err); !ok || le.Option != "MaxBlocks" {
		t.Errorf("%v", err)
	}
}

// An image that ends early gives what lies before its end, and an error for the rest.
func TestCutShort(t *testing.T) {
	states := history(3, 120, 4)
	img, lay := built(t, states, false)
	cut := 0
	for _, end := range []int64{0x2000, lay.Catalog[0] + 100, lay.Stores[1].List[0] + 500, lay.Stores[0].List[0], int64(len(img)) - 5000} {
		v, err := vss.Open(io.NewSectionReader(bytes.NewReader(img), 0, end), int64(len(img)), nil)
		if err != nil {
			t.Fatalf("%d: %v", end, err)
		}
		for i := range v.Shadows {
			sn, err := v.Shadows[i].Open()
			if err != nil {
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("cut at %d: %v", end, err)
				}
				continue
			}
			b := make([]byte, sn.Size())
			n, err := sn.ReadAt(b, 0)
			if !bytes.Equal(b[:n], read(t, &openVolume(t, img).Shadows[i])[:n]) {
				t.Errorf("cut at %d: what could be read is wrong", end)
			}
			if n < len(b) {
				cut++
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("cut at %d: %d bytes, %v", end, n, err)
				}
			}
		}
		if len(v.Shadows) == 0 && len(v.Damage()) == 0 {
			t.Errorf("cut at %d: nothing, and nothing is said", end)
		}
	}
	if cut == 0 {
		t.Error("no shadow copy was cut")
	}
}

// A bitmap that leads nowhere makes no block unreadable: what it would have marked reads as it is now.
func TestBitmaps(t *testing.T) {
	states := history(3, 120, 4)
	img, lay := built(t, states, false)
	area := corpus.Area(states[2])
	unusedBlock := area[len(area)-1] / block * block
	b := make([]byte, block)
	v := openVolume(t, img)
	sn, err := v.Shadows[1].Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sn.ReadAt(b, unusedBlock); err != nil || !bytes.Equal(b, make([]byte, block)) {
		t.Errorf("a block that was not in use is not zeros: %v", err)
	}
	clear(img[lay.Stores[1].Bitmap[0]:][:16])
	v = openVolume(t, img)
	if sn, err = v.Shadows[1].Open(); err != nil {
		t.Fatal(err)
	}
	if _, err := sn.ReadAt(b, unusedBlock); err != nil || !bytes.Equal(b, img[unusedBlock:][:block]) {
		t.Errorf("without its bitmap: %v", err)
	}
	if want := []string{fmt.Sprintf("store bitmap at %d: no identifier", lay.Stores[1].Bitmap[0])}; !slices.Equal(texts(v.Damage()), want) {
		t.Errorf("damage %v", v.Damage())
	}
}
