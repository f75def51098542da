package findings

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
)

// A clockStep is one pair of starts that follow each other in a Prefetch file in
// the wrong order: the clock was set back between them, by step or more.
type clockStep struct {
	from, to time.Time
	r        *row
}

func (c clockStep) step() time.Duration { return c.from.Sub(c.to) }

// clockSteps finds such pairs. Prefetch keeps the starts newest first.
func clockSteps(r *row) []clockStep {
	f, ok := r.rec.Data.(execution.Prefetch)
	if !ok || !f.ClockSetBack {
		return nil
	}
	var out []clockStep
	for i := 1; i < len(f.LastRuns); i++ {
		if later, earlier := f.LastRuns[i-1], f.LastRuns[i]; later.Before(earlier) {
			out = append(out, clockStep{earlier, later, r})
		}
	}
	return out
}

var clockMoved = wholeRule(Rule{
	ID: "D-08", Title: "Clock set back", Level: Informational, Attack: []string{"T1070.006"},
	Why:    "Launch times or the times of the change journal are out of order: the clock was set back between them.",
	Benign: "Virtual machines that return to a snapshot; corrected clocks.",
	Next:   "Read the times between the two with care and find out who set the clock (event 1 of System, event 4616 of Security).",
	Needs:  []string{"prefetch"},
}, func(x *look) {
	var steps []clockStep
	var rows []*row
	long := 0 // files with a step of a day or more
	for _, p := range x.programs {
		for _, r := range p.rows {
			f, ok := r.rec.Data.(execution.Prefetch)
			if !ok || !f.ClockSetBack {
				continue
			}
			rows = append(rows, r)
			list := clockSteps(r)
			steps = append(steps, list...)
			if slices.ContainsFunc(list, func(c clockStep) bool { return c.step() >= 24*time.Hour }) {
				long++
			}
		}
	}
	x.journalClock()
	if len(rows) == 0 {
		return
	}
	slices.SortFunc(rows, func(a, b *row) int { return cmp.Compare(a.n, b.n) })
	level := Informational
	if long >= 2 {
		level = Medium
	}
	says := fmt.Sprintf("launch times in %s are out of order", plural(len(rows), "Prefetch file"))
	if len(steps) == 0 {
		x.hit(x.setting("clock"), level, "%s", says).from(rows...)
		return
	}
	worst := slices.MaxFunc(steps, func(a, b clockStep) int { return cmp.Or(cmp.Compare(a.step(), b.step()), b.from.Compare(a.from)) })
	x.hit(x.setting("clock"), level, "the clock was set back from %s to %s, by at least %s: %s",
		worst.from.UTC().Format(secondsOnly), worst.to.UTC().Format(secondsOnly), span(worst.step()),
		says).from(rows...).between(worst.to, worst.from)
}, fileArtifacts...)

// leastClockStep is less than what the service that keeps the time corrects at once.
const leastClockStep = time.Minute

// journalClock is what D-08 says of change journals in which time goes back.
func (x *look) journalClock() {
	if !x.hasFiles() {
		return
	}
	var worst *row
	step := func(r *row) time.Duration { return change(r).ClockFrom.Sub(change(r).ClockTo) }
	var rows []*row
	for _, r := range x.files().many[filesystem.KindClock] {
		if step(r) < leastClockStep {
			continue
		}
		rows = append(rows, r)
		if worst == nil || step(r) > step(worst) {
			worst = r
		}
	}
	if worst == nil {
		return
	}
	c := change(worst)
	x.hit(x.setting("clock"), Informational, "the clock was set back from %s to %s, by %s: the change journal records the times of both",
		utcTime(c.ClockFrom), utcTime(c.ClockTo), span(step(worst))).from(rows...).between(c.ClockTo, c.ClockFrom)
}

// span writes a duration as people say it: 196 days, 5h20m0s.
func span(d time.Duration) string {
	if days := int(d / (24 * time.Hour)); days >= 2 {
		return plural(days, "day")
	}
	return d.Round(time.Second).String()
}
