package programs_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// launches feeds a builder with n starts of 400 programs outside Windows, in an
// order that step gives.
func launches(b *programs.Builder, n, step int) {
	r := rec("pca", execution.Pca{})
	list := []artifacts.Record{r}
	for i := range n {
		i = i * step % n
		list[0].ID = fmt.Sprintf("%016x", i+1)
		list[0].Data = execution.Pca{Path: fmt.Sprintf(`C:\tools\%03d.exe`, i%400), Time: day.Add(time.Duration(i) * time.Second), Launch: true}
		b.Add(&artifacts.Result{Artifact: r.Artifact, Records: list})
	}
}

// TestFlatMemory: what the starts of programs need does not grow with their number,
// what is left is the same whatever the order, and the rest is counted.
func TestFlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("feeds 750,000 starts")
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	sizes := map[int]uint64{}
	for _, n := range []int{300_000, 450_000} {
		b := programs.New(programs.Facts{Host: "PC1"})
		launches(b, n, 1)
		sizes[n] = heap() - before
		runtime.KeepAlive(b)
	}
	t.Logf("%d MiB for 300,000 starts, %d MiB for half as many more", sizes[300_000]>>20, sizes[450_000]>>20)
	if a, b := sizes[300_000], sizes[450_000]; b > 128<<20 || b > a+a/2 {
		t.Errorf("%d and %d bytes", a, b)
	}
}

// TestStartBudget: which starts are kept of very many does not depend on the order
// in which they come.
func TestStartBudget(t *testing.T) {
	if testing.Short() {
		t.Skip("feeds 320,000 starts")
	}
	const n = 160_001
	var want string
	for _, step := range []int{1, n - 1} {
		b := programs.New(programs.Facts{Host: "PC1"})
		launches(b, n, step)
		m := b.Model()
		p := only(t, m, `\tools\007.exe`)
		if p.Counts.Known != n/400 || p.Counts.Dropped == 0 || len(p.Starts)+p.Counts.Dropped != n/400 {
			t.Errorf("%d known, %d dropped, %d kept", p.Counts.Known, p.Counts.Dropped, len(p.Starts))
		}
		got := fmt.Sprint(len(p.Starts), p.Starts[0].Time, p.Starts[len(p.Starts)-1].Time)
		if want != "" && got != want {
			t.Errorf("backwards: %s, want %s", got, want)
		}
		want = got
	}
}
