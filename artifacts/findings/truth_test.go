package findings_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

// rawPf is a Prefetch record whose path names its volume.
func rawPf(path string, runs ...time.Time) artifacts.Record {
	name := path[strings.LastIndexByte(path, '\\')+1:]
	return rec("prefetch", execution.Prefetch{Executable: name, ImagePath: path, HashStatus: "verified", RunCount: uint32(len(runs)), LastRuns: runs})
}

// TestBurstHasOneSpan: the reason, the times of the finding and those of its
// evidence state the same span, whatever else the records hold.
func TestBurstHasOneSpan(t *testing.T) {
	old := func(minute int) []time.Time { return []time.Time{at(minute)[0], day.AddDate(0, -2, 0)} }
	r := judge(records{
		pf(`\Windows\System32\whoami.exe`, old(0)), pf(`\Windows\System32\ipconfig.exe`, old(3)),
		pf(`\Windows\System32\net.exe`, old(5)), pf(`\Windows\System32\nltest.exe`, old(20)),
	}, nil)
	f := find(r, "discovery at 2026-03-06 18:00")
	if f == nil {
		t.Fatal("no burst")
	}
	if says := f.Reasons[0].Says; !strings.Contains(says, "4 starts between 2026-03-06 18:00:00 and 2026-03-06 18:20:00 (20m0s)") {
		t.Errorf("the reason is %q", says)
	}
	if !f.FirstSeen.Equal(at(0)[0]) || !f.LastSeen.Equal(at(20)[0]) {
		t.Errorf("seen %s to %s, want the span of the burst", f.FirstSeen, f.LastSeen)
	}
	for _, e := range f.Evidence {
		if e.Time.Before(at(0)[0]) || len(e.Events) != 1 {
			t.Errorf("%s: %s, events %v: want the start that counted", e.ID, e.Time, e.Events)
		}
	}
	if strings.Contains(f.Why, "half an hour") {
		t.Errorf("why states another span: %s", f.Why)
	}
}

