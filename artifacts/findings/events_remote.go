package findings

import (
	"cmp"
	"strings"
	"time"
)

// A remoteState is what the rules about remote access keep.
type remoteState struct {
	pairs    map[string]time.Time  // account, source and kind → first seen
	admin    map[string]time.Time  // source → last use of an administrative share
	control  map[string][]*pipeHit // source → use of pipes that control the machine, the last ones
	forced   []*hit                // pipes that make a machine log on elsewhere
	shells   []shellHit            // E-34
	pipes    map[string]*piped
	sessions map[string]string // session id → account
	groups   map[string]*piped // E-39 by actor
}

type pipeHit struct {
	hit *hit
	at  time.Time
}

type shellHit struct {
	hit   *hit
	logon uint64
}

type piped struct {
	names map[string]time.Time
	hit   bool
}

// fresh reports whether a pair is new in a log that knows the machine for a
// week.
func (x *eventLook) fresh(kind, account, source string) bool {
	s := &x.ev.remote
	if s.pairs == nil {
		s.pairs = map[string]time.Time{}
	}
	k := kind + "\x00" + strings.ToLower(account) + "\x00" + source
	if _, ok := s.pairs[k]; ok || len(s.pairs) >= maxNoted {
		return false
	}
	s.pairs[k] = x.now()
	return x.now().Sub(x.ev.first) >= 7*24*time.Hour
}

var remoteSession = eventRule(Rule{
	ID: "E-30", Title: "Remote Desktop session", Level: Informational, Attack: []string{"T1021.001"},
	Why:    "Somebody worked on the machine from another one.",
	Benign: "Administration.",
	Next:   "Follow the chain of events 131, 1149, 4624 and 21 to the source.",
}, func(x *eventLook) {
	var w who
	var address string
	switch x.ch {
	case chSecurity:
		if x.r.ID == 4624 {
			if x.num("LogonType") != 10 {
				return
			}
			w, address = x.target(), x.get("IpAddress")
		} else {
			w, address = who{name: x.get("AccountName"), domain: x.get("AccountDomain")}, x.get("ClientAddress")
		}
	case chSessions:
		w, address = splitUser(x.below("User")), x.below("Address")
	default:
		w, address = who{name: x.below("Param1"), domain: x.below("Param2")}, x.below("Param3")
	}
	a := addressOf(address)
	if a == "" || w.name == "" {
		return
	}
	level := Informational
	fresh := x.fresh("rdp", w.name, a)
	switch {
	case external(a):
		level = High
	case fresh:
		level = Medium
	}
	x.hit(x.who(w), level, "%s used Remote Desktop from %s %s", w, a, x.get("ClientName"))
	if level == High {
		x.suspect(w, a)
	}
}, in(chSecurity, 4624, 4778), in(chSessions, 21, 25), in(chConnections, 1149))

