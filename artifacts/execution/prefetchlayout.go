package execution

import (
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/textfile"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// LayoutFile is one program named in Layout.ini.
type LayoutFile struct {
	artifacts.Origin
	Path     string `json:"path"`
	Line     int    `json:"line"`
	Prefetch string `json:"prefetch_file,omitempty"` // "there", "gone": whether a .pf file bears the name
}

var prefetchLayout = artifacts.Define(artifacts.Artifact{
	Name:     "prefetchlayout",
	Title:    "Prefetch layout",
	DataType: "windows:file:prefetch_layout",
	About: `Layout.ini lists the files that Windows places together on the disk, collected from recent Prefetch
files. Proves that a Prefetch file named a program of that path: it was started, or accessed by a
program that was. Where no Prefetch file of its name is left, the file was deleted or aged out after
the list was written. It has no times, and does not distinguish a started program from one that was
only read. Only programs are shown here, not the data files and libraries.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204.002", "T1070.004"},
	Refs:   []string{"https://github.com/libyal/libscca/blob/main/documentation/Windows%20Prefetch%20File%20(PF)%20format.asciidoc"},
	Sources: []artifacts.Source{
		artifacts.RandomFiles(`%SystemRoot%\Prefetch\Layout.ini`),
	},
}, decodePrefetchLayout)

func decodePrefetchLayout(in artifacts.Input, yield func(LayoutFile) bool) error {
	lines, _, err := textfile.Split(in.ReaderAt())
	if err != nil {
		return err
	}
	var names map[string]bool
	n := 0
	for l := range lines {
		if n++; n == 1 {
			if !strings.Contains(l.Text, "[OptimalLayoutFile]") {
				n = 0
				break
			}
			names, err = prefetchNames(in)
			continue
		}
		path := strings.TrimSpace(l.Text)
		switch winpath.Ext(path) {
		case ".exe", ".com", ".scr", ".pif":
		default:
			continue
		}
		r := LayoutFile{Origin: in.AtOffset(l.Offset), Path: path, Line: n}
		if names != nil {
			r.Prefetch = "gone"
			if names[prefetchName(winpath.Base(path))] {
				r.Prefetch = "there"
			}
		}
		if !yield(r) {
			return nil
		}
	}
	if n == 0 {
		return in.Errorf(in.AtOffset(0), "does not begin with [OptimalLayoutFile]")
	}
	return err
}

// prefetchName is how a program is named in a .pf file's own name: upper case,
// cut at 29 characters.
func prefetchName(base string) string {
	r := []rune(strings.ToUpper(base))
	return string(r[:min(len(r), 29)])
}

// prefetchNames are the programs that have a .pf file in the evidence; nil
// where that cannot be told.
func prefetchNames(in artifacts.Input) (map[string]bool, error) {
	if in.Tree == nil || in.Tree.Loose() || in.From.Snapshot != "" {
		return nil, nil
	}
	files, errs := in.Tree.Glob(`%SystemRoot%\Prefetch\*.pf`)
	names := map[string]bool{}
	for _, f := range files {
		base := strings.ToUpper(winpath.Base(f.Path))
		if i := strings.LastIndexByte(base, '-'); i > 0 {
			names[base[:i]] = true
		}
	}
	return names, errors.Join(errs...)
}

// Program returns the path.
func (l LayoutFile) Program() string { return l.Path }

// Tags marks what only this file still knows.
func (l LayoutFile) Tags() []string {
	if l.Prefetch == "gone" {
		return []string{"prefetch-gone"}
	}
	return nil
}

// Summary says whether the program's own file is there.
func (l LayoutFile) Summary() string {
	s := fmt.Sprintf("[%s] is named in Layout.ini", l.Path)
	if l.Prefetch == "gone" {
		s += ", its Prefetch file is gone"
	}
	return s
}
