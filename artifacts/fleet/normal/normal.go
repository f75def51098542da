// Package normal turns what one machine records into keys that are equal on
// every machine: users, versions, GUIDs and random names become placeholders.
//
// A path key begins where [winpath.Key] ends. The rules are deliberately
// narrow: two different programs must never share a key, so that a rare one
// cannot hide behind a common one. What a rule does not know stays as it is.
// Names of files are masked less than names of folders, because an intruder
// chooses the former.
//
// Placeholders are %user% (a profile), {guid}, {sid}, {time} (a FILETIME), {v}
// (a version), {hex}, {n} (a long number), {tmp} (a made-up folder) and {luid}
// (the log-on of a per-user service). A key that is normalised again does not
// change.
package normal

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Limits on keys. A longer one ends in a part of its SHA-256.
const (
	maxKey   = 512
	keepHead = 480
	maxInput = 4096 // bytes of a path that the rules look at
	maxTurns = 64   // in which a path becomes stable; real ones need two
)

// Path returns the key of a path: `C:\Users\mira\AppData\Local\Temp\is-A1B2C.tmp\x.exe`
// gives `\users\%user%\appdata\local\temp\{tmp}\x.exe`. A bare name stays bare.
func Path(path string) string {
	if len(path) > maxInput {
		return shorten(strings.ToLower(path))
	}
	path = strings.ToValidUTF8(path, "\uFFFD")
	for range maxTurns {
		next := once(path)
		if next == path {
			break
		}
		path = next
	}
	return shorten(path)
}

// Name returns the last component of the key of a path.
func Name(path string) string { return winpath.Base(Path(path)) }

// once applies every rule one time.
func once(path string) string {
	if shortened(path) {
		return path
	}
	key := winpath.Key(variables(network(path)))
	head, rest := server(key)
	if rest == "" {
		return key
	}
	parts := strings.Split(rest, `\`)
	if head != "" || parts[0] == "" { // absolute
		rooted := parts
		if parts[0] == "" {
			rooted = parts[1:]
		}
		shortNames(rooted)
		profiles(rooted)
		components(rooted)
	} else {
		shortNames(parts)
		components(parts)
	}
	return head + strings.Join(parts, `\`)
}

// network spells a path of a network redirector as a UNC path (rule 1).
func network(path string) string {
	p := strings.ReplaceAll(strings.Trim(strings.TrimSpace(path), `"`), "/", `\`)
	for _, prefix := range []string{`\device\mup\`, `\device\lanmanredirector\`, `\??\unc\`, `\\?\unc\`} {
		if len(p) <= len(prefix) || !strings.EqualFold(p[:len(prefix)], prefix) {
			continue
		}
		rest := p[len(prefix):]
		for strings.HasPrefix(rest, ";") { // ;LanmanRedirector, ;X:0000000000012345
			_, after, ok := strings.Cut(rest, `\`)
			if !ok {
				return path
			}
			rest = after
		}
		return `\\` + strings.TrimLeft(rest, `\`)
	}
	return path
}

// userVariables are where the variables of a user lie by default (rule 2).
var userVariables = map[string]string{
	"%userprofile%":  `\users\%user%`,
	"%appdata%":      `\users\%user%\appdata\roaming`,
	"%localappdata%": `\users\%user%\appdata\local`,
	"%temp%":         `\users\%user%\appdata\local\temp`,
	"%tmp%":          `\users\%user%\appdata\local\temp`,
}

// variables resolves a leading variable of a user, also where a known folder
// leads to one.
func variables(path string) string {
	p := strings.ReplaceAll(path, "/", `\`)
	head, tail, more := strings.Cut(p, `\`)
	if strings.HasPrefix(head, "{") {
		if dir, ok := winpath.KnownFolder(head); ok && strings.HasPrefix(dir, "%") {
			folder, below, _ := strings.Cut(dir, `\`)
			return winpath.Join(userVariables[strings.ToLower(folder)], below, tail)
		}
		return path
	}
	dir, ok := userVariables[strings.ToLower(head)]
	if !ok {
		return path
	}
	if !more {
		return dir
	}
	return dir + `\` + tail
}

// server splits server and share, which are never masked, from a UNC key.
func server(key string) (head, rest string) {
	if !strings.HasPrefix(key, `\\`) {
		return "", key
	}
	n := 0
	for i := 2; i < len(key); i++ {
		if key[i] != '\\' {
			continue
		}
		if n++; n == 2 {
			return key[:i+1], key[i+1:]
		}
	}
	return key, ""
}

// shortName are the names of 8.3 form that every Windows has (rule 3).
var shortName = map[string]string{
	"progra~1": "program files",
	"progra~2": "program files (x86)",
	"progra~3": "programdata",
	"common~1": "common files",
	"docume~1": "documents and settings",
	"applic~1": "application data",
}

// shortNames spells out fixed 8.3 names.
func shortNames(parts []string) {
	for i, p := range parts {
		if long, ok := shortName[p]; ok {
			parts[i] = long
			continue
		}
		last := i+1 == len(parts)
		switch {
		case last:
		case p == "sysnative":
			parts[i] = "system32"
		case p == "locals~1" && parts[i+1] == "temp":
			parts[i] = "local settings"
		case p == "servic~1" && parts[i+1] == "networ~1":
			parts[i], parts[i+1] = "serviceprofiles", "networkservice"
		case p == "servic~1" && parts[i+1] == "locals~1":
			parts[i], parts[i+1] = "serviceprofiles", "localservice"
		}
	}
}

// common are the profiles that every machine has.
var common = map[string]bool{"public": true, "default": true, "all users": true, "default user": true}

// profiles masks the folder of a user, where something below it follows (rule 4).
func profiles(parts []string) {
	at := 0
	if parts[0] == "windows.old" {
		at = 1
	}
	if len(parts) < at+3 || parts[at] != "users" && parts[at] != "documents and settings" {
		return
	}
	if !common[parts[at+1]] && parts[at+1] != "" {
		parts[at+1] = "%user%"
	}
}

// shorten keeps a key below the limit.
func shorten(key string) string {
	if len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	head := keepHead
	for head > 0 && !utf8.RuneStart(key[head]) {
		head--
	}
	return strings.ToValidUTF8(key[:head], "\uFFFD") + ellipsis + hex.EncodeToString(sum[:8])
}

// ellipsis joins a shortened key and its digest.
const ellipsis = "…#"

// shortened reports whether a key is the result of shorten.
func shortened(key string) bool {
	i := len(key) - 16 - len(ellipsis)
	return i >= keepHead-utf8.UTFMax && i <= maxKey && key[i:i+len(ellipsis)] == ellipsis && allHex(key[i+len(ellipsis):])
}
