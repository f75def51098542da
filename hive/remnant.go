package hive

import "iter"

// remnantEntries finds entries with good hashes in a log that were not applied. Logs are used again without
// being cleared, so that they hold older states of the hive behind their last entry.
func remnantEntries(log []byte, applied []LogEntry) iter.Seq[logEntry] {
	return func(yield func(logEntry) bool) {
		// Hashing is bounded: hostile entries may claim to overlap.
		left := 4 * len(log)
		for at := sectorSize; at+entryRefs <= len(log); {
			if len(applied) > 0 && int64(at) == applied[0].Offset {
				applied = applied[1:]
				at += int(le.Uint32(log[at+entrySize:]))
				continue
			}
			if string(log[at:at+4]) == "HvLE" && left > 0 {
				left -= int(min(le.Uint32(log[at+entrySize:]), uint32(len(log))))
				if e, problem := parseEntry(log, at); problem == "" {
					if !yield(e) {
						return
					}
					at += e.size
					continue
				}
			}
			at += sectorSize
		}
	}
}

// logRemnants finds records in log entries that were not applied.
func (h *Hive) logRemnants(yield func(Remnant) bool) {}
