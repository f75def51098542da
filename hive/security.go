package hive

import (
	"fmt"
	"strconv"
	"strings"
)

// Security cell; regf section 9. Offsets from the start of the cell's data.
const (
	skNext = 4  // u32 cell offset
	skPrev = 8  // u32 cell offset
	skRefs = 12 // u32 keys that use it
	skSize = 16 // u32 size of the descriptor
	skData = 20
)

// A Security is a security descriptor, shared by the keys that have the same.
type Security struct {
	Raw        []byte // self-relative SECURITY_DESCRIPTOR
	References uint32 // how many keys use it by its own account
	Offset     int64  // of its cell in the primary file
	Owner      string // SID, empty where there is none
	Group      string
}

// Security returns the key's security descriptor. An error beside it says that it cannot be read whole.
func (k Key) Security() (*Security, error) {
	off := k.u32(nkSecurity)
	pos, end, ok := k.h.cellAt(off)
	switch {
	case off == noOffset:
		return nil, ErrNotExist
	case !ok:
		return nil, k.h.cellError(off, "security descriptor")
	case pos+skData > end || string(k.h.data[pos:pos+2]) != "sk":
		return nil, bad(pos-k.h.cellHead, "security descriptor", "no sk signature")
	}
	size := le.Uint32(k.h.data[pos+skSize:])
	s := &Security{References: le.Uint32(k.h.data[pos+skRefs:]), Offset: int64(pos - k.h.cellHead)}
	var err error
	if room := end - pos - skData; int64(size) > int64(room) {
		err = bad(int(s.Offset), "security descriptor", "%d bytes long, its cell has room for %d", size, room)
		size = uint32(room)
	}
	s.Raw = k.h.data[pos+skData : pos+skData+int(size) : pos+skData+int(size)]
	d := descriptor{b: s.Raw}
	s.Owner, s.Group = d.sid(d.u32(sdOwner)), d.sid(d.u32(sdGroup))
	if err == nil && d.problem != "" {
		err = bad(int(s.Offset), "security descriptor", "%s", d.problem)
	}
	return s, err
}

// Self-relative SECURITY_DESCRIPTOR, [MS-DTYP] 2.4.6.
const (
	sdControl = 2  // u16
	sdOwner   = 4  // u32 offset
	sdGroup   = 8  // u32 offset
	sdSACL    = 12 // u32 offset
	sdDACL    = 16 // u32 offset
	sdLength  = 20

	sdDACLPresent = 0x0004
	sdSACLPresent = 0x0010
)

// A descriptor reads a security descriptor; the first thing that breaks its bounds is kept as the problem.
type descriptor struct {
	b       []byte
	problem string
}

func (d *descriptor) fail(format string, args ...any) {
	if d.problem == "" {
		d.problem = fmt.Sprintf(format, args...)
	}
}

func (d *descriptor) u32(field int) uint32 {
	if len(d.b) < sdLength {
		d.fail("a descriptor of %d bytes", len(d.b))
		return 0
	}
	return le.Uint32(d.b[field:])
}

// sid returns the SID at an offset, which is 0 for none.
func (d *descriptor) sid(off uint32) string {
	if off == 0 {
		return ""
	}
	if uint64(off) > uint64(len(d.b)) {
		d.fail("SID at offset 0x%X", off)
		return ""
	}
	s, ok := sidString(d.b[off:])
	if !ok {
		d.fail("SID at offset 0x%X runs past the descriptor", off)
	}
	return s
}

