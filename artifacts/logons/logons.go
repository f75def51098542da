// Package logons analyses who logged on to which machine, from where, and what
// happened during each session. It works on the records of event logs of one or
// many machines: accounts, sources and machines become the nodes of a graph,
// attempts its edges, and log-ons with their ends become sessions.
//
// A [Builder] takes records in any order and keeps of each only what the
// analysis needs. [Builder.Analyse] resolves identities first: an account is its
// SID where any record knows it, and an address and a workstation name are one
// source where a record joins them. Nothing is left out: machine accounts,
// anonymous and local log-ons are kept and marked.
package logons

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/events"
)

// An Outcome is how an attempt ended, as far as its record shows.
type Outcome string

// The outcomes of attempts.
const (
	Success Outcome = "success"
	Failure Outcome = "failure"
	Started Outcome = "started" // the record shows an attempt, not its end
)

// A Ref names the record that something was read from.
type Ref struct {
	ID      string // of the record in this program's output
	Channel string
	Number  uint64 // EventRecordID
}

// An Attempt is one try to log on, as one machine recorded it.
type Attempt struct {
	Time     time.Time
	Host     *Host // that recorded it
	Account  *Account
	Actor    *Account // whose process tried, or nil
	Source   *Host    // where from; the host itself for local attempts
	Address  string   // of the source as recorded
	Name     string   // of the source as claimed
	Dest     *Host    // of outgoing attempts, else the host
	Outcome  Outcome
	Provider string // of the record
	Kind     string // logon, ticket, validation, explicit, rdp, smb, winrm, ssh, sql, vpn
	Type     int    // of the log-on, -1 where the event has none
	Auth     string // package, process, key length
	Status   uint64
	Reason   string // of a failure, in words
	LogonID  uint64
	Linked   uint64 // the other half of an elevated log-on
	Process  string
	KeyLen   int // of NTLM, -1 unknown
	Service  string
	Encrypt  uint64 // type of a ticket
	EventID  uint32
	Ref      Ref
	Findings []string
	Level    string // of the worst of them, E-90 aside

	in             *attempts
	index, session uint32
}

// Local reports whether the attempt came from the machine itself.
func (a *Attempt) Local() bool { return a.Source == a.Dest }

// Proved reports whether a failure shows that the password was right: the
// account was refused for another reason.
func (a *Attempt) Proved() bool {
	switch a.Status {
	case 0xC000015B, 0xC0000071, 0xC0000224, 0xC000006E, 0xC000006F, 0xC0000070:
		return a.Outcome == Failure
	}
	return false
}

// Options change an analysis. The zero value, and nil, mean the defaults.
type Options struct {
	NoJoin   bool // do not join addresses and names of sources
	MaxEdges int  // distinct edges kept; 0 means 1,000,000

	// Zone is the zone in which views write times, and count hours and days. Nil
	// means UTC. Scores and ids do not depend on it.
	Zone *time.Location

	// Dir is the folder of the temporary file for what memory does not hold of a
	// machine with very many log-ons. Empty means that of the system.
	Dir string

	memory int // of lists, in bytes, 0 for pageMemory
}

// Limits on what a Builder keeps. What is beyond is counted in [Analysis.Dropped].
const (
	maxAttempts = 4_000_000
	maxMarks    = 8_000_000
	defaultMax  = 1_000_000
)

// A Builder collects records. What it keeps of very many goes to a temporary file:
// a caller that does not come to [Builder.Analyse] must call [Builder.Close].
type Builder struct {
	scratch  *scratch
	opts     Options
	finder   events.Finder
	copies   events.Copies
	strings  map[string]string // one copy of each text
	ids      recordIDs
	tried    *attempts
	marks    *marks
	ticks    *paged[tick]
	keys     shapes[string]       // of hosts with ticks
	sids     map[string]*sidNames // by SID
	known    map[[2]string]string // SID by host and folded name
	renames  []rename
	members  []membership
	joins    []join
	joined   map[[2]string]int // their index, by address and name
	faces    []face
	hosts    map[string]bool // that wrote logs, by key
	channels map[string]int  // records by channel
	dropped  int
	first    time.Time
	last     time.Time
	spans    map[string]*Span // by host and channel
	kinds    map[tallyKey]*Tally
	policies []rawPolicy
}

// A Span is how far a log reaches.
type Span struct {
	Host, Channel string
	First, Last   time.Time
	Records       int
}

