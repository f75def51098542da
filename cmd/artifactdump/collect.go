package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/collecting"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

// A collection runs on machines that do other work: collectCache is the memory for pages of an image, which are mostly read once, and
// collectMemory is what the collector of garbage tries to stay below.
const (
	collectCache  = 8 << 20
	collectMemory = 36 << 20
)

func collectCommand() *cli.Command {
	return &cli.Command{
		Name:      "collect",
		Usage:     "copy what the artifacts are read from into one zip",
		ArgsUsage: "SOURCE -o HOST.zip",
		Description: "SOURCE is a disk image, a folder, another collection or, on Windows, a volume (C:),\n" +
			"which is read raw and needs an elevated prompt. The zip holds every file that the\n" +
			"catalogue names, $MFT, $LogFile and the change journal, original times, hashes, a\n" +
			"manifest, and a listing of the volumes. A scan of it gives the records that a scan of\n" +
			"SOURCE gives. Other programs read it as a Velociraptor collection.\n\n" +
			"Examples:\n" +
			"   artifactdump collect disk.E01 -o results/HOST.zip\n" +
			"   artifactdump collect C: -o E:\\HOST.zip\n" +
			"   artifactdump collect C: -o E:\\HOST.zip --recipient age1…\n" +
			"   artifactdump collect -a prefetch -a evtx disk.E01 -o - | ssh server 'cat > HOST.zip'",
		Flags: append(outputFlags(),
			&cli.StringSliceFlag{Name: "artifact", Aliases: []string{"a"}, Usage: "collect only for the artifact or group `NAME` (repeatable)"},
			&cli.StringFlag{Name: "max-file", Value: "2G", Usage: "cut files after `SIZE` (file tables and journals are exempt)"},
			&cli.StringFlag{Name: "max-total", Value: "20G", Usage: "stop storing after `SIZE` in all"},
			&cli.StringFlag{Name: "listing", Value: "full", Usage: "list the names on the volumes: full, none"},
			&cli.BoolFlag{Name: "no-shadows", Usage: "skip volume shadow copies"},
			&cli.BoolFlag{Name: "store", Usage: "do not compress"},
			&cli.StringSliceFlag{Name: "recipient", Usage: "encrypt for the public `KEY` of age (age1…) or SSH, to FILE.age (repeatable)"},
			&cli.StringFlag{Name: "passphrase", Usage: "encrypt with the pass phrase `TEXT` instead; others on the machine may see it"},
			&cli.BoolFlag{Name: "resume", Usage: "continue a collection that was interrupted"},
			&cli.BoolFlag{Name: "allow-same-volume", Usage: "write to the volume that is collected, on a running machine"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print the paths of what would be collected, and write nothing"},
			passwordFlag(),
			identityFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no progress and no notes; damage is still reported"},
			verboseDamage(),
		),
		Action: collectAction,
	}
}

func collectAction(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("usage: artifactdump collect SOURCE -o HOST.zip")
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(collectMemory))
	}
	s := newSession(c)
	o, err := collectOptions(s)
	if err != nil {
		return err
	}
	source := c.Args().First()
	opts := evidenceOptions(c)
	opts.CacheBytes = collectCache
	ev, err := evidence.Open(source, opts)
	if err != nil {
		return missing(source, err)
	}
	defer ev.Close()
	for _, n := range ev.Notes {
		s.note("%s", n)
	}
	for _, t := range ev.Trees {
		for _, err := range t.Problems() {
			s.damage(err)
		}
	}
	if c.Bool("dry-run") {
		return errors.Join(collector.Preview(c.App.Writer, ev, o), s.end())
	}
	return errors.Join(collectInto(s, ev, source, o), s.end())
}

// collectInto writes the zip, or none at all.
func collectInto(s *session, ev *evidence.Evidence, source string, o *collector.Options) error {
	output := collecting.Output(s.c.String("output"), o.Seal != nil)
	if s.c.String("output") == "" {
		return usagef("missing -o HOST.zip: name the zip to write, or - for standard output")
	}
	if err := collecting.Refuse(ev, source, output, s.c.Bool("allow-same-volume")); err != nil {
		return err
	}
	mode := collector.New
	switch {
	case s.c.Bool("force") && s.c.Bool("resume"):
		return usagef("--force and --resume are mutually exclusive")
	case s.c.Bool("force"):
		mode = collector.Force
	case s.c.Bool("resume"):
		mode = collector.Resume
	}
	sum, err := collecting.Write(s.c.Context, ev, output, s.c.App.Writer, o, mode)
	if _, ok := errors.AsType[*collector.UnfinishedError](err); ok {
		return fmt.Errorf("%w: use --resume to continue it or --force to start over", err)
	}
	if err != nil {
		return err
	}
	s.clearLine()
	s.note("%s stored whole, %d in part, %d changed while they were read; %s in all, %s listed", terminal.Count(sum.Files, "file", "files"),
		sum.Partial, sum.Changed, terminal.Count(int(sum.Bytes), "byte", "bytes"), terminal.Count(int(sum.Listed), "name", "names"))
	if sum.Resumed > 0 {
		s.note("%s had been stored before", terminal.Count(sum.Resumed, "file", "files"))
	}
	if output != "-" && output != s.c.String("output") {
		s.say("written to %s", output)
	}
	s.say("SHA-256 of the zip: %s", sum.SHA256)
	s.say("SHA-256 of the manifest: %s", sum.ManifestSHA256)
	return nil
}

func collectOptions(s *session) (*collector.Options, error) {
	c := s.c
	chosen, err := selectArtifacts(c.StringSlice("artifact"))
	if err != nil {
		return nil, err
	}
	o := &collector.Options{
		Artifacts: chosen, Store: c.Bool("store"), Listing: c.String("listing"), Tool: "artifactdump " + version(),
		Command: withoutPassword(os.Args), Progress: s.progress, Damage: s.damage, Note: func(text string) { s.note("%s", text) },
	}
	if l := o.Listing; l != collector.ListFull && l != collector.ListNone {
		return nil, usagef("unknown listing %q; known: full, none", l)
	}
	if err := collecting.Seal(o, c.StringSlice("recipient"), c.String("passphrase")); err != nil {
		return nil, usagef("--recipient: %v", err)
	}
	if o.MaxFile, err = collecting.Size(c.String("max-file")); err != nil {
		return nil, usagef("--max-file %v", err)
	}
	if o.MaxTotal, err = collecting.Size(c.String("max-total")); err != nil {
		return nil, usagef("--max-total %v", err)
	}
	return o, nil
}
