package setupapi

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const sample = "[Device Install Log]\r\n     OS Version = 10.0.19043\r\n\r\n[Boot Session: 2025/03/11 06:00:00.001]\r\n\r\n" +
	">>>  [Device Install (Hardware initiated) - USB\\VID_0951&PID_1666\\E0D55]\r\n>>>  Section start 2025/03/11 06:40:00.123\r\n" +
	"     dvi: {Plug}\r\n     inf: Opened INF: 'C:\\Windows\\INF\\usbstor.inf' ([strings])\r\n!    dvi: warning\r\n!!!  dvi: Add failed\r\n" +
	"<<<  Section end 2025/03/11 06:40:01.500\r\n<<<  [Exit status: FAILURE(0xe0000219)]\r\n\r\n" +
	">>>  [Setup Import Driver Package - C:\\x.inf]\r\n>>>  Section start 2025/03/11 06:41:00.000\r\n      cmd: C:\\Users\\a\\setup.exe /q\r\n"

func TestRead(t *testing.T) {
	var got []Section
	for s, err := range Read(strings.NewReader(sample)) {
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(sample[s.Offset:], ">>>  ["+s.Kind) {
			t.Errorf("%s is not at %d", s.Kind, s.Offset)
		}
		got = append(got, s)
	}
	at := time.Date(2025, 3, 11, 6, 40, 0, 123e6, time.UTC)
	boot := time.Date(2025, 3, 11, 6, 0, 0, 1e6, time.UTC)
	want := []Section{
		{Offset: got[0].Offset, Line: 6, Kind: "Device Install (Hardware initiated)", Subject: `USB\VID_0951&PID_1666\E0D55`, Start: at, End: at.Add(1377 * time.Millisecond),
			Inf: `C:\Windows\INF\usbstor.inf`, Status: "FAILURE(0xe0000219)", Boot: boot, Errors: []string{"dvi: Add failed"}},
		{Offset: got[1].Offset, Line: 15, Kind: "Setup Import Driver Package", Subject: `C:\x.inf`, Start: time.Date(2025, 3, 11, 6, 41, 0, 0, time.UTC), Command: `C:\Users\a\setup.exe /q`, Boot: boot},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// TestEvidence counts the sections of a real log as the specification does.
func TestEvidence(t *testing.T) {
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	f, err := os.Open(filepath.Join(root, "artifacts2", "setupapi", "win10", "setupapi.dev.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n, update := 0, 0
	for s, err := range Read(f) {
		if err != nil {
			t.Fatal(err)
		}
		if s.Start.IsZero() || s.End.Before(s.Start) || s.Status == "" || s.Boot.IsZero() {
			t.Errorf("%+v", s)
		}
		n++
		if strings.Contains(s.Kind, "UpdateDriverForPlugAndPlayDevices") {
			update++
		}
	}
	if n != 25 || update != 8 {
		t.Errorf("%d sections, %d updates", n, update)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := int64(-1)
		for s, err := range Read(bytes.NewReader(b)) {
			if err != nil || s.Offset <= last || s.Offset >= int64(len(b)) {
				t.Fatalf("%+v, %v", s, err)
			}
			last = s.Offset
		}
	})
}
