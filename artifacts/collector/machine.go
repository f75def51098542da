package collector

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A machine is the part of a zip that is one machine's.
type machine struct {
	*collection
	tree    *evidence.Tree
	prefix  string // of its entries
	name    string
	started time.Time
	devices map[evidence.Place]*device
	order   []*device
	shadows map[string]bool // device names that are taken
	rows    []*row
	log     []string
}

// A device is a volume as the layout names it.
type device struct {
	evidence.Place
	Accessor string
	Device   string // \\.\C:
	Stored   string // folder of the zip, from the machine's
	fsys     fs.FS
	Listed   int64
}

// A row is what the lists of the zip say of one file.
type row struct {
	item       *Item
	place      evidence.Place
	path       string // as Windows spells it
	components []string
	stored     string // "" when there is nothing of it
	size       int64
	info       fs.FileInfo
	copied     copied
	readAt     time.Time
}

func (m *machine) collect(ctx context.Context) error {
	m.name = m.tree.ComputerName()
	if m.name == "" {
		m.name = m.tree.Name()
	}
	m.devices, m.shadows = map[evidence.Place]*device{}, map[string]bool{}
	for _, v := range m.tree.Volumes() {
		m.device(evidence.Place{Volume: v.Name, Snapshot: v.Snapshot}, v.FS)
	}
	plan := MakePlan(m.tree, m.o.Artifacts)
	for i, it := range plan.Items {
		if m.o.Progress != nil {
			m.o.Progress(i, len(plan.Items), it.File.Path)
		}
		if err := m.file(ctx, it); err != nil {
			return err
		}
	}
	if err := m.indexes(ctx); err != nil {
		return err
	}
	if m.o.Progress != nil {
		m.o.Progress(len(plan.Items), len(plan.Items), "")
	}
	for _, err := range append(plan.Errors, m.tree.Problems()...) {
		m.say("not read: %v", err)
	}
	if err := m.listing(ctx); err != nil {
		return err
	}
	return m.lists(plan)
}

// say keeps a line for the log of the collection.
func (m *machine) say(format string, args ...any) {
	m.log = append(m.log, m.o.now().Format(time.RFC3339Nano)+" "+fmt.Sprintf(format, args...))
}

// device gives a volume its place in the layout.
func (m *machine) device(at evidence.Place, fsys fs.FS) *device {
	d := &device{Place: at, Accessor: "auto", Device: at.Volume, fsys: fsys}
	_, raw := fsys.(*ntfs.Volume)
	switch {
	case at.Snapshot != "":
		d.Accessor = "ntfs_vss"
		d.Device = m.shadow(at.Snapshot)
	case strings.HasPrefix(at.Volume, "Volume{"):
		d.Device = `\\?\` + at.Volume
	case raw:
		d.Device = `\\.\` + at.Volume
	}
	if raw && at.Snapshot == "" {
		d.Accessor = "ntfs"
	}
	d.Stored = path.Join("uploads", d.Accessor, collect.EncodeComponent(d.Device))
	m.devices[at] = d
	m.order = append(m.order, d)
	return d
}

// shadow returns the device name of an older copy: the number that it has, or the next one that is free.
func (m *machine) shadow(snapshot string) string {
	n, err := strconv.Atoi(strings.TrimPrefix(snapshot, "vss"))
	if err != nil || n < 0 {
		n = 1000
	}
	for {
		d := `\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy` + strconv.Itoa(n)
		if !m.shadows[d] {
			m.shadows[d] = true
			return d
		}
		n = max(n+1, 1000)
	}
}

// file collects one file.
func (m *machine) file(ctx context.Context, it *Item) error {
	place := it.File.Place()
	at := evidence.Place{Volume: place.Volume, Snapshot: place.Snapshot}
	d := m.devices[at]
	if d == nil {
		d = m.device(at, nil)
	}
	r := m.row(it, d, place)
	f, err := it.File.Open()
	if err == nil {
		defer f.Close()
		r.info, err = f.Stat()
	}
	if err == nil && r.info.IsDir() {
		return nil
	}
	m.rows = append(m.rows, r)
	if err != nil {
		r.info, _ = it.File.Stat()
		r.copied.state, r.copied.err = failed, plain(err)
		m.partial(r)
		return nil
	}
	r.size = r.info.Size()
	limit := min(m.o.maxFile(), m.left)
	if it.Kind == "filesystem" {
		limit = m.left
	}
	return m.entry(ctx, r, f, limit)
}

func (m *machine) row(it *Item, d *device, place evidence.Place) *row {
	r := &row{item: it, place: place, path: place.Volume + `\` + strings.ReplaceAll(place.Name, "/", `\`), readAt: m.o.now()}
	r.components = append([]string{"uploads", d.Accessor, d.Device}, strings.Split(place.Name, "/")...)
	return r
}

// entry writes a file into an entry of the zip.
func (m *machine) entry(ctx context.Context, r *row, f fs.File, limit int64) error {
	enc := make([]string, len(r.components))
	for i, c := range r.components {
		enc[i] = collect.EncodeComponent(c)
	}
	r.stored = strings.Join(enc, "/")
	w, err := m.create(r.stored, r.info.ModTime())
	if err != nil {
		return err
	}
	r.copied, err = copyFile(ctx, w, f, r.size, limit, m.buf)
	if err != nil {
		return err
	}
	m.left -= r.copied.stored
	m.sum.Bytes += r.copied.stored
	if r.copied.spans != nil {
		if err := index(m.zip, m.prefix+r.stored, r.copied.spans); err != nil {
			return err
		}
	}
	if r.copied.state != whole {
		m.partial(r)
		return nil
	}
	m.sum.Files++
	return nil
}

func (m *machine) partial(r *row) {
	m.sum.Partial++
	err := fmt.Errorf("%s: %s: %w", r.shown(), r.copied.state, r.copied.err)
	m.say("%v", err)
	m.damage(err)
}

// shown is the path of a file with the name of the copy that it is in.
func (r *row) shown() string {
	if r.place.Snapshot != "" {
		return r.place.Snapshot + ": " + r.path
	}
	return r.path
}

// create begins an entry of the machine's.
func (m *machine) create(name string, modified time.Time) (io.Writer, error) {
	h := &zip.FileHeader{Name: m.prefix + name, Method: zip.Deflate}
	if m.o.Store {
		h.Method = zip.Store
	}
	if y := modified.Year(); y >= 1980 && y < 2108 { // what a zip can hold
		h.Modified = modified.UTC()
	}
	return m.zip.CreateHeader(h)
}

func plain(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
