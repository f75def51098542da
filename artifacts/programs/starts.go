package programs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Sources of a start that are no record of the start itself.
const (
	CommandLine      = "command line"      // the command line of another program names the file
	ServiceInstalled = "service installed" // right before
)

// A source is a kind of record that shows starts.
type source uint8

// The sources in the order in which they are merged: the most exact come first.
const (
	srcPrefetch source = iota
	srcSysmon
	srcAudit
	srcTask
	srcPowerShell
	srcDefender
	srcBAM
	srcUserAssist
	srcPCA
	srcRecentApps
	srcTimeline
	srcJournal
	srcCommand // named in the command line of another program
	sourceCount
)

// A sourceKind is how the starts of one source are merged. The tolerances are
// measured: see docs/programs.md.
type sourceKind struct {
	name      string
	before    time.Duration // how long before its time the start can be
	after     time.Duration
	makes     bool // it shows a start even where no other source does
	certainty Certainty
	mechanism string // sources of one mechanism do not confirm each other
	exact     int    // the larger the better its time
}

var sourceKinds = [sourceCount]sourceKind{
	srcPrefetch:   {"prefetch", 0, 0, true, Proved, "prefetch", 9},
	srcSysmon:     {"sysmon", 250 * time.Millisecond, 250 * time.Millisecond, true, Recorded, "sysmon", 8},
	srcAudit:      {"security audit", 500 * time.Millisecond, 500 * time.Millisecond, true, Proved, "audit", 7},
	srcTask:       {"task scheduler", 100 * time.Millisecond, 100 * time.Millisecond, true, Recorded, "tasks", 6},
	srcPowerShell: {"powershell log", 5 * time.Second, 0, true, Recorded, "powershell", 2},
	srcDefender:   {"defender", 10 * time.Millisecond, 10 * time.Millisecond, true, Recorded, "defender", 5},
	srcBAM:        {"bam", 2 * time.Second, 2 * time.Second, true, Proved, "bam", 4},
	srcUserAssist: {"userassist", 2 * time.Second, 2 * time.Second, true, Proved, "explorer", 4},
	srcPCA:        {"pca", 2 * time.Second, 2 * time.Second, true, Proved, "pca", 3},
	srcRecentApps: {"recentapps", 2 * time.Second, 2 * time.Second, true, Proved, "explorer", 3},
	srcTimeline:   {"activities", 1500 * time.Millisecond, 1500 * time.Millisecond, false, Recorded, "activities", 1},
	srcJournal:    {"journal", 10600 * time.Millisecond, 0, true, Inferred, "journal", 0},
	srcCommand:    {CommandLine, 50 * time.Millisecond, 50 * time.Millisecond, true, Inferred, "command", 0},
}

// samePID is how far apart two records of one process id and image may be.
const samePID = 2 * time.Second

// A rawStart is a start as one record has it.
type rawStart struct {
	time    time.Time
	end     time.Time
	pid     uint32
	logon   uint64
	command string
	account Attribution // as the record names it
	parent  string
	ref     Ref
}

func (r *rawStart) compare(o *rawStart) int {
	return cmp.Or(r.time.Compare(o.time), cmp.Compare(r.ref.Record, o.ref.Record))
}

// rawStarts are the starts of a program that one source shows.
type rawStarts struct {
	list    []rawStart
	dropped int
}

// add takes a start in. Of very many the oldest and the newest stay: which ones
// does not depend on the order in which they come.
func (r *rawStarts) add(s rawStart, last int, b *startBudget) {
	r.list = append(r.list, s)
	b.used += s.size()
	if len(r.list) >= 2*(keepFirst+last) {
		r.trim(last, b)
	}
}

func (r *rawStarts) trim(last int, b *startBudget) {
	if len(r.list) <= keepFirst+last {
		return
	}
	slices.SortFunc(r.list, func(a, b rawStart) int { return a.compare(&b) })
	n := len(r.list) - keepFirst - last
	for i := range r.list[keepFirst : keepFirst+n] {
		b.used -= r.list[keepFirst+i].size()
	}
	r.list = slices.Delete(r.list, keepFirst, keepFirst+n)
	r.dropped += n
}

// size is about how much memory a start needs.
func (r *rawStart) size() int { return int(reflect.TypeFor[rawStart]().Size()) + len(r.command) + 32 }

