package findings

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var serviceAnomaly = wholeRule(rule(Rule{
	ID: "P-11", Title: "Unusual service", Level: High, Attack: []string{"T1543.003"},
	Why:    "Services run with the highest rights and start with Windows. The location, name or command of this one is unusual.",
	Benign: "Antivirus software in ProgramData; printer software; incompletely removed software.",
	Next:   "Check the file and its publisher, and compare the time of the key with the timeline.",
	Needs:  []string{"services"},
}, func(x *look, s persistence.Service) { x.service(s, s.Autostart()) }), func(x *look) {
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
		look.hit(look.setting("service "+s.Name), look.weaker(level, a),
			"its name looks random (%s), and it was set up at %s, within an hour of starts that deserve a look", s.Name,
			a.Written.UTC().Format(secondsOnly)).as("T1569.002").atMost(High)
	}
}, "services")

// service judges one service or driver.
func (x *look) service(s persistence.Service, a persistence.Entry) {
	if a.Mechanism == "Service failure command" {
		x.failureCommand(s, a)
		return
	}
	dll := ""
	if p := s.Program(); s.ServiceDLL != "" && p != a.Image {
		dll = p
	}
	placed := x.servicePlace(s, a, dll)
	if s.ServiceType&0x0F != 0 {
		if !placed {
			x.driver(s, a)
		}
		return
	}
	x.serviceLoads(s, a, dll, placed)
	x.serviceStarts(s, a, placed)
}

