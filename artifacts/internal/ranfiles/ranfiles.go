// Package ranfiles finds the file that a Prefetch file was made for. Several artifacts
// ask for it; each Prefetch file is parsed once for all of them.
package ranfiles

import (
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/prefetch"
)

// Starts are what a Prefetch file says of the file that it was made for.
type Starts struct {
	Files    []File // the program, by each entry of the list that may be it
	Volumes  int    // that the list names
	LastRun  time.Time
	RunCount uint32
}

// A File is an entry of the list that may be the program, on a volume that the
// Prefetch file describes.
type File struct {
	Reference ntfs.Reference
	Path      string
	Made      uint64 // when the volume was created, as a FILETIME
	Serial    uint32 // of the volume
}

// Note stores what [Of] returns later for a Prefetch file that was parsed.
func Note(in artifacts.Input, p *prefetch.File) {
	in.Once(name(in.File), func() any { return of(p) })
}

// Of returns what a Prefetch file says, nil where it cannot be read. read is called if no
// other artifact has parsed the file.
func Of(in artifacts.Input, f *evidence.File, read func() ([]byte, error)) *Starts {
	return in.Once(name(f), func() any {
		b, err := read()
		if err != nil {
			return (*Starts)(nil) // the artifact prefetch reports it
		}
		p, _ := prefetch.Parse(b, nil)
		return of(p)
	}).(*Starts)
}

func name(f *evidence.File) string { return "program of " + f.Snapshot + " " + f.Path }

func of(p *prefetch.File) *Starts {
	if p == nil {
		return nil
	}
	s := &Starts{Volumes: len(p.Volumes), LastRun: p.LastRun(), RunCount: p.RunCount}
	if p.Flags&1 != 0 {
		return s // a scenario of the boot
	}
	for i := range p.Files {
		m := &p.Files[i]
		if m.MFT.Sequence == 0 || m.MFT.Entry == 0 || !isProgramOf(p, m.Name) {
			continue
		}
		for k := range p.Volumes {
			if x := &p.Volumes[k]; strings.HasPrefix(m.Name, x.Device+`\`) {
				s.Files = append(s.Files, File{ntfs.NewReference(m.MFT.Entry, m.MFT.Sequence), strings.Clone(m.Name), x.RawCreated, x.Serial})
				break
			}
		}
	}
	return s
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
