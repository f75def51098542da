package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/findings"
)

// levelCases are conditions of single rules that change whether they speak and
// how loud. Level 0 is silence.
var levelCases = []struct {
	rule, what string
	level      findings.Level
	events     string
}{
	{"E-01", "beside a finding that is high only at the end", findings.Critical, "0 sec 1102 - UserData/LogFileCleared/SubjectUserName=bob\n5 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|LogonProcessName=NtLmSsp |KeyLength=0|IpAddress=10.0.0.9\n5 sec 4672 - SubjectLogonId=0x7777"},
	{"E-02", "auditing of one user", findings.High, `0 sec 4912 - $bob|TargetUserSid=S-1-5-21-1-2-3-1001|SubcategoryGuid=x|AuditPolicyChanges=%%8455`},
	{"E-02", "by policy", findings.Low, `0 sec 4719 - $sys|AuditPolicyChanges=%%8448`},
	{"E-02", "crash on failure is off", findings.High, `0 sec 4906 - $bob|CrashOnAuditFailValue=0`},
	{"E-04", "the antivirus died, by the name that users see", findings.High, `0 sys 7034 - param1=Windows Defender Antivirus Service|param2=1`},
	{"E-04", "another service died", 0, `0 sys 7034 - param1=Print Helper|param2=1`},
	{"E-04", "the log stopped without a shutdown", findings.High, "-10 sys 7000 - param1=x\n0 sec 1100 - X=1\n10 sys 7000 - param1=x"},
	{"E-04", "the log stopped where the shutdowns are not known", 0, "-900 sys 7000 - param1=x\n0 sec 1100 - X=1\n"},
	{"E-04", "the log stopped with Windows", 0, "-10 sys 7000 - param1=x\n0 sec 1100 - X=1\n0.5 sys 13 Microsoft-Windows-Kernel-General StopTime=x\n10 sys 7000 - param1=x"},
	{"E-04", "13 of another provider is no shutdown", findings.High, "-10 sys 7000 - param1=x\n0 sec 1100 - X=1\n0.5 sys 13 Other StopTime=x\n10 sys 7000 - param1=x"},
	{"E-04", "the log stopped, in Japanese", findings.High, "-10 sys 7000 - param1=x\n0 sys 7036 - param1=イベント ログ|param2=停止|Binary=4500760065006E0074004C006F0067002F0031000000\n10 sys 7000 - param1=x"},
	{"E-04", "the log started, in Japanese", 0, "-10 sys 7000 - param1=x\n0 sys 7036 - param1=イベント ログ|param2=実行中|Binary=4500760065006E0074004C006F0067002F0034000000\n10 sys 7000 - param1=x"},
	{"E-04", "its start was changed, in Japanese", findings.Medium, `0 sys 7040 - param1=x|param2=自動|param3=無効|param4=EventLog`},
	{"E-04", "its start was changed to automatic", 0, `0 sys 7040 - param1=x|param2=disabled|param3=auto start|param4=EventLog`},
	{"E-04", "Sysmon is judged by E-06", 0, "-10 sys 7000 - param1=x\n0 mon 4 - State=Stopped\n10 sys 7000 - param1=x"},
	{"E-06", "Sysmon stopped", findings.Medium, "-10 sys 7000 - param1=x\n0 mon 4 - State=Stopped\n10 sys 7000 - param1=x"},
	{"E-06", "Sysmon stopped where the shutdowns are not known", findings.Low, "0 mon 4 - State=Stopped"},
	{"E-06", "its filter was unloaded", findings.Medium, "-10 sys 7000 - param1=x\n0 sys 1 Microsoft-Windows-FilterManager DeviceName=SysmonDrv\n10 sys 7000 - param1=x"},
	{"E-06", "another filter was unloaded", 0, "-10 sys 7000 - param1=x\n0 sys 1 Microsoft-Windows-FilterManager DeviceName=WdFilter\n10 sys 7000 - param1=x"},
	{"E-06", "a file with -i in its name is no installation", findings.Medium, `0 mon 16 - Configuration=C:\my-install.xml`},
	{"E-06", "an installation", findings.Low, `0 mon 16 - Configuration=C:\Sysmon.exe -i c.xml`},
	{"E-10", "a program of the machine that checks a password", 0, `0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|LogonProcessName=Advapi  |KeyLength=0|IpAddress=10.0.0.9`},
	{"E-10", "its user made an odd service", findings.High, "0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|KeyLength=0|IpAddress=10.0.0.9\n5 sys 7045 - UserSID=S-1-5-21-1-2-3-1002|ServiceName=a|ImagePath=%COMSPEC% /c x|ServiceType=user mode service"},
	{"E-10", "another user made an odd service", findings.Medium, "0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|KeyLength=0|IpAddress=10.0.0.9\n5 sys 7045 - UserSID=S-1-5-21-1-2-3-1003|ServiceName=a|ImagePath=%COMSPEC% /c x|ServiceType=user mode service"},
	{"E-12", "joined to another machine afterwards", findings.High, "0 sec 4624 - TargetUserName=SRV$|TargetDomainName=CORP|LogonType=3|AuthenticationPackageName=NTLM|IpAddress=10.0.0.6\n9 sec 4769 - TargetUserName=OTHER$@CORP.EXAMPLE|IpAddress=10.0.0.6|ServiceName=x$"},
	{"E-12", "joined by a user's log-on", findings.High, "0 sec 4624 - TargetUserName=SRV$|TargetDomainName=CORP|LogonType=3|AuthenticationPackageName=NTLM|IpAddress=10.0.0.6\n9 sec 4624 - $eve|LogonType=3|IpAddress=10.0.0.6|WorkstationName=OTHER"},
	{"E-12", "an address with two names, one its own", 0, "0 sec 4769 - TargetUserName=SRV$@CORP.EXAMPLE|IpAddress=10.0.0.6|ServiceName=x$\n0 sec 4769 - TargetUserName=OTHER$@CORP.EXAMPLE|IpAddress=10.0.0.6|ServiceName=x$\n1 sec 4624 - TargetUserName=SRV$|TargetDomainName=CORP|LogonType=3|AuthenticationPackageName=NTLM|IpAddress=10.0.0.6"},
	{"E-12", "itself from an address that nothing joins", findings.Medium, "0 sec 4624 - TargetUserName=PC1$|TargetDomainName=CORP|LogonType=3|AuthenticationPackageName=NTLM|IpAddress=10.0.0.6"},
	{"E-15", "a privileged account", findings.High, "0 sec 4648 - $bob|TargetUserName=eve|TargetDomainName=CORP|TargetServerName=localhost|ProcessName=C:\\Windows\\System32\\svchost.exe\n1 sec 4672 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x9"},
	{"E-15", "an ordinary account", findings.Low, "0 sec 4648 - $bob|TargetUserName=eve|TargetDomainName=CORP|TargetServerName=localhost|ProcessName=C:\\Windows\\System32\\svchost.exe"},
	{"E-16", "Remote Desktop of the machine itself", 0, `*12 0 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|SubStatus=0xC000006A|LogonType=10|IpAddress=127.0.0.1`},
	{"E-16", "two logs whose times are hours apart", 0, "*6 0 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|SubStatus=0xC000006A|LogonType=3|IpAddress=10.0.0.9\n*6 -500 ssh 4 - process=sshd|payload=Failed password for eve from 10.0.0.9 port 1 ssh2"},
	{"E-18", "over SSH", findings.Critical, "*20 0 ssh 4 - process=sshd|payload=Failed password for eve from 10.0.0.9 port 1 ssh2\n5 ssh 4 - process=sshd|payload=Accepted password for eve from 10.0.0.9 port 1 ssh2"},
	{"E-18", "over SQL", findings.Critical, "*20 0 app 18456 MSSQLSERVER Data=sa|Data=x|Data= [CLIENT: 10.0.0.9]\n5 app 18454 MSSQLSERVER Data=sa|Data= [CLIENT: 10.0.0.9]"},
	{"E-18", "the failures have an address, the success the name", findings.Critical, "*20 0 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|SubStatus=0xC000006A|LogonType=3|IpAddress=10.0.0.9|WorkstationName=KALI\n5 sec 4624 - $eve|LogonType=3|WorkstationName=KALI|IpAddress=-"},
	{"E-20", "the first RC4 of an account that asked for AES", findings.High, "-9 sec 4769 - TargetUserName=eve@CORP|TargetDomainName=CORP|ServiceName=svc1|Status=0x0|TicketEncryptionType=0x12\n0 sec 4769 - TargetUserName=eve@CORP|TargetDomainName=CORP|ServiceName=svc2|Status=0x0|TicketEncryptionType=0x17"},
	{"E-20", "an account that always asked for RC4", findings.Medium, "0 sec 4769 - TargetUserName=eve@CORP|TargetDomainName=CORP|ServiceName=svc2|Status=0x0|TicketEncryptionType=0x17"},
	{"E-24", "a real promotion", findings.Informational, "0 sec 5137 - $bob|ObjectClass=server|ObjectDN=CN=X\n30 dir 29223 - X=1"},
	{"E-24", "a source of replication for minutes", findings.Critical, "0 sec 4928 - SourceAddr=pc9.corp.example|NamingContext=DC=corp\n1 sec 4929 - SourceAddr=pc9.corp.example|NamingContext=DC=corp"},
	{"E-24", "a controller as a source", 0, "0 sec 4928 - SourceAddr=0f2d8a1c-0000-0000-0000-000000000001._msdcs.corp.example\n1 sec 4929 - SourceAddr=0f2d8a1c-0000-0000-0000-000000000001._msdcs.corp.example"},
	{"E-25", "the name of a controller", findings.High, `0 sec 5136 - $bob|AttributeLDAPDisplayName=dNSHostName|OperationType=%%14674|ObjectDN=CN=PC9,DC=corp|ObjectClass=computer|AttributeValue=pc1.corp.example`},
	{"E-23", "the controller itself", 0, `0 sec 4662 - SubjectUserSid=S-1-5-21-1-2-3-1000|SubjectUserName=PC1$|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}`},
	{"E-23", "a machine of which nothing is known", findings.Medium, `0 sec 4662 - SubjectUserSid=S-1-5-21-1-2-3-1009|SubjectUserName=SRV$|SubjectDomainName=CORP|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}`},
	{"E-23", "a machine with the flags of a member", findings.Critical, "-900 sec 4741 - $bob|$mac|NewUacValue=0x80\n0 sec 4662 - SubjectUserSid=S-1-5-21-1-2-3-1009|SubjectUserName=SRV$|SubjectDomainName=CORP|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}"},
	{"E-23", "a machine with the flags of a controller", findings.Informational, "-900 sec 4742 - $bob|$mac|NewUacValue=0x100\n0 sec 4662 - SubjectUserSid=S-1-5-21-1-2-3-1009|SubjectUserName=SRV$|SubjectDomainName=CORP|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}"},
	{"E-23", "a machine on each of three days", findings.Informational, "-3000 sec 4662 - SubjectUserSid=S-1-5-21-1-2-3-1009|SubjectUserName=SRV$|SubjectDomainName=CORP|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}\n-1500 sec 4662 - SubjectUserSid=S-1-5-21-1-2-3-1009|SubjectUserName=SRV$|SubjectDomainName=CORP|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}\n0 sec 4662 - SubjectUserSid=S-1-5-21-1-2-3-1009|SubjectUserName=SRV$|SubjectDomainName=CORP|Properties=%%7688 {1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}"},
	{"E-23", "another right of a machine", 0, `0 sec 4662 - SubjectUserSid=S-1-5-21-1-2-3-1009|SubjectUserName=SRV$|SubjectDomainName=CORP|Properties=%%7688 {1131f6ac-9c07-11d1-f79f-00c04fc2dcd2}`},
	{"E-25", "the name of another machine", findings.Low, `0 sec 5136 - $bob|AttributeLDAPDisplayName=dNSHostName|OperationType=%%14674|ObjectDN=CN=PC9,DC=corp|ObjectClass=computer|AttributeValue=pc9.corp.example`},
	{"E-25", "adminCount by a user", findings.High, `0 sec 5136 - $bob|AttributeLDAPDisplayName=adminCount|OperationType=%%14674|ObjectDN=CN=X|ObjectClass=user|AttributeValue=1`},
	{"E-25", "a key for another object whose name has the actor's", findings.High, `0 sec 5136 - SubjectUserSid=S-1-5-21-1-2-3-1100|SubjectUserName=PC$|AttributeLDAPDisplayName=msDS-KeyCredentialLink|OperationType=%%14674|ObjectDN=CN=PC7,DC=corp|ObjectClass=computer|AttributeValue=y`},
	{"E-25", "a key for its own object", 0, `0 sec 5136 - SubjectUserSid=S-1-5-21-1-2-3-1100|SubjectUserName=PC$|AttributeLDAPDisplayName=msDS-KeyCredentialLink|OperationType=%%14674|ObjectDN=CN=PC,DC=corp|ObjectClass=computer|AttributeValue=y`},
	{"E-26", "an attempt that failed", findings.Critical, `0 sec 4766 - $bob|$eve2|SourceUserName=admin`},
	{"E-28", "an account that was made within the hour", findings.Informational, "0 sec 4741 - $bob|$mac\n5 sec 4742 - SubjectUserName=ANONYMOUS LOGON|$mac|PasswordLastSet=9/15/2020"},
	{"E-31", "another session disconnected it", findings.High, `0 lsm 39 - UserData/EventXML/TargetSession=2|UserData/EventXML/Source=1`},
	{"E-31", "a session disconnected itself", 0, `0 lsm 39 - UserData/EventXML/TargetSession=1|UserData/EventXML/Source=1`},
	{"E-33", "the share follows the pipe", findings.High, "0 sec 5145 - $bob|ShareName=\\\\*\\IPC$|RelativeTargetName=svcctl|IpAddress=10.0.0.9\n1 sec 5140 - $bob|ShareName=\\\\*\\ADMIN$|IpAddress=10.0.0.9"},
	{"E-33", "the share is used by another source", findings.Medium, "0 sec 5145 - $bob|ShareName=\\\\*\\IPC$|RelativeTargetName=svcctl|IpAddress=10.0.0.9\n1 sec 5140 - $bob|ShareName=\\\\*\\ADMIN$|IpAddress=10.0.0.8"},
	{"E-33", "a controller that shows itself afterwards", findings.High, "0 sec 5145 - $bob|ShareName=\\\\*\\IPC$|RelativeTargetName=efsrpc|IpAddress=10.0.0.9\n1 sec 4769 - TargetUserName=x@CORP|ServiceName=a$|Status=0x0|TicketEncryptionType=0x12"},
	{"E-34", "a user for the first time", findings.High, `0 winrm 169 - username=CORP\eve|authenticationMechanism=Kerberos`},
	{"E-34", "a session from the internet", findings.High, "-16000 sec 4688 - $bob|NewProcessName=C:\\Windows\\System32\\cmd.exe|ParentProcessName=C:\\Windows\\System32\\wsmprovhost.exe|SubjectLogonId=0x6\n0 sec 4624 - $me|LogonType=3|IpAddress=93.184.216.34\n1 sec 4688 - $bob|NewProcessName=C:\\Windows\\System32\\cmd.exe|ParentProcessName=C:\\Windows\\System32\\wsmprovhost.exe"},
	{"E-37", "the shell of the desktop", findings.High, `0 mon 1 - Image=C:\Windows\System32\cmd.exe|ParentImage=C:\Windows\explorer.exe|ParentCommandLine=explorer.exe /factory -Embedding|CommandLine=cmd /c dir`},
	{"E-40", "in a suspicious session", findings.High, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 sec 4720 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x7777|TargetSid=S-1-5-21-1-2-3-1010|TargetUserName=new"},
	{"E-44", "the directory refused it", findings.Critical, `0 sys 16990 - Data=x`},
	{"E-45", "in a suspicious session", findings.High, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 sec 4724 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x7777|TargetSid=S-1-5-21-1-2-3-1010|TargetUserName=new"},
	{"E-45", "a privileged account", findings.Medium, "0 sec 4724 - $bob|$eve2\n1 sec 4672 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x9"},
	{"E-50", "a script without encoding", findings.High, `0 sys 7045 - ServiceName=Agent|ImagePath=powershell.exe -File C:\x.ps1|ServiceType=user mode service`},
	{"E-50", "a program on the desktop", findings.Medium, `0 sys 7045 - ServiceName=Agent|ImagePath=C:\Users\bob\Desktop\x.exe|ServiceType=user mode service`},
	{"E-50", "a program in a folder for temporary files", findings.Medium, `0 sys 7045 - ServiceName=Agent|ImagePath=C:\Windows\Temp\x.exe|ServiceType=user mode service`},
	{"E-50", "Sysmon in the folder of Windows", 0, `0 sys 7045 - ServiceName=Sysmon64|ImagePath=C:\Windows\Sysmon64.exe|ServiceType=user mode service`},
	{"E-51", "the wait for it alone", findings.Critical, "0 sys 7045 - ServiceName=PSEXESVC|ImagePath=%SystemRoot%\\PSEXESVC.exe|ServiceType=user mode service\n0.5 sys 7009 - param1=30000|param2=PSEXESVC"},
	{"E-51", "the wait for another service", findings.High, "0 sys 7045 - ServiceName=PSEXESVC|ImagePath=%SystemRoot%\\PSEXESVC.exe|ServiceType=user mode service\n0.5 sys 7000 - param1=EXE"},
	{"E-52", "the second action", findings.High, `0 sec 4698 - $bob|TaskName=\x|TaskContent=<Exec><Command>C:\Program Files\V\v.exe</Command></Exec><Exec><Command>cmd.exe</Command><Arguments>/c C:\x.bat</Arguments></Exec>`},
	{"E-52", "the arguments belong to the other action", 0, `0 sec 4698 - $bob|TaskName=\x|TaskContent=<Exec><Command>C:\Program Files\V\v.exe</Command></Exec><Exec><Command>C:\Program Files\V\w.exe</Command><Arguments>/c C:\x.bat</Arguments></Exec>`},
	{"E-52", "below Microsoft in a user's folder", findings.Medium, `0 sec 4698 - $bob|TaskName=\Microsoft\x|TaskContent=<Exec><Command>C:\Users\bob\Downloads\v.exe</Command></Exec>`},
	{"E-54", "in a folder for temporary files", findings.High, `0 sys 7045 - ServiceName=d|ImagePath=C:\Windows\Temp\d.sys|ServiceType=kernel mode driver`},
	{"E-57", "a command under the name of Windows' own", findings.Critical, `0 wmi 5861 - UserData/Operation_ESStoConsumerBinding/CONSUMER=CommandLineEventConsumer="SCM Event Log Consumer"|UserData/Operation_ESStoConsumerBinding/PossibleCause=y`},
	{"E-57", "the known command", 0, `0 mon 20 - Name=BVTConsumer|Type=Command Line|Destination=cscript KernCap.vbs`},
	{"E-57", "another command under that name", findings.Critical, `0 mon 20 - Name=BVTConsumer|Type=Command Line|Destination=powershell x`},
	{"E-60", "Task Manager lists processes", 0, `0 mon 10 - SourceImage=C:\Windows\System32\Taskmgr.exe|TargetImage=C:\Windows\System32\lsass.exe|GrantedAccess=0x1410`},
	{"E-60", "Task Manager dumps it", findings.Critical, `0 mon 10 - SourceImage=C:\Windows\System32\Taskmgr.exe|TargetImage=C:\Windows\System32\lsass.exe|GrantedAccess=0x1fffff`},
	{"E-61", "a browser by its folder alone", findings.High, `0 sec 4663 - ObjectType=File|ObjectName=C:\Users\bob\AppData\Local\Google\Chrome\User Data\Default\Login Data|ProcessName=C:\Users\bob\edge\x.exe`},
	{"E-61", "the browser itself", 0, `0 sec 4663 - ObjectType=File|ObjectName=C:\Users\bob\AppData\Local\Google\Chrome\User Data\Default\Login Data|ProcessName=C:\Program Files\Google\Chrome\Application\chrome.exe`},
	{"E-61", "the vault", findings.High, `0 sec 4663 - ObjectType=File|ObjectName=C:\Users\bob\AppData\Local\Microsoft\Vault\x\Policy.vpol|ProcessName=C:\Tools\x.exe`},
	{"E-61", "a hive in a shadow copy", findings.High, `0 sec 4663 - ObjectType=File|ObjectName=\Device\HarddiskVolumeShadowCopy1\Windows\System32\config\SAM|ProcessName=C:\Windows\System32\cmd.exe|AccessMask=0x1`},
	{"E-61", "a copy of the hive is written", findings.High, `0 sec 4663 - ObjectType=File|ObjectName=C:\Temp\SAM|ProcessName=C:\Windows\System32\reg.exe|AccessMask=0x2`},
	{"E-62", "with a read of lsass", findings.High, "0 sec 4673 - $bob|PrivilegeList=SeDebugPrivilege|ProcessName=C:\\Tools\\x.exe\n1 mon 10 - SourceImage=C:\\Tools\\x.exe|TargetImage=C:\\Windows\\System32\\lsass.exe|GrantedAccess=0x1010"},
	{"E-64", "a share of the session", findings.Critical, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 sec 5142 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x7777|ShareName=\\\\*\\x"},
	{"E-64", "a task of another user", 0, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 task 106 - TaskName=\\x|UserContext=CORP\\bob"},
	{"E-64", "a task of the user", findings.High, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 task 106 - TaskName=\\x|UserContext=CORP\\eve"},
	{"E-64", "a firewall rule of the user", findings.High, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 fw 2097 - RuleName=x|ModifyingUser=S-1-5-21-1-2-3-1002"},
	{"E-64", "a firewall rule of Windows", 0, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 fw 2097 - RuleName=x|ModifyingUser=S-1-5-18"},
	{"E-64", "a driver, by its account", findings.High, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 sys 7045 - UserSID=S-1-5-21-1-2-3-1002|ServiceName=d|ImagePath=C:\\Windows\\System32\\drivers\\d.sys|ServiceType=kernel mode driver"},
	{"E-70", "in a script", findings.Critical, `0 ps 4104 - MessageNumber=1|MessageTotal=1|ScriptBlockText=Get-CimInstance Win32_ShadowCopy :: Remove-CimInstance|ScriptBlockId=a`},
	{"E-72", "two reports in a row", findings.High, "0 def 1151 - RTP state=Disabled\n60 def 1151 - RTP state=Disabled"},
	{"E-72", "one report between others", 0, "0 def 1151 - RTP state=Disabled\n60 def 1151 - RTP state=Enabled\n120 def 1151 - RTP state=Disabled"},
	{"E-74", "an address within the network", findings.Medium, `0 bits 59 - name=j|url=http://10.0.0.9/a.exe`},
	{"E-75", "a program in the downloads", findings.Medium, `0 fw 2004 - RuleName=x|ApplicationPath=C:\Users\bob\Downloads\x.exe|Direction=1`},
	{"E-75", "everything is let in", findings.High, `0 fw 2004 - RuleName=x|Direction=1|Action=3|LocalPorts=*|ModifyingApplication=C:\Windows\System32\mmc.exe`},
	{"E-75", "one port is let in", 0, `0 fw 2004 - RuleName=x|Direction=1|Action=3|LocalPorts=443|ModifyingApplication=C:\Windows\System32\mmc.exe`},
	{"E-80", "in a suspicious session", findings.Medium, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5 pnp 400 - DeviceInstanceId=USBSTOR\\DISK"},
	{"E-80", "on another day", findings.Informational, "0 sec 4624 - $eve|LogonType=10|IpAddress=93.184.216.34\n5000 pnp 400 - DeviceInstanceId=USBSTOR\\DISK"},
	{"E-81", "once", findings.Low, `0 app 1000 Application·Error Data=winword.exe|Data=1|Data=2|Data=x.dll`},
	{"E-81", "twice within an hour", findings.Medium, "0 app 1000 Application·Error Data=winword.exe|Data=1|Data=2|Data=x.dll\n20 app 1000 Application·Error Data=winword.exe|Data=1|Data=2|Data=x.dll"},
	{"E-82", "a name that begins like the requester's", findings.High, `0 sec 4887 - Requester=CORP\bob|Subject=CN=x|Attributes=SAN:upn=bobby@corp.example`},
	{"E-82", "the requester's own name", 0, `0 sec 4887 - Requester=CORP\bob|Subject=CN=x|Attributes=SAN:upn=bob@corp.example`},
	{"E-83", "a module outside the driver store", findings.High, `0 print 808 - UserData/LoadPluginFailed/PluginDllName=C:\Users\Public\x.dll`},
	{"E-83", "a module of the driver store", findings.Medium, `0 print 808 - UserData/LoadPluginFailed/PluginDllName=C:\Windows\system32\spool\DRIVERS\x64\3\x.dll`},
	{"E-90", "from a suspicious session", findings.Critical, "0 sec 4624 - $eve|LogonType=3|AuthenticationPackageName=NTLM|KeyLength=0|IpAddress=10.0.0.9\n5 sec 4648 - SubjectUserSid=S-1-5-21-1-2-3-1002|SubjectUserName=eve|SubjectLogonId=0x7777|TargetUserName=admin|TargetServerName=SRV2|ProcessName=C:\\Windows\\System32\\svchost.exe"},
}

func TestEventLevels(t *testing.T) {
	for _, c := range levelCases {
		if l, said := level(judge(parseCase(c.events), nil), c.rule); l != c.level {
			t.Errorf("%s, %s: %s, want %s: %s", c.rule, c.what, l, c.level, said)
		}
	}
}

// TestOneTryTwoRecords: a try that 4776 records by the name of the workstation
// and 4625 by its address counts once, for the address.
func TestOneTryTwoRecords(t *testing.T) {
	var text strings.Builder
	for i := range 12 {
		fmt.Fprintf(&text, "%d.1 sec 4776 - TargetUserName=eve|Workstation=KALI|Status=0xC000006A\n", i/4)
		fmt.Fprintf(&text, "%d.1 sec 4625 - TargetUserName=eve|TargetDomainName=CORP|SubStatus=0xC000006A|LogonType=3|IpAddress=10.0.0.9|WorkstationName=KALI\n", i/4)
	}
	var subjects []string
	for _, f := range judge(parseCase(text.String()), nil).Findings {
		if slices.Contains(f.RuleIDs, "E-16") {
			subjects = append(subjects, f.Subject+": "+f.Reasons[0].Says)
		}
	}
	if len(subjects) != 1 || !strings.HasPrefix(subjects[0], "source 10.0.0.9: 12 failures") {
		t.Errorf("%q", subjects)
	}
}

// TestCopiedLogs judges the records of a log and again those of a copy of it: six
// failures stay six, and are no guessing.
func TestCopiedLogs(t *testing.T) {
	var log []artifacts.Record
	for i := range 6 {
		log = append(log, parseEvent(fmt.Sprintf("%g sec 4625 - $eve|LogonType=3|IpAddress=10.0.0.9|SubStatus=0xc000006a", float64(i)/60), i+1))
	}
	if l, said := level(judge(slices.Concat(log, log), nil), "E-16"); l != 0 {
		t.Errorf("six failures that two logs hold: %s %s", l, said)
	}
	for i := range log { // of another time: these are others
		r := log[i].Data.(events.Event)
		r.Time = r.Time.Add(time.Minute)
		other := log[i]
		other.Data = r
		log = append(log, other)
	}
	if l, _ := level(judge(log, nil), "E-16"); l == 0 {
		t.Error("twelve failures with the same numbers are no guessing: a log that was replaced")
	}
}
