package findings

import (
	"cmp"
	"net/netip"
	"net/url"
	"strings"
)

// spaced returns a value of the antivirus, whose names have blanks; other
// readers write them without.
func (x *eventLook) spaced(name string) string {
	return cmp.Or(x.get(name), x.get(strings.ReplaceAll(name, " ", "")))
}

var malwareSeen = eventRule(Rule{
	ID: "E-71", Title: "Malware seen by the antivirus", Level: High, Attack: []string{"T1204"},
	Why:    "The antivirus named a file or a behaviour.",
	Benign: "Tests; tools of administrators.",
	Next:   "Find out how long the file was there and whether it ran.",
}, func(x *eventLook) {
	path := x.spaced("Path")
	file := path
	if _, rest, ok := strings.Cut(path, "file:_"); ok {
		file, _, _ = strings.Cut(rest, ";")
		file, _, _ = strings.Cut(file, "->")
	}
	name := cmp.Or(x.spaced("Threat Name"), "unknown")
	s := x.setting("threat " + name)
	if strings.Contains(file, `:\`) && !strings.Contains(file, "containerfile") {
		s = x.image(file)
	}
	level := High
	says := "the antivirus named it " + name
	switch x.r.ID {
	case 1118, 1119:
		level, says = Critical, "the antivirus could not remove "+name
	case 1117, 1007:
		says = "the antivirus acted on " + name + ": " + x.spaced("Action Name")
	}
	h := x.hit(s, level, "%s, %s, by %s of %s", says, cmp.Or(path, "no path"), cmp.Or(x.spaced("Process Name"), "an unknown process"),
		cmp.Or(x.spaced("Detection User"), "an unknown user"))
	if l := &x.ev.story; s.kind == kindProgram && len(l.named) < maxNoted {
		l.named = append(l.named, programHit{h, s.key})
	}
}, in(chDefender, 1116, 1117, 1118, 1119, 1006, 1007, 1015)).finishing(func(x *eventLook) {
	for _, n := range x.ev.story.named {
		if p := x.programs[n.key]; p != nil && len(p.executed()) > 0 && n.hit.level < Critical {
			n.hit.level = Critical
			n.hit.says = clip(n.hit.says+"; it ran: "+sources(p.executed()), 600)
		}
	}
})

var antivirusOff = eventRule(Rule{
	ID: "E-72", Title: "Antivirus switched off", Level: High, Attack: []string{"T1562.001"},
	Why:    "The antivirus, or a part of it, no longer protected the machine.",
	Benign: "Another antivirus was installed.",
	Next:   "Read what happened while it was off.",
}, func(x *eventLook) {
	level := High
	x.early = Informational
	if x.r.ID == 1151 {
		x.reportedOff(level)
		return
	}
	words := map[uint32]string{5001: "real-time protection was switched off", 5010: "the scan for spyware was switched off",
		5012: "the scan for viruses was switched off"}
	x.hit(x.setting("Defender state"), level, "%s at %s", words[x.r.ID], stampWords(x.now()))
	x.change("antivirus switched off")
}, in(chDefender, 5001, 5010, 5012, 1151))

// reportedOff looks at the hourly report of the antivirus. A single one can fall
// into an update: the second in a row counts.
func (x *eventLook) reportedOff(level Level) {
	s, state := &x.ev.scripts, x.spaced("RTP state")
	switch {
	case state == "" || strings.EqualFold(state, "enabled"):
		s.off = 0
	default:
		if s.off++; s.off == 2 {
			x.hit(x.setting("Defender state"), level, "two reports in a row say that real-time protection is off: %s", state)
			x.change("antivirus switched off")
		}
	}
}

var antivirusSetting = eventRule(Rule{
	ID: "E-73", Title: "Exclusion or switch of the antivirus changed", Level: High, Attack: []string{"T1562.001"},
	Why:    "The antivirus no longer looks there, or does less.",
	Benign: "Exclusions that vendors ask for.",
	Next:   "Look at what lies there.",
}, func(x *eventLook) {
	v := x.spaced("New Value")
	low := strings.ToLower(v)
	_, value, _ := strings.Cut(v, " = ")
	on := strings.HasPrefix(value, "0x1") || value == "1"
	switch {
	case strings.Contains(low, `\exclusions\paths\`), strings.Contains(low, `\exclusions\extensions\`), strings.Contains(low,
		`\exclusions\processes\`):
		key, _, _ := strings.Cut(v, " = ")
		_, name, _ := strings.Cut(key, `Exclusions\`)
		if i := strings.IndexByte(name, '\\'); i >= 0 {
			name = name[i+1:]
		}
		x.hit(x.setting("Defender exclusion "+name), 0, "it was added: %s", v)
	case on && strings.Contains(low, "disableantispyware"), on && strings.Contains(low, `real-time protection\disable`), on &&
		strings.Contains(low, "disableantivirus"):
		x.hit(x.setting("Defender state"), 0, "it was switched off in the registry: %s", v)
	default:
		return
	}
	x.change("antivirus setting " + v)
}, in(chDefender, 5007))

// transferHosts are suffixes of hosts from which Windows and well-known
// software update themselves.
var transferHosts = strings.Fields(`microsoft.com windowsupdate.com windows.com msedge.net msftconnecttest.com office.com office.net officecdn.microsoft.com.edgesuite.net live.com
skype.com visualstudio.com azureedge.net google.com gvt1.com gvt2.com googleapis.com sfx.ms googleusercontent.com chrome.com mozilla.org mozilla.net adobe.com apple.com dell.com hp.com
lenovo.com intel.com nvidia.com amd.com oracle.com java.com dropbox.com zoom.us akamaized.net akadns.net bing.com msn.com xboxlive.com s-microsoft.com aka.ms onedrive.com
sharepoint.com brave.com opera.com vivaldi.com avast.com avg.com eset.com kaspersky.com mcafee.com symantec.com norton.com sophos.com trendmicro.com bitdefender.com citrix.com vmware.com`)

// sharing are hosts where anybody can put a file.
var sharing = strings.Fields(`uguu.se transfer.sh pastebin.com anonfiles.com file.io temp.sh 0x0.st gofile.io mega.nz mediafire.com discordapp.com githubusercontent.com
imgur.com ngrok.io catbox.moe sendspace.com wetransfer.com ufile.io bashupload.com filebin.net rebrand.ly bit.ly`)

func suffixOf(host string, list []string) bool {
	for _, s := range list {
		if host == s || strings.HasSuffix(host, "."+s) {
			return true
		}
	}
	return false
}

var backgroundTransfer = eventRule(Rule{
	ID: "E-74", Title: "Background transfer from an unusual place", Level: Medium, Attack: []string{"T1197", "T1105"},
	Why:    "BITS downloads in the background, past restarts, and by a service of Windows.",
	Benign: "Updaters of small vendors.",
	Next:   "Look at the file that was written.",
}, func(x *eventLook) {
	raw := cmp.Or(x.get("url"), x.get("Url"), x.get("RemoteName"))
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return
	}
	host := strings.ToLower(u.Hostname())
	level := Medium
	_, perr := netip.ParseAddr(host)
	switch {
	case perr == nil:
		level = High
		if a, _ := netip.ParseAddr(host); a.IsPrivate() || a.IsLoopback() {
			level = Medium // distribution points within the network
		}
	case suffixOf(host, sharing):
		level = High
	case suffixOf(host, transferHosts) || !strings.Contains(host, "."):
		return
	}
	x.hit(x.setting("transfer from "+host), level, "the job %s transferred %s %s", cmp.Or(x.get("name"), x.get("jobTitle")), raw,
		x.get("LocalName"))
}, in(chBITS, 59, 60, 16403))

var firewallRule = eventRule(Rule{
	ID: "E-75", Title: "Firewall rule for a program in an odd place", Level: Medium, Attack: []string{"T1562.004"},
	Why:    "The firewall lets a program through that lies where users can write.",
	Benign: "Games and chat programs.",
	Next:   "Compare with rule F-03.",
}, func(x *eventLook) {
	path, name := x.get("ApplicationPath"), x.get("RuleName")
	by := strings.ToLower(x.get("ModifyingApplication"))
	inward := x.num("Direction") == 1
	switch p := x.place(path); {
	case path != "" && p != nil && p.level >= Medium:
		level := Medium
		x.early = Informational
		x.hit(x.image(path), level, "the firewall rule %s lets it through", name)
	case inward && path == "" && x.num("Action") == 3 && x.get("LocalPorts") == "*" && x.get("ServiceName") == "" &&
		!strings.HasSuffix(by, `\svchost.exe`):
		x.hit(x.setting("firewall rule "+name), High, "%s let in everything", by)
	}
}, in(chFirewall, 2004, 2005, 2097, 2099, 2071, 2073))

var firewallOff = eventRule(Rule{
	ID: "E-76", Title: "Firewall profile switched off", Level: High, Attack: []string{"T1562.004"},
	Why:    "The firewall lets everything through in this profile.",
	Benign: "Group policy.",
	Next:   "Compare with rule F-03.",
}, func(x *eventLook) {
	if x.ch == chSecurity {
		if v := strings.ToLower(x.get("SettingType")); strings.Contains(v, "enable") && strings.EqualFold(x.get("SettingValue"), "No") {
			x.hit(x.setting("firewall profile "+x.get("ProfileChanged")), 0, "%s was set to %s", x.get("SettingType"),
				x.get("SettingValue"))
		}
		return
	}
	// Setting type 1 is "enable firewall" ([MS-FASP] 2.2.37).
	if x.num("SettingType") == 1 && x.get("SettingType") != "" &&
		(x.get("SettingValueString") == "No" || x.get("SettingValue") == "00000000") {
		level := High
		x.early = Informational
		x.hit(x.setting("firewall profile "+x.get("Profiles")), level, "it was switched off by %s",
			cmp.Or(x.get("ModifyingApplication"), x.get("ModifyingUser")))
	}
}, in(chFirewall, 2003, 2082), in(chSecurity, 4950))
