package findings

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

var newDevice = eventRule(Rule{
	ID: "E-80", Title: "New device", Level: Informational, Attack: []string{"T1200"},
	Why:    "A device was connected for the first time.",
	Benign: "Daily work.",
	Next:   "No action on its own.",
}, func(x *eventLook) {
	id := cmp.Or(x.get("DeviceId"), x.get("DeviceInstanceId"), x.below("DeviceInstanceID"), x.get("ParentId"))
	if id == "" || (x.ch == chSystem || x.ch == chPnP) && !strings.HasPrefix(strings.ToUpper(id), "USBSTOR") &&
		!strings.HasPrefix(strings.ToUpper(id), "SCSI") {
		return
	}
	h := x.hit(x.setting("device "+id), 0, "%s %s", x.get("DeviceDescription"), x.get("ClassName"))
	if s := &x.ev.story; len(s.devices) < maxNoted {
		s.devices = append(s.devices, h)
	}
}, in(chSecurity, 6416), in(chSystem, 20001), in(chPnP, 400), in(chDevices, 1006)).settling(func(x *eventLook) {
	// In a suspicious session it is more than daily work.
	for _, d := range x.ev.story.devices {
		for _, u := range x.ev.story.suspects {
			if len(d.rows) == 0 {
				continue
			}
			if after := eventTime(d.rows[0]).Sub(u.at); after >= 0 && after <= 30*time.Minute {
				d.level = Medium
				d.says = clip(d.says+", in the session that "+u.rule+" names", 600)
				break
			}
		}
	}
})

// exposed are programs that take requests from the network.
var exposed = set2("spoolsv.exe lsass.exe srv.sys svchost.exe dns.exe w3wp.exe winlogon.exe services.exe iexplore.exe winword.exe")

var exposedCrash = eventRule(Rule{
	ID: "E-81", Title: "Crash of an exposed program", Level: Low, Attack: []string{"T1203", "T1210"},
	Why:    "Failed exploits crash the program that they attack.",
	Benign: "Faults.",
	Next:   "Look what the network and the user did in the same minute.",
}, func(x *eventLook) {
	name := strings.ToLower(cmp.Or(x.get("AppName"), x.unnamed(0), x.get("param1")))
	if x.ch == chSystem {
		names := map[string]string{"print spooler": "spoolsv.exe", "server": "srv.sys", "dns server": "dns.exe"}
		name = cmp.Or(names[strings.ToLower(x.get("param1"))], name)
	} else if !strings.EqualFold(x.r.Provider, "Application Error") {
		return
	}
	if !exposed[name] || name == "svchost.exe" && x.ch == chSystem {
		return
	}
	level := Low
	s := &x.ev.scripts
	if s.crashes == nil {
		s.crashes = map[string]time.Time{}
	}
	at, again := s.crashes[name]
	if name == "spoolsv.exe" || name == "lsass.exe" || name == "srv.sys" || name == "dns.exe" ||
		again && x.now().Sub(at).Abs() <= time.Hour && x.now().Sub(at).Abs() > time.Minute {
		level = Medium // a fault is recorded in two logs within the minute
	}
	s.crashes[name] = x.now()
	x.hit(x.setting("crash of "+name), level, "%s failed at %s in %s", name, stampWords(x.now()), cmp.Or(x.get("ModuleName"), x.unnamed(3)))
}, in(chApplication, 1000), in(chSystem, 7031, 7034))

