package logons

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

const (
	rdpClient  = "Microsoft-Windows-TerminalServices-RDPClient/Operational"
	activeX    = "Microsoft-Windows-TerminalServices-ClientActiveXCore"
	gatewayLog = "Microsoft-Windows-TerminalServices-Gateway"
	rdpCoreLog = "Microsoft-Windows-RemoteDesktopServices-RdpCoreTS"
	winRMLog   = "Microsoft-Windows-WinRM"
	smbLog     = "Microsoft-Windows-SMBServer"
)

// from makes a record of any channel, some seconds after the start. Fields are
// name and value.
func from(channel, provider string, id uint32, at int, fields ...string) *events.Record {
	r := sec(uint64(id), id, at, fields...)
	r.Channel, r.Provider = channel, provider
	return r
}

// attemptOf is the only attempt that a record gives.
func attemptOf(t *testing.T, r *events.Record) *Attempt {
	t.Helper()
	b := New(nil)
	b.Add("", r, "0000000000000001")
	a := b.Analyse()
	if a.Attempts.Len() != 1 {
		t.Fatalf("%s %d gives %d attempts, want one", r.Channel, r.ID, a.Attempts.Len())
	}
	return a.Attempts.At(0)
}

// TestEachKindOfAttempt holds what each event becomes to what it says: who, from
// where, to which machine, with which end.
func TestEachKindOfAttempt(t *testing.T) {
	for _, c := range []struct {
		name                          string
		rec                           *events.Record
		kind                          string
		outcome                       Outcome
		account, source, address, dst string
	}{
		{"a password that the controller checked", sec(1, 4776, 0, "TargetUserName", "bob", "Workstation", `\\KALI`, "Status", "0x0", "PackageName", "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0"), "validation", Success, `?\bob`, "KALI", "", "DC1"},
		{"a password that was wrong", sec(1, 4776, 0, "TargetUserName", "bob", "Workstation", "KALI", "Status", "0xc000006a"), "validation", Failure, `?\bob`, "KALI", "", "DC1"},
		{"a session that was taken up again", sec(1, 4778, 0, "AccountName", "bob", "AccountDomain", "CORP", "ClientAddress", "10.0.0.9", "ClientName", "PC7", "LogonID", "0x5001"), "rdp", Success, `CORP\bob`, "10.0.0.9 (PC7)", "10.0.0.9", "DC1"},
		{"no right for Remote Desktop", sec(1, 4825, 0, "AccountName", "bob", "AccountDomain", "CORP", "ClientAddress", "10.0.0.9"), "rdp", Failure, `CORP\bob`, "10.0.0.9", "10.0.0.9", "DC1"},
		{"let in by the policy server", sec(1, 6272, 0, "SubjectUserName", "bob", "CallingStationID", "8.8.4.4"), "vpn", Success, `?\bob`, "8.8.4.4", "8.8.4.4", "DC1"},
		{"refused by the policy server", sec(1, 6273, 0, "SubjectUserName", "bob", "CallingStationID", "8.8.4.4", "ReasonCode", "16"), "vpn", Failure, `?\bob`, "8.8.4.4", "8.8.4.4", "DC1"},
		{"a connection before any name", from(rdpCoreLog+"/Operational", rdpCoreLog, 131, 0, "ConnType", "TCP", "ClientIP", "8.8.4.4:50000"), "rdp", Started, "(unknown)", "8.8.4.4", "8.8.4.4", "DC1"},
		{"wrong credentials", from(rdpCoreLog+"/Operational", rdpCoreLog, 140, 0, "IPString", "8.8.4.4"), "rdp", Failure, "(unknown)", "8.8.4.4", "8.8.4.4", "DC1"},
		{"through a gateway", from(gatewayLog+"/Operational", gatewayLog, 302, 0, "UserData/EventInfo/Username", `CORP\bob`, "UserData/EventInfo/IpAddress", "8.8.4.4", "UserData/EventInfo/Resource", "pc7.corp.local"), "rdp", Success, `CORP\bob`, "8.8.4.4", "8.8.4.4", "PC7"},
		{"not through a gateway", from(gatewayLog+"/Operational", gatewayLog, 304, 0, "UserData/EventInfo/Username", `CORP\bob`, "UserData/EventInfo/IpAddress", "8.8.4.4", "UserData/EventInfo/Resource", "pc7.corp.local", "UserData/EventInfo/ErrorCode", "23005"), "rdp", Failure, `CORP\bob`, "8.8.4.4", "8.8.4.4", "PC7"},
		{"let in by SQL Server", from("Application", "MSSQL$PROD", 18454, 0, "", "sa", "", " [CLIENT: 10.0.0.5]"), "sql", Success, `?\sa`, "10.0.0.5", "10.0.0.5", "DC1"},
		{"refused by SQL Server", from("Application", "MSSQLSERVER", 18456, 0, "", "sa", "", "Reason: x", "", " [CLIENT: 10.0.0.5]"), "sql", Failure, `?\sa`, "10.0.0.5", "10.0.0.5", "DC1"},
		{"authenticated over WinRM", from(winRMLog+"/Operational", winRMLog, 169, 0, "username", `CORP\bob`, "authenticationMechanism", "Kerberos"), "winrm", Success, `CORP\bob`, "", "", "DC1"},
		{"a ticket that was asked for without proof, as each first step is", sec(1, 4768, 0, "TargetUserName", "bob", "TargetDomainName", "CORP", "Status", "0x19", "IpAddress", "::ffff:10.0.0.9"), "ticket", Started, `CORP\bob`, "10.0.0.9", "10.0.0.9", "DC1"},
		{"a ticket", sec(1, 4769, 0, "TargetUserName", "bob@CORP.LOCAL", "ServiceName", "krbtgt", "Status", "0x0", "IpAddress", "::ffff:10.0.0.9", "TicketEncryptionType", "0x12"), "ticket", Success, `CORP\bob`, "10.0.0.9", "10.0.0.9", "DC1"},
		{"a wrong password for a ticket", sec(1, 4771, 0, "TargetUserName", "bob", "Status", "0x18", "IpAddress", "::ffff:10.0.0.9"), "ticket", Failure, `?\bob`, "10.0.0.9", "10.0.0.9", "DC1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := attemptOf(t, c.rec)
			if a.Kind != c.kind || a.Outcome != c.outcome {
				t.Errorf("it is a %s that ended in %s, want a %s in %s", a.Kind, a.Outcome, c.kind, c.outcome)
			}
			if !strings.EqualFold(a.Account.Name, c.account) || a.Address != c.address || a.Host.Label != "DC1" || a.Dest.Label != c.dst {
				t.Errorf("%q from %q, recorded by %s, to %s", a.Account.Name, a.Address, a.Host.Label, a.Dest.Label)
			}
			if c.source != "" && a.Source.Label != c.source {
				t.Errorf("the source is %q, want %q", a.Source.Label, c.source)
			}
		})
	}
}

