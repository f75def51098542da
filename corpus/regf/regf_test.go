package regf

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	t0 = time.Date(2024, 5, 1, 12, 0, 0, 123456700, time.UTC)
	t1 = t0.Add(24 * time.Hour)
	t2 = t1.Add(24 * time.Hour)
)

func Example() {
	h := New("ROOT", time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	h.FileName = `\SystemRoot\System32\Config\SOFTWARE`
	run := h.Root.Sub(`Microsoft\Windows\CurrentVersion\Run`)
	run.Set("Updater", String(`C:\Users\Public\u.exe`))
	run.Set("Start", DWord(2))
	image := h.Build()
	fmt.Printf("%s %s, %d bytes\n", image[:4], image[4096:4100], len(image))
	// Output: regf hbin, 8192 bytes
}

func TestUpcaseTable(t *testing.T) {
	var b []byte
	mapped := 0
	for u, up := range upcaseTable() {
		b = le.AppendUint16(b, up)
		if up != uint16(u) {
			mapped++
		}
	}
	if mapped != 973 || crc32.ChecksumIEEE(b) != 0xCEE8CFFA {
		t.Errorf("%d units are mapped and the CRC is %08X, want 973 and CEE8CFFA", mapped, crc32.ChecksumIEEE(b))
	}
}

func TestTree(t *testing.T) {
	for _, version := range []uint32{1, 2, 3, 4, 5, 6} {
		t.Run(fmt.Sprintf("version=%d", version), func(t *testing.T) {
			h := New("ROOT", t0)
			h.Version = version
			h.Root.Sub(`A\b\C`).Set("", String("x")).Class = "a class"
			h.Root.Sub(`a\B`).Set("n0", Raw(TypeDWord, nil)).Set("n1", Binary([]byte{1})).Set("n4", DWord(4)).Set("n5", Binary([]byte("12345")))
			h.Root.Sub(`a\B`).Set("n0cell", Value{Type: 1, Cell: true}).Set("n4cell", Value{Type: 4, Data: []byte("abcd"), Cell: true})
			h.Root.Sub(`a\B`).Set("max", Binary(pattern(16344))).Set("big", Binary(pattern(16345))).Set("huge", Binary(pattern(100000)))
			h.Root.Sub(`a\B`).Set("db", Binary([]byte("db\x02\x00\x20\x00\x00\x00")))
			h.Root.Sub("K\u00FC\u00DF").Set("\u0416", Multi("a", "", "b"))
			h.Root.Sub("\u0416\U00010400").Set(`a\b`, QWord(1<<40))
			h.Root.Sub("wide").Wide = true
			h.Root.Sub("own").Security = Descriptor(SID(5, 18), SID(5, 18))
			w := walk(t, h.Build())
			want := []string{"", `\A`, `\A\b`, `\A\b\C`, `\K` + "\u00FC\u00DF", `\own`, `\wide`, `\` + "\u0416\U00010400"}
			for _, p := range want {
				k, ok := w.keys[p]
				if !ok {
					t.Errorf("no key %q", p)
				}
				if ok && k.time != FILETIME(t0) {
					t.Errorf("%q: time %d", p, k.time)
				}
			}
			if len(w.keys) != len(want) {
				t.Errorf("%d keys, want %d", len(w.keys), len(want))
			}
			if got := w.keys[`\A\b\C`].class; got != "a class" {
				t.Errorf("class %q", got)
			}
			k := w.keys[`\A\b`]
			for _, v := range h.Root.Sub(`a\b`).Values {
				got := k.values[v.Name]
				if got.data != string(v.Data) || got.typ != v.Type {
					t.Errorf("value %s: type %d, %d bytes; want %d, %d bytes", v.Name, got.typ, len(got.data), v.Type, len(v.Data))
				}
				if want := len(v.Data) <= 4 && !v.Cell; got.inline != want {
					t.Errorf("value %s: inline %v", v.Name, got.inline)
				}
			}
			if got := k.order; !slices.Equal(got, []string{"n0", "n1", "n4", "n5", "n0cell", "n4cell", "max", "big", "huge", "db"}) {
				t.Errorf("values in the order %v", got)
			}
			if got, want := k.list, [...]string{1: "li", 2: "li", 3: "lf", 4: "lf", 5: "lh", 6: "lh"}[version]; got != want {
				t.Errorf("list %s, want %s", got, want)
			}
		})
	}
}

// pattern returns bytes that show where they stand.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i>>8) ^ byte(i*7)
	}
	return b
}

func TestLists(t *testing.T) {
	tests := []struct {
		name    string
		version uint32
		kind    ListKind
		leaf    int
		keys    int
		list    string
		leaves  string
	}{
		{"many lh", 5, ListAuto, 0, 1200, "ri", "lh506 lh506 lh188"},
		{"many lf", 3, ListAuto, 0, 1200, "ri", "li506 li506 li188"},
		{"full lh", 5, ListAuto, 0, 1012, "lh", ""},
		{"full lf", 3, ListAuto, 0, 511, "lf", ""},
		{"full li", 4, ListAuto, 0, 1012, "li", ""},
		{"forced li", 5, ListLI, 0, 3, "li", ""},
		{"forced lf", 5, ListLF, 0, 3, "lf", ""},
		{"forced ri", 5, ListAuto, 2, 5, "ri", "lh2 lh2 lh1"},
		{"forced ri of lf", 5, ListLF, 2, 3, "ri", "lf2 lf1"},
		{"ri of one", 3, ListLI, 1, 1, "ri", "li1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := New("ROOT", t0)
			h.Version = tt.version
			h.Root.List, h.Root.Leaf = tt.kind, tt.leaf
			for i := range tt.keys {
				h.Root.Add(fmt.Sprintf("Key%05d", (i*7919)%100003))
			}
			k := walk(t, h.Build()).keys[""]
			if k.list != tt.list || strings.Join(k.leaves, " ") != tt.leaves {
				t.Errorf("list %s with %v, want %s with %s", k.list, k.leaves, tt.list, tt.leaves)
			}
		})
	}
}

func TestDeleted(t *testing.T) {
	h := New("ROOT", t0)
	a := h.Root.Sub("A")
	a.Set("stays", String("this text stays")).Set("goes", String("this text goes")).Unset("goes", t1)
	h.Root.Sub(`Z\below`).Set("secret", String("evidence"))
	h.Root.Sub("Z").Delete(t2)
	w := walk(t, h.Build())
	if len(w.keys) != 2 {
		t.Errorf("%d keys, want 2", len(w.keys))
	}
	if got, want := w.keys[`\A`].time, FILETIME(t1); got != want {
		t.Errorf("A was written at %d, want the time when its value was deleted, %d", got, want)
	}
	if got, want := w.keys[""].time, FILETIME(t2); got != want {
		t.Errorf("the root was written at %d, want the time when Z was deleted, %d", got, want)
	}
	if s := w.keys[`\A`].slack; len(s) == 0 || string(w.b[s[0]+4:s[0]+6]) != "vk" {
		t.Errorf("the slack of the value list holds %#x, want the offset of a vk", s)
	}
	all := strings.Join(w.free, "")
	for _, s := range []string{"below", "secret", string(UTF16("evidence")), string(UTF16("this text goes")), "goes"} {
		if !strings.Contains(all, s) {
			t.Errorf("no free cell holds %q", s)
		}
	}
}

func TestBecome(t *testing.T) {
	h := New("ROOT", t0)
	for i := range 300 {
		h.Root.Sub(fmt.Sprintf(`Group%d\Key%d`, i%7, i)).Set("v", String(strings.Repeat("x", i))).Set("w", DWord(uint32(i)))
	}
	l := h.Live()
	before := l.Image()
	walk(t, before)

	next := h.Clone()
	next.Root.Sub(`Group1\Key1`).At(t1).Set("v", String("")).Set("new", String("a new value"))
	next.Root.Sub(`Group2\Key30`).At(t1).Set("v", String("short"))
	next.Root.Sub("Group3").Delete(t1)
	next.Root.Sub("Group4").Subkeys = nil
	next.Root.Sub("Group4").At(t1)
	next.Root.Sub(`Group5\Another`).At(t1).Set("v", Binary(pattern(50000)))
	l.Become(next)
	w := walk(t, l.Image())
	if len(l.Image()) < len(before) {
		t.Error("the hive shrank")
	}
	k := w.keys[`\Group2\Key30`]
	if v := k.values["v"]; v.data != string(UTF16("short\x00")) || !strings.Contains(v.slack, string(UTF16("xxxx"))) || k.time != FILETIME(t1) {
		t.Errorf(`\Group2\Key30 is %+v`, k)
	}
	if _, ok := w.keys[`\Group3`]; ok {
		t.Error("Group3 is still there")
	}
	if k := w.keys[`\Group4`]; k.list != "" || k.time != FILETIME(t1) {
		t.Errorf(`\Group4 is %+v`, k)
	}
	if v := w.keys[`\Group5\Another`].values["v"]; v.data != string(pattern(50000)) {
		t.Error("the big value is not what was written")
	}
	// The same state again changes nothing but what the deletion has left.
	same := l.Image()
	l.Become(next)
	if !bytes.Equal(same, l.Image()) {
		t.Error("becoming what it is changes the hive")
	}
	// All gone: nothing but the root stays, and the security record with it.
	empty := New("ROOT", t2)
	l.Become(empty)
	if w := walk(t, l.Image()); len(w.keys) != 1 {
		t.Errorf("%d keys are left", len(w.keys))
	}
}

func TestSameBytes(t *testing.T) {
	build := func() []byte {
		h := New("ROOT", t0)
		for i := range 100 {
			k := h.Root.Sub(fmt.Sprintf(`%d\%d`, i%9, i)).Set("a", String("b"))
			k.Security = Descriptor(SID(5, 18), SID(5, uint32(i%5)))
			if i%11 == 0 {
				k.Delete(t1)
			}
		}
		return h.Build()
	}
	first := build()
	for range 5 {
		if !bytes.Equal(first, build()) {
			t.Fatal("two builds differ")
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{5_000, 50_000, 500_000} {
		b.Run(fmt.Sprintf("keys=%d", n), func(b *testing.B) {
			h := manyKeys(n)
			for b.Loop() {
				b.SetBytes(int64(len(h.Build())))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
		})
	}
}

func manyKeys(n int) *Hive {
	h := New("ROOT", t0)
	var group *Key
	for i := range n {
		if i%100 == 0 {
			group = h.Root.Sub(fmt.Sprintf("Set%d", i/10000)).Add(fmt.Sprintf("Group%06d", i/100))
		}
		group.Add(fmt.Sprintf("Key%08d", i)).Set("Number", DWord(uint32(i))).Set("Text", String("some text"))
	}
	return h
}

// A hive that was copied while its last change was in the log only.
func ExampleDirty() {
	before := New("ROOT", time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	before.Root.Sub(`Software\Vendor`).Set("Version", DWord(1))

	after := before.Clone()
	after.Root.Sub(`Software\Vendor`).At(before.Written.Add(time.Hour)).Set("Version", DWord(2))

	primary, log1, log2 := Dirty(before, after)
	fmt.Println(len(primary), len(log1), len(log2))
	fmt.Printf("%s number %d\n", log1[512:516], le.Uint32(log1[512+12:]))
	// Output:
	// 8192 8192 0
	// HvLE number 1
}
