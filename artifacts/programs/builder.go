package programs

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// The limits of what a Builder keeps.
const (
	maxPrograms  = 12_000 // programs of one machine; each needs about 2 KB
	maxUnknown   = 8_000  // of them, that only the file system names, by more than one record
	keepFirst    = 32     // starts of one program and source: the oldest
	keepLast     = 256    // and the newest
	keepOutside  = 2048   // the newest of programs outside Windows and of hosts
	maxActs      = 1 << 16
	maxKept      = 1 << 14 // records that rules can cite
	maxList      = 64      // entries of the smaller lists of one program
	maxCommand   = 4096    // bytes of a command line
	maxInterned  = 1 << 16
	maxPathBytes = 32 << 10
)

// A Builder collects what records say about programs. It is not safe for
// concurrent use.
type Builder struct {
	host     string
	machine  *evidence.Machine
	paths    Paths
	programs map[progKey]*prog
	unknown  int // programs that only the file system names
	quiet    quietFiles
	starts   *startBudget
	look     events.Record // the event at hand
	logons   *logons.Builder
	acts     []*Act
	detected map[string]bool // scanner reports that were noted
	records  map[string]*artifacts.Record
	strings  map[string]string
	system   map[string]map[string]bool // volume name → files below System32 that were seen there
	seen     map[string]bool            // artifacts with records
	renames  []rename
	bare     []bareName
	bareUses []bareUse
	short    map[string]string // folder and short name, lower case → long name
	dropped  int
	version  uint32 // of the Prefetch files
	windows  string // drive of Windows, upper case

	channels  map[string]string // names of logs in lower case
	computers map[string]bool   // that wrote logs
}

type progKey struct{ volume, key string }

// compare orders programs by path, then by volume.
func (k progKey) compare(o progKey) int {
	return cmp.Or(cmp.Compare(k.key, o.key), cmp.Compare(k.volume, o.volume))
}

// A bareName is a setting that names a program without its folder.
type bareName struct {
	name string
	auto Autostart
}

// A bareUse is a record that names a program that ran without its folder.
type bareUse struct {
	name    string    // lower case
	linked  time.Time // link time of the file, where the record has it
	start   rawStart  // of the task scheduler; zero for SRUM
	traffic Traffic
	ref     Ref
}

type rename struct {
	from, to string
	at       time.Time
	ref      Ref
}

// A prog is a program while its records come in.
type prog struct {
	progKey
	spellings map[string]int
	raw       *[sourceCount]rawStarts // nil without a start, as for most files
	counted   map[string]uint32       // run counts, by Prefetch file
	p         Program
	marked    bool // something else than the file system speaks of it
	budget    *startBudget
}

// Facts are what must be known of a machine beside its records.
type Facts struct {
	Machine *evidence.Machine // may be nil
	Host    string            // name when there is no Machine
	Dir     string            // of temporary files, see logons.Options
}

// New starts the model of one machine. A caller that does not come to [Builder.Model]
// must call [Builder.Close].
func New(f Facts) *Builder {
	b := &Builder{
		host: f.Host, machine: f.Machine, paths: NewPaths(f.Machine), programs: map[progKey]*prog{},
		logons:   logons.New(&logons.Options{Dir: f.Dir}),
		detected: map[string]bool{}, short: map[string]string{}, records: map[string]*artifacts.Record{}, strings: map[string]string{},
		system: map[string]map[string]bool{}, seen: map[string]bool{}, windows: "C:",
		channels: map[string]string{}, computers: map[string]bool{}, starts: newStartBudget(),
	}
	if f.Machine != nil {
		b.host = cmp.Or(f.Machine.Name, b.host)
		if v := winpath.Volume(f.Machine.SystemRoot); len(v) == 2 {
			b.windows = strings.ToUpper(v)
		}
	}
	b.quiet = quietFiles{at: map[uint64]int32{}, paths: b.paths, drive: b.windows}
	return b
}

// Close removes temporary files. It does nothing after [Builder.Model], whose analysis
// of log-ons must be closed.
func (b *Builder) Close() error {
	if b.logons == nil {
		return nil
	}
	return b.logons.Close()
}

// Add takes in a result of a run. No record of it is kept but those that rules
// cite later, and of these no list of files.
func (b *Builder) Add(res *artifacts.Result) {
	logon := b.logons.Add
	for i := range res.Records {
		b.record(&res.Records[i], logon)
	}
}

// AddKnown is Add where the caller knows which records of event logs came before, from
// another copy of the log: to know it twice would need the memory twice.
func (b *Builder) AddKnown(res *artifacts.Result, again []bool) {
	logon := b.logons.AddNew
	for i := range res.Records {
		if again[i] {
			b.record(&res.Records[i], nil)
		} else {
			b.record(&res.Records[i], logon)
		}
	}
}

// record takes in a record, and gives that of an event log to logon unless it is nil.
func (b *Builder) record(rec *artifacts.Record, logon func(host string, e *events.Record, id string)) {
	if rec.Artifact == nil {
		return
	}
	if b.starts.used > maxStartBytes+maxStartBytes/2 {
		b.trimStarts()
	}
	if e := &b.look; events.As(rec.Data, e) {
		if logon != nil {
			logon(b.host, e, rec.ID)
		}
		b.event(e, rec)
		return
	}
	if rec.From.Copy() {
		return // the same trace at another time: it adds no program and no start
	}
	b.seen[rec.Artifact.Name] = true
	b.trace(rec)
}

