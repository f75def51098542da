package hive

import (
	"fmt"
	"slices"
)

// A Recovery describes what was done with a hive's transaction logs.
type Recovery struct {
	Dirty          bool   // the primary file needs its logs
	Applied        bool   // pages of a log were taken over
	Problem        string // why a dirty hive was not recovered, or not whole
	HeaderRepaired bool   // the primary's base block was bad and a log's was taken
	BaseBlockLost  bool   // the primary file does not begin with a base block: it was read from its bins
	Missing        int64  // bytes that are missing in front of the file; offsets count as if they were there

	First, Last      uint32 // sequence numbers of the first and last entry, of the log for the old format
	Entries, Pages   int
	Bytes            int64
	OldBins, NewBins uint32 // size of the bins before and after
	Header           Header // base block of the image after recovery
	Logs             []LogReport
}

// A LogReport describes what became of one log.
type LogReport struct {
	Name     string
	Format   string // "HvLE", "DIRT", or empty where the log is neither
	Size     int
	Header   Header // of the log's base block, where it has one
	Used     bool
	Reason   string // why the log was not used, why it was used up to there, or by which rule
	Entries  []LogEntry
	Remnants int // entries with good hashes that were not applied to a dirty hive: other states of it

	index int // in Options.Logs
}

// A LogEntry is an entry of a log that was applied. An old log counts as one entry.
type LogEntry struct {
	Offset   int64 // in the log
	Sequence uint32
	BinsSize uint32
	Pages    []LogPage
}

// A LogPage is a run of bytes that a log entry wrote over the primary file.
type LogPage struct {
	Offset    int64 // in the primary file
	Length    int64
	LogOffset int64 // in the log
}

// Recovery returns the report about the logs.
func (h *Hive) Recovery() Recovery { return h.recovery }

// FromLog reports which log the byte at an offset of the image comes from, and where it is there; ok is false for
// what the primary file itself holds.
func (h *Hive) FromLog(offset int64) (log string, at int64, ok bool) {
	// The last entry that wrote there counts; logs stand in the order in which they were applied.
	for _, l := range h.recovery.Logs {
		for _, e := range l.Entries {
			for _, p := range e.Pages {
				if d := offset - p.Offset; d >= 0 && d < p.Length {
					log, at, ok = l.Name, p.LogOffset+d, true
				}
			}
		}
	}
	return log, at, ok
}

// isLogBlock tells a log that is passed as a hive by what follows its base block.
func isLogBlock(b []byte) bool {
	t := le.Uint32(b[baseType:])
	if t == typePrimary {
		return false
	}
	if len(b) >= dirtBitmap {
		if s := string(b[dirtSignature:dirtBitmap]); s == "DIRT" || s == "HvLE" {
			return true
		}
	}
	return t == typeNewLog && checksum(b) == le.Uint32(b[baseSum:])
}

// A replay applies logs to a copy of the image.
type replay struct {
	h     *Hive
	data  []byte // nil until the first page is written
	limit int64
	rep   *Recovery
}

// replayLogs replays the logs over a copy of the image where the hive is dirty; regf section 13. A rebuilt base block
// is dirty, and the report about the lost one says why.
func (h *Hive) replayLogs(opts *Options, rebuilt bool) {
	r := replay{h: h, rep: &h.recovery, limit: opts.MaxSize}
	rep := r.rep
	rep.Dirty = h.header.Dirty
	rep.OldBins, rep.NewBins = h.header.BinsSize, h.header.BinsSize
	if opts.NoLogs {
		if rep.Dirty && !rebuilt {
			rep.Problem = "the hive is dirty; its logs are not used on request"
			h.note(warn(baseSeq1, "base block", "%s", rep.Problem))
		}
		rep.Header = h.header
		return
	}
	total := 0
	for i, l := range opts.Logs {
		total += len(l.Data)
		rep.Logs = append(rep.Logs, classify(l))
		rep.Logs[i].index = i
	}
	h.logs = opts.Logs
	if r.limit == 0 {
		r.limit = int64(len(h.data)) + 16*int64(total) + 1<<20
	}
	r.limit = min(r.limit, baseSize+maxImage)
	if !rep.Dirty {
		for i := range rep.Logs {
			if rep.Logs[i].Reason == "" {
				rep.Logs[i].Reason = "the hive is clean"
			}
		}
	} else {
		r.run(opts.Logs)
	}
	if r.data != nil {
		h.data = r.data
	}
	rep.Header = parseHeader(h.data)
	if rep.Dirty && !rep.Applied {
		rep.Problem = "the hive is dirty and no log applies to it"
		if len(opts.Logs) == 0 {
			rep.Problem = "the hive is dirty and its logs are missing"
		}
	}
	if rep.Problem != "" && !rebuilt {
		h.note(warn(baseSeq1, "base block", "%s (sequence numbers %d and %d)", rep.Problem, h.header.PrimarySequence,
			h.header.SecondarySequence))
	}
}

