package main

import (
	"fmt"
	"path/filepath"

	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/terminal"
)

// worst names the worst findings of a case, and what to open.
func (s *session) worst(dir string, m *scan.Manifest) {
	if len(m.Machines) > 1 {
		fmt.Fprintln(s.stderr, m.Total())
	}
	list := scan.Worst(dir, m)
	if len(list) > 0 {
		fmt.Fprintln(s.stderr, "worst findings:")
	}
	for _, f := range list {
		host := ""
		if len(m.Machines) > 1 {
			host = f.Host + "  "
		}
		fmt.Fprintf(s.stderr, "  %-13s %s%s  %s  %s\n", f.Level, terminal.Clean(host), terminal.Clean(f.Subject),
			terminal.Clean(f.Title), f.ID)
	}
	fmt.Fprintf(s.stderr, "case folder: %s\n", terminal.Clean(dir))
	if len(m.Machines) == 1 && m.Machines[0] != nil {
		folder := filepath.Join(dir, m.Machines[0].Folder)
		fmt.Fprintf(s.stderr, "open %s\n", terminal.Clean(filepath.Join(folder, "report.html")))
		fmt.Fprintf(s.stderr, "open %s\n", terminal.Clean(filepath.Join(folder, "viewer.html")))
	} else if len(m.Machines) > 1 {
		fmt.Fprintf(s.stderr, "open %s\n", terminal.Clean(filepath.Join(dir, scan.IndexName)))
	}
}
