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
)

func scanCommand() *cli.Command {
	return &cli.Command{
		Name:      "scan",
		Usage:     "the whole job: timeline, records, findings, report and a manifest, into a new folder",
		ArgsUsage: "EVIDENCE…",
		Description: "Reads each piece of EVIDENCE (a folder, a zip, a disk image) and leaves a folder\n" +
			"that can be handed over:\n\n" +
			"   manifest.json           every input with its size and SHA-256, every output, what was damaged and why\n" +
			"   timeline.jsonl, .csv    all events, sorted; more formats with --format\n" +
			"   records/ARTIFACT.jsonl  all records with all their fields\n" +
			"   report.html             one page for reading: what happened, and what says so\n" +
			"   findings.jsonl          what deserves a look first\n" +
			"   coverage.jsonl          which rules could not be judged, and why\n" +
			"   logons.csv, sessions.csv, graph.graphml  who logged on to what, from where, for how long\n" +
			"   navigator.json          layer for the ATT&CK Navigator\n\n" +
			"Several machines get a folder each, and are scanned at a time as far as --memory\n" +
			"allows; the bytes are the same. The folder is called CASE.partial until it is whole;\n" +
			"an interrupted run goes on with --resume. The evidence is never written to.\n\n" +
			"Examples:\n" +
			"   artifactdump scan /mnt/image -o case\n" +
			"   artifactdump scan pc1.zip pc2.E01 -o case --format timesketch,parquet,xlsx\n" +
			"   artifactdump scan /mnt/image -o case --status-file status.json -q",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write into the new folder `CASE`"},
			&cli.StringFlag{Name: "format", Usage: "write these formats, too: a `LIST` such as timesketch,parquet, or all. There are " + strings.Join(scanFormats(), ", ")},
			&cli.BoolFlag{Name: "force", Usage: "replace CASE if it is a case folder"},
			&cli.BoolFlag{Name: "resume", Usage: "go on with CASE.partial: machines that are complete are not read again"},
			&cli.BoolFlag{Name: "group-readable", Usage: "let your group read CASE, which is otherwise readable by you alone"},
			&cli.BoolFlag{Name: "hash-evidence", Usage: "take the SHA-256 of zips and disk images as a whole, too"},
			&cli.StringFlag{Name: "status-file", Usage: "keep `FILE` up to date with how far the run is, as JSON"},
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "`LANGUAGE` of the report: en, ja"},
			&cli.StringFlag{Name: "level", Value: "informational", Usage: "write findings of `LEVEL` and above"},
			&cli.StringFlag{Name: "fail-level", Usage: "exit with 4 when there is a finding of `LEVEL` or above"},
			&cli.StringSliceFlag{Name: "rules", Usage: "read tables and exceptions of your own from `FILE` (repeat for more)"},
			&cli.IntFlag{Name: "machines", Usage: "scan `N` machines at a time, as far as --memory allows", DefaultText: "as many as --jobs", Action: fromOne("machines")},
			&cli.Int64Flag{Name: "memory", Value: scan.DefaultMemory >> 20, Usage: "let machines that are scanned at a time need `N` MiB together, by the size of their hives"},
			&cli.Int64Flag{Name: "sort-memory", Value: output.DefaultBudget >> 20, Usage: "sort the events of a machine within `N` MiB; what does not fit goes to temporary files in CASE"},
			bodyfileFlag(),
		}, sigmaFlags(), csvFlags(), []cli.Flag{eventsFlag()}, evidenceFlags()),
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
		fmt.Fprintf(s.stderr, "what was finished is in %s; go on with --resume\n", clean(u.Dir))
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

// scanError says with which flags a scan would do what it refused.
func scanError(err error) error {
	if e, ok := errors.AsType[*scan.OptionError](err); ok {
		if e.Option != "" {
			return usagef("--%s %w", strings.ReplaceAll(e.Option, " ", "-"), e.Err)
		}
		return usageError{err}
	}
	if _, ok := errors.AsType[*scan.DifferentError](err); ok {
		return fmt.Errorf("%w; begin anew with --force", err)
	}
	if _, ok := errors.AsType[*scan.InUseError](err); ok {
		return fmt.Errorf("%w: wait until it ends, or name another folder with -o", err)
	}
	if e, ok := errors.AsType[*scan.UnfinishedError](err); ok && e.Err == nil {
		return fmt.Errorf("%w: go on with --resume or begin anew with --force", err)
	}
	return err
}

// scanOptions reads the flags.
func scanOptions(s *session) (o scan.Options, fail findings.Level, err error) {
	c := s.c
	if o := c.String("output"); o == "" || o == "-" {
		return scan.Options{}, 0, usagef("where to? Name the new folder with -o CASE")
	}
	if !c.Args().Present() {
		return o, 0, usagef("which evidence? Give the folder of a copied or mounted disk")
	}
	if c.Bool("force") && c.Bool("resume") {
		return o, 0, usagef("--force begins anew and --resume goes on: give one of them")
	}
	if v := c.String("bodyfile-unset"); v != "-1" && v != "0" {
		return o, 0, usagef("--bodyfile-unset %q: want -1 or 0", v)
	}
	for _, name := range []string{"memory", "sort-memory"} {
		if n := c.Int64(name); n < 1 || n > 1<<20 {
			return o, 0, usagef("--%s %d: want a number of MiB", name, n)
		}
	}
	o = scan.Options{
		Evidence: c.Args().Slice(), Dir: filepath.Clean(c.String("output")), Force: c.Bool("force"), Resume: c.Bool("resume"), Group: c.Bool("group-readable"),
		Artifacts: c.StringSlice("artifact"), Output: *outputOptions(c), Lang: c.String("lang"), RuleFiles: c.StringSlice("rules"),
		Open: *evidenceOptions(c), NoDeleted: c.Bool("no-deleted"), Events: shownEvents(c), Timezone: c.String("evidence-timezone"),
		HashEvidence: c.Bool("hash-evidence"), VerifyImages: c.Bool("verify"), Strict: s.strict,
		Jobs: c.Int("jobs"), Machines: c.Int("machines"), Memory: c.Int64("memory") << 20, SortMemory: c.Int64("sort-memory") << 20,
		LimitMemory: limitMemory, StatusFile: c.String("status-file"), Version: version(), Command: withoutPassword(os.Args),
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
	if o.Sigma, err = sigmaRules(c); err != nil {
		return o, 0, err
	}
	if o.Tables, err = ruleFiles(o.RuleFiles); err != nil {
		return o, 0, err
	}
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

// limitMemory has the runtime collect garbage sooner when the scan comes near the
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
			return nil, usagef("no format for cases is called %q; there are %s", name, strings.Join(known, ", "))
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

// plainEvery is how often a scan tells how far it is where there is no
// terminal to draw on.
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
	case isTerminal(w.stderr):
		w.draw(st, false)
	default:
		w.report(m)
	}
}

// report says from time to time how far a machine is.
func (w *watcher) report(m *scan.MachineStatus) {
	if time.Since(w.reported[m]) > plainEvery {
		w.reported[m] = time.Now()
		w.say("%s: %s, %d of %d%s", m.Name(), m.Phase, m.Done, m.Planned, m.TimeLeft())
	}
}

// draw shows on a terminal what is being done, in one line.
func (w *watcher) draw(st *scan.Status, now bool) {
	if w.quiet || w.verbose || !isTerminal(w.stderr) || !now && time.Since(w.drawn) < 100*time.Millisecond {
		return
	}
	w.drawn = time.Now()
	if len(st.Machines) == 0 {
		w.clearLine()
		return
	}
	w.drawLine(st.Line(lineWidth))
}
