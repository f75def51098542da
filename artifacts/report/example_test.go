package report_test

import (
	"fmt"
	"os"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

func ExampleWrite() {
	rows := []output.Row{{
		ID: "0123456789abcdef", Time: time.Date(2026, 3, 6, 17, 58, 20, 339157000, time.UTC), Kind: "Last Time Executed",
		Message: "Prefetch [SVCHOST.EXE] was executed", Path: `\users\public\svchost.exe`, Host: "KESTREL-PC", Proof: artifacts.Executed,
	}}
	found := []report.Finding{{Title: "Windows binary name in the wrong folder", Level: "critical", Host: "KESTREL-PC", LastSeen: rows[0].Time}}

	c := report.NewCollector(nil)
	c.Focus(found)
	for i := range rows { // a Sorter gives them in order, as often as needed
		c.Row(&rows[i])
	}
	for i := range rows {
		c.Near(&rows[i])
	}
	f, err := os.CreateTemp("", "report-*.html")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	fmt.Println(report.Write(f, report.Input{Title: "KESTREL-PC", Findings: found, Collected: c}, nil))
	// Output: <nil>
}
