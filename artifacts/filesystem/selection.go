package filesystem

import (
	"bytes"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A Reason is why a file is among those that are shown by default. A volume has
// hundreds of thousands of files; a timeline of all of them hides what matters.
type Reason string

// The reasons, from strong to weak.
const (
	NotSelected    Reason = ""
	Marked         Reason = "mark of the web"
	HotPlace       Reason = "persistence folder or hot place"
	ProgramOutside Reason = "program, script or container outside the folders of Windows and of installed programs"
	MacroDocument  Reason = "document with macros among downloads"
	NamedAlone     Reason = "program named outside an installation"
	NamedElsewhere Reason = "named by a service, a task, another autostart or a Prefetch file"
)

// A Selection decides which files are shown by default. It first takes the
// time of each program's name, because an installation names many at a time.
type Selection struct {
	// UpCase is the table by which the volume compares names; see [ntfs.UpCase].
	UpCase *ntfs.UpCase

	named  []uint64
	sorted bool
}

// setup is how many programs named within two minutes make an installation or
// an update. It is larger than for forged times: a miss costs a row only.
const setup = 20

// Add takes a file of the volume: its path and when its name was made.
func (s *Selection) Add(path string, named uint64) {
	if IsProgram(path) {
		s.add(named)
	}
}

// duringSetup reports whether so many programs were named around a moment that it is
// that of an installation.
func (s *Selection) duringSetup(at uint64) bool { return around(s.named, at) >= setup }

// add takes a program.
func (s *Selection) add(named uint64) { s.named, s.sorted = append(s.named, named), false }

// Select returns why a file is shown; NotSelected when it is not. marked
// reports that it has a Mark of the Web.
func (s *Selection) Select(path string, named uint64, marked bool) Reason {
	return s.choose(kindOf(path), s.UpCase.AppendFold(nil, path), named, marked)
}

// choose is Select for a path that is given folded. It allocates nothing: it is asked
// of every file of a volume.
func (s *Selection) choose(kind nameKind, lower []byte, named uint64, marked bool) Reason {
	if !s.sorted {
		slices.Sort(s.named)
		s.sorted = true
	}
	switch {
	case marked:
		return Marked
	case isHot(lower):
		return HotPlace
	case kind&(programName|scriptName|containerName) == 0:
		if kind&macroName != 0 && (bytes.Contains(lower, downloads) || bytes.Contains(lower, temp)) {
			return MacroDocument
		}
		if hasSuffix(lower, ".mof") && isWMI(lower) && around(s.named, named) < setup {
			return NamedAlone
		}
		return NotSelected
	case !isInstalled(lower):
		return ProgramOutside
	case kind&programName != 0 && !isPaging(lower) && !isServicing(lower) && around(s.named, named) < setup:
		return NamedAlone
	}
	return NotSelected
}

// installed are the folders that installations and updates fill.
var installed = []string{
	`\windows\`, `\program files\`, `\program files (x86)\`, `\programdata\package cache\`, `\programdata\microsoft\`,
	`\system volume information\`, `\$extend\`, `\windows.old\`, `\$windows.~bt\`, `\$windows.~ws\`, `\recovery\`, `\i386\`, `\msocache\`,
}

func isInstalled(lower []byte) bool {
	for _, p := range installed {
		if hasPrefix(lower, p) {
			return true
		}
	}
	return bytes.Contains(lower, packages) || bytes.Contains(lower, windowsApps)
}

// Parts of paths, folded.
var (
	downloads   = []byte(`\downloads\`)
	temp        = []byte(`\temp\`)
	packages    = []byte(`\appdata\local\packages\`)
	windowsApps = []byte(`\microsoft\windowsapps\`)
	startup     = []byte(`\programs\startup\`)
	separator   = []byte(`\`)
)

func hasPrefix[T string | []byte](b T, s string) bool {
	return len(b) >= len(s) && string(b[:len(s)]) == s
}

func hasSuffix[T string | []byte](b T, s string) bool {
	return len(b) >= len(s) && string(b[len(b)-len(s):]) == s
}

// isServicing reports whether a path is in a folder of Windows Update.
func isServicing(lower []byte) bool {
	for _, p := range [...]string{
		`\windows\winsxs\`, `\windows\servicing\`, `\windows\softwaredistribution\`, `\windows\installer\`, `\windows\assembly\`,
		`\windows\$ntuninstall`, `\windows\$hf_mig$\`, `\windows\ie8\`, `\windows\system32\dllcache\`, `\windows\servicepackfiles\`,
		`\windows\microsoft.net\`, `\windows\driver cache\`, `\windows\system32\driverstore\`, `\windows\system32\catroot`,
		`\program files\windowsapps\`, `\system volume information\`, `\windows.old\`,
	} {
		if hasPrefix(lower, p) {
			return true
		}
	}
	return false
}

// IsProduct reports whether a path, which has no drive and is in lower case, is in a folder
// of installed programs, of packages or of updates: those of Windows itself are none.
func IsProduct(lower string) bool {
	b := []byte(lower)
	return isInstalled(b) && !hasPrefix(b, `\windows\`) || isServicing(b)
}

// IsWMI reports whether a file, whose path has no drive and is in lower case, is in the
// repository of WMI or is a class file that WMI compiles: a way to start programs.
func IsWMI(lower string) bool { return isWMI([]byte(lower)) }

func isWMI(lower []byte) bool {
	const wbem = `\windows\system32\wbem\`
	return hasPrefix(lower, wbem) && (hasPrefix(lower[len(wbem):], `repository\`) || hasSuffix(lower, ".mof"))
}

// isHot reports whether a file is in a folder from which programs start
// automatically, or in one that everybody can write to and nobody looks at. A
// folder of Windows that holds hundreds of files counts for runnable ones only.
func isHot(lower []byte) bool {
	name := lower[bytes.LastIndexByte(lower, '\\')+1:]
	switch {
	case bytes.Contains(lower, startup), hasPrefix(lower, `\perflogs\`), hasPrefix(lower, `\users\public\`),
		hasPrefix(lower, `\windows\tasks\`), hasPrefix(lower, `\windows\system32\tasks\`),
		hasPrefix(lower, `\windows\system32\wbem\repository\`),
		hasPrefix(lower, `\windows\prefetch\`) && hasSuffix(lower, ".pf"):
		return string(name) != "desktop.ini"
	case hasPrefix(lower, `\$recycle.bin\`), hasPrefix(lower, `\recycler\`):
		return string(name) != "desktop.ini" && string(name) != "info2"
	case hasPrefix(lower, `\windows\fonts\`), hasPrefix(lower,
		`\windows\system32\spool\drivers\color\`), bytes.Count(lower, separator) == 1:
		return isRunnable(lower)
	}
	return false
}
