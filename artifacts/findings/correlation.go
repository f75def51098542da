package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// The rules of family C join what different artifacts say: they look at the
// programs of [programs.Model]. Each needs two kinds of evidence by its nature.

// startNeeds are artifacts that show starts with their times.
var startNeeds = []string{"prefetch", "eventsysmon", "eventprocesses", "bam", "userassist", "pca"}

// lifeRule looks at the programs of the machine, when everything else was judged.
func lifeRule(r Rule, f func(x *look, p *programs.Program)) Rule {
	return wholeRule(r, func(x *look) {
		for _, p := range x.model.Programs {
			f(x, p)
		}
	})
}

// of makes a subject of a program of the model.
func (x *look) of(p *programs.Program) subject {
	return subject{kind: kindProgram, key: p.Key, show: p.Path}
}

// cite returns the rows of records that the model keeps. A record that another
// rule cites already has one row.
func (x *look) cite(refs ...programs.Ref) []*row {
	if x.cited == nil {
		x.cited = map[string]*row{}
		for _, p := range x.programs {
			for _, r := range p.rows {
				x.cited[r.rec.ID] = r
			}
		}
		for _, h := range x.hits {
			for _, r := range h.rows {
				x.cited[r.rec.ID] = r
			}
		}
	}
	var out []*row
	for _, ref := range refs {
		r := x.cited[ref.Record]
		if r == nil {
			rec := x.model.Record(ref.Record)
			if rec == nil {
				continue
			}
			r = &row{rec: *rec, n: x.rows, class: classOf(rec), proof: rec.Proof()}
			x.rows++
			x.cited[ref.Record] = r
		}
		if !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// said returns the highest level of what rules said of a subject so far.
func (x *look) said(kind, key string) (l Level) {
	for _, h := range x.hits {
		if h.subject.key == key && h.subject.kind == kind {
			l = max(l, h.level)
		}
	}
	return l
}

// levels returns the highest level that rules gave each program so far.
func (x *look) levels() map[string]Level {
	out := map[string]Level{}
	for _, h := range x.hits {
		if h.subject.kind == kindProgram {
			out[h.subject.key] = max(out[h.subject.key], h.level)
		}
	}
	return out
}

// vendor reports whether a program lies in Program Files and names its company.
// Signatures are not read: it lowers a level, and excuses nothing.
func vendor(p *programs.Program) bool {
	return p.Volume == "" && (strings.HasPrefix(p.Key, `\program files\`) || strings.HasPrefix(p.Key, `\program files (x86)\`)) &&
		len(p.Facts("company")) > 0
}

// placed returns why the folder of a program is worth a look, or nil.
func (x *look) placed(p *programs.Program) *place { return x.probe(p.Key).place }

func startRefs(starts []*programs.Start) []programs.Ref {
	var out []programs.Ref
	for _, s := range starts {
		out = append(out, s.Refs()...)
	}
	return out
}

// startsIn returns the starts of a program in a span of time.
func startsIn(p *programs.Program, from, to time.Time) []*programs.Start {
	i, _ := slices.BinarySearchFunc(p.Starts, from, func(s programs.Start, t time.Time) int { return s.Time.Compare(t) })
	var out []*programs.Start
	for ; i < len(p.Starts) && !p.Starts[i].Time.After(to); i++ {
		out = append(out, &p.Starts[i])
	}
	return out
}

// internet returns the first arrival of a program from the internet.
func internet(p *programs.Program) *programs.Arrival {
	for i := range p.Arrived {
		a := &p.Arrived[i]
		if a.Time.IsZero() {
			continue
		}
		if a.Kind == "download" || a.Kind == "bits" || a.Kind == "marked" && (strings.HasPrefix(a.Zone, "3") ||
			strings.HasPrefix(a.Zone, "4") ||
			strings.Contains(strings.ToLower(a.Zone), "internet") || strings.Contains(strings.ToLower(a.Zone), "restricted")) {
			return a
		}
	}
	return nil
}

// soon is how long after its arrival a program has to start to be one job with it.
const soon = 10 * time.Minute

var ranOnArrival = lifeRule(Rule{
	ID: "C-18", Title: "Ran right after it came from the internet", Level: Medium, Attack: []string{"T1204.002", "T1105"},
	Why:    "A program from the internet was started within ten minutes of its arrival.",
	Benign: "Installers and updates that a user downloads and starts.",
	Next:   "Check the address that it came from, its hash, and what it did after its first start.",
	Needs:  append([]string{"zoneid", "browserdownloads", "bits"}, startNeeds...),
}, func(x *look, p *programs.Program) {
	a := internet(p)
	if a == nil {
		return
	}
	starts := startsIn(p, a.Time.Add(-time.Second), a.Time.Add(soon))
	if len(starts) == 0 {
		return
	}
	level := Medium
	switch {
	case installer(p):
		level = Low
	case !strings.Contains(p.Key, `\downloads\`), x.otherName(p) != "", scriptExtension[winpath.Ext(p.Key)]:
		level = High
	}
	if vendor(p) {
		level = level.step(-1)
	}
	x.hit(x.of(p), level, "it came from %s and ran %s later", cmp.Or(clip(a.From, 200), "the internet"),
		starts[0].Time.Sub(a.Time).Round(time.Second)).from(x.cite(append(startRefs(starts[:1]), a.Ref)...)...)
})

var scriptExtension = map[string]bool{".js": true, ".jse": true, ".vbs": true, ".vbe": true, ".wsf": true, ".hta": true,
	".ps1": true, ".bat": true,
	".cmd": true, ".scr": true, ".pif": true}

// installer reports whether name and version resource say that it installs
// something.
func installer(p *programs.Program) bool {
	b := p.Base()
	return len(p.Facts("company")) > 0 && (strings.Contains(b, "setup") || strings.Contains(b, "install") || strings.HasSuffix(b, ".msi"))
}

// otherName returns the original name of a program where it is another than that
// of its file.
func (x *look) otherName(p *programs.Program) string {
	n := nameStem(p.Base())
	for _, f := range p.Facts("original_name") {
		o := nameStem(strings.ToLower(f.Value))
		if o != "" && n != "" && !strings.HasPrefix(o, n) && !strings.HasPrefix(n, o) {
			return f.Value
		}
	}
	return ""
}

var tracesRemoved = lifeRule(Rule{
	ID: "C-20", Title: "Ran, and then program and trace were deleted", Level: Critical, Attack: []string{"T1070.004"},
	Why:    "The program ran, and within a day both its file and its Prefetch file were deleted.",
	Benign: "Cleaning programs delete many Prefetch files at once.",
	Next:   "Recover the file, and look at who deleted it.",
	Needs:  []string{"usnjrnl"},
}, func(x *look, p *programs.Program) {
	var file, trace *programs.End
	for i := range p.Ends {
		switch e := &p.Ends[i]; e.Kind {
		case "deleted":
			if !e.Time.IsZero() {
				file = e
			}
		case "prefetch deleted":
			trace = e
		}
	}
	if file == nil || trace == nil || p.Counts.AtLeast == 0 || file.Time.Sub(trace.Time).Abs() > 24*time.Hour {
		return
	}
	refs := []programs.Ref{file.Ref, trace.Ref}
	level := Critical
	if len(p.Starts) > 0 {
		refs = append(refs, p.Starts[len(p.Starts)-1].Refs()...)
	}
	if len(x.kept["usnjrnl"]) > 0 && x.massDeleted() {
		level = Medium
	}
	x.hit(x.of(p), level, "deleted at %s, its Prefetch file at %s", stampWords(file.Time), stampWords(trace.Time)).from(x.cite(refs...)...)
})

// massDeleted reports whether so many Prefetch files were deleted that a cleaning
// program did it.
func (x *look) massDeleted() bool {
	n := 0
	for _, p := range x.model.Programs {
		if slices.ContainsFunc(p.Ends, func(e programs.End) bool { return e.Kind == "prefetch deleted" }) {
			n++
		}
	}
	return n > 20
}

// madeAt returns when a setting was made, as far as a record says so.
func madeAt(a *programs.Autostart) time.Time {
	if !a.Made.IsZero() {
		return a.Made
	}
	return a.Written
}

var autostartOfNewcomer = lifeRule(Rule{
	ID: "C-04", Title: "Autostart of a program that had just appeared", Level: High, Attack: []string{"T1543", "T1053", "T1547"},
	Why:    "The program appeared or first ran at most half an hour before a setting was made that starts it, in an unusual place.",
	Benign: "Installers of programs in a profile.",
	Next:   "Find what wrote the setting, and when the program came.",
	Needs:  append([]string{"tasks", "services", "runkeys", "mft"}, startNeeds...),
}, func(x *look, p *programs.Program) {
	pl := x.placed(p)
	if pl == nil || pl.level < Medium {
		return
	}
	for i := range p.Autostarts {
		a := &p.Autostarts[i]
		made, first := madeAt(a), p.FirstSeen()
		if made.IsZero() || first.IsZero() || made.Before(first) || made.Sub(first) > 30*time.Minute {
			continue
		}
		level := High
		if strings.HasPrefix(p.Key, `\program files`) {
			level = Informational
		}
		refs := []programs.Ref{a.Ref}
		if a.MadeRef.Record != "" {
			refs = append(refs, a.MadeRef)
		}
		if len(p.Starts) > 0 {
			refs = append(refs, p.Starts[0].Refs()...)
		}
		x.hit(x.of(p), level, "%s %s was made %s after the program is first seen; it is %s", a.Mechanism, a.Name,
			made.Sub(first).Round(time.Second), pl).from(x.cite(refs...)...)
		return
	}
})

var dormant = lifeRule(Rule{
	ID: "C-05", Title: "Autostart that has not fired", Level: Informational, Attack: []string{"T1053.005"},
	Why:    "A program with other findings starts automatically, and no record shows that it ran.",
	Benign: "Triggers that did not come.",
	Next:   "No action on its own. Keep in mind that it would run at the next trigger.",
	Needs:  append([]string{"tasks", "services", "runkeys"}, startNeeds...),
}, func(x *look, p *programs.Program) {
	if len(p.Autostarts) == 0 || p.Counts.AtLeast > 0 || !p.Outside() || x.said(kindProgram, p.Key) < Medium || !x.showsStarts() {
		return
	}
	a := &p.Autostarts[0]
	x.hit(x.of(p), Informational, "%s %s: no trace that it ran", a.Mechanism, a.Name).from(x.cite(a.Ref)...)
})

// showsStarts reports whether the evidence has a source that would show a start.
// Without one, the absence of a start means nothing.
func (x *look) showsStarts() bool {
	for _, c := range x.model.Coverage {
		if c.What == "Prefetch files" {
			return x.ev.seen[chSysmon] > 0 || x.ev.met[eventKey{chSecurity, 4688}] > 0
		}
	}
	return true
}

var fired = lifeRule(Rule{
	ID: "C-06", Title: "Suspicious task that ran", Level: High, Attack: []string{"T1053.005"},
	Why:    "The task scheduler started the action of a task that a command had made, or of which a rule speaks.",
	Benign: "Scripts of administrators; updaters.",
	Next:   "Read the action, and look at what started after it.",
	Needs:  []string{"tasks", "eventsysmon", "eventprocesses"},
}, func(x *look, p *programs.Program) {
	for i := range p.Autostarts {
		a := &p.Autostarts[i]
		if len(a.Fired) == 0 {
			continue
		}
		suspect := x.said(kindSetting, "task "+strings.ToLower(a.Name)) >= Medium || x.said(kindSetting,
			`setting task `+strings.ToLower(a.Name)) >= Medium
		if p.Outside() {
			suspect = suspect || x.said(kindProgram, p.Key) >= High
		}
		if !suspect && a.Made.IsZero() {
			continue
		}
		refs := []programs.Ref{a.Ref}
		if a.MadeRef.Record != "" {
			refs = append(refs, a.MadeRef)
		}
		n := 0
		var at time.Time
		for j := range p.Starts {
			if s := &p.Starts[j]; slices.Contains(a.Fired, s.ID) && n < maxSame {
				refs, n = append(refs, s.Refs()...), n+1
				if at.IsZero() {
					at = s.Time
				}
			}
		}
		s := x.of(p)
		if !p.Outside() {
			s = x.taskSubject(a.Name)
		}
		made := ""
		if !a.Made.IsZero() {
			made = " after it was made by " + cmp.Or(a.MadeBy, "a command") + " at " + stampWords(a.Made)
		}
		x.hit(s, High, "task %s fired %s, first at %s%s: %s", a.Name, times(len(a.Fired)), stampWords(at), made,
			clip(cmp.Or(a.Command, p.Path), 200)).from(x.cite(refs...)...)
	}
})

// taskSubject is the subject that other rules give a task.
func (x *look) taskSubject(name string) subject {
	for _, h := range x.hits {
		if h.subject.kind == kindSetting && strings.EqualFold(h.subject.show, "task "+name) {
			return h.subject
		}
	}
	return x.setting("task " + name)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// userSID reports whether a SID is that of a user account.
func userSID(sid string) bool {
	return strings.HasPrefix(sid, "S-1-5-21-") || strings.HasPrefix(sid, "S-1-12-1-")
}

// installs groups the installations of services by name, in the order of time.
func (x *look) installs() map[string][]*programs.Act {
	out := map[string][]*programs.Act{}
	for _, a := range x.model.Acts {
		if a.Kind == "service" && a.Program != "" {
			k := strings.ToLower(a.Subject)
			out[k] = append(out[k], a)
		}
	}
	return out
}

// keyOf is the key of a path of the evidence.
func (x *look) keyOf(path string) string { return x.normal(path, evidence.User{}) }

// alsoWhole gives a rule over programs a function that looks at everything
// together.
func (r Rule) alsoWhole(f func(x *look)) Rule {
	r.whole = f
	return r
}

// logSources are the sources of starts that are event logs.
var logSources = []string{"sysmon", "security audit", "task scheduler", "defender"}

// ranInLogs is what X-02 says of programs whose starts only event logs show.
func ranInLogs(x *look) {
	for _, p := range x.model.Programs {
		if !p.Outside() || len(p.Starts) == 0 || !runnable[ext(p.Base())] {
			continue
		}
		if known := x.programs[p.Key]; known != nil && len(known.executed()) > 0 {
			continue // told by what its other records prove
		}
		var refs []programs.Ref
		var first, last time.Time
		for i := range p.Starts {
			s := &p.Starts[i]
			if !slices.ContainsFunc(s.Proofs, func(f programs.StartProof) bool { return slices.Contains(logSources, f.Source) }) {
				continue
			}
			if first.IsZero() {
				first = s.Time
			}
			last = s.Time
			if len(refs) < maxSame {
				refs = append(refs, s.Refs()...)
			}
		}
		pl := x.placed(p)
		if len(refs) == 0 || pl == nil || pl.id == "L15" {
			continue
		}
		level := pl.level
		if probe := x.probe(p.Key); x.installer(probe) {
			level = min(level.step(-1), Low)
		}
		h := x.hit(x.of(p), level, "ran %s", pl).from(x.cite(refs...)...).between(first.Add(-time.Minute), last.Add(time.Minute))
		if pl.level < High {
			h.atMost(Medium)
		}
	}
}
