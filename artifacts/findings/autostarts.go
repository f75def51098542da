package findings

import (
	"cmp"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// autostarts are the artifacts whose records name programs that start
// automatically.
func autostarts() []string {
	var out []string
	for _, a := range catalogue.All() {
		if _, ok := a.Record().(persistence.Autostarter); ok {
			out = append(out, a.Name)
		}
	}
	return out
}

// unset reports whether an autostart record means nothing: what Windows
// itself writes, or what is not a program.
func unset(d artifacts.Decoded, a persistence.Entry) bool {
	return a.Image == "" && a.Payload == "" && a.Command == "" || usual(d)
}

// usual reports whether a record is what Windows itself writes.
func usual(d artifacts.Decoded) bool {
	if h, ok := hookOf(d); ok {
		return h.Default
	}
	switch r := d.(type) {
	case persistence.WMI:
		return r.Default
	case persistence.AutostartFile:
		return r.Default
	}
	return false
}

// hookOf returns the part that the settings which load something share.
func hookOf(d artifacts.Decoded) (persistence.Hook, bool) {
	h, ok := d.(persistence.Hooker)
	if !ok {
		return persistence.Hook{}, false
	}
	return h.Setting(), true
}

// weaker lowers a level for what Windows would not start any more.
func (x *look) weaker(level Level, a persistence.Entry) Level {
	if x.row.rec.From.State == artifacts.Deleted || a.Disabled || a.Inactive != "" {
		return level.step(-1)
	}
	return level
}

// named is a subject for a setting: what it is, and what it is called.
func (x *look) named(a persistence.Entry) string {
	name := x.row.rec.From.Value
	switch d := x.row.rec.Data.(type) {
	case persistence.Service:
		return "service " + d.Name
	case persistence.Task:
		return "task " + d.TaskPath
	case persistence.TaskCache:
		return "task " + d.TaskPath
	case persistence.RunKey:
		name = d.Name
	case persistence.IFEO:
		name = d.Target
	case persistence.StartupFile:
		name = winpath.Base(d.Path)
	}
	s := strings.TrimSpace(a.Mechanism + " " + name)
	if u := cmp.Or(x.row.rec.User.Name, x.row.rec.User.SID); u != "" {
		s += " of " + u
	}
	return s
}
