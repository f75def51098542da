package hive

import (
	"fmt"
	"math"
	"strings"
)

// Subkey returns the subkey of that name, compared as Windows does, or [ErrNotExist]. A damaged list hides
// subkeys: then the error says so when the name is not found.
func (k Key) Subkey(name string) (Key, error) {
	var buf [256]uint16
	upper := upperUnits(buf[:0], name)
	long := k.long()
	if long && k.h.lists.state(k.u32(nkSubkeyList)).sound {
		return k.search(upper)
	}
	left := math.MaxInt
	if found, ok := k.find(upper, true, &left); ok {
		if long {
			k.looked(true)
		}
		return found, nil
	}
	if long && k.looked(false) {
		return k.search(upper) // its hash may be wrong
	}
	if found, ok := k.find(upper, false, &left); ok {
		return found, nil
	}
	for _, err := range k.Subkeys() {
		if err != nil {
			return Key{}, fmt.Errorf("%w (%w)", ErrNotExist, err)
		}
	}
	return Key{}, ErrNotExist
}

// lookup looks for a name in upper case, in at most so many steps.
func (k Key) lookup(upper []uint16, left *int) (Key, bool) {
	if found, ok := k.find(upper, true, left); ok {
		return found, true
	}
	// Hashes and hints may be wrong in a damaged hive.
	return k.find(upper, false, left)
}

// find looks for a name in upper case; quick skips what a hash or a hint excludes.
func (k Key) find(upper []uint16, quick bool, left *int) (Key, bool) {
	var hash uint32
	hint, hinted := [4]byte{}, true
	for i, u := range upper {
		hash = hash*37 + uint32(u)
		if i < 4 {
			hint[i] = byte(u)
			hinted = hinted && u < 0x80
		}
	}
	var c listCursor
	c.subkeys(k)
	for {
		// All elements of a leaf are compared here by hash or hint, without the steps of next.
		if quick {
			*left -= c.skip(hash, hint, hinted)
		}
		off, err := c.next()
		if *left--; err == errEnd || *left < 0 {
			return Key{}, false
		}
		if err != nil {
			continue
		}
		if s, err := k.child(off); err == nil && s.name().equal(upper) {
			return s, true
		}
	}
}

// skip goes over the elements of the current leaf that a hash or hint excludes, and returns how many.
func (c *listCursor) skip(hash uint32, hint [4]byte, hinted bool) int {
	from := c.leaf.pos
	e := c.h.data[c.leaf.pos:c.leaf.end]
	switch {
	case c.leaf.kind == 'h':
		for len(e) >= leafWide && le.Uint32(e[4:]) != hash {
			e = e[leafWide:]
		}
	case c.leaf.kind == 'f' && hinted:
		for len(e) >= leafWide && !hintFits(e[4:8], hint) {
			e = e[leafWide:]
		}
	}
	c.leaf.pos = c.leaf.end - uint32(len(e))
	return int(c.leaf.pos-from) / leafWide
}

// hintFits reports whether the hint of an lf element, the first four characters in their own case, allows a name
// that begins with these four ASCII letters in upper case. A hint that begins with zero says nothing.
func hintFits(e []byte, hint [4]byte) bool {
	if e[0] == 0 {
		return true
	}
	for i, c := range e[:4] {
		if c != hint[i] && byte(upcase(uint16(c))) != hint[i] {
			return false
		}
	}
	return true
}

// Value returns the value of that name, compared as Windows does, or [ErrNotExist]. The empty name is the
// default value.
func (k Key) Value(name string) (Value, error) {
	var buf [256]uint16
	upper := upperUnits(buf[:0], name)
	var damage error
	for v, err := range k.Values() {
		if err != nil {
			damage = err
			continue
		}
		if v.name().equal(upper) {
			return v, nil
		}
	}
	if damage != nil {
		return Value{}, fmt.Errorf("%w (%w)", ErrNotExist, damage)
	}
	return Value{}, ErrNotExist
}

// Key returns the key at a path below the root. Backslashes part the names; one in front or at the end does not
// matter, and the empty path is the root. `CurrentControlSet` as first name stands for the control set that
// Select names, as on a running system, unless there is a key of that name.
func (h *Hive) Key(path string) (Key, error) {
	k, err := h.Root()
	if err != nil {
		return Key{}, err
	}
	path = strings.TrimSuffix(strings.TrimPrefix(path, `\`), `\`)
	if path == "" {
		return k, nil
	}
	first := true
	for part := range strings.SplitSeq(path, `\`) {
		next, err := k.Subkey(part)
		if err != nil && first && strings.EqualFold(part, currentControlSet) {
			if set, _ := h.ControlSet(); set != "" {
				next, err = k.Subkey(set)
			}
		}
		if err != nil {
			return Key{}, err
		}
		k, first = next, false
	}
	return k, nil
}

const currentControlSet = "CurrentControlSet"

// ControlSet returns the name of the control set that the hive SYSTEM was last started with, from the value
// Current of its key Select. Where that cannot be read it is the control set with the lowest number, beside an
// error that says so; without any control set the error is [ErrNotExist].
func (h *Hive) ControlSet() (string, error) {
	root, err := h.Root()
	if err != nil {
		return "", err
	}
	sel, err := root.Subkey("Select")
	if err == nil {
		var v Value
		if v, err = sel.Value("Current"); err == nil {
			var n uint64
			if n, err = v.Uint(); err == nil {
				name := fmt.Sprintf("ControlSet%03d", n)
				if _, err = root.Subkey(name); err == nil {
					return name, nil
				}
			}
		}
	}
	for n := range 1000 {
		name := fmt.Sprintf("ControlSet%03d", n)
		if k, e := root.Subkey(name); e == nil {
			name = k.Name()
			return name, warn(int(root.Offset()), "key node", "Select does not lead to a control set (%v); %s is taken", err, name)
		}
	}
	return "", ErrNotExist
}

// LinkTarget returns where a symbolic link leads: an absolute native path such as `\REGISTRY\MACHINE\SYSTEM\…`.
// It is [ErrNotExist] for a key that is no link. Links are not followed by any function of this package.
func (k Key) LinkTarget() (string, error) {
	if k.Flags()&KeyLink == 0 {
		return "", ErrNotExist
	}
	v, err := k.Value("SymbolicLinkValue")
	if err != nil {
		return "", err
	}
	b, err := v.Bytes()
	return utf16String(b[:textEnd(b)]), err
}
