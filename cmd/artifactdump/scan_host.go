package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

// A hostScan is the scan of one machine.
type hostScan struct {
	*scan
	ctx    context.Context
	label  string // what messages call the machine, "" when it is the only one
	shows  *machineStatus
	dir    string
	m      *manifestHost
	inv    *inventory
	tree   *evidence.Tree
	sorter output.Sorter
	eval   *findings.Evaluator
	report *findings.Report
	page   report.Input // of report.html
	opts   *output.Options
	tables []*recordTable
	stamp  string
	worst  findings.Level

	records     *fileSet // of the artifact at hand
	recordsOf   *artifacts.Artifact
	recordLines output.RecordWriter
	recordRows  int
}

// A recordTable is a format of records that writes several files.
type recordTable struct {
	format output.Format
	files  *fileSet
	w      output.RecordWriter
}

// one scans a machine into its folder. It returns what the manifest says of the
// machine, be it whole or not, and the worst finding.
func (s *scan) one(ctx context.Context, h *host) (m *manifestHost, worst findings.Level, err error) {
	ev, err := evidence.Open(s.m.Evidence[h.evidence].Path, s.evidence)
	if err != nil {
		return nil, 0, err
	}
	defer ev.Close()
	if h.tree >= len(ev.Trees) {
		return nil, 0, fmt.Errorf("%s: holds fewer machines than when the scan was planned", ev.Path)
	}
	x := &hostScan{
		scan: s, ctx: ctx, label: h.folder, dir: filepath.Join(s.part, h.folder),
		tree: ev.Trees[h.tree], stamp: s.m.started.UTC().Format("20060102150405"),
	}
	x.shows = s.status.begin(h)
	defer s.status.leave(x.shows)
	if err := os.MkdirAll(x.dir, 0o777); err != nil {
		return nil, 0, err
	}
	mach := x.tree.Machine()
	x.m = &manifestHost{
		Name: mach.Name, NameFrom: mach.NameFrom, Folder: h.folder, Evidence: ev.Path, Tree: h.tree, State: "running", Product: mach.Product, Build: mach.Build,
		MachineGUID: mach.GUID, TimeZone: mach.TimeZone, Bias: mach.Bias, SystemRoot: mach.SystemRoot, Inputs: []*manifestInput{}, Outputs: []outputFile{}, Damaged: []manifestDamage{},
		Artifacts: []manifestArtifact{}, Counts: manifestCounts{Findings: map[string]int{}},
	}
	for _, u := range mach.Users {
		x.m.Users = append(x.m.Users, manifestUser{u.Name, u.SID, u.Profile})
	}
	x.inv = newInventory(x.m, x.tree)
	x.sorter = output.Sorter{Budget: s.sort, Dir: x.dir}
	defer x.sorter.Close()
	opts := *s.opts
	look := &lookup{x.tree}
	opts.Times, opts.Values, opts.Case = look.times, look.values, x.theCase
	opts.HostID = func(string) string { return mach.GUID }
	x.opts = &opts
	defer func() {
		x.abort()
		switch {
		case err == nil:
			x.m.State = "complete"
		case errors.Is(err, context.Canceled):
			x.m.State = "interrupted"
		default:
			x.m.State = "failed"
		}
	}()
	begin := time.Now()
	if err := x.read(ev.Kind); err != nil {
		return x.m, x.worst, err
	}
	x.m.Seconds.Reading = wholeMillis(time.Since(begin))
	begin = time.Now()
	if err := x.write(); err != nil {
		return x.m, x.worst, err
	}
	x.m.Seconds.Writing = wholeMillis(time.Since(begin))
	return x.m, x.worst, nil
}

// damage, note and phase say of which machine they speak.
func (x *hostScan) damage(err error) {
	if x.label != "" {
		err = fmt.Errorf("%s: %w", x.label, err)
	}
	x.scan.damage(err)
}

func (x *hostScan) note(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if x.label != "" {
		s = x.label + ": " + s
	}
	x.scan.note("%s", s)
}

func (x *hostScan) phase(name string) { x.status.phase(x.shows, name) }

func (x *hostScan) progress(done, planned int, path string) {
	x.status.progress(x.shows, done, planned, path)
}

// read decodes everything: records go to their files at once, events into the
// sort, what the rules need into the evaluation.
func (x *hostScan) read(kind string) error {
	x.phase(phaseReading)
	for _, f := range x.formats {
		if f.Files == nil {
			continue
		}
		set := &fileSet{dir: x.dir}
		x.tables = append(x.tables, &recordTable{f, set, f.Files(func(name string) (io.Writer, error) { return set.create("tables/" + x.stamp + "_" + name) }, x.opts)})
	}
	x.eval = findings.NewEvaluator(findings.FactsOf(x.tree, kind, x.names), &findings.Options{Tables: x.scan.tables})
	x.page = report.Input{
		Tool: "artifactdump " + version(), Machines: []report.Machine{report.MachineOf(x.tree, kind)},
		Collected: report.NewCollector(&report.Options{Lang: x.lang}),
	}
	for _, err := range x.tree.Problems() {
		x.damage(err)
		x.inv.damage(manifestDamage{Parser: "evidence", Error: err.Error()})
	}
	opts := *x.decode
	opts.Progress = x.progress
	results, err := artifacts.Run(x.ctx, x.tree, &opts)
	if err != nil {
		return usageError{err}
	}
	for res := range results {
		if err := x.result(&res); err != nil {
			return err
		}
	}
	if err := x.ctx.Err(); err != nil {
		return err
	}
	if err := x.endRecords(); err != nil {
		return err
	}
	for _, t := range x.tables {
		if err := t.w.Close(); err != nil {
			return err
		}
		if err := x.commit(t.files, t.format.Name, -1, t.w); err != nil {
			return err
		}
	}
	x.inv.close()
	x.m.RunID = x.inv.runID()
	x.opts.RunID = x.m.RunID
	return nil
}

