package programs

import (
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// bareSRUM notes a row of SRUM that names a program by its file name and link time,
// as those of programs of the system do.
func (b *Builder) bareSRUM(rec *artifacts.Record, linked time.Time, t Traffic) {
	name := rec.Program()
	if name == "" || strings.ContainsAny(name, `\/`) || len(b.bareUses) >= maxActs {
		return
	}
	b.bareUses = append(b.bareUses, bareUse{name: b.intern(strings.ToLower(name)), linked: linked, traffic: t, ref: b.ref(rec)})
}

// taskNear is how far a start that the task scheduler notes lies from that of
// another source.
const taskNear = 100 * time.Millisecond

// resolveUses attaches records that name a program without its folder to the one
// that they can only mean: in SRUM the one whose Amcache entry has this link time,
// in the task scheduler the only one of this name, or the only one that started in
// that moment. It returns how many are attached to none: a name alone joins nothing.
func (b *Builder) resolveUses(list []*prog) (unresolved int) {
	byBase := map[string][]*prog{}
	for _, p := range list {
		if p.volume == "" {
			base := winpath.Base(p.key)
			byBase[base] = append(byBase[base], p)
		}
	}
	for i := range b.bareUses {
		u := &b.bareUses[i]
		name := u.name
		if winpath.Ext(name) == "" {
			name += ".exe"
		}
		var p *prog
		if u.start.time.IsZero() {
			p = linkedAt(byBase[name], u.linked)
		} else {
			p = meant(byBase[name], u.start.time)
		}
		if p == nil {
			unresolved++
			continue
		}
		p.marked = true
		p.p.Records[u.ref.Artifact]++
		if len(p.p.Sample) < maxList {
			p.p.Sample = append(p.p.Sample, u.ref)
		}
		if u.start.time.IsZero() {
			p.traffic(u.traffic)
		} else {
			p.start(srcTask, u.start)
		}
	}
	b.bareUses = nil
	return unresolved
}

// linkTimes are the layouts in which Amcache writes link times.
var linkTimes = []string{"01/02/2006 15:04:05", "2006-01-02 15:04:05", time.RFC3339}

// linkedAt returns the only program whose file was linked at a time, or nil.
func linkedAt(list []*prog, linked time.Time) (found *prog) {
	if linked.IsZero() {
		return nil
	}
	for _, p := range list {
		if !slices.ContainsFunc(p.p.What, func(f Fact) bool { return f.Name == "link_time" && sameTime(f.Value, linked) }) {
			continue
		}
		if found != nil {
			return nil
		}
		found = p
	}
	return found
}

func sameTime(text string, t time.Time) bool {
	return slices.ContainsFunc(linkTimes, func(layout string) bool {
		v, err := time.Parse(layout, text)
		return err == nil && v.Equal(t)
	})
}

// meant returns the program that a name without a folder can only mean: one that
// alone has the name and lies where Windows looks for programs, or that alone
// started in that moment.
func meant(list []*prog, at time.Time) (found *prog) {
	if len(list) == 1 {
		dir := list[0].key[:strings.LastIndexByte(list[0].key, '\\')+1]
		if slices.Contains(searchPath, dir) {
			return list[0]
		}
	}
	for _, p := range list {
		if !p.startedNear(at) {
			continue
		}
		if found != nil {
			return nil
		}
		found = p
	}
	return found
}

// startedNear reports whether an exact source shows a start in a moment.
func (p *prog) startedNear(at time.Time) bool {
	for _, src := range []source{srcPrefetch, srcSysmon, srcAudit} {
		for i := range p.of(src).list {
			if p.of(src).list[i].time.Sub(at).Abs() <= taskNear {
				return true
			}
		}
	}
	return false
}

// incarnations gives each start the file that the volume had under the path at that
// time. A start before the first of them, or between the deletion of one and the
// creation of the next, has none.
func (q *Program) incarnations() {
	var files []*File
	for i := range q.Files {
		if f := &q.Files[i]; f.Reference != "" && !f.born.IsZero() {
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b *File) int { return a.born.Compare(b.born) })
	for i := range q.Starts {
		s := &q.Starts[i]
		latest := s.Time
		if !s.Latest.IsZero() {
			latest = s.Latest
		}
		for _, f := range files {
			if f.born.After(latest) {
				break
			}
			s.File = f.Reference
			if !f.Deleted.IsZero() && f.Deleted.Before(s.Time) {
				s.File = ""
			}
		}
	}
}

// joinHashes makes one incarnation of a file that two records describe by
// different hashes, where nothing says that they are two. Of three and more a file
// without a reference belongs to the only one with its size.
func (q *Program) joinHashes() {
	if len(q.Files) == 2 {
		if a, b := &q.Files[0], &q.Files[1]; !a.differs(b) {
			a.merge(b)
			q.Files = q.Files[:1]
		}
		return
	}
	var kept []File
	for i := range q.Files {
		f := &q.Files[i]
		var same *File
		n := 0
		for j := range q.Files {
			if o := &q.Files[j]; f.Reference == "" && f.Size != 0 && o.Reference != "" && o.Size == f.Size && !o.differs(f) {
				same, n = o, n+1
			}
		}
		if n != 1 {
			kept = append(kept, *f)
			continue
		}
		same.merge(f)
		if at := slices.IndexFunc(kept, func(k File) bool { return k.Reference == same.Reference }); at >= 0 {
			kept[at] = *same
		}
	}
	q.Files = kept
}

// differs reports whether something says that two are not one file.
func (f *File) differs(o *File) bool {
	differ := func(x, y string) bool { return x != "" && y != "" && x != y }
	return differ(f.SHA1, o.SHA1) || differ(f.SHA256, o.SHA256) || differ(f.MD5, o.MD5) || differ(f.Reference, o.Reference) ||
		f.Size != 0 && o.Size != 0 && f.Size != o.Size || !f.Deleted.IsZero() && o.Created.After(f.Deleted)
}

// maxShort bounds the short names that are kept.
const maxShort = 1 << 17

// shortNames notes which short names the folders of a file and the file have. The
// paths have the same number of names.
func (b *Builder) shortNames(rec *artifacts.Record, d *filesystem.File) {
	if d.ShortPath == "" || !d.Exists {
		return
	}
	long := strings.Split(b.paths.Key(d.Path, rec.User), `\`)
	short := strings.Split(winpath.Key(d.ShortPath), `\`)
	if len(long) != len(short) {
		return
	}
	for i := range long {
		if long[i] == short[i] || !strings.Contains(short[i], "~") {
			continue
		}
		key := strings.Join(long[:i], `\`) + `\` + short[i]
		if len(b.short) < maxShort {
			b.short[key] = long[i]
		}
	}
}

// joinShort joins programs that records name by short names with those of the long
// ones, by the names that the volume keeps: Windows gives short names in the order
// in which files come, and no rule leads from one name to the other.
func (b *Builder) joinShort() {
	if len(b.short) == 0 {
		return
	}
	for _, p := range b.sorted() {
		if p.volume != "" || !strings.Contains(p.key, "~") {
			continue
		}
		key, known := "", true
		for name := range strings.SplitSeq(strings.TrimPrefix(p.key, `\`), `\`) {
			if strings.Contains(name, "~") {
				if long, ok := b.short[key+`\`+name]; ok {
					name = long
				} else {
					known = false
				}
			}
			key += `\` + name
		}
		if !known || key == p.key {
			continue
		}
		old := p.key
		delete(b.programs, p.progKey)
		to := progKey{"", key}
		if o := b.programs[to]; o != nil {
			o.absorb(p)
			p = o
		} else {
			p.progKey = to
			b.programs[to] = p
		}
		if len(p.p.shortKeys) < maxList {
			p.p.shortKeys = append(p.p.shortKeys, old)
		}
		add(&p.p.Aliases, Alias{old, "short name, by $MFT"})
	}
}