// TestRightPasswords: some failures show that the password was right.
func TestRightPasswords(t *testing.T) {
	fail := func(status string) *Attempt {
		return attemptOf(t, sec(1, 4625, 0, "TargetUserName", "bob", "LogonType", "3", "Status", "0xc000006d", "SubStatus", status))
	}
	for status, want := range map[string]bool{
		"0xC000015B": true, // not this kind of log-on
		"0xC0000071": true, // expired
		"0xC000006F": true, // not at this hour
		"0xC0000224": true, // must be changed
		"0xC000006A": false,
		"0xC0000064": false, // no such account
		"0xC0000234": false, // locked: nothing was compared
	} {
		if a := fail(status); a.Proved() != want {
			t.Errorf("%s proves the password: %v, want %v", status, a.Proved(), want)
		}
	}
	if a := attemptOf(t, sec(1, 4825, 0, "AccountName", "bob", "ClientAddress", "10.0.0.9")); !a.Proved() {
		t.Error("no right for Remote Desktop proves the password")
	}
	// Without SubStatus the status counts.
	if a := fail("0x0"); a.Status != 0xC000006D {
		t.Errorf("the status is %#x", a.Status)
	}
}

// TestOutgoingRemoteDesktop: 1024 and 1102 lead away from the machine.
func TestOutgoingRemoteDesktop(t *testing.T) {
	r := from(rdpClient, activeX, 1024, 0, "Name", "Server Name", "Value", "pc7.corp.local")
	r.UserSID = bob
	a := attemptOf(t, r)
	if a.Kind != "rdp" || a.Outcome != Started || a.Dest.Label != "PC7" || a.Source.Label != "DC1" || a.Account.SID != bob {
		t.Errorf("%s of %+v from %s to %s", a.Kind, a.Account, a.Source.Label, a.Dest.Label)
	}
	if a.Local() {
		t.Error("it counts as local")
	}
}

