// Package terminal writes text for people: harmless, and short enough for a line.
package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Checked writer keeps the first error of its writer.
type Checked struct {
	io.Writer
	Err error
}

func (c *Checked) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	if c.Err == nil {
		c.Err = err
	}
	return n, err
}

// Is reports whether a writer, checked or not, is a terminal.
func Is(w io.Writer) bool {
	if c, ok := w.(*Checked); ok {
		w = c.Writer
	}
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0
}

// LineWidth is what every terminal has: a longer line would break, and could
// not be drawn over.
const LineWidth = 79

// Cut shortens a text to as many columns; letters of East Asia take two.
func Cut(s string, columns int) string {
	for i, r := range s {
		if columns--; r >= 0x1100 {
			columns--
		}
		if columns < 0 {
			return s[:i]
		}
	}
	return s
}

// Clean makes a message harmless on a terminal, line by line. All lines but the
// first are set in: text after a line break in a name must
// not look like one of our messages.
func Clean(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = output.Clean(l)
	}
	return strings.Join(lines, "\n    ")
}

// Count writes a number with its noun: "1 log entry", "2 log entries".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
