package findings

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
)

// A logState is what the rules about the logs themselves keep.
type logState struct {
	files   map[string]*logFile
	stops   []stopped
	downs   []time.Time // of proper shutdowns
	clocks  []time.Time // of boots and changes of the clock
	gaps    gapState
	cleared []*hit
	dropped int // hits beyond the limits
}

type logFile struct {
	first, last, records uint64
	at                   time.Time // of the record with the number before
	before               uint64    // that number
	back                 []backStep
}

// missed is how many numbers between the first and the last have no record. A
// span that no log can hold is a number that is wrong.
func (f *logFile) missed() uint64 {
	if span := f.last - f.first + 1; span > f.records && span < 1<<24 {
		return span - f.records
	}
	return 0
}

type stopped struct {
	at   time.Time
	row  *row
	rule *Rule
	says string
}

var eventLogCleared = eventRule(Rule{
	ID: "E-01", Title: "Event log cleared", Level: High, Attack: []string{"T1070.001"}, Leads: true,
	Why:    "Clearing a log removes the record of what happened before; the record of the clearing names the account.",
	Benign: "Preparation of system images; laboratory work; administrators who clear a full log.",
	Next:   "Read the same hour in other channels and on other machines; look for the log in shadow copies.",
}, func(x *eventLook) {
	log := cmp.Or(x.below("Channel"), "Security")
	if x.r.ID == 104 && x.below("Channel") == "" {
		log = cmp.Or(x.below("BackupPath"), "System")
	}
	who := who{name: x.below("SubjectUserName"), domain: x.below("SubjectDomainName")}
	h := x.hit(x.setting("event log "+log), 0, "%s cleared the log %s at %s", cmp.Or(who.String(), "an unknown account"), log,
		stampWords(x.now()))
	if len(x.ev.logs.cleared) < maxNoted && strings.EqualFold(log, "Security") {
		x.ev.logs.cleared = append(x.ev.logs.cleared, h)
	}
	x.change("log " + log + " cleared")
}, in(chSecurity, 1102), in(chSystem, 104)).settling(func(x *eventLook) {
	for _, c := range x.ev.logs.cleared {
		if len(c.rows) == 0 {
			continue
		}
		at := eventTime(c.rows[0])
		for _, h := range x.hits {
			if h.rule.ID == "E-01" || h.level < High || h.rule.events == nil || len(h.rows) == 0 {
				continue
			}
			if d := eventTime(h.rows[0]).Sub(at).Abs(); d <= 24*time.Hour {
				c.level = Critical
				c.says += "; within a day of: " + h.rule.Title
				break
			}
		}
	}
})

var auditingReduced = eventRule(Rule{
	ID: "E-02", Title: "Auditing reduced", Level: High, Attack: []string{"T1562.002"},
	Why:    "Windows no longer records what these audit settings would have recorded.",
	Benign: "Policy changes, which reach every machine in the same minute with SYSTEM as the actor.",
	Next:   "List what would have been recorded since; compare with other machines.",
}, func(x *eventLook) {
	a := x.actor()
	level := High
	if a.machine() || a.system() {
		level = Low // by policy
	}
	switch x.r.ID {
	case 4912:
		// Auditing of one user: records of that user can be hidden so.
		x.hit(x.setting("audit policy"), level, "%s changed the auditing of the user %s: subcategory %s, %s", a,
			cmp.Or(x.get("TargetUserSid"), "unknown"), x.get("SubcategoryGuid"), x.get("AuditPolicyChanges"))
		x.change("auditing of a user changed")
	case 4719:
		c := x.get("AuditPolicyChanges")
		if !strings.Contains(c, "%%8448") && !strings.Contains(c, "%%8450") {
			return
		}
		x.early = Informational
		x.hit(x.setting("audit policy"), level, "%s removed auditing of subcategory %s", a,
			cmp.Or(x.get("SubcategoryGuid"), x.get("SubcategoryId")))
		x.change("auditing reduced")
	case 4906:
		if x.num("CrashOnAuditFailValue") == 0 && x.get("CrashOnAuditFailValue") != "" {
			x.hit(x.setting("audit policy"), level, "CrashOnAuditFail was set to 0")
		}
	}
}, in(chSecurity, 4719, 4912, 4906)).watching(func(x *eventLook) {
	p := x.process()
	if p.base != "auditpol.exe" && !strings.Contains(p.line, "auditpol") {
		return
	}
	for _, s := range []string{"/clear", "/remove", ":disable", "/restore"} {
		if strings.Contains(p.line, s) {
			x.hit(x.setting("audit policy"), High, "%s ran %s", p.user, p.command)
			return
		}
	}
}, processCreation...)

