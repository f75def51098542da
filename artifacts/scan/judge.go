package scan

import (
	"io"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

// write judges, and writes what is written when everything is known.
func (x *machineScan) write() error {
	x.phase(phaseJudging)
	x.tree.Release() // what is judged was read
	if err := x.sorter.End(); err != nil {
		return err
	}
	x.report = x.eval.Report()
	x.eval = nil
	for _, l := range x.report.Limits {
		x.m.Notes = append(x.m.Notes, "findings: "+l)
		x.note("findings: %s", l)
	}
	x.analysis = x.report.Models[0].Logons
	RankLogons(x.analysis, x.report)
	if err := x.analysis.Err(); err != nil {
		return err
	}
	if err := x.observe(); err != nil {
		return err
	}
	x.worst = max(x.worst, x.report.Worst())
	if err := x.writePrograms(); err != nil {
		return err
	}
	x.report = x.report.AtLeast(x.o.Level)
	x.verdicts = report.Verdicts(x.report)
	x.m.Silenced = x.report.Silenced
	for i := range x.report.Findings {
		x.m.Counts.Findings[x.report.Findings[i].Level.String()]++
	}
	for _, f := range []struct {
		name, format string
		rows         int
		write        func(io.Writer) error
	}{
		{"findings.jsonl", "jsonl", len(x.report.Findings), func(w io.Writer) error { return jsonLines(w, x.report.Findings) }},
		{"coverage.jsonl", "jsonl", len(x.report.Coverage), func(w io.Writer) error { return jsonLines(w, x.report.Coverage) }},
		{"navigator.json", "navigator", 0, x.report.WriteNavigator},
	} {
		if err := x.small(f.name, f.format, f.rows, f.write); err != nil {
			return err
		}
	}
	if err := x.writeLogons(); err != nil {
		return err
	}
	if err := x.writeMoves(); err != nil {
		return err
	}
	x.page.Logons = x.analysis
	x.page.Evaluate(x.report, x.o.Lang)
	if err := x.timeline(); err != nil {
		return err
	}
	if err := x.sideTables(); err != nil {
		return err
	}
	x.phase("writing the report")
	if err := x.small("report.html", "html", 0, func(w io.Writer) error {
		return report.Write(w, x.page, &report.Options{Lang: x.o.Lang})
	}); err != nil {
		return err
	}
	if err := x.writeViewer(); err != nil {
		return err
	}
	return x.ctx.Err()
}

// small writes a file that is made at once.
func (x *machineScan) small(name, format string, rows int, write func(io.Writer) error) error {
	set := x.Set()
	defer set.Abort()
	w, err := set.Create(name)
	if err != nil {
		return err
	}
	if err := write(w); err != nil {
		return err
	}
	if err := x.analysis.Err(); err != nil {
		return err
	}
	return x.commit(set, format, rows, nil)
}

func jsonLines[T any](w io.Writer, list []T) error {
	for i := range list {
		if err := output.WriteJSON(w, &list[i]); err != nil {
			return err
		}
	}
	return nil
}

// theCase is what workbooks and databases hold beside the timeline.
func (x *machineScan) theCase() *output.Case {
	h := x.m
	c := &output.Case{Machines: []output.Machine{output.MachineOf(x.tree.Machine(), h.Evidence)}}
	for _, in := range h.Inputs {
		f := output.File{
			Host: h.Name, Path: in.Path, Snapshot: in.Snapshot, Size: in.Size, SHA256: in.SHA256, Modified: in.modified,
			Status: in.Status, Error: in.Error, Offset: in.Offset, Records: in.Records, Events: in.Events,
		}
		for i, p := range in.Parsers {
			if i > 0 {
				f.Parser += ", "
			}
			f.Parser += p
		}
		c.Files = append(c.Files, f)
	}
	for i := range x.report.Findings {
		f := &x.report.Findings[i]
		o := output.Finding{ID: f.ID, Host: f.Host, RuleID: f.RuleID, Level: f.Level.String(), Title: f.Title, Subject: f.Subject,
			Why:            f.Why,
			FalsePositives: f.FalsePositives, Techniques: f.Techniques, First: f.FirstSeen, Last: f.LastSeen, Count: f.Count}
		if f.TimeKind == artifacts.UnknownZone { // these columns are UTC
			o.First, o.Last = time.Time{}, time.Time{}
		}
		for _, e := range f.Evidence {
			o.Evidence = append(o.Evidence, e.Events...)
		}
		for _, id := range f.Techniques {
			t, _ := findings.Technique(id)
			for _, tactic := range t.Tactics {
				if !slices.Contains(o.Tactics, tactic) {
					o.Tactics = append(o.Tactics, tactic)
				}
			}
		}
		c.Findings = append(c.Findings, o)
	}
	return c
}
