package findings

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A row is a record that is kept for the evaluation.
type row struct {
	rec   artifacts.Record
	n     int // order in which it came
	class string
	proof artifacts.Proof
	held  bool // it is kept, and counted as such
}

// artifact returns the name of the record's artifact.
func (r *row) artifact() string {
	if r.rec.Artifact == nil {
		return ""
	}
	return r.rec.Artifact.Name
}

// auto returns what the record says of a program that starts by itself, or
// nil.
func (r *row) auto() *persistence.Entry {
	if a, ok := r.rec.Data.(persistence.Autostarter); ok {
		e := a.Autostart()
		return &e
	}
	return nil
}

// A program is one path with everything that any record says about it.
type program struct {
	key    string   // as all sources share it, profile folders of XP under their later names
	path   string   // as first written
	parts  []string // of the key
	events int      // records of event logs, with those that are not kept
	base   string   // last name, lower case
	stem   string   // without .exe
	dir    string
	rows   []*row
	from   map[*artifacts.Artifact]int // rows by artifact, when there are many
	more   int                         // records that are not among them
	last   int                         // number of the last record that names it, and one
	vols   []string                    // volumes that the spellings name

	other bool // on a volume that is not the one of Windows
	place *place

	fileTimes *FileTimes // of its file, when timesRead
	timesRead bool
}

// A place is why a path is worth a look.
type place struct {
	id    string
	level Level
	words string
}

// classes are independent kinds of evidence: what one mechanism of Windows
// writes on its own. Artifacts that are not listed stand for themselves.
var classes = map[string]string{
	"amcachefiles": "amcache", "amcacheprograms": "amcache", "amcachedrivers": "amcache", "amcacheshortcuts": "amcache",
	"recentfilecache": "amcache",
	"userassist":      "explorer", "featureusage": "explorer", "recentapps": "explorer", "muicache": "explorer", "jumplistdata": "explorer",
	"lastvisited":     "explorer",
	"compatassistant": "compatibility", "appcompatflags": "compatibility", "pca": "compatibility",
	"prefetchlayout": "prefetch",
	"srumapps":       "srum", "srumnetwork": "srum", "srumother": "srum", "srumconnections": "srum",
	"browserdownloads": "browser", "browserhistory": "browser",
}

func classOf(r *artifacts.Record) string {
	if _, ok := r.Data.(persistence.Autostarter); ok {
		return "autostart"
	}
	return cmp.Or(classes[r.Artifact.Name], r.Artifact.Name)
}

// executed returns the records that prove a start.
func (p *program) executed() []*row {
	return p.with(func(r *row) bool { return r.proof == artifacts.Executed })
}

// autostarts returns the records that make the program start by itself.
func (p *program) autostarts() []*row {
	return p.with(func(r *row) bool { return r.class == "autostart" })
}

func (p *program) with(keep func(*row) bool) []*row {
	var out []*row
	for _, r := range p.rows {
		if keep(r) {
			out = append(out, r)
		}
	}
	return out
}

