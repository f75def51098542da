package logons

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

// on puts a record of the Security log on a machine.
func on(host string, r *events.Record) *events.Record {
	r.Computer = host + ".corp.local"
	return r
}

// chained is an intruder on PC1 who goes to SRV2 as admin, and from there to DC1 as
// boss. Each function adds what one machine recorded.
func chained() (pc1, srv2, dc1 func(*Builder)) {
	const admin, boss = "S-1-5-21-1-2-3-1500", "S-1-5-21-1-2-3-1600"
	add := func(b *Builder, r *events.Record) { b.Add("", r, fmt.Sprintf("%s-%d", r.Computer, r.Number)) }
	explicit := func(n uint64, at int, from, sid, logon, target, server string) *events.Record {
		return sec(n, 4648, at, "SubjectUserSid", sid, "SubjectUserName", from, "SubjectDomainName", "CORP", "SubjectLogonId", logon,
			"TargetUserName", target, "TargetDomainName", "CORP", "TargetServerName", server)
	}
	logon := func(n uint64, at int, sid, name, id, address, station string) *events.Record {
		return sec(n, 4624, at, "TargetUserSid", sid, "TargetUserName", name, "TargetDomainName", "CORP", "TargetLogonId", id, "LogonType", "3",
			"IpAddress", address, "WorkstationName", station, "AuthenticationPackageName", "NTLM", "KeyLength", "128")
	}
	pc1 = func(b *Builder) {
		add(b, on("PC1", sec(1, 4624, -600, "TargetUserSid", bob, "TargetUserName", "bob", "TargetDomainName", "CORP", "TargetLogonId", "0x111", "LogonType", "2")))
		add(b, on("PC1", explicit(2, 0, "bob", bob, "0x111", "admin", "SRV2.corp.local")))
	}
	srv2 = func(b *Builder) {
		add(b, on("SRV2", logon(5, -3000, admin, "admin", "0x200", "10.0.0.1", "PC1"))) // joins name and address
		add(b, on("SRV2", logon(6, 5, admin, "admin", "0x222", "10.0.0.1", "-")))
		add(b, on("SRV2", explicit(7, 1800, "admin", admin, "0x222", "boss", "dc1")))
	}
	dc1 = func(b *Builder) {
		add(b, on("DC1", logon(3, 100, boss, "boss", "0x300", "10.0.0.2", "SRV2")))
		add(b, on("DC1", logon(4, 1803, boss, "boss", "0x333", "10.0.0.2", "-")))
		add(b, on("DC1", logon(5, 9000, boss, "boss", "0x334", "10.0.0.2", "SRV2")))
	}
	return pc1, srv2, dc1
}

