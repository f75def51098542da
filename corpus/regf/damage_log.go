package regf

import (
	"bytes"
	"slices"
	"time"
)

// soundStates is the sound hive and what it was before: an image without Gamma and with a shorter Omega.
// The keys of [Sound] are whole after recovery; before it Gamma and the value Last are missing.
func soundStates() (before, after *Hive) {
	after = Sound()
	before = Sound()
	before.Root.Subkeys = slices.DeleteFunc(before.Root.Subkeys, func(k *Key) bool { return k.Name == "Gamma" })
	before.Root.Sub("Omega").Values = nil
	before.Written = before.Written.Add(-time.Hour)
	after.Written = before.Written
	return before, after
}

// soundHistory leads to the sound hive in three steps.
func soundHistory() [][]byte {
	before, after := soundStates()
	one := before.Clone()
	one.Root.Sub("Omega").Set("Last", QWord(1<<40))
	two := one.Clone()
	two.Root.Sub("Gamma")
	return History(before, one, two, after)
}

// hurtLog returns a Build that does something to a hive with one log of three entries. Only the first n of them
// stay good; n = 0 means that the log is of no use, which the primary does not show.
func hurtLog(n int, f func(e []Entry, log []byte) []byte) func() Files {
	return func() Files {
		j := Journal{States: soundHistory()}
		e, _ := j.entries()
		primary, log, _ := j.Files()
		files := Files{Primary: primary, Log1: f(e, log)}
		if n > 0 {
			files.Recovered = j.Recovered(n)
		}
		return files
	}
}

// entryAt returns the bytes of the entry with an index, inside a log.
func entryAt(log []byte, index int) []byte {
	at := sector
	for range index {
		at += int(le.Uint32(log[at+entrySize:]))
	}
	return log[at : at+int(le.Uint32(log[at+entrySize:]))]
}

