package moments

import (
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/corpus"
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

// TestAdd takes the registration of tasks and the starts of schtasks.exe from the
// incident, whose machine is nine hours ahead of UTC, and nothing else.
func TestAdd(t *testing.T) {
	ev, err := evidence.OpenFS(corpus.Incident().FS(), "incident", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ev.Close()
	list, err := catalogue.Select([]string{"tasks", "prefetch", "bam"})
	if err != nil {
		t.Fatal(err)
	}
	results, err := artifacts.Run(t.Context(), ev.Trees[0], list, &artifacts.Options{Zone: new(artifacts.Zone)}) // as without the SYSTEM hive
	if err != nil {
		t.Fatal(err)
	}
	var m Moments
	for res := range results {
		m.Add(&res)
	}
	if len(m.local) == 0 || len(m.utc) == 0 || len(m.utc) > 8 {
		t.Fatalf("%d local times, %d starts", len(m.local), len(m.utc))
	}
	var z artifacts.Zone
	if !m.Infer(&z) {
		t.Fatal("no zone follows from the incident")
	}
	if got, word := z.UTC(m.local[0]); word != "local, inferred +09:00" || !got.Equal(m.local[0].Add(-9*time.Hour)) {
		t.Errorf("%v is %v, %s", m.local[0], got, word)
	}
	if !strings.Contains(z.String(), "schtasks.exe") {
		t.Errorf("the zone is %s", z.String())
	}
}

// TestAddBounded keeps a bounded number of times of a machine with very many starts.
func TestAddBounded(t *testing.T) {
	var m Moments
	runs := make([]time.Time, 8)
	for i := range runs {
		runs[i] = time.Unix(int64(i+1), 0)
	}
	runs[3] = time.Time{}
	res := &artifacts.Result{Records: []artifacts.Record{{Data: execution.Prefetch{Executable: "SCHTASKS.EXE", LastRuns: runs}},
		{Data: execution.Prefetch{Executable: "SCHTASKS.EXE.EXE", LastRuns: runs}}}}
	m.Add(res)
	if len(m.utc) != 7 {
		t.Errorf("%d starts of 7", len(m.utc))
	}
	for range maxMoments {
		m.Add(res)
	}
	if len(m.utc) != maxMoments {
		t.Errorf("%d starts are kept, at most %d should be", len(m.utc), maxMoments)
	}
}
