package system

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
	"github.com/artifactdump/artifactdump/hive"
)

// Account is one local user account.
type Account struct {
	artifacts.Origin
	Name        string    `json:"username"`
	RID         uint32    `json:"account_rid"` // the name of its key
	SID         string    `json:"sid,omitempty"`
	FullName    string    `json:"fullname,omitempty"`
	Comment     string    `json:"comments,omitempty"`
	Home        string    `json:"home,omitempty"`
	Script      string    `json:"logon_script,omitempty"`
	Profile     string    `json:"profile_path,omitempty"`
	Internet    string    `json:"internet_name,omitempty"` // of a Microsoft account
	Hint        string    `json:"password_hint,omitempty"`
	Flags       []string  `json:"flags,omitempty"`
	RawFlags    uint16    `json:"raw_flags,omitempty"`
	Logons      uint16    `json:"login_count,omitempty"`
	BadLogons   uint16    `json:"bad_password_count,omitempty"`
	StoredRID   uint32    `json:"stored_rid,omitempty"`  // in F, where it is not the key's
	NamesRID    uint32    `json:"names_rid,omitempty"`   // of the key below Names, where it is not the key's
	NoName      bool      `json:"no_name_key,omitempty"` // nothing below Names leads here: hidden from the user manager
	NoAccount   bool      `json:"no_account_key,omitempty"`
	Reset       bool      `json:"security_questions,omitempty"`
	Created     time.Time `json:"created,omitzero" event:"Creation Time"`
	LastLogon   time.Time `json:"last_login,omitzero" event:"Last Login Time"`
	PasswordSet time.Time `json:"password_set,omitzero" event:"Last Password Reset Time"`
	BadPassword time.Time `json:"last_bad_password,omitzero" event:"Last Bad Password Time"`
	Expires     time.Time `json:"expires,omitzero"`
	Written     time.Time `json:"written,omitzero" event:"Content Modification Time"`

	user evidence.User
}

const accountsKey = `SAM\Domains\Account\Users`

