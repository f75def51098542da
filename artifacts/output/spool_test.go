package output

import (
	"slices"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/google/go-cmp/cmp"
)

// TestLocalRows sorts rows in local time of two machines, of which one has a known zone,
// in memory and through temporary files: only those become UTC, and the order is one.
func TestLocalRows(t *testing.T) {
	known, err := artifacts.ParseZone("+09:00")
	if err != nil {
		t.Fatal(err)
	}
	zone := func(host string) *artifacts.Zone {
		if host == "ONE" {
			return known
		}
		return new(artifacts.Zone)
	}
	var want []*Row
	for _, budget := range []int64{0, 30_000} {
		s := &Sorter{Budget: budget, Dir: t.TempDir(), Zone: zone}
		local := &Sorter{Budget: budget / 4, Dir: s.Dir, plain: true, spool: true}
		s.local = local
		for i, r := range someRows(500, 11) {
			if r.Time.IsZero() {
				continue
			}
			to := s
			if r.Local = i%3 == 0; r.Local {
				r.TimeKind, to = artifacts.UnknownZone, local
				r.Tags = append(r.Tags, "local-time")
			}
			if err := to.AddRow(r); err != nil {
				t.Fatal(err)
			}
		}
		if budget > 0 && len(local.runs) < 2 {
			t.Errorf("%d temporary files of local rows", len(local.runs))
		}
		var got []*Row
		unknown, converted := 0, 0
		last := time.Time{}
		for r, err := range s.Rows() {
			if err != nil {
				t.Fatal(err)
			}
			if r.Time.Before(last) {
				t.Fatalf("budget %d: %v after %v", budget, r.Time, last)
			}
			last = r.Time
			switch marked := slices.Contains(r.Tags, "local-time"); {
			case r.Local && (r.Host == "ONE" || !marked || r.TimeKind != artifacts.UnknownZone):
				t.Fatalf("budget %d: %+v is local", budget, r)
			case r.Local:
				unknown++
			case marked:
				t.Fatalf("budget %d: %+v is marked as local", budget, r)
			case r.TimeKind != "":
				converted++
			}
			got = append(got, r)
		}
		if unknown == 0 || converted == 0 {
			t.Errorf("budget %d: %d rows in local time, %d in UTC by their zone", budget, unknown, converted)
		}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got, rowCmp); diff != "" {
			t.Errorf("budget %d (-memory +spilled):\n%.3000s", budget, diff)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
