package prefetch

import (
	"strings"
	"time"
)

// clockStep is how far a run time may lie before the one of the next slot: programs that start together are recorded in any order, and
// real files with such pairs stay below ten seconds. A greater step is a clock that was moved back.
const clockStep = 60 * ticksPerSecond

// check looks for contradictions: between the sections, and between fields that Windows writes from the same fact. Those of the second
// sort are what a file looks like that was edited. docs/formats/prefetch.md, "Invariants".
func (p *parser) check(headerless bool) {
	p.checkPlaces()
	p.checkDirectories()
	p.checkRuns()
	p.checkVolumes()
	if !headerless {
		p.checkName()
	}
}

// checkPlaces: the sections follow each other without a gap.
func (p *parser) checkPlaces() {
	in, l := p.info, p.layout
	follows := func(field int, what string, got uint32, want uint64) {
		if uint64(got) != want {
			p.damage(Inconsistent, field, "file information", "the %s at %d do not follow what lies before them, which ends at %d", what,
				got, want)
		}
	}
	follows(infoTracesOff, "trace chains", in.tracesOff, uint64(in.metricsOff)+uint64(l.metric)*uint64(in.metrics))
	follows(infoNamesOff, "filename strings", in.namesOff, uint64(in.tracesOff)+uint64(l.trace)*uint64(in.traces))
	end := uint64(in.namesOff) + uint64(in.namesSize)
	if in.recordOff != 0 {
		follows(l.record, "bytes of the executable record", in.recordOff, end)
		end = uint64(in.recordOff) + uint64(in.recordLen)
	}
	follows(infoVolumesOff, "volumes", in.volumesOff, (end+7)&^7)
}

// checkDirectories: the volumes have as many directories as the file information says.
func (p *parser) checkDirectories() {
	if p.layout == layout17 || len(p.b) < p.layout.infoEnd {
		return
	}
	sum, l := uint64(0), p.layout
	for i := range p.f.Volumes {
		sum += uint64(le.Uint32(p.b[int(p.info.volumesOff)+i*l.volume+volDirs:]))
	}
	if sum != uint64(p.info.directories) && uint64(len(p.f.Volumes)) == uint64(p.info.volumes) {
		p.damage(Inconsistent, infoDirectories, "file information", "%d directories in all, the volumes have %d", p.info.directories, sum)
	}
}

// checkRuns: the run times agree with the run count, and are not later than the collection. That a clock was set back, or that a run lies
// before the creation of the volumes, is a fact of the machine: real files of machines just installed have it, and it is no damage.
func (p *parser) checkRuns() {
	f, l := p.f, p.layout
	if len(p.b) < l.infoEnd {
		return
	}
	var first time.Time
	for i := range f.Volumes {
		if v := f.Volumes[i].Created; first.IsZero() || !v.IsZero() && v.Before(first) {
			first = v
		}
	}
	set := 0
	for i, ft := range f.RawLastRuns {
		if ft == 0 {
			continue
		}
		set++
		if i+1 < len(f.RawLastRuns) {
			if next := f.RawLastRuns[i+1]; plausible(ft) && plausible(next) && next > ft+clockStep {
				f.ClockSetBack = true
			}
		}
		t := f.LastRuns[i]
		if !t.IsZero() && t.Before(first) {
			f.BeforeVolume = true
		}
		if !p.opts.Collected.IsZero() && t.After(p.opts.Collected) {
			p.damage(Inconsistent, l.lastRun+8*i, "file information", "run time %d, %s, is after the collection", i,
				t.Format(time.RFC3339Nano))
		}
	}
	if want := min(int64(l.nRuns), int64(f.RunCount)); int64(set) != want {
		p.damage(Inconsistent, l.runCount, "file information", "run count is %d, %d run times are set", f.RunCount, set)
	}
}

// checkVolumes: \VOLUME{…} repeats the creation time and the serial number.
func (p *parser) checkVolumes() {
	for i := range p.f.Volumes {
		v := &p.f.Volumes[i]
		created, serial, ok := volumeName(v.Device)
		if !ok || created == v.RawCreated && serial == v.Serial {
			continue
		}
		p.damage(Inconsistent, int(p.info.volumesOff)+i*p.layout.volume+volCreated, "volume entry",
			"volume %d is named %s, but was created at %016x with serial %08x", i, v.Device, v.RawCreated, v.Serial)
	}
}

// volumeNameLen is the length of a \VOLUME{…} name.
const volumeNameLen = len(`\VOLUME{0123456789abcdef-01234567}`)

// volumeName takes a \VOLUME{…} name apart into its creation FILETIME and serial number.
func volumeName(device string) (created uint64, serial uint32, ok bool) {
	const prefix, middle, end = `\VOLUME{`, 8 + 16, 8 + 16 + 1 + 8
	if len(device) != end+1 || device[:len(prefix)] != prefix || device[middle] != '-' || device[end] != '}' {
		return 0, 0, false
	}
	created, ok = hex(device[len(prefix):middle])
	low, ok2 := hex(device[middle+1 : end])
	return created, uint32(low), ok && ok2
}

func hex(s string) (v uint64, ok bool) {
	for i := range len(s) {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		v = v<<4 | uint64(c)
	}
	return v, true
}

// checkName: the header's name is the last part of the executable record's path.
func (p *parser) checkName() {
	f := p.f
	if last := cutName(lastComponent(f.ExecutablePath)); last != "" && last != f.Executable {
		p.damage(Inconsistent, headName, "header", "the executable is %s, its path %s", f.Executable, f.ExecutablePath)
	}
}

// nameLimit is the length in UTF-16 units to which Windows cuts the executable's name.
const nameLimit = 29

// cutName cuts a name to the units that the header has room for.
func cutName(name string) string {
	n := 0
	for i, r := range name {
		n++
		if r > 0xFFFF {
			n++
		}
		if n > nameLimit {
			return name[:i]
		}
	}
	return name
}

func lastComponent(p string) string { return p[strings.LastIndexByte(p, '\\')+1:] }
