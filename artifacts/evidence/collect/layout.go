package collect

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// looked is what Layout looks for, in its order; a NotRecognisedError carries it.
var looked = []string{
	"a Windows volume (Windows/System32, Windows/Prefetch, WINNT, Users/*/NTUSER.DAT)",
	`drive roots (C, C:, C%3A, %5C%5C.%5CC%3A, sysvol, VSS1)`,
	"drive roots below fs (Dissect acquire)",
	"drive roots below uploads/* (Velociraptor)",
	"any of these one directory further down, or in clients/*/collections/* (several hosts)",
	"files that begin with MAM, SCCA or regf; tasks, jobs and shortcuts",
}

// Layout finds the hosts and their volumes in fsys. The first of these that fits decides: a Windows volume, a directory of drive roots,
// drive roots below fs or below uploads/*, directories at any depth that each hold one of those, loose files with known signatures.
// Beside drive roots, directories that each hold a machine are machines of their own.
// A Windows directory on its own, or a Prefetch or config folder, is loose. Names are compared without regard to case, and
// symbolic links are not followed. When nothing fits, the error is a *NotRecognisedError. A directory that cannot be listed is among the
// problems of the host that it belongs to, or of the first one.
func Layout(fsys fs.FS) ([]Machine, error) {
	l := newLister(fsys)
	hosts, inHost, err := recognise(l, maxHostDepth)
	if err != nil || inHost["."] {
		return l.settle(hosts), err
	}
	// What is beside the hosts is not dropped if a signature shows that it matters; a shortcut of the analyst's own is no machine.
	rest := looseHost(fsys, inHost)
	matters := func(f Loose) bool { return f.Kind == PrefetchFile || f.Kind == HiveFile || len(hosts) == 0 }
	if slices.ContainsFunc(rest.Files, matters) || len(hosts) == 0 && len(rest.Problems)+len(l.problems) > 0 {
		hosts = append(hosts, rest)
	} else {
		l.problems = append(l.problems, rest.Problems...)
	}
	if len(hosts) == 0 {
		return nil, &NotRecognisedError{Name: ".", Looked: slices.Clone(looked)}
	}
	return l.settle(hosts), nil
}

// Recognise is Layout without the loose files: it lists a few directories and opens no file. It is for the volumes of a disk, most
// of which hold nothing of interest and very much of it.
func Recognise(fsys fs.FS) ([]Machine, error) {
	l := newLister(fsys)
	hosts, _, err := recognise(l, 1)
	if err == nil && len(hosts) == 0 {
		err = &NotRecognisedError{Name: ".", Looked: slices.Clone(looked[:len(looked)-1]), Problems: l.problems}
	}
	return l.settle(hosts), err
}

// recognise finds the hosts whose layout is known, and says which directories they take up.
func recognise(l *lister, depth int) (hosts []Machine, inHost map[string]bool, err error) {
	list, err := fs.ReadDir(l.FS, ".")
	if err != nil && len(list) == 0 {
		return nil, nil, err
	}
	l.failed(".", err)
	inHost = map[string]bool{}
	if h, ok := host(l, ".", list); ok {
		inHost["."] = true
		hosts = append(hosts, h)
		if h.Kind != DriveRoots {
			return hosts, inHost, nil
		}
		// Beside the drives of one machine may be another in a directory of its own, as when one of many machines is called C.
		for _, v := range h.Volumes {
			inHost[v.Path] = true
		}
	}
	tried := 0
	for todo := hostDirs(l, list); len(todo) > 0 && depth > 0; depth-- {
		var next []string
		for _, dir := range todo {
			if inHost[dir] {
				continue
			}
			if tried++; tried > maxHosts {
				l.problems = append(l.problems, &PathError{Path: dir,
					Problem: fmt.Sprintf("not tried as a machine: more than %d directories", maxHosts)})
				return named(hosts), inHost, nil
			}
			below := l.list(dir)
			if h, ok := host(l, dir, below); ok {
				hosts = append(hosts, h)
				inHost[dir] = true
				continue
			}
			for _, e := range below {
				if e.IsDir() {
					next = append(next, path.Join(dir, e.Name()))
				}
			}
		}
		todo = next
	}
	return named(hosts), inHost, nil
}

// named gives the hosts that have no name that of their directory, and its whole path where two share the last component.
func named(hosts []Machine) []Machine {
	count := map[string]int{}
	for _, h := range hosts {
		count[Fold(path.Base(h.Path))]++
	}
	for i := range hosts {
		h := &hosts[i]
		switch {
		case h.Name != "" || h.Path == ".":
		case count[Fold(path.Base(h.Path))] > 1:
			h.Name = decodeComponent(h.Path)
		default:
			h.Name = hostName(path.Base(h.Path))
		}
	}
	return hosts
}

// Bounds of the search for machines below the top of a folder.
const (
	maxHosts     = 100_000 // directories that are tried
	maxHostDepth = 8
)

