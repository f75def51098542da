package filesystem

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/prefetch"
)

// prefetched notes the references by which Prefetch files name their programs.
func (v *view) prefetched(in artifacts.Input) {
	if in.Tree == nil || in.From.Snapshot != "" {
		return
	}
	files, _ := in.Tree.Glob(`%SystemRoot%\Prefetch\*.pf`)
	for _, f := range files {
		if f.Snapshot != "" {
			continue
		}
		b, err := f.Bytes()
		if err != nil {
			continue // the artifact prefetch reports it
		}
		if p, _ := prefetch.Parse(b, nil); p != nil {
			if ref, _, ok := v.programOf(p); ok {
				v.ran[ref] = winpath.Base(f.Path)
			}
		}
	}
}

// programOf returns the reference and the path by which a Prefetch file names
// its program, when the program is on the volume of the view.
func (v *view) programOf(p *prefetch.File) (ref ntfs.Reference, path string, ok bool) {
	if p.Flags&1 != 0 {
		return 0, "", false // a scenario of the boot
	}
	for i := range p.Files {
		m := &p.Files[i]
		if m.MFT.Sequence == 0 || m.MFT.Entry == 0 || !isProgramOf(p, m.Name) || !v.holds(p, m.Name) {
			continue
		}
		return ntfs.NewReference(m.MFT.Entry, m.MFT.Sequence), m.Name, true
	}
	return 0, "", false
}

// isProgramOf reports whether a name of the list is that of the program: names
// in the header are cut to 29 characters.
func isProgramOf(p *prefetch.File, name string) bool {
	if p.ExecutablePath != "" {
		return strings.EqualFold(winpath.Key(p.ExecutablePath), winpath.Key(name))
	}
	base := winpath.Base(name)
	return base == p.Executable || len(p.Executable) == 29 && strings.HasPrefix(base, p.Executable)
}

// holds reports whether a name of the list is on the volume of the view: the
// one that was made at the same time, or the only one.
func (v *view) holds(p *prefetch.File, name string) bool {
	for i := range p.Volumes {
		if x := &p.Volumes[i]; strings.HasPrefix(name, x.Device+`\`) {
			return x.RawCreated == v.made || v.serial != 0 && x.Serial == v.serial || len(p.Volumes) == 1 && v.made == 0
		}
	}
	return false
}
