package evtx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	corpus "github.com/artifactdump/artifactdump/corpus/evtx"
)

var made = time.Date(2026, 3, 6, 18, 16, 2, 123456700, time.UTC)

// logon is an event of a provider with a manifest.
func logon(n int) corpus.Event {
	return corpus.Event{
		Provider: "Microsoft-Windows-Security-Auditing", GUID: "{54849625-5478-4994-A5BA-3E3B0328C30D}", EventID: 4624, Version: 2,
		Task: 12544, Keywords: 0x8020000000000000, Created: made.Add(time.Duration(n) * time.Second), ProcessID: 700, ThreadID: 704,
		Channel: "Security", Computer: "WS-07.corp.example", Activity: "{01234567-89AB-CDEF-0123-456789ABCDEF}",
		Data: []corpus.Field{
			{Name: "TargetUserName", Value: corpus.Str("j.doe")},
			{Name: "TargetLogonId", Value: corpus.Hex64(0x3e7)},
			{Name: "LogonType", Value: corpus.U32(uint32(n % 11))},
			{Name: "LogonGuid", Value: corpus.GUID("{00112233-4455-6677-8899-AABBCCDDEEFF}")},
			{Name: "LogonGuid", Value: corpus.GUID("{FF112233-4455-6677-8899-AABBCCDDEEFF}")}, // names repeat in 4648, too
			{Name: "TargetUserSid", Value: corpus.SID("S-1-5-21-1-2-3-1001")},
		},
	}
}

// service is an event of a classic provider: its data have no names.
func service(n int) corpus.Event {
	return corpus.Event{
		Provider: "Service Control Manager", Source: "Service Control Manager", EventID: 7045, Qualifiers: 16384, Level: 4,
		Keywords: 0x8080000000000000, Created: made.Add(time.Duration(n) * time.Minute), ProcessID: 600, ThreadID: 1,
		Channel: "System", Computer: "WS-07", UserSID: "S-1-5-18",
		Data:   []corpus.Field{{Value: corpus.Str(fmt.Sprint("Updater", n))}, {Value: corpus.Str(`C:\Users\Public\u.exe`)}},
		Binary: []byte{0xDE, 0xAD},
	}
}

// read returns the events of a log and its errors.
func read(t testing.TB, b []byte, opts *Options) (events []Event, errs []error) {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)), opts)
	if err != nil {
		t.Fatal(err)
	}
	for rec, err := range f.Records() {
		if err != nil {
			errs = append(errs, err)
		}
		if rec.Size > 0 {
			events = append(events, rec.Event())
		}
	}
	return events, errs
}

func ids(events []Event) (list []uint64) {
	for _, e := range events {
		list = append(list, e.ID)
	}
	return list
}

func TestRoundTrip(t *testing.T) {
	want := Event{
		ID: 7, Written: uint64(wire.FileTime(made)), Created: uint64(wire.FileTime(made)), Offset: 4096 + 512, ChunkOffset: 512,
		Provider: "Microsoft-Windows-Security-Auditing", ProviderGUID: "{54849625-5478-4994-A5BA-3E3B0328C30D}", EventID: 4624,
		Version: 2, Task: 12544, Keywords: 0x8020000000000000, RecordID: 7, ProcessID: 700, ThreadID: 704, Channel: "Security",
		Computer: "WS-07.corp.example", ActivityID: "{01234567-89AB-CDEF-0123-456789ABCDEF}",
		Data: []Pair{
			{"TargetUserName", "j.doe"}, {"TargetLogonId", "0x3e7"}, {"LogonType", "0"},
			{"LogonGuid", "{00112233-4455-6677-8899-AABBCCDDEEFF}"}, {"LogonGuid", "{FF112233-4455-6677-8899-AABBCCDDEEFF}"},
			{"TargetUserSid", "S-1-5-21-1-2-3-1001"},
		},
	}
	for _, dynamic := range []bool{false, true} {
		w := corpus.Writer{Dynamic: dynamic}
		got, errs := read(t, corpus.Log{Records: w.Records(7, logon(0))}.Build(), nil)
		if len(got) != 1 || errs != nil {
			t.Fatalf("dynamic %v: %d events, errors %v", dynamic, len(got), errs)
		}
		want.Size = got[0].Size
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Errorf("dynamic %v: -want +got\n%s", dynamic, diff)
		}
	}
}