var accounts = artifacts.Define(artifacts.Artifact{
	Name:     "users",
	Title:    "Local accounts",
	DataType: "windows:registry:sam_users",
	About: `The user accounts of the machine itself, from the account database SAM; accounts of a domain are not
here. Proves that the account existed, its switches, its last logon with a password that this
machine checked, the last wrong password and the last change of the password. Logons with a domain's
account, and on some versions those with a Microsoft account or a PIN, do not update it; the counts
saturate and restart. The creation time is that of the key named like the account: for the accounts
that come with Windows it is the installation or an upgrade. A RID in the record that differs from
its key means that the account acts as another one (RID hijacking); an account without a name key is
hidden from the user manager. Passwords and their hashes are not read.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1136.001", "T1098", "T1078.003", "T1078.001"},
	Refs: []string{
		"https://github.com/libyal/winreg-kb/blob/main/docs/sources/security-accounts-manager-keys/Domains.md",
		"https://github.com/log2timeline/plaso/blob/main/plaso/parsers/winreg_plugins/sam_users.py",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-samr/b10cfda1-f24f-441b-8f43-80cb93e786ec",
	},
	Sources: []artifacts.Source{
		artifacts.Key(evidence.SAM, accountsKey+`\*`),
		artifacts.Key(evidence.SAM, accountsKey+`\Names\*`),
	},
}, decodeAccounts)

// Value F; winreg-kb "Domains", the offsets checked on real hives.
const (
	accountLogon    = 0x08 // FILETIME
	accountPassword = 0x18 // FILETIME
	accountExpires  = 0x20 // FILETIME, all ones but the sign: never
	accountBad      = 0x28 // FILETIME
	accountRID      = 0x30 // u32
	accountFlags    = 0x38 // u16
	accountBadCount = 0x40 // u16
	accountLogons   = 0x42 // u16
	accountMin      = 0x44
)

// Value V: descriptors of u32 offset from accountData, u32 length, u32.
const (
	accountName     = 0x0C
	accountFullName = 0x18
	accountComment  = 0x24
	accountHome     = 0x48
	accountScript   = 0x60
	accountProfile  = 0x6C
	accountData     = 0xCC
)

// accountFlagNames are the bits of the account control word, MS-SAMR 2.2.1.12.
var accountFlagNames = [...]string{
	"disabled", "home directory required", "no password required", "temporary duplicate", "normal", "MNS logon", "interdomain trust",
	"workstation trust", "server trust", "password never expires", "locked", "encrypted text password", "smart card required",
	"trusted for delegation", "not delegated", "DES only",
}

func decodeAccounts(in artifacts.Input, yield func(Account) bool) error {
	if in.Partial() || len(in.Match) == 0 {
		return nil
	}
	names := accountNames(in)
	if strings.Contains(in.Source.Key, `\Names\`) {
		return orphanName(in, names, yield)
	}
	rid64, err := strconv.ParseUint(in.Match[0], 16, 32)
	if err != nil {
		return nil // Names
	}
	rid := uint32(rid64)
	a := Account{Origin: in.AtKey(), RID: rid, Written: in.Written()}
	if names.machine != "" {
		a.SID = names.machine + "-" + strconv.FormatUint(rid64, 10)
	}
	var errs []error
	if v, ok := in.Own().Find("F"); ok {
		b := in.Own().BytesOf(v)
		if len(b) < accountMin {
			errs = append(errs, in.Errorf(in.At(v), "%d bytes, want at least %d", len(b), accountMin))
		} else {
			a.LastLogon, a.PasswordSet = wire.TimeAt(b, accountLogon), wire.TimeAt(b, accountPassword)
			a.Expires, a.BadPassword = wire.TimeAt(b, accountExpires), wire.TimeAt(b, accountBad)
			if n := le.Uint32(b[accountRID:]); n != rid {
				a.StoredRID = n
			}
			a.RawFlags = le.Uint16(b[accountFlags:])
			for i, name := range accountFlagNames {
				if a.RawFlags>>i&1 != 0 {
					a.Flags = append(a.Flags, name)
				}
			}
			a.BadLogons, a.Logons = le.Uint16(b[accountBadCount:]), le.Uint16(b[accountLogons:])
		}
	}
	if v, ok := in.Own().Find("V"); ok {
		b := in.Own().BytesOf(v)
		for _, f := range []struct {
			at   int
			text *string
		}{{accountName, &a.Name}, {accountFullName, &a.FullName}, {accountComment, &a.Comment}, {accountHome, &a.Home},
			{accountScript, &a.Script}, {accountProfile, &a.Profile}} {
			s, err := accountText(b, f.at)
			if err != nil {
				errs = append(errs, in.Wrap(in.At(v), err))
			}
			*f.text = s
		}
	}
	a.Internet = wire.UTF16Z(in.Bytes("InternetUserName"))
	a.Hint = wire.UTF16Z(in.Bytes("UserPasswordHint"))
	a.Reset = in.Bytes("ResetData") != nil
	if k, ok := names.byName[hive.Fold(a.Name)]; ok {
		a.Created = k.written
		if k.rid != rid {
			a.NamesRID = k.rid
		}
	} else if !in.From.State.Recovered() {
		a.NoName = true
	}
	a.user = evidence.User{SID: a.SID, Name: a.Name}
	yield(a)
	return errors.Join(errs...)
}

// accountText reads one text of V.
func accountText(b []byte, at int) (string, error) {
	if len(b) < accountData {
		return "", fmt.Errorf("%d bytes, the descriptors take %d", len(b), accountData)
	}
	off, n := uint64(le.Uint32(b[at:]))+accountData, uint64(le.Uint32(b[at+4:]))
	if n == 0 {
		return "", nil
	}
	if off+n > uint64(len(b)) {
		return "", fmt.Errorf("text of %d bytes at offset %#x runs past the %d of the value", n, off, len(b))
	}
	return wire.UTF16Z(b[off : off+n]), nil
}

// accountIndex is what the other keys of the account database say.
type accountIndex struct {
	machine string // SID
	byName  map[string]accountNameKey
	byRID   map[uint32]string
}

type accountNameKey struct {
	rid     uint32
	written time.Time
}

// accountNames reads the keys below Names once for each hive: a key's name is
// that of the account, the type of its nameless value the number.
func accountNames(in artifacts.Input) *accountIndex {
	return in.Once("account names\x00"+in.Artifact.Name+"\x00"+in.From.Path+"\x00"+in.From.Snapshot, func() any {
		x := &accountIndex{byName: map[string]accountNameKey{}, byRID: map[uint32]string{}}
		if k, err := in.Hive.Key(`SAM\Domains\Account`); err == nil {
			if b := in.Of(k).Bytes("V"); len(b) >= 12 {
				b = b[len(b)-12:]
				x.machine = fmt.Sprintf("S-1-5-21-%d-%d-%d", le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:]))
			}
		}
		k, err := in.Hive.Key(accountsKey + `\Names`)
		if err != nil {
			return x
		}
		for n := range in.Of(k).Subkeys() {
			rid := uint32(0)
			if v, ok := in.Of(n).Find(""); ok {
				rid = uint32(v.Type())
			}
			x.byName[hive.Fold(n.Name())] = accountNameKey{rid, n.Written()}
			x.byRID[rid] = n.Name()
		}
		return x
	}).(*accountIndex)
}

// orphanName is the record of a key below Names to which no account belongs:
// the account was deleted, or one of the two keys was.
func orphanName(in artifacts.Input, names *accountIndex, yield func(Account) bool) error {
	rid := uint32(0)
	if v, ok := in.Own().Find(""); ok {
		rid = uint32(v.Type())
	}
	if _, err := in.Hive.Key(fmt.Sprintf(`%s\%08X`, accountsKey, rid)); err == nil && !in.From.State.Recovered() {
		return nil
	}
	a := Account{Origin: in.AtKey(), Name: in.Match[0], RID: rid, NoAccount: true, Created: in.Written()}
	if names.machine != "" && rid != 0 {
		a.SID = names.machine + "-" + strconv.FormatUint(uint64(rid), 10)
	}
	a.user = evidence.User{SID: a.SID, Name: a.Name}
	yield(a)
	return nil
}

// Owner is the account itself.
func (a Account) Owner() evidence.User { return a.user }

// Disabled reports whether the account is switched off.
func (a Account) Disabled() bool { return a.RawFlags&1 != 0 }

// Tags marks an account that is not what it seems.
func (a Account) Tags() []string {
	var tags []string
	if a.StoredRID != 0 || a.NamesRID != 0 {
		tags = append(tags, "rid-mismatch")
	}
	if a.NoName {
		tags = append(tags, "no-name-key")
	}
	return tags
}

// Summary names the account.
func (a Account) Summary() string {
	s := fmt.Sprintf("[%s] RID %d, %d logons", a.Name, a.RID, a.Logons)
	if len(a.Flags) > 0 {
		s += ", " + strings.Join(a.Flags, ", ")
	}
	if a.StoredRID != 0 {
		s += fmt.Sprintf(", acts as RID %d", a.StoredRID)
	}
	if a.NamesRID != 0 {
		s += fmt.Sprintf(", its name leads to RID %d", a.NamesRID)
	}
	if a.NoAccount {
		s += ", a name key without the account"
	}
	return s
}
