package findings

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/system"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var forgedTimes = wholeRule(Rule{
	ID: "N-05", Title: "Forged file times", Level: High, Attack: []string{"T1070.006"},
	Why:    "The times of the program are in whole seconds and older than its name, or those of another file: tools that set times leave this.",
	Benign: "Cloned templates of deployment tools.",
	Next:   "Take the time of the name for the arrival; look at what else appeared then.",
	Needs:  []string{"mft"},
}, func(x *look) { x.doubts(true) }, fileArtifacts...)

var doubtfulTimes = wholeRule(Rule{
	ID: "N-05b", Title: "Doubtful file times", Level: Medium, Attack: []string{"T1070.006"},
	Why:    "The times of the program do not fit the order of changes on the volume.",
	Benign: "Patches that are unpacked from cabinets.",
	Next:   "Compare the file with the one of its package.",
	Needs:  []string{"mft"},
}, func(x *look) {
	x.doubts(false)
	x.oddTimes()
}, fileArtifacts...)

// oddTimes is what N-05b says of programs whose times alone would be no evidence: the
// change journal shows that they were set.
func (x *look) oddTimes() {
	if !x.hasFiles() {
		return
	}
	for _, r := range x.files().acts {
		c := change(r)
		switch {
		case !c.OddTimes:
		case !c.TimesSet.IsZero():
			x.hit(x.subjectOf(x.files().story(x.scene, c.Path)), Medium, "its times are old and in whole seconds; they were set %s",
				utcTime(c.TimesSet)).from(r)
		default:
			x.hit(x.subjectOf(x.files().story(x.scene, c.Path)), Medium, "its times are old and in whole seconds; it was made %s",
				utcTime(c.Created)).from(r)
		}
	}
}

func (x *look) doubts(strong bool) {
	idx := x.files()
	x.eachStory(func(x *look, t *story, p *program) {
		for _, r := range t.files {
			f := file(r)
			if f.Forged == nil || f.Forged.Strong != strong {
				continue
			}
			var says strings.Builder
			says.WriteString(strings.Join(f.Forged.Tests, "; ") + ": file says created " + utcTime(f.Created) + ", record changed " +
				utcTime(f.Changed) + ", its name is of " + utcTime(f.NameCreated))
			if f.Forged.Twin != "" {
				says.WriteString("; the times are those of " + f.Forged.Twin)
			}
			if !f.Forged.LastChange.IsZero() {
				says.WriteString("; last change really " + utcTime(f.Forged.LastChange) + ", by its record in the change journal")
			} else if !f.Forged.NotBefore.IsZero() {
				says.WriteString("; last change really between " + utcTime(f.Forged.NotBefore) + " and " + utcTime(f.Forged.NotAfter) +
					", by its place in the change journal")
			}
			for _, at := range idx.set[f.Reference] {
				says.WriteString("; times were set " + utcTime(at))
			}
			level, rows := Level(0), []*row{r}
			runs := x.runsOf(idx, p)
			if len(runs) > 0 && len(p.executed()) == 0 {
				last := runs[len(runs)-1]
				says.WriteString("; it last ran " + utcTime(last.at) + ", by its Prefetch file")
				rows = append(rows, last.row)
			}
			if strong && (len(runs) > 0 || len(p.executed()) > 0 || len(p.autostarts()) > 0) {
				level = Critical
			} else if strong {
				level = High
			}
			x.hit(x.subjectOf(t), level, "%s", says.String()).from(rows...)
		}
	})
}

