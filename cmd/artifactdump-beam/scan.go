package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/parquet"
	"github.com/artifactdump/artifactdump/artifacts/output/sqlite"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// A scanFn scans the evidence of a path into a case of its own. It never fails:
// an engine would end the whole job. What cannot be scanned is a row of errors.
type scanFn struct {
	Cases    string
	Scratch  string
	Formats  []string
	Seconds  float64 // for one machine
	MaxBytes int64
}

// ProcessElement emits the case of each machine under the machine's id, and the
// case; or an error.
func (f *scanFn) ProcessElement(ctx context.Context, path string, machine func(id, dir string), done, failed func(string)) error {
	dir := filepath.Join(f.Cases, caseName(path))
	if err := f.scan(ctx, path, dir); err != nil {
		failed(errorLine(path, err))
		return nil
	}
	list, err := fleet.Machines(ctx, dir)
	if err != nil {
		failed(errorLine(path, err))
	}
	for _, m := range list {
		machine(m.ID, dir)
	}
	if len(list) > 0 {
		done(dir)
	}
	return nil
}

// scan makes the case of a path, or finds the complete one that an earlier job
// or another attempt left.
func (f *scanFn) scan(ctx context.Context, path, dir string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(f.Seconds*float64(time.Second)))
	defer cancel()
	local := path
	if strings.Contains(path, "://") {
		local = filepath.Join(f.Scratch, filepath.Base(dir), filepath.Base(filepath.FromSlash(path)))
	}
	size, err := sizeOf(ctx, path)
	if err != nil {
		return err
	}
	if f.complete(dir, local, size) {
		return nil
	}
	if local != path {
		defer os.RemoveAll(filepath.Dir(local))
		if err := f.fetch(ctx, path, local, size); err != nil {
			return err
		}
	}
	list, err := formats(f.Formats)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.Cases, 0o777); err != nil {
		return err
	}
	m, err := scan.Run(ctx, scan.Options{
		Evidence: []string{local}, Dir: dir, Force: true, Machines: 1, Formats: list, Version: version(),
	}, nil)
	if err == nil && m.State != "complete" {
		err = errors.New(m.Error)
	}
	return err
}

// complete reports whether a folder holds the case of this evidence, by this
// version and with these formats.
func (f *scanFn) complete(dir, evidence string, size int64) bool {
	m, err := scan.ReadManifest(dir)
	if err != nil || m.State != "complete" || m.Version != version() || len(m.Evidence) != 1 {
		return false
	}
	e := m.Evidence[0]
	if e.Path != evidence || e.Error != "" || size >= 0 && e.Size != size {
		return false
	}
	return !slices.ContainsFunc(f.Formats, func(name string) bool { return !slices.Contains(m.Options.Formats, name) })
}

// sizeOf is the size of a file, −1 of a folder.
func sizeOf(ctx context.Context, path string) (int64, error) {
	if !strings.Contains(path, "://") {
		st, err := os.Stat(path)
		if err != nil {
			return 0, err
		}
		if st.IsDir() {
			return -1, nil
		}
		return st.Size(), nil
	}
	fs, err := filesystem.New(ctx, path)
	if err != nil {
		return 0, err
	}
	defer fs.Close()
	return fs.Size(ctx, path)
}

// fetch copies remote evidence: the file systems of the SDK read streams only.
func (f *scanFn) fetch(ctx context.Context, path, local string, size int64) error {
	if size > f.MaxBytes {
		return fmt.Errorf("has %d bytes, more than --max-bytes %d", size, f.MaxBytes)
	}
	fs, err := filesystem.New(ctx, path)
	if err != nil {
		return err
	}
	defer fs.Close()
	r, err := fs.OpenRead(ctx, path)
	if err != nil {
		return err
	}
	defer r.Close()
	if err := os.MkdirAll(filepath.Dir(local), 0o700); err != nil {
		return err
	}
	w, err := os.OpenFile(local, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(r, f.MaxBytes+1))
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes were copied, not %d", n, size)
	}
	return errors.Join(err, w.Close())
}

// caseName is the folder of a path's case: the same for every attempt.
func caseName(p string) string {
	sum := sha256.Sum256([]byte(p))
	return output.FileName(path.Base(filepath.ToSlash(p))) + "-" + hex.EncodeToString(sum[:4])
}

func errorLine(path string, err error) string {
	b, _ := json.Marshal(fleet.CaseError{Case: path, Error: err.Error()})
	return string(b)
}

// formats looks names of formats up.
func formats(names []string) ([]output.Format, error) {
	known := append(output.Formats(), parquet.Format(), sqlite.Format())
	var out []output.Format
	for _, name := range names {
		i := slices.IndexFunc(known, func(f output.Format) bool { return f.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown case format %q", name)
		}
		out = append(out, known[i])
	}
	return out, nil
}
