package collect

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"
)

// maxOpenDirs bounds the folders that stay open.
const maxOpenDirs = 64

// openDirs keeps folders of a tree open. A path is otherwise opened folder by folder
// from the root of the tree, for each file several times.
type openDirs struct {
	root *os.Root
	mu   sync.Mutex
	open map[string]*os.Root
}

func newOpenDirs(root *os.Root) *openDirs {
	return &openDirs{root: root, open: map[string]*os.Root{}}
}

// of returns the open folder of a file, or nil.
func (d *openDirs) of(name string) *os.Root {
	dir := path.Dir(name)
	if d == nil || dir == "." {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.open[dir]; ok {
		return r
	}
	r, err := d.root.OpenRoot(dir)
	if err != nil {
		return nil
	}
	if len(d.open) == maxOpenDirs {
		d.closeAll()
	}
	d.open[dir] = r
	return r
}

// closeAll closes the folders. Who still uses one gets an error and goes through
// the root of the tree.
func (d *openDirs) closeAll() error {
	var errs []error
	for dir, r := range d.open {
		errs = append(errs, r.Close())
		delete(d.open, dir)
	}
	return errors.Join(errs...)
}

// close closes the folders and the root of the tree.
func (d *openDirs) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(d.closeAll(), d.root.Close())
}

// stat is the tree's Stat.
func (d dirFS) stat(name string) (fs.FileInfo, error) {
	if r := d.dirs.of(name); r != nil {
		if info, err := r.Stat(path.Base(name)); err == nil {
			return info, nil
		} else if gone := notThere(err, name); gone != nil {
			return nil, gone
		}
	}
	return d.root.Stat(name) // a link may lead out of its folder, and not out of the tree
}

// openFile is the tree's OpenFile.
func (d dirFS) openFile(name string, flag int) (*os.File, error) {
	if r := d.dirs.of(name); r != nil {
		if f, err := r.OpenFile(path.Base(name), flag, 0); err == nil {
			return f, nil
		}
	}
	return d.root.OpenFile(name, flag, 0)
}

// notThere is the error of a file that its folder does not have, with the path from the
// root of the tree, or nil.
func notThere(err error, name string) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: e.Op, Path: name, Err: e.Err}
	}
	return nil
}
