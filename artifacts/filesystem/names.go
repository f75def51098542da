package filesystem

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A nameKind is what the extension of a file says of it.
type nameKind uint8

const (
	programName   nameKind = 1 << iota // Windows loads it as code
	scriptName                         // another program runs it, or it leads to one
	containerName                      // it brings other files along
	macroName                          // a document that may have macros
)

var nameKinds = func() map[string]nameKind {
	m := map[string]nameKind{}
	for kind, list := range map[nameKind]string{
		programName:   "exe dll sys scr com pif cpl ocx drv",
		scriptName:    "ps1 psm1 bat cmd vbs vbe js jse wsf wsh hta msi msp jar py lnk url job",
		containerName: "zip rar 7z cab iso img vhd vhdx",
		macroName:     "docm dotm xlsm xltm xlam xlsb pptm potm ppam doc xls ppt",
	} {
		for e := range strings.FieldsSeq(list) {
			m[e] |= kind
		}
	}
	return m
}()

// longestKind is the length of the longest of these extensions.
const longestKind = 4

// kindOf returns what the extension of a name or a path says. It allocates nothing: it
// is asked of every file of a volume.
func kindOf[T string | []byte](name T) nameKind {
	var ext [longestKind]byte
	for i := len(name) - 1; i >= 0 && len(name)-1-i <= longestKind; i-- {
		c := name[i]
		n := len(name) - 1 - i // characters after it
		switch {
		case c == '.':
			return nameKinds[string(ext[longestKind-n:])]
		case c == '\\' || c == '/' || n == longestKind:
			return 0
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		ext[longestKind-1-n] = c
	}
	return 0
}

func extensions(list string) map[string]bool {
	m := map[string]bool{}
	for e := range strings.FieldsSeq(list) {
		m[e] = true
	}
	return m
}

// Extension returns the extension of a name or a path in lower case, without
// its dot.
func Extension(name string) string {
	name = name[strings.LastIndexByte(name, '\\')+1:]
	return strings.ToLower(strings.TrimPrefix(path.Ext(name), "."))
}

// IsProgram reports whether Windows loads files of this name as code: exe, dll,
// sys and their like.
func IsProgram(name string) bool { return isProgram(name) }

func isProgram[T string | []byte](name T) bool {
	return kindOf(name)&programName != 0 && !isPaging(name)
}

// isPaging reports whether a file holds memory: it ends as drivers do and is none,
// and Windows makes it again with old times.
func isPaging[T string | []byte](name T) bool {
	for _, p := range [...]string{"pagefile.sys", "hiberfil.sys", "swapfile.sys"} {
		n := len(name) - len(p)
		if n >= 0 && (n == 0 || name[n-1] == '\\') && (name[n]|0x20) == p[0] && strings.EqualFold(string(name[n:]), p) {
			return true
		}
	}
	return false
}

// IsRunnable reports whether a file of this name is a program, a script, an
// installer or a link.
func IsRunnable(name string) bool { return isRunnable(name) }

func isRunnable[T string | []byte](name T) bool { return kindOf(name)&(programName|scriptName) != 0 }

// IsContainer reports whether a file of this name is an archive or an image.
func IsContainer(name string) bool { return kindOf(name)&containerName != 0 }

// A Deceit is how a file name misleads the person who reads it (rule N-04).
type Deceit string

// The ways in which a name deceives.
const (
	NoDeceit        Deceit = ""
	Override        Deceit = "a right-to-left override reverses part of the name"
	DoubleExtension Deceit = "two extensions, the first that of a document"
	Blanks          Deceit = "many blanks hide the extension"
	TrailingBlank   Deceit = "a blank or a dot at the end"
	Homoglyph       Deceit = "letters of another script look like those of a system program"
)

var documents = extensions("pdf doc docx xls xlsx ppt pptx rtf txt csv jpg jpeg png gif bmp tif mp3 mp4 avi mov htm html zip rar eml msg")

// Deceptive reports how a name deceives. system holds the names of system
// programs in lower case; it may be nil.
func Deceptive(name string, system func(string) bool) Deceit {
	name = name[strings.LastIndexByte(name, '\\')+1:]
	trimmed := strings.TrimRight(name, " .\u00a0\u3000")
	switch {
	case strings.ContainsAny(name, "\u202e\u202b\u2067"):
		return Override
	case trimmed != name && IsRunnable(trimmed):
		return TrailingBlank
	case !IsRunnable(name):
		return NoDeceit
	}
	base := name[:len(name)-len(path.Ext(name))]
	if inner := strings.TrimRight(base, " \u00a0\u3000"); utf8.RuneCountInString(base)-utf8.RuneCountInString(inner) >= 20 {
		return Blanks
	}
	if documents[Extension(strings.TrimRight(base, " "))] {
		return DoubleExtension
	}
	if system != nil && !ascii(name) {
		if plain := skeleton(name); plain != strings.ToLower(name) && system(plain) {
			return Homoglyph
		}
	}
	return NoDeceit
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lookalikes are letters of other scripts that print as Latin ones.
var lookalikes = map[rune]rune{
	'а': 'a', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'ո': 'n', 'о': 'o', 'р': 'p',
	'ԛ': 'q', 'ѕ': 's', 'т': 't', 'υ': 'u', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x', 'у': 'y', 'ο': 'o', 'α': 'a', 'ν': 'v', 'ι': 'i', 'ρ': 'p',
	'ı': 'i', 'ⅼ': 'l', 'ｅ': 'e', '․': '.',
}

// skeleton writes a name in the Latin letters that it looks like.
func skeleton(s string) string {
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		if l, ok := lookalikes[r]; ok {
			return l
		}
		if r >= 0xFF01 && r <= 0xFF5E {
			return r - 0xFEE0 // full-width forms
		}
		return r
	}, s)
}

// ServicingName reports whether Windows Update gave a file this name: 32
// hexadecimal digits, then a dot, an underscore or the end. One update alone
// makes 4,823 renames from and to such names.
func ServicingName(name string) bool {
	name = name[strings.LastIndexByte(name, '\\')+1:]
	if len(name) < 32 {
		return false
	}
	for i := range 32 {
		if c := name[i] | 0x20; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(name) == 32 || name[32] == '.' || name[32] == '_'
}

// BecameProgram reports whether a rename made a program of a file that was
// none by its name (rule N-03). Renames by Windows Update do not count.
func BecameProgram(from, to string) bool {
	return IsProgram(to) && !IsProgram(from) && from != "" && !ServicingName(from) && !ServicingName(to)
}

// partial are the extensions that browsers give to a download that is not
// complete.
var partial = extensions("tmp crdownload part partial download opdownload")

// FinishedDownload reports whether a rename is the end of a download: the
// usual reason why a file becomes a program.
func FinishedDownload(from, _ string) bool { return partial[Extension(from)] }

// HiddenStream reports whether a named stream holds a program or a script (rule
// N-13): by its own name, or because its content begins as an executable does.
func HiddenStream(name string, content []byte) bool {
	return IsRunnable(name) || len(content) >= 2 && content[0] == 'M' && content[1] == 'Z'
}
