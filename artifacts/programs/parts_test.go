package programs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// logged is a record of an event log.
func logged(artifact, channel string, id uint32, at time.Time, data ...string) artifacts.Record {
	e := events.Record{ID: id, Channel: channel, Computer: "PC1", Time: at, Number: uint64(at.Unix()),
		Provider: "Microsoft-Windows-Security-Auditing"}
	for i := 0; i < len(data); i += 2 {
		e.Data = append(e.Data, events.Field{Name: data[i], Value: data[i+1]})
	}
	return rec(artifact, events.Event{Record: e})
}

// TestRareParts has a small case for each part of a biography that few machines have.
func TestRareParts(t *testing.T) {
	const sysmonLog, sum = "Microsoft-Windows-Sysmon/Operational", "0123456789abcdef0123456789abcdef01234567"
	spell := func(at time.Time) string { return at.Format("2006-01-02 15:04:05.000") }
	at := func(seconds int) time.Time { return day.Add(time.Duration(seconds) * time.Second) }
	list := []artifacts.Record{
		logged("eventlogons", "Security", 4624, at(-60), "TargetUserSid", "S-1-5-21-1-2-3-1001", "TargetUserName", "bob", "TargetDomainName",
			"PC1", "TargetLogonId", "0x777", "LogonType", "10", "IpAddress", "192.0.2.7", "WorkstationName", "FAR"),
		logged("eventprocesses", "Security", 4688, at(0), "NewProcessName", `C:\t\one.exe`, "NewProcessId", "0x40", "SubjectUserSid",
			"S-1-5-21-1-2-3-1001", "SubjectUserName", "bob", "SubjectLogonId", "0x777"),
		logged("eventprocesses", "Security", 4689, at(9), "ProcessName", `C:\t\one.exe`, "ProcessId", "0x40"),
		logged("eventsysmon", sysmonLog, 3, at(2), "UtcTime", spell(at(2)), "Image", `C:\t\one.exe`, "DestinationIp", "198.51.100.9",
			"DestinationPort", "443"),
		logged("eventlogs", "Security", 5156, at(3), "Application", `\device\harddiskvolume3\t\one.exe`, "Direction", "%%14593",
			"SourceAddress", "192.0.2.1", "SourcePort", "50001", "DestAddress", "198.51.100.10", "DestPort", "8443"),
		logged("eventlogs", "Security", 5156, at(4), "Application", `\device\harddiskvolume3\t\one.exe`, "Direction", "%%14592",
			"SourceAddress", "198.51.100.11", "SourcePort", "50000", "DestAddress", "192.0.2.1", "DestPort", "80"),
		logged("eventsysmon", sysmonLog, 1, at(5), "UtcTime", spell(at(5)), "Image", `C:\t\two.exe`, "ProcessId", "70", "User", `PC1\bob`,
			"Hashes", "SHA1="+strings.ToUpper(sum)+",MD5=00112233445566778899AABBCCDDEEFF,SHA256="+strings.Repeat("AB", 32)),
		logged("eventsysmon", sysmonLog, 5, at(6), "UtcTime", spell(at(6)), "Image", `C:\t\two.exe`, "ProcessId", "70"),
		rec("amcachefiles", execution.AmcacheFile{Path: `C:\t\copy.exe`, SHA1: sum}),
		logged("eventsysmon", sysmonLog, 1, at(20), "UtcTime", spell(at(20)), "Image", `C:\Windows\System32\schtasks.exe`, "ProcessId", "71",
			"User", `PC1\bob`, "CommandLine", `schtasks /create /tn Nightly /tr C:\t\job.exe /sc daily`),
		rec("tasks", persistence.Task{TaskPath: `\Nightly`, Entry: persistence.Entry{Mechanism: "scheduled task", Image: `C:\t\job.exe`,
			Command: `C:\t\job.exe`}}),
		logged("eventsysmon", sysmonLog, 1, at(90), "UtcTime", spell(at(90)), "Image", `C:\t\job.exe`, "ProcessId", "72", "ParentImage",
			`C:\Windows\System32\svchost.exe`),
	}
	m := build(list)
	one, two, job := only(t, m, `\t\one.exe`), only(t, m, `\t\two.exe`), only(t, m, `\t\job.exe`)
	if a := one.Accounts; len(a) != 1 || a[0].Source == "" || a[0].Certainty != programs.Proved {
		t.Errorf("accounts %+v", a)
	}
	for p, end := range map[*programs.Program]time.Time{one: at(9), two: at(6)} {
		if s := p.Starts; len(s) != 1 || !s[0].End.Equal(end) {
			t.Errorf("%s: starts %+v", p.Path, s)
		}
	}
	if r := one.Traffic; len(r) != 3 || r[0].Remote != "198.51.100.9:443" || r[1].Remote != "198.51.100.10:8443" ||
		r[2].Remote != "198.51.100.11:50000" {
		t.Errorf("traffic %+v", r)
	}
	if f := two.Files; len(f) != 1 || f[0].SHA1 != sum || f[0].SHA256 != strings.Repeat("ab", 32) || f[0].MD5 == "" {
		t.Errorf("files %+v", f)
	}
	if s := two.SameFile; len(s) != 1 || s[0] != `\t\copy.exe` {
		t.Errorf("same file as %q", s)
	}
	if a := job.Autostarts; len(a) != 1 || !a[0].Made.Equal(at(20)) || a[0].MadeBy != "bob" || a[0].MadeRef.Record == "" ||
		len(a[0].Fired) != 1 || a[0].Fired[0] != job.Starts[0].ID {
		t.Errorf("autostarts %+v", a)
	}
}
