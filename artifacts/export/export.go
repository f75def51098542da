// Package export reads single files out of a disk image by their file records,
// deleted ones included. It states for each run of clusters whether it still
// belongs to no other file.
package export

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A Volume is one NTFS volume of a disk image, or a shadow copy of it.
type Volume struct {
	*ntfs.Volume
	Offset int64 // of the volume in the disk
	Shadow bool  // offsets count in the shadow copy, not on the disk

	table *ntfs.Table
}

// A Choice names a volume of a disk.
type Choice struct {
	Volume int    // number in the partition table; negative: the only one
	Shadow string // "vss1" is the oldest shadow copy
}

// A ChoiceError is the error for a disk that does not have exactly one volume
// that fits.
type ChoiceError struct {
	Problem string
	Known   []string // what can be chosen
}

func (e *ChoiceError) Error() string {
	if len(e.Known) == 0 {
		return e.Problem
	}
	return e.Problem + "; known: " + strings.Join(e.Known, ", ")
}

// Select opens the volume of a disk that was chosen.
func Select(d *image.Disk, c Choice) (*Volume, error) {
	var fits []image.Volume
	var known []string
	for _, v := range d.Volumes() {
		if v.FSType != "ntfs" {
			continue
		}
		known = append(known, fmt.Sprintf("%d (%d bytes at %d)", v.Index, v.Size, v.Offset))
		if c.Volume < 0 || v.Index == c.Volume {
			fits = append(fits, v)
		}
	}
	switch {
	case len(known) == 0:
		return nil, &ChoiceError{Problem: "no NTFS volume in the image"}
	case len(fits) == 0:
		return nil, &ChoiceError{Problem: fmt.Sprintf("no NTFS volume %d", c.Volume), Known: known}
	case len(fits) > 1:
		return nil, &ChoiceError{Problem: "several NTFS volumes: choose one", Known: known}
	}
	v := fits[0]
	if c.Shadow == "" {
		n, err := v.NTFS()
		return &Volume{Volume: n, Offset: v.Offset}, err
	}
	known = nil
	for _, s := range v.Shadows {
		known = append(known, s.Name)
		if s.Name == c.Shadow {
			n, err := s.NTFS()
			return &Volume{Volume: n, Shadow: true}, err
		}
	}
	return nil, &ChoiceError{Problem: fmt.Sprintf("no shadow copy %q", c.Shadow), Known: known}
}

// A Found is a file of a volume, by its record.
type Found struct {
	Reference ntfs.Reference
	Stream    string
	Path      string // with the names of deleted folders; "" when the record has no name
	State     ntfs.PathState
	Deleted   bool
	Size      uint64 // of the stream, by the record
}

// String names the file in one line.
func (f *Found) String() string {
	s := f.Reference.String()
	if f.Deleted {
		s += " deleted"
	}
	if f.Path != "" {
		s += " " + f.Name()
	}
	return fmt.Sprintf("%s (%d bytes)", s, f.Size)
}

// Name returns the path with the name of the stream.
func (f *Found) Name() string {
	if f.Stream != "" {
		return f.Path + ":" + f.Stream
	}
	return f.Path
}

// Find returns the files that a name stands for: an entry number, a reference
// as "entry-sequence", or a path from the root of the volume, with or without a
// drive letter. ":stream" at the end names a stream. A path may have had several
// files, one after the other.
func (v *Volume) Find(name string) ([]Found, error) {
	want := parseWanted(name)
	var out []Found
	err := v.each(func(r *ntfs.Record) bool {
		if want.isEntry {
			if r.Entry == want.entry && (want.sequence == "" || r.Reference().String() == want.reference()) {
				out = append(out, v.found(r, want.stream))
			}
			return r.Entry < want.entry
		}
		for i := range r.Names {
			n := &r.Names[i]
			if !strings.EqualFold(n.Name(), want.base) {
				continue
			}
			b, state := v.table.AppendPath(nil, n)
			if strings.EqualFold(string(b), want.path) {
				f := v.found(r, want.stream)
				f.Path, f.State = string(b), state
				out = append(out, f)
				break
			}
		}
		return len(out) < maxFound
	})
	return out, err
}

