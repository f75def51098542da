package findings

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var systemNameElsewhere = programRule(Rule{
	ID: "M-01", Title: "Windows program name in the wrong folder", Level: Critical, Attack: []string{"T1036.005"},
	Why:    "Windows keeps this program in fixed folders. A file of that name elsewhere borrows its reputation.",
	Benign: "Copies made by installers, deployment and recovery media, forensic toolkits.",
	Next:   "Hash the file and compare it with the original. Check what else was created in that folder in the same minute.",
	Needs:  []string{"prefetch", "shimcache", "amcachefiles", "bam", "userassist", "pca", "services", "tasks", "runkeys"},
}, func(x *look, p *program) {
	homes := x.t.binaries[p.base]
	if homes == nil || !p.hasFolder() || strings.HasPrefix(p.key, `%`) || strings.HasPrefix(p.key, `{`) || !strings.HasPrefix(p.key, `\`) {
		return
	}
	dir := p.parts[:len(p.parts)-1]
	if anyGlob(homes, dir) || x.storeFolder(p) {
		return
	}
	runs := p.executed()
	level := High
	if len(runs) > 0 {
		level = Critical
	}
	// A Prefetch file whose hash does not prove the path, and nothing else.
	if len(runs) > 0 && !slices.ContainsFunc(runs, func(r *row) bool { return provenPath(r) }) {
		level = High
	}
	if p.other && level > Medium {
		level-- // another volume may hold another Windows
	}
	says := "is in " + shown(p.dir) + ", where Windows does not keep it"
	if len(runs) > 0 {
		says = "ran from " + shown(p.dir) + ", where Windows does not keep it"
	}
	x.hit(p.subject(x), level, "%s %s", p.base, says)
})

// provenPath reports whether the record's path is certain: only Prefetch
// derives it.
func provenPath(r *row) bool {
	p, ok := r.rec.Data.(execution.Prefetch)
	return !ok || strings.HasPrefix(p.HashStatus, "verified")
}

// shown is a folder as people write it.
func shown(dir string) string { return cmp.Or(dir, `\`) }

// storeFolder reports whether a path lies where Windows, its setup or its
// backups keep copies of their own programs.
func (s *scene) storeFolder(p *program) bool {
	return anyGlob(s.t.homes, p.parts) || anyGlob(s.t.homes, p.parts[:len(p.parts)-1])
}

// pathsOf groups programs of Prefetch by name.
var sameNameElsewhere = wholeRule(Rule{
	ID: "M-02", Title: "Same program name, several folders", Level: Low, Attack: []string{"T1036.005"},
	Why:    "Prefetch files of one name record starts from different folders. One of them may only use the name.",
	Benign: "Copies of themselves that updaters and installers run; versions installed side by side. Only the folders recorded inside the Prefetch files count: a host process has a different hash for each command line.",
	Next:   "Compare the files in the listed folders.",
	Needs:  []string{"prefetch"},
}, func(x *look) {
	groups := map[string]map[string]*program{}
	for _, p := range x.programs {
		if !p.hasFolder() || !slices.ContainsFunc(p.rows, func(r *row) bool { return r.rec.Artifact.Name == "prefetch" }) {
			continue
		}
		if groups[p.base] == nil {
			groups[p.base] = map[string]*program{}
		}
		groups[p.base][p.dir] = p
	}
	for _, base := range slices.Sorted(maps.Keys(groups)) {
		dirs := groups[base]
		if len(dirs) < 2 {
			continue
		}
		homes := x.t.binaries[base]
		sorted := slices.Sorted(maps.Keys(dirs))
		for _, dir := range sorted {
			p := dirs[dir]
			var level Level
			switch {
			case homes != nil && !anyGlob(homes, p.parts[:len(p.parts)-1]) && !x.storeFolder(p):
				level = High
			case homes != nil:
				continue
			case p.place != nil && p.place.level >= High && !x.installer(p):
				level = High
			case p.place != nil && !x.installer(p):
				level = Low
			default:
				continue
			}
			rest := slices.DeleteFunc(slices.Clone(sorted[:min(5, len(sorted))]), func(d string) bool { return d == dir })
			more := len(rest) < len(sorted)-1
			for i, d := range rest {
				rest[i] = shown(d)
			}
			if more {
				rest = append(rest, "…")
			}
			look := *x
			look.prog = p
			look.hit(p.subject(x), level, "%s ran from %s, and a program of the same name from %s", base, shown(dir),
				strings.Join(rest, ", "))
		}
	}
})

var severalHashes = wholeRule(Rule{
	ID: "M-02b", Title: "Several Prefetch hashes, one folder", Level: Informational, OnRequest: true,
	Why:    "One program has several Prefetch files. For host processes different hashes do not mean different folders: their hash includes the command line.",
	Benign: "svchost, rundll32, dllhost, mmc, runtimebroker and browsers, which always have several.",
	Next:   "Read the folder and the command line in each Prefetch file.",
	Needs:  []string{"prefetch"},
}, func(x *look) {
	for _, key := range slices.Sorted(maps.Keys(x.programs)) {
		p := x.programs[key]
		files := p.with(func(r *row) bool { return r.rec.Artifact.Name == "prefetch" })
		if len(files) > 1 {
			x.hit(p.subject(x), 0, "%d Prefetch files name %s", len(files), p.base).from(files...)
		}
	}
})

var lookalikeName = programRule(Rule{
	ID: "M-03", Title: "Look-alike of a protected name", Level: High, Attack: []string{"T1036.005"},
	Why:    "The name differs from that of a Windows program or a well-known product by an easily overlooked detail.",
	Benign: "Short names of small tools that are one letter from a system name by chance.",
	Next:   "Check the publisher, original name and hash of the file.",
	Needs:  []string{"prefetch", "shimcache", "amcachefiles", "bam", "userassist", "services", "tasks", "runkeys"},
}, func(x *look, p *program) {
	if e := ext(p.base); e != ".exe" && e != ".scr" && e != ".com" && e != ".pif" {
		return
	}
	stem := p.base[:len(p.base)-4]
	if of, how := x.t.lookalike(stem); of != "" {
		x.hit(p.subject(x), 0, "the name %q looks like %q, %s", p.base, of+".exe", how)
	}
}).also(
	on(func(x *look, s persistence.Service) {
		if of, how := x.t.lookalike(strings.ToLower(s.Name)); of != "" && how != oneOff {
			x.hit(x.setting("service "+s.Name), Medium, "the service name %q looks like %q, %s", s.Name, of, how)
		}
	}),
)

// setting is a subject that is no program: a service, a task, a value.
func (x *look) setting(name string) subject {
	return subject{kind: kindSetting, key: strings.ToLower(name), show: name}
}

var deceptiveName = programRule(Rule{
	ID: "M-04", Title: "Deceptive file name", Level: High, Attack: []string{"T1036"},
	Why:    "The name hides the type of the file or the file itself.",
	Benign: "File names with accidental blanks; downloads with control characters of their language.",
	Next:   "Examine the raw bytes of the name with explain and find out how the file was created.",
	Needs:  []string{"prefetch", "shimcache", "amcachefiles", "userassist", "recyclebin", "startupfolder"},
}, func(x *look, p *program) {
	raw := winpath.Base(strings.ReplaceAll(p.path, "/", `\`))
	if !p.runnable() && len(p.executed()) == 0 && !starts[strings.TrimSpace(strings.TrimPrefix(ext(p.base), "."))] {
		// Documents may be called what they like, unless the name lies about that.
		if !strings.ContainsFunc(raw, turns) {
			return
		}
	}
	if says, technique := deceptive(raw); says != "" {
		x.hit(p.subject(x), 0, "%s", says).as(technique)
		return
	}
	// In ordinary folders short names are ordinary, too: r2, py3.
	if odd := shortName(p.stem); odd != "" && ext(p.base) == ".exe" && p.place != nil && p.place.level >= Medium &&
		p.place.id != "L12" && x.t.binaries[p.base] == nil && !x.t.shortNames[p.stem] {
		x.hit(p.subject(x), min(p.place.level, High), "%s: %s", odd, p.base).as("T1036")
	}
	if e := ext(p.base); len(p.executed()) > 0 && p.hasFolder() && documents[strings.TrimPrefix(e, ".")] &&
		slices.ContainsFunc(p.rows, func(r *row) bool { return r.rec.Artifact.Name == "prefetch" || r.rec.Artifact.Name == "bam" }) {
		x.hit(p.subject(x), High, "a file with the extension of a document (%s) ran as a program", e).as("T1036.008")
	}
})

// ordinaryFolder reports whether a program lies where set-ups put programs.
func (s *scene) ordinaryFolder(p *program) bool {
	return p.place == nil && !p.other && (strings.HasPrefix(p.key, `\program files`) || strings.HasPrefix(p.key, `\windows\`))
}

var renamedProgram = rule(Rule{
	ID: "M-05", Title: "Renamed program", Level: Medium, Attack: []string{"T1036.003"},
	Why:    "The version resource of the file gives another name than the current one.",
	Benign: "Installers, which are named setup.exe for any product; portable editions; developers who never set the field.",
	Next:   "Look up the hash, and compare size and version with the program that it claims to be.",
	Needs:  []string{"amcachefiles"},
}, func(x *look, f execution.AmcacheFile) {
	orig := strings.ToLower(strings.TrimSpace(f.OriginalName))
	name := strings.ToLower(winpath.Base(f.Path))
	if orig == "" || name == "" {
		return
	}
	o, n := nameStem(strings.TrimSuffix(orig, ".c")), nameStem(name) // PsExec names its source: psexec.c
	if o == "" || n == "" || o == n {
		return
	}
	s := subject{kind: kindProgram, key: x.normal(f.Path, x.row.rec.User), show: f.Path}
	switch t := x.t.toolNamed(o); {
	case t != nil && t.level >= Medium && !strings.HasPrefix(n, o) && !strings.HasPrefix(o, n):
		x.hit(s, High, "the original name of the file is %q: %s", f.OriginalName, t.class).as(append([]string{"T1036.003"}, t.attack...)...)
	case (x.t.proxies[o] || x.t.hosts[o]) && x.t.binaries[o+".exe"] != nil && !x.t.proxies[n] && !x.t.hosts[n]:
		x.hit(s, High, "the original name of the file is %q, a Windows program that runs other code", f.OriginalName)
	case x.unlikely(s.key) && !strings.HasPrefix(n, o) && !strings.HasPrefix(o, n) && !anyGlob(x.t.installers, []string{name}) &&
		!anyGlob(x.t.installers, []string{orig}):
		x.hit(s, Low, "the original name of the file is %q", f.OriginalName)
	}
})

// nameStem takes away what version resources and languages add to a name.
func nameStem(s string) string {
	s = strings.TrimSuffix(s, ".mui")
	for _, e := range []string{".exe", ".dll", ".sys", ".com", ".scr"} {
		s = strings.TrimSuffix(s, e)
	}
	return s
}

// unlikely reports whether a path lies in a place of level medium or more.
func (s *scene) unlikely(key string) bool {
	p := program{key: key, parts: strings.Split(key, `\`), dir: winpath.Dir(key)}
	pl := s.placeOf(&p)
	return pl != nil && pl.level >= Medium
}

// updaters are words in names of tasks and services that people pass over,
// because so many vendors use them.
var updaters = []string{"adobe", "flash", "java", "google", "chrome", "onedrive", "windows", "update", "updater", "sync", "microsoft",
	"defender", "office"}

var imitatesWindows = rule(Rule{
	ID: "M-06", Title: "Service or task imitates Windows or an updater", Level: High, Attack: []string{"T1036.004"},
	Why:    "Its name is familiar but its action is not the one expected.",
	Benign: "Vendors' updaters, which run their own program from Program Files without a script host.",
	Next:   "Read the action and find out who registered it and when.",
	Needs:  []string{"tasks", "taskcache", "services"},
}, func(x *look, t persistence.Task) {
	x.imitation("task", t.TaskPath, "", t.Autostart())
}).also(
	on(func(x *look, t persistence.TaskCache) {
		x.imitation("task", t.TaskPath, "", t.Autostart())
	}),
	on(func(x *look, s persistence.Service) {
		x.imitation("service", s.Name, s.DisplayName, s.Autostart())
	}),
)

func (x *look) imitation(kind, name, title string, a persistence.Entry) {
	low := strings.ToLower(name)
	if kind == "task" && strings.HasPrefix(strings.TrimLeft(low, `\`), `microsoft\`) || a.Image == "" {
		return
	}
	word := imitated(winpath.Base(low))
	if word == "" {
		word = imitated(strings.ToLower(title))
	}
	if word == "" {
		return
	}
	pl, why := x.autoPlace(a)
	stem := strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")
	switch {
	case x.t.hosts[stem]:
		why = "runs the script host " + winpath.Base(a.Image)
	case pl == nil || pl.level < Medium:
		return
	}
	x.hit(x.autoSubject(kind, name, a), 0, "the name of the %s %q suggests %q, but it %s", kind, name, word, why)
}

// autoPlace returns the worst place among the files that an autostart names,
// and what it does there.
func (x *look) autoPlace(a persistence.Entry) (*place, string) {
	var worst *place
	why := ""
	for _, path := range []string{a.Image, a.Payload} {
		if !strings.ContainsAny(path, `\/`) {
			continue
		}
		if pl := x.probePath(path).place; pl != nil && (worst == nil || pl.level > worst.level) {
			worst, why = pl, fmt.Sprintf("starts %s, %s", path, pl)
		}
	}
	return worst, why
}

// autoSubject is the file that is started, or the setting where that is one
// of Windows' hosts with no file of its own.
func (x *look) autoSubject(kind, name string, a persistence.Entry) subject {
	path := a.Image
	stem := strings.TrimSuffix(strings.ToLower(winpath.Base(a.Image)), ".exe")
	if x.t.hosts[stem] || x.t.proxies[stem] || x.t.binaries[stem+".exe"] != nil && x.home(a.Image) {
		path = a.Payload
	}
	if !strings.Contains(path, `\`) {
		return x.setting(strings.TrimSpace(kind + " " + name))
	}
	return subject{kind: kindProgram, key: x.normal(path, x.row.rec.User), show: path}
}

// home reports whether a path is the home of one of Windows' own programs.
func (x *look) home(path string) bool {
	key := x.normal(path, x.row.rec.User)
	parts := strings.Split(key, `\`)
	return anyGlob(x.t.binaries[parts[len(parts)-1]], parts[:len(parts)-1])
}

// imitated returns the expected word that a name holds, whole or one letter
// off.
func imitated(name string) string {
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return (r < 'a' || r > 'z') && r < 0x80 }) {
		for _, w := range updaters {
			if part == w || len(w) >= 5 && oneStep(part, w) {
				return w
			}
		}
	}
	// Words run together: falshupdate22.
	for _, w := range updaters {
		if len(w) >= 6 && strings.Contains(name, w) {
			return w
		}
	}
	return ""
}

var oddLibraryBeside = rule(Rule{
	ID: "M-07", Title: "Program with a suspicious library", Level: Medium, Attack: []string{"T1574.001"},
	Why:    "A program in a user-writable location loaded a library with a Windows name from its own folder. Intruders pair a signed program with a foreign library this way.",
	Benign: "Portable software that includes its runtime.",
	Next:   "Check the signature of the program and the origin of the library. Look for a third file with encrypted data in the folder.",
	Needs:  []string{"prefetch"},
}, func(x *look, f execution.Prefetch) {
	x.libraries(f, func(key string, raw string, beside bool) {
		p := x.probe(key)
		if beside && p.place != nil && p.place.level >= Medium {
			x.hit(subject{kind: kindProgram, key: key, show: raw}, 0, "%s was loaded by %s from the same folder, %s", p.base,
				f.Executable, p.place)
		}
	})
})

var systemLibraryElsewhere = rule(Rule{
	ID: "M-08", Title: "System library loaded from elsewhere", Level: Medium, Attack: []string{"T1574.001"},
	Why:    "A program loaded a library with a Windows name from a folder outside Windows and Program Files.",
	Benign: "Redistributable libraries of games and browsers; per-user installations.",
	Next:   "Compare the library with the one in System32 and examine its folder.",
	Needs:  []string{"prefetch"},
}, func(x *look, f execution.Prefetch) {
	x.libraries(f, func(key string, raw string, beside bool) {
		p := x.probe(key)
		level := Low
		if p.place != nil && p.place.level >= High {
			level = Medium
		}
		x.hit(subject{kind: kindProgram, key: key, show: raw}, level, "%s was loaded by %s from %s", p.base, f.Executable, shown(p.dir))
	})
})

// probe is a path that is not (yet) one of the scene's programs.
func (s *scene) probe(key string) *program {
	p := &program{key: key, parts: strings.Split(key, `\`)}
	p.base = p.parts[len(p.parts)-1]
	p.stem = strings.TrimSuffix(p.base, ".exe")
	p.dir = strings.TrimSuffix(key[:len(key)-len(p.base)], `\`)
	p.place = s.placeOf(p)
	return p
}

// probePath is probe for a path as the record at hand spells it.
func (x *look) probePath(path string) *program {
	p := x.probe(x.normal(path, x.row.rec.User))
	if v := strings.ToUpper(winpath.Volume(path)); v != "" && !strings.HasPrefix(v, `\\`) && !strings.HasPrefix(p.key, `\\`) {
		p.vols = []string{v}
		if p.other = x.onOther(p.vols); p.other {
			p.place = x.placeOf(p)
		}
	}
	return p
}

// libraries yields what a Prefetch file lists of libraries with names of
// Windows' own that lie outside Windows and Program Files.
func (x *look) libraries(f execution.Prefetch, yield func(key, raw string, beside bool)) {
	image, dir := "", ""
	for _, raw := range f.Files {
		if len(raw) < 5 || !strings.EqualFold(raw[len(raw)-4:], ".dll") || plainlyWindows(raw) {
			continue
		}
		base := strings.ToLower(winpath.Base(raw))
		if !x.t.libraries[base[:len(base)-4]] {
			continue
		}
		if image == "" {
			image = x.normal(f.ImagePath, x.row.rec.User)
			dir = winpath.Dir(image)
			if anyGlob(x.t.installers, strings.Split(image, `\`)) {
				return
			}
		}
		key := x.normal(raw, x.row.rec.User)
		if strings.HasPrefix(key, `\windows\`) || strings.HasPrefix(key, `\program files`) ||
			strings.HasPrefix(key, `\programdata\microsoft\windows defender\`) || x.storeFolder(x.probe(key)) {
			continue
		}
		yield(key, raw, winpath.Dir(key) == dir)
	}
}

// plainlyWindows reports whether a path names a file below the folder Windows
// without any detour: most of what a Prefetch file lists.
func plainlyWindows(raw string) bool {
	i := strings.Index(raw, `\WINDOWS\`)
	if i <= 0 || strings.Contains(raw[i:], "..") {
		return false
	}
	for _, head := range []string{`\VOLUME{`, `\DEVICE\HARDDISKVOLUME`} {
		if rest, ok := strings.CutPrefix(raw[:i], head); ok {
			return strings.IndexByte(rest, '\\') < 0
		}
	}
	return false
}