var exploitSeen = eventRule(Rule{
	ID: "E-82", Title: "Exploit seen by Windows", Level: High, Attack: []string{"T1068", "T1649"},
	Why:    "Windows itself reports an attempt to use a known fault, or a certificate for another than who asked.",
	Benign: "Tests of vulnerability scanners.",
	Next:   "Read the record; find the program or the account.",
}, func(x *eventLook) {
	switch x.ch {
	case chApplication:
		if strings.EqualFold(x.r.Provider, "Microsoft-Windows-Audit-CVE") {
			x.hit(x.setting("exploit "+x.get("CVEID")), 0, "Windows reports %s: %s", x.get("CVEID"), x.get("AdditionalDetails"))
		}
	case chSystem:
		if strings.Contains(strings.ToLower(x.r.Provider), "kerberos-key-distribution") {
			x.hit(x.setting("certificate mapping"), Medium, "a certificate is not strongly bound to the account %s",
				cmp.Or(x.get("AccountName"), x.unnamed(0)))
		}
	default:
		who, subject := x.get("Requester"), x.get("Subject")
		_, name, _ := strings.Cut(who, `\`)
		san := between(x.get("Attributes")+"\n", "SAN:upn=", "\n")
		if account, _, _ := strings.Cut(strings.TrimSpace(san), "@"); san != "" && !strings.EqualFold(account, name) {
			x.hit(x.setting("certificate of "+who), 0, "%s asked for a certificate of %s (%s)", who, san, subject)
		}
	}
}, in(chApplication, 1), in(chSystem, 39), in(chSecurity, 4886, 4887))

var printerDriver = eventRule(Rule{
	ID: "E-83", Title: "Printer driver installed by a user", Level: High, Attack: []string{"T1547.012"},
	Why:    "Printer drivers run within the spooler with the rights of the system.",
	Benign: "Users who may install printers.",
	Next:   "Look at the files of the driver and where they came from.",
}, func(x *eventLook) {
	name, files := x.below("Param1"), x.below("Param4")
	user := strings.HasPrefix(x.r.UserSID, "S-1-5-21-")
	low := strings.ToLower(files)
	switch {
	case x.r.ID == 808:
		level, module := Medium, x.below("PluginDllName")
		if l := strings.ToLower(module); strings.Contains(l, `\`) && !strings.Contains(l, `\system32\spool\`) &&
			!strings.Contains(l, `\driverstore\`) && !inWindows(module) {
			level = High
		}
		x.hit(x.setting("print module "+module), level, "the spooler failed to load %s", cmp.Or(module, files))
	case strings.Contains(low, `:\`) || strings.Contains(low, `\\`):
		x.hit(x.setting("printer driver "+name), 0, "its files lie outside the driver store: %s", files)
	default:
		// Plug and Play adds drivers as SYSTEM, for a user's connection, too.
		level := Low
		if user {
			level = Medium
		}
		if strings.HasPrefix(name, "Microsoft ") || strings.HasPrefix(name, "Send to Microsoft OneNote") ||
			strings.HasPrefix(name, "Remote Desktop Easy Print") || strings.HasPrefix(name, "Universal Print") ||
			strings.HasPrefix(name, "Adobe PDF") {
			level = Informational
		}
		x.hit(x.setting("printer driver "+name), level, "%s installed it: %s", cmp.Or(x.r.UserSID, "a user"), files)
	}
}, in(chPrint, 316, 808))

var dnsPlugin = eventRule(Rule{
	ID: "E-84", Title: "Plug-in of the DNS server", Level: Critical, Attack: []string{"T1543"},
	Why:    "The DNS server loads the library with the rights of the system, usually on a domain controller.",
	Benign: "Filter products for DNS servers.",
	Next:   "Look at the library and at ServerLevelPluginDll in the registry.",
}, func(x *eventLook) {
	switch x.r.ID {
	case 541:
		if s := cmp.Or(x.below("Setting"), x.get("param1")); strings.EqualFold(s, "ServerLevelPluginDll") ||
			strings.EqualFold(x.get("Setting"), "serverlevelplugindll") {
			x.hit(x.setting("DNS plug-in"), 0, "ServerLevelPluginDll was set to %s", cmp.Or(x.below("NewValue"), x.get("param2")))
		}
	default:
		x.hit(x.setting("DNS plug-in"), 0, "the DNS server loads %s", x.below("param1"))
	}
}, in(chDNS, 150, 770, 541), in(chDNSAudit, 541, 770, 150))

var sqlShell = eventRule(Rule{
	ID: "E-85", Title: "SQL command shell", Level: Critical, Attack: []string{"T1505.001"},
	Why:    "The database server can start programs of the operating system.",
	Benign: "Old jobs.",
	Next:   "Look for shells that the server started (E-55); read the server's own log.",
}, func(x *eventLook) {
	if !strings.HasPrefix(strings.ToUpper(x.r.Provider), "MSSQL") {
		return
	}
	option, was, is := x.unnamed(0), x.unnamed(1), x.unnamed(2)
	if x.r.ID == 15281 {
		if what := cmp.Or(x.unnamed(1), option); strings.Contains(strings.ToLower(what), "xp_cmdshell") ||
			strings.Contains(strings.ToLower(what), "ole automation") {
			x.hit(x.setting("SQL Server "+x.r.Provider), Medium, "somebody tried %s, which is switched off", what)
		}
		return
	}
	level := Level(0)
	switch strings.ToLower(option) {
	case "xp_cmdshell":
		level = Critical
		if was == is || is == "0" {
			level = Medium
		}
	case "clr enabled", "ole automation procedures", "clr strict security", "external scripts enabled":
		level = High
		if was == is {
			level = Low
		}
	case "show advanced options":
		level = Low
	}
	if level > 0 {
		x.hit(x.setting("SQL Server "+x.r.Provider), level, "%s was set from %s to %s", option, was, is)
	}
}, in(chApplication, 15457, 15281))

// A storyState is what the rule about suspicious sessions keeps.
type storyState struct {
	reads      []time.Time     // of lsass
	readers    map[string]bool // programs that read it
	privileges []programHit    // E-62
	named      []programHit    // E-71
	devices    []*hit          // E-80
	suspects   []suspect
	changes    []changed
}

type programHit struct {
	hit *hit
	key string
}

type suspect struct {
	who   who
	rule  string
	at    time.Time
	row   *row
	start subject
}

type changed struct {
	what  string
	logon uint64
	actor string
	sid   string
	at    time.Time
	row   *row
	rule  *Rule
}

func (s *storyState) lsass(x *eventLook, image string) {
	if len(s.reads) < 1024 {
		s.reads = append(s.reads, x.now())
	}
	if s.readers == nil {
		s.readers = map[string]bool{}
	}
	if len(s.readers) < maxNoted {
		s.readers[x.image(image).key] = true
	}
}

// suspect notes that a session deserves suspicion.
func (x *eventLook) suspect(w who, source string) {
	s := &x.ev.story
	if len(s.suspects) < 1024 {
		s.suspects = append(s.suspects, suspect{who: w, rule: x.rule.ID, at: x.now(), row: x.keep(), start: x.who(w)})
	}
	if in := x.ev.logons.remote[w.logon]; in != nil {
		in.rule, in.row = x.rule.ID, x.keep()
	}
}

// change notes a change of value.
func (x *eventLook) change(what string) { x.changeBy(what, x.actor()) }

// changeBy notes a change by an account. Records of the channel System have its
// SID alone.
func (x *eventLook) changeBy(what string, a who) {
	if s := &x.ev.story; len(s.changes) < 4096 {
		sid := cmp.Or(a.sid, x.r.UserSID)
		s.changes = append(s.changes, changed{what, a.logon, strings.ToLower(a.name), sid, x.now(), x.keep(), x.rule})
	}
}

var storyChange = eventRule(Rule{
	ID: "E-64", Title: "Change during a suspicious session", Level: Critical, Attack: []string{"T1078"},
	Why:    "A session that is suspicious by itself changed accounts, services, tasks or defences.",
	Benign: "Administrators who work with tools that look like those of attackers.",
	Next:   "Read the whole session: this is the story.",
}, func(*eventLook) {}, in(chSecurity, 4624)).watching(func(x *eventLook) {
	x.change("share " + x.get("ShareName") + " of " + x.get("ShareLocalPath") + " added")
}, in(chSecurity, 5142)).watching(func(x *eventLook) {
	if w := (who{sid: x.get("ModifyingUser")}); w.user() {
		x.changeBy("firewall rule "+x.get("RuleName")+" added", w)
	}
}, in(chFirewall, 2004, 2097)).finishing(func(x *eventLook) {
	s := &x.ev.story
	slices.SortStableFunc(s.suspects, func(a, b suspect) int { return a.at.Compare(b.at) })
	for _, c := range s.changes {
		for _, u := range s.suspects {
			d := c.at.Sub(u.at)
			same := c.logon != 0 && c.logon == u.who.logon && c.logon > 0x400
			if !same && (d < 0 || d > 30*time.Minute) {
				continue
			}
			if !same && c.actor != "" && c.actor != strings.ToLower(u.who.name) && !strings.HasSuffix(c.actor, "$") && c.actor != "system" {
				continue // of another user
			}
			if !same && c.actor == "" && u.who.sid != "" && c.sid != u.who.sid && (who{sid: c.sid}).user() {
				continue
			}
			level := Critical
			if !same {
				level = High
			}
			h := x.hit(u.start, level, "%s, %s after the log-on that %s names", c.what, d.Round(time.Second), u.rule)
			h.from(c.row, u.row)
			break
		}
	}
})
