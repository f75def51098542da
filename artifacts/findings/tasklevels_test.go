package findings_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

const (
	powershell = `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`
	prompt     = `C:\Windows\System32\cmd.exe`
)

func cached(path string, more func(*persistence.TaskCache)) artifacts.Record {
	t := persistence.TaskCache{View: "task", TaskPath: path, ID: "{01234567-89AB-CDEF-0123-456789ABCDEF}", InTree: "yes", HasSD: "yes", Index: 3}
	more(&t)
	return rec("taskcache", t)
}

// every makes a task repeat.
func every(interval string) func(*persistence.Task) {
	return func(t *persistence.Task) {
		t.Triggers = []persistence.TaskTrigger{{Kind: "TimeTrigger", Interval: interval}}
	}
}

// TestTaskCommands: what P-12 says of what a task starts.
func TestTaskCommands(t *testing.T) {
	checkLevels(t, "P-12", []verdict{
		{"a tool", findings.Critical, records{task(`\x`, `C:\Program Files\x\mimikatz.exe`, "", nil)}},
		{"a tool with a usual home, there", silent, records{task(`\x`, `C:\Windows\System32\curl.exe`, "", nil)}},
		{"an encoded command", findings.Critical, records{task(`\x`, powershell, `-enc `+strings.Repeat("QUJD", 20), nil)}},
		{"an odd place", findings.High, records{task(`\x`, `C:\PerfLogs\a.exe`, "", nil)}},
		{"a temporary folder", findings.High, records{task(`\x`, `C:\Windows\Temp\a.exe`, "", nil)}},
		{"a script in an odd place", findings.High, records{task(`\x`, `C:\Windows\System32\wscript.exe`, `C:\Users\Public\a.vbs`, func(t *persistence.Task) {
			t.Payload = `C:\Users\Public\a.vbs`
		})}},
		{"the folder of Windows, as vendors do", silent, records{task(`\x`, `C:\Windows\vendor.exe`, "", nil)}},
		{"a share, as administrators do", silent, records{task(`\x`, `\\server\netlogon\inventory.exe`, "", nil)}},
		{"a hidden window", findings.High, records{task(`\x`, powershell, `-w hidden -f C:\Scripts\a.ps1`, nil)}},
		{"a script without profile", findings.Medium, records{task(`\x`, powershell, `-nop -f C:\Scripts\a.ps1`, nil)}},
		{"the same in a task of Windows", silent, records{task(`\Microsoft\Windows\x`, powershell, `-nop -f C:\Windows\a.ps1`, nil)}},
		{"an updater of a vendor", silent, records{task(`\Vendor\Update`, `C:\Program Files\Vendor\update.exe`, "/silent", nil)}},
		{"nothing, as tasks that show a message", silent, records{task(`\x`, "", "", nil)}},
		{"deleted", findings.Medium, records{deleted(task(`\x`, `C:\PerfLogs\a.exe`, "", nil))}},
	})
	if got := techniques(records{task(`\x`, `C:\Program Files\x\mimikatz.exe`, "", nil)}, "P-12"); !slices.Contains(got, "T1003") || !slices.Contains(got, "T1053.005") {
		t.Errorf("a task with a tool has the techniques %v, want those of both", got)
	}
}

// TestTaskRepeats: five minutes and less are often; longer intervals are what
// updaters have, whatever their parts.
func TestTaskRepeats(t *testing.T) {
	repeated := func(interval string) records {
		return records{task(`\x`, `C:\Program Files\A\a.exe`, "", every(interval))}
	}
	checkLevels(t, "P-12", []verdict{
		{"one minute", findings.Medium, repeated("PT1M")},
		{"thirty seconds", findings.Medium, repeated("PT30S")},
		{"five minutes", findings.Medium, repeated("PT5M")},
		{"six minutes", silent, repeated("PT6M")},
		{"two minutes and a half", findings.Medium, repeated("PT2M30S")},
		{"an hour", silent, repeated("PT1H")},
		{"an hour and a half", silent, repeated("PT1H30M")},
		{"three hours and ten seconds", silent, repeated("PT3H10S")},
		{"a day", silent, repeated("P1D")},
		{"a day and a minute", silent, repeated("P1DT1M")},
		{"nothing that is an interval", silent, repeated("often")},
		{"no time at all", silent, repeated("PT0M")},
		{"one minute, but the trigger is off", silent, records{task(`\x`, `C:\Program Files\A\a.exe`, "", func(t *persistence.Task) {
			t.Triggers = []persistence.TaskTrigger{{Interval: "PT1M", Disabled: true}}
		})}},
		{"one minute, by Windows", silent, records{task(`\Microsoft\Windows\x`, `C:\Windows\System32\a.exe`, "", every("PT1M"))}},
	})
	checkSays(t, "P-12", repeated("PT30S"), "every 1 minute")
	checkSays(t, "P-12", repeated("PT3M"), "every 3 minutes")
}

