package viewer

import (
	"fmt"
	"iter"
	"path/filepath"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Page is one page of a timeline, and the name of its file.
type Page struct {
	Name string
	*Input
}

// Plan divides an input into pages. name is that of the first, and atMost a number of
// rows that there are not more of: at up to [MaxRows] there is one page, and the rows are
// not read. A longer timeline loses the rows that text output folds, when the rest fits
// into one page; else it is split by time into pages of MaxRows rows, and nothing is
// left out. Each page says what it is a part of, or what is missing.
func Plan(in *Input, name string, atMost int) ([]Page, error) {
	return plan(in, name, atMost, MaxRows)
}

func plan(in *Input, name string, atMost, limit int) ([]Page, error) {
	if atMost <= limit {
		return []Page{{name, in}}, nil
	}
	n, folded := 0, map[string]int{}
	for r, err := range in.Rows {
		if err != nil {
			return nil, err
		}
		n++
		if kind := output.Folded(r); kind != "" {
			folded[kind]++
		}
	}
	left := n
	for _, k := range folded {
		left -= k
	}
	switch {
	case n <= limit:
		return []Page{{name, in}}, nil
	case left <= limit:
		one := *in
		one.Rows, one.Folded = unfolded(in.Rows), folded
		return []Page{{name, &one}}, nil
	}
	parts := (n + limit - 1) / limit
	var names []string
	for i := range parts {
		names = append(names, partName(name, i+1))
	}
	var pages []Page
	for i := range parts {
		part := *in
		part.Rows, part.Part, part.Parts = between(in.Rows, i*limit, (i+1)*limit), i+1, parts
		for _, s := range names {
			part.Files = append(part.Files, filepath.Base(s))
		}
		pages = append(pages, Page{names[i], &part})
	}
	return pages, nil
}

// partName is the name of the n-th page: viewer.html, viewer-2.html.
func partName(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(name, ext), n, ext)
}

func unfolded(rows iter.Seq2[*output.Row, error]) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			if err == nil && output.Folded(r) != "" {
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

func between(rows iter.Seq2[*output.Row, error], from, to int) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		n := 0
		for r, err := range rows {
			if err != nil || n >= from && n < to {
				if !yield(r, err) {
					return
				}
			}
			if n++; n >= to {
				return
			}
		}
	}
}

// ByMachine divides an input of several machines: one input for each.
func ByMachine(in *Input) []*Input {
	var out []*Input
	for _, m := range in.Machines {
		one := *in
		one.Title, one.Machines, one.Rows = "", []output.Machine{m}, ofMachine(in.Rows, m.Name)
		one.Findings = nil
		for _, f := range in.Findings {
			if hostOf(f) == m.Name {
				one.Findings = append(one.Findings, f)
			}
		}
		out = append(out, &one)
	}
	return out
}

func ofMachine(rows iter.Seq2[*output.Row, error], name string) iter.Seq2[*output.Row, error] {
	return func(yield func(*output.Row, error) bool) {
		for r, err := range rows {
			if (err != nil || r.Host == name) && !yield(r, err) {
				return
			}
		}
	}
}
