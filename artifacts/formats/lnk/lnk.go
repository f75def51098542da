// Package lnk reads Windows shortcuts (.lnk): what they point to, with which
// arguments, and what the machine that made them left in them.
//
// It reads the format that [MS-SHLLINK] describes, of all Windows versions. The
// item list of the target is given as its raw bytes. Nothing is resolved: no path is looked for, no variable replaced.
//
// A shortcut that is cut short or broken somewhere is returned as far as it
// can be read, with each flaw in its Damage.
package lnk

import (
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

var le = binary.LittleEndian

// ErrNotLink is returned for data that does not begin like a shortcut.
var ErrNotLink = errors.New("not a shortcut: no header size and class of one")

// A FormatError is one thing in a shortcut that breaks the format. Its Struct
// is [MS-SHLLINK]'s name for it, its Offset counts from the start of the link.
type FormatError = wire.FormatError

// A Link is a shortcut.
type Link struct {
	Flags       uint32 // LinkFlags, [MS-SHLLINK] 2.1.1
	Attributes  uint32 // of the target, as its file system had them
	Created     time.Time
	Accessed    time.Time
	Written     time.Time // all three of the target, when the shortcut was last changed
	Size        uint32    // of the target, low 32 bits
	IconIndex   int32
	ShowCommand uint32 // 1 normal, 3 maximized, 7 minimized
	HotKey      uint16

	IDList []byte // the target's item list, without the size before it

	Volume           *Volume
	LocalBasePath    string
	NetworkShare     string
	NetworkDevice    string // the drive letter that it was mapped to
	CommonPathSuffix string

	Name         string
	RelativePath string
	WorkingDir   string
	Arguments    string
	IconLocation string

	Environment     string // target with variables, of the environment block
	IconEnvironment string
	Darwin          string // of an application that Windows Installer advertises
	ShimLayer       string
	KnownFolder     string     // GUID
	SpecialFolder   uint32     // number (CSIDL) of a folder of older Windows
	AnyIDList       []byte     // item list that Windows Vista and later use instead of IDList
	AppID           string     // AppUserModelID: the program as the taskbar knows it
	Properties      []Property // of the property store
	Tracker         *Tracker
	Extra           []Block // all extra blocks, in order

	End      int            // where the shortcut ends; damage may have hidden it
	Trailing int            // bytes after the end of the shortcut
	Damage   []*FormatError // what breaks the format
}

// A Volume is the volume that the target lay on.
type Volume struct {
	DriveType uint32 // 2 removable, 3 fixed, 4 network, 5 optical: GetDriveType
	Serial    uint32
	Label     string
}

// A Tracker is the record of the link tracking service: the machine where the
// target was last known, and the ids of volume and file, now and at birth.
type Tracker struct {
	Machine               string
	Droid, File           string // GUIDs
	BirthDroid, BirthFile string
	FileCreated           time.Time // of the file's id, when it is of the time-based kind
	MAC                   string    // the network address in that id
}

// A Block is one extra block.
type Block struct {
	Signature uint32
	Offset    int64
	Data      []byte // without size and signature
}

// The flags that say what follows the header.
const (
	hasIDList     = 0x1
	hasLinkInfo   = 0x2
	hasName       = 0x4
	hasRelative   = 0x8
	hasWorkingDir = 0x10
	hasArguments  = 0x20
	hasIcon       = 0x40
	isUnicode     = 0x80
	noLinkInfo    = 0x100
)

const ( // ShellLinkHeader, [MS-SHLLINK] 2.1
	headerSize     = 0x4C
	hdrFlags       = 20
	hdrAttributes  = 24
	hdrCreated     = 28
	hdrAccessed    = 36
	hdrWritten     = 44
	hdrFileSize    = 52
	hdrIconIndex   = 56
	hdrShowCommand = 60
	hdrHotKey      = 64
)

const class = "\x01\x14\x02\x00\x00\x00\x00\x00\xC0\x00\x00\x00\x00\x00\x00\x46"

// Parse reads a shortcut. The error is [ErrNotLink], or the first of the
// link's Damage.
func Parse(b []byte) (*Link, error) {
	if len(b) < 20 || le.Uint32(b) != headerSize || string(b[4:20]) != class {
		return nil, ErrNotLink
	}
	l := &Link{}
	if len(b) < headerSize {
		l.bad(int64(len(b)), "ShellLinkHeader", "ends inside of the header")
		return l, l.Damage[0]
	}
	l.Flags, l.Attributes = le.Uint32(b[hdrFlags:]), le.Uint32(b[hdrAttributes:])
	l.Created, l.Accessed, l.Written = filetime(b[hdrCreated:]), filetime(b[hdrAccessed:]), filetime(b[hdrWritten:])
	l.Size, l.IconIndex = le.Uint32(b[hdrFileSize:]), int32(le.Uint32(b[hdrIconIndex:]))
	l.ShowCommand, l.HotKey = le.Uint32(b[hdrShowCommand:]), le.Uint16(b[hdrHotKey:])
	l.End = len(b)
	l.body(b)
	l.itemAppID()
	if len(l.Damage) > 0 {
		return l, l.Damage[0]
	}
	return l, nil
}

func (l *Link) bad(off int64, what, problem string) {
	l.Damage = append(l.Damage, &FormatError{Format: "lnk", Offset: off, Struct: what, Problem: problem})
}

// body reads what follows the header, each part where the one before it ends.
func (l *Link) body(b []byte) {
	off := headerSize
	if l.Flags&hasIDList != 0 {
		if off+2 > len(b) || off+2+int(le.Uint16(b[off:])) > len(b) {
			l.bad(int64(off), "LinkTargetIDList", "runs past the end")
			return
		}
		n := int(le.Uint16(b[off:]))
		l.IDList = b[off+2 : off+2+n]
		off += 2 + n
	}
	if l.Flags&hasLinkInfo != 0 && l.Flags&noLinkInfo == 0 {
		if off+4 > len(b) || int64(le.Uint32(b[off:])) > int64(len(b)-off) {
			l.bad(int64(off), "LinkInfo", "runs past the end")
			return
		}
		n := int(le.Uint32(b[off:]))
		l.linkInfo(b[off:off+n], int64(off))
		off += max(n, 4)
	}
	for _, s := range []struct {
		flag uint32
		name string
		to   *string
	}{
		{hasName, "NAME_STRING", &l.Name},
		{hasRelative, "RELATIVE_PATH", &l.RelativePath},
		{hasWorkingDir, "WORKING_DIR", &l.WorkingDir},
		{hasArguments, "COMMAND_LINE_ARGUMENTS", &l.Arguments},
		{hasIcon, "ICON_LOCATION", &l.IconLocation},
	} {
		if l.Flags&s.flag == 0 {
			continue
		}
		text, n, ok := counted(b[off:], l.Flags&isUnicode != 0)
		*s.to = text
		if !ok {
			l.bad(int64(off), s.name, "runs past the end")
			return
		}
		off += n
	}
	l.extra(b, off)
}

// counted reads a StringData: a count of characters, then the characters,
// without an end mark. ([MS-SHLLINK] 2.4)
func counted(b []byte, wide bool) (s string, size int, ok bool) {
	if len(b) < 2 {
		return "", 0, false
	}
	n := int(le.Uint16(b))
	if wide {
		n *= 2
	}
	data := b[2:min(2+n, len(b))]
	if wide {
		return utf16Text(data), 2 + n, len(data) == n
	}
	return latin1(data), 2 + n, len(data) == n
}

// linkInfo reads where the target was. Offsets count from its start; those of
// the wide strings are there when the header says it is long enough. ([MS-SHLLINK] 2.3)
func (l *Link) linkInfo(b []byte, at int64) {
	const (
		volumeAndLocal = 1
		network        = 2
	)
	if len(b) < 0x1C {
		l.bad(at, "LinkInfo", "shorter than its header")
		return
	}
	head, flags := le.Uint32(b[4:]), le.Uint32(b[8:])
	str := func(field, wideField int, what string) string {
		if head >= 0x24 && len(b) >= 0x24 {
			if off := le.Uint32(b[wideField:]); off != 0 {
				if int64(off) < int64(len(b)) {
					return utf16z(b[off:])
				}
				l.bad(at+int64(wideField), what, "offset leads past the end")
			}
		}
		off := le.Uint32(b[field:])
		if off == 0 {
			return ""
		}
		if int64(off) >= int64(len(b)) {
			l.bad(at+int64(field), what, "offset leads past the end")
			return ""
		}
		return latin1z(b[off:])
	}
	if flags&volumeAndLocal != 0 {
		l.volume(b, at)
		l.LocalBasePath = str(0x10, 0x1C, "LocalBasePath")
	}
	if flags&network != 0 {
		l.network(b, at)
	}
	l.CommonPathSuffix = str(0x18, 0x20, "CommonPathSuffix")
}

func (l *Link) volume(b []byte, at int64) {
	off := int64(le.Uint32(b[0x0C:]))
	if off == 0 {
		return
	}
	if off+0x10 > int64(len(b)) {
		l.bad(at+0x0C, "VolumeID", "offset leads past the end")
		return
	}
	v := b[off:]
	if n := le.Uint32(v); int64(n) < int64(len(v)) {
		v = v[:n]
	}
	if len(v) < 0x10 {
		l.bad(at+off, "VolumeID", "shorter than its header")
		return
	}
	l.Volume = &Volume{DriveType: le.Uint32(v[4:]), Serial: le.Uint32(v[8:])}
	label := int64(le.Uint32(v[0x0C:]))
	if label == 0x14 && len(v) >= 0x14 {
		if wide := int64(le.Uint32(v[0x10:])); wide < int64(len(v)) {
			l.Volume.Label = utf16z(v[wide:])
		}
	} else if label < int64(len(v)) {
		l.Volume.Label = latin1z(v[label:])
	}
}

func (l *Link) network(b []byte, at int64) {
	off := int64(le.Uint32(b[0x14:]))
	if off == 0 {
		return
	}
	if off+0x14 > int64(len(b)) {
		l.bad(at+0x14, "CommonNetworkRelativeLink", "offset leads past the end")
		return
	}
	v := b[off:]
	str := func(field, wide int) string {
		if le.Uint32(v[8:]) > 0x14 && len(v) >= 0x1C {
			if o := int64(le.Uint32(v[wide:])); o > 0 && o < int64(len(v)) {
				return utf16z(v[o:])
			}
		}
		if o := int64(le.Uint32(v[field:])); o > 0 && o < int64(len(v)) {
			return latin1z(v[o:])
		}
		return ""
	}
	l.NetworkShare = str(0x08, 0x14)
	if le.Uint32(v[4:])&1 != 0 {
		l.NetworkDevice = str(0x0C, 0x18)
	}
}

// Target returns the path that the shortcut points to as its parts tell it:
// the local path, the share, the one with variables, the relative one; "" when
// only the item list has it.
func (l *Link) Target() string {
	join := func(base string) string {
		if l.CommonPathSuffix == "" {
			return base
		}
		if base != "" && !strings.HasSuffix(base, `\`) {
			base += `\`
		}
		return base + l.CommonPathSuffix
	}
	switch {
	case l.LocalBasePath != "":
		return join(l.LocalBasePath)
	case l.NetworkShare != "":
		return join(l.NetworkShare)
	case l.Environment != "":
		return l.Environment
	}
	if p := l.idPath(); p != "" {
		return p
	}
	return l.RelativePath
}

func filetime(b []byte) time.Time { return wire.TimeAt(b, 0) }

// utf16Text decodes text. An unpaired surrogate, which file names may have,
// is kept in an escaped form.
func utf16Text(b []byte) string {
	return strings.TrimRight(wire.UTF16Escaped(b), "\x00")
}

func utf16z(b []byte) string {
	n := wire.UTF16Len(b)
	return utf16Text(b[:n])
}

// latin1 decodes 8-bit text. Its code page is that of the machine, which the
// shortcut does not record.
func latin1(b []byte) string { return strings.TrimRight(wire.Latin1(b), "\x00") }

func latin1z(b []byte) string { return wire.Latin1Z(b) }
