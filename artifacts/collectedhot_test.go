package artifacts_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestCollectedHot lists some folders of a machine, and all, and none. What is missing can be said of a folder that is listed, and of no
// other, in a collection and in a collection of that.
func TestCollectedHot(t *testing.T) {
	testcost.Again(t)
	dir := filepath.Join(t.TempDir(), "machine")
	if err := corpus.Incident().Write(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{`Windows/WinSxS/amd64_x/a.dll`, `Windows/System32/ntdll.dll`, `Tools/deep/here.exe`, `Windows/servicing/x.txt`} {
		name = filepath.Join(dir, "C", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("MZ"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		listing, again          string
		system, tools, nowhere  bool // whether what is missing there is known to be missing
		here, folder, listedAll bool
	}{
		{collector.ListFull, collector.ListFull, true, true, true, true, true, true},
		{collector.ListHot, collector.ListFull, true, false, true, false, true, false},
		{collector.ListHot, collector.ListHot, true, false, true, false, true, false},
		{collector.ListFull, collector.ListHot, true, false, true, false, true, false},
		{collector.ListNone, collector.ListFull, false, false, false, false, false, false},
	} {
		t.Run(c.listing+" then "+c.again, func(t *testing.T) {
			first := collectListing(t, dir, c.listing)
			second := collectListing(t, first, c.again)
			ev, err := evidence.Open(second, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ev.Close()
			tree := ev.Trees[0]
			for path, want := range map[string]bool{
				`C:\Windows\System32\gone.dll`:   c.system,
				`C:\Windows\System32\x\gone.dll`: c.system,
				`C:\Tools\gone.exe`:              c.tools,
				`C:\Tools\deep\gone.exe`:         c.tools,
				`C:\Nowhere\gone.exe`:            c.nowhere,
			} {
				if got := tree.Shows(path); got != want {
					t.Errorf("%s would be shown: %t, want %t", path, got, want)
				}
			}
			if got := tree.Walked(`C:\Windows\System32\gone.dll`); got != c.system {
				t.Errorf("System32 is whole: %t", got)
			}
			if got := tree.Walked(`C:\Tools\gone.exe`); got != c.tools {
				t.Errorf("Tools is whole: %t", got)
			}
			if _, ok := tree.Lookup(`C:\Tools\deep\here.exe`); ok != c.here {
				t.Errorf("a file of a folder of its own: %t", ok)
			}
			if _, ok := tree.Lookup(`C:\Windows\WinSxS\amd64_x\a.dll`); ok != c.listedAll {
				t.Errorf("a component: %t", ok)
			}
			if _, ok := tree.Lookup(`C:\Windows\System32\ntdll.dll`); ok != c.folder {
				t.Errorf("ntdll.dll: %t", ok)
			}
			// A service whose program is in a folder that is there, and not listed in part.
			want := "unknown"
			if c.tools {
				want = "no"
			}
			if got := serviceProgram(t, tree, `C:\Windows\servicing\TrustedInstaller.exe`); got != want {
				t.Errorf("the program of a service is there: %s, want %s", got, want)
			}
		})
	}
}

// serviceProgram returns what the services say of a program's file.
func serviceProgram(t *testing.T, tree *evidence.Tree, image string) string {
	t.Helper()
	list, err := catalogue.Select([]string{"services"})
	if err != nil {
		t.Fatal(err)
	}
	results, err := artifacts.Run(t.Context(), tree, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	said := "no service"
	for res := range results {
		for i := range res.Records {
			if a, ok := res.Records[i].Data.(persistence.Autostarter); ok && a.Autostart().Image == image {
				said = a.Autostart().FilePresent
			}
		}
	}
	return said
}

// collectListing collects a source with a listing.
func collectListing(t *testing.T, source, listing string) string {
	t.Helper()
	ev, err := evidence.Open(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	name := filepath.Join(t.TempDir(), "host.zip")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	o := &collector.Options{Artifacts: catalogue.All(), Listing: listing}
	if _, err := collector.Collect(t.Context(), ev, f, o); err != nil {
		t.Fatal(err)
	}
	return name
}
