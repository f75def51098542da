package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/explain"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/scan"
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
		return usagef("usage: artifactdump explain EVIDENCE|CASE ID")
	}
	path, id := c.Args().Get(0), strings.ToLower(c.Args().Get(1))
	if id == "" {
		return usagef("ID is empty: take one from a timeline, a record or a finding")
	}
	s := newSession(c)
	cases, err := s.cases([]string{path})
	if err != nil {
		return err
	}
	o, err := openOutput(c, path)
	if err != nil {
		return err
	}
	defer o.Abort()
	if cases != nil {
		err = s.explainKept(o, cases[0], path, id)
	} else {
		err = s.explainBytes(o, path, id)
	}
	if err != nil {
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	return s.end()
}

// explainKept writes what a case holds of an id.
func (s *session) explainKept(w io.Writer, c *casefile.Case, path, id string) error {
	f, err := c.Find(s.c.Context, id, s.damage)
	switch {
	case err != nil:
		return err
	case f == nil:
		return noID(path, id)
	case f.Finding != nil:
		return explain.Finding(w, f.Finding, func(id string) string { return bytesCommand(c, f.Machine, id) })
	}
	return casefile.Explain(w, f, func(id string) string { return bytesCommand(c, f.Machine, id) })
}

func noID(path, id string) error {
	return fmt.Errorf("no event, record or finding of %s has the id %s", path, id)
}

// A search for an id in evidence. What it finds is explained at once: the evidence
// closes when the run ends.
type idSearch struct {
	id   string
	text bytes.Buffer // of the first that was found
	ids  []string
}

// maxIDs bounds how many ids are named that begin alike.
const maxIDs = 10

func (x *idSearch) add(id string) (more bool) {
	if !slices.Contains(x.ids, id) {
		x.ids = append(x.ids, id)
	}
	return len(x.ids) < maxIDs && len(x.id) < casefile.IDLength
}

// look looks through the records of a result.
func (x *idSearch) look(t *evidence.Tree, res artifacts.Result) (err error) {
	more := explain.Find(&res, x.id, func(r *artifacts.Record, e *artifacts.Event) bool {
		if len(x.ids) == 0 {
			err = explain.Record(&x.text, t, r, e)
		}
		id := r.ID
		if e != nil {
			id = e.ID
		}
		return x.add(id) && err == nil
	})
	if err == nil && !more {
		err = errorStop{}
	}
	return err
}

// explainBytes writes the bytes behind an id of evidence.
func (s *session) explainBytes(w io.Writer, path, id string) error {
	x := idSearch{id: id}
	names := s.c.StringSlice("artifact")
	judges := scan.Judges{Names: names}
	err := s.each([]string{path}, names, func(t *evidence.Tree, res artifacts.Result) error {
		judges.Add(t, s.kind, &res)
		return x.look(t, res)
	})
	var f *findings.Finding
	if err == nil {
		for _, found := range judges.WithPrefix(id) {
			f = found
			x.add(f.ID)
		}
	}
	if err == nil && len(x.ids) == 0 {
		// It may be one of those that are not shown by default.
		all := newSession(s.c)
		all.stderr, all.full = io.Discard, true
		all.extra = append(all.extra, catalogue.RegistryKeys)
		err = all.each([]string{path}, names, x.look)
	}
	switch {
	case err != nil && err != error(errorStop{}):
		return err
	case len(x.ids) == 0:
		return noID(path, id)
	case len(x.ids) > 1:
		return &casefile.AmbiguousError{Prefix: id, IDs: x.ids}
	case f != nil:
		return explain.Finding(w, f, func(id string) string { return "artifactdump explain " + path + " " + id })
	}
	_, err = x.text.WriteTo(w)
	return err
}

// errorStop ends a run that has found what it was looking for.
type errorStop struct{}

func (errorStop) Error() string { return "found" }
