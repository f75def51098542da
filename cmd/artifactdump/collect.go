package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/collector"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
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
			"   artifactdump collect -a prefetch -a evtx disk.E01 -o - | ssh server 'cat > HOST.zip'",
		Flags: append(outputFlags(),
			&cli.StringSliceFlag{Name: "artifact", Aliases: []string{"a"}, Usage: "collect only for the artifact or group `NAME` (repeatable)"},
			&cli.StringFlag{Name: "max-file", Value: "2G", Usage: "cut files after `SIZE` (file tables and journals are exempt)"},
			&cli.StringFlag{Name: "max-total", Value: "20G", Usage: "stop storing after `SIZE` in all"},
			&cli.StringFlag{Name: "listing", Value: "full", Usage: "list the names on the volumes: full, none"},
			&cli.BoolFlag{Name: "no-shadows", Usage: "skip volume shadow copies"},
			&cli.BoolFlag{Name: "store", Usage: "do not compress"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print the paths of what would be collected, and write nothing"},
			passwordFlag(),
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
	output := s.c.String("output")
	if output == "" {
		return usagef("missing -o HOST.zip: name the zip to write, or - for standard output")
	}
	if output != "-" {
		around := source
		if st, err := os.Stat(source); err == nil && !st.IsDir() {
			around = filepath.Dir(source) // what lies beside an image is evidence, too
		}
		if err := files.Outside(output, []string{around}); err != nil {
			return err
		}
	}
	out, err := openOutput(s.c, source)
	if err != nil {
		return err
	}
	sum, err := collector.Collect(s.c.Context, ev, out, o)
	if err == nil {
		err = out.Commit()
	} else {
		out.Abort()
	}
	if err != nil {
		return err
	}
	s.clearLine()
	s.note("%s stored whole, %d in part; %s in all, %s listed", terminal.Count(sum.Files, "file", "files"), sum.Partial,
		terminal.Count(int(sum.Bytes), "byte", "bytes"), terminal.Count(int(sum.Listed), "name", "names"))
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
		Artifacts: chosen, Store: c.Bool("store"), Tool: "artifactdump " + version(), Command: withoutPassword(os.Args),
		Progress: s.progress, Damage: s.damage,
	}
	switch l := c.String("listing"); l {
	case "full":
	case "none":
		o.NoListing = true
	default:
		return nil, usagef("unknown listing %q; known: full, none", l)
	}
	if o.MaxFile, err = byteSize(c, "max-file"); err != nil {
		return nil, err
	}
	o.MaxTotal, err = byteSize(c, "max-total")
	return o, err
}

// byteSize reads a number of bytes with an optional K, M, G or T.
func byteSize(c *cli.Context, flag string) (int64, error) {
	v := strings.ToUpper(c.String(flag))
	shift := 0
	if i := strings.IndexAny(v, "KMGT"); i > 0 && i == len(v)-1 {
		shift = 10 * (1 + strings.IndexByte("KMGT", v[i]))
		v = v[:i]
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil || n < 1 || n > 1<<62>>shift {
		return 0, usagef("--%s %s: give a number of bytes, such as 500M or 2G", flag, c.String(flag))
	}
	return n << shift, nil
}
