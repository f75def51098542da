package scan

import (
	"fmt"

	"github.com/klauspost/compress/gzip"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/events"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// UnshownName is the file of a case with the records that rules and analyses saw
// and that no output shows: events of the catalogue below the rating of
// --events. Each line is that of a record. Without it, log-ons could not be
// analysed from a case.
const UnshownName = "records/unshown.jsonl.gz"

// An unshownFile writes the records that are not shown.
type unshownFile struct {
	files *files.Set
	zip   *gzip.Writer
	lines output.RecordWriter
	rows  int
}

// unshown keeps a record that is not shown.
func (x *machineScan) unshown(rec *artifacts.Record) error {
	if e, ok := rec.Data.(events.Event); !ok || e.Kind == nil {
		return nil // no analysis knows it
	}
	u := &x.quiet
	if u.files == nil {
		u.files = x.Set()
		w, err := u.files.Create(UnshownName)
		if err != nil {
			return err
		}
		if u.zip, err = gzip.NewWriterLevel(w, gzip.BestSpeed); err != nil {
			return err
		}
		jsonl, _ := output.Lookup("jsonl")
		u.lines = jsonl.Records(u.zip, x.opts)
	}
	u.rows++
	if err := u.lines.Record(rec); err != nil {
		return fmt.Errorf("%s: %w", UnshownName, err)
	}
	return nil
}

// endUnshown gives the file its name.
func (x *machineScan) endUnshown() error {
	u := &x.quiet
	if u.files == nil {
		return nil
	}
	if err := u.lines.Close(); err != nil {
		return err
	}
	if err := u.zip.Close(); err != nil {
		return err
	}
	return x.commit(u.files, "jsonl.gz", u.rows, nil)
}
