package findings

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var taskAnomaly = wholeRule(rule(Rule{
	ID: "P-12", Title: "Unusual scheduled task", Level: High, Attack: []string{"T1053.005"},
	Why:    "Tasks start programs repeatedly with rights that their creator chose. The start method or concealment of this one is rare.",
	Benign: "Updaters and backup agents.",
	Next:   "Read the XML of the task and check its author and registration time.",
	Needs:  []string{"tasks", "taskcache", "jobs"},
}, func(x *look, t persistence.Task) {
	x.task(t.TaskPath, t.Autostart())
	for _, tr := range t.Triggers {
		if d := minutes(tr.Interval); d > 0 && d <= 5 && !tr.Disabled && !microsoftTask(t.TaskPath) {
			x.hit(x.setting("task "+t.TaskPath), Medium, "it is repeated every %s", count(d, "minute", "minutes"))
			break
		}
	}
}).also(
	on(func(x *look, t persistence.TaskCache) {
		x.task(t.TaskPath, t.Autostart())
		s := x.setting("task " + cmp.Or(t.TaskPath, t.ID))
		if x.row.rec.From.State != artifacts.Live {
			return
		}
		var hidden []string
		if t.InTree == "no" && t.View == "task" {
			hidden = append(hidden, "no entry of the task tree refers to it")
		}
		if t.HasSD == "no" && t.View == "tree" && t.ID != "" {
			hidden = append(hidden, "its security descriptor is missing")
		}
		if t.Index == 0 && t.View == "tree" && t.ID != "" {
			hidden = append(hidden, "its index is 0")
		}
		if len(hidden) > 0 {
			x.hit(s, Critical, "hidden from task listings: %s", strings.Join(hidden, ", ")).as("T1053.005", "T1564")
		}
		if strings.EqualFold(t.LastResult, "0x80070002") && !microsoftTask(t.TaskPath) {
			x.hit(s, Low, "its last run failed because its file was missing")
		}
	}),
	on(func(x *look, j persistence.Job) {
		a := j.Autostart()
		x.task(cmp.Or(j.Name, winpath.Base(x.row.rec.From.Path)), a)
		if x.facts.Machine != nil && olderThanVista(x.facts.Machine.Build) || j.Product == "" {
			return
		}
		level := Medium
		if x.ordinary(a.Image) {
			level = Low
		}
		x.hit(x.setting("task "+winpath.Base(x.row.rec.From.Path)), level, "a task in the format that Windows used before Vista: %s",
			clip(commandLine(a), 300)).as("T1053.002")
	}),
), func(x *look) {
	classes := map[string][]*row{} // those that users have of their own, by id
	for _, r := range x.kept["comhijack"] {
		if c := r.rec.Data.(persistence.COMHijack); c.Autostart().Scope != "machine" && r.rec.From.State == artifacts.Live {
			id := strings.ToUpper(c.CLSID)
			classes[id] = append(classes[id], r)
		}
	}
	first := x.firstInstall()
	for _, name := range []string{"tasks", "taskcache"} {
		for _, r := range x.kept[name] {
			look := *x
			look.row = r
			t, ok := taskOf(r)
			if !ok || r.rec.From.State != artifacts.Live {
				continue
			}
			look.taskRights(t)
			look.taskClass(t, classes)
			look.taskDate(t, first)
		}
	}
}, "tasks", "taskcache", "comhijack", "osinfo")

// A taskFacts is what the rules want to know of a task, from its file or from
// the cache.
type taskFacts struct {
	path, author, kind, class string
	elevated                  bool // runs as SYSTEM, or with all rights of its account
	auto                      persistence.Entry
}

