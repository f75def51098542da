package verify

import (
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

// A Total sums up verdicts.
type Total struct {
	Files, Agreed, Known, Unexplained int
	Silent                            int // files that the witness did not read
}

// Add counts a verdict.
func (t *Total) Add(v *Verdict) {
	t.Files++
	t.Agreed += v.Agreed
	t.Known += v.Divergences()
	t.Unexplained += v.Differences()
	if v.Witness != "" {
		t.Silent++
	}
}

// Text writes the sums for people.
func (t *Total) Text(w io.Writer) error {
	_, err := fmt.Fprintf(w, "\n%s: %s agreed, %s, %d unexplained; not read by the witness: %d\n",
		terminal.Count(t.Files, "file", "files"), terminal.Count(t.Agreed, "field", "fields"),
		terminal.Count(t.Known, "known divergence", "known divergences"), t.Unexplained, t.Silent)
	return err
}
