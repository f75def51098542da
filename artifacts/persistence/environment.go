package persistence

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// An Environment is one variable that decides which program a name starts.
type Environment struct {
	Hook
	Folder         string `json:"folder,omitempty"`          // one folder of a search path, variables resolved
	BeforeSystem32 bool   `json:"before_system32,omitempty"` // it is searched before the folder of Windows
	Writable       bool   `json:"writable,omitempty"`        // by its place users may put files there
}

var environment = artifacts.Define(artifacts.Artifact{
	Name:     "environment",
	Title:    "Environment variable",
	DataType: "windows:registry:environment",
	About: `The variables by which Windows finds programs: each folder of Path and PSModulePath in its order,
PATHEXT, ComSpec, and the variables that name the folder of Windows itself, for the machine and for
each user. Proves the setting as it was at the last write of the key. Does not prove that a program
was started by it. A user-writable folder before System32 lets users substitute a program. A user's
own windir or SystemRoot redirects tasks that run with higher rights. Whether users can write to a
folder is judged by its path, not by its permissions. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1574.007", "T1548.002"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1574/007/",
		"https://learn.microsoft.com/windows/win32/procthread/environment-variables",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager\Environment`),
		artifacts.Key(evidence.NTUSER, `Environment`),
		artifacts.Key(evidence.NTUSER, `Volatile Environment`),
	},
}, decodeEnvironment)

func decodeEnvironment(in artifacts.Input, yield func(Environment) bool) error {
	machine := in.Source.Hive == evidence.SYSTEM
	h := hooksOf(in, in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:])
	before := map[int]bool{}
	h.each(func(v hive.Value) {
		switch name := strings.ToLower(v.Name()); name {
		case "path", "psmodulepath":
			text, note := h.text(v)
			system32 := !machine // a user's path comes behind the machine's
			n := 0
			for p := range strings.SplitSeq(text, ";") {
				if p = strings.Trim(p, "\" \t"); p == "" {
					continue
				}
				n++
				r := h.add(v, autostartOf(in, "Variable "+v.Name()))
				r.Value, r.Item, r.Unusual = p, n, note
				dir := in.Machine.Expand(p, in.User)
				r.Default = machine && environmentUsual(in, dir)
				if in.Machine.IsSystem32(dir) {
					system32 = true
				}
				before[len(h.out)-1] = name == "path" && !system32
			}
		case "pathext":
			if r := h.fact(v, "Variable "+v.Name()); r != nil {
				r.Default = machine && environmentExtensions(r.Value)
			}
		case "comspec":
			if r := h.command(v, "Variable "+v.Name()); r != nil {
				r.Default = machine && hookSystem(in, r.Image, "cmd")
			}
		case "windir", "systemroot", "systemdrive":
			if r := h.fact(v, "Variable "+v.Name()); r != nil {
				// A user has no such variable of his own.
				r.Default = machine && (strings.EqualFold(r.Value, "%SystemRoot%") ||
					winpath.Key(r.Value) == winpath.Key(in.Machine.SystemRoot))
			}
		}
	})
	i := -1
	return hookRecords(h, func(r Hook) Environment {
		i++
		e := Environment{Hook: r}
		if r.Item > 0 {
			e.Folder = in.Machine.Expand(r.Value, in.User)
			e.BeforeSystem32 = before[i]
			e.Writable = hookWritable(e.Folder + `\`)
		}
		return e
	}, yield)
}

// environmentUsual are the folders that set-up puts into the variables.
func environmentUsual(in artifacts.Input, dir string) bool {
	k := strings.TrimSuffix(winpath.Key(dir), `\`)
	root := winpath.Key(in.Machine.SystemRoot)
	if root == "" {
		root = `\windows`
	}
	rest, ok := strings.CutPrefix(k, root)
	if !ok {
		return k == `\program files\windowspowershell\modules` || k == `%programfiles%\windowspowershell\modules`
	}
	switch rest {
	case "", `\system32`, `\system32\wbem`, `\system32\windowspowershell\v1.0`, `\system32\windowspowershell\v1.0\modules`, `\system32\openssh`:
		return true
	}
	return false
}

// environmentExtensions reports whether only extensions of Windows itself
// are looked for.
func environmentExtensions(list string) bool {
	for e := range strings.SplitSeq(strings.ToUpper(list), ";") {
		switch e {
		case "", ".COM", ".EXE", ".BAT", ".CMD", ".VBS", ".VBE", ".JS", ".JSE", ".WSF", ".WSH", ".MSC", ".CPL":
		default:
			return false
		}
	}
	return true
}

// Program returns the program of the variable, or the folder in which
// programs are searched.
func (r Environment) Program() string {
	if r.Image == "" {
		return r.Folder
	}
	return r.Image
}
