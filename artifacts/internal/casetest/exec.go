package casetest

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Where hives lie on the corpus machine.
const (
	SystemHive   = "Windows/System32/config/SYSTEM"
	SoftwareHive = "Windows/System32/config/SOFTWARE"
	AmcacheHive  = "Windows/appcompat/Programs/Amcache.hve"
	MirasHive    = "Users/mira/NTUSER.DAT"
	DanielsHive  = "Users/daniel/NTUSER.DAT"
)

// corpusMachine is the machine of the corpus with its ground and some cases.
func CorpusMachine(cases ...string) *corpus.Machine {
	m := corpus.NewMachine()
	for _, c := range corpus.Cases {
		if slices.Contains([]string{"system", "software", "users"}, c.Artifact) || slices.Contains(cases, c.Artifact) {
			c.Write(m)
		}
	}
	return m
}

// found is what one artifact gave.
type Found[T any] struct {
	Data    []T
	Records []artifacts.Record
	Errs    []*artifacts.DecodeError
}

// selected returns the artifacts with these names.
func Selected(t testing.TB, names ...string) []*artifacts.Artifact {
	t.Helper()
	list, err := catalogue.Select(names)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// run decodes one artifact of a tree.
func Run[T any](t testing.TB, tr *evidence.Tree, name string) Found[T] {
	t.Helper()
	var f Found[T]
	results, err := artifacts.Run(context.Background(), tr, Selected(t, name), nil)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		if res.Artifact == nil {
			continue // the state of a hive
		}
		f.Errs = append(f.Errs, res.Errors...)
		for _, r := range res.Records {
			f.Records = append(f.Records, r)
			d, ok := r.Data.(T)
			if !ok {
				t.Fatalf("%s gave a %T", name, r.Data)
			}
			f.Data = append(f.Data, d)
		}
	}
	return f
}

// runCase decodes the corpus case of an artifact, which must be undamaged.
func RunCase[T any](t testing.TB, name string) Found[T] {
	t.Helper()
	f := Run[T](t, testtree.Tree(t, CorpusMachine(name).Files()), name)
	for _, e := range f.Errs {
		t.Errorf("undamaged: %v", e)
	}
	return f
}

// runHive decodes an artifact of one real hive, without what was deleted; the
// test is skipped without real evidence.
func RunHive[T any](t testing.TB, name string, path ...string) Found[T] {
	t.Helper()
	ev, err := evidence.Open(realPath(t, path...), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ev.Close() })
	f := Run[T](t, ev.Trees[0], name)
	for _, e := range f.Errs {
		t.Errorf("undeclared: %v", e)
	}
	alive := Found[T]{Errs: f.Errs}
	for i, r := range f.Records {
		if r.From.State != artifacts.Deleted {
			alive.Records, alive.Data = append(alive.Records, r), append(alive.Data, f.Data[i])
		}
	}
	return alive
}

func realPath(t testing.TB, path ...string) string {
	t.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return filepath.Join(append([]string{dir}, path...)...)
}

// realVolume lays real files out as on a volume.
func RealVolume(t testing.TB, files map[string]string) *evidence.Tree {
	t.Helper()
	m := fstest.MapFS{"Windows/System32/config/none": {}}
	for name, from := range files {
		b, err := os.ReadFile(realPath(t, from))
		if err != nil {
			t.Fatal(err)
		}
		m[name] = &fstest.MapFile{Data: b}
	}
	return testtree.OpenFS(t, m)
}

// same compares records, without the places that they were read from.
func Same[T any](t testing.TB, want, got T) {
	t.Helper()
	ignore := cmpopts.IgnoreTypes(artifacts.Origin{}, evidence.User{})
	if d := cmp.Diff(want, got, ignore); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// pick returns the one record that f is true for.
func Pick[T any](t testing.TB, list []T, f func(T) bool) T {
	t.Helper()
	i := slices.IndexFunc(list, f)
	if i < 0 {
		t.Fatalf("not found among %d records", len(list))
	}
	return list[i]
}

// wantError checks that there is one error, in this value.
func WantError(t testing.TB, errs []*artifacts.DecodeError, value string) {
	t.Helper()
	if len(errs) != 1 || errs[0].From.Value != value {
		t.Errorf("errors %v, want one in value %q", errs, value)
	}
}

// damaged runs an artifact over one file in the place of the corpus's.
func Damaged[T any](t *testing.T, name, path string, data []byte) Found[T] {
	t.Helper()
	return Run[T](t, testtree.OpenFS(t, fstest.MapFS{"Windows/System32/config/none": {}, path: {Data: data}}), name)
}

const (
	UserSystem   = "Windows/System32/config/SYSTEM"
	UserSoftware = "Windows/System32/config/SOFTWARE"
	UserSAM      = "Windows/System32/config/SAM"
)
