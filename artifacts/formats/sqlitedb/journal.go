package sqlitedb

import "fmt"

const ( // rollback journal, 3
	jrnMagic  = "\xD9\xD5\x05\xF9\x20\xA1\x63\xD7"
	jrnCount  = 8  // u32, records; all ones: as many as there are
	jrnNonce  = 12 // u32, of the checksums
	jrnPages  = 16 // u32, of the database before the transaction
	jrnSector = 20 // u32, the header's own size
	jrnSize   = 24 // u32, page size
	jrnHeader = 28
)

// JournalInfo describes a rollback journal: the pages that a transaction
// changed, as they were before.
type JournalInfo struct {
	Records int
	// Hot is set when the transaction was never finished. SQLite would undo
	// it, and so does the live view; what it had written is abandoned.
	Hot bool
}

type journal struct {
	file   *blocks
	hot    bool
	pages  uint32
	starts []int64 // of the records
	latest map[uint32]int
}

// openJournal reads the records' places. In a journal whose first sector is
// zeroed, the transaction is complete and the records are older versions.
func (db *DB) openJournal(r Reader) error {
	j := &journal{file: newBlocks(r), latest: map[uint32]int{}}
	h := make([]byte, jrnHeader)
	n, err := readFull(j.file, h, 0)
	if err != nil || n < jrnHeader {
		return err
	}
	at, sector, hot := int64(0), int64(512), string(h[:8]) == jrnMagic
	if !hot {
		if be.Uint64(h) != 0 {
			db.bad(0, "rollback journal header", "no magic number")
			return nil
		}
		// The size of a sector went with the header; it is nearly always 512.
		at = db.recordsStart(j)
	}
	j.hot, j.pages = hot, be.Uint32(h[jrnPages:])
	db.journal = j
	step := int64(8 + db.PageSize)
	for {
		count := int64(1<<32 - 1)
		if hot {
			if n, err = readFull(j.file, h, at); err != nil {
				return err
			}
			if n < jrnHeader || string(h[:8]) != jrnMagic {
				break
			}
			size := pageSize(be.Uint32(h[jrnSize:]))
			if sector = int64(be.Uint32(h[jrnSector:])); sector < 32 || sector > 1<<16 || size != db.PageSize {
				db.bad(at, "rollback journal header", fmt.Sprintf("sector size %d, page size %d", sector, size))
				break
			}
			count = int64(be.Uint32(h[jrnCount:]))
			at += sector
		}
		start := at
		if at, err = db.readRecords(at, count, be.Uint32(h[jrnNonce:])); err != nil {
			return err
		}
		if !hot || count == 1<<32-1 || at != start+count*step {
			break
		}
		at = (at + sector - 1) / sector * sector
	}
	j.hot = hot && len(j.starts) > 0 && db.main.size > 0
	db.Journal = JournalInfo{Records: len(j.starts), Hot: j.hot}
	return nil
}

// readRecords reads records until one has no page number or, in a journal with
// a header, a wrong checksum.
func (db *DB) readRecords(at, count int64, nonce uint32) (int64, error) {
	j := db.journal
	step := int64(8 + db.PageSize)
	for ; count > 0 && at <= j.file.size-step; count-- {
		b, err := j.file.slice(at, int(step))
		if err != nil {
			return at, err
		}
		num := be.Uint32(b)
		if num == 0 || num > walPageLimit || j.hot && journalSum(nonce, b[4:4+db.PageSize]) != be.Uint32(b[4+db.PageSize:]) {
			break
		}
		j.starts = append(j.starts, at)
		if j.latest[num] == 0 {
			j.latest[num] = len(j.starts) // the first is the oldest, which is restored
		}
		at += step
	}
	return at, nil
}

// recordsStart finds the first record of a journal without a header: the
// sector size for which most of the following page numbers are plausible.
func (db *DB) recordsStart(j *journal) int64 {
	best, most := int64(512), -1
	step := int64(8 + db.PageSize)
	last := uint32(min(db.main.size/int64(db.PageSize)+1<<16, walPageLimit))
	for sector := int64(512); sector <= 1<<16; sector *= 2 {
		n := 0
		for at := sector; n < 16; at += step {
			b, err := j.file.slice(at, 4)
			if err != nil || be.Uint32(b) == 0 || be.Uint32(b) > last {
				break
			}
			n++
		}
		if n > most {
			best, most = sector, n
		}
	}
	return best
}

// journalSum is the checksum of a record: a sample of its bytes.
func journalSum(nonce uint32, b []byte) uint32 {
	for i := len(b) - 200; i > 0; i -= 200 {
		nonce += uint32(b[i])
	}
	return nonce
}

func (db *DB) journalPage(record int) (*page, error) {
	at := db.journal.starts[record-1]
	b, err := db.journal.file.slice(at, 4+db.PageSize)
	if err != nil {
		return nil, db.readError(0, at, err)
	}
	return &page{num: be.Uint32(b), data: db.cut(b[4:]), origin: Journal, frame: record, base: at + 4}, nil
}
