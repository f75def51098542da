package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

// A machineScan is the scan of one machine.
type machineScan struct {
	*run
	ctx          context.Context
	label        string // what messages call the machine, "" when it is the only one
	shows        *MachineStatus
	files.Folder // where the machine's files go
	m            *MachineManifest
	inv          *inventory
	tree         *evidence.Tree
	sorter       output.Sorter
	eval         *findings.Evaluator
	report       *findings.Report
	page         report.Input // of report.html
	opts         *output.Options
	tables       []*recordTable
	stamp        string
	worst        findings.Level

	records     *files.Set // of the artifact at hand
	recordsOf   *artifacts.Artifact
	recordLines output.RecordWriter
	recordRows  int
}

// A recordTable is a format of records that writes several files.
type recordTable struct {
	format output.Format
	files  *files.Set
	w      output.RecordWriter
}

// Machine scans one machine into a folder: what [Run] does for each, without
// the manifest of a case. Options that choose evidence, the case folder or
// machines are not used, but for the first of Evidence and Kind, which say
// where the machine is from.
func Machine(ctx context.Context, tree *evidence.Tree, sink files.Folder, o Options, obs Observer) (*MachineManifest, error) {
	o.Machines = 1
	s, err := newRun(ctx, o, obs)
	if err != nil {
		return nil, err
	}
	s.status = newStatus(s)
	s.status.planned(1, 0)
	path := ""
	if len(o.Evidence) > 0 {
		path = o.Evidence[0]
	}
	h := &machine{name: tree.Machine().Name}
	m, _, err := s.scanTree(ctx, h, tree, sink, path, o.Kind)
	s.status.end(err)
	return m, err
}

// one opens the evidence of a machine and scans it into its folder. It returns
// what the manifest says of the machine, be it whole or not, and the worst
// finding.
func (s *run) one(ctx context.Context, h *machine) (m *MachineManifest, worst findings.Level, err error) {
	ev, err := s.evidence(s.m.Evidence[h.evidence].Path)
	if err != nil {
		return nil, 0, err
	}
	defer ev.Close()
	return s.scanTree(ctx, h, ev.Trees[h.tree], files.Folder{Dir: filepath.Join(s.part, h.folder)}, ev.Path, ev.Kind)
}

func (s *run) scanTree(ctx context.Context, h *machine, tree *evidence.Tree, sink files.Folder, path, kind string) (m *MachineManifest, worst findings.Level, err error) {
	x := &machineScan{run: s, ctx: ctx, label: h.folder, Folder: sink, tree: tree, stamp: s.started.UTC().Format("20060102150405")}
	x.shows = s.status.begin(h)
	defer s.status.leave(x.shows)
	if err := sink.Make(); err != nil {
		return nil, 0, err
	}
	mach := tree.Machine()
	x.m = &MachineManifest{
		Name: mach.Name, NameFrom: mach.NameFrom, Folder: h.folder, Evidence: path, Tree: h.tree, State: "running", Product: mach.Product, Build: mach.Build,
		MachineGUID: mach.GUID, TimeZone: mach.TimeZone, Bias: mach.Bias, SystemRoot: mach.SystemRoot, Inputs: []*Input{}, Outputs: []files.File{}, Damaged: []Damage{},
		Artifacts: []ArtifactCounts{}, Counts: Counts{Findings: map[string]int{}},
	}
	for _, u := range mach.Users {
		x.m.Users = append(x.m.Users, User{u.Name, u.SID, u.Profile})
	}
	x.inv = newInventory(x.m, x.tree)
	x.sorter = output.Sorter{Budget: s.o.SortMemory, Dir: x.Dir}
	defer x.sorter.Close()
	opts := s.o.Output
	look := &output.TreeLookup{Tree: x.tree}
	opts.Times, opts.Values, opts.Case = look.Times, look.Values, x.theCase
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
	if err := x.read(kind); err != nil {
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
func (x *machineScan) damage(err error) {
	if x.label != "" {
		err = fmt.Errorf("%s: %w", x.label, err)
	}
	x.obs.Damage(err)
}

func (x *machineScan) note(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	if x.label != "" {
		s = x.label + ": " + s
	}
	x.obs.Note(s)
}

func (x *machineScan) phase(name string) { x.status.phase(x.shows, name) }

func (x *machineScan) progress(done, planned int, path string) {
	x.status.progress(x.shows, done, planned, path)
}

// read decodes everything: records go to their files at once, events into the
// sort, what the rules need into the evaluation.
func (x *machineScan) read(kind string) error {
	x.phase(phaseReading)
	for _, f := range x.formats {
		if f.Files == nil {
			continue
		}
		set := x.Set()
		x.tables = append(x.tables, &recordTable{f, set, f.Files(func(name string) (io.Writer, error) { return set.Create("tables/" + x.stamp + "_" + name) }, x.opts)})
	}
	x.eval = findings.NewEvaluator(findings.FactsOf(x.tree, kind, x.o.Artifacts), &findings.Options{Tables: x.o.Tables})
	x.page = report.Input{
		Tool: "artifactdump " + x.o.Version, Machines: []report.Machine{report.MachineOf(x.tree, kind)},
		Collected: report.NewCollector(&report.Options{Lang: x.o.Lang}),
	}
	for _, err := range x.tree.Problems() {
		x.damage(err)
		x.inv.damage(Damage{Parser: "evidence", Error: err.Error()})
	}
	results, err := artifacts.Run(x.ctx, x.tree, &artifacts.Options{
		Artifacts: x.o.Artifacts, Jobs: x.o.Jobs, NoDeleted: x.o.NoDeleted, Places: x.places, Progress: x.progress,
	})
	if err != nil {
		return err
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
	x.m.RunID = x.inv.runID(x.o.Version)
	x.opts.RunID = x.m.RunID
	return nil
}

func (x *machineScan) result(res *artifacts.Result) error {
	for _, n := range res.Notes {
		x.note("%s", n)
	}
	for _, e := range res.Errors {
		x.damage(e)
	}
	x.inv.add(res)
	x.eval.Add(res)
	x.page.Collected.Result(x.m.Name, res)
	if x.o.Strict && len(res.Errors) > 0 {
		return fmt.Errorf("stopped at the first damage (--strict): %w", ErrDamaged)
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
func (x *machineScan) record(rec *artifacts.Record) error {
	if rec.Artifact != x.recordsOf {
		if err := x.endRecords(); err != nil {
			return err
		}
		x.records, x.recordsOf, x.recordRows = x.Set(), rec.Artifact, 0
		w, err := x.records.Create("records/" + rec.Artifact.Name + ".jsonl")
		if err != nil {
			return err
		}
		jsonl, _ := output.Lookup("jsonl")
		x.recordLines = jsonl.Records(w, x.opts)
	}
	x.recordRows++
	return x.recordLines.Record(rec)
}

func (x *machineScan) endRecords() error {
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
func (x *machineScan) commit(set *files.Set, format string, rows int, w any) error {
	done, err := set.Commit()
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
func (x *machineScan) abort() {
	if x.records != nil {
		x.records.Abort()
	}
	for _, t := range x.tables {
		t.files.Abort()
	}
}
