package execution

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Recycled is one file or folder that was put into the recycle bin.
type Recycled struct {
	artifacts.Origin
	Path    string    `json:"path"`
	Deleted time.Time `json:"deleted,omitzero" event:"Content Deletion Time"`
	Size    uint64    `json:"file_size"`
	Index   uint32    `json:"index,omitempty"`    // INFO2 only
	Content string    `json:"content,omitempty"`  // the file that holds what was deleted
	There   string    `json:"is_there,omitempty"` // "yes", "no": whether that file is in the evidence
	Emptied bool      `json:"emptied,omitempty"`  // INFO2: restored or removed from the bin since
	Version uint64    `json:"version"`

	user evidence.User
}

var recycleBin = artifacts.Define(artifacts.Artifact{
	Name:     "recyclebin",
	Title:    "Recycle Bin",
	DataType: "windows:metadata:deleted_item",
	About: `Files deleted in Explorer are moved to the Recycle Bin, where Windows also stores the old path, the
size and the time. Proves that the file or folder was at that path and was deleted at that time
through the shell, by the user whose SID the folder is named after. It does not cover deletions by
commands, by programs or with Shift, which bypass the bin. An emptied bin leaves nothing. In INFO2
of Windows XP a record without its first letter was restored or removed later; its time is still
that of the deletion.`,
	Proves: artifacts.Present,
	Attack: []string{"T1070.004"},
	Refs:   []string{"https://github.com/libyal/dtformats/blob/main/documentation/Windows%20Recycle.Bin%20file%20formats.asciidoc"},
	Sources: []artifacts.Source{
		artifacts.SignedFiles(`%AnyDrive%\$Recycle.Bin\*\$I*`, collect.RecycleFile),
		artifacts.SignedFiles(`%AnyDrive%\RECYCLE?\**\INFO2*`, collect.RecycleFile),
	},
}, decodeRecycleBin)

// $I files since Vista; dtformats, "Windows Recycle.Bin file formats".
const (
	recycleISize    = 8
	recycleIDeleted = 16
	recycleIPath    = 24 // version 1: 520 bytes; version 2: u32 of characters with the NUL, then the text
	recycleIMax     = 520
)

// INFO2 of Windows 2000 to 2003; a header, then records of one size.
const (
	recycleHeader     = 20
	recycleRecordSize = 12  // in the header, u32
	recycleIndex      = 260 // in the record, after the path in the code page
	recycleDeleted    = 268
	recycleSize       = 276
	recycleWide       = 280 // UTF-16, only in records of 800 bytes
	recycleMin        = 280
)

func decodeRecycleBin(in artifacts.Input, yield func(Recycled) bool) error {
	if collect.IsInfo2(in.Data) || strings.HasPrefix(strings.ToUpper(winpath.Base(in.From.Path)), "INFO2") {
		return decodeInfo2(in, yield)
	}
	b, at := in.Data, in.AtOffset(0)
	if len(b) < recycleIPath {
		return in.Errorf(at, "%d bytes, a header has %d", len(b), recycleIPath)
	}
	r := Recycled{
		Origin:  at,
		Version: le.Uint64(b),
		Size:    le.Uint64(b[recycleISize:]),
		Deleted: wire.TimeAt(b, recycleIDeleted),
		user:    recycleUser(in),
	}
	var err error
	switch r.Version {
	case 1:
		if len(b) < recycleIPath+recycleIMax {
			err = in.Errorf(in.AtOffset(recycleIPath), "%d bytes of path, version 1 has %d", len(b)-recycleIPath, recycleIMax)
		}
		r.Path = wire.UTF16Z(b[recycleIPath:min(len(b), recycleIPath+recycleIMax)])
	case 2:
		if len(b) < recycleIPath+4 {
			yield(r)
			return in.Errorf(in.AtOffset(recycleIPath), "ends before the path")
		}
		n := 2 * uint64(le.Uint32(b[recycleIPath:]))
		text := b[recycleIPath+4:]
		if n > uint64(len(text)) {
			err = in.Errorf(in.AtOffset(recycleIPath), "path of %d bytes, %d are left", n, len(text))
			n = uint64(len(text))
		}
		r.Path = wire.UTF16Z(text[:n])
	default:
		return in.Errorf(at, "version %d of a recycle bin file is not known", r.Version)
	}
	dir, name := winpath.Dir(in.From.Path), winpath.Base(in.From.Path)
	if len(name) > 2 {
		r.Content = winpath.Join(dir, "$R"+name[2:])
	}
	r.There = recycleThere(in, r.Content)
	yield(r)
	return err
}

