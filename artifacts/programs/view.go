package programs

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A View chooses which programs are shown.
type View struct {
	Names   []string // names, paths or hashes; none means no choice by them
	All     bool     // also programs of which no finding speaks
	CSVSafe bool     // an apostrophe before cells that a spreadsheet would evaluate
}

var levels = []string{"", "informational", "low", "medium", "high", "critical"}

// worth orders levels.
func worth(level string) int { return slices.Index(levels, level) }

// Named reports whether the program is called so: by its name, its path, the
// beginning of its id, or a hash of its file.
func (p *Program) Named(s string) bool {
	low := strings.ToLower(strings.TrimSpace(s))
	if low == "" {
		return false
	}
	if strings.Contains(low, `\`) {
		if strings.EqualFold(p.Path, s) || (Paths{}).Key(s, evidence.User{}) == p.Key {
			return true
		}
		return slices.ContainsFunc(p.Aliases, func(a Alias) bool { return strings.EqualFold(a.Path, s) })
	}
	if base := p.Base(); base == low || strings.TrimSuffix(base, ".exe") == low {
		return true
	}
	for i := range p.Files {
		if f := &p.Files[i]; low == f.SHA1 || low == f.SHA256 || low == f.MD5 {
			return true
		}
	}
	return len(low) >= 8 && strings.HasPrefix(p.ID, low)
}

// WriteJSON writes one program a line.
func (m *Model) WriteJSON(w io.Writer, v *View) error {
	for p := range m.Choose(v) {
		b, err := p.marshal(m.Host)
		if err != nil {
			return err
		}
		if _, err := w.Write(append(b, '\n')); err != nil {
			return err
		}
	}
	return nil
}

// columns are those of programs.csv: names are a contract.
var columns = strings.Split("Level,Path,Name,FirstSeen,FirstStart,LastStart,StartsKnown,StartsAtLeast,StartSources,Accounts,"+
	"AccountCertainty,SessionSources,Arrived,ArrivedFrom,SHA1,SHA256,OriginalName,Company,Product,Version,Size,LinkTime,Verdicts,"+
	"Autostarts,BytesSent,BytesReceived,RemoteHints,CoupledWith,LoadedBy,Created,Deleted,PrefetchDeleted,Missing,Lookups,Hosts,"+
	"Windows,Rules,Volume,ID", ",")

// startColumns are those of starts.csv.
var startColumns = strings.Split("Start,Precision,Certainty,Path,Sources,CommandLine,CommandFrom,Account,AccountCertainty,Session,"+
	"SessionSource,Parent,End,Window,ProgramID,RecordIDs", ",")

// A Table writes programs or starts as CSV, of one machine after the other.
type Table struct {
	c      *csv.Writer
	safe   bool
	starts bool
}

// NewTable begins a table of programs, or of starts.
func NewTable(w io.Writer, starts, safe bool) (*Table, error) {
	t := &Table{csv.NewWriter(w), safe, starts}
	if starts {
		return t, t.c.Write(startColumns)
	}
	return t, t.c.Write(columns)
}

// Add writes the programs of one machine.
func (t *Table) Add(m *Model, v *View) error {
	for p := range m.Choose(v) {
		if !t.starts {
			if err := t.row(p.row()); err != nil {
				return err
			}
			continue
		}
		for i := range p.Starts {
			if err := t.row(p.startRow(&p.Starts[i])); err != nil {
				return err
			}
		}
	}
	t.c.Flush()
	return t.c.Error()
}

func (t *Table) row(cells []string) error {
	for i, c := range cells {
		cells[i] = clean(c)
		if t.safe && c != "" && strings.ContainsRune("=+-@\t\r", rune(c[0])) {
			cells[i] = "'" + cells[i]
		}
	}
	return t.c.Write(cells)
}

// csvTime is how tables write times.
const csvTime = "2006-01-02 15:04:05.0000000"

func cell(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(csvTime)
}

func joined[T any](list []T, text func(*T) string) string {
	var out []string
	for i := range list {
		if s := text(&list[i]); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return strings.Join(out, "; ")
}

func same(s *string) string { return *s }

// fact returns the values of one name.
func (p *Program) fact(name string) string {
	return joined(p.What, func(f *Fact) string {
		if f.Name != name {
			return ""
		}
		return f.Value
	})
}

// Facts returns the values that records state under a name.
func (p *Program) Facts(name string) []Fact {
	var out []Fact
	for _, f := range p.What {
		if f.Name == name {
			out = append(out, f)
		}
	}
	return out
}

func number[T int | int64 | uint64](n T) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func (p *Program) row() []string {
	first, last := p.Span()
	var sent, received int64
	for i := range p.Traffic {
		sent, received = sent+p.Traffic[i].Sent, received+p.Traffic[i].Received
	}
	var created, deleted, gone time.Time
	var size uint64
	for i := range p.Files {
		f := &p.Files[i]
		created, deleted, size = cmpTime(created, f.Created), cmpTime(f.Deleted, deleted), max(size, f.Size)
	}
	for i := range p.Ends {
		switch p.Ends[i].Kind {
		case "deleted":
			deleted = cmpTime(deleted, p.Ends[i].Time)
		case "prefetch deleted":
			gone = p.Ends[i].Time
		}
	}
	arrived, from := p.arrival()
	return []string{
		p.Level, p.Path, p.Base(), cell(p.FirstSeen()), cell(first), cell(last), strconv.Itoa(p.Counts.Known),
		strconv.Itoa(p.Counts.AtLeast),
		strings.Join(slices.Sorted(maps.Keys(p.Counts.Sources)), "; "),
		joined(p.Accounts, func(a *Attribution) string { return cmp.Or(a.Name, a.SID) }),
		joined(p.Accounts, func(a *Attribution) string { return string(a.Certainty) }),
		joined(p.Accounts, func(a *Attribution) string { return a.Source }), arrived, from,
		joined(p.Files, func(f *File) string { return f.SHA1 }), joined(p.Files, func(f *File) string { return f.SHA256 }),
		p.fact("original_name"), p.fact("company"), p.fact("product"), p.fact("version"), number(size), p.fact("link_time"),
		joined(p.Verdicts, func(v *Verdict) string { return v.Name }),
		joined(p.Autostarts, func(a *Autostart) string { return strings.TrimSpace(a.Mechanism + " " + a.Name) }),
		number(sent), number(received), joined(p.Traffic, func(t *Traffic) string { return t.Remote }),
		joined(p.Coupled, func(c *Coupling) string { return c.Path }), joined(p.LoadedBy, same), cell(created), cell(deleted), cell(gone),
		joined(p.Missing, func(g *Gap) string { return g.What }), joined(p.Lookups, (*Lookup).String),
		joined(p.Hosts, same), joined(p.Windows, same),
		joined(p.Rules, same), p.Volume, p.ID,
	}
}

// arrival returns how and from where the program came, as far as a record says.
func (p *Program) arrival() (how, from string) {
	for i := range p.Arrived {
		a := &p.Arrived[i]
		if a.Kind == "inventory" {
			continue
		}
		if how == "" {
			how = a.Kind
		}
		if from = cmp.Or(from, a.From); from != "" {
			break
		}
	}
	return how, from
}

func (p *Program) startRow(s *Start) []string {
	precision := ""
	if !s.Earliest.IsZero() {
		precision = s.Latest.Sub(s.Earliest).String()
	}
	return []string{
		cell(s.Time), precision, string(s.Certainty), p.Path, joined(s.Proofs, func(f *StartProof) string { return f.Source }), s.Command,
		s.CommandBy, cmp.Or(s.Account.Name, s.Account.SID), string(s.Account.Certainty), s.Session, s.Account.Source, s.Parent, cell(s.End),
		s.Window, p.ID, joined(s.Proofs, func(f *StartProof) string { return f.Record }),
	}
}

// clean makes text from the evidence harmless on a terminal and keeps it on its
// line.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == 0x2028, r == 0x2029:
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// programs is a count of programs in words.
func programs(n int) string {
	if n == 1 {
		return "1 program"
	}
	return strconv.Itoa(n) + " programs"
}

// WriteText writes one line for each program, or everything about those that are
// named.
func (m *Model) WriteText(w io.Writer, v *View) error {
	b := bufio.NewWriter(w)
	shown := 0
	fmt.Fprintf(b, "# machine %s: %s, times are UTC\n", clean(m.Host), programs(m.Len()))
	for p := range m.Choose(v) {
		shown++
		if len(v.Names) > 0 {
			p.details(b)
			continue
		}
		p.line(b)
	}
	switch hidden := m.Len() - shown; {
	case len(v.Names) > 0 && shown == 0:
		fmt.Fprintf(b, "no program has the name, path or hash %s\n", clean(strings.Join(v.Names, " or ")))
	case len(v.Names) == 0 && hidden > 0:
		fmt.Fprintf(b, "%s without findings not shown (--all shows them; a NAME shows all about one).\n", programs(hidden))
	}
	if m.Unresolved > 0 && len(v.Names) == 0 {
		fmt.Fprintf(b, "Records that name a program without its folder and belong to none of these: %d.\n", m.Unresolved)
	}
	return b.Flush()
}

// line is one program in one line.
func (p *Program) line(w io.Writer) {
	first, last := p.Span()
	span, minute := "no start known", "2006-01-02 15:04"
	switch {
	case !first.IsZero() && first.Format(minute) == last.Format(minute):
		span = first.UTC().Format(minute)
	case !first.IsZero():
		end := "01-02 15:04"
		if first.UTC().Year() != last.UTC().Year() {
			end = minute
		}
		span = first.UTC().Format(minute) + " – " + last.UTC().Format(end)
	}
	count := ""
	if p.Counts.AtLeast > 0 {
		count = "≥" + strconv.Itoa(p.Counts.AtLeast)
	}
	who := joined(p.Accounts, func(a *Attribution) string { return a.Short() })
	how, from := p.arrival()
	flags := strings.Join(p.flags(), ", ")
	fmt.Fprintf(w, "%-13s  %-30s  %-5s  %s", cmp.Or(p.Level, "-"), span, count, clean(p.Path))
	for _, s := range []string{who, strings.TrimSpace(how + " " + from), flags} {
		if s != "" {
			fmt.Fprintf(w, "  [%s]", clean(s))
		}
	}
	fmt.Fprintln(w)
}

// String is the lookup in words.
func (l *Lookup) String() string {
	var text strings.Builder
	text.WriteString(l.Role + " " + l.List + ": " + l.Kind + " " + l.Value)
	for _, s := range []string{l.Name, l.Doubt} {
		if s != "" {
			text.WriteString(" (" + s + ")")
		}
	}
	return text.String()
}

// flags are what a reader must know at once.
func (p *Program) flags() []string {
	var out []string
	note := func(ok bool, s string) {
		if ok {
			out = append(out, s)
		}
	}
	note(len(p.Autostarts) > 0, "autostart")
	note(len(p.Verdicts) > 0, "detected")
	note(len(p.Coupled) > 0, "coupled")
	note(slices.ContainsFunc(p.Ends, func(e End) bool { return e.Kind == "deleted" || e.Kind == "record reused" }), "deleted")
	note(slices.ContainsFunc(p.Ends, func(e End) bool { return e.Kind == "prefetch deleted" }), "prefetch deleted")
	note(len(p.Files) > 1, strconv.Itoa(len(p.Files))+" files")
	note(p.Volume != "", "other volume")
	note(p.KnownGood, "known good")
	return out
}

// shownStarts is how many starts the details of a program list.
const shownStarts = 40

// details is everything about one program.
func (p *Program) details(w io.Writer) {
	say := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %-12s %s\n", name, clean(fmt.Sprintf(format, args...)))
	}
	fmt.Fprintf(w, "\n%s  %s\n", clean(p.Path), p.ID)
	if p.Level != "" {
		say("level", "%s (%s)", p.Level, strings.Join(p.Rules, ", "))
	}
	for _, f := range p.What {
		say(strings.ReplaceAll(f.Name, "_", " "), "%s (%s; %s)", f.Value, f.Certainty, f.From[0].Record)
	}
	for _, f := range p.Files {
		text := strings.Join(slices.DeleteFunc([]string{f.Reference, f.SHA1, f.SHA256, f.MD5}, func(s string) bool { return s == "" }), " ")
		if f.Size > 0 {
			text += fmt.Sprintf(" %d bytes", f.Size)
		}
		say("file", "%s", strings.TrimSpace(text))
	}
	for _, a := range p.Arrived {
		say("arrived", "%s %s %s (%s; %s)", cmp.Or(cell(a.Time), "at an unknown time"), a.Kind, a.From, a.Certainty, a.Ref.Record)
	}
	p.startDetails(say)
	for _, a := range p.Accounts {
		say("account", "%s (%s: %s)", cmp.Or(a.Name, a.SID), a.Certainty, a.Why)
	}
	for _, c := range p.Coupled {
		say("coupled", "%s: %d of %d starts within %s to %s: always started together (inferred)", c.Path, c.Starts, c.Starts,
			c.Least.Round(time.Millisecond), c.Most.Round(time.Millisecond))
	}
	for _, a := range p.Autostarts {
		say("autostart", "%s %s: %s (%s)", a.Mechanism, a.Name, a.Command, a.Ref.Record)
	}
	for _, x := range p.Verdicts {
		say("detected", "%s %s: %s %s (%s)", cell(x.Time), x.Product, x.Name, x.Action, x.Ref.Record)
	}
	for i := range p.Lookups {
		say("on list", "%s", p.Lookups[i].String())
	}
	for _, l := range p.Loads {
		say("loads", "%s", l)
	}
	for _, l := range p.LoadedBy {
		say("loaded by", "%s", l)
	}
	for _, l := range p.SameFile {
		say("same file", "%s", l)
	}
	for _, e := range p.Ends {
		say("end", "%s %s %s (%s)", cell(e.Time), e.Kind, e.By, e.Ref.Record)
	}
	for _, g := range p.Missing {
		say("missing", "%s: %s", g.What, g.Why)
	}
	for _, a := range p.Aliases {
		say("also", "%s (%s)", a.Path, a.Why)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Records)) {
		say("records", "%d %s", p.Records[name], name)
	}
}

func (p *Program) startDetails(say func(name, format string, args ...any)) {
	if p.Counts.AtLeast > 0 {
		say("starts", "%d known, at least %d", p.Counts.Known, p.Counts.AtLeast)
	}
	for i := range p.Starts {
		if i == shownStarts {
			say("start", "… %d more (--format jsonl shows all)", len(p.Starts)-i)
			break
		}
		s := &p.Starts[i]
		text := fmt.Sprintf("%s %s: %s", cell(s.Time), s.Certainty, joined(s.Proofs, func(f *StartProof) string { return f.Source }))
		if !s.Account.IsZero() {
			text += fmt.Sprintf("; account %s (%s)", s.Account.Short(), s.Account.Certainty)
		} else if s.During != "" {
			text += "; while " + s.During + " was logged on"
		}
		if s.Command != "" {
			text += "; " + clip(s.Command, 200)
		}
		say("start", "%s", text)
	}
}
