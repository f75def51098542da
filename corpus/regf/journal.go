package regf

import "bytes"

// A Journal is a hive that was copied while its newest changes were in its logs only. It is told as a history: the
// image that the primary file still is, and the images after each change.
type Journal struct {
	States [][]byte // at least two images, each of them whole; see [History]
	Split  int      // entries that stand in the first log, the others in the second; 0: all in the first
	Swap   bool     // the older entries are in LOG2
	Number uint32   // of the first entry, or of the old log; 0 means what Windows 7 and 10 write
	Stale  []Entry  // stand behind the last entry, left from earlier use of the log
	Old    bool     // the format before Windows 8.1: one log, one state
	NT     bool     // with Old: as up to Windows 2000, changes are kept by sectors and the file has another type
	Half   bool     // the first page of every second run had already reached the primary
	BadSum bool     // the primary's base block is broken: its checksum does not hold
}

// History returns the images of a hive that goes from one state to the next.
func History(states ...*Hive) [][]byte {
	l := states[0].Live()
	images := [][]byte{l.Image()}
	for _, h := range states[1:] {
		l.Become(h)
		images = append(images, l.Image())
	}
	return images
}

// Dirty returns a hive whose change is only in its log, in the new format.
func Dirty(before, after *Hive) (primary, log1, log2 []byte) {
	j := Journal{States: History(before, after)}
	return j.Files()
}

// DirtyOld is Dirty with a log of the format before Windows 8.1.
func DirtyOld(before, after *Hive) (primary, log []byte) {
	j := Journal{States: History(before, after), Old: true}
	primary, log, _ = j.Files()
	return primary, log
}

// Files returns what lies on the disk. A log that is not used is empty.
func (j *Journal) Files() (primary, log1, log2 []byte) {
	primary = j.primary()
	if j.Old {
		last := j.States[len(j.States)-1]
		if j.NT {
			return primary, oldLog(j.States[0], last, j.number(), typeNTLog, sector), nil
		}
		return primary, OldLog(j.States[0], last, j.number()), nil
	}
	first, second := j.entries()
	log1 = NewLog(j.States[0], first...)
	if len(second) > 0 {
		log2 = NewLog(j.States[0], second...)
	}
	tail := &log1
	if len(second) > 0 {
		tail = &log2
	}
	for _, e := range j.Stale {
		*tail = AppendEntry(*tail, e)
	}
	if j.Swap {
		log1, log2 = log2, log1
	}
	return primary, log1, log2
}

// number is that of the first entry: the primary's secondary one, or with the old format its primary one, as real
// dirty hives show. Up to Windows 2003 an old log stands one lower: set Number.
func (j *Journal) number() uint32 {
	switch n := le.Uint32(j.States[0][bbSecondary:]); {
	case j.Number != 0:
		return j.Number
	case j.Old:
		return n + 1
	default:
		return n
	}
}

// primary is the first state, marked as being written.
func (j *Journal) primary() []byte {
	b := bytes.Clone(j.States[0])
	last := j.States[len(j.States)-1]
	if j.Old { // the new base block and size are on the disk before the pages: time and size agree with the log
		number := le.Uint32(b[bbSecondary:])
		copy(b, last[:sector])
		le.PutUint32(b[bbSecondary:], number)
		b = append(b[:page+len(Bins(j.States[0]))], make([]byte, max(0, len(Bins(last))-len(Bins(j.States[0]))))...)
	}
	if j.Half {
		for i, p := range Diff(j.States[0], last).Pages {
			if at := page + int(p.Offset); i%2 == 0 && at+page <= len(b) {
				copy(b[at:], p.Data[:page])
			}
		}
	}
	le.PutUint32(b[bbPrimary:], le.Uint32(b[bbSecondary:])+1)
	Checksum(b)
	if j.BadSum {
		b[bbChecksum] ^= 0x55
	}
	return b
}

// entries returns the changes as they stand in the older and the newer log.
func (j *Journal) entries() (first, second []Entry) {
	number := j.number()
	for i, s := range j.States[1:] {
		e := Diff(j.States[i], s)
		e.Number = number
		e.Flags = le.Uint32(s[bbFlags:]) & 1
		number++
		if j.Split > 0 && i >= j.Split {
			second = append(second, e)
		} else {
			first = append(first, e)
		}
	}
	return first, second
}

// Recovered returns what the primary must become when the first n entries are applied, those of the newer log
// alone when the base block is broken. All entries: n < 0.
func (j *Journal) Recovered(n int) []byte {
	primary := j.primary()
	first, second := j.entries()
	all := append(first, second...)
	base := primary[:sector]
	if j.Old {
		e := Diff(j.States[0], j.States[len(j.States)-1])
		e.Number = le.Uint32(primary[bbPrimary:])
		e.Flags = le.Uint32(primary[bbFlags:])
		all = []Entry{e}
	}
	if j.BadSum {
		_, log, log2 := j.Files()
		if j.Swap {
			log, log2 = log2, log
		}
		if len(second) > 0 {
			log, all = log2, second
		}
		base = log[:sector]
		if j.Old {
			all[0].Number = le.Uint32(base[bbPrimary:])
		}
	}
	if n >= 0 {
		all = all[:n]
	}
	if len(all) == 0 {
		return primary
	}
	bins := Bins(primary)
	for _, e := range all {
		bins = e.Apply(bins)
	}
	out := bytes.Clone(primary[:page])
	copy(out, base)
	last := all[len(all)-1]
	le.PutUint32(out[bbPrimary:], last.Number)
	le.PutUint32(out[bbSecondary:], last.Number)
	le.PutUint32(out[bbBins:], last.BinsSize)
	le.PutUint32(out[bbFlags:], le.Uint32(out[bbFlags:])&^1|last.Flags&1)
	le.PutUint32(out[bbType:], typePrimary)
	Checksum(out)
	out = append(out, bins...)
	if old := len(j.States[0]); len(out) < old { // a tail stays
		out = append(out, primary[len(out):]...)
	}
	return out
}