// serviceSubject is the file of a service, or the service where it has none.
func (x *look) serviceSubject(s persistence.Service, path string) subject {
	if strings.Contains(path, `\`) {
		return subject{kind: kindProgram, key: x.normal(path, x.row.rec.User), show: path}
	}
	return x.setting("service " + s.Name)
}

// failureCommand judges what starts when a service fails: by its place and its
// words. Its extension does not matter: NVIDIA ships a batch file.
func (x *look) failureCommand(s persistence.Service, a persistence.Entry) {
	level, why := Low, ""
	v := x.t.judge(commandLine(a), command(a))
	pl, words := x.autoPlace(a)
	switch {
	case pl != nil && pl.level >= Medium && !pl.elsewhere():
		level, why = High, "; it "+words
	case v.host && v.level >= High:
		level, why = High, suffix(v.words)
	case v.host && !strings.Contains(a.Payload, `\`), !strings.Contains(a.Image, `\`):
		level = Medium
	}
	if a.Inactive != "" {
		level = Low
	}
	x.hit(x.autoSubject("service", s.Name, a), x.weaker(level, a), "when %s fails, %s is started%s", s.Name, clip(commandLine(a), 300),
		why).atMost(High)
}

// servicePlace judges (a) the places of a service's program and library, and
// reports whether it found fault with one.
func (x *look) servicePlace(s persistence.Service, a persistence.Entry, dll string) bool {
	placed := false
	for _, path := range []string{a.Image, dll} {
		if path == "" || !strings.Contains(path, `\`) || x.t.binaries[strings.ToLower(winpath.Base(path))] != nil && x.home(path) ||
			x.ownService(s.Name, path) {
			continue
		}
		p := x.probePath(path)
		pl := p.place
		driver := s.ServiceType&0x0F != 0
		if pl == nil || pl.elsewhere() || pl.id == "L4" && driver && strings.HasPrefix(p.key, `\windows\system32\drivers`) {
			continue
		}
		placed = true
		if tool := x.t.acquirer(s, path); tool != "" && driver {
			x.hit(x.serviceSubject(s, path), Low, "the driver %s has the name of an acquisition tool's (%s); it is %s", s.Name, tool,
				pl).atMost(Low)
			continue
		}
		h := x.hit(x.serviceSubject(s, path), x.weaker(x.servicePlaceLevel(s, path, pl), a), "the service %s starts %s, %s", s.Name,
			path, pl)
		if pl.level < High {
			h.atMost(High)
		}
	}
	return placed
}

// servicePlaceLevel is the level of a place for a service, which starts with the
// highest rights.
func (x *look) servicePlaceLevel(s persistence.Service, path string, pl *place) Level {
	base := winpath.Base(path)
	switch pl.id {
	case "L6":
		if !randomName(base) && !randomName(s.Name) && x.t.toolNamed(strings.TrimSuffix(strings.ToLower(base), ".exe")) == nil {
			return Low // some vendors do
		}
		return High
	case "L5", "L8", "L10":
		return High
	}
	return max(High, pl.level.step(1))
}

// serviceLoads judges (b) the library of a shared service, (c) a path without
// quotes and (e) the group of svchost.
func (x *look) serviceLoads(s persistence.Service, a persistence.Entry, dll string, placed bool) {
	if dll != "" && !placed && !x.ordinaryService(dll) && !x.ownService(s.Name, dll) {
		x.hit(x.serviceSubject(s, dll), x.weaker(High, a), "the library of the service %s is %s", s.Name, dll).as("T1574")
	}
	// Windows tries each blank of a path without quotes.
	if a.Guessed && strings.Contains(a.Image, " ") && !strings.HasPrefix(strings.TrimSpace(s.ImagePath), `"`) &&
		!strings.HasPrefix(x.normal(a.Image, x.row.rec.User), `\windows\`) {
		level := Low // only administrators may write where Windows looks
		if !x.ordinary(a.Image) {
			level = Medium
		}
		x.hit(x.setting("service "+s.Name), x.weaker(level, a), "its path has blanks and no quotes: %s",
			s.ImagePath).as("T1574.009").atMost(Medium)
	}
	if s.SvchostGroup != "" && s.GroupListed == "no" && !s.Disabled && s.ServiceType&0xC0 == 0 {
		x.hit(x.setting("service "+s.Name), x.weaker(Medium, a), "svchost has no service %s in the group %s", s.Name, s.SvchostGroup)
	}
}

// serviceStarts judges (d) a script host or a suspicious command, (g) a random
// name, (i) a file that is not a program and (j) a pending deletion.
func (x *look) serviceStarts(s persistence.Service, a persistence.Entry, placed bool) {
	stem := strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")
	if comspec := strings.Contains(strings.ToLower(s.ImagePath), "%comspec%"); comspec || x.t.runsOthers(a.Image) {
		x.serviceHost(s, a, stem, comspec)
	}
	// Tools that push services over the network leave a random name directly in the folder of Windows.
	if randomName(s.Name) && placed {
		x.hit(x.setting("service "+s.Name), x.weaker(High, a), "its name looks random: %s", s.Name).as("T1569.002")
	}
	if e := winpath.Ext(a.Image); e != "" && e != ".exe" && e != ".sys" && e != ".dll" && strings.Contains(a.Image, `\`) {
		x.hit(x.setting("service "+s.Name), x.weaker(Medium, a), "it starts a file that is not a program: %s", a.Image)
	}
	if s.DeleteFlag {
		x.hit(x.setting("service "+s.Name), Informational, "it is marked for deletion")
	}
}

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
	x.hit(x.autoSubject("service", s.Name, a), x.weaker(level, a), "the service %s runs %s%s", s.Name, clip(s.ImagePath, 300),
		suffix(v.words)).as(append([]string{"T1543.003"}, v.attack...)...)
}

// ordinaryService reports whether a library lies where those of services do.
func (x *look) ordinaryService(path string) bool {
	key := x.normal(path, x.row.rec.User)
	for _, dir := range []string{`\windows\system32\`, `\windows\syswow64\`, `\windows\microsoft.net\`, `\windows\winsxs\`,
		`\windows\servicing\`, `\program files`, `\programdata\microsoft\`, `\windows\uus\`, `\windows\immersivecontrolpanel\`, `\windows\pchealth\`, `\windows\bits\`, `\windows\systemapps\`, `\windows\ehome\`} {
		if strings.HasPrefix(key, dir) {
			return true
		}
	}
	return !strings.HasPrefix(key, `\`)
}

// driver judges where a driver lies.
func (x *look) driver(s persistence.Service, a persistence.Entry) {
	key := x.normal(a.Image, x.row.rec.User)
	if !strings.HasPrefix(key, `\`) || a.Image == "" {
		return
	}
	for _, dir := range []string{`\windows\system32\drivers\`, `\windows\system32\driverstore\`, `\windows\system32\`,
		`\windows\syswow64\drivers\`, `\windows\winsxs\`, `\programdata\microsoft\windows defender\`} {
		if strings.HasPrefix(key, dir) {
			return
		}
	}
	level := High
	if x.ordinary(a.Image) {
		level = Low
	}
	if x.ownService(s.Name, a.Image) || x.probePath(a.Image).place != nil {
		return // Windows' own, or on another volume
	}
	if tool := x.t.acquirer(s, a.Image); tool != "" {
		x.hit(x.serviceSubject(s, a.Image), Low, "the driver %s has the name of an acquisition tool's (%s)", s.Name, tool).atMost(Low)
		return
	}
	x.hit(x.serviceSubject(s, a.Image), x.weaker(level, a), "the driver %s is in %s", s.Name, shown(winpath.Dir(key))).atMost(High)
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
