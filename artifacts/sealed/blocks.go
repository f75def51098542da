package sealed

import (
	"io"
	"io/fs"
	"sync"
)

// age decrypts chunks of 64 KiB, and keeps one. Several decoders that read an archive at several places would decrypt each chunk over
// and over: blocks keeps some of them.
const (
	blockSize  = 64 << 10
	blockCount = 64 // 4 MiB
)

type blocks struct {
	r    io.ReaderAt
	size int64
	slot [blockCount]struct {
		mu   sync.Mutex
		num  int64 // plus one; 0 for none
		data []byte
	}
}

func newBlocks(r io.ReaderAt, size int64) *blocks { return &blocks{r: r, size: size} }

func (b *blocks) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fs.ErrInvalid
	}
	done := 0
	for done < len(p) {
		at := off + int64(done)
		if at >= b.size {
			return done, io.EOF
		}
		n, err := b.block(p[done:], at)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// block reads what one block has of the bytes at an offset.
func (b *blocks) block(p []byte, at int64) (int, error) {
	num := at / blockSize
	s := &b.slot[num%blockCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.num != num+1 {
		if s.data == nil {
			s.data = make([]byte, blockSize)
		}
		s.num = 0
		d := s.data[:min(blockSize, b.size-num*blockSize)]
		if n, err := b.r.ReadAt(d, num*blockSize); n < len(d) {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		s.num = num + 1
	}
	return copy(p, s.data[at-num*blockSize:min(blockSize, b.size-num*blockSize)]), nil
}
