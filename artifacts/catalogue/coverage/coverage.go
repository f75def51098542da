// Package coverage holds the catalogue against public lists of keys and files: what
// of them an artifact reads, and why the rest is left out.
package coverage

import (
	"bufio"
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
)

//go:embed lists/*.tsv
var files embed.FS

// A List is one public list in our own short form: a file of lines with a hive (or
// FILE), a key or path, and where the catalogue does not show by itself that it is
// covered, why: "= NAME: how" for one that artifact NAME covers in another way,
// "- reason" for one that is left out.
type List struct {
	Name    string
	Title   string // of the list, with its version
	URL     string
	Entries []Entry
}

// An Entry is one place of a list.
type Entry struct {
	Kind string // SYSTEM, NTUSER …, FILE
	Path string
	Note string // the third column
}

// A Verdict is what became of an entry.
type Verdict struct {
	Entry
	By     []string // names of the artifacts that read it
	Reason string   // why none does
}

// names are the lists in the order of the document.
var names = []string{"kroll", "forensicartifacts", "persistenceinfo"}

// Lists returns all lists.
func Lists() ([]List, error) {
	var out []List
	for _, name := range names {
		f, err := files.Open("lists/" + name + ".tsv")
		if err != nil {
			return nil, err
		}
		l, err := read(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		l.Name = name
		out = append(out, l)
	}
	return out, nil
}

// read takes a list apart: two lines of comment with title and address, then the
// entries.
func read(r io.Reader) (List, error) {
	var l List
	seen := map[string]bool{}
	s := bufio.NewScanner(r)
	for n := 1; s.Scan(); n++ {
		if text, ok := strings.CutPrefix(s.Text(), "# "); ok {
			if l.Title == "" {
				l.Title = text
			} else {
				l.URL = text
			}
			continue
		}
		f := strings.Split(s.Text(), "\t")
		if len(f) < 2 || len(f) > 3 {
			return l, fmt.Errorf("line %d has %d columns, want 2 or 3", n, len(f))
		}
		e := Entry{Kind: f[0], Path: f[1]}
		if len(f) == 3 {
			e.Note = f[2]
		}
		if at := e.Kind + " " + strings.ToLower(e.Path); seen[at] {
			return l, fmt.Errorf("line %d: %s is there twice", n, at)
		} else {
			seen[at] = true
		}
		l.Entries = append(l.Entries, e)
	}
	return l, s.Err()
}

// Judge holds an entry against the artifacts. An entry with neither an artifact nor
// a reason has an empty verdict. Where the list gives a reason to leave a key out,
// keys below it do not count.
func Judge(e Entry, list []*artifacts.Artifact) Verdict {
	v := Verdict{Entry: e}
	reason, out := strings.CutPrefix(e.Note, "- ")
	for _, a := range list {
		if slices.ContainsFunc(a.Sources, func(s artifacts.Source) bool { return reads(s, e) || !out && readsBelow(s, e) }) {
			v.By = append(v.By, a.Name)
		}
	}
	if how, ok := strings.CutPrefix(e.Note, "= "); ok {
		name, _, _ := strings.Cut(how, ":")
		v.By = append(v.By, name)
	}
	if out {
		v.Reason = reason
	}
	return v
}

// reads reports whether a source reads the place of an entry, or the key that holds
// the values which the entry spells as `\*`.
func reads(s artifacts.Source, e Entry) bool {
	if e.Kind == "FILE" {
		return s.Glob != "" && same(split(s.Glob), split(e.Path))
	}
	source, path, ok := keys(s, e)
	return ok && (same(source, path) || path[len(path)-1] == "*" && same(source, path[:len(path)-1]))
}

// readsBelow reports whether a source reads keys below that of an entry. The names
// down to it must be the same ones: a pattern that fits any program's key does not
// make that program's key covered. Of a single name only the keys next below count.
func readsBelow(s artifacts.Source, e Entry) bool {
	source, path, ok := keys(s, e)
	if !ok || len(source) <= len(path) || !slices.Equal(source[:len(path)], path) {
		return false
	}
	return len(path) > 1 || !slices.ContainsFunc(source[len(path):], func(n string) bool { return n != "*" })
}

// keys takes source and entry apart when they are of one hive.
func keys(s artifacts.Source, e Entry) (source, path []string, ok bool) {
	kind := string(s.Hive)
	source, path = split(s.Key), split(e.Path)
	if kind == "USRCLASS" && e.Kind == "NTUSER" && len(path) > 2 && path[1] == "classes" {
		kind, path = "NTUSER", path[2:] // HKEY_CURRENT_USER\Software\Classes is the other hive
	}
	return source, path, s.Glob == "" && e.Kind != "FILE" && kind == e.Kind
}

func split(p string) []string { return strings.Split(strings.ToLower(p), `\`) }

// same holds a pattern against a path name by name. A star of the pattern stands
// for any text, also for a star of the path, `**` for any folders.
func same(pattern, path []string) bool {
	if i := slices.Index(pattern, "**"); i >= 0 {
		rest := len(pattern) - i - 1
		return len(path) >= len(pattern)-1 && same(pattern[:i], path[:i]) && same(pattern[i+1:], path[len(path)-rest:])
	}
	return slices.EqualFunc(pattern, path, like)
}

// like matches one name with at most two stars.
func like(pattern, name string) bool {
	head, tail, ok := strings.Cut(pattern, "*")
	if !ok {
		return pattern == name
	}
	if mid, last, two := strings.Cut(tail, "*"); two {
		return strings.HasPrefix(name, head) && strings.HasSuffix(name, last) && strings.Contains(name, mid)
	}
	return len(name) >= len(head)+len(tail) && strings.HasPrefix(name, head) && strings.HasSuffix(name, tail)
}
