// Package scca writes Windows Prefetch files (.pf): every format version from XP to Windows 11, plain or inside
// the MAM container, whole or with one named flaw.
//
// It is the other half of a check: it shares no code with the parser, so that what one of the two got wrong shows
// as a difference between them. A [Spec] is at once the input of [Spec.Build] and the expected value of a test.
//
// What it does not do: most unused fields are zero (in real files they carry remnants of the service's memory; here
// only those do that a reader could take for data), and it writes no boot traces other than the .pf of the boot
// scenario.
package scca

import (
	"strings"
	"time"
)

// The format versions. Version 30 has two variants that differ in the size of the file information.
const (
	XP    = 17 // XP, Server 2003
	Win7  = 23 // Vista, 7, Server 2008 and 2008 R2
	Win8  = 26 // 8, 8.1, Server 2012 and 2012 R2
	Win10 = 30 // 10, 11 before 22H2
	Win11 = 31 // 11 22H2 and later
)

// A Spec says what a prefetch file holds. The zero value of a field means what its comment says.
type Spec struct {
	Version uint32
	Variant int // of version 30: 1 (10 before 1903) or 2 (later); 0 means 2

	// Executable is the name in the header; empty means the last component of Path, cut to 29 units.
	Executable string
	// Path is the program's device path, \DEVICE\HARDDISKVOLUME3\WINDOWS\SYSTEM32\CMD.EXE: what is hashed.
	Path string
	// CommandLine is hashed too when it is not empty; Windows does so for hosting applications only.
	CommandLine string
	// Package (the package's full name) and AppID are hashed too for processes with package identity.
	Package, AppID string
	// PrefetchArg is the k of /prefetch:k.
	PrefetchArg uint32
	// Hash, when not zero, overrides the computed one.
	Hash  uint32
	Flags uint32 // 1 for the boot scenario and operation scenarios

	RunCount uint32
	LastRuns []time.Time // in slot order; at most eight, one up to version 23

	Files   []File
	Volumes []Volume

	// Record is the executable record of versions 30 and 31; empty means the package, else the path.
	Record   string
	NoRecord bool // as in operation scenarios and the first builds of Windows 10

	MAM bool // wrap in the MAM container
	CRC bool // with a checksum: the container's fourth byte is 0x84
}

// A File is one entry of the file metrics: a name, and the pages of it that were touched.
type File struct {
	Name     string
	Flags    uint32
	Entry    uint64 // MFT entry; 0 with Sequence 0 means not set
	Sequence uint16
	Pages    []Page
}

// A Page is one trace chain entry.
type Page struct {
	Offset uint64 // bytes from the start of the file; a multiple of 512 from version 23 on
	Image  bool   // mapped as an executable image
	Data   bool   // mapped as data
	Skip   bool   // will not be prefetched next time
	Usage  uint8  // history of use; meaning unknown, 1 in versions 23 and 26
	Mask   uint16 // the same, as bits
}

// A Volume is one entry of the volumes section.
type Volume struct {
	Device      string
	Serial      uint32
	Created     time.Time
	Refs        []Ref
	Directories []string // as seen in the file: a trailing backslash is added for version 17
}

// A Ref is an NTFS file reference.
type Ref struct {
	Entry    uint64
	Sequence uint16
}

// FileName is the name that Windows gives the file: NAME-HASH.pf.
func (s *Spec) FileName() string {
	return s.executable() + "-" + hex8(s.hash()) + ".pf"
}

// executable is the header's name: at most 29 UTF-16 units, upper case as the path is.
func (s *Spec) executable() string {
	if s.Executable != "" {
		return s.Executable
	}
	name := s.Path[strings.LastIndexByte(s.Path, '\\')+1:]
	if u := utf16Units(name); len(u) > maxName {
		name = string(utf16Runes(u[:maxName]))
	}
	return name
}

// record is the text of the executable record.
func (s *Spec) record() string {
	switch {
	case s.NoRecord || s.Version < Win10:
		return ""
	case s.Record != "":
		return s.Record
	case s.Package != "":
		return s.Package
	}
	return s.Path
}

func (s *Spec) hash() uint32 {
	if s.Hash != 0 {
		return s.Hash
	}
	h := Hash(s.Version, s.Path)
	if s.CommandLine != "" {
		h += Hash(s.Version, s.CommandLine)
	}
	if s.Package != "" {
		h += Hash(s.Version, s.Package) + Hash(s.Version, s.AppID)
	}
	return h + s.PrefetchArg
}
