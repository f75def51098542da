package ntfs

import (
	"errors"
	"fmt"
	"sync"

	"github.com/artifactdump/artifactdump/prefetch/xpress"
)

// ErrSystemCompressed is wrapped by the error for the main stream of a file that Windows compresses for the system (WOF) in a
// way that is not read: in an image file elsewhere, or with an unknown method.
var ErrSystemCompressed = errors.New("compressed by WOF")

// The reparse point of such a file (WOF_EXTERNAL_INFO and FILE_PROVIDER_EXTERNAL_INFO_V1, Windows Driver Kit).
const (
	tagWOF = 0x80000017

	wofVersion  = 8  // u32, after the header of a reparse point
	wofProvider = 12 // u32
	wofFile     = 16 // u32, version of the file provider's part
	wofMethod   = 20 // u32
	wofLength   = 24

	wofProviderFile = 2 // the file keeps its own data; 1 is an image file (WIM)
	wofStream       = "WofCompressedData"
)

// wofMethods are the methods of the file provider.
var wofMethods = []struct {
	chunk int64
	lzx   bool
}{{4 << 10, false}, {lzxChunk, true}, {8 << 10, false}, {16 << 10, false}}

// A packed is the main stream of a file that Windows compresses for the system. Its data is in a stream of its own: a table of where
// each chunk but the first begins, counted from the end of the table, and the chunks. A chunk as long as what it holds is not compressed.
type packed struct {
	data  *stream
	size  int64
	chunk int64
	entry int64 // bytes of an entry of the table
	table int64 // bytes of the table
	lzx   bool

	mu     sync.Mutex // of the chunk that was expanded last
	at     int64
	buf    []byte
	src    []byte
	reader *lzxReader
}

// packed opens the main stream of a file that is compressed for the system.
func (f *inode) packed() (*stream, error) {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("entry %d: %w: %s", f.base.entry, ErrSystemCompressed, fmt.Sprintf(format, args...))
	}
	var info []byte
	for i := range f.attrs {
		if a := &f.attrs[i]; a.typ == typeReparse && a.resident {
			info = a.value
		}
	}
	if len(info) < wofLength {
		return nil, fail("its reparse point has %d bytes", len(info))
	}
	if p := le.Uint32(info[wofProvider:]); p != wofProviderFile {
		return nil, fail("its data is in an image file (provider %d)", p)
	}
	method := le.Uint32(info[wofMethod:])
	if v, w := le.Uint32(info[wofVersion:]), le.Uint32(info[wofFile:]); v != 1 || w != 1 || int64(method) >= int64(len(wofMethods)) {
		return nil, fail("method %d of version %d.%d", method, v, w)
	}
	size, ok := f.dataSize("")
	if !ok || size <= 0 {
		return &stream{v: f.v}, nil
	}
	data, err := f.stream(typeData, wofStream)
	if err != nil {
		return nil, fmt.Errorf("entry %d: %s: %w", f.base.entry, wofStream, err)
	}
	m := wofMethods[method]
	p := &packed{data: data, size: size, chunk: m.chunk, lzx: m.lzx, entry: 4, at: -1}
	if size > 1<<32-1 {
		p.entry = 8
	}
	chunks := (size-1)/p.chunk + 1
	if p.table = (chunks - 1) * p.entry; p.table >= data.size {
		return nil, p.bad(0, fmt.Sprintf("%d bytes for %d chunks", data.size, chunks))
	}
	return &stream{v: f.v, size: size, init: size, packed: p}, nil
}

func (p *packed) bad(at int64, problem string) error {
	return &FormatError{Offset: at, Struct: wofStream, Problem: problem}
}

// read fills b with what is at off, which the caller has seen to be there.
func (p *packed) read(b []byte, off int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(b) > 0 {
		at := off / p.chunk * p.chunk
		if p.at != at {
			p.at = -1
			if err := p.expand(at); err != nil {
				return err
			}
			p.at = at
		}
		n := copy(b, p.buf[off-at:])
		b, off = b[n:], off+int64(n)
	}
	return nil
}

// place returns where in the data the chunk i lies.
func (p *packed) place(i int64) (from, to int64, err error) {
	var b [16]byte
	number := func(b []byte) int64 {
		if p.entry == 8 {
			return int64(le.Uint64(b) & (1<<63 - 1))
		}
		return int64(le.Uint32(b))
	}
	first, last := max(i-1, 0), min(i+1, p.table/p.entry)
	t := b[:(last-first)*p.entry]
	if len(t) > 0 {
		if err := readFull(p.data, t, first*p.entry); err != nil {
			return 0, 0, err
		}
	}
	to = p.data.size - p.table
	if i > 0 {
		from, t = number(t), t[p.entry:]
	}
	if len(t) > 0 {
		to = number(t)
	}
	return from, to, nil
}

// expand fills buf with the chunk that begins at at.
func (p *packed) expand(at int64) error {
	from, to, err := p.place(at / p.chunk)
	if err != nil {
		return err
	}
	n := min(p.chunk, p.size-at)
	if from >= to || to-from > n || to > p.data.size-p.table {
		return p.bad(from, fmt.Sprintf("a chunk of %d bytes is from %d to %d", n, from, to))
	}
	if p.buf == nil {
		p.buf, p.src = make([]byte, min(p.chunk, p.size)), make([]byte, min(p.chunk, p.size))
	}
	p.buf = p.buf[:n]
	if to-from == n {
		return readFull(p.data, p.buf, p.table+from)
	}
	src := p.src[:to-from]
	if err := readFull(p.data, src, p.table+from); err != nil {
		return err
	}
	if p.lzx {
		if p.reader == nil {
			p.reader = new(lzxReader)
		}
		err = p.reader.expand(p.buf, src)
	} else {
		err = xpress.Decode(p.buf, src)
	}
	if err != nil {
		return &FormatError{Offset: p.table + from, Struct: wofStream, Problem: fmt.Sprintf("the chunk of offset %d", at), Err: err}
	}
	return nil
}
