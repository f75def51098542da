package prefetch

import (
	"slices"
	"strings"
	"sync"
)

// A Dictionary holds texts that may have gone into a hash and that the file itself does not hold: command lines of hosting applications,
// and ids of packaged applications. The zero value holds the built-in ones, which match about nine tenths of real files; callers add what
// their evidence tells, such as the services of the machine's own SYSTEM hive.
//
// Verifying reads a Dictionary only, so that goroutines can share one once it is filled.
type Dictionary struct {
	lines map[lineKey]string
	count map[string]int // lines by executable
	ids   []appID
}

// A lineKey finds a command line by the program it belongs to and its hash.
type lineKey struct {
	exe  string // upper case, without folder
	old  bool   // hash of version 17
	hash uint32
}

type appID struct {
	hash uint32
	id   string
}

// AddCommandLine adds command lines of a hosting application, each exactly as a process got it: case, quotes and blanks count. exe is the
// program's file name, such as RUNDLL32.EXE.
func (d *Dictionary) AddCommandLine(exe string, lines ...string) {
	if d.lines == nil {
		d.lines, d.count = make(map[lineKey]string), make(map[string]int)
	}
	exe = strings.ToUpper(exe)
	for _, line := range lines {
		t, k := termOf(line), prefetchNumber(line)
		key := lineKey{exe, false, t.apply(hashSeed) + k}
		if _, ok := d.lines[key]; ok {
			continue
		}
		d.lines[key] = line
		if slices.Contains(hosts[exe], V17) {
			d.lines[lineKey{exe, true, finish(V17, t.apply(0)) + k}] = line
		}
		d.count[exe]++
	}
}

// prefetchNumber returns the k of /prefetch:k on a command line, or 0.
func prefetchNumber(line string) uint32 {
	_, digits, ok := strings.Cut(strings.ToLower(line), "/prefetch:")
	k := uint32(0)
	for i := 0; ok && i < len(digits) && '0' <= digits[i] && digits[i] <= '9'; i++ {
		if k = 10*k + uint32(digits[i]-'0'); k > maxHint {
			return 0
		}
	}
	return k
}

// AddAppID adds ids of applications within their packages: what stands after the exclamation mark of an application user model id.
func (d *Dictionary) AddAppID(ids ...string) {
	for _, id := range ids {
		if a := (appID{termOf(id).apply(hashSeed), id}); !slices.Contains(d.ids, a) {
			d.ids = append(d.ids, a)
		}
	}
}

// AddService adds the command lines of a service: its ImagePath as the SYSTEM hive has it, alone and followed by " -s NAME", as Windows
// 10 from 1703 on does. %SystemRoot% and %windir% are replaced by C:\Windows, in both spellings that real machines have; for a
// machine with another system folder replace them before.
func (d *Dictionary) AddService(imagePath, name string) {
	for _, root := range systemRoots {
		line := expand(imagePath, root)
		lines := []string{line}
		if name != "" {
			lines = append(lines, line+" -s "+name)
		}
		d.AddCommandLine(programOf(line), lines...)
	}
}

// AddSurrogate adds the command lines by which DllHost runs the COM server with the given application id, with or without braces.
// For the shell extensions of packaged applications the program stands in double quotes, and the id is that of the class.
func (d *Dictionary) AddSurrogate(id string) {
	id = strings.ToUpper(strings.Trim(id, "{}"))
	for _, root := range systemRoots {
		for _, dll := range []string{`\system32\DllHost.exe`, `\System32\DllHost.exe`, `\SysWOW64\DllHost.exe`, `\system32\dllhost.exe`,
			`\SysWOW64\dllhost.exe`} {
			arg := " /Processid:{" + id + "}"
			d.AddCommandLine("DLLHOST.EXE", root+dll+arg, `"`+root+dll+`"`+arg)
		}
	}
}

// addServices adds the command lines of svchost.exe in folder for a group, and for each of the services in it.
func (d *Dictionary) addServices(folder, group, flag string, services []string) {
	base := folder + `\svchost.exe -k ` + group + flag
	d.AddCommandLine("SVCHOST.EXE", base)
	for _, service := range services {
		d.AddCommandLine("SVCHOST.EXE", base+" -s "+service)
	}
}

// systemRoots are the spellings of the system folder on command lines. The second is that of machines that were upgraded.
var systemRoots = []string{`C:\Windows`, `C:\WINDOWS`}

// expand replaces the two variables that service paths use, in any case.
func expand(s, root string) string {
	for _, name := range []string{"%systemroot%", "%windir%"} {
		for {
			i := strings.Index(strings.ToLower(s), name)
			if i < 0 || len(strings.ToLower(s)) != len(s) {
				break
			}
			s = s[:i] + root + s[i+len(name):]
		}
	}
	return s
}

// programOf returns the file name of the program that a command line starts.
func programOf(line string) string {
	program, _, _ := strings.Cut(line, " ")
	if rest, ok := strings.CutPrefix(line, `"`); ok {
		program, _, _ = strings.Cut(rest, `"`)
	}
	program = lastComponent(program)
	if !strings.Contains(program, ".") {
		program += ".exe"
	}
	return program
}

// line looks for a command line of exe with the given hash.
func (d *Dictionary) line(v Version, exe string, hash uint32) (string, bool) {
	line, ok := d.lines[lineKey{exe, v == V17, hash}]
	return line, ok
}

// appID looks for an id of which the hash plus the number k of /prefetch:k, 0 to 31, is the given value.
func (d *Dictionary) appID(value uint32) (id string, k uint32, ok bool) {
	for _, a := range d.ids {
		if k := value - a.hash; k <= maxHint {
			return a.id, k, true
		}
	}
	return "", 0, false
}

// seeds is the dictionary that every other one includes. It is made when it is first needed and never changes.
var seeds = sync.OnceValue(func() *Dictionary {
	d := new(Dictionary)
	d.AddAppID(seedAppIDs...)
	for _, root := range systemRoots {
		for _, system := range []string{`\system32`, `\System32`} {
			for _, group := range seedGroups {
				for _, p := range []string{"", " -p"} {
					d.addServices(root+system, group, p, seedServices)
				}
			}
			for _, g := range seedGroupServices {
				for _, p := range []string{"", " -p"} {
					d.addServices(root+system, g.group, p, strings.Fields(g.services))
				}
			}
		}
		for _, line := range seedRundll {
			line = strings.ReplaceAll(line, `R\`, root+`\`)
			program, rest, _ := strings.Cut(line, " ")
			d.AddCommandLine("RUNDLL32.EXE", line, `"`+program+`" `+rest)
		}
	}
	for _, id := range seedSurrogates {
		d.AddSurrogate(id)
	}
	d.AddCommandLine("TASKHOST.EXE", seedTaskhost...)
	d.AddCommandLine("MMC.EXE", seedMMC...)
	return d
})
