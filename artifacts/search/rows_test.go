package search

import (
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// TestRows filters rows and keeps errors, and finds rows around another once it has
// seen that one.
func TestRows(t *testing.T) {
	one, two := testRow(), testRow()
	two.ID, two.RecordID, two.Message, two.Time = "00000000000000ff", "00000000000000fe", "another", one.Time.Add(time.Minute)
	bad := errors.New("bad row")
	rows := func(yield func(*output.Row, error) bool) {
		_ = yield(one, nil) && yield(nil, bad) && yield(two, nil)
	}
	sound := func(yield func(*output.Row, error) bool) {
		_ = yield(one, nil) && yield(two, nil)
	}
	found := func(q *Query, rows iter.Seq2[*output.Row, error]) (n, errs int) {
		for _, err := range q.Rows(rows) {
			if err != nil {
				errs++
			} else {
				n++
			}
		}
		return n, errs
	}
	for line, want := range map[string]int{"": 2, "another": 1, "absent": 0} {
		q, err := Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if n, errs := found(q, rows); n != want || errs != 1 {
			t.Errorf("%q: %d rows, %d errors", line, n, errs)
		}
	}
	for line, want := range map[string]int{"around:" + one.ID + "±30s": 1, "around:" + one.ID + "±2m": 2} {
		q, err := Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if err := q.SeeAll(sound); err != nil {
			t.Fatal(err)
		}
		if n, _ := found(q, sound); n != want {
			t.Errorf("%s: %d rows, want %d", line, n, want)
		}
	}
	q, err := Parse("around:ffffffff±1m")
	if err != nil {
		t.Fatal(err)
	}
	if err := q.SeeAll(rows); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
	if err := q.SeeAll(sound); err == nil {
		t.Error("rows around an event that is not there are found")
	}
}
