package events

import (
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// truth yields the records of a truth table with the file of each.
func truth(t testing.TB, path string, yield func(file string, r *Record)) {
	t.Helper()
	for file, row := range testtree.EventRows(t, path) {
		n, _ := strconv.ParseUint(row.EID, 10, 32)
		r := &Record{
			Number: row.ID, ID: uint32(n), Channel: row.Chan, Provider: row.Prov, Computer: row.Comp, UserSID: row.SID, Time: wire.Time(uint64(row.Made)),
		}
		for _, d := range row.Data {
			r.Data = append(r.Data, Field{Name: d[0], Value: d[1]})
		}
		yield(file, r)
	}
}

func TestCatalogue(t *testing.T) {
	names := map[string]bool{}
	for _, k := range Kinds() {
		if k.Name == "" || k.Proves == "" || k.Channel == "" || k.Provider == "" || len(k.message) == 0 {
			t.Errorf("%s %d: incomplete", k.Channel, k.ID)
		}
		for _, a := range k.Attack {
			if len(a) < 5 || a[0] != 'T' {
				t.Errorf("%s %d: technique %q", k.Channel, k.ID, a)
			}
		}
		names[k.Name] = true
	}
	if n := len(Kinds()); n != 550 || len(names) < 400 {
		t.Errorf("%d events of %d names, want 550", n, len(names))
	}
	var f Finder
	if k := f.Kind("SECURITY", "microsoft-windows-eventlog", 1102); k == nil || k.Name != "audit-log-cleared" || k.Worth != High {
		t.Errorf("1102 of Security: %+v", k)
	}
	if k := f.Kind("Application", "MSSQL$SQLEXPRESS", 18456); k == nil {
		t.Error("an instance of SQL Server is not found")
	}
	if k := f.Kind("Security", "Other", 1102); k != nil {
		t.Error("found by its number alone")
	}
}

func TestMessage(t *testing.T) {
	for _, c := range []struct {
		channel, provider string
		id                uint32
		data              []Field
		want              string
	}{
		{"Security", "Microsoft-Windows-Security-Auditing", 4624, []Field{
			{Name: "TargetUserName", Value: "bob"}, {Name: "TargetDomainName", Value: "CORP"}, {Name: "LogonType", Value: "10"}, {Name: "IpAddress", Value: "10.0.0.5"}, {Name: "WorkstationName", Value: "WS1"},
		}, `CORP\bob logged on (10, Remote Desktop) from 10.0.0.5 WS1`},
		{"Security", "Microsoft-Windows-Security-Auditing", 4624, []Field{
			{Name: "TargetUserName", Value: "bob"}, {Name: "TargetDomainName", Value: "-"}, {Name: "LogonType", Value: "3"}, {Name: "IpAddress", Value: "-"}, {Name: "WorkstationName", Value: "WS1"},
		}, `bob logged on (3, network) from WS1`},
		{"Security", "Microsoft-Windows-Security-Auditing", 4624, []Field{
			{Name: "TargetUserName", Value: "bob"}, {Name: "TargetDomainName", Value: ""}, {Name: "LogonType", Value: "99"}, {Name: "IpAddress", Value: "-"}, {Name: "WorkstationName", Value: ""},
		}, `bob logged on (99)`},
		{"Security", "Microsoft-Windows-Security-Auditing", 4625, []Field{
			{Name: "TargetUserName", Value: "bob"}, {Name: "TargetDomainName", Value: "."}, {Name: "LogonType", Value: "3"}, {Name: "SubStatus", Value: "0xc000006a"}, {Name: "IpAddress", Value: "1.2.3.4"},
		}, `Log-on of .\bob failed (3, network, 0xc000006a, wrong password) from 1.2.3.4`},
		{"Security", "Microsoft-Windows-Eventlog", 1102, []Field{
			{Name: "UserData/LogFileCleared/SubjectUserName", Value: "eve"}, {Name: "UserData/LogFileCleared/SubjectDomainName", Value: "CORP"},
		}, `CORP\eve cleared the Security log`},
		{"X", "Y", 7, []Field{{Name: "", Value: "a\r\nb"}, {Name: "UserData/Q/Name", Value: "v"}, {Name: "Empty", Value: ""}}, `X 7 a b Name: v`},
	} {
		var f Finder
		r := &Record{Channel: c.channel, Provider: c.provider, ID: c.id, Data: c.data}
		if got := r.Message(f.Kind(c.channel, c.provider, c.id)); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.channel, c.id, got, c.want)
		}
	}
}

func TestParameter(t *testing.T) {
	for in, want := range map[string]string{
		"%%4416 %%4417\r\n\t": "read, write", "%%2080\r\n\t\t%%2050": "disabled on, no password required off", "%%99999": "%%99999", "plain": "plain",
	} {
		if got := Parameter(in); got != want {
			t.Errorf("Parameter(%q) = %q, want %q", in, got, want)
		}
	}
}

// TestRealEvents writes the message of every shared record.
func TestRealEvents(t *testing.T) {
	var f Finder
	known, all := 0, 0
	worth := map[Worth]int{}
	samples := map[*Kind]string{}
	truth(t, testtree.Evidence(t, "evtx", "truth.jsonl.gz"), func(_ string, r *Record) {
		all++
		k := f.Kind(r.Channel, r.Provider, r.ID)
		m := r.Message(k)
		if strings.ContainsAny(m, "\x00\r\n") || m == "" || strings.Contains(m, " ()") && k != nil && !strings.Contains(r.all(), "()") {
			t.Errorf("%s %d record %d: message %q", r.Channel, r.ID, r.Number, m)
		}
		if k == nil {
			return
		}
		known++
		worth[k.Worth]++
		if samples[k] == "" {
			samples[k] = m
		}
		for role := range roleCount {
			if len(k.roles[role]) > 0 {
				r.Role(k, role)
			}
		}
	})
	t.Logf("%d of %d records are in the catalogue (%v), %d kinds", known, all, worth, len(samples))
	if known < all/3 || len(samples) < 200 {
		t.Errorf("%d of %d records, %d kinds", known, all, len(samples))
	}
	for k, m := range samples {
		t.Logf("%s %d: %s", k.Channel, k.ID, m)
	}
}

func (r *Record) all() string {
	var b strings.Builder
	for _, f := range r.Data {
		b.WriteString(f.Value)
	}
	return b.String()
}
