package artifacts_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// Where hives lie on the corpus machine.
const (
	systemHive   = "Windows/System32/config/SYSTEM"
	softwareHive = "Windows/System32/config/SOFTWARE"
	amcacheHive  = "Windows/appcompat/Programs/Amcache.hve"
	mirasHive    = "Users/mira/NTUSER.DAT"
	danielsHive  = "Users/daniel/NTUSER.DAT"
)

// corpusMachine is the machine of the corpus with its ground and some cases.
func corpusMachine(cases ...string) *corpus.Machine {
	m := corpus.NewMachine()
	for _, c := range corpus.Cases {
		if slices.Contains([]string{"system", "software", "users"}, c.Artifact) || slices.Contains(cases, c.Artifact) {
			c.Write(m)
		}
	}
	return m
}

// found is what one artifact gave.
type found[T any] struct {
	data    []T
	records []artifacts.Record
	errs    []*artifacts.DecodeError
}

// run decodes one artifact of a tree.
func run[T any](t testing.TB, tr *evidence.Tree, name string) found[T] {
	t.Helper()
	var f found[T]
	results, err := artifacts.Run(context.Background(), tr, &artifacts.Options{Artifacts: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		if res.Artifact == nil {
			continue // the state of a hive
		}
		f.errs = append(f.errs, res.Errors...)
		for _, r := range res.Records {
			f.records = append(f.records, r)
			d, ok := r.Data.(T)
			if !ok {
				t.Fatalf("%s gave a %T", name, r.Data)
			}
			f.data = append(f.data, d)
		}
	}
	return f
}

// runCase decodes the corpus case of an artifact, which must be undamaged.
func runCase[T any](t testing.TB, name string) found[T] {
	t.Helper()
	f := run[T](t, tree(t, corpusMachine(name).Files()), name)
	for _, e := range f.errs {
		t.Errorf("undamaged: %v", e)
	}
	return f
}

// runHive decodes an artifact of one real hive, without what was deleted; the
// test is skipped without real evidence.
func runHive[T any](t testing.TB, name string, path ...string) found[T] {
	t.Helper()
	ev, err := evidence.Open(realPath(t, path...), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ev.Close() })
	f := run[T](t, ev.Trees[0], name)
	for _, e := range f.errs {
		t.Errorf("undeclared: %v", e)
	}
	alive := found[T]{errs: f.errs}
	for i, r := range f.records {
		if r.From.State != artifacts.Deleted {
			alive.records, alive.data = append(alive.records, r), append(alive.data, f.data[i])
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
func realVolume(t testing.TB, files map[string]string) *evidence.Tree {
	t.Helper()
	m := fstest.MapFS{"Windows/System32/config/none": {}}
	for name, from := range files {
		b, err := os.ReadFile(realPath(t, from))
		if err != nil {
			t.Fatal(err)
		}
		m[name] = &fstest.MapFile{Data: b}
	}
	return openFS(t, m)
}

// same compares records, without the places that they were read from.
func same[T any](t testing.TB, want, got T) {
	t.Helper()
	ignore := cmpopts.IgnoreTypes(artifacts.Origin{}, evidence.User{})
	if d := cmp.Diff(want, got, ignore); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// pick returns the one record that f is true for.
func pick[T any](t testing.TB, list []T, f func(T) bool) T {
	t.Helper()
	i := slices.IndexFunc(list, f)
	if i < 0 {
		t.Fatalf("not found among %d records", len(list))
	}
	return list[i]
}

// wantError checks that there is one error, in this value.
func wantError(t testing.TB, errs []*artifacts.DecodeError, value string) {
	t.Helper()
	if len(errs) != 1 || errs[0].From.Value != value {
		t.Errorf("errors %v, want one in value %q", errs, value)
	}
}
