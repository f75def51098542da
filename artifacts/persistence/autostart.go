package persistence

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An Entry is what the records of all mechanisms have in common by which
// a program starts without anybody starting it. Rules read it through
// [Autostarter].
type Entry struct {
	Mechanism   string    `json:"mechanism"`       // "Run", "Winlogon Shell", "service", "task"
	Scope       string    `json:"scope,omitempty"` // for whom: machine, user, new users, service account
	Command     string    `json:"command,omitempty"`
	Image       string    `json:"image,omitempty"` // the program in the command, variables resolved
	Arguments   string    `json:"arguments,omitempty"`
	Payload     string    `json:"payload,omitempty"`       // what a host program runs: the DLL of rundll32, the script of wscript
	Decoded     string    `json:"decoded,omitempty"`       // the text of an encoded PowerShell command
	Guessed     bool      `json:"image_guessed,omitempty"` // where an unquoted path ends, or in which folder a bare name lies, was guessed
	FilePresent string    `json:"file_present,omitempty"`  // does the evidence hold the image: yes, no, unknown
	FileSize    int64     `json:"file_size,omitempty"`
	Disabled    bool      `json:"disabled,omitempty"`                                     // switched off by a setting of its own
	DisabledAt  time.Time `json:"disabled_at,omitzero"`                                   // when a user switched it off (startupapproved)
	Inactive    string    `json:"inactive,omitempty"`                                     // why this Windows would not start it
	Hidden      string    `json:"hidden,omitempty"`                                       // how it hides from the system's own tools
	Written     time.Time `json:"key_written,omitzero" event:"Content Modification Time"` // of the key that holds the setting
}

// An Autostarter is a record about a program that starts by itself.
type Autostarter interface{ Autostart() Entry }

// Autostart returns the common part of the record.
func (a Entry) Autostart() Entry { return a }

// Program returns the program that is started, variables resolved.
func (a Entry) Program() string { return a.Image }

// NamedFiles returns the program and what it runs.
func (a Entry) NamedFiles() []string { return []string{a.Image, a.Payload} }

// Tags marks what a reader must know before trusting the record.
func (a Entry) Tags() []string {
	var tags []string
	if a.Disabled {
		tags = append(tags, "disabled")
	}
	if a.Inactive != "" {
		tags = append(tags, "inactive")
	}
	if a.Hidden != "" {
		tags = append(tags, "hidden")
	}
	if a.Decoded != "" {
		tags = append(tags, "encoded-command")
	}
	return tags
}

// state is the end of a summary: what keeps the program from starting.
func (a Entry) state() string {
	var b strings.Builder
	if a.Disabled {
		b.WriteString(" (disabled)")
	}
	if a.Inactive != "" {
		b.WriteString(" (inactive: " + a.Inactive + ")")
	}
	if a.Hidden != "" {
		b.WriteString(" (hidden: " + a.Hidden + ")")
	}
	return b.String()
}

// The answers of Autostart.FilePresent.
const (
	presentYes     = "yes"
	presentNo      = "no"
	presentUnknown = "unknown"
)

// autostartCommand takes a command apart: variables are those of the machine and of
// the source's user, files are looked for in the evidence.
func autostartCommand(in artifacts.Input, mechanism, command string) Entry {
	a := autostartOf(in, mechanism)
	a.Command = command
	line := in.Machine.Expand(command, in.User)
	line = line[:min(len(line), commandLimit(line))]
	tries := 0
	c := winpath.ParseCommand(line, func(path string) bool {
		tries++
		return tries <= commandTries && autostartExists(in, path)
	})
	a.Image, a.Arguments, a.Payload, a.Decoded, a.Guessed = c.Program, c.Arguments, c.Payload, c.Decoded, c.Guessed
	autostartFile(in, &a)
	return a
}

// commandLimit is how much of a command line is looked at: what Windows takes.
func commandLimit(line string) int {
	head := winpath.ParseCommand(line[:min(len(line), 260)], nil).Program
	if name := strings.ToLower(winpath.Base(head)); name == "cmd" || name == "cmd.exe" {
		return commandMaxCmd
	}
	return commandMax
}

// Limits on what a setting can make us do. CreateProcess takes command lines
// of up to 32,767 characters, cmd.exe of up to 8,191; where an unquoted path
// ends is tried a number of times; a list of programs in one value has a few.
const (
	commandMax    = 32767
	commandMaxCmd = 8191
	commandTries  = 64
	commandItems  = 64
)

// autostartImage is autostart for a setting that holds nothing but a path.
func autostartImage(in artifacts.Input, mechanism, path string) Entry {
	a := autostartOf(in, mechanism)
	a.Command = path
	a.Image = strings.Trim(in.Machine.Expand(strings.TrimSpace(path), in.User), `"`)
	autostartFile(in, &a)
	return a
}

// autostartProgram is autostart for a setting that keeps program and
// arguments apart.
func autostartProgram(in artifacts.Input, mechanism, program, args string) Entry {
	command := strings.TrimSpace(program + " " + args)
	a := autostartCommand(in, mechanism, strings.TrimSpace(`"`+strings.Trim(strings.TrimSpace(program), `"`)+`" `+args))
	a.Command, a.Arguments = command, args
	return a
}

// autostartOf fills in what does not depend on a command.
func autostartOf(in artifacts.Input, mechanism string) Entry {
	a := Entry{Mechanism: mechanism, Scope: autostartScope(in)}
	if in.Hive != nil {
		a.Written = in.Written()
	}
	return a
}

