package findings_test

import (
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// An eventVerdict is events, and the level that a rule must give them.
type eventVerdict struct {
	rule, name string
	want       findings.Level
	events     string
}

func checkEvents(t *testing.T, list []eventVerdict) {
	t.Helper()
	for _, c := range list {
		if got, says := level(judge(parseCase(c.events), nil), c.rule); got != c.want {
			t.Errorf("%s, %s: level %s, want %s; it says %q", c.rule, c.name, word(got), word(c.want), says)
		}
	}
}

// TestEventsOfServices: what services run, and where their drivers lie.
func TestEventsOfServices(t *testing.T) {
	checkEvents(t, []eventVerdict{
		{"E-50", "an encoded command", findings.Critical, `0 sys 7045 - ServiceName=a|ImagePath=powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcA|ServiceType=user mode service`},
		{"E-50", "output to a share of the machine", findings.Critical, `0 sys 7045 - ServiceName=a|ImagePath=cmd /Q /c whoami > \\127.0.0.1\ADMIN$\x|ServiceType=user mode service`},
		{"E-50", "the prompt by its variable", findings.Critical, `0 sys 7045 - ServiceName=a|ImagePath=%COMSPEC% /c start x|ServiceType=user mode service`},
		{"E-50", "in the shared folder", findings.High, `0 sys 7045 - ServiceName=a|ImagePath=C:\Users\Public\a.exe|ServiceType=user mode service`},
		{"E-50", "in Program Files", 0, `0 sys 7045 - ServiceName=a|ImagePath="C:\Program Files\A B\a.exe" -k|ServiceType=user mode service`},
		{"E-50", "a driver, which E-54 judges", 0, `0 sys 7045 - ServiceName=a|ImagePath=C:\Users\Public\a.sys|ServiceType=kernel mode driver`},
		{"E-50", "PsExec, which E-51 judges", 0, `0 sys 7045 - ServiceName=PSEXESVC|ImagePath=%SystemRoot%\PSEXESVC.exe|ServiceType=user mode service`},
		{"E-50", "in the Security log", findings.High, `0 sec 4697 - $bob|ServiceName=a|ServiceFileName=C:\Users\Public\a.exe|ServiceType=0x10`},
		{"E-51", "eight letters in the folder of Windows", findings.High, `0 sys 7045 - ServiceName=BTOBTOXX|ImagePath=%systemroot%\QwRtZpLk.exe|ServiceType=user mode service`},
		{"E-51", "four letters and the prompt", findings.High, `0 sys 7045 - ServiceName=vGiB|ImagePath=cmd /c x|ServiceType=user mode service`},
		{"E-51", "four letters of a vendor", 0, `0 sys 7045 - ServiceName=Acme|ImagePath=C:\Program Files\Acme\acme.exe|ServiceType=user mode service`},
		{"E-51", "by the name of its program", findings.High, `0 sys 7045 - ServiceName=update|ImagePath=C:\Windows\PAExec.exe|ServiceType=user mode service`},
		{"E-54", "among the drivers", 0, `0 sys 7045 - ServiceName=d|ImagePath=\SystemRoot\System32\drivers\d.sys|ServiceType=kernel mode driver`},
		{"E-54", "in the shared folder", findings.High, `0 sys 7045 - ServiceName=d|ImagePath=C:\Users\Public\d.sys|ServiceType=kernel mode driver`},
		{"E-54", "of a tool for credentials", findings.Critical, `0 sys 7045 - ServiceName=mimidrv|ImagePath=C:\Windows\System32\drivers\mimidrv.sys|ServiceType=kernel mode driver`},
		{"E-54", "of Sysmon", 0, `0 sys 7045 - ServiceName=SysmonDrv|ImagePath=C:\Windows\SysmonDrv.sys|ServiceType=kernel mode driver`},
		{"E-54", "without a signature", findings.High, `0 mon 6 - ImageLoaded=C:\Windows\System32\drivers\d.sys|Signed=false|Signature=|SignatureStatus=Unavailable`},
		{"E-54", "with a revoked one", findings.High, `0 mon 6 - ImageLoaded=C:\Windows\System32\drivers\d.sys|Signed=true|Signature=Vendor|SignatureStatus=Revoked`},
		{"E-54", "with a valid one", 0, `0 mon 6 - ImageLoaded=C:\Windows\System32\drivers\d.sys|Signed=true|Signature=Vendor|SignatureStatus=Valid`},
	})
}

// TestEventsOfTasks: what tasks run, who made them, and how long they lived.
func TestEventsOfTasks(t *testing.T) {
	made := func(who, command, args string) string {
		return `0 sec 4698 - ` + who + `|TaskName=\x|TaskContent=<Exec><Command>` + command + `</Command><Arguments>` + args + `</Arguments></Exec>`
	}
	checkEvents(t, []eventVerdict{
		{"E-52", "a script", findings.High, made("$bob", "powershell.exe", `-File C:\x.ps1`)},
		{"E-52", "an encoded command", findings.Critical, made("$bob", "powershell.exe", "-enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcA")},
		{"E-52", "a script by the system, as policies have", findings.Medium, made("$sys", "powershell.exe", `-File C:\x.ps1`)},
		{"E-52", "an account of a service makes no tasks", findings.High, made("SubjectUserSid=S-1-5-20|SubjectUserName=NETWORK SERVICE|SubjectLogonId=0x3e4", "powershell.exe", `-File C:\x.ps1`)},
		{"E-52", "a program in Program Files", 0, made("$bob", `C:\Program Files\V\v.exe`, "-q")},
		{"E-52", "in a session from another machine", findings.Critical, "0 sec 4624 - $eve|LogonType=3|IpAddress=10.0.0.9\n1 sec 4698 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x7777|TaskName=\\x|TaskContent=<Exec><Command>cmd.exe</Command><Arguments>/c x</Arguments></Exec>"},
		{"E-52", "a task of Windows", 0, `0 sec 4698 - $sys|TaskName=\Microsoft\Windows\x|TaskContent=<Exec><Command>cmd.exe</Command><Arguments>/c x</Arguments></Exec>`},
		{"E-52", "a program that ran in the shared folder", findings.High, `0 task 200 - TaskName=\x|ActionName=C:\Users\Public\a.exe`},
		{"E-52", "a host that ran, whose line is not recorded", 0, `0 task 200 - TaskName=\x|ActionName=C:\Windows\System32\cmd.exe`},
		{"E-53", "within minutes", findings.High, "0 sec 4698 - $bob|TaskName=\\x|TaskContent=x\n5 sec 4699 - $bob|TaskName=\\X"},
		{"E-53", "after eleven minutes", 0, "0 sec 4698 - $bob|TaskName=\\x|TaskContent=x\n11 sec 4699 - $bob|TaskName=\\x"},
		{"E-53", "another task", 0, "0 sec 4698 - $bob|TaskName=\\x|TaskContent=x\n5 sec 4699 - $bob|TaskName=\\y"},
		{"E-53", "by the system", findings.Low, "0 sec 4698 - $sys|TaskName=\\x|TaskContent=x\n5 sec 4699 - $sys|TaskName=\\x"},
		{"E-53", "by the task log, after a minute, as installers do", findings.Low, "0 task 106 - TaskName=\\x|UserContext=CORP\\bob\n1 task 141 - TaskName=\\x|UserName=CORP\\bob"},
		{"E-53", "by the task log, at once", findings.High, "0 task 106 - TaskName=\\x|UserContext=CORP\\bob\n0.1 task 141 - TaskName=\\x|UserName=CORP\\bob"},
		{"E-53", "a task of Windows", findings.Informational, "0 sec 4698 - $bob|TaskName=\\Microsoft\\x|TaskContent=x\n5 sec 4699 - $bob|TaskName=\\Microsoft\\x"},
	})
}

// TestEventsOfDefences: antivirus, background transfers and the firewall.
func TestEventsOfDefences(t *testing.T) {
	found := `0 def 1116 - Threat Name=HackTool:Win32/Heron|Path=file:_C:\Tools\a.exe|Process Name=x|Detection User=bob`
	checkEvents(t, []eventVerdict{
		{"E-71", "named", findings.High, found},
		{"E-71", "removed", findings.High, `0 def 1117 - Threat Name=HackTool:Win32/Heron|Path=file:_C:\Tools\a.exe|Action Name=Quarantine`},
		{"E-71", "not removed", findings.Critical, `0 def 1118 - Threat Name=HackTool:Win32/Heron|Path=file:_C:\Tools\a.exe`},
		{"E-71", "the names without blanks, as other readers write them", findings.High, `0 def 1116 - ThreatName=HackTool:Win32/Heron|Path=file:_C:\Tools\a.exe`},
		{"E-72", "protection is off", findings.High, `0 def 5001 - X=1`},
		{"E-72", "protection is on", 0, `0 def 5000 - X=1`},
		{"E-72", "an hourly report that all is well", 0, "0 def 1151 - RTP state=Enabled\n60 def 1151 - RTP state=Enabled"},
		{"E-73", "an exclusion", findings.High, `0 def 5007 - New Value=HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\x = 0x0`},
		{"E-73", "protection is off in the registry", findings.High, `0 def 5007 - New Value=HKLM\SOFTWARE\Microsoft\Windows Defender\Real-Time Protection\DisableRealtimeMonitoring = 0x1`},
		{"E-73", "protection is on in the registry", 0, `0 def 5007 - New Value=HKLM\SOFTWARE\Microsoft\Windows Defender\Real-Time Protection\DisableRealtimeMonitoring = 0x0`},
		{"E-73", "an exclusion that was removed", 0, `0 def 5007 - Old Value=HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\x = 0x0|New Value=`},
		{"E-73", "another setting", 0, `0 def 5007 - New Value=HKLM\SOFTWARE\Microsoft\Windows Defender\Features\TamperProtection = 0x5`},
		{"E-74", "an address of the Internet", findings.High, `0 bits 59 - name=j|url=http://93.184.216.34/a.exe`},
		{"E-74", "where anybody can put a file", findings.High, `0 bits 59 - name=j|url=https://x.transfer.sh/a.exe`},
		{"E-74", "a server that nobody knows", findings.Medium, `0 bits 59 - name=j|url=https://heron.example/a.exe`},
		{"E-74", "updates of Windows", 0, `0 bits 59 - name=j|url=http://au.download.windowsupdate.com/a.cab`},
		{"E-74", "a name that only ends like one of them", findings.Medium, `0 bits 59 - name=j|url=http://notmicrosoft.com/a.cab`},
		{"E-74", "a machine of the network", 0, `0 bits 59 - name=j|url=http://fileserver/a.cab`},
		{"E-74", "no address", 0, `0 bits 59 - name=j|url=`},
		{"E-75", "an installed program", 0, `0 fw 2004 - RuleName=x|ApplicationPath=C:\Program Files\A\a.exe|Direction=1|Action=3`},
		{"E-75", "everything goes out", 0, `0 fw 2004 - RuleName=x|Direction=2|Action=3|LocalPorts=*|ModifyingApplication=C:\Windows\System32\mmc.exe`},
		{"E-75", "everything for one service", 0, `0 fw 2004 - RuleName=x|Direction=1|Action=3|LocalPorts=*|ServiceName=svc|ModifyingApplication=C:\Windows\System32\mmc.exe`},
		{"E-76", "off", findings.High, `0 fw 2003 - Profiles=2|SettingType=1|SettingValue=00000000|ModifyingApplication=C:\Windows\System32\mmc.exe`},
		{"E-76", "on", 0, `0 fw 2003 - Profiles=2|SettingType=1|SettingValue=01000000`},
		{"E-76", "another setting", 0, `0 fw 2003 - Profiles=2|SettingType=4|SettingValue=00000000`},
		{"E-76", "off, in the Security log", findings.High, `0 sec 4950 - ProfileChanged=Public|SettingType=Enable Windows Defender Firewall|SettingValue=No`},
		{"E-76", "on, in the Security log", 0, `0 sec 4950 - ProfileChanged=Public|SettingType=Enable Windows Defender Firewall|SettingValue=Yes`},
	})
}

// TestDetectedProgramRan: what the antivirus named is critical when any source
// shows that it ran.
func TestDetectedProgramRan(t *testing.T) {
	found := parseCase(`0 def 1116 - Threat Name=HackTool:Win32/Heron|Path=file:_C:\Tools\a.exe|Process Name=x|Detection User=bob`)
	for _, c := range []verdict{
		{"it ran", findings.Critical, append(found[:2:2], pf(`\Tools\a.exe`, at(-5)))},
		{"it was only seen", findings.High, append(found[:2:2], shim(`C:\Tools\a.exe`, "no"))},
		{"another program ran", findings.High, append(found[:2:2], pf(`\Tools\b.exe`, at(-5)))},
	} {
		if got, says := level(judge(c.recs, nil), "E-71"); got != c.want {
			t.Errorf("%s: level %s, want %s; it says %q", c.name, word(got), word(c.want), says)
		}
	}
}

// TestEventsOfProcesses: who started whom.
func TestEventsOfProcesses(t *testing.T) {
	run := func(image, parent, more string) string {
		return `0 mon 1 - Image=C:\Windows\System32\` + image + `|ParentImage=` + parent + `|` + more
	}
	checkEvents(t, []eventVerdict{
		{"E-35", "a program of a vendor through WMI", 0, `0 mon 1 - Image=C:\Program Files\A\a.exe|ParentImage=C:\Windows\System32\wbem\WmiPrvSE.exe|CommandLine=a`},
		{"E-35", "output to a share of the machine", findings.High, run("cmd.exe", `C:\Windows\System32\services.exe`, `CommandLine=cmd /Q /c dir 1> \\127.0.0.1\ADMIN$\__1 2>&1`)},
		{"E-37", "the service of DCOM starts a library, as it does", 0, run("rundll32.exe", `C:\Windows\System32\svchost.exe`, `ParentCommandLine=svchost.exe -k DcomLaunch|CommandLine=rundll32 x`)},
		{"E-37", "Excel that answers calls", findings.High, run("cmd.exe", `C:\Program Files\Microsoft Office\EXCEL.EXE`, `ParentCommandLine=excel.exe /automation -Embedding|CommandLine=cmd /c x`)},
		{"E-55", "a shell of a web server", findings.Critical, run("cmd.exe", `C:\Windows\System32\inetsrv\w3wp.exe`, `CommandLine=cmd /c whoami`)},
		{"E-55", "a shell of Java, as on desks", findings.Medium, run("cmd.exe", `C:\Program Files\Java\bin\java.exe`, `CommandLine=cmd /c ver`)},
		{"E-55", "a look around by a database", findings.Critical, run("whoami.exe", `C:\Program Files\Microsoft SQL Server\sqlservr.exe`, `CommandLine=whoami`)},
		{"E-55", "a compiler of a web server", 0, `0 mon 1 - Image=C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe|ParentImage=C:\Windows\System32\inetsrv\w3wp.exe|CommandLine=csc`},
		{"E-58", "a shell of Word", findings.High, run("powershell.exe", `C:\Program Files\Microsoft Office\WINWORD.EXE`, `CommandLine=powershell`)},
		{"E-58", "a printer of Word", 0, run("splwow64.exe", `C:\Program Files\Microsoft Office\WINWORD.EXE`, `CommandLine=splwow64`)},
		{"E-70", "shadow copies", findings.Critical, run("vssadmin.exe", "x", `CommandLine=vssadmin Delete Shadows /All /Quiet`)},
		{"E-70", "shadow copies, written to hide it", findings.Critical, run("cmd.exe", "x", `CommandLine=cmd /c vss^admin del^ete sha^dows /all`)},
		{"E-70", "a list of shadow copies", 0, run("vssadmin.exe", "x", `CommandLine=vssadmin list shadows`)},
		{"E-70", "less room for them", findings.Critical, run("vssadmin.exe", "x", `CommandLine=vssadmin resize shadowstorage /for=c: /on=c: /maxsize=401MB`)},
		{"E-70", "repair at the start is off", findings.Critical, run("bcdedit.exe", "x", `CommandLine=bcdedit /set {default} recoveryenabled No`)},
		{"E-70", "repair at the start is on", 0, run("bcdedit.exe", "x", `CommandLine=bcdedit /set {default} recoveryenabled Yes`)},
		{"E-70", "a backup", 0, run("wbadmin.exe", "x", `CommandLine=wbadmin start backup -allCritical`)},
		{"E-60", "a program of Windows", 0, `0 mon 10 - SourceImage=C:\Windows\System32\svchost.exe|TargetImage=C:\Windows\System32\lsass.exe|GrantedAccess=0x1010`},
		{"E-60", "its name elsewhere", findings.Critical, `0 mon 10 - SourceImage=C:\Tools\svchost.exe|TargetImage=C:\Windows\System32\lsass.exe|GrantedAccess=0x1010`},
		{"E-60", "an installed program that lists processes", findings.High, `0 mon 10 - SourceImage=C:\Program Files\A\a.exe|TargetImage=C:\Windows\System32\lsass.exe|GrantedAccess=0x1010`},
		{"E-60", "rights that read nothing", 0, `0 mon 10 - SourceImage=C:\Tools\a.exe|TargetImage=C:\Windows\System32\lsass.exe|GrantedAccess=0x1400`},
		{"E-60", "another process", 0, `0 mon 10 - SourceImage=C:\Tools\a.exe|TargetImage=C:\Windows\System32\calc.exe|GrantedAccess=0x1fffff`},
		{"E-61", "a dump of lsass", findings.High, `0 mon 11 - Image=C:\Windows\System32\Taskmgr.exe|TargetFilename=C:\Users\bob\AppData\Local\Temp\lsass.DMP`},
		{"E-61", "the directory database elsewhere", findings.High, `0 mon 11 - Image=C:\Windows\System32\esentutl.exe|TargetFilename=C:\Temp\NTDS.dit`},
		{"E-61", "the directory database at home", 0, `0 mon 11 - Image=C:\Windows\System32\lsass.exe|TargetFilename=C:\Windows\NTDS\NTDS.dit`},
		{"E-61", "the hive at home", 0, `0 sec 4663 - ObjectType=File|ObjectName=C:\Windows\System32\config\SAM|ProcessName=C:\Windows\System32\svchost.exe|AccessMask=0x2`},
		{"E-62", "by the system", 0, `0 sec 4673 - $sys|PrivilegeList=SeTcbPrivilege|ProcessName=C:\Tools\x.exe`},
		{"E-62", "another privilege", 0, `0 sec 4673 - $bob|PrivilegeList=SeShutdownPrivilege|ProcessName=C:\Tools\x.exe`},
		{"E-63", "a debugger", findings.Medium, `0 mon 8 - SourceImage=C:\Program Files\A\dbg.exe|TargetImage=C:\Windows\System32\calc.exe|StartModule=C:\Windows\System32\kernel32.dll`},
		{"E-63", "code of no file in a browser", findings.High, `0 mon 8 - SourceImage=C:\Program Files\A\a.exe|TargetImage=C:\Program Files\Mozilla\firefox.exe|StartModule=`},
		{"E-63", "Windows itself", 0, `0 mon 8 - SourceImage=C:\Windows\System32\csrss.exe|TargetImage=C:\Windows\System32\cmd.exe|StartModule=`},
	})
}

// TestEventsOfAccounts: E-40 to E-47.
func TestEventsOfAccounts(t *testing.T) {
	added := func(id, group, member string) string {
		return `0 sec ` + id + ` - $bob|MemberSid=` + member + `|MemberName=CN=eve,OU=x|TargetSid=` + group + `|TargetUserName=g`
	}
	eve := "S-1-5-21-1-2-3-1002"
	checkEvents(t, []eventVerdict{
		{"E-40", "an account that Windows makes", 0, `0 sec 4720 - $bob|TargetSid=S-1-5-21-1-2-3-503|TargetUserName=DefaultAccount`},
		{"E-42", "after a day and a minute", 0, "0 sec 4720 - $bob|$eve2\n1441 sec 4726 - $bob|$eve2"},
		{"E-42", "after a day", findings.High, "0 sec 4720 - $bob|$eve2\n1440 sec 4726 - $bob|$eve2"},
		{"E-42", "an account that was there before", 0, "0 sec 4726 - $bob|$eve2"},
		{"E-43", "administrators of the domain", findings.Critical, added("4728", "S-1-5-21-1-2-3-512", eve)},
		{"E-43", "administrators of the machine", findings.High, added("4732", "S-1-5-32-544", eve)},
		{"E-43", "users of Remote Desktop", findings.High, added("4732", "S-1-5-32-555", eve)},
		{"E-43", "the guest among administrators", findings.Critical, added("4732", "S-1-5-32-544", "S-1-5-21-1-2-3-501")},
		{"E-43", "a group of the domain with the number of another", 0, added("4728", "S-1-5-21-1-2-3-1544", eve)},
		{"E-43", "a group of the domain with the number of administrators of a machine", 0, added("4728", "S-1-5-21-1-2-3-544", eve)},
		{"E-43", "by the system, as at a join", 0, `0 sec 4732 - $sys|MemberSid=` + eve + `|TargetSid=S-1-5-32-544|TargetUserName=Administrators`},
		{"E-44", "a machine under another name", 0, `0 sec 4781 - $bob|OldTargetUserName=PC1$|NewTargetUserName=PC2$|TargetSid=S-1-5-21-1-2-3-1009`},
		{"E-44", "a machine that was made without", findings.Critical, `0 sec 4741 - $bob|$mac|SamAccountName=DC1`},
		{"E-44", "a machine whose name was not set", 0, `0 sec 4742 - $bob|$mac|SamAccountName=%%1793`},
		{"E-45", "of the administrator", findings.Medium, `0 sec 4724 - $bob|TargetSid=S-1-5-21-1-2-3-500|TargetUserName=Administrator`},
		{"E-45", "by the system", 0, `0 sec 4724 - $sys|$eve2`},
		{"E-46", "a new account needs no password at first", findings.Informational, `0 sec 4720 - $bob|$eve2|OldUacValue=0x0|NewUacValue=0x15`},
		{"E-46", "no password is required", findings.Medium, `0 sec 4738 - $bob|$eve2|OldUacValue=0x10|NewUacValue=0x14`},
		{"E-46", "delegation", findings.High, `0 sec 4738 - $bob|$eve2|OldUacValue=0x10|NewUacValue=0x2010`},
		{"E-46", "a password that never expires", findings.Informational, `0 sec 4738 - $bob|$eve2|OldUacValue=0x10|NewUacValue=0x210`},
		{"E-46", "a flag that was taken away", 0, `0 sec 4738 - $bob|$eve2|OldUacValue=0x10210|NewUacValue=0x210`},
		{"E-47", "one account", findings.Low, `0 sec 4740 - TargetUserName=eve|TargetDomainName=PHONE`},
		{"E-47", "four accounts", findings.Low, `*4 0 sec 4740 - TargetUserName=u#|TargetDomainName=PHONE`},
		{"E-47", "one account five times", findings.Low, `*5 0 sec 4740 - TargetUserName=eve|TargetDomainName=PHONE`},
	})
}
