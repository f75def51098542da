package findings

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var serviceAnomaly = rule(Rule{
	ID: "P-11", Title: "Service out of the ordinary", Level: High, Attack: []string{"T1543.003"},
	Why:    "Services run with the highest rights and start with Windows; this one lies, or starts, as services do not.",
	Benign: "Virus scanners in ProgramData, printers, software that was removed badly.",
	Next:   "Check file and publisher; compare the key's time with the timeline.",
	Needs:  []string{"services"},
}, func(x *look, s artifacts.Service) {
	a := s.Autostart()
	driver := s.ServiceType&0x0F != 0
	name := s.Name
	subj := func(path string) subject {
		if strings.Contains(path, `\`) {
			return subject{kind: kindProgram, key: x.normal(path, x.row.rec.User), show: path}
		}
		return x.setting("service " + name)
	}
	if a.Mechanism == "Service failure command" {
		level := High
		if a.Inactive != "" {
			level = Low
		}
		if x.ordinary(a.Image) && !x.t.hosts[strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")] {
			level = Low
		}
		x.hit(x.autoSubject("service", name, a), x.weaker(level, a), "when %s fails, %s is started", name, clip(commandLine(a), 300)).atMost(High)
		return
	}
	// (a) the program or library lies in a bad place.
	dll := ""
	if p := s.Program(); s.ServiceDLL != "" && p != a.Image {
		dll = p
	}
	placed := false
	for _, path := range []string{a.Image, dll} {
		if path == "" || !strings.Contains(path, `\`) || x.t.binaries[strings.ToLower(winpath.Base(path))] != nil && x.home(path) {
			continue
		}
		pl := x.probe(x.normal(path, x.row.rec.User)).place
		if pl == nil || pl.id == "L12" && pl.level < High || pl.id == "L4" && driver && strings.HasPrefix(x.normal(path, x.row.rec.User), `\windows\system32\drivers`) {
			continue
		}
		level := max(High, pl.level.step(1))
		switch pl.id {
		case "L5", "L6":
			level = High
		case "L8", "L10":
			level = High
		}
		if pl.id == "L6" && !randomName(winpath.Base(path)) && !randomName(name) && x.t.toolNamed(strings.TrimSuffix(strings.ToLower(winpath.Base(path)), ".exe")) == nil {
			level = Low // some vendors do
		}
		placed = true
		h := x.hit(subj(path), x.weaker(level, a), "the service %s starts %s, %s", name, path, pl)
		if pl.level < High {
			h.atMost(High)
		}
	}
	if driver {
		x.driver(s, a, subj)
		return
	}
	// (b) libraries of shared services lie in System32.
	if dll != "" && !placed && !x.ordinaryService(dll) {
		x.hit(subj(dll), x.weaker(High, a), "the library of the service %s is %s", name, dll).as("T1574")
	}
	// (c) Windows tries each blank of a path without quotes.
	if a.Guessed && strings.Contains(a.Image, " ") && !strings.HasPrefix(strings.TrimSpace(s.ImagePath), `"`) && !strings.HasPrefix(x.normal(a.Image, x.row.rec.User), `\windows\`) {
		level := Low // nobody but administrators may write where Windows looks
		if !x.ordinary(a.Image) {
			level = Medium
		}
		x.hit(x.setting("service "+name), x.weaker(level, a), "its path has blanks and no quotes: %s", s.ImagePath).as("T1574.009").atMost(Medium)
	}
	// (d) a script host, or a command of the kind that intruders write.
	stem := strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")
	v := x.t.judge(commandLine(a), command(a))
	if comspec := strings.Contains(strings.ToLower(s.ImagePath), "%comspec%"); comspec || x.t.hosts[stem] || v.host && v.level >= High {
		level := Critical
		if !comspec && v.level < High && stem != "cmd" && stem != "powershell" {
			level = Medium // an interpreter of a server program
		}
		x.hit(x.autoSubject("service", name, a), x.weaker(level, a), "the service %s runs %s%s", name, clip(s.ImagePath, 300), suffix(v.words)).as(append([]string{"T1543.003"}, v.attack...)...)
	}
	// (e) svchost asks its list.
	if s.SvchostGroup != "" && s.GroupListed == "no" && !s.Disabled && s.ServiceType&0xC0 == 0 {
		x.hit(x.setting("service "+name), x.weaker(Medium, a), "svchost has no service %s in the group %s", name, s.SvchostGroup)
	}
	// (g) a random name directly in the folder of Windows is what tools that push services leave.
	if randomName(name) && placed {
		x.hit(x.setting("service "+name), x.weaker(High, a), "its name looks random: %s", name).as("T1569.002")
	}
	// (i) services are programs.
	if e := winpath.Ext(a.Image); e != "" && e != ".exe" && e != ".sys" && e != ".dll" && strings.Contains(a.Image, `\`) {
		x.hit(x.setting("service "+name), x.weaker(Medium, a), "it starts a file that is no program: %s", a.Image)
	}
	// (j)
	if s.DeleteFlag {
		x.hit(x.setting("service "+name), Informational, "it is marked for deletion")
	}
})

// ordinaryService reports whether a library lies where those of services do.
func (x *look) ordinaryService(path string) bool {
	key := x.normal(path, x.row.rec.User)
	for _, dir := range []string{`\windows\system32\`, `\windows\syswow64\`, `\windows\microsoft.net\`, `\windows\winsxs\`, `\windows\servicing\`, `\program files`, `\programdata\microsoft\`, `\windows\uus\`, `\windows\immersivecontrolpanel\`, `\windows\pchealth\`, `\windows\bits\`, `\windows\systemapps\`, `\windows\ehome\`} {
		if strings.HasPrefix(key, dir) {
			return true
		}
	}
	return !strings.HasPrefix(key, `\`)
}

// driver judges where a driver lies.
func (x *look) driver(s artifacts.Service, a *artifacts.Autostart, subj func(string) subject) {
	key := x.normal(a.Image, x.row.rec.User)
	if !strings.HasPrefix(key, `\`) || a.Image == "" {
		return
	}
	for _, dir := range []string{`\windows\system32\drivers\`, `\windows\system32\driverstore\`, `\windows\system32\`, `\windows\syswow64\drivers\`, `\windows\winsxs\`, `\programdata\microsoft\windows defender\`} {
		if strings.HasPrefix(key, dir) {
			return
		}
	}
	level := High
	if x.ordinary(a.Image) {
		level = Low
	}
	if p := x.probe(key); p.place != nil {
		return // said above
	}
	x.hit(subj(a.Image), x.weaker(level, a), "the driver %s lies in %s", s.Name, shown(winpath.Dir(key))).atMost(High)
}

// randomName reports whether a name is eight or more letters in mixed case
// that no one would choose: what tools that push services over the network
// make up.
func randomName(name string) bool {
	s := strings.TrimSuffix(strings.TrimSuffix(name, ".exe"), ".EXE")
	if len(s) < 8 || len(s) > 16 {
		return false
	}
	var upper, lower, turns, vowels int
	for i := range len(s) {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z':
			upper++
			if i > 0 && 'a' <= s[i-1] && s[i-1] <= 'z' {
				turns++
			}
		case 'a' <= c && c <= 'z':
			lower++
			if i > 1 && 'A' <= s[i-1] && s[i-1] <= 'Z' && 'A' <= s[i-2] && s[i-2] <= 'Z' {
				turns++
			}
		default:
			return false
		}
		if strings.IndexByte("aeiouyAEIOUY", c) >= 0 {
			vowels++
		}
	}
	// Words that are joined by capitals begin with one and have vowels.
	return upper >= 2 && lower >= 2 && (turns >= 2 && vowels*4 <= len(s) || s[0] >= 'a' && turns >= 2)
}

var taskAnomaly = rule(Rule{
	ID: "P-12", Title: "Scheduled task out of the ordinary", Level: High, Attack: []string{"T1053.005"},
	Why:    "Tasks start programs again and again, with rights that their creator chose; this one starts, or hides, as few do.",
	Benign: "Updaters and backup agents.",
	Next:   "Read the task's XML; look for its author and the time when it was registered.",
	Needs:  []string{"tasks", "taskcache", "jobs"},
}, func(x *look, t artifacts.Task) {
	x.task(t.TaskPath, t.Autostart())
	for _, tr := range t.Triggers {
		if d := minutes(tr.Interval); d > 0 && d <= 5 && !tr.Disabled && !microsoftTask(t.TaskPath) {
			x.hit(x.setting("task "+t.TaskPath), Medium, "it is repeated every %d minutes", d)
			break
		}
	}
}).also(
	on(func(x *look, t artifacts.TaskCache) {
		x.task(t.TaskPath, t.Autostart())
		s := x.setting("task " + cmp.Or(t.TaskPath, t.ID))
		if x.row.rec.From.State != artifacts.Live {
			return
		}
		var hidden []string
		if t.InTree == "no" && t.View == "task" {
			hidden = append(hidden, "the tree of tasks does not lead to it")
		}
		if t.HasSD == "no" && t.View == "tree" && t.ID != "" {
			hidden = append(hidden, "it has no security descriptor")
		}
		if t.Index == 0 && t.View == "tree" && t.ID != "" {
			hidden = append(hidden, "its index is 0")
		}
		if len(hidden) > 0 {
			x.hit(s, Critical, "it is hidden from every list: %s", strings.Join(hidden, ", ")).as("T1053.005", "T1564")
		}
		if strings.EqualFold(t.LastResult, "0x80070002") && !microsoftTask(t.TaskPath) {
			x.hit(s, Low, "its last run failed because its file was not there")
		}
	}),
	on(func(x *look, j artifacts.Job) {
		a := j.Autostart()
		x.task(cmp.Or(j.Name, winpath.Base(x.row.rec.From.Path)), a)
		if x.facts.Machine != nil && olderThanVista(x.facts.Machine.Build) || j.Product == "" {
			return
		}
		level := Medium
		if x.ordinary(a.Image) {
			level = Low
		}
		x.hit(x.setting("task "+winpath.Base(x.row.rec.From.Path)), level, "a task in the format that Windows used before Vista: %s", clip(commandLine(a), 300)).as("T1053.002")
	}),
)

// minutes reads an interval of a trigger: PT5M, PT1M, PT30S.
func minutes(s string) int {
	var n int
	switch {
	case strings.HasPrefix(s, "PT") && strings.HasSuffix(s, "M"):
		fmt.Sscanf(s, "PT%dM", &n)
	case strings.HasPrefix(s, "PT") && strings.HasSuffix(s, "S"):
		if fmt.Sscanf(s, "PT%dS", &n); n > 0 {
			n = (n + 59) / 60
		}
	}
	return n
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
func (x *look) task(path string, a *artifacts.Autostart) {
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
		x.hit(s, x.weaker(Critical, a), "the task %s starts a tool (%s): %s", path, tool.class, clip(commandLine(a), 300)).as(append([]string{"T1053.005"}, tool.attack...)...)
	case v.level >= Critical:
		x.hit(s, x.weaker(Critical, a), "the task %s %s: %s", path, strings.Join(v.words, ", "), clip(commandLine(a), 300)).as(append([]string{"T1053.005"}, v.attack...)...)
	case pl != nil && pl.level >= Low && pl.id != "L6" && (pl.id != "L12" || pl.level >= High):
		h := x.hit(s, x.weaker(High, a), "the task %s %s", path, why)
		if pl.level < High {
			h.atMost(High)
		}
	case v.host && v.level >= High:
		x.hit(s, x.weaker(High, a), "the task %s %s: %s", path, strings.Join(v.words, ", "), clip(commandLine(a), 300)).as(append([]string{"T1053.005"}, v.attack...)...)
	case x.t.hosts[stem] && v.level >= Medium && !microsoftTask(path):
		x.hit(s, x.weaker(Medium, a), "the task %s %s: %s", path, strings.Join(v.words, ", "), clip(commandLine(a), 300))
	}
}

var taskTampered = wholeRule(Rule{
	ID: "P-12b", Title: "Task file and task cache disagree", Level: High, Attack: []string{"T1053.005"},
	Why:    "The scheduler keeps the hash of the XML that it registered. Where the file has another, somebody wrote past the scheduler.",
	Benign: "Copies of different age; an upgrade of Windows under way.",
	Next:   "Compare the XML with the actions in the cache.",
	Needs:  []string{"tasks", "taskcache"},
}, func(x *look) {
	cached := map[string]*row{}
	for _, r := range x.kept["taskcache"] {
		t := r.rec.Data.(artifacts.TaskCache)
		if t.View == "task" && t.Hash != "" && r.rec.From.State == artifacts.Live {
			cached[strings.ToLower(t.TaskPath)] = r
		}
	}
	for _, r := range x.kept["tasks"] {
		t := r.rec.Data.(artifacts.Task)
		c := cached[strings.ToLower(t.TaskPath)]
		if c == nil || r.rec.From.State != artifacts.Live || t.Action > 1 {
			continue
		}
		d := c.rec.Data.(artifacts.TaskCache)
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
