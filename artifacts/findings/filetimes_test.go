package findings_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// TestCollectedFileTimes wants the coverage of a collection to know that it has the times of
// files, also of a volume without Windows.
func TestCollectedFileTimes(t *testing.T) {
	var b bytes.Buffer
	if _, err := collector.Collect(t.Context(), real(t, "ntfs/images/njctf-1.E01"), &b, &collector.Options{Artifacts: catalogue.All()}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "host.zip")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	ev, err := evidence.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	for _, m := range ev.Trees {
		if !findings.FactsOf(m, "zip", nil).FileTimes {
			t.Error("the times of files count as those of a copy")
		}
	}
}