func TestClassic(t *testing.T) {
	var w corpus.Writer
	got, errs := read(t, corpus.Log{Records: w.Records(1, service(3))}.Build(), nil)
	if len(got) != 1 || errs != nil {
		t.Fatalf("%d events, errors %v", len(got), errs)
	}
	e := got[0]
	want := []Pair{{"", "Updater3"}, {"", `C:\Users\Public\u.exe`}, {"Binary", "DEAD"}}
	if e.Qualifiers != 16384 || e.EventID != 7045 || e.UserSID != "S-1-5-18" || e.EventSource != "Service Control Manager" ||
		e.ProviderGUID != "" || !slices.Equal(e.Data, want) {
		t.Errorf("%+v", e)
	}
}

// TestForwarded reads records whose XML has no templates: their elements have
// no dependency id.
func TestForwarded(t *testing.T) {
	e := logon(0)
	e.Data = []corpus.Field{{Name: "TargetUserName", Value: corpus.Str("j.doe")}, {Name: "Empty", Value: corpus.Str("")}}
	e.Activity, e.Message = "", "An account was logged on."
	w := corpus.Writer{Forwarded: true}
	got, errs := read(t, corpus.Log{Records: w.Records(5, e, e)}.Build(), nil)
	if len(got) != 2 || errs != nil {
		t.Fatalf("%d events, errors %v", len(got), errs)
	}
	want := []Pair{{"TargetUserName", "j.doe"}, {"Empty", ""}, {"RenderingInfo/Message", "An account was logged on."}}
	for _, g := range got {
		if g.EventID != 4624 || g.Keywords != 0x8020000000000000 || g.Created != uint64(wire.FileTime(made)) || g.Channel != "Security" ||
			g.ProcessID != 700 || !slices.Equal(g.Data, want) {
			t.Errorf("%+v", g)
		}
	}
}

// TestPayloadsInARow reads an event whose payload is followed by a second one.
func TestPayloadsInARow(t *testing.T) {
	e := service(1)
	e.Message = "A service was installed."
	var w corpus.Writer
	got, _ := read(t, corpus.Log{Records: w.Records(1, e)}.Build(), nil)
	if n := len(got[0].Data); n != 4 || got[0].Data[3] != (Pair{"RenderingInfo/Message", "A service was installed."}) {
		t.Errorf("%q", got[0].Data)
	}
}

func TestUserData(t *testing.T) {
	e := logon(1)
	e.Data = nil
	e.UserData = &corpus.UserData{Name: "EventXML", Namespace: "Event_NS", Fields: []corpus.Field{
		{Name: "User", Value: corpus.Str(`CORP\j.doe`)}, {Name: "SessionID", Value: corpus.U32(3)},
	}}
	var w corpus.Writer
	got, errs := read(t, corpus.Log{Records: w.Records(1, e)}.Build(), nil)
	want := []Pair{{"UserData/EventXML/User", `CORP\j.doe`}, {"UserData/EventXML/SessionID", "3"}}
	if errs != nil || !slices.Equal(got[0].Data, want) {
		t.Errorf("%q, errors %v", got[0].Data, errs)
	}
}

// oneRecord is a log of one record.
func oneRecord(root ...corpus.Node) []byte {
	return corpus.Log{Records: []corpus.Record{{ID: 1, Written: made, Root: root}}}.Build()
}

// payload wraps elements of EventData into an event with values.
func payload(values []corpus.Value, content ...corpus.Content) []byte {
	return oneRecord(&corpus.Instance{
		Template: &corpus.Template{GUID: [16]byte{1, 2, 3}, Root: &corpus.Element{Name: "Event", Content: []corpus.Content{
			&corpus.Element{Name: "EventData", Content: content},
		}}},
		Values: values,
	})
}

func sub(i int) []corpus.Content { return []corpus.Content{corpus.Sub{Index: i, Type: 1}} }

