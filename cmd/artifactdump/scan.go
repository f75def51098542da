package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/judging"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

func scanCommand() *cli.Command {
	return &cli.Command{
		Name:      "scan",
		Usage:     "process evidence into a case folder: timeline, records, findings, report, manifest",
		ArgsUsage: "EVIDENCE…",
		Description: "Reads each EVIDENCE (a folder, an archive, a disk image) and writes a case folder:\n\n" +
			"   manifest.json           each input and output with its size and SHA-256, and all damage\n" +
			"   timeline.jsonl, .csv    all events, sorted; --format adds more formats\n" +
			"   records/ARTIFACT.jsonl  all records with all fields\n" +
			"   report.html             a page to read: findings with their evidence, activity, coverage\n" +
			"   viewer.html             a page to work in: search, histogram, details, marks\n" +
			"   findings.jsonl          what deserves review, with reasons\n" +
			"   coverage.jsonl          which rules could not be evaluated, and why\n" +
			"   programs.jsonl, programs.csv, starts.csv  each program with all that is known of it\n" +
			"   story.md, story.ja.md, story.json  what happened, in sentences with their proof\n" +
			"   logons.csv, sessions.csv, graph.graphml  who logged on to what, from where, for how long\n" +
			"   observations.jsonl.gz   what fleet compares machines by\n" +
			"   navigator.json          layer for the ATT&CK Navigator\n\n" +
			"Each of several machines gets its own folder. Machines are scanned in parallel as\n" +
			"far as --memory allows; the output does not depend on it. The folder is named\n" +
			"CASE.partial until it is complete; --resume continues an interrupted scan. The\n" +
			"evidence is never modified.\n\n" +
			"Examples:\n" +
			"   artifactdump scan /mnt/image -o case\n" +
			"   artifactdump scan pc1.zip pc2.E01 -o case --format timesketch,parquet,xlsx\n" +
			"   artifactdump scan /mnt/image -o case --status-file status.json -q",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to the new folder `CASE`"},
			&cli.StringFlag{Name: "format", Usage: "also write these formats: a `LIST` such as timesketch,parquet, or all; known: " +
				strings.Join(scanFormats(), ", ")},
			&cli.BoolFlag{Name: "force", Usage: "replace CASE if it is a case folder"},
			&cli.BoolFlag{Name: "resume", Usage: "continue CASE.partial; machines that are complete are not read again"},
			&cli.BoolFlag{Name: "group-readable", Usage: "let your group read CASE (default: only you)"},
			&cli.BoolFlag{Name: "hash-evidence", Usage: "also hash archives and disk images as a whole (SHA-256); implied by --case-id, --examiner, --note"},
			&cli.StringFlag{Name: "case-id", Usage: "write the `ID` of the case into manifest and report"},
			&cli.StringFlag{Name: "examiner", Usage: "write the `NAME` of the examiner into manifest and report"},
			&cli.StringFlag{Name: "note", Usage: "write `TEXT` about the case into manifest and report"},
			&cli.StringFlag{Name: "status-file", Usage: "write the progress of the scan to `FILE`, as JSON"},
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "report `LANGUAGE`: en, ja"},
			&cli.StringFlag{Name: "level", Value: "informational", Usage: "write findings of `LEVEL` and above"},
			&cli.StringFlag{Name: "fail-level", Usage: "exit with 4 if a finding reaches `LEVEL`"},
			judging.RulesFlag(),
			&cli.IntFlag{Name: "machines", Usage: "number `N` of machines scanned in parallel, as far as --memory allows",
				DefaultText: "as --jobs", Action: fromOne("machines")},
			&cli.Int64Flag{Name: "memory", Value: scan.DefaultMemory >> 20,
				Usage: "memory budget in `MiB` for machines scanned in parallel (estimated from hive sizes)"},
			&cli.Int64Flag{Name: "sort-memory", Value: output.DefaultBudget >> 20,
				Usage: "memory in `MiB` to sort the events of a machine; the rest uses temporary files in CASE"},
			bodyfileFlag(),
		}, judging.SigmaFlags(), judging.ListFlags(), csvFlags(), []cli.Flag{eventsFlag()}, evidenceFlags()),
		Action: scanAction,
	}
}

