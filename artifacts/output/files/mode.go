package files

import (
	"io/fs"
	"os"
	"path/filepath"
)

// A Mode says who may read what is written, on systems that have such rights.
type Mode int

const (
	// Usual leaves it to the umask of the process.
	Usual Mode = iota
	// Private is for the user alone.
	Private
	// Group lets the group of the user read, whatever the umask is.
	Group
)

func (m Mode) file() fs.FileMode { return [...]fs.FileMode{0o666, 0o600, 0o640}[m] }

func (m Mode) dir() fs.FileMode { return [...]fs.FileMode{0o777, 0o700, 0o750}[m] }

// Set gives a file the mode that it would have been created with.
func (m Mode) Set(name string) error {
	if m == Usual {
		return nil
	}
	return os.Chmod(name, m.file())
}

// MkdirAll makes a folder. Those that it is in are made as usual.
func (m Mode) MkdirAll(dir string) error {
	if m == Usual {
		return os.MkdirAll(dir, 0o777)
	}
	if st, err := os.Stat(dir); err == nil && st.IsDir() {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return err
	}
	if err := os.Mkdir(dir, m.dir()); err != nil {
		return err
	}
	return os.Chmod(dir, m.dir())
}

// A Folder is where outputs go.
type Folder struct {
	Dir  string
	Mode Mode
}

// Make makes the folder.
func (f Folder) Make() error { return f.Mode.MkdirAll(f.Dir) }

// Set begins a set of files in the folder.
func (f Folder) Set() *Set { return &Set{Dir: f.Dir, Mode: f.Mode} }
