package findings

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var serviceAnomaly = wholeRule(rule(Rule{
	ID: "P-11", Title: "Service out of the ordinary", Level: High, Attack: []string{"T1543.003"},
	Why:    "Services run with the highest rights and start with Windows; this one lies, or starts, as services do not.",
	Benign: "Virus scanners in ProgramData, printers, software that was removed badly.",
	Next:   "Check file and publisher; compare the key's time with the timeline.",
	Needs:  []string{"services"},
}, func(x *look, s persistence.Service) {
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
	if comspec := strings.Contains(strings.ToLower(s.ImagePath), "%comspec%"); comspec || x.t.runsOthers(a.Image) {
		x.serviceHost(s, a, stem, comspec)
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
}), func(x *look) {
	// (g) or that was set up while something happened that deserves a look.
	near := x.dubiousStarts()
	for _, r := range x.kept["services"] {
		s := r.rec.Data.(persistence.Service)
		a := s.Autostart()
		if r.rec.From.State == artifacts.Backup || a.Mechanism == "Service failure command" || a.Written.IsZero() || a.Image == "" ||
			!randomName(s.Name) && !unspeakable(s.Name) || !within(near, a.Written.Add(-time.Hour), a.Written.Add(time.Hour)) {
			continue
		}
		look := *x
		look.row = r
		level := High
		if look.ordinary(a.Image) && !look.t.hosts[strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")] {
			level = Medium
		}
		look.hit(look.setting("service "+s.Name), look.weaker(level, a), "its name looks random (%s), and it was set up at %s, within an hour of starts that deserve a look", s.Name, a.Written.UTC().Format(secondsOnly)).as("T1569.002").atMost(High)
	}
}, "services")

// unspeakable reports whether a name is eight or more letters without a
// vowel.
func unspeakable(name string) bool {
	s := strings.ToLower(strings.TrimSuffix(strings.ToLower(name), ".exe"))
	return len(s) >= 8 && len(s) <= 16 && strings.Trim(s, "bcdfghjklmnpqrstvwxz") == ""
}

// serviceHost judges a service that is a script host or a loader.
func (x *look) serviceHost(s persistence.Service, a persistence.Entry, stem string, comspec bool) {
	v := x.t.judge(commandLine(a), command(a))
	if !comspec && !x.t.hosts[stem] && v.level < High {
		return
	}
	level := Critical
	if !comspec && v.level < High && stem != "cmd" && stem != "powershell" {
		level = Medium // an interpreter of a server program
	}
	x.hit(x.autoSubject("service", s.Name, a), x.weaker(level, a), "the service %s runs %s%s", s.Name, clip(s.ImagePath, 300), suffix(v.words)).as(append([]string{"T1543.003"}, v.attack...)...)
}

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
func (x *look) driver(s persistence.Service, a persistence.Entry, subj func(string) subject) {
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
