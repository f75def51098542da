package logons

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"hash/maphash"
	"time"
)

// A machine can have millions of log-ons, and what tells them apart is short: the
// time, a few numbers and the id of the record. The rest, which many share, is kept
// once, as a shape.

// pieceLen is how many elements one piece of a pile holds.
const pieceLen = 1 << 10

// A pile is a list in memory that grows without being copied.
type pile[T any] struct {
	pieces [][]T
	n      int
}

func (p *pile[T]) add(v T) {
	k := p.n / pieceLen
	switch {
	case k < len(p.pieces):
	case k == 0:
		p.pieces = append(p.pieces, nil) // grows: most piles are small
	default:
		p.pieces = append(p.pieces, make([]T, 0, pieceLen))
	}
	p.pieces[k] = append(p.pieces[k], v)
	p.n++
}

func (p *pile[T]) at(i int) *T { return &p.pieces[i/pieceLen][i%pieceLen] }

// shapes keeps each of its values once.
type shapes[T comparable] struct {
	list pile[T]
	seed maphash.Seed
	at   map[uint64]uint32 // by hash
}

// index returns the index of a value, which it adds where it is new.
func (t *shapes[T]) index(v T) uint32 {
	if t.at == nil {
		t.at, t.seed = map[uint64]uint32{}, maphash.MakeSeed()
	}
	for h := maphash.Comparable(t.seed, v); ; h++ {
		i, ok := t.at[h]
		if !ok {
			i = uint32(t.list.n)
			t.at[h] = i
			t.list.add(v)
			return i
		}
		if *t.list.at(int(i)) == v {
			return i
		}
	}
}

// A moment is a time without a place.
type moment struct {
	sec  int64
	nsec uint32
}

func momentOf(t time.Time) moment { return moment{t.Unix(), uint32(t.Nanosecond())} }

func (m moment) time() time.Time { return time.Unix(m.sec, int64(m.nsec)).UTC() }

func (m moment) compare(o moment) int {
	return cmp.Or(cmp.Compare(m.sec, o.sec), cmp.Compare(m.nsec, o.nsec))
}

// A stub is what names a record: its time, number and id.
type stub struct {
	sec    int64
	id     uint64 // see recordIDs
	number uint64
	nsec   uint32 // with the bit otherID
	shape  uint32 // of what the record says
}

// otherID marks an id that is an index: nanoseconds do not reach it.
const otherID = 1 << 31

func (s *stub) moment() moment { return moment{s.sec, s.nsec &^ otherID} }

func (s *stub) time() time.Time { return s.moment().time() }

// recordIDs holds the ids of records: in eight bytes where they are sixteen
// hexadecimal digits, as those of this program are.
type recordIDs struct{ others shapes[string] }

func (x *recordIDs) stub(t time.Time, r *Ref, shape uint32) stub {
	at := momentOf(t)
	s := stub{sec: at.sec, number: r.Number, nsec: at.nsec, shape: shape}
	var ok bool
	if s.id, ok = parseID(r.ID); !ok {
		s.id, s.nsec = uint64(x.others.index(r.ID)), s.nsec|otherID
	}
	return s
}

// text returns the id of a record.
func (x *recordIDs) text(id uint64, nsec uint32) string {
	if nsec&otherID != 0 {
		return *x.others.list.at(int(id))
	}
	return digits(id)
}

func digits(n uint64) string {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	return hex.EncodeToString(b[:])
}

// parseID reads what digits writes.
func parseID(s string) (n uint64, ok bool) {
	if len(s) != 16 {
		return 0, false
	}
	for _, c := range []byte(s) {
		switch {
		case '0' <= c && c <= '9':
			n = n<<4 | uint64(c-'0')
		case 'a' <= c && c <= 'f':
			n = n<<4 | uint64(c-'a'+10)
		default:
			return 0, false
		}
	}
	return n, true
}
