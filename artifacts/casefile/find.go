package casefile

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Found is what has an id: an event, a record or a finding. Of an event the
// record is found, too.
type Found struct {
	ID      string
	Machine *Machine
	Finding *findings.Finding
	Row     *output.Row
	Record  *output.RecordLine
}

// IDLength is the length of a whole id.
const IDLength = 16

// maxFound bounds how many things are named that have one prefix.
const maxFound = 10

// An AmbiguousError is a prefix that several ids have.
type AmbiguousError struct {
	Prefix string
	IDs    []string // some of them
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("several ids begin with %s: %s: give more digits", e.Prefix, strings.Join(e.IDs, ", "))
}

// Find returns what has an id, or the one id with this prefix. It returns nil when
// nothing has, and an [AmbiguousError] when several have. What could not be read in
// the case goes to damage.
func (c *Case) Find(ctx context.Context, prefix string, damage func(error)) (*Found, error) {
	var found []*Found
	add := func(f *Found) bool {
		if !slices.ContainsFunc(found, func(o *Found) bool { return o.ID == f.ID }) {
			found = append(found, f)
		}
		return len(found) < maxFound && len(prefix) < IDLength
	}
	for _, m := range c.Machines {
		if !m.find(ctx, prefix, add, damage) {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
	default:
		var ids []string
		for _, f := range found {
			ids = append(ids, f.ID)
		}
		return nil, &AmbiguousError{prefix, ids}
	}
	f := found[0]
	if f.Row != nil && f.Record == nil {
		f.Machine.find(ctx, f.Row.RecordID, func(r *Found) bool { f.Record = r.Record; return f.Record == nil }, damage)
	}
	return f, ctx.Err()
}

// find passes on what has the prefix in one machine. It returns false when no more
// is wanted.
func (m *Machine) find(ctx context.Context, prefix string, add func(*Found) bool, damage func(error)) bool {
	r, err := m.Findings(ctx)
	if err != nil {
		damage(err)
		r = new(findings.Report)
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; strings.HasPrefix(f.ID, prefix) && !add(&Found{ID: f.ID, Machine: m, Finding: f}) {
			return false
		}
	}
	for rec, err := range m.Lines(ctx) {
		switch {
		case err != nil:
			damage(err)
		case strings.HasPrefix(rec.ID, prefix) && !add(&Found{ID: rec.ID, Machine: m, Record: rec}):
			return false
		}
	}
	for row, err := range m.Rows(ctx) {
		switch {
		case err != nil:
			damage(err)
		case strings.HasPrefix(row.ID, prefix) && !add(&Found{ID: row.ID, Machine: m, Row: row}):
			return false
		}
	}
	return true
}

// Explain writes what the case holds of something that was found. command is what
// shows the bytes, in the evidence of the machine.
func Explain(w io.Writer, f *Found, command func(id string) string) error {
	row := func(label, format string, args ...any) {
		if v := fmt.Sprintf(format, args...); v != "" {
			fmt.Fprintf(w, "%-12s %s\n", label, output.Clean(v))
		}
	}
	if r := f.Row; r != nil {
		row("event", "%s", r.ID)
		row("time", "%s (%s)", r.Datetime(), r.Kind)
		row("time kind", "%s", r.TimeKind)
		row("says", "%s", r.Message)
		row("level", "%s", r.Level)
		row("findings", "%s", strings.Join(r.FindingIDs, ", "))
		row("also in", "%s", strings.Join(r.Also, "; "))
	}
	l := f.Record
	if r := f.Row; l == nil && r != nil {
		l = &output.RecordLine{Artifact: r.Parser, ID: r.RecordID, Host: r.Host, User: r.User, SID: r.SID, Source: r.Source, SHA256: r.SHA256,
			Snapshot: r.Snapshot, Key: r.Key, Value: r.Value, Offset: r.Offset, State: r.State, Proves: r.Proof}
	}
	if l == nil {
		return nil
	}
	row("artifact", "%s", l.Artifact)
	row("record", "%s", l.ID)
	row("proves", "%s", l.Proves)
	row("host", "%s", l.Host)
	row("user", "%s", strings.TrimSpace(l.User+" "+l.SID))
	row("file", "%s", l.Source)
	row("sha256", "%s", l.SHA256)
	row("snapshot", "%s", l.Snapshot)
	row("key", "%s", l.Key)
	row("value", "%s", l.Value)
	row("offset", "%d (%#x)", l.Offset, l.Offset)
	row("state", "%s", l.State)
	row("", "%s", l.Note)
	label := "fields"
	err := l.Fields(func(name, value string) bool {
		row(label, "%s: %s", name, value)
		label = ""
		return true
	})
	fmt.Fprintln(w)
	row("bytes", "%s", command(cmp.Or(f.ID, l.ID)))
	return err
}
