package image

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"unsafe"
)

// A VolumeHandle is a device that is read in whole sectors: offset and length of each read are multiples of SectorSize, and so is the
// address of the buffer.
type VolumeHandle interface {
	io.ReaderAt
	Size() int64     // in bytes
	SectorSize() int // in bytes, a power of two
}

// alignedBlock is the least that is read of a device at a time.
const alignedBlock = 64 << 10

// aligned reads a device at any offset. It reads whole blocks into one buffer of its own, whatever it is asked for.
type aligned struct {
	h    VolumeHandle
	unit int64

	mu  sync.Mutex
	buf []byte
}

// Aligned returns a reader of a device for reads of any offset and length, safe for several goroutines. The device is closed by whoever
// opened it.
func Aligned(h VolumeHandle) (io.ReaderAt, error) {
	sector := h.SectorSize()
	unit := max(sector, 4096)
	if sector < 1 || sector&(sector-1) != 0 || unit > 1<<20 {
		return nil, errors.New("the device has sectors of an odd size")
	}
	size := max(alignedBlock, unit)
	raw := make([]byte, size+unit)
	skip := (unit - int(uintptr(unsafe.Pointer(unsafe.SliceData(raw)))%uintptr(unit))) % unit
	return &aligned{h: h, unit: int64(unit), buf: raw[skip : skip+size : skip+size]}, nil
}

func (a *aligned) ReadAt(p []byte, off int64) (int, error) {
	size := a.h.Size()
	switch {
	case off < 0:
		return 0, fs.ErrInvalid
	case off >= size:
		return 0, io.EOF
	}
	var eof error
	if rest := size - off; int64(len(p)) > rest {
		p, eof = p[:rest], io.EOF
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for done := 0; done < len(p); {
		at := off + int64(done)
		start := at / a.unit * a.unit
		want := min(int64(len(a.buf)), (at+int64(len(p)-done)-start+a.unit-1)/a.unit*a.unit)
		sector := int64(a.h.SectorSize())
		if end := (size + sector - 1) / sector * sector; start+want > end {
			want = end - start // the last block ends with the device
		}
		n, err := a.h.ReadAt(a.buf[:want], start)
		k := copy(p[done:], a.buf[min(at-start, int64(n)):n])
		if done += k; k == 0 {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return done, err
		}
	}
	return len(p), eof
}