func taskOf(r *row) (taskFacts, bool) {
	switch t := r.rec.Data.(type) {
	case persistence.Task:
		high := slices.ContainsFunc(t.Principals, func(p persistence.TaskPrincipal) bool {
			return systemAccount(p.User) || strings.EqualFold(p.RunLevel, "HighestAvailable")
		})
		return taskFacts{t.TaskPath, t.Author, t.Kind, t.Class, high, t.Autostart()}, true
	case persistence.TaskCache:
		return taskFacts{t.TaskPath, t.Author, t.Kind, t.Class, t.HighestLevel || systemAccount(cmp.Or(t.RunAsSID, t.RunAs)),
			t.Autostart()}, t.View == "task"
	}
	return taskFacts{}, false
}

func systemAccount(s string) bool {
	switch strings.ToLower(s) {
	case "s-1-5-18", "system", `nt authority\system`, "localsystem":
		return true
	}
	return false
}

// person reports whether the author of a task is written as an account of a
// person, and not as a company or an account of Windows.
func person(author string) bool {
	domain, name, ok := strings.Cut(author, `\`)
	if !ok || name == "" || strings.HasSuffix(name, "$") {
		return false
	}
	switch strings.ToLower(domain) {
	case "nt authority", "builtin", "nt service":
		return false
	}
	return !strings.EqualFold(name, "Administrator") && !strings.EqualFold(name, "SYSTEM")
}

// (d) a task that a user put beside the folders, with more rights than he has
// without a question.
func (x *look) taskRights(t taskFacts) {
	if strings.Count(t.path, `\`) != 1 || !t.elevated || !person(t.author) || commandLine(t.auto) == "" {
		return
	}
	level := Medium
	if x.ordinary(t.auto.Image) && !x.t.hosts[strings.TrimSuffix(strings.ToLower(winpath.Base(t.auto.Image)), ".exe")] {
		level = Low // what many programs do to start without a question
	}
	x.hit(x.setting("task "+t.path), x.weaker(level, t.auto), "%s made it, and it runs as SYSTEM or with highest rights: %s", t.author,
		clip(commandLine(t.auto), 300)).atMost(Medium)
}

// (g) the class behind a COM handler.
func (x *look) taskClass(t taskFacts, classes map[string][]*row) {
	id, _, _ := strings.Cut(strings.ToUpper(t.auto.Command), " ")
	if t.kind != "com" || id == "" {
		return
	}
	own := classes[id]
	switch {
	case len(own) > 0:
		a := own[0].auto()
		x.hit(x.setting("task "+t.path), x.weaker(High, t.auto), "it runs the class %s, which a user has of his own: %s", id,
			clip(cmp.Or(commandLine(*a), a.Image), 300)).as("T1053.005", "T1546.015").from(own...)
	case t.class == "no" && microsoftTask(t.path):
		x.hit(x.setting("task "+t.path), Informational, "it runs the class %s, which the machine does not have", id)
	case t.class == "no":
		x.hit(x.setting("task "+t.path), x.weaker(Medium, t.auto), "it runs the class %s, which neither the machine nor a user has", id)
	}
}

// (h) the date that the task claims. Windows' own tasks keep that of their
// making.
func (x *look) taskDate(t taskFacts, first time.Time) {
	if microsoftTask(t.path) || x.row.rec.Artifact.Name != "tasks" {
		return
	}
	for _, e := range x.row.rec.Events() {
		if !strings.HasPrefix(e.Kind, "Creation Time") || e.Time.IsZero() {
			continue
		}
		const day = 24 * time.Hour // more than any zone is away from UTC
		s := x.setting("task " + t.path)
		if !first.IsZero() && e.Time.Before(first.Add(-day)) {
			x.hit(s, Low, "its date is %s, before Windows was installed (%s)", e.Time.Format(secondsOnly), first.UTC().Format(secondsOnly))
		} else if f, ok := x.fileTimes(x.row.rec.From.Path); ok && !f.Created.IsZero() && f.Created.Sub(e.Time).Abs() > day {
			x.hit(s, Low, "its date is %s, but its file was created %s", e.Time.Format(secondsOnly), f.Created.UTC().Format(secondsOnly))
		}
	}
}

// interval matches the xs:duration of a trigger: P1D, PT1H30M, PT30S.
var interval = regexp.MustCompile(`^P(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

// minutes reads an interval of a trigger, rounded up; 0 is none.
func minutes(s string) int {
	parts := interval.FindStringSubmatch(s)
	if parts == nil {
		return 0
	}
	seconds := 0
	for i, unit := range []int{24 * 60 * 60, 60 * 60, 60, 1} {
		n, _ := strconv.Atoi(parts[i+1]) // an absent part is 0
		seconds += n * unit
	}
	return (seconds + 59) / 60
}

func microsoftTask(path string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimLeft(path, `\`)), `microsoft\`)
}

func olderThanVista(build string) bool {
	switch build {
	case "2195", "2600", "3790":
		return true
	}
	return false
}

// task judges what a task starts.
func (x *look) task(path string, a persistence.Entry) {
	if commandLine(a) == "" {
		return
	}
	pl, why := x.autoPlace(a)
	v := x.t.judge(commandLine(a), command(a))
	stem := strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")
	tool := x.t.toolNamed(stem)
	if tool != nil && (tool.level < High || anyGlob(tool.except, strings.Split(x.normal(a.Image, x.row.rec.User), `\`))) {
		tool = nil
	}
	s := x.autoSubject("task", path, a)
	switch {
	case tool != nil:
		x.hit(s, x.weaker(Critical, a), "the task %s starts a tool (%s): %s", path, tool.class,
			clip(commandLine(a), 300)).as(append([]string{"T1053.005"}, tool.attack...)...)
	case v.level >= Critical:
		x.hit(s, x.weaker(Critical, a), "the task %s %s: %s", path, strings.Join(v.words, ", "),
			clip(commandLine(a), 300)).as(append([]string{"T1053.005"}, v.attack...)...)
	case pl != nil && pl.level >= Low && pl.id != "L6" && !pl.elsewhere():
		h := x.hit(s, x.weaker(High, a), "the task %s %s", path, why)
		if pl.level < High {
			h.atMost(High)
		}
	case v.host && v.level >= High:
		x.hit(s, x.weaker(High, a), "the task %s %s: %s", path, strings.Join(v.words, ", "),
			clip(commandLine(a), 300)).as(append([]string{"T1053.005"}, v.attack...)...)
	case x.t.hosts[stem] && v.level >= Medium && !microsoftTask(path):
		x.hit(s, x.weaker(Medium, a), "the task %s %s: %s", path, strings.Join(v.words, ", "), clip(commandLine(a), 300))
	}
}

var taskTampered = wholeRule(Rule{
	ID: "P-12b", Title: "Task file and task cache disagree", Level: High, Attack: []string{"T1053.005"},
	Why:    "Task Scheduler keeps the hash of the XML that it registered. A file with another hash was changed without Task Scheduler.",
	Benign: "Copies taken at different times; a Windows upgrade in progress.",
	Next:   "Compare the XML with the actions in the cache.",
	Needs:  []string{"tasks", "taskcache"},
}, func(x *look) {
	cached := map[string]*row{}
	for _, r := range x.kept["taskcache"] {
		t := r.rec.Data.(persistence.TaskCache)
		if t.View == "task" && t.Hash != "" && r.rec.From.State == artifacts.Live {
			cached[strings.ToLower(t.TaskPath)] = r
		}
	}
	for _, r := range x.kept["tasks"] {
		t := r.rec.Data.(persistence.Task)
		c := cached[strings.ToLower(t.TaskPath)]
		if c == nil || r.rec.From.State != artifacts.Live || t.Action > 1 {
			continue
		}
		d := c.rec.Data.(persistence.TaskCache)
		if len(d.Hash) != 64 || t.XMLSHA256 == "" || strings.EqualFold(d.Hash, t.XMLSHA256) {
			continue
		}
		look := *x
		look.row = r
		level := Low
		if strings.Join(d.Actions, "\n") != strings.Join(t.Actions, "\n") {
			level = High
		}
		look.hit(look.setting("task "+t.TaskPath), level, "its file is not the one that the scheduler registered").from(c)
	}
}, "tasks", "taskcache")
