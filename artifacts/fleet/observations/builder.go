package observations

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/fleet/normal"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Limits on what a builder keeps in memory: a machine has some thousands of
// keys. What is beyond is counted in [Builder.Dropped].
const (
	maxKeys  = 50_000
	maxMarks = 100_000
)

// A Builder makes the observations of one machine.
type Builder struct {
	machine  string // name
	users    map[string]bool
	entries  map[entryKey]*Observation
	order    []*Observation // by number
	numbers  map[*Observation]uint32
	marks    []mark
	sid      string // of the machine, once an account of its own shows it
	profiles []profile
	tasks    map[string]*taskParts
	dropped  int
}

type entryKey struct{ kind, key string }

// A mark leads from a record to an observation, until findings are known.
type mark struct {
	record      uint64
	entry       uint32
	first, last string
}

// NewBuilder returns an empty builder for a machine.
func NewBuilder(m *evidence.Machine) *Builder {
	b := &Builder{machine: m.Name, users: map[string]bool{}, entries: map[entryKey]*Observation{}, numbers: map[*Observation]uint32{},
		tasks: map[string]*taskParts{}}
	for _, u := range m.Users {
		if u.Name != "" {
			b.users[strings.ToLower(u.Name)] = true
		}
	}
	return b
}

// Dropped is the number of observations and links to findings beyond the
// limits.
func (b *Builder) Dropped() int { return b.dropped }

// carried reports whether a time came with the file or the volume from
// elsewhere, or is claimed: it does not show when the thing was on this machine.
func carried(rec *artifacts.Record, e *artifacts.Event) bool {
	if _, ok := rec.Data.(filesystem.File); ok && e.Kind != "File Name Created Time" {
		return true // any program can set the other times
	}
	return e.Kind == "File Last Modification Time" || e.Kind == "Server Last Modification Time" ||
		strings.HasSuffix(e.Kind, "(claimed)") || e.DataType == "windows:volume:creation" || e.DataType == "windows:shell_item:file_entry"
}

// A sighting is what one record shows of a thing.
type sighting struct {
	rec         *artifacts.Record
	first, last string
	timed       bool
}

// times finds the smallest and the largest time of the record that is UTC.
func (s *sighting) times() {
	if s.timed {
		return
	}
	s.timed = true
	events := s.rec.Times()
	for i := range events {
		e := &events[i]
		if e.Local || e.Zone != "" || e.Estimate || carried(s.rec, e) || e.Time.Year() < 1601 || e.Time.Year() > 9999 {
			continue
		}
		t := output.FormatTime(e.Time)
		s.first, s.last = Earlier(s.first, t), max(s.last, t)
	}
}

// add notes a thing that a record shows. where is its raw spelling.
func (b *Builder) add(s *sighting, kind, key, where string) {
	if key == "" {
		return
	}
	o := b.entry(kind, key)
	if o == nil {
		return
	}
	s.times()
	o.Merge(&Observation{First: s.first, Last: s.last, Count: 1, Where: clipped(where), IDs: []string{s.rec.ID}})
	id, err := strconv.ParseUint(s.rec.ID, 16, 64)
	switch {
	case err != nil:
	case len(b.marks) >= maxMarks:
		b.dropped++
	default:
		b.marks = append(b.marks, mark{id, b.numbers[o], s.first, s.last})
	}
}

// entry returns the observation of a key, nil beyond the limit.
func (b *Builder) entry(kind, key string) *Observation {
	k := entryKey{kind, plain(key)}
	o := b.entries[k]
	if o != nil {
		return o
	}
	if len(b.entries) >= maxKeys {
		b.dropped++
		return nil
	}
	o = &Observation{Kind: kind, Key: k.key}
	b.entries[k] = o
	b.numbers[o] = uint32(len(b.order))
	b.order = append(b.order, o)
	return o
}

// plain replaces control characters, which a hostile name may have: keys are
// parts of lines.
func plain(s string) string {
	if Plain(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return utf8.RuneError
		}
		return r
	}, s)
}

