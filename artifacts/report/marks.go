package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Mark is what an analyst said of an event, a record or a finding.
type Mark struct {
	ID     string `json:"id"`
	Mark   string `json:"mark"` // benign, suspicious, malicious, action, question, or ""
	Note   string `json:"note"`
	Marked string `json:"marked"` // when
}

// Limits of a file of marks.
const (
	maxMark     = 1 << 20 // bytes of a line
	maxAllMarks = 100_000
)

// markID is an id, or the beginning of one.
var markID = regexp.MustCompile(`^[0-9a-f]{4,16}$`)

// ReadMarks reads marks as the viewer exports them: one object of JSON a line. Of
// several marks of one id the one that was made last counts.
func ReadMarks(r io.Reader) ([]Mark, error) {
	var out []Mark
	at := map[string]int{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxMark)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var m Mark
		err := json.Unmarshal(lines.Bytes(), &m)
		if err == nil && !markID.MatchString(m.ID) {
			err = fmt.Errorf("%q is not an id", m.ID)
		}
		if err == nil && len(out) == maxAllMarks {
			err = errors.New("too many marks")
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		i, known := at[m.ID]
		switch {
		case !known:
			at[m.ID] = len(out)
			out = append(out, m)
		case m.Marked >= out[i].Marked:
			out[i] = m
		}
	}
	return slices.DeleteFunc(out, func(m Mark) bool { return m.Mark == "" && m.Note == "" }), lines.Err()
}

// rowsOfMark is how many rows are kept of one mark: a record can have many.
const rowsOfMark = 8

// Mark takes in a row if it has a mark.
func (c *Collector) Mark(r *output.Row) {
	for _, id := range [...]string{r.ID, r.RecordID} {
		if list, ok := c.marked[id]; ok && len(list) < rowsOfMark {
			c.marked[id] = append(list, eventOf(r))
			return
		}
	}
}

// wantMarks prepares for the rows of marks.
func (c *Collector) wantMarks(marks []Mark) {
	c.marked = map[string][]event{}
	for _, m := range marks {
		c.marked[m.ID] = nil
	}
}

// A markView is a mark with what it is about.
type markView struct {
	Mark
	Time     time.Time
	Kind     string
	Host     string
	Says     string
	Artifact string
	Finding  int
	Level    string
	Rows     int
	Unknown  bool // nothing here has the id
}

// markViews are the marks in the order of time; those without a time come last.
func (c *Collector) markViews(marks []Mark, list []findingView) []markView {
	var out []markView
	for _, m := range marks {
		v := markView{Mark: m}
		rows := c.marked[m.ID]
		i := slices.IndexFunc(list, func(f findingView) bool { return f.ID == m.ID })
		switch {
		case len(rows) > 0:
			r := &rows[0]
			v.Time, v.Kind, v.Host, v.Says, v.Artifact, v.Rows = r.Time, r.Kind, r.Host, r.Message, r.Artifact, len(rows)
		case i >= 0:
			f := &list[i]
			v.Time, v.Kind, v.Host, v.Says, v.Finding, v.Level = f.LastSeen, f.TimeKind, f.Host, f.Title+": "+f.Subject, f.N, f.Level
		default:
			v.Unknown = true
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b markView) int {
		if a.Time.IsZero() != b.Time.IsZero() {
			return cmp.Compare(b.Time.Unix(), a.Time.Unix())
		}
		return a.Time.Compare(b.Time)
	})
	return out
}
