package ntfs

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// TestUpCase compares names as a volume does: by its own table, or by that of Windows
// in general. The Kelvin sign and the long s are no letters of ASCII to NTFS, though
// Unicode folds them to k and s.
func TestUpCase(t *testing.T) {
	v := mustOpen(t, sample(), nil)
	own := v.UpCase() // folds a to z and à to þ, and nothing else
	if own == nil {
		t.Fatal("no table")
	}
	for _, c := range []struct {
		a, b         string
		own, general bool
	}{
		{`\Windows\A.EXE`, `\wINDOWS\a.exe`, true, true},
		{"Ärger", "ärger", true, true},
		{"ГОРОД", "город", false, true},
		{"\u212Aey", "key", false, false},
		{"Us\u017Fers", "ussers", false, false},
		{"\u0130stanbul", "istanbul", false, false},
		{"\u0131", "I", false, false},
		{"stra\u00DFe", "strasse", false, false},
		{"\xED\xA0\x80a", "\xED\xA0\x80A", true, true}, // half of a surrogate pair
		{"\xED\xA0\x80", "\xED\xA0\x81", false, false},
		{"\U00010428", "\U00010400", false, false}, // beyond the basic plane
	} {
		if got := own.Fold(c.a) == own.Fold(c.b); got != c.own {
			t.Errorf("%q, %q: %t by the volume's table", c.a, c.b, got)
		}
		var general *UpCase
		if got := general.Fold(c.a) == general.Fold(c.b); got != c.general {
			t.Errorf("%q, %q: %t in general", c.a, c.b, got)
		}
	}
	if _, err := ParseUpCase(make([]byte, 131_070)); err == nil {
		t.Error("a short table is taken")
	}
}

// TestCaseSensitive: in a directory that is case-sensitive, names that differ in case
// are two files, in the table of paths and on the volume.
func TestCaseSensitive(t *testing.T) {
	v := ntfsmeta.New(ntfsmeta.Spec{Made: corpusDay})
	exact, plain := v.Mkdir(ntfsmeta.Root, "Exact", corpusDay), v.Mkdir(ntfsmeta.Root, "Plain", corpusDay)
	v.CaseSensitive(exact, corpusDay)
	a, b := v.Create(exact, "Tool.exe", nil, corpusDay), v.Create(plain, "Tool.exe", nil, corpusDay)
	table, all := readAll(t, v.MFT())
	for _, c := range []struct {
		file ntfsmeta.Ref
		path string
		want bool
	}{
		{a, `\Exact\Tool.exe`, true}, {a, `\EXACT\Tool.exe`, true}, {a, `\Exact\tool.exe`, false},
		{b, `\Plain\Tool.exe`, true}, {b, `\PLAIN\tool.EXE`, true}, {b, `\Exact\Tool.exe`, false},
		{b, `Tool.exe`, false}, {b, `\x\Plain\Tool.exe`, false}, {b, ``, false},
	} {
		if got := table.Is(all[entryOf(c.file)].BestName(), c.path, nil); got != c.want {
			t.Errorf("%s: %t", c.path, got)
		}
	}
}

// TestCaseSensitiveLookup opens files of a case-sensitive directory, small and too large
// to keep.
func TestCaseSensitiveLookup(t *testing.T) {
	img := sample()
	v := mustOpen(t, img, &Options{DirCache: 1})
	for _, cache := range []int{1, -1} {
		v.opts.DirCache = cache
		if _, err := v.Stat("crowd/" + strings.ToLower(names(3)[2])); err != nil {
			t.Errorf("without case: %v", err)
		}
	}
	v = mustOpen(t, img, &Options{DirCache: 1}) // that has no directory in its cache
	f := mustInode(t, v, 30)
	for i := range f.base.attrs {
		if a := &f.base.attrs[i]; a.typ == typeStandardInfo && len(a.value) >= 44 {
			a.value[40] |= siCaseSensitive
		}
	}
	dir := &node{f: f, mode: fs.ModeDir}
	for _, cache := range []int{1, -1} {
		v.opts.DirCache = cache
		n := names(3)[2]
		if _, err := v.child(dir, n); err != nil {
			t.Errorf("%s: %v", n, err)
		}
		if _, err := v.child(dir, strings.ToLower(n)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", strings.ToLower(n), err)
		}
	}
}
