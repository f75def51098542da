package lnk

import (
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// Signatures of the extra blocks, [MS-SHLLINK] 2.5.
const (
	sigEnvironment = 0xA0000001
	sigSpecial     = 0xA0000005
	sigProperties  = 0xA0000009
	sigAnyIDList   = 0xA000000C
	sigTracker     = 0xA0000003
	sigDarwin      = 0xA0000006
	sigIcon        = 0xA0000007
	sigShim        = 0xA0000008
	sigKnownFolder = 0xA000000B
)

// extra reads the blocks behind the strings: u32 size with itself, u32
// signature, data; a size below four ends them.
func (l *Link) extra(b []byte, off int) {
	for {
		if off == len(b) {
			return // the end mark is missing; seen in shortcuts that programs write
		}
		if off+4 > len(b) {
			l.bad(int64(off), "ExtraData", "ends inside of a size")
			return
		}
		n := int64(le.Uint32(b[off:]))
		if n < 4 {
			l.End, l.Trailing = off+4, len(b)-off-4
			return
		}
		if n < 8 || n > int64(len(b)-off) {
			l.bad(int64(off), "ExtraData", fmt.Sprintf("block of %d bytes where %d are left", n, len(b)-off))
			return
		}
		k := Block{le.Uint32(b[off+4:]), int64(off), b[off+8 : off+int(n)]}
		l.Extra = append(l.Extra, k)
		l.block(k)
		off += int(n)
	}
}

func (l *Link) block(k Block) {
	switch k.Signature {
	case sigEnvironment:
		l.Environment = l.twoTexts(k, "EnvironmentVariableDataBlock")
	case sigIcon:
		l.IconEnvironment = l.twoTexts(k, "IconEnvironmentDataBlock")
	case sigDarwin:
		l.Darwin = l.twoTexts(k, "DarwinDataBlock")
	case sigShim:
		l.ShimLayer = utf16z(k.Data)
	case sigKnownFolder:
		if len(k.Data) < 16 {
			l.bad(k.Offset, "KnownFolderDataBlock", "shorter than a GUID")
			return
		}
		l.KnownFolder = guid(k.Data)
	case sigTracker:
		l.tracker(k)
	case sigSpecial:
		if len(k.Data) < 8 {
			l.bad(k.Offset, "SpecialFolderDataBlock", "shorter than its fields")
			return
		}
		l.SpecialFolder = le.Uint32(k.Data)
	case sigAnyIDList:
		l.AnyIDList = k.Data
	case sigProperties:
		l.store(k)
	}
}

// twoTexts reads a block that holds one path twice: 260 bytes of 8-bit text,
// then 520 bytes of UTF-16.
func (l *Link) twoTexts(k Block, name string) string {
	const narrow, wide = 260, 520
	if len(k.Data) < narrow+wide {
		l.bad(k.Offset, name, fmt.Sprintf("%d bytes of data, want %d", len(k.Data), narrow+wide))
		return latin1z(k.Data[:min(narrow, len(k.Data))])
	}
	if s := utf16z(k.Data[narrow : narrow+wide]); s != "" {
		return s
	}
	return latin1z(k.Data[:narrow])
}

const ( // TrackerDataBlock, [MS-SHLLINK] 2.5.10; from the start of the data
	trkMachine = 8
	trkDroid   = 24
	trkBirth   = 56
	trkSize    = 88
)

func (l *Link) tracker(k Block) {
	d := k.Data
	if len(d) < trkSize {
		l.bad(k.Offset, "TrackerDataBlock", fmt.Sprintf("%d bytes of data, want %d", len(d), trkSize))
		return
	}
	t := &Tracker{
		Machine: latin1z(d[trkMachine:trkDroid]),
		Droid:   guid(d[trkDroid:]), File: guid(d[trkDroid+16:]),
		BirthDroid: guid(d[trkBirth:]), BirthFile: guid(d[trkBirth+16:]),
	}
	t.FileCreated, t.MAC = TimeBased(d[trkDroid+16:])
	l.Tracker = t
}

func guid(b []byte) string { return wire.GUID(b) }

// TimeBased reads time and network address out of a GUID of version 1: 60 bits
// count 100 ns since 1582-10-15. (RFC 9562, 5.1) Other GUIDs have neither.
func TimeBased(b []byte) (time.Time, string) {
	if len(b) < 16 {
		return time.Time{}, ""
	}
	hi := le.Uint16(b[6:])
	if hi>>12 != 1 {
		return time.Time{}, ""
	}
	ticks := uint64(hi&0x0FFF)<<48 | uint64(le.Uint16(b[4:]))<<32 | uint64(le.Uint32(b))
	const gregorian = 5748192000000000 // 100 ns from 1582-10-15 to 1601-01-01
	if ticks <= gregorian {
		return time.Time{}, ""
	}
	var ft [8]byte
	le.PutUint64(ft[:], ticks-gregorian)
	mac := make([]string, 6)
	for i := range mac {
		mac[i] = fmt.Sprintf("%02x", b[10+i])
	}
	return filetime(ft[:]), strings.Join(mac, ":")
}

// idPath spells the path that the item list names, where it begins with a
// drive and continues with files and folders; "" for any other list. A name in
// full stands in the extension block 0xBEEF0004 behind the short one.
// (libfwsi, "Windows Shell Item format")
func (l *Link) idPath() string {
	b := l.IDList
	var parts []string
	for len(b) >= 2 {
		n := int(le.Uint16(b))
		if n < 4 || n > len(b) {
			break
		}
		item := b[:n]
		b = b[n:]
		switch kind := item[2] & 0x70; {
		case item[2] == 0x1F: // a root folder such as This PC
		case kind == 0x20 && len(parts) == 0:
			parts = append(parts, strings.TrimRight(latin1z(item[3:]), `\`))
		case kind == 0x30 && len(parts) > 0:
			parts = append(parts, itemName(item))
		default:
			return ""
		}
	}
	if len(parts) < 2 || len(parts[0]) != 2 || parts[0][1] != ':' {
		return ""
	}
	return strings.Join(parts, `\`)
}

// itemName is the name of a file entry: that of its extension block, else the
// short one at 14.
func itemName(item []byte) string {
	if len(item) < 16 {
		return ""
	}
	short := latin1z(item[14:])
	if item[2]&0x04 != 0 {
		short = utf16z(item[14:])
	}
	// The last two bytes of the item say where the first extension begins.
	at := int(le.Uint16(item[len(item)-2:]))
	if at < 16 || at+8 > len(item) || le.Uint32(item[at+4:]) != 0xBEEF0004 {
		return short
	}
	ext := item[at:]
	// The long name's place depends on the version: 3 XP, 7 Vista, 8 Windows 7 and 8.0, 9 since 8.1.
	start := map[uint16]int{3: 20, 7: 38, 8: 42, 9: 46}[le.Uint16(ext[2:])]
	if start == 0 || start >= len(ext) {
		return short
	}
	if s := utf16z(ext[start:]); s != "" {
		return s
	}
	return short
}
