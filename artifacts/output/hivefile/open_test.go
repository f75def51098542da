package hivefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/hive"
)

var written = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// built opens a hive with one key of values.
func built(t *testing.T, fill func(k *regf.Key)) hive.Key {
	t.Helper()
	spec := regf.New("ROOT", written)
	fill(spec.Root.Sub("k"))
	h, err := hive.Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := FindKey(h, "k")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func value(t *testing.T, k hive.Key, name string) hive.Value {
	t.Helper()
	for v, err := range k.Values() {
		if err == nil && v.Name() == name {
			return v
		}
	}
	t.Fatalf("no value %q", name)
	return hive.Value{}
}

// utf16le is ASCII text in two bytes a character.
func utf16le(s string) (b []byte) {
	for i := range len(s) {
		b = append(b, s[i], 0)
	}
	return b
}

// TestMatches finds what an analyst looks for, whatever a value's type says.
func TestMatches(t *testing.T) {
	k := built(t, func(k *regf.Key) {
		k.Set("text", regf.String("powershell -enc AAAA")).Set("list", regf.Multi("first", "heron.exe")).
			Set("number", regf.DWord(4919)).Set("long", regf.QWord(0xDEADBEEF00)).
			Set("narrow", regf.Binary([]byte("\x01\x02heron.exe\x00"))).
			Set("wide", regf.Binary(append([]byte{0, 0, 0, 0}, utf16le("heron.exe")...))).
			Set("odd", regf.Binary(append([]byte{7}, utf16le("heron.exe")...))).
			Set("after", regf.Raw(regf.TypeString, append(utf16le("shown\x00heron.exe"), 0, 0))).
			Set("disguised", regf.Raw(regf.TypeDWord, []byte("heron.exe"))).
			Set("empty", regf.Binary(nil))
	})
	for name, c := range map[string]struct{ yes, no string }{
		"text": {`-enc\s`, "heron"}, "list": {"heron", "third"}, "number": {"^4919$", "^4918$"}, "long": {"0xdeadbeef00", "0xdeadbeef01"},
		"narrow": {"heron", "kestrel"}, "wide": {`heron\.exe`, "kestrel"}, "odd": {"heron", "kestrel"}, "after": {"heron", "kestrel"},
		"disguised": {"heron", "kestrel"}, "empty": {"^$", "."},
	} {
		v := value(t, k, name)
		if !Matches(regexp.MustCompile(c.yes), v) {
			t.Errorf("%s does not match %s", name, c.yes)
		}
		if Matches(regexp.MustCompile(c.no), v) {
			t.Errorf("%s matches %s", name, c.no)
		}
	}
	if !Matches(regexp.MustCompile("^0x1337$"), value(t, k, "number")) {
		t.Error("a number does not match in hexadecimal")
	}
}

// TestShow spells each kind of data on one line that a terminal can take.
func TestShow(t *testing.T) {
	k := built(t, func(k *regf.Key) {
		k.Set("", regf.String("default")).Set("lines", regf.String("a\nb\tc\rd\x1b[31m")).Set("list", regf.Multi("a", "b")).
			Set("number", regf.DWord(255)).Set("short", regf.Raw(regf.TypeDWord, []byte{1, 2})).
			Set("bytes", regf.Binary([]byte{1, 2, 3, 4, 5, 6, 7, 8})).Set("long", regf.String(strings.Repeat("ä", 50))).Set("none", regf.Binary(nil))
	})
	for _, c := range []struct {
		name string
		max  int
		want string
	}{
		{"", 0, "default"}, {"list", 0, "a | b"}, {"number", 0, "0xff (255)"}, {"short", 0, "0102"}, {"bytes", 0, "0102030405060708"},
		{"bytes", 8, "01020304… (8 bytes)"}, {"long", 10, strings.Repeat("ä", 10) + "… (50 characters)"}, {"long", 50, strings.Repeat("ä", 50)}, {"none", 5, ""},
	} {
		got, err := Show(value(t, k, c.name), c.max)
		if err != nil || got != c.want {
			t.Errorf("%s cut to %d: %q, %v; want %q", c.name, c.max, got, err, c.want)
		}
	}
	got, _ := Show(value(t, k, "lines"), 0)
	if !strings.HasPrefix(got, `a\nb\tc\rd`) || strings.ContainsAny(got, "\x1b\n\r\t") || !utf8.ValidString(got) {
		t.Errorf("%q moves the cursor", got)
	}
	if got := ValueName(value(t, k, "")); got != "(Default)" {
		t.Errorf("the value without a name is %q", got)
	}
	if got := ValueName(value(t, k, "list")); got != "list" {
		t.Errorf("list is %q", got)
	}
}

// TestReadFile reads a file and says of anything else what it is.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "SYSTEM")
	if err := os.WriteFile(path, []byte("regf"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := ReadFile(path); err != nil || string(b) != "regf" {
		t.Errorf("%q, %v", b, err)
	}
	for p, want := range map[string]string{dir: "is a folder, not a file", path + ".gone": "no such file", os.DevNull: "is a device, not a file"} {
		if _, err := ReadFile(p); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), p) {
			t.Errorf("%s: %v, want %s", p, err, want)
		}
	}
}

