package collect

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// linkHeader begins every shell link: the header's size and the class, [MS-SHLLINK] 2.1.
const linkHeader = "\x4C\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"

// Fixed-length section of a job, [MS-TSCH] 2.4.1. A job has no magic number: what is told here is all that has few values.
const (
	jobProduct  = 0  // u16, the Windows that wrote it
	jobVersion  = 2  // u16, 1
	jobNameOff  = 20 // u16, of the application's name: right behind this section and the count that follows it
	jobTriggers = 22 // u16, behind the name
	jobLastRun  = 52 // SYSTEMTIME: year, month, day of the week, day, hour, minute, second, millisecond
	jobNames    = 70
)

// jobProducts are the versions of Windows from NT 4.0 to 10: the document names NT 4.0 to 7, real files have the later ones.
var jobProducts = []uint16{0x0400, 0x0500, 0x0501, 0x0502, 0x0600, 0x0601, 0x0602, 0x0603, 0x0A00}

// lastRunMax are the largest values that the fields of a SYSTEMTIME have, [MS-DTYP] 2.3.13.
var lastRunMax = [8]uint16{30827, 12, 6, 31, 23, 59, 59, 999}

func isJob(head []byte) bool {
	if len(head) < jobNames {
		return false
	}
	u16 := func(at int) uint16 { return binary.LittleEndian.Uint16(head[at:]) }
	if u16(jobVersion) != 1 || u16(jobNameOff) != jobNames || u16(jobTriggers) <= jobNames ||
		!slices.Contains(jobProducts, u16(jobProduct)) {
		return false
	}
	for i, most := range lastRunMax {
		if u16(jobLastRun+2*i) > most {
			return false
		}
	}
	return true
}

// isTask reports whether the first element of an XML text, of whatever encoding, is the Task of the task scheduler. Its namespace is in
// the schema of tasks; the scheduler does without one as well.
func isTask(head []byte) bool {
	if b, ok := startTag(narrow(head)); ok && bytes.HasPrefix(b, []byte("Task")) {
		b = b[len("Task"):]
		if len(b) == 0 || !bytes.ContainsRune([]byte(" \t\r\n>/"), rune(b[0])) {
			return false
		}
		tag, _, _ := bytes.Cut(b, []byte{'>'})
		return !bytes.Contains(tag, []byte("xmlns=")) || bytes.Contains(tag, []byte("/windows/2004/02/mit/task"))
	}
	return false
}

// narrow turns UTF-16 into UTF-8, by its mark or by the zero beside the first character, and takes the mark away.
func narrow(b []byte) []byte {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		return b[3:]
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		b, order = b[2:], binary.LittleEndian
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		b, order = b[2:], binary.BigEndian
	case len(b) > 1 && b[0] == '<' && b[1] == 0:
		order = binary.LittleEndian
	case len(b) > 1 && b[0] == 0 && b[1] == '<':
		order = binary.BigEndian
	default:
		return b
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// startTag returns what follows the < of the first element, behind declarations and comments.
func startTag(b []byte) (rest []byte, ok bool) {
	for {
		b = bytes.TrimLeft(b, " \t\r\n")
		end := ""
		switch {
		case bytes.HasPrefix(b, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(b, []byte("<!--")):
			end = "-->"
		case len(b) > 1 && b[0] == '<':
			return b[1:], true
		default:
			return nil, false
		}
		i := bytes.Index(b, []byte(end))
		if i < 0 {
			return nil, false
		}
		b = b[i+len(end):]
	}
}
