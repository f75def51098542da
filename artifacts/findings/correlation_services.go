package findings

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// executionServices are services that tools for remote execution install.
var executionServices = map[string]string{
	"psexesvc.exe": "PsExec", "paexec.exe": "PAExec", "remcomsvc.exe": "RemCom", "csexecsvc.exe": "CSExec", "xcmdsvc.exe": "xCmd",
	"winexesvc.exe": "Winexe",
}

var serviceAgain = wholeRule(Rule{
	ID: "C-07", Title: "Service installed and started again and again", Level: High, Attack: []string{"T1569.002"},
	Why:    "The same service was installed at least three times within an hour and started each time: the pattern of remote execution.",
	Benign: "Administrators who use PsExec.",
	Next:   "Look at what ran below the service, and from which machine or session it was installed.",
	Needs:  []string{"eventservices", "eventsysmon", "eventprocesses", "prefetch"},
}, func(x *look) {
	all := x.installs()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list := all[name]
		n, span := bestHour(list)
		if n < 3 {
			continue
		}
		first := list[span]
		if winpath.Dir(first.Program) != `\windows` && !strings.HasPrefix(first.Program, `\\`) {
			continue
		}
		started := 0
		var refs []programs.Ref
		for _, a := range list {
			refs = append(refs, a.Ref)
		}
		for _, p := range x.model.Program(first.Program) {
			for i := range p.Starts {
				if s := &p.Starts[i]; strings.EqualFold(s.Service, first.Subject) {
					started++
					refs = append(refs, s.Refs()...)
				}
			}
		}
		if started < n {
			continue
		}
		x.hit(subject{kind: kindProgram, key: first.Program, show: first.Object}, High,
			"service %s was installed %d times within an hour and started each time", first.Subject, n).from(x.cite(refs...)...)
	}
})

// bestHour returns the most installations within one hour, and which is the first
// of them.
func bestHour(list []*programs.Act) (n, first int) {
	j := 0
	for i := range list {
		for list[i].Time.Sub(list[j].Time) > time.Hour {
			j++
		}
		if i-j+1 > n {
			n, first = i-j+1, j
		}
	}
	return n, first
}

var coupledClient = wholeRule(Rule{
	ID: "C-08", Title: "Program that always starts with a remote-execution service", Level: High, Attack: []string{"T1569.002",
		"T1036.003"},
	Why:    "Each start came with one of a remote-execution service, or of a program with a high finding: they are one job.",
	Benign: "PsExec itself, used by administrators.",
	Next:   "Compare its version details with those of the tool, and look at its command lines.",
	Needs:  startNeeds,
}, func(x *look) {
	levels := x.levels()
	byID := map[string]*programs.Program{}
	for _, p := range x.model.Programs {
		byID[p.ID] = p
	}
	for _, p := range x.model.Programs {
		if !p.Outside() {
			continue
		}
		for _, c := range p.Coupled {
			o := byID[c.ID]
			if o == nil {
				continue
			}
			tool, remote := executionServices[o.Base()]
			if !remote && (levels[o.Key] < High || o.Dir() == p.Dir()) {
				continue
			}
			says := "each of its %d starts has one of %s within %s"
			args := []any{c.Starts, o.Path, c.Most.Round(time.Millisecond)}
			if remote && c.First {
				says += ": it is the client of %s"
				args = append(args, tool)
				if !strings.HasPrefix(p.Base(), strings.ToLower(tool)) {
					says += " under another name"
				}
			}
			var refs []programs.Ref
			for i := range p.Starts {
				refs = append(refs, p.Starts[i].Refs()...)
			}
			x.hit(x.of(p), High, says, args...).from(x.cite(refs...)...)
			break
		}
	}
})

