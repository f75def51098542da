package corpus

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/artifactdump/artifactdump/corpus/scca"
	prefetch "www.velocidex.com/golang/go-prefetch"
)

func programs() []program { return slices.Concat(ordinary, hosted, packaged, intrusion) }

// The rules that hold on every real machine hold on this one: run times fall, their number follows from the count,
// nothing runs while the machine is off, before the volume was made, or after the copy was taken.
func TestProgramsAreConsistent(t *testing.T) {
	entries := make(map[uint64]string)
	for _, p := range programs() {
		s := p.spec()
		if len(s.LastRuns) != min(8, int(s.RunCount)) {
			t.Errorf("%s: %d run times for %d runs", s.FileName(), len(s.LastRuns), s.RunCount)
		}
		for i, r := range s.LastRuns {
			if i > 0 && !r.Before(s.LastRuns[i-1]) {
				t.Errorf("%s: run %d at %v is not before %v", s.FileName(), i, r, s.LastRuns[i-1])
			}
			if r.Before(Installed) || r.After(CopiedAt) || r.After(LastShutdown) && r.Before(LastBoot) {
				t.Errorf("%s: run at %v, when the machine was not running", s.FileName(), r)
			}
		}
		for _, f := range s.Files {
			if other, ok := entries[f.Entry]; ok && other != f.Name && f.Sequence != 0 { // 0: the trace holds no reference
				t.Errorf("MFT entry %d is that of %s and of %s", f.Entry, other, f.Name)
			}
			if f.Sequence != 0 {
				entries[f.Entry] = f.Name
			}
			if !slices.ContainsFunc(s.Volumes, func(v scca.Volume) bool { return strings.HasPrefix(f.Name, v.Device) }) {
				t.Errorf("%s: %s is on no volume", s.FileName(), f.Name)
			}
		}
	}
}

func TestIntrusionIsInTheNight(t *testing.T) {
	for _, p := range intrusion {
		if p.path == `C:\Windows\System32\VSSVC.exe` {
			continue // also ran before, for restore points
		}
		first := p.runs.times[len(p.runs.times)-1]
		if p.runs.count != len(p.runs.times) || first.Before(IntrusionStart) || first.After(IntrusionEnd) {
			t.Errorf("%s: %d runs, the first at %v", p.path, p.runs.count, first)
		}
	}
}

// A parser that is not ours reads what was written.
func TestOracle(t *testing.T) {
	for _, p := range programs() {
		s := p.spec()
		got, err := prefetch.LoadPrefetch(bytes.NewReader(s.Build()))
		if err != nil {
			t.Errorf("%s: %v", s.FileName(), err)
			continue
		}
		if want := got.Executable + "-" + strings.TrimPrefix(got.Hash, "0x") + ".pf"; want != s.FileName() {
			t.Errorf("%s: the peer reads the name %s", s.FileName(), want)
		}
		if len(got.FilesAccessed) != len(s.Files) || len(got.LastRunTimes) != len(s.LastRuns) {
			t.Errorf("%s: the peer reads %d files and %d times, want %d and %d", s.FileName(),
				len(got.FilesAccessed), len(got.LastRunTimes), len(s.Files), len(s.LastRuns))
		}
	}
}
