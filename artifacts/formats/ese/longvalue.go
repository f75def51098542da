package ese

import (
	"bytes"
	"fmt"
	"sync/atomic"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// A budget bounds what one pass over the rows may expand: a small file may name
// one long value in each of its rows.
type budget struct{ left atomic.Int64 }

func (db *DB) newBudget() *budget {
	b := &budget{}
	b.left.Store(64*db.size + 256<<20)
	return b
}

func (b *budget) take(n int) bool { return b == nil || b.left.Add(-int64(n)) >= 0 }

// longValue reads the long value of an id, which a record stores little-endian
// in 4 bytes, or in 8 (Windows 10 and later). The key in the tree is the id
// big-endian; its entry has u32 references and u32 size. The chunks follow
// under the id and a big-endian u32 offset.
func (r *Row) longValue(stored []byte) ([]byte, error) {
	t, db := r.table, r.table.db
	if t.long.root == 0 {
		return nil, db.note(bad(r.Offset, "long value", "table "+t.Name+" has no long values"))
	}
	if len(stored) != 4 && len(stored) != 8 {
		return nil, db.note(bad(r.Offset, "long value", fmt.Sprintf("id has %d bytes", len(stored))))
	}
	var buf [24]byte
	id := make([]byte, 0, 8)
	for i := len(stored) - 1; i >= 0; i-- {
		id = append(id, stored[i])
	}
	c, err := db.seek(t.long, id)
	if err != nil {
		return nil, err
	}
	var e entry
	key, ok, err := c.next(&e, buf[:0])
	if err != nil {
		return nil, err
	}
	if !ok || !bytes.Equal(key, id) || len(e.data) < 8 {
		return nil, db.note(bad(r.Offset, "long value", fmt.Sprintf("id %X is not in the tree", id)))
	}
	size := int64(le.Uint32(e.data[4:]))
	if size > maxLongValue || size > 64*db.size {
		return nil, db.note(bad(e.off, "long value", fmt.Sprintf("claims %d bytes", size)))
	}
	return r.chunks(&c, id, int(size), e.off)
}

// chunks joins the chunks of a long value. One is compressed when its stored
// length is not what the offset of the next one, or the size, says.
func (r *Row) chunks(c *cursor, id []byte, size int, at int64) ([]byte, error) {
	db := c.db
	out := make([]byte, 0, min(size, 1<<20))
	var cur, next entry
	var buf [24]byte
	more := true
	read := func(e *entry) (off int, ok bool, err error) {
		key, ok, err := c.next(e, buf[:0])
		if !ok || len(key) != len(id)+4 || !bytes.Equal(key[:len(id)], id) {
			return 0, false, err
		}
		return int(be.Uint32(key[len(id):])), true, nil
	}
	off, more, err := read(&cur)
	for more && err == nil && len(out) < size {
		if off != len(out) {
			break
		}
		end, ok, nextErr := read(&next)
		if !ok {
			end = size
		}
		if end <= off || end > size {
			break
		}
		b := cur.data
		if len(b) != end-off {
			var narrow bool
			if b, narrow, err = decompress(b); err != nil {
				return out, db.note(caused(cur.off, "long value", "does not decompress", err))
			}
			if narrow {
				b = widen(b)
			}
			b = b[:min(len(b), end-off)]
		}
		if !r.work.take(len(b)) {
			return out, errBudget
		}
		out = append(out, b...)
		cur, off, more, err = next, end, ok, nextErr
	}
	if err != nil {
		return out, err
	}
	if len(out) < size {
		return out, db.note(bad(at, "long value", fmt.Sprintf("has %d of %d bytes", len(out), size)))
	}
	return out, nil
}

var errBudget = &wire.LimitError{Format: "ese", Option: "(fixed)", Limit: 0, Need: 1}
