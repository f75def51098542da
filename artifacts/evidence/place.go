package evidence

import (
	"io/fs"
	"path"
	"strings"
)

// A Place is where a file is on a volume of the machine.
type Place struct {
	Volume   string // "C:", or Volume{…} for one without a letter
	Snapshot string // "" for the live volume, "vss1" for a shadow copy
	Name     string // below the volume's root, with slashes
}

// Place returns where the file is. A file of an older installation, whose [File.Path] is the one that it had then, is below
// Windows.old.
func (f *File) Place() Place {
	p := f.vol.place()
	p.Name = path.Join(p.Name, f.name)
	return p
}

func (v *volume) place() Place {
	p := Place{v.name, v.snapshot, v.folder}
	if p.Volume == "" {
		p.Volume = "C:" // of a part of a system volume without its Windows folder
	}
	if v.folder != "" {
		p.Snapshot = strings.TrimSpace(strings.TrimSuffix(v.snapshot, strings.ToLower(v.folder)))
	}
	return p
}

// A Volume is one volume of the machine, or an older copy of one.
type Volume struct {
	Name     string // "C:", or Volume{…} for one without a letter
	Snapshot string // "" for the live volume
	FS       fs.FS
}

// Volumes lists the volumes and shadow copies of the machine, each once.
func (t *Tree) Volumes() []Volume {
	var out []Volume
	for _, v := range t.volumes {
		if v.folder == "" {
			p := v.place()
			out = append(out, Volume{p.Volume, p.Snapshot, v.fsys})
		}
	}
	return out
}

// Name returns what the evidence calls the machine, which need not be the name that its SYSTEM hive has.
func (t *Tree) Name() string { return t.name }

// maxNameHive is the largest hive that is opened for an identity: a collector may use little memory.
const maxNameHive = 32 << 20

// Identity reads what tells the machine from others: name, zone, product, build and GUID, and nothing else of a [Machine]. It holds one
// hive at a time, and none afterwards. What no hive tells, or only one of more than 32 MiB, is empty.
func (t *Tree) Identity() *Machine {
	m := &Machine{Env: map[string]string{}}
	hives, _ := t.Hives()
	for _, h := range hives {
		if h.Kind != SYSTEM && h.Kind != SOFTWARE || h.Backup || h.Snapshot != "" {
			continue
		}
		if st, err := h.Stat(); err != nil || st.Size() > maxNameHive {
			continue
		}
		hv, _ := h.Open()
		h.Release()
		switch {
		case hv == nil:
		case h.Kind == SYSTEM && m.ControlSet == "":
			m.readSystem(hv)
		case h.Kind == SOFTWARE && m.Build == "":
			m.readSoftware(hv)
		}
	}
	// The rest of what was read refers to the bytes of the hives.
	return &Machine{Name: strings.Clone(m.Name), NameFrom: m.NameFrom, TimeZone: strings.Clone(m.TimeZone),
		Product: strings.Clone(m.Product), Build: strings.Clone(m.Build), GUID: strings.Clone(m.GUID),
		SystemRoot: strings.Clone(m.SystemRoot), Transcripts: strings.Clone(m.Transcripts), NameFiles: strings.Clone(m.NameFiles)}
}
