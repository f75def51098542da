package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/corpus/testcost"
)

const theIncident = "../../corpus/files/incident"

func runArgs(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(context.Background(), append([]string{"artifactdump"}, args...), &o, &e)
	return o.String(), e.String(), code
}

// TestExplainEveryArtifact goes from one row of every artifact in the incident
// back to its bytes.
func TestExplainEveryArtifact(t *testing.T) {
	testcost.Again(t)
	stdout, _, _ := runArgs(t, "dump", "-q", "--format", "jsonl", theIncident)
	type row struct {
		Artifact string
		ID       string
		Key      string `json:"key_path"`
		SHA256   string `json:"source_sha256"`
		State    string
	}
	first := map[string]row{}
	states := map[string]int{}
	sc := bufio.NewScanner(strings.NewReader(stdout))
	sc.Buffer(nil, 1<<24)
	for sc.Scan() {
		var r row
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		// One of each artifact, and one of each state that a record can have.
		if _, ok := first[r.Artifact]; !ok || states[r.State] == 0 {
			first[r.Artifact+" "+r.State] = r
			if !ok {
				first[r.Artifact] = r
			}
		}
		states[r.State]++
	}
	// Three places are empty on a sound machine, and on this one.
	empty := map[string]bool{"windowsload": true, "appcertdlls": true, "dnsserver": true}
	for _, a := range catalogue.All() {
		if _, ok := first[a.Name]; !ok && !empty[a.Name] {
			t.Errorf("%s: no record in the incident", a.Name)
		}
	}
	for _, name := range testcost.Sample(slices.Sorted(maps.Keys(first)), 5) { // explain has one reader
		r := first[name]
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := runArgs(t, "explain", "-q", "-a", r.Artifact, theIncident, r.ID)
			if code != exitOK && code != exitDamaged {
				t.Fatalf("exit %d: %s", code, stderr)
			}
			for _, want := range []string{r.ID, r.SHA256, "offset"} {
				if !strings.Contains(stdout, want) {
					t.Errorf("%q is missing in\n%s", want, stdout)
				}
			}
			if r.Key != "" && !strings.Contains(stdout, "signature") {
				t.Errorf("no fields of the record are shown:\n%s", stdout)
			}
			if strings.Contains(stdout, "WARNING") {
				t.Errorf("the evidence changed while it was read?\n%s", stdout)
			}
		})
	}
	if states["log"] == 0 || states["deleted"] == 0 {
		t.Errorf("the incident shows no record of a log or no deleted one: %v", states)
	}
}

// TestExplainFinding leads from the worst finding to its records.
func TestExplainFinding(t *testing.T) {
	stdout, _, _ := runArgs(t, "findings", "-q", "--format", "jsonl", theIncident)
	line, _, _ := strings.Cut(stdout, "\n")
	var f struct {
		ID       string
		Evidence []struct{ ID string }
	}
	if err := json.Unmarshal([]byte(line), &f); err != nil || len(f.Evidence) == 0 {
		t.Fatalf("no finding with evidence: %v\n%s", err, line)
	}
	out, stderr, code := runArgs(t, "explain", "-q", theIncident, f.ID)
	if code != exitOK && code != exitDamaged {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	for _, e := range f.Evidence {
		if !strings.Contains(out, "artifactdump explain "+theIncident+" "+e.ID) {
			t.Errorf("the way on to %s is missing", e.ID)
		}
	}
}

func TestExplainUnknown(t *testing.T) {
	_, stderr, code := runArgs(t, "explain", "-q", theIncident, "0123456789abcdef")
	if code != exitFailed || !strings.Contains(stderr, "0123456789abcdef") {
		t.Errorf("exit %d: %s", code, stderr)
	}
}
