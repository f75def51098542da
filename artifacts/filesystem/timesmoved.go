package filesystem

import (
	"fmt"
	"maps"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A movedTime is what a journal and $MFT together say of a program whose times were set.
type movedTime struct {
	created uint64 // FILETIME of the record of its creation in the journal
	says    uint64 // creation by $STANDARD_INFORMATION, as it is now
	lastSet uint64 // USN of the last record that says that times or attributes were set
	sets    int    // sessions in which they were
}

// A movedTimes finds programs that say that they were created before the journal
// recorded their creation, because their times were set. The journal does not record
// which time or attribute was set: only the last change can be taken for it, and only
// of a file whose creation is in the journal.
type movedTimes struct {
	files map[ntfs.Reference]*movedTime
}

// survey takes a record of the journal in the first pass, which is not of a folder.
// program reports whether it creates or names a program.
func (m *movedTimes) survey(c *ntfs.Change, program bool) {
	x := m.files[c.File]
	switch {
	case x == nil:
		if program && c.Reason&ntfs.ReasonCreate != 0 && len(m.files) < maxTracked {
			m.files[c.File] = &movedTime{created: c.FileTime}
		}
	case c.Reason&ntfs.ReasonBasicInfo != 0:
		x.lastSet = c.USN
		if c.Reason&ntfs.ReasonClose != 0 {
			x.sets++
		}
	}
}

// judge ends the first pass: it asks $MFT what the files say now.
func (x *journalReader) judgeMoved() {
	m := x.moved.files
	maps.DeleteFunc(m, func(_ ntfs.Reference, t *movedTime) bool { return t.lastSet == 0 || x.v == nil })
	if len(m) == 0 {
		return
	}
	_ = x.v.few(x.in, entriesOf(m), false, func(r *ntfs.Record) {
		if t := m[r.Reference()]; t != nil && r.IsBase() && r.HasStandard {
			t.says = r.Standard.Times[0]
		}
	}) // the artifact mft reports what cannot be read
	maps.DeleteFunc(m, func(_ ntfs.Reference, t *movedTime) bool { return t.says == 0 || t.says+2*second >= t.created })
}

// move sets how the creation time of a file moved, if a session is the last that set
// its times.
func (c *Change) move(m *movedTimes, s *ntfs.Session) {
	t := m.files[s.File]
	if t == nil || s.BasicInfo == 0 || t.lastSet < s.FirstUSN || t.lastSet > s.LastUSN {
		return
	}
	c.CreatedFrom, c.CreatedTo, c.oneOf = wire.Time(t.created), wire.Time(t.says), t.sets
}

// setTimes says what the setting of times did.
func (c Change) setTimes() string {
	says := "times or attributes of " + c.Path + " were set"
	if c.CreatedTo.IsZero() {
		return says
	}
	says += fmt.Sprintf(", created moved from %s to %s", c.CreatedFrom.UTC().Format(utcTime), c.CreatedTo.UTC().Format(utcTime))
	if c.oneOf > 1 {
		says += fmt.Sprintf(", in one of %d such changes", c.oneOf)
	}
	return says
}

const utcTime = "2006-01-02 15:04:05.0000000"
