package startupinfo

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

const sample = `<?xml version="1.0" encoding="UTF-16"?>
<StartupData>
 <Process Name="C:\Users\anna\AppData\Roaming\h.exe" PID="4242" StartedInTraceSec="12.5">
  <StartTime>2025/03/11:06:40:00.1234567</StartTime>
  <CommandLine><![CDATA["C:\Users\anna\AppData\Roaming\h.exe" --tray]]></CommandLine>
  <DiskUsage Units="bytes">5000</DiskUsage>
  <CpuUsage Units="us">1500</CpuUsage>
  <ParentPID>100</ParentPID>
  <ParentStartTime>2025/03/11:06:39:00.0000000</ParentStartTime>
  <ParentName>explorer.exe</ParentName>
 </Process>
 <Process Name="b.exe" PID="1" StartedInTraceSec="0"></Process>
</StartupData>`

func wide(s string) []byte {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func TestParse(t *testing.T) {
	at := time.Date(2025, 3, 11, 6, 40, 0, 123456700, time.UTC)
	want := []Process{
		{Name: `C:\Users\anna\AppData\Roaming\h.exe`, CommandLine: `"C:\Users\anna\AppData\Roaming\h.exe" --tray`, PID: 4242, Start: at, Trace: true, ParentPID: 100,
			ParentName: "explorer.exe", ParentStart: time.Date(2025, 3, 11, 6, 39, 0, 0, time.UTC), DiskUsage: 5000, CPU: 1500 * time.Microsecond},
		{Name: "b.exe", PID: 1},
	}
	for _, b := range [][]byte{wide(sample), []byte(strings.Replace(sample, "UTF-16", "UTF-8", 1))} {
		got, err := Parse(b)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	got, err := Parse(wide(sample[:len(sample)-30]))
	if len(got) < 1 || err == nil || got[0].PID != 4242 {
		t.Errorf("cut: %+v, %v", got, err)
	}
	for _, s := range []string{"", "<html/>", "text", `<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>`} {
		if _, err := Parse([]byte(s)); err != ErrNotStartupInfo {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := Parse(make([]byte, maxSize+1)); err == nil {
		t.Error("a file of any size is read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add(wide(sample))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := Parse(b)
		if len(got) > len(b) {
			t.Fatalf("%d processes in %d bytes", len(got), len(b))
		}
	})
}
