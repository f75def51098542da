package programs

import (
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// maxQuiet is how many quiet files are kept, some 200 bytes each.
const maxQuiet = 100_000

// A quietFile is an executable of which one record of $MFT is all that is known.
// Most programs on a volume are. It becomes a [Program] when something else speaks
// of it, and otherwise for as long as it is looked at.
type quietFile struct {
	path    string // as the record has it; "" once it became a program
	record  uint64 // id
	file    uint64 // entry and, in the low 16 bits, sequence number
	size    uint64
	created int64 // nanoseconds since 1970
	deleted bool
}

// quietFiles are those of one machine.
type quietFiles struct {
	list  []quietFile
	at    map[uint64]int32 // by hash of volume and key
	woken int              // that became programs
	paths Paths
	drive string // of Windows, upper case
}

func (q *quietFiles) len() int { return len(q.list) - q.woken }

// key returns where a quiet file is.
func (q *quietFiles) key(path string) progKey {
	k := progKey{strings.ToUpper(path[:2]), q.paths.Key(path, evidence.User{})}
	if k.volume == q.drive {
		k.volume = ""
	}
	return k
}

func (k progKey) hash() uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, k.volume)
	_, _ = io.WriteString(h, k.key)
	return h.Sum64()
}

// find returns the quiet file at a place, or nil.
func (q *quietFiles) find(k progKey) *quietFile {
	if len(q.at) == 0 {
		return nil
	}
	i, ok := q.at[k.hash()]
	if !ok || q.key(q.list[i].path) != k {
		return nil
	}
	return &q.list[i]
}

// quietly notes a file of which nothing else is known. It reports false where the
// record needs a program.
func (b *Builder) quietly(rec *artifacts.Record, d *filesystem.File) bool {
	f := quietFile{path: d.Path, size: d.Size, created: d.NameCreated.UnixNano(), deleted: !d.Exists}
	entry, seq, _ := strings.Cut(d.Reference, "-")
	e, err := strconv.ParseUint(entry, 10, 48)
	s, err2 := strconv.ParseUint(seq, 10, 16)
	id, err3 := strconv.ParseUint(rec.ID, 16, 64)
	f.file, f.record = e<<16|s, id
	year := d.NameCreated.Year()
	switch {
	case err != nil || err2 != nil || err3 != nil || f.reference() != d.Reference || f.recordID() != rec.ID,
		year < 1900 || year > 2200, rec.Artifact.Name != mftArtifact,
		len(d.Path) > maxPathBytes || len(d.Path) < 4 || d.Path[1] != ':' || d.Path[2] != '\\':
		return false
	}
	k := b.quiet.key(d.Path)
	if belowSystem(k.key) || !isExecutable(k.key) || strings.ContainsAny(k.key, "~%") ||
		b.programs[k] != nil || b.programs[progKey{"", k.key}] != nil {
		return false
	}
	h := k.hash()
	if _, ok := b.quiet.at[h]; ok {
		return false
	}
	if b.quiet.len() >= maxQuiet {
		b.dropped++
		return true
	}
	f.path = strings.Clone(f.path)
	b.quiet.at[h] = int32(len(b.quiet.list))
	b.quiet.list = append(b.quiet.list, f)
	return true
}

const mftArtifact = "mft"

func (f *quietFile) reference() string { return reference(f.file>>16, f.file&0xFFFF) }

func (f *quietFile) recordID() string { return fmt.Sprintf("%016x", f.record) }

func (f *quietFile) ref() Ref { return Ref{f.recordID(), mftArtifact} }

func (f *quietFile) time() time.Time { return time.Unix(0, f.created).UTC() }

// program makes the program that the record alone gives.
func (f *quietFile) program(k progKey) *prog {
	p := newProg(k)
	p.budget = newStartBudget()
	p.spelled(f.path)
	p.p.Records[mftArtifact]++
	p.p.Sample = append(p.p.Sample, f.ref())
	p.onDisk(File{Reference: f.reference(), Size: f.size, Created: f.time(), From: []Ref{f.ref()}, born: f.time()}, f.deleted, f.ref())
	return p
}

// onDisk notes a file as $MFT has it.
func (p *prog) onDisk(f File, deleted bool, ref Ref) {
	p.file(f)
	if !f.Created.IsZero() {
		add(&p.p.Arrived, Arrival{Kind: "created", Time: f.Created, Certainty: Proved, Ref: ref})
	}
	if deleted {
		add(&p.p.Ends, End{Kind: "deleted", Ref: ref})
	}
}

