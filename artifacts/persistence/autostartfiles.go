package persistence

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// An AutostartFile is one program that starts because a file of a certain
// name says so, or because it lies in a certain place.
type AutostartFile struct {
	artifacts.Origin
	Entry
	Kind    string `json:"kind"` // PowerShell profile, autorun.inf, win.ini, system.ini, wininit.ini, Office startup, missing DLL, …
	Section string `json:"section,omitempty"`
	Name    string `json:"name,omitempty"` // the setting's
	Value   string `json:"value,omitempty"`
	Line    int    `json:"line,omitempty"`
	Size    int64  `json:"size"` // of the file
	Default bool   `json:"default,omitempty"`
	Excerpt string `json:"excerpt,omitempty" extra:"-"` // of a script, its first lines that are no comments
}

var autostartFiles = artifacts.Define(artifacts.Artifact{
	Name:     "autostartfiles",
	Title:    "Autostart file",
	DataType: "windows:file:autostart",
	About: `Files that start a program because of their path and name: profiles that PowerShell runs at each
start, autorun.inf in the root of a volume, load= and run= of win.ini and shell= of system.ini,
renames at boot of wininit.ini (Windows 9x only), documents and add-ins in the start folders of Word
and Excel, and DLLs in System32 that Windows services load if present although they are not part of
Windows (Oracle's client has oci.dll, Server 2019 and later ualapi.dll), wpbbin.exe (planted by the
firmware, run before the log-on), desired state configurations, and the profiles of Windows Terminal,
whose default one starts at the log-on if the settings say so. Proves that the file had
this content when the evidence was taken. Does not prove that it ran or when it was written: the
record has no time. Windows 7 and later ignore autorun.inf except on optical discs. Windows NT reads
win.ini and system.ini through the registry, so most of their lines have no effect.`,
	Proves: artifacts.Present,
	Attack: []string{"T1546.013", "T1137.001", "T1547.001", "T1574.001", "T1542.001"},
	Refs: []string{
		"https://learn.microsoft.com/powershell/module/microsoft.powershell.core/about/about_profiles",
		"https://learn.microsoft.com/windows/win32/shell/autorun-cmds",
		"https://attack.mitre.org/techniques/T1546/013/",
	},
	Sources: []artifacts.Source{
		artifacts.Files(`%SystemRoot%\System32\WindowsPowerShell\v1.0\*profile.ps1`),
		artifacts.Files(`%SystemRoot%\SysWOW64\WindowsPowerShell\v1.0\*profile.ps1`),
		artifacts.Files(`%SystemDrive%\Program Files\PowerShell\*\*profile.ps1`),
		artifacts.Files(`%UserProfile%\Documents\WindowsPowerShell\*profile.ps1`),
		artifacts.Files(`%UserProfile%\Documents\PowerShell\*profile.ps1`),
		artifacts.Files(`%UserProfile%\My Documents\WindowsPowerShell\*profile.ps1`),
		artifacts.Files(`%UserProfile%\OneDrive\Documents\*PowerShell\*profile.ps1`),
		artifacts.Files(`%SystemRoot%\System32\wlbsctrl.dll`),
		artifacts.Files(`%SystemRoot%\System32\TSMSISrv.dll`),
		artifacts.Files(`%SystemRoot%\System32\TSVIPSrv.dll`),
		artifacts.Files(`%SystemRoot%\System32\oci.dll`),
		artifacts.Files(`%SystemRoot%\System32\wbem\oci.dll`),
		artifacts.Files(`%SystemRoot%\System32\ualapi.dll`),
		artifacts.Files(`%SystemRoot%\System32\wpbbin.exe`),
		artifacts.Files(`%SystemRoot%\System32\Configuration\*.mof`),
		artifacts.Files(`%UserProfile%\AppData\Local\Packages\Microsoft.WindowsTerminal_*\LocalState\settings.json`),
		artifacts.Files(`%UserProfile%\AppData\Local\Microsoft\Windows Terminal\settings.json`),
		artifacts.Files(`%AnyDrive%\autorun.inf`),
		artifacts.Files(`%SystemRoot%\win.ini`),
		artifacts.Files(`%SystemRoot%\system.ini`),
		artifacts.Files(`%SystemRoot%\wininit.ini`),
		artifacts.Files(`%UserProfile%\AppData\Roaming\Microsoft\Word\STARTUP\*`),
		artifacts.Files(`%UserProfile%\AppData\Roaming\Microsoft\Excel\XLSTART\*`),
		artifacts.Files(`%UserProfile%\Application Data\Microsoft\Word\STARTUP\*`),
		artifacts.Files(`%UserProfile%\Application Data\Microsoft\Excel\XLSTART\*`),
	},
}, decodeAutostartFiles)

