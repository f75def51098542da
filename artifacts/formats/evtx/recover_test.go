package evtx

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// eachLog calls f for each shared log.
func eachLog(t *testing.T, f func(path string, b []byte)) { t.Helper(); logs(t, 1, f) }

// someLogs is eachLog, but calls f for a sample under the race detector: f starts no
// goroutine.
func someLogs(t *testing.T, f func(path string, b []byte)) { t.Helper(); logs(t, 20, f) }

func logs(t *testing.T, oneOf int, f func(path string, b []byte)) {
	t.Helper()
	dir := evidence(t)
	var paths []string
	for _, set := range []string{"evtx", "sigma"} {
		err := filepath.WalkDir(filepath.Join(dir, set), func(path string, e fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".evtx" {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range testcost.Sample(paths, oneOf) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f(path, b)
	}
}

// TestRecoverReal recovers the records of the shared logs that are not
// allocated any more. By the constant positions of their values, at least 98.8 %
// show what happened when (docs/formats/evtx.md, section 8).
func TestRecoverReal(t *testing.T) {
	var states [4]int
	system, borrowed := 0, 0
	someLogs(t, func(path string, b []byte) {
		f, err := Open(bytes.NewReader(b), int64(len(b)), &Options{Recover: true})
		if err != nil {
			t.Fatal(err)
		}
		allocated := make(map[[2]uint64]uint64)
		for rec := range f.Records() {
			if rec.Size == 0 {
				continue
			}
			states[rec.State]++
			k := [2]uint64{rec.ID, rec.Written}
			switch rec.State {
			case Allocated:
				allocated[k] = rec.RecordID()
				continue
			case Hidden:
				if filepath.Base(path) != "post-Security.evtx" || rec.ID != 105 || rec.EventID() != 4616 ||
					rec.Provider() != "Microsoft-Windows-Security-Auditing" {
					t.Errorf("%s: record %d is hidden", path, rec.ID)
				}
				continue
			}
			if id, ok := allocated[k]; ok && (rec.State != Recovered || id == rec.RecordID()) {
				t.Errorf("%s: record %d is allocated, and recovered at %d", path, rec.ID, rec.Offset)
			}
			if rec.EventID() != 0 && rec.RecordID() == rec.ID && rec.Created() > year2000 {
				system++
			}
			if rec.Borrowed {
				borrowed++
			}
		}
	})
	found := states[Recovered] + states[Partial]
	t.Logf("%d allocated, %d hidden, %d whole, %d in part (%d by a template of another chunk); System of %.1f %%",
		states[Allocated], states[Hidden], states[Recovered], states[Partial], borrowed, 100*float64(system)/float64(found))
	if !testcost.Samples() && (states[Hidden] != 1 || found < 7900 || float64(system) < 0.988*float64(found)) {
		t.Error("too few")
	}
}

// TestRecoverTruth decodes the copies of allocated records that lie in
// unallocated places as if they were lost ones, and compares them with the
// records that they are copies of.
func TestRecoverTruth(t *testing.T) {
	copies, whole, values := 0, 0, 0
	someLogs(t, func(path string, b []byte) {
		f, err := Open(bytes.NewReader(b), int64(len(b)), &Options{Recover: true})
		if err != nil {
			t.Fatal(err)
		}
		truth := make(map[uint64]Event)
		d, library := NewDecoder(), NewTemplates()
		for i := range f.Chunks() {
			for rec, err := range f.Chunk(d, i) {
				if err == nil && rec.State == Allocated {
					truth[exactKey(d.base, rec.ChunkOffset, rec.Size)] = rec.Event()
				}
			}
			library.add(d)
		}
		for i := range f.Chunks() {
			if f.load(d, i) != nil || d.n < chunkRecords || !bytes.HasPrefix(d.base, chunkMagic) {
				continue
			}
			d.scan(d.walk(func(int, int) bool { return true }), d.n, 0)
			d.library = library
			for _, p := range d.places {
				want, ok := truth[exactKey(d.base, p.pos, p.size)]
				if !ok {
					continue
				}
				copies++
				rec := d.recovered(p)
				got := rec.Event()
				if got.EventID != 0 && (got.EventID != want.EventID || got.Created != want.Created || got.ProcessID != want.ProcessID ||
					got.Level != want.Level || got.UserSID != want.UserSID || got.Keywords != want.Keywords) {
					t.Errorf("%s: record %d: %+v, want %+v", path, rec.ID, got, want)
				}
				if got.Provider != "" && got.Provider != want.Provider || got.Channel != "" && got.Channel != want.Channel {
					t.Errorf("%s: record %d: %s in %s, want %s in %s", path, rec.ID, got.Provider, got.Channel, want.Provider, want.Channel)
				}
				if rec.State == Recovered {
					whole++
					if !slices.Equal(got.Data, want.Data) {
						t.Errorf("%s: record %d: %q, want %q", path, rec.ID, got.Data, want.Data)
					}
					continue
				}
				has := make(map[Pair]bool)
				for _, p := range want.Data {
					has[p], has[Pair{"", p.Value}] = true, true
				}
				for _, p := range got.Data {
					if values++; p.Value != "" && !has[p] {
						t.Errorf("%s: record %d: %q, want one of %q", path, rec.ID, p, want.Data)
					}
				}
			}
			d.library = nil
		}
	})
	t.Logf("%d copies, %d whole; %d values of the others", copies, whole, values)
	if copies < 1000 && !testcost.Samples() {
		t.Error("too few")
	}
}

// TestBorrowed reads a record whose templates were overwritten by those of
// another log of the machine.
func TestBorrowed(t *testing.T) {
	var w corpus.Writer
	old := w.Records(1, logon(0), logon(1), logon(2), logon(3))
	var other corpus.Writer
	long := service(9)
	long.Data = append(long.Data, corpus.Field{Value: corpus.Str(strings.Repeat("x", 300))})
	b := corpus.Log{Records: other.Records(50, long), Before: old}.Build()
	want, _ := read(t, corpus.Log{Records: old}.Build(), nil)

	templates := NewTemplates()
	got, _ := read(t, b, &Options{Recover: true, Templates: templates})
	if len(got) < 3 || got[2].State != Partial || got[2].Borrowed || got[2].EventID != 4624 || got[2].Data[0] != (Pair{"", "j.doe"}) {
		t.Fatalf("alone: %+v", got)
	}
	read(t, corpus.Log{Records: old}.Build(), &Options{Recover: true, Templates: templates})
	got, _ = read(t, b, &Options{Recover: true, Templates: templates})
	last := got[len(got)-1]
	if last.State != Partial || !last.Borrowed || last.Provider != want[3].Provider || !slices.Equal(last.Data, want[last.ID-1].Data) {
		t.Errorf("with the templates of another log: %+v", last)
	}
}

// TestOverwrittenNames recovers records without templates whose names were
// overwritten: no value gets the name of another.
func TestOverwrittenNames(t *testing.T) {
	e := logon(0)
	e.Data, e.Activity = []corpus.Field{{Name: "TargetUserName", Value: corpus.Str("j.doe")}}, ""
	w := corpus.Writer{Forwarded: true}
	var other corpus.Writer
	b := corpus.Log{Records: other.Records(50, service(1)), Before: w.Records(1, e, e, e, e)}.Build()
	got, _ := read(t, b, &Options{Recover: true})
	n := 0
	for _, r := range got {
		if r.State != Partial {
			continue
		}
		n++
		for _, p := range r.Data {
			if p.Name != "" {
				t.Errorf("record %d: %q", r.ID, p)
			}
		}
		if !slices.Contains(r.Data, Pair{"", "j.doe"}) || r.EventID != 0 {
			t.Errorf("record %d: event %d, %q", r.ID, r.EventID, r.Data)
		}
	}
	if n < 2 {
		t.Errorf("%d records", n)
	}
}

// TestRecoverByChunk finds the same records chunk by chunk as in one pass.
func TestRecoverByChunk(t *testing.T) {
	check := func(name string, b []byte) {
		opts := &Options{Recover: true}
		want, _ := read(t, b, opts)
		f, err := Open(bytes.NewReader(b), int64(len(b)), opts)
		if err != nil {
			t.Fatal(err)
		}
		var got []Event
		for part := range Parallel(f, 2, func(d *Decoder, chunk int) (events []Event) {
			for rec := range f.Chunk(d, chunk) {
				if rec.Size > 0 {
					events = append(events, rec.Event())
				}
			}
			return events
		}) {
			got = append(got, part...)
		}
		for rec := range f.Recovered(NewDecoder()) {
			got = append(got, rec.Event())
		}
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s: -one pass +chunks\n%s", name, cmp.Diff(want, got))
		}
	}
	var w corpus.Writer
	records := w.Records(1, manyEvents(200)...)
	b := corpus.Log{Records: records[150:], PerChunk: 20, Before: records[:150]}.Build()
	corpus.Hide(b, 5)
	check("corpus", b)
	if os.Getenv("ARTIFACTDUMP_EVIDENCE") != "" {
		eachLog(t, check)
	}
}
