package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/output/pffile"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
	"github.com/artifactdump/artifactdump/prefetch"
)

func prefetchCommand() *cli.Command {
	return &cli.Command{
		Name:      "prefetch",
		Usage:     "decode Prefetch files and check their hashes",
		ArgsUsage: "FILE|FOLDER…",
		Description: "Decodes .pf files of every Windows version, plain or compressed, whole or damaged.\n" +
			"Of a FOLDER, all .pf files below it are read, sorted; a FILE may have any name.\n" +
			"Each hash is checked against the path, the package and the command line that it\n" +
			"covers.\n\n" +
			"Examples:\n" +
			"   artifactdump prefetch CMD.EXE-4A81B364.pf\n" +
			"   artifactdump prefetch --format jsonl Windows/Prefetch | jq 'select(.hash_ok == false)'\n" +
			"   artifactdump prefetch --command-line 'rundll32.exe x.dll,Run' Windows/Prefetch",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: text, jsonl"},
			&cli.BoolFlag{Name: "traces", Usage: "add the loaded pages of each file (jsonl only)"},
			&cli.StringSliceFlag{Name: "command-line", Usage: "try this `COMMAND` line of a hosting program against the hash (repeatable)"},
			&cli.IntFlag{Name: "jobs", Usage: "number `N` of files read in parallel", DefaultText: "one per processor",
				Action: fromOne("jobs")},
			&cli.BoolFlag{Name: "strict", Usage: "stop at the first damage"},
			verboseDamage(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "do not list files that are not Prefetch files"},
		}, outputFlags()),
		Action: prefetchFiles,
	}
}

func prefetchFiles(c *cli.Context) error {
	paths := c.Args().Slice()
	if len(paths) == 0 {
		return usage.Errorf("missing FILE: a .pf file or a folder of them")
	}
	write, ok := map[string]func(*pffile.File, io.Writer) error{"text": (*pffile.File).Text,
		"jsonl": (*pffile.File).JSON}[c.String("format")]
	if !ok {
		return usage.Errorf("unknown Prefetch format %q; known: text, jsonl", c.String("format"))
	}
	l := newLog(c)
	list, err := pffile.Find(paths, l.Quiet, l)
	if err != nil {
		return err
	}
	o, err := openOutput(c, paths...)
	if err != nil {
		return err
	}
	dict := pffile.Dictionary(c.StringSlice("command-line"))
	opts := &prefetch.Options{Traces: c.Bool("traces")}
	for f, err := range pffile.Each(c.Context, list, c.Int("jobs"), opts, dict) {
		if err == nil {
			err = prefetchFile(l, o, f, write)
		}
		if err != nil {
			o.Abort()
			return err
		}
	}
	if err := o.Commit(); err != nil {
		return err
	}
	return l.End()
}

// prefetchFile writes one file, and names what is damaged in it.
func prefetchFile(l *messages.Log, o *files.Out, f *pffile.File, write func(*pffile.File, io.Writer) error) error {
	for _, err := range f.Problems() {
		l.DamageIn(f.Path, fmt.Errorf("%s: %w", f.Path, err))
	}
	if l.Strict && l.Damages() > 0 {
		return errDamaged
	}
	return write(f, o)
}
