// Package moments finds moments that the evidence of one machine states twice,
// once in local time and once in UTC. They show the time zone of a machine
// whose SYSTEM hive is not part of the evidence.
//
// A scheduled task that schtasks.exe registered has the local time of its
// registration in its file, and the Prefetch file of schtasks.exe has the time
// of the same start in UTC.
package moments

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

// maxMoments bounds what is compared.
const maxMoments = 4096

// Moments collects times of one machine.
type Moments struct{ local, utc []time.Time }

// Add takes in a result of the run.
func (m *Moments) Add(res *artifacts.Result) {
	for i := range res.Records {
		rec := &res.Records[i]
		switch d := rec.Data.(type) {
		case persistence.Task:
			for _, e := range rec.Events() {
				if e.Local && len(m.local) < maxMoments {
					m.local = append(m.local, e.Time)
				}
			}
		case execution.Prefetch:
			if strings.EqualFold(d.Executable, "SCHTASKS.EXE") {
				for _, t := range d.LastRuns {
					if !t.IsZero() && len(m.utc) < maxMoments {
						m.utc = append(m.utc, t)
					}
				}
			}
		}
	}
}

// Infer makes the zone known when the moments agree on one offset. The run must
// have ended.
func (m *Moments) Infer(z *artifacts.Zone) bool {
	for _, l := range m.local {
		for _, u := range m.utc {
			z.Hint(l, u)
		}
	}
	return z.Infer("the registration of tasks beside starts of schtasks.exe")
}
