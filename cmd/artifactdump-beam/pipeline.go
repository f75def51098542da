package main

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/fileio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/textio"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx"
)

// The files of a job, below its own folder.
const (
	casesFile        = "cases.txt"
	errorsFile       = "errors.jsonl"
	observationsFile = "observations.jsonl.gz"
)

func init() {
	register.Function1x1(pathOf)
	register.DoFn5x1[context.Context, string, func(string, string), func(string), func(string), error](&scanFn{})
	register.DoFn5x1[context.Context, string, func(*string) bool, func(string, string), func(string), error](&chooseFn{})
	register.DoFn3x0[string, func(*string) bool, func(string)](&groupFn{})
	register.DoFn3x1[context.Context, int, func(*string) bool, error](&observationsFn{})
	register.DoFn3x1[context.Context, int, func(*string) bool, error](&linesFn{})
	register.Emitter1[string]()
	register.Emitter2[string, string]()
	register.Iter1[string]()
}

func pathOf(f fileio.FileMetadata) string { return f.Path }

// job builds the pipeline and runs it. Elements are paths, never bytes.
//
//	match → reshuffle → scan ─► machine → case  → choose ─► key → observation → group → one writer
//	                      ├───► cases                └────► errors
//	                      └───► errors
func (o *options) job(ctx context.Context, dir string) error {
	p, s := beam.NewPipelineWithRoot()
	// The reshuffle keeps engines from fusing the match with the scan, which would
	// scan one machine after the other.
	paths := beam.Reshuffle(s, o.matched(s))
	scan := &scanFn{Cases: o.cases, Scratch: o.scratch, Formats: o.formats, Seconds: o.perMachine.Seconds(), MaxBytes: o.maxBytes}
	machines, cases, failed := beam.ParDo3(s, scan, paths)
	seen, unread := beam.ParDo2(s, &chooseFn{}, beam.GroupByKey(s, machines))
	groups := beam.ParDo(s, &groupFn{}, beam.GroupByKey(s, seen))

	beam.ParDo0(s, &observationsFn{Dir: dir}, one(s, groups))
	beam.ParDo0(s, &linesFn{Dir: dir, Name: casesFile}, one(s, cases))
	beam.ParDo0(s, &linesFn{Dir: dir, Name: errorsFile}, one(s, beam.Flatten(s, failed, unread)))
	return beamx.Run(ctx, p)
}

// matched are the paths to scan. They are matched inside the pipeline: a list
// would make the description of the job grow.
func (o *options) matched(s beam.Scope) beam.PCollection {
	if o.paths != "" {
		return textio.Read(s, o.paths)
	}
	return beam.ParDo(s, pathOf, fileio.MatchFiles(s, o.evidence, fileio.MatchEmptyDisallow()))
}

// one gathers a collection under one key, for one writer.
func one(s beam.Scope, c beam.PCollection) beam.PCollection {
	return beam.GroupByKey(s, beam.AddFixedKey(s, c))
}
