package evidence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// openMounted opens a volume of the running machine through its file system, where its device cannot be read: without an elevated prompt,
// and on ReFS or FAT. Files that are locked fail when they are opened. dir is its root, letter its name.
func openMounted(dir, letter string, opts *Options) (*Evidence, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	fsys := opts.wrap(originalFS{collect.RootFS(root)})
	hosts, err := collect.Recognise(fsys)
	if _, none := errors.AsType[*collect.NotRecognisedError](err); none {
		hosts, err = []collect.Machine{{Path: ".", Kind: collect.DriveRoots, Volumes: []collect.Vol{{Name: letter, Path: ".", FS: fsys}}}}, nil
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", letter, err), root.Close())
	}
	e := &Evidence{Path: letter, Kind: "volume (API)", live: true, mounted: []string{dir}, closers: []func() error{root.Close}}
	for i, h := range hosts {
		e.closers = append(e.closers, hosts[i].Close)
		trees, notes := machines(h, letter, letter, opts)
		e.Trees = append(e.Trees, trees...)
		e.Notes = append(e.Notes, notes...)
	}
	for _, t := range e.Trees {
		for _, v := range t.volumes {
			v.name = letter
		}
	}
	return e, nil
}

// originalFS shows the times of files as those of the machine: they are of its own volume, and not of a copy.
type originalFS struct{ base fs.FS }

func (o originalFS) Open(name string) (fs.File, error) {
	f, err := o.base.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || info.IsDir() {
		return f, nil
	}
	return collect.WithInfo(f, original(info)), nil
}

func (o originalFS) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.Stat(o.base, name)
	return original(info), err
}

func (o originalFS) ReadDir(name string) ([]fs.DirEntry, error) {
	list, err := fs.ReadDir(o.base, name)
	for i, e := range list {
		list[i] = originalEntry{e}
	}
	return list, err
}

type originalEntry struct{ fs.DirEntry }

func (e originalEntry) Info() (fs.FileInfo, error) {
	info, err := e.DirEntry.Info()
	return original(info), err
}

// original gives a description the times that the system keeps.
func original(info fs.FileInfo) fs.FileInfo {
	if info == nil {
		return nil
	}
	created, accessed, ok := systemTimes(info.Sys())
	if !ok {
		return info
	}
	return originalInfo{info, &collect.Times{Created: created, Modified: info.ModTime().UTC(), Accessed: accessed, Source: "the file system"}}
}

type originalInfo struct {
	fs.FileInfo
	times *collect.Times
}

func (i originalInfo) Sys() any { return i.times }
