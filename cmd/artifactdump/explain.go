package main

import (
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/explainview"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/usage"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "show the bytes behind an event, record or finding",
		ArgsUsage: "EVIDENCE|CASE ID",
		Description: "ID is the id of an event, a record or a finding, or its first digits if no other\n" +
			"id has them. Prints where it was read (file with SHA-256, key, value, offset,\n" +
			"transaction log or free cell) and the bytes there with their field names. A second\n" +
			"examiner can check the row with a hex editor. Of a case folder it prints what was\n" +
			"kept, and the command that shows the bytes in the evidence.\n\n" +
			"Examples:\n" +
			"   artifactdump explain /mnt/image 57a2c8b336c5a09f\n" +
			"   artifactdump explain case 57a2c8",
		Flags:  slices.Concat(outputFlags(), evidenceFlags()),
		Action: explainAction,
	}
}

func explainAction(c *cli.Context) error {
	if c.NArg() != 2 {
		return usage.Errorf("usage: artifactdump explain EVIDENCE|CASE ID")
	}
	path, id := c.Args().Get(0), strings.ToLower(c.Args().Get(1))
	if id == "" {
		return usage.Errorf("ID is empty: take one from a timeline, a record or a finding")
	}
	s := newSession(c)
	defer s.Close()
	cases, err := s.OpenCases(path)
	if err != nil {
		return err
	}
	o, err := openOutput(c, path)
	if err != nil {
		return err
	}
	defer o.Abort()
	if cases != nil {
		err = explainview.InCase(c.Context, o, s, cases[0], path, id)
	} else {
		again := func() *session.Session {
			s := newSession(c)
			l := messages.New(io.Discard)
			l.Strict = s.Strict
			s.Log = l
			return s
		}
		err = explainview.InEvidence(c.Context, o, s, again, path, id)
	}
	if err == nil {
		err = s.Err()
	}
	if err != nil {
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	return s.End()
}
