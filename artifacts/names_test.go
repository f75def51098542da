package artifacts_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

type naming struct{ artifacts.Origin }

func (naming) NamedFiles() []string {
	return []string{`C:\Windows\A.exe`, `\Device\HarddiskVolume2\tools\b.dll`, "bare.exe", ""}
}

type asking struct{ artifacts.Origin }

// TestNamedFiles: a decoder gets the files that all artifacts before it in the list
// name, however long these need, and none of those after it.
func TestNamedFiles(t *testing.T) {
	tree := testtree.Tree(t, map[string][]byte{"Windows/System32/config/x": nil, "many/1.bin": {1}, "many/2.bin": {1}})
	source := []artifacts.Source{artifacts.Files(`%SystemDrive%\many\*`)}
	namer := artifacts.Define(artifacts.Artifact{Name: "namer", Title: "Namer", Sources: source},
		func(_ artifacts.Input, yield func(naming) bool) error {
			time.Sleep(time.Second)
			yield(naming{})
			return nil
		})
	var got []string
	asker := artifacts.Define(artifacts.Artifact{Name: "asker", Title: "Asker", Sources: source[:1]},
		func(in artifacts.Input, _ func(asking) bool) error {
			if in.From.Path[len(in.From.Path)-5] == '1' {
				got = slices.Sorted(maps.Keys(in.NamedFiles()))
			}
			return nil
		})
	for _, c := range []struct {
		list []*artifacts.Artifact
		want []string
	}{
		{[]*artifacts.Artifact{namer, asker}, []string{`\Windows\A.exe`, `\tools\b.dll`}},
		{[]*artifacts.Artifact{asker, namer}, nil},
		{[]*artifacts.Artifact{asker}, nil},
	} {
		for _, jobs := range []int{1, 2, 4} {
			synctest.Test(t, func(t *testing.T) {
				results, err := artifacts.Run(t.Context(), tree, c.list, &artifacts.Options{Jobs: jobs})
				if err != nil {
					t.Fatal(err)
				}
				for range results {
				}
			})
			if !slices.Equal(got, c.want) {
				t.Errorf("%d artifacts, %d workers: %q, want %q", len(c.list), jobs, got, c.want)
			}
		}
	}
}

// TestNamedFilesStopped: a run that is cancelled ends, also while a decoder waits for
// what others name.
func TestNamedFilesStopped(t *testing.T) {
	tree := testtree.Tree(t, map[string][]byte{"Windows/System32/config/x": nil, "many/1.bin": {1}})
	source := []artifacts.Source{artifacts.Files(`%SystemDrive%\many\*`)}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan struct{})
		namer := artifacts.Define(artifacts.Artifact{Name: "namer", Title: "Namer", Sources: source},
			func(artifacts.Input, func(naming) bool) error {
				<-waiting // for good, if the other one waits for this one
				return nil
			})
		asker := artifacts.Define(artifacts.Artifact{Name: "asker", Title: "Asker", Sources: source},
			func(in artifacts.Input, _ func(asking) bool) error {
				time.AfterFunc(time.Second, cancel)
				in.NamedFiles()
				close(waiting)
				return nil
			})
		results, err := artifacts.Run(ctx, tree, []*artifacts.Artifact{namer, asker}, &artifacts.Options{Jobs: 2})
		if err != nil {
			t.Fatal(err)
		}
		for range results {
		}
	})
}
