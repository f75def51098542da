package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A story is what the metadata of the volume records of the files of one path.
type story struct {
	key, path string
	files     []*row // of $MFT
	changes   []*row // of the change journal, by time
	marks     []*row // of the web
}

// A fileIndex joins the metadata of the volume with what ran.
type fileIndex struct {
	stories       map[string]*story
	keys          []string               // of the stories, sorted
	starts        map[string][]written   // by NAME.EXE-HASH, upper case
	started       map[string][]string    // those keys by NAME.EXE
	prefetchFiles int                    // that exist
	fates         map[string][]*row      // by the Prefetch file, upper case
	referred      map[string][]*row      // by the path that shortcuts and the like name
	journals      []*row                 // journals as a whole
	acts          []*row                 // sessions in the order of time
	many          map[string][]*row      // bursts, mass changes and wiped files, by kind
	removed       map[string][]*row      // deleted files by name, lower case
	set           map[string][]time.Time // by reference: when times were set
}

// isFileSystem reports whether a record is one of the volume's metadata, which
// is joined with programs and makes none by itself.
func isFileSystem(d artifacts.Decoded) bool {
	switch d.(type) {
	case filesystem.File, filesystem.Change, filesystem.Mark, filesystem.Executed, filesystem.Referenced,
		filesystem.IndexName, filesystem.LogItem:
		return true
	}
	return false
}

// unselected reports whether a record is there only because all were asked for.
func unselected(d artifacts.Decoded) bool {
	switch d := d.(type) {
	case filesystem.File:
		return d.Shown == ""
	case filesystem.Change:
		return d.Kind == filesystem.KindSession && d.Shown == ""
	}
	return false
}

// fileArtifacts are the artifacts that the index is made of.
var fileArtifacts = []string{"mft", "usnjrnl", "zoneid", "executedfiles", "filereferences"}

// files returns the index, which is made at the first call.
func (s *scene) files() *fileIndex {
	if s.fileIndex != nil {
		return s.fileIndex
	}
	x := &fileIndex{
		stories: map[string]*story{}, starts: map[string][]written{}, started: map[string][]string{}, fates: map[string][]*row{},
		referred: map[string][]*row{}, many: map[string][]*row{},
		removed: map[string][]*row{}, set: map[string][]time.Time{},
	}
	s.fileIndex = x
	for _, name := range fileArtifacts {
		for _, r := range s.kept[name] {
			if r.rec.From.Copy() {
				continue
			}
			switch d := r.rec.Data.(type) {
			case filesystem.File:
				t := x.story(s, d.Path)
				t.files = append(t.files, r)
				x.prefetchRecord(t.key, r, d)
			case filesystem.Mark:
				t := x.story(s, d.Path)
				t.marks = append(t.marks, r)
			case filesystem.Executed:
				key := strings.ToUpper(d.Prefetch)
				x.fates[key] = append(x.fates[key], r)
			case filesystem.Referenced:
				key := s.normal(d.Path, evidence.User{})
				x.referred[key] = append(x.referred[key], r)
			case filesystem.Change:
				x.change(s, r, d)
			}
		}
	}
	slices.SortStableFunc(x.acts, func(a, b *row) int { return change(a).First.Compare(change(b).First) })
	for k := range x.stories {
		x.keys = append(x.keys, k)
	}
	slices.Sort(x.keys)
	return x
}

func change(r *row) filesystem.Change { return r.rec.Data.(filesystem.Change) }

func file(r *row) filesystem.File { return r.rec.Data.(filesystem.File) }

func (x *fileIndex) story(s *scene, path string) *story {
	key := s.normal(path, evidence.User{})
	t := x.stories[key]
	if t == nil {
		t = &story{key: key, path: path}
		x.stories[key] = t
	}
	return t
}

func (x *fileIndex) change(s *scene, r *row, c filesystem.Change) {
	switch c.Kind {
	case filesystem.KindStart:
		x.addStart(c.Executable, c.Hash, written{c.NotBefore, c.First, r})
	case filesystem.KindJournal:
		x.journals = append(x.journals, r)
	case filesystem.KindSession:
		x.acts = append(x.acts, r)
		t := x.story(s, c.Path)
		t.changes = append(t.changes, r)
		if !c.Deleted.IsZero() {
			base := strings.ToLower(winpath.Base(c.Path))
			x.removed[base] = append(x.removed[base], r)
		}
		if !c.TimesSet.IsZero() {
			x.set[c.Reference] = append(x.set[c.Reference], c.TimesSet)
		}
	default:
		x.many[c.Kind] = append(x.many[c.Kind], r)
	}
}

// An appearance is when a file of a path came to be there, and which record says so.
type appearance struct {
	at  time.Time
	row *row
	how string
}

