package findings

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/communication"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

var defenderOff = rule(Rule{
	ID: "F-01", Title: "Antivirus disabled", Level: High, Attack: []string{"T1562.001"},
	Why:    "A setting disables Windows Defender Antivirus or a part of it.",
	Benign: "Other antivirus products; servers; test machines. With tamper protection the values are ignored.",
	Next:   "Review what happened around the time of the key.",
	Needs:  []string{"defender", "services"},
}, func(x *look, d system.Defender) {
	if d.Kind != "setting" || !d.Weak {
		return
	}
	level := High
	switch strings.ToLower(d.Name) {
	case "spynetreporting", "submitsamplesconsent", "puaprotection", "tamperprotection":
		level = Low
	}
	x.hit(x.setting("Defender "+d.Name), level, "%s is %s: %s", d.Name, d.Value, d.Meaning)
}).also(on(func(x *look, s persistence.Service) {
	switch strings.ToLower(s.Name) {
	case "windefend", "sense", "wdnissvc", "wdfilter", "wdboot":
		if s.StartType == 4 && x.row.rec.From.State == artifacts.Live {
			level := Medium // Windows does it itself where another scanner is installed
			x.hit(x.setting("service "+s.Name), level, "the service %s of the virus scanner is switched off", s.Name)
		}
	}
}))