// maxFound bounds the files that one path can have had.
const maxFound = 10_000

// Deleted yields the streams of all deleted files, empty ones left out.
func (v *Volume) Deleted(yield func(Found) bool) error {
	return v.each(func(r *ntfs.Record) bool {
		if r.InUse() || r.Directory() {
			return true
		}
		for i := range r.Streams {
			if r.Streams[i].Size > 0 && !yield(v.found(r, r.Streams[i].Name())) {
				return false
			}
		}
		return true
	})
}

// each yields the base records of the volume until the function says no.
func (v *Volume) each(yield func(*ntfs.Record) bool) error {
	if v.table == nil {
		t, err := v.Table(nil)
		if err != nil {
			return err
		}
		v.table = t
	}
	for r, err := range v.Records(v.table, false) {
		if err != nil {
			return err
		}
		if r.IsBase() && r.Damage&ntfs.Baad == 0 && !yield(r) {
			return nil
		}
	}
	return nil
}

func (v *Volume) found(r *ntfs.Record, stream string) Found {
	f := Found{Reference: r.Reference(), Stream: stream, Deleted: !r.InUse()}
	if path, state, ok := v.table.Path(r); ok {
		f.Path, f.State = path, state
	}
	for i := range r.Streams {
		if strings.EqualFold(r.Streams[i].Name(), stream) {
			f.Size = r.Streams[i].Size
			break
		}
	}
	return f
}

// A wanted is a name given by the user.
type wanted struct {
	isEntry  bool
	entry    uint64
	sequence string
	path     string // `\a\b`
	base     string // its last name
	stream   string
}

func (w *wanted) reference() string { return fmt.Sprintf("%d-%s", w.entry, w.sequence) }

func parseWanted(name string) wanted {
	var w wanted
	if len(name) >= 2 && name[1] == ':' && (len(name) == 2 || name[2] == '\\' || name[2] == '/') {
		name = name[2:] // a drive letter
	}
	name, w.stream, _ = strings.Cut(name, ":")
	entry, sequence, _ := strings.Cut(name, "-")
	n, err := strconv.ParseUint(entry, 10, 48)
	if _, bad := strconv.ParseUint(cmp.Or(sequence, "0"), 10, 16); err == nil && bad == nil {
		w.isEntry, w.entry, w.sequence = true, n, sequence
		return w
	}
	w.path = `\` + strings.Trim(strings.ReplaceAll(name, "/", `\`), `\`)
	w.base = w.path[strings.LastIndexByte(w.path, '\\')+1:]
	return w
}

// ErrNotWhole is wrapped by the error for a file of which clusters belong to
// another file now.
var ErrNotWhole = errors.New("not whole")

// Write reads a file to its end and writes it to w. With remains, clusters that
// belong to another file now are written as zeros; without it, such a file is an
// error that wraps [ErrNotWhole], and nothing is written. The report is nil only
// when the record or the stream could not be opened.
func (v *Volume) Write(ctx context.Context, w io.Writer, f Found, remains bool) (*Report, error) {
	s, err := v.OpenRemains(f.Reference, f.Stream)
	if s == nil {
		return nil, err
	}
	r := newReport(v, &f, s)
	switch {
	case err != nil:
		return r, err
	case s.Lost > 0 && !remains:
		return r, fmt.Errorf("%w: %d of %d bytes are in clusters that belong to another file now", ErrNotWhole, s.Lost, s.Size())
	}
	sum := sha256.New()
	zero := &watch{ctx: ctx, zero: true}
	if _, err := io.Copy(io.MultiWriter(w, sum, zero), s); err != nil {
		return r, err
	}
	r.SHA256 = hex.EncodeToString(sum.Sum(nil))
	r.Zero = zero.zero && r.Size > 0
	return r, nil
}

// A watch sees whether all bytes are zero, and ends a copy that was interrupted.
type watch struct {
	ctx  context.Context
	zero bool
}

func (z *watch) Write(p []byte) (int, error) {
	for i := 0; z.zero && i < len(p); i++ {
		z.zero = p[i] == 0
	}
	return len(p), z.ctx.Err()
}
