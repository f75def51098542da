package regf

import (
	"bytes"
	"slices"
	"time"
)

// A Live is a hive in memory as Windows keeps it: cells that are taken, freed, joined and taken again. It goes
// from one state to the next as [Live.Become] says, changing only what differs, so that its images show what a
// real hive shows: slack, remains of deleted keys, changed pages among unchanged ones.
type Live struct {
	hive Hive // the state it is in
	st   store
	root *node
	secs []*sec // the ring, in its order
	sec  map[string]*sec

	common []byte // descriptor of keys that name none

	remains []Remain
}

// A node is a key that is written.
type node struct {
	spec   *Key
	parent *node
	name   []uint16
	off    uint32
	class  uint32
	sec    *sec
	vals   []*item
	vlist  uint32
	subs   []*node  // in the order of the list
	lists  []uint32 // cells of the subkey list; the last one is the top
	end    time.Time
	gone   map[string]bool // deleted items that are not to be written again
	max    [4]int          // longest subkey name, class, value name, value data: never shrink
}

// An item is a value that is written.
type item struct {
	spec  Value
	name  []uint16
	off   uint32
	cells []uint32 // data: one cell, or segments, their list, and the db record
}

type sec struct {
	off  uint32
	desc []byte
	refs int
}

// Live writes the hive and keeps it open for changes.
func (h *Hive) Live() *Live {
	l := &Live{hive: *h, sec: map[string]*sec{}, common: DefaultSecurity()}
	l.st = store{binSize: max(h.BinSize, page), head: 4, align: 8}
	if l.version() == 1 {
		l.st.head, l.st.align = 8, 16
	}
	l.root = l.create(h.Root, nil)
	l.prune(l.root)
	return l
}

// Become turns the hive into the next state. Keys and values are matched by name; what h does not name any more
// is deleted at the time of its parent key in h.
func (l *Live) Become(h *Hive) {
	l.hive = *h
	l.change(l.root, h.Root)
	l.prune(l.root)
}

// Image returns the primary file as it is now.
func (l *Live) Image() []byte {
	if l.version() == 1 {
		l.st.chain()
	}
	bins := len(l.st.bins)
	b := make([]byte, page+bins, page+bins+len(l.hive.Tail))
	copy(b[page:], l.st.bins)
	le.PutUint64(b[page+20:], FILETIME(l.hive.Written))
	copy(b, l.baseBlock())
	return append(b, l.hive.Tail...)
}

// encode returns the stored form of a name: Latin-1 when it fits and UTF-16 is not asked for. Version 1 knows only
// UTF-16.
func (l *Live) encode(u []uint16, wide bool) (b []byte, latin bool) {
	return encodeName(u, wide || l.version() == 1)
}

func (l *Live) version() uint32 {
	if l.hive.Version == 0 {
		return 5
	}
	return l.hive.Version
}

// create writes a key and all below it, also what is deleted afterwards.
func (l *Live) create(k *Key, parent *node) *node {
	n := &node{spec: k, parent: parent, name: k.units(), class: NIL, vlist: NIL}
	stored, _ := l.encode(n.name, k.Wide)
	n.off = l.st.alloc(nkName + len(stored) + len(k.Slack))
	copy(l.st.data(n.off)[nkName+len(stored):], k.Slack)
	l.secure(n, k.Security)
	l.classify(n, k.Class)
	for _, v := range k.Values {
		n.vals = append(n.vals, l.createValue(v))
	}
	l.listValues(n)
	for _, s := range k.Subkeys {
		n.subs = append(n.subs, l.create(s, n))
	}
	l.listSubkeys(n)
	l.write(n)
	return n
}

