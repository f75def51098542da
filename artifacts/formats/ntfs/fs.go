package ntfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Stat is what the MFT says of a file; a FileInfo's Sys returns a *Stat.
type Stat struct {
	Entry      uint64
	Sequence   uint16
	Attributes uint32 // FILE_ATTRIBUTE_… of $STANDARD_INFORMATION
	ReparseTag uint32 // 0 when it is no reparse point

	// The times of $STANDARD_INFORMATION. Changed is that of the file record.
	Created, Modified, Changed, Accessed time.Time

	Names   []FileName // in the record's order
	Streams []Stream   // alternate data streams, in the record's order
}

// A Stream is an alternate data stream.
type Stream struct {
	Name string
	Size int64
}

// FileName returns the long name's $FILE_NAME, if the file has one.
func (s *Stat) FileName() (FileName, bool) {
	if i := slices.IndexFunc(s.Names, func(n FileName) bool { return n.Namespace != namespaceDOS }); i >= 0 {
		return s.Names[i], true
	}
	return FileName{}, false
}

const (
	siCreated    = 0
	siModified   = 8
	siChanged    = 16
	siAccessed   = 24
	siAttributes = 32 // u32
	siSize       = 36
)

// stat gathers what a file's attributes say.
func (f *inode) stat() *Stat {
	st := &Stat{Entry: f.base.entry, Sequence: f.base.seq}
	for i := range f.attrs {
		a := &f.attrs[i]
		switch {
		case a.typ == typeStandardInfo && a.resident && len(a.value) >= siSize:
			st.Created, st.Modified = filetime(a.value[siCreated:]), filetime(a.value[siModified:])
			st.Changed, st.Accessed = filetime(a.value[siChanged:]), filetime(a.value[siAccessed:])
			st.Attributes = le.Uint32(a.value[siAttributes:])
		case a.typ == typeFileName && a.resident:
			if n, ok := parseFileName(a.value); ok {
				st.Names = append(st.Names, n)
			}
		case a.typ == typeReparse && a.resident && len(a.value) >= 4:
			st.ReparseTag = le.Uint32(a.value)
		case a.typ == typeData && a.name != "" && (a.resident || a.firstVCN == 0):
			st.Streams = append(st.Streams, Stream{a.name, a.size})
		}
	}
	return st
}

// A node is a file or a directory, or one stream of it, found by a path. It is its own fs.FileInfo.
type node struct {
	f      *inode
	name   string
	stream string // of the stream, "" for the main one
	size   int64
	mode   fs.FileMode
	st     *Stat
}

func (n *node) Name() string       { return n.name }
func (n *node) Size() int64        { return n.size }
func (n *node) Mode() fs.FileMode  { return n.mode }
func (n *node) ModTime() time.Time { return n.st.Modified }
func (n *node) IsDir() bool        { return n.mode.IsDir() }
func (n *node) Sys() any           { return n.st }

var errReused = errors.New("its file record has been reused or freed")

// newNode opens what a directory entry names, and holds it to account: the record must be in use under the same sequence number, and a
// directory must itself name the directory and the name that led to it. A directory has one parent, so the directories that can be
// reached are a tree.
func (v *Volume) newNode(parent uint64, e dirEnt, name string) (*node, error) {
	f, err := v.inode(e.ref.entry())
	if f == nil && e.mode.IsDir() {
		f = v.lostDirectory(e.ref, err)
		return &node{f: f, name: name, st: &Stat{Entry: e.ref.entry(), Sequence: e.ref.sequence()}, mode: fs.ModeDir | 0o555}, nil
	}
	if f == nil {
		return nil, err
	}
	if f.base.flags&flagInUse == 0 || f.base.seq != e.ref.sequence() && e.ref.sequence() != 0 {
		return nil, fmt.Errorf("entry %d: %w", e.ref.entry(), errReused)
	}
	n := &node{f: f, name: name, st: f.stat()}
	n.mode = 0o444
	if f.base.flags&flagDir != 0 {
		n.mode = fs.ModeDir | 0o555
	}
	if n.st.ReparseTag == tagMountPoint || n.st.ReparseTag == tagSymlink {
		n.mode = fs.ModeSymlink | 0o777
	}
	if n.mode.IsDir() {
		own, ok := n.st.FileName()
		if !ok || own.Parent != parent || PathName(own.Name) != e.name && !e.dos {
			return nil, &FormatError{Offset: f.base.at, Struct: fmt.Sprintf("file record %d", f.base.entry),
				Problem: fmt.Sprintf("is no child of directory %d by its own name", parent)}
		}
		return n, nil
	}
	n.size, _ = f.dataSize("")
	return n, nil
}

