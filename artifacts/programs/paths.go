package programs

import (
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Paths brings the paths of one machine to one spelling. The zero value serves a
// machine of which nothing is known.
type Paths struct {
	Machine *evidence.Machine
	Root    string // key of the Windows folder where it is not \windows
}

// NewPaths returns the paths of a machine, which may be nil.
func NewPaths(m *evidence.Machine) Paths {
	p := Paths{Machine: m}
	if m != nil && m.SystemRoot != "" {
		if r := winpath.Key(m.SystemRoot); r != `\windows` {
			p.Root = r
		}
	}
	return p
}

// folders are other names of the same folders of a profile: those of Windows XP,
// and short names as they are given to these folders on a fresh volume.
var folders = []struct{ from, to string }{
	{`local settings\application data\`, `appdata\local\`},
	{`local settings\temp\`, `appdata\local\temp\`},
	{`local settings\temporary internet files\`, `appdata\local\temporary internet files\`},
	{`local settings\`, `appdata\local\`},
	{`locals~1\temp\`, `appdata\local\temp\`},
	{`locals~1\`, `appdata\local\`},
	{`application data\`, `appdata\roaming\`},
	{`applic~1\`, `appdata\roaming\`},
	{`start menu\`, `appdata\roaming\microsoft\windows\start menu\`},
	{`my documents\`, `documents\`},
	{`appdata\local\temp\~nsu`, `appdata\local\temp\~nsu`},
}

// Key returns the spelling of a path by which all sources are joined:
// [winpath.Key] with variables expanded for a user and with the profile folders of
// Windows XP under their later names.
func (p Paths) Key(path string, u evidence.User) string {
	if strings.Contains(path, "%") && p.Machine != nil {
		path = p.Machine.Expand(path, u)
	}
	key := ShareKey(winpath.Key(path), winpath.Volume(path))
	if root := p.Root; root != "" && strings.HasPrefix(key, root+`\`) {
		key = `\windows` + key[len(root):]
	}
	switch {
	case strings.HasPrefix(key, `%userprofile%\`):
		key = `\users\-\` + key[len(`%userprofile%\`):]
	case strings.HasPrefix(key, `%appdata%\`):
		key = `\users\-\appdata\roaming\` + key[len(`%appdata%\`):]
	case strings.HasPrefix(key, `%localappdata%\`):
		key = `\users\-\appdata\local\` + key[len(`%localappdata%\`):]
	case strings.HasPrefix(key, `%temp%\`), strings.HasPrefix(key, `%tmp%\`):
		key = `\users\-\appdata\local\temp\` + key[strings.IndexByte(key, '\\')+1:]
	case strings.HasPrefix(key, `\progra~1\`):
		key = `\program files\` + key[len(`\progra~1\`):]
	case strings.HasPrefix(key, `\progra~2\`):
		key = `\program files (x86)\` + key[len(`\progra~2\`):]
	}
	for _, home := range []string{`\documents and settings\`, `\docume~1\`} {
		if rest, ok := strings.CutPrefix(key, home); ok {
			if k, ok := oldProfile(rest); ok {
				return k
			}
			break
		}
	}
	return key
}

// oldProfile respells a path below the profiles of Windows XP.
func oldProfile(rest string) (string, bool) {
	user, tail, ok := strings.Cut(rest, `\`)
	if !ok {
		return "", false
	}
	if user == "all users" || user == "alluse~1" {
		if t, ok := strings.CutPrefix(tail, `application data\`); ok {
			return `\programdata\` + t, true
		}
		return `\users\public\` + tail, true
	}
	for _, a := range folders {
		if t, ok := strings.CutPrefix(tail, a.from); ok {
			tail = a.to + t
			break
		}
	}
	return `\users\` + user + `\` + tail, true
}

// redirectors are devices whose paths begin with a server and a share.
var redirectors = []string{`\DEVICE\MUP`, `\DEVICE\LANMANREDIRECTOR`, `\DEVICE\WEBDAVREDIRECTOR`, `\DEVICE\RDPDR`, `\DEVICE\HGFS`,
	`\DEVICE\VBOXMINIRDR`}

// ShareKey spells the path of a redirector as a path of its server. key and volume
// are those of package winpath.
func ShareKey(key, volume string) string {
	if !slices.Contains(redirectors, strings.ToUpper(volume)) {
		return key
	}
	for strings.HasPrefix(key, `\;`) {
		i := strings.IndexByte(key[1:], '\\')
		if i < 0 {
			return `\` + key
		}
		key = key[1+i:]
	}
	return `\` + key
}

// belowSystem reports whether a key lies where Windows and installers put
// programs.
func belowSystem(key string) bool {
	return strings.HasPrefix(key, `\windows\`) || strings.HasPrefix(key, `\program files\`) || strings.HasPrefix(key,
		`\program files (x86)\`)
}

// Outside reports whether the program lies neither below Windows nor below
// Program Files.
func (p *Program) Outside() bool { return p.Volume != "" || !belowSystem(p.Key) }

// Base returns the file name in lower case.
func (p *Program) Base() string { return p.Key[strings.LastIndexByte(p.Key, '\\')+1:] }

// Dir returns the folder in lower case.
func (p *Program) Dir() string {
	return p.Key[:max(0, strings.LastIndexByte(p.Key, '\\'))]
}

// profileOf returns the name of the profile that a key lies in, "" for none and
// for those that belong to nobody.
func profileOf(key string) string {
	rest, ok := strings.CutPrefix(key, `\users\`)
	if !ok {
		return ""
	}
	name, _, ok := strings.Cut(rest, `\`)
	switch {
	case !ok, name == "public", name == "default", name == "all users", name == "default user", name == "-":
		return ""
	}
	return name
}

// shortName is the name without its domain, or the SID.
func shortName(name, sid string) string {
	if _, n, ok := strings.Cut(name, `\`); ok {
		name = n
	}
	if name != "" {
		return name
	}
	return sid
}

// executables are the kinds of file that this package takes for programs where
// only the file system or a list of files names them.
var executables = []string{".exe", ".dll", ".sys", ".com", ".scr", ".pif", ".bat", ".cmd", ".ps1", ".vbs", ".vbe", ".js", ".jse",
	".wsf", ".hta", ".cpl", ".msi", ".jar", ".py"}

func isExecutable(key string) bool { return slices.Contains(executables, winpath.Ext(key)) }
