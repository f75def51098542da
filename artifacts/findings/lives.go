package findings

import (
	"cmp"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// mark writes what the findings say of each program into its model.
func (r *Report) mark(m *programs.Model) {
	byID := map[string]*Finding{}
	for i := range r.Findings {
		byID[r.Findings[i].ID] = &r.Findings[i]
	}
	var kept []*programs.Program
	for p, made := range m.All() {
		var found []*Finding
		for _, key := range p.Keys() {
			if f := byID[findingID(m.Host, subject{kind: kindProgram, key: key})]; f != nil {
				found = append(found, f)
			}
		}
		if len(found) == 0 {
			continue
		}
		p.Rules, p.Findings = nil, nil
		for _, f := range found {
			for _, id := range f.RuleIDs {
				p.Rules = with(p.Rules, id)
			}
			p.Findings = append(p.Findings, f.ID)
		}
		worst := slices.MaxFunc(found, func(a, b *Finding) int { return cmp.Or(cmp.Compare(a.Level, b.Level), cmp.Compare(a.Score, b.Score)) })
		p.Level, p.Score = worst.Level.String(), worst.Score
		if made {
			kept = append(kept, p)
		}
	}
	m.Keep(kept)
}

// ProgramFinding returns the id that a finding about a program has.
func ProgramFinding(host string, p *programs.Program) string {
	return findingID(host, subject{kind: kindProgram, key: p.Key})
}
