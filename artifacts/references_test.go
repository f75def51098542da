package artifacts_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

type referring struct {
	artifacts.Origin
	path string
}

func (r referring) FileReferences() []artifacts.FileReference {
	return []artifacts.FileReference{{Path: r.path, Entry: 1, Sequence: 1}}
}

// TestFileReferences: a decoder gets the references of all artifacts before it in the
// list, in the order of their sources however long each needs, and none of those after it.
// Paths that no file has are left out.
func TestFileReferences(t *testing.T) {
	tree := testtree.Tree(t, map[string][]byte{"Windows/System32/config/x": nil, "many/1.bin": {1}, "many/2.bin": {1}})
	source := []artifacts.Source{artifacts.Files(`%SystemDrive%\many\*`)}
	referrer := artifacts.Define(artifacts.Artifact{Name: "referrer", Title: "Referrer", Sources: source},
		func(in artifacts.Input, yield func(referring) bool) error {
			if strings.HasSuffix(in.From.Path, "1.bin") {
				time.Sleep(time.Second)
			}
			_ = yield(referring{path: in.From.Path}) && yield(referring{path: strings.Repeat("x", 2000)})
			return nil
		})
	var got []string
	asker := artifacts.Define(artifacts.Artifact{Name: "asker", Title: "Asker", Sources: source},
		func(in artifacts.Input, _ func(asking) bool) error {
			if strings.HasSuffix(in.From.Path, "1.bin") {
				got = nil
				for _, r := range in.FileReferences() {
					got = append(got, r.Artifact.Name+" "+r.From.Path+" "+r.Path)
				}
			}
			return nil
		})
	for _, c := range []struct {
		list []*artifacts.Artifact
		want []string
	}{
		{[]*artifacts.Artifact{referrer, asker}, []string{`referrer C:\many\1.bin C:\many\1.bin`, `referrer C:\many\2.bin C:\many\2.bin`}},
		{[]*artifacts.Artifact{asker, referrer}, nil},
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
				t.Errorf("%d workers: %q, want %q", jobs, got, c.want)
			}
		}
	}
}
