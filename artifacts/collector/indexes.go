package collector

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// maxIndex bounds the index of one folder.
const maxIndex = 64 << 20

// indexes stores the NTFS indexes of the folders that artifacts read for their slack, of the live volumes and of the older copies.
func (m *machine) indexes(ctx context.Context) error {
	x := &indexWalk{machine: m, ctx: ctx}
	for _, a := range m.o.Artifacts {
		if a.Indexes != nil {
			x.readers = append(x.readers, a)
		}
	}
	if len(x.readers) == 0 {
		return nil
	}
	for _, d := range m.order {
		if d.fsys == nil {
			continue
		}
		x.d = d
		x.vol, _ = d.fsys.(*ntfs.Volume)
		if err := x.folder(".", 0); err != nil {
			return err
		}
	}
	return nil
}

type indexWalk struct {
	*machine
	ctx     context.Context
	readers []*artifacts.Artifact
	d       *device
	vol     *ntfs.Volume // nil for another collection, which may store indexes
}

// folder looks at one folder and those below it.
func (x *indexWalk) folder(dir string, depth int) error {
	if err := x.ctx.Err(); err != nil || depth > maxListDepth {
		return err
	}
	if x.vol != nil {
		if err := x.index(dir); err != nil {
			return err
		}
	}
	list, _ := fs.ReadDir(x.d.fsys, dir) // the listing reports what cannot be listed
	x.d.walked += int64(len(list))
	for _, e := range list {
		p := path.Join(dir, e.Name())
		stored := strings.HasSuffix(p, ntfs.RootStream) || strings.HasSuffix(p, ntfs.AllocationStream)
		var err error
		switch {
		case e.IsDir():
			err = x.folder(p, depth+1)
		case stored && x.vol == nil && e.Type().IsRegular():
			err = x.again(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// index stores the index of a folder, when an artifact reads it.
func (x *indexWalk) index(dir string) error {
	name := `\` + strings.ToLower(strings.ReplaceAll(dir, "/", `\`))
	var of []string
	for _, a := range x.readers {
		if a.Indexes(name) {
			of = append(of, a.Name)
		}
	}
	if len(of) == 0 {
		return nil
	}
	info, err := x.vol.Stat(dir)
	if err != nil {
		x.say("index of %s: %v", dir, plain(err))
		return nil
	}
	st := info.Sys().(*ntfs.Stat)
	root, blocks, err := x.vol.Index(ntfs.NewReference(st.Entry, st.Sequence))
	if err != nil || blocks != nil && blocks.Size() > maxIndex {
		x.say("index of %s: not stored: %v", dir, err)
		return nil
	}
	if err := x.store(dir+ntfs.RootStream, of, io.NewSectionReader(bytes.NewReader(root), 0, int64(len(root))), info); err != nil {
		return err
	}
	if blocks == nil {
		return nil
	}
	return x.store(dir+ntfs.AllocationStream, of, blocks, info)
}

// again stores what another collection stored.
func (x *indexWalk) again(name string) error {
	f, err := x.d.fsys.Open(name)
	if err != nil {
		x.damage(fmt.Errorf("%s: %w", name, plain(err)))
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() > maxIndex {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(f, maxIndex))
	if err != nil {
		x.damage(fmt.Errorf("%s: %w", name, plain(err)))
		return nil
	}
	var of []string
	for _, a := range x.readers {
		of = append(of, a.Name)
	}
	return x.store(name, of, io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b))), info)
}

// store writes one part of an index as a stream of its folder.
func (x *indexWalk) store(name string, of []string, b *io.SectionReader, info fs.FileInfo) error {
	place := evidence.Place{Volume: x.d.Volume, Snapshot: x.d.Snapshot, Name: name}
	t := x.take(&Item{Kind: "index", Of: slices.Clone(of)}, x.d, place)
	if x.resumed(t.key()) {
		return nil
	}
	t.info, t.Line.Size = info, b.Size()
	if err := x.entry(x.ctx, t, &inMemory{b, info}, x.left); err != nil {
		return err
	}
	return x.done(t)
}

// inMemory is a part of an index as a file.
type inMemory struct {
	*io.SectionReader
	info fs.FileInfo
}

func (f *inMemory) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *inMemory) Close() error               { return nil }
