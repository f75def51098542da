package regf

import (
	"cmp"
	"sync"
	"unicode"
	"unicode/utf16"
)

// unchanged lists the units that Unicode maps to an upper-case unit and Windows does not (first, last),
// taken from the table of Windows 10.
var unchanged = [...][2]uint16{
	{0x00B5, 0x00B5}, {0x0131, 0x0131}, {0x017F, 0x017F}, {0x01C5, 0x01C5}, {0x01C8, 0x01C8}, {0x01CB, 0x01CB},
	{0x01F2, 0x01F2}, {0x023F, 0x0240}, {0x0252, 0x0252}, {0x025C, 0x025C}, {0x0261, 0x0261}, {0x0265, 0x0266},
	{0x026A, 0x026A}, {0x026C, 0x026C}, {0x0282, 0x0282}, {0x0287, 0x0287}, {0x029D, 0x029E}, {0x0345, 0x0345},
	{0x03C2, 0x03C2}, {0x03D0, 0x03D1}, {0x03D5, 0x03D6}, {0x03F0, 0x03F1}, {0x03F3, 0x03F3}, {0x03F5, 0x03F5},
	{0x0525, 0x0525}, {0x0527, 0x0527}, {0x0529, 0x0529}, {0x052B, 0x052B}, {0x052D, 0x052D}, {0x052F, 0x052F},
	{0x10D0, 0x10FA}, {0x10FD, 0x10FF}, {0x13F8, 0x13FD}, {0x1C80, 0x1C8F}, {0x1D8E, 0x1D8E}, {0x1E9B, 0x1E9B},
	{0x1FBE, 0x1FBE}, {0x2C5F, 0x2C5F}, {0x2CEC, 0x2CEC}, {0x2CEE, 0x2CEE}, {0x2CF3, 0x2CF3}, {0x2D27, 0x2D27},
	{0x2D2D, 0x2D2D}, {0xA661, 0xA661}, {0xA699, 0xA699}, {0xA69B, 0xA69B}, {0xA791, 0xA791}, {0xA793, 0xA794},
	{0xA797, 0xA797}, {0xA799, 0xA799}, {0xA79B, 0xA79B}, {0xA79D, 0xA79D}, {0xA79F, 0xA79F}, {0xA7A1, 0xA7A1},
	{0xA7A3, 0xA7A3}, {0xA7A5, 0xA7A5}, {0xA7A7, 0xA7A7}, {0xA7A9, 0xA7A9}, {0xA7B5, 0xA7B5}, {0xA7B7, 0xA7B7},
	{0xA7B9, 0xA7B9}, {0xA7BB, 0xA7BB}, {0xA7BD, 0xA7BD}, {0xA7BF, 0xA7BF}, {0xA7C1, 0xA7C1}, {0xA7C3, 0xA7C3},
	{0xA7C8, 0xA7C8}, {0xA7CA, 0xA7CA}, {0xA7D1, 0xA7D1}, {0xA7D7, 0xA7D7}, {0xA7D9, 0xA7D9}, {0xA7F6, 0xA7F6},
	{0xAB53, 0xAB53}, {0xAB70, 0xABBF},
	// Mapped only by versions of Unicode after 15.
	{0x019B, 0x019B}, {0x0264, 0x0264}, {0xA7CD, 0xA7CD}, {0xA7CF, 0xA7CF}, {0xA7D3, 0xA7D3}, {0xA7D5, 0xA7D5}, {0xA7DB, 0xA7DB},
}

// upcaseTable maps each UTF-16 unit alone, as Windows compares names.
var upcaseTable = sync.OnceValue(func() *[65536]uint16 {
	t := new([65536]uint16)
	for u := range t {
		t[u] = uint16(u)
		if up := unicode.ToUpper(rune(u)); up < 0x10000 {
			t[u] = uint16(up)
		}
	}
	for _, r := range unchanged {
		for u := int(r[0]); u <= int(r[1]); u++ {
			t[u] = uint16(u)
		}
	}
	return t
})

func upcase(u []uint16) []uint16 {
	t := upcaseTable()
	up := make([]uint16, len(u))
	for i, c := range u {
		up[i] = t[c]
	}
	return up
}

func compareUnits(a, b []uint16) int {
	t := upcaseTable()
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(t[a[i]], t[b[i]]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// NameHash is the hash of an lh list: h = h*37 + unit over the upcased name.
func NameHash(name string) uint32 { return hashUnits(units(name)) }

func hashUnits(u []uint16) uint32 {
	t := upcaseTable()
	h := uint32(0)
	for _, c := range u {
		h = h*37 + uint32(t[c])
	}
	return h
}

// hint is the element of an lf list: the first four units as bytes, nothing when one of them does not fit.
func hint(u []uint16) (h [4]byte) {
	for i, c := range u[:min(4, len(u))] {
		if c > 0xFF {
			return [4]byte{}
		}
		h[i] = byte(c)
	}
	return h
}

func units(s string) []uint16 { return utf16.Encode([]rune(s)) }

func (k *Key) units() []uint16 {
	if k.Name16 != nil {
		return k.Name16
	}
	return units(k.Name)
}

func (v *Value) units() []uint16 {
	if v.Name16 != nil {
		return v.Name16
	}
	return units(v.Name)
}

// UTF16 returns the units of s, little-endian, without a NUL.
func UTF16(s string) []byte { return unitBytes(units(s)) }

func unitBytes(u []uint16) []byte {
	b := make([]byte, 0, 2*len(u)+2)
	for _, c := range u {
		b = le.AppendUint16(b, c)
	}
	return b
}

func encodeName(u []uint16, wide bool) (b []byte, latin bool) {
	b = make([]byte, len(u), len(u)+2)
	for i, c := range u {
		if wide || c > 0xFF {
			return unitBytes(u), false
		}
		b[i] = byte(c)
	}
	return b, true
}
