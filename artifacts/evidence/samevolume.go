package evidence

import "github.com/artifactdump/artifactdump/artifacts/formats/ntfs"

// volumeSerial returns the serial number of the volume that a folder is on, as the running system shows it. A test replaces it.
var volumeSerial = systemVolumeSerial

// Holds reports whether a folder of the running system is on a volume of live evidence: what is written there changes what is read.
func (e *Evidence) Holds(dir string) bool {
	if !e.live {
		return false
	}
	serial, err := volumeSerial(dir)
	if err != nil {
		return false
	}
	for _, root := range e.mounted {
		if own, err := volumeSerial(root); err == nil && own == serial {
			return true
		}
	}
	for _, t := range e.Trees {
		if t == nil {
			continue
		}
		for _, v := range t.volumes {
			if n, ok := v.fsys.(*ntfs.Volume); ok && uint32(n.Serial) == serial {
				return true
			}
		}
	}
	return false
}
