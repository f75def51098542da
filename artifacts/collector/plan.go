package collector

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
)

// fileSystem names the files in which NTFS describes itself. Artifacts read some of them; the others serve programs that read more.
var fileSystem = []string{
	`%AnyDrive%\$MFT`, `%AnyDrive%\$LogFile`, `%AnyDrive%\$Boot`, `%AnyDrive%\$Secure:$SDS`,
	`%AnyDrive%\$Extend\$UsnJrnl:$J`, `%AnyDrive%\$Extend\$UsnJrnl:$Max`,
}

// An Item is one file that is to be collected.
type Item struct {
	File *evidence.File
	Kind string   // "hive", "companion", "filesystem", "program" or "file"
	Of   []string // the artifacts whose sources name it

	rank     int
	modified time.Time
}

// A Plan is what is to be collected of one machine.
type Plan struct {
	Items  []*Item
	Absent []string // sources that no file matches
	Errors []error  // folders that could not be listed
}

// MakePlan finds the files that the sources of the artifacts name, those that belong to them, and the metadata of the file system. The
// hives are always among them: they say what the other files mean.
func MakePlan(tree *evidence.Tree, chosen []*artifacts.Artifact) *Plan {
	p := &planner{tree: tree, seen: map[evidence.Place]*Item{}, plan: &Plan{}, said: map[string]bool{}}
	hives, errs := tree.Hives()
	p.fail(errs)
	for _, h := range hives {
		it := p.add(h.File, "hive", "")
		for _, a := range chosen {
			if slices.ContainsFunc(a.Sources, func(s artifacts.Source) bool { return s.Glob == "" && s.Hive == h.Kind }) {
				it.Of = append(it.Of, a.Name)
			}
		}
	}
	for _, pattern := range fileSystem {
		p.glob(pattern, "filesystem", "")
	}
	for _, a := range chosen {
		for _, s := range a.SourcesIn(tree) {
			if s.Glob != "" {
				p.glob(s.Glob, "file", a.Name)
			}
		}
		beside := a.Beside
		if a.BesideNamed != nil {
			beside = slices.Concat(beside, a.BesideNamed(tree))
		}
		for _, pattern := range beside {
			p.glob(pattern, "companion", a.Name)
		}
	}
	slices.SortFunc(p.plan.Items, func(a, b *Item) int {
		x, y := a.File.Place(), b.File.Place()
		return cmp.Or(cmp.Compare(a.rank, b.rank), b.modified.Compare(a.modified), cmp.Compare(x.Snapshot, y.Snapshot),
			cmp.Compare(x.Volume, y.Volume), cmp.Compare(x.Name, y.Name))
	})
	slices.Sort(p.plan.Absent)
	p.plan.Absent = slices.Compact(p.plan.Absent)
	return p.plan
}

// maxProgram is how much is stored of a program that starts by itself.
const maxProgram = 64 << 20

// plan is MakePlan with the programs that start by themselves, when they are asked for.
func (o *Options) plan(ctx context.Context, tree *evidence.Tree) (*Plan, error) {
	plan := MakePlan(tree, o.Artifacts)
	if o.Programs == nil {
		return plan, nil
	}
	list, err := o.Programs(ctx, tree)
	if err != nil {
		return nil, err
	}
	seen := map[evidence.Place]bool{}
	for _, it := range plan.Items {
		seen[it.File.Place()] = true
	}
	for _, f := range list {
		if at := f.Place(); !seen[at] {
			seen[at] = true
			plan.Items = append(plan.Items, &Item{File: f, Kind: "program", rank: rankRest})
		}
	}
	return plan, nil
}

type planner struct {
	tree *evidence.Tree
	seen map[evidence.Place]*Item
	said map[string]bool
	plan *Plan
}

func (p *planner) fail(errs []error) {
	for _, err := range errs {
		if !p.said[err.Error()] {
			p.said[err.Error()] = true
			p.plan.Errors = append(p.plan.Errors, err)
		}
	}
}

func (p *planner) glob(pattern, kind, artifact string) {
	list, errs := p.tree.Glob(pattern)
	p.fail(errs)
	if len(list) == 0 {
		p.plan.Absent = append(p.plan.Absent, pattern)
	}
	for _, f := range list {
		p.add(f, kind, artifact)
	}
}

// add takes a file and what belongs to it.
func (p *planner) add(f *evidence.File, kind, artifact string) *Item {
	it := p.one(f, kind, artifact)
	for _, c := range p.tree.Companions(f) {
		p.one(c, "companion", artifact).rank = it.rank
	}
	return it
}

func (p *planner) one(f *evidence.File, kind, artifact string) *Item {
	at := f.Place()
	it := p.seen[at]
	if it == nil {
		it = &Item{File: f, Kind: kind, rank: rank(at.Name, kind)}
		if it.rank == rankLogs {
			if st, err := f.Stat(); err == nil {
				it.modified = st.ModTime()
			}
		}
		p.seen[at] = it
		p.plan.Items = append(p.plan.Items, it)
	}
	if artifact != "" && !slices.Contains(it.Of, artifact) {
		it.Of = append(it.Of, artifact)
	}
	return it
}

// The order of a collection: what changes by itself comes first, so that the traces of the collector are in as little of it as can be.
const (
	rankPrefetch = iota
	rankLogs     // the newest first, which a limit leaves out last
	rankFileSystem
	rankHives
	rankRest
)

func rank(name, kind string) int {
	switch ext := strings.ToLower(path.Ext(name)); {
	case ext == ".pf":
		return rankPrefetch
	case ext == ".evtx":
		return rankLogs
	case kind == "filesystem":
		return rankFileSystem
	case kind == "hive":
		return rankHives
	}
	return rankRest
}

// Preview prints the paths of what would be collected.
func Preview(ctx context.Context, w io.Writer, ev *evidence.Evidence, o *Options) error {
	for _, t := range ev.Trees {
		plan, err := o.plan(ctx, t)
		if err != nil {
			return err
		}
		for _, it := range plan.Items {
			name := it.File.Path
			if it.File.Snapshot != "" {
				name = it.File.Snapshot + ": " + name
			}
			if _, err := fmt.Fprintln(w, name); err != nil {
				return err
			}
		}
	}
	return nil
}