// New returns an empty builder.
func New(opts *Options) *Builder {
	b := &Builder{strings: map[string]string{}, sids: map[string]*sidNames{}, known: map[[2]string]string{}, hosts: map[string]bool{},
		channels: map[string]int{}, spans: map[string]*Span{}, kinds: map[tallyKey]*Tally{}, joined: map[[2]string]int{}}
	if opts != nil {
		b.opts = *opts
	}
	b.scratch = newScratch(b.opts.Dir, b.opts.memory)
	b.tried = &attempts{list: newPaged(b.scratch, triedForm), ids: &b.ids}
	b.marks = &marks{list: newPaged(b.scratch, markedForm), ids: &b.ids}
	b.ticks = newPaged(b.scratch, tickForm)
	if b.opts.MaxEdges <= 0 {
		b.opts.MaxEdges = defaultMax
	}
	return b
}

// intern returns the one copy of a text that is kept.
func (b *Builder) intern(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := b.strings[s]; ok {
		return t
	}
	s = strings.Clone(s)
	b.strings[s] = s
	return s
}

// A rawAttempt is an attempt before identities are known.
type rawAttempt struct {
	shape
	time          time.Time
	logon, linked uint64
	ref           Ref
}

type rawAccount struct{ sid, domain, name string }

// A markKind is what a mark says about a session.
type markKind uint8

const (
	markEnd        markKind = iota // 4634
	markUserEnd                    // 4647
	markPrivileged                 // 4672
	markBoot                       // the machine started
	markStop                       // the machine stopped
	markLock                       // 4800
	markUnlock                     // 4801
	markProcess                    // a process started in the session
	markChange                     // something was changed in the session
	markRDPEnd                     // 23
	markRDPGone                    // 24, 4779
	markRDPBack                    // 25, 4778
	markRDPBegin                   // 21
	markNotice                     // Winlogon 7001, 7002
	markNoticeEnd
)

// terminal reports whether marks of the kind name a session of the terminal
// services.
func (k markKind) terminal() bool {
	return k == markRDPBegin || k == markRDPEnd || k == markRDPGone || k == markRDPBack
}

// A mark is a record that belongs to a session.
type mark struct {
	time    time.Time
	host    string
	kind    markKind
	id      uint64 // log-on id, or id of a terminal session
	account rawAccount
	address string
	ref     Ref
	packed  *marked
}

type rename struct {
	sid, from, to string
	at            time.Time
}

type membership struct {
	group, member rawAccount
	added         bool
	at            time.Time
	host          string
	ref           Ref
}

// fixedIDs are log-on ids that every boot has (SYSTEM, LOCAL SERVICE, NETWORK
// SERVICE, anonymous): they join nothing.
func fixedID(id uint64) bool {
	return id == 0 || id == 0x3e7 || id == 0x3e4 || id == 0x3e5 || id == 0x3e3
}

// Add takes in a record of an event log. host is the machine that the evidence
// comes from; the record's own computer name counts where it has one. A record
// that comes again, from another copy of the log, counts once. The analysis has the
// error of a temporary file that fails ([Analysis.Err]).
func (b *Builder) Add(host string, r *events.Record, id string) {
	if !b.copies.Again(r) {
		b.AddNew(host, r, id)
	}
}

// AddNew is Add for a record that the caller knows not to be there yet.
func (b *Builder) AddNew(host string, r *events.Record, id string) {
	b.scratch.guard(func() { b.add(host, r, id) })
}

func (b *Builder) add(host string, r *events.Record, id string) {
	k := b.finder.Kind(r.Channel, r.Provider, r.ID)
	key := HostKey(cmp.Or(r.Computer, host))
	b.tally(key, r, k)
	if k == nil {
		return
	}
	x := &reading{b: b, r: r, k: k, host: b.intern(key), ref: Ref{ID: id, Channel: b.intern(r.Channel), Number: r.Number}}
	b.span(key, r)
	x.learn()
	if f := readers[readerKey{strings.ToLower(r.Channel), r.ID}]; f != nil {
		f(x)
	}
	x.child()
	x.policy()
}

func (b *Builder) span(host string, r *events.Record) {
	b.hosts[host] = true
	if !r.Time.IsZero() && (b.first.IsZero() || r.Time.Before(b.first)) {
		b.first = r.Time
	}
	if r.Time.After(b.last) {
		b.last = r.Time
	}
	s := b.spans[host+"\x00"+r.Channel]
	if s == nil {
		s = &Span{Host: host, Channel: strings.Clone(r.Channel), First: r.Time, Last: r.Time}
		b.spans[host+"\x00"+s.Channel] = s
	}
	s.Records++
	if r.Time.Before(s.First) {
		s.First = r.Time
	}
	if r.Time.After(s.Last) {
		s.Last = r.Time
	}
}

// attempt keeps an attempt.
func (b *Builder) attempt(a *rawAttempt) {
	if b.tried.list.n >= maxAttempts {
		b.dropped++
		return
	}
	b.tried.add(a)
}

