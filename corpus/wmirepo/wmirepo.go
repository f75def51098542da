// Package wmirepo writes small repositories of Windows Management
// Instrumentation as evidence for tests: OBJECTS.DATA with class definitions
// and instances, the map of its pages, and INDEX.BTR.
//
// The encoding of classes and instances follows [MS-WMIO]; the files around
// them were measured on Windows Server 2022.
package wmirepo

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

var le = binary.LittleEndian

const pageSize = 8192

// Types of properties ([MS-WMIO] 2.2.82).
const (
	Sint32    = 3
	String    = 8
	Boolean   = 11
	Uint8     = 17
	Uint16    = 18
	Uint32    = 19
	Uint64    = 21
	Datetime  = 101
	Reference = 102
	Array     = 0x2000
)

// A Property of a class. Default is the value of instances that do not set it.
type Property struct {
	Name    string
	Type    int
	Default any
}

// A Class is a class definition. Inherited counts how many properties its
// superclasses have; their slots come first.
type Class struct {
	Name       string
	Super      string
	Properties []Property
	Stored     time.Time
}

// An Instance is an instance of a class. Values has a value for each property,
// inherited ones first: nil for NULL, [Default], string, bool, int, int64, []byte,
// []string.
type Instance struct {
	Class     string
	Namespace string
	Stored    time.Time
	Values    []any
	Wide      bool // texts in UTF-16

	OldPage bool // on a page that the active map does not name
	Free    bool // only its bytes are left in the page
	Hidden  bool // not in the index
}

// Default is the value of a property that the class gives.
type Default struct{}

// A Repository is what to write.
type Repository struct {
	XP        bool // MD5 and the short map
	Classes   []Class
	Instances []Instance
	Filler    int // bytes of an unrelated record before the instances
}

// Files are the files of a repository.
type Files struct{ Objects, Map, Index []byte }

type record struct {
	id   uint32
	data []byte
	key  string // of the index, without the place
	old  bool
	free bool
}

// Files writes the repository.
func (r *Repository) Files() Files {
	byName := map[string]*Class{}
	var records []record
	for i := range r.Classes {
		c := &r.Classes[i]
		byName[c.Name] = c
		records = append(records, record{data: r.class(c, byName)})
	}
	if r.Filler > 0 {
		records = append(records, record{data: make([]byte, r.Filler)})
	}
	for _, i := range r.Instances {
		key := fmt.Sprintf("NS_%s|KI_%s|I_%s", r.hash(i.Namespace), r.hash(i.Class), r.hash(fmt.Sprint(i.Values...)))
		if i.Hidden {
			key = ""
		}
		records = append(records, record{data: r.instance(&i, byName), key: key, old: i.OldPage, free: i.Free})
	}
	return r.pages(records)
}

func (r *Repository) hash(name string) string {
	var u []byte
	for _, c := range strings.ToUpper(name) {
		u = le.AppendUint16(u, uint16(c))
	}
	if r.XP {
		return fmt.Sprintf("%X", md5.Sum(u))
	}
	return fmt.Sprintf("%X", sha256.Sum256(u))
}

func fileTime(t time.Time) uint64 {
	return uint64(t.Sub(time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC))/100) + 116444736000000000
}

func wide(s string) (b []byte) {
	for _, c := range s {
		b = le.AppendUint16(b, uint16(c))
	}
	return b
}

// slot is the size of a value in the value table.
func slot(typ int) int {
	switch typ {
	case Boolean, Uint16:
		return 2
	case Uint8:
		return 1
	case Uint64:
		return 8
	}
	return 4
}

// inherited returns the properties of a class, those of its superclasses first.
func inherited(c *Class, byName map[string]*Class) []Property {
	if c == nil {
		return nil
	}
	return append(inherited(byName[c.Super], byName), c.Properties...)
}

// A heap collects texts and arrays.
type heap struct {
	b    []byte
	wide bool
}

func (h *heap) text(s string) uint32 {
	at := uint32(len(h.b))
	if h.wide {
		h.b = append(append(h.b, 1), wide(s+"\x00")...)
		return at
	}
	h.b = append(append(append(h.b, 0), s...), 0)
	return at
}

