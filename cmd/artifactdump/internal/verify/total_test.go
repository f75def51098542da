package verify

import (
	"strings"
	"testing"
)

func TestTotal(t *testing.T) {
	var sum Total
	sum.Add(&Verdict{Agreed: 10, Unexplained: []Difference{{}}, More: 2})
	sum.Add(&Verdict{Agreed: 1, Witness: "crashed"})
	var b strings.Builder
	if err := sum.Text(&b); err != nil {
		t.Fatal(err)
	}
	want := "\n2 files: 11 fields agreed, 0 known divergences, 3 unexplained; not read by the witness: 1\n"
	if b.String() != want || sum.Unexplained != 3 {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
