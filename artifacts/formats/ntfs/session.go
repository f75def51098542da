package ntfs

import (
	"hash/maphash"
	"iter"
)

// A Session is what happened to a file from the first change after it was
// opened to the last close. The journal writes a record for each new kind of
// change, with the sum of all so far: the first record with a kind has its
// time.
type Session struct {
	File       Reference
	Parent     Reference
	Name       string // the last one
	Reasons    Reason // all of them
	Attributes uint32
	Source     uint32
	FirstUSN   uint64
	LastUSN    uint64
	First      uint64 // FILETIME of the first record
	Last       uint64 // of the last one
	Closed     bool   // false when the journal ends, or was cut, before the close

	// FILETIMEs of the first record that has the change; 0 without one.
	Created, Deleted, Renamed, BasicInfo, Stream uint64

	// OldParent and OldName are those before a rename. OldName is "" when the
	// journal begins between the two records of the rename.
	OldParent Reference
	OldName   string

	Records int
	Extents []Range // of records of version 4, which have neither name nor time
}

// maxOpenSessions bounds the files that are open at one moment. The one that
// was opened first is given out without its close.
const maxOpenSessions = 1 << 20

// maxSessionExtents bounds the ranges that are kept for one session.
const maxSessionExtents = 1024

// Sessions folds changes in the order of the journal into sessions, in the
// order in which they end. An error of the changes is passed on. A session is reused
// for one that follows: what is kept must be copied.
func Sessions(changes iter.Seq2[*Change, error]) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		f := sessionFolder{open: map[Reference]*openSession{}, yield: yield}
		for c, err := range changes {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if !f.take(c) {
				return
			}
		}
		if !f.flush() {
			return
		}
		for s := f.first; s != nil; s = s.next {
			if !yield(&s.Session, nil) {
				return
			}
		}
	}
}

// An openSession is a session in the list of those that have not ended, and then in
// that of those to be used again.
type openSession struct {
	Session
	prev, next *openSession
}

type sessionFolder struct {
	open        map[Reference]*openSession
	first, last *openSession // by opening
	free        *openSession
	names       nameCache
	// closed waits for the next record: one of version 4 follows the close
	// that it belongs to.
	closed *openSession
	yield  func(*Session, error) bool
}

// give yields a session that has ended.
func (f *sessionFolder) give(s *openSession) bool {
	more := f.yield(&s.Session, nil)
	s.next, f.free = f.free, s
	return more
}

func (f *sessionFolder) flush() bool {
	s := f.closed
	f.closed = nil
	return s == nil || f.give(s)
}

// begin opens the session of a change.
func (f *sessionFolder) begin(c *Change) *openSession {
	s := f.free
	if s == nil {
		s = new(openSession)
	} else {
		f.free = s.next
	}
	*s = openSession{Session: Session{File: c.File, Parent: c.Parent, FirstUSN: c.USN, First: c.FileTime}, prev: f.last}
	if f.last == nil {
		f.first = s
	} else {
		f.last.next = s
	}
	f.last = s
	f.open[c.File] = s
	return s
}

// end takes a session out of those that are open.
func (f *sessionFolder) end(s *openSession) {
	delete(f.open, s.File)
	if s.prev == nil {
		f.first = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next == nil {
		f.last = s.prev
	} else {
		s.next.prev = s.prev
	}
}

func (f *sessionFolder) take(c *Change) bool {
	if f.closed != nil && c.Version == 4 && c.File == f.closed.File {
		f.closed.add(c, &f.names)
		f.closed.Closed = true
		return true
	}
	if !f.flush() {
		return false
	}
	s := f.open[c.File]
	if s == nil {
		if len(f.open) >= maxOpenSessions {
			old := f.first
			f.end(old)
			if !f.give(old) {
				return false
			}
		}
		s = f.begin(c)
	}
	s.add(c, &f.names)
	if s.Closed {
		f.end(s)
		f.closed = s
	}
	return true
}

// A nameCache holds names that were made of late. Files of the same names are opened
// again and again.
type nameCache struct {
	seed  maphash.Seed
	names []string
}

const cachedNames = 1 << 12 // a power of two

// name returns the name of a change, old itself where that is the name: most changes
// are of the file of the one before.
func (n *nameCache) name(c *Change, old string) string {
	var b [256]byte
	name := c.AppendName(b[:0])
	if string(name) == old {
		return old
	}
	if n.names == nil {
		n.seed, n.names = maphash.MakeSeed(), make([]string, cachedNames)
	}
	known := &n.names[maphash.Bytes(n.seed, name)%cachedNames]
	if string(name) != *known {
		*known = string(name)
	}
	return *known
}

func (s *Session) add(c *Change, names *nameCache) {
	s.Records++
	s.LastUSN = c.USN
	s.Source |= c.Source
	if c.Version == 4 {
		// The record follows one of another version with the time and the name.
		s.Extents = append(s.Extents, c.Extents[:min(len(c.Extents), maxSessionExtents-len(s.Extents))]...)
	} else {
		s.change(c, names)
	}
	s.Reasons |= c.Reason
	s.Closed = c.Reason&ReasonClose != 0
}

func (s *Session) change(c *Change, names *nameCache) {
	fresh := c.Reason &^ s.Reasons
	for _, k := range [...]struct {
		bit Reason
		at  *uint64
	}{
		{ReasonCreate, &s.Created},
		{ReasonDelete, &s.Deleted},
		{ReasonRenameNew, &s.Renamed},
		{ReasonBasicInfo, &s.BasicInfo},
		{ReasonStream, &s.Stream},
	} {
		if fresh&k.bit != 0 {
			*k.at = c.FileTime
		}
	}
	if c.Reason&ReasonRenameOld != 0 && s.OldName == "" {
		s.OldParent, s.OldName = c.Parent, names.name(c, s.Name)
	}
	s.Parent, s.Name, s.Attributes, s.Last = c.Parent, names.name(c, s.Name), c.Attributes, c.FileTime
	if s.First == 0 {
		s.First = c.FileTime
	}
}