// TestTaskHides: a task of the cache that no tool of Windows lists.
func TestTaskHides(t *testing.T) {
	tree := func(more func(*persistence.TaskCache)) records {
		return records{cached(`\x`, func(t *persistence.TaskCache) { t.View = "tree"; more(t) })}
	}
	checkLevels(t, "P-12", []verdict{
		{"not in the tree", findings.Critical, records{cached(`\x`, func(t *persistence.TaskCache) { t.InTree = "no" })}},
		{"in the tree", silent, records{cached(`\x`, func(t *persistence.TaskCache) {})}},
		{"another task stands there", silent, records{cached(`\x`, func(t *persistence.TaskCache) { t.InTree = "other" })}},
		{"without security descriptor", findings.Critical, tree(func(t *persistence.TaskCache) { t.HasSD = "no" })},
		{"with index 0", findings.Critical, tree(func(t *persistence.TaskCache) { t.Index = 0 })},
		{"a folder of the tree, which has neither", silent, tree(func(t *persistence.TaskCache) { t.ID, t.HasSD, t.Index = "", "no", 0 })},
		{"deleted, so nothing refers to it", silent, records{deleted(cached(`\x`, func(t *persistence.TaskCache) { t.InTree = "no" }))}},
		{"its file was missing at its last run", findings.Low, records{cached(`\x`, func(t *persistence.TaskCache) { t.LastResult = "0x80070002" })}},
		{"the same of a task of Windows", silent, records{cached(`\Microsoft\Windows\x`, func(t *persistence.TaskCache) { t.LastResult = "0x80070002" })}},
	})
	checkSays(t, "P-12", tree(func(t *persistence.TaskCache) { t.HasSD, t.Index = "no", 0 }), "its security descriptor is missing, its index is 0")
	if got := techniques(tree(func(t *persistence.TaskCache) { t.Index = 0 }), "P-12"); !slices.Contains(got, "T1564") {
		t.Errorf("a hidden task has the techniques %v", got)
	}
}

// TestTaskRights: (d) of P-12. The author is a person, the rights are more than
// the person has, and the task lies beside the folders.
func TestTaskRights(t *testing.T) {
	by := func(author, runAs, level string) records {
		return records{task(`\sync`, `C:\ProgramData\Vendor\a.exe`, "", func(t *persistence.Task) {
			byUser(runAs, level)(t)
			t.Author = author
		})}
	}
	checkLevels(t, "P-12", []verdict{
		{"a person, SYSTEM", findings.Medium, by(`TEST\daniel`, "S-1-5-18", "")},
		{"a person, SYSTEM by its name", findings.Medium, by(`TEST\daniel`, `NT AUTHORITY\SYSTEM`, "")},
		{"a person, highest rights", findings.Medium, by(`TEST\daniel`, `TEST\daniel`, "HighestAvailable")},
		{"a person, a service account", silent, by(`TEST\daniel`, "S-1-5-19", "")},
		{"the Administrator", silent, by(`TEST\Administrator`, "S-1-5-18", "")},
		{"the machine", silent, by(`TEST\PC1$`, "S-1-5-18", "")},
		{"Windows", silent, by(`NT AUTHORITY\SYSTEM`, "S-1-5-18", "")},
		{"a company", silent, by(`Vendor Corporation`, "S-1-5-18", "")},
		{"nobody", silent, by(``, "S-1-5-18", "")},
		{"a script host in the folder of Windows", findings.Medium, records{task(`\sync`, prompt, `/c C:\Scripts\a.cmd`, byUser("S-1-5-18", ""))}},
	})
}

// TestTaskClasses: (g) of P-12. Of a COM handler only its class says what runs.
func TestTaskClasses(t *testing.T) {
	class := func(scope string, s artifacts.State) artifacts.Record {
		return in(s, of("u", rec("comhijack", persistence.COMHijack{
			Hook:  fill(persistence.Hook{}, persistence.Entry{Scope: scope, Command: `C:\Program Files\A\a.dll`, Image: `C:\Program Files\A\a.dll`}),
			CLSID: "{01234567-89AB-CDEF-0123-456789ABCDEF}",
		})))
	}
	handler := func(path, known string) artifacts.Record { return task(path, "", "", com(known)) }
	checkLevels(t, "P-12", []verdict{
		{"a class that a user has of his own", findings.High, records{handler(`\Microsoft\Windows\x`, "yes"), class("user", artifacts.Live)}},
		{"that the user had", silent, records{handler(`\Microsoft\Windows\x`, "yes"), class("user", artifacts.Deleted)}},
		{"that the machine has", silent, records{handler(`\Microsoft\Windows\x`, "yes"), class("machine", artifacts.Live)}},
		{"that nobody has, in a task of Windows", findings.Informational, records{handler(`\Microsoft\Windows\x`, "no")}},
		{"that nobody has", findings.Medium, records{handler(`\x`, "no")}},
		{"the hive with the classes is not here", silent, records{handler(`\x`, "unknown")}},
	})
	r := judge(records{handler(`\Microsoft\Windows\x`, "yes"), class("user", artifacts.Live)}, nil)
	f := find(r, `task \microsoft\windows\x`)
	if f == nil || len(f.Evidence) != 2 || !slices.Contains(f.Techniques, "T1546.015") {
		t.Errorf("the finding does not quote both the task and the class: %+v", f)
	}
}