func TestTypes(t *testing.T) {
	for _, c := range []struct {
		v    corpus.Value
		want string
	}{
		{corpus.Null(), ""},
		{corpus.Value{Data: []byte{1, 2}}, ""}, // a NULL may have a length
		{corpus.Str("grün 日本 😀"), "grün 日本 😀"},
		{corpus.Wide('a', 0, 'b', 0, 0), "a\x00b"},
		{corpus.Wide('a', 0xD800, 'b'), "a\uFFFDb"},
		{corpus.ANSI("caf\xe9 \x80"), "café €"},
		{corpus.I8(-1), "-1"}, {corpus.U8(255), "255"},
		{corpus.I16(-2), "-2"}, {corpus.U16(65535), "65535"},
		{corpus.I32(-3), "-3"}, {corpus.U32(4294967295), "4294967295"},
		{corpus.I64(math.MinInt64), "-9223372036854775808"}, {corpus.U64(math.MaxUint64), "18446744073709551615"},
		{corpus.F32(0.1), "0.1"}, {corpus.F64(1e100), "1e+100"}, {corpus.F64(-2.5), "-2.5"},
		{corpus.Bool(0), "false"}, {corpus.Bool(1), "true"}, {corpus.Bool(2), "true"},
		{corpus.Bin([]byte{0, 0xAB}), "00AB"},
		{corpus.GUID("{01234567-89AB-CDEF-0123-456789ABCDEF}"), "{01234567-89AB-CDEF-0123-456789ABCDEF}"},
		{corpus.Size4(4096), "0x1000"}, {corpus.Size8(1 << 40), "0x10000000000"},
		{corpus.Time(made), "2026-03-06T18:16:02.1234567Z"},
		{corpus.SystemTime(made), "2026-03-06T18:16:02.123"},
		{corpus.SID("S-1-5-32-544"), "S-1-5-32-544"},
		{corpus.Hex32(0xBEEF), "0xbeef"}, {corpus.Hex64(0), "0x0"},
		{corpus.Value{Type: 0x08, Data: []byte{1, 2}}, "08:0102"}, // a length that does not fit
		{corpus.Value{Type: 0x30, Data: []byte{1}}, "30:01"},
		{corpus.Value{Type: 0x13, Data: []byte{1, 2, 0}}, "13:010200"},
		{corpus.Value{Type: 0x12, Data: make([]byte, 16)}, "12:" + strings.Repeat("0", 32)},
	} {
		b := payload([]corpus.Value{c.v}, &corpus.Element{Name: "Data", Attrs: []corpus.Attr{{Name: "Name", Value: text("v")}}, Content: sub(0)})
		got, errs := read(t, b, nil)
		if errs != nil || len(got) != 1 || !slices.Equal(got[0].Data, []Pair{{"v", c.want}}) {
			t.Errorf("type %02x: %q, want %q, errors %v", c.v.Type, got[0].Data, c.want, errs)
		}
	}
}

func text(s string) []corpus.Content { return []corpus.Content{corpus.Text(s)} }

