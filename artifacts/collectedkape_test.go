package artifacts_test

import (
	"archive/zip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// collectKAPE collects evidence into folders and closes the file.
func collectKAPE(t *testing.T, ev *evidence.Evidence, f *os.File) {
	t.Helper()
	_, err := collector.Collect(t.Context(), ev, f, &collector.Options{Artifacts: catalogue.All(), Layout: collector.LayoutKAPE})
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestCollectedKAPENames collects the incident into folders: names with a percent sign or a dot at their beginning stay, and so all records
// but those that say whether a file is there.
func TestCollectedKAPENames(t *testing.T) {
	testcost.Again(t)
	dir := filepath.Join(t.TempDir(), "machine")
	if err := corpus.Incident().Write(dir); err != nil {
		t.Fatal(err)
	}
	ev, err := evidence.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	name := filepath.Join(t.TempDir(), "host.zip")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	collectKAPE(t, ev, f)
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, entry := range []string{"C/Windows/System32/winevt/Logs/Microsoft-Windows-Sysmon%4Operational.evtx", "C/Users/mira/.ssh/known_hosts"} {
		if _, err := fs.Stat(z, entry); err != nil {
			t.Error(err)
		}
	}
	there := func(l string) bool {
		return strings.Contains(l, "CryptnetUrlCache") || strings.Contains(l, "$Recycle.Bin")
	}
	sameLines(t, "folders", slices.DeleteFunc(allRecords(t, dir), there), slices.DeleteFunc(allRecords(t, name), there))
}

// TestCollectedKAPE collects an image with shadow copies into folders. A scan finds the files in their places with the times that the
// copy log has; what is not there are streams, and whether a file is missing.
func TestCollectedKAPE(t *testing.T) {
	testcost.Again(t)
	image := shadowImage(t, 0)
	ev, err := evidence.Open(image, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	name := filepath.Join(t.TempDir(), "host.zip")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	collectKAPE(t, ev, f)
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	logs, err := fs.Glob(z, "*_CopyLog.csv")
	if err != nil || len(logs) != 1 {
		t.Fatalf("copy logs: %q, %v", logs, err)
	}
	const row = `C:\Windows\System32\config\SYSTEM,\C\Windows\System32\config\SYSTEM,`
	if b, err := fs.ReadFile(z, logs[0]); err != nil || !strings.Contains(string(b), row) {
		t.Errorf("copy log: %v: %.400s", err, b)
	}
	for _, entry := range []string{"C/$MFT", "C/$Secure_$SDS", "VSS1/Windows/System32/config/SYSTEM", "artifactdump/files.jsonl"} {
		if _, err := fs.Stat(z, entry); err != nil {
			t.Error(err)
		}
	}
	if _, err := fs.Stat(z, "uploads.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lists of the other layout: %v", err)
	}
	got, err := evidence.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	ev, err = evidence.Open(image, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	compared := 0
	for _, pattern := range []string{`%SystemRoot%\System32\config\*`, `%SystemRoot%\Prefetch\*.pf`, `%AnyDrive%\$MFT`} {
		want, _ := ev.Trees[0].Glob(pattern)
		have, _ := got.Trees[0].Glob(pattern)
		places := map[string]*evidence.File{}
		for _, f := range have {
			places[f.Snapshot+f.Path] = f
		}
		for _, f := range want {
			h := places[f.Snapshot+f.Path]
			if h == nil {
				t.Errorf("%s %s is not there", f.Snapshot, f.Path)
				continue
			}
			compared++
			a, aerr := f.Times()
			b, berr := h.Times()
			if aerr != nil || berr != nil || !b.Original || !b.Modified.Equal(a.Modified) || !b.Created.Equal(a.Created) {
				t.Errorf("%s %s: %v, %v, want %v, %v", f.Snapshot, f.Path, b, berr, a, aerr)
			}
		}
	}
	if compared < 6 {
		t.Errorf("%d files compared", compared)
	}
}
