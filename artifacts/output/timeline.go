package output

import (
	"context"
	"iter"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// Timeline runs artifacts over a machine and yields their events in the order of
// time, in bounded memory: what does not fit is sorted in temporary files. Events
// are [Row] values, since a record need not stay in memory for as long as its
// events. What could not be read is yielded as an error without a row, before the
// rows; errors that are not a *[artifacts.DecodeError] end the sequence.
func Timeline(ctx context.Context, tree *evidence.Tree, list []*artifacts.Artifact, opts *artifacts.Options) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		results, err := artifacts.Run(ctx, tree, list, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		var sorter Sorter
		defer sorter.Close()
		for res := range results {
			for _, e := range res.Errors {
				if !yield(nil, e) {
					return
				}
			}
			if err := sorter.AddResult(&res); err != nil {
				yield(nil, err)
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(nil, err)
			return
		}
		sorter.Rows()(yield)
	}
}