func decodeInfo2(in artifacts.Input, yield func(Recycled) bool) error {
	b := in.Data
	if len(b) < recycleHeader {
		return in.Errorf(in.AtOffset(0), "%d bytes, a header has %d", len(b), recycleHeader)
	}
	size := le.Uint32(b[recycleRecordSize:])
	if size < recycleMin || size > 1<<16 {
		return in.Errorf(in.AtOffset(recycleRecordSize), "records of %d bytes", size)
	}
	user := recycleUser(in)
	dir := winpath.Dir(in.From.Path)

	var errs []error
	for off := recycleHeader; off < len(b); off += int(size) {
		at := in.AtOffset(int64(off))
		rec := b[off:min(len(b), off+int(size))]
		if len(rec) < recycleMin {
			errs = append(errs, in.Errorf(at, "record of %d bytes, %d are left", size, len(rec)))
			break
		}
		r := Recycled{
			Origin:  at,
			Path:    wire.Latin1Z(rec[:recycleIndex]),
			Index:   le.Uint32(rec[recycleIndex:]),
			Deleted: wire.TimeAt(rec, recycleDeleted),
			Size:    uint64(le.Uint32(rec[recycleSize:])),
			Emptied: rec[0] == 0,
			Version: uint64(le.Uint32(b)),
			user:    user,
		}
		if len(rec) > recycleWide {
			if s := wire.UTF16Z(rec[recycleWide:]); s != "" {
				r.Path = s
			}
		}
		if r.Path == "" && r.Emptied { // the narrow path without its first letter is all there is
			r.Path = "?" + wire.Latin1Z(rec[1:recycleIndex])
		}
		if r.Path == "?" && r.Deleted.IsZero() {
			continue
		}
		// Explorer names the file D, the drive's letter, the index and the extension.
		if drive := winpath.Volume(r.Path); len(drive) == 2 {
			r.Content = winpath.Join(dir, fmt.Sprintf("D%s%d%s", strings.ToLower(drive[:1]), r.Index, winpath.Ext(r.Path)))
			r.There = recycleThere(in, r.Content)
		}
		if !yield(r) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// recycleUser is the account whose SID the folder is named after.
func recycleUser(in artifacts.Input) evidence.User {
	for part := range strings.SplitSeq(in.From.Path, `\`) {
		if strings.HasPrefix(strings.ToUpper(part), "S-1-") {
			return bamUser(in, part)
		}
	}
	return evidence.User{}
}

// recycleThere reports whether the deleted content is still in the evidence; a
// loose files cannot tell.
func recycleThere(in artifacts.Input, path string) string {
	if in.Tree == nil || in.Tree.Loose() || in.From.Snapshot != "" {
		return ""
	}
	if _, ok := in.Tree.Lookup(path); ok {
		return "yes"
	}
	return "no"
}

// Owner is the account that deleted the file.
func (r Recycled) Owner() evidence.User { return r.user }

// Program returns the path.
func (r Recycled) Program() string { return r.Path }

// Summary says what became of it.
func (r Recycled) Summary() string {
	s := fmt.Sprintf("[%s] was deleted, %d bytes", r.Path, r.Size)
	if r.Emptied {
		s += ", restored or removed from the bin since"
	}
	return s
}
