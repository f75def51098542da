package findings

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/system"
)

// volumeStyle is how a volume is named: names of one style can be compared.
func volumeStyle(v string) string {
	if len(v) == 2 {
		return ":"
	}
	return v[:min(len(v), 8)]
}

// isSystem notes a name of Windows' volume.
func (s *scene) isSystem(v string) {
	if len(s.systemVolumes) < maxVolumes {
		s.systemVolumes[v] = true
	}
	if style := volumeStyle(v); len(s.volumeStyles) < maxVolumes {
		s.volumeStyles[style] = true
	}
}

// onOther reports whether none of the volumes is the one of Windows. A drive
// letter is judged by the one of Windows, C: where nothing names it; a device or
// volume name by those on which Windows was seen. No volume counts as Windows'.
func (s *scene) onOther(vols []string) bool {
	for _, v := range vols {
		switch {
		case s.systemVolumes[v]:
			return false
		case strings.HasPrefix(v, `\DEVICE\CDROM`), strings.HasPrefix(v, `\DEVICE\FLOPPY`):
		case len(v) == 2:
			if v == cmp.Or(s.drive, "C:") {
				return false
			}
		case !s.volumeStyles[volumeStyle(v)]:
			return false
		}
	}
	return len(vols) > 0
}

// otherPlace is the place of a path on another volume: L12 where something says
// that it can be removed, and a lower one of its own where nothing says so.
func (s *scene) otherPlace(p *program) *place {
	for _, v := range p.vols {
		if kind := s.volumeKind(v); kind != "" {
			return &place{"L12", Medium, "on " + kind}
		}
	}
	return &place{"L15", Low, "on another volume than Windows"}
}

// volumeKind says what a volume is where the evidence does: its own name, or the
// device behind its drive letter in MountedDevices. It is "" where nothing does.
func (s *scene) volumeKind(v string) string {
	switch {
	case strings.HasPrefix(v, `\DEVICE\CDROM`):
		return "an optical disc or a mounted disc image"
	case strings.HasPrefix(v, `\DEVICE\FLOPPY`):
		return "a floppy disk"
	}
	return s.removable[v]
}

// mounted notes what a value of MountedDevices says of a volume. The device
// path begins with the bus: USBSTOR\…, or \??\USBSTOR#Disk&Ven_….
func (s *scene) mounted(rec artifacts.Decoded) {
	d, _ := rec.(system.MountedDevice)
	low := strings.ToLower(d.Device)
	kind := ""
	switch {
	case strings.Contains(low, "usbstor"):
		kind = "a removable volume (USBSTOR)"
	case strings.Contains(low, "cdrom"):
		kind = "an optical disc or a mounted disc image"
	}
	if kind != "" && d.Drive != "" && len(s.removable) < maxVolumes {
		s.removable[strings.ToUpper(d.Drive)] = kind
	}
}

// maxNamed is how many programs of a volume the finding names.
const maxNamed = 12

var otherVolume = wholeRule(Rule{
	ID: "A-06", Title: "Programs on another volume", Level: Low, Attack: []string{"T1091"},
	Why:    "Programs ran from a volume other than the Windows volume.",
	Benign: "Second disks; portable programs; installation media.",
	Next:   "Identify the device by the volume serial number, MountedDevices and USBSTOR.",
	Needs:  []string{"prefetch", "bam", "userassist"},
}, func(x *look) {
	byVolume := map[string][]*program{}
	for _, key := range slices.Sorted(maps.Keys(x.programs)) {
		if p := x.programs[key]; p.other && len(p.vols) > 0 && len(p.executed()) > 0 && p.runnable() && !strings.HasPrefix(p.key, `\\`) {
			byVolume[p.vols[0]] = append(byVolume[p.vols[0]], p)
		}
	}
	for _, v := range slices.Sorted(maps.Keys(byVolume)) {
		x.volumeRuns(v, byVolume[v])
	}
})

// volumeRuns reports all programs of one volume at once.
func (x *look) volumeRuns(v string, list []*program) {
	var names []string
	var rows []*row
	for _, p := range list {
		if len(names) < maxNamed && !slices.Contains(names, p.base) {
			names = append(names, p.base)
		}
		rows = append(rows, p.executed()...)
	}
	if len(list) > len(names) {
		names = append(names, "…")
	}
	kind := x.volumeKind(v)
	level := Low
	switch {
	case kind == "":
		kind = "another volume (kind unknown)"
	case strings.Contains(kind, "removable"):
		level = Medium
	}
	x.hit(x.setting("volume "+v), level, "%s ran from %s: %s", plural(len(list), "program"), kind, strings.Join(names, ", ")).from(rows...)
}
