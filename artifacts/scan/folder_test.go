package scan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus"
)

// small writes a machine of a few files, which is scanned in no time, and returns
// its folder.
func small(t *testing.T, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	n := 0
	all := corpus.Incident().Files()
	for _, p := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(p, "Windows/Prefetch/") || !strings.HasSuffix(strings.ToLower(p), ".pf") {
			continue
		}
		if n++; n > 3 {
			break
		}
		put(t, filepath.Join(dir, "C", filepath.FromSlash(p)), all[p])
	}
	if n < 3 {
		t.Fatalf("%d Prefetch files", n)
	}
	return dir
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// options scans the small machines into a new folder.
func options(t *testing.T, evidence ...string) scan.Options {
	return scan.Options{Evidence: evidence, Dir: filepath.Join(t.TempDir(), "case"), Artifacts: []string{"prefetch"}, Jobs: 1, Version: "test"}
}

func mustScan(t *testing.T, o scan.Options) *scan.Manifest {
	t.Helper()
	m, err := scan.Run(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// tree returns the content of each file below a folder but the manifest.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == scan.ManifestName {
			return err
		}
		b, err := os.ReadFile(p)
		out[strings.TrimPrefix(p, dir)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestForceReplacesCasesOnly: what is in the way stays, unless it is a case and
// --force was given.
func TestForceReplacesCasesOnly(t *testing.T) {
	o := options(t, small(t, "a"))
	put(t, filepath.Join(o.Dir, "thesis.txt"), []byte("years of work"))
	_, err := scan.Run(t.Context(), o, nil)
	if e, ok := errors.AsType[*files.ExistsError](err); !ok || e.Name != o.Dir {
		t.Errorf("without force: %v", err)
	}
	o.Force = true
	if _, err := scan.Run(t.Context(), o, nil); err == nil || !strings.Contains(err.Error(), "is not a case folder of artifactdump (no manifest.json): not replaced") {
		t.Errorf("a folder that is no case, with force: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(o.Dir, "thesis.txt")); err != nil || string(b) != "years of work" {
		t.Fatalf("the folder that is no case: %q, %v", b, err)
	}
	for name, manifest := range map[string]string{"another tool": `{"tool":"other"}`, "not JSON": `{`, "empty": ``} {
		put(t, filepath.Join(o.Dir, scan.ManifestName), []byte(manifest))
		if _, err := scan.Run(t.Context(), o, nil); err == nil || scan.IsCase(o.Dir) {
			t.Errorf("a manifest of %s makes a case: %v", name, err)
		}
	}
	o.Dir += "2"
	mustScan(t, o)
	put(t, filepath.Join(o.Dir, "note.txt"), []byte("beside the case"))
	mustScan(t, o)
	if _, err := os.Stat(filepath.Join(o.Dir, "note.txt")); err == nil {
		t.Error("the case was not replaced as a whole")
	}
	entries, err := os.ReadDir(filepath.Dir(o.Dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if n := e.Name(); n != "case" && n != "case2" {
			t.Errorf("%s is left", n)
		}
	}
}

// TestLeftOver: what an interrupted run left is in the way of another one, is not
// replaced when it is no case, and cannot be continued when it is not there.
func TestLeftOver(t *testing.T) {
	o := options(t, small(t, "a"))
	resume := o
	resume.Resume = true
	if _, err := scan.Run(t.Context(), resume, nil); err == nil || err.Error() != "nothing to resume: "+o.Dir+".partial does not exist" {
		t.Errorf("nothing is left: %v", err)
	}
	put(t, filepath.Join(o.Dir+".partial", "thesis.txt"), []byte("years of work"))
	_, err := scan.Run(t.Context(), o, nil)
	if e, ok := errors.AsType[*scan.UnfinishedError](err); !ok || e.Dir != o.Dir+".partial" || e.Err != nil ||
		err.Error() != o.Dir+".partial is left from a run that did not end" {
		t.Errorf("a folder is left: %v", err)
	}
	force := o
	force.Force = true
	for _, o := range []scan.Options{force, resume} {
		if _, err := scan.Run(t.Context(), o, nil); err == nil {
			t.Errorf("force %t, resume %t: a folder that is no case was used", o.Force, o.Resume)
		}
	}
	if b, err := os.ReadFile(filepath.Join(o.Dir+".partial", "thesis.txt")); err != nil || string(b) != "years of work" {
		t.Fatalf("what was no case: %q, %v", b, err)
	}
	put(t, filepath.Join(o.Dir+".partial", scan.ManifestName), []byte(`{"tool":"artifactdump"}`))
	mustScan(t, force)
	if _, err := os.Stat(o.Dir + ".partial"); err == nil {
		t.Error("the left folder is still there")
	}
	if _, err := os.Stat(filepath.Join(o.Dir, "thesis.txt")); err == nil {
		t.Error("a file of the left folder is in the new case")
	}
}

// TestInUse: a case that another process works on is left alone, with force and
// resume too.
func TestInUse(t *testing.T) {
	o := options(t, small(t, "a"))
	lock, err := files.NewLock(o.Dir+".partial.lock", files.Private)
	if err != nil {
		t.Fatal(err)
	}
	if lock == nil {
		t.Skip("no locks on this file system")
	}
	for range 2 {
		_, err = scan.Run(t.Context(), o, nil)
		if e, ok := errors.AsType[*scan.InUseError](err); !ok || e.Dir != o.Dir+".partial" || !strings.Contains(err.Error(), "is in use by a running scan") {
			t.Errorf("force %t: %v", o.Force, err)
		}
		o.Force = true
	}
	lock.Unlock()
	mustScan(t, o)
	if _, err := os.Stat(o.Dir + ".partial.lock"); err == nil {
		t.Error("the lock's file is left")
	}
}

// A stopper cancels the scan when the first machine is complete.
type stopper struct {
	scan.Silent
	cancel context.CancelFunc
	notes  []string
}

func (s *stopper) Completed(*scan.MachineManifest) { s.cancel() }
func (s *stopper) Note(text string)                { s.notes = append(s.notes, text) }

// interrupted scans two machines and stops after the first.
func interrupted(t *testing.T, o scan.Options) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.Machines = 1
	m, err := scan.Run(ctx, o, &stopper{cancel: cancel})
	if e, ok := errors.AsType[*scan.UnfinishedError](err); !ok || !errors.Is(err, context.Canceled) || e.Dir != o.Dir+".partial" {
		t.Fatalf("stopped: %v", err)
	}
	if m.State != "interrupted" {
		t.Errorf("state %s", m.State)
	}
	kept, err := scan.ReadManifest(o.Dir + ".partial")
	if err != nil || kept.State != "interrupted" || len(kept.Machines) != 1 {
		t.Fatalf("%d machines in the manifest of state %s, %v", len(kept.Machines), kept.State, err)
	}
}

// TestResume: a scan that was interrupted and continued has the bytes of one that
// was not, and the machine that was complete is not read again.
func TestResume(t *testing.T) {
	a, b := small(t, "a"), small(t, "b")
	whole := options(t, a, b)
	mustScan(t, whole)
	want := tree(t, whole.Dir)

	o := options(t, a, b)
	interrupted(t, o)
	put(t, filepath.Join(o.Dir+".partial", "b", "timeline.jsonl.partial"), []byte("half a line"))
	o.Resume = true
	s := &stopper{cancel: func() {}}
	if _, err := scan.Run(t.Context(), o, s); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, o.Dir); !maps.Equal(got, want) {
		t.Errorf("%d files, want %d; %v", len(got), len(want), differing(got, want))
	}
	if !slices.ContainsFunc(s.notes, func(n string) bool { return strings.Contains(n, "is complete already") }) {
		t.Errorf("notes %q", s.notes)
	}
}

func differing(a, b map[string]string) (names []string) {
	for n := range a {
		if a[n] != b[n] {
			names = append(names, n)
		}
	}
	for n := range b {
		if _, ok := a[n]; !ok {
			names = append(names, n)
		}
	}
	return names
}

// TestResumeDistrusts: a machine whose files were changed since is scanned again.
func TestResumeDistrusts(t *testing.T) {
	o := options(t, small(t, "a"), small(t, "b"))
	interrupted(t, o)
	m, err := scan.ReadManifest(o.Dir + ".partial")
	if err != nil {
		t.Fatal(err)
	}
	first := filepath.Join(o.Dir+".partial", m.Machines[0].Folder, "timeline.jsonl")
	was, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	put(t, first, bytes.Replace(was, []byte("2"), []byte("3"), 1))
	o.Resume = true
	s := &stopper{cancel: func() {}}
	if _, err := scan.Run(t.Context(), o, s); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(s.notes, func(n string) bool { return strings.Contains(n, "is complete already") }) {
		t.Errorf("a changed machine is taken for complete: %q", s.notes)
	}
	if is, err := os.ReadFile(filepath.Join(o.Dir, m.Machines[0].Folder, "timeline.jsonl")); err != nil || !bytes.Equal(is, was) {
		t.Errorf("the changed file is in the case: %v", err)
	}
}

// TestResumeRefuses names what differs from the run that is to be continued.
func TestResumeRefuses(t *testing.T) {
	a, b, c := small(t, "a"), small(t, "b"), small(t, "c")
	o := options(t, a, b)
	interrupted(t, o)
	o.Resume = true
	before := tree(t, o.Dir+".partial")
	tln, _ := output.Lookup("tln")
	for want, change := range map[string]func(*scan.Options){
		"options differ (--format)":                   func(o *scan.Options) { o.Formats = []output.Format{tln} },
		"options differ (--artifact)":                 func(o *scan.Options) { o.Artifacts = []string{"prefetch", "bam"} },
		"options differ (--lang)":                     func(o *scan.Options) { o.Lang = "ja" },
		"options differ (--bom)":                      func(o *scan.Options) { o.Output.BOM = true },
		"options differ (--csv-safe)":                 func(o *scan.Options) { o.Output.CSVSafe = true },
		"options differ (--bodyfile-unset)":           func(o *scan.Options) { o.Output.BodyfileZero = true },
		"options differ (--mft)":                      func(o *scan.Options) { o.MFT = true },
		"options differ (--case-id)":                  func(o *scan.Options) { o.CaseID = "7" },
		"options differ (--lang, --examiner, --note)": func(o *scan.Options) { o.Lang, o.Examiner, o.Note = "ja", "M", "x" },
		"evidence differs":                            func(o *scan.Options) { o.Evidence = []string{a, c} },
		"it was started by version test":              func(o *scan.Options) { o.Version = "next" },
	} {
		other := o
		change(&other)
		_, err := scan.Run(t.Context(), other, nil)
		if e, ok := errors.AsType[*scan.DifferentError](err); !ok || e.Why != want || err.Error() != "cannot resume "+o.Dir+".partial: "+want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if after := tree(t, o.Dir+".partial"); !maps.Equal(before, after) {
		t.Errorf("a refusal changed %v", differing(before, after))
	}
	mustScan(t, o)
}

// TestNoEvidence leaves nothing behind that the next run would stumble over.
func TestNoEvidence(t *testing.T) {
	empty := t.TempDir()
	o := options(t, empty)
	if _, err := scan.Run(t.Context(), o, nil); !errors.Is(err, scan.ErrNoEvidence) {
		t.Errorf("an empty folder: %v", err)
	}
	for _, p := range []string{o.Dir, o.Dir + ".partial", o.Dir + ".partial.lock"} {
		if _, err := os.Lstat(p); err == nil {
			t.Errorf("%s is left", p)
		}
	}
	o.Evidence = []string{filepath.Join(empty, "gone")}
	if _, err := scan.Run(t.Context(), o, nil); err == nil || !strings.Contains(err.Error(), "no such file or folder") {
		t.Errorf("evidence that is not there: %v", err)
	}
}

// TestEvidenceTwice finds the same folder behind two names.
func TestEvidenceTwice(t *testing.T) {
	a := small(t, "a")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(a, link); err != nil {
		t.Skip(err)
	}
	_, err := scan.Run(t.Context(), options(t, a, link), nil)
	if _, ok := errors.AsType[*scan.OptionError](err); !ok || !strings.Contains(err.Error(), "are the same evidence") {
		t.Errorf("%v", err)
	}
}

// TestPlaces refuses to write into the evidence or around it.
func TestPlaces(t *testing.T) {
	a := small(t, "a")
	for name, dir := range map[string]string{"inside": filepath.Join(a, "C", "case"), "around": filepath.Dir(a), "the evidence": a} {
		o := options(t, a)
		o.Dir, o.Force = dir, true
		if _, err := scan.Run(t.Context(), o, nil); err == nil {
			t.Errorf("a case %s was written", name)
		}
	}
	if got := tree(t, a); len(got) != 3 {
		t.Errorf("the evidence has now %d files", len(got))
	}
}

// TestStatusFile is refused inside the case and the evidence, says at the end that
// all is done, and stops no scan when it cannot be written.
func TestStatusFile(t *testing.T) {
	a := small(t, "a")
	o := options(t, a)
	for _, p := range []string{filepath.Join(o.Dir, "status.json"), filepath.Join(o.Dir+".partial", "status.json"), filepath.Join(a, "status.json")} {
		o.StatusFile = p
		if _, err := scan.Run(t.Context(), o, nil); err == nil {
			t.Errorf("a status file at %s", p)
		}
	}
	o.StatusFile = filepath.Join(t.TempDir(), "status.json")
	mustScan(t, o)
	b, err := os.ReadFile(o.StatusFile)
	if err != nil {
		t.Fatal(err)
	}
	var s struct {
		State   string `json:"state"`
		Done    int    `json:"hosts_done"`
		Hosts   int    `json:"hosts"`
		Bytes   int64  `json:"bytes_all"`
		Started string `json:"started"`
		Updated string `json:"updated"`
		Left    []any  `json:"machines"`
	}
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	if s.State != "complete" || s.Done != 1 || s.Hosts != 1 || s.Bytes == 0 || s.Updated < s.Started || s.Started == "" || len(s.Left) != 0 {
		t.Errorf("status %s", b)
	}
	o.Force = true
	o.StatusFile = filepath.Join(t.TempDir(), "gone", "status.json")
	watch := &stopper{cancel: func() {}}
	if _, err := scan.Run(t.Context(), o, watch); err != nil {
		t.Errorf("a status file that cannot be written stops the scan: %v", err)
	}
	told := slices.DeleteFunc(watch.notes, func(n string) bool { return !strings.Contains(n, "the status file cannot be written") })
	if len(told) != 1 {
		t.Errorf("told %d times: %q", len(told), told)
	}
}

// TestPrivate holds a case to its owner, and to the group when that was asked for.
func TestPrivate(t *testing.T) {
	for _, group := range []bool{false, true} {
		o := options(t, small(t, "a"))
		o.Group = group
		mustScan(t, o)
		file, folder := fs.FileMode(0o600), fs.FileMode(0o700)
		if group {
			file, folder = 0o640, 0o750
		}
		err := filepath.WalkDir(o.Dir, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			st, err := d.Info()
			if err != nil {
				return err
			}
			want := file
			if d.IsDir() {
				want = folder
			}
			if st.Mode().Perm() != want {
				t.Errorf("group %t: %s has the mode %v, want %v", group, p, st.Mode().Perm(), want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestManifestOutputs: each output is there with its size and hash, and nothing else
// is.
func TestManifestOutputs(t *testing.T) {
	o := options(t, small(t, "a"))
	m := mustScan(t, o)
	there := tree(t, o.Dir)
	for _, f := range m.Machines[0].Outputs {
		name := string(filepath.Separator) + filepath.FromSlash(f.Name)
		content, ok := there[name]
		sum, err := files.SHA256(t.Context(), filepath.Join(o.Dir, name))
		if !ok || err != nil || f.SHA256 != sum || f.Bytes != int64(len(content)) {
			t.Errorf("%s: %d bytes, %s; the manifest says %d, %s (%v)", f.Name, len(content), sum, f.Bytes, f.SHA256, err)
		}
		delete(there, name)
	}
	if len(there) != 0 {
		t.Errorf("not in the manifest: %v", slices.Sorted(maps.Keys(there)))
	}
	for _, in := range m.Machines[0].Inputs {
		if in.SHA256 == "" || in.Size == 0 || in.Status != "ok" {
			t.Errorf("input %+v", in)
		}
	}
}
