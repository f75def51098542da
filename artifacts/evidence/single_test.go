package evidence_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
)

// A link to a file is followed when it is what was asked for, wherever it
// leads; an empty file is said to be empty.
func TestOpenOneFile(t *testing.T) {
	dir := t.TempDir()
	var sys []byte
	for name, b := range corpus.Incident().Files() {
		if strings.HasSuffix(name, "config/SYSTEM") {
			sys = b
		}
	}
	for name, b := range map[string][]byte{"SYSTEM": sys, "empty": nil} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Join(dir, "SYSTEM"), link); err != nil {
		t.Skip(err)
	}
	ev, err := evidence.Open(link, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	hives, _ := ev.Trees[0].Hives()
	if len(hives) != 1 || hives[0].Kind != evidence.SYSTEM {
		t.Errorf("hives behind a link: %v", hives)
	}
	_, err = evidence.Open(filepath.Join(dir, "empty"), nil)
	if !errors.Is(err, evidence.ErrNothing) || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("an empty file: %v", err)
	}
}
