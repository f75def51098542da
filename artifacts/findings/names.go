package findings

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// finish prepares what look-alikes are compared with.
func (t *Tables) finish() {
	t.lookalikes, t.byLength = map[string]string{}, map[int][]string{}
	for name := range t.protected {
		if len(name) < 5 {
			continue
		}
		t.lookalikes[foldName(name)] = name
		t.byLength[len(name)] = append(t.byLength[len(name)], name)
	}
	for _, names := range t.byLength {
		// The first of several that are alike must not depend on a map's order.
		slices.Sort(names)
	}
}

// notLookalikes are honest names that are one step from a protected one, with
// the name that they are near. Each belongs to Windows or to a product that
// very many machines have.
var notLookalikes = map[string]bool{
	"taskhost": true, "taskhostw": true, "taskhostex": true, "wscript": true, "cscript": true, "regedit": true, "regedt32": true,
	"taskmgr": true, "taskeng": true, "wininit": true, "winlogon": true, "regasm": true, "regsvcs": true, "werfault": true, "wermgr": true,
	"chrome": true, "chromium": true, "operagx": true, "control": true, "explorer": true, "iexplore": true, "msedge": true,
	"teams": true, "ms-teams": true,
	"msteams": true, "excelcnv": true, "notepad": true, "notepad++": true, "notepad2": true, "powershell": true, "ping6": true,
	"sethc": true, "onedrive": true, "onenotem": true,
	"searchindexer": true, "smartscreen": true, "userinit": true, "sync": true, "consent": true, "calc": true, "calc1": true,
	"narrator": true, "nltest": true,
	"msbuild": true, "mstsc": true, "msdtc": true, "magnify": true, "write": true, "writer": true, "swriter": true, "opera": true,
	"operaw": true, "acrobat": true, "teamsw": true,
	"services": true, "service": true, "cmstp": true, "certutil": true, "csrss": true, "lsass": true, "spoolsv": true,
}

// lookalike returns the protected name that a name (lower case, without .exe)
// imitates, and how.
func (t *Tables) lookalike(name string) (of, how string) {
	if n := utf8.RuneCountInString(name); n < 4 || n > 40 || notLookalikes[name] || t.protected[name] {
		return "", ""
	}
	// Letters of other alphabets or forms that look like Latin ones.
	folded := foldName(name)
	if of = t.lookalikes[folded]; of != "" {
		if plain := stripName(name); plain == of || plain == of+"s" {
			// Only digits and marks were added: setup-like names do so all the time.
			if isASCII(name) && (!hexish(name, of) || t.binaries[of+".exe"] == nil) {
				return "", ""
			}
			return of, "with signs added"
		}
		return of, "with letters that look alike"
	}
	if !isASCII(name) || len(name) < 5 {
		return "", ""
	}
	for n := len(name) - 1; n <= len(name)+1; n++ {
		for _, p := range t.byLength[n] {
			if oneStep(name, p) && !onlyDigit(name, p) {
				return p, oneOff
			}
		}
	}
	return "", ""
}

// oneOff is how most look-alikes differ. Names of services are so short and
// so many that it means nothing there.
const oneOff = "one letter off"

// hexish reports whether a name is a protected one with a single sign or the
// suffix 32 or 64 added: svchost32, svchost-, lsass_.
func hexish(name, of string) bool {
	rest := strings.TrimPrefix(name, of)
	return rest == "32" || rest == "64" || rest == "_" || rest == "-" || rest == "." || rest == "1"
}

// onlyDigit reports whether two names differ in a digit alone, as versions
// do: that is no misspelling.
func onlyDigit(a, b string) bool {
	strip := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, s)
	}
	return a != b && strip(a) == strip(b)
}

// oneStep reports whether one insertion, deletion, replacement or swap of
// neighbours leads from a to b: Damerau-Levenshtein distance 1.
func oneStep(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// stripName leaves digits and joining signs away.
func stripName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || strings.ContainsRune("-_. ", r) {
			return -1
		}
		return r
	}, s)
}

// homoglyphs are letters that look like a Latin one, by the shapes of common
// screen fonts. Unicode, confusables.txt, reduced to Cyrillic, Greek and
// digits.
var homoglyphs = map[rune]rune{
	'0': 'o', '1': 'l', 'i': 'l', '|': 'l', 'í': 'l', 'ì': 'l', 'ı': 'l', 'ӏ': 'l', 'і': 'l', 'ι': 'l', 'ї': 'l',
	'а': 'a', 'α': 'a', 'с': 'c', 'ϲ': 'c', 'ԁ': 'd', 'е': 'e', 'ё': 'e', 'ε': 'e', 'ɡ': 'g', 'һ': 'h', 'ј': 'j', 'κ': 'k', 'к': 'k',
	'м': 'm', 'п': 'n', 'ո': 'n', 'η': 'n', 'о': 'o', 'ο': 'o', 'σ': 'o', 'р': 'p', 'ρ': 'p', 'ԛ': 'q', 'г': 'r', 'ѕ': 's', 'т': 't',
	'τ': 't',
	'υ': 'u', 'ц': 'u', 'ν': 'v', 'ѵ': 'v', 'ԝ': 'w', 'ω': 'w', 'х': 'x', 'χ': 'x', 'у': 'y', 'γ': 'y', 'ᴢ': 'z', '5': 's', '$': 's',
	'3': 'e', '@': 'a',
}

