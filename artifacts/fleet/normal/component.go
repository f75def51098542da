package normal

import (
	"regexp"
	"strings"
)

// madeUp are the folders below which installers and browsers make up names
// (rule 8).
var madeUp = map[string]bool{
	"temp": true, "tmp": true, "softwaredistribution": true, "$recycle.bin": true, "recycler": true, "package cache": true,
	"inetcache": true, "temporary internet files": true, "installer": true,
}

// components masks each component of a path by its place.
func components(parts []string) {
	temporary := false
	for i, p := range parts {
		last := i+1 == len(parts)
		parent := ""
		if i > 0 {
			parent = parts[i-1]
		}
		switch {
		case p == "" || p == "%user%":
		case last:
			parts[i] = fileName(p, temporary)
		case parent == "windowsapps" || parent == "systemapps":
			parts[i] = packageName(p)
		case parent == "winsxs" && assembly(p) != "":
			parts[i] = assembly(p)
		case i > 1 && strings.HasPrefix(parent, "framework") && parts[i-2] == "microsoft.net":
			// v2.0.50727 and v4.0.30319 are different products (rule 9).
		default:
			parts[i] = folder(p, parent, temporary)
		}
		temporary = temporary || madeUp[p]
	}
}

// packageName leaves out version, architecture and resource of a package's
// folder (rule 5).
func packageName(p string) string {
	f := strings.Split(p, "_")
	if len(f) != 5 || f[0] == "" || f[4] == "" {
		return p
	}
	return f[0] + "_" + f[4]
}

// assembly masks version and hash of a folder of the component store (rule 6).
// It returns "" for other folders.
func assembly(p string) string {
	f := strings.Split(p, "_")
	n := len(f)
	if n < 6 || !allHex(f[n-4]) {
		return ""
	}
	if f[n-3] == "{v}" && f[n-1] == "{hex}" {
		return p
	}
	if !wholeVersion.MatchString(f[n-3]) || !allHex(f[n-1]) {
		return ""
	}
	f[n-3], f[n-1] = "{v}", "{hex}"
	return strings.Join(f, "_")
}

// installerFolder is what installers make, anywhere (rule 7).
var installerFolder = regexp.MustCompile(`^[a-z]{2,10}_?[0-9a-f]{3,8}\.tmp$`)

// Names that programs make up for a folder in a made-up place (rule 8).
var (
	madeUpFolder = regexp.MustCompile(`^(?:` + strings.Join([]string{
		`is-[a-z0-9]{5}\.tmp`,  // Inno Setup
		`ns[a-z0-9]{2,6}\.tmp`, // NSIS
		`7z[seo][0-9a-f]{8}`,   // 7-Zip
		`_mei\d+`,              // PyInstaller
		`onefile_.*`,           // Nuitka
		`rar\$.*`, `rarsfx\d+`, // WinRAR
		`wz[0-9a-f]{4}`,      // WinZip
		`ir_ext_temp_\d+`,    // Setup Factory
		`pft.*\.tmp`,         // InstallShield
		`[0-9a-f]{6}~\d`,     // 8.3 form of a made-up name
		`[0-9a-f]{3,8}\.tmp`, // GetTempFileName
		`msi[0-9a-f]+\.tmp`,  // Windows Installer
		`\d+`,
	}, "|") + `)$`)
	randomName   = regexp.MustCompile(`^[a-z0-9]{8}\.([a-z0-9]{3})$`)
	archive      = regexp.MustCompile(`^temp\d+_(.+\.zip)$`)
	recycledName = regexp.MustCompile(`^(\$[ri])[a-z0-9]{6}(\.[^.]*)?$`)
	tempFile     = regexp.MustCompile(`^(?:is-[a-z0-9]{5}|ns[a-z][0-9a-f]{1,4}|[0-9a-f]{3,8}|msi[0-9a-f]+)\.tmp$`)
)

// plainExtensions are those of folders that somebody named.
var plainExtensions = map[string]bool{
	"tmp": true, "dir": true, "zip": true, "app": true, "exe": true, "dat": true, "log": true, "msi": true, "cab": true,
}

// folder masks the name of a folder.
func folder(p, parent string, temporary bool) string {
	if installerFolder.MatchString(p) {
		return "{tmp}"
	}
	if !temporary {
		return mask(p, folderName)
	}
	if m := archive.FindStringSubmatch(p); m != nil {
		return m[1]
	}
	if m := recycledName.FindStringSubmatch(p); m != nil {
		return m[1] + "{tmp}" + m[2]
	}
	if madeUpFolder.MatchString(p) {
		return "{tmp}"
	}
	if m := randomName.FindStringSubmatch(p); m != nil && !plainExtensions[m[1]] {
		return "{tmp}"
	}
	if (parent == "ie" || parent == "content.ie5") && len(p) == 8 {
		return "{tmp}"
	}
	p = mask(p, folderName)
	if p == "{guid}" || p == "{hex}" {
		return "{tmp}"
	}
	return p
}

// Copies that somebody made of a file: "setup (2).exe", "setup[1].exe",
// "setup - copy.exe".
var copied = regexp.MustCompile(`(?: \(\d{1,3}\)|\[\d{1,3}\]| - copy)$`)

// Parts of file names that are masked everywhere, and in a made-up place.
var (
	stemVersion = regexp.MustCompile(` v\d+\.\d+$`)
	shortHex    = regexp.MustCompile(`-([0-9a-f]{6,7})$`)
)

// fileName masks the name of a file (rule 11).
func fileName(p string, temporary bool) string {
	stem, ext := p, ""
	if i := strings.LastIndexByte(p, '.'); i > 0 && !strings.ContainsAny(p[i:], " {}") && len(p)-i <= 8 && !digits(p[i+1:]) {
		stem, ext = p[:i], p[i:]
	}
	if temporary {
		if m := recycledName.FindStringSubmatch(p); m != nil {
			return m[1] + "{tmp}" + m[2]
		}
		if tempFile.MatchString(p) {
			return "{tmp}"
		}
	}
	for endsIn(stem, ")]y") {
		cut := copied.ReplaceAllString(stem, "")
		if cut == stem || cut == "" {
			break
		}
		stem = cut
	}
	if endsIn(stem, decimals) {
		stem = stemVersion.ReplaceAllString(stem, " {v}")
	}
	if !temporary {
		return mask(stem, plainFile) + ext
	}
	if m := shortHex.FindStringSubmatch(stem); m != nil && mixed(m[1]) {
		stem = stem[:len(stem)-len(m[1])] + "{hex}"
	}
	return mask(stem, temporaryFile) + ext
}