// put writes a value into its slot, and into the heap.
func (h *heap) put(b []byte, typ int, v any) {
	switch v := v.(type) {
	case string:
		le.PutUint32(b, h.text(v))
	case bool:
		if v {
			le.PutUint16(b, 0xFFFF)
		}
	case int:
		copy(b[:slot(typ)], le.AppendUint64(nil, uint64(v)))
	case int64:
		copy(b[:slot(typ)], le.AppendUint64(nil, uint64(v)))
	case []byte:
		le.PutUint32(b, uint32(len(h.b)))
		h.b = append(le.AppendUint32(h.b, uint32(len(v))), v...)
	case []string:
		refs := le.AppendUint32(nil, uint32(len(v)))
		for _, s := range v {
			refs = le.AppendUint32(refs, h.text(s))
		}
		le.PutUint32(b, uint32(len(h.b)))
		h.b = append(h.b, refs...)
	default:
		panic(fmt.Sprintf("wmirepo: value %T", v))
	}
}

// table writes the bits and the value table of properties.
func (h *heap) table(props []Property, values []any) []byte {
	bits := make([]byte, (2*len(props)+7)/8)
	var table []byte
	for i, p := range props {
		size := slot(p.Type)
		if p.Type&Array != 0 {
			size = 4
		}
		cell := make([]byte, size)
		var v any
		if i < len(values) {
			v = values[i]
		}
		flag := byte(0)
		switch v.(type) {
		case nil:
			flag = 1
		case Default:
			flag = 2
		default:
			h.put(cell, p.Type, v)
		}
		bits[i/4] |= flag << (2 * (i % 4))
		table = append(table, cell...)
	}
	return append(bits, table...)
}

// class writes a class definition: u32 characters of the superclass, its name,
// FILETIME, class part.
func (r *Repository) class(c *Class, byName map[string]*Class) []byte {
	all := inherited(c, byName)
	first := len(all) - len(c.Properties)
	h := &heap{}
	name := h.text(c.Name)
	defaults := make([]any, len(all))
	for i, p := range all {
		defaults[i] = p.Default
		if i < first {
			defaults[i] = Default{} // the superclass's
		}
	}
	var lookup []byte
	offset := 0
	for i, p := range all {
		if i >= first {
			lookup = le.AppendUint32(lookup, h.text(p.Name))
			lookup = le.AppendUint32(lookup, uint32(len(h.b)))
			h.b = le.AppendUint32(h.b, uint32(p.Type))
			h.b = le.AppendUint16(h.b, uint16(i))
			h.b = le.AppendUint32(h.b, uint32(offset))
			h.b = le.AppendUint32(h.b, 1) // level
			h.b = le.AppendUint32(h.b, 4) // no qualifiers
		}
		if p.Type&Array != 0 {
			offset += 4
		} else {
			offset += slot(p.Type)
		}
	}
	tables := h.table(all, defaults)
	part := []byte{0, 0, 0, 0, 0}
	part = le.AppendUint32(part, name)
	part = le.AppendUint32(part, uint32(len(tables)))
	part = le.AppendUint32(part, 4) // derivation: not written
	part = le.AppendUint32(part, 4) // no qualifiers
	part = le.AppendUint32(part, uint32(len(c.Properties)))
	part = append(append(part, lookup...), tables...)
	part = append(le.AppendUint32(part, uint32(len(h.b))|0x80000000), h.b...)
	le.PutUint32(part, uint32(len(part)))
	out := le.AppendUint32(nil, uint32(len(c.Super)))
	out = append(out, wide(c.Super)...)
	out = le.AppendUint64(out, fileTime(c.Stored))
	return append(out, part...)
}

// instance writes an instance: hash of the class, two FILETIMEs, the block.
func (r *Repository) instance(i *Instance, byName map[string]*Class) []byte {
	c := byName[i.Class]
	h := &heap{}
	name := h.text(i.Class)
	h.wide = i.Wide
	tables := h.table(inherited(c, byName), i.Values)
	block := []byte{0, 0, 0, 0, 0}
	block = append(le.AppendUint32(block, name), tables...)
	block = append(le.AppendUint32(block, 4), 1) // no qualifiers
	block = append(le.AppendUint32(block, uint32(len(h.b))|0x80000000), h.b...)
	le.PutUint32(block, uint32(len(block)))
	out := wide(r.hash(i.Class))
	out = le.AppendUint64(out, fileTime(i.Stored))
	out = le.AppendUint64(out, fileTime(c.Stored))
	return append(out, block...)
}
