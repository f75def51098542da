package main

import (
	"errors"
	"os"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/collectview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/process"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
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
		Description: "SOURCE is a disk image, a folder, another collection or, on Windows, a volume (C:) or all,\n" +
			"which are read raw and need an elevated prompt. The zip holds every file that the\n" +
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
			&cli.StringFlag{Name: "listing", Value: "full", Usage: "list the names on the volumes: full, hot (folders of programs and users), none"},
			&cli.BoolFlag{Name: "api", Usage: "read a volume of this machine through the file system: not elevated, ReFS, FAT"},
			&cli.StringFlag{Name: "layout", Value: "velociraptor", Usage: "write the `LAYOUT` velociraptor or kape (folders, without streams)"},
			&cli.BoolFlag{Name: "no-shadows", Usage: "skip volume shadow copies"},
			&cli.BoolFlag{Name: "programs", Usage: "include programs of autostarts, up to 64 MB of each"},
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
		return usage.Errorf("usage: artifactdump collect SOURCE -o HOST.zip")
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		defer process.LimitMemory(collectMemory)()
	}
	l := newLog(c)
	o, err := collectOptions(c, l)
	if err != nil {
		return err
	}
	source := c.Args().First()
	opts := evidenceOptions(c)
	opts.CacheBytes, opts.API = collectCache, c.Bool("api")
	ev, err := collectview.Open(source, opts)
	if err != nil {
		return session.Missing(source, err)
	}
	defer ev.Close()
	for _, n := range ev.Notes {
		l.Note(n)
	}
	for _, t := range ev.Trees {
		for _, err := range t.Problems() {
			l.Damage(err)
		}
	}
	if c.Bool("dry-run") {
		return errors.Join(collector.Preview(c.Context, c.App.Writer, ev, o), l.End())
	}
	j := collectview.Job{
		Log: l, Source: source, Output: c.String("output"), Force: c.Bool("force"), Resume: c.Bool("resume"),
		SameVolume: c.Bool("allow-same-volume"), Stdout: c.App.Writer,
	}
	return errors.Join(j.Write(c.Context, ev, o), l.End())
}

func collectOptions(c *cli.Context, l *messages.Log) (*collector.Options, error) {
	chosen, err := arguments.Artifacts(c.StringSlice("artifact"))
	if err != nil {
		return nil, err
	}
	o := &collector.Options{
		Artifacts: chosen, Store: c.Bool("store"), Tool: "artifactdump " + version(), Command: arguments.WithoutPassword(os.Args),
		Progress: l.Progress, Damage: l.Damage, Note: l.Note,
	}
	if c.Bool("programs") {
		o.Programs = collectview.Programs
	}
	if err := collectview.Seal(o, c.StringSlice("recipient"), c.String("passphrase")); err != nil {
		return nil, err
	}
	if o.Listing, err = collectview.Listing(c.String("listing")); err != nil {
		return nil, err
	}
	if o.Layout, err = collectview.Layout(c.String("layout")); err != nil {
		return nil, err
	}
	if o.MaxFile, err = arguments.Bytes("max-file", c.String("max-file")); err != nil {
		return nil, err
	}
	o.MaxTotal, err = arguments.Bytes("max-total", c.String("max-total"))
	return o, err
}
