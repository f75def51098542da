package findings

import (
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// The bounds of what a program outside Windows sends in a day without anybody
// asking why.
const (
	muchSent  = 50 << 20
	sentRatio = 4
)

var sentInADay = lifeRule(Rule{
	ID: "C-12", Title: "Sent much more than it received", Level: Medium, Attack: []string{"T1041", "T1048"},
	Why:    "A program outside Windows and Program Files sent at least 50 MiB in a day, four times what it received.",
	Benign: "Clients of cloud storage and backups in a profile; video calls.",
	Next:   "Find out what the program is. SRUM does not record where the bytes went.",
	Needs:  []string{"srumnetwork"},
}, func(x *look, p *programs.Program) {
	if !p.Outside() || expectedSender(p.Key) {
		return
	}
	type day struct {
		sent, received int64
		refs           []programs.Ref
	}
	days := map[string]*day{}
	for i := range p.Traffic {
		t := &p.Traffic[i]
		if t.Kind != "bytes" {
			continue
		}
		k := t.Time.UTC().Format(time.DateOnly)
		if days[k] == nil {
			days[k] = new(day)
		}
		d := days[k]
		d.sent, d.received = d.sent+t.Sent, d.received+t.Received
		d.refs = append(d.refs, t.Ref)
	}
	for _, k := range slices.Sorted(maps.Keys(days)) {
		if d := days[k]; d.sent >= muchSent && d.sent >= sentRatio*d.received {
			x.hit(x.of(p), 0, "on %s it sent %d MiB and received %d MiB", k, d.sent>>20, d.received>>20).from(x.cite(d.refs...)...)
			return
		}
	}
})

// expectedSender reports whether a path is that of a browser or a client of
// storage, which send by design.
func expectedSender(key string) bool {
	for _, s := range []string{"chrome", "firefox", "msedge", "opera", "brave", "onedrive", "dropbox", "googledrive", "teams",
		"zoom", "slack",
		"discord", "backup", "sync"} {
		if strings.Contains(key, s) {
			return true
		}
	}
	return false
}

var identityContradicts = lifeRule(Rule{
	ID: "C-14", Title: "Tool under another name that ran", Level: High, Attack: []string{"T1036.003"},
	Why: "The original name of the program that ran is that of a tool which intruders use, and its file is called otherwise; " +
		"or a program with other findings ran from two files of one path within an hour.",
	Benign: "Copies that administrators rename; updates of programs in profiles.",
	Next:   "Look up the hash, and read the command lines.",
	Needs:  append([]string{"amcachefiles", "defenderlog"}, startNeeds...),
}, func(x *look, p *programs.Program) {
	if p.Counts.AtLeast == 0 {
		return
	}
	x.twoFiles(p)
	n := nameStem(p.Base())
	for _, f := range p.Facts("original_name") {
		o := strings.ToLower(f.Value)
		stem := nameStem(strings.TrimSuffix(o, ".c"))
		t := x.t.toolNamed(stem)
		if t == nil || t.level < Medium || n == stem || strings.HasPrefix(n, stem) || strings.HasPrefix(stem, n) && len(n) > 2 {
			continue
		}
		level := High
		if vendor(p) {
			level = Medium
		}
		refs := slices.Clone(f.From)
		if len(p.Starts) > 0 {
			refs = append(refs, p.Starts[0].Refs()...)
		}
		x.hit(x.of(p), level, "it ran as %s, and its original name is %q: %s", winpath.Base(p.Path), f.Value, t.class).
			as(append([]string{"T1036.003"}, t.attack...)...).from(x.cite(refs...)...)
		return
	}
})

// replacedWithin is how soon a program that has other findings runs from another file for
// that to be no ordinary update.
const replacedWithin = time.Hour

// twoFiles is the other half of C-14: one path ran from two files, one soon after the
// other. References of the file system tell files apart, and hashes that are of one kind.
func (x *look) twoFiles(p *programs.Program) {
	if !p.Outside() || x.said(kindProgram, p.Key) < Medium {
		return
	}
	hashes := map[string]*programs.File{} // by a record that has them
	for i := range p.Files {
		if f := &p.Files[i]; f.SHA1 != "" && !f.SHA1Part || f.SHA256 != "" || f.MD5 != "" {
			for _, r := range f.From {
				hashes[r.Record] = f
			}
		}
	}
	last := map[string]*programs.Start{} // by what tells its file
	file := map[string]string{}
	for i := range p.Starts {
		s := &p.Starts[i]
		for kind, id := range filesOfStart(s, hashes) {
			if before := last[kind]; before != nil && file[kind] != id && s.Time.Sub(before.Time) <= replacedWithin {
				x.hit(x.of(p), High, "it ran from file %s and %s later from file %s: it was replaced", file[kind],
					s.Time.Sub(before.Time).Round(time.Second), id).as("T1036.003").from(x.cite(append(before.Refs(), s.Refs()...)...)...)
				return
			}
			last[kind], file[kind] = s, id
		}
	}
}

// filesOfStart yields what tells the file that a start was of: its reference and its
// hashes, each by its kind.
func filesOfStart(s *programs.Start, hashes map[string]*programs.File) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if s.File != "" && !yield("reference", s.File) {
			return
		}
		for _, r := range s.Refs() {
			f := hashes[r.Record]
			if f == nil {
				continue
			}
			for _, h := range [...][2]string{{"SHA-256", f.SHA256}, {"SHA-1", f.SHA1}, {"MD5", f.MD5}} {
				if h[1] != "" && !(h[0] == "SHA-1" && f.SHA1Part) && !yield(h[0], h[1]) {
					return
				}
			}
			return
		}
	}
}

