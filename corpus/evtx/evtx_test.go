package evtx_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/evtx"
	velocidex "www.velocidex.com/golang/evtx"
)

var le = binary.LittleEndian

var when = time.Date(2026, 3, 6, 18, 16, 2, 123456700, time.UTC)

// event is a program start, numbered so that records differ.
func event(i int) evtx.Event {
	return evtx.Event{
		Provider: "Microsoft-Windows-Security-Auditing", GUID: "{54849625-5478-4994-A5BA-3E3B0328C30D}",
		EventID: 4688, Version: 2, Task: 13312, Keywords: 0x8020000000000000, Created: when.Add(time.Duration(i) * time.Second),
		ProcessID: 4, ThreadID: uint32(100 + i), Channel: "Security", Computer: "kestrel-pc",
		Data: []evtx.Field{
			{"SubjectUserName", evtx.Str("mira")}, {"NewProcessId", evtx.Hex64(uint64(i))},
			{"CommandLine", evtx.Str(fmt.Sprintf(`cmd /c "echo %d" & <heron>`, i))},
		},
	}
}

func events(n int) (out []evtx.Event) {
	for i := range n {
		out = append(out, event(i))
	}
	return out
}

func log(n int) evtx.Log {
	var w evtx.Writer
	return evtx.Log{Records: w.Records(1, events(n)...)}
}