// hostDirs lists the directories that may each hold a host: those at the top, and the flows in clients/ID/collections/FLOW, as
// Velociraptor's server keeps and exports them.
func hostDirs(l *lister, list []fs.DirEntry) []string {
	var dirs []string
	for _, e := range list {
		if e.IsDir() {
			dirs = append(dirs, e.Name())
		}
	}
	if clients, ok := hasDir(list, "clients"); ok {
		for _, id := range l.list(clients) {
			if !id.IsDir() {
				continue
			}
			name, ok := hasDir(l.list(path.Join(clients, id.Name())), "collections")
			if !ok {
				continue
			}
			collections := path.Join(clients, id.Name(), name)
			for _, flow := range l.list(collections) {
				if flow.IsDir() {
					dirs = append(dirs, path.Join(collections, flow.Name()))
				}
			}
		}
	}
	return dirs
}

// host recognises one machine's evidence in a directory whose listing is list.
func host(l *lister, dir string, list []fs.DirEntry) (Machine, bool) {
	fsys := l.FS
	h := Machine{Path: dir}
	if windowsRoot(l, dir, list) {
		h.Kind = WindowsRoot
		h.Volumes = []Vol{{Path: dir, FS: sub(fsys, dir)}}
		h.Volumes = append(h.Volumes, oldWindows(l, h.Volumes[0])...)
		return h, true
	}
	if vols := driveRoots(l, dir, list); len(vols) > 0 {
		h.Kind = DriveRoots
		h.kapeTimes(fsys, dir, list, vols)
		h.longNames(fsys, dir, list)
		h.setVolumes(l, vols)
		return h, true
	}
	if name, ok := hasDir(list, "fs"); ok {
		below := path.Join(dir, name)
		if vols := acquireRoots(l, below); len(vols) > 0 {
			h.Kind = Acquire
			h.setVolumes(l, vols)
			return h, true
		}
	}
	if name, ok := hasDir(list, "uploads"); ok {
		if v := velociraptor(fsys, dir, path.Join(dir, name), list); len(v.out) > 0 {
			vols := v.out
			h.Kind = Velociraptor
			h.Problems, h.closers = v.problems, v.closers
			h.clientName(fsys, dir, list)
			h.setVolumes(l, vols)
			return h, true
		}
	}
	return Machine{}, false
}

// setVolumes sorts the volumes, gives the letter of the only drive to older copies that have none, and adds the older installations.
func (h *Machine) setVolumes(l *lister, vols []Vol) {
	only := ""
	for _, v := range vols {
		if v.Snapshot == "" {
			if only != "" {
				only = ""
				break
			}
			only = v.Name
		}
	}
	var all []Vol
	for _, v := range vols {
		if v.Snapshot != "" && v.Name == "" {
			v.Name = only
		}
		all = append(all, v)
		all = append(all, oldWindows(l, v)...)
	}
	slices.SortStableFunc(all, func(a, b Vol) int {
		return cmp.Or(
			cmp.Compare(min(len(a.Snapshot), 1), min(len(b.Snapshot), 1)), // live volumes first
			cmp.Compare(a.Name, b.Name),
			cmp.Compare(len(a.Snapshot), len(b.Snapshot)), // vss2 before vss10
			cmp.Compare(a.Snapshot, b.Snapshot),
			cmp.Compare(a.Path, b.Path),
		)
	})
	h.Volumes = all
}

// windowsRoot reports whether dir is the root of a volume with Windows on it, or a copied part of one.
func windowsRoot(l *lister, dir string, list []fs.DirEntry) bool {
	if _, ok := hasDir(list, "WINNT"); ok {
		return true
	}
	if name, ok := hasDir(list, "Windows"); ok {
		below := l.list(path.Join(dir, name))
		if _, ok := hasDir(below, "System32", "Prefetch", "appcompat", "SysWOW64", "ServiceProfiles"); ok {
			return true
		}
	}
	for _, profiles := range []string{"Users", "Documents and Settings"} {
		name, ok := hasDir(list, profiles)
		if !ok {
			continue
		}
		for _, u := range l.list(path.Join(dir, name)) {
			if !u.IsDir() {
				continue
			}
			if e, ok := entry(l.list(path.Join(dir, name, u.Name())), "NTUSER.DAT"); ok && e.Type().IsRegular() {
				return true
			}
		}
	}
	return false
}

// volumeLike reports whether a directory listing could be the root of a Windows volume, of which a collector may have kept little.
func volumeLike(list []fs.DirEntry) bool {
	if _, ok := entry(list, "$MFT"); ok {
		return true
	}
	_, ok := hasDir(list, "Windows", "WINNT", "Windows.old", "Users", "Documents and Settings", "ProgramData", "Program Files",
		"Program Files (x86)", "$Recycle.Bin", "Recycler", "Recycled", "$Extend", "System Volume Information")
	return ok
}

