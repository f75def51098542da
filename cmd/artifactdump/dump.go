package main

import (
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/formats"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timelineview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func dumpCommand() *cli.Command {
	return &cli.Command{
		Name:      "dump",
		Usage:     "print typed records with all fields",
		ArgsUsage: "EVIDENCE…",
		Description: "Prints the records artifact by artifact. Each names its file, key, value and byte\n" +
			"offset. A single FILE is read as the artifact that -a names, whatever it is called\n" +
			"and wherever it lies.\n\n" +
			"Examples:\n" +
			"   artifactdump dump -a prefetch /mnt/image\n" +
			"   artifactdump dump -a prefetch --format csv -o prefetch.csv case/C\n" +
			"   artifactdump dump -a prefetch --format pecmd -o tables case/C\n" +
			"   artifactdump dump -a userassist --hive NTUSER.DAT\n" +
			"   artifactdump dump -a pshistory history-of-mira.txt",
		Flags: slices.Concat([]cli.Flag{
			formatFlag("text", formats.ForRecords),
			&cli.StringSliceFlag{Name: "hive", Usage: "read the single hive `FILE`; its keys show its kind (repeatable)"},
		}, outputFlags(), csvFlags(), []cli.Flag{eventsFlag()}, evidenceFlags()),
		Action: dump,
	}
}

func dump(c *cli.Context) error {
	format, err := formats.Find("record", c.String("format"), formats.ForRecords)
	if err != nil {
		return err
	}
	paths := slices.Concat(c.Args().Slice(), c.StringSlice("hive"))
	s := newSession(c)
	s.Evidence.AnyFile = arguments.AreArtifacts(s.Names)
	if err := showEvents(c, s); err != nil {
		return err
	}
	var look output.TreeLookup
	opts := outputOptions(c)
	opts.Times, opts.Values = look.Times, look.Values
	var w output.RecordWriter
	var o interface {
		Commit() error
		Abort()
	}
	if format.Files != nil {
		set, err := openFolder(c, paths...)
		if err != nil {
			return err
		}
		o, w = set, format.Files(set.Create, opts)
	} else {
		file, err := openOutput(c, paths...)
		if err != nil {
			return err
		}
		o, w = file, format.Records(file, opts)
	}
	n := 0
	err = s.Each(c.Context, paths, func(tree *evidence.Tree, res artifacts.Result) error {
		look.Tree = tree
		if x, ok := w.(output.Failer); ok && len(res.Records) == 0 {
			for _, e := range res.Errors {
				if err := x.Failed(e); err != nil {
					return err
				}
			}
		}
		for i := range res.Records {
			if res.Records[i].Quiet {
				continue
			}
			n++
			if err := w.Record(&res.Records[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		o.Abort()
		return err
	}
	if n == 0 {
		s.Note("no records")
	}
	timelineview.Notes(s.Log, w)
	if err := o.Commit(); err != nil {
		return err
	}
	return s.End()
}

// openFolder opens the folder that -o names for a format of several files.
func openFolder(c *cli.Context, evidence ...string) (folder, error) {
	name := c.String("output")
	if name == "" || name == "-" {
		return folder{}, usage.Errorf("--format %s writes several files: use -o FOLDER", c.String("format"))
	}
	if err := files.OutsideFolder(name, evidence); err != nil {
		return folder{}, err
	}
	if err := os.MkdirAll(name, 0o777); err != nil {
		return folder{}, err
	}
	return folder{&files.Set{Dir: name, Force: c.Bool("force")}}, nil
}

// A folder is a set of files as the output of one command.
type folder struct{ *files.Set }

// Commit gives the files their names.
func (f folder) Commit() error {
	_, err := f.Set.Commit()
	return err
}
