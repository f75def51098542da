package activity

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
	"github.com/artifactdump/artifactdump/hive"
)

// ShellBag is one folder that Explorer showed.
type ShellBag struct {
	artifacts.Origin
	Path       string    `json:"shell_item_path"`     // as the shell names it, from the desktop on
	File       string    `json:"file_path,omitempty"` // the same as programs spell it, where it leads to a file system
	Kind       string    `json:"kind"`
	Short      string    `json:"short_name,omitempty"`
	GUID       string    `json:"guid,omitempty"`
	Position   int       `json:"mru_position,omitempty"`
	Slot       uint64    `json:"node_slot,omitempty"` // Bags\<n> holds the folder's view
	Entry      uint64    `json:"mft_entry,omitempty"`
	Sequence   uint16    `json:"mft_sequence,omitempty"`
	Reference  uint64    `json:"file_reference,omitempty"` // of a volume or share that is not NTFS
	Version    uint16    `json:"extension_version,omitempty"`
	Interacted time.Time `json:"last_interacted,omitzero" event:"Last Visited Time"`
	Written    time.Time `json:"written,omitzero" event:"Content Modification Time"`
	Modified   time.Time `json:"folder_modified,omitzero"`
	Created    time.Time `json:"folder_created,omitzero"`
	Accessed   time.Time `json:"folder_accessed,omitzero"`
}

const (
	shellBagsUser = `Software\Microsoft\Windows\`
	shellBagsDeep = 6    // levels below BagMRU at which deleted keys are recognised
	shellBagsLong = 4096 // bytes of a path; Explorer shows no folder of more than 259 characters, nested archives perhaps
)

var shellBags = artifacts.Define(artifacts.Artifact{
	Name:     "shellbags",
	Title:    "Shell bags",
	DataType: "windows:registry:bagmru",
	About: `Explorer stores, for each account, the view of every folder that it showed, as a tree of shell
items. Proves that this account's desktop opened or displayed the folder, and that it existed: on
removable disks, on shares, inside archives, and deleted folders. It does not prove that a file in
it was opened; an installer may also open folders. Last interacted is the time of the parent's key
and is given only for the folder used last among its siblings. The folder's own key was written when
something below it was last shown for the first time, or when the folder itself was if it has
nothing below it. The folder's modified, created and accessed times are those of the file system
when the item was stored, in steps of two seconds, and they are not updated. Entry and sequence are
the folder's place in the NTFS file table.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1083", "T1021.002", "T1052.001"},
	Refs: []string{
		"https://github.com/libyal/libfwsi/blob/main/documentation/Windows%20Shell%20Item%20format.asciidoc",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/bagmru.py",
	},
	Sources: shellBagSources(),
}, decodeShellBags)

// shellBagSources names the roots of the trees, and the levels below them
// where deleted keys may turn up.
func shellBagSources() []artifacts.Source {
	var out []artifacts.Source
	for _, s := range []artifacts.Source{
		artifacts.Key(evidence.USRCLASS, `Local Settings\Software\Microsoft\Windows\Shell\BagMRU`),
		artifacts.Key(evidence.NTUSER, shellBagsUser+`Shell\BagMRU`),
		artifacts.Key(evidence.NTUSER, shellBagsUser+`ShellNoRoam\BagMRU`),
	} {
		for level := range shellBagsDeep + 1 {
			out = append(out, artifacts.Key(s.Hive, s.Key+strings.Repeat(`\*`, level)))
		}
	}
	return out
}

func decodeShellBags(in artifacts.Input, yield func(ShellBag) bool) error {
	if len(in.Match) > 0 && !in.Partial() && (!in.From.State.Recovered() || shellBagBelow(in.Key)) {
		return nil // the walk from the root, or from a key above that is recovered too, has been here
	}
	// The tree is walked with a list of what is left to do; a key that was
	// seen is not walked again, whatever its subkeys claim.
	parents := shellBagParents(in)
	todo := []bagNode{{in, shellitem.Path(parents), shellitem.FilePath(parents)}}
	seen := map[int64]bool{}

	var errs []error
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[n.in.Key.Offset()] {
			continue
		}
		seen[n.in.Key.Offset()] = true
		entries, err := mru(n.in)
		if err != nil {
			errs = append(errs, err)
		}
		var below []bagNode
		for _, e := range entries {
			r, next, err := n.entry(e)
			errs = append(errs, err)
			if next != nil {
				below = append(below, *next)
			}
			if !yield(r) {
				return nil
			}
		}
		slices.Reverse(below)
		todo = append(todo, below...)
	}
	return errors.Join(errs...)
}

// A bagNode is a key of the tree and the folder that it stands for.
type bagNode struct {
	in         artifacts.Input
	path, file string
}

