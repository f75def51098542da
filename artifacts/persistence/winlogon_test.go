package persistence

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
	"github.com/artifactdump/artifactdump/corpus/regf"
)

func TestWinlogon(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "users", "winlogon"), "winlogon")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[Winlogon] Userinit: C:\Windows\system32\userinit.exe`,
		`[Winlogon] Shell: explorer.exe`,
		`[Winlogon] VMApplet: SystemPropertiesPerformance.exe /pagefile`,
		`[Winlogon] AutoAdminLogon: 0`,
		`[Winlogon] DefaultUserName: daniel`,
		`[Winlogon\GPExtensions\{25537BA6-77A8-11D2-9B6C-0000F8080861}] {25537BA6-77A8-11D2-9B6C-0000F8080861}: fdeploy.dll`,
		`[Winlogon\GPExtensions\{42B5FAAE-6536-11d2-AE5A-0000F87571E3}] {42B5FAAE-6536-11d2-AE5A-0000F87571E3}: %SystemRoot%\System32\gpscript.dll`,
	)
	testtree.WantRecords(t, recs[1:2], []Winlogon{{
		Entry: Entry{Mechanism: "Winlogon Shell", Scope: "machine", Command: "explorer.exe", Image: "explorer.exe", Guessed: true,
			FilePresent: "unknown", Written: recs[0].Data.(Winlogon).Written},
		Key: "Winlogon", Name: "Shell", Value: "explorer.exe", Item: 1,
	}})
}

func TestWinlogonChanged(t *testing.T) {
	machine := testtree.Hives(map[string]func(*regf.Key){
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			cv := root.Sub(`Microsoft\Windows NT\CurrentVersion`)
			cv.Set("CurrentBuild", regf.String("19045"))
			k := cv.Sub("Winlogon").
				Set("Userinit", regf.String(`C:\Windows\system32\userinit.exe,"C:\a, b\c.exe" -x,`)).
				Set("Taskman", regf.String(`C:\t.exe`)).
				Set("DefaultPassword", regf.String("secret")).
				Set("AltDefaultPassword", regf.String("")).
				Set("System", regf.DWord(1))
			k.Sub(`Notify\evil`).Set("DLLName", regf.Expand(`evil.dll`))
			k.Sub(`SpecialAccounts\UserList`).Set("ghost", regf.DWord(0)).Set("seen", regf.DWord(1)).Set("bad", regf.String("x"))
			k.Sub(`AlternateShells\AvailableShells`).Set("30000", regf.String(`cmd.exe /c "cd /d x"`))
			root.Sub(`Microsoft\Windows\CurrentVersion\Policies\System`).Set("Shell", regf.String(`C:\p.exe`)).Set("EnableLUA", regf.DWord(1))
		},
		testtree.NtuserPath: func(root *regf.Key) {
			testtree.AsUser(root)
			root.Sub(`Software\Microsoft\Windows NT\CurrentVersion\Winlogon`).Set("Shell", regf.String(`explorer.exe, C:\Users\mira\m.exe`))
		},
	})
	recs, errs := found(t, machine, "winlogon")
	testtree.WantErrors(t, errs, `value "System" at`, `value "bad" at`)
	testtree.WantSummaries(t, recs,
		`[Winlogon] Userinit: C:\Windows\system32\userinit.exe`,
		`[Winlogon] Userinit: "C:\a, b\c.exe" -x (item 2 of "C:\\Windows\\system32\\userinit.exe,\"C:\\a, b\\c.exe\" -x,")`,
		`[Winlogon] Taskman: C:\t.exe`,
		`[Winlogon] DefaultPassword: (a password is stored; not shown)`,
		`[Winlogon\Notify\evil] evil: evil.dll (inactive: ignored since Windows Vista) #inactive`,
		`[Winlogon\SpecialAccounts\UserList] ghost: hidden from the log-on screen`,
		`[Winlogon\SpecialAccounts\UserList] seen: shown`,
		`[Winlogon\AlternateShells\AvailableShells] 30000: cmd.exe /c "cd /d x"`,
		`[Policies\System] Shell: C:\p.exe`,
		`[Winlogon] Shell: explorer.exe`,
		`[Winlogon] Shell: C:\Users\mira\m.exe (item 2 of "explorer.exe, C:\\Users\\mira\\m.exe")`,
	)
	if a := recs[1].Data.(Winlogon); a.Image != `C:\a, b\c.exe` || a.Arguments != "-x" {
		t.Errorf("second program of Userinit: %q %q", a.Image, a.Arguments)
	}
}