// autostartScope tells for whom a setting of the source counts. The profile
// Default is the template of every profile to come.
func autostartScope(in artifacts.Input) string {
	key := winpath.Key(in.From.Path)
	switch {
	case in.Hive != nil && in.Source.Hive != evidence.NTUSER && in.Source.Hive != evidence.USRCLASS:
		return "machine"
	case strings.Contains(key, `\users\default\`), strings.Contains(key, `\documents and settings\default user\`):
		return "new users"
	case in.User.SID == "S-1-5-18" || in.User.SID == "S-1-5-19" || in.User.SID == "S-1-5-20":
		return "service account"
	case in.User != evidence.User{}, in.Source.Hive == evidence.NTUSER, in.Source.Hive == evidence.USRCLASS:
		return "user"
	}
	return "machine"
}

// autostartExists asks the evidence for a file; a folder is none.
func autostartExists(in artifacts.Input, path string) bool {
	_, ok := autostartLookup(in, path)
	return ok
}

func autostartLookup(in artifacts.Input, path string) (size int64, ok bool) {
	if !autostartAbsolute(path) {
		return 0, false
	}
	f, ok := in.Tree.Lookup(path)
	if !ok {
		return 0, false
	}
	st, err := f.Stat()
	if err != nil || st.IsDir() {
		return 0, false
	}
	return st.Size(), true
}

// autostartAbsolute reports whether a path names a place on a volume of the
// machine, and not on a network share or relative to something.
func autostartAbsolute(path string) bool {
	k := winpath.Key(path)
	return strings.HasPrefix(k, `\`) && !strings.HasPrefix(k, `\\`)
}

// autostartFile looks for the image in the evidence. A bare name is searched
// in System32, the Windows folder, the registered paths of programs and the
// PATH of the machine. That a file is not there means something only in a whole copy of
// its volume: a collection takes hives, not programs.
func autostartFile(in artifacts.Input, a *Entry) {
	a.FilePresent = presentUnknown
	img := a.Image
	switch {
	case img == "" || strings.ContainsRune(img, 0):
		return
	case autostartAbsolute(img):
		autostartAt(in, a, img)
	case !strings.ContainsAny(img, `\/:`):
		a.Guessed = true
		for _, p := range autostartPlaces(in, img) {
			if autostartAt(in, a, p) {
				return
			}
		}
	}
}

// autostartAt looks for one path, and for the same with .exe where it has no
// extension.
func autostartAt(in artifacts.Input, a *Entry, path string) bool {
	tries := []string{path}
	if winpath.Ext(path) == "" {
		tries = append(tries, path+".exe")
	}
	for _, p := range tries {
		if n, ok := autostartLookup(in, p); ok {
			a.Image, a.FilePresent, a.FileSize = p, presentYes, n
			return true
		}
	}
	if autostartComplete(in, path) {
		a.FilePresent = presentNo
	}
	return false
}

// autostartComplete reports whether the evidence holds the volume of the path
// as a whole. On the volume of Windows ntdll.dll shows it, which every
// program needs and no collection takes; on others there is only the folder.
// A collection may list some folders only.
func autostartComplete(in artifacts.Input, path string) bool {
	root := in.Machine.SystemRoot
	if vol := winpath.Volume(path); len(vol) == 2 && !strings.EqualFold(vol, winpath.Volume(root)) {
		return in.Tree.Walked(path)
	}
	return in.Once("autostart: volume of Windows is whole", func() any {
		_, ok := in.Tree.Lookup(winpath.Join(root, `System32\ntdll.dll`))
		return ok
	}).(bool) && in.Tree.Shows(path)
}

// autostartAppPath returns where a program of this name is registered to lie,
// or "".
func autostartAppPath(in artifacts.Input, name string) string {
	hv := comMachine(in)
	if hv == nil {
		return ""
	}
	if winpath.Ext(name) == "" {
		name += ".exe"
	}
	k, err := hv.Key(`Microsoft\Windows\CurrentVersion\App Paths\` + name)
	if err != nil {
		return ""
	}
	p := in.Of(k).Text("")
	if p = strings.Trim(in.Machine.Expand(p, in.User), `" `); !autostartAbsolute(p) {
		return ""
	}
	return p
}

// autostartPlaces are the paths at which a program without a folder is looked
// for, in this order.
func autostartPlaces(in artifacts.Input, name string) []string {
	dirs := autostartPath(in)
	var out []string
	for _, d := range dirs[:2] {
		out = append(out, winpath.Join(d, name))
	}
	if p := autostartAppPath(in, name); p != "" {
		out = append(out, p)
	}
	for _, d := range dirs[2:] {
		out = append(out, winpath.Join(d, name))
	}
	return out
}

// autostartPath is System32, the Windows folder and the PATH of the machine.
func autostartPath(in artifacts.Input) []string {
	return in.Once("autostart: search path", func() any {
		root := in.Machine.SystemRoot
		if root == "" {
			root = `C:\Windows`
		}
		dirs := []string{winpath.Join(root, "System32"), root}
		for d := range strings.SplitSeq(in.Machine.Expand(in.Machine.Env["path"], evidence.User{}), ";") {
			if d = strings.Trim(d, `" `); autostartAbsolute(d) && len(dirs) < 64 {
				dirs = append(dirs, d)
			}
		}
		return dirs
	}).([]string)
}

// autostartWhole is the whole value as the n-th record of its list shows it,
// from 0: the first shows all of it, the others its beginning, so that a long
// list does not cost its square.
func autostartWhole(text string, n int) string {
	if n == 0 || len(text) <= hookWhole {
		return text
	}
	end := hookWhole
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// autostartHidden tells how the name of a value keeps it from being seen: the
// registry editor stops at a NUL, the kernel does not.
func autostartHidden(name string) string {
	if strings.ContainsRune(name, 0) {
		return "the name holds a NUL"
	}
	return ""
}
