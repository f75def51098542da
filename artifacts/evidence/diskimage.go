package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/evidence/image"
)

// openImage opens a disk image: every volume with a Windows installation is a
// machine, with its shadow copies. The other NTFS volumes are read with the
// first machine; without any Windows they form one machine. Volumes of other file
// systems are reported.
func openImage(path string, opts *Options) (*Evidence, error) {
	d, err := image.Open(path, opts.image())
	if err != nil {
		return nil, err
	}
	return fromDisk(d, path, opts)
}

func fromDisk(d *image.Disk, path string, opts *Options) (*Evidence, error) {
	e := &Evidence{Kind: "disk image (" + string(d.Format) + ")", closers: []func() error{d.Close}}
	o := &imageOpener{e: e, path: path, opts: opts, problems: d.Damage}
	for _, v := range d.Volumes() {
		o.volume(v)
	}
	o.attach()
	if len(e.Trees) == 0 {
		d.Close()
		return nil, errors.Join(append([]error{fmt.Errorf("%s: %w: no NTFS volume that can be read", path, ErrNothing)}, o.problems...)...)
	}
	e.Trees[0].notes = append(e.Trees[0].notes, o.problems...)
	e.bytesRead, e.verify = d.BytesRead, d.Verify
	return e, nil
}

type imageOpener struct {
	e        *Evidence
	path     string
	opts     *Options
	problems []error
	data     []dataVolume
	windows  []windowsVolume
}

func (o *imageOpener) note(format string, args ...any) {
	o.e.Notes = append(o.e.Notes, fmt.Sprintf(format, args...))
}

func (o *imageOpener) volume(v image.Volume) {
	name := fmt.Sprintf("%s: volume %d at %d (%s, %d bytes)", o.path, v.Index, v.Offset, cmp.Or(v.FSType, "file system not known"), v.Size)
	if v.FSType != "ntfs" {
		o.note("%s: not read", name)
		return
	}
	var hosts []collect.Machine
	fsys, err := v.FS()
	if err == nil {
		fsys = o.opts.wrap(fsys)
		hosts, err = collect.Recognise(fsys)
	}
	o.failed(name, err)
	copies, bare := o.shadows(name, v)
	switch {
	case len(hosts) == 1 && hosts[0].Kind == collect.WindowsRoot:
		hosts[0].Volumes = append(hosts[0].Volumes, copies...)
	case len(hosts) == 0 && len(copies) > 0:
		// The volume was cleared or damaged, and what it held is left in its
		// shadow copies alone.
		hosts = []collect.Machine{{Kind: collect.WindowsRoot, Path: ".", Volumes: copies}}
	case len(copies) > 0:
		o.note("%s: its shadow copies are left aside: it holds a collection, not a machine", name)
	}
	if len(hosts) == 0 {
		if fsys != nil {
			o.data = append(o.data, dataVolume{name, v.Serial, v.Mounted, append([]collect.Vol{{Path: ".", FS: fsys}}, bare...)})
		}
		return
	}
	for _, h := range hosts {
		trees, notes := machines(h, baseName(o.path), name, o.opts)
		o.e.Trees = append(o.e.Trees, trees...)
		o.e.Notes = append(o.e.Notes, notes...)
		if h.Kind == collect.WindowsRoot {
			o.windows = append(o.windows, windowsVolume{name, v.Mounted, trees})
		}
	}
	o.note("%s: Windows", name)
}

// failed notes why a file system could not be read. That nothing was recognised in it is no
// failure, unless a directory could not be listed.
func (o *imageOpener) failed(name string, err error) {
	if nr, ok := errors.AsType[*collect.NotRecognisedError](err); ok {
		err = errors.Join(nr.Problems...)
	}
	if err != nil {
		o.problems = append(o.problems, fmt.Errorf("%s: %w", name, err))
	}
}

// shadows opens the shadow copies of a volume that hold Windows, as KAPE's
// folders VSS1, VSS2 … would, and those that hold none.
func (o *imageOpener) shadows(name string, v image.Volume) (vols, bare []collect.Vol) {
	var read, other []string
	for _, s := range v.Shadows {
		label := s.Name + " of " + s.Created.Format("2006-01-02T15:04:05.0000000Z")
		if o.opts != nil && o.opts.NoShadows {
			other = append(other, label)
			continue
		}
		fsys, err := s.FS()
		var hosts []collect.Machine
		if err == nil {
			fsys = o.opts.wrap(fsys)
			hosts, err = collect.Recognise(fsys)
			if _, ok := errors.AsType[*collect.NotRecognisedError](err); ok {
				o.failed(name+": "+label, err)
				other = append(other, label)
				bare = append(bare, collect.Vol{Path: ".", FS: fsys, Snapshot: s.Name})
				continue
			}
		}
		if err != nil {
			o.problems = append(o.problems, fmt.Errorf("%s: %s: not read: %w", name, label, err))
			continue
		}
		if n, err := s.NTFS(); err == nil {
			for _, err := range n.Damage {
				o.problems = append(o.problems, fmt.Errorf("%s: %s: %w", name, label, err))
			}
		}
		if len(hosts) != 1 || hosts[0].Kind != collect.WindowsRoot {
			other = append(other, label)
			continue
		}
		for _, c := range hosts[0].Volumes {
			c.Snapshot = strings.TrimSpace(s.Name + " " + c.Snapshot)
			vols = append(vols, c)
		}
		read = append(read, label)
	}
	for _, err := range v.ShadowDamage() {
		o.problems = append(o.problems, fmt.Errorf("%s: %w", name, err))
	}
	if len(read) > 0 {
		o.note("%s: shadow copies: %s", name, strings.Join(read, ", "))
	}
	if len(other) > 0 {
		why := "no Windows in them"
		if o.opts != nil && o.opts.NoShadows {
			why = "left aside as asked"
		}
		if len(vols) == 0 && len(bare) == len(other) {
			o.note("%s: shadow copies without Windows: %s", name, strings.Join(other, ", "))
		} else {
			o.note("%s: shadow copies that are not read (%s): %s", name, why, strings.Join(other, ", "))
		}
	}
	return vols, bare
}
