package ntfs

import "strings"

// Extended attributes ("FILE_FULL_EA_INFORMATION", [MS-FSCC] 2.4.16): the value of $EA
// is a list of entries, each at a multiple of four bytes.
const (
	typeEA = 0xE0

	eaNext     = 0 // u32, from this entry to the next one; 0 in the last
	eaNameLen  = 5 // u8, without the zero after the name
	eaValueLen = 6 // u16
	eaName     = 8
)

// maxEAs bounds the entries of one list, which is at most 64 KiB long.
const maxEAs = 4096

// eachEA calls f with the entries of a list until one runs past its end. at is where
// the value begins.
func eachEA(list []byte, f func(name string, at int, value []byte)) {
	b := list
	for range maxEAs {
		if len(b) < eaName {
			return
		}
		next, n, size := uint64(le.Uint32(b[eaNext:])), int(b[eaNameLen]), int(le.Uint16(b[eaValueLen:]))
		if eaName+n+1+size > len(b) {
			return
		}
		f(string(b[eaName:eaName+n]), len(list)-len(b)+eaName+n+1, b[eaName+n+1:][:size])
		if next < eaName || next >= uint64(len(b)) {
			return
		}
		b = b[next:]
	}
}

// A WSL is what the Windows Subsystem for Linux stores of a file that it made or whose
// owner or mode it changed. A field is nil when it stores none.
type WSL struct {
	UID, GID     *uint32 // $LXUID, $LXGID: owner and group
	Mode         *uint32 // $LXMOD: kind and permissions, as in st_mode
	Major, Minor *uint32 // $LXDEV: of a device
}

// WSL returns the Linux owner, mode and device of the file. ok is false when it has
// none of them, or when its extended attributes are outside the record.
func (r *Record) WSL() (w WSL, ok bool) {
	u32 := func(b []byte) *uint32 {
		v := le.Uint32(b)
		ok = true
		return &v
	}
	eachEA(r.EA, func(name string, _ int, value []byte) {
		switch name = strings.ToUpper(name); {
		case name == "$LXUID" && len(value) == 4:
			w.UID = u32(value)
		case name == "$LXGID" && len(value) == 4:
			w.GID = u32(value)
		case name == "$LXMOD" && len(value) == 4:
			w.Mode = u32(value)
		case name == "$LXDEV" && len(value) == 8:
			w.Major, w.Minor = u32(value), u32(value[4:])
		}
	})
	return w, ok
}