var logCommand = eventRule(Rule{
	ID: "E-03", Title: "Command against event logs", Level: High, Attack: []string{"T1070.001"},
	Why:    "A command clears, disables or deletes a log.",
	Benign: "Maintenance scripts of administrators.",
	Next:   "Look for the record of the clearing beside it.",
}, func(x *eventLook) {
	p := x.process()
	l := p.line
	bad := (strings.Contains(l, "wevtutil") || p.base == "wevtutil.exe") &&
		(strings.Contains(l, " cl ") || strings.Contains(l, "clear-log") ||
			(strings.Contains(l, " sl ") || strings.Contains(l, "set-log")) && strings.Contains(l, "/e:false")) ||
		strings.Contains(l, "clear-eventlog") || strings.Contains(l, "remove-eventlog") || strings.Contains(l, "usn") &&
		strings.Contains(l, "deletejournal")
	if bad {
		x.hit(x.image(p.image), 0, "%s ran %s", p.user, p.command)
	}
}, processCreation...)

// guarded are the services that record or protect. Some records have the name of
// the service, others the name that users see.
var guarded = map[string]bool{
	"eventlog": true, "sysmon": true, "sysmon64": true, "windefend": true, "sense": true, "mpssvc": true, "wscsvc": true,
	"windows event log": true, "windows defender antivirus service": true, "microsoft defender antivirus service": true,
	"windows defender service": true, "windows defender advanced threat protection service": true,
	"microsoft defender for endpoint service": true, "windows defender firewall": true, "windows firewall": true, "security center": true,
}

var loggingStopped = eventRule(Rule{
	ID: "E-04", Title: "Logging or defence service switched off", Level: High, Attack: []string{"T1562.001", "T1562.002"},
	Why:    "A service that records or protects was disabled, stopped outside a shutdown, or died.",
	Benign: "Installation of another security product; faults. Ordinary shutdowns are excluded.",
	Next:   "Compare with the settings of the service in the registry; read what happened while it was off.",
}, func(x *eventLook) {
	switch x.r.ID {
	case 7040:
		name := cmp.Or(x.get("param4"), x.get("param1"))
		level := High
		switch strings.ToLower(x.get("param3")) {
		case "disabled":
		case "auto start", "demand start", "boot start", "system start", "delayed auto start":
			return
		default:
			level = Medium // in another language
		}
		if guarded[strings.ToLower(name)] {
			x.hit(x.setting("service "+name), level, "%s was set from %s to %s", x.get("param1"), x.get("param2"), x.get("param3"))
		}
	case 7034:
		if name := x.get("param1"); guarded[strings.ToLower(name)] {
			x.hit(x.setting("service "+name), High, "%s ended unexpectedly", name)
		}
	case 7036:
		if x.serviceStopped("EventLog", "Windows Event Log") {
			x.ev.logs.stop(x, "the event log service stopped")
		}
	case 6006:
		x.ev.logs.stop(x, "the event log service stopped")
	case 1074, 13, 109, 6008, 41, 12:
		if len(x.ev.logs.downs) < maxNoted && x.kernel() {
			x.ev.logs.downs = append(x.ev.logs.downs, x.now())
		}
	case 1100:
		x.ev.logs.stop(x, "the event log service stopped")
	}
}, in(chSystem, 7040, 7034, 7036, 6006, 1074, 13, 109, 6008, 41, 12), in(chSecurity, 1100)).finishing(func(x *eventLook) {
	for _, s := range x.ev.logs.stops {
		if s.rule == x.rule && x.ev.covers(chSystem, s.at) && !x.ev.logs.shutDown(s.at) {
			x.hit(x.setting("service EventLog"), High, "%s at %s without a shutdown", s.says, stampWords(s.at)).from(s.row)
		}
	}
})

// serviceStopped reports whether a record of the service manager (7036) is about
// the end of a service. Its binary value, the name in UTF-16 with "/1" for
// stopped, is the same in each language.
func (x *eventLook) serviceStopped(name, shown string) bool {
	if b, err := hex.DecodeString(x.get("Binary")); err == nil && len(b) > 0 {
		text := strings.ReplaceAll(string(b), "\x00", "")
		return strings.EqualFold(text, name+"/1")
	}
	return strings.EqualFold(x.get("param1"), shown) && strings.Contains(strings.ToLower(x.get("param2")), "stop")
}

// shutDown reports whether Windows shut down or started within a minute.
func (l *logState) shutDown(at time.Time) bool {
	return slices.ContainsFunc(l.downs, func(d time.Time) bool { return d.Sub(at).Abs() <= time.Minute })
}

