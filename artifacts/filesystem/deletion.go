package filesystem

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// lastChanges is how many files say when a volume was last changed.
const lastChanges = 16

// A volumeEnd finds the newest change of a volume in two passes over its records: what
// was deleted was deleted before. Any program can date a file into the future. So the
// files that $LogFile numbered last say around when the newest change was, and later
// dates are not believed.
type volumeEnd struct {
	last  []lsnTime // sorted, of the first pass
	limit uint64
	at    uint64 // FILETIME
}

type lsnTime struct{ lsn, changed uint64 }

func (l lsnTime) compare(o lsnTime) int {
	return cmp.Or(cmp.Compare(l.lsn, o.lsn), cmp.Compare(l.changed, o.changed))
}

// survey takes a record in the first pass.
func (e *volumeEnd) survey(r *ntfs.Record) {
	n := len(e.last)
	if n == lastChanges && r.LSN < e.last[0].lsn || judged(r) == nil {
		return
	}
	l := lsnTime{r.LSN, r.Standard.Times[2]}
	k, _ := slices.BinarySearchFunc(e.last, l, lsnTime.compare)
	e.last = slices.Insert(e.last, k, l)
	if n == lastChanges {
		e.last = slices.Delete(e.last, 0, 1)
	}
}

// narrow ends the first pass.
func (e *volumeEnd) narrow() {
	var changed []uint64
	for _, l := range e.last {
		changed = append(changed, l.changed)
	}
	slices.Sort(changed)
	if len(changed) > 0 {
		e.limit = changed[len(changed)/2] + day
	}
}

// compare takes a record in the second pass.
func (e *volumeEnd) compare(r *ntfs.Record) {
	if t := r.Standard.Times[2]; r.HasStandard && t > e.at && t <= e.limit && judged(r) != nil {
		e.at = t
	}
}

// A journalFacts is what the change journal beside a $MFT says of its files.
type journalFacts struct {
	first, last uint64 // FILETIMEs
	cut         bool   // a part is missing
	deleted     map[ntfs.Reference]uint64
	changed     map[ntfs.Reference]uint64 // the last change of programs in doubt, by its USN
}

// journal returns what the change journal beside the $MFT says of its files: nil
// without a journal.
func (v *view) journal(in artifacts.Input) *journalFacts {
	f := beside(in, journalPatterns)
	if f == nil && in.Tree != nil && in.Loose() {
		if signed := in.Tree.Signed(collect.JournalFile); len(signed) == 1 {
			f = signed[0]
		}
	}
	if f == nil {
		return nil
	}
	return v.survey(in, f).facts
}

// add takes a change.
func (x *journalFacts) add(v *view, c *ntfs.Change) {
	if x.first == 0 {
		x.first = c.FileTime
	}
	x.last = max(x.last, c.FileTime)
	if f := v.forged[c.File]; f != nil && f.USN == c.USN {
		x.changed[c.File] = c.FileTime
	}
	if c.Reason&ntfs.ReasonDelete != 0 && len(x.deleted) < maxTracked && FateOf(v.table, c.File) == FateDeleted &&
		x.deleted[c.File] == 0 {
		x.deleted[c.File] = c.FileTime
	}
}

// bounds sets when the file of a free record was deleted: at the moment of the change
// journal, or else after the last change that the record shows, and before the journal
// begins or before the newest change of the volume.
func (f *File) bounds(r *ntfs.Record, v *view, j *journalFacts) {
	if f.Exists || r.Reused {
		return
	}
	if j != nil && j.deleted[r.Reference()] != 0 {
		f.Deleted = wire.Time(j.deleted[r.Reference()])
		return
	}
	last := f.Changed
	if f.NameChanged.After(last) {
		last = f.NameChanged
	}
	if last.IsZero() {
		return
	}
	f.DeletedAfter = last
	newest := v.end.at
	if j != nil {
		if first := wire.Time(j.first); !j.cut && last.Before(first) {
			f.DeletedBefore, f.boundBy = first, "the change journal, which begins then, has no deletion of it"
			return
		}
		newest = max(newest, j.last)
	}
	if t := wire.Time(newest); newest != 0 && !t.Before(last) {
		f.DeletedBefore, f.boundBy = t, "the newest change of the volume"
	}
}

// deletion is the event of the deletion, if there is one.
func (f File) deletion(message func(string) string) (artifacts.Event, bool) {
	e := artifacts.Event{Kind: "File Deletion Time"}
	switch {
	case !f.Deleted.IsZero():
		e.Time, e.Message = f.Deleted, message("was deleted, by the change journal")
	case f.DeletedAfter.IsZero():
		return e, false
	case f.DeletedBefore.IsZero():
		e.Time, e.Estimate, e.Message = f.DeletedAfter, true, message("was deleted, not before this last change of its record")
	default:
		e.Time, e.Estimate = f.DeletedAfter, true
		e.Message = message(fmt.Sprintf("was deleted between %s (last change of its record) and %s (%s)",
			f.DeletedAfter.UTC().Format(time.DateTime), f.DeletedBefore.UTC().Format(time.DateTime), f.boundBy))
	}
	return e, true
}
