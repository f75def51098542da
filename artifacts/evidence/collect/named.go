package collect

import (
	"io/fs"
	"os"
	"path/filepath"
)

// OpenNamed is OpenFile for what was named on a command line: a pipe or a device is opened as it is, since nobody names one by accident.
func OpenNamed(path string) (*os.File, error) {
	if st, err := os.Stat(path); err == nil && !st.Mode().IsRegular() && !st.IsDir() {
		return os.Open(path)
	}
	return OpenFile(path)
}

// A NamedDir is a folder as a file system for walks that leave no access times. Links below it are
// not followed by a walk; Open follows them.
type NamedDir string

// Open implements [fs.FS].
func (d NamedDir) Open(name string) (fs.File, error) {
	f, err := OpenFile(filepath.Join(string(d), filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	return f, nil
}
