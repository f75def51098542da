package findings_test

import (
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/internal/databases"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
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
		entry{"P-20", findings.High, records{script("up.aspx", "eval")}, records{script("default.aspx", "")}},
		entry{"S-09", findings.High, records{request("200", communication.ReasonShell)}, records{request("200", communication.ReasonData)}},
		entry{"S-09", findings.Medium, records{request("200", communication.ReasonData, "command in the request")}, records{request("200")}},
		entry{"S-09", findings.Low, records{request("404", communication.ReasonAgent), request("500", communication.ReasonBurst)},
			records{request("500")}},
	)
}
