package sqlitedb

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
)

const ( // WAL header and frame header, 4.1
	walHeader     = 32
	walFrame      = 24
	walMagic      = 0x377F0682 // the low bit set: checksums are big-endian
	walPageSize   = 8          // u32
	walSalts      = 16         // two u32
	walSum        = 24         // two u32
	frmPage       = 0          // u32
	frmCommit     = 4          // u32, pages of the database after a commit, else 0
	frmSalts      = 8          // two u32
	frmSum        = 16         // two u32
	walPageLimit  = 1<<32 - 2
	walFrameLimit = 1 << 30
)

// WALInfo describes a write-ahead log.
type WALInfo struct {
	Frames    int // in the file
	Committed int // that belong to the live database
	Stale     int // left over from before the log was last restarted
}

// A wal is a write-ahead log. Frames count from 1.
type wal struct {
	file   *blocks
	last   int   // the last committed frame
	ends   []int // frames that end a transaction, ascending
	salts  []uint64
	sorted map[uint32][]int // frames of each page, ascending
	pages  uint32           // of the database after the last commit
}

// openWAL reads the frames' headers and checksums. A log that does not belong
// to the database, or that is broken from the start, has no committed frame.
func (db *DB) openWAL(r Reader) error {
	w := &wal{file: newBlocks(r), sorted: map[uint32][]int{}}
	h := make([]byte, walHeader)
	n, err := readFull(w.file, h, 0)
	if err != nil {
		return err
	}
	const what = "write-ahead log header"
	if n < walHeader || be.Uint32(h)&^1 != walMagic {
		if db.PageSize != 0 {
			db.bad(0, what, "no magic number")
		}
		return nil
	}
	size := pageSize(be.Uint32(h[walPageSize:]))
	switch {
	case size == 0 || db.PageSize != 0 && size != db.PageSize:
		if db.PageSize != 0 {
			db.bad(walPageSize, what, fmt.Sprintf("page size %d", be.Uint32(h[walPageSize:])))
		}
		return nil
	case db.PageSize == 0:
		db.PageSize = size
	}
	var order binary.ByteOrder = binary.LittleEndian
	if h[3]&1 == 1 {
		order = be
	}
	sum := checksum(order, [2]uint32{}, h[:walSum])
	valid := sum == [2]uint32{be.Uint32(h[walSum:]), be.Uint32(h[walSum+4:])}
	if !valid {
		db.bad(walSum, what, "wrong checksum: no frame counts")
	}
	db.wal = w
	return db.readFrames(order, sum, be.Uint64(h[walSalts:]), valid)
}

func (db *DB) readFrames(order binary.ByteOrder, sum [2]uint32, salt uint64, valid bool) error {
	w := db.wal
	step := int64(walFrame + db.PageSize)
	frames := int(min((w.file.size-walHeader)/step, walFrameLimit))
	w.salts = make([]uint64, 0, frames+1)
	w.salts = append(w.salts, salt)
	for f := 1; f <= frames; f++ {
		b, err := w.file.slice(walHeader+int64(f-1)*step, int(step))
		if err != nil {
			return err
		}
		num, commit := be.Uint32(b[frmPage:]), be.Uint32(b[frmCommit:])
		w.salts = append(w.salts, be.Uint64(b[frmSalts:]))
		if valid {
			s := checksum(order, sum, b[:frmSalts])
			sum = checksum(order, s, b[walFrame:])
			valid = w.salts[f] == salt && num != 0 && sum == [2]uint32{be.Uint32(b[frmSum:]), be.Uint32(b[frmSum+4:])}
		}
		if valid && commit != 0 {
			w.last, w.pages = f, commit
		}
		if commit != 0 {
			w.ends = append(w.ends, f)
		}
		if w.salts[f] != salt {
			db.WAL.Stale++
		}
		if num != 0 && num <= walPageLimit {
			w.sorted[num] = append(w.sorted[num], f)
		}
	}
	db.WAL.Frames, db.WAL.Committed = frames, w.last
	return nil
}

// checksum adds to a checksum. (4.2)
func checksum(order binary.ByteOrder, s [2]uint32, b []byte) [2]uint32 {
	s0, s1 := s[0], s[1]
	if order == be {
		for ; len(b) >= 8; b = b[8:] {
			s0 += be.Uint32(b) + s1
			s1 += be.Uint32(b[4:]) + s0
		}
		return [2]uint32{s0, s1}
	}
	for ; len(b) >= 8; b = b[8:] {
		s0 += binary.LittleEndian.Uint32(b) + s1
		s1 += binary.LittleEndian.Uint32(b[4:]) + s0
	}
	return [2]uint32{s0, s1}
}

// find returns the frame that holds a page in a view, or 0.
func (w *wal) find(num uint32, v *view) int {
	last, salt := w.last, w.salts[0]
	if v != nil && v.frame > 0 {
		// The other pages of a frame's transaction may follow it.
		last, salt = v.frame, w.salts[v.frame]
		if i := sort.SearchInts(w.ends, v.frame); i < len(w.ends) {
			last = w.ends[i]
		}
	}
	frames := w.sorted[num]
	i, ok := slices.BinarySearch(frames, last)
	if ok {
		i++
	}
	for i--; i >= 0; i-- {
		if w.salts[frames[i]] == salt {
			return frames[i]
		}
	}
	return 0
}

func (db *DB) walPage(frame int) (*page, error) {
	step := int64(walFrame + db.PageSize)
	at := walHeader + int64(frame-1)*step
	b, err := db.wal.file.slice(at, int(step))
	if err != nil {
		return nil, db.readError(0, at, err)
	}
	return &page{num: be.Uint32(b[frmPage:]), data: db.cut(b[walFrame:]), origin: WAL, frame: frame, base: at + walFrame}, nil
}
