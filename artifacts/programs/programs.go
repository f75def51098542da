// Package programs joins what all artifacts of one machine say about a program
// into one object: what it is, when it started and how sure that is, by whom and
// in which session, how its file came and went, what it sent, what makes it start
// by itself, and what is missing.
//
// A [Builder] is fed with the results of a run, in any order, and keeps of each
// record only what the model needs: memory does not grow with the number of
// events. [Builder.Model] merges and returns the same [Model] for the same
// records.
//
// A program is a path on a volume. Records are joined because their paths are the
// same, or because a record says that a file was renamed: never because of a mere
// name, and never because of equal contents. Contradictions are kept side by side.
//
// Nothing here opens a file, reads the clock or an environment variable.
package programs

import (
	"cmp"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/logons"
)

// A Certainty says how a start, an attribution or a sentence is known.
type Certainty string

// The certainties, from strong to weak.
const (
	// Proved: Windows wrote it as a by-product of the act itself.
	Proved Certainty = "proved"
	// Recorded: a program or an account states it, and could be wrong.
	Recorded Certainty = "recorded"
	// Inferred: it follows from several records; the reason says from which.
	Inferred Certainty = "inferred"
)

// rank orders certainties; the strongest is the largest.
func (c Certainty) rank() int {
	switch c {
	case Proved:
		return 3
	case Recorded:
		return 2
	case Inferred:
		return 1
	}
	return 0
}

// Weakest returns the weaker of two certainties.
func Weakest(a, b Certainty) Certainty {
	if a.rank() < b.rank() {
		return a
	}
	return b
}

// A Ref leads from a value to the record that it was read from.
type Ref struct {
	Record   string `json:"record"`
	Artifact string `json:"artifact"`
}

func (r Ref) compare(o Ref) int {
	return cmp.Or(cmp.Compare(r.Artifact, o.Artifact), cmp.Compare(r.Record, o.Record))
}

// A Model is what is known of the programs of one machine.
type Model struct {
	Host     string
	Programs []*Program // by path; [Model.All] has more
	Sessions logons.Series[logons.Session]
	Logons   *logons.Analysis
	Acts     []*Act // by time: what was done that is not a start
	Coverage []Gap  // what the evidence does not hold
	Dropped  int    // records of programs beyond the limits
	// Unresolved counts records that name a program without its folder and are
	// attached to none.
	Unresolved int

	quiet   quietFiles
	byKey   map[string][]*Program
	records map[string]*artifacts.Record
}

// A Program is one path on one volume with everything that is known of it.
type Program struct {
	ID      string  `json:"id"`
	Path    string  `json:"path"`
	Key     string  `json:"key"`              // the spelling by which sources are joined
	Volume  string  `json:"volume,omitempty"` // other than the one of Windows
	Aliases []Alias `json:"aliases,omitempty"`

	Files      []File         `json:"files,omitempty"`
	What       []Fact         `json:"what,omitempty"`
	Arrived    []Arrival      `json:"arrived,omitempty"`
	Starts     []Start        `json:"starts,omitempty"`
	Counts     Counts         `json:"counts"`
	Accounts   []Attribution  `json:"accounts,omitempty"`
	Traffic    []Traffic      `json:"traffic,omitempty"`
	Loads      []string       `json:"loads,omitempty"` // files outside Windows that it loaded
	LoadedBy   []string       `json:"loaded_by,omitempty"`
	Coupled    []Coupling     `json:"coupled,omitempty"`
	Autostarts []Autostart    `json:"autostarts,omitempty"`
	Verdicts   []Verdict      `json:"verdicts,omitempty"`
	Ends       []End          `json:"ends,omitempty"`
	Missing    []Gap          `json:"missing,omitempty"`
	SameFile   []string       `json:"same_file_as,omitempty"` // paths of other programs with the same content
	Records    map[string]int `json:"records"`
	Sample     []Ref          `json:"sample,omitempty"`
	Lookups    []Lookup       `json:"lookups,omitempty"`    // what lists of indicators and hashes say
	KnownGood  bool           `json:"known_good,omitempty"` // every file of it is on a list of known files

	// What findings say; filled in by the rooms above.
	Level    string   `json:"level,omitempty"`
	Score    int      `json:"score,omitempty"`
	Rules    []string `json:"rules,omitempty"`
	Findings []string `json:"findings,omitempty"`
	Windows  []string `json:"windows,omitempty"`
	Hosts    []string `json:"hosts,omitempty"`

	shortKeys []string // keys with short names that were joined
}

