package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// TestNamedDamage breaks one thing of a log at a time. What is broken is named
// with its offset, and all other records are read.
func TestNamedDamage(t *testing.T) {
	var w corpus.Writer
	good := corpus.Log{Records: w.Records(1, manyEvents(30)...), PerChunk: 10}.Build()
	places := corpus.Places(good)
	const chunk1 = 4096 + ChunkSize
	for _, c := range []struct {
		name  string
		spoil func(b []byte) []byte
		want  []string // the errors, each with its offset
		gone  []uint64
	}{
		{"file header sum", func(b []byte) []byte { b[8]++; return b }, nil, nil},
		{"chunk header sum", func(b []byte) []byte { b[chunk1+60]++; return b },
			[]string{"evtx: chunk header at offset 69756: has a wrong checksum"}, nil},
		{"numbers of the chunk", func(b []byte) []byte { b[chunk1+chunkFirstNumber]--; return resum(b) },
			[]string{"evtx: chunk at offset %d: header names other records"}, nil},
		{"identifiers of the chunk", func(b []byte) []byte { b[chunk1+chunkLastID]++; return resum(b) },
			[]string{"evtx: chunk at offset %d: header names other records"}, nil},
		{"records sum", func(b []byte) []byte { b[places[10]+recordWritten] ^= 1; return b },
			[]string{"evtx: chunk at offset 69684: the checksum of its records is wrong"}, nil},
		{"chunk signature", func(b []byte) []byte { b[chunk1]++; return b },
			[]string{"evtx: chunk at offset 69632: has no signature"}, sequence(11, 20)},
		{"cut", func(b []byte) []byte { return b[:places[25]+100] },
			[]string{"evtx: chunk at offset %d: is cut", "evtx: chunk at offset %d: its records end before its free space"}, sequence(26, 30)},
		{"size of a record 0", func(b []byte) []byte { binary.LittleEndian.PutUint32(b[places[15]+4:], 0); return resum(b) },
			[]string{"evtx: chunk at offset %d: its records end before its free space"}, sequence(16, 20)},
		{"size of a record too large", func(b []byte) []byte { binary.LittleEndian.PutUint32(b[places[15]+4:], 1<<31); return resum(b) },
			[]string{"evtx: chunk at offset %d: its records end before its free space"}, sequence(16, 20)},
		{"copy of the size", func(b []byte) []byte { b[places[16]-4]++; return resum(b) },
			[]string{"evtx: chunk at offset %d: its records end before its free space"}, sequence(16, 20)},
		{"free space past the chunk", func(b []byte) []byte { binary.LittleEndian.PutUint32(b[chunk1+chunkFree:], 1<<31); return resum(b) },
			[]string{"evtx: chunk at offset %d: its records end before its free space"}, nil},
		{"template pointer", func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[places[13]+recordData+10:], 1<<30)
			return resum(b)
		},
			[]string{"evtx: template instance at offset %d: points outside of the chunk"}, nil},
		{"template of another identifier", func(b []byte) []byte { b[places[13]+recordData+6]++; return resum(b) },
			[]string{"evtx: template instance at offset %d: points to another template"}, nil},
		{"number of values", func(b []byte) []byte {
			binary.LittleEndian.PutUint32(b[places[13]+recordData+14:], 1<<30)
			return resum(b)
		},
			[]string{"evtx: template instance at offset %d: has more values than bytes"}, nil},
		{"unknown token", func(b []byte) []byte { b[places[13]+recordData+4] = 0x3F; return resum(b) },
			[]string{"evtx: fragment at offset %d: holds an unknown token"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := c.spoil(slices.Clone(good))
			f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
			if err != nil {
				t.Fatal(err)
			}
			if (c.name == "file header sum") != (len(f.Damage) == 1) && c.name != "cut" {
				t.Errorf("damage of the header: %v", f.Damage)
			}
			var got []uint64
			var errs []error
			for rec, err := range f.Records() {
				if err != nil {
					errs = append(errs, err)
				}
				if rec.Size > 0 {
					got = append(got, rec.ID)
				}
			}
			if len(errs) != len(c.want) {
				t.Fatalf("errors %v, want %q", errs, c.want)
			}
			for i, err := range errs {
				fe, ok := errors.AsType[*wire.FormatError](err)
				if !ok || fe.Offset < 4096 || fe.Offset > int64(len(b)) {
					t.Errorf("error without a place in the file: %v", err)
					continue
				}
				before, after, _ := strings.Cut(c.want[i], "%d")
				if !strings.HasPrefix(err.Error(), before) || !strings.HasSuffix(err.Error(), after) {
					t.Errorf("error %v, want %q", err, c.want[i])
				}
			}
			want := slices.DeleteFunc(sequence(1, 30), func(id uint64) bool { return slices.Contains(c.gone, id) })
			if !slices.Equal(got, want) {
				t.Errorf("identifiers %v, want %v", got, want)
			}
		})
	}
}

