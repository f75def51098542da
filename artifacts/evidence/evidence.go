// Package evidence opens a copy of a Windows machine for reading: a folder, a
// collection, a disk image. Whatever holds the bytes, the rest of the program
// sees a [Tree]: the volumes of one machine, with names that are found
// in any case, the registry hives with their transaction logs, and
// the users.
//
// Nothing is ever written to the evidence, no link inside it leads out of it,
// and nothing is read from the machine that runs the program: paths, control
// sets, users and variables are those of the evidence.
package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// Options change how evidence is opened. The zero value, and nil, mean the
// defaults.
type Options struct {
	// Hostname names the machine when its SYSTEM hive is not there to say.
	Hostname string

	// MaxFile is the largest file that is read into memory, in bytes. The
	// default is 1 GiB: no hive or artifact of a living system comes near.
	MaxFile int64

	// NoLogs leaves the transaction logs of hives aside.
	NoLogs bool

	// NoShadows leaves the volume shadow copies of a disk image aside. They
	// are named all the same.
	NoShadows bool

	// Password opens an encrypted zip: with PKWARE's encryption or WinZip's.
	Password string

	// Unseal decrypts a file that age encrypted, as [sealed.Opener] of package
	// artifacts/sealed does. Without it such a file is an error.
	Unseal func(r io.ReaderAt, size int64) (io.ReaderAt, int64, error)

	// API reads a volume of the running machine through its file system, and not its device.
	API bool

	// AnyFile opens a single file whatever its first bytes are. An artifact of
	// files takes it for one of its own.
	AnyFile bool

	// CacheBytes is how much memory the pages of a disk image may use. The default is 64 MiB.
	CacheBytes int64

	// Wrap, when set, is given each file system that the evidence holds, and
	// the evidence is read through what it returns: to count what is read, or
	// to see what becomes of a read that fails.
	Wrap func(fs.FS) fs.FS
}

func (o *Options) wrap(fsys fs.FS) fs.FS {
	if o == nil || o.Wrap == nil {
		return fsys
	}
	return o.Wrap(fsys)
}

func (o *Options) image() *image.Options {
	if o == nil || o.CacheBytes <= 0 {
		return nil
	}
	return &image.Options{CacheBytes: o.CacheBytes, NTFS: &ntfs.Options{DirCache: int(max(o.CacheBytes/1000, 1000))}}
}

func (o *Options) collect() *collect.Options {
	if o == nil {
		return nil
	}
	return &collect.Options{Wrap: o.Wrap, Password: o.Password}
}

func (o *Options) maxFile() int64 {
	if o == nil || o.MaxFile <= 0 {
		return 1 << 30
	}
	return o.MaxFile
}

// Evidence is what one path holds: usually one machine, in a download from
// many machines one Tree for each.
type Evidence struct {
	Path  string  // as given
	Kind  string  // "folder", "loose files", "zip", "disk image (E01)", …
	Trees []*Tree // at least one
	Notes []string

	mounted []string // of live evidence that is read through the file system, the root
	live    bool     // a running machine changes it while it is read
	forget  func()

	protection map[string]string // by BitLocker, of the volumes of a running machine
	closers    []func() error
	bytesRead  func() int64
	verify     func(context.Context) (image.Verification, error)
}

// ErrNothing is wrapped by the error of [Open] when a path holds nothing that
// looks like a part of a Windows machine.
var ErrNothing = errors.New("nothing recognised")

// Open opens the evidence at path for reading: a folder, a collection in a
// zip or tar file, a disk image, or a single hive or Prefetch file. What a
// file is, its bytes tell and not its name. On Windows the name of a drive, C:,
// opens its volume, which is read raw.
func Open(path string, opts *Options) (*Evidence, error) {
	if device, letter, ok := deviceName(path); ok { // before any call that a device refuses
		if opts != nil && opts.API {
			return openLetter(letter, opts)
		}
		return openLive(device, letter, opts)
	}
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Mode().IsRegular() {
		if e, err := openSealed(path, opts); e != nil || err != nil {
			return e, err
		}
	}
	e, err := openCollection(path, opts)
	if errors.Is(err, collect.ErrNotCollection) {
		e, err = openImage(path, opts)
	}
	_, segment := errors.AsType[*image.SegmentError](err)
	switch {
	case errors.Is(err, image.ErrNotImage):
		e, err = openFile(path, opts)
	case segment: // by its name alone: the versions of a database may be numbered
		if one, failed := openFile(path, opts); failed == nil {
			e, err = one, nil
		}
	}
	if err != nil {
		return nil, err
	}
	e.Path = path
	if len(e.Trees) == 0 {
		e.Close()
		return nil, fmt.Errorf("%s: %w", path, ErrNothing)
	}
	return e, nil
}

// openCollection opens a folder, or an archive in place.
func openCollection(path string, opts *Options) (*Evidence, error) {
	c, err := collect.Open(path, opts.collect())
	if err != nil {
		return nil, notRecognised(path, err)
	}
	return fromCollection(c, path, opts)
}

