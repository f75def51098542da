package image

import (
	"container/list"
	"errors"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
)

// A diskFile is one file of an image, with a count of the bytes that were read from it.
type diskFile struct {
	r     io.ReaderAt
	name  string
	close func() error // nil for a file of the caller's
	size  int64
	read  atomic.Int64
}

// Name is the path under which the file was opened.
func (f *diskFile) Name() string { return f.name }

// Close closes the file, unless it is the caller's.
func (f *diskFile) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

func (f *diskFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.r.ReadAt(p, off)
	f.read.Add(int64(n))
	return n, err
}

// baseName returns the last component of a path of any system, or "" when that is none.
func baseName(name string) string {
	name = name[strings.LastIndexAny(name, `/\:`)+1:]
	if name == "." || name == ".." || strings.ContainsRune(name, 0) {
		return ""
	}
	return name
}

// A pageCache reads a disk page by page and keeps the pages that were used last, within a fixed budget. Two readers of one page read it
// once; a read that spans many pages goes past the cache.
type pageCache struct {
	r    io.ReaderAt
	size int64
	page int64
	max  int

	mu    sync.Mutex
	order list.List // of *page, the last used in front
	byNum map[int64]*list.Element
}

type page struct {
	num  int64
	once sync.Once
	data []byte
	err  error
}

func newPageCache(r io.ReaderAt, size, pageSize, budget int64) *pageCache {
	return &pageCache{r: r, size: size, page: pageSize, max: int(max(budget/pageSize, 4)), byNum: map[int64]*list.Element{}}
}

// forget drops all pages.
func (c *pageCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order.Init()
	clear(c.byNum)
}

const bypassPages = 8 // reads of that many pages and more are not kept

func (c *pageCache) ReadAt(p []byte, off int64) (int, error) {
	switch {
	case off < 0:
		return 0, fs.ErrInvalid
	case off >= c.size:
		return 0, io.EOF
	}
	var eof error
	if rest := c.size - off; int64(len(p)) > rest {
		p, eof = p[:rest], io.EOF
	}
	if int64(len(p)) >= bypassPages*c.page {
		n, err := c.r.ReadAt(p, off)
		if n == len(p) {
			return n, eof
		}
		return n, noEOF(err)
	}
	done := 0
	for done < len(p) {
		num, in := (off+int64(done))/c.page, (off+int64(done))%c.page
		data, err := c.get(num)
		if in < int64(len(data)) {
			done += copy(p[done:], data[in:])
			continue
		}
		return done, noEOF(err)
	}
	return done, eof
}

// noEOF is for reads inside the disk: where the image ends early, that is no ordinary end.
func noEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// get returns a page; with an error, what of it could be read.
func (c *pageCache) get(num int64) ([]byte, error) {
	c.mu.Lock()
	var pg *page
	if e := c.byNum[num]; e != nil {
		c.order.MoveToFront(e)
		pg = e.Value.(*page)
	} else {
		for c.order.Len() >= c.max {
			old := c.order.Remove(c.order.Back()).(*page)
			delete(c.byNum, old.num)
		}
		pg = &page{num: num}
		c.byNum[num] = c.order.PushFront(pg)
	}
	c.mu.Unlock()
	pg.once.Do(func() {
		b := make([]byte, min(c.page, c.size-num*c.page))
		n, err := c.r.ReadAt(b, num*c.page)
		if n < len(b) {
			pg.err = noEOF(err)
		}
		pg.data = b[:n]
	})
	return pg.data, pg.err
}
