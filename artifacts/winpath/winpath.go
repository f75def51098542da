// Package winpath handles Windows paths as text, on any operating system.
//
// The same program is spelled in many ways by the sources of a Windows
// volume: C:\Windows\x.exe, \??\C:\…, \SystemRoot\…, %SystemRoot%\…,
// system32\…, SYSVOL\Windows\…, \Device\HarddiskVolume4\…,
// \VOLUME{01d…-serial}\…, {1AC14E77-…}\cmd.exe. Records keep the original;
// [Key] gives one spelling to compare by. Nothing here reads a file, an
// environment variable or the clock.
package winpath

import "strings"

// Key returns the spelling of path by which the same file is recognised in
// every source: lower case, backslashes, without drive or volume, variables
// and known folders of the machine resolved to where Windows puts them by
// default. `C:\Windows\System32\cmd.exe` and
// `\DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\CMD.EXE` both give
// `\windows\system32\cmd.exe`. A name without a folder stays a bare name. A
// UNC path keeps its server: `\\server\share\x.exe`.
//
// Two volumes of one machine can hold the same path: Key is for correlation,
// [Volume] says which volume the original named.
func Key(path string) string {
	_, rest := split(path)
	return Lower(rest)
}

// Local returns path without what it says of the volume, as [Key] does, and spelled as
// it is.
func Local(path string) string {
	_, rest := split(path)
	return rest
}

// Volume returns what the spelling says of the volume: "C:", the device or
// volume name, "\\server\share", or "" where it names none.
func Volume(path string) string {
	vol, _ := split(path)
	return vol
}

// Lower folds upper case to lower case one character at a time, so that the
// result has as many characters as the argument.
func Lower(s string) string { return strings.ToLower(s) }

// IndexFold returns where sub begins in s, whatever the case of both, or -1. It is
// an index of s; that of a copy in lower case is not, as some letters take another
// number of bytes there.
func IndexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

// Base returns the last component of path.
func Base(path string) string {
	if i := strings.LastIndexAny(path, `\/`); i >= 0 {
		return path[i+1:]
	}
	return path
}

// Dir returns path without its last component and the separator before it.
func Dir(path string) string {
	if i := strings.LastIndexAny(path, `\/`); i >= 0 {
		return path[:i]
	}
	return ""
}

// Ext returns the extension of path with its dot, in lower case, or "".
func Ext(path string) string {
	b := Base(path)
	if i := strings.LastIndexByte(b, '.'); i > 0 {
		return strings.ToLower(b[i:])
	}
	return ""
}

