package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// RecentPath is one file, folder or key of a program's own list.
type RecentPath struct {
	artifacts.Origin
	Tool     string    `json:"tool"`
	List     string    `json:"list"`
	Path     string    `json:"path"`
	Position int       `json:"mru_position,omitempty"`
	Written  time.Time `json:"written,omitzero" event:"Content Modification Time"`
}

// A recentList is one key in which a program keeps what it worked with.
type recentList struct {
	program, list string
	source        artifacts.Source
	value         string // one value of the key; "" is all that are named by a number
	prefix        string // before the number
	first         int    // the number of the newest
}

func recentSources(lists []recentList) []artifacts.Source {
	var out []artifacts.Source
	seen := map[artifacts.Source]bool{}
	for _, l := range lists {
		if !seen[l.source] {
			seen[l.source] = true
			out = append(out, l.source)
		}
	}
	return out
}

func decodeRecent(in artifacts.Input, lists []recentList, yield func(RecentPath) bool) error {

	var errs []error
	for _, l := range lists {
		if l.source != in.Source {
			continue
		}
		if len(in.Match) > 0 {
			if strings.EqualFold(in.Match[0], "ArcName") || strings.EqualFold(in.Match[0], "ExtrPath") {
				continue // has a list of its own
			}
			l.list = in.Match[0]
		}
		for v, err := range in.Values() {
			if err != nil {
				errs = append(errs, in.Wrap(in.AtKey(), err))
				continue
			}
			pos, ok := l.position(v.Name())
			if !ok {
				continue
			}
			texts, err := recentTexts(v)
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			for i, s := range texts {
				r := RecentPath{Origin: in.At(v), Tool: l.program, List: l.list, Path: s, Position: pos}
				if pos > 0 {
					r.Position += i
				}
				if r.Position == 1 && !in.Partial() {
					r.Written = in.Written()
				}
				if !yield(r) {
					return nil
				}
			}
		}
	}
	return errors.Join(errs...)
}

// position returns the place in the list that a value's name gives, 0 where names
// give none, and whether the value is one of the list.
func (l *recentList) position(name string) (pos int, ok bool) {
	switch {
	case l.value == "*":
		return 0, true
	case l.value != "":
		return 1, strings.EqualFold(name, l.value)
	}
	n, ok := userNumbered("#"+name, "#"+l.prefix)
	return n - l.first + 1, ok && n >= l.first
}

// recentTexts reads a value of any of the kinds that programs use: a text,
// several texts, or UTF-16 texts each with its NUL as bytes.
func recentTexts(v hive.Value) ([]string, error) {
	switch v.Type() {
	case hive.MultiString:
		l, err := v.Texts()
		return userNonEmpty(l), err
	case hive.Binary:
		b, err := v.Bytes()
		var out []string
		for len(b) > 1 {
			if s := wire.UTF16Z(b); s != "" {
				out = append(out, s)
			}
			b = b[wire.UTF16Len(b):]
		}
		return out, err
	}
	s, err := v.Text()
	if s == "" {
		return nil, err
	}
	return []string{s}, err
}

// Summary names program and path.
func (r RecentPath) Summary() string {
	return fmt.Sprintf("[%s] %s %s", r.Path, r.Tool, r.List)
}
