package defender

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

func u32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
func u64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// tracked is one property of a resource: size of the name, name, type, value.
func tracked(name string, kind uint32, value ...[]byte) []byte {
	b := append(u32(uint32(2*len(name)+2)), wide(name+"\x00")...)
	return append(append(b, u32(kind)...), bytes.Join(value, nil)...)
}

// TestTracking reads each type of a tracked property, and stops where it does not know how long a value is.
func TestTracking(t *testing.T) {
	text := wide("C:\\x\x00")
	for _, c := range []struct {
		name  string
		parts [][]byte
		want  []Tracked
	}{
		{"none", nil, nil},
		{"number", [][]byte{tracked("A", 3, u32(70000))}, []Tracked{{"A", "70000"}}},
		{"large number", [][]byte{tracked("A", 4, u64(1<<40))}, []Tracked{{"A", "1099511627776"}}},
		// 116444736000000000 is 1970 in a FILETIME; the name says that it is a time.
		{"time", [][]byte{tracked("ThreatTrackingStartTime", 4, u64(116444736000000000))},
			[]Tracked{{"ThreatTrackingStartTime", "1970-01-01T00:00:00Z"}}},
		{"time that is not set", [][]byte{tracked("StartTime", 4, u64(0))}, []Tracked{{"StartTime", "0"}}},
		{"byte", [][]byte{tracked("A", 5, []byte{1})}, []Tracked{{"A", "1"}}},
		{"text", [][]byte{tracked("A", 6, u32(uint32(len(text))), text)}, []Tracked{{"A", `C:\x`}}},
		{"all", [][]byte{tracked("A", 5, []byte{1}), tracked("B", 3, u32(2)), tracked("C", 6, u32(0))},
			[]Tracked{{"A", "1"}, {"B", "2"}, {"C", ""}}},
		{"unknown type", [][]byte{tracked("A", 5, []byte{1}), tracked("B", 9, u32(2)), tracked("C", 5, []byte{1})}, []Tracked{{"A", "1"}}},
		{"value cut", [][]byte{tracked("A", 5, []byte{1}), tracked("B", 4, u32(2))}, []Tracked{{"A", "1"}}},
		{"name cut", [][]byte{tracked("A", 3, u32(1)), u32(5000), wide("B\x00\x00\x00")}, []Tracked{{"A", "1"}}},
		{"no name", [][]byte{u32(0), u32(5), {1}, u32(0)}, nil},
	} {
		b := append(make([]byte, 24), bytes.Join(c.parts, nil)...)
		if got := tracking(b); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestDetectionDamage breaks a detection: what was read before stays.
func TestDetectionDamage(t *testing.T) {
	b := detection()
	long := bytes.Clone(b)
	d, err := ParseDetection(b)
	if err != nil {
		t.Fatal(err)
	}
	last := d.Values[len(d.Values)-1].Offset
	binary.LittleEndian.PutUint32(long[last:], 1<<31)
	for name, x := range map[string][]byte{"value past the end": long, "header cut": append(bytes.Clone(b), 1, 2, 3)} {
		d, err := ParseDetection(x)
		var fe *wire.FormatError
		if !errors.As(err, &fe) || d == nil || d.Threat != "Virus:DOS/Heron" || len(d.Resources) != 2 || len(d.Damage) != 1 {
			t.Errorf("%s: %+v, %v", name, d, err)
			continue
		}
		want := last
		if name == "header cut" {
			want = int64(len(b))
		} else if d.Account != "" || d.User != `PC\anna` {
			t.Errorf("%s: user %q, account %q", name, d.User, d.Account)
		}
		if fe.Offset != want {
			t.Errorf("%s: damage at %d, want %d", name, fe.Offset, want)
		}
	}
	for name, x := range map[string][]byte{
		"nothing":         nil,
		"no version":      value(typeUint64, u64(1)),
		"no id":           append(append(value(typeUint64, u64(1)), number(7)...), textValue("Magic.Version:1.2")...),
		"version first":   append(textValue("Magic.Version:1.2"), value(typeGUID, make([]byte, 16))...),
		"a text document": []byte("this is a text, and not a history of detections"),
	} {
		if d, err := ParseDetection(x); err != ErrNotDetection || d != nil {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	// A value is what its type says, and nothing else.
	v := Value{Type: typeUint32, Data: u32(5)}
	if v.uint() != 5 || v.text() != "" || !v.time().IsZero() {
		t.Errorf("a number: %d %q %v", v.uint(), v.text(), v.time())
	}
	v = Value{Type: typeUint64, Data: []byte{1, 2}}
	if v.uint() != 0 {
		t.Errorf("a number that is cut: %d", v.uint())
	}
	r := Resource{Kind: "webfile", Place: `C:\a.exe|pid:7`}
	if _, _, _, _, ok := r.Web(); ok {
		t.Error("a place of two parts has no address")
	}
}

// TestLogLines reads the lines that no other test has.
func TestLogLines(t *testing.T) {
	for _, c := range []struct {
		line string
		want LogEntry
	}{
		{"DETECTION_MERGE#2 Trojan:A file:C:\\a", LogEntry{Kind: LogMerge, Threat: "Trojan:A", Resources: []string{`file:C:\a`}}},
		{"DETECTIONEVENT MPSOURCE_SYSTEM Trojan:A", LogEntry{Kind: LogDetection, Source: "MPSOURCE_SYSTEM", Threat: "Trojan:A"}},
		{"DETECTIONEVENT S T file:C:\\a;C:\\b;regkeyvalue:hklm\\x;", LogEntry{Kind: LogDetection, Source: "S", Threat: "T",
			Resources: []string{`file:C:\a;C:\b`, `regkeyvalue:hklm\x`}}}, // one letter is a drive and no kind
		{`Setting original file name ""MTF.DYNLINK"" for "c:\a.dll", hr=0x0`,
			LogEntry{Kind: LogOriginalName, Original: "MTF.DYNLINK", Path: `c:\a.dll`}},
		{`ProcessImageName: a, b.exe, Pid: 77, TotalTime: 1, Count: 9, MaxTime: 1, MaxTimeFile: \Device\x, y, EstimatedImpact: 3%`,
			LogEntry{Kind: LogProcess, Path: "a, b.exe", PID: 77, Count: 9, Target: `\Device\x, y`}},
		{`ProcessImageName: a.exe (Pid 77), TotalTime: 1, Count: 9, MaxTime: 1, MaxTimeFile: \x, EstimatedImpact: 3%`,
			LogEntry{Kind: LogProcess, Path: "a.exe", PID: 77, Count: 9, Target: `\x`}},
		{"Service stopped - Windows Defender Antivirus", LogEntry{Kind: LogService}},
		{"Version: AS Signature: 1.1", LogEntry{Kind: LogVersion}},
		{"Product Version: 4.18", LogEntry{Kind: LogVersion}},
		{"Dynamic Signature has been received", LogEntry{Kind: LogSignature}},
		{`[PathExclusion] C:\temp -> \Device\temp`, LogEntry{Kind: LogExclusion, Path: `C:\temp`}},
		{`[ProcessExclusion] C:\a.exe`, LogEntry{Kind: LogExclusion, Path: `C:\a.exe`}},
		{"BEGIN something else", LogEntry{}},
		{"Begin of a sentence", LogEntry{}},
		{"Setting original file name without quotes", LogEntry{}},
		{"ProcessImageName: without the rest", LogEntry{}},
		{"[Mp] Engine VFZ without the rest", LogEntry{}},
		{"Verification", LogEntry{}},
		{"", LogEntry{}},
	} {
		var got []LogEntry
		for e, err := range ReadLog(strings.NewReader("2025-04-05T06:07:08.900Z " + c.line + "\n")) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Text != c.line || e.Line != 1 || e.Offset != 0 || e.TimeBefore || e.Time.Year() != 2025 {
				t.Errorf("%q: %+v", c.line, e)
			}
			e.Text, e.Line, e.Time = "", 0, time.Time{}
			got = append(got, e)
		}
		if c.want.Kind == "" {
			if len(got) > 0 {
				t.Errorf("%q is worth no record: %+v", c.line, got)
			}
			continue
		}
		if len(got) != 1 || !reflect.DeepEqual(got[0], c.want) {
			t.Errorf("%q: %+v, want %+v", c.line, got, c.want)
		}
	}
}

// TestLogBlocks: a block that does not end is ended by the next one, and a
// scan without a threat is no entry.
func TestLogBlocks(t *testing.T) {
	read := func(s string) (out []string) {
		for e, err := range ReadLog(strings.NewReader(s)) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(e.Kind)+" "+e.Path+" "+e.Threat)
		}
		return out
	}
	for _, c := range []struct {
		name, log string
		want      []string
	}{
		{"behaviour without an end", "BEGIN BM telemetry\nImagePath:a\nBEGIN BM telemetry\nImagePath:b\nEND BM telemetry\nVersion: 1\n",
			[]string{"behaviour a ", "behaviour b ", "version  "}},
		{"behaviour at the end of the log", "BEGIN BM telemetry\nImagePath:a", []string{"behaviour a "}},
		{"scan without an end", "Begin Resource Scan\nThreat Name:T\nResource Path:a\n" +
			"Begin Resource Scan\nThreat Name:U\nThreat Name:V\nResource Path:b\nEnd Scan\n",
			[]string{"scan a T", "scan b U"}},
		{"scan that found nothing", "Begin Resource Scan\nResource Path:a\nEnd Scan\nVersion: 1\n", []string{"version  "}},
		{"a block of very many lines", "BEGIN BM telemetry\n" + strings.Repeat("Other:1\n", maxBlock) + "Version: 1\n",
			[]string{"behaviour  ", "version  "}},
	} {
		if got := read(c.log); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// TestLogText reads both encodings, long lines, and what a reader fails at.
func TestLogText(t *testing.T) {
	const line = "2025-04-05T06:07:08.900Z Version: grün 鳥\r\n"
	utf16Log := wide(line + line)
	for name, b := range map[string][]byte{
		"with a mark": append([]byte{0xFF, 0xFE}, utf16Log...), "without a mark": utf16Log, "odd": append(bytes.Clone(utf16Log), 'x'),
	} {
		n := 0
		for e, err := range ReadLog(bytes.NewReader(b)) {
			n++
			if err != nil || e.Text != "Version: grün 鳥" || e.Line != n {
				t.Errorf("%s: %+v, %v", name, e, err)
			}
			if want := wide("2025"); !bytes.HasPrefix(b[e.Offset:], want) {
				t.Errorf("%s: line %d is not at %d", name, e.Line, e.Offset)
			}
		}
		if n != 2 {
			t.Errorf("%s: %d entries", name, n)
		}
	}
	long := "Version: " + strings.Repeat("x", 3*maxLine) + "\nVersion: next\n"
	var got []LogEntry
	for e, err := range ReadLog(strings.NewReader(long)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e)
	}
	if len(got) != 2 || len(got[0].Text) != maxLine || got[1].Text != "Version: next" || got[1].Offset != int64(strings.Index(long, "\n")+1) {
		t.Errorf("%d entries, the first of %d characters", len(got), len(got[0].Text))
	}
	// An error of the reader comes last, with the place, after what was read.
	bad := errors.New("bad sector")
	var kinds []LogKind
	for e, err := range ReadLog(io.MultiReader(strings.NewReader("Version: 1\nVersion: 2\nVer"), failing{bad})) {
		kinds = append(kinds, e.Kind)
		if err != nil && (!errors.Is(err, bad) || e.Offset != 25 || len(kinds) != 3) {
			t.Errorf("%v at %d, entry %d", err, e.Offset, len(kinds))
		}
	}
	if len(kinds) != 3 || kinds[2] != "" {
		t.Errorf("%q", kinds)
	}
	// A time counts for the lines after it that have none.
	timed := "Version: 0\n2025-04-05T06:07:08.9+02:00 Version: 1\nVersion: 2\n2025-13-05T06:07:08.900Z Version: 3\n"
	for e := range ReadLog(strings.NewReader(timed)) {
		want := "2025-04-05T04:07:08Z"
		if e.Line == 1 {
			want = "0001-01-01T00:00:00Z"
		}
		if e.TimeBefore != (e.Line != 2) || e.Time.Format(time.RFC3339) != want {
			t.Errorf("%+v", e)
		}
	}
	for range ReadLog(strings.NewReader("Version: 1\nVersion: 2\n")) {
		break // a reader may stop
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// entryOf encrypts an entry whose second section is given.
func entryOf(two []byte) []byte {
	one := append(make([]byte, qteName), "Threat\x00"...)
	h := make([]byte, qteHeader)
	binary.LittleEndian.PutUint32(h[qteSize1:], uint32(len(one)))
	binary.LittleEndian.PutUint32(h[qteSize2:], uint32(len(two)))
	return bytes.Join([][]byte{decrypt(h), decrypt(one), decrypt(two)}, nil)
}

// TestQuarantineFields reads all fields of a resource, and entries that are broken behind the encryption.
func TestQuarantineFields(t *testing.T) {
	made := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	res := append(wide(`C:\a.exe`+"\x00"), 6, 0)
	res = append(res, "file\x00"...)
	add := func(id uint16, v []byte) {
		res = append(res, make([]byte, -len(res)&3)...)
		res = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(res, uint16(len(v))), id)
		res = append(res, v...)
	}
	add(fldPhysical, wide(`C:\b.exe`+"\x00"))
	add(fldCreated|6<<12, fileTime(made))
	add(fldAccessed|6<<12, fileTime(made.Add(time.Hour)))
	add(fldModified|6<<12, fileTime(made.Add(2*time.Hour)))
	add(fldSize|3<<12, u32(70000))
	add(0xABC, []byte("a field that nobody knows"))
	want := Quarantined{Path: `C:\a.exe`, Kind: "file", Physical: `C:\b.exe`, Size: 70000, Created: made, Accessed: made.Add(time.Hour),
		Modified: made.Add(2 * time.Hour)}
	one := bytes.Join([][]byte{u32(1), u32(8), res}, nil)
	e, err := ParseQuarantine(entryOf(one))
	if err != nil || !reflect.DeepEqual(e.Resources, []Quarantined{want}) || e.Threat != "Threat" || !e.Time.IsZero() {
		t.Errorf("%+v, %v", e, err)
	}
	for _, c := range []struct {
		name, err string
		two       []byte
		n         int
	}{
		{"no resource", "", u32(0), 0},
		{"two at one place", "", bytes.Join([][]byte{u32(2), u32(12), u32(12), res}, nil), 2},
		{"count", "1000 resources in 12 bytes", bytes.Join([][]byte{u32(1000), make([]byte, 8)}, nil), 0},
		{"offset", "offset leads past the end", bytes.Join([][]byte{u32(1), u32(1 << 20), res}, nil), 0},
		{"cut in a field", "runs past the end", one[:len(one)-5], 1},
		{"cut in the kind", "runs past the end", bytes.Join([][]byte{u32(1), u32(8), wide("a\x00"), {1, 0}, []byte("fil")}, nil), 1},
		{"cut in the path", "runs past the end", bytes.Join([][]byte{u32(1), u32(8), wide("a")}, nil), 1},
		{"overlapping", "resources overlap", bytes.Join([][]byte{u32(50), bytes.Repeat(u32(204), 50), res}, nil), -1},
	} {
		e, err := ParseQuarantine(entryOf(c.two))
		if e == nil || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) ||
			c.n >= 0 && len(e.Resources) != c.n {
			t.Errorf("%s: %+v, %v", c.name, e, err)
		}
	}
	// What is small or claims more than there is is no entry.
	for name, b := range map[string][]byte{
		"small": make([]byte, qteHeader-1), "no section": entryOf(nil), "cut": entryOf(one)[:qteHeader+20],
	} {
		if e, err := ParseQuarantine(b); err != ErrNotQuarantine || e != nil {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
}

// TestResourceStreams hashes each stream of a quarantined file, and says where one is broken.
func TestResourceStreams(t *testing.T) {
	stream := func(kind uint32, name, data string) []byte {
		return bytes.Join([][]byte{u32(kind), u32(0), u64(uint64(len(data))), u32(uint32(2 * len(name))), wide(name), []byte(data)}, nil)
	}
	sum := func(s string) string { h := sha256.Sum256([]byte(s)); return hex.EncodeToString(h[:]) }
	whole := append(stream(1, "", "content"), stream(4, ":zone:$DATA", "[ZoneTransfer]")...)
	want := []Stream{{1, "", 7, sum("content")}, {4, ":zone:$DATA", 14, sum("[ZoneTransfer]")}}
	for _, c := range []struct {
		name string
		b    []byte
		n    int
		at   int64
	}{
		{"whole", whole, 2, -1},
		{"padded", append(bytes.Clone(whole), make([]byte, 7)...), 2, -1},
		{"an empty stream", append(bytes.Clone(whole), stream(1, "", "")...), 3, -1},
		{"cut in the second", whole[:len(whole)-1], 1, 27},
		{"an unknown kind behind", append(bytes.Clone(whole), stream(12, "", "x")...), 2, int64(len(whole))},
	} {
		got, err := ParseResourceData(decrypt(c.b))
		if len(got) != c.n || !reflect.DeepEqual(got[:min(2, c.n)], want[:min(2, c.n)]) {
			t.Errorf("%s: %+v", c.name, got)
		}
		var fe *wire.FormatError
		if errors.As(err, &fe) != (c.at >= 0) || fe != nil && fe.Offset != c.at {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for name, b := range map[string][]byte{"nothing": nil, "short": make([]byte, 19), "kind 0": stream(0, "", "x"), "cut": whole[:22]} {
		if got, err := ParseResourceData(decrypt(b)); err != ErrNotQuarantine || got != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
