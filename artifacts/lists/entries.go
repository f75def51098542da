package lists

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

type network struct {
	prefix netip.Prefix
	entry  *Entry
}

// errEmpty is the error of an entry without a value.
var errEmpty = errors.New("an empty value")

// add adds a value of a kind that the list states, or that follows from its shape.
func (l *List) add(kind Kind, value string, x *Label) error {
	e, err := l.entry(kind, value, x)
	if err != nil || e == nil {
		return err
	}
	return l.insert(e)
}

// entry makes an entry of a value. A hash is added at once, and gives none.
func (l *List) entry(kind Kind, value string, x *Label) (*Entry, error) {
	value = strings.TrimSpace(value)
	switch {
	case value == "":
		return nil, errEmpty
	case len(value) > maxText:
		return nil, fmt.Errorf("an entry of %d bytes; at most %d are compared", len(value), maxText)
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		return nil, errors.New("an entry that is not text")
	}
	switch kind {
	case MD5, SHA1, SHA256:
		if i, ok := hashKind(len(value)); ok && hashKinds[i] != kind {
			return nil, fmt.Errorf("a hash of %d digits is not of the type %s", len(value), kind)
		}
		return nil, l.hash(value, x)
	}
	switch {
	case l.Role == Bad:
		return nil, fmt.Errorf("a %s is not a hash: use --iocs for other indicators", kind)
	case l.Role == Good && kind != Domain && kind != Address:
		return nil, fmt.Errorf("a %s does not show that a file is known: hashes, domains and addresses do", kind)
	}
	if x == nil {
		x = l.labels[0]
	}
	e := &Entry{Label: x, Kind: kind, List: l, Value: strings.ToLower(value)}
	return e, e.set(value)
}

