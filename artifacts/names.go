package artifacts

import (
	"maps"
	"reflect"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Namer is a record that names files of the machine by their paths: the program of
// a service, the command of a task. The file table shows these files by default.
type Namer interface{ NamedFiles() []string }

// maxNamed bounds the files that are kept.
const maxNamed = 1 << 16

// namedFiles are the files that records of a run name.
type namedFiles struct {
	mu      sync.Mutex
	changed sync.Cond
	open    map[int]bool   // jobs that may name files and are not done
	files   map[string]int // by [winpath.Local]: the first job that names it
	stopped bool

	referrers map[int]bool // jobs that may refer to files and are not done
	refs      map[int][]NamedReference
	referred  int
}

func newNamedFiles(jobs []job) *namedFiles {
	n := &namedFiles{open: map[int]bool{}, files: map[string]int{}, referrers: map[int]bool{}, refs: map[int][]NamedReference{}}
	n.changed.L = &n.mu
	for i := range jobs {
		a := jobs[i].artifact
		if a == nil || a.record == nil {
			continue
		}
		if a.record.Implements(reflect.TypeFor[Namer]()) {
			n.open[i] = true
		}
		if a.Refers() {
			n.referrers[i] = true
		}
	}
	return n
}

// add notes the files of a record of a job.
func (n *namedFiles) add(job int, list []string) {
	for _, path := range list {
		if !strings.Contains(path, `\`) || len(path) > 1<<10 {
			continue // a bare name is that of many files
		}
		key := strings.Clone(winpath.Local(path))
		n.mu.Lock()
		if first, known := n.files[key]; known && job < first || !known && len(n.files) < maxNamed {
			n.files[key] = job
		}
		n.mu.Unlock()
	}
}

func (n *namedFiles) done(job int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open[job] || n.referrers[job] {
		delete(n.open, job)
		delete(n.referrers, job)
		n.changed.Broadcast()
	}
}

func (n *namedFiles) stop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.stopped = true
	n.changed.Broadcast()
}

// before returns the files that jobs before one name, once these are done.
func (n *namedFiles) before(job int) map[string]bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for !n.stopped && waits(n.open, job) {
		n.changed.Wait()
	}
	out := map[string]bool{}
	for path, first := range maps.All(n.files) {
		if first < job {
			out[path] = true
		}
	}
	return out
}

// waits reports whether one of some jobs that are not done is before another.
func waits(jobs map[int]bool, job int) bool {
	for open := range jobs {
		if open < job {
			return true
		}
	}
	return false
}

// NamedFiles returns the files that records of the run name (see [Namer]), by
// [winpath.Local]: those of the artifacts before this one in the list of the run, for
// which it waits.
func (in Input) NamedFiles() map[string]bool {
	if in.runner == nil || in.runner.named == nil {
		return nil
	}
	in.place.leave()
	defer in.place.enter(nil)
	return in.runner.named.before(in.job)
}