func (x *hostScan) result(res *artifacts.Result) error {
	for _, n := range res.Notes {
		x.note("%s", n)
	}
	for _, e := range res.Errors {
		x.damage(e)
	}
	x.inv.add(res)
	x.eval.Add(res)
	x.page.Collected.Result(x.m.Name, res)
	if x.strict && len(res.Errors) > 0 {
		return fmt.Errorf("stopped at the first damage (--strict): %w", errDamaged)
	}
	for _, t := range x.tables {
		if f, ok := t.w.(output.Failer); ok && len(res.Records) == 0 {
			for _, e := range res.Errors {
				if err := f.Failed(e); err != nil {
					return err
				}
			}
		}
	}
	before := x.sorter.Len()
	for i := range res.Records {
		rec := &res.Records[i]
		if err := x.record(rec); err != nil {
			return err
		}
		if err := x.sorter.Add(rec); err != nil {
			return err
		}
		for _, t := range x.tables {
			if err := t.w.Record(rec); err != nil {
				return err
			}
		}
	}
	if n := x.sorter.Len() - before; n > 0 {
		x.inv.input(res.From.Path, res.From.Snapshot).Events += n
	}
	return nil
}

// record writes a record to the file of its artifact. Results come artifact by
// artifact, so that one file is open at a time.
func (x *hostScan) record(rec *artifacts.Record) error {
	if rec.Artifact != x.recordsOf {
		if err := x.endRecords(); err != nil {
			return err
		}
		x.records, x.recordsOf, x.recordRows = &fileSet{dir: x.dir}, rec.Artifact, 0
		w, err := x.records.create("records/" + rec.Artifact.Name + ".jsonl")
		if err != nil {
			return err
		}
		jsonl, _ := output.Lookup("jsonl")
		x.recordLines = jsonl.Records(w, x.opts)
	}
	x.recordRows++
	return x.recordLines.Record(rec)
}

func (x *hostScan) endRecords() error {
	if x.records == nil {
		return nil
	}
	if err := x.recordLines.Close(); err != nil {
		return err
	}
	files := x.records
	err := x.commit(files, "jsonl", x.recordRows, nil)
	x.records, x.recordsOf = nil, nil
	return err
}

// commit gives finished files their names and puts them into the manifest. The
// rows of files of lines are counted when rows is negative.
func (x *hostScan) commit(set *fileSet, format string, rows int, w any) error {
	done, err := set.commit()
	var notes []string
	if n, ok := w.(output.Noter); ok {
		notes = n.Notes()
	}
	for i := range done {
		done[i].Format = format
		if rows >= 0 {
			done[i].Rows = rows
		}
		if i == 0 {
			done[i].Notes = notes
			for _, n := range notes {
				x.note("%s: %s", done[i].Name, n)
			}
		}
	}
	x.m.Outputs = append(x.m.Outputs, done...)
	return err
}

// abort leaves unfinished files under their .partial names.
func (x *hostScan) abort() {
	if x.records != nil {
		x.records.abort()
	}
	for _, t := range x.tables {
		t.files.abort()
	}
}

// write judges, and writes what is written when everything is known.
func (x *hostScan) write() error {
	x.phase(phaseJudging)
	x.report = x.eval.Report()
	x.eval = nil
	x.worst = max(x.worst, x.report.Worst())
	x.report = x.report.AtLeast(x.level)
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
	if err := x.timeline(); err != nil {
		return err
	}
	if err := x.sideTables(); err != nil {
		return err
	}
	x.phase("writing the report")
	evaluated(&x.page, x.report, x.lang)
	if err := stream(x.ctx, &x.page, &x.sorter); err != nil {
		return err
	}
	if err := x.small("report.html", "html", 0, func(w io.Writer) error {
		return report.Write(w, x.page, &report.Options{Lang: x.lang})
	}); err != nil {
		return err
	}
	return x.ctx.Err()
}

// small writes a file that is made at once.
func (x *hostScan) small(name, format string, rows int, write func(io.Writer) error) error {
	set := &fileSet{dir: x.dir}
	defer set.abort()
	w, err := set.create(name)
	if err != nil {
		return err
	}
	if err := write(w); err != nil {
		return err
	}
	return x.commit(set, format, rows, nil)
}

func jsonLines[T any](w io.Writer, list []T) error {
	for i := range list {
		b, err := output.Marshal(&list[i])
		if err != nil {
			return err
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// theCase is what workbooks and databases hold beside the timeline.
func (x *hostScan) theCase() *output.Case {
	h := x.m
	c := &output.Case{Hosts: []output.Host{hostOf(x.tree.Machine(), h.Evidence)}}
	for _, in := range h.Inputs {
		f := output.File{Host: h.Name, Path: in.Path, Snapshot: in.Snapshot, Size: in.Size, SHA256: in.SHA256, Modified: in.modified, Status: in.Status, Error: in.Error, Offset: in.Offset,
			Records: in.Records, Events: in.Events}
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
		o := output.Finding{ID: f.ID, Host: f.Host, RuleID: f.RuleID, Level: f.Level.String(), Title: f.Title, Subject: f.Subject, Why: f.Why,
			FalsePositives: f.FalsePositives, Techniques: f.Techniques, First: f.FirstSeen, Last: f.LastSeen, Count: f.Count}
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
