// Package ntfsmeta writes the metadata of an NTFS volume: a $MFT and the change
// journal $J that led to it. A [Volume] is a volume on which files are made,
// written, renamed, marked, given other times and deleted; each step changes
// records as Windows does and adds journal records, with the path of that
// moment kept beside them.
//
// It follows the documents of the Linux-NTFS project and winioctl.h, and
// imports no parser.
package ntfsmeta

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

// A Ref is the reference of a file: entry in the low 48 bits, sequence above.
type Ref uint64

// Root is the root folder.
const Root = Ref(5 | 5<<48)

func (r Ref) entry() int { return int(r & (1<<48 - 1)) }

// A Spec describes the volume to write.
type Spec struct {
	RecordSize int       // default 1,024
	Made       time.Time // of the volume
	FirstUSN   uint64    // of the journal, a multiple of 4,096
	Version    int       // of journal records: 2 (default) or 3
}

// A Moment is a journal record and the path that its file had then.
type Moment struct {
	USN  uint64
	Path string // with backslashes, from the root
}

// A Volume is being written.
type Volume struct {
	spec    Spec
	nodes   []*node // by entry
	raw     [][]byte
	free    []int // sorted
	lsn     uint64
	journal []byte
	moments []Moment
}

// A node is what a file record holds.
type node struct {
	seq     uint16
	used    bool
	dir     bool
	system  bool
	si      [4]uint64
	attrs   uint32
	flags   uint32 // of $STANDARD_INFORMATION
	usn     uint64
	names   []name
	data    []byte // resident
	size    uint64 // of data in clusters, when data is nil
	streams []stream
	tag     uint32
	ea      []byte // extended attributes
	lastEA  int    // where the last of them begins
	base    Ref
	lsn     uint64
	session uint32 // reasons since the file was opened
	spill   []int  // entries of extension records
}

type name struct {
	parent Ref
	space  byte
	text   string
	times  [4]uint64
}

type stream struct {
	name string
	data []byte
	size uint64
}

// systemFiles are the names of the first records.
var systemFiles = [...]string{
	"$MFT", "$MFTMirr", "$LogFile", "$Volume", "$AttrDef", ".", "$Bitmap", "$Boot", "$BadClus", "$Secure", "$UpCase", "$Extend",
}

// New returns a volume with the records that every volume begins with.
func New(s Spec) *Volume {
	if s.RecordSize == 0 {
		s.RecordSize = 1024
	}
	if s.Version == 0 {
		s.Version = 2
	}
	v := &Volume{spec: s, lsn: 1 << 20}
	t := ft(s.Made)
	for i, n := range systemFiles {
		x := &node{seq: uint16(max(1, i)), used: true, system: true, attrs: 6, si: [4]uint64{t, t, t, t}}
		x.names = []name{{Root, 3, n, x.si}}
		x.dir = n == "." || n == "$Extend"
		if !x.dir {
			x.size = 4096
		}
		v.nodes = append(v.nodes, x)
	}
	for len(v.nodes) < 16 {
		v.nodes = append(v.nodes, &node{seq: uint16(len(v.nodes)), used: true, system: true, si: [4]uint64{t, t, t, t}})
	}
	for len(v.nodes) < 24 {
		v.nodes = append(v.nodes, nil) // never used
	}
	v.raw = make([][]byte, len(v.nodes))
	return v
}

func ft(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix()+11644473600)*1e7 + uint64(t.Nanosecond()/100)
}

func (v *Volume) node(r Ref) *node {
	n := v.nodes[r.entry()]
	if n == nil || !n.used || n.seq != uint16(r>>48) {
		panic(fmt.Sprintf("ntfsmeta: %d-%d is not there", r.entry(), r>>48))
	}
	return n
}

// take returns the lowest free entry, as Windows does.
func (v *Volume) take() (int, *node) {
	if len(v.free) > 0 {
		e := v.free[0]
		v.free = v.free[1:]
		old := v.nodes[e]
		n := &node{seq: old.seq, used: true}
		v.nodes[e] = n
		return e, n
	}
	n := &node{seq: 1, used: true}
	v.nodes = append(v.nodes, n)
	v.raw = append(v.raw, nil)
	return len(v.nodes) - 1, n
}

func (v *Volume) release(e int) {
	n := v.nodes[e]
	n.used = false
	if n.seq++; n.seq == 0 {
		n.seq = 1
	}
	i, _ := slices.BinarySearch(v.free, e)
	v.free = slices.Insert(v.free, i, e)
}

// make adds a file or a folder.
func (v *Volume) make(parent Ref, text string, at time.Time, dir bool) Ref {
	v.node(parent)
	e, n := v.take()
	t := ft(at)
	n.dir, n.si = dir, [4]uint64{t, t, t, t}
	n.attrs = 0x20
	if dir {
		n.attrs = 0x10
	}
	n.names = v.namesOf(parent, text, n.si)
	r := Ref(e) | Ref(n.seq)<<48
	v.change(r, at, reasonCreate)
	v.store(e)
	return r
}

// namesOf gives a name that is no short one a short name beside it.
func (v *Volume) namesOf(parent Ref, text string, times [4]uint64) []name {
	if short := shortName(text); short != "" {
		return []name{{parent, 2, short, times}, {parent, 1, text, times}}
	}
	return []name{{parent, 3, text, times}}
}

// Mkdir makes a folder.
func (v *Volume) Mkdir(parent Ref, name string, at time.Time) Ref {
	r := v.make(parent, name, at, true)
	v.close(r, at)
	return r
}

