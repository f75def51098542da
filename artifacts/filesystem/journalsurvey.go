package filesystem

import (
	"io"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A journalSurvey is what the first pass over a change journal finds: for the artifact
// of the journal, and for that of the $MFT beside it.
type journalSurvey struct {
	facts *journalFacts // nil without $MFT or without changes

	first, last    uint64 // FILETIMEs
	minUSN, maxUSN uint64
	named          Selection // of programs by the times of the journal
	moved          movedTimes
	clock          clockCheck
	collection     collection
	stats          ntfs.JournalStats
	name           []byte

	err error // of reading
}

// survey reads a change journal once for all artifacts of the run. v is nil without a
// $MFT beside it.
func (v *view) survey(in artifacts.Input, f *evidence.File) *journalSurvey {
	if f == nil { // a journal that is no file of a machine
		return v.readSurvey(in.Random, in.Size)
	}
	key := "filesystem journal of " + f.Snapshot + " " + f.Path
	if v != nil {
		key += ", with " + v.source.Snapshot + " " + v.source.Path
	}
	return in.Once(key, func() any {
		at, size := in.Random, in.Size
		if !sameFile(f, in.File) {
			d, _ := in.OpenAt(f) // the artifact usnjrnl reports what is wrong with it
			if d == nil {
				return &journalSurvey{}
			}
			defer d.Close()
			at, size = d.ReaderAt, d.Size()
		}
		hashing := in.Hashing(f)
		defer hashing.Close()
		return v.readSurvey(hashing.ReaderAt(at, size), size)
	}).(*journalSurvey)
}

func (v *view) readSurvey(at io.ReaderAt, size int64) *journalSurvey {
	x := &journalSurvey{moved: movedTimes{files: map[ntfs.Reference]*movedTime{}}}
	if v != nil {
		x.facts = &journalFacts{deleted: map[ntfs.Reference]uint64{}, changed: map[ntfs.Reference]uint64{}}
		x.named.UpCase = v.upcase
	}
	j := ntfs.NewJournal(at, size)
	for c, err := range j.Changes() {
		if err != nil {
			x.err = err
			break
		}
		if c.Version == 4 {
			continue
		}
		x.add(c)
		if x.facts != nil {
			x.facts.add(v, c)
		}
	}
	x.stats = j.Stats
	x.named.Select("", 0, false) // sorts it
	if x.facts != nil && x.facts.first == 0 {
		x.facts = nil
	}
	if x.facts != nil {
		x.facts.cut = x.err != nil || x.stats.Cuts > 0
	}
	return x
}

// add takes a change.
func (x *journalSurvey) add(c *ntfs.Change) {
	if x.first == 0 {
		x.first, x.minUSN = c.FileTime, c.USN
	}
	x.last, x.maxUSN = c.FileTime, c.USN
	x.clock.add(c)
	if c.Directory() {
		return
	}
	program := false
	if c.Reason&(ntfs.ReasonCreate|ntfs.ReasonRenameNew) != 0 {
		x.name = c.AppendName(x.name[:0])
		program = isProgram(x.name)
	}
	x.moved.survey(c, program)
	if !program {
		return
	}
	if isCollector(x.name) {
		x.collection.add(c.FileTime)
	}
	if c.Reason&ntfs.ReasonClose != 0 {
		x.named.add(c.FileTime)
	}
}
