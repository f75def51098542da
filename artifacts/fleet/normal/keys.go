package normal

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// option is a switch with its value in one word: -x=VALUE, /x:VALUE.
var option = regexp.MustCompile(`^[-/][^=:\\]*[=:]`)

// Command returns the key of a command: that of its program, followed by the
// arguments in lower case. A word with a backslash is a path, any other is
// masked as a word: GUIDs and addresses stay.
func Command(image, arguments string) string {
	words := []string{Path(image)}
	if len(arguments) > maxCommand {
		arguments = arguments[:maxCommand]
	}
	for _, w := range winpath.Fields(strings.ToLower(strings.ToValidUTF8(arguments, "\uFFFD"))) {
		if !strings.Contains(w, `\`) {
			words = append(words, mask(w, word))
			continue
		}
		prefix := option.FindString(w)
		words = append(words, prefix+Path(w[len(prefix):]))
	}
	return shorten(strings.TrimSpace(strings.Join(words, " ")))
}

// maxCommand is the length of the longest command line that Windows takes.
const maxCommand = 32767

// perUser is the type of a service that was made for one log-on.
const perUser = 0x80

var luid = regexp.MustCompile(`_[0-9a-f]{3,16}$`)

// Service returns the key of a service's name. kind is the type of the service.
func Service(name string, kind uint32) string {
	s := strings.ToLower(strings.ToValidUTF8(name, "\uFFFD"))
	if kind&perUser != 0 {
		s = luid.ReplaceAllString(s, "_{luid}")
	}
	return shorten(mask(s, folderName))
}

// Task returns the key of a task's path.
func Task(path string) string {
	if shortened(path) {
		return path
	}
	parts := strings.Split(strings.ReplaceAll(strings.ToLower(strings.ToValidUTF8(path, "\uFFFD")), "/", `\`), `\`)
	for i, p := range parts {
		parts[i] = mask(p, folderName)
	}
	return shorten(strings.Join(parts, `\`))
}

// Origin returns the host name or the address of a URL, in lower case and
// without a port, or "" where it has none. A bare host is one, too.
func Origin(url string) string {
	if shortened(url) {
		return url
	}
	s := strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(url, "\uFFFD")))
	scheme, rest, ok := strings.Cut(s, "://")
	switch {
	case ok && scheme == "file" && (strings.HasPrefix(rest, "/") || len(rest) > 1 && rest[1] == ':'):
		return "" // a file of the machine
	case ok:
		s = rest
	case strings.HasPrefix(s, `\\`):
		s = s[2:]
	case strings.HasPrefix(s, "about:"), strings.HasPrefix(s, "data:"), strings.HasPrefix(s, "javascript:"), strings.HasPrefix(s, "mailto:"):
		return ""
	}
	if i := strings.IndexAny(s, `/\?#`); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	return host(s)
}

// host takes the port from a host.
func host(s string) string {
	if end := strings.IndexByte(s, ']'); strings.HasPrefix(s, "[") && end > 0 {
		s = s[1:end]
	} else if strings.Count(s, ":") == 1 {
		s, _, _ = strings.Cut(s, ":")
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.String()
	}
	s = strings.TrimRight(s, ".")
	other := func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"<>|*:;,{}", r)
	}
	if s == "" || strings.ContainsFunc(s, other) {
		return ""
	}
	return shorten(s)
}

// Device returns the key of a device's serial number.
func Device(serial string) string {
	s := strings.ToLower(strings.TrimSpace(strings.ToValidUTF8(serial, "\uFFFD")))
	return shorten(strings.TrimSuffix(s, "&0"))
}

// Account returns the key of an account: domain\name. The accounts of the
// machine itself, whose domain is the machine's name, have the domain `.`.
func Account(domain, name, machine string) string {
	domain, name, machine = lower(domain), lower(name), lower(machine)
	if d, n, ok := strings.Cut(name, `\`); ok && domain == "" {
		domain, name = d, n
	}
	if name == "" {
		return ""
	}
	if domain == machine {
		domain = "."
	}
	if base, ok := strings.CutSuffix(name, "$"); ok && base == machine {
		name = "%machine%$" // the machine's own account
	}
	if domain != "" {
		name = domain + `\` + name
	}
	return shorten(name)
}

// Text returns the key of a text that is compared as it is.
func Text(s string) string { return shorten(lower(strings.TrimSpace(s))) }

func lower(s string) string { return strings.ToLower(strings.ToValidUTF8(s, "\uFFFD")) }

// when is a time in a subject, with the word that leads to it.
var when = regexp.MustCompile(`(?: (?:at|on|from|since|until|to))? ?\d{4}-\d\d-\d\d(?:[ t]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?z?(?: utc)?`)

// Subject returns the key of a finding's subject. A path is normalised; of any
// other text only times are left out, because each burst of activity would be
// rare.
func Subject(s string) string {
	if strings.Contains(s, `\`) {
		head, path := words(s)
		return shorten(lower(head) + Path(path))
	}
	return shorten(strings.TrimSpace(when.ReplaceAllString(lower(s), "")))
}

// words splits the words before a path: "task \x", "Defender exclusion C:\x".
func words(s string) (head, path string) {
	i := strings.IndexByte(s, '\\')
	if i >= 2 && s[i-1] == ':' {
		i -= 2
	} else {
		for i > 0 && s[i-1] != ' ' { // %VARIABLE%, DOMAIN\name
			i--
		}
	}
	if i > 0 && s[i-1] != ' ' && s[i-1] != '"' {
		return "", s
	}
	return s[:i], s[i:]
}