// dataSize returns the size of a data stream.
func (f *inode) dataSize(name string) (int64, bool) {
	for i := range f.attrs {
		if a := &f.attrs[i]; a.typ == typeData && (a.resident || a.firstVCN == 0) && f.v.sameName(a.name, name) {
			return a.size, true
		}
	}
	return 0, false
}

// maxPathDepth is more than the 32,767 characters of a Windows path can hold in directories that anyone made.
const maxPathDepth = 4096

// find walks a path.
func (v *Volume) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	fail := func(err error) (*node, error) { return nil, &fs.PathError{Op: op, Path: name, Err: err} }
	if strings.Count(name, "/") > maxPathDepth {
		return fail(fs.ErrInvalid)
	}
	root, err := v.inode(RootEntry)
	if root == nil {
		root = v.lostDirectory(RootEntry, err)
	}
	n := &node{f: root, name: ".", st: root.stat(), mode: fs.ModeDir | 0o555}
	if name == "." {
		return n, nil
	}
	for part := range strings.SplitSeq(name, "/") {
		if n.stream != "" {
			return fail(fs.ErrNotExist)
		}
		next, err := v.child(n, part)
		if errors.Is(err, fs.ErrNotExist) {
			if file, stream, ok := strings.Cut(part, ":"); ok && file != "" && stream != "" {
				next, err = v.childStream(n, file, stream, part)
			}
		}
		if err != nil {
			return fail(err)
		}
		n = next
	}
	return n, nil
}

func (v *Volume) child(dir *node, name string) (*node, error) {
	if !dir.IsDir() {
		return nil, fs.ErrNotExist
	}
	e, ok, sure := dirEnt{}, false, false
	if v.tooLarge(dir) {
		e, ok, sure = v.search(dir.f, name)
		sure = sure && (!ok || e.name == name || !dir.f.caseSensitive())
	}
	if !sure {
		d, err := v.list(dir)
		if err != nil {
			return nil, err
		}
		if e, ok = d.lookup(v, name); !ok && d.damage != nil {
			return nil, d.damage
		}
	}
	if !ok {
		return nil, fs.ErrNotExist
	}
	return v.newNode(dir.f.base.entry, e, e.name)
}

// tooLarge reports whether a directory is too large for the cache, by the size of its index: an entry takes 100 bytes and more.
func (v *Volume) tooLarge(n *node) bool {
	for i := range n.f.attrs {
		if a := &n.f.attrs[i]; a.typ == typeIndexAlloc && a.firstVCN == 0 && a.size/100 > int64(v.opts.DirCache) {
			return true
		}
	}
	return false
}

func (v *Volume) childStream(dir *node, file, stream, name string) (*node, error) {
	n, err := v.child(dir, file)
	if err != nil {
		return nil, err
	}
	if cut := len(stream) - len(":$DATA"); cut > 0 && strings.EqualFold(stream[cut:], ":$DATA") {
		stream = stream[:cut]
	}
	for _, s := range n.st.Streams {
		if v.sameName(s.Name, stream) {
			return &node{f: n.f, name: n.name + ":" + s.Name, stream: s.Name, size: s.Size, mode: 0o444, st: n.st}, nil
		}
	}
	if n.f.damage != nil {
		return nil, n.f.damage
	}
	return nil, fs.ErrNotExist
}

// list reads a directory, or takes it from the cache.
func (v *Volume) list(n *node) (*directory, error) {
	if d := v.dirs.get(n.f.base.entry); d != nil {
		return d, nil
	}
	d, err := v.readDir(n.f)
	if err != nil {
		return nil, err
	}
	v.dirs.put(d)
	return d, nil
}

