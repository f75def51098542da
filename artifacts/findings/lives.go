package findings

import (
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// mark writes what the findings say of each program into its model.
func (r *Report) mark(m *programs.Model) {
	byID := map[string]*Finding{}
	for i := range r.Findings {
		byID[r.Findings[i].ID] = &r.Findings[i]
	}
	for _, p := range m.Programs {
		f := byID[ProgramFinding(m.Host, p)]
		if f == nil {
			continue
		}
		p.Level, p.Score, p.Rules, p.Findings = f.Level.String(), f.Score, f.RuleIDs, []string{f.ID}
	}
}

// ProgramFinding returns the id that a finding about a program has.
func ProgramFinding(host string, p *programs.Program) string {
	return findingID(host, subject{kind: kindProgram, key: p.Key})
}
