package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/fleet"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/corpus"
)

// scanned writes a fleet and scans each machine into a case of its own.
func scanned(t *testing.T, n int, seed uint32, o scan.Options) (machines []*corpus.FleetMachine, cases []string) {
	t.Helper()
	dir := t.TempDir()
	machines = corpus.Fleet(n, seed)
	for _, m := range machines {
		evidence, folder := filepath.Join(dir, "evidence", m.Name), filepath.Join(dir, "cases", m.Name)
		if err := m.Write(evidence); err != nil {
			t.Fatal(err)
		}
		o.Evidence, o.Dir, o.Version = []string{evidence}, folder, "test"
		c, err := scan.Run(t.Context(), o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.Damaged() > 0 {
			t.Errorf("%s: %d damaged", m.Name, c.Damaged())
		}
		cases = append(cases, folder)
	}
	return machines, cases
}

// compare runs a comparison into a folder beside the cases, and returns its files
// but the manifest.
func compare(t *testing.T, o fleet.Options) (*fleet.Manifest, map[string][]byte) {
	t.Helper()
	if o.Dir == "" {
		base, err := os.MkdirTemp(filepath.Dir(filepath.Dir(o.Cases[0])), "fleet")
		if err != nil {
			t.Fatal(err)
		}
		o.Dir = filepath.Join(base, "out")
	}
	m, err := fleet.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	list, err := os.ReadDir(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(o.Dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() != fleet.ManifestName {
			out[e.Name()] = b
		}
	}
	return m, out
}

// lines reads a file of lines of JSON.
func lines[T any](t *testing.T, b []byte) []T {
	t.Helper()
	var out []T
	for l := range bytes.Lines(b) {
		var v T
		if err := json.Unmarshal(l, &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// TestFleet compares a fleet with an intrusion that arrives on one machine and
// spreads to three.
func TestFleet(t *testing.T) {
	machines, cases := scanned(t, 20, 1, scan.Options{})
	_, out := compare(t, fleet.Options{Cases: cases})
	intruded := intrudedOf(machines)
	first := intruded[0]

	t.Run("ranking", func(t *testing.T) { checkRanks(t, out, intruded) })
	t.Run("spread", func(t *testing.T) {
		found := map[string]bool{}
		for _, s := range lines[fleet.Spread](t, out["spread.jsonl"]) {
			if s.Kind != observations.Program || s.Key != `\users\public\kite.exe` && s.Key != `\users\%user%\appdata\local\temp\nbtscan.exe` {
				continue
			}
			found[s.Key] = true
			for i, m := range intruded {
				if i >= len(s.Arrivals) || nameOf(s.Arrivals[i].Host) != strings.ToLower(m.Name) {
					t.Errorf("%s: arrivals %v, want %s as number %d", s.Key, s.Arrivals, m.Name, i+1)
				}
			}
			want := intruded[1].Arrived.Sub(first.Arrived).Seconds()
			if len(s.Arrivals) > 1 && (s.Arrivals[1].Gap < want-1 || s.Arrivals[1].Gap > want+1) {
				t.Errorf("%s: gap %v, want %v", s.Key, s.Arrivals[1].Gap, want)
			}
		}
		if len(found) != 2 {
			t.Errorf("the spread has %v", found)
		}
	})
	t.Run("stack", func(t *testing.T) {
		rows := map[string]fleet.Row{}
		for _, r := range lines[fleet.Row](t, out["stack.jsonl"]) {
			rows[r.Kind+" "+r.Key] = r
		}
		for key, hosts := range map[string]int{
			`program \users\public\kite.exe`:                                                                   4,
			`service kiteupdate = \users\public\kite.exe -k`:                                                   4,
			`task \kite sync = rundll32.exe \users\public\libraries\kite.dll,#1`:                               4,
			`autostart Run = \users\public\kite.exe -r`:                                                        4,
			`task \googleupdatetaskmachinecore{time} = \program files (x86)\google\update\googleupdate.exe /c`: 20,
			`service cdpusersvc = \windows\system32\cdpusersvc.dll`:                                            20,
			`program \users\%user%\appdata\local\temp\{tmp}\setup.tmp`:                                         20,
			`service windefend = \programdata\microsoft\windows defender\platform\{v}\msmpeng.exe`:             20,
			`autostart Run = \users\%user%\appdata\local\microsoft\onedrive\onedrive.exe /background`:          20,
		} {
			if r := rows[key]; r.Hosts != hosts || r.OfHosts != 20 {
				t.Errorf("%s: on %d of %d machines, want %d of 20", key, r.Hosts, r.OfHosts, hosts)
			}
		}
		if r := rows[`program \users\public\kite.exe`]; nameOf(r.FirstHost) != strings.ToLower(first.Name) || r.Rarity != 2.32 {
			t.Errorf("first on %s with rarity %v, want %s and 2.32", r.FirstHost, r.Rarity, first.Name)
		}
	})
	t.Run("edges", func(t *testing.T) {
		to := map[string]bool{}
		for _, e := range lines[fleet.Edge](t, out["edges.jsonl"]) {
			if nameOf(e.SourceHost) == strings.ToLower(first.Name) && e.TargetHost == "" && e.Host != e.SourceHost {
				to[nameOf(e.Host)] = true
			}
			if nameOf(e.SourceHost) == strings.ToLower(first.Name) && e.Host != e.SourceHost {
				to[nameOf(e.Host)] = true
			}
		}
		for _, m := range intruded[1:] {
			if !to[strings.ToLower(m.Name)] {
				t.Errorf("no edge from %s to %s: %v", first.Name, m.Name, to)
			}
		}
	})
	t.Run("alike", func(t *testing.T) {
		n := 0
		for _, a := range lines[fleet.Alike](t, out["alike.jsonl"]) {
			if strings.Contains(a.Key, "kite.exe") && len(a.Which) == 4 {
				n++
			}
		}
		if n == 0 {
			t.Errorf("nothing that findings name is alike")
		}
	})
	t.Run("same bytes", func(t *testing.T) {
		turned := slices.Clone(cases)
		slices.Reverse(turned)
		for name, o := range map[string]fleet.Options{
			"turned": {Cases: turned}, "fan-in 2": {Cases: cases, FanIn: 2}, "fan-in 3, twice": {Cases: slices.Concat(cases, cases[:1]), FanIn: 3},
		} {
			o.Note = func(string) {}
			m, again := compare(t, o)
			for file, b := range out {
				if file == "fleet.html" && len(m.Notes) > 0 {
					continue // which shows the note about a case given twice
				}
				if !bytes.Equal(again[file], b) {
					t.Errorf("%s: %s differs", name, file)
				}
			}
		}
	})
	t.Run("baseline", func(t *testing.T) {
		var clean string
		for i, m := range machines {
			if m.Role == corpus.Office {
				clean = cases[i]
				break
			}
		}
		m, base := compare(t, fleet.Options{Cases: cases, Baseline: []string{clean}, Kinds: []string{observations.Service}, MaxHosts: 4})
		var keys []string
		for _, r := range lines[fleet.Row](t, base["stack.jsonl"]) {
			keys = append(keys, r.Key)
		}
		want := []string{}
		for i := range 4 {
			want = append(want, fmt.Sprintf(`buildagent%d = \program files\build agent %d\agent.exe --service`, i, i))
		}
		want = append(want, `kiteupdate = \users\public\kite.exe -k`)
		if !slices.Equal(keys, want) || m.Counts.Baseline == 0 {
			t.Errorf("services beside the baseline: %q, %d left out", keys, m.Counts.Baseline)
		}
	})
}

func nameOf(host string) string {
	if i := strings.LastIndexByte(host, '-'); i > 0 {
		return host[:i]
	}
	return host
}

// intrudedOf returns the intruded machines in the order in which they were reached.
func intrudedOf(all []*corpus.FleetMachine) []*corpus.FleetMachine {
	var out []*corpus.FleetMachine
	for _, m := range all {
		if m.Role == corpus.Intruded {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *corpus.FleetMachine) int { return a.Arrived.Compare(b.Arrived) })
	return out
}

// checkRanks wants the intruded machines on the first four ranks.
func checkRanks(t *testing.T, out map[string][]byte, intruded []*corpus.FleetMachine) {
	t.Helper()
	var want, got []string
	for _, m := range intruded {
		want = append(want, strings.ToLower(m.Name))
	}
	for _, h := range lines[fleet.Ranked](t, out["hosts.jsonl"]) {
		if len(got) < len(want) {
			got = append(got, nameOf(h.Host))
		}
		if h.HighRules > 0 != slices.Contains(want, nameOf(h.Host)) && h.Rank <= 4 {
			t.Errorf("%s, rank %d: %d rules of level high", h.Host, h.Rank, h.HighRules)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("ranks 1 to 4 are %v, want %v\n%s", got, want, out["hosts.jsonl"][:min(4000, len(out["hosts.jsonl"]))])
	}
}

// TestRanks compares other fleets: their intruded machines are first, too.
func TestRanks(t *testing.T) {
	if testing.Short() {
		t.Skip("scans two more fleets")
	}
	for _, seed := range []uint32{2, 3} {
		machines, cases := scanned(t, 12, seed, scan.Options{})
		_, out := compare(t, fleet.Options{Cases: cases})
		checkRanks(t, out, intrudedOf(machines))
	}
}
