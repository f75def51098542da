package evidence

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A volume is one drive of the machine. Directories are listed once and
// remembered: names are compared by their upper case, as Windows does, since
// the file system that holds the copy may tell cases apart.
type volume struct {
	name     string // "C:", or "" where the evidence does not say
	snapshot string // "", "vss1", "windows.old"
	fsys     fs.FS
	folder   string // of an older installation, its folder on the volume that it is on

	root string // the only Windows folder that counts, when the volume holds those of several machines

	mu       sync.Mutex
	dirs     map[string]*dir // by the path inside fsys
	problems []error         // directories that could not be listed, each once, and files that have no description
}

func newVolume(v collect.Vol) *volume {
	name := v.Name
	if len(name) > 2 && !strings.HasPrefix(name, "Volume{") {
		name = volumeName(name) // a collector's name of a volume without a letter
	}
	return &volume{name: name, snapshot: v.Snapshot, fsys: v.FS, folder: v.Folder, dirs: map[string]*dir{}}
}

// volumeName is the name of a volume without a drive letter. Paths spell it as
// Windows spells volumes by their GUID.
func volumeName(id string) string { return "Volume{" + id + "}" }

// other reports whether a path that names a volume names another one. What no
// volume of the evidence is called, a device or a GUID, may be any of them.
func (t *Tree) other(v *volume, named string) bool {
	if v.name == "" || named == "" || strings.EqualFold(named, v.name) {
		return false
	}
	return len(named) == 2 || slices.ContainsFunc(t.volumes, func(o *volume) bool { return strings.EqualFold(o.name, named) })
}

type dir struct {
	entries []entry
	byName  map[string]int // folded name → index
	err     error          // names the directory
}

type entry struct {
	name string
	mode fs.FileMode
}

// maxDepth bounds every walk: Windows itself refuses paths of more than
// 32,767 characters, and no folder of interest lies deeper.
const maxDepth = 128

func fold(s string) string { return strings.ToUpper(s) }

// list returns the directory p (a path inside fsys). What cannot be listed is noted among the volume's problems.
func (v *volume) list(p string) *dir {
	d, fresh := v.listed(p)
	if fresh && d.err != nil {
		v.failed(d.err)
	}
	return d
}

// maxProblems bounds what is kept of the failures of a volume.
const maxProblems = 10_000

func (v *volume) failed(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.problems) < maxProblems {
		v.problems = append(v.problems, err)
	}
}

// listed is list without the note. fresh is true for the caller that puts the directory into the cache.
func (v *volume) listed(p string) (d *dir, fresh bool) {
	v.mu.Lock()
	d, ok := v.dirs[p]
	v.mu.Unlock()
	if ok {
		return d, false
	}
	d = &dir{byName: map[string]int{}}
	ents, err := fs.ReadDir(v.fsys, p)
	if err != nil {
		d.err = fmt.Errorf("%s: %w", v.windowsPath(p), plain(err))
	}
	slices.SortFunc(ents, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range ents {
		if _, dup := d.byName[fold(e.Name())]; !dup {
			d.byName[fold(e.Name())] = len(d.entries)
		}
		d.entries = append(d.entries, entry{e.Name(), e.Type()})
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if other, ok := v.dirs[p]; ok {
		if d.err != nil && other.err == nil { // this one failed where another did not
			v.problems = append(v.problems, d.err)
		}
		return other, false
	}
	v.dirs[p] = d
	return d, true
}

// lookup finds the entry of the Windows path rel below the volume's root.
func (v *volume) lookup(rel string) (p string, ok bool) {
	p = "."
	mode := fs.ModeDir
	linked := false // through a link, which may lead nowhere: Documents and Settings on a mounted volume
	for part := range strings.SplitSeq(strings.Trim(rel, `\`), `\`) {
		if part == "" {
			continue
		}
		var d *dir
		linked = linked || mode&fs.ModeSymlink != 0
		switch {
		case linked:
			d, _ = v.listed(p)
		case !mode.IsDir():
			return "", false
		default:
			d = v.list(p)
		}
		i, found := d.byName[fold(part)]
		if !found {
			return "", false
		}
		p, mode = path.Join(p, d.entries[i].name), d.entries[i].mode
	}
	return p, true
}

// windowsPath spells the path p inside fsys as Windows would.
func (v *volume) windowsPath(p string) string {
	return winpath.Join(v.name, `\`+strings.ReplaceAll(p, "/", `\`))
}

// glob calls yield for every file that matches the pattern's components below
// p. `*` and `?` stand for characters of one name, `**` as a component for any
// number of folders. A directory that cannot be read is reported once.
func (v *volume) glob(p string, pattern []string, depth int, yield func(p string), fail func(err error)) {
	if depth > maxDepth {
		fail(fmt.Errorf("%s: folders nested too deeply", v.windowsPath(p)))
		return
	}
	d := v.list(p)
	if d.err != nil {
		fail(d.err)
	}
	head, rest := pattern[0], pattern[1:]
	if head == "**" {
		if len(rest) == 0 {
			rest = []string{"*"}
		}
		v.glob(p, rest, depth+1, yield, fail)
		for _, e := range d.entries {
			if e.mode.IsDir() {
				v.glob(path.Join(p, e.name), pattern, depth+1, yield, fail)
			}
		}
		return
	}
	each := func(e entry) {
		q := path.Join(p, e.name)
		switch {
		case len(rest) == 0 && !e.mode.IsDir():
			yield(q)
		case len(rest) > 0 && e.mode.IsDir():
			v.glob(q, rest, depth+1, yield, fail)
		}
	}
	if !strings.ContainsAny(head, "*?") {
		if i, ok := d.byName[fold(head)]; ok {
			each(d.entries[i])
		} else if q, ok := v.stream(p, head); ok && len(rest) == 0 {
			yield(q)
		}
		return
	}
	for _, e := range d.entries {
		if strings.Contains(e.name, ":") && !strings.ContainsAny(head, ":?") {
			continue // a collected stream, which a folder of the machine does not list
		}
		if match(fold(head), fold(e.name)) {
			each(e)
		}
	}
}

// MatchName reports whether the name of a file matches the last component of a
// pattern, as [Tree.Glob] compares them.
func MatchName(pattern, name string) bool { return match(fold(pattern), fold(name)) }

// match reports whether name matches the pattern, in which `*` stands for any
// run of characters and `?` for one. It works without backtracking more than
// one star, so a hostile name costs at most pattern × name steps.
func match(pattern, name string) bool {
	p, n := []rune(pattern), []rune(name)
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(n) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == n[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}
