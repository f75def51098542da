package persistence

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/google/go-cmp/cmp"
)

// Records of every mechanism are read through one interface.
func TestAutostarter(t *testing.T) {
	n := 0
	for _, a := range Artifacts() {
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
		m := testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
			testtree.AsSoftware(root)
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
		testtree.NoErrors(t, errs)
		gone := "unknown"
		if whole {
			gone = "no"
		}
		want := []Entry{
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
			want[i].Mechanism, want[i].Scope, want[i].Written = "Run", "machine", testtree.Written
			if diff := cmp.Diff(want[i], recs[i].Data.(Autostarter).Autostart()); diff != "" {
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
	m := testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		root.Sub(runCurrentVersion+"Run").Set("long", regf.String(long)).Set("nested", regf.String(strings.Repeat("cmd /c ", 100_000)))
		root.Sub(winlogonKey).Set("Userinit", regf.String(strings.ReplaceAll(long, " ", ",")))
		root.Sub(windowsLoadKey).Set("AppInit_DLLs", regf.String(dlls.String()))
	})
	m["Windows/System32/Tasks/t"] = &fstest.MapFile{Data: []byte("<Task><Actions>" + strings.Repeat("<Exec/>", 20_000) + "</Actions></Task>")}
	start := testcost.CPU()
	for artifact, want := range map[string]struct{ records, errors int }{"runkeys": {2, 0}, "winlogon": {64, 1}, "windowsload": {64, 1}, "tasks": {32, 1}} {
		recs, errs := found(t, m, artifact)
		if len(recs) != want.records || len(errs) != want.errors {
			t.Errorf("%s: %d records, %d errors, want %+v", artifact, len(recs), len(errs), want)
		}
	}
	if d := testcost.CPU() - start; d > 20*time.Second {
		t.Errorf("took %v of a processor", d)
	}
}
