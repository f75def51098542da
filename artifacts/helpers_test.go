package artifacts

import (
	"github.com/google/go-cmp/cmp"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// wantRecords compares the data of records, leaving their origins aside.
func wantRecords[T Decoded](t *testing.T, recs []Record, want []T) {
	t.Helper()
	var got []T
	for _, r := range recs {
		got = append(got, r.Data.(T))
	}
	opts := cmp.Options{
		cmp.Exporter(func(reflect.Type) bool { return true }),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Origin" }, cmp.Ignore()),
		cmp.Comparer(time.Time.Equal),
	}
	if diff := cmp.Diff(want, got, opts); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// wantSummaries compares the records in one line each.
func wantSummaries(t *testing.T, recs []Record, want ...string) {
	t.Helper()
	var got []string
	for i := range recs {
		s := recs[i].Summary()
		if tags := recs[i].Tags(); len(tags) > 0 {
			s += " #" + strings.Join(tags, " #")
		}
		got = append(got, s)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summaries (-want +got):\n%s", diff)
	}
}

func noErrors(t *testing.T, errs []*DecodeError) {
	t.Helper()
	for _, err := range errs {
		t.Errorf("error: %v", err)
	}
}

// wantErrors holds each error to a part of its text, in order.
func wantErrors(t *testing.T, errs []*DecodeError, parts ...string) {
	t.Helper()
	if len(errs) != len(parts) {
		t.Errorf("%d errors, want %d", len(errs), len(parts))
	}
	for i, err := range errs {
		if i >= len(parts) || !strings.Contains(err.Error(), parts[i]) {
			t.Errorf("error %d: %v", i, err)
		}
	}
}

// hives is evidence that holds hives only, each built by one function.
func hives(build map[string]func(root *regf.Key)) fstest.MapFS {
	m := fstest.MapFS{}
	for path, f := range build {
		h := regf.New("ROOT", written)
		f(h.Root)
		m[path] = &fstest.MapFile{Data: h.Build()}
	}
	return m
}

func hiveOf(path string, f func(root *regf.Key)) fstest.MapFS {
	return hives(map[string]func(*regf.Key){path: f})
}

const (
	softwarePath = "Windows/System32/config/SOFTWARE"
	systemPath   = "Windows/System32/config/SYSTEM"
	ntuserPath   = "Users/mira/NTUSER.DAT"
)

// asSoftware and asUser give a hive the keys by which its kind is known.
func asSoftware(root *regf.Key) { root.Sub("Microsoft"); root.Sub("Classes") }
func asUser(root *regf.Key)     { root.Sub("Software"); root.Sub("Environment") }

var written = time.Date(2026, 3, 1, 10, 20, 30, 1234500, time.UTC)

// evidenceDir skips a test where the real evidence is not there.
func evidenceDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return dir
}

func incident(t testing.TB, cases ...string) fs.FS {
	t.Helper()
	return corpus.NewMachine().With(cases...).FS()
}

func asSystem(root *regf.Key) *regf.Key {
	root.Sub("Select").Set("Current", regf.DWord(1))
	return root.Sub("ControlSet001")
}
