package corpus

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/ntfsmeta"
	"github.com/artifactdump/artifactdump/corpus/scca"
)

// journalFirstUSN is where the change journal of the machine begins: what was
// before has been given back.
const journalFirstUSN = 0x1F40_0000

// A metadata is the machine's volume while its $MFT and $J are being written.
type metadata struct {
	*ntfsmeta.Volume
	refs map[string]ntfsmeta.Ref // by path, in lower case
	ever map[string]ntfsmeta.Ref // the same, with files that were deleted since
}

// A step is one thing that happens to a file.
type step struct {
	at time.Time
	do func(m *metadata, at time.Time)
}

// Metadata returns the $MFT and the change journal of the machine's volume: its
// folders, its own programs, and what the intruder did to files. The implant
// arrives by the browser, with a Mark of the Web, is renamed and started; the
// DLL takes the times of a library of Windows; a tool is deleted with its
// prefetch file; a log is cleared. Prefetch files refer to its records.
func Metadata() *ntfsmeta.Volume { return writeMetadata().Volume }

func writeMetadata() *metadata {
	m := &metadata{
		Volume: ntfsmeta.New(ntfsmeta.Spec{Made: VolumeCreated, FirstUSN: journalFirstUSN}),
		refs:   map[string]ntfsmeta.Ref{}, ever: map[string]ntfsmeta.Ref{},
	}
	steps := installation()
	steps = append(steps, intruder()...)
	for _, p := range slices.Concat(hosted, packaged, intrusion) {
		steps = append(steps, launches(p)...)
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	for _, s := range steps {
		s.do(m, s.at)
	}
	return m
}

// is notes the reference of a path.
func (m *metadata) is(path string, r ntfsmeta.Ref) { m.refs[key(path)], m.ever[key(path)] = r, r }

// key is the path below the drive, in lower case.
func key(path string) string {
	_, rest, ok := strings.Cut(path, `:\`)
	if !ok {
		rest = strings.TrimPrefix(path, `\`)
	}
	return strings.ToLower(rest)
}

// folder returns the folder of a path, and makes those that are missing.
func (m *metadata) folder(path string, at time.Time) ntfsmeta.Ref {
	i := strings.LastIndexByte(path, '\\')
	if i < 0 || strings.HasSuffix(path[:i], ":") {
		return ntfsmeta.Root
	}
	dir := path[:i]
	if r, ok := m.refs[key(dir)]; ok {
		return r
	}
	r := m.Mkdir(m.folder(dir, at), dir[strings.LastIndexByte(dir, '\\')+1:], at)
	m.is(dir, r)
	return r
}

func (m *metadata) create(path string, content []byte, at time.Time) {
	m.is(path, m.Create(m.folder(path, at), path[strings.LastIndexByte(path, '\\')+1:], content, at))
}

func (m *metadata) remove(path string, at time.Time) {
	if r, ok := m.refs[key(path)]; ok {
		m.Delete(r, at)
		delete(m.refs, key(path))
	}
}

// library is the file of Windows whose times the intruder copies.
const library = `C:\Windows\System32\cryptsp.dll`

// securityLog is the log that the intruder clears.
const securityLog = `C:\Windows\System32\winevt\Logs\Security.evtx`

// builtAt is when Windows was built: packages give whole seconds.
var builtAt = utc(2023, 11, 8, 9, 0, 0, 0)

// installation makes the programs of Windows that are started later.
func installation() []step {
	var out []step
	seen := map[string]bool{}
	at := Installed
	add := func(path string) {
		if seen[key(path)] || !strings.HasPrefix(path, `C:\Windows`) || path == PsExec {
			return
		}
		seen[key(path)] = true
		at = at.Add(37 * time.Millisecond)
		out = append(out, step{at, func(m *metadata, at time.Time) {
			m.create(path, make([]byte, 40_000), at)
			m.SetTimes(m.refs[key(path)], builtAt, builtAt, time.Time{}, time.Time{}, at)
		}})
	}
	add(library)
	add(securityLog)
	for _, p := range slices.Concat(ordinary, hosted, packaged, intrusion) {
		add(p.path)
	}
	return out
}

// intruder is what happens to files in the night of the intrusion.
func intruder() []step {
	const download = `C:\Users\Public\beacon.exe.crdownload`
	arrival := ImplantStart.Add(-41 * time.Second)
	mark := "[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=http://" + Server + "/update/svchost.exe\r\n"
	cleaned := utc(2026, 3, 6, 17, 53, 31, 0)
	trace := fmt.Sprintf(`C:\Windows\Prefetch\PD64.EXE-%08X.pf`, scca.Hash(scca.Win10, devicePath(Cleaned)))
	return []step{
		{utc(2026, 3, 6, 17, 53, 30, 2201944), func(m *metadata, at time.Time) { m.create(Scanner, make([]byte, 36_864), at) }},
		{cleaned, func(m *metadata, at time.Time) { m.create(Cleaned, make([]byte, 61_440), at) }},
		{utc(2026, 3, 6, 17, 57, 0, 73), func(m *metadata, at time.Time) { m.create(trace, make([]byte, 9_000), at) }},
		{arrival.Add(-2 * time.Second), func(m *metadata, at time.Time) { m.create(download, make([]byte, 288_256), at) }},
		{arrival.Add(-time.Second), func(m *metadata, at time.Time) {
			m.Stream(m.refs[key(download)], "Zone.Identifier", []byte(mark), at)
		}},
		{arrival, func(m *metadata, at time.Time) {
			r := m.refs[key(download)]
			m.Rename(r, m.folder(Implant, at), "svchost.exe", at)
			m.is(Implant, r)
		}},
		{utc(2026, 3, 6, 18, 2, 50, 4410020), func(m *metadata, at time.Time) { m.create(ImplantDLL, make([]byte, 90_112), at) }},
		{PsExecStart.Add(-2 * time.Second), func(m *metadata, at time.Time) { m.create(PsExec, make([]byte, 382_376), at) }},
		// Four minutes after it came, the DLL is dated back.
		{utc(2026, 3, 6, 18, 11, 9, 6007711), func(m *metadata, at time.Time) {
			m.SetTimes(m.refs[key(ImplantDLL)], builtAt, builtAt, builtAt, builtAt, at)
		}},
		{utc(2026, 3, 6, 18, 24, 12, 9080016), func(m *metadata, at time.Time) { m.create(Archiver, make([]byte, 620_184), at) }},
		{utc(2026, 3, 6, 18, 13, 58, 2205110), func(m *metadata, at time.Time) { m.create(Syncer, make([]byte, 118_784), at) }},
		// A quarter of an hour later another file takes its place.
		{utc(2026, 3, 6, 18, 22, 49, 6610071), func(m *metadata, at time.Time) { m.remove(Syncer, at) }},
		{utc(2026, 3, 6, 18, 22, 50, 1004418), func(m *metadata, at time.Time) { m.create(Syncer, make([]byte, 121_856), at) }},
		{utc(2026, 3, 6, 18, 24, 58, 1), func(m *metadata, at time.Time) { m.create(`C:\PerfLogs\out.rar`, make([]byte, 12_400_000), at) }},
		// wevtutil clears the log: it is cut and written anew.
		{CleanupTime.Add(2 * time.Second), func(m *metadata, at time.Time) { m.Write(m.refs[key(securityLog)], make([]byte, 69_632), at) }},
		{CleanupTime.Add(40 * time.Second), func(m *metadata, at time.Time) { m.remove(Cleaned, at) }},
		{CleanupTime.Add(41 * time.Second), func(m *metadata, at time.Time) { m.remove(trace, at) }},
		{CleanupTime.Add(44 * time.Second), func(m *metadata, at time.Time) { m.remove(`C:\PerfLogs\out.rar`, at) }},
	}
}

// launches writes the prefetch file of a program ten seconds after each start
// that the file still names.
func launches(p program) []step {
	var out []step
	spec := p.trace(nil)
	name := `C:\Windows\Prefetch\` + spec.FileName()
	for _, t := range p.runs.times {
		out = append(out, step{t.Add(10*time.Second + 20*time.Millisecond), func(m *metadata, at time.Time) {
			content := make([]byte, 8_000)
			if r, ok := m.refs[key(name)]; ok {
				m.Write(r, content, at)
				return
			}
			m.create(name, content, at)
		}})
	}
	return out
}