var logsDeleted = wholeRule(Rule{
	ID: "N-09", Title: "Log or hive deleted, replaced or cut", Level: High, Attack: []string{"T1070.001"},
	Why:    "An event log or a hive was deleted, renamed or cut: what it recorded is gone.",
	Benign: "Archiving of logs.",
	Next:   "Compare with the events that record a clearing (1102, 104) and with shadow copies.",
	Needs:  []string{"usnjrnl"},
}, func(x *look) {
	if !x.hasFiles() {
		return
	}
	for _, r := range x.files().acts {
		c := change(r)
		if c.Shown != string(filesystem.Watched) || strings.HasSuffix(strings.ToLower(c.Path), ".pf") || c.OldPath != "" &&
			strings.HasSuffix(strings.ToLower(c.OldPath), ".pf") {
			continue
		}
		name, what, at := winpath.Base(c.Path), "cut", c.First
		switch {
		case !c.Deleted.IsZero():
			what, at = "deleted", c.Deleted
		case !c.Renamed.IsZero() && c.OldPath != "":
			what, at = "renamed from "+winpath.Base(c.OldPath), c.Renamed
		case !strings.HasSuffix(strings.ToLower(c.Path), ".evtx"):
			continue // hives shrink by themselves
		}
		x.hit(x.setting("log "+name), 0, "%s was %s %s", c.Path, what, utcTime(at)).from(r)
	}
}, fileArtifacts...)

var journalRecreated = wholeRule(Rule{
	ID: "N-10", Title: "Change journal deleted or cut", Level: Medium, Attack: []string{"T1070"},
	Why:    "The change journal is younger than the volume or has a gap: it was deleted or cut, and what it recorded is lost.",
	Benign: "Feature updates, chkdsk, backup tools; incomplete copies of the journal.",
	Next:   "Look for fsutil at that time; carve $LogFile and free space for older records.",
	Needs:  []string{"usnjrnl"},
}, func(x *look) {
	if !x.hasFiles() {
		return
	}
	idx := x.files()
	for _, r := range idx.journals {
		c := change(r)
		if c.Cuts > 0 {
			x.hit(x.setting("change journal"), 0, "the change journal has %s: records are missing", plural(c.Cuts, "gap")).from(r)
		}
		if !c.Recreated || x.installedAround(c.JournalMade) {
			continue
		}
		level, starts := Medium, idx.startsNamed("fsutil.exe")
		for _, key := range sortedKeys(x.programs) {
			if p := x.programs[key]; p.base == "fsutil.exe" {
				starts = append(starts, idx.launches(p)...)
			}
		}
		if slices.ContainsFunc(starts, func(l launch) bool { return l.at.Sub(c.JournalMade).Abs() <= 15*time.Second }) {
			level = High
		}
		x.hit(x.setting("change journal"), level, "the volume is of %s, its change journal of %s", utcTime(c.VolumeMade),
			utcTime(c.JournalMade)).from(r)
	}
}, append([]string{"osinfo"}, fileArtifacts...)...)

// installedAround reports whether Windows was installed or upgraded within a
// day of a time.
func (x *look) installedAround(at time.Time) bool {
	for _, r := range x.kept["osinfo"] {
		o, ok := r.rec.Data.(system.OSInfo)
		if ok && !o.Installed.IsZero() && o.Installed.Sub(at).Abs() <= 24*time.Hour {
			return true
		}
	}
	return false
}

var wiped = wholeRule(Rule{
	ID: "N-11", Title: "File wiped", Level: High, Attack: []string{"T1070.004", "T1485"},
	Why:    "The file was renamed again and again to names without meaning and then deleted: what wiping tools do last.",
	Benign: "People who wipe private files.",
	Next:   "Look for the tool; older copies may be in shadow copies.",
	Needs:  []string{"usnjrnl"},
}, func(x *look) {
	if !x.hasFiles() {
		return
	}
	for _, r := range x.files().many[filesystem.KindWiped] {
		c := change(r)
		x.hit(subject{kind: kindActivity, key: "wiped " + strings.ToLower(c.Path), show: "wiping of " + c.Path}, 0,
			"%s was renamed %d times and deleted %s", c.Path, c.Renames, utcTime(c.Deleted)).from(r)
	}
}, fileArtifacts...)

