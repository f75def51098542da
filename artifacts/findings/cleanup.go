package findings

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var timeStomp = Rule{
	ID: "D-01", Title: "Hint of a forged file time", Level: Medium, Attack: []string{"T1070.006"},
	Why:    "Times that no ordinary way of writing a file leaves.",
	Benign: "Archives and set-ups keep times of one or two seconds.",
	Next:   "Compare with the times in $FILE_NAME.",
	Unread: "the times of all files ($STANDARD_INFORMATION and $FILE_NAME) are not read",
}

var cachedTime = programRule(Rule{
	ID: "D-02", Title: "File older than Windows remembers it", Level: Medium, Attack: []string{"T1070.006"},
	Why:    "ShimCache kept the file's modification time; the file now has an earlier one. Updates only make it later.",
	Benign: "An older version was put back.",
	Next:   "Compare with $FILE_NAME and with the USN journal.",
	Needs:  []string{"shimcache"},
}, func(x *look, p *program) {
	if !x.facts.FileTimes || x.facts.Modified == nil || p.other {
		return
	}
	for _, r := range p.rows {
		s, ok := r.rec.Data.(artifacts.Shimcache)
		if !ok || s.Modified.IsZero() || r.rec.From.State != artifacts.Live {
			continue
		}
		now, ok := x.facts.Modified(s.Path)
		if ok && now.Before(s.Modified.Add(-2*time.Second)) {
			level := Low
			if p.place != nil && p.place.level >= Medium || strings.HasPrefix(p.key, `\windows\system32\`) {
				level = Medium
			}
			x.hit(p.subject(x), level, "it is of %s, ShimCache knows it of %s", now.UTC().Format("2006-01-02 15:04:05"), s.Modified.UTC().Format("2006-01-02 15:04:05"))
			return
		}
	}
})

var linkTime = programRule(Rule{
	ID: "D-03", Title: "Program linked after it first ran", Level: Low, Attack: []string{"T1070.006"},
	Why:    "The program says it was built after its own first start.",
	Benign: "Reproducible builds put a hash in place of the time; the file was replaced by a newer version.",
	Next:   "Look at the file's version and its history.",
	Needs:  []string{"amcachefiles"},
}, func(x *look, p *program) {
	if p.place == nil || p.place.level < Medium || x.newest.IsZero() {
		return
	}
	var linked time.Time
	for _, r := range p.rows {
		if f, ok := r.rec.Data.(artifacts.AmcacheFile); ok && f.Linked != "" {
			for _, layout := range []string{"01/02/2006 15:04:05", time.RFC3339} {
				if t, err := time.Parse(layout, f.Linked); err == nil {
					linked = t
				}
			}
		}
	}
	if linked.IsZero() || linked.After(x.newest) {
		return
	}
	for _, r := range p.rows {
		f, ok := r.rec.Data.(artifacts.Prefetch)
		if !ok || len(f.LastRuns) == 0 {
			continue
		}
		if first := f.LastRuns[len(f.LastRuns)-1]; first.Before(linked.Add(-24 * time.Hour)) {
			x.hit(p.subject(x), 0, "linked %s, started %s", linked.Format("2006-01-02 15:04:05"), first.UTC().Format("2006-01-02 15:04:05"))
			return
		}
	}
})

var prefetchGap = wholeRule(Rule{
	ID: "D-04", Title: "Prefetch files are missing", Level: Medium, Attack: []string{"T1070.004"},
	Why:    "Windows writes Prefetch files here, and there are hardly any, or Layout.ini names programs whose file is gone.",
	Benign: "Cleaners; a fresh installation; Windows itself removes the oldest when there are too many.",
	Next:   "Take the program's other traces; look for deleted .pf files.",
	Needs:  []string{"prefetch", "prefetchlayout"},
}, func(x *look) {
	switch n := x.prefetchFiles; {
	case x.facts.Whole && x.facts.Prefetcher == 3 && n < 10 && n >= 0 && (n > 0 || len(x.kept["prefetchlayout"]) > 0):
		x.hit(x.setting("Prefetch folder"), 0, "EnablePrefetcher is 3, and there are %d Prefetch files", n)
	}
	for _, r := range x.kept["prefetchlayout"] {
		l := r.rec.Data.(artifacts.LayoutFile)
		if l.Prefetch != "gone" || !strings.EqualFold(winpath.Ext(l.Path), ".exe") {
			continue
		}
		look := *x
		look.row = r
		p := look.probePath(l.Path)
		tool := x.t.toolNamed(p.stem)
		if p.place == nil && tool == nil || x.installer(p) {
			continue
		}
		level := Low
		if p.place != nil && p.place.level >= Low && (p.place.level >= High || x.prefetchFiles < 128) {
			level = Medium
		}
		look.hit(subject{kind: kindProgram, key: p.key, show: l.Path}, level, "Layout.ini names it, and its Prefetch file is gone")
	}
}, "prefetchlayout")

var mruCleared = rule(Rule{
	ID: "D-05", Title: "List of used things emptied or switched off", Level: Medium, Attack: []string{"T1070.003"},
	Why:    "A list that Windows fills by itself is empty, or it was told not to fill it.",
	Benign: "Cleaners and privacy settings; policies.",
	Next:   "The key's time tells when; look for deleted values.",
	Needs:  []string{"runmru", "usagetracking"},
}, func(x *look, r artifacts.RunMRU) {
	if r.Empty {
		x.hit(x.setting("Run dialog of "+x.who()), Low, "its list is there and empty, last written %s", r.Written.UTC().Format("2006-01-02 15:04:05"))
	}
}).also(on(func(x *look, u artifacts.UsageTracking) {
	if !u.Off {
		return
	}
	level := Low
	if strings.EqualFold(u.Name, "NoLog") {
		level = Medium
	}
	x.hit(x.setting("tracking of "+x.who()+": "+u.Name), level, "%s", u.Effect).as("T1070")
}))

var logsCleared = Rule{
	ID: "D-06", Title: "Event log cleared or missing", Level: High, Attack: []string{"T1070.001"},
	Why:    "Clearing leaves its own event, and gaps in the numbers of the records.",
	Benign: "None but maintenance.",
	Next:   "Read the logs with a program for them.",
	Unread: "event logs are not read",
}

var recycledPrograms = rule(Rule{
	ID: "D-07", Title: "Program in the recycle bin", Level: Low, Attack: []string{"T1070.004"},
	Why:    "A user threw a program, script or archive away, from a place where one deserves a look.",
	Benign: "Set-ups that are not needed any more.",
	Next:   "The content may still be there: the record names the file.",
	Needs:  []string{"recyclebin"},
}, func(x *look, r artifacts.Recycled) {
	base := strings.ToLower(winpath.Base(r.Path))
	e := ext(base)
	if !runnable[e] && e != ".zip" && e != ".rar" && e != ".7z" && e != ".iso" {
		return
	}
	p := x.probePath(r.Path)
	tool := x.t.toolNamed(p.stem)
	level := Informational
	switch {
	case tool != nil && tool.level >= High, strings.HasPrefix(p.key, `\windows\`) && runnable[e], p.place != nil && p.place.level >= High && runnable[e] && !x.installer(p):
		level = Medium
	case tool != nil || p.place != nil && runnable[e]:
		level = Low
	}
	x.hit(subject{kind: kindProgram, key: p.key, show: r.Path}, level, "%s was thrown away at %s", r.Path, r.Deleted.UTC().Format("2006-01-02 15:04:05"))
})

var clockMoved = wholeRule(Rule{
	ID: "D-08", Title: "Clock set back", Level: Informational, Attack: []string{"T1070.006"},
	Why:    "Starts stand in an order that time does not have: the clock was set between them.",
	Benign: "Virtual machines at set-up; a wrong clock that was put right.",
	Next:   "Take times around the change with care.",
	Needs:  []string{"prefetch"},
}, func(x *look) {
	var rows []*row
	for _, p := range x.programs {
		for _, r := range p.rows {
			if f, ok := r.rec.Data.(artifacts.Prefetch); ok && f.ClockSetBack {
				rows = append(rows, r)
			}
		}
	}
	if len(rows) > 0 {
		x.hit(x.setting("clock"), 0, "%s", fmt.Sprintf("%d Prefetch files hold starts out of order", len(rows))).from(rows...)
	}
})
