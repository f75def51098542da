package persistence

import (
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A RunKey is one program that Windows starts at a log-on, or once.
type RunKey struct {
	artifacts.Origin
	Entry
	List        string `json:"list"` // "Run", "RunOnce", "RunOnceEx\0001", …
	Name        string `json:"name"`
	Title       string `json:"title,omitempty"`        // the caption of a section of RunOnceEx
	Function    string `json:"function,omitempty"`     // of a DLL in RunOnceEx
	KeepOnFail  bool   `json:"keep_on_fail,omitempty"` // name begins with !: deleted only after the program ran
	InSafeMode  bool   `json:"in_safe_mode,omitempty"` // name begins with *: started in safe mode too
	AppInstall  bool   `json:"app_install,omitempty"`  // the shadow copy that a terminal server hands to its users
	Unusual     string `json:"unusual,omitempty"`      // what is odd about the value itself
	ApprovedBy  string `json:"approved_by,omitempty"`  // the StartupApproved key that has an entry for it
	ApprovedRaw uint32 `json:"approved_state,omitempty"`
}

const runCurrentVersion = `Microsoft\Windows\CurrentVersion\`

var runKeys = artifacts.Define(artifacts.Artifact{
	Name:     "runkeys",
	Title:    "Run key",
	DataType: "windows:registry:run",
	About: `The keys Run, RunOnce, RunOnceEx, RunServices, RunServicesOnce and Policies\Explorer\Run name
programs that Windows starts at logon: those of SOFTWARE for all users, those of a user's hive for
that user, and those of the default profile for each new account. Proves that the start was
configured; the state of StartupApproved shows whether it was disabled since. Does not prove that
the program ran, nor who wrote the entry. The time is that of the whole key: it dates the last
change of any of its values and does not say which one changed. An entry of RunOnce is deleted
before its program starts (after it, when its name begins with "!"): an entry that is still present
is new or failed. Windows NT and later never execute RunServices and RunServicesOnce.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.001"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/setupapi/run-and-runonce-registry-keys",
		"https://attack.mitre.org/techniques/T1547/001/",
	},
	Sources: runSources(),
}, decodeRunKeys)

// runSources are the keys below CurrentVersion, for the machine and for each
// user, and the copies that a terminal server makes while programs are
// installed.
func runSources() []artifacts.Source {
	var out []artifacts.Source
	for _, k := range []string{`Run`, `RunOnce`, `RunOnce\Setup`, `RunOnceEx`, `RunOnceEx\*`, `RunOnceEx\*\Depend`, `RunServices`,
		`RunServicesOnce`, `Policies\Explorer\Run`} {
		out = append(out, artifacts.Key(evidence.SOFTWARE, runCurrentVersion+k),
			artifacts.Key(evidence.NTUSER, `Software\`+runCurrentVersion+k))
	}
	const install = `Microsoft\Windows NT\CurrentVersion\Terminal Server\Install\Software\` + runCurrentVersion
	for _, k := range []string{`Run`, `RunOnce`, `RunOnceEx`, `RunOnceEx\*`} {
		out = append(out, artifacts.Key(evidence.SOFTWARE, install+k), artifacts.Key(evidence.NTUSER, `Software\`+install+k))
	}
	return out
}

func decodeRunKeys(in artifacts.Input, yield func(RunKey) bool) error {
	_, list, _ := strings.Cut(in.Source.Key, runCurrentVersion)
	install := strings.Contains(in.Source.Key, `Terminal Server\Install`)
	if len(in.Match) > 0 {
		list = strings.Replace(list, "*", in.Match[0], 1)
	}
	section := strings.HasPrefix(list, `RunOnceEx\`)
	title := ""
	if section && !strings.HasSuffix(list, `\Depend`) {
		title = in.Text("")
	}

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		name := v.Name()
		if strings.HasPrefix(list, "RunOnceEx") && (name == "" || strings.EqualFold(name, "Flags") || strings.EqualFold(name, "Title")) {
			continue // settings of the list
		}
		text, note, err := artifacts.AnyText(v)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		if name == "" && text == "" {
			continue
		}
		r := runKey(in, list, text)
		r.Origin, r.List, r.Name, r.Title = in.At(v), list, name, title
		r.Unusual, r.AppInstall = note, install
		r.Hidden = autostartHidden(name)
		if strings.HasPrefix(list, "RunOnce") && !section {
			r.KeepOnFail = strings.HasPrefix(name, "!")
			r.InSafeMode = strings.HasPrefix(name, "*")
		}
		switch {
		case strings.HasPrefix(list, "RunServices"):
			r.Inactive = "Windows NT never executes this key"
		case list == "RunOnceEx":
			r.Inactive = "RunOnceEx executes its subkeys only"
		case install:
			r.Inactive = "a terminal server copies it to a user's Run key first"
		case list == "Run":
			runApproval(in, &r)
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// runKey takes the text of an entry apart. Sections of RunOnceEx have a
// syntax of their own: `dll|function|arguments`, or `||command`.
func runKey(in artifacts.Input, list, text string) RunKey {
	mechanism, _, _ := strings.Cut(list, `\`)
	if strings.HasPrefix(list, "Policies") {
		mechanism = `Policies\Explorer\Run`
	}
	if mechanism != "RunOnceEx" {
		return RunKey{Entry: autostartCommand(in, mechanism, text)}
	}
	if strings.HasSuffix(list, `\Depend`) {
		return RunKey{Entry: autostartImage(in, "RunOnceEx Depend", text)}
	}
	dll, rest, bar := strings.Cut(text, "|")
	if !bar {
		return RunKey{Entry: autostartCommand(in, mechanism, text)}
	}
	function, args, _ := strings.Cut(rest, "|")
	var r RunKey
	if dll == "" && function == "" {
		r.Entry = autostartCommand(in, mechanism, args)
	} else {
		r.Entry = autostartImage(in, mechanism, dll)
		r.Function, r.Arguments = function, args
	}
	r.Command = text
	return r
}

// runApproval looks whether a user switched the entry off. The state of the
// 32-bit key of the machine stands in Run32 of the 64-bit view.
func runApproval(in artifacts.Input, r *RunKey) {
	list := "Run"
	if in.View32 && in.Source.Hive == evidence.SOFTWARE {
		list = "Run32"
	}
	path := startupApprovedKey + list
	if in.Source.Hive == evidence.NTUSER {
		path = `Software\` + path
	}
	k, err := in.Hive.Key(path)
	if err != nil {
		return
	}
	v, err := k.Value(r.Name)
	if err != nil {
		return
	}
	b, err := v.Bytes()
	if err != nil {
		return
	}
	if state, off, at, err := parseStartupApproved(b); err == nil {
		r.ApprovedBy, r.ApprovedRaw = k.Path(), state
		r.Disabled, r.DisabledAt = off, at
	}
}

// Summary shows the list, the name and the command.
func (r RunKey) Summary() string {
	s := fmt.Sprintf("[%s] %s: %s", r.List, runName(r.Name), r.Command)
	if r.Unusual != "" {
		s += " (" + r.Unusual + ")"
	}
	return s + r.state()
}

func runName(name string) string {
	if name == "" {
		return "(Default)"
	}
	return strings.ReplaceAll(name, "\x00", `\0`)
}
