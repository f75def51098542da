package scan_test

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus"
)

// Scan a machine into a case folder. What the example calls incident is any
// folder, archive or disk image.
func Example() {
	tmp, incident := writeIncident()
	defer os.RemoveAll(tmp)

	m, err := scan.Run(context.Background(), scan.Options{
		Evidence: []string{incident},
		Dir:      filepath.Join(tmp, "case"),
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	for _, machine := range m.Machines {
		fmt.Println(machine.Name, machine.State, machine.Counts.Findings["critical"] > 0)
	}
	_, err = os.Stat(filepath.Join(tmp, "case", "report.html"))
	fmt.Println(m.State, m.Damaged(), m.Worst(), err)
	// Output:
	// KESTREL-PC complete true
	// complete 0 critical <nil>
}

// Follow a scan.
func ExampleObserver() {
	tmp, incident := writeIncident()
	defer os.RemoveAll(tmp)

	_, err := scan.Run(context.Background(), scan.Options{
		Evidence:  []string{incident},
		Dir:       filepath.Join(tmp, "case"),
		Artifacts: []string{"prefetch"},
	}, follower{})
	fmt.Println(err)
	// Output:
	// KESTREL-PC is done
	// <nil>
}

// A follower prints which machines are done.
type follower struct{ scan.Silent }

func (follower) Completed(m *scan.MachineManifest) { fmt.Println(m.Name, "is done") }

// Scan one machine that is open already.
func ExampleMachine() {
	tmp, incident := writeIncident()
	defer os.RemoveAll(tmp)

	ev, err := evidence.Open(incident, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer ev.Close()
	m, err := scan.Machine(context.Background(), ev.Trees[0], files.Folder{Dir: filepath.Join(tmp, "kestrel")}, scan.Options{
		Artifacts: []string{"prefetch"},
		Evidence:  []string{ev.Path},
		Kind:      ev.Kind,
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.State, m.Artifacts[0].Name, m.Outputs[0].Name)
	// Output:
	// complete prefetch records/prefetch.jsonl
}

// writeIncident writes the machine of package corpus into a folder below a
// temporary one.
func writeIncident() (tmp, incident string) {
	tmp, err := os.MkdirTemp("", "scan")
	if err != nil {
		log.Fatal(err)
	}
	incident = filepath.Join(tmp, "incident")
	if err := writeFiles(filepath.Join(incident, "C")); err != nil {
		log.Fatal(err)
	}
	return tmp, incident
}

func writeFiles(dir string) error {
	for name, b := range corpus.Incident().Files() {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(p, b, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// TestMachine holds the folder of one machine against that of a whole run.
func TestMachine(t *testing.T) {
	tmp := t.TempDir()
	dir := filepath.Join(tmp, "evidence")
	if err := writeFiles(filepath.Join(dir, "C")); err != nil {
		t.Fatal(err)
	}
	whole, err := scan.Run(t.Context(), scan.Options{Evidence: []string{dir}, Dir: filepath.Join(tmp, "case")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ev, err := evidence.Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	o := scan.Options{Evidence: []string{dir}, Kind: ev.Kind}
	one, err := scan.Machine(t.Context(), ev.Trees[0], files.Folder{Dir: filepath.Join(tmp, "one")}, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := whole.Machines[0].Outputs
	if len(one.Outputs) != len(want) || len(want) == 0 {
		t.Fatalf("%d outputs, want %d", len(one.Outputs), len(want))
	}
	for i, f := range one.Outputs {
		if f.Name != want[i].Name || f.SHA256 != want[i].SHA256 || f.Rows != want[i].Rows {
			t.Errorf("%s differs from what Run writes", f.Name)
		}
	}
}

// TestRunRefuses gives options that make no sense.
func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, o := range []scan.Options{
		{},
		{Dir: filepath.Join(dir, "x")},
		{Evidence: []string{dir}},
		{Evidence: []string{dir}, Dir: filepath.Join(dir, "x")},
		{Evidence: []string{dir}, Dir: dir + "-x", Force: true, Resume: true},
		{Evidence: []string{dir}, Dir: dir + "-x", Lang: "de"},
		{Evidence: []string{dir}, Dir: dir + "-x", Artifacts: []string{"nonsense"}},
		{Evidence: []string{dir, dir}, Dir: dir + "-x"},
	} {
		if m, err := scan.Run(t.Context(), o, nil); err == nil || m != nil {
			t.Errorf("%+v: %v, manifest %v", o, err, m != nil)
		}
	}
}

// TestOpensOnce scans one machine: its evidence stays open from the plan on. That of several machines is opened again for each.
func TestOpensOnce(t *testing.T) {
	tmp := t.TempDir()
	var paths []string
	for _, name := range []string{"a", "b"} {
		paths = append(paths, filepath.Join(tmp, name))
		if err := corpus.Incident().Write(paths[len(paths)-1]); err != nil {
			t.Fatal(err)
		}
	}
	for n, want := range map[int]int32{1: 1, 2: 4} {
		var opened atomic.Int32
		o := scan.Options{Evidence: paths[:n], Dir: filepath.Join(tmp, fmt.Sprint("case", n)), Jobs: 1}
		o.Open.Wrap = func(fsys fs.FS) fs.FS {
			opened.Add(1)
			return fsys
		}
		if _, err := scan.Run(t.Context(), o, nil); err != nil {
			t.Fatal(err)
		}
		if got := opened.Load(); got != want {
			t.Errorf("%d machines: opened %d times, want %d", n, got, want)
		}
	}
}
