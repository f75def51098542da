package findings

import (
	"cmp"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// autostarts are the artifacts whose records name programs that start by
// themselves, without services and tasks, which have rules of their own.
var autostarts = []string{
	"runkeys", "winlogon", "windowsload", "logonscripts", "screensaver", "commandprocessor", "startupfolder", "jobs", "ifeo", "appcertdlls",
	"sessionmanager", "lsa", "comhijack", "fileassociations", "activesetup", "print", "netsh", "timeproviders", "shellextensions", "officeaddins", "autostartfiles", "wmi",
}

// unset reports whether an autostart record means nothing: what Windows
// itself writes, or what is not a program.
func unset(d artifacts.Decoded, a *artifacts.Autostart) bool {
	return a.Image == "" && a.Payload == "" && a.Command == "" || usual(d)
}

// usual reports whether a record is what Windows itself writes.
func usual(d artifacts.Decoded) bool {
	if h, ok := hookOf(d); ok {
		return h.Default
	}
	switch r := d.(type) {
	case artifacts.WMI:
		return r.Default
	case artifacts.AutostartFile:
		return r.Default
	}
	return false
}

// hookOf returns the part that the settings which load something share.
func hookOf(d artifacts.Decoded) (artifacts.Hook, bool) {
	switch r := d.(type) {
	case artifacts.IFEO:
		return r.Hook, true
	case artifacts.AppCertDLL:
		return r.Hook, true
	case artifacts.SessionManager:
		return r.Hook, true
	case artifacts.LSA:
		return r.Hook, true
	case artifacts.COMHijack:
		return r.Hook, true
	case artifacts.FileAssociation:
		return r.Hook, true
	case artifacts.ActiveSetup:
		return r.Hook, true
	case artifacts.Print:
		return r.Hook, true
	case artifacts.Netsh:
		return r.Hook, true
	case artifacts.TimeProvider:
		return r.Hook, true
	case artifacts.ShellExtension:
		return r.Hook, true
	case artifacts.OfficeAddin:
		return r.Hook, true
	case artifacts.Profiler:
		return r.Hook, true
	case artifacts.Environment:
		return r.Hook, true
	case artifacts.KnownDLL:
		return r.Hook, true
	case artifacts.Winsock:
		return r.Hook, true
	case artifacts.AMSIProvider:
		return r.Hook, true
	case artifacts.CredentialProvider:
		return r.Hook, true
	case artifacts.DNSServer:
		return r.Hook, true
	case artifacts.RDPProgram:
		return r.Hook, true
	case artifacts.AeDebug:
		return r.Hook, true
	case artifacts.SafeBoot:
		return r.Hook, true
	case artifacts.AppPath:
		return r.Hook, true
	}
	return artifacts.Hook{}, false
}

// weaker lowers a level for what Windows would not start any more.
func (x *look) weaker(level Level, a *artifacts.Autostart) Level {
	if x.row.rec.From.State == artifacts.Deleted || a.Disabled || a.Inactive != "" {
		return level.step(-1)
	}
	return level
}

// named is a subject for a setting: what it is, and what it is called.
func (x *look) named(a *artifacts.Autostart) string {
	name := x.row.rec.From.Value
	switch d := x.row.rec.Data.(type) {
	case artifacts.Service:
		return "service " + d.Name
	case artifacts.Task:
		return "task " + d.TaskPath
	case artifacts.TaskCache:
		return "task " + d.TaskPath
	case artifacts.RunKey:
		name = d.Name
	case artifacts.IFEO:
		name = d.Target
	case artifacts.StartupFile:
		name = winpath.Base(d.Path)
	}
	s := strings.TrimSpace(a.Mechanism + " " + name)
	if u := cmp.Or(x.row.rec.User.Name, x.row.rec.User.SID); u != "" {
		s += " of " + u
	}
	return s
}