// sources lists the artifacts of the records in words.
func sources(rows []*row) string {
	var names []string
	for _, r := range rows {
		if n := r.rec.Artifact.Name; !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	if len(names) > 6 {
		names = append(names[:6], "…")
	}
	return strings.Join(names, ", ")
}

// runnable are the extensions of what Windows or one of its hosts runs.
var runnable = map[string]bool{
	".exe": true, ".dll": true, ".sys": true, ".com": true, ".scr": true, ".pif": true, ".bat": true, ".cmd": true, ".ps1": true,
	".vbs": true, ".vbe": true, ".js": true, ".jse": true, ".wsf": true, ".wsh": true, ".hta": true, ".cpl": true, ".ocx": true,
	".drv": true, ".msi": true, ".jar": true, ".py": true, ".sct": true, ".ax": true, ".acm": true, ".efi": true, ".mof": true,
}

func (p *program) runnable() bool { return runnable[ext(p.base)] }

func ext(base string) string {
	if i := strings.LastIndexByte(base, '.'); i > 0 {
		return base[i:]
	}
	return ""
}

// hasFolder reports whether the path is more than a bare name.
func (p *program) hasFolder() bool { return p.dir != "" || strings.HasPrefix(p.key, `\`) }

func (p *program) subject(x *look) subject {
	return subject{kind: kindProgram, key: p.key, show: p.path}
}

// display writes a subject for people: a program with the letter of Windows'
// drive in place of a device's name, where that is the volume.
func (s *scene) display(k subject) string {
	path := k.show
	if k.kind != kindProgram {
		return path
	}
	if p := s.programs[k.key]; p != nil {
		path = p.path
	}
	path = strings.TrimPrefix(path, `\??\`)
	v := winpath.Volume(path)
	if len(v) <= 2 || strings.HasPrefix(v, `\\`) || !strings.HasPrefix(path, v) || !s.systemVolumes[strings.ToUpper(v)] {
		return path
	}
	return cmp.Or(s.drive, "C:") + path[len(v):]
}

// normal brings a path to the spelling that places are written in.
func (s *scene) normal(path string, u evidence.User) string {
	return programs.Paths{Machine: s.facts.Machine, Root: s.root}.Key(path, u)
}

// maxProgramEvents bounds the records of event logs that are kept of one program:
// a log can hold very many starts of it.
const maxProgramEvents = 256

// sight notes that a record speaks of a path.
func (s *scene) sight(path string, r *row) *program {
	if path == "" || len(path) > 64<<10 {
		return nil
	}
	key := s.normal(path, r.rec.User)
	if key == "" || key == `\` {
		return nil
	}
	p := s.programs[key]
	if p == nil {
		if !s.limits.hold(r) || !s.limits.records.take(r.artifact(), int(reflect.TypeFor[program]().Size())+4*len(key)+len(path)+128) {
			s.limits.of(r).records++
			return nil
		}
		p = &program{key: key, path: strings.Clone(path), parts: strings.Split(key, `\`)}
		p.base = p.parts[len(p.parts)-1]
		p.stem = strings.TrimSuffix(p.base, ".exe")
		p.dir = strings.TrimSuffix(key[:len(key)-len(p.base)], `\`)
		s.programs[p.key] = p
	}
	if _, ok := r.rec.Data.(events.Event); ok {
		if p.events++; p.events > maxProgramEvents {
			return p
		}
	}
	s.about(p, r)
	if v := strings.ToUpper(winpath.Volume(path)); v != "" && !strings.HasPrefix(v, `\\`) {
		if len(p.vols) < 16 && !slices.Contains(p.vols, v) {
			p.vols = append(p.vols, v)
		}
		if strings.HasPrefix(key, `\windows\system32\`) && len(p.parts) > 3 {
			s.isSystem(v)
		}
	}
	return p
}

// settle decides what only everything together can tell: on which volume a
// program lies, and so in which place.
func (s *scene) settle(p *program) {
	p.other = s.onOther(p.vols)
	p.place = s.placeOf(p)
}

// placeOf finds the first line of the table that fits.
func (s *scene) placeOf(p *program) *place {
	if !p.hasFolder() {
		return nil
	}
	if strings.HasPrefix(p.key, `\\`) {
		return sharePlace(p.parts)
	}
	for i := range s.t.places {
		l := &s.t.places[i]
		if p.other && l.id != "L2" && l.id != "L13" || !anyGlob(l.globs, p.parts) || anyGlob(l.except, p.parts) {
			continue
		}
		return &place{l.id, l.level, placeWords[l.id]}
	}
	switch {
	case p.other:
		return s.otherPlace(p)
	case len(p.parts) > 2 && p.parts[0] == "" && unpacked(p.parts[1]):
		return &place{"L3", Low, "in a folder that updates unpack into"}
	case len(p.parts) > 2 && p.parts[0] == "" && !s.t.usualTop(p.parts[1]) && !strings.HasPrefix(p.parts[1], "%") &&
		!strings.HasPrefix(p.parts[1], "{"):
		return &place{"L3", High, "in a folder of its own at the root of the volume"}
	}
	return nil
}

// sharePlace is the place of a path on another machine: \\server\share\….
func sharePlace(parts []string) *place {
	share := parts[min(3, len(parts)-1)]
	switch {
	case parts[2] == "tsclient":
		return &place{"L12", High, "on the disk of a remote desktop's client"}
	case strings.HasSuffix(share, "$"):
		return &place{"L12", High, "on an administrative share"}
	}
	return &place{"L12", Medium, "on another machine"}
}

// elsewhere reports whether the place is a share or another volume of no special
// kind: unusual for a program, and ordinary in many networks.
func (p *place) elsewhere() bool { return p.id == "L12" && p.level < High || p.id == "L15" }

// unpacked reports whether a folder's name is what Windows' update packages
// make up for themselves at the root: 15 or more hexadecimal digits. Seen on
// real machines.
func unpacked(name string) bool {
	return len(name) >= 15 && len(name) <= 32 && strings.Trim(name, "0123456789abcdef") == ""
}

// placeWords describes the lines of the table. A user's own lines name
// themselves.
var placeWords = map[string]string{
	"L1": "in a folder shared by all users", "L2": "in the Recycle Bin or System Volume Information",
	"L4": "in a Windows folder that holds no programs", "L5": "at the root of the volume", "L6": "directly in the Windows folder",
	"L7": "at the top of a profile's application data", "L8": "in a folder for temporary files", "L9": "directly in ProgramData",
	"L10": "among a user's own files", "L11": "in a cache of browser, mail or archive", "L13": "in an alternate data stream",
	"L16": "in a Startup folder",
}

func (p *place) String() string {
	return cmp.Or(p.words, "in a location of the rules file") + " (" + p.id + ")"
}

// runs returns when a record says that the program ran, newest first.
func (r *row) runs() []time.Time {
	switch d := r.rec.Data.(type) {
	case execution.Prefetch:
		return d.LastRuns
	case execution.Bam:
		if !d.LastRun.IsZero() {
			return []time.Time{d.LastRun}
		}
	case execution.UserAssist:
		if d.Proof() == artifacts.Executed && !d.LastRun.IsZero() {
			return []time.Time{d.LastRun}
		}
	}
	return nil
}