// Plain reports whether a text has no control character, as all keys have none.
func Plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// clipped is a raw spelling that fits into a line.
func clipped(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxWhere {
		return s
	}
	n := maxWhere
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// maxWhere is how many bytes of a raw spelling an observation keeps.
const maxWhere = 1024

// AddResult takes in the records of a result, quiet ones too. Records of older
// copies and recovered ones are left out.
func (b *Builder) AddResult(res *artifacts.Result) {
	for i := range res.Records {
		rec := &res.Records[i]
		if rec.From.Copy() || rec.From.State != artifacts.Live && rec.From.State != artifacts.Log {
			continue
		}
		b.record(&sighting{rec: rec})
	}
}

// AddFindings takes in the findings: each rule and subject is an observation,
// and the records that are evidence pass their level on.
func (b *Builder) AddFindings(r *findings.Report) {
	b.finish()
	spans := b.level(r)
	for i := range r.Findings {
		f := &r.Findings[i]
		subject := b.subject(f.Subject)
		n := Observation{Count: int64(f.Count), Where: clipped(f.Subject), IDs: []string{f.ID}}
		n.First, n.Last = span(f, spans)
		for _, rule := range f.RuleIDs {
			o := b.entry(Finding, rule+" "+subject)
			if o == nil {
				continue
			}
			n.Level = f.Level.String()
			for _, why := range f.Reasons {
				if why.RuleID == rule {
					n.Level = why.Level.String()
				}
			}
			o.Merge(&n)
		}
	}
}

// level passes the levels of findings on to the observations of their records.
// It returns the times of these records.
func (b *Builder) level(r *findings.Report) map[uint64][2]string {
	levels, spans := map[uint64]findings.Level{}, map[uint64][2]string{}
	for id, v := range r.Verdicts() {
		if n, err := strconv.ParseUint(id, 16, 64); err == nil {
			levels[n] = v.Level
		}
	}
	for _, m := range b.marks {
		if l := levels[m.record]; l > 0 {
			o := b.order[m.entry]
			o.Level = Higher(o.Level, l.String())
			spans[m.record] = [2]string{m.first, m.last}
		}
	}
	b.marks = nil
	return spans
}

// span returns when a finding was first and last seen. That of a program is dated
// by its records, without the times that its file brought along.
func span(f *findings.Finding, spans map[uint64][2]string) (first, last string) {
	if f.SubjectKind == "program" {
		for i := range f.Evidence {
			if n, err := strconv.ParseUint(f.Evidence[i].ID, 16, 64); err == nil {
				first, last = Earlier(first, spans[n][0]), max(last, spans[n][1])
			}
		}
	}
	if first == "" && f.TimeKind != artifacts.UnknownZone {
		return output.FormatTime(f.FirstSeen), output.FormatTime(f.LastSeen)
	}
	return first, last
}

// subject is the key of a finding's subject: what is only called after a user or
// after the machine is the same thing on another one.
func (b *Builder) subject(s string) string {
	if i := strings.LastIndex(s, " of "); i > 0 {
		name, rest, _ := strings.Cut(s[i+len(" of "):], ":")
		if b.users[strings.ToLower(name)] {
			s = s[:i] + " of %user%"
			if rest != "" {
				s += ":" + rest
			}
		}
	}
	if i := winpath.IndexFold(s, b.machine+`\`); i >= 0 && b.machine != "" && (i == 0 || s[i-1] == ' ') {
		return normal.Text(s[:i] + `.` + s[i+len(b.machine):])
	}
	return normal.Subject(s)
}

// Write writes all observations under the id of the machine, and returns
// their number.
func (b *Builder) Write(w io.Writer, host string) (int, error) {
	b.finish()
	slices.SortFunc(b.order, func(x, y *Observation) int { return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Key, y.Key)) })
	z, err := gzip.NewWriterLevel(w, 5)
	if err != nil {
		return 0, err
	}
	buf := bufio.NewWriterSize(z, 64<<10)
	var line []byte
	for _, o := range b.order {
		o.Host = host
		if line, err = o.Append(line[:0]); err != nil {
			return 0, fmt.Errorf("%s %q: %w", o.Kind, o.Key, err)
		}
		if _, err := buf.Write(line); err != nil {
			return 0, err
		}
	}
	if err := buf.Flush(); err != nil {
		return 0, err
	}
	return len(b.order), z.Close()
}
