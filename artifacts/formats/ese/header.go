package ese

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/artifactdump/artifactdump/artifacts/formats/wire"
)

// ErrNotESE is returned by [Open] for a file without the signature.
var ErrNotESE = errors.New("ese: not an ESE database")

// A State is the stored state of a database.
type State uint32

const (
	JustCreated   State = 1
	Dirty         State = 2 // not shut down: what came last may only be in the logs
	Clean         State = 3
	Converted     State = 4
	ForceDetached State = 5
)

func (s State) String() string {
	switch s {
	case JustCreated:
		return "just created"
	case Dirty:
		return "dirty"
	case Clean:
		return "clean"
	case Converted:
		return "being converted"
	case ForceDetached:
		return "force detached"
	}
	return fmt.Sprintf("state %d", uint32(s))
}

// A Header has the facts of the header page that are not fields of [DB].
type Header struct {
	Created   time.Time // of the database, from its signature; the zone is unknown
	Computer  string    // NetBIOS name in the signature, usually empty
	Streaming bool      // a streaming file (.stm), not a database
	Shadow    bool      // page 0 is broken; this is its copy in page 1
}

// Header page, "Database header". Offsets in bytes.
const (
	hdrChecksum  = 0 // u32, XOR of the page
	hdrSignature = 4 // u32
	hdrVersion   = 8
	hdrFileType  = 12 // 0 database, 1 streaming file
	hdrDBSign    = 24 // signature: u32 random, log time, computer name
	hdrState     = 52
	hdrRevision  = 232
	hdrPageSize  = 236
	hdrSize      = 240 // read here; the header has 668 bytes

	magic = 0x89ABCDEF
)

var pageSizes = [...]int{4096, 8192, 16384, 32768}

func (db *DB) readHeader(r io.ReaderAt) error {
	head := make([]byte, pageSizes[len(pageSizes)-1])
	n, err := r.ReadAt(head[:min(int64(len(head)), max(db.size, 0))], 0)
	if n < hdrSize {
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return ErrNotESE
	}
	first := head[:n]
	ok := le.Uint32(first[hdrSignature:]) == magic
	if ok && headerSum(first) {
		return db.setHeader(first)
	}
	// The copy is in page 1, which begins where the unknown page size says.
	for _, size := range pageSizes {
		b := make([]byte, size)
		if n, _ := r.ReadAt(b, int64(size)); n == size &&
			le.Uint32(b[hdrSignature:]) == magic && int(le.Uint32(b[hdrPageSize:])) == size && headerSum(b) {
			db.note(bad(0, "header", "checksum does not match; its copy in page 1 is used"))
			db.Header.Shadow = true
			return db.setHeader(b)
		}
	}
	if !ok {
		return ErrNotESE
	}
	db.note(bad(0, "header", "checksum does not match, and its copy is not valid"))
	return db.setHeader(first)
}

// headerSum reports whether the checksum of a header page is right: the XOR of
// the whole page from offset 4. Readers that sum only the first bytes refuse
// dirty databases of revision 180 and later.
func headerSum(b []byte) bool {
	size := int(le.Uint32(b[hdrPageSize:]))
	if size < hdrSize || size > len(b) || size%8 != 0 {
		return false
	}
	return xor32(b[8:size], magic)^le.Uint32(b[4:]) == le.Uint32(b[hdrChecksum:])
}

func (db *DB) setHeader(b []byte) error {
	db.Version = le.Uint32(b[hdrVersion:])
	db.Revision = le.Uint32(b[hdrRevision:])
	db.State = State(le.Uint32(b[hdrState:]))
	db.PageSize = int(le.Uint32(b[hdrPageSize:]))
	db.Header.Streaming = le.Uint32(b[hdrFileType:]) == 1
	t := b[hdrDBSign+4:] // sec, min, hour, day, month, year - 1900
	if t[3] >= 1 && t[3] <= 31 && t[4] >= 1 && t[4] <= 12 && t[0] < 60 && t[1] < 60 && t[2] < 24 {
		db.Header.Created = time.Date(1900+int(t[5]), time.Month(t[4]), int(t[3]), int(t[2]), int(t[1]), int(t[0]), 0, time.UTC)
	}
	db.Header.Computer = wire.Latin1Z(b[hdrDBSign+12 : hdrDBSign+28])
	for _, size := range pageSizes {
		if db.PageSize == size {
			return nil
		}
	}
	return bad(hdrPageSize, "header", fmt.Sprintf("page size is %d", uint32(db.PageSize)))
}

// xor32 folds b, whose length is a multiple of 8, into one u32.
func xor32(b []byte, seed uint32) uint32 {
	var x, y, z, w uint64
	for len(b) >= 32 {
		x ^= le.Uint64(b)
		y ^= le.Uint64(b[8:])
		z ^= le.Uint64(b[16:])
		w ^= le.Uint64(b[24:])
		b = b[32:]
	}
	for len(b) >= 8 {
		x ^= le.Uint64(b)
		b = b[8:]
	}
	x ^= y ^ z ^ w
	return uint32(x) ^ uint32(x>>32) ^ seed
}
