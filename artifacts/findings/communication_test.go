package findings_test

import (
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

func download(path, url string, end time.Time) artifacts.Record {
	return of("anna", rec("browserdownloads", browser.Download{Browser: "Chrome", Path: path, URL: url, Start: end.Add(-time.Second), End: end, Status: "complete"}))
}

func sent(path string, out, in int64) artifacts.Record {
	return rec("srumnetwork", communication.SRUMNetwork{SRUMRow: databases.SRUMRow{Time: day, Kind: "program", Path: `\Device\HarddiskVolume3` + path, App: path}, Sent: out, Received: in})
}

func script(name, runs string) artifacts.Record {
	return rec("webscripts", persistence.WebScript{Name: name, Runs: runs})
}

func opened(target, drive, host string) artifacts.Record {
	return of("anna", rec("shortcuts", activity.Shortcut{Place: "recent", LinkFields: activity.LinkFields{Target: target, DriveType: drive, LinkMachine: host}}))
}

// consoleBy is PowerShell in the list of what a user started by hand; the history of the test's machine is gone.
func consoleBy(user string, runs uint32) artifacts.Record {
	r := of(user, rec("userassist", execution.UserAssist{Kind: "program", Path: `C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe`, Runs: runs}))
	r.User.Profile += " gone"
	return r
}

func request(status string, reasons ...string) artifacts.Record {
	return rec("weblogs", communication.WebLog{Time: day, Client: "203.0.113.77", Method: "GET", Path: "/up.aspx", Status: status, Reasons: reasons})
}

// The cases of the rules over databases and logs.
func init() {
	type entry = struct {
		rule   string
		level  findings.Level
		fires  records
		benign records
	}
	setup := `\Users\anna\Downloads\setup.exe`
	cases = append(cases,
		entry{"C-01", findings.High, records{download(`C:`+setup, "http://198.51.100.20/setup.exe", day), pf(setup, at(2))},
			records{download(`C:`+setup, "https://publisher.example/setup.exe", day), pf(setup, at(200))}},
		entry{"C-02", findings.High, records{sent(`\Users\Public\x.exe`, 97<<20, 2<<20)}, records{sent(`\Users\Public\x.exe`, 97<<20, 60<<20),
			sent(`\Program Files\Backup\agent.exe`, 900<<20, 1<<20),
			sent(`\Users\anna\sync.exe`, 97<<20, 2<<20), of("anna", rec("userassist", execution.UserAssist{Path: `C:\Users\anna\sync.exe`}))}},
		entry{"C-03", findings.High, records{rec("bits", communication.BITSJob{Name: "job", Command: `C:\Windows\System32\rundll32.exe`, Arguments: "x.dll,Run", SID: "S-1-5-21-1"})},
			records{rec("bits", communication.BITSJob{Name: "MozillaUpdate 1", Files: []communication.BITSFile{{URL: "https://a.example/x.exe", Local: `C:\ProgramData\Mozilla\x.exe`}}})}},
		entry{"C-03", findings.Low, records{rec("bits", communication.BITSJob{Name: "j", SID: "S-1-5-21-1", Files: []communication.BITSFile{{URL: "https://a.example/x.exe", Local: `C:\Users\Public\x.exe`}}})},
			records{rec("bits", communication.BITSJob{Name: "j", SID: "S-1-5-18", Files: []communication.BITSFile{{URL: "https://a.example/x.exe", Local: `C:\Users\Public\x.exe`}}})}},
		entry{"C-21", findings.Medium, records{download(`C:\Users\anna\Downloads\a.iso`, "http://198.51.100.20/a.iso", day)},
			records{download(`C:\Users\anna\Downloads\a.iso`, "https://publisher.example/a.iso", day), download(`C:\Users\anna\Downloads\a.pdf`, "http://198.51.100.20/a.pdf", day)}},
		entry{"C-21", findings.Low, records{download(`C:\Users\anna\Downloads\a.zip`, "https://transfer.sh/a.zip", day)},
			records{rec("browserdownloads", browser.Download{Path: `C:\a.zip`, URL: "https://transfer.sh/a.zip", Status: "cancelled"})}},
		entry{"S-10", findings.Low, records{opened(`E:\tool.exe`, "removable", ""), opened(`\\nas\x\tool.exe`, "network", "")},
			records{opened(`E:\letter.docx`, "removable", ""), opened(`C:\Program Files\a.exe`, "fixed", "test")}},
		entry{"S-10", findings.Informational, records{opened(`C:\Tools\a.exe`, "fixed", "other")}, records{opened(`C:\Tools\a.exe`, "fixed", "TEST")}},
		entry{"S-11", findings.Medium, records{rec("clrusage", execution.CLRUsage{Name: "notepad.exe", Runtime: "CLR_v4.0"})},
			records{rec("clrusage", execution.CLRUsage{Name: "powershell.exe", Runtime: "CLR_v4.0"})}},
		entry{"S-12", findings.Medium, records{rec("setupapi", system.DeviceInstall{Kind: "Setup Import Driver Package", Subject: `C:\x\d.inf`, Command: `C:\Users\Public\load.exe`})},
			records{rec("setupapi", system.DeviceInstall{Kind: "Setup Import Driver Package", Subject: `C:\x\d.inf`, Command: `C:\Windows\System32\spoolsv.exe`})}},
		entry{"D-09", findings.Low, records{consoleBy("anna", 3)}, records{consoleBy("anna", 0), of("anna", rec("pshistory", execution.PSCommand{Command: "dir"})), consoleBy("anna", 3)}},
		entry{"P-21", findings.Medium, records{rec("browserextensions", browser.Extension{ExtensionID: "a", Location: "unpacked", Enabled: true})},
			records{rec("browserextensions", browser.Extension{ExtensionID: "a", Location: "store", Store: true, Enabled: true}), rec("browserextensions", browser.Extension{ExtensionID: "b", Location: "policy", Enabled: true})}},
		entry{"P-20", findings.High, records{script("up.aspx", "eval")}, records{script("default.aspx", "")}},
		entry{"S-09", findings.High, records{request("200", communication.ReasonShell)}, records{request("200", communication.ReasonData)}},
		entry{"S-09", findings.Medium, records{request("200", communication.ReasonData, "command in the request")}, records{request("200")}},
		entry{"S-09", findings.Low, records{request("404", communication.ReasonAgent), request("500", communication.ReasonBurst)},
			records{request("500")}},
	)
}
