package collect

import (
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A tableWalk lays the names that a collected $MFT has into the tree of its volume, as a listing would.
type tableWalk struct {
	*veloWalk
	t       *tree
	table   *ntfs.Table
	folders map[ntfs.Reference]*node // nil for one that is not to be shown
	names   int64
	path    []byte
}

// readTable names what was on a volume and was not collected, by its $MFT, which has as many names in folders as the collector counted.
func (v *veloWalk) readTable(t *tree, names int64) error {
	n := t.find("$MFT")
	if n == nil || n.IsDir() {
		return fs.ErrNotExist
	}
	w := &tableWalk{veloWalk: v, t: t, folders: map[ntfs.Reference]*node{}}
	r, err := v.settle(n)
	if err != nil {
		return err
	}
	if w.table, err = ntfs.ReadTable(io.NewSectionReader(r, 0, n.size), nil, nil); err != nil {
		return err
	}
	for rec, err := range ntfs.Records(io.NewSectionReader(r, 0, n.size), &ntfs.RecordOptions{Table: w.table}) {
		if err != nil {
			return err
		}
		if !rec.InUse() || !rec.IsBase() || rec.Reused {
			continue
		}
		if err := w.record(rec); err != nil {
			return err
		}
	}
	if w.names != names {
		return fmt.Errorf("%d names, the collector saw %d", w.names, names)
	}
	return nil
}

// settle returns the bytes of a file that is read more than once, here and by the decoders. One that can only be read from its beginning
// is expanded into a temporary file, which the machine keeps.
func (v *veloWalk) settle(n *node) (io.ReaderAt, error) {
	f, err := n.src.open()
	if err != nil {
		return nil, err
	}
	if at, ok := f.(io.ReaderAt); ok {
		v.closers = append(v.closers, f)
		return at, nil
	}
	s, err := spool(f, n.size, maxTable, 4<<20)
	if s == nil {
		return nil, err
	}
	v.closers = append(v.closers, s)
	if err == nil && s.Size() == n.size {
		n.src = sourceFunc(func() (fs.File, error) { return &storedFile{SectionReader: io.NewSectionReader(s, 0, n.size)}, nil })
	}
	return s, err
}

// maxTable bounds what is expanded of a file table.
const maxTable = 64 << 30

// record takes the names of one file or folder.
func (w *tableWalk) record(r *ntfs.Record) error {
	var size int64
	for i := range r.Streams {
		if s := &r.Streams[i]; s.Main() {
			size = int64(min(s.Size, 1<<62))
		}
	}
	var times *seen
	for i := range r.Names {
		n := &r.Names[i]
		if n.DOS() {
			continue
		}
		if times == nil {
			best := r.BestName()
			times = &seen{r.Standard.Times[0], r.Standard.Times[1], r.Standard.Times[3], r.Standard.Times[2],
				best.Times[0], best.Times[1]}
		}
		if err := w.name(r, n, size, times); err != nil {
			return err
		}
	}
	return nil
}

func (w *tableWalk) name(r *ntfs.Record, n *ntfs.Name, size int64, times *seen) error {
	if r.Entry == ntfs.RootEntry {
		return nil
	}
	if w.entries++; w.entries > maxTreeEntries {
		return fmt.Errorf("more than %d entries", maxTreeEntries)
	}
	dir := w.folder(n.Parent)
	if dir == nil {
		return nil
	}
	w.names++
	link := r.ReparseTag == reparseMountPoint || r.ReparseTag == reparseSymlink
	if r.Directory() && !link {
		if d := w.folder(r.Reference()); d != nil && d.seen == nil {
			d.seen = times
		}
		return nil
	}
	name := ntfs.PathName(n.Name())
	if !plainName(name) {
		return nil
	}
	key := Fold(name)
	if dir.kid(key) != nil { // it was collected
		return nil
	}
	f := &node{name: name, key: key, mode: 0o444, size: size, seen: times, src: notCollected{}}
	if link {
		f.mode = fs.ModeSymlink | 0o777
	}
	dir.put(f)
	w.t.n++
	return nil
}

// The tags of what is shown as a link, as package ntfs does ([MS-FSCC] 2.1.2.1).
const (
	reparseMountPoint = 0xA0000003
	reparseSymlink    = 0xA000000C
)

// folder returns the directory that a reference leads to, nil where its path is not confirmed up to the root.
func (w *tableWalk) folder(ref ntfs.Reference) *node {
	if d, ok := w.folders[ref]; ok {
		return d
	}
	var state ntfs.PathState
	w.path, state = w.table.AppendFolder(w.path[:0], ref)
	var d *node
	if state == ntfs.PathWhole {
		d = w.confirmed(strings.Trim(string(w.path), `\`))
	}
	w.folders[ref] = d
	return d
}

// confirmed returns the directory of a path.
func (w *tableWalk) confirmed(p string) *node {
	if p == "" {
		return w.t.root
	}
	names := strings.Split(p, `\`)
	if len(names) > maxTreeDepth {
		return nil
	}
	for i, n := range names {
		if names[i] = ntfs.PathName(n); !plainName(names[i]) {
			return nil
		}
	}
	d, _ := w.t.dir(names)
	return d
}
