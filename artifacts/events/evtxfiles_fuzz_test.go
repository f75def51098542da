package events

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus"
)

// A log is mostly zeros. The fuzzer sees the first bytes of each of its parts
// only, so that what it changes matters.
const shortPart = 700

func shortLog(b []byte) []byte {
	out := append([]byte{}, b[:evtxHeader]...)
	for at := evtxChunkData; at < len(b); at += evtxChunkSize {
		out = append(out, b[at:min(at+shortPart, len(b))]...)
	}
	return out
}

func longLog(short []byte) []byte {
	if len(short) <= evtxHeader {
		return short
	}
	out := make([]byte, evtxChunkData, evtxChunkData+evtxChunkSize)
	copy(out, short[:evtxHeader])
	for rest := short[evtxHeader:]; len(rest) > 0 && len(out) < 1<<20; {
		part := make([]byte, evtxChunkSize)
		rest = rest[copy(part[:shortPart], rest):]
		out = append(out, part...)
	}
	return out
}

// FuzzEvtxFile: whatever a log claims, what is said of it fits together.
func FuzzEvtxFile(f *testing.F) {
	var times []time.Time
	for i := range 40 {
		times = append(times, corpus.Installed.Add(time.Duration(i)*time.Hour))
	}
	for _, s := range []corpus.LogSpec{
		{First: 1}, {First: 7, Times: times}, {First: 1, Times: times, PerPart: 20, Turn: 1}, {First: 1, Times: times, Dirty: true, Skip: map[int]bool{3: true}},
	} {
		f.Add(shortLog(s.Build()))
	}
	f.Fuzz(func(t *testing.T, short []byte) {
		b := longLog(short)
		in := artifacts.Input{Artifact: logFiles, Source: logFiles.Sources[0], Data: b, Size: int64(len(b)), From: artifacts.Locator{Path: `C:\Windows\System32\winevt\Logs\A%4B.evtx`}}
		testtree.CheckDecoded(t, in, int64(len(b)))
		recs, errs := logFiles.Decode(in)
		if len(recs) == 0 {
			if len(errs) == 0 {
				t.Fatal("nothing, and no error")
			}
			return
		}
		e := recs[0].Data.(EvtxFile)
		chunks := (len(b)-evtxChunkData)/evtxChunkSize + 1
		switch {
		case e.Records > uint64(len(b)/evtxRecordMin), e.Chunks+e.Unused > max(0, chunks), e.OldestChunk > max(0, chunks):
			t.Fatalf("%d bytes hold no %d records in %d chunks, %d unused: %+v", len(b), e.Records, e.Chunks, e.Unused, e)
		case e.Records == 0 && (e.First != 0 || e.Last != 0 || e.MissingCount != 0 || e.Chunks != 0):
			t.Fatalf("numbers without records: %+v", e)
		case e.Records > 0 && (e.First > e.Last || e.MissingCount > e.Last-e.First):
			t.Fatalf("first, last and missing do not fit: %+v", e)
		case len(e.Missing) > evtxShown+1 || len(e.Unusual) > evtxShown+1 || (e.MissingCount > 0) != (len(e.Missing) > 0):
			t.Fatalf("lists: %+v", e)
		}
	})
}
