package scan

import (
	"io"

	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
)

// writePrograms writes the programs of a machine and its story. Every program is
// written, not only those of which a finding speaks.
func (x *machineScan) writePrograms() error {
	m := x.report.Models[0]
	x.m.Counts.Unresolved, x.m.Counts.Dropped = m.Unresolved, m.Dropped
	told := story.Tell(m, x.report, nil)
	x.page.Stories = append(x.page.Stories, told)
	all := &programs.View{All: true, CSVSafe: x.opts.CSVSafe}
	starts := 0
	for _, p := range m.Programs {
		starts += len(p.Starts)
	}
	table := func(ofStarts bool) func(io.Writer) error {
		return func(w io.Writer) error {
			t, err := programs.NewTable(w, ofStarts, all.CSVSafe)
			if err != nil {
				return err
			}
			return t.Add(m, all)
		}
	}
	for _, f := range []struct {
		name, format string
		rows         int
		write        func(io.Writer) error
	}{
		{"programs.jsonl", "jsonl", m.Len(), func(w io.Writer) error { return m.WriteJSON(w, all) }},
		{"programs.csv", "csv", m.Len(), table(false)},
		{"starts.csv", "csv", starts, table(true)},
		{"story.json", "json", 0, told.WriteJSON},
		{"story.md", "markdown", 0, func(w io.Writer) error { return told.WriteMarkdown(w, "en") }},
		{"story.ja.md", "markdown", 0, func(w io.Writer) error { return told.WriteMarkdown(w, "ja") }},
	} {
		if err := x.small(f.name, f.format, f.rows, f.write); err != nil {
			return err
		}
	}
	return nil
}
