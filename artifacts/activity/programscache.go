package activity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/shellitem"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A CachedProgram is one item of the Start menu or the taskbar.
type CachedProgram struct {
	artifacts.Origin
	Path      string    `json:"path"` // below the folder of the list
	Folder    string    `json:"folder_guid,omitempty"`
	Position  int       `json:"position"`
	Recovered bool      `json:"recovered,omitempty"` // found behind the end of the list
	Modified  time.Time `json:"item_modified,omitzero"`
	Written   time.Time `json:"key_written,omitzero"`
}

var programsCache = artifacts.Define(artifacts.Artifact{
	Name:     "programscache",
	Title:    "Start menu cache",
	DataType: "windows:registry:explorer:programcache",
	About: `Shortcuts of the Start menu and the taskbar as Explorer of Windows XP to 7 keeps them for a user:
ProgramsCache (all programs), ProgramsCacheSMP (pinned to the Start menu), ProgramsCacheTBP (pinned to
the taskbar). Proves that the shortcut was in that menu when the cache was written, also one that is
gone since. Does not prove that anybody started it. The time of an item is the last change of the
shortcut as the cache has it; that of the key dates the last change of any list. Items found behind the
end of a list are older ones.`,
	Proves: artifacts.Present,
	Attack: []string{"T1547.009"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/explorer-keys/Program-cache.md",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/programscache.py",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\StartPage`),
		artifacts.Key(evidence.NTUSER, `Software\Microsoft\Windows\CurrentVersion\Explorer\StartPage2`),
	},
}, decodeProgramsCache)

// A value begins with its version (u32). Then each item follows a byte that is 0
// or 1: its length (u32) and its item list. 2 ends the list. winreg-kb "Program
// cache"; the versions 1, 9 and 19 are in the shared hives.
const (
	programsVersion  = 4
	programsEnd      = 2
	programsGap      = 64 // how far behind an end the next list may begin
	programsMaxItems = 10_000
)

func decodeProgramsCache(in artifacts.Input, yield func(CachedProgram) bool) error {
	var errs []error
	for v := range in.Own().All() {
		if !strings.HasPrefix(strings.ToLower(v.Name()), "programscache") {
			continue
		}
		b := in.Own().BytesOf(v)
		if len(b) < programsVersion {
			continue
		}
		off, first, folder := 0, false, ""
		switch version := le.Uint32(b); version {
		case 1:
			off = 8
		case 9:
			off, first = 6, true // the first item has no byte before it
		case 12, 19:
			off = programsVersion + 16
			if len(b) >= off {
				folder = wire.ClassID(b[programsVersion:off])
			}
		default:
			errs = append(errs, in.Errorf(in.At(v), "version %d of a program cache is not known", version))
			continue
		}
		c := programsReader{b: b, off: off, first: first}
		for c.next() {
			r := CachedProgram{Origin: in.At(v), Path: userItemPath(c.items), Folder: folder, Position: c.n, Recovered: c.behind}
			r.Modified = c.items[len(c.items)-1].Modified
			if !in.Partial() {
				r.Written = in.Written()
			}
			if !yield(r) {
				return nil
			}
		}
		if c.err != nil {
			errs = append(errs, in.Wrap(in.At(v), c.err))
		}
	}
	return errors.Join(errs...)
}

// A programsReader walks through the items of one value.
type programsReader struct {
	b      []byte
	off    int
	first  bool
	behind bool // after the end of the first list
	n      int
	items  []shellitem.Item
	err    error
}

// next finds the next item with a path.
func (c *programsReader) next() bool {
	for c.off < len(c.b) && c.n < programsMaxItems {
		if !c.first {
			if c.b[c.off] == programsEnd {
				if !c.resume() {
					return false
				}
				continue
			}
			if c.b[c.off] > programsEnd {
				c.err = fmt.Errorf("byte %#x before an item, want 0, 1 or 2", c.b[c.off])
				return false
			}
			c.off++
		}
		c.first = false
		if len(c.b)-c.off < 4 {
			c.err = errors.New("ends before the length of an item")
			return false
		}
		size := uint64(le.Uint32(c.b[c.off:]))
		if c.off += 4; size > uint64(len(c.b)-c.off) {
			c.err = fmt.Errorf("item of %d bytes, %d are left", size, len(c.b)-c.off)
			return false
		}
		items, _, err := shellitem.List(c.b[c.off : c.off+int(size)])
		c.off += int(size)
		if err != nil && c.err == nil {
			c.err = err
		}
		if len(items) > 0 {
			c.items = items
			c.n++
			return true
		}
	}
	return false
}

// resume looks behind the end of a list for another one: a byte 0 or 1 and an item
// list that fills its length.
func (c *programsReader) resume() bool {
	c.behind = true
	end := min(len(c.b)-7, c.off+programsGap)
	for at := c.off + 1; at < end; at++ {
		size := uint64(le.Uint32(c.b[at+1:]))
		if c.b[at] > 1 || size < 4 || size > uint64(len(c.b)-at-5) {
			continue
		}
		list := c.b[at+5 : at+5+int(size)]
		if n := int(le.Uint16(list)); n < 4 || n+2 > len(list) || list[len(list)-1] != 0 || list[len(list)-2] != 0 {
			continue
		}
		if items, n, err := shellitem.List(list); err == nil && len(items) > 0 && n == len(list) {
			c.off = at
			return true
		}
	}
	return false
}

// Events dates the list by its first item.
func (r CachedProgram) Events() []artifacts.Event {
	return artifacts.KeyEvent(r.Position-1, r.Written, "Start menu cache")
}

// Summary names the item.
func (r CachedProgram) Summary() string { return fmt.Sprintf("[%s] position %d", r.Path, r.Position) }
