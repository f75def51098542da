package findings

import (
	"slices"
	"strings"
	"time"
)

// A scriptState is what the rules over scripts keep.
type scriptState struct {
	engines map[string]bool // versions that were met
	old     []*row
	snaps   []time.Time
	off     int                  // reports of the antivirus in a row that it is off, E-72
	crashes map[string]time.Time // E-81, by program
}

// maxScript bounds what is judged of one script, in bytes.
const maxScript = 4 << 20

// A sign is a word in a script with what it means.
type sign struct {
	word, says string
	level      Level
}

// signs are words of scripts in lower case, without blanks, quotes and ticks.
// Names of functions are those that public tools define.
var signs = []sign{
	{"frombase64string", "decodes base64", Medium},
	{"iex(", "runs text as code", Medium}, {"iex", "runs text as code", Low}, {"invoke-expression", "runs text as code", Medium},
	{"downloadstring", "downloads a script", Medium}, {"downloadfile", "downloads a file", Medium}, {"downloaddata", "downloads", Medium},
	{"net.webclient", "downloads", Medium}, {"invoke-webrequest", "downloads", Low}, {"start-bitstransfer", "downloads", Low},
	{"reflection.assembly", "loads a program from memory", Medium}, {"[assembly]::load", "loads a program from memory", Medium},
	{"virtualalloc", "writes machine code into memory", High}, {"writeprocessmemory", "writes into another process", High},
	{"createremotethread", "starts a thread in another process", High},
	{"getdelegateforfunctionpointer", "calls machine code", High}, {"getprocaddress", "calls functions of Windows by address", Medium},
	{"amsiutils", "switches off the scan of scripts", High}, {"amsiinitfailed", "switches off the scan of scripts", High},
	{"amsiscanbuffer", "switches off the scan of scripts", High},
	{"-bxor", "decodes with xor", Medium}, {"gzipstream", "unpacks code", Low}, {"deflatestream", "unpacks code", Low},
	{"-windowstylehidden", "hides its window", Low}, {"-whidden", "hides its window", Medium},
	{"-execbypass", "ignores the execution policy", Low}, {"-executionpolicybypass", "ignores the execution policy", Low},
	{"net.sockets.tcpclient", "opens a connection", Medium}, {"$env:comspec", "is assembled from parts of variables", Medium},
	{"invoke-mimikatz", "names a tool for credentials", Critical}, {"sekurlsa::", "names a tool for credentials", Critical},
	{"lsadump::", "names a tool for credentials", Critical},
	{"invoke-kerberoast", "names a tool for credentials", Critical}, {"invoke-rubeus", "names a tool for credentials", Critical},
	{"out-minidump", "names a tool for credentials", Critical},
	{"minidumpwritedump", "dumps the memory of a process", Critical}, {"get-keystrokes", "records keys", High},
	{"invoke-dcsync", "names a tool for credentials", Critical},
	{"invoke-bloodhound", "names a tool for reconnaissance", High}, {"sharphound", "names a tool for reconnaissance", High},
	{"powerview", "names a tool for reconnaissance", High},
	{"get-gpppassword", "names a tool for credentials", Critical}, {"invoke-psexec", "names a tool for remote execution", High},
	{"invoke-wmiexec", "names a tool for remote execution", High},
	{"invoke-smbexec", "names a tool for remote execution", High}, {"invoke-shellcode", "runs machine code", High},
	{"invoke-reflectivepeinjection", "runs machine code", High},
	{"invoke-dllinjection", "runs machine code", High}, {"invoke-obfuscation", "names a tool for disguise", High},
	{"invoke-tokenmanipulation", "names a tool for privileges", High},
	{"powerup", "names a tool for privileges", Medium}, {"invoke-allchecks", "names a tool for privileges", High},
	{"invoke-passwordspray", "names a tool for guessing", High},
}

// squeeze takes out what scripts are disguised with: blanks, quotes, ticks and
// the joins of strings.
func squeeze(s string) string {
	if len(s) > maxScript {
		s = s[:maxScript]
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case ' ', '\t', '\r', '\n', '\'', '"', '`', '^', '+':
		default:
			if 'A' <= c && c <= 'Z' {
				c |= 0x20
			}
			b = append(b, c)
		}
	}
	return string(b)
}

