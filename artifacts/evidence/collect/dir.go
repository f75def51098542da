package collect

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"
)

// A dirFS is a folder out of which no link leads. Only plain files and directories are opened: a pipe among the evidence would wait for
// ever. Where the system can be asked to, reading leaves no access time.
type dirFS struct {
	root *os.Root
	dirs *openDirs // nil opens each anew
	ntfs bool      // it lies on a volume that ntfs-3g has mounted
}

// RootFS is the file system of a folder, read as [Open] reads a folder: no link leads out of it, no pipe is waited for, and where the
// system can be asked to, no access time is left. The caller closes the root.
func RootFS(root *os.Root) fs.FS { return dirFS{root: root} }

var errNotPlain = errors.New("neither a plain file nor a directory")

func (d dirFS) open(op, name string) (*os.File, fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	info, err := d.stat(name)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, nil, &fs.PathError{Op: op, Path: name, Err: errNotPlain}
	}
	f, err := d.openFile(name, os.O_RDONLY|quietly|unblocked)
	if quietly != 0 && errors.Is(err, fs.ErrPermission) { // another user's file
		f, err = d.openFile(name, os.O_RDONLY|unblocked)
	}
	if err != nil {
		return nil, nil, err
	}
	if d.ntfs {
		if t := ntfsTimes(f); t != nil {
			info = timedInfo{info, t}
		}
	}
	return f, info, nil
}

func (d dirFS) Open(name string) (fs.File, error) {
	f, info, err := d.open("open", name)
	if err != nil {
		if s, ok := d.openStream(name); ok {
			return s, nil
		}
		return nil, err // not f: that would be a nil pointer in an interface
	}
	if info.IsDir() {
		return f, nil
	}
	now, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &watched{f, name, info, now.Size(), now.ModTime()}, nil
}

// ErrChanged is wrapped by the error for a file that is not what it was when it was opened: evidence that somebody still writes to.
var ErrChanged = errors.New("changed while it was read")

// A watched file looks, when it has been read to its end, whether it is still the same.
type watched struct {
	*os.File
	name   string
	before fs.FileInfo
	size   int64
	mod    time.Time
}

func (w *watched) Stat() (fs.FileInfo, error) { return w.before, nil }

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.File.Read(p)
	if errors.Is(err, io.EOF) {
		if now, serr := w.File.Stat(); serr == nil && (now.Size() != w.size || !now.ModTime().Equal(w.mod)) {
			return n, &fs.PathError{Op: "read", Path: w.name, Err: ErrChanged}
		}
	}
	return n, err
}

func (d dirFS) Stat(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrInvalid}
	}
	if !d.ntfs {
		return d.stat(name)
	}
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

func (d dirFS) ReadDir(name string) ([]fs.DirEntry, error) {
	f, _, err := d.open("readdir", name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := f.ReadDir(-1)
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return list, err
}

func (d dirFS) ReadFile(name string) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errIsDir}
	}
	return readSized(f, info.Size())
}

// readSized reads a file that may be as large as it claims, growing towards that only as far as bytes come.
func readSized(r io.Reader, size int64) ([]byte, error) {
	b := make([]byte, 0, min(size, 64<<20)+1)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if errors.Is(err, io.EOF) {
			return b, nil
		}
		if err != nil {
			return b, err
		}
		if len(b) == cap(b) {
			b = slices.Grow(b, max(512, min(len(b), 256<<20)))
		}
	}
}
