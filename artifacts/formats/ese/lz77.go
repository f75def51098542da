package ese

import "errors"

var errLZ77 = errors.New("plain LZ77 data is broken")

// decodeLZ77 decodes plain LZ77 ([MS-XCA] 2.4) until out is full.
func decodeLZ77(out, in []byte) error {
	d := lz77{in: in}
	var flags, left uint32
	for pos := 0; pos < len(out); {
		if left == 0 {
			if len(in)-d.pos < 4 {
				return errLZ77
			}
			flags, left = le.Uint32(in[d.pos:]), 32
			d.pos += 4
		}
		left--
		if flags>>left&1 == 0 {
			if d.pos == len(in) {
				return errLZ77
			}
			out[pos] = in[d.pos]
			pos, d.pos = pos+1, d.pos+1
			continue
		}
		back, n, ok := d.match()
		if !ok || back > pos {
			return errLZ77
		}
		for end := min(pos+n, len(out)); pos < end; pos++ {
			out[pos] = out[pos-back]
		}
	}
	return nil
}

type lz77 struct {
	in   []byte
	pos  int
	half int // position after the byte whose upper nibble is the next length; 0: none
}

// match reads the distance and the length of a match. Two lengths share a byte
// of nibbles.
func (d *lz77) match() (back, n int, ok bool) {
	v, ok := d.take(2)
	if !ok {
		return 0, 0, false
	}
	back, n = int(v>>3)+1, int(v&7)
	if n < 7 {
		return back, n + 3, true
	}
	if d.half == 0 {
		v, ok = d.take(1)
		d.half = d.pos
		n = int(v & 15)
	} else {
		n = int(d.in[d.half-1] >> 4)
		d.half = 0
	}
	if !ok || n < 15 {
		return back, n + 7 + 3, ok
	}
	if v, ok = d.take(1); v < 255 || !ok {
		return back, int(v) + 15 + 7 + 3, ok
	}
	if v, ok = d.take(2); v == 0 && ok {
		v, ok = d.take(4)
	}
	if !ok || v < 15+7 || v > 1<<30 {
		return 0, 0, false
	}
	return back, int(v) + 3, true
}

func (d *lz77) take(n int) (v uint32, ok bool) {
	if len(d.in)-d.pos < n {
		return 0, false
	}
	for i := range n {
		v |= uint32(d.in[d.pos+i]) << (8 * i)
	}
	d.pos += n
	return v, true
}
