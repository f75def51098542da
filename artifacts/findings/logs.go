package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// logFolder is where Windows keeps its event logs unless it is told otherwise.
const logFolder = `\System32\winevt\Logs\`

// mainLogs are those that every machine writes to all the time.
var mainLogs = []string{"Security", "System"}

var logsCleared = wholeRule(Rule{
	ID: "D-06", Title: "Event log cleared, cut or missing", Level: High, Attack: []string{"T1070.001"},
	Why:    "The log starts late although it was never full, lacks records, or is missing. Earlier activity is no longer recorded.",
	Benign: "Administrators who clear logs; reduced log sizes; archiving by Windows; copies taken while Windows wrote.",
	Next:   "Read the first records (1102 in Security and 104 in System name the account). Look for the log in shadow copies and on a log server.",
	Needs:  []string{"evtxfiles"},
}, func(x *look) {
	logs := map[string]*row{} // live logs by name, lower case
	var all []*row
	for _, r := range x.kept["evtxfiles"] {
		if r.rec.From.State == artifacts.Live {
			logs[strings.ToLower(r.rec.Data.(events.EvtxFile).Log)] = r
			all = append(all, r)
		}
	}
	for _, name := range mainLogs {
		if logs[strings.ToLower(name)] == nil {
			x.logMissing(name, all)
		}
	}
	cleaning := x.starts(cleaners)
	together := x.beginnings(all)
	for _, r := range all {
		look := *x
		look.row = r
		look.log(r.rec.Data.(events.EvtxFile), all, cleaning, together)
	}
}, "evtxfiles", "eventlogging", "osinfo")

// cleaners are the programs by which logs are usually cleared from a prompt.
var cleaners = map[string]string{"wevtutil.exe": "wevtutil"}

// minOtherLogs is how many other logs show that a collection did take the
// whole folder: Windows makes far more.
const minOtherLogs = 10

// logMissing judges that a main log is not in the evidence.
func (x *look) logMissing(name string, others []*row) {
	if x.facts.Machine != nil && olderThanVista(x.facts.Machine.Build) {
		return // its logs have another format
	}
	level, why := Level(0), ""
	switch {
	case x.facts.Whole && len(others) > 0:
		level, why = High, "but "+count(len(others), "other log exists", "other logs exist")
	case x.facts.Whole && x.folderThere(logFolder+name+".evtx"):
		level, why = High, "and neither is any other log"
	case len(others) >= minOtherLogs:
		level, why = Medium, "but "+count(len(others), "other log exists",
			"other logs exist")+": it was deleted, unless the collection omitted it"
	default:
		return
	}
	if to := x.logMoved(name); to != "" {
		level, why = Low, "the registry places it at "+to
	}
	h := x.hit(x.setting("event log "+name), level, "%s.evtx is missing, %s", name, why)
	h.from(others[:min(len(others), 3)]...)
}

// folderThere reports whether the folder of this file below the Windows folder
// is in the evidence.
func (x *look) folderThere(rel string) bool {
	if x.facts.Find == nil {
		return false
	}
	root := `C:\Windows`
	if m := x.facts.Machine; m != nil {
		root = cmp.Or(m.SystemRoot, root)
	}
	_, folder := x.facts.Find(root + rel)
	return folder
}

// logMoved returns where the registry puts the log, when that is another
// folder than the usual one.
func (x *look) logMoved(name string) string {
	for _, r := range x.kept["eventlogging"] {
		s, ok := r.rec.Data.(system.Setting)
		if ok && strings.EqualFold(s.Subject, name) && strings.EqualFold(s.Setting, "File") && r.rec.From.State == artifacts.Live {
			if key := x.normal(s.Value, r.rec.User); strings.HasPrefix(key, `\`) &&
				!strings.HasSuffix(winpath.Dir(key)+`\`, strings.ToLower(logFolder)) {
				return s.Value
			}
		}
	}
	return ""
}

// emptied reports whether a log begins late although nothing in it was
// overwritten.
func emptied(f events.EvtxFile) bool { return f.Records > 0 && f.First > 1 && !f.Overwritten() }

// beginnings are the times at which emptied logs begin, sorted.
func (x *look) beginnings(all []*row) []time.Time {
	var out []time.Time
	for _, r := range all {
		if f := r.rec.Data.(events.EvtxFile); emptied(f) && !f.Oldest.IsZero() {
			out = append(out, f.Oldest)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// log judges one log that is there.
func (x *look) log(f events.EvtxFile, all []*row, cleaning []start, together []time.Time) {
	s := x.setting("event log " + f.Log)
	main := slices.ContainsFunc(mainLogs, func(n string) bool { return strings.EqualFold(n, f.Log) })
	if emptied(f) {
		// One sign alone has innocent reasons; that somebody started the program
		// for it, or that several logs begin together, has hardly any.
		level, more := Low, ""
		if main {
			level = Medium
		}
		if i := slices.IndexFunc(cleaning, func(c start) bool {
			return !f.Oldest.IsZero() &&
				c.t.Sub(f.Oldest).Abs() <= 10*time.Minute
		}); i >= 0 {
			level, more = level.step(1), fmt.Sprintf("; %s was started %s", cleaning[i].name, cleaning[i].t.UTC().Format(secondsOnly))
		} else if n := countWithin(together, f.Oldest.Add(-5*time.Minute), f.Oldest.Add(5*time.Minute)); n >= 3 {
			level, more = level.step(1), fmt.Sprintf("; %d logs start like this within ten minutes", n)
		}
		if x.newInstall(f.Oldest) {
			level, more = Informational, "; Windows was installed or upgraded then"
		}
		x.hit(s, level, "it starts with record %d of %s and was never overwritten: earlier records were removed%s", f.First,
			f.Oldest.UTC().Format(secondsOnly), more)
	}
	if f.MissingCount > 0 {
		level := Medium
		switch {
		case f.Dirty:
			level = Informational // the copy may be of two moments
		case main:
			level = High
		}
		x.hit(s, level, "missing records (%d): %s", f.MissingCount, clip(strings.Join(f.Missing, ", "), 200))
	}
	if f.HiddenCount > 0 {
		x.hit(s, High, "records hidden inside others: %d; a tool edited the log, and Windows does not list them",
			f.HiddenCount).as("T1070.001")
	}
	if len(f.Unusual) > 0 && !f.Dirty {
		x.hit(s, Low, "it was changed by other means than the event log service, or is damaged: %s",
			clip(strings.Join(f.Unusual, "; "), 300)).as("T1070.001")
	}
	// A log of the smallest size on a machine whose other logs go back for
	// weeks: full logs are never that small.
	const small = 4096 + 65536
	if main && f.Size <= small && !emptied(f) {
		oldest := time.Time{}
		for _, r := range all {
			if o := r.rec.Data.(events.EvtxFile).Oldest; !o.IsZero() && (oldest.IsZero() || o.Before(oldest)) {
				oldest = o
			}
		}
		if !oldest.IsZero() && (f.Oldest.IsZero() || f.Oldest.Sub(oldest) >= 30*24*time.Hour) {
			x.hit(s, High, "it is %d bytes long (%d records), while other logs go back to %s", f.Size, f.Records,
				oldest.UTC().Format("2006-01-02"))
		}
	}
}

// countWithin is how many of the sorted times lie between two.
func countWithin(times []time.Time, from, to time.Time) int {
	i, _ := slices.BinarySearchFunc(times, from, time.Time.Compare)
	n := 0
	for ; i < len(times) && !times[i].After(to); i++ {
		n++
	}
	return n
}

// newInstall reports whether a version of Windows was installed within a day
// of a time.
func (x *look) newInstall(t time.Time) bool {
	return slices.ContainsFunc(x.kept["osinfo"], func(r *row) bool {
		o, ok := r.rec.Data.(system.OSInfo)
		return ok && !o.Installed.IsZero() && o.Installed.Sub(t).Abs() <= 24*time.Hour
	})
}

// firstInstall is when the oldest version of Windows that anything tells of
// was installed, or the zero time.
func (x *look) firstInstall() time.Time {
	var first time.Time
	for _, r := range x.kept["osinfo"] {
		if o, ok := r.rec.Data.(system.OSInfo); ok && !o.Installed.IsZero() && r.rec.From.State == artifacts.Live &&
			(first.IsZero() || o.Installed.Before(first)) {
			first = o.Installed
		}
	}
	return first
}
