package findings

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/execution"
)

var officeTrust = rule(Rule{
	ID: "X-10", Title: "Macros trusted", Level: High, Attack: []string{"T1204.002", "T1137"},
	Why:    "A user allowed the macros of a document, or Office is set to run all macros.",
	Benign: "Departments that work with macros.",
	Next:   "Open the document in a safe environment and read its macros.",
	Needs:  []string{"trustrecords"},
}, func(x *look, t activity.TrustRecord) {
	switch t.Kind {
	case "document":
		if !t.Macros {
			return
		}
		p := x.probePath(t.Path)
		level := Medium
		if p.place != nil && (p.place.id != "L10" || strings.Contains(p.key, `\downloads\`)) {
			level = High
		}
		x.hit(subject{kind: kindSetting, key: "document " + p.key, show: t.Path}, level, "%s allowed the macros of this document",
			x.who()).as("T1204.002")
	case "setting":
		if n := t.Path[strings.LastIndexByte(t.Path, '\\')+1:]; strings.EqualFold(n, "VBAWarnings") && t.Value == "1" ||
			strings.EqualFold(n, "AccessVBOM") && t.Value == "1" {
			x.hit(x.setting("Office "+t.Application+" "+n+" of "+x.who()), High, "%s: %s", n, t.Meaning).as("T1137")
		}
	case "location":
		p := x.probe(strings.TrimRight(x.normal(cmp.Or(t.Value, t.Path), x.row.rec.User), `\`) + `\x.exe`)
		if p.place != nil && p.place.level >= Medium && p.place.id != "L7" && !p.place.elsewhere() {
			x.hit(x.setting("Office trusts "+cmp.Or(t.Value, t.Path)), Medium, "%s trusts a folder %s", x.who(), p.place).as("T1137")
		}
	}
})

var nearFinding = wholeRule(Rule{
	ID: "X-11", Title: "First start near a finding", Level: Informational,
	Why:    "A program without earlier starts ran within ten minutes of the starts behind another finding. They may be related.",
	Benign: "Coincidence.",
	Next:   "Read the timeline ten minutes before and after.",
	Needs:  []string{"prefetch"},
}, func(x *look) {
	type anchor struct {
		t time.Time
		p *program
	}
	var anchors []anchor
	seen := map[string]bool{}
	for _, h := range x.hits {
		if h.level < High || h.subject.kind != kindProgram || seen[h.subject.key] {
			continue
		}
		seen[h.subject.key] = true
		if p := x.programs[h.subject.key]; p != nil {
			for _, r := range p.rows {
				for _, t := range r.runs() {
					anchors = append(anchors, anchor{t, p})
				}
			}
		}
	}
	if len(anchors) == 0 {
		return
	}
	slices.SortFunc(anchors, func(a, b anchor) int { return cmp.Or(a.t.Compare(b.t), cmp.Compare(a.p.key, b.p.key)) })
	for _, key := range slices.Sorted(maps.Keys(x.programs)) {
		p := x.programs[key]
		if seen[key] {
			continue
		}
		for _, r := range p.rows {
			f, ok := r.rec.Data.(execution.Prefetch)
			if !ok || len(f.LastRuns) == 0 || int(f.RunCount) > len(f.LastRuns) {
				continue // its first start is not known
			}
			first := slices.MinFunc(f.LastRuns, time.Time.Compare)
			i, _ := slices.BinarySearchFunc(anchors, first, func(a anchor, t time.Time) int { return a.t.Compare(t) })
			best := anchors[min(i, len(anchors)-1)]
			if i > 0 && anchors[i-1].t.Sub(first).Abs() < best.t.Sub(first).Abs() {
				best = anchors[i-1]
			}
			if best.t.Sub(first).Abs() > 10*time.Minute {
				continue
			}
			words := "after"
			if first.Before(best.t) {
				words = "before"
			}
			look := *x
			look.row = r
			look.hit(p.subject(x), 0, "its first known start was %s %s one of %s", best.t.Sub(first).Abs().Round(time.Second), words,
				best.p.path)
		}
	}
})

var seededUse = wholeRule(Rule{
	ID: "X-13", Title: "UserAssist entries created with the profile", Level: Informational,
	Why:    "Windows fills UserAssist of a new profile with programs that nobody started. All rules ignore them.",
	Benign: "Present in every profile.",
	Next:   "No action. Do not treat them as starts.",
	Needs:  []string{"userassist"},
}, func(x *look) {
	byUser := map[string][]*row{}
	for _, r := range x.seeded {
		k := cmp.Or(r.rec.User.Name, r.rec.User.SID, r.rec.From.Path)
		byUser[k] = append(byUser[k], r)
	}
	for _, who := range slices.Sorted(maps.Keys(byUser)) {
		rows := byUser[who]
		x.hit(subject{kind: kindSetting, key: "userassist of " + who, show: "UserAssist of " + who}, 0,
			"%s created with the profile, not by starts", count(len(rows), "entry", "entries")).from(rows...)
	}
})
