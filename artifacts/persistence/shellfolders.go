package persistence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A ShellFolder is where one folder of the start menu lies.
type ShellFolder struct {
	artifacts.Origin
	Key        string    `json:"folder_key"` // User Shell Folders decides, Shell Folders is a copy
	Name       string    `json:"name"`
	Value      string    `json:"value"`
	Resolved   string    `json:"resolved"`
	Default    string    `json:"default"`
	Redirected bool      `json:"redirected"`
	Foreign    bool      `json:"other_profile,omitempty"` // the usual folder, but of a profile of another name
	Unusual    string    `json:"unusual,omitempty"`
	Written    time.Time `json:"key_written,omitzero" event:"Content Modification Time"`
}

const shellFoldersKey = `Microsoft\Windows\CurrentVersion\Explorer\`

var shellFolders = artifacts.Define(artifacts.Artifact{
	Name:     "shellfolders",
	Title:    "Shell folder",
	DataType: "windows:registry:shell_folders",
	About: `The locations of the startup folder and the Start menu, for each user and for all users. If the
startup folder is redirected, all files of the other folder start at the next logon, and the usual
folder shows nothing. Proves the setting; does not prove that the folder holds anything
(startupfolder lists it) or that a user logged on since. User Shell Folders decides; Shell Folders
is a copy that Explorer rewrites, so that a difference between the two is older or younger than the
last logon. The time is that of the whole key. Companies redirect folders to a server by policy.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.001"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/shell/knownfolderid",
		"https://attack.mitre.org/techniques/T1547/001/",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SOFTWARE, shellFoldersKey+`User Shell Folders`),
		artifacts.Key(evidence.SOFTWARE, shellFoldersKey+`Shell Folders`),
		artifacts.Key(evidence.NTUSER, `Software\`+shellFoldersKey+`User Shell Folders`),
		artifacts.Key(evidence.NTUSER, `Software\`+shellFoldersKey+`Shell Folders`),
	},
}, decodeShellFolders)

// shellFolderDefaults are the places since Vista and those of XP, below the
// user's profile, or below ProgramData and the profile All Users.
var shellFolderDefaults = []struct{ name, vista, xp string }{
	{"Startup", `AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup`, `Start Menu\Programs\Startup`},
	{"Programs", `AppData\Roaming\Microsoft\Windows\Start Menu\Programs`, `Start Menu\Programs`},
	{"Start Menu", `AppData\Roaming\Microsoft\Windows\Start Menu`, `Start Menu`},
	{"Common Startup", `Microsoft\Windows\Start Menu\Programs\Startup`, `Start Menu\Programs\Startup`},
	{"Common Programs", `Microsoft\Windows\Start Menu\Programs`, `Start Menu\Programs`},
	{"Common Start Menu", `Microsoft\Windows\Start Menu`, `Start Menu`},
}

func decodeShellFolders(in artifacts.Input, yield func(ShellFolder) bool) error {

	var errs []error
	for v, err := range in.Values() {
		if err != nil {
			errs = append(errs, in.Wrap(in.AtKey(), err))
			continue
		}
		i := slices.IndexFunc(shellFolderDefaults,
			func(d struct{ name, vista, xp string }) bool { return strings.EqualFold(d.name, v.Name()) })
		if i < 0 {
			continue
		}
		text, note, err := artifacts.AnyText(v)
		if err != nil {
			errs = append(errs, in.Wrap(in.At(v), err))
		}
		if text == "" {
			continue
		}
		d := shellFolderDefaults[i]
		f := ShellFolder{
			Origin: in.At(v), Key: winpath.Base(in.Source.Key), Name: v.Name(), Value: text, Unusual: note,
			Resolved: in.Machine.Expand(text, in.User), Written: in.Written(),
		}
		f.Default, f.Redirected, f.Foreign = shellFolderMoved(in, f.Resolved, strings.HasPrefix(d.name, "Common"), d.vista, d.xp)
		if !yield(f) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// shellFolderMoved compares a folder with the two places that are normal for
// it. The names on XP are translated; there every place below the profile
// passes.
func shellFolderMoved(in artifacts.Input, resolved string, common bool, vista, xp string) (def string, moved, foreign bool) {
	key := winpath.Key(resolved)
	tail := func(rel string) bool { return strings.HasSuffix(key, `\`+winpath.Lower(rel)) }
	if common {
		def = winpath.Join(in.Machine.Expand(`%ProgramData%`, evidence.User{}), vista)
		all := `\documents and settings\all users\`
		return def, key != winpath.Key(def) && !strings.HasPrefix(key, all), false
	}
	if in.User.Profile == "" {
		// Whose hive it is is not known: the end of the path has to do.
		return winpath.Join(`%USERPROFILE%`, vista), !tail(vista) && !tail(xp), false
	}
	def = winpath.Join(in.User.Profile, vista)
	switch {
	case key == winpath.Key(def):
		return def, false, false
	case in.Machine.Build == "2195" || in.Machine.Build == "2600" || in.Machine.Build == "3790":
		return winpath.Join(in.User.Profile, xp), !strings.HasPrefix(key, winpath.Key(in.User.Profile)+`\`), false
	case tail(vista) && (strings.HasPrefix(key, `\users\`) || strings.HasPrefix(key, `\windows\`)):
		// A profile that was renamed or copied keeps the old path, seen in
		// real hives.
		return def, false, true
	}
	return def, true, false
}

// Summary shows the folder and where it is.
func (f ShellFolder) Summary() string {
	s := fmt.Sprintf("[%s] %s: %s", f.Key, f.Name, f.Value)
	if f.Redirected {
		s += " (not the default " + f.Default + ")"
	}
	if f.Foreign {
		s += " (of another profile)"
	}
	if f.Unusual != "" {
		s += " (" + f.Unusual + ")"
	}
	return s
}

// Tags marks a folder that was moved.
func (f ShellFolder) Tags() []string {
	if f.Redirected {
		return []string{"redirected"}
	}
	return nil
}