// Keys returns the keys by which records name the program: its own, then those with
// short names.
func (p *Program) Keys() []string { return append([]string{p.Key}, p.shortKeys...) }

// An Alias is another spelling or name of a program, with why it is the same.
type Alias struct {
	Path string `json:"path"`
	Why  string `json:"why"`
}

// A File is one incarnation of the file of a program.
type File struct {
	Reference string    `json:"file_reference,omitempty"`
	Size      uint64    `json:"size,omitempty"`
	SHA1      string    `json:"sha1,omitempty"`
	SHA256    string    `json:"sha256,omitempty"`
	MD5       string    `json:"md5,omitempty"`
	Created   time.Time `json:"created,omitzero"`
	Deleted   time.Time `json:"deleted,omitzero"`
	SHA1Part  bool      `json:"sha1_partial,omitempty"` // of the first 31,457,280 bytes
	From      []Ref     `json:"from"`

	born time.Time // when the volume's metadata show that the name was made
}

// A Lookup is what a list says of a program.
type Lookup struct {
	List  string `json:"list"`
	Role  string `json:"role"` // iocs, bad, good
	Kind  string `json:"kind"` // of the value: sha1, name, path …
	Value string `json:"value"`
	Name  string `json:"name,omitempty"` // what the list calls it
	ID    string `json:"id,omitempty"`
	Level string `json:"level,omitempty"`
	Doubt string `json:"doubt,omitempty"`
}

// A Fact is one value that records state about a program.
type Fact struct {
	Name      string    `json:"name"` // original_name, product, company, version, link_time …
	Value     string    `json:"value"`
	Certainty Certainty `json:"certainty"`
	From      []Ref     `json:"from"`
}

// A Start is one start of a program.
type Start struct {
	ID        string       `json:"start_id"`
	Time      time.Time    `json:"time"`
	Earliest  time.Time    `json:"earliest,omitzero"` // where the time is an interval
	Latest    time.Time    `json:"latest,omitzero"`
	End       time.Time    `json:"end,omitzero"`
	Certainty Certainty    `json:"certainty"`
	Proofs    []StartProof `json:"proofs"`
	Command   string       `json:"command_line,omitempty"`
	CommandBy string       `json:"command_from,omitempty"` // source of the command line
	Account   Attribution  `json:"account,omitzero"`
	Session   string       `json:"session,omitempty"`
	During    string       `json:"during,omitempty"` // who was logged on, where nothing says who started it
	Parent    string       `json:"parent,omitempty"`
	Service   string       `json:"service,omitempty"` // that was installed right before
	Window    string       `json:"window,omitempty"`
	File      string       `json:"file_reference,omitempty"` // of the incarnation that the volume had under this path then

	pid   uint32
	logon uint64
}

// A StartProof is one source of a start.
type StartProof struct {
	Source string    `json:"source"`
	Time   time.Time `json:"time"`
	Ref
}

// Refs returns the records behind a start.
func (s *Start) Refs() []Ref {
	out := make([]Ref, len(s.Proofs))
	for i := range s.Proofs {
		out[i] = s.Proofs[i].Ref
	}
	return out
}

// Counts are how often a program started.
type Counts struct {
	Known   int            `json:"known"`    // distinct starts
	AtLeast int            `json:"at_least"` // with those that are only counted
	Sources map[string]int `json:"sources,omitempty"`
	Dropped int            `json:"dropped,omitempty"` // starts beyond the limit, which are not listed

	TrafficDropped int `json:"traffic_dropped,omitempty"` // entries beyond the limits, which are not listed
}

// An Attribution is an account with how sure it is.
type Attribution struct {
	SID       string    `json:"sid,omitempty"`
	Name      string    `json:"name,omitempty"`
	Certainty Certainty `json:"certainty,omitempty"`
	Why       string    `json:"why,omitempty"`
	Source    string    `json:"source,omitempty"` // where the session came from
}

// IsZero reports whether nobody is named.
func (a Attribution) IsZero() bool { return a.SID == "" && a.Name == "" }

// Short returns the name without its domain, or the SID.
func (a Attribution) Short() string { return shortName(a.Name, a.SID) }

