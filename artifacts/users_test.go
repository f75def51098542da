package artifacts_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// userHive is a hive of 4 MB with a few hundred records in it.
func userHive() []byte {
	h := regf.New("ROOT", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	run := h.Root.Sub(`Software\Microsoft\Windows\CurrentVersion\Run`)
	mru := h.Root.Sub(`Software\Microsoft\Windows\CurrentVersion\Explorer\TypedPaths`)
	for i := range 100 {
		run.Set(fmt.Sprintf("program %d", i), regf.String(fmt.Sprintf(`C:\Program Files\Vendor %d\program.exe /background`, i)))
		mru.Set(fmt.Sprintf("url%d", i), regf.String(fmt.Sprintf(`C:\Users\Public\Documents\folder %d`, i)))
	}
	ballast := h.Root.Sub(`Software\Vendor`)
	for i := range 1000 {
		ballast.Sub(fmt.Sprintf("key %d", i)).Set("data", regf.Binary(make([]byte, 4000)))
	}
	return h.Build()
}

// TestManyUsers reads machines with many users: hives are given up after their
// use, so that memory holds a small part of them at a time. What needs the state
// of all hives asks for it after the run.
func TestManyUsers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	hive := userHive()
	for users, most := range map[int]uint64{50: 80 << 20, 200: 110 << 20} {
		m := fstest.MapFS{}
		for name, b := range corpus.Incident().Files() {
			m[name] = &fstest.MapFile{Data: b}
		}
		for _, name := range []string{"COMPONENTS", "DRIVERS"} { // read by nobody
			m["Windows/System32/config/"+name] = &fstest.MapFile{Data: hive}
		}
		for i := range users {
			m[fmt.Sprintf("Users/user%03d/NTUSER.DAT", i)] = &fstest.MapFile{Data: hive}
		}
		tree := testTree(t, m)
		runtime.GC()
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		before, peak, n := mem.HeapAlloc, uint64(0), 0
		e := findings.NewEvaluator(findings.FactsOf(tree, "folder", nil), nil)
		results, err := artifacts.Run(t.Context(), tree, catalogue.All(), &artifacts.Options{Jobs: 2})
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			n += len(res.Records)
			e.Add(&res)
			runtime.ReadMemStats(&mem)
			peak = max(peak, mem.HeapAlloc-min(before, mem.HeapAlloc))
		}
		for _, c := range e.Report().Coverage {
			if c.RuleID == "P-01" && c.Status == findings.NotEvaluated {
				t.Errorf("%d users: %+v", users, c)
			}
		}
		page := report.MachineOf(tree, "folder")
		runtime.ReadMemStats(&mem)
		peak = max(peak, mem.HeapAlloc-min(before, mem.HeapAlloc))
		if len(page.Hives) < users || n < 200*users {
			t.Errorf("%d users: %d hives, %d records", users, len(page.Hives), n)
		}
		if peak > most {
			t.Errorf("%d users with %d MiB of hives: the heap grew by %d MiB, want at most %d", users, users*len(hive)>>20, peak>>20, most>>20)
		}
		t.Logf("%d users with %d MiB of hives: the heap grew by %d MiB", users, users*len(hive)>>20, peak>>20)
	}
}
