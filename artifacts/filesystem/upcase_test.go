package filesystem_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
	"unicode"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// TestUpCase: a folder whose name has the Kelvin sign for a k is not the one of
// installers, and what is in it is shown, unless the table of the volume itself makes
// the two names one.
func TestUpCase(t *testing.T) {
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: at})
	data := v.Mkdir(ntfsmeta.Root, "ProgramData", at)
	v.Create(v.Mkdir(data, "Pac\u212Aage Cache", at), "a.msi", nil, at.Add(time.Hour))
	v.Create(v.Mkdir(data, "PACKAGE CACHE", at), "b.msi", nil, at.Add(time.Hour))
	table := make([]byte, 2<<16)
	for i := range 1 << 16 {
		up := unicode.ToUpper(rune(i))
		if i == 0x212A {
			up = 'K'
		}
		binary.LittleEndian.PutUint16(table[2*i:], uint16(up))
	}
	for name, c := range map[string]struct {
		files map[string][]byte
		want  int
	}{
		"loose":         {map[string][]byte{"$MFT": v.MFT()}, 1},
		"its own table": {map[string][]byte{"C/$MFT": v.MFT(), "C/$UpCase": table, "C/Windows/System32/config/SYSTEM": nil}, 0},
		"a broken one":  {map[string][]byte{"C/$MFT": v.MFT(), "C/$UpCase": table[1:], "C/Windows/System32/config/SYSTEM": nil}, 1},
	} {
		if got := of[filesystem.File](decode(t, c.files, nil)); len(got) != c.want {
			t.Errorf("%s: %d files, want %d: %+v", name, len(got), c.want, got)
		}
	}
}

// TestNamedExactly: of two files in a case-sensitive folder whose names differ in case,
// a setting names the one that is spelled alike.
func TestNamedExactly(t *testing.T) {
	made := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	windows := v.Mkdir(ntfsmeta.Root, "Windows", made)
	exact, plain := v.Mkdir(windows, "exact", made), v.Mkdir(windows, "plain", made)
	v.CaseSensitive(exact, made)
	for i := range 30 {
		v.Create(windows, string(rune('a'+i))+".dll", nil, made) // an installation
	}
	for _, name := range []string{"Tool.dll", "tool.dll"} {
		v.Create(exact, name, nil, made)
	}
	v.Create(plain, "TOOL.DLL", nil, made)
	tree := testtree.Tree(t, map[string][]byte{
		"C/$MFT": v.MFT(), "C/Windows/System32/config/SYSTEM": corpus.Incident().Files()["Windows/System32/config/SYSTEM"],
	})
	namer := artifacts.Define(artifacts.Artifact{
		Name: "namer", Title: "Namer", Sources: []artifacts.Source{artifacts.Files(`%AnyDrive%\$MFT`)},
	}, func(_ artifacts.Input, yield func(setting) bool) error {
		_ = yield(setting{file: `C:\WINDOWS\exact\Tool.dll`}) && yield(setting{file: `C:\WINDOWS\plain\tool.dll`})
		return nil
	})
	results, err := artifacts.Run(t.Context(), tree, append([]*artifacts.Artifact{namer}, filesystem.Artifacts()...), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for res := range results {
		for _, f := range of[filesystem.File](res.Records) {
			got = append(got, f.Path)
		}
	}
	if want := []string{`C:\Windows\exact\Tool.dll`, `C:\Windows\plain\TOOL.DLL`}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