var newAutostartFile = wholeRule(Rule{
	ID: "N-12", Title: "New file in an autostart folder", Level: Medium, Attack: []string{"T1547.001", "T1053.005", "T1543.003", "T1546.003"},
	Why:    "A file was created in a folder from which Windows starts programs, or in the repository of WMI, outside an installation.",
	Benign: "Software installation.",
	Next:   "Look at the file and at what created it.",
	Needs:  []string{"usnjrnl"},
}, func(x *look) {
	x.eachStory(func(x *look, t *story, p *program) {
		for _, r := range t.changes {
			c := change(r)
			if c.Created.IsZero() && (c.Renamed.IsZero() || strings.EqualFold(winpath.Dir(c.OldPath), winpath.Dir(c.Path))) || c.Directory {
				continue
			}
			id := autostartFolder(t.key)
			if id == "" || !c.Deleted.IsZero() || c.Shown == string(filesystem.NamedElsewhere) || c.Setup {
				continue // an installation put there what a service names
			}
			at := c.Created
			if at.IsZero() {
				at = c.Renamed
			}
			level := Level(0)
			if repository(t.key) {
				level = Low // Windows makes a new repository when the old one is broken
			}
			x.hit(x.subjectOf(t), level, "it was put there %s", utcTime(at)).from(r).as(id)
			return
		}
	})
}, fileArtifacts...)

