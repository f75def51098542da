package artifacts_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestAlignedImages reads every file and stream of the shared NTFS volumes through a device that refuses unaligned reads: they are those of
// the plain image.
func TestAlignedImages(t *testing.T) {
	images, err := filepath.Glob(filepath.Join(testtree.EvidenceDir(t), "ntfs/images/*.gz"))
	if err != nil {
		t.Fatal(err)
	}
	images = slices.DeleteFunc(images, func(name string) bool {
		return !strings.HasSuffix(name, ".raw.gz") && !strings.HasSuffix(name, ".dd.gz")
	})
	tried := 0
	for _, name := range testcost.Sample(images, 3) {
		b := testtree.Unpack(t, name)
		if len(b) < 512 || string(b[3:7]) != "NTFS" {
			continue // a disk with a table of partitions
		}
		tried++
		plain, err := ntfs.Open(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := contents(t, plain)
		if len(want) < 5 {
			t.Errorf("%s: %d files", name, len(want))
		}
		for _, unit := range []int{512, 4096} {
			size := (len(b) + unit - 1) / unit * unit // devices end with a whole sector
			dev := &sectors{append(slices.Clone(b), make([]byte, size-len(b))...), unit, t}
			ev, err := evidence.OpenVolume(dev, `\\.\C:`, "C:", nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := contents(t, ev.Trees[0].Volumes()[0].FS); !maps.Equal(got, want) {
				t.Errorf("%s, sectors of %d bytes: %d files, want %d, or other contents", filepath.Base(name), unit, len(got), len(want))
			}
			ev.Close()
		}
	}
	if tried < 3 && !testcost.Samples() {
		t.Errorf("%d images", tried)
	}
}

// contents returns the SHA-256 of each file and stream, or the error of one that cannot be read.
func contents(t *testing.T, fsys fs.FS) map[string]string {
	t.Helper()
	out := map[string]string{}
	read := func(p string) {
		f, err := fsys.Open(p)
		if err == nil {
			defer f.Close()
			sum := sha256.New()
			if _, err = io.Copy(sum, io.LimitReader(f, 1<<26)); err == nil { // a journal is a hole of gigabytes
				out[p] = fmt.Sprintf("%x", sum.Sum(nil))
			}
		}
		if err != nil {
			for inner := err; inner != nil; inner = errors.Unwrap(inner) {
				err = inner
			}
			out[p] = err.Error()
		}
	}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		read(p)
		if info, err := d.Info(); err == nil {
			if st, ok := info.Sys().(*ntfs.Stat); ok {
				for _, s := range st.Streams {
					read(p + ":" + s.Name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
