package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
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
			&cli.BoolFlag{Name: "hash-evidence", Usage: "take the SHA-256 of zips and disk images as a whole, too"},
			&cli.StringFlag{Name: "status-file", Usage: "keep `FILE` up to date with how far the run is, as JSON"},
			&cli.StringFlag{Name: "lang", Value: "en", Usage: "`LANGUAGE` of the report: en, ja"},
			&cli.StringFlag{Name: "level", Value: "informational", Usage: "write findings of `LEVEL` and above"},
			&cli.StringFlag{Name: "fail-level", Usage: "exit with 4 when there is a finding of `LEVEL` or above"},
			&cli.StringSliceFlag{Name: "rules", Usage: "read tables and exceptions of your own from `FILE` (repeat for more)"},
			&cli.IntFlag{Name: "machines", Usage: "scan `N` machines at a time, as far as --memory allows", DefaultText: "as many as --jobs", Action: fromOne("machines")},
			&cli.Int64Flag{Name: "memory", Value: defaultMemory, Usage: "let machines that are scanned at a time need `N` MiB together, by the size of their hives"},
			&cli.Int64Flag{Name: "sort-memory", Value: output.DefaultBudget >> 20, Usage: "sort the events of a machine within `N` MiB; what does not fit goes to temporary files in CASE"},
			bodyfileFlag(),
		}, csvFlags(), evidenceFlags()),
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

// A scan is one run of the command.
type scan struct {
	*session
	dir      string // CASE
	part     string // CASE.partial, where everything is written
	names    []string
	formats  []output.Format
	opts     *output.Options
	evidence *evidence.Options
	decode   *artifacts.Options
	lang     string
	sort     int64 // bytes that the events of one machine are sorted in
	memory   int64 // bytes that the machines that are scanned at a time may need
	machines int   // how many are scanned at a time
	tables   *findings.Tables
	level    findings.Level
	worst    findings.Level
	m        *manifest
	status   *status
	kept     time.Time     // when the manifest was last written between machines
	keeping  time.Duration // how long that took
}

func scanAction(c *cli.Context) error {
	s := &scan{session: newSession(c), dir: filepath.Clean(c.String("output"))}
	fail, err := s.flags()
	if err != nil {
		return err
	}
	paths := c.Args().Slice()
	if err := distinct(paths); err != nil {
		return err
	}
	if err := s.openCase(paths); err != nil {
		return err
	}
	err = s.work(paths)
	if cerr := s.finish(err); cerr != nil {
		return cerr
	}
	if fail > 0 && s.worst >= fail {
		return errFindings
	}
	return s.end()
}

func (s *scan) flags() (fail findings.Level, err error) {
	c := s.c
	if o := c.String("output"); o == "" || o == "-" {
		return 0, usagef("where to? Name the new folder with -o CASE")
	}
	if !c.Args().Present() {
		return 0, usagef("which evidence? Give the folder of a copied or mounted disk")
	}
	if c.Bool("force") && c.Bool("resume") {
		return 0, usagef("--force begins anew and --resume goes on: give one of them")
	}
	if v := c.String("bodyfile-unset"); v != "-1" && v != "0" {
		return 0, usagef("--bodyfile-unset %q: want -1 or 0", v)
	}
	for _, name := range []string{"memory", "sort-memory"} {
		if n := c.Int64(name); n < 1 || n > 1<<20 {
			return 0, usagef("--%s %d: want a number of MiB", name, n)
		}
	}
	s.memory, s.sort = c.Int64("memory")<<20, c.Int64("sort-memory")<<20
	jobs := cmp.Or(c.Int("jobs"), runtime.GOMAXPROCS(0))
	s.machines = cmp.Or(c.Int("machines"), jobs)
	if s.strict {
		s.machines = 1 // the first damage is the first of the first machine
	}
	if s.level, err = levelFlag(c, "level"); err != nil {
		return 0, err
	}
	if fail, err = levelFlag(c, "fail-level"); err != nil {
		return 0, err
	}
	if s.tables, err = ruleFiles(c.StringSlice("rules")); err != nil {
		return 0, err
	}
	s.names = c.StringSlice("artifact")
	if _, err := artifacts.Select(s.names); err != nil {
		return 0, usageError{err}
	}
	if s.lang = c.String("lang"); !slices.Contains(report.Languages(), s.lang) {
		return 0, usagef("--lang %q: want en or ja", s.lang)
	}
	s.evidence = evidenceOptions(c)
	s.decode = &artifacts.Options{Artifacts: s.names, Jobs: jobs, NoDeleted: c.Bool("no-deleted")}
	if s.machines > 1 {
		s.decode.Places = make(chan struct{}, jobs)
	}
	s.formats, err = chooseFormats(c.String("format"))
	s.opts = outputOptions(c)
	s.opts.Created = s.started
	return fail, err
}