// resum makes the checksums of all chunks fit.
func resum(b []byte) []byte {
	for at := 4096; at+ChunkSize <= len(b); at += ChunkSize {
		c := b[at : at+ChunkSize]
		if free := binary.LittleEndian.Uint32(c[chunkFree:]); free <= ChunkSize {
			corpus.SumChunk(c)
		} else {
			head := crc32.Update(crc32.ChecksumIEEE(c[:120]), crc32.IEEETable, c[128:512])
			binary.LittleEndian.PutUint32(c[124:], head)
		}
	}
	return b
}

// TestFailedRecord shows what a record that fails still gives.
func TestFailedRecord(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, logon(0), logon(1))}.Build()
	place := corpus.Places(b)[1]
	// The template pointer of the payload, which follows the values of the root.
	at := bytes.LastIndex(b[:place+int(binary.LittleEndian.Uint32(b[place+4:]))], []byte{0x0F, 1, 1, 0, 0x0C})
	binary.LittleEndian.PutUint32(b[at+10:], 1<<30)
	got, errs := read(t, resum(b), nil)
	if len(errs) != 1 || len(got) != 2 || got[1].EventID != 4624 || got[1].Channel != "Security" || len(got[1].Data) != 0 {
		t.Errorf("%+v, errors %v", got, errs)
	}
}

// bomb is a log whose n records name one value again and again, in fragments
// within fragments.
func bomb(n int) []byte {
	var repeat []corpus.Content
	for range 1000 {
		repeat = append(repeat, corpus.Sub{Index: 0, Type: 0x21})
	}
	inner := &corpus.Template{GUID: [16]byte{9}, Root: &corpus.Element{Name: "X", Content: repeat}}
	v := corpus.Nested(&corpus.Element{Name: "Y", Content: []corpus.Content{corpus.Text("boom")}})
	for range 12 {
		v = corpus.Nested(&corpus.Instance{Template: inner, Values: []corpus.Value{v}})
	}
	root := &corpus.Template{GUID: [16]byte{8}, Root: &corpus.Element{
		Name: "Event", Content: []corpus.Content{corpus.Sub{Index: 0, Type: 0x21}},
	}}
	var records []corpus.Record
	for i := range n {
		records = append(records, corpus.Record{ID: uint64(i + 1), Written: made, Root: []corpus.Node{
			&corpus.Instance{Template: root, Values: []corpus.Value{v}},
		}})
	}
	return corpus.Log{Records: records}.Build()
}

// TestAmplification: a small file cannot need much time or memory.
func TestAmplification(t *testing.T) {
	b := bomb(100)
	f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	start := testcost.CPU()
	failed := 0
	for rec, err := range f.Records() {
		if err != nil {
			failed++
		}
		if n := rec.Len(); n > maxPairs {
			t.Errorf("%d pairs", n)
		}
		if rec.Size > 0 && rec.ID < 3 {
			if text, _ := rec.XML(); len(text) > maxXML+ChunkSize {
				t.Errorf("%d bytes of XML", len(text))
			}
		}
	}
	if failed == 0 {
		t.Error("no record was cut")
	}
	if d := testcost.CPU() - start; d > maxDecode {
		t.Errorf("%v for %d bytes", d, len(b))
	}
}

// TestDeep: elements and fragments are nested no deeper than the limits.
func TestDeep(t *testing.T) {
	el := &corpus.Element{Name: "E", Content: text("x")}
	for range maxDepth {
		el = &corpus.Element{Name: "E", Content: []corpus.Content{el}}
	}
	if _, errs := read(t, oneRecord(el), nil); len(errs) != 1 || !strings.Contains(errs[0].Error(), "nested too deeply") {
		t.Errorf("errors %v", errs)
	}
	v := corpus.Nested(&corpus.Element{Name: "Y"})
	tmpl := &corpus.Template{GUID: [16]byte{9}, Root: &corpus.Element{Name: "X", Content: []corpus.Content{corpus.Sub{Index: 0, Type: 0x21}}}}
	for range maxNesting {
		v = corpus.Nested(&corpus.Instance{Template: tmpl, Values: []corpus.Value{v}})
	}
	if _, errs := read(t, oneRecord(&corpus.Instance{Template: tmpl, Values: []corpus.Value{v}}), nil); len(errs) != 1 {
		t.Errorf("errors %v", errs)
	}
}

