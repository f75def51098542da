package regf

import "strings"

// Where things lie, for tests that expect an offset and for those that break one. All offsets are relative to the
// first bin; add 4096 for the position in the file. Each function panics when there is no such thing: a
// mistake in the test.

// A Remain is a key or value that was deleted. Its bytes stay until the place is used again.
type Remain struct {
	Path   string // of the key
	Value  string
	IsKey  bool
	Offset uint32 // of the record's cell, which may now be part of a larger one
	Data   uint32 // of the cell that held a value's data; NIL for inline data
}

// Remains returns what was deleted, in the order of deletion.
func (l *Live) Remains() []Remain { return l.remains }

// Key returns the offset of a key node; the empty path is the root.
func (l *Live) Key(path string) uint32 { return l.node(path).off }

// List returns the offset of the list of subkeys, the ri where there are leaves.
func (l *Live) List(path string) uint32 { return l.must(top(l.node(path).lists), path, "subkey list") }

// Leaves returns the offsets of the lists below an ri.
func (l *Live) Leaves(path string) []uint32 {
	lists := l.node(path).lists
	return lists[:max(len(lists)-1, 0)]
}

// ValueList returns the offset of the list of values.
func (l *Live) ValueList(path string) uint32 { return l.must(l.node(path).vlist, path, "value list") }

// ClassName returns the offset of a key's class name.
func (l *Live) ClassName(path string) uint32 { return l.must(l.node(path).class, path, "class name") }

// Security returns the offset of a key's security record.
func (l *Live) Security(path string) uint32 {
	if s := l.node(path).sec; s != nil {
		return s.off
	}
	panic("regf: no security record: " + path)
}

// Value returns the offset of a value record.
func (l *Live) Value(path, name string) uint32 { return l.item(path, name).off }

// Data returns the offset of a value's data: its cell, or its db record.
func (l *Live) Data(path, name string) uint32 {
	return l.must(top(l.item(path, name).cells), path, "data cell of "+name)
}

// Segments returns the offsets of the segments of big data, and after them that of their list.
func (l *Live) Segments(path, name string) []uint32 {
	cells := l.item(path, name).cells
	return cells[:max(len(cells)-1, 0)]
}

func (l *Live) must(off uint32, path, what string) uint32 {
	if off == NIL {
		panic("regf: no " + what + ": " + path)
	}
	return off
}

func (l *Live) node(path string) *node {
	n := l.root
	for part := range strings.SplitSeq(path, `\`) {
		if part == "" {
			continue
		}
		n = n.sub(units(part))
		if n == nil {
			panic("regf: no key " + path)
		}
	}
	return n
}

func (n *node) sub(name []uint16) *node {
	for _, s := range n.subs {
		if compareUnits(s.name, name) == 0 {
			return s
		}
	}
	return nil
}

func (l *Live) item(path, name string) *item {
	want := units(name)
	for _, v := range l.node(path).vals {
		if compareUnits(v.name, want) == 0 {
			return v
		}
	}
	panic("regf: no value " + name + " in " + path)
}

// path returns where a key is, without the root's name.
func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	return n.parent.path() + `\` + n.spec.Name
}
