package collect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"compress/flate" // byte for byte: it reads nothing beyond the end of the data
)

// A local file header (APPNOTE 4.3.7), and the descriptor that follows the data when the header has no sizes (4.3.9).
const (
	localFlags   = 6  // u16
	localMethod  = 8  // u16
	localTime    = 10 // u16
	localCRC     = 14 // u32
	localPacked  = 18 // u32
	localSize    = 22 // u32
	localNameLen = 26 // u16
	localExtra   = 28 // u16, length
	localHeader  = 30

	localMark      = "PK\x03\x04"
	descriptorMark = "PK\x07\x08"
	directoryMark  = "PK\x01\x02"
	extraZip64     = 1
	size32         = 1<<32 - 1
)

// walkZip reads a zip without its directory: an upload that was interrupted, a file that was cut off. Each entry has a header of its own
// before its data, and each file is held to its CRC when it is read.
func (a *archive) walkZip(r io.ReaderAt, size int64, why error) error {
	a.boundNodes(size)
	var entries []*zipEntry
	lost := 0
	for at := int64(0); at < size; {
		if a.searched > searchBudget*size+maxJunk {
			a.problem("the archive", fmt.Sprintf("from %d on it is not searched: too many false headers", at), nil)
			break
		}
		e, next, err := a.localEntry(r, at, size)
		switch {
		case err == nil:
			if len(entries) >= a.opts.MaxEntries {
				return &LimitError{"MaxEntries", int64(a.opts.MaxEntries)}
			}
			entries = append(entries, e)
			at = next
			continue
		case errors.Is(err, errNoHeader):
			if mark(r, at) == directoryMark || mark(r, at) == zipEndMark {
				at = size // what follows is the directory, or what is left of it
				continue
			}
			lost++
		default:
			lost++
			a.refuse(cmpName(e, at), "it cannot be read", err)
		}
		at = find(r, at+1, size, localMark)
	}
	if len(entries) == 0 {
		return fmt.Errorf("zip: %w", why)
	}
	s := fmt.Sprintf("read by the headers of its entries: %d were found", len(entries))
	if lost > 0 {
		s += fmt.Sprintf(", and %d places where one is damaged or cut off", lost)
	}
	a.problem("the archive", s, why)
	return a.addZip(entries)
}

func cmpName(e *zipEntry, at int64) string {
	if e != nil && e.name != "" {
		return e.name
	}
	return fmt.Sprintf("the entry at %d", at)
}

// searchBudget is how often the bytes of an archive may be read to find its entries.
const searchBudget = 8

var errNoHeader = errors.New("no local header")

func mark(r io.ReaderAt, at int64) string {
	var b [4]byte
	n, _ := r.ReadAt(b[:], at)
	return string(b[:n])
}

// find returns the offset of the next mark, or size.
func find(r io.ReaderAt, at, size int64, mark string) int64 {
	const step = 1 << 20
	b := make([]byte, step+len(mark)-1)
	for ; at < size; at += step {
		n, _ := r.ReadAt(b, at)
		if i := bytes.Index(b[:n], []byte(mark)); i >= 0 {
			return at + int64(i)
		}
	}
	return size
}