var defenderExclusion = rule(Rule{
	ID: "F-02", Title: "Antivirus exclusion", Level: Low, Attack: []string{"T1562.001"},
	Why:    "The antivirus does not scan this location.",
	Benign: "Database, mail and backup software that excludes its own folders.",
	Next:   "Examine the location. The time of the key is that of the last change of the list.",
	Needs:  []string{"defender"},
}, func(x *look, d system.Defender) {
	switch {
	case d.Kind == "threat" && d.Weak:
		x.hit(x.setting("Defender lets pass "+d.Name), High, "the threat %s is set to %s", d.Name, cmp.Or(d.Meaning, d.Value))
		return
	case d.Kind != "exclusion":
		return
	}
	name := strings.ToLower(d.Name)
	level := Low
	switch strings.ToLower(d.List) {
	case "extensions":
		if e := "." + strings.TrimPrefix(strings.TrimPrefix(name, "*"), "."); runnable[e] {
			level = High
		}
	case "ipaddresses":
		level = Medium
	default:
		key := strings.TrimRight(x.normal(d.Name, x.row.rec.User), `\*`)
		base := key[strings.LastIndexByte(key, '\\')+1:]
		inside := x.probe(strings.TrimRight(key, `\`) + `\x.exe`)
		at := x.probe(key)
		switch {
		case key == "" || key == `\`:
			level = Critical
		case x.t.hosts[strings.TrimSuffix(base, ".exe")] || x.t.proxies[strings.TrimSuffix(base, ".exe")]:
			level = High
		case inside.place != nil && inside.place.level >= High && inside.place.id != "L3" || at.place != nil && at.place.level >= High &&
			ext(base) == ".exe":
			level = High
		case key == `\windows` || key == `\windows\system32` || key == `\users` || key == `\programdata` ||
			strings.Count(key, `\`) == 2 && strings.HasPrefix(key, `\users\`):
			level = High
		case inside.place != nil && inside.place.level >= Low:
			level = Medium
		}
	}
	s := x.setting("Defender exclusion " + d.Name)
	x.hit(s, level, "%s is excluded from scans (%s)", d.Name, d.List)
})

var firewallOpened = rule(Rule{
	ID: "F-03", Title: "Firewall disabled or opened", Level: Medium, Attack: []string{"T1562.004"},
	Why:    "The firewall is disabled, or allows connections to a program in a user-writable location.",
	Benign: "Games and development tools; server software.",
	Next:   "Check which program the rule allows and when the rules were last changed.",
	Needs:  []string{"firewall"},
}, func(x *look, f communication.Firewall) {
	live := x.row.rec.From.State == artifacts.Live
	switch {
	case f.Kind == "setting" && strings.EqualFold(f.Name, "EnableFirewall") && f.Value == "0" && live:
		x.hit(x.setting("firewall "+f.List), 0, "the firewall is off in %s", f.List)
	case f.Kind != "setting" && f.Active && strings.EqualFold(f.Action, "Allow") && !strings.EqualFold(f.Direction, "Out"):
		if !strings.Contains(f.App, `\`) {
			return
		}
		p := x.probePath(f.App)
		tool := x.t.toolNamed(p.stem)
		level := Level(0)
		switch {
		case tool != nil && tool.level >= High:
			level = High
		case p.place != nil && p.place.level >= High && p.place.id != "L3" && p.place.id != "L7":
			level = High
		case p.place != nil && p.place.level >= Low && !p.place.elsewhere():
			level = Low
		default:
			return
		}
		if x.t.binaries[p.base] != nil && x.home(f.App) {
			return
		}
		where := ""
		if p.place != nil {
			where = ", " + p.place.String()
		}
		x.hit(subject{kind: kindProgram, key: p.key, show: f.App}, level, "firewall rule %q allows inbound traffic to it%s",
			cmp.Or(f.Title, f.Name), where)
	}
})

var portForwarded = rule(Rule{
	ID: "F-04", Title: "Port forwarding by netsh portproxy", Level: High, Attack: []string{"T1090.001"},
	Why:    "The machine forwards connections to another machine. This can bypass network segmentation.",
	Benign: "WSL and Docker, which forward to the machine itself.",
	Next:   "Check both endpoints and the time of the key.",
	Needs:  []string{"portproxy"},
}, func(x *look, p communication.PortProxy) {
	level := High
	if a, err := netip.ParseAddr(p.Address); err == nil && a.IsLoopback() || strings.EqualFold(p.Address, "localhost") {
		level = Medium
	}
	x.hit(x.setting(fmt.Sprintf("portproxy %s:%s", p.ListenAddress, p.ListenPort)), level, "%s:%s forwards to %s:%s", p.ListenAddress,
		p.ListenPort, p.Address, p.Port)
})

// build is the number of the machine's Windows, 0 where nothing tells.
func (s *scene) build() int {
	n := 0
	if s.facts.Machine != nil {
		fmt.Sscan(s.facts.Machine.Build, &n)
	}
	return n
}

// guards are how parts of names begin whose servers keep a machine safe.
var guards = []string{
	"update.microsoft", "windowsupdate", "definitionupdates", "defender", "wdcp.", "smartscreen", "symantec", "norton", "mcafee",
	"trellix", "trendmicro", "kaspersky",
	"eset", "sophos", "avast", "avg.com", "avira", "bitdefender", "f-secure", "malwarebytes", "crowdstrike", "sentinelone", "virustotal",
	"drweb", "comodo", "clamav", "carbonblack", "cylance", "paloaltonetworks",
}

// beginsPart reports whether a word is in a name without a letter right before
// it: eset in update.eset.com, not in reset.example.
func beginsPart(name, word string) bool {
	for i := 0; ; i++ {
		n := strings.Index(name[i:], word)
		if n < 0 {
			return false
		}
		if i += n; i == 0 || name[i-1] < 'a' || name[i-1] > 'z' {
			return true
		}
	}
}

var hostsTampered = wholeRule(Rule{
	ID: "F-05", Title: "Hosts file redirects a name", Level: High, Attack: []string{"T1565.001", "T1562.001"},
	Why:    "A name in this file does not resolve to its real server. This can block protection and updates or redirect users.",
	Benign: "Ad-blocking lists; developers.",
	Next:   "Read the file and find out who wrote the lines.",
	Needs:  []string{"hosts"},
}, func(x *look) {
	var other []*row
	for _, r := range x.kept["hosts"] {
		h := r.rec.Data.(communication.Host)
		if h.Default || len(h.Names) == 0 {
			continue
		}
		look := *x
		look.row = r
		i := slices.IndexFunc(h.Names, func(n string) bool {
			n = strings.ToLower(n)
			return slices.ContainsFunc(guards, func(g string) bool { return beginsPart(n, g) })
		})
		switch {
		case i >= 0:
			look.hit(look.setting("hosts file "+strings.ToLower(h.Names[i])), 0, "%s resolves to %s", h.Names[i], h.Address)
		case h.Unusual != "":
			look.hit(look.setting("hosts file line "+fmt.Sprint(h.Line)), Low, "%s", h.Unusual)
		case !h.Loopback:
			other = append(other, r)
		}
	}
	if len(other) == 0 {
		return
	}
	// Names of the own network are what the file is for; a name of the Internet is not.
	for _, r := range other {
		h := r.rec.Data.(communication.Host)
		look := *x
		look.row = r
		level := Informational
		a, err := netip.ParseAddr(h.Address)
		if public := err == nil && !a.IsPrivate() && !a.IsLinkLocalUnicast(); public && slices.ContainsFunc(h.Names, func(n string) bool {
			return strings.Count(n, ".") >= 1 && !strings.HasSuffix(n, ".local") && !strings.HasSuffix(n, ".lan")
		}) {
			level = Low
		}
		look.hit(look.setting("hosts file "+strings.ToLower(h.Names[0])), level, "%s resolves to %s", strings.Join(h.Names, ", "),
			h.Address)
	}
}, "hosts")

var loggingReduced = rule(Rule{
	ID: "F-06", Title: "Event logging reduced", Level: High, Attack: []string{"T1562.002"},
	Why:    "Event logging is reduced below the default or redirected.",
	Benign: "Images that are kept small on purpose.",
	Next:   "Check the other logs around the time of the key.",
	Needs:  []string{"eventlogging"},
}, func(x *look, s system.Setting) {
	if x.row.rec.Artifact.Name != "eventlogging" {
		return
	}
	low := strings.ToLower(s.Setting)
	subj := x.setting("event log " + strings.TrimSpace(s.Subject+" "+s.Setting))
	switch {
	case strings.Contains(low, "scriptblocklogging"):
		return // F-07
	case strings.Contains(low, "allowrefsformatover"):
		// A well-known switch for ReFS (…NonmirrorVolume, …NoMirrorVolume) that people set, side effect and all.
		x.hit(subj, Medium, "%s: %s", s.Setting, s.Meaning)
	case s.Weak:
		x.hit(subj, 0, "%s: %s", strings.TrimSpace(s.Subject+" "+s.Setting), cmp.Or(s.Meaning, s.Value))
	case low == "maxsize" && (strings.EqualFold(s.Subject, "Security") || strings.EqualFold(s.Subject, "System")):
		var n uint64
		if _, err := fmt.Sscan(s.Value, &n); err == nil && n > 0 && n < 1<<20 && n != 512<<10 {
			x.hit(subj, Medium, "the log %s holds no more than %d bytes", s.Subject, n)
		}
	case low == "file" && (strings.EqualFold(s.Subject, "Security") || strings.EqualFold(s.Subject, "System")):
		if k := x.normal(s.Value, x.row.rec.User); !strings.HasPrefix(k, `\windows\system32\winevt\logs\`) &&
			!strings.HasPrefix(k, `\windows\system32\config\`) {
			x.hit(subj, 0, "the log %s is written to %s", s.Subject, s.Value)
		}
	}
})

var scriptPolicy = rule(Rule{
	ID: "F-07", Title: "Scripts unlogged or unrestricted", Level: Low, Attack: []string{"T1562.002"},
	Why:    "PowerShell runs every script or does not log what it runs.",
	Benign: "Developers and administrators.",
	Next:   "No action on its own.",
	Needs:  []string{"eventlogging", "protection"},
}, func(x *look, s system.Setting) {
	low := strings.ToLower(s.Setting)
	if s.Weak && (strings.Contains(low, "scriptblocklogging") || strings.Contains(low, "executionpolicy")) {
		x.hit(x.setting("PowerShell "+s.Setting), 0, "%s is %s: %s", s.Setting, s.Value, s.Meaning)
	}
})

var protectionOff = rule(Rule{
	ID: "F-08", Title: "Account protection weakened", Level: High, Attack: []string{"T1112"},
	Why:    "Administrators get full rights without a prompt, over the network or with a hash; or passwords stay readable in memory.",
	Benign: "Settings for old programs, made by administrators.",
	Next:   "Review what happened around the time of the key.",
	Needs:  []string{"protection", "remoteaccess", "lsa"},
}, func(x *look, s system.Setting) {
	if !s.Weak || x.row.rec.From.State != artifacts.Live && x.row.rec.From.State != artifacts.Log {
		return
	}
	low := strings.ToLower(s.Setting)
	subj := x.setting("setting " + s.Setting)
	says := fmt.Sprintf("%s is %s: %s", s.Setting, s.Value, s.Meaning)
	switch {
	case strings.HasSuffix(low, "localaccounttokenfilterpolicy"):
		x.hit(subj, High, "%s", says).as("T1548.002")
	case strings.HasSuffix(low, "disablerestrictedadmin"):
		x.hit(subj, High, "%s", says).as("T1550.002")
	case strings.HasSuffix(low, "enablelua"), strings.HasSuffix(low, "consentpromptbehavioradmin"):
		x.hit(subj, Medium, "%s", says).as("T1548.002")
	case strings.HasSuffix(low, "vulnerabledriverblocklistenable"), strings.Contains(low, "smartscreen"), strings.HasSuffix(low,
		"disabletaskmgr"), strings.HasSuffix(low, "disableregistrytools"):
		x.hit(subj, Medium, "%s", says).as("T1562.001")
	}
}).also(on(func(x *look, l persistence.LSA) {
	if strings.EqualFold(l.Name, "UseLogonCredential") && l.Value == "1" {
		// Up to Windows 8 that is how it works anyway.
		level := Medium
		if b := x.build(); b >= 9600 {
			level = High
		} else if b > 0 {
			level = Low
		}
		x.hit(x.setting("setting WDigest UseLogonCredential"), level, "passwords are kept in memory in clear text").as("T1003.001")
	}
}))

var remoteDesktop = wholeRule(Rule{
	ID: "F-09", Title: "Remote Desktop enabled or changed", Level: Medium, Attack: []string{"T1021.001"},
	Why:    "Remote access to this machine is enabled.",
	Benign: "Servers and remotely administered machines.",
	Next:   "Check whether it is intended and review logons over Remote Desktop.",
	Needs:  []string{"remoteaccess"},
}, func(x *look) {
	for _, r := range x.kept["remoteaccess"] {
		s := r.rec.Data.(system.Setting)
		low := strings.ToLower(s.Setting)
		if r.rec.From.State == artifacts.Deleted {
			continue
		}
		look := *x
		look.row = r
		says := fmt.Sprintf("%s is %s: %s", s.Setting, s.Value, s.Meaning)
		subj := look.setting("Remote Desktop")
		switch {
		case strings.HasSuffix(low, "fdenytsconnections") && s.Value == "0":
			look.hit(subj, Low, "%s", says) // on, which by itself is common
		case !s.Weak:
		case strings.HasSuffix(low, "shadow"), strings.HasSuffix(low, `rdp-tcp\portnumber`):
			look.hit(subj, High, "%s", says)
		case strings.HasSuffix(low, "userauthentication"):
			look.hit(subj, Medium, "%s", says)
		}
	}
}, "remoteaccess")

var proxyChanged = rule(Rule{
	ID: "F-10", Title: "Proxy set", Level: Medium, Attack: []string{"T1090", "T1557"},
	Why:    "Traffic goes through another machine, which can read and change it.",
	Benign: "Corporate proxies; local filters that point to 127.0.0.1.",
	Next:   "Check whether the proxy is yours. The time of the key is when it was set.",
	Needs:  []string{"proxies"},
}, func(x *look, p communication.Proxy) {
	if p.Server == "" && p.AutoConfig == "" || p.Server != "" && !p.Enabled && p.AutoConfig == "" {
		return
	}
	level := Medium
	host := proxyHost(cmp.Or(p.Server, p.AutoConfig))
	a, err := netip.ParseAddr(host)
	switch {
	case p.Policy, err == nil && (a.IsPrivate() || a.IsLinkLocalUnicast()):
		level = Low
	case err == nil && !a.IsLoopback():
		level = High // an address of the Internet, without a name
	}
	if x.row.rec.From.State == artifacts.Deleted {
		level = level.step(-1)
	}
	who := cmp.Or(x.row.rec.User.Name, "the machine")
	x.hit(x.setting("proxy of "+who+" "+cmp.Or(p.Server, p.AutoConfig)), level, "%s sends traffic to %s", cmp.Or(p.Kind, "a setting"),
		cmp.Or(p.Server, p.AutoConfig))
})

// proxyHost takes scheme and port from a server's name.
func proxyHost(s string) string {
	s, _, _ = strings.Cut(s, ";")
	if _, rest, ok := strings.Cut(s, "="); ok {
		s = rest
	}
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().String()
	}
	if a, ok := strings.CutPrefix(s, "["); ok {
		return strings.TrimSuffix(a, "]")
	}
	host, _, _ := strings.Cut(s, ":")
	return host
}

// recovery are the programs that take ways back away, or that clean up.
var recovery = map[string]string{
	"vssadmin.exe": "vssadmin", "wbadmin.exe": "wbadmin", "bcdedit.exe": "bcdedit", "wmic.exe": "wmic", "diskshadow.exe": "diskshadow",
	"reagentc.exe": "reagentc",
	"wevtutil.exe": "wevtutil", "fsutil.exe": "fsutil", "cipher.exe": "cipher", "sdelete.exe": "sdelete", "sdelete64.exe": "sdelete",
}

var recoveryInhibited = wholeRule(Rule{
	ID: "F-11", Title: "Recovery or reconstruction hindered", Level: High, Attack: []string{"T1490", "T1070"},
	Why:    "Programs that delete shadow copies, backups, logs or free space ran shortly after one another.",
	Benign: "Backup software; installers that change the boot configuration.",
	Next:   "Check whether shadow copies and logs remain and review what ran before.",
	Needs:  []string{"prefetch", "bam", "protection"},
}, func(x *look) {
	for _, g := range bursts(x.starts(recovery), 10*time.Minute, 2) {
		if slices.ContainsFunc(g, func(s start) bool { return s.name == "vssadmin" || s.name == "wbadmin" || s.name == "diskshadow" }) {
			x.burst("clean-up", 0, g)
		}
	}
	for _, r := range x.kept["protection"] {
		if s := r.rec.Data.(system.Setting); s.Weak && strings.HasSuffix(strings.ToLower(s.Setting), "disablesr") &&
			r.rec.From.State == artifacts.Live {
			look := *x
			look.row = r
			look.hit(look.setting("System Restore"), Medium, "%s", s.Meaning).as("T1490")
		}
	}
}, "protection")
