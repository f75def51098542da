package artifacts_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
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
		opts := &artifacts.Options{Beside: casetest.Selected(t, "jumplists")} // which says of any other file that it is no jump list
		results, err := artifacts.Run(t.Context(), ev.Trees[0], casetest.Selected(t, c.artifact), opts)
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

// TestLooseArtifacts reads files of a heap that their first bytes or their names make known:
// each gives the records that it gives in its place.
func TestLooseArtifacts(t *testing.T) {
	incident := os.DirFS(filepath.Join("..", "corpus", "files", "incident"))
	heap := fstest.MapFS{}
	for _, name := range []string{
		"Windows/System32/wbem/Repository/OBJECTS.DATA", "Windows/System32/wbem/Repository/INDEX.BTR", "Windows/System32/wbem/Repository/MAPPING1.MAP",
		"Windows/INF/setupapi.dev.log", "inetpub/logs/LogFiles/W3SVC1/u_ex260306.log", "Program Files/TeamViewer/Connections_incoming.txt",
		"Users/mira/Documents/20260304/PowerShell_transcript.KESTREL-PC.aB3dE5fG.20260304101502.txt",
		"Users/mira/AppData/Roaming/Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt",
		"Users/daniel/AppData/Local/Microsoft/Terminal Server Client/Cache/Cache0000.bin",
		"ProgramData/Microsoft/Windows Defender/Support/MPLog-20250611-001200.log",
		"ProgramData/Microsoft/Windows Defender/Scans/History/Service/DetectionHistory/07/0A1C6F70-2B5E-4D61-9A33-010203040506",
	} {
		b, err := fs.ReadFile(incident, "C/"+name)
		if err != nil {
			t.Fatal(err)
		}
		heap["heap/"+path.Base(name)] = &fstest.MapFile{Data: b}
	}
	list := []string{"wmi", "setupapi", "weblogs", "remotetools", "pstranscripts", "pshistory", "rdpcache", "defenderlog", "defenderdetections"}
	count := func(tree *evidence.Tree) map[string]int {
		results, err := artifacts.Run(t.Context(), tree, casetest.Selected(t, list...), nil)
		if err != nil {
			t.Fatal(err)
		}
		n := map[string]int{}
		for res := range results {
			for i := range res.Records {
				r := &res.Records[i]
				if _, ok := heap["heap/"+winpath.Base(r.From.Path)]; ok && r.From.State == artifacts.Live {
					n[r.Artifact.Name]++
				}
			}
		}
		return n
	}
	want, got := count(testtree.OpenFS(t, incident)), count(testtree.OpenFS(t, heap))
	if len(want) != len(list) || !maps.Equal(want, got) {
		t.Errorf("records of the heap: %v, want %v", got, want)
	}
}
