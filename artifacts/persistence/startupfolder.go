package persistence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A StartupFile is one file that Explorer opens when somebody logs on.
type StartupFile struct {
	artifacts.Origin
	Entry
	Path         string    `json:"path"`
	Kind         string    `json:"kind"`                    // shortcut, link to an address, file
	RedirectedBy string    `json:"redirected_by,omitempty"` // the registry key that made this folder the startup folder
	SHA256       string    `json:"sha256"`
	Size         int64     `json:"size"`
	Target       string    `json:"target,omitempty"` // of the shortcut or the address, as stored
	WorkingDir   string    `json:"working_dir,omitempty"`
	Icon         string    `json:"icon,omitempty"`
	LinkName     string    `json:"link_name,omitempty"`    // the description in the shortcut
	Window       string    `json:"window,omitempty"`       // minimized, maximized
	LinkMachine  string    `json:"link_machine,omitempty"` // where the target was last tracked
	LinkMAC      string    `json:"link_mac,omitempty"`
	LinkVolume   string    `json:"link_volume,omitempty"` // serial number of the target's volume
	TargetMade   time.Time `json:"target_created,omitzero"`
	TargetRead   time.Time `json:"target_accessed,omitzero"`
	TargetSaved  time.Time `json:"target_written,omitzero"`
	DroidMade    time.Time `json:"link_object_created,omitzero"` // of the time-based id in the shortcut
	LinkArgs     string    `json:"link_arguments,omitempty"`     // for the target, where arguments would say that it starts
	PlaceUnknown bool      `json:"place_unknown,omitempty"`      // a loose shortcut, which need not have lain in a startup folder
}

