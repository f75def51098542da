package wire

import (
	"fmt"
	"strconv"
)

// GUID writes the first 16 bytes of b as Windows does, in upper case and
// without braces ([MS-DTYP] 2.3.4). It returns "" when b is shorter.
func GUID(b []byte) string {
	if len(b) < 16 {
		return ""
	}
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:16])
}

// ClassID is [GUID] in braces.
func ClassID(b []byte) string {
	if len(b) < 16 {
		return ""
	}
	return "{" + GUID(b) + "}"
}

// SID writes the security identifier at the start of b ([MS-DTYP] 2.4.2.2) and
// returns its length. It returns "" and 0 when b holds none. An authority of more
// than 32 bits is written in hexadecimal digits (2.4.2.1).
func SID(b []byte) (string, int) {
	if len(b) < 8 || b[0] != 1 {
		return "", 0
	}
	n := 8 + 4*int(b[1])
	if n > len(b) {
		return "", 0
	}
	s := append(make([]byte, 0, 64), "S-1-"...)
	authority := uint64(0)
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	if authority < 1<<32 {
		s = strconv.AppendUint(s, authority, 10)
	} else {
		s = fmt.Appendf(s, "0x%012X", authority)
	}
	for i := 8; i < n; i += 4 {
		s = append(s, '-')
		s = strconv.AppendUint(s, uint64(le.Uint32(b[i:])), 10)
	}
	return string(s), n
}
