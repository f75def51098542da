package corpus

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/schtask"
)

// syncerShort is the short name of Syncer.
const syncerShort = `C:\Users\Public\FALCON~1\fsync.exe`

// A scheduled is a task of the machine and its places in the cache.
type scheduled struct {
	schtask.Task
	id    string
	index uint32 // 2 at a log-on, 3 at times
}

var scheduledTasks = []scheduled{
	{id: "{6F1E2B3C-0A4D-4E5F-8899-AABBCCDDEEFF}", index: 3, Task: schtask.Task{
		Path: `\Microsoft\Windows\Defrag\ScheduledDefrag`, Author: `Microsoft Corporation`, System: true,
		Description: "This task optimizes local storage drives.",
		Actions:     []schtask.Action{{Command: `%windir%\system32\defrag.exe`, Arguments: "-c -h -o -$"}},
		Triggers:    []schtask.Trigger{{Start: utc(2024, 11, 20, 1, 0, 0, 0), Weekdays: 1 << 3}},
		Registered:  Installed, LastRun: utc(2026, 3, 4, 18, 20, 12, 4411908), LastSuccess: utc(2026, 3, 4, 18, 31, 40, 998123),
	}},
	{id: "{A1B2C3D4-1111-4222-8333-444455556666}", index: 3, Task: schtask.Task{
		Path: `\GoogleUpdateTaskMachineCore`, System: true, Description: "Keeps your Google software up to date.",
		Actions:    []schtask.Action{{Command: `C:\Program Files (x86)\Google\Update\GoogleUpdate.exe`, Arguments: "/c"}},
		Triggers:   []schtask.Trigger{{Logon: true}, {Start: utc(2025, 1, 16, 11, 40, 19, 0), Days: 1}},
		Registered: utc(2025, 1, 16, 2, 40, 20, 1180733), LastRun: utc(2026, 3, 7, 23, 52, 31, 7740912),
		LastSuccess: utc(2026, 3, 7, 23, 52, 33, 218834),
	}},
	{id: "{0D9C8B7A-2222-4333-8444-555566667777}", index: 2, Task: schtask.Task{
		Path: `\Microsoft\Windows\TextServicesFramework\MsCtfMonitor`, User: `BUILTIN\Users`, SID: "S-1-5-32-545",
		Description: "TextServicesFramework monitor task",
		Actions:     []schtask.Action{{CLSID: "{01575CFE-9A55-4003-A5E1-F38D1EBDCBE1}"}},
		Triggers:    []schtask.Trigger{{Logon: true}},
		Registered:  Installed, LastRun: LastLogon.Add(time.Second), LastSuccess: LastLogon.Add(2 * time.Second),
	}},
	// The intruder's. It is due on Mondays, and the machine was copied on a Sunday.
	{id: "{5E0F4C21-7777-4888-8999-AAAABBBBCCCC}", index: 3, Task: schtask.Task{
		Path: TaskName, Author: Computer + `\` + Daniel, Date: PersistenceTime.Add(9 * time.Hour).Format("2006-01-02T15:04:05"),
		User: Computer + `\` + Daniel, SID: DanielSID, Hidden: true,
		Actions: []schtask.Action{{Command: `rundll32.exe`, Arguments: strings.Replace(ImplantDLL, `C:\Users\Public`, "%PUBLIC%", 1) +
			",#1"}},
		Triggers:   []schtask.Trigger{{Start: utc(2026, 3, 9, 2, 30, 0, 0), Weekdays: 1 << 1}},
		Registered: PersistenceTime, Result: 0x41303,
	}},
	// His second one, of the implant. Its action has a short name, and it ran.
	{id: "{5E0F4C21-7777-4888-8999-AAAABBBBDDDD}", index: 3, Task: schtask.Task{
		Path: SecondTask, Author: Computer + `\` + Daniel, Date: SecondTaskTime.Add(9 * time.Hour).Format("2006-01-02T15:04:05"),
		User: Computer + `\` + Daniel, SID: DanielSID,
		Actions:    []schtask.Action{{Command: syncerShort, Arguments: "-q"}},
		Triggers:   []schtask.Trigger{{Start: utc(2026, 3, 8, 8, 58, 0, 0), Days: 1}},
		Registered: SecondTaskTime, LastRun: SyncerFired, LastSuccess: after(SyncerFired, 24),
	}},
}

const taskCacheRoot = `Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\`

// tasksCase writes the XML files.
func tasksCase(m *Machine) {
	for _, t := range scheduledTasks {
		m.File("Windows/System32/Tasks"+strings.ReplaceAll(t.Path, `\`, "/"), t.XML())
	}
}

// taskCacheCase writes the scheduler's own view of the same tasks. The intruder took the security descriptor of his
// away, so that the system's tools do not list it.
func taskCacheCase(m *Machine) {
	cache := m.Hive(softwareHive).Sub(taskCacheRoot)
	for _, t := range scheduledTasks {
		name := cache.Sub(`Tree`+t.Path).At(t.Registered).Set("Id", regf.String(t.id)).Set("Index", regf.DWord(t.index))
		if t.Path == TaskName {
			name.At(PersistenceTime.Add(3 * time.Minute))
		} else {
			name.Set("SD", regf.Binary(taskSecurity))
		}
		k := cache.Sub(`Tasks\`+t.id).At(latest(t.Registered, t.LastRun, t.LastSuccess)).
			Set("Path", regf.String(t.Path)).Set("URI", regf.String(t.Path)).Set("Hash", regf.Binary(t.Hash())).Set("Schema",
			regf.DWord(0x10002))
		for _, v := range []struct{ name, text string }{{"Author", t.Author}, {"Date", t.Date}, {"Description", t.Description}} {
			if v.text != "" {
				k.Set(v.name, regf.String(v.text))
			}
		}
		k.Set("Triggers", regf.Binary(t.TriggersBlob())).Set("Actions", regf.Binary(t.ActionsBlob())).Set("DynamicInfo",
			regf.Binary(t.DynamicInfo()))
		list := "Plain"
		if t.index == 2 {
			list = "Logon"
		}
		cache.Sub(list + `\` + t.id).At(t.Registered)
	}
}

func latest(times ...time.Time) time.Time {
	var l time.Time
	for _, t := range times {
		if t.After(l) {
			l = t
		}
	}
	return l
}

// taskSecurity is O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;SY).
var taskSecurity = []byte{
	1, 0, 0x04, 0x80, 20, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 48, 0, 0, 0,
	1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0, // BA
	1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0, // SY
	2, 0, 52, 0, 2, 0, 0, 0,
	0, 0, 24, 0, 0xFF, 0x01, 0x1F, 0, 1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0,
	0, 0, 20, 0, 0xFF, 0x01, 0x1F, 0, 1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0,
}

// jobsCase writes a job of the old kind, which an old updater still makes.
func jobsCase(m *Machine) {
	m.File("Windows/Tasks/PloverUpdate.job", schtask.Job{
		Product: 0x0A00, ID: [16]byte(schtask.GUID("{77778888-9999-4AAA-8BBB-CCCCDDDDEEEE}")),
		Application: `C:\Program Files (x86)\Plover PDF\update.exe`, Parameters: "/scheduled",
		WorkingDir: `C:\Program Files (x86)\Plover PDF`,
		Author:     Mira, Comment: "Looks for new versions", Status: 0x41300,
		LastRun: utc(2026, 3, 6, 12, 0, 0, 1250000), Start: utc(2025, 2, 3, 12, 0, 0, 0),
	}.Build())
}
