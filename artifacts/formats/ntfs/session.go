package ntfs

import (
	"container/list"
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
// order in which they end. An error of the changes is passed on.
func Sessions(changes iter.Seq2[*Change, error]) iter.Seq2[*Session, error] {
	return func(yield func(*Session, error) bool) {
		f := sessionFolder{open: map[Reference]*list.Element{}, yield: yield}
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
		for e := f.order.Front(); e != nil; e = e.Next() {
			if !yield(e.Value.(*Session), nil) {
				return
			}
		}
	}
}

type sessionFolder struct {
	open  map[Reference]*list.Element
	order list.List // of *Session, by opening
	// closed waits for the next record: one of version 4 follows the close
	// that it belongs to.
	closed *Session
	yield  func(*Session, error) bool
}

func (f *sessionFolder) flush() bool {
	s := f.closed
	f.closed = nil
	return s == nil || f.yield(s, nil)
}

func (f *sessionFolder) take(c *Change) bool {
	if f.closed != nil && c.Version == 4 && c.File == f.closed.File {
		f.closed.add(c)
		f.closed.Closed = true
		return true
	}
	if !f.flush() {
		return false
	}
	e := f.open[c.File]
	if e == nil {
		if f.order.Len() >= maxOpenSessions {
			old := f.order.Remove(f.order.Front()).(*Session)
			delete(f.open, old.File)
			if !f.yield(old, nil) {
				return false
			}
		}
		e = f.order.PushBack(&Session{File: c.File, Parent: c.Parent, FirstUSN: c.USN, First: c.FileTime})
		f.open[c.File] = e
	}
	s := e.Value.(*Session)
	s.add(c)
	if s.Closed {
		f.order.Remove(e)
		delete(f.open, c.File)
		f.closed = s
	}
	return true
}

func (s *Session) add(c *Change) {
	s.Records++
	s.LastUSN = c.USN
	s.Source |= c.Source
	if c.Version == 4 {
		// The record follows one of another version with the time and the name.
		s.Extents = append(s.Extents, c.Extents[:min(len(c.Extents), maxSessionExtents-len(s.Extents))]...)
	} else {
		s.change(c)
	}
	s.Reasons |= c.Reason
	s.Closed = c.Reason&ReasonClose != 0
}

func (s *Session) change(c *Change) {
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
		s.OldParent, s.OldName = c.Parent, c.nameAfter(s.Name)
	}
	s.Parent, s.Name, s.Attributes, s.Last = c.Parent, c.nameAfter(s.Name), c.Attributes, c.FileTime
	if s.First == 0 {
		s.First = c.FileTime
	}
}
