package casefile

import (
	"context"
	"iter"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/lists"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// Compare compares the records and programs of the machine with lists. It returns
// the findings with the hits, and the programs with what the lists say of them. What
// could not be read in the case goes to damage.
func (m *Machine) Compare(ctx context.Context, set *lists.Set, damage func(error)) (*findings.Report, *programs.Model, error) {
	r, err := m.Findings(ctx)
	if err != nil {
		return nil, nil, err
	}
	model, err := m.Programs(ctx, damage)
	if err != nil {
		return nil, nil, err
	}
	r.Models = []*programs.Model{model}
	if set == nil {
		return r, model, nil
	}
	c := findings.NewComparison(findings.Facts{Machine: m.Facts()}, set)
	for rec, err := range m.Records(ctx) {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			damage(err)
			continue
		}
		c.Add(rec)
	}
	c.Apply(r, model)
	return r, model, nil
}

// Compared are the findings of the machines of cases after a comparison with lists.
type Compared struct {
	Reports []*findings.Report

	verdicts map[string]map[string]findings.Verdict // by machine and record
	known    map[string]map[string]bool             // programs by machine and id; nil without a list of known files
}

// Compare compares all machines of some cases with lists, as [Machine.Compare] does.
func Compare(ctx context.Context, cases []*Case, set *lists.Set, damage func(error)) (*Compared, error) {
	x := &Compared{verdicts: map[string]map[string]findings.Verdict{}}
	if set.HasGood() {
		x.known = map[string]map[string]bool{}
	}
	for _, c := range cases {
		for _, m := range c.Machines {
			r, model, err := m.Compare(ctx, set, damage)
			if err != nil {
				return nil, err
			}
			x.Reports = append(x.Reports, r)
			x.verdicts[m.Name] = r.Verdicts()
			if x.known == nil {
				continue
			}
			x.known[m.Name] = map[string]bool{}
			for _, p := range model.Programs {
				x.known[m.Name][p.ID] = p.KnownGood
			}
		}
	}
	return x, nil
}

// Rows yields rows with what the findings say of them now.
func (x *Compared) Rows(rows iter.Seq2[*output.Row, error]) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			if r != nil {
				if v, ok := x.verdicts[r.Host][r.RecordID]; ok {
					r.Level, r.Rules, r.FindingIDs = v.Level.String(), v.Rules, v.Findings
				} else {
					r.Level, r.Rules, r.FindingIDs = "", nil, nil
				}
				known := slices.Contains(r.Tags, output.KnownGood)
				if x.known != nil {
					known = x.known[r.Host][r.ProgramID]
				}
				r.MarkKnown(known)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
