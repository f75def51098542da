package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/explain"
	"github.com/artifactdump/artifactdump/artifacts/scan"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "show the bytes behind an event, record or finding",
		ArgsUsage: "EVIDENCE ID",
		Description: "ID is the id of an event, a record or a finding. Prints where it was read (file\n" +
			"with SHA-256, key, value, offset, transaction log or free cell) and the bytes there\n" +
			"with their field names. A second examiner can check the row with a hex editor.\n\n" +
			"Example:\n" +
			"   artifactdump explain /mnt/image 57a2c8b336c5a09f",
		Flags:  slices.Concat(outputFlags(), evidenceFlags()),
		Action: explainAction,
	}
}

func explainAction(c *cli.Context) error {
	if c.NArg() != 2 {
		return usagef("usage: artifactdump explain EVIDENCE ID")
	}
	path, id := c.Args().Get(0), strings.ToLower(c.Args().Get(1))
	if id == "" {
		return usagef("ID is empty: take one from a timeline, a record or a finding")
	}
	s := newSession(c)
	o, err := openOutput(c, path)
	if err != nil {
		return err
	}
	defer o.Abort()
	found := errorStop{}
	judges := scan.Judges{Names: c.StringSlice("artifact")}
	look := func(t *evidence.Tree, res artifacts.Result) error {
		rec, event := explain.Find(&res, id)
		if rec == nil {
			return nil
		}
		// The evidence closes when the run ends: explain here.
		if err := explain.Record(o, t, rec, event); err != nil {
			return err
		}
		return found
	}
	err = s.each([]string{path}, c.StringSlice("artifact"), func(t *evidence.Tree, res artifacts.Result) error {
		judges.Add(t, s.kind, &res)
		return look(t, res)
	})
	if err == nil && judges.Finding(id) == nil {
		// It may be one of those that are not shown by default.
		all := newSession(c)
		all.stderr, all.full = io.Discard, true
		all.extra = append(all.extra, catalogue.RegistryKeys)
		if err = all.each([]string{path}, c.StringSlice("artifact"), look); err != nil && err != error(found) {
			return err
		}
	}
	switch err {
	case nil:
		f := judges.Finding(id)
		if f == nil {
			return fmt.Errorf("no event, record or finding of %s has the id %s", path, id)
		}
		err = explain.Finding(o, f, func(id string) string { return "artifactdump explain " + path + " " + id })
	case error(found):
		err = nil
	}
	if err != nil {
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	return s.end()
}

// errorStop ends a run that has found what it was looking for.
type errorStop struct{}

func (errorStop) Error() string { return "found" }
