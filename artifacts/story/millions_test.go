package story_test

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// maxStory is the promise: rules, model and story of five million starts and a million
// file records, in a process of this size.
const maxStory = 512 << 20

// TestMillions feeds starts and file records through the evaluation into a story, in a
// process of its own, and holds its peak memory to the promise. ARTIFACTDUMP_STARTS
// says how many starts; there is a file record for five of them.
func TestMillions(t *testing.T) {
	if testing.Short() {
		t.Skip("a process of its own takes its time")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Skip(err)
	}
	cmd := exec.Command(exe, "-test.run=^TestMillionsChild$", "-test.v", "-test.timeout=60m")
	cmd.Env = append(os.Environ(), "ARTIFACTDUMP_CHILD=millions")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, rest, ok := strings.Cut(string(out), "millions: ")
	line, _, _ := strings.Cut(rest, "\n")
	peak := int64(-1)
	if _, after, found := strings.Cut(line, "peak "); found {
		_, _ = fmt.Sscan(after, &peak)
	}
	if !ok || peak < 0 {
		t.Fatalf("no peak in\n%s", out)
	}
	t.Log(line)
	if peak == 0 {
		t.Skip("this system does not say how much memory a process had")
	}
	if peak > maxStory {
		t.Errorf("peak %d MiB, the promise is %d", peak>>20, maxStory>>20)
	}
}