// maxStartBytes is how much memory the starts of all programs need at most; half as
// much again while records come in. It is far above what machines hold: an event log of
// 64 MiB has some 50,000 starts, most of them of few programs of Windows.
const maxStartBytes = 32 << 20

// leastKept is how many of the newest starts of one program and source are kept
// in any case.
const leastKept = 8

// A startBudget is what all starts of a machine need. Where they need too much, the
// number of the newest that are kept of each program falls until they do not: how
// far does not depend on the order of the records.
type startBudget struct {
	used int
	last int // the newest starts that are kept of one program and source

	traffic int // entries, of all programs
}

func newStartBudget() *startBudget { return &startBudget{last: keepOutside} }

// trimStarts brings the starts of all programs below the limit.
func (b *Builder) trimStarts() {
	for {
		for _, p := range b.programs {
			if p.raw == nil {
				continue
			}
			for src := range sourceCount {
				r := &p.raw[src]
				if r.trim(p.last(), b.starts); cap(r.list) > 2*len(r.list)+16 {
					r.list = slices.Clone(r.list) // what a list had room for is not counted
				}
			}
		}
		if b.starts.used <= maxStartBytes || b.starts.last <= leastKept {
			return
		}
		b.starts.last /= 2
	}
}

// hosts are programs of Windows that run what others wrote.
var hosts = map[string]bool{
	"cmd.exe": true, "powershell.exe": true, "pwsh.exe": true, "wscript.exe": true, "cscript.exe": true, "mshta.exe": true,
	"rundll32.exe": true, "regsvr32.exe": true, "eventcreate.exe": true, "schtasks.exe": true, "net.exe": true, "net1.exe": true,
	"certutil.exe": true, "bitsadmin.exe": true, "msiexec.exe": true, "wmic.exe": true, "reg.exe": true, "sc.exe": true,
}

// IsHost reports whether a program of Windows runs what others wrote: that it
// started says nothing by itself.
func IsHost(base string) bool { return hosts[base] }

func (p *prog) last() int {
	if !belowSystem(p.key) || hosts[p.key[strings.LastIndexByte(p.key, '\\')+1:]] {
		return min(keepOutside, p.budget.last)
	}
	return min(keepLast, p.budget.last)
}

// start notes a start.
func (p *prog) start(src source, s rawStart) {
	if s.time.IsZero() || s.time.Year() < 1980 || s.time.Year() > 2200 {
		return
	}
	if p.raw == nil {
		p.raw = new([sourceCount]rawStarts)
	}
	p.raw[src].add(s, p.last(), p.budget)
}

// of returns the starts that a source shows, to be read.
func (p *prog) of(src source) *rawStarts {
	if p.raw == nil {
		return new(rawStarts)
	}
	return &p.raw[src]
}

// mergeStarts makes one list of what all sources show. Each start of a source is
// matched with at most one start of the others: "within the tolerance" alone would
// swallow programs that start several times in a moment.
func (p *prog) mergeStarts() {
	var starts []*Start
	for src := range sourceCount {
		raw := p.of(src)
		if len(raw.list) == 0 {
			continue
		}
		raw.trim(p.last(), p.budget)
		slices.SortFunc(raw.list, func(a, b rawStart) int { return a.compare(&b) })
		// A log and its shadow copy hold the same record, and a Prefetch file can be there twice.
		raw.list = slices.CompactFunc(raw.list, func(a, b rawStart) bool { return a.time.Equal(b.time) && a.pid == b.pid })
		starts = match(starts, src, raw.list)
		p.p.Counts.Dropped += raw.dropped
		if src != srcPrefetch {
			raw.list = nil // of Prefetch files couple compares one by one
		}
	}
	for _, s := range starts {
		p.finish(s)
	}
	slices.SortFunc(starts, func(a, b *Start) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Proofs[0].Record, b.Proofs[0].Record))
	})
	p.p.Starts = make([]Start, len(starts))
	for i, s := range starts {
		p.p.Starts[i] = *s
	}
	p.count()
}

