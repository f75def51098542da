package evtx

import (
	"encoding/binary"
	"unicode/utf16"
)

var le = binary.LittleEndian

// An Element is an element of a template, or of a record without templates.
type Element struct {
	Name    string
	Attrs   []Attr
	Content []Content
	Needs   int  // the element is left out when value Needs-1 is NULL; 0: it is always there
	Pair    bool // write a start and an end tag even without content
}

// An Attr is an attribute.
type Attr struct {
	Name  string
	Value []Content
}

// Content is a piece of the content of an element or attribute: [Text], [Sub],
// [Entity], [CharRef], [CDATA], [Instruction] or *[Element].
type Content interface {
	write(c *chunk, template bool)
}

// Text is literal text.
type Text string

// A Sub is the place of a value of the template instance.
type Sub struct {
	Index    int
	Type     byte // as the template declares it
	Optional bool
}

// An Entity is a reference to a predefined entity: amp, lt, gt, quot, apos.
type Entity string

// A CharRef is a reference to a character.
type CharRef uint16

// CDATA is a section of text.
type CDATA string

// An Instruction is a processing instruction.
type Instruction struct{ Target, Data string }

// A Template is a definition that instances share. Its identifier is the first
// four bytes of its GUID.
type Template struct {
	GUID [16]byte
	Root *Element
}

// An Instance is a template with its values.
type Instance struct {
	Template *Template
	Values   []Value
}

// A Value is a value of an instance: bytes, or a fragment of instances and
// elements in a row.
type Value struct {
	Type     byte
	Data     []byte
	Fragment []Node
	NoHeader bool // the fragment begins without its header
}

// A Node is what a fragment is made of: *[Instance] or *[Element].
type Node interface {
	node(c *chunk)
}

// [MS-EVEN6] 2.2.12.
func (t Text) write(c *chunk, _ bool) {
	c.byte(0x05, 0x01)
	c.text(string(t))
}

func (s Sub) write(c *chunk, _ bool) {
	token := byte(0x0D)
	if s.Optional {
		token = 0x0E
	}
	c.byte(token)
	c.u16(uint16(s.Index))
	c.byte(s.Type)
}

func (e Entity) write(c *chunk, _ bool) {
	c.byte(0x09)
	c.name(string(e))
}

func (r CharRef) write(c *chunk, _ bool) {
	c.byte(0x08)
	c.u16(uint16(r))
}

func (t CDATA) write(c *chunk, _ bool) {
	c.byte(0x07)
	c.text(string(t))
}

func (p Instruction) write(c *chunk, _ bool) {
	c.byte(0x0A)
	c.name(p.Target)
	c.byte(0x0B)
	c.text(p.Data)
}

func (e *Element) write(c *chunk, template bool) {
	token := byte(0x01)
	if len(e.Attrs) > 0 {
		token |= 0x40
	}
	c.byte(token)
	if template {
		c.u16(uint16(e.Needs - 1)) // 0 becomes FFFF: none
	}
	size := c.size()
	c.name(e.Name)
	if len(e.Attrs) > 0 {
		list := c.size()
		for i, a := range e.Attrs {
			token := byte(0x06)
			if i+1 < len(e.Attrs) {
				token |= 0x40
			}
			c.byte(token)
			c.name(a.Name)
			for _, v := range a.Value {
				v.write(c, template)
			}
		}
		list()
	}
	if len(e.Content) == 0 && !e.Pair {
		c.byte(0x03)
	} else {
		c.byte(0x02)
		for _, v := range e.Content {
			v.write(c, template)
		}
		c.byte(0x04)
	}
	size()
}

func (e *Element) node(c *chunk) { e.write(c, false) }

func (n *Instance) node(c *chunk) {
	c.byte(0x0C, 0x01)
	t := n.Template
	c.u32(le.Uint32(t.GUID[:]))
	if off, ok := c.templates[t]; ok {
		c.u32(off)
	} else {
		c.define(t)
	}
	c.u32(uint32(len(n.Values)))
	table := len(c.b)
	for _, v := range n.Values {
		c.u16(0)
		c.byte(v.Type, 0)
	}
	for i, v := range n.Values {
		start := len(c.b)
		if v.Fragment == nil {
			c.byte(v.Data...)
		} else {
			c.fragment(v.Fragment, !v.NoHeader)
		}
		le.PutUint16(c.b[table+4*i:], uint16(len(c.b)-start))
	}
}

// define writes a definition in the place where it is used first.
func (c *chunk) define(t *Template) {
	off := uint32(len(c.b) + 4)
	c.u32(off)
	c.templates[t] = off
	c.newTemplates = append(c.newTemplates, t)
	bucket := templateTable + 4*(le.Uint32(t.GUID[:])%32)
	c.u32(le.Uint32(c.b[bucket:]))
	c.undo = append(c.undo, place{bucket, le.Uint32(c.b[bucket:])})
	le.PutUint32(c.b[bucket:], off)
	c.byte(t.GUID[:]...)
	size := c.size()
	c.byte(0x0F, 1, 1, 0)
	t.Root.write(c, true)
	c.byte(0)
	size()
}

func (c *chunk) fragment(nodes []Node, header bool) {
	if header {
		c.byte(0x0F, 1, 1, 0)
	}
	for _, n := range nodes {
		n.node(c)
	}
	c.byte(0)
}

// name writes the offset of a name, and the name itself where it is used first.
func (c *chunk) name(s string) {
	if off, ok := c.names[s]; ok {
		c.u32(off)
		return
	}
	off := uint32(len(c.b) + 4)
	c.u32(off)
	c.names[s] = off
	c.newNames = append(c.newNames, s)
	units := utf16.Encode([]rune(s))
	hash := uint32(0)
	for _, u := range units {
		hash = hash*65599 + uint32(u)
	}
	bucket := stringTable + 4*uint32(uint16(hash)%64)
	c.u32(le.Uint32(c.b[bucket:]))
	c.undo = append(c.undo, place{bucket, le.Uint32(c.b[bucket:])})
	le.PutUint32(c.b[bucket:], off)
	c.u16(uint16(hash))
	c.text(s)
	c.u16(0)
}

func (c *chunk) byte(b ...byte) { c.b = append(c.b, b...) }
func (c *chunk) u16(n uint16)   { c.b = le.AppendUint16(c.b, n) }
func (c *chunk) u32(n uint32)   { c.b = le.AppendUint32(c.b, n) }
func (c *chunk) u64(n uint64)   { c.b = le.AppendUint64(c.b, n) }

// text writes the number of characters and the characters.
func (c *chunk) text(s string) {
	units := utf16.Encode([]rune(s))
	c.u16(uint16(len(units)))
	for _, u := range units {
		c.u16(u)
	}
}

// size reserves a size field; the function that it returns fills it.
func (c *chunk) size() func() {
	at := len(c.b)
	c.u32(0)
	return func() { le.PutUint32(c.b[at:], uint32(len(c.b)-at-4)) }
}
