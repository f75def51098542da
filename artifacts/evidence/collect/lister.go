package collect

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A lister lists directories while the layout is looked for. What cannot be listed may have held a machine, a volume or a user: each such
// directory becomes a problem, once.
type lister struct {
	fs.FS
	at       string // path of FS in the collection
	top      *lister
	problems []error
	seen     map[string]bool
}

func newLister(fsys fs.FS) *lister {
	l := &lister{FS: fsys, at: ".", seen: map[string]bool{}}
	l.top = l
	return l
}

// inside lists a volume, whose file system may show other names than the collection stores.
func (l *lister) inside(v Vol) *lister { return &lister{FS: v.FS, at: v.Path, top: l.top} }

// list returns what could be listed of a directory.
func (l *lister) list(dir string) []fs.DirEntry {
	list, err := fs.ReadDir(l.FS, dir)
	l.failed(dir, err)
	return list
}

func (l *lister) failed(dir string, err error) {
	p := path.Join(l.at, dir)
	if err == nil || l.top.seen[p] {
		return
	}
	l.top.seen[p] = true
	l.top.problems = append(l.top.problems, &PathError{Path: p, Problem: "cannot be listed", Err: plain(err)})
}

// settle gives the problems to the hosts in whose directories they are.
func (l *lister) settle(hosts []Machine) []Machine {
	for _, err := range l.problems {
		pe, ok := err.(*PathError)
		if !ok || len(hosts) == 0 {
			continue
		}
		i := slices.IndexFunc(hosts, func(h Machine) bool { return pe.Path == h.Path || strings.HasPrefix(pe.Path, h.Path+"/") })
		h := &hosts[max(i, 0)]
		if !slices.ContainsFunc(h.Problems, func(old error) bool { return old.Error() == err.Error() }) {
			h.Problems = append(h.Problems, err)
		}
	}
	return hosts
}

// plain takes the path out of an error that is put beside it.
func plain(err error) error {
	if pe, ok := err.(*fs.PathError); ok {
		return pe.Err
	}
	return err
}
