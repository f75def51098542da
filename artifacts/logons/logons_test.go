package logons

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

var t0 = time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)

// sec makes a record of the Security log, some seconds after the start.
func sec(n uint64, id uint32, at int, fields ...string) *events.Record {
	r := &events.Record{Number: n, ID: id, Channel: "Security", Provider: "Microsoft-Windows-Security-Auditing", Computer: "DC1.corp.local", Time: t0.Add(time.Duration(at) * time.Second)}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Data = append(r.Data, events.Field{Name: fields[i], Value: fields[i+1]})
	}
	return r
}

func lsmEvent(n uint64, id uint32, at int, user, session, address string) *events.Record {
	return &events.Record{
		Number: n, ID: id, Channel: "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", Provider: "Microsoft-Windows-TerminalServices-LocalSessionManager",
		Computer: "DC1.corp.local", Time: t0.Add(time.Duration(at) * time.Second),
		Data: []events.Field{{Name: "UserData/EventXML/User", Value: user}, {Name: "UserData/EventXML/SessionID", Value: session}, {Name: "UserData/EventXML/Address", Value: address}},
	}
}

const bob = "S-1-5-21-1-2-3-1105"

// intrusion is a guesser who claims the name KALI, guesses twelve times, comes
// in by Remote Desktop, and leaves.
func intrusion() *Builder {
	b := New(nil)
	add := func(r *events.Record) { b.Add("", r, fmt.Sprintf("%016x", r.Number)) }
	for i := range 12 {
		add(sec(uint64(i), 4625, i*5, "TargetUserName", "bob", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "-", "WorkstationName", "KALI", "SubStatus", "0xc000006a", "AuthenticationPackageName", "NTLM"))
	}
	add(sec(20, 4624, 100, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x5001", "LogonType", "3", "IpAddress", "-", "WorkstationName", "KALI", "AuthenticationPackageName", "NTLM", "KeyLength", "128"))
	add(&events.Record{
		Number: 1, ID: 1149, Channel: "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational", Provider: "Microsoft-Windows-TerminalServices-RemoteConnectionManager", Computer: "DC1",
		Time: t0.Add(101 * time.Second), Data: []events.Field{{Name: "UserData/EventXML/Param1", Value: "bob"}, {Name: "UserData/EventXML/Param2", Value: "CORP"}, {Name: "UserData/EventXML/Param3", Value: "8.8.4.4"}},
	})
	add(sec(21, 4624, 103, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x6001", "TargetLinkedLogonId", "0x6002", "LogonType", "10", "IpAddress", "8.8.4.4", "WorkstationName", "DC1"))
	add(sec(22, 4624, 103, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x6002", "TargetLinkedLogonId", "0x6001", "LogonType", "10", "IpAddress", "8.8.4.4", "WorkstationName", "DC1"))
	add(sec(23, 4672, 103, "SubjectUserSid", bob, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x6001"))
	add(lsmEvent(5, 21, 104, `CORP\bob`, "3", "8.8.4.4"))
	add(sec(24, 4688, 120, "SubjectUserSid", bob, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x6002", "NewProcessName", `C:\x.exe`))
	add(lsmEvent(6, 24, 200, `CORP\bob`, "3", "8.8.4.4"))
	add(lsmEvent(7, 25, 230, `CORP\bob`, "3", "8.8.4.4"))
	add(lsmEvent(8, 23, 300, `CORP\bob`, "3", ""))
	add(sec(25, 4624, 5000, "TargetUserSid", "S-1-5-18", "TargetUserName", "SYSTEM", "TargetDomainName", "NT AUTHORITY", "TargetLogonId", "0x3e7", "LogonType", "5"))
	return b
}

func TestIntrusion(t *testing.T) {
	a := intrusion().Analyse()
	if a.Sessions.Len() != 2 {
		for _, s := range a.Sessions.All() {
			t.Logf("%+v", s)
		}
		t.Fatalf("%d sessions, want the network log-on and the one of Remote Desktop", a.Sessions.Len())
	}
	s := a.Sessions.At(1)
	if s.Type != 10 || !s.Privileged || s.Processes != 1 || s.EndKind != "logoff" || s.Duration() != 197*time.Second || len(s.Reconnects) != 1 || s.SessionID != 3 || s.Account.SID != bob {
		t.Errorf("session %+v", s)
	}
	if x := a.SessionOf("dc1.corp.local", 0x6002, t0.Add(150*time.Second)); !x.Is(s) {
		t.Errorf("SessionOf the other half = %v", x)
	}
	if x := a.SessionOf("DC1", 0x3e7, t0.Add(6000*time.Second)); x != nil {
		t.Errorf("a fixed log-on id has a session: %v", x)
	}
	if len(a.Joins) != 1 || a.Joins[0].Name != "KALI" || a.Joins[0].Address != "8.8.4.4" {
		t.Fatalf("joins %+v", a.Joins)
	}
	// The failures named KALI and no address: they are of the same source now.
	for _, e := range a.Edges {
		if e.Failure > 0 && e.Source.ID != "h:8.8.4.4" {
			t.Errorf("failures from %s", e.Source.Label)
		}
	}
	i := slices.IndexFunc(a.Ranking(), func(r Ranked) bool { return r.Label == "8.8.4.4 (KALI)" })
	if i < 0 {
		t.Fatalf("ranking %+v", a.Ranking())
	}
	parts := strings.Join(a.Ranking()[i].Parts, "; ")
	for _, want := range []string{"12 failures", "success after 12 failures", "success from an external source", "Remote Desktop"} {
		if !strings.Contains(parts, want) {
			t.Errorf("the ranking of the guesser rests on %q, without %q", parts, want)
		}
	}
}

// TestNoJoin keeps the two names of the guesser apart.
func TestNoJoin(t *testing.T) {
	b := intrusion()
	b.opts.NoJoin = true
	for _, e := range b.Analyse().Edges {
		if e.Failure > 0 && e.Source.ID != "h:kali" {
			t.Errorf("failures from %s", e.Source.ID)
		}
	}
}

func TestQuiet(t *testing.T) {
	b := New(nil)
	for i := range 5 {
		b.Add("", sec(uint64(i), 4624, i*1000, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", fmt.Sprintf("0x%x", 0x100+i), "LogonType", "2", "IpAddress", "127.0.0.1"), "")
	}
	a := b.Analyse()
	if r := a.Ranking(); r != nil {
		t.Errorf("ranking of a quiet machine: %+v", r)
	}
	for _, e := range a.Edges {
		if e.Source != e.Target {
			t.Errorf("a local log-on comes from %s", e.Source.Label)
		}
	}
}

// TestBoots ends sessions at the next boot, where log-on ids start again.
func TestBoots(t *testing.T) {
	b := New(nil)
	logon := func(n uint64, at int) *events.Record {
		return sec(n, 4624, at, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x777", "LogonType", "2")
	}
	b.Add("", logon(1, 0), "")
	b.Add("", &events.Record{Number: 1, ID: 13, Channel: "System", Provider: "Microsoft-Windows-Kernel-General", Computer: "DC1", Time: t0.Add(500 * time.Second)}, "")
	b.Add("", &events.Record{Number: 2, ID: 12, Channel: "System", Provider: "Microsoft-Windows-Kernel-General", Computer: "DC1", Time: t0.Add(600 * time.Second)}, "")
	b.Add("", logon(2, 700), "")
	b.Add("", sec(3, 4634, 800, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x777", "LogonType", "2"), "")
	a := b.Analyse()
	if a.Sessions.Len() != 2 || a.Sessions.At(0).EndKind != "shutdown" || a.Sessions.At(0).Duration() != 500*time.Second || a.Sessions.At(1).EndKind != "logoff" {
		for _, s := range a.Sessions.All() {
			t.Errorf("%+v", s)
		}
	}
}

// TestOrder gives the same result whatever the order of records.
func TestOrder(t *testing.T) {
	write := func(b *Builder) string {
		var w bytes.Buffer
		a := b.Analyse()
		for _, v := range TableViews {
			if err := writeCSV(&w, a, v, nil); err != nil {
				t.Fatal(err)
			}
		}
		return w.String()
	}
	want := write(intrusion())
	for range 5 {
		if got := write(intrusion()); got != want {
			t.Fatal("two analyses differ")
		}
	}
}

func TestIdentities(t *testing.T) {
	b := New(nil)
	b.Add("", sec(1, 4624, 0, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x1", "LogonType", "3"), "")
	b.Add("", sec(2, 4768, 5, "TargetUserName", "bob", "TargetDomainName", "CORP.LOCAL", "IpAddress", "::ffff:10.0.0.9", "Status", "0x0", "ServiceName", "krbtgt"), "")
	b.Add("", sec(3, 4769, 6, "TargetUserName", "bob@CORP.LOCAL", "TargetDomainName", "CORP.LOCAL", "IpAddress", "::ffff:10.0.0.9", "Status", "0x0", "ServiceName", "FS01$"), "")
	b.Add("", sec(4, 4625, 7, "TargetUserName", "nobody", "TargetDomainName", "-", "LogonType", "3", "IpAddress", "10.0.0.9", "SubStatus", "0xC0000064"), "")
	b.Add("", sec(5, 4769, 8, "TargetUserName", "WS7$@CORP.LOCAL", "TargetDomainName", "CORP.LOCAL", "IpAddress", "10.0.0.9", "Status", "0x0", "ServiceName", "FS01$"), "")
	a := b.Analyse()
	seen := map[string]bool{}
	for _, x := range a.Attempts.All() {
		seen[x.Account.ID] = true
		if x.Kind == "ticket" && x.Source.Label != "10.0.0.9 (WS7)" {
			t.Errorf("ticket from %q", x.Source.Label)
		}
		if x.Account.Name == `?\nobody` && (!x.Account.Unresolved || x.Reason != "no such user") {
			t.Errorf("%+v", x.Account)
		}
	}
	if len(seen) != 3 || !seen["a:"+bob] {
		t.Errorf("accounts %v: the three spellings of bob are one account", seen)
	}
}

func TestChanges(t *testing.T) {
	b := New(nil)
	n := uint64(0)
	for day := range 10 {
		for range 3 {
			n++
			b.Add("", sec(n, 4625, day*86400+int(n), "TargetUserName", "bob", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "10.0.0.5"), "")
		}
	}
	for i := range 60 {
		n++
		b.Add("", sec(n, 4625, 5*86400+7200+i, "TargetUserName", "bob", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "10.0.0.5"), "")
	}
	c := b.Analyse().Changes()
	if len(c) < 1 || c[0].Count != 60 || c[0].Score < 5 || !c[0].Hour.Equal(t0.Add((5*24+2)*time.Hour)) {
		t.Errorf("changes %+v", c)
	}
}

func TestPaths(t *testing.T) {
	b := New(nil)
	hop := func(n uint64, at int, computer, from string) {
		r := sec(n, 4624, at, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", fmt.Sprintf("0x%x", n+0x1000), "LogonType", "10", "IpAddress", "-", "WorkstationName", from)
		r.Computer = computer
		b.Add("", r, "")
	}
	hop(1, 0, "C", "B")   // before B was reached: no way to C
	hop(2, 100, "B", "A") // A → B
	hop(3, 200, "C", "B") // B → C
	hop(4, 9e5, "D", "C") // too late
	a := b.Analyse()
	is := func(name string) func(*Host) bool { return func(h *Host) bool { return h.Label == name } }
	p := a.Paths(is("A"), is("C"), 24*time.Hour)
	if len(p) != 1 || len(p[0]) != 2 || p[0][1].Edge.FirstRef.Number != 3 {
		t.Errorf("paths to C: %v", p)
	}
	if p := a.Paths(is("A"), is("D"), 24*time.Hour); len(p) != 0 {
		t.Errorf("a path ignores time: %v", p)
	}
}

func TestFormats(t *testing.T) {
	b := intrusion()
	b.Add("", sec(91, 4719, 410, "SubjectUserSid", bob, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "AuditPolicyChanges", "%%8448"), "")
	b.Add("", sec(92, 4732, 420, "TargetSid", "S-1-5-32-544", "TargetUserName", "Administrators", "MemberSid", bob), "")
	b.Add("", sec(93, 4648, 430, "SubjectUserSid", bob, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x6001",
		"TargetUserName", "eve", "TargetDomainName", "CORP", "TargetServerName", "SRV9"), "")
	a := b.Analyse()
	for _, f := range Formats() {
		files := map[string]*bytes.Buffer{}
		create := func(name string) (io.Writer, error) {
			files[name] = &bytes.Buffer{}
			return files[name], nil
		}
		var err error
		if f.Files != nil {
			err = f.Files(create, a, nil)
		} else {
			w, _ := create("out")
			err = f.Write(w, a, "", nil)
		}
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		for name, b := range files {
			check(t, f.Name+" "+name, f.Name, b.Bytes())
		}
	}
	for _, v := range TableViews {
		var w bytes.Buffer
		if err := writeJSON(&w, a, v, nil); err != nil {
			t.Fatal(err)
		}
		check(t, "jsonl "+v, "jsonl", w.Bytes())
	}
	var w bytes.Buffer
	if err := writeJSON(&w, a, "sessions", nil); err != nil || !strings.Contains(w.String(), `"account_sid":"`+bob+`"`) || !strings.Contains(w.String(), `"end_kind":"logoff"`) || !strings.Contains(w.String(), `"type":10`) || !strings.Contains(w.String(), `"privileged":true`) || !strings.Contains(w.String(), `"linked_logon_id":"0x6002"`) {
		t.Errorf("sessions: %v\n%s", err, w.String())
	}
	if _, err := a.table("nope", nil); err == nil {
		t.Error("an unknown view is no error")
	}
}

// check reads what a format wrote with a reader of the format.
func check(t *testing.T, name, format string, b []byte) {
	t.Helper()
	if len(b) == 0 && name != "jsonl changes" && name != "jsonl chains" {
		t.Errorf("%s: empty", name)
	}
	switch format {
	case "graphml", "svg":
		d := xml.NewDecoder(bytes.NewReader(b))
		for {
			if _, err := d.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
		}
	case "cytoscape":
		if !json.Valid(b) {
			t.Errorf("%s: not JSON", name)
		}
	case "jsonl", "ecs", "logontracer":
		for line := range strings.Lines(string(b)) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%s: not JSON: %s", name, line)
			}
		}
	case "csv", "neo4j", "gephi":
		if rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll(); err != nil || len(rows) < 2 {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
}

func TestFilter(t *testing.T) {
	a := intrusion().Analyse()
	for _, c := range []struct {
		f    Filter
		want int
	}{
		{Filter{}, len(a.Edges)},
		{Filter{Accounts: []string{`corp\BOB`}}, len(a.Edges) - 1},
		{Filter{Accounts: []string{"b*"}, Types: []int{10}}, 1},
		{Filter{Sources: []string{"kali"}, Failures: true}, 1},
		{Filter{Views: []string{"rdp"}}, 2},
		{Filter{External: true, MinCount: 12}, 1},
		{Filter{Targets: []string{"nope"}}, 0},
	} {
		n := 0
		for _, e := range a.Edges {
			if c.f.edge(e) {
				n++
			}
		}
		if n != c.want {
			t.Errorf("%+v: %d edges, want %d", c.f, n, c.want)
		}
	}
}

// FuzzAdd feeds records of any content to the builder.
func FuzzAdd(f *testing.F) {
	f.Add(uint32(4624), "Security", "Microsoft-Windows-Security-Auditing", "IpAddress", "::1%", "TargetUserName", `a\b@c`)
	f.Add(uint32(21), "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", "Microsoft-Windows-TerminalServices-LocalSessionManager", "UserData/EventXML/SessionID", "9", "UserData/EventXML/User", `\`)
	f.Add(uint32(4), "OpenSSH/Operational", "OpenSSH", "payload", "Failed password for invalid user eve from 1.2.3.4 port 5 ssh2", "", "")
	f.Fuzz(func(t *testing.T, id uint32, channel, provider, n1, v1, n2, v2 string) {
		b := New(nil)
		for i := range 3 {
			b.Add("h", &events.Record{ID: id, Channel: channel, Provider: provider, Number: uint64(i), Time: t0, Data: []events.Field{{Name: n1, Value: v1}, {Name: n2, Value: v2}}}, "")
		}
		a := b.Analyse()
		for _, fm := range Formats() {
			if fm.Write != nil {
				if err := fm.Write(io.Discard, a, "", nil); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

// TestTimelessRecords: records whose time is damaged have none, and are before all
// others. A storm of mutations found them.
func TestTimelessRecords(t *testing.T) {
	b := New(nil)
	for n := range uint64(60) {
		r := sec(n+1, 4625, int(n)*3600, "TargetUserName", "bob", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "10.0.0.5")
		if n%30 < 2 {
			r.Time = time.Time{}
		}
		b.Add("", r, "")
	}
	a := b.Analyse()
	if a.Attempts.Len() != 60 || a.First.IsZero() || a.Last.Sub(a.First) != 57*time.Hour {
		t.Errorf("%d attempts from %v to %v", a.Attempts.Len(), a.First, a.Last)
	}
}
