package filesystem

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// Referenced is what became of a file that other artifacts name by its reference.
type Referenced struct {
	artifacts.Origin
	Path      string    `json:"named_path,omitempty"` // as the artifacts have it
	NamedBy   []string  `json:"named_by"`             // artifact and file
	Reference string    `json:"file_reference"`
	ObjectID  string    `json:"object_id,omitempty"`       // by which it was found, without a reference
	Fate      string    `json:"fate"`                      // exists, deleted, record reused
	Change    string    `json:"change,omitempty"`          // renamed, moved, moved and renamed
	Now       string    `json:"file_path,omitempty"`       // of the file with this reference in $MFT
	PathState string    `json:"path_state,omitempty"`      // of that path
	Successor string    `json:"reused_by,omitempty"`       // the file that has the record now
	Directory bool      `json:"directory,omitempty"`       // of that file
	Appeared  time.Time `json:"name_created,omitzero"`     // of that file
	Created   time.Time `json:"named_created,omitzero"`    // of the file, as the artifacts have it
	Differs   bool      `json:"created_differs,omitempty"` // the file says another time of creation now
}

var fileReferences = artifacts.Define(artifacts.Artifact{
	Name:     "filereferences",
	Title:    "File that a shortcut, shell bag or Amcache names",
	DataType: "fs:stat:ntfs",
	About: `Shortcuts, jump lists, shell bags, the Open and Save dialogs, the Amcache of Windows 8 and Syscache keep the place of a file in
$MFT, its entry and sequence number, and shortcuts its object identifier. This joins them with $MFT. Proves that the very file or folder that
was named exists still, under this path or under another, or is deleted with its record in place, or is deleted and its record used by another
file since. A file that was moved or renamed on the volume keeps both numbers. Does not prove when it was moved or deleted, nor that it was
opened: see the artifact that names it. References to other volumes, and those that fit no record, are not listed.`,
	Proves: artifacts.Present,
	Attack: []string{"T1070.004", "T1036"},
	Refs: []string{
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-shllink/",
		"https://github.com/libyal/libfwsi/blob/main/documentation/Windows%20Shell%20Item%20format.asciidoc",
		"https://flatcap.github.io/linux-ntfs/ntfs/concepts/file_reference.html",
	},
	Sources: signedMFT(),
	First: func(in artifacts.Input) {
		if in.From.Snapshot == "" {
			readViewFirst(in)
		}
	},
}, decodeFileReferences)

// maxNamedBy is how many artifacts a record lists that name its file.
const maxNamedBy = 16

func decodeFileReferences(in artifacts.Input, yield func(Referenced) bool) error {
	if in.From.Snapshot != "" {
		return nil
	}
	named := in.FileReferences() // before the view: both wait for other artifacts
	v := viewFrom(in, in.File)
	if v == nil || len(named) == 0 {
		return nil
	}
	wanted, strange := v.references(named)
	records := map[uint64]*entryRecord{}
	err := v.few(in, entriesOf(wanted), true, func(r *ntfs.Record) {
		if r.IsBase() {
			records[r.Entry] = v.entryRecord(r)
		}
	})
	var out []Referenced
	for ref, list := range wanted {
		for _, n := range list {
			if r, ok := v.join(in, ref, n, records[ref.Entry()]); ok {
				out = append(out, r)
			} else {
				strange++
			}
		}
	}
	slices.SortFunc(out, func(a, b Referenced) int {
		return cmp.Or(cmp.Compare(a.Position(), b.Position()), cmp.Compare(a.Reference, b.Reference), cmp.Compare(a.Path, b.Path))
	})
	if strange > 0 {
		in.Remark(fmt.Sprintf("%d references of shortcuts, shell bags and the like fit no record of $MFT: of other volumes, or older than it", strange))
	}
	for _, r := range out {
		if !yield(r) {
			break
		}
	}
	return err
}

// An entryRecord is what is kept of a record that is referred to.
type entryRecord struct {
	ref       ntfs.Reference
	offset    int64
	path      string
	state     ntfs.PathState
	others    []string // further names of the file
	directory bool
	named     time.Time
	created   time.Time
}

func (v *view) entryRecord(r *ntfs.Record) *entryRecord {
	e := &entryRecord{ref: r.Reference(), offset: r.Offset, directory: r.Directory()}
	e.path, e.state, _ = v.table.Path(r)
	best := r.BestName()
	if best != nil {
		e.named = best.Created()
	}
	for i := range r.Names {
		if n := &r.Names[i]; n != best {
			b, _ := v.table.AppendPath(nil, n)
			e.others = append(e.others, string(b))
		}
	}
	if r.HasStandard {
		e.created = r.Standard.Created()
	}
	return e
}

// A namedFile is how artifacts name the file of a reference.
type namedFile struct {
	path    string
	object  string // the identifier by which it was found
	certain bool   // the path has the letter of the volume
	by      []string
	created time.Time
}

// references sorts out what is named of files of this volume. strange counts the
// references that are of no file of it.
func (v *view) references(named []artifacts.NamedReference) (wanted map[ntfs.Reference][]*namedFile, strange int) {
	wanted = map[ntfs.Reference][]*namedFile{}
	for i := range named {
		n := &named[i]
		letter := winpath.Volume(n.Path)
		home := cmp.Or(letter, drive(n.From.Path)) // a path from the desktop, or none
		if n.From.Snapshot != "" || !strings.EqualFold(home, v.drive) || !v.sameVolume(n) {
			continue
		}
		ref, object := ntfs.NewReference(n.Entry, n.Sequence), ""
		if FateOf(v.table, ref) == FateUnknown {
			if ref, object = v.objects[n.ObjectID], n.ObjectID; FateOf(v.table, ref) == FateUnknown {
				strange++
				continue
			}
		}
		list := wanted[ref]
		k := slices.IndexFunc(list, func(f *namedFile) bool { return f.path == n.Path && f.object == object })
		if k < 0 {
			k = len(list)
			list = append(list, &namedFile{path: n.Path, object: object, certain: letter != "" || n.Path == "", created: n.Created})
			wanted[ref] = list
		}
		f := list[k]
		if by := n.Artifact.Name + " " + n.From.Path; len(f.by) < maxNamedBy && !slices.Contains(f.by, by) {
			f.by = append(f.by, by)
		}
		if f.created.IsZero() {
			f.created = n.Created
		}
	}
	return wanted, strange
}

