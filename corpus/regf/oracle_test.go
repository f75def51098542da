package regf

import (
	"encoding/base64"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Other readers find in a hive what was written. They are programs of Debian's packages libhivex-bin (hivexml,
// hivexsh) and libregf-utils (regfexport).

// run calls a program with a hive; it skips the test when there is none.
func run(t *testing.T, stdin string, h *Hive, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	file := filepath.Join(t.TempDir(), "HIVE")
	if err := os.WriteFile(file, h.Build(), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append(args, file)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%.1000s", name, err, out)
	}
	return string(out)
}

// witnessed are hives that the other readers are asked about.
func witnessed() map[string]*Hive {
	names := New("ROOT", t0)
	names.Root.Sub("K\u00FC\u00DF").Set("\u00E9", DWord(7))
	names.Root.Sub("\u0416\u0416x").Set("\u0416y", String("\u0416"))
	names.Root.Sub("Plain").Wide = true
	names.Root.Sub("Plain").Set("wide", Value{Type: TypeString, Data: UTF16("w\x00"), Wide: true})

	deleted := Sound()
	deleted.Root.Sub(`Gone\Below\Deep`).Set("v", String("some text"))
	deleted.Root.Sub("Gone").Delete(t1)
	deleted.Root.Sub("Alpha").Unset("Text", t1)

	many := New("ROOT", t0)
	for i := range 3000 {
		many.Root.Add("Key"+strconv.Itoa(i)).Set("", DWord(uint32(i)))
	}
	old := Sound()
	old.Version = 3
	for i := range 1500 {
		old.Root.Sub("Omega").Add("Key" + strconv.Itoa(i))
	}
	return map[string]*Hive{"sound": Sound(), "names": names, "deleted": deleted, "many": many, "old": old}
}

// live lists what another reader must show of a hive.
func live(k *Key, path string) []string {
	k = k.Clone()
	prune(k)
	list := contents(k, path)
	slices.Sort(list)
	return list
}

func prune(k *Key) {
	k.Values = slices.DeleteFunc(k.Values, func(v Value) bool { return !v.Deleted.IsZero() })
	k.Subkeys = slices.DeleteFunc(k.Subkeys, func(s *Key) bool { return !s.Deleted.IsZero() })
	for _, s := range k.Subkeys {
		prune(s)
	}
}

type xmlNode struct {
	Name   string     `xml:"name,attr"`
	Time   string     `xml:"mtime"`
	Nodes  []xmlNode  `xml:"node"`
	Values []xmlValue `xml:"value"`
}

type xmlValue struct {
	Type     string   `xml:"type,attr"`
	Key      string   `xml:"key,attr"`
	Value    string   `xml:"value,attr"`
	Encoding string   `xml:"encoding,attr"`
	Strings  []string `xml:"string"`
}

func TestHivexXML(t *testing.T) {
	for name, h := range witnessed() {
		t.Run(name, func(t *testing.T) {
			var doc struct {
				Root xmlNode `xml:"node"`
			}
			if err := xml.Unmarshal([]byte(run(t, "", h, "hivexml")), &doc); err != nil {
				t.Fatal(err)
			}
			if doc.Root.Name != "ROOT" {
				t.Errorf("root is %q", doc.Root.Name)
			}
			got := compareNode(t, doc.Root, h.Root, "")
			slices.Sort(got)
			if want := live(h.Root, ""); !slices.Equal(got, want) {
				t.Errorf("got %.2000q\nwant %.2000q", got, want)
			}
		})
	}
}

// compareNode compares what hivexml shows of a key with the key, and lists what is below it.
func compareNode(t *testing.T, n xmlNode, k *Key, path string) (list []string) {
	t.Helper()
	want := k.Written
	for _, v := range k.Values {
		want = later(want, v.Deleted)
	}
	for _, s := range k.Subkeys {
		want = later(want, s.Deleted)
	}
	if n.Time != want.Format("2006-01-02T15:04:05Z") {
		t.Errorf("%s was written %s, want %v", path, n.Time, want)
	}
	for _, v := range n.Values {
		list = append(list, path+"|"+v.Key)
		i := slices.IndexFunc(k.Values, func(o Value) bool { return o.Name == v.Key })
		if i >= 0 && !v.is(k.Values[i]) {
			t.Errorf("%s|%s is %.200v", path, v.Key, v)
		}
	}
	for _, s := range n.Nodes {
		sub := path + `\` + s.Name
		list = append(list, sub)
		if below := k.Find(s.Name); below != nil {
			list = append(list, compareNode(t, s, below, sub)...)
		}
	}
	return list
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// is compares a value as hivexml shows it.
func (v xmlValue) is(want Value) bool {
	switch v.Type {
	case "string", "expand":
		return string(UTF16(v.Value+"\x00")) == string(want.Data)
	case "string-list":
		var list []byte
		for _, s := range v.Strings { // the NUL at the end of the list is shown as an empty string
			list = append(list, UTF16(s+"\x00")...)
		}
		return string(list) == string(want.Data)
	case "int32":
		n, err := strconv.ParseInt(v.Value, 10, 64)
		return err == nil && uint32(n) == w32(want.Data, 0)
	case "int64":
		n, err := strconv.ParseInt(v.Value, 10, 64)
		return err == nil && uint64(n) == w64(want.Data, 0)
	default:
		b, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(v.Value, "\n", ""))
		return err == nil && v.Encoding == "base64" && string(b) == string(want.Data)
	}
}

func TestHivexShell(t *testing.T) {
	out := run(t, "cd beta\nls\nlsval Text\ncd \\ALPHA\\inner\\Deep\nlsval Leaf\n", Sound(), "hivexsh")
	if want := "Five\nFour\nOne\nThree\nTwo\nthe second letter\none\n\nthree\n\n"; out != want {
		t.Errorf("hivexsh printed %q", out)
	}
}

func TestRegfExport(t *testing.T) {
	for name, h := range witnessed() {
		t.Run(name, func(t *testing.T) {
			var got []string
			path := ""
			for line := range strings.Lines(run(t, "", h, "regfexport")) {
				line = strings.TrimSuffix(line, "\n")
				if p, ok := strings.CutPrefix(line, "Key path: ROOT"); ok {
					if path = p; path != "" {
						got = append(got, path)
					}
				}
				if v, ok := strings.CutPrefix(line, "Value: "); ok {
					_, v, _ = strings.Cut(v, " ")
					if v == "(default)" {
						v = ""
					}
					got = append(got, path+"|"+v)
				}
			}
			slices.Sort(got)
			if want := live(h.Root, ""); !slices.Equal(got, want) {
				t.Errorf("got %.2000q\nwant %.2000q", got, want)
			}
		})
	}
}
