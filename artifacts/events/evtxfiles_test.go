package events_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/internal/casetest"
	"github.com/artifactdump/artifactdump/corpus"
	"github.com/artifactdump/artifactdump/corpus/evtx"
)

func TestEvtxFiles(t *testing.T) {
	f := casetest.RunCase[events.EvtxFile](t, "evtxfiles")
	if len(f.Errs) != 0 || len(f.Data) != 3 {
		t.Fatalf("%d logs, errors %v", len(f.Data), f.Errs)
	}
	security := casetest.Pick(t, f.Data, func(e events.EvtxFile) bool { return e.Log == "Security" })
	casetest.Same(t, events.EvtxFile{
		Read: 3, Log: "Security", Size: 4096 + 65536, Records: 3, First: 48_213, Last: 48_215, Next: 48_216, Chunks: 1,
		Oldest: corpus.CleanupTime.Add(2 * time.Second), Newest: security.Newest,
	}, security)
	if security.Overwritten() || !slices.Contains(security.Tags(), "begins-late") || security.Newest.IsZero() {
		t.Errorf("%+v", security)
	}
	for _, e := range f.Data {
		if e.Log != "Security" && (len(e.Tags()) != 0 || e.First != 1 || !e.Oldest.Equal(corpus.Installed)) {
			t.Errorf("an ordinary log: %+v %v", e, e.Tags())
		}
	}
	system := casetest.Pick(t, f.Data, func(e events.EvtxFile) bool { return e.Log == "System" })
	if system.Records != 2 || system.Last != 2 || system.Chunks != 1 || system.Unused != 1 {
		t.Errorf("%+v", system)
	}
}

// evtxLog reads one log under a name.
func evtxLog(t *testing.T, name string, s corpus.LogSpec) casetest.Found[events.EvtxFile] {
	t.Helper()
	return casetest.Damaged[events.EvtxFile](t, "evtxfiles", "Windows/System32/winevt/Logs/"+name+".evtx", s.Build())
}

func TestEvtxShapes(t *testing.T) {
	times := make([]time.Time, 100)
	for i := range times {
		times[i] = corpus.Installed.Add(time.Duration(i) * time.Hour)
	}
	for _, c := range []struct {
		name string
		spec corpus.LogSpec
		want events.EvtxFile
		errs int
	}{
		{"empty", corpus.LogSpec{First: 1}, events.EvtxFile{Size: 69632, Next: 1}, 0},
		{"written round", corpus.LogSpec{First: 501, Times: times, PerPart: 10, Turn: 3}, events.EvtxFile{
			Size: 4096 + 10*65536, Records: 100, First: 501, Last: 600, Next: 601, Oldest: times[0], Newest: times[99], Chunks: 10, OldestChunk: 3}, 0},
		{"records cut out", corpus.LogSpec{First: 1, Times: times, PerPart: 50, Unused: 2, Skip: map[int]bool{10: true, 11: true, 50: true}}, events.EvtxFile{
			Size: 4096 + 4*65536, Records: 97, First: 1, Last: 100, Next: 101, Oldest: times[0], Newest: times[99], Chunks: 2, Unused: 2,
			MissingCount: 3, Missing: []string{"11 to 12", "51 to 51"},
			Unusual: []string{"chunk 0: header 1 to 50, records 1 to 50 (48)", "chunk 1: header 51 to 100, records 52 to 100 (49)"}}, 0},
		{"open", corpus.LogSpec{First: 1, Times: times, PerPart: 50, Dirty: true}, events.EvtxFile{
			Size: 4096 + 2*65536, Records: 100, First: 1, Last: 100, Next: 1, Oldest: times[0], Newest: times[99], Chunks: 2, Dirty: true}, 0},
		{"a changed record", corpus.LogSpec{First: 1, Times: times, Change: func(b []byte) { b[4096+512+24]++ }}, events.EvtxFile{
			Size: 69632, Records: 100, First: 1, Last: 100, Next: 101, Oldest: times[0], Newest: times[99], Chunks: 1, Failed: 1,
			Unusual: []string{"chunk 0: the sum of its records does not fit"}}, 1},
		{"a changed header", corpus.LogSpec{First: 1, Times: times, Change: func(b []byte) { b[24] = 7 }}, events.EvtxFile{
			Size: 69632, Records: 100, First: 1, Last: 100, Next: 7, Oldest: times[0], Newest: times[99], Chunks: 1,
			Unusual: []string{"the sum of the header does not fit", "the header says that the next record is 7, the last one is 100"}}, 0},
		{"no sums", corpus.LogSpec{First: 1, Times: times, Change: func(b []byte) { b[120] = 4; b[124]++; b[4096+124]++ }}, events.EvtxFile{
			Size: 69632, Records: 100, First: 1, Last: 100, Next: 101, Oldest: times[0], Newest: times[99], Chunks: 1}, 0},
		{"a chunk without signature", corpus.LogSpec{First: 1, Times: times, PerPart: 50, Change: func(b []byte) { b[4096] = 'X' }}, events.EvtxFile{
			Size: 4096 + 2*65536, Records: 50, First: 51, Last: 100, Next: 101, Oldest: times[50], Newest: times[99], Chunks: 1, OldestChunk: 1, Recovered: 25}, 1}, // those at multiples of 8
		{"a record that claims too much", corpus.LogSpec{First: 1, Times: times, Change: func(b []byte) {
			binary.LittleEndian.PutUint32(b[4096+512+36+4:], 1<<30)
			c := b[4096:]
			binary.LittleEndian.PutUint32(c[52:], crc32.ChecksumIEEE(c[512:512+100*36]))
			binary.LittleEndian.PutUint32(c[124:], crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:512]))
		}}, events.EvtxFile{Size: 69632, Records: 1, First: 1, Last: 1, Next: 101, Oldest: times[0], Newest: times[0], Chunks: 1,
			Recovered: 49, Unusual: []string{"the header says that the next record is 101, the last one is 1"}}, 1},
	} {
		c.want.Log = "A/B"
		f := evtxLog(t, "A%4B", c.spec)
		if len(f.Errs) != c.errs || len(f.Data) != 1 {
			t.Errorf("%s: %d records, errors %v, want %d", c.name, len(f.Data), f.Errs, c.errs)
			continue
		}
		t.Log(c.name)
		// An empty fragment is whole and in no catalogue.
		c.want.Read = int(c.want.Records) - c.want.Failed
		c.want.Unknown = c.want.Read
		casetest.Same(t, c.want, f.Data[0])
	}

	whole := corpus.LogSpec{First: 1, Times: times}.Build()
	for n, errs := range map[int]int{100: 1, 128: 1, 4096: 1, 4096 + 100: 1, 4096 + 512: 2, 4096 + 2000: 2} { // all chunks missing, cut, and records missing
		f := casetest.Damaged[events.EvtxFile](t, "evtxfiles", "Windows/System32/winevt/Logs/A.evtx", whole[:n])
		if len(f.Errs) != errs {
			t.Errorf("cut at %d: errors %v, want %d", n, f.Errs, errs)
		}
	}
	if f := casetest.Damaged[events.EvtxFile](t, "evtxfiles", "Windows/System32/winevt/Logs/A.evtx", []byte("LfLe")); len(f.Errs) != 1 || len(f.Data) != 0 {
		t.Errorf("another format: %v", f.Errs)
	}
}

