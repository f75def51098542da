package observations

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/activity"
	"github.com/artifactdump/artifactdump/artifacts/browser"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/fleet/normal"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// record takes in one record under all of its keys.
func (b *Builder) record(s *sighting) {
	b.program(s)
	switch r := s.rec.Data.(type) {
	case execution.AmcacheFile:
		if !r.SHA1Partial {
			b.hash(s, "sha1", r.SHA1, r.Path)
		}
		b.publisher(s, r.Company, r.Product)
	case execution.AmcacheDriver:
		b.hash(s, "sha1", r.SHA1, r.Path)
		b.publisher(s, r.Company, r.Product)
	case system.DefenderDetection:
		b.hash(s, "sha256", r.SHA256, r.Path)
	case system.DefenderLogEntry:
		b.hash(s, "sha256", r.SHA256, r.Path)
	case system.Quarantined:
		b.hash(s, "sha256", r.SHA256, r.Path)
	case events.Event:
		b.event(s, &r)
	case persistence.Service:
		b.service(s, &r)
	case persistence.Task:
		b.task(s, r.TaskPath, r.Kind, r.Entry, len(r.Actions))
	case persistence.TaskCache:
		if r.View == "task" {
			b.task(s, r.TaskPath, r.Kind, r.Entry, len(r.Actions))
		}
	case persistence.Job:
		b.task(s, `\`+winpath.Base(s.rec.From.Path), "exec", r.Entry, 1)
	case persistence.Autostarter:
		b.autostart(s, r.Autostart())
	case system.USBDevice:
		if r.Bus == "USBSTOR" && !r.MadeUp {
			b.add(s, Device, normal.Device(r.Serial), r.Serial)
		}
	case system.Account:
		b.localAccount(s, &r)
	case system.Profile:
		b.profile(s, &r)
	default:
		b.origins(s)
	}
}

// program notes the program of a record that proves that it ran or was there.
func (b *Builder) program(s *sighting) {
	if p := s.rec.Proof(); p != artifacts.Executed && p != artifacts.Present {
		return
	}
	raw := s.rec.Program()
	if raw == "" {
		return
	}
	key := normal.Path(raw)
	if strings.Contains(key, `\`) {
		b.add(s, Program, key, raw)
	}
	b.add(s, Name, winpath.Base(key), winpath.Base(raw))
}

func (b *Builder) hash(s *sighting, algorithm, sum, where string) {
	if sum = strings.ToLower(sum); sum != "" {
		b.add(s, Hash, algorithm+":"+sum, where)
	}
}

func (b *Builder) publisher(s *sighting, company, product string) {
	if company != "" || product != "" {
		b.add(s, Publisher, normal.Text(company)+" / "+normal.Text(product), company+" / "+product)
	}
}

// event reads the hashes that Sysmon takes.
func (b *Builder) event(s *sighting, e *events.Event) {
	if !strings.HasPrefix(e.Channel, "Microsoft-Windows-Sysmon/") {
		return
	}
	for _, f := range e.Data {
		if f.Name != "Hashes" && f.Name != "Hash" && !strings.HasSuffix(f.Name, "/Hashes") {
			continue
		}
		for part := range strings.SplitSeq(f.Value, ",") {
			algorithm, sum, _ := strings.Cut(part, "=")
			switch algorithm = strings.ToLower(strings.TrimSpace(algorithm)); {
			case algorithm == "sha1" && len(sum) == 40, algorithm == "sha256" && len(sum) == 64:
				b.hash(s, algorithm, sum, f.Value)
			}
		}
	}
}

// command is the key of what a record starts. The record resolved its text
// against the evidence, which is read again only where that gave no program.
func command(e persistence.Entry) string {
	if e.Image != "" {
		return normal.Command(e.Image, e.Arguments)
	}
	c := winpath.ParseCommand(e.Command, nil)
	return normal.Command(c.Program, c.Arguments)
}

func (b *Builder) autostart(s *sighting, e persistence.Entry) {
	if cmd := command(e); cmd != "" {
		b.add(s, Autostart, e.Mechanism+" = "+cmd, cmp.Or(e.Command, e.Image))
	}
}

// driverTypes are the types of kernel and file system drivers.
const driverTypes = 0x1 | 0x2

func (b *Builder) service(s *sighting, r *persistence.Service) {
	if r.ServiceType == 0 && r.ImagePath == "" && r.ServiceDLL == "" {
		return // a program keeps settings there
	}
	kind := Service
	if r.ServiceType&driverTypes != 0 {
		kind = Driver
	}
	cmd, where := command(r.Entry), r.ImagePath
	if r.ServiceDLL != "" {
		cmd, where = normal.Path(r.ServiceDLL), r.ServiceDLL
	}
	b.add(s, kind, normal.Service(r.Name, r.ServiceType)+" = "+cmd, r.Name+" = "+where)
}

// taskParts are the actions of a task until all of them were seen.
type taskParts struct {
	sighting sighting
	name     string
	parts    []string
	missing  int
}

// task notes a task. Its actions are records of their own, one after the other.
func (b *Builder) task(s *sighting, path, kind string, e persistence.Entry, actions int) {
	cmd := command(e)
	switch kind {
	case "com": // the class is the same on every machine, its server need not be
		cmd = normal.Command(e.Image, e.Command)
	case "mail", "message":
		cmd = normal.Text(e.Command)
	}
	if actions <= 1 {
		b.addTask(s, path, []string{cmd})
		return
	}
	id := s.rec.From.Path + "|" + s.rec.From.Key + "|" + path
	t := b.tasks[id]
	if t == nil {
		t = &taskParts{sighting: *s, name: path, missing: actions}
		b.tasks[id] = t
	}
	t.parts = append(t.parts, cmd)
	if t.missing--; t.missing <= 0 {
		delete(b.tasks, id)
		b.addTask(&t.sighting, path, t.parts)
	}
}

func (b *Builder) addTask(s *sighting, path string, parts []string) {
	b.add(s, Task, normal.Task(path)+" = "+normal.Text(strings.Join(parts, " ; ")), path)
}

// origins notes where files and pages came from.
func (b *Builder) origins(s *sighting) {
	add := func(urls ...string) {
		for _, u := range urls {
			b.add(s, Origin, normal.Origin(u), u)
		}
	}
	switch r := s.rec.Data.(type) {
	case filesystem.Mark:
		add(r.HostURL, r.Referrer, r.HostIP)
	case communication.BITSJob:
		for i := range r.Files {
			add(r.Files[i].URL)
		}
	case communication.Proxy:
		for server := range strings.FieldsFuncSeq(r.Server, func(c rune) bool { return c == ';' || c == ' ' }) {
			if i := strings.IndexByte(server, '='); i >= 0 {
				server = server[i+1:]
			}
			add(server)
		}
		add(r.AutoConfig)
	case communication.Host:
		if !r.Default {
			add(r.Names...)
		}
	case activity.TypedURL:
		add(r.URL)
	case browser.Visit:
		add(r.URL)
	case browser.Download:
		add(r.URL)
		add(r.URLs...)
	case browser.CacheEntry:
		add(r.URL)
	}
}

// A profile waits until the machine's own SID is known.
type profile struct {
	sighting  sighting
	sid, name string
}

// localAccount notes an account of the machine itself.
func (b *Builder) localAccount(s *sighting, a *system.Account) {
	if i := strings.LastIndexByte(a.SID, '-'); i > 0 && b.sid == "" {
		b.sid = a.SID[:i]
	}
	b.add(s, Account, normal.Account(".", a.Name, b.machine), a.Name)
}

// profile notes the owner of a profile. Accounts of the system are the same
// everywhere.
func (b *Builder) profile(s *sighting, p *system.Profile) {
	if !strings.HasPrefix(p.SID, "S-1-5-21-") && !strings.HasPrefix(p.SID, "S-1-12-1-") {
		return
	}
	b.profiles = append(b.profiles, profile{*s, p.SID, winpath.Base(p.Path)})
}

// finish adds what waited for other records.
func (b *Builder) finish() {
	for _, p := range b.profiles {
		domain := ""
		if b.sid != "" && strings.HasPrefix(p.sid, b.sid+"-") {
			domain = "."
		}
		b.add(&p.sighting, Account, normal.Account(domain, p.name, b.machine), p.name)
	}
	b.profiles = nil
	for _, id := range sortedKeys(b.tasks) {
		t := b.tasks[id]
		b.addTask(&t.sighting, t.name, append(t.parts, fmt.Sprintf("(%d more)", t.missing)))
	}
	clear(b.tasks)
}