// scanFormats are the formats that can be added to a case.
func scanFormats() []string {
	var names []string
	for _, f := range formats() {
		if f.Name != "text" && f.Name != "jsonl" && f.Name != "csv" && (forEvents(f) || f.Files != nil) {
			names = append(names, f.Name)
		}
	}
	return names
}

func scanAction(c *cli.Context) error {
	s := newSession(c)
	o, fail, err := scanOptions(s)
	if err != nil {
		return err
	}
	m, err := scan.Run(c.Context, o, &watcher{s, map[*scan.MachineStatus]time.Time{}})
	s.clearLine()
	s.tellDamage()
	if u, ok := errors.AsType[*scan.UnfinishedError](err); ok && u.Err != nil {
		fmt.Fprintf(s.stderr, "completed machines are kept in %s; use --resume to continue\n", terminal.Clean(u.Dir))
	}
	if err != nil {
		return scanError(err)
	}
	if !s.quiet {
		s.worst(o.Dir, m)
	}
	switch {
	case fail > 0 && m.Worst() >= fail:
		return errFindings
	case m.Damaged() > 0:
		return errDamaged
	}
	return nil
}

// scanError adds the flags with which a refused scan would run.
func scanError(err error) error {
	if e, ok := errors.AsType[*scan.OptionError](err); ok {
		if e.Option != "" {
			return usagef("--%s %w", strings.ReplaceAll(e.Option, " ", "-"), e.Err)
		}
		return usageError{err}
	}
	if _, ok := errors.AsType[*scan.DifferentError](err); ok {
		return fmt.Errorf("%w; use --force to start over", err)
	}
	if _, ok := errors.AsType[*scan.InUseError](err); ok {
		return fmt.Errorf("%w: wait for it, or name another folder with -o", err)
	}
	if e, ok := errors.AsType[*scan.UnfinishedError](err); ok && e.Err == nil {
		return fmt.Errorf("%w: use --resume to continue or --force to start over", err)
	}
	return err
}

// scanOptions reads the flags.
func scanOptions(s *session) (o scan.Options, fail findings.Level, err error) {
	c := s.c
	if o := c.String("output"); o == "" || o == "-" {
		return scan.Options{}, 0, usagef("missing -o CASE: name a new folder for the results")
	}
	if !c.Args().Present() {
		return o, 0, errNoEvidence
	}
	if c.Bool("force") && c.Bool("resume") {
		return o, 0, usagef("--force and --resume are mutually exclusive")
	}
	if v := c.String("bodyfile-unset"); v != "-1" && v != "0" {
		return o, 0, usagef("--bodyfile-unset %q: want -1 or 0", v)
	}
	for _, name := range []string{"memory", "sort-memory"} {
		if n := c.Int64(name); n < 1 || n > 1<<20 {
			return o, 0, usagef("--%s %d: want MiB from 1 to 1048576", name, n)
		}
	}
	o = scan.Options{
		Evidence: c.Args().Slice(), Dir: filepath.Clean(c.String("output")), Force: c.Bool("force"), Resume: c.Bool("resume"),
		Group:     c.Bool("group-readable"),
		Artifacts: c.StringSlice("artifact"), Output: *outputOptions(c), Lang: c.String("lang"), RuleFiles: c.StringSlice("rules"),
		Open: *evidenceOptions(c), NoDeleted: c.Bool("no-deleted"), Events: shownEvents(c), Timezone: c.String("evidence-timezone"),
		HashEvidence: c.Bool("hash-evidence"), VerifyImages: c.Bool("verify"), Strict: s.strict,
		Jobs: c.Int("jobs"), Machines: c.Int("machines"), Memory: memory(c), SortMemory: c.Int64("sort-memory") << 20,
		LimitMemory: limitMemory, StatusFile: c.String("status-file"), Version: version(), Command: withoutPassword(os.Args),
		CaseID: c.String("case-id"), Examiner: c.String("examiner"), Note: c.String("note"),
	}
	o.Commit, _ = commit()
	if _, err := events.ParseFilter(o.Events); err != nil {
		return o, 0, usagef("--events: %v", err)
	}
	if _, err := zoneFlag(c, nil); err != nil {
		return o, 0, err
	}
	if o.Level, err = levelFlag(c, "level"); err != nil {
		return o, 0, err
	}
	if fail, err = levelFlag(c, "fail-level"); err != nil {
		return o, 0, err
	}
	o.SigmaPaths = c.StringSlice("sigma")
	by, err := s.judging()
	if err != nil {
		return o, 0, err
	}
	o.Tables, o.Sigma, o.Lists = by.Tables, by.Sigma, by.Lists
	if _, err := selectArtifacts(o.Artifacts); err != nil {
		return o, 0, err
	}
	if !slices.Contains(report.Languages(), o.Lang) {
		return o, 0, usagef("--lang %q: want en or ja", o.Lang)
	}
	o.Formats, err = chooseFormats(c.String("format"))
	return o, fail, err
}

