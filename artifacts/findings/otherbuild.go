package findings

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/execution"
)

var otherBuild = wholeRule(Rule{
	ID: "M-09", Title: "Another build of an inventoried program ran", Level: Low, Attack: []string{"T1036.005"},
	Why:    "A program of this name ran with a link time that no file of that name in the inventory has, after the inventory had seen its file.",
	Benign: "Updates between the inventory and the start.",
	Next:   "Look for files of that name in other folders, and compare their link times.",
	Needs:  []string{"srumother", "amcachefiles"},
}, func(x *look) {
	seen := x.inventory()
	for _, key := range sortedKeys(x.programs) {
		if strings.Contains(key, `\`) {
			continue // the monitor names these programs without a folder
		}
		known := seen[x.programs[key].base]
		if known == nil || known.unknown {
			continue
		}
		var odd, last *row
		var when time.Time
		n := 0
		for _, r := range x.programs[key].rows {
			b, ok := r.rec.Data.(built)
			if !ok {
				continue
			}
			switch name, linked, at := b.Build(); {
			case name == "":
			case !known.links[linked.Unix()]:
				if at.After(known.last) {
					if n++; odd == nil || at.Before(when) {
						odd, when = r, at
					}
				}
			case last == nil || at.After(recordTime(last)):
				last = r
			}
		}
		if odd == nil {
			continue
		}
		level, words := Low, ""
		if last != nil && recordTime(last).After(when) {
			level, words = Medium, ", and the inventoried build ran again after that: no update"
		}
		_, linked, _ := odd.rec.Data.(built).Build()
		at := *x
		at.row = odd
		at.hit(subject{kind: kindProgram, key: key, show: x.programs[key].path}, level, "linked %s, in %s; the inventory of %s has %s%s",
			linked.Format(time.DateTime),
			plural(n, "period"), known.last.UTC().Format(time.DateTime), known.show.Format(time.DateTime), words).atMost(Medium)
	}
})

// A built record names a build of a program, as rows of the monitor do.
type built interface {
	Build() (name string, linked, at time.Time)
}

// recordTime is when the period of a row of the monitor ended.
func recordTime(r *row) time.Time {
	_, _, at := r.rec.Data.(built).Build()
	return at
}

// builds are what the inventory knows of the files of one name.
type builds struct {
	links   map[int64]bool // in seconds
	show    time.Time      // one of them
	last    time.Time      // when it wrote the last of them
	unknown bool           // the link time of one is unknown
}

func (x *look) inventory() map[string]*builds {
	out := map[string]*builds{}
	for key, p := range x.programs {
		if !strings.Contains(key, `\`) {
			continue
		}
		for _, r := range p.rows {
			f, ok := r.rec.Data.(execution.AmcacheFile)
			if !ok {
				continue
			}
			b := out[p.base]
			if b == nil {
				b = &builds{links: map[int64]bool{}}
				out[p.base] = b
			}
			t := linkDate(f.Linked)
			b.unknown = b.unknown || t.IsZero() || f.Written.IsZero()
			if b.links[t.Unix()] = true; b.show.IsZero() || t.Before(b.show) {
				b.show = t
			}
			if f.Written.After(b.last) {
				b.last = f.Written
			}
		}
	}
	return out
}
