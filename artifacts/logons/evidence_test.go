package logons

import (
	"strconv"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/internal/testtree"
)

// builders reads the records of a truth table into a builder for each group of
// files that the function names; "" leaves a file out.
func builders(t testing.TB, group func(file string) string) map[string]*Builder {
	t.Helper()
	out := map[string]*Builder{}
	for file, row := range testtree.EventRows(t, testtree.Evidence(t, "evtx", "truth.jsonl.gz")) {
		g := group(file)
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

// TestMachines analyses the logs of two whole machines.
func TestMachines(t *testing.T) {
	bs := builders(t, func(file string) string {
		if d, _, _ := strings.Cut(file, "/"); strings.HasPrefix(d, "museum-") {
			return d
		}
		return ""
	})
	for name, b := range bs {
		a := b.Analyse()
		ends := map[string]int{}
		priv := 0
		for _, s := range a.Sessions {
			ends[s.EndKind]++
			if s.Privileged {
				priv++
			}
		}
		t.Logf("%s: %d attempts, %d sessions %v, %d privileged, %d accounts, %d hosts, %d edges, %d changes", name, len(a.Attempts), len(a.Sessions), ends, priv, len(a.Accounts), len(a.Hosts), len(a.Edges), len(a.Changes()))
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

// TestGuessing finds the guesser of each shared sample.
func TestGuessing(t *testing.T) {
	bs := builders(t, func(file string) string { return file })
	for file, b := range bs {
		a := b.Analyse()
		if r := a.Ranking(); len(r) > 0 && !strings.HasPrefix(file, "museum") {
			t.Logf("%s: %d attempts; %.1f %s %v", file, len(a.Attempts), r[0].Lift, r[0].Label, r[0].Parts)
		}
	}
}
