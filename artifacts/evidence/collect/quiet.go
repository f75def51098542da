package collect

import (
	"errors"
	"io/fs"
	"os"
)

// OpenFile opens a file of the evidence that is named on its own, for reading. Where the system can be asked to, reading leaves no access
// time; a pipe or a device is refused, and not waited for. A link is followed: whoever named it knows what it is.
func OpenFile(path string) (*os.File, error) { return openQuietly(path, false) }

// OpenSibling is OpenFile for a file that stands beside one that was named, as a further segment of an image does: nobody but the evidence
// says that it is to be read, so that a link is refused.
func OpenSibling(path string) (*os.File, error) { return openQuietly(path, true) }

var errLink = errors.New("is a link, which is not followed out of the evidence")

func openQuietly(path string, plain bool) (*os.File, error) {
	before, err := os.Lstat(path)
	if err == nil && plain && before.Mode()&fs.ModeSymlink != 0 {
		err = &fs.PathError{Op: "open", Path: path, Err: errLink}
	} else if err == nil && before.Mode()&fs.ModeSymlink != 0 {
		before, err = os.Stat(path)
	}
	if err == nil && !before.Mode().IsRegular() && !before.IsDir() {
		err = &fs.PathError{Op: "open", Path: path, Err: errNotPlain}
	}
	if err != nil {
		return nil, err
	}
	// What was a file a moment ago may be a pipe now: nothing here waits.
	f, err := os.OpenFile(path, os.O_RDONLY|quietly|unblocked, 0)
	if quietly != 0 && errors.Is(err, fs.ErrPermission) { // another user's file
		f, err = os.OpenFile(path, os.O_RDONLY|unblocked, 0)
	}
	if err != nil {
		return nil, err
	}
	now, err := f.Stat()
	if err == nil && !os.SameFile(before, now) {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrChanged}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
