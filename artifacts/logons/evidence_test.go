package logons

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// builders reads the records of a truth table into a builder for each group of
// files that the function names; "" leaves a file out. It shows the function each row.
func builders(t testing.TB, group func(file string, row *testtree.EventRow) string) map[string]*Builder {
	t.Helper()
	out := map[string]*Builder{}
	for file, row := range testtree.EventRows(t, testtree.Evidence(t, "evtx", "truth.jsonl.gz")) {
		g := group(file, row)
		if g == "" {
			continue
		}
		n, _ := strconv.ParseUint(row.EID, 10, 32)
		r := &events.Record{
			Number: row.ID, ID: uint32(n), Channel: row.Chan, Provider: row.Prov, Computer: row.Comp, UserSID: row.SID, Time: wire.Time(uint64(row.Made)),
		}
		for _, d := range row.Data {
			r.Data = append(r.Data, events.Field{Name: d[0], Value: d[1]})
		}
		if out[g] == nil {
			out[g] = New(nil)
		}
		out[g].Add("", r, "")
	}
	return out
}

// TestMachines analyses the logs of two whole machines: no log-on is lost, every session
// has an end or is the last of its log, and a clean machine has no ranking.
func TestMachines(t *testing.T) {
	want := map[string]map[string]map[uint64]bool{} // numbers of records, by machine and event
	bs := builders(t, func(file string, row *testtree.EventRow) string {
		name, _, _ := strings.Cut(file, "/")
		if !strings.HasPrefix(name, "museum-") {
			return ""
		}
		if row.Chan != "Security" || row.EID != "4624" && row.EID != "4625" && row.EID != "4648" && row.EID != "4776" {
			return name
		}
		if want[name] == nil {
			want[name] = map[string]map[uint64]bool{}
		}
		if want[name][row.EID] == nil {
			want[name][row.EID] = map[uint64]bool{}
		}
		want[name][row.EID][row.ID] = true
		return name
	})
	for name, b := range bs {
		a := b.Analyse()
		got := map[string]int{}
		for _, x := range a.Attempts.All() {
			if x.Ref.Channel == "Security" {
				got[strconv.Itoa(int(x.EventID))]++
			}
		}
		for id, numbers := range want[name] {
			if got[id] != len(numbers) {
				t.Errorf("%s: %d attempts of event %s, the log has %d", name, got[id], id, len(numbers))
			}
		}
		if r := a.Ranking(); len(r) > 0 {
			t.Errorf("%s: %+v is ranked although no record is odd", name, r[0])
		}
		ends := map[string]int{}
		priv := 0
		for _, s := range a.Sessions.All() {
			ends[s.EndKind]++
			if s.Privileged {
				priv++
			}
		}
		t.Logf("%s: %d attempts, %d sessions %v, %d privileged, %d accounts, %d hosts, %d edges, %d changes", name, a.Attempts.Len(), a.Sessions.Len(), ends, priv, len(a.Accounts), len(a.Hosts), len(a.Edges), len(a.Changes()))
		for i, r := range a.Ranking() {
			if i < 8 {
				t.Logf("  %.1f %.4f %s %v", r.Lift, r.Rank, r.Label, r.Parts)
			}
		}
		for _, c := range a.Changes() {
			t.Logf("  change %s %s %d for %.1f: %.1f", c.Label, c.Hour, c.Count, c.Expected, c.Score)
		}
	}
	if len(bs) != 2 {
		t.Errorf("%d machines", len(bs))
	}
}

// guessed says what leads the ranking of some samples, and what it rests on.
var guessed = map[string][2]string{
	"smb-password-guessing-security.evtx":                                   {`?\Administrator`, "3559 failures"},
	"ID4771-Kerberos brutforce with valid user.evtx":                        {"10.23.123.11", "54 failures"},
	"ID4624-Mimikatz Pass the hash.evtx":                                    {`OFFSEC\admmig`, "log-on without a session key, with new credentials or with clear text"},
	"T1563.002_RDP-Hijacking_Security.evtx":                                 {"192.168.56.1 (DESKTOP-RKEBDDR)", "Remote Desktop"},
	"ID4624,4688,5140,5145-Eternal Romance - MS17_010_psexec (GLOBAL).evtx": {"10.23.123.11 (0KONUY9Q8HTKWEKS)", "log-on without a session key, with new credentials or with clear text"},
}

// TestGuessing finds the guesser of shared samples.
func TestGuessing(t *testing.T) {
	bs := builders(t, func(file string, _ *testtree.EventRow) string { return file })
	found := 0
	for file, b := range bs {
		a := b.Analyse()
		if r := a.Ranking(); len(r) > 0 && !strings.HasPrefix(file, "museum") {
			t.Logf("%s: %d attempts; %.1f %s %v", file, a.Attempts.Len(), r[0].Lift, r[0].Label, r[0].Parts)
			if w, ok := guessed[path.Base(file)]; ok {
				found++
				if r[0].Label != w[0] || !slices.Contains(r[0].Parts, w[1]) {
					t.Errorf("%s: %s %q leads, want %s for %q", file, r[0].Label, r[0].Parts, w[0], w[1])
				}
			}
		}
	}
	if found != len(guessed) {
		t.Errorf("%d of %d samples have a ranking", found, len(guessed))
	}
}