// witness reads the log with a parser that is not ours.
func witness(t *testing.T, file []byte) []*velocidex.EventRecord {
	t.Helper()
	chunks, err := velocidex.GetChunks(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var out []*velocidex.EventRecord
	for _, c := range chunks {
		records, err := c.Parse(0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, records...)
	}
	return out
}

// check computes what the header of the file and of each chunk promise, by the
// documentation of libevtx.
func check(t *testing.T, file []byte) (records int) {
	t.Helper()
	if string(file[:8]) != "ElfFile\x00" || le.Uint32(file[32:]) != 128 || le.Uint16(file[40:]) != 4096 {
		t.Fatalf("header % x", file[:48])
	}
	if got, want := le.Uint32(file[124:]), crc32.ChecksumIEEE(file[:120]); got != want {
		t.Errorf("checksum of the header %#x, want %#x", got, want)
	}
	for i, c := 0, file[4096:]; len(c) > 0; i, c = i+1, c[65536:] {
		if string(c[:8]) != "ElfChnk\x00" {
			t.Fatalf("chunk %d begins with % x", i, c[:8])
		}
		free, last := le.Uint32(c[48:]), le.Uint32(c[44:])
		if got, want := le.Uint32(c[52:]), crc32.ChecksumIEEE(c[512:free]); got != want {
			t.Errorf("chunk %d: checksum of the records %#x, want %#x", i, got, want)
		}
		whole := append(append([]byte(nil), c[:120]...), c[128:512]...)
		if got, want := le.Uint32(c[124:]), crc32.ChecksumIEEE(whole); got != want {
			t.Errorf("chunk %d: checksum of the header %#x, want %#x", i, got, want)
		}
		first, id, n := le.Uint64(c[24:]), le.Uint64(c[24:]), 0
		for at, size := uint32(512), uint32(0); at < free; at, n = at+size, n+1 {
			size = le.Uint32(c[at+4:])
			if string(c[at:at+4]) != "**\x00\x00" || size%8 != 0 || le.Uint32(c[at+size-4:]) != size || le.Uint64(c[at+8:]) != id {
				t.Fatalf("chunk %d: record at %d: % x", i, at, c[at:at+24])
			}
			if at+size == free && at != last {
				t.Errorf("chunk %d: the last record is at %d, the header says %d", i, at, last)
			}
			id++
		}
		if end := le.Uint64(c[32:]); end != id-1 || le.Uint64(c[16:])-le.Uint64(c[8:]) != end-first {
			t.Errorf("chunk %d: records %d to %d, counted %d", i, first, end, n)
		}
		records += n
	}
	return records
}

// TestWitness reads every event back with a parser that is not ours.
func TestWitness(t *testing.T) {
	for name, forwarded := range map[string]bool{"templates": false, "forwarded": true} {
		w := evtx.Writer{Forwarded: forwarded}
		list := events(3)
		if forwarded {
			for i := range list {
				list[i].Data = []evtx.Field{list[i].Data[0], list[i].Data[2]} // strings only
			}
		}
		file := evtx.Log{Records: w.Records(7, list...)}.Build()
		if n := check(t, file); n != 3 {
			t.Errorf("%s: %d records", name, n)
		}
		got := witness(t, file)
		if len(got) != 3 {
			t.Fatalf("%s: the witness reads %d records", name, len(got))
		}
		for i, r := range got {
			text, err := json.Marshal(r.Event)
			if err != nil {
				t.Fatal(err)
			}
			line := fmt.Sprintf(`"cmd /c \"echo %d\" \u0026 \u003cheron\u003e"`, i)
			for _, want := range []string{line, `"kestrel-pc"`, `4688`, `"mira"`, `{54849625-5478-4994-A5BA-3E3B0328C30D}`} {
				if !bytes.Contains(text, []byte(want)) {
					t.Errorf("%s %d: the witness does not read %s: %s", name, i, want, text)
				}
			}
			if r.Header.RecordID != uint64(7+i) {
				t.Errorf("%s: record %d has the id %d", name, i, r.Header.RecordID)
			}
		}
	}
}

// TestChunks splits a log that does not fit one chunk, by size and by count. A
// record that did not fit leaves nothing in the chunk before it.
func TestChunks(t *testing.T) {
	l := log(700)
	file := l.Build()
	if n := check(t, file); n != 700 {
		t.Errorf("%d records, want 700", n)
	}
	chunks := (len(file) - 4096) / 65536
	if chunks < 2 || int(le.Uint16(file[42:])) != chunks || le.Uint64(file[24:]) != 701 || le.Uint64(file[16:]) != uint64(chunks-1) {
		t.Errorf("%d chunks; header % x", chunks, file[8:48])
	}
	if got := len(witness(t, file)); got != 700 {
		t.Errorf("the witness reads %d records", got)
	}
	l.Records, l.PerChunk = l.Records[:7], 3
	if file = l.Build(); len(file) != 4096+3*65536 || check(t, file) != 7 {
		t.Errorf("three in a chunk make %d bytes", len(file))
	}
}

// TestTables follows the hash chains of a chunk: each name is in the bucket of its
// hash, each template in that of its first four bytes.
func TestTables(t *testing.T) {
	c := log(20).Build()[4096:]
	names := map[string]bool{}
	for bucket := range uint32(64) {
		for off := le.Uint32(c[128+4*bucket:]); off != 0; off = le.Uint32(c[off:]) {
			n := int(le.Uint16(c[off+6:]))
			hash, text := uint32(0), ""
			for i := range n {
				u := le.Uint16(c[int(off)+8+2*i:])
				hash, text = hash*65599+uint32(u), text+string(rune(u))
			}
			if uint16(hash) != le.Uint16(c[off+4:]) || hash&0xFFFF%64 != bucket {
				t.Errorf("%q with hash %#x is in bucket %d", text, uint16(hash), bucket)
			}
			if names[text] {
				t.Errorf("%q is written twice", text)
			}
			names[text] = true
		}
	}
	for _, want := range []string{"Event", "System", "Provider", "EventData", "Data", "Name", "xmlns", "Execution"} {
		if !names[want] {
			t.Errorf("the name %q is in no chain", want)
		}
	}
	templates := 0
	for bucket := range uint32(32) {
		for off := le.Uint32(c[384+4*bucket:]); off != 0; off = le.Uint32(c[off:]) {
			if id := le.Uint32(c[off+4:]); id%32 != bucket {
				t.Errorf("template %#x is in bucket %d", id, bucket)
			}
			templates++
		}
	}
	if templates != 2 {
		t.Errorf("%d templates, want one of the system part and one of the data", templates)
	}
}

// TestStates are the logs of a running machine: dirty, without sums, written
// round, with chunks that were never used.
func TestStates(t *testing.T) {
	l := log(9)
	l.PerChunk = 3
	whole := l.Build()

	l.Turn = 1
	turned := l.Build()
	third, first := turned[4096:][:65536], turned[4096+65536:][:65536]
	if le.Uint64(third[24:]) != 7 || le.Uint64(first[24:]) != 1 || le.Uint64(turned[8:]) != 1 || le.Uint64(turned[16:]) != 0 {
		t.Errorf("written round: first place has record %d, second %d, header % x", le.Uint64(third[24:]), le.Uint64(first[24:]), turned[8:24])
	}
	l.Turn = 0

	l.Dirty = true
	dirty := l.Build()
	if le.Uint32(dirty[120:])&1 == 0 || le.Uint16(dirty[42:]) != 1 || !bytes.Equal(dirty[4096:], whole[4096:]) {
		t.Error("a dirty log differs in more than its header, or not in it")
	}
	l.Dirty = false

	l.Unused = 2
	if b := l.Build(); len(b) != len(whole)+2*65536 || len(bytes.Trim(b[len(whole):], "\x00")) != 0 {
		t.Error("unused chunks are not two chunks of zeros")
	}
	l.Unused = 0

	l.NoSums = true
	b := l.Build()
	if le.Uint32(b[120:])&4 == 0 || le.Uint32(b[124:]) != 0 || le.Uint32(b[4096+52:]) != 0 || le.Uint32(b[4096+120:])&4 == 0 {
		t.Error("a log without sums has sums")
	}
	l.NoSums = false

	var w evtx.Writer
	l.Records = l.Records[:1]
	l.Before = w.Records(900, events(3)...)
	b = l.Build()
	c := b[4096:][:65536]
	if free := le.Uint32(c[48:]); !bytes.Contains(c[free:], []byte("**\x00\x00")) {
		t.Error("nothing of the earlier records is left behind the free space")
	}
	check(t, b)
}

// TestHide holds the tampered log to its purpose: sums that fit, one record
// fewer, and the hidden bytes still there.
func TestHide(t *testing.T) {
	file := log(5).Build()
	places := evtx.Places(file)
	if len(places) != 5 {
		t.Fatalf("%d places", len(places))
	}
	hidden := bytes.Clone(file[places[2]:places[3]])
	evtx.Hide(file, 2)
	if n := check(t, file); n != 4 {
		t.Errorf("%d records after one was hidden", n)
	}
	if !bytes.Contains(file, hidden[16:len(hidden)-4]) {
		t.Error("the bytes of the hidden record are gone")
	}
	if got := evtx.Places(file); len(got) != 4 || got[2] != places[3] {
		t.Errorf("places %v, were %v", got, places)
	}
}

// TestDamage loses what each function says, and nothing more.
func TestDamage(t *testing.T) {
	l := log(6)
	l.PerChunk = 3
	whole := l.Build()
	b := bytes.Clone(whole)
	evtx.LoseHeader(b)
	if len(bytes.Trim(b[:4096], "\x00")) != 0 || !bytes.Equal(b[4096:], whole[4096:]) {
		t.Error("LoseHeader")
	}
	b = bytes.Clone(whole)
	evtx.LoseChunk(b, 1)
	if second := 4096 + 65536; !bytes.Equal(b[:second], whole[:second]) || !bytes.Equal(b[second+512:], whole[second+512:]) || b[second] != 0 {
		t.Error("LoseChunk")
	}
	if got := len(evtx.Places(b)); got != 3 {
		t.Errorf("%d places with a lost chunk, want 3", got)
	}
	if b = evtx.Cut(whole, 100); !bytes.Equal(b, whole[:len(whole)-100]) {
		t.Error("Cut")
	}
}

// TestValues holds the values to bytes that are known from [MS-DTYP].
func TestValues(t *testing.T) {
	for _, c := range []struct {
		name string
		got  evtx.Value
		typ  byte
		want string
	}{
		{"SID", evtx.SID("S-1-5-32-544"), 0x13, "01020000000000052000000020020000"},
		{"GUID", evtx.GUID("{00020400-0000-0000-C000-000000000046}"), 0x0F, "0004020000000000c000000000000046"},
		{"time", evtx.Time(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)), 0x11, "00406d25eb53bf01"},
		{"system time", evtx.SystemTime(when), 0x12, "ea0703000500060012001000" + "02007b00"},
		{"string", evtx.Str("a"), 0x01, "61000000"},
		{"ANSI", evtx.ANSI("a"), 0x02, "6100"},
		{"lone surrogate", evtx.Wide(0xD800), 0x01, "00d8"},
		{"I8", evtx.I8(-2), 0x03, "fe"},
		{"I16", evtx.I16(-2), 0x05, "feff"},
		{"I32", evtx.I32(-2), 0x07, "feffffff"},
		{"I64", evtx.I64(-2), 0x09, "feffffffffffffff"},
		{"F32", evtx.F32(1), 0x0B, "0000803f"},
		{"F64", evtx.F64(1), 0x0C, "000000000000f03f"},
		{"bool", evtx.Bool(1), 0x0D, "01000000"},
		{"array", evtx.Array(evtx.U16(1), evtx.U16(2)), 0x86, "01000200"},
		{"null", evtx.Null(), 0, ""},
	} {
		if got := fmt.Sprintf("%x", c.got.Data); got != c.want || c.got.Type != c.typ {
			t.Errorf("%s: type %#x, %s; want %#x, %s", c.name, c.got.Type, got, c.typ, c.want)
		}
	}
}

func ExampleLog_Build() {
	var w evtx.Writer
	file := evtx.Log{Records: w.Records(1, event(1))}.Build()
	fmt.Printf("%q %q\n", file[:7], file[4096:4103])
	// Output: "ElfFile" "ElfChnk"
}
