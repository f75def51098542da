package activity

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/formats/jumplist"
	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// A JumpListItem is one item of a program's jump list.
type JumpListItem struct {
	artifacts.Origin
	ListProgram   string    `json:"program,omitempty"`
	ProgramID     string    `json:"program_id"`            // the 16 digits in the file's name
	ProgramName   string    `json:"program_key,omitempty"` // AppUserModelID or path that they are the hash of
	ProgramSource string    `json:"program_source"`        // computed, listed, unknown
	Kind          string    `json:"kind"`                  // automatic, custom
	Version       uint32    `json:"version"`
	Position      int       `json:"position"` // in the file, from 1
	Category      string    `json:"category,omitempty"`
	Path          string    `json:"path,omitempty"`
	Host          string    `json:"host,omitempty"`
	Opened        time.Time `json:"last_opened,omitzero"`
	Count         uint32    `json:"access_count,omitempty"`
	Pinned        bool      `json:"pinned,omitempty"`
	PinPosition   int32     `json:"pin_position,omitempty"`
	Stream        string    `json:"stream,omitempty"`
	Volume        string    `json:"droid_volume,omitempty"`
	FileID        string    `json:"droid_file,omitempty"`
	BirthVolume   string    `json:"birth_droid_volume,omitempty"`
	BirthFile     string    `json:"birth_droid_file,omitempty"`
	FileCreated   time.Time `json:"object_id_created,omitzero"` // start of the boot session in which the id was made
	MAC           string    `json:"mac,omitempty"`
	LinkFields
}

