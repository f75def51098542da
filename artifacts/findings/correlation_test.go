package findings_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/prefetch"
)

// lines are the records of a case: events, one a line.
func lines(text string, more ...artifacts.Record) records {
	out := records(more)
	for i, l := range strings.Split(strings.TrimSpace(text), "\n") {
		out = append(out, parseEvent(l, i+1))
	}
	return out
}

// started is a start that Sysmon recorded, seconds after the day's time.
func started(seconds float64, image, parent, user, command string, more ...string) string {
	at := day.Add(time.Duration(seconds * float64(time.Second)))
	return fmt.Sprintf("%.6f mon 1 Microsoft-Windows-Sysmon UtcTime=%s|ProcessId=%d|Image=%s|CommandLine=%s|User=%s|LogonId=0x5555|ParentImage=%s%s",
		seconds/60, at.Format("2006-01-02 15:04:05.000"), 100+int(seconds*10), image, command, user, parent, strings.Join(more, ""))
}

const logon = "0 sec 4624 Microsoft-Windows-Security-Auditing $sys|$me|LogonType=2|IpAddress=-"

// installed is a service that a user installed, seconds after the day's time.
func installed(seconds float64, name, image, sid string) artifacts.Record {
	r := parseEvent(fmt.Sprintf("%.6f sys 7045 Service·Control·Manager ServiceName=%s|ImagePath=%s|ServiceType=user mode service|StartType=demand start|"+
		"AccountName=LocalSystem", seconds/60, name, image), int(seconds*10))
	return withUser(r, sid)
}

const psexesvc = `C:\Windows\PSEXESVC.exe`

// psexec is n uses of PsExec by a client.
func psexec(n int, client, sid, shellUser string) records {
	var out records
	for i := range n {
		s := float64(10 * (i + 1))
		out = append(out, parseEvent(started(s, client, `C:\Windows\System32\cmd.exe`, `CORP\bob`, client), 3*i+1),
			installed(s+0.1, "PSEXESVC", `%SystemRoot%\PSEXESVC.exe`, sid),
			parseEvent(started(s+0.12, psexesvc, `C:\Windows\System32\services.exe`, `NT AUTHORITY\SYSTEM`, psexesvc), 3*i+2),
			parseEvent(started(s+0.3, `C:\Windows\System32\cmd.exe`, psexesvc, shellUser, "cmd.exe /c whoami"), 3*i+3))
	}
	return out
}

func fetched(path string) artifacts.Record {
	return rec("browserdownloads", browser.Download{Path: path, URL: "https://example.com/x", Start: day, End: day})
}

func change(path string, more func(*filesystem.Change)) artifacts.Record {
	c := filesystem.Change{Path: path, Reference: "100-2"}
	more(&c)
	return rec("usnjrnl", c)
}

// replaced is a program that ran from one file, and from another one so many minutes
// later.
func replaced(minutes int) records {
	made := func(ref string, at, gone time.Time) artifacts.Record {
		return change(`C:\Users\Public\a.exe`, func(c *filesystem.Change) { c.Reference, c.Created, c.Deleted = ref, at, gone })
	}
	again := day.Add(time.Duration(minutes-1) * time.Minute)
	return records{made("100-1", day.Add(-time.Minute), again.Add(-time.Minute)), made("100-2", again, time.Time{}),
		pf(`\Users\Public\a.exe`, at(0, minutes))}
}

func uploaded(path string, out, in int64) artifacts.Record {
	r := communication.SRUMNetwork{Sent: out, Received: in}
	r.Kind, r.Path, r.Time = "program", path, day
	return rec("srumnetwork", r)
}

// packed are an archiver's start, its archive of 10 MiB, and what a program with a
// finding sent in the hour after.
func packed(sent int64) records {
	out := uploaded(`C:\TMP\a.exe`, sent, sent)
	traffic := out.Data.(communication.SRUMNetwork)
	traffic.Time = day.Add(time.Hour)
	out.Data = traffic
	return records{pf(`\PerfLogs\rar.exe`, at(0)), pf(`\TMP\a.exe`, at(30)), out, rec("mft", filesystem.File{Path: `C:\PerfLogs\out.rar`,
		Reference: "200-2", Size: 10 << 20, Exists: true, NameCreated: day.Add(10 * time.Second), Shown: "archive"})}
}

func taskWritten(image string, at time.Time) artifacts.Record {
	return task(`\x`, image, "", func(t *persistence.Task) { t.Written = at })
}

