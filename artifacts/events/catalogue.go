package events

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// catalogue.tsv has one line for each event that is known: channel, provider,
// event id, name, roles, message, what it proves, what its time means, ATT&CK
// techniques, and how much it is worth in a timeline. 397 of its 550 events were
// seen in real logs, the others are from public documentation.
//
//go:embed catalogue.tsv
var catalogueText string

// A Worth says how far an event belongs into a timeline.
type Worth uint8

// The worths of events.
const (
	Low    Worth = iota // on request only; also events that are not in the catalogue
	Medium              // in the timeline by default
	High                // in every timeline
)

func (w Worth) String() string { return [...]string{"low", "medium", "high"}[w] }

// A Role is what fields of an event stand for.
type Role uint8

// The roles.
const (
	Actor   Role = iota // who did it: SID, name, domain, log-on id
	Target              // whom it was done to, in the same order
	Member              // of a group
	Source              // where from: address, port, name
	Dest                // where to
	Type                // of a log-on
	Status              // and its reason
	Auth                // package, process, key length, encryption
	Process             // program, its id, command line
	Parent              // of the process
	Object              // what it was done with
	Detail              // further fields
	Link                // keys that join events
	roleCount
)

var roleNames = map[string]Role{
	"actor": Actor, "target": Target, "member": Member, "source": Source, "dest": Dest, "type": Type, "status": Status,
	"auth": Auth, "process": Process, "parent": Parent, "object": Object, "detail": Detail, "link": Link,
}

// A Kind is one entry of the catalogue: one event of one provider.
type Kind struct {
	Channel  string
	Provider string
	ID       uint32
	Name     string   // "audit-log-cleared"
	Proves   string   // what the record shows, and what not
	TimeIs   string   // what its time means where it is not simply that of the event, else ""
	Attack   []string // techniques that a bad use would be
	Worth    Worth

	roles   [roleCount][]path
	message []piece
}

// A piece of a message is a text, or the value of a field.
type piece struct {
	text  string
	field path
}

// A path names a field: "SubjectUserName", "Data[3]", "LogFileCleared.Channel",
// "System.ProcessID".
type path struct {
	name   string // as in the record's data: below UserData "UserData/LogFileCleared/Channel"
	index  int    // of an unnamed string, else -1
	system string // "ProcessID" of "System.ProcessID"
	holds  holding
}

// A holding is what a field of an account holds, by its name.
type holding uint8

const (
	holdsName holding = iota
	holdsDomain
	holdsLogonID
	holdsGUID
)

func parsePath(s string) path {
	if n, ok := strings.CutPrefix(s, "Data["); ok {
		if i, err := strconv.Atoi(strings.TrimSuffix(n, "]")); err == nil {
			return path{index: i}
		}
	}
	p := path{name: s, index: -1}
	name := strings.ToLower(s)
	switch {
	case strings.HasSuffix(name, "logonid"):
		p.holds = holdsLogonID
	case strings.HasSuffix(name, "guid"):
		p.holds = holdsGUID
	case strings.Contains(name, "domain"):
		p.holds = holdsDomain
	}
	if name, ok := strings.CutPrefix(s, "System."); ok {
		p.system = name
	} else if strings.Contains(s, ".") {
		p.name = "UserData/" + strings.ReplaceAll(s, ".", "/")
	}
	return p
}

// A kindKey is how kinds are found. Channel and provider compare
// case-insensitively. A number alone is no key: 1102 is "log cleared" in
// Security, and a connection in the client of Remote Desktop.
type kindKey struct {
	channel, provider string
	id                uint32
}

type catalogue struct {
	kinds []*Kind
	byKey map[kindKey]*Kind
}

var theCatalogue = sync.OnceValue(func() *catalogue {
	c := &catalogue{byKey: map[kindKey]*Kind{}}
	for i, line := range strings.Split(strings.TrimSuffix(catalogueText, "\n"), "\n")[1:] {
		k, err := parseKind(line)
		if err != nil {
			panic(fmt.Sprintf("events: catalogue.tsv:%d: %v", i+2, err)) // a test reads each line
		}
		c.kinds = append(c.kinds, k)
		c.byKey[kindKey{strings.ToLower(k.Channel), strings.ToLower(k.Provider), k.ID}] = k
	}
	return c
})

// Kinds returns the catalogue in the order of channel, provider and id. The
// result is shared: do not change it.
func Kinds() []*Kind { return theCatalogue().kinds }

func parseKind(line string) (*Kind, error) {
	c := strings.Split(line, "\t")
	if len(c) != 10 {
		return nil, fmt.Errorf("%d columns", len(c))
	}
	id, err := strconv.ParseUint(c[2], 10, 32)
	if err != nil {
		return nil, err
	}
	k := &Kind{Channel: c[0], Provider: c[1], ID: uint32(id), Name: c[3], Proves: c[6], message: parseMessage(c[5])}
	if k.TimeIs = c[7]; k.TimeIs == "when it happened" {
		k.TimeIs = ""
	}
	if c[8] != "-" && c[8] != "" {
		k.Attack = strings.FieldsFunc(c[8], func(r rune) bool { return r == ',' || r == ' ' || r == ';' })
	}
	i := slices.Index([]string{"low", "medium", "high"}, c[9])
	if i < 0 {
		return nil, fmt.Errorf("value %q", c[9])
	}
	k.Worth = Worth(i)
	for r := range strings.SplitSeq(c[4], ";") {
		name, fields, ok := strings.Cut(r, "=")
		if !ok {
			continue
		}
		role, ok := roleNames[name]
		if !ok {
			return nil, fmt.Errorf("role %q", name)
		}
		for f := range strings.SplitSeq(fields, ",") {
			k.roles[role] = append(k.roles[role], parsePath(f))
		}
	}
	return k, nil
}

func parseMessage(s string) []piece {
	var out []piece
	for s != "" {
		text, rest, ok := strings.Cut(s, "{")
		if text != "" {
			out = append(out, piece{text: text})
		}
		if !ok {
			break
		}
		field, after, _ := strings.Cut(rest, "}")
		out = append(out, piece{field: parsePath(field)})
		s = after
	}
	return out
}

// A Finder finds kinds. It remembers the spellings that it has met, so that a
// look-up needs no memory. It is not safe for concurrent use.
type Finder struct{ seen map[kindKey]*Kind }

// maxSpellings bounds what a Finder remembers; hostile logs can hold many.
const maxSpellings = 1 << 16

// Kind returns the entry of an event, or nil when it is not in the catalogue.
func (f *Finder) Kind(channel, provider string, id uint32) *Kind {
	key := kindKey{channel, provider, id}
	if k, ok := f.seen[key]; ok {
		return k
	}
	key.channel, key.provider = strings.ToLower(channel), strings.ToLower(provider)
	if strings.HasPrefix(key.provider, "mssql$") || strings.HasPrefix(key.provider, "mssqlserver") {
		key.provider = "mssqlserver" // of every instance
	}
	k := theCatalogue().byKey[key]
	if f.seen == nil {
		f.seen = map[kindKey]*Kind{}
	}
	if len(f.seen) < maxSpellings {
		f.seen[kindKey{strings.Clone(channel), strings.Clone(provider), id}] = k
	}
	return k
}