func (b *Builder) mark(m *mark) {
	if b.marks.list.n+b.ticks.n >= maxMarks {
		b.dropped++
		return
	}
	if m.kind == markProcess || m.kind == markChange {
		b.ticks.add(tick{m.time.UnixNano(), m.id, b.keys.index(m.host), m.kind})
		return
	}
	b.marks.add(m)
}

// An Analysis is what the records show about log-ons. It must be closed: part of a
// large one is in a temporary file. [Analysis.Err] has the error where that file could
// not be written or read; what the analysis returned is not complete then.
type Analysis struct {
	Attempts Series[Attempt] // by time
	Sessions Series[Session] // by begin
	Accounts []*Account      // by id
	Hosts    []*Host         // machines and sources, by id
	Edges    []*Edge         // by key
	Groups   []Membership
	Policies []Policy // by time
	Events   []Tally  // all kinds of events, the most frequent first
	Joins    []Join
	Spans    []Span
	First    time.Time
	Last     time.Time
	Dropped  int // records beyond the limits
	Folded   int // attempts of edges beyond the limit

	scratch  *scratch
	zone     *time.Location // of the views, nil for UTC
	ids      *identities
	attempts *attempts
	sessions *packedSessions
	byRecord map[string]int // sessions of records that name no log-on id
}

// A Membership is a change of a group.
type Membership struct {
	Time   time.Time
	Group  *Account
	Member *Account
	Added  bool
	Host   *Host
	Ref    Ref
}

// Close removes the temporary file. It does nothing after [Builder.Analyse].
func (b *Builder) Close() error { return b.scratch.close() }

// Err returns the first error of the temporary file.
func (a *Analysis) Err() error { return a.scratch.failed() }

// Close removes the temporary file, and returns the error that Err returned. The
// analysis must not be used after it.
func (a *Analysis) Close() error { return a.scratch.close() }

// Analyse resolves identities and builds sessions, edges and scores. The
// builder must not be used after it. The analysis is empty where the temporary file
// failed.
func (b *Builder) Analyse() *Analysis {
	s := b.scratch
	b.scratch = nil
	a := &Analysis{scratch: s, zone: b.opts.Zone}
	if !s.guard(func() { b.analyse(a) }) || s.err != nil { // of a series
		return &Analysis{scratch: s, zone: b.opts.Zone}
	}
	return a
}

func (b *Builder) analyse(a *Analysis) {
	a.First, a.Last, a.Dropped, a.attempts, a.byRecord = b.first, b.last, b.dropped, b.tried, map[string]int{}
	b.copies = events.Copies{} // no more records come
	a.attempts.sort()
	b.chains()
	b.joinFaces()
	a.ids = newIdentities(b)
	a.attempts.resolve(a.ids)
	a.Attempts = a.attempts.series(true)
	a.sessions = &packedSessions{
		tried: a.attempts, marks: b.marks, list: newPaged(a.scratch, sessionForm), index: newPaged(a.scratch, entryForm),
		order: newPaged(a.scratch, indexForm),
	}
	a.attempts.session = a.sessions.at
	for _, m := range b.members {
		a.Groups = append(a.Groups, Membership{m.at, a.ids.account(m.group, m.host), a.ids.account(m.member, m.host), m.added,
			a.ids.host(m.host), m.ref})
	}
	a.resolvePolicies(b.policies)
	a.build(b.marks, b.ticks, &b.keys)
	b.policies = nil
	b.ticks.drop()
	b.marks.list.drop() // sessions need the shapes
	a.Events = b.tallies()
	a.graph(b.opts.MaxEdges)
	a.Accounts, a.Hosts, a.Joins = a.ids.lists()
	for _, s := range b.spans {
		a.Spans = append(a.Spans, *s)
	}
	slices.SortFunc(a.Spans, func(x, y Span) int { return cmp.Or(cmp.Compare(x.Host, y.Host), cmp.Compare(x.Channel, y.Channel)) })
	a.rank(nil)
	a.changes()
	a.rare()
	b.strings, b.joined = nil, nil // the analysis keeps the names of the builder
}

// HostKey is the form in which names of machines compare: the first label in
// upper case. Addresses stay as they are.
func HostKey(name string) string {
	name = strings.Trim(strings.TrimSpace(name), `\`)
	for _, s := range []string{name, strings.Trim(name, "[]")} { // [2001:db8::1]:443 and [192.0.2.1]
		if addr, ok := parseAddress(s); ok {
			return addr.String()
		}
	}
	name = strings.Trim(name, `\[]`)
	name, _, _ = strings.Cut(name, ".")
	return strings.ToUpper(name)
}

func number(s string) uint64 {
	n, _ := events.Number(s)
	return n
}

func logonType(s string) int16 {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || n < 0 || n > 20 {
		return -1
	}
	return int16(n)
}