// An Arrival is how a file came to the machine.
type Arrival struct {
	Kind      string    `json:"kind"` // download, marked, bits, created, first seen
	Time      time.Time `json:"time,omitzero"`
	From      string    `json:"source,omitempty"` // address, job, account
	Zone      string    `json:"zone,omitempty"`
	Certainty Certainty `json:"certainty"`
	Ref       Ref       `json:"ref"`
}

// A Traffic is what a program sent and received, or was told to reach.
type Traffic struct {
	Kind     string    `json:"kind"` // bytes, connection, lookup, command line
	Time     time.Time `json:"time,omitzero"`
	Sent     int64     `json:"bytes_sent,omitempty"`
	Received int64     `json:"bytes_received,omitempty"`
	Remote   string    `json:"remote,omitempty"`
	SID      string    `json:"sid,omitempty"`
	Ref      Ref       `json:"ref"`
}

// A Coupling says that two programs always started together.
type Coupling struct {
	ID     string        `json:"id"` // of the other
	Path   string        `json:"path"`
	First  bool          `json:"first,omitempty"` // this program started first
	Starts int           `json:"starts"`
	Least  time.Duration `json:"least_gap_ns"`
	Most   time.Duration `json:"most_gap_ns"`
}

// An Autostart is a setting that makes the program start.
type Autostart struct {
	Mechanism string    `json:"mechanism"`
	Name      string    `json:"name,omitempty"`
	Command   string    `json:"command,omitempty"`
	Account   string    `json:"account,omitempty"`
	Claimed   string    `json:"claimed_date,omitempty"` // as the definition states it
	Author    string    `json:"author,omitempty"`
	Written   time.Time `json:"written,omitzero"`
	Made      time.Time `json:"made,omitzero"` // start of the command that made it
	MadeBy    string    `json:"made_by,omitempty"`
	MadeRef   Ref       `json:"made_ref,omitzero"`
	Fired     []string  `json:"fired,omitempty"` // ids of starts that it explains
	Ref       Ref       `json:"ref"`
}

// A Verdict is what a scanner said of the program.
type Verdict struct {
	Product string    `json:"product"`
	Name    string    `json:"name"`
	Action  string    `json:"action,omitempty"`
	Time    time.Time `json:"time,omitzero"`
	Ref     Ref       `json:"ref"`
}

// An End is how a file or a trace of it went.
type End struct {
	Kind string    `json:"kind"` // deleted, renamed, recycled, prefetch deleted, removed by scanner
	Time time.Time `json:"time,omitzero"`
	By   string    `json:"by,omitempty"`
	Ref  Ref       `json:"ref"`
}

// A Gap is something that should be there and is not.
type Gap struct {
	What     string `json:"what"`
	Why      string `json:"why"`
	Level    string `json:"level"`
	Innocent string `json:"innocent,omitempty"`
}

// An Act is something that was done on the machine and that an event log or a
// setting dates: what the story tells beside starts.
type Act struct {
	Kind    string    `json:"kind"` // service, account, group, wmi, detection, forged …
	Time    time.Time `json:"time"`
	Subject string    `json:"subject"`           // name of the service, account, threat
	Object  string    `json:"object,omitempty"`  // image, group, text
	Program string    `json:"program,omitempty"` // path that it speaks of
	Actor   Account   `json:"actor,omitzero"`
	Text    string    `json:"text,omitempty"`
	Ref     Ref       `json:"ref"`
	Channel string    `json:"channel,omitempty"`
	Number  uint64    `json:"record_number,omitempty"`
	EventID uint32    `json:"event_identifier,omitempty"`
	Session string    `json:"session,omitempty"`
}

// An Account is who did something, as a record names it.
type Account struct {
	SID     string `json:"sid,omitempty"`
	Name    string `json:"name,omitempty"`
	LogonID uint64 `json:"logon_id,omitempty"`
}

// Program returns the programs at a path in the spelling of [Paths.Key], those of
// the volume of Windows first.
func (m *Model) Program(key string) []*Program {
	out := m.byKey[key]
	q := &m.quiet
	i, _ := slices.BinarySearchFunc(q.list, key, func(f quietFile, key string) int { return cmp.Compare(q.key(f.path).key, key) })
	for ; i < len(q.list) && q.key(q.list[i].path).key == key; i++ {
		out = append(slices.Clip(out), m.quietProgram(i))
	}
	slices.SortFunc(out, comparePrograms)
	return out
}

// Record returns a record that the model keeps because rules cite it, or nil.
func (m *Model) Record(id string) *artifacts.Record { return m.records[id] }
