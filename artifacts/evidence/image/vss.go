package image

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/evidence/image/vss"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// A Shadow is a volume shadow copy: the volume as it was at an earlier time. Nothing but the
// catalog is read before its file system is asked for.
type Shadow struct {
	Name    string // "vss1" is the oldest
	ID      string // GUID of the store
	CopyID  string // GUID of the copy, as vssadmin shows it; empty when the store's header is damaged
	Created time.Time
	Machine string // that made it

	open func() (*ntfs.Volume, error) // once for all callers
}

// FS returns the file system of the volume at that time, or why it cannot be read.
func (s *Shadow) FS() (fs.FS, error) {
	v, err := s.open()
	if err != nil {
		return nil, err
	}
	return v, nil
}

// NTFS is FS with the file system's own type.
func (s *Shadow) NTFS() (*ntfs.Volume, error) { return s.open() }

// ShadowDamage returns what was wrong with the volume's shadow copies as far as they were read, and survived.
func (v Volume) ShadowDamage() []error {
	if v.shadows == nil {
		return nil
	}
	var errs []error
	for _, err := range v.shadows.Damage() {
		errs = append(errs, fmt.Errorf("shadow copies: %w", err))
	}
	return errs
}

// Of the directory entries that a volume keeps (ntfs.Options.DirCache), all its shadow copies together may keep as many again.
const (
	shadowDirs    = 100_000
	minShadowDirs = 1000
)

// openShadows lists the shadow copies of a volume.
func (d *Disk) openShadows(v *Volume) {
	c, err := vss.Open(io.NewSectionReader(d.pages, v.Offset, v.Size), v.Size, nil)
	if err != nil {
		if !errors.Is(err, vss.ErrNotFound) {
			d.Damage = append(d.Damage, fmt.Errorf("%s: volume %d: shadow copies: %w", d.name(), v.Index, err))
		}
		return
	}
	v.shadows = c
	var opts ntfs.Options
	if d.opts.NTFS != nil {
		opts = *d.opts.NTFS
	}
	if opts.DirCache <= 0 {
		opts.DirCache = shadowDirs
	}
	opts.DirCache = max(opts.DirCache/max(len(c.Shadows), 1), minShadowDirs)
	for i := range c.Shadows {
		s := &c.Shadows[i]
		v.Shadows = append(v.Shadows, &Shadow{
			Name: fmt.Sprintf("vss%d", s.Number), ID: s.ID, CopyID: s.CopyID, Created: s.Created, Machine: s.Machine,
			open: sync.OnceValues(func() (*ntfs.Volume, error) {
				sn, err := s.Open()
				if err != nil {
					return nil, err
				}
				fsys, err := ntfs.Open(sn, sn.Size(), &opts)
				if err != nil {
					return nil, fmt.Errorf("shadow copy %d: %w", s.Number, err)
				}
				return fsys, nil
			}),
		})
	}
}
