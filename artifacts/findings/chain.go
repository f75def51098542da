package findings

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Chain is a way through machines as [ChainFinding] is given it.
type Chain struct {
	Machines []string // in order, at least two
	Says     []string // one sentence for each hop
	Level    Level    // of the worst that findings say of a hop, 0 for nothing
	Proved   bool     // both machines of each hop recorded it
	Evidence []Evidence
	First    time.Time
	Last     time.Time
}

// ChainFinding returns the finding of rule E-90 about a chain that the logs of
// several machines show. Its machine is host. The level is that of the strongest hop,
// medium at least, and one more from three machines on.
func ChainFinding(host string, c *Chain) Finding {
	r := ruleByID("E-90")
	level := max(c.Level, r.Level)
	if len(c.Machines) > 2 {
		level = level.step(1)
	}
	way := strings.Join(c.Machines, " → ")
	f := Finding{
		ID:     findingID(host, subject{kind: kindActivity, key: "chain " + strings.ToLower(way) + " " + c.First.UTC().Format(time.RFC3339Nano)}),
		RuleID: r.ID, RuleIDs: []string{r.ID}, Title: r.Title, Level: level, Techniques: slices.Clone(r.Attack), Subject: way,
		SubjectKind: kindActivity, Scope: "machine", Host: host, FirstSeen: c.First, LastSeen: c.Last, TimeKind: "UTC", Count: len(c.Evidence),
		Evidence: slices.Clone(c.Evidence), Why: r.Why, FalsePositives: r.Benign, Next: r.Next,
	}
	f.Score = min(100, level.score()+min(9, len(c.Machines)))
	for _, s := range c.Says {
		f.Reasons = append(f.Reasons, Reason{r.ID, r.Title, level, s})
	}
	if len(f.Evidence) > maxEvidence {
		f.Omitted = len(f.Evidence) - maxEvidence
		f.Evidence = f.Evidence[:maxEvidence]
	}
	for i := range f.Evidence {
		f.Evidence[i].Rules = []string{r.ID}
	}
	return f
}

// Insert adds a finding in its place.
func (r *Report) Insert(f Finding) {
	i, _ := slices.BinarySearchFunc(r.Findings, f, compareFindings)
	r.Findings = slices.Insert(r.Findings, i, f)
	for i := range r.Coverage {
		if c := &r.Coverage[i]; c.RuleID == f.RuleID && cmp.Or(c.Host, f.Host) == f.Host {
			c.Hits++
		}
	}
}
