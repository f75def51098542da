package evtx

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// seeds are small logs with all that the corpus can write.
func seeds() [][]byte {
	var w corpus.Writer
	user := logon(1)
	user.Data = nil
	user.UserData = &corpus.UserData{Name: "EventXML", Namespace: "Event_NS", Fields: []corpus.Field{{Name: "User", Value: corpus.Str("u")}}}
	row := service(2)
	row.Message = "text"
	bare := logon(3)
	bare.Data, bare.Activity = []corpus.Field{{Name: "n", Value: corpus.Str("v")}}, ""
	forwarded := corpus.Writer{Forwarded: true}
	dynamic := corpus.Writer{Dynamic: true}
	hidden := corpus.Log{Records: w.Records(1, manyEvents(4)...)}.Build()
	corpus.Hide(hidden, 2)
	return [][]byte{
		corpus.Log{Records: w.Records(1, logon(0), user, row)}.Build(),
		corpus.Log{Records: forwarded.Records(1, bare)}.Build(),
		corpus.Log{Records: dynamic.Records(1, logon(0), service(1)), Before: w.Records(1, manyEvents(8)...)}.Build(),
		hidden,
		payload([]corpus.Value{corpus.Array(corpus.Str("a"), corpus.Str("b")), corpus.U32(5), corpus.Null()},
			&corpus.Element{Name: "E", Attrs: []corpus.Attr{{Name: "k", Value: text("v")}}, Content: sub(0)},
			&corpus.Element{Name: "Data", Content: []corpus.Content{corpus.Text("a"), corpus.Entity("lt"), corpus.Sub{Index: 1, Type: 8}}},
			&corpus.Element{Name: "Gone", Content: sub(0), Needs: 3}),
	}
}

// corpusEnd is where the records of the first chunk end: fuzzing is slow on
// large inputs.
func corpusEnd(b []byte) int { return 4096 + int(le.Uint32(b[4096+chunkFree:])) }

// maxDecode is far more time of a processor than any chunk needs; a loop needs more.
const maxDecode = 5 * time.Second

// FuzzFile reads whole files, twice and as a stream. Both must give the same,
// and every offset must lie in the file.
func FuzzFile(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b[:corpusEnd(b)])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		opts := &Options{Recover: true}
		file, err := Open(bytes.NewReader(b), int64(len(b)), opts)
		if err != nil {
			return
		}
		start := testcost.CPU()
		var want []Event
		for rec, err := range file.Records() {
			if p, ok := err.(interface{ Position() int64 }); ok && (p.Position() < 0 || p.Position() > int64(len(b))) {
				t.Errorf("error at %d of %d bytes: %v", p.Position(), len(b), err)
			}
			if rec.Size > 0 {
				if rec.Offset+int64(rec.Size) > int64(len(b)) {
					t.Errorf("record at %d of %d bytes in a file of %d", rec.Offset, rec.Size, len(b))
				}
				if text := rec.AppendJSON(nil); !json.Valid(text) {
					t.Errorf("invalid JSON: %s", text)
				}
				rec.XML()
				want = append(want, rec.Event())
			}
		}
		s, err := NewStream(bytes.NewReader(b), opts)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for rec := range s.Records() {
			if rec.Size == 0 {
				continue
			}
			if i == len(want) || !cmp.Equal(want[i], rec.Event()) {
				t.Fatalf("record %d of the stream differs", i)
			}
			i++
		}
		if i != len(want) {
			t.Errorf("%d records of the stream, %d of the file", i, len(want))
		}
		if d := testcost.CPU() - start; d > maxDecode*time.Duration(1+len(b)/ChunkSize) {
			t.Errorf("%d bytes need %v", len(b), d)
		}
	})
}

// FuzzChunk decodes one chunk whose checksums and bounds are anything.
func FuzzChunk(f *testing.F) {
	for _, b := range seeds() {
		f.Add(b[4096:corpusEnd(b)])
	}
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > ChunkSize {
			return
		}
		d.recover = true
		d.base = append(d.base[:0], b...)
		d.load(len(b), 0, 0)
		l := newLeftovers(&Options{})
		l.keep = true
		read := func(rec Record, err error) bool {
			if rec.Size > 0 {
				rec.AppendJSON(nil)
				rec.XML()
			}
			return true
		}
		d.deliver(l, read)
		for len(l.waiting) > 0 {
			l.next(d, read)
		}
	})
}

// FuzzBinaryXML decodes bytes as the binary XML of one record.
func FuzzBinaryXML(f *testing.F) {
	for _, b := range seeds() {
		places := corpus.Places(b)
		f.Add(b[places[0]+recordData : corpusEnd(b)])
	}
	d := NewDecoder()
	f.Fuzz(func(t *testing.T, b []byte) {
		size := (recordMin + len(b) + 7) &^ 7
		if chunkRecords+size > ChunkSize {
			return
		}
		d.base = d.base[:chunkRecords+size]
		clear(d.base)
		le.PutUint32(d.base[chunkRecords+recordSize:], uint32(size))
		copy(d.base[chunkRecords+recordData:], b)
		d.load(chunkRecords+size, 0, 0)
		rec, err := d.record(chunkRecords, size)
		if rec.Len() > maxPairs {
			t.Errorf("%d pairs", rec.Len())
		}
		pairs := rec.Pairs(nil)
		rec.AppendJSON(nil)
		text, xmlErr := rec.XML()
		if err == nil && xmlErr == nil && len(text) > maxXML+ChunkSize {
			t.Errorf("%d bytes of XML", len(text))
		}
		again, err2 := d.record(chunkRecords, size)
		if (err == nil) != (err2 == nil) || !cmp.Equal(pairs, again.Pairs(nil)) {
			t.Error("the second reading differs")
		}
	})
}

// FuzzDifferential writes values and names with the corpus and compares what we
// read with what Velocidex's reader reads.
func FuzzDifferential(f *testing.F) {
	f.Add("TargetUserName", "j.doe", uint32(4624), uint64(0x3e7), int64(-1), []byte{1, 2, 3})
	f.Add("n", "", uint32(0), uint64(1<<63), int64(1), []byte{})
	f.Fuzz(func(t *testing.T, name, s string, a uint32, b uint64, c int64, bin []byte) {
		if len(name) == 0 || len(name) > 50 || len(s) > 1000 || len(bin) > 100 || !plainName(name) || !plainText(s) {
			return
		}
		e := logon(0)
		e.Data = []corpus.Field{
			{Name: name, Value: corpus.Str(s)}, {Name: "A", Value: corpus.U32(a)}, {Name: "B", Value: corpus.U64(b)},
			{Name: "C", Value: corpus.I64(c)}, {Name: "D", Value: corpus.Bin(bin)}, {Name: "E", Value: corpus.Hex64(b)},
		}
		var w corpus.Writer
		log := corpus.Log{Records: w.Records(1, e)}.Build()
		ours, errs := read(t, log, nil)
		if len(ours) != 1 || errs != nil {
			t.Fatalf("%d events, errors %v", len(ours), errs)
		}
		theirs := velocidexEvents(t, log)
		if len(theirs) != 1 {
			t.Fatalf("the witness reads %d events", len(theirs))
		}
		if diff := velocidexDiff(&ours[0], theirs[0]); diff != "" {
			t.Error(diff)
		}
	})
}

// plainName and plainText keep to what both readers are meant to agree on; the
// rest is settled in docs/formats/evtx.md, section 11.
func plainName(s string) bool {
	for _, r := range s {
		if (r < 'F' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return true
}

func plainText(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7F || r == 0xFFFD || r > 0xFFFF {
			return false
		}
	}
	return true
}