var changeInSession = wholeRule(Rule{
	ID: "C-15", Title: "Account changed in a session with a high finding", Level: Critical, Attack: []string{"T1098"},
	Why:    "An account or a group was changed in the same log-on session that started a program with a high finding.",
	Benign: "Tests of security products.",
	Next:   "Undo the change, and review everything that the session did.",
	Needs:  []string{"eventaccounts", "eventsysmon", "eventprocesses", "eventlogons"},
}, func(x *look) {
	levels := x.levels()
	bad := map[string]*programs.Start{}
	names := map[string]string{}
	for _, p := range x.model.Programs {
		if levels[p.Key] < High || !p.Outside() {
			continue
		}
		for i := range p.Starts {
			if s := &p.Starts[i]; s.Session != "" && bad[s.Session] == nil {
				bad[s.Session], names[s.Session] = s, p.Path
			}
		}
	}
	for _, a := range x.model.Acts {
		s := bad[a.Session]
		if s == nil || a.Session == "" || a.Kind != "account" && a.Kind != "group" || a.Object == "changed" {
			continue
		}
		who := a.Text
		if who == "" {
			who = strings.ToLower(a.Subject)
		}
		did := "it was " + a.Object
		if a.Kind == "group" {
			did = "it was added to " + (programs.Attribution{Name: a.Object}).Short()
		}
		x.hit(subject{kind: kindAccount, key: "account " + who, show: "account " + a.Subject}, 0,
			"%s by %s in the session (log-on id %#x) that started %s",
			did, accountName(a.Actor), a.Actor.LogonID, names[a.Session]).from(x.cite(append(s.Refs(), a.Ref)...)...)
	}
})

var forgedRecord = wholeRule(Rule{
	ID: "C-16", Title: "Forged record in an event log", Level: High, Attack: []string{"T1070", "T1565.001"},
	Why:    "A record with the text of an event was written by EventCreate, or under the name of a source that does not exist.",
	Benign: "Scripts that log their own words with eventcreate.",
	Next:   "Do not take its content for a fact. Find what wrote it.",
	Needs:  []string{"eventlogs", "eventsysmon", "eventprocesses", "prefetch"},
}, func(x *look) {
	var creators []*programs.Program
	for _, p := range x.model.Programs {
		if p.Base() == "eventcreate.exe" {
			creators = append(creators, p)
		}
	}
	for _, a := range x.model.Acts {
		if a.Kind != "forged" {
			continue
		}
		var by []*programs.Start
		for _, p := range creators {
			by = append(by, startsIn(p, a.Time.Add(-time.Second), a.Time)...)
		}
		level, says := High, "eventcreate.exe started right before it was written"
		if len(by) == 0 {
			if !strings.EqualFold(a.Subject, "System") && !strings.EqualFold(a.Subject, a.Channel) {
				continue
			}
			level, says = Medium, "no provider has this name"
		}
		x.hit(x.setting("forged records in "+a.Channel), level, "record %d of source %q is no event of Windows (%s): %q", a.Number,
			a.Subject, says,
			clip(a.Object, 120)).from(x.cite(append(startRefs(by), a.Ref)...)...)
	}
})

var blockedAttempt = wholeRule(Rule{
	ID: "C-17", Title: "Command that was detected and did not start", Level: Medium, Attack: []string{"T1059"},
	Why:    "The antivirus reported a command line, and no record shows a start of it: it was tried.",
	Benign: "Tests of the antivirus; command lines inside scripts of administrators.",
	Next:   "Find the parent that tried it, and what it did next.",
	Needs:  []string{"eventdefender"},
}, func(x *look) {
	for _, a := range x.model.Acts {
		if a.Kind != "detected command" || x.startedAs(a) {
			continue
		}
		x.hit(subject{kind: kindSetting, key: "setting command " + strings.ToLower(clip(a.Object, 300)),
			show: "command " + clip(a.Object, 120)}, 0,
			"tried, no start recorded: %s (%s)", clip(a.Object, 300), a.Subject).from(x.cite(a.Ref)...)
	}
})

// startedAs reports whether a start with the command line of a detection is known
// around its time.
func (x *look) startedAs(a *programs.Act) bool {
	base := strings.ToLower(winpath.Base(a.Program))
	for _, p := range x.model.Programs {
		if p.Base() != base {
			continue
		}
		for _, s := range startsIn(p, a.Time.Add(-time.Minute), a.Time.Add(time.Minute)) {
			if s.Command == "" || strings.Contains(strings.ToLower(s.Command), strings.ToLower(lastArgument(a.Object))) {
				return true
			}
		}
	}
	return false
}

// lastArgument is the part of a command line after its program.
func lastArgument(command string) string {
	c := winpath.ParseCommand(command, nil)
	return strings.TrimSpace(c.Arguments)
}
