package persistence

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A COMHijack is a class whose code is named where it can shadow that of the
// machine, or in an unusual way.
type COMHijack struct {
	Hook
	CLSID   string `json:"clsid"`
	Title   string `json:"title,omitempty"`
	Kind    string `json:"kind"`              // InprocServer32, LocalServer32, TreatAs, ScriptletURL, …
	Machine string `json:"machine,omitempty"` // the server that the machine names for the same class
	Shadows bool   `json:"shadows,omitempty"` // a class of the machine has this id
}

var comHijack = artifacts.Define(artifacts.Artifact{
	Name:     "comhijack",
	Title:    "COM class",
	DataType: "windows:registry:com_class",
	About: `Per-user classes with the DLL, program, script or other class that they refer to. For this user they
override the machine's class with the same id and need no special rights: every program that
requests the class loads the user's code. The field shadows shows that the machine also has the
class, and machine what it would load. Machine-wide classes are shown only if their server is
user-writable or a script. Proves that the class was registered. Does not prove that any program
requested it. Programs that install themselves per user (OneDrive, Teams, Zoom) register dozens of
their own classes and override none. The time is that of the key that names the server.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.015"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1546/015/",
		"https://learn.microsoft.com/windows/win32/com/inprocserver32",
		"https://learn.microsoft.com/windows/win32/com/treatas",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.USRCLASS, `CLSID\*`),
		artifacts.Key(evidence.USRCLASS, `Wow6432Node\CLSID\*`),
		artifacts.Key(evidence.NTUSER, `Software\Classes\CLSID\*`),
		artifacts.Key(evidence.SOFTWARE, `Classes\CLSID\*`),
		artifacts.Key(evidence.SOFTWARE, `Classes\Wow6432Node\CLSID\*`),
	},
}, decodeCOMHijack)

func decodeCOMHijack(in artifacts.Input, yield func(COMHijack) bool) error {
	clsid := in.Matched(0)
	machine := in.Source.Hive == evidence.SOFTWARE
	view32 := in.View32 || strings.Contains(in.Source.Key, "Wow6432Node")

	var errs []error
	for sub, err := range in.Key.Subkeys() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		kind := sub.Name()
		isServer := slices.ContainsFunc(comKinds, func(k string) bool { return strings.EqualFold(k, kind) })
		if !isServer && !strings.EqualFold(kind, "TreatAs") && !strings.EqualFold(kind, "ScriptletURL") {
			continue
		}
		v, err := sub.Value("")
		if err != nil {
			if !errors.Is(err, hive.ErrNotExist) {
				errs = append(errs, in.Wrap(in.Below(sub), err))
			}
			continue
		}
		text, note, err := artifacts.AnyText(v)
		if err != nil {
			errs = append(errs, in.Wrap(in.BelowAt(sub, v), err))
		}
		if text == "" {
			continue
		}
		var a Entry
		switch {
		case strings.EqualFold(kind, "TreatAs"):
			a, _ = autostartCOM(in, "COM TreatAs", text)
		case strings.EqualFold(kind, "ScriptletURL"):
			a = autostartOf(in, "COM script")
			a.Command, a.Image = text, text
		case strings.HasPrefix(strings.ToLower(kind), "local"):
			a = autostartCommand(in, "COM server", text)
		default:
			a = autostartDLL(in, "COM server", text)
		}
		a.Written = sub.Written()
		if machine && !hookWritable(a.Image) && !strings.EqualFold(kind, "ScriptletURL") {
			continue
		}
		r := COMHijack{CLSID: clsid, Kind: kind, Title: in.Text("")}
		r.Hook = Hook{Origin: in.BelowAt(sub, v), Entry: a, Key: `CLSID\` + clsid + `\` + kind, Value: text, Unusual: note}
		if !machine {
			if _, ok := comClass(in, clsid, view32); ok {
				r.Shadows = true
				r.Machine, _, _ = comServer(in, clsid, view32)
			}
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// Summary names the class, where it leads, and what it shadows.
func (r COMHijack) Summary() string {
	s := fmt.Sprintf("[%s %s] %s", r.CLSID, r.Kind, r.Value)
	if r.Title != "" {
		s = fmt.Sprintf("[%s %s] %s: %s", r.CLSID, r.Kind, r.Title, r.Value)
	}
	if r.Shadows {
		s += " (shadows the machine's " + cmp.Or(r.Machine, "class") + ")"
	}
	return s + r.state()
}

// Tags marks a class that stands before one of the machine.
func (r COMHijack) Tags() []string {
	tags := r.Hook.Tags()
	if r.Shadows {
		tags = append(tags, "shadows-machine-class")
	}
	return tags
}
