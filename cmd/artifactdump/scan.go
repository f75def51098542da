package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
			"   findings.jsonl          what deserves a look first\n" +
			"   coverage.jsonl          which rules could not be judged, and why\n" +
			"   navigator.json          layer for the ATT&CK Navigator\n\n" +
			"Several machines get a folder each. The folder is called CASE.partial until it is\n" +
			"whole; an interrupted run goes on with --resume. The evidence is never written to.\n\n" +
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
			&cli.Int64Flag{Name: "sort-memory", Value: output.DefaultBudget >> 20, Usage: "sort within `N` MiB; what does not fit goes to temporary files in CASE"},
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
	dir     string // CASE
	part    string // CASE.partial, where everything is written
	formats []output.Format
	opts    *output.Options
	tables  *findings.Tables
	level   findings.Level
	worst   findings.Level
	m       *manifest
	status  *status
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
	err = s.run(paths)
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
	if n := c.Int64("sort-memory"); n < 1 || n > 1<<20 {
		return 0, usagef("--sort-memory %d: want a number of MiB", n)
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
	if _, err := artifacts.Select(c.StringSlice("artifact")); err != nil {
		return 0, usageError{err}
	}
	if l := c.String("lang"); !slices.Contains(report.Languages(), l) {
		return 0, usagef("--lang %q: want en or ja", l)
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
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("%s: no such file or folder", p)
			}
			return err
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
	}
	if _, err := os.Lstat(s.dir); err == nil {
		switch {
		case !s.c.Bool("force"):
			return fmt.Errorf("%s exists: use --force to replace it", s.dir)
		case !isCase(s.dir):
			return fmt.Errorf("%s is no case folder (it has no manifest.json of artifactdump) and is not replaced", s.dir)
		}
	}
	s.m = newManifest(s)
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
			s.m.resumed = old.Hosts
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
		if rel, err := filepath.Rel(real, ev); err == nil && (rel == "." || !strings.HasPrefix(rel, "..")) {
			return fmt.Errorf("the evidence %s lies inside %s, which is for outputs", p, dir)
		}
	}
	return nil
}

// A host is one machine to be scanned.
type host struct {
	evidence int // index in the manifest
	tree     int // index in the evidence
	name     string
	folder   string // below CASE, "" when there is only one
}

func (s *scan) run(paths []string) error {
	hosts, err := s.plan(paths)
	if err != nil {
		return err
	}
	if len(hosts) == 0 {
		return errors.New("none of the evidence could be read")
	}
	for i, h := range hosts {
		s.status.host(h.name, i, len(hosts))
		if old := s.m.complete(s.part, h); old != nil {
			s.note("%s is complete already", h.name)
			s.keep(old)
			continue
		}
		if err := s.one(h); err != nil {
			return err
		}
		if err := s.m.write(s.part); err != nil {
			return err
		}
	}
	return nil
}

// keep takes over a machine of the run that is gone on with.
func (s *scan) keep(old *manifestHost) {
	s.m.Hosts = append(s.m.Hosts, old)
	s.damaged += old.Counts.Damaged
	for l, n := range old.Counts.Findings {
		if level, ok := findings.ParseLevel(l); ok && n > 0 {
			s.worst = max(s.worst, level)
		}
	}
}

// plan looks into the evidence for machines and gives each a folder.
func (s *scan) plan(paths []string) ([]host, error) {
	var hosts []host
	for i, p := range paths {
		me := &manifestEvidence{Path: p}
		s.m.Evidence = append(s.m.Evidence, me)
		if st, err := os.Stat(p); err == nil && st.Mode().IsRegular() {
			me.Size = st.Size()
			if s.c.Bool("hash-evidence") {
				s.status.phase("hashing " + p)
				sum, err := hashFile(s.c.Context, p)
				if err != nil {
					return nil, err
				}
				me.SHA256 = sum
			}
		}
		ev, err := s.open(p)
		if err != nil {
			if errors.Is(err, context.Canceled) {
				return nil, err
			}
			me.Error = err.Error()
			s.damage(err)
			continue
		}
		me.Kind, me.Notes = ev.Kind, ev.Notes
		before := s.damaged
		if err := s.verifyImage(ev); err != nil {
			ev.Close()
			return nil, err
		}
		if s.damaged > before {
			me.Error = "the image is not what its stored hashes say, or could not be compared with them"
		}
		for _, n := range ev.Notes {
			s.note("%s", n)
		}
		for t, tree := range ev.Trees {
			hosts = append(hosts, host{evidence: i, tree: t, name: tree.Machine().Name})
		}
		ev.Close()
		if err := s.c.Context.Err(); err != nil {
			return nil, err
		}
	}
	if len(hosts) > 1 {
		taken := map[string]bool{"manifest.json": true}
		for i := range hosts {
			base := folderName(hosts[i].name)
			name := base
			for n := 2; taken[strings.ToLower(name)]; n++ {
				name = fmt.Sprintf("%s-%d", base, n)
			}
			taken[strings.ToLower(name)] = true
			hosts[i].folder = name
		}
	}
	return hosts, nil
}

// folderName makes a machine's name, which the evidence chose, fit for a
// folder on any system.
func folderName(name string) string {
	name = strings.Trim(output.FileName(name), ". ")
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem {
	case "", "CON", "PRN", "AUX", "NUL", "COM1", "COM2", "COM3", "COM4", "COM5", "COM6", "COM7", "COM8", "COM9",
		"LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7", "LPT8", "LPT9":
		return "host_" + name
	}
	return name
}

func (s *scan) open(path string) (*evidence.Evidence, error) {
	return evidence.Open(path, &evidence.Options{Hostname: s.c.String("host"), NoLogs: s.c.Bool("no-logs"), NoShadows: s.c.Bool("no-shadows")})
}

// finish writes the manifest and gives the folder its name. It returns what
// ends the command, nil when all is well.
func (s *scan) finish(err error) error {
	s.clearLine()
	s.m.end(err)
	if werr := s.m.write(s.part); err == nil {
		err = werr
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
		for _, h := range s.m.Hosts {
			fmt.Fprintf(s.stderr, "%s: %s\n", clean(h.Name), h.Counts)
		}
		fmt.Fprintf(s.stderr, "case folder: %s\n", clean(s.dir))
	}
	return nil
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
