package hive

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// A node is a key as a test states it: what the corpus was told to write, and what was read.
type node struct {
	Path, Class, SDDL               string
	Written                         time.Time
	Access, Layered, Virtual, Debug uint8
	Values                          []leaf
}

type leaf struct {
	Name  string
	Type  uint32
	Data  string
	Flags uint16
}

// wanted flattens the corpus's tree in the order in which Windows stores it.
func wanted(h *regf.Hive) []node {
	var list []node
	var add func(k *regf.Key, path string)
	add = func(k *regf.Key, path string) {
		n := node{Path: path, Class: k.Class, Written: k.Written, Access: k.Access, Virtual: k.Virtual, Debug: k.Debug}
		if h.Flags&2 != 0 && h.Version == 6 {
			n.Layered = k.Layered
		}
		if path == "" {
			n.Path = `\`
		}
		for _, v := range k.Values {
			if v.Deleted.IsZero() {
				n.Values = append(n.Values, leaf{v.Name, v.Type, string(v.Data), v.Flags & 2})
			}
		}
		list = append(list, n)
		subs := slices.Clone(k.Subkeys)
		slices.SortFunc(subs, func(a, b *regf.Key) int { return cmp.Compare(Fold(a.Name), Fold(b.Name)) })
		for _, s := range subs {
			if s.Deleted.IsZero() {
				add(s, path+`\`+s.Name)
			}
		}
	}
	add(h.Root, "")
	return list
}

// read flattens a hive.
func read(t *testing.T, h *Hive) []node {
	t.Helper()
	var list []node
	for k, err := range h.Keys() {
		if err != nil {
			t.Errorf("Keys: %v", err)
			continue
		}
		n := node{Path: k.Path(), Written: k.Written(), Access: k.AccessBits(), Layered: k.Layered(), Virtual: k.UserFlags(), Debug: k.DebugBits()}
		if n.Class, err = k.ClassName(); err != nil {
			t.Errorf("%s: ClassName: %v", n.Path, err)
		}
		for v, err := range k.Values() {
			if err != nil {
				t.Errorf("%s: Values: %v", n.Path, err)
				continue
			}
			b, err := v.Bytes()
			if err != nil {
				t.Errorf("%s: %s: Bytes: %v", n.Path, v.Name(), err)
			}
			n.Values = append(n.Values, leaf{v.Name(), uint32(v.Type()), string(b), v.Flags() & 2})
		}
		list = append(list, n)
	}
	return list
}

// variety is a hive with everything that a version of the format can hold.
func variety(version uint32) *regf.Hive {
	t := time.Date(2023, 11, 5, 6, 7, 8, 123456700, time.UTC)
	h := regf.New("ROOT", t)
	h.Version = version
	h.FileName = `emRoot\System32\Config\VARIETY`
	k := h.Root.Sub(`Software\Vendor`).At(t.Add(time.Hour))
	k.Class, k.Access, k.Virtual, k.Debug = "1a2b3c4d", 3, 0xA1, 0x20
	for n := range 6 {
		k.Set(fmt.Sprintf("inline%d", n), regf.Binary([]byte("abcdef")[:n]))
	}
	cell := regf.Binary([]byte{1, 2})
	cell.Cell = true
	k.Set("two bytes in a cell", cell)
	for _, n := range []int{16343, 16344, 16345, 2 * 16344, 2*16344 + 1, 70000} {
		data := []byte(strings.Repeat("registry", n/8+1)[:n])
		k.Set(fmt.Sprintf("data of %d", n), regf.Binary(data))
	}
	k.Set("begins with db", regf.Binary([]byte("db\x02\x00 is not big data")))
	k.Set("begins with db, long", regf.Binary([]byte("db\x02\x00"+strings.Repeat("x", 20000))))
	k.Set("", regf.String("default"))
	k.Set("type", regf.Raw(0xFFFF0012, []byte("x\x00")))
	k.Set("high type", regf.Raw(0x80000001, nil))
	k.Set(`with\backslash`, regf.DWord(5))
	k.Set("ünïcode", regf.QWord(1<<60))
	k.Set("Ελληνικά 🔑", regf.Expand("%PATH%"))
	h.Root.Add("Ünïcode")
	h.Root.Add("日本語").Add("𐐀")
	wide := h.Root.Add("wide")
	wide.Wide = true
	many := h.Root.Sub("Many")
	for i := range 1200 {
		many.Add(fmt.Sprintf("key %04d", i))
	}
	for i, kind := range []regf.ListKind{regf.ListLI, regf.ListLF, regf.ListLH} {
		k := h.Root.Add(fmt.Sprintf("List %d", i))
		k.List = kind
		for _, n := range []string{"a", "bb", "CCC", "dddd", "eeeee", "ä"} {
			k.Add(n)
		}
	}
	h.Root.Sub("Leaves").Leaf = 3
	for i := range 10 {
		h.Root.Sub("Leaves").Add(fmt.Sprint(i))
	}
	if version == 6 {
		h.Flags = 2
		h.Root.Sub("Gone").Layered = 1
		h.Root.Sub("Super").Set("dead", regf.Tombstone())
	}
	return h
}

func TestRoundTrip(t *testing.T) {
	for version := uint32(2); version <= 6; version++ {
		t.Run(fmt.Sprintf("1.%d", version), func(t *testing.T) {
			spec := variety(version)
			h, err := Open(spec.Build(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(wanted(spec), read(t, h)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			for e := range h.Check() {
				t.Errorf("Check: %v", e)
			}
			if got := h.Header(); got.Minor != version || got.FileName != spec.FileName || got.Dirty || !got.Written.Equal(spec.Written) {
				t.Errorf("Header() = %+v", got)
			}
		})
	}
}

// TestLookup finds every key and value by its path, in other case too.
func TestLookup(t *testing.T) {
	for version := uint32(2); version <= 6; version++ {
		h, err := Open(variety(version).Build(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, err := range h.Keys() {
			if err != nil {
				t.Fatal(err)
			}
			path := k.Path()
			for _, p := range []string{path, Fold(path), path[1:], path + `\`} {
				if got, err := h.Key(p); err != nil || got != k {
					t.Errorf("1.%d: Key(%q) = %v, %v", version, p, got.n, err)
				}
			}
			for v := range k.Values() {
				if got, err := k.Value(Fold(v.Name())); err != nil || got != v {
					t.Errorf("1.%d: Value(%q): %v", version, v.Name(), err)
				}
			}
			if _, err := k.Subkey("not there"); err != ErrNotExist {
				t.Errorf("Subkey(not there) = %v", err)
			}
			if _, err := k.Value("not there"); err != ErrNotExist {
				t.Errorf("Value(not there) = %v", err)
			}
			if p, err := k.Parent(); (err != nil) != (path == `\`) {
				t.Errorf("%s: Parent() = %v, %v", path, p, err)
			}
		}
	}
}

func TestControlSet(t *testing.T) {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	spec := regf.New("ROOT", at)
	spec.Root.Sub(`ControlSet001\Control`)
	spec.Root.Sub(`ControlSet003\Services\Tcpip`)
	spec.Root.Sub("Select").Set("Current", regf.DWord(3))
	h, err := Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := h.ControlSet(); got != "ControlSet003" || err != nil {
		t.Errorf("ControlSet() = %q, %v", got, err)
	}
	if k, err := h.Key(`\currentcontrolset\services\TCPIP`); err != nil || k.Path() != `\ControlSet003\Services\Tcpip` {
		t.Errorf("Key = %v", err)
	}
	spec.Root.Sub("Select").Set("Current", regf.DWord(2))
	if h, err = Open(spec.Build(), nil); err != nil {
		t.Fatal(err)
	}
	if got, err := h.ControlSet(); got != "ControlSet001" || err == nil {
		t.Errorf("ControlSet() without the set that Select names = %q, %v", got, err)
	}
	spec.Root.Sub("Link").Link(`\REGISTRY\MACHINE\SYSTEM\ControlSet001`)
	if h, err = Open(spec.Build(), nil); err != nil {
		t.Fatal(err)
	}
	k, err := h.Key("Link")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.LinkTarget(); got != `\REGISTRY\MACHINE\SYSTEM\ControlSet001` || err != nil {
		t.Errorf("LinkTarget() = %q, %v", got, err)
	}
}

// TestNames reads names that are no text: surrogates without their other half, NUL, bytes above 0x7F.
func TestNames(t *testing.T) {
	spec := regf.New("ROOT", time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	spec.Root.Subkeys = []*regf.Key{
		{Name16: []uint16{'a', 0xD81D}}, {Name16: []uint16{'b', 0, 'c'}, Wide: true}, {Name: "\u00e9\u00ff"},
		{Name: "d%\u2028\u0085\r"}, {Name: "e\U00010400"},
	}
	h, err := Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := Dump(&out, h, nil); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		got = append(got, strings.Split(line, "\t")[1])
	}
	want := []string{`\`, `\a%uD81D`, `\b%u0000c`, `\d%u0025%u2028%u0085%u000D`, "\\e\U00010400", `\éÿ`}
	if d := gocmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	root, _ := h.Root()
	k, err := root.Subkey("ÉŸ")
	if err != nil || k.Name() != "éÿ" {
		t.Errorf("Subkey in upper case: %v", err)
	}
	for k, err := range root.Subkeys() {
		if err == nil && strings.HasPrefix(k.Name(), "a") && (k.Name() != "a\uFFFD" || k.NameUnits()[1] != 0xD81D) {
			t.Errorf("Name() = %q, NameUnits() = %X", k.Name(), k.NameUnits())
		}
	}
}
