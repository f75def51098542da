package activity

import (
	"errors"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

// A typedValue is one value of a list of what a user typed: url1, url2 and so on.
type typedValue struct {
	artifacts.Origin
	name     string // of the value
	text     string
	position int       // 1 is the newest
	empty    bool      // the key is there and holds no such value
	written  time.Time // of the key, which dates the newest
}

// typed decodes a list of what a user typed: of makes the record of a value, or of a
// list without values, and its error is reported beside it.
func typed[T any](in artifacts.Input, yield func(T) bool, of func(typedValue) (T, error)) error {
	var recs []T
	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		n, ok := userNumbered(v.Name(), "url")
		if !ok {
			continue
		}
		s, err := v.Text()
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		t := typedValue{Origin: in.At(v), name: v.Name(), text: s, position: n}
		if n == 1 && !in.Partial() {
			t.written = in.Written()
		}
		r, err := of(t)
		if err != nil {
			errs = append(errs, err)
		}
		recs = append(recs, r)
	}
	if len(recs) == 0 && len(errs) == 0 && !in.Partial() {
		r, err := of(typedValue{Origin: in.AtKey(), empty: true, written: in.Written()})
		recs, errs = append(recs, r), append(errs, err)
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}
