package sigma

import "slices"

// An automaton finds many texts in one pass (A. V. Aho, M. J. Corasick,
// "Efficient String Matching", 1975). States are numbered breadth first, and
// the edges of a state lie side by side.
type automaton struct {
	root  [256]uint32
	first []uint32 // by state: index of its first edge; one more at the end
	label []byte   // of each edge, ascending within a state
	to    []uint32
	fail  []uint32
	out   []uint32 // by state: 1 + index in ids of its outputs, 0 without
	next  []uint32 // by state: nearest state on the way of failures with outputs, 0 without
	ids   [][]int32
}

type trieNode struct {
	kids  map[byte]*trieNode
	ids   []int32
	state uint32
}

// newAutomaton builds the automaton of texts, each with the ids of its tests.
func newAutomaton(texts map[string][]int32) *automaton {
	root := &trieNode{}
	for _, s := range sortedKeys(texts) {
		n := root
		for i := range len(s) {
			if n.kids == nil {
				n.kids = map[byte]*trieNode{}
			}
			k := n.kids[s[i]]
			if k == nil {
				k = &trieNode{}
				n.kids[s[i]] = k
			}
			n = k
		}
		n.ids = append(n.ids, texts[s]...)
	}
	a := &automaton{}
	queue := []*trieNode{root}
	for i := 0; i < len(queue); i++ {
		n := queue[i]
		n.state = uint32(i)
		a.first = append(a.first, uint32(len(a.label)))
		for _, c := range sortedBytes(n.kids) {
			a.label = append(a.label, c)
			a.to = append(a.to, uint32(len(queue)))
			queue = append(queue, n.kids[c])
		}
		o := uint32(0)
		if len(n.ids) > 0 {
			a.ids = append(a.ids, n.ids)
			o = uint32(len(a.ids))
		}
		a.out = append(a.out, o)
	}
	a.first = append(a.first, uint32(len(a.label)))
	for e := a.first[0]; e < a.first[1]; e++ {
		a.root[a.label[e]] = a.to[e]
	}
	a.links(len(queue))
	return a
}

// links fills in the failures, breadth first.
func (a *automaton) links(states int) {
	a.fail, a.next = make([]uint32, states), make([]uint32, states)
	for s := range uint32(states) {
		for e := a.first[s]; e < a.first[s+1]; e++ {
			k := a.to[e]
			if s != 0 {
				a.fail[k] = a.step(a.fail[s], a.label[e])
			}
			f := a.fail[k]
			if a.out[f] != 0 {
				a.next[k] = f
			} else {
				a.next[k] = a.next[f]
			}
		}
	}
}

// step returns the state after one more byte.
func (a *automaton) step(s uint32, c byte) uint32 {
	for s != 0 {
		for e, end := a.first[s], a.first[s+1]; e < end; e++ {
			if a.label[e] == c {
				return a.to[e]
			}
		}
		s = a.fail[s]
	}
	return a.root[c]
}

// find calls found with the tests of each text that ends at an offset of b.
func (a *automaton) find(b []byte, found func(end int, ids []int32)) {
	s := uint32(0)
	for i, c := range b {
		s = a.step(s, c)
		for t := s; t != 0; t = a.next[t] {
			if o := a.out[t]; o != 0 {
				found(i+1, a.ids[o-1])
			}
		}
	}
}

func sortedKeys(m map[string][]int32) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func sortedBytes(m map[byte]*trieNode) []byte {
	out := make([]byte, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
