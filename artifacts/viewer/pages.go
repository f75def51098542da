package viewer

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/output"
)

// A Page is one page of a timeline, and the name of its file.
type Page struct {
	Name string
	*Input

	all      iter.Seq2[*output.Row, error] // of all pages
	from, to int                           // the rows of this one
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
	var c Counts
	if atMost <= limit {
		return divide(in, name, &c, limit), nil
	}
	for r, err := range in.Rows {
		if err != nil {
			return nil, err
		}
		c.Add(r)
	}
	return divide(in, name, &c, limit), nil
}

// Counts are what must be known of the rows before they are divided into pages. The
// zero value has no rows.
type Counts struct {
	rows   int
	folded map[string]int
}

// Add counts a row.
func (c *Counts) Add(r *output.Row) {
	c.rows++
	if kind := output.Folded(r); kind != "" {
		if c.folded == nil {
			c.folded = map[string]int{}
		}
		c.folded[kind]++
	}
}

// Divide is [Plan] for rows that were counted already.
func Divide(in *Input, name string, c *Counts) []Page { return divide(in, name, c, MaxRows) }

func divide(in *Input, name string, c *Counts, limit int) []Page {
	left := c.rows
	for _, k := range c.folded {
		left -= k
	}
	switch {
	case c.rows <= limit:
		return []Page{{Name: name, Input: in}}
	case left <= limit:
		one := *in
		one.Rows, one.Folded = unfolded(in.Rows), c.folded
		return []Page{{Name: name, Input: &one}}
	}
	parts := (c.rows + limit - 1) / limit
	var names []string
	for i := range parts {
		names = append(names, partName(name, i+1))
	}
	var pages []Page
	for i := range parts {
		part, from, to := *in, i*limit, (i+1)*limit
		part.Rows, part.Part, part.Parts = between(in.Rows, from, to), i+1, parts
		for _, s := range names {
			part.Files = append(part.Files, filepath.Base(s))
		}
		pages = append(pages, Page{names[i], &part, in.Rows, from, to})
	}
	return pages
}

// InTurn yields the pages for writing one after the other: the rows are read once for
// all of them, so that each page's must be read once, before the next page.
func InTurn(pages []Page) iter.Seq[Page] {
	return func(yield func(Page) bool) {
		if len(pages) < 2 {
			for _, p := range pages {
				yield(p)
			}
			return
		}
		next, stop := iter.Pull2(pages[0].all)
		defer stop()
		for _, p := range pages {
			one := *p.Input
			one.Rows = func(yield func(*output.Row, error) bool) {
				for range p.to - p.from {
					if r, err, ok := next(); !ok || !yield(r, err) {
						return
					}
				}
			}
			p.Input = &one
			if !yield(p) {
				return
			}
		}
	}
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
		others := func(b []byte) bool { return hostOf(b) != m.Name }
		one.Findings = slices.DeleteFunc(slices.Clone(in.Findings), others)
		one.Programs = slices.DeleteFunc(slices.Clone(in.Programs), others)
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
