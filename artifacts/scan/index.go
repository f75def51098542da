package scan

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

// IndexName is the first page of a case of several machines.
const IndexName = "index.html"

// index writes the page that leads to the reports of several machines. It reads the
// findings from the case: a resumed scan did not judge the machines that were
// complete.
func (s *run) index() error {
	in := report.Index{Title: s.o.CaseID, Tool: "artifactdump " + s.o.Version}
	for _, h := range s.m.Machines {
		m := report.IndexMachine{Name: h.Name, Folder: h.Folder, OS: h.Product, Levels: h.Counts.Findings}
		list, err := readFindings(filepath.Join(s.part, h.Folder, "findings.jsonl"))
		if err != nil {
			return err
		}
		var page report.Input
		page.Evaluate(&findings.Report{Findings: list}, s.o.Lang)
		for i := range page.Findings {
			if x, ok := report.SubjectOf(&page.Findings[i]); ok {
				m.Subjects = append(m.Subjects, x)
			}
		}
		in.Machines = append(in.Machines, m)
	}
	chains, err := s.chains()
	if err != nil {
		return err
	}
	for i := range chains {
		f := &chains[i]
		x := report.IndexChain{Way: f.Subject, Level: f.Level.String(), First: f.FirstSeen, Last: f.LastSeen}
		for _, r := range f.Reasons {
			x.Hops = append(x.Hops, r.Says)
		}
		in.Chains = append(in.Chains, x)
		if f.Level >= s.o.Level {
			s.worst = max(s.worst, f.Level)
		}
	}
	set := files.Folder{Dir: s.part, Mode: s.mode}.Set()
	defer set.Abort()
	if len(chains) > 0 {
		w, err := set.Create(chainsName)
		if err != nil {
			return err
		}
		if err := jsonLines(w, chains); err != nil {
			return err
		}
	}
	w, err := set.Create(IndexName)
	if err != nil {
		return err
	}
	if err := report.WriteIndex(w, in, &report.Options{Lang: s.o.Lang}); err != nil {
		return err
	}
	s.m.Outputs, err = set.Commit()
	for i := range s.m.Outputs {
		o := &s.m.Outputs[i]
		if o.Format = "html"; o.Name == chainsName {
			o.Format, o.Rows = "jsonl", len(chains)
		}
	}
	return err
}

// readFindings reads the findings of a machine.
func readFindings(name string) ([]findings.Finding, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []findings.Finding
	for d := json.NewDecoder(f); ; {
		var x findings.Finding
		switch err := d.Decode(&x); {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		}
		out = append(out, x)
	}
}
