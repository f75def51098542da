package findings

import (
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

var prefetchDeleted = wholeRule(Rule{
	ID: "N-08", Title: "Prefetch file deleted", Level: Medium, Attack: []string{"T1070.004", "T1070.009"},
	Why:    "Somebody deleted the record of a program's starts.",
	Benign: "Windows itself when there are more than 1,024 files, one by one; cleaners.",
	Next:   "The journal shows the starts that the file recorded; look for the program itself.",
	Needs:  []string{"usnjrnl"},
}, func(x *look) {
	if !x.hasFiles() {
		return
	}
	var gone []*row
	for _, r := range x.files().acts {
		if c := change(r); !c.Deleted.IsZero() && strings.HasSuffix(strings.ToLower(c.Path), ".pf") &&
			c.Shown == string(filesystem.Watched) {
			gone = append(gone, r)
		}
	}
	for i := 0; i < len(gone); {
		j := i + 1
		for j < len(gone) && change(gone[j]).Deleted.Sub(change(gone[i]).Deleted) <= time.Minute {
			j++
		}
		if j-i >= 5 {
			x.hit(x.setting("Prefetch folder"), High, "%d Prefetch files were deleted within a minute, from %s on", j-i,
				utcTime(change(gone[i]).Deleted)).from(gone[i:j]...)
			i = j
			continue
		}
		x.prefetchGone(gone[i])
		i++
	}
}, fileArtifacts...)

// fullFolder is how many Prefetch files make Windows delete the oldest; its limit is 1,024.
const fullFolder = 1000

// prefetchGone judges one deleted Prefetch file, whose program is else known.
func (x *look) prefetchGone(r *row) {
	c := change(r)
	base := winpath.Base(c.Path)
	program, hash, ok := filesystem.PrefetchName(base)
	if !ok {
		return
	}
	idx := x.files()
	starts := slices.DeleteFunc(idx.startsNamed(program), func(l launch) bool { _, ok := l.row.rec.Data.(filesystem.Change); return !ok })
	level := Level(0)
	if idx.prefetchFiles >= fullFolder {
		level = Low
	}
	if p, ran := x.ranElse(program, hash); p != nil {
		x.hit(p.subject(x), level, "its Prefetch file %s was deleted %s; it ran, by %s", base, utcTime(c.Deleted),
			ran.rec.Artifact.Name).from(r, ran)
		return
	}
	for _, key := range idx.keys {
		t := idx.stories[key]
		if strings.HasSuffix(key, `\`+strings.ToLower(program)) && (len(starts) > 0 || len(t.changes) > 0) {
			h := x.hit(x.subjectOf(t), level, "its Prefetch file %s was deleted %s", base, utcTime(c.Deleted)).from(r)
			for _, l := range starts {
				h.from(l.row)
			}
			return
		}
	}
	if len(starts) > 0 {
		x.hit(x.setting("Prefetch file "+base), level, "%s was deleted %s; the program started %s", base, utcTime(c.Deleted),
			utcTime(starts[len(starts)-1].at)).from(r, starts[len(starts)-1].row)
	}
}

// ranElse returns the program of a Prefetch file, by the hash of its path, and a record of
// another kind that proves a start of it.
func (x *look) ranElse(name, hash string) (*program, *row) {
	for _, key := range sortedKeys(x.programs) {
		p := x.programs[key]
		if strings.ToUpper(p.base) != name || !prefetchHash(hash, p.key) {
			continue
		}
		for _, r := range p.executed() {
			if r.class != "prefetch" {
				return p, r
			}
		}
	}
	return nil, nil
}
