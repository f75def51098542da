// Package appcompat reads the application compatibility cache ("ShimCache"):
// the registry value in which Windows remembers the programs whose
// compatibility it has looked up.
//
// It knows the values of Windows XP (32 bits), Server 2003 and XP x64, Vista
// and Server 2008, 7 and Server 2008 R2, 8.0 and Server 2012, 8.1 and Server
// 2012 R2, 10 and 11 and their servers. Which of them a value is its own bytes
// tell. The package does not read hives, does not interpret the shim data at
// the end of an entry and does not say what ran: see [Entry] for what its
// fields can prove.
//
// There is no public description by the vendor. The layouts follow the
// Mandiant white paper "Leveraging the Application Compatibility Cache in
// Forensic Investigations" (2012), libyal's winreg-kb ("Application
// Compatibility Cache key"), and values seen on real machines.
package appcompat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A Version is the layout of a cache.
type Version int

// The layouts.
const (
	Unknown     Version = iota
	WindowsXP           // 32 bits
	Server2003          // also XP x64; knows file sizes
	Vista               // also Server 2008; knows flags
	Windows7            // also Server 2008 R2
	Windows80           // also Server 2012
	Windows81           // also Server 2012 R2
	Windows10           // before version 1703
	Windows1703         // 10 from 1703, 11, Server 2016 to 2025
)

var versionNames = [...]string{"unknown", "XP", "2003", "Vista", "7", "8.0", "8.1", "10", "10 1703+"}

// String names the oldest Windows that writes the layout.
func (v Version) String() string {
	if v < 0 || int(v) >= len(versionNames) {
		return "unknown"
	}
	return versionNames[v]
}

// FlagExecuted is the bit of [Entry.Flags] that is set when a process was
// created from the file, on Windows 7 to 8.1 only.
const FlagExecuted = 0x2

// A Cache is the content of one value.
type Cache struct {
	Version Version
	Bits    int    // width of the entries' pointers where they have some: 32 or 64, else 0
	Claimed uint32 // number of entries by the header; on Windows 10 not the number of entries
	Entries []Entry
	Damage  []*wire.FormatError
}

// An Entry is one file that was looked at. Entries come newest first, except
// on Windows XP, whose order is that of slots.
type Entry struct {
	Offset   int       // of the entry in the value
	Path     string    // as stored; of a packaged program the tab-separated tuple of Windows 10
	Package  string    // the package text of Windows 8, tab-separated
	Modified time.Time // the file's own last modification when it was cached, not a run time
	Updated  time.Time // XP: when the entry was last updated
	Size     uint64    // XP and 2003: size of the file
	HasFlags bool      // Vista to 8.1
	Flags    uint32    // insertion flags
	Shims    uint32
	Rank     int    // XP: place in the list of recent use, 1 is the newest; 0 unknown
	Data     []byte // shim data; shares the memory of the value
}

// LastData returns the last u32 of the entry's data, and whether there is one.
// Some tools read 1 on Windows 10 as "executed"; machine types and other
// numbers stand in the same place.
func (e *Entry) LastData() (uint32, bool) {
	if len(e.Data) < 4 {
		return 0, false
	}
	return le.Uint32(e.Data[len(e.Data)-4:]), true
}

// A Package is what the tuple of a packaged program says.
type Package struct {
	Flags, Version, OS, Machine string
	Name, Publisher, Arch       string
}

// ParsePackage reads the tab-separated tuple that stands in place of a path
// for packaged programs on Windows 10, and in [Entry.Package] on 8.
func ParsePackage(s string) (Package, bool) {
	f := strings.Split(s, "\t")
	if len(f) < 6 {
		return Package{}, false
	}
	p := Package{Flags: f[0], Version: f[1], OS: f[2], Machine: f[3], Name: f[4], Publisher: f[5]}
	if len(f) > 6 {
		p.Arch = f[6]
	}
	return p, p.Name != ""
}

// Family is the package family name, as other sources write it.
func (p Package) Family() string {
	if p.Publisher == "" {
		return p.Name
	}
	return p.Name + "_" + p.Publisher
}

// ErrUnknown says that a value is of no known layout.
var ErrUnknown = errors.New("appcompat: no known cache layout")

// Options tell what the bytes cannot. Nil and zero fields mean unknown.
type Options struct {
	Build int // of the Windows that wrote the value: 3790 is Server 2003, 6000 to 6003 Vista and Server 2008
}

var le = binary.LittleEndian

