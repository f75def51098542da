package system

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	mp "github.com/artifactdump/artifactdump/artifacts/formats/defender"
)

// TestDetectionResources: what a detection says of each kind of resource. A
// command line or a behaviour shows that something ran; a file lay there.
func TestDetectionResources(t *testing.T) {
	for _, c := range []struct {
		kind, place, path string
		ran               bool
	}{
		{"file", `C:\Tools\a.exe`, `C:\Tools\a.exe`, false},
		{"containerfile", `C:\d\a.zip->b/tool.exe`, `C:\d\a.zip`, false},
		{"cmdline", `C:\Windows\System32\cmd.exe /c x`, `C:\Windows\System32\cmd.exe`, true},
		{"behavior", `pid:2360:1234`, ``, true},
		{"process", `pid:2360`, ``, true},
		{"regkey", `HKLM\Software\x`, ``, false},
	} {
		var d DefenderDetection
		d.resource(&mp.Resource{Kind: c.kind, Place: c.place})
		if d.Path != c.path || d.Ran != c.ran || len(d.Resources) != 1 || d.Resources[0] != c.kind+": "+c.place {
			t.Errorf("%s gives the path %q, ran %v, resources %q", c.kind, d.Path, d.Ran, d.Resources)
		}
		want := artifacts.Present
		if c.ran {
			want = artifacts.Executed
		}
		if d.Proof() != want || d.Program() != c.path {
			t.Errorf("%s proves %q of %q, want %q", c.kind, d.Proof(), d.Program(), want)
		}
	}
	// The first path stays, and the hash is that of the first file.
	var d DefenderDetection
	d.resource(&mp.Resource{Kind: "file", Place: `C:\a.exe`, Tracking: []mp.Tracked{{Name: "ThreatTrackingSha256", Value: "AB"}}})
	d.resource(&mp.Resource{Kind: "file", Place: `C:\b.exe`, Tracking: []mp.Tracked{{Name: "ThreatTrackingSha256", Value: "CD"}}})
	if d.Path != `C:\a.exe` || d.SHA256 != "ab" {
		t.Errorf("of two files: %q %q", d.Path, d.SHA256)
	}
	d.Threat, d.Account, d.NotCleaned = "HackTool:Win32/Heron", "bob", true
	if s := d.Summary(); s != `[HackTool:Win32/Heron] in file: C:\a.exe; file: C:\b.exe, user: bob, not remediated` {
		t.Errorf("it reads %s", s)
	}
}

// TestRenamedFiles: a file with another name than it was built with, but not
// texts of a language and not copies that Windows keeps.
func TestRenamedFiles(t *testing.T) {
	for _, c := range []struct {
		path, original string
		want           bool
	}{
		{`C:\Tools\notes.exe`, "psexec.c", true},
		{`C:\Tools\PsExec.exe`, "psexec.c", false},
		{`C:\Windows\System32\cmd.exe`, "Cmd.Exe.MUI", false},
		{`C:\Windows\System32\en-US\cmd.exe.mui`, "other.exe", false},
		{`C:\Windows\WinSxS\amd64_x\notes.exe`, "psexec.c", false},
		{`C:\Tools\notes.exe`, "", false},
		{``, "psexec.c", false},
	} {
		e := DefenderLogEntry{Kind: string(mp.LogOriginalName), Path: c.path, Original: c.original}
		if got := e.Renamed(); got != c.want {
			t.Errorf("%q that was built as %q is renamed: %v", c.path, c.original, got)
		}
		e.Kind = string(mp.LogProcess)
		if e.Renamed() {
			t.Errorf("a line about a process is about a renamed file: %+v", e)
		}
	}
}

// TestScannerLog: which lines prove a start, which a setting, and what they date.
func TestScannerLog(t *testing.T) {
	at := time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)
	for kind, want := range map[mp.LogKind]artifacts.Proof{
		mp.LogProcess: artifacts.Executed, mp.LogBehavior: artifacts.Executed, mp.LogExclusion: artifacts.Configured, mp.LogService: artifacts.Configured,
		mp.LogDetection: artifacts.Present, mp.LogOriginalName: artifacts.Present,
	} {
		if got := (DefenderLogEntry{Kind: string(kind)}).Proof(); got != want {
			t.Errorf("%s proves %q, want %q", kind, got, want)
		}
	}
	for kind, want := range map[mp.LogKind]bool{mp.LogDetection: true, mp.LogAdd: true, mp.LogScan: true, mp.LogProcess: false, mp.LogBehavior: false} {
		if got := (DefenderLogEntry{Kind: string(kind)}).Detects(); got != want {
			t.Errorf("%s says that a threat was found: %v", kind, got)
		}
	}
	e := DefenderLogEntry{Kind: string(mp.LogProcess), Time: at, TimeBefore: true, Started: at.Add(-time.Hour), Path: `C:\a.exe`}
	ev := e.Events()
	if len(ev) != 2 || !ev[0].Estimate || ev[1].Proof != artifacts.Executed || !ev[1].Time.Equal(at.Add(-time.Hour)) {
		t.Errorf("its events are %+v", ev)
	}
	if p := (DefenderLogEntry{Path: "a.exe"}).Program(); p != "" {
		t.Errorf("a name without a folder is the program %q", p)
	}
}

// TestGuestInPowerfulGroups: a guest among administrators or users of Remote
// Desktop has a tag; among guests he belongs.
func TestGuestInPowerfulGroups(t *testing.T) {
	guest, mira := "S-1-5-21-1-2-3-501", "S-1-5-21-1-2-3-1001"
	for _, c := range []struct {
		rid     uint32
		members []string
		want    bool
	}{
		{544, []string{mira, guest}, true}, {555, []string{guest}, true}, {546, []string{guest}, false}, {544, []string{mira}, false},
		{544, []string{"S-1-5-32-501"}, false}, {544, []string{"S-1-5-21-1-2-3-1501"}, false},
	} {
		if got := slices.Contains((Group{RID: c.rid, Members: c.members}).Tags(), "guest-member"); got != c.want {
			t.Errorf("group %d of %q has the tag: %v", c.rid, c.members, got)
		}
	}
	g := Group{Name: "Administrators", Members: []string{mira, guest}, MemberNames: []string{"mira", guest}}
	if s := g.Summary(); s != "[Administrators] 2 members: mira, "+guest {
		t.Errorf("it reads %s", s)
	}
	if !strings.HasPrefix((Group{Name: "x"}).Summary(), "[x] 0 members") {
		t.Errorf("an empty group reads %s", (Group{Name: "x"}).Summary())
	}
}
