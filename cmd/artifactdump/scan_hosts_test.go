package main

import (
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/google/go-cmp/cmp"
)

// sameCase holds a case against another one of the same evidence: every byte,
// but for what the manifest says of the time and the command.
func sameCase(t *testing.T, got, want string) {
	t.Helper()
	a, b := listing(t, got), listing(t, want)
	for name := range b {
		if _, ok := a[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if name != scan.ManifestName && a[name] != b[name] {
			t.Errorf("%s differs", name)
		}
	}
	for name := range a {
		if _, ok := b[name]; !ok {
			t.Errorf("%s should not be there", name)
		}
	}
	m, err := scan.ReadManifest(got)
	if err != nil {
		t.Fatal(err)
	}
	n, err := scan.ReadManifest(want)
	if err != nil {
		t.Fatal(err)
	}
	if m.State != n.State || m.Error != n.Error || len(m.Machines) != len(n.Machines) {
		t.Fatalf("manifest: %s %s, %d machines; want %s %s, %d", m.State, m.Error, len(m.Machines), n.State, n.Error, len(n.Machines))
	}
	for i, h := range m.Machines {
		h.Seconds, n.Machines[i].Seconds = scan.Seconds{}, scan.Seconds{}
		if diff := cmp.Diff(n.Machines[i], h, cmp.AllowUnexported(scan.Input{})); diff != "" {
			t.Errorf("manifest, machine %d, -want +got:\n%s", i, diff)
		}
	}
	if diff := cmp.Diff(n.Evidence, m.Evidence); diff != "" {
		t.Errorf("manifest, evidence, -want +got:\n%s", diff)
	}
}

// wholePart checks what a run left that did not end: what has its final name
// is as an undisturbed run writes it, and the manifest names no other bytes.
func wholePart(t *testing.T, part, want, state string) {
	t.Helper()
	whole := listing(t, want)
	for name, b := range listing(t, part) {
		if name != scan.ManifestName && !strings.HasSuffix(name, ".partial") && whole[name] != b {
			t.Errorf("%s has its final name and is not whole: %d bytes, want %d", name, len(b), len(whole[name]))
		}
	}
	m, err := scan.ReadManifest(part)
	if err != nil {
		t.Fatal(err)
	}
	if m.State != state {
		t.Errorf("manifest: %s, want %s", m.State, state)
	}
	for _, h := range m.Machines {
		for _, o := range h.Outputs {
			if sum, err := files.SHA256(t.Context(), filepath.Join(part, h.Folder, filepath.FromSlash(o.Name))); err != nil || sum != o.SHA256 {
				t.Errorf("%s/%s is not as the manifest says (%v)", h.Folder, o.Name, err)
			}
		}
	}
}

// readOrder scans three machines and returns the folder that each line "read …"
// names.
func readOrder(t *testing.T, dir string, args ...string) []string {
	t.Helper()
	code, said := runs(t.Context(), append(args, "-o", dir, "-v")...)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, said)
	}
	var order []string
	for line := range strings.Lines(said) {
		if folder, _, ok := strings.Cut(line, ": read "); ok && strings.HasPrefix(folder, "KESTREL-PC") {
			order = append(order, folder)
		}
	}
	return order
}

// changes is how often a list goes over to another folder.
func changes(list []string) int {
	n := 0
	for i := range list {
		if i > 0 && list[i] != list[i-1] {
			n++
		}
	}
	return n
}

// meet makes the first of the machines that are scanned wait, with its evidence open,
// until the second opens its own, so that both run at a time however the system
// schedules them. Before, each piece of evidence is opened once for the plan.
func meet(t *testing.T, planned int32) {
	var opened atomic.Int32
	second := make(chan struct{})
	wrapEvidence = func(f fs.FS) fs.FS {
		switch opened.Add(1) - planned {
		case 1:
			select {
			case <-second:
			case <-time.After(5 * time.Minute):
				t.Error("no second machine is begun while the first is scanned")
			}
		case 2:
			close(second)
		}
		return f
	}
	t.Cleanup(func() { wrapEvidence = nil })
}

// TestScanMachines scans machines of one name, one after the other and at a
// time: the same bytes. What they need together stays within --memory.
func TestScanMachines(t *testing.T) {
	testcost.Again(t)
	evidence := sameIncidents(t, 3)
	tmp := t.TempDir()
	want := filepath.Join(tmp, "want")
	if n := changes(readOrder(t, want, append(evidence, "--machines", "1", "--jobs", "1")...)); n != 2 {
		t.Errorf("one at a time: %d changes between three machines", n)
	}
	for _, c := range []struct {
		args   []string
		atOnce bool
	}{
		{[]string{"--machines", "3", "--jobs", "1"}, true},
		{[]string{"--machines", "2", "--jobs", "7"}, true},
		{[]string{"--jobs", "3"}, true},
		{[]string{"--machines", "3", "--memory", "1"}, false},
		{[]string{"--machines", "3", "--memory", "200"}, false},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "case")
			if c.atOnce {
				meet(t, int32(len(evidence)))
			}
			if n := changes(readOrder(t, dir, append(evidence, c.args...)...)); n != 2 && !c.atOnce {
				t.Errorf("%d changes between three machines", n)
			}
			sameCase(t, dir, want)
		})
	}
	m, err := scan.ReadManifest(want)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range m.Machines {
		if want := []string{"KESTREL-PC", "KESTREL-PC-2", "KESTREL-PC-3"}[i]; h.Folder != want || h.Evidence != evidence[i] {
			t.Errorf("machine %d: folder %s, evidence %s", i, h.Folder, h.Evidence)
		}
	}
}

// TestScanMachinesFlags names numbers that make no sense.
func TestScanMachinesFlags(t *testing.T) {
	for _, v := range []string{"0", "-1", "1048577"} {
		if code, said := runs(t.Context(), sameIncidents(t, 1)[0], "-o", filepath.Join(t.TempDir(), "x"), "--memory", v); code != exitUsage {
			t.Errorf("--memory %s: exit %d: %s", v, code, said)
		}
	}
	if code, said := runs(t.Context(), sameIncidents(t, 1)[0], "-o", filepath.Join(t.TempDir(), "x"), "--machines", "0"); code != exitUsage {
		t.Errorf("--machines 0: exit %d: %s", code, said)
	}
}

// TestCut shortens lines for a terminal.
func TestCut(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"", 3, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"日本語", 4, "日本"}, {"日本語", 5, "日本"}, {"äöü", 2, "äö"}} {
		if got := terminal.Cut(c.in, c.n); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}
