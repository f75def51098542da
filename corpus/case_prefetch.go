package corpus

import (
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
	"github.com/artifactdump/artifactdump/corpus/scca"
)

// A program is one prefetch file of the machine: a program, or one way of starting a host.
type program struct {
	path    string // C:\..., or E:\... on the stick
	command string // the command line, of hosting applications
	pkg     string // the package's full name, and the application's id in it
	app     string
	k       uint32 // of /prefetch:k
	runs    runs
	loads   string   // names of the groups of files that it touches
	extra   []string // further files
}

// A runs is how often and when: the last launches in full, and the count of all of them.
type runs struct {
	count int
	times []time.Time // newest first
}

// prefetchCase writes C:\Windows\Prefetch.
func prefetchCase(m *Machine) {
	for _, f := range prefetchFiles() {
		m.File("Windows/Prefetch/"+f.name, slices.Clone(f.data))
	}
	m.File("Windows/Prefetch/PfSvPerfStats.bin", make([]byte, 132))
}

type prefetchFile struct {
	name string
	data []byte
}

// prefetchFiles are built once for all machines: their compression takes longer than
// everything else that a machine is written with.
var prefetchFiles = sync.OnceValue(func() (all []prefetchFile) {
	add := func(s scca.Spec) { all = append(all, prefetchFile{s.FileName(), s.Build()}) }
	for _, p := range slices.Concat(ordinary, hosted, packaged, intrusion) {
		add(p.spec())
	}
	add(taskbar())
	return all
})

// taskbar is an operation scenario: what explorer.exe, already running, touches for the start menu.
func taskbar() scca.Spec {
	owner := ordinary[0].spec()
	s := owner
	s.Executable, s.Hash, s.Flags, s.NoRecord = "Op-"+strings.TrimSuffix(owner.FileName(), ".pf"), 1, 1, true
	s.Path = ""
	s.RunCount, s.LastRuns = 6, owner.LastRuns[:6]
	s.Files = slices.DeleteFunc(slices.Clone(owner.Files), func(f scca.File) bool { return strings.HasSuffix(f.Name, `\EXPLORER.EXE`) })
	return s
}

// layoutFile lists files to lay out together. It still names a program whose prefetch file is gone: a tool that
// the intruder had in the scanner's folder and deleted with its trace.
func layoutFile() []byte {
	lines := []string{"[OptimalLayoutFile]", "Version=1", `C:\WINDOWS\SYSTEM32\NTDLL.DLL`, `C:\WINDOWS\SYSTEM32\KERNEL32.DLL`,
		`C:\WINDOWS\EXPLORER.EXE`,
		strings.ToUpper(Implant), strings.ToUpper(Scanner), strings.ToUpper(Cleaned)}
	return regf.UTF16(strings.Join(lines, "\r\n") + "\r\n")
}

func (p program) spec() scca.Spec { return p.trace(reference) }