// classify tells by its content what a log is, and refuses what cannot be one.
func classify(l Log) LogReport {
	b := l.Data
	rep := LogReport{Name: l.Name, Size: len(b)}
	switch {
	case len(b) == 0:
		rep.Reason = "empty"
		return rep
	case len(b) < sectorSize || string(b[:4]) != "regf":
		rep.Reason = "no base block"
		return rep
	}
	rep.Header = parseHeader(b[:sectorSize])
	switch rep.Header.FileType {
	case typeNewLog:
		rep.Format = "HvLE"
	case typeOldLog, typeOldLog2:
		rep.Format = "DIRT"
		if !isLogBlock(b) {
			rep.Reason = "no DIRT signature"
		}
	default:
		rep.Reason = fmt.Sprintf("file type %d is no log's", rep.Header.FileType)
	}
	switch {
	case rep.Reason != "":
	case !rep.Header.ChecksumOK():
		rep.Reason = "the checksum of its base block is wrong"
	case rep.Header.PrimarySequence != rep.Header.SecondarySequence:
		rep.Reason = fmt.Sprintf("its sequence numbers %d and %d differ: it was being written", rep.Header.PrimarySequence,
			rep.Header.SecondarySequence)
	}
	return rep
}

// run chooses the logs and applies them.
func (r *replay) run(logs []Log) {
	reports := r.rep.Logs
	var newer, older []int
	for i := range reports {
		switch {
		case reports[i].Reason != "":
		case reports[i].Format == "HvLE":
			newer = append(newer, i)
		default:
			older = append(older, i)
		}
	}
	slices.SortStableFunc(newer, func(a, b int) int {
		x, y := reports[a].Header.PrimarySequence, reports[b].Header.PrimarySequence
		switch {
		case x == y:
			return 0
		case before(x, y):
			return -1
		}
		return 1
	})
	if r.h.header.ChecksumOK() {
		r.replayNew(logs, newer)
	} else {
		r.repairNew(logs, newer)
	}
	for _, i := range newer {
		reports[i].Remnants = countRemnants(logs[i].Data, reports[i].Entries)
	}
	if r.rep.Applied {
		for _, i := range older {
			reports[i].Reason = "a log of the new format was used"
		}
	} else {
		r.replayOld(logs, older)
	}
	// In the order of application, so that a later page stands behind an earlier one.
	slices.SortStableFunc(reports, func(a, b LogReport) int {
		switch {
		case a.Used && b.Used && len(a.Entries) > 0 && len(b.Entries) > 0 && before(a.Entries[0].Sequence, b.Entries[0].Sequence):
			return -1
		case a.Used && b.Used && len(a.Entries) > 0 && len(b.Entries) > 0 && before(b.Entries[0].Sequence, a.Entries[0].Sequence):
			return 1
		}
		return 0
	})
}

// replayNew applies logs of the new format, ordered, to a hive whose base block is good; section 13 step 3.
func (r *replay) replayNew(logs []Log, order []int) {
	for _, i := range order {
		rep := &r.rep.Logs[i]
		first := rep.Header.PrimarySequence
		switch {
		case before(first, r.h.header.SecondarySequence):
			rep.Reason = fmt.Sprintf("older than the hive: it starts at %d, the hive is at %d", first, r.h.header.SecondarySequence)
			continue
		case r.rep.Applied && first != r.rep.Last+1:
			rep.Reason = fmt.Sprintf("it starts at %d, and %d is what follows the log before", first, r.rep.Last+1)
			continue
		}
		r.applyLog(logs[i].Data, rep)
	}
}

// repairNew takes the base block from the log that starts last, and applies only that; section 13 step 4.
func (r *replay) repairNew(logs []Log, order []int) {
	for _, i := range slices.Backward(order) {
		rep := &r.rep.Logs[i]
		if r.rep.Applied {
			rep.Reason = "the base block is bad: only the later log is applied"
			continue
		}
		r.applyLog(logs[i].Data, rep)
		if rep.Used {
			r.takeBlock(logs[i].Data)
			r.finish(r.rep.Last, r.rep.NewBins, r.flags(logs[i].Data, rep))
		}
	}
}

// applyLog applies the entries of a new log up to the first that is not good or not the next one.
func (r *replay) applyLog(log []byte, rep *LogReport) {
	want := rep.Header.PrimarySequence
	for at := sectorSize; ; want++ {
		if at >= len(log) {
			rep.Reason = "applied to its end"
			break
		}
		e, problem := parseEntry(log, at)
		if problem == "" && e.seq != want {
			problem = fmt.Sprintf("sequence number %d, want %d", e.seq, want)
		}
		if problem == "" && baseSize+int64(e.bins) > r.limit && r.needs(e) > r.limit {
			problem = fmt.Sprintf("the hive would grow to %d bytes, the limit is %d (MaxSize)", r.needs(e), r.limit)
		}
		if problem != "" {
			rep.Reason = fmt.Sprintf("stopped at offset %d: %s", at, problem)
			break
		}
		r.write(log, e.pages)
		rep.Entries = append(rep.Entries, LogEntry{int64(at), e.seq, e.bins, reportPages(e.pages)})
		if !r.rep.Applied {
			r.rep.First = e.seq
		}
		r.rep.Applied, r.rep.Last, r.rep.NewBins = true, e.seq, e.bins
		r.rep.Entries++
		r.count(e.pages)
		r.finish(e.seq, e.bins, e.flags&1)
		at += e.size
	}
	if rep.Used = len(rep.Entries) > 0; !rep.Used {
		rep.Reason = "no entry applies: " + rep.Reason
	}
}

