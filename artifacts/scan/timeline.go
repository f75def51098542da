package scan

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
)

// A timelineFile is one format of the timeline being written. It has a
// goroutine of its own, so that the slowest format and not their sum decides.
type timelineFile struct {
	format output.Format
	files  *files.Set
	name   string // of a file that the writer opens itself
	w      output.EventWriter
	rows   chan []*output.Row
	n      int
	err    error
	later  bool // closed and committed by another
}

const (
	rowBatch  = 256
	batchPipe = 4 // batches that a format may lie behind
)

// timeline writes the sorted events in all formats at once. The report takes them in
// on the way, and so does the viewer, if one page can hold them: they are read once.
func (x *machineScan) timeline() (err error) {
	x.phase(phaseTimeline)
	var list []*timelineFile
	defer func() {
		for _, t := range list {
			if err != nil || !t.later {
				t.files.Abort()
			}
		}
	}()
	for _, f := range x.formats {
		if f.Events == nil && f.File == nil {
			continue
		}
		t := &timelineFile{format: f, files: x.Set(), rows: make(chan []*output.Row, batchPipe)}
		list = append(list, t)
		if err := x.openTimeline(t); err != nil {
			return err
		}
	}
	if err := x.beginViewer(); err != nil {
		return err
	}
	if x.viewer.page != nil {
		list = append(list, x.viewer.page)
	}
	ctx, cancel := context.WithCancelCause(x.ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, t := range list {
		wg.Go(func() {
			for batch := range t.rows {
				for _, r := range batch {
					if t.err == nil {
						if t.err = t.w.Event(r); t.err != nil {
							cancel(fmt.Errorf("%s: %w", t.format.Name, t.err))
						}
						t.n++
					}
				}
			}
		})
	}
	err = x.feed(ctx, list)
	for _, t := range list {
		close(t.rows)
	}
	wg.Wait()
	if err != nil {
		for _, t := range list {
			if t.format.File != nil {
				t.w.Close()
				os.Remove(filepath.Join(x.Dir, t.name+".partial"))
			}
		}
		return err
	}
	for _, t := range list {
		if t.later {
			continue
		}
		x.phase("closing " + t.format.Name)
		if err := t.w.Close(); err != nil {
			return fmt.Errorf("%s: %w", t.format.Name, err)
		}
		if t.format.File != nil {
			if err := x.commitFile(t); err != nil {
				return err
			}
			continue
		}
		rows := -1
		if t.format.Name == "parquet" || t.format.Name == "xlsx" {
			rows = t.n
		}
		if err := x.commit(t.files, t.format.Name, rows, t.w); err != nil {
			return err
		}
	}
	return nil
}

func (x *machineScan) openTimeline(t *timelineFile) (err error) {
	f := t.format
	switch {
	case f.EventFiles != nil:
		t.w = f.EventFiles(func(name string) (io.Writer, error) { return t.files.Create(f.Name + "/" + name) }, x.opts)
		return nil
	case f.File != nil:
		t.name = "timeline" + f.Ext
		path := filepath.Join(x.Dir, t.name+".partial")
		os.Remove(path)
		if t.w, err = f.File(path, x.opts); err != nil {
			return err
		}
		return x.Mode.Set(path)
	}
	name := "timeline" + f.Ext
	if f.Name == "parquet" {
		name = partitioned("timeline", x.m.Name, f.Ext)
	}
	w, err := t.files.Create(name)
	if err != nil {
		return err
	}
	t.w = f.Events(w, x.opts)
	return nil
}

// feed reads the sort once and hands the rows to all formats.
func (x *machineScan) feed(ctx context.Context, list []*timelineFile) error {
	var batch []*output.Row
	n, planned := 0, x.sorter.Len()
	send := func() error {
		for _, t := range list {
			select {
			case t.rows <- batch:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		batch = nil
		return nil
	}
	c, report := &x.m.Counts, x.page.Taker()
	for r, err := range x.sorter.Rows() {
		if err != nil {
			return err
		}
		if n == 0 {
			c.Oldest = output.FormatTime(r.Time)
		}
		c.Newest = output.FormatTime(r.Time)
		r.Judge(x.verdicts)
		if err := session(x.analysis, r); err != nil {
			return err
		}
		n++
		c.Joined += len(r.Also)
		report(r)
		x.viewer.counts.Add(r)
		if batch = append(batch, r); len(batch) == rowBatch {
			if err := send(); err != nil {
				return err
			}
			x.progress(n, planned, "")
		}
	}
	c.Events = n
	if err := send(); err != nil {
		return err
	}
	return nil
}

// commitFile gives a file its name that its writer opened itself.
func (x *machineScan) commitFile(t *timelineFile) error {
	path := filepath.Join(x.Dir, t.name)
	sum, err := files.SHA256(x.ctx, path+".partial")
	if err != nil {
		return err
	}
	st, err := os.Stat(path + ".partial")
	if err != nil {
		return err
	}
	if err := os.Rename(path+".partial", path); err != nil {
		return err
	}
	x.m.Outputs = append(x.m.Outputs, files.File{Name: t.name, Format: t.format.Name, Rows: t.n, Bytes: st.Size(), SHA256: sum})
	return nil
}
