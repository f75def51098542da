package collect

import (
	"archive/tar"
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

// An archive becomes a tree of names; its bytes stay where they are. The times of its entries are not used: they are those of the copy,
// or 1980-01-01, and in a zip without a zone.
type archive struct {
	opts     Options
	tree     *tree
	problems []error
	refused  int
	expanded atomic.Int64
}

// maxProblems bounds what is said one by one; the rest is counted.
const maxProblems = 1000

func (a *archive) refuse(name, why string, err error) {
	if a.refused++; a.refused <= maxProblems {
		a.problems = append(a.problems, &PathError{Path: name, Problem: "left out: " + why, Err: err})
	}
}

func (a *archive) allProblems() []error {
	if a.refused > maxProblems {
		return append(a.problems, fmt.Errorf("and %d more entries were left out", a.refused-maxProblems))
	}
	return a.problems
}

// split takes a name of an archive apart. A backslash separates too: archivers on Windows have written it, and no name on NTFS holds one.
// What could lead elsewhere, if somebody unpacked it, is refused.
func split(name string) (parts []string, why string) {
	if !utf8.ValidString(name) {
		name = strings.ToValidUTF8(name, "\uFFFD")
	}
	name = strings.TrimSuffix(strings.ReplaceAll(name, `\`, "/"), "/")
	for strings.HasPrefix(name, "./") {
		name = name[len("./"):]
	}
	parts = strings.Split(name, "/")
	for _, p := range parts {
		switch {
		case p == "..":
			return nil, "its name holds .."
		case p == "":
			return nil, "its name is absolute or has an empty component"
		case p == "." || strings.ContainsRune(p, 0):
			return nil, "its name is none"
		}
	}
	if len(parts) > maxTreeDepth {
		return nil, fmt.Sprintf("more than %d directories deep", maxTreeDepth)
	}
	if first := parts[0]; len(first) > 2 && first[1] == ':' {
		return nil, "its name begins with a drive letter" // C: alone is the directory that stands for the drive
	}
	return parts, ""
}

// add puts one entry into the tree.
func (a *archive) add(name string, mode fs.FileMode, size int64, open func() (fs.File, error)) {
	parts, why := split(name)
	switch {
	case why != "":
		a.refuse(name, why, nil)
	case mode.IsDir():
		if _, ok := a.tree.dir(parts); !ok {
			a.refuse(name, "a file of this name is there already", nil)
		}
	case !mode.IsRegular():
		a.refuse(name, "a link or device", nil)
	default:
		last := len(parts) - 1
		n := &node{name: parts[last], mode: 0o444, size: size, open: open}
		if !a.tree.add(parts[:last], n) {
			a.refuse(name, "the name is there already, or a file stands where its directory should", nil)
		}
	}
}

// Zip: the end of central directory record, to know the number of entries before they are read (APPNOTE 4.3.14 to 4.3.16).
const (
	zipEnd       = 22
	zipEndCount  = 10 // u16
	zip64Locator = 20
	zip64At      = 8  // u64, in the locator
	zip64Count   = 32 // u64, in the record
	zipMaxName   = 1 << 16
)

// zipEntries reads how many entries a zip says it has; false when it says nothing that can be found.
func zipEntries(r io.ReaderAt, size int64) (int64, bool) {
	b := make([]byte, min(size, zipEnd+zipMaxName+zip64Locator))
	if n, _ := r.ReadAt(b, size-int64(len(b))); n < len(b) {
		return 0, false
	}
	le := binary.LittleEndian
	i := strings.LastIndex(string(b), "PK\x05\x06")
	if i < 0 || i+zipEnd > len(b) {
		return 0, false
	}
	n := int64(le.Uint16(b[i+zipEndCount:]))
	if i >= zip64Locator && string(b[i-zip64Locator:i-zip64Locator+4]) == "PK\x06\x07" {
		rec := make([]byte, zip64Count+8)
		at := int64(le.Uint64(b[i-zip64Locator+zip64At:]))
		if m, _ := r.ReadAt(rec, max(at, 0)); m == len(rec) && string(rec[:4]) == "PK\x06\x06" {
			n = int64(le.Uint64(rec[zip64Count:]))
		}
	}
	return n, n >= 0
}

// directoryReader bounds how much of an archive may be read for its directory: the count that the end record gives may lie.
type directoryReader struct {
	r    io.ReaderAt
	left atomic.Int64
}

var errDirectory = errors.New("directory is too large")

func (d *directoryReader) ReadAt(p []byte, off int64) (int, error) {
	if d.left.Add(-int64(len(p))) < 0 {
		return 0, errDirectory
	}
	return d.r.ReadAt(p, off)
}

// readZip reads the directory of a zip. Velociraptor's encrypted form, a zip with metadata.json and data.zip alone, is named as such.
func (a *archive) readZip(r io.ReaderAt, size int64) error {
	if n, ok := zipEntries(r, size); ok && n > int64(a.opts.MaxEntries) {
		return &LimitError{"MaxEntries", int64(a.opts.MaxEntries)}
	}
	dr := &directoryReader{r: r}
	dr.left.Store(1<<20 + 512*int64(a.opts.MaxEntries))
	z, err := zip.NewReader(dr, size)
	if errors.Is(err, errDirectory) || err == nil && len(z.File) > a.opts.MaxEntries {
		return &LimitError{"MaxEntries", int64(a.opts.MaxEntries)}
	}
	if err != nil {
		return fmt.Errorf("zip: %w", err)
	}
	dr.left.Store(1 << 62) // from here on it is the files that are read
	if len(z.File) == 2 {
		i := slices.IndexFunc(z.File, func(f *zip.File) bool { return f.Name == "data.zip" })
		if i >= 0 && z.File[1-i].Name == "metadata.json" {
			return containerError(z.File[i])
		}
	}
	locked := 0
	for _, f := range z.File {
		if f.Flags&1 != 0 || f.Method == 99 {
			locked++
			a.refuse(f.Name, "it is encrypted", ErrEncrypted)
			continue
		}
		a.add(f.Name, zipMode(f), int64(min(f.UncompressedSize64, 1<<62)), a.zipOpener(r, f))
	}
	if locked > 0 && locked == len(z.File) {
		return ErrEncrypted
	}
	return nil
}

// zipMode is the mode of an entry; what is written with a slash at its end is a directory.
func zipMode(f *zip.File) fs.FileMode {
	if strings.HasSuffix(f.Name, "/") || strings.HasSuffix(f.Name, `\`) {
		return fs.ModeDir
	}
	return f.Mode()
}

// containerError says how to get at the data.zip of a Velociraptor container.
func containerError(data *zip.File) error {
	if data.Flags&1 != 0 || data.Method == 99 { // WinZip AES
		return fmt.Errorf("a Velociraptor container: data.zip inside is encrypted with AES; its password is the one of the collection, or stands "+
			"in metadata.json, encrypted for the certificate's key; unpack data.zip with it and open that: %w", ErrEncrypted)
	}
	return fmt.Errorf("a Velociraptor container: unpack data.zip and open that: %w", ErrNotCollection)
}

// zipOpener opens an entry: one that is stored can be read at any offset, a deflated one from its beginning.
func (a *archive) zipOpener(r io.ReaderAt, f *zip.File) func() (fs.File, error) {
	return func() (fs.File, error) {
		size := int64(min(f.UncompressedSize64, 1<<62))
		if size > a.opts.MaxEntry {
			return nil, &LimitError{"MaxEntry", a.opts.MaxEntry}
		}
		if f.Method == zip.Store {
			at, err := f.DataOffset()
			if err != nil {
				return nil, err
			}
			if f.CompressedSize64 != f.UncompressedSize64 {
				return nil, zip.ErrFormat
			}
			return plainFile{io.NewSectionReader(r, at, size)}, nil
		}
		rc, err := f.Open()
		if err != nil {
			return nil, err
		}
		return &expandedFile{a, rc, size}, nil
	}
}

// plainFile and expandedFile are wrapped by the tree, which knows what Stat has to say.
type plainFile struct{ *io.SectionReader }

func (plainFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (plainFile) Close() error               { return nil }

type expandedFile struct {
	a    *archive
	rc   io.ReadCloser
	left int64 // of the size that the entry claims
}

func (f *expandedFile) Stat() (fs.FileInfo, error) { return nil, fs.ErrInvalid }
func (f *expandedFile) Close() error               { return f.rc.Close() }
func (f *expandedFile) Read(p []byte) (int, error) {
	n, err := f.rc.Read(p)
	if f.left -= int64(n); f.left < 0 {
		return 0, fmt.Errorf("expands to more than it claims: %w", zip.ErrFormat)
	}
	if f.a.expanded.Add(int64(n)) > f.a.opts.MaxExpanded {
		return 0, &LimitError{"MaxExpanded", f.a.opts.MaxExpanded}
	}
	return n, err
}

// readTar reads the headers of a tar, and where the bytes of each file stand.
func (a *archive) readTar(r io.ReaderAt, size int64) error {
	sr := io.NewSectionReader(r, 0, size)
	t := tar.NewReader(sr)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			if n == 0 {
				return fmt.Errorf("tar: %w", err)
			}
			a.refuse(fmt.Sprintf("after entry %d", n), "the archive is damaged", err)
			return nil
		}
		if n >= a.opts.MaxEntries {
			return &LimitError{"MaxEntries", int64(a.opts.MaxEntries)}
		}
		at, err := sr.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeDir:
		case tar.TypeXGlobalHeader:
			continue
		default:
			a.refuse(h.Name, "a link, a device or a sparse file", nil)
			continue
		}
		mode := fs.FileMode(0)
		if h.Typeflag == tar.TypeDir {
			mode = fs.ModeDir
		}
		if h.Size > size-at {
			a.refuse(h.Name, "it runs past the archive's end", nil)
			continue
		}
		a.add(h.Name, mode, h.Size, func() (fs.File, error) { return plainFile{io.NewSectionReader(r, at, h.Size)}, nil })
	}
}