// count fills in the counts.
func (p *prog) count() {
	c := &p.p.Counts
	c.Known, c.Sources = len(p.p.Starts)+c.Dropped, map[string]int{}
	for i := range p.p.Starts {
		for _, f := range p.p.Starts[i].Proofs {
			c.Sources[f.Source]++
		}
	}
	total := 0
	for _, n := range p.counted {
		total += int(n)
	}
	c.AtLeast = max(c.Known, total)
	if len(c.Sources) == 0 {
		c.Sources = nil
	}
}

// A pair is a start that a raw one may be.
type pair struct {
	start, raw int
	distance   time.Duration
	pid        bool
}

// match joins the starts of one source with those that are known, one to one and
// the nearest first, and appends the others.
func match(starts []*Start, src source, raw []rawStart) []*Start {
	kind := &sourceKinds[src]
	slices.SortFunc(starts, func(a, b *Start) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Proofs[0].Record, b.Proofs[0].Record))
	})
	var pairs []pair
	for i := range raw {
		r := &raw[i]
		from, to := r.time.Add(-max(kind.before, samePID)), r.time.Add(max(kind.after, samePID))
		at, _ := slices.BinarySearchFunc(starts, from, func(s *Start, t time.Time) int { return s.Time.Compare(t) })
		for n := 0; at < len(starts) && !starts[at].Time.After(to) && n < 64; at, n = at+1, n+1 {
			s := starts[at]
			d := r.time.Sub(s.Time) // positive: the record is later
			pid := r.pid != 0 && r.pid == s.pid
			if !pid && (d > kind.before || -d > kind.after || r.pid != 0 && s.pid != 0) {
				continue
			}
			pairs = append(pairs, pair{at, i, d.Abs(), pid})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if a.pid != b.pid {
			if a.pid {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.start, b.start), cmp.Compare(a.raw, b.raw))
	})
	tookStart, tookRaw := make([]bool, len(starts)), make([]bool, len(raw))
	for _, p := range pairs {
		if tookStart[p.start] || tookRaw[p.raw] {
			continue
		}
		tookStart[p.start], tookRaw[p.raw] = true, true
		starts[p.start].take(src, &raw[p.raw])
	}
	if !kind.makes {
		return starts
	}
	for i := range raw {
		if !tookRaw[i] {
			s := new(Start)
			s.take(src, &raw[i])
			starts = append(starts, s)
		}
	}
	return starts
}

// take adds what one source says of a start.
func (s *Start) take(src source, r *rawStart) {
	kind := &sourceKinds[src]
	if len(s.Proofs) == 0 {
		s.Time, s.Certainty = r.time, kind.certainty
		switch src {
		case srcJournal:
			s.Earliest, s.Latest = r.time.Add(-kind.before), r.time
		case srcPowerShell:
			s.Earliest, s.Latest = r.time.Add(-kind.before), r.time
		}
	} else if kind.certainty != Inferred && kind.certainty.rank() >= s.Certainty.rank() {
		s.Certainty = kind.certainty
	}
	s.Proofs = append(s.Proofs, StartProof{kind.name, r.time, r.ref})
	if s.pid == 0 {
		s.pid = r.pid
	}
	if r.command != "" && (s.Command == "" || s.CommandBy == sourceKinds[srcPowerShell].name) {
		s.Command, s.CommandBy = r.command, kind.name
	}
	if s.logon == 0 {
		s.logon = r.logon
	}
	if s.End.IsZero() {
		s.End = r.end
	}
	s.Parent = cmp.Or(s.Parent, r.parent)
	if a := r.account; !a.IsZero() && a.Certainty.rank() > s.Account.Certainty.rank() {
		s.Account = a
	}
}

// finish decides what all sources of a start together say.
func (p *prog) finish(s *Start) {
	mechanisms := map[string]bool{}
	for _, f := range s.Proofs {
		for _, k := range sourceKinds {
			if k.name == f.Source && k.certainty != Inferred {
				mechanisms[k.mechanism] = true
			}
		}
	}
	if len(mechanisms) > 1 {
		s.Certainty = Proved // two that do not know of each other agree
	}
	h := sha256.Sum256([]byte("start\x00" + p.volume + "\x00" + p.key + "\x00" + s.Time.UTC().Format(time.RFC3339Nano) + "\x00" +
		s.Proofs[0].Record))
	s.ID = hex.EncodeToString(h[:8])
}