func init() {
	schtasks := `schtasks /create /tn Daily /tr "powershell.exe -c evil"`
	daily := task(`\Daily`, `powershell.exe`, "-c evil", nil)
	dailyStart := started(200, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `C:\Windows\System32\svchost.exe`,
		`CORP\bob`, "powershell.exe -c evil")
	byHand := started(200, `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, `C:\Windows\explorer.exe`, `CORP\bob`,
		"powershell.exe -c evil")
	mim := started(60, `C:\TMP\a.exe`, `C:\Windows\System32\cmd.exe`, `CORP\bob`, "a.exe", "|OriginalFileName=mimikatz.exe")
	added := "2 sec 4732 Microsoft-Windows-Security-Auditing $bob|MemberSid=S-1-5-21-1-2-3-501|TargetUserName=Administrators|TargetDomainName=Builtin|TargetSid=S-1-5-32-544"
	forged := "1 sys 100 System Data=A service was installed in the system. Service Name: EVIL"
	creator := started(59.9, `C:\Windows\System32\eventcreate.exe`, `C:\Windows\System32\cmd.exe`, `CORP\bob`,
		"eventcreate /L System /ID 100")
	detected := func(kind, what string) string {
		return "1 def 1116 Microsoft-Windows-Windows·Defender Threat Name=Trojan:Win32/X|Path=" + kind + ":_" + what
	}
	cases = append(cases, []struct {
		rule   string
		level  findings.Level
		fires  records
		benign records
	}{
		{"C-04", findings.High, records{pf(`\TMP\a.exe`, at(0)), taskWritten(`C:\TMP\a.exe`, day.Add(10*time.Minute))},
			records{pf(`\TMP\a.exe`, at(0)), taskWritten(`C:\TMP\a.exe`, day.Add(10*time.Hour))}},
		{"C-05", findings.Informational, many(1, taskWritten(`C:\TMP\a.exe`, day)), many(1, taskWritten(`C:\TMP\a.exe`, day),
			pf(`\TMP\a.exe`, at(0)))},
		{"C-06", findings.High, lines(strings.Join([]string{started(100, `C:\Windows\System32\schtasks.exe`, `C:\Windows\System32\cmd.exe`,
			`CORP\bob`, schtasks), dailyStart}, "\n"), daily),
			lines(strings.Join([]string{started(100, `C:\Windows\System32\schtasks.exe`, `C:\Windows\System32\cmd.exe`, `CORP\bob`,
				schtasks), byHand}, "\n"), daily)},
		{"C-07", findings.High, psexec(3, `C:\TMP\p.exe`, "S-1-5-21-1-2-3-1001", `CORP\bob`), psexec(2, `C:\TMP\p.exe`,
			"S-1-5-21-1-2-3-1001", `CORP\bob`)},
		{"C-08", findings.High, psexec(3, `C:\TMP\p.exe`, "S-1-5-18", `CORP\bob`), psexec(2, `C:\TMP\p.exe`, "S-1-5-18", `CORP\bob`)},
		{"C-09", findings.High, psexec(1, `C:\TMP\p.exe`, "S-1-5-21-1-2-3-1001", `NT AUTHORITY\SYSTEM`),
			psexec(1, `C:\TMP\p.exe`, "S-1-5-18", `NT AUTHORITY\SYSTEM`)},
		{"C-10", findings.High, records{pf(`\kit\a.exe`, at(0)), pf(`\kit\b.exe`, at(1)), pf(`\kit\c.exe`, at(2))},
			records{pf(`\kit\a.exe`, at(0)), pf(`\kit\b.exe`, at(1)), pf(`\other\c.exe`, at(2))}},
		{"C-11", findings.High, lines(detected("file", `C:\TMP\a.exe`) + "\n" + started(58, `C:\TMP\a.exe`,
			`C:\Windows\explorer.exe`, `CORP\bob`, "a.exe")),
			lines(detected("file", `C:\TMP\a.exe`) + "\n" + started(30, `C:\TMP\a.exe`, `C:\Windows\explorer.exe`, `CORP\bob`, "a.exe"))},
		{"C-12", findings.Medium, records{uploaded(`C:\TMP\a.exe`, 90<<20, 1<<20)}, records{uploaded(`C:\TMP\a.exe`, 90<<20, 50<<20)}},
		{"C-13", findings.High, packed(20 << 20), packed(4 << 20)},
		{"C-13", findings.High, packed(20 << 20), append(packed(20 << 20)[1:], pf(`\PerfLogs\notrar.exe`, at(0)))},
		{"C-14", findings.High, lines(mim), lines(strings.ReplaceAll(mim, `a.exe`, `mimikatz.exe`))},
		{"C-14", findings.High, replaced(30), replaced(90)},
		{"C-14", findings.High, rehashed("11", "22"), rehashed("11", "11")},
		{"C-15", findings.Critical, lines(logon + "\n" + mim + "\n" + added),
			lines(logon + "\n" + mim + "\n" + strings.ReplaceAll(added, "$bob", "$sys"))},
		{"C-16", findings.High, lines(forged + "\n" + creator), lines(strings.ReplaceAll(forged, "100 System",
			"100 OurScript") + "\n" + creator)},
		{"C-17", findings.Medium, lines(detected("CmdLine", `C:\Windows\System32\certutil.exe -urlcache http://x/y`)),
			lines(detected("CmdLine", `C:\Windows\System32\certutil.exe -urlcache http://x/y`) + "\n" +
				started(59, `C:\Windows\System32\certutil.exe`, `C:\Windows\System32\cmd.exe`, `CORP\bob`,
					"certutil -urlcache http://x/y"))},
		{"C-18", findings.Medium, records{fetched(`C:\Users\u\Downloads\a.exe`), pf(`\Users\u\Downloads\a.exe`, at(5))},
			records{fetched(`C:\Users\u\Downloads\a.exe`), pf(`\Users\u\Downloads\a.exe`, at(50))}},
		{"C-18", findings.High, records{fetched(`C:\Users\u\Music\a.exe`), pf(`\Users\u\Music\a.exe`, at(5))},
			records{fetched(`C:\Users\u\Music\a.exe`), pf(`\Users\u\Music\b.exe`, at(5))}},
		{"C-19", findings.High, append(lines("0 sec 4624 Microsoft-Windows-Security-Auditing $sys|$me|LogonType=10|IpAddress=93.184.216.34"),
			change(`C:\Data\a.exe`, func(c *filesystem.Change) { c.Created = day.Add(5 * time.Minute) }), pf(`\Data\a.exe`, at(6))),
			append(lines("0 sec 4624 Microsoft-Windows-Security-Auditing $sys|$me|LogonType=10|IpAddress=10.0.0.9"),
				change(`C:\Data\a.exe`, func(c *filesystem.Change) { c.Created = day.Add(5 * time.Minute) }), pf(`\Data\a.exe`, at(6)))},
		{"C-19", findings.High, fromNewSource(26), fromNewSource(2)},
		{"C-20", findings.Critical, records{pf(`\Data\a.exe`, at(0)), change(`C:\Data\a.exe`,
			func(c *filesystem.Change) { c.Deleted = day.Add(time.Hour) }),
			change(traceOf(`\DATA\A.EXE`), func(c *filesystem.Change) { c.Deleted = day.Add(2 * time.Hour) })},
			records{pf(`\Data\a.exe`, at(0)), change(`C:\Data\a.exe`, func(c *filesystem.Change) { c.Deleted = day.Add(time.Hour) }),
				change(traceOf(`\OTHER\A.EXE`), func(c *filesystem.Change) { c.Deleted = day.Add(2 * time.Hour) })}},
	}...)
}

