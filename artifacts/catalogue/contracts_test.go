package catalogue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/google/go-cmp/cmp"
)

// errBadSector is what reading a damaged disk gives.
var errBadSector = errors.New("bad sector")

// A badDisk reads each file up to a part of its size, and fails after it.
type badDisk struct {
	fstest.MapFS
	good func(name string, size int64) int64 // bytes that can be read, -1 for all
}

func (d badDisk) Open(name string) (fs.File, error) {
	f, err := d.MapFS.Open(name)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil || st.IsDir() {
		return f, err
	}
	good := d.good(name, st.Size())
	if good < 0 {
		return f, nil
	}
	return &badFile{File: f, data: d.MapFS[name].Data, good: good}, nil
}

type badFile struct {
	fs.File
	data     []byte
	at, good int64
}

func (f *badFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.at)
	f.at += int64(n)
	return n, err
}

func (f *badFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.good {
		return 0, errBadSector
	}
	n := copy(p, f.data[off:f.good])
	if n < len(p) {
		return n, errBadSector
	}
	return n, nil
}

// machine opens the incident; each file is read through the disk.
func machine(t *testing.T, good func(name string, size int64) int64) *evidence.Tree {
	t.Helper()
	ev, err := evidence.OpenFS(badDisk{corpus.Incident().FS().(fstest.MapFS), good}, "incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ev.Close() })
	return ev.Trees[0]
}

// run runs all artifacts and gives each result to a function until that is false.
func run(t *testing.T, ctx context.Context, tree *evidence.Tree, opts *artifacts.Options, each func(artifacts.Result) bool) {
	t.Helper()
	results, err := artifacts.Run(ctx, tree, catalogue.All(), opts)
	if err != nil {
		t.Fatal(err)
	}
	for res := range results {
		if !each(res) {
			return
		}
	}
}

// TestBadSectors: a file that cannot be read to its end is named in the errors of
// each artifact that it gave records to, wherever the reading fails. Nothing that
// is missing may look as if it had never been there.
func TestBadSectors(t *testing.T) {
	type source struct{ artifact, path string }
	before := map[source]int{}
	run(t, t.Context(), machine(t, func(string, int64) int64 { return -1 }), nil, func(res artifacts.Result) bool {
		if res.Artifact != nil && len(res.Records) > 0 {
			before[source{res.Artifact.Name, res.From.Path}] += len(res.Records)
		}
		return true
	})
	if len(before) < 200 {
		t.Fatalf("the incident has records of %d sources only", len(before))
	}
	for name, good := range map[string]func(string, int64) int64{
		"nothing":       func(string, int64) int64 { return 0 },
		"half":          func(_ string, n int64) int64 { return n / 2 },
		"the last byte": func(_ string, n int64) int64 { return n - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			records, failed, hives, logs := map[source]int{}, map[source]bool{}, map[string]bool{}, map[string]bool{}
			run(t, t.Context(), machine(t, good), nil, func(res artifacts.Result) bool {
				for _, err := range res.Errors {
					if res.Artifact == nil {
						hives[res.From.Path] = true // one error for all artifacts of a hive
					} else {
						failed[source{res.Artifact.Name, err.From.Path}] = true
						failed[source{res.Artifact.Name, res.From.Path}] = true
						if res.Artifact.Group == "Event logs" {
							logs[res.From.Path] = true // one error for all that share the log
						}
					}
				}
				if res.Artifact != nil {
					records[source{res.Artifact.Name, res.From.Path}] += len(res.Records)
				}
				return true
			})
			for s, n := range before {
				shared := hives[s.path] || logs[s.path] && strings.HasPrefix(s.artifact, "event")
				if !failed[s] && !shared && records[s] < n {
					t.Errorf("%s of %s: %d records instead of %d, and no error", s.artifact, s.path, records[s], n)
				}
			}
		})
	}
}

