package lists

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
)

var (
	hashSizes = [3]int{16, 20, 32}
	hashKinds = [3]Kind{MD5, SHA1, SHA256}
)

// A table is a sorted list of hashes of one size.
type table struct {
	size   int
	sums   []byte
	labels []uint32 // nil while no entry has one
}

func (t *table) len() int        { return len(t.sums) / t.size }
func (t *table) at(i int) []byte { return t.sums[i*t.size : (i+1)*t.size] }
func (t *table) Len() int        { return t.len() }

// Less orders by hash, and equal ones by label: the first in the order of the list is kept.
func (t *table) Less(i, j int) bool {
	c := bytes.Compare(t.at(i), t.at(j))
	return c < 0 || c == 0 && t.labels != nil && t.labels[i] < t.labels[j]
}

func (t *table) Swap(i, j int) {
	var x [32]byte
	n := copy(x[:], t.at(i))
	copy(t.at(i), t.at(j))
	copy(t.at(j), x[:n])
	if t.labels != nil {
		t.labels[i], t.labels[j] = t.labels[j], t.labels[i]
	}
}

// add appends a hash with the number of its label.
func (t *table) add(sum []byte, label uint32) {
	if label != 0 && t.labels == nil {
		t.labels = make([]uint32, t.len(), t.len()+1)
	}
	t.sums = append(t.sums, sum...)
	if t.labels != nil {
		t.labels = append(t.labels, label)
	}
}

// sort orders the table and drops repeated hashes; the first label in the order of
// the list stays.
func (t *table) sort() {
	if !sort.IsSorted(t) {
		t.order()
	}
	n := t.len()
	w := 0
	for i := range n {
		if w > 0 && bytes.Equal(t.at(i), t.at(w-1)) {
			continue
		}
		copy(t.at(w), t.at(i))
		if t.labels != nil {
			t.labels[w] = t.labels[i]
		}
		w++
	}
	t.sums = t.sums[:w*t.size]
	if t.labels != nil {
		t.labels = t.labels[:w]
	}
}

// order sorts in place: first into buckets by the first two bytes, which are evenly
// spread, then each bucket.
func (t *table) order() {
	var ends, next [1<<16 + 1]int
	bucket := func(i int) int { return int(t.sums[i*t.size])<<8 | int(t.sums[i*t.size+1]) }
	for i := range t.len() {
		ends[bucket(i)+1]++
	}
	for b := 1; b < len(ends); b++ {
		ends[b] += ends[b-1]
	}
	next = ends
	for b := range 1 << 16 {
		for next[b] < ends[b+1] {
			to := bucket(next[b])
			if to == b {
				next[b]++
				continue
			}
			t.Swap(next[b], next[to])
			next[to]++
		}
		if from, to := ends[b], ends[b+1]; to-from > 1 {
			part := table{size: t.size, sums: t.sums[from*t.size : to*t.size]}
			if t.labels != nil {
				part.labels = t.labels[from:to]
			}
			sort.Sort(&part)
		}
	}
}

// find returns the number of the label of a hash.
func (t *table) find(sum []byte) (label uint32, ok bool) {
	n := t.len()
	i := sort.Search(n, func(i int) bool { return bytes.Compare(t.at(i), sum) >= 0 })
	if i == n || !bytes.Equal(t.at(i), sum) {
		return 0, false
	}
	if t.labels != nil {
		label = t.labels[i]
	}
	return label, true
}

// hashKind returns the kind of hash with a number of hexadecimal digits.
func hashKind(digits int) (i int, ok bool) {
	for i, n := range hashSizes {
		if digits == 2*n {
			return i, true
		}
	}
	return 0, false
}

// emptySums are the hashes of the empty file. Every machine has such files: an entry
// with one of them would match what has no content.
var emptySums = map[string]bool{
	"d41d8cd98f00b204e9800998ecf8427e":                                 true,
	"da39a3ee5e6b4b0d3255bfef95601890afd80709":                         true,
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": true,
}

// hash adds a hash in hexadecimal digits.
func (l *List) hash(text string, x *Label) error {
	i, ok := hashKind(len(text))
	if !ok {
		return fmt.Errorf("%d digits; MD5 has 32, SHA-1 40, SHA-256 64", len(text))
	}
	var b [32]byte
	n, err := hex.Decode(b[:], []byte(text))
	if err != nil {
		return fmt.Errorf("%.70q is not hexadecimal", text)
	}
	sum := b[:n]
	if emptySums[strings.ToLower(text)] {
		return fmt.Errorf("the hash of an empty file is not compared")
	}
	if l.hashes[i].len() >= MaxHashes {
		return fmt.Errorf("more than %d hashes of this kind", MaxHashes)
	}
	l.hashes[i].add(sum, l.label(x))
	return nil
}
