package persistence

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/schtask"
	"github.com/artifactdump/artifactdump/corpus/shelllink"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The tasks and jobs of the incident tell the same when they lie in a heap
// under other names.
func TestLooseTasks(t *testing.T) {
	whole, heap := fstest.MapFS{}, fstest.MapFS{}
	for name, b := range corpus.Incident().Files() {
		whole[name] = &fstest.MapFile{Data: b}
		if _, rest, ok := strings.Cut(name, "System32/Tasks/"); ok {
			heap["found/"+filepath.Base(rest)] = &fstest.MapFile{Data: b}
		}
		if strings.HasSuffix(name, ".job") {
			heap["found/0001.bin"] = &fstest.MapFile{Data: b}
		}
	}
	heap["found/notes.xml"] = &fstest.MapFile{Data: []byte("<notes/>")}
	for _, artifact := range []string{"tasks", "jobs"} {
		want, errs := found(t, whole, artifact)
		testtree.NoErrors(t, errs)
		got, errs := found(t, heap, artifact)
		testtree.NoErrors(t, errs)
		if len(got) == 0 || len(got) != len(want) {
			t.Fatalf("%s: %d records in the heap, %d in the volume", artifact, len(got), len(want))
		}
		// What the evidence holds besides, and where the file lay, is not known
		// in a heap; the rest is.
		ignore := cmp.Options{
			cmpopts.IgnoreTypes(artifacts.Origin{}), cmpopts.IgnoreFields(Entry{}, "FilePresent", "FileSize", "Guessed", "Image", "Payload"), cmpopts.IgnoreFields(Job{}, "Name"),
			cmpopts.IgnoreFields(Task{}, "Server", "Class"), cmpopts.IgnoreUnexported(Task{}, Job{}, Entry{}),
		}
		if artifact == "tasks" {
			byPath := map[string]Task{}
			for _, r := range want {
				d := r.Data.(Task)
				byPath[d.TaskPath+d.Command] = d
			}
			for _, r := range got {
				d := r.Data.(Task)
				if diff := cmp.Diff(byPath[d.TaskPath+d.Command], d, ignore); diff != "" {
					t.Errorf("%s: -volume +heap\n%s", d.TaskPath, diff)
				}
			}
			continue
		}
		if diff := cmp.Diff(want[0].Data.(Job), got[0].Data.(Job), ignore); diff != "" {
			t.Errorf("-volume +heap\n%s", diff)
		}
	}
}

// A loose task claims a place in the tree of tasks only under the name that it
// has there.
func TestLooseTaskPath(t *testing.T) {
	xml := schtask.Task{Path: `\Microsoft\Windows\Defrag\ScheduledDefrag`, Actions: []schtask.Action{{Command: "a.exe"}}}.XML()
	for name, want := range map[string]string{
		"ScheduledDefrag":            `\Microsoft\Windows\Defrag\ScheduledDefrag`,
		"scheduleddefrag":            `\Microsoft\Windows\Defrag\ScheduledDefrag`,
		"0001.xml":                   `\0001.xml`,
		"Tasks/Other/evil":           `\Other\evil`,
		"x/Tasks/ScheduledDefrag":    `\Microsoft\Windows\Defrag\ScheduledDefrag`,
		"x/Tasks/My/ScheduledDefrag": `\My\ScheduledDefrag`,
	} {
		recs, errs := found(t, fstest.MapFS{name: {Data: xml}}, "tasks")
		testtree.NoErrors(t, errs)
		if len(recs) != 1 || recs[0].Data.(Task).TaskPath != want {
			t.Errorf("%s: %+v, want %s", name, recs, want)
		}
	}
}

// A loose shortcut is shown with its target, and only in a folder Startup said
// to start something.
func TestLooseShortcuts(t *testing.T) {
	link := shelllink.Link{Target: `C:\Users\Public\svchost.exe`, Arguments: "-k", Machine: "kestrel-pc", Created: testtree.Written}.Build()
	recs, errs := found(t, fstest.MapFS{
		"heap/a.lnk":         {Data: link},
		"heap/b.bin":         {Data: link},
		"heap/broken.lnk":    {Data: link[:100]},
		"heap/text.lnk":      {Data: []byte("no shortcut")},
		"heap/startup/c.lnk": {Data: link},
		"heap/startup/d.bat": {Data: []byte("echo")},
	}, "startupfolder")
	if len(errs) != 1 || !strings.HasSuffix(errs[0].From.Path, "broken.lnk") {
		t.Errorf("errors %v, want one of broken.lnk", errs)
	}
	known := 0
	for _, r := range recs {
		f := r.Data.(StartupFile)
		if f.Kind != "shortcut" {
			t.Errorf("%s is a %s", f.Path, f.Kind)
		}
		if strings.HasSuffix(f.Path, "broken.lnk") {
			continue
		}
		if f.Target != `C:\Users\Public\svchost.exe` || f.LinkMachine == "" {
			t.Errorf("%s: target %q, machine %q", f.Path, f.Target, f.LinkMachine)
		}
		if placed := strings.HasSuffix(f.Path, "c.lnk"); placed {
			known++
			if r.Proof() != artifacts.Configured || f.PlaceUnknown || f.Mechanism != "Startup folder" || f.Image == "" || f.Arguments != "-k" {
				t.Errorf("in a folder Startup: %+v", f)
			}
		} else if r.Proof() != artifacts.Present || !f.PlaceUnknown || f.Image != "" || f.Command != "" || f.Arguments != "" || f.LinkArgs != "-k" || f.Mechanism != "Shortcut" {
			t.Errorf("somewhere: %+v", f)
		}
		if n := len(f.Events()); n == 0 {
			t.Errorf("%s has no event", f.Path)
		}
	}
	if len(recs) != 4 || known != 1 {
		t.Errorf("%d records, %d of them in place; want 4 and 1", len(recs), known)
	}
}

// One file alone is evidence, too.
func TestOneTask(t *testing.T) {
	name := filepath.Join(t.TempDir(), "renamed.dat")
	if err := os.WriteFile(name, schtask.Task{Path: `\A`, Actions: []schtask.Action{{Command: "a.exe"}}}.XML(), 0o666); err != nil {
		t.Fatal(err)
	}
	ev, err := evidence.Open(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	recs, errs := testtree.FoundIn(t, ev.Trees[0], testtree.Named(t, Artifacts(), "tasks"))
	testtree.NoErrors(t, errs)
	if len(recs) != 1 || recs[0].Data.(Task).Command != "a.exe" {
		t.Errorf("%+v", recs)
	}
}