// Parse reads a value. A value that is empty, all zero or a header alone is a
// cache without entries. What is broken is in Cache.Damage; the entries
// before it stand.
func Parse(b []byte, opts *Options) (*Cache, error) {
	if opts == nil {
		opts = &Options{}
	}
	c := &Cache{}
	sig := func(off int, want string) bool { return len(b) >= off+4 && string(b[off:off+4]) == want }
	if len(b) < 4 {
		if !allZero(b) {
			return nil, ErrUnknown
		}
		return c, nil
	}
	switch first := le.Uint32(b); {
	case first == 0xDEADBEEF:
		c.Version = WindowsXP
		c.xp(b)
	case first == 0xBADC0FFE:
		c.Version = Vista
		c.pointers(b, 8, vistaLayouts)
		if c.isServer2003(opts.Build) {
			c.Version = Server2003
			for i := range c.Entries {
				e := &c.Entries[i]
				e.Size, e.Flags, e.Shims, e.HasFlags = uint64(e.Shims)<<32|uint64(e.Flags), 0, 0, false
			}
		}
	case first == 0xBADC0FEE:
		c.Version = Windows7
		c.pointers(b, 128, win7Layouts)
	case (first == 0 || first == 0x80) && sig(128, "00ts"):
		c.Version = Windows80
		c.tagged(b, 128, "00ts", true)
	case (first == 0 || first == 0x80) && sig(128, "10ts"):
		// Both first words are seen in real values with both signatures.
		c.Version = Windows81
		c.tagged(b, 128, "10ts", true)
	case first == 0x30 && (len(b) <= 0x30 || sig(0x30, "10ts")):
		c.Version = Windows10
		c.tagged(b, 0x30, "10ts", false)
		c.claimed(b, 36)
	case first == 0x34 && (len(b) <= 0x34 || sig(0x34, "10ts")):
		c.Version = Windows1703
		c.tagged(b, 0x34, "10ts", false)
		c.claimed(b, 40)
	case first == 0x80 && allZero(b[min(128, len(b)):]):
		c.Version = Windows81
	case first == 0x30 && allZero(b[0x30:]):
		c.Version = Windows10
	case first == 0x34 && allZero(b[0x34:]):
		c.Version = Windows1703
	case allZero(b):
	default:
		return nil, ErrUnknown
	}
	return c, nil
}

func (c *Cache) claimed(b []byte, off int) {
	if len(b) >= off+4 {
		c.Claimed = le.Uint32(b[off:])
	}
}

func (c *Cache) damage(off int, what, format string, args ...any) {
	c.Damage = append(c.Damage, &wire.FormatError{Format: "appcompat", Offset: int64(off), Struct: what,
		Problem: fmt.Sprintf(format, args...)})
}

// The entry of Windows XP, 32 bits. Winreg-kb, "Windows XP 32-bit".
const (
	xpEntries  = 400
	xpSize     = 552
	xpModified = 528 // the path before it: 264 UTF-16 units, remnants of longer ones behind its NUL
	xpFileSize = 536
	xpUpdated  = 544
	xpSlots    = 96 // as many indices fit into the header
)

func (c *Cache) xp(b []byte) {
	if len(b) < xpEntries {
		c.damage(len(b), "header", "%d bytes, a header has %d", len(b), xpEntries)
		return
	}
	c.Bits = 32
	c.Claimed = le.Uint32(b[4:])
	n := int(min(c.Claimed, uint32((len(b)-xpEntries)/xpSize)))
	if uint32(n) < c.Claimed {
		c.damage(4, "header", "%d entries, the value has room for %d", c.Claimed, n)
	}
	rank := make([]int, n)
	for i := range int(min(le.Uint32(b[8:]), xpSlots)) {
		if at := le.Uint32(b[16+4*i:]); int64(at) < int64(n) && rank[at] == 0 {
			rank[at] = i + 1
		}
	}
	for i := range n {
		off := xpEntries + i*xpSize
		e := b[off : off+xpSize]
		if le.Uint16(e) == 0 && allZero(e[xpModified:]) {
			continue // a slot that was never used; the header counts them all
		}
		c.Entries = append(c.Entries, Entry{
			Offset:   off,
			Path:     wire.UTF16Z(e[:xpModified]),
			Modified: wire.Time(le.Uint64(e[xpModified:])),
			Size:     le.Uint64(e[xpFileSize:]),
			Updated:  wire.Time(le.Uint64(e[xpUpdated:])),
			Rank:     rank[i],
		})
	}
}

// A pointerLayout is an entry that points to its path. Offsets are from the
// entry's start; the length of the path, u16, stands at 0. Winreg-kb,
// "Windows Vista", "Windows 7".
type pointerLayout struct{ size, path, modified, flags, dataSize, data int }

var (
	vistaLayouts = map[int]pointerLayout{32: {24, 4, 8, 16, -1, -1}, 64: {32, 8, 16, 24, -1, -1}}
	win7Layouts  = map[int]pointerLayout{32: {32, 4, 8, 16, 24, 28}, 64: {48, 8, 16, 24, 32, 40}}
)

