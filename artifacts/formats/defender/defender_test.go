package defender

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func value(kind uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(data)))
	b = append(binary.LittleEndian.AppendUint32(b, kind), data...)
	return append(b, make([]byte, -len(data)&7)...)
}

func textValue(s string) []byte { return value(typeText, wide(s+"\x00")) }

func number(n uint32) []byte { return value(typeUint32, binary.LittleEndian.AppendUint32(nil, n)) }

func fileTime(t time.Time) []byte {
	return binary.LittleEndian.AppendUint64(nil, uint64(t.UnixNano()/100)+116444736000000000)
}

var seen = time.Date(2025, 4, 5, 6, 7, 8, 900, time.UTC)

func detection() []byte {
	hash := append(binary.LittleEndian.AppendUint32(make([]byte, 24), 42), wide("ThreatTrackingSha256\x00")...)
	hash = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(hash, 6), 8)
	hash = append(hash, wide("abc\x00")...)
	var b []byte
	for _, v := range [][]byte{
		value(typeUint64, binary.LittleEndian.AppendUint64(nil, 2147519003)), value(typeGUID, []byte("0123456789abcdef")),
		textValue("Magic.Version:1.2"), textValue("Virus:DOS/Heron"), number(0), number(5), number(42),
		textValue("Magic.Version:1.2"), textValue("file"), textValue(`C:\Users\anna\a.exe`), number(1), number(9), value(typeBytes, hash),
		textValue("Magic.Version:1.2"), textValue("webfile"), textValue(`C:\Users\anna\a.exe|https://heron.example/a|b|pid:77,ProcessStart:133029417782902463`), number(1), number(9), value(typeBytes, nil),
		value(typeFileTime, fileTime(seen.Add(time.Minute))), number(7), number(8), value(typeGUID, make([]byte, 16)), number(10), number(11), textValue(`PC\anna`),
		number(13), textValue("Unknown"), number(15), number(16), number(17), value(typeFileTime, fileTime(seen)), number(19), value(typeFileTime, make([]byte, 8)),
		number(21), number(22), number(23), textValue(`NT AUTHORITY\SYSTEM`),
	} {
		b = append(b, v...)
	}
	return b
}

