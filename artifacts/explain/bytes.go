package explain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/hive"
	"github.com/artifactdump/artifactdump/prefetch"
)

// source opens the source again and shows the bytes of the record.
func source(w io.Writer, tree *evidence.Tree, r *artifacts.Record) error {
	if r.From.Key != "" {
		return hiveRecord(w, tree, r)
	}
	file := lookup(tree, r)
	if file == nil {
		return fmt.Errorf("%s is no longer in the evidence", r.From.Path)
	}
	if e, ok := r.Data.(events.Event); ok && !exported(file) {
		return eventRecord(w, file, r, e)
	}
	if r.Artifact.Group == "File system" {
		return volumeRecord(w, file, r)
	}
	if r.Artifact.Name == "prefetch" {
		return prefetchFile(w, file, r)
	}
	d, err := file.OpenAt()
	if d == nil {
		return err
	}
	defer d.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(d, 0, d.Size())); err == nil {
		compareHash(w, r, sum.Sum(nil))
	}
	start := min(max(r.From.Offset, 0), d.Size())
	b := make([]byte, min(256, d.Size()-start))
	n, err := d.ReadAt(b, start)
	if n == len(b) {
		err = nil
	}
	fmt.Fprintf(w, "bytes of the file from %#x on\n", start)
	io.WriteString(w, output.HexDump(b[:n], start))
	return err
}

// lookup returns the file of a record, nil when it is gone.
func lookup(tree *evidence.Tree, r *artifacts.Record) *evidence.File {
	for _, s := range r.Artifact.SourcesIn(tree) {
		if s.Glob == "" {
			continue
		}
		files, _ := tree.Glob(s.Glob)
		if s.Signature != "" {
			files = append(files, tree.Signed(s.Signature)...)
		}
		for _, f := range files {
			if f.Path == r.From.Path && f.Snapshot == r.From.Snapshot {
				return f
			}
		}
	}
	f, _ := tree.LookupCopy(r.From.Path, r.From.Snapshot) // the log beside a database
	return f
}

// compareHash warns when the source is not what it was. The records of a streamed
// file in several pieces have no hash.
func compareHash(w io.Writer, r *artifacts.Record, sum []byte) {
	if r.From.SHA256 != "" && hex.EncodeToString(sum) != r.From.SHA256 {
		fmt.Fprintln(w, "WARNING: the file has changed since the row was made: its SHA-256 differs")
	}
}

// prefetchFile annotates all fields of a Prefetch file.
func prefetchFile(w io.Writer, file *evidence.File, r *artifacts.Record) error {
	b, err := file.BytesUpTo(artifacts.DefaultMaxWhole)
	if b == nil {
		return err
	}
	sum := sha256.Sum256(b)
	compareHash(w, r, sum[:])
	data, fields, _ := prefetch.Explain(b, nil)
	if len(data) != len(b) {
		fmt.Fprintf(w, "offsets count from the start of the uncompressed data (%d bytes of %d in the file)\n", len(data), len(b))
	}
	for _, f := range fields {
		annotate(w, int64(f.Offset), data[f.Offset:f.Offset+f.Size], f.Name, f.Value)
	}
	return nil
}

func hiveRecord(w io.Writer, tree *evidence.Tree, r *artifacts.Record) error {
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
			fmt.Fprintln(w, "WARNING: the file has changed since the row was made: its SHA-256 differs")
		}
		if rec := hv.Recovery(); rec.Applied {
			entries := "log entries were"
			if rec.Entries == 1 {
				entries = "log entry was"
			}
			fmt.Fprintf(w, "offsets refer to the hive after %d %s replayed (artifactdump hive recover writes it)\n", rec.Entries, entries)
		}
		if r.From.State.Recovered() {
			for _, rem := range h.Deleted() {
				if remnant(w, rem, r.From.Offset) {
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
	return fmt.Errorf("%s is no longer in the evidence", r.From.Path)
}

// remnant writes the deleted or unreachable record at an offset, be it the remnant
// itself or a value of a deleted key.
func remnant(w io.Writer, rem hive.Remnant, offset int64) bool {
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

func valueName(v hive.Value) string {
	if n := v.Name(); n != "" {
		return n
	}
	return "(Default)"
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
