package files

import (
	"io"
	"os"
	"path/filepath"
)

// WriteFolder writes several files into a new folder.
func WriteFolder(dir string, write func(create func(string) (io.Writer, error)) error) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	var open []*os.File
	err := write(func(name string) (io.Writer, error) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if err == nil {
			open = append(open, f)
		}
		return f, err
	})
	for _, f := range open {
		if e := f.Close(); err == nil {
			err = e
		}
	}
	return err
}
