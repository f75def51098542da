package artifacts

import (
	"sync"
	"sync/atomic"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A batch is all the work on one hive. Results leave artifact by artifact, which
// would keep every hive of every user and every older copy in memory to the end.
// So the first job of a hive does them all, and the hive is given up before the
// next; what waits for its turn is what was decoded. The live hives SYSTEM and
// SOFTWARE stay open until all hives are done: artifacts of other hives ask them.
// One that is asked later is read again.
type batch struct {
	hive *evidence.Hive
	jobs []int // in plan order

	mu       sync.Mutex
	done     map[int][]Result // nil before the work is done
	remnants func() any
}

// batches finds the jobs of each hive that is given up. The machine has opened those
// that stay: without a job they are given up, too.
func batches(tree *evidence.Tree, jobs []job) *stayed {
	all := map[*evidence.Hive]*batch{}
	open := stayed{hives: map[*evidence.Hive]func() any{}}
	hives, _ := tree.Hives()
	for _, h := range hives {
		if stays(h) {
			open.hives[h] = nil
		}
	}
	open.jobs.Add(1) // ends with the planning
	defer open.done()
	for i := range jobs {
		h := jobs[i].hive
		if h == nil {
			continue
		}
		open.jobs.Add(1)
		if stays(h) {
			continue
		}
		b := all[h]
		if b == nil {
			b = &batch{hive: h}
			all[h] = b
		}
		b.jobs = append(b.jobs, i)
		jobs[i].batch = b
	}
	return &open
}

// A stayed has the hives that stay open while there is work on any hive, each with
// what [runner.remnants] found in it.
type stayed struct {
	jobs atomic.Int64 // of all hives, that are not done

	mu    sync.Mutex
	hives map[*evidence.Hive]func() any
}

// done ends a job on a hive. The last gives up what stayed open.
func (s *stayed) done() {
	if s.jobs.Add(-1) > 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for h := range s.hives {
		h.Release()
	}
	clear(s.hives) // which hold the hives, too
}

// once returns what f returned at the first call for the hive.
func (s *stayed) once(h *evidence.Hive, f func() any) any {
	s.mu.Lock()
	if s.hives[h] == nil {
		s.hives[h] = sync.OnceValue(f)
	}
	f = s.hives[h]
	s.mu.Unlock()
	return f()
}

// results returns what job i gave. The first caller does the work of all, and
// others wait.
func (b *batch) results(i int, do func(int) []Result, r *room) []Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done == nil {
		size := int64(0)
		if st, err := b.hive.Stat(); err == nil {
			size = st.Size()
		}
		r.take(size)
		b.done = make(map[int][]Result, len(b.jobs))
		for _, j := range b.jobs {
			b.done[j] = do(j)
		}
		b.remnants = nil
		b.hive.Release()
		r.give(size)
	}
	res := b.done[i]
	delete(b.done, i)
	return res
}

// exact returns records without room for more.
func exact(list []Record) []Record {
	if len(list) == cap(list) {
		return list
	}
	return append(make([]Record, 0, len(list)), list...)
}

// once returns what f returned at the first call for the batch. Only the
// goroutine that does its work calls it.
func (b *batch) once(f func() any) any {
	if b.remnants == nil {
		b.remnants = sync.OnceValue(f)
	}
	return b.remnants()
}

// openHives bounds the hives that are open at one time, without those that stay
// open, by the size of their files; a larger one is open alone.
const openHives = 48 << 20

// OpenHives returns how many bytes of hives, with their logs, a run over all
// artifacts holds open at one time, and how many there are.
func OpenHives(tree *evidence.Tree) (open, all int64) {
	hives, _ := tree.Hives()
	largest, others := int64(0), int64(0)
	for _, h := range hives {
		if h.Kind == evidence.OTHER && h.Rooted() {
			continue // not read
		}
		n := int64(0)
		for _, f := range append([]*evidence.File{h.File}, h.Logs...) {
			if st, err := f.Stat(); err == nil {
				n += min(st.Size(), 1<<40)
			}
		}
		all += n
		if stays(h) {
			open += n
			continue
		}
		largest, others = max(largest, n), others+n
	}
	return open + max(largest, min(others, openHives)), all
}

// stays reports whether a hive stays open to the end of a run.
func stays(h *evidence.Hive) bool {
	return h.Snapshot == "" && !h.Backup && (h.Kind == evidence.SYSTEM || h.Kind == evidence.SOFTWARE)
}

// A room is a bounded number of bytes, taken and given back.
type room struct {
	mu   sync.Mutex
	free *sync.Cond
	used int64
	size int64
}

func newRoom(size int64) *room {
	r := &room{size: size}
	r.free = sync.NewCond(&r.mu)
	return r
}

func (r *room) take(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.used > 0 && r.used+n > r.size {
		r.free.Wait()
	}
	r.used += n
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used -= n
	r.free.Broadcast()
}
