package filesystem

import (
	"io"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// few reads the records of some entries only.
func (v *view) few(in artifacts.Input, entries []uint64, joined bool, do func(*ntfs.Record)) error {
	if len(entries) == 0 {
		return nil
	}
	var at io.ReaderAt = in.Random
	if !sameFile(v.source, in.File) || at == nil {
		d, err := in.OpenAt(v.source)
		if d == nil {
			return err
		}
		defer d.Close()
		at = d
	}
	opts := ntfs.RecordOptions{RecordSize: v.recordSize}
	if joined {
		opts.Table = v.table
	}
	for r, err := range ntfs.RecordsOf(at, entries, opts) {
		if err != nil {
			return err
		}
		do(r)
	}
	return nil
}

// eachRecord reads a $MFT once. work is called on as many goroutines as the run has
// to spare, do in the order of the records.
func eachRecord[T any](in artifacts.Input, f *evidence.File, hashing *artifacts.Hashing, opts *ntfs.RecordOptions,
	work func(*ntfs.Record) T, do func(T)) error {
	r, size, err := openPass(in, f)
	if err != nil {
		return err
	}
	defer r.Close()
	n := helpers(in, size)
	for made, err := range ntfs.Ahead(hashing.Reader(r), opts, n, in.Help, work) {
		if err != nil {
			return err
		}
		do(made)
	}
	return nil
}

// openPass opens a file to be read from its beginning: where it is, or a copy that was
// expanded, if it is whole.
func openPass(in artifacts.Input, f *evidence.File) (r io.ReadCloser, size int64, err error) {
	if d, err := in.OpenAt(f); err == nil && d.Copied() {
		return struct {
			io.Reader
			io.Closer
		}{io.NewSectionReader(d, 0, d.Size()), d}, d.Size(), nil
	} else if d != nil {
		d.Close()
	}
	file, err := f.Open()
	if err != nil {
		return nil, 0, err
	}
	if st, err := file.Stat(); err == nil {
		size = st.Size()
	}
	return file, size, nil
}

// helpers returns how many goroutines a $MFT of some size is worth.
func helpers(in artifacts.Input, size int64) int {
	const perWorker = 4 << 20
	return min(in.Workers(), int(size/perWorker))
}

// section reads the whole file of an input.
func section(in artifacts.Input) io.Reader { return io.NewSectionReader(in.Random, 0, in.Size) }

// sameFile reports whether two files of the evidence are one.
func sameFile(a, b *evidence.File) bool {
	return a != nil && b != nil && a.Path == b.Path && a.Snapshot == b.Snapshot
}
