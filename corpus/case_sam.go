package corpus

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/corpus/regf"
)

// An account is one local user.
type account struct {
	rid          uint32
	name, full   string
	comment      string
	flags        uint16
	created      time.Time
	logon        time.Time
	passwordSet  time.Time
	badPassword  time.Time
	bad, logons  uint16
	adminsMember bool
}

// Account flags, as they stand in SAM.
const (
	accountDisabled    = 0x0001
	passwordNotNeeded  = 0x0004
	normalAccount      = 0x0010
	passwordNeverStale = 0x0200
)

var accounts = []account{
	{rid: 500, name: "Administrator", comment: "Built-in account for administering the computer/domain",
		flags: normalAccount | accountDisabled | passwordNeverStale, created: Installed, adminsMember: true},
	{rid: 501, name: "Guest", comment: "Built-in account for guest access to the computer/domain",
		flags: normalAccount | accountDisabled | passwordNotNeeded | passwordNeverStale, created: Installed},
	{rid: 503, name: "DefaultAccount", comment: "A user account managed by the system.",
		flags: normalAccount | accountDisabled | passwordNotNeeded | passwordNeverStale, created: Installed},
	{rid: 1001, name: Mira, full: "Mira Kestrel", flags: normalAccount | passwordNeverStale, created: Installed.Add(22 * time.Minute),
		logon:       utc(2026, 3, 6, 23, 49, 50, 6610294),
		passwordSet: Installed.Add(22*time.Minute + 2*time.Second), logons: 388, adminsMember: true},
	{rid: 1002, name: Daniel, full: "Daniel Kestrel", flags: normalAccount | passwordNeverStale,
		created: utc(2025, 1, 24, 1, 15, 33, 2801745), logon: LastLogon,
		passwordSet: utc(2025, 1, 24, 1, 15, 33, 2957744), badPassword: utc(2026, 3, 6, 17, 36, 48, 9014552), logons: 41,
		adminsMember: true},
}

// samCase writes the local accounts and the group of administrators; the bad password that daniel's record keeps is
// the last of the intruder's guesses.
func samCase(m *Machine) {
	root := m.Hive(samHive)
	domain := root.Sub(`SAM\Domains\Account`)
	domain.Set("V", regf.Binary(append(make([]byte, 0x48), binarySID(MachineSID)[12:]...)))
	var admins []byte
	count := uint32(0)
	for _, a := range accounts {
		users := domain.Sub("Users")
		k := users.Sub(fmt.Sprintf("%08X", a.rid)).At(later(a.logon, a.badPassword, a.passwordSet, a.created))
		k.Set("F", regf.Binary(a.fixed())).Set("V", regf.Binary(a.variable()))
		users.Sub(`Names\`+a.name).At(a.created).Set("", regf.Raw(a.rid, nil)) // the type is the number of the account
		if a.adminsMember {
			admins = append(admins, binarySID(MachineSID+"-"+strconv.Itoa(int(a.rid)))...)
			count++
		}
	}
	builtin := root.Sub(`SAM\Domains\Builtin\Aliases`)
	builtin.Sub("00000220").Set("C", regf.Binary(alias(0x220, "Administrators", admins, count)))
	builtin.Sub("0000022B").Set("C", regf.Binary(alias(0x22B, "Remote Desktop Users", nil, 0)))

	policy := m.Hive(securityHive).Sub("Policy")
	policy.Sub("PolAcDmS").Set("", regf.Raw(0, binarySID(MachineSID)))
	policy.Sub("Accounts")
}

// fixed is the value F: 80 bytes.
func (a account) fixed() []byte {
	b := make([]byte, 80)
	le := binary.LittleEndian
	le.PutUint16(b, 3) // revision
	le.PutUint64(b[0x08:], regf.FILETIME(a.logon))
	le.PutUint64(b[0x18:], regf.FILETIME(a.passwordSet))
	le.PutUint64(b[0x20:], 1<<63-1) // never expires
	le.PutUint64(b[0x28:], regf.FILETIME(a.badPassword))
	le.PutUint32(b[0x30:], a.rid)
	le.PutUint32(b[0x34:], 513) // primary group
	le.PutUint16(b[0x38:], a.flags)
	le.PutUint16(b[0x40:], a.bad)
	le.PutUint16(b[0x42:], a.logons)
	return b
}

// variable is the value V: descriptors of twelve bytes (offset from 0xCC, length, a word of no use here), then the
// texts, each padded to four bytes.
func (a account) variable() []byte {
	const data = 0xCC
	b := make([]byte, data)
	for at, text := range []string{1: a.name, 2: a.full, 3: a.comment, 16: ""} {
		u := regf.UTF16(text)
		binary.LittleEndian.PutUint32(b[12*at:], uint32(len(b)-data))
		binary.LittleEndian.PutUint32(b[12*at+4:], uint32(len(u)))
		b = append(b, u...)
		b = append(b, make([]byte, -len(b)&3)...)
	}
	return b
}

// alias is the value C of a local group.
func alias(rid uint32, name string, members []byte, count uint32) []byte {
	const data = 0x34
	le := binary.LittleEndian
	b := make([]byte, data)
	le.PutUint32(b, rid)
	u := regf.UTF16(name)
	le.PutUint32(b[0x10:], 0)
	le.PutUint32(b[0x14:], uint32(len(u)))
	b = append(b, u...)
	b = append(b, make([]byte, -len(b)&3)...)
	le.PutUint32(b[0x28:], uint32(len(b)-data))
	le.PutUint32(b[0x2C:], uint32(len(members)))
	le.PutUint32(b[0x30:], count)
	return append(b, members...)
}

// binarySID turns the text of a SID into its bytes.
func binarySID(text string) []byte {
	var sub []uint32
	for part := range strings.SplitSeq(strings.TrimPrefix(text, "S-1-5-"), "-") {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			panic(err)
		}
		sub = append(sub, uint32(n))
	}
	return regf.SID(5, sub...)
}

// later is the last of some moments.
func later(times ...time.Time) time.Time {
	var last time.Time
	for _, t := range times {
		if t.After(last) {
			last = t
		}
	}
	return last
}
