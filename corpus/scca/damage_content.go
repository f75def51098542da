package scca

import (
	"strings"
	"time"
)

// metricField returns where field k (0 is the name's offset, 1 its length) of the i-th metrics entry lies.
func (p *places) metricName(i, k int) int {
	at := p.infoEnd + p.metric*i + 12 + 4*k
	if p.metric == layout17.metric {
		at -= 4
	}
	return at
}

// Flaws in what the sections hold; from the run times on they are what a planted or edited file looks like.
var contentFlaws = []Damage{
	{Name: "nameRunsPastStrings", Says: "The last name's length leads past the filename strings.", Want: BadName,
		plain: func(b []byte, p *places) []byte { put32(b, p.metricName(p.metricCount-1, 1), 500); return b }},
	{Name: "nameLengthFFFFFFFF", Says: "The first name claims 0xFFFFFFFF characters.", Want: BadName,
		plain: func(b []byte, p *places) []byte { put32(b, p.metricName(0, 1), 0xFFFFFFFF); return b }},
	{Name: "nameOffsetFFFFFFFE", Says: "The first name begins 4 GiB behind the filename strings.", Want: BadName,
		plain: func(b []byte, p *places) []byte { put32(b, p.metricName(0, 0), 0xFFFFFFFE); return b }},
	{Name: "nameOffByTwo", Says: "The second name begins one character late: metrics and strings disagree.", Want: Inconsistent,
		plain: func(b []byte, p *places) []byte {
			put32(b, p.metricName(1, 0), le.Uint32(b[p.metricName(1, 0):])+2)
			put32(b, p.metricName(1, 1), le.Uint32(b[p.metricName(1, 1):])-1)
			return b
		}},
	{Name: "nameWithLoneSurrogate", Says: "A name's second character is half of a surrogate pair.", Want: UnpairedSurrogate,
		plain: func(b []byte, p *places) []byte { le.PutUint16(b[p.strings+2:], 0xD800); return b }},
	{Name: "chainLoop", Says: "The first trace chain entry names itself as the next.", Want: BadChain, versions: []uint32{XP, Win7, Win8},
		plain: func(b []byte, p *places) []byte { put32(b, p.traces, 0); return b }},
	{Name: "chainOutOfRange", Says: "The first trace chain entry's next one does not exist.", Want: BadChain,
		versions: []uint32{XP, Win7, Win8},
		plain:    func(b []byte, p *places) []byte { put32(b, p.traces, uint32(p.traceCount)); return b }},
	{Name: "firstTraceOutOfRange", Says: "The first file's trace chain begins behind the last entry.", Want: BadChain,
		plain: func(b []byte, p *places) []byte { put32(b, p.infoEnd, 0xFFFFFFF0); return b }},
	{Name: "traceCountOfFile", Says: "The first file claims one trace chain entry too many: the sum of the counts is wrong.",
		Want:  Inconsistent,
		plain: func(b []byte, p *places) []byte { put32(b, p.infoEnd+4, le.Uint32(b[p.infoEnd+4:])+1); return b }},
	{Name: "prefetchedCount", Says: "The first file's count of pages to prefetch is not what its entries say.", Want: Inconsistent,
		versions: []uint32{Win7, Win8, Win10, Win11},
		plain:    func(b []byte, p *places) []byte { put32(b, p.infoEnd+8, 0); return b }},
	{Name: "badFileTime", Says: "The first run time is beyond the year 9999.", Want: BadTime,
		plain: func(b []byte, p *places) []byte { put64(b, p.runs, 0x7FFFFFFFFFFFFFFF); return b }},
	{Name: "runBefore1980", Says: "The first run time is one of 1970.", Want: BadTime,
		plain: func(b []byte, p *places) []byte { put64(b, p.runs, filetime(time.Unix(0, 0))); return b }},
	{Name: "volumeTimeAllOnes", Says: "The first volume's creation time has all bits set.", Want: BadTime,
		plain: func(b []byte, p *places) []byte { put64(b, p.volumes+8, 1<<64-1); return b }},
	{Name: "runCountZero", Says: "The run count is 0 although there are run times.", Want: Inconsistent,
		plain: func(b []byte, p *places) []byte { put32(b, p.runCount, 0); return b }},
	{Name: "runCountLess", Says: "The run count is 2, with more run times than that.", Want: Inconsistent,
		versions: []uint32{Win8, Win10, Win11},
		plain:    func(b []byte, p *places) []byte { put32(b, p.runCount, 2); return b }},
	{Name: "runTimeGap", Says: "The third of eight run times is missing.", Want: Inconsistent, versions: []uint32{Win8, Win10, Win11},
		plain: func(b []byte, p *places) []byte { put64(b, p.runs+16, 0); return b }},
	{Name: "runBeforeVolume", Says: "All run times are earlier than the volume.", Want: Inconsistent,
		spec: func(s *Spec) {
			for i := range s.LastRuns {
				s.LastRuns[i] = s.LastRuns[i].AddDate(-10, 0, 0)
			}
		}},
	{Name: "clockMovedBack", Says: "The second run time is two hours later than the first: the clock was set back between the launches.",
		Want: ClockMovedBack, versions: []uint32{Win8, Win10, Win11},
		spec: func(s *Spec) { s.LastRuns[1] = s.LastRuns[0].Add(2 * time.Hour) }},
	{Name: "directoryTotal", Says: "The total of the directories is one too high.", Want: Inconsistent,
		versions: []uint32{Win7, Win8, Win10, Win11},
		plain:    func(b []byte, _ *places) []byte { put32(b, infDirectories, le.Uint32(b[infDirectories:])+1); return b }},
	{Name: "volumeNameTime", Says: "The creation time in the first volume's name is not the entry's.", Want: Inconsistent,
		versions: []uint32{Win10, Win11},
		plain:    func(b []byte, p *places) []byte { put64(b, p.volumes+8, le.Uint64(b[p.volumes+8:])+1); return b }},
	{Name: "volumeNameSerial", Says: "The serial number in the first volume's name is not the entry's.", Want: Inconsistent,
		versions: []uint32{Win10, Win11},
		plain:    func(b []byte, p *places) []byte { b[p.volumes+16] ^= 0xFF; return b }},
	{Name: "volumeNamePastSection", Says: "The first volume's name begins behind the section.", Want: BadName,
		plain: func(b []byte, p *places) []byte { put32(b, p.volumes, uint32(len(b)-p.volumes)); return b }},
	{Name: "recordOfAnother", Says: "The executable record names another program than the header, and the hash is the header's.",
		Want: Inconsistent, versions: []uint32{Win10, Win11},
		spec: func(s *Spec) { s.Record = strings.Replace(s.Path, "CMD.EXE", "FTP.EXE", 1) }},
	{Name: "recordBeyondEnd", Says: "The executable record begins behind the end of the file.", Want: SectionTruncated,
		versions: []uint32{Win10, Win11},
		plain:    func(b []byte, p *places) []byte { put32(b, p.record, uint32(len(b))); return b }},
}
