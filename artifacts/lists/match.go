package lists

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A Match is a value of the evidence that is an entry of a list.
type Match struct {
	*Label
	List  *List
	Kind  Kind
	Value string // of the evidence
	Entry string // of the list, where it is another text
	Doubt string // how sure it is, "" for certain
	Text  string // the path that the value is the name of

	entry *Entry
}

// Has reports whether a list of indicators or of bad hashes has entries of a kind.
func (s *Set) Has(kinds ...Kind) bool {
	if s == nil {
		return false
	}
	if s.has == nil {
		s.Prepare()
	}
	for _, k := range kinds {
		if s.has[k] {
			return true
		}
	}
	return false
}

// Prepare makes the set ready. It may be used by several goroutines afterwards.
func (s *Set) Prepare() {
	s.has = map[Kind]bool{}
	for _, l := range s.Lists {
		if l.Role == Good {
			continue
		}
		for k := range l.Kinds {
			s.has[k] = true
		}
		if l.known != nil {
			for _, k := range l.known.Kinds() {
				s.has[k] = true
			}
		}
	}
}

// Good reports whether a list says that a file or an address is known.
func (s *Set) Good(kind Kind, value string) (Match, bool) {
	if s == nil {
		return Match{}, false
	}
	for _, l := range s.Lists {
		if l.Role != Good {
			continue
		}
		var m Match
		ok := false
		switch kind {
		case MD5, SHA1, SHA256:
			m, ok = l.hashed(kind, value)
		default:
			l.lookup(kind, value, func(x Match) { m, ok = x, true })
		}
		if ok {
			return m, true
		}
	}
	return Match{}, false
}

// HasGood reports whether a list of what is known is part of the set.
func (s *Set) HasGood() bool {
	return s != nil && slices.ContainsFunc(s.Lists, func(l *List) bool { return l.Role == Good })
}

// hashed looks up a hash in hexadecimal digits.
func (l *List) hashed(kind Kind, text string) (Match, bool) {
	i := slices.Index(hashKinds[:], kind)
	if i < 0 || len(text) != 2*hashSizes[i] {
		return Match{}, false
	}
	var b [32]byte
	n, err := hex.Decode(b[:], []byte(text))
	if err != nil {
		return Match{}, false
	}
	sum := b[:n]
	m := Match{Label: l.labels[0], List: l, Kind: kind, Value: strings.ToLower(text)}
	if l.known != nil {
		there, name, err := l.known.Has(kind, sum)
		if err != nil {
			l.failed.CompareAndSwap(nil, &err)
		}
		if err != nil || !there || emptySums[m.Value] {
			return Match{}, false
		}
		m.Label, m.Doubt = &Label{Name: name}, l.known.Doubt()
		return m, true
	}
	label, ok := l.hashes[i].find(sum)
	m.Label = l.labels[label]
	return m, ok
}

// Hash looks up a hash in the lists of indicators and bad hashes.
func (s *Set) Hash(text string, found func(Match)) {
	i, ok := hashKind(len(text))
	if !ok {
		return
	}
	kind := hashKinds[i]
	for _, l := range s.Lists {
		if l.Role == Good {
			continue
		}
		if m, ok := l.hashed(kind, text); ok {
			found(m)
		}
		if len(l.exact[kind]) > 0 {
			l.lookup(kind, strings.ToLower(text), found)
		}
	}
}