// sidString reads a SID: revision, count, six bytes of authority big-endian, count sub-authorities.
func sidString(b []byte) (string, bool) {
	if len(b) < 8 || b[1] > 15 || len(b) < 8+4*int(b[1]) {
		return "", false
	}
	var authority uint64
	for _, c := range b[2:8] {
		authority = authority<<8 | uint64(c)
	}
	s := append(make([]byte, 0, 64), "S-"...)
	s = append(strconv.AppendUint(s, uint64(b[0]), 10), '-')
	if authority >= 1<<32 {
		s = fmt.Appendf(s, "0x%X", authority)
	} else {
		s = strconv.AppendUint(s, authority, 10)
	}
	for i := range int(b[1]) {
		s = strconv.AppendUint(append(s, '-'), uint64(le.Uint32(b[8+4*i:])), 10)
	}
	return string(s), true
}

// SDDL returns the descriptor in the security descriptor definition language. Accounts that are the same on every
// machine are written with their two letters, all others as SID. An error beside it says what could not be read.
func (s *Security) SDDL() (string, error) {
	d := descriptor{b: s.Raw}
	var b strings.Builder
	if sid := d.sid(d.u32(sdOwner)); sid != "" {
		b.WriteString("O:" + sddlSID(sid))
	}
	if sid := d.sid(d.u32(sdGroup)); sid != "" {
		b.WriteString("G:" + sddlSID(sid))
	}
	if len(d.b) >= sdLength {
		control := le.Uint16(d.b[sdControl:])
		if control&sdDACLPresent != 0 {
			b.WriteString("D:")
			d.acl(&b, d.u32(sdDACL), control, 0)
		}
		if control&sdSACLPresent != 0 {
			b.WriteString("S:")
			d.acl(&b, d.u32(sdSACL), control, 1)
		}
	}
	if d.problem != "" {
		return b.String(), bad(int(s.Offset), "security descriptor", "%s", d.problem)
	}
	return b.String(), nil
}

var (
	aceTypes = [...]string{0: "A", 1: "D", 2: "AU", 3: "AL", 5: "OA", 6: "OD", 7: "OU", 8: "OL", 9: "XA", 10: "XD", 11: "ZA", 13: "XU",
		17: "ML", 18: "RA", 19: "SP", 20: "TL"}
	aceFlags = [...]string{"OI", "CI", "NP", "IO", "ID", "", "SA", "FA"}
)

// acl appends an ACL: its flags and each ACE in parentheses. shift is 0 for the DACL and 1 for the SACL, whose
// control bits follow those of the DACL.
func (d *descriptor) acl(b *strings.Builder, off uint32, control uint16, shift int) {
	if control>>(12+shift)&1 != 0 {
		b.WriteString("P")
	}
	if control>>(8+shift)&1 != 0 {
		b.WriteString("AR")
	}
	if control>>(10+shift)&1 != 0 {
		b.WriteString("AI")
	}
	if off == 0 {
		b.WriteString("NO_ACCESS_CONTROL") // a NULL list, which grants everything
		return
	}
	if uint64(off)+8 > uint64(len(d.b)) {
		d.fail("ACL at offset 0x%X", off)
		return
	}
	acl := d.b[off:]
	size, count := int(le.Uint16(acl[2:])), int(le.Uint16(acl[4:]))
	if size < 8 || size > len(acl) {
		d.fail("ACL of %d bytes at offset 0x%X", size, off)
		size = len(acl)
	}
	acl = acl[8:size]
	for i := range count {
		if len(acl) < 8 {
			d.fail("ACE %d of %d runs past the ACL at offset 0x%X", i+1, count, off)
			return
		}
		n := int(le.Uint16(acl[2:]))
		if n < 8 || n > len(acl) {
			d.fail("ACE %d of the ACL at offset 0x%X has %d bytes", i+1, off, n)
			return
		}
		d.ace(b, acl[:n])
		acl = acl[n:]
	}
}