var jumpLists = artifacts.Define(artifacts.Artifact{
	Name:     "jumplists",
	Title:    "Jump list",
	DataType: "olecf:dest_list:entry",
	About: `What each user opened with each program, as the taskbar and the Start menu keep it. An item of an automatic list proves that this
user opened the file, folder or address with this program, and that it existed then; it outlives the file and the drive. It does not prove
that the content was read, and opening a folder in a dialog adds one too. Last Visited Time is the last opening, in UTC. A custom list is
written by the program itself, and its items have no time. An item whose shortcut is left although the list does not name it is marked
deleted. The times of the target are copies that the shortcut took at that moment, in UTC; they are fields, not events. The program is told
by a hash in the file's name: "computed" means that a program which this machine names gives that hash, "listed" a well-known one.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1204.002", "T1021.001"},
	Refs: []string{
		"https://github.com/libyal/dtformats/blob/main/documentation/Jump%20lists%20format.asciidoc",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-shllink/",
	},
	Sources: []artifacts.Source{
		artifacts.SignedRandom(`%UserProfile%\AppData\Roaming\Microsoft\Windows\Recent\AutomaticDestinations\*.automaticDestinations-ms`, "jumplist"),
		artifacts.RandomFiles(`%UserProfile%\AppData\Roaming\Microsoft\Windows\Recent\CustomDestinations\*.customDestinations-ms`),
	},
}, decodeJumpList)

func decodeJumpList(in artifacts.Input, yield func(JumpListItem) bool) error {
	r, size := in.Random, in.Size
	if r == nil {
		r, size = io.ReaderAt(bytes.NewReader(in.Data)), int64(len(in.Data))
	}
	list, err := jumplist.Parse(r, size)
	if list == nil {
		return err
	}
	id, _, _ := strings.Cut(strings.ToLower(winpath.Base(in.From.Path)), ".")
	program := jumpListProgram(in, id)
	for i, e := range list.Entries {
		rec := program
		rec.Origin = in.AtOffset(e.Offset)
		if e.Deleted {
			rec.Origin = rec.As(artifacts.Deleted, "a shortcut that the list does not name any more")
		}
		rec.Kind, rec.Version, rec.Position = string(list.Kind), list.Version, i+1
		rec.Category, rec.Path, rec.Host, rec.Opened, rec.Count, rec.Stream = e.Category, e.Path, e.Host, e.Opened, e.Count, e.Stream
		if e.Listed && e.Pin >= 0 {
			rec.Pinned, rec.PinPosition = true, e.Pin
		}
		rec.Volume, rec.FileID, rec.BirthVolume, rec.BirthFile = e.Volume, e.File, e.BirthVolume, e.BirthFile
		rec.FileCreated, rec.MAC = e.FileCreated, e.MAC
		rec.LinkFields = linkFieldsOf(e.Link)
		if !yield(rec) {
			return nil
		}
	}
	var errs []error
	for _, d := range list.Damage {
		errs = append(errs, in.Wrap(in.AtOffset(d.Offset), d))
	}
	if err != nil && len(errs) == 0 {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// jumpListProgram is the program that the name of a list is the hash of.
func jumpListProgram(in artifacts.Input, id string) JumpListItem {
	rec := JumpListItem{ProgramID: id, ProgramSource: "unknown"}
	if name, ok := machineAppIDs(in)[id]; ok {
		rec.ListProgram, rec.ProgramName, rec.ProgramSource = name.path, name.key, "computed"
	}
	if p, ok := jumplist.Known(id); ok && rec.ListProgram == "" {
		rec.ListProgram, rec.ProgramName, rec.ProgramSource = p.Name, p.ID, "listed"
	}
	return rec
}

// Program returns the item when it is a program.
func (r JumpListItem) Program() string {
	if p := cmp.Or(r.Path, r.Target); runs(strings.TrimPrefix(winpath.Ext(p), ".")) {
		return p
	}
	return ""
}

// FileReferences returns the item's.
func (r JumpListItem) FileReferences() []artifacts.FileReference {
	f := r.LinkFields
	f.file, f.volume = cmp.Or(r.FileID, f.file), cmp.Or(r.Volume, f.volume)
	return f.references(cmp.Or(r.Path, r.Target))
}

// Summary shows the item and the program that opened it.
func (r JumpListItem) Summary() string {
	s := fmt.Sprintf("of [%s] %s", cmp.Or(r.ListProgram, r.ProgramID), cmp.Or(r.Path, r.Target, r.LinkName, "(no path)"))
	if r.Arguments != "" {
		s += " " + r.Arguments
	}
	if r.Category != "" {
		s += ", category: " + r.Category
	}
	if r.Host != "" {
		s += ", host: " + r.Host
	}
	return s
}

// Tags marks pinned items.
func (r JumpListItem) Tags() []string {
	if r.Pinned {
		return []string{"pinned"}
	}
	return nil
}

// Events gives the last opening.
func (r JumpListItem) Events() []artifacts.Event {
	if r.Opened.IsZero() {
		return nil
	}
	return []artifacts.Event{{Time: r.Opened, Kind: "Last Visited Time"}}
}

// LinkFields are what a shortcut says of its target and of the machine that
// made it.
type LinkFields struct {
	Target      string    `json:"target,omitempty"`
	Arguments   string    `json:"arguments,omitempty"`
	WorkingDir  string    `json:"working_dir,omitempty"`
	LinkName    string    `json:"link_name,omitempty"`
	AppID       string    `json:"app_user_model_id,omitempty"`
	HotKey      string    `json:"hot_key,omitempty"` // that opens it: Ctrl+Alt+T
	Icon        string    `json:"icon,omitempty"`
	Size        uint32    `json:"target_size,omitempty"`
	Created     time.Time `json:"target_created,omitzero"`
	Accessed    time.Time `json:"target_accessed,omitzero"`
	Written     time.Time `json:"target_written,omitzero"`
	DriveType   string    `json:"drive_type,omitempty"`
	Serial      string    `json:"volume_serial,omitempty"`
	Label       string    `json:"volume_label,omitempty"`
	Share       string    `json:"share,omitempty"`
	LinkMachine string    `json:"link_machine,omitempty"`
	LinkMAC     string    `json:"link_mac,omitempty"`
	Entry       uint64    `json:"mft_entry,omitempty"` // of the target, when the shortcut was made
	Sequence    uint16    `json:"mft_sequence,omitempty"`

	file, volume string // ids of link tracking
	serial       uint32
}

// FileReferences returns those of the target: its place in the file table and its
// object identifier.
func (f LinkFields) FileReferences() []artifacts.FileReference { return f.references(f.Target) }

func (f LinkFields) references(path string) []artifacts.FileReference {
	if f.Sequence == 0 && f.file == "" {
		return nil
	}
	return []artifacts.FileReference{{
		Path: path, Entry: f.Entry, Sequence: f.Sequence, ObjectID: f.file, VolumeID: f.volume, Serial: f.serial,
		Created: f.Created,
	}}
}

// linkFieldsOf takes the fields from a shortcut, nil for none.
func linkFieldsOf(l *lnk.Link) LinkFields {
	if l == nil {
		return LinkFields{}
	}
	f := LinkFields{Target: cmp.Or(l.Target(), itemListPath(l)), Arguments: l.Arguments, WorkingDir: l.WorkingDir, LinkName: l.Name,
		AppID: l.AppID, HotKey: hotKey(l.HotKey),
		Icon: l.IconLocation, Size: l.Size, Created: l.Created, Accessed: l.Accessed, Written: l.Written, Share: l.NetworkShare}
	if l.Volume != nil {
		f.DriveType = driveType(l.Volume.DriveType)
		f.serial = l.Volume.Serial
		f.Serial, f.Label = fmt.Sprintf("%08X", l.Volume.Serial), l.Volume.Label
	}
	if f.DriveType == "" && (l.NetworkShare != "" || strings.HasPrefix(f.Target, `\\`)) {
		f.DriveType = "network"
	}
	if l.Tracker != nil {
		f.LinkMachine, f.LinkMAC = l.Tracker.Machine, l.Tracker.MAC
		f.file, f.volume = l.Tracker.File, l.Tracker.Droid
	}
	if it, ok := lastItem(l); ok {
		f.Entry, f.Sequence, _ = fileReference(it)
		if f.Sequence == 0 {
			f.Entry = 0
		}
	}
	return f
}

// driveType names what GetDriveType returns.
func driveType(n uint32) string {
	names := []string{"", "no root", "removable", "fixed", "network", "optical", "memory"}
	if int(n) < len(names) {
		return names[n]
	}
	return ""
}

// hotKey spells the key that opens a shortcut: the low byte is a virtual key, the
// high byte holds Shift, Ctrl and Alt ([MS-SHLLINK] 2.1.3).
func hotKey(n uint16) string {
	key, s := byte(n), ""
	switch {
	case key == 0:
		return ""
	case key >= '0' && key <= '9', key >= 'A' && key <= 'Z':
		s = string(rune(key))
	case key >= 0x70 && key <= 0x87:
		s = fmt.Sprintf("F%d", key-0x70+1)
	default:
		s = fmt.Sprintf("%#x", key)
	}
	for _, m := range []struct {
		bit  byte
		name string
	}{{1, "Shift+"}, {4, "Alt+"}, {2, "Ctrl+"}} {
		if byte(n>>8)&m.bit != 0 {
			s = m.name + s
		}
	}
	return s
}
