package shellitem

import (
	"bytes"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// signature reads items that are told by a signature and not by their class.
func (it *Item) signature(b []byte) bool {
	if len(b) >= 12 && (it.signature4(b) || it.signature6(b)) {
		return true
	}
	if len(b) >= 15 && it.Class == 0x1F && le.Uint32(b[6:]) == 0xF5A6B710 {
		// A drive at the root, without "My Computer" before it: a volume item
		// without its size from 12. Seen in real lists of Windows 10.
		it.Kind = Volume
		it.Name = wire.Latin1Z(b[13:])
		return true
	}
	if len(b) >= 50 && it.Class == 0x52 && b[3] == 0x67 && le.Uint16(b[4:]) == 0xACB1 {
		return it.backup(b)
	}
	return it.archive(b)
}

// signature4 reads items with a signature at offset 4; b has at least 12 bytes.
func (it *Item) signature4(b []byte) bool {
	switch le.Uint32(b[4:]) {
	case 0x39DE2184: // Control panel category
		it.Kind = ControlCategory
		it.Name = category(le.Uint32(b[8:]))
	case 0xFFFFFF38: // Control panel CPL file
		it.Kind = ControlPanel
		it.controlPanelFile(b)
	case 0x4D677541: // "AugM"
		it.burned(b)
	case 0x49534647: // "GFSI"
		it.Kind = Game
		if len(b) >= 24 {
			it.GUID = wire.ClassID(b[8:])
		}
	default:
		return false
	}
	return true
}

// signature6 reads items with a signature at offset 6; b has at least 12 bytes.
func (it *Item) signature6(b []byte) bool {
	switch le.Uint32(b[6:]) {
	case 0x10312005: // MTP storage device volume: lengths in characters at 38 and 42, texts from 54
		it.Kind = Device
		it.mtp(b, 38, 54)
	case 0x07192006: // MTP file entry: lengths at 62, texts from 74
		it.Kind = Device
		it.mtp(b, 62, 74)
	case 0x23FEBBEE, 0x23A3DFD5, 0x3B93AFBB, 0xBEEBEE00: // Users property view
		it.Kind = Properties
		// Identifier size at 12, a known folder's id at 14.
		if len(b) >= 30 && le.Uint16(b[12:]) == 16 {
			it.GUID = wire.ClassID(b[14:])
		}
		it.properties(b)
	default:
		return false
	}
	return true
}

// controlPanelFile reads the texts of a CPL file: counts at 20 and 22, texts
// from 24, the second of which is the name that is shown.
func (it *Item) controlPanelFile(b []byte) {
	if len(b) <= 24 {
		return
	}
	n := wire.UTF16Len(b[24:])
	it.Short = wire.UTF16Z(b[24:])
	it.Name = it.Short
	if 24+n < len(b) {
		if s := wire.UTF16Z(b[24+n:]); s != "" {
			it.Name = s
		}
	}
}

// burned reads an item of CDBurn, a list of the folder's items on both sides;
// the first one stands for the folder where it can be read.
func (it *Item) burned(b []byte) {
	at := 16
	if le.Uint32(b[8:]) == 4 {
		at = 20
	}
	if at+2 >= len(b) {
		return
	}
	inner := int(le.Uint16(b[at:]))
	if inner < 15 || inner > len(b)-at || b[at+2]&0x70 != 0x30 {
		return
	}
	in := Item{Class: b[at+2]}
	if err := in.file(b[at:at+inner:at+inner], fileEntry); err == nil {
		in.Class, in.Data = it.Class, it.Data
		*it = in
	}
}

// backup reads a Compressed folder shell item (class 52): a count of
// characters and a text, four times from 46; the second is the one that is
// shown. Seen with the archives of a backup program.
func (it *Item) backup(b []byte) bool {
	it.Kind = Archive
	at := int64(46)
	for i := range 2 {
		if at+4 > int64(len(b)) {
			break
		}
		n := 2 * int64(le.Uint32(b[at:]))
		at += 4
		if n > int64(len(b))-at {
			break
		}
		s := wire.UTF16Z(b[at : at+n])
		if i == 0 {
			it.Short = s
		}
		if s != "" {
			it.Name = s
		}
		at += n
	}
	return true
}

// mtp takes the first text of an item of a portable device.
func (it *Item) mtp(b []byte, length, text int) {
	if text >= len(b) {
		return
	}
	n := min(int64(le.Uint32(b[length:]))*2, int64(len(b)-text))
	it.Name = wire.UTF16Z(b[text : text+int(n)])
}

// archive reads a folder inside a zip file: a date as text in UTF-16 at 36
// ("N/A" when the archive has none), lengths in characters at 84 and 88, the
// names from 92. Seen in real shell bags of Windows 7 to 10.
func (it *Item) archive(b []byte) bool {
	const date, length, name = 36, 84, 92
	if len(b) < name+2 {
		return false
	}
	if s := wire.UTF16Z(b[date:length]); s != "N/A" && !isDate(s) {
		return false
	}
	n := int64(le.Uint32(b[length:])) * 2
	if n == 0 || n > int64(len(b)-name) {
		return false
	}
	s := wire.UTF16Z(b[name : name+int(n)])
	if s == "" {
		return false
	}
	it.Kind, it.Name = Archive, s
	if m := le.Uint32(b[length+4:]); m > 0 {
		// A folder deeper inside has the way to it as a second text.
		at := int64(name) + n + 2
		if end := at + 2*int64(m); end <= int64(len(b)) {
			if way := wire.UTF16Z(b[at:end]); way != "" {
				it.Name = strings.TrimSuffix(s, "/") + "/" + way
			}
		}
	}
	it.Name = strings.ReplaceAll(it.Name, "/", `\`)
	return true
}

// isDate tells a date of any order and separator: digits first, two
// separators, a clock.
func isDate(s string) bool {
	if len(s) < 12 {
		return false
	}
	digits, marks := 0, 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '/' || r == '.' || r == '-' || r == ':':
			marks++
		}
	}
	return digits >= 6 && marks >= 3
}

// Property sets whose texts name an item.
const (
	setItem = "{B725F130-47EF-101A-A5F1-02608C9EEBAC}" // 10: the name that is shown
	setPath = "{28636AA6-953D-11D2-B5D6-00C04FD918D0}" // 30: the path
	setApp  = "{9F4C2855-9F79-4B39-A8D0-E1D42DE1D5F3}" // 5: the application's id
	setName = "{46588AE2-4CBC-4338-BBFC-139326986DCE}" // texts of a search
)

// properties looks for property stores ("1SPS") and takes the name from them.
// It reports whether there was one.
func (it *Item) properties(b []byte) bool {
	found := false
	best := 0
	for off := 0; ; {
		i := bytes.Index(b[off:], []byte("1SPS"))
		if i < 0 {
			return found
		}
		at := off + i - 4 // the store begins with its size
		off += i + 4
		if at < 0 || at+24 > len(b) {
			continue
		}
		size := int64(le.Uint32(b[at:]))
		if size < 24 || size > int64(len(b)-at) {
			size = int64(len(b) - at)
		}
		off = at + int(size)
		found = true
		if it.Kind == Unknown || it.Kind == Delegate {
			it.Kind = Properties
		}
		set := wire.ClassID(b[at+8:])
		store(b[at+24:at+int(size)], func(id uint32, text string) {
			rank := 0
			switch {
			case set == setItem && id == 10:
				rank = 4
			case set == setPath && id == 30:
				rank = 3
			case set == setApp && id == 5:
				rank = 5
			case set == setName:
				rank = 1
			}
			if rank > best && text != "" {
				best, it.Name = rank, text
			}
		})
	}
}

// store walks the values of a property store: u32 size, u32 id, u8, u16 type
// and u16 padding, the value; a text (type 1F) is a count of characters and
// UTF-16. Values of stores whose ids are texts have no known layout here and
// give no text.
func store(b []byte, text func(id uint32, s string)) {
	for len(b) >= 17 {
		size := int64(le.Uint32(b))
		if size < 9 || size > int64(len(b)) {
			return
		}
		v := b[:size]
		if len(v) >= 17 && le.Uint16(v[9:]) == 0x1F {
			if n := int64(le.Uint32(v[13:])) * 2; n <= int64(len(v)-17) {
				s := wire.UTF16Z(v[17 : 17+int(n)])
				text(le.Uint32(v[4:]), s)
			}
		}
		b = b[size:]
	}
}
