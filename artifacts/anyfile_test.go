package artifacts_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
)

// TestAnyFile reads a file that nothing but the caller's word makes known, under
// any name: as the artifact that is asked for, and as no other.
func TestAnyFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	hosts := write("copy of a file", "203.0.113.9 update.example\n# a comment\n")
	history := write("found.bin", "whoami\nipconfig /all\n")
	usage := write("rundll32.exe.log", `1,"fusion","GAC",0`)
	for _, c := range []struct {
		path, artifact string
		want           int
	}{
		{usage, "clrusage", 1}, {hosts, "hosts", 1}, {history, "pshistory", 2}, {hosts, "services", 0},
	} {
		if _, err := evidence.Open(c.path, nil); err == nil {
			t.Errorf("%s is recognised without being asked for", c.path)
		}
		ev, err := evidence.Open(c.path, &evidence.Options{AnyFile: true})
		if err != nil {
			t.Fatal(err)
		}
		results, err := artifacts.Run(t.Context(), ev.Trees[0], casetest.Selected(t, c.artifact), nil)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for res := range results {
			n += len(res.Records)
			for _, e := range res.Errors {
				t.Errorf("%s: %v", c.artifact, e)
			}
		}
		if n != c.want {
			t.Errorf("-a %s %s: %d records, want %d", c.artifact, filepath.Base(c.path), n, c.want)
		}
		ev.Close()
	}
}

// TestLooseRecycled reads files of recycle bins that lie in a heap under other
// names, those of Windows XP to 11.
func TestLooseRecycled(t *testing.T) {
	real := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if real == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	heap, want := t.TempDir(), 0
	err := filepath.WalkDir(filepath.Join(real, "recyclebin"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want++
		return os.WriteFile(filepath.Join(heap, filepath.Base(filepath.Dir(path))+"-"+filepath.Base(path)[1:]+".dat"), b, 0o600)
	})
	if err != nil || want < 10 {
		t.Fatalf("%d files: %v", want, err)
	}
	ev, err := evidence.Open(heap, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	results, err := artifacts.Run(t.Context(), ev.Trees[0], casetest.Selected(t, "recyclebin"), nil)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{}
	for res := range results {
		for i := range res.Records {
			files[res.Records[i].From.Path] = true
		}
		for _, e := range res.Errors {
			t.Error(e)
		}
	}
	if len(files) != want {
		t.Errorf("records from %d files, want %d", len(files), want)
	}
}