// prune deletes what is marked so, last ones first.
func (l *Live) prune(n *node) {
	changed := false
	for i, v := range slices.Backward(n.vals) {
		if at := v.spec.Deleted; !at.IsZero() {
			n.forget(v.spec.Name, at)
			n.touch(at)
			l.freeValue(n, v)
			n.vals = slices.Delete(n.vals, i, i+1)
			l.listValues(n)
			changed = true
		}
	}
	for i, s := range slices.Backward(n.subs) {
		if at := s.spec.Deleted; !at.IsZero() {
			n.forget(`\`+s.spec.Name, at)
			n.touch(at)
			l.remove(s, at)
			n.subs = slices.Delete(n.subs, i, i+1)
			l.listSubkeys(n)
			changed = true
		} else {
			l.prune(s)
		}
	}
	if changed {
		l.write(n)
	}
}

// touch moves the last write of a key forward.
func (n *node) touch(at time.Time) {
	if at.After(n.end) {
		n.end = at
	}
}

func (n *node) forget(name string, at time.Time) {
	if n.gone == nil {
		n.gone = map[string]bool{}
	}
	n.gone[name+"\x00"+at.String()] = true
}

func (n *node) forgotten(name string, at time.Time) bool {
	return !at.IsZero() && n.gone[name+"\x00"+at.String()]
}

// remove frees a key. Its subkeys go first, each one's leaving is the key's own last write; the record keeps
// its count and list of values.
func (l *Live) remove(n *node, at time.Time) {
	for len(n.subs) > 0 {
		s := n.subs[len(n.subs)-1]
		n.touch(at)
		l.remove(s, at)
		n.subs = n.subs[:len(n.subs)-1]
		l.listSubkeys(n)
		if len(n.subs) == 0 {
			l.write(n)
		}
	}
	l.remains = append(l.remains, Remain{Path: n.path(), IsKey: true, Offset: n.off, Data: NIL})
	for _, v := range n.vals {
		l.freeValue(n, v)
	}
	l.st.free(n.vlist)
	l.st.free(n.class)
	l.unsecure(n)
	l.st.free(n.off)
}

// change rewrites a key, in place where it can.
func (l *Live) change(n *node, k *Key) {
	old := n.spec
	n.spec = k
	if !bytes.Equal(old.Security, k.Security) || (old.Security == nil) != (k.Security == nil) {
		l.unsecure(n)
		l.secure(n, k.Security)
	}
	if old.Class != k.Class {
		l.classify(n, k.Class)
	}
	l.changeValues(n, k)
	l.changeSubkeys(n, k)
	l.write(n)
}

func (l *Live) changeValues(n *node, k *Key) {
	byName := map[string][]*item{}
	for _, v := range n.vals {
		byName[v.key()] = append(byName[v.key()], v)
	}
	changed, have := false, map[*item]bool{}
	for _, v := range k.Values {
		if n.forgotten(v.Name, v.Deleted) {
			continue
		}
		if twins := byName[nameKey(v.units())]; len(twins) > 0 {
			byName[twins[0].key()] = twins[1:]
			have[twins[0]] = true
			l.changeValue(twins[0], v)
			continue
		}
		it := l.createValue(v)
		n.vals = append(n.vals, it)
		have[it] = true
		changed = true
	}
	n.vals = slices.DeleteFunc(n.vals, func(v *item) bool {
		if !have[v] {
			l.freeValue(n, v)
			changed = true
		}
		return !have[v]
	})
	if changed {
		l.listValues(n)
	}
}

// nameKey is the same for names that Windows takes for the same.
func nameKey(u []uint16) string { return string(unitBytes(upcase(u))) }

func (it *item) key() string { return nameKey(it.name) }

func (l *Live) changeSubkeys(n *node, k *Key) {
	byName := map[string][]*node{}
	for _, s := range n.subs {
		key := nameKey(s.name)
		byName[key] = append(byName[key], s)
	}
	changed, have := false, map[*node]bool{}
	for _, s := range k.Subkeys {
		if n.forgotten(`\`+s.Name, s.Deleted) {
			continue
		}
		key := nameKey(s.units())
		if twins := byName[key]; len(twins) > 0 {
			byName[key] = twins[1:]
			have[twins[0]] = true
			l.change(twins[0], s)
			continue
		}
		c := l.create(s, n)
		n.subs = append(n.subs, c)
		have[c] = true
		changed = true
	}
	n.subs = slices.DeleteFunc(n.subs, func(s *node) bool {
		if !have[s] {
			l.remove(s, k.Written)
			changed = true
		}
		return !have[s]
	})
	if changed {
		l.listSubkeys(n)
	}
}
