package findings

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var linkTime = programRule(Rule{
	ID: "D-03", Title: "Program linked after its first run", Level: Low, Attack: []string{"T1070.006"},
	Why:    "The build time of the program is later than its first recorded start.",
	Benign: "Reproducible builds, which store a hash in place of the time; files replaced by a newer version.",
	Next:   "Check the version and the history of the file.",
	Needs:  []string{"amcachefiles"},
}, func(x *look, p *program) {
	if p.place == nil || p.place.level < Medium || x.newest.IsZero() {
		return
	}
	var linked time.Time
	for _, r := range p.rows {
		if f, ok := r.rec.Data.(execution.AmcacheFile); ok {
			if t := linkDate(f.Linked); !t.IsZero() {
				linked = t
			}
		}
	}
	if linked.IsZero() || linked.After(x.newest) {
		return
	}
	for _, r := range p.rows {
		f, ok := r.rec.Data.(execution.Prefetch)
		if !ok || len(f.LastRuns) == 0 {
			continue
		}
		if first := f.LastRuns[len(f.LastRuns)-1]; first.Before(linked.Add(-24 * time.Hour)) {
			x.hit(p.subject(x), 0, "linked %s, started %s", linked.Format("2006-01-02 15:04:05"), first.UTC().Format("2006-01-02 15:04:05"))
			return
		}
	}
})

// linkDate reads the link time of Amcache, in the forms of its generations.
func linkDate(s string) time.Time {
	for _, layout := range []string{"01/02/2006 15:04:05", time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

var prefetchGap = wholeRule(Rule{
	ID: "D-04", Title: "Prefetch files are missing", Level: Medium, Attack: []string{"T1070.004"},
	Why:    "Prefetch is enabled, but there are hardly any Prefetch files, or files of programs listed in Layout.ini are gone.",
	Benign: "Cleaners; new installations; the limit on the number of files, at which Windows deletes the oldest.",
	Next:   "Use the program's other artifacts and look for deleted .pf files.",
	Needs:  []string{"prefetch", "prefetchlayout"},
}, func(x *look) {
	switch n := x.prefetchFiles; {
	case x.facts.Whole && x.facts.Prefetcher == 3 && n < 10 && n >= 0 && (n > 0 || len(x.kept["prefetchlayout"]) > 0):
		x.hit(x.setting("Prefetch folder"), 0, "EnablePrefetcher is 3, but the number of Prefetch files is %d", n)
	}
	for _, r := range x.kept["prefetchlayout"] {
		l := r.rec.Data.(execution.LayoutFile)
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
		look.hit(subject{kind: kindProgram, key: p.key, show: l.Path}, level, "Layout.ini lists it, but its Prefetch file is gone")
	}
}, "prefetchlayout")

// usedLists are the lists of used things that D-05 knows, and how a user calls
// them.
var usedLists = []struct {
	artifact, words string
	empty           func(artifacts.Decoded) (bool, time.Time)
}{
	{"runmru", "Run dialog", func(d artifacts.Decoded) (bool, time.Time) { r, _ := d.(activity.RunMRU); return r.Empty, r.Written }},
	{"typedpaths", "paths typed in Explorer", func(d artifacts.Decoded) (bool, time.Time) {
		r, _ := d.(activity.TypedPath)
		return r.Empty, r.Written
	}},
	{"typedurls", "typed addresses", func(d artifacts.Decoded) (bool, time.Time) {
		r, _ := d.(activity.TypedURL)
		return r.Empty,
			r.Written
	}},
	{"recentdocs", "recent documents", func(d artifacts.Decoded) (bool, time.Time) {
		r, _ := d.(activity.RecentDoc)
		return r.Empty, r.Written
	}},
	{"userassist", "UserAssist", func(d artifacts.Decoded) (bool, time.Time) {
		r, _ := d.(execution.UserAssist)
		return r.Kind == "none", r.KeyWritten
	}},
}

// listed reports whether a record is an entry of a used list that D-05 has no use
// for: it asks for lists that are empty, and for entries that were recovered. Each
// user has thousands of the others.
func listed(rec *artifacts.Record) bool {
	for i := range usedLists {
		if l := &usedLists[i]; l.artifact == rec.Artifact.Name {
			empty, _ := l.empty(rec.Data)
			return !(empty && rec.From.State == artifacts.Live || !empty && rec.From.State == artifacts.Deleted)
		}
	}
	return false
}

var mruCleared = wholeRule(rule(Rule{
	ID: "D-05", Title: "Usage list emptied or disabled", Level: Medium, Attack: []string{"T1070.003"},
	Why:    "A list that Windows fills automatically is empty, or Windows is configured not to fill it.",
	Benign: "Cleaners and privacy settings; policies; profiles that were hardly used.",
	Next:   "Take the time of the key as the time of the change and review the deleted entries.",
	Needs:  []string{"runmru", "typedpaths", "typedurls", "recentdocs", "userassist", "usagetracking"},
}, func(x *look, u execution.UsageTracking) {
	if !u.Off {
		return
	}
	level := Low
	if strings.EqualFold(u.Name, "NoLog") {
		level = Medium
	}
	x.hit(x.setting("tracking of "+x.who()+": "+u.Name), level, "%s", u.Effect).as("T1070")
}), func(x *look) {
	for _, l := range usedLists {
		gone := map[string][]*row{} // recovered entries by hive
		for _, r := range x.kept[l.artifact] {
			if empty, _ := l.empty(r.rec.Data); r.rec.From.State == artifacts.Deleted && !empty {
				gone[r.rec.From.Path] = append(gone[r.rec.From.Path], r)
			}
		}
		for _, r := range x.kept[l.artifact] {
			empty, written := l.empty(r.rec.Data)
			if !empty || r.rec.From.State != artifacts.Live {
				continue
			}
			look := *x
			look.row = r
			level, says := Low, fmt.Sprintf("its list is empty, last written %s", written.UTC().Format(secondsOnly))
			if old := gone[r.rec.From.Path]; len(old) > 0 {
				level, says = Medium, says+"; recovered "+count(len(old), "deleted entry", "deleted entries")
				look.hit(look.setting(l.words+" of "+look.who()), level, "%s", says).from(old...)
				continue
			}
			look.hit(look.setting(l.words+" of "+look.who()), level, "%s", says)
		}
	}
}, "runmru", "typedpaths", "typedurls", "recentdocs", "userassist")

var recycledPrograms = rule(Rule{
	ID: "D-07", Title: "Program in the Recycle Bin", Level: Low, Attack: []string{"T1070.004"},
	Why:    "A user deleted a program, script or archive from a location that deserves review.",
	Benign: "Installers that are no longer needed.",
	Next:   "Recover the content: the record names the file.",
	Needs:  []string{"recyclebin"},
}, func(x *look, r execution.Recycled) {
	base := strings.ToLower(winpath.Base(r.Path))
	e := ext(base)
	if !runnable[e] && e != ".zip" && e != ".rar" && e != ".7z" && e != ".iso" {
		return
	}
	p := x.probePath(r.Path)
	tool := x.t.toolNamed(p.stem)
	level := Informational
	switch {
	case tool != nil && tool.level >= High, strings.HasPrefix(p.key, `\windows\`) && runnable[e], p.place != nil &&
		p.place.level >= High && runnable[e] && !x.installer(p):
		level = Medium
	case tool != nil || p.place != nil && runnable[e]:
		level = Low
	}
	x.hit(subject{kind: kindProgram, key: p.key, show: r.Path}, level, "%s was deleted at %s", r.Path,
		r.Deleted.UTC().Format("2006-01-02 15:04:05"))
})