var scriptContent = eventRule(Rule{
	ID: "E-56", Title: "Suspicious script content", Level: Medium, Attack: []string{"T1059.001", "T1027"},
	Why:    "A script or command line holds words that tools of attackers use: downloads that run at once, code in memory, disguise.",
	Benign: "Scripts of administrators and package managers.",
	Next:   "Read the whole script; it is in the record.",
}, func(x *eventLook) {
	text, name := "", ""
	level := Level(0)
	switch {
	case x.ch == chPowerShell && x.r.ID == 4104:
		text, name = x.get("ScriptBlockText"), x.get("Path")
		if x.r.Level == 3 {
			level = High // PowerShell itself warns
		}
	case x.ch == chPowerShell:
		text = x.get("Payload") + " " + x.get("ContextInfo")
	case x.ch == chWindowsPowerShell:
		text = x.unnamed(2)
		if x.r.ID == 400 || x.r.ID == 600 {
			text = field(text, "HostApplication=")
		}
	default:
		p := x.process()
		if !scriptHosts[p.base] && !strings.Contains(p.line, "powershell") && !strings.Contains(p.line, "iex") {
			return
		}
		text, name = p.command, p.image
	}
	if text == "" {
		return
	}
	found, worst, n := judgeScript(text)
	level = max(level, worst)
	if n >= 2 {
		level = max(level, High)
	}
	if level < Medium {
		return
	}
	if x.fromInstaller(name) {
		level = min(level, Low)
	} else if len(found) == 0 && troubleshooter(name, text) {
		level = Informational
	}
	s := x.setting("PowerShell scripts")
	if name != "" {
		s = x.image(name)
	}
	if len(found) == 0 {
		found = []string{"PowerShell warned of it"}
	}
	x.hit(s, level, "it %s: %s", listOf(found, 4), clip(strings.Join(strings.Fields(text), " "), 160))
}, append(slices.Clone(processCreation), in(chPowerShell, 4104, 4103), in(chWindowsPowerShell, 400, 800))...)

// scriptHosts are programs whose command lines are scripts.
var scriptHosts = set2("powershell.exe pwsh.exe cmd.exe wscript.exe cscript.exe mshta.exe rundll32.exe regsvr32.exe")

// judgeScript returns what a script does that deserves a look, the worst level,
// and how many kinds of it at medium or above.
func judgeScript(text string) (found []string, worst Level, n int) {
	flat := squeeze(text)
	for i := range signs {
		s := &signs[i]
		if slices.Contains(found, s.says) || !strings.Contains(flat, s.word) {
			continue
		}
		if s.word == "iex" && !iexWord(text) {
			continue
		}
		found = append(found, s.says)
		worst = max(worst, s.level)
		if s.level >= Medium {
			n++
		}
	}
	if encodedCommand(flat) {
		found, worst, n = append(found, "runs an encoded command"), max(worst, High), n+1
	}
	if iexWord(text) && !slices.Contains(found, "runs text as code") {
		found, worst = append(found, "runs text as code"), max(worst, Medium)
	}
	if disguised(text) {
		found, worst, n = append(found, "is disguised"), max(worst, Medium), n+1
	}
	return found, worst, n
}

// iexWord reports whether IEX stands as a word of its own.
func iexWord(s string) bool {
	low := strings.ToLower(clip(s, maxScript))
	for i := 0; ; {
		j := strings.Index(low[i:], "iex")
		if j < 0 {
			return false
		}
		i += j
		before, after := byte(' '), byte(' ')
		if i > 0 {
			before = low[i-1]
		}
		if i+3 < len(low) {
			after = low[i+3]
		}
		if !wordByte(before) && !wordByte(after) {
			return true
		}
		i += 3
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '-' || c == '$' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z'
}

// encodedCommand reports whether a squeezed command line has the switch for
// encoded commands, or its short forms, with at least 40 characters after it.
func encodedCommand(flat string) bool {
	for _, s := range []string{"-encodedcommand", "-enc", "-ec", "-e"} {
		for i := 0; ; {
			j := strings.Index(flat[i:], s)
			if j < 0 {
				break
			}
			i += j + len(s)
			n, as := 0, 0
			for i+n < len(flat) && n < 40 && base64Byte(flat[i+n]) {
				if flat[i+n] == 'a' {
					as++
				}
				n++
			}
			// Command lines name the shell; scripts have long words after a dash. Of text in
			// UTF-16 every fourth byte of its Base64 is an A at least, of the rest of a switch
			// (-ExecutionPolicy Unrestricted /NoProfile, -Encoding) next to none is.
			if n >= 40 && (s == "-encodedcommand" || as >= n/5) && (s != "-e" && s != "-ec" || strings.Contains(flat, "powershell")) {
				return true
			}
		}
	}
	return false
}

func base64Byte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '/' || c == '='
}

// disguised reports whether a script is broken into pieces: many joins of
// short strings, ticks within words, format strings with swapped parts.
func disguised(s string) bool {
	s = clip(s, 64<<10)
	joins := strings.Count(s, `'+'`) + strings.Count(s, `"+"`) + strings.Count(s, `' + '`)
	ticks := strings.Count(s, "`") - strings.Count(s, "`n") - strings.Count(s, "`r") - strings.Count(s, "`t") - strings.Count(s,
		"``") - strings.Count(s, "`\"") - strings.Count(s, "`$")
	formats := strings.Count(s, `-f'`) + strings.Count(s, `-f"`) + strings.Count(s, `" -f `) + strings.Count(s, `-f  '`)
	chars := strings.Count(strings.ToLower(s), "[char]")
	per := len(s)/400 + 1
	return joins >= 6*per || ticks >= 10*per || formats >= 3 && strings.Contains(s, "{1}{0}") || chars >= 8*per
}

