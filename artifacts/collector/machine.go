package collector

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
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
	about   *evidence.Machine
	started time.Time
	devices map[evidence.Place]*device
	order   []*device
	shadows map[string]bool // device names that are taken
	rows    *rows
	log     []string
	before  map[string]*row       // files that an earlier run stored, by their keys
	paths   map[string][]storedAs // files that are stored, by their paths, where there are older copies
}

// A device is a volume as the layout names it.
type device struct {
	evidence.Place
	Accessor string
	Device   string // \\.\C:
	Stored   string // folder of the zip, from the machine's
	fsys     fs.FS
	Listed   int64
	Listing  string // where the names of the volume are: "$MFT", an entry of the zip, or ""
	Scope    string // ListHot where those of some folders are
	walked   int64  // names that its folders have, where all were read for their indexes
}

// A row is what the lists of the zip say of one file.
type row struct {
	Line       fileLine `json:"line"`
	Components []string `json:"components"`
	Spans      []span   `json:"spans,omitempty"` // of a file that is stored without its holes
}

// A storedAs is what of a file says whether an older copy has it unchanged.
type storedAs struct {
	entry, sum string
	size       int64
}

// A take is one file that is being collected.
type take struct {
	row
	item   *Item
	place  evidence.Place
	info   fs.FileInfo
	copied copied
}

func (m *machine) collect(ctx context.Context) error {
	m.rows = newRows()
	if slices.ContainsFunc(m.tree.Volumes(), func(v evidence.Volume) bool { return v.Snapshot != "" }) {
		m.paths = map[string][]storedAs{}
	}
	if m.finished() {
		return nil
	}
	m.about = m.tree.Identity()
	m.name = m.about.Name
	if m.name == "" {
		m.name = m.tree.Name()
	}
	m.devices, m.shadows = map[evidence.Place]*device{}, map[string]bool{}
	for _, v := range m.tree.Volumes() {
		m.device(evidence.Place{Volume: v.Name, Snapshot: v.Snapshot}, v.FS)
	}
	plan, err := m.o.plan(ctx, m.tree)
	if err != nil {
		return err
	}
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
	for _, key := range slices.Sorted(maps.Keys(m.before)) { // what is gone since
		m.resumed(key)
	}
	if m.o.Progress != nil {
		m.o.Progress(len(plan.Items), len(plan.Items), "")
	}
	for _, err := range append(plan.Errors, m.tree.Problems()...) {
		m.say("not read: %v", err)
	}
	listed := m.sum.Listed
	if err := m.listing(ctx); err != nil {
		return err
	}
	if err := m.lists(plan); err != nil {
		return err
	}
	return m.keepRow(&journalRow{Ends: m.sum.ManifestSHA256, Listed: m.sum.Listed - listed})
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
	if m.o.kape() {
		d.Stored = kapeRoot(at)
	}
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
	t := m.take(it, d, place)
	if m.resumed(t.key()) {
		return nil
	}
	if m.same(ctx, t) {
		return m.done(t)
	}
	settled := m.settle(ctx, it)
	m.ev.Forget()
	f, err := it.File.Open()
	if err == nil {
		defer f.Close()
		t.info, err = f.Stat()
	}
	if err == nil && t.info.IsDir() {
		return nil
	}
	if err != nil {
		t.info, _ = it.File.Stat()
		t.copied.state, t.copied.err = failed, plain(err)
		return m.done(t)
	}
	t.Line.Size = t.info.Size()
	limit := min(m.o.maxFile(), m.left)
	switch it.Kind {
	case "filesystem":
		limit = m.left
	case "program":
		limit = min(limit, maxProgram)
	}
	t.runs(f)
	if err := m.entry(ctx, t, f, limit); err != nil {
		return err
	}
	m.compare(ctx, t, settled)
	return m.done(t)
}

