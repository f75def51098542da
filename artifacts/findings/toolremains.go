package findings

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// byResponder reports whether a record is of the time after a program to collect evidence
// came to the volume.
func byResponder(r *row) bool {
	switch d := r.rec.Data.(type) {
	case filesystem.File:
		return d.Responder
	case filesystem.Change:
		return d.Responder
	}
	return false
}

var toolShadow = wholeRule(Rule{
	ID: "N-16", Title: "Attack tool in the metadata of the volume", Level: Medium,
	Why:    "A file has or had the name of an attack tool, and no other artifact knows it.",
	Benign: "Tools of the analysts themselves; other programs of the same name.",
	Next:   "Recover the file; look at what happened around the time of its name.",
	Needs:  []string{"mft", "usnjrnl", "i30", "logfile"},
}, func(x *look) {
	x.eachStory(func(x *look, t *story, p *program) {
		tool, level := x.shadowOf(p)
		if tool == nil {
			return
		}
		rows := slices.Concat(t.files, t.changes)
		if len(rows) == 0 {
			return
		}
		if !slices.ContainsFunc(rows, func(r *row) bool { return !byResponder(r) }) {
			level = Informational
		}
		x.hit(x.subjectOf(t), level, "%s is the name of a tool for %s", p.base, tool.class).as(tool.attack...).from(rows[0])
	})
	x.toolRemains()
}, append([]string{"i30", "logfile"}, fileArtifacts...)...)

// shadowOf returns the attack tool whose name a program has that nothing else knows.
func (x *look) shadowOf(p *program) (*tool, Level) {
	tool := x.t.toolNamed(p.stem)
	switch {
	case tool == nil || tool.level < Medium || !p.runnable() || x.programs[p.key] != nil || anyGlob(tool.except, p.parts):
		return nil, 0
	case tool.class == "credential theft" && tool.level >= High:
		return tool, High
	}
	return tool, Medium
}

// toolRemains judges the names that only the slack of a folder or the log of the volume has.
// The log often has them without their folder: then no file and no program of that name may
// be known.
func (x *look) toolRemains() {
	idx := x.files()
	known := map[string]bool{}
	for _, key := range idx.keys {
		if t := idx.stories[key]; len(t.files)+len(t.changes) > 0 {
			known[winpath.Base(key)] = true
		}
	}
	for _, p := range x.programs {
		known[p.base] = true
	}
	seen := map[string]bool{}
	for _, name := range []string{"i30", "logfile"} {
		for _, r := range x.kept[name] {
			path, where := "", "the slack of its folder"
			switch d := r.rec.Data.(type) {
			case filesystem.IndexName:
				path = d.Folder + `\` + d.Name
			case filesystem.LogItem:
				path, where = d.Path, "the log of the volume"
			}
			if path == "" || r.rec.From.Copy() {
				continue
			}
			look := *x
			look.row = r
			p := look.probePath(path)
			p.path, p.stem = path, strings.TrimSuffix(p.base, ".exe")
			tool, level := look.shadowOf(p)
			if tool == nil || known[p.base] || seen[p.base] {
				continue
			}
			seen[p.base] = true
			look.hit(subject{kind: kindProgram, key: p.key, show: path}, level, "%s is the name of a tool for %s; only %s still has it", p.base,
				tool.class, where).as(tool.attack...)
		}
	}
}
