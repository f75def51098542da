package artifacts

import (
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// shared holds what several decoders of one run compute once.
type shared struct {
	mu   sync.Mutex
	m    map[string]*single
	sums map[string]*Hashing // of the files with random access, by their keys; nil before it is begun

	copies map[string]*sharedCopy // of these files, and of others that decoders open
}

// A single is one of these computations.
type single struct {
	done  chan struct{} // closed when there is a value
	value any
}

// newShared returns what the decoders of some jobs share.
func newShared(jobs []job) *shared {
	s := &shared{m: map[string]*single{}, sums: map[string]*Hashing{}, copies: map[string]*sharedCopy{}}
	for i := range jobs {
		if f := jobs[i].file; f != nil && jobs[i].sources[0].Access == Random {
			key := keyOf(f)
			s.sums[key] = nil
			if s.copies[key] == nil {
				s.copies[key] = &sharedCopy{}
			}
			s.copies[key].jobs++
		}
	}
	return s
}

// keyOf names a file of the evidence among all of them.
func keyOf(f *evidence.File) string { return f.Snapshot + " " + f.Path }

// A sharedCopy is a file that the evidence has no access to parts of, as in a compressed
// archive. It is expanded once for all that read it, and kept until the last job of it.
type sharedCopy struct {
	opening sync.Mutex

	mu    sync.Mutex
	data  *evidence.Data // nil: not expanded, or closed
	err   error
	users int
	jobs  int // of the run that are not done
}

// inMemory is the size up to which a copy is in memory. It is not shared, because it would
// be held for long.
const inMemory = 24 << 20

// OpenAt is [evidence.File.OpenAt], but a large file that must be expanded is expanded
// once for all decoders of the run that read it. It is called on the decoder's own
// goroutine.
func (in Input) OpenAt(f *evidence.File) (*evidence.Data, error) {
	if in.shared == nil {
		return f.OpenAt()
	}
	c := in.shared.copyOf(f)
	if !c.opening.TryLock() {
		in.place.leave()
		c.opening.Lock()
		in.place.enter(nil)
	}
	defer c.opening.Unlock()
	if d, err := c.lend(); d != nil {
		return d, err
	}
	d, err := f.OpenAt()
	if d == nil || !d.Copied() || d.Size() <= inMemory {
		return d, err
	}
	c.mu.Lock()
	c.data, c.err = d, err
	c.mu.Unlock()
	return c.lend()
}

// copyOf returns what is shared of a file. A file of no job is kept until the run ends.
func (s *shared) copyOf(f *evidence.File) *sharedCopy {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.copies[keyOf(f)]
	if c == nil {
		c = &sharedCopy{jobs: 1}
		s.copies[keyOf(f)] = c
	}
	return c
}

// lend returns the copy for one more user, or nil when there is none.
func (c *sharedCopy) lend() (*evidence.Data, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.data == nil {
		return nil, nil
	}
	c.users++
	return c.data.Lend(sync.OnceFunc(func() { c.give(1, 0) })), c.err
}

// give takes back users and jobs, and closes the copy after the last of both.
func (c *sharedCopy) give(users, jobs int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users, c.jobs = c.users-users, c.jobs-jobs
	if c.data != nil && c.users <= 0 && c.jobs <= 0 {
		_ = c.data.Close() // it was only read
		c.data = nil
	}
}

// done notes that a job of a file is done.
func (s *shared) done(f *evidence.File) { s.copyOf(f).give(0, 1) }

// close ends the run: jobs that were not done will not be.
func (s *shared) close() {
	for _, c := range s.copies {
		c.give(0, c.jobs)
	}
}
