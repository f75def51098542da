// Package regf writes Windows registry hives and their transaction logs from a tree of keys and values.
//
// It exists to check readers: a test says what a hive holds, this package lays it out as Windows would,
// and the reader must find it again. It writes the formats of Windows NT 3.1 to 11 (regf 1.1 to 1.6): lists of
// all kinds, big data, Latin-1 and UTF-16 names, shared security descriptors, deleted keys and values that stay
// readable in free cells, layered keys, and both formats of transaction logs. The same tree gives the same
// bytes on every run. It shares no code with any parser.
//
// It reads nothing, and it does not write version 1.0, the links that Windows 2000 and older leave in free cells,
// nor the CLFS files of transacted registry operations.
//
//	h := regf.New("ROOT", time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
//	run := h.Root.Sub(`Microsoft\Windows\CurrentVersion\Run`)
//	run.Set("Updater", regf.String(`C:\Users\Public\u.exe`))
//	run.Set("Start", regf.DWord(2))
//	image := h.Build()
//
// What a history needs is in [Live]: states of one hive, from which logs are made.
package regf

import (
	"slices"
	"strings"
	"time"
)

// A Hive is what a primary file shall hold. Its zero fields mean what Windows 10 would write.
type Hive struct {
	Version     uint32    // minor version: 1 to 6; 0 means 5
	FileName    string    // the end part of it (31 units) goes to the base block
	Root        *Key      // never nil
	Written     time.Time // base block and first bin
	Primary     uint32    // sequence number; 0 means 1
	Secondary   uint32    // sequence number; 0 means Primary. Unequal: a dirty hive
	Flags       uint32    // base block: 1 transactions pending, 2 layered keys
	Clustering  uint32    // 0 means 1
	RmID        [16]byte  // resource manager, also stored as LogId
	TmID        [16]byte  // transaction manager
	KTM         bool      // write the rmtm mark
	Reorganised uint64    // raw FILETIME with its two low bits
	Offline     bool      // write the OfRg mark of the offline registry library
	Serialised  time.Time // only with Offline
	BinSize     int       // smallest bin, a multiple of 4096; 0 means 4096
	Tail        []byte    // bytes behind the last bin
}

// A Key is one key node. Subkeys may stand in any order; they are written sorted, as Windows does.
type Key struct {
	Name     string
	Name16   []uint16 // these very units instead of Name: unpaired surrogates, NUL
	Wide     bool     // UTF-16 although Latin-1 would do
	Class    string
	Written  time.Time
	Flags    uint16   // added to those that follow from the name and from being the root
	Access   byte     // byte 12, Windows 8 and later
	Layered  byte     // byte 13, layered hives
	Virtual  byte     // byte 54: user flags low, virtualisation flags high
	Debug    byte     // byte 55
	Volatile uint32   // the left-over number of volatile subkeys
	Security []byte   // descriptor; nil means a common one, empty means none
	List     ListKind // of the subkeys; ListAuto decides by version
	Leaf     int      // keys in a leaf; not 0 forces an ri above the leaves
	Values   []Value  // in stored order
	Subkeys  []*Key
	Slack    []byte    // follows the record in its cell
	Deleted  time.Time // not zero: written, then deleted at this time
}

// A ListKind is the sort of list that holds the subkeys.
type ListKind byte

// Kinds of subkey lists, regf "Subkey lists".
const (
	ListAuto ListKind = iota // by version and number of keys, as Windows does
	ListLI
	ListLF
	ListLH
)

// New returns a hive with an empty root key, all of whose times are t.
func New(root string, t time.Time) *Hive {
	return &Hive{Root: &Key{Name: root, Written: t}, Written: t}
}

// Clone returns a deep copy, to be changed into the next state of the hive.
func (h *Hive) Clone() *Hive {
	c := *h
	c.Root = h.Root.Clone()
	c.Tail = slices.Clone(h.Tail)
	return &c
}

// Build returns the primary file.
func (h *Hive) Build() []byte { return h.Live().Image() }

// Clone returns a deep copy of the key and all below it.
func (k *Key) Clone() *Key {
	c := *k
	c.Name16 = slices.Clone(k.Name16)
	c.Security = slices.Clone(k.Security)
	c.Slack = slices.Clone(k.Slack)
	c.Values = slices.Clone(k.Values)
	for i := range c.Values {
		c.Values[i] = c.Values[i].clone()
	}
	c.Subkeys = make([]*Key, len(k.Subkeys))
	for i, s := range k.Subkeys {
		c.Subkeys[i] = s.Clone()
	}
	return &c
}

// Sub returns the key at a path below k, its parts separated by `\` and compared without regard to case.
// What is missing is made, written at the time of its parent. An empty path is k itself.
// A deleted key is never found: making it again gives a new key of the same name.
func (k *Key) Sub(path string) *Key {
	for part := range strings.SplitSeq(path, `\`) {
		if part == "" {
			continue
		}
		s := k.find(part)
		if s == nil {
			s = k.Add(part)
		}
		k = s
	}
	return k
}

// Find returns the key at a path below k, or nil.
func (k *Key) Find(path string) *Key {
	for part := range strings.SplitSeq(path, `\`) {
		if part == "" {
			continue
		}
		if k = k.find(part); k == nil {
			return nil
		}
	}
	return k
}

func (k *Key) find(name string) *Key {
	want := units(name)
	for _, s := range k.Subkeys {
		if s.Deleted.IsZero() && compareUnits(s.units(), want) == 0 {
			return s
		}
	}
	return nil
}

// Add appends a subkey without looking for one of the same name: the way to make many keys, or twins.
func (k *Key) Add(name string) *Key {
	s := &Key{Name: name, Written: k.Written}
	k.Subkeys = append(k.Subkeys, s)
	return s
}

// At sets the time of the last write.
func (k *Key) At(t time.Time) *Key {
	k.Written = t
	return k
}

// Set sets a value, in the place of one with this name or at the end. The empty name is the default value.
func (k *Key) Set(name string, v Value) *Key {
	v.Name = name
	want := v.units()
	for i := range k.Values {
		if k.Values[i].Deleted.IsZero() && compareUnits(k.Values[i].units(), want) == 0 {
			k.Values[i] = v
			return k
		}
	}
	k.Values = append(k.Values, v)
	return k
}

// Delete marks the key and all below it as deleted at a time, which becomes the parent's last write.
func (k *Key) Delete(t time.Time) *Key {
	k.Deleted = t
	return k
}

// Unset marks a value as deleted at a time, which becomes the key's last write. The offset of the last
// value of a list stays in the slack of that list; one from the middle is overwritten by those that move up.
func (k *Key) Unset(name string, t time.Time) *Key {
	want := units(name)
	for i := range k.Values {
		if k.Values[i].Deleted.IsZero() && compareUnits(k.Values[i].units(), want) == 0 {
			k.Values[i].Deleted = t
		}
	}
	return k
}

// Link makes the key a symbolic link to an absolute native path such as `\REGISTRY\MACHINE\SYSTEM\…`.
func (k *Key) Link(target string) *Key {
	k.Flags |= keyLink
	return k.Set("SymbolicLinkValue", Raw(TypeLink, UTF16(target)))
}