// fromInstaller reports whether a script lies where package managers and
// modules have theirs.
func (x *eventLook) fromInstaller(path string) bool {
	l := strings.ToLower(path)
	return strings.Contains(l, `\chocolatey\`) || strings.Contains(l, `\program files`) ||
		strings.Contains(l, `\windowspowershell\modules\`) || strings.Contains(l, `\windows\system32\windowspowershell\v1.0\modules\`) ||
		strings.Contains(l, `\microsoft\windows defender advanced threat protection\`)
}

// troubleshooter reports whether a script is one of Windows' troubleshooters,
// which are unpacked into a folder for temporary files and warned of on a clean
// machine.
func troubleshooter(path, text string) bool {
	return strings.Contains(strings.ToLower(path), `\windows\temp\sdiag_`) &&
		strings.Contains(clip(text, 200), "Microsoft Corporation. All rights reserved")
}

// field returns a line of the text of an event that begins with a name.
func field(text, name string) string {
	_, rest, ok := strings.Cut(text, name)
	if !ok {
		return ""
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

// snap notes that a shadow copy was deleted; many in a minute are no rotation.
func (s *scriptState) snap(x *eventLook) {
	s.snaps = append(s.snaps, x.now())
	if len(s.snaps) > 3 {
		s.snaps = s.snaps[1:]
	}
	if len(s.snaps) == 3 && x.now().Sub(s.snaps[0]).Abs() <= time.Minute {
		x.hit(x.setting("shadow copies"), High, "three and more shadow copies were deleted within a minute")
	}
}

var oldPowerShell = eventRule(Rule{
	ID: "E-59", Title: "PowerShell 2 engine used", Level: Medium, Attack: []string{"T1562.010"},
	Why:    "The old engine records no scripts and does not let the antivirus see them.",
	Benign: "Very old scripts.",
	Next:   "Read what ran in the same minute.",
}, func(x *eventLook) {
	v := field(x.unnamed(2), "EngineVersion=")
	s := &x.ev.scripts
	if s.engines == nil {
		s.engines = map[string]bool{}
	}
	if v != "" && len(s.engines) < 64 {
		s.engines[v[:1]] = true
	}
	if strings.HasPrefix(v, "2") && len(s.old) < 64 {
		s.old = append(s.old, x.keep())
	}
}, in(chWindowsPowerShell, 400)).finishing(func(x *eventLook) {
	s := &x.ev.scripts
	if len(s.old) > 0 && (s.engines["3"] || s.engines["4"] || s.engines["5"]) {
		x.hit(x.setting("PowerShell engine"), 0, "engine 2 started %d times, the first at %s", len(s.old),
			stampWords(eventTime(s.old[0]))).from(s.old...)
	}
})

var wmiSubscription = eventRule(Rule{
	ID: "E-57", Title: "WMI subscription made", Level: Medium, Attack: []string{"T1546.003"},
	Why:    "A subscription starts a command or script whenever an event occurs, without a file that starts automatically.",
	Benign: "Management agents; the two subscriptions of Windows are excluded.",
	Next:   "Compare with rule P-16; read the consumer.",
}, func(x *eventLook) {
	if x.ch == chWMI {
		consumer, cause := x.below("CONSUMER"), x.below("PossibleCause")
		level := Medium
		if strings.Contains(consumer, "ActiveScript") || strings.Contains(consumer, "CommandLine") {
			level = Critical
		}
		if ownSubscription(consumer, cause, level == Critical) || strings.HasPrefix(consumer, "NTEventLogEventConsumer") {
			return
		}
		x.hit(x.setting("WMI subscription "+consumer), level, "it was bound: %s", strings.Join(strings.Fields(clip(cause, 300)), " "))
		return
	}
	name := strings.Trim(strings.TrimSpace(x.get("Name")), `"`)
	if name == "" {
		name = strings.Trim(strings.TrimSpace(x.get("Consumer")), `"`)
	}
	level := Medium
	if k := strings.ToLower(x.get("Type")); x.r.ID == 20 && (strings.Contains(k, "command") || strings.Contains(k, "script")) {
		level = Critical
	}
	if ownSubscription(name, x.get("Destination"), level == Critical) {
		return
	}
	x.hit(x.setting("WMI subscription "+name), level, "%s %s it: %s", x.get("User"), strings.ToLower(x.get("Operation")),
		strings.Join(strings.Fields(clip(x.get("Destination")+x.get("Query")+x.get("Filter"), 300)), " "))
}, in(chWMI, 5861), in(chSysmon, 19, 20, 21))

// ownSubscription reports whether a subscription is one of the two that come
// with Windows. The first only writes to an event log; the command of the second
// is known. Another command under their names is not theirs.
func ownSubscription(name, text string, runs bool) bool {
	switch {
	case strings.Contains(name, "SCM Event Log"):
		return !runs
	case strings.Contains(name, "BVTFilter"), strings.Contains(name, "BVTConsumer"):
		return !runs || strings.Contains(strings.ToLower(text), "kerncap.vbs")
	}
	return false
}