var shellOfService = wholeRule(Rule{
	ID: "C-09", Title: "Service of a user that started a shell as SYSTEM", Level: High, Attack: []string{"T1134", "T1569.002"},
	Why:    "A user installed a service, and within seconds it started a shell or a script host with the rights of the system.",
	Benign: "PsExec -s, used by administrators.",
	Next:   "Read the command lines of the shells.",
	Needs:  []string{"eventservices", "eventsysmon", "eventprocesses"},
}, func(x *look) {
	type tally struct {
		n     int
		refs  []programs.Ref
		by    string
		shell string
		first *programs.Act
	}
	found := map[string]*tally{}
	counted := map[*programs.Act]bool{}
	for _, p := range x.model.Programs {
		if !systemShells[p.Base()] || p.Outside() {
			continue
		}
		for i := range p.Starts {
			st := &p.Starts[i]
			if st.Account.SID != "S-1-5-18" && !strings.EqualFold(st.Account.Short(), "SYSTEM") {
				continue
			}
			a := x.installedBefore(st)
			if a == nil {
				continue
			}
			t := found[a.Program]
			if t == nil {
				t = &tally{first: a, by: accountName(a.Actor), shell: p.Base()}
				found[a.Program] = t
			}
			if !counted[a] {
				counted[a] = true
				t.n++
				t.refs = append(t.refs, a.Ref)
			}
			if a.Time.Before(t.first.Time) {
				t.first = a
			}
			t.refs = append(t.refs, st.Refs()...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		t := found[key]
		x.hit(subject{kind: kindProgram, key: key, show: t.first.Object}, High, "service %s, installed by %s, started %s as SYSTEM %s",
			t.first.Subject, t.by, t.shell, times(t.n)).from(x.cite(t.refs...)...)
	}
})

// systemShells run what others wrote.
var systemShells = map[string]bool{"cmd.exe": true, "powershell.exe": true, "wscript.exe": true, "cscript.exe": true, "mshta.exe": true}

// installedBefore returns the installation by a user that a shell belongs to: the
// last one of its parent's image in the five seconds before. PsExec installs its
// service anew for each command, several times in that span.
func (x *look) installedBefore(s *programs.Start) *programs.Act {
	acts := x.model.Acts
	parent := x.keyOf(s.Parent)
	i, _ := slices.BinarySearchFunc(acts, s.Time, func(a *programs.Act, t time.Time) int {
		if a.Time.After(t) {
			return 1
		}
		return -1
	})
	for i--; i >= 0 && s.Time.Sub(acts[i].Time) <= 5*time.Second; i-- {
		a := acts[i]
		if a.Kind == "service" && a.Program != "" && userSID(a.Actor.SID) && (parent == a.Program || winpath.Base(parent) == "services.exe") {
			return a
		}
	}
	return nil
}

// accountName is the name of an account without its domain, or its SID.
func accountName(a programs.Account) string {
	return programs.Attribution{SID: a.SID, Name: a.Name}.Short()
}

var kitFolder = wholeRule(Rule{
	ID: "C-10", Title: "Folder with several suspicious programs", Level: High, Attack: []string{"T1074.001"},
	Why:    "At least three programs or scripts in one folder have findings: a kit that was brought together.",
	Benign: "Collections of tools of analysts and administrators.",
	Next:   "Recover the folder, and look at what else is in it and when it appeared.",
	Needs:  append([]string{"amcachefiles", "defenderlog", "eventdefender", "mft"}, startNeeds...),
}, func(x *look) {
	levels := x.levels()
	folders := map[string][]string{}
	for key, l := range levels {
		dir := winpath.Dir(key)
		if l < Medium || dir == "" || strings.HasPrefix(dir, `\\`) || !runnable[ext(winpath.Base(key))] || strings.HasPrefix(key,
			`\windows\`) ||
			strings.HasPrefix(key, `\program files`) {
			continue
		}
		folders[dir] = append(folders[dir], key)
	}
	first := firstRows(x.hits)
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		list := folders[dir]
		if len(list) < 3 {
			continue
		}
		slices.Sort(list)
		level := High
		if strings.Contains(dir, "sysinternals") || strings.Contains(dir, `\downloads\`) {
			level = Medium
		}
		var names []string
		var rows []*row
		for _, key := range list {
			names = append(names, winpath.Base(key))
			if r := first[key]; r != nil && len(rows) < maxEvidence {
				rows = append(rows, r)
			}
		}
		x.hit(subject{kind: kindActivity, key: "folder " + dir, show: "folder " + dir}, level, "%d programs with findings: %s", len(list),
			listOf(names, 8)).from(rows...)
	}
})

// firstRows returns, for each program, the first row of its first hit that has rows.
func firstRows(hits []*hit) map[string]*row {
	first := map[string]*row{}
	for _, h := range hits {
		if h.subject.kind == kindProgram && len(h.rows) > 0 && first[h.subject.key] == nil {
			first[h.subject.key] = h.rows[0]
		}
	}
	return first
}

var startedAndDetected = lifeRule(Rule{
	ID: "C-11", Title: "Detected right after its start", Level: High, Attack: []string{"T1204"},
	Why:    "The antivirus reported the file within seconds of a start: it was running, and not only present.",
	Benign: "Scans on access while an installer is unpacked.",
	Next:   "Check whether the antivirus stopped it in time.",
	Needs:  append([]string{"eventdefender", "defenderlog", "defenderdetections"}, startNeeds...),
}, func(x *look, p *programs.Program) {
	for i := range p.Verdicts {
		v := &p.Verdicts[i]
		if v.Time.IsZero() {
			continue
		}
		starts := startsIn(p, v.Time.Add(-5*time.Second), v.Time)
		if len(starts) == 0 {
			continue
		}
		level := High
		if installer(p) {
			level = Medium
		}
		x.hit(x.of(p), level, "%s reported %s %s after a start", v.Product, v.Name,
			v.Time.Sub(starts[len(starts)-1].Time).Round(time.Millisecond)).
			from(x.cite(append(startRefs(starts), v.Ref)...)...)
		return
	}
})