// autostartFolder returns the technique of a file in a folder from which Windows
// starts programs, or "".
func autostartFolder(key string) string {
	switch {
	case strings.HasSuffix(key, `\desktop.ini`):
	case strings.Contains(key, `\start menu\programs\startup\`):
		return "T1547.001"
	case strings.HasPrefix(key, `\windows\system32\tasks\`) && !strings.HasPrefix(key, `\windows\system32\tasks\microsoft\`),
		strings.HasPrefix(key, `\windows\tasks\`) && strings.HasSuffix(key, ".job"):
		return "T1053.005"
	case strings.HasPrefix(key, `\windows\system32\drivers\`) && strings.HasSuffix(key, ".sys"):
		return "T1543.003"
	case strings.HasPrefix(key, `\windows\system32\spool\drivers\`) && strings.HasSuffix(key, ".exe"):
		return "T1543.003"
	case filesystem.IsWMI(key):
		return "T1546.003"
	}
	return ""
}

// repository reports whether a path is that of a file of which the WMI repository consists.
func repository(key string) bool {
	if !strings.Contains(key, `\wbem\repository\`) {
		return false
	}
	switch name := winpath.Base(key); {
	case name == "objects.data", name == "index.btr", strings.HasPrefix(name, "mapping") && strings.HasSuffix(name, ".map"),
		name == "$winmgmt.cfg", name == "objects.map", name == "index.map", strings.HasPrefix(name, "mapping") && strings.HasSuffix(name, ".ver"):
		return true
	}
	return false
}

var hiddenStream = wholeRule(Rule{
	ID: "N-13", Title: "Program in a named stream", Level: High, Attack: []string{"T1564.004"},
	Why:    "A program is in a stream behind another file, or a folder or file of Windows has one: most tools do not show it.",
	Benign: "Hardly any; some antivirus and synchronisation programs keep data in streams, under names of their own.",
	Next:   "Export the stream and look for what starts it.",
	Needs:  []string{"mft"},
}, func(x *look) {
	x.eachStory(func(x *look, t *story, _ *program) {
		for _, r := range t.files {
			if f := file(r); f.Hidden != "" {
				x.hit(x.subjectOf(t), 0, "its stream %q holds a program or a script", f.Hidden).from(r)
			} else if f.OddStream != "" && f.Exists {
				level := Low // several programs keep settings of a folder in a stream of it
				if t.key == `\windows\system32` || strings.HasPrefix(t.key, `\windows\system32\`) {
					level = High
				}
				x.hit(x.subjectOf(t), level, "it has the stream %q, where Windows keeps none", f.OddStream).from(r)
			}
		}
	})
}, fileArtifacts...)

// stagedSize is how large an archive must be to be taken for staged data.
const stagedSize = 10 << 20

var staged = wholeRule(Rule{
	ID: "N-14", Title: "Archive staged", Level: Medium, Attack: []string{"T1560.001", "T1074.001"},
	Why:    "A large archive in an unusual place was deleted within a day, or several of one size are there: data to take away.",
	Benign: "Backups, unpacked downloads.",
	Next:   "Look for the archiver's command line and for uploads at that time.",
	Needs:  []string{"mft", "usnjrnl"},
}, func(x *look) {
	level := Level(0)
	if x.exfiltrated() {
		level = High
	}
	x.parts(level)
	x.eachStory(func(x *look, t *story, p *program) {
		gone, row := t.deleted()
		at, made, _ := t.appeared()
		if row == nil || made == nil || !filesystem.IsContainer(t.path) || gone.Sub(at) > 24*time.Hour || gone.Before(at) {
			return
		}
		if p.place == nil || p.place.level < High {
			return
		}
		for _, r := range t.files {
			if f := file(r); f.Size >= stagedSize {
				x.hit(subject{kind: kindActivity, key: "staged " + t.key, show: "archive " + t.path}, level, "%d MB, created %s, deleted %s",
					f.Size>>20, utcTime(at), utcTime(gone)).from(r, made, row)
				return
			}
		}
	})
}, fileArtifacts...)

// exfiltrated reports whether a tool to take data away ran.
func (x *look) exfiltrated() bool {
	for _, key := range sortedKeys(x.programs) {
		p := x.programs[key]
		if tool := x.t.toolNamed(p.stem); tool != nil && tool.class == "staging and exfiltration" && len(p.executed()) > 0 {
			return true
		}
	}
	return false
}

// stagedParts is how many archives of one size in one folder make the parts of one.
const stagedParts = 3

// parts judges the parts of archives: several of one size in one unusual folder.
func (x *look) parts(level Level) {
	type group struct {
		dir  string
		size uint64
	}
	all := map[group][]*row{}
	x.eachStory(func(_ *look, t *story, p *program) {
		if p.place == nil || p.place.level < High || !filesystem.IsContainer(t.path) {
			return
		}
		for _, r := range t.files {
			if f := file(r); f.Size >= 1<<20 && !f.Directory {
				g := group{winpath.Dir(t.key), f.Size}
				all[g] = append(all[g], r)
				return
			}
		}
	})
	groups := slices.SortedFunc(maps.Keys(all), func(a, b group) int { return cmp.Or(cmp.Compare(a.dir, b.dir), cmp.Compare(a.size, b.size)) })
	for _, g := range groups {
		if rows := all[g]; len(rows) >= stagedParts {
			dir := winpath.Dir(file(rows[0]).Path)
			x.hit(subject{kind: kindActivity, key: "staged parts " + g.dir, show: "archives in " + dir}, level,
				"%d archives of one size, %d bytes, in %s", len(rows), g.size, dir).from(rows...)
		}
	}
}

// backupExtensions are those that programs give to what they replace.
var backupExtensions = map[string]bool{"tmp": true, "old": true, "bak": true, "orig": true, "deleted": true, "new": true, "log": true,
	"txt": true}

var massChange = wholeRule(Rule{
	ID: "N-15", Title: "Many files renamed to one extension", Level: Critical, Attack: []string{"T1486"},
	Why:    "More than a hundred files of several kinds got one new extension within ten minutes: encryption for ransom does this.",
	Benign: "Renaming tools, imports of photos.",
	Next:   "Isolate the machine; find the program that was running and the note it left.",
	Needs:  []string{"usnjrnl"},
}, func(x *look) {
	if !x.hasFiles() {
		return
	}
	all := x.files().many[filesystem.KindMass]
	for _, r := range all {
		c := change(r)
		if c.Extension == "" {
			// A name that appears in many folders says little: licences of packages do.
			if slices.ContainsFunc(all, func(o *row) bool {
				return change(o).Extension != "" &&
					change(o).First.Sub(c.First).Abs() <= time.Hour
			}) {
				x.hit(x.setting("note "+c.Path), High, "%s appeared in %d folders from %s on", c.Path, c.Folders, utcTime(c.First)).from(r)
			}
			continue
		}
		level := Level(0)
		if backupExtensions[c.Extension] {
			level = Low
		}
		x.hit(subject{kind: kindActivity, key: "mass change " + c.Extension, show: "renames to *." + c.Extension}, level,
			"%d files of %d extensions were renamed to *.%s between %s and %s", c.Files, c.Extensions, c.Extension, utcTime(c.First),
			utcTime(c.Last)).from(r)
	}
}, fileArtifacts...)
