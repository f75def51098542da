package evtx

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/Velocidex/ordereddict"
	"github.com/artifactdump/artifactdump/corpus/testcost"
	velocidex "www.velocidex.com/golang/evtx"
)

// velocidexEvents reads a log with the witness.
func velocidexEvents(t testing.TB, b []byte) (events []*velocidex.EventRecord) {
	t.Helper()
	chunks, err := velocidex.GetChunks(bytes.NewReader(b))
	if err != nil {
		t.Logf("witness: %v", err)
	}
	for _, c := range chunks {
		records, err := c.Parse(0)
		if err != nil {
			t.Logf("witness: %v", err)
		}
		events = append(events, records...)
	}
	return events
}

func dictAt(v any, path ...string) (any, bool) {
	for _, name := range path {
		d, ok := v.(*ordereddict.Dict)
		if !ok {
			return nil, false
		}
		if v, ok = d.Get(name); !ok {
			return nil, false
		}
	}
	return v, true
}

// witnessText writes a value of the witness as ours are written.
func witnessText(v any) string {
	switch v := v.(type) {
	case []byte:
		return strings.ToUpper(hex.EncodeToString(v))
	case string:
		return strings.TrimRight(v, "\x00")
	case nil:
		return ""
	case *ordereddict.Dict: // an element with attributes
		inner, _ := v.Get("Value")
		return witnessText(inner)
	}
	return fmt.Sprint(v)
}

// plainNumber writes our 0x numbers in decimal and our GUIDs without braces, as
// the witness keeps them.
func plainNumber(s string) string {
	if len(s) == 38 && s[0] == '{' && s[37] == '}' {
		return s[1:37]
	}
	if hex, ok := strings.CutPrefix(s, "0x"); ok {
		if n, err := strconv.ParseUint(hex, 16, 64); err == nil {
			return strconv.FormatUint(n, 10)
		}
	}
	return s
}

// velocidexDiff compares an event with the witness: System, and the data whose
// name occurs once.
func velocidexDiff(e *Event, r *velocidex.EventRecord) string {
	for _, c := range []struct {
		name, got string
		path      []string
	}{
		{"EventRecordID", strconv.FormatUint(e.RecordID, 10), []string{"EventRecordID"}},
		{"EventID", strconv.Itoa(int(e.EventID)), []string{"EventID", "Value"}},
		{"Channel", e.Channel, []string{"Channel"}},
		{"Computer", e.Computer, []string{"Computer"}},
		{"Provider", e.Provider, []string{"Provider", "Name"}},
		{"UserID", e.UserSID, []string{"Security", "UserID"}},
	} {
		v, ok := dictAt(r.Event, append([]string{"Event", "System"}, c.path...)...)
		if ok && witnessText(v) != c.got {
			return fmt.Sprintf("%s = %q, the witness has %q", c.name, c.got, witnessText(v))
		}
	}
	count := make(map[string]int)
	for _, p := range e.Data {
		count[p.Name]++
	}
	for _, p := range e.Data {
		if count[p.Name] > 1 || p.Name == "" {
			continue
		}
		v, ok := dictAt(r.Event, "Event", "EventData", p.Name)
		if !ok {
			continue
		}
		want := witnessText(v)
		if got := plainNumber(p.Value); got != want && p.Value != want && !strings.EqualFold(p.Value, want) && !badArray(got, want) {
			return fmt.Sprintf("%s = %q, the witness has %q", p.Name, p.Value, want)
		}
	}
	return ""
}

// badArray reports whether the value is the only item of an array that the
// witness misreads: it leaves type 88 as bytes and reads 86 and 8A to the end of
// the chunk. Logs of the NTFS driver hold them.
func badArray(got, want string) bool {
	b := append([]byte(want), 0, 0, 0, 0)
	return len(want) <= 4 && got == strconv.FormatUint(uint64(le.Uint32(b)), 10) || strings.HasPrefix(want, "["+got+" ")
}

// velocidexTypes are the types that the witness reads otherwise; each is
// settled from the bytes in
// docs/formats/evtx.md, section 11.
var velocidexTypes = map[Type]string{
	Int8: "raw bytes", Int16: "raw bytes", Size: "raw bytes", SystemTime: "another form, milliseconds taken as nanoseconds",
	FileTime: "seconds as a float", ANSI: "bytes as UTF-8", Float32: "another form", Float64: "another form", Fragment: "nested",
	UTF8: "the last part of several only",
}

// TestVelocidex compares all shared logs with Velocidex's reader.
func TestVelocidex(t *testing.T) {
	records, values, skipped := 0, 0, 0
	someLogs(t, func(path string, b []byte) {
		theirs := make(map[uint64]*velocidex.EventRecord)
		for _, r := range velocidexEvents(t, b) {
			theirs[r.Header.RecordID] = r
		}
		f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for rec := range f.Records() {
			r := theirs[rec.ID]
			if rec.Size == 0 || r == nil || rec.Written != r.Header.FileTime {
				continue
			}
			e := rec.Event()
			e.Data = e.Data[:0]
			for name, v := range rec.Data() {
				if velocidexTypes[v.Type] != "" || v.Type&Array != 0 {
					skipped++
					name = "" // is not compared
				}
				e.Data = append(e.Data, Pair{name, v.String()})
			}
			records, values = records+1, values+len(e.Data)
			if diff := velocidexDiff(&e, r); diff != "" {
				t.Errorf("%s: record %d: %s", path, rec.ID, diff)
			}
		}
	})
	t.Logf("%d records, %d values, %d of them not compared", records, values, skipped)
	if records < 62000 && !testcost.Samples() {
		t.Errorf("%d records were compared", records)
	}
}