// TestRecordsThatSayNothing: a number alone makes no attempt.
func TestRecordsThatSayNothing(t *testing.T) {
	for name, r := range map[string]*events.Record{
		"SQL of another program":    from("Application", "Other", 18456, 0, "", "sa", "", "x", "", " [CLIENT: 10.0.0.5]"),
		"7001 of another provider":  from("System", "Service Control Manager", 7001, 0, "param1", "x"),
		"a connection from nowhere": from(rdpCoreLog+"/Operational", rdpCoreLog, 131, 0, "ConnType", "TCP"),
		"a destination left out":    from(rdpClient, activeX, 1024, 0, "Name", "Server Name"),
		"another log":               from("Setup", "Microsoft-Windows-Security-Auditing", 4624, 0, "TargetUserName", "bob", "LogonType", "3"),
	} {
		b := New(nil)
		b.Add("", r, "0000000000000001")
		if a := b.Analyse(); a.Attempts.Len()+a.Sessions.Len() != 0 {
			t.Errorf("%s gives %d attempts and %d sessions", name, a.Attempts.Len(), a.Sessions.Len())
		}
	}
}

// TestSecureShell: the server's text is taken apart, whatever name a stranger
// gives himself.
func TestSecureShell(t *testing.T) {
	line := func(s string) *events.Record {
		return from("OpenSSH/Operational", "OpenSSH", 4, 0, "process", "sshd", "payload", s)
	}
	for _, c := range []struct {
		text, account, address string
		outcome                Outcome
	}{
		{"Accepted password for bob from 10.0.0.5 port 50022 ssh2", `?\bob`, "10.0.0.5", Success},
		{"Accepted publickey for corp\\bob from 10.0.0.5 port 50022 ssh2: RSA SHA256:abc", `corp\bob`, "10.0.0.5", Success},
		{"Failed password for bob from 10.0.0.5 port 50022 ssh2", `?\bob`, "10.0.0.5", Failure},
		{"Failed password for invalid user eve from fe80::1 port 50022 ssh2", `?\eve`, "fe80::1", Failure},
		{"Failed password for invalid user for from 10.0.0.5 port 50022 ssh2", `?\for`, "10.0.0.5", Failure},
		{"Failed password for invalid user from from 10.0.0.5 port 50022 ssh2", `?\from`, "10.0.0.5", Failure},
		{"Failed password for invalid user x from 192.0.2.1 from 10.0.0.5 port 50022 ssh2", `?\x from 192.0.2.1`, "10.0.0.5", Failure},
	} {
		a := attemptOf(t, line(c.text))
		if a.Kind != "ssh" || a.Outcome != c.outcome || a.Account.Name != c.account || a.Address != c.address {
			t.Errorf("%q is %s of %q from %q, want %s of %q from %q", c.text, a.Outcome, a.Account.Name, a.Address, c.outcome, c.account, c.address)
		}
	}
	for _, text := range []string{"Server listening on 0.0.0.0 port 22.", "Connection closed by authenticating user bob 10.0.0.5 port 50022", "Accepted"} {
		b := New(nil)
		b.Add("", line(text), "0000000000000001")
		if n := b.Analyse().Attempts.Len(); n != 0 {
			t.Errorf("%q gives %d attempts", text, n)
		}
	}
}

