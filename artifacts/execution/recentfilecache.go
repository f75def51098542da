package execution

import (
	"errors"
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// RecentFile is one path in RecentFileCache.bcf.
type RecentFile struct {
	artifacts.Origin
	Path  string `json:"path"`
	Index int    `json:"index"`
}

var recentFileCache = artifacts.Define(artifacts.Artifact{
	Name:     "recentfilecache",
	Title:    "RecentFileCache",
	DataType: "windows:file:recentfilecache",
	About: `On Windows 7 and Server 2008 R2 the compatibility service lists executables new to the system until
its daily task moves them to the inventory. Proves that a program of that path appeared since the
last inventory. In practice it was nearly always started, because starts fill the list, but copying
by an installer can also add an entry. It has no times, and absence does not prove anything: the
list is emptied daily.`,
	Proves: artifacts.Present,
	Attack: []string{"T1204.002", "T1569.002"},
	Refs:   []string{"https://github.com/libyal/dtformats/blob/main/documentation/RecentFileCache.asciidoc", amcacheRef},
	Sources: []artifacts.Source{
		artifacts.Files(`%SystemRoot%\AppCompat\Programs\RecentFileCache.bcf`),
	},
}, decodeRecentFileCache)

// The header of RecentFileCache.bcf: two signatures, two words, and one that
// differs from file to file; seen in real files.
const (
	recentFileHeader = 20
	recentFileSig    = "\xFE\xFF\xEE\xFF\x11\x22\x00\x00"
)

func decodeRecentFileCache(in artifacts.Input, yield func(RecentFile) bool) error {
	b := in.Data
	if len(b) < recentFileHeader || string(b[:len(recentFileSig)]) != recentFileSig {
		return in.Errorf(in.AtOffset(0), "no signature of a RecentFileCache")
	}
	var recs []RecentFile
	var errs []error
	for off := recentFileHeader; off < len(b); {
		at := in.AtOffset(int64(off))
		if len(b)-off < 4 {
			errs = append(errs, in.Errorf(at, "%d bytes are left, an entry begins with 4", len(b)-off))
			break
		}
		n := uint64(le.Uint32(b[off:])) // in UTF-16 units, without the NUL
		if left := uint64(len(b) - off - 4); 2*n > left {
			errs = append(errs, in.Errorf(at, "path of %d characters, %d bytes are left", n, left))
			if p := wire.UTF16Z(b[off+4:]); p != "" {
				recs = append(recs, RecentFile{at, p, len(recs)})
			}
			break
		}
		if p := wire.UTF16Z(b[off+4 : off+4+2*int(n)]); p != "" {
			recs = append(recs, RecentFile{at, p, len(recs)})
		}
		off += 4 + 2*int(n)
		if len(b)-off >= 2 && b[off] == 0 && b[off+1] == 0 {
			off += 2
		}
	}
	for _, r := range recs {
		if !yield(r) {
			break
		}
	}
	return errors.Join(errs...)
}

// Program returns the path.
func (r RecentFile) Program() string { return r.Path }

// Summary names the path.
func (r RecentFile) Summary() string { return fmt.Sprintf("[%s] was new to the system", r.Path) }
