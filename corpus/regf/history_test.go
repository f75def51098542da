package regf

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// A hive that changes at random is a whole hive after each change, and holds what it shall.
func TestRandomHistory(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			h := New("ROOT", t0)
			h.Version = uint32(1 + seed%6)
			l := h.Live()
			for step := range 25 {
				h = h.Clone()
				prune(h.Root) // what the step before has deleted
				for range 30 {
					mutate(r, h.Root, t0.Add(time.Duration(step+1)*time.Hour))
				}
				l.Become(h)
				w := walk(t, l.Image())
				if t.Failed() {
					t.Fatalf("step %d", step)
				}
				compare(t, w, h.Root)
			}
			if len(l.Remains()) == 0 {
				t.Error("nothing was ever deleted")
			}
		})
	}
}

// mutate does one thing to a key somewhere below k.
func mutate(r *rand.Rand, k *Key, at time.Time) {
	for len(k.Subkeys) > 0 && r.IntN(4) > 0 {
		k = k.Subkeys[r.IntN(len(k.Subkeys))]
		if !k.Deleted.IsZero() {
			return
		}
	}
	name := fmt.Sprintf("%c%d", []rune("Na\u00E4\u0416")[r.IntN(4)], r.IntN(4))
	switch r.IntN(9) {
	case 0, 1, 2:
		s := k.Sub(name).At(at)
		s.Leaf = r.IntN(3)
		s.Class = strings.Repeat("c", r.IntN(3)*r.IntN(20))
	case 3, 4, 5:
		size := r.IntN(40)
		if r.IntN(10) == 0 {
			size = r.IntN(50000)
		}
		k.Set(name, Value{Type: r.Uint32(), Data: pattern(size), Cell: r.IntN(2) == 0}).At(at)
	case 6:
		k.Unset(name, at)
	case 7:
		k.Security = Descriptor(SID(5, 18), SID(5, uint32(r.IntN(6))))
	default:
		if s := k.Find(name); s != nil && s != k {
			s.Delete(at)
		}
	}
}

// compare holds what was found against the tree.
func compare(t *testing.T, w *walker, root *Key) {
	t.Helper()
	want := root.Clone()
	prune(want)
	var found []string
	for path, k := range w.keys {
		if path != "" {
			found = append(found, path)
		}
		for name := range k.values {
			found = append(found, path+"|"+name)
		}
		for _, v := range want.Find(path).Values {
			if got := k.values[v.Name]; got.data != string(v.Data) || got.typ != v.Type {
				t.Errorf("%s|%s has type %d and %d bytes, want %d and %d", path, v.Name, got.typ, len(got.data), v.Type, len(v.Data))
			}
		}
	}
	slices.Sort(found)
	if list := live(want, ""); !slices.Equal(found, list) {
		t.Errorf("found %.1000q\nwant %.1000q", found, list)
	}
}

// Names of any units are written as they are.
func TestNames(t *testing.T) {
	for _, u := range [][]uint16{
		{'a', 0, 'b'}, {0xD800}, {0xDC00, 'x'}, {0xD83D, 0xDE00}, {0xFF}, {0x100}, {'ü'}, {0xFFFF, 0xFFFE},
	} {
		h := New("ROOT", t0)
		k := h.Root.Add("")
		k.Name16 = u
		k.Values = []Value{{Name16: u, Type: 1}}
		l := h.Live()
		b := Bins(l.Image())
		n := l.root.subs[0]
		key, value := b[n.off+4:], b[n.vals[0].off+4:]
		wide := slices.Max(u) > 0xFF
		want := unitBytes(u)
		if !wide {
			want = nil
			for _, c := range u {
				want = append(want, byte(c))
			}
		}
		if got := key[76 : 76+w16(key, 72)]; string(got) != string(want) || key[2]&0x20 == 0 != wide {
			t.Errorf("key %x is stored as % x, flags %x", u, got, key[2])
		}
		if got := value[20 : 20+w16(value, 2)]; string(got) != string(want) || value[16]&1 == 0 != wide {
			t.Errorf("value %x is stored as % x, flags %x", u, got, value[16])
		}
	}
}

// Names are in the order of Windows: by upcased unit, over all leaves.
func TestOrder(t *testing.T) {
	h := New("ROOT", t0)
	h.Root.Leaf = 3
	want := []string{"A", "a1", "AB", "B", "b-", "_", "\u00E4", "\u00DF", "\u00FF", "\u0416", "\u2C5F", "\U00010428", "\uFF21"}
	for i := range want {
		h.Root.Add(want[(i*5)%len(want)])
	}
	l := h.Live()
	var got []string
	for _, n := range l.root.subs {
		got = append(got, n.spec.Name)
	}
	// "ÿ" becomes U+0178; a surrogate stands before U+FF21.
	if !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
	if w := walk(t, l.Image()); len(w.keys) != len(want)+1 {
		t.Errorf("keys are %q", slices.Collect(maps.Keys(w.keys)))
	}
}