// kernel reports whether a record of the channel System is from the parts of
// Windows that record starts and ends, where its number has several meanings.
func (x *eventLook) kernel() bool {
	switch x.r.ID {
	case 12, 13:
		return strings.HasSuffix(x.r.Provider, "Kernel-General")
	case 41, 109:
		return strings.HasSuffix(x.r.Provider, "Kernel-Power")
	}
	return true
}

func (l *logState) stop(x *eventLook, says string) {
	if len(l.stops) < maxNoted {
		l.stops = append(l.stops, stopped{x.now(), x.keep(), x.rule, says})
	}
}

// clockSetters are programs that set the clock as part of their work.
var clockSetters = map[string]bool{
	"svchost.exe": true, "vmtoolsd.exe": true, "vboxservice.exe": true, "vmms.exe": true, "vmicsvc.exe": true, "w32tm.exe": true,
	"vmicheartbeat.exe": true,
	"prl_tools.exe":     true, "xenguestagent.exe": true, "qemu-ga.exe": true, "oobe.exe": true, "setup.exe": true, "windeploy.exe": true,
	"chronyd.exe": true, "spiceagent.exe": true,
}

var clockSet = eventRule(Rule{
	ID: "E-05", Title: "Clock set by hand", Level: Medium, Attack: []string{"T1070.006"},
	Why:    "The times of records before and after the change do not compare.",
	Benign: "Change of time zone; guest systems that resume.",
	Next:   "Compare with rule D-08; correct the times around the change.",
}, func(x *eventLook) {
	name := cmp.Or(x.get("ProcessName"), x.get("ProcessImageName"))
	base := strings.ToLower(baseOf(name))
	if clockSetters[base] || base == "" {
		return
	}
	before, after := parseEventTime(cmp.Or(x.get("PreviousTime"), x.get("OldTime"))), parseEventTime(x.get("NewTime"))
	if x.ch == chSystem && x.num("Reason") != 1 || before.IsZero() || after.IsZero() {
		return
	}
	d := after.Sub(before)
	if d.Abs() <= time.Minute {
		return
	}
	level := Medium
	x.early = Low
	if base == "systemsettings.exe" || base == "systemsettingsadminflows.exe" || base == "rundll32.exe" || base == "dllhost.exe" {
		level = Low // the pages of Settings and timedate.cpl
	}
	x.hit(x.setting("clock"), level, "%s set the clock by %s, from %s to %s", name, d.Round(time.Second), stampWords(before),
		stampWords(after))
}, in(chSecurity, 4616), in(chSystem, 1))

var sysmonChanged = eventRule(Rule{
	ID: "E-06", Title: "Sysmon stopped or reconfigured", Level: Medium, Attack: []string{"T1562.001"},
	Why:    "Sysmon records less than before, or nothing.",
	Benign: "Updates; administrators who deploy a configuration.",
	Next:   "Compare the configuration before and after; look for what is missing.",
}, func(x *eventLook) {
	switch x.r.ID {
	case 1: // of the manager of file-system filters
		if strings.HasSuffix(x.r.Provider, "FilterManager") && filterDrivers[strings.ToLower(x.get("DeviceName"))] {
			x.ev.logs.stop(x, "the filter "+x.get("DeviceName")+" was unloaded")
		}
	case 4:
		if strings.EqualFold(x.get("State"), "Stopped") {
			x.ev.logs.stop(x, "Sysmon stopped")
		}
	case 16:
		level := Medium
		if installsSysmon(x.get("Configuration")) {
			level = Low
		}
		x.hit(x.setting("Sysmon"), level, "its configuration was changed: %s", x.get("Configuration"))
	case 255:
		x.hit(x.setting("Sysmon"), 0, "it reports an error: %s %s", x.get("ID"), x.get("Description"))
	}
}, in(chSysmon, 4, 16, 255), in(chSystem, 1)).finishing(func(x *eventLook) {
	for _, s := range x.ev.logs.stops {
		if s.rule != x.rule || x.ev.logs.shutDown(s.at) {
			continue
		}
		level := Medium
		if !x.ev.covers(chSystem, s.at) {
			level = Low // it also stops with Windows, and the shutdowns are not known
		}
		x.hit(x.setting("Sysmon"), level, "%s at %s", s.says, stampWords(s.at)).from(s.row)
	}
})

// filterDrivers are the filters of what records. The antivirus unloads its own
// when it is updated.
var filterDrivers = set2("sysmondrv")

// installsSysmon reports whether a command line of Sysmon has the switch for
// installations.
func installsSysmon(command string) bool {
	return slices.ContainsFunc(strings.Fields(strings.ToLower(command)), func(w string) bool { return w == "-i" || w == "/i" })
}