func TestCarve(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, manyEvents(30)...), PerChunk: 10}.Build()
	corpus.LoseHeader(b)
	whole := 0 // records in the first 4 KB of the first chunk
	for _, at := range corpus.Places(b) {
		if at+int(le.Uint32(b[at+4:])) <= 4096+4096 {
			whole++
		}
	}
	for _, c := range []struct {
		name string
		data []byte
		opts *Options
		want int
	}{
		{"no header", b, nil, 30},
		{"chunks alone", b[4096:], nil, 30},
		{"moved", slices.Concat(make([]byte, 512*7), b), nil, 30},
		{"torn", slices.Concat(b[:4096+4096], b[4096+ChunkSize:]), nil, 20 + whole},
		{"a chunk lost", slices.Concat(b[:4096], make([]byte, 512), b[4096+512:]), nil, 20},
		{"a chunk lost, recovered", slices.Concat(b[:4096], make([]byte, 512), b[4096+512:]), &Options{Recover: true}, 30},
	} {
		f, err := Carve(bytes.NewReader(c.data), int64(len(c.data)), c.opts)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		n := 0
		for rec := range f.Records() {
			if rec.Size > 0 {
				if n++; rec.Offset+int64(rec.Size) > int64(len(c.data)) || !bytes.HasPrefix(c.data[rec.Offset:], recordMagic) {
					t.Errorf("%s: no record at %d", c.name, rec.Offset)
				}
			}
		}
		if n != c.want {
			t.Errorf("%s: %d records, want %d", c.name, n, c.want)
		}
	}
	if _, err := Carve(bytes.NewReader(b[:4096]), 4096, nil); !errors.Is(err, ErrNotEvtx) {
		t.Errorf("no chunk: %v", err)
	}
}

func TestParallel(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, manyEvents(300)...), PerChunk: 7}.Build()
	f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 2, 5} {
		var got []uint64
		for list := range Parallel(f, n, func(d *Decoder, chunk int) (list []uint64) {
			for rec := range f.Chunk(d, chunk) {
				list = append(list, rec.ID)
			}
			return list
		}) {
			got = append(got, list...)
		}
		if !slices.Equal(got, sequence(1, 300)) {
			t.Errorf("%d goroutines: %d records", n, len(got))
		}
		for range Parallel(f, n, func(d *Decoder, chunk int) int { return chunk }) {
			break // must not leave goroutines that wait
		}
		var begun atomic.Int64
		taken, decoders := int64(0), sync.Map{}
		for chunk := range Parallel(f, n, func(d *Decoder, chunk int) int {
			begun.Add(1)
			decoders.Store(d, true)
			return chunk
		}) {
			if int64(chunk) != taken {
				t.Errorf("%d goroutines: chunk %d comes as number %d", n, chunk, taken)
			}
			if waiting := begun.Load() - taken - 1; waiting > int64(3*n) {
				t.Errorf("%d goroutines: %d results wait", n, waiting)
			}
			taken++
		}
		used := 0
		decoders.Range(func(any, any) bool { used++; return true })
		if used > n || begun.Load() != int64(f.Chunks()) {
			t.Errorf("%d goroutines: %d decoders read %d chunks of %d", n, used, begun.Load(), f.Chunks())
		}
	}
}

// TestAllocations holds the promise of the package comment: none for a record's
// values once the decoder is warm, one for its strings.
func TestAllocations(t *testing.T) {
	if testcost.Race {
		t.Skip("the race detector makes pools forget")
	}
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, manyEvents(100)...), PerChunk: 100}.Build()
	f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder()
	var out []byte
	var pairs []Pair
	sum := 0
	for _, c := range []struct {
		name string
		max  float64
		read func(Record)
	}{
		{"values", 0, func(r Record) { sum += touchAll(r) }},
		{"JSON", 0, func(r Record) { out = r.AppendJSON(out[:0]) }},
		{"strings", 1, func(r Record) { pairs = r.Pairs(pairs[:0]); sum += len(r.Provider()) + len(r.Channel()) }},
	} {
		run := func() {
			for rec := range f.Chunk(d, 0) {
				c.read(rec)
			}
		}
		run()
		// The iterator itself is allowed a few.
		if n := testing.AllocsPerRun(10, run) / 100; n > c.max+0.1 {
			t.Errorf("%s: %.2f allocations a record, want at most %v", c.name, n, c.max)
		}
	}
	if sum == 0 {
		t.Error("nothing was read")
	}
}

func touchAll(r Record) (sum int) {
	for name, v := range r.Data() {
		sum += len(name) + len(v.Data)
	}
	return sum + int(r.EventID()) + len(r.Provider())
}
