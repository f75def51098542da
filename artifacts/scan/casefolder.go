package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// An UnfinishedError names the folder of a run that did not end. Err is why it
// did not, nil for an earlier run that is in the way of this one.
type UnfinishedError struct {
	Dir string
	Err error
}

func (e *UnfinishedError) Error() string {
	if e.Err == nil {
		return e.Dir + " is left from a run that did not end"
	}
	return e.Err.Error()
}

func (e *UnfinishedError) Unwrap() error { return e.Err }

// A DifferentError is why a run cannot continue an earlier one.
type DifferentError struct{ Dir, Why string }

func (e *DifferentError) Error() string { return fmt.Sprintf("cannot resume %s: %s", e.Dir, e.Why) }

// An InUseError is why a case is left alone: another process is at work on it.
type InUseError struct {
	Dir string
	PID int // of the process, 0 where it is not known
}

func (e *InUseError) Error() string {
	if e.PID == 0 {
		return e.Dir + " is in use by a running scan"
	}
	return fmt.Sprintf("%s is in use by a running scan (process %d)", e.Dir, e.PID)
}

// openCase makes CASE.partial, or finds the one to continue. It holds a lock
// beside it that ends with the process.
func (s *run) openCase() error {
	if err := s.checkPlaces(); err != nil {
		return err
	}
	if _, err := os.Lstat(s.dir); err == nil {
		switch {
		case !s.o.Force:
			return &files.ExistsError{Name: s.dir}
		case !IsCase(s.dir):
			return fmt.Errorf("%s is not a case folder of artifactdump (no manifest.json): not replaced", s.dir)
		}
	}
	if _, err := os.Lstat(s.part); err != nil && s.o.Resume {
		return fmt.Errorf("nothing to resume: %s does not exist", s.part)
	}
	if err := os.MkdirAll(filepath.Dir(s.part), 0o777); err != nil {
		return err
	}
	lock, err := files.NewLock(s.part+".lock", s.mode)
	if e, ok := errors.AsType[*files.LockedError](err); ok {
		return &InUseError{s.part, e.PID}
	}
	if err != nil {
		return err
	}
	s.lock = lock
	s.m = newManifest(s)
	if err := s.leftOver(); err != nil {
		return err
	}
	if err := s.mode.MkdirAll(s.part); err != nil {
		return err
	}
	s.status = newStatus(s)
	return s.m.write(s.part, s.mode)
}

// checkPlaces refuses outputs in the evidence or around it.
func (s *run) checkPlaces() error {
	for _, dir := range []string{s.dir, s.part} {
		if err := files.OutsideFolder(dir, s.o.Evidence); err != nil {
			return err
		}
		if err := files.NotAround(dir, s.o.Evidence); err != nil {
			return err
		}
	}
	f := s.o.StatusFile
	if f == "" {
		return nil
	}
	if err := files.OutsideFolder(filepath.Dir(f), s.o.Evidence); err != nil {
		return err
	}
	file, err := filepath.Abs(f)
	if err != nil {
		return err
	}
	for _, dir := range []string{s.dir, s.part} {
		if dir, err := filepath.Abs(dir); err != nil || files.Within(file, dir) {
			return &OptionError{"status file", fmt.Errorf("%s is inside the case folder: name another place", f)}
		}
	}
	return nil
}

// leftOver decides what becomes of what an earlier run left.
func (s *run) leftOver() error {
	if _, err := os.Lstat(s.part); err != nil {
		return nil
	}
	switch {
	case s.o.Resume:
		old, err := ReadManifest(s.part)
		if err != nil {
			return fmt.Errorf("cannot resume %s: %w", s.part, err)
		}
		if why := s.m.differs(old); why != "" {
			return &DifferentError{s.part, why}
		}
		s.m.Machines, s.m.Evidence = old.Machines, old.Evidence // until it is known what is complete
		return nil
	case !s.o.Force:
		return &UnfinishedError{Dir: s.part}
	case !IsCase(s.part):
		return fmt.Errorf("%s is not a case folder of artifactdump (no manifest.json): not replaced", s.part)
	}
	return os.RemoveAll(s.part)
}

// finish writes the manifest and gives the folder its name. It returns what
// ends the run, nil when all is well.
func (s *run) finish(err error) error {
	s.m.end(err)
	werr := s.m.write(s.part, s.mode)
	if werr != nil && err != nil {
		// The disk may be full of what was not finished, which helps nobody:
		// what the manifest says does.
		dropUnfinished(s.part)
		werr = s.m.write(s.part, s.mode)
	}
	if err == nil {
		err = werr
	}
	if errors.Is(err, ErrNoEvidence) && onlyManifest(s.part) {
		// Nothing to continue with: the next run shall not stumble over it.
		os.RemoveAll(s.part)
		s.status.end(err)
		return err
	}
	if err != nil {
		s.status.end(err)
		if errors.Is(err, ErrDamaged) {
			return err
		}
		return &UnfinishedError{s.part, err}
	}
	if err := replaceFolder(s.part, s.dir); err != nil {
		s.status.end(err)
		return err
	}
	s.status.end(nil)
	return nil
}

// onlyManifest reports whether a case holds nothing but its manifest.
func onlyManifest(dir string) bool {
	list, err := os.ReadDir(dir)
	return err == nil && len(list) == 1 && list[0].Name() == ManifestName
}

// dropUnfinished removes the files of a case that are not whole.
func dropUnfinished(dir string) {
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && p != dir && strings.HasSuffix(p, ".partial") {
			os.Remove(p)
		}
		return nil
	})
}

// replaceFolder gives the finished folder its name. A folder that has the name
// goes only when the new one stands in its place.
func replaceFolder(from, to string) error {
	if _, err := os.Lstat(to); err != nil {
		return os.Rename(from, to)
	}
	old := to + ".old"
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(to, old); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Rename(old, to))
	}
	return os.RemoveAll(old)
}
