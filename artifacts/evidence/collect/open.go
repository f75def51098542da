package collect

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Container is how a collection is stored.
type Container string

// The containers that Open reads.
const (
	Folder Container = "folder"
	Zip    Container = "zip"
	Tar    Container = "tar"
)

// Options bound what a collection may cost. Nil and zero fields mean the default.
type Options struct {
	MaxEntries  int    // entries of an archive; default 1 million
	MaxEntry    int64  // bytes that one entry of an archive may expand to; default 16 GiB
	MaxExpanded int64  // bytes that all reading from an archive may expand to; default 100 times the archive, at least 16 GiB
	Password    string // of encrypted archives
	MaxReadFile int64  // bytes that ReadFile of an archive's file system returns at most; default 1 GiB

	Wrap func(fs.FS) fs.FS // when set, the collection is read through what it returns
}

// wrap is the file system that the layout is looked for in.
func (o *Options) wrap(fsys fs.FS) fs.FS {
	if o == nil || o.Wrap == nil {
		return fsys
	}
	return o.Wrap(fsys)
}

func (o *Options) withDefaults(size int64) Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.MaxEntries <= 0 {
		d.MaxEntries = 1_000_000
	}
	if d.MaxEntry <= 0 {
		d.MaxEntry = 16 << 30
	}
	if d.MaxExpanded <= 0 {
		d.MaxExpanded = max(100*min(size, 1<<50), 16<<30)
	}
	if d.MaxReadFile <= 0 {
		d.MaxReadFile = 1 << 30
	}
	return d
}

// A LimitError says that reading on would take more than an option allows.
type LimitError struct {
	Option string // the field of Options to raise
	Limit  int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("more than Options.%s = %d", e.Option, e.Limit)
}

// ErrNotCollection says that a file is neither a folder nor an archive that Open reads.
var ErrNotCollection = errors.New("neither a folder nor an archive of a collection")

// A Collection is an open folder or archive.
type Collection struct {
	Container Container
	Hosts     []Machine
	Problems  []error // entries of the archive that were refused, and files that hold nothing for us; each names its path
	close     func() error
}

// Close closes the folder or archive. The hosts' file systems must not be used after it.
func (c *Collection) Close() error { return c.close() }

// Open opens a folder, a zip or a tar and finds the hosts in it. In a folder no link leads out; of an archive nothing is unpacked. What
// an archive is, its first bytes tell and not its name; a file of any other kind gives an error that is ErrNotCollection.
func Open(path string, opts *Options) (*Collection, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openFolder(path, opts)
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotCollection}
	}
	f, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	c, err := OpenArchive(f, info.Size(), opts)
	if err != nil {
		f.Close()
		if nr, ok := errors.AsType[*NotRecognisedError](err); ok {
			nr.Name = filepath.Base(path)
			return nil, nr
		}
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	inner := c.close
	c.close = func() error { return errors.Join(inner(), f.Close()) }
	return c, nil
}

// OpenArchive is Open for an archive that is open already. Closing the collection leaves r alone.
func OpenArchive(r io.ReaderAt, size int64, opts *Options) (*Collection, error) {
	head := make([]byte, tarBlock)
	n, err := r.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	a := &archive{opts: opts.withDefaults(size), tree: newTree()}
	a.tree.maxRead = a.opts.MaxReadFile
	c := &Collection{close: a.close}
	c.Container, err = a.read(r, size, head[:n])
	if err == nil {
		c.Hosts, err = Layout(opts.wrap(a.tree))
	}
	if err != nil {
		a.close()
		return nil, errors.Join(append([]error{err}, a.problems...)...)
	}
	c.Problems = a.allProblems()
	c.close = func() error { return errors.Join(c.closeHosts(), a.close()) }
	return c, nil
}

// read recognises an archive by its first bytes, and a zip whose first entry is damaged by its directory.
func (a *archive) read(r io.ReaderAt, size int64, head []byte) (Container, error) {
	is := func(magic string) bool { return strings.HasPrefix(string(head), magic) }
	switch {
	case is(localMark), is(zipEndMark):
		return Zip, a.readZip(r, size)
	case isTar(head):
		return Tar, a.readTar(r, size)
	case is("\x1F\x8B"), is("\x28\xB5\x2F\xFD"), is("BZh"):
		return a.readPacked(r, size, head)
	}
	for _, other := range others {
		if is(other.magic) {
			return "", fmt.Errorf("%s: %w", other.says, ErrUnsupported)
		}
	}
	if beginsWithEntries(r, size) {
		return Zip, a.readZip(r, size)
	}
	return "", ErrNotCollection
}

// ErrUnsupported is wrapped by the error for a container that is known and not read. The error says what to do.
var ErrUnsupported = errors.New("not supported")

// others are the containers that are named, with the next step.
var others = []struct{ magic, says string }{
	{"7z\xBC\xAF\x27\x1C", "a 7z archive: unpack it with 7-Zip (7z x FILE -oFOLDER) and open the folder"},
	{"Rar!\x1A\x07", "a RAR archive: unpack it with unrar or 7-Zip (unrar x FILE) and open the folder"},
	{"\xFD7zXZ\x00", "compressed with xz: unpack it (xz -dk FILE) and open the tar"},
	{"ADSEGMENTEDFILE", "an AD1 file of FTK Imager: export its files with FTK Imager and open the folder"},
	{"LVF\x09\r\n\xFF\x00", "a logical evidence file (L01) of EnCase: export its files with EnCase or libewf (ewfmount) and open the folder"},
	{"LEF2\r\n\x81\x00", "a logical evidence file (Lx01) of EnCase: export its files with EnCase and open the folder"},
	{"EVF2\r\n\x81\x00", "an EnCase 7 image (Ex01): convert it to E01 or raw with EnCase or libewf (ewfexport) and open that"},
	{"AFF10\r\n\x00", "an AFF image: convert it to raw (affconvert -r FILE) and open that"},
	{"MSWIM\x00\x00\x00", "a WIM image: apply it to a folder (wimapply FILE FOLDER) and open the folder"},
}

// close removes the temporary files.
func (a *archive) close() error {
	var errs []error
	for _, c := range a.closers {
		errs = append(errs, c.Close())
	}
	a.closers = nil
	return errors.Join(errs...)
}

func openFolder(path string, opts *Options) (*Collection, error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	d := dirFS{root: root, dirs: newOpenDirs(root)}
	c := &Collection{Container: Folder}
	if f, err := root.Open("."); err == nil {
		d.ntfs = ntfsTimes(f) != nil
		f.Close()
	}
	if c.Hosts, err = Layout(opts.wrap(d)); err != nil {
		d.dirs.close()
		if nr, ok := errors.AsType[*NotRecognisedError](err); ok {
			nr.Name = filepath.Base(path)
		}
		return nil, err
	}
	c.close = func() error { return errors.Join(c.closeHosts(), d.dirs.close()) }
	return c, nil
}

// closeHosts closes what the layout opened.
func (c *Collection) closeHosts() error {
	var errs []error
	for i := range c.Hosts {
		errs = append(errs, c.Hosts[i].Close())
	}
	return errors.Join(errs...)
}
