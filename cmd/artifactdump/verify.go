package main

import (
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/verify"
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
		return session.NoEvidence
	}
	write, ok := map[string]func(io.Writer, *verify.Verdict) error{
		"text":  func(w io.Writer, v *verify.Verdict) error { return v.Text(w) },
		"jsonl": func(w io.Writer, v *verify.Verdict) error { return output.WriteJSON(w, v) },
	}[c.String("format")]
	if !ok {
		return usage.Errorf("unknown verify format %q; known: text, jsonl", c.String("format"))
	}
	s := newSession(c)
	o, err := openOutput(c, c.Args().Slice()...)
	if err != nil {
		return err
	}
	w, err := verify.NewWitness(c.Context)
	if err != nil {
		o.Abort()
		return err
	}
	defer w.Stop()
	var sum verify.Total
	for _, path := range c.Args().Slice() {
		err := verifyOne(c, s, path, w, func(v *verify.Verdict) error {
			if sum.Add(v); v.Differences() > 0 {
				s.ClearLine()
				fmt.Fprintf(s.Writer(), "unexplained: %s: the witness differs in %s\n", output.Clean(v.Path),
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
		sum.Text(o)
	}
	if err := o.Commit(); err != nil {
		return err
	}
	if sum.Unexplained > 0 {
		return errDamaged
	}
	return s.End()
}

func verifyOne(c *cli.Context, s *session.Session, path string, w *verify.Witness, yield func(*verify.Verdict) error) error {
	ev, err := s.Open(path)
	if err != nil {
		return err
	}
	defer ev.Close()
	return verify.Evidence(c.Context, ev, w, s, yield)
}

func witnessCommand() *cli.Command {
	return &cli.Command{
		Name: "witness", Hidden: true,
		Usage:  "the child process of verify",
		Action: func(c *cli.Context) error { return verify.Serve(os.Stdin, c.App.Writer) },
	}
}
