package output

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/artifactdump/artifactdump/artifacts"
)

// textEvents is for reading on a terminal: a heading for each day, and one line
// for each event with the time of day, the level, what the record proves, what it
// is about, what the time means, the artifact and the event's id. Equal lines of
// one time are folded, and rows that repeat what others say are left out; the
// full sentences are in the other formats.
type textEvents struct {
	w       *bufio.Writer
	all     bool
	color   bool
	several bool
	logs    bool // records of event logs are rows
	host    string
	day     string
	clock   string      // of the lines that wait
	lines   []*textLine // of one time
	folded  map[string]int
}

// A textLine is one line before its id, and how often it occurs. Of the creation of a
// volume there is one line, whatever the level of the records that tell of it.
type textLine struct {
	host, level, text, id string
	volume                string
	n                     int
}

// repeats reports whether another line of the same time says the same.
func (l *textLine) repeats(o *textLine) bool {
	if l.volume != "" {
		return l.host == o.host && l.volume == o.volume
	}
	return l.host == o.host && l.level == o.level && l.text == o.text
}

// join counts another line. The id is that of the highest level.
func (l *textLine) join(o *textLine) {
	l.n++
	if levelRank(o.level) > levelRank(l.level) {
		l.level, l.id = o.level, o.id
	}
}

func levelRank(level string) int {
	return slices.Index([]string{"low", "medium", "high", "critical"}, level)
}

func newTextEvents(w io.Writer, o *Options) EventWriter {
	o = o.orDefault()
	return &textEvents{w: bufio.NewWriter(w), all: o.All, color: o.Color, several: o.Several, logs: o.EventRows, folded: map[string]int{}}
}

// The columns come to 120 characters: with the machine, what the row is about is
// shorter.
const (
	clockWidth    = len("15:04:05.000")
	levelWidth    = len("critical")
	proofWidth    = len("used")
	machineWidth  = 12
	artifactWidth = 14
	idWidth       = 16
	lineWidth     = 120
	aboutWidth    = lineWidth - clockWidth - levelWidth - proofWidth - artifactWidth - idWidth - 2*5
	meaningWidth  = 16

	maxWaiting = 4096 // lines of one time that are compared with each other
)

// proofWords are short words for what a record proves.
var proofWords = map[artifacts.Proof]string{
	artifacts.Executed: "ran", artifacts.Interacted: "used", artifacts.Present: "seen", artifacts.Configured: "set",
}

// meanings are short words for what a time means.
var meanings = map[string]string{
	"Last Time Executed": "last run", "Previous Last Time Executed": "earlier run", "Content Modification Time": "key written",
	"File Last Modification Time": "file modified", "Creation Time": "created", "Last Access Time": "accessed",
	"Last Written Time":     "written",
	"Content Deletion Time": "deleted", "Link Time": "linked", "Installation Time": "installed",
}

func (t *textEvents) Event(r *Row) error {
	if kind := t.leftOut(r); kind != "" {
		t.folded[kind]++
		return nil
	}
	day, clock := r.Time.UTC().Format("2006-01-02 Monday"), r.Time.UTC().Format("15:04:05.000")
	if clock != t.clock || day != t.day || len(t.lines) >= maxWaiting {
		if err := t.flush(); err != nil {
			return err
		}
	}
	if !t.several && r.Host != t.host {
		if err := t.flush(); err != nil {
			return err
		}
		t.host, t.day = r.Host, ""
		fmt.Fprintf(t.w, "# host %s, times are UTC\n", Clean(r.Host))
	} else if t.several && t.host == "" {
		t.host = "*"
		fmt.Fprintln(t.w, "# several machines, times are UTC")
	}
	if day != t.day {
		t.day = day
		fmt.Fprintf(t.w, "\n%s\n", day)
	}
	t.clock = clock
	line := t.line(r)
	if !t.all {
		if i := slices.IndexFunc(t.lines, line.repeats); i >= 0 {
			t.lines[i].join(line)
			return nil
		}
	}
	t.lines = append(t.lines, line)
	return nil
}

// What is folded, and counted under these words.
const (
	copiedTimes = "file times copied from other artifacts"
	devices     = "devices in Amcache"
	knownFiles  = "files on a list of known ones"
	logHeaders  = "headers of event logs, whose records are rows"
)

// Folded names the rows that repeat what other rows say, and those of known files, that
// text output folds; it is "" for all others. A row that supports a finding is never
// folded.
func Folded(r *Row) string {
	switch {
	case r.Level != "":
	case slices.Contains(r.Tags, KnownGood):
		return knownFiles
	case r.Kind == "File Last Modification Time":
		return copiedTimes
	case r.Parser == "amcachedevices":
		return devices
	}
	return ""
}

// leftOut is the reason for which the text leaves a row out, "" for none.
func (t *textEvents) leftOut(r *Row) string {
	switch {
	case t.all:
		return ""
	case t.logs && r.Level == "" && r.Parser == "evtxfiles":
		return logHeaders
	}
	return Folded(r)
}