// rehashed are two starts of an odd program within a minute, with hashes of its file.
func rehashed(first, second string) records {
	start := func(sec float64, hash string) string {
		return started(sec, `C:\Users\Public\svchost.exe`, `C:\Windows\System32\cmd.exe`, `CORP\bob`, "svchost.exe",
			"|Hashes=SHA256="+strings.Repeat(hash, 32))
	}
	return append(lines(start(0, first)+"\n"+start(40, second)), pf(`\Users\Public\svchost.exe`, at(0)))
}

// fromNewSource is a program that appears and runs in the session of a source that was
// not seen before, some hours after the first sessions of another.
func fromNewSource(hours float64) records {
	logon := func(minutes float64, address string, id int) string {
		return fmt.Sprintf("%g sec 4624 Microsoft-Windows-Security-Auditing $sys|TargetUserSid=S-1-5-21-1-2-3-1001|TargetUserName=bob|"+
			"TargetDomainName=CORP|TargetLogonId=0x%x|LogonType=10|IpAddress=%s", minutes, 0x500+id, address)
	}
	list := []string{logon(0, "10.0.0.9", 1), logon(10, "10.0.0.9", 2), logon(20, "10.0.0.9", 3), logon(hours*60, "10.0.0.77", 4)}
	appeared := day.Add(time.Duration(hours*60+5) * time.Minute)
	return append(lines(strings.Join(list, "\n")), change(`C:\Data\a.exe`, func(c *filesystem.Change) { c.Created = appeared }),
		pf(`\Data\a.exe`, []time.Time{appeared.Add(time.Minute)}))
}

// withUser gives a record of a log the account that wrote it.
func withUser(r artifacts.Record, sid string) artifacts.Record {
	e := r.Data.(events.Event)
	e.UserSID = sid
	r.Data = e
	return r
}

// traceOf is the Prefetch file of a program.
func traceOf(path string) string {
	sum := prefetch.Hash(prefetch.V30, `\DEVICE\HARDDISKVOLUME3`+path, "")
	return fmt.Sprintf(`C:\Windows\Prefetch\%s-%08X.pf`, path[strings.LastIndexByte(path, '\\')+1:], sum)
}

// TestShellsOfEachInstallation: installations that follow each other within seconds
// each have their own shell.
func TestShellsOfEachInstallation(t *testing.T) {
	var recs records
	for i := range 3 {
		at := float64(i) * 0.3
		recs = append(recs, installed(at, "PsExec", `%SystemRoot%\PSEXESVC.EXE`, "S-1-5-21-1-2-3-1001"))
		recs = append(recs, lines(started(at+0.2, `C:\Windows\System32\cmd.exe`, `C:\Windows\PSEXESVC.EXE`, `NT AUTHORITY\SYSTEM`,
			fmt.Sprintf("cmd.exe /c %d", i)))...)
	}
	_, says := level(judge(recs, nil), "C-09")
	if len(says) != 1 || !strings.HasSuffix(says[0], "started cmd.exe as SYSTEM 3 times") {
		t.Errorf("%v", says)
	}
}