// Value looks up a value of a kind that is known.
func (s *Set) Value(kind Kind, value string, found func(Match)) {
	if value == "" || !s.Has(kind) {
		return
	}
	switch kind {
	case Registry:
		value = RegistryKey(value)
	case Task:
		value = strings.TrimPrefix(strings.ToLower(value), `\`)
	case URL:
		value = urlKey(value)
	default:
		value = strings.ToLower(value)
	}
	for _, l := range s.Lists {
		if l.Role != Good {
			l.lookup(kind, value, found)
		}
	}
}

// File looks up the path of a file, and its name.
func (s *Set) File(path string, found func(Match)) {
	if !s.Has(Path, Name) {
		return
	}
	key := winpath.Key(path)
	base := key[strings.LastIndexByte(key, '\\')+1:]
	named := func(m Match) {
		m.Text = path
		found(m)
	}
	for _, l := range s.Lists {
		if l.Role == Good {
			continue
		}
		l.lookup(Path, key, named)
		l.lookup(Name, base, named)
	}
}

// lookup finds the entries of a list for a value in the spelling of the list.
func (l *List) lookup(kind Kind, v string, found func(Match)) {
	if v == "" || l.Kinds[kind] == 0 {
		return
	}
	shown := v
	hit := func(e *Entry) {
		found(Match{Label: e.Label, List: l, Kind: kind, Value: shown, Entry: strings.TrimRight(cmpText(e.glob, e.Value), "\x00"), entry: e})
	}
	exact := func(v string) {
		m := l.exact[kind]
		for e := m[v]; e != nil; e = m[v] {
			hit(e)
			v += "\x00"
		}
	}
	switch kind {
	case Domain: // and those above it
		for d := v; strings.Contains(d, "."); _, d, _ = strings.Cut(d, ".") {
			exact(d)
		}
	case Registry: // and the keys above it
		for k := v; k != ""; {
			exact(k)
			i := strings.LastIndexByte(k, '\\')
			if i < 0 {
				break
			}
			k = k[:i]
		}
	case Address:
		a, err := netip.ParseAddr(v)
		if err != nil {
			return
		}
		a = a.Unmap().WithZone("")
		shown = a.String()
		exact(shown)
		for i := range l.networks {
			if l.networks[i].prefix.Contains(a) {
				hit(l.networks[i].entry)
			}
		}
	default:
		exact(v)
	}
	for _, e := range l.patterns[kind] {
		switch {
		case e.match != nil && e.match(v), e.match == nil && e.glob != "" && wild(e.glob, v),
			e.match == nil && e.glob == "" && strings.Contains(v, e.Value):
			hit(e)
		}
	}
}

func cmpText(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// maxScanned is how many bytes of one text are looked at.
const maxScanned = 64 << 10

// Text looks for hashes, addresses, domains, paths and names in a text: a path, a
// command line, a list of hashes.
func (s *Set) Text(text string, found func(Match)) {
	text = text[:min(len(text), maxScanned)]
	if s.Has(MD5, SHA1, SHA256) {
		s.hashesIn(text, found)
	}
	if !s.Has(Name, Path, Domain, Address, URL) {
		return
	}
	whole := text
	if strings.ContainsAny(text, " \"") && strings.Contains(text, `\`) {
		// A pattern for paths must not swallow the arguments of a command.
		if c := winpath.ParseCommand(text, nil); c.Arguments != "" {
			whole = c.Program
			s.piece(c.Payload, found)
		}
	}
	s.piece(whole, found)
	for i, part := range strings.Split(text, `"`) {
		if i > 0 {
			s.piece(part, found)
		}
		for word := range strings.FieldsFuncSeq(part, func(r rune) bool { return strings.ContainsRune(" \t\r\n'`,;|<>()=", r) }) {
			if len(word) < len(text) {
				s.piece(word, found)
			}
		}
	}
}

// hashesIn looks up each run of as many hexadecimal digits as a hash has.
func (s *Set) hashesIn(text string, found func(Match)) {
	for i := 0; i < len(text); {
		j := i
		for j < len(text) && isHex(text[j]) {
			j++
		}
		if n := j - i; n >= 32 {
			if _, ok := hashKind(n); ok {
				s.Hash(text[i:j], found)
			}
		}
		i = j + 1
	}
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// piece looks up a text that can be one path, name, address or domain.
func (s *Set) piece(p string, found func(Match)) {
	p = strings.TrimSpace(p)
	if len(p) < 3 || len(p) > maxText {
		return
	}
	if i := strings.Index(p, "://"); i > 0 && !strings.ContainsAny(p[:i], ` \`) {
		key := urlKey(p)
		for _, l := range s.Lists {
			if l.Role != Good {
				l.lookup(URL, key, found)
			}
		}
		s.host(hostOf(key), found)
		return
	}
	if strings.ContainsAny(p, `\`) {
		s.File(p, found)
		if rest, ok := strings.CutPrefix(p, `\\`); ok { // a share: \\server\…
			server, _, _ := strings.Cut(rest, `\`)
			s.host(strings.ToLower(server), found)
		}
		return
	}
	if strings.ContainsAny(p, " /") {
		return
	}
	if strings.ContainsAny(p, ".:") {
		low := strings.ToLower(p)
		if s.Has(Name) {
			for _, l := range s.Lists {
				if l.Role != Good {
					l.lookup(Name, low, found)
				}
			}
		}
		if h, _, ok := strings.Cut(low, ":"); ok && strings.Count(low, ":") == 1 {
			low = h // a port
		}
		s.host(strings.Trim(low, "[]."), found)
	}
}

// host looks up a domain or an address.
func (s *Set) host(h string, found func(Match)) {
	if !s.Has(Domain, Address) {
		return
	}
	_, err := netip.ParseAddr(h)
	kind := Domain
	if err == nil {
		kind = Address
	} else if !isHost(h) {
		return
	}
	for _, l := range s.Lists {
		if l.Role != Good {
			l.lookup(kind, h, found)
		}
	}
}

// A Joint waits for all comparisons of an indicator to hold of one subject.
type Joint struct{ met map[jointKey]uint64 }

type jointKey struct {
	g       *group
	subject string
}

// maxJoint bounds what is remembered of indicators that are fulfilled in part.
const maxJoint = 1 << 17

// Complete reports whether a match is a hit: it is of an entry that stands alone, or
// the last that was missing of an indicator about the subject.
func (j *Joint) Complete(m *Match, subject string) bool {
	if m.entry == nil || m.entry.group == nil {
		return true
	}
	if j.met == nil {
		j.met = map[jointKey]uint64{}
	}
	k := jointKey{m.entry.group, subject}
	had, ok := j.met[k]
	if !ok && len(j.met) >= maxJoint {
		return false
	}
	now := had | 1<<m.entry.part
	j.met[k] = now
	return now == 1<<m.entry.group.parts-1 && now != had
}
