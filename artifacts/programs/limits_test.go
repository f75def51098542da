package programs_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// TestLimits: files that only the file system names leave room for programs that
// others name, whatever their number; what is beyond the limit is counted, and each
// program needs little memory.
func TestLimits(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const files, unknown, all = 14_000, 8_000, 12_000
	b := programs.New(programs.Facts{Host: "PC1"})
	before := heap()
	add := func(r artifacts.Record, id int) {
		r.ID = fmt.Sprintf("%016x", id)
		b.Add(&artifacts.Result{Artifact: r.Artifact, Records: []artifacts.Record{r}})
	}
	for i := range files {
		add(rec("mft", filesystem.File{Path: fmt.Sprintf(`C:\Users\someone\AppData\Local\Vendor\Product%d\lib%06d.dll`, i/50, i),
			Reference: fmt.Sprintf("%d-2", i), Size: 12345, Exists: true, NameCreated: day}), i)
	}
	if each := (heap() - before) / unknown; each > 2200 {
		t.Errorf("%d bytes for each program", each)
	}
	for i := range all {
		add(pf(fmt.Sprintf(`\VOLUME{1}\KNOWN\P%06d.EXE`, i), 1, day), files+i)
	}
	m := b.Model()
	if len(m.Programs) != all || len(m.Program(`\known\p000000.exe`)) != 1 {
		t.Errorf("%d programs, want %d", len(m.Programs), all)
	}
	if want := files - unknown + all - (all - unknown); m.Dropped != want {
		t.Errorf("%d records are counted as beyond the limits, want %d", m.Dropped, want)
	}
}
