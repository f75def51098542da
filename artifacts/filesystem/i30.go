package filesystem

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence/collect"
	"github.com/artifactdump/artifactdump/artifacts/formats/ntfs"
)

// IndexName is a name in the slack of a folder's index: of a file that was
// there.
type IndexName struct {
	artifacts.Origin
	Folder    string    `json:"folder,omitempty"`
	Name      string    `json:"name"`
	Reference string    `json:"file_reference,omitempty"`
	Parent    string    `json:"parent_reference"`
	Size      uint64    `json:"size,omitempty"`
	Slack     bool      `json:"slack"`
	Created   time.Time `json:"created,omitzero"`
	Modified  time.Time `json:"modified,omitzero"`
	Changed   time.Time `json:"record_changed,omitzero"`
	Accessed  time.Time `json:"accessed,omitzero"`
}

var i30 = artifacts.Define(artifacts.Artifact{
	Name:     "i30",
	Title:    "Folder index slack",
	DataType: "fs:stat:ntfs",
	About: `The slack of the index ($I30) of a folder: names of files that were deleted or moved away, with their times and size of then.
Proves that a file of this name was in the folder. The times follow those of $STANDARD_INFORMATION, as they were when the entry was last
written: of before a deletion, and of before a forgery. Any program can set them. Does not prove when the file went. Entries are found by
their form in bytes that nothing uses any more, so that a part of one can be wrong. In images the folders are those of downloads, temporary
files, autostart, tasks and Prefetch: -a i30 shows those of all folders, and the names that are in use in a collected index.`,
	Proves: artifacts.Present,
	Attack: []string{"T1070.004"},
	Refs: []string{
		"https://flatcap.github.io/linux-ntfs/ntfs/concepts/index_record.html",
	},
	Sources: []artifacts.Source{
		{Glob: `%AnyDrive%\$I30`, Access: artifacts.Random, Signature: collect.IndexFile},
		artifacts.RandomFiles(`%AnyDrive%\*_$I30*`),
		artifacts.RandomFiles(`%AnyDrive%\$I30_*`),
		artifacts.RandomFiles(`%AnyDrive%\$MFT`),
	},
	Indexes: isWatchedFolder[string],
	First: func(in artifacts.Input) {
		if ofVolume(in) {
			readViewFirst(in)
		}
	},
}, decodeI30)

// ofVolume reports whether the input is the $MFT of a volume with folders.
func ofVolume(in artifacts.Input) bool { return strings.HasSuffix(in.Source.Glob, `\$MFT`) }

// maxIndexNames bounds what one volume gives.
const maxIndexNames = 1_000_000

func decodeI30(in artifacts.Input, yield func(IndexName) bool) error {
	if ofVolume(in) {
		return volumeIndexes(in, yield)
	}
	v := viewBeside(in)
	for e, err := range ntfs.IndexEntries(section(in), nil) {
		if err != nil {
			return err
		}
		if !e.Slack && !in.Full {
			continue
		}
		if !yield(indexName(in, v, e)) {
			return nil
		}
	}
	return nil
}

func indexName(in artifacts.Input, v *view, e *ntfs.IndexEntry) IndexName {
	x := IndexName{
		Origin: in.AtOffset(e.Offset), Name: e.Name.Name(), Parent: e.Parent.String(), Size: e.Size, Slack: e.Slack,
		Created: e.Created(), Modified: e.Modified(), Changed: e.Changed(), Accessed: e.Accessed(),
	}
	if e.File != 0 {
		x.Reference = e.File.String()
	}
	if v != nil {
		b, _ := v.table.AppendFolder(nil, e.Parent)
		x.Folder = v.drive + string(b)
	}
	return x
}

// volumeIndexes reads the indexes of an image's folders.
func volumeIndexes(in artifacts.Input, yield func(IndexName) bool) error {
	vol, image := in.File.NTFS()
	v := viewFrom(in, in.File)
	if v == nil {
		return nil
	}
	folders := v.watched
	if in.Full {
		folders = allFolders(in, v)
	}
	n := 0
	for _, f := range folders {
		entries := collectedIndex(in, v, f.ref, f.path)
		if image {
			entries = vol.IndexEntries(f.ref)
		}
		for e, err := range entries {
			if err != nil {
				break // a folder whose index is damaged has no slack to show
			}
			if !e.Slack {
				continue
			}
			x := indexName(in, v, e)
			x.Origin = in.AtOffset(0) // offsets are those of the index
			if n++; n > maxIndexNames {
				return fmt.Errorf("more than %d names in the slack of folders", maxIndexNames)
			}
			if !yield(x) {
				return nil
			}
		}
	}
	return nil
}