// Join puts a backslash between the parts.
func Join(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			p = strings.TrimLeft(p, `\`)
			if !strings.HasSuffix(b.String(), `\`) {
				b.WriteByte('\\')
			}
		}
		b.WriteString(p)
	}
	return b.String()
}

// split takes the volume from the front of path. The rest begins with a
// backslash unless the path is relative.
func split(path string) (vol, rest string) {
	p := strings.TrimSpace(path)
	if len(p) >= 2 && p[0] == '"' && p[len(p)-1] == '"' {
		p = p[1 : len(p)-1]
	}
	p = strings.ReplaceAll(p, "/", `\`)
	for _, pre := range []string{`\??\`, `\\?\`, `\\.\`, `\global??\`} {
		if hasPrefixFold(p, pre) {
			p = p[len(pre):]
			if hasPrefixFold(p, `unc\`) {
				p = `\\` + p[len(`unc\`):]
			}
			if hasPrefixFold(p, `globalroot\`) { // the root of all devices: \\?\GLOBALROOT\Device\…
				p = p[len(`globalroot`):]
			}
			break
		}
	}
	if rest, ok := known(p); ok {
		return "", clean(rest)
	}
	switch {
	case len(p) >= 2 && p[1] == ':' && isLetter(p[0]):
		rest = p[2:]
		if rest == "" {
			rest = `\`
		}
		return strings.ToUpper(p[:2]), clean(rest)
	case strings.HasPrefix(p, `\\`):
		share := p[2:]
		i := strings.IndexByte(share, '\\')
		if i < 0 {
			return p, clean(p)
		}
		if j := strings.IndexByte(share[i+1:], '\\'); j >= 0 {
			return p[:2+i+1+j], clean(p)
		}
		return p, clean(p)
	case hasPrefixFold(p, `\device\`), hasPrefixFold(p, `\volume{`):
		skip := 1
		if hasPrefixFold(p, `\device\`) {
			skip = len(`\device\`)
		}
		if i := strings.IndexByte(p[skip:], '\\'); i >= 0 {
			return p[:skip+i], clean(p[skip+i:])
		}
		return p, `\`
	case hasPrefixFold(p, `volume{`):
		if i := strings.IndexByte(p, '\\'); i >= 0 {
			return p[:i], clean(p[i:])
		}
		return p, `\`
	}
	return "", clean(p)
}

// known resolves a leading variable, known folder or shorthand.
func known(p string) (string, bool) {
	head, tail, _ := strings.Cut(p, `\`)
	switch {
	case strings.HasPrefix(p, `\`):
		if hasPrefixFold(p, `\systemroot\`) {
			return `\Windows` + p[len(`\systemroot`):], true
		}
		return "", false
	case strings.HasPrefix(head, "%"):
		if dir, ok := variables[strings.ToLower(head)]; ok {
			return dir + `\` + tail, true
		}
	case strings.HasPrefix(head, "{"):
		if dir, ok := knownFolders[strings.ToUpper(strings.Trim(head, "{}"))]; ok {
			return dir + `\` + tail, true
		}
	case strings.EqualFold(head, "sysvol"):
		// ShimCache of Windows 8.0 and 8.1 writes SYSVOL for the system volume.
		return `\` + tail, true
	case strings.EqualFold(head, "systemroot"):
		return `\Windows\` + tail, true
	case strings.EqualFold(head, "system32"), strings.EqualFold(head, "syswow64"):
		// A service path that begins so is relative to the Windows folder.
		return `\Windows\` + p, true
	}
	return "", false
}

// clean drops doubled separators and a trailing one; `.` and `..` are
// resolved where they stand in the middle.
func clean(p string) string {
	unc := strings.HasPrefix(p, `\\`)
	abs := strings.HasPrefix(p, `\`)
	if !strings.Contains(p, `\\`) && !strings.Contains(p, `\.`) && (len(p) < 2 || !strings.HasSuffix(p, `\`)) {
		return p
	}
	var out []string
	for part := range strings.SplitSeq(p, `\`) {
		switch part {
		case "", ".":
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
		default:
			out = append(out, part)
		}
	}
	s := strings.Join(out, `\`)
	switch {
	case unc:
		return `\\` + s
	case abs:
		return `\` + s
	}
	return s
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// variables are the names that commands and shell folders use, with the
// folders of a default installation. A path below a user's profile keeps the
// user out: `*` stands for any profile, and callers that know the user
// resolve the variable with [Expand] first.
var variables = map[string]string{
	"%systemroot%":              `\Windows`,
	"%windir%":                  `\Windows`,
	"%systemdrive%":             ``,
	"%programfiles%":            `\Program Files`,
	"%programw6432%":            `\Program Files`,
	"%programfiles(x86)%":       `\Program Files (x86)`,
	"%commonprogramfiles%":      `\Program Files\Common Files`,
	"%commonprogramfiles(x86)%": `\Program Files (x86)\Common Files`,
	"%programdata%":             `\ProgramData`,
	"%allusersprofile%":         `\ProgramData`,
	"%public%":                  `\Users\Public`,
}

// knownFolders are the known-folder ids that occur in execution artifacts.
// Source: KNOWNFOLDERID, Windows SDK documentation. Folders of a user are
// given relative to the profile through %USERPROFILE%.
var knownFolders = map[string]string{
	"0139D44E-6AFE-49F2-8690-3DAFCAE6FFB8": `\ProgramData\Microsoft\Windows\Start Menu\Programs`,
	"A77F5D77-2E2B-44C3-A6A2-ABA601054A51": `%USERPROFILE%\AppData\Roaming\Microsoft\Windows\Start Menu\Programs`,
	"9E3995AB-1F9C-4F13-B827-48B24B6C7174": `%USERPROFILE%\AppData\Roaming\Microsoft\Internet Explorer\Quick Launch\User Pinned`,
	"52A4F021-7B75-48A9-9F6B-4B87A210BC8F": `%USERPROFILE%\AppData\Roaming\Microsoft\Internet Explorer\Quick Launch`,
	"1AC14E77-02E7-4E5D-B744-2EB1AE5198B7": `\Windows\System32`,
	"D65231B0-B2F1-4857-A4CE-A8E7C6EA7D27": `\Windows\SysWOW64`,
	"F38BF404-1D43-42F2-9305-67DE0B28FC23": `\Windows`,
	"6D809377-6AF0-444B-8957-A3773F02200E": `\Program Files`,
	"7C5A40EF-A0FB-4BFC-874A-C0F2E0B9FA8E": `\Program Files (x86)`,
	"905E63B6-C1BF-494E-B29C-65B732D3D21A": `\Program Files`,
	"6365D5A7-0F0D-45E5-87F6-0DA56B6A4F7D": `\Program Files\Common Files`,
	"DE974D24-D9C6-4D3E-BF91-F4455120B917": `\Program Files (x86)\Common Files`,
	"62AB5D82-FDC1-4DC3-A9DD-070D1D495D97": `\ProgramData`,
	"3EB685DB-65F9-4CF6-A03A-E3EF65729F3D": `%USERPROFILE%\AppData\Roaming`,
	"F1B32785-6FBA-4FCF-9D55-7B8E7F157091": `%USERPROFILE%\AppData\Local`,
	"A520A1A4-1780-4FF6-BD18-167343C5AF16": `%USERPROFILE%\AppData\LocalLow`,
	"5E6C858F-0E22-4760-9AFE-EA3317B67173": `%USERPROFILE%`,
	"B4BFCC3A-DB2C-424C-B029-7FE99A87C641": `%USERPROFILE%\Desktop`,
	"374DE290-123F-4565-9164-39C4925E467B": `%USERPROFILE%\Downloads`,
	"FDD39AD0-238F-46AF-ADB4-6C85480369C7": `%USERPROFILE%\Documents`,
	"DFDF76A2-C82A-4D63-906A-5644AC457385": `\Users\Public`,
	"C4AA340D-F20F-4863-AFEF-F87EF2E6BA25": `\Users\Public\Desktop`,
	"B97D20BB-F46A-4C97-BA10-5E3608430854": `%USERPROFILE%\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup`,
	"82A5EA35-D9CD-47C5-9629-E15D2F714E6E": `\ProgramData\Microsoft\Windows\Start Menu\Programs\StartUp`,
}

// KnownFolder returns where the known folder with this id lies by default,
// and whether the id is one that occurs in execution artifacts.
func KnownFolder(id string) (string, bool) {
	dir, ok := knownFolders[strings.ToUpper(strings.Trim(id, "{}"))]
	return dir, ok
}

// Expand replaces %NAME% by what lookup says, leaving unknown variables as
// they stand. lookup gets the name in lower case without the percent signs.
func Expand(s string, lookup func(name string) (string, bool)) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			break
		}
		j := strings.IndexByte(s[i+1:], '%')
		if j < 0 {
			break
		}
		name := s[i+1 : i+1+j]
		b.WriteString(s[:i])
		if v, ok := lookup(strings.ToLower(name)); ok && name != "" {
			b.WriteString(v)
			s = s[i+j+2:]
			continue
		}
		b.WriteByte('%')
		s = s[i+1:]
	}
	b.WriteString(s)
	return b.String()
}