// appearances returns when files of the path came to be there: by the change journal, and
// then by the time of the name of the file, the one that exists before others.
func (t *story) appearances() []appearance {
	var out []appearance
	for _, r := range t.changes {
		c := change(r)
		switch {
		case !c.Renamed.IsZero() && c.OldPath != "":
			out = append(out, appearance{c.Renamed, r, "renamed from " + winpath.Base(c.OldPath)})
		case !c.Created.IsZero():
			out = append(out, appearance{c.Created, r, "created"})
		}
	}
	journal := len(out)
	for _, r := range t.files {
		f := file(r)
		a := appearance{f.NameCreated, r, "named"}
		if f.Moved() {
			a.how = "there not later than"
		}
		if f.Exists && len(out) > journal && !file(out[journal].row).Exists {
			out = slices.Insert(out, journal, a)
			continue
		}
		out = append(out, a)
	}
	return out
}

// appeared returns the first appearance by the change journal, or else that of the file.
func (t *story) appeared() (time.Time, *row, string) {
	for _, a := range t.appearances() {
		return a.at, a.row, a.how
	}
	return time.Time{}, nil, ""
}

// deleted returns the last deletion that the journal records, when the path has
// no file since.
func (t *story) deleted() (time.Time, *row) {
	for i := len(t.changes) - 1; i >= 0; i-- {
		c := change(t.changes[i])
		switch {
		case !c.Deleted.IsZero():
			return c.Deleted, t.changes[i]
		case !c.Created.IsZero(), !c.Renamed.IsZero():
			return time.Time{}, nil
		}
	}
	return time.Time{}, nil
}

// origin returns the Mark of the Web of the files of the path.
func (t *story) origin() (*filesystem.Mark, *row) {
	for _, r := range t.marks {
		if m := r.rec.Data.(filesystem.Mark); m.Zone != "" {
			return &m, r
		}
	}
	return nil, nil
}

// line tells the life of a file in one line: what an analyst wants to know
// first.
func (s *scene) line(key string) string {
	if !s.hasFiles() {
		return ""
	}
	x := s.files()
	t := cmp.Or(x.stories[key], &story{})
	var parts []string
	if at, r, how := t.appeared(); r != nil && !at.IsZero() {
		parts = append(parts, fmt.Sprintf("%s %s (%s)", how, at.UTC().Format(secondsOnly), r.rec.Artifact.Name))
	}
	if m, _ := t.origin(); m != nil && m.HostURL != "" {
		parts = append(parts, "from "+clip(m.HostURL, 300))
	} else if m != nil {
		parts = append(parts, "from the zone "+m.Zone)
	}
	p := s.programs[key]
	if p == nil {
		p = s.probe(key)
	}
	if l := x.launches(p); len(l) > 0 {
		how := l[0].row.rec.Artifact.Name
		if l[0].estimate {
			how = "estimated, " + how
		}
		parts = append(parts, fmt.Sprintf("ran %s (%s)", l[0].at.UTC().Format(secondsOnly), how))
	}
	if at, r := t.deleted(); r != nil {
		parts = append(parts, fmt.Sprintf("deleted %s (%s)", at.UTC().Format(secondsOnly), r.rec.Artifact.Name))
	}
	for _, r := range x.referred[key] {
		if says := referred(r).became(); says != "" {
			parts = append(parts, says)
			break
		}
	}
	return strings.Join(parts, ", ")
}

// hasFiles reports whether there is any metadata of the volume.
func (s *scene) hasFiles() bool {
	return slices.ContainsFunc(fileArtifacts, func(a string) bool { return len(s.kept[a]) > 0 })
}

// subjectOf is the program of a path, known or not.
func (x *look) subjectOf(t *story) subject {
	return subject{kind: kindProgram, key: t.key, show: t.path}
}

// eachStory calls f for each path that the volume's metadata names, with the
// program of that path: one that other artifacts know, or one made up for it.
func (x *look) eachStory(f func(x *look, t *story, p *program)) {
	if !x.hasFiles() {
		return
	}
	idx := x.files()
	for _, key := range idx.keys {
		t := idx.stories[key]
		p := x.programs[key]
		look := *x
		if p == nil {
			p = x.probe(key)
			p.path = t.path
		} else {
			look.prog = p
		}
		f(&look, t, p)
	}
}

// utcTime writes a time in UTC, to the second.
func utcTime(t time.Time) string { return t.UTC().Format(secondsOnly) }

// journalSpan says how far the change journals reach: what was before is not
// judged by rules that read them.
func (s *scene) journalSpan() string {
	if !s.hasFiles() {
		return ""
	}
	var parts []string
	for _, r := range s.files().journals {
		c := change(r)
		parts = append(parts, fmt.Sprintf("%s to %s", utcTime(c.First), utcTime(c.Last)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "the change journal reaches from " + strings.Join(parts, ", ")
}
