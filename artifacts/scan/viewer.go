package scan

import (
	"io"
	"maps"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/viewer"
)

// A viewerPages is the page to work in, which lies beside the report: the rows of the
// timeline, the findings and the log-ons.
type viewerPages struct {
	in     *viewer.Input
	counts viewer.Counts
	page   *timelineFile // while the timeline is written, if it certainly is one page
}

// A viewerFile writes the viewer as one of the formats of the timeline.
type viewerFile struct{ *viewer.Writer }

// Event implements [output.EventWriter].
func (w viewerFile) Event(r *output.Row) error { return w.Row(r) }

// beginViewer makes ready what the page shows, and begins it unless the timeline may be
// too long for one page.
func (x *machineScan) beginViewer() error {
	in := &viewer.Input{
		Tool: "artifactdump " + x.o.Version, Lang: x.o.Lang, CaseFolder: ".",
		Machines: []output.Machine{output.MachineOf(x.tree.Machine(), "")}, Rows: x.judged,
	}
	if x.m.Folder != "" {
		in.CaseFolder = ".."
	}
	x.viewer.in = in
	var err error
	if in.Findings, err = viewer.FindingsOf(x.report); err != nil {
		return err
	}
	if in.Programs, err = viewer.ProgramsOf(x.report.Models...); err != nil {
		return err
	}
	if err := in.SetLogons(x.analysis); err != nil {
		return err
	}
	if x.sorter.Len() > viewer.MaxRows {
		return nil
	}
	set := x.Set()
	w, err := set.Create(viewerName)
	if err != nil {
		return err
	}
	page, err := viewer.NewWriter(w, in)
	if err != nil {
		set.Abort()
		return err
	}
	x.viewer.page = &timelineFile{
		format: output.Format{Name: "html"}, files: set, w: viewerFile{page}, rows: make(chan []*output.Row, batchPipe), later: true,
	}
	return nil
}

const viewerName = "viewer.html"

// writeViewer ends the page that was written with the timeline, or writes the pages of
// a longer one.
func (x *machineScan) writeViewer() error {
	x.phase("writing the viewer")
	if t := x.viewer.page; t != nil {
		if err := t.w.Close(); err != nil {
			return err
		}
		return x.commit(t.files, t.format.Name, 0, nil)
	}
	pages := viewer.Divide(x.viewer.in, viewerName, &x.viewer.counts)
	for p := range viewer.InTurn(pages) {
		if err := x.small(p.Name, "html", 0, func(w io.Writer) error { return viewer.Write(w, p.Input) }); err != nil {
			return err
		}
	}
	if len(pages) > 1 {
		x.note("viewer.html: the timeline is longer than a page can hold: split into %d pages", len(pages))
	}
	for _, kind := range slices.Sorted(maps.Keys(pages[0].Folded)) {
		x.note("viewer.html: %s left out to fit into one page: %s", count(pages[0].Folded[kind], "row"), kind)
	}
	return nil
}

// judged yields the rows of the timeline with their findings.
func (x *machineScan) judged(yield func(*output.Row, error) bool) {
	n := 0
	for r, err := range x.sorter.Rows() {
		if n++; n%1024 == 0 && x.ctx.Err() != nil {
			yield(nil, x.ctx.Err())
			return
		}
		if r != nil {
			r.Judge(x.verdicts)
			err = session(x.analysis, r)
		}
		if !yield(r, err) {
			return
		}
	}
}
