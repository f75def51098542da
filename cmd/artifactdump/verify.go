package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/verify"
	"github.com/artifactdump/artifactdump/hive"
	"github.com/urfave/cli/v2"
)

//go:generate go run . verify --write-oracles ../../docs/oracles.md

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "a second opinion: independent parsers beside ours, field by field",
		ArgsUsage: "EVIDENCE…",
		Description: "Decodes every Prefetch file and every hive a second time with go-prefetch and\n" +
			"regparser, in a child process that may die, and compares field by field: agreed,\n" +
			"a known divergence (docs/oracles.md says who is right and why), or unexplained.\n" +
			"An unexplained difference is shown with both readings and the bytes. It makes the\n" +
			"exit code 3, as does a file that is damaged or cannot be read.\n\n" +
			"Example:\n   artifactdump verify /mnt/image",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of the output: text, jsonl"},
			&cli.StringFlag{Name: "host", Usage: "`NAME` of the machine"},
			&cli.BoolFlag{Name: "no-logs", Usage: "leave transaction logs aside"},
			&cli.BoolFlag{Name: "no-shadows", Usage: "leave the volume shadow copies of disk images aside"},
			passwordFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no notes"},
			verboseDamage(),
			&cli.StringFlag{Name: "write-oracles", Hidden: true},
		}, outputFlags()),
		Action: verifyAction,
	}
}

func verifyAction(c *cli.Context) error {
	if name := c.String("write-oracles"); name != "" {
		return verify.WriteOracles(name)
	}
	if !c.Args().Present() {
		return usagef("which evidence? Give the folder of a copied or mounted disk")
	}
	write, ok := map[string]func(io.Writer, *verify.Verdict) error{
		"text":  func(w io.Writer, v *verify.Verdict) error { return v.Text(w) },
		"jsonl": func(w io.Writer, v *verify.Verdict) error { return writeJSON(w, v) },
	}[c.String("format")]
	if !ok {
		return usagef("no format of verify is called %q", c.String("format"))
	}
	s := newSession(c)
	o, err := openOutput(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	w := verify.NewWitness(c.Context)
	defer w.Stop()
	var sum verifySums
	for _, path := range c.Args().Slice() {
		err := s.verifyOne(path, w, func(v *verify.Verdict) error {
			if sum.add(v); v.Differences() > 0 {
				s.clearLine()
				fmt.Fprintf(s.stderr, "unexplained: %s: %d fields that the witness reads otherwise\n", output.Clean(v.Path), v.Differences())
			}
			return write(o, v)
		})
		if err != nil {
			o.abort()
			return err
		}
	}
	if c.String("format") == "text" {
		fmt.Fprintf(o, "\n%d files: %d fields agreed, %d known divergences, %d unexplained; the witness read nothing of %d\n",
			sum.files, sum.agreed, sum.known, sum.unexplained, sum.silent)
	}
	if err := o.commit(); err != nil {
		return err
	}
	if sum.unexplained > 0 {
		return errDamaged
	}
	return s.end()
}

// verifySums are the totals of several verdicts.
type verifySums struct{ files, agreed, known, unexplained, silent int }

func (t *verifySums) add(v *verify.Verdict) {
	t.files++
	t.agreed += v.Agreed
	t.known += v.Divergences()
	t.unexplained += v.Differences()
	if v.Witness != "" {
		t.silent++
	}
}

func (s *session) verifyOne(path string, w *verify.Witness, yield func(*verify.Verdict) error) error {
	ev, err := s.openEvidence(path)
	if err != nil {
		return err
	}
	defer ev.Close()
	return verify.Evidence(s.c.Context, ev, w, s, yield)
}

// HiveDamage implements [verify.Log].
func (s *session) HiveDamage(path string, d *hive.FormatError) { s.hiveDamage(path, d) }

func witnessCommand() *cli.Command {
	return &cli.Command{
		Name: "witness", Hidden: true,
		Usage:  "the child process of verify",
		Action: func(c *cli.Context) error { return verify.Serve(os.Stdin, c.App.Writer) },
	}
}
