package hivefile

import (
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/hive"
)

// TestKeyOf writes a key with a value of each kind.
func TestKeyOf(t *testing.T) {
	spec := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	spec.Root.Sub("all").Set("text", regf.String("a")).Set("list", regf.Multi("a", "b")).Set("number", regf.DWord(7)).
		Set("long", regf.QWord(1<<40)).Set("bytes", regf.Binary([]byte{1, 2})).Set("odd", regf.Raw(regf.TypeDWord, []byte{1, 2, 3}))
	h, err := hive.Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	k, err := h.Key("all")
	if err != nil {
		t.Fatal(err)
	}
	b, err := output.Marshal(KeyOf(k))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"written":"2026-03-01T00:00:00`, `"type_name":"REG_SZ"`, `"data":"a"`, `"data":["a","b"]`, `"data":7`, `"data":1099511627776`,
		`"data":"0102"`, `"data":"010203"`, `"sha256":"a12871fee210fb8619291eaea194581cbd2531e4b23759d225f6806923f63222"`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is missing in %s", want, b)
		}
	}
}

// TestTrimRoot leaves out what a live system mounts a hive under, but not a key of
// that name.
func TestTrimRoot(t *testing.T) {
	spec := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	spec.Root.Sub(`Select`)
	spec.Root.Sub(`HKLM\inside`)
	h, err := hive.Open(spec.Build(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		`HKLM\SYSTEM\Select`: `Select`, `hkey_current_user\Software`: `Software`, `HKU\S-1-5-18\Software`: `Software`,
		`HKLM\inside`: `HKLM\inside`, `Select`: `Select`, `\Select`: `\Select`, `HKCU`: ``, `other\key`: `other\key`,
	} {
		if got := TrimRoot(h, in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}
