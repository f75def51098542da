package scan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
)

// Files of a case of several machines: what the logs of each show of movement, and
// the chains that they show together.
const (
	movesName  = "moves.json"
	chainsName = "chains.jsonl"
)

// ChainFindings joins what the logs of several machines show, and returns a finding
// for each chain of machines. Its machine is the last whose log shows a hop.
func ChainFindings(trails ...*logons.Trail) (out []findings.Finding) {
	for _, c := range logons.Chains(trails...) {
		if spans(&c) {
			out = append(out, chainFinding(&c))
		}
	}
	return out
}

// spans reports whether a chain has records of several machines. What the log of one
// machine shows, the rule has reported when that machine was judged.
func spans(c *logons.Chain) bool {
	first := c.Hops[0].Steps[0].Host
	for _, h := range c.Hops {
		for _, s := range h.Steps {
			if s.Host != first {
				return true
			}
		}
	}
	return false
}

func chainFinding(c *logons.Chain) findings.Finding {
	x := findings.Chain{Machines: c.Machines(), Proved: c.Confidence() == "high", First: c.Hops[0].Time, Last: c.Hops[len(c.Hops)-1].Time}
	x.Level, _ = findings.ParseLevel(c.Level())
	host := ""
	for _, h := range c.Hops {
		host = h.Steps[0].Host
		says := fmt.Sprintf("%s went from %s to %s as %s", h.Actor, h.From, h.To, h.Account)
		if h.Actor == "" {
			says = fmt.Sprintf("%s came from %s to %s", h.Account, h.From, h.To)
		}
		if h.Proved {
			says += "; both machines recorded it"
		}
		x.Says = append(x.Says, says)
		for _, s := range h.Steps {
			x.Evidence = append(x.Evidence, findings.Evidence{
				ID: s.Record, Artifact: "eventlogons", Proves: "interacted", Time: h.Time, Channel: s.Channel, RecordNumber: s.Number,
				Quote: s.Host + ": " + says,
			})
		}
	}
	if c.Count > 1 {
		x.Says[0] += fmt.Sprintf("; the way was gone %d times", c.Count)
	}
	return findings.ChainFinding(host, &x)
}

// writeMoves writes what the logs of one of several machines show of movement.
func (x *machineScan) writeMoves() error {
	if x.label == "" || x.analysis == nil {
		return nil
	}
	t := x.analysis.Trail()
	if len(t.Moves)+len(t.Arrivals) == 0 {
		return nil
	}
	return x.small(movesName, "json", len(t.Moves)+len(t.Arrivals), func(w io.Writer) error { return json.NewEncoder(w).Encode(t) })
}

// chains reads the movement of all machines of the case.
func (s *run) chains() ([]findings.Finding, error) {
	var trails []*logons.Trail
	for _, h := range s.m.Machines {
		t, err := readTrail(filepath.Join(s.part, h.Folder, movesName))
		if err != nil {
			return nil, err
		}
		if t != nil {
			trails = append(trails, t)
		}
	}
	out := ChainFindings(trails...)
	for i := range out { // machines are called as their folders are
		for _, h := range s.m.Machines {
			if strings.EqualFold(logons.HostKey(h.Name), out[i].Host) {
				out[i].Host = h.Name
			}
		}
	}
	return out, nil
}

func readTrail(name string) (*logons.Trail, error) {
	b, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	}
	t := new(logons.Trail)
	if err := json.Unmarshal(b, t); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}
