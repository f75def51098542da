package scan_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestInventory: each record and each event of the incident is counted with the file
// that it was read from, those too that were gathered from several files.
func TestInventory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "case")
	m, err := scan.Run(t.Context(), scan.Options{Evidence: []string{"../../corpus/files/incident"}, Dir: dir}, scan.Silent{})
	if err != nil && !errors.Is(err, scan.ErrDamaged) {
		t.Fatal(err)
	}
	for _, m := range m.Machines {
		var records, events int
		for _, in := range m.Inputs {
			if in.Path == "" {
				t.Errorf("a file without a path: %+v", in)
			}
			records += in.Records
			events += in.Events
		}
		c := m.Counts
		if records != c.Records || events != c.Events+c.Joined {
			t.Errorf("the files have %d records and %d events, the machine %d and %d", records, events, c.Records, c.Events+c.Joined)
		}
	}
}
