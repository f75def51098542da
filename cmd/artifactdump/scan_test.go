package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

var incidentFiles = sync.OnceValue(func() map[string][]byte { return corpus.Incident().Files() })

// incident writes the corpus's machine into a folder of the test.
func incident(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "evidence")
	writeIncident(t, dir)
	return dir
}

func writeIncident(t *testing.T, dir string) {
	t.Helper()
	for name, f := range incidentFiles() {
		p := filepath.Join(dir, "C", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, f, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// runs runs the command and returns the exit code with what it said.
func runs(ctx context.Context, args ...string) (int, string) {
	var out, errs bytes.Buffer
	code := run(ctx, append([]string{"artifactdump", "scan"}, args...), &out, &errs)
	return code, out.String() + errs.String()
}

// listing returns every file below a folder with its content.
func listing(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestScan checks a case against its own manifest, and that the evidence is as
// it was.
func TestScan(t *testing.T) {
	testcost.Again(t)
	ev := incident(t)
	before := listing(t, ev)
	dir := filepath.Join(t.TempDir(), "case")
	statusFile := filepath.Join(t.TempDir(), "status.json")
	code, said := runs(t.Context(), ev, "-o", dir, "--format", "all", "--status-file", statusFile)
	if code != exitOK {
		t.Fatalf("exit %d: %s", code, said)
	}
	got := listing(t, dir)
	m, err := scan.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	if m.State != "complete" || len(m.Machines) != 1 {
		t.Fatalf("manifest: %s, %d hosts", m.State, len(m.Machines))
	}
	h := m.Machines[0]
	named := map[string]bool{scan.ManifestName: true}
	timelines := 0
	for _, o := range h.Outputs {
		b, ok := got[o.Name]
		named[o.Name] = true
		if !ok || int64(len(b)) != o.Bytes {
			t.Errorf("%s: %d bytes, the manifest says %d", o.Name, len(b), o.Bytes)
		}
		if sum, err := files.SHA256(t.Context(), filepath.Join(dir, filepath.FromSlash(o.Name))); err != nil || sum != o.SHA256 {
			t.Errorf("%s: SHA-256 %s (%v), the manifest says %s", o.Name, sum, err, o.SHA256)
		}
		if strings.HasPrefix(o.Name, "timeline") || strings.HasPrefix(o.Name, "ecs/part-") {
			timelines++
			if o.Rows != h.Counts.Events {
				t.Errorf("%s has %d rows, there are %d events", o.Name, o.Rows, h.Counts.Events)
			}
		}
	}
	if want := len(m.Options.Formats) - 4; timelines != want { // four are tables of records
		t.Errorf("%d timelines, want %d", timelines, want)
	}
	for name := range got {
		if !named[name] {
			t.Errorf("%s is not in the manifest", name)
		}
		if strings.HasSuffix(name, ".partial") || strings.HasSuffix(name, ".tmp") {
			t.Errorf("%s is left", name)
		}
	}
	if len(h.Inputs) == 0 || h.Counts.Records == 0 || h.Counts.Findings["critical"] == 0 {
		t.Errorf("counts: %+v", h.Counts)
	}
	for _, in := range h.Inputs {
		_, rest, _ := strings.Cut(in.Path, `:\`)
		b, ok := before["C/"+strings.ReplaceAll(rest, `\`, "/")]
		if !ok {
			t.Errorf("the manifest names %s, which the evidence has not", in.Path)
			continue
		}
		if int64(len(b)) != in.Size || in.SHA256 == "" {
			t.Errorf("%s: %d bytes, SHA-256 %q; the file has %d", in.Path, in.Size, in.SHA256, len(b))
		}
	}
	if after := listing(t, ev); !mapsEqual(before, after) {
		t.Error("the evidence was changed")
	}
	var st scan.Status
	if b, err := os.ReadFile(statusFile); err != nil || json.Unmarshal(b, &st) != nil || st.State != "complete" {
		t.Errorf("status file: %s (%v)", st.State, err)
	}

	// A second run gives the same bytes, but for what tells the time.
	again := filepath.Join(t.TempDir(), "again")
	if code, said := runs(t.Context(), ev, "-o", again, "--format", "all", "--sort-memory", "1", "--jobs", "7"); code != exitOK {
		t.Fatalf("exit %d: %s", code, said)
	}
	for name, b := range listing(t, again) {
		if name == scan.ManifestName || strings.HasPrefix(name, "ecs/") || strings.HasPrefix(name, "tables/") {
			continue
		}
		if got[name] != b {
			t.Errorf("%s differs in a second run", name)
		}
	}
}

func mapsEqual(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	return true
}

// TestScanRefuses names what scan does not do, and that it leaves nothing.
func TestScanRefuses(t *testing.T) {
	ev := incident(t)
	tmp := t.TempDir()
	link := filepath.Join(tmp, "link")
	if err := os.Symlink(ev, link); err != nil {
		t.Skip(err)
	}
	taken := filepath.Join(tmp, "taken")
	if err := os.MkdirAll(taken, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(taken, "thesis.txt"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(tmp, "file")
	if err := os.WriteFile(locked, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		code int
		says string
		args []string
	}{
		{"no folder", exitUsage, "missing -o CASE", []string{ev}},
		{"no evidence", exitUsage, "missing EVIDENCE", []string{"-o", filepath.Join(tmp, "x")}},
		{"not there", exitFailed, "no such file or folder", []string{filepath.Join(tmp, "nothing"), "-o", filepath.Join(tmp, "x")}},
		{"twice", exitUsage, "are the same evidence", []string{ev, link, "-o", filepath.Join(tmp, "x")}},
		{"inside the evidence", exitFailed, "never written to", []string{ev, "-o", filepath.Join(ev, "case")}},
		{"inside the evidence, by a link", exitFailed, "never written to", []string{ev, "-o", filepath.Join(link, "deep", "case")}},
		{"around the evidence", exitFailed, "lies inside", []string{ev, "-o", filepath.Dir(ev), "--force"}},
		{"exists", exitFailed, "use --force", []string{ev, "-o", taken}},
		{"not a case", exitFailed, "is not a case folder", []string{ev, "-o", taken, "--force"}},
		{"no such format", exitUsage, "unknown case format", []string{ev, "-o", filepath.Join(tmp, "x"), "--format", "docx"}},
		{"no such artifact", exitUsage, "no artifact is called", []string{ev, "-o", filepath.Join(tmp, "x"), "-a", "nonsense"}},
		{"nothing to resume", exitFailed, "nothing to resume", []string{ev, "-o", filepath.Join(tmp, "x"), "--resume"}},
		{"below a file", exitFailed, "", []string{ev, "-o", filepath.Join(locked, "case")}},
		{"nothing recognised", exitFailed, "none of the evidence", []string{taken, "-o", filepath.Join(tmp, "y")}},
	} {
		code, said := runs(t.Context(), c.args...)
		if code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit %d, %q; want exit %d and %q", c.name, code, said, c.code, c.says)
		}
	}
	if _, err := os.Stat(filepath.Join(tmp, "x")); err == nil {
		t.Error("a refused run left its folder")
	}
	for _, name := range []string{"x.partial", "y", "y.partial"} {
		if _, err := os.Stat(filepath.Join(tmp, name)); err == nil {
			t.Errorf("a refused run left %s", name)
		}
	}
	if b, _ := os.ReadFile(filepath.Join(taken, "thesis.txt")); string(b) != "mine" {
		t.Error("a folder that is no case was touched")
	}
}

// TestScanHosts scans two machines of one name, and one that is damaged.
func TestScanHosts(t *testing.T) {
	testcost.Again(t)
	a, b := incident(t), incident(t)
	broken := filepath.Join(b, "C", "Windows", "Prefetch", "BROKEN.EXE-12345678.pf")
	if err := os.WriteFile(broken, []byte("MAM\x04\xFF\xFF\x00\x00 this is no LZ77"), 0o666); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "case")
	code, said := runs(t.Context(), a, b, "-o", dir, "--format", "pecmd")
	if code != exitDamaged || !strings.Contains(said, "BROKEN.EXE") {
		t.Fatalf("exit %d: %s", code, said)
	}
	m, err := scan.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, h := range m.Machines {
		folders = append(folders, h.Folder)
		if _, err := os.Stat(filepath.Join(dir, h.Folder, "timeline.jsonl")); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(folders, []string{"KESTREL-PC", "KESTREL-PC-2"}) {
		t.Errorf("folders %q", folders)
	}
	if n := m.Machines[0].Counts.Damaged; n != 0 {
		t.Errorf("the whole machine has %d damaged", n)
	}
	d := m.Machines[1].Damaged
	if len(d) == 0 || !strings.HasSuffix(d[0].Path, "BROKEN.EXE-12345678.pf") || d[0].Error == "" {
		t.Errorf("damaged: %+v", d)
	}
	i := slices.IndexFunc(m.Machines[1].Inputs, func(in *scan.Input) bool { return strings.Contains(in.Path, "BROKEN") })
	if i < 0 || m.Machines[1].Inputs[i].Status != "partial" || m.Machines[1].Inputs[i].SHA256 == "" {
		t.Errorf("the manifest does not show the damaged input: %+v", m.Machines[1].Inputs[max(i, 0)])
	}
	tables, _ := filepath.Glob(filepath.Join(dir, "KESTREL-PC-2", "tables", "*_PECmd_Output.csv"))
	if len(tables) != 1 {
		t.Fatalf("tables %q", tables)
	}
	if csv, _ := os.ReadFile(tables[0]); !bytes.Contains(csv, []byte("BROKEN.EXE-12345678.pf")) {
		t.Error("the broken file has no row in the table")
	}

	// --force replaces a case, and only what it is.
	if code, said := runs(t.Context(), a, "-o", dir, "--force"); code != exitOK {
		t.Fatalf("--force: exit %d: %s", code, said)
	}
	if _, err := os.Stat(filepath.Join(dir, "KESTREL-PC-2")); err == nil {
		t.Error("--force left the old case")
	}
}

// TestScanInterrupted stops a run of two machines in the second and goes on.
func TestScanInterrupted(t *testing.T) {
	testcost.Again(t)
	a, b := incident(t), incident(t)
	dir := filepath.Join(t.TempDir(), "case")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := &stopWriter{after: 2, at: "read 20 of", cancel: cancel}
	code := run(ctx, []string{"artifactdump", "scan", a, b, "-o", dir, "-v", "--machines", "1"}, stop, stop)
	if code != exitInterupt {
		t.Fatalf("exit %d: %s", code, stop.String())
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("an unfinished case has its final name")
	}
	part := dir + ".partial"
	m, err := scan.ReadManifest(part)
	if err != nil {
		t.Fatal(err)
	}
	if m.State != "interrupted" || len(m.Machines) != 2 || m.Machines[0].State != "complete" || m.Machines[1].State != "interrupted" {
		t.Fatalf("manifest: %s, hosts %d", m.State, len(m.Machines))
	}
	for _, h := range m.Machines {
		for _, o := range h.Outputs {
			if sum, err := files.SHA256(t.Context(), filepath.Join(part, h.Folder, filepath.FromSlash(o.Name))); err != nil || sum != o.SHA256 {
				t.Errorf("%s/%s is not as the manifest says (%v)", h.Folder, o.Name, err)
			}
		}
	}
	if code, said := runs(t.Context(), a, b, "-o", dir); code != exitFailed || !strings.Contains(said, "--resume") {
		t.Errorf("without --resume: exit %d: %s", code, said)
	}
	if code, said := runs(t.Context(), a, b, "-o", dir, "--resume", "--format", "tln"); code != exitFailed || !strings.Contains(said, "options differ (--format)") {
		t.Errorf("with other options: exit %d: %s", code, said)
	}
	code, said := runs(t.Context(), a, b, "-o", dir, "--resume")
	if code != exitOK || strings.Count(said, "is complete already") != 1 {
		t.Fatalf("--resume: exit %d: %s", code, said)
	}
	one, two := listing(t, filepath.Join(dir, "KESTREL-PC")), listing(t, filepath.Join(dir, "KESTREL-PC-2"))
	for name, b := range one {
		if two[name] != b {
			t.Errorf("%s of the two copies of one machine differ", name)
		}
	}
	if len(one) == 0 || len(one) != len(two) {
		t.Errorf("%d files and %d", len(one), len(two))
	}
}

// A stopWriter interrupts the run when a text was said a number of times.
type stopWriter struct {
	bytes.Buffer
	after  int
	at     string
	cancel context.CancelFunc
}

func (w *stopWriter) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Count(w.Buffer.String(), w.at) >= w.after {
		w.cancel()
	}
	return n, err
}