func TestDetection(t *testing.T) {
	b := detection()
	d, err := ParseDetection(b)
	if err != nil {
		t.Fatal(err)
	}
	if d.ThreatID != 2147519003 || d.ID != "33323130-3534-3736-3839-616263646566" || d.Threat != "Virus:DOS/Heron" || d.Category != 42 || !d.First.Equal(seen) ||
		!d.Status.Equal(seen.Add(time.Minute)) || !d.Remediated.IsZero() || d.User != `PC\anna` || d.Process != "Unknown" || d.Account != `NT AUTHORITY\SYSTEM` || len(d.Resources) != 2 {
		t.Errorf("%+v", d)
	}
	if r := d.Resources[0]; r.Kind != "file" || r.Place != `C:\Users\anna\a.exe` || !reflect.DeepEqual(r.Tracking, []Tracked{{"ThreatTrackingSha256", "abc"}}) {
		t.Errorf("%+v", r)
	}
	path, address, pid, started, ok := d.Resources[1].Web()
	if !ok || path != `C:\Users\anna\a.exe` || address != "https://heron.example/a|b" || pid != 77 || started.Format(time.RFC3339Nano) != "2022-07-22T05:36:18.2902463Z" {
		t.Errorf("%q %q %d %v", path, address, pid, started)
	}
	if _, _, _, _, ok := d.Resources[0].Web(); ok {
		t.Error("a file is no webfile")
	}
	for n := range b {
		if d, err := ParseDetection(b[:n]); d == nil && err != ErrNotDetection || d != nil && n%8 != 0 && err == nil && len(d.Values[len(d.Values)-1].Data)%8 == 0 {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

// quarantine encrypts an entry.
func quarantine() []byte {
	one := append([]byte("0123456789abcdeffedcba9876543210"), fileTime(seen)...)
	one = binary.LittleEndian.AppendUint64(one, 5)
	one = append(append(one, 1, 0, 0, 0), "Trojan:Win32/Heron\x00"...)
	res := append(wide(`\\?\C:\a.exe`+"\x00"), 3, 0)
	res = append(res, "file\x00"...)
	field := func(id uint16, v []byte) {
		res = append(res, make([]byte, -len(res)&3)...)
		res = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(res, uint16(len(v))), id)
		res = append(res, v...)
	}
	field(fldResource|5<<12, []byte{0xAB, 0xCD})
	field(fldModified|6<<12, fileTime(seen.Add(-time.Hour)))
	field(fldSize|6<<12, []byte{9, 0, 0, 0, 0, 0, 0, 0})
	two := append([]byte{1, 0, 0, 0, 8, 0, 0, 0}, res...)
	h := make([]byte, qteHeader)
	binary.LittleEndian.PutUint32(h[qteSize1:], uint32(len(one)))
	binary.LittleEndian.PutUint32(h[qteSize2:], uint32(len(two)))
	return bytes.Join([][]byte{decrypt(h), decrypt(one), decrypt(two)}, nil)
}

func TestQuarantine(t *testing.T) {
	b := quarantine()
	e, err := ParseQuarantine(b)
	want := &QuarantineEntry{ID: "33323130-3534-3736-3839-616263646566", Scan: "63646566-6162-3839-3736-353433323130", Time: seen, ThreatID: 5, Threat: "Trojan:Win32/Heron",
		Resources: []Quarantined{{Path: `\\?\C:\a.exe`, Kind: "file", DataName: "ABCD", Size: 9, Modified: seen.Add(-time.Hour)}}}
	if err != nil || !reflect.DeepEqual(e, want) {
		t.Errorf("%+v, %v", e, err)
	}
	for n := range b {
		if _, err := ParseQuarantine(b[:n]); err != ErrNotQuarantine {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
	// Real files begin with these bytes, whatever they hold: the stream of a
	// security descriptor.
	data := append([]byte{3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, "desc"...)
	data = append(append(data, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), "hello"...)
	enc := decrypt(data)
	if !bytes.HasPrefix(enc, []byte{0x0B, 0xAD, 0x00}) {
		t.Errorf("encrypted data begins with % x", enc[:3])
	}
	sum := sha256.Sum256([]byte("hello"))
	streams, err := ParseResourceData(enc)
	if err != nil || len(streams) != 2 || streams[1].Size != 5 || streams[1].SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%+v, %v", streams, err)
	}
	if _, err := ParseResourceData([]byte("MZ this is no quarantine at all")); err != ErrNotQuarantine {
		t.Errorf("no quarantine: %v", err)
	}
}

const sampleLog = "2025-04-05T06:07:08.900Z DETECTIONEVENT MPSOURCE_REALTIME Trojan:JS/Heron.A file:C:\\a;b\\c.js;containerfile:C:\\d.zip;\r\n" +
	"2025-04-05T06:07:09.000Z DETECTION_ADD#1 Trojan:JS/Heron.A file:C:\\a\\c.js\r\n" +
	"2025-04-05T06:07:10.000Z DETECTION_CLEANEVENT MPSOURCE_REALTIME MP_THREAT_ACTION_QUARANTINE 0x80508014 Trojan:JS/Heron.A file:C:\\a\\c.js;\r\n" +
	"\r\nBEGIN BM telemetry\r\nSignatureID:77\r\nProcessID:42\r\nProcessCreationTime:133420706923690781\r\nImagePath:C:\\x.exe\r\nImagePathHash:AB01\r\nTargetFileName:C:\\t.txt\r\nEND BM telemetry\r\n" +
	"Begin Resource Scan\r\nScan Source:3\r\nResource Path:C:\\asked\r\nThreat Name:Trojan:JS/Heron.A\r\nResource Schema:file\r\nResource Path:C:\\found.js\r\nEnd Scan\r\n" +
	"Begin Resource Scan\r\nResource Path:C:\\clean\r\nEnd Scan\r\n" +
	"2025-04-05T06:08:00.000Z Setting original file name \"m.exe\" for \"c:\\users\\public\\svc.exe\", hr=0x0\r\n" +
	"2025-04-05T06:08:01.000Z ProcessImageName: h.exe, Pid: 9, TotalTime: 5, Count: 3, MaxTime: 1, MaxTimeFile: \\Device\\x, EstimatedImpact: 1%\r\n" +
	"2025-04-05T06:08:02.000Z [MpRtp] Engine VFZ block: \\Device\\y.js. status=0x8070022, statusex=0x2, threatid=0x8003b41c, sigseq=0x1\r\n" +
	"2025-04-05T06:08:03.000Z Service started - Windows Defender Antivirus\r\n2025-04-05T06:08:04.000Z nothing of note"

func TestLog(t *testing.T) {
	for _, b := range [][]byte{append([]byte{0xFF, 0xFE}, wide(sampleLog)...), []byte(sampleLog)} {
		var got []LogEntry
		for e, err := range ReadLog(bytes.NewReader(b)) {
			if err != nil {
				t.Fatal(err)
			}
			if text := wide(e.Text[:10]); !bytes.Contains(b[e.Offset:min(len(b), int(e.Offset)+120)], text) && !strings.Contains(string(b[e.Offset:]), e.Text[:10]) {
				t.Errorf("%q is not at %d", e.Text, e.Offset)
			}
			got = append(got, e)
		}
		if len(got) != 9 {
			t.Fatalf("%d entries", len(got))
		}
		at := time.Date(2025, 4, 5, 6, 7, 8, 900e6, time.UTC)
		if e := got[0]; e.Kind != LogDetection || e.Source != "MPSOURCE_REALTIME" || e.Threat != "Trojan:JS/Heron.A" || !e.Time.Equal(at) ||
			!reflect.DeepEqual(e.Resources, []string{`file:C:\a;b\c.js`, `containerfile:C:\d.zip`}) {
			t.Errorf("%+v", e)
		}
		if e := got[2]; e.Kind != LogClean || e.Action != "MP_THREAT_ACTION_QUARANTINE" || e.Result != "0x80508014" || len(e.Resources) != 1 {
			t.Errorf("%+v", e)
		}
		if e := got[3]; e.Kind != LogBehavior || e.PID != 42 || e.Path != `C:\x.exe` || e.SHA256 != "ab01" || e.Target != `C:\t.txt` || !e.TimeBefore || e.Started.IsZero() || e.Line != 5 {
			t.Errorf("%+v", e)
		}
		if e := got[4]; e.Kind != LogScan || e.Path != `C:\asked` || !reflect.DeepEqual(e.Resources, []string{`file:C:\found.js`}) {
			t.Errorf("%+v", e)
		}
		if e := got[5]; e.Original != "m.exe" || e.Path != `c:\users\public\svc.exe` {
			t.Errorf("%+v", e)
		}
		if e := got[6]; e.Path != "h.exe" || e.PID != 9 || e.Count != 3 || e.Target != `\Device\x` {
			t.Errorf("%+v", e)
		}
		if e := got[7]; e.Action != "block" || e.Path != `\Device\y.js` || e.Threat != "0x8003b41c" {
			t.Errorf("%+v", e)
		}
	}
}

// TestEvidence compares with what the shared specification counts.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	root = filepath.Join(root, "artifacts2", "defender")
	for name, want := range map[string]map[LogKind]int{
		"server2022-attacked/MPLog-20231017-224350.log":   {LogDetection: 5, LogAdd: 6, LogClean: 1, LogBehavior: 8, LogEngine: 19},
		"win10-belkasoft/MPLog-20200801-144809.log":       {LogOriginalName: 301, LogProcess: 138, LogBehavior: 4, LogEngine: 9},
		"win10-belkasoft/MPDetection-20210213-115635.log": {LogService: 10, LogVersion: 8},
	} {
		f, err := os.Open(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		got := map[LogKind]int{}
		var first LogEntry
		for e, err := range ReadLog(f) {
			if err != nil {
				t.Fatal(err)
			}
			if got[e.Kind]++; e.Kind == LogDetection && first.Kind == "" {
				first = e
			}
		}
		f.Close()
		for kind, n := range want {
			if got[kind] != n {
				t.Errorf("%s: %d entries of kind %s, want %d", name, got[kind], kind, n)
			}
		}
		if want[LogDetection] > 0 && (first.Threat != "Trojan:JS/SharpShooter.A" || first.Time.Format(time.RFC3339Nano) != "2023-10-18T02:50:46.945Z") {
			t.Errorf("%+v", first)
		}
		t.Log(name, got)
	}
	const layout = "2006-01-02T15:04:05.0000000Z"
	for id, want := range map[string]string{
		"6AFE33A0-19BA-4FFF-892F-B700539D7D63": `2147519003 Virus:DOS/EICAR_Test_File FRYPTOP\testuser Unknown 2022-07-22T05:36:18.9293722Z 2022-07-22T05:37:02.7574371Z containerfile file webfile`,
		"FC380697-A68D-4C94-B67F-9B6449039463": `224688 PUA:Win32/EICAR_Test_File FRYPTOP\testuser C:\Windows\explorer.exe 2022-07-22T05:32:27.6558959Z 2022-07-22T05:32:28.5123912Z file webfile`,
	} {
		b, err := os.ReadFile(filepath.Join(root, "plaso", "DetectionHistory", id))
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseDetection(b)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{strconv.FormatUint(d.ThreatID, 10), d.Threat, d.User, d.Process, d.First.Format(layout), d.Status.Format(layout)}
		hashes := 0
		for _, r := range d.Resources {
			got = append(got, r.Kind)
			for _, k := range r.Tracking {
				if k.Name == "ThreatTrackingSha256" && len(k.Value) == 64 {
					hashes++
				}
			}
		}
		if strings.Join(got, " ") != want || d.ID != id || hashes == 0 {
			t.Errorf("%q, id %s, %d hashes", got, d.ID, hashes)
		}
	}
}

func FuzzDetection(f *testing.F) {
	f.Add(detection())
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseDetection(b)
		if d == nil && err == nil {
			t.Fatal("neither a detection nor an error")
		}
		if d != nil {
			for i := range d.Resources {
				d.Resources[i].Web()
			}
		}
	})
}

func FuzzQuarantine(f *testing.F) {
	f.Add(quarantine())
	f.Fuzz(func(t *testing.T, b []byte) {
		ParseQuarantine(b)
		ParseResourceData(b)
		// Encrypted noise is rarely an entry: fuzz the plain side, too.
		if len(b) > qteHeader {
			enc := append(decrypt(b[:qteHeader]), decrypt(b[qteHeader:])...)
			ParseQuarantine(enc)
			ParseResourceData(decrypt(b))
		}
	})
}

func FuzzLog(f *testing.F) {
	f.Add([]byte(sampleLog))
	f.Add(append([]byte{0xFF, 0xFE}, wide(sampleLog)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := int64(-1)
		for e, err := range ReadLog(bytes.NewReader(b)) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Offset <= last || e.Offset >= int64(len(b)) {
				t.Fatalf("entry at %d after %d", e.Offset, last)
			}
			last = e.Offset
		}
	})
}