var logHole = eventRule(Rule{
	ID: "E-07", Title: "Hole in an event log", Level: Medium, Attack: []string{"T1070.001"},
	Why:    "Records are missing from the middle of a log, or Windows could not write them.",
	Benign: "A log that was copied while Windows wrote to it; damaged chunks; a full log that is not overwritten.",
	Next:   "Compare with the log in shadow copies and with rule D-06.",
}, func(x *eventLook) {
	switch x.r.ID {
	case 1101:
		x.hit(x.setting("event log Security"), 0, "Windows dropped audit events: %s", x.below("EventsDropped"))
	case 1104:
		x.hit(x.setting("event log Security"), Low, "the log is full: nothing was recorded from %s", stampWords(x.now()))
	}
}, in(chSecurity, 1101, 1104)).watching(func(x *eventLook) {
	// What explains that the clock goes back.
	if l := &x.ev.logs; len(l.clocks) < maxNoted && (x.ch != chSystem || x.r.ID == 1 && x.get("OldTime") != "" || x.r.ID != 1 && x.kernel()) {
		l.clocks = append(l.clocks, x.now())
	}
}, in(chSystem, 1, 12, 6005, 6009, 41), in(chSecurity, 4608, 4616)).finishing(func(x *eventLook) {
	if !x.allEvents() {
		return // the records of other artifacts are not missing
	}
	x.backInTime()
	x.silent()
	for _, path := range sortedKeys(x.ev.logs.files) {
		if n := x.ev.logs.files[path].missed(); n > 0 {
			x.hit(x.setting("event log "+strings.TrimSuffix(baseOf(path), ".evtx")), holeLevel(n),
				"%d record numbers are missing in the middle of %s", n, path)
		}
	}
})

// allEvents reports whether the run asked for all records of event logs.
func (x *eventLook) allEvents() bool {
	if len(x.facts.Artifacts) == 0 {
		return true
	}
	for _, name := range x.rule.Needs {
		a := artifactNamed(name)
		if a != nil && !slices.Contains(x.facts.Artifacts, name) &&
			!slices.ContainsFunc(x.facts.Artifacts, func(n string) bool { return strings.EqualFold(n, a.Group) }) {
			return false
		}
	}
	return true
}

// holeLevel is low for single records, which Windows itself loses.
func holeLevel(missed uint64) Level {
	if missed < 10 {
		return Informational
	}
	return Medium
}

// number follows the record numbers of each file, whatever their order. Only
// live logs count: carved and torn records have holes by nature.
func (l *logState) number(x *eventLook) {
	if x.rec == nil || x.rec.From.State != artifacts.Live || x.rec.From.Path == "" || x.rec.From.Snapshot != "" {
		return
	}
	if l.files == nil {
		l.files = map[string]*logFile{}
	}
	l.gaps.add(x)
	for _, n := range x.numbers() {
		f := l.files[x.rec.From.Path]
		if f == nil {
			if len(l.files) < maxNoted {
				l.files[x.rec.From.Path] = &logFile{first: n, last: n, records: 1, at: x.now(), before: n}
			}
			continue
		}
		f.step(x, n)
		f.first, f.last = min(f.first, n), max(f.last, n)
		f.records++
	}
}

// numbers returns the numbers of the records that the event was read from.
func (x *eventLook) numbers() []uint64 {
	if e, ok := x.rec.Data.(events.Event); ok && e.Script != nil {
		return e.Numbers()
	}
	return []uint64{x.r.Number}
}

// lowerEarly lowers what belongs to the installation of Windows: what happened
// before the first user logged on. Records come log by log, so that this is
// known only at the end.
func (s *scene) lowerEarly() {
	for _, h := range s.hits {
		if s.installing(h) {
			h.level = min(h.level, h.early)
		}
	}
}

// installing reports whether a hit belongs to the installation of Windows.
func (s *scene) installing(h *hit) bool {
	return h.early > 0 && len(h.rows) > 0 && eventTime(h.rows[0]).Before(s.ev.logons.firstUser)
}

// eventTime is the time of the record in a row.
func eventTime(r *row) time.Time {
	if e, ok := eventOf(r); ok {
		return e.Time
	}
	return time.Time{}
}

// parseEventTime reads a time as events hold it.
func parseEventTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(s))
	if err != nil {
		t, err = time.Parse("2006-01-02 15:04:05.999999999", strings.TrimSuffix(strings.TrimSpace(s), "Z"))
	}
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func inMinutes(d time.Duration) string { return fmt.Sprintf("%.0f min", d.Minutes()) }
