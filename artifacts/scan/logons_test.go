package scan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestReplicationMarks: what findings say of replication is in LogonTracer's index of
// users, with its time, unless it is what controllers do.
func TestReplicationMarks(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	finding := func(rule, subject, kind string, level findings.Level) findings.Finding {
		return findings.Finding{Subject: subject, SubjectKind: kind, Reasons: []findings.Reason{{RuleID: rule, Level: level}},
			Evidence: []findings.Evidence{{ID: "x", Time: at, Rules: []string{rule}}, {ID: "y", Time: at.Add(time.Hour)}}}
	}
	b := logons.New(nil)
	for i, name := range []string{"eve", "bob", "dc2$"} {
		b.Add("", &events.Record{Number: uint64(i), ID: 4624, Channel: "Security", Provider: "Microsoft-Windows-Security-Auditing", Computer: "DC1", Time: at,
			Data: []events.Field{{Name: "TargetUserName", Value: name}, {Name: "TargetDomainName", Value: "CORP"}, {Name: "LogonType", Value: "3"}, {Name: "IpAddress", Value: "10.0.0.5"}}}, "")
	}
	a := b.Analyse()
	scan.RankLogons(a, &findings.Report{Findings: []findings.Finding{
		finding("E-23", `account corp\EVE`, "account", findings.Critical), finding("E-24", `account CORP\eve`, "account", findings.High),
		finding("E-23", `account CORP\dc2$`, "account", findings.Informational), finding("E-23", `account CORP\bob`, "program", findings.Critical),
		finding("E-40", `account CORP\bob`, "account", findings.Critical),
	}})
	var w strings.Builder
	for _, f := range logons.Formats() {
		if f.Name == "logontracer" {
			if err := f.Write(&w, a, "", nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range []string{`"user":"eve","rights":"user","sid":"-","status":"DCSync(2026-03-06 18:00:00) DCShadow(2026-03-06 18:00:00)"`,
		`"user":"dc2$","rights":"user","sid":"-","status":"-"`, `"user":"bob","rights":"user","sid":"-","status":"-"`} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("no %s in\n%s", want, w.String())
		}
	}
}
