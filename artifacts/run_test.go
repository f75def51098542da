package artifacts_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/corpus"
)

// rows runs everything and returns the rows of the timeline, in which what
// several copies of the machine hold is one, and the errors.
func rows(t testing.TB, tr *evidence.Tree) ([]*output.Row, []*artifacts.DecodeError) {
	t.Helper()
	var sorter output.Sorter
	defer sorter.Close()
	var errs []*artifacts.DecodeError
	results, err := artifacts.Run(context.Background(), tr, catalogue.All(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		errs = append(errs, res.Errors...)
		for i := range res.Records {
			if err := sorter.Add(&res.Records[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	var out []*output.Row
	for r, err := range sorter.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out, errs
}

// rowLines writes rows as JSON lines.
func rowLines(t testing.TB, rows []*output.Row) []byte {
	t.Helper()
	f, _ := output.Lookup("jsonl")
	var b bytes.Buffer
	w := f.Events(&b, nil)
	for _, r := range rows {
		if err := w.Event(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ofVolume reports whether an artifact is one of the volume's own metadata: an
// image has them for every tree that is written to it.
func ofVolume(name string) bool {
	return slices.ContainsFunc(filesystem.Artifacts(), func(a *artifacts.Artifact) bool { return a.Name == name })
}

// started bounds the times of the corpus from above: a later time is the one at
// which a test wrote its image, where a file's own time is all an artifact has.
var started = time.Now().Add(-time.Hour)

// withoutVolume takes out what an image adds to the tree that is written to it, and the log whose
// years follow from the time of the file, which an image has and a tree of a test has not.
func withoutVolume(rows []*output.Row) []*output.Row {
	return slices.DeleteFunc(rows, func(r *output.Row) bool {
		return ofVolume(r.Parser) || r.Parser == yearless || r.Time.After(started)
	})
}

const yearless = "netlogonlog"

func eventsWithoutVolume(events []artifacts.Event) []artifacts.Event {
	return slices.DeleteFunc(events, func(e artifacts.Event) bool {
		return ofVolume(e.Record.Artifact.Name) || e.Record.Artifact.Name == yearless || e.Time.After(started)
	})
}

// timeline runs everything and returns the sorted events and the errors.
func timeline(t testing.TB, tr *evidence.Tree, opts *artifacts.Options, names ...string) ([]artifacts.Event, []*artifacts.DecodeError) {
	t.Helper()
	var events []artifacts.Event
	var errs []*artifacts.DecodeError
	results, err := artifacts.Run(context.Background(), tr, casetest.Selected(t, names...), opts)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		errs = append(errs, res.Errors...)
		for i := range res.Records {
			events = append(events, res.Records[i].Events()...)
		}
	}
	slices.SortFunc(events, func(a, b artifacts.Event) int { return a.Compare(&b) })
	return events, errs
}

func jsonl(t testing.TB, events []artifacts.Event) []byte {
	t.Helper()
	f, _ := output.Lookup("jsonl")
	var b bytes.Buffer
	w := f.Events(&b, nil)
	for i := range events {
		if err := w.Event(output.NewRow(&events[i])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestIncident reads the machine that the corpus wrote: no damage, the same
// bytes with any number of workers, and the intrusion is in the timeline.
func TestIncident(t *testing.T) {
	files := corpus.Incident().Files()
	one, errs := timeline(t, testtree.Tree(t, files), &artifacts.Options{Jobs: 1})
	for _, e := range errs {
		t.Errorf("undamaged evidence: %v", e)
	}
	want := jsonl(t, one)
	for _, jobs := range []int{2, 7, 64} {
		again, _ := timeline(t, testtree.Tree(t, files), &artifacts.Options{Jobs: jobs})
		if !bytes.Equal(jsonl(t, again), want) {
			t.Errorf("with %d jobs the timeline differs", jobs)
		}
	}
	ids := map[string]bool{}
	for i := range one {
		if ids[one[i].ID] {
			t.Errorf("two events have the id %s", one[i].ID)
		}
		ids[one[i].ID] = true
	}
	for _, path := range []string{`\users\public\svchost.exe`, `\windows\psexesvc.exe`, `\windows\system32\whoami.exe`} {
		if !slices.ContainsFunc(one, func(e artifacts.Event) bool { return e.Path() == path && e.Proof == artifacts.Executed }) {
			t.Errorf("nothing says that %s was executed", path)
		}
	}
}

// TestNamesFolded reads the same evidence when a collector has changed the
// case of names.
func TestNamesFolded(t *testing.T) {
	files := corpus.Incident().Files()
	want, _ := timeline(t, testtree.Tree(t, files), nil, "prefetch")
	upper := map[string][]byte{}
	for name, b := range files {
		upper[strings.ToUpper(name)] = b
	}
	got, _ := timeline(t, testtree.Tree(t, upper), nil, "prefetch")
	if len(got) != len(want) {
		t.Errorf("with upper-case names %d events, want %d", len(got), len(want))
	}
}

// TestRealImages reads the real machines: every run of every readable file,
// the same twice and with any number of workers.
func TestRealImages(t *testing.T) {
	dir := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if dir == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	for name, starts := range map[string]int{"win10-composed": 200, "win7-composed": 50, "server2022-attacked": 0} {
		t.Run(name, func(t *testing.T) {
			open := func() *evidence.Tree {
				ev, err := evidence.Open(filepath.Join(dir, "images", name), nil)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { ev.Close() })
				return ev.Trees[0]
			}
			one, errs := timeline(t, open(), &artifacts.Options{Jobs: 1})
			for _, e := range errs {
				t.Errorf("undeclared: %v", e)
			}
			many, _ := timeline(t, open(), &artifacts.Options{Jobs: 8})
			if !bytes.Equal(jsonl(t, one), jsonl(t, many)) {
				t.Error("the timeline depends on the number of workers")
			}
			n := 0
			for i := range one {
				if one[i].DataType == "windows:prefetch:execution" {
					n++
				}
			}
			if n < starts {
				t.Errorf("%d program starts, want at least %d", n, starts)
			}
			t.Logf("%d events, %d program starts from Prefetch", len(one), n)
		})
	}
}

func TestSelect(t *testing.T) {
	if _, err := catalogue.Select([]string{"no-such"}); err == nil {
		t.Error("an unknown artifact was accepted")
	}
	got, err := catalogue.Select([]string{"Prefetch"})
	if err != nil || len(got) != 1 || got[0].Name != "prefetch" {
		t.Errorf("Select(Prefetch) = %v, %v", got, err)
	}
}

// TestPlaces lets two runs share one place: the same bytes, and whoever stops
// early gives the place back.
func TestPlaces(t *testing.T) {
	files := corpus.Incident().Files()
	one, _ := timeline(t, testtree.Tree(t, files), &artifacts.Options{Jobs: 1})
	want := jsonl(t, one)
	places := make(chan struct{}, 1)
	var wg sync.WaitGroup
	for range 2 {
		tr := testtree.Tree(t, files)
		wg.Go(func() {
			events, _ := timeline(t, tr, &artifacts.Options{Jobs: 4, Places: places})
			if !bytes.Equal(jsonl(t, events), want) {
				t.Error("with a shared place the timeline differs")
			}
		})
	}
	wg.Wait()
	results, err := artifacts.Run(context.Background(), testtree.Tree(t, files), catalogue.All(), &artifacts.Options{Jobs: 4, Places: places})
	if err != nil {
		t.Fatal(err)
	}
	for range results {
		break
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	places <- struct{}{} // all are taken: a run that is over does not wait
	if results, err = artifacts.Run(ctx, testtree.Tree(t, files), catalogue.All(), &artifacts.Options{Jobs: 4, Places: places}); err != nil {
		t.Fatal(err)
	}
	for range results {
	}
	if <-places; len(places) != 0 {
		t.Errorf("%d places were not given back", len(places))
	}
}
