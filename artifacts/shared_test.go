package artifacts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// A streamFS has a file that can only be read from its beginning, as one in a compressed
// archive, and counts what is read of it.
type streamFS struct {
	fs.FS
	n *atomic.Int64
}

type streamFile struct {
	f fs.File
	n *atomic.Int64
}

func (s streamFS) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil || name != "big.bin" {
		return f, err
	}
	return streamFile{f, s.n}, nil
}

func (s streamFile) Stat() (fs.FileInfo, error) { return s.f.Stat() }
func (s streamFile) Close() error               { return s.f.Close() }

func (s streamFile) Read(p []byte) (int, error) {
	n, err := s.f.Read(p)
	s.n.Add(int64(n))
	return n, err
}

type bigRecord struct {
	Origin
	Last string `json:"last"`
}

// bigFile returns a machine with a file that is expanded into a temporary file.
func bigFile(t *testing.T) (*evidence.Tree, *evidence.File, []byte, *atomic.Int64) {
	t.Helper()
	data := append(make([]byte, inMemory), "the end"...)
	n := new(atomic.Int64)
	fsys := fstest.MapFS{"Windows/System32/config/x": {}, "big.bin": {Data: data}}
	ev, err := evidence.OpenFS(streamFS{fsys, n}, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := ev.Trees[0].Glob(`%SystemDrive%\big.bin`)
	if len(files) != 1 {
		t.Fatalf("%d files", len(files))
	}
	n.Store(0)
	return ev.Trees[0], files[0], data, n
}

// TestSharedCopy: a large file that must be expanded is expanded once for all artifacts,
// and for what a decoder opens again.
func TestSharedCopy(t *testing.T) {
	tree, _, data, n := bigFile(t)
	sum := sha256.Sum256(data)
	var list []*Artifact
	for _, name := range []string{"one", "two", "three"} {
		list = append(list, Define(Artifact{Name: name, Title: name, Sources: []Source{RandomFiles(`%SystemDrive%\big.bin`)}},
			func(in Input, yield func(bigRecord) bool) error {
				d, err := in.OpenAt(in.File)
				if err != nil {
					return err
				}
				defer d.Close()
				last := make([]byte, 7)
				_, err = d.ReadAt(last, d.Size()-7)
				yield(bigRecord{in.AtOffset(0), string(last)})
				return err
			}))
	}
	for _, jobs := range []int{1, 4} {
		n.Store(0)
		results, err := Run(t.Context(), tree, list, &Options{Jobs: jobs})
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for res := range results {
			for _, e := range res.Errors {
				t.Error(e)
			}
			for i := range res.Records {
				got++
				if r := &res.Records[i]; r.Data.(bigRecord).Last != "the end" || r.From.SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("%+v", r)
				}
			}
		}
		if got != 3 || n.Load() != int64(len(data)) {
			t.Errorf("%d jobs: %d records; %d bytes of a file of %d were read", jobs, got, n.Load(), len(data))
		}
	}
}

// TestSharedCopyCloses: the copy is given up after the last job, and at the end of a run
// that was left.
func TestSharedCopyCloses(t *testing.T) {
	testcost.Again(t)
	_, file, data, n := bigFile(t)
	plan := []job{{file: file, sources: []Source{RandomFiles(`C:\big.bin`)}}}
	for name, end := range map[string]func(*shared){
		"job done":  func(s *shared) { s.done(file) },
		"run ended": func(s *shared) { s.close() },
		"no job":    func(s *shared) { s.close() },
	} {
		plan := plan
		if name == "no job" {
			plan = nil
		}
		n.Store(0)
		in := Input{shared: newShared(plan)}
		a, err := in.OpenAt(file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := in.OpenAt(file)
		if err != nil {
			t.Fatal(err)
		}
		a.Close()
		a.Close()
		if all, err := io.ReadAll(io.NewSectionReader(b, 0, b.Size())); err != nil || !bytes.Equal(all, data) {
			t.Errorf("%s: after another was closed: %d bytes, %v", name, len(all), err)
		}
		b.Close()
		if _, err := b.ReadAt(make([]byte, 1), 0); err != nil {
			t.Errorf("%s: given up before: %v", name, err)
		}
		end(in.shared)
		if _, err := b.ReadAt(make([]byte, 1), 0); !errors.Is(err, os.ErrClosed) {
			t.Errorf("%s: still open: %v", name, err)
		}
		if n.Load() != int64(len(data)) {
			t.Errorf("%s: %d bytes were read", name, n.Load())
		}
	}
}