// intern keeps one copy of a text.
func (b *Builder) intern(s string) string {
	if s == "" {
		return ""
	}
	if v, ok := b.strings[s]; ok {
		return v
	}
	s = strings.Clone(s)
	if len(b.strings) < maxInterned {
		b.strings[s] = s
	}
	return s
}

func (b *Builder) ref(rec *artifacts.Record) Ref {
	return Ref{Record: rec.ID, Artifact: rec.Artifact.Name}
}

// keep holds a record for rules that cite it.
func (b *Builder) keep(rec *artifacts.Record) {
	if len(b.records) >= maxKept || b.records[rec.ID] != nil {
		return
	}
	r := *rec
	if e, ok := r.Data.(events.Event); ok {
		e.Record.Data = slices.Clone(e.Record.Data)
		r.Data = e
	}
	b.records[r.ID] = &r
}

// at returns the program at a path, or nil where the text is no path or there are
// too many. A name without a folder is no program.
func (b *Builder) at(path string, u evidence.User) *prog {
	if path == "" || len(path) > maxPathBytes || !strings.Contains(path, `\`) && !strings.Contains(path, `/`) {
		return nil
	}
	key := b.paths.Key(path, u)
	if !strings.HasPrefix(key, `\`) || len(key) < 2 || strings.HasSuffix(key, `\`) {
		return nil
	}
	v := strings.ToUpper(winpath.Volume(path))
	if strings.HasPrefix(v, `\\`) {
		v = ""
	}
	if v == b.windows {
		v = ""
	}
	k := progKey{v, key}
	p := b.programs[k]
	if p == nil {
		p = b.wake(k)
	}
	if p == nil {
		if len(b.programs) >= maxPrograms {
			b.dropped++
			return nil
		}
		k = progKey{b.intern(v), strings.Clone(key)}
		p = newProg(k)
		p.budget = b.starts
		b.programs[k] = p
		if rest, ok := strings.CutPrefix(key, `\windows\system32\`); ok && v != "" {
			if b.system[v] == nil {
				b.system[v] = map[string]bool{}
			}
			b.system[v][rest] = true
		}
	}
	p.spelled(path)
	return p
}

func newProg(k progKey) *prog {
	p := &prog{progKey: k, spellings: map[string]int{}}
	p.p.Records = map[string]int{}
	return p
}

// spelled notes a spelling of the path.
func (p *prog) spelled(path string) {
	if n, ok := p.spellings[path]; ok || len(p.spellings) < 8 {
		if !ok {
			path = strings.Clone(path)
		}
		p.spellings[path] = n + 1
	}
}

// sight is at for a record: it is counted among those of the program.
func (b *Builder) sight(path string, rec *artifacts.Record) *prog {
	p := b.at(path, rec.User)
	if p == nil {
		return nil
	}
	b.mark(p, rec)
	return p
}

// mark notes that a record speaks of a program.
func (b *Builder) mark(p *prog, rec *artifacts.Record) {
	p.marked = true
	p.p.Records[rec.Artifact.Name]++
	if len(p.p.Sample) < maxList {
		p.p.Sample = append(p.p.Sample, b.ref(rec))
	}
}

// fact notes a value; empty ones and those that stand for none are left out.
func (p *prog) fact(name, value string, c Certainty, ref Ref) {
	value = strings.TrimSpace(value)
	if value == "" || value == "-" || value == "?" {
		return
	}
	for i := range p.p.What {
		f := &p.p.What[i]
		if f.Name == name && strings.EqualFold(f.Value, value) {
			if c.rank() > f.Certainty.rank() {
				f.Certainty = c
			}
			if len(f.From) < 4 && !slices.Contains(f.From, ref) {
				f.From = append(f.From, ref)
			}
			return
		}
	}
	if len(p.p.What) < maxList {
		p.p.What = append(p.p.What, Fact{name, strings.Clone(value), c, []Ref{ref}})
	}
}

// file notes one incarnation.
func (p *prog) file(f File) {
	for i := range p.p.Files {
		o := &p.p.Files[i]
		if f.SHA1 != "" && f.SHA1 == o.SHA1 || f.SHA256 != "" && f.SHA256 == o.SHA256 || f.MD5 != "" && f.MD5 == o.MD5 ||
			f.Reference != "" && f.Reference == o.Reference {
			o.merge(&f)
			return
		}
	}
	if len(p.p.Files) < maxList {
		p.p.Files = append(p.p.Files, f)
	}
}

// merge fills in what is not known of a file.
func (f *File) merge(o *File) {
	f.Reference, f.SHA1, f.SHA256 = cmp.Or(f.Reference, o.Reference), cmp.Or(f.SHA1, o.SHA1), cmp.Or(f.SHA256, o.SHA256)
	f.MD5, f.Size, f.SHA1Part = cmp.Or(f.MD5, o.MD5), cmp.Or(f.Size, o.Size), f.SHA1Part || o.SHA1Part
	if f.Created.IsZero() {
		f.Created = o.Created
	}
	if f.Deleted.IsZero() {
		f.Deleted = o.Deleted
	}
	if f.born.IsZero() || !o.born.IsZero() && o.born.Before(f.born) {
		f.born = o.born
	}
	for _, r := range o.From {
		if len(f.From) < 8 && !slices.Contains(f.From, r) {
			f.From = append(f.From, r)
		}
	}
}

// add appends to a list of a program up to the limit.
func add[T any](list *[]T, v T) {
	if len(*list) < maxList {
		*list = append(*list, v)
	}
}