// foldName brings names that look alike to one spelling.
func foldName(s string) string {
	s = strings.TrimSuffix(strings.TrimSuffix(s, "32"), "64")
	s = strings.Map(func(r rune) rune {
		if r >= 0xFF01 && r <= 0xFF5E { // full-width forms
			r = unicode.ToLower(r - 0xFEE0)
		}
		if h, ok := homoglyphs[r]; ok {
			return h
		}
		if strings.ContainsRune("-_. ", r) || r >= '0' && r <= '9' || invisible(r) {
			return -1
		}
		return r
	}, s)
	for _, p := range []struct{ two, one string }{{"rn", "m"}, {"vv", "w"}, {"cl", "d"}} {
		s = strings.ReplaceAll(s, p.two, p.one)
	}
	return s
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// invisible are characters that take no room: zero-width ones, marks of
// direction, soft hyphens.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) || r == 0x034F || r == 0x115F || r == 0x1160 || r == 0x17B4 || r == 0x17B5 || r == 0x3164 ||
		r >= 0xFE00 && r <= 0xFE0F
}

// turns are the marks that change the direction of writing.
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// documents are extensions that people take for harmless.
var documents = map[string]bool{
	"pdf": true, "doc": true, "docx": true, "docm": true, "xls": true, "xlsx": true, "xlsm": true, "ppt": true, "pptx": true,
	"rtf": true, "txt": true,
	"jpg": true, "jpeg": true, "png": true, "gif": true, "bmp": true, "zip": true, "rar": true, "7z": true, "mp3": true, "mp4": true,
	"avi": true,
	"htm": true, "html": true, "csv": true, "eml": true, "msg": true, "odt": true, "jtd": true,
}

var starts = map[string]bool{
	"exe": true, "scr": true, "pif": true, "com": true, "bat": true, "cmd": true, "js": true, "jse": true, "vbs": true, "vbe": true,
	"wsf": true, "hta": true, "ps1": true, "lnk": true, "msi": true, "cpl": true,
}

// deceptive says what in a file's name hides what the file is. technique is
// the one of ATT&CK.
func deceptive(base string) (says, technique string) {
	lower := strings.ToLower(base)
	for _, r := range base {
		switch {
		case turns(r):
			return "its name holds a mark that turns the direction of writing, so that it reads differently from what it is", "T1036.002"
		case invisible(r) && r != 0xFE0F:
			return "its name holds a character that cannot be seen", "T1036"
		case r == 0x00A0 || r == 0x2007 || r == 0x202F || r == 0x3000 && strings.HasSuffix(lower, ".exe"):
			return "its name holds a blank that is no ordinary one", "T1036"
		case r < 0x20 || r >= 0x7F && r < 0xA0:
			return "its name holds a control character", "T1564"
		}
	}
	name, last, ok := cutLast(lower, ".")
	if ok && starts[strings.TrimSpace(last)] {
		trimmed := strings.TrimRight(name, " ")
		if len(name)-len(trimmed) >= 5 {
			return "blanks push its extension out of sight", "T1036.007"
		}
		if before, second, ok := cutLast(trimmed, "."); ok && documents[second] && !strings.HasSuffix(before, ".sfx") {
			return "it has two extensions, the first of a document (." + second + "." + last + ")", "T1036.007"
		}
	}
	switch {
	case strings.HasPrefix(base, " "):
		return "its name begins with a blank", "T1036"
	case len(base) > 1 && strings.HasSuffix(base, " "), len(base) > 2 && strings.HasSuffix(base, ".") && !strings.HasSuffix(base, ".."):
		return "its name ends with a blank or a dot", "T1036"
	}
	if ok && mixedScript(name) {
		return "letters of several alphabets stand in one word of its name", "T1036.005"
	}
	return "", ""
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// mixedScript reports whether one word has Latin letters beside Cyrillic or
// Greek ones. Other scripts stand beside Latin letters all the time.
func mixedScript(s string) bool {
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		var latin, other bool
		for _, r := range word {
			switch {
			case unicode.Is(unicode.Latin, r) && r != 'µ':
				latin = true
			case unicode.Is(unicode.Cyrillic, r), unicode.Is(unicode.Greek, r):
				other = true
			}
		}
		if latin && other {
			return true
		}
	}
	return false
}

// shortName says what is odd about a program's name of one or two characters or
// of digits, and "" for any other.
func shortName(stem string) string {
	switch n := utf8.RuneCountInString(stem); {
	case n == 0:
		return ""
	case strings.Trim(stem, "0123456789") == "":
		return "file name of digits only"
	case n == 1:
		return "one-letter file name"
	case n == 2:
		return "two-letter file name"
	}
	return ""
}
