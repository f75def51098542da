package testtree

import (
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/google/go-cmp/cmp"
)

// WantRecords compares the data of records, leaving their origins aside.
func WantRecords[T artifacts.Decoded](t *testing.T, recs []artifacts.Record, want []T) {
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

// WantSummaries compares the records in one line each.
func WantSummaries(t *testing.T, recs []artifacts.Record, want ...string) {
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

func NoErrors(t *testing.T, errs []*artifacts.DecodeError) {
	t.Helper()
	for _, err := range errs {
		t.Errorf("error: %v", err)
	}
}

// WantErrors holds each error to a part of its text, in order.
func WantErrors(t *testing.T, errs []*artifacts.DecodeError, parts ...string) {
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

// Hives is evidence that holds hives only, each built by one function.
func Hives(build map[string]func(root *regf.Key)) fstest.MapFS {
	m := fstest.MapFS{}
	for path, f := range build {
		h := regf.New("ROOT", Written)
		f(h.Root)
		m[path] = &fstest.MapFile{Data: h.Build()}
	}
	return m
}

func HiveOf(path string, f func(root *regf.Key)) fstest.MapFS {
	return Hives(map[string]func(*regf.Key){path: f})
}

const (
	SoftwarePath = "Windows/System32/config/SOFTWARE"
	SystemPath   = "Windows/System32/config/SYSTEM"
	NtuserPath   = "Users/mira/NTUSER.DAT"
)

// AsSoftware and asUser give a hive the keys by which its kind is known.
func AsSoftware(root *regf.Key) { root.Sub("Microsoft"); root.Sub("Classes") }
func AsUser(root *regf.Key)     { root.Sub("Software"); root.Sub("Environment") }

var Written = time.Date(2026, 3, 1, 10, 20, 30, 1234500, time.UTC)

// EvidenceDir skips a test where the real evidence is not there.
func EvidenceDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	return dir
}

func Incident(t testing.TB, cases ...string) fs.FS {
	t.Helper()
	return corpus.NewMachine().With(cases...).FS()
}

func AsSystem(root *regf.Key) *regf.Key {
	root.Sub("Select").Set("Current", regf.DWord(1))
	return root.Sub("ControlSet001")
}

// ReadFile reads a file of the evidence that tests share.
func ReadFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
