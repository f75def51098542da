package output

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// A TreeLookup answers what records do not hold, from the machine they came from:
// the times of their files, all values of their keys. Its methods are made for
// [Options].
type TreeLookup struct{ Tree *evidence.Tree }

// Times returns what the evidence kept of the times of a record's file.
func (l *TreeLookup) Times(r *artifacts.Record) evidence.Times {
	if l.Tree == nil || r.From.Snapshot != "" {
		return evidence.Times{}
	}
	f, ok := l.Tree.Lookup(r.From.Path)
	if !ok {
		return evidence.Times{}
	}
	t, _ := f.Times()
	return t
}

// Values returns the texts of all values of the key that a record came from.
func (l *TreeLookup) Values(r *artifacts.Record) map[string]string {
	if l.Tree == nil || r.From.Key == "" {
		return nil
	}
	hives, _ := l.Tree.Hives()
	for _, h := range hives {
		if h.Path != r.From.Path || h.Snapshot != r.From.Snapshot {
			continue
		}
		hv, _ := h.Open()
		if hv == nil {
			return nil
		}
		k, err := hv.Key(r.From.Key)
		if err != nil {
			return nil
		}
		m := map[string]string{}
		for v, err := range k.Values() {
			if err != nil {
				continue
			}
			if s, err := v.Texts(); err == nil {
				m[v.Name()] = strings.Join(s, " ")
			} else if n, err := v.Uint(); err == nil {
				m[v.Name()] = fmt.Sprint(n)
			}
		}
		return m
	}
	return nil
}
