package persistence

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// TestWMIReal reads the repository of an attacked Windows Server 2022: two
// planted subscriptions and the default one, and no class definition.
func TestWMIReal(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "artifacts2/wmi/server2022-attacked/*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	m := fstest.MapFS{}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(name), ".gz")
		if base != filepath.Base(name) {
			z, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if b, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		m["Windows/System32/wbem/Repository/"+base] = &fstest.MapFile{Data: b}
	}
	recs, errs := found(t, m, "wmi")
	testtree.NoErrors(t, errs)
	var got []string
	for _, r := range recs {
		w := r.Data.(WMI)
		s := w.Kind + " " + w.Name
		if w.Bound {
			s += " bound"
		}
		if w.Default {
			s += " default"
		}
		got = append(got, s)
	}
	want := []string{
		"timer Timer", "filter TimingIntervalTrigger bound", "filter ProcessStartTrigger bound", "consumer KillProcess bound", "binding KillProcess",
		"consumer LaunchBeaconingBackdoor bound", "binding LaunchBeaconingBackdoor", "consumer SCM Event Log Consumer bound default",
		"filter SCM Event Log Filter bound default", "binding SCM Event Log Consumer default",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("%s\nwant\n%s", g, w)
	}
}