func logDamages() []Damage {
	none := []string{`\Gamma`, `\Gamma\*`, `\Omega|Last`} // the primary alone
	one := []string{`\Gamma`, `\Gamma\*`}                 // after the first entry
	return []Damage{
		{"logWhole", "Nothing: three changes stand in one log.", "", nil, hurtLog(3, func(_ []Entry, log []byte) []byte { return log })},
		{"logsTwo", "Nothing: the third change stands in the second log.", "", nil, journal(Journal{Split: 2}, -1)},
		{"logsSwapped", "Nothing: the older entries stand in LOG2.", "", nil, journal(Journal{Split: 1, Swap: true}, -1)},
		{"logNumberWraps", "Nothing: the numbers pass from 0xFFFFFFFF to 0.", "", nil, func() Files {
			j := Journal{States: soundHistory(), Split: 1, Number: 0xFFFFFFFF}
			for _, s := range j.States {
				le.PutUint32(s[bbPrimary:], 0xFFFFFFFF)
				le.PutUint32(s[bbSecondary:], 0xFFFFFFFF)
				Checksum(s)
			}
			return j.files(-1)
		}},
		{"logFarAhead", "Nothing: the log begins 2,000 numbers after the primary.", "", nil, journal(Journal{Number: 2040}, -1)},
		{"logEmpty", "Both logs have no bytes.", "", none, hurtLog(0, func([]Entry, []byte) []byte { return nil })},
		{"logEntryTorn", "The log ends in the pages of its second entry.", "", one, hurtLog(1, func(_ []Entry, log []byte) []byte {
			return log[:sector+len(entryAt(log, 0))+len(entryAt(log, 1))/2]
		})},
		{"logEntryHeaderTorn", "The log ends in the header of its second entry.", "", one,
			hurtLog(1, func(_ []Entry, log []byte) []byte { return log[:sector+len(entryAt(log, 0))+20] })},
		{"logHash1", "A byte of a page in the second entry has changed.", "", one,
			hurtLog(1, func(_ []Entry, log []byte) []byte { entryAt(log, 1)[1000] ^= 1; return log })},
		{"logHash2", "The flags of the second entry have changed.", "", one,
			hurtLog(1, func(_ []Entry, log []byte) []byte { entryAt(log, 1)[entryFlags] ^= 1; return log })},
		{"logReference", "The place of a page of the second entry has changed.", "", one,
			hurtLog(1, func(_ []Entry, log []byte) []byte { entryAt(log, 1)[entryPages+1] ^= 0x10; return log })},
		{"logSignature", "The second entry has no signature.", "", one,
			hurtLog(1, func(_ []Entry, log []byte) []byte { copy(entryAt(log, 1), "XXXX"); return log })},
		{"logGap", "The numbers jump from the first entry to the third.", "", one, hurtLog(1, func(e []Entry, _ []byte) []byte {
			e[1].Number++
			e[2].Number++
			return NewLog(soundHistory()[0], e...)
		})},
		{"logStale", "Old entries with good hashes stand behind the last one.", "", nil, hurtLog(3, func(e []Entry, log []byte) []byte {
			s := soundHistory()
			return AppendEntry(AppendEntry(log, Diff(s[1], s[0]).Numbered(12)), Diff(s[2], s[0]).Numbered(13))
		})},
		{"logFirstNumber", "The first entry has not the number that the log begins with.", "", none,
			hurtLog(0, func(e []Entry, _ []byte) []byte {
				log := NewLog(soundHistory()[0], e...)
				le.PutUint32(log[bbPrimary:], 39)
				le.PutUint32(log[bbSecondary:], 39)
				Checksum(log)
				return log
			})},
		{"logOlder", "The log belongs to an older state: its number is below the primary's.", "", none,
			hurtLog(0, func(e []Entry, _ []byte) []byte {
				s := soundHistory()
				return NewLog(s[0], Diff(s[1], s[0]).Numbered(12))
			})},
		{"logsGap", "The second log does not continue the first.", "", one, func() Files {
			j := Journal{States: soundHistory(), Split: 1}
			f := j.files(1)
			_, e := j.entries()
			for i := range e {
				e[i].Number += 5
			}
			f.Log2 = NewLog(j.States[0], e...)
			return f
		}},
		{"logFirstOlder", "One log is older than the primary, the other is good.", "", nil, func() Files {
			f := journal(Journal{}, -1)()
			s := soundHistory()
			f.Log2 = NewLog(s[0], Diff(s[1], s[0]).Numbered(12))
			return f
		}},
		{"logChecksum", "The base block of the log has a wrong checksum.", "", none,
			hurtLog(0, func(_ []Entry, log []byte) []byte { log[bbChecksum] ^= 1; return log })},
		{"logUnequal", "The base block of the log has two sequence numbers.", "", none,
			hurtLog(0, func(_ []Entry, log []byte) []byte { le.PutUint32(log[bbSecondary:], 39); Checksum(log); return log })},
		{"logType", "The log says that it is a primary file.", "", none,
			hurtLog(0, func(_ []Entry, log []byte) []byte { log[bbType] = typePrimary; Checksum(log); return log })},
		{"logPageOutside", "A page of the second entry lies behind the bins, under good hashes.", "", one,
			resealed(func(e []byte) { le.PutUint32(e[entryPages:], 0x7FFFF000) })},
		{"logPageLength", "A page of the second entry has 4,294,963,200 bytes, under good hashes.", "", one,
			resealed(func(e []byte) { le.PutUint32(e[entryPages+4:], 0xFFFFF000) })},
		{"logPageCount", "The second entry counts 4,294,967,295 pages, under good hashes.", "", one,
			resealed(func(e []byte) { le.PutUint32(e[entryCount:], NIL) })},
		{"logPageCountZero", "The second entry counts no pages, under good hashes.", "", one,
			resealed(func(e []byte) { le.PutUint32(e[entryCount:], 0) })},
		{"logBinsSize", "The second entry makes the bins 4,294,963,200 bytes large, under good hashes.", "", one,
			resealed(func(e []byte) { le.PutUint32(e[entryBins:], 0xFFFFF000) })},
		{"logBinsUnaligned", "The second entry makes the bins 5,000 bytes large, under good hashes.", "", one,
			resealed(func(e []byte) { le.PutUint32(e[entryBins:], 5000) })},
		{"logEntrySizeZero", "The second entry has size 0.", "", one,
			hurtLog(1, func(_ []Entry, log []byte) []byte { le.PutUint32(entryAt(log, 1)[entrySize:], 0); return log })},
		{"logEntrySizeHuge", "The second entry has size 4,294,966,784.", "", one,
			hurtLog(1, func(_ []Entry, log []byte) []byte { le.PutUint32(entryAt(log, 1)[entrySize:], 0xFFFFFE00); return log })},
		{"logHiveClean", "The hive is clean, and its logs hold newer entries.", "", none, func() Files {
			f := journal(Journal{}, -1)()
			le.PutUint32(f.Primary[bbPrimary:], 40)
			Checksum(f.Primary)
			f.Recovered = nil
			return f
		}},
		{"logHeaderBad", "The base block is bad; one log holds all.", "", nil, journal(Journal{BadSum: true}, -1)},
		// What only the first log holds is lost; its page of the second change is part of the later log too.
		{"logHeaderBadTwo", "The base block is bad; only the later of two logs counts.", "", none,
			journal(Journal{BadSum: true, Split: 2}, -1)},
		{"logHalfWritten", "Some pages of the change had reached the primary.", "", nil, journal(Journal{Half: true}, -1)},
	}
}

