package system

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

func realFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(testtree.EvidenceDir(t), "artifacts2", filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const defenderFolder = "ProgramData/Microsoft/Windows Defender/"

// TestDefenderDetectionsReal reads two real detections; one of them was not
// remediated.
func TestDefenderDetectionsReal(t *testing.T) {
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}}
	for _, id := range []string{"6AFE33A0-19BA-4FFF-892F-B700539D7D63", "FC380697-A68D-4C94-B67F-9B6449039463"} {
		m[defenderFolder+"Scans/History/Service/DetectionHistory/01/"+id] = &fstest.MapFile{Data: realFile(t, "defender/plaso/DetectionHistory/"+id)}
	}
	recs, errs := testtree.Found(t, m, defenderDetections)
	testtree.NoErrors(t, errs)
	if len(recs) != 2 {
		t.Fatalf("%d detections", len(recs))
	}
	a, b := recs[0].Data.(DefenderDetection), recs[1].Data.(DefenderDetection)
	if a.First.Format(time.RFC3339Nano) != "2022-07-22T05:36:18.9293722Z" || a.NotCleaned || a.Path != `C:\Users\testuser\Downloads\eicar_com.zip` || a.Address == "" {
		t.Errorf("%+v", a)
	}
	if !b.NotCleaned || b.Process != `C:\Windows\explorer.exe` || b.Program() != `C:\Users\testuser\Downloads\PotentiallyUnwanted.exe` || recs[1].Proof() != artifacts.Present {
		t.Errorf("%+v", b)
	}
}

// TestDefenderLogReal counts the entries of two real logs.
func TestDefenderLogReal(t *testing.T) {
	for _, c := range []struct {
		file string
		want map[string]int
	}{
		{"server2022-attacked/MPLog-20231017-224350.log", map[string]int{"detection": 5, "detection added": 6, "cleaned": 1, "behaviour": 8}},
		{"win10-belkasoft/MPLog-20200801-144809.log", map[string]int{"detection": 0, "original name": 301, "process": 138}},
	} {
		m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, defenderFolder + "Support/" + filepath.Base(c.file): {Data: realFile(t, "defender/"+c.file)}}
		recs, errs := testtree.Found(t, m, defenderLog)
		testtree.NoErrors(t, errs)
		got, renamed := map[string]int{}, 0
		for _, r := range recs {
			e := r.Data.(DefenderLogEntry)
			got[e.Kind]++
			if e.Renamed() {
				renamed++
			}
			if e.Kind == "detection" && got[e.Kind] == 1 && (e.Threat != "Trojan:JS/SharpShooter.A" || e.Time.Format(time.RFC3339Nano) != "2023-10-18T02:50:46.945Z") {
				t.Errorf("the first detection: %+v", e)
			}
		}
		for kind, n := range c.want {
			if got[kind] != n {
				t.Errorf("%s: %d of kind %s, want %d", c.file, got[kind], kind, n)
			}
		}
		t.Logf("%s: %d renamed", c.file, renamed)
	}
}

func TestDefenderLogRenamed(t *testing.T) {
	for _, c := range []struct {
		path, original string
		want           bool
	}{
		{`C:\Users\Public\svchost.exe`, "mimikatz.exe", true},
		{`C:\Windows\System32\notepad.exe`, "NOTEPAD.EXE.MUI", false},
		{`C:\Windows\WinSxS\x\a.exe`, "b.exe", false},
		{`C:\a\setup.exe`, "setup", false},
		{`C:\a\tool.exe`, "TOOL.DLL", false},
	} {
		if got := (DefenderLogEntry{Kind: "original name", Path: c.path, Original: c.original}).Renamed(); got != c.want {
			t.Errorf("%s built as %s: %v", c.path, c.original, got)
		}
	}
}

func TestQuarantine(t *testing.T) {
	recs, errs := testtree.Found(t, testtree.Incident(t, "system", "quarantine"), quarantine)
	testtree.NoErrors(t, errs)
	if len(recs) != 1 {
		t.Fatalf("%d records", len(recs))
	}
	q := recs[0].Data.(Quarantined)
	// SHA-256 of "test" seventeen times.
	if q.Data != "A15E207C" || q.DataSize != 68 || len(q.SHA256) != 64 || q.Size != 68 || q.Kind != "file" || len(recs[0].Events()) != 3 {
		t.Errorf("%+v", q)
	}
	_, errs = testtree.Found(t, fstest.MapFS{"Windows/System32/ntdll.dll": {}, defenderFolder + "Quarantine/Entries/{X}": {Data: []byte("not encrypted")}}, quarantine)
	if len(errs) != 1 {
		t.Errorf("errors %v", errs)
	}
}

// TestSetupAPIReal counts the sections of a real log.
func TestSetupAPIReal(t *testing.T) {
	m := fstest.MapFS{"Windows/System32/ntdll.dll": {}, "Windows/INF/setupapi.dev.log": {Data: realFile(t, "setupapi/win10/setupapi.dev.log")}}
	recs, errs := testtree.Found(t, m, setupAPI)
	testtree.NoErrors(t, errs)
	updates := 0
	for _, r := range recs {
		d := r.Data.(DeviceInstall)
		if d.Kind == "" || d.Start.IsZero() {
			t.Errorf("%+v", d)
		}
		if d.Kind == "Device Install (UpdateDriverForPlugAndPlayDevices)" {
			updates++
		}
		if ev := r.Events(); len(ev) != 1 || !ev[0].Local {
			t.Errorf("events %+v", ev)
		}
	}
	if len(recs) != 25 || updates != 8 {
		t.Errorf("%d sections, %d updates", len(recs), updates)
	}
}
