package filesystem

import (
	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/internal/ranfiles"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
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
		if ref, _, ok := v.programOf(ranfiles.Of(in, f, f.Bytes)); ok {
			v.ran[ref] = winpath.Base(f.Path)
		}
	}
}

// programOf returns the reference and the path by which a Prefetch file names its
// program, when the program is on the volume of the view: the one that was made at
// the same time, or the only one.
func (v *view) programOf(s *ranfiles.Starts) (ref ntfs.Reference, path string, ok bool) {
	if s == nil {
		return 0, "", false
	}
	for _, f := range s.Files {
		if f.Made == v.made || v.serial != 0 && f.Serial == v.serial || s.Volumes == 1 && v.made == 0 {
			return f.Reference, f.Path, true
		}
	}
	return 0, "", false
}
