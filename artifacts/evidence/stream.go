package evidence

import (
	"io/fs"
	"path"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// stream returns the path of a named stream, NAME:STREAM, in a folder of a
// volume that has streams. Folders of collected files have files with such
// names, which are found as others are.
func (v *volume) stream(dir, name string) (p string, ok bool) {
	base, stream, ok := strings.Cut(name, ":")
	if !ok || stream == "" {
		return "", false
	}
	d := v.list(dir)
	i, ok := d.byName[fold(base)]
	if !ok || !d.entries[i].mode.IsRegular() {
		return "", false
	}
	p = path.Join(dir, d.entries[i].name) + ":" + stream
	if _, err := fs.Stat(v.fsys, p); err != nil {
		return "", false
	}
	return p, true
}

// NTFS returns the volume that a file is on, when the evidence is an image: its
// metadata can be read beyond what files show.
func (f *File) NTFS() (*ntfs.Volume, bool) {
	v, ok := f.vol.fsys.(*ntfs.Volume)
	return v, ok
}
