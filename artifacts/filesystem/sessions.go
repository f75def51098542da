package filesystem

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A Start is a run of a program that a write of its Prefetch file shows, also
// of one that has fallen out of the eight times in the file, or whose file has
// been deleted since.
type Start struct {
	Program string // as in the name of the Prefetch file: "CMD.EXE"
	Hash    string // eight hexadecimal digits
	// The start lies between these two FILETIMEs. Windows writes the file ten
	// seconds after the start, or when the program ends.
	NotBefore, NotAfter uint64
}

// PrefetchDelay is how long after a start the file may be written: of 35 runs
// the last was written after 10.51 s.
const PrefetchDelay = 10600 * time.Millisecond

const prefetchDelay = uint64(PrefetchDelay / 100)

// PrefetchStart returns the run that a session of the journal shows. folder is
// the reference of \Windows\Prefetch: collectors write copies of Prefetch files
// elsewhere.
func PrefetchStart(s *ntfs.Session, folder ntfs.Reference) (Start, bool) {
	const wrote = ntfs.ReasonOverwrite | ntfs.ReasonExtend | ntfs.ReasonTruncate
	if s.Parent != folder || s.Reasons&wrote == 0 || s.Deleted != 0 || s.OldName != "" {
		return Start{}, false
	}
	program, hash, ok := PrefetchName(s.Name)
	if !ok || s.First == 0 {
		return Start{}, false
	}
	return Start{Program: program, Hash: hash, NotBefore: s.First - min(s.First, prefetchDelay), NotAfter: s.First}, true
}

// PrefetchName splits NAME.EXE-12345678.pf. Boot files and those of hosting
// services have other names, or start no program.
func PrefetchName(name string) (program, hash string, ok bool) {
	base, ok := strings.CutSuffix(strings.ToUpper(name), ".PF")
	i := strings.LastIndexByte(base, '-')
	if !ok || i <= 0 || len(base)-i != 9 {
		return "", "", false
	}
	program, hash = base[:i], base[i+1:]
	for _, c := range hash {
		if (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return "", "", false
		}
	}
	switch {
	case program == "NTOSBOOT", program == "READYBOOT", strings.HasPrefix(program, "OP-"):
		return "", "", false
	}
	return program, hash, true
}

// TimesSet reports whether a session did nothing but set times or attributes,
// and when: the exact moment of a forging, if the file is a program.
func TimesSet(s *ntfs.Session) (at uint64, ok bool) {
	return s.BasicInfo, s.BasicInfo != 0 && s.Reasons&^(ntfs.ReasonBasicInfo|ntfs.ReasonClose) == 0
}

// BornBefore reports whether the creation time of a file is more than two
// seconds before its creation in the journal.
func BornBefore(created uint64, s *ntfs.Session) bool {
	return s.Created != 0 && created != 0 && created+2*second < s.Created
}

// JournalRecreated reports whether the change journal is more than a day
// younger than the volume: it was deleted and made anew, by a person or by an
// upgrade of Windows (rule N-10).
func JournalRecreated(info ntfs.JournalInfo, volumeMade uint64) bool {
	return info.ID != 0 && volumeMade != 0 && info.ID > volumeMade+day
}

// MarkRemoved reports whether a session took a stream away from a file that has
// no Mark of the Web now: STREAM_CHANGE without data written to a stream (rule
// N-07). It holds for any stream, so it supports and does not prove.
func MarkRemoved(s *ntfs.Session, marked bool) bool {
	const namedData = ntfs.Reason(0x10 | 0x20 | 0x40)
	return s.Stream != 0 && !marked && s.Reasons&(namedData|ntfs.ReasonCreate|ntfs.ReasonDelete) == 0
}
