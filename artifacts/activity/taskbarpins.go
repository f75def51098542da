package activity

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/lnk"
	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
)

// A TaskbarPin is one item that is pinned to the taskbar.
type TaskbarPin struct {
	artifacts.Origin
	Item     string `json:"item"` // as the list of pins has it
	Position int    `json:"position"`
	LinkFields
	KeyWritten time.Time `json:"key_written,omitzero"`
}

var taskbarPins = artifacts.Define(artifacts.Artifact{
	Name:     "taskbarpins",
	Title:    "Pinned to the taskbar",
	DataType: "windows:registry:taskband",
	About: `The programs that a user's taskbar holds, in their order: the item list of each pin and the shortcut that
Explorer resolves it with. Proves that the item was pinned when the key was written. Does not prove
that it was started, nor who pinned it: Windows and installers do, and malware replaces pins. The
times are those of the shortcut when it was pinned. The time of the key is its last change, by any pin
added, moved or removed.`,
	Proves: artifacts.Interacted,
	Attack: []string{"T1547.009"},
	Refs:   []string{"https://learn.microsoft.com/windows/configuration/taskbar/"},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\Taskband`),
	},
}, decodeTaskbarPins)

// Favorites: for each pin a byte (0), the length of its item list (u32), the list;
// then the byte 0xFF. FavoritesResolve: for each pin the length of its shortcut
// (u32) and the shortcut. Both as the shared hives of Windows 7 and 10 have them.
const (
	pinsEnd  = 0xFF
	pinsMost = 1000
)

func decodeTaskbarPins(in artifacts.Input, yield func(TaskbarPin) bool) error {
	if in.Partial() {
		return nil
	}
	own := in.Own()
	var errs []error
	var links []*lnk.Link
	if v, ok := own.Find("FavoritesResolve"); ok {
		var err error
		links, err = pinLinks(own.BytesOf(v))
		errs = append(errs, in.Wrap(in.At(v), err))
	}
	v, ok := own.Find("Favorites")
	if !ok {
		return errors.Join(errs...)
	}
	items, err := pinItems(own.BytesOf(v))
	errs = append(errs, in.Wrap(in.At(v), err))
	for i, list := range items {
		p := TaskbarPin{Origin: in.At(v), Item: userItemPath(list), Position: i + 1, KeyWritten: in.Written()}
		if len(links) == len(items) {
			p.LinkFields = linkFieldsOf(links[i])
		}
		if !yield(p) {
			return nil
		}
	}
	return errors.Join(errs...)
}

// pinItems reads the item lists of the value Favorites.
func pinItems(b []byte) ([][]shellitem.Item, error) {
	var out [][]shellitem.Item
	for off := 0; off < len(b) && b[off] != pinsEnd && len(out) < pinsMost; {
		if len(b)-off < 5 {
			return out, errors.New("ends before the length of an item list")
		}
		size := uint64(le.Uint32(b[off+1:]))
		if off += 5; size > uint64(len(b)-off) {
			return out, fmt.Errorf("item list of %d bytes, %d are left", size, len(b)-off)
		}
		items, _, err := shellitem.List(b[off : off+int(size)])
		if off += int(size); err != nil {
			return out, err
		}
		out = append(out, items)
	}
	return out, nil
}

// pinLinks reads the shortcuts of the value FavoritesResolve.
func pinLinks(b []byte) ([]*lnk.Link, error) {
	var out []*lnk.Link
	for off := 0; len(b)-off >= 4 && len(out) < pinsMost; {
		size := uint64(le.Uint32(b[off:]))
		if off += 4; size > uint64(len(b)-off) {
			return out, fmt.Errorf("shortcut of %d bytes, %d are left", size, len(b)-off)
		}
		l, err := lnk.Parse(b[off : off+int(size)])
		if off += int(size); l == nil {
			return out, err
		}
		out = append(out, l)
	}
	return out, nil
}

// Events dates the list by its first pin.
func (p TaskbarPin) Events() []artifacts.Event {
	return artifacts.KeyEvent(p.Position-1, p.KeyWritten, "Pinned to the taskbar")
}

// Summary names the pin.
func (p TaskbarPin) Summary() string {
	s := fmt.Sprintf("[%s] position %d", cmp.Or(p.Item, p.Target), p.Position)
	if p.Arguments != "" {
		s += " " + p.Arguments
	}
	return s
}