// Create makes a file and writes its content. Content of up to 600 bytes lies
// in the record; of more, only its size is kept.
func (v *Volume) Create(parent Ref, name string, content []byte, at time.Time) Ref {
	r := v.make(parent, name, at, false)
	v.setData(r, content)
	if len(content) > 0 {
		v.change(r, at, reasonExtend)
	}
	v.close(r, at)
	return r
}

func (v *Volume) setData(r Ref, content []byte) {
	n := v.node(r)
	n.data, n.size = content, uint64(len(content))
	if len(content) > 600 {
		n.data = nil
	} else if n.data == nil {
		n.data = []byte{}
	}
}

// Write replaces the content of a file.
func (v *Volume) Write(r Ref, content []byte, at time.Time) {
	n := v.node(r)
	v.setData(r, content)
	t := ft(at)
	n.si[1], n.si[2] = t, t
	v.change(r, at, reasonTruncate)
	v.change(r, at, reasonExtend)
	v.close(r, at)
}

// Stream adds a named stream: Zone.Identifier is the Mark of the Web.
func (v *Volume) Stream(r Ref, name string, content []byte, at time.Time) {
	n := v.node(r)
	s := stream{name, content, uint64(len(content))}
	if len(content) > 600 {
		s.data = nil
	}
	n.streams = append(n.streams, s)
	n.si[2] = ft(at)
	v.change(r, at, reasonStream)
	v.change(r, at, reasonNamedExtend)
	v.close(r, at)
}

// Rename gives a file or a folder another name, or another folder. Its
// $FILE_NAME takes over the times of $STANDARD_INFORMATION.
func (v *Volume) Rename(r, parent Ref, text string, at time.Time) {
	n := v.node(r)
	v.change(r, at, reasonRenameOld)
	n.session &^= reasonRenameOld
	n.names = v.namesOf(parent, text, n.si)
	n.si[2] = ft(at)
	v.change(r, at, reasonRenameNew)
	v.close(r, at)
}

// Link gives a file one more name.
func (v *Volume) Link(r, parent Ref, text string, at time.Time) {
	n := v.node(r)
	n.names = append(n.names, name{parent, 0, text, n.si})
	n.si[2] = ft(at)
	v.change(r, at, reasonHardLink)
	v.close(r, at)
}

// SetTimes sets the times of $STANDARD_INFORMATION, as any program can. The
// journal records when.
func (v *Volume) SetTimes(r Ref, created, modified, changed, accessed, at time.Time) {
	n := v.node(r)
	for i, t := range [...]time.Time{created, modified, changed, accessed} {
		if !t.IsZero() {
			n.si[i] = ft(t)
		}
	}
	v.change(r, at, reasonBasicInfo)
	v.close(r, at)
}

// Reparse makes a file a reparse point.
func (v *Volume) Reparse(r Ref, tag uint32, at time.Time) {
	n := v.node(r)
	n.tag, n.attrs = tag, n.attrs|0x400
	v.change(r, at, reasonReparse)
	v.close(r, at)
}

// CaseSensitive makes the names in a folder case-sensitive.
func (v *Volume) CaseSensitive(r Ref, at time.Time) {
	v.node(r).flags |= 1
	v.change(r, at, reasonBasicInfo)
	v.close(r, at)
}

// Extended adds an extended attribute, as the Windows Subsystem for Linux keeps the
// owner and the mode of a file in.
func (v *Volume) Extended(r Ref, name string, value []byte, at time.Time) {
	n := v.node(r)
	if len(n.ea) > 0 { // the last entry so far leads to the new one
		le.PutUint32(n.ea[n.lastEA:], uint32(len(n.ea)-n.lastEA))
	}
	n.lastEA = len(n.ea)
	e := make([]byte, (8+len(name)+1+len(value)+3)&^3)
	e[5] = byte(len(name))
	le.PutUint16(e[6:], uint16(len(value)))
	copy(e[8:], name)
	copy(e[8+len(name)+1:], value)
	n.ea = append(n.ea, e...)
	v.change(r, at, reasonEA)
	v.close(r, at)
}

// Delete deletes a file or an empty folder: its record is freed, its content
// stays until the record is used again.
func (v *Volume) Delete(r Ref, at time.Time) {
	n := v.node(r)
	n.session |= reasonDelete
	v.record(r, n, at, n.session|reasonClose)
	n.session = 0
	for _, e := range n.spill {
		v.release(e)
		v.nodes[e].lsn = v.lsn
	}
	v.release(r.entry())
	v.store(r.entry())
}

// Path returns the path of a file or folder that exists.
func (v *Volume) Path(r Ref) string {
	if r == Root {
		return `\`
	}
	n := v.node(r)
	long := n.names[len(n.names)-1]
	for _, x := range n.names {
		if x.space != 2 {
			long = x
			break
		}
	}
	if long.parent == Root {
		return `\` + long.text
	}
	return v.Path(long.parent) + `\` + long.text
}

// Moments returns every journal record with the path of its moment.
func (v *Volume) Moments() []Moment { return v.moments }

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = le.AppendUint16(out, u)
	}
	return out
}

// shortName makes a short name as Windows would, or "" when the name is one.
func shortName(s string) string {
	base, ext := s, ""
	for i := len(s) - 1; i > 0; i-- {
		if s[i] == '.' {
			base, ext = s[:i], s[i+1:]
			break
		}
	}
	if len(base) <= 8 && len(ext) <= 3 {
		return ""
	}
	var b []byte
	for _, c := range []byte(base) {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		if c > ' ' && c < 0x7F && c != '.' && len(b) < 6 {
			b = append(b, c)
		}
	}
	b = append(b, "~1"...)
	if ext != "" {
		b = append(append(b, '.'), ext[:min(3, len(ext))]...)
	}
	return string(b)
}
