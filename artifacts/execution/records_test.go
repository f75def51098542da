package execution

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

var noon = time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)

// TestWhatStartsProve: an artifact lists programs, and only some of its records
// show that one ran.
func TestWhatStartsProve(t *testing.T) {
	for _, c := range []struct {
		name string
		rec  interface{ Proof() artifacts.Proof }
		want artifacts.Proof
	}{
		{"ShimCache that knows", Shimcache{Executed: "yes"}, artifacts.Executed},
		{"ShimCache that guesses", Shimcache{Executed: "possibly"}, artifacts.Present},
		{"ShimCache of Windows 10", Shimcache{Executed: "no"}, artifacts.Present},
		{"a launch", Pca{Launch: true}, artifacts.Executed},
		{"an exit with an error", Pca{Code: "2"}, artifacts.Executed},
		{"a dialogue of an installer", Pca{Code: "1"}, artifacts.Present},
		{"a crash", Wer{Type: "APPCRASH"}, artifacts.Executed},
		{"a crash in small letters", Wer{Type: "bex64"}, artifacts.Executed},
		{"a report with the path of a program", Wer{Type: "Other", AppPath: `C:\a.exe`}, artifacts.Executed},
		{"a report of an update", Wer{Type: "WindowsUpdateFailure3"}, artifacts.Present},
		{"a microphone that was used", Consent{Capability: "microphone", Start: noon}, artifacts.Executed},
		{"a microphone that may be used", Consent{Capability: "microphone", Value: "Allow"}, artifacts.Configured},
	} {
		if got := c.rec.Proof(); got != c.want {
			t.Errorf("%s proves %q, want %q", c.name, got, c.want)
		}
	}
}

// TestPrefetchRecord: which time means which start, and what a reader must know
// before trusting them.
func TestPrefetchRecord(t *testing.T) {
	p := Prefetch{Executable: "A.EXE", ImagePath: `\VOLUME{1}\TMP\a.exe`, Hash: "01234567", HashStatus: "verified", RunCount: 12, LastRuns: []time.Time{noon, noon.Add(-time.Hour), noon.Add(-2 * time.Hour)},
		Volumes: []PrefetchVolume{{`\VOLUME{1}`, "DEADBEEF", noon.AddDate(-1, 0, 0), nil}, {`\VOLUME{2}`, "0", time.Time{}, nil}}}
	e := p.Events()
	if len(e) != 4 || e[0].Kind != "Last Time Executed" || e[1].Kind != "Previous Last Time Executed" || e[2].Kind != e[1].Kind || !e[2].Time.Equal(noon.Add(-2*time.Hour)) {
		t.Fatalf("the events are %+v", e)
	}
	if v := e[3]; v.DataType != "windows:volume:creation" || v.Proof != artifacts.Present || !strings.Contains(v.Message, "DEADBEEF") {
		t.Errorf("the time of the volume is %+v: it proves no start", v)
	}
	if s := p.Summary(); s != `[A.EXE] was executed - run count 12 path hints: \TMP\A.EXE hash: 0x01234567 (verified)` {
		t.Errorf("it reads %s", s)
	}
	if p.Program() != p.ImagePath || !slices.Equal(p.NamedFiles(), []string{p.ImagePath}) || len(p.Tags()) != 0 {
		t.Errorf("it is about %q, names %q and has the tags %q", p.Program(), p.NamedFiles(), p.Tags())
	}
	p.ClockSetBack, p.HashStatus, p.Damage, p.CommandLine, p.ImagePath = true, "mismatch", []string{"x"}, "a.exe -q", ""
	if got := p.Tags(); !slices.Equal(got, []string{"clock-set-back", "hash-mismatch", "damaged"}) {
		t.Errorf("it has the tags %q", got)
	}
	if s := p.Summary(); p.Program() != "A.EXE" || strings.Contains(s, "path hints") || !strings.HasSuffix(s, "(mismatch) command line: a.exe -q") {
		t.Errorf("without a path it is about %q and reads %s", p.Program(), s)
	}
	boot := Prefetch{Executable: "NTOSBOOT", Scenario: true}
	if s := boot.Summary(); !strings.HasPrefix(s, "[NTOSBOOT] scenario was recorded") {
		t.Errorf("the boot reads %s", s)
	}
}

// TestShimcacheRecord: what the path of a removable medium or of a package is, and
// when the cache was written.
func TestShimcacheRecord(t *testing.T) {
	for path, want := range map[string]string{
		`C:\a.exe`: `C:\a.exe`, `SIGN.MEDIA=1FEB354 setup.exe`: `setup.exe`, `sign.media=1 d\setup.exe`: `d\setup.exe`, "00000000\tpackage\tx": "",
	} {
		if got := (Shimcache{Path: path}).Program(); got != want {
			t.Errorf("%q is about %q, want %q", path, got, want)
		}
	}
	if e := (Shimcache{Index: 0, Written: noon}).Events(); len(e) != 1 || e[0].Kind != "Registry Last Written Time" || e[0].Proof != artifacts.Present {
		t.Errorf("the newest entry dates the cache by %+v", e)
	}
	for name, s := range map[string]Shimcache{"an older entry": {Index: 1, Written: noon}, "an entry without a time": {}} {
		if e := s.Events(); len(e) != 0 {
			t.Errorf("%s dates the cache by %+v", name, e)
		}
	}
	for executed, want := range map[string]string{"yes": "was executed (time unknown)", "possibly": "was seen, possibly executed (time unknown)", "no": "was seen, entry"} {
		if s := (Shimcache{Path: `C:\a.exe`, Executed: executed}).Summary(); !strings.Contains(s, want) {
			t.Errorf("executed %q reads %s", executed, s)
		}
	}
}