// The offset of a deleted subkey stays behind the list, when it was the last one.
func TestListSlack(t *testing.T) {
	h := New("ROOT", t0)
	h.Root.Sub("A")
	h.Root.Sub("Z").Delete(t1)
	l := h.Live()
	b := Bins(l.Image())
	list := b[l.List("")+4:]
	if w16(list, 2) != 1 || w32(list, 12) != l.Remains()[0].Offset {
		t.Errorf("list is % x, deleted key at %#x", list[:20], l.Remains()[0].Offset)
	}
}

func TestLayered(t *testing.T) {
	h := New("ROOT", t0)
	h.Version, h.Flags = 6, 2
	k := h.Root.Sub("upper")
	k.Layered = 0x82
	k.Set("gone", Tombstone())
	h.Root.Sub("link").Link(`\REGISTRY\MACHINE\SYSTEM`)
	l := h.Live()
	b := Bins(l.Image())
	w := walk(t, l.Image())
	if got := b[l.Key("upper")+4+13]; got != 0x82 {
		t.Errorf("byte 13 is %#x", got)
	}
	if v := w.keys[`\upper`].values["gone"]; v.flags != 3 || v.inline || v.typ != 0 || w32(b, int(l.Value("upper", "gone"))+4+8) != NIL {
		t.Errorf("the tombstone is %+v", v)
	}
	if k := w.keys[`\link`]; k.flags&0x10 == 0 || k.values["SymbolicLinkValue"].typ != 6 || len(k.values["SymbolicLinkValue"].data) != 2*24 {
		t.Errorf("the link is %+v", k)
	}
}

func TestSlack(t *testing.T) {
	h := New("ROOT", t0)
	h.Root.Set("v", String("new").Over(UTF16("an old and longer text")))
	h.Root.Slack = []byte("what the key was")
	h.Tail = pattern(5000)
	img := h.Build()
	w := walk(t, img)
	if v := w.keys[""].values["v"]; v.data != string(UTF16("new\x00")) || !strings.HasPrefix(v.slack, string(UTF16("ld and longer text"))) {
		t.Errorf("value %q with slack %q", v.data, v.slack)
	}
	if !strings.Contains(string(img), "ROOTwhat the key was") || !strings.HasSuffix(string(img), string(h.Tail)) {
		t.Error("slack or tail is missing")
	}
}

func TestBaseBlock(t *testing.T) {
	h := New("ROOT", t0)
	h.FileName = `\??\C:\Users\somebody\AppData\Local\Microsoft\Windows\UsrClass.dat`
	h.Primary, h.Secondary, h.Version, h.Flags = 7, 6, 3, 1
	h.RmID, h.TmID, h.KTM = [16]byte{1}, [16]byte{2}, true
	h.Offline, h.Reorganised = true, 1
	h.BinSize = 0x4000
	b := h.Build()
	walk(t, b)
	if got, want := text(b[48:112], false), h.FileName[len(h.FileName)-31:]+"\x00"; got != want {
		t.Errorf("file name %q, want %q", got, want)
	}
	if w32(b, 4) != 7 || w32(b, 8) != 6 || w64(b, 12) != FILETIME(t0) || w32(b, 24) != 3 || w32(b, 36) != 0x20 || w32(b, 40) != 0x4000 || w32(b, 44) != 1 ||
		b[112] != 1 || b[128] != 1 || w32(b, 144) != 1 || b[148] != 2 || string(b[164:168]) != "rmtm" || b[168] != 1 || string(b[176:181]) != "OfRg\x01" {
		t.Errorf("base block % x", b[:192])
	}
	if w64(b, 4096+20) != FILETIME(t0) {
		t.Error("the first bin has another time")
	}
}

// The checksum is never 0 and never all ones.
func TestChecksum(t *testing.T) {
	b := make([]byte, 512)
	if Checksum(b); w32(b, 508) != 1 {
		t.Errorf("checksum of nothing is %#x", w32(b, 508))
	}
	copy(b, "\xFF\xFF\xFF\xFF")
	if Checksum(b); w32(b, 508) != 0xFFFFFFFE {
		t.Errorf("checksum of all ones is %#x", w32(b, 508))
	}
}
