package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/hive"
	"github.com/artifactdump/artifactdump/prefetch"
)

func explainCommand() *cli.Command {
	return &cli.Command{
		Name:      "explain",
		Usage:     "from a row back to its bytes",
		ArgsUsage: "EVIDENCE ID",
		Description: "ID is the id of an event, a record or a finding. Prints where it was read - file\n" +
			"with SHA-256, key, value, offset, transaction log or free cell - and the bytes\n" +
			"there with the names of their fields, so that a second examiner can check the row\n" +
			"with a hex editor.\n\n" +
			"Example:\n" +
			"   artifactdump explain /mnt/image 57a2c8b336c5a09f",
		Flags:  slices.Concat(outputFlags(), evidenceFlags()),
		Action: explain,
	}
}

func explain(c *cli.Context) error {
	if c.NArg() != 2 {
		return usagef("usage: artifactdump explain EVIDENCE ID")
	}
	path, id := c.Args().Get(0), strings.ToLower(c.Args().Get(1))
	if id == "" {
		return usagef("the id is empty: every row of a timeline, a record or a finding has one")
	}
	s := newSession(c)
	var rec *artifacts.Record
	var event *artifacts.Event
	var tree *evidence.Tree
	o, err := openOutput(c, path)
	if err != nil {
		return err
	}
	defer o.abort()
	found := errorStop{}
	var judges []*machineFindings
	err = s.each([]string{path}, c.StringSlice("artifact"), func(t *evidence.Tree, res artifacts.Result) error {
		if len(judges) == 0 || judges[len(judges)-1].tree != t {
			judges = append(judges, &machineFindings{t, findings.NewEvaluator(findings.FactsOf(t, s.kind, c.StringSlice("artifact")), nil)})
		}
		judges[len(judges)-1].Add(&res)
		for i := range res.Records {
			r := &res.Records[i]
			if r.ID == id {
				rec, tree = r, t
			}
			for _, e := range r.Events() {
				if e.ID == id {
					rec, event, tree = r, &e, t
				}
			}
			if rec != nil {
				// The evidence closes when the run ends: explain here.
				if err := explainRecord(o, tree, rec, event); err != nil {
					return err
				}
				return found
			}
		}
		return nil
	})
	if err == nil {
		for _, j := range judges {
			for _, f := range j.Report().Findings {
				if f.ID == id {
					if err := explainFinding(o, path, f); err != nil {
						return err
					}
					if err := o.commit(); err != nil {
						return err
					}
					return s.end()
				}
			}
		}
		return fmt.Errorf("no event, record or finding of %s has the id %s; ids are stable as long as the evidence is the same", path, id)
	}
	if err != error(found) {
		return err
	}
	if err := o.commit(); err != nil {
		return err
	}
	return s.end()
}

// explainFinding writes a finding with all its evidence, and how to go on to
// the bytes of each piece.
func explainFinding(w io.Writer, path string, f findings.Finding) error {
	row := func(label, format string, args ...any) {
		if v := fmt.Sprintf(format, args...); v != "" {
			fmt.Fprintf(w, "%-12s %s\n", label, output.Clean(v))
		}
	}
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
		row("bytes", "artifactdump explain %s %s", path, e.ID)
	}
	return nil
}

// errorStop ends a run that has found what it was looking for.
type errorStop struct{}

func (errorStop) Error() string { return "found" }

func explainRecord(w io.Writer, tree *evidence.Tree, r *artifacts.Record, e *artifacts.Event) error {
	row := func(label, format string, args ...any) {
		if v := fmt.Sprintf(format, args...); v != "" {
			fmt.Fprintf(w, "%-12s %s\n", label, output.Clean(v))
		}
	}
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
		if f.Value != "" {
			row(label("fields", i), "%s: %s", f.Name, f.Value)
		}
	}
	fmt.Fprintln(w)
	row("meaning", "%s", strings.Join(strings.Fields(r.Artifact.About), " "))
	fmt.Fprintln(w)
	return explainBytes(w, tree, r)
}

// explainBytes opens the source again and shows the bytes of the record.
func explainBytes(w io.Writer, tree *evidence.Tree, r *artifacts.Record) error {
	if r.From.Key != "" {
		return explainHive(w, tree, r)
	}
	var file *evidence.File
	for _, s := range r.Artifact.Sources {
		files, _ := tree.Glob(s.Glob)
		for _, f := range files {
			if s.Glob != "" && f.Path == r.From.Path && f.Snapshot == r.From.Snapshot {
				file = f
			}
		}
	}
	if file == nil {
		return fmt.Errorf("%s is not in the evidence any more", r.From.Path)
	}
	b, err := file.Bytes()
	if b == nil {
		return err
	}
	sum := sha256.Sum256(b)
	if hex.EncodeToString(sum[:]) != r.From.SHA256 {
		fmt.Fprintln(w, "WARNING: the file has changed since the row was made: its SHA-256 is another")
	}
	if r.Artifact.Name == "prefetch" {
		data, fields, _ := prefetch.Explain(b, nil)
		if len(data) != len(b) {
			fmt.Fprintf(w, "offsets count from the start of the uncompressed data (%d bytes of %d in the file)\n", len(data), len(b))
		}
		for _, f := range fields {
			annotate(w, int64(f.Offset), data[f.Offset:f.Offset+f.Size], f.Name, f.Value)
		}
		return nil
	}
	start := min(max(r.From.Offset, 0), int64(len(b)))
	end := min(start+256, int64(len(b)))
	fmt.Fprintf(w, "bytes of the file from %#x on\n", start)
	io.WriteString(w, output.HexDump(b[start:end], start))
	return nil
}

