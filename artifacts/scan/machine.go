package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/moments"
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
	seen         *observations.Builder
	prefetcher   int // see findings.Facts
	report       *findings.Report
	analysis     *logons.Analysis // once everything is read
	page         report.Input     // of report.html
	zone         *artifacts.Zone
	moments      moments.Moments // that may show the zone
	verdicts     map[string]output.Verdict
	viewer       viewerPages
	opts         *output.Options
	tables       []*recordTable
	quiet        unshownFile
	damaged      *files.Set // damaged.jsonl, when there is too much for the manifest
	stamp        string
	worst        findings.Level

	records []*recordFile // of the artifacts at hand
}

// A recordFile is the file of the records of one artifact.
type recordFile struct {
	artifact *artifacts.Artifact
	files    *files.Set
	lines    output.RecordWriter
	rows     int
}

// A recordTable is a format of records that writes several files.
type recordTable struct {
	format output.Format
	files  *files.Set
	w      output.RecordWriter
}

// A source is one machine of evidence: what it holds, the path and the kind of
// the evidence.
type source struct {
	tree       *evidence.Tree
	path, kind string
	of         *EvidenceManifest // in the manifest of a case
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
	from := source{tree: tree, kind: o.Kind}
	if len(o.Evidence) > 0 {
		from.path = o.Evidence[0]
	}
	h := &machine{name: tree.Machine().Name}
	m, _, err := s.scanTree(ctx, h, from, sink)
	s.status.end(err)
	return m, err
}

// one opens the evidence of a machine and scans it into its folder. It returns
// what the manifest says of the machine, complete or not, and the worst
// finding.
func (s *run) one(ctx context.Context, h *machine) (m *MachineManifest, worst findings.Level, err error) {
	ev := s.open
	if ev != nil {
		s.open = nil // of the only machine
	} else if ev, err = s.evidence(s.m.Evidence[h.evidence].Path); err != nil {
		return nil, 0, err
	}
	defer ev.Close()
	if h.tree >= len(ev.Trees) {
		return nil, 0, fmt.Errorf("%s: holds fewer machines than when the scan was planned", ev.Path)
	}
	return s.scanTree(ctx, h, source{ev.Trees[h.tree], ev.Path, ev.Kind, s.m.Evidence[h.evidence]},
		files.Folder{Dir: filepath.Join(s.part, h.folder), Mode: s.mode})
}

// scanTree scans a machine that is open.
func (s *run) scanTree(
	ctx context.Context, h *machine, from source, sink files.Folder,
) (m *MachineManifest, worst findings.Level, err error) {
	x := &machineScan{run: s, ctx: ctx, label: h.folder, Folder: sink, tree: from.tree, stamp: s.started.UTC().Format("20060102150405")}
	x.shows = s.status.begin(h)
	defer s.status.leave(x.shows)
	if err := sink.Make(); err != nil {
		return nil, 0, err
	}
	x.m = newMachineManifest(from.tree.Machine(), h, from.path)
	x.damaged = x.Set()
	x.inv = newInventory(x.m, x.tree, func() (io.Writer, error) { return x.damaged.Create("damaged.jsonl") })
	if x.zone, err = s.zone(x.tree.Machine()); err != nil {
		return x.m, x.worst, err
	}
	x.sorter = output.Sorter{Budget: s.o.SortMemory, Dir: x.Dir, Zone: func(string) *artifacts.Zone { return x.zone }}
	defer x.sorter.Close()
	defer x.closeLogons()
	opts := s.o.Output
	look := &output.TreeLookup{Tree: x.tree}
	opts.Times, opts.Values, opts.Case = look.Times, look.Values, x.theCase
	opts.MachineGUID = func(string) string { return x.m.MachineGUID }
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
	if err := x.read(from.kind); err != nil {
		return x.m, x.worst, err
	}
	x.m.Seconds.Reading = wholeMillis(time.Since(begin))
	begin = time.Now()
	x.page.Case = s.m.ReportCase(from.of, x.m)
	if err := x.write(); err != nil {
		return x.m, x.worst, err
	}
	x.m.Seconds.Writing = wholeMillis(time.Since(begin))
	return x.m, x.worst, nil
}

// closeLogons removes the temporary file of the log-on analysis.
func (x *machineScan) closeLogons() {
	if x.eval != nil {
		x.eval.Close()
	}
	if x.analysis != nil {
		x.analysis.Close()
	}
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
		create := func(name string) (io.Writer, error) { return set.Create("tables/" + x.stamp + "_" + name) }
		x.tables = append(x.tables, &recordTable{f, set, f.Files(create, x.opts)})
	}
	facts := findings.FactsOf(x.tree, kind, x.o.Artifacts)
	x.eval = findings.NewEvaluator(facts, &findings.Options{Tables: x.o.Tables, Sigma: x.o.Sigma, Lists: x.o.Lists, Dir: x.Dir})
	x.seen, x.prefetcher = observations.NewBuilder(x.tree.Machine()), facts.Prefetcher
	x.page = report.Input{
		Tool:      "artifactdump " + x.o.Version,
		Collected: report.NewCollector(&report.Options{Lang: x.o.Lang}),
	}
	for _, err := range x.tree.Problems() {
		x.damage(err)
		x.inv.damage(Damage{Parser: "evidence", Error: err.Error()})
	}
	shown, err := events.ParseFilter(x.o.Events)
	if err != nil {
		return err
	}
	results, err := artifacts.Run(x.ctx, x.tree, x.list, &artifacts.Options{
		Jobs: x.o.Jobs, NoDeleted: x.o.NoDeleted, FullOf: x.o.Artifacts, Places: x.places, Progress: x.progress, Quiet: shown.Quiet,
		Zone: x.zone, AllOf: x.o.all(), Beside: catalogue.Beside(x.list),
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
	if x.moments.Infer(x.zone) {
		x.note("local times: zone %s", x.zone)
	}
	x.page.Machines = []report.Machine{report.MachineOf(x.tree, kind)} // the run has opened the hives and given them up
	x.m.Hives, x.m.Problems = hiveStates(x.page.Machines[0].Hives), x.page.Machines[0].Problems
	x.m.setZone(x.zone, x.o.Timezone)
	x.page.Machines[0].LocalTimes = x.zone.String()
	if err := x.endRecords(); err != nil {
		return err
	}
	if err := x.endUnshown(); err != nil {
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
	if x.inv.err != nil {
		return x.inv.err
	}
	if err := x.commit(x.damaged, "jsonl", -1, nil); err != nil {
		return err
	}
	x.m.RunID = x.inv.runID(x.o.Version)
	x.opts.RunID = x.m.RunID
	return nil
}
