package scan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus/evtx"
)

// chainMachines writes the Security logs of PC1, SRV2 and DC1: somebody goes from
// the first to the second as admin, and on to the third as boss.
func chainMachines(t *testing.T) []string {
	t.Helper()
	begin := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	event := func(host string, id uint16, seconds int, fields ...string) evtx.Event {
		e := evtx.Event{
			Provider: "Microsoft-Windows-Security-Auditing", GUID: "{54849625-5478-4994-A5BA-3E3B0328C30D}", EventID: id, Channel: "Security",
			Computer: host + ".corp.local", Created: begin.Add(time.Duration(seconds) * time.Second),
		}
		for i := 0; i < len(fields); i += 2 {
			e.Data = append(e.Data, evtx.Field{Name: fields[i], Value: evtx.Str(fields[i+1])})
		}
		return e
	}
	explicit := func(host string, seconds int, sid, name, logon, target, server string) evtx.Event {
		return event(host, 4648, seconds, "SubjectUserSid", sid, "SubjectUserName", name, "SubjectDomainName", "CORP", "SubjectLogonId", logon,
			"TargetUserName", target, "TargetDomainName", "CORP", "TargetServerName", server, "ProcessName", `C:\Windows\System32\svchost.exe`)
	}
	logon := func(host string, seconds int, sid, name, id, address, station string) evtx.Event {
		return event(host, 4624, seconds, "TargetUserSid", sid, "TargetUserName", name, "TargetDomainName", "CORP", "TargetLogonId", id, "LogonType", "3",
			"IpAddress", address, "WorkstationName", station, "AuthenticationPackageName", "NTLM", "KeyLength", "128")
	}
	const bob, admin, boss = "S-1-5-21-1-2-3-1105", "S-1-5-21-1-2-3-1500", "S-1-5-21-1-2-3-1600"
	dir := t.TempDir()
	var paths []string
	for _, m := range []struct {
		name   string
		events []evtx.Event
	}{
		{"PC1", []evtx.Event{explicit("PC1", 0, bob, "bob", "0x111", "admin", "SRV2.corp.local")}},
		{"SRV2", []evtx.Event{
			logon("SRV2", -3000, admin, "admin", "0x200", "10.0.0.1", "PC1"), logon("SRV2", 5, admin, "admin", "0x222", "10.0.0.1", "-"),
			explicit("SRV2", 1800, admin, "admin", "0x222", "boss", "dc1"),
		}},
		{"DC1", []evtx.Event{
			logon("DC1", 100, boss, "boss", "0x300", "10.0.0.2", "SRV2"), logon("DC1", 1803, boss, "boss", "0x333", "10.0.0.2", "-"),
		}},
	} {
		var w evtx.Writer
		logs := filepath.Join(dir, m.name, "Windows", "System32", "winevt", "Logs")
		if err := os.MkdirAll(logs, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(logs, "Security.evtx"), evtx.Log{Records: w.Records(1, m.events...)}.Build(), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, filepath.Join(dir, m.name))
	}
	return paths
}

const way = "PC1 → SRV2 → DC1"

// checkChain reads a finding about the way of chainMachines.
func checkChain(t *testing.T, f *findings.Finding) {
	t.Helper()
	if f.Subject != way || f.RuleID != "E-90" || f.Level < findings.High || len(f.Reasons) != 2 || len(f.Evidence) != 4 || f.Why == "" {
		t.Errorf("%+v", f)
	}
	for _, e := range f.Evidence {
		if e.ID == "" || e.Channel != "Security" || e.RecordNumber == 0 {
			t.Errorf("evidence without a record: %+v", e)
		}
	}
}

// TestChains scans three machines into one case. What one machine shows is enough for
// no chain, and one that was scanned before joins in when the scan is resumed.
func TestChains(t *testing.T) {
	paths, dir := chainMachines(t), filepath.Join(t.TempDir(), "case")
	m, err := scan.Run(t.Context(), scan.Options{Dir: dir, Evidence: paths}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "chains.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n != 1 {
		t.Fatalf("%d chains: %s", n, b)
	}
	var f findings.Finding
	if err := json.Unmarshal(b, &f); err != nil {
		t.Fatal(err)
	}
	checkChain(t, &f)
	page, err := os.ReadFile(filepath.Join(dir, scan.IndexName))
	if err != nil || !strings.Contains(string(page), way) {
		t.Errorf("the index does not show the chain: %v", err)
	}
	listed := false
	for _, o := range m.Outputs {
		listed = listed || o.Name == "chains.jsonl" && o.Rows == 1 && o.SHA256 != ""
	}
	if !listed || m.Worst() < f.Level {
		t.Errorf("the manifest: worst %s, outputs %+v", m.Worst(), m.Outputs)
	}

	alone := filepath.Join(t.TempDir(), "case")
	if _, err := scan.Run(t.Context(), scan.Options{Dir: alone, Evidence: paths[:1]}, nil); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"chains.jsonl", "moves.json"} {
		if list, _ := filepath.Glob(filepath.Join(alone, "*", name)); len(list) > 0 {
			t.Errorf("one machine has %s", list)
		}
	}
}

// TestJudgesChain judges three machines one after the other.
func TestJudgesChain(t *testing.T) {
	j := &scan.Judges{Names: []string{"eventlogons"}}
	list, err := catalogue.Select(j.Names)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range chainMachines(t) {
		ev, err := evidence.Open(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ev.Close()
		results, err := artifacts.Run(t.Context(), ev.Trees[0], list, nil)
		if err != nil {
			t.Fatal(err)
		}
		for res := range results {
			j.Add(ev.Trees[0], "folder", &res)
		}
	}
	n := 0
	for _, r := range j.Reports() {
		for i := range r.Findings {
			if r.Findings[i].Subject == way {
				n++
				checkChain(t, &r.Findings[i])
			}
		}
	}
	if n != 1 {
		t.Errorf("%d findings about the chain", n)
	}
}