func (c *Cache) pointers(b []byte, start int, layouts map[int]pointerLayout) {
	if len(b) < start {
		c.damage(len(b), "header", "%d bytes, a header has %d", len(b), start)
		return
	}
	c.Claimed = le.Uint32(b[4:])
	if c.Claimed == 0 || len(b) == start {
		if c.Claimed != 0 {
			c.damage(4, "header", "%d entries, the value has none", c.Claimed)
		}
		return
	}
	// A 64-bit entry pads its two lengths to the width of the pointer; a
	// 32-bit one has the pointer there, which is never 0.
	c.Bits = 32
	if len(b) >= start+8 && le.Uint32(b[start+4:]) == 0 {
		c.Bits = 64
	}
	l := layouts[c.Bits]
	word := func(e []byte, at int) uint64 {
		if c.Bits == 64 {
			return le.Uint64(e[at:])
		}
		return uint64(le.Uint32(e[at:]))
	}
	n := int(min(c.Claimed, uint32((len(b)-start)/l.size)))
	if uint32(n) < c.Claimed {
		c.damage(4, "header", "%d entries, the value has room for %d", c.Claimed, n)
	}
	used := 0 // bytes that paths and data take: overlapping ones must not multiply the work
	for i := range n {
		off := start + i*l.size
		e := b[off : off+l.size]
		if used > 4*len(b) {
			c.damage(off, "entry", "paths overlap: they take more than four times the value")
			return
		}
		size, at := uint64(le.Uint16(e)), word(e, l.path)
		path, ok := slice(b, at, size)
		if !ok {
			c.damage(off, "entry", "path of %d bytes at %#x runs past the value", size, at)
		}
		used += len(path)
		rec := Entry{
			Offset:   off,
			Path:     wire.UTF16Trim(path),
			Modified: wire.Time(le.Uint64(e[l.modified:])),
			HasFlags: true,
			Flags:    le.Uint32(e[l.flags:]),
			Shims:    le.Uint32(e[l.flags+4:]),
		}
		if l.data >= 0 {
			size, at := word(e, l.dataSize), word(e, l.data)
			if rec.Data, ok = slice(b, at, size); !ok && size > 0 {
				c.damage(off, "entry", "data of %d bytes at %#x runs past the value", size, at)
			}
		}
		c.Entries = append(c.Entries, rec)
	}
}

// isServer2003 tells the two writers of one signature apart: by the build
// where it is known, else by the two last words of all entries, which are
// flags of a few bits on Vista and a 64-bit file size on 2003.
func (c *Cache) isServer2003(build int) bool {
	switch {
	case build >= 6000:
		return false
	case build == 3790:
		return true
	}
	for _, e := range c.Entries {
		if e.Flags > 0x1F {
			return true
		}
	}
	return false
}

// tagged reads entries that begin with a signature and their own length,
// until the signature fails. Windows 8.0 and 8.1 have the package and two
// words of flags between path and time, 10 has not.
func (c *Cache) tagged(b []byte, off int, sig string, flags bool) {
	for off < len(b) {
		if len(b)-off < 12 {
			if !allZero(b[off:]) {
				c.damage(off, "entry", "%d bytes are left, an entry begins with 12", len(b)-off)
			}
			return
		}
		if string(b[off:off+4]) != sig {
			if !allZero(b[off:]) {
				c.damage(off, "entry", "no %s signature", sig)
			}
			return
		}
		body, ok := slice(b, uint64(off+12), uint64(le.Uint32(b[off+8:])))
		if !ok {
			c.damage(off+8, "entry", "%d bytes, %d are left", le.Uint32(b[off+8:]), len(b)-off-12)
			said := len(c.Damage)
			c.entry(off, body, flags) // as far as it goes; what is missing has been said
			c.Damage = c.Damage[:said]
			return
		}
		if !c.entry(off, body, flags) {
			return
		}
		off += 12 + len(body)
	}
}

// entry reads the body of one entry and reports whether it could.
func (c *Cache) entry(off int, body []byte, flags bool) bool {
	at := 0
	take := func(n int) []byte {
		if at < 0 || n > len(body)-at {
			at = -1
			return make([]byte, min(n, 8))
		}
		at += n
		return body[at-n : at]
	}
	e := Entry{Offset: off, HasFlags: flags}
	path := take(int(le.Uint16(take(2))))
	if at < 0 {
		c.damage(off+12, "entry", "path runs past the entry")
		return false
	}
	e.Path = wire.UTF16Trim(path)
	if flags {
		pkg := take(int(le.Uint16(take(2))))
		if at >= 0 {
			e.Package = wire.UTF16Trim(pkg)
		}
		e.Flags, e.Shims = le.Uint32(take(4)), le.Uint32(take(4))
	}
	e.Modified = wire.Time(le.Uint64(take(8)))
	size := le.Uint32(take(4))
	if at >= 0 {
		n := int(min(uint64(size), uint64(len(body)-at)))
		e.Data = body[at : at+n]
		if uint32(n) < size {
			c.damage(off, "entry", "%d bytes of data, the entry has %d left", size, n)
		}
	} else {
		c.damage(off, "entry", "ends after the path")
	}
	c.Entries = append(c.Entries, e)
	return at >= 0
}

// slice returns size bytes at off, or the part of them that b has and false.
func slice(b []byte, off, size uint64) ([]byte, bool) {
	if off >= uint64(len(b)) {
		return nil, size == 0
	}
	end := off + min(size, uint64(len(b))-off)
	return b[off:end:end], end-off == size
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
