package findings

import (
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/filesystem"
	"github.com/artifactdump/artifactdump/artifacts/programs"
)

// The measures of C-13.
const (
	sentAfter    = 2 * time.Hour   // of the archive
	srumPeriod   = time.Hour       // that a row of SRUM covers, before its time
	madeBy       = 5 * time.Minute // how long before its file an archiver was started
	smallArchive = 1 << 20         // below it half the size is what any program sends
)

// archivers are programs that make archives.
var archivers = map[string]bool{
	"rar": true, "winrar": true, "7z": true, "7za": true, "7zr": true, "7zg": true, "7zfm": true, "zip": true, "winzip32": true,
	"winzip64": true, "wzzip": true, "tar": true, "makecab": true, "peazip": true, "bandizip": true, "arj": true, "diantz": true,
}

var archivedAndSent = wholeRule(Rule{
	ID: "C-13", Title: "Archive made, and as much sent soon after", Level: High, Attack: []string{"T1560.001", "T1041"},
	Why:    "An archiver made a file, and within two hours another program with findings sent at least half of its size.",
	Benign: "Backups, which pack and send by design.",
	Next:   "Recover the archive and its command line. SRUM does not record where the bytes went.",
	Needs:  []string{"mft", "usnjrnl", "srumnetwork", "prefetch"},
}, func(x *look) {
	levels := x.levels()
	made := x.archives()
	if len(made) == 0 {
		return
	}
	for _, p := range x.model.Programs {
		if levels[p.Key] < Medium || isArchiver(p) || expectedSender(p.Key) {
			continue
		}
		for _, a := range made {
			sent, refs := sentWithin(p, a.at)
			if sent < int64(a.size/2) {
				continue
			}
			x.hit(x.of(p), 0, "%s (%d MiB) was made by %s at %s; in the hours to %s it sent %d MiB", a.path, a.size>>20, a.by.Path,
				utcTime(a.at), utcTime(a.at.Add(sentAfter+srumPeriod)), sent>>20).from(slices.Concat(a.rows, x.cite(refs...))...)
			break
		}
	}
}, fileArtifacts...)

// An archive is a file that an archiver made.
type archive struct {
	path string
	size uint64
	at   time.Time
	by   *programs.Program
	rows []*row
}

// archives returns the archives that appeared right after the start of an archiver.
func (x *look) archives() []archive {
	var packers []*programs.Program
	for _, p := range x.model.Programs {
		if isArchiver(p) && len(p.Starts) > 0 {
			packers = append(packers, p)
		}
	}
	var out []archive
	if len(packers) == 0 {
		return out
	}
	x.eachStory(func(y *look, t *story, _ *program) {
		at, first, _ := t.appeared()
		if first == nil || !filesystem.IsContainer(t.path) {
			return
		}
		a := archive{path: t.path, at: at, rows: []*row{first}}
		for _, r := range t.files {
			if f := file(r); f.Size > a.size {
				a.size = f.Size
				if r != first {
					a.rows = append(a.rows[:1], r)
				}
			}
		}
		if a.size < smallArchive {
			return
		}
		for _, p := range packers {
			if starts := startsIn(p, at.Add(-madeBy), at.Add(time.Second)); len(starts) > 0 {
				a.by = p
				a.rows = append(a.rows, x.cite(starts[len(starts)-1].Refs()...)...)
				out = append(out, a)
				return
			}
		}
	})
	return out
}

// isArchiver reports whether the name or the original name of a program is that of
// an archiver.
func isArchiver(p *programs.Program) bool {
	if archivers[strings.TrimSuffix(p.Base(), ".exe")] {
		return true
	}
	return slices.ContainsFunc(p.Facts("original_name"), func(f programs.Fact) bool {
		return archivers[strings.TrimSuffix(strings.ToLower(f.Value), ".exe")]
	})
}

// sentWithin returns what a program sent in the periods that reach into the time
// after an archive was made.
func sentWithin(p *programs.Program, at time.Time) (sent int64, refs []programs.Ref) {
	for i := range p.Traffic {
		t := &p.Traffic[i]
		if t.Kind == "bytes" && t.Time.After(at) && !t.Time.After(at.Add(sentAfter+srumPeriod)) {
			sent += t.Sent
			refs = append(refs, t.Ref)
		}
	}
	return sent, refs
}
