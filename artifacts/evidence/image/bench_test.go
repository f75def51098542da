package image_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
)

// BenchmarkExtract reads the hives, the prefetch files and the profiles out of an E01: this package in one process, and The Sleuth Kit as an
// analyst's script uses it, fls for the list and icat for each file. Both give the same bytes.
func BenchmarkExtract(b *testing.B) {
	v := ntfsVolume(b)
	need(b, "ewfacquire", "fls", "icat")
	run(b, v.dir, "ewfacquire", "-q", "-u", "-t", "bench", "-f", "encase6", "-c", "deflate:fast", "disk.raw")
	e01 := filepath.Join(v.dir, "bench.E01")
	defer os.Remove(e01)
	wanted := func(p string) bool {
		return strings.HasPrefix(p, "Windows/System32/config/") || strings.HasPrefix(p, "Windows/Prefetch/") || strings.HasPrefix(p, "Users/")
	}
	var want int64
	b.Run("impl=ours", func(b *testing.B) {
		for b.Loop() {
			d, err := image.Open(e01, nil)
			if err != nil {
				b.Fatal(err)
			}
			fsys, err := d.Volumes()[0].FS()
			if err != nil {
				b.Fatal(err)
			}
			want = 0
			for _, dir := range []string{"Windows/System32/config", "Windows/Prefetch", "Users"} {
				if err := fs.WalkDir(fsys, dir, func(p string, e fs.DirEntry, err error) error {
					if err != nil || e.IsDir() {
						return err
					}
					data, err := fs.ReadFile(fsys, p)
					want += int64(len(data))
					return err
				}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(d.BytesRead())/float64(d.StoredBytes()), "read/stored")
			d.Close()
		}
		b.SetBytes(want)
	})
	b.Run("impl=sleuthkit", func(b *testing.B) {
		for b.Loop() {
			var got int64
			for line := range strings.Lines(run(b, v.dir, "fls", "-i", "ewf", "-o", "2048", "-r", "-p", "-u", "bench.E01")) {
				kind, path, ok := strings.Cut(strings.TrimRight(line, "\n"), ":\t")
				if !ok || !strings.HasPrefix(kind, "r/r") || strings.Contains(path, ":") || !wanted(path) {
					continue
				}
				cmd := exec.Command("icat", "-i", "ewf", "-o", "2048", "bench.E01", kind[len("r/r "):])
				cmd.Dir = v.dir
				data, err := cmd.Output()
				if err != nil {
					b.Fatal(err)
				}
				got += int64(len(data))
			}
			if want != 0 && got != want {
				b.Fatalf("%d bytes, ours are %d", got, want)
			}
		}
		b.SetBytes(want)
	})
}