// wake makes a program of a quiet file, where there is one and room for it.
func (b *Builder) wake(k progKey) *prog {
	f := b.quiet.find(k)
	if f == nil || len(b.programs) >= maxPrograms {
		return nil
	}
	p := f.program(progKey{b.intern(k.volume), strings.Clone(k.key)})
	p.budget = b.starts
	b.programs[p.progKey] = p
	delete(b.quiet.at, k.hash())
	f.path = ""
	b.quiet.woken++
	return p
}

// wakeNamed makes programs of the quiet files that records may mean which name a
// program without its folder, and of those on a volume that turned out to be the
// one of Windows.
func (b *Builder) wakeNamed(styles map[string]bool) {
	names := map[string]bool{}
	for i := range b.bareUses {
		name := b.bareUses[i].name
		if winpath.Ext(name) == "" {
			name += ".exe"
		}
		names[name] = true
	}
	for _, a := range b.acts {
		if i := strings.LastIndexByte(a.Subject, '-'); i > 0 && (a.Kind == "journal start" || a.Kind == "prefetch deleted") {
			names[a.Subject[:i]] = true
		}
	}
	for i := range b.quiet.list {
		f := &b.quiet.list[i]
		if f.path == "" {
			continue
		}
		if v := strings.ToUpper(f.path[:2]); names[strings.ToLower(winpath.Base(f.path))] || v != b.windows && b.isSystem(v, styles) {
			b.wake(b.quiet.key(f.path))
		}
	}
}

// wakeLinked makes programs of the quiet files that others loaded or that were
// renamed.
func (b *Builder) wakeLinked() {
	for _, r := range b.renames {
		b.wake(progKey{"", r.from})
		b.wake(progKey{"", r.to})
	}
	for _, p := range b.sorted() {
		for _, l := range p.p.Loads {
			b.wake(progKey{"", l})
		}
	}
}

// settle sorts what is left as quiet.
func (q *quietFiles) settle() {
	q.at = nil
	q.list = slices.DeleteFunc(q.list, func(f quietFile) bool { return f.path == "" })
	type keyed struct {
		k progKey
		i int
	}
	order := make([]keyed, len(q.list))
	for i := range q.list {
		order[i] = keyed{q.key(q.list[i].path), i}
	}
	slices.SortFunc(order, func(x, y keyed) int { return x.k.compare(y.k) })
	sorted := make([]quietFile, len(q.list))
	for i := range order {
		sorted[i] = q.list[order[i].i]
	}
	q.list, q.woken = sorted, 0
}

// Len returns the number of programs.
func (m *Model) Len() int { return len(m.Programs) + len(m.quiet.list) }

// quietProgram makes a program of a quiet file, to be looked at.
func (m *Model) quietProgram(i int) *Program {
	f := &m.quiet.list[i]
	p := f.program(m.quiet.key(f.path))
	p.mergeStarts()
	p.finishProgram(m.quiet.drive)
	return &p.p
}

// All returns the programs by path: those of Programs, and those of which one
// record of $MFT is all that is known, with true. Each of the latter is made when it
// is asked for: whoever changes one hands it to [Model.Keep] after the last one.
func (m *Model) All() iter.Seq2[*Program, bool] {
	return func(yield func(*Program, bool) bool) {
		n := 0
		for _, p := range m.Programs {
			for ; n < len(m.quiet.list) && m.quiet.key(m.quiet.list[n].path).compare(progKey{p.Volume, p.Key}) < 0; n++ {
				if !yield(m.quietProgram(n), true) {
					return
				}
			}
			if !yield(p, false) {
				return
			}
		}
		for ; n < len(m.quiet.list); n++ {
			if !yield(m.quietProgram(n), true) {
				return
			}
		}
	}
}

// Keep adds programs that All made to Programs, with what was noted in them.
func (m *Model) Keep(list []*Program) {
	if len(list) == 0 {
		return
	}
	drop := map[progKey]bool{}
	for _, p := range list {
		k := progKey{p.Volume, p.Key}
		drop[k] = true
		m.byKey[p.Key] = append(m.byKey[p.Key], p)
		slices.SortFunc(m.byKey[p.Key], comparePrograms)
	}
	m.Programs = append(m.Programs, list...)
	slices.SortFunc(m.Programs, comparePrograms)
	m.quiet.list = slices.DeleteFunc(m.quiet.list, func(f quietFile) bool { return drop[m.quiet.key(f.path)] })
}

func comparePrograms(x, y *Program) int {
	return progKey{x.Volume, x.Key}.compare(progKey{y.Volume, y.Key})
}