func trails(t *testing.T, together bool, machines ...func(*Builder)) []*Trail {
	t.Helper()
	var out []*Trail
	b := New(nil)
	for _, m := range machines {
		m(b)
		if together {
			continue
		}
		out = append(out, b.Analyse().Trail())
		b = New(nil)
	}
	if together {
		out = append(out, b.Analyse().Trail())
	}
	for i := range out { // as a file holds them
		text, err := json.Marshal(out[i])
		if err != nil {
			t.Fatal(err)
		}
		out[i] = new(Trail)
		if err := json.Unmarshal(text, out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestChains(t *testing.T) {
	pc1, srv2, dc1 := chained()
	for name, c := range map[string]struct {
		machines   []func(*Builder)
		together   bool
		confidence string
	}{
		"one analysis":            {[]func(*Builder){pc1, srv2, dc1}, true, "high"},
		"an analysis each":        {[]func(*Builder){dc1, srv2, pc1}, false, "high"},
		"without the destination": {[]func(*Builder){pc1, srv2}, false, "medium"},
		"without the origin":      {[]func(*Builder){srv2, dc1}, false, "medium"},
		"the middle alone":        {[]func(*Builder){srv2}, false, "medium"},
	} {
		list := Chains(trails(t, c.together, c.machines...)...)
		if len(list) != 1 {
			t.Errorf("%s: %d chains: %+v", name, len(list), list)
			continue
		}
		if got := strings.Join(list[0].Machines(), " → "); got != "PC1 → SRV2 → DC1" || list[0].Confidence() != c.confidence {
			t.Errorf("%s: %s, confidence %s, want %s", name, got, list[0].Confidence(), c.confidence)
		}
		if a := list[0].Hops[1].Account; a != `CORP\boss` || list[0].Hops[1].Actor != `CORP\admin` {
			t.Errorf("%s: the second hop is by %s as %s", name, list[0].Hops[1].Actor, a)
		}
	}
}

// TestNoChains changes one thing each, after which the records are no chain.
func TestNoChains(t *testing.T) {
	pc1, srv2, dc1 := chained()
	for name, c := range map[string]struct {
		machines []func(*Builder)
		hops     int
	}{
		"one hop":         {[]func(*Builder){pc1}, 0},
		"arrivals alone":  {[]func(*Builder){dc1}, 0},
		"nothing between": {[]func(*Builder){pc1, dc1}, 0},
	} {
		if list := Chains(trails(t, false, c.machines...)...); len(list) != c.hops {
			t.Errorf("%s: %+v", name, list)
		}
	}
	// The destination's log covers the time and has no such log-on: it failed.
	quiet := func(b *Builder) {
		b.Add("", on("DC1", sec(1, 4624, -9000, "TargetUserSid", bob, "TargetUserName", "bob", "LogonType", "2")), "")
		b.Add("", on("DC1", sec(9, 4624, 9000, "TargetUserSid", bob, "TargetUserName", "bob", "LogonType", "2")), "")
	}
	if list := Chains(trails(t, false, pc1, srv2, quiet)...); len(list) != 0 {
		t.Errorf("a hop that failed: %+v", list)
	}
	// The session is older than a day when it goes on.
	late := trails(t, false, pc1, srv2, dc1)
	for i := range late[1].Moves {
		late[1].Moves[i].Came.Time = late[1].Moves[i].Time.Add(-25 * time.Hour)
	}
	if list := Chains(late...); len(list) != 0 {
		t.Errorf("a day and an hour between two hops: %+v", list)
	}
}

// TestChainLoops goes round in a circle, and through more machines than a chain has.
func TestChainLoops(t *testing.T) {
	tr := &Trail{}
	for i := range 5000 {
		from, to := fmt.Sprintf("M%d", i%50), fmt.Sprintf("M%d", (i+1)%50)
		at := t0.Add(time.Duration(i) * time.Second)
		tr.Moves = append(tr.Moves, Move{Time: at, From: from, To: to, Account: `CORP\x`, Actor: `CORP\x`,
			Came: &Arrival{Time: at, Host: from, Account: `CORP\x`, Sources: []string{fmt.Sprintf("M%d", (i+49)%50)}}})
	}
	for _, c := range Chains(tr) {
		if len(c.Hops) > maxHops+1 {
			t.Errorf("%d hops", len(c.Hops))
		}
	}
}

// TestChainsOfOneMinute joins records that were made to be compared with each other:
// all of one account on two machines, within a minute.
func TestChainsOfOneMinute(t *testing.T) {
	testcost.Again(t)
	const n = 30_000
	at := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	trail := &Trail{Machines: []TrailMachine{{Key: "a", First: at, Last: at}}}
	for i := range uint64(n) {
		came := Arrival{Time: at, Host: "a", Account: `X\u`, Sources: []string{fmt.Sprint("s", i)}, Step: Step{Number: i}}
		trail.Arrivals = append(trail.Arrivals, came)
		trail.Moves = append(trail.Moves, Move{Time: at, From: "a", To: "a", Account: `Y\u`, Came: &came, Step: Step{Number: n + i}})
	}
	begin := testcost.CPU()
	if c := Chains(trail); len(c) > maxChains {
		t.Errorf("%d chains", len(c))
	}
	if d := testcost.CPU() - begin; d > 10*time.Second {
		t.Errorf("%v of processor time", d)
	}
}