// localEntry reads the entry whose header is at an offset, and finds where the next one begins.
func (a *archive) localEntry(r io.ReaderAt, at, size int64) (e *zipEntry, next int64, err error) {
	var h [localHeader]byte
	if n, _ := r.ReadAt(h[:], at); n < len(h) || string(h[:4]) != localMark {
		return nil, 0, errNoHeader
	}
	nameLen, extraLen := int64(le.Uint16(h[localNameLen:])), int64(le.Uint16(h[localExtra:]))
	b := make([]byte, nameLen+extraLen)
	if n, _ := r.ReadAt(b, at+localHeader); n < len(b) {
		return nil, 0, io.ErrUnexpectedEOF
	}
	e = &zipEntry{
		a: a, r: r, name: string(b[:nameLen]), at: at + localHeader + nameLen + extraLen,
		flags: le.Uint16(h[localFlags:]), method: le.Uint16(h[localMethod:]), modTime: le.Uint16(h[localTime:]),
		crc: le.Uint32(h[localCRC:]), packed: int64(le.Uint32(h[localPacked:])), size: int64(le.Uint32(h[localSize:])),
	}
	if nameLen == 0 || !utf8.ValidString(e.name) && strings.ContainsRune(e.name, 0) {
		return nil, 0, errNoHeader
	}
	e.readExtra(b[nameLen:])
	wide := e.readSizes(b[nameLen:])
	if strings.HasSuffix(e.name, "/") || strings.HasSuffix(e.name, `\`) {
		e.mode = fs.ModeDir | 0o555
	}
	if e.flags&flagDescriptor == 0 || e.packed > 0 {
		if next = e.at + e.packed; e.packed < 0 || next > size {
			return e, 0, fmt.Errorf("it runs past the archive's end: %w", io.ErrUnexpectedEOF)
		}
		if e.flags&flagDescriptor != 0 && mark(r, next) == descriptorMark {
			next += e.descriptor(next, wide)
		}
		return e, next, nil
	}
	next, err = e.measure(size, wide)
	return e, next, err
}

// readSizes takes the sizes of a 64-bit entry from its extra field (APPNOTE 4.5.3).
func (e *zipEntry) readSizes(extra []byte) (wide bool) {
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return wide
		}
		if id == extraZip64 {
			wide = true
			x := extra[:n]
			if e.size == size32 && len(x) >= 8 {
				e.size, x = int64(le.Uint64(x)), x[8:]
			}
			if e.packed == size32 && len(x) >= 8 {
				e.packed = int64(le.Uint64(x))
			}
		}
		extra = extra[n:]
	}
	return wide
}

// descriptor reads the descriptor at an offset into the entry, and returns its length.
func (e *zipEntry) descriptor(at int64, wide bool) int64 {
	var d [24]byte
	n, _ := e.r.ReadAt(d[:], at)
	b, length := d[:n], int64(0)
	if len(b) >= 4 && string(b[:4]) == descriptorMark {
		b, length = b[4:], 4
	}
	if wide && len(b) >= 20 {
		e.crc, e.packed, e.size = le.Uint32(b), int64(le.Uint64(b[4:])), int64(le.Uint64(b[12:]))
		return length + 20
	}
	if len(b) >= 12 {
		e.crc, e.packed, e.size = le.Uint32(b), int64(le.Uint32(b[4:])), int64(le.Uint32(b[8:]))
		return length + 12
	}
	return 0
}

// measure finds the end of data whose header has no sizes. Deflated data ends by itself; for all other the descriptor with the right
// numbers is looked for.
func (e *zipEntry) measure(size int64, wide bool) (next int64, err error) {
	if e.method == zipDeflate && !e.encrypted() {
		src := &byteCounter{r: bufio.NewReaderSize(io.NewSectionReader(e.r, e.at, size-e.at), 64<<10)}
		sum := crc32.NewIEEE()
		n, err := io.Copy(sum, io.LimitReader(flate.NewReader(src), e.a.opts.MaxEntry))
		e.a.searched += src.n + n/searchBudget
		if err != nil {
			return 0, noEnd(err)
		}
		packed, crc := src.n, sum.Sum32()
		length := e.descriptor(e.at+packed, wide)
		if length == 0 || e.crc != crc {
			length = 0 // cut off behind the data
		}
		e.packed, e.size, e.crc = packed, n, crc
		return e.at + packed + length, nil
	}
	for at := e.at; ; at++ {
		from := at
		at = find(e.r, at, size, descriptorMark)
		e.a.searched += at - from
		if at >= size || e.a.searched > searchBudget*size+maxJunk {
			return 0, io.ErrUnexpectedEOF
		}
		if length := e.descriptor(at, wide); length > 0 && e.packed == at-e.at {
			return at + length, nil
		}
	}
}

// A byteCounter counts what an inflater takes.
type byteCounter struct {
	r *bufio.Reader
	n int64
}

func (b *byteCounter) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}

func (b *byteCounter) ReadByte() (byte, error) {
	c, err := b.r.ReadByte()
	if err == nil {
		b.n++
	}
	return c, err
}

// search finds the data of an entry of the directory whose local header is damaged, from an offset on: behind what is left of the header,
// where its name is.
func (e *zipEntry) search(from int64) {
	window := make([]byte, localHeader+zipMaxName+len(e.name)+1024)
	n, _ := e.r.ReadAt(window, from)
	window = window[:n]
	for at := 0; ; {
		i := bytes.Index(window[at:], []byte(e.name))
		if i < 0 || e.name == "" {
			return
		}
		i += at
		end := i + len(e.name)
		extras := []int{0}
		if i >= 2 {
			extras = append(extras, int(le.Uint16(window[i-2:])))
		}
		for x := 4; x <= 64; x++ {
			extras = append(extras, x)
		}
		for _, x := range extras {
			if e.a.tries++; e.a.tries > maxTries {
				e.at = -1
				return
			}
			e.at = from + int64(end+x)
			if e.whole() {
				return
			}
		}
		e.at = -1
		at = i + 1
	}
}

// maxTries is how many places are tried in one archive.
const maxTries = 2000

// maxProof is how large a file may be that is read to see whether its place was guessed right.
const maxProof = 256 << 20

// whole reports whether the entry can be read to its end, with the right CRC.
func (e *zipEntry) whole() bool {
	if e.noCRC || e.size > maxProof {
		return false
	}
	f, err := e.open()
	if err != nil {
		return false
	}
	defer f.Close()
	before := e.a.expanded.Load()
	n, err := io.Copy(io.Discard, f)
	e.a.expanded.Store(before)
	return err == nil && n == e.size
}