func (m *machine) take(it *Item, d *device, place evidence.Place) *take {
	t := &take{item: it, place: place}
	t.Line.Path = place.Volume + `\` + strings.ReplaceAll(place.Name, "/", `\`)
	t.Line.Snapshot, t.Line.Kind, t.Line.Of = place.Snapshot, it.Kind, it.Of
	_, t.Line.Stream, _ = strings.Cut(path.Base(place.Name), ":")
	t.Line.ReadAt = m.o.now().Format(time.RFC3339Nano)
	t.Components = append([]string{"uploads", d.Accessor, d.Device}, strings.Split(place.Name, "/")...)
	return t
}

// entry writes a file into an entry of the zip.
func (m *machine) entry(ctx context.Context, t *take, f fs.File, limit int64) error {
	if m.o.kape() {
		t.Line.Stored = kapeName(t.place)
	} else {
		enc := make([]string, len(t.Components))
		for i, c := range t.Components {
			enc[i] = collect.EncodeComponent(c)
		}
		t.Line.Stored = strings.Join(enc, "/")
	}
	w, err := m.create(t.Line.Stored, t.info.ModTime())
	if err != nil {
		return err
	}
	check := whatever
	if m.ev.Live() && t.place.Name == "$MFT" {
		check = wholeRecords
	}
	flat := m.o.kape() && path.Base(t.Line.Stored) != "$J"
	t.copied, err = copyFile(ctx, w, f, t.Line.Size, limit, m.buf, check, flat)
	if err != nil {
		return err
	}
	t.Spans = t.copied.spans
	m.left -= t.copied.stored
	if t.Spans == nil || m.o.kape() {
		return nil
	}
	return m.index(t.Line.Stored, t.Spans)
}

// done takes a file into the lists.
func (m *machine) done(t *take) error {
	t.describe()
	m.count(&t.row)
	return m.keepRow(&journalRow{Row: &t.row})
}

// count adds a file to the lists and to the counts.
func (m *machine) count(r *row) {
	m.rows.add(r)
	m.sum.Bytes += r.Line.StoredSize
	if r.Line.Stored != "" && r.Line.State == whole && r.Line.SHA256 != "" && m.paths != nil {
		m.paths[r.Line.Path] = append(m.paths[r.Line.Path], storedAs{r.Line.Stored, r.Line.SHA256, r.Line.Size})
	}
	switch r.Line.State {
	case whole:
		m.sum.Files++
	case changed:
		m.sum.Changed++
		m.say("%s: %s", r.shown(), r.Line.Error)
	default:
		m.sum.Partial++
		err := fmt.Errorf("%s: %s: %s", r.shown(), r.Line.State, r.Line.Error)
		m.say("%v", err)
		m.damage(err)
	}
}

// maxRuns bounds what the list says of one file.
const maxRuns = 10_000

// runs notes where a file lies in its volume.
func (t *take) runs(f fs.File) {
	x, ok := f.(interface{ Extents() []ntfs.Extent })
	if !ok {
		return
	}
	for _, e := range x.Extents() {
		switch {
		case e.Clusters == ntfs.ClustersHole:
		case len(t.Line.Runs) == maxRuns:
			t.Line.RunsOmitted++
		default:
			t.Line.Runs = append(t.Line.Runs, [3]int64{e.Offset, e.Volume, e.Length})
		}
	}
}

// describe fills the line of the list.
func (t *take) describe() {
	l := &t.Line
	l.StoredSize, l.SHA256, l.State, l.Again = t.copied.stored, t.copied.sum, t.copied.state, t.copied.again
	if t.copied.kept != t.copied.sum {
		l.StoredSHA256 = t.copied.kept
	}
	if t.copied.err != nil {
		l.Error = t.copied.err.Error()
	}
	if t.info != nil {
		l.SI, l.FN, l.Source = timesOf(t.info)
		var x listed
		x.describe(t.info)
		l.Attributes, l.MFT = x.Attributes, x.MFT
	}
	if l.Source == "" {
		l.Source, l.Copied = "the copy", true
	}
}

// key identifies a file of a machine.
func (r *row) key() string { return r.Line.Snapshot + "\x00" + r.Line.Path }

// shown is the path of a file with the name of the copy that it is in.
func (r *row) shown() string {
	if r.Line.Snapshot != "" {
		return r.Line.Snapshot + ": " + r.Line.Path
	}
	return r.Line.Path
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
	return m.begin(h)
}

func plain(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}