// sameTime compares times without the zeros at their end.
func sameTime(got, want string) bool {
	trim := func(s string) string { return strings.TrimRight(strings.TrimSuffix(s, "Z"), "0.") }
	return len(got) > 19 && len(want) > 19 && got[10] == 'T' && trim(got) == trim(want)
}

// libevtxSame compares a value with the text of libevtx 20181227, which writes
// hexadecimal numbers with leading zeros, sizes in decimal, GUIDs in upper case
// and most negative numbers wrongly.
func libevtxSame(v Value, want string) bool {
	got := xmlChars(v.String())
	switch v.Type {
	case Hex32, Hex64, Size:
		n, _ := v.Uint()
		m, err := strconv.ParseUint(strings.TrimPrefix(want, "0x"), map[bool]int{true: 16, false: 10}[strings.HasPrefix(want, "0x")], 64)
		return err == nil && n == m
	case FileTime, SystemTime:
		return sameTime(got, want)
	case Int8, Int16, Int32, Int64:
		return got == want || strings.HasPrefix(got, "-") && strings.HasPrefix(want, "-")
	case Float32, Float64:
		a, err1 := strconv.ParseFloat(got, 64)
		b, err2 := strconv.ParseFloat(want, 64)
		return err1 == nil && err2 == nil && a-b < 1e-5 && b-a < 1e-5
	}
	return strings.TrimSpace(got) == strings.TrimSpace(want)
}

// TestLibevtx compares the shared logs with evtxexport of libevtx where it is
// installed: the data in full order.
func TestLibevtx(t *testing.T) {
	program, err := exec.LookPath("evtxexport")
	if err != nil {
		t.Skip(err)
	}
	records, known := 0, make(map[string]int)
	someLogs(t, func(path string, b []byte) {
		out, _ := exec.Command(program, "-f", "xml", path).Output() // it fails on some files
		theirs := make(map[string][][]Pair)                         // exported logs repeat identifiers
		for event := range strings.SplitSeq(string(out), "\n\n<Event ") {
			text := "<Event " + strings.TrimPrefix(event, "<Event ")
			_, id, _ := strings.Cut(text, "<EventRecordID>")
			id, _, ok := strings.Cut(id, "<")
			if pairs, err := pairsOfXML(text); ok && err == nil {
				theirs[id] = append(theirs[id], pairs)
			}
		}
		f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
		if err != nil {
			t.Fatal(err)
		}
		for rec := range f.Records() {
			want := theirs[strconv.FormatUint(rec.RecordID(), 10)]
			if rec.Size == 0 || len(want) == 0 {
				continue
			}
			records++
			if slices.ContainsFunc(want, func(want []Pair) bool { return libevtxEqual(rec, want) }) {
				continue
			}
			class := libevtxClass(rec, want)
			if known[class]++; class == "" {
				t.Errorf("%s: record %d: %q, the witness has %q", path, rec.ID, rec.Event().Data, want)
			}
		}
	})
	t.Logf("%d records, differences by class: %v", records, known)
	if records < 60000 && !testcost.Samples() {
		t.Errorf("%d records were compared", records)
	}
}

func libevtxEqual(rec Record, want []Pair) bool {
	return rec.Len() == len(want) && libevtxSpan(rec, 0, rec.Len(), want)
}

// libevtxSpan compares the pairs from first up to end with as many of the witness.
func libevtxSpan(rec Record, first, end int, want []Pair) bool {
	if end-first > len(want) {
		return false
	}
	for i := first; i < end; i++ {
		if name, v := rec.At(i); name != want[i-first].Name || !libevtxSame(v, want[i-first].Value) {
			return false
		}
	}
	return true
}

// libevtxClass names the class of a difference, settled in
// docs/formats/evtx.md, section 11, or returns "". What the class does not concern has
// to be the same: the pairs before the text with markup, or those of one payload.
func libevtxClass(rec Record, all [][]Pair) string {
	i := 0
	for name, v := range rec.Data() {
		before, after := false, false
		for _, want := range all {
			before = before || libevtxSpan(rec, 0, i, want)
			after = after || len(want) == rec.Len()-i && libevtxSpan(rec, i, rec.Len(), want)
		}
		switch {
		case strings.HasPrefix(name, "RenderingInfo/") && (before || after):
			return "of two payloads the witness keeps one"
		case strings.Contains(v.String(), "<") && before:
			return "the witness does not escape markup in text"
		}
		i++
	}
	return ""
}
