// Package pageview gets what the pages to work in show of evidence or cases, and
// writes them.
package pageview

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/casefile"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/findings"
	"github.com/artifactdump/artifactdump/artifacts/logons"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/output/files"
	"github.com/artifactdump/artifactdump/artifacts/programs"
	"github.com/artifactdump/artifactdump/artifacts/scan"
	"github.com/artifactdump/artifactdump/artifacts/viewer"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/messages"
	"github.com/artifactdump/artifactdump/cmd/artifactdump/internal/session"
)

// Writable looks at an output before the evidence is read, which can be long.
func Writable(name string, force bool, evidence []string) error {
	if name == "-" {
		return nil
	}
	if err := files.Outside(name, evidence); err != nil {
		return err
	}
	if st, err := os.Stat(name); err == nil && st.Mode().IsRegular() && !force {
		return &files.ExistsError{Name: name}
	}
	return nil
}

// Read reads cases or evidence. atMost is a number of rows that there are not more of.
// The rows need the sorter until they have been written.
func Read(ctx context.Context, s *session.Session, paths []string, sorter *output.Sorter, tables *findings.Tables) (
	in *viewer.Input, atMost int, err error) {
	cases, err := s.OpenCases(paths...)
	if err != nil {
		return nil, 0, err
	}
	if cases != nil {
		if in, atMost, err = casefile.Viewer(ctx, cases...); err == nil {
			in.Rows, err = s.Rows(ctx, cases)
		}
		if err == nil {
			var x *casefile.Compared
			if x, err = s.Compared(ctx, cases); x != nil {
				in.Findings, err = viewer.FindingsOf(x.Reports...)
			}
		}
		return in, atMost, err
	}
	b := logons.New(nil)
	defer b.Close()
	sorter.Zone = s.Zone
	j, err := s.Judge(ctx, paths, &findings.Options{Tables: tables}, func(t *evidence.Tree, res artifacts.Result) error {
		scan.AddLogons(b, t.Machine().Name, &res)
		return sorter.AddResult(&res)
	})
	if err != nil {
		return nil, 0, err
	}
	a := b.Analyse()
	s.Hold(a)
	in = &viewer.Input{Evidence: paths[0], Machines: s.Machines, Rows: j.Sessions(j.Rows(sorter.Rows()))}
	if in.Findings, err = viewer.FindingsOf(j.Reports()...); err != nil {
		return nil, 0, err
	}
	var models []*programs.Model
	for _, r := range j.Reports() {
		models = append(models, r.Models...)
	}
	if in.Programs, err = viewer.ProgramsOf(models...); err != nil {
		return nil, 0, err
	}
	scan.RankLogons(a, j.Reports()...)
	if err := in.SetLogons(a); err != nil {
		return nil, 0, err
	}
	return in, sorter.Len(), s.Err()
}

// A Writer writes pages.
type Writer struct {
	Log      *messages.Log
	Force    bool      // replace files
	Stdout   io.Writer // for the name "-"
	Evidence []string  // paths that must stay untouched
}

// Write writes one page, or several where one cannot hold the rows.
func (w *Writer) Write(in *viewer.Input, name string, atMost int) error {
	inputs := []*viewer.Input{in}
	if atMost > viewer.MaxRows && len(in.Machines) > 1 {
		inputs = viewer.ByMachine(in)
		w.Log.Notef("more than %d rows: one page for each machine", viewer.MaxRows)
	}
	for _, one := range inputs {
		first := name
		if len(inputs) > 1 {
			first = machinePage(name, one.Machines[0].Name)
		}
		pages, err := viewer.Plan(one, first, atMost)
		if err != nil {
			return err
		}
		if len(pages) > 1 {
			w.Log.Notef("%s: more than %d rows: %d pages", first, viewer.MaxRows, len(pages))
		}
		for p := range viewer.InTurn(pages) {
			if err := w.page(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// machinePage is the name of the page of one of several machines.
func machinePage(name, machine string) string {
	clean := strings.Map(func(r rune) rune {
		if r < 0x80 && strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, machine)
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "-" + clean + ext
}

func (w *Writer) page(p viewer.Page) error {
	for _, kind := range slices.Sorted(maps.Keys(p.Folded)) {
		w.Log.Notef("%s: %d rows left out to fit into one page: %s", p.Name, p.Folded[kind], kind)
	}
	o, err := files.OpenOut(p.Name, w.Force, w.Stdout, w.Evidence)
	if err != nil {
		return err
	}
	if err := viewer.Write(o, p.Input); err != nil {
		o.Abort()
		return err
	}
	if err := o.Commit(); err != nil {
		return err
	}
	if o.Named() {
		w.Log.Notef("open %s", p.Name)
	}
	return nil
}