func decodeAutostartFiles(in artifacts.Input, yield func(AutostartFile) bool) error {
	name := strings.ToLower(winpath.Base(in.From.Path))
	switch {
	case strings.HasSuffix(name, ".ps1"):
		r := autostartFileRecord(in, "PowerShell profile", 0)
		r.Command, r.Image = in.From.Path, in.From.Path
		r.Excerpt = autostartExcerpt(in.Data)
		yield(r)
		return nil
	case name == "autorun.inf" || name == "win.ini" || name == "system.ini" || name == "wininit.ini":
		for _, r := range autostartINI(in, name) {
			if !yield(r) {
				break
			}
		}
		return nil
	case name == "desktop.ini":
		return nil
	case name == "settings.json":
		recs, err := terminalCommands(in)
		for _, r := range recs {
			if !yield(r) {
				break
			}
		}
		return err
	}
	kind := "Office startup"
	switch {
	case name == "wpbbin.exe":
		kind = "program of the firmware" // that the session manager runs, from the firmware's table WPBT
	case strings.HasSuffix(name, ".mof"):
		kind = "desired state configuration"
	}
	if strings.HasSuffix(name, ".dll") && in.Machine.IsSystem32(strings.TrimSuffix(winpath.Key(winpath.Dir(in.From.Path)), `\wbem`)) {
		kind = "missing DLL" // that a service of Windows asks for, and Windows does not have
	}
	r := autostartFileRecord(in, kind, 0)
	r.Command, r.Image = in.From.Path, in.From.Path
	yield(r)
	return nil
}

func autostartFileRecord(in artifacts.Input, kind string, off int64) AutostartFile {
	r := AutostartFile{Origin: in.AtOffset(off), Kind: kind, Size: int64(len(in.Data))}
	r.Entry = autostartOf(in, kind)
	return r
}

// autostartExcerpt returns what a script does first, at most 1000 characters
// of it.
func autostartExcerpt(data []byte) string {
	var b strings.Builder
	for _, line := range textfile.Lines(bytes.NewReader(data)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		for _, c := range line {
			if b.Len() >= 1000 {
				return b.String() + " …"
			}
			b.WriteRune(c)
		}
	}
	return b.String()
}

// An iniLine is one setting of an INI file.
type iniLine struct {
	section, name, value string
	line                 int
	off                  int64
}

// iniLines iterates over the settings of an INI file.
func iniLines(data []byte) iter.Seq[iniLine] {
	return func(yield func(iniLine) bool) {
		section, n := "", 0
		for off, text := range textfile.Lines(bytes.NewReader(data)) {
			n++
			text = strings.TrimSpace(text)
			switch {
			case text == "" || text[0] == ';' || text[0] == '#':
			case text[0] == '[':
				section = strings.TrimSpace(strings.TrimSuffix(text[1:], "]"))
			default:
				name, value, ok := strings.Cut(text, "=")
				if ok && !yield(iniLine{section, strings.TrimSpace(name), strings.TrimSpace(value), n, off}) {
					return
				}
			}
		}
	}
}

// autostartINI takes the settings that start something.
func autostartINI(in artifacts.Input, file string) []AutostartFile {
	var out []AutostartFile
	for l := range iniLines(in.Data) {
		section, name := strings.ToLower(l.section), strings.ToLower(l.name)
		take := false
		switch file {
		case "win.ini":
			take = section == "windows" && (name == "load" || name == "run")
		case "system.ini":
			take = section == "boot" && (name == "shell" || name == "scrnsave.exe")
		case "wininit.ini":
			take = section == "rename"
		case "autorun.inf":
			// The sections may be named for a processor: [autorun.amd64].
			take = strings.HasPrefix(section, "autorun") &&
				(name == "open" || name == "shellexecute" || strings.HasPrefix(name, `shell\`) && strings.HasSuffix(name, `\command`))
		}
		if !take || l.value == "" {
			continue
		}
		r := autostartFileRecord(in, file, l.off)
		r.Section, r.Name, r.Value, r.Line = l.section, l.name, l.value, l.line
		if file != "wininit.ini" {
			a := autostartCommand(in, file, l.value)
			if file == "autorun.inf" && a.Image != "" && winpath.Volume(a.Image) == "" {
				// Relative to the root that holds the file.
				a.Image = winpath.Join(winpath.Dir(in.From.Path), strings.TrimPrefix(a.Image, `\`))
				autostartFile(in, &a)
			}
			r.Entry = a
		}
		r.Default = file == "system.ini" && name == "shell" && strings.EqualFold(l.value, "explorer.exe")
		switch file {
		case "win.ini", "system.ini", "wininit.ini":
			r.Inactive = "Windows NT reads this setting from the registry"
		}
		out = append(out, r)
	}
	return out
}

// Summary shows the file's kind and what it starts.
func (r AutostartFile) Summary() string {
	s := "[" + r.Kind + "]"
	if r.Name != "" {
		s = fmt.Sprintf("[%s %s] %s=%s", r.Kind, r.Section, r.Name, r.Value)
	}
	if r.Name == "" && r.Command != "" {
		s += " " + r.Command
	}
	if r.Excerpt != "" {
		s += ": " + r.Excerpt
	}
	return s + r.state()
}
