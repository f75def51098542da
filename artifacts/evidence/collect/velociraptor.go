package collect

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Limits for what a Velociraptor collection says about itself.
const (
	maxTreeEntries = 2_000_000
	maxTreeDepth   = 256
	maxJSONLine    = 1 << 20
	maxJSONFile    = 1 << 30
)

// accessorOrder puts the accessors that read files through Windows before those that read the disk: where both hold a file, the first
// one counts, the other is the same bytes.
var accessorOrder = []string{"auto", "file", "ntfs", "lazy_ntfs", "mft", "ntfs_vss"}

// upload is one line of uploads.json, of which only the list of components matters here: the stored names can be decoded, but the list
// is what the collector meant.
type upload struct {
	Components []string `json:"_Components"`
	Type       string   `json:"Type"`
}

// velociraptor makes a volume of each device below uploads. Several accessors may hold parts of one volume: they are laid over each other.
func velociraptor(fsys fs.FS, dir, uploads string, list []fs.DirEntry) *veloWalk {
	v := &veloWalk{fsys: fsys, dir: dir, vols: map[Vol]*tree{}}
	v.readManifest(dir, list)
	accessors, err := fs.ReadDir(fsys, uploads)
	if err != nil {
		v.problem(uploads, "cannot be listed", err)
	}
	slices.SortStableFunc(accessors, func(a, b fs.DirEntry) int { return cmp.Compare(accessorRank(a.Name()), accessorRank(b.Name())) })
	type device struct {
		vol  Vol
		path string
	}
	var devices []device
	for _, a := range accessors {
		if !a.IsDir() {
			continue
		}
		ap := path.Join(uploads, a.Name())
		ds, err := fs.ReadDir(fsys, ap)
		if err != nil {
			v.problem(ap, "cannot be listed", err)
		}
		for _, d := range ds {
			p := path.Join(ap, d.Name())
			vol, _, ok := driveName(d.Name())
			if own, named := v.devices[path.Join("uploads", a.Name(), d.Name())]; named {
				vol, ok = own, true
			}
			if !ok || !d.IsDir() {
				v.problem(p, "left out: neither a drive nor a shadow copy", nil)
				continue
			}
			devices = append(devices, device{vol, p})
		}
	}
	if len(devices) == 0 {
		return v
	}
	v.readUploads(dir, list)
	for _, d := range devices {
		t := v.vols[d.vol]
		if t == nil {
			t = newTree()
			v.vols[d.vol] = t
			d.vol.Path, d.vol.FS = d.path, t
			v.out = append(v.out, d.vol)
		}
		v.fill(t, d.path, dir)
	}
	v.readOwn(dir, list)
	v.readTimes(dir, list)
	return v
}

func accessorRank(name string) int {
	if i := slices.Index(accessorOrder, name); i >= 0 {
		return i
	}
	return len(accessorOrder)
}

type veloWalk struct {
	fsys     fs.FS
	dir      string            // of the collection
	devices  map[string]Vol    // by stored path, of a collection of our own
	tables   map[Vol]int64     // of a collection of our own: the names of each volume whose $MFT is its listing
	partial  map[Vol]bool      // of a collection of our own: the volumes of which some folders are listed, and whether the root is
	unlisted []Vol             // and those of which none is, unless a listing is there
	uploads  map[string]upload // by stored path, from the host's directory
	vols     map[Vol]*tree     // by name and snapshot
	out      []Vol
	problems []error
	closers  []io.Closer
	entries  int
	full     bool
}

func (v *veloWalk) problem(path, what string, err error) {
	v.problems = append(v.problems, &PathError{Path: path, Problem: what, Err: err})
}

// A veloLevel is one stored directory, with the real names that lead to it.
type veloLevel struct {
	stored string
	names  []string
}

// fill lays what is stored below dir into t, under decoded names.
func (v *veloWalk) fill(t *tree, root, host string) {
	for todo := []veloLevel{{root, nil}}; len(todo) > 0; {
		l := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		list, err := fs.ReadDir(v.fsys, l.stored)
		if err != nil {
			v.problem(l.stored, "cannot be listed", err)
		}
		indexed := withIndex(list)
		for _, e := range list {
			if v.full {
				return
			}
			p := path.Join(l.stored, e.Name())
			if v.entries++; v.entries > maxTreeEntries {
				v.full = true
				v.problem(p, fmt.Sprintf("left out with all that follows: more than %d entries", maxTreeEntries), nil)
				return
			}
			if base, ok := strings.CutSuffix(e.Name(), ".idx"); ok && indexed[base] {
				continue // it describes the file beside it
			}
			if below, ok := v.entry(t, l, p, v.name(p, e.Name(), host), e, indexed[e.Name()]); ok {
				todo = append(todo, below)
			}
		}
	}
}

