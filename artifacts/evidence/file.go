package evidence

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A File is one file of the evidence.
type File struct {
	Path     string // as Windows spells it: C:\Windows\Prefetch\CMD.EXE-….pf
	Snapshot string // "" for the live volume, else which older copy
	User     User   // whose profile the file lies in, if any

	tree *Tree
	vol  *volume
	name string // inside the volume's file system
}

// ErrTooLarge is wrapped by the error for a file above [Options.MaxFile].
var ErrTooLarge = errors.New("larger than the limit MaxFile")

// Open opens the file for reading.
func (f *File) Open() (fs.File, error) { return f.vol.fsys.Open(f.name) }

// Stat returns what the evidence says of the file: its size and times.
func (f *File) Stat() (fs.FileInfo, error) {
	st, err := fs.Stat(f.vol.fsys, f.name)
	if err != nil {
		f.vol.failed(fmt.Errorf("%s: %w", f.Path, plain(err)))
	}
	return st, err
}

// Times are the times that the evidence keeps of a file. What it does not keep
// is zero.
type Times struct {
	Created, Modified, Accessed, Changed time.Time
	// Original is set where the times are those of the Windows volume itself:
	// read from its file table, or recorded by the collector. The times of a
	// copied file are otherwise those of the copy.
	Original bool
	Source   string // who says so
	// The times of $FILE_NAME, which no program can set, where the evidence is
	// an image.
	NameCreated, NameModified time.Time
}

// Times returns the file's times.
func (f *File) Times() (Times, error) {
	st, err := f.Stat()
	if err != nil {
		return Times{}, plain(err)
	}
	switch x := st.Sys().(type) {
	case *collect.Times:
		return Times{Created: x.Created, Modified: x.Modified, Accessed: x.Accessed, Changed: x.Changed, Original: !x.Copied,
			Source: x.Source, NameCreated: x.NameCreated, NameModified: x.NameModified}, nil
	case *ntfs.Stat:
		t := Times{Created: x.Created, Modified: x.Modified, Accessed: x.Accessed, Changed: x.Changed, Original: true,
			Source: "$STANDARD_INFORMATION"}
		if n, ok := x.FileName(); ok {
			t.NameCreated, t.NameModified = n.Created, n.Modified
		}
		return t, nil
	}
	return Times{Modified: st.ModTime().UTC(), Source: "the copy"}, nil
}

// Reader opens the file to read it once from its beginning, and tells its size.
// It reads no further than [Options.MaxFile], above which a file is refused.
func (f *File) Reader() (io.ReadCloser, int64, error) {
	r, err := f.Open()
	if err != nil {
		return nil, 0, plain(err)
	}
	st, err := r.Stat()
	limit := f.tree.opts.maxFile()
	switch {
	case err != nil:
		err = plain(err)
	case st.IsDir():
		err = errors.New("is a directory")
	case st.Size() > limit:
		err = fmt.Errorf("%d bytes: %w (%d)", st.Size(), ErrTooLarge, limit)
	}
	if err != nil {
		r.Close()
		return nil, 0, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, limit), r}, st.Size(), nil
}

// Bytes reads the whole file, which must not be larger than [Options.MaxFile].
func (f *File) Bytes() ([]byte, error) { return f.BytesUpTo(f.tree.opts.maxFile()) }

// BytesUpTo reads the whole file. For one of more than limit bytes, or more than
// [Options.MaxFile], the error wraps [ErrTooLarge] and there are no bytes.
func (f *File) BytesUpTo(limit int64) ([]byte, error) {
	limit = min(limit, f.tree.opts.maxFile())
	r, err := f.Open()
	if err != nil {
		return nil, plain(err)
	}
	defer r.Close()
	st, err := r.Stat()
	if err != nil {
		return nil, plain(err)
	}
	if st.IsDir() {
		return nil, errors.New("is a directory")
	}
	if st.Size() > limit {
		return nil, fmt.Errorf("%d bytes: %w (%d)", st.Size(), ErrTooLarge, limit)
	}
	// The size is what the container claims, so it only opens the buffer; the
	// file may have grown since, and one byte more shows its end.
	b := make([]byte, 0, min(st.Size(), 1<<26)+1)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, plain(err)
		case int64(len(b)) > limit:
			return nil, fmt.Errorf("%w (%d)", ErrTooLarge, limit)
		case len(b) == cap(b):
			b = slices.Grow(b, min(len(b), 1<<26))
		}
	}
}