// set brings the value to the spelling in which it is compared.
func (e *Entry) set(value string) error {
	switch e.Kind {
	case Address:
		return e.setAddress(value)
	case Domain:
		e.Value = strings.Trim(strings.TrimPrefix(e.Value, "*."), ".")
		if !isHost(e.Value) {
			return fmt.Errorf("%.100q is not a domain", value)
		}
	case URL:
		e.Value = urlKey(value)
	case Registry:
		e.Value = RegistryKey(value)
	case Path:
		e.Value = pathKey(value)
	case Name:
		e.Value = winpath.Base(e.Value)
	case Task:
		e.Value = strings.TrimPrefix(e.Value, `\`)
	}
	if e.Value == "" {
		return errEmpty
	}
	if e.Kind != Command && e.Kind != URL && strings.ContainsAny(e.Value, "*?") {
		if strings.Trim(e.Value, `*?.\`) == "" {
			return fmt.Errorf("%.100q fits everything", value)
		}
		e.glob = e.Value
	}
	return nil
}

func (e *Entry) setAddress(value string) error {
	if a, err := netip.ParseAddr(value); err == nil {
		e.Value = a.Unmap().WithZone("").String()
		return nil
	}
	p, err := netip.ParsePrefix(value)
	if err != nil {
		return fmt.Errorf("%.100q is not an address", value)
	}
	if p.Bits() == 0 {
		return fmt.Errorf("%.100q fits everything", value)
	}
	e.Value = p.Masked().String()
	return nil
}

// insert files an entry where it is looked up.
func (l *List) insert(e *Entry) error {
	if l.count >= MaxEntries {
		return fmt.Errorf("more than %d entries that are not hashes", MaxEntries)
	}
	if e.glob != "" || e.match != nil || e.Kind == Command {
		if l.globs >= MaxPatterns {
			return fmt.Errorf("more than %d entries with wildcards", MaxPatterns)
		}
		l.globs++
		l.count++
		l.patterns[e.Kind] = append(l.patterns[e.Kind], e)
		return nil
	}
	if e.Kind == Address && strings.Contains(e.Value, "/") {
		if l.globs >= MaxPatterns {
			return fmt.Errorf("more than %d networks", MaxPatterns)
		}
		l.globs++
		l.count++
		l.networks = append(l.networks, network{netip.MustParsePrefix(e.Value), e})
		return nil
	}
	m := l.exact[e.Kind]
	if m == nil {
		m = map[string]*Entry{}
		l.exact[e.Kind] = m
	}
	if e.group != nil {
		for m[e.Value] != nil { // one value can be part of several indicators
			e.Value += "\x00"
		}
	}
	if m[e.Value] == nil {
		l.count++
		m[e.Value] = e
	}
	return nil
}

// shaped adds a value whose kind follows from its shape.
func (l *List) shaped(value string, x *Label) error {
	value = refang(strings.TrimSpace(value))
	kind, ok := Shape(value)
	if !ok {
		return fmt.Errorf("%.100q has no known shape", value)
	}
	return l.add(kind, value, x)
}

// refang undoes the marks by which people keep addresses from being opened.
func refang(s string) string {
	if strings.ContainsAny(s, "[(") {
		s = strings.NewReplacer("[.]", ".", "(.)", ".", "[dot]", ".", "[:]", ":", "[://]", "://", "[at]", "@").Replace(s)
	}
	if len(s) > 4 && strings.EqualFold(s[:4], "hxxp") {
		s = "http" + s[4:]
	}
	return s
}

// fileKinds are extensions of files that no domain has.
var fileKinds = map[string]bool{
	".exe": true, ".dll": true, ".sys": true, ".scr": true, ".pif": true, ".bat": true, ".cmd": true, ".ps1": true, ".psm1": true,
	".vbs": true, ".vbe": true, ".js": true, ".jse": true, ".wsf": true, ".hta": true, ".cpl": true, ".msi": true, ".jar": true,
	".lnk": true, ".doc": true, ".docx": true, ".docm": true, ".xls": true, ".xlsx": true, ".xlsm": true, ".ppt": true, ".pptx": true,
	".rtf": true, ".pdf": true, ".7z": true, ".rar": true, ".iso": true, ".img": true, ".vhd": true, ".vhdx": true, ".cab": true,
	".dat": true, ".bin": true, ".tmp": true, ".log": true, ".txt": true, ".dmp": true, ".pf": true, ".ocx": true, ".xll": true,
	".chm": true, ".inf": true, ".reg": true, ".one": true, ".url": true, ".htm": true, ".html": true, ".php": true, ".aspx": true,
}

// Shape returns the kind of a value whose list does not state it.
func Shape(v string) (Kind, bool) {
	low := strings.ToLower(v)
	if isDigest(v) {
		i, _ := hashKind(len(v))
		return hashKinds[i], true
	}
	if RegistryKey(v) != "" && (strings.HasPrefix(low, "hk") || strings.HasPrefix(low, `\registry\`)) {
		return Registry, true
	}
	if i := strings.Index(v, "://"); i > 0 && !strings.ContainsAny(v[:i], ` \/.`) {
		return URL, true
	}
	if _, err := netip.ParseAddr(v); err == nil {
		return Address, true
	}
	if _, err := netip.ParsePrefix(v); err == nil {
		return Address, true
	}
	if strings.Contains(v, `\`) {
		return Path, true
	}
	if fileKinds[winpath.Ext(low)] && !strings.Contains(v, "/") {
		return Name, true
	}
	if host, rest, ok := strings.Cut(low, "/"); ok && rest != "" && isHost(host) {
		return URL, true
	}
	if isHost(strings.TrimPrefix(low, "*.")) {
		return Domain, true
	}
	if strings.ContainsAny(v, "*?") && !strings.ContainsAny(v, "/:") {
		return Name, true
	}
	return "", false
}

// isHost reports whether a text in lower case has the form of a domain of at least
// two names.
func isHost(s string) bool {
	if len(s) > 253 || !strings.Contains(s, ".") {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r < 0x80 {
				return false
			}
		}
		last = label
	}
	return len(last) > 1 && strings.Trim(last, "0123456789") != ""
}

// variables are folders that lists name by a variable of the environment, as the
// end of the path of any profile or as the path that they have.
var variables = []struct{ name, path string }{
	{"%appdata%", `*\appdata\roaming`}, {"%localappdata%", `*\appdata\local`}, {"%temp%", `*\temp`}, {"%tmp%", `*\temp`},
	{"%userprofile%", `\users\*`}, {"%homepath%", `\users\*`}, {"%public%", `\users\public`}, {"%programdata%", `\programdata`},
	{"%allusersprofile%", `\programdata`}, {"%windir%", `\windows`}, {"%systemroot%", `\windows`}, {"%systemdrive%", ``},
	{"%programfiles%", `\program files`}, {"%programfiles(x86)%", `\program files (x86)`},
}

// pathKey is a path in the spelling of [winpath.Key]. One that does not begin at
// the root of a volume can be below any folder.
func pathKey(p string) string {
	low := strings.ToLower(strings.ReplaceAll(strings.Trim(p, `"`), "/", `\`))
	for _, v := range variables {
		if rest, ok := strings.CutPrefix(low, v.name); ok && strings.HasPrefix(rest, `\`) {
			return v.path + rest
		}
	}
	key := winpath.Key(low)
	if !strings.HasPrefix(key, `\`) && !strings.HasPrefix(key, "*") {
		key = `*\` + key
	}
	return key
}

// urlKey spells an address for comparison: no scheme, no user, host in lower case,
// no fragment, no slash at the end.
func urlKey(s string) string {
	if i := strings.Index(s, "://"); i >= 0 {
		s = s[i+3:]
	}
	s, _, _ = strings.Cut(s, "#")
	host, rest, slash := strings.Cut(s, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	host = strings.ToLower(host)
	host = strings.TrimSuffix(strings.TrimSuffix(host, ":80"), ":443")
	if !slash {
		return host
	}
	if u, err := url.PathUnescape(rest); err == nil && !strings.Contains(u, "\x00") {
		rest = u
	}
	return strings.TrimRight(host+"/"+rest, "/")
}

// hostOf returns the host of an address in the spelling of urlKey.
func hostOf(key string) string {
	host, _, _ := strings.Cut(key, "/")
	if h, _, ok := strings.Cut(host, ":"); ok && strings.Count(host, ":") == 1 {
		host = h
	}
	return strings.Trim(host, "[]")
}

var hives = []struct{ from, to string }{
	{`hkey_local_machine\`, `hklm\`}, {`hkey_current_user\`, `hku\<user>\`}, {`hkey_users\`, `hku\`}, {`hkey_classes_root\`, `hkcr\`},
	{`\registry\machine\`, `hklm\`}, {`\registry\user\`, `hku\`}, {`hkcu\`, `hku\<user>\`}, {`hklm\`, `hklm\`}, {`hku\`, `hku\`},
	{`hkcr\`, `hkcr\`},
}

// RegistryKey spells a key of the registry for comparison: hklm\software\…, with
// one control set, and hku\<user>\… for that of any user. It returns "" for a text that is not a key.
func RegistryKey(s string) string {
	low := strings.ToLower(strings.TrimRight(s, `\`))
	low = strings.Replace(low, `:\`, `\`, 1)
	for _, h := range hives {
		rest, ok := strings.CutPrefix(low, h.from)
		if !ok || rest == "" {
			continue
		}
		key := h.to + rest
		if r, ok := strings.CutPrefix(key, `hku\`); ok {
			if _, below, ok := strings.Cut(r, `\`); ok {
				key = `hku\<user>\` + below
			}
		}
		if r, ok := strings.CutPrefix(key, `hkcr\`); ok {
			key = `hklm\software\classes\` + r
		}
		if r, ok := strings.CutPrefix(key, `hklm\system\controlset00`); ok && len(r) > 1 {
			key = `hklm\system\currentcontrolset` + r[1:]
		}
		return key
	}
	return ""
}

// wild reports whether a text fits a pattern in which * stands for any text and ?
// for one character. Both are in lower case.
func wild(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == '?' && s[i] < 0x80 || p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case p < len(pattern) && pattern[p] == '?':
			_, n := utf8.DecodeRuneInString(s[i:])
			p++
			i += n
		case star >= 0:
			p = star + 1
			mark++
			i = mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
