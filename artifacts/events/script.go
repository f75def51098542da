package events

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/evtx"
)

// A Script says which records of a log are the parts of a PowerShell script
// block (4104) that one [Event] shows as a whole.
type Script struct {
	Records string `json:"script_records,omitempty"`       // numbers of the records: "17-19, 23"
	Missing string `json:"script_parts_missing,omitempty"` // numbers of the parts that were not found: "2, 5-7"
	Apart   string `json:"script_parts_apart,omitempty"`   // the same for a block too long to join: in other events, or missing

	numbers []uint64
}

// said returns what the text of the event does not have.
func (s *Script) said() string {
	switch {
	case s.Missing != "":
		return " (parts missing: " + s.Missing + ")"
	case s.Apart != "":
		return " (parts in other rows or missing: " + s.Apart + ")"
	}
	return ""
}

// Numbers returns the numbers of all records that the event was read from.
func (e *Event) Numbers() []uint64 {
	if e.Script == nil {
		return []uint64{e.Number}
	}
	return e.Script.numbers
}

// Limits on the parts that a [Joiner] holds. What is beyond them comes out as
// several events for one block; nothing is lost.
const (
	maxBlocks    = 64
	maxBlockText = 4 << 20 // of all blocks together, in bytes
	maxBlockPart = 1 << 12 // parts of one block
)

// A Joiner joins the parts of PowerShell script blocks: Windows writes a long
// script as several records with one ScriptBlockId. The zero value is ready to
// use. It belongs to one log.
type Joiner struct {
	blocks []*scriptBlock // in the order of their first parts
	held   int            // bytes of text
	cut    []string       // ids of blocks that the limits made several events of, at most maxBlocks
}

type scriptBlock struct {
	id    string
	state evtx.State // parts of the log and recovered ones stay apart
	total uint64
	parts []scriptPart
	bytes int
}

type scriptPart struct {
	n     uint64
	event Event
}

// Fields of a 4104.
const (
	scriptText  = "ScriptBlockText"
	scriptID    = "ScriptBlockId"
	scriptPartN = "MessageNumber"
	scriptTotal = "MessageTotal"
)

// Add takes in an event and returns those that are ready: the event itself, a
// script that it completes, scripts that the limits do not let wait any longer,
// or none.
func (j *Joiner) Add(e Event) []Event {
	n, total, ok := e.part()
	if !ok {
		return []Event{e}
	}
	var out []Event
	id := e.Get(scriptID)
	i := slices.IndexFunc(j.blocks, func(b *scriptBlock) bool { return b.id == id && b.state == e.state })
	if i >= 0 && (j.blocks[i].total != total || j.blocks[i].has(n)) {
		out = append(out, j.take(i, false)) // another copy of the block
		i = -1
	}
	if i < 0 {
		i = len(j.blocks)
		j.blocks = append(j.blocks, &scriptBlock{id: id, state: e.state, total: total})
	}
	b := j.blocks[i]
	b.parts = append(b.parts, scriptPart{n, e})
	size := len(e.Get(scriptText))
	b.bytes += size
	j.held += size
	switch {
	case uint64(len(b.parts)) == total:
		return append(out, j.take(i, false))
	case len(b.parts) == maxBlockPart:
		out = append(out, j.take(i, true))
	}
	for len(j.blocks) > maxBlocks || j.held > maxBlockText {
		out = append(out, j.take(0, true))
	}
	return out
}

// End returns the scripts of which parts are missing.
func (j *Joiner) End() []Event {
	var out []Event
	for len(j.blocks) > 0 {
		out = append(out, j.take(0, false))
	}
	return out
}

// part returns the number of a part and how many its block has. It reports
// false for events that need no other part.
func (e *Event) part() (n, total uint64, ok bool) {
	if e.ID != 4104 || e.artifact() != powerShellEvents || e.Get(scriptID) == "" {
		return 0, 0, false
	}
	n, ok1 := Number(e.Get(scriptPartN))
	total, ok2 := Number(e.Get(scriptTotal))
	return n, total, ok1 && ok2 && n >= 1 && n <= total && total > 1 && total <= math.MaxInt32
}

func (b *scriptBlock) has(n uint64) bool {
	return slices.ContainsFunc(b.parts, func(p scriptPart) bool { return p.n == n })
}

// take removes a block and makes one event of its parts. limit is set when more
// of them may come.
func (j *Joiner) take(i int, limit bool) Event {
	b := j.blocks[i]
	j.held -= b.bytes
	j.blocks = slices.Delete(j.blocks, i, i+1)
	apart := slices.Contains(j.cut, b.id)
	if limit && !apart {
		apart = true
		if j.cut = append(j.cut, b.id); len(j.cut) > maxBlocks {
			j.cut = j.cut[1:]
		}
	}
	return b.event(apart)
}

// event makes one event of the parts of a block. Time and place are those of
// the first part that is there.
func (b *scriptBlock) event(apart bool) Event {
	slices.SortStableFunc(b.parts, func(x, y scriptPart) int { return cmp.Compare(x.n, y.n) })
	e := b.parts[0].event
	var text strings.Builder
	s := new(Script)
	var parts []uint64
	for i := range b.parts {
		p := &b.parts[i].event
		text.WriteString(p.Get(scriptText))
		s.numbers, parts = append(s.numbers, p.Number), append(parts, b.parts[i].n)
		if p.Level > 0 && p.Level < e.Level {
			e.Level = p.Level // PowerShell warns of a block in one of its parts
		}
		e.borrowed = e.borrowed || p.borrowed
	}
	s.Records = ranges(s.numbers)
	if s.Missing = gaps(parts, b.total); apart {
		s.Missing, s.Apart = "", s.Missing
	}
	e.Data = slices.Clone(e.Data)
	for i := range e.Data {
		switch e.Data[i].Name {
		case scriptText:
			e.Data[i].Value = text.String()
		case scriptPartN:
			e.Data[i].Value = ranges(parts)
		}
	}
	e.Script = s
	return e
}

// scriptShown bounds lists of numbers.
const scriptShown = 32

// A run is a row of numbers without gaps.
type run struct{ first, last uint64 }

func runsOf(numbers []uint64) []run {
	var out []run
	for _, n := range numbers {
		if k := len(out) - 1; k >= 0 && out[k].last+1 == n {
			out[k].last = n
			continue
		}
		out = append(out, run{n, n})
	}
	return out
}

// ranges writes numbers as "1-3, 7".
func ranges(numbers []uint64) string { return writeSpans(runsOf(numbers)) }

// gaps writes which of the numbers from 1 to total are not in a sorted list.
func gaps(numbers []uint64, total uint64) string {
	var out []run
	next := uint64(1)
	for _, s := range runsOf(numbers) {
		if s.first > next {
			out = append(out, run{next, s.first - 1})
		}
		next = s.last + 1
	}
	if next <= total {
		out = append(out, run{next, total})
	}
	return writeSpans(out)
}

func writeSpans(list []run) string {
	var b strings.Builder
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == scriptShown {
			b.WriteString("…")
			break
		}
		b.WriteString(strconv.FormatUint(s.first, 10))
		if s.last > s.first {
			b.WriteString("-" + strconv.FormatUint(s.last, 10))
		}
	}
	return b.String()
}
