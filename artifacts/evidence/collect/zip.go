package collect

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
)

var le = binary.LittleEndian

// Zip: the end of central directory record (APPNOTE 4.3.14 to 4.3.16).
const (
	zipEnd        = 22
	zipEndCount   = 10 // u16
	zipEndSize    = 12 // u32, of the directory
	zipEndAt      = 16 // u32
	zipEndComment = 20 // u16
	zip64Locator  = 20
	zip64At       = 8  // u64, in the locator
	zip64Count    = 32 // u64, in the record
	zipMaxName    = 1 << 16

	zipEndMark = "PK\x05\x06"

	// maxJunk is how much may follow the end of a zip: what an interrupted or repeated upload left.
	maxJunk = 64 << 20
)

// findZipEnd looks for the end record from the back, and returns its offset, -1 when there is none.
func findZipEnd(r io.ReaderAt, size int64) int64 {
	const step = 1 << 20
	b := make([]byte, step+zipEnd)
	var marks []int
	for end := size; end > 0 && end > size-maxJunk; end -= step {
		at := max(0, end-step)
		n, _ := r.ReadAt(b[:min(size-at, int64(len(b)))], at)
		marks = marks[:0]
		for i := 0; ; { // forwards, which is much faster than bytes.LastIndex
			k := bytes.Index(b[i:n], []byte(zipEndMark))
			if k < 0 {
				break
			}
			marks = append(marks, i+k)
			i += k + 1
		}
		for _, i := range slices.Backward(marks) {
			if e := b[i:n]; len(e) >= zipEnd && zipEndFits(e, at+int64(i), size) {
				return at + int64(i)
			}
		}
	}
	return -1
}

// zipEndFits reports whether an end record is one: its directory ends where it begins, or is a 64-bit one.
func zipEndFits(e []byte, at, size int64) bool {
	dirSize, dirAt := int64(le.Uint32(e[zipEndSize:])), int64(le.Uint32(e[zipEndAt:]))
	comment := int64(le.Uint16(e[zipEndComment:]))
	return at+zipEnd+comment <= size && (dirAt+dirSize <= at || dirAt == 1<<32-1)
}

// beginsWithEntries reports whether a file whose first bytes are no entry's is a zip all the same: its directory, at its end, counts
// offsets from the file's beginning.
func beginsWithEntries(r io.ReaderAt, size int64) bool {
	at := findZipEnd(r, size)
	if at < 0 {
		return false
	}
	e := make([]byte, zipEnd)
	if n, _ := r.ReadAt(e, at); n < len(e) {
		return false
	}
	dirSize, dirAt := int64(le.Uint32(e[zipEndSize:])), int64(le.Uint32(e[zipEndAt:]))
	mark := make([]byte, 4)
	n, _ := r.ReadAt(mark, dirAt)
	return dirAt+dirSize == at && n == 4 && string(mark) == "PK\x01\x02"
}

// zipEntries reads how many entries the end record at an offset says the zip has.
func zipEntries(r io.ReaderAt, at int64) int64 {
	b := make([]byte, zip64Locator+zipEnd)
	if n, _ := r.ReadAt(b, max(at-zip64Locator, 0)); n < zipEnd {
		return 0
	}
	if at < zip64Locator {
		return int64(le.Uint16(b[at+zipEndCount:]))
	}
	n := int64(le.Uint16(b[zip64Locator+zipEndCount:]))
	if string(b[:4]) == "PK\x06\x07" {
		rec := make([]byte, zip64Count+8)
		if m, _ := r.ReadAt(rec, max(int64(le.Uint64(b[zip64At:])), 0)); m == len(rec) && string(rec[:4]) == "PK\x06\x06" {
			n = int64(le.Uint64(rec[zip64Count:]))
		}
	}
	return max(n, 0)
}

// directoryReader bounds how much of an archive may be read for its directory: the count that the end record gives may lie.
type directoryReader struct {
	r    io.ReaderAt
	left atomic.Int64
	read atomic.Int64
}

var errDirectory = errors.New("directory is too large")

func (d *directoryReader) ReadAt(p []byte, off int64) (int, error) {
	if d.left.Add(-int64(len(p))) < 0 {
		return 0, errDirectory
	}
	d.read.Add(int64(len(p)))
	return d.r.ReadAt(p, off)
}

