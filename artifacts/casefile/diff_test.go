package casefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// TestDiff compares the incident with itself, and with a copy that lacks a file.
func TestDiff(t *testing.T) {
	first := scanned(t)
	folder := filepath.Join(t.TempDir(), "less")
	if err := os.CopyFS(folder, os.DirFS(incident)); err != nil {
		t.Fatal(err)
	}
	gone, err := filepath.Glob(filepath.Join(folder, "C", "Windows", "Prefetch", "NBTSCAN*"))
	if err != nil || len(gone) == 0 {
		t.Fatal("no file to remove")
	}
	for _, name := range gone {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	second := filepath.Join(t.TempDir(), "case")
	if _, err := scan.Run(t.Context(), scan.Options{Evidence: []string{folder}, Dir: second}, nil); err != nil {
		t.Fatal(err)
	}
	_, a := open(t, first)
	_, b := open(t, second)
	for range Diff(t.Context(), a, a) {
		t.Fatal("a machine differs from itself")
	}
	there, back := map[string]int{}, map[string]int{}
	about := false
	for c, err := range Diff(t.Context(), a, b) {
		if err != nil {
			t.Fatal(err)
		}
		there[c.Change]++
		about = about || c.Change == Changed && c.Kind == observations.Program && strings.Contains(c.Key, "nbtscan") &&
			c.Before.Count > c.After.Count
		if (c.Before == nil) != (c.Change == New) || (c.After == nil) != (c.Change == Gone) {
			t.Errorf("%+v", c)
		}
	}
	for c, err := range Diff(t.Context(), b, a) {
		if err != nil {
			t.Fatal(err)
		}
		back[c.Change]++
	}
	if !about || there[Changed] == 0 || there[New] != back[Gone] || there[Gone] != back[New] || there[Changed] != back[Changed] {
		t.Errorf("there %v, back %v", there, back)
	}
	b.Outputs = nil
	for _, err := range Diff(t.Context(), a, b) {
		if err == nil || !strings.Contains(err.Error(), "scan the evidence again") {
			t.Errorf("without observations: %v", err)
		}
	}
}

func TestPairs(t *testing.T) {
	machine := func(name, guid string) *Machine {
		return &Machine{MachineManifest: &scan.MachineManifest{Name: name, MachineGUID: guid}, Dir: name}
	}
	one, two := &Case{Machines: []*Machine{machine("A", "1")}}, &Case{Machines: []*Machine{machine("B", "2")}}
	if pairs, alone, err := Pairs(one, two); err != nil || len(pairs) != 1 || len(alone) != 0 {
		t.Errorf("two cases of one machine: %v, %v, %v", pairs, alone, err)
	}
	many := &Case{Machines: []*Machine{machine("B", "9"), machine("A", "1"), machine("C", "3")}}
	pairs, alone, err := Pairs(&Case{Machines: []*Machine{machine("A", "1"), machine("B", "2")}}, many)
	if err != nil || len(pairs) != 2 || pairs[0].After.Name != "A" || pairs[1].After.Name != "B" || len(alone) != 1 || alone[0].Name != "C" {
		t.Errorf("%v, %v, %v", pairs, alone, err)
	}
	if _, _, err := Pairs(&Case{Machines: []*Machine{machine("X", "7"), machine("Y", "8")}}, many); err == nil {
		t.Error("cases without a common machine are compared")
	}
}

func TestLevel(t *testing.T) {
	low, high := &observations.Observation{Level: "low"}, &observations.Observation{Level: "high"}
	for _, c := range []struct {
		before, after *observations.Observation
		want          findings.Level
	}{{nil, low, findings.Low}, {high, nil, findings.High}, {high, low, findings.High}, {low, high, findings.High}, {&observations.Observation{}, nil, 0}} {
		if got := (&Change{Before: c.before, After: c.after}).Level(); got != c.want {
			t.Errorf("%v, %v: %v, want %v", c.before, c.after, got, c.want)
		}
	}
}
