package findings

import (
	"cmp"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/persistence"
)

func suffix(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return ": " + strings.Join(words, ", ")
}

var shimDatabase = rule(Rule{
	ID: "P-15", Title: "Shim database installed", Level: High, Attack: []string{"T1546.011"},
	Why:    "A custom database of compatibility fixes can load libraries into the programs that it names.",
	Benign: "Old enterprise software.",
	Next:   "Obtain the .sdb file and check its fixes.",
	Needs:  []string{"shims"},
}, func(x *look, s persistence.Shim) {
	x.hit(x.setting("shim database "+s.Database), 0, "%s", s.Summary())
})

var wmiConsumer = rule(Rule{
	ID: "P-16", Title: "WMI event consumer", Level: High, Attack: []string{"T1546.003"},
	Why:    "A permanent WMI event consumer runs a command or script when an event occurs. Explorer's autostart lists do not show it.",
	Benign: "Management agents of SCCM, Dell and HP.",
	Next:   "Read the command and the filter.",
	Needs:  []string{"wmi"},
}, func(x *look, w persistence.WMI) {
	if w.Default || w.Kind != "consumer" || slices.Contains(quietConsumers, w.Class) {
		return
	}
	// Without a live binding nothing starts it. Windows and agents create
	// theirs as SYSTEM or an administrator of the machine.
	a := w.Autostart()
	level, by := Medium, ""
	if w.CreatorSID != "" && w.CreatorSID != "S-1-5-18" && w.CreatorSID != "S-1-5-32-544" {
		by = ", created by " + w.CreatorSID
	}
	if w.Bound || by != "" {
		level = High
	}
	does := cmp.Or(commandLine(a), strings.Join(strings.Fields(w.Script), " "), strings.Join(append(w.Settings, w.Strings...), "; "))
	if v := x.t.judge(commandLine(a)+" "+w.Script, command(a)); v.level >= Critical {
		level = Critical
	}
	x.hit(x.setting("WMI "+strings.TrimSpace(w.Class+" "+w.Name)), level, "%s %s: %s%s", w.Class, w.Name, clip(does, 300), by)
})

// quietConsumers run nothing: they write to the event log, to a file, or mail.
var quietConsumers = []string{"NTEventLogEventConsumer", "LogFileEventConsumer", "SMTPEventConsumer"}

var autorunDisabled = rule(Rule{
	ID: "P-17", Title: "Autostart disabled by a user", Level: Informational,
	Why:    "A user disabled this autostart entry; the time is recorded.",
	Benign: "Users often do this.",
	Next:   "No action on its own.",
	Needs:  []string{"startupapproved"},
}, func(x *look, s persistence.StartupApproved) {
	if s.Disabled {
		x.hit(x.setting("autorun "+s.Name+" of "+x.who()), 0, "%s in %s is disabled", s.Name, s.List)
	}
})
