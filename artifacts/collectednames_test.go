package artifacts_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestCollectedNames compares the names, sizes and times on a volume with those that its collection shows, which has no listing: they
// come from $MFT.
func TestCollectedNames(t *testing.T) {
	check := func(name string) {
		want := volumeNames(t, name)
		first := collectTo(t, name)
		if len(want) < 10 {
			t.Errorf("%s: %d names", name, len(want))
		}
		for _, zip := range []string{first, collectTo(t, first)} {
			got := volumeNames(t, zip)
			for _, p := range slices.Sorted(maps.Keys(want)) {
				if got[p] != want[p] {
					t.Errorf("%s: %s: %q, want %q", name, p, got[p], want[p])
				}
				delete(got, p)
			}
			for p := range got {
				if !strings.Contains(filepath.Base(p), ":") { // a collected stream
					t.Errorf("%s: %s is not on the volume", name, p)
				}
			}
		}
	}
	t.Run("made", func(t *testing.T) {
		testcost.Again(t)
		check(shadowImage(t, 3))
	})
	images, err := filepath.Glob(filepath.Join(testtree.EvidenceDir(t), "ntfs/images/*"))
	if err != nil {
		t.Fatal(err)
	}
	dir, tried := t.TempDir(), 0
	for _, name := range images {
		base := filepath.Base(name)
		switch {
		case strings.HasSuffix(base, ".raw.gz"), strings.HasSuffix(base, ".dd.gz"):
			b := testtree.Unpack(t, name)
			name = filepath.Join(dir, strings.TrimSuffix(base, ".gz"))
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		case strings.HasSuffix(base, ".E01"), strings.HasSuffix(base, ".qcow2"):
		default:
			continue
		}
		if tried++; testing.Short() && tried > 2 { // one after the other on one goroutine
			continue
		}
		t.Run(base, func(t *testing.T) { check(name) })
	}
	if tried < 5 {
		t.Errorf("%d images", tried)
	}
}

// volumeNames lists the live volumes of evidence.
func volumeNames(t *testing.T, name string) map[string]string {
	t.Helper()
	ev, err := evidence.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	out := map[string]string{}
	for _, tree := range ev.Trees {
		for _, v := range tree.Volumes() {
			if v.Snapshot != "" {
				continue
			}
			err := fs.WalkDir(v.FS, ".", func(p string, d fs.DirEntry, err error) error {
				if err != nil {
					t.Logf("%s: %v", p, err)
					return nil
				}
				info, err := d.Info()
				if err != nil || p == "." || strings.ContainsAny(p, `\:`) {
					return err
				}
				s := fmt.Sprint(d.Type())
				if !d.IsDir() {
					s += fmt.Sprint(" ", info.Size())
				}
				switch x := info.Sys().(type) {
				case *ntfs.Stat:
					fn, _ := x.FileName()
					s += fmt.Sprint(x.Created.UTC(), x.Modified.UTC(), x.Changed.UTC(), x.Accessed.UTC(), fn.Created.UTC(), fn.Modified.UTC())
				case *collect.Times:
					s += fmt.Sprint(x.Created.UTC(), x.Modified.UTC(), x.Changed.UTC(), x.Accessed.UTC(), x.NameCreated.UTC(), x.NameModified.UTC())
				}
				out[v.Name+`\`+p] = s
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// An opening file system counts how often each file is opened.
type opening struct {
	fs.FS
	n map[string]int
}

func (o *opening) Open(name string) (fs.File, error) {
	o.n[name]++
	return o.FS.Open(name)
}

func (o *opening) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(o.FS, name) }

// TestCollectedTableOnce reads the $MFT of a collection more than once, as the artifacts do: it is expanded once.
func TestCollectedTableOnce(t *testing.T) {
	testcost.Again(t)
	zip := collectTo(t, shadowImage(t, 3))
	count := &opening{n: map[string]int{}}
	ev, err := evidence.Open(zip, &evidence.Options{Wrap: func(fsys fs.FS) fs.FS { count.FS = fsys; return count }})
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	list, errs := ev.Trees[0].Glob(`%AnyDrive%\$MFT`)
	if len(list) != 1 || len(errs) > 0 {
		t.Fatalf("%d files, %v", len(list), errs)
	}
	for range 3 {
		b, err := list[0].Bytes()
		if err != nil || !strings.HasPrefix(string(b), "FILE") {
			t.Fatalf("%d bytes, %v", len(b), err)
		}
	}
	const table = "uploads/ntfs/%5C%5C.%5CC%3A/$MFT"
	if n := count.n[table]; n != 1 {
		t.Errorf("opened %d times", n)
	}
}