// notRecognised names what was looked for, and what could not be read on the
// way.
func notRecognised(path string, err error) error {
	nr, ok := errors.AsType[*collect.NotRecognisedError](err)
	if !ok {
		return err
	}
	out := fmt.Errorf("%s: %w: looked for %s", path, ErrNothing, strings.Join(nr.Looked, "; "))
	if len(nr.Problems) > 0 {
		out = fmt.Errorf("%w; %w", out, errors.Join(nr.Problems...))
	}
	return out
}

func fromCollection(c *collect.Collection, path string, opts *Options) (*Evidence, error) {
	e := &Evidence{Kind: string(c.Container), closers: []func() error{c.Close}}
	for _, h := range c.Hosts {
		trees, notes := machines(h, baseName(path), path, opts)
		trees[0].notes = append(trees[0].notes, c.Problems...)
		c.Problems = nil // once is enough
		e.Trees = append(e.Trees, trees...)
		e.Notes = append(append(e.Notes, layoutNote(path, h)...), notes...)
	}
	return e, nil
}

// layoutNote says what was recognised where it is not plain to see.
func layoutNote(path string, h collect.Machine) []string {
	if h.Kind == collect.WindowsRoot {
		return nil
	}
	var vols []string
	for _, v := range h.Volumes {
		vols = append(vols, strings.TrimSpace(v.Name+" "+v.Snapshot))
	}
	s := fmt.Sprintf("%s: read as %s", path, h.Kind)
	if h.Name != "" {
		s += " of host " + h.Name
	}
	if v := strings.Trim(strings.Join(vols, ", "), ", "); v != "" {
		s += ": " + v
	}
	return []string{s}
}

// baseName is the name of the evidence when nothing inside it tells the
// machine's.
func baseName(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.Base(path)
}

// OpenFS opens evidence that lies in a file system of the caller's. The file
// system must not follow links that lead out of the evidence.
func OpenFS(fsys fs.FS, name string, opts *Options) (*Evidence, error) {
	hosts, err := collect.Layout(opts.wrap(fsys))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNothing, err)
	}
	e := &Evidence{Path: name, Kind: "folder"}
	for i, h := range hosts {
		e.closers = append(e.closers, hosts[i].Close)
		trees, notes := machines(h, name, name, opts)
		e.Trees = append(e.Trees, trees...)
		e.Notes = append(e.Notes, notes...)
	}
	return e, nil
}

// BytesRead reports how much of a disk image has been read so far, 0 for other
// evidence.
func (e *Evidence) BytesRead() int64 {
	if e.bytesRead == nil {
		return 0
	}
	return e.bytesRead()
}

// VerifyImage reads a whole disk image and compares it with the hashes that it
// stores. ok is false for evidence that stores none.
func (e *Evidence) VerifyImage(ctx context.Context) (v image.Verification, ok bool, err error) {
	if e.verify == nil {
		return v, false, nil
	}
	v, err = e.verify(ctx)
	return v, v.Stored(), err
}

// Live reports whether the evidence is a volume of a running machine, which changes while it is read.
func (e *Evidence) Live() bool { return e.live }

// Forget drops what is kept of a live volume, so that the next look at a file shows it as it is then.
func (e *Evidence) Forget() {
	if e.forget != nil {
		e.forget()
	}
}

// Close releases the files behind the evidence.
func (e *Evidence) Close() error {
	var errs []error
	for _, c := range e.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// A Tree is the copy of one machine.
type Tree struct {
	volumes []*volume
	loose   bool
	files   []collect.Loose // of a loose heap, known by their signatures
	notes   []error         // what could not be read when the evidence was opened
	name    string          // what the evidence calls the machine
	opts    *Options

	hivesOnce sync.Once
	hives     []*Hive
	hiveNotes []error

	machineOnce sync.Once
	machineRead atomic.Bool
	machine     *Machine
}

func newTree(h collect.Machine, name string, opts *Options) *Tree {
	t := &Tree{loose: h.Loose, name: h.Name, opts: opts, files: h.Files, notes: h.Problems}
	if t.name == "" {
		t.name = name
	}
	for _, v := range h.Volumes {
		vol := newVolume(v)
		if vol.name == "" && !h.Loose && len(vol.windowsRoots()) > 0 {
			// A copied volume does not tell its letter. Windows lives on C:
			// unless somebody went out of his way.
			vol.name = "C:"
		}
		t.volumes = append(t.volumes, vol)
	}
	return t
}

// Problems returns what was refused or could not be read when the evidence
// was opened, the directories that could not be listed so far, each once, and
// the files whose size and times could not be read.
// Their number grows as files are looked for. A run over the
// artifacts reports at its end what came after it began.
func (t *Tree) Problems() []error {
	all := slices.Clone(t.notes)
	for _, v := range t.volumes {
		v.mu.Lock()
		all = append(all, v.problems...)
		v.mu.Unlock()
	}
	return all
}

// Loose reports whether the evidence is a folder of loose files without the folders
// they came from.
func (t *Tree) Loose() bool { return t.loose }

// A User is an account of the machine, as far as the evidence shows: the SID
// from the profile list, the name from the account or the profile's folder.
type User struct {
	SID     string
	Name    string
	Profile string // the profile's folder, a Windows path
}
