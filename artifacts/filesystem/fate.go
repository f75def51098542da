package filesystem

import "github.com/artifactdump/artifactdump/artifacts/formats/ntfs"

// A Fate is what became of the file that a reference named when it was stored:
// by Prefetch, Syscache, a shortcut, a journal record.
type Fate uint8

// What can have become of a file.
const (
	FateUnknown Fate = iota // $MFT has no such record, or knows an earlier use of it
	FateExists              // that very file exists
	FateDeleted             // deleted; its record, times and small streams are still there
	FateReused              // deleted; its record belongs to another file now
)

// String returns the fate in a word.
func (f Fate) String() string {
	return [...]string{"unknown", "exists", "deleted", "record reused"}[f]
}

// FateOf looks a reference up in the table of $MFT. A higher sequence number
// means that the record has been reused. Numbers run from 1 to 65,535 and
// begin again, so the shorter way around decides.
func FateOf(t *ntfs.Table, ref ntfs.Reference) Fate {
	seq, inUse, known := t.Sequence(ref.Entry())
	switch {
	case !known || ref.Sequence() == 0:
		return FateUnknown
	case seq == ref.Sequence() && inUse:
		return FateExists
	case seq == ref.Sequence():
		return FateDeleted
	case int16(seq-ref.Sequence()) > 0:
		return FateReused
	}
	return FateUnknown
}
