package artifacts

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/google/go-cmp/cmp"
)

// found runs one artifact over evidence and returns its records.
func found(t testing.TB, fsys fs.FS, artifact string) ([]Record, []*DecodeError) {
	t.Helper()
	ev, err := evidence.OpenFS(fsys, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return foundIn(t, ev.Trees[0], artifact)
}

// selected returns the artifacts with these names.
func selected(t testing.TB, names ...string) []*Artifact {
	t.Helper()
	list, err := Select(names)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func foundIn(t testing.TB, tree *evidence.Tree, artifact string) ([]Record, []*DecodeError) {
	t.Helper()
	results, err := Run(context.Background(), tree, selected(t, artifact), nil)
	if err != nil {
		t.Fatal(err)
	}
	var recs []Record
	var errs []*DecodeError
	for res := range results {
		if res.Artifact != nil {
			recs = append(recs, res.Records...)
			errs = append(errs, res.Errors...)
		}
	}
	return recs, errs
}

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

// realRecords opens one real hive or image and runs one artifact.
func realRecords(t testing.TB, path, artifact string) []Record {
	t.Helper()
	ev, err := evidence.Open(evidenceDir(t)+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	recs, errs := foundIn(t, ev.Trees[0], artifact)
	for _, err := range errs {
		t.Errorf("%s: %v", path, err)
	}
	return recs
}

// Records of every mechanism are read through one interface.
func TestAutostarter(t *testing.T) {
	n := 0
	for _, a := range All() {
		if _, ok := a.Record().(Autostarter); ok {
			n++
		}
	}
	if n < 11 {
		t.Errorf("%d kinds of records are Autostarters", n)
	}
}

// Whether a program is there can be told only where the evidence is a whole
// volume.
func TestFilePresent(t *testing.T) {
	build := func(whole bool) fstest.MapFS {
		m := hiveOf(softwarePath, func(root *regf.Key) {
			asSoftware(root)
			root.Sub(runCurrentVersion+"Run").
				Set("a", regf.String(`C:\Program Files\A B\a.exe -x`)).
				Set("b", regf.String(`C:\gone\b.exe`)).
				Set("c", regf.String(`tool`)).
				Set("d", regf.String(`\\server\share\d.exe`)).
				Set("e", regf.Expand(`%SystemRoot%\e.exe /y`)).
				Set("f", regf.String("")).
				Set("g", regf.String(`powershell -enc VwByAGkAdABlAA==`)).
				Set("h", regf.String(`wordy /x`))
			root.Sub(runCurrentVersion+`App Paths\wordy.exe`).Set("", regf.String(`"C:\Program Files\A B\a.exe"`))
		})
		m["Program Files/A B/a.exe"] = &fstest.MapFile{Data: []byte("MZ")}
		m["Windows/System32/tool.exe"] = &fstest.MapFile{Data: []byte("MZ..")}
		m["Windows/e.exe"] = &fstest.MapFile{Data: []byte("M")}
		if whole {
			m["Windows/System32/ntdll.dll"] = &fstest.MapFile{}
		}
		return m
	}
	for _, whole := range []bool{false, true} {
		recs, errs := found(t, build(whole), "runkeys")
		noErrors(t, errs)
		gone := "unknown"
		if whole {
			gone = "no"
		}
		want := []Autostart{
			{Command: `C:\Program Files\A B\a.exe -x`, Image: `C:\Program Files\A B\a.exe`, Arguments: "-x", FilePresent: "yes", FileSize: 2},
			{Command: `C:\gone\b.exe`, Image: `C:\gone\b.exe`, FilePresent: gone},
			{Command: "tool", Image: `C:\Windows\System32\tool.exe`, Guessed: true, FilePresent: "yes", FileSize: 4},
			{Command: `\\server\share\d.exe`, Image: `\\server\share\d.exe`, FilePresent: "unknown"},
			{Command: `%SystemRoot%\e.exe /y`, Image: `C:\Windows\e.exe`, Arguments: "/y", FilePresent: "yes", FileSize: 1},
			{FilePresent: "unknown"},
			{Command: `powershell -enc VwByAGkAdABlAA==`, Image: "powershell", Arguments: "-enc VwByAGkAdABlAA==", Decoded: "Write", Guessed: true, FilePresent: gone},
			{Command: `wordy /x`, Image: `C:\Program Files\A B\a.exe`, Arguments: "/x", Guessed: true, FilePresent: "yes", FileSize: 2},
		}
		if len(recs) != len(want) {
			t.Fatalf("%d records, want %d", len(recs), len(want))
		}
		for i := range want {
			want[i].Mechanism, want[i].Scope, want[i].Written = "Run", "machine", written
			if diff := cmp.Diff(&want[i], recs[i].Data.(Autostarter).Autostart()); diff != "" {
				t.Errorf("whole volume %t, record %d (-want +got):\n%s", whole, i, diff)
			}
		}
	}
}

// A hostile value costs no more than its length: neither lookups nor records
// nor output grow with its square.
func TestAutostartBounded(t *testing.T) {
	long := strings.Repeat("a.exe ", 100_000)
	var dlls strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&dlls, "%d.dll ", i)
	}
	m := hiveOf(softwarePath, func(root *regf.Key) {
		asSoftware(root)
		root.Sub(runCurrentVersion+"Run").Set("long", regf.String(long)).Set("nested", regf.String(strings.Repeat("cmd /c ", 100_000)))
		root.Sub(winlogonKey).Set("Userinit", regf.String(strings.ReplaceAll(long, " ", ",")))
		root.Sub(windowsLoadKey).Set("AppInit_DLLs", regf.String(dlls.String()))
	})
	m["Windows/System32/Tasks/t"] = &fstest.MapFile{Data: []byte("<Task><Actions>" + strings.Repeat("<Exec/>", 20_000) + "</Actions></Task>")}
	start := time.Now()
	for artifact, want := range map[string]struct{ records, errors int }{"runkeys": {2, 0}, "winlogon": {64, 1}, "windowsload": {64, 1}, "tasks": {32, 1}} {
		recs, errs := found(t, m, artifact)
		if len(recs) != want.records || len(errs) != want.errors {
			t.Errorf("%s: %d records, %d errors, want %+v", artifact, len(recs), len(errs), want)
		}
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}
