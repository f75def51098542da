package evidence

import (
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
)

// A dataVolume is an NTFS volume of a disk image without Windows on it: its file
// table, journal and log are evidence all the same.
type dataVolume struct {
	label   string // for notes
	serial  uint64
	mounted string        // its value in MountedDevices
	vols    []collect.Vol // the volume, then its shadow copies
}

// attach adds the volumes without Windows to the first machine of the image, or
// to a new machine if the image has none. Their drive letters are those that this
// machine gave them ([imageOpener.letters]). Without one a single volume is shown
// as C:, as loose files are, and several by their serial numbers.
func (o *imageOpener) attach() {
	letters := o.letters()
	if len(o.data) == 0 {
		return
	}
	alone := len(o.data) == 1 && len(o.e.Trees) == 0
	taken := map[string]bool{}
	if len(o.e.Trees) > 0 {
		for _, v := range o.e.Trees[0].volumes {
			taken[v.name] = true
		}
	}
	var all []collect.Vol
	for _, d := range o.data {
		name, why := "C:", "shown as C:, for its drive letter is not known"
		if !alone {
			name = volumeName(serialText(d.serial))
			for n := 2; taken[name]; n++ {
				name = volumeName(fmt.Sprintf("%s %d", serialText(d.serial), n))
			}
			why = "shown as " + name
		}
		if letter, proof := letters.of(d.mounted, taken); letter != "" {
			name, why = letter, proof
		} else if proof != "" {
			why += "; " + proof
		}
		taken[name] = true
		for i := range d.vols {
			d.vols[i].Name = name
		}
		all = append(all, d.vols...)
		o.note("%s: no Windows on it: read for its file system, %s", d.label, why)
	}
	if len(o.e.Trees) == 0 {
		o.e.Trees = []*Tree{newTree(collect.Machine{Path: ".", Volumes: all}, baseName(o.path), o.opts)}
		return
	}
	first := o.e.Trees[0]
	for _, v := range all {
		first.volumes = append(first.volumes, newVolume(v))
	}
	if len(o.e.Trees) > 1 {
		o.note("%s: volumes without Windows are read with the first machine, %s", o.path, first.name)
	}
}

// serialText spells the serial number of a volume as Windows does: its lower
// half.
func serialText(serial uint64) string {
	s := fmt.Sprintf("%08x", uint32(serial))
	return strings.ToUpper(s[:4] + "-" + s[4:])
}
