package evtx

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// eachLog calls f for each shared log.
func eachLog(t *testing.T, f func(path string, b []byte)) {
	t.Helper()
	dir := evidence(t)
	for _, set := range []string{"evtx", "sigma"} {
		err := filepath.WalkDir(filepath.Join(dir, set), func(path string, e fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".evtx" {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil {
				f(path, b)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRecoverReal recovers the records of the shared logs that are not
// allocated any more. By the constant positions of their values, at least 98.8 %
// show what happened when (docs/formats/evtx.md, section 8).
func TestRecoverReal(t *testing.T) {
	var states [4]int
	system, borrowed := 0, 0
	eachLog(t, func(path string, b []byte) {
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
	if states[Hidden] != 1 || found < 7900 || float64(system) < 0.988*float64(found) {
		t.Error("too few")
	}
}

// TestRecoverTruth decodes the copies of allocated records that lie in
// unallocated places as if they were lost ones, and compares them with the
// records that they are copies of.
func TestRecoverTruth(t *testing.T) {
	copies, whole, values := 0, 0, 0
	eachLog(t, func(path string, b []byte) {
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
	if copies < 1000 {
		t.Error("too few")
	}
}