var startupFolder = artifacts.Define(artifacts.Artifact{
	Name:     "startupfolder",
	Title:    "Startup folder",
	DataType: "windows:startup_folder:file",
	About: `Files that Explorer opens at logon: those in the startup folders of all users and of each user, or
in the folder that the registry names instead. Proves that the file was in that folder when the
evidence was taken; does not prove that it was ever opened. The times in a shortcut are those of its
target when the shortcut was last changed, not of the shortcut; its machine name and network address
are those of the machine where the target was last tracked, which may be another one. All loose
shortcuts are read; outside a folder named Startup they are not treated as autostarts.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1547.001", "T1547.009"},
	Refs: []string{
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-shllink/",
		"https://attack.mitre.org/techniques/T1547/001/",
		"https://attack.mitre.org/techniques/T1547/009/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedFiles(`%UserProfile%\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\*`, collect.ShortcutFile),
		artifacts.Files(`%UserProfile%\Start Menu\Programs\Startup\*`),
		artifacts.Files(`%ProgramData%\Microsoft\Windows\Start Menu\Programs\Startup\*`),
		artifacts.Files(`%SystemDrive%\Documents and Settings\All Users\Start Menu\Programs\Startup\*`),
		artifacts.Key(evidence.SOFTWARE, shellFoldersKey+`User Shell Folders`),
		artifacts.Key(evidence.SOFTWARE, shellFoldersKey+`Shell Folders`),
		artifacts.Key(evidence.NTUSER, `Software\`+shellFoldersKey+`User Shell Folders`),
		artifacts.Key(evidence.NTUSER, `Software\`+shellFoldersKey+`Shell Folders`),
	},
}, decodeStartupFolder)

// startupMaxFiles bounds what one redirection can make us read: a startup
// folder that points to System32 is a finding of shellfolders already.
const startupMaxFiles = 4096

func decodeStartupFolder(in artifacts.Input, yield func(StartupFile) bool) error {
	if in.Hive == nil {
		if strings.EqualFold(winpath.Base(in.File.Path), "desktop.ini") {
			return nil
		}
		f, err := startupFile(in, in.File.Path, in.Data, in.AtOffset(0))
		if in.Loose() && !strings.EqualFold(winpath.Base(winpath.Dir(in.File.Path)), "Startup") {
			f.PlaceUnknown, f.LinkArgs, f.Entry = true, f.Arguments, Entry{Mechanism: "Shortcut"}
		}
		yield(f)
		return err
	}
	return startupRedirected(in, yield)
}

// startupRedirected lists the folder that a key names, where it is none of
// the default ones, which are listed as files: a redirected one, and on XP one
// whose name is translated.
func startupRedirected(in artifacts.Input, yield func(StartupFile) bool) error {
	if in.From.State != artifacts.Live {
		return nil
	}
	var folders []ShellFolder
	decodeShellFolders(in, func(f ShellFolder) bool { // shellfolders reports its errors
		folders = append(folders, f)
		return true
	})
	list := startupList{in: in}
	for _, dir := range folders {
		key := winpath.Key(dir.Resolved)
		if !strings.HasSuffix(strings.ToLower(dir.Name), "startup") || !dir.Redirected && startupDefault(key) {
			continue
		}
		if strings.ContainsAny(key, "*?%") || !autostartAbsolute(dir.Resolved) || key == `\` {
			continue // on a server, or not resolved
		}
		list.folder(dir, key)
	}
	for _, r := range list.files {
		if !yield(r) {
			break
		}
	}
	return errors.Join(list.errs...)
}

// A startupList gathers the files of redirected folders.
type startupList struct {
	in    artifacts.Input
	files []StartupFile
	errs  []error
}

// folder adds the files of a folder, whose path in short form is key.
func (l *startupList) folder(dir ShellFolder, key string) {
	files, globErrs := l.in.Tree.Glob(`%AnyDrive%` + key + `\*`)
	for _, err := range globErrs {
		l.errs = append(l.errs, l.in.Wrap(dir.Origin, err))
	}
	vol := winpath.Volume(dir.Resolved)
	for _, f := range files {
		if f.Snapshot != "" || vol != "" && winpath.Volume(f.Path) != "" && !strings.EqualFold(vol, winpath.Volume(f.Path)) ||
			strings.EqualFold(winpath.Base(f.Path), "desktop.ini") {
			continue
		}
		if len(l.files) == startupMaxFiles {
			l.errs = append(l.errs, l.in.Errorf(dir.Origin, "more than %d files in the folder that it names", startupMaxFiles))
			break
		}
		l.file(dir, f)
	}
}

func (l *startupList) file(dir ShellFolder, f *evidence.File) {
	b, err := f.BytesUpTo(artifacts.DefaultMaxWhole)
	if err != nil {
		l.errs = append(l.errs, l.in.Wrap(dir.Origin, fmt.Errorf("%s: %w", f.Path, err)))
		if b == nil {
			return
		}
	}
	s, err := startupFile(l.in, f.Path, b, dir.Origin)
	if dir.Redirected {
		s.RedirectedBy = l.in.From.Key
	}
	l.errs = append(l.errs, err)
	l.files = append(l.files, s)
}

// startupDefault reports whether the sources of the artifact find the folder
// under its English name.
func startupDefault(key string) bool {
	return strings.HasSuffix(key, `\start menu\programs\startup`)
}

func startupFile(in artifacts.Input, path string, b []byte, at artifacts.Origin) (StartupFile, error) {
	sum := sha256.Sum256(b)
	f := StartupFile{Origin: at, Path: path, Kind: "file", SHA256: hex.EncodeToString(sum[:]), Size: int64(len(b))}
	ext := winpath.Ext(path)
	if collect.Sniff(b) == collect.ShortcutFile && in.Hive == nil && in.Loose() {
		ext = ".lnk" // whatever its name
	}
	switch ext {
	case ".lnk":
		f.Kind = "shortcut"
		l, err := lnk.Parse(b)
		if l != nil {
			f.setLink(in, l)
		}
		if f.Target == "" {
			f.Entry = autostartImage(in, "Startup folder", path)
		}
		if err != nil {
			if fe, ok := errors.AsType[*lnk.FormatError](err); ok && in.Hive == nil {
				at = in.AtOffset(fe.Offset)
			}
			return f, in.Wrap(at, fmt.Errorf("%s: %w", winpath.Base(path), err))
		}
		return f, nil
	case ".url":
		f.Kind = "link to an address"
		f.Target = internetShortcut(b)
		f.Entry = autostartImage(in, "Startup folder", startupURLPath(f.Target))
		f.Command = f.Target
	default:
		f.Entry = autostartImage(in, "Startup folder", path)
	}
	return f, nil
}

func (f *StartupFile) setLink(in artifacts.Input, l *lnk.Link) {
	f.Target = l.Target()
	f.Entry = autostartProgram(in, "Startup folder", f.Target, l.Arguments)
	f.WorkingDir, f.Icon, f.LinkName = l.WorkingDir, l.IconLocation, l.Name
	switch l.ShowCommand {
	case 3:
		f.Window = "maximized"
	case 7:
		f.Window = "minimized"
	}
	f.TargetMade, f.TargetRead, f.TargetSaved = l.Created, l.Accessed, l.Written
	if l.Tracker != nil {
		f.LinkMachine, f.LinkMAC, f.DroidMade = l.Tracker.Machine, l.Tracker.MAC, l.Tracker.FileCreated
	}
	if l.Volume != nil {
		f.LinkVolume = fmt.Sprintf("%08X", l.Volume.Serial)
	}
}

// internetShortcut returns the address of a .url file: the value URL of its
// section InternetShortcut. The text is 8-bit, or UTF-16 with a mark.
func internetShortcut(b []byte) string {
	if bytes.HasPrefix(b, []byte{0xFF, 0xFE}) {
		b = taskUTF16(b[2:], false)
	}
	in := false
	for line := range bytes.Lines(b) {
		s := strings.TrimSpace(wire.Latin1Z(line))
		switch {
		case strings.HasPrefix(s, "["):
			in = strings.EqualFold(s, "[InternetShortcut]")
		case in && len(s) > 4 && strings.EqualFold(s[:4], "URL="):
			return s[4:]
		}
	}
	return ""
}

// startupURLPath returns the Windows path of an address with the scheme file,
// any other address as it is.
func startupURLPath(addr string) string {
	u, err := url.Parse(addr)
	if err != nil || !strings.EqualFold(u.Scheme, "file") {
		return addr
	}
	p := strings.ReplaceAll(u.Path, "/", `\`)
	if u.Host != "" {
		return `\\` + u.Host + p
	}
	return strings.TrimLeft(p, `\`)
}

// Events gives the times of a shortcut's target.
func (f StartupFile) Events() []artifacts.Event {
	var out []artifacts.Event
	for _, e := range []struct {
		at   time.Time
		kind string
		data string
	}{
		{f.TargetMade, "Creation Time", "windows:lnk:link"},
		{f.TargetRead, "Last Access Time", "windows:lnk:link"},
		{f.TargetSaved, "Content Modification Time", "windows:lnk:link"},
		{f.DroidMade, "Creation Time", "windows:distributed_link_tracking:creation"},
	} {
		if e.at.IsZero() {
			continue
		}
		out = append(out, artifacts.Event{
			Time: e.at, Kind: e.kind, DataType: e.data, Proof: artifacts.Present,
			Message: fmt.Sprintf("Shortcut [%s] target %s %s", winpath.Base(f.Path), f.Target, cmp.Or(f.Arguments, f.LinkArgs)),
		})
	}
	return out
}

// Summary shows the file and what it opens.
func (f StartupFile) Summary() string {
	s := "[" + f.Path + "]"
	switch {
	case f.PlaceUnknown:
		s += " leads to " + strings.TrimSpace(f.Target+" "+f.LinkArgs)
	case f.Command != f.Path:
		s += " opens " + f.Command
	}
	if f.RedirectedBy != "" {
		s += " (folder named by " + f.RedirectedBy + ")"
	}
	return s + f.state()
}

// Proof is less for a shortcut of which only its content is known.
func (f StartupFile) Proof() artifacts.Proof {
	if f.PlaceUnknown {
		return artifacts.Present
	}
	return artifacts.Configured
}

// Tags marks files of a folder that was moved.
func (f StartupFile) Tags() []string {
	tags := f.Entry.Tags()
	if f.RedirectedBy != "" {
		tags = append(tags, "redirected")
	}
	if f.PlaceUnknown {
		tags = append(tags, "place-unknown")
	}
	return tags
}
