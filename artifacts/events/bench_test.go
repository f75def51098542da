package events_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// BenchmarkLogs reads some 500 MB of event logs: the real ones of the shared
// evidence, each several times. "all" shows every record, "none" shows none, and
// "file" gives only the record of each log.
func BenchmarkLogs(b *testing.B) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		b.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	root := b.TempDir()
	size := manyLogs(b, filepath.Join(dir, "evtx"), root, 500<<20)
	for _, c := range []struct {
		name, shown string
		list        []*artifacts.Artifact
	}{{"all", "all", events.Artifacts()}, {"none", "none", events.Artifacts()}, {"file", "none", events.Artifacts()[:1]}} {
		filter, err := events.ParseFilter(c.shown)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(size)
			for b.Loop() {
				ev, err := evidence.Open(root, nil)
				if err != nil {
					b.Fatal(err)
				}
				results, err := artifacts.Run(b.Context(), ev.Trees[0], c.list, &artifacts.Options{Quiet: filter.Quiet})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for res := range results {
					n += len(res.Records)
				}
				ev.Close()
				b.ReportMetric(float64(n), "records")
			}
		})
	}
}

// manyLogs copies the logs below a folder into the folder of a machine until they
// have so many bytes.
func manyLogs(b *testing.B, from, root string, want int64) (size int64) {
	b.Helper()
	logs := filepath.Join(root, "Windows", "System32", "winevt", "Logs")
	if err := os.MkdirAll(logs, 0o777); err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "Windows", "System32", "config"), 0o777); err != nil {
		b.Fatal(err)
	}
	for round := 0; size < want; round++ {
		before := size
		err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".evtx") || size >= want {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			size += int64(len(data))
			return os.WriteFile(filepath.Join(logs, fmt.Sprintf("%d-%s", round, filepath.Base(path))), data, 0o666)
		})
		if err != nil || size == before {
			b.Fatalf("%d bytes: %v", size, err)
		}
	}
	return size
}