// line makes the columns between the level and the id.
func (t *textEvents) line(r *Row) *textLine {
	about, meaning := r.Path, cmp.Or(meanings[r.Kind], strings.ToLower(r.Kind))
	if n := r.field("run_count"); n != "" && r.Kind == "Last Time Executed" {
		if meaning = "last run of " + n; n == "1" {
			meaning = "only run"
		}
	}
	if who := cmp.Or(r.User, r.SID); who != "" {
		meaning += ", " + who
	}
	if slices.Contains(r.Tags, "clock-set-back") {
		meaning = "CLOCK SET BACK, " + meaning
	}
	switch {
	case r.Local:
		meaning = "LOCAL TIME, " + meaning
	case r.TimeKind != "":
		meaning += ", " + r.TimeKind
	}
	width := aboutWidth
	if t.several {
		width -= machineWidth + 2
	}
	if about == "" || r.DataType == volumeCreation {
		about = withoutWitness(r)
	}
	about, meaning = Clean(about), Clean(meaning)
	aboutRoom := max(width-2-min(max(Columns(meaning), meaningWidth), width/2), 0)
	text := pad(tail(about, aboutRoom, strings.HasPrefix(about, `\`)), aboutRoom) + "  " +
		pad(tail(meaning, width-2-aboutRoom, false), width-2-aboutRoom)
	text = pad(cmp.Or(proofWords[r.Proof], string(r.Proof)), proofWidth) + "  " + text + "  " +
		pad(tail(Clean(r.Parser), artifactWidth, false), artifactWidth)
	l := &textLine{host: r.Host, level: r.Level, text: text, id: r.ID, n: 1}
	if r.DataType == volumeCreation {
		l.volume = withoutWitness(r)
	}
	if l.level == "informational" { // most rows that support such a finding are ordinary
		l.level = ""
	}
	return l
}

// volumeCreation is the type of the rows that many Prefetch files give for one volume.
const volumeCreation = "windows:volume:creation"

// withoutWitness is the message without the file that it was read from, so that
// the creation of a volume is one line however many files tell of it.
func withoutWitness(r *Row) string {
	if r.DataType == volumeCreation {
		before, _, _ := strings.Cut(r.Message, ", seen by")
		return before
	}
	return r.Message
}

func (t *textEvents) flush() error {
	var err error
	for _, l := range t.lines {
		fmt.Fprintf(t.w, "%s  %s  ", t.clock, t.paint(l.level))
		if t.several {
			fmt.Fprintf(t.w, "%s  ", pad(tail(Clean(l.host), machineWidth, false), machineWidth))
		}
		_, err = fmt.Fprintf(t.w, "%s  %s", l.text, l.id)
		if l.n > 1 {
			fmt.Fprintf(t.w, " ×%d", l.n)
		}
		t.w.WriteByte('\n')
	}
	t.lines = t.lines[:0]
	return err
}

// paint is a level in its column, coloured on a terminal.
func (t *textEvents) paint(level string) string {
	s := pad(level, levelWidth)
	if code := levelColors[level]; t.color && code != "" {
		return "\x1b[" + code + "m" + s + "\x1b[0m"
	}
	return s
}

var levelColors = map[string]string{"critical": "1;31", "high": "31", "medium": "33", "low": "36"}

// LevelColor wraps a text in the colour of a level, for terminals.
func LevelColor(level, s string) string {
	if code := levelColors[level]; code != "" {
		return "\x1b[" + code + "m" + s + "\x1b[0m"
	}
	return s
}

func (t *textEvents) Close() error {
	if err := t.flush(); err != nil {
		return err
	}
	return t.w.Flush()
}

// Notes says what was left out.
func (t *textEvents) Notes() []string {
	var out []string
	for _, kind := range []string{copiedTimes, logHeaders, devices, knownFiles} {
		if n := t.folded[kind]; n > 0 {
			out = append(out, fmt.Sprintf("%d rows not shown: %s (--all shows them)", n, kind))
		}
	}
	return out
}

// tail cuts a text to a width. Of a path the end is kept, of a sentence the start.
func tail(s string, n int, path bool) string {
	if Columns(s) <= n {
		return s
	}
	if n < 1 {
		return ""
	}
	r := []rune(s)
	if path {
		w, i := 1, len(r)
		for i > 0 && w+runeColumns(r[i-1]) <= n {
			i--
			w += runeColumns(r[i])
		}
		return "…" + string(r[i:])
	}
	w, i := 1, 0
	for i < len(r) && w+runeColumns(r[i]) <= n {
		w += runeColumns(r[i])
		i++
	}
	return string(r[:i]) + "…"
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-Columns(s))) }

// Columns is how many columns of a terminal a text fills.
func Columns(s string) int {
	n := 0
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		n += runeColumns(r)
		s = s[size:]
	}
	return n
}

// runeColumns: characters of East Asian scripts and most pictures fill two
// columns, combining marks none. Unicode Standard Annex #11.
func runeColumns(r rune) int {
	switch {
	case unicode.Is(unicode.Mn, r):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115F, r >= 0x2E80 && r <= 0xA4CF, r >= 0xAC00 && r <= 0xD7A3, r >= 0xF900 && r <= 0xFAFF, r >= 0xFE30 && r <= 0xFE6F,
		r >= 0xFF00 && r <= 0xFF60, r >= 0xFFE0 && r <= 0xFFE6, r >= 0x1F300 && r <= 0x1FAFF, r >= 0x20000 && r <= 0x3FFFD:
		return 2
	}
	return 1
}
