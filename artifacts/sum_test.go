package artifacts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A readFS counts the bytes that are read of its files.
type readFS struct {
	fstest.MapFS
	n *atomic.Int64
}

type readFile struct {
	fs.File
	n *atomic.Int64
}

func (c readFS) Open(name string) (fs.File, error) {
	f, err := c.MapFS.Open(name)
	if _, dir := f.(fs.ReadDirFile); err != nil || dir {
		return f, err
	}
	return &readFile{f, c.n}, nil
}

func (f *readFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.n.Add(int64(n))
	return n, err
}

func (f *readFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.(io.ReaderAt).ReadAt(p, off)
	f.n.Add(int64(n))
	return n, err
}

func (f *readFile) Seek(off int64, whence int) (int64, error) {
	return f.File.(io.Seeker).Seek(off, whence)
}

// TestSumOnce: a file that several artifacts read at any place is hashed once.
func TestSumOnce(t *testing.T) {
	data := make([]byte, 1<<20)
	var n atomic.Int64
	fsys := readFS{fstest.MapFS{"Windows/System32/config/x": {}, "big.bin": {Data: data}}, &n}
	ev, err := evidence.OpenFS(fsys, "case", nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []*artifacts.Artifact
	for _, name := range []string{"one", "two", "three"} {
		list = append(list, artifacts.Define(artifacts.Artifact{
			Name: name, Title: name, Sources: []artifacts.Source{artifacts.RandomFiles(`%SystemDrive%\big.bin`)},
		}, func(in artifacts.Input, yield func(helped) bool) error {
			yield(helped{in.AtOffset(0)})
			return nil
		}))
	}
	before := n.Load()
	results, err := artifacts.Run(t.Context(), ev.Trees[0], list, nil)
	if err != nil {
		t.Fatal(err)
	}
	want, got := sha256.Sum256(data), 0
	for res := range results {
		for i := range res.Records {
			got++
			if res.Records[i].From.SHA256 != hex.EncodeToString(want[:]) {
				t.Errorf("%s: SHA-256 %s", res.Artifact.Name, res.Records[i].From.SHA256)
			}
		}
	}
	if read := n.Load() - before; got != 3 || read < int64(len(data)) || read >= 2*int64(len(data)) {
		t.Errorf("%d records; %d bytes of a file of %d were read", got, read, len(data))
	}
}