// driveRoots finds the directories that stand for drives. A bare letter, sysvol or VSSn only counts if what is in one of them looks like
// a Windows volume: a folder of loose files may well have a folder called C.
func driveRoots(l *lister, dir string, list []fs.DirEntry) []Vol {
	var vols []Vol
	sure := false
	for _, e := range list {
		if !e.IsDir() {
			continue
		}
		v, certain, ok := driveName(e.Name())
		if !ok {
			continue
		}
		v.Path = path.Join(dir, e.Name())
		v.FS = sub(l.FS, v.Path)
		if !certain {
			certain = volumeLike(l.list(v.Path))
		}
		sure = sure || certain
		vols = append(vols, v)
	}
	if !sure {
		return nil
	}
	return vols
}

// driveName reads the name of a directory that may stand for a drive or a shadow copy. certain is false for names that other
// directories could have too.
func driveName(name string) (v Vol, certain, ok bool) {
	plain := decodeComponent(name)
	n := Fold(plain)
	if i := strings.LastIndex(plain, `\`); strings.HasPrefix(n, `\\?\VOLUME{`) && i == 3 {
		return Vol{Name: "Volume" + plain[i+1+len("Volume"):]}, true, true // a volume without a letter
	}
	if rest, cut := strings.CutPrefix(n, `\\.\`); cut {
		n = rest
	}
	if i := strings.LastIndex(n, "HARDDISKVOLUMESHADOWCOPY"); i >= 0 {
		if num, err := strconv.Atoi(n[i+len("HARDDISKVOLUMESHADOWCOPY"):]); err == nil && num >= 0 {
			return Vol{Snapshot: "vss" + strconv.Itoa(num)}, true, true
		}
	}
	switch {
	case len(n) == 2 && isLetter(n[0]) && n[1] == ':':
		return Vol{Name: n}, true, true
	case len(n) == 1 && isLetter(n[0]):
		return Vol{Name: n + ":"}, false, true
	case n == "SYSVOL": // Dissect's name for the volume that holds Windows, C: on all but the oddest machine
		return Vol{Name: "C:"}, false, true
	case strings.HasPrefix(n, "VSS"):
		if num, err := strconv.Atoi(n[len("VSS"):]); err == nil && num >= 0 {
			return Vol{Snapshot: "vss" + strconv.Itoa(num)}, false, true
		}
	}
	return Vol{}, false, false
}

func isLetter(b byte) bool { return 'A' <= b && b <= 'Z' }

// acquireRoots finds the volumes below Dissect acquire's fs directory: drive roots, and volumes without a letter in $fs$.
func acquireRoots(l *lister, dir string) []Vol {
	list := l.list(dir)
	vols := driveRoots(l, dir, list)
	name, ok := hasDir(list, "$fs$")
	if !ok {
		return vols
	}
	for _, e := range l.list(path.Join(dir, name)) {
		if e.IsDir() {
			p := path.Join(dir, name, e.Name())
			vols = append(vols, Vol{Name: e.Name(), Path: p, FS: sub(l.FS, p)})
		}
	}
	return vols
}

// oldWindows finds the installations that an upgrade of Windows put aside: Windows.old, Windows.old.000 and so on.
func oldWindows(l *lister, v Vol) []Vol {
	var old []Vol
	for _, e := range l.inside(v).list(".") {
		n := Fold(e.Name())
		if !e.IsDir() || n != "WINDOWS.OLD" && !strings.HasPrefix(n, "WINDOWS.OLD.") {
			continue
		}
		if in := l.inside(v); !windowsRoot(in, e.Name(), in.list(e.Name())) {
			continue
		}
		snapshot := strings.ToLower(e.Name())
		if v.Snapshot != "" {
			snapshot = v.Snapshot + " " + snapshot
		}
		old = append(old, Vol{Name: v.Name, Snapshot: snapshot, Path: path.Join(v.Path, e.Name()), FS: sub(v.FS, e.Name()),
			Folder: e.Name()})
	}
	return old
}

// hostName takes a host's name from the directory that a hunt download or the offline collector made for it: HOST-C.0123456789abcdef and
// Collection-HOST-2024-01-02T03_04_05Z; any other name is the name.
func hostName(dir string) string {
	name := decodeComponent(dir)
	if i := strings.LastIndex(name, "-C."); i > 0 {
		return name[:i]
	}
	if rest, ok := strings.CutPrefix(name, "Collection-"); ok {
		for i := range len(rest) {
			if i > 0 && rest[i] == '-' && len(rest) > i+5 && rest[i+5] == '-' && isYear(rest[i+1:i+5]) {
				return rest[:i]
			}
		}
	}
	return name
}

func isYear(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 1970
}

// sub is fs.Sub for paths that come from listings, and so are valid unless the file system itself is odd.
func sub(fsys fs.FS, dir string) fs.FS {
	s, err := fs.Sub(fsys, dir)
	if err != nil {
		return badFS{&fs.PathError{Op: "open", Path: dir, Err: errors.Unwrap(err)}}
	}
	return s
}

// badFS is a volume that cannot be opened.
type badFS struct{ err error }

func (b badFS) Open(string) (fs.File, error) { return nil, b.err }
