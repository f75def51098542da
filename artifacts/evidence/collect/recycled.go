package collect

import (
	"encoding/binary"
	"time"
)

// IsInfo2 reports whether a file begins as INFO2 does, the list of a recycle bin
// before Vista: a version (u32), three numbers of which the last is the size of a
// record, and after 20 bytes the first path, whose letter is gone when the file is
// (dtformats, "Windows Recycle.Bin file formats").
func IsInfo2(head []byte) bool {
	const header, size = 20, 12
	if len(head) < header || head[0] > 5 || head[1]|head[2]|head[3] != 0 {
		return false
	}
	if n := binary.LittleEndian.Uint32(head[size:]); n != 280 && n != 800 {
		return false
	}
	return len(head) < header+3 || (head[header] == 0 || isDriveLetter(head[header])) && head[header+1] == ':' && head[header+2] == '\\'
}

// isRecycled reports whether a file is $I… of a recycle bin since Vista, by its
// version, a time of deletion of this age and the path, or INFO2.
func isRecycled(head []byte) bool {
	if IsInfo2(head) {
		return true
	}
	const deleted, path = 16, 24
	if len(head) < path+4+6 || head[0] != 1 && head[0] != 2 || binary.LittleEndian.Uint64(head) > 2 {
		return false
	}
	const perSecond, unix = 10_000_000, 11_644_473_600
	at := time.Unix(int64(binary.LittleEndian.Uint64(head[deleted:])/perSecond)-unix, 0)
	if at.Year() < 2000 || at.Year() > 2100 {
		return false
	}
	text := head[path:]
	if head[0] == 2 {
		text = head[path+4:] // after the number of characters
	}
	drive := isDriveLetter(text[0]) && text[2] == ':' && text[4] == '\\'
	share := text[0] == '\\' && text[2] == '\\'
	return text[1]|text[3]|text[5] == 0 && (drive || share)
}

func isDriveLetter(c byte) bool { return 'A' <= c&^0x20 && c&^0x20 <= 'Z' }