// TestTruncated cuts each file of the incident, as a collection that was stopped
// does. What is decoded of a beginning is bounded by its size, has places inside
// it, and can be written.
func TestTruncated(t *testing.T) {
	for _, part := range []struct{ of, in int }{{1, 3}, {9, 10}} {
		t.Run(fmt.Sprintf("%d of %d", part.of, part.in), func(t *testing.T) {
			files := corpus.Incident().FS().(fstest.MapFS)
			for _, f := range files {
				f.Data = f.Data[:len(f.Data)*part.of/part.in]
			}
			ev, err := evidence.OpenFS(files, "incident", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ev.Close()
			records := 0
			run(t, t.Context(), ev.Trees[0], nil, func(res artifacts.Result) bool {
				for i := range res.Records {
					r := &res.Records[i]
					records++
					if r.From.Offset < 0 || r.ID == "" || r.Summary() == "" {
						t.Errorf("%s: record at %d with id %q", res.Artifact.Name, r.From.Offset, r.ID)
					}
					if _, err := json.Marshal(r.Data); err != nil {
						t.Errorf("%s: %v", res.Artifact.Name, err)
					}
					for _, e := range r.Events() {
						if e.Time.Year() < 1601 || e.Time.Year() > 9999 {
							t.Errorf("%s: an event at %v", res.Artifact.Name, e.Time)
						}
					}
				}
				for _, err := range res.Errors {
					if err.From.Offset < 0 || strings.TrimSpace(err.Error()) == "" {
						t.Errorf("error at %d: %q", err.From.Offset, err)
					}
				}
				return true
			})
			if records == 0 {
				t.Error("no records of what is left")
			}
		})
	}
}

// lines are the records of a run, one line each, in its order.
func lines(t *testing.T, opts *artifacts.Options, list []*artifacts.Artifact) []string {
	t.Helper()
	ev, err := evidence.OpenFS(corpus.Incident().FS(), "incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	results, err := artifacts.Run(t.Context(), ev.Trees[0], list, opts)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for res := range results {
		for i := range res.Records {
			r := &res.Records[i]
			out = append(out, fmt.Sprintf("%s %s %s:%d %s", r.ID, r.Artifact.Name, r.From.Path, r.From.Offset, r.Summary()))
		}
		for _, err := range res.Errors {
			out = append(out, "error "+err.Error())
		}
	}
	return out
}

// TestSameForAnyJobs: records, ids and errors do not depend on how many goroutines
// decode, nor on the order in which artifacts are asked for.
func TestSameForAnyJobs(t *testing.T) {
	one := lines(t, &artifacts.Options{Jobs: 1}, catalogue.All())
	if many := lines(t, &artifacts.Options{Jobs: 7}, catalogue.All()); !slices.Equal(one, many) {
		t.Errorf("one goroutine gives %d lines, seven give %d, or in another order", len(one), len(many))
	}
	// The file system shows what the artifacts before it name, so it is left out here.
	reversed := slices.DeleteFunc(slices.Clone(catalogue.All()), func(a *artifacts.Artifact) bool { return a.Group == "File system" })
	one = lines(t, &artifacts.Options{Jobs: 1}, reversed)
	slices.Reverse(reversed)
	other := lines(t, &artifacts.Options{Jobs: 3}, reversed)
	slices.Sort(one)
	slices.Sort(other)
	if diff := cmp.Diff(one, other); diff != "" {
		t.Errorf("in the other order of artifacts (-usual +other):\n%s", diff)
	}
}

// TestStopped leaves a run after its first results, and cancels one; neither goes on
// or blocks, and what came before the end is whole.
func TestStopped(t *testing.T) {
	for _, after := range []int{1, 2, 17} {
		tree, n := machine(t, func(string, int64) int64 { return -1 }), 0
		run(t, t.Context(), tree, &artifacts.Options{Jobs: 3}, func(artifacts.Result) bool { n++; return n < after })
		if n != after {
			t.Errorf("left after %d results, got %d", after, n)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	n, late := 0, 0
	run(t, ctx, machine(t, func(string, int64) int64 { return -1 }), &artifacts.Options{Jobs: 2}, func(artifacts.Result) bool {
		if n++; n == 5 {
			cancel()
		}
		if ctx.Err() != nil {
			late++
		}
		return true
	})
	if all := len(catalogue.All()); late > all {
		t.Errorf("%d results after the end of the context", late)
	}
	done, cancelled := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelled()
	run(t, done, machine(t, func(string, int64) int64 { return -1 }), nil, func(res artifacts.Result) bool {
		if len(res.Records) > 0 {
			t.Errorf("%d records of a run whose time was over before it began", len(res.Records))
		}
		return true
	})
}
