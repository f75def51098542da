package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
)

// carveBoth carves bytes as a file and as a stream, and holds one against the
// other.
func carveBoth(t *testing.T, name string, data []byte, opts *Options) []Event {
	t.Helper()
	collect := func(each func(yield func(Record, error) bool)) (list []Event, errs []string) {
		for rec, err := range each {
			if err != nil {
				errs = append(errs, err.Error())
			}
			if rec.Size > 0 {
				list = append(list, rec.Event())
			}
		}
		return list, errs
	}
	got, gotErrs := collect(CarveStream(iotest.HalfReader(bytes.NewReader(data)), opts).Records())
	f, err := Carve(bytes.NewReader(data), int64(len(data)), opts)
	if err != nil {
		if len(got) > 0 || !slices.Equal(gotErrs, []string{err.Error()}) || !errors.Is(err, ErrNotEvtx) {
			t.Errorf("%s: the file gives %v, the stream %d records and %v", name, err, len(got), gotErrs)
		}
		return nil
	}
	want, wantErrs := collect(f.Records())
	if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(wantErrs, gotErrs) {
		t.Errorf("%s: errors of the file %q, of the stream %q; -file +stream\n%s", name, wantErrs, gotErrs, diff)
	}
	return got
}

// TestCarveStream carves what begins anywhere: logs without header, chunks among
// other bytes, records without chunks.
func TestCarveStream(t *testing.T) {
	var w corpus.Writer
	whole := corpus.Log{Records: w.Records(1, manyEvents(900)...)}.Build()
	if len(whole) < 4096+3*ChunkSize {
		t.Fatalf("%d bytes are too few for this test", len(whole))
	}
	lost := bytes.Clone(whole)
	corpus.LoseHeader(lost)
	chunkless := bytes.Clone(lost)
	for i := range (len(whole) - 4096) / ChunkSize {
		corpus.LoseChunk(chunkless, i)
	}
	all := &Options{Recover: true}
	for _, c := range []struct {
		name string
		data []byte
		opts *Options
		want int
	}{
		{"header lost", lost, nil, 900},
		{"header lost, recovery", lost, all, 900},
		{"first bytes lost", whole[4096-512*3:], all, 900},
		{"chunks alone", whole[4096:], all, 900},
		{"no chunk has a header", chunkless, all, 900},
		{"no chunk has a header, no recovery", chunkless, nil, 0},
		{"among zeros", slices.Concat(make([]byte, 512*333), whole[4096:], make([]byte, 100_000)), all, 900},
		{"nothing", make([]byte, 300_000), all, 0},
		{"less than a sector", []byte("ElfChnk\x00"), all, 0},
		{"empty", nil, all, 0},
	} {
		got := carveBoth(t, c.name, c.data, c.opts)
		ids := map[uint64]bool{}
		for i := range got {
			ids[got[i].ID] = true
		}
		if len(ids) != c.want || len(got) != c.want {
			t.Errorf("%s: %d records with %d identifiers, want %d", c.name, len(got), len(ids), c.want)
		}
	}
	// A record alone, far from any chunk, at each place of the overlapping parts.
	at := corpus.Places(whole)[3]
	size := int(le.Uint32(whole[at+4:]))
	for _, before := range []int{0, 8, ChunkSize - 8, ChunkSize - size/2&^7, gapStep - 8, gapStep + 8, 3*ChunkSize - size/2&^7} {
		data := slices.Concat(make([]byte, before), whole[at:at+size], make([]byte, 2*ChunkSize))
		got := carveBoth(t, fmt.Sprint("alone at ", before), data, all)
		if len(got) != 1 || got[0].ID != 4 || got[0].State != Partial || got[0].Offset != int64(before) {
			t.Errorf("alone at %d: %d records %+v", before, len(got), got)
		}
	}
	broken := errors.New("broken pipe")
	found := false
	for _, err := range CarveStream(iotest.ErrReader(broken), nil).Records() {
		found = found || errors.Is(err, broken)
	}
	if !found {
		t.Error("the error of the reader is lost")
	}
}

// FuzzCarve carves anything, as a file and as a stream, with the same result.
func FuzzCarve(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b[4096:min(len(b), 4096+8192)], true)
	}
	f.Fuzz(func(t *testing.T, b []byte, recover bool) {
		if len(b) > 3*ChunkSize {
			return
		}
		carveBoth(t, "fuzz", b, &Options{Recover: recover})
	})
}
