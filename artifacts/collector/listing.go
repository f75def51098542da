package collector

import (
	"archive/zip"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A listed file is one line of the listing. Its times are FILETIMEs: created, modified, accessed, changed, and those of the name,
// created and modified.
type listed struct {
	Path       string    `json:"path"`
	Size       int64     `json:"size,omitempty"`
	Dir        bool      `json:"dir,omitempty"`
	Listed     bool      `json:"listed,omitempty"` // in a listing of some folders: all of this one
	Link       bool      `json:"link,omitempty"`
	Attributes uint32    `json:"attributes,omitempty"`
	MFT        string    `json:"mft,omitempty"`
	Times      [6]uint64 `json:"times"`
}

const maxListDepth = 256

// listing writes the names of everything on the live volumes. A reader can then say of a file that it is not there, and not only that
// it was not collected. A volume whose $MFT is stored needs none.
func (m *machine) listing(ctx context.Context) error {
	if m.o.Listing == ListNone || m.o.kape() {
		return nil
	}
	var left []*device
	for _, d := range m.order {
		if d.Snapshot == "" && d.fsys != nil && !m.fileTable(d) {
			left = append(left, d)
		}
	}
	if len(left) == 0 {
		return nil
	}
	w, err := m.begin(&zip.FileHeader{Name: m.prefix + "artifactdump/listing.jsonl.gz"})
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	l := &lister{machine: m, ctx: ctx, enc: json.NewEncoder(z)}
	l.enc.SetEscapeHTML(false)
	for _, d := range left {
		l.d, d.Listing = d, "listing.jsonl.gz"
		source, partial := d.fsys.(interface {
			Partial() bool
			Whole(string) bool
		})
		l.source = nil
		if partial && source.Partial() { // a collection that lists some folders
			l.source = source
		}
		if m.o.Listing == ListHot || l.source != nil {
			d.Scope = ListHot
			if !l.readable(".") {
				d.Listing = "" // not even the root is listed
			}
		}
		if err := l.folder(".", 0); err != nil {
			return err
		}
	}
	return z.Close()
}

// fileTable reports whether the $MFT of a volume is stored whole and gives the names that the folders of the volume have, as many of
// them as were seen when their indexes were read. That of a running machine has changed since it was stored.
func (m *machine) fileTable(d *device) bool {
	v, ok := d.fsys.(*ntfs.Volume)
	if !ok || d.walked == 0 || m.ev.Live() || len(v.Damage) > 0 || !m.rows.fileTables[d.Volume+`\$MFT`] {
		return false
	}
	table, err := v.Table(nil)
	if err != nil || table.Dropped > 0 {
		return false
	}
	var names int64
	folders := map[ntfs.Reference]bool{} // whether the path of one is confirmed
	shown := func(n *ntfs.Name) bool {
		ok, known := folders[n.Parent]
		if !known {
			_, state := table.AppendFolder(nil, n.Parent)
			ok = state == ntfs.PathWhole
			folders[n.Parent] = ok
		}
		return ok && !n.DOS()
	}
	for r, err := range v.Records(table, false) {
		if err != nil || r.Damage != 0 {
			return false
		}
		if !r.InUse() || !r.IsBase() || r.Reused || r.Entry == ntfs.RootEntry {
			continue
		}
		for i := range r.Names {
			if shown(&r.Names[i]) {
				names++
			}
		}
	}
	if names != d.walked {
		return false
	}
	d.Listed, d.Listing = names, "$MFT"
	m.sum.Listed += names
	return true
}

type lister struct {
	*machine
	ctx context.Context
	d   *device
	enc *json.Encoder

	source interface{ Whole(string) bool } // of a collection that lists some folders
}

// folder lists one folder and those below it.
func (l *lister) folder(dir string, depth int) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	if depth > maxListDepth {
		l.say("listing: %s: more than %d folders deep", dir, maxListDepth)
		return nil
	}
	list, err := fs.ReadDir(l.d.fsys, dir)
	if err != nil {
		err = fmt.Errorf("listing: %s: %w", l.d.Volume+`\`+strings.ReplaceAll(dir, "/", `\`), plain(err))
		l.say("%v", err)
		if len(list) == 0 {
			l.damage(err)
		}
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range list {
		if strings.ContainsAny(e.Name(), `\:`) {
			continue // a stream of another collection, or a name that Windows cannot have
		}
		p := path.Join(dir, e.Name())
		x := listed{Path: l.d.Volume + `\` + strings.ReplaceAll(p, "/", `\`), Dir: e.IsDir(), Link: e.Type()&fs.ModeSymlink != 0}
		info, err := e.Info()
		if err != nil {
			l.say("listing: %s: %v", x.Path, plain(err))
		} else {
			x.describe(info)
		}
		l.sum.Listed++
		l.d.Listed++
		into := x.Dir
		if l.d.Scope == ListHot {
			into = x.Dir && (hot(p) || l.o.Listing != ListHot)
			x.Listed = into && depth < maxListDepth && l.readable(p)
		}
		if err := l.enc.Encode(&x); err != nil {
			return err
		}
		if into {
			if err := l.folder(p, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// hotFolders are the folders of a hot listing below the root of a volume, and how many levels of each are listed: those that programs
// start from, and where the artifacts look whether a file is there.
var hotFolders = map[string]int{
	"windows": 1, "winnt": 1, "program files": 3, "program files (x86)": 3,
	"windows/system32": maxListDepth, "windows/syswow64": maxListDepth, "winnt/system32": maxListDepth, "windows/prefetch": 1,
	"windows/tasks": 1, "windows/temp": 2, "windows/inf": 1, "windows/appcompat": 2, "windows/serviceprofiles": maxListDepth,
	"programdata": maxListDepth, "users": maxListDepth, "documents and settings": maxListDepth, "$recycle.bin": maxListDepth,
	"recycler": maxListDepth, "perflogs": 1,
}

// coldFolders are left out of those.
var coldFolders = []string{"windows/system32/driverstore/filerepository", "windows/system32/catroot", "windows/system32/catroot2"}

// hot reports whether a hot listing lists a folder.
func hot(name string) bool {
	name = strings.ToLower(name)
	if slices.ContainsFunc(coldFolders, func(c string) bool { return name == c || strings.HasPrefix(name, c+"/") }) {
		return false
	}
	for levels, top := 1, name; top != "."; levels, top = levels+1, path.Dir(top) {
		if hotFolders[top] >= levels {
			return true
		}
	}
	return false
}

// readable reports whether all names of a folder on the machine can be had.
func (l *lister) readable(dir string) bool {
	if l.source != nil && !l.source.Whole(dir) {
		return false
	}
	_, err := fs.ReadDir(l.d.fsys, dir)
	return err == nil
}

func (x *listed) describe(info fs.FileInfo) {
	si, fn, _ := timesOf(info)
	x.Times = [6]uint64{si[0], si[1], si[2], si[3], fn[0], fn[1]}
	if !x.Dir {
		x.Size = info.Size()
	}
	if st, ok := info.Sys().(*ntfs.Stat); ok {
		x.Attributes, x.MFT = st.Attributes, fmt.Sprintf("%d-%d", st.Entry, st.Sequence)
	}
}

// timesOf returns the times of a file as FILETIMEs: created, modified, accessed and changed, and the four of its name. source is what
// recorded them, "" for a copy of the file.
func timesOf(info fs.FileInfo) (si, fn [4]uint64, source string) {
	switch st := info.Sys().(type) {
	case *ntfs.Stat:
		si = [4]uint64{filetime(st.Created), filetime(st.Modified), filetime(st.Accessed), filetime(st.Changed)}
		if n, ok := st.FileName(); ok {
			fn = [4]uint64{filetime(n.Created), filetime(n.Modified), filetime(n.Accessed), filetime(n.Changed)}
		}
		return si, fn, "$STANDARD_INFORMATION"
	case *collect.Times:
		si = [4]uint64{filetime(st.Created), filetime(st.Modified), filetime(st.Accessed), filetime(st.Changed)}
		fn = [4]uint64{filetime(st.NameCreated), filetime(st.NameModified)}
		if !st.Copied {
			return si, fn, st.Source
		}
		return si, fn, ""
	}
	si[1] = filetime(info.ModTime())
	return si, fn, ""
}

// filetime turns a time into 100 ns since 1601.
func filetime(t time.Time) uint64 {
	const epoch = 11644473600 // seconds from 1601 to 1970
	s := t.Unix() + epoch
	if t.IsZero() || s < 0 || t.Year() > 9999 {
		return 0
	}
	return uint64(s)*1e7 + uint64(t.Nanosecond()/100)
}