// A folder is one whose index is read.
type folder struct {
	ref  ntfs.Reference
	path string
}

// allFolders returns all folders that exist.
func allFolders(in artifacts.Input, v *view) (all []folder) {
	opts := &ntfs.RecordOptions{Table: v.table}
	for x, err := range ntfs.Ahead(section(in), opts, helpers(in, in.Size), in.Help, func(r *ntfs.Record) (x folder) {
		if !r.Directory() || !r.InUse() || !r.IsBase() {
			return x
		}
		if path, _, ok := v.table.Path(r); ok {
			return folder{r.Reference(), path}
		}
		return x
	}) {
		if err != nil {
			break // the artifact mft reports it
		}
		if x.ref != 0 {
			all = append(all, x)
		}
	}
	return all
}

// collectedIndex reads the index of a folder that a collection stores beside it as streams.
func collectedIndex(in artifacts.Input, v *view, ref ntfs.Reference, path string) iter.Seq2[*ntfs.IndexEntry, error] {
	return func(yield func(*ntfs.IndexEntry, error) bool) {
		if in.Tree == nil {
			return
		}
		f, ok := in.Tree.LookupCopy(v.drive+path+ntfs.RootStream, in.From.Snapshot)
		if !ok {
			return
		}
		root, err := f.BytesUpTo(1 << 20)
		if err != nil {
			yield(nil, err)
			return
		}
		var blocks []byte
		if f, ok := in.Tree.LookupCopy(v.drive+path+ntfs.AllocationStream, in.From.Snapshot); ok {
			if blocks, err = f.BytesUpTo(artifacts.DefaultMaxWhole); err != nil {
				yield(nil, err)
				return
			}
		}
		for e, err := range ntfs.FolderEntries(ref, root, blocks) {
			if !yield(e, err) {
				return
			}
		}
	}
}

func isWatchedFolder[T string | []byte](lower T) bool {
	switch {
	case string(lower) == `\windows\prefetch`, hasPrefix(lower,
		`\windows\system32\tasks`), string(lower) == `\windows\tasks`, string(lower) == `\windows\temp`,
		string(lower) == `\windows\system32\drivers`, hasSuffix(lower, `\programs\startup`), hasPrefix(lower, `\perflogs`):
		return true
	case hasPrefix(lower, `\users\public`):
		return true
	}
	return hasPrefix(lower, `\users\`) &&
		(hasSuffix(lower, `\downloads`) || hasSuffix(lower, `\desktop`) || hasSuffix(lower, `\appdata\local\temp`))
}

// Identity is the folder, the name, and the place of the entry.
func (x IndexName) Identity() string {
	return fmt.Sprintf("%s %s %s %d %t %d", x.Parent, x.Reference, x.Name, x.Position(), x.Slack, x.Changed.UnixNano())
}

// Program returns the path of a program or a script.
func (x IndexName) Program() string {
	if x.Folder == "" || !IsRunnable(x.Name) {
		return ""
	}
	return under(x.Folder, x.Name)
}

// Summary names the file.
func (x IndexName) Summary() string {
	where := "slack of "
	if !x.Slack {
		where = "index of "
	}
	folder := x.Folder
	if folder == "" {
		folder = "folder " + x.Parent
	}
	return fmt.Sprintf("%s%s names %s [%s] %s", where, folder, x.Name, x.Reference, size(x.Size))
}

// Tags marks what was found in slack.
func (x IndexName) Tags() []string {
	if x.Slack {
		return []string{"slack"}
	}
	return nil
}

// Events gives the times of the entry.
func (x IndexName) Events() []artifacts.Event {
	var out []artifacts.Event
	add := func(t time.Time, kind string) {
		if !t.IsZero() {
			out = append(out, artifacts.Event{Time: t, Kind: kind})
		}
	}
	add(x.Created, "Creation Time")
	if !x.Modified.Equal(x.Created) {
		add(x.Modified, "Content Modification Time")
	}
	return out
}
