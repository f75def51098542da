package reportview

import (
	"bytes"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/sessiontest"
)

// page writes the report of paths.
func page(t *testing.T, paths ...string) (string, report.Input) {
	t.Helper()
	opts := &report.Options{Lang: "en", Rows: 100}
	in := report.Input{Tool: "test", Collected: report.NewCollector(opts)}
	s, said := sessiontest.New(session.Options{})
	cases, err := s.OpenCases(paths...)
	if err != nil {
		t.Fatal(err)
	}
	var sorter output.Sorter
	defer sorter.Close()
	if cases != nil {
		err = OfCases(t.Context(), s, &in, cases, opts)
	} else {
		err = OfEvidence(t.Context(), s, &in, &sorter, paths, nil, opts.Lang)
	}
	if err != nil || s.Damages() > 0 {
		t.Fatalf("%v: %s", err, said)
	}
	var b bytes.Buffer
	if err := report.Write(&b, in, opts); err != nil {
		t.Fatal(err)
	}
	return b.String(), in
}

// TestReport has the same findings in the report of evidence and of its case, and the
// facts of each machine.
func TestReport(t *testing.T) {
	dir := sessiontest.Case(t)
	evidence, in := page(t, sessiontest.Incident)
	kept, _ := page(t, dir)
	const finding = `class="finding `
	if a, b := strings.Count(evidence, finding), strings.Count(kept, finding); a == 0 || a != b {
		t.Errorf("%d findings of evidence, %d of the case", a, b)
	}
	if len(in.Machines) != 1 || in.Machines[0].Kind == "" || in.Machines[0].LocalTimes == "" || in.Logons == nil {
		t.Errorf("%+v", in.Machines)
	}
	_, two := page(t, dir, dir)
	if len(two.Machines) != 2 {
		t.Errorf("%d machines of two cases", len(two.Machines))
	}
}
