package normal

import (
	"regexp"
	"strings"
)

// A place is where a name lies, which decides what of it is masked.
type place int

const (
	folderName    place = iota // rule 10 in full
	plainFile                  // GUID, SID and versions with two dots
	temporaryFile              // the same, and hexadecimal runs
	word                       // of a command: addresses and GUIDs stay
)

// Identifiers. A GUID needs no edge: no key may have one in it.
var (
	guid = regexp.MustCompile(`\{?[0-9a-f]{8}(?:-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-|_[0-9a-f]{4}_[0-9a-f]{4}_[0-9a-f]{4}_)[0-9a-f]{12}\}?`)
	sid  = regexp.MustCompile(`s-1-(?:5-21|5-[89]\d|12-1|15-[23])(?:-\d+){2,}`)
)

// Versions. The first has two dots or more; two of them may be joined.
var (
	version      = regexp.MustCompile(`\d+(?:\.\d+){2,}(?:_\d+(?:\.\d+){2,})?`)
	javaVersion  = regexp.MustCompile(`^(j(?:re|dk)-?)\d+(?:\.\d+){2,}_\d+`)
	wholeVersion = regexp.MustCompile(`^v?\d+(?:\.\d+)+(?:-\d+)?$`)
	endVersion   = regexp.MustCompile(`([ _-])\d+\.\d+$`)
	address      = regexp.MustCompile(`^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$`)
)

// mask applies rule 10, as far as it is for names of a place.
func mask(s string, at place) string {
	if !strings.ContainsAny(s, decimals) && len(s) < 16 {
		return s
	}
	if at == word { // GUIDs stay: a class or an AppID is the same on every machine
		var b strings.Builder
		from := 0
		for _, m := range guid.FindAllStringIndex(s, -1) {
			b.WriteString(maskRest(s[from:m[0]], at))
			b.WriteString(s[m[0]:m[1]])
			from = m[1]
		}
		b.WriteString(maskRest(s[from:], at))
		return b.String()
	}
	if len(s) >= guidLength {
		s = guid.ReplaceAllString(s, "{guid}")
	}
	return maskRest(s, at)
}

// What names must have for an expression to match them: most have not, and the
// look at a letter or two costs far less than the expression.
const (
	decimals   = "0123456789"
	guidLength = 36
)

// endsIn reports whether the last byte of s is one of a set.
func endsIn(s, set string) bool { return s != "" && strings.IndexByte(set, s[len(s)-1]) >= 0 }

func maskRest(s string, at place) string {
	if strings.Contains(s, "s-1-") {
		s = sid.ReplaceAllString(s, "{sid}")
	}
	if at == folderName && endsIn(s, decimals) && wholeVersion.MatchString(s) {
		return "{v}"
	}
	if at == folderName {
		if strings.HasPrefix(s, "j") {
			s = javaVersion.ReplaceAllString(s, "$1{v}")
		}
		if endsIn(s, decimals) {
			s = endVersion.ReplaceAllString(s, "$1{v}")
		}
	}
	if strings.Count(s, ".") >= 2 {
		s = version.ReplaceAllStringFunc(s, func(v string) string {
			if at == word && address.MatchString(v) {
				return v
			}
			return "{v}"
		})
	}
	if at == plainFile {
		return s
	}
	return runs(s, at)
}

// runs masks hexadecimal runs, times and long numbers: each run of ASCII
// letters and digits is looked at as a whole.
func runs(s string, at place) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if !alnum(s[i]) {
			b.WriteByte(s[i])
			i++
			continue
		}
		j := i
		for j < len(s) && alnum(s[j]) {
			j++
		}
		b.WriteString(run(s[i:j], at))
		i = j
	}
	return b.String()
}

// timeLength is that of a FILETIME in hexadecimal: until 2057 it begins with 1d.
const timeLength = 15

func run(s string, at place) string {
	n := len(s)
	if allHex(s) {
		switch {
		case n == timeLength && strings.HasPrefix(s, "1d") && at != temporaryFile:
			return "{time}"
		case n >= 16 || n >= 8 && mixed(s):
			return "{hex}"
		}
	}
	if at == temporaryFile {
		return s
	}
	if n > timeLength {
		if tail := s[n-timeLength:]; strings.HasPrefix(tail, "1d") && allHex(tail) && letter(s[n-timeLength-1]) {
			return s[:n-timeLength] + "{time}"
		}
	}
	k := 0
	for k < n && digit(s[k]) {
		k++
	}
	if k >= 6 {
		return "{n}" + s[k:]
	}
	return s
}

func digit(c byte) bool  { return '0' <= c && c <= '9' }
func letter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func alnum(c byte) bool  { return digit(c) || letter(c) }

func allHex(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return s != ""
}

func digits(s string) bool {
	for i := range len(s) {
		if !digit(s[i]) {
			return false
		}
	}
	return s != ""
}

// mixed reports whether a run has a digit and a letter.
func mixed(s string) bool {
	d := strings.ContainsAny(s, "0123456789")
	return d && !digits(s)
}
