package viewer

import (
	"cmp"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// The bounds of the biographies that a page holds: evidence can name any number of
// programs, and a page must stay small. programs.jsonl has all of them.
const (
	maxBiographies  = 1000
	maxBiographyLen = 4 << 20 // bytes of all
	maxStarts       = 100     // of one program: the first and the last
	maxListed       = 60      // of its other parts
)

// ProgramsOf returns the biographies of programs for an [Input]: those with findings
// first, then those that started most.
func ProgramsOf(models ...*programs.Model) ([][]byte, error) {
	type one struct {
		host string
		p    *programs.Program
	}
	var list []one
	for _, m := range models {
		for _, p := range m.Programs {
			list = append(list, one{m.Host, p})
		}
	}
	level := func(p *programs.Program) findings.Level { l, _ := findings.ParseLevel(p.Level); return l }
	slices.SortStableFunc(list, func(a, b one) int {
		return cmp.Or(cmp.Compare(level(b.p), level(a.p)), cmp.Compare(b.p.Score, a.p.Score), cmp.Compare(b.p.Counts.Known, a.p.Counts.Known),
			cmp.Compare(a.host, b.host), cmp.Compare(a.p.ID, b.p.ID))
	})
	var out [][]byte
	size := 0
	for _, x := range list[:min(len(list), maxBiographies)] {
		p := *x.p
		p.Sample = nil
		if len(p.Starts) > maxStarts {
			p.Starts = slices.Concat(p.Starts[:maxStarts/5], p.Starts[len(p.Starts)-maxStarts*4/5:])
		}
		p.Loads, p.LoadedBy, p.Traffic = cut(p.Loads), cut(p.LoadedBy), cut(p.Traffic)
		p.Autostarts, p.Verdicts, p.Ends, p.Arrived = cut(p.Autostarts), cut(p.Verdicts), cut(p.Ends), cut(p.Arrived)
		b, err := output.Marshal(struct {
			Host string `json:"host"`
			*programs.Program
		}{x.host, &p})
		if err != nil {
			return nil, err
		}
		if size += len(b); size > maxBiographyLen {
			break
		}
		out = append(out, b)
	}
	return out, nil
}

func cut[T any](list []T) []T { return list[:min(len(list), maxListed)] }