// sameVolume reports whether a reference may be one of this volume, by what it says of its
// volume: the serial number, and the identifier of link tracking, the lowest bit of which
// shows that the file came from another volume.
func (v *view) sameVolume(n *artifacts.NamedReference) bool {
	return (n.Serial == 0 || v.serial == 0 || n.Serial == v.serial) &&
		(n.VolumeID == "" || v.volumeID == "" || volumeID(n.VolumeID) == v.volumeID)
}

// volumeID takes the lowest bit out of the identifier of a volume.
func volumeID(guid string) string {
	g := strings.Trim(strings.ToUpper(guid), "{}")
	if len(g) < 8 {
		return g
	}
	if k := strings.IndexByte("0123456789ABCDEF", g[7]); k >= 0 {
		return g[:7] + string("0123456789ABCDEF"[k&^1]) + g[8:]
	}
	return g
}

// object notes the object identifier of a record.
func (v *view) object(r *ntfs.Record) {
	if len(r.ObjectID) < 16 {
		return
	}
	const volume = 3
	switch id := wire.GUID(r.ObjectID); {
	case r.Entry == volume:
		v.volumeID = volumeID(id)
	case len(v.objects) < maxMarked:
		v.objects[id] = r.Reference()
	}
}

// sameMoment reports whether two times of creation are one: shell items count two
// seconds.
func sameMoment(a, b time.Time) bool { return a.Sub(b).Abs() <= 2*time.Second }

// join compares what is named with the record of $MFT. ok is false when they do not fit.
func (v *view) join(in artifacts.Input, ref ntfs.Reference, n *namedFile, e *entryRecord) (r Referenced, ok bool) {
	if e == nil {
		return r, false
	}
	fate := FateOf(v.table, ref)
	r = Referenced{
		Origin: in.AtOffset(e.offset), Path: n.path, NamedBy: n.by, Reference: ref.String(), ObjectID: n.object, Fate: fate.String(),
		Created: n.created,
	}
	if fate == FateReused {
		r.Successor = v.drive + e.path
		return r, n.certain // the same numbers of another volume would say so, too
	}
	r.Now, r.PathState, r.Directory, r.Appeared = v.drive+e.path, e.state.String(), e.directory, e.named
	r.Differs = !n.created.IsZero() && !e.created.IsZero() && !sameMoment(n.created, e.created)
	r.Change = v.change(n.path, e)
	if r.Path == "" {
		r.Path = r.Now
	}
	// Another name and another time: the reference is that of another volume.
	renamed := r.Change == changeRenamed || r.Change == changeBoth
	return r, !renamed || n.object != "" || n.certain && !r.Differs
}

// What can have happened to the path of a file.
const (
	changeRenamed = "renamed"
	changeMoved   = "moved"
	changeBoth    = "moved and renamed"
)

// change compares the path by which a file was named with its names now. A path without
// a drive is from the desktop on: only its last name counts.
func (v *view) change(path string, e *entryRecord) string {
	if path == "" {
		return ""
	}
	whole := winpath.Volume(path) != ""
	was := v.fold(path)
	if whole {
		was = v.fold(path[len(winpath.Volume(path)):])
	}
	result, name, folder := "", winpath.Base(was), winpath.Dir(was)
	for i, now := range append([]string{e.path}, e.others...) {
		now = v.fold(now)
		sameName, sameFolder := winpath.Base(now) == name, !whole || winpath.Dir(now) == folder
		switch {
		case sameName && sameFolder:
			return ""
		case sameName:
			result = changeMoved
		case i > 0:
		case sameFolder:
			result = changeRenamed
		default:
			result = changeBoth
		}
	}
	return result
}

// Program returns the path of a program or a script.
func (r Referenced) Program() string {
	if r.Directory || !IsRunnable(r.Path) {
		return ""
	}
	return r.Path
}

// Identity is the reference and how it is named.
func (r Referenced) Identity() string { return r.Reference + " " + r.Path + " " + r.ObjectID }

// Summary says what became of the file.
func (r Referenced) Summary() string {
	artifact, from, _ := strings.Cut(r.NamedBy[0], " ")
	s := fmt.Sprintf("%s [%s], which %s of %s names: ", r.Path, r.Reference, artifact, winpath.Base(from))
	if n := len(r.NamedBy); n > 1 {
		s = fmt.Sprintf("%s [%s], which %s of %s and %d more name: ", r.Path, r.Reference, artifact, winpath.Base(from), n-1)
	}
	switch {
	case r.Fate == FateReused.String():
		return s + "it is deleted, its record is that of " + r.Successor + " now"
	case r.Fate == FateDeleted.String():
		return s + "it is deleted, its record " + r.Now + " is left"
	case r.Change != "":
		return s + "it was " + r.Change + " and exists as " + r.Now
	}
	return s + "it exists"
}

// Tags marks files that are gone.
func (r Referenced) Tags() []string {
	if r.Fate != FateExists.String() {
		return []string{"deleted-file"}
	}
	return nil
}