// entry makes the record of a folder in the key's list, and the node of its
// own key where that is to be walked.
func (n bagNode) entry(e mruEntry) (ShellBag, *bagNode, error) {
	in := n.in
	from := in.At(e.value)
	it, err := bagItem(in, e)
	path, file := it.String(), shellitem.FilePath([]shellitem.Item{it})
	if n.path != "" {
		path = n.path + `\` + path
	}
	if file == "" && n.file != "" {
		file = n.file + `\` + it.String()
	}
	r := ShellBag{
		Origin: from, Path: path, File: file, Kind: string(it.Kind),
		GUID: it.GUID, Position: e.pos, Version: it.Version,
		Interacted: mruWritten(in, e.pos), Modified: it.Modified, Created: it.Created, Accessed: it.Accessed,
	}
	r.Entry, r.Sequence, r.Reference = fileReference(it)
	if it.Short != it.Name {
		r.Short = it.Short
	}
	k, noKey := in.Key.Subkey(e.value.Name())
	switch {
	case errors.Is(noKey, hive.ErrNotExist):
		return r, nil, err
	case noKey != nil:
		return r, nil, errors.Join(err, in.Wrap(from, noKey))
	}
	r.Written = k.Written()
	r.Slot, _ = in.Of(k).Uint("NodeSlot")
	switch {
	case len(path) > shellBagsLong:
		return r, nil, errors.Join(err, in.Errorf(from,
			"the path has %d bytes, more than the shell can show: what is below it is left out", len(path)))
	case in.Partial():
		return r, nil, err
	}
	next := in
	next.Key, next.From.Key, next.From.Offset = k, shellBagPath(in, k), k.Offset()
	return r, &bagNode{next, path, file}, err
}

// bagItem reads the shell item of an entry as far as it can be read.
func bagItem(in artifacts.Input, e mruEntry) (shellitem.Item, error) {
	b, bytesErr := e.value.Bytes()
	it, err := shellitem.Parse(b)
	if err != nil && it.Kind == "" {
		it.Kind = shellitem.Unknown
	}
	return it, errors.Join(in.Wrap(in.At(e.value), bytesErr), in.Wrap(in.At(e.value), err))
}

// shellBagBelow reports whether the key above a recovered one leads to it still.
func shellBagBelow(k hive.Key) bool {
	above, err := k.Parent()
	if err != nil || strings.HasPrefix(above.Path(), "?") && strings.Count(above.Path(), `\`) < 2 { // a path of one name matches no source
		return false
	}
	if _, err := above.Value(k.Name()); err != nil {
		return false
	}
	same, err := above.Subkey(k.Name())
	return err == nil && same.Offset() == k.Offset()
}

// shellBagPath is where a key below one of the tree lies; a deleted one does
// not know its own path.
func shellBagPath(in artifacts.Input, k hive.Key) string { return in.From.Key + `\` + k.Name() }

// shellBagParents finds the items that lead to a deleted key, from the living
// tree: the names in its path are the names of the values.
func shellBagParents(in artifacts.Input) []shellitem.Item {
	var items []shellitem.Item
	if len(in.Match) == 0 {
		return nil
	}
	unknown := shellitem.Item{Kind: shellitem.Unknown, Name: "?"}
	base, _, _ := strings.Cut(strings.TrimPrefix(in.Source.Key, `\`), `\*`)
	if in.View32 {
		base = strings.Replace(base, `Software\`, `Software\Wow6432Node\`, 1)
	}
	k, err := in.Hive.Key(base)
	for _, name := range in.Match {
		it := unknown
		if err == nil {
			if b := in.Of(k).Bytes(name); b != nil {
				if got, perr := shellitem.Parse(b); perr == nil {
					it = got
				}
			}
			k, err = k.Subkey(name)
		}
		items = append(items, it)
	}
	return items
}

// FileReferences returns the folder's.
func (s ShellBag) FileReferences() []artifacts.FileReference {
	return fileReferences(cmp.Or(s.File, s.Path), s.Entry, s.Sequence, s.Created)
}

// fileReferences returns what an item with a sequence number refers to.
func fileReferences(path string, entry uint64, sequence uint16, created time.Time) []artifacts.FileReference {
	if sequence == 0 {
		return nil
	}
	return []artifacts.FileReference{{Path: path, Entry: entry, Sequence: sequence, Created: created}}
}

// Summary names the folder.
func (s ShellBag) Summary() string {
	path := s.Path
	if s.File != "" {
		path = s.File
	}
	return fmt.Sprintf("[%s] %s", path, s.Kind)
}

// Events gives the times that the folder itself had.
func (s ShellBag) Events() []artifacts.Event {
	var out []artifacts.Event
	for _, e := range []struct {
		t    time.Time
		kind string
	}{{s.Created, "Creation Time"}, {s.Accessed, "Last Access Time"}, {s.Modified, "Content Modification Time"}} {
		if !e.t.IsZero() {
			out = append(out, artifacts.Event{Time: e.t, Kind: e.kind, DataType: "windows:shell_item:file_entry", Proof: artifacts.Present})
		}
	}
	return out
}

// fileReference splits what an item says of its file: entry and sequence of an
// NTFS volume, or the number that another file system or a server gave. The
// sequence of NTFS counts from 1.
func fileReference(it shellitem.Item) (entry uint64, sequence uint16, other uint64) {
	if it.Sequence == 0 {
		return 0, 0, it.Entry
	}
	return it.Entry, it.Sequence, 0
}
