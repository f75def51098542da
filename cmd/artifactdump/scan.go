package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/formats"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/process"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/scanview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
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
				strings.Join(formats.OfCases(), ", ")},
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
			&cli.StringSliceFlag{Name: "rules", Usage: "read your own rule tables and exceptions from `FILE` (repeatable)"},
			&cli.IntFlag{Name: "machines", Usage: "number `N` of machines scanned in parallel, as far as --memory allows",
				DefaultText: "as --jobs", Action: fromOne("machines")},
			&cli.Int64Flag{Name: "memory", Value: scan.DefaultMemory >> 20,
				Usage: "memory budget in `MiB` for machines scanned in parallel (estimated from hive sizes)"},
			&cli.Int64Flag{Name: "sort-memory", Value: output.DefaultBudget >> 20,
				Usage: "memory in `MiB` to sort the events of a machine; the rest uses temporary files in CASE"},
			&cli.BoolFlag{Name: "mft", Usage: "write all records of $MFT and of the change journal, not only those that are shown"},
			bodyfileFlag(),
		}, sigmaFlags(), listFlags(), csvFlags(), []cli.Flag{eventsFlag()}, evidenceFlags()),
		Action: scanAction,
	}
}

func scanAction(c *cli.Context) error {
	l := newLog(c)
	o, fail, err := scanOptions(c, l)
	if err != nil {
		return err
	}
	m, err := scan.Run(c.Context, o, scanview.Watch(l))
	l.ClearLine()
	l.Tell()
	if u, ok := errors.AsType[*scan.UnfinishedError](err); ok && u.Err != nil {
		fmt.Fprintf(l.Writer(), "completed machines are kept in %s; use --resume to continue\n", terminal.Clean(u.Dir))
	}
	if err != nil {
		return scanview.Error(err)
	}
	if !l.Quiet {
		scanview.Worst(l, o.Dir, m)
	}
	switch {
	case fail > 0 && m.Worst() >= fail:
		return errFindings
	case m.Damaged() > 0:
		return errDamaged
	}
	return nil
}

// scanOptions reads the flags.
func scanOptions(c *cli.Context, l *messages.Log) (o scan.Options, fail findings.Level, err error) {
	if o := c.String("output"); o == "" || o == "-" {
		return scan.Options{}, 0, usage.Errorf("missing -o CASE: name a new folder for the results")
	}
	if !c.Args().Present() {
		return o, 0, session.NoEvidence
	}
	if c.Bool("force") && c.Bool("resume") {
		return o, 0, usage.Errorf("--force and --resume are mutually exclusive")
	}
	if v := c.String("bodyfile-unset"); v != "-1" && v != "0" {
		return o, 0, usage.Errorf("--bodyfile-unset %q: want -1 or 0", v)
	}
	for _, name := range []string{"memory", "sort-memory"} {
		if n := c.Int64(name); n < 1 || n > 1<<20 {
			return o, 0, usage.Errorf("--%s %d: want MiB from 1 to 1048576", name, n)
		}
	}
	o = scan.Options{
		Evidence: c.Args().Slice(), Dir: filepath.Clean(c.String("output")), Force: c.Bool("force"), Resume: c.Bool("resume"),
		Group:     c.Bool("group-readable"),
		Artifacts: c.StringSlice("artifact"), Output: *outputOptions(c), Lang: c.String("lang"), RuleFiles: c.StringSlice("rules"),
		Open: *evidenceOptions(c), NoDeleted: c.Bool("no-deleted"), MFT: c.Bool("mft"), Events: shownEvents(c),
		Timezone:     c.String("evidence-timezone"),
		HashEvidence: c.Bool("hash-evidence"), VerifyImages: c.Bool("verify"), Strict: l.Strict,
		Jobs: c.Int("jobs"), Machines: c.Int("machines"), Memory: memory(c), SortMemory: c.Int64("sort-memory") << 20,
		LimitMemory: limitMemory, StatusFile: c.String("status-file"), Version: version(), Command: arguments.WithoutPassword(os.Args),
		CaseID: c.String("case-id"), Examiner: c.String("examiner"), Note: c.String("note"),
	}
	o.Commit, _ = commit()
	if _, err := events.ParseFilter(o.Events); err != nil {
		return o, 0, usage.Errorf("--events: %v", err)
	}
	if _, err := arguments.Zone(c.String("evidence-timezone"), nil); err != nil {
		return o, 0, err
	}
	if o.Level, err = arguments.Level("level", c.String("level")); err != nil {
		return o, 0, err
	}
	if fail, err = arguments.Level("fail-level", c.String("fail-level")); err != nil {
		return o, 0, err
	}
	o.SigmaPaths = c.StringSlice("sigma")
	if o.Sigma, err = sigmaRules(c); err != nil {
		return o, 0, err
	}
	if o.Lists, err = arguments.Lists(c.StringSlice("iocs"), c.StringSlice("hashes"), c.String("iocs-level"), l.Notef); err != nil {
		return o, 0, err
	}
	if o.Tables, err = arguments.Tables(o.RuleFiles); err != nil {
		return o, 0, err
	}
	if _, err := arguments.Artifacts(o.Artifacts); err != nil {
		return o, 0, err
	}
	if !slices.Contains(report.Languages(), o.Lang) {
		return o, 0, usage.Errorf("--lang %q: want en or ja", o.Lang)
	}
	o.Formats, err = formats.Added(c.String("format"))
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
		process.LimitMemory(max(bytes, memoryFloor))
	}
}