// ace appends one ACE: type;flags;rights;object GUID;inherited object GUID;SID, and the application data of
// callback ACEs in hexadecimal.
func (d *descriptor) ace(b *strings.Builder, a []byte) {
	b.WriteByte('(')
	t := int(a[0])
	if t < len(aceTypes) && aceTypes[t] != "" {
		b.WriteString(aceTypes[t])
	} else {
		fmt.Fprintf(b, "0x%X", t)
	}
	b.WriteByte(';')
	b.WriteString(letters(uint32(a[1]), aceFlags[:]...))
	b.WriteByte(';')
	b.WriteString(rights(le.Uint32(a[4:]), t == 17))
	rest := a[8:]
	object, inherit := "", ""
	if t >= 5 && t <= 8 || t == 11 || t == 12 || t == 15 || t == 16 { // object ACEs
		if len(rest) < 4 {
			d.fail("object ACE of %d bytes", len(a))
			rest = nil
		} else {
			flags := le.Uint32(rest)
			rest = rest[4:]
			for i, g := range []*string{&object, &inherit} {
				if flags>>i&1 == 0 {
					continue
				}
				if len(rest) < 16 {
					d.fail("object ACE of %d bytes", len(a))
					rest = nil // what is left is not a SID
					break
				}
				*g = strings.ToLower(strings.Trim(GUID(rest[:16]).String(), "{}"))
				rest = rest[16:]
			}
		}
	}
	sid, ok := sidString(rest)
	if !ok {
		d.fail("the SID of an ACE runs past it")
	}
	b.WriteString(";" + object + ";" + inherit + ";" + sddlSID(sid))
	if ok && (t >= 9 && t <= 16 || t == 18) {
		if data := rest[min(len(rest), 8+4*int(rest[1])):]; len(data) > 0 {
			fmt.Fprintf(b, ";0x%X", data)
		}
	}
	b.WriteByte(')')
}

// rights writes an access mask: by its name where it is one of the registry's or generic, otherwise as number.
func rights(mask uint32, label bool) string {
	switch {
	case mask == 0xF003F:
		return "KA"
	case mask == 0x20019:
		return "KR" // and KX, which is the same mask
	case mask == 0x20006:
		return "KW"
	case label && mask != 0 && mask < 8: // bits of its own
		return letters(mask, "NW", "NR", "NX")
	case mask != 0 && mask<<4 == 0:
		return letters(mask>>28, "GA", "GX", "GW", "GR")
	}
	return fmt.Sprintf("0x%X", mask)
}

// letters names the bits of a mask.
func letters(mask uint32, names ...string) string {
	var b strings.Builder
	for i, n := range names {
		if mask>>i&1 != 0 {
			b.WriteString(n)
		}
	}
	return b.String()
}

// sidLetters are the accounts that are the same on every machine; [MS-DTYP] 2.5.1.1.
var sidLetters = map[string]string{
	"S-1-1-0":      "WD",
	"S-1-3-0":      "CO",
	"S-1-3-1":      "CG",
	"S-1-3-4":      "OW",
	"S-1-5-2":      "NU",
	"S-1-5-4":      "IU",
	"S-1-5-6":      "SU",
	"S-1-5-7":      "AN",
	"S-1-5-9":      "ED",
	"S-1-5-10":     "PS",
	"S-1-5-11":     "AU",
	"S-1-5-12":     "RC",
	"S-1-5-18":     "SY",
	"S-1-5-19":     "LS",
	"S-1-5-20":     "NS",
	"S-1-5-32-544": "BA",
	"S-1-5-32-545": "BU",
	"S-1-5-32-546": "BG",
	"S-1-5-32-547": "PU",
	"S-1-5-32-548": "AO",
	"S-1-5-32-549": "SO",
	"S-1-5-32-550": "PO",
	"S-1-5-32-551": "BO",
	"S-1-5-32-552": "RE",
	"S-1-15-2-1":   "AC",
	"S-1-16-4096":  "LW",
	"S-1-16-8192":  "ME",
	"S-1-16-12288": "HI",
	"S-1-16-16384": "SI",
}

func sddlSID(sid string) string {
	if s, ok := sidLetters[sid]; ok {
		return s
	}
	return sid
}
