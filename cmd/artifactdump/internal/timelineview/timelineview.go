// Package timelineview makes the rows of the timeline command, and writes them.
package timelineview

import (
	"context"
	"iter"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/arguments"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/timespan"
)

// Rows yields the events of evidence or cases that are inside a span, sorted and with
// what the findings say of them. The rows need the sorter until they have been read.
func Rows(ctx context.Context, s *session.Session, paths []string, sorter *output.Sorter, span timespan.Span) (
	iter.Seq2[*output.Row, error], error) {
	cases, err := s.OpenCases(paths...)
	if err != nil {
		return nil, err
	}
	if cases != nil {
		rows, err := s.Rows(ctx, cases, s.Names...)
		return span.Rows(rows, session.Newest(cases)), err
	}
	sorter.Zone = s.Zone
	j, err := s.Judge(ctx, paths, nil, func(_ *evidence.Tree, res artifacts.Result) error { return sorter.AddResult(&res) })
	if err != nil {
		return nil, err
	}
	if err := sorter.End(); err != nil {
		return nil, err
	}
	return j.Sessions(j.Rows(span.Rows(sorter.Rows(), sorter.Newest()))), nil
}

// EventLogs reports whether records of event logs are among some artifacts.
func EventLogs(names []string) bool {
	list, err := arguments.Artifacts(names)
	return err == nil && slices.ContainsFunc(list, func(a *artifacts.Artifact) bool {
		_, ok := a.Record().(events.Event)
		return ok
	})
}

// Write writes sorted rows and says what the writer has to note.
func Write(ctx context.Context, log *messages.Log, w output.EventWriter, rows iter.Seq2[*output.Row, error]) error {
	n := 0
	for r, err := range rows {
		if err != nil {
			return err
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.Event(r); err != nil {
			return err
		}
	}
	if n == 0 {
		log.Note("no events")
	}
	if err := w.Close(); err != nil {
		return err
	}
	Notes(log, w)
	return nil
}

// Notes says what a writer of events or records has to note.
func Notes(log *messages.Log, w any) {
	if x, ok := w.(output.Noter); ok {
		for _, note := range x.Notes() {
			log.Note(note)
		}
	}
}