// resealed changes the second entry and makes its hashes good again.
func resealed(f func(e []byte)) func() Files {
	return hurtLog(1, func(_ []Entry, log []byte) []byte {
		e := entryAt(log, 1)
		f(e)
		Seal(e)
		return log
	})
}

func journal(j Journal, n int) func() Files {
	return func() Files {
		j := j
		j.States = soundHistory()
		return j.files(n)
	}
}

func (j *Journal) files(n int) Files {
	p, l1, l2 := j.Files()
	return Files{p, l1, l2, j.Recovered(n)}
}

// hurtOld does something to a hive with an old log, which is good for nothing thereafter.
func hurtOld(f func(log []byte) []byte) func() Files {
	return func() Files {
		files := journal(Journal{Old: true}, -1)()
		files.Log1 = f(files.Log1)
		files.Recovered = nil
		return files
	}
}

func oldLogDamages() []Damage {
	none := []string{`\Gamma`, `\Gamma\*`, `\Omega|Last`}
	return []Damage{
		{"oldLogWhole", "Nothing: the change stands in a log of the old format.", "", nil, journal(Journal{Old: true}, -1)},
		{"oldLogXP", "Nothing: the log's number is one lower than that of the hive, as up to Windows 2003.", "", nil, func() Files {
			j := Journal{States: soundHistory(), Old: true, Number: 40}
			return j.files(-1)
		}},
		{"oldLogNT", "Nothing: the log is one of Windows 2000, with type 2 and parts of pages.", "", nil,
			journal(Journal{Old: true, NT: true}, -1)},
		{"oldLogHeaderBad", "The base block is bad; the old log replaces it.", "", nil, journal(Journal{Old: true, BadSum: true}, -1)},
		{"oldLogTorn", "The old log ends before its last page.", "", none,
			hurtOld(func(log []byte) []byte { return log[:len(log)-sector] })},
		{"oldLogBitmapTorn", "The old log ends in its bitmap.", "", none, hurtOld(func(log []byte) []byte { return log[:518] })},
		{"oldLogNotDirt", "The old log has no DIRT.", "", none,
			hurtOld(func(log []byte) []byte { copy(log[sector:], "INVL"); return log })},
		{"oldLogOlder", "The old log is a day older than the hive.", "", none, hurtOld(func(log []byte) []byte {
			le.PutUint64(log[bbWritten:], le.Uint64(log[bbWritten:])-24*3600*1e7)
			Checksum(log)
			return log
		})},
		{"oldLogUnequal", "The old log has two sequence numbers.", "", none, hurtOld(func(log []byte) []byte {
			le.PutUint32(log[bbSecondary:], 40)
			Checksum(log)
			return log
		})},
		{"oldLogChecksum", "The base block of the old log has a wrong checksum.", "", none,
			hurtOld(func(log []byte) []byte { log[bbChecksum] ^= 1; return log })},
		{"oldLogBinsSize", "The old log says that the bins have 2 GiB.", "", none, hurtOld(func(log []byte) []byte {
			le.PutUint32(log[bbBins:], 0x7FFFF000)
			Checksum(log)
			return log
		})},
		{"oldLogsTwo", "Two old logs are valid; only the later one, here the second, is for this hive.", "", nil, func() Files {
			f := journal(Journal{Old: true}, -1)()
			f.Log2 = f.Log1
			f.Log1 = bytes.Clone(f.Log2)
			le.PutUint64(f.Log1[bbWritten:], le.Uint64(f.Log1[bbWritten:])-24*3600*1e7)
			clear(f.Log1[len(f.Log1)-page:])
			Checksum(f.Log1)
			return f
		}},
	}
}