func TestArrays(t *testing.T) {
	sids := corpus.Array(corpus.SID("S-1-5-18"), corpus.SID("S-1-5-32-544"))
	for _, c := range []struct {
		v    corpus.Value
		want []string
	}{
		{corpus.Array(corpus.Str("a"), corpus.Str(""), corpus.Str("b")), []string{"a", "", "b"}},
		{corpus.Array(corpus.ANSI("a"), corpus.ANSI("b")), []string{"a", "b"}},
		{corpus.Value{Type: 0x82, Data: []byte("odd\x00last")}, []string{"odd", "last"}}, // without the last NUL
		{corpus.Value{Type: 0x82, Data: []byte("even\x00end")}, []string{"even", "end"}},
		{corpus.Array(corpus.U16(1), corpus.U16(2)), []string{"1", "2"}},
		{corpus.Array(corpus.U32(1)), []string{"1"}},
		{corpus.Array(corpus.U64(1), corpus.U64(2)), []string{"1", "2"}},
		{corpus.Array(corpus.GUID("00000000-0000-0000-0000-000000000001")), []string{"{00000000-0000-0000-0000-000000000001}"}},
		{sids, []string{"S-1-5-18", "S-1-5-32-544"}},
		{corpus.Array(corpus.Size4(1), corpus.Size4(2), corpus.Size4(3)), []string{"0x1", "0x2", "0x3"}},
		{corpus.Array(corpus.Size8(1)), []string{"0x1"}},
		{corpus.Value{Type: 0x86}, []string{""}},                                        // an empty array: one empty element
		{corpus.Value{Type: 0x88, Data: []byte{1, 0, 0, 0, 9}}, []string{"1", "88:09"}}, // a rest that does not fit
	} {
		var want []Pair
		for _, s := range c.want {
			want = append(want, Pair{"E@k", "v"}, Pair{"E", s})
		}
		b := payload([]corpus.Value{c.v}, &corpus.Element{Name: "E", Attrs: []corpus.Attr{{Name: "k", Value: text("v")}}, Content: sub(0)})
		got, errs := read(t, b, nil)
		// An empty text of an element with attributes gives no pair.
		want = slices.DeleteFunc(want, func(p Pair) bool { return p == Pair{"E", ""} })
		if errs != nil || !slices.Equal(got[0].Data, want) {
			t.Errorf("type %02x: %q, want %q, errors %v", c.v.Type, got[0].Data, want, errs)
		}
		b = payload([]corpus.Value{c.v}, &corpus.Element{Name: "E", Attrs: []corpus.Attr{{Name: "k", Value: sub(0)}}, Content: text("t")})
		got, _ = read(t, b, nil)
		if joined := strings.Join(c.want, ", "); got[0].Data[0] != (Pair{"E@k", joined}) {
			t.Errorf("type %02x in an attribute: %q, want %q", c.v.Type, got[0].Data, joined)
		}
	}
}

// TestMarkup covers the tokens that no real record was seen to hold, and text
// of several parts.
func TestMarkup(t *testing.T) {
	b := payload([]corpus.Value{corpus.Str("mid"), corpus.U32(5), corpus.Null()},
		&corpus.Element{Name: "Data", Content: []corpus.Content{
			corpus.Text("a"), corpus.Entity("amp"), corpus.CharRef('ß'), corpus.CDATA("<c>"), corpus.Sub{Index: 0, Type: 1}, corpus.CharRef(0xD800),
		}},
		corpus.Instruction{Target: "pi", Data: "x y"},
		&corpus.Element{Name: "Data", Attrs: []corpus.Attr{{Name: "Name", Value: append(sub(0), corpus.Text("-name"))}}, Content: sub(1)},
		&corpus.Element{Name: "Data", Attrs: []corpus.Attr{{Name: "Name", Value: sub(0)}}, Content: text("dynamic")},
		&corpus.Element{Name: "Gone", Content: sub(0), Needs: 3},
		&corpus.Element{Name: "Optional", Attrs: []corpus.Attr{{Name: "a", Value: text("b")}}, Content: []corpus.Content{
			corpus.Sub{Index: 2, Type: 1, Optional: true},
		}},
		&corpus.Element{Name: "Kept", Content: sub(2)},
		&corpus.Element{Name: "Outer", Attrs: []corpus.Attr{{Name: "gone", Value: sub(2)}}, Content: []corpus.Content{
			corpus.Text("\r\n "), &corpus.Element{Name: "Inner", Content: text("i")}, corpus.Text(" tail "),
			&corpus.Element{Name: "Inner", Content: text("j")}, corpus.Entity("gt"), corpus.Text("!"),
		}},
	)
	got, errs := read(t, b, nil)
	want := []Pair{
		{"", "a&ß<c>mid\uFFFD"}, {"mid-name", "5"}, {"mid", "dynamic"}, {"Kept", ""}, {"Outer/Inner", "i"}, {"Outer", " tail "},
		{"Outer/Inner", "j"}, {"Outer", ">!"},
	}
	if errs != nil {
		t.Error(errs)
	}
	if diff := cmp.Diff(want, got[0].Data); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	f, _ := Open(bytes.NewReader(b), int64(len(b)), nil)
	for rec := range f.Records() {
		text, err := rec.XML()
		want := "<Event><EventData><Data>a&amp;ß<![CDATA[<c>]]>mid\uFFFD</Data><?pi x y?><Data Name='mid-name'>5</Data>" +
			"<Data Name='mid'>dynamic</Data><Kept></Kept><Outer>\r\n <Inner>i</Inner> tail <Inner>j</Inner>&gt;!</Outer></EventData></Event>"
		if err != nil || text != want {
			t.Errorf("XML = %s, %v, want %s", text, err, want)
		}
	}
}

