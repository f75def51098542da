package ranfiles_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/internal/ranfiles"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/prefetch"
)

var day = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

type nothing struct{ artifacts.Origin }

// TestOnce: a file that one artifact has parsed is not read again for another, and
// another file is.
func TestOnce(t *testing.T) {
	tree := testtree.Tree(t, map[string][]byte{`Windows/Prefetch/A.EXE-01234567.pf`: nil, `Windows/Prefetch/B.EXE-01234567.pf`: []byte("no Prefetch file")})
	parsed := &prefetch.File{
		Executable: "A.EXE", RunCount: 3, LastRuns: []time.Time{day},
		Files: []prefetch.Metric{
			{Name: `\VOLUME{1}\WINDOWS\A.EXE`}, // without a reference
			{Name: `\VOLUME{1}\WINDOWS\B.EXE`, MFT: prefetch.Reference{Entry: 9, Sequence: 1}},
			{Name: `\VOLUME{1}\TOOLS\A.EXE`, MFT: prefetch.Reference{Entry: 77, Sequence: 4}},
			{Name: `\VOLUME{3}\A.EXE`, MFT: prefetch.Reference{Entry: 78, Sequence: 4}}, // no volume of the list
		},
		Volumes: []prefetch.Volume{{Device: `\VOLUME{2}`, Serial: 2}, {Device: `\VOLUME{1}`, Serial: 0x1A2B3C4D, RawCreated: 1 << 56}},
	}
	want := &ranfiles.Starts{
		Files:   []ranfiles.File{{Reference: ntfs.NewReference(77, 4), Path: `\VOLUME{1}\TOOLS\A.EXE`, Made: 1 << 56, Serial: 0x1A2B3C4D}},
		Volumes: 2, LastRun: day, RunCount: 3,
	}
	var list []*artifacts.Artifact
	reads := map[string]int{}
	for _, name := range []string{"one", "two"} {
		list = append(list, artifacts.Define(artifacts.Artifact{Name: name, Title: name, Sources: []artifacts.Source{artifacts.Files(`%SystemRoot%\Prefetch\*.pf`)}},
			func(in artifacts.Input, yield func(nothing) bool) error {
				base := in.File.Path
				if name == "one" && base == `C:\Windows\Prefetch\A.EXE-01234567.pf` {
					ranfiles.Note(in, parsed)
				}
				got := ranfiles.Of(in, in.File, func() ([]byte, error) {
					reads[base]++
					return in.Data, nil
				})
				if base == `C:\Windows\Prefetch\A.EXE-01234567.pf` {
					if !reflect.DeepEqual(got, want) {
						t.Errorf("%s: %+v, want %+v", base, got, want)
					}
				} else if got != nil {
					t.Errorf("%s: %+v", base, got)
				}
				return nil
			}))
	}
	results, err := artifacts.Run(t.Context(), tree, list, &artifacts.Options{Jobs: 1})
	if err != nil {
		t.Fatal(err)
	}
	for range results {
	}
	if len(reads) != 1 || reads[`C:\Windows\Prefetch\B.EXE-01234567.pf`] != 1 {
		t.Errorf("read: %v", reads)
	}
}