// TestMillionsChild is the process of TestMillions.
func TestMillionsChild(t *testing.T) {
	if os.Getenv("ARTIFACTDUMP_CHILD") != "millions" {
		t.Skip("TestMillions runs it")
	}
	n := 20_000
	if v := os.Getenv("ARTIFACTDUMP_STARTS"); v != "" {
		n, _ = strconv.Atoi(v)
	}
	debug.SetGCPercent(50) // as the command does
	began := time.Now()
	e := findings.NewEvaluator(findings.Facts{}, nil)
	feed := func(name string, count int, data func(i int) artifacts.Decoded) {
		var a *artifacts.Artifact
		for _, x := range catalogue.All() {
			if x.Name == name {
				a = x
			}
		}
		batch := make([]artifacts.Record, 0, 256)
		for i := range count {
			batch = append(batch, artifacts.Record{Artifact: a, ID: fmt.Sprintf("%02x%014x", len(name), i), Data: data(i),
				From: artifacts.Locator{Path: `C:\` + name, State: artifacts.Live}})
			if len(batch) == cap(batch) || i == count-1 {
				e.Add(&artifacts.Result{Artifact: a, Records: batch})
				batch = batch[:0]
			}
		}
	}
	feed("eventlogons", 200, millionLogon)
	feed("eventsysmon", n/2, func(i int) artifacts.Decoded { return millionStart(2*i, n, true) })
	feed("eventprocesses", n/2, func(i int) artifacts.Decoded { return millionStart(2*i+1, n, false) })
	feed("mft", n/5, millionFile)
	fed := time.Since(began)
	r := e.Report()
	m := r.Models[0]
	told := story.Tell(m, r, nil)
	known := 0
	for p := range m.All() {
		known += p.Counts.Known
	}
	if known < n/2 || m.Len() < min(n/100, 10_000) {
		t.Errorf("%d starts known of %d programs", known, m.Len())
	}
	fmt.Printf("millions: %d starts, %d file records, %d programs, %d starts known, %d findings, %d windows, "+
		"%.1f s to read, %.1f s in all, peak %d\n", n, n/5, m.Len(), known, len(r.Findings), len(told.Windows), fed.Seconds(), time.Since(began).Seconds(), peakMemory())
	runtime.KeepAlive(r)
}

// peakMemory is the largest size that the process had, or 0 where the system does not
// say it.
func peakMemory() int64 {
	b, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n << 10
		}
	}
	return 0
}

var millionsBegin = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

// millionLogon is a session of one of ten users on one of twenty days.
func millionLogon(i int) artifacts.Decoded {
	sid := fmt.Sprintf("S-1-5-21-1-2-3-%d", 1001+i%10)
	return events.Event{Record: events.Record{ID: 4624, Number: uint64(i + 1), Channel: "Security", Computer: "PC1",
		Provider: "Microsoft-Windows-Security-Auditing", Time: millionsBegin.Add(time.Duration(i/10) * 24 * time.Hour),
		Data: events.Pairs{{Name: "TargetUserSid", Value: sid}, {Name: "TargetUserName", Value: fmt.Sprint("user", i%10)},
			{Name: "TargetDomainName", Value: "PC1"}, {Name: "TargetLogonId", Value: fmt.Sprintf("%#x", 0x10000+i)},
			{Name: "LogonType", Value: "10"}, {Name: "IpAddress", Value: fmt.Sprint("192.0.2.", i%10)}}}}
}

// millionImage is one of some ten thousand programs, most of them of Windows.
func millionImage(i int) string {
	switch n := i * 7919 % 10_000; {
	case i%10 < 6:
		return fmt.Sprintf(`C:\Windows\System32\tool%d.exe`, n%700)
	case i%10 < 8:
		return []string{`C:\Windows\System32\cmd.exe`, `C:\Windows\System32\conhost.exe`, `C:\Windows\System32\net.exe`,
			`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`}[n%4]
	case i%10 < 9:
		return fmt.Sprintf(`C:\Program Files\Vendor %d\Product\program%d.exe`, n%90, n%2500)
	default:
		return fmt.Sprintf(`C:\Users\user%d\AppData\Local\Programs\app%d\app%d.exe`, n%10, n, n)
	}
}

// millionStart is a start within twenty days.
func millionStart(i, n int, sysmon bool) artifacts.Decoded {
	at := millionsBegin.Add(time.Duration(int64(i) * int64(20*24*time.Hour) / int64(n)))
	image := millionImage(i)
	name := image[strings.LastIndexByte(image, '\\')+1:]
	command := fmt.Sprintf(`"%s" --job %d --input "C:\Users\user%d\Documents\case %d.txt" /quiet`, image, i, i%10, i%3000)
	logon := fmt.Sprintf("%#x", 0x10000+i%10+10*(i*20/n))
	r := events.Record{Number: uint64(i + 1), Computer: "PC1", Time: at}
	if !sysmon {
		r.ID, r.Channel, r.Provider = 4688, "Security", "Microsoft-Windows-Security-Auditing"
		r.Data = events.Pairs{{Name: "SubjectUserSid", Value: fmt.Sprintf("S-1-5-21-1-2-3-%d", 1001+i%10)},
			{Name: "SubjectUserName", Value: fmt.Sprint("user", i%10)}, {Name: "SubjectDomainName", Value: "PC1"},
			{Name: "SubjectLogonId", Value: logon}, {Name: "NewProcessId", Value: fmt.Sprintf("%#x", 4*(i%16000))},
			{Name: "NewProcessName", Value: image}, {Name: "CommandLine", Value: command},
			{Name: "ParentProcessName", Value: `C:\Windows\explorer.exe`}}
		return events.Event{Record: r}
	}
	r.ID, r.Channel, r.Provider = 1, "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon"
	sum := fmt.Sprintf("%016x", len(image)*31+i*7919%10_000)
	r.Data = events.Pairs{{Name: "UtcTime", Value: at.Format("2006-01-02 15:04:05.000")}, {Name: "Image", Value: image},
		{Name: "ProcessId", Value: fmt.Sprint(4 * (i % 16000))}, {Name: "OriginalFileName", Value: name}, {Name: "Company", Value: "Vendor"},
		{Name: "CommandLine", Value: command}, {Name: "User", Value: fmt.Sprint(`PC1\user`, i%10)}, {Name: "LogonId", Value: logon},
		{Name: "Hashes", Value: "SHA1=" + sum + sum + "00000000,SHA256=" + sum + sum + sum + sum},
		{Name: "ParentImage", Value: `C:\Windows\explorer.exe`}}
	return events.Event{Record: r}
}

// millionFile is a file: three of ten are programs, of which a third is outside Windows
// and Program Files.
func millionFile(i int) artifacts.Decoded {
	at := millionsBegin.Add(time.Duration(i) * time.Second)
	f := filesystem.File{Reference: fmt.Sprintf("%d-1", 64+i), Exists: true, Size: uint64(4096 + i), Created: at, Modified: at, Changed: at,
		Accessed: at, NameCreated: at, NameModified: at, NameChanged: at, NameAccessed: at, PathState: "whole"}
	switch i % 10 {
	case 0:
		f.Path = fmt.Sprintf(`C:\Users\user%d\source\project%d\bin\module%d.dll`, i%10, i%900, i)
	case 1:
		f.Path = fmt.Sprintf(`C:\Windows\WinSxS\amd64_component%d\library%d.dll`, i%5000, i)
	case 2:
		f.Path = fmt.Sprintf(`C:\Program Files\Vendor %d\Product\library%d.dll`, i%90, i)
	default:
		f.Path = fmt.Sprintf(`C:\Users\user%d\Documents\folder%d\document%d.txt`, i%10, i%2000, i)
	}
	return f
}