// TestSystemFields: what System is not known to have is data under its path.
func TestSystemFields(t *testing.T) {
	element := func(name string, attr, value string, content ...corpus.Content) *corpus.Element {
		e := &corpus.Element{Name: name, Content: content}
		if attr != "" {
			e.Attrs = []corpus.Attr{{Name: attr, Value: text(value)}}
		}
		return e
	}
	b := oneRecord(&corpus.Instance{Template: &corpus.Template{GUID: [16]byte{1}, Root: element("Event", "", "",
		element("System", "", "",
			element("Provider", "Name", "P"), element("EventID", "", "", corpus.Text("7")), element("Correlation", "", ""),
			element("Keywords", "Unknown", "k", corpus.Text("0x1")), element("Execution", "Core", "3"),
			element("Flags", "a", "b", corpus.Text("f")), element("Outer", "", "", element("Inner", "", "", corpus.Text("i"))),
			element("Security", "", "", element("Label", "", "", corpus.Text("low")))),
		element("EventData", "", "", element("Data", "Name", "n", corpus.Text("v"))))}})
	got, errs := read(t, b, nil)
	if errs != nil || got[0].Provider != "P" || got[0].EventID != 7 || got[0].Keywords != 1 {
		t.Fatalf("%+v, errors %v", got, errs)
	}
	want := []Pair{{"System/Keywords@Unknown", "k"}, {"System/Execution@Core", "3"}, {"System/Flags@a", "b"}, {"System/Flags", "f"},
		{"System/Outer/Inner", "i"}, {"System/Security/Label", "low"}, {"n", "v"}}
	if diff := cmp.Diff(want, got[0].Data); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestXML compares with the form that Windows' own export has in public
// samples: single quotes, "/>" without a blank, both tags of an element that
// has them, quotation marks as they are.
func TestXML(t *testing.T) {
	e := logon(0)
	e.Data = []corpus.Field{
		{Name: "CommandLine", Value: corpus.Str(`"C:\a b.exe" <x> & 'y'`)}, {Name: "Empty", Value: corpus.Str("")},
		{Name: "Guid", Value: corpus.GUID("{FF112233-4455-6677-8899-AABBCCDDEEFF}")},
	}
	e.Activity = ""
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(9, e)}.Build()
	f, _ := Open(bytes.NewReader(b), int64(len(b)), nil)
	want := `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>` +
		`<Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-A5BA-3E3B0328C30D}'/><EventID>4624</EventID>` +
		`<Version>2</Version><Level>0</Level><Task>12544</Task><Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords>` +
		`<TimeCreated SystemTime='2026-03-06T18:16:02.1234567Z'/><EventRecordID>9</EventRecordID><Correlation/>` +
		`<Execution ProcessID='700' ThreadID='704'/><Channel>Security</Channel><Computer>WS-07.corp.example</Computer><Security/></System>` +
		`<EventData><Data Name='CommandLine'>"C:\a b.exe" &lt;x&gt; &amp; 'y'</Data><Data Name='Empty'></Data>` +
		`<Data Name='Guid'>{ff112233-4455-6677-8899-aabbccddeeff}</Data></EventData></Event>`
	for rec := range f.Records() {
		if got, err := rec.XML(); err != nil || got != want {
			t.Errorf("XML = %v\n%s\nwant\n%s", err, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	e := service(0)
	e.Data = []corpus.Field{{Value: corpus.Wide(
		'"', '\\', '\n', 7, 0x7F, 0x85, 'é', 0xD83D, 0xDE00, 0xDC00, 'a', 'b', 'c', 'd', '"', 'e', 'f', 'g')}}
	e.Binary = nil
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(3, e)}.Build()
	f, _ := Open(bytes.NewReader(b), int64(len(b)), nil)
	want := `{"record_id":3,"filetime":134172945621234567,"time":"2026-03-06T18:16:02.1234567Z","written":134172945621234567,` +
		`"offset":4608,"chunk":0,"chunk_offset":512,"provider":"Service Control Manager","event_source":"Service Control Manager",` +
		`"event_id":7045,"qualifiers":16384,"version":0,"level":4,"task":0,"opcode":0,"keywords":"0x8080000000000000","channel":"System","computer":"WS-07","user_sid":"S-1-5-18",` +
		`"process_id":600,"thread_id":1,"data":[["","\"\\\n\u0007\u007f\u0085é😀\udc00abcd\"efg"]]}`
	for rec := range f.Records() {
		if got := string(rec.AppendJSON(nil)); got != want {
			t.Errorf("JSON\n%s\nwant\n%s", got, want)
		}
	}
}

// manyEvents fills several chunks.
func manyEvents(n int) []corpus.Event {
	var events []corpus.Event
	for i := range n {
		if i%3 == 0 {
			events = append(events, service(i))
		} else {
			events = append(events, logon(i))
		}
	}
	return events
}

func sequence(first, last uint64) (list []uint64) {
	for i := first; i <= last; i++ {
		list = append(list, i)
	}
	return list
}

func TestDirty(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, manyEvents(500)...), Dirty: true, Unused: 2}.Build()
	got, errs := read(t, b, nil)
	if errs != nil || !slices.Equal(ids(got), sequence(1, 500)) {
		t.Errorf("%d events, errors %v", len(got), errs)
	}
}

