package persistence

import (
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A WindowsLoad is one program or DLL that the key Windows names.
type WindowsLoad struct {
	artifacts.Origin
	Entry
	Name    string `json:"name"`                  // Load, Run, AppInit_DLLs, IconServiceLib
	Value   string `json:"value"`                 // the whole value; from the second record of a list on at most 1,024 bytes of it
	Signed  bool   `json:"signed_only,omitempty"` // AppInit_DLLs must be signed
	Unusual string `json:"unusual,omitempty"`
}

const windowsLoadKey = `Microsoft\Windows NT\CurrentVersion\Windows`

var windowsLoad = artifacts.Define(artifacts.Artifact{
	Name:     "windowsload",
	Title:    "Windows load",
	DataType: "windows:registry:windows_load",
	About: `The values Load and Run of the key Windows name programs that start when the user logs on, as
win.ini did; AppInit_DLLs names DLLs that every program which uses user32.dll loads, if
LoadAppInit_DLLs is 1. All are empty by default. Proves that the program or DLL was configured; does
not prove that it was loaded: AppInit_DLLs is inert while LoadAppInit_DLLs is 0, and with Secure
Boot since Windows 8. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1546.010", "T1547.001"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/dlls/secure-boot-and-appinit-dlls",
		"https://attack.mitre.org/techniques/T1546/010/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, windowsLoadKey),
		artifacts.Key(evidence.NTUSER, `Software\`+windowsLoadKey),
	},
}, decodeWindowsLoad)

func decodeWindowsLoad(in artifacts.Input, yield func(WindowsLoad) bool) error {

	var errs []error
	load, _ := in.Uint("LoadAppInit_DLLs")
	signed, _ := in.Uint("RequireSignedAppInit_DLLs")
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		name := strings.ToLower(v.Name())
		switch name {
		case "load", "run", "appinit_dlls", "iconservicelib":
		default:
			continue
		}
		text, note, err := artifacts.AnyText(v)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		items := windowsLoadItems(in, text)
		if len(items) > commandItems {
			errs = append(errs, in.Errorf(in.At(v), "%d programs, the first %d are shown", len(items), commandItems))
			items = items[:commandItems]
		}
		for i, item := range items {
			r := WindowsLoad{Origin: in.At(v), Name: v.Name(), Value: autostartWhole(text, i), Unusual: note}
			switch name {
			case "appinit_dlls":
				r.Entry = autostartImage(in, v.Name(), item)
				r.Signed = signed == 1
				if load == 0 {
					r.Inactive = "LoadAppInit_DLLs is not 1"
				}
			case "iconservicelib":
				r.Entry = autostartImage(in, v.Name(), item)
			default:
				r.Entry = autostartCommand(in, "Windows "+v.Name(), item)
			}
			if !yield(r) {
				return nil
			}
		}
	}
	return errors.Join(errs...)
}

// windowsLoadItems parts a list at blanks and commas outside quotes, except
// where the whole is the path of one file.
func windowsLoadItems(in artifacts.Input, text string) []string {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	if autostartExists(in, in.Machine.Expand(text, in.User)) {
		return []string{text}
	}
	quoted := false
	return strings.FieldsFunc(text, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return !quoted && (r == ',' || r == ';' || r == ' ' || r == '\t')
	})
}

// Summary shows the value and the item.
func (r WindowsLoad) Summary() string {
	s := fmt.Sprintf("[%s] %s", r.Name, r.Command)
	if r.Value != r.Command {
		s += fmt.Sprintf(" (of %q)", r.Value)
	}
	if r.Unusual != "" {
		s += " (" + r.Unusual + ")"
	}
	return s + r.state()
}