func explainHive(w io.Writer, tree *evidence.Tree, r *artifacts.Record) error {
	hives, _ := tree.Hives()
	for _, h := range hives {
		if h.Path != r.From.Path || h.Snapshot != r.From.Snapshot {
			continue
		}
		hv, err := h.Open()
		if hv == nil {
			return err
		}
		if h.SHA256() != r.From.SHA256 {
			fmt.Fprintln(w, "WARNING: the file has changed since the row was made: its SHA-256 is another")
		}
		if rec := hv.Recovery(); rec.Applied {
			fmt.Fprintf(w, "offsets are those of the hive after %d log entries were replayed (artifactdump hive recover writes it)\n", rec.Entries)
		}
		if r.From.State.Recovered() {
			for _, rem := range h.Deleted() {
				if explainRemnant(w, rem, r.From.Offset) {
					return nil
				}
			}
		}
		k, err := hv.Key(r.From.Key)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "key node of %s\n", output.Clean(r.From.Key))
		writeFields(w, hv, k.Fields())
		for v, err := range k.Values() {
			if err == nil && v.Offset() == r.From.Offset {
				fmt.Fprintf(w, "\nvalue %s\n", output.Clean(valueName(v)))
				writeValue(w, v)
			}
		}
		return nil
	}
	return fmt.Errorf("%s is not in the evidence any more", r.From.Path)
}

// explainRemnant writes the deleted record at an offset, be it the remnant
// itself or a value of a deleted key.
func explainRemnant(w io.Writer, rem hive.Remnant, offset int64) bool {
	state := artifacts.Deleted
	if rem.Unreachable {
		state = artifacts.Unreachable
	}
	head := func() { fmt.Fprintf(w, "%s record: %s\n", state, output.Clean(rem.Note())) }
	if !rem.IsKey {
		if offset == rem.Offset || offset == rem.Value.Offset() {
			head()
			writeValue(w, rem.Value)
			return true
		}
		return false
	}
	if offset == rem.Offset || offset == rem.Key.Offset() {
		head()
		writeFields(w, rem.Key.Hive(), rem.Key.Fields())
		return true
	}
	for v, err := range rem.Key.Values() {
		if err == nil && v.Offset() == offset {
			head()
			writeFields(w, rem.Key.Hive(), rem.Key.Fields())
			fmt.Fprintf(w, "\nvalue %s\n", output.Clean(valueName(v)))
			writeValue(w, v)
			return true
		}
	}
	return false
}

// writeValue writes the fields of a value record and, where they lie in one
// piece, its data.
func writeValue(w io.Writer, v hive.Value) {
	h := v.Hive()
	writeFields(w, h, v.Fields())
	b, err := v.Bytes()
	at, image := v.DataOffset(), h.Bytes()
	if err != nil || v.Inline() || len(b) == 0 || at < 0 || at+int64(len(b)) > int64(len(image)) {
		return
	}
	// Big data lies in several cells: what stands at its offset is their list.
	if bytes.Equal(image[at:at+int64(len(b))], b) {
		annotate(w, at, b, "data", v.Type().String())
	}
}

func writeFields(w io.Writer, h *hive.Hive, fields []hive.Field) {
	image := h.Bytes()
	for _, f := range fields {
		if f.Offset < 0 || f.Offset+int64(f.Size) > int64(len(image)) {
			continue
		}
		annotate(w, f.Offset, image[f.Offset:f.Offset+int64(f.Size)], f.Name, f.Value)
	}
}

// annotate writes one field: offset, bytes, name and meaning. Long fields get
// a dump below.
func annotate(w io.Writer, off int64, b []byte, name, value string) {
	if len(b) <= 8 {
		fmt.Fprintf(w, "%08x  %-24s %-28s %s\n", off, fmt.Sprintf("% x", b), name, output.Clean(value))
		return
	}
	fmt.Fprintf(w, "%08x  %-24s %-28s %s\n", off, fmt.Sprintf("(%d bytes)", len(b)), name, output.Clean(value))
	io.WriteString(w, output.HexDump(b[:min(len(b), 512)], off))
	if len(b) > 512 {
		fmt.Fprintf(w, "          … %d bytes more\n", len(b)-512)
	}
}
