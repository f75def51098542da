package persistence

import (
	"cmp"
	"errors"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A Profiler is one setting by which .NET programs load foreign code.
type Profiler struct {
	Hook
	Variable string `json:"variable"`          // COR_PROFILER, …
	Service  string `json:"service,omitempty"` // for this service only
	Class    string `json:"class_title,omitempty"`
}

const profilerKey = `Microsoft\.NETFramework`

var profiler = artifacts.Define(artifacts.Artifact{
	Name:     "profiler",
	Title:    ".NET profiler",
	DataType: "windows:registry:dotnet_profiler",
	About: `Variables and values by which every .NET program loads a profiler (COR_PROFILER and
CORECLR_PROFILER: a class; their _PATH: a DLL without registration; both count only while
ENABLE_PROFILING is 1), another manager of application domains (APPDOMAIN_MANAGER_ASM and _TYPE),
assemblies before its own (DOTNET_STARTUP_HOOKS), or is attached to a debugger. They are in the
environment of the machine, of one user or of one service, or in the key of the .NET Framework.
Proves that this was configured. Does not prove that a program loaded it. Monitoring products use
the same method. The time is that of the whole key, which all variables of an environment share.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1574.012", "T1574.014"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1574/012/",
		"https://learn.microsoft.com/dotnet/framework/unmanaged-api/profiling/setting-up-a-profiling-environment",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SYSTEM, `{CS}\Control\Session Manager\Environment`),
		artifacts.Key(evidence.SYSTEM, `{CS}\Services\*`),
		artifacts.Key(evidence.SOFTWARE, profilerKey),
		artifacts.Key(evidence.NTUSER, `Environment`),
		artifacts.Key(evidence.NTUSER, `Volatile Environment`),
		artifacts.Key(evidence.NTUSER, `Software\`+profilerKey),
	},
}, decodeProfiler)

// profilerNames are the variables, and what each holds.
var profilerNames = map[string]string{
	"COR_ENABLE_PROFILING":     "switch",
	"CORECLR_ENABLE_PROFILING": "switch",
	"COR_PROFILER":             "class",
	"CORECLR_PROFILER":         "class",
	"COR_PROFILER_PATH":        "dll",
	"COR_PROFILER_PATH_32":     "dll",
	"COR_PROFILER_PATH_64":     "dll",
	"CORECLR_PROFILER_PATH":    "dll",
	"CORECLR_PROFILER_PATH_32": "dll",
	"CORECLR_PROFILER_PATH_64": "dll",
	"DOTNET_STARTUP_HOOKS":     "dlls",
	"APPDOMAIN_MANAGER_ASM":    "text",
	"APPDOMAIN_MANAGER_TYPE":   "text",
	"DBGMANAGEDDEBUGGER":       "command",
}

func decodeProfiler(in artifacts.Input, yield func(Profiler) bool) error {
	if in.Source.Key == `{CS}\Services\*` {
		return profilerService(in, yield)
	}
	h := hooksOf(in, in.Source.Key[strings.LastIndexByte(in.Source.Key, '\\')+1:])
	var titles []string
	h.each(func(v hive.Value) {
		kind := profilerNames[strings.ToUpper(v.Name())]
		if kind == "" {
			return
		}
		text := ""
		if kind == "switch" { // a number as text, or as such
			if r := h.fact(v, ".NET profiler"); r == nil {
				return
			}
		} else if text, _ = h.text(v); strings.TrimSpace(text) == "" {
			return
		}
		titles = append(titles, profilerAdd(in, h, v, kind, text)...)
	})
	i := -1
	return hookRecords(h, func(r Hook) Profiler {
		i++
		return Profiler{Hook: r, Variable: strings.ToUpper(r.Name), Class: titles[i]}
	}, yield)
}

// profilerAdd records one variable and returns a title for each record.
func profilerAdd(in artifacts.Input, h *hooks, v hive.Value, kind, text string) []string {
	const mechanism = ".NET profiler"
	switch kind {
	case "switch":
		return []string{""} // recorded by the caller
	case "class":
		a, title := autostartCOM(in, mechanism, text)
		h.add(v, a).Value = text
		return []string{title}
	case "dll":
		h.add(v, autostartDLL(in, mechanism, text))
		return []string{""}
	case "dlls":
		var titles []string
		for p := range strings.SplitSeq(text, ";") {
			if p = strings.TrimSpace(p); p != "" {
				h.add(v, autostartDLL(in, "DOTNET_STARTUP_HOOKS", p)).Item = len(titles) + 1
				titles = append(titles, "")
			}
		}
		return titles
	case "command":
		h.add(v, autostartCommand(in, ".NET debugger", text))
		return []string{""}
	}
	h.add(v, autostartOf(in, mechanism)).Value = text
	return []string{""}
}

// profilerService looks through the variables of one service: a list of
// NAME=text.
func profilerService(in artifacts.Input, yield func(Profiler) bool) error {
	h := hooksOf(in, `Services\*`)
	var names, titles []string
	h.value("Environment", func(v hive.Value) {
		list, note := h.list(v)
		if note != "" {
			in.Note(in.At(v), errors.New(note))
		}
		for _, s := range list {
			name, text, _ := strings.Cut(s, "=")
			kind := profilerNames[strings.ToUpper(name)]
			if kind == "" {
				continue
			}
			if kind == "switch" {
				h.add(v, autostartOf(in, ".NET profiler")).Value = text
			}
			for _, t := range profilerAdd(in, h, v, kind, text) {
				names, titles = append(names, strings.ToUpper(name)), append(titles, t)
			}
		}
	})
	i := -1
	return hookRecords(h, func(r Hook) Profiler {
		i++
		r.Value = names[i] + "=" + cmp.Or(r.Value, r.Command)
		return Profiler{Hook: r, Variable: names[i], Service: in.Matched(0), Class: titles[i]}
	}, yield)
}

// Summary names the variable, whose it is, and where it leads.
func (r Profiler) Summary() string {
	what := cmp.Or(r.Value, r.Command)
	if r.Service != "" {
		what = strings.TrimPrefix(what, r.Variable+"=")
	}
	s := "[" + r.Key + "] " + r.Variable + "=" + what
	if r.Image != "" && !strings.Contains(what, r.Image) {
		s += " is " + r.Image
	}
	return s + r.state()
}
