package report

import "testing"

// TestOwnRowsAndNeighbours: in the timeline around findings a row has the number
// of a finding when its record is evidence of that finding, and only then.
func TestOwnRowsAndNeighbours(t *testing.T) {
	opts := &Options{}
	in := incident(t, opts, 0)
	v := newView(&in, translate{lang: "en"}, opts)
	evidence := map[string]map[int]bool{}
	for i := range in.Findings {
		for _, e := range in.Findings[i].Evidence {
			if evidence[e.ID] == nil {
				evidence[e.ID] = map[int]bool{}
			}
			evidence[e.ID][i+1] = true
		}
	}
	own, near := 0, 0
	for _, r := range v.Rows {
		switch {
		case r.Finding == 0:
			near++
			if len(evidence[r.Record]) > 0 || r.Level != "" {
				t.Errorf("row %s is evidence of %v and is shown as a neighbour, level %q", r.ID, evidence[r.Record], r.Level)
			}
		default:
			own++
			if !evidence[r.Record][r.Finding] {
				t.Errorf("row %s has the number %d and is evidence of %v", r.ID, r.Finding, evidence[r.Record])
			}
		}
	}
	if own < 20 || near < 20 {
		t.Errorf("%d own rows and %d neighbours: the test shows nothing", own, near)
	}
}