// TestEvtxManyBreaks: a file that breaks its numbers at every record costs no
// more than one that does not.
func TestEvtxManyBreaks(t *testing.T) {
	var times []time.Time
	for i := range 1000 {
		times = append(times, corpus.Installed.Add(time.Duration(i)*time.Second))
	}
	skip := map[int]bool{}
	for i := 1; i < len(times); i += 2 {
		skip[i] = true
	}
	b := corpus.LogSpec{First: 1, Times: times, Skip: skip}.Build()
	chunk := b[4096:]
	for range 200 {
		b = append(b, chunk...)
	}
	f := casetest.Damaged[events.EvtxFile](t, "evtxfiles", "Windows/System32/winevt/Logs/A.evtx", b)
	if len(f.Data) != 1 || f.Data[0].Records != 201*500 || len(f.Data[0].Missing) > 33 || len(f.Errs) > 40 {
		t.Errorf("%d errors, %d missing", len(f.Errs), len(f.Data[0].Missing))
	}
	if s := f.Data[0].Summary(); len(s) > 2000 || strings.Contains(s, "\n") {
		t.Errorf("summary of %d bytes", len(s))
	}
}

// TestEvtxCarved reads logs without a header, from a chunk on, and with chunks at
// odd places: their events are there, and the loss is reported.
func TestEvtxCarved(t *testing.T) {
	var w evtx.Writer
	var list []evtx.Event
	for i := range 700 {
		list = append(list, evtx.Event{Provider: "P", Channel: "A/B", Computer: "PC", EventID: 7, Created: time.Date(2026, 3, 6, 0, 0, i, 0, time.UTC)})
	}
	whole := evtx.Log{Records: w.Records(1, list...)}.Build()
	lost := bytes.Clone(whole)
	evtx.LoseHeader(lost)
	for name, c := range map[string]struct {
		data []byte
		errs int
	}{
		"header lost": {lost, 1}, "a chunk first": {whole[4096:], 0}, "moved": {whole[512*3:], 1},
	} {
		f := casetest.Damaged[events.EvtxFile](t, "evtxfiles", "Windows/System32/winevt/Logs/A%4B.evtx", c.data)
		if len(f.Data) != 1 || len(f.Errs) != c.errs {
			t.Errorf("%s: %d records of logs, %v", name, len(f.Data), f.Errs)
			continue
		}
		if d := f.Data[0]; d.Read != 700 || d.Records != 700 || d.First != 1 || d.Last != 700 || d.MissingCount > 0 || len(d.Unusual) > 0 || d.Chunks < 2 {
			t.Errorf("%s: %s, %+v", name, d.Summary(), d)
		}
	}
}
