package recordsearch

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Writer writes hits.
type Writer interface {
	Hit(*Hit) error
	Close() error
}

// Formats are the names of the formats of hits.
func Formats() []string { return []string{"text", "jsonl", "csv"} }

// NewWriter returns a writer of a format, or nil when there is no such format.
func NewWriter(format string, w io.Writer, o *output.Options) Writer {
	buf := bufio.NewWriter(w)
	switch format {
	case "text":
		return &textHits{buf}
	case "jsonl":
		return &jsonHits{buf}
	case "csv":
		return &csvHits{w: csv.NewWriter(buf), buf: buf, o: o}
	}
	return nil
}

// Limits of what a terminal shows of one record.
const (
	maxMatches = 6
	maxEvents  = 3
	maxValue   = 240
)

type textHits struct{ w *bufio.Writer }

func (t *textHits) Hit(h *Hit) error {
	l := h.Line
	place := strings.TrimSpace(l.Snapshot + " " + l.Source)
	if l.Key != "" {
		place += " " + l.Key
	}
	fmt.Fprintf(t.w, "%s  %-14s  %-10s  %s  %s\n", l.ID, output.Clean(l.Artifact), l.Proves, output.Clean(l.Host), cut(place))
	for i, m := range h.Matches {
		if i == maxMatches {
			fmt.Fprintf(t.w, "    … and %d more\n", len(h.Matches)-i)
			break
		}
		fmt.Fprintf(t.w, "    %-18s  %s\n", output.Clean(m.Field), cut(m.Value))
	}
	if len(h.Matches) == 0 {
		fmt.Fprintf(t.w, "    %s\n", cut(h.Says))
	}
	for i, r := range h.Rows {
		if i == maxEvents {
			fmt.Fprintf(t.w, "    … and %d more events\n", len(h.Rows)-i)
			break
		}
		fmt.Fprintf(t.w, "    %s  %s  %s\n", r.ID, strings.Replace(r.Datetime(), "T", " ", 1), output.Clean(r.Kind))
	}
	return t.w.WriteByte('\n')
}

func (t *textHits) Close() error { return t.w.Flush() }

// cut cleans a value and shortens it.
func cut(s string) string {
	r := []rune(output.Clean(s))
	if len(r) <= maxValue {
		return string(r)
	}
	return string(r[:maxValue]) + "…"
}

// A jsonHit is a hit as a line of JSON.
type jsonHit struct {
	ID       string      `json:"id"`
	Artifact string      `json:"artifact"`
	Host     string      `json:"hostname"`
	User     string      `json:"username"`
	SID      string      `json:"user_sid"`
	Source   string      `json:"source_file"`
	Snapshot string      `json:"snapshot"`
	Key      string      `json:"key_path"`
	Value    string      `json:"value_name"`
	Offset   int64       `json:"offset"`
	State    string      `json:"state"`
	Proves   string      `json:"proves"`
	Message  string      `json:"message"`
	Matches  []Match     `json:"matches"`
	Events   []jsonEvent `json:"events"`
	// Absent where no rules were judged.
	Level      *string  `json:"level,omitempty"`
	FindingIDs []string `json:"finding_ids,omitempty"`
}

type jsonEvent struct {
	ID   string `json:"id"`
	Time string `json:"datetime"`
	Kind string `json:"timestamp_desc"`
}

type jsonHits struct{ w *bufio.Writer }

func (t *jsonHits) Hit(h *Hit) error {
	l := h.Line
	x := jsonHit{ID: l.ID, Artifact: l.Artifact, Host: l.Host, User: l.User, SID: l.SID, Source: l.Source, Snapshot: l.Snapshot, Key: l.Key,
		Value: l.Value, Offset: l.Offset, State: string(l.State), Proves: string(l.Proves), Message: h.Says, Matches: h.Matches,
		Events: []jsonEvent{}}
	if x.Matches == nil {
		x.Matches = []Match{}
	}
	for _, r := range h.Rows {
		x.Events = append(x.Events, jsonEvent{r.ID, r.Datetime(), r.Kind})
	}
	if v := h.Verdict; v != nil {
		x.Level, x.FindingIDs = &v.Level, v.Findings
	}
	return output.WriteJSON(t.w, x)
}

func (t *jsonHits) Close() error { return t.w.Flush() }

type csvHits struct {
	w     *csv.Writer
	buf   *bufio.Writer
	o     *output.Options
	begun bool
}

func (t *csvHits) begin() error {
	if t.begun {
		return nil
	}
	t.begun = true
	if t.o != nil && t.o.BOM {
		t.buf.WriteString("\uFEFF")
	}
	return t.w.Write([]string{"id", "artifact", "hostname", "field", "value", "datetime", "event_ids", "source_file", "key_path", "proves"})
}

// Hit writes a row for each match.
func (t *csvHits) Hit(h *Hit) error {
	if err := t.begin(); err != nil {
		return err
	}
	var ids []string
	when := ""
	for _, r := range h.Rows {
		ids = append(ids, r.ID)
		when = r.Datetime()
	}
	matches := h.Matches
	if len(matches) == 0 {
		matches = []Match{{"message", h.Says}}
	}
	l := h.Line
	for _, m := range matches {
		if err := t.w.Write(t.o.Cells([]string{l.ID, l.Artifact, l.Host, m.Field, m.Value, when, strings.Join(ids, " "), l.Source, l.Key,
			string(l.Proves)})); err != nil {
			return err
		}
	}
	return nil
}

func (t *csvHits) Close() error {
	if err := t.begin(); err != nil {
		return err
	}
	t.w.Flush()
	if err := t.w.Error(); err != nil {
		return err
	}
	return t.buf.Flush()
}