// readZip reads the directory of a zip; without one, the headers of the entries themselves.
func (a *archive) readZip(r io.ReaderAt, size int64) error {
	end := findZipEnd(r, size)
	if end < 0 {
		return a.walkZip(r, size, errors.New("the directory at its end is missing"))
	}
	if zipEntries(r, end) > int64(a.opts.MaxEntries) {
		return &LimitError{"MaxEntries", int64(a.opts.MaxEntries)}
	}
	whole := size
	e := make([]byte, zipEnd)
	if n, _ := r.ReadAt(e, end); n == zipEnd {
		if whole = end + zipEnd + int64(le.Uint16(e[zipEndComment:])); whole < size {
			a.problem("the archive", fmt.Sprintf("%d bytes follow its end", size-whole), nil)
		}
	}
	dr := &directoryReader{r: r}
	dr.left.Store(1<<20 + 512*int64(a.opts.MaxEntries))
	z, err := zip.NewReader(dr, whole)
	if errors.Is(err, errDirectory) || err == nil && len(z.File) > a.opts.MaxEntries {
		return &LimitError{"MaxEntries", int64(a.opts.MaxEntries)}
	}
	if err != nil {
		return a.walkZip(r, size, err)
	}
	a.boundNodes(dr.read.Load())
	entries := make([]*zipEntry, len(z.File))
	for i, f := range z.File {
		entries[i] = a.zipEntryOf(r, f)
	}
	a.placeEntries(entries, end)
	return a.addZip(entries)
}

// addZip puts the entries into the tree. Velociraptor's container, a zip with metadata.json and data.zip alone, is opened if the password
// is given, and named otherwise.
func (a *archive) addZip(entries []*zipEntry) error {
	if len(entries) == 2 {
		i := slices.IndexFunc(entries, func(e *zipEntry) bool { return e.name == "data.zip" })
		if i >= 0 && entries[1-i].name == "metadata.json" {
			return a.readContainer(entries[i])
		}
	}
	files, locked, tried, wrong := 0, 0, 0, 0
	for _, e := range entries {
		if !e.mode.IsDir() {
			files++
		}
		if !e.encrypted() {
			a.add(e.name, e.mode, e.size, e)
			continue
		}
		locked++
		switch {
		case a.opts.Password == "":
			a.refuse(e.name, "it is encrypted, and no password is given", ErrEncrypted)
			continue
		case tried < maxPasswordTries: // each costs a millisecond; that of the others is tried when they are opened
			tried++
			if err := e.checkPassword(); errors.Is(err, errPassword) {
				wrong++
			}
		}
		a.add(e.name, e.mode, e.size, e)
	}
	switch {
	case locked == 0 || locked < files && wrong < tried:
	case a.opts.Password == "" && locked == files:
		a.problems = nil // one sentence is enough
		return fmt.Errorf("give its password with --password: %w", ErrEncrypted)
	case tried > 0 && wrong == tried:
		return fmt.Errorf("the password does not open it: %w", ErrEncrypted)
	}
	return nil
}

const maxPasswordTries = 20

// readContainer opens the data.zip of a Velociraptor container.
func (a *archive) readContainer(data *zipEntry) error {
	if data.encrypted() && a.opts.Password == "" {
		return fmt.Errorf("a Velociraptor container: data.zip inside is encrypted with AES; give the collection's password with --password. "+
			"If the collector used a certificate, the password is in metadata.json, encrypted for its key: %w", ErrEncrypted)
	}
	f, err := data.open()
	if err != nil {
		return fmt.Errorf("a Velociraptor container: data.zip: %w", err)
	}
	inner, err := Spool(f, data.size, data.a.opts.MaxExpanded)
	if err != nil {
		return fmt.Errorf("a Velociraptor container: data.zip: %w", err)
	}
	a.closers = append(a.closers, inner)
	if err := a.readZip(inner, inner.Size()); err != nil {
		return fmt.Errorf("a Velociraptor container: data.zip: %w", err)
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

func (a *archive) zipEntryOf(r io.ReaderAt, f *zip.File) *zipEntry {
	e := &zipEntry{a: a, r: r, name: f.Name, mode: zipMode(f), method: f.Method, flags: f.Flags, crc: f.CRC32, modTime: f.ModifiedTime,
		size: int64(min(f.UncompressedSize64, 1<<62)), packed: int64(min(f.CompressedSize64, 1<<62)), at: -1}
	e.readExtra(f.Extra)
	if at, err := f.DataOffset(); err == nil {
		e.at = at
	}
	return e
}

// placeEntries finds the data of entries whose local header is damaged: it ends where the next entry begins, or the directory.
func (a *archive) placeEntries(entries []*zipEntry, end int64) {
	if !slices.ContainsFunc(entries, func(e *zipEntry) bool { return e.at < 0 }) {
		return
	}
	var prev *zipEntry
	for _, e := range entries { // in the order of the directory, which is that of the file with all writers that are known
		if e.at < 0 && !e.mode.IsDir() {
			from := int64(0)
			if prev != nil && prev.at >= 0 {
				from = prev.at + prev.packed
			}
			e.search(from)
		}
		if e.at >= 0 {
			prev = e
		}
	}
}