// wrongAndRight is a small analysis: ten wrong passwords of eve by NTLM, a success of
// bob by Kerberos from the network, and one from the Internet by Remote Desktop.
func wrongAndRight() *Analysis {
	b := New(nil)
	n := 0
	add := func(r *events.Record) { n++; r.Number = uint64(n); b.Add("", r, fmt.Sprintf("%016x", n)) }
	for i := range 10 {
		add(sec(0, 4625, i, "TargetUserName", "eve", "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", "10.0.0.9", "SubStatus", "0xc000006a", "AuthenticationPackageName", "NTLM"))
	}
	add(sec(0, 4624, 100, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x5001", "LogonType", "3", "IpAddress", "10.0.0.8", "AuthenticationPackageName", "Kerberos"))
	add(sec(0, 4624, 200, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x6001", "LogonType", "10", "IpAddress", "8.8.4.4", "AuthenticationPackageName", "Negotiate"))
	add(sec(0, 4672, 200, "SubjectUserSid", bob, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "SubjectLogonId", "0x6001"))
	add(sec(0, 4624, 300, "TargetUserSid", "S-1-5-21-1-2-3-1200", "TargetUserName", "PC7$", "TargetDomainName", "CORP", "TargetLogonId", "0x7001", "LogonType", "3", "IpAddress", "10.0.0.7", "AuthenticationPackageName", "Kerberos"))
	return b.Analyse()
}

// TestFiltersOneByOne: each field chooses by what it says, in edges, attempts and
// sessions alike.
func TestFiltersOneByOne(t *testing.T) {
	a := wrongAndRight()
	names := func(f *Filter) (edges, attempts, sessions []string) {
		for _, e := range a.Edges {
			if f.edge(e) {
				edges = append(edges, fmt.Sprintf("%s/%d", e.Account.Name, e.Type))
			}
		}
		for _, x := range a.Attempts.All() {
			if f.attempt(x) {
				attempts = include(attempts, fmt.Sprintf("%s/%d", x.Account.Name, x.Type))
			}
		}
		for _, s := range a.Sessions.All() {
			if f.session(s) {
				sessions = append(sessions, fmt.Sprintf("%s/%d", s.Account.Name, s.Type))
			}
		}
		slices.Sort(edges)
		slices.Sort(sessions)
		return
	}
	eve, net, remote, machine := `CORP\eve/3`, `CORP\bob/3`, `CORP\bob/10`, `CORP\PC7$/3`
	for _, c := range []struct {
		name            string
		f               Filter
		edges, sessions []string
		notAttempts     bool
	}{
		{"all", Filter{}, []string{eve, net, remote, machine}, []string{net, remote, machine}, false},
		{"a name", Filter{Accounts: []string{"BOB"}}, []string{net, remote}, []string{net, remote}, false},
		{"a pattern with a domain", Filter{Accounts: []string{`corp\e*`}}, []string{eve}, nil, false},
		{"a SID", Filter{Accounts: []string{bob}}, []string{net, remote}, []string{net, remote}, false},
		{"two names", Filter{Accounts: []string{"eve", "bob"}}, []string{eve, net, remote}, []string{net, remote}, false},
		{"a source", Filter{Sources: []string{"10.0.0.?"}}, []string{eve, net, machine}, []string{net, machine}, false},
		{"a target", Filter{Targets: []string{"dc1"}}, []string{eve, net, remote, machine}, []string{net, remote, machine}, false},
		{"another target", Filter{Targets: []string{"dc2"}}, nil, nil, false},
		{"a type", Filter{Types: []int{10}}, []string{remote}, []string{remote}, false},
		{"failures", Filter{Failures: true}, []string{eve}, nil, false},
		{"a status", Filter{Status: []uint64{0xC000006A}}, []string{eve}, nil, false},
		{"another status", Filter{Status: []uint64{0xC0000064}}, nil, nil, false},
		{"administrator rights", Filter{Privileged: true}, []string{remote}, []string{remote}, false},
		{"from the Internet", Filter{External: true}, []string{remote}, []string{remote}, false},
		{"ten and more", Filter{MinCount: 10}, []string{eve}, []string{net, remote, machine}, true}, // of edges only
		{"until", Filter{To: t0.Add(50 * time.Second)}, []string{eve}, nil, false},
		{"since", Filter{From: t0.Add(150 * time.Second)}, []string{remote, machine}, []string{net, remote, machine}, false}, // the session of bob may still be open
		{"the view of Remote Desktop", Filter{Views: []string{"rdp"}}, []string{remote}, []string{remote}, false},
		{"the view of the network", Filter{Views: []string{"network"}}, []string{eve, net, machine}, []string{net, machine}, false},
		{"the view of failures", Filter{Views: []string{"failures"}}, []string{eve}, nil, false},
		{"two views", Filter{Views: []string{"rdp", "failures"}}, []string{eve, remote}, []string{remote}, false},
		{"NTLM", Filter{Views: []string{"ntlm"}}, []string{eve}, nil, false},
		{"all of a name and a type", Filter{Accounts: []string{"bob"}, Types: []int{3}}, []string{net}, []string{net}, false},
	} {
		edges, attempts, sessions := names(&c.f)
		slices.Sort(c.edges)
		slices.Sort(c.sessions)
		if !slices.Equal(edges, c.edges) || !slices.Equal(sessions, c.sessions) {
			t.Errorf("%s: edges %q, sessions %q, want %q and %q", c.name, edges, sessions, c.edges, c.sessions)
		}
		if !c.notAttempts && !slices.Equal(attempts, c.edges) {
			t.Errorf("%s: attempts %q, want %q", c.name, attempts, c.edges)
		}
		if c.f.chooses() == (c.name == "all") {
			t.Errorf("%s: it leaves out edges: %v", c.name, c.f.chooses())
		}
	}
	// In pictures machines are left out, unless they are asked for.
	drawn := func(f *Filter) (n int) {
		for _, e := range a.Edges {
			if f.drawn(e) {
				n++
			}
		}
		return n
	}
	if drawn(nil) != 3 || drawn(&Filter{Machines: true}) != 4 {
		t.Errorf("%d edges are drawn, with those of machines %d", drawn(nil), drawn(&Filter{Machines: true}))
	}
	if f := (*Filter)(nil); f.chooses2() || !f.Account(a.Accounts[0]) {
		t.Error("no filter leaves out accounts")
	}
}

// chooses2 is chooses for no filter at all.
func (f *Filter) chooses2() bool { return f != nil && f.chooses() }

// TestTwoPeriods: new ways come first, then those that are gone, then those with
// other counts; what is the same is left out, and so is the end of a period.
func TestTwoPeriods(t *testing.T) {
	b := New(nil)
	n := 0
	add := func(user string, at int) {
		n++
		b.Add("", sec(uint64(n), 4625, at, "TargetUserName", user, "LogonType", "3", "IpAddress", "10.0.0.9", "SubStatus", "0xc000006a"), fmt.Sprintf("%016x", n))
	}
	add("same", 10)
	add("same", 110)
	add("gone", 20)
	add("new", 120)
	add("more", 30)
	add("more", 130)
	add("more", 140)
	add("edge", 200) // the end of the second period does not belong to it
	p := Period{t0, t0.Add(100 * time.Second)}
	q := Period{t0.Add(100 * time.Second), t0.Add(200 * time.Second)}
	var got []string
	for _, d := range b.Analyse().Diff(p, q) {
		got = append(got, fmt.Sprintf("%s %d %d", d.Edge.Account.Name, d.A, d.B))
	}
	if want := []string{`?\new 0 1`, `?\gone 1 0`, `?\more 1 2`}; !slices.Equal(got, want) {
		t.Errorf("the differences are %q, want %q", got, want)
	}
}

// TestMarkedAccounts: a mark is found by name or SID in any case, once, and by no
// part of a name.
func TestMarkedAccounts(t *testing.T) {
	a := wrongAndRight()
	m := Mark{"DCSync", t0}
	a.MarkAccount(`corp\BOB`, m)
	a.MarkAccount(bob, m)
	a.MarkAccount("bo", Mark{"DCShadow", t0})
	i := slices.IndexFunc(a.Accounts, func(x *Account) bool { return x.SID == bob })
	if got := a.Accounts[i].Marks; !slices.Equal(got, []Mark{m}) {
		t.Errorf("the marks are %v", got)
	}
	for _, x := range a.Accounts {
		if x.SID != bob && len(x.Marks) != 0 {
			t.Errorf("%s has the marks %v", x.Name, x.Marks)
		}
	}
}