func splitUser(s string) who {
	if d, n, ok := strings.Cut(s, `\`); ok {
		return who{name: n, domain: d}
	}
	return who{name: s}
}

var tunnelledSession = eventRule(Rule{
	ID: "E-31", Title: "Remote Desktop through the machine itself, or refused", Level: High, Attack: []string{"T1572", "T1563.002"},
	Why:    "A session that comes from the machine itself runs through a tunnel; one that changes its user was taken over.",
	Benign: "Console tools of virtual machines.",
	Next:   "Find the program that keeps the tunnel open: connections to port 3389 of the machine itself.",
}, func(x *eventLook) {
	s := &x.ev.remote
	switch {
	case x.ch == chSecurity && x.r.ID == 4624:
		if x.num("LogonType") == 10 && loopback(x.get("IpAddress")) {
			x.hit(x.who(x.target()), 0, "%s used Remote Desktop from %s", x.target(), x.get("IpAddress"))
			x.suspect(x.target(), "")
		}
	case x.ch == chSecurity:
		w := who{name: x.get("AccountName"), domain: x.get("AccountDomain")}
		x.hit(x.who(w), 0, "Remote Desktop was refused to %s from %s: the password was right, the right was missing", w,
			x.get("ClientAddress"))
	case x.r.ID == 39:
		if t, by := x.below("TargetSession"), x.below("Source"); t != "" && by != "" && t != by {
			x.hit(x.setting("session "+t), 0, "session %s disconnected session %s", by, t)
		}
	default:
		w, id := splitUser(x.below("User")), x.below("SessionID")
		if loopback(x.below("Address")) {
			x.hit(x.who(w), 0, "%s used Remote Desktop from %s", w, x.below("Address"))
		}
		if s.sessions == nil {
			s.sessions = map[string]string{}
		}
		if old := s.sessions[id]; x.r.ID == 25 && old != "" && !strings.EqualFold(old, w.name) {
			x.hit(x.who(w), 0, "%s took over the session of %s", w, old)
		}
		if x.r.ID == 21 && len(s.sessions) < maxNoted {
			s.sessions[id] = w.name
		}
	}
}, in(chSecurity, 4624, 4825), in(chSessions, 21, 25, 39))

var adminShare = eventRule(Rule{
	ID: "E-32", Title: "Administrative share used", Level: Low, Attack: []string{"T1021.002"},
	Why:    "Somebody reached the disks of the machine over the network with administrator rights.",
	Benign: "Administration; backup.",
	Next:   "Look at the files by their names in the same records.",
}, func(x *eventLook) {
	share := strings.ToUpper(x.get("ShareName"))
	share = share[strings.LastIndexByte(share, '\\')+1:]
	a := x.actor()
	address := addressOf(x.get("IpAddress"))
	if !strings.HasSuffix(share, "$") || share == "IPC$" || share == "PRINT$" || a.machine() || a.system() || address == "" {
		return
	}
	level := Low
	if x.fresh("share", a.name, address) {
		level = Medium
	}
	file := x.get("RelativeTargetName")
	written := x.r.ID == 5145 && x.num("AccessMask")&0x6 != 0
	if written && (runnable[ext(strings.ToLower(file))] || scripts[ext(strings.ToLower(file))]) {
		level = High
	}
	says := "%s opened %s\\%s from %s"
	if written {
		says = "%s opened %s\\%s from %s to write"
	}
	x.hit(x.who(a), level, says, a, share, file, address)
	x.actedFrom(address)
	s := &x.ev.remote
	if s.admin == nil {
		s.admin = map[string]time.Time{}
	}
	if len(s.admin) < maxNoted {
		s.admin[address] = x.now()
	}
	for _, p := range s.control[address] {
		if x.now().Sub(p.at).Abs() <= 5*time.Minute {
			p.hit.level = max(p.hit.level, High)
		}
	}
}, in(chSecurity, 5140, 5145))

var scripts = set2(".ps1 .bat .cmd .vbs .js .hta .wsf .psm1 .vbe .jse")

// controlPipes are pipes that make services, tasks and values, or make a
// machine log on elsewhere.
var controlPipes = set2("svcctl atsvc winreg efsrpc spoolss eventlog lsass netdfs")

// countedPipes are those that enumeration uses.
var countedPipes = set2("samr lsarpc srvsvc wkssvc winreg netlogon svcctl")

var controlPipe = eventRule(Rule{
	ID: "E-33", Title: "Control pipe used from another machine", Level: Medium, Attack: []string{"T1569.002", "T1053.005", "T1187"},
	Why:    "The pipe controls services, tasks or the registry of the machine, or makes it log on elsewhere.",
	Benign: "Management tools; inventory reads the registry.",
	Next:   "Look for new services (7045) and tasks (4698) of the same minute.",
}, func(x *eventLook) {
	if !strings.HasSuffix(strings.ToUpper(x.get("ShareName")), "IPC$") {
		return
	}
	pipe := strings.ToLower(x.get("RelativeTargetName"))
	address := addressOf(x.get("IpAddress"))
	if address == "" {
		return
	}
	a := x.actor()
	if countedPipes[pipe] {
		x.pipe(a, address, pipe)
	}
	if !controlPipes[pipe] {
		return
	}
	level := Medium
	if at, ok := x.ev.remote.admin[address]; ok && x.now().Sub(at).Abs() <= 5*time.Minute &&
		(pipe == "svcctl" || pipe == "atsvc" || pipe == "winreg") {
		level = High
	}
	h := x.hit(x.who(a), level, "%s opened the pipe %s from %s", a, pipe, address)
	x.actedFrom(address)
	s := &x.ev.remote
	switch pipe {
	case "svcctl", "atsvc", "winreg":
		if s.control == nil {
			s.control = map[string][]*pipeHit{}
		}
		if p := s.control[address]; p != nil || len(s.control) < maxNoted {
			s.control[address] = append(p[max(0, len(p)-15):], &pipeHit{h, x.now()})
		}
	case "efsrpc", "spoolss", "lsass":
		if len(s.forced) < maxNoted {
			s.forced = append(s.forced, h)
		}
	}
}, in(chSecurity, 5145)).finishing(func(x *eventLook) {
	if x.ev.tickets.service == 0 {
		return
	}
	for _, h := range x.ev.remote.forced { // a controller
		h.level = max(h.level, High)
	}
})

// pipe counts the pipes that one account and source used.
func (x *eventLook) pipe(a who, address, pipe string) {
	s := &x.ev.remote
	if s.pipes == nil {
		s.pipes = map[string]*piped{}
	}
	k := a.folded() + "\x00" + address
	p := s.pipes[k]
	if p == nil {
		if len(s.pipes) >= maxNoted {
			return
		}
		p = &piped{names: map[string]time.Time{}}
		s.pipes[k] = p
	}
	for n, at := range p.names {
		if x.now().Sub(at) > 10*time.Minute {
			delete(p.names, n)
		}
	}
	p.names[pipe] = x.now()
	if len(p.names) >= 4 && !p.hit {
		p.hit = true
		y := *x
		if y.rule = x.ev.rule("E-38"); y.on(y.rule) {
			y.hit(y.who(a), 0, "%s used %s from %s within ten minutes", a, listOf(sortedKeys(p.names), 8), address)
		}
	}
}

var pipeEnumeration = eventRule(Rule{
	ID: "E-38", Title: "Enumeration over pipes", Level: Medium, Attack: []string{"T1087", "T1135"},
	Why:    "One source asked for accounts, shares, sessions and services within minutes.",
	Benign: "Log-on scripts; scanners.",
	Next:   "Compare with the other machines: such tools ask each of them.",
}, func(*eventLook) {}, in(chSecurity, 5145)) // counted with E-33

var remoteShell = eventRule(Rule{
	ID: "E-34", Title: "Remote PowerShell or WinRM shell", Level: Medium, Attack: []string{"T1021.006"},
	Why:    "A shell was opened over WinRM.",
	Benign: "Administration; Server Manager opens some during the installation.",
	Next:   "Read the script blocks (4104) of the same minutes.",
}, func(x *eventLook) {
	switch x.ch {
	case chWinRM:
		level := Medium
		x.early = Informational
		if user := x.get("username"); user != "" && x.fresh("winrm", user, "") {
			level = High
		}
		x.hit(x.host(), level, "a WinRM shell was opened %s", cmp.Or(x.get("resourceUri"), x.get("username")))
	case chWindowsPowerShell:
		if strings.EqualFold(field(x.unnamed(2), "HostName="), "ServerRemoteHost") {
			x.hit(x.host(), 0, "PowerShell ran as the host of a remote session")
		}
	default:
		if p := x.process(); p.parents == "wsmprovhost.exe" || p.parents == "winrshost.exe" {
			level := Medium
			if x.fresh("winrm", p.user, "") {
				level = High
			}
			h := x.hit(x.image(p.image), level, "%s started %s as %s", p.parents, p.command, p.user)
			if s := &x.ev.remote; len(s.shells) < maxNoted {
				s.shells = append(s.shells, shellHit{h, p.logon})
			}
		}
	}
}, in(chWinRM, 91, 169), in(chWindowsPowerShell, 400), in(chSysmon, 1), in(chSecurity, 4688)).finishing(func(x *eventLook) {
	for _, s := range x.ev.remote.shells {
		if in := x.ev.logons.remote[s.logon]; in != nil && external(in.source) {
			s.hit.level = High
			s.hit.says = clip(s.hit.says+", from "+in.source, 600)
		}
	}
})

var outgoingSession = eventRule(Rule{
	ID: "E-36", Title: "Outgoing Remote Desktop", Level: Low, Attack: []string{"T1021.001"},
	Why:    "A session continued from this machine to another.",
	Benign: "Administration.",
	Next:   "Read the log of the destination.",
}, func(x *eventLook) {
	dest := cmp.Or(x.get("Value"), x.get("DomainName"), x.below("Value"))
	if dest == "" {
		return
	}
	level := Low
	if x.fresh("out", x.r.UserSID, dest) || x.facts.Machine != nil && strings.Contains(x.facts.Machine.Product, "Server") {
		level = Medium
	}
	x.hit(x.setting("Remote Desktop to "+dest), level, "%s connected to %s", cmp.Or(x.r.UserSID, "a user"), dest)
}, in(chRDPClient, 1024, 1102, 1027))

// enumerators are Windows' own programs that look up groups and accounts.
var enumerators = set2("svchost.exe logonui.exe mmc.exe vssvc.exe lsass.exe explorer.exe services.exe taskhostw.exe wmiprvse.exe msmpeng.exe systemsettings.exe searchindexer.exe dllhost.exe consent.exe winlogon.exe oobe.exe compattelrunner.exe tiworker.exe vmtoolsd.exe wermgr.exe runtimebroker.exe useroobebroker.exe cloudexperiencehostbroker.exe systemsettingsadminflows.exe shellexperiencehost.exe startmenuexperiencehost.exe sihost.exe backgroundtaskhost.exe officeclicktorun.exe deviceenroller.exe")

var groupEnumeration = eventRule(Rule{
	ID: "E-39", Title: "Groups and accounts enumerated", Level: Low, Attack: []string{"T1069", "T1087"},
	Why:    "A program asked for the members of several groups or for several accounts.",
	Benign: "Inventory and management software; Windows' own programs are excluded.",
	Next:   "Weigh it beside other findings about the program or the account.",
}, func(x *eventLook) {
	image := x.get("CallerProcessName")
	base := strings.ToLower(baseOf(image))
	a := x.actor()
	if enumerators[base] && inWindows(image) || base == "explorer.exe" || a.system() || a.machine() {
		return
	}
	s := &x.ev.remote
	if s.groups == nil {
		s.groups = map[string]*piped{}
	}
	k := a.folded() + "\x00" + base
	p := s.groups[k]
	if p == nil {
		if len(s.groups) >= maxNoted {
			return
		}
		p = &piped{names: map[string]time.Time{}}
		s.groups[k] = p
	}
	if len(p.names) < 64 {
		p.names[strings.ToLower(cmp.Or(x.get("TargetUserName"), x.get("ObjectName")))] = x.now()
	}
	level := Informational
	if len(p.names) >= 3 {
		level = Low
	}
	if len(p.names) >= 5 && (image == "" || shells[base] || x.odd(image)) {
		level = Medium
	}
	if level == Informational {
		return
	}
	if !p.hit || level == Medium {
		p.hit = true
		x.hit(x.who(a), level, "%s asked for %s by %s", a, listOf(sortedKeys(p.names), 6), cmp.Or(image, "the network"))
	}
}, in(chSecurity, 4798, 4799, 4661))
