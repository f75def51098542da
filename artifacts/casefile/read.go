package casefile

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

// Names of files in the folder of a machine.
const (
	timelineName = "timeline.jsonl"
	findingsName = "findings.jsonl"
	coverageName = "coverage.jsonl"
)

// Rows yields the timeline of the machine, in order and with what the findings say
// of each row. A line that cannot be read is an error without a row; others may
// follow it.
func (m *Machine) Rows(ctx context.Context) iter.Seq2[*output.Row, error] {
	return parsed(m, m.lines(ctx, timelineName), timelineName, output.ReadRow)
}

// parsed reads each line; what cannot be read is an error and the next follows.
func parsed[T any](m *Machine, lines iter.Seq2[[]byte, error], name string, read func([]byte) (*T, error)) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		n := 0
		for line, err := range lines {
			if err != nil {
				yield(nil, err)
				return
			}
			n++
			v, err := read(line)
			if err != nil {
				v, err = nil, fmt.Errorf("%s: %s: line %d: %w", m.Dir, name, n, err)
			}
			if !yield(v, err) {
				return
			}
		}
	}
}

// Rows yields the timelines of all machines of the case as one.
func (c *Case) Rows(ctx context.Context) iter.Seq2[*output.Row, error] { return Rows(ctx, c) }

// Rows yields the timelines of all machines of several cases as one.
func Rows(ctx context.Context, cases ...*Case) iter.Seq2[*output.Row, error] {
	var machines []*Machine
	for _, c := range cases {
		machines = append(machines, c.Machines...)
	}
	if len(machines) == 1 {
		return machines[0].Rows(ctx)
	}
	return func(yield func(*output.Row, error) bool) { merge(ctx, machines, yield) }
}

// A feed is a timeline that is being merged, and its next row.
type feed struct {
	next func() (*output.Row, error, bool)
	row  *output.Row
}

// merge yields the rows of several sorted timelines in order.
func merge(ctx context.Context, machines []*Machine, yield func(*output.Row, error) bool) {
	var feeds []*feed
	pull := func(f *feed) (more bool) {
		for {
			row, err, ok := f.next()
			if !ok {
				f.row = nil
				return true
			}
			if err == nil {
				f.row = row
				return true
			}
			if !yield(nil, err) {
				return false
			}
		}
	}
	for _, m := range machines {
		next, stop := iter.Pull2(m.Rows(ctx))
		defer stop()
		f := &feed{next: next}
		if !pull(f) {
			return
		}
		feeds = append(feeds, f)
	}
	for {
		feeds = slices.DeleteFunc(feeds, func(f *feed) bool { return f.row == nil })
		if len(feeds) == 0 {
			return
		}
		first := slices.MinFunc(feeds, func(a, b *feed) int { return compareRows(a.row, b.row) })
		if !yield(first.row, nil) || !pull(first) {
			return
		}
	}
}

// compareRows orders rows as a timeline does.
func compareRows(a, b *output.Row) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Host, b.Host), cmp.Compare(a.DataType, b.DataType),
		cmp.Compare(a.Source, b.Source), cmp.Compare(a.Message, b.Message), cmp.Compare(a.ID, b.ID))
}

// Lines yields the records of the artifacts of these names and groups, all where
// none is given: first those that are shown, artifact by artifact in the order of
// the catalogue, then those that only rules and analyses saw. Their data are not
// decoded.
func (m *Machine) Lines(ctx context.Context, names ...string) iter.Seq2[*output.RecordLine, error] {
	return func(yield func(*output.RecordLine, error) bool) {
		list, err := catalogue.Select(names)
		if err != nil {
			yield(nil, err)
			return
		}
		wanted := map[string]bool{}
		for _, a := range list {
			wanted[a.Name] = true
			name := "records/" + a.Name + ".jsonl"
			for l, err := range parsed(m, m.lines(ctx, name), name, output.ReadRecordLine) {
				if !yield(l, err) {
					return
				}
			}
		}
		for l, err := range parsed(m, m.lines(ctx, scan.UnshownName), scan.UnshownName, output.ReadRecordLine) {
			if (l == nil || wanted[l.Artifact]) && !yield(l, err) {
				return
			}
		}
	}
}

// Records yields the same records as [Machine.Lines], with their data as values of
// the artifact's own type. What JSON does not hold is missing in them: the place
// inside the file, fields without a name.
func (m *Machine) Records(ctx context.Context, names ...string) iter.Seq2[*artifacts.Record, error] {
	return func(yield func(*artifacts.Record, error) bool) {
		byName := map[string]*artifacts.Artifact{}
		for _, a := range catalogue.All() {
			byName[a.Name] = a
		}
		for l, err := range m.Lines(ctx, names...) {
			var rec artifacts.Record
			if err == nil {
				a := byName[l.Artifact]
				if a == nil {
					err = fmt.Errorf("%s: record %s is of the artifact %q, which is unknown", m.Dir, l.ID, l.Artifact)
				} else if rec, err = l.Record(a); err != nil {
					err = fmt.Errorf("%s: record %s: %w", m.Dir, l.ID, err)
				}
			}
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			rec.In(m.zone)
			if !yield(&rec, nil) {
				return
			}
		}
	}
}

// Results yields the records of the machine as the results of a run do: for
// analyses that take these. A result has one record.
func (m *Machine) Results(ctx context.Context, names ...string) iter.Seq2[artifacts.Result, error] {
	return func(yield func(artifacts.Result, error) bool) {
		for rec, err := range m.Records(ctx, names...) {
			var res artifacts.Result
			if err == nil {
				res = artifacts.Result{Artifact: rec.Artifact, From: rec.From, Records: []artifacts.Record{*rec}, More: true}
			}
			if !yield(res, err) {
				return
			}
		}
	}
}

// Findings returns the findings of the machine and the coverage of the rules, as
// they were written.
func (m *Machine) Findings(ctx context.Context) (*findings.Report, error) {
	r := &findings.Report{Silenced: m.Silenced}
	for line, err := range m.lines(ctx, findingsName) {
		var f findings.Finding
		if err == nil {
			err = json.Unmarshal(line, &f)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", findingsName, err)
		}
		r.Findings = append(r.Findings, f)
	}
	for line, err := range m.lines(ctx, coverageName) {
		var c findings.Coverage
		if err == nil {
			err = json.Unmarshal(line, &c)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", coverageName, err)
		}
		r.Coverage = append(r.Coverage, c)
	}
	return r, nil
}

// Findings returns the findings of all machines of the case.
func (c *Case) Findings(ctx context.Context) (*findings.Report, error) {
	var list []*findings.Report
	for _, m := range c.Machines {
		r, err := m.Findings(ctx)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return findings.Join(list...), nil
}
