// Package diffview writes the differences between two cases.
package diffview

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/fleet/observations"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// Formats are the names of the formats.
func Formats() []string { return []string{"text", "jsonl", "csv"} }

// A Writer writes changes.
type Writer struct {
	format string
	w      *bufio.Writer
	csv    *csv.Writer
	o      *output.Options
	host   string
	counts map[string]int
	err    error
}

// New returns a writer of a format.
func New(format string, w io.Writer, o *output.Options) *Writer {
	x := &Writer{format: format, w: bufio.NewWriter(w), o: o, counts: map[string]int{}}
	if format == "csv" {
		if o.BOM {
			x.w.WriteString("\uFEFF")
		}
		x.csv = csv.NewWriter(x.w)
		x.err = x.csv.Write([]string{"change", "kind", "key", "hostname", "level", "first", "last", "count", "count_before", "where", "where_before",
			"ids", "says"})
	}
	return x
}

// Machine begins with another pair of machines.
func (x *Writer) Machine(p casefile.Pair) {
	x.host = p.After.Name
	if x.format != "text" {
		return
	}
	x.total()
	fmt.Fprintf(x.w, "# %s: %s, then %s; times are UTC\n", output.Clean(x.host), output.Clean(p.Before.Dir), output.Clean(p.After.Dir))
}

// total says how many changes the last machine had.
func (x *Writer) total() {
	if len(x.counts) > 0 {
		var parts []string
		for i, change := range casefile.Changes() {
			if n := x.counts[change]; n > 0 || i < 3 {
				parts = append(parts, fmt.Sprintf("%d %s", n, change))
			}
		}
		fmt.Fprintf(x.w, "%s\n\n", strings.Join(parts, ", "))
	}
	clear(x.counts)
}

// A line is a change as a line of JSON.
type line struct {
	Change string                    `json:"change"`
	Kind   string                    `json:"kind"`
	Key    string                    `json:"key"`
	Host   string                    `json:"hostname"`
	Before *observations.Observation `json:"before,omitempty"`
	After  *observations.Observation `json:"after,omitempty"`
	Says   string                    `json:"says,omitempty"`
}

// Change writes a change.
func (x *Writer) Change(c *casefile.Change) error {
	x.counts[c.Change]++
	now, was := c.After, c.Before
	if now == nil {
		now = was
	}
	if was == nil {
		was = &observations.Observation{}
	}
	switch x.format {
	case "jsonl":
		return output.WriteJSON(x.w, line{c.Change, c.Kind, c.Key, x.host, c.Before, c.After, c.Says})
	case "csv":
		return cmp.Or(x.err, x.csv.Write(x.o.Cells([]string{c.Change, c.Kind, c.Key, x.host, now.Level, now.First, now.Last,
			strconv.FormatInt(now.Count, 10), strconv.FormatInt(was.Count, 10), now.Where, was.Where, strings.Join(now.IDs, " "), c.Says})))
	}
	first := ""
	if len(now.First) >= len("2006-01-02T15:04:05") {
		first = strings.Replace(now.First[:len("2006-01-02T15:04:05")], "T", " ", 1)
	}
	_, err := fmt.Fprintf(x.w, "%-14s %-9s %-13s %-19s  %s%s\n", c.Change, c.Kind, now.Level, first, output.Clean(c.Key), output.Clean(how(c)))
	return err
}

// how says what changed.
func how(c *casefile.Change) string {
	if c.Says != "" {
		return "  (" + c.Says + ")"
	}
	if c.Change != casefile.Changed {
		return ""
	}
	var parts []string
	a, b := c.Before, c.After
	if a.Count != b.Count {
		parts = append(parts, fmt.Sprintf("records %d → %d", a.Count, b.Count))
	}
	if a.Level != b.Level {
		parts = append(parts, fmt.Sprintf("level %s → %s", cmp.Or(a.Level, "none"), cmp.Or(b.Level, "none")))
	}
	if a.Where != b.Where {
		parts = append(parts, fmt.Sprintf("%s → %s", a.Where, b.Where))
	}
	return "  (" + strings.Join(parts, "; ") + ")"
}

// Close writes what is left.
func (x *Writer) Close() error {
	switch x.format {
	case "text":
		if len(x.counts) == 0 {
			fmt.Fprintln(x.w, "no differences")
		}
		x.total()
	case "csv":
		x.csv.Flush()
		if err := cmp.Or(x.err, x.csv.Error()); err != nil {
			return err
		}
	}
	return x.w.Flush()
}
