package findings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/execution"
)

const secondsOnly = "2006-01-02 15:04:05"

// times returns the times of a program's file where they are the machine's
// own, and looks them up once.
func (s *scene) times(p *program) (FileTimes, bool) {
	if !p.timesRead {
		p.timesRead = true
		if !p.other && strings.HasPrefix(p.key, `\`) && !strings.HasPrefix(p.key, `\\`) {
			if t, ok := s.fileTimes(p.path); ok {
				p.fileTimes = &t
				s.timed++
			}
		}
	}
	if p.fileTimes == nil {
		return FileTimes{}, false
	}
	return *p.fileTimes, true
}

// fileTimes returns the times of any file of the machine.
func (s *scene) fileTimes(path string) (FileTimes, bool) {
	if s.facts.Times == nil {
		return FileTimes{}, false
	}
	return s.facts.Times(path)
}

// coarse reports whether a time has no part of a second. Windows counts in
// 100 ns: by chance that is one time of ten million.
func coarse(t time.Time) bool { return !t.IsZero() && t.Nanosecond() == 0 }

var timeStomp = wholeRule(Rule{
	ID: "D-01", Title: "Possible forged file time", Level: Medium, Attack: []string{"T1070.006"},
	Why:    "The file has times that ordinary writes do not leave. Tools that forge times set whole seconds and do not change the times in $FILE_NAME.",
	Benign: "Archives and installers that restore times of one or two seconds; files moved from another volume.",
	Next:   "Compare $STANDARD_INFORMATION with $FILE_NAME, the folder index and the USN journal.",
	Needs:  append([]string{"services", "tasks", "runkeys"}, ran...),
}, func(x *look) {
	var list []*program
	precise := map[string]bool{} // sources that keep parts of seconds
	for _, key := range slices.Sorted(maps.Keys(x.programs)) {
		p := x.programs[key]
		if !p.runnable() || !p.hasFolder() || !inSystem32(p) && (p.place == nil || p.place.level < Medium || x.installer(p)) {
			continue
		}
		t, ok := x.times(p)
		if !ok {
			continue
		}
		list = append(list, p)
		if !t.Created.IsZero() && !coarse(t.Created) || !t.Modified.IsZero() && !coarse(t.Modified) {
			precise[t.Source] = true
		}
	}
	first := x.firstInstall()
	for _, p := range list {
		t, _ := x.times(p)
		look := *x
		look.prog = p
		level, says := look.stomped(p, t, precise[t.Source], first)
		if level > 0 {
			look.hit(p.subject(x), level, "%s", says).atMost(Medium)
		}
	}
}, "osinfo")

func inSystem32(p *program) bool {
	return strings.HasPrefix(p.key, `\windows\system32\`) || strings.HasPrefix(p.key, `\windows\syswow64\`)
}

// stomped weighs the times of one file.
func (x *look) stomped(p *program, t FileTimes, precise bool, first time.Time) (Level, string) {
	at := func(t time.Time) string { return t.UTC().Format(secondsOnly) }
	switch {
	case coarse(t.Created) && !t.NameCreated.IsZero() && !coarse(t.NameCreated) && t.Created.Before(t.NameCreated.Add(-time.Minute)):
		// Its name shows both: that the volume counts finer, and when the file came.
		says := fmt.Sprintf("created %s, in whole seconds, but $FILE_NAME says %s", at(t.Created), at(t.NameCreated))
		if coarse(t.Modified) {
			says += "; its modification time is also in whole seconds"
		}
		return Medium, says
	case precise && (t.NameCreated.IsZero() || coarse(t.NameCreated)) && coarse(t.Created) && coarse(t.Modified):
		level, says := Low, fmt.Sprintf("created %s and modified %s, both in whole seconds", at(t.Created), at(t.Modified))
		if p.place != nil && p.place.level >= High {
			level = Medium
		}
		if t.NameCreated.IsZero() {
			return level, says + "; no $FILE_NAME to compare"
		}
		return level, says + "; so is the time in $FILE_NAME, as after a move or a rename"
	case p.place == nil || p.place.level < High:
	case !first.IsZero() && !t.Created.IsZero() && t.Created.Before(first.Add(-24*time.Hour)):
		return Low, fmt.Sprintf("created %s, before Windows was installed (%s)", at(t.Created), at(first))
	default:
		for _, r := range p.rows {
			s, ok := r.rec.Data.(execution.Shimcache)
			if ok && !s.Modified.IsZero() && r.rec.From.State == artifacts.Live && t.Modified.After(s.Modified.Add(2*time.Second)) {
				return Low, fmt.Sprintf("modified %s, but %s when ShimCache recorded it", at(t.Modified), at(s.Modified))
			}
		}
	}
	return 0, ""
}

var cachedTime = programRule(Rule{
	ID: "D-02", Title: "File older than its ShimCache record", Level: Medium, Attack: []string{"T1070.006"},
	Why:    "The file has an earlier modification time than ShimCache recorded. Updates only make it later.",
	Benign: "Restored older versions.",
	Next:   "Compare with $FILE_NAME and the USN journal.",
	Needs:  []string{"shimcache"},
}, func(x *look, p *program) {
	for _, r := range p.rows {
		s, ok := r.rec.Data.(execution.Shimcache)
		if !ok || s.Modified.IsZero() || r.rec.From.State != artifacts.Live {
			continue
		}
		t, ok := x.times(p)
		if ok && !t.Modified.IsZero() && t.Modified.Before(s.Modified.Add(-2*time.Second)) {
			level := Low
			if p.place != nil && p.place.level >= Medium || strings.HasPrefix(p.key, `\windows\system32\`) {
				level = Medium
			}
			x.hit(p.subject(x), level, "modified %s, but ShimCache recorded %s", t.Modified.UTC().Format(secondsOnly),
				s.Modified.UTC().Format(secondsOnly))
			return
		}
	}
})
