package findings

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// processCreation are the events that record the start of a process.
var processCreation = []watch{in(chSysmon, 1), in(chSecurity, 4688)}

// A process is a start as an event records it. Names and line are lower case.
type process struct {
	image, parent string // as recorded
	base, parents string // last names
	command, line string // command line, as recorded and in lower case
	parentLine    string
	user          string
	logon         uint64
	original      string
}

func eventOf(r *row) (events.Event, bool) {
	e, ok := r.rec.Data.(events.Event)
	return e, ok
}

func baseOf(path string) string { return winpath.Base(path) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// process reads the record at hand once for all rules.
func (x *eventLook) process() *process {
	if x.ev.proc != nil {
		return x.ev.proc
	}
	p := new(process)
	if x.ch == chSysmon {
		p.image, p.parent, p.user, p.logon = x.get("Image"), x.get("ParentImage"), x.get("User"), x.num("LogonId")
		p.parentLine, p.original = strings.ToLower(x.get("ParentCommandLine")), strings.ToLower(x.get("OriginalFileName"))
	} else {
		a := x.actor()
		p.image, p.parent, p.user, p.logon = x.get("NewProcessName"), x.get("ParentProcessName"), a.String(), a.logon
		if t := x.target(); t.logon != 0 {
			p.logon = t.logon
		}
	}
	p.command = cmp.Or(x.get("CommandLine"), p.image)
	p.line = lowerLine(p.command)
	p.base, p.parents = strings.ToLower(baseOf(p.image)), strings.ToLower(baseOf(p.parent))
	x.ev.proc = p
	return p
}

// lowerLine prepares a command line for comparison: in lower case, without the
// marks that the prompt takes out.
func lowerLine(s string) string {
	s = strings.ToLower(clip(s, maxCommand))
	if strings.IndexByte(s, '^') >= 0 {
		s = strings.ReplaceAll(s, "^", "")
	}
	return s
}

// shells are programs that run what others wrote, or look around.
var shells = set2("cmd.exe powershell.exe powershell_ise.exe pwsh.exe mshta.exe rundll32.exe regsvr32.exe wscript.exe cscript.exe bash.exe wmic.exe certutil.exe bitsadmin.exe msbuild.exe installutil.exe")

// lookers are programs that intruders start first.
var lookers = set2("whoami.exe net.exe net1.exe ipconfig.exe systeminfo.exe tasklist.exe nltest.exe quser.exe query.exe hostname.exe netstat.exe arp.exe route.exe ping.exe reg.exe sc.exe schtasks.exe appcmd.exe")

func set2(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

var remoteWMI = eventRule(Rule{
	ID: "E-35", Title: "Program started through WMI", Level: High, Attack: []string{"T1047"},
	Why:    "The WMI provider host started a shell: WMI is a way to run programs on other machines.",
	Benign: "Management agents and inventory software.",
	Next:   "Find the network log-on of the same session and its source.",
}, func(x *eventLook) {
	p := x.process()
	switch {
	case p.parents == "wmiprvse.exe" && shells[p.base]:
		x.hit(x.image(p.image), 0, "WmiPrvSE started %s as %s", p.command, p.user)
	case strings.Contains(p.line, `\\127.0.0.1\`) && strings.Contains(p.line, ">"):
		x.hit(x.image(p.image), 0, "it writes its output to a share of the machine itself: %s", p.command)
	}
}, processCreation...)

var dcomStart = eventRule(Rule{
	ID: "E-37", Title: "Program started through DCOM", Level: High, Attack: []string{"T1021.003"},
	Why:    "A program that answers DCOM calls started a shell: DCOM is a way to run programs on other machines.",
	Benign: "Automation of Office and of the management console.",
	Next:   "Find the network log-on of the same minute and its source.",
}, func(x *eventLook) {
	p := x.process()
	if !shells[p.base] || p.base == "rundll32.exe" && p.parents == "svchost.exe" {
		return
	}
	switch p.parents {
	case "mmc.exe", "dllhost.exe", "explorer.exe", "excel.exe", "winword.exe", "outlook.exe", "visio.exe", "powerpnt.exe":
		if !strings.Contains(p.parentLine, "-embedding") && !strings.Contains(p.parentLine, "/automation") {
			return
		}
	case "svchost.exe":
		if !strings.Contains(p.parentLine, "dcomlaunch") {
			return
		}
	default:
		return
	}
	x.hit(x.image(p.image), 0, "%s started %s as %s", cmp.Or(p.parentLine, p.parents), p.command, p.user)
}, processCreation...)

// servers are programs that answer requests from the network.
var servers = set2("w3wp.exe httpd.exe nginx.exe tomcat.exe tomcat7.exe tomcat8.exe tomcat9.exe php-cgi.exe sqlservr.exe umworkerprocess.exe java.exe javaw.exe mysqld.exe postgres.exe oracle.exe")

var serverShell = eventRule(Rule{
	ID: "E-55", Title: "Shell started by a web or database server", Level: Critical, Attack: []string{"T1505.003"},
	Why:    "A server that answers requests from the network started a shell: the shape of a web shell or of an injected command.",
	Benign: "Maintenance jobs of the application; compilers are excluded.",
	Next:   "Read the server's log of the same second; look for new files below its root folder.",
}, func(x *eventLook) {
	p := x.process()
	if !servers[p.parents] || !shells[p.base] && !lookers[p.base] {
		return
	}
	level := Critical
	if p.parents == "java.exe" || p.parents == "javaw.exe" {
		level = Medium // also on desks
	}
	x.hit(x.image(p.image), level, "%s started %s as %s", p.parents, p.command, p.user)
}, processCreation...)

// readers are programs that open what comes by mail.
var readers = set2("winword.exe excel.exe powerpnt.exe outlook.exe onenote.exe msaccess.exe mspub.exe visio.exe hh.exe mshta.exe eqnedt32.exe acrord32.exe foxitreader.exe")

var officeShell = eventRule(Rule{
	ID: "E-58", Title: "Document program started a shell", Level: High, Attack: []string{"T1204.002", "T1218"},
	Why:    "A program that opens documents started a shell or a loader.",
	Benign: "Add-ins; links to consoles in documentation.",
	Next:   "Find the document and where it came from.",
}, func(x *eventLook) {
	p := x.process()
	if readers[p.parents] && (shells[p.base] || lookers[p.base]) {
		x.hit(x.image(p.parent), 0, "%s started %s as %s", p.parent, p.command, p.user)
	}
}, processCreation...)

var recoveryRemoved = eventRule(Rule{
	ID: "E-70", Title: "Shadow copies or recovery removed", Level: Critical, Attack: []string{"T1490"},
	Why:    "Copies that allow a return to an earlier state were deleted or disabled: often the last step before encryption.",
	Benign: "Backup products; administrators who need space.",
	Next:   "Look for a burst of renamed files afterwards; compare with rule F-11.",
}, func(x *eventLook) {
	if x.r.ID == 33 {
		if strings.EqualFold(x.r.Provider, "volsnap") {
			x.ev.scripts.snap(x)
		}
		return
	}
	if x.ch == chPowerShell {
		text := x.get("ScriptBlockText")
		if l := strings.ToLower(clip(text, maxScript)); strings.Contains(l, "win32_shadowcopy") && recoveryCommand(l) {
			x.hit(x.setting("PowerShell scripts"), 0, "a script has %s", clip(strings.Join(strings.Fields(text), " "), 160))
		}
		return
	}
	p := x.process()
	l := p.line
	if recoveryCommand(l) {
		x.hit(x.image(p.image), 0, "%s ran %s", p.user, p.command)
	}
}, append(slices.Clone(processCreation), in(chSystem, 33), in(chPowerShell, 4104))...)

func recoveryCommand(l string) bool {
	has := func(s ...string) bool {
		for _, w := range s {
			if !strings.Contains(l, w) {
				return false
			}
		}
		return true
	}
	return has("vssadmin", "delete", "shadow") || has("vssadmin", "resize", "shadowstorage") || has("shadowcopy", "delete") ||
		has("wbadmin", "delete") ||
		has("bcdedit", "recoveryenabled", "no") || has("bcdedit", "ignoreallfailures") || has("win32_shadowcopy", "delete") ||
		has("win32_shadowcopy", "remove-wmi") || has("win32_shadowcopy", "remove-cim") || has("diskshadow", "delete", "shadows")
}

// readsMemory is PROCESS_VM_READ.
const readsMemory = 0x10

// lsassReaders are Windows' own programs that read the memory of lsass.
var lsassReaders = set2("msmpeng.exe csrss.exe wininit.exe svchost.exe services.exe lsm.exe mrt.exe wmiprvse.exe lsass.exe smss.exe mssense.exe senseir.exe werfault.exe wudfhost.exe")

var lsassRead = eventRule(Rule{
	ID: "E-60", Title: "Memory of lsass read", Level: Critical, Attack: []string{"T1003.001"}, Leads: true,
	Why:    "lsass holds the credentials of all who are logged on; whoever reads its memory has them.",
	Benign: "Security products; crash reports.",
	Next:   "Look for a dump file; treat the accounts of all sessions of that time as known to others.",
}, func(x *eventLook) {
	image, access := "", uint64(0)
	if x.ch == chSysmon {
		if !strings.HasSuffix(strings.ToLower(x.get("TargetImage")), `\lsass.exe`) {
			return
		}
		image, access = x.get("SourceImage"), x.num("GrantedAccess")
	} else {
		if !strings.EqualFold(x.get("ObjectType"), "Process") || !strings.HasSuffix(strings.ToLower(x.get("ObjectName")), `\lsass.exe`) {
			return
		}
		image, access = x.get("ProcessName"), x.num("AccessMask")
	}
	base := strings.ToLower(baseOf(image))
	if access&readsMemory == 0 || lsassReaders[base] && inWindows(image) || base == "taskmgr.exe" && inWindows(image) && access&^0x1410 == 0 {
		return // Task Manager lists processes with these rights, and needs more to dump them
	}
	level := Critical
	if low := strings.ToLower(image); access&^0x1410 == 0 && strings.Contains(low, `:\program files`) {
		level = High
	} else if inWindows(image) && access&^0x1410 == 0 && !shells[base] {
		level = High
	}
	x.hit(x.image(image), level, "it opened lsass with access %#x", access)
	x.ev.story.lsass(x, image)
}, in(chSysmon, 10), in(chSecurity, 4656, 4663))

// inWindows reports whether a program is in a folder of Windows or of its
// antivirus.
func inWindows(path string) bool {
	l := strings.ToLower(path)
	return strings.Contains(l, `\windows\system32\`) || strings.Contains(l, `\windows\syswow64\`) ||
		strings.Contains(l, `\windows defender\`)
}

var credentialStore = eventRule(Rule{
	ID: "E-61", Title: "Credential store copied", Level: High, Attack: []string{"T1003", "T1555"},
	Why:    "A copy of a store of credentials was written or opened by a program that has no business with it.",
	Benign: "Backup software.",
	Next:   "Look for the file and for archives that were made of it.",
}, func(x *eventLook) {
	file, image, written := x.get("TargetFilename"), x.get("Image"), true
	if x.ch == chSecurity {
		file, image = x.get("ObjectName"), x.get("ProcessName")
		if strings.EqualFold(x.get("ObjectType"), "Process") {
			return
		}
		written = strings.EqualFold(x.get("ObjectType"), "File") && x.num("AccessMask")&0x6 != 0
	}
	if s := storeOf(strings.ToLower(file), strings.ToLower(image), written); s != "" {
		x.hit(x.image(cmp.Or(image, file)), 0, "%s: %s", s, file)
	}
}, in(chSysmon, 11), in(chSecurity, 4656, 4663))

func storeOf(file, image string, written bool) string {
	base := baseOf(file)
	switch {
	case strings.Contains(base, "lsass") && (strings.HasSuffix(base, ".dmp") || strings.HasSuffix(base, ".mdmp")):
		return "a dump of lsass"
	case base == "ntds.dit" && !strings.Contains(file, `\windows\ntds\`):
		return "a copy of the directory database"
	case written && (base == "sam" || base == "security" || base == "sam.hiv" || base == "sam.save" || base == "security.save") &&
		!strings.Contains(file, `\system32\config\`):
		return "a copy of a registry hive with secrets"
	case strings.Contains(file, "harddiskvolumeshadowcopy") && (strings.HasSuffix(file, `\system32\config\sam`) ||
		strings.HasSuffix(file, `\system32\config\security`)):
		return "a registry hive with secrets in a shadow copy"
	case image == "" || inWindows(image):
	case base == "login data" && !browsers[baseOf(image)], (base == "logins.json" || base == "key4.db") && !browsers[baseOf(image)]:
		return "the passwords of a browser"
	case strings.Contains(file, `\microsoft\vault\`) || strings.Contains(file, `\microsoft\credentials\`):
		return "credentials that Windows keeps for the user"
	}
	return ""
}

// browsers are programs that read the passwords of their own profile.
var browsers = set2("chrome.exe msedge.exe msedgewebview2.exe brave.exe opera.exe vivaldi.exe chromium.exe firefox.exe thunderbird.exe")

var debugPrivilege = eventRule(Rule{
	ID: "E-62", Title: "Operating-system privilege used by an odd program", Level: Low, Attack: []string{"T1134"},
	Why:    "A program used a privilege that acts as part of the operating system, or reads any process.",
	Benign: "Consoles and management programs ask for it without need.",
	Next:   "Weigh it only beside rule E-60.",
}, func(x *eventLook) {
	p := x.get("PrivilegeList")
	if !strings.Contains(p, "SeTcbPrivilege") && !strings.Contains(p, "SeDebugPrivilege") {
		return
	}
	image := x.get("ProcessName")
	switch base := strings.ToLower(baseOf(image)); {
	case base == "", (base == "lsass.exe" || base == "services.exe" || base == "svchost.exe" || base == "winlogon.exe" ||
		base == "lsaiso.exe") && inWindows(image):
		return
	case x.actor().system() || x.actor().machine():
		return
	}
	h := x.hit(x.image(image), 0, "%s used %s", x.actor(), strings.Join(strings.Fields(p), ", "))
	if s := &x.ev.story; len(s.privileges) < maxNoted {
		s.privileges = append(s.privileges, programHit{h, x.image(image).key})
	}
}, in(chSecurity, 4673)).finishing(func(x *eventLook) {
	for _, p := range x.ev.story.privileges {
		if x.ev.story.readers[p.key] {
			p.hit.level = High
			p.hit.says = clip(p.hit.says+"; it also read the memory of lsass", 600)
		}
	}
})

// threadMakers are Windows' own programs that start threads in others.
var threadMakers = set2("csrss.exe wininit.exe svchost.exe services.exe msmpeng.exe winlogon.exe smss.exe dwm.exe wmiprvse.exe lsass.exe werfault.exe conhost.exe vmtoolsd.exe")

var remoteThread = eventRule(Rule{
	ID: "E-63", Title: "Thread started in another process", Level: Medium, Attack: []string{"T1055"},
	Why:    "A program ran code within another process.",
	Benign: "Debuggers; products that hook others; accessibility tools.",
	Next:   "Look where the code came from: the start module is empty for code that belongs to no file.",
}, func(x *eventLook) {
	from, to := x.get("SourceImage"), x.get("TargetImage")
	base := strings.ToLower(baseOf(from))
	if threadMakers[base] && inWindows(from) || strings.EqualFold(from, to) {
		return
	}
	level := Medium
	switch strings.ToLower(baseOf(to)) {
	case "lsass.exe", "winlogon.exe", "explorer.exe", "chrome.exe", "firefox.exe", "msedge.exe", "iexplore.exe":
		if x.odd(from) || shells[base] || strings.HasPrefix(from, `\\`) || x.get("StartModule") == "" {
			level = High
		}
	}
	x.hit(x.image(from), level, "it started a thread in %s at %s %s", to, x.get("StartAddress"), x.get("StartFunction"))
}, in(chSysmon, 8))
