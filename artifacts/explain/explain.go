// Package explain leads from the id of an event, a record or a finding back to
// the bytes that it came from, so that a second examiner can check it with a hex
// editor.
package explain

import (
	"fmt"
	"io"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// Find calls yield with each record whose id begins with a prefix, and with each
// event whose id does and its record, until it returns false. It reports whether
// more may follow.
func Find(res *artifacts.Result, prefix string, yield func(*artifacts.Record, *artifacts.Event) bool) bool {
	for i := range res.Records {
		r := &res.Records[i]
		if strings.HasPrefix(r.ID, prefix) && !yield(r, nil) {
			return false
		}
		for _, e := range r.Events() {
			if strings.HasPrefix(e.ID, prefix) && !yield(r, &e) {
				return false
			}
		}
	}
	return true
}

// rows returns a function that writes a labelled line, unless it is empty.
func rows(w io.Writer) func(label, format string, args ...any) {
	return func(label, format string, args ...any) {
		if v := fmt.Sprintf(format, args...); v != "" {
			fmt.Fprintf(w, "%-12s %s\n", label, output.Clean(v))
		}
	}
}

// Finding writes a finding with all its evidence. command is what shows the
// bytes behind the record with an id.
func Finding(w io.Writer, f *findings.Finding, command func(id string) string) error {
	row := rows(w)
	row("finding", "%s: %s (%s)", f.ID, f.Title, f.Level)
	row("subject", "%s", f.Subject)
	row("host", "%s", f.Host)
	row("why", "%s", f.Why)
	for i, e := range f.Evidence {
		fmt.Fprintln(w)
		row("evidence", "%d of %d", i+1, len(f.Evidence))
		b, err := output.Marshal(e)
		if err != nil {
			return err
		}
		row("", "%s", b)
		row("bytes", "%s", command(e.ID))
	}
	return nil
}

// Record writes where a record was read, what it says and proves, and the bytes
// there. e is one of its events, or nil.
func Record(w io.Writer, tree *evidence.Tree, r *artifacts.Record, e *artifacts.Event) error {
	row := rows(w)
	row("artifact", "%s: %s", r.Artifact.Name, r.Artifact.Title)
	row("record", "%s", r.ID)
	if e != nil {
		row("event", "%s", e.ID)
		row("time", "%s (%s)", output.FormatTime(e.Time), e.Kind)
	}
	row("says", "%s", r.Summary())
	row("proves", "%s", r.Proof())
	row("host", "%s", r.Host)
	row("user", "%s", strings.TrimSpace(r.User.Name+" "+r.User.SID))
	row("file", "%s", r.From.Path)
	row("sha256", "%s", r.From.SHA256)
	row("snapshot", "%s", r.From.Snapshot)
	row("key", "%s", r.From.Key)
	if r.From.Value != "" || r.From.Key != "" {
		row("value", "%s", r.From.Value)
	}
	row("offset", "%d (%#x)", r.From.Offset, r.From.Offset)
	row("state", "%s", r.From.State)
	row("", "%s", r.From.Note)
	for i, f := range artifacts.Fields(r.Data) {
		if f.Value == "" {
			continue
		}
		label := ""
		if i == 0 {
			label = "fields"
		}
		row(label, "%s: %s", f.Name, f.Value)
	}
	fmt.Fprintln(w)
	row("meaning", "%s", strings.Join(strings.Fields(r.Artifact.About), " "))
	fmt.Fprintln(w)
	return source(w, tree, r)
}
