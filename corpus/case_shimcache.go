package corpus

import (
	"cmp"
	"encoding/binary"
	"slices"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

var le = binary.LittleEndian

// A cached file is one entry of the application compatibility cache.
type cached struct {
	path     string
	modified time.Time
	last     uint32 // the last word of the entry's data: 1, or a machine type
	seen     time.Time
}

// shimcacheCase writes the cache as it was at the last shutdown: what ran before, newest first, a program that was
// only looked at in its folder, and a packaged one.
func shimcacheCase(m *Machine) {
	var list []cached
	had := map[string]bool{}
	for _, p := range slices.Concat(ordinary, intrusion) {
		for _, t := range p.runs.times {
			if t.Before(LastShutdown) && !had[p.path] {
				had[p.path] = true
				list = append(list, cached{p.path, fileModified(p.path), 1, t})
			}
		}
	}
	list = append(list,
		cached{Cleaned, utc(2026, 3, 6, 17, 53, 31, 0), 1, utc(2026, 3, 6, 17, 56, 50, 0)}, // its prefetch file was deleted
		cached{`C:\Users\daniel\AppData\Local\Temp\nbtscan-1.5.1-32bit.zip.exe`, utc(2026, 3, 6, 17, 53, 2, 0), 0x14C,
			utc(2026, 3, 6, 17, 53, 40, 0)},
		cached{"00000009\t000b0961000b0000\t000a000047ba0000\t8664\tMicrosoft.WindowsCalculator\t8wekyb3d8bbwe\t", time.Time{}, 2,
			utc(2026, 3, 6, 2, 31, 17, 0)},
	)
	slices.SortStableFunc(list, func(a, b cached) int { return cmp.Or(b.seen.Compare(a.seen), cmp.Compare(a.path, b.path)) })

	value := make([]byte, 0x34) // the header of Windows 10 1703 and later
	le.PutUint32(value, 0x34)
	le.PutUint32(value[4:], 0x4E1A)
	le.PutUint32(value[40:], uint32(len(list))+7) // not the number of entries, as on updated systems
	for _, e := range list {
		value = append(value, e.entry()...)
	}
	m.Hive(systemHive).Sub(controlSet+`Control\Session Manager\AppCompatCache`).At(LastShutdown).
		Set("AppCompatCache", regf.Binary(value)).Set("SdbTime", regf.FileTime(Installed))
}

// entry is the entry in the form of Windows 10.
func (e cached) entry() []byte {
	var ft uint64
	if !e.modified.IsZero() {
		ft = regf.FILETIME(e.modified)
	}
	path := regf.UTF16(e.path)
	body := le.AppendUint16(nil, uint16(len(path)))
	body = append(body, path...)
	body = le.AppendUint64(body, ft)
	data := le.AppendUint32(le.AppendUint32(le.AppendUint32(nil, 0x200), 4), e.last)
	body = le.AppendUint32(body, uint32(len(data)))
	body = append(body, data...)
	head := append([]byte("10ts"), 0, 0, 0, 0, 0, 0, 0, 0)
	le.PutUint32(head[4:], mix(e.path))
	le.PutUint32(head[8:], uint32(len(body)))
	return append(head, body...)
}

// fileModified is when a program's file was last modified: the intruder's when they arrived, all others when Windows
// was built.
func fileModified(path string) time.Time {
	switch path {
	case Implant:
		return ImplantStart.Add(-41 * time.Second)
	case PsExec:
		return PsExecStart.Add(-2 * time.Second)
	case Scanner:
		return utc(2026, 3, 6, 17, 53, 30, 2201944)
	case Archiver:
		return utc(2026, 3, 6, 18, 24, 12, 9080016)
	}
	return utc(2023, 11, 8, 9, 0, 0, 0).Add(time.Duration(mix("modified "+path)%40_000_000) * 100 * time.Microsecond)
}
