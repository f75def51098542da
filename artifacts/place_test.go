package artifacts_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

type helped struct{ artifacts.Origin }

// TestHelp counts the goroutines that decode, those that help included: never more
// than the run has workers and [artifacts.Options.Places] has room, and more than
// one when there is but one source.
func TestHelp(t *testing.T) {
	var now, most atomic.Int32
	enter := func() {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(50 * time.Microsecond)
	}
	list := []*artifacts.Artifact{artifacts.Define(artifacts.Artifact{
		Name: "helped", Title: "Helped", Sources: []artifacts.Source{artifacts.Files(`%SystemDrive%\many\*`)},
	}, func(in artifacts.Input, yield func(helped) bool) error {
		enter()
		defer now.Add(-1)
		var ended bool
		var end sync.RWMutex // held by the helpers' calls, so that none outlives the decoder's
		for range 5 {
			left := 3
			if in.Help(func() bool {
				end.RLock()
				defer end.RUnlock()
				if ended {
					return false
				}
				enter()
				now.Add(-1)
				left--
				return left > 0
			}) {
				time.Sleep(200 * time.Microsecond)
			}
		}
		end.Lock()
		defer end.Unlock()
		ended = true
		return nil
	})}
	for _, c := range []struct{ files, jobs, places, atLeast int }{
		{1, 1, 0, 1}, {1, 2, 0, 2}, {1, 6, 0, 2}, {30, 3, 0, 2}, {30, 1, 0, 1}, {30, 8, 2, 2}, {1, 8, 1, 1},
	} {
		t.Run(fmt.Sprintf("%d files, %d workers, %d places", c.files, c.jobs, c.places), func(t *testing.T) {
			files := map[string][]byte{"Windows/System32/config/x": nil}
			for i := range c.files {
				files[fmt.Sprintf("many/%d.bin", i)] = []byte{1}
			}
			opts, limit := &artifacts.Options{Jobs: c.jobs}, c.jobs
			if c.places > 0 {
				opts.Places = make(chan struct{}, c.places)
				limit = min(limit, c.places)
			}
			most.Store(0)
			results, err := artifacts.Run(context.Background(), testtree.Tree(t, files), list, opts)
			if err != nil {
				t.Fatal(err)
			}
			for range results {
			}
			if n := int(most.Load()); n > limit || n < c.atLeast || now.Load() != 0 {
				t.Errorf("%d goroutines decoded at once, want %d to %d; %d still do", n, c.atLeast, limit, now.Load())
			}
		})
	}
}
