package ntfs

import "errors"

var errLZNT1 = errors.New("LZNT1 data is corrupt")

// lznt1 expands a compression unit ([MS-XCA] 2.5) into dst and returns how much that gave. Chunks of 4096 bytes stand behind each other,
// each with a header of two bytes: the length less 3 in the lower 12 bits, and the top bit when it is compressed. A zero header ends the
// unit. The trap is the tuple: how many of its 16 bits are the length depends on how much of the chunk has been written.
func lznt1(dst, src []byte) (int, error) {
	const chunk = 4096
	d := 0
	for len(src) >= 2 {
		head := le.Uint16(src)
		if head == 0 {
			break
		}
		n := int(head&0x0FFF) + 1
		src = src[2:]
		if n > len(src) {
			return d, errLZNT1
		}
		body := src[:n]
		src = src[n:]
		if d >= len(dst) {
			return d, errLZNT1
		}
		out := dst[d:min(d+chunk, len(dst))]
		if head&0x8000 == 0 {
			d += copy(out, body)
			continue
		}
		w, ok := lznt1Chunk(out, body)
		if !ok {
			return d, errLZNT1
		}
		d += w
		if w < chunk && len(src) >= 2 && le.Uint16(src) != 0 { // a short chunk stands for a full one
			pad := dst[d:min(d+chunk-w, len(dst))]
			clear(pad)
			d += len(pad)
		}
	}
	return d, nil
}

func lznt1Chunk(out, b []byte) (w int, ok bool) {
	for len(b) > 0 {
		flags := b[0]
		b = b[1:]
		for bit := range 8 {
			if len(b) == 0 {
				break
			}
			if flags>>bit&1 == 0 {
				if w >= len(out) {
					return w, false
				}
				out[w] = b[0]
				w++
				b = b[1:]
				continue
			}
			if len(b) < 2 || w == 0 {
				return w, false
			}
			lenBits := 12
			for n := (w - 1) >> 4; n > 0; n >>= 1 {
				lenBits--
			}
			tuple := int(le.Uint16(b))
			b = b[2:]
			back, n := tuple>>lenBits+1, tuple&(1<<lenBits-1)+3
			if back > w || n > len(out)-w {
				return w, false
			}
			for range n { // byte by byte: the copy may overlap itself
				out[w] = out[w-back]
				w++
			}
		}
	}
	return w, true
}
