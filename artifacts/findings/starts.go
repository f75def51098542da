package findings

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/execution"
	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/prefetch"
)

// A written is a start that a write of a Prefetch file shows: between two moments.
type written struct {
	from, to time.Time
	row      *row // of the change journal, or of the record that $MFT has of the file
}

// addStart takes a start by a Prefetch file with the name of a program and a hash.
func (x *fileIndex) addStart(name, hash string, s written) {
	name = strings.ToUpper(name)
	key := name + "-" + strings.ToUpper(hash)
	if x.starts[key] == nil {
		x.started[name] = append(x.started[name], key)
	}
	x.starts[key] = append(x.starts[key], s)
}

// prefetchRecord takes the first and the last start that the file record of a Prefetch file
// shows, also of one that is deleted or was not collected.
func (x *fileIndex) prefetchRecord(key string, r *row, f filesystem.File) {
	if winpath.Dir(key) != `\windows\prefetch` {
		return
	}
	name, hash, ok := filesystem.PrefetchName(winpath.Base(f.Path))
	if !ok {
		return
	}
	if f.Exists {
		x.prefetchFiles++
	}
	for i, at := range []time.Time{f.NameCreated, f.Modified} {
		if !at.IsZero() && (i == 0 || at.After(f.NameCreated)) {
			x.addStart(name, hash, written{at.Add(-filesystem.PrefetchDelay), at, r})
		}
	}
}

// A launch is a start of a program and how it is known.
type launch struct {
	at       time.Time
	estimate bool
	row      *row
}

// launches returns the starts of a program that its records prove, with those
// that writes of its Prefetch files show, oldest first.
func (x *fileIndex) launches(p *program) []launch {
	var out []launch
	var files []string // its Prefetch files
	for _, r := range p.rows {
		for _, t := range r.runs() {
			out = append(out, launch{t, false, r})
		}
		if _, ok := r.rec.Data.(execution.Prefetch); ok {
			files = append(files, strings.TrimSuffix(strings.ToUpper(winpath.Base(r.rec.From.Path)), ".PF"))
		}
	}
	for _, key := range x.named(p.base) {
		if !slices.Contains(files, key) && prefetchHash(key, p.key) {
			files = append(files, key)
		}
	}
	slices.Sort(files)
	proved := len(out)
	for _, key := range slices.Compact(files) {
		for _, s := range x.starts[key] {
			known := slices.ContainsFunc(out[:proved], func(l launch) bool { return !l.at.Before(s.from) && !l.at.After(s.to) })
			if !known { // one that the file has no room for any more
				out = append(out, launch{s.from, true, s.row})
			}
		}
	}
	slices.SortStableFunc(out, compareLaunches)
	return out
}

func compareLaunches(a, b launch) int {
	return cmp.Or(a.at.Compare(b.at), compareBools(a.estimate, b.estimate))
}

// runsOf returns the starts of a program, by writes of Prefetch files of its name when
// nothing else shows one: a file that is gone has no record of its folder. Those of a name
// that programs of Windows have are theirs.
func (s *scene) runsOf(idx *fileIndex, p *program) []launch {
	runs := idx.launches(p)
	if len(runs) == 0 && s.t.binaries[p.base] == nil {
		runs = idx.startsNamed(p.base)
	}
	return runs
}

// startsNamed returns the starts of programs of a name, by writes of their
// Prefetch files: a file that is gone has no record of its folder.
func (x *fileIndex) startsNamed(base string) []launch {
	var out []launch
	for _, key := range x.named(base) {
		for _, s := range x.starts[key] {
			out = append(out, launch{s.from, true, s.row})
		}
	}
	slices.SortStableFunc(out, compareLaunches)
	return out
}

// named returns what the Prefetch files of a name are called, which has its first 29
// characters.
func (x *fileIndex) named(base string) []string {
	name := []rune(strings.ToUpper(base))
	return slices.Sorted(slices.Values(x.started[string(name[:min(len(name), 29)])]))
}

// triedVolumes is how many volumes a path is tried on to find the hash of its Prefetch file.
const triedVolumes = 16

// prefetchHash reports whether the name of a Prefetch file has the hash of a path. Windows
// computes it over the path with the number of the volume; that of version 17 (XP) is
// another one. Hosting programs of later versions have their command line in it.
func prefetchHash(key, path string) bool {
	hash, err := strconv.ParseUint(key[max(0, len(key)-8):], 16, 32)
	if err != nil {
		return false
	}
	path = strings.ToUpper(path)
	for n := range triedVolumes {
		device := `\DEVICE\HARDDISKVOLUME` + strconv.Itoa(n+1) + path
		if h := uint32(hash); h == prefetch.Hash(prefetch.V17, device, "") || h == prefetch.Hash(prefetch.V30, device, "") {
			return true
		}
	}
	return false
}
