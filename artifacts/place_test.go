package artifacts_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

type helped struct{ artifacts.Origin }

// TestHelp counts the goroutines that decode, those that help included: never more
// than the run has workers and [artifacts.Options.Places] has room, and more than
// one when there is but one source. Time is that of a bubble: who sleeps does so
// until all others sleep or wait, however the system schedules them.
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
		var mu sync.Mutex
		fewer := sync.NewCond(&mu)
		helpers, ended := 0, false // so that no call outlives the decoder's
		for range 5 {
			left := 3
			if in.Help(func() bool {
				mu.Lock()
				if ended {
					mu.Unlock()
					return false
				}
				helpers++
				mu.Unlock()
				enter()
				now.Add(-1)
				mu.Lock()
				defer mu.Unlock()
				helpers--
				fewer.Broadcast()
				left--
				return left > 0
			}) {
				time.Sleep(200 * time.Microsecond)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		ended = true
		for helpers > 0 {
			fewer.Wait()
		}
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
			tree := testtree.Tree(t, files)
			opts, limit := &artifacts.Options{Jobs: c.jobs}, c.jobs
			most.Store(0)
			synctest.Test(t, func(t *testing.T) {
				if c.places > 0 {
					opts.Places = make(chan struct{}, c.places)
					limit = min(limit, c.places)
				}
				results, err := artifacts.Run(t.Context(), tree, list, opts)
				if err != nil {
					t.Fatal(err)
				}
				for range results {
				}
			})
			if n := int(most.Load()); n > limit || n < c.atLeast || now.Load() != 0 {
				t.Errorf("%d goroutines decoded at once, want %d to %d; %d still do", n, c.atLeast, limit, now.Load())
			}
		})
	}
}

// TestOnceIsHelped: two decoders want what only one of them computes, and there are
// two workers. The one that waits leaves its worker to the other.
func TestOnceIsHelped(t *testing.T) {
	var helped atomic.Bool
	var calls atomic.Int32
	list := []*artifacts.Artifact{artifacts.Define(artifacts.Artifact{
		Name: "helped", Title: "Helped", Sources: []artifacts.Source{artifacts.Files(`%SystemDrive%\many\*`)},
	}, func(in artifacts.Input, _ func(helpedOnce) bool) error {
		in.Once("shared", func() any {
			calls.Add(1)
			time.Sleep(time.Millisecond) // of the bubble: the other decoder waits by then
			done := make(chan struct{})
			if in.Help(func() bool { close(done); return false }) {
				<-done
				helped.Store(true)
			}
			return nil
		})
		return nil
	})}
	tree := testtree.Tree(t, map[string][]byte{"Windows/System32/config/x": nil, "many/1.bin": {1}, "many/2.bin": {1}})
	synctest.Test(t, func(t *testing.T) {
		results, err := artifacts.Run(t.Context(), tree, list, &artifacts.Options{Jobs: 2})
		if err != nil {
			t.Fatal(err)
		}
		for range results {
		}
	})
	if !helped.Load() || calls.Load() != 1 {
		t.Errorf("computed %d times, helped: %t", calls.Load(), helped.Load())
	}
}

type helpedOnce struct{ artifacts.Origin }