// TestServicesOfWindows: a service counts as Windows' own with its name, its file
// and its version together.
func TestServicesOfWindows(t *testing.T) {
	const pchsvc = `%WINDIR%\PCHealth\HelpCtr\Binaries\pchsvc.dll`
	for _, c := range []struct {
		name, build, service, dll string
		level                     findings.Level
	}{
		{"XP's own", "2600", "helpsvc", pchsvc, 0},
		{"another library", "2600", "helpsvc", `%WINDIR%\PCHealth\HelpCtr\Binaries\pchsvd.dll`, findings.Critical},
		{"another name", "2600", "helpsvd", pchsvc, findings.Critical},
		{"another version", "19045", "helpsvc", pchsvc, findings.Critical},
	} {
		written := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
		sys, soft := regf.New("ROOT", written), regf.New("ROOT", written)
		sys.Root.Sub("Select").Set("Current", regf.DWord(1))
		k := sys.Root.Sub(`ControlSet001\Services\` + c.service)
		k.Set("Type", regf.DWord(0x20))
		k.Set("Start", regf.DWord(2))
		k.Set("ImagePath", regf.Expand(`%SystemRoot%\System32\svchost.exe -k netsvcs`))
		k.Sub("Parameters").Set("ServiceDll", regf.Expand(c.dll))
		soft.Root.Sub(`Microsoft\Windows NT\CurrentVersion`).Set("CurrentBuildNumber", regf.String(c.build))
		soft.Root.Sub(`Microsoft\Windows NT\CurrentVersion`).Set("SystemRoot", regf.String(`C:\Windows`))
		tree := openFS(t, fstest.MapFS{
			"Windows/System32/config/SYSTEM": {Data: sys.Build()}, "Windows/System32/config/SOFTWARE": {Data: soft.Build()},
		})
		if l, says := level(alone(t, tree, []string{"services"}, nil), "P-11"); l != c.level {
			t.Errorf("%s: %s, want %s: %v", c.name, l, c.level, says)
		}
	}
}

// TestFailureCommands are judged by their place, and not by their extension.
func TestFailureCommands(t *testing.T) {
	failure := func(image, args string) records {
		s := fill(persistence.Service{Name: "NvContainerLocalSystem", ServiceType: 0x10}, auto("Service failure command", image, args))
		return records{rec("services", s)}
	}
	for _, c := range []struct {
		image, args string
		level       findings.Level
	}{
		{`C:\ProgramData\NVIDIA Corporation\NvContainer\NvContainerRecovery.bat`, "", findings.Low},
		{`C:\Program Files\Vendor\restart.cmd`, "", findings.Low},
		{`C:\Users\Public\restart.exe`, "", findings.High},
		{`C:\Windows\System32\cmd.exe`, `/c powershell -enc SQBFAFgAIABhAGEAYQBhAGEAYQBhAGEAYQBhAGEAYQBhAGEAYQBhAGEAYQBhAGEA`, findings.High},
	} {
		if l, says := level(judge(failure(c.image, c.args), nil), "P-11"); l != c.level {
			t.Errorf("%s %s: %s, want %s: %v", c.image, c.args, l, c.level, says)
		}
	}
}

// TestAcquisitionTool: the driver of an imaging tool is named as one.
func TestAcquisitionTool(t *testing.T) {
	driver := func(name, image string) records {
		return records{service(name, image, func(s *persistence.Service) { s.ServiceType = 1 })}
	}
	l, says := level(judge(driver("ad_driver", `C:\Users\u\AppData\Local\Temp\ad_driver.sys`), nil), "P-11")
	if l != findings.Low || !strings.Contains(says[0], "acquisition tool's (FTK Imager)") {
		t.Errorf("FTK Imager: %s %v", l, says)
	}
	if l, says := level(judge(driver("other", `C:\Users\u\AppData\Local\Temp\other.sys`), nil), "P-11"); l < findings.High {
		t.Errorf("any other driver in Temp: %s %v", l, says)
	}
}

// TestOtherVolumes: a share is the network, and a data drive has no folders "at
// the root" of Windows' volume.
func TestOtherVolumes(t *testing.T) {
	for _, path := range []string{
		`\DEVICE\MUP\SRV\TOOLS\A.EXE`, `\DEVICE\MUP\;LANMANREDIRECTOR\;Z:0000000000012345\SRV\TOOLS\A.EXE`, `\DEVICE\LANMANREDIRECTOR\SRV\TOOLS\A.EXE`,
	} {
		l, says := level(judge(records{pf(`\Windows\System32\cmd.exe`, at(0)), rawPf(path, at(1)...)}, nil), "X-02")
		if l != findings.Medium || !strings.Contains(says[0], "on another machine (L12)") {
			t.Errorf("%s: %s %v", path, l, says)
		}
	}
	drive := func(n int) records {
		var out records
		for i := range n {
			out = append(out, of("u", rec("bam", execution.Bam{Path: fmt.Sprintf(`D:\Games\g%d.exe`, i), LastRun: day})))
		}
		return out
	}
	for name, r := range map[string]*findings.Report{
		"SystemRoot known":   judge(drive(3), nil),
		"SystemRoot unknown": findings.Evaluate(func(yield func(artifacts.Result) bool) { one(drive(3), yield) }, findings.Facts{Prefetcher: -1}, nil),
	} {
		if l, says := level(r, "X-02"); l != 0 {
			t.Errorf("%s: X-02 is %s on a data drive: %v", name, l, says)
		}
		l, says := level(r, "A-06")
		if l != findings.Low || len(says) != 1 || !strings.Contains(says[0], "3 programs ran from another volume (kind unknown): g0.exe, g1.exe, g2.exe") {
			t.Errorf("%s: A-06 is %s: %v", name, l, says)
		}
	}
	usb := records{rec("mounteddevices", system.MountedDevice{Name: `\DosDevices\D:`, Drive: "D:", Device: `\??\USBSTOR#Disk&Ven_X&Prod_Y#123&0#{53f56307-b6bf-11d0-94f2-00a0c91efb8b}`})}
	l, says := level(judge(append(usb, drive(1)...), nil), "A-06")
	if l != findings.Medium || !strings.Contains(says[0], "removable volume (USBSTOR)") {
		t.Errorf("USBSTOR: A-06 is %s: %v", l, says)
	}
}

func one(recs records, yield func(artifacts.Result) bool) {
	for i := range recs {
		if !yield(artifacts.Result{Artifact: recs[i].Artifact, From: recs[i].From, Records: recs[i : i+1]}) {
			return
		}
	}
}

// TestStartupFolderRun: a program that ran out of a Startup folder is persistence
// and execution in one row.
func TestStartupFolderRun(t *testing.T) {
	const path = `\Users\u\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\calc2.exe`
	f := find(judge(records{pf(path, at(0))}, nil), "calc2.exe")
	if f == nil || !slices.Contains(f.Techniques, "T1547.001") || !strings.Contains(f.Reasons[0].Says, "ran in a Startup folder") {
		t.Fatalf("%+v", f)
	}
	f = find(judge(records{pf(`\Users\u\AppData\Roaming\calc2.exe`, at(0))}, nil), "calc2.exe")
	if f == nil || slices.Contains(f.Techniques, "T1547.001") {
		t.Errorf("the top of application data: %+v", f)
	}
}

// TestClockSetBack: from when to when, by how much, in how many files.
func TestClockSetBack(t *testing.T) {
	back := func(n int, by time.Duration) records {
		var out records
		for i := range n {
			p := execution.Prefetch{Executable: "A.EXE", ImagePath: fmt.Sprintf(`\VOLUME{1}\PROGRAM FILES\A%d.EXE`, i), HashStatus: "verified", RunCount: 2, ClockSetBack: true}
			p.LastRuns = []time.Time{day.Add(-by), day}
			out = append(out, rec("prefetch", p))
		}
		return out
	}
	for _, c := range []struct {
		n     int
		by    time.Duration
		level findings.Level
	}{{10, 196 * 24 * time.Hour, findings.Medium}, {2, 24 * time.Hour, findings.Medium}, {1, 196 * 24 * time.Hour, findings.Informational}, {5, time.Hour, findings.Informational}} {
		r := judge(back(c.n, c.by), nil)
		l, says := level(r, "D-08")
		if l != c.level {
			t.Errorf("%d files, %s: %s, want %s: %v", c.n, c.by, l, c.level, says)
		}
		if c.n == 10 {
			if want := "set back from 2026-03-06 18:00:00 to 2025-08-22 18:00:00, by at least 196 days: launch times in 10 Prefetch files"; !strings.Contains(says[0], want) {
				t.Errorf("%q, want %q", says[0], want)
			}
			if f := find(r, "clock"); !f.FirstSeen.Equal(day.Add(-c.by)) || !f.LastSeen.Equal(day) {
				t.Errorf("seen %s to %s", f.FirstSeen, f.LastSeen)
			}
		}
	}
}

// TestShortNames: known ones are silent, others are said to be short.
func TestShortNames(t *testing.T) {
	if l, says := level(judge(records{pf(`\Users\u\Downloads\7z.exe`, at(0))}, nil), "M-04"); l != 0 {
		t.Errorf("7z.exe: %s %v", l, says)
	}
	for name, words := range map[string]string{"xq.exe": "two-letter file name", "x.exe": "one-letter file name", "123.exe": "file name of digits only"} {
		l, says := level(judge(records{pf(`\Users\u\Downloads\`+name, at(0))}, nil), "M-04")
		if l == 0 || !strings.Contains(says[0], words) {
			t.Errorf("%s: %s %v, want %q", name, l, says, words)
		}
	}
}

// TestInstallersOfBrowserCaches: name and version, or the words of installers.
func TestInstallersOfBrowserCaches(t *testing.T) {
	const cache = `\Users\u\AppData\Local\Microsoft\Windows\INetCache\IE\PRVST2DE\`
	for name, want := range map[string]findings.Level{
		"7z920.exe": findings.Medium, "strawberry-perl-5.30.2.1-64bit.exe": findings.Medium, "vs_community__163171420.1576549659.exe": findings.Medium,
		"npp.8.6.2.Installer.x64.exe": findings.Medium, "winrar-x64-611[1].exe": findings.High, "setup[1].exe": findings.Medium,
		"invoice_20240131.exe": findings.High, "a.exe": findings.High, "report.exe": findings.High,
	} {
		if l, says := level(judge(records{pf(cache+name, at(0))}, nil), "X-02"); l != want {
			t.Errorf("%s: %s, want %s: %v", name, l, want, says)
		}
	}
	if l, _ := level(judge(records{pf(`\PerfLogs\7z920.exe`, at(0))}, nil), "X-02"); l != findings.High {
		t.Errorf("outside a browser's cache a version is no excuse: %s", l)
	}
}

// TestOneTaskOneFinding: what is said of a task and of its program is one
// finding.
func TestOneTaskOneFinding(t *testing.T) {
	r := judge(records{task(`\x`, `C:\TMP\agent.exe`, "", func(t *persistence.Task) {
		byUser("S-1-5-18", "")(t)
		t.Triggers = []persistence.TaskTrigger{{Interval: "PT1M"}}
	})}, nil)
	n := 0
	for _, f := range r.Findings {
		if slices.Contains(f.RuleIDs, "P-12") {
			n++
		}
	}
	f := find(r, `\tmp\agent.exe`)
	if n != 1 || f == nil || len(f.Reasons) != 3 {
		t.Fatalf("%d findings of one task: %+v", n, r.Findings)
	}
	if !slices.ContainsFunc(f.Reasons, func(r findings.Reason) bool { return r.Says == `task \x: it is repeated every 1 minute` }) {
		t.Errorf("the reasons do not name the task: %+v", f.Reasons)
	}
}

// logsOnly is a machine of which only the event logs are there.
func logsOnly(t *testing.T, name string) *evidence.Evidence {
	t.Helper()
	root := os.Getenv("ARTIFACTDUMP_EVIDENCE")
	if root == "" {
		t.Skip("ARTIFACTDUMP_EVIDENCE is not set")
	}
	m := fstest.MapFS{}
	err := fs.WalkDir(os.DirFS(filepath.Join(root, filepath.FromSlash(name))), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".evtx" {
			return err
		}
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name), filepath.FromSlash(path)))
		m["Windows/System32/winevt/Logs/"+filepath.Base(path)] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil || len(m) == 0 {
		t.Fatalf("%d logs, %v", len(m), err)
	}
	ev, err := evidence.OpenFS(m, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// exceptions are findings of level high or above on clean evidence that are
// right to be there, each with its reason.
var exceptions = map[string]map[string]string{
	"prefetch/art-win81": {
		`C:\PROJECTS\OSQUERY\BUILD\OSQUERY\RELWITHDEBINFO\OSQUERYD.EXE`: "a developer's build tree at the root of the volume: nothing but its owner explains it",
	},
	"prefetch/museum-win11-v31": {
		`IN-LINE CALCULATOR.EXE`: "the user put a program of his own into his Startup folder: that is what the rule is for",
	},
}

// TestExceptions: each exception is in the documentation, with its reason.
func TestExceptions(t *testing.T) {
	path := filepath.FromSlash("../../docs/findings.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- exceptions: begin -->\n", "<!-- exceptions: end -->\n"
	head, rest, ok1 := strings.Cut(string(b), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatal("docs/findings.md has no marks for the exceptions")
	}
	var rows strings.Builder
	rows.WriteString("| set | subject | reason |\n|---|---|---|\n")
	for _, set := range slices.Sorted(maps.Keys(exceptions)) {
		for _, subject := range slices.Sorted(maps.Keys(exceptions[set])) {
			fmt.Fprintf(&rows, "| %s | `%s` | %s |\n", set, subject, exceptions[set][subject])
		}
	}
	want := head + begin + rows.String() + end + tail
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(b) {
		t.Error("the exceptions of docs/findings.md are stale: go test ./artifacts/findings -run TestExceptions -update")
	}
}

// TestCleanMachines: nothing high or critical on evidence of machines that nobody
// attacked, apart from the exceptions, each of which must occur.
func TestCleanMachines(t *testing.T) {
	for _, name := range []string{
		"images/win10-composed", "prefetch/art-win10", "prefetch/art-win11", "prefetch/art-win7", "prefetch/art-win81", "prefetch/museum-win7", "prefetch/museum-win8",
		"prefetch/museum-win81update", "prefetch/museum-win10-1809a", "prefetch/museum-win10-1809b", "prefetch/museum-win10-1903a", "prefetch/museum-win10-1903b",
		"prefetch/museum-win11-v31", "hives/regipy/SYSTEM_2", "hives/regipy/SYSTEM_WIN_10_1709", "hives/museum-win10-rathbunvm", "hives/ez/SAM_hasBigEndianDWord",
		"evtx/museum-win11-rathbunvm",
	} {
		t.Run(name, func(t *testing.T) {
			var ev *evidence.Evidence
			if strings.HasPrefix(name, "evtx/") {
				ev = logsOnly(t, name)
			} else {
				ev = real(t, name)
			}
			left := map[string]bool{}
			for k := range exceptions[name] {
				left[k] = true
			}
			for _, f := range evaluate(t, ev.Trees[0], ev.Kind, 0, nil).Findings {
				if f.Level < findings.High {
					continue
				}
				known := false
				for k := range exceptions[name] {
					if strings.HasSuffix(f.Subject, k) {
						known = true
						delete(left, k)
					}
				}
				if !known {
					t.Errorf("%s %s: %+v", f.Level, f.Subject, f.Reasons)
				}
			}
			for k := range left {
				t.Errorf("the exception for %s is not needed any more", k)
			}
		})
	}
}
