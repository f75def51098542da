package fleet

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
)

// TestLineSorter sorts lines in memory, in a few files, and in more files than are read at a time.
func TestLineSorter(t *testing.T) {
	for _, n := range []int{0, 1, 50, 500, 2000} {
		dir := t.TempDir()
		s := lineSorter{dir: dir, name: "x", budget: 40} // two lines
		var want []string
		r := rand.New(rand.NewPCG(uint64(n), 1))
		for range n {
			l := fmt.Sprintf("%08d", r.IntN(1e8))
			want = append(want, l)
			if err := s.add(l, "line "+l); err != nil {
				t.Fatal(err)
			}
		}
		if list, _ := os.ReadDir(dir); len(list) > sortFiles {
			t.Errorf("%d lines: %d files", n, len(list))
		}
		slices.Sort(want)
		var got []string
		for l, err := range s.sorted() {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, strings.TrimPrefix(l, "line "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d lines: %d in other order", n, len(got))
		}
		if list, _ := os.ReadDir(dir); len(list) > 0 {
			t.Errorf("%d lines: %v is left", n, list)
		}
	}
}

// TestRankingOnDisk compares the ranking, which keeps numbers, with one that keeps everything.
func TestRankingOnDisk(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var machines []*Machine
	for i := range 12 {
		machines = append(machines, &Machine{ID: fmt.Sprintf("pc%02d", i)})
	}
	k := newRanking(t.TempDir(), machines)
	k.found.budget = 500
	want := make([]*tally, len(machines))
	for i := range want {
		want[i] = &tally{rules: map[string]Reason{}}
	}
	for _, kind := range observations.Kinds() {
		for n := range 300 {
			g := &group{row: Row{Kind: kind, Key: fmt.Sprintf("X-%02d key %03d", n/20, n)}}
			for _, m := range machines {
				if r.IntN(3) == 0 {
					g.list = append(g.list, observations.Observation{Kind: kind, Key: g.row.Key, Host: m.ID,
						Level: []string{"", "low", "medium", "high", "critical"}[r.IntN(5)]})
				}
			}
			g.row.Hosts = len(g.list)
			if g.row.Hosts == 0 {
				continue
			}
			g.row.share(12)
			if err := k.add(g); err != nil {
				t.Fatal(err)
			}
			for i := range g.list {
				keepAll(want[k.numbers[g.list[i].Host]], &g.list[i], &g.row)
			}
		}
	}
	seen := 0
	for i, got := range k.tallies() {
		seen++
		if fmt.Sprint(got.rules) != fmt.Sprint(want[i].rules) || !slices.Equal(got.rarest, want[i].rarest) {
			t.Errorf("%s: %v\n%v\nwant %v\n%v", machines[i].ID, got.rules, got.rarest, want[i].rules, want[i].rarest)
		}
	}
	if seen != len(machines) || k.found.err != nil {
		t.Errorf("%d machines, %v", seen, k.found.err)
	}
}

// keepAll gives a tally every key.
func keepAll(t *tally, o *observations.Observation, r *Row) {
	switch {
	case o.Kind == observations.Finding:
		rule, key, _ := strings.Cut(r.Key, " ")
		t.score(Reason{Rule: rule, Key: key, Level: o.Level, Points: round(points[o.Level] * r.Rarity), Hosts: r.Hosts, OfHosts: r.OfHosts})
	case weights[o.Kind] > 0:
		t.score(Reason{Rule: o.Kind, Key: r.Key, Points: round(weights[o.Kind] * r.Rarity), Hosts: r.Hosts, OfHosts: r.OfHosts})
	}
	if r.Rarity > 0 {
		t.rare(Rare{Kind: r.Kind, Key: r.Key, Rarity: r.Rarity, Level: o.Level, Hosts: r.Hosts, OfHosts: r.OfHosts})
	}
}