// TestLongList: a hostile list costs its length, not its square.
func TestLongList(t *testing.T) {
	var b strings.Builder
	for i := range 64 {
		fmt.Fprintf(&b, `C:\ü\%d%s.exe,`, i, strings.Repeat("a", 20000))
	}
	long := b.String()
	machine := testtree.Hives(map[string]func(*regf.Key){
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(winlogonKey).Set("Shell", regf.String(long))
			root.Sub(windowsLoadKey).Set("AppInit_DLLs", regf.String(long)).Set("LoadAppInit_DLLs", regf.DWord(1))
		},
	})
	for _, name := range []string{"winlogon", "windowsload"} {
		recs, errs := found(t, machine, name)
		testtree.NoErrors(t, errs)
		if len(recs) != 64 {
			t.Fatalf("%s: %d records, want 64", name, len(recs))
		}
		total := 0
		for i, r := range recs {
			value := ""
			switch d := r.Data.(type) {
			case Winlogon:
				value = d.Value
			case WindowsLoad:
				value = d.Value
			}
			total += len(value)
			if whole := value == long; whole != (i == 0) || !utf8.ValidString(value) || !strings.HasPrefix(long, strings.TrimSuffix(value, "…")) {
				t.Errorf("%s: record %d has %d bytes of the value, whole: %t", name, i, len(value), whole)
			}
		}
		if total > 2*len(long) {
			t.Errorf("%s: %d bytes for a value of %d", name, total, len(long))
		}
	}
}

func TestWindowsLoad(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "software", "users", "windowsload"), "windowsload")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs) // empty values start nothing

	machine := testtree.Hives(map[string]func(*regf.Key){
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(windowsLoadKey).Set("AppInit_DLLs", regf.String(`C:\one.dll,"C:\two three.dll" four.dll`)).
				Set("LoadAppInit_DLLs", regf.DWord(1)).Set("RequireSignedAppInit_DLLs", regf.DWord(1))
			root.Sub(`Wow6432Node\`+windowsLoadKey).Set("AppInit_DLLs", regf.String(`C:\x.dll`))
		},
		testtree.NtuserPath: func(root *regf.Key) {
			testtree.AsUser(root)
			root.Sub(`Software\`+windowsLoadKey).Set("Load", regf.String(`C:\Program Files\L\l.exe`)).Set("Run", regf.String(`a.exe b.exe`))
		},
	})
	machine["Program Files/L/l.exe"] = &fstest.MapFile{}
	recs, errs = found(t, machine, "windowsload")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs,
		`[AppInit_DLLs] C:\one.dll (of "C:\\one.dll,\"C:\\two three.dll\" four.dll")`,
		`[AppInit_DLLs] "C:\two three.dll" (of "C:\\one.dll,\"C:\\two three.dll\" four.dll")`,
		`[AppInit_DLLs] four.dll (of "C:\\one.dll,\"C:\\two three.dll\" four.dll")`,
		`[AppInit_DLLs] C:\x.dll (inactive: LoadAppInit_DLLs is not 1) #inactive #wow6432`,
		`[Load] C:\Program Files\L\l.exe`,
		`[Run] a.exe (of "a.exe b.exe")`,
		`[Run] b.exe (of "a.exe b.exe")`,
	)
	testtree.WantRecords(t, recs[1:2], []WindowsLoad{{
		Entry: Entry{Mechanism: "AppInit_DLLs", Scope: "machine", Command: `"C:\two three.dll"`, Image: `C:\two three.dll`, FilePresent: "unknown", Written: testtree.Written},
		Name:  "AppInit_DLLs", Value: `C:\one.dll,"C:\two three.dll" four.dll`, Signed: true,
	}})
}

func TestScreensaver(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "users", "screensaver"), "screensaver")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `C:\Windows\system32\Bubbles.scr active: 1 timeout: 600`)

	recs, errs = found(t, testtree.HiveOf(testtree.NtuserPath, func(root *regf.Key) {
		testtree.AsUser(root)
		root.Sub(`Control Panel\Desktop`).Set("SCRNSAVE.EXE", regf.String(`C:\Users\Public\x.scr /s`)).Set("ScreenSaveActive", regf.String("0"))
		root.Sub(`Software\Policies\Microsoft\Windows\Control Panel\Desktop`).Set("SCRNSAVE.EXE", regf.DWord(1))
	}), "screensaver")
	testtree.WantErrors(t, errs, `value "SCRNSAVE.EXE" at`)
	testtree.WantRecords(t, recs, []Screensaver{{
		Entry: Entry{Mechanism: "Screen saver", Scope: "user", Command: `C:\Users\Public\x.scr /s`, Image: `C:\Users\Public\x.scr`, Arguments: "/s",
			FilePresent: "unknown", Disabled: true, Written: testtree.Written},
		Active: "0",
	}})
}

