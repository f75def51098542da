// Package shellitem reads shell items, the parts of which the Windows shell
// makes paths: in shell bags, in the lists of recently used files, in
// shortcuts. A list of them (ITEMIDLIST, PIDL) leads from the desktop to a
// file, a share, a folder inside an archive or a page of the control panel.
//
// The format has no public specification of Microsoft's; section names are
// those of the document "Windows Shell Item format" of the libfwsi project.
// Read are root folders, volumes, file entries with the extension block
// BEEF0004 (Windows XP to 11), network locations, addresses, the control
// panel, delegates, folders inside archives, portable devices and the names
// in property stores. Other extension blocks are named and skipped; what an
// unknown item holds is kept as bytes.
//
// Nothing here follows an item to the file that it names.
package shellitem

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// A Kind says what an item stands for.
type Kind string

// The kinds of items.
const (
	Root            Kind = "root folder"
	Volume          Kind = "volume"
	Directory       Kind = "directory"
	File            Kind = "file"
	Network         Kind = "network location"
	URI             Kind = "address"
	ControlPanel    Kind = "control panel"
	ControlCategory Kind = "control panel category"
	Delegate        Kind = "delegate"
	Archive         Kind = "archive content"
	Properties      Kind = "property view"
	Device          Kind = "portable device"
	Game            Kind = "game"
	Unknown         Kind = "unknown"
)

// An Item is one shell item.
type Item struct {
	Class byte   // class type indicator, as stored
	Kind  Kind   //
	Name  string // the best name there is: long, else short, else what the folder's id stands for
	Short string // 8.3 name of a file entry, or its only name
	GUID  string // of a root folder, a page of the control panel, a delegate: "{…}" in upper case

	// A file entry. Its times have two seconds of precision and are those that
	// the file had when the item was made.
	Size       uint32
	Modified   time.Time
	Created    time.Time // from the extension block
	Accessed   time.Time // from the extension block
	Attributes uint16
	Entry      uint64 // NTFS file reference, Windows Vista and later
	Sequence   uint16
	Version    uint16 // of the extension block: 3 XP, 7 Vista, 8 7 to 8.0, 9 8.1 and later; 0 without one
	Localized  string // resource that the shell shows instead of the name

	Blocks []uint32 // signatures of the extension blocks, in stored order
	Data   []byte   // the whole item with its size; a part of what was parsed
}

func bad(off int, structure, format string, args ...any) error {
	return &wire.FormatError{Format: "shell item", Offset: int64(off), Struct: structure, Problem: fmt.Sprintf(format, args...)}
}

// List reads items up to the empty one that ends a list. It returns how many
// bytes the list takes, its end mark included. With an error come the items
// before the broken place.
func List(b []byte) (items []Item, n int, err error) {
	for off := 0; ; {
		if len(b)-off < 2 {
			return items, len(b), bad(off, "item list", "has no end mark")
		}
		size := int(le.Uint16(b[off:]))
		if size == 0 {
			return items, off + 2, nil
		}
		it, err := Parse(b[off:])
		if err != nil {
			err = moved(err, off)
			if size < 3 || size > len(b)-off {
				return items, len(b), err
			}
			return append(items, it), off + size, err
		}
		items = append(items, it)
		off += size
	}
}

func moved(err error, off int) error {
	if fe, ok := err.(*wire.FormatError); ok {
		fe.Offset += int64(off)
	}
	return err
}

// Parse reads the item at the start of b. With an error comes what could be
// read; the Kind is empty when nothing could.
func Parse(b []byte) (Item, error) {
	if len(b) < 3 {
		return Item{}, bad(0, "shell item", "%d bytes, the smallest has 3", len(b))
	}
	size := int(le.Uint16(b))
	if size < 3 {
		return Item{}, bad(0, "shell item", "claims %d bytes, the smallest has 3", size)
	}
	if size > len(b) {
		return Item{}, bad(0, "shell item", "claims %d bytes, %d are left", size, len(b))
	}
	b = b[:size:size]
	it := Item{Class: b[2], Kind: Unknown, Data: b}
	err := it.parse(b)
	if it.Name == "" && it.GUID != "" {
		it.Name = folderName(it.GUID)
	}
	return it, err
}

// parse chooses by signature first: the class type indicator is used for more
// than one thing.
func (it *Item) parse(b []byte) error {
	if it.signature(b) {
		return nil
	}
	switch c := it.Class; {
	case c == 0x1F || c == 0x1E:
		return it.root(b)
	case c&0x70 == 0x20:
		return it.volume(b)
	case c == 0x74:
		return it.delegate(b)
	case c&0x70 == 0x30:
		return it.file(b, fileEntry)
	case c&0x70 == 0x40:
		return it.network(b)
	case c == 0x61:
		return it.uri(b)
	case c == 0x71:
		// Control Panel shell item: GUID at 14.
		it.Kind = ControlPanel
		if len(b) < 30 {
			return bad(0, "control panel item", "%d bytes, want 30", len(b))
		}
		it.GUID = wire.ClassID(b[14:])
		return nil
	}
	it.properties(b)
	return nil
}

// Path joins the names of a list: `My Computer\C:\Users`. An item without a
// name stands as its kind in angle brackets.
func Path(items []Item) string {
	var parts []string
	for _, it := range items {
		parts = append(parts, it.String())
	}
	return strings.Join(parts, `\`)
}

// FilePath joins the names of a list the way programs spell a path, from the
// volume or the share on: `C:\Users\x`. It is "" for a list that leads
// to no place in a file system.
func FilePath(items []Item) string {
	start := -1
	for i, it := range items {
		if it.Kind == Volume && len(it.Name) >= 2 && it.Name[1] == ':' || it.Kind == Network && strings.HasPrefix(it.Name, `\\`) {
			start = i
		}
	}
	if start < 0 {
		return ""
	}
	var path strings.Builder
	path.WriteString(strings.TrimSuffix(items[start].Name, `\`))
	for _, it := range items[start+1:] {
		path.WriteString(`\` + it.String())
	}
	return path.String()
}

// String returns the item's name as a part of a path.
func (it Item) String() string {
	if it.Name == "" {
		return fmt.Sprintf("<%s %02X>", it.Kind, it.Class)
	}
	return strings.TrimSuffix(it.Name, `\`)
}

// text8 reads 8-bit text and returns its length with its NUL. Bytes above 7F
// depend on the machine's code page, which an item does not name: they are
// read as Latin-1.
func text8(b []byte) (string, int) {
	if n := bytes.IndexByte(b, 0); n >= 0 {
		return wire.Latin1(b[:n]), n + 1
	}
	return wire.Latin1(b), len(b)
}

// text16 reads UTF-16LE text and returns its length with its NUL.
func text16(b []byte) (string, int) { return wire.UTF16Z(b), wire.UTF16Len(b) }
