// Package programview gets the programs of evidence or cases, and writes them.
package programview

import (
	"context"
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/story"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
)

// Formats are the names of the formats.
func Formats() []string { return []string{"text", "csv", "jsonl"} }

// Models returns the programs of each machine: of evidence as they are judged by the
// rules of opts, of cases as the scan found them. A window of time ends after gap.
func Models(ctx context.Context, s *session.Session, paths []string, opts *findings.Options, gap time.Duration) ([]*programs.Model, error) {
	cases, err := s.OpenCases(paths...)
	if err != nil {
		return nil, err
	}
	var models []*programs.Model
	for _, c := range cases {
		for _, m := range c.Machines {
			model, err := m.Programs(ctx, s.Damage)
			if err != nil {
				return nil, err
			}
			models = append(models, model)
		}
	}
	if cases != nil {
		return models, nil
	}
	j, err := s.Judge(ctx, paths, opts, nil)
	if err != nil {
		return nil, err
	}
	for _, r := range j.Reports() {
		for _, m := range r.Models {
			story.Tell(m, r, &story.Options{Gap: gap}) // notes the windows
			models = append(models, m)
		}
	}
	return models, nil
}

// Options are how programs are written.
type Options struct {
	Format string
	Starts bool // one row for each start, in CSV
	BOM    bool // start CSV with a byte order mark
	View   programs.View
}

// Write writes the programs of machines.
func Write(w io.Writer, models []*programs.Model, o *Options) error {
	var table *programs.Table
	if o.Format == "csv" {
		if o.BOM {
			if _, err := io.WriteString(w, "\ufeff"); err != nil {
				return err
			}
		}
		var err error
		if table, err = programs.NewTable(w, o.Starts, o.View.CSVSafe); err != nil {
			return err
		}
	}
	for _, m := range models {
		var err error
		switch o.Format {
		case "csv":
			err = table.Add(m, &o.View)
		case "jsonl":
			err = m.WriteJSON(w, &o.View)
		default:
			err = m.WriteText(w, &o.View)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
