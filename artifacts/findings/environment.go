package findings

import (
	"cmp"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/persistence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var environmentHijack = rule(Rule{
	ID: "P-19", Title: "Environment variable that loads other code", Level: High, Attack: []string{"T1574.007"},
	Why:    "Programs find or load other code through this variable.",
	Benign: "Performance monitoring agents for .NET; development tools in the search path.",
	Next:   "Check which library or folder it names and who can write there.",
	Needs:  []string{"environment", "profiler"},
}, func(x *look, e persistence.Environment) {
	switch a := e.Autostart(); {
	case e.Default:
	case e.BeforeSystem32 && e.Writable && a.Scope == "machine":
		level := Medium
		if p := x.probe(x.normal(e.Folder, x.row.rec.User) + `\x.exe`); strings.HasPrefix(p.key, `\users\`) || p.place != nil &&
			p.place.level >= High {
			level = High
		}
		x.hit(x.setting("search path of the machine"), x.weaker(level, a), "%s, where users may write, is searched before System32",
			e.Folder)
	case strings.EqualFold(e.Name, "ComSpec") && a.Image != "" && !strings.EqualFold(winpath.Base(a.Image), "cmd.exe"):
		x.hit(x.setting("variable ComSpec of "+cmp.Or(x.row.rec.User.Name, "the machine")), x.weaker(High, a),
			"the command prompt is %s", a.Image)
	}
}).also(on(func(x *look, p persistence.Profiler) {
	a := p.Autostart()
	if p.Default || a.Image == "" && p.Value == "" {
		return
	}
	x.hit(x.setting("profiler "+strings.TrimSpace(p.Variable+" "+p.Service+" "+x.row.rec.User.Name)), x.weaker(High, a),
		"%s loads %s into .NET programs", p.Variable, cmp.Or(a.Image, p.Value)).as("T1574.012")
}))

// profilePrograms are those of Windows that start in such profiles.
var profilePrograms = set2("onedrivesetup.exe wab.exe wab32.exe mctadmin.exe sidebar.exe ctfmon.exe")

var profileAutorun = rule(Rule{
	ID: "P-18", Title: "Autostart of new users or a service account", Level: High, Attack: []string{"T1547.001"},
	Why:    "The default profile or the profile of a service account starts a program. This is not set by hand in normal use.",
	Benign: "The OneDrive installer in the default profile of Windows 10.",
	Next:   "Identify the program.",
	Needs:  []string{"runkeys"},
}, func(x *look, r persistence.RunKey) {
	a := r.Autostart()
	if a.Scope != "new users" && a.Scope != "service account" || a.Command == "" {
		return
	}
	if profilePrograms[strings.ToLower(winpath.Base(a.Image))] && (x.ordinary(a.Image) || !strings.Contains(a.Image, `\`)) {
		return
	}
	x.hit(x.autoSubject("", x.named(a), a), x.weaker(High, a), "%s: %s (%s)", r.List, clip(a.Command, 300), a.Scope).atMost(High)
})
