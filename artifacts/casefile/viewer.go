package casefile

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/artifactdump/artifactdump/artifacts/viewer"
)

// Viewer returns what a page to work in shows of cases, and a number of rows that
// there are not more of. The rows are read from the cases whenever the page asks for
// them.
func Viewer(ctx context.Context, cases ...*Case) (in *viewer.Input, atMost int, err error) {
	in = &viewer.Input{Rows: Rows(ctx, cases...)}
	for _, c := range cases {
		for _, m := range c.Machines {
			if err := m.view(ctx, in); err != nil {
				return nil, 0, fmt.Errorf("%s: %w", c.Dir, err)
			}
			atMost += m.Counts.Events
		}
	}
	return in, atMost, nil
}

// view adds what a page shows of the machine beside its rows.
func (m *Machine) view(ctx context.Context, in *viewer.Input) error {
	if len(in.Machines) == 0 {
		in.Evidence = m.Evidence
	}
	in.Machines = append(in.Machines, m.OutputMachine())
	if _, ok := m.output(timelineName); !ok {
		return fmt.Errorf("the scan of %s wrote no %s", m.Name, timelineName)
	}
	if _, err := os.Stat(filepath.Join(m.Dir, timelineName)); err != nil {
		return fmt.Errorf("the case has no %s: %w", timelineName, err)
	}
	for line, err := range m.lines(ctx, findingsName) {
		if err == nil && !json.Valid(line) {
			err = fmt.Errorf("%s: line %d is not JSON", findingsName, len(in.Findings)+1)
		}
		if err != nil {
			return err
		}
		in.Findings = append(in.Findings, bytes.Clone(line))
	}
	if _, ok := m.output("programs.jsonl"); ok {
		var bad error
		model, err := m.Programs(ctx, func(err error) { bad = err })
		if err == nil {
			err = bad
		}
		if err != nil {
			return err
		}
		list, err := viewer.ProgramsOf(model)
		if err != nil {
			return err
		}
		in.Programs = append(in.Programs, list...)
	}
	for _, t := range []struct {
		name string
		to   **viewer.Table
	}{{"sessions.csv", &in.Sessions}, {"logons.csv", &in.Logons}} {
		if *t.to == nil {
			*t.to = &viewer.Table{}
		}
		if err := m.whole(t.name, (*t.to).Read); err != nil {
			return err
		}
	}
	return nil
}
