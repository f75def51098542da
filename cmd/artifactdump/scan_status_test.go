package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// A peekWriter looks at a file when a text is said for the first time.
type peekWriter struct {
	bytes.Buffer
	at, file string
	seen     []byte
}

func (w *peekWriter) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if w.seen == nil && strings.Contains(w.Buffer.String(), w.at) {
		w.seen, _ = os.ReadFile(w.file)
	}
	return n, err
}

// TestStatusFile reads the status file in the middle of a run, and after it.
func TestStatusFile(t *testing.T) {
	testcost.Again(t)
	ev := sameIncidents(t, 2)
	a, b := ev[0], ev[1]
	for _, c := range []struct {
		machines string
		at       string
		want     []string // that may be named, in order
	}{
		{"1", "KESTREL-PC-2: read 150 of", []string{"KESTREL-PC-2"}},
		{"2", "KESTREL-PC-2: read 50 of", []string{"KESTREL-PC", "KESTREL-PC-2"}},
	} {
		w := &peekWriter{at: c.at, file: filepath.Join(t.TempDir(), "status.json")}
		args := []string{"artifactdump", "scan", a, b, "-o", filepath.Join(t.TempDir(), "case"), "-v", "--machines", c.machines, "--status-file", w.file}
		if code := run(t.Context(), args, w, w); code != exitOK {
			t.Fatalf("exit %d: %s", code, w)
		}
		var st scan.Status
		if err := json.Unmarshal(w.seen, &st); err != nil {
			t.Fatalf("%v: %s", err, w.seen)
		}
		var names []string
		for _, m := range st.Machines {
			names = append(names, m.Folder)
		}
		if got := strings.Join(names, " "); !strings.HasSuffix(strings.Join(c.want, " "), got) || got == "" {
			t.Errorf("--machines %s: machines %q, want %q", c.machines, names, c.want)
		}
		if st.State != "running" || st.MachinesAll != 2 || st.Machine != "KESTREL-PC" || st.Folder != names[0] || st.Phase == "" {
			t.Errorf("--machines %s: %s", c.machines, w.seen)
		}
		end, err := os.ReadFile(w.file)
		if err != nil || !bytes.Contains(end, []byte(`"state":"complete"`)) || !bytes.Contains(end, []byte(`"hosts_done":2`)) {
			t.Errorf("at the end: %s %v", end, err)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	stop := &stopWriter{after: 1, at: "read 50 of", cancel: cancel}
	file := filepath.Join(t.TempDir(), "status.json")
	if code := run(ctx, []string{"artifactdump", "scan", a, "-o", filepath.Join(t.TempDir(), "case"), "-v", "--status-file", file}, stop, stop); code != exitInterupt {
		t.Fatalf("exit %d", code)
	}
	if end, err := os.ReadFile(file); err != nil || !bytes.Contains(end, []byte(`"state":"interrupted"`)) {
		t.Errorf("after an interrupt: %s %v", end, err)
	}
}

// TestStatusFileInCase names a place in the case folder, where nothing else
// belongs than what the manifest names.
func TestStatusFileInCase(t *testing.T) {
	testcost.Again(t)
	dir := filepath.Join(t.TempDir(), "case")
	for _, name := range []string{dir, filepath.Join(dir, "status.json"), dir + ".partial", filepath.Join(dir+".partial", "status.json")} {
		if code, said := runs(t.Context(), sameIncidents(t, 1)[0], "-o", dir, "--status-file", name); code != exitUsage {
			t.Errorf("%s: exit %d: %s", name, code, said)
		}
	}
	if code, said := runs(t.Context(), sameIncidents(t, 1)[0], "-o", dir, "--status-file", filepath.Join(filepath.Dir(dir), "case.json")); code != exitOK {
		t.Errorf("beside the case: exit %d: %s", code, said)
	}
}

// TestOutputBelowDots writes into a folder of the evidence whose name begins
// like the way out of it.
func TestOutputBelowDots(t *testing.T) {
	ev := incident(t)
	if err := os.Mkdir(filepath.Join(ev, "..more"), 0o777); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(ev, "..more", "case")
	if code, said := runs(t.Context(), ev, "-o", name); code != exitFailed || !strings.Contains(said, "lies inside the evidence") {
		t.Errorf("exit %d: %s", code, said)
	}
}