// memoryFloor keeps a low --memory from costing more time for collecting garbage
// than for the work.
const memoryFloor = 256 << 20

// memory returns what --memory says, 0 when it is not given.
func memory(c *cli.Context) int64 {
	if !c.IsSet("memory") {
		return 0
	}
	return c.Int64("memory") << 20
}

// judgingMemory is the limit for the commands that judge one machine after the other:
// what they keep is bounded, and needs less.
const judgingMemory = 320 << 20

// limitMemory has the runtime collect garbage sooner when the program comes near the
// memory that it was given. Who sets GOMEMLIMIT knows better.
func limitMemory(bytes int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(max(bytes, memoryFloor))
	}
}

// chooseFormats reads --format; JSON lines and CSV are always written.
func chooseFormats(list string) ([]output.Format, error) {
	var names []string
	known := scanFormats()
	for name := range strings.SplitSeq(list, ",") {
		switch name = strings.TrimSpace(name); {
		case name == "" || name == "jsonl" || name == "csv" || slices.Contains(names, name):
		case name == "all":
			names = slices.Clone(known)
		case slices.Contains(known, name):
			names = append(names, name)
		default:
			return nil, usagef("unknown case format %q; known: %s", name, strings.Join(known, ", "))
		}
	}
	var out []output.Format
	for _, n := range names {
		f, _ := format(n, func(output.Format) bool { return true })
		out = append(out, f)
	}
	return out, nil
}

// A watcher shows on standard error how a scan goes.
type watcher struct {
	*session
	reported map[*scan.MachineStatus]time.Time
}

// plainEvery is how often a scan reports its progress without a terminal.
const plainEvery = 10 * time.Second

// Completed implements [scan.Observer].
func (w *watcher) Completed(m *scan.MachineManifest) {
	w.say("%s: %s", cmp.Or(m.Folder, m.Name), m.Counts)
}

// Progress implements [scan.Observer].
func (w *watcher) Progress(st *scan.Status, m *scan.MachineStatus) {
	switch {
	case m == nil:
		w.draw(st, true)
	case m.Planned == 0: // another phase
		w.reported[m] = time.Now()
		w.draw(st, true)
	case w.verbose && m.Path != "":
		prefix := ""
		if m.Folder != "" {
			prefix = m.Folder + ": "
		}
		w.say("%sread %d of %d: %s", prefix, m.Done, m.Planned, m.Path)
	case w.quiet || w.verbose:
	case terminal.Is(w.stderr):
		w.draw(st, false)
	default:
		w.report(st, m)
	}
}

// report prints the progress of a machine from time to time.
func (w *watcher) report(st *scan.Status, m *scan.MachineStatus) {
	if time.Since(w.reported[m]) > plainEvery {
		w.reported[m] = time.Now()
		w.say("%s: %s, %d of %d%s%s", m.Name(), m.Phase, m.Done, m.Planned, st.SoFar(m), m.TimeLeft())
	}
}

// draw shows on a terminal what is being done, in one line.
func (w *watcher) draw(st *scan.Status, now bool) {
	if w.quiet || w.verbose || !terminal.Is(w.stderr) || !now && time.Since(w.drawn) < 100*time.Millisecond {
		return
	}
	w.drawn = time.Now()
	if len(st.Machines) == 0 {
		w.clearLine()
		return
	}
	w.drawLine(st.Line(terminal.LineWidth))
}
