package artifacts_test

import (
	"bytes"
	"io/fs"
	"maps"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
)

// counting counts the bytes that are read of each file.
type counting struct {
	m    fstest.MapFS
	mu   sync.Mutex
	read map[string]int
}

func (c *counting) Open(name string) (fs.File, error) {
	f, err := c.m.Open(name)
	if err != nil {
		return nil, err
	}
	if _, dir := f.(fs.ReadDirFile); dir {
		return f, nil
	}
	return &countingFile{f, c, name}, nil
}

type countingFile struct {
	fs.File
	c    *counting
	name string
}

func (f *countingFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.c.mu.Lock()
	f.c.read[f.name] += n
	f.c.mu.Unlock()
	return n, err
}

// TestOlderHives reads a machine with two shadow copies: whatever the number of workers the results are the same and in the same order, and a hive of
// an older copy, which is given up when its work is done, is read once.
func TestOlderHives(t *testing.T) {
	c := &counting{m: fstest.MapFS{}, read: map[string]int{}}
	for name, b := range corpus.Incident().Files() {
		for _, root := range []string{"C/", "VSS1/", "VSS2/"} {
			c.m[root+name] = &fstest.MapFile{Data: b}
		}
	}
	var want []byte
	for _, jobs := range []int{1, 2, 7, 64} {
		clear(c.read)
		tr := testtree.OpenFS(t, c)
		var order []string
		results, err := artifacts.Run(t.Context(), tr, catalogue.All(), &artifacts.Options{Jobs: jobs})
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			for _, r := range res.Records {
				order = append(order, r.Artifact.Name+" "+r.From.Snapshot+" "+r.From.Path+" "+r.ID)
			}
			for _, e := range res.Errors {
				t.Error(e)
			}
		}
		got := []byte(strings.Join(order, "\n"))
		if want == nil {
			want = got
		} else if !bytes.Equal(got, want) {
			t.Errorf("%d jobs: the records differ in %s", jobs, firstDiff(want, got))
		}
		hives := 0
		for name, f := range c.m {
			if strings.HasPrefix(name, "VSS") && bytes.HasPrefix(f.Data, []byte("regf")) && !strings.Contains(name, ".LOG") && c.read[name] > 0 {
				hives++
				if n := c.read[name]; n != len(f.Data) {
					t.Errorf("%d jobs: %s: %d bytes read of %d", jobs, name, n, len(f.Data))
				}
			}
		}
		if hives < 10 {
			t.Errorf("%d hives", hives)
		}
	}
}

// TestOnHive: what the Windows timeline asks a user's hive is found while the hive is
// open for other work, which does not read it once more.
func TestOnHive(t *testing.T) {
	c := &counting{m: fstest.MapFS{}, read: map[string]int{}}
	for name, b := range corpus.Incident().Files() {
		c.m["C/"+name] = &fstest.MapFile{Data: b}
	}
	read := func(names ...string) (bytes map[string]int, records int) {
		list, err := catalogue.Select(names)
		if err != nil {
			t.Fatal(err)
		}
		clear(c.read)
		results, err := artifacts.Run(t.Context(), testtree.OpenFS(t, c), list, nil)
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			records += len(res.Records)
		}
		return maps.Clone(c.read), records
	}
	without, _ := read("userassist")
	alone, n := read("timeline")
	both, _ := read("userassist", "timeline")
	if n == 0 {
		t.Fatal("no entry of the timeline")
	}
	asked := 0
	for name := range both {
		if !strings.HasSuffix(name, "NTUSER.DAT") {
			continue
		}
		if both[name] != without[name] {
			t.Errorf("%s: %d bytes read, %d without the timeline", name, both[name], without[name])
		}
		if alone[name] > 0 {
			asked++
		}
	}
	if asked == 0 {
		t.Error("the timeline by itself asks no hive")
	}
}

// TestHivesGivenUp keeps all results of a run, and the machine: none of them holds the
// memory of a hive, which may be a thousand times what was taken from it.
func TestHivesGivenUp(t *testing.T) {
	ev, err := evidence.OpenFS(corpus.Incident().FS(), "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	tree := ev.Trees[0]
	machine := tree.Machine()
	hives, _ := tree.Hives()
	var freed atomic.Int64
	want := int64(0)
	for _, h := range hives {
		if h.Kind != evidence.SYSTEM && h.Kind != evidence.SOFTWARE || h.Backup {
			continue // others are opened by the run
		}
		hv, err := h.Open()
		if err != nil {
			t.Fatal(err)
		}
		runtime.AddCleanup(&hv.Bytes()[0], func(n int64) { freed.Add(n) }, 1)
		want++
	}
	results, err := artifacts.Run(t.Context(), tree, catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var kept []artifacts.Result
	for res := range results {
		kept = append(kept, res)
	}
	for range 100 {
		if runtime.GC(); freed.Load() == want {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if freed.Load() != want || want < 2 {
		t.Errorf("%d of %d hives are given up", freed.Load(), want)
	}
	runtime.KeepAlive(machine)
	runtime.KeepAlive(kept)
	runtime.KeepAlive(ev)
}