// plain takes the path out of an error: messages name the file as Windows
// spells it.
func plain(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// Glob returns the files that match a Windows path pattern, volume by volume,
// sorted by name. `*` and `?` stand for characters of one name, `**` for any
// number of folders. A pattern begins with one of
//
//	%SystemRoot%    the Windows folder, whatever its name
//	%SystemDrive%   the root of the volume with the Windows folder
//	%ProgramData%   ProgramData, or the All Users profile of XP
//	%UserProfile%   each profile, with service profiles and the template
//	%AnyDrive%      the root of every volume
//	D:              the root of the volume with this letter
//
// What could not be listed below that comes back beside the files that were found, and is among [Tree.Problems] as well.
func (t *Tree) Glob(pattern string) ([]*File, []error) {
	var files []*File
	var errs []error
	head, rest, _ := strings.Cut(pattern, `\`)
	tail := strings.Split(rest, `\`)
	if t.loose {
		return t.globLoose(tail[len(tail)-1])
	}
	for _, v := range t.volumes {
		bases := v.bases(head)
		if isLetter(head) && !t.other(v, head) {
			bases = []string{"."}
		}
		for _, base := range bases {
			v.glob(base, tail, 0, func(p string) {
				files = append(files, t.file(v, p))
			}, func(err error) { errs = append(errs, err) })
		}
	}
	return files, errs
}

// isLetter reports whether the first component of a pattern is a drive letter.
func isLetter(head string) bool {
	return len(head) == 2 && head[1] == ':' && ('A' <= head[0]&^0x20 && head[0]&^0x20 <= 'Z')
}

// globLoose looks for files in a heap, where only the name is left to go by,
// and for Prefetch files the signature.
func (t *Tree) globLoose(last string) ([]*File, []error) {
	if strings.Trim(last, "*?") == "" {
		return nil, nil
	}
	var files []*File
	var errs []error
	for _, v := range t.volumes {
		found := map[string]bool{}
		v.glob(".", []string{"**", last}, 0, func(p string) {
			found[p] = true
			files = append(files, t.file(v, p))
		}, func(err error) { errs = append(errs, err) })
		if !strings.EqualFold(last, "*.pf") {
			continue
		}
		for _, l := range t.files {
			if l.Kind == collect.PrefetchFile && !found[l.Path] {
				files = append(files, t.file(v, l.Path))
			}
		}
	}
	return files, errs
}

// Signed returns the files of a loose heap that their first bytes show to be of
// a kind, under any name; of other evidence none, since there the place
// decides what a file is.
func (t *Tree) Signed(kind collect.Signature) []*File {
	var files []*File
	if !t.loose {
		return nil
	}
	for _, v := range t.volumes {
		for _, l := range t.files {
			if l.Kind == kind {
				files = append(files, t.file(v, l.Path))
			}
		}
	}
	return files
}

func (t *Tree) file(v *volume, p string) *File {
	f := &File{Path: v.windowsPath(p), Snapshot: v.snapshot, tree: t, vol: v, name: p}
	return f
}

// Lookup returns the file at a Windows path, from the live volumes.
func (t *Tree) Lookup(path string) (*File, bool) { return t.LookupCopy(path, "") }

// LookupCopy returns the file at a Windows path in an older copy of the
// machine, as [File.Snapshot] names it.
func (t *Tree) LookupCopy(path, snapshot string) (*File, bool) {
	vol, key := winpath.Volume(path), winpath.Key(path)
	for _, v := range t.volumes {
		if v.snapshot != snapshot || t.other(v, vol) {
			continue
		}
		if p, ok := v.lookup(key); ok {
			return t.file(v, p), true
		}
	}
	return nil, false
}

// Walked reports whether a file's absence from the evidence means anything:
// the folder that would hold it must itself be there.
func (t *Tree) Walked(path string) bool {
	vol, key := winpath.Volume(path), winpath.Key(path)
	for _, v := range t.volumes {
		if v.snapshot != "" || t.other(v, vol) {
			continue
		}
		if p, ok := v.lookup(winpath.Dir(key)); ok && v.whole(p) {
			return true
		}
	}
	return false
}

// Shows reports whether the evidence would hold a file of this path if the machine had it: it has all names of the folder, or of one
// above it that has no such folder. It is true of all paths but for collections that list some folders only.
func (t *Tree) Shows(path string) bool {
	vol, key := winpath.Volume(path), winpath.Dir(winpath.Key(path))
	for _, v := range t.volumes {
		if v.snapshot == "" && !t.other(v, vol) && !v.shows(key) {
			return false
		}
	}
	return true
}

// shows looks for the first folder on the way to a path that is not there.
func (v *volume) shows(key string) bool {
	for {
		p, ok := v.lookup(key)
		if ok || key == "" {
			return v.whole(p)
		}
		key = strings.TrimSuffix(winpath.Dir(key), `\`)
	}
}

// whole reports whether a folder has all names that it had on the machine, as far as the evidence says.
func (v *volume) whole(p string) bool {
	w, ok := v.fsys.(interface{ Whole(name string) bool })
	return !ok || w.Whole(p)
}

// bases returns the folders that a pattern's first component stands for.
func (v *volume) bases(head string) []string {
	var out []string
	add := func(rel string) {
		if p, ok := v.lookup(rel); ok && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	switch strings.ToLower(head) {
	case "%anydrive%":
		out = append(out, ".")
	case "%systemroot%":
		out = v.windowsRoots()
	case "%systemdrive%":
		if len(v.windowsRoots()) > 0 || v.isSystem() {
			out = append(out, ".")
		}
	case "%programdata%":
		add(`ProgramData`)
		add(`Documents and Settings\All Users\Application Data`)
	case "%userprofile%":
		for _, top := range []string{`Users`, `Documents and Settings`} {
			p, ok := v.lookup(top)
			if !ok || v.isLink(top) {
				continue
			}
			for _, e := range v.list(p).entries {
				if e.mode.IsDir() {
					add(top + `\` + e.name)
				}
			}
		}
		for _, w := range v.windowsRoots() {
			for _, rel := range []string{`ServiceProfiles\LocalService`, `ServiceProfiles\NetworkService`,
				`System32\config\systemprofile`, `SysWOW64\config\systemprofile`} {
				add(strings.ReplaceAll(w, "/", `\`) + `\` + rel)
			}
		}
	}
	return out
}

// isLink reports whether the top-level entry is a link, as the junction
// "Documents and Settings" is on a mounted Windows 10 volume.
func (v *volume) isLink(top string) bool {
	d := v.list(".")
	i, ok := d.byName[fold(top)]
	return ok && d.entries[i].mode&fs.ModeSymlink != 0
}

// isSystem reports whether the volume looks like a system drive although its
// Windows folder was not collected.
func (v *volume) isSystem() bool {
	d := v.list(".")
	for _, n := range []string{"USERS", "PROGRAMDATA", "DOCUMENTS AND SETTINGS", "$RECYCLE.BIN", "RECYCLER"} {
		if _, ok := d.byName[n]; ok {
			return true
		}
	}
	return false
}

// windowsRoots returns the folders below the volume's root that hold a
// Windows installation.
func (v *volume) windowsRoots() []string {
	var out []string
	for _, e := range v.list(".").entries {
		if !e.mode.IsDir() {
			continue
		}
		sub := v.list(e.name)
		_, sys := sub.byName["SYSTEM32"]
		if v.root != "" && e.name != v.root {
			continue
		}
		if n := fold(e.name); n == "WINDOWS" || n == "WINNT" || sys {
			out = append(out, e.name)
		}
	}
	return out
}