// TestLinesOfTheAssistant: a path can hold no separator, so that the time of a
// launch follows the last; a line that is damaged says how.
func TestLinesOfTheAssistant(t *testing.T) {
	launch := Pca{Launch: true}
	if ok, err := launch.parse(`C:\a|b.exe|2026-03-06 12:00:00.123`); !ok || err != nil || launch.Path != `C:\a|b.exe` || !launch.Time.Equal(noon.Add(123*time.Millisecond)) {
		t.Errorf("a launch is read as %+v, %v, %v", launch, ok, err)
	}
	var exit Pca
	if ok, err := exit.parse(`2026-03-06 12:00:00.000|2|C:\a.exe|Product|Vendor|1.0|000601|Abnormal process exit|with code 0x1`); !ok || err != nil ||
		exit.Code != "2" || exit.Path != `C:\a.exe` || exit.Company != "Vendor" || exit.Text != "Abnormal process exit|with code 0x1" {
		t.Errorf("an exit is read as %+v, %v, %v", exit, ok, err)
	}
	for _, c := range []struct {
		launch bool
		line   string
		ok     bool
		says   string
	}{
		{true, `C:\a.exe`, false, "without a separator"},
		{true, `C:\a.exe|yesterday`, true, `"yesterday" is no time`},
		{true, `C:\a.exe|0001-01-01 00:00:00.000`, true, "is no time"},
		{false, `2026-03-06 12:00:00.000|2`, false, "line of 2 fields"},
	} {
		p := Pca{Launch: c.launch}
		if ok, err := p.parse(c.line); ok != c.ok || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q is a record: %v, %v; want %v and %q", c.line, ok, err, c.ok, c.says)
		}
	}
}

// TestOtherRecords: programs and times of the smaller artifacts.
func TestOtherRecords(t *testing.T) {
	if c := (Consent{App: "Vendor.App_1", Packaged: true, Capability: "webcam", Start: noon, InUse: true}); c.Program() != "" || !slices.Equal(c.Tags(), []string{"in-use"}) || c.Summary() != "[Vendor.App_1] used the webcam" {
		t.Errorf("a packaged program: %q %q %s", c.Program(), c.Tags(), c.Summary())
	}
	if c := (Consent{App: `C:\a.exe`, Capability: "webcam", Value: "Deny"}); c.Program() != `C:\a.exe` || len(c.Tags()) != 0 || c.Summary() != `[C:\a.exe] webcam: Deny` {
		t.Errorf("a program that may not: %q %q %s", c.Program(), c.Tags(), c.Summary())
	}
	log := CLRUsage{Name: "RunDLL32.exe", Runtime: "v4.0", Created: noon.Add(-time.Hour), Modified: noon}
	if e := log.Events(); len(e) != 2 || e[0].Kind != "First Time Executed" || e[1].Kind != "Last Time Executed" || !log.Injected() {
		t.Errorf("the log of a program that never loads .NET: injected %v, %+v", log.Injected(), e)
	}
	if (CLRUsage{Name: "powershell.exe"}).Injected() || len((CLRUsage{}).Events()) != 0 {
		t.Error("PowerShell loads .NET only when code is put into it, or a log without times dates something")
	}
	if r := (Recycled{Path: `C:\a.exe`, Size: 7, Emptied: true}); r.Summary() != `[C:\a.exe] was deleted, 7 bytes, restored or removed from the bin since` {
		t.Errorf("a file that left the bin reads %s", r.Summary())
	}
	if w := (Wer{AppName: "App", Type: "APPCRASH", Signature: map[string]string{"Application Name": "a.exe", "Fault Module Name": "b.dll"}}); w.Program() != "a.exe" || w.Summary() != "[App] APPCRASH in b.dll" {
		t.Errorf("a crash is about %q and reads %s", w.Program(), w.Summary())
	}
	if c := (CompatAssistant{Path: `SIGN.MEDIA=1 setup.exe`}); c.Program() != "setup.exe" || !strings.Contains(c.Summary(), "time unknown") {
		t.Errorf("the assistant is about %q and reads %s", c.Program(), c.Summary())
	}
	if l := (AppCompatLayer{Path: `C:\a.exe`, Layers: []string{"WIN7RTM", "RUNASADMIN"}}); l.Summary() != `[C:\a.exe] runs with WIN7RTM RUNASADMIN` || l.Program() != l.Path {
		t.Errorf("a layer reads %s", l.Summary())
	}
}