// needs returns how large the image must be for an entry.
func (r *replay) needs(e logEntry) int64 {
	n := int64(len(r.h.data))
	for _, p := range e.pages {
		n = max(n, baseSize+int64(p.off)+int64(p.length))
	}
	return n
}

func reportPages(pages []logPage) []LogPage {
	list := make([]LogPage, len(pages))
	for i, p := range pages {
		list[i] = LogPage{baseSize + int64(p.off), int64(p.length), int64(p.at)}
	}
	return list
}

func (r *replay) count(pages []logPage) {
	r.rep.Pages += len(pages)
	for _, p := range pages {
		r.rep.Bytes += int64(p.length)
	}
}

// write copies pages into the image, which is the caller's no longer.
func (r *replay) write(log []byte, pages []logPage) {
	if r.data == nil {
		r.data = slices.Clone(r.h.data)
	}
	for _, p := range pages {
		if grow := baseSize + p.off + p.length - len(r.data); grow > 0 {
			r.data = append(r.data, make([]byte, grow)...)
		}
		copy(r.data[baseSize+p.off:], log[p.at:p.at+p.length])
	}
}

// takeBlock puts the log's base block over the primary's bad one.
func (r *replay) takeBlock(log []byte) {
	copy(r.data, log[:sectorSize])
	r.rep.HeaderRepaired = true
}

// flags returns bit 0 of the last applied entry's flags.
func (r *replay) flags(log []byte, rep *LogReport) uint32 {
	last := rep.Entries[len(rep.Entries)-1]
	return le.Uint32(log[last.Offset+entryFlags:]) & 1
}

// finish makes the base block say what the image holds now; section 13 step 7.
func (r *replay) finish(seq, bins, flag uint32) {
	b := r.data
	le.PutUint32(b[baseSeq1:], seq)
	le.PutUint32(b[baseSeq2:], seq)
	le.PutUint32(b[baseBins:], bins)
	le.PutUint32(b[baseFlags:], le.Uint32(b[baseFlags:])&^1|flag)
	le.PutUint32(b[baseType:], typePrimary)
	le.PutUint32(b[baseSum:], checksum(b))
}

// replayOld applies one log of the old format, the one with the later time; section 11.
func (r *replay) replayOld(logs []Log, order []int) {
	head := r.h.header
	hiveTime := le.Uint64(r.h.data[baseWritten:])
	if !head.ChecksumOK() {
		// The first bin keeps a copy of the time.
		hiveTime = le.Uint64(r.h.data[baseSize+20:])
	}
	time := func(i int) uint64 { return le.Uint64(logs[i].Data[baseWritten:]) }
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case time(a) > time(b):
			return -1
		case time(a) < time(b):
			return 1
		}
		return 0
	})
	for _, i := range order {
		rep := &r.rep.Logs[i]
		if r.rep.Applied {
			rep.Reason = "another old log is not older, and only one is applied"
			continue
		}
		pages, problem := parseDirt(logs[i].Data, rep.Header.BinsSize)
		if problem != "" {
			rep.Reason = problem
			continue
		}
		if time(i) < hiveTime {
			rep.Reason = "older than the hive"
			continue
		}
		rep.Reason = "its time is the hive's"
		if time(i) > hiveTime {
			rep.Reason = "its time is later than the hive's, which Windows would not accept"
		}
		if e := (logEntry{pages: pages}); r.needs(e) > r.limit {
			rep.Reason = fmt.Sprintf("the hive would grow to %d bytes, the limit is %d (MaxSize)", r.needs(e), r.limit)
			continue
		}
		r.write(logs[i].Data, pages)
		seq := head.PrimarySequence
		if !head.ChecksumOK() {
			r.takeBlock(logs[i].Data)
			seq = rep.Header.PrimarySequence
		}
		r.finish(seq, rep.Header.BinsSize, le.Uint32(r.data[baseFlags:])&1)
		rep.Used = true
		rep.Entries = []LogEntry{{Offset: dirtSignature, Sequence: rep.Header.PrimarySequence, BinsSize: rep.Header.BinsSize,
			Pages: reportPages(pages)}}
		r.rep.Applied, r.rep.First, r.rep.Last, r.rep.NewBins = true, seq, seq, rep.Header.BinsSize
		r.rep.Entries++
		r.count(pages)
	}
}

// countRemnants counts entries with good hashes that were not applied.
func countRemnants(log []byte, applied []LogEntry) int {
	n := 0
	for range remnantEntries(log, applied) {
		n++
	}
	return n
}
