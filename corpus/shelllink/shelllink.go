// Package shelllink writes Windows shortcuts, by [MS-SHLLINK].
package shelllink

import (
	"encoding/binary"
	"time"
	"unicode/utf16"
)

var le = binary.LittleEndian

// A Link is a shortcut to a file.
type Link struct {
	Target                     string // C:\…; empty leaves the LinkInfo out
	Serial                     uint32
	Label                      string
	Wide                       bool // the LinkInfo has its wide strings too
	Name, Relative, WorkingDir string
	Arguments, Icon            string
	Environment                string // target with variables
	Machine                    string // of the tracker; empty leaves it out
	Droids                     [4][16]byte
	Created, Accessed, Written time.Time
	Size                       uint32
	Show                       uint32
	IDList                     []byte // with its end mark
	Narrow                     bool   // strings of 8 bits
}

// Build returns the file.
func (l Link) Build() []byte {
	var flags uint32
	strings := []string{l.Name, l.Relative, l.WorkingDir, l.Arguments, l.Icon}
	for i, s := range strings {
		if s != "" {
			flags |= 4 << i
		}
	}
	if l.IDList != nil {
		flags |= 1
	}
	if l.Target != "" {
		flags |= 2
	}
	if !l.Narrow {
		flags |= 0x80
	}
	if l.Environment != "" {
		flags |= 0x200
	}
	b := le.AppendUint32(nil, 0x4C)
	b = append(b, 0x01, 0x14, 0x02, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46)
	b = le.AppendUint32(le.AppendUint32(b, flags), 0x20)
	for _, t := range []time.Time{l.Created, l.Accessed, l.Written} {
		b = le.AppendUint64(b, filetime(t))
	}
	b = le.AppendUint32(le.AppendUint32(b, l.Size), 0)
	b = le.AppendUint32(b, max(l.Show, 1))
	b = append(b, make([]byte, 12)...)
	if l.IDList != nil {
		b = append(le.AppendUint16(b, uint16(len(l.IDList))), l.IDList...)
	}
	if l.Target != "" {
		b = append(b, l.info()...)
	}
	for _, s := range strings {
		if s == "" {
			continue
		}
		if l.Narrow {
			b = append(le.AppendUint16(b, uint16(len(s))), s...)
			continue
		}
		w := wide(s)
		b = append(le.AppendUint16(b, uint16(len(w)/2)), w...)
	}
	if l.Environment != "" {
		b = le.AppendUint32(le.AppendUint32(b, 0x314), 0xA0000001)
		b = append(b, fill([]byte(l.Environment), 260)...)
		b = append(b, fill(wide(l.Environment), 520)...)
	}
	if l.Machine != "" {
		b = le.AppendUint32(le.AppendUint32(b, 0x60), 0xA0000003)
		b = le.AppendUint32(le.AppendUint32(b, 0x58), 0)
		b = append(b, fill([]byte(l.Machine), 16)...)
		for _, d := range l.Droids {
			b = append(b, d[:]...)
		}
	}
	return le.AppendUint32(b, 0)
}

// info is the LinkInfo with volume and local path.
func (l Link) info() []byte {
	head := 0x1C
	if l.Wide {
		head = 0x24
	}
	vol := le.AppendUint32(nil, uint32(0x10+len(l.Label)+1))
	vol = le.AppendUint32(vol, 3)
	vol = le.AppendUint32(vol, l.Serial)
	vol = le.AppendUint32(vol, 0x10)
	vol = append(append(vol, l.Label...), 0)
	base := head + len(vol)
	suffix := base + len(l.Target) + 1
	end := suffix + 1
	b := le.AppendUint32(nil, 0)
	for _, v := range []int{head, 1, head, base, 0, suffix} {
		b = le.AppendUint32(b, uint32(v))
	}
	if l.Wide {
		b = le.AppendUint32(b, uint32(end))
		b = le.AppendUint32(b, uint32(end+len(wide(l.Target))+2))
	}
	b = append(b, vol...)
	b = append(append(b, l.Target...), 0, 0)
	if l.Wide {
		b = append(append(b, wide(l.Target)...), 0, 0, 0, 0)
	}
	le.PutUint32(b, uint32(len(b)))
	return b
}

func fill(b []byte, n int) []byte { return append(b, make([]byte, n-len(b))...) }

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = le.AppendUint16(b, u)
	}
	return b
}

func filetime(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.Unix())*1e7 + uint64(t.Nanosecond()/100) + 116444736000000000
}
