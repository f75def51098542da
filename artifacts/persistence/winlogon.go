package persistence

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/hive"
)

// A Winlogon is one setting of the log-on process: a program or DLL that it
// starts, or a setting that opens or hides an account.
type Winlogon struct {
	artifacts.Origin
	Entry
	Key     string `json:"setting_key"` // "Winlogon", `Winlogon\Notify\x`, `Policies\System`
	Name    string `json:"name"`
	Value   string `json:"value"`             // the whole value; in records of its second command and later at most 1,024 bytes
	Item    int    `json:"item,omitempty"`    // which command of a comma list, from 1
	Unusual string `json:"unusual,omitempty"` // what is odd about the value itself
}

const (
	winlogonKey     = `Microsoft\Windows NT\CurrentVersion\Winlogon`
	winlogonSystem  = `Microsoft\Windows\CurrentVersion\Policies\System`
	winlogonSpecial = `SpecialAccounts\UserList`
	winlogonAlt     = `AlternateShells\AvailableShells`
)

var winlogon = artifacts.Define(artifacts.Artifact{
	Name:     "winlogon",
	Title:    "Winlogon",
	DataType: "windows:registry:winlogon",
	About: `Settings of the logon process: the programs that it starts after a logon (Userinit, Shell), on
Ctrl+Shift+Esc (Taskman) and for system pages (VmApplet), the DLLs that it loads (GinaDLL,
notification packages before Vista, group policy extensions), accounts hidden from the logon screen,
and automatic logon. Proves that the program was configured to start for all users (SOFTWARE) or for
one user; a Shell in a user's hive replaces Explorer for that user. Does not prove that it ran. Each
program of a list has its own record. Notification packages are ignored since Windows Vista. A
stored password for automatic logon is reported but not shown. The time is that of the whole key.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.004", "T1552.002", "T1564.002"},
	Refs: []string{
		"https://attack.mitre.org/techniques/T1547/004/",
		"https://learn.microsoft.com/windows/win32/secauthn/registry-entries",
		"https://learn.microsoft.com/windows-server/administration/server-core/server-core-sconfig",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, winlogonKey),
		artifacts.Key(evidence.SOFTWARE, winlogonKey+`\Notify\*`),
		artifacts.Key(evidence.SOFTWARE, winlogonKey+`\GPExtensions\*`),
		artifacts.Key(evidence.SOFTWARE, winlogonKey+`\`+winlogonSpecial),
		artifacts.Key(evidence.SOFTWARE, winlogonKey+`\`+winlogonAlt),
		artifacts.Key(evidence.SOFTWARE, winlogonSystem),
		artifacts.Key(evidence.NTUSER, `Software\`+winlogonKey),
		artifacts.Key(evidence.NTUSER, `Software\`+winlogonSystem),
	},
}, decodeWinlogon)

// winlogonLists hold several commands, parted by commas.
var winlogonLists = []string{"userinit", "shell", "system", "appsetup"}

// winlogonSingles hold one command or DLL.
var winlogonSingles = []string{"vmapplet", "taskman", "uihost", "ginadll", "mpnotify", "alternateshells", "availableshells"}

// winlogonFacts are no programs.
var winlogonFacts = []string{"autoadminlogon", "defaultusername", "altdefaultusername", "defaultdomainname", "forceautologon",
	"autologoncount", "autologonsid"}

func decodeWinlogon(in artifacts.Input, yield func(Winlogon) bool) error {
	src := in.Source.Key
	_, key, _ := strings.Cut(src, `CurrentVersion\`)
	if len(in.Match) > 0 {
		key = strings.Replace(key, "*", in.Match[0], 1)
	}
	w := winlogonDecoder{in: in, key: key}
	switch {
	case strings.Contains(src, `\Notify\`):
		w.dll("DllName", "Winlogon Notify", winlogonInactive(in))
	case strings.Contains(src, `\GPExtensions\`):
		w.dll("DllName", "Group policy extension", "")
	case strings.HasSuffix(src, winlogonSpecial):
		w.each(w.account)
	case strings.HasSuffix(src, winlogonAlt):
		w.each(func(v hive.Value) { w.commands(v, "Winlogon alternate shell", false) })
	case strings.HasSuffix(src, winlogonSystem):
		w.each(func(v hive.Value) {
			switch strings.ToLower(v.Name()) {
			case "shell", "userinit":
				w.commands(v, "Policy "+v.Name(), true)
			case "logontype":
				w.fact(v)
			}
		})
	default:
		w.each(w.setting)
	}
	for _, r := range w.out {
		if !yield(r) {
			break
		}
	}
	return errors.Join(w.errs...)
}

// winlogonInactive says so where Windows no longer loads notification
// packages.
func winlogonInactive(in artifacts.Input) string {
	switch in.Machine.Build {
	case "", "2195", "2600", "3790":
		return ""
	}
	return "ignored since Windows Vista"
}

type winlogonDecoder struct {
	in   artifacts.Input
	key  string
	out  []Winlogon
	errs []error
}

func (w *winlogonDecoder) each(f func(hive.Value)) {
	for v, err := range w.in.Values() {
		if err != nil {
			w.errs = append(w.errs, w.in.Wrap(w.in.AtKey(), err))
			continue
		}
		f(v)
	}
}

// setting decodes a value of the key Winlogon itself.
func (w *winlogonDecoder) setting(v hive.Value) {
	name := strings.ToLower(v.Name())
	switch {
	case slices.Contains(winlogonLists, name):
		w.commands(v, "Winlogon "+v.Name(), true)
	case slices.Contains(winlogonSingles, name):
		w.commands(v, "Winlogon "+v.Name(), false)
	case name == "defaultpassword" || name == "altdefaultpassword":
		if v.Size() > 2 {
			r := w.record(v)
			r.Mechanism, r.Value = "Automatic log-on", "(a password is stored; not shown)"
			w.out = append(w.out, r)
		}
	case slices.Contains(winlogonFacts, name):
		w.fact(v)
	}
}

func (w *winlogonDecoder) record(v hive.Value) Winlogon {
	r := Winlogon{Origin: w.in.At(v), Key: w.key, Name: v.Name()}
	r.Entry = autostartOf(w.in, "Winlogon "+v.Name())
	r.Hidden = autostartHidden(v.Name())
	return r
}

// commands gives one record for each command of a value.
func (w *winlogonDecoder) commands(v hive.Value, mechanism string, list bool) {
	text, note, err := artifacts.AnyText(v)
	if err != nil {
		w.errs = append(w.errs, w.in.Wrap(w.in.At(v), err))
	}
	if strings.Trim(text, " \t,") == "" {
		return
	}
	items := []string{text}
	if list {
		items = splitCommands(text)
	}
	if len(items) > commandItems {
		w.errs = append(w.errs, w.in.Errorf(w.in.At(v), "%d programs, the first %d are shown", len(items), commandItems))
		items = items[:commandItems]
	}
	for i, c := range items {
		r := w.record(v)
		hidden := r.Hidden
		r.Entry = autostartCommand(w.in, mechanism, c)
		r.Hidden, r.Value, r.Unusual = hidden, autostartWhole(text, i), note
		if list {
			r.Item = i + 1
		}
		w.out = append(w.out, r)
	}
}

// splitCommands parts a list at the commas outside quotes.
func splitCommands(s string) []string {
	var out []string
	quoted, from := false, 0
	add := func(c string) {
		if c = strings.TrimSpace(c); c != "" {
			out = append(out, c)
		}
	}
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			add(s[from:i])
			from = i + 1
		}
	}
	add(s[from:])
	return out
}

// fact gives a record of a setting that names no program.
func (w *winlogonDecoder) fact(v hive.Value) {
	r := w.record(v)
	if n, err := v.Uint(); err == nil {
		r.Value = fmt.Sprint(n)
	} else if r.Value, r.Unusual, err = artifacts.AnyText(v); err != nil {
		w.errs = append(w.errs, w.in.Wrap(w.in.At(v), err))
		return
	}
	if r.Value == "" {
		return
	}
	if n := strings.ToLower(v.Name()); strings.HasPrefix(n, "auto") || strings.HasPrefix(n, "default") || strings.HasPrefix(n, "force") {
		r.Mechanism = "Automatic log-on"
	}
	w.out = append(w.out, r)
}

// account gives a record of an account that the log-on screen shows or hides.
func (w *winlogonDecoder) account(v hive.Value) {
	n, err := v.Uint()
	if err != nil {
		w.errs = append(w.errs, w.in.Wrap(w.in.At(v), err))
		return
	}
	r := w.record(v)
	r.Mechanism = "Log-on screen"
	r.Value = "shown"
	if n == 0 {
		r.Value = "hidden from the log-on screen"
	}
	w.out = append(w.out, r)
}

// dll gives a record of a key that names one DLL.
func (w *winlogonDecoder) dll(name, mechanism, inactive string) {
	v, err := w.in.Value(name)
	if err != nil {
		if !errors.Is(err, hive.ErrNotExist) {
			w.errs = append(w.errs, w.in.Wrap(w.in.AtKey(), err))
		}
		return
	}
	text, note, err := artifacts.AnyText(v)
	if err != nil {
		w.errs = append(w.errs, w.in.Wrap(w.in.At(v), err))
	}
	if text == "" {
		return
	}
	r := Winlogon{Origin: w.in.At(v), Key: w.key, Name: w.in.Match[0], Value: text, Unusual: note}
	r.Entry = autostartImage(w.in, mechanism, text)
	r.Inactive = inactive
	w.out = append(w.out, r)
}

// Summary shows the setting and what it holds.
func (r Winlogon) Summary() string {
	what := r.Command
	if what == "" {
		what = r.Value
	}
	s := fmt.Sprintf("[%s] %s: %s", r.Key, runName(r.Name), what)
	if r.Item > 1 {
		s += fmt.Sprintf(" (item %d of %q)", r.Item, r.Value)
	}
	if r.Unusual != "" {
		s += " (" + r.Unusual + ")"
	}
	return s + r.state()
}