// entry lays one entry of a stored directory into t. For a directory it returns
// what is to be filled next.
func (v *veloWalk) entry(t *tree, l veloLevel, p, name string, e fs.DirEntry, indexed bool) (below veloLevel, ok bool) {
	switch {
	case e.IsDir() && len(l.names) >= maxTreeDepth:
		v.problem(p, fmt.Sprintf("left out: more than %d directories deep", maxTreeDepth), nil)
	case e.IsDir():
		names := append(slices.Clip(l.names), name)
		if _, ok := t.dir(names); !ok {
			v.problem(p, "left out: a file of this name is there already", nil)
			return veloLevel{}, false
		}
		return veloLevel{p, names}, true
	case e.Type().IsRegular():
		if n := v.file(p, name, e, indexed); !t.add(l.names, n) {
			// The same file through another accessor is no news; two names that differ only in case within one directory are.
			if old := t.find(path.Join(append(slices.Clip(l.names), name)...)); old != nil && old.size != n.size {
				v.problem(p, fmt.Sprintf("left out: a file of this name with %d bytes was collected another way", old.size), nil)
			}
		}
	default:
		v.problem(p, "left out: not a plain file", nil)
	}
	return veloLevel{}, false
}

// withIndex returns the files of a sorted directory that have a sparse index
// beside them.
func withIndex(list []fs.DirEntry) map[string]bool {
	indexed := map[string]bool{}
	for _, e := range list {
		if base, ok := strings.CutSuffix(e.Name(), ".idx"); ok && e.Type().IsRegular() {
			if _, ok := slices.BinarySearchFunc(list, base, func(e fs.DirEntry, s string) int { return cmp.Compare(e.Name(), s) }); ok {
				indexed[base] = true
			}
		}
	}
	return indexed
}

// name gives the real name of a stored component.
func (v *veloWalk) name(stored, component, host string) string {
	rel := stored
	if host != "." {
		rel = strings.TrimPrefix(stored, host+"/")
	}
	name := decodeComponent(component)
	if u, ok := v.uploads[rel]; ok {
		name = u.Components[len(u.Components)-1]
	}
	if !plainName(name) {
		return component
	}
	return name
}

// file makes the node of a stored file, expanding a sparse one by its index as it is read.
func (v *veloWalk) file(p, name string, e fs.DirEntry, indexed bool) *node {
	n := &node{name: name, mode: 0o444, src: sourceFunc(func() (fs.File, error) { return v.fsys.Open(p) })}
	info, err := e.Info()
	if err != nil {
		v.problem(p, "cannot be described", err)
	} else {
		n.size = info.Size()
	}
	if !indexed {
		return n
	}
	m, err := readSparseMap(v.fsys, p+".idx", n.size)
	if err != nil {
		v.problem(p+".idx", "sparse index left out; the file is shown without its holes", err)
		return n
	}
	n.size = m.size
	n.src = sourceFunc(func() (fs.File, error) { return openSparse(v.fsys, p, m) })
	return n
}

// readUploads reads uploads.json, if it is there.
func (v *veloWalk) readUploads(dir string, list []fs.DirEntry) {
	e, ok := entry(list, "uploads.json")
	if !ok {
		return
	}
	v.uploads = map[string]upload{}
	err := jsonLines(v.fsys, path.Join(dir, e.Name()), func(line []byte) error {
		var u upload
		if err := json.Unmarshal(line, &u); err != nil {
			return err
		}
		if len(u.Components) == 0 || u.Type == "idx" {
			return nil
		}
		stored := make([]string, len(u.Components))
		for i, c := range u.Components {
			stored[i] = encodeComponent(c)
		}
		if len(v.uploads) < maxTreeEntries {
			v.uploads[strings.Join(stored, "/")] = u
		}
		return nil
	})
	if err != nil {
		v.problem(path.Join(dir, e.Name()), "read in part; names are decoded instead", err)
	}
}

// clientName takes the host's name from client_info.json.
func (h *Machine) clientName(fsys fs.FS, dir string, list []fs.DirEntry) {
	e, ok := entry(list, "client_info.json")
	if !ok {
		return
	}
	p := path.Join(dir, e.Name())
	var info struct{ Hostname, Fqdn string } // encoding/json matches hostname and fqdn too
	f, err := fsys.Open(p)
	if err == nil {
		defer f.Close()
		err = json.NewDecoder(io.LimitReader(f, maxJSONLine)).Decode(&info)
	}
	if err != nil {
		h.Problems = append(h.Problems, &PathError{Path: p, Problem: "the host's name cannot be read", Err: plain(err)})
	}
	h.Name = cmp.Or(info.Hostname, info.Fqdn)
}

// jsonLines calls do for each line of a file. A line that is too long or that do refuses is skipped; the first such error comes back at
// the end.
func jsonLines(fsys fs.FS, name string, do func([]byte) error) error {
	f, err := fsys.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	r := bufio.NewReaderSize(io.LimitReader(f, maxJSONFile), maxJSONLine)
	var first error
	for n := 1; ; n++ {
		line, err := r.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			first = cmp.Or(first, fmt.Errorf("line %d is longer than %d bytes", n, maxJSONLine))
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = r.ReadSlice('\n')
			}
		case len(line) > 1: // more than the line's end
			if err := do(line); err != nil {
				first = cmp.Or(first, fmt.Errorf("line %d: %w", n, err))
			}
		}
		if errors.Is(err, io.EOF) {
			return first
		}
		if err != nil {
			return cmp.Or(first, err)
		}
	}
}
