// Package explainview finds what has an id in evidence or in a case, and explains it.
package explainview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/explain"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
)

// InCase writes what a case holds of an id. path is how the case was named.
func InCase(ctx context.Context, w io.Writer, s *session.Session, c *casefile.Case, path, id string) error {
	f, err := c.Find(ctx, id, s.Damage)
	switch {
	case err != nil:
		return err
	case f == nil:
		return noID(path, id)
	}
	command := func(id string) string { return bytesCommand(f.Machine.Evidence, id) }
	if f.Finding != nil {
		return explain.Finding(w, f.Finding, command)
	}
	return casefile.Explain(w, f, command)
}

// bytesCommand is the command that shows the bytes behind an id in evidence, and a
// word on where the evidence is.
func bytesCommand(path, id string) string {
	s := "artifactdump explain " + path + " " + id
	_, err := os.Stat(path)
	switch {
	case err == nil:
		return s
	case errors.Is(err, os.ErrNotExist) && !filepath.IsAbs(path):
		return s + "  (in the folder where the scan was run)"
	}
	return s + "  (the evidence is not at hand here)"
}

func noID(path, id string) error {
	return fmt.Errorf("no event, record or finding of %s has the id %s", path, id)
}

// A search for an id in evidence. What it finds is explained at once: the evidence
// closes when the run ends.
type search struct {
	id   string
	text bytes.Buffer // of the first that was found
	ids  []string
}

// maxIDs bounds how many ids are named that begin alike.
const maxIDs = 10

func (x *search) add(id string) (more bool) {
	if !slices.Contains(x.ids, id) {
		x.ids = append(x.ids, id)
	}
	return len(x.ids) < maxIDs && len(x.id) < casefile.IDLength
}

// errFound ends a run that has found what it was looking for.
var errFound = errors.New("found")

// look looks through the records of a result.
func (x *search) look(t *evidence.Tree, res artifacts.Result) (err error) {
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
		err = errFound
	}
	return err
}

// InEvidence writes the bytes behind an id of evidence. again returns a session that
// reads the evidence once more and says nothing.
func InEvidence(ctx context.Context, w io.Writer, s *session.Session, again func() *session.Session, path, id string) error {
	x := search{id: id}
	judges, err := s.Judge(ctx, []string{path}, nil, x.look)
	var f *findings.Finding
	if err == nil {
		for _, found := range judges.WithPrefix(id) {
			f = found
			x.add(f.ID)
		}
	}
	if err == nil && len(x.ids) == 0 {
		// It may be one of those that are not shown by default.
		all := again()
		all.Full = true
		all.Extra = append(all.Extra, catalogue.RegistryKeys)
		err = all.Each(ctx, []string{path}, x.look)
	}
	switch {
	case err != nil && !errors.Is(err, errFound):
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