func TestScreensaverReal(t *testing.T) {
	if recs := realRecords(t, "hives/velo/ntuser.dat", "screensaver"); len(recs) != 1 {
		t.Errorf("%d records, want 1", len(recs))
	}
}

func TestCommandProcessor(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "software", "users", "commandprocessor"), "commandprocessor")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `AutoRun: chcp 65001 >nul`)
	recs, errs = found(t, testtree.HiveOf(testtree.SoftwarePath, func(root *regf.Key) {
		testtree.AsSoftware(root)
		root.Sub(commandProcessorKey).Set("AutoRun", regf.Binary([]byte{1}))
	}), "commandprocessor")
	testtree.WantErrors(t, errs, `value "AutoRun" at`)
	testtree.WantSummaries(t, recs)
}

func TestLogonScripts(t *testing.T) {
	recs, errs := found(t, testtree.Incident(t, "system", "software", "users", "logonscripts"), "logonscripts")
	testtree.NoErrors(t, errs)
	testtree.WantSummaries(t, recs, `[Logon] drives.cmd K:`, `[Logon] drives.cmd K: of policy Local Group Policy`)
	for _, r := range recs {
		if got, want := r.Data.(LogonScript).Image, `C:\Windows\System32\GroupPolicy\User\Scripts\Logon\drives.cmd`; got != want {
			t.Errorf("image %q, want %q", got, want)
		}
	}
	ev := recs[1].Events()
	if len(ev) != 2 || ev[1].Kind != "Last Time Executed" || ev[1].Zone != "local, inferred +09:00" || ev[1].Proof != artifacts.Executed {
		t.Errorf("events %+v", ev)
	}

	machine := testtree.Hives(map[string]func(*regf.Key){
		testtree.NtuserPath: func(root *regf.Key) {
			testtree.AsUser(root)
			root.Sub("Environment").Set("UserInitMprLogonScript", regf.String(`C:\Users\mira\AppData\x.bat`))
		},
		testtree.SoftwarePath: func(root *regf.Key) {
			testtree.AsSoftware(root)
			root.Sub(`Microsoft\Windows\CurrentVersion\Group Policy\State\S-1-5-21-1-2-3-1001\Scripts\Logoff\0\0`).
				Set("Script", regf.String(`\\dc\netlogon\bye.ps1`)).Set("IsPowershell", regf.DWord(1))
		},
	})
	machine["Windows/System32/GroupPolicy/Machine/Scripts/psscripts.ini"] = &fstest.MapFile{Data: []byte("[Startup]\r\n0CmdLine=C:\\s.ps1\r\n1Parameters=lost\r\nxCmdLine=no\r\n")}
	recs, errs = found(t, machine, "logonscripts")
	testtree.WantErrors(t, errs, `section "Startup": parameters without a command line`)
	testtree.WantSummaries(t, recs,
		`[Startup] C:\s.ps1`,
		`[Logoff] \\dc\netlogon\bye.ps1`,
		`[Logon] C:\Users\mira\AppData\x.bat`,
	)
	if s := recs[1].Data.(LogonScript); s.ForSID != "S-1-5-21-1-2-3-1001" || !s.PowerShell {
		t.Errorf("%+v", s)
	}
}
