package collect

import (
	"cmp"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// A tree is a file system held as names in memory: what an archive or a collection with encoded names shows of itself. Names are unique
// without regard to case, as on the volume that they come from, and found so.
type tree struct {
	root    *node
	n       int   // nodes: entries and the directories that their names imply
	partial bool  // only the folders that say so have all of their names
	maxRead int64 // what ReadFile returns at most
}

// A node is one file or directory of a tree. It is its own fs.FileInfo and fs.DirEntry.
type node struct {
	name  string
	key   string // the folded name
	mode  fs.FileMode
	size  int64
	times *Times
	seen  *seen            // of a file or folder that was listed and not collected
	whole bool             // of a folder of a partial tree: all of its names are there
	kids  []*node          // of a directory
	byKey map[string]*node // them by key, once they are many
	src   source           // of a file: its bytes
}

// A source opens the bytes of a file.
type source interface{ open() (fs.File, error) }

// A sourceFunc is a source that is one function.
type sourceFunc func() (fs.File, error)

func (f sourceFunc) open() (fs.File, error) { return f() }

const manyKids = 8 // from here on a map costs less than looking at each

func newDir(name, key string) *node { return &node{name: name, key: key, mode: fs.ModeDir | 0o555} }

func newTree() *tree { return &tree{maxRead: 1 << 30, root: newDir(".", ".")} }

func (n *node) kid(key string) *node {
	if n.byKey != nil {
		return n.byKey[key]
	}
	for _, k := range n.kids {
		if k.key == key {
			return k
		}
	}
	return nil
}

func (n *node) put(k *node) {
	n.kids = append(n.kids, k)
	switch {
	case n.byKey != nil:
		n.byKey[k.key] = k
	case len(n.kids) > manyKids:
		n.byKey = make(map[string]*node, 2*len(n.kids))
		for _, k := range n.kids {
			n.byKey[k.key] = k
		}
	}
}

// dir finds or makes the directory at the end of names. It fails where a file stands in the way.
func (t *tree) dir(names []string) (*node, bool) {
	n := t.root
	for _, name := range names {
		key := Fold(name)
		next := n.kid(key)
		if next == nil {
			next = newDir(name, key)
			n.put(next)
			t.n++
		}
		if !next.IsDir() {
			return nil, false
		}
		n = next
	}
	return n, true
}

// add puts a file below the directory names; it fails when the name is taken.
func (t *tree) add(names []string, f *node) bool {
	d, ok := t.dir(names)
	if !ok {
		return false
	}
	if f.key = Fold(f.name); d.kid(f.key) != nil {
		return false
	}
	d.put(f)
	t.n++
	return true
}

func (t *tree) find(name string) *node {
	n := t.root
	if name == "." {
		return n
	}
	for part := range strings.SplitSeq(name, "/") {
		if n = n.kid(Fold(part)); n == nil { // a file has no kids
			return nil
		}
	}
	return n
}

// Whole reports whether a folder has all the names that it had on the volume, so that one that is missing was not there.
func (t *tree) Whole(name string) bool {
	if !t.partial {
		return true
	}
	n := t.find(name)
	return n != nil && n.whole
}

// Partial reports whether some folders have only the names that were collected.
func (t *tree) Partial() bool { return t.partial }

func (t *tree) lookup(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n := t.find(name)
	if n == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

// Open implements fs.FS.
func (t *tree) Open(name string) (fs.File, error) {
	n, err := t.lookup("open", name)
	if err != nil {
		return nil, err
	}
	if n.IsDir() {
		return &dirFile{n: n}, nil
	}
	f, err := n.src.open()
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return withInfo(f, n), nil
}

// ReadFile implements fs.ReadFileFS. It does not believe a size before it has seen the bytes.
func (t *tree) ReadFile(name string) ([]byte, error) {
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	n := t.find(name)
	switch {
	case n.IsDir():
		err = errIsDir
	case n.size > t.maxRead:
		err = &LimitError{"MaxReadFile", t.maxRead}
	}
	var b []byte
	if err == nil {
		b, err = readSized(io.LimitReader(f, t.maxRead+1), n.size)
	}
	if err == nil && int64(len(b)) != n.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return b, nil
}

// Stat implements fs.StatFS.
func (t *tree) Stat(name string) (fs.FileInfo, error) {
	n, err := t.lookup("stat", name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// ReadDir implements fs.ReadDirFS.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := t.lookup("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errNotDir}
	}
	return n.list(), nil
}

func (n *node) list() []fs.DirEntry {
	list := make([]fs.DirEntry, 0, len(n.kids))
	for _, k := range n.kids {
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return list
}

func (n *node) Name() string               { return n.name }
func (n *node) IsDir() bool                { return n.mode.IsDir() }
func (n *node) Type() fs.FileMode          { return n.mode.Type() }
func (n *node) Info() (fs.FileInfo, error) { return n, nil }
func (n *node) Mode() fs.FileMode          { return n.mode }
func (n *node) Size() int64                { return n.size }
func (n *node) String() string             { return fs.FormatFileInfo(n) }

func (n *node) ModTime() time.Time {
	if n.times != nil {
		return n.times.Modified
	}
	if n.seen != nil {
		return fromFiletime(n.seen[1])
	}
	return time.Time{}
}

func (n *node) Sys() any {
	if n.times == nil && n.seen != nil {
		return n.seen.times()
	}
	if n.times == nil {
		return nil
	}
	return n.times
}

// A dirFile is an open directory of a tree.
type dirFile struct {
	n    *node
	list []fs.DirEntry
	read bool
}

func (d *dirFile) Stat() (fs.FileInfo, error) { return d.n, nil }
func (d *dirFile) Close() error               { return nil }
func (d *dirFile) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.n.name, Err: errIsDir}
}

func (d *dirFile) ReadDir(n int) ([]fs.DirEntry, error) {
	if !d.read {
		d.list, d.read = d.n.list(), true
	}
	if n <= 0 {
		list := d.list
		d.list = nil
		return list, nil
	}
	if len(d.list) == 0 {
		return nil, io.EOF
	}
	list := d.list[:min(n, len(d.list))]
	d.list = d.list[len(list):]
	return list, nil
}

// WithInfo is a file with another Stat; it can be read at an offset when the file can.
func WithInfo(f fs.File, info fs.FileInfo) fs.File { return withInfo(f, info) }

// withInfo is f with another Stat; it can be read at an offset when f can.
func withInfo(f fs.File, info fs.FileInfo) fs.File {
	if s, ok := f.(*sparseFile); ok {
		s.info = info
		return s
	}
	if at, ok := f.(io.ReaderAt); ok {
		return &fileAt{file{f, info}, at}
	}
	return &file{f, info}
}

type file struct {
	fs.File
	info fs.FileInfo
}

func (f *file) Stat() (fs.FileInfo, error) { return f.info, nil }

type fileAt struct {
	file
	at io.ReaderAt
}

func (f *fileAt) ReadAt(p []byte, off int64) (int, error) { return f.at.ReadAt(p, off) }
