package hive

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// ace lays one ACE out: type, flags, size, mask, the rest ([MS-DTYP] 2.4.4).
func ace(typ, flags byte, mask uint32, rest ...[]byte) []byte {
	b := []byte{typ, flags, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, mask)
	for _, r := range rest {
		b = append(b, r...)
	}
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// acl lays a list of ACEs out (2.4.5).
func aclOf(aces ...[]byte) []byte {
	b := []byte{2, 0, 0, 0, byte(len(aces)), byte(len(aces) >> 8), 0, 0}
	for _, a := range aces {
		b = append(b, a...)
	}
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// describe lays a self-relative descriptor out (2.4.6). A list that is nil has the offset 0.
func describe(control uint16, owner, group, sacl, dacl []byte) []byte {
	b := make([]byte, 20)
	b[0] = 1
	binary.LittleEndian.PutUint16(b[2:], control|0x8000)
	for i, part := range [][]byte{owner, group, sacl, dacl} {
		if part != nil {
			binary.LittleEndian.PutUint32(b[4+4*i:], uint32(len(b)))
			b = append(b, part...)
		}
	}
	return b
}

const (
	daclThere = 0x0004
	saclThere = 0x0010
)

// TestSDDL writes descriptors by hand and reads them in the words of [MS-DTYP] 2.5.1.
func TestSDDL(t *testing.T) {
	system, everyone, admins := regf.SID(5, 18), regf.SID(1, 0), regf.SID(5, 32, 544)
	guid := []byte{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}
	const text = "00112233-4455-6677-8899-aabbccddeeff"
	flags := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	dacl := func(control uint16, aces ...[]byte) []byte {
		return describe(daclThere|control, nil, nil, nil, aclOf(aces...))
	}
	sacl := func(control uint16, aces ...[]byte) []byte {
		return describe(saclThere|control, nil, nil, aclOf(aces...), nil)
	}
	for _, c := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"nothing", describe(0, nil, nil, nil, nil), ""},
		{"owner and group", describe(0, system, admins, nil, nil), "O:SYG:BA"},
		{"an empty list denies all", dacl(0), "D:"},
		{"no list grants all", describe(daclThere, nil, nil, nil, nil), "D:NO_ACCESS_CONTROL"},
		{"a list that is not said to be there", describe(0, nil, nil, nil, aclOf(ace(0, 0, 1, everyone))), ""},
		{"both lists", describe(daclThere|saclThere, system, nil, aclOf(ace(2, 0xC0, 0xF003F, everyone)), aclOf(ace(0, 0, 0x20019, admins))),
			"O:SYD:(A;;KR;;;BA)S:(AU;SAFA;KA;;;WD)"},
		{"protected and inherited", dacl(0x1000 | 0x0100 | 0x0400), "D:PARAI"},
		{"the same of the other list", sacl(0x2000 | 0x0200 | 0x0800), "S:PARAI"},
		{"bits of the other list", dacl(0x2000 | 0x0200 | 0x0800), "D:"},
		{"denied", dacl(0, ace(1, 0, 0x20006, everyone)), "D:(D;;KW;;;WD)"},
		{"all flags", dacl(0, ace(0, 0xFF, 1, everyone)), "D:(A;OICINPIOIDSAFA;0x1;;;WD)"},
		{"generic rights", dacl(0, ace(0, 0, 0xF0000000, everyone), ace(0, 0, 0x80000000, everyone), ace(0, 0, 0x90000000, everyone)),
			"D:(A;;GAGXGWGR;;;WD)(A;;GR;;;WD)(A;;GAGR;;;WD)"},
		{"no rights", dacl(0, ace(0, 0, 0, everyone)), "D:(A;;0x0;;;WD)"},
		{"rights with no name", dacl(0, ace(0, 0, 0x80000001, everyone)), "D:(A;;0x80000001;;;WD)"},
		{"object", dacl(0, ace(5, 0, 1, flags(1), guid, everyone)), "D:(OA;;0x1;" + text + ";;WD)"},
		{"inherited object", dacl(0, ace(6, 0, 1, flags(2), guid, everyone)), "D:(OD;;0x1;;" + text + ";WD)"},
		{"both objects", sacl(0, ace(7, 0, 1, flags(3), guid, guid, everyone)), "S:(OU;;0x1;" + text + ";" + text + ";WD)"},
		{"no object", dacl(0, ace(5, 0, 1, flags(0), everyone)), "D:(OA;;0x1;;;WD)"},
		{"a condition", dacl(0, ace(9, 0, 1, everyone, []byte("artx"))), "D:(XA;;0x1;;;WD;0x61727478)"},
		{"a condition of an object", dacl(0, ace(11, 0, 1, flags(1), guid, everyone, []byte{1, 2})), "D:(ZA;;0x1;" + text + ";;WD;0x0102)"},
		{"a resource attribute", sacl(0, ace(18, 0, 0, everyone, []byte{0xAB})), "S:(RA;;0x0;;;WD;0xAB)"},
		{"a mandatory label", sacl(0, ace(17, 0, 1, regf.SID(16, 12288))), "S:(ML;;NW;;;HI)"},
		{"a label with all", sacl(0, ace(17, 0, 7, regf.SID(16, 4096))), "S:(ML;;NWNRNX;;;LW)"},
		{"a trust label", sacl(0, ace(20, 0, 2, regf.SID(19, 512, 4096))), "S:(TL;;0x2;;;S-1-19-512-4096)"},
		{"an unknown type", dacl(0, ace(12, 0, 1, flags(0), everyone), ace(99, 0, 1, everyone)), "D:(0xC;;0x1;;;WD)(0x63;;0x1;;;WD)"},
		{"a large authority", describe(0, []byte{1, 1, 0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC, 7, 0, 0, 0}, nil, nil, nil), "O:S-1-0x123456789ABC-7"},
		{"a SID of no numbers", describe(0, []byte{1, 0, 0, 0, 0, 0, 0, 5}, nil, nil, nil), "O:S-1-5"},
	} {
		got, err := (&Security{Raw: c.raw}).SDDL()
		if got != c.want || err != nil {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}

// TestSDDLDamage: what can be read of a broken descriptor comes with what is wrong, and the place of its cell.
func TestSDDLDamage(t *testing.T) {
	everyone := regf.SID(1, 0)
	good := describe(daclThere, regf.SID(5, 18), nil, nil, aclOf(ace(0, 0, 0x20019, everyone), ace(0, 0, 1, everyone)))
	list := int(binary.LittleEndian.Uint32(good[16:]))
	with := func(at int, v ...byte) []byte {
		b := append([]byte{}, good...)
		copy(b[at:], v)
		return b
	}
	for _, c := range []struct {
		name string
		raw  []byte
		want string
		err  string
	}{
		{"empty", nil, "", "a descriptor of 0 bytes"},
		{"short", good[:19], "", "a descriptor of 19 bytes"},
		{"owner outside", with(4, 0xFF, 0xFF), "D:(A;;KR;;;WD)(A;;0x1;;;WD)", "SID at offset 0xFFFF"},
		{"owner past the end", with(4, byte(len(good)-4)), "D:(A;;KR;;;WD)(A;;0x1;;;WD)", "runs past the descriptor"},
		{"a SID of too many numbers", with(21, 16), "D:(A;;KR;;;WD)(A;;0x1;;;WD)", "runs past the descriptor"},
		{"list outside", with(16, 0xFF, 0xFF), "O:SYD:", "ACL at offset 0xFFFF"},
		{"list too small", with(list+2, 4, 0), "O:SYD:(A;;KR;;;WD)(A;;0x1;;;WD)", "ACL of 4 bytes at offset"},
		{"list too large", with(list+2, 0xFF, 0x7F), "O:SYD:(A;;KR;;;WD)(A;;0x1;;;WD)", "ACL of 32767 bytes at offset"},
		{"more entries than there are", with(list+4, 3), "O:SYD:(A;;KR;;;WD)(A;;0x1;;;WD)", "ACE 3 of 3 runs past the ACL"},
		{"an entry of no size", with(list+8+2, 0, 0), "O:SYD:", "ACE 1 of the ACL at offset 0x20 has 0 bytes"},
		{"an entry past the list", with(list+8+20+2, 0xFF), "O:SYD:(A;;KR;;;WD)", "ACE 2 of the ACL at offset 0x20 has 255 bytes"},
		{"a SID past its entry", with(list+8+8+1, 9), "O:SYD:(A;;KR;;;)(A;;0x1;;;WD)", "the SID of an ACE runs past it"},
		{"an object past its entry", with(list+8, 5), "O:SYD:(OA;;KR;;;)(A;;0x1;;;WD)", "object ACE of 20 bytes"},
	} {
		got, err := (&Security{Raw: c.raw, Offset: 4321}).SDDL()
		fe, ok := err.(*FormatError)
		if got != c.want || !ok || fe.Offset != 4321 || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %s, %v; want %s, %s", c.name, got, err, c.want, c.err)
		}
	}
}

// TestSecurityCell breaks the cell of a descriptor: its size, its signature, the offset that leads to it.
func TestSecurityCell(t *testing.T) {
	spec := regf.New("ROOT", time.Date(2024, 2, 3, 0, 0, 0, 0, time.UTC))
	spec.Root.Security = describe(daclThere, regf.SID(5, 18), nil, nil, aclOf(ace(0, 0, 0x20019, regf.SID(1, 0))))
	b := spec.Build()
	h, err := Open(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	root, err := h.Root()
	if err != nil {
		t.Fatal(err)
	}
	s, err := root.Security()
	if err != nil || s.Owner != "S-1-5-18" || s.Group != "" || string(b[s.Offset+4:s.Offset+6]) != "sk" {
		t.Fatalf("%+v, %v", s, err)
	}
	cell := s.Offset + 4
	for _, c := range []struct {
		name   string
		change func([]byte)
		raw    int // bytes that are there, -1 for none
		err    string
	}{
		{"size past the cell", func(b []byte) { binary.LittleEndian.PutUint32(b[cell+skSize:], 5000) }, len(s.Raw),
			"5000 bytes long, its cell has room for"},
		{"size too small", func(b []byte) { binary.LittleEndian.PutUint32(b[cell+skSize:], 10) }, 10, "a descriptor of 10 bytes"},
		{"signature", func(b []byte) { b[cell] = 'x' }, -1, "no sk signature"},
		{"no descriptor", func(b []byte) { binary.LittleEndian.PutUint32(b[root.Offset()+4+nkSecurity:], noOffset) }, -1, ErrNotExist.Error()},
		{"outside of the hive", func(b []byte) { binary.LittleEndian.PutUint32(b[root.Offset()+4+nkSecurity:], 1<<30) }, -1,
			"security descriptor"},
	} {
		x := append([]byte{}, b...)
		c.change(x)
		h, _ := Open(x, nil)
		if h == nil {
			t.Fatalf("%s: not opened", c.name)
		}
		root, err := h.Root()
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		s, err := root.Security()
		if err == nil || !strings.Contains(err.Error(), c.err) || (s == nil) != (c.raw < 0) || s != nil && len(s.Raw) < c.raw {
			t.Errorf("%s: %+v, %v; want %s", c.name, s, err, c.err)
		}
	}
}
