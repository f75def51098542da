package logons

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// busy feeds a builder with the records of some machines in no order: log-ons with
// their halves and ends, failures, starts, Remote Desktop, notices, boots and changes.
// An id of a log-on comes again after a boot.
func busy(opts *Options, n int) *Builder {
	rnd := rand.New(rand.NewPCG(7, 11))
	var records []*events.Record
	number := uint64(0)
	add := func(r *events.Record) {
		number++
		r.Number, r.Computer = number, fmt.Sprintf("PC%d.corp.local", 1+rnd.IntN(3))
		records = append(records, r)
	}
	for i := range n {
		at, user := i*7+rnd.IntN(5), rnd.IntN(20)
		sid, name, id := fmt.Sprintf("S-1-5-21-1-2-3-%d", 1100+user), fmt.Sprintf("user%02d", user), fmt.Sprintf("0x%x", 0x1000+i%(n/3)*16)
		from := fmt.Sprintf("10.0.0.%d", rnd.IntN(40))
		if user == 3 {
			from = "8.8.4.4"
		}
		other := ""
		if user%4 == 0 {
			other = fmt.Sprintf("0x%x", 0x1001+i%(n/3)*16)
			add(sec(0, 4624, at, "TargetUserSid", sid, "TargetUserName", name, "TargetDomainName", "CORP", "TargetLogonId", other,
				"TargetLinkedLogonId", id, "LogonType", "2"))
		}
		add(sec(0, 4624, at, "TargetUserSid", sid, "TargetUserName", name, "TargetDomainName", "CORP", "TargetLogonId", id,
			"TargetLinkedLogonId", other, "LogonType", []string{"3", "10", "2"}[user%3], "IpAddress", from, "WorkstationName", "WS"+from[5:]))
		add(sec(0, 4672, at, "SubjectUserSid", sid, "SubjectUserName", name, "SubjectLogonId", id))
		add(sec(0, 4688, at+1, "SubjectUserSid", sid, "SubjectUserName", name, "SubjectLogonId", id))
		add(sec(0, 4648, at+2, "SubjectUserSid", sid, "SubjectUserName", name, "SubjectDomainName", "CORP", "SubjectLogonId", id,
			"TargetUserName", "admin", "TargetDomainName", "CORP", "TargetServerName", fmt.Sprintf("PC%d", 1+rnd.IntN(3))))
		switch i % 5 {
		case 0:
			add(sec(0, 4625, at+3, "TargetUserName", name, "TargetDomainName", "CORP", "LogonType", "3", "IpAddress", from, "SubStatus", "0xc000006a"))
		case 1:
			add(lsmEvent(0, 21, at+1, `CORP\`+name, fmt.Sprint(i%9), from))
			add(lsmEvent(0, 24, at+40, `CORP\`+name, fmt.Sprint(i%9), from))
		case 2:
			add(sec(0, 4634, at+rnd.IntN(90), "TargetUserSid", sid, "TargetUserName", name, "TargetLogonId", id))
		case 3:
			add(sec(0, 4800, at+4, "TargetUserSid", sid, "TargetUserName", name, "TargetLogonId", id))
			add(sec(0, 4647, at+5, "TargetUserSid", sid, "TargetUserName", name, "TargetLogonId", id))
		case 4:
			add(&events.Record{ID: 7001 + uint32(i/5%2), Channel: "System", Provider: "Microsoft-Windows-Winlogon",
				Time: t0.Add(time.Duration(at-9*n) * time.Second), Data: []events.Field{{Name: "TSId", Value: "1"}, {Name: "UserSid", Value: sid}}})
		}
		if i%97 == 0 {
			add(sec(0, 4608, at+3))
		}
		if i%50 == 0 {
			add(sec(0, 4728, at, "TargetUserName", "Admins", "TargetSid", "S-1-5-21-1-2-3-512", "MemberSid", sid))
		}
	}
	rnd.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	b := New(opts)
	for _, r := range records {
		id := fmt.Sprintf("%016x", r.Number*0x9e3779b97f4a7c15)
		if r.Number%10 == 0 {
			id = fmt.Sprint("export.json#", r.Number)
		}
		b.Add("", r, id)
	}
	return b
}

// told is all that an analysis says.
func told(t *testing.T, a *Analysis, n int) []byte {
	t.Helper()
	var w bytes.Buffer
	// What findings say, as scan notes it.
	for i, x := range a.Attempts.All() {
		if i%31 == 0 {
			x.Judge([]string{"E-10"}, "high")
			if s := x.Session(); s != nil {
				s.AddFindings([]string{"E-10"})
			}
		}
	}
	a.Rank(nil)
	for _, x := range a.Attempts.All() {
		session := ""
		if s := x.Session(); s != nil {
			session = s.ID()
		}
		fmt.Fprintln(&w, x.Time, x.Host.ID, x.Account.ID, x.Actor != nil, x.Source.ID, x.Dest.ID, x.Address, x.Name, x.Outcome, x.Kind, x.Type, x.Status,
			x.LogonID, x.Linked, x.EventID, x.Ref, x.Findings, x.Level, session)
	}
	var ids []string
	for i, s := range a.Sessions.All() {
		fmt.Fprintln(&w, s.ID(), s.Host.ID, s.Account.ID, s.Source.ID, s.Kind, s.Type, s.Begin, s.End, s.EndKind, s.Privileged, s.LogonID, s.Linked,
			s.SessionID, s.Reconnects, s.Locks, s.Processes, s.Changes, s.BeginRef, s.EndRef, s.Findings)
		if i%37 == 0 {
			ids = append(ids, s.ID())
		}
	}
	for _, s := range a.SessionsNamed(ids) {
		fmt.Fprintln(&w, s.ID(), s.BeginRef)
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		host, id := fmt.Sprintf("PC%d", 1+rnd.IntN(3)), uint64(0x1000+rnd.IntN(n/3)*16)
		at := t0.Add(time.Duration(rnd.IntN(7*n)) * time.Second)
		fmt.Fprintln(&w, a.SessionIDAt(host, id, at, ""), a.SessionOf(host, id, at) == nil)
	}
	open := a.OpenSessions(func(s *Session) bool { return s.Type != 3 })
	for range 20 {
		at := t0.Add(time.Duration(rnd.IntN(7*n))*time.Second + time.Duration(rnd.IntN(2))*time.Millisecond)
		var found, want []string
		for s := range open.At(at) {
			found = append(found, s.ID())
		}
		for _, s := range a.Sessions.All() {
			if s.Type != 3 && !s.Begin.After(at) && (s.End.IsZero() || !at.After(s.End)) {
				want = append(want, s.ID())
			}
		}
		if !slices.Equal(found, want) {
			t.Errorf("%d sessions were open at %v, want %d", len(found), at, len(want))
		}
	}
	open.Close()
	for _, v := range []any{a.Accounts, a.Hosts, a.Groups, a.Policies, a.Events, a.Joins, a.Spans, a.Ranking(), a.Trail()} {
		if err := json.NewEncoder(&w).Encode(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range Formats() {
		if f.Write == nil {
			continue
		}
		views := []string{""}
		if f.Name == "csv" || f.Name == "text" {
			views = TableViews
		}
		for _, view := range views {
			fmt.Fprintln(&w, f.Name, view, f.Write(&w, a, view, nil))
		}
	}
	any := func(*Host) bool { return true }
	for _, p := range a.Paths(any, any, time.Hour) {
		for _, h := range p {
			fmt.Fprintln(&w, h.At, h.Edge, h.Edge.FirstRef)
		}
	}
	return w.Bytes()
}

// TestSpilled: what an analysis says does not depend on how much of it is in memory.
func TestSpilled(t *testing.T) {
	for memory, n := range map[int]int{1: 60, 40_000: 400} {
		whole := busy(nil, n).Analyse()
		if whole.scratch.spilled() {
			t.Error("a small analysis made a file")
		}
		want := told(t, whole, n)
		dir := t.TempDir()
		a := busy(&Options{Dir: dir, memory: memory}, n).Analyse()
		if !a.scratch.spilled() {
			t.Fatal("no file")
		}
		got := told(t, a, n)
		if err := a.Err(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			x, y := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
			for i := range x {
				if i >= len(y) || !bytes.Equal(x[i], y[i]) {
					t.Fatalf("%d bytes of memory, line %d:\n%s\nwant\n%s", memory, i+1, x[i], y[min(i, len(y)-1)])
				}
			}
			t.Fatalf("%d bytes of memory: %d lines, want %d", memory, len(x), len(y))
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
	}
}

// TestSpilledErrors: a file that fails while records are read, in the analysis or after
// it, is an error, and nothing that was read from it is shown.
func TestSpilledErrors(t *testing.T) {
	const n = 400
	opts := &Options{Dir: t.TempDir(), memory: 10_000}
	change := func(s *scratch) {
		for at := int64(0); at < s.end; at += 1000 {
			if _, err := s.file.WriteAt([]byte{1, 2, 3, 4, 5}, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	use := func(name string, a *Analysis, want error) {
		t.Helper()
		for _, x := range a.Attempts.All() {
			_ = x.Account.Name + x.Source.Label
		}
		if k := a.Attempts.Len(); k > 0 {
			if x := a.Attempts.At(k - 1); x.Host != lostHost || x.Account.Name == "" {
				t.Errorf("%s: %+v", name, x)
			}
			a.Attempts.At(0).Session()
		}
		if k := a.Sessions.Len(); k > 0 {
			if x := a.Sessions.At(k - 1); x.Host != lostHost || x.Source.Label == "" {
				t.Errorf("%s: %+v", name, x)
			}
		}
		if id := a.SessionIDAt("PC1", 0x1000, t0, ""); id != "" {
			t.Errorf("%s: session %s", name, id)
		}
		for _, f := range Formats() {
			if f.Write != nil {
				f.Write(io.Discard, a, "sessions", nil)
			}
		}
		a.Trail()
		a.Rank(nil)
		if err := a.Err(); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		if err := a.Close(); !errors.Is(err, want) {
			t.Errorf("%s: %v from Close, want %v", name, err, want)
		}
	}
	b := busy(opts, n)
	change(b.scratch)
	use("changed before the analysis", b.Analyse(), errSpill)

	a := busy(opts, n).Analyse()
	change(a.scratch)
	use("changed after the analysis", a, errSpill)

	a = busy(opts, n).Analyse()
	if err := a.scratch.file.Truncate(0); err != nil {
		t.Fatal(err)
	}
	use("shortened", a, errSpill)

	use("no folder", busy(&Options{Dir: t.TempDir() + "/none", memory: 10_000}, n).Analyse(), os.ErrNotExist)

	b = busy(opts, n)
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(opts.Dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
