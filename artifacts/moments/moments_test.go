package moments

import (
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
)

func TestInfer(t *testing.T) {
	at := time.Date(2026, 3, 6, 18, 0, 0, 0, time.UTC)
	local := func(h int, rest time.Duration) time.Time { return at.Add(time.Duration(h)*time.Hour + rest) }
	for _, c := range []struct {
		name  string
		local []time.Time
		utc   []time.Time
		want  string
	}{
		{"one pair", []time.Time{local(-5, time.Second)}, []time.Time{at}, "local, inferred −05:00"},
		{"two pairs agree", []time.Time{local(9, 0), local(33, time.Second)}, []time.Time{at, at.Add(24 * time.Hour)}, ""},
		{"no pair", []time.Time{local(-5, time.Minute)}, []time.Time{at}, artifacts.UnknownZone},
		{"pairs disagree", []time.Time{local(-5, 0), local(3, 0)}, []time.Time{at}, artifacts.UnknownZone},
	} {
		var z artifacts.Zone
		m := Moments{c.local, c.utc}
		m.Infer(&z)
		if _, got := z.UTC(local(-5, 0)); c.want != "" && got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
