package programs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// session gives the log-on and the log-off of an account at the console.
func session(n uint64, name string, id int, from, to time.Time) []artifacts.Record {
	event := func(n uint64, id uint32, at time.Time, data ...string) artifacts.Record {
		e := events.Record{ID: id, Number: n, Channel: "Security", Computer: "PC1", Time: at, Provider: "Microsoft-Windows-Security-Auditing"}
		for i := 0; i < len(data); i += 2 {
			e.Data = append(e.Data, events.Field{Name: data[i], Value: data[i+1]})
		}
		return rec("eventlogons", events.Event{Record: e})
	}
	sid, logon := fmt.Sprintf("S-1-5-21-1-2-3-%d", 1000+id), fmt.Sprintf("%#x", 0x1000*id)
	return []artifacts.Record{
		event(n, 4624, from, "TargetUserSid", sid, "TargetUserName", name, "TargetDomainName", "PC1", "TargetLogonId", logon, "LogonType", "2",
			"IpAddress", "127.0.0.1"),
		event(n+100, 4634, to, "TargetUserSid", sid, "TargetUserName", name, "TargetDomainName", "PC1", "TargetLogonId", logon, "LogonType", "2"),
	}
}

// TestAttribution: who started a program is recorded where a record of the start
// names the account, inferred where one account alone can have done it, and not
// stated where the sessions of two overlap.
func TestAttribution(t *testing.T) {
	at := func(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }
	list := append(session(1, "bob", 1, at(0), at(60)), session(2, "eve", 2, at(30), at(90))...)
	list = append(list,
		pf(`\VOLUME{1}\TOOLS\ALONE.EXE`, 1, at(10)),
		pf(`\VOLUME{1}\TOOLS\BOTH.EXE`, 1, at(40)),
		pf(`\VOLUME{1}\TOOLS\EVE.EXE`, 1, at(80)),
		pf(`\VOLUME{1}\TOOLS\NOBODY.EXE`, 1, at(120)),
		pf(`\VOLUME{1}\WINDOWS\SYSTEM32\NET.EXE`, 1, at(10)),
		pf(`\VOLUME{1}\WINDOWS\SYSTEM32\PING.EXE`, 1, at(45)),
		sysmon(at(41), 7, `C:\tools\logged.exe`, `PC1\eve`, "logged"),
		audit(at(42), 8, `C:\tools\audited.exe`),
		bam(at(43), `\Device\HarddiskVolume1\tools\used.exe`, "S-1-5-21-1-2-3-1001"),
		pf(`\VOLUME{1}\USERS\EVE\HOME.EXE`, 1, at(44)),
	)
	m := build(list)
	for key, want := range map[string]struct {
		name      string
		certainty programs.Certainty
		during    string
	}{
		`\tools\alone.exe`:           {"bob", programs.Inferred, ""},
		`\tools\both.exe`:            {"", "", ""},
		`\tools\eve.exe`:             {"eve", programs.Inferred, ""},
		`\tools\nobody.exe`:          {"", "", ""},
		`\windows\system32\net.exe`:  {"", "", `PC1\bob`}, // of Windows: an open session is no proof
		`\windows\system32\ping.exe`: {"", "", ""},
		`\tools\logged.exe`:          {"eve", programs.Recorded, ""},
		`\tools\audited.exe`:         {"bob", programs.Proved, ""},
		`\tools\used.exe`:            {"bob", programs.Proved, ""},
		`\users\eve\home.exe`:        {"eve", programs.Inferred, ""},
	} {
		p := only(t, m, key)
		s := &p.Starts[0]
		if s.Account.Short() != want.name || s.Account.Certainty != want.certainty || s.During != want.during {
			t.Errorf("%s: %q (%s: %s), during %q; want %+v", key, s.Account.Short(), s.Account.Certainty, s.Account.Why, s.During, want)
		}
		if (want.name == "") != (len(p.Accounts) == 0) {
			t.Errorf("%s: accounts %+v", key, p.Accounts)
		}
	}
}

// TestSourceOfSession: a start has the source of a session without its number where
// that session is the only one from elsewhere, and the account has no other.
func TestSourceOfSession(t *testing.T) {
	at := func(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }
	far := func(n uint64, name string, id int, from, to time.Time, address string) []artifacts.Record {
		list := session(n, name, id, from, to)
		for i := range list {
			e := list[i].Data.(events.Event)
			for j := range e.Data {
				switch f := &e.Data[j]; f.Name {
				case "LogonType":
					f.Value = "10"
				case "IpAddress":
					f.Value = address
				}
			}
		}
		return list
	}
	list := far(1, "bob", 1, at(0), at(60), "192.0.2.7")
	list = append(list, far(2, "eve", 2, at(30), at(50), "192.0.2.8")...)
	list = append(list, session(3, "bob", 1, at(55), at(58))...)
	for minutes, name := range map[int]string{10: "alone", 40: "two", 52: "again", 56: "both"} {
		list = append(list, bam(at(minutes), `\Device\HarddiskVolume1\tools\`+name+`.exe`, "S-1-5-21-1-2-3-1001"))
	}
	list = append(list, bam(at(11), `\Device\HarddiskVolume1\tools\other.exe`, "S-1-5-21-1-2-3-1002"))
	m := build(list)
	for name, want := range map[string]string{"alone": "192.0.2.7", "two": "", "again": "192.0.2.7", "both": "", "other": ""} {
		p := only(t, m, `\tools\`+name+`.exe`)
		if a := p.Starts[0].Account; a.Source != want || a.IsZero() {
			t.Errorf("%s: %+v, want source %q", name, a, want)
		}
	}
}

// TestTaskAccount: a start that a task explains is by the account of the task,
// unless a record of the start names another.
func TestTaskAccount(t *testing.T) {
	task := rec("tasks", persistence.Task{TaskPath: `\Update`, Principals: []persistence.TaskPrincipal{{User: "S-1-5-18"}},
		Entry: persistence.Entry{Mechanism: "scheduled task", Image: `C:\tools\job.exe`, Command: `C:\tools\job.exe`}})
	r := sysmon(day, 5, `C:\tools\job.exe`, "", `C:\tools\job.exe`)
	e := r.Data.(events.Event)
	e.Data = append(e.Data, events.Field{Name: "ParentImage", Value: `C:\Windows\System32\svchost.exe`})
	r.Data = e
	p := only(t, build([]artifacts.Record{task, r, rec("pca", execution.Pca{Path: `C:\tools\other.exe`, Time: day, Launch: true})}), `\tools\job.exe`)
	if a := p.Starts[0].Account; a.SID != "S-1-5-18" || a.Certainty != programs.Inferred || len(p.Accounts) != 1 {
		t.Errorf("account %+v, accounts %+v, autostarts %+v", a, p.Accounts, p.Autostarts)
	}
}
