package findings

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A taskState is what the rules about services and tasks keep.
type taskState struct {
	made     map[string]*madeTask
	services []serviceHit // E-51
	odd      []oddService // E-50
}

type serviceHit struct {
	hit  *hit
	name string
}

// An oddService is a service with a command or an odd path, and who made it.
type oddService struct {
	sid string
	at  time.Time
}

type madeTask struct {
	at  time.Time
	row *row
}

// service reads a record of a new service.
func (x *eventLook) service() (name, image, kind string) {
	return x.get("ServiceName"), cmp.Or(x.get("ImagePath"), x.get("ServiceFileName")), cmp.Or(x.get("ServiceType"), "")
}

// serviceSubject is the program that a service starts, or the service itself
// where that is a command.
func (x *eventLook) serviceSubject(name, image string) subject {
	c := winpath.ParseCommand(image, nil)
	if c.Program != "" && strings.Contains(c.Program, `\`) && !x.t.runsOthers(c.Program) {
		return x.image(c.Program)
	}
	return x.setting("service " + name)
}

var serviceCommand = eventRule(Rule{
	ID: "E-50", Title: "New service with a command or an odd path", Level: High, Attack: []string{"T1543.003", "T1569.002"},
	Why:    "Services start with the rights of the system; tools use them to run one command.",
	Benign: "Some management tools run commands this way.",
	Next:   "Find the session of the record and the Prefetch file of the program.",
}, func(x *eventLook) {
	name, image, kind := x.service()
	x.change("service " + name + " installed")
	if strings.Contains(strings.ToLower(kind), "driver") || kind == "0x1" || kind == "0x2" {
		return // E-54
	}
	low := strings.ToLower(image)
	level, why := Level(0), ""
	switch {
	case strings.Contains(low, `\\.\pipe\`):
		level, why = Critical, "writes to a pipe, as tools do that take over the rights of the system"
	case strings.Contains(low, `\\127.0.0.1\`) || strings.Contains(low, `\\localhost\`):
		level, why = Critical, "writes to a share of the machine itself"
	case strings.Contains(low, "%comspec%"):
		level, why = Critical, "starts the command prompt by its variable"
	case encodedCommand(squeeze(low)) || strings.Contains(low, "frombase64"):
		level, why = Critical, "runs an encoded command"
	}
	if level == 0 {
		c := winpath.ParseCommand(image, nil)
		base := strings.TrimSuffix(strings.ToLower(baseOf(c.Program)), ".exe")
		switch {
		case x.t.hosts[base]:
			level, why = High, "runs a command"
		default:
			p := x.place(c.Program)
			if p == nil || p.level < Medium && p.id != "L8" || base == "sysmon" || base == "sysmon64" {
				return // Sysmon puts its program into the folder of Windows
			}
			level, why = min(High, max(p.level, Medium)), "lies "+p.String()
		}
	}
	if strings.EqualFold(baseOf(winpath.ParseCommand(image, nil).Program), "PSEXESVC.exe") {
		return // E-51
	}
	x.hit(x.serviceSubject(name, image), level, "the new service %s %s: %s", name, why, image)
	a := x.actor()
	if in := x.ev.logons.remote[a.logon]; in != nil {
		x.actedFrom(in.source)
	}
	if s := &x.ev.tasks; len(s.odd) < 1024 {
		s.odd = append(s.odd, oddService{cmp.Or(a.sid, x.r.UserSID), x.now()})
	}
}, in(chSystem, 7045), in(chSecurity, 4697))

// remoteServices are the names of the services of tools for remote execution.
var remoteServices = set2("psexesvc paexec remcomsvc remcom csexecsvc csexec winexesvc winexe btobto xcmdsvc psexec")

var eightLetters = regexp.MustCompile(`(?i)^("?(%systemroot%|[a-z]:\\windows)\\[a-z]{8}\.exe"?)$`)

var remoteToolService = eventRule(Rule{
	ID: "E-51", Title: "Service of a remote-execution tool", Level: High, Attack: []string{"T1569.002"}, Leads: true,
	Why:    "Tools that run programs on other machines leave a service on the target.",
	Benign: "Administration with PsExec.",
	Next:   "Find the source: network log-ons and administrative shares of the same minute.",
}, func(x *eventLook) {
	name, image, _ := x.service()
	if x.r.ID == 7000 || x.r.ID == 7009 {
		name = x.get("param1")
		if x.r.ID == 7009 {
			name = x.get("param2") // after the time that it was waited for
		}
		for _, s := range x.ev.tasks.services {
			h := s.hit
			if len(h.rows) > 0 && strings.EqualFold(s.name, name) && eventTime(h.rows[0]).Sub(x.now()).Abs() <= time.Minute &&
				h.level < Critical {
				h.level = Critical
				h.says += "; it did not answer, as programs do that are no services"
			}
		}
		return
	}
	stem := strings.TrimSuffix(strings.ToLower(baseOf(winpath.ParseCommand(image, nil).Program)), ".exe")
	tool := remoteServices[strings.ToLower(name)] || remoteServices[stem] || strings.HasPrefix(strings.ToLower(name), "paexec-")
	random := (len(name) == 4 || len(name) == 8 || len(name) == 16) && lettersOnly(name) &&
		(eightLetters.MatchString(image) || mixedCase(name) && strings.Contains(strings.ToLower(image), "cmd"))
	if !tool && !random {
		return
	}
	says := "the new service %s starts %s"
	if random && !tool {
		says = "the new service %s has a random name and starts %s"
	}
	h := x.hit(x.serviceSubject(name, image), 0, says, name, image)
	if len(x.ev.tasks.services) < 1024 {
		x.ev.tasks.services = append(x.ev.tasks.services, serviceHit{h, name})
	}
}, in(chSystem, 7045, 7000, 7009), in(chSecurity, 4697))

func lettersOnly(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

// mixedCase reports whether capitals stand where words have none.
func mixedCase(s string) bool {
	return s != strings.ToLower(s) && s != strings.ToUpper(s) && s[1:] != strings.ToLower(s[1:])
}

// taskActions returns the commands of a task's XML: programs and their arguments.
func taskActions(xml string) (out [][2]string) {
	for len(out) < 32 {
		_, rest, ok := strings.Cut(xml, "<Command>")
		if !ok {
			break
		}
		program, rest, _ := strings.Cut(rest, "</Command>")
		action, _, _ := strings.Cut(rest, "<Command>")
		action, _, _ = strings.Cut(action, "</Exec>")
		out = append(out, [2]string{unescape(program), unescape(between(action, "<Arguments>", "</Arguments>"))})
		xml = rest
	}
	return out
}

var xmlText = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&amp;", "&")

func unescape(s string) string { return strings.TrimSpace(xmlText.Replace(s)) }

var taskCommand = eventRule(Rule{
	ID: "E-52", Title: "New or changed task with a command or an odd path", Level: High, Attack: []string{"T1053.005"},
	Why:    "Tasks run programs at a time or with rights that the user does not have.",
	Benign: "Updaters.",
	Next:   "Compare with rule P-12; find the log-on of the same log-on id.",
}, func(x *eventLook) {
	name := x.get("TaskName")
	switch x.r.ID {
	case 4698, 4702:
		if x.r.ID == 4698 {
			x.change("task " + name + " created")
		}
		for _, a := range taskActions(cmp.Or(x.get("TaskContent"), x.get("TaskContentNew"))) {
			x.taskAction(name, a[0], a[1])
		}
	default:
		x.taskAction(name, cmp.Or(x.get("ActionName"), x.get("Path")), "")
	}
}, in(chSecurity, 4698, 4702), in(chTasks, 200, 129))

// taskAction judges one action of a task.
func (x *eventLook) taskAction(name, program, args string) {
	if program == "" {
		return
	}
	line := strings.TrimSpace(program + " " + args)
	v := x.t.judge(line, winpath.ParseCommand(line, nil))
	p := x.place(strings.Trim(program, `"`))
	level, why := Level(0), ""
	own := strings.HasPrefix(strings.ToLower(name), `\microsoft\`)
	switch {
	case p != nil && (p.level >= High || own && p.level >= Medium):
		level, why = min(p.level, High), "lies "+p.String()
	case own:
		return
	case v.level >= Critical || encodedCommand(squeeze(line)):
		level, why = Critical, listOf(v.words, 3)
	case v.host && (args != "" || x.r.ID != 4698 && x.r.ID != 4702):
		level, why = High, cmp.Or(listOf(v.words, 3), "runs a script or command")
		if x.r.ID == 200 || x.r.ID == 129 {
			level = Medium
			if v.level == 0 {
				return // the line is not recorded
			}
		}
	case p != nil && p.level >= Medium:
		level, why = Medium, "lies "+p.String()
	case v.level >= High:
		level, why = High, listOf(v.words, 3)
	default:
		return
	}
	a := x.actor()
	from := ""
	if in := x.ev.logons.remote[a.logon]; in != nil && a.logon != 0 {
		level, from = Critical, " from "+in.source
	}
	if a.system() || a.machine() {
		level = min(level, Medium)
		if a.sid == "S-1-5-19" || a.sid == "S-1-5-20" {
			level = High // accounts of services make no tasks
		}
	}
	if x.r.ID == 4698 || x.r.ID == 4702 {
		x.hit(x.setting("task "+name), level, "%s%s set the task %s, which %s: %s", cmp.Or(a.String(), "somebody"), from, name, why, line)
		return
	}
	x.hit(x.setting("task "+name), level, "the task %s ran what %s: %s", name, why, line)
}

var shortTask = eventRule(Rule{
	ID: "E-53", Title: "Task created and deleted within minutes", Level: High, Attack: []string{"T1053.005", "T1070"},
	Why:    "Tools that run one command on another machine make a task, run it and delete it.",
	Benign: "Installers.",
	Next:   "Read the command in the record of the creation.",
}, func(x *eventLook) {
	name := strings.ToLower(x.get("TaskName"))
	s := &x.ev.tasks
	if s.made == nil {
		s.made = map[string]*madeTask{}
	}
	switch x.r.ID {
	case 4698, 106:
		if x.r.ID == 106 && !strings.HasPrefix(name, `\microsoft\`) {
			x.changeBy("task "+x.get("TaskName")+" registered", splitUser(x.get("UserContext")))
		}
		if len(s.made) < maxNoted {
			s.made[name] = &madeTask{x.now(), x.keep()}
		}
	default:
		m := s.made[name]
		if m == nil || x.now().Sub(m.at).Abs() > 10*time.Minute || x.now().Before(m.at) {
			return
		}
		level := High
		a := x.actor()
		switch {
		case strings.HasPrefix(name, `\microsoft\`):
			level = Informational
		case x.ch == chTasks && x.now().Sub(m.at) > 10*time.Second, a.machine(), a.sid == "S-1-5-18":
			level = Low
		}
		d := x.now().Sub(m.at)
		x.early = Informational
		x.hit(x.setting("task "+x.get("TaskName")), level, "it was deleted %s after it was created", d.Round(time.Second)).from(m.row)
		delete(s.made, name)
	}
}, in(chSecurity, 4698, 4699), in(chTasks, 106, 141))

var driverInstalled = eventRule(Rule{
	ID: "E-54", Title: "Driver from an odd place, or of a known tool", Level: High, Attack: []string{"T1068", "T1543.003"},
	Why:    "Drivers run with all rights; attackers bring signed ones with faults.",
	Benign: "Disk and memory tools, of examiners as well.",
	Next:   "Take the hash of the file; compare it with lists of vulnerable drivers.",
}, func(x *eventLook) {
	var name, image string
	switch x.ch {
	case chSysmon:
		image = x.get("ImageLoaded")
		status := strings.ToLower(x.get("SignatureStatus"))
		if strings.EqualFold(x.get("Signed"), "false") || status == "revoked" {
			x.hit(x.image(image), 0, "a driver without a valid signature was loaded: %s %s", x.get("Signature"), status)
			return
		}
	default:
		var kind string
		name, image, kind = x.service()
		if !strings.Contains(strings.ToLower(kind), "driver") && kind != "0x1" && kind != "0x2" {
			return
		}
	}
	stem := strings.TrimSuffix(strings.ToLower(baseOf(image)), ".sys")
	switch {
	case stem == "mimidrv":
		x.hit(x.image(image), Critical, "the driver of a tool for credentials was installed: %s", name)
	case stem == "sysmondrv": // Sysmon puts its driver into the folder of Windows
	case x.odd(image), x.place(image) != nil && x.place(image).id == "L8": // folders for temporary files
		x.hit(x.image(image), High, "the driver %s lies %s", cmp.Or(name, image), x.place(image))
	}
}, in(chSystem, 7045), in(chSecurity, 4697), in(chSysmon, 6))