// TestTaskFileAgainstCache: P-12b compares the file with what the scheduler
// registered.
func TestTaskFileAgainstCache(t *testing.T) {
	file := func(hash string, action int, actions ...string) artifacts.Record {
		return task(`\x`, `C:\Program Files\A\a.exe`, "", func(t *persistence.Task) { t.XMLSHA256, t.Action, t.Actions = hash, action, actions })
	}
	cache := func(hash string, actions ...string) artifacts.Record {
		return cached(`\X`, func(t *persistence.TaskCache) { t.Hash, t.Actions = hash, actions })
	}
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	checkLevels(t, "P-12b", []verdict{
		{"another action", findings.High, records{file(a, 1, "evil.exe"), cache(b, "good.exe")}},
		{"the same action in another text", findings.Low, records{file(a, 1, "good.exe"), cache(b, "good.exe")}},
		{"the same text", silent, records{file(a, 1, "good.exe"), cache(strings.ToUpper(a), "good.exe")}},
		{"the sum of Windows 7, which is no SHA-256", silent, records{file(a, 1, "evil.exe"), cache("1234abcd", "good.exe")}},
		{"no such task in the cache", silent, records{file(a, 1, "evil.exe"), cached(`\y`, func(t *persistence.TaskCache) { t.Hash = b })}},
		{"the second action of a task, which the first has told", silent, records{file(a, 2, "evil.exe"), cache(b, "good.exe")}},
		{"a cache entry that was deleted", silent, records{file(a, 1, "evil.exe"), deleted(cache(b, "good.exe"))}},
		{"a file of an older copy", silent, records{in(artifacts.Backup, file(a, 1, "evil.exe")), cache(b, "good.exe")}},
	})
}

// TestJobs: the tasks of Windows before Vista are odd on later ones.
func TestJobs(t *testing.T) {
	job := func(image string) artifacts.Record {
		return rec("jobs", fill(persistence.Job{Name: "At1.job", Product: "0x0A00"}, auto("Job", image, "")))
	}
	checkLevels(t, "P-12", []verdict{
		{"on Windows 10", findings.Medium, records{job(`C:\ProgramData\Vendor\a.exe`)}},
		{"a program where an installer puts it", findings.Low, records{job(`C:\Program Files\Vendor\a.exe`)}},
		{"of an unknown Windows", silent, records{rec("jobs", fill(persistence.Job{Name: "a.job"}, auto("Job", `C:\Program Files\Vendor\a.exe`, "")))}},
	})
	f := facts()
	f.Machine.Build = "2600" // Windows XP, where they are the usual ones
	e := findings.NewEvaluator(f, nil)
	r := job(`C:\Program Files\Vendor\a.exe`)
	e.Add(&artifacts.Result{Artifact: r.Artifact, From: r.From, Records: records{r}})
	if l, says := level(e.Report(), "P-12"); l != silent {
		t.Errorf("a job of Windows XP is %s: %q", l, says)
	}
}

// TestImitations: M-06 asks for a familiar name and an action that does not
// fit it.
func TestImitations(t *testing.T) {
	checkLevels(t, "M-06", []verdict{
		{"a script host under the name of an updater", findings.High, records{task(`\GoogleUpdateTask`, powershell, `-f C:\x.ps1`, nil)}},
		{"one letter off", findings.High, records{task(`\falsh`, powershell, `-f C:\x.ps1`, nil)}},
		{"words that run together", findings.High, records{task(`\MyWindowsHelper`, prompt, `/c C:\x.cmd`, nil)}},
		{"a place where it does not belong", findings.High, records{task(`\OneDrive Sync`, `C:\Users\Public\sync.exe`, "", nil)}},
		{"a service by its title", findings.High, records{service("svc1", `C:\Users\Public\a.exe`, func(s *persistence.Service) { s.DisplayName = "Windows Update Helper" })}},
		{"of the cache", findings.High, records{cached(`\Adobe`, func(t *persistence.TaskCache) {
			t.Image, t.Command = prompt, `cmd /c x`
		})}},
		{"the updater itself", silent, records{task(`\GoogleUpdateTaskMachineUA`, `C:\Program Files (x86)\Google\Update\GoogleUpdate.exe`, "/ua", nil)}},
		{"a script under a name of its own", silent, records{task(`\Nightly Report`, powershell, `-f C:\x.ps1`, nil)}},
		{"a script of Windows", silent, records{task(`\Microsoft\Windows\UpdateOrchestrator\x`, powershell, `-f C:\x.ps1`, nil)}},
		{"a part of a longer word", silent, records{task(`\javascriptcompiler`, powershell, `-f C:\x.ps1`, nil)}},
	})
	checkSays(t, "M-06", records{task(`\falsh`, powershell, `-f C:\x.ps1`, nil)}, `suggests "flash"`, "runs the script host powershell.exe")
}
