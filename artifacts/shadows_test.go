package artifacts_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/testcost"
	"github.com/artifactdump/artifactdump/corpus/vss"
)

const software = "Windows/System32/config/SOFTWARE"

// shadowStates are the incident's volume at four times, the last of which is
// now: a Run value is there in the first alone, one in the first two, and the
// prefetch file of whoami.exe is deleted before the last.
func shadowStates() []map[string][]byte {
	with := func(values ...string) map[string][]byte {
		m := corpus.Incident().WithoutMetadata()
		for _, v := range values {
			m.Hive(software).Sub(`Microsoft\Windows\CurrentVersion\Run`).Set(v, regf.String(`C:\ProgramData\`+v+`.exe`))
		}
		return m.Files()
	}
	now := with()
	maps.DeleteFunc(now, func(name string, _ []byte) bool { return strings.Contains(name, "WHOAMI") })
	return []map[string][]byte{with("first", "second"), with("second"), with(), now}
}

// madeImages are the volumes that tests read and none changes, by their first state.
var madeImages struct {
	dir   string
	paths map[int]string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if madeImages.dir != "" {
		os.RemoveAll(madeImages.dir)
	}
	os.Exit(code)
}

// shadowImage returns the path of an NTFS volume with the states of shadowStates from
// the given one on, for tests that leave it as it is: it is made once.
func shadowImage(t *testing.T, from int) string {
	t.Helper()
	if path, ok := madeImages.paths[from]; ok {
		return path
	}
	made := shadowImageOf(t, shadowStates()[from:], func([]byte) {})
	if madeImages.dir == "" {
		dir, err := os.MkdirTemp("", "artifactdump-images")
		if err != nil {
			t.Fatal(err)
		}
		madeImages.dir, madeImages.paths = dir, map[int]string{}
	}
	path := filepath.Join(madeImages.dir, strconv.Itoa(from), "volume.img")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(made, path); err != nil {
		t.Fatal(err)
	}
	madeImages.paths[from] = path
	return path
}

// shadowImageOf writes an NTFS volume with these states, the last as it is now,
// the others as its shadow copies, and returns its path. mkntfs and wimtools
// write each state; corpus/vss lays them over one another. It does something to the
// volume as it is now before that.
func shadowImageOf(t *testing.T, states []map[string][]byte, now func(volume []byte)) string {
	t.Helper()
	need(t, "mkfs.ntfs", "wimcapture", "wimapply", "ntfscp")
	dir := t.TempDir()
	sh := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
	}
	put := func(name string, b []byte) {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("room", vss.AreaFile(2000))
	put("all.ini", []byte("[ExclusionList]\n"))
	sh("truncate", "-s", "96M", "empty.img")
	sh("mkfs.ntfs", "-F", "-Q", "-L", "EVIDENCE", "-s", "512", "-c", "4096", "-p", "0", "-H", "255", "-S", "63", "empty.img")
	sh("ntfscp", "empty.img", "room", "/{3808876b-c176-4e48-b7ae-04046e6cc752}")
	var spec vss.Spec
	for i, files := range states {
		if err := os.RemoveAll(filepath.Join(dir, "tree")); err != nil {
			t.Fatal(err)
		}
		for name, b := range files {
			put("tree/"+name, b)
		}
		sh("cp", "empty.img", "volume.img")
		sh("wimcapture", "tree", "t.wim", "--compress=none", "--config=all.ini")
		sh("wimapply", "t.wim", "1", "volume.img")
		b, err := os.ReadFile(filepath.Join(dir, "volume.img"))
		if err != nil {
			t.Fatal(err)
		}
		if i == len(states)-1 {
			now(b)
			spec.Now, spec.Area = b, vss.Area(b)
			break
		}
		spec.Stores = append(spec.Stores, vss.Store{Volume: b, Created: time.Date(2026, 3, 1+i, 3, 0, 0, 0, time.UTC), ID: [16]byte{byte(i + 1), 9},
			Machine: "KESTREL-PC", Forward: true, Overlay: i%2 == 0, Previous: i == 1, Scraps: true})
	}
	img, _, err := spec.Build()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "volume.img")
	if err := os.WriteFile(path, img, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestShadowCopies reads a volume with three shadow copies: the timeline is,
// byte for byte, that of a collection that KAPE would have made of it, and
// what only a shadow copy holds is marked.
func TestShadowCopies(t *testing.T) {
	testcost.Again(t)
	states := shadowStates()
	path := shadowImage(t, 0)
	kape := map[string][]byte{}
	for i, files := range states {
		root := []string{"VSS1", "VSS2", "VSS3", "C"}[i]
		for name, b := range files {
			kape[root+"/"+name] = b
		}
	}
	events, errs := rows(t, testtree.Tree(t, kape))
	for _, e := range errs {
		t.Fatalf("the collection: %v", e)
	}
	want := rowLines(t, withoutVolume(events))

	ev, err := evidence.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	for _, err := range ev.Trees[0].Problems() {
		t.Error(err)
	}
	if notes := strings.Join(ev.Notes, "\n"); !strings.Contains(notes, "shadow copies: vss1 of 2026-03-01T03:00:00.0000000Z, vss2 of 2026-03-02T03:00:00.0000000Z, vss3 of 2026-03-03T03:00:00.0000000Z") {
		t.Errorf("notes: %s", notes)
	}
	merged, errs := rows(t, ev.Trees[0])
	merged = withoutVolume(merged)
	for _, e := range errs {
		t.Error(e)
	}
	if got := rowLines(t, merged); !bytes.Equal(got, want) {
		t.Errorf("the image's timeline differs from the collection's in %s", firstDiff(want, got))
	}
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	t.Logf("%d of %d bytes read, %d MiB taken from the system", ev.BytesRead(), 96<<20, mem.Sys>>20)

	found := map[string]string{} // which copies tell it
	for i := range merged {
		e := merged[i]
		places := []string{e.Snapshot}
		for _, also := range e.Also {
			snapshot, _, _ := strings.Cut(also, " ")
			places = append(places, snapshot)
		}
		slices.Sort(places)
		for name, here := range map[string]bool{
			"first":  strings.Contains(e.Message, `C:\ProgramData\first.exe`),
			"second": strings.Contains(e.Message, `C:\ProgramData\second.exe`),
			"whoami": strings.Contains(e.Source, "WHOAMI.EXE"),
		} {
			if here && e.State != artifacts.Backup {
				t.Errorf("%s is in a shadow copy only, but its state is %q", name, e.State)
			}
			if here {
				found[name] = strings.Join(places, "+")
			}
		}
	}
	for name, want := range map[string]string{"first": "vss1", "second": "vss1+vss2", "whoami": "vss1+vss2+vss3"} {
		if found[name] != want {
			t.Errorf("%s: found in %q, want %q", name, found[name], want)
		}
	}

	without, err := evidence.Open(path, &evidence.Options{NoShadows: true})
	if err != nil {
		t.Fatal(err)
	}
	defer without.Close()
	single, _ := timeline(t, without.Trees[0], nil)
	single = eventsWithoutVolume(single)
	live, _ := timeline(t, testtree.Tree(t, states[3]), nil)
	live = eventsWithoutVolume(live)
	if got, want := jsonl(t, single), jsonl(t, live); !bytes.Equal(got, want) {
		t.Errorf("without shadow copies the timeline differs in %s", firstDiff(want, got))
	}
	if notes := strings.Join(without.Notes, "\n"); !strings.Contains(notes, "not read (left aside as asked): vss1 of 2026-03-01") {
		t.Errorf("notes: %s", notes)
	}
}

// TestShadowOfWreck reads a volume whose file table was wiped: what is left of
// the machine is its shadow copy.
func TestShadowOfWreck(t *testing.T) {
	testcost.Again(t)
	files := corpus.Incident().WithoutMetadata().Files()
	path := shadowImageOf(t, []map[string][]byte{files, files}, func(b []byte) {
		for i := 0; i+1024 <= len(b); i += 1024 {
			if string(b[i:i+4]) == "FILE" {
				clear(b[i : i+1024])
			}
		}
	})
	ev, err := evidence.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	if p := ev.Trees[0].Problems(); len(ev.Trees) != 1 || len(p) != 1 || !strings.Contains(p[0].Error(), "file record 0") {
		t.Errorf("%d machines, problems %v", len(ev.Trees), p)
	}
	events, errs := timeline(t, ev.Trees[0], nil)
	events = eventsWithoutVolume(events)
	for _, e := range errs {
		t.Error(e)
	}
	old := map[string][]byte{}
	for name, b := range files {
		old["VSS1/"+name] = b
	}
	want, _ := timeline(t, testtree.Tree(t, old), nil)
	want = eventsWithoutVolume(want)
	if len(events) != len(want) || len(want) < 1000 {
		t.Fatalf("%d events, want %d", len(events), len(want))
	}
	for i := range events {
		if e := &events[i]; e.Record.From.Snapshot != "vss1" || e.Record.From.State == artifacts.Live || e.Message != want[i].Message {
			t.Fatalf("event %d: %+v, want %s", i, e.Record.From, want[i].Message)
		}
	}
}
