package programs_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// TestLimits: files that only $MFT names leave room for programs that others name,
// whatever their number; what is beyond the limits is counted, and each such file
// needs little memory.
func TestLimits(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const files, quiet, more, all = 101_000, 100_000, 500, 12_000
	b := programs.New(programs.Facts{Host: "PC1"})
	before := heap()
	id := 0
	add := func(r artifacts.Record) {
		r.ID = fmt.Sprintf("%016x", id)
		id++
		b.Add(&artifacts.Result{Artifact: r.Artifact, Records: []artifacts.Record{r}})
	}
	name := func(i int) string {
		return fmt.Sprintf(`C:\Users\someone\AppData\Local\Vendor\Product%d\lib%06d.dll`, i/50, i)
	}
	found := rec("mft", nil)
	for i := range files {
		found.Data = filesystem.File{Path: name(i), Reference: fmt.Sprintf("%d-2", i), Size: 12345, Exists: true, NameCreated: day}
		add(found)
	}
	if each := (heap() - before) / quiet; each > 250 {
		t.Errorf("%d bytes for each file", each)
	}
	for i := range all + more {
		add(pf(fmt.Sprintf(`\VOLUME{1}\KNOWN\P%06d.EXE`, i), 1, day))
	}
	m := b.Model()
	if len(m.Programs) != all || m.Len() != all+quiet || len(m.Program(`\known\p000000.exe`)) != 1 {
		t.Errorf("%d programs and %d in all, want %d and %d", len(m.Programs), m.Len(), all, all+quiet)
	}
	if want := files - quiet + more; m.Dropped != want {
		t.Errorf("%d records are counted as beyond the limits, want %d", m.Dropped, want)
	}
	one := m.Program(strings.ToLower(name(quiet - 1)[2:]))
	if len(one) != 1 || one[0].Path != name(quiet-1) || one[0].Files[0].Size != 12345 || !one[0].Files[0].Created.Equal(day) {
		t.Errorf("the last file: %+v", one)
	}
}