// trace is the trace of a program, with the references that refs has, which may be nil.
func (p program) trace(refs func(path string) (entry uint64, sequence uint16)) scca.Spec {
	s := scca.Spec{
		Version:     scca.Win10,
		Path:        devicePath(p.path),
		CommandLine: p.command,
		Package:     p.pkg,
		AppID:       p.app,
		PrefetchArg: p.k,
		RunCount:    uint32(p.runs.count),
		LastRuns:    p.runs.times,
		MAM:         true,
	}
	add := func(path string) {
		f := traced(p.path, path)
		if refs != nil && f.Sequence == 0 && strings.HasPrefix(path, `C:\`) {
			f.Entry, f.Sequence = refs(path)
		}
		if !slices.ContainsFunc(s.Files, func(g scca.File) bool { return g.Name == f.Name }) {
			s.Files = append(s.Files, f)
		}
	}
	add(`C:\Windows\System32\ntdll.dll`)
	add(p.path)
	for group := range strings.FieldsSeq(p.loads) {
		for name := range strings.FieldsSeq(groups[group]) {
			add(`C:\Windows\` + name)
		}
	}
	for _, path := range p.extra {
		add(path)
	}
	add(`C:\$Mft`)

	for _, v := range []scca.Volume{systemVolume(), stickVolume()} {
		v.Directories = scca.DirectoriesOf(v.Device, s.Files)
		for _, f := range s.Files {
			if f.Sequence != 0 && strings.HasPrefix(f.Name, v.Device) {
				v.Refs = append(v.Refs, scca.Ref{Entry: f.Entry, Sequence: f.Sequence})
			}
		}
		for _, d := range v.Directories {
			if refs == nil || v.Device != systemVolume().Device {
				break
			}
			if entry, sequence := refs(d[len(v.Device):]); sequence != 0 {
				v.Refs = append(v.Refs, scca.Ref{Entry: entry, Sequence: sequence})
			}
		}
		if len(v.Directories) > 0 {
			s.Volumes = append(s.Volumes, v)
		}
	}
	return s
}

// devicePath turns C:\Windows\x.exe into what Prefetch hashes, volumePath into what its lists hold.
func devicePath(path string) string {
	return onVolume(path, strings.ToUpper(SystemDevice), strings.ToUpper(StickDevice))
}

func volumePath(path string) string {
	return onVolume(path, systemVolume().Device, stickVolume().Device)
}

func onVolume(path, system, stick string) string {
	drive, rest, _ := strings.Cut(path, ":")
	if drive == "E" {
		system = stick
	}
	return system + strings.ToUpper(rest)
}

// traced is a file as the trace of a program shows it: code as image pages, tables and texts as data. Which pages
// is made up from the names.
func traced(by, path string) scca.File {
	f := scca.File{Name: volumePath(path), Flags: 0x100}
	if path == `C:\$Mft` {
		f.Entry, f.Sequence, f.Flags = 0, 1, 0x3
	}
	lower := strings.ToLower(path)
	image := slices.ContainsFunc([]string{".exe", ".dll", ".sys", ".drv", ".ocx", ".cpl"}, func(ext string) bool {
		return strings.HasSuffix(lower, ext)
	})
	if !image && f.Flags == 0x100 {
		f.Flags = 0x2
	}
	seed := mix(by + path)
	offset := uint64(0)
	for i := range 1 + seed%11 {
		f.Pages = append(f.Pages, scca.Page{Offset: offset, Image: image, Data: !image, Skip: f.Flags == 3 || (seed>>i)%13 == 0,
			Usage: 0xFF, Mask: 0xFFFF})
		if i == 0 && image {
			offset = 1024 // the sections of an image are shifted by its header
		}
		offset += 4096 * uint64(1+(seed>>(2*i))%4)
	}
	return f
}

func mix(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return h.Sum32()
}

// at lists the launches of March 2026, newest first, each "day hour:minute:second"; it counts them. The parts of a
// second are made up from the text.
func at(times ...string) runs {
	r := runs{count: len(times)}
	for _, s := range times {
		t, err := time.Parse("2006-01-02 15:04:05", "2026-03-"+s)
		if err != nil {
			panic(err)
		}
		r.times = append(r.times, t.Add(time.Duration(mix(s)%10_000_000)*100))
	}
	r.times = r.times[:min(len(r.times), 8)]
	return r
}

// moments are launches at moments of the story, newest first.
func moments(times ...time.Time) runs { return runs{len(times), times} }

// first adds one launch before all others.
func (r runs) first(t time.Time) runs {
	return runs{r.count + 1, append(slices.Clone(r.times), t)}
}

// and adds older launches.
func (r runs) and(older runs) runs {
	return runs{r.count + older.count, append(slices.Clone(r.times), older.times...)}
}

// followed are the launches of another program, each so many milliseconds later.
func (r runs) followed(gaps ...int) runs {
	out := runs{count: r.count}
	for i, t := range r.times {
		out.times = append(out.times, t.Add(time.Duration(gaps[i])*time.Millisecond))
	}
	return out
}

// earlier adds n launches before those of at, about a step apart; not on Sundays of Tokyo if the step is a day or more.
func (r runs) earlier(n int, step time.Duration) runs {
	r.count += n
	r.times = slices.Clone(r.times)
	t := r.times[len(r.times)-1]
	for len(r.times) < min(r.count, 8) {
		jitter := step * time.Duration(mix(t.String())%1000) / 4000
		t = t.Add(-step - jitter - time.Duration(mix(t.String())%10_000_000)*100)
		if step >= day && t.Add(9*hour).Weekday() == time.Sunday {
			t = t.Add(-day)
		}
		if t.After(LastShutdown) && t.Before(LastBoot) {
			t = LastShutdown.Add(-jitter - time.Minute)
		}
		r.times = append(r.times, t)
	}
	return r
}
