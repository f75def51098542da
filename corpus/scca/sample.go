package scca

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Samples returns one Spec for each version, variant and container: the table that tests and fuzz seeds start from.
// The names say what it is: "v17", "v30a", "v31-mam-crc".
func Samples() map[string]Spec {
	m := make(map[string]Spec)
	for _, v := range []struct {
		name             string
		version, variant int
	}{
		{"v17", XP, 0}, {"v23", Win7, 0}, {"v26", Win8, 0}, {"v30a", Win10, 1}, {"v30b", Win10, 2}, {"v31", Win11, 0},
	} {
		m[v.name] = Sample(uint32(v.version), v.variant)
		if v.version < Win10 {
			continue
		}
		s := Sample(uint32(v.version), v.variant)
		s.MAM = true
		m[v.name+"-mam"] = s
		s.CRC = true
		m[v.name+"-mam-crc"] = s
	}
	return m
}

// Sample returns a plain file of CMD.EXE, started 11 times, that touched two volumes.
func Sample(version uint32, variant int) Spec {
	created := time.Date(2019, 12, 7, 9, 3, 44, 1234567*100, time.UTC)
	stick := time.Date(2021, 4, 1, 12, 30, 0, 7654321*100, time.UTC)
	s := Spec{
		Version:  version,
		Variant:  variant,
		Path:     `\DEVICE\HARDDISKVOLUME2\WINDOWS\SYSTEM32\CMD.EXE`,
		RunCount: 11,
		Volumes: []Volume{
			{Device: `\DEVICE\HARDDISKVOLUME2`, Serial: 0x1A2B3C4D, Created: created},
			{Device: `\DEVICE\HARDDISKVOLUME5`, Serial: 0x00C0FFEE, Created: stick},
		},
	}
	if version >= Win10 {
		for i := range s.Volumes {
			s.Volumes[i].Device = VolumeName(s.Volumes[i].Created, s.Volumes[i].Serial)
		}
	}
	slots := 1
	if version >= Win8 {
		slots = 8
	}
	last := time.Date(2021, 9, 14, 6, 25, 11, 9876543*100, time.UTC)
	for i := range slots {
		s.LastRuns = append(s.LastRuns, last.Add(-time.Duration(i)*(26*time.Hour+3*time.Second+700*time.Nanosecond)))
	}
	system, stickDevice := s.Volumes[0].Device, s.Volumes[1].Device
	for i, name := range []string{
		`\WINDOWS\SYSTEM32\NTDLL.DLL`, `\WINDOWS\SYSTEM32\CMD.EXE`, `\WINDOWS\SYSTEM32\KERNEL32.DLL`,
		`\WINDOWS\SYSTEM32\LOCALE.NLS`, `\$MFT`, `\WINDOWS\SYSTEM32\ÄÖÜ 日本語 𠮷.DLL`,
	} {
		s.Files = append(s.Files, imageFile(version, system+name, uint64(1000+i), i+2))
	}
	s.Files[3].Flags, s.Files[4].Flags = 2, 3
	for _, i := range []int{3, 4} {
		for j := range s.Files[i].Pages {
			p := &s.Files[i].Pages[j]
			p.Offset, p.Image, p.Data, p.Skip = uint64(j)*4096, false, true, i == 4
		}
	}
	s.Files = append(s.Files, File{Name: stickDevice + `\BATCH\RUN.CMD`, Flags: 2, Pages: []Page{{Data: true, Usage: 0xFF, Mask: 0xFFFF}}})
	s.Volumes[0].Directories = []string{system + `\WINDOWS`, system + `\WINDOWS\SYSTEM32`}
	s.Volumes[1].Directories = []string{stickDevice + `\BATCH`}
	for _, f := range s.Files[:6] {
		s.Volumes[0].Refs = append(s.Volumes[0].Refs, Ref{f.Entry, f.Sequence})
	}
	s.Volumes[1].Refs = []Ref{{38, 1}, {0, 0}}
	return s
}

// Boot returns the boot scenario of Windows XP to 7: a fixed hash that belongs to no path, and one run time.
func Boot(version uint32) Spec {
	s := Sample(version, 0)
	s.Path, s.Executable, s.Hash, s.Flags = "", "NTOSBOOT", bootHash, 1
	s.LastRuns = s.LastRuns[:1]
	s.Files = s.Files[2:]
	return s
}

// Operation returns an operation scenario: what a running process does, not its start. The owner's name is NAME-HASH.
func Operation(owner string, number uint32) Spec {
	s := Sample(Win10, 2)
	s.Path, s.Executable, s.Hash, s.Flags, s.NoRecord = "", "Op-"+owner, number, 1, true
	s.Files = s.Files[2:]
	s.MAM = true
	return s
}

// imageFile is a file of which the first pages were mapped as code; its last page will not be prefetched.
func imageFile(version uint32, name string, entry uint64, pages int) File {
	f := File{Name: name, Flags: 0x200, Entry: entry, Sequence: uint16(1 + entry%7)}
	switch {
	case version == XP:
		f.Flags, f.Entry, f.Sequence = 2, 0, 0 // no file reference in version 17
	case version >= Win10:
		f.Flags = 0x100
	}
	for i := range pages {
		p := Page{Image: true, Skip: i > 0 && i == pages-1, Usage: 1, Mask: 0x103}
		if i > 0 {
			p.Offset = 1024 + uint64(i-1)*4096
		}
		f.Pages = append(f.Pages, p)
	}
	return f
}

// VolumeName is the device path that versions 30 and 31 use: \VOLUME{creation time-serial}.
func VolumeName(created time.Time, serial uint32) string {
	return fmt.Sprintf(`\VOLUME{%016x-%08x}`, filetime(created), serial)
}

// DirectoriesOf returns the directories that hold the files, each once, with their parents, sorted: what the volume
// at that device has in its list.
func DirectoriesOf(device string, files []File) []string {
	var dirs []string
	seen := make(map[string]bool)
	for _, f := range files {
		rest, ok := strings.CutPrefix(f.Name, device+`\`)
		if !ok {
			continue
		}
		for i := range len(rest) {
			if dir := device + `\` + rest[:i]; rest[i] == '\\' && !seen[dir] {
				seen[dir] = true
				dirs = append(dirs, dir)
			}
		}
	}
	slices.Sort(dirs)
	return dirs
}