// chooseFormats reads --format; JSON lines and CSV are always written.
func chooseFormats(list string) ([]output.Format, error) {
	names := []string{"jsonl", "csv"}
	known := scanFormats()
	for name := range strings.SplitSeq(list, ",") {
		switch name = strings.TrimSpace(name); {
		case name == "" || slices.Contains(names, name):
		case name == "all":
			names = append([]string{"jsonl", "csv"}, known...)
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

// distinct refuses evidence that is given twice, by whatever name.
func distinct(paths []string) error {
	var seen []fs.FileInfo
	for i, p := range paths {
		st, err := os.Stat(p)
		if err != nil {
			return missing(p, err)
		}
		for j, other := range seen {
			if os.SameFile(st, other) {
				return usagef("%s and %s are the same evidence", paths[j], paths[i])
			}
		}
		seen = append(seen, st)
	}
	return nil
}

// openCase makes CASE.partial, or finds the one to go on with.
func (s *scan) openCase(paths []string) error {
	s.part = s.dir + ".partial"
	for _, dir := range []string{s.dir, s.part} {
		if err := outsideFolder(dir, paths); err != nil {
			return err
		}
		if err := notAround(dir, paths); err != nil {
			return err
		}
	}
	if f := s.c.String("status-file"); f != "" {
		if err := outsideFolder(filepath.Dir(f), paths); err != nil {
			return err
		}
		file, err := filepath.Abs(f)
		if err != nil {
			return err
		}
		for _, dir := range []string{s.dir, s.part} {
			if dir, err := filepath.Abs(dir); err != nil || within(file, dir) {
				return usagef("--status-file %s: the case folder holds nothing but what the scan finds; name another place", f)
			}
		}
	}
	if _, err := os.Lstat(s.dir); err == nil {
		switch {
		case !s.c.Bool("force"):
			return fmt.Errorf("%s exists: use --force to replace it", s.dir)
		case !isCase(s.dir):
			return fmt.Errorf("%s is no case folder (it has no manifest.json of artifactdump) and is not replaced", s.dir)
		}
	}
	s.m = newManifest(s, paths)
	if _, err := os.Lstat(s.part); err == nil {
		switch {
		case s.c.Bool("resume"):
			old, err := readManifest(s.part)
			if err != nil {
				return fmt.Errorf("cannot go on with %s: %w", s.part, err)
			}
			if why := s.m.differs(old); why != "" {
				return fmt.Errorf("cannot go on with %s: %s; begin anew with --force", s.part, why)
			}
			s.m.Hosts, s.m.Evidence = old.Hosts, old.Evidence // until it is known what is complete
		case !s.c.Bool("force"):
			return fmt.Errorf("%s is left from a run that did not end: go on with --resume or begin anew with --force", s.part)
		case !isCase(s.part):
			return fmt.Errorf("%s is no case folder (it has no manifest.json of artifactdump) and is not replaced", s.part)
		default:
			if err := os.RemoveAll(s.part); err != nil {
				return err
			}
		}
	} else if s.c.Bool("resume") {
		return fmt.Errorf("nothing to go on with: there is no %s", s.part)
	}
	if err := os.MkdirAll(s.part, 0o777); err != nil {
		return err
	}
	s.status = newStatus(s)
	return s.m.write(s.part)
}

// notAround refuses a folder for outputs that holds the evidence: replacing
// the one would remove the other.
func notAround(dir string, paths []string) error {
	real, err := realPath(dir)
	if err != nil {
		return nil // not there yet, so nothing lies in it
	}
	for _, p := range paths {
		ev, err := realPath(p)
		if err != nil {
			continue
		}
		if within(ev, real) {
			return fmt.Errorf("the evidence %s lies inside %s, which is for outputs", p, dir)
		}
	}
	return nil
}

// finish writes the manifest and gives the folder its name. It returns what
// ends the command, nil when all is well.
func (s *scan) finish(err error) error {
	s.clearLine()
	s.m.end(err)
	werr := s.m.write(s.part)
	if werr != nil && err != nil {
		// The disk may be full of what was not finished, which helps nobody:
		// what the manifest says does.
		dropUnfinished(s.part)
		werr = s.m.write(s.part)
	}
	if err == nil {
		err = werr
	}
	if errors.Is(err, errNoEvidence) && onlyManifest(s.part) {
		// Nothing to go on with: the next run shall not stumble over it.
		os.RemoveAll(s.part)
		s.status.end(err)
		return err
	}
	if err != nil {
		s.status.end(err)
		if !errors.Is(err, errDamaged) {
			fmt.Fprintf(s.stderr, "what was finished is in %s; go on with --resume\n", clean(s.part))
		}
		return err
	}
	if err := replaceFolder(s.part, s.dir); err != nil {
		s.status.end(err)
		return err
	}
	s.status.end(nil)
	if !s.quiet {
		fmt.Fprintf(s.stderr, "case folder: %s\n", clean(s.dir))
	}
	return nil
}

// onlyManifest reports whether a case holds nothing but its manifest.
func onlyManifest(dir string) bool {
	list, err := os.ReadDir(dir)
	return err == nil && len(list) == 1 && list[0].Name() == manifestName
}

// dropUnfinished removes the files of a case that are not whole.
func dropUnfinished(dir string) {
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && p != dir && strings.HasSuffix(p, ".partial") {
			os.Remove(p)
		}
		return nil
	})
}

// replaceFolder gives the finished folder its name. A folder that has the name
// goes only when the new one stands in its place.
func replaceFolder(from, to string) error {
	if _, err := os.Lstat(to); err != nil {
		return os.Rename(from, to)
	}
	old := to + ".old"
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(to, old); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return errors.Join(err, os.Rename(old, to))
	}
	return os.RemoveAll(old)
}
