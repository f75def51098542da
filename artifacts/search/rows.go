package search

import (
	"iter"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// Rows yields those rows that the query finds. A query that [Query.NeedsTimes] has to
// be located before, see [Query.SeeAll].
func (q *Query) Rows(rows iter.Seq2[*output.Row, error]) iter.Seq2[*output.Row, error] {
	if q.Empty() {
		return rows
	}
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			if (err != nil || q.Match(r)) && !yield(r, err) {
				return
			}
		}
	}
}

// SeeAll lets the query take the times of all rows that it names.
func (q *Query) SeeAll(rows iter.Seq2[*output.Row, error]) error {
	for r, err := range rows {
		if err != nil {
			return err
		}
		q.See(r)
	}
	return q.Located()
}
