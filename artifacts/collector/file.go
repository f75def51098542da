package collector

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// How File treats what an earlier run left.
const (
	New    = iota // refuse it
	Resume        // go on with it
	Force         // start over, and replace a complete zip
)

// An UnfinishedError is the error for a collection that an earlier run did not complete.
type UnfinishedError struct{ Name string }

func (e *UnfinishedError) Error() string { return e.Name + " was left unfinished by an earlier run" }

// File writes a collection to a file, which has its name when it is complete. Until then it is NAME.partial; NAME.journal says what of
// it is whole. An encrypted collection has no journal and cannot be resumed: what is on the disk cannot be read back.
func File(ctx context.Context, ev *evidence.Evidence, name string, o *Options, mode int) (*Summary, error) {
	if _, err := os.Lstat(name); err == nil && mode != Force {
		return nil, &files.ExistsError{Name: name}
	}
	j := &journal{now: o.now, at: o.now()}
	partial, journalName := name+".partial", name+".journal"
	_, err := os.Lstat(journalName)
	switch {
	case mode == Resume && o.Seal != nil:
		if o.Note != nil {
			o.Note("an encrypted collection cannot be resumed: starting over")
		}
	case mode == Resume && err == nil:
		return j.resume(ctx, ev, name, o)
	case mode == New && err == nil:
		return nil, &UnfinishedError{Name: partial}
	}
	if j.zip, err = files.CreatePartial(partial, files.Usual); err != nil {
		return nil, err
	}
	if o.Seal == nil {
		if j.file, err = files.CreatePartial(journalName, files.Usual); err == nil {
			_, err = j.file.Write(append(identity(ev, o), '\n'))
		}
		if err != nil {
			return nil, errors.Join(err, j.zip.Close())
		}
	}
	return j.write(ctx, ev, name, o)
}

// resume continues the zip of an earlier run.
func (j *journal) resume(ctx context.Context, ev *evidence.Evidence, name string, o *Options) (*Summary, error) {
	var err error
	if j.file, err = openOwn(name + ".journal"); err != nil {
		return nil, err
	}
	if j.zip, err = openOwn(name + ".partial"); err == nil {
		err = j.read(identity(ev, o))
	}
	if err == nil {
		_, err = j.zip.Seek(j.end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, j.file.Close())
	}
	return j.write(ctx, ev, name, o)
}

// openOwn opens a file of an earlier run. A link in its place is not followed.
func openOwn(name string) (*os.File, error) {
	st, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if now, err := f.Stat(); err != nil || !st.Mode().IsRegular() || !os.SameFile(st, now) {
		return nil, errors.Join(&fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}, f.Close())
	}
	return f, nil
}

// write writes the zip, or what of it is missing, and gives it its name.
func (j *journal) write(ctx context.Context, ev *evidence.Evidence, name string, o *Options) (*Summary, error) {
	j.out = bufio.NewWriterSize(j.zip, 256<<10)
	own := j
	if j.file == nil {
		own = nil
	}
	sum, err := run(ctx, ev, j.out, o, own)
	if err == nil {
		err = errors.Join(j.out.Flush(), j.zip.Sync())
	}
	err = errors.Join(err, j.zip.Close())
	if j.file != nil {
		err = errors.Join(err, j.file.Close())
	}
	if err != nil {
		if j.flushed == 0 { // nothing to go on with
			os.Remove(name + ".partial")
			os.Remove(name + ".journal")
		}
		return nil, err
	}
	if err := os.Rename(name+".partial", name); err != nil {
		return nil, err
	}
	if err := os.Remove(name + ".journal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return sum, nil
}

// identity describes a collection: only one of the same description is resumed.
func identity(ev *evidence.Evidence, o *Options) []byte {
	type volume struct {
		Name     string `json:"name"`
		Snapshot string `json:"snapshot,omitempty"`
		Serial   string `json:"serial,omitempty"`
	}
	x := struct {
		Tool      string   `json:"tool"`
		Source    string   `json:"source"`
		Kind      string   `json:"kind"`
		Size      int64    `json:"size,omitempty"`
		Modified  string   `json:"modified,omitempty"`
		Volumes   []volume `json:"volumes"`
		MaxFile   int64    `json:"max_file"`
		MaxTotal  int64    `json:"max_total"`
		Store     bool     `json:"store"`
		Listing   string   `json:"listing"`
		Layout    string   `json:"layout,omitempty"`
		Programs  bool     `json:"programs,omitempty"`
		Artifacts []string `json:"artifacts"`
	}{Tool: o.Tool, Source: ev.Path, Kind: ev.Kind, MaxFile: o.maxFile(), MaxTotal: o.maxTotal(), Store: o.Store, Listing: o.Listing,
		Layout:   o.Layout,
		Programs: o.Programs != nil}
	if st, err := os.Stat(ev.Path); err == nil && st.Mode().IsRegular() {
		x.Size, x.Modified = st.Size(), st.ModTime().UTC().Format(time.RFC3339Nano)
	}
	for _, t := range ev.Trees {
		for _, v := range t.Volumes() {
			row := volume{Name: v.Name, Snapshot: v.Snapshot}
			if n, ok := v.FS.(*ntfs.Volume); ok {
				row.Serial = fmt.Sprintf("%016X", n.Serial)
			}
			x.Volumes = append(x.Volumes, row)
		}
	}
	for _, a := range o.Artifacts {
		x.Artifacts = append(x.Artifacts, a.Name)
	}
	b, err := json.Marshal(x)
	if err != nil {
		return nil
	}
	return b
}
