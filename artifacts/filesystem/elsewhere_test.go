package filesystem_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
)

// A setting names a file, as the record of a service does.
type setting struct {
	artifacts.Origin
	file string
}

func (s setting) NamedFiles() []string { return []string{s.file} }

// TestNamedElsewhere: of the programs of an installation in the folder of Windows those
// are shown that another artifact names, deleted or not, and of the changes without a
// new name those of these files.
func TestNamedElsewhere(t *testing.T) {
	made := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	at := func(hours int) time.Time { return made.Add(time.Duration(hours) * time.Hour) }
	v := ntfsmeta.New(ntfsmeta.Spec{Made: made})
	system := v.Mkdir(v.Mkdir(ntfsmeta.Root, "Windows", made), "System32", made)
	var refs []ntfsmeta.Ref
	for i := range 30 {
		refs = append(refs, v.Create(system, fmt.Sprintf("module%d.dll", i), nil, at(1).Add(time.Duration(i)*time.Second)))
	}
	for i, r := range refs[:4] {
		v.Write(r, []byte("x"), at(2+i))
	}
	v.Delete(refs[2], at(9))
	tree := testtree.Tree(t, map[string][]byte{
		"C/$MFT": v.MFT(), "C/$Extend/$J": v.J(), "C/Windows/System32/config/SYSTEM": corpus.Incident().Files()["Windows/System32/config/SYSTEM"],
	})
	namer := artifacts.Define(artifacts.Artifact{
		Name: "namer", Title: "Namer", Sources: []artifacts.Source{artifacts.Files(`%AnyDrive%\$MFT`)},
	}, func(_ artifacts.Input, yield func(setting) bool) error {
		_ = yield(setting{file: `C:\WINDOWS\system32\Module1.dll`}) && yield(setting{file: `\Device\HarddiskVolume3\Windows\System32\module2.dll`})
		return nil
	})
	for _, c := range []struct {
		list []*artifacts.Artifact
		want []string
	}{
		{filesystem.Artifacts(), []string{`session C:\Windows\System32\module2.dll FILE_DELETE|CLOSE`}}, // which no installation does
		{append([]*artifacts.Artifact{namer}, filesystem.Artifacts()...), []string{
			`file C:\Windows\System32\module1.dll`, `file C:\Windows\System32\module2.dll`,
			`session C:\Windows\System32\module1.dll FILE_CREATE|CLOSE`,
			`session C:\Windows\System32\module1.dll DATA_EXTEND|DATA_TRUNCATION|CLOSE`,
			`session C:\Windows\System32\module2.dll FILE_CREATE|CLOSE`,
			`session C:\Windows\System32\module2.dll DATA_EXTEND|DATA_TRUNCATION|CLOSE`,
			`session C:\Windows\System32\module2.dll FILE_DELETE|CLOSE`,
		}},
	} {
		results, err := artifacts.Run(t.Context(), tree, c.list, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for res := range results {
			for _, r := range res.Records {
				switch d := r.Data.(type) {
				case filesystem.File:
					if d.Shown != string(filesystem.NamedElsewhere) {
						t.Errorf("%s is shown because: %s", d.Path, d.Shown)
					}
					got = append(got, "file "+d.Path)
				case filesystem.Change:
					if d.Kind == filesystem.KindSession {
						got = append(got, "session "+d.Path+" "+d.Reasons)
					}
				}
			}
		}
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%d artifacts:\n got %q\nwant %q", len(c.list), got, c.want)
		}
	}
}