// open opens the data of a node.
func (n *node) open() (*stream, error) {
	if n.stream == "" && n.st.ReparseTag == tagWOF {
		return n.f.packed()
	}
	s, err := n.f.stream(typeData, n.stream)
	if errors.Is(err, fs.ErrNotExist) && n.stream == "" {
		return &stream{v: n.f.v}, nil // a file without data has no such attribute at times, as $Secure does
	}
	return s, err
}

// Open implements fs.FS. What it returns for a file is an io.ReaderAt and an io.Seeker too. A name may end in :stream.
func (v *Volume) Open(name string) (fs.File, error) {
	n, err := v.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.IsDir() {
		return &dirFile{v: v, n: n}, nil
	}
	if n.mode.Type() != 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("is a link, which is not followed")}
	}
	s, err := n.open()
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{n: n, s: s, SectionReader: io.NewSectionReader(s, 0, s.size)}, nil
}

// Stat implements fs.StatFS.
func (v *Volume) Stat(name string) (fs.FileInfo, error) {
	n, err := v.find("stat", name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// ReadDir implements fs.ReadDirFS. When a part of the index is damaged, the entries that could be read come with the error.
func (v *Volume) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := v.find("readdir", name)
	if err != nil {
		return nil, err
	}
	ents, err := v.dirEntries(n)
	if err != nil {
		err = &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return ents, err
}

func (v *Volume) dirEntries(n *node) ([]fs.DirEntry, error) {
	if !n.IsDir() {
		return nil, errors.New("not a directory")
	}
	d, err := v.list(n)
	if err != nil {
		return nil, err
	}
	ents := make([]fs.DirEntry, len(d.ents))
	for i := range d.ents {
		ents[i] = &entry{v, n.f.base.entry, &d.ents[i]}
	}
	return ents, d.damage
}

// ReadFile implements fs.ReadFileFS.
func (v *Volume) ReadFile(name string) ([]byte, error) {
	f, err := v.Open(name)
	if err != nil {
		return nil, err
	}
	data, ok := f.(*file)
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: name, Err: errors.New("is a directory")}
	}
	if data.s.size > v.opts.MaxReadFile {
		return nil, &fs.PathError{Op: "read", Path: name, Err: &LimitError{"MaxReadFile", v.opts.MaxReadFile, data.s.size}}
	}
	b := make([]byte, data.s.size)
	if err := readFull(data.s, b, 0); err != nil && len(b) > 0 {
		return nil, &fs.PathError{Op: "read", Path: name, Err: err}
	}
	return b, nil
}

// An entry is a directory entry; what lies in the file's own record is read when it is asked for.
type entry struct {
	v      *Volume
	parent uint64
	e      *dirEnt
}

func (e *entry) Name() string      { return e.e.name }
func (e *entry) IsDir() bool       { return e.e.mode.IsDir() }
func (e *entry) Type() fs.FileMode { return e.e.mode.Type() }
func (e *entry) String() string    { return fs.FormatDirEntry(e) }
func (e *entry) Info() (fs.FileInfo, error) {
	n, err := e.v.newNode(e.parent, *e.e, e.e.name)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: e.e.name, Err: err}
	}
	return n, nil
}

type file struct {
	n *node
	s *stream
	*io.SectionReader
}

func (f *file) Stat() (fs.FileInfo, error) { return f.n, nil }
func (f *file) Close() error               { return nil }

type dirFile struct {
	v    *Volume
	n    *node
	once sync.Once
	ents []fs.DirEntry
	err  error
}

func (d *dirFile) Stat() (fs.FileInfo, error) { return d.n, nil }
func (d *dirFile) Close() error               { return nil }
func (d *dirFile) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.n.name, Err: errors.New("is a directory")}
}

func (d *dirFile) ReadDir(n int) ([]fs.DirEntry, error) {
	d.once.Do(func() { d.ents, d.err = d.v.dirEntries(d.n) })
	if n <= 0 {
		ents, err := d.ents, d.err
		d.ents, d.err = nil, nil
		return ents, err
	}
	if len(d.ents) == 0 {
		if d.err != nil {
			err := d.err
			d.err = nil
			return nil, err
		}
		return nil, io.EOF
	}
	ents := d.ents[:min(n, len(d.ents))]
	d.ents = d.ents[len(ents):]
	return ents, nil
}