// TestReadFileTooLarge refuses a file larger than any hive without reading it.
func TestReadFileTooLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(maxFile + 1); err != nil {
		t.Skip("no sparse files here: ", err)
	}
	if _, err := ReadFile(path); err == nil || !strings.Contains(err.Error(), "size limit") {
		t.Errorf("%v", err)
	}
}

// TestLogsBeside finds logs in any case, in the order of their replay, and neither
// folders nor the logs of another hive.
func TestLogsBeside(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"SYSTEM", "system.log2", "SYSTEM.LOG1", "SYSTEM.LOG", "SYSTEM.LOG3", "SYSTEM1.LOG1", "SOFTWARE.LOG1"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "NTUSER.DAT.LOG1"), 0o700); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range LogsBeside(filepath.Join(dir, "SYSTEM")) {
		if filepath.Dir(p) != dir {
			t.Errorf("%s is not in the folder", p)
		}
		got = append(got, filepath.Base(p))
	}
	if want := []string{"SYSTEM.LOG", "SYSTEM.LOG1", "system.log2"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := LogsBeside(filepath.Join(dir, "NTUSER.DAT")); len(got) != 0 {
		t.Errorf("a folder is a log: %v", got)
	}
	if got := LogsBeside(filepath.Join(dir, "gone", "SYSTEM")); got != nil {
		t.Errorf("a folder that is not there has %v", got)
	}
	t.Chdir(dir)
	if got := LogsBeside("SYSTEM"); len(got) != 3 {
		t.Errorf("without a folder: %v", got)
	}
}

// TestFindKey takes a path with the root's name and without, in any case, and names
// the path that is not there.
func TestFindKey(t *testing.T) {
	spec := regf.New("ROOT", written)
	spec.Root.Sub(`Select\Inner`)
	h, err := hive.Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{`Select\Inner`, `HKLM\SYSTEM\Select\Inner`, `hklm\system\SELECT\inner`, `\Select\Inner\`} {
		if k, err := FindKey(h, p); err != nil || k.Name() != "Inner" {
			t.Errorf("%s: %q, %v", p, k.Name(), err)
		}
	}
	if _, err := FindKey(h, `HKLM\SYSTEM\Gone`); err == nil || err.Error() != `no key HKLM\SYSTEM\Gone in this hive` || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestRemnants writes a deleted key, and a deleted value with the path of its key.
func TestRemnants(t *testing.T) {
	k := built(t, func(k *regf.Key) { k.Set("v", regf.String("x")) })
	key := RemnantOf(hive.Remnant{IsKey: true, Key: k, Path: `\k`, Offset: k.Offset()})
	if key.Path != k.Path() || len(key.Values) != 1 || key.Deleted == "" || key.Lost != "" {
		t.Errorf("deleted key %+v", key)
	}
	v := RemnantOf(hive.Remnant{Value: value(t, k, "v"), Path: `\k`, Offset: 4711, Unreachable: true})
	if v.Path != `\k` || v.Offset != 4711 || len(v.Values) != 1 || v.Values[0].Data != "x" || v.Deleted != "" || v.Lost == "" {
		t.Errorf("unreachable value %+v", v)
	}
}
