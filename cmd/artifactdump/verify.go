package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/verify"
	"github.com/artifactdump/artifactdump/hive"
	"github.com/urfave/cli/v2"
)

//go:generate go run . verify --write-oracles ../../docs/oracles.md

func verifyCommand() *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Usage:     "cross-check Prefetch files, hives, event logs and $MFT with independent parsers",
		ArgsUsage: "EVIDENCE…",
		Description: "Decodes every Prefetch file, hive, event log and file record of $MFT a second time\n" +
			"with go-prefetch, regparser, Velocidex's evtx and go-ntfs, in a child process that may\n" +
			"crash, and compares field by field. Fields agree, diverge for a known reason\n" +
			"(docs/oracles.md explains each), or differ unexplained. An unexplained difference is shown\n" +
			"with both readings and the bytes. It makes the exit code 3, as does a file that is damaged\n" +
			"or unreadable.\n\n" +
			"Example:\n   artifactdump verify /mnt/image",
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "format", Value: "text", Usage: "output `FORMAT`: text, jsonl"},
			&cli.StringFlag{Name: "host", Usage: "machine `NAME` to use when the SYSTEM hive has none"},
			&cli.BoolFlag{Name: "no-logs", Usage: "skip transaction logs"},
			&cli.BoolFlag{Name: "no-shadows", Usage: "skip volume shadow copies"},
			passwordFlag(),
			identityFlag(),
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "print no notes"},
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
		return errNoEvidence
	}
	write, ok := map[string]func(io.Writer, *verify.Verdict) error{
		"text":  func(w io.Writer, v *verify.Verdict) error { return v.Text(w) },
		"jsonl": func(w io.Writer, v *verify.Verdict) error { return writeJSON(w, v) },
	}[c.String("format")]
	if !ok {
		return usagef("unknown verify format %q; known: text, jsonl", c.String("format"))
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
				fmt.Fprintf(s.stderr, "unexplained: %s: the witness differs in %s\n", output.Clean(v.Path),
					terminal.Count(v.Differences(), "field", "fields"))
			}
			return write(o, v)
		})
		if err != nil {
			o.Abort()
			return err
		}
	}
	if c.String("format") == "text" {
		fmt.Fprintf(o, "\n%s: %s agreed, %s, %d unexplained; not read by the witness: %d\n",
			terminal.Count(sum.files, "file", "files"), terminal.Count(sum.agreed, "field", "fields"),
			terminal.Count(sum.known, "known divergence", "known divergences"), sum.unexplained, sum.silent)
	}
	if err := o.Commit(); err != nil {
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