// TestTurn reads a log that was written round: the order is that of the file.
func TestTurn(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, manyEvents(30)...), PerChunk: 10, Turn: 1}.Build()
	got, _ := read(t, b, nil)
	if want := slices.Concat(sequence(21, 30), sequence(1, 20)); !slices.Equal(ids(got), want) {
		t.Errorf("identifiers %v", ids(got))
	}
}

// TestStream compares the two ways to read a log.
func TestStream(t *testing.T) {
	var w corpus.Writer
	records := w.Records(100, manyEvents(300)...)
	b := corpus.Log{Records: records[200:], PerChunk: 40, Before: records[:200], Unused: 1}.Build()
	for _, data := range [][]byte{b, corpus.Cut(b, 1000), corpus.Cut(b, 70000), b[:4096], b[:4200]} {
		for _, opts := range []*Options{nil, {Recover: true}} {
			want, wantErrs := read(t, data, opts)
			s, err := NewStream(iotest.OneByteReader(bytes.NewReader(data)), opts)
			if err != nil {
				t.Fatal(err)
			}
			var got []Event
			var errs []error
			for rec, err := range s.Records() {
				if err != nil {
					errs = append(errs, err)
				}
				if rec.Size > 0 {
					got = append(got, rec.Event())
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d bytes: -file +stream\n%s", len(data), diff)
			}
			if fmt.Sprint(wantErrs) != fmt.Sprint(errs) {
				t.Errorf("%d bytes: errors of the file %v, of the stream %v", len(data), wantErrs, errs)
			}
		}
	}
	broken := errors.New("broken pipe")
	s, err := NewStream(io.MultiReader(bytes.NewReader(b[:5000]), iotest.ErrReader(broken)), nil)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, err := range s.Records() {
		found = found || errors.Is(err, broken)
	}
	if !found {
		t.Error("the error of the reader is lost")
	}
}

// TestChunks decodes chunks by themselves, in any order.
func TestChunks(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, manyEvents(90)...), PerChunk: 30}.Build()
	f, err := Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := NewDecoder()
	var got []uint64
	for i := f.Chunks() - 1; i >= 0; i-- {
		for rec, err := range f.Chunk(d, i) {
			if err != nil {
				t.Error(err)
			}
			got = append(got, rec.ID)
		}
	}
	if want := slices.Concat(sequence(61, 90), sequence(31, 60), sequence(1, 30)); !slices.Equal(got, want) {
		t.Errorf("identifiers %v", got)
	}
	for range f.Chunk(d, f.Chunks()) {
		t.Error("a chunk after the last one has records")
	}
}

