package scan

import (
	"io"
	"maps"
	"slices"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/viewer"
)

// writeViewer writes the page to work in beside the report: the rows of the timeline,
// the findings and the log-ons. A timeline that is too long for one page is several.
func (x *machineScan) writeViewer() error {
	x.phase("writing the viewer")
	in := &viewer.Input{
		Tool: "artifactdump " + x.o.Version, Lang: x.o.Lang, CaseFolder: ".",
		Machines: []output.Machine{output.MachineOf(x.tree.Machine(), "")}, Rows: x.judged,
	}
	if x.m.Folder != "" {
		in.CaseFolder = ".."
	}
	var err error
	if in.Findings, err = viewer.FindingsOf(x.report); err != nil {
		return err
	}
	if err := in.SetLogons(x.analysis); err != nil {
		return err
	}
	pages, err := viewer.Plan(in, "viewer.html", x.m.Counts.Events)
	if err != nil {
		return err
	}
	for _, p := range pages {
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
			session(x.analysis, r)
		}
		if !yield(r, err) {
			return
		}
	}
}
