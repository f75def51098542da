package output

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/artifactdump/artifactdump/artifacts"
)

// textRecords writes each record as a block of fields.
type textRecords struct{ w *bufio.Writer }

func newTextRecords(w io.Writer, _ *Options) RecordWriter { return &textRecords{bufio.NewWriter(w)} }

func (t *textRecords) Record(r *artifacts.Record) error {
	fmt.Fprintf(t.w, "%s  %s\n", r.Artifact.Name, Clean(r.Summary()))
	row := func(k, v string) {
		if v != "" {
			fmt.Fprintf(t.w, "  %-20s %s\n", k, Clean(v))
		}
	}
	row("id", r.ID)
	row("proves", string(r.Proof()))
	row("user", strings.TrimSpace(r.User.Name+" "+r.User.SID))
	row("file", r.From.Path)
	row("key", r.From.Key)
	row("value", r.From.Value)
	row("offset", fmt.Sprintf("%#x", r.From.Offset))
	if r.From.State != artifacts.Live {
		row("state", strings.TrimSpace(string(r.From.State)+" "+r.From.Note))
	}
	local := artifacts.LocalTimes(r.Data)
	for _, f := range columns(r.Data) {
		if slices.Contains(local, f.Name) {
			f.Value += " local"
		}
		if f.Value != "false" { // what is not so is left out
			row(f.Name, f.Value)
		}
	}
	_, err := t.w.WriteString("\n")
	return err
}

func (t *textRecords) Close() error { return t.w.Flush() }

// lineRecords writes one line for each record: whose it is, what it says, when
// its key was written or its first time, and where it lies.
type lineRecords struct{ w *bufio.Writer }

func newLineRecords(w io.Writer, _ *Options) RecordWriter { return &lineRecords{bufio.NewWriter(w)} }

func (l *lineRecords) Record(r *artifacts.Record) error {
	who := cmp.Or(r.User.Name, r.User.SID, "machine")
	when := "-"
	if ev := r.Events(); len(ev) > 0 {
		when = ev[0].Time.UTC().Format("2006-01-02 15:04:05")
		if ev[0].Local {
			when += " local"
		}
	}
	fmt.Fprintf(l.w, "%-11s %-10s %-19s  %s", r.Proof(), Clean(who), when, Clean(r.Summary()))
	if tags := r.Tags(); len(tags) > 0 {
		fmt.Fprintf(l.w, "  [%s]", Clean(strings.Join(tags, ", ")))
	}
	_, err := fmt.Fprintf(l.w, "  %s\n", r.ID)
	return err
}

func (l *lineRecords) Close() error { return l.w.Flush() }

// Clean makes text from the evidence harmless on a terminal: control
// characters and marks that change the direction of writing become U+FFFD.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == 0x2028 || r == 0x2029 {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Bytes writes a number of bytes in the unit that fits: "1.2 GB". The units are those
// of the metric system.
func Bytes(n int64) string {
	if n < 1000 {
		return fmt.Sprintf("%d bytes", n)
	}
	v, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		if v /= 1000; v < 999.95 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}