func TestHidden(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, manyEvents(20)...)}.Build()
	plain, _ := read(t, b, nil)
	corpus.Hide(b, 7)
	got, errs := read(t, b, &Options{Recover: true})
	if errs != nil || len(got) != 20 {
		t.Fatalf("%d events, errors %v", len(got), errs)
	}
	h := got[7]
	if h.State != Hidden || h.ID != 8 || h.EventID != plain[7].EventID || !slices.Equal(h.Data, plain[7].Data) {
		t.Errorf("%+v, want the record %+v hidden", h, plain[7])
	}
	if visible, _ := read(t, b, nil); len(visible) != 19 {
		t.Errorf("%d records are allocated, want 19", len(visible))
	}
}

// TestRecovered reads what is left of a chunk's earlier records.
func TestRecovered(t *testing.T) {
	var w corpus.Writer
	old := w.Records(1, manyEvents(60)...)
	whole, _ := read(t, corpus.Log{Records: old}.Build(), nil)
	b := corpus.Log{Records: w.Records(61, logon(100), service(101)), Before: old}.Build()
	got, errs := read(t, b, &Options{Recover: true})
	if errs != nil {
		t.Error(errs)
	}
	n := 0
	for _, e := range got {
		if e.State == Allocated {
			continue
		}
		n++
		want := whole[e.ID-1]
		if e.EventID != want.EventID || e.Created != want.Created || e.ProcessID != want.ProcessID || e.UserSID != want.UserSID {
			t.Errorf("record %d: %+v, want %+v", e.ID, e, want)
		}
		if e.State == Recovered && !slices.Equal(e.Data, want.Data) {
			t.Errorf("record %d: %q, want %q", e.ID, e.Data, want.Data)
		}
		if e.State == Partial && !e.Borrowed {
			for i, p := range e.Data {
				if p.Value != want.Data[i].Value {
					t.Errorf("record %d: value %d = %q, want %q", e.ID, i, p.Value, want.Data[i].Value)
				}
			}
		}
	}
	if n < 50 {
		t.Errorf("%d records recovered of 60", n)
	}
}

// TestLostChunk recovers all records of a chunk whose header is gone.
func TestLostChunk(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, manyEvents(40)...), PerChunk: 20}.Build()
	want, _ := read(t, b, nil)
	corpus.LoseChunk(b, 0)
	got, errs := read(t, b, &Options{Recover: true})
	if len(errs) != 1 || len(got) != 40 {
		t.Fatalf("%d events, errors %v", len(got), errs)
	}
	for _, e := range got[20:] {
		if e.State != Recovered || !slices.Equal(e.Data, want[e.ID-1].Data) {
			t.Errorf("%+v, want %+v", e, want[e.ID-1])
		}
	}
}

func TestNoSums(t *testing.T) {
	var w corpus.Writer
	b := corpus.Log{Records: w.Records(1, logon(1)), NoSums: true}.Build()
	if got, errs := read(t, b, nil); len(got) != 1 || errs != nil {
		t.Errorf("%d events, errors %v", len(got), errs)
	}
	// The chunk says so, too, when it is all there is.
	f, err := Carve(bytes.NewReader(b[4096:]), int64(len(b)-4096), nil)
	if err != nil {
		t.Fatal(err)
	}
	for rec, err := range f.Records() {
		if rec.ID != 1 || err != nil {
			t.Errorf("record %d, error %v", rec.ID, err)
		}
	}
}

func TestNotEvtx(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("ElfFile\x00"), make([]byte, 5000)} {
		if _, err := Open(bytes.NewReader(b), int64(len(b)), nil); !errors.Is(err, ErrNotEvtx) {
			t.Errorf("Open(%d bytes) = %v", len(b), err)
		}
		if _, err := NewStream(bytes.NewReader(b), nil); !errors.Is(err, ErrNotEvtx) {
			t.Errorf("NewStream(%d bytes) = %v", len(b), err)
		}
	}
}
